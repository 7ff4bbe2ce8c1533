"""Amounts worked out once more from what an export says, and compared with what it says.

The rules are those of EN 16931. A line's net amount (BT-131) is quantity (BT-129) x net price (BT-146) less its
discount (BT-136); where the export does not say it, it is worked out. The net total (BT-109) is the sum of the lines
less allowances and plus charges (BR-CO-13); the tax (BT-110) the sum of the lines' own taxes, or else of the lines x
their rates (BR-CO-17), unless an allowance or charge on the whole document says no rate; the total (BT-112) is net and
tax (BR-CO-15); the amount due (BT-115) is the total less what is paid plus rounding (BR-CO-16).

Where the export has no net, it follows from the lines. Where nothing says the tax, the total lies between the net and
twice the net. Lines that add up to the total have prices with the tax in them: that is no difference, and neither is
half of the currency's smallest unit for each line that may have been rounded, or a tax rounded to a whole amount, as
in Hungary. A line of text alone adds nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal

from portalgen.database import Database
from portalgen.formats import minor_units
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


_GROSS = (
    "try_cast(round(try_cast(quantity AS DECIMAL(19,6)) * try_cast(unit_price AS DECIMAL(19,6)), 4) AS DECIMAL(25,4))"
)
_NET_IN_PERCENT = (
    f"({_GROSS} * try_cast(100 - coalesce(discount, 0) AS DECIMAL(9,4)) "
    "- 100 * coalesce(discount_amount, 0)::DECIMAL(21,6))"
)
"""A line's net amount, times 100: the database divides into floating point numbers."""
_SHORT = 100_000_000_000
"""Numbers below it fit 18 digits with all their decimals. The database rounds and divides longer ones ten times as
slowly, so that these short cuts lead to the same results where nearly all amounts are."""
_NET_ROUNDED = f"""
CASE WHEN abs(amount) < {_SHORT} THEN amount::DECIMAL(18,6)::DECIMAL(16,4) ELSE try_cast(net AS DECIMAL(21,4)) END
"""
_RATE_ROUNDED = """
CASE WHEN abs(tax_rate) < 99999 THEN tax_rate::DECIMAL(18,6)::DECIMAL(9,4) ELSE try_cast(tax_rate AS DECIMAL(9,4)) END
"""
_SUMS = f"""
SELECT type, number, sum(net) AS net, count(*) = count(net) AS is_whole, count(*) AS lines,
  count(*) FILTER (amount IS NULL) AS derived, sum(tax) AS tax, count(*) = count(tax) AS is_taxed,
  sum(({_NET_ROUNDED}) * ({_RATE_ROUNDED})) * 0.01 AS tax_by_rate,
  count(*) = count(tax_rate) AS is_rated
FROM (SELECT *, coalesce(amount, try_cast({_NET_IN_PERCENT} AS DECIMAL(34,8)) * 0.01) AS net FROM lines
  WHERE coalesce(amount, quantity, unit_price, tax) IS NOT NULL)
GROUP BY type, number
"""
_WORKED_OUT = f"""
SELECT *, coalesce(net, net_of_lines) AS any_net, coalesce(tax, tax_of_lines) AS any_tax,
  coalesce(abs(total - of_lines) <= tolerance + off, false) AS is_gross
FROM (
  SELECT t.*, tolerance, coalesce(half * s.derived, 0) AS off_net,
    coalesce(half * s.lines, 0) + abs(coalesce(t.rounding, 0)) AS off,
    s.net - coalesce(t.allowance, 0) + coalesce(t.charge, 0) AS of_lines, s.is_taxed,
    CASE WHEN s.is_whole THEN of_lines END AS net_of_lines,
    CASE WHEN t.allowance <> 0 OR t.charge <> 0 THEN NULL WHEN s.is_taxed THEN s.tax
      WHEN s.is_rated AND s.is_whole THEN s.tax_by_rate END AS tax_of_lines
  FROM transactions t JOIN tolerances USING (source) JOIN halves USING (currency)
  LEFT JOIN ({_SUMS}) s ON s.type = t.type AND s.number = t.number
)
"""
"""Each document with what follows from its lines, and by how much that may be off: `off_net` as a net, `off` else."""


