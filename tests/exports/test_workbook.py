"""A workbook's cells come as the text that they show, exactly, or the workbook is refused with the cell's place.

openpyxl writes what spreadsheet programs write; tests.exports.xlsx writes what they do not.
"""

import datetime
import struct
import warnings
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portalgen.errors import InvalidInputError
from portalgen.exports import workbook
from portalgen.exports.grid import GridRow
from tests.exports.xlsx import MAIN, STRICT, digits_of, one_row, packed, parts_of, sheet_of, write
from tests.memory_limit import run_limited


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("xlsx") / "book.xlsx"


def rows_of(file: Path, sheet: str = "") -> list[GridRow]:
    return [*workbook.read(file, "book.xlsx", sheet).rows]


def cells_of(file: Path, sheet: str = "") -> list[list[str]]:
    return [[*row.cells] for row in rows_of(file, sheet)]


def refusal(file: Path, sheet: str = "") -> str:
    with pytest.raises(InvalidInputError) as raised:
        rows_of(file, sheet)
    return str(raised.value)


CellValue = str | int | float | bool | datetime.date | datetime.datetime | None


class TestCells:
    """What a cell holds, as text."""

    VALUES = st.one_of(
        st.none(),
        st.booleans(),
        st.text(st.characters(exclude_categories=["C"], exclude_characters="\r"), min_size=1, max_size=20).filter(
            lambda text: not text.startswith("=") and "_x" not in text
        ),
        st.integers(-(10**15) + 1, 10**15 - 1),
        st.builds(lambda n: float(Decimal(n).scaleb(-4)), st.integers(-(10**14), 10**14)),
        st.dates(datetime.date(1900, 3, 1)),
        st.datetimes(datetime.datetime(1900, 3, 1), datetime.datetime(2100, 1, 1)).map(  # noqa: DTZ001
            lambda at: at.replace(microsecond=0)
        ),
    )

    @given(st.lists(st.lists(VALUES, max_size=5), max_size=6))
    @settings(deadline=None)
    def test_what_openpyxl_writes_is_read_as_it_was(self, file: Path, table: list[list[CellValue]]) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for number, row in enumerate(table, start=1):
            for column, value in enumerate(row, start=1):
                sheet.cell(number, column, value)
        book.save(file)
        expected = {n: [self.shown(value) for value in row] for n, row in enumerate(table, start=1)}
        read = {row.origin: [*row.cells] for row in rows_of(file)}
        for number, cells in expected.items():
            while cells and not cells[-1]:
                cells.pop()
            assert read.pop(number, []) == cells
        assert read == {}

    @staticmethod
    def shown(value: object) -> str:
        match value:
            case None:
                return ""
            case bool():
                return str(value).lower()
            case float():
                return digits_of(Decimal(repr(value)))
            case datetime.datetime():
                return str(value).removesuffix(" 00:00:00")
            case _:
                return str(value)

    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            ('<c r="A1"><v>1001</v></c>', "1001"),
            ('<c r="A1" t="n"><v>1001.0</v></c>', "1001"),
            ('<c r="A1"><v>0.30000000000000004</v></c>', "0.3"),
            ('<c r="A1"><v>2520000000000000123</v></c>', "2520000000000000123"),
            ('<c r="A1"><v>1.5E-7</v></c>', "0.00000015"),
            ('<c r="A1"><f>B1*2</f><v>7</v></c>', "7"),
            ('<c r="A1" t="str"><f>B1&amp;"x"</f><v>ab</v></c>', "ab"),
            ('<c r="A1" t="b"><v>1</v></c>', "true"),
            ('<c r="A1" t="b"><v>0</v></c>', "false"),
            ('<c r="A1" t="d"><v>2026-01-31T00:00:00</v></c>', "2026-01-31"),
            ('<c r="A1" t="d"><v>2026-01-31T10:15:00.000</v></c>', "2026-01-31 10:15:00"),
            ('<c r="A1" t="s"><v>0</v></c>', "0012"),
            ('<c r="A1" t="s"><v>1</v></c>', "'-4.0"),
            ('<c r="A1" t="s"><v>2</v></c>', " bold and plain "),
            ('<c r="A1" t="s"><v>3</v></c>', "東京"),
            ('<c r="A1" t="s"><v>4</v></c>', "a\nb\nc\td"),
            ('<c r="A1" t="s"><v>5</v></c>', "_x000D_ as typed"),
            ('<c r="A1" t="s"><v>6</v></c>', "_x0000_😀"),
            ('<c r="A1" t="inlineStr"><is><r><t>Ac</t></r><r><t>me &amp; Co</t></r></is></c>', "Acme & Co"),
            ('<c r="A1" s="1"><v>46053</v></c>', "2026-01-31"),
            ('<c r="A1" s="1"><v>46053.42708333334</v></c>', "2026-01-31 10:15:00"),
            ('<c r="A1" s="2"><v>46053.00001</v></c>', "2026-01-31 00:00:01"),
            ('<c r="A1" s="2"><v>0.4270833333333333</v></c>', "10:15:00"),
            ('<c r="A1" s="3"><v>1.5</v></c>', "36:00:00"),
            ('<c r="A1" s="4"><v>12.5</v></c>', "12.5"),
            ('<c r="A1" s="1"><v>-5</v></c>', "-5"),
            ('<x:c xmlns:x="http://example.org/other" r="A1"><x:v>7</x:v></x:c><c r="A1"><v>8</v></c>', "8"),
            ("<c><v>1</v></c>", "1"),
            ('<c r="A1">\n  <v>1</v>\n  </c>', "1"),
        ],
    )
    def test_a_stored_cell_comes_as_the_text_it_shows(self, file: Path, cell: str, text: str) -> None:
        strings = [
            "<t>0012</t>",
            "<t>'-4.0</t>",
            '<r><rPr><b/></rPr><t xml:space="preserve"> bold</t></r><r><t xml:space="preserve"> and plain </t></r>',
            "<t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh><phoneticPr fontId='1'/>",
            "<t>a_x000D_\nb_x000d_c_x0009_d</t>",
            "<t>_x005F_x000D_ as typed</t>",
            "<t>_x0000__xD83D__xDE00_</t>".replace("_x0000__", "_x005F_x0000__"),
        ]
        formats = {14: "", 165: "dd/mm/yyyy hh:mm", 46: "", 166: "0.00&quot; kg&quot;"}
        write(file, one_row(cell), strings=strings, formats=formats)
        assert cells_of(file) == [[text]]

    def test_cells_stored_as_numbers_are_told_from_texts_and_days(self, file: Path) -> None:
        cells = ['<c r="A1"><v>7</v></c>', '<c r="B1" t="str"><v>7</v></c>', '<c r="C1" s="1"><v>46053</v></c>']
        write(file, one_row(*cells, '<c r="E1" s="0"><v>1.5</v></c>'), formats={14: ""})
        assert rows_of(file) == [GridRow(1, ["7", "7", "2026-01-31", "", "1.5"], [0, 4])]

    def test_rows_keep_their_numbers_and_blank_ones_are_left_out(self, file: Path) -> None:
        blank = '<row r="4"/><row r="5"><c r="A5" s="0"/></row>'
        filled = '<row r="3"><c r="C3"><v>1</v></c></row>', '<row r="9"><c><v>2</v></c></row>'
        write(file, sheet_of(blank.join(filled)))
        assert [(row.origin, row.cells) for row in rows_of(file)] == [(3, ["", "", "1"]), (9, ["2"])]

    def test_rows_and_cells_without_references_follow_each_other(self, file: Path) -> None:
        write(
            file,
            sheet_of("<row><c><v>1</v></c><c/><c><v>2</v></c></row><row><c r='B2'><v>3</v></c><c><v>4</v></c></row>"),
        )
        assert [(row.origin, row.cells) for row in rows_of(file)] == [(1, ["1", "", "2"]), (2, ["", "3", "4"])]

    def test_other_prefixes_and_the_strict_namespace_are_the_same(self, file: Path) -> None:
        prefixed = (
            one_row('<c r="A1"><v>1</v></c>').replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns", "xmlns:x")
        )
        for sheet in (prefixed, one_row('<c r="A1"><v>1</v></c>').replace(MAIN, STRICT)):
            write(file, sheet)
            assert cells_of(file) == [["1"]]

    def test_days_of_the_1904_calendar_are_not_four_years_off(self, file: Path) -> None:
        write(
            file, one_row('<c r="A1" s="1"><v>44594</v></c>'), formats={14: ""}, properties='<workbookPr date1904="1"/>'
        )
        assert cells_of(file) == [["2026-02-03"]]

    def test_merged_cells_hold_their_value_once(self, file: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet["A1"], sheet["C1"] = "title", "x"
        sheet.merge_cells("A1:B2")
        book.save(file)
        assert cells_of(file) == [["title", "", "x"]]

    def test_an_error_in_a_cell_is_refused_with_its_place(self, file: Path) -> None:
        rows = '<row r="2"><c r="AA2" t="e"><v>#REF!</v></c></row><row r="3"><c r="B3" t="e"><v>#N/A</v></c></row>'
        write(file, sheet_of(rows))
        assert refusal(file).splitlines()[::2] == [
            "book.xlsx:2:27: an error in place of a value: '#REF!'",
            "book.xlsx:3:2: an error in place of a value: '#N/A'",
        ]

    @pytest.mark.parametrize("cell", ['<c r="A1"><f>1+1</f></c>', '<c r="A1"><f>1+1</f><v/></c>', '<c r="A1"><f/></c>'])
    def test_a_formula_without_its_result_is_refused(self, file: Path, cell: str) -> None:
        write(file, one_row(cell))
        assert refusal(file).startswith("book.xlsx:1:1: a formula whose result was not stored\n")

    @pytest.mark.parametrize(
        "cell",
        [
            '<c r="A1"><v>12,5</v></c>',
            '<c r="A1" t="s"><v>7</v></c>',
            '<c r="A1" t="s"><v>-1</v></c>',
            '<c r="A1" t="s"><v>x</v></c>',
            '<c r="A1" s="9"><v>1</v></c>',
            '<c r="A1" s="-1"><v>1</v></c>',
            '<c r="A1" s="1"><v>1e9999</v></c>',
        ],
    )
    def test_a_cell_that_means_nothing_is_refused_with_its_place(self, file: Path, cell: str) -> None:
        write(file, one_row(cell), strings=["<t>a</t>"], formats={14: ""})
        assert refusal(file).startswith("book.xlsx:1:1: this cell cannot be read: ")

    def test_an_empty_text_of_a_formula_is_nothing(self, file: Path) -> None:
        write(file, one_row('<c r="A1" t="str"><f>""</f><v></v></c>', '<c r="B1"><v>1</v></c>'))
        assert cells_of(file) == [["", "1"]]


class TestSheets:
    """Which sheet is read."""

    FILLED, EMPTY = one_row('<c r="A1"><v>1</v></c>'), sheet_of('<row r="1"><c r="A1" s="1"/></row>')

    def test_the_only_sheet_is_read(self, file: Path) -> None:
        assert workbook.read(write(file, self.FILLED), "book.xlsx").name == "book.xlsx"

    def test_the_only_sheet_with_rows_is_read_and_named(self, file: Path) -> None:
        write(file, self.EMPTY, self.FILLED, self.EMPTY)
        assert workbook.read(file, "book.xlsx").name == "book.xlsx [Two]"
        assert cells_of(file) == [["1"]]

    def test_several_with_rows_are_refused_unless_one_is_named(self, file: Path) -> None:
        write(file, self.FILLED, self.EMPTY, self.FILLED)
        assert refusal(file) == (
            "book.xlsx: several sheets have rows: 'One', 'Three'\n  hint: name the one to read: `sheet: One`"
        )
        assert cells_of(file, "Three") == [["1"]]

    def test_an_unknown_sheet_is_refused_with_the_nearest(self, file: Path) -> None:
        write(file, self.FILLED, self.FILLED)
        assert refusal(file, "one") == "book.xlsx: there is no sheet 'one'\n  hint: did you mean 'One'?"

    def test_a_hidden_sheet_is_read_only_when_it_is_named(self, file: Path) -> None:
        parts = parts_of(self.FILLED, one_row('<c r="A1"><v>2</v></c>'))
        for hidden in ("hidden", "veryHidden"):
            parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace('name="Two"', f'name="Two" state="{hidden}"')
            file.write_bytes(packed(parts))
            assert workbook.sheets(file, "book.xlsx") == ["One"]
            assert cells_of(file) == [["1"]]
            assert cells_of(file, "Two") == [["2"]]
            parts = parts_of(self.FILLED, one_row('<c r="A1"><v>2</v></c>'))

    def test_a_workbook_of_hidden_sheets_is_refused(self, file: Path) -> None:
        parts = parts_of(self.FILLED)
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("<sheet ", '<sheet state="hidden" ')
        file.write_bytes(packed(parts))
        assert refusal(file).startswith("book.xlsx: every sheet is hidden\n")

    def test_charts_are_no_sheets(self, file: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet["A1"] = 1
        book.create_chartsheet("Chart", 0)
        with warnings.catch_warnings(action="ignore"):
            book.save(file)
        assert workbook.sheets(file, "book.xlsx") == ["Sheet"]
        assert cells_of(file) == [["1"]]

    def test_an_empty_sheet_has_no_rows(self, file: Path) -> None:
        assert rows_of(write(file, self.EMPTY)) == []


class TestBrokenFiles:
    """One sentence for each."""

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "the file is empty"),
            (b"number,date\n", "this is not an Excel workbook"),
            (b"\xef\xbb\xbf<html><table>", "this is not an Excel workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "this is a workbook in the format of Excel 97 (.xls)"),
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024**2 - 20) + "EncryptedPackage".encode("utf-16-le"),
                "the workbook is protected by a password",
            ),
            (packed({"xl/workbook.bin": ""}), "this is a binary workbook (.xlsb), not an Excel workbook"),
            (packed({"content.xml": ""}), "this is an OpenDocument file, not an Excel workbook"),
            (packed({"word/document.xml": ""}), "this is a Word document, not an Excel workbook"),
            (packed({"orders.csv": "a,b"}), "this is a zip archive, not an Excel workbook"),
            (b"PK\3\4 and no more", "the workbook is broken: File is not a zip file"),
        ],
    )
    def test_a_file_of_another_kind_is_called_by_its_name(self, file: Path, data: bytes, message: str) -> None:
        file.write_bytes(data)
        assert refusal(file).splitlines()[0] == f"book.xlsx: {message}"

    @pytest.mark.parametrize(
        ("part", "content", "message"),
        [
            ("xl/worksheets/sheet0.xml", "<worksheet><sheetData>", "no element found"),
            ("xl/worksheets/sheet0.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a document type in it"),
            ("xl/worksheets/sheet0.xml", one_row("<c>" * 100 + "</c>" * 100), "tags nested too deep"),
            ("xl/worksheets/sheet0.xml", one_row('<c r="A1" t="q"><v>1</v></c>'), "a cell of a kind or place"),
            ("xl/worksheets/sheet0.xml", one_row('<c r="XFE1"><v>1</v></c>'), "a cell of a kind or place"),
            ("xl/worksheets/sheet0.xml", one_row('<c r="ABCD1"><v>1</v></c>'), "a cell of a kind or place"),
            ("xl/worksheets/sheet0.xml", sheet_of('<row r="x"/>'), "a row numbered 'x'"),
            ("xl/workbook.xml", "<workbook", "unclosed token"),
            ("xl/workbook.xml", "<a>" * 100 + "</a>" * 100, "tags nested too deep"),
            ("xl/styles.xml", f'<s xmlns="{MAIN}"><cellXfs><xf numFmtId="x"/></cellXfs></s>', "invalid literal"),
        ],
    )
    def test_broken_parts_are_refused(self, file: Path, part: str, content: str, message: str) -> None:
        file.write_bytes(packed(parts_of(one_row('<c r="A1"><v>1</v></c>')) | {part: content}))
        assert refusal(file).startswith(f"book.xlsx: the workbook is broken: {message}")

    @pytest.mark.parametrize("part", ["xl/worksheets/sheet0.xml", "xl/sharedStrings.xml", "xl/workbook.xml"])
    def test_missing_parts_are_refused(self, file: Path, part: str) -> None:
        parts = parts_of(one_row('<c r="A1"><v>1</v></c>'))
        del parts[part]
        file.write_bytes(packed(parts))
        assert refusal(file).startswith(f"book.xlsx: the workbook is broken: no part '{part}'")

    def test_a_workbook_without_styles_or_shared_texts_is_read(self, file: Path) -> None:
        parts = parts_of(one_row('<c r="A1"><v>1</v></c>'))
        del parts["xl/sharedStrings.xml"], parts["xl/styles.xml"]
        relations = parts["xl/_rels/workbook.xml.rels"]
        kept = relations[: relations.index('<Relationship Id="x"')] + "</Relationships>"
        file.write_bytes(packed(parts | {"xl/_rels/workbook.xml.rels": kept}))
        assert cells_of(file) == [["1"]]

    def test_a_file_that_is_cut_off_or_changed_anywhere_gives_a_sentence_or_the_same_cells(self, file: Path) -> None:
        """Each byte of the file in turn is changed, and the file cut off before it."""
        cells = [f'<c r="A{n}"><v>{n}</v></c>' for n in range(3)]
        whole = packed(parts_of(one_row(*cells), strings=["<t>a</t>"], formats={14: ""}))
        good = cells_of(write(file, one_row(*cells), strings=["<t>a</t>"], formats={14: ""}))
        for at in range(0, len(whole), 7):
            for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
                file.write_bytes(data)
                try:
                    assert cells_of(file) == good
                except InvalidInputError as error:
                    assert str(error)

    def test_a_missing_file_is_a_sentence(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "none.xlsx") == "book.xlsx: cannot be read: No such file or directory"


