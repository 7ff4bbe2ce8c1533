"""One delimited UTF-8 file, looked into with Python: whether it is a table, and the place of anything wrong in it.

The cells themselves are read by the database. What it makes of a file is not taken on trust: it forgives delimiters at
the end of a row and can lose rows where line ends differ, so the rows and their cells are counted here once more.
"""

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portalgen.errors import InvalidInputError, Location, Problem

csv.field_size_limit(16_000_000)
_SHOWN = 20
_CHUNK = 1024 * 1024
"""What stays in the cache of a processor is gone through twice as fast as more at once."""
_LONGEST = 16_000_000
"""A row longer than this is none: quotes were misread."""
_BLANK_LINES = {end: re.compile(rb"(?:%b)*+" % end) for end in (b"\n", b"\r\n")}
_SPACE_AND_QUOTE = re.compile(r' +"')
_LINE_ENDS = {"\n": "LF", "\r\n": "CR LF", "\r": "CR"}
_ONE = {",": "a comma", ";": "a semicolon", "\t": "a tab"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its cells, the line on which it starts, and how its last line ends."""

    start: int
    cells: list[str]
    end: str


class _BrokenRowError(Exception):
    """The row that begins in line `start` cannot be told into cells."""

    def __init__(self, start: int, message: str) -> None:
        super().__init__(message)
        self.start = start


class _NotCountedError(Exception):
    """The file cannot be counted the fast way: it is no table, or its quotes are not where they belong."""


def is_table(file: Path, width: int, rows: int, delimiter: str) -> bool:
    """Whether the file has `rows` rows below its heading, all of `width` cells, and line ends of one kind."""
    try:
        return sum(count for _, count in _parts(file, width, delimiter.encode())) == rows + 1
    except _NotCountedError:
        pass
    if any(problems_of_rows(file, "", width, delimiter)):
        return False
    return sum(1 for row in _rows(file, delimiter) if row.cells or width == 1) == rows + 1


def _parts(file: Path, width: int, mark: bytes) -> Iterator[tuple[bytes, int]]:
    """The bytes of the file in parts of whole rows, each with the number of rows in it that the database counts.

    Raises _NotCountedError at what is no row of `width` cells, and at what may be one but needs a closer look.
    """
    rest = end = b""
    with file.open("rb") as data:
        while chunk := data.read(_CHUNK):
            part = rest + chunk
            end = end or _end_of_line(part)
            count, rest = _whole_rows(part, width, mark, end) if end else (0, part)
            if len(rest) > _LONGEST or not part.endswith(rest):
                raise _NotCountedError
            yield part[: len(part) - len(rest)], count
    if rest:
        end = end or b"\n"
        count, left = _whole_rows(rest + end, width, mark, end)
        if left and (width == 1 or left.replace(end, b"")):
            raise _NotCountedError
        yield rest, count


def _end_of_line(part: bytes) -> bytes:
    """How the first line ends; nothing where it does not."""
    place = part.find(b"\n")
    if place < 0:
        return b""
    return b"\r\n" if part[:place].endswith(b"\r") else b"\n"


def _whole_rows(part: bytes, width: int, mark: bytes, end: bytes) -> tuple[int, bytes]:
    """How many rows are in bytes that begin with one, and what is left of the bytes when these are taken out.

    Where there are no quotes, it is enough to look at delimiters and line ends: they must be the same few over and
    over.
    """
    if width > 1 and (blank := _BLANK_LINES[end].match(part)):
        part = part[blank.end() :]
    if b'"' not in part:
        whole = part.rfind(b"\n") + 1
        bare = part[:whole].translate(None, bytes(set(range(256)) - set(mark + b"\r\n")))
        row = mark * (width - 1) + end
        rows = len(bare) // len(row)
        if bare == row * rows:
            return rows, part[whole:]
    rest, rows = _row_pattern(width, mark, end, is_spaced=b' "' in part).subn(b"", part)
    return rows, rest


@cache
def _row_pattern(width: int, mark: bytes, end: bytes, *, is_spaced: bool) -> re.Pattern[bytes]:
    """A row of `width` cells as Python's csv reader and the database agree on it, with the blank lines below it.

    They do not agree on a cell that begins with spaces and a quote, which is none here; `is_spaced`: there may be some.
    """
    other = re.escape(mark) + rb"\r\n"
    bare = (rb'(?! +")' if is_spaced else b"") + rb'[^"%b][^%b]*+' % (other, other)
    cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"|%b|)' % bare
    blank = rb"(?:%b)*+" % end if width > 1 else b""
    more = rb"(?:%b%b){%d}" % (re.escape(mark), cell, width - 1)
    return re.compile(rb"(?m)^(?:\A%b)?%b%b%b%b" % (codecs.BOM_UTF8, cell, more, end, blank))


def cannot_be_read(name: str) -> Problem:
    """What is said of a file that the database does not read as we do, where no row of it is to blame."""
    hint = "export it as plain CSV: commas, quotes where a cell needs them, one row per line"
    return Problem(Location(name), "this cannot be read as CSV", hint)


def problems_of_rows(file: Path, name: str, width: int, delimiter: str, first_line: int = 1) -> Iterator[Problem]:
    """The rows that are not of `width` cells (0: any number), or cannot be told into cells, or end otherwise.

    `first_line` is the line that the first line of `file` is in the file that messages speak of.
    """
    found, usual = 0, ""
    above = first_line - 1
    try:
        for row in _rows(file, delimiter):
            where = Location(name, above + row.start)
            usual = usual or row.end
            if problem := _problem_of_row(row, usual, where):
                yield problem
                return
            if not width or len(row.cells) == width or not row.cells:
                continue
            found += 1
            if found > _SHOWN:
                yield Problem(where, "and so on: the rows below were not looked at")
                return
            yield _wrong_width(row, width, delimiter, where)
    except _BrokenRowError as error:
        yield _broken_row(error, Location(name, above + error.start))


def sound_rows(file: Path, name: str, delimiter: str, first_line: int = 1) -> Iterator[Row]:
    """Each row, of any width, blank ones too; its start counts as `first_line` does in problems_of_rows.

    Raises InvalidInputError at the first row that cannot be told into cells, or ends otherwise than the others.
    """
    above, usual = first_line - 1, ""
    try:
        for row in _rows(file, delimiter):
            usual = usual or row.end
            if problem := _problem_of_row(row, usual, Location(name, above + row.start)):
                raise InvalidInputError.of([problem])
            yield Row(above + row.start, row.cells, row.end)
    except _BrokenRowError as error:
        raise InvalidInputError.of([_broken_row(error, Location(name, above + error.start))]) from None


def _problem_of_row(row: Row, usual: str, where: Location) -> Problem | None:
    if row.end not in {usual, ""}:
        message = f"this row ends in {_LINE_ENDS[row.end]}, the rows above in {_LINE_ENDS[usual]}"
        return Problem(where, message, "save the file with one kind of line end")
    if any(_SPACE_AND_QUOTE.match(cell) for cell in row.cells):
        return Problem(where, "a space before a quote in the row that starts here", "remove the space or the quotes")
    return None


def _wrong_width(row: Row, width: int, delimiter: str, where: Location) -> Problem:
    one = _ONE.get(delimiter, f"a '{delimiter}'")
    hint = f"is {one} missing?" if len(row.cells) < width else f'a cell with {one} in it needs "quotes"'
    return Problem(where, f"{len(row.cells)} cells where the heading has {width}", hint)


def _broken_row(error: _BrokenRowError, where: Location) -> Problem:
    if "end of data" in str(error):
        hint = "close it; a quote within a quoted cell is doubled"
        return Problem(where, "a quote in the row that starts here is never closed", hint)
    if "field limit" in str(error):
        hint = "is a quote in it never closed?"
        return Problem(where, "a cell of over 16,000,000 characters in the row that starts here", hint)
    hint = "a quote within a quoted cell is doubled"
    return Problem(where, "text after a closing quote in the row that starts here", hint)


def find_rows(file: Path, wanted: Collection[int], delimiter: str, width: int) -> dict[int, Row]:
    """The rows of these numbers, from 1 after the heading, as the database counts them, in a file that is a table.

    It counts no blank line, but where a row has one cell. A row that cannot be told into cells ends the search.
    """
    found: dict[int, Row] = {}
    number, line, offset = 0, 1, 0
    with suppress(_NotCountedError):
        for part, rows in _parts(file, width, delimiter.encode()):
            if any(number <= row < number + rows for row in wanted):
                text = io.StringIO(part.decode(_codec(offset)), newline="")
                found |= _pick(wanted, _numbered(text, delimiter, width, number, line))
            lines = part.count(b"\n") + part.count(b"\r") - part.count(b"\r\n")
            number, line, offset = number + rows, line + lines, offset + len(part)
    if any(row >= number for row in wanted):
        with file.open("rb") as data:
            data.seek(offset)
            with io.TextIOWrapper(data, _codec(offset), newline="") as opened:
                found |= _pick(wanted, _numbered(opened, delimiter, width, number, line))
    return found


def _codec(offset: int) -> str:
    return "utf-8" if offset else "utf-8-sig"


def _pick(wanted: Collection[int], rows: Iterator[tuple[int, Row]]) -> dict[int, Row]:
    last = max(wanted)
    found = {}
    for number, row in rows:
        if number in wanted:
            found[number] = row
        if number >= last:
            break
    return found


def _numbered(lines: Iterable[str], delimiter: str, width: int, number: int, line: int) -> Iterator[tuple[int, Row]]:
    """Rows that count, the first of which has this number; `line` is where the lines begin."""
    reader, start = csv.reader(lines, delimiter=delimiter, strict=True), line
    with suppress(csv.Error):
        for cells in reader:
            if cells or width == 1:
                yield number, Row(start, cells, "")
                number += 1
            start = line + reader.line_num


class _Lines:
    """Lines, the last one of them remembered."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.last = line
            yield line


def _rows(file: Path, delimiter: str) -> Iterator[Row]:
    """Each row, the heading and empty lines included. Raises _BrokenRowError."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        lines = _Lines(opened)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        start = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _BrokenRowError(start, str(error)) from None
            yield Row(start, cells, lines.last[len(lines.last.rstrip("\r\n")) :])
            start = reader.line_num + 1
