"""What a customer can take away: tables as CSV, all of them as one workbook, the whole portal as one zip file.

Tables hold what the pages show: the same text, amounts with the same digits. The only room of XlsxWriter.

A spreadsheet takes a cell that starts with a sign for a formula (OWASP, "CSV Injection"), so text in CSV is
`neutralised`. A workbook says of each cell what it is: text in it stays as it is, and is never a formula.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from pathlib import PurePosixPath
from stat import S_IFREG
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from portalgen.deferred import deferred
from portalgen.errors import PortalgenError
from portalgen.model import Bundle
from portalgen.tables import Gettext, Table, Value, tables_of

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet
else:
    xlsxwriter = deferred("xlsxwriter")

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can say
_COMPRESSED = frozenset(
    {".docx", ".gif", ".jpg", ".ods", ".odt", ".pdf", ".png", ".webp", ".xlsx", ".zip"}
)  # all that an attachment or a logo can be, but for text
_DEFLATE_LEVEL = 6

_MOST_ROWS = 1_048_576
_MOST_DIGITS = 15  # that a spreadsheet keeps of a number
_MOST_CHARACTERS = 32_767  # of a cell, in UTF-16 units
_FIRST_DAY = date(1900, 3, 1)  # on the days before it spreadsheets do not agree
_NARROWEST, _WIDEST = 8, 60

# Insides of character classes. The separators are those of regions, Arabic ones among them.
_SIGNS = "=+@\uff1d\uff0b\uff0d\uff20\\-"
_LINE_ENDS_AND_TABS = "\t\r\n"
_SEPARATORS = f"{_LINE_ENDS_AND_TABS};\u060c\u061b"
_UNSEEN = "\\s\0-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_BETWEEN = f'{_UNSEEN}{_SEPARATORS}"'

_STARTS_A_FORMULA = re.compile(f"[{_UNSEEN}]*?[{_SIGNS}{_LINE_ENDS_AND_TABS}]")
_BEFORE_A_SIGN = re.compile(f"(?<![{_BETWEEN}])[{_BETWEEN}]++(?=[{_SIGNS}])")
_SEPARATOR = re.compile(f"[{_SEPARATORS}]")
_NUMBER = re.compile("-?[0-9]+(\\.[0-9]+)?")


def csv_files(bundle: Bundle, gettext: Gettext) -> Iterator[tuple[str, bytes]]:
    """Name and content of each table of `bundle`: `<type>.csv`, `<type>-lines.csv` where there are lines, receipts.csv.

    RFC 4180, in UTF-8 with a byte order mark; days as ISO 8601, a point before the decimals and no groups. Text is in
    quotes and `neutralised`, numbers are bare.
    """
    for table in tables_of(bundle, gettext):
        text = "".join(map(csv_row, (table.headings, *table.rows)))
        yield f"{table.name}.csv", text.encode("utf-8-sig")


def neutralised(text: str) -> str:
    """`text` such that no spreadsheet takes it, or a part of it, for a formula; unchanged where none would.

    It gets an apostrophe in front if it starts with = + - @, one of their full-width forms, a tab or a line end, also
    after white space and characters that cannot be seen; but not if the whole of it is a number such as -12.50.

    Where a region's separator is another one than the file's (in much of Europe a semicolon), quotes within a row hold
    nothing together: a separator, tab or line end in a text starts a new cell there. So a sign gets an apostrophe
    before it after each of these, too. A comma is no such separator: readers who part cells at it know the quotes.
    """
    if _NUMBER.fullmatch(text):
        return text
    safe = _BEFORE_A_SIGN.sub(lambda run: f"{run[0]}'" if _SEPARATOR.search(run[0]) else run[0], text)
    return f"'{safe}" if _STARTS_A_FORMULA.match(text) else safe


def workbook(bundle: Bundle, gettext: Gettext, *, right_to_left: bool = False) -> bytes:
    """The tables of `csv_files` as the sheets of one XLSX file; the same bytes for the same input.

    Days are days, numbers are numbers with the decimals that the pages show, text is text, whatever it looks like. What
    a spreadsheet would change is text, too: a number of more than 15 digits, a day before March 1900. Text that is
    longer than a cell can be is cut, with an ellipsis. PortalgenError for more rows than a sheet can have.
    """
    tables = list(tables_of(bundle, gettext))
    for table in tables:
        if len(table.rows) >= _MOST_ROWS:
            raise PortalgenError(
                f"{bundle.link.id}: {table.name} has more rows than a sheet of a workbook can have",
                "leave 'xlsx' out of the site's downloads",
            )
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": datetime(*_EPOCH)})  # noqa: DTZ001  # not a time of any zone
    cells = _Cells(book)
    for table in tables:
        sheet = book.add_worksheet(table.title)
        if right_to_left:
            sheet.right_to_left()
        _fill(sheet, table, cells)
    book.close()
    return out.getvalue()


def archive(files: Iterable[tuple[str, bytes]], folder: str) -> bytes:
    """A zip file of `files` (path, with '/' between its parts, and content), in their order, all below `folder`.

    The same bytes for the same input: no times, no owners. What is compressed by its nature is stored as it is.
    """
    out = BytesIO()
    with ZipFile(out, "w") as whole:
        for path, body in files:
            entry = ZipInfo(f"{folder}/{path}", _EPOCH)
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = (S_IFREG | 0o644) << 16
            entry.compress_type = ZIP_STORED if PurePosixPath(path).suffix in _COMPRESSED else ZIP_DEFLATED
            whole.writestr(entry, body, compresslevel=_DEFLATE_LEVEL)
    return out.getvalue()


def csv_row(values: Sequence[Value]) -> str:
    """One row of a CSV file, as `csv_files` has them."""
    row = ",".join(map(_csv_cell, values))
    if row.startswith('"-'):  # a number; but where commas part no cells, the whole row is one
        row = row.replace('"', "\"'", 1)
    return f"{row}\r\n"


def _csv_cell(value: Value) -> str:
    match value:
        case None | "":
            return ""
        case str():
            return '"{}"'.format(neutralised(value).replace('"', '""'))
        case _:
            return str(value)  # of a Decimal with six decimals or fewer it has no exponent


class _Cells:
    """The formats of a workbook's cells."""

    def __init__(self, book: "xlsxwriter.Workbook") -> None:
        self._book = book
        self._numbers: dict[str, Format] = {}
        # What is marked as text stays text when somebody edits the cell.
        self.heading = book.add_format({"bold": True, "num_format": "@"})
        self.text = book.add_format({"valign": "top", "num_format": "@", "text_wrap": True})
        self.day = book.add_format({"valign": "top", "num_format": "yyyy-mm-dd"})

    def number(self, value: Decimal | int) -> "Format":
        """One that shows `value` with as many decimals as it has; an int without groups."""
        _, point, decimals = str(value).partition(".")
        code = "0" if isinstance(value, int) else f"#,##0{point}{'0' * len(decimals)}"
        if code not in self._numbers:
            self._numbers[code] = self._book.add_format({"valign": "top", "num_format": code})
        return self._numbers[code]


