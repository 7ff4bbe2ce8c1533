"""What is wrong with definitions, in words: where it stands, what it is about, how to write it."""

from collections.abc import Callable, Sequence
from typing import Any

from portalgen.errors import Problem, did_you_mean, shown
from portalgen.fields import VALUE_EXPECTED
from portalgen.yamlfile import At, Document, Value

_EXAMPLES = {
    "version": "version: 1",
    "site": "site: {id: northwind, title: Northwind Traders}",
    "id": "id: northwind",
    "title": "title: Northwind Traders",
    "type": "type: invoices",
    "path": "path: exports/invoices.csv",
    "status": "status: [Open, Paid]",
    "kind": "kind: directory (or s3)",
    "cdn": "cdn: {kind: cloudfront, distribution: E1A2B3C4D5E6F7}",
    "bucket": "bucket: northwind-portals",
    "folder": "folder: exports/pdf",
    "name": "name: ours",
    "about": "about: where to find the export",
    "server": "server: smtp.example.com",
    "from": "from: Northwind <accounts@northwind.example>",
    "types": "types: {invoices: {columns: {number: No}}}",
    "customer": "customer: C-1001 (the id in the export of customers)",
}
"""How to write what must not be missing."""

KEYS_EXPECTED = "keys and values are expected here"
ValidKeys = Callable[[At], Sequence[str]]
"""The keys that may stand at a path."""


def problem_of(details: Any, document: Document, valid_keys: ValidKeys) -> Problem:
    """A problem of pydantic's as one of ours."""
    at, kind = tuple(details["loc"]), details["type"]
    subject, inner = _subject(at, document)
    key = str(at[-1])
    if kind == "extra_forbidden":
        return _unknown_key(at, valid_keys, document, subject)
    if kind in {"missing", "union_tag_not_found"}:
        key, around = (key, at[:-1]) if kind == "missing" else ("kind", at)
        where = document.key_place(_in_file(around, document))
        example = _EXAMPLES["cdn" if around[:1] == ("stores",) and "cdn" in around[2:] else key]
        return Problem(where, f"{subject}'{key}' is missing", f"write it like {example}")
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
        message = KEYS_EXPECTED
    where = document.key_place(at[:-1]) if key == "[key]" else document.place(at)
    return Problem(where, f"{subject}{inner}{message}", getattr(details.get("ctx", {}).get("error"), "hint", ""))


def _not_in_list(details: Any, document: Document, subject: str, key: str) -> Problem:
    """What stands at a Literal field and is none of its values."""
    where, said = document.place(details["loc"]), _value_at(document.data, _in_file(details["loc"], document))
    key = str(details["loc"][-2]) if key.isdecimal() else key
    if not isinstance(said, str):
        return Problem(where, f"{subject}{key}: {VALUE_EXPECTED}")
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
        elif at[0] == "stores" and "cdn" in at[2:-1]:
            said, rest = f"{said}cdn: ", at[at.index("cdn", 2) + 1 :]
    elif len(at) > 1 and at[0] == "exports":
        type_ = _value_at(document.data, (*at[:2], "type"))
        is_known = isinstance(type_, str) and at[2:3] != ("type",)
        said, rest = f"export of {type_}: " if is_known else "exports: ", at[2:]
    elif len(at) > 1 and at[0] in {"site", "mail", "every_customer"}:
        said, rest = f"{at[0]}: ", at[1:]
    keys = [str(part) for part in _in_file(rest, document, at[: len(at) - len(rest)]) if isinstance(part, str)]
    return said, f"{keys[-1]}: " if keys else ""


def _unknown_key(at: At, valid_keys: ValidKeys, document: Document, subject: str) -> Problem:
    key, where = str(at[-1]), document.key_place(_in_file(at, document))
    siblings = valid_keys(at[:-1])
    return Problem(where, f"{subject}unknown key {shown(key)}", did_you_mean(key, siblings))


def _in_file(at: At, document: Document, around: At = ()) -> At:
    """`at`, which is within `around`, without the parts that pydantic adds for a union or a key."""
    found: At = ()
    for part in at:
        if (*around, *found, part) in document.places:
            found = (*found, part)
    return found


def _value_at(data: Value, at: At) -> Value:
    for part in at:
        if isinstance(data, dict):
            data = data.get(str(part))
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
    return data
