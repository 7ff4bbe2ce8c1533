"""The book: every customer and transaction of the exports, typed, in one database.

Tables: `customers`, `contacts`, `products`, `receipts`, `transactions` and `lines`. Amounts are DECIMAL(21,6), dates
DATE, all else text; what an export left empty is NULL. Only transactions that customers may see are in it.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Generic, TypeVar

from portalgen.amounts import completed
from portalgen.database import Database
from portalgen.exports.report import ReadingReport
from portalgen.model import RECEIPTS, TRANSACTION_TYPES, Account, Customer, Line, Person, Receipt, Transaction

Key = TypeVar("Key")
Item = TypeVar("Item")
_ORDER = "t.customer_id, t.rank, t.date DESC, t.number"


@dataclass(frozen=True, slots=True)
class Extent:
    """How many transactions of a type there are, and the first and last date among them, both inclusive."""

    count: int
    first_date: datetime.date
    last_date: datetime.date

    @staticmethod
    def over(extents: Collection["Extent"]) -> "Extent":
        """All of `extents` together; there must be one."""
        return Extent(
            count=sum(extent.count for extent in extents),
            first_date=min(extent.first_date for extent in extents),
            last_date=max(extent.last_date for extent in extents),
        )


class Book:
    """What the exports say. `as_of` is the day that they show, `report` what reading them has to tell besides."""

    def __init__(self, database: Database, as_of: datetime.date, report: ReadingReport | None = None) -> None:
        self._database = database
        self.as_of = as_of
        self.report = report or ReadingReport()

    def extents(self) -> Mapping[tuple[str, str], Mapping[str, Extent]]:
        """By customer and type, and by branch ('': none), what there is; a type without transactions is left out."""
        rows = self._database.rows(
            "SELECT customer_id, type, coalesce(branch, ''), count(*), min(date), max(date) "
            "FROM transactions GROUP BY ALL ORDER BY ALL"
        )
        found: defaultdict[tuple[str, str], dict[str, Extent]] = defaultdict(dict)
        for customer, type_, branch, *extent in rows:
            found[customer, type_][branch] = Extent(*extent)
        return dict(found)

    def customers(self) -> list[str]:
        """The ids of all customers, in order."""
        return [id_ for (id_,) in self._database.rows("SELECT id FROM customers ORDER BY id")]

    def roll(self) -> Iterator[tuple[str, str, str, int]]:
        """Id, name, status and number of transactions of every customer, in the order of the ids."""
        yield from self._database.stream(
            "SELECT c.id, coalesce(c.name, ''), coalesce(c.status, ''), coalesce(t.count, 0) FROM customers c "
            "LEFT JOIN (SELECT customer_id, count(*) AS count FROM transactions GROUP BY customer_id) t "
            "ON t.customer_id = c.id ORDER BY c.id"
        )

    def people(self) -> Iterator[Person]:
        """All customers, in the order of their ids, each followed by the contacts that the exports know of it."""
        rows = self._database.stream(
            "SELECT id, coalesce(name, ''), coalesce(language, ''), coalesce(email, ''), customer_id FROM ("
            "SELECT id, name, language, email, '' AS customer_id, id AS whose FROM customers UNION ALL "
            "SELECT id, name, language, email, customer_id, customer_id AS whose FROM contacts) "
            "ORDER BY whose, customer_id, id"
        )
        yield from (Person(*row) for row in rows)

    def addresses(self) -> Mapping[str, list[str]]:
        """By customer id, the e-mail addresses of the customer and of its contacts, as exported."""
        rows = self._database.rows(
            "SELECT id, email FROM customers WHERE email IS NOT NULL "
            "UNION ALL SELECT customer_id, email FROM contacts WHERE email IS NOT NULL ORDER BY ALL"
        )
        found: defaultdict[str, list[str]] = defaultdict(list)
        for customer, address in rows:
            found[customer].append(address)
        return dict(found)

    def accounts(self, customers: Collection[str]) -> Iterator[Account]:
        """The accounts of `customers` in the order of their ids, one at a time; an id that is not there is left out."""
        self._database.run("CREATE OR REPLACE TABLE wanted AS SELECT DISTINCT unnest(?::VARCHAR[]) AS id", [*customers])
        people = self._database.rows(
            f"SELECT {_columns(Customer, 'c')} FROM customers c SEMI JOIN wanted USING (id) ORDER BY id"
        )
        transactions = _Grouped(self._transactions("customer_id IN (SELECT id FROM wanted)"))
        receipts = _Grouped(self._receipts())
        has_receipts = any(export.type == RECEIPTS for export in self.report.exports)
        for row in people:
            customer = Customer(*row)
            theirs = tuple(receipts.of(customer.id))
            yield Account(customer, tuple(transactions.of(customer.id)), theirs if has_receipts else None)

    def _receipts(self) -> Iterator[tuple[str, Receipt]]:
        rows = self._database.stream(
            f"SELECT {_columns(Receipt, 'r')} FROM receipts r WHERE customer_id IN (SELECT id FROM wanted) "
            "ORDER BY customer_id, date DESC, number"
        )
        for row in rows:
            receipt = Receipt(*row)
            yield receipt.customer_id, receipt

    def credit_notes_worked_out(self) -> Iterator[Transaction]:
        """The credit notes whose total or balance the exports leave out, with what follows from their lines."""
        is_left_out = "(total IS NULL OR (balance IS NULL AND paid IS NOT NULL))"
        yield from (found for _, found in self._transactions(f"type = 'credit_notes' AND {is_left_out}"))

    def _transactions(self, condition: str) -> Iterator[tuple[str, Transaction]]:
        ranks = " ".join(f"WHEN '{type_}' THEN {rank}" for rank, type_ in enumerate(TRANSACTION_TYPES))
        self._database.run(
            f"CREATE OR REPLACE TABLE picked AS SELECT type, number, row_number() OVER (ORDER BY {_ORDER}) AS place "
            f"FROM (SELECT *, CASE type {ranks} END AS rank FROM transactions) t WHERE {condition}"
        )
        headers = self._database.stream(
            f"SELECT p.place AS at, {_columns(Transaction, 't')} FROM transactions t "
            "JOIN picked p ON p.type = t.type AND p.number = t.number ORDER BY p.place"
        )
        lines = _Grouped(self._lines())
        for place, *row in headers:
            bare = Transaction(*row)
            yield bare.customer_id, completed(bare, tuple(lines.of(place)))

    def _lines(self) -> Iterator[tuple[int, Line]]:
        """The lines of what is `picked`, each with its document's place, in the order of these."""
        rows = self._database.stream(
            f"SELECT t.place AS at, {_columns(Line, 'l', description='p.name', unit='p.unit')} FROM lines l "
            "JOIN picked t ON t.type = l.type AND t.number = l.number "
            "LEFT JOIN products p ON p.sku = l.item "
            "ORDER BY t.place, l.line, l.position"
        )
        last, count = 0, 0
        for place, line, *cells in rows:
            count = count + 1 if place == last else 1
            last = place
            yield place, Line(count if line is None else line, *cells)


def _columns(record: type[Customer | Transaction | Line | Receipt], table: str, **instead: str) -> str:
    """The cells that make a `record`, in the order of its fields but `lines`; `instead` stands in for an empty one.

    A text that is not there is ''.
    """
    cells = []
    for field in fields(record):
        cell = f"{table}.{field.name}"
        if field.name in instead:
            cell = f"coalesce({cell}, {instead[field.name]})"
        if field.name != "lines":
            cells.append(f"coalesce({cell}, '')" if field.type is str else cell)
    return ", ".join(cells)


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
