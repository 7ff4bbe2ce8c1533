"""Entries of `exports:` as text to paste into portals.yaml, and back into what an export is."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portalgen.errors import InvalidInputError, Location
from portalgen.exports.profiles import settings_of, source_of
from portalgen.model import ExportSource
from portalgen.schema import ExportModel, SettingsModel, validate
from portalgen.yamlfile import Document, parse_yaml

_WIDTH = 100
_PLAIN = re.compile(r"[^\W\d_]([\w ./()-]*[\w/()-])?")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
"""What other readers of YAML take for something else than text."""


_ORDER = (
    *("id", "sku", "number", "line", "customer_id", "name", "date", "due_date", "currency", "status", "reference"),
    *("item", "description", "quantity", "open_quantity", "unit", "unit_price", "discount", "discount_amount"),
    *("net", "tax_rate", "tax", "total", "paid", "balance", "amount"),
)
"""The columns that a reader looks for first, in that order."""


@dataclass(slots=True)
class Entry:
    """One entry: `keys` as in portals.yaml, and what is to be said beside them.

    `comments` stand behind a key, given by its path; `notes` are lines above the entry.
    """

    keys: dict[str, Any]
    comments: dict[tuple[str, ...], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def type(self) -> str:
        return str(self.keys["type"])


class _Anywhere(dict[str, Location]):
    """The place of every key: the file that is looked at."""

    def __missing__(self, key: str) -> Location:
        return self.get("", Location())


def in_order(columns: Iterable[str]) -> list[str]:
    """Names of columns, those first that a reader looks for first."""
    return sorted(columns, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


def settings(keys: Mapping[str, Any], root: Path) -> tuple[SettingsModel, ExportSource]:
    """What an entry says with its profile, and the export that it is; profiles and files are sought below `root`.

    Raises InvalidInputError as loading it from portals.yaml would.
    """
    places = _Anywhere({"": Location(str(keys["path"]))})
    text = block([Entry(dict(keys))])
    parsed = parse_yaml(text, str(keys["path"])).data
    entries = parsed.get("exports") if isinstance(parsed, dict) else None
    document = Document(str(keys["path"]), entries[0] if isinstance(entries, list) else None)
    model, problems = validate(ExportModel, document)
    if model is None:
        raise InvalidInputError.of(problems)
    said = settings_of(model, root, places[""])
    return said, source_of(model, said, places, places)


def block(entries: Iterable[Entry]) -> str:
    """The entries as the text of a YAML file."""
    return "\n".join(["exports:", *(line for entry in entries for line in _lines(entry))]) + "\n"


def _lines(entry: Entry) -> Iterator[str]:
    yield from (f"  # {printable(note)}" for note in entry.notes)
    short = f"  - {_flow(entry.keys)}"
    if not entry.comments and len(short) <= _WIDTH:
        yield short
        return
    begin = "  - "
    for line in _mapping(entry.keys, entry.comments, ()):
        yield begin + line
        begin = "    "


def _mapping(keys: Mapping[str, Any], comments: Mapping[tuple[str, ...], str], at: tuple[str, ...]) -> Iterator[str]:
    for key, value in keys.items():
        path = (*at, key)
        comment = f"   # {printable(comments[path])}" if path in comments else ""
        is_long = len(_flow(value)) > _WIDTH or any(other[: len(path)] == path for other in comments if other != path)
        if isinstance(value, Mapping) and (is_long or key == "columns"):
            yield f"{text_of(key)}:{comment}"
            yield from (f"  {line}" for line in _mapping(value, comments, path))
        else:
            yield f"{text_of(key)}: {_flow(value)}{comment}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{text_of(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return text_of(str(value))


def text_of(text: str) -> str:
    """A text as it is written in YAML, wherever it stands."""
    if _PLAIN.fullmatch(text) and text.isprintable() and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in {'"', "\\"}:
        return f"\\{char}"
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def printable(text: str) -> str:
    """The text on one line, with what a terminal would obey or hide written as an escape."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)
