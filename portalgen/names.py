"""The rule that makes a page's name from a transaction's number."""

import re
from datetime import date
from hashlib import sha256

_OWN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_HASHED = re.compile(r".*-[0-9a-f]{12}")
_NOT_IN_SLUG = re.compile(r"[^A-Za-z0-9]+")
RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in range(10))]
)
"""Names that Windows gives to devices, whatever ending follows."""


def safe_name(text: str) -> str:
    """A file name and HTML id for `text`: `[a-z0-9-]` only, the same on every machine, at most 61 characters.

    Text that is already such a name stays as it is; any other becomes a slug and 12 hex digits of its SHA-256, so that
    two texts which differ in nothing but case, white space or Unicode form keep names of their own. A name as it is
    never ends like a hashed one, so the two kinds cannot meet.
    """
    if _OWN_NAME.fullmatch(text) and text not in RESERVED and not _HASHED.fullmatch(text):
        return text
    slug = _NOT_IN_SLUG.sub("-", text).lower().strip("-")[:40].rstrip("-")
    return f"{slug or 'x'}-{sha256(text.encode()).hexdigest()[:12]}"


def page_of(type_: str, name: str, day: date, pages: str) -> str:
    """The page on which a document stands, from the bundle's top.

    `name` is the document's own, `day` its date and `pages` how many documents share a page: 'document' (one each),
    'month', 'year' or 'all'.
    """
    shared = {"document": name, "month": f"{day:%Y-%m}", "year": f"{day:%Y}", "all": "all"}
    return f"{type_}/{shared[pages]}.html"


def type_of(path: str) -> str:
    """The type whose documents a path of a bundle holds or lists: all up to the first '/', '.' or '-'."""
    return re.split(r"[/.-]", path, maxsplit=1)[0]


SUMMARY = "index.html"
"""The page of a bundle that leads to all others."""

OF_ALL_TYPES = frozenset([SUMMARY, "portal.xlsx", "portal.zip"])
"""The paths of a bundle that name documents of every type."""
