"""The book hands out exactly what the exports hold: every digit, in order, one customer at a time."""

import datetime
import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portalgen.book import Extent
from portalgen.model import TRANSACTION_TYPES
from tests.books import accounts, book

DECIMALS = st.decimals(-(10**15) + 1, 10**15 - 1, places=6) | st.integers(-(10**15) + 1, 10**15 - 1).map(Decimal)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("book")


@given(st.lists(DECIMALS, min_size=4, max_size=4), st.lists(DECIMALS, min_size=5, max_size=5))
@settings(deadline=None, max_examples=25)
def test_no_digit_of_an_amount_is_lost(folder: Path, amounts: list[Decimal], line: list[Decimal]) -> None:
    """Up to 15 digits before the point and 6 after it, in every column that holds a number."""
    written = [",".join(f"{each:f}" for each in cells) for cells in (amounts, line)]
    invoices = f"number,customer_id,date,net,tax,total,balance\nI-1,C-1,2026-10-01,{written[0]}\n"
    lines = f"number,quantity,unit_price,discount,tax_rate,amount\nI-1,{written[1]}\n"
    [invoice] = accounts(folder, {"invoices.csv": invoices, "invoices_lines.csv": lines})[0].transactions
    [only] = invoice.lines
    assert [invoice.net, invoice.tax, invoice.total, invoice.balance] == amounts
    assert [only.quantity, only.unit_price, only.discount, only.tax_rate, only.amount] == line
    assert all(type(each) is Decimal for each in (invoice.net, invoice.total, only.quantity, only.amount))


def test_every_column_that_a_book_keeps_is_handed_out(tmp_path: Path) -> None:
    """Each is read from the column of its name; what is empty is '' or nothing."""
    numbers = {"paid": "1.5", "allowance": "2.25", "charge": "3", "rounding": "-0.01"}
    texts = {"payment_terms": "30 days", "ship_to": "Dock 4, Cork", "branch": "North"}
    of_line = {"open_quantity": "4", "discount_amount": "5.000001", "tax": "6"}
    cells = ",".join(f'"{text}"' for text in (*numbers.values(), *texts.values()))
    [account, other] = accounts(
        tmp_path,
        {
            "customers.csv": "id,name,payment_terms\nC-1,Ants,60 days\nC-2,Bees,\n",
            "invoices.csv": f"number,customer_id,date,{','.join([*numbers, *texts])}\n"
            f"I-1,C-1,2026-10-02,{cells}\nI-2,C-1,2026-10-01{',' * (len(numbers) + len(texts))}\n",
            "invoices_lines.csv": f"number,{','.join(of_line)}\nI-1,{','.join(of_line.values())}\nI-2,,,\n",
        },
    )
    full, empty = account.transactions
    assert {name: getattr(full, name) for name in numbers} == {name: Decimal(text) for name, text in numbers.items()}
    assert {name: getattr(full, name) for name in texts} == texts
    assert {name: getattr(full.lines[0], name) for name in of_line} == {
        name: Decimal(text) for name, text in of_line.items()
    }
    assert {getattr(empty, name) for name in numbers} == {None} == {getattr(empty.lines[0], name) for name in of_line}
    assert {getattr(empty, name) for name in texts} == {""}
    assert (account.customer.payment_terms, other.customer.payment_terms) == ("60 days", "")


def _export(rows: list[tuple[str, str, str]]) -> str:
    return "number,customer_id,date\n" + "".join(f"{','.join(row)}\n" for row in rows)


def test_transactions_come_by_type_then_newest_first_then_by_number(tmp_path: Path) -> None:
    rows = [
        *(("N-2", "C-1", "2026-10-01"), ("N-10", "C-1", "2026-10-01"), ("N-1", "C-1", "2026-10-02")),
        *(("N-3", "C-1", "2025-01-01"), ("n-1", "C-1", "2026-10-01"), ("É-1", "C-1", "2026-10-01")),
    ]
    random.Random(1).shuffle(rows)  # noqa: S311 - no secret
    files = {f"{type_}.csv": _export(rows) for type_ in reversed(TRANSACTION_TYPES)}
    found = [(each.type, each.number) for each in accounts(tmp_path, files)[0].transactions]
    assert found == [
        (type_, number) for type_ in TRANSACTION_TYPES for number in ["N-1", "N-10", "N-2", "n-1", "É-1", "N-3"]
    ]


def test_lines_come_by_their_number_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    lines = "number,line,description\nI-2,3,f\nI-1,10,c\nI-1,2,b\nI-2,1,d\nI-1,1,a\nI-2,2,e\n"
    files = {
        "invoices.csv": _export([("I-1", "C-1", "2026-10-01"), ("I-2", "C-1", "2026-10-01")]),
        "invoices_lines.csv": lines,
    }
    first, second = accounts(tmp_path, files)[0].transactions
    assert [line.description for line in first.lines] == ["a", "b", "c"]
    assert [line.description for line in second.lines] == ["d", "e", "f"]


def test_one_number_may_be_an_order_and_an_invoice_each_with_its_own_lines(tmp_path: Path) -> None:
    export = _export([("X-1", "C-1", "2026-10-01")])
    files = {
        "orders.csv": export,
        "orders_lines.csv": "number,description\nX-1,ordered\n",
        "invoices.csv": export,
        "invoices_lines.csv": "number,description\nX-1,invoiced\n",
    }
    found = accounts(tmp_path, files)[0].transactions
    assert [(each.type, each.lines[0].description) for each in found] == [
        ("orders", "ordered"),
        ("invoices", "invoiced"),
    ]


