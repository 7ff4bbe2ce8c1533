"""Dates that are hardly meant, though nothing forbids them: something to look at, and no more."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from portalgen.database import Database


@dataclass(frozen=True, slots=True)
class Remark:
    """What is odd about a column of one export's documents; file and row are those of the first."""

    file: int
    file_row: int
    column: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is odd of a column; `words` may name the document's `date` and the `newest` one of the export."""

    column: str
    condition: str
    words: str
    hint: str = "if it means nothing, name how the file writes it: empty: ['...']"


_RULES = (
    _Rule("due_date", "due_date < date", "is before the document's own date, {date}", "is it the right column?"),
    *(_Rule(name, f"{name} < DATE '1970-01-01'", "is before 1970") for name in ("date", "due_date")),
    *(
        _Rule(
            name,
            f"newest IS NOT NULL AND {name} > greatest((newest + INTERVAL 2 YEAR)::DATE, as_of)",
            "is more than two years after the newest document, of {newest}",
        )
        for name in ("date", "due_date")
    ),
)


def remarks(database: Database, as_of: datetime.date) -> Iterator[Remark]:
    """What is odd about the dates of the transactions, each once for each export, with how many more there are.

    The newest document is the newest of those that are not after `as_of`.
    """
    newest = f"SELECT source, max(date) AS newest FROM transactions WHERE date <= DATE '{as_of}' GROUP BY source"
    dated = f"SELECT t.*, newest, DATE '{as_of}' AS as_of FROM transactions t LEFT JOIN ({newest}) USING (source)"
    for rule in _RULES:
        found = database.rows(
            f"SELECT count(*), min((file, file_row, {rule.column}, date, newest)) FROM ({dated}) "
            f"WHERE {rule.condition} GROUP BY source ORDER BY 2"
        )
        for count, (file, row, day, date, latest) in found:
            more = f"; so are {count - 1:,} more" if count > 1 else ""
            words = rule.words.format(date=date, newest=latest)
            yield Remark(file, row, rule.column, f"{rule.column}: '{day}' {words}{more}", rule.hint)
