"""Numbers that a file holds as numbers: the marks that texts beside them have before the decimals mean nothing."""

import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.exports import xlsx
from tests.imports import imported, refused

HEADING = ("number", "customer_id", "date", "total", "quantity")
ROWS: list[tuple[str | float, ...]] = [
    ("I-1", "C-1", "2026-01-01", "1.234,56", 1.125),
    ("I-2", "C-1", "2026-01-01", "10,50", 12.5),
]
QUANTITIES = [Decimal("1.125"), Decimal("12.5")]


def as_json(file: Path) -> str:
    file.write_text(json.dumps([dict(zip(HEADING, row, strict=True)) for row in ROWS]))
    return "layout: repeat"


def as_xlsx(file: Path) -> str:
    rows = [
        f'<row r="{n}">{"".join(xlsx.cell(value) for value in row)}</row>'
        for n, row in enumerate([HEADING, *ROWS], start=1)
    ]
    xlsx.write(file, xlsx.sheet_of("".join(rows)))
    return "layout: repeat"


def as_sqlite(file: Path) -> str:
    with sqlite3.connect(file) as database:
        database.execute(f"CREATE TABLE i ({', '.join(HEADING)})")
        database.executemany("INSERT INTO i VALUES (?, ?, ?, ?, ?)", ROWS)
    database.close()
    return "layout: repeat"


def as_parquet(file: Path, type_: str = "DOUBLE") -> str:
    values = ", ".join(f"('{row[0]}', 'C-1', DATE '2026-01-01', '{row[3]}', {row[4]}::{type_})" for row in ROWS)
    rows = f"SELECT * FROM (VALUES {values}) t({', '.join(HEADING)})"  # noqa: S608
    duckdb.sql(f"COPY ({rows}) TO '{file}' (FORMAT parquet)")
    return "layout: repeat"


def as_parquet_decimal(file: Path) -> str:
    return as_parquet(file, "DECIMAL(9, 3)")


WRITERS = [
    (as_json, "i.json"),
    (as_xlsx, "i.xlsx"),
    (as_sqlite, "i.db"),
    (as_parquet, "i.parquet"),
    (as_parquet_decimal, "i.parquet"),
]


@pytest.mark.parametrize("decimal", [",", "prove"])
@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_a_stored_number_has_a_point_whatever_stands_before_the_decimals_of_texts(
    write: object, name: str, decimal: str, tmp_path: Path
) -> None:
    assert callable(write)
    layout = write(tmp_path / name)
    entry = f"{{type: invoices, path: {name}, {layout}, decimal: '{decimal}', lines: {{}}}}"
    found = imported(tmp_path, {}, entry)
    assert [each.total for each in found.documents] == [Decimal("1234.56"), Decimal("10.5")]
    assert [line.quantity for each in found.documents for line in each.lines] == QUANTITIES


@pytest.mark.parametrize(("decimal", "discount"), [("", ""), (", decimal: ','", ""), (", decimal: '.'", "fraction")])
def test_a_percentage_of_a_workbook_is_what_the_workbook_shows(decimal: str, discount: str, tmp_path: Path) -> None:
    heading = "".join(map(xlsx.cell, ("number", "customer_id", "date", "tax_rate", "discount")))
    texts = "".join(map(xlsx.cell, ("I-1", "C-1", "2026-01-01")))
    percentages = '<c s="1"><v>0.2</v></c><c s="2"><v>0.125</v></c>'
    rows = f'<row r="1">{heading}</row><row r="2">{texts}{percentages}</row>'
    xlsx.write(tmp_path / "i.xlsx", xlsx.sheet_of(rows), formats={9: "", 164: "0.0%"})
    kind = f"{{discount: {discount or 'percent'}}}"
    found = imported(tmp_path, {}, f"{{type: invoices, path: i.xlsx, layout: repeat{decimal}, lines: {kind}}}")
    [line] = found.documents[0].lines
    assert (line.tax_rate, line.discount) == (Decimal(20), Decimal("12.5"))


def test_a_percentage_of_a_workbook_is_no_amount(tmp_path: Path) -> None:
    heading = "".join(map(xlsx.cell, ("number", "customer_id", "date", "total")))
    row = "".join(map(xlsx.cell, ("I-1", "C-1", "2026-01-01"))) + '<c s="1"><v>0.2</v></c>'
    rows = f'<row r="1">{heading}</row><row r="2">{row}</row>'
    xlsx.write(tmp_path / "i.xlsx", xlsx.sheet_of(rows), formats={9: ""})
    assert "total: '20%' is not a number" in refused(tmp_path, {}, "{type: invoices, path: i.xlsx}")[0]


def test_stored_numbers_prove_nothing_of_how_texts_are_written(tmp_path: Path) -> None:
    records = [
        {"number": "I-1", "customer_id": "C-1", "date": "2026-01-01", "total": "1,234", "net": 1.5},
    ]
    entry = "{type: invoices, path: i.json, decimal: prove}"
    assert "every one can be read in two ways" in refused(tmp_path, {"i.json": json.dumps(records)}, entry)[0]


def test_a_message_shows_a_stored_number_as_the_file_has_it(tmp_path: Path) -> None:
    records = [{"number": "C-9", "customer_id": "C-1", "date": "2026-01-01", "total": -12.5}]
    entry = "{type: credit_notes, path: i.json, decimal: prove}"
    said = refused(tmp_path, {"i.json": json.dumps(records)}, entry)[0]
    assert "total: '-12.5' makes a credit note negative" in said


