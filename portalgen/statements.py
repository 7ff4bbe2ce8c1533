"""Statements of account: what one customer owes, what moved, and how long it has been due. Pure: no I/O, no clock.

The rules are those of the aged partner balance of OCA's account-financial-reporting, but for two: what is more than 90
days late is one bucket here, and credit that pays no invoice has a bucket of its own, so that it lowers no other.

- An invoice counts with its total plus its rounding, the amount due for payment (EN 16931, BR-CO-16); a credit note and
  a receipt take off. What is dated after the day of the statement is not posted yet. Currencies are never netted.
- Open is what is posted, less what is allocated. A receipt or a credit note that names an invoice of its currency pays
  it, up to the whole of it; what is more stays open, as credit. A credit note with a balance of its own pays what that
  says is used of it. Where an invoice takes less than all that name it, the use that a balance tells of comes first,
  then the earlier date, and on one day a credit note before a receipt.
- What is open of an invoice is as old as the days since its due date, and current up to and on it, or without one. What
  is open of a receipt, and all credit, is unallocated.

With an export of receipts, its own balance of each document is compared with what is open by these rules. Without one,
that balance is the word, and a document that has none is open but for the credit notes that name it. What has gone from
a document otherwise is settled; no export says when, so it is a movement of the document's own date. Where an invoice's
balance leaves room for a credit note that names it, the balance is taken to have the credit note in it: it moves the
account once, on its own date, and is not settled as well. One that has no balance is used up as far as that room goes.
"""

import datetime
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from portalgen.errors import NOWHERE, Problem, StatementError
from portalgen.model import (
    BUCKETS,
    CREDIT_NOTES,
    CURRENT,
    ENTRY_TYPES,
    INVOICES,
    RECEIPTS,
    SETTLED,
    UNALLOCATED,
    Entry,
    Receipt,
    Statement,
    Transaction,
)

_LAST_DAYS = ((0, CURRENT), (30, "1-30"), (60, "31-60"), (90, "61-90"))
_ZERO = Decimal(0)
_EXACT = Context(prec=120)
"""Digits enough for any sum of amounts as exports may hold them."""


