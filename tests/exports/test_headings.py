"""Which cells of a file fill which column: by their own names, by mapping, and with a profile by mapping alone."""

from pathlib import Path

import pytest

from portalgen.exports.headings import in_yaml, normal
from tests.imports import imported, refused

PLAIN = "number,customer_id,date\nI-1,C-1,2026-01-01\n"


def one(folder: Path, text: str, keys: str = "") -> dict[str, str]:
    """The cells of the only invoice in i.csv."""
    [invoice] = imported(folder, {"i.csv": text}, f"{{type: invoices, path: i.csv, {keys}}}").documents
    return {name: getattr(invoice, name) for name in ("number", "note", "reference", "branch", "ship_to", "currency")}


@pytest.mark.parametrize("title", ["*InvoiceNo", "INVOICENO", " invoiceno ", "InvoiceNo*", "\u00a0InvoiceNo"])
def test_a_mapped_title_is_found_however_it_is_adorned(title: str, tmp_path: Path) -> None:
    text = f"{title},customer_id,date\nI-1,C-1,2026-01-01\n"
    assert one(tmp_path, text, "columns: {number: InvoiceNo}")["number"] == "I-1"


@pytest.mark.parametrize(
    ("one_title", "other"), [("Due  Date", "due\u202fdate"), ("*No.", "no."), ("\ufeffA", "a"), ("A\nB", "a b")]
)
def test_titles_are_compared_without_stars_case_and_kinds_of_space(one_title: str, other: str) -> None:
    assert normal(one_title) == normal(other)


def test_the_first_alias_that_the_file_has_is_read(tmp_path: Path) -> None:
    text = "number,customer_id,date,Memo,Public Notes\nI-1,C-1,2026-01-01,memo,public\n"
    assert one(tmp_path, text, "ignore: ALL, columns: {note: [Notes, Public Notes, Memo]}")["note"] == "public"
    assert one(tmp_path, text, "ignore: ALL, columns: {note: [Memo, Public Notes]}")["note"] == "memo"


def test_cells_are_joined_without_those_that_are_empty(tmp_path: Path) -> None:
    text = "number,customer_id,date,A,B,C,D\nI-1,C-1,2026-01-01, Pier 4 ,,  ,Cork\n"
    columns = "columns: {ship_to: {join: [A, B, C, D]}, reference: {join: [D, A]}}"
    cells = one(tmp_path, text, columns)
    assert (cells["ship_to"], cells["reference"]) == ("Pier 4\nCork", "Cork Pier 4")


def test_joined_titles_that_are_not_there_are_left_out_unless_all_are_missing(tmp_path: Path) -> None:
    text = "number,customer_id,date,A\nI-1,C-1,2026-01-01,x\n"
    assert one(tmp_path, text, "columns: {ship_to: {join: [A, Z]}}")["ship_to"] == "x"
    said = refused(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv, columns: {ship_to: {join: [Y, Z]}}}")
    assert "i.csv has no column 'Y'" in said[-2] + said[0]


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        ("5,4", "5"),
        ("0,4", "4"),
        ("-0.00,4", "4"),
        ("0.,4", "4"),
        (",4", "4"),
        ("  ,4", "4"),
        ("0,0", "0"),
        ("0.01,4", "0.01"),
        ("0,", ""),
    ],
)
def test_row_by_row_the_first_cell_is_read_that_is_neither_blank_nor_zero(
    cells: str, read: str, tmp_path: Path
) -> None:
    text = f"number,customer_id,date,Foreign,Local\nI-1,C-1,2026-01-01,{cells}\n"
    assert one(tmp_path, text, "columns: {reference: {first: [Foreign, Local]}}")["reference"].strip() == read


def test_of_headings_read_row_by_row_one_may_be_missing(tmp_path: Path) -> None:
    text = "number,customer_id,date,Local\nI-1,C-1,2026-01-01,4\n"
    assert one(tmp_path, text, "columns: {reference: {first: [Foreign, Local]}}")["reference"] == "4"


