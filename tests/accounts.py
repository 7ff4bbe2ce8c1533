"""Accounts for tests of statements, and what a statement has to say of one, found in another way than the product's.

The replay counts whole cents in plain integers, posts them day by day, and lets each payment take what is left of its
invoice. It knows positive amounts only.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import strategies as st

from portalgen.model import Receipt, Transaction

AS_OF = datetime.date(2026, 3, 31)
CUSTOMER = "C-1001"


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def days_ago(days: int) -> datetime.date:
    return AS_OF - datetime.timedelta(days=days)


def document(type_: str, number: str, date: datetime.date, total: str, **values: object) -> Transaction:
    """A document in EUR, nothing known but its total; `values` change it, amounts and days given as text."""
    typed = {name: Decimal(str(value)) for name, value in values.items() if name in ("balance", "rounding", "paid")}
    plain = Transaction(type_, number, CUSTOMER, date, "EUR", total=Decimal(total))
    return replace(plain, **{**values, **typed})  # type: ignore[arg-type]  # a test names the fields that it is about


def invoice(number: str, date: datetime.date, total: str, **values: object) -> Transaction:
    return document("invoices", number, date, total, **values)


def credit_note(number: str, date: datetime.date, total: str, **values: object) -> Transaction:
    return document("credit_notes", number, date, total, **values)


def receipt(number: str, date: datetime.date, amount: str, allocated_to: str = "", currency: str = "EUR") -> Receipt:
    return Receipt(number, CUSTOMER, date, Decimal(amount), currency, "SEPA", f"ref {number}", allocated_to)


DAYS = [days_ago(days) for days in range(160, -1, -1)]
"""All days on which something may be posted, and then some."""


@dataclass(frozen=True, slots=True)
class Account:
    """One customer's documents and receipts, all of positive amounts in whole cents."""

    transactions: tuple[Transaction, ...]
    receipts: tuple[Receipt, ...]

    def currencies(self) -> set[str]:
        """Of what is posted."""
        posted = [each.currency for each in self.transactions if each.date <= AS_OF]
        return {*posted, *(each.currency for each in self.receipts if each.date <= AS_OF)}


def cents(amount: Decimal | None) -> int:
    assert amount is not None
    assert amount * 100 == int(amount * 100)
    return int(amount * 100)