@dataclass(frozen=True, slots=True, eq=False)
class _Item:
    """A document or a receipt, its amounts signed as on the account. `pays` is the number of the invoice it names."""

    type: str
    number: str
    date: datetime.date
    due_date: datetime.date | None
    pays: str
    amount: Decimal
    balance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Allocation:
    """How much of `payment` pays the `invoice`, and how much was meant to."""

    invoice: _Item
    payment: _Item
    meant: Decimal
    placed: Decimal


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What is posted in one currency. `remaining` is what of each item is neither paid nor pays an invoice."""

    items: Sequence[_Item]
    allocations: Sequence[_Allocation]
    remaining: Mapping[_Item, Decimal]
    has_receipts: bool

    def open_amount(self, item: _Item) -> Decimal:
        """Signed as on the account."""
        return self.remaining[item] if self.has_receipts or item.balance is None else item.balance


@dataclass(frozen=True, slots=True)
class _Movement:
    date: datetime.date
    type: str
    number: str
    due_date: datetime.date | None
    amount: Decimal

    def place(self) -> tuple[datetime.date, int, str, Decimal]:
        return self.date, ENTRY_TYPES.index(self.type), self.number, self.amount


def statements_of(  # noqa: PLR0913 - what a statement depends on is given by name
    transactions: Iterable[Transaction],
    receipts: Iterable[Receipt] | None,
    *,
    as_of: datetime.date,
    months: int,
    shows_receipts: bool,
    tolerance: Decimal,
    account_balance: Mapping[str, Decimal] | None = None,
) -> tuple[Statement, ...]:
    """One customer's statements at the end of `as_of`, by currency, by the rules above.

    Of `transactions` only invoices and credit notes count. `receipts` is None where there is no export of them. The
    first day is the one after the day `months` before `as_of`, or after the last of that month if it has no such day.
    Without `shows_receipts` no entry tells of a receipt: what one pays is settled on the invoice's date, and the rest
    of all of them on the last day, under no number.

    Raises StatementError where a total is not known, where documents are not one customer's, and where the export's
    own balance of a document (or of the account: `account_balance`, by currency) differs by more than `tolerance`; an
    overpaid invoice may have a balance below zero. The tolerance is in each currency's major unit.
    """
    with localcontext(_EXACT):
        ledgers = _ledgers(list(transactions), None if receipts is None else list(receipts), as_of)
        problems = [problem for currency in ledgers for problem in _differences(currency, ledgers[currency], tolerance)]
        if problems:
            raise StatementError.of(problems)
        statements = tuple(
            _statement(currency, ledgers[currency], (_first_day(as_of, months), as_of), shows_receipts)
            for currency in sorted(ledgers)
        )
        if problems := list(_account_differences(statements, account_balance or {}, tolerance)):
            raise StatementError.of(problems)
        return statements


def _ledgers(
    transactions: Sequence[Transaction], receipts: Sequence[Receipt] | None, as_of: datetime.date
) -> dict[str, _Ledger]:
    """By currency, what is posted on `as_of`."""
    documents = [each for each in transactions if each.type in (INVOICES, CREDIT_NOTES) and each.date <= as_of]
    received = [each for each in receipts or () if each.date <= as_of]
    if len({each.customer_id for each in documents} | {each.customer_id for each in received}) > 1:
        raise StatementError("a statement is of one customer, and these documents are of several")
    if unknown := [each for each in documents if each.total is None]:
        message = "the total is not known, so no statement can be made"
        raise StatementError.of(Problem(NOWHERE, f"{_named(each.type, each.number)}: {message}") for each in unknown)
    by_currency: defaultdict[str, list[_Item]] = defaultdict(list)
    for document in documents:
        by_currency[document.currency].append(_document(document))
    for receipt in received:
        item = _Item(RECEIPTS, receipt.number, receipt.date, None, receipt.allocated_to, -receipt.amount)
        by_currency[receipt.currency].append(item)
    return {currency: _ledger(items, receipts is not None) for currency, items in by_currency.items()}


def _document(document: Transaction) -> _Item:
    amount = (document.total or _ZERO) + (document.rounding or _ZERO)
    return _Item(
        type=document.type,
        number=document.number,
        date=document.date,
        due_date=document.due_date,
        pays=document.invoice_number if document.type == CREDIT_NOTES else "",
        amount=_signed(document.type, amount),
        balance=None if document.balance is None else _signed(document.type, document.balance),
    )


def _signed(type_: str, amount: Decimal) -> Decimal:
    """`amount` of a document as it counts on the account, or back."""
    return amount if type_ == INVOICES else -amount


def _ledger(items: Sequence[_Item], has_receipts: bool) -> _Ledger:
    allocations = list(_allocations(items, has_receipts))
    remaining = {item: item.amount for item in items}
    for allocation in allocations:
        remaining[allocation.invoice] -= allocation.placed
        remaining[allocation.payment] += allocation.placed
    return _Ledger(items, allocations, remaining, has_receipts)


def _allocations(items: Sequence[_Item], has_receipts: bool) -> Iterator[_Allocation]:
    """What pays which invoice. An invoice takes at most its amount, whatever comes and is taken back in between."""
    invoices = {item.number: item for item in items if item.type == INVOICES}
    meant: defaultdict[_Item, Decimal] = defaultdict(Decimal)
    for payment in sorted((item for item in items if item.pays in invoices), key=_precedence):
        invoice = invoices[payment.pays]
        limit = invoice.amount if has_receipts or invoice.balance is None else invoice.amount - invoice.balance
        before = _within(limit, meant[invoice])
        usable = _within(-payment.amount, (payment.balance or _ZERO) - payment.amount)
        meant[invoice] += usable
        yield _Allocation(invoice, payment, usable, _within(limit, meant[invoice]) - before)


def _precedence(payment: _Item) -> tuple[bool, datetime.date, int, str, Decimal]:
    return (
        payment.balance is None,
        payment.date,
        ENTRY_TYPES.index(payment.type),
        payment.number,
        payment.amount,
    )


def _within(limit: Decimal, amount: Decimal) -> Decimal:
    """`amount`, or what is nearest to it from zero to `limit`, which may be negative."""
    return min(max(amount, min(limit, _ZERO)), max(limit, _ZERO))


def _differences(currency: str, ledger: _Ledger, tolerance: Decimal) -> Iterator[Problem]:
    """Where the export's own balance of a document is not what is open."""
    beyond: defaultdict[_Item, Decimal] = defaultdict(Decimal)
    for allocation in ledger.allocations:
        beyond[allocation.invoice] += allocation.meant - allocation.placed
    for item in ledger.items:
        if item.balance is None:
            continue
        is_open = ledger.open_amount(item)
        if all(abs(amount - item.balance) > tolerance for amount in (is_open, is_open - beyond[item])):
            ours, theirs = (_signed(item.type, amount) for amount in (is_open, item.balance))
            message = f"{_said(ours)} {currency} are open, but the export's balance is {_said(theirs)}"
            hint = "the exports of documents and of receipts have to be of one day, and whole"
            yield Problem(NOWHERE, f"{_named(item.type, item.number)}: {message}", hint)


