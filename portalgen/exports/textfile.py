"""Delimited text of any kind, or a grid of cells -> UTF-8 text that begins with its heading, and the way back.

`open_text` and `spool` make a TextTable for the database to load; `check_table` counts what it should have read, and
`read_places` says where a cell stands in the file that the user knows.
"""

import csv
import io
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from portalgen.errors import InvalidInputError, Location, Problem, shown
from portalgen.exports.compression import plain
from portalgen.exports.csvfile import cannot_be_read, find_rows, is_table, problems_of_rows, sound_rows
from portalgen.exports.encodings import find_encoding, read_head, transcode
from portalgen.exports.grid import Grid, GridRow
from portalgen.exports.sniffing import (
    ROWS,
    IsHeading,
    Row,
    find_heading,
    known_delimiter,
    likely_delimiter,
    lines_of,
    most_like_heading,
    refuse_binary,
    refuse_broken,
    refuse_other_text,
    rows_of,
)

__all__ = ["Peek", "TextTable", "check_table", "open_text", "padded", "peek", "plain", "read_places", "spool"]

_HEAD = 1024 * 1024
"""Bytes in which the first rows are looked for."""
_BATCH = 2_000
_SHOWN = 20
_SURE_DIGITS = 15
"""How many digits of a number a workbook keeps."""
_MOST_COLUMNS = 16_384
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class TextTable:
    """A file of UTF-8 text, maybe with a byte-order mark, whose first line is the heading and is not data.

    `path` is the user's file where it is like that already, and a copy else; `name` is what messages call the user's
    file, `heading` its titles as they are written, `first_line` the line of the heading in it (of a heading of
    several lines, the last one), `encoding` how it was read. A table spooled from a grid has a `unit`, the grid's, and
    one cell more in each row than titles: the row's origin, and behind it, a space about each, the indexes of the cells
    that were stored as numbers with decimals or as percentages. `numbers` gives, by the index of a cell, the origin of
    the first row in which it was stored as a number that may have been an id once, `long_numbers` that of the first
    one of more than 15 digits. `errors` are the first cells of each column that have no value; `padded` gives, by
    the index of a cell that is padded with blanks, the function of SQL that takes them off.
    """

    path: Path
    name: str
    heading: tuple[str, ...]
    delimiter: str
    first_line: int
    encoding: str
    unit: str = ""
    sources: Sequence[str] = ()
    numbers: Mapping[int, int] = field(default_factory=dict)
    long_numbers: Mapping[int, int] = field(default_factory=dict)
    errors: Sequence[Problem] = ()
    padded: Mapping[int, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """The cells of each row in the file at `path`."""
        return len(self.heading) + bool(self.unit)


@dataclass(frozen=True, slots=True)
class Peek:
    """The first rows of a text file, blank ones as (), with how they were read."""

    rows: tuple[tuple[str, ...], ...]
    encoding: str
    delimiter: str


def open_text(  # noqa: PLR0913 - what is declared is given by name
    file: Path, name: str, folder: Path, is_heading: IsHeading, *, encoding: str = "", delimiter: str = ""
) -> TextTable:
    """The table in a text file: every byte of it checked, copied into `folder` only where the database needs that.

    The heading is the first of 20 rows that `is_heading` says is one, or else the one most like one. `encoding`
    and `delimiter` are as declared, or ''. Raises InvalidInputError for what is no text, not in its encoding, or has
    no heading.
    """
    try:
        encoding, lines = _begin(file, name, encoding)
        heading, delimiter = find_heading(
            lines, name, is_heading, known_delimiter(delimiter, name) if delimiter else ""
        )
        refuse_broken(lines, heading, delimiter, name)
        _refuse_too_wide(heading.cells, Location(name, heading.line))
        path = file
        if heading.next_line == 2 and encoding in {"utf-8", "utf-8-sig"}:
            transcode(file, name, encoding)
        else:
            skipped, line = _start(lines, heading, delimiter)
            with tempfile.NamedTemporaryFile(dir=folder, suffix=".csv", delete=False) as copy:
                path = Path(copy.name)
                copy.write(line)
                transcode(file, name, encoding, skipped, copy.write)
    except OSError as error:
        raise InvalidInputError(f"cannot be read: {error.strerror or error}", "", Location(name)) from None
    return TextTable(path, name, heading.cells, delimiter, heading.next_line - 1, encoding)


def _refuse_too_wide(titles: Sequence[str], where: Location) -> None:
    if len(titles) > _MOST_COLUMNS:
        message = f"a heading of more than {_MOST_COLUMNS:,} columns"
        raise InvalidInputError(message, "no export is like that; export it anew", where)


def _start(lines: Sequence[str], heading: Row, delimiter: str) -> tuple[int, bytes]:
    """How many characters a copy leaves out, and the line that it has instead of a heading of several lines."""
    last = heading.next_line - 1
    if heading.line == last:
        return sum(map(len, lines[: last - 1])), b""
    end = lines[last - 1][len(lines[last - 1].rstrip("\r\n")) :]
    titles = delimiter.join(f"c{index}" for index in range(len(heading.cells)))
    return sum(map(len, lines[:last])), (titles + end).encode()


def peek(  # noqa: PLR0913 - what is declared is given by name
    file: Path, name: str, folder: Path, rows: int = ROWS, *, encoding: str = "", delimiter: str = ""
) -> Peek:
    """The first rows of a text file, compressed or not, with the encoding and the delimiter found or declared.

    Every byte is checked. Raises InvalidInputError for what is no text or not in its encoding.
    """
    try:
        file = plain(file, name, folder)
        encoding, lines = _begin(file, name, encoding)
        transcode(file, name, encoding)
    except OSError as error:
        raise InvalidInputError(f"cannot be read: {error.strerror or error}", "", Location(name)) from None
    delimiter = known_delimiter(delimiter, name) if delimiter else likely_delimiter(lines)
    return Peek(tuple(row.cells for row in rows_of(lines, delimiter, rows)), encoding, delimiter)


def _begin(file: Path, name: str, encoding: str) -> tuple[str, list[str]]:
    """The file's encoding and its first lines. Raises InvalidInputError if it is no delimited text."""
    with file.open("rb") as data:
        refuse_binary(data.read(16), name)
    encoding = find_encoding(file, name, encoding)
    head = read_head(file, name, encoding, _HEAD)
    refuse_other_text(head, name)
    return encoding, lines_of(head)


def check_table(table: TextTable, rows: int) -> None:
    """Count rows and cells once more. Raises InvalidInputError if the table has not `rows` rows below its heading."""
    if is_table(table.path, table.width, rows, table.delimiter):
        return
    found = [*problems_of_rows(table.path, table.name, table.width, table.delimiter, table.first_line)]
    raise InvalidInputError.of(found or [cannot_be_read(table.name)])


def read_places(table: TextTable, cells: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Location]:
    """Where cells stand in the user's file, each given as (row, from 1 after the heading; index of the cell, from 0).

    In a text file, the line is that on which the row starts, and the column the cell's number in it, from 1; in a
    sheet, the same of its rows. A record, or a file of many, is a place as a whole.
    """
    found = find_rows(table.path, {row for row, _ in cells}, table.delimiter, table.width)
    places = {}
    for row, index in cells:
        if row not in found:
            places[row, index] = Location(table.name)
        elif table.unit:
            origin = int(found[row].cells[-1].partition(" ")[0])
            places[row, index] = place_of(table.name, table.unit, table.sources, origin, index)
        else:
            places[row, index] = Location(table.name, table.first_line - 1 + found[row].start, index + 1)
    return places


def place_of(name: str, unit: str, sources: Sequence[str], origin: int, index: int) -> Location:
    """The place of a grid's cell by the origin of its row and its index in it."""
    if unit == "row" or not origin:
        return Location(name, origin, index + 1 if origin else 0)
    return Location(sources[origin - 1]) if unit == "file" and sources else Location(f"{name} ({unit} {origin})")


def spool(grid: Grid, folder: Path, is_heading: IsHeading) -> TextTable:
    """The grid as a file in `folder`: commas, LF, rows as long as the heading, blank ones and those above it dropped.

    The heading is found as in a text file; titles missing at its end are none. Each row has its origin in one cell
    more, and the title of that is empty. Raises InvalidInputError for a cell beyond the heading, and for one that is
    no text.
    """
    rows = iter(grid.rows)
    head = [*islice(rows, ROWS)]
    index = next((index for index, row in enumerate(head) if any(row.cells) and is_heading(row.cells)), -1)
    if index < 0:
        index = most_like_heading([row.cells for row in head])
    if index < 0:
        message = "there is nothing in it" if len(head) < ROWS else f"its first {ROWS} rows are blank"
        raise InvalidInputError(message, "one of its first rows must name the columns", Location(grid.name))
    width = max(number for number, title in enumerate(head[index].cells, start=1) if title)
    titles = tuple(head[index].cells[:width])
    _refuse_too_wide(titles, Location(grid.name, head[index].origin if grid.unit == "row" else 0))
    spooling = _Spooling(grid, width)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".csv", delete=False) as target:
        target.write(spooling.encoded([GridRow(0, [f"c{number}" for number in range(width)])]))
        rows = chain(head[index + 1 :], rows)
        while batch := [*islice(rows, _BATCH)]:
            target.write(spooling.encoded(batch))
    if spooling.problems:
        raise InvalidInputError.of(spooling.problems)
    origin = head[index].origin
    table = TextTable(Path(target.name), grid.name, titles, ",", origin, "utf-8", grid.unit, grid.sources)
    return replace(table, numbers=spooling.numbers, long_numbers=spooling.long_numbers)


