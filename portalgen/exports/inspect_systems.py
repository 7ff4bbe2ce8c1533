"""Which system wrote a table: the profiles, and the types of each, whose headings it has."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from portalgen.errors import Location
from portalgen.exports.columns import HEADERS, LINES
from portalgen.exports.headings import Want, is_heading, normal, wanted, wanted_lines
from portalgen.exports.inspect_entry import settings
from portalgen.exports.inspect_files import FileLook, TableLook
from portalgen.exports.profiles import load_profile
from portalgen.model import ExportSource
from portalgen.schema import SettingsModel

_FLAT = {"csv", "xlsx", "sqlite", "parquet"}
_FEWEST = 3
"""Fewer headings tell nothing where not all are there, or where they are of lines."""
TYPE_WORDS = {
    "customers": ("customer", "client", "partner", "debtor", "ocrd"),
    "contacts": ("contact",),
    "products": ("product", "article", "oitm"),
    "quotes": ("quote", "quotation", "estimate", "offer", "oqut"),
    "orders": ("order", "ordr"),
    "credit_notes": ("credit", "refund", "orin"),
    "delivery_notes": ("deliver", "despatch", "dispatch", "shipment", "odln"),
    "invoices": ("invoice", "oinv"),
}
"""Words in names of files, sheets and tables that tell a type."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a profile's type reads a table.

    `recognised` of the `sought` headings that tell it are in the row `heading`; `mapped` columns would be filled.
    `named` tells whether the file is called by the type. `keys` are the entry that reads it. Where `is_lines`, the
    table has the lines of such documents.
    """

    profile: str
    title: str
    type: str
    keys: dict[str, Any]
    settings: SettingsModel
    heading: tuple[str, ...] = field(repr=False)
    recognised: int
    sought: tuple[str, ...]
    mapped: int
    named: bool = False
    is_lines: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every heading is there that tells the type."""
        return self.recognised == len(self.sought) > 0

    @property
    def rank(self) -> tuple[int, int]:
        """How well it fits, to be compared with the rank of another."""
        return self.recognised, self.mapped

    @property
    def missing(self) -> list[str]:
        """The headings that tell the type and are not there."""
        titles = {normal(title) for title in self.heading}
        return [title for title in self.sought if normal(title) not in titles]


def named_types(*names: str) -> list[str]:
    """The types that names speak of, the one that is spoken of last first."""
    text = " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name) for name in names).casefold()
    found = {type_: max(text.rfind(word) for word in words) for type_, words in TYPE_WORDS.items()}
    return sorted((type_ for type_, at in found.items() if at >= 0), key=lambda type_: -found[type_])


def fits(seen: FileLook, table: TableLook, profiles: Sequence[str], type_: str, root: Path) -> list[Fit]:
    """The profiles' types that a table could be, the likeliest first: those of which most headings were recognised.

    `type_` is the only one that is wanted, or ''. Raises InvalidInputError for a profile that is none.
    """
    found = [fit for name in profiles for fit in _fits_of(seen, table, name, type_, root)]
    return sorted(found, key=lambda fit: (fit.is_whole, fit.recognised, fit.mapped), reverse=True)


def _fits_of(seen: FileLook, table: TableLook, name: str, only: str, root: Path) -> Iterator[Fit]:
    profile = load_profile(name, root, Location(seen.path))
    types = named_types(Path(seen.path).stem, seen.context.rpartition("#")[2], table.name)
    for type_, said in profile.types.items():
        if only and type_ != only:
            continue
        merged, source = _settings(name, type_, root if name.endswith((".yaml", ".yml")) else Path())
        if not _reads(merged, seen, table):
            continue
        keys = {"type": type_, "path": seen.path, "profile": name, **_besides(merged, seen, table)}
        sought = tuple(said.recognise)
        heading = best_row(table, [normal(title) for title in sought])
        titles = {normal(title) for title in heading}
        recognised = sum(normal(title) in titles for title in sought)
        wants = _wants(source)
        named = bool(types) and types[0] == type_
        yield Fit(name, profile.title, type_, keys, merged, heading, recognised, sought, filled(heading, wants), named)
        if fit := _lines_fit(source, table):
            row, count = fit
            yield Fit(name, profile.title, type_, keys, merged, row, 0, (), count, named, is_lines=True)


