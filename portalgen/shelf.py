"""Accounts in the order of their customers, on tables of their own.

They are in the database that they come from, or in a file that several processes read at once, attached to a database
in either case, as `shelf`: `customers`, each on a seat, counted from 1; `transactions`, each in a place; `lines` and
`receipts`. Amounts are text, of which the same amount is made but once.
"""

from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, Generic, TypeVar

from portalgen.amounts import completed
from portalgen.database import Database
from portalgen.model import TRANSACTION_TYPES, Account, Customer, Line, Receipt, Transaction

Key = TypeVar("Key")
Item = TypeVar("Item")
_Record = type[Customer | Transaction | Line | Receipt]
_AT_ONCE = 500
"""Customers that are read at a time."""
_OF_PRODUCT = {"description": "p.name", "unit": "p.unit"}
"""What a line that does not say it itself has from its product."""
_MOST_AMOUNTS = 50_000


def lay_out(database: Database, of: str = "true", only: str = "true", file: Path | None = None) -> None:
    """Put on the shelf the customers for whom the SQL `of` holds, with the transactions for which `only` does.

    It is in the database itself, or in `file`, which is left to be opened by others.
    """
    database.run("DROP SCHEMA IF EXISTS shelf CASCADE")
    if file:
        file.unlink(missing_ok=True)  # of an earlier build from the same book
    database.run(f"ATTACH '{_quoted(file)}' AS shelf" if file else "CREATE SCHEMA shelf")
    database.run(
        f"CREATE TABLE shelf.customers AS SELECT row_number() OVER (ORDER BY id) AS seat, {_cells(Customer, 'c')} "
        f"FROM customers c WHERE {of} ORDER BY seat"
    )
    ranks = " ".join(f"WHEN '{type_}' THEN {rank}" for rank, type_ in enumerate(TRANSACTION_TYPES))
    order = f"s.seat, CASE t.type {ranks} END, t.date DESC, t.number"
    database.run(
        f"CREATE TABLE shelf.transactions AS SELECT row_number() OVER (ORDER BY {order}) AS place, s.seat, "
        f"{_cells(Transaction, 't')} FROM transactions t JOIN shelf.customers s ON s.id = t.customer_id "
        f"WHERE {only} ORDER BY place"
    )
    cells = _cells(Line, "l", **_OF_PRODUCT)
    database.run(
        f"CREATE TABLE shelf.lines AS SELECT t.place, t.seat, l.position, {cells} FROM lines l "
        "JOIN shelf.transactions t ON t.type = l.type AND t.number = l.number LEFT JOIN products p ON p.sku = l.item "
        "ORDER BY t.place, l.line, l.position"
    )
    database.run(
        f"CREATE TABLE shelf.receipts AS SELECT s.seat, {_cells(Receipt, 'r')} FROM receipts r "
        "JOIN shelf.customers s ON s.id = r.customer_id ORDER BY s.seat, r.date DESC, r.number"
    )
    if file:
        database.run("DETACH shelf")


def digests(database: Database, of: str = "true") -> Iterator[tuple[str, str, bool]]:
    """By id, for each customer for whom the SQL `of` holds, what stands for all that an account of theirs would hold.

    The same rows come to the same digest, in whatever order the exports have them; lines without a number keep theirs.
    Also, whether a transaction names a file. It is the count of the rows and two sums over halves of their MD5: that
    finds what changed, and is not meant to withstand anybody who may write exports anyway.
    """
    [[is_counted]] = database.rows("SELECT EXISTS (SELECT 1 FROM lines WHERE line IS NULL)")
    place = "l.position - min(l.position) OVER (PARTITION BY l.type, l.number)" if is_counted else "''"
    of_line = f"concat('l', t.type, ' ', t.number, ' ', {place}, ' ', {_text(Line, 'l', **_OF_PRODUCT)})"
    rows = (
        f"SELECT c.id AS whose, concat('c', {_text(Customer, 'c')}) AS said, false AS has_file FROM customers c "
        "UNION ALL "
        f"SELECT t.customer_id, concat('t', {_text(Transaction, 't')}), t.attachment IS NOT NULL FROM transactions t "
        f"UNION ALL SELECT t.customer_id, {of_line}, false FROM lines l JOIN transactions t "
        "ON t.type = l.type AND t.number = l.number LEFT JOIN products p ON p.sku = l.item UNION ALL "
        f"SELECT r.customer_id, concat('r', {_text(Receipt, 'r')}), false FROM receipts r"
    )
    yield from database.stream(
        "SELECT whose, concat_ws(' ', count(*), sum(md5_number_lower(said)::HUGEINT), "
        f"sum(md5_number_upper(said)::HUGEINT)), bool_or(has_file) FROM ({rows}) "
        f"WHERE whose IN (SELECT id FROM customers WHERE {of}) GROUP BY whose ORDER BY whose"
    )


def open_shelf(file: Path, *, has_receipts: bool) -> "Shelf":
    """The shelf in `file`, which nobody may write to as long as it is used."""
    database = Database(memory="100MB", threads=1)
    database.run(f"ATTACH '{_quoted(file)}' AS shelf (READ_ONLY)")
    return Shelf(database, has_receipts=has_receipts)


