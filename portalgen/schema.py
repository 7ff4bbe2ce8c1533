"""The shape of portals.yaml: which keys there are, and what each may hold. The JSON Schema for editors comes from here.

Every scalar arrives as text, exactly as it was written, and is read by the field it stands in.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from portalgen import fields
from portalgen.errors import Problem, did_you_mean, shown
from portalgen.fields import LEAVE_OUT, NOT_SUPPORTED, VALUE_EXPECTED, VALUES_NOT_YET, FieldError
from portalgen.yamlfile import At, Document, Value

NOT_YET = frozenset({"bulletin", "logo", "accent", "profile", "dates", "every_customer"})
"""Keys that the design has a place for and this version cannot honour: refused rather than quietly ignored."""
_EXAMPLES = {
    "version": "version: 1",
    "site": "site: {id: northwind, title: Northwind Traders}",
    "id": "id: northwind",
    "title": "title: Northwind Traders",
    "type": "type: invoices",
    "path": "path: exports/invoices.csv",
    "status": "status: [Open, Paid]",
    "kind": "kind: directory (or s3)",
    "bucket": "bucket: northwind-portals",
    "customer": "customer: C-1001 (the id in the export of customers)",
}
"""How to write what must not be missing."""


Model = TypeVar("Model", bound=BaseModel)
_KEYS_EXPECTED = "keys and values are expected here"


def _grantable(value: object, info: ValidationInfo) -> str:
    """A type, ALL, or (the context's `roles`) the name of a role."""
    return fields.shown_type(value, (info.context or {}).get("roles", ()))


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _path_or_mapping(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def _matching(pattern: str, what: str, hint: str) -> BeforeValidator:
    return BeforeValidator(fields.matching(pattern, what, hint))


_SCALAR = ["string", "number", "boolean"]
Text = Annotated[str, BeforeValidator(fields.text)]
Id = Annotated[str, BeforeValidator(fields.id_), WithJsonSchema({"type": _SCALAR})]
Name = Annotated[str, BeforeValidator(fields.name)]
Truth = Annotated[bool, BeforeValidator(fields.truth)]
Day = Annotated[datetime.date, BeforeValidator(fields.day)]
Revision = Annotated[
    int,
    _matching(r"[1-9]\d{0,8}", "a revision", "write a whole number from 1"),
    WithJsonSchema({"type": "integer", "minimum": 1}),
]
Version = Annotated[
    int, _matching("1", "a known version", "write 1; there is no other yet"), WithJsonSchema({"const": 1})
]
Currency = Annotated[str, BeforeValidator(fields.currency)]
Locale = Annotated[str, BeforeValidator(fields.locale)]
Timezone = Annotated[str, BeforeValidator(fields.timezone)]
Email = Annotated[
    str,
    _matching(
        r"[^@\s<>\"',;]+@[^@\s<>\"',;]+\.[^@\s<>\"',;]+", "an e-mail address", "write one address, like ann@example.com"
    ),
]
SiteId = Annotated[
    str, _matching(r"[a-z0-9][a-z0-9-]{0,62}", "a site id", "at most 63 of a-z, 0-9 and '-', not '-' first")
]
KeyId = Annotated[
    str,
    _matching(r"[0-9a-hjkmnp-tv-z]", "a key id", "write one of 0-9, a-z without i, l, o, u"),
    WithJsonSchema({"type": _SCALAR}),
]
KeySource = Annotated[str, BeforeValidator(fields.key_source)]
Prefix = Annotated[str, _matching(r"[\w.-]+(/[\w.-]+)*/?", "a folder in a bucket", "write it like portals/")]
Scalar = Annotated[str, BeforeValidator(fields.text), WithJsonSchema({"type": _SCALAR})]
Texts = Annotated[list[Scalar], BeforeValidator(_list)]
Grant = Annotated[list[Annotated[str, BeforeValidator(_grantable)]], BeforeValidator(_list)]
RoleName = Annotated[str, BeforeValidator(fields.role_name)]
Role = Annotated[list[Annotated[str, BeforeValidator(fields.shown_type)]], BeforeValidator(_list)]
Columns = dict[str, Scalar]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_written_is_nothing_said(cls, value: Any) -> Any:
        """A key with nothing after it counts as not written, and an entry with nothing in it as one without keys."""
        if not isinstance(value, Mapping | None):
            raise FieldError(_KEYS_EXPECTED)
        return {key: item for key, item in (value or {}).items() if item is not None}


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
    pages: Literal["document"] = "document"


class LinesModel(_Strict):
    path: Text
    columns: Columns = Field(default_factory=dict)
    ignore: Texts = Field(default_factory=list)
    discount: Literal["percent", "fraction"] = "percent"


class VisibleModel(_Strict):
    status: Texts


class ExportModel(_Strict):
    type: Literal["customers", "contacts", "products", "quotes", "orders", "invoices", "credit_notes", "delivery_notes"]
    path: Text
    lines: Annotated[LinesModel, BeforeValidator(_path_or_mapping)] | None = None
    columns: Columns = Field(default_factory=dict)
    ignore: Texts = Field(default_factory=list)
    empty: Texts = Field(default_factory=list)
    visible: VisibleModel | None = None


class DirectoryModel(_Strict):
    kind: Literal["directory"]
    path: Text
    private: Text | None = None


class S3Model(_Strict):
    kind: Literal["s3"]
    bucket: Text
    region: Text | None = None
    endpoint: Text | None = None
    prefix: Prefix | None = None


class _Grantee(_Strict):
    name: Text | None = None
    show: Grant = Field(default_factory=list)
    enabled: Truth = True
    revision: Revision = 1
    expires: Day | None = None
    locale: Locale | None = None
    key: KeyId | None = None


class ContactModel(_Grantee):
    email: Email | None = None


class PortalModel(_Grantee):
    customer: Id
    contacts: dict[Name, ContactModel] = Field(default_factory=dict)


class ConfigModel(_Strict):
    version: Version
    site: SiteModel
    keys: KeySource | None = None
    exports: list[ExportModel] = Field(default_factory=list)
    stores: dict[Name, Annotated[DirectoryModel | S3Model, Field(discriminator="kind")]] = Field(default_factory=dict)
    roles: dict[RoleName, Role] = Field(default_factory=dict)
    portals: dict[Name, PortalModel] = Field(default_factory=dict)
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
        message = _KEYS_EXPECTED if document.data else "there is nothing in it"
        return None, [Problem(document.place(()), message, f"begin with {' and '.join(_required(model))}")]
    try:
        return model.model_validate(document.data, context={"roles": roles}), []
    except ValidationError as error:
        return None, [_problem(details, model, document) for details in error.errors(include_url=False)]


def _required(model: type[BaseModel]) -> list[str]:
    return [f"'{name}:'" for name, field in model.model_fields.items() if field.is_required()] or ["'portals:'"]


def _problem(details: Any, model: type[BaseModel], document: Document) -> Problem:
    """A problem of pydantic's as one of ours."""
    at, kind = tuple(details["loc"]), details["type"]
    subject, inner = _subject(at, document)
    key = str(at[-1])
    if kind == "extra_forbidden":
        return _unknown_key(at, model, document, subject)
    if kind in {"missing", "union_tag_not_found"}:
        key, around = (key, at[:-1]) if kind == "missing" else ("kind", at)
        where = document.key_place(_in_file(around, document))
        return Problem(where, f"{subject}'{key}' is missing", f"write it like {_EXAMPLES[key]}")
    if kind == "literal_error":
        return _not_in_list(details, document, subject, key)
    if kind == "union_tag_invalid":
        valid = ("directory", "s3")
        said = details["ctx"]["tag"]
        return Problem(
            document.place((*at, "kind")), f"{subject}kind cannot be {shown(said)}", did_you_mean(said, valid)
        )
    message = details["msg"].removeprefix("Value error, ")
    message = {"list_type": "a list is expected here"}.get(kind, message)
    if kind in {"dict_type", "model_type", "model_attributes_type"}:
        message = _KEYS_EXPECTED
    where = document.key_place(at[:-1]) if key == "[key]" else document.place(at)
    return Problem(where, f"{subject}{inner}{message}", getattr(details.get("ctx", {}).get("error"), "hint", ""))


def _not_in_list(details: Any, document: Document, subject: str, key: str) -> Problem:
    """What stands at a Literal field and is none of its values."""
    where, said = document.place(details["loc"]), _value_at(document.data, details["loc"])
    if not isinstance(said, str):
        return Problem(where, f"{subject}{key}: {VALUE_EXPECTED}")
    if said in VALUES_NOT_YET.get(key, ()):
        return Problem(where, f"{subject}{key}: '{said}' {NOT_SUPPORTED}", LEAVE_OUT)
    valid = details["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
    return Problem(where, f"{subject}{key} cannot be {shown(said)}", did_you_mean(said, valid))


_SECTIONS = {"portals": "portal", "stores": "store", "roles": "role"}


def _subject(at: At, document: Document) -> tuple[str, str]:
    """ "portal 'acme': contact 'ann': " and "show: ", from the path to what is wrong; either may be empty."""
    said, rest = "", at
    if len(at) > 1 and at[0] in _SECTIONS:
        said, rest = f"{_SECTIONS[str(at[0])]} {shown(at[1])}: ", at[2:]
        if len(at) > 3 and at[0] == "portals" and at[2] == "contacts":
            said, rest = f"{said}contact {shown(at[3])}: ", at[4:]
    elif len(at) > 1 and at[0] == "exports":
        type_ = _value_at(document.data, (*at[:2], "type"))
        is_known = isinstance(type_, str) and at[2:3] != ("type",)
        said, rest = f"export of {type_}: " if is_known else "exports: ", at[2:]
    elif len(at) > 1 and at[0] == "site":
        said, rest = "site: ", at[1:]
    keys = [str(part) for part in _in_file(rest, document, at[: len(at) - len(rest)]) if isinstance(part, str)]
    return said, f"{keys[-1]}: " if keys else ""


def _unknown_key(at: At, model: type[BaseModel], document: Document, subject: str) -> Problem:
    key, where = str(at[-1]), document.key_place(_in_file(at, document))
    if key in NOT_YET:
        return Problem(where, f"{subject}'{key}' {NOT_SUPPORTED}", LEAVE_OUT)
    siblings = _valid_keys(model, at[:-1])
    return Problem(where, f"{subject}unknown key {shown(key)}", did_you_mean(key, siblings))


def _in_file(at: At, document: Document, around: At = ()) -> At:
    """`at`, which is within `around`, without the parts that pydantic adds for a union or a key."""
    found: At = ()
    for part in at:
        if (*around, *found, part) in document.places:
            found = (*found, part)
    return found


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
    return list(current.model_fields) if _is_model(current) else []


def _plain(annotation: Any) -> Any:
    """A list, a dict or a model, out of the Annotated and the union that it may stand in."""
    if get_origin(annotation) in {list, dict} or _is_model(annotation):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _plain(inner))), None)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _value_at(data: Value, at: At) -> Value:
    for part in at:
        if isinstance(data, dict):
            data = data.get(str(part))
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
    return data
