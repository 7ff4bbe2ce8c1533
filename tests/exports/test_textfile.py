"""Text of any encoding and delimiter, or a grid, becomes a table that the database reads, and is found again in it."""

import gzip
import io
import random
import resource
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portalgen.errors import InvalidInputError, Location
from portalgen.exports import compression, encodings
from portalgen.exports.encodings import ENCODINGS, known_encoding
from portalgen.exports.grid import Grid, GridRow
from portalgen.exports.sniffing import known_delimiter
from portalgen.exports.textfile import TextTable, check_table, open_text, padded, peek, plain, read_places, spool
from tests.shared_data import shared
from tests.tables import by_database

TITLES = ("number", "name", "note")


def is_heading(cells: Sequence[str]) -> bool:
    return [cell.strip().lower() for cell in cells if cell.strip()] == list(TITLES)


def never(cells: Sequence[str]) -> bool:
    return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies")


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., TextTable]:
    """Opens bytes as the file 'f', which is_heading knows the heading of."""

    def open_bytes(data: bytes, encoding: str = "", delimiter: str = "") -> TextTable:
        (tmp_path / "f").write_bytes(data)
        return open_text(tmp_path / "f", "f", tmp_path, is_heading, encoding=encoding, delimiter=delimiter)

    return open_bytes


def rows_of(table: TextTable) -> list[tuple[str, ...]]:
    """What the database reads of a table, counted."""
    read = by_database(table.path, table.width, table.delimiter)
    assert read is not None
    check_table(table, len(read))
    return [cells for _, cells in read]


def refusal(work: Callable[[], object]) -> str:
    """The first line of the error and the hint."""
    with pytest.raises(InvalidInputError) as refused:
        work()
    return str(refused.value)


# Encodings

GERMAN = "number;name;note\r\n1;Müller & Söhne;12,50 €\r\n2;Weiß;\r\n"


@pytest.mark.parametrize(
    ("data", "declared", "found"),
    [
        (GERMAN.encode(), "", "utf-8"),
        (GERMAN.encode(), "UTF8", "utf-8"),
        (GERMAN.encode("utf-8-sig"), "", "utf-8-sig"),
        (GERMAN.encode("utf-8-sig"), "utf-8", "utf-8-sig"),
        (GERMAN.encode("utf-16"), "", "utf-16"),
        (b"\xfe\xff" + GERMAN.encode("utf-16-be"), "", "utf-16"),
        (b"\xff\xfe" + GERMAN.encode("utf-16-le"), "utf-16-le", "utf-16"),
        (GERMAN.encode("utf-16-le"), "utf-16-le", "utf-16-le"),
        (GERMAN.encode("utf-16-be"), "utf-16-be", "utf-16-be"),
        (GERMAN.encode("cp1252"), "windows-1252", "windows-1252"),
        (GERMAN.encode("cp1252"), "cp1252", "windows-1252"),
        (GERMAN.encode("cp1250"), "windows-1250", "windows-1250"),
        (GERMAN.encode("iso8859-15"), "ISO-8859-15", "iso-8859-15"),
        (GERMAN.replace("€", "E").encode("latin-1"), "latin1", "iso-8859-1"),
        (GERMAN.replace("€", "E").encode("cp850"), "cp850", "cp850"),
        (GERMAN.replace("€", "E").encode("cp437"), "cp437", "cp437"),
    ],
)
def test_each_encoding_gives_the_same_rows(
    opened: Callable[..., TextTable], data: bytes, declared: str, found: str
) -> None:
    table = opened(data, declared)
    assert (table.heading, table.delimiter, table.first_line, table.encoding) == (TITLES, ";", 1, found)
    assert [(row[0], row[1], row[2].replace("€", "E")) for row in rows_of(table)] == [
        ("1", "Müller & Söhne", "12,50 E"),
        ("2", "Weiß", ""),
    ]
    assert (table.path.name == "f") == found.startswith("utf-8")


