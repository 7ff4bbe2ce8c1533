"""What can be wrong with staged rows: a cell that is not what its column holds, and rows that do not fit together."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from portalgen.errors import Problem, did_you_mean, shown
from portalgen.exports.cells import discount_of, fault_conditions
from portalgen.exports.columns import Kind, hint_for
from portalgen.exports.layouts import quoted_name
from portalgen.exports.readings import Readings
from portalgen.exports.staging import Part, SourceFile, Staging, Tally, heading_place, is_stored_number
from portalgen.exports.values import (
    ERROR,
    currencies_beside,
    currency_sql,
    fits_currency_sql,
    has_error_sql,
    quoted,
    read_date,
)
from portalgen.formats import known_currency
from portalgen.model import RECEIPTS, TRANSACTION_TYPES

SHOWN = 20
"""How many problems of one kind are listed; the next one says how many more there are."""
_KNOWN = 5000
_IN_A_CURRENCY = frozenset({*TRANSACTION_TYPES, RECEIPTS})
_NO_GROUP = "a row with its first cell alone begins a group; a total, or another text in that cell, ends it"
_NO_OLDER = 2010
_WITHOUT_VALUE = {
    "error": ("an error in place of a value: {value}", "mend its formula and save the workbook"),
    "unstored": ("a formula whose result was not stored", "open the workbook in a spreadsheet program and save it"),
}
_CURRENCY_FOR_ALL = "or name one for all in portals.yaml: site: {currency: EUR}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What can be wrong with rows of `part`: an SQL condition, and how to say it.

    `message` may name the cell of `column` as `{value}`; `hint` is given the cell. Unless it `names_document`, nobody
    can tell which document the rows belong to, so that without them a part of one could be shown. What `is_of_file` is
    most likely wrong with a file as a whole, and said once for each.
    """

    part: Part
    column: str
    message: str
    condition: str
    hint: Callable[[str], str]
    names_document: bool = True
    raw: str = ""
    is_of_file: bool = False

    @property
    def table(self) -> str:
        """The table that the condition is about: that with types, unless it is about the text."""
        return self.raw or self.part.table


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
            [(is_bad, has_symbol)] = self._rows(f"SELECT bool_or(is_bad), bool_or(has_symbol) FROM {part.table}")
            if is_bad:
                yield from self._found([*self._of_cells(part)])
            if has_symbol:
                yield from self._found([*self._of_symbols(part)])
            yield from self._found([*self._of_currencies(part)])
            yield from self._found([*self._of_totals(part)])

    def currencies(self) -> Iterator[Problem]:
        """Files whose transactions have no currency at all."""
        for tally in self._staging.tallies:
            for file in tally.staged:
                if not self._site_currency and tally.source.type in _IN_A_CURRENCY and _has_none(tally, file):
                    yield Problem(heading_place(file.table), "column 'currency' is missing", _CURRENCY_FOR_ALL)

    def relations(self) -> Iterator[Fault]:
        """Identities that are there twice, and references to what is not there."""
        parts = self._staging.parts
        customers = [part for part in parts if part.type == "customers"]
        for part in parts:
            if part.is_lines:
                yield from self._found([*self._of_lines(part)])
            elif customers and part.type not in {"customers", "products"}:
                faults = [
                    self._dangling(part, "customer_id", customers),
                    *self._ambiguous(part, "customer_id", customers),
                ]
                yield from self._found(faults)

    def _of_lines(self, part: Part) -> Iterator[Fault]:
        owners = [other for other in self._staging.parts if other.type == part.type and not other.is_lines]
        yield self._dangling(part, "number", owners)
        if not part.is_together:
            yield from self._ambiguous(part, "number", owners)
        [(numbered_rows, rows)] = self._rows(f"SELECT count(line), count(*) FROM {part.table}")
        if numbered_rows in {0, rows}:
            return
        numbered = f"SELECT number FROM {part.table} WHERE line IS NOT NULL"
        message = "must not be empty, since other lines of this document are numbered"
        condition = f"line IS NULL AND NOT is_bad AND number IN ({numbered})"
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

    def _ambiguous(self, part: Part, column: str, targets: list[Part]) -> Iterator[Fault]:
        """References in columns stored as numbers that may have lost the zeros with which something else begins."""
        files = [str(number) for number, file in enumerate(self._staging.files) if is_stored_number(file, column)]
        if not files:
            return
        key = targets[0].key
        known = " UNION ".join(f"SELECT {key} AS k FROM {target.table} WHERE {key} IS NOT NULL" for target in targets)
        zeros = f"SELECT ltrim(k, '0') FROM ({known}) WHERE starts_with(k, '0')"
        condition = f"file IN ({', '.join(files)}) AND NOT starts_with({column}, '0') AND {column} IN ({zeros})"
        condition += f" AND {column} IN ({known})"
        message = f"{{value}} is stored as a number, and another {key} differs from it in leading zeros alone"
        hint = "format the column as text where it is written, so that it keeps its zeros"
        yield Fault(part, column, message, condition, lambda _: hint, names_document=not part.is_lines)

    def _nearest(self, known: str, value: str) -> str:
        names = [str(name) for (name,) in self._rows(f"SELECT k FROM ({known}) ORDER BY k LIMIT {_KNOWN}")]
        if not names:
            return "there are no rows in it"
        return did_you_mean(value, names) if len(names) < _KNOWN else ""

    def _found(self, faults: list[Fault]) -> Iterator[Fault]:
        """Of faults of one table, those that there are, counted in one pass over the rows."""
        if not faults:
            return
        counts = ", ".join(f"count(*) FILTER (WHERE {fault.condition})" for fault in faults)
        [found] = self._rows(f"SELECT {counts} FROM {faults[0].table}")
        yield from (fault for fault, count in zip(faults, found, strict=True) if count)

    def _of_cells(self, part: Part) -> Iterator[Fault]:
        """What is wrong with rows of text, those left out that are blank or hidden."""
        marked = f"(file, file_row) IN (SELECT (file, file_row) FROM {part.table} WHERE is_bad)"
        may_be_group = self._may_be_groups(part)
        has_errors = self._staging.has_errors(part)
        for name, kind, condition in fault_conditions(part, self._readings.of(part), has_errors=has_errors):
            if kind == "empty":
                fault = _required(part, name)
            elif kind in _WITHOUT_VALUE:
                fault = _without_value(part, name, condition, *_WITHOUT_VALUE[kind])
            else:
                wanted = part.columns[name].kind
                is_discount = name == "discount" and part.source.lines
                hint = partial(_discount_hint, discount_of(part)) if is_discount else partial(_hint, wanted)
                fault = Fault(part, name, f"{{value}} is not {wanted}", condition, hint)
            if may_be_group:
                fault = replace(fault, names_document=False)
            yield replace(fault, condition=f"({condition}) AND {marked}", raw=part.raw)

    def _may_be_groups(self, part: Part) -> bool:
        """Whether a row that is wrong could be one that names a group: whose are the rows below it then?"""
        staged = self._staging.tally_of(part).staged
        is_beside = any(0 in cells for file in staged if not file.is_lines for cells in file.cells.values())
        return bool(part.source.groups) and not part.is_lines and is_beside

    def _of_currencies(self, part: Part) -> Iterator[Fault]:
        """Currencies that there are not, and documents without one."""
        for name in part.of_kind(Kind.CURRENCY):
            if not self._site_currency and needs_currency(part):
                files = [str(number) for number, file in enumerate(self._staging.files) if "currency" not in file.cells]
                condition = f"{name} IS NULL AND file NOT IN ({', '.join(files) or -1})"
                yield Fault(part, name, "must not be empty", condition, lambda _: _CURRENCY_FOR_ALL)
            condition = f"{name} IN (SELECT code FROM unknown_currencies)"
            yield Fault(part, name, f"{{value}} is not {Kind.CURRENCY}", condition, partial(_hint, Kind.CURRENCY))

    def _of_symbols(self, part: Part) -> Iterator[Fault]:
        """Amounts with the symbol of another currency beside them than the document is in."""
        currency = f"coalesce(currency, '{self._site_currency}')"
        if part.is_lines:
            owner = next(other for other in self._staging.parts if other.source is part.source and not other.is_lines)
            theirs = f"SELECT any_value({currency}) FROM {owner.table} d WHERE d.number = {part.raw}.number"
            currency = f"coalesce(({theirs}), '')"
        marked = f"(file, file_row) IN (SELECT (file, file_row) FROM {part.table} WHERE has_symbol)"
        for name in part.of_kind(Kind.DECIMAL) if part.is_lines or "currency" in part.columns else ():
            has_symbol = f"{name} IS NOT NULL AND {currency_sql(name)} IS NOT NULL AND {marked}"
            has_symbol += f" AND NOT {has_error_sql(name)}"
            condition = f"{has_symbol} AND NOT {fits_currency_sql(name, currency)}"
            for (code,) in self._rows(f"SELECT DISTINCT {currency} AS c FROM {part.raw} WHERE {condition} ORDER BY c"):
                message = f"{{value}} is in another currency than the document{f', which is in {code}' if code else ''}"
                same = f"{condition} AND {currency} = {quoted(code)}"
                yield Fault(part, name, message, same, _currency_hint, raw=part.raw, is_of_file=True)

    def _of_totals(self, part: Part) -> Iterator[Fault]:
        """Amounts of credit notes are positive here, and what they do to the balance follows from their type."""
        if part.type != "credit_notes" or part.is_lines:
            return
        is_turned = part.source.is_negative
        said = "that is negative, since the sign is turned" if is_turned else "negative"
        for name in ("total", "net", "balance"):
            if self._rows(f"SELECT 1 FROM {part.table} WHERE {name} < 0 LIMIT 1"):
                condition = f"(file, file_row) IN (SELECT (file, file_row) FROM {part.table} WHERE {name} < 0)"
                message = f"{{value}} makes a credit note {said}"
                has_both = bool(self._rows(f"SELECT 1 FROM {part.table} WHERE {name} > 0 LIMIT 1"))
                hint = sign_hint(is_turned=is_turned, has_both=has_both)
                yield Fault(part, name, message, condition, partial(_said, hint), raw=part.raw)

    def _list_unknown_currencies(self) -> None:
        tables = [part.table for part in self._staging.parts if part.of_kind(Kind.CURRENCY)]
        union = " UNION ".join(f"SELECT DISTINCT currency FROM {table}" for table in tables) or "SELECT NULL"
        codes = [code for (code,) in self._rows(union) if code is not None and ERROR not in code]
        unknown = [code for code in codes if not known_currency(code)]
        self._staging.database.run("CREATE TABLE unknown_currencies AS SELECT unnest(?::VARCHAR[]) AS code", unknown)

    def repeated(self) -> Iterator[Fault]:
        """The rows that `twice` complains of, where all exports of a type hold back what is wrong."""
        for type_ in self._staging.types():
            parts = [part for part in self._staging.parts if part.type == type_]
            if not all(part.source.policy.quarantine for part in parts):
                continue
            headers = [part for part in parts if not part.is_lines]
            key = headers[0].key
            union = " UNION ALL ".join(f"SELECT {key} FROM {part.table} WHERE {key} IS NOT NULL" for part in headers)
            again = f"SELECT {key} FROM ({union}) GROUP BY {key} HAVING count(*) > 1"
            for part in parts:
                message, condition = "{value} is there more than once, and not always the same", f"{key} IN ({again})"
                if part.is_lines:
                    again_line = f"SELECT number, line FROM {part.table} GROUP BY ALL HAVING count(line) > 1"
                    message, condition = "{value} is there twice", f"(number, line) IN ({again_line})"
                column = "line" if part.is_lines else key
                yield from self._found([Fault(part, column, message, condition, lambda _: "")])

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
                return f"they differ in {', '.join(apart) or 'their lines'}; keep the right one"
        return ""


