"""Rows that cannot be shown: by default one stops all; in quarantine, the whole document is held back, never a part."""

import json
import stat
from pathlib import Path

import pytest

from portalgen.errors import Location
from portalgen.exports.report import Reject, write_rejects
from tests.exports import xlsx
from tests.imports import CUSTOMERS, imported, refused

HEADING = "number,customer_id,date,description,amount\n"
GOOD = "I-1,C-1,2026-01-01,a,1\n"


def layouts(bad_header: str, bad_line: str) -> list[tuple[str, dict[str, str | bytes], str]]:
    """Under every layout: I-1, which is right, and I-2 with two lines, one of them wrong or the document itself."""
    first, second = f"I-2,C-2,{bad_header},b,1", f"c,{bad_line}"
    together = f"{HEADING}{GOOD}{first}\n"
    date = bad_header
    record = [
        {"number": "I-1", "customer_id": "C-1", "date": "2026-01-01", "lines": [{"description": "a", "amount": 1}]},
        {
            "number": "I-2",
            "customer_id": "C-2",
            "date": date,
            "lines": [{"description": "b", "amount": 1}, {"description": "c", "amount": bad_line}],
        },
    ]
    return [
        ("repeat", {"i.csv": f"{together}I-2,C-2,{date},{second}\n"}, "path: i.csv, layout: repeat, lines: {}"),
        ("continuation", {"i.csv": f"{together},,,{second}\n"}, "path: i.csv, layout: continuation, lines: {}"),
        ("nested", {"i.json": json.dumps(record)}, "path: i.json, layout: nested, lines: {records: lines}"),
        (
            "two-files",
            {
                "i.csv": f"number,customer_id,date\nI-1,C-1,2026-01-01\nI-2,C-2,{date}\n",
                "l.csv": f"number,description,amount\nI-1,a,1\nI-2,b,1\nI-2,{second}\n",
            },
            "path: i.csv, lines: {path: l.csv}",
        ),
    ]


@pytest.mark.parametrize("layout", range(4))
@pytest.mark.parametrize(("header", "line"), [("soon", "1"), ("2026-01-01", "many")])
def test_the_whole_document_is_held_back_wherever_the_bad_cell_is(
    layout: int, header: str, line: str, tmp_path: Path
) -> None:
    _, files, keys = layouts(header, line)[layout]
    read = imported(tmp_path, files, f"{{type: invoices, on_error: quarantine, {keys}}}")
    assert read.lines == {"I-1": ["a"]}
    assert {number for number, _ in read.held_back} == {"I-2"}
    assert (read.export.shown, read.export.held_back) == (1, 1)
    assert len(refused(tmp_path, files, f"{{type: invoices, {keys}}}")) >= 2


TOTALS = "number,customer_id,date,total\n"


@pytest.mark.parametrize("policy", ["on_error: quarantine, ", ""])
def test_no_other_entry_shows_what_one_holds_back(policy: str, tmp_path: Path) -> None:
    """Its document may be an old one."""
    files: dict[str, str | bytes] = {
        "i1.csv": f"{TOTALS}I-1,C-1,2026-01-01,10\nI-3,C-1,2026-01-01,3\n",
        "l1.csv": "number,description\nI-1,old\nI-3,c\n",
        "i2.csv": f"{TOTALS}I-1,C-1,2026-01-01,1O0\nI-2,C-1,2026-01-01,5\n",
        "o.csv": f"{TOTALS}I-1,C-1,2026-01-01,7\n",
    }
    read = imported(
        tmp_path,
        files,
        "{type: orders, path: o.csv}",
        "{type: invoices, path: i2.csv, on_error: quarantine}",
        f"{{type: invoices, path: i1.csv, {policy}lines: {{path: l1.csv}}}}",
    )
    assert read.lines == {"I-2": [], "I-3": ["c"], "I-1": []}
    assert [each.type for each in read.documents if each.number == "I-1"] == ["orders"]
    assert read.export.left_out == {"versions of what is held back": 1}