MOSTLY = "what comes before it is UTF-8; mend this place, or export the file again as UTF-8"
CUT_OFF = "is that the right encoding? Was the file cut off? Export it as UTF-8 if you can"
POLISH = (
    "say `encoding: windows-1252` if this is a word of it: '£ódzki'; "
    "say `encoding: windows-1250` if this is a word of it: 'Łódzki'"
)


@pytest.mark.parametrize(
    ("data", "declared", "error", "hint"),
    [
        (
            GERMAN.encode("cp1252"),
            "",
            "f:2:4: the file is not UTF-8",
            "say `encoding: windows-1252` if this is a word of it: 'Müller'",
        ),
        (
            "number;name;note\n1;Müller;\n2;Ostrów Łódzki;\n".encode("cp1250"),
            "",
            "f:2:4: the file is not UTF-8",
            POLISH,
        ),
        (
            "number;name;note\n1;Müller;Köln\n".encode("cp850"),
            "",
            "f:2:4: the file is not UTF-8",
            "say `encoding: cp850` if this is a word of it: 'Müller'",
        ),
        ("number;name;note\n1;Müller;K".encode() + b"\xf6ln\n", "", "f:2:11: the file is not UTF-8", MOSTLY),
        ("number;name;note\n1;Müller;K".encode("utf-8-sig") + b"\xc3", "", "f:2:11: the file is not UTF-8", MOSTLY),
        (
            GERMAN.encode("utf-16-le"),
            "",
            "f: this is UTF-16 without a byte-order mark",
            "say `encoding: utf-16-le`",
        ),
        (
            GERMAN.encode("utf-16-be"),
            "utf-16",
            "f: this is UTF-16 without a byte-order mark",
            "say `encoding: utf-16-be`",
        ),
        (
            GERMAN.encode(),
            "utf-16",
            "f: this is not UTF-16 with a byte-order mark",
            "leave `encoding` out, or say `encoding: utf-16-le` if it is that",
        ),
        (
            GERMAN.encode("utf-8-sig"),
            "windows-1252",
            "f: its byte-order mark says utf-8, and not windows-1252",
            "leave `encoding` out",
        ),
        (
            GERMAN.encode("utf-16"),
            "utf-16-be",
            "f: its byte-order mark says utf-16-le, and not utf-16-be",
            "leave `encoding` out",
        ),
        (
            GERMAN.encode(),
            "windows-1252",
            "f:2:4: the file is UTF-8, and not windows-1252, in which 'Müller' would be 'MÃ¼ller'",
            "leave `encoding` out",
        ),
        (b"number;name;note\r\n1;a\x81;\xe4\r\n", "windows-1252", "f:2:4: the file is not windows-1252", CUT_OFF),
        (
            b"number;name;note\r\n1;a\x80;\xe4\r\n",
            "iso-8859-1",
            "f:2:4: the file is not iso-8859-1",
            "is it `encoding: windows-1252`?",
        ),
        ("number;name;note\r\n1;ab".encode("utf-16")[:-1], "", "f:2:4: the file is not utf-16", CUT_OFF),
        (
            b"number;name;note\n1;a\0b;\n",
            "",
            "f:2:4: a NUL character",
            "a text file has none; was it cut off, or is it of another format?",
        ),
        (GERMAN.encode(), "windows-1251", "f: unknown encoding 'windows-1251'", "did you mean 'windows-1252'?"),
        (GERMAN.encode(), "idna", "f: unknown encoding 'idna'", f"valid here: {', '.join(ENCODINGS)}"),
        (GERMAN.encode(), "../x", "f: unknown encoding '../x'", f"valid here: {', '.join(ENCODINGS)}"),
    ],
)
def test_bytes_that_are_not_as_they_should_be_are_refused_with_their_place(
    opened: Callable[..., TextTable], data: bytes, declared: str, error: str, hint: str
) -> None:
    assert refusal(lambda: opened(data, declared)) == f"{error}\n  hint: {hint}"