def _account_differences(
    statements: Sequence[Statement], balances: Mapping[str, Decimal], tolerance: Decimal
) -> Iterator[Problem]:
    closing = {statement.currency: statement.closing for statement in statements}
    for currency, balance in balances.items():
        ours = closing.get(currency, _ZERO)
        if abs(ours - balance) > tolerance:
            message = (
                f"the statement closes with {_said(ours)} {currency}, but the export's balance is {_said(balance)}"
            )
            yield Problem(NOWHERE, message, "the exports have to hold every document that the account is made of")


def _statement(
    currency: str, ledger: _Ledger, days: tuple[datetime.date, datetime.date], shows_receipts: bool
) -> Statement:
    first_day, last_day = days
    movements = sorted(_movements(ledger, shows_receipts, last_day), key=_Movement.place)
    opening = sum((each.amount for each in movements if each.date < first_day), _ZERO)
    entries, balance = [], opening
    for each in movements:
        if each.date >= first_day:
            balance += each.amount
            entries.append(Entry(each.date, each.type, each.number, each.due_date, each.amount, balance))
    return Statement(currency, first_day, last_day, opening, tuple(entries), balance, _buckets(ledger, last_day))


def _movements(ledger: _Ledger, shows_receipts: bool, last_day: datetime.date) -> Iterator[_Movement]:
    for item in ledger.items:
        if item.type != RECEIPTS or shows_receipts:
            yield _Movement(item.date, item.type, item.number, item.due_date, item.amount)
    for item, amount in _settled(ledger, shows_receipts).items():
        if amount:
            yield _Movement(item.date, SETTLED, item.number, None, amount)
    on_account = sum((ledger.open_amount(item) for item in ledger.items if item.type == RECEIPTS), _ZERO)
    if on_account and not shows_receipts:
        yield _Movement(last_day, SETTLED, "", None, on_account)


def _settled(ledger: _Ledger, shows_receipts: bool) -> Mapping[_Item, Decimal]:
    """By document, what moved the account and is no entry of its own."""
    if not ledger.has_receipts:
        return {item: ledger.open_amount(item) - ledger.remaining[item] for item in ledger.items}
    settled: defaultdict[_Item, Decimal] = defaultdict(Decimal)
    for allocation in ledger.allocations:
        if allocation.payment.type == RECEIPTS and not shows_receipts:
            settled[allocation.invoice] -= allocation.placed
    return settled


def _buckets(ledger: _Ledger, day: datetime.date) -> dict[str, Decimal]:
    buckets = dict.fromkeys(BUCKETS, _ZERO)
    for item in ledger.items:
        is_open = ledger.open_amount(item)
        is_credit = item.type == RECEIPTS or is_open < 0
        buckets[UNALLOCATED if is_credit else _bucket(item.due_date, day)] += is_open
    return buckets


def _bucket(due_date: datetime.date | None, day: datetime.date) -> str:
    days = (day - due_date).days if due_date else 0
    return next((bucket for last, bucket in _LAST_DAYS if days <= last), BUCKETS[-1])


def _first_day(as_of: datetime.date, months: int) -> datetime.date:
    year, month = divmod(as_of.year * 12 + as_of.month - 1 - months, 12)
    day = min(as_of.day, monthrange(year, month + 1)[1])
    return datetime.date(year, month + 1, day) + datetime.timedelta(days=1)


def _said(amount: Decimal) -> str:
    """Without zeros behind the second decimal."""
    whole, point, part = f"{amount:f}".partition(".")
    return f"{whole}{point}{part[:2]}{part[2:].rstrip('0')}"


def _named(type_: str, number: str) -> str:
    return f"{'invoice' if type_ == INVOICES else 'credit note'} '{number}'"
