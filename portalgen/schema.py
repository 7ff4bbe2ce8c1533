"""The shape of portals.yaml: which keys there are, and what each may hold. The JSON Schema for editors comes from here.

Every scalar arrives as text, exactly as it was written, and is read by the field it stands in.
"""

import datetime
import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from portalgen.errors import Problem, did_you_mean
from portalgen.formats import known_currency, known_locale
from portalgen.model import TRANSACTION_TYPES
from portalgen.yamlfile import At, Document, Value

NOT_YET = frozenset({"bulletin", "logo", "accent", "profile", "dates", "every_customer"})
"""Keys that the design has a place for and this version cannot honour: refused rather than quietly ignored."""


Model = TypeVar("Model", bound=BaseModel)


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a text is expected here")
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _id(value: object) -> object:
    text = str(_text(value))
    if len(text) > 100 or text != text.strip() or not text.isprintable():
        raise ValueError("an id has at most 100 printable characters and no space at either end")
    return text


def _name(value: object) -> object:
    text = str(_id(value))
    if "/" in text:
        raise ValueError("must not contain '/'")
    return text


def _matching(pattern: str, expected: str) -> BeforeValidator:
    def check(value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(
                f"{value!r} is not {expected}" if isinstance(value, str) else f"{expected} is expected here"
            )
        return value

    return BeforeValidator(check)


def _truth(value: object) -> object:
    if isinstance(value, str) and value.lower() in {"true", "false", "yes", "no", "on", "off"}:
        return value.lower() in {"true", "yes", "on"}
    raise ValueError("true or false is expected here")


def _day(value: object) -> object:
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return datetime.date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"{value!r} is not a date; write it like 2027-12-31")