@given(st.text(st.characters(codec="cp1252", exclude_characters="\0"), max_size=40), st.sampled_from(ENCODINGS))
@settings(deadline=None)
def test_a_text_comes_through_every_encoding_unchanged(folder: Path, text: str, encoding: str) -> None:
    file = folder / "any"
    whole = "number;name;note\n" + text.encode(encoding, "replace").decode(encoding)
    file.write_bytes(whole.encode(encoding))
    try:
        table = open_text(file, "f", folder, is_heading, encoding=encoding)
    except InvalidInputError as error:
        if "UTF-8, and not" in str(error):
            assert file.read_bytes().decode()
        else:
            assert encoding.startswith("iso") and any("\x80" <= char < "\xa0" for char in whole)
    else:
        assert table.path.read_bytes().decode("utf-8-sig") == whole


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize(("declared", "codec"), [("windows-1252", "cp1252"), ("", "utf-8")])
def test_a_fault_is_found_far_down_at_the_border_of_two_pieces(
    opened: Callable[..., TextTable], monkeypatch: pytest.MonkeyPatch, shift: int, declared: str, codec: str
) -> None:
    monkeypatch.setattr(encodings, "_PIECE", 997)
    head = f"number;name;note\r\n1;{'x' * shift};\r\n"
    data = head.encode(codec) + "1;ü;\r\n".encode(codec) * 10_000 + b"2;abc\x81\n"
    with pytest.raises(InvalidInputError) as refused:
        opened(data, declared)
    assert str(refused.value).startswith("f:10003:6: ")


def test_every_name_of_an_encoding_is_known_by_what_it_means() -> None:
    assert [known_encoding(name) for name in ENCODINGS] == list(ENCODINGS)
    assert known_encoding("utf_8_sig") == "utf-8"
    assert known_encoding("ascii") == ""


# The heading and the delimiter