@pytest.mark.parametrize("number", ["I-1 ", " I-1", '"\tI-1\n"', "\u00a0I-1", "I-\x071"])
def test_a_number_with_something_unseen_in_it_holds_back_the_older_version(number: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i-1.csv": f"{TOTALS}I-1,C-1,2026-01-01,10\nI-2,C-1,2026-01-01,1\n",
        "i-2.csv": f"{TOTALS}{number},C-1,2026-01-01,99\n",
    }
    entry = "{type: invoices, path: 'i-*.csv', export: incremental, on_error: quarantine}"
    assert [*imported(tmp_path, files, entry).owners] == ["I-2"]


def test_why_something_is_held_back_is_told_with_its_place(tmp_path: Path) -> None:
    text = "number,customer_id,date,total\nI-1,C-1,soon,many\nI-2,C-9,2026-01-01,1\nI-3,C-1,2026-01-01,1\n"
    read = imported(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv, on_error: quarantine}")
    assert read.rejects == (
        Reject("invoices", "I-1", Location("i.csv", 2, 3), "date: 'soon' is not a date"),
        Reject("invoices", "I-1", Location("i.csv", 2, 4), "total: 'many' is not a number"),
        Reject("invoices", "I-2", Location("i.csv", 3, 2), "customer_id: 'C-9' is not in customers.csv"),
    )
    assert (read.export.shown, read.export.held_back) == (1, 2)


def test_numbers_that_are_there_twice_are_held_back_both(tmp_path: Path) -> None:
    text = "number,customer_id,date,total\nI-1,C-1,2026-01-01,1\nI-1,C-2,2026-01-01,1\nI-2,C-1,2026-01-01,1\n"
    files: dict[str, str | bytes] = {"i.csv": text, "l.csv": "number,description\nI-1,a\nI-2,b\n"}
    read = imported(tmp_path, files, "{type: invoices, path: i.csv, on_error: quarantine, lines: {path: l.csv}}")
    assert read.lines == {"I-2": ["b"]}
    assert [number for number, _ in read.held_back if number == "I-1"]
    assert read.export.held_back == 1


def test_two_lines_of_one_number_hold_their_document_back(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\nI-2,C-1,2026-01-01\n",
        "l.csv": "number,line,description\nI-1,1,a\nI-1,1,b\nI-2,1,c\n",
    }
    read = imported(tmp_path, files, "{type: invoices, path: i.csv, on_error: quarantine, lines: {path: l.csv}}")
    assert read.lines == {"I-2": ["c"]}


@pytest.mark.parametrize(
    ("files", "keys"),
    [
        (
            {"i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\n", "l.csv": "number,description\nI-1,a\n,b\n"},
            "path: i.csv, lines: {path: l.csv}",
        ),
        ({"i.csv": f"{HEADING}{GOOD},,,,2\n"}, "path: i.csv, layout: repeat, lines: {}"),
        ({"i.csv": f"{HEADING},,,x,2\n{GOOD}"}, "path: i.csv, layout: continuation, lines: {}"),
    ],
)
def test_a_line_that_nobody_can_place_stops_all_for_some_document_lacks_it(
    files: dict[str, str | bytes], keys: str, tmp_path: Path
) -> None:
    said = refused(tmp_path, files, f"{{type: invoices, on_error: quarantine, {keys}}}")
    assert said[0].endswith("number: must not be empty")


def test_a_document_without_a_number_is_held_back_as_one(tmp_path: Path) -> None:
    text = f"{HEADING}{GOOD},C-2,2026-01-01,secret,1\n,,,secret too,1\n,,,and this,1\n"
    entry = "{type: invoices, path: i.csv, layout: continuation, on_error: quarantine, limit: 1, lines: {}}"
    read = imported(tmp_path, {"i.csv": text}, entry)
    assert (read.lines, read.export.held_back) == ({"I-1": ["a"]}, 1)


