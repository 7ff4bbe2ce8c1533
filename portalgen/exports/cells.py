"""Cells of text -> values: each part's rows in a table with types, and marked where they do not hold what they should.

A column that should hold a date and does not is NULL there, and the row is marked: what is wrong with it, the checks
find in the rows of text.
"""

from collections.abc import Iterable, Iterator, Sequence

from portalgen.database import CsvShapeError
from portalgen.errors import InvalidInputError, Problem
from portalgen.exports import layouts, values
from portalgen.exports.columns import SUMS, Kind
from portalgen.exports.readings import Reading, Readings
from portalgen.exports.staging import Part, Staging

_AMOUNT = "DECIMAL(21,6)"
_TYPED = {Kind.DATE: "DATE", Kind.DECIMAL: _AMOUNT, Kind.INTEGER: "INTEGER"}
_TYPES = dict.fromkeys(Kind, "VARCHAR") | _TYPED
_CONTROLS = r"[\x{0}-\x{8}\x{b}-\x{1f}\x{7f}-\x{9f}]"
_UNCLEAN = rf"^''[=+@-]|{_CONTROLS}"
_STRAY = r"^[\s\x{a0}]|[\s\x{a0}]$|[\x{0}-\x{1f}\x{7f}-\x{9f}\x{2028}\x{2029}]"
_UNITS = {"tax_rate": "percent", "quantity": "", "open_quantity": ""}
"""What may stand beside the numbers of a column; of others, a currency."""
_DISCOUNTS = {"percent": "percent", "fraction": "percent", "amount": "currency"}
"""The same of a discount, by what it is said to be. Anything else beside it contradicts that."""


def is_kind(kind: Kind, cell: str, reading: Reading, discount: str = "percent") -> str:
    """SQL that is true of a cell of text that holds what a column of `kind` may hold; `discount` is what that is."""
    return {
        Kind.ID: f"length({cell}) <= 200 AND NOT regexp_matches({cell}, '{_STRAY}')",
        Kind.TEXT: "true",
        Kind.DATE: f"{reading.date(cell)} IS NOT NULL",
        Kind.DECIMAL: f"{_number(cell, reading, discount)} IS NOT NULL",
        Kind.INTEGER: rf"regexp_full_match({cell}, '0*\d{{1,9}}')",
        Kind.TRUTH: f"lower({cell}) IN ('true', 'false', 'yes', 'no', '1', '0')",
        Kind.CURRENCY: "true",
    }[kind]


def fault_conditions(part: Part, reading: Reading, *, has_errors: bool) -> Iterator[tuple[str, str, str]]:
    """Each way in which a row of text can be at fault, and SQL that is true then.

    It is a column and 'empty', 'kind', or, where the files have cells without a value (`has_errors`), 'error' or
    'unstored'.
    """
    for name, column in part.columns.items():
        if column.required or (name == part.source.groups and not part.is_lines):
            yield name, "empty", f"{name} IS NULL"
        if column.kind not in {Kind.TEXT, Kind.CURRENCY}:
            is_wrong = f"{name} IS NOT NULL AND NOT ({is_kind(column.kind, name, reading, discount_of(part))})"
            yield name, "kind", f"{is_wrong} AND NOT {values.has_error_sql(name)}" if has_errors else is_wrong
        if has_errors:
            is_unstored = values.is_unstored_sql(name)
            yield name, "error", f"coalesce({values.has_error_sql(name)} AND NOT {is_unstored}, false)"
            yield name, "unstored", f"coalesce({is_unstored}, false)"


def type_parts(staging: Staging, readings: Readings) -> None:
    """Make the typed table of every part. Raises InvalidInputError for files that are no tables."""
    problems: list[Problem] = []
    for part in staging.parts:
        try:
            _type(staging, part, readings.of(part))
        except InvalidInputError as error:
            problems += error.problems
    if problems:
        raise InvalidInputError.of(problems)