@pytest.mark.parametrize(
    ("text", "delimiter", "first_line"),
    [
        ("number,name,note\n1,a,b\n", ",", 1),
        ("number;name;note\n1;a,b;c,d,e\n", ";", 1),
        ("number\tname\tnote\n1\ta\tb\n", "\t", 1),
        ("number|name|note\n1|a|b\n", "|", 1),
        ('"number";"name";"note"\n1;"a\nb";c\n', ";", 1),
        ("sep=;\nnumber;name;note\n1;a;b\n", ";", 2),
        ('"sep=^"\r\nnumber^name^note\r\n1^a^b\r\n', "^", 2),
        ("SEP=\t\nnumber\tname\tnote\n", "\t", 2),
        ("Sales, by customer, 2026\n\nnumber;name;note\n1;a;b\n", ";", 3),
        ('"Report of\n ""all"", of all; really",x\n,,\nnumber,name,note\n1,a,b\n', ",", 4),
        ("\n" * 19 + "number,name,note\n1,a,b\n", ",", 20),
        ('number,"\nname\n",note\n1,a,b\n', ",", 3),
        ('t\n"\nnumber";name;note\r\n1;"a\r\nb";c\r\n', ";", 3),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16"])
def test_the_heading_is_found_among_the_first_rows_with_what_separates_it(
    opened: Callable[..., TextTable], text: str, delimiter: str, first_line: int, encoding: str
) -> None:
    data = text.encode({"windows-1252": "cp1252"}.get(encoding, encoding))
    table = opened(data, encoding if encoding == "windows-1252" else "")
    assert (tuple(title.strip() for title in table.heading), table.delimiter) == (TITLES, delimiter)
    assert table.first_line == first_line
    rows = rows_of(table)
    assert len(rows) == ("1" in text)
    if rows:
        below = Location("f", first_line + 1, 3)
        assert (rows[0][0], read_places(table, [(1, 2)])) == ("1", {(1, 2): below})


def test_a_heading_below_the_twentieth_row_is_not_looked_for(opened: Callable[..., TextTable]) -> None:
    table = opened(b"title\n" + b"\n" * 19 + b"number,name,note\n")
    assert (table.heading, table.first_line) == (("title",), 1)


def test_without_a_heading_the_first_row_that_is_not_blank_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("\n;;\nNo;Kunde;Betrag\n1;Huber;1,50\n2;Moser;2,50\n")
    table = open_text(file, "f", tmp_path, never)
    assert (table.heading, table.delimiter, table.first_line) == (("No", "Kunde", "Betrag"), ";", 3)


def test_a_declared_delimiter_is_used(opened: Callable[..., TextTable]) -> None:
    assert opened(b"number~name~note\n", delimiter="~").delimiter == "~"
    assert opened(b"number\tname\tnote\n", delimiter="tab").delimiter == "\t"
    assert opened(b"sep=;\nnumber,name,note\n", delimiter=",").heading == TITLES
    assert opened(b"number,name,note\n", delimiter=";").heading == ("number,name,note",)


@pytest.mark.parametrize("text", ["", ",,", "a", "1", '"', " ", "\n", "é", ".", "-", "\0"])
def test_what_cannot_separate_cells_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot separate cells"):
        known_delimiter(text)


def test_two_delimiters_that_do_equally_well_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("number;a,b\n1;2,3\n")
    error = refusal(lambda: open_text(tmp_path / "f", "f", tmp_path, lambda cells: "number" in cells[0]))
    assert error == "f:1: the heading may be separated by commas or by semicolons\n  hint: say which: `delimiter: ','`"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "f: the file is empty"),
        (b"\xef\xbb\xbf", "f: the file is empty"),
        (b"\n\r\n;;\n", "f: the file is empty"),
        (b"sep=;\n", "f: the file is empty"),
        (b'number,"name,note\n1,2,3\n', "f:1: a quote in the heading is never closed, or text follows it"),
        (b'"number"x,name,note\n1,2,3\n', "f:1: a quote in the heading is never closed, or text follows it"),
        (b"PK\3\4...", "f: this is an Excel workbook, or a zip, and not a CSV file\n  hint: say `format: xlsx`"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "f: this is an old Excel workbook (.xls), or one with a password,"),
        (b"%PDF-1.7\n", "f: this is a PDF and not a CSV file"),
        (b"SQLite format 3\0", "f: this is an SQLite database and not"),
        (b"PAR1\x15\0", "f: this is a Parquet file and not"),
        (b"\x1f\x8b\x08", "f: this is an archive (gzip) and not"),
        (b'<?xml version="1.0"?><a/>', "f: this is XML and not a CSV file\n  hint: say `format: xml`"),
        ("\ufeff<?xml version='1.0'?>".encode("utf-16-le"), "f: this is XML and not"),
        (b'<Invoice xmlns="urn:x">', "f: this is XML and not"),
        (b"<ubl:Invoice xmlns:ubl='urn:x'>", "f: this is XML and not"),
        (b"\r\n<!DOCTYPE HTML>\n", "f: this is a web page and not a CSV file"),
        (b"<table><tr>", "f: this is a web page and not a CSV file"),
        (b' {"value": []}', "f: this is JSON and not a CSV file\n  hint: say `format: json`"),
        (b'[\n  {"a": 1}]', "f: this is JSON and not"),
        (b"[]", "f: this is JSON and not"),
    ],
)
def test_what_is_no_text_table_is_named(opened: Callable[..., TextTable], data: bytes, error: str) -> None:
    assert refusal(lambda: opened(data)).startswith(error)


def test_a_heading_that_only_looks_like_another_format_is_read(tmp_path: Path) -> None:
    for text in ("<DATE>,<OPEN>\n", "[id],[name]\n", "{id};{name}\n", "PK,Name\n"):
        (tmp_path / "f").write_text(text)
        assert len(open_text(tmp_path / "f", "f", tmp_path, never).heading) == 2


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(lambda: open_text(tmp_path / "f", "f", tmp_path, never)).startswith(
        "f: cannot be read: No such file"
    )
    assert refusal(lambda: peek(tmp_path, "f", tmp_path)).startswith("f: cannot be read: Is a directory")


# The table


