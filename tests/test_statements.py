"""Statements of account: what is open by age, what moved, and that it all adds up, or else nothing is said at all."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from decimal import Decimal, getcontext, localcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portalgen.errors import InvalidInputError, StatementError
from portalgen.model import BUCKETS, ENTRY_TYPES, Entry, Receipt, Statement, Transaction
from portalgen.statements import statements_of
from tests.accounts import (
    AS_OF,
    Account,
    Replay,
    accounts,
    cents,
    credit_note,
    day,
    days_ago,
    document,
    invoice,
    receipt,
)

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
CENT = Decimal("0.01")
EITHER: tuple[list[Receipt] | None, ...] = (None, [])
"""No export of receipts, and one without any of this customer."""


def statements(
    transactions: Sequence[Transaction], receipts: Sequence[Receipt] | None = None, **values: object
) -> tuple[Statement, ...]:
    """Those of three months, with receipts where there are any, and no tolerance; `values` change that."""
    terms: dict[str, object] = {"as_of": AS_OF, "months": 3, "shows_receipts": True, "tolerance": Decimal(0)}
    return statements_of(transactions, receipts, **{**terms, **values})  # type: ignore[arg-type]  # as its terms are


def one(transactions: Sequence[Transaction], receipts: Sequence[Receipt] | None = None, **values: object) -> Statement:
    (statement,) = statements(transactions, receipts, **values)
    return statement


def filled(statement: Statement) -> dict[str, str]:
    """The buckets that are not empty."""
    return {name: str(amount) for name, amount in statement.buckets.items() if amount}


def rows(statement: Statement) -> list[tuple[str, str, str, str]]:
    """Date, type, number and amount of each entry."""
    return [(str(each.date), each.type, each.number, str(each.amount)) for each in statement.entries]


def refusal(transactions: Sequence[Transaction], receipts: Sequence[Receipt] | None = None, **values: object) -> str:
    with pytest.raises(StatementError) as caught:
        statements(transactions, receipts, **values)
    return str(caught.value)


# Ageing


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-400, "current"),
        (-1, "current"),
        (0, "current"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "90+"),
        (4000, "90+"),
    ],
)
def test_an_open_invoice_is_as_old_as_the_days_since_it_was_due(days: int, bucket: str) -> None:
    for receipts in EITHER:
        statement = one([invoice("I-1", days_ago(100), "7.00", due_date=days_ago(days))], receipts)
        assert filled(statement) == {bucket: "7.00"}


def test_an_invoice_without_a_due_date_is_current_however_old_it_is() -> None:
    assert filled(one([invoice("I-1", days_ago(5000), "7.00")])) == {"current": "7.00"}


def test_every_bucket_is_there_in_order_with_nothing_in_it() -> None:
    statement = one([invoice("I-1", AS_OF, "0")])
    assert list(statement.buckets) == list(BUCKETS)
    assert BUCKETS == ("unallocated", "current", "1-30", "31-60", "61-90", "90+")
    assert set(statement.buckets.values()) == {Decimal(0)}


# The period


@pytest.mark.parametrize(
    ("as_of", "months", "first_day"),
    [
        ("2024-03-31", 1, "2024-03-01"),
        ("2023-03-31", 1, "2023-03-01"),
        ("2024-03-30", 1, "2024-03-01"),
        ("2024-03-29", 1, "2024-03-01"),
        ("2024-03-28", 1, "2024-02-29"),
        ("2024-02-29", 12, "2023-03-01"),
        ("2025-02-28", 12, "2024-02-29"),
        ("2024-12-31", 1, "2024-12-01"),
        ("2026-05-31", 3, "2026-03-01"),
        ("2026-01-15", 1, "2025-12-16"),
        ("2026-12-15", 12, "2025-12-16"),
        ("2026-01-01", 13, "2024-12-02"),
        ("2026-03-31", 0, "2026-04-01"),
    ],
)
def test_the_first_day_follows_the_same_day_of_a_month_before_or_its_last(
    as_of: str, months: int, first_day: str
) -> None:
    statement = one([invoice("I-1", day("2020-01-01"), "1")], as_of=day(as_of), months=months)
    assert (statement.first_day, statement.last_day) == (day(first_day), day(as_of))


@PATIENT
@given(st.dates(day("1900-01-01"), day("2200-12-31")), st.integers(0, 60))
def test_the_periods_of_a_document_s_life_are_as_long_as_its_months(as_of: datetime.date, months: int) -> None:
    """The day before the first is the latest of its month that is not past the day of the statement."""
    statement = one([invoice("I-1", day("1800-01-01"), "1")], as_of=as_of, months=months)
    before = statement.first_day - datetime.timedelta(days=1)
    assert (as_of.year - before.year) * 12 + as_of.month - before.month == months
    assert before.day == as_of.day or (before.day < as_of.day and statement.first_day.day == 1)


def test_both_days_of_the_period_belong_to_it() -> None:
    dates = {"I-1": "2025-12-31", "I-2": "2026-01-01", "I-3": "2026-03-31", "I-4": "2026-04-01"}
    statement = one([invoice(number, day(date), "1.00") for number, date in dates.items()])
    assert (str(statement.first_day), statement.last_day) == ("2026-01-01", AS_OF)
    assert (int(statement.opening), int(statement.closing)) == (1, 3)
    assert [entry.number for entry in statement.entries] == ["I-2", "I-3"]


def test_entries_are_ordered_by_date_then_type_then_number() -> None:
    documents = [
        invoice("I-2", days_ago(3), "1.00", balance="0.50"),
        invoice("I-10", days_ago(3), "1.00"),
        credit_note("A-1", days_ago(3), "1.00"),
        credit_note("A-0", days_ago(2), "1.00"),
    ]
    assert [(each.type, each.number) for each in one(documents).entries] == [
        ("invoices", "I-10"),
        ("invoices", "I-2"),
        ("credit_notes", "A-1"),
        ("settled", "I-2"),
        ("credit_notes", "A-0"),
    ]
    received = [receipt("0", days_ago(3), "1.00")]
    types = [each.type for each in one([replace(each, balance=None) for each in documents], received).entries]
    assert types == ["invoices", "invoices", "credit_notes", "receipts", "credit_notes"]


def test_only_documents_have_a_due_date_in_their_entries() -> None:
    documents = [invoice("I-1", days_ago(3), "2.00", balance="1.00", due_date=days_ago(1))]
    assert [each.due_date for each in one(documents).entries] == [days_ago(1), None]


# With receipts


def test_a_payment_lowers_its_invoice_and_is_a_movement_on_its_own_day() -> None:
    statement = one(
        [invoice("I-1", days_ago(50), "100.00", due_date=days_ago(20), balance="60.00")],
        [receipt("R-1", days_ago(10), "40.00", "I-1")],
    )
    assert statement.entries == (
        Entry(days_ago(50), "invoices", "I-1", days_ago(20), Decimal(100), Decimal(100)),
        Entry(days_ago(10), "receipts", "R-1", None, Decimal(-40), Decimal(60)),
    )
    assert filled(statement) == {"1-30": "60.00"}


def test_what_pays_more_than_its_invoice_stays_as_credit() -> None:
    statement = one(
        [invoice("I-1", days_ago(50), "100.00", balance="0"), invoice("I-2", days_ago(5), "10.00")],
        [receipt("R-1", days_ago(10), "130.00", "I-1")],
    )
    assert filled(statement) == {"unallocated": "-30.00", "current": "10.00"}
    assert statement.closing == -20


@pytest.mark.parametrize("named", ["", "I-9", "i-1", "I-1 ", "C-1", "FUTURE"])
def test_a_receipt_that_names_no_invoice_stays_as_credit(named: str) -> None:
    documents = [
        invoice("I-1", days_ago(50), "100.00"),
        credit_note("C-1", days_ago(50), "1.00"),
        invoice("FUTURE", AS_OF + datetime.timedelta(days=1), "10.00"),
    ]
    statement = one(documents, [receipt("R-1", days_ago(10), "10.00", named)])
    assert filled(statement) == {"unallocated": "-11.00", "current": "100.00"}


def test_documents_of_two_types_may_share_a_number() -> None:
    documents = [
        invoice("1", days_ago(50), "100.00", balance="30.00"),
        credit_note("1", days_ago(40), "50.00", invoice_number="1", balance="0"),
    ]
    assert filled(one(documents, [receipt("1", days_ago(30), "20.00", "1")])) == {"current": "30.00"}
    assert rows(one(documents))[1] == (str(days_ago(50)), "settled", "1", "-20.00")


def test_a_receipt_pays_no_invoice_of_another_currency() -> None:
    found = statements([invoice("I-1", days_ago(50), "9.00")], [receipt("R-1", days_ago(10), "9.00", "I-1", "USD")])
    assert [filled(each) for each in found] == [{"current": "9.00"}, {"unallocated": "-9.00"}]


def test_a_credit_note_lowers_the_invoice_it_names_and_keeps_what_is_more() -> None:
    documents = [
        invoice("I-1", days_ago(50), "100.00", due_date=days_ago(40), balance="0"),
        credit_note("C-1", days_ago(20), "150.00", invoice_number="I-1", balance="50.00"),
    ]
    for receipts in EITHER:
        statement = one(documents, receipts)
        assert filled(statement) == {"unallocated": "-50.00"}
        assert [each.amount for each in statement.entries] == [100, -150]


def test_an_invoice_that_names_another_pays_nothing_of_it() -> None:
    """One that corrects another names it, too."""
    documents = [
        invoice("I-1", days_ago(50), "9.00", due_date=days_ago(40)),
        invoice("I-2", days_ago(40), "5.00", invoice_number="I-1"),
    ]
    assert filled(one(documents, [receipt("R-1", days_ago(45), "9.00", "I-1")])) == {"current": "5.00"}


def test_what_comes_first_pays_first_and_a_credit_note_before_a_receipt_of_its_day() -> None:
    note = credit_note("C-1", days_ago(20), "30.00", invoice_number="I-1")
    documents = [invoice("I-1", days_ago(50), "100.00"), note]
    paid = receipt("R", days_ago(30), "80.00", "I-1")
    hidden = one(documents, [paid], shows_receipts=False)
    assert rows(hidden)[1] == (str(days_ago(50)), "settled", "I-1", "-80.00")
    for later in (days_ago(20), days_ago(10)):
        hidden = one(documents, [replace(paid, date=later)], shows_receipts=False)
        assert rows(hidden)[1] == (str(days_ago(50)), "settled", "I-1", "-70.00")
        assert rows(hidden)[-1] == (str(AS_OF), "settled", "", "-10.00")


def test_a_credit_note_pays_its_invoice_as_far_as_its_own_balance_says() -> None:
    """Many a system names the invoice on a credit note, and lets somebody allocate it later, or to another."""
    paid = [receipt("R", days_ago(30), "100.00", "I-1")]
    documents = [
        invoice("I-1", days_ago(50), "100.00", balance="100.00"),
        credit_note("C-1", days_ago(20), "30.00", invoice_number="I-1", balance="30.00"),
    ]
    assert filled(one(documents, [])) == {"unallocated": "-30.00", "current": "100.00"}
    half_used = [replace(documents[0], balance=Decimal(80)), replace(documents[1], balance=Decimal(10))]
    assert filled(one(half_used, [])) == {"unallocated": "-10.00", "current": "80.00"}
    used = [replace(documents[0], balance=Decimal(0)), replace(documents[1], balance=Decimal(0))]
    assert filled(one(used, paid)) == {"unallocated": "-30.00"}


def test_a_payment_that_is_taken_back_opens_its_invoice_again() -> None:
    received = [receipt("R-1", days_ago(30), "100.00", "I-1"), receipt("R-2", days_ago(20), "-100.00", "I-1")]
    statement = one([invoice("I-1", days_ago(50), "100.00", balance="100.00")], received)
    assert filled(statement) == {"current": "100.00"}


def test_what_was_paid_too_much_and_paid_back_leaves_nothing() -> None:
    received = [receipt("R-1", days_ago(30), "130.00", "I-1"), receipt("R-2", days_ago(20), "-30.00", "I-1")]
    assert filled(one([invoice("I-1", days_ago(50), "100.00", balance="0")], received)) == {}


def test_what_is_paid_back_before_anything_was_paid_makes_no_invoice_dearer() -> None:
    documents = [invoice("I-1", days_ago(50), "100.00", due_date=days_ago(40), balance="100.00")]
    statement = one(documents, [receipt("R-1", days_ago(30), "-20.00", "I-1")])
    assert filled(statement) == {"unallocated": "20.00", "31-60": "100.00"}


def test_an_invoice_below_zero_is_credit_and_a_credit_note_below_zero_is_due() -> None:
    documents = [
        invoice("I-1", days_ago(50), "-10.00", due_date=days_ago(40)),
        credit_note("C-1", days_ago(50), "-3.00", due_date=days_ago(40)),
    ]
    for receipts in EITHER:
        assert filled(one(documents, receipts)) == {"unallocated": "-10.00", "31-60": "3.00"}


def test_rounding_is_part_of_what_is_to_be_paid() -> None:
    documents = [invoice("I-1", days_ago(50), "100.02", rounding="-0.02", balance="100.00")]
    for receipts in EITHER:
        statement = one(documents, receipts)
        assert [each.amount for each in statement.entries] == [100]


def test_what_is_dated_after_the_day_is_not_posted_yet() -> None:
    tomorrow = AS_OF + datetime.timedelta(days=1)
    documents = [
        invoice("I-1", AS_OF, "10.00", balance="10.00"),
        invoice("I-2", tomorrow, "10.00", balance="1.00"),
        credit_note("C-1", tomorrow, "10.00", invoice_number="I-1"),
        replace(invoice("I-3", tomorrow, "0"), total=None),
    ]
    assert one(documents, [receipt("R-1", tomorrow, "10.00", "I-1")]).closing == 10
    assert statements([documents[1]], [receipt("R-1", tomorrow, "10.00", "I-2")]) == ()


def test_quotes_orders_and_delivery_notes_are_no_part_of_a_statement() -> None:
    others = [document(type_, "X", AS_OF, "5.00") for type_ in ("quotes", "orders", "delivery_notes")]
    others.append(replace(others[0], total=None))
    assert statements(others) == ()
    assert rows(one([*others, invoice("I-1", AS_OF, "1.00")])) == [(str(AS_OF), "invoices", "I-1", "1.00")]


# Without receipts


def test_what_an_invoice_s_balance_leaves_is_settled_on_its_own_day() -> None:
    statement = one([invoice("I-1", days_ago(50), "100.00", balance="60.00"), invoice("I-2", days_ago(40), "5.00")])
    assert rows(statement) == [
        (str(days_ago(50)), "invoices", "I-1", "100.00"),
        (str(days_ago(50)), "settled", "I-1", "-40.00"),
        (str(days_ago(40)), "invoices", "I-2", "5.00"),
    ]
    assert filled(statement) == {"current": "65.00"}


def test_an_overpaid_invoice_is_credit() -> None:
    statement = one([invoice("I-1", days_ago(50), "100.00", balance="-30.00", due_date=days_ago(40))])
    assert filled(statement) == {"unallocated": "-30.00"}
    assert statement.entries[1].amount == -130


@pytest.mark.parametrize(
    ("invoice_balance", "note_balance", "closing", "buckets", "settled"),
    [
        # The invoice's balance has the credit note in it, which is used up.
        ("70.00", "0", 70, {"current": "70.00"}, []),
        ("70.00", None, 70, {"current": "70.00"}, []),
        (None, "0", 70, {"current": "70.00"}, []),
        (None, None, 70, {"current": "70.00"}, []),
        # And something else has been paid.
        ("50.00", "0", 50, {"current": "50.00"}, [("I-1", "-20.00")]),
        ("50.00", None, 50, {"current": "50.00"}, [("I-1", "-20.00")]),
        # The credit note is not, or not all, in the invoice's balance.
        ("100.00", "30.00", 70, {"unallocated": "-30.00", "current": "100.00"}, []),
        ("100.00", None, 70, {"unallocated": "-30.00", "current": "100.00"}, []),
        (None, "30.00", 70, {"unallocated": "-30.00", "current": "100.00"}, []),
        ("90.00", None, 70, {"unallocated": "-20.00", "current": "90.00"}, []),
        ("90.00", "20.00", 70, {"unallocated": "-20.00", "current": "90.00"}, []),
        # It was used elsewhere, or paid out.
        ("100.00", "0", 100, {"current": "100.00"}, [("C-1", "30.00")]),
        ("90.00", "0", 90, {"current": "90.00"}, [("C-1", "20.00")]),
        # The invoice was paid otherwise.
        ("70.00", "30.00", 40, {"unallocated": "-30.00", "current": "70.00"}, [("I-1", "-30.00")]),
        ("0", "30.00", -30, {"unallocated": "-30.00"}, [("I-1", "-100.00")]),
    ],
)
def test_a_credit_note_that_names_an_invoice_counts_once(
    invoice_balance: str | None,
    note_balance: str | None,
    closing: int,
    buckets: Mapping[str, str],
    settled: list[tuple[str, str]],
) -> None:
    plain = [invoice("I-1", days_ago(50), "100.00"), credit_note("C-1", days_ago(20), "30.00", invoice_number="I-1")]
    balances = [None if text is None else Decimal(text) for text in (invoice_balance, note_balance)]
    statement = one([replace(each, balance=balance) for each, balance in zip(plain, balances, strict=True)])
    assert statement.closing == closing
    assert filled(statement) == buckets
    assert [(each.number, str(each.amount)) for each in statement.entries if each.type == "settled"] == settled


def test_the_credit_note_that_says_that_it_is_used_comes_before_one_that_does_not() -> None:
    documents = [
        invoice("I-1", days_ago(50), "100.00", balance="50.00"),
        credit_note("C-1", days_ago(40), "50.00", invoice_number="I-1"),
        credit_note("C-2", days_ago(30), "50.00", invoice_number="I-1", balance="0"),
    ]
    assert filled(one(documents)) == {"unallocated": "-50.00", "current": "50.00"}


def test_a_credit_note_names_no_invoice_of_another_currency() -> None:
    documents = [
        invoice("I-1", days_ago(50), "100.00"),
        replace(credit_note("C-1", days_ago(40), "50.00", invoice_number="I-1"), currency="USD"),
    ]
    assert [(each.currency, int(each.closing)) for each in statements(documents)] == [("EUR", 100), ("USD", -50)]


def test_a_balance_above_the_total_has_no_credit_note_in_it() -> None:
    documents = [
        invoice("I-1", days_ago(50), "100.00", balance="120.00"),
        credit_note("C-1", days_ago(40), "50.00", invoice_number="I-1"),
    ]
    statement = one(documents)
    assert filled(statement) == {"unallocated": "-50.00", "current": "120.00"}
    assert rows(statement)[1] == (str(days_ago(50)), "settled", "I-1", "20.00")


# Receipts that are not to be shown


def test_a_receipt_that_is_not_shown_is_settled_on_the_invoice_s_day_and_the_rest_on_the_last() -> None:
    documents = [invoice("I-1", days_ago(50), "100.00"), invoice("OLD", days_ago(200), "20.00")]
    received = [
        receipt("R-1", days_ago(30), "60.00", "I-1"),
        receipt("R-2", days_ago(20), "70.00", "I-1"),
        receipt("R-3", days_ago(10), "5.00"),
        receipt("R-4", days_ago(10), "8.00", "OLD"),
    ]
    statement = one(documents, received, shows_receipts=False)
    assert statement.opening == 12
    assert statement.entries == (
        Entry(days_ago(50), "invoices", "I-1", None, Decimal(100), Decimal(112)),
        Entry(days_ago(50), "settled", "I-1", None, Decimal(-100), Decimal(12)),
        Entry(AS_OF, "settled", "", None, Decimal(-35), Decimal(-23)),
    )
    shown = one(documents, received)
    assert shown.opening == 20
    assert (shown.closing, shown.buckets) == (statement.closing, statement.buckets)


def test_where_every_receipt_is_used_nothing_is_settled_on_the_last_day() -> None:
    received = [receipt("R-1", days_ago(30), "100.00", "I-1"), receipt("R-2", days_ago(20), "0.00")]
    statement = one([invoice("I-1", days_ago(50), "100.00")], received, shows_receipts=False)
    assert [each.type for each in statement.entries] == ["invoices", "settled"]


def test_an_entry_has_no_field_for_how_something_was_paid() -> None:
    assert {each.name for each in fields(Entry)} == {"date", "type", "number", "due_date", "amount", "balance"}


# What refuses a statement


@pytest.mark.parametrize("off", ["0.05", "0.06", "-0.05", "-0.06"])
def test_a_balance_of_an_invoice_may_differ_by_the_tolerance_and_no_more(off: str) -> None:
    documents = [
        invoice("I-0", days_ago(50), "5.00", balance="5.00"),
        invoice("I-1", days_ago(50), "100.00", balance=str(60 + Decimal(off))),
    ]
    received = [receipt("R-1", days_ago(10), "40.00", "I-1")]
    if abs(Decimal(off)) == Decimal("0.05"):
        assert one(documents, received, tolerance=Decimal("0.05")).closing == 65
    else:
        says = f"60.00 EUR are open, but the export's balance is {60 + Decimal(off)}"
        text = refusal(documents, received, tolerance=Decimal("0.05"))
        assert text.startswith(f"invoice 'I-1': {says}\n  hint: ")
        assert "I-0" not in text


@pytest.mark.parametrize(("balance", "is_right"), [("10.00", True), ("9.95", True), ("9.94", False), ("0", False)])
def test_a_credit_note_s_balance_may_differ_by_the_tolerance_from_what_is_left_of_it(
    balance: str, is_right: bool
) -> None:
    documents = [
        invoice("I-1", days_ago(50), "20.00", balance="0"),
        credit_note("C-1", days_ago(20), "30.00", invoice_number="I-1", balance=balance),
    ]
    if is_right:
        assert filled(one(documents, [], tolerance=Decimal("0.05"))) == {"unallocated": "-10.00"}
    else:
        text = refusal(documents, [], tolerance=Decimal("0.05"))
        assert text.startswith(f"credit note 'C-1': 10.00 EUR are open, but the export's balance is {balance}\n")


def test_a_credit_note_that_is_used_less_leaves_more_of_its_invoice_open() -> None:
    documents = [
        invoice("I-1", days_ago(50), "20.00", balance="0"),
        credit_note("C-1", days_ago(20), "30.00", invoice_number="I-1", balance="10.06"),
    ]
    text = refusal(documents, [], tolerance=Decimal("0.05"))
    assert text.startswith("invoice 'I-1': 0.06 EUR are open, but the export's balance is 0\n")


@pytest.mark.parametrize("balance", ["30.01", "29.99", "0", "-1", "31"])
def test_a_credit_note_that_names_nothing_is_open_in_full_where_receipts_tell_all(balance: str) -> None:
    text = refusal([credit_note("C-1", days_ago(20), "30.00", balance=balance)], [])
    assert f"credit note 'C-1': 30.00 EUR are open, but the export's balance is {balance}" in text


@pytest.mark.parametrize("balance", ["31.00", "-1.00"])
def test_no_credit_note_is_used_for_more_than_all_or_less_than_nothing(balance: str) -> None:
    documents = [
        invoice("I-1", days_ago(50), "100.00", balance="0"),
        credit_note("C-1", days_ago(20), "30.00", invoice_number="I-1", balance=balance),
    ]
    text = refusal(documents, [receipt("R-1", days_ago(10), "100.00", "I-1")])
    left = "30.00" if Decimal(balance) > 0 else "0.00"
    assert text.startswith(f"credit note 'C-1': {left} EUR are open, but the export's balance is {balance}\n")
    assert "invoice" not in text


def test_an_overpaid_invoice_may_have_a_balance_below_zero_or_none_and_nothing_else() -> None:
    received = [receipt("R-1", days_ago(10), "130.00", "I-1")]
    plain = invoice("I-1", days_ago(50), "100.00")
    for balance in ("0", "-30.00"):
        assert one([replace(plain, balance=Decimal(balance))], received).closing == -30
    for balance in ("-29.99", "-30.01", "-0.01", "0.01", "30.00"):
        text = refusal([replace(plain, balance=Decimal(balance))], received)
        assert f"'I-1': 0.00 EUR are open, but the export's balance is {balance}" in text


def test_every_document_that_differs_is_named_at_once() -> None:
    documents = [
        invoice("I-1", days_ago(50), "100.00", balance="1.00"),
        replace(invoice("I-2", days_ago(50), "100.00", balance="2.00"), currency="USD"),
        invoice("I-3", days_ago(50), "100.00", balance="100.00"),
    ]
    with pytest.raises(InvalidInputError) as caught:
        statements(documents, [])
    assert [each.message for each in caught.value.problems] == [
        "invoice 'I-1': 100.00 EUR are open, but the export's balance is 1.00",
        "invoice 'I-2': 100.00 USD are open, but the export's balance is 2.00",
    ]


def test_a_document_without_a_total_refuses_the_statement() -> None:
    unknown = replace(invoice("I-1", days_ago(50), "0", balance="5.00"), total=None)
    for receipts in EITHER:
        text = refusal([unknown, replace(unknown, type="credit_notes", number="C-1")], receipts)
        assert text.splitlines() == [
            f"{name}: the total is not known, so no statement can be made"
            for name in ("credit note 'C-1'", "invoice 'I-1'")
        ]


@pytest.mark.parametrize("receipts", EITHER)
def test_the_account_s_own_balance_may_differ_by_the_tolerance_and_no_more(receipts: list[Receipt] | None) -> None:
    documents = [invoice("I-1", days_ago(50), "100.00")]
    tolerance = Decimal("0.05")
    for balance in ("100.05", "99.95"):
        one(documents, receipts, tolerance=tolerance, account_balance={"EUR": Decimal(balance)})
    for balance in ("100.06", "99.94"):
        text = refusal(documents, receipts, tolerance=tolerance, account_balance={"EUR": Decimal(balance)})
        assert f"the statement closes with 100.00 EUR, but the export's balance is {balance}" in text


def test_an_account_s_balance_in_a_currency_of_which_there_is_nothing_has_to_be_zero() -> None:
    documents = [invoice("I-1", days_ago(50), "100.00")]
    assert one(documents, account_balance={"USD": Decimal(0)}).currency == "EUR"
    assert "closes with 0 USD" in refusal(documents, account_balance={"USD": CENT})
    assert statements([], account_balance={"EUR": Decimal(0)}) == ()


def test_documents_of_two_customers_make_no_statement() -> None:
    ours = invoice("I-1", days_ago(50), "1.00")
    theirs = replace(ours, number="I-2", customer_id="C-1")
    assert "of one customer" in refusal([ours, theirs])
    assert "of one customer" in refusal([ours], [replace(receipt("R-1", days_ago(1), "1.00"), customer_id="C-1001 ")])


def test_a_statement_that_does_not_add_up_cannot_be() -> None:
    statement = one([invoice("I-1", days_ago(200), "100.00"), invoice("I-2", days_ago(5), "10.00")])
    with localcontext() as context:
        context.prec = 1
        assert replace(statement) == statement
    for wrong in (
        {"opening": statement.opening + CENT},
        {"closing": statement.closing - CENT},
        {"entries": ()},
        {"buckets": {**statement.buckets, "90+": CENT}},
    ):
        with pytest.raises(StatementError, match="closes with"):
            replace(statement, **wrong)


# Against the replay


MONTHS = st.integers(0, 5)
MODES = st.sampled_from(["shown", "hidden", "none"])


@PATIENT
@given(accounts(), MONTHS, st.booleans())
def test_with_receipts_a_statement_is_what_a_replay_of_the_days_says(
    account: Account, months: int, shows_receipts: bool
) -> None:
    found = statements(account.transactions, account.receipts, months=months, shows_receipts=shows_receipts)
    assert_replayed(found, account, account.receipts, shows_receipts)


@PATIENT
@given(accounts(has_balances=True), MONTHS)
def test_without_receipts_a_statement_is_what_a_replay_of_the_balances_says(account: Account, months: int) -> None:
    without = replace(account, receipts=())
    assert_replayed(statements(account.transactions, None, months=months), without, None, True)


def assert_replayed(
    found: Sequence[Statement], account: Account, receipts: Sequence[Receipt] | None, shows_receipts: bool
) -> None:
    assert [each.currency for each in found] == sorted(account.currencies())
    for statement in found:
        replay = Replay(statement.currency, account.transactions, receipts)
        balances = replay.balances(shows_receipts)
        assert {name: cents(amount) for name, amount in statement.buckets.items()} == replay.buckets()
        assert cents(statement.closing) == balances[AS_OF]
        assert cents(statement.opening) == balances[statement.first_day - datetime.timedelta(days=1)]
        at_the_end_of = {entry.date: cents(entry.balance) for entry in statement.entries}
        balance = cents(statement.opening)
        for today in [each for each in balances if each >= statement.first_day]:
            balance = at_the_end_of.get(today, balance)
            assert balance == balances[today]


@PATIENT
@given(accounts(has_balances=True), MONTHS, MODES)
def test_movements_and_buckets_make_the_balance(account: Account, months: int, mode: str) -> None:
    for statement in of_mode(account, mode, months):
        balance = statement.opening
        for entry in statement.entries:
            balance += entry.amount
            assert entry.balance == balance
            assert statement.first_day <= entry.date <= statement.last_day == AS_OF
        assert balance == statement.closing == sum(statement.buckets.values())
        assert statement.buckets["unallocated"] <= 0
        assert all(amount >= 0 for name, amount in statement.buckets.items() if name != "unallocated")
        order = [(each.date, ENTRY_TYPES.index(each.type), each.number) for each in statement.entries]
        assert order == sorted(order)


def of_mode(account: Account, mode: str, months: int = 3) -> tuple[Statement, ...]:
    """The statements with receipts shown or hidden, of documents without balances, or those without receipts."""
    if mode == "none":
        return statements(account.transactions, None, months=months)
    plain = [replace(each, balance=None) for each in account.transactions]
    return statements(plain, account.receipts, months=months, shows_receipts=mode == "shown")


@PATIENT
@given(accounts(has_balances=True), MODES, st.randoms(use_true_random=False))
def test_the_order_of_what_comes_in_is_irrelevant(account: Account, mode: str, random: object) -> None:
    shuffled = [list(account.transactions), list(account.receipts)]
    for each in shuffled:
        random.shuffle(each)  # type: ignore[attr-defined]  # hypothesis' own
    assert of_mode(Account(tuple(shuffled[0]), tuple(shuffled[1])), mode) == of_mode(account, mode)  # type: ignore[arg-type]


@PATIENT
@given(accounts(has_balances=True), MODES)
def test_no_currency_moves_another(account: Account, mode: str) -> None:
    alone: list[Statement] = []
    for currency in ("EUR", "USD"):
        transactions = tuple(each for each in account.transactions if each.currency == currency)
        receipts = tuple(each for each in account.receipts if each.currency == currency)
        alone += of_mode(Account(transactions, receipts), mode)
    assert tuple(alone) == of_mode(account, mode)


@PATIENT
@given(accounts())
def test_to_hide_receipts_changes_neither_what_is_owed_nor_how_old_it_is(account: Account) -> None:
    shown, hidden = of_mode(account, "shown"), of_mode(account, "hidden")
    for one_, other in zip(shown, hidden, strict=True):
        assert (one_.currency, one_.closing, one_.buckets) == (other.currency, other.closing, other.buckets)
        documents = [each for each in one_.entries if each.type in ("invoices", "credit_notes")]
        kept = [each for each in other.entries if each.type in ("invoices", "credit_notes")]
        assert [each.number for each in documents] == [each.number for each in kept]


@PATIENT
@given(accounts(), MONTHS)
def test_nothing_of_a_receipt_but_its_amount_is_in_a_statement_that_shows_none(account: Account, months: int) -> None:
    """No type, number or day: days are those of the documents, or the last."""
    numbers = {each.number for each in account.transactions} | {""}
    days = {each.date for each in account.transactions} | {AS_OF}
    found = of_mode(account, "hidden", months)
    for entry in [entry for statement in found for entry in statement.entries]:
        assert entry.type != "receipts"
        assert entry.number in numbers
        assert entry.date in days
    others = [replace(each, number=f"X{each.number}", method="", reference="") for each in account.receipts]
    assert of_mode(replace(account, receipts=tuple(others)), "hidden", months) == found


@PATIENT
@given(accounts(), st.data())
def test_balances_that_agree_with_the_receipts_change_nothing(account: Account, data: st.DataObject) -> None:
    """And one cent more on any invoice refuses them all."""
    replays = {each: Replay(each, account.transactions, account.receipts) for each in ("EUR", "USD")}
    known = [
        replace(each, balance=Decimal(replays[each.currency].left(each)).scaleb(-2))
        if each.date <= AS_OF and data.draw(st.booleans())
        else each
        for each in account.transactions
    ]
    assert statements(known, account.receipts) == statements(account.transactions, account.receipts)
    invoices = [each for each in known if each.type == "invoices" and each.balance is not None]
    if invoices:
        wrong = data.draw(st.sampled_from(invoices))
        dearer = replace(wrong, balance=(wrong.balance or Decimal(0)) + CENT)
        changed = [dearer if each is wrong else each for each in known]
        assert f"invoice '{wrong.number}': " in refusal(changed, account.receipts)
        assert statements(changed, account.receipts, tolerance=CENT) == statements(known, account.receipts)


# Of any sign and size


SIGNED = st.decimals(-(10**15) + 1, 10**15 - 1, places=6)


@PATIENT
@given(accounts(has_balances=True), MODES, st.data())
def test_amounts_of_any_sign_and_size_add_up_exactly_whatever_the_context_of_the_thread(
    account: Account, mode: str, data: st.DataObject
) -> None:
    documents = tuple(
        replace(each, total=data.draw(SIGNED), balance=data.draw(st.none() | SIGNED)) for each in account.transactions
    )
    receipts = tuple(replace(each, amount=data.draw(SIGNED)) for each in account.receipts)
    changed = Account(documents, receipts)
    before = getcontext().copy()
    found = of_mode(changed, mode)
    assert str(getcontext()) == str(before)
    with localcontext() as context:
        context.prec = 3
        assert of_mode(changed, mode) == found
    with localcontext() as context:
        context.prec = 200
        for statement in found:
            moved = sum((entry.amount for entry in statement.entries), statement.opening)
            assert moved == statement.closing == sum(statement.buckets.values())


@pytest.mark.parametrize("receipts", EITHER)
def test_no_amount_is_a_negative_zero(receipts: list[Receipt] | None) -> None:
    statement = one([credit_note("C-1", AS_OF, "0.00", balance="0.00")], receipts)
    amounts = [statement.opening, statement.closing, *statement.buckets.values(), statement.entries[0].amount]
    assert not any(amount.is_signed() for amount in amounts)