def _required(part: Part, name: str) -> Fault:
    """Cells that must not be empty. A line without its document's number may be a part of any document."""
    layout = part.source.layout if part.source.lines else ""
    is_unknown = name == "number" and (part.is_lines or layout == "repeat")
    hint = "every row needs one" if name != part.source.groups or part.is_lines else _NO_GROUP
    if name == "number" and layout == "repeat":
        hint += "; if a document's further lines leave it blank, say: layout: continuation"
    return Fault(part, name, "must not be empty", f"{name} IS NULL", lambda _: hint, not is_unknown)


def _without_value(part: Part, name: str, condition: str, message: str, hint: str) -> Fault:
    """Cells that have no value. In place of what names a row, it could be anything's."""
    return Fault(part, name, message, condition, lambda _: hint, names_document=name != part.key)


def needs_currency(part: Part) -> bool:
    """Whether every row of a part must have a currency."""
    return not part.is_lines and part.type in _IN_A_CURRENCY


def _has_none(tally: Tally, file: SourceFile) -> bool:
    return not file.is_lines and "currency" not in {*file.cells, *tally.source.values}


def _said(hint: str, _: str) -> str:
    return hint


def sign_hint(*, is_turned: bool, has_both: bool) -> str:
    """What to do about credit notes below zero, where the sign `is_turned` already, and where others are above it."""
    if has_both:
        return "both signs occur, so that no `sign` is right for all: mend those of the fewer, or export them apart"
    return "leave out `sign: negative`" if is_turned else "if the file writes credit notes so, say: sign: negative"