@lru_cache(maxsize=1024)
def _settings(name: str, type_: str, root: Path) -> tuple[SettingsModel, ExportSource]:
    """What a profile says of a type, whatever the file."""
    return settings({"type": type_, "path": name, "profile": name}, root)


def _wants(source: ExportSource) -> list[Want]:
    own_lines = not source.lines or source.layout == "two-files"
    lines = [] if own_lines else wanted({name: LINES[name] for name in LINES if name != "number"}, source, "line.")
    return [*wanted(HEADERS[source.type], source), *lines]


def _lines_fit(source: ExportSource, table: TableLook) -> tuple[tuple[str, ...], int] | None:
    """The heading of lines in files of their own, if that is what the table has, and how many columns it fills."""
    if not source.lines or source.layout != "two-files" or source.lines.sheet:
        return None
    wants = wanted_lines(LINES, source, source.lines)
    for row in table.rows:
        count = filled(row, wants)
        if is_heading(row, wants) and count > _FEWEST:
            return row, count
    return None


def filled(heading: Sequence[str], wants: Sequence[Want]) -> int:
    """How many of the columns a heading fills."""
    titles = [normal(title) for title in heading]
    return sum(bool(want.cells(heading, titles)) for want in wants)


def best_row(table: TableLook, titles: Sequence[str]) -> tuple[str, ...]:
    """The row that has the most of these titles, given as they are compared; of several the first."""
    return max(table.rows, key=lambda row: len({normal(cell) for cell in row} & {*titles}), default=())


def _reads(said: SettingsModel, seen: FileLook, table: TableLook) -> bool:
    """Whether the settings could be those of such a file: of its format, and its sheet or records."""
    if said.format != seen.format and (
        said.format or seen.is_document or (said.layout == "nested") != (seen.format == "json")
    ):
        both_flat = said.format in _FLAT and seen.format in _FLAT
        if not both_flat or (said.lines and said.lines.sheet) or said.sheet:
            return False
    if seen.format == "json":
        return bool(table.name) or not said.records
    return not (said.sheet and said.lines and said.lines.sheet) or table.name in {said.sheet, ""}


def _besides(said: SettingsModel, seen: FileLook, table: TableLook) -> dict[str, Any]:
    """What an entry says besides its profile of such a file."""
    keys: dict[str, Any] = dict(seen.declared)
    if said.format and said.format != seen.format:
        keys["format"] = seen.format
    elif said.format == seen.format:
        keys.pop("format", None)
    if seen.format == "json" and table.name not in {said.records or "", ""} and (said.records or len(seen.tables) > 1):
        keys["records"] = table.name
    if seen.format in {"xlsx", "sqlite"} and table.name != said.sheet and (said.sheet or len(seen.tables) > 1):
        keys["sheet"] = table.name
    return keys


def choose(found: Sequence[Fit]) -> list[Fit]:
    """The fits to go by: the best profile's likeliest type, and those of its types that rows of the same table tell.

    Empty where no profile fits wholly.
    """
    whole = [fit for fit in found if fit.is_whole and not fit.is_lines]
    if not whole:
        return []
    mine = [fit for fit in whole if fit.profile == whole[0].profile]
    best = max(mine, key=lambda fit: (fit.recognised, fit.named, fit.mapped))
    return [best, *(fit for fit in mine if fit is not best and _shares_table(best, fit))]


def _shares_table(one: Fit, other: Fit) -> bool:
    """Whether rows tell which of the two types they are of."""
    both = one.settings.rows.keys() & other.settings.rows.keys()
    return any(not {*one.settings.rows[title]} & {*other.settings.rows[title]} for title in both) or (
        one.settings.columns.get("status") == other.settings.columns.get("status")
        and bool(seen := _seen(one))
        and bool(others := _seen(other))
        and not seen & others
    )


def _seen(fit: Fit) -> set[str]:
    """The statuses of a type that customers see."""
    return {*((fit.settings.visible and fit.settings.visible.status) or ())}