def _type(staging: Staging, part: Part, reading: Reading) -> None:
    """Fill the typed table in one pass: what is typed is named `t_...` beside its text, and compared with it."""
    there = staging.columns_of(part)
    values_of = {name: _value(name, part.columns[name].kind, reading, discount_of(part)) for name in there}
    numbers = _alike(part, there)
    for name in numbers:
        usual = values.usual_decimal_sql(name, reading.decimal)
        values_of[name] = f"CASE WHEN are_usual THEN {usual} ELSE {values_of[name]} END"
    are_usual = values.are_usual_sql(numbers, reading.decimal) if numbers else "false"
    typed = {name: f"t_{name}" for name in there}
    if part.is_lines and discount_of(part) == "amount" and "discount" in typed:
        typed["discount_amount"] = typed.pop("discount")
    if part.source.is_negative:
        typed |= {name: f"-({sql})" for name, sql in typed.items() if name in SUMS}
    conditions = fault_conditions(part, reading, has_errors=staging.has_errors(part))
    faults = [*_faults(part, there, conditions)] or ["false"]
    inner = ", ".join(f"{sql} AS t_{name}" for name, sql in values_of.items())
    select = ", ".join(f"{sql} AS {name}" for name, sql in typed.items())
    filled = layouts.any_filled(there) if there else "false"
    _fill(
        staging,
        part,
        f"{f'{select}, ' if select else ''}({filled}) AND ({' OR '.join(faults)}) AS is_bad, "
        f"{_has_symbol(part, there, reading)} AS has_symbol "
        f"FROM (SELECT *, {inner or 'NULL AS t_'} FROM (SELECT *, {are_usual} AS are_usual FROM {part.raw}))",
    )
    whole = {name: name if name in typed else f"NULL::{_TYPES[column.kind]}" for name, column in part.columns.items()}
    whole |= {name: name for name in typed}
    columns_of_view = ", ".join(f"{sql} AS {name}" for name, sql in whole.items())
    staging.database.run(
        f"CREATE VIEW {part.table} AS SELECT file, file_row, {columns_of_view}, is_bad, has_symbol FROM {part.stored}"
    )
    given = staging.given(part)
    columns = [name for name in typed if name not in given]
    staging.tally_of(part).add(layouts.drop_blank(staging.database, part.stored, columns, "NOT is_bad"))


def _fill(staging: Staging, part: Part, rows: str) -> None:
    """Store `rows`, a statement but for its start, which would be the place of each row."""
    database = staging.database
    if not part.is_direct:
        database.run(f"CREATE TABLE {part.stored} AS SELECT file, file_row, {rows}")
        return
    database.run(f"CREATE TABLE {part.stored} AS SELECT file, file_row, {rows} LIMIT 0")
    try:
        database.load_csv(part.stored, f"SELECT file, {rows}")
    except CsvShapeError:
        staging.check_shapes(part, None)
    staging.check_shapes(part, staging.counts_of(part))


def _alike(part: Part, there: Sequence[str]) -> list[str]:
    """The columns of numbers that are read in one way, which a discount that is a fraction is not."""
    is_fraction = discount_of(part) == "fraction"
    return [name for name in part.of_kind(Kind.DECIMAL) if name in there and not (name == "discount" and is_fraction)]


def _has_symbol(part: Part, there: Sequence[str], reading: Reading) -> str:
    """SQL that is true of a row with a currency beside a number; no number of plain form has one."""
    numbers = [name for name in part.of_kind(Kind.DECIMAL) if name in there]
    if reading.decimal == "plain" or not numbers:
        return "false"
    other = f"regexp_matches(concat({', '.join(numbers)}), '[^-+0-9.,{values.STORED}]')"
    return f"CASE WHEN are_usual THEN false ELSE {other} END" if _alike(part, there) == numbers else other


def _faults(part: Part, there: Sequence[str], conditions: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """The conditions of faults, where a cell that has no value of its type does not need to be looked at twice."""
    for name, kind, condition in conditions:
        if kind == "kind" and part.columns[name].kind in _TYPED:
            if name in there:
                yield f"(t_{name} IS NULL AND {name} IS NOT NULL)"
        elif name in there or kind == "empty":
            yield f"({condition})"


def discount_of(part: Part) -> str:
    """What the discount of lines is: 'percent', 'fraction' or 'amount'."""
    return part.source.lines.discount if part.source.lines else "percent"


def _number(name: str, reading: Reading, discount: str) -> str:
    """SQL of the number in a cell of text, or NULL. A discount is in percent, unless it is an amount."""
    if name != "discount":
        return reading.number(name, _UNITS.get(name, "currency"))
    number = reading.number(name, _DISCOUNTS[discount])
    if discount != "fraction":
        return number
    return f"CASE WHEN contains({name}, '%') THEN {number} ELSE try_cast({number} * 100 AS {_AMOUNT}) END"


def _value(name: str, kind: Kind, reading: Reading, discount: str) -> str:
    """SQL of what a cell of text holds, NULL where that is not what a column of `kind` holds."""
    if kind is Kind.DATE:
        return reading.date(name)
    if kind is Kind.DECIMAL:
        return _number(name, reading, discount)
    if kind is Kind.TEXT:
        lines = f"regexp_replace({values.text_sql(name)}, '\\r\\n?', chr(10), 'g')"
        clean = f"regexp_replace({lines}, '{_CONTROLS}', '', 'g')"
        return f"CASE WHEN regexp_matches({name}, '{_UNCLEAN}') THEN {clean} ELSE {name} END"
    return f"CASE WHEN {is_kind(kind, name, reading)} THEN {name}::INTEGER END" if kind is Kind.INTEGER else name
