"""The shape of portals.yaml: which keys there are, and what each may hold. The JSON Schema for editors comes from here.

Every scalar arrives as text, exactly as it was written, and is read by the field it stands in.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from portalgen import fields
from portalgen.errors import Problem
from portalgen.faults import KEYS_EXPECTED, problem_of
from portalgen.fields import FieldError
from portalgen.schema.types import (
    SCALAR,
    Accent,
    AddressPath,
    Carrier,
    Count,
    Currency,
    Dates,
    Day,
    Days,
    Delimiter,
    Distribution,
    Email,
    Encoding,
    Grant,
    Host,
    Id,
    KeyId,
    KeySource,
    Locale,
    Months,
    Name,
    PerMinute,
    Port,
    Prefix,
    Revision,
    Role,
    RoleName,
    Scalar,
    Secret,
    Sender,
    SiteId,
    Text,
    Texts,
    Timezone,
    Tolerance,
    TrackingUrl,
    Truth,
    Version,
    Written,
    Writtens,
    listed,
    path_or_mapping,
)
from portalgen.yamlfile import At, Document

Model = TypeVar("Model", bound=BaseModel)


def _headings(value: object) -> object:
    return value if isinstance(value, Mapping | HeadingsModel) else {"any_of": listed(value)}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_written_is_nothing_said(cls, value: Any) -> Any:
        """A key with nothing after it counts as not written, and an entry with nothing in it as one without keys."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping | None):
            raise FieldError(KEYS_EXPECTED)
        return {key: item for key, item in (value or {}).items() if item is not None}


class BulletinModel(_Strict):
    """A Markdown file, and the first and the last day of exports with which it is shown."""

    path: Text
    since: Day | None = None
    until: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "BulletinModel":
        if self.since and self.until and self.until < self.since:
            raise FieldError(f"'until' is {self.until}, before 'since', {self.since}: it would never be shown")
        return self


BulletinEntry = Annotated[BulletinModel, BeforeValidator(path_or_mapping)]


class SiteModel(_Strict):
    id: SiteId
    title: Text
    base_url: Annotated[str, BeforeValidator(fields.base_url)] = ""
    locale: Locale = "en"
    currency: Currency | None = None
    timezone: Timezone = "UTC"
    email: Email = ""
    key: KeyId = ""
    as_of: Day | None = None
    tracking: Annotated[dict[Carrier, TrackingUrl], BeforeValidator(fields.distinct_carriers)] = Field(
        default_factory=dict
    )
    address: Texts = Field(default_factory=list)
    phone: Scalar = ""
    tax_id: Scalar = ""
    logo: Text | None = None
    accent: Accent = ""
    bulletin: BulletinEntry | None = None
    pages: Literal["document", "month", "year", "all"] = "document"
    downloads: Annotated[list[Literal["csv", "xlsx", "zip"]], BeforeValidator(listed)] = ["csv", "xlsx", "zip"]
    statement_months: Months = 12
    stale_after: Count = 7
    expires_after: Days = 0

    @model_validator(mode="before")
    @classmethod
    def _an_accent_without_quotes_is_a_comment(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "accent" in value and value["accent"] is None:
            return {**value, "accent": fields.NOTHING}
        return value


class HeadingsModel(_Strict):
    """Where a column comes from: see portalgen.model.Headings."""

    any_of: Texts = Field(default_factory=list)
    join: Texts = Field(default_factory=list)
    first: Texts = Field(default_factory=list)


Headings = Annotated[
    HeadingsModel,
    BeforeValidator(_headings),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": SCALAR},
                {"type": "array", "items": {"type": SCALAR}},
                {
                    "type": "object",
                    "properties": {
                        name: {"type": "array", "items": {"type": SCALAR}} for name in ("any_of", "join", "first")
                    },
                },
            ]
        }
    ),
]
Columns = dict[str, Headings]
Type = Literal[
    "customers", "contacts", "products", "receipts", "quotes", "orders", "invoices", "credit_notes", "delivery_notes"
]


class LinesModel(_Strict):
    path: Text | None = None
    sheet: Text | None = None
    records: Text | None = None
    kind: Text | None = None
    kinds: dict[str, Literal["line", "group", "document", "none"]] = Field(default_factory=dict)
    columns: Columns = Field(default_factory=dict)
    ignore: Texts = Field(default_factory=list)
    values: dict[str, Scalar] = Field(default_factory=dict)
    discount: Literal["percent", "fraction", "amount"] = "percent"


class VisibleModel(_Strict):
    status: Writtens | None = None
    never: Writtens = Field(default_factory=list)


class AttachmentsModel(_Strict):
    folder: Text
    name: Annotated[str, BeforeValidator(fields.attachment_name)] = "{number}.pdf"


class SettingsModel(_Strict):
    """How to read an export; an entry of `exports:` says it, and so does a profile."""

    format: Literal["csv", "xlsx", "json", "parquet", "sqlite", "xml", "pdf"] | None = None
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None
    sheet: Text | None = None
    records: Text | None = None
    layout: Literal["two-files", "repeat", "continuation", "nested"] = "two-files"
    dates: Dates = Field(default_factory=list)
    decimal: Literal[".", ",", "prove"] | None = None
    columns: Columns = Field(default_factory=dict)
    ignore: Texts = Field(default_factory=list)
    empty: Texts = Field(default_factory=list)
    values: dict[str, Scalar] = Field(default_factory=dict)
    rows: dict[str, Writtens] = Field(default_factory=dict)
    totals: Texts = Field(default_factory=list)
    groups: Text | None = None
    attachments: AttachmentsModel | None = None
    visible: VisibleModel | None = None
    status: dict[str, Written] = Field(default_factory=dict)
    since: Day | None = None
    sign: Literal["positive", "negative"] = "positive"
    export: Literal["full", "incremental"] = "full"
    on_error: Literal["stop", "quarantine"] = "stop"
    limit: Count = 20
    tolerance: Tolerance = Decimal("0.05")
    differences: Literal["report", "refuse"] = "report"
    similar_ids: Literal["refuse", "allow"] = "refuse"
    lines: Annotated[LinesModel, BeforeValidator(path_or_mapping)] | None = None


