"""The files of an export: formats by their endings, compressed or not, many by one pattern, one type among others."""

import gzip
import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import zstandard

from portalgen.exports.files import format_of
from tests.imports import imported, refused

TEXT = "number,customer_id,date\nI-1,C-1,2026-01-01\n"
RECORDS = [{"number": "I-1", "customer_id": "C-1", "date": "2026-01-01"}]


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("a.csv", "csv"),
        ("a.TXT", "csv"),
        ("a", "csv"),
        ("a.2026.csv", "csv"),
        ("A.XLSX", "xlsx"),
        ("a.jsonl.gz", "json"),
        ("a.ndjson.zst", "json"),
        ("a.xml", "xml"),
        ("a.PDF", "pdf"),
        ("a.parquet", "parquet"),
        ("a.b.sqlite3", "sqlite"),
        (".gz", "csv"),
    ],
)
def test_the_ending_tells_the_format(name: str, format_: str) -> None:
    assert format_of(Path(name)) == format_


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("i.csv", TEXT.encode()),
        ("i.tsv", TEXT.replace(",", "\t").encode()),
        ("i.csv.gz", gzip.compress(TEXT.encode(), mtime=0)),
        ("i.csv.zst", zstandard.compress(TEXT.encode())),
        ("i.json", json.dumps(RECORDS).encode()),
        ("i.jsonl", "".join(f"{json.dumps(record)}\n" for record in RECORDS).encode()),
        ("i.json.gz", gzip.compress(json.dumps({"value": RECORDS}).encode(), mtime=0)),
    ],
)
def test_a_file_of_any_format_is_read(name: str, data: bytes, tmp_path: Path) -> None:
    assert [*imported(tmp_path, {name: data}, f"{{type: invoices, path: {name}}}").owners] == ["I-1"]