def _currency_hint(cell: str) -> str:
    """What to say of an amount with a currency beside it that is not the document's."""
    code = next(iter(currencies_beside(cell)), "...")
    maybe = f"currency: {code}"
    return f"if it is right: values: {{{maybe}}}, or site: {{{maybe}}}, or name the column that the currency is in"


def _date_hint(cell: str, mark: str, year: str) -> str:
    """How dates of numbers alone may be written here, if there is such a day; the year may stand first.

    A year of two digits that would be before 2010 is hardly meant where another part can be the year.
    """
    patterns = [f"%d{mark}%m{mark}%{year}", f"%m{mark}%d{mark}%{year}", *[f"%y{mark}%m{mark}%d"] * (year == "y")]
    days = {pattern: day for pattern in patterns if (day := read_date(cell, pattern))}
    likely = [pattern for pattern, day in days.items() if day.year >= _NO_OLDER] or [*days]
    if not likely:
        return "the calendar has no such day, or it is before 1900"
    first, last = likely[0], likely[-1]
    if first.startswith("%y") == last.startswith("%y"):
        return f"say how dates are written here, maybe dates: '{first}'"
    return f"say how dates are written here: dates: '{first}' or '{last}'"


def _discount_hint(kind: str, cell: str) -> str:
    """What a discount is, where what stands beside it contradicts what it is said to be, its `kind`."""
    if kind == "amount" and "%" in cell:
        return "if it is a percentage, say: lines: {discount: percent}"
    if kind != "amount" and re.search(r"[^\s\d.,'()+%-]", cell):
        return "if it is an amount, say: lines: {discount: amount}"
    return _hint(Kind.DECIMAL, cell)


def _hint(kind: Kind, cell: str) -> str:
    if kind is Kind.CURRENCY and known_currency(cell.upper()):
        return f"did you mean '{cell.upper()}'?"
    if kind is Kind.DATE and (parts := re.fullmatch(r"\d{1,2}([./-])\d{1,2}[./-](\d{4}|\d\d)", cell, re.ASCII)):
        return _date_hint(cell, parts[1], "Y" if len(parts[2]) == 4 else "y")
    if kind is Kind.DECIMAL and re.fullmatch(r"-?[\d.' ]*\d,\d{1,6}", cell, re.ASCII):
        if re.fullmatch(r"-?\d{1,3},\d{3}", cell):
            return "say what the comma is: decimal: ',' if it stands before the decimals, decimal: '.' if not"
        return "say that commas stand before the decimals here: decimal: ','"
    return hint_for(kind, cell)