def test_accounts_come_in_the_order_of_their_ids_and_hold_nothing_of_each_other(tmp_path: Path) -> None:
    customers = "id,name\nb,B\na,A\n0012,zeros\n12,twelve\nA,capital\n"
    ids = ["0012", "12", "A", "a", "b"]
    rows = [(f"I-{id_}-{count}", id_, "2026-10-01") for id_ in ids for count in range(3)]
    random.Random(2).shuffle(rows)  # noqa: S311 - no secret
    files = {
        "customers.csv": customers,
        "invoices.csv": _export(rows),
        "invoices_lines.csv": "number,description\n" + "".join(f"{row[0]},{row[1]}\n" for row in rows),
    }
    with book(tmp_path, files) as opened:
        found = [*opened.accounts(["a", "b", "12", "0012", "A", "not there"])]
    assert [account.customer.id for account in found] == ids
    for account in found:
        assert [each.number for each in account.transactions] == [
            f"I-{account.customer.id}-{count}" for count in range(3)
        ]
        assert {each.customer_id for each in account.transactions} == {account.customer.id}
        assert {line.description for each in account.transactions for line in each.lines} == {account.customer.id}


def test_only_the_accounts_asked_for_are_handed_out(tmp_path: Path) -> None:
    files = {"invoices.csv": _export([("I-1", "C-1", "2026-10-01"), ("I-2", "C-2", "2026-10-01")])}
    with book(tmp_path, files) as opened:
        assert [account.customer.id for account in opened.accounts(["C-2"])] == ["C-2"]
        assert [*opened.accounts([])] == []
        both = [*opened.accounts(["C-1", "C-2", "C-1"])]
    assert [(account.customer.id, len(account.transactions)) for account in both] == [("C-1", 1), ("C-2", 1)]


def test_a_customer_without_transactions_has_an_account(tmp_path: Path) -> None:
    [ants, bees] = accounts(tmp_path, {})
    assert (ants.customer.name, ants.transactions) == ("Ants", ())
    assert (bees.customer.name, bees.transactions) == ("Bees", ())


def test_accounts_longer_than_a_batch_are_whole(tmp_path: Path) -> None:
    """The database hands out ten thousand rows at a time."""
    rows = [(f"I-{number:05}", f"C-{1 + number % 2}", "2026-10-01") for number in range(12_500)]
    lines = "number,line,quantity\n" + "".join(f"{row[0]},{line},1\n" for row in rows for line in (2, 1))
    ants, bees = accounts(tmp_path, {"invoices.csv": _export(rows), "invoices_lines.csv": lines})
    for account, start in ((ants, 0), (bees, 1)):
        assert [each.number for each in account.transactions] == [
            f"I-{number:05}" for number in range(start, 12_500, 2)
        ]
        assert all([line.line for line in each.lines] == [1, 2] for each in account.transactions)


def test_a_line_without_words_of_its_own_has_those_of_its_product(tmp_path: Path) -> None:
    files = {
        "products.csv": "sku,name,unit\nA,Chair,pcs\nB,Lamp,\n",
        "invoices.csv": _export([("I-1", "C-1", "2026-10-01")]),
        "invoices_lines.csv": "number,item,description,unit\nI-1,A,,\nI-1,A,Red chair,box\nI-1,B,,\nI-1,C,,\nI-1,a,,\n",
    }
    [invoice] = accounts(tmp_path, files)[0].transactions
    assert [(line.description, line.unit) for line in invoice.lines] == [
        *(("Chair", "pcs"), ("Red chair", "box"), ("Lamp", ""), ("", ""), ("", "")),
    ]


def test_extents_count_one_customer_s_transactions_by_type(tmp_path: Path) -> None:
    files = {
        "quotes.csv": _export([("Q-1", "C-2", "2026-10-01")]),
        "orders.csv": _export([("O-1", "C-1", "2026-10-01")]),
        "invoices.csv": _export(
            [("I-1", "C-1", "2026-10-05"), ("I-2", "C-1", "2025-01-31"), ("I-3", "C-2", "2020-01-01")]
        ),
    }
    day = datetime.date
    with book(tmp_path, files) as opened:
        assert {type_: extents for (id_, type_), extents in opened.extents().items() if id_ == "C-1"} == {
            "orders": {"": Extent(1, day(2026, 10, 1), day(2026, 10, 1))},
            "invoices": {"": Extent(2, day(2025, 1, 31), day(2026, 10, 5))},
        }
        assert not any(id_ == "C-3" for id_, _ in opened.extents())


def test_extents_tell_branches_apart_byte_for_byte(tmp_path: Path) -> None:
    branches = ["North", "north", "", "North", "Nort"]
    rows = [f"I-{number},C-1,2026-10-0{number},{branch}" for number, branch in enumerate(branches, start=1)]
    with book(tmp_path, {"invoices.csv": "\n".join(["number,customer_id,date,branch", *rows, ""])}) as opened:
        found = opened.extents()["C-1", "invoices"]
    assert {branch: extent.count for branch, extent in found.items()} == {"": 1, "Nort": 1, "North": 2, "north": 1}
    assert Extent.over(found.values()) == Extent(5, datetime.date(2026, 10, 1), datetime.date(2026, 10, 5))
