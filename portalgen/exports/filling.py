"""Staged rows of text -> the typed tables of the book, without what customers must not see."""

from collections.abc import Iterator, Mapping
from itertools import islice

from portalgen.errors import Problem
from portalgen.exports import values
from portalgen.exports.checks import unit_of
from portalgen.exports.columns import HEADERS, LINES, Column, Kind
from portalgen.exports.integrity import Difference, differences
from portalgen.exports.layouts import quoted
from portalgen.exports.readings import Reading, Readings
from portalgen.exports.rejects import Quarantine
from portalgen.exports.report import ExportReport, ReadingReport
from portalgen.exports.staging import Part, Staging
from portalgen.exports.visibility import hidden_sql, unknown_statuses, word_sql

_AMOUNT = "DECIMAL(21,6)"
_CONTROLS = r"[\x{0}-\x{8}\x{b}-\x{1f}\x{7f}-\x{9f}]"
_SIGNED = {
    "net",
    "tax",
    "total",
    "paid",
    "balance",
    "allowance",
    "charge",
    "rounding",
    "quantity",
    "open_quantity",
    "amount",
}
"""The columns that a file with the opposite sign writes with it."""
_SHOWN = 20
_TYPES = {Kind.DATE: "DATE", Kind.DECIMAL: _AMOUNT, Kind.INTEGER: "INTEGER"}
_PEOPLE = ("customers", "contacts", "products", "receipts")


