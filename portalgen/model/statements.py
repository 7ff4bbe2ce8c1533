"""A statement of account."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from portalgen.errors import StatementError
from portalgen.model.records import RECEIPTS

INVOICES, CREDIT_NOTES, SETTLED = "invoices", "credit_notes", "settled"
ENTRY_TYPES = (INVOICES, CREDIT_NOTES, RECEIPTS, SETTLED)
"""What an entry of a statement can be, in the order of those of one day."""

UNALLOCATED, CURRENT = "unallocated", "current"
BUCKETS = (UNALLOCATED, CURRENT, "1-30", "31-60", "61-90", "90+")
"""What a balance is made of: credit that pays no invoice, then what is open by days since it was due, inclusive."""

_EXACT = Context(prec=120)
"""Digits enough for any sum of amounts as exports may hold them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement. `type` is one of ENTRY_TYPES; `number` is a document's, '' where what is settled is of none.

    `amount` raises what is owed, or lowers it where it is negative; `balance` is what is owed after it. `due_date` is
    inclusive, and None for receipts and what is settled.
    """

    date: datetime.date
    type: str
    number: str
    due_date: datetime.date | None
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """One customer's account in one currency, in its major unit; credit is negative.

    `opening` is the balance before `first_day` and `closing` the one after `last_day`, the day of the statement; both
    days are inclusive. `entries` are ordered by date, then as in ENTRY_TYPES, then by number. `buckets` has each of
    BUCKETS, in that order. Raises StatementError unless opening and entries are the closing balance, and so are the
    buckets.
    """

    currency: str
    first_day: datetime.date
    last_day: datetime.date
    opening: Decimal
    entries: tuple[Entry, ...]
    closing: Decimal
    buckets: Mapping[str, Decimal]

    def __post_init__(self) -> None:
        with localcontext(_EXACT):
            moved = sum((entry.amount for entry in self.entries), self.opening)
            aged = sum(self.buckets.values(), Decimal(0))
        if not moved == aged == self.closing:
            amounts = f"{moved:f} by its movements and {aged:f} by age"
            raise StatementError(f"the statement in {self.currency} closes with {self.closing:f}, but is {amounts}")