def test_rows_of_nothing_but_delimiters_are_rows_of_nothing(opened: Callable[..., TextTable]) -> None:
    table = opened(b"number;name;note\r\n1;a;b\r\n;;\r\n;;\r\n\r\n2;c;d\r\n;;")
    assert rows_of(table) == [("1", "a", "b"), ("", "", ""), ("", "", ""), ("2", "c", "d"), ("", "", "")]
    assert read_places(table, [(4, 1)]) == {(4, 1): Location("f", 6, 2)}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("number;name;note\n1;2;3;\n", "f:2: 4 cells where the heading has 3\n  hint: a cell with a semicolon in it"),
        ("x\n\nnumber;name;note\n1;2\n", "f:4: 2 cells where the heading has 3\n  hint: is a semicolon missing?"),
        ("x\nnumber;name;note\n1;2;3\r\n", "f:3: this row ends in CR LF, the rows above in LF"),
        ('x\nnumber|name|note\n1|"2"x|3\n', "f:3: text after a closing quote in the row that starts here"),
        ('x\nnumber|name|note\n1|2|"3\n', "f:3: a quote in the row that starts here is never closed"),
        ('x\nnumber\tname\tnote\n1\t "2"\t3\n', "f:3: a space before a quote in the row that starts here"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_is_no_table_is_refused_on_the_line_of_the_users_file(
    opened: Callable[..., TextTable], text: str, error: str, encoding: str
) -> None:
    table = opened(text.encode(encoding))
    read = by_database(table.path, 3, table.delimiter)
    assert refusal(lambda: check_table(table, len(read or []))).startswith(error)


def test_rows_that_the_database_lost_are_missed(opened: Callable[..., TextTable]) -> None:
    table = opened(b"number,name,note\n1,2,3\n")
    check_table(table, 1)
    assert refusal(lambda: check_table(table, 0)).startswith("f: this cannot be read as CSV")
    assert refusal(lambda: check_table(table, 2)).startswith("f: this cannot be read as CSV")


CELLS = st.text(st.sampled_from("ab0 ,;|\"'é€\n\r\t=x"), max_size=5)


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "windows-1252"]),
    st.lists(st.sampled_from(["", "title", "a,b;c", '"x\ny"', '5" pipe']), max_size=4),
)
@settings(deadline=None)
@example([["", "", ""]], ";", "utf-8", ["title"])
def test_a_table_is_read_and_found_again_whatever_surrounds_it(
    folder: Path, rows: list[list[str]], delimiter: str, encoding: str, titles: list[str]
) -> None:
    def line(cells: Sequence[str]) -> str:
        return delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\r\n"

    text, expected = "\r\n".join([*titles, line(TITLES)]), []
    for row in rows:
        expected.append(len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")))
        text += line(row)
    file = folder / "any"
    file.write_bytes(text.encode({"windows-1252": "cp1252"}.get(encoding, encoding)))
    declared = encoding if encoding == "windows-1252" else ""
    table = open_text(file, "f", folder, is_heading, encoding=declared)
    assert rows_of(table) == [tuple(row) for row in rows]
    found = read_places(table, [(number, 1) for number in range(1, len(rows) + 1)])
    assert [where.line for where in found.values()] == expected


@given(st.binary(max_size=60), st.sampled_from(["", *ENCODINGS]), st.sampled_from([b"", b"number,name,note\n"]))
@settings(deadline=None, max_examples=300)
@example(b"\xff\xfe\0", "", b"")
@example(b"\xff\xfe\0\xd8", "", b"")
@example(b"\xef\xbb", "", b"")
def test_no_bytes_make_it_crash(folder: Path, data: bytes, encoding: str, before: bytes) -> None:
    file = folder / "any"
    file.write_bytes(before + data)
    try:
        table = open_text(plain(file, "f", folder), "f", folder, is_heading, encoding=encoding)
        assert peek(file, "f", folder, encoding=encoding).encoding == table.encoding
        read = by_database(table.path, table.width, table.delimiter)
        check_table(table, -1 if read is None else len(read))
    except InvalidInputError as error:
        assert all(problem.where.file == "f" and problem.message for problem in error.problems)


# Peeking


def test_peek_shows_the_first_rows_as_they_would_be_read(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(("Kunden, alle\r\n\r\nNr;Name;Saldo\r\n" + "1;Müller;1,50\r\n" * 30).encode("cp1252"))
    seen = peek(file, "f", tmp_path, encoding="windows-1252")
    assert (seen.encoding, seen.delimiter, len(seen.rows)) == ("windows-1252", ";", 20)
    assert seen.rows[:4] == (("Kunden, alle",), (), ("Nr", "Name", "Saldo"), ("1", "Müller", "1,50"))
    file.write_bytes(gzip.compress(b"a\tb\n1\t2\n", mtime=0))
    assert peek(file, "f", tmp_path, rows=1).rows == (("a", "b"),)
    file.write_bytes(b"sep=|\na|b,c,d,e\n")
    assert peek(file, "f", tmp_path).delimiter == "|"
    file.write_bytes(b"")
    assert peek(file, "f", tmp_path).rows == ()


@pytest.mark.parametrize(
    ("path", "delimiter", "columns"),
    [
        ("invoiceninja-import/zoho_invoices.csv", ",", 0),
        ("invoiceninja-import/freshbooks_invoices.csv", ",", 0),
        ("invoiceninja-import/i2g_invoices.csv", ",", 0),
        ("northwind/orders.csv", ",", 14),
        ("sap-bikes/SalesOrders.csv", ",", 0),
        ("datev-extf/EXTF_Buchungsstapel.csv", ";", 0),
    ],
)
def test_real_exports_are_told_apart(tmp_path: Path, path: str, delimiter: str, columns: int) -> None:
    file = shared("data") / path
    try:
        seen = peek(file, path, tmp_path)
    except InvalidInputError as error:
        assert "windows-1252" in str(error)
        seen = peek(file, path, tmp_path, encoding="windows-1252")
    assert seen.delimiter == delimiter
    widest = max(map(len, seen.rows))
    assert widest > 4
    assert widest == (columns or widest)


# Compressed files


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b"a,b\n", mtime=0) + gzip.compress(b"1,2\n", mtime=0),
        zstandard.compress(b"a,b\n1,2\n"),
        zstandard.compress(b"a,b\n") + b"\x50\x2a\x4d\x18\3\0\0\0abc" + zstandard.compress(b"1,2\n"),
        b"\x5f\x2a\x4d\x18\0\0\0\0" + zstandard.compress(b"a,b\n1,2\n"),
        b"a,b\n1,2\n",
    ],
)
def test_a_compressed_file_is_unpacked_whatever_its_name(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f.csv").write_bytes(data)
    path = plain(tmp_path / "f.csv", "f", tmp_path)
    assert path.read_bytes() == b"a,b\n1,2\n"
    assert (path.name == "f.csv") == data.startswith(b"a")
    assert path == tmp_path / "f.csv" or path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_an_archive_that_is_cut_off_or_broken_is_refused_and_leaves_nothing(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    content = random.Random(0).randbytes(5_000)  # noqa: S311 - no secret
    data = pack(content)
    for length in (*range(4, 60), *range(60, len(data), 97), len(data) - 1):
        (tmp_path / "f").write_bytes(data[:length])
        error = refusal(lambda: plain(tmp_path / "f", "f", tmp_path))
        assert "archive is cut off" in error or "archive is broken" in error
    assert [*tmp_path.iterdir()] == [tmp_path / "f"]
    (tmp_path / "f").write_bytes(data + b"junk")
    assert "archive is broken" in refusal(lambda: plain(tmp_path / "f", "f", tmp_path))


def test_a_zstandard_archive_with_a_checksum_is_checked(tmp_path: Path) -> None:
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(b"number,name\n1,Miller\n"))
    packed[-6] ^= 1
    (tmp_path / "f").write_bytes(packed)
    assert "archive is broken" in refusal(lambda: plain(tmp_path / "f", "f", tmp_path))


def test_a_large_export_that_packs_well_is_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "_HARMLESS", 1_000)
    data = "".join(f"INV-{number:07d},Miller,{number % 977}.50\n" for number in range(20_000)).encode()
    for pack in (gzip.compress, zstandard.compress):
        (tmp_path / "f").write_bytes(pack(data))
        assert plain(tmp_path / "f", "f", tmp_path).read_bytes() == data