class Filling:
    """The filling of one book."""

    def __init__(self, staging: Staging, readings: Readings, site_currency: str) -> None:
        self._staging = staging
        self._database = staging.database
        self._readings = readings
        self._site_currency = site_currency
        self._shown: dict[int, int] = {}
        self.warnings: list[Problem] = [*staging.warnings]

    def fill(self) -> None:
        """Make the tables of the book, and empty those of the staging."""
        for type_ in _PEOPLE:
            self._create(type_, HEADERS[type_], {})
        self._create(
            "transactions",
            HEADERS["invoices"],
            {"type": "VARCHAR", "source": "INTEGER", "file": "INTEGER", "file_row": "BIGINT"},
        )
        self._create("lines", LINES, {"type": "VARCHAR", "position": "BIGINT", "discount_amount": _AMOUNT})
        for part in self._staging.parts:
            if part.is_lines:
                self._fill_lines(part)
            elif part.type in _PEOPLE:
                self._insert(part.type, part, self._typed(part))
            else:
                self._fill_documents(part)
            self._database.run(f"DROP TABLE {part.table}")

    def _create(self, table: str, columns: Mapping[str, Column], extra: Mapping[str, str]) -> None:
        kept = {name: _TYPES.get(column.kind, "VARCHAR") for name, column in columns.items() if column.kept}
        said = ", ".join(f"{name} {type_}" for name, type_ in (kept | dict(extra)).items())
        self._database.run(f"CREATE TABLE {table} ({said})")

    def _insert(self, table: str, part: Part, picked: Mapping[str, str], condition: str = "true") -> None:
        select = ", ".join(f"{expression} AS {name}" for name, expression in picked.items())
        self._database.run(f"INSERT INTO {table} BY NAME SELECT {select} FROM {part.table} WHERE {condition}")

    def _typed(self, part: Part) -> dict[str, str]:
        reading = self._readings.of(part)
        typed = {name: _value(name, column.kind, reading) for name, column in part.columns.items()}
        if part.source.is_negative:
            typed |= {name: f"-({sql})" for name, sql in typed.items() if name in _SIGNED}
        return typed

    def _fill_documents(self, part: Part) -> None:
        hidden = hidden_sql(part, self._readings.of(part))
        self.warnings += unknown_statuses(self._staging, part)
        self._count_hidden(part, hidden)
        picked = self._typed(part) | {
            "type": quoted(part.type),
            "source": str(self._number(part)),
            "file": "file",
            "file_row": "file_row",
            "status": word_sql(part),
            "currency": f"coalesce(currency, {quoted(self._site_currency)})",
        }
        self._insert("transactions", part, picked, " AND ".join(f"NOT ({sql})" for sql in hidden.values()))

    def _count_hidden(self, part: Part, hidden: Mapping[str, str]) -> None:
        cases = " ".join(f"WHEN {sql} THEN {number}" for number, sql in enumerate(hidden.values()))
        tally = self._staging.tallies[self._number(part)]
        reasons = [*hidden]
        for reason, count in self._database.rows(
            f"SELECT CASE {cases} END AS r, count(*) FROM {part.table} GROUP BY r"
        ):
            if reason is None:
                self._shown[self._number(part)] = count
            else:
                tally.leave_out(reasons[reason], count)

    def _fill_lines(self, part: Part) -> None:
        picked = self._typed(part) | {
            "type": quoted(part.type),
            "position": "file::BIGINT * 1099511627776 + file_row",
        }
        discount = part.source.lines.discount if part.source.lines else "percent"
        if discount == "fraction":
            picked["discount"] = f"({picked['discount']} * 100)::{_AMOUNT}"
        elif discount == "amount":
            picked["discount_amount"] = picked.pop("discount")
        self._insert("lines", part, picked)

    def compare(self, quarantine: Quarantine) -> list[Problem]:
        """Compare amounts with each other. Returns the differences that an export refuses; others become warnings."""
        sources = [tally.source for tally in self._staging.tallies]
        refused: list[Difference] = []
        reported: list[Difference] = []
        for difference in differences(self._database, [source.policy.tolerance for source in sources]):
            source = sources[difference.source]
            if not source.policy.refuse_differences:
                reported.append(difference)
            elif source.policy.quarantine:
                quarantine.hold_back_document(difference)
            else:
                refused.append(difference)
        self.warnings += self._listed(reported)
        return [*self._listed(refused)]

    def _listed(self, found: list[Difference]) -> Iterator[Problem]:
        hint = "the portal shows what the export says; `tolerance` and `differences` tell what to do about it"
        for difference in islice(found, _SHOWN):
            [where] = self._staging.places(difference.column, [(difference.file, difference.file_row)])
            yield Problem(where, f"{difference.type}: {difference.number}: {difference.message}", hint)
        if len(found) > _SHOWN:
            [where] = self._staging.places("number", [(found[_SHOWN].file, found[_SHOWN].file_row)])
            yield Problem(where, f"{len(found) - _SHOWN} more amounts that do not add up")

    def report(self, quarantine: Quarantine) -> ReadingReport:
        """What there is to tell besides the book."""
        exports = []
        for number, tally in enumerate(self._staging.tallies):
            type_ = tally.source.type
            if type_ in _PEOPLE:
                [(shown,)] = self._database.rows(f"SELECT count(*) FROM {type_}")
            else:
                shown = self._shown.get(number, 0)
            dropped = tuple(dict.fromkeys(title for file in tally.staged for title in file.dropped))
            exports.append(
                ExportReport(
                    type_, tuple(tally.files), tally.rows, shown, dict(tally.left_out), dropped, tuple(tally.others)
                )
            )
        return ReadingReport(tuple(exports), tuple(self.warnings), tuple(quarantine.all()))

    def _number(self, part: Part) -> int:
        return next(number for number, tally in enumerate(self._staging.tallies) if tally.source is part.source)


def _value(name: str, kind: Kind, reading: Reading) -> str:
    """SQL of what a cell of text holds."""
    if kind is Kind.DATE:
        return reading.date(name)
    if kind is Kind.DECIMAL:
        return reading.number(name, unit_of(name))
    if kind is Kind.TEXT:
        return f"regexp_replace({values.text_sql(name)}, '{_CONTROLS}', '', 'g')"
    return f"{name}::INTEGER" if kind is Kind.INTEGER else name