def padded(table: TextTable, folder: Path) -> TextTable:
    """A text file's table anew, each row as long as the heading: for reports whose group, total and footer rows are
    shorter, which the database does not read.

    Raises InvalidInputError as spool does, and where rows cannot be told into cells.
    """
    below = islice(sound_rows(table.path, table.name, table.delimiter, table.first_line), 1, None)
    rows = chain([GridRow(table.first_line, table.heading)], (GridRow(row.start, row.cells) for row in below))
    return replace(spool(Grid(table.name, rows), folder, any), encoding=table.encoding)


class _Spooling:
    """Turns rows of a grid into lines of CSV, and remembers what is wrong with them and which cells were numbers."""

    def __init__(self, grid: Grid, width: int) -> None:
        self._grid = grid
        self._width = width
        self._seen: Sequence[int] = ()
        self.numbers: dict[int, int] = {}
        self.long_numbers: dict[int, int] = {}
        self.problems: list[Problem] = []

    def encoded(self, batch: Sequence[GridRow]) -> bytes:
        """The rows as CSV, less blank ones."""
        lines = [self._cells(row) for row in batch if any(row.cells)]
        text = _as_csv(lines, csv.QUOTE_MINIMAL)
        if "\r" in text:
            text = _as_csv(lines, csv.QUOTE_ALL)
        if "\0" in text or (not text.isascii() and _NO_TEXT.search(text)):
            self._refuse_what_is_no_text(batch)
        return text.encode("utf-8", "replace")

    def _cells(self, row: GridRow) -> list[str]:
        cells = row.cells
        if len(cells) > self._width:
            self._refuse_beyond_heading(row)
            cells = cells[: self._width]
        if row.numbers != self._seen and self._grid.unit == "row":
            self._seen = row.numbers
            for index in row.numbers:
                self.numbers.setdefault(index, row.origin)
        for index in row.numbers if self._grid.unit == "row" else ():
            if len(row.cells[index]) > _SURE_DIGITS and row.cells[index].isdigit():
                self.long_numbers.setdefault(index, row.origin)
        origin = str(row.origin)
        if fractions := [str(index) for index in row.numbers if index < len(cells) and _has_mark(cells[index])]:
            origin = f"{origin} {' '.join(fractions)} "
        return [*cells, *[""] * (self._width - len(cells)), origin]

    def _refuse_beyond_heading(self, row: GridRow) -> None:
        for index, cell in enumerate(row.cells[self._width :], start=self._width):
            if cell:
                self._refuse(row, index, f"a cell beyond the heading: {shown(cell)}", "name its column in the heading")
                return

    def _refuse_what_is_no_text(self, batch: Sequence[GridRow]) -> None:
        for row in batch:
            for index, cell in enumerate(row.cells):
                if _NO_TEXT.search(cell):
                    self._refuse(row, index, f"this is no text: {shown(cell)}", "export it without that character")

    def _refuse(self, row: GridRow, index: int, message: str, hint: str) -> None:
        if len(self.problems) < _SHOWN:
            where = place_of(self._grid.name, self._grid.unit, self._grid.sources, row.origin, index)
            self.problems.append(Problem(where, message, hint))


def _has_mark(number: str) -> bool:
    """Whether a stored number has what a text must not have, or has something else for."""
    return "." in number or number.endswith("%")


def _as_csv(lines: Sequence[Sequence[str]], quoting: Literal[0, 1]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(lines)
    return text.getvalue()
