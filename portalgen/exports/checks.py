"""What can be wrong with staged rows: a cell that is not what its column holds, and rows that do not fit together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from portalgen.errors import Location, Problem, did_you_mean
from portalgen.exports.columns import IDENTITY, Column, Kind
from portalgen.exports.csvfile import places
from portalgen.exports.staging import HEADER_TABLES, LINE_TABLES, SourceFile, Staging, Table
from portalgen.formats import known_currency

_SHOWN = 20
_STRAY = r"^[\s\x{a0}]|[\s\x{a0}]$|[\x{0}-\x{1f}\x{7f}-\x{9f}\x{2028}\x{2029}]"


def _is_kind(kind: Kind, cell: str) -> str:
    """SQL that is true of a cell that holds what a column of `kind` may hold."""
    return {
        Kind.ID: f"length({cell}) <= 200 AND NOT regexp_matches({cell}, '{_STRAY}')",
        Kind.TEXT: "true",
        Kind.DATE: rf"regexp_full_match({cell}, '\d{{4}}-\d\d-\d\d([ T]00:00(:00(\.0+)?)?)?') "
        f"AND try_cast({cell}[:10] AS DATE) IS NOT NULL",
        Kind.DECIMAL: rf"regexp_full_match({cell}, '-?\d{{1,15}}(\.\d{{1,6}})?')",
        Kind.INTEGER: rf"regexp_full_match({cell}, '\d{{1,9}}')",
        Kind.TRUTH: f"lower({cell}) IN ('true', 'false', 'yes', 'no', '1', '0')",
        Kind.CURRENCY: f"{cell} NOT IN (SELECT code FROM unknown_currencies)",
    }[kind]


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
            faults = self._faults(table)
            counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for _, _, condition in faults)
            [found] = self._rows(f"SELECT {counts} FROM {table.name}")
            for (column, message, condition), count in zip(faults, found, strict=True):
                if count:
                    yield from self._listed(table, column, message, condition, count)

    def _faults(self, table: Table) -> list[tuple[str, str, str]]:
        faults = []
        for name in table.kept:
            column = table.columns[name]
            if column.required:
                faults.append((name, f"{name}: must not be empty", f"{name} IS NULL"))
            elif column.kind is Kind.CURRENCY and not self._site_currency and table.type != "products":
                message = f"{name}: empty, and portals.yaml has no site.currency to stand in"
                faults.append((name, message, f"{name} IS NULL"))
            if column.kind is not Kind.TEXT:
                condition = f"{name} IS NOT NULL AND NOT ({_is_kind(column.kind, name)})"
                faults.append((name, f"{name}: {{value}} is not {column.kind}", condition))
        return faults

    def _list_unknown_currencies(self) -> None:
        tables = [
            table for table in HEADER_TABLES.values() if table.columns.get("currency", _TEXT).kind is Kind.CURRENCY
        ]
        union = " UNION ".join(f"SELECT currency FROM {table.name}" for table in tables)
        unknown = [code for (code,) in self._rows(union) if code is not None and not known_currency(code)]
        self._staging.database.run("CREATE TABLE unknown_currencies AS SELECT unnest(?::VARCHAR[]) AS code", unknown)

    def _listed(self, table: Table, column: str, message: str, condition: str, count: int) -> Iterator[Problem]:
        rows = self._rows(
            f"SELECT file, file_row, {column} FROM {table.name} WHERE {condition} "
            f"ORDER BY file, file_row LIMIT {_SHOWN}"
        )
        for (_, _, value), where in zip(rows, self._places(column, rows), strict=True):
            yield Problem(where, message.format(value=_shown(value)))
        if count > len(rows):
            file = self._staging.files[rows[-1][0]].name
            yield Problem(Location(file), f"{column}: {count - len(rows)} more like these")

    def relations(self) -> Iterator[Problem]:
        """Identities that are there twice, and references to what is not there."""
        for type_, table in HEADER_TABLES.items():
            yield from self._twice(table, IDENTITY[type_])
            if type_ not in {"customers", "products"}:
                yield from self._dangling(table, "customer_id", HEADER_TABLES["customers"], "id")
        for type_, table in LINE_TABLES.items():
            yield from self._dangling(table, "number", HEADER_TABLES[type_], "number")
            yield from self._twice(table, "number", "line")

    def _twice(self, table: Table, *identity: str) -> Iterator[Problem]:
        named = ", ".join(identity)
        rows = self._rows(
            f"SELECT file, file_row, {named} FROM {table.name} "
            f"WHERE {' AND '.join(f'{column} IS NOT NULL' for column in identity)} "
            f"QUALIFY count(*) OVER (PARTITION BY {named}) > 1 ORDER BY {named}, file, file_row LIMIT {2 * _SHOWN}"
        )
        placed = zip(rows, self._places(identity[-1], rows), strict=True)
        for _, group in groupby(placed, key=lambda item: item[0][2:]):
            (row, first), *others = group
            what = " line ".join(_shown(value) for value in row[2:])
            for _, where in others:
                yield Problem(where, f"{identity[0]}: {what} is there twice, first in {first.file}:{first.line}")

    def _dangling(self, table: Table, column: str, target: Table, key: str) -> Iterator[Problem]:
        condition = (
            f"{column} IS NOT NULL AND {column} NOT IN (SELECT {key} FROM {target.name} WHERE {key} IS NOT NULL)"
        )
        [(count,)] = self._rows(f"SELECT count(*) FROM {table.name} WHERE {condition}")
        if not count:
            return
        known = [str(value) for (value,) in self._rows(f"SELECT {key} FROM {target.name} ORDER BY ALL LIMIT 5000")]
        if not known:
            return
        home = next(file.name for file in self._files_of(target))
        for problem in self._listed(table, column, f"{column}: {{value}} is not in {home}", condition, count):
            wrong = problem.message.split("'")[1] if "'" in problem.message else ""
            yield Problem(problem.where, problem.message, did_you_mean(wrong, known) if len(known) < 5000 else "")

    def _files_of(self, table: Table) -> Iterable[SourceFile]:
        return [
            self._staging.files[number]
            for (number,) in self._rows(f"SELECT DISTINCT file FROM {table.name} ORDER BY file")
        ]

    def _places(self, column: str, rows: Sequence[tuple[Any, ...]]) -> list[Location]:
        """Where each row's cell of `column` stands; a column that the file does not have is its whole row."""
        found: dict[tuple[int, int], Location] = {}
        for number, group in groupby(sorted({(row[0], row[1]) for row in rows}), key=lambda row: row[0]):
            file = self._staging.files[number]
            cell = file.cells.get(column, -1)
            for (row, _), where in places(file.path, file.name, [(row, cell) for _, row in group]).items():
                found[number, row] = where
        return [found[row[0], row[1]] for row in rows]


_TEXT = Column(Kind.TEXT)


def _shown(value: object) -> str:
    text = str(value)
    return f"'{text if len(text) <= 60 else text[:57] + '...'}'"
