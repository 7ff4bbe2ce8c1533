"""Exports -> the book: what is read, what is left out, and what is refused."""

import datetime
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portalgen.definitions import load
from portalgen.errors import InvalidInputError, Location, Problem
from portalgen.exports.columns import HEADERS, IDENTITY, LINES, Kind, hint_for
from portalgen.exports.reader import read_exports
from tests.books import CUSTOMERS, accounts, book, problems, write

INVOICES = "number,customer_id,date,total\nI-1,C-1,2026-10-01,5.00\nI-2,C-2,2026-10-02,6.00\n"


def numbers(folder: Path, files: dict[str, str], exports: str = "") -> list[str]:
    """The numbers of all transactions in the book."""
    return [each.number for account in accounts(folder, files, exports) for each in account.transactions]


def test_every_column_of_a_transaction_and_its_lines_is_read(tmp_path: Path) -> None:
    heading = [name for name, column in HEADERS["invoices"].items() if column.kept and name != "customer_visible"]
    numbers = [name for name in heading if HEADERS["invoices"][name].kind is Kind.DECIMAL]
    amounts = {name: Decimal(f"-{place}.5") for place, name in enumerate(numbers)}
    cells = {"number": "I-1", "customer_id": "C-1", "date": "2026-10-01", "due_date": "2026-10-31", "currency": "USD"}
    row = ",".join(str(amounts.get(name) or cells.get(name, f"the {name}")) for name in heading)
    of_line = [name for name, column in LINES.items() if column.kind is Kind.DECIMAL]
    lines = f"number,line,item,description,unit,{','.join(of_line)}\nI-1,7,it,de,un{',3.5' * len(of_line)}\n"
    files = {"invoices.csv": f"{','.join(heading)}\n{row}\n", "invoices_lines.csv": lines}
    [invoice] = accounts(tmp_path, files)[0].transactions
    texts = [name for name in heading if name not in numbers]
    said = {name: f"the {name}" for name in texts} | cells | {"attachment": ""}  # no folder is named for files
    assert {name: str(getattr(invoice, name)) for name in texts} == said
    assert {name: getattr(invoice, name) for name in numbers} == amounts
    [line] = invoice.lines
    assert (line.line, line.item, line.description, line.unit) == (7, "it", "de", "un")
    assert {getattr(line, name) for name in of_line} == {Decimal("3.5")}


def test_every_column_of_a_customer_is_read(tmp_path: Path) -> None:
    heading = [*HEADERS["customers"]]
    row = [{"id": "C-1", "balance": "12.500000"}.get(name, f"the {name}") for name in heading]
    [account] = accounts(tmp_path, {"customers.csv": f"{','.join(heading)}\n{','.join(row)}\n"})
    assert [str(getattr(account.customer, name)) for name in heading] == row


def test_every_kind_of_export_has_an_identity_that_is_required() -> None:
    for type_, column in IDENTITY.items():
        assert HEADERS[type_][column].required
        assert HEADERS[type_][column].kind is Kind.ID
    assert LINES["number"].required


@pytest.mark.parametrize("word", ["false", "FALSE", "no", "No", "0", ""])
def test_what_is_not_for_customers_is_left_out(tmp_path: Path, word: str) -> None:
    rows = "".join(f"I-{number},C-1,2026-10-01,{cell}\n" for number, cell in enumerate([word, "yes", "1"], start=1))
    text = f"number,customer_id,date,customer_visible\n{rows}"
    assert numbers(tmp_path, {"invoices.csv": text}) == ["I-2", "I-3"]


def test_only_the_statuses_that_are_visible_are_read(tmp_path: Path) -> None:
    """Byte for byte; one without a status is not visible."""
    text = "number,customer_id,date,status\nI-1,C-1,2026-10-01,Open\nI-2,C-1,2026-10-01,open\nI-3,C-1,2026-10-01,\n"
    exports = "[{type: customers, path: customers.csv}, {type: invoices, path: i.csv, visible: {status: [Open, Paid]}}]"
    assert numbers(tmp_path, {"i.csv": text}, exports) == ["I-1"]


def test_a_status_with_quotes_in_it_is_text(tmp_path: Path) -> None:
    text = "number,customer_id,date,status\nI-1,C-1,2026-10-01,it's\nI-2,C-1,2026-10-01,') OR true --\n"
    exports = """[{type: customers, path: customers.csv}, {type: invoices, path: i.csv, visible: {status: "it's"}}]"""
    assert numbers(tmp_path, {"i.csv": text}, exports) == ["I-1"]


def test_words_for_nothing_become_nothing(tmp_path: Path) -> None:
    text = "number,customer_id,date,due_date,total,note\nI-1,C-1,2026-10-01,0000-00-00,N/A,-\n"
    exports = "[{type: customers, path: customers.csv}, {type: invoices, path: i.csv, empty: [N/A, '-', 0000-00-00]}]"
    [invoice] = accounts(tmp_path, {"i.csv": text}, exports)[0].transactions
    assert (invoice.due_date, invoice.total, invoice.note) == (None, None, "")