class ExportModel(SettingsModel):
    type: Type
    path: Text
    profile: Text | None = None


class ProfileTypeModel(SettingsModel):
    """How a system exports one type. `recognise` are headings that together tell its file from others."""

    recognise: Texts = Field(default_factory=list)


class ProfileModel(_Strict):
    name: Text
    title: Text
    about: Text
    traps: Texts = Field(default_factory=list)
    defaults: SettingsModel = Field(default_factory=SettingsModel)
    types: dict[Type, ProfileTypeModel]
    despite_its_name: dict[str, Scalar] = Field(default_factory=dict)


class DirectoryModel(_Strict):
    kind: Literal["directory"]
    path: Text
    private: Text | None = None


class CloudFrontModel(_Strict):
    """A distribution of Amazon CloudFront's; `path_prefix` is what its addresses have before a link's token."""

    kind: Literal["cloudfront"]
    distribution: Distribution
    path_prefix: AddressPath | None = None


class S3Model(_Strict):
    kind: Literal["s3"]
    bucket: Text
    region: Text | None = None
    endpoint: Text | None = None
    prefix: Prefix | None = None
    single_writer: Truth = False
    cdn: CloudFrontModel | None = None


class _Grantee(_Strict):
    name: Text | None = None
    show: Grant = Field(default_factory=list)
    branches: Texts | None = None
    enabled: Truth = True
    revision: Revision = 1
    expires: Day | None = None
    locale: Locale | None = None
    key: KeyId | None = None
    digest: Truth | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_branches_written_are_none(cls, value: Any) -> Any:
        """`branches:` with nothing after it is an empty list: what is not there shows nothing, rather than all."""
        if isinstance(value, Mapping) and "branches" in value and value["branches"] is None:
            return {**value, "branches": []}
        return value


class ContactModel(_Grantee):
    email: Email | None = None


class PortalModel(_Grantee):
    customer: Id
    bulletin: BulletinEntry | None = None
    contacts: dict[Name, ContactModel] = Field(default_factory=dict)


class MailModel(_Strict):
    """The server that e-mails go to; `user` and `password` name environment variables, `rate` is mails per minute."""

    server: Host
    port: Port | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Sender = Field(alias="from")
    user: Secret = ""
    password: Secret = ""
    rate: PerMinute = 60


class EveryContactModel(_Strict):
    show: Grant = Field(default_factory=list)


class EveryCustomerModel(_Strict):
    """A portal for each customer who has none, and a link for each contact that the exports know."""

    show: Grant = Field(default_factory=list)
    contacts: EveryContactModel | None = None
    excepted: Annotated[list[Id], BeforeValidator(listed)] = Field(default_factory=list, alias="except")
    revision: Revision = 1
    key: KeyId | None = None


class ConfigModel(_Strict):
    version: Version
    site: SiteModel
    keys: KeySource | None = None
    mail: MailModel | None = None
    exports: list[ExportModel] = Field(default_factory=list)
    stores: dict[Name, Annotated[DirectoryModel | S3Model, Field(discriminator="kind")]] = Field(default_factory=dict)
    roles: dict[RoleName, Role] = Field(default_factory=dict)
    portals: dict[Name, PortalModel] = Field(default_factory=dict)
    every_customer: EveryCustomerModel | None = None
    include: Texts = Field(default_factory=list)


class IncludedModel(_Strict):
    """A file named by `include`: portals, and nothing else."""

    portals: dict[Name, PortalModel] = Field(default_factory=dict)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of portals.yaml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ConfigModel.model_json_schema()}


def validate(model: type[Model], document: Document, roles: Sequence[str] = ()) -> tuple[Model | None, list[Problem]]:
    """`document` as a `model`, or None and every problem in it. `roles` are names that `show` may use."""
    if not isinstance(document.data, dict):
        message = KEYS_EXPECTED if document.data else "there is nothing in it"
        return None, [Problem(document.place(()), message, f"begin with {' and '.join(_required(model))}")]
    try:
        return model.model_validate(document.data, context={"roles": roles}), []
    except ValidationError as error:
        return None, [
            *(
                problem_of(details, document, lambda at: _valid_keys(model, at))
                for details in error.errors(include_url=False)
            )
        ]


def _required(model: type[BaseModel]) -> list[str]:
    return [f"'{name}:'" for name, field in model.model_fields.items() if field.is_required()] or ["'portals:'"]


def _valid_keys(model: type[BaseModel], at: At) -> list[str]:
    """The keys that `model` knows at `at`, found by following the types of its fields."""
    current: Any = model
    for part in at:
        if part in {"directory", "s3"}:
            current = DirectoryModel if part == "directory" else S3Model
        elif _is_model(current):
            current = _plain(current.model_fields[str(part)].annotation)
        else:
            current = _plain(get_args(current)[-1])
    return [field.alias or name for name, field in current.model_fields.items()] if _is_model(current) else []


def _plain(annotation: Any) -> Any:
    """A list, a dict or a model, out of the Annotated and the union that it may stand in."""
    if get_origin(annotation) in {list, dict} or _is_model(annotation):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _plain(inner))), None)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