def test_constants_fill_columns_that_a_file_does_not_have_and_cells_that_are_empty(tmp_path: Path) -> None:
    assert one(tmp_path, PLAIN, "values: {currency: USD, branch: North}")["branch"] == "North"
    text = "number,customer_id,date,branch\nI-1,C-1,2026-01-01,\n"
    assert one(tmp_path, text, "values: {branch: North}")["branch"] == "North"
    assert one(tmp_path, text.replace("01,\n", "01,South\n"), "values: {branch: North}")["branch"] == "South"


def test_a_constant_may_stand_for_a_column_that_must_be_there(tmp_path: Path) -> None:
    text = "number,date\nI-1,2026-01-01\n"
    assert one(tmp_path, text, "values: {customer_id: C-1}")["number"] == "I-1"


PROFILE = """\
name: ours
title: Ours
about: Ours.
defaults: {ignore: ALL}
types:
  invoices:
    columns: {number: No, customer_id: Customer, date: Day}
"""


def test_with_a_profile_nothing_is_read_that_is_not_mapped(tmp_path: Path) -> None:
    """Not even a column that is called by a canonical name."""
    text = "No,Customer,Day,note,reference\nI-1,C-1,2026-01-01,bad payer,secret\n"
    files: dict[str, str | bytes] = {"i.csv": text, "ours.yaml": PROFILE}
    read = imported(tmp_path, files, "{type: invoices, path: i.csv, profile: ours.yaml}")
    [invoice] = read.documents
    assert (invoice.note, invoice.reference) == ("", "")
    assert read.export.dropped == ("note", "reference")
    entry = "{type: invoices, path: i.csv, profile: ours.yaml, columns: {reference: reference}}"
    [invoice] = imported(tmp_path, files, entry).documents
    assert (invoice.note, invoice.reference) == ("", "secret")


def test_an_entry_s_own_word_counts_more_than_its_profile_s(tmp_path: Path) -> None:
    text = "No,Customer,Day,Other No\nI-1,C-1,2026-01-01,X-1\n"
    files: dict[str, str | bytes] = {"i.csv": text, "ours.yaml": PROFILE}
    entry = "{type: invoices, path: i.csv, profile: ours.yaml, columns: {number: Other No}}"
    assert [*imported(tmp_path, files, entry).owners] == ["X-1"]


def test_everything_that_is_neither_read_nor_ignored_is_named(tmp_path: Path) -> None:
    text = PLAIN.replace("date\n", "date,Internal cost\n").replace("01\n", "01,5\n")
    assert refused(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv}") == [
        "i.csv:1:4: unknown column 'Internal cost'",
        "hint: to leave it out: ignore: [Internal cost]",
    ]
    read = imported(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv, ignore: ALL}")
    assert read.export.dropped == ("Internal cost",)


def test_a_title_that_is_read_must_not_be_there_twice(tmp_path: Path) -> None:
    text = "number,customer_id,date,Memo,memo\nI-1,C-1,2026-01-01,a,b\n"
    said = refused(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv, ignore: ALL, columns: {note: Memo}}")
    assert said[0] == "i.csv:1:5: column 'memo' is there twice"
    assert one(tmp_path, text, "ignore: ALL")["note"] == ""


@pytest.mark.parametrize("above", [1, 19])
def test_the_heading_may_stand_below_titles(above: int, tmp_path: Path) -> None:
    read = imported(tmp_path, {"i.csv": "Invoices of 2026\n" * above + PLAIN}, "{type: invoices, path: i.csv}")
    assert ([*read.owners], read.export.left_out) == (["I-1"], {"rows above the heading": above})


def test_below_twenty_rows_no_heading_is_looked_for(tmp_path: Path) -> None:
    assert refused(tmp_path, {"i.csv": "Invoices of 2026\n" * 20 + PLAIN}, "{type: invoices, path: i.csv}") != []


@pytest.mark.parametrize(
    ("title", "written"),
    [("Due Date", "Due Date"), ("Betrag (€)", '"Betrag (€)"'), ("No.", "No."), ("a: b", '"a: b"'), ("x ", '"x "')],
)
def test_titles_in_hints_can_be_pasted(title: str, written: str) -> None:
    assert in_yaml(title) == written