def test_a_text_that_looks_like_the_mark_of_a_stored_number_names_no_other_customer(tmp_path: Path) -> None:
    records = [{"number": "I-1", "customer_id": "\ufdd0C-1", "date": "2026-01-01", "total": 1.5}]
    entry = "{type: invoices, path: i.json, decimal: prove}"
    assert "is not in customers.csv" in refused(tmp_path, {"i.json": json.dumps(records)}, entry)[0]


def test_a_decimal_of_more_places_than_six_is_read_where_zeros_alone_follow(tmp_path: Path) -> None:
    as_parquet(tmp_path / "i.parquet", "DECIMAL(18, 8)")
    found = imported(tmp_path, {}, "{type: invoices, path: i.parquet, layout: repeat, decimal: ',', lines: {}}")
    assert [line.quantity for each in found.documents for line in each.lines] == QUANTITIES


ALLOWED = "{type: customers, path: customers.csv, similar_ids: allow}"


def owned_by(folder: Path, customer: str | float, ids: tuple[str, ...], policy: str = "") -> list[str]:
    """What is wrong with an invoice in a workbook for this customer, where `ids` are there and may look alike."""
    cells = [("number", "customer_id", "date"), ("I-1", customer, "2026-01-01")]
    rows = [f'<row r="{n}">{"".join(map(xlsx.cell, row))}</row>' for n, row in enumerate(cells, start=1)]
    xlsx.write(folder / "i.xlsx", xlsx.sheet_of("".join(rows)))
    customers = "id,name\n" + "".join(f"{id_},x\n" for id_ in ids)
    return refused(folder, {"customers.csv": customers}, f"{{type: invoices, path: i.xlsx{policy}}}", customers=ALLOWED)


def test_a_number_that_may_have_lost_the_zeros_of_another_id_is_refused(tmp_path: Path) -> None:
    assert owned_by(tmp_path, 12, ("12", "0012")) == [
        "i.xlsx:2:2: customer_id: '12' is stored as a number, and another id differs from it in leading zeros alone",
        "hint: format the column as text where it is written, so that it keeps its zeros",
    ]


@pytest.mark.parametrize(("customer", "ids"), [("12", ("12", "0012")), (12, ("12", "0013")), (12, ("12", "120"))])
def test_an_id_that_has_lost_no_zeros_of_another_is_read(
    customer: str | float, ids: tuple[str, ...], tmp_path: Path
) -> None:
    assert owned_by(tmp_path, customer, ids) == []


def test_a_document_of_either_of_two_customers_is_held_back_in_a_quarantine(tmp_path: Path) -> None:
    assert owned_by(tmp_path, 12, ("12", "0012"), ", on_error: quarantine") == []


def test_lines_of_either_of_two_documents_are_refused_in_a_quarantine_as_well(tmp_path: Path) -> None:
    cells: list[tuple[str | float, ...]] = [("number", "description"), (12, "a")]
    rows = [f'<row r="{n}">{"".join(map(xlsx.cell, row))}</row>' for n, row in enumerate(cells, start=1)]
    xlsx.write(tmp_path / "l.xlsx", xlsx.sheet_of("".join(rows)))
    files: dict[str, str | bytes] = {"i.csv": "number,customer_id,date\n12,C-1,2026-01-01\n0012,C-2,2026-01-01\n"}
    entry = "{type: invoices, path: i.csv, lines: l.xlsx, similar_ids: allow, on_error: quarantine}"
    said = refused(tmp_path, files, entry)
    assert said[0].startswith("l.xlsx:2:1: number: '12' is stored as a number, and another number differs from it")


def test_a_whole_number_of_json_with_an_exponent_is_a_number(tmp_path: Path) -> None:
    text = '[{"number": "I-1", "customer_id": "C-1", "date": "2026-01-01", "total": 1e2, "net": 12.5E1, "tax": 0e3}]'
    [document] = imported(tmp_path, {"i.json": text}, "{type: invoices, path: i.json}").documents
    assert (document.total, document.net, document.tax) == (Decimal(100), Decimal(125), Decimal(0))


def erroneous(folder: Path, columns: str) -> list[str]:
    """What is wrong with an invoice in a workbook, with an error as its cost and one as its note."""
    rows = [
        "".join(map(xlsx.cell, ("number", "customer_id", "date", "Cost", "note"))),
        "".join(map(xlsx.cell, ("I-1", "C-1", "2026-01-01"))) + '<c t="e"><v>#N/A</v></c><c><f>x()</f></c>',
    ]
    xlsx.write(folder / "i.xlsx", xlsx.sheet_of("".join(f'<row r="{n}">{row}</row>' for n, row in enumerate(rows, 1))))
    return refused(folder, {}, f"{{type: invoices, path: i.xlsx, {columns}}}")


def test_an_error_in_a_column_that_nobody_reads_is_no_matter(tmp_path: Path) -> None:
    assert erroneous(tmp_path, "ignore: [Cost, note]") == []


def test_an_error_in_a_column_that_is_read_is_refused(tmp_path: Path) -> None:
    assert erroneous(tmp_path, "columns: {total: Cost}, ignore: ALL") == [
        "i.xlsx:2:4: an error in place of a value: '#N/A'",
        "hint: mend its formula and save the workbook",
        "i.xlsx:2:5: a formula whose result was not stored",
        "hint: open the workbook in a spreadsheet program and save it",
    ]
    assert len(erroneous(tmp_path, "rows: {Cost: [x]}, ignore: [Cost, note]")) == 2
