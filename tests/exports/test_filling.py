"""What reading tells besides the book: how much was read, shown and left out, for each entry."""

from decimal import Decimal
from pathlib import Path

from portalgen.definitions import load
from portalgen.exports.reader import read_exports
from tests.books import write
from tests.imports import imported

INVOICES = "number,customer_id,date,status\nI-1,C-1,2026-01-01,Open\nI-2,C-2,2026-01-01,Draft\n"


def test_each_of_two_entries_of_a_type_counts_its_own(tmp_path: Path) -> None:
    files = {"more.csv": "id,name\nC-3,Cows\n", "i.csv": INVOICES, "j.csv": INVOICES.replace("I-", "J-")}
    entries = [
        *("{type: customers, path: customers.csv}", "{type: customers, path: more.csv}"),
        *("{type: invoices, path: i.csv}", "{type: invoices, path: j.csv, visible: {status: [Open, Draft]}}"),
    ]
    with read_exports(load(write(tmp_path, files, f"[{', '.join(entries)}]"))) as book:
        counts = [(each.files, each.rows, each.shown, dict(each.left_out)) for each in book.report.exports]
    assert counts == [
        (("customers.csv",), 2, 2, {}),
        (("more.csv",), 1, 1, {}),
        (("i.csv",), 2, 1, {"hidden by status": 1}),
        (("j.csv",), 2, 2, {}),
    ]


def test_rows_of_documents_and_lines_are_counted_together(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": INVOICES, "l.csv": "number,description\nI-1,a\nI-1,b\nI-2,c\n"}
    export = imported(tmp_path, files, "{type: invoices, path: i.csv, lines: {path: l.csv}}").export
    assert (export.rows, export.shown) == (5, 1)


def test_lines_keep_the_order_of_their_files(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": INVOICES,
        "l1.csv": "number,description\nI-1,a\nI-2,x\nI-1,b\n",
        "l2.csv": "number,description\nI-1,c\n",
    }
    read = imported(tmp_path, files, "{type: invoices, path: i.csv, lines: {path: 'l?.csv'}}")
    assert read.lines == {"I-1": ["a", "b", "c"]}


def test_amounts_are_exact_to_the_last_decimal(tmp_path: Path) -> None:
    text = "number,customer_id,date,total\nI-1,C-1,2026-01-01,999999999999999.999999\n"
    [invoice] = imported(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv}").documents
    assert invoice.total == Decimal("999999999999999.999999")


def test_an_apostrophe_against_formulas_is_taken_off_texts_and_no_others(tmp_path: Path) -> None:
    text = "number,customer_id,date,note,reference\nI-1,C-1,2026-01-01,'=1+1,'90s music\n"
    [invoice] = imported(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv}").documents
    assert (invoice.note, invoice.reference) == ("=1+1", "'90s music")
