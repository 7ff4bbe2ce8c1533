"""What is staged of the exports: files, and the rows of documents and of lines, with the file and row they came from.

An export becomes parts: the rows of its documents, and the rows of their lines, whichever way its files lay them out.
"""

import datetime
import zoneinfo
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from portalgen.database import Database
from portalgen.errors import BusyError, InvalidInputError, Location, Problem
from portalgen.exports.columns import IDENTITY, Column, Kind
from portalgen.exports.files import Place
from portalgen.exports.report import LeftOutValue
from portalgen.exports.textfile import TextTable, check_table, read_places
from portalgen.marks import Mark, mark_of
from portalgen.model import ExportSource


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of an export: its table, and the indexes of the cells of each column in it."""

    table: TextTable
    cells: Mapping[str, tuple[int, ...]]
    dropped: Sequence[str] = ()
    is_lines: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of an export's documents, or (`is_lines`) of their lines.

    `raw` is a table, or a view of files (`is_direct`) that is read anew with each query, which has the columns `file`
    (an index into the staging's files), `file_row` and, as text, each of `columns`; `table` will have them with types.
    That is a view: rows are taken out of `stored`, which has only the columns that there is something in.
    `is_together` tells that a document and its lines stand in the same rows of the files.
    """

    raw: str
    source: ExportSource
    columns: Mapping[str, Column]
    is_lines: bool = False
    prefix: str = ""
    is_direct: bool = False
    is_together: bool = False

    @property
    def table(self) -> str:
        return f"{self.raw}_typed"

    @property
    def stored(self) -> str:
        return f"{self.raw}_stored"

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
    """What became of an export's rows: how many were read, and how many were left out for which reason.

    `values` are the cells for which `rows` left some out, by heading and text.
    """

    source: ExportSource
    rows: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    held_back: list[Problem] = field(default_factory=list)
    held_numbers: list[str] = field(default_factory=list)
    line_files: list[str] = field(default_factory=list)
    staged: list[SourceFile] = field(default_factory=list)
    values: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, counts: Mapping[str, int]) -> None:
        for reason, rows in counts.items():
            self.leave_out(reason, rows)

    def leave_out(self, reason: str, rows: int) -> None:
        if rows:
            self.left_out[reason] = self.left_out.get(reason, 0) + rows

    def left_out_values(self) -> list[LeftOutValue]:
        """What `rows` left out, the most frequent first."""
        found = [LeftOutValue(heading, text, count) for (heading, text), count in self.values.items()]
        return sorted(found, key=lambda each: (-each.count, each.heading, each.value))


