"""The heading of a file and the columns that an export wants: which cells fill which column, and what does not fit."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from portalgen.errors import Location, Problem, did_you_mean, nearest, shown
from portalgen.exports.columns import HEADERS, Column
from portalgen.exports.sniffing import ROWS
from portalgen.model import ExportSource, Headings, LineSource

Source = ExportSource | LineSource
_OF_DOCUMENTS = frozenset(HEADERS["invoices"])
"""Where rows hold a document and a line, these names mean the document's."""
_SPACES = re.compile(r"[\s\u00a0\u202f\ufeff]+")


def normal(title: str) -> str:
    """A title as it is compared: no star that marks what is required, one space for any, no case."""
    return _SPACES.sub(" ", title).strip().strip("*").strip().casefold()


@dataclass(frozen=True, slots=True)
class Want:
    """A column wanted from a file, under `key`: where `source` says it comes from, or what it is called itself.

    `own` are titles that mean the column without being mapped to it, to the letter but for blanks around them.
    """

    key: str
    column: Column
    name: str
    source: Source
    own: tuple[str, ...] = ()
    is_needed: bool = False

    @property
    def headings(self) -> Headings:
        return self.source.columns.get(self.name, Headings())

    @property
    def is_mapped(self) -> bool:
        return self.name in self.source.columns

    def cells(self, heading: Sequence[str], titles: Sequence[str]) -> tuple[int, ...]:
        """The cells that fill the column; `titles` are those of `heading` as they are compared."""
        if together := self.headings.join or self.headings.first:
            return tuple(titles.index(normal(title)) for title in together if normal(title) in titles)
        named = (titles.index(normal(title)) for title in self.headings.any_of if normal(title) in titles)
        bare = [title.strip(" ") for title in heading]
        own = (bare.index(title) for title in self.own if title in bare)
        return next(((index,) for index in (*named, *own)), ())


def wanted(columns: Mapping[str, Column], source: ExportSource, prefix: str = "") -> list[Want]:
    """A Want for each of an export's columns, or with a `prefix` before their keys for each of those of its lines.

    A column that is not mapped goes by its own name, unless that is said to mean another one; but with a profile,
    nothing is read that is not mapped.
    """
    part: Source = source.lines if prefix and source.lines else source
    return [_want(name, column, source, part, prefix) for name, column in columns.items()]


def wanted_lines(columns: Mapping[str, Column], source: ExportSource, lines: LineSource) -> list[Want]:
    """A Want for each column of lines that stand in files or sheets of their own."""
    return [_want(name, column, source, lines, "") for name, column in columns.items()]


def _want(name: str, column: Column, source: ExportSource, part: Source, prefix: str) -> Want:
    mapped = {title for headings in part.columns.values() for title in headings.titles}
    taken = {*mapped, *part.ignore, *(_OF_DOCUMENTS if prefix else ())}
    within = f"{part.records}." if prefix and source.layout == "nested" and part.records else prefix
    own = () if source.profile or name in part.columns else tuple(dict.fromkeys([f"{within}{name}", name]))
    is_given = name in part.values or name == source.groups
    return Want(
        f"{prefix}{name}",
        column,
        name,
        part,
        tuple(title for title in own if title not in taken),
        is_needed=column.required and not is_given,
    )


