"""What may stand in a field of portals.yaml: the text as it is written -> its value, or why not and how to write it."""

import datetime
import re
import zoneinfo
from collections.abc import Callable, Sequence
from decimal import Decimal

from portalgen.errors import did_you_mean, nearest, shown
from portalgen.exports.encodings import ENCODINGS, known_encoding
from portalgen.exports.values import fault_of_patterns
from portalgen.formats import known_currency, known_locale
from portalgen.model import GRANTABLE_TYPES, TRACKING_NUMBER

NOT_SHOWN_YET = frozenset({"products"})
"""What the design lets a link show and this version cannot."""
NOT_SUPPORTED, LEAVE_OUT = "is not supported by this version yet", "leave it out"
VALUE_EXPECTED = "a single value is expected here"
_MOST = 100


class FieldError(ValueError):
    """What is wrong with a value, and a hint of how to write it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def text(value: object) -> str:
    if not isinstance(value, str):
        raise FieldError(VALUE_EXPECTED)
    if not value.strip():
        raise FieldError("must not be empty", "write something, or remove the key")
    return value


def id_(value: object) -> str:
    said = text(value)
    if said != said.strip():
        raise FieldError(f"{shown(said)} begins or ends with a space", "remove the space")
    if len(said) > _MOST or not said.isprintable():
        raise FieldError(
            f"{shown(said)} cannot be an id", f"use at most {_MOST} characters, and none that is invisible"
        )
    return said


def name(value: object) -> str:
    said = id_(value)
    if "/" in said:
        raise FieldError("an id cannot contain '/'", "use '-' instead")
    return said


def role_name(value: object) -> str:
    said = name(value)
    if said == "ALL" or said in GRANTABLE_TYPES:
        raise FieldError(f"a role cannot be called '{said}', which means something already", "choose another name")
    return said


def matching(pattern: str, what: str, hint: str) -> Callable[[object], str]:
    """A reader of texts that `pattern` matches: `what` they are, and how to write them."""

    def read(value: object) -> str:
        said = text(value)
        if not re.fullmatch(pattern, said, re.ASCII):
            raise FieldError(f"{shown(said)} is not {what}", hint)
        return said

    return read


def written(value: object) -> str:
    """A text as it is written, which may be empty."""
    if not isinstance(value, str):
        raise FieldError(VALUE_EXPECTED)
    return value


def delimiter(value: object) -> str:
    said = {"tab": "\t", "\\t": "\t"}.get(written(value), written(value))
    if len(said) != 1 or said in {'"', "\n", "\r", " "} or said.isalnum():
        raise FieldError(f"{shown(said)} cannot separate cells", "write one character, like ';', or tab")
    return said


def encoding(value: object) -> str:
    said = text(value)
    if not (known := known_encoding(said)):
        raise FieldError(f"{shown(said)} is not an encoding known here", did_you_mean(said, ENCODINGS))
    return known


def date_pattern(value: object) -> str:
    """`iso`, `prove`, or a pattern of strptime's."""
    said = text(value)
    fault = "" if said in {"iso", "prove"} else fault_of_patterns([said])
    if fault:
        raise FieldError(fault, "write %d, %m and %Y for day, month and year, like %d/%m/%Y; or iso, or prove")
    return said


def attachment_name(value: object) -> str:
    """The name of a document's file, in which {number}, {customer_id} and {date} stand for the document's own."""
    said = text(value)
    placeholders = re.findall(r"\{([^}]*)\}", said)
    if unknown := [name for name in placeholders if name not in {"number", "customer_id", "date"}]:
        hint = "write {number}, {customer_id} or {date}"
        raise FieldError(f"{shown(said)} has {{{unknown[0]}}} in it, which is not known of a document", hint)
    if "number" not in placeholders or "/" in said:
        raise FieldError(f"{shown(said)} is not the name of one document's file", "write it like {number}.pdf")
    return said


def amount(value: object) -> Decimal:
    said = text(value)
    if not re.fullmatch(r"\d{1,15}(\.\d{1,6})?", said, re.ASCII):
        raise FieldError(f"{shown(said)} is not an amount", "write it with digits and a point alone, like 0.05")
    return Decimal(said)


def key_id(value: object) -> str:
    """Which key is meant. What is longer than an id may be the key itself, so no message repeats it."""
    said = text(value)
    if not re.fullmatch(r"[0-9a-hjkmnp-tv-z]", said):
        named = shown(said) if len(said) < 4 else "this"
        raise FieldError(f"{named} is not a key id", "write one of 0-9, a-z without i, l, o, u")
    return said


def key_source(value: object) -> str:
    """Where the keys are. What stands here instead may be a key, so no message repeats it."""
    said = text(value)
    if not re.fullmatch(r"(env|file|cmd):\S.*", said):
        hint = "write env:NAME, file:PATH or cmd:COMMAND; the keys themselves never stand in this file"
        raise FieldError("this does not say where the keys are", hint)
    return said


ADDRESS = r"[^@\s<>\"',;]+@[^@\s<>\"',;]+\.[^@\s<>\"',;]+"


def email(value: object) -> str:
    said = text(value)
    if not re.fullmatch(ADDRESS, said, re.ASCII) or not said.isprintable():
        raise FieldError(f"{shown(said)} is not an e-mail address", "write one address, like ann@example.com")
    return said


def sender(value: object) -> str:
    """Who e-mails are from: an address, or a name and in angle brackets an address."""
    said = text(value)
    if not re.fullmatch(rf"{ADDRESS}|[^<>\"]*\S\s*<{ADDRESS}>", said, re.ASCII) or not said.isprintable():
        raise FieldError(
            f"{shown(said)} is nobody to send from", "write it like Northwind <accounts@northwind.example>"
        )
    return said


