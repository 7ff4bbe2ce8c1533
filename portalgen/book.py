"""The book: every customer and transaction of the exports, typed, in one database.

Tables: `customers`, `contacts`, `products`, `receipts`, `transactions` and `lines`. Amounts are DECIMAL(21,6), dates
DATE, all else text; what an export left empty is NULL. Only transactions that customers may see are in it.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from portalgen.database import MEMORY, Database
from portalgen.exports.report import ReadingReport
from portalgen.model import RECEIPTS, Account, Person, Transaction
from portalgen.shelf import Shelf, digests, lay_out


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

    def names(self) -> Mapping[str, str]:
        """The name of each customer, by id."""
        return dict(self._database.rows("SELECT id, coalesce(name, '') FROM customers ORDER BY id"))

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
        self.lay_out(customers)
        yield from Shelf(self._database, has_receipts=self.has_receipts).accounts()

    def lay_out(self, customers: Collection[str], file: Path | None = None) -> None:
        """Put the accounts of `customers` on a shelf, in `file` if one is given, in the order of their ids."""
        self._want(customers)
        lay_out(self._database, of="id IN (SELECT id FROM wanted)", file=file)
        self._database.keep_to(_MEMORY_BESIDES if file else MEMORY)

    def counts(self, customers: Collection[str]) -> Mapping[str, int]:
        """By id, in their order, how many transactions each of `customers` has; without those that are not there."""
        self._want(customers)
        return dict(
            self._database.rows(
                "SELECT c.id, count(t.number) FROM customers c SEMI JOIN wanted USING (id) "
                "LEFT JOIN transactions t ON t.customer_id = c.id GROUP BY c.id ORDER BY c.id"
            )
        )

    def digests(self, customers: Collection[str]) -> Mapping[str, str]:
        """By id, what stands for all that the account of each of `customers` holds; '' where it names files."""
        self._database.keep_to(MEMORY)
        self._want(customers)
        found = digests(self._database, of="id IN (SELECT id FROM wanted)")
        return {customer: "" if has_file else digest for customer, digest, has_file in found}

    def _want(self, customers: Collection[str]) -> None:
        self._database.run("CREATE OR REPLACE TABLE wanted AS SELECT DISTINCT unnest(?::VARCHAR[]) AS id", [*customers])

    @property
    def folder(self) -> Path | None:
        """Where files may lie until the book is closed."""
        return self._database.folder

    @property
    def has_receipts(self) -> bool:
        """Whether there is an export of receipts."""
        return any(export.type == RECEIPTS for export in self.report.exports)

    def credit_notes_worked_out(self) -> Iterator[Transaction]:
        """The credit notes whose total or balance the exports leave out, with what follows from their lines.

        Those are left out that have nothing in them which could make an amount negative.
        """
        only = f"t.type = 'credit_notes' AND ({_IS_LEFT_OUT}) AND ({_IS_DOUBTFUL})"
        lay_out(self._database, f"id IN (SELECT t.customer_id FROM transactions t WHERE {only})", only)
        for account in Shelf(self._database, has_receipts=False).accounts():
            yield from account.transactions

    def has_sound_credit_notes(self) -> bool:
        """Whether there are others, left out there, of which something is credited."""
        return bool(
            self._database.rows(
                f"SELECT 1 FROM transactions t WHERE t.type = 'credit_notes' AND ({_IS_LEFT_OUT}) "
                f"AND NOT ({_IS_DOUBTFUL}) AND EXISTS (SELECT 1 FROM lines l WHERE l.type = t.type "
                "AND l.number = t.number AND (l.amount > 0 OR (l.quantity > 0 AND l.unit_price > 0))) LIMIT 1"
            )
        )


_MEMORY_BESIDES = "64MB"
"""What the database may take while others read what it laid out for them."""
_IS_LEFT_OUT = "t.total IS NULL OR (t.balance IS NULL AND t.paid IS NOT NULL)"
_IS_DOUBTFUL = (
    "coalesce(least(t.net, t.tax, t.total, t.balance, t.charge) < 0, false) OR t.allowance IS NOT NULL "
    "OR t.paid IS NOT NULL OR t.rounding IS NOT NULL "
    "OR t.number IN (SELECT number FROM lines WHERE type = 'credit_notes' AND "
    "(least(quantity, unit_price, amount, tax, tax_rate) < 0 OR discount > 100 OR discount_amount IS NOT NULL))"
)
"""Whether an amount that follows from the rest of a transaction, `t`, might be negative."""
