"""The files of an export, whatever their format, as text tables that the database can load."""

import glob
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from portalgen.database import Database
from portalgen.errors import InvalidInputError, Location, Problem, nearest
from portalgen.exports import einvoice, jsonfile, parquet, sqlitefile, workbook
from portalgen.exports.grid import Grid
from portalgen.exports.textfile import TextTable, open_text, padded, plain, spool
from portalgen.marks import Mark, mark_of
from portalgen.model import ExportSource, LineSource

_FORMATS = {
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
    ".xml": "xml",
    ".pdf": "pdf",
}
_COMPRESSED = {".gz", ".zst"}
_DAY_FIRST = re.compile(r"(?<!\d)\d{1,2}([-._ ])\d{1,2}\1\d{4}(?!\d)", re.ASCII)
IsHeading = Callable[[Sequence[str]], bool]


def format_of(path: Path) -> str:
    """The format that the ending of a file's name tells; 'csv' for any that is not known."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in _COMPRESSED]
    return _FORMATS.get(suffixes[-1], "csv") if suffixes else "csv"


@dataclass(frozen=True, slots=True)
class Place:
    """Where files are read and where to: paths start from `root`, copies of what is no plain text go into `folder`.

    `timezone` is where a day is meant that a file holds as a moment of the whole world.
    """

    root: Path
    folder: Path
    database: Database
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class _Opening:
    """What is to be opened: an export, or a sheet or list of it, with what a heading is."""

    source: ExportSource
    sheet: str
    records: str
    place: Place
    is_heading: IsHeading


@dataclass(slots=True)
class Opened:
    """The tables of an export's files, and what is wrong.

    `paths` are the files, with how each was before it was read. `others` are those that were left out because they are
    of another type, `held_back` those of a quarantine, and `held_numbers` the numbers of the documents in them, as far
    as they are known.
    """

    tables: list[TextTable] = field(default_factory=list)
    paths: dict[Path, Mark] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    held_back: list[Problem] = field(default_factory=list)
    held_numbers: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def open_source(source: ExportSource, lines: LineSource | None, place: Place, is_heading: IsHeading) -> Opened:
    """Open the files of an export, or (with `lines`) of its lines in files or sheets of their own."""
    opened = Opened()
    sheet, records = (lines.sheet, lines.records or source.records) if lines else (source.sheet, source.records)
    opening = _Opening(source, sheet, records, place, is_heading)
    has_own_files = lines is not None and bool(lines.path)
    path, places = (lines.path, lines.places) if lines and lines.path else (source.path, source.places)
    documents, names = [], []
    try:
        for file, name in files_of(path, place.root, places["path"]):
            opened.paths[file] = mark_of(file)
            kind = format_of(file) if has_own_files else source.format or format_of(file)
            try:
                unpacked = plain(file, name, place.folder)
                if kind in {"xml", "pdf"}:
                    documents.append((unpacked, name))
                else:
                    names.append(name)
                    opened.tables.append(_open(unpacked, name, kind, opening))
            except InvalidInputError as error:
                opened.problems += error.problems
        if source.is_incremental:
            opened.problems += _unordered(names, places["path"])
        if documents:
            _open_documents(documents, opening, opened)
    except InvalidInputError as error:
        opened.problems += error.problems
    return opened


def files_of(path: str, root: Path, where: Location) -> Iterator[tuple[Path, str]]:
    """Each file that `path`, which may be a pattern, means below `root`, with what messages call it.

    They are sorted by name without its ending, in which numbers count as numbers: i-9.csv comes before i-10.csv.
    Raises InvalidInputError, at `where`, if there is none.
    """
    whole = root / path
    if glob.has_magic(path) and not whole.is_file():
        found = glob.glob(path, root_dir=root)  # noqa: PTH207
        names = sorted((name for name in found if (root / name).is_file()), key=_in_order)
        if not names:
            raise InvalidInputError(f"no file matches '{path}'", f"looked for {whole}", where)
        yield from ((root / name, name) for name in names)
    elif whole.is_file():
        yield whole, path
    elif whole.is_dir():
        hint = f"for the files in it, write {path.rstrip('/')}/*.csv"
        raise InvalidInputError(f"'{path}' is a folder", hint, where)
    else:
        near = nearest(whole.name, [other.name for other in whole.parent.glob("*") if other.is_file()])
        hint = f"did you mean '{Path(path).with_name(near)}'?" if near else f"looked for {whole}"
        raise InvalidInputError(f"there is no file '{path}'", hint, where)


def _in_order(name: str) -> tuple[tuple[str, ...], str]:
    """What puts names in their order: numbers behind their length, so that text compares them by value."""
    parts = [re.sub(r"0*([0-9]+)", lambda digits: f"{len(digits[1]):04}{digits[1]}", part) for part in _stem(name)]
    return tuple(parts), name


def _stem(name: str) -> tuple[str, ...]:
    """The folders and the name of a file in small letters, without its ending."""
    path = Path(name.casefold())
    return (path.with_suffix("") if path.suffix in _COMPRESSED else path).with_suffix("").parts


def _unordered(names: Sequence[str], where: Location) -> Iterator[Problem]:
    """The first two files, in their order, whose names do not tell which is newer."""
    for one, other in pairwise(names):
        if _DAY_FIRST.search(one) or not _is_newer("/".join(_stem(other)), "/".join(_stem(one))):
            message = f"incremental files: nobody can tell which of '{one}' and '{other}' is newer"
            hint = "number their names, or begin them with one date, the year first: invoices-2026-01-31.csv"
            yield Problem(where, message, hint)
            return


def _is_newer(name: str, older: str) -> bool:
    """Whether a number is what first tells a name from an older one, or a number behind all of the older one."""
    parts, others = (re.split(r"([0-9]+)", each) for each in (name, older))
    at = next((at for at, (part, other) in enumerate(zip(parts, others, strict=False)) if part != other), 0)
    if at % 2:
        return int(parts[at]) != int(others[at])
    return at == len(others) - 1 < len(parts) - 1 and parts[at].startswith(others[at])


def _open(file: Path, name: str, kind: str, opening: _Opening) -> TextTable:
    source = opening.source
    if kind == "csv":
        table = open_text(
            file, name, opening.place.folder, opening.is_heading, encoding=source.encoding, delimiter=source.delimiter
        )
        return padded(table, opening.place.folder) if source.totals or source.groups else table
    if kind == "parquet":
        return parquet.read(opening.place.database, file, name, opening.place.folder, opening.place.timezone)
    errors: list[Problem] = []
    table = spool(_grid(file, name, kind, opening, errors), opening.place.folder, opening.is_heading)
    if in_heading := [error for error in errors if error.where.line == table.first_line]:
        raise InvalidInputError.of(in_heading)
    return replace(table, errors=tuple(error for error in errors if error.where.line > table.first_line))


def _grid(file: Path, name: str, kind: str, opening: _Opening, errors: list[Problem]) -> Grid:
    source = opening.source
    if kind == "xlsx":
        return workbook.read(file, name, opening.sheet, errors)
    if kind == "sqlite":
        return sqlitefile.read(file, name, opening.sheet)
    lines = source.lines if source.layout == "nested" else None
    if lines is None:
        return jsonfile.read(file, name, opening.records)
    return jsonfile.read(file, name, opening.records, lines.records, jsonfile.Kinds(lines.kind, lines.kinds))


def _open_documents(documents: Sequence[tuple[Path, str]], opening: _Opening, opened: Opened) -> None:
    """E-invoices, one to a file, as one table; those of other types are left out and named."""
    source = opening.source
    if source.is_incremental:
        message, hint = "an e-invoice is a file of its own, and has no newer one", "leave out `export: incremental`"
        raise InvalidInputError(message, hint, source.places["export"])
    refused = opened.held_back if source.policy.quarantine else None
    grid = einvoice.read(documents, source.type, refused=refused, numbers=opened.held_numbers, others=opened.others)
    opened.tables.append(spool(grid, opening.place.folder, opening.is_heading))
