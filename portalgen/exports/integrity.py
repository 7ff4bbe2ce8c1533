"""Amounts worked out once more from what an export says, and compared with what it says.

The rules are those of EN 16931: a line's net amount is quantity x price less its discount (BT-131), the net total is
the sum of the lines less allowances and plus charges (BR-CO-13), the total is net and tax (BR-CO-15), the amount due is
the total less what is paid plus rounding (BR-CO-16).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portalgen.database import Database
from portalgen.model import Transaction


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


_TABLE = """
CREATE OR REPLACE TABLE differences
(source INTEGER, file INTEGER, file_row BIGINT, type VARCHAR, number VARCHAR, name VARCHAR, message VARCHAR)
"""


def find_differences(database: Database, tolerances: Sequence[Decimal]) -> None:
    """Note, in the table `differences`, the documents whose amounts do not add up by more than the tolerance.

    `tolerances` are those of the exports, by the column `source` of the transactions. Each document is named once for
    each of its own amounts, and once for the first of its lines.
    """
    database.run("CREATE OR REPLACE TABLE tolerances (source INTEGER, tolerance DECIMAL(21,6))")
    for number, tolerance in enumerate(tolerances):
        database.run("INSERT INTO tolerances VALUES (?, ?)", number, tolerance)
    database.run(_TABLE)
    _compare_lines(database)
    database.run(_SUMS)
    for column, (expected, words, condition) in _CHECKS.items():
        database.run(
            f"INSERT INTO differences SELECT source, file, file_row, type, number, '{column}', "
            f"'{column}: {words} ' || {_written('expected')} || ', and the export says ' || {_written('said')} "
            f"FROM (SELECT t.*, {expected} AS expected, t.{column} AS said, tolerance "
            "FROM transactions t JOIN tolerances USING (source) "
            f"LEFT JOIN sums s ON s.type = t.type AND s.number = t.number WHERE {condition}) "
            "WHERE abs(said - expected) > tolerance"
        )
    database.run("DROP TABLE sums")


def find_negatives(database: Database, credit_notes: Iterable[Transaction]) -> None:
    """Note, in the table `differences`, the credit notes with an amount below zero, each with the first of these."""
    negatives = [
        (note.number, name, amount)
        for note in credit_notes
        for name in ("total", "net", "balance")
        if (amount := getattr(note, name)) is not None and amount < 0
    ]
    database.run(_TABLE)
    for number, name, amount in {each[0]: each for each in reversed(negatives)}.values():
        database.run(
            "INSERT INTO differences SELECT source, file, file_row, type, number, $1, "
            f"$1 || ': ' || {_written('$2')} || ', worked out from the rest, makes a credit note negative' "
            "FROM transactions WHERE type = 'credit_notes' AND number = $3",
            name,
            f"{amount:f}",
            number,
        )


def _compare_lines(database: Database) -> None:
    """Lines whose amount is not quantity x price; half a cent for each piece may have been lost in the price.

    The smallest tolerance leaves few lines to join with their documents, whose own tolerance then counts.
    """
    wrong = (
        f"SELECT type, number, position, amount, {_NET_IN_PERCENT} AS net, abs(quantity) * 0.5 AS lost, "
        "coalesce(description, item, '') AS what FROM lines "
        f"WHERE abs(amount * 100 - {_NET_IN_PERCENT}) > (SELECT min(tolerance) FROM tolerances) * 100 + lost"
    )
    net = "round(try_cast(net AS DECIMAL(34,8)) * 0.01, 2)"
    what = "CASE WHEN length(what) > 60 THEN left(what, 57) || '...' ELSE what END"
    database.run(
        "INSERT INTO differences SELECT source, file, file_row, type, number, '', "
        f"'the line ''' || {what} || ''' is ' || {_written(net)} || ' by quantity and price, and the export says ' "
        f"|| {_written('amount')} FROM (SELECT t.source, t.file, t.file_row, l.* FROM transactions t "
        f"JOIN tolerances USING (source) JOIN ({wrong}) l ON l.type = t.type AND l.number = t.number "
        "WHERE abs(l.amount * 100 - l.net) > tolerance * 100 + l.lost "
        "QUALIFY row_number() OVER (PARTITION BY t.type, t.number ORDER BY l.position) = 1)"
    )


def _written(amount: str) -> str:
    """SQL of an amount as it is written by hand: without zeros that say nothing, but with cents."""
    return rf"regexp_replace(({amount})::VARCHAR, '^([^.]*[.]\d\d\d*?)0+$', '\1')"


def differences(database: Database, sources: Sequence[int], most: int) -> tuple[list[Difference], int]:
    """The first differences found in these exports, in the order of their files, and how many there are in all."""
    chosen = f"FROM differences WHERE source IN ({', '.join(map(str, sources)) or -1})"
    [(count,)] = database.rows(f"SELECT count(*) {chosen}")
    rows = database.rows(f"SELECT * {chosen} ORDER BY file, file_row, message LIMIT {most}") if count else []
    return [Difference(*row) for row in rows], int(count)