def test_columns_are_read_under_their_own_names_and_the_rest_is_left_out(tmp_path: Path) -> None:
    text = "No.,Kunde,Datum,Betrag (€),total,\nI-1,C-1,2026-10-01,5.00,99.00,x\n"
    mapping = '{number: "No.", customer_id: Kunde, date: Datum, total: "Betrag (€)"}'
    exports = (
        f"[{{type: customers, path: customers.csv}}, {{type: invoices, path: i.csv, columns: {mapping}, ignore: ALL}}]"
    )
    [invoice] = accounts(tmp_path, {"i.csv": text}, exports)[0].transactions
    assert (invoice.number, str(invoice.total)) == ("I-1", "5.000000")


def test_an_ignored_column_is_not_read_even_if_it_is_canonical(tmp_path: Path) -> None:
    """`note` may be an internal one."""
    text = "number,customer_id,date,note\nI-1,C-1,2026-10-01,bad payer\n"
    exports = "[{type: customers, path: customers.csv}, {type: invoices, path: i.csv, ignore: [note]}]"
    [invoice] = accounts(tmp_path, {"i.csv": text}, exports)[0].transactions
    assert invoice.note == ""


def test_a_column_in_another_order_is_the_same_column(tmp_path: Path) -> None:
    text = "total,date,customer_id,number\n5.00,2026-10-01,C-1,I-1\n"
    [invoice] = accounts(tmp_path, {"invoices.csv": text})[0].transactions
    assert (invoice.number, str(invoice.total)) == ("I-1", "5.000000")


def test_the_site_s_currency_stands_in_where_an_export_has_none(tmp_path: Path) -> None:
    text = "number,customer_id,date,currency\nI-1,C-1,2026-10-01,\nI-2,C-1,2026-10-01,USD\n"
    found = accounts(tmp_path, {"invoices.csv": text, "orders.csv": text.replace("currency", "branch")})[0].transactions
    assert [(each.type, each.currency) for each in found] == [
        *(("orders", "EUR"), ("orders", "EUR"), ("invoices", "EUR"), ("invoices", "USD")),
    ]


def test_lines_without_numbers_are_numbered_as_they_come(tmp_path: Path) -> None:
    lines = "number,description\nI-2,a\nI-1,b\nI-2,c\nI-1,d\n"
    found = accounts(tmp_path, {"invoices.csv": INVOICES, "invoices_lines.csv": lines})
    assert [[(line.line, line.description) for line in each.transactions[0].lines] for each in found] == [
        [(1, "b"), (2, "d")],
        [(1, "a"), (2, "c")],
    ]


def test_a_discount_may_be_a_fraction(tmp_path: Path) -> None:
    lines = "number,quantity,unit_price,discount\nI-1,2,10,0.125\n"
    lines_of = "{path: l.csv, discount: fraction}"
    exports = f"[{{type: customers, path: customers.csv}}, {{type: invoices, path: invoices.csv, lines: {lines_of}}}]"
    [account, _] = accounts(tmp_path, {"invoices.csv": INVOICES, "l.csv": lines}, exports)
    [line] = account.transactions[0].lines
    assert line.discount is not None
    assert (line.discount.normalize(), line.amount) == (line.discount.from_float(12.5), line.discount.from_float(17.5))


def test_control_characters_in_texts_are_left_out_and_line_breaks_stay(tmp_path: Path) -> None:
    text = 'number,customer_id,date,note\nI-1,C-1,2026-10-01,"a\x1b[1m\x7f\nb\tc"\n'
    [invoice] = accounts(tmp_path, {"invoices.csv": text})[0].transactions
    assert invoice.note == "a[1m\nb\tc"


def test_several_files_of_one_type_are_one_export(tmp_path: Path) -> None:
    files = {"i/1.csv": INVOICES, "i/2.csv": "date,number,customer_id\n2026-11-01,I-3,C-1\n", "i/no.txt": "x"}
    exports = "[{type: customers, path: customers.csv}, {type: invoices, path: 'i/*.csv'}]"
    assert numbers(tmp_path, files, exports) == ["I-3", "I-1", "I-2"]


def test_one_file_may_be_two_exports(tmp_path: Path) -> None:
    """Orders and invoices in one file, told apart by their status."""
    text = "number,customer_id,date,status\nX-1,C-1,2026-10-01,order\nX-2,C-1,2026-10-01,invoice\n"
    exports = (
        "[{type: customers, path: customers.csv}, {type: orders, path: x.csv, visible: {status: order}},"
        " {type: invoices, path: x.csv, visible: {status: invoice}}]"
    )
    found = accounts(tmp_path, {"x.csv": text}, exports)[0].transactions
    assert [(each.type, each.number) for each in found] == [("orders", "X-1"), ("invoices", "X-2")]


