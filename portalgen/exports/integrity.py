"""Amounts worked out once more from what an export says, and compared with what it says.

The rules are those of EN 16931: a line's net amount is quantity x price less its discount (BT-131), the net total is
the sum of the lines less allowances and plus charges (BR-CO-13), the total is net and tax (BR-CO-15), the amount due is
the total less what is paid plus rounding (BR-CO-16).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portalgen.database import Database
from portalgen.errors import shown


@dataclass(frozen=True, slots=True)
class Difference:
    """A document in which an amount is not what follows from others. `file` and `file_row` tell where it stands."""

    source: int
    file: int
    file_row: int
    type: str
    number: str
    column: str
    message: str


_SUMS = """
CREATE OR REPLACE TABLE sums AS
SELECT type, number, sum(amount) AS amount, count(*) = count(amount) AS is_whole,
  sum(tax) AS tax, count(*) = count(tax) AS is_taxed
FROM lines GROUP BY type, number
"""
_CHECKS = {
    "net": ("s.amount - coalesce(t.allowance, 0) + coalesce(t.charge, 0)", "the lines add up to", "s.is_whole"),
    "tax": ("s.tax", "the taxes of the lines add up to", "s.is_taxed AND t.allowance IS NULL AND t.charge IS NULL"),
    "total": ("t.net + t.tax", "net and tax are", "true"),
    "balance": ("t.total - t.paid + coalesce(t.rounding, 0)", "what is not paid is", "true"),
}
"""By column: what it should be, how to say so, and when that can be known."""

_GROSS = (
    "try_cast(round(try_cast(quantity AS DECIMAL(19,6)) * try_cast(unit_price AS DECIMAL(19,6)), 4) AS DECIMAL(25,4))"
)
_NET_IN_PERCENT = (
    f"({_GROSS} * try_cast(100 - coalesce(discount, 0) AS DECIMAL(9,4)) "
    "- 100 * coalesce(discount_amount, 0)::DECIMAL(21,6))"
)
"""A line's net amount, times 100: the database divides into floating point numbers."""


def differences(database: Database, tolerances: Sequence[Decimal]) -> Iterator[Difference]:
    """The documents whose amounts do not add up by more than the tolerance, in the order of their files.

    `tolerances` are those of the exports, by the column `source` of the transactions. Each document is named once for
    each of its own amounts, and once for the first of its lines.
    """
    database.run("CREATE OR REPLACE TABLE tolerances (source INTEGER, tolerance DECIMAL(21,6))")
    for number, tolerance in enumerate(tolerances):
        database.run("INSERT INTO tolerances VALUES (?, ?)", number, tolerance)
    yield from _of_lines(database)
    database.run(_SUMS)
    for column, (expected, words, condition) in _CHECKS.items():
        rows = database.rows(
            f"SELECT t.source, t.file, t.file_row, t.type, t.number, {expected} AS expected, t.{column} "
            "FROM transactions t JOIN tolerances USING (source) "
            "LEFT JOIN sums s ON s.type = t.type AND s.number = t.number "
            f"WHERE {condition} AND abs(t.{column} - expected) > tolerance ORDER BY t.file, t.file_row"
        )
        for source, file, row, type_, number, should, said in rows:
            message = f"{column}: {words} {plain(should)}, and the export says {plain(said)}"
            yield Difference(source, file, row, type_, number, column, message)
    database.run("DROP TABLE sums")


def _of_lines(database: Database) -> Iterator[Difference]:
    """Lines whose amount is not quantity x price; half a cent for each piece may have been lost in the price."""
    wrong = (
        f"SELECT type, number, min(position) AS first, arg_min({_NET_IN_PERCENT}, position) AS net, "
        "arg_min(amount, position) AS amount, arg_min(coalesce(description, item), position) AS what "
        f"FROM lines WHERE abs(amount * 100 - {_NET_IN_PERCENT}) > (SELECT min(tolerance) FROM tolerances) * 100 "
        "+ abs(quantity) / 2 GROUP BY ALL"
    )
    rows = database.rows(
        "SELECT t.source, t.file, t.file_row, t.type, t.number, l.what, l.net, l.amount FROM transactions t "
        f"JOIN tolerances USING (source) JOIN ({wrong}) l ON l.type = t.type AND l.number = t.number "
        "WHERE abs(l.amount * 100 - l.net) > tolerance * 100 ORDER BY t.file, t.file_row"
    )
    for source, file, row, type_, number, what, net, said in rows:
        should = plain(net.scaleb(-2).quantize(Decimal("0.01")))
        message = f"the line {shown(what or '')} is {should} by quantity and price, and the export says {plain(said)}"
        yield Difference(source, file, row, type_, number, "", message)


def plain(amount: Decimal) -> str:
    """An amount as it is written by hand: without zeros that say nothing, but with cents."""
    text = f"{amount.normalize():f}"
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents:0<2}"