@dataclass(slots=True)
class Staging:
    """The staged files of a site. `files` are numbered as the column `file` of every staged table numbers them."""

    database: Database
    place: Place
    files: list[SourceFile] = field(default_factory=list)
    paths: dict[Path, Mark] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def types(self) -> list[str]:
        """The types of the exports, each once."""
        return list(dict.fromkeys(part.type for part in self.parts))

    def names_of(self, type_: str) -> list[str]:
        """What messages call the files of a type."""
        return [name for tally in self.tallies if tally.source.type == type_ for name in tally.files]

    def refuse_changed(self) -> None:
        """Raise BusyError if any of the files is not as it was when it was opened: what was read is of no state."""
        for path, mark in self.paths.items():
            if mark_of(path) != mark:
                raise BusyError(f"{path} changed while it was read", "try again when it is written whole")

    def newest_day(self) -> datetime.date:
        """The day, in the site's time zone, on which the newest of the files was written."""
        newest = max(path.stat().st_mtime for path in self.paths)
        return datetime.datetime.fromtimestamp(newest, zoneinfo.ZoneInfo(self.place.timezone)).date()

    def customer_names(self) -> dict[str, str]:
        """The name of each customer by id, in the order of the ids."""
        tables = [part.table for part in self.parts if part.type == "customers"]
        union = " UNION ALL ".join(f"SELECT id, name FROM {table} WHERE id IS NOT NULL" for table in tables)
        return dict(self.database.rows(f"SELECT id, coalesce(name, '') FROM ({union}) ORDER BY id"))

    def place_of(self, parts: Sequence[Part], identity: str, *, raw: bool = False) -> Location:
        """Where the first row of an identity stands, sought among rows of text if `raw`."""
        for part in parts:
            table = part.raw if raw else part.table
            found = self.database.rows(
                f"SELECT file, file_row FROM {table} WHERE {part.key} = ? ORDER BY ALL LIMIT 1",
                identity,
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

    def places_of_cells(self, cells: Sequence[tuple[int, int, str, str]]) -> list[Location]:
        """Where each cell stands, given by file, row, column and its part's prefix; each file is read a few times."""
        found: dict[tuple[int, int, str, str], Location] = {}
        for column, prefix in {cell[2:] for cell in cells}:
            chosen = [cell for cell in cells if cell[2:] == (column, prefix)]
            found |= zip(chosen, self.places(column, chosen, prefix), strict=True)
        return [found[cell] for cell in cells]

    def given(self, part: Part) -> set[str]:
        """The columns of a part that have a constant, or what names the group a row is in."""
        lines = part.source.lines if part.is_lines else None
        return {*lines.values} if lines else {*part.source.values, part.source.groups}

    def columns_of(self, part: Part) -> list[str]:
        """The columns of a part that at least one of its files has, or that are given for all."""
        given = self.given(part)
        staged = [file for file in self.tally_of(part).staged if file.is_lines is (part.is_lines and not part.prefix)]
        there = {key.removeprefix(part.prefix) for file in staged for key in file.cells if key.startswith(part.prefix)}
        return [name for name in part.columns if name in there | given or name == "number"]

    def has_errors(self, part: Part) -> bool:
        """Whether a part's files have cells without a value in columns that something is read from."""
        is_own = part.is_lines and not part.prefix
        return any(file.table.errors for file in self.tally_of(part).staged if file.is_lines is is_own)

    def counts_of(self, part: Part) -> dict[int, int]:
        """The number of typed rows by file."""
        return dict(self.database.rows(f"SELECT file, count(*) FROM {part.stored} GROUP BY file"))

    def stored_columns_of(self, part: Part) -> list[str]:
        """The columns with values that are stored of a part; in all others there is nothing."""
        names = self.database.rows(f"SELECT name FROM pragma_table_info('{part.stored}')")
        return [name for (name,) in names if name not in {"file", "file_row", "is_bad", "has_symbol"}]

    def remove(self, part: Part, condition: str) -> None:
        """Take out the typed rows of a part of which a condition is true."""
        gone = f"SELECT file, file_row FROM {part.table} WHERE {condition}"
        self.database.run(f"DELETE FROM {part.stored} WHERE (file, file_row) IN ({gone})")

    def tally_of(self, part: Part) -> Tally:
        """What is counted of the export that a part belongs to."""
        return next(tally for tally in self.tallies if tally.source is part.source)

    def check_shapes(self, part: Part, counts: Mapping[int, int] | None) -> None:
        """Raise InvalidInputError unless the files of a direct part are tables of so many rows, by file.

        None means that the database could not read one of them.
        """
        problems: list[Problem] = []
        tally = self.tally_of(part)
        for number, file in enumerate(self.files):
            if any(file is staged for staged in tally.staged) and file.is_lines is part.is_lines:
                rows = counts.get(number, 0) if counts is not None else -1
                tally.rows += rows
                try:
                    check_table(file.table, rows)
                except InvalidInputError as error:
                    problems += error.problems
        if problems:
            raise InvalidInputError.of(problems)


def is_stored_number(file: SourceFile, column: str) -> bool:
    """Whether a file holds some of a column as numbers, which keep no leading zeros."""
    return any(index in file.table.numbers for index in file.cells.get(column, ()))


def heading_place(text: TextTable) -> Location:
    """Where the heading of a table stands."""
    return Location(text.name, text.first_line if text.unit in {"", "row"} else 0)