class Replay:
    """One currency of an account. `left` is what is open of each document and receipt, a positive number of cents."""

    def __init__(self, currency: str, transactions: Iterable[Transaction], receipts: Sequence[Receipt] | None) -> None:
        posted = [each for each in transactions if each.currency == currency and each.date <= AS_OF]
        self.invoices = {each.number: each for each in posted if each.type == "invoices"}
        self.notes = {each.number: each for each in posted if each.type == "credit_notes"}
        received = [each for each in receipts or () if each.currency == currency and each.date <= AS_OF]
        self.receipts = {each.number: each for each in received}
        self.by_balance = receipts is None
        self.room = {number: self._room(each) for number, each in self.invoices.items()}
        self.used: defaultdict[str, int] = defaultdict(int)
        self.credited: defaultdict[str, int] = defaultdict(int)
        self.received: defaultdict[str, int] = defaultdict(int)
        self._pay()

    def _room(self, invoice_: Transaction) -> int:
        if self.by_balance and invoice_.balance is not None:
            return cents(invoice_.total) - cents(invoice_.balance)
        return cents(invoice_.total)

    def _pay(self) -> None:
        certain = [note for note in self.notes.values() if note.balance is not None]
        for note in sorted(certain, key=lambda note: (note.date, note.number)):
            self._take(note.number, note.invoice_number, cents(note.total) - cents(note.balance), self.credited)
        for today in DAYS:
            for note in sorted(self.notes.values(), key=lambda note: note.number):
                if note.date == today and note.balance is None:
                    self._take(note.number, note.invoice_number, cents(note.total), self.credited)
            for each in sorted(self.receipts.values(), key=lambda receipt: receipt.number):
                if each.date == today:
                    self._take(each.number, each.allocated_to, cents(each.amount), self.received)

    def _take(self, payer: str, invoice_number: str, amount: int, by: defaultdict[str, int]) -> None:
        taken = min(amount, self.room.get(invoice_number, 0))
        self.used[payer] += taken
        if taken:
            self.room[invoice_number] -= taken
            by[invoice_number] += taken

    def left(self, each: Transaction | Receipt) -> int:
        """What is open of one, at the end."""
        if isinstance(each, Receipt):
            return cents(each.amount) - self.used[each.number]
        if self.by_balance and each.balance is not None:
            return cents(each.balance)
        if each.type == "credit_notes":
            return cents(each.total) - self.used[each.number]
        return cents(each.total) - self.credited[each.number] - self.received[each.number]

    def postings(self, shows_receipts: bool) -> list[tuple[datetime.date, int]]:
        """Each change of the balance, on its day."""
        found = []
        for each in self.invoices.values():
            if self.by_balance:
                found.append((each.date, self.left(each) + self.credited[each.number]))
            else:
                hidden = 0 if shows_receipts else self.received[each.number]
                found.append((each.date, cents(each.total) - hidden))
        for each in self.notes.values():
            kept = self.left(each) + self.used[each.number] if self.by_balance else cents(each.total)
            found.append((each.date, -kept))
        for paid in self.receipts.values():
            amount = cents(paid.amount) if shows_receipts else self.left(paid)
            found.append((paid.date if shows_receipts else AS_OF, -amount))
        return found

    def balances(self, shows_receipts: bool) -> dict[datetime.date, int]:
        """The balance at the end of each day."""
        postings = self.postings(shows_receipts)
        balance, found = 0, {}
        for today in DAYS:
            for date, amount in postings:
                balance += amount if date == today else 0
            found[today] = balance
        return found

    def buckets(self) -> dict[str, int]:
        credit = -sum(map(self.left, self.notes.values())) - sum(map(self.left, self.receipts.values()))
        found = {"unallocated": credit, "current": 0, "1-30": 0, "31-60": 0, "61-90": 0, "90+": 0}
        for each in self.invoices.values():
            late = max((AS_OF - each.due_date).days, 0) if each.due_date else 0
            names = ["current"] + 30 * ["1-30"] + 30 * ["31-60"] + 30 * ["61-90"]
            found[names[late] if late < len(names) else "90+"] += self.left(each)
        return found


_DATES = st.integers(-2, 120).map(days_ago)
_CURRENCIES = st.sampled_from(["EUR", "EUR", "USD"])
_AMOUNTS = st.integers(0, 400).map(lambda amount: Decimal(amount).scaleb(-2))
_NAMED = st.sampled_from(["", "I-0", "I-0", "I-1", "I-2", "I-99"])


@st.composite
def accounts(draw: st.DrawFn, has_balances: bool = False) -> Account:
    """An account of few documents and days, so that they meet; documents have balances between nothing and all."""
    transactions = []
    for type_, letter in (("invoices", "I"), ("credit_notes", "C")):
        for number in range(draw(st.integers(0, 4))):
            total = draw(_AMOUNTS)
            plain = Transaction(type_, f"{letter}-{number}", CUSTOMER, draw(_DATES), draw(_CURRENCIES), total=total)
            due_date = draw(st.none() | st.integers(-40, 130).map(days_ago))
            named = draw(_NAMED) if type_ == "credit_notes" else ""
            balance = draw(st.none() | st.integers(0, cents(total))) if has_balances else None
            exact = None if balance is None else Decimal(balance).scaleb(-2)
            transactions.append(replace(plain, due_date=due_date, invoice_number=named, balance=exact))
    receipts = [
        Receipt(f"R-{number}", CUSTOMER, draw(_DATES), draw(_AMOUNTS), draw(_CURRENCIES), "SEPA", "r", draw(_NAMED))
        for number in range(draw(st.integers(0, 4)))
    ]
    return Account(tuple(transactions), tuple(receipts))