def bad(count: int) -> dict[str, str | bytes]:
    rows = [f"I-{number},C-1,soon,{number}\n" for number in range(count)]
    return {"i.csv": f"number,customer_id,date,total\n{''.join(rows)}"}


def test_above_the_limit_nothing_is_read(tmp_path: Path) -> None:
    said = refused(tmp_path, bad(3), "{type: invoices, path: i.csv, on_error: quarantine, limit: 2}")
    assert said[0].endswith(": 3 invoices would be held back, and the limit is 2")
    assert said[1] == "hint: mend the export, or raise `limit`"
    assert "i.csv:2:3: date: 'soon' is not a date" in said
    read = imported(tmp_path, bad(3), "{type: invoices, path: i.csv, on_error: quarantine, limit: 3}")
    assert read.export.held_back == 3
    assert refused(tmp_path, bad(21), "{type: invoices, path: i.csv, on_error: quarantine}") != []


def test_the_limit_counts_documents_not_cells(tmp_path: Path) -> None:
    lines = "".join(f"I-1,C-1,2026-01-01,x,bad {number}\n" for number in range(50))
    entry = "{type: invoices, path: i.csv, layout: repeat, on_error: quarantine, limit: 1, lines: {}}"
    read = imported(tmp_path, {"i.csv": HEADING + lines}, entry)
    assert (read.export.held_back, len(read.held_back)) == (1, 50)


def test_each_entry_has_a_policy_of_its_own(tmp_path: Path) -> None:
    files = bad(1) | {"q.csv": "number,customer_id,date\nQ-1,C-1,never\n"}
    said = refused(
        tmp_path, files, "{type: invoices, path: i.csv, on_error: quarantine}", "{type: quotes, path: q.csv}"
    )
    assert said[0] == "q.csv:2:3: date: 'never' is not a date"


def test_customers_may_be_held_back_with_their_documents(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "customers.csv": "id,name\nC-1,Ants\nC-2,\n",
        "i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\nI-2,C-2,2026-01-01\n",
    }
    customers = CUSTOMERS.replace("}", ", on_error: quarantine}")
    read = imported(tmp_path, files, "{type: invoices, path: i.csv, on_error: quarantine}", customers=customers)
    assert [account.customer.id for account in read.accounts] == ["C-1"]
    assert {number for number, _ in read.held_back} == {"C-2", "I-2"}
    said = refused(tmp_path, files, "{type: invoices, path: i.csv}", customers=customers)
    assert said[0] == "i.csv:3:2: customer_id: 'C-2' is not in customers.csv"


def test_amounts_that_do_not_add_up_can_hold_a_document_back(tmp_path: Path) -> None:
    text = "number,customer_id,date,net,tax,total\nI-1,C-1,2026-01-01,10,2,13\nI-2,C-1,2026-01-01,10,2,12\n"
    files: dict[str, str | bytes] = {"i.csv": text, "l.csv": "number,description\nI-1,a\nI-2,b\n"}
    keys = "path: i.csv, differences: refuse, lines: {path: l.csv}"
    read = imported(tmp_path, files, f"{{type: invoices, on_error: quarantine, {keys}}}")
    assert read.lines == {"I-2": ["b"]}
    assert read.held_back == [("I-1", "total: net and tax are 12.00, and the export says 13.00")]
    assert (read.export.shown, read.export.held_back) == (1, 1)


def test_the_file_of_rejects_is_its_owner_s_alone_and_goes_when_there_are_none(tmp_path: Path) -> None:
    path = tmp_path / "build/rejects.csv"
    rejects = [Reject("invoices", "I-1", Location("i.csv", 2, 3), "date: 'a, b' is not a date")]
    for _ in range(2):
        write_rejects(path, rejects)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().splitlines() == [
        "type,number,file,line,column,reason",
        "invoices,I-1,i.csv,2,3,\"date: 'a, b' is not a date\"",
    ]
    write_rejects(path, [])
    assert not path.exists()