@dataclass(frozen=True, slots=True)
class _Check:
    """What a column should be, how to say so, when that can be known, and by how much more it may be off."""

    column: str
    expected: str
    words: str
    condition: str = "true"
    off: str = "0"


_OFF_TAX = "greatest(off, CASE WHEN tax = trunc(tax) THEN 0.5 ELSE 0 END)"
_CHECKS = (
    _Check("net", "net_of_lines", "the lines add up to", off="off_net"),
    _Check("tax", "tax_of_lines", "the taxes of the lines add up to", "is_taxed"),
    _Check("tax", "tax_of_lines", "the lines and their rates make", "NOT is_taxed AND NOT is_gross", _OFF_TAX),
    _Check("total", "net + tax", "net and tax are"),
    _Check(
        "total",
        "any_net + any_tax",
        "the lines and the tax are",
        "(net IS NULL OR tax IS NULL) AND NOT is_gross",
        "off",
    ),
    _Check(
        "total",
        "any_net",
        "before any tax it is",
        "any_tax IS NULL AND total NOT BETWEEN least(any_net, 2 * any_net) - tolerance - off "
        "AND greatest(any_net, 2 * any_net) + tolerance + off",
    ),
    _Check("balance", "total - paid + coalesce(rounding, 0)", "what is not paid is"),
)
_MAY_DIFFER = "abs({column} - ({expected})) > tolerance + {off} - 0.000001"
"""True of every amount that is not what it should be, which is rounded then, and of few others."""
_LOST = (
    "CASE "
    + " ".join(f"WHEN unit_price = round(unit_price, {n}) THEN 0.{5:0>{n - 1}}" for n in range(2, 6))
    + " ELSE 0.00005 END"
)
"""Half of the last decimal of a price, times 100."""

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
    database.run("CREATE OR REPLACE TABLE halves (currency VARCHAR, half DECIMAL(9,6))")
    for (currency,) in database.rows("SELECT DISTINCT currency FROM transactions"):
        half = Decimal("0.5").scaleb(-minor_units(currency or ""))
        database.run("INSERT INTO halves VALUES (?, ?)", currency, half)
    _compare_lines(database)
    suspects = " OR ".join(f"({check.condition}) AND {_MAY_DIFFER.format(**asdict(check))}" for check in _CHECKS)
    database.run(f"CREATE OR REPLACE TABLE suspects AS SELECT * FROM ({_WORKED_OUT}) WHERE {suspects}")
    for check in _CHECKS:
        expected = f"round({check.expected}, 6)"
        database.run(
            f"INSERT INTO differences SELECT source, file, file_row, type, number, '{check.column}', "
            f"'{check.column}: {check.words} ' || {_written('expected')} || ', and the export says ' "
            f"|| {_written('said')} FROM (SELECT source, file, file_row, type, number, tolerance, "
            f"{expected} AS expected, {check.column} AS said, {check.off} AS off "
            f"FROM suspects WHERE {check.condition}) WHERE abs(said - expected) > tolerance + off"
        )
    database.run("DROP TABLE suspects")


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
    """Lines whose amount is not quantity x price, by more than was lost where the price was rounded: half of its last
    decimal, of cents at least, for each piece; and, in a currency without cents, half of its smallest unit.

    The smallest tolerance leaves few lines to join with their documents, whose own tolerance then counts. Where there
    is no discount, the bare product within it, less what rounding to 4 decimals may add, settles most of them.
    """
    least = "(SELECT min(tolerance) FROM tolerances)"
    is_right = (
        "coalesce(discount, 0) = 0 AND coalesce(discount_amount, 0) = 0 AND abs(amount "
        f"- try_cast(quantity AS DECIMAL(19,6)) * try_cast(unit_price AS DECIMAL(19,6))) <= {least} - 0.00005"
    )
    wrong = (
        f"SELECT type, number, position, amount, {_NET_IN_PERCENT} AS net, abs(quantity) * {_LOST} AS lost, "
        "coalesce(description, item, '') AS what FROM lines "
        f"WHERE CASE WHEN {is_right} THEN false "
        f"ELSE abs(amount * 100 - {_NET_IN_PERCENT}) > {least} * 100 + lost END"
    )
    net = "round(try_cast(net AS DECIMAL(34,8)) * 0.01, 2)"
    what = "CASE WHEN length(what) > 60 THEN left(what, 57) || '...' ELSE what END"
    database.run(
        "INSERT INTO differences SELECT source, file, file_row, type, number, '', "
        f"'the line ''' || {what} || ''' is ' || {_written(net)} || ' by quantity and price, and the export says ' "
        f"|| {_written('amount')} FROM (SELECT t.source, t.file, t.file_row, l.* FROM transactions t "
        "JOIN tolerances USING (source) JOIN halves USING (currency) "
        f"JOIN ({wrong}) l ON l.type = t.type AND l.number = t.number "
        "WHERE abs(l.amount * 100 - l.net) > (tolerance + greatest(half - 0.005, 0)) * 100 + l.lost "
        "QUALIFY row_number() OVER (PARTITION BY t.type, t.number ORDER BY l.position) = 1)"
    )