def host(value: object) -> str:
    said = text(value)
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", said):
        raise FieldError(f"{shown(said)} is not the name of a server", "write it like smtp.example.com")
    return said


def whole(what: str, most: int) -> Callable[[object], str]:
    """A reader of whole numbers from 1 to `most`: `what` they are."""

    def read(value: object) -> str:
        said = text(value)
        if not re.fullmatch(r"[1-9]\d{0,8}", said, re.ASCII) or int(said) > most:
            raise FieldError(f"{shown(said)} is not {what}", f"write a whole number from 1 to {most}")
        return said

    return read


def from_environment(value: object) -> str:
    """The name of an environment variable. What stands here instead may be a password, so no message repeats it."""
    said = text(value)
    if not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*", said):
        raise FieldError(
            "this does not name an environment variable", "write env:NAME; the secret itself never stands here"
        )
    return said.removeprefix("env:")


def truth(value: object) -> bool:
    said = text(value)
    if said.lower() in {"true", "false", "yes", "no", "on", "off"}:
        return said.lower() in {"true", "yes", "on"}
    raise FieldError(f"{shown(said)} is neither true nor false", "write true or false")


def day(value: object) -> datetime.date:
    said = text(value)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", said, re.ASCII):
        raise FieldError(f"{shown(said)} is not a date", "write it year-month-day, like 2027-12-31")
    try:
        return datetime.date.fromisoformat(said)
    except ValueError:
        raise FieldError(f"{shown(said)} is not a date", "the calendar has no such day") from None


def currency(value: object) -> str:
    said = text(value)
    if not known_currency(said):
        near = f"did you mean '{said.upper()}'?" if known_currency(said.upper()) else "write it like EUR"
        raise FieldError(f"{shown(said)} is not an ISO 4217 code", near)
    return said


def locale(value: object) -> str:
    said = text(value)
    if not known_locale(said):
        tag = said.partition(".")[0].replace("_", "-")
        near = f"did you mean '{tag}'?" if known_locale(tag) else "write it like en-GB, or like en"
        raise FieldError(f"{shown(said)} is not a locale that is known here", near)
    return said


def timezone(value: object) -> str:
    said = text(value)
    if said not in (zones := zoneinfo.available_timezones()):
        near = nearest(said, sorted(zones)) if "/" in said else ""
        raise FieldError(
            f"{shown(said)} is not a time zone", f"did you mean '{near}'?" if near else "write it like Europe/London"
        )
    return said


def base_url(value: object) -> str:
    said = text(value)
    host = r"[A-Za-z0-9.-]+(:[0-9]+)?"
    if re.fullmatch(rf"https://{host}(/[A-Za-z0-9._~/-]*)?|http://(127\.0\.0\.1|localhost)(:[0-9]+)?/?", said):
        return said.rstrip("/")
    hint = "write it like https://portals.example.com, without '?' or '#'; http:// is for localhost alone"
    raise FieldError(f"{shown(said)} cannot be the address of portals", hint)


NOTHING = object()
"""What stands for a value that is not written, where that has to be refused."""


def accent(value: object) -> str:
    """A colour as '#rrggbb' or '#rgb'. Nothing at all is what is left of one without quotes: YAML's comment."""
    if value is NOTHING:
        raise FieldError("nothing is written: '#' begins a comment", _HOW_TO_COLOUR)
    said = text(value)
    pattern = "#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})"
    if not re.fullmatch(pattern, said):
        near = f"#{said.strip().lstrip('#')}"
        hint = f'did you mean "{near}"?' if re.fullmatch(pattern, near) else _HOW_TO_COLOUR
        raise FieldError(f"{shown(said)} is not a colour", hint)
    return said


_HOW_TO_COLOUR = 'write it in quotes, like "#0b6e4f"'


def carrier(value: object) -> str:
    """A carrier's name, as carriers are told apart: whatever the case."""
    return text(value).strip().casefold()


def distinct_carriers(value: object) -> object:
    """The carriers as they are written, no two of which differ in case alone."""
    seen: dict[str, str] = {}
    for name in value if isinstance(value, dict) else ():
        if other := seen.get(carrier(name)):
            raise FieldError(f"{shown(other)} and {shown(name)} are one carrier", "keep one of them")
        seen[carrier(name)] = name
    return value


def tracking_url(value: object) -> str:
    """The address of a carrier's page, with a place for the number that is not in the name of the host."""
    said = text(value)
    if said.count(TRACKING_NUMBER) != 1:
        raise FieldError(f"{shown(said)} must hold {TRACKING_NUMBER} once", _HOW_TO_TRACK)
    safe = rf"([A-Za-z0-9._~:/?#@!$&'()*+,;=%-]|{re.escape(TRACKING_NUMBER)})*"
    if not re.fullmatch(rf"https://[A-Za-z0-9.-]+(:[0-9]+)?[/?#]{safe}", said):
        raise FieldError(f"{shown(said)} cannot be the address of a carrier's page", _HOW_TO_TRACK)
    return said


_HOW_TO_TRACK = f"write it like https://carrier.example/track?number={TRACKING_NUMBER}, in quotes"


def shown_type(value: object, names: Sequence[str] = ()) -> str:
    """A type or ALL; or one of `names`."""
    said, valid = id_(value), (*GRANTABLE_TYPES, "ALL", *names)
    if said in NOT_SHOWN_YET:
        raise FieldError(f"'{said}' {NOT_SUPPORTED}", LEAVE_OUT)
    if said not in valid:
        raise FieldError(f"{shown(said)} cannot be shown", did_you_mean(said, valid))
    return said