def test_no_cell_of_the_rejects_is_taken_for_a_formula(tmp_path: Path) -> None:
    """Somebody opens the file in a spreadsheet."""
    place = Location("i.csv", 2, 1)
    rejects = [Reject("invoices", number, place, "why") for number in ("=HYPERLINK(1)", "@SUM(1)", " -1+2", "INV-1")]
    write_rejects(tmp_path / "rejects.csv", rejects)
    rows = [line.split(",")[1] for line in (tmp_path / "rejects.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert rows == ["'=HYPERLINK(1)", "'@SUM(1)", "' -1+2", "INV-1"]


def workbook(folder: Path, name: str, text: str) -> None:
    """A workbook of a CSV text; #N/A and #REF! are errors in it, and what begins with = a formula without a result."""
    rows = [[_tag(cell) for cell in line.split(",")] for line in text.splitlines()]
    tags = [f'<row r="{number}">{"".join(cells)}</row>' for number, cells in enumerate(rows, start=1)]
    xlsx.write(folder / name, xlsx.sheet_of("".join(tags)))


def _tag(cell: str) -> str:
    if cell.startswith("="):
        return f"<c><f>{cell[1:]}</f></c>"
    return f'<c t="e"><v>{cell}</v></c>' if cell.startswith("#") else xlsx.cell(cell) if cell else "<c/>"


FULL = "number,customer_id,date,status,currency,total,note,customer_visible,line,description,amount\n"
ROW = ["I-2", "C-2", "2026-01-01", "Sent", "EUR", "1", "n", "yes", "1", "b", "1"]


@pytest.mark.parametrize("layout", ["repeat", "continuation"])
@pytest.mark.parametrize(("column", "error"), [*((number, "#REF!") for number in range(1, len(ROW))), (5, "=1+1")])
def test_a_cell_without_a_value_holds_back_its_whole_document(
    column: int, layout: str, error: str, tmp_path: Path
) -> None:
    of_line = [*ROW[:8], "2", "c", "2"] if layout == "repeat" else [*[""] * 8, "2", "c", "2"]
    first, second = [*ROW], of_line
    (second if column > 7 else first)[column] = error
    good = "I-1,C-1,2026-01-01,Sent,EUR,1,n,yes,1,a,1"
    workbook(tmp_path, "i.xlsx", FULL + "\n".join([good, ",".join(first), ",".join(second)]))
    keys = f"path: i.xlsx, layout: {layout}, decimal: '.', lines: {{}}, visible: {{status: [Sent]}}"
    read = imported(tmp_path, {}, f"{{type: invoices, on_error: quarantine, limit: 1, {keys}}}")
    assert (read.lines, read.export.held_back, read.export.left_out) == ({"I-1": ["a"]}, 1, {})
    reason = "a formula whose result was not stored" if error == "=1+1" else f"an error in place of a value: '{error}'"
    name = FULL.strip().split(",")[column]
    place = Location("i.xlsx", 4 if column > 7 else 3, column + 1)
    assert read.rejects == (Reject("invoices", "I-2", place, f"{name}: {reason}"),)
    assert not [warning for warning in read.warnings if "status" in warning]
    said = refused(tmp_path, {}, f"{{type: invoices, {keys}}}")
    assert said[0] == f"{place}: {reason}"


@pytest.mark.parametrize("column", [1, 2])
def test_a_cell_without_a_value_in_a_file_of_lines_holds_back_their_document(column: int, tmp_path: Path) -> None:
    second = ["I-2", "c", "2"]
    second[column] = "#DIV/0!"
    workbook(tmp_path, "l.xlsx", f"number,description,amount\nI-1,a,1\nI-2,b,1\n{','.join(second)}\n")
    files: dict[str, str | bytes] = {"i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\nI-2,C-2,2026-01-01\n"}
    read = imported(tmp_path, files, "{type: invoices, path: i.csv, on_error: quarantine, lines: {path: l.xlsx}}")
    assert (read.lines, read.export.held_back) == ({"I-1": ["a"]}, 1)
    [reject] = read.rejects
    assert (reject.number, reject.where) == ("I-2", Location("l.xlsx", 4, column + 1))


@pytest.mark.parametrize(
    ("files", "keys", "said"),
    [
        ({"i.xlsx": f"{HEADING}{GOOD}#N/A,C-2,2026-01-01,b,1"}, "path: i.xlsx, layout: repeat, lines: {}", "3:1"),
        ({"i.xlsx": f"{HEADING}{GOOD}#N/A,C-2,2026-01-01,b,1"}, "path: i.xlsx, layout: continuation, lines: {}", "3:1"),
        ({"i.xlsx": "number,customer_id,date\n#N/A,C-1,2026-01-01"}, "path: i.xlsx", "2:1"),
        ({"i.xlsx": "number,customer_id,date,Kind\nI-1,C-1,2026-01-01,#N/A"}, "path: i.xlsx, rows: {Kind: [a]}", "2:4"),
        (
            {"i.xlsx": "number,customer_id,date\nI-1,C-1,2026-01-01", "l.xlsx": "number,item\nI-1,a\n#N/A,b"},
            "path: i.xlsx, lines: {path: l.xlsx}",
            "3:1",
        ),
    ],
)
def test_a_cell_without_a_value_in_place_of_what_names_a_document_stops_all(
    files: dict[str, str], keys: str, said: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        workbook(tmp_path, name, text)
    problems = refused(tmp_path, {}, f"{{type: invoices, on_error: quarantine, ignore: ALL, {keys}}}")
    assert f"{[*files][-1]}:{said}: " in problems[0]
    assert problems[0].endswith("an error in place of a value: '#N/A'")


def test_a_customer_whose_id_is_an_error_stops_all_and_one_with_an_error_is_held_back(tmp_path: Path) -> None:
    customers = "{type: customers, path: c.xlsx, on_error: quarantine}"
    workbook(tmp_path, "c.xlsx", "id,name\nC-1,#N/A\nC-2,Bees")
    assert [each.customer.id for each in imported(tmp_path, {}, customers=customers).accounts] == ["C-2"]
    workbook(tmp_path, "c.xlsx", "id,name\n#N/A,Ants\nC-2,Bees")
    assert refused(tmp_path, {}, customers=customers)[0] == "c.xlsx:2:1: id: an error in place of a value: '#N/A'"


def test_cells_without_a_value_count_against_the_limit(tmp_path: Path) -> None:
    rows = "".join(f"I-{number},C-1,2026-01-01,#NUM!\n" for number in range(30))
    workbook(tmp_path, "i.xlsx", f"{TOTALS}{rows}I-99,C-1,2026-01-01,1")
    said = refused(tmp_path, {}, "{type: invoices, path: i.xlsx, on_error: quarantine}")
    assert said[0].endswith(": 30 invoices would be held back, and the limit is 20")
    read = imported(tmp_path, {}, "{type: invoices, path: i.xlsx, on_error: quarantine, limit: 30}")
    assert ([*read.owners], len(read.rejects)) == (["I-99"], 30)


def test_an_error_in_a_cell_that_another_stands_in_for_is_no_matter(tmp_path: Path) -> None:
    workbook(tmp_path, "i.xlsx", "number,customer_id,date,A,B\nI-1,C-1,2026-01-01,5,#N/A\nI-2,C-1,2026-01-01,0,#N/A")
    entry = "{{type: invoices, path: i.xlsx, on_error: quarantine, ignore: ALL, columns: {{{}}}}}"
    read = imported(tmp_path, {}, entry.format("total: {first: [A, B]}"))
    assert (read.owners, [each.number for each in read.rejects]) == ({"I-1": "C-1"}, ["I-2"])
    assert imported(tmp_path, {}, entry.format("note: {join: [A, B]}")).owners == {}
