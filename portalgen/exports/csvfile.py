"""One CSV file, looked into with Python: its heading, whether it is a table, and the place of anything wrong in it.

The cells themselves are read by the database. What it makes of a file is not taken on trust: it forgives commas at the
end of a row and can lose rows where line ends differ, so the rows and their cells are counted here once more.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from portalgen.errors import InvalidInputError, Location, Problem, shown

csv.field_size_limit(16_000_000)
_SHOWN = 20
_CHUNK = 8 * 1024 * 1024
_SPACED = re.compile(rb"(^|[,\n]) +\Z|\A +([,\r\n]|$)")
"""What is outside of quotes where a space stands between a quote and the comma or line end next to it."""
_SPACE_AND_QUOTE = re.compile(r' +"')
_LINE_ENDS = {"\n": "LF", "\r\n": "CR LF", "\r": "CR"}
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "'|'"}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row: its cells, the line on which it starts, and how its last line ends."""

    start: int
    cells: list[str]
    end: str


class _BrokenRowError(Exception):
    """The row that begins in line `start` cannot be told into cells."""

    def __init__(self, start: int, message: str) -> None:
        super().__init__(message)
        self.start = start


def read_heading(file: Path, name: str) -> list[str]:
    """The cells of the first line. Raises InvalidInputError if they cannot name columns."""
    try:
        with file.open("rb") as data:
            if data.read(4) == b"PK\3\4":
                hint = "save it as CSV UTF-8 (comma delimited)"
                raise InvalidInputError("this is an Excel workbook, or a zip, and not a CSV file", hint, Location(name))
        row = next(_rows(file), None)
    except (UnicodeDecodeError, _BrokenRowError):
        raise InvalidInputError.of(problems_of_shape(file, name, 0)) from None
    except OSError as error:
        raise InvalidInputError(f"cannot be read: {error.strerror}", "", Location(name)) from None
    if row is None:
        raise InvalidInputError("the file is empty", "its first line must name the columns", Location(name))
    if not row.cells:
        raise InvalidInputError("the first line is empty", "it must name the columns", Location(name, 1))
    if separators := [word for char, word in _SEPARATORS.items() if len(row.cells) == 1 and char in row.cells[0]]:
        message = f"the cells are separated by {separators[0]}"
        raise InvalidInputError(message, "export it with commas between the cells", Location(name, 1))
    if broken := [index for index, title in enumerate(row.cells) if "\n" in title or "\r" in title]:
        message = f"the name of a column has a line break: {shown(row.cells[broken[0]])}"
        raise InvalidInputError(message, "name the columns in one line", Location(name, 1, broken[0] + 1))
    return row.cells


def is_table(file: Path, width: int, rows: int) -> bool:
    """Whether the file has `rows` rows below its heading, all of `width` cells, and line ends of one kind.

    Commas and line ends outside of quotes are counted, which is fast, and mistaken where a quote stands within a cell
    that is not quoted; only then, and where spaces surround quotes, is the file read row by row.
    """
    counted = breaks = returns = 0
    for part in _whole_lines(file):
        pieces = part.split(b'"')[::2]
        outside = b"".join(pieces)
        lines = outside.split(b"\n")
        commas = Counter(map(bytes.count, lines, repeat(b",")))
        commas[0] -= lines.count(b"") + lines.count(b"\r")
        spaced = (b' "' in part or b'" ' in part) and any(map(_SPACED.search, pieces))
        if spaced or any(number for count, number in commas.items() if count != width - 1):
            break
        counted += commas[width - 1]
        breaks += outside.count(b"\n")
        returns += outside.count(b"\r")
    else:
        if counted == rows + 1 and returns in {0, breaks}:
            return True
    return not any(_problems_of_rows(file, "", width)) and sum(bool(row.cells) for row in _rows(file)) == rows + 1


def _whole_lines(file: Path) -> Iterator[bytes]:
    """The bytes of the file in parts that end with a row."""
    rest = b""
    with file.open("rb") as data:
        while chunk := data.read(_CHUNK):
            rest += chunk
            end = rest.rfind(b"\n") + 1
            if rest.count(b'"', 0, end) % 2 == 0:
                yield rest[:end]
                rest = rest[end:]
    yield rest


def problems_of_shape(file: Path, name: str, width: int) -> list[Problem]:
    """Why the file is not a table of `width` cells (0: any number), with the line of each fault."""
    data = file.read_bytes()
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place_in(data, error.start)
        hint = "save it as UTF-8" if data[:2] not in {b"\xff\xfe", b"\xfe\xff"} else "it is UTF-16; save it as UTF-8"
        return [Problem(Location(name, line, column), "the file is not UTF-8", hint)]
    hint = "export it as plain CSV: commas, quotes where a cell needs them, one row per line"
    return [*_problems_of_rows(file, name, width)] or [Problem(Location(name), "this cannot be read as CSV", hint)]


def _problems_of_rows(file: Path, name: str, width: int) -> Iterator[Problem]:
    found = 0
    usual = ""
    try:
        for row in _rows(file):
            usual = usual or row.end
            if row.end not in {usual, ""}:
                message = f"this row ends in {_LINE_ENDS[row.end]}, the rows above in {_LINE_ENDS[usual]}"
                yield Problem(Location(name, row.start), message, "save the file with one kind of line end")
                return
            if any(_SPACE_AND_QUOTE.match(cell) for cell in row.cells):
                message = "a space before a quote in the row that starts here"
                yield Problem(Location(name, row.start), message, "remove the space or the quotes")
                return
            if not width or not row.cells or len(row.cells) == width:
                continue
            found += 1
            if found > _SHOWN:
                yield Problem(Location(name, row.start), "and so on: the rows below were not looked at")
                return
            message = f"{len(row.cells)} cells where the heading has {width}"
            hint = "is a comma missing?" if len(row.cells) < width else 'a cell with a comma in it needs "quotes"'
            yield Problem(Location(name, row.start), message, hint)
    except _BrokenRowError as error:
        if "end of data" in str(error):
            hint = "close it; a quote within a quoted cell is doubled"
            yield Problem(Location(name, error.start), "a quote in the row that starts here is never closed", hint)
        else:
            hint = "a quote within a quoted cell is doubled"
            yield Problem(Location(name, error.start), "text after a closing quote in the row that starts here", hint)


def places(file: Path, name: str, cells: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Location]:
    """Where cells stand, each given as (row, from 1 after the heading; index of the cell, from 0).

    The line is that on which the row starts; the column is the cell's number within the row, from 1.
    """
    wanted = {row for row, _ in cells}
    starts: dict[int, int] = {}
    for number, row in enumerate(row for row in _rows(file) if row.cells):
        if number in wanted:
            starts[number] = row.start
        if len(starts) == len(wanted):
            break
    return {(row, index): Location(name, starts.get(row, 0), index + 1) for row, index in cells}


class _Lines:
    """Lines, the last one of them remembered."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.last = line
            yield line


def _rows(file: Path) -> Iterator[_Row]:
    """Each row, the heading and empty lines included. Raises _BrokenRowError."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        lines = _Lines(opened)
        reader = csv.reader(lines, strict=True)
        start = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _BrokenRowError(start, str(error)) from None
            yield _Row(start, cells, lines.last[len(lines.last.rstrip("\r\n")) :])
            start = reader.line_num + 1


def _place_in(data: bytes, offset: int) -> tuple[int, int]:
    line = data.count(b"\n", 0, offset) + 1
    return line, offset - data.rfind(b"\n", 0, offset)