_UNDER_A_LIMIT = """
import resource, sys
from pathlib import Path
from portalgen.errors import InvalidInputError
from portalgen.exports.textfile import plain
resource.setrlimit(resource.RLIMIT_AS, (600_000_000, 600_000_000))
try:
    plain(Path(sys.argv[1]), "bomb", Path(sys.argv[2]))
except InvalidInputError as error:
    print(error)
"""


@pytest.mark.parametrize("kind", ["gzip", "zstandard", "window"])
def test_a_bomb_is_refused_in_little_memory_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    bomb, copies = tmp_path / "bomb", tmp_path / "copies"
    copies.mkdir()
    zeros = bytes(10_000_000)
    if kind == "gzip":
        packer = zlib.compressobj(9, wbits=31)
        bomb.write_bytes(b"".join([*(packer.compress(zeros) for _ in range(100)), packer.flush()]))
    elif kind == "zstandard":
        bomb.write_bytes(zstandard.compress(bytes(1_000_000_000)))
    else:
        settings_ = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
        packed = io.BytesIO()
        with zstandard.ZstdCompressor(compression_params=settings_).stream_writer(packed, closefd=False) as writer:
            writer.write(b"abc")
        bomb.write_bytes(packed.getvalue())
    command = [sys.executable, "-c", _UNDER_A_LIMIT, str(bomb), str(copies)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = "the Zstandard archive is broken" if kind == "window" else "no export is like that"
    assert expected in done.stdout
    assert list(copies.iterdir()) == []
    assert resource.getrlimit(resource.RLIMIT_AS) != (600_000_000, 600_000_000)


# Grids


def grid(*rows: Sequence[str], unit: str = "row", sources: Sequence[str] = (), start: int = 1) -> Grid:
    return Grid("book", (GridRow(number, row) for number, row in enumerate(rows, start=start)), unit, sources)


def test_a_grid_becomes_a_table_from_its_heading_on(tmp_path: Path) -> None:
    rows = [
        ("Report", "", "", ""),
        (),
        ("Number", "NAME", "note", ""),
        ("1", "Huber"),
        ("", ""),
        ("2", "a\r\nb", 'c,"d"'),
    ]
    table = spool(grid(*rows, ("3", "x", "", "", "")), tmp_path, is_heading)
    assert (table.heading, table.delimiter, table.first_line, table.unit) == (("Number", "NAME", "note"), ",", 3, "row")
    assert rows_of(table) == [("1", "Huber", "", "4"), ("2", "a\r\nb", 'c,"d"', "6"), ("3", "x", "", "7")]
    assert table.path.stat().st_mode & 0o777 == 0o600
    wanted = [(3, 0), (2, 2)]
    assert read_places(table, wanted) == {(3, 0): Location("book", 7, 1), (2, 2): Location("book", 6, 3)}


def test_records_and_files_are_places_as_a_whole(tmp_path: Path) -> None:
    heading, rows = (
        GridRow(0, TITLES),
        [GridRow(1, ("1", "a", "")), GridRow(1, ("", "b", "")), GridRow(2, ("2", "", ""))],
    )
    table = spool(Grid("f.json", [heading, *rows], "record"), tmp_path, is_heading)
    assert read_places(table, [(2, 1), (3, 0)]) == {
        (2, 1): Location("f.json (record 1)"),
        (3, 0): Location("f.json (record 2)"),
    }
    table = spool(Grid("all", [heading, *rows], "file", ("a.xml", "b.xml")), tmp_path, is_heading)
    assert table.sources == ("a.xml", "b.xml")
    assert read_places(table, [(3, 2)]) == {(3, 2): Location("b.xml")}


def test_the_first_cell_stored_as_a_number_is_remembered_by_column(tmp_path: Path) -> None:
    rows = [GridRow(1, TITLES, (2,)), GridRow(2, ("a", "b", "1"), (2,)), GridRow(4, ("1", "b", "2"), (0, 2))]
    table = spool(Grid("book", rows), tmp_path, is_heading)
    assert dict(table.numbers) == {2: 2, 0: 4}


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (("1", "a", "b", "", "x"), "book:21:5: a cell beyond the heading: 'x'"),
        (("1", "a\0"), "book:21:2: this is no text"),
        (("1", "", "\ud800"), "book:21:3: this is no text"),
    ],
)
def test_a_cell_that_has_no_place_in_a_table_is_refused(tmp_path: Path, row: tuple[str, ...], error: str) -> None:
    rows = [TITLES, *[("0", "ä", "")] * 19, row, ("2", "b")]
    assert refusal(lambda: spool(grid(*rows), tmp_path, is_heading)).startswith(error)
    records = grid(*rows, unit="record", start=0)
    assert refusal(lambda: spool(records, tmp_path, is_heading)).startswith("book (record 20): ")