def _fill(sheet: "Worksheet", table: Table, cells: _Cells) -> None:
    last_row, last_column = len(table.rows), len(table.headings) - 1
    for column, heading in enumerate(table.headings):
        sheet.write_string(0, column, heading, cells.heading)
        width = max(len(heading) + 3, *(_width(row[column]) + 2 for row in table.rows))  # 3: the filter's button
        sheet.set_column(column, column, min(max(width, _NARROWEST), _WIDEST))
    for number, row in enumerate(table.rows, start=1):
        for column, value in enumerate(row):
            _write(sheet, number, column, value, cells)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last_row, last_column)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{_MOST_ROWS}"})


def _write(sheet: "Worksheet", row: int, column: int, value: Value, cells: _Cells) -> None:
    match value:
        case None | "":
            return
        case str():
            _write_text(sheet, row, column, _cut(value), cells.text)
        case date() if value >= _FIRST_DAY:
            sheet.write_datetime(row, column, datetime.combine(value, time.min), cells.day)
        case Decimal() | int() if _digits(value) <= _MOST_DIGITS:
            sheet.write(row, column, value, cells.number(value))  # `write_number` promises to take floats alone
        case _:
            sheet.write_string(row, column, str(value), cells.text)


def _write_text(sheet: "Worksheet", row: int, column: int, text: str, cell: "Format") -> None:
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter takes such text for XML of its own and writes it as it is, unless it comes in parts.
        sheet.write_rich_string(row, column, text[0], text[1], text[2:], cell)
    else:
        sheet.write_string(row, column, text, cell)


def _cut(text: str) -> str:
    if len(text) * 2 <= _MOST_CHARACTERS:
        return text
    units = text.encode("utf-16-le")
    most = 2 * _MOST_CHARACTERS
    return text if len(units) <= most else units[: most - 2].decode("utf-16-le", "ignore") + "\u2026"


def _width(value: Value) -> int:
    match value:
        case None | "":
            return 0
        case str():
            return max(map(len, value.splitlines()), default=0)
        case date():
            return len("yyyy-mm-dd")
        case _:
            return len(f"{value:,}")


def _digits(value: Decimal | int) -> int:
    """How many digits `value` has from the first to the last that is not zero."""
    return len(str(value).lstrip("-").replace(".", "").strip("0"))
