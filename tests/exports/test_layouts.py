"""Rows -> documents and their lines: in no layout is a line lent to a document that it does not belong to."""

import json
from pathlib import Path

import pytest

from portalgen.errors import InvalidInputError
from portalgen.exports.report import LeftOutValue
from tests.imports import imported, refused

HEADING = "number,customer_id,date,description,amount\n"
REPEAT = "{type: invoices, path: i.csv, layout: repeat, lines: {}}"
CONTINUATION = "{type: invoices, path: i.csv, layout: continuation, lines: {}}"
NESTED = "{type: invoices, path: i.json, layout: nested, lines: {records: lines}}"
TWO_FILES = "{type: invoices, path: i.csv, lines: {path: l.csv}}"


def nested(*documents: tuple[str, str, list[str]]) -> str:
    """Records of number, customer and lines."""
    return json.dumps(
        [
            {"number": number, "customer_id": owner, "date": "2026-01-01", "lines": [{"description": x} for x in lines]}
            for number, owner, lines in documents
        ]
    )


@pytest.mark.parametrize(
    ("entry", "files"),
    [
        (REPEAT, {"i.csv": HEADING + "I-1,C-1,2026-01-01,a,1\nI-1,C-1,2026-01-01,b,2\nI-2,C-2,2026-01-01,c,3\n"}),
        (CONTINUATION, {"i.csv": HEADING + "I-1,C-1,2026-01-01,a,1\n,,,b,2\nI-2,C-2,2026-01-01,c,3\n"}),
        (NESTED, {"i.json": nested(("I-1", "C-1", ["a", "b"]), ("I-2", "C-2", ["c"]))}),
        (
            TWO_FILES,
            {
                "i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\nI-2,C-2,2026-01-01\n",
                "l.csv": "number,description,amount\nI-1,a,1\nI-1,b,2\nI-2,c,3\n",
            },
        ),
    ],
)
def test_documents_and_lines_come_out_alike_of_every_layout(
    entry: str, files: dict[str, str | bytes], tmp_path: Path
) -> None:
    read = imported(tmp_path, files, entry)
    assert read.lines == {"I-1": ["a", "b"], "I-2": ["c"]}
    assert read.owners == {"I-1": "C-1", "I-2": "C-2"}
    assert (read.export.shown, read.export.left_out) == (2, {})


def test_a_document_may_have_no_lines(tmp_path: Path) -> None:
    assert imported(tmp_path, {"i.csv": HEADING + "I-1,C-1,2026-01-01,,\n"}, REPEAT).lines == {"I-1": []}
    assert imported(tmp_path, {"i.json": nested(("I-1", "C-1", []))}, NESTED).lines == {"I-1": []}
    rows = "I-1,C-1,2026-01-01,,\nI-2,C-1,2026-01-01,,\n,,,a,1\n"
    assert imported(tmp_path, {"i.csv": HEADING + rows}, CONTINUATION).lines == {"I-1": [], "I-2": ["a"]}


# Repeated on every line


def test_a_repeated_document_that_says_two_things_is_named_with_both_lines(tmp_path: Path) -> None:
    rows = "I-1,C-1,2026-01-01,a,1\nI-2,C-1,2026-01-01,x,1\nI-1,C-2,2026-01-05,b,2\n"
    assert refused(tmp_path, {"i.csv": HEADING + rows}, REPEAT) == [
        "i.csv:4:1: number: 'I-1' is there twice, first in i.csv:2",
        "hint: they differ in customer_id, date; keep the right one",
    ]


def test_a_repeated_row_without_a_number_is_nobody_s(tmp_path: Path) -> None:
    rows = "I-1,C-1,2026-01-01,a,1\n,C-2,2026-01-01,secret,1\n,C-2,2026-01-01,secret,2\n"
    assert refused(tmp_path, {"i.csv": HEADING + rows}, REPEAT) == [
        "i.csv:3:1: number: must not be empty",
        "hint: every row needs one; if a document's further lines leave it blank, say: layout: continuation",
    ]


def test_equal_lines_of_one_file_are_two_lines(tmp_path: Path) -> None:
    """Whoever sells the same thing twice writes it twice."""
    rows = "I-1,C-1,2026-01-01,a,1\n" * 2
    assert imported(tmp_path, {"i.csv": HEADING + rows}, REPEAT).lines == {"I-1": ["a", "a"]}


def test_a_repeated_document_whose_rows_are_apart_is_one(tmp_path: Path) -> None:
    rows = "I-1,C-1,2026-01-01,a,1\nI-2,C-2,2026-01-01,x,1\nI-1,C-1,2026-01-01,b,2\n"
    assert imported(tmp_path, {"i.csv": HEADING + rows}, REPEAT).lines == {"I-1": ["a", "b"], "I-2": ["x"]}


# Continued on further rows


