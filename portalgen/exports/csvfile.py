"""One CSV file, looked into with Python's own reader: its heading, and the place of anything wrong in it.

The rows themselves are read by the database; this module is exact about where, not fast.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from portalgen.errors import InvalidInputError, Location, Problem

csv.field_size_limit(16_000_000)
_SHOWN = 20


class _BrokenRowError(Exception):
    """The row that begins in line `start` cannot be told into cells."""

    def __init__(self, start: int, message: str) -> None:
        super().__init__(message)
        self.start = start


def read_heading(file: Path, name: str) -> list[str]:
    """The cells of the first row. Raises InvalidInputError if there is none or the file cannot be read."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            heading = next((row for row in csv.reader(lines, strict=True) if row), None)
    except (UnicodeDecodeError, csv.Error):
        raise InvalidInputError.of(problems_of_shape(file, name, 0)) from None
    except OSError as error:
        raise InvalidInputError(f"{name}: cannot be read: {error.strerror}") from None
    if heading is None:
        raise InvalidInputError("the file is empty", "its first row must name the columns", Location(name))
    return heading


def problems_of_shape(file: Path, name: str, width: int) -> list[Problem]:
    """Why the file is not a table of `width` cells (0: any number), with the line of each fault."""
    data = file.read_bytes()
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place_in(data, error.start)
        hint = "save it as UTF-8" if data[:2] not in {b"\xff\xfe", b"\xfe\xff"} else "it is UTF-16; save it as UTF-8"
        return [Problem(Location(name, line, column), "the file is not UTF-8", hint)]
    problems: list[Problem] = []
    try:
        for start, row in _rows(file):
            if width and row and len(row) != width:
                message = f"{len(row)} cells where the heading has {width}"
                problems.append(Problem(Location(name, start), message, "is a comma or a quote missing or too many?"))
            if len(problems) == _SHOWN:
                break
    except _BrokenRowError as error:
        hint = 'a cell with a comma, a quote or a line break needs "quotes" around it, and a quote in it is doubled'
        problems.append(
            Problem(Location(name, error.start), f"broken quoting in the row that starts here: {error}", hint)
        )
    if not problems and b"\r\n" in data and b"\n" in data.replace(b"\r\n", b""):
        problems.append(
            Problem(Location(name), "some lines end in CR LF and others in LF", "use one of them throughout")
        )
    return problems or [Problem(Location(name), "not a CSV file that can be read")]


def places(file: Path, name: str, cells: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Location]:
    """Where cells stand, each given as (row, from 1 after the heading; index of the cell, from 0).

    The line is that on which the row starts; the column is the cell's number within the row, from 1.
    """
    wanted = {row for row, _ in cells}
    starts: dict[int, int] = {}
    rows = (start for start, row in _rows(file) if row)
    for number, start in enumerate(rows):
        if number in wanted:
            starts[number] = start
        if len(starts) == len(wanted):
            break
    return {(row, index): Location(name, starts.get(row, 0), index + 1) for row, index in cells}


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of the line on which it starts, the heading and empty lines included."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        start = 1
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _BrokenRowError(start, str(error)) from None
            yield start, row
            start = reader.line_num + 1


def _place_in(data: bytes, offset: int) -> tuple[int, int]:
    line = data.count(b"\n", 0, offset) + 1
    return line, offset - data.rfind(b"\n", 0, offset)
