"""The first text of a file -> what kind of file it is, what separates its cells, and where its heading stands."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from portalgen.errors import InvalidInputError, Location, shown

IsHeading = Callable[[Sequence[str]], bool]
"""Whether cells are the heading that is looked for."""

ROWS = 20
"""The heading is one of the first so many rows, blank ones among them."""
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "'|'"}
_BINARY = (
    (b"PK\3\4", "an Excel workbook, or a zip,", "say `format: xlsx` if it is a workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls), or one with a password,", "save it as .xlsx or as CSV"),
    (b"%PDF-", "a PDF", "say `format: pdf` if it is an e-invoice"),
    (b"SQLite format 3\0", "an SQLite database", "say `format: sqlite`"),
    (b"PAR1", "a Parquet file", "say `format: parquet`"),
    (b"\x1f\x8b", "an archive (gzip)", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "an archive (Zstandard)", "unpack it"),
)
"""By their first bytes: what files are that are no text, and what to do."""
_TEXTS = (
    (re.compile(r"\s*<(!DOCTYPE\s+html|html|table)\b", re.I), "a web page", "save it as .xlsx or as CSV"),
    (re.compile(r"\s*<(\?xml|[\w.:-]+\s+xmlns)\b", re.I), "XML", "say `format: xml`"),
    (re.compile(r'\s*(\{\s*"[^"]*"\s*:|\[\s*\{\s*["}]|\[\s*\]\s*$)'), "JSON", "say `format: json`"),
)
_DECLARED = re.compile(r'"?sep=([^"\r\n])"?[\r\n]*\Z', re.I)
_NAMES = {"tab": "\t", "\\t": "\t"}
_UNFIT = re.compile(r'[\w\s"\\.-]')


@dataclass(frozen=True, slots=True)
class Row:
    """One of the first rows: the line it starts on, from 1, the line below it, and its cells."""

    line: int
    next_line: int
    cells: tuple[str, ...]


def refuse_binary(head: bytes, name: str) -> None:
    """Raises InvalidInputError that says what a file is that begins with these bytes, if it is no text."""
    for magic, kind, hint in _BINARY:
        if head.startswith(magic):
            raise InvalidInputError(f"this is {kind} and not a CSV file", hint, Location(name))


def refuse_other_text(head: str, name: str) -> None:
    """Raises InvalidInputError that says what a file is that begins with this text, if it is XML, HTML or JSON."""
    for pattern, kind, hint in _TEXTS:
        if pattern.match(head):
            raise InvalidInputError(f"this is {kind} and not a CSV file", hint, Location(name))


def known_delimiter(text: str, name: str = "") -> str:
    """The character that a declared delimiter means ('tab' is one too). Raises InvalidInputError if it can be none."""
    delimiter = _NAMES.get(text.lower(), text)
    if (
        len(delimiter) != 1
        or (_UNFIT.match(delimiter) and delimiter != "\t")
        or not delimiter.isascii()
        or "\0" in text
    ):
        hint = "give one character, such as ',' or ';' or '|', or say tab"
        raise InvalidInputError(f"delimiter: {shown(text)} cannot separate cells", hint, Location(name))
    return delimiter


def rows_of(lines: Sequence[str], delimiter: str, count: int = ROWS) -> Iterator[Row]:
    """The first `count` rows. Where quotes are broken, the cells are what can be made of them."""
    reader = csv.reader(lines, delimiter=delimiter)
    line = 1
    for cells in islice(reader, count):
        yield Row(line, reader.line_num + 1, tuple(cells))
        line = reader.line_num + 1


def lines_of(head: str) -> list[str]:
    """The lines with their ends, which are LF, CR LF or CR."""
    return list(io.StringIO(head, newline=""))


def declared_in(lines: Sequence[str]) -> str:
    """The delimiter that a first line like `sep=;` names, as Excel writes it; '' without one."""
    found = _DECLARED.match(lines[0]) if lines else None
    return found[1] if found else ""


def find_heading(lines: Sequence[str], name: str, is_heading: IsHeading, declared: str = "") -> tuple[Row, str]:
    """The first row that `is_heading` says is one, or else the one most like one; and what separates its cells.

    Of several delimiters that make it a heading, the one that makes the most cells wins. Raises InvalidInputError
    where there is no row, where two delimiters do equally well, and where a quote in the heading is never closed.
    """
    named = declared_in(lines)
    delimiters = [declared or named] if declared or named else [*_SEPARATORS]
    skipped = 1 if named else 0
    found = [
        (row.line, -len(row.cells), delimiter, row)
        for delimiter in delimiters
        for row in list(rows_of(lines, delimiter))[skipped:]
        if any(row.cells) and is_heading(row.cells)
    ]
    best = sorted(found)[:2]
    if len(best) == 2 and best[0][:2] == best[1][:2] and best[0][1] < -1:
        first, second = (_SEPARATORS[delimiter] for _, _, delimiter, _ in best)
        message = f"the heading may be separated by {first} or by {second}"
        raise InvalidInputError(message, f"say which: `delimiter: '{best[0][2]}'`", Location(name, best[0][0]))
    if best:
        return best[0][3], best[0][2]
    delimiter = delimiters[0] if len(delimiters) == 1 else likely_delimiter(lines)
    rows = list(rows_of(lines, delimiter))[skipped:]
    if (index := most_like_heading([row.cells for row in rows])) >= 0:
        return rows[index], delimiter
    raise InvalidInputError("the file is empty", "one of its first rows must name the columns", Location(name))


def most_like_heading(rows: Sequence[Sequence[str]]) -> int:
    """The index of the first row with at least half as many filled cells as any other has; -1 if all are blank.

    Titles of a report fill one cell or two of those that its heading fills.
    """
    filled = [sum(map(bool, cells)) for cells in rows]
    most = max(filled, default=0)
    return next((index for index, count in enumerate(filled) if count and 2 * count >= most), -1)


def likely_delimiter(lines: Sequence[str]) -> str:
    """The delimiter that makes the most rows of one number of cells, and of two such the one that makes more cells."""
    if named := declared_in(lines):
        return named
    best = (0, 0)
    likely = ","
    for delimiter in _SEPARATORS:
        widths = Counter(len(row.cells) for row in rows_of(lines, delimiter) if len(row.cells) > 1)
        fit = max(((count, width) for width, count in widths.items()), default=(0, 0))
        if fit > best:
            best, likely = fit, delimiter
    return likely


def refuse_broken(lines: Sequence[str], row: Row, delimiter: str, name: str) -> None:
    """Raises InvalidInputError if the quotes of this row cannot be told into cells."""
    try:
        next(csv.reader(lines[row.line - 1 :], delimiter=delimiter, strict=True))
    except csv.Error:
        hint = "close it; a quote within a quoted cell is doubled"
        message = "a quote in the heading is never closed, or text follows it"
        raise InvalidInputError(message, hint, Location(name, row.line)) from None