class Shelf:
    """What is on a shelf. `has_receipts` says whether there is an export of receipts at all."""

    def __init__(self, database: Database, *, has_receipts: bool) -> None:
        self._database = database
        self._has_receipts = has_receipts
        self._amounts = _Amounts()

    def accounts(self, first: int = 1, last: int | None = None) -> Iterator[Account]:
        """The accounts on the seats from `first` to `last`, both inclusive, one at a time; None stands for the last."""
        if last is None:
            [[last]] = self._database.rows("SELECT count(*) FROM shelf.customers")
        for start in range(first, last + 1, _AT_ONCE):
            yield from self._accounts(f"seat BETWEEN {start} AND {min(start + _AT_ONCE - 1, last)}")

    def _accounts(self, seats: str) -> Iterator[Account]:
        transactions, receipts = _Grouped(self._transactions(seats)), _Grouped(self._receipts(seats))
        rows = self._database.stream(
            f"SELECT seat, {_names(Customer)} FROM shelf.customers WHERE {seats} ORDER BY seat"
        )
        for seat, *cells in rows:
            customer = Customer(*self._with_amounts(Customer, cells))
            theirs = tuple(receipts.of(seat))
            yield Account(customer, tuple(transactions.of(seat)), theirs if self._has_receipts else None)

    def _transactions(self, seats: str) -> Iterator[tuple[int, Transaction]]:
        rows = self._database.stream(
            f"SELECT seat, place, {_names(Transaction)} FROM shelf.transactions WHERE {seats} ORDER BY place"
        )
        lines = _Grouped(self._lines(seats))
        for seat, place, *cells in rows:
            bare = Transaction(*self._with_amounts(Transaction, cells))
            yield seat, completed(bare, tuple(lines.of(place)))

    def _lines(self, seats: str) -> Iterator[tuple[int, Line]]:
        """The lines, each with its document's place, in the order of these. Those without a number are counted."""
        rows = self._database.stream(
            f"SELECT place, {_names(Line)} FROM shelf.lines WHERE {seats} ORDER BY place, line, position"
        )
        last, count = 0, 0
        for place, *cells in rows:
            count = count + 1 if place == last else 1
            last = place
            if cells[0] is None:
                cells[0] = count
            yield place, Line(*self._with_amounts(Line, cells))

    def _receipts(self, seats: str) -> Iterator[tuple[int, Receipt]]:
        rows = self._database.stream(
            f"SELECT seat, {_names(Receipt)} FROM shelf.receipts WHERE {seats} ORDER BY seat, date DESC, number"
        )
        for seat, *cells in rows:
            yield seat, Receipt(*self._with_amounts(Receipt, cells))

    def _with_amounts(self, record: _Record, cells: list[Any]) -> list[Any]:
        for at in _AMOUNTS[record]:
            cells[at] = self._amounts[cells[at]]
        return cells


class _Amounts(dict[str | None, Decimal | None]):
    """Amounts by their texts."""

    def __missing__(self, text: str | None) -> Decimal | None:
        if len(self) >= _MOST_AMOUNTS:
            self.clear()
        self[text] = amount = None if text is None else Decimal(text)
        return amount


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


def _fields(record: _Record) -> Iterator[tuple[str, bool, bool]]:
    """The columns that make a record, in the order of its fields: its name, whether it is a text, and an amount."""
    yield from (
        (each.name, each.type is str, "Decimal" in str(each.type)) for each in fields(record) if each.name != "lines"
    )


_AMOUNTS = {
    record: [at for at, (_, _, is_amount) in enumerate(_fields(record)) if is_amount]
    for record in (Customer, Transaction, Line, Receipt)
}
"""Which cells of a record are amounts."""


def _names(record: _Record) -> str:
    return ", ".join(name for name, _, _ in _fields(record))


def _cells(record: _Record, table: str, **instead: str) -> str:
    """The columns that make a record, as they lie on the shelf; `instead` stands in for an empty one."""
    return ", ".join(f"{cell} AS {name}" for name, cell in _expressions(record, table, **instead))


def _text(record: _Record, table: str, **instead: str) -> str:
    """One text that stands for a record: each of its cells, after its length."""
    texts = [f"coalesce(CAST({cell} AS VARCHAR), '')" for _, cell in _expressions(record, table, **instead)]
    parts = [f"strlen({text}), ':', {text}" for text in texts]
    return f"concat({', '.join(parts)})"


def _expressions(record: _Record, table: str, **instead: str) -> Iterator[tuple[str, str]]:
    """The columns that make a record, each with SQL for it. A text that is not there is ''."""
    for name, is_text, is_amount in _fields(record):
        cell = f"coalesce({table}.{name}, {instead[name]})" if name in instead else f"{table}.{name}"
        if is_amount:
            cell = f"CAST({cell} AS VARCHAR)"
        yield name, f"coalesce({cell}, '')" if is_text else cell


def _quoted(file: Path) -> str:
    return str(file).replace("'", "''")