def test_ids_are_compared_byte_for_byte(tmp_path: Path) -> None:
    customers = "id,name\n12,a\n0012,b\nc,c\nC,d\né,e\ne\u0301,f\nC-1,g\n"
    assert problems(tmp_path, {"customers.csv": customers}) == []
    invoices = "number,customer_id,date\nI-1,012,2026-10-01\n"
    assert problems(tmp_path, {"customers.csv": customers, "invoices.csv": invoices}) == [
        "invoices.csv:2:2: customer_id: '012' is not in customers.csv"
    ]


def test_the_day_shown_is_that_of_the_newest_file_where_the_site_is(tmp_path: Path) -> None:
    config = write(tmp_path, {"invoices.csv": INVOICES}, site="currency: EUR, timezone: Pacific/Auckland")
    noon = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC).timestamp()
    os.utime(tmp_path / "customers.csv", (noon, noon))
    os.utime(tmp_path / "invoices.csv", (noon - 86_400, noon - 86_400))
    with read_exports(load(config)) as opened:
        assert opened.as_of == datetime.date(2026, 11, 23)


def test_the_day_shown_is_the_one_that_is_written(tmp_path: Path) -> None:
    with book(tmp_path, {}, site="currency: EUR, as_of: 2020-02-29") as opened:
        assert opened.as_of == datetime.date(2020, 2, 29)


def test_what_the_definitions_have_against_the_customers_is_told_with_the_rest(tmp_path: Path) -> None:
    config = write(tmp_path, {"invoices.csv": INVOICES.replace("5.00", "five")})
    mine = Problem(Location("portals.yaml", 1), "no such customer")
    with pytest.raises(InvalidInputError) as refused, read_exports(load(config), lambda names: [mine] * len(names)):
        pass
    assert [problem.message for problem in refused.value.problems] == ["total: 'five' is not a number", mine.message]


_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
"""A file with NUL in it is refused as no text, wherever it stands."""
CELLS = {
    Kind.DATE: st.dates().map(str) | st.text(st.sampled_from("0123456789-/. T:"), max_size=12),
    Kind.DECIMAL: st.text(st.sampled_from("0123456789.,-+eE _NaIinfty\n"), max_size=18),
    Kind.CURRENCY: st.sampled_from(["EUR", "eur", "XXX", "EURO", "", "ZZZ"]) | _TEXT,
    Kind.TRUTH: st.sampled_from(["true", "No", "1", "0", "x", "TRUE", "01"]),
    Kind.INTEGER: st.text(st.sampled_from("0123456789.-+ "), max_size=10),
    Kind.ID: _TEXT | st.text("x", min_size=198, max_size=202),
    Kind.TEXT: _TEXT,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cells")


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_whatever_stands_in_a_cell_is_read_or_refused_where_it_stands(folder: Path, data: st.DataObject) -> None:
    """No cell makes it crash, and none is refused without a place and a hint."""
    columns = {name: column for name, column in HEADERS["invoices"].items() if column.kept}
    row = {
        name: data.draw(CELLS[column.kind].filter(lambda cell: "\r" not in cell), name)
        for name, column in columns.items()
    }
    row |= {"number": "I-1", "customer_id": "C-1"} | ({"date": "2026-10-01"} if data.draw(st.booleans()) else {})
    cells = ",".join('"' + row[name].replace('"', '""') + '"' for name in columns)
    try:
        text = f"{','.join(columns)}\n{cells}\n".encode("utf-8", "replace").decode()
        [account, _] = accounts(folder, {"invoices.csv": text})
    except InvalidInputError as error:
        assert all(problem.where.line == 2 and problem.where.column and problem.hint for problem in error.problems)
    else:
        assert len(account.transactions) <= 1


@pytest.mark.parametrize("kind", [*Kind])
def test_each_kind_of_cell_has_a_hint(kind: Kind) -> None:
    assert bool(hint_for(kind, "?")) == (kind is not Kind.TEXT)


def test_what_is_wrong_in_several_places_is_told_at_once(tmp_path: Path) -> None:
    files = {
        "customers.csv": CUSTOMERS + "C-1,Cows\n",
        "invoices.csv": "number,customer_id,date,total\nI-1,C-9,2026-10-01,5.00\nI-2,C-1,soon,x\n",
        "invoices_lines.csv": "number,quantity\nI-3,1\nI-1,many\n",
    }
    assert problems(tmp_path, files) == [
        "customers.csv:4:1: id: 'C-1' is there twice, first in customers.csv:2",
        "invoices.csv:2:2: customer_id: 'C-9' is not in customers.csv",
        "invoices.csv:3:3: date: 'soon' is not a date",
        "invoices.csv:3:4: total: 'x' is not a number",
        "invoices_lines.csv:2:1: number: 'I-3' is not in invoices.csv",
        "invoices_lines.csv:3:2: quantity: 'many' is not a number",
    ]
