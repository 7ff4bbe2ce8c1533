"""Cells padded to one width are read without the blanks; blanks that nothing explains are left for the checks."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.imports import imported, refused

WIDTHS = (8, 6, 11, 10, 24, 8)
HEADING = ("number", "customer_id", "date", "total", "note", "status")
ROWS = [
    ("INV-1", "C-1", "2026-01-31", "1234.50", "two  words, and more", "Sent"),
    ("INV-12", "C-2", "2026-02-01", "-5.00", "", "Paid"),
    ("INV-123", "C-1", "2026-02-02", "7", " a  b", "Sent"),
]
ENTRY = "{type: invoices, path: i.csv, visible: {status: [Sent, Paid]}}"


def padded(row: tuple[str, ...], *, quote: str = "", right: tuple[int, ...] = (3,)) -> str:
    cells = [
        cell.rjust(width) if index in right else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(row, WIDTHS, strict=True))
    ]
    return ",".join(f"{quote}{cell}{quote}" for cell in cells)


@pytest.mark.parametrize("title", [",".join(HEADING), padded(HEADING, quote='"'), f" {' , '.join(HEADING)} "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_padded_cells_are_read_without_their_blanks(title: str, end: str, tmp_path: Path) -> None:
    text = end.join([title, *(padded(row, quote='"') for row in ROWS), ""])
    read = imported(tmp_path, {"i.csv": text.encode()}, ENTRY)
    found = {each.number: each for each in read.documents}
    assert {number: each.customer_id for number, each in found.items()} == {number: owner for number, owner, *_ in ROWS}
    assert [found[row[0]].total for row in ROWS] == [Decimal(row[3]) for row in ROWS]
    assert [str(found[row[0]].date) for row in ROWS] == [row[2] for row in ROWS]
    assert [found[row[0]].note for row in ROWS] == [row[4] for row in ROWS]
    assert [found[row[0]].status for row in ROWS] == [row[5] for row in ROWS]


def test_lines_in_a_padded_file_find_their_documents(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\nI-10,C-1,2026-01-01\n",
        "l.csv": "number,description,quantity\nI-1 ,a  , 1.0\nI-10,bcd,12.5\n",
    }
    read = imported(tmp_path, files, "{type: invoices, path: i.csv, lines: {path: l.csv}}")
    assert read.lines == {"I-1": ["a"], "I-10": ["bcd"]}


def test_a_mapped_heading_and_a_blank_constant_are_as_good(tmp_path: Path) -> None:
    text = "No    ,Kunde ,Datum     ,Art\nI-1   ,C-1   ,2026-01-01,   \nI-1000,C-2   ,2026-01-01,   \n"
    entry = "{type: invoices, path: i.csv, columns: {number: No, customer_id: Kunde, date: Datum, note: Art}}"
    assert imported(tmp_path, {"i.csv": text}, entry).owners == {"I-1": "C-1", "I-1000": "C-2"}


@pytest.mark.parametrize(
    "rows",
    [
        ["I-1 ,C-1", "I-2,C-1"],
        ["I-1 ,C-1", "I-1,C-2"],
        ["I-1 ,C-1"],
        ["I-1 ,C-1", "I-2 ,C-1"],
        ["I-1 ,C-1", " I-1,C-2"],
        ["I-1,C-1 ", "I-20,C-1"],
        ["I-1 ,C-1", "I-20,C-22"],
        ["I-1 ,C-1", "I-20,"],
    ],
)
def test_a_blank_at_the_end_of_an_id_is_refused_where_nothing_is_padded(rows: list[str], tmp_path: Path) -> None:
    text = "number,customer_id,date\n" + "".join(f"{row},2026-01-01\n" for row in rows)
    said = refused(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv}")
    assert [line for line in said if line.endswith(" is not an id")] != []
    assert "hint: remove the space around it" in said


def test_two_customers_that_differ_in_blanks_are_never_one(tmp_path: Path) -> None:
    customers: dict[str, str | bytes] = {"customers.csv": "id  ,name \nC-1 ,Ants \n C-1,Bees \nC-12,Crows\n"}
    assert "customers.csv:3:1: id: ' C-1' is not an id" in refused(tmp_path, customers)
    customers = {"customers.csv": "id,name\nC-1,Ants\nC-1 ,Ants\n"}
    assert "customers.csv:3:1: id: 'C-1 ' is not an id" in refused(tmp_path, customers)