def test_a_declared_format_counts_more_than_the_ending(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.txt": json.dumps(RECORDS)}
    assert [*imported(tmp_path, files, "{type: invoices, path: i.txt, format: json}").owners] == ["I-1"]


def test_a_workbook_that_is_called_csv_is_named_as_what_it_is(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "i.csv")
    said = refused(tmp_path, {"x.csv": ""}, "{type: invoices, path: i.csv}")
    assert "workbook" in said[0].lower()
    assert "format: xlsx" in said[1]


def test_many_files_of_several_formats_are_one_export(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "in/1.csv": TEXT,
        "in/2.json": json.dumps(RECORDS).replace("I-1", "I-2"),
        "in/3.csv.gz": b"",
    }
    (tmp_path / "in").mkdir()
    files["in/3.csv.gz"] = gzip.compress(TEXT.replace("I-1", "I-3").encode())
    read = imported(tmp_path, files, "{type: invoices, path: 'in/*'}")
    assert [*read.owners] == ["I-1", "I-2", "I-3"]
    assert read.export.files == ("in/1.csv", "in/2.json", "in/3.csv.gz")


def test_a_table_of_a_database_is_read(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "erp.db") as database:
        database.execute("CREATE TABLE invoices (number TEXT, customer_id TEXT, date TEXT)")
        database.execute("CREATE TABLE other (x TEXT)")
        database.execute("INSERT INTO invoices VALUES ('I-1', 'C-1', '2026-01-01')")
    database.close()
    assert [*imported(tmp_path, {}, "{type: invoices, path: erp.db, sheet: invoices}").owners] == ["I-1"]


def test_documents_and_lines_may_be_two_sheets_of_one_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    documents, lines = book.active, book.create_sheet("items")
    assert documents is not None
    documents.title = "invoices"
    documents.append(["number", "customer_id", "date"])
    documents.append([1001, "C-1", "2026-01-01"])
    lines.append(["number", "description"])
    lines.append([1001, "a"])
    lines.append([1001, "b"])
    book.save(tmp_path / "i.xlsx")
    read = imported(tmp_path, {}, "{type: invoices, path: i.xlsx, sheet: invoices, lines: {sheet: items}}")
    assert read.lines == {"1001": ["a", "b"]}
    flagged = [text.split("\n")[0] for text in read.warnings]
    assert flagged == [
        "i.xlsx [invoices]:2:1: number: stored as numbers in the workbook, which keep no leading zeros",
        "i.xlsx [items]:2:1: number: stored as numbers in the workbook, which keep no leading zeros",
    ]


@pytest.mark.parametrize(("number", "row"), [(2520018000000073035, 3), (1234567890123456, 3), (123456789012345, 0)])
def test_an_id_of_more_digits_than_a_workbook_keeps_is_refused(number: int, row: int, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (["number", "customer_id", "date", "total"], ["I-1", "C-1", "2026-01-01", 1234567890.25]):
        sheet.append(cells)
    sheet.append([number, "C-1", "2026-01-01", 2])
    sheet.append(["2520018000000073036", "C-1", "2026-01-01", 3])
    book.save(tmp_path / "i.xlsx")
    said = refused(tmp_path, {}, "{type: invoices, path: i.xlsx}")
    message = "number: more than 15 digits, stored as a number in the workbook, which lost the rest"
    assert said[:1] == ([f"i.xlsx:{row}:1: {message}"] if row else [])


def test_a_heading_below_the_first_twenty_rows_is_said_not_to_be_looked_for(tmp_path: Path) -> None:
    entry = "{type: invoices, path: i.csv, ignore: ALL}"
    assert [*imported(tmp_path, {"i.csv": "Report,,\n" * 19 + TEXT}, entry).owners] == ["I-1"]
    said = refused(tmp_path, {"i.csv": "Report,,\n" * 20 + TEXT}, entry)
    told = [line for line in said if "first 20 rows" in line]
    assert told == ["hint: say which one it is: columns: {number: ...}; the heading must be among the first 20 rows"]


UBL = """<?xml version="1.0"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-01-01</cbc:IssueDate>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingCustomerParty><cac:Party><cac:PartyIdentification><cbc:ID>C-1</cbc:ID></cac:PartyIdentification>
<cac:PartyName><cbc:Name>Ants</cbc:Name></cac:PartyName></cac:Party></cac:AccountingCustomerParty>
<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="EUR">12.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
</{root}>
"""


def e_invoices() -> dict[str, str | bytes]:
    return {
        "in/1.xml": UBL.format(root="Invoice", number="I-1"),
        "in/2.xml": UBL.format(root="CreditNote", number="N-1"),
    }


def test_e_invoices_of_another_type_in_the_folder_are_left_out_and_named(tmp_path: Path) -> None:
    read = imported(tmp_path, e_invoices(), "{type: invoices, path: 'in/*.xml', profile: ubl}")
    assert ([*read.owners], read.export.others) == (["I-1"], ("in/2.xml",))
    read = imported(tmp_path, e_invoices(), "{type: credit_notes, path: 'in/*.xml', profile: ubl}")
    assert ([*read.owners], read.export.others) == (["N-1"], ("in/1.xml",))


def test_an_e_invoice_may_be_compressed(tmp_path: Path) -> None:
    data = gzip.compress(UBL.format(root="Invoice", number="I-1").encode())
    read = imported(tmp_path, {"i.xml.gz": data}, "{type: invoices, path: i.xml.gz, profile: ubl}")
    assert [*read.owners] == ["I-1"]


def test_a_broken_e_invoice_stops_all_or_is_held_back(tmp_path: Path) -> None:
    files = e_invoices() | {"in/3.xml": "<Invoice"}
    assert refused(tmp_path, files, "{type: invoices, path: 'in/*.xml', profile: ubl}")[0].startswith("in/3.xml")
    read = imported(tmp_path, files, "{type: invoices, path: 'in/*.xml', profile: ubl, on_error: quarantine}")
    assert ([*read.owners], read.export.held_back) == (["I-1"], 1)
    assert [number for number, _ in read.held_back] == ["in/3.xml"]


@pytest.mark.parametrize("root", ["Invoice", "CreditNote"])
def test_a_broken_e_invoice_holds_back_the_document_of_its_number_and_type(root: str, tmp_path: Path) -> None:
    broken = UBL.format(root=root, number="I-1").replace("2026-01-01", "soon")
    files = e_invoices() | {"in/0.xml": UBL.format(root="Invoice", number="I-2"), "in/3.xml": broken}
    read = imported(tmp_path, files, "{type: invoices, path: 'in/*.xml', profile: ubl, on_error: quarantine}")
    assert sorted(read.owners) == (["I-2"] if root == "Invoice" else ["I-1", "I-2"])
    assert [number for number, _ in read.held_back] == ["in/3.xml"]


def test_a_pattern_that_matches_nothing_is_refused_where_it_stands(tmp_path: Path) -> None:
    said = refused(tmp_path, {}, "{type: invoices, path: 'in/*.csv'}")
    assert said[0].endswith("no file matches 'in/*.csv'")


def invoice(total: int) -> str:
    return f"number,customer_id,date,total\nI-1,C-1,2026-01-01,{total}\n"


INCREMENTAL = "{{type: invoices, path: '{}', export: incremental}}"


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("i-9.csv", "i-10.csv"),
        ("i-09.csv", "i-10.csv"),
        ("i-2026-1-31.csv", "i-2026-02-01.csv"),
        ("i-20260131.csv", "i-20260201.csv"),
        ("i.csv", "i-1.csv"),
        ("i.csv", "i (2).csv"),
        ("I-1.csv", "i-2.csv"),
        ("i-2.csv", "i-3.csv.gz"),
        ("9/i.csv", "10/i.csv"),
        ("i-1/9.csv", "i-2/1.csv"),
    ],
)
def test_the_file_with_the_highest_number_is_the_newest(older: str, newer: str, tmp_path: Path) -> None:
    for name, total in {newer: 2, older: 1}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        data = invoice(total).encode()
        (tmp_path / name).write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    path = "*/*.csv" if "/" in older else "[iI]*"
    read = imported(tmp_path, {}, INCREMENTAL.format(path))
    assert read.export.files == (older, newer)
    assert [each.total for each in read.documents] == [Decimal(2)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("i-feb.csv", "i-jan.csv"),
        ("i-new.csv", "i-old.csv"),
        ("i.csv", "i-new.csv"),
        ("i-01.csv", "i-1.csv"),
        ("i-1.csv", "i-1.csv.gz"),
        ("i-01-02-2026.csv", "i-31-01-2026.csv"),
        ("i1-feb-2.csv", "i1-jan-3.csv"),
    ],
)
def test_incremental_files_whose_names_do_not_tell_the_newer_one_are_refused(
    one: str, other: str, tmp_path: Path
) -> None:
    for name in (one, other):
        data = invoice(1).encode()
        (tmp_path / name).write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    said = refused(tmp_path, {}, INCREMENTAL.format("i*"))
    assert said[0].endswith(f"incremental files: nobody can tell which of '{one}' and '{other}' is newer")
    assert refused(tmp_path, {}, "{type: invoices, path: 'i*'}") == []


def test_plain_text_called_compressed_is_read_as_what_it_is(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv.gz": TEXT.encode()}
    assert [*imported(tmp_path, files, "{type: invoices, path: i.csv.gz}").owners] == ["I-1"]


def test_an_e_invoice_has_no_newer_one(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.xml": b"<Invoice/>"}
    entry = "{type: invoices, path: i.xml, profile: ubl, export: incremental}"
    [said, hint] = refused(tmp_path, files, entry)
    assert "an e-invoice is a file of its own" in said
    assert "leave out `export: incremental`" in hint
