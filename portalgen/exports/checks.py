"""What can be wrong with staged rows: a cell that is not what its column holds, and rows that do not fit together."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from portalgen.errors import Problem, did_you_mean, shown
from portalgen.exports.columns import Kind, hint_for
from portalgen.exports.layouts import quoted_name
from portalgen.exports.readings import Readings
from portalgen.exports.staging import Part, SourceFile, Staging, Tally, heading_place
from portalgen.exports.values import fits_currency_sql
from portalgen.formats import known_currency
from portalgen.model import TRANSACTION_TYPES

SHOWN = 20
"""How many problems of one kind are listed; the next one says how many more there are."""
_KNOWN = 5000
_STRAY = r"^[\s\x{a0}]|[\s\x{a0}]$|[\x{0}-\x{1f}\x{7f}-\x{9f}\x{2028}\x{2029}]"
_CURRENCY_FOR_ALL = "or name one for all in portals.yaml: site: {currency: EUR}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What can be wrong with rows of `part`: an SQL condition, and how to say it.

    `message` may name the cell of `column` as `{value}`; `hint` is given the cell.
    """

    part: Part
    column: str
    message: str
    condition: str
    hint: Callable[[str], str]


class Checks:
    """The checks of one staging."""

    def __init__(self, staging: Staging, readings: Readings, site_currency: str) -> None:
        self._staging = staging
        self._readings = readings
        self._rows = staging.database.rows
        self._site_currency = site_currency

    def values(self) -> Iterator[Fault]:
        """Cells that are empty and must not be, or do not hold what their column holds."""
        self._list_unknown_currencies()
        for part in self._staging.parts:
            yield from self._found(part, [*self._of_cells(part)])

    def currencies(self) -> Iterator[Problem]:
        """Files whose transactions have no currency at all."""
        for tally in self._staging.tallies:
            for file in tally.staged:
                if not self._site_currency and tally.source.type in TRANSACTION_TYPES and _has_none(tally, file):
                    yield Problem(heading_place(file.table), "column 'currency' is missing", _CURRENCY_FOR_ALL)

    def relations(self) -> Iterator[Fault]:
        """Identities that are there twice, and references to what is not there."""
        parts = self._staging.parts
        customers = [part for part in parts if part.type == "customers"]
        for part in parts:
            if part.is_lines:
                yield from self._found(part, [*self._of_lines(part)])
            elif part.type not in {"customers", "products"}:
                yield from self._found(part, [self._dangling(part, "customer_id", customers)])

    def _of_lines(self, part: Part) -> Iterator[Fault]:
        owners = [other for other in self._staging.parts if other.type == part.type and not other.is_lines]
        yield self._dangling(part, "number", owners)
        numbered = f"SELECT number FROM {part.table} WHERE line IS NOT NULL"
        message = "must not be empty, since other lines of this document are numbered"
        condition = f"line IS NULL AND number IN ({numbered})"
        yield Fault(part, "line", message, condition, lambda _: "number all of them, or none")

    def _dangling(self, part: Part, column: str, targets: list[Part]) -> Fault:
        key = targets[0].key
        known = " UNION ".join(f"SELECT {key} AS k FROM {target.table} WHERE {key} IS NOT NULL" for target in targets)
        names = self._staging.names_of(targets[0].type)
        home = names[0] if len(names) == 1 else f"{names[0]} or another of the {len(names)} files of {targets[0].type}"
        return Fault(
            part,
            column,
            f"{{value}} is not in {home}" if names else "{value} is not there",
            f"{column} IS NOT NULL AND {column} NOT IN ({known})",
            partial(self._nearest, known),
        )

    def _nearest(self, known: str, value: str) -> str:
        names = [str(name) for (name,) in self._rows(f"SELECT k FROM ({known}) ORDER BY k LIMIT {_KNOWN}")]
        if not names:
            return "there are no rows in it"
        return did_you_mean(value, names) if len(names) < _KNOWN else ""

    def _found(self, part: Part, faults: list[Fault]) -> Iterator[Fault]:
        """The faults that there are, counted in one pass over the rows."""
        if not faults:
            return
        counts = ", ".join(f"count(*) FILTER (WHERE {fault.condition})" for fault in faults)
        [found] = self._rows(f"SELECT {counts} FROM {part.table}")
        yield from (fault for fault, count in zip(faults, found, strict=True) if count)

    def _of_cells(self, part: Part) -> Iterator[Fault]:
        for name, column in part.columns.items():
            if column.required:
                yield Fault(part, name, "must not be empty", f"{name} IS NULL", lambda _: "every row needs one")
            elif name == "currency" and not self._site_currency and needs_currency(part):
                files = [str(number) for number, file in enumerate(self._staging.files) if "currency" not in file.cells]
                condition = f"{name} IS NULL AND file NOT IN ({', '.join(files) or -1})"
                yield Fault(part, name, "must not be empty", condition, lambda _: _CURRENCY_FOR_ALL)
            if column.kind is not Kind.TEXT:
                condition = f"{name} IS NOT NULL AND NOT ({self._is_kind(part, column.kind, name)})"
                yield Fault(part, name, f"{{value}} is not {column.kind}", condition, partial(_hint, column.kind))
        yield from self._of_currencies(part)

    def _of_currencies(self, part: Part) -> Iterator[Fault]:
        """Amounts with the symbol of another currency beside them than the row is in."""
        if "currency" in part.columns and self._readings.of(part).decimal != "plain":
            currency = f"coalesce(currency, '{self._site_currency}')"
            for name in part.of_kind(Kind.DECIMAL):
                condition = f"{name} IS NOT NULL AND NOT {fits_currency_sql(name, currency)}"
                yield Fault(part, name, "{value} is in another currency than the document", condition, lambda _: "")

    def _is_kind(self, part: Part, kind: Kind, cell: str) -> str:
        """SQL that is true of a cell that holds what a column of `kind` may hold."""
        reading = self._readings.of(part)
        return {
            Kind.ID: f"length({cell}) <= 200 AND NOT regexp_matches({cell}, '{_STRAY}')",
            Kind.TEXT: "true",
            Kind.DATE: reading.is_date(cell),
            Kind.DECIMAL: reading.is_number(cell, unit_of(cell)),
            Kind.INTEGER: rf"regexp_full_match({cell}, '\d{{1,9}}')",
            Kind.TRUTH: f"lower({cell}) IN ('true', 'false', 'yes', 'no', '1', '0')",
            Kind.CURRENCY: f"{cell} NOT IN (SELECT code FROM unknown_currencies)",
        }[kind]

    def _list_unknown_currencies(self) -> None:
        tables = [part.table for part in self._staging.parts if part.of_kind(Kind.CURRENCY)]
        union = " UNION ".join(f"SELECT currency FROM {table}" for table in tables) or "SELECT NULL"
        unknown = [code for (code,) in self._rows(union) if code is not None and not known_currency(code)]
        self._staging.database.run("CREATE TABLE unknown_currencies AS SELECT unnest(?::VARCHAR[]) AS code", unknown)

    def twice(self) -> Iterator[Problem]:
        """Identities that several rows have which do not say the same, and lines of one document with one number."""
        for type_ in self._staging.types():
            parts = [part for part in self._staging.parts if part.type == type_]
            headers = [part for part in parts if not part.is_lines]
            yield from self._twice(headers, headers[0].key)
            for part in parts:
                if part.is_lines:
                    yield from self._twice([part], "line", "number")

    def _twice(self, parts: list[Part], column: str, within: str = "") -> Iterator[Problem]:
        """Cells of `column` that an earlier row has too; one with the same `within`, if that is given."""
        named = f"{within}, {column}" if within else column
        there = " AND ".join(f"{name} IS NOT NULL" for name in named.split(", "))
        table = " UNION ALL ".join(f"SELECT file, file_row, {named} FROM {part.table} WHERE {there}" for part in parts)
        again = f"SELECT {named} FROM ({table}) GROUP BY {named} HAVING count(*) > 1"
        [(count,)] = self._rows(
            f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM ({table}) GROUP BY {named} HAVING n > 1)"
        )
        if not count:
            return
        rows = self._rows(
            f"SELECT file, file_row, first_value(file) OVER earlier, first_value(file_row) OVER earlier, {named} "
            f"FROM ({table}) WHERE ({named}) IN ({again}) "
            f"WINDOW earlier AS (PARTITION BY {named} ORDER BY file, file_row) QUALIFY row_number() OVER earlier > 1 "
            f"ORDER BY file, file_row LIMIT {SHOWN + 1}"
        )
        prefix = parts[0].prefix
        places = self._staging.places(column, rows, prefix)
        firsts = self._staging.places(column, [row[2:] for row in rows], prefix)
        for row, where, first in zip(rows[:SHOWN], places, firsts, strict=False):
            what = " of ".join(shown(value) for value in reversed(row[4:]))
            message = f"{column}: {what} is there twice, first in {first.file}{f':{first.line}' * bool(first.line)}"
            differing = "" if within else self._differing(parts, row)
            hint = differing or "each may be there once, in all files of an export together"
            yield Problem(where, message, hint)
        for where in places[SHOWN:]:
            yield Problem(where, f"{column}: {count - SHOWN} more that are there twice")

    def _differing(self, parts: list[Part], row: tuple[object, ...]) -> str:
        """Which column tells two rows of one identity apart."""
        number, line, first, first_line = row[:4]
        for part in parts:
            columns = [*part.columns]
            found = self._rows(
                f"SELECT {', '.join(quoted_name(name) for name in columns)} FROM {part.table} "
                "WHERE (file, file_row) IN ((?, ?), (?, ?))",
                number,
                line,
                first,
                first_line,
            )
            if len(found) == 2:
                apart = [name for name, one, other in zip(columns, *found, strict=True) if one != other]
                return f"they differ in {', '.join(apart)}; keep the right one" if apart else ""
        return ""