def _with_hint(message: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError("portalgen", "{message}", {"message": message, "hint": hint})


def _known(what: str, is_known: Callable[[str], bool], example: str) -> AfterValidator:
    def check(value: str) -> str:
        if not is_known(value):
            raise _with_hint(f"'{value}' is not {what}", f"write it like {example}")
        return value

    return AfterValidator(check)


def _timezone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        hint = did_you_mean(value, sorted(zoneinfo.available_timezones()))
        raise _with_hint(f"'{value}' is not a time zone", hint)
    return value


def _grantable(value: str, info: ValidationInfo) -> str:
    """A type, ALL, or (the context's `roles`) the name of a role."""
    valid = [*TRANSACTION_TYPES, "ALL", *(info.context or {}).get("roles", ())]
    if value not in valid:
        raise _with_hint(f"'{value}' cannot be shown", did_you_mean(value, valid))
    return value


def _type_or_all(value: str) -> str:
    valid = (*TRANSACTION_TYPES, "ALL")
    if value not in valid:
        raise _with_hint(f"'{value}' cannot be shown", did_you_mean(value, valid))
    return value


def _free_role_name(value: str) -> str:
    if value == "ALL" or value in TRANSACTION_TYPES:
        raise _with_hint(f"'{value}' is not free as the name of a role", "choose another name")
    return value


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _path_or_mapping(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def _base_url(value: str) -> str:
    host = r"[A-Za-z0-9.-]+(:\d+)?"
    if re.fullmatch(rf"https://{host}(/[A-Za-z0-9._~/-]*)?|http://(127\.0\.0\.1|localhost)(:\d+)?/?", value):
        return value.rstrip("/")
    raise ValueError(f"'{value}' is not an address that starts with https://")


_SCALAR = ["string", "number", "boolean"]
Text = Annotated[str, BeforeValidator(_text)]
Id = Annotated[str, BeforeValidator(_id), WithJsonSchema({"type": _SCALAR})]
Name = Annotated[str, BeforeValidator(_name)]
Truth = Annotated[bool, BeforeValidator(_truth)]
Day = Annotated[datetime.date, BeforeValidator(_day)]
Revision = Annotated[
    int, _matching(r"[1-9]\d{0,8}", "a whole number from 1"), WithJsonSchema({"type": "integer", "minimum": 1})
]
Currency = Annotated[str, _matching(r"\S+", "a currency code"), _known("an ISO 4217 code", known_currency, "EUR")]
Locale = Annotated[Text, _known("a locale this system knows", known_locale, "en-GB")]
Timezone = Annotated[Text, AfterValidator(_timezone)]
Email = Annotated[str, _matching(r"[^@\s<>\"',;]+@[^@\s<>\"',;]+\.[^@\s<>\"',;]+", "an e-mail address")]
KeyId = Annotated[
    str,
    _matching(r"[0-9a-hjkmnp-tv-z]", "a key id (one of 0-9, a-z without i, l, o, u)"),
    WithJsonSchema({"type": _SCALAR}),
]
KeySource = Annotated[str, _matching(r"(env|file|cmd):\S.*", "env:NAME, file:PATH or cmd:COMMAND")]
Names = Annotated[list[Id], BeforeValidator(_list)]
Grant = Annotated[list[Annotated[Id, AfterValidator(_grantable)]], BeforeValidator(_list)]
RoleName = Annotated[Name, AfterValidator(_free_role_name)]
Role = Annotated[list[Annotated[Id, AfterValidator(_type_or_all)]], BeforeValidator(_list)]
Columns = dict[str, Id]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_written_is_nothing_said(cls, value: Any) -> Any:
        """A key with nothing after it counts as not written."""
        if not isinstance(value, Mapping):
            raise ValueError("keys and values are expected here")
        return {key: item for key, item in value.items() if item is not None}


class SiteModel(_Strict):
    id: Annotated[str, _matching(r"[a-z0-9][a-z0-9-]{0,62}", "an id of a-z, 0-9 and '-'")]
    title: Text
    base_url: Annotated[Text, AfterValidator(_base_url)] = ""
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
    ignore: Names = Field(default_factory=list)
    discount: Literal["percent", "fraction", "amount"] = "percent"


class VisibleModel(_Strict):
    status: Names


class ExportModel(_Strict):
    type: Literal["customers", "contacts", "products", "quotes", "orders", "invoices", "credit_notes", "delivery_notes"]
    path: Text
    lines: Annotated[LinesModel, BeforeValidator(_path_or_mapping)] | None = None
    columns: Columns = Field(default_factory=dict)
    ignore: Names = Field(default_factory=list)
    empty: Names = Field(default_factory=list)
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
    prefix: Annotated[str, _matching(r"[\w.-]+(/[\w.-]+)*/?", "a folder such as portals/")] | None = None


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
    version: Annotated[int, _matching("1", "1, the only version there is"), WithJsonSchema({"const": 1})]
    site: SiteModel
    keys: KeySource | None = None
    exports: list[ExportModel] = Field(default_factory=list)
    stores: dict[Name, Annotated[DirectoryModel | S3Model, Field(discriminator="kind")]] = Field(default_factory=dict)
    roles: dict[RoleName, Role] = Field(default_factory=dict)
    portals: dict[Name, PortalModel] = Field(default_factory=dict)
    include: Names = Field(default_factory=list)


class IncludedModel(_Strict):
    """A file named by `include`: portals, and nothing else."""

    portals: dict[Name, PortalModel] = Field(default_factory=dict)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of portals.yaml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ConfigModel.model_json_schema()}


def validate(model: type[Model], document: Document, roles: Sequence[str] = ()) -> tuple[Model | None, list[Problem]]:
    """`document` as a `model`, or None and every problem in it. `roles` are names that `show` may use."""
    try:
        return model.model_validate(document.data, context={"roles": roles}), []
    except ValidationError as error:
        return None, [_problem(details, model, document) for details in error.errors(include_url=False)]


def _problem(details: Any, model: type[BaseModel], document: Document) -> Problem:
    at, kind = tuple(details["loc"]), details["type"]
    subject = _subject(at)
    if kind == "extra_forbidden":
        return _unknown_key(at, model, document, subject)
    if kind == "missing":
        return Problem(document.place(at), f"{subject}'{at[-1]}' is missing")
    if kind == "literal_error":
        said = _value_at(document.data, at)
        valid = details["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return Problem(document.place(at), f"{subject}{at[-1]} cannot be '{said}'", did_you_mean(str(said), valid))
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return Problem(document.place(at), f"{subject}kind must be directory or s3")
    message = details["msg"].removeprefix("Value error, ")
    if kind in {"dict_type", "model_type", "list_type"}:
        message = "a list is expected here" if kind == "list_type" else "keys and values are expected here"
    hint = details.get("ctx", {}).get("hint", "")
    field = next((str(part) for part in reversed(at) if isinstance(part, str) and part != "[key]"), "")
    return Problem(document.place(at), f"{subject}{field}: {message}" if field else message, hint)


def _subject(at: tuple[int | str, ...]) -> str:
    """ "portal 'acme': contact 'ann': ", from the path to what is wrong; empty outside portals."""
    names = [("portals", "portal"), ("contacts", "contact")]
    said = ""
    for position, (key, word) in zip((0, 2), names, strict=True):
        if len(at) > position + 2 and at[position] == key:
            said += f"{word} '{at[position + 1]}': "
    return said


def _unknown_key(at: At, model: type[BaseModel], document: Document, subject: str) -> Problem:
    key, where = str(at[-1]), document.key_place(_in_file(at, document))
    if key in NOT_YET:
        return Problem(where, f"{subject}'{key}' is not supported by this version yet")
    siblings = _valid_keys(model, at[:-1])
    return Problem(where, f"{subject}unknown key '{key}'", did_you_mean(key, siblings))


def _in_file(at: At, document: Document) -> At:
    """`at` without the parts that pydantic adds for a union."""
    found: At = ()
    for part in at:
        if (*found, part) in document.places:
            found = (*found, part)
    return found


def _valid_keys(model: type[BaseModel], at: At) -> list[str]:
    """The keys that `model` knows at `at`, found by following the types of its fields."""
    current: Any = model
    for part in at:
        if part in {"directory", "s3"}:
            current = DirectoryModel if part == "directory" else S3Model
        elif _is_model(current):
            field = current.model_fields.get(str(part))
            current = field.annotation if field else None
        else:
            current = next(reversed(get_args(current)), None)
        if get_origin(current) not in {list, dict}:
            current = next((inner for inner in get_args(current) if _is_model(inner)), current)
    return list(current.model_fields) if _is_model(current) else []


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _value_at(data: Value, at: At) -> Value:
    for part in at:
        if isinstance(data, dict) and part in data:
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
    return data