@pytest.mark.parametrize("cells", [",C-2,", ",,2026-01-01", ",C-2,2026-01-01"])
def test_a_row_that_fills_a_cell_of_the_document_s_never_lends_its_lines_to_the_one_above(
    cells: str, tmp_path: Path
) -> None:
    rows = f"I-1,C-1,2026-01-01,a,1\n{cells},secret,1\n,,,secret too,1\nI-3,C-2,2026-01-01,c,1\n"
    said = refused(tmp_path, {"i.csv": HEADING + rows}, CONTINUATION)
    assert "i.csv:3:1: number: must not be empty" in said
    assert not any(line.startswith("i.csv:4") for line in said)
    quarantined = CONTINUATION.replace("lines:", "on_error: quarantine, lines:")
    assert imported(tmp_path, {"i.csv": HEADING + rows}, quarantined).lines == {"I-1": ["a"], "I-3": ["c"]}


def test_lines_before_the_first_document_are_nobody_s(tmp_path: Path) -> None:
    rows = ",,,x,1\nI-1,C-1,2026-01-01,a,1\n"
    assert refused(tmp_path, {"i.csv": HEADING + rows}, CONTINUATION)[0] == "i.csv:2:1: number: must not be empty"


def test_lines_at_the_top_of_a_file_do_not_belong_to_the_file_before(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i1.csv": HEADING + "I-1,C-1,2026-01-01,a,1\n",
        "i2.csv": HEADING + ",,,secret,1\nI-2,C-2,2026-01-01,b,1\n",
    }
    entry = "{type: invoices, path: 'i?.csv', layout: continuation, lines: {}}"
    assert refused(tmp_path, files, entry)[0] == "i2.csv:2:1: number: must not be empty"


def test_a_row_with_nothing_in_it_is_counted_and_parts_nothing(tmp_path: Path) -> None:
    read = imported(tmp_path, {"i.csv": HEADING + "I-1,C-1,2026-01-01,a,1\n,,,,\n,,,b,1\n"}, CONTINUATION)
    assert (read.lines, read.export.left_out) == ({"I-1": ["a", "b"]}, {"rows with nothing to read": 1})


def test_a_constant_begins_no_document(tmp_path: Path) -> None:
    """`values` fills every row, those of further lines, too."""
    entry = CONTINUATION.replace("lines:", "values: {currency: USD, branch: North}, lines:")
    read = imported(tmp_path, {"i.csv": HEADING + "I-1,C-1,2026-01-01,a,1\n,,,b,1\n"}, entry)
    assert read.lines == {"I-1": ["a", "b"]}
    assert {(each.currency, each.branch) for each in read.documents} == {("USD", "North")}


# Nested


