"""Files -> tables of text: each mapped cell as it is written, with the file and the row it came from.

An export becomes parts: the rows of its documents, and the rows of their lines, whichever way its files lay them out.
A column that is neither canonical nor mapped never gets further than this module.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from portalgen.database import CsvShapeError, Database
from portalgen.errors import InvalidInputError, Location, Problem, did_you_mean
from portalgen.exports import layouts
from portalgen.exports.columns import HEADERS, IDENTITY, LINES, Column, Kind
from portalgen.exports.files import Place, open_source
from portalgen.exports.headings import Match, Want, is_heading, match, wanted, wanted_lines
from portalgen.exports.layouts import quoted, quoted_name
from portalgen.exports.textfile import TextTable, check_table, read_places
from portalgen.model import ExportSource, LineSource

PREFIX = "line."
"""What comes before the columns of lines where documents and lines share a table."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of an export: its table, and the indexes of the cells of each column in it."""

    table: TextTable
    cells: Mapping[str, tuple[int, ...]]
    dropped: Sequence[str] = ()
    is_lines: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of an export's documents, or (`is_lines`) of their lines, in the database table `table`.

    The table has the columns `file` (an index into the staging's files), `file_row` and, as text, each of `columns`.
    """

    table: str
    source: ExportSource
    columns: Mapping[str, Column]
    is_lines: bool = False
    prefix: str = ""

    @property
    def type(self) -> str:
        return self.source.type

    @property
    def key(self) -> str:
        """The column that tells what a row is about."""
        return "number" if self.is_lines else IDENTITY[self.type]

    @property
    def name(self) -> str:
        """What messages call the rows."""
        return f"{self.type}_lines" if self.is_lines else self.type

    def of_kind(self, *kinds: Kind) -> list[str]:
        """The names of the columns that hold one of `kinds`."""
        return [name for name, column in self.columns.items() if column.kind in kinds]


@dataclass(slots=True)
class Tally:
    """What became of an export's rows: how many were read, and how many were left out for which reason."""

    source: ExportSource
    rows: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    held_back: list[Problem] = field(default_factory=list)
    line_files: list[str] = field(default_factory=list)
    staged: list[SourceFile] = field(default_factory=list)

    def add(self, counts: Mapping[str, int]) -> None:
        for reason, rows in counts.items():
            self.leave_out(reason, rows)

    def leave_out(self, reason: str, rows: int) -> None:
        if rows:
            self.left_out[reason] = self.left_out.get(reason, 0) + rows


@dataclass(frozen=True, slots=True)
class _Load:
    """A database table to make, and of what: the columns wanted of an export's files, or of its `lines`' own."""

    table: str
    wants: Sequence[Want]
    source: ExportSource
    lines: LineSource | None = None

    @property
    def is_lines(self) -> bool:
        return self.lines is not None


@dataclass(slots=True)
class Staging:
    """The staged files of a site. `files` are numbered as the column `file` of every staged table numbers them."""

    database: Database
    place: Place
    files: list[SourceFile] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def stage(self, source: ExportSource) -> None:
        """Load the files of one export and of its lines; what is wrong with them is added to `problems`."""
        if unknown := [*_unknown_columns(source)]:
            self.problems += unknown
            return
        tally = Tally(source)
        self.tallies.append(tally)
        table = f"s{len(self.tallies)}"
        if source.lines and source.layout != "two-files":
            self._stage_together(table, source, tally)
            return
        self._load(_Load(table, wanted(HEADERS[source.type], source), source), tally)
        self._settle(Part(table, source, _kept(HEADERS[source.type])), tally)
        if source.lines:
            self._load(_Load(f"{table}_lines", wanted_lines(LINES, source, source.lines), source, source.lines), tally)
            self._settle(Part(f"{table}_lines", source, _kept(LINES), is_lines=True), tally)

    def _stage_together(self, table: str, source: ExportSource, tally: Tally) -> None:
        """Load files whose rows hold documents and lines, and take the two apart."""
        headers = _kept(HEADERS[source.type])
        inner = wanted(_without_number(LINES), source, PREFIX)
        self._load(_Load(table, [*wanted(HEADERS[source.type], source), *inner], source), tally)
        if source.layout != "repeat":
            layouts.fill_down(self.database, table, [name for name in headers if name not in source.values])
        tally.add(layouts.drop_documents(self.database, table, source))
        keys = {PREFIX + name: name for name in _without_number(_kept(LINES))}
        merged = layouts.settle(self.database, table, "number", [*headers, *keys], source.is_incremental)
        tally.leave_out("documents that are in several files", merged)
        layouts.split(self.database, table, source.layout, [*headers], keys)
        self.parts.append(Part(f"{table}_documents", source, headers))
        self._settle_rows(self.parts[-1], tally)
        self.parts.append(Part(f"{table}_lines", source, _kept(LINES), is_lines=True, prefix=PREFIX))

    def _settle(self, part: Part, tally: Tally) -> None:
        """Keep one of the rows, or of the files' rows, that say the same."""
        self.parts.append(part)
        is_incremental = part.source.is_incremental
        merged = layouts.settle(self.database, part.table, part.key, [*part.columns], is_incremental)
        if not part.is_lines:
            tally.leave_out("documents that are in several files", merged)
            self._settle_rows(part, tally)

    def _settle_rows(self, part: Part, tally: Tally) -> None:
        merged = layouts.merge_equal_rows(self.database, part.table, part.key, [*part.columns])
        tally.leave_out("rows that say the same as another", merged)

    def _load(self, load: "_Load", tally: Tally) -> None:
        """Make a database table of all files of an export, or of its lines' own files."""
        source, wants = load.source, load.wants
        kept = [want.key for want in wants if want.column.kept]
        columns = ", ".join(f"{quoted_name(key)} VARCHAR" for key in kept)
        extra = {"origin": "BIGINT", **layouts.extra_columns(source)}
        added = "".join(f", {name} {type_}" for name, type_ in extra.items())
        self.database.run(f"CREATE TABLE {load.table} (file INTEGER, file_row BIGINT, {columns}{added})")
        opened = open_source(source, load.lines, self.place, lambda cells: is_heading(cells, wants))
        self.problems += opened.problems
        self.paths += opened.paths
        tally.others += opened.others
        tally.held_back += opened.held_back
        for text in opened.tables:
            found = match(text.heading, wants, heading_place(text), [] if load.lines else [*source.rows])
            if problems := [*found.problems, *_missing_titles(load, text), *_missing_status(load, text, found)]:
                self.problems += problems
                continue
            try:
                tally.rows += self._insert(load, text, found)
            except InvalidInputError as error:
                self.problems += error.problems
                continue
            (tally.line_files if load.is_lines else tally.files).append(text.name)
            tally.staged.append(self.files[-1])
            tally.leave_out("rows above the heading", text.first_line - 1 if not text.unit else 0)
        tally.add(layouts.drop_rows(self.database, load.table, source))
        given = {want.key for want in wants if want.name in want.source.values}
        tally.add(layouts.drop_blank(self.database, load.table, [key for key in kept if key not in given]))

    def _insert(self, load: "_Load", text: TextTable, found: Match) -> int:
        """Load one file, and return how many rows it has."""
        number = len(self.files)
        names = [f"c{index}" for index in range(len(text.heading))]
        picked = {
            quoted_name(want.key): _cell(found.cells.get(want.key, ()), want, load.source)
            for want in load.wants
            if want.column.kept and (want.key in found.cells or want.name in want.source.values)
        }
        if text.unit:
            names.append("origin")
        if text.unit == "file" or (text.unit == "record" and load.source.layout == "nested"):
            picked["origin"] = "origin::BIGINT"
        picked |= layouts.extra_cells(load.source, text.heading)
        select = ", ".join(f"{expression} AS {name}" for name, expression in picked.items())
        insert = f"{number} AS file, file_row, {select}"
        try:
            rows = self.database.load_csv(load.table, text.path, names, insert, text.delimiter)
        except CsvShapeError:
            rows = -1
        check_table(text, rows)
        self.files.append(SourceFile(text, found.cells, found.dropped, load.is_lines))
        self.warnings += _ids_stored_as_numbers(self.files[-1], load.wants)
        return rows

    def types(self) -> list[str]:
        """The types of the exports, each once."""
        return list(dict.fromkeys(part.type for part in self.parts))

    def names_of(self, type_: str) -> list[str]:
        """What messages call the files of a type."""
        return [name for tally in self.tallies if tally.source.type == type_ for name in tally.files]

    def customer_names(self) -> dict[str, str]:
        """The name of each customer by id, in the order of the ids."""
        tables = [part.table for part in self.parts if part.type == "customers"]
        union = " UNION ALL ".join(f"SELECT id, name FROM {table} WHERE id IS NOT NULL" for table in tables)
        return dict(self.database.rows(f"SELECT id, coalesce(name, '') FROM ({union}) ORDER BY id"))

    def place_of(self, parts: Sequence[Part], identity: str) -> Location:
        """Where the first row of an identity stands."""
        for part in parts:
            found = self.database.rows(
                f"SELECT file, file_row FROM {part.table} WHERE {part.key} = ? ORDER BY ALL LIMIT 1", identity
            )
            if found:
                return self.places(part.key, found, part.prefix)[0]
        return Location()

    def places(self, column: str, rows: Sequence[tuple[Any, ...]], prefix: str = "") -> list[Location]:
        """Where each row's cell of `column` stands, rows beginning with file and row.

        A column that the file does not have is its whole row.
        """
        found: dict[tuple[int, int], Location] = {}
        for number, group in groupby(sorted({(row[0], row[1]) for row in rows}), key=lambda row: row[0]):
            file = self.files[number]
            cell = (*file.cells.get(prefix + column, ()), *file.cells.get(column, ()), -1)[0]
            for (row, _), where in read_places(file.table, [(row, cell) for _, row in group]).items():
                found[number, row] = where
        return [found[row[0], row[1]] for row in rows]


def _missing_titles(load: "_Load", text: TextTable) -> Iterator[Problem]:
    if not load.is_lines:
        yield from layouts.missing_titles(load.source, text.heading, heading_place(text))


def _missing_status(load: "_Load", text: TextTable, found: Match) -> Iterator[Problem]:
    is_wanted = not load.is_lines and load.source.visibility.statuses is not None
    if is_wanted and "status" not in {*found.cells, *load.source.values}:
        hint = "`visible` goes by it; say which column it is: columns: {status: ...}"
        yield Problem(heading_place(text), "column 'status' is missing", hint)


def heading_place(text: TextTable) -> Location:
    """Where the heading of a table stands."""
    return Location(text.name, text.first_line if text.unit in {"", "row"} else 0)


def _kept(columns: Mapping[str, Column]) -> dict[str, Column]:
    return {name: column for name, column in columns.items() if column.kept}


def _without_number(columns: Mapping[str, Column]) -> dict[str, Column]:
    return {name: column for name, column in columns.items() if name != "number"}


def _unknown_columns(source: ExportSource) -> Iterator[Problem]:
    """Columns named in `columns` or `values` that there are not."""
    parts: list[tuple[ExportSource | LineSource | None, Mapping[str, Column], str]] = [
        (source, HEADERS[source.type], f"of {source.type}"),
        (source.lines, LINES, "of lines"),
    ]
    for part, columns, what in parts:
        if part is None:
            continue
        for key, names in {"columns": part.columns, "values": part.values}.items():
            for name in names:
                if name not in columns:
                    hint = did_you_mean(name, [*columns])
                    yield Problem(part.places[f"{key}.{name}"], f"{key}: '{name}' is not a column {what}", hint)


def _without(cell: str, empty: tuple[str, ...]) -> str:
    for text in empty:
        cell = f"nullif({cell}, {quoted(text)})"
    return cell


def _cell(indexes: tuple[int, ...], want: Want, source: ExportSource) -> str:
    """SQL of what a wanted column holds in a row."""
    cells = [_without(f"c{index}", source.empty) for index in indexes]
    if want.headings.join:
        joined = f"concat_ws(chr(10), {', '.join(f'nullif(trim({cell}), chr(32))' for cell in cells)})"
        value = f"nullif({joined}, '')"
    else:
        value = cells[0] if cells else "NULL"
    if want.name in want.source.values:
        constant = quoted(want.source.values[want.name])
        value = f"coalesce({value}, {constant})" if cells else constant
    return value


def _ids_stored_as_numbers(file: SourceFile, wants: Iterable[Want]) -> Iterator[Problem]:
    for want in wants:
        for index in file.cells.get(want.key, ()):
            if want.column.kind is Kind.ID and (row := file.table.numbers.get(index)):
                message = f"{want.name}: stored as numbers in the workbook, which keep no leading zeros"
                hint = "format the column as text where it is written, if its ids can begin with 0 or are very long"
                yield Problem(Location(file.table.name, row, index + 1), message, hint)
