"""What can be wrong with staged rows: a cell that is not what its column holds, and rows that do not fit together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from portalgen.errors import Location, Problem, did_you_mean, shown
from portalgen.exports.columns import IDENTITY, Kind, hint_for
from portalgen.exports.csvfile import places
from portalgen.exports.staging import HEADER_TABLES, LINE_TABLES, Staging, Table
from portalgen.formats import known_currency

_SHOWN = 20
_KNOWN = 5000
_STRAY = r"^[\s\x{a0}]|[\s\x{a0}]$|[\x{0}-\x{1f}\x{7f}-\x{9f}\x{2028}\x{2029}]"


def _is_kind(kind: Kind, cell: str) -> str:
    """SQL that is true of a cell that holds what a column of `kind` may hold."""
    return {
        Kind.ID: f"length({cell}) <= 200 AND NOT regexp_matches({cell}, '{_STRAY}')",
        Kind.TEXT: "true",
        Kind.DATE: rf"regexp_full_match({cell}, '\d{{4}}-\d\d-\d\d([ T]00:00(:00(\.0+)?)?)?') "
        f"AND try_cast({cell}[:10] AS DATE) IS NOT NULL AND {cell} NOT LIKE '0000%'",
        Kind.DECIMAL: rf"regexp_full_match({cell}, '-?\d{{1,15}}(\.\d{{1,6}})?')",
        Kind.INTEGER: rf"regexp_full_match({cell}, '\d{{1,9}}')",
        Kind.TRUTH: f"lower({cell}) IN ('true', 'false', 'yes', 'no', '1', '0')",
        Kind.CURRENCY: f"{cell} NOT IN (SELECT code FROM unknown_currencies)",
    }[kind]


_CURRENCY_FOR_ALL = "or name one for all in portals.yaml: site: {currency: EUR}"


@dataclass(frozen=True, slots=True)
class _Fault:
    """What can be wrong with a cell of `column`: an SQL condition, a message in which `{value}` is the cell, a hint."""

    column: str
    message: str
    condition: str
    hint: Callable[[str], str]


class Checks:
    """The checks of one staging. Each yields problems, with the place of each in its file."""

    def __init__(self, staging: Staging, site_currency: str) -> None:
        self._staging = staging
        self._rows = staging.database.rows
        self._site_currency = site_currency

    def values(self) -> Iterator[Problem]:
        """Cells that are empty and must not be, or do not hold what their column holds."""
        self._list_unknown_currencies()
        for table in (*HEADER_TABLES.values(), *LINE_TABLES.values()):
            faults = [*self._faults(table)]
            counts = ", ".join(f"count(*) FILTER (WHERE {fault.condition})" for fault in faults)
            [found] = self._rows(f"SELECT {counts} FROM {table.name}")
            for fault, count in zip(faults, found, strict=True):
                if count:
                    yield from self._listed(table, fault, count)

    def currencies(self) -> Iterator[Problem]:
        """Files whose transactions have no currency at all."""
        if self._site_currency:
            return
        without = [file for file in self._staging.files if "currency" not in file.cells]
        for file in without:
            if any(_needs_currency(table) and table.name == file.table for table in HEADER_TABLES.values()):
                yield Problem(Location(file.name, 1), "column 'currency' is missing", _CURRENCY_FOR_ALL)

    def _faults(self, table: Table) -> Iterator[_Fault]:
        for name in table.kept:
            column = table.columns[name]
            if column.required:
                yield _Fault(name, "must not be empty", f"{name} IS NULL", lambda _: "every row needs one")
            elif name == "currency" and not self._site_currency and _needs_currency(table):
                files = [str(number) for number, file in enumerate(self._staging.files) if "currency" not in file.cells]
                condition = f"{name} IS NULL AND file NOT IN ({', '.join(files) or -1})"
                yield _Fault(name, "must not be empty", condition, lambda _: _CURRENCY_FOR_ALL)
            if column.kind is not Kind.TEXT:
                condition = f"{name} IS NOT NULL AND NOT ({_is_kind(column.kind, name)})"
                yield _Fault(name, f"{{value}} is not {column.kind}", condition, partial(_hint, column.kind))

    def _list_unknown_currencies(self) -> None:
        tables = [table for table in HEADER_TABLES.values() if _has_currency(table)]
        union = " UNION ".join(f"SELECT currency FROM {table.name}" for table in tables)
        unknown = [code for (code,) in self._rows(union) if code is not None and not known_currency(code)]
        self._staging.database.run("CREATE TABLE unknown_currencies AS SELECT unnest(?::VARCHAR[]) AS code", unknown)

    def _listed(self, table: Table, fault: _Fault, count: int) -> Iterator[Problem]:
        """The first cells with a fault, and at the next one how many there are besides."""
        rows = self._rows(
            f"SELECT file, file_row, {fault.column} FROM {table.name} WHERE {fault.condition} "
            f"ORDER BY file, file_row LIMIT {_SHOWN + 1}"
        )
        placed = [*zip(rows, self._places(fault.column, rows), strict=True)]
        for (_, _, value), where in placed[:_SHOWN]:
            message = fault.message.format(value=shown(value))
            yield Problem(where, f"{fault.column}: {message}", fault.hint(str(value)))
        for _, where in placed[_SHOWN:]:
            yield Problem(where, f"{fault.column}: {count - _SHOWN} more like these")

    def relations(self) -> Iterator[Problem]:
        """Identities that are there twice, and references to what is not there."""
        for type_, table in HEADER_TABLES.items():
            yield from self._twice(table, IDENTITY[type_])
            if type_ not in {"customers", "products"}:
                yield from self._dangling(table, "customer_id", HEADER_TABLES["customers"], "id")
        for type_, table in LINE_TABLES.items():
            yield from self._dangling(table, "number", HEADER_TABLES[type_], "number")
            yield from self._twice(table, "line", "number")
            yield from self._half_numbered(table)

    def _twice(self, table: Table, column: str, within: str = "") -> Iterator[Problem]:
        """Cells of `column` that an earlier row has too; one with the same `within`, if that is given."""
        named = f"{within}, {column}" if within else column
        there = " AND ".join(f"{name} IS NOT NULL" for name in named.split(", "))
        [(count,)] = self._rows(
            f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {table.name} WHERE {there} "
            f"GROUP BY {named} HAVING n > 1)"
        )
        if not count:
            return
        rows = self._rows(
            f"SELECT file, file_row, first_value(file) OVER earlier, first_value(file_row) OVER earlier, {named} "
            f"FROM {table.name} WHERE {there} "
            f"WINDOW earlier AS (PARTITION BY {named} ORDER BY file, file_row) QUALIFY row_number() OVER earlier > 1 "
            f"ORDER BY file, file_row LIMIT {_SHOWN + 1}"
        )
        places, firsts = self._places(column, rows), self._places(column, [row[2:] for row in rows])
        for row, where, first in zip(rows[:_SHOWN], places, firsts, strict=False):
            what = " of ".join(shown(value) for value in reversed(row[4:]))
            hint = "each may be there once, in all files of an export together"
            yield Problem(where, f"{column}: {what} is there twice, first in {first.file}:{first.line}", hint)
        for where in places[_SHOWN:]:
            yield Problem(where, f"{column}: {count - _SHOWN} more that are there twice")

    def _half_numbered(self, table: Table) -> Iterator[Problem]:
        """Lines without a number in a document of which other lines have one: their order would be a guess."""
        condition = f"line IS NULL AND number IN (SELECT number FROM {table.name} WHERE line IS NOT NULL)"
        [(count,)] = self._rows(f"SELECT count(*) FROM {table.name} WHERE {condition}")
        if count:
            message = "must not be empty, since other lines of this document are numbered"
            yield from self._listed(
                table, _Fault("line", message, condition, lambda _: "number all of them, or none"), count
            )

    def _dangling(self, table: Table, column: str, target: Table, key: str) -> Iterator[Problem]:
        condition = (
            f"{column} IS NOT NULL AND {column} NOT IN (SELECT {key} FROM {target.name} WHERE {key} IS NOT NULL)"
        )
        [(count,)] = self._rows(f"SELECT count(*) FROM {table.name} WHERE {condition}")
        if not count:
            return
        known = [str(value) for (value,) in self._rows(f"SELECT {key} FROM {target.name} ORDER BY ALL LIMIT {_KNOWN}")]
        names = known if len(known) < _KNOWN else []
        homes = [file.name for file in self._staging.files if file.table == target.name]
        home = homes[0] if len(homes) == 1 else f"{homes[0]} or another of the {len(homes)} files of {target.type}"
        fault = _Fault(
            column,
            f"{{value}} is not in {home}",
            condition,
            lambda value: did_you_mean(value, names) if known else "there are no rows in it",
        )
        yield from self._listed(table, fault, count)

    def _places(self, column: str, rows: Sequence[tuple[Any, ...]]) -> list[Location]:
        """Where each row's cell of `column` stands; a column that the file does not have is its whole row."""
        found: dict[tuple[int, int], Location] = {}
        for number, group in groupby(sorted({(row[0], row[1]) for row in rows}), key=lambda row: row[0]):
            file = self._staging.files[number]
            cell = file.cells.get(column, -1)
            for (row, _), where in places(file.path, file.name, [(row, cell) for _, row in group]).items():
                found[number, row] = where
        return [found[row[0], row[1]] for row in rows]


def _has_currency(table: Table) -> bool:
    return "currency" in table.columns and table.columns["currency"].kind is Kind.CURRENCY


def _needs_currency(table: Table) -> bool:
    return _has_currency(table) and table.type != "products"


def _hint(kind: Kind, cell: str) -> str:
    if kind is Kind.CURRENCY and known_currency(cell.upper()):
        return f"did you mean '{cell.upper()}'?"
    return hint_for(kind, cell)
