"""The exports of a site -> the book. Everything is read as text and judged cell by cell, and only then given a type."""

import datetime
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from portalgen.book import Book
from portalgen.database import Database
from portalgen.errors import InvalidInputError, Location, Problem
from portalgen.exports.checks import Checks
from portalgen.exports.columns import HEADERS, LINES, Column, Kind
from portalgen.exports.staging import HEADER_TABLES, LINE_TABLES, SourceFile, Staging
from portalgen.model import TRANSACTION_TYPES, Definitions

_AMOUNT = "DECIMAL(21,6)"
_CONTROLS = r"[\x{0}-\x{8}\x{b}-\x{1f}\x{7f}-\x{9f}]"


JudgeCustomers = Callable[[Mapping[str, str]], list[Problem]]
"""Given the name of each customer by id, what is wrong elsewhere because of them."""


@contextmanager
def read_exports(definitions: Definitions, judge: JudgeCustomers = lambda _: []) -> Iterator[Book]:
    """The book of all exports, open while the context lasts.

    Raises InvalidInputError with every problem found, those of `judge` with them.
    """
    if not any(source.type == "customers" for source in definitions.exports):
        where = Location(definitions.file)
        hint = "exports: [{type: customers, path: exports/customers.csv}, ...]"
        raise InvalidInputError("exports: there is none of type customers", hint, where)
    with Database() as database:
        staging = Staging(database, definitions.root)
        staging.create_tables()
        for source in definitions.exports:
            staging.stage(source)
        _raise(staging.problems)
        checks = Checks(staging, definitions.site.currency)
        names = dict(database.rows(f"SELECT id, name FROM {HEADER_TABLES['customers'].name} ORDER BY id"))
        _raise([*checks.currencies(), *checks.values(), *checks.relations(), *judge(names)])
        _fill(database, definitions.site.currency)
        yield Book(database, definitions.site.as_of or _newest_day(staging.files, definitions.site.timezone))


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise InvalidInputError.of(problems)


def _newest_day(files: list[SourceFile], timezone: str) -> datetime.date:
    newest = max(file.path.stat().st_mtime for file in files)
    return datetime.datetime.fromtimestamp(newest, zoneinfo.ZoneInfo(timezone)).date()


def _fill(database: Database, site_currency: str) -> None:
    """Make the typed tables of the book from the staged ones, and leave out what customers must not see."""
    for type_ in ("customers", "contacts", "products", "receipts"):
        columns = ", ".join(_typed(name, column) for name, column in HEADERS[type_].items() if column.kept)
        database.run(f"CREATE TABLE {type_} AS SELECT {columns} FROM {HEADER_TABLES[type_].name}")
    header = ", ".join(
        _typed(name, column) for name, column in HEADERS["invoices"].items() if column.kept and name != "currency"
    )
    shows = "coalesce(lower(customer_visible) NOT IN ('false', 'no', '0'), true) AND coalesce(status_shows, true)"
    headers = [
        f"SELECT '{type_}' AS type, {header}, coalesce(currency, '{site_currency}') AS currency "
        f"FROM {HEADER_TABLES[type_].name} WHERE {shows}"
        for type_ in TRANSACTION_TYPES
    ]
    database.run(f"CREATE TABLE transactions AS {' UNION ALL '.join(headers)}")
    line = ", ".join(_typed(name, column) for name, column in LINES.items() if name not in {"line", "discount"})
    discount = (
        f"{_typed_value('discount', Kind.DECIMAL)} * CASE WHEN discount_is_fraction THEN 100 ELSE 1 END AS discount"
    )
    number = "coalesce(line::INTEGER, row_number() OVER (PARTITION BY number ORDER BY file, file_row)) AS line"
    lines = [
        f"SELECT '{type_}' AS type, {line}, {discount}, {number} FROM {LINE_TABLES[type_].name}"
        for type_ in TRANSACTION_TYPES
    ]
    database.run(f"CREATE TABLE lines AS {' UNION ALL '.join(lines)}")
    for table in (*HEADER_TABLES.values(), *LINE_TABLES.values()):
        database.run(f"DROP TABLE {table.name}")


def _typed(name: str, column: Column) -> str:
    return f"{_typed_value(name, column.kind)} AS {name}"


def _typed_value(name: str, kind: Kind) -> str:
    if kind is Kind.DATE:
        return f"{name}[:10]::DATE"
    if kind is Kind.DECIMAL:
        return f"{name}::{_AMOUNT}"
    if kind is Kind.TEXT:
        return f"regexp_replace({name}, '{_CONTROLS}', '', 'g')"
    return name
