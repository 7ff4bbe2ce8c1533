"""What a field of portals.yaml may hold: text as it was written, judged and read."""

import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from portalgen import fields


def grantable(value: object, info: ValidationInfo) -> str:
    """A type, ALL, or (the context's `roles`) the name of a role."""
    return fields.shown_type(value, (info.context or {}).get("roles", ()))


def listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def path_or_mapping(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def matching(pattern: str, what: str, hint: str) -> BeforeValidator:
    return BeforeValidator(fields.matching(pattern, what, hint))


SCALAR = ["string", "number", "boolean"]
Text = Annotated[str, BeforeValidator(fields.text)]
Id = Annotated[str, BeforeValidator(fields.id_), WithJsonSchema({"type": SCALAR})]
Name = Annotated[str, BeforeValidator(fields.name)]
Truth = Annotated[bool, BeforeValidator(fields.truth)]
Day = Annotated[datetime.date, BeforeValidator(fields.day)]
Revision = Annotated[
    int,
    matching(r"[1-9]\d{0,8}", "a revision", "write a whole number from 1"),
    WithJsonSchema({"type": "integer", "minimum": 1}),
]
Version = Annotated[
    int, matching("1", "a known version", "write 1; there is no other yet"), WithJsonSchema({"const": 1})
]
Currency = Annotated[str, BeforeValidator(fields.currency)]
Locale = Annotated[str, BeforeValidator(fields.locale)]
Timezone = Annotated[str, BeforeValidator(fields.timezone)]
Email = Annotated[str, BeforeValidator(fields.email)]
Sender = Annotated[str, BeforeValidator(fields.sender)]
Host = Annotated[str, BeforeValidator(fields.host)]
Port = Annotated[int, BeforeValidator(fields.whole("a port", 65535)), WithJsonSchema({"type": "integer"})]
PerMinute = Annotated[int, BeforeValidator(fields.whole("a rate", 9999)), WithJsonSchema({"type": "integer"})]
Secret = Annotated[str, BeforeValidator(fields.from_environment)]
SiteId = Annotated[
    str, matching(r"[a-z0-9][a-z0-9-]{0,62}", "a site id", "at most 63 of a-z, 0-9 and '-', not '-' first")
]
KeyId = Annotated[str, BeforeValidator(fields.key_id), WithJsonSchema({"type": SCALAR})]
KeySource = Annotated[str, BeforeValidator(fields.key_source)]
Prefix = Annotated[str, matching(r"[\w.-]+(/[\w.-]+)*/?", "a folder in a bucket", "write it like portals/")]
Distribution = Annotated[
    str, matching(r"[A-Z0-9]{8,32}", "the id of a distribution", "write it like E1A2B3C4D5E6F7, as CloudFront lists it")
]
AddressPath = Annotated[
    str, matching(r"/|/?[\w.~-]+(/[\w.~-]+)*/?", "the path of an address", "write it like /portals, or / for none")
]
Scalar = Annotated[str, BeforeValidator(fields.text), WithJsonSchema({"type": SCALAR})]
Texts = Annotated[list[Scalar], BeforeValidator(listed)]
Grant = Annotated[list[Annotated[str, BeforeValidator(grantable)]], BeforeValidator(listed)]
Carrier = Annotated[str, BeforeValidator(fields.carrier)]
TrackingUrl = Annotated[str, BeforeValidator(fields.tracking_url)]
RoleName = Annotated[str, BeforeValidator(fields.role_name)]
Role = Annotated[list[Annotated[str, BeforeValidator(fields.shown_type)]], BeforeValidator(listed)]
Written = Annotated[str, BeforeValidator(fields.written), WithJsonSchema({"type": SCALAR})]
Writtens = Annotated[list[Written], BeforeValidator(listed)]
Delimiter = Annotated[str, BeforeValidator(fields.delimiter)]
Encoding = Annotated[str, BeforeValidator(fields.encoding)]
Dates = Annotated[list[Annotated[str, BeforeValidator(fields.date_pattern)]], BeforeValidator(listed)]
Tolerance = Annotated[Decimal, BeforeValidator(fields.amount), WithJsonSchema({"type": ["number", "string"]})]
Accent = Annotated[str, BeforeValidator(fields.accent)]
Count = Annotated[
    int,
    matching(r"\d{1,9}", "a whole number", "write it like 20"),
    WithJsonSchema({"type": "integer", "minimum": 0}),
]
Days = Annotated[
    int,
    matching(r"[1-9]\d{0,4}", "a number of days", "write a whole number from 1, like 365"),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 99999}),
]
Months = Annotated[
    int,
    matching(r"[1-9]\d{0,2}", "a number of months", "write a whole number from 1, like 12"),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 999}),
]