def test_a_grid_of_nothing_is_refused(tmp_path: Path) -> None:
    assert refusal(lambda: spool(grid(), tmp_path, never)).startswith("book: there is nothing in it")
    assert refusal(lambda: spool(grid((), ("", "")), tmp_path, never)).startswith("book: there is nothing in it")
    assert refusal(lambda: spool(grid(*[()] * 20, ("a",)), tmp_path, never)).startswith("book: its first 20 rows")
    assert spool(grid((), ("a", "", "b")), tmp_path, never).heading == ("a", "", "b")


@given(st.lists(st.lists(CELLS, max_size=3), max_size=8))
@settings(deadline=None)
def test_a_grid_is_read_as_it_was_given(folder: Path, rows: list[list[str]]) -> None:
    table = spool(grid(TITLES, *rows), folder, is_heading)
    expected = [(*row, *[""] * (3 - len(row)), str(number)) for number, row in enumerate(rows, start=2) if any(row)]
    assert rows_of(table) == expected


def test_a_report_with_short_rows_is_read_once_they_are_filled_up(opened: Callable[..., TextTable]) -> None:
    text = 'Sales\n\nnumber,name,note\nHuber\n1,"a\nb",c\n\n2,d,,,\nTotal,5\n"Monday, 6 pm"\n'
    table = opened(text.encode("utf-16"))
    assert by_database(table.path, 3) is None
    full = padded(table, table.path.parent)
    assert (full.heading, full.first_line, full.encoding, full.unit) == (TITLES, 3, "utf-16", "row")
    assert rows_of(full) == [
        ("Huber", "", "", "4"),
        ("1", "a\nb", "c", "5"),
        ("2", "d", "", "8"),
        ("Total", "5", "", "9"),
        ("Monday, 6 pm", "", "", "10"),
    ]
    assert read_places(full, [(3, 1)]) == {(3, 1): Location("f", 8, 2)}


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("1,2,3,4", "f:4:4: a cell beyond the heading: '4'"),
        ('1,"2"x', "f:4: text after a closing quote in the row that starts here"),
        ('1,"2', "f:4: a quote in the row that starts here is never closed"),
        ('1, "2"', "f:4: a space before a quote in the row that starts here"),
        ("1,2\r", "f:4: this row ends in CR LF, the rows above in LF"),
    ],
)
def test_short_rows_are_filled_up_only_where_rows_can_be_told(
    opened: Callable[..., TextTable], row: str, error: str
) -> None:
    table = opened(f"x\nnumber,name,note\n1,2,3\n{row}\n".encode())
    assert refusal(lambda: padded(table, table.path.parent)).startswith(error)


def test_a_long_grid_is_not_held_in_memory(tmp_path: Path) -> None:
    def rows() -> Iterator[GridRow]:
        yield GridRow(1, TITLES)
        for number in range(2, 60_002):
            yield GridRow(number, (f"INV-{number}", f"{number:0500}", ""))

    tracemalloc.start()
    table = spool(Grid("book", rows()), tmp_path, is_heading)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table.path.stat().st_size > 30_000_000
    assert most < 15_000_000
    assert len(rows_of(table)) == 60_000


def test_where_no_row_is_the_heading_the_first_full_one_is_taken_for_it(
    opened: Callable[..., TextTable],
) -> None:
    """So that what is missing is told of the heading, and not of the title above it."""
    table = opened(b"Sales of May,,,\n,,,\nNo,Name,,Sum\n1,Ants,x,2\n")
    assert (table.heading, table.first_line) == (("No", "Name", "", "Sum"), 3)
