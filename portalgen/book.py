"""The book: every customer and transaction of the exports, typed, in one database.

Tables: `customers`, `contacts`, `products`, `receipts`, `transactions` and `lines`. Amounts are DECIMAL(21,6), dates
DATE, all else text; what an export left empty is NULL. Only transactions that customers may see are in it.
"""

import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

from portalgen.amounts import completed
from portalgen.database import Database
from portalgen.model import TRANSACTION_TYPES, Account, Customer, Line, Transaction

_CUSTOMER = (
    "id, name, email, phone, street, city, region, postal_code, country, currency, language, tax_id, status, parent_id"
)
_TRANSACTION = (
    "type, number, customer_id, date, currency, due_date, status, reference, net, tax, total, balance, note, branch, "
    "order_number, quote_number, invoice_number, delivery_note_number, carrier, tracking_number"
)
_LINE = "line, item, description, quantity, unit, unit_price, discount, tax_rate, amount"
_EXACT_OF_TRANSACTION = {"date", "due_date", "net", "tax", "total", "balance"}
_EXACT_OF_LINE = {"line", "quantity", "unit_price", "discount", "tax_rate", "amount"}
Key = TypeVar("Key")
Item = TypeVar("Item")
_ORDER = "t.customer_id, t.rank, t.date DESC, t.number"


@dataclass(frozen=True, slots=True)
class Extent:
    """How many transactions of a type there are, and the first and last date among them, both inclusive."""

    count: int
    first_date: datetime.date
    last_date: datetime.date


class Book:
    """What the exports say. `as_of` is the day that they show."""

    def __init__(self, database: Database, as_of: datetime.date) -> None:
        self._database = database
        self.as_of = as_of

    def extents(self) -> Mapping[tuple[str, str], Extent]:
        """By customer and type, what there is; a type without transactions is left out."""
        rows = self._database.rows(
            "SELECT customer_id, type, count(*), min(date), max(date) FROM transactions GROUP BY ALL"
        )
        return {(customer, type_): Extent(count, first, last) for customer, type_, count, first, last in rows}

    def accounts(self, customers: Collection[str]) -> Iterator[Account]:
        """The accounts of `customers` in the order of their ids, one at a time; an id that is not there is left out."""
        self._database.run("CREATE OR REPLACE TABLE wanted AS SELECT DISTINCT unnest(?::VARCHAR[]) AS id", [*customers])
        people = self._database.rows(f"SELECT {_CUSTOMER} FROM customers SEMI JOIN wanted USING (id) ORDER BY id")
        transactions = _Grouped(self._transactions())
        for row in people:
            customer = Customer(*(cell or "" for cell in row))
            yield Account(customer, tuple(transactions.of(customer.id)))

    def _transactions(self) -> Iterator[tuple[str, Transaction]]:
        columns = ", ".join(f"t.{name.strip()}" for name in _TRANSACTION.split(","))
        ranks = " ".join(f"WHEN '{type_}' THEN {rank}" for rank, type_ in enumerate(TRANSACTION_TYPES))
        self._database.run(
            "CREATE OR REPLACE TABLE picked AS "
            f"SELECT *, CASE type {ranks} END AS rank FROM transactions t "
            "WHERE customer_id IN (SELECT id FROM wanted)"
        )
        headers = self._database.stream(f"SELECT {columns} FROM picked t ORDER BY {_ORDER}")
        lines = _Grouped(self._lines())
        for row in headers:
            bare = _transaction(row)
            yield bare.customer_id, completed(bare, tuple(lines.of((bare.type, bare.number))))

    def _lines(self) -> Iterator[tuple[tuple[str, str], Line]]:
        columns = ", ".join(
            f"coalesce(l.{name}, p.{column})" if column else f"l.{name}"
            for name in _LINE.split(", ")
            for column in [{"description": "name", "unit": "unit"}.get(name)]
        )
        rows = self._database.stream(
            f"SELECT l.type, l.number, {columns} FROM lines l "
            "JOIN picked t ON t.type = l.type AND t.number = l.number "
            "LEFT JOIN products p ON p.sku = l.item "
            f"ORDER BY {_ORDER}, l.line"
        )
        for type_, number, *cells in rows:
            yield (type_, number), _line(cells)


def _transaction(row: Sequence[Any]) -> Transaction:
    return Transaction(**_values(_TRANSACTION, row, _EXACT_OF_TRANSACTION))


def _line(row: Sequence[Any]) -> Line:
    return Line(**_values(_LINE, row, _EXACT_OF_LINE))


def _values(columns: str, row: Sequence[Any], exact: Collection[str]) -> dict[str, Any]:
    """The row by column; a text that is not there is ''."""
    cells = zip(columns.split(", "), row, strict=True)
    return {name: cell if name in exact else cell or "" for name, cell in cells}


class _Grouped(Generic[Key, Item]):
    """Items that come sorted by key, handed out one key's worth at a time; keys must be asked for in that order."""

    def __init__(self, pairs: Iterator[tuple[Key, Item]]) -> None:
        self._groups = groupby(pairs, key=lambda pair: pair[0])
        self._next = next(self._groups, None)

    def of(self, key: Key) -> Iterator[Item]:
        if self._next is not None and self._next[0] == key:
            for _, item in self._next[1]:
                yield item
            self._next = next(self._groups, None)