def needs_currency(part: Part) -> bool:
    """Whether every row of a part must have a currency."""
    return not part.is_lines and part.type in TRANSACTION_TYPES


def _has_none(tally: Tally, file: SourceFile) -> bool:
    return not file.is_lines and "currency" not in {*file.cells, *tally.source.values}


def _hint(kind: Kind, cell: str) -> str:
    if kind is Kind.CURRENCY and known_currency(cell.upper()):
        return f"did you mean '{cell.upper()}'?"
    if kind is Kind.DATE and (parts := re.fullmatch(r"\d{1,2}([./-])\d{1,2}[./-](\d{4}|\d\d)", cell, re.ASCII)):
        pattern = f"%d{parts[1]}%m{parts[1]}%{'Y' if len(parts[2]) == 4 else 'y'}"
        return f"say how dates are written here, maybe dates: '{pattern}'"
    if kind is Kind.DECIMAL and re.fullmatch(r"-?[\d.' ]*\d,\d{1,6}", cell, re.ASCII):
        if re.fullmatch(r"-?\d{1,3},\d{3}", cell):
            return "say what the comma is: decimal: ',' if it stands before the decimals, decimal: '.' if not"
        return "say that commas stand before the decimals here: decimal: ','"
    return hint_for(kind, cell)


def unit_of(column: str) -> str:
    """What may stand beside a number in a column."""
    return {"discount": "any", "tax_rate": "percent", "quantity": "", "open_quantity": ""}.get(column, "currency")