@dataclass(slots=True)
class Match:
    """Which cells of a file (indexes from 0) fill which column, by key; several are joined."""

    cells: dict[str, tuple[int, ...]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def is_heading(cells: Sequence[str], wants: Sequence[Want]) -> bool:
    """Whether a row names every column that must be there."""
    titles = [normal(cell) for cell in cells]
    needed = [want for want in wants if want.is_needed]
    return any(titles) and all(want.cells(cells, titles) for want in needed)


def match(heading: Sequence[str], wants: Sequence[Want], where: Location, extra: Iterable[str] = ()) -> Match:
    """Find every wanted column in a heading, which stands at `where`. `extra` are titles that are read too."""
    found = Match()
    titles = [normal(title) for title in heading]
    for want in wants:
        if cells := want.cells(heading, titles):
            found.cells[want.key] = cells
    read = {index for cells in found.cells.values() for index in cells}
    read |= {titles.index(normal(title)) for title in extra if normal(title) in titles}
    ignored = {title for want in wants for title in want.source.ignore}
    known = {titles[index] for index in read}
    found.dropped = [title for title in heading if title and normal(title) not in known]
    found.problems += _missing(wants, heading, where, found.cells)
    found.problems += _ambiguous(heading, where, known, "ALL" in ignored)
    if "ALL" not in ignored and not any(problem.where.file != where.file for problem in found.problems):
        found.problems += _unknown(wants, heading, where, found)
    return found


def _at(where: Location, index: int) -> Location:
    """The place of a cell in a heading."""
    return Location(where.file, where.line, index + 1 if where.line else 0)


def _missing(
    wants: Sequence[Want], heading: Sequence[str], where: Location, cells: Mapping[str, object]
) -> Iterator[Problem]:
    is_elsewhere = bool(where.line) and not cells
    for want in wants:
        if want.key in cells or (want.column.required and not want.is_needed):
            continue
        sought = want.headings.titles
        if want.is_mapped and f"columns.{want.name}" in want.source.places:
            hint = did_you_mean(sought[0], [*heading])
            yield Problem(
                want.source.places[f"columns.{want.name}"], f"{where.file} has no column {shown(sought[0])}", hint
            )
        elif want.column.required:
            hint = f"one of {', '.join(sought)} is looked for" if want.is_mapped else _how_it_was_lost(want, heading)
            if is_elsewhere:
                hint, is_elsewhere = f"{hint}; the heading must be among the first {ROWS} rows", False
            yield Problem(where, f"column '{want.name}' is missing", hint)


def _how_it_was_lost(want: Want, heading: Sequence[str]) -> str:
    name, source = want.name, want.source
    if name in source.ignore:
        return f"`ignore` leaves it out: remove '{name}' there"
    if others := [other for other, headings in source.columns.items() if name in headings.any_of]:
        return f"`columns` says that '{name}' is the {others[0]}: say which one the {name} is"
    return f"say which one it is: columns: {{{name}: {in_yaml(nearest(name, [*heading]) or '...')}}}"


def _ambiguous(heading: Sequence[str], where: Location, read: set[str], others_ignored: bool) -> Iterator[Problem]:
    """Columns without a name, and names that are there twice, unless they are ignored anyway."""
    titles = [normal(title) for title in heading]
    for index, title in enumerate(titles):
        if title in titles[:index] and title and (title in read or not others_ignored):
            yield Problem(
                _at(where, index), f"column {shown(heading[index])} is there twice", "rename or remove one of them"
            )
        if not title and not others_ignored:
            yield Problem(
                _at(where, index), "a column without a name", "name it, or remove it; `ignore: ALL` leaves it out"
            )


def _unknown(wants: Sequence[Want], heading: Sequence[str], where: Location, found: Match) -> Iterator[Problem]:
    source = wants[0].source
    ignored = {normal(title): f"ignore.{number}" for number, title in enumerate(source.ignore)}
    free = [want.name for want in wants if want.key not in found.cells]
    for title in found.dropped:
        if normal(title) not in ignored:
            near = nearest(title, free)
            hint = f"if it is the {near}: columns: {{{near}: {in_yaml(title)}}}; to" if near else "to"
            place = _at(where, heading.index(title))
            yield Problem(place, f"unknown column {shown(title)}", f"{hint} leave it out: ignore: [{in_yaml(title)}]")
    there = {normal(title) for title in heading}
    for title in source.ignore:
        if normal(title) not in there:
            place = source.places[ignored[normal(title)]]
            yield Problem(place, f"{where.file} has no column {shown(title)}", did_you_mean(title, [*heading]))


def in_yaml(title: str) -> str:
    """A title as it is written in a list or mapping of YAML."""
    plain = re.fullmatch(r"\w[\w .-]*(?<! )", title) or title == "..."
    return title if plain else json.dumps(title, ensure_ascii=False)