READ = """
import sys
from pathlib import Path
from portalgen.errors import InvalidInputError
from portalgen.exports import workbook
try:
    print(sum(len(row.cells) for row in workbook.read(Path(sys.argv[1]), "book.xlsx").rows))
except InvalidInputError as error:
    print(error)
"""


class TestBombs:
    """A small file that wants to be a large one, read with a gigabyte of memory."""

    def bomb(self, file: Path, part: str, *pieces: tuple[str, int], limit: int = 1024**3) -> str:
        """Read a workbook in which `part` is made of each piece so many times."""
        parts = {name: text for name, text in parts_of(one_row('<c r="A1"><v>1</v></c>')).items() if name != part}
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, text in parts.items():
                archive.writestr(name, text)
            with archive.open(part, "w") as stream:
                for text, times in pieces:
                    chunk = text.encode() * min(times, 100_000)
                    for _ in range(max(1, times // 100_000)):
                        stream.write(chunk)
        return run_limited(READ, file, limit=limit)

    def test_cells_far_apart_take_no_memory(self, tmp_path: Path) -> None:
        corners = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
        assert run_limited(READ, write(tmp_path / "b.xlsx", sheet_of(corners))) == "16385\n"

    def test_a_part_that_is_packed_too_well_is_refused(self, tmp_path: Path) -> None:
        file = write(tmp_path / "b.xlsx", one_row('<c r="A1"><v>1</v></c>'))
        data = bytearray(file.read_bytes())
        at = data.rfind(b"xl/worksheets/sheet0.xml") - 46
        struct.pack_into("<I", data, at + 24, 2 * 1024**3)
        file.write_bytes(data)
        assert "2048 MB packed into 0 kB" in run_limited(READ, file)

    def test_a_part_that_is_longer_than_it_says_is_refused(self, tmp_path: Path) -> None:
        file = write(tmp_path / "b.xlsx", one_row('<c r="A1"><v>1</v></c>'))
        data = bytearray(file.read_bytes())
        at = data.rfind(b"xl/worksheets/sheet0.xml") - 46
        struct.pack_into("<I", data, at + 24, 20)
        file.write_bytes(data)
        assert "the workbook is broken" in run_limited(READ, file)

    def test_nested_tags_are_refused(self, tmp_path: Path) -> None:
        part = "xl/worksheets/sheet0.xml"
        assert "tags nested too deep" in self.bomb(tmp_path / "b.xlsx", part, ("<a>", 30_000_000))

    def test_a_text_without_end_is_refused(self, tmp_path: Path) -> None:
        start = f'<worksheet xmlns="{MAIN}"><sheetData><row><c t="inlineStr"><is><t>'
        message = self.bomb(tmp_path / "b.xlsx", "xl/worksheets/sheet0.xml", (start, 1), ("aaaaaaaaaa", 30_000_000))
        assert "a cell of more than a million characters" in message

    def test_a_tag_without_end_is_refused(self, tmp_path: Path) -> None:
        message = self.bomb(tmp_path / "b.xlsx", "xl/worksheets/sheet0.xml", ("<a b='", 1), ("aaaaaaaaaa", 30_000_000))
        assert "a tag of more than 16 MB" in message

    def test_shared_texts_beyond_the_memory_are_refused(self, tmp_path: Path) -> None:
        start = f'<sst xmlns="{MAIN}">'
        pieces = ((start, 1), ("<si><t>abcdefghij</t></si>", 3_000_000), ("</sst>", 1))
        message = self.bomb(tmp_path / "b.xlsx", "xl/sharedStrings.xml", *pieces, limit=200 * 1024**2)
        assert message == "book.xlsx: there is not enough memory to read it\n"

    def test_wide_rows_take_no_memory(self, tmp_path: Path) -> None:
        start, row = f'<worksheet xmlns="{MAIN}"><sheetData>', '<row><c r="BX1"><v>1</v></c></row>'
        end = "</sheetData></worksheet>"
        pieces = ((start, 1), (row, 200_000), (end, 1))
        message = self.bomb(tmp_path / "b.xlsx", "xl/worksheets/sheet0.xml", *pieces, limit=200 * 1024**2)
        assert message == f"{76 * 200_000}\n"