_SHOWN_ROUNDED = ("net", "tax", "total", "balance", "paid", "allowance", "charge")


def too_fine(database: Database, most: int) -> tuple[list[tuple[int, int, str, str]], int]:
    """The first amounts of documents with more decimals than their currency has, and how many there are in all.

    With each come file, row, column and what is wrong. `find_differences` must have run.
    """
    union = " UNION ALL ".join(
        f"SELECT file, file_row, '{name}' AS name, {name} AS said, currency FROM transactions WHERE {name} IS NOT NULL"
        for name in _SHOWN_ROUNDED
    )
    is_fine = f"""CASE WHEN abs(said) < {_SHORT} THEN said::DECIMAL(18,6) % (2 * half)::DECIMAL(9,6) <> 0
        ELSE said % (2 * half) <> 0 END"""
    fine = f"FROM ({union}) JOIN halves USING (currency) WHERE currency <> '' AND {is_fine}"
    [(count,)] = database.rows(f"SELECT count(*) {fine}")
    rows = database.rows(
        f"SELECT file, file_row, name, {_written('said')}, said, currency {fine} ORDER BY ALL LIMIT {most}"
        if count
        else "SELECT 1 WHERE false"
    )
    found = []
    for file, row, name, text, said, currency in rows:
        rounded = said.quantize(Decimal(1).scaleb(-minor_units(currency)), ROUND_HALF_UP)
        message = f"{name}: {text} {currency} has more decimals than {currency}: pages show {rounded}"
        found.append((file, row, name, message))
    return found, int(count)


def _written(amount: str) -> str:
    """SQL of an amount as it is written by hand: without zeros that say nothing, but with cents."""
    return rf"regexp_replace(({amount})::VARCHAR, '^([^.]*[.]\d\d\d*?)0+$', '\1')"


def differences(database: Database, sources: Sequence[int], most: int) -> tuple[list[Difference], int]:
    """The first differences found in these exports, in the order of their files, and how many there are in all."""
    chosen = f"FROM differences WHERE source IN ({', '.join(map(str, sources)) or -1})"
    [(count,)] = database.rows(f"SELECT count(*) {chosen}")
    rows = database.rows(f"SELECT * {chosen} ORDER BY file, file_row, message LIMIT {most}") if count else []
    return [Difference(*row) for row in rows], int(count)