def test_a_record_without_a_number_never_lends_its_lines_to_the_one_above(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.json": nested(("I-1", "C-1", ["a"]), ("", "C-2", ["secret"]))}
    assert refused(tmp_path, files, NESTED) == [
        "i.json (record 2): number: must not be empty",
        "hint: every row needs one",
    ]
    only_lines = '[{"number": "I-1", "customer_id": "C-1", "date": "2026-01-01"}, {"lines": [{"description": "x"}]}]'
    assert refused(tmp_path, {"i.json": only_lines}, NESTED)[0] == "i.json (record 2): number: must not be empty"


def test_lines_of_records_go_by_their_own_names_under_the_list_s(tmp_path: Path) -> None:
    record = {"number": "I-1", "customer_id": "C-1", "date": "2026-01-01", "note": "n", "items": [{"description": "a"}]}
    entry = NESTED.replace("records: lines", "records: items")
    assert imported(tmp_path, {"i.json": json.dumps([record])}, entry).lines == {"I-1": ["a"]}


# The same document more than once


def pair(layout: str, one: list[str], other: list[str]) -> tuple[dict[str, str | bytes], str]:
    """Two files with the same document, with these lines, and their entry."""
    if layout == "nested":
        files = {"i1.json": nested(("I-1", "C-1", one)), "i2.json": nested(("I-1", "C-1", other))}
        return {**files}, "{type: invoices, path: 'i?.json', layout: nested, lines: {records: lines}}"
    blank = ",," if layout == "continuation" else "I-1,C-1,2026-01-01"
    texts = []
    for lines in (one, other):
        first, *rest = lines
        texts.append("".join([HEADING, f"I-1,C-1,2026-01-01,{first},1\n", *(f"{blank},{x},1\n" for x in rest)]))
    entry = f"{{type: invoices, path: 'i?.csv', layout: {layout}, lines: {{}}}}"
    return {"i1.csv": texts[0], "i2.csv": texts[1]}, entry


@pytest.mark.parametrize("layout", ["repeat", "continuation", "nested"])
def test_a_document_that_two_files_have_alike_is_there_once(layout: str, tmp_path: Path) -> None:
    read = imported(tmp_path, *pair(layout, ["a", "b"], ["a", "b"]))
    assert read.lines == {"I-1": ["a", "b"]}
    assert read.export.left_out == {"documents that are there more than once": 1}


@pytest.mark.parametrize("layout", ["repeat", "continuation", "nested"])
@pytest.mark.parametrize("other", [["b"], ["a", "b"], ["a", "a"]])
def test_lines_of_one_document_in_two_files_are_never_put_together(
    layout: str, other: list[str], tmp_path: Path
) -> None:
    first, hint = refused(tmp_path, *pair(layout, ["a"], other))
    assert first.startswith("i2.")
    assert "number: 'I-1' is there twice, first in i1." in first
    assert hint == "hint: they differ in their lines; keep the right one"


@pytest.mark.parametrize("layout", ["repeat", "continuation", "nested"])
def test_of_incremental_files_the_last_one_s_document_counts_with_its_lines(layout: str, tmp_path: Path) -> None:
    files, entry = pair(layout, ["a", "b"], ["c"])
    read = imported(tmp_path, files, entry.replace("lines:", "export: incremental, lines:"))
    assert read.lines == {"I-1": ["c"]}


def test_a_record_that_is_there_twice_is_there_once(tmp_path: Path) -> None:
    """Pages of an API overlap."""
    twice: dict[str, str | bytes] = {"i.json": nested(("I-1", "C-1", ["a", "b"]), ("I-1", "C-1", ["a", "b"]))}
    assert imported(tmp_path, twice, NESTED).lines == {"I-1": ["a", "b"]}
    changed: dict[str, str | bytes] = {"i.json": nested(("I-1", "C-1", ["a"]), ("I-1", "C-1", ["b"]))}
    assert refused(tmp_path, changed, NESTED)[0] == (
        "i.json (record 2): number: 'I-1' is there twice, first in i.json (record 1)"
    )


def test_a_continued_document_that_is_there_twice_in_a_file_is_there_once(tmp_path: Path) -> None:
    block = "I-1,C-1,2026-01-01,a,1\n,,,b,2\n"
    read = imported(tmp_path, {"i.csv": HEADING + block + block}, CONTINUATION)
    assert read.lines == {"I-1": ["a", "b"]}


def test_lines_in_files_of_their_own_may_be_spread_over_several(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\n",
        "l1.csv": "number,description\nI-1,a\n",
        "l2.csv": "number,description\nI-1,b\n",
    }
    assert imported(tmp_path, files, "{type: invoices, path: i.csv, lines: {path: 'l?.csv'}}").lines == {
        "I-1": ["a", "b"]
    }


def test_a_document_and_lines_in_two_pairs_of_files_must_agree(tmp_path: Path) -> None:
    """January's and February's files overlap: the lines must not be there twice."""
    heading = "number,customer_id,date\nI-1,C-1,2026-01-01\n"
    entry = "{type: invoices, path: 'i?.csv', lines: {path: 'l?.csv'}}"
    files: dict[str, str | bytes] = {"i1.csv": heading, "i2.csv": heading}
    lines = "number,description\nI-1,a\n"
    assert imported(tmp_path, files | {"l1.csv": lines, "l2.csv": lines}, entry).lines == {"I-1": ["a"]}
    said = refused(tmp_path, files | {"l1.csv": lines, "l2.csv": lines.replace("I-1,a", "I-1,b")}, entry)
    assert said[0] == "l2.csv:2:1: number: 'I-1' has lines here and in l1.csv:2:1, and is in several files itself"
    incremental = entry.replace("lines:", "export: incremental, lines:")
    changed: dict[str, str | bytes] = {"l1.csv": lines, "l2.csv": lines.replace("I-1,a", "I-1,b")}
    assert imported(tmp_path, files | changed, incremental).lines == {"I-1": ["b"]}


def test_rows_that_say_the_same_of_one_document_are_one(tmp_path: Path) -> None:
    row = "I-1,C-1,2026-01-01\n"
    read = imported(tmp_path, {"i.csv": f"number,customer_id,date\n{row}{row}{row}"}, "{type: invoices, path: i.csv}")
    assert (len(read.documents), read.export.left_out) == (1, {"rows that say the same as another": 2})


# Rows that do not count

TYPES = "number,customer_id,date,Type\nI-1,C-1,2026-01-01,Invoice\nN-1,C-2,2026-01-01,Credit\n"
OF_TYPE = "{type: invoices, path: i.csv, rows: {Type: [invoice]}, ignore: ALL, lines: {path: l.csv}}"


def test_rows_of_another_type_are_left_out_and_counted_with_their_lines(tmp_path: Path) -> None:
    lines = "number,description\nI-1,a\nN-1,secret\n"
    read = imported(tmp_path, {"i.csv": TYPES, "l.csv": lines}, OF_TYPE)
    assert read.lines == {"I-1": ["a"]}
    assert read.export.left_out == {
        "rows that `rows` leaves out": 1,
        "lines of rows that `rows` leaves out": 1,
    }


def test_lines_of_a_number_that_two_types_share_are_given_to_neither(tmp_path: Path) -> None:
    """Invoice 1 is one customer's, credit note 1 another's."""
    files: dict[str, str | bytes] = {"i.csv": TYPES.replace("N-1", "I-1"), "l.csv": "number,description\nI-1,secret\n"}
    assert refused(tmp_path, files, OF_TYPE) == [
        "i.csv:2:1: number: 'I-1' is also that of a row that `rows` leaves out: whose lines are whose?",
        "hint: give the lines of each type a file of their own",
    ]
    files["l.csv"] = "number,description,Type\nI-1,a,Invoice\nI-1,secret,Credit\n"
    assert imported(tmp_path, files, OF_TYPE).lines == {"I-1": ["a"]}


def test_a_heading_that_means_something_else_of_lines_is_warned_of(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": TYPES, "l.csv": "number,description,Type\nI-1,a,Stock item\n"}
    [warning] = imported(tmp_path, files, OF_TYPE).warnings
    assert warning.startswith("l.csv: `rows` leaves out all of the 1 lines\n")


@pytest.mark.parametrize("layout", ["repeat", "continuation"])
def test_documents_of_another_type_are_left_out_whole(layout: str, tmp_path: Path) -> None:
    cells = {"repeat": "N-1,C-2,2026-01-01,Credit", "continuation": ",,,"}[layout]
    rows = f"I-1,C-1,2026-01-01,Invoice,a\nN-1,C-2,2026-01-01,Credit,secret\n{cells},secret\n"
    text = f"number,customer_id,date,Type,description\n{rows}"
    entry = f"{{type: invoices, path: i.csv, layout: {layout}, rows: {{Type: Invoice}}, ignore: ALL, lines: {{}}}}"
    read = imported(tmp_path, {"i.csv": text}, entry)
    assert read.lines == {"I-1": ["a"]}
    assert sum(read.export.left_out.values()) == (2 if layout == "repeat" else 1)


def test_rows_may_go_by_a_heading_of_the_lines_of_records(tmp_path: Path) -> None:
    lines = [{"description": "a", "kind": "item"}, {"description": "subtotal", "kind": "sum"}]
    record = {"number": "I-1", "customer_id": "C-1", "date": "2026-01-01", "lines": lines}
    entry = NESTED.replace("lines:", "rows: {lines.kind: [item]}, ignore: ALL, lines:")
    assert imported(tmp_path, {"i.json": json.dumps([record])}, entry).lines == {"I-1": ["a"]}


@pytest.mark.parametrize("lines", [["note", "item"], ["item", "note"], ["note"]])
def test_a_document_stays_whichever_of_its_lines_rows_leaves_out(lines: list[str], tmp_path: Path) -> None:
    record = {
        "number": "I-1",
        "customer_id": "C-1",
        "date": "2026-01-01",
        "lines": [{"description": kind, "kind": kind} for kind in lines],
    }
    entry = NESTED.replace("lines:", "rows: {lines.kind: [item]}, ignore: ALL, lines:")
    read = imported(tmp_path, {"i.json": json.dumps([record])}, entry)
    assert read.lines == {"I-1": [kind for kind in lines if kind == "item"]}
    assert read.export.left_out == {"rows that `rows` leaves out": 1}


KINDS = "number,customer_id,date,description,Kind\n"
OF_KIND = CONTINUATION.replace("lines: {}", "rows: {Kind: [Item]}, ignore: ALL, lines: {}")


def test_rows_cannot_go_by_a_cell_that_tells_a_document_s_lines_apart(tmp_path: Path) -> None:
    """Some of the document would be shown, or lines of it that nobody wants."""
    rows = "I-1,C-1,2026-01-01,a,Text\n,,,b,Item\nI-2,C-2,2026-01-01,c,Item\n,,,d,Text\n,,,e,\n,,,f,Item\n"
    said = refused(tmp_path, {"i.csv": KINDS + rows}, OF_KIND)
    assert said[::2] == [
        f"i.csv:{line}: `rows` goes by a cell that says otherwise here than in the document's first row"
        for line in (3, 5)
    ]


def test_rows_goes_by_documents_where_further_lines_say_nothing_else(tmp_path: Path) -> None:
    rows = "I-1,C-1,2026-01-01,a,Item\n,,,b,Item\n,,,c,\nI-2,C-2,2026-01-01,secret,Text\n,,,secret,Text\n,,,secret,\n"
    read = imported(tmp_path, {"i.csv": KINDS + rows}, OF_KIND)
    assert (read.lines, read.export.left_out) == ({"I-1": ["a", "b", "c"]}, {"documents that `rows` leaves out": 1})
    assert read.export.left_out_values == (LeftOutValue("Kind", "Text", 1),)


def test_rows_leaves_out_lines_by_a_column_of_theirs(tmp_path: Path) -> None:
    rows = "I-1,C-1,2026-01-01,a,Text\n,,,b,Item\nI-2,C-2,2026-01-01,c,Item\n,,,d,Text\n"
    entry = OF_KIND.replace("lines: {}", "lines: {columns: {item: Kind}}")
    read = imported(tmp_path, {"i.csv": KINDS + rows}, entry)
    assert (read.lines, read.export.left_out) == ({"I-1": ["b"], "I-2": ["c"]}, {"rows that `rows` leaves out": 2})
    assert read.export.left_out_values == (LeftOutValue("Kind", "Text", 2),)


def test_a_heading_that_rows_goes_by_must_be_there(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\n"}
    assert refused(tmp_path, files, "{type: invoices, path: i.csv, rows: {Type: Invoice}}") == [
        "i.csv:1: column 'Type' is missing",
        "hint: `rows` goes by it; say how it is called here, or leave `rows` out",
    ]


def states(layout: str, *cells: str) -> tuple[dict[str, str | bytes], str]:
    """A file for each state of I-1, in their order, and the entry that takes those that are open."""
    keys = f"layout: {layout}, rows: {{State: Open}}, ignore: ALL"
    if layout == "nested":
        document = {"number": "I-1", "customer_id": "C-1", "date": "2026-01-01"}
        records = [document | {"State": cell, "lines": [{"description": cell}]} for cell in cells]
        files: dict[str, str | bytes] = {f"i{at}.json": json.dumps([each]) for at, each in enumerate(records)}
        return files, f"{{type: invoices, path: 'i*.json', {keys}, lines: {{records: lines}}}}"
    if layout == "two-files":
        files = {f"i{at}.csv": f"number,customer_id,date,State\nI-1,C-1,2026-01-01,{c}\n" for at, c in enumerate(cells)}
        files |= {f"l{at}.csv": f"number,description\nI-1,{c}\n" for at, c in enumerate(cells)}
        return files, f"{{type: invoices, path: 'i*.csv', {keys}, lines: {{path: 'l*.csv'}}}}"
    heading = "number,customer_id,date,State,description\n"
    files = {f"i{number}.csv": f"{heading}I-1,C-1,2026-01-01,{cell},{cell}\n" for number, cell in enumerate(cells)}
    return files, f"{{type: invoices, path: 'i*.csv', {keys}, lines: {{}}}}"


LAYOUTS = ["two-files", "repeat", "continuation", "nested"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_incremental_files_a_newest_document_that_rows_leaves_out_withdraws_the_older_ones(
    layout: str, tmp_path: Path
) -> None:
    files, entry = states(layout, "Open", "Open", "Cancelled")
    read = imported(tmp_path, files, entry.replace("ignore:", "export: incremental, ignore:"))
    assert read.owners == {}
    assert read.export.left_out["documents that are there more than once"] == 1


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("cells", [("Draft", "Open"), ("Open", "Cancelled", "Open")])
def test_of_incremental_files_a_newest_document_that_counts_is_shown(
    layout: str, cells: tuple[str, ...], tmp_path: Path
) -> None:
    files, entry = states(layout, *cells)
    read = imported(tmp_path, files, entry.replace("ignore:", "export: incremental, ignore:"))
    assert read.lines == {"I-1": ["Open"]}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_document_that_one_file_of_a_full_export_leaves_out_and_another_does_not_is_refused(
    layout: str, tmp_path: Path
) -> None:
    said = refused(tmp_path, *states(layout, "Open", "Cancelled"))
    assert said[0].startswith("i0.")
    assert "number: 'I-1' is in i1." in said[0]
    assert said[0].endswith(", too, in a row that `rows` leaves out: which is right?")
    assert said[1] == "hint: keep the right one; if each file is newer than the one before, say: export: incremental"


@pytest.mark.parametrize("export", ["full", "incremental"])
@pytest.mark.parametrize("payment", ["I-1,C-2,2026-01-01", "I-1,C-1,2026-02-01"])
def test_a_row_of_the_same_number_and_another_customer_or_day_is_another_document(
    export: str, payment: str, tmp_path: Path
) -> None:
    """A payment may bear the number of the invoice that it pays."""
    heading = "number,customer_id,date,Type\n"
    files: dict[str, str | bytes] = {
        "i1.csv": f"{heading}I-1,C-1,2026-01-01,Invoice\n",
        "i2.csv": f"{heading}{payment},Payment\n",
    }
    entry = f"{{type: invoices, path: 'i?.csv', rows: {{Type: Invoice}}, ignore: ALL, export: {export}}}"
    assert imported(tmp_path, files, entry).owners == {"I-1": "C-1"}


GROUPED = (
    "{type: invoices, path: i.csv, groups: customer_id, totals: 'Total', "
    "columns: {number: Num, date: Date, total: Amount}}"
)


def grouped(*rows: str) -> dict[str, str | bytes]:
    return {"i.csv": "Date,Num,Amount\n" + "".join(f"{row}\n" for row in rows)}


def test_a_row_with_its_first_cell_alone_names_the_rows_below_it(tmp_path: Path) -> None:
    rows = ["C-1,,", "2026-01-01,I-1,5", ",,", "Total for C-1,,5", "C-2,,", "2026-01-02,I-2,6", "Total for C-2,,6"]
    read = imported(tmp_path, grouped(*rows, "TOTAL,,11", ",,", "Monday 5 January,,"), GROUPED)
    assert read.owners == {"I-1": "C-1", "I-2": "C-2"}
    assert read.export.left_out == {"rows that name a group, or end the file": 3, "totals": 3}  # blank rows are none


def test_a_row_above_the_first_group_is_nobody_s(tmp_path: Path) -> None:
    said = refused(tmp_path, grouped("2026-01-01,I-1,5", "C-1,,", "2026-01-01,I-2,5"), GROUPED)
    assert said[0] == "i.csv:2: customer_id: must not be empty"


def test_a_row_below_the_total_of_its_group_is_not_taken_for_the_group_s(tmp_path: Path) -> None:
    """It may be the outer group's, another customer."""
    rows = ["C-1,,", "C-2,,", "2026-01-01,I-1,5", "Total for C-2,,5", "2026-01-02,I-2,6", "Total for C-1,,11"]
    assert refused(tmp_path, grouped(*rows), GROUPED)[0] == "i.csv:6: customer_id: must not be empty"


OUTLINE = "{type: invoices, path: i.csv, groups: customer_id, totals: 'Total', ignore: ALL}"
"""A report whose first column holds nothing but the names of groups."""


def outline(*rows: str, heading: str = "Customer,number,date,total,Memo") -> dict[str, str | bytes]:
    return {"i.csv": f"{heading}\n" + "".join(f"{row}\n" for row in rows)}


@pytest.mark.parametrize(
    "row",
    [
        "C-2,,,,VIP",
        "C-2,,,5,",
        "C-2,,2026-01-01,5,",
        "C-2,,soon,,",
        "Total for C-9,,,5,",
        "Total,,,5,",
        ",C-2,,,",
    ],
)
@pytest.mark.parametrize("on_error", ["", "on_error: quarantine, "])
def test_below_a_row_that_nobody_knows_no_document_is_the_group_s_above(
    row: str, on_error: str, tmp_path: Path
) -> None:
    """Maybe it names the next customer."""
    rows = ["C-1,,,,", ",I-1,2026-01-01,1,", row, ",I-2,2026-01-01,5,", "C-1,,,,", ",I-3,2026-01-01,1,"]
    entry = OUTLINE.replace("groups", f"{on_error}groups")
    if on_error:
        assert imported(tmp_path, outline(*rows), entry).owners == {"I-1": "C-1", "I-3": "C-1"}
    else:
        assert "i.csv:5: customer_id: must not be empty" in refused(tmp_path, outline(*rows), entry)


@pytest.mark.parametrize(
    ("rows", "unknown"),
    [
        (["C-1,,,,", ",I-1,2026-01-01,1,", "C-2,I-2,2026-01-01,5,", ",I-3,2026-01-01,5,"], [4, 5]),
        (["C-1,,,,", ",I-1,2026-01-01,1,", " \t,I-2,2026-01-01,5,"], []),
        (["C-1,, ,\u00a0,", ",I-1,2026-01-01,1,"], []),
    ],
)
def test_a_name_beside_a_document_begins_no_group_and_ends_the_one_above(
    rows: list[str], unknown: list[int], tmp_path: Path
) -> None:
    """As in a pivot table."""
    said = refused(tmp_path, outline(*rows), OUTLINE)
    assert said[::2] == [f"i.csv:{line}: customer_id: must not be empty" for line in unknown]


@pytest.mark.parametrize("row", ["C-2,,5", "C-2,I-9,5"])
def test_a_row_that_may_name_a_group_cannot_be_held_back(row: str, tmp_path: Path) -> None:
    rows = ["C-1,,", "2026-01-01,I-1,1", row, "2026-01-01,I-2,5"]
    entry = GROUPED.replace("groups", "on_error: quarantine, groups")
    assert f"i.csv:4:1: date: '{row[:3]}' is not a date" in refused(tmp_path, grouped(*rows), entry)


def test_payments_without_a_number_do_not_end_a_group(tmp_path: Path) -> None:
    text = "Date,Type,Num,Amount\nC-1,,,\n2026-01-01,Invoice,I-1,5\n2026-01-02,Payment,,-5\n2026-01-03,Invoice,I-2,6\n"
    entry = GROUPED.replace("groups", "rows: {Type: Invoice}, ignore: [Type], groups")
    assert imported(tmp_path, {"i.csv": text}, entry).owners == {"I-1": "C-1", "I-2": "C-1"}


def test_a_customer_of_its_own_in_a_row_ends_the_group(tmp_path: Path) -> None:
    rows = ["C-1,,", ",I-1,2026-01-01", "C-2,I-2,2026-01-01", ",I-3,2026-01-01"]
    entry = "{type: invoices, path: i.csv, groups: customer_id, on_error: quarantine, columns: {customer_id: Customer}}"
    files = outline(*rows, heading="Customer,number,date")
    said = refused(tmp_path, files, entry)
    assert said[0] == "i.csv:5:1: customer_id: must not be empty"


def test_the_branch_of_a_group_must_be_known_too(tmp_path: Path) -> None:
    rows = ["North,,,", ",I-1,C-1,2026-01-01", "South,,,5", ",I-2,C-1,2026-01-01"]
    entry = "{type: invoices, path: i.csv, groups: branch, ignore: ALL}"
    files = outline(*rows, heading="Branch,number,customer_id,date")
    assert "i.csv:5: branch: must not be empty" in refused(tmp_path, files, entry)


def test_a_customer_whose_name_begins_like_a_total_is_no_total(tmp_path: Path) -> None:
    text = "Customer,number,customer_id,date\nTotal Energies,I-1,C-1,2026-01-01\nTotal,,,\n"
    read = imported(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv, ignore: [Customer], totals: Total}")
    assert (read.owners, read.export.left_out) == ({"I-1": "C-1"}, {"totals": 1})


def test_a_total_may_stand_where_the_number_is(tmp_path: Path) -> None:
    text = "number,customer_id,date,total\nI-1,C-1,2026-01-01,5\nGrand total,,,5\n"
    read = imported(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv, totals: [Sum, grand total]}")
    assert (read.owners, read.export.left_out) == ({"I-1": "C-1"}, {"totals": 1})


def test_a_total_that_nobody_declared_is_an_error(tmp_path: Path) -> None:
    """What is not known is refused, not left out."""
    text = "number,customer_id,date,total\nI-1,C-1,2026-01-01,5\nTotal,,,5\n"
    assert refused(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv}") != []


ITEMS = "number,customer_id,date,description,quantity,unit_price,amount\n"
WITH_TOTALS = CONTINUATION.replace("lines:", "totals: [Total, Subtotal], lines:")


@pytest.mark.parametrize(
    "first",
    [
        "Total Ltd,C-2,2026-01-01,secret,1,5,5",
        "TOTAL-1,C-2,2026-01-01,,,,",
        "TOTAL-1,C-2,,,,,5",
        ",Total Ltd,2026-01-01,secret,1,5,5",
        "Total,,,secret,,,5",
        "Total,,,,,,5",
        "Total for C-1,,,,1,,5",
    ],
)
@pytest.mark.parametrize("on_error", ["", "on_error: quarantine, "])
def test_no_line_below_what_looks_like_a_total_goes_to_the_document_above(
    first: str, on_error: str, tmp_path: Path
) -> None:
    rows = f"I-1,C-1,2026-01-01,a,1,5,5\n{first}\n,,,secret too,1,7,7\nI-3,C-2,2026-01-01,c,1,1,1\n"
    try:
        read = imported(tmp_path, {"i.csv": ITEMS + rows}, WITH_TOTALS.replace("lines:", f"{on_error}lines:"))
    except InvalidInputError:
        return
    assert read.lines["I-1"] == ["a"]


def test_below_a_total_that_could_be_a_document_lines_are_nobody_s(tmp_path: Path) -> None:
    rows = "I-1,C-1,2026-01-01,a,1,5,5\nTotal,,,,,,5\n,,,secret,1,7,7\n"
    entry = WITH_TOTALS.replace("lines:", "on_error: quarantine, lines:")
    assert refused(tmp_path, {"i.csv": ITEMS + rows}, entry)[0] == "i.csv:4:1: number: must not be empty"
    grouped = "C-1,,,,,,\nI-1,,2026-01-01,a,1,5,5\nC-1,,,,,,\n,,,secret,1,7,7\n"
    entry = entry.replace("lines:", "groups: customer_id, lines:")
    assert refused(tmp_path, {"i.csv": ITEMS + grouped}, entry)[0] == "i.csv:5:1: number: must not be empty"


def test_a_total_among_the_lines_of_a_document_does_not_end_it(tmp_path: Path) -> None:
    rows = "I-1,C-1,2026-01-01,a,1,5,5\n,,,Subtotal:,1,,5\n,,,Total of all hours,,,5\n,,,b,1,7,7\nTotal,,,,2,,12\n"
    read = imported(tmp_path, {"i.csv": ITEMS + rows}, WITH_TOTALS)
    assert (read.lines, read.export.left_out) == ({"I-1": ["a", "b"]}, {"totals": 3})


@pytest.mark.parametrize("item", ["Subtotal cover,1,50,50", "Total care,1,,50", "Total,,5,", "Total care plan,1,25,"])
def test_an_item_that_is_called_like_a_total_is_a_line(item: str, tmp_path: Path) -> None:
    rows = f"I-1,C-1,2026-01-01,a,1,5,5\n,,,{item}\n"
    read = imported(tmp_path, {"i.csv": ITEMS + rows}, WITH_TOTALS)
    assert (read.lines, read.export.left_out) == ({"I-1": ["a", item.split(",", maxsplit=1)[0]]}, {})


@pytest.mark.parametrize("layout", ["repeat", "two-files"])
def test_a_document_that_is_numbered_like_a_total_is_one(layout: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": HEADING + "TOTAL-1,C-1,2026-01-01,a,1\nI-2,C-2,2026-01-01,Total care,1\n"}
    entry = REPEAT.replace("lines:", "totals: Total, lines:")
    if layout == "two-files":
        files = {
            "i.csv": "number,customer_id,date\nTOTAL-1,C-1,2026-01-01\nI-2,C-2,2026-01-01\n",
            "l.csv": "number,description,amount\nTOTAL-1,a,1\nI-2,Total care,1\n",
        }
        entry = TWO_FILES.replace("lines:", "totals: Total, lines:")
    read = imported(tmp_path, files, entry)
    assert (read.lines, read.export.left_out) == ({"TOTAL-1": ["a"], "I-2": ["Total care"]}, {})


def test_a_report_may_be_wide(tmp_path: Path) -> None:
    wide = "," * 3000
    text = f"Customer,number,date,total{wide}\nC-1,,,{wide}\n,I-1,2026-01-01,5{wide}\nTotal,,,5{wide}\n"
    assert imported(tmp_path, {"i.csv": text}, OUTLINE).owners == {"I-1": "C-1"}


def test_a_row_that_repeats_the_heading_can_be_left_out_as_a_total(tmp_path: Path) -> None:
    text = "number,customer_id,date,total\nNUMBER,Customer,Date,TOTAL\nI-1,C-1,2026-01-01,5\n"
    read = imported(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv, totals: number}")
    assert (read.owners, read.export.left_out) == ({"I-1": "C-1"}, {"totals": 1})


def test_a_group_is_the_name_of_a_column_that_there_is(tmp_path: Path) -> None:
    entry = "{type: invoices, path: i.csv, groups: brnch}"
    [said, hint] = refused(tmp_path, {"i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\n"}, entry)
    assert said.endswith("groups: 'brnch' is not a column of invoices")
    assert hint.endswith("did you mean 'branch'?")


HEADER, LINE = "number,customer_id,date\n", "number,description,quantity,unit_price\n"


def test_unnumbered_lines_that_two_files_have_alike_are_refused_since_there_may_be_twice_as_many(
    tmp_path: Path,
) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": HEADER + "I-1,C-1,2026-01-01\n",
        "l-1.csv": LINE + "I-1,Hours,1,100\n",
        "l-2.csv": LINE + "I-1,Hours,1,100\n",
    }
    entry = '{type: invoices, path: i.csv, lines: "l-*.csv"}'
    assert refused(tmp_path, files, entry)[0] == (
        "l-2.csv:2:1: number: 'I-1' has the same lines here and in l-1.csv:2:1: once, or twice as many?"
    )
    numbered = {
        name: str(text).replace("number,desc", "number,line,desc").replace("I-1,H", "I-1,1,H") if "l-" in name else text
        for name, text in files.items()
    }
    assert imported(tmp_path, numbered, entry).lines == {"I-1": ["Hours"]}


def test_a_document_that_is_exported_anew_never_has_the_lines_of_an_older_file(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i-1.csv": HEADER + "I-1,C-1,2026-01-01\nI-2,C-1,2026-01-01\n",
        "i-2.csv": HEADER + "I-1,C-1,2026-01-02\n",
        "l-1.csv": LINE + "I-1,old,1,10\nI-2,old,1,10\n",
        "l-2.csv": LINE,
    }
    entry = '{type: invoices, path: "i-*.csv", lines: "l-*.csv", export: incremental}'
    assert refused(tmp_path, files, entry)[0] == (
        "i-2.csv:2:1: number: 'I-1' is here anew, and its lines are those of an older file"
    )
    anew = {**files, "l-2.csv": LINE + "I-1,new,1,10\n"}
    assert imported(tmp_path, anew, entry).lines == {"I-1": ["new"], "I-2": ["old"]}


def test_the_values_that_rows_leaves_out_are_counted(tmp_path: Path) -> None:
    kinds = ["Item", "Text", "", " text ", "Text", "Text", "Note"]
    rows = "".join(f"I-{number},C-1,2026-01-01,a,{kind}\n" for number, kind in enumerate(kinds))
    entry = "{type: invoices, path: i.csv, layout: repeat, ignore: ALL, lines: {}, rows: {Kind: [item]}}"
    read = imported(tmp_path, {"i.csv": KINDS + rows}, entry)
    assert read.export.left_out == {"rows that `rows` leaves out": 6}
    assert [(each.heading, each.value, each.count) for each in read.export.left_out_values] == [
        ("Kind", "Text", 3),
        ("Kind", "", 1),
        ("Kind", "Note", 1),
        ("Kind", "text", 1),
    ]


def test_of_two_headings_the_first_that_leaves_a_row_out_is_counted(tmp_path: Path) -> None:
    cells = ["Bill,*", "Bill,", "Sale,"]
    text = "number,customer_id,date,Kind,Main\n" + "".join(f"I-1,C-1,2026-01-01,{each}\n" for each in cells)
    entry = "{type: invoices, path: i.csv, ignore: ALL, rows: {Kind: [Sale], Main: ['*']}}"
    read = imported(tmp_path, {"i.csv": text}, entry)
    assert read.export.left_out_values == (LeftOutValue("Kind", "Bill", 2), LeftOutValue("Main", "", 1))
