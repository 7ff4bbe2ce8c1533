"""What is in a file of which nothing is known: its format, how it is written, its tables and their first rows."""

import glob
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from portalgen.errors import InvalidInputError, Location, Problem
from portalgen.exports import einvoice, jsonfile, parquet, sqlitefile, workbook
from portalgen.exports.files import Place, files_of, format_of
from portalgen.exports.grid import Grid
from portalgen.exports.jsonevents import Event, read_events
from portalgen.exports.textfile import peek, plain

ROWS = 20
"""The heading is one of the first so many rows."""
_MOST_TABLES = 60
_ENDINGS = {".csv", ".tsv", ".txt", ".tab"}
_SAID = re.compile(r"`(format|encoding): ([\w-]+)`")
"""What a reader's hint says to declare."""


@dataclass(frozen=True, slots=True)
class TableLook:
    """One table: `name` is the sheet, the database's table or the path of the records; '' where there is but one.

    `rows` are the first ones, blank ones as (). `lists` are the paths of lists within its records.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileLook:
    """A file, or (with several `files`) e-invoices of one folder, as one `path` of an export.

    `declared` is what an entry must say of it because neither its name nor its bytes do. `types` are those of
    e-invoices. `context` is what a service says its records are. `problems` are tables that cannot be read.
    """

    path: str
    files: tuple[Path, ...]
    format: str
    declared: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    delimiter: str = ""
    tables: tuple[TableLook, ...] = ()
    types: tuple[str, ...] = ()
    context: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def is_document(self) -> bool:
        """Whether it is an e-invoice, or several."""
        return self.format in {"xml", "pdf"}


def subjects(path: str, root: Path) -> list[tuple[str, tuple[Path, ...]]]:
    """What to look at for a path that may be a file, a folder or a pattern: paths of exports, each with its files.

    The e-invoices of a folder are one export; of a folder, only files are taken whose ending tells an export. Raises
    InvalidInputError where there is none.
    """
    whole = root / path
    if whole.is_dir():
        prefix = "" if path in {"", "."} else f"{path.rstrip('/')}/"
        found = [(file, f"{prefix}{file.name}") for file in sorted(whole.iterdir()) if _is_export(file)]
        if not found:
            hint = "name a file to have it looked at, whatever it is called"
            raise InvalidInputError("there is no export in this folder", hint, Location(path))
        return [*_grouped(found, prefix)]
    found = [*files_of(path, root, Location(path))]
    if len(found) == 1:
        return [(name, (file,)) for file, name in found]
    documents = [file for file, _ in found if format_of(file) in {"xml", "pdf"}]
    if len(documents) == len(found):
        return [(path, tuple(documents))]
    return [(name, (file,)) for file, name in found]


def _is_export(file: Path) -> bool:
    suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() not in {".gz", ".zst"}]
    known = bool(suffixes) and (suffixes[-1] in _ENDINGS or format_of(file) != "csv")
    return known and file.is_file() and not file.name.startswith(".")


def _grouped(found: Iterable[tuple[Path, str]], prefix: str) -> Iterator[tuple[str, tuple[Path, ...]]]:
    documents: dict[str, list[tuple[Path, str]]] = {}
    for file, name in found:
        if format_of(file) in {"xml", "pdf"}:
            documents.setdefault(file.suffix, []).append((file, name))
        else:
            yield name, (file,)
    for ending, files in documents.items():
        pattern = f"{glob.escape(prefix)}*{ending}" if len(files) > 1 else files[0][1]
        yield pattern, tuple(file for file, _ in files)


def look(path: str, files: tuple[Path, ...], place: Place) -> FileLook:
    """Look at a subject. What its bytes show to be needed is declared. Raises InvalidInputError where it is no export.

    Of many e-invoices, those that cannot be read are problems, unless none can.
    """
    seen = FileLook(path, files, format_of(files[0]))
    if seen.is_document:
        return _documents(seen)
    while True:
        try:
            return _tables(seen, place)
        except InvalidInputError as error:
            said = _SAID.search(error.problems[0].hint)
            if not said or said[1] in seen.declared:
                raise
            declared = {**seen.declared, said[1]: said[2]}
            seen = replace(seen, declared=declared, format=declared.get("format", seen.format))
            if seen.is_document:
                return _documents(seen)


def _documents(seen: FileLook) -> FileLook:
    types: dict[str, None] = {}
    problems: list[Problem] = []
    for file in seen.files:
        try:
            types[einvoice.document_type(file, seen.path if len(seen.files) == 1 else file.name)] = None
        except InvalidInputError as error:
            problems += error.problems
    if not types:
        raise InvalidInputError.of(problems)
    return replace(seen, types=tuple(types), problems=tuple(problems))


def _tables(seen: FileLook, place: Place) -> FileLook:
    name = seen.path
    file = plain(seen.files[0], name, place.folder)
    if seen.format == "csv":
        found = peek(file, name, place.folder, ROWS, encoding=seen.declared.get("encoding", ""))
        table = TableLook("", found.rows)
        return replace(seen, encoding=found.encoding, delimiter=found.delimiter, tables=(table,))
    if seen.format == "parquet":
        text = parquet.read(place.database, file, name, place.folder, place.timezone)
        rows = peek(text.path, name, place.folder, ROWS, delimiter=",").rows[1:]
        return replace(seen, tables=(TableLook("", (text.heading, *rows)),))
    if seen.format == "json":
        outline = _Outline()
        for events in read_events(file, name):
            outline.take(events)
        seen = replace(seen, context=outline.context)
        return _several(seen, outline.paths, lambda path: jsonfile.read(file, name, path))
    if seen.format == "xlsx":
        return _several(seen, workbook.sheets(file, name), lambda sheet: workbook.read(file, name, sheet, []))
    return _several(seen, sqlitefile.tables(file, name), lambda table: sqlitefile.read(file, name, table))


def _several(seen: FileLook, names: Sequence[str], read: Callable[[str], Grid]) -> FileLook:
    tables: list[TableLook] = []
    problems: list[Problem] = []
    for name in names[:_MOST_TABLES]:
        try:
            rows = first_rows(read(name))
        except InvalidInputError as error:
            problems += error.problems
            continue
        if any(any(row) for row in rows):
            lists = tuple(title[:-2] for title in rows[0] if title.endswith("[]")) if seen.format == "json" else ()
            tables.append(TableLook(name, rows, lists))
    if not tables:
        empty = Problem(Location(seen.path), "there is nothing in it", "export it anew")
        raise InvalidInputError.of(problems or [empty])
    return replace(seen, tables=tuple(tables), problems=tuple(problems))


def first_rows(grid: Grid) -> tuple[tuple[str, ...], ...]:
    """The first rows of a grid. Raises InvalidInputError as its reader does."""
    return tuple(tuple(row.cells) for row in islice(grid.rows, ROWS))


def rows_with_lines(seen: FileLook, table: TableLook, lines: str, place: Place) -> tuple[tuple[str, ...], ...]:
    """The first rows of JSON records with the lines of one of their lists beside them."""
    file = plain(seen.files[0], seen.path, place.folder)
    return first_rows(jsonfile.read(file, seen.path, table.name, lines))


class _Outline:
    """Finds the lists of objects in a JSON text, by their paths; '' is an outermost list, or objects one by one."""

    def __init__(self) -> None:
        self.context = ""
        self._trail: list[tuple[str, bool]] = []
        """Of each open container, the key it stands under and whether it is a list."""
        self._key = ""
        self._found: dict[str, None] = {}
        self._outermost = 0
        self._inside = 0
        """How deep within a record."""

    @property
    def paths(self) -> list[str]:
        """The lists; where there are several outermost values, these are the records."""
        return [*self._found] if self._found and self._outermost == 1 else [""]

    def take(self, events: Iterable[Event]) -> None:
        for event, value in events:
            if self._inside:
                self._inside += event.startswith("start_") - event.startswith("end_")
            elif event == "map_key":
                self._key = value
            elif event.startswith("end_"):
                self._trail.pop()
            elif event.startswith("start_"):
                self._open(is_list=event == "start_array")
            elif event == "string" and self._key.endswith("odata.context"):
                self.context = value

    def _open(self, *, is_list: bool) -> None:
        self._outermost += not self._trail
        if not is_list and self._trail and self._trail[-1][1]:
            self._found.setdefault(".".join(key for key, _ in self._trail if key))
            self._inside = 1
            return
        self._trail.append((self._key if self._trail else "", is_list))
        self._key = ""
