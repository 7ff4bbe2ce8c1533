"""What an export's own cells say of how it is written: the mark before the decimals, the order of day and month.

One cell that only one setting can read settles it for all; where none does and the readings differ, nothing is chosen.
Cells that no setting can read prove nothing and are left for the checks to report.
"""

import datetime
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from portalgen.errors import shown
from portalgen.exports.values import STORED, decimal_sql, is_decimal_sql, matches, quoted, read_date

Rows = Callable[[str], list[tuple[Any, ...]]]
Column = tuple[str, str]
"""A table, or a query in parentheses, that has `file` and `file_row`; and a column of text in it."""

_SHOWN = 3
_MOST_FILES = 100


class Verdict(StrEnum):
    """What the cells say."""

    PROVEN = "proven"
    """Some cells can be read under one setting alone, or all settings that read every cell give the same values."""
    INDIFFERENT = "indifferent"
    """There is nothing to settle: no cells, or none that depends on the setting."""
    AMBIGUOUS = "ambiguous"
    """Several settings read every cell, and differently."""
    CONTRADICTED = "contradicted"
    """Each setting fails at a cell that another one reads."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A cell that shows why nothing is proven, and what it would be: by setting, the number or the ISO date.

    `file` and `file_row` are those of its `table`, which is given as it was to the proof.
    """

    table: str
    column: str
    file: int
    file_row: int
    text: str
    readings: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{shown(self.text.removeprefix(STORED))} is " + " and ".join(
            f"{value} under '{setting}'" for setting, value in self.readings
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """A verdict. `settings` is what to read the cells by if it `holds`; else what competes, the likeliest first.

    Of decimals that is '.' or ','; of dates, patterns for `date_sql`. `samples` are the cells that stand against it.
    `by_file` gives the settings of each file that is proven alone, where files contradict each other.
    """

    verdict: Verdict
    settings: tuple[str, ...]
    samples: tuple[Sample, ...] = ()
    by_file: tuple[tuple[int, tuple[str, ...]], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the cells may be read by the settings."""
        return self.verdict in {Verdict.PROVEN, Verdict.INDIFFERENT}


def prove_decimal(rows: Rows, columns: Sequence[Column]) -> Proof:
    """Whether the numbers in these columns have '.' or ',' before their decimals. `rows` runs a query."""
    point, comma = (_read_by_one(rows, columns, mark) for mark in ".,")
    if point and comma:
        settings = tuple(sorted(".,", key=lambda mark: -_count(rows, columns, _only(mark))))
        samples = tuple(_numbers(rows, columns, _only(mark), 1)[0] for mark in settings)
        return Proof(Verdict.CONTRADICTED, settings, samples, _by_file(prove_decimal, rows, columns))
    if point or comma:
        return Proof(Verdict.PROVEN, ("." if point else ",",))
    if samples := tuple(_numbers(rows, columns, _differs, _SHOWN)):
        return Proof(Verdict.AMBIGUOUS, (".", ","), samples)
    return Proof(Verdict.INDIFFERENT, (".",))


def _only(mark: str) -> Callable[[str], str]:
    """By a column, SQL of a cell that is a number if `mark` stands before the decimals, and none otherwise.

    Its first words alone keep the search for what is not there fast: such a cell has the mark, or the other one twice.
    """
    other = {".": ",", ",": "."}[mark]

    def condition(column: str) -> str:
        maybe = f"(contains({column}, '{mark}') OR {column} LIKE '%{other}%{other}%')"
        fits, misfits = (is_decimal_sql(column, each, "any") for each in (mark, other))
        return f"{maybe} AND {fits} AND NOT {misfits}"

    return condition


def _differs(column: str) -> str:
    point, comma = (decimal_sql(column, mark, "any") for mark in ".,")
    return f"(contains({column}, '.') OR contains({column}, ',')) AND {point} != {comma}"


def _read_by_one(rows: Rows, columns: Sequence[Column], mark: str) -> bool:
    condition = _only(mark)
    return any(rows(f"SELECT 1 FROM {table} WHERE {condition(column)} LIMIT 1") for table, column in columns)


def _count(rows: Rows, columns: Sequence[Column], condition: Callable[[str], str]) -> int:
    return sum(rows(f"SELECT count(*) FROM {table} WHERE {condition(column)}")[0][0] for table, column in columns)


def _numbers(rows: Rows, columns: Sequence[Column], condition: Callable[[str], str], limit: int) -> list[Sample]:
    """The first cells of which the condition is true."""
    found = []
    for table, column in columns:
        values = ", ".join(decimal_sql(column, mark, "any") for mark in ".,")
        for file, row, text, *read in rows(
            f"SELECT file, file_row, {column}, {values} FROM {table} WHERE {condition(column)} "
            f"ORDER BY file, file_row LIMIT {limit}"
        ):
            readings = tuple(
                (mark, _written(value)) for mark, value in zip(".,", read, strict=True) if value is not None
            )
            found.append(Sample(table, column, file, row, text, readings))
    return sorted(found, key=_place)[:limit]


def _written(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_NUMERIC = (
    *("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d"),
    *("%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d"),
    *("%d.%m.%Y", "%Y.%m.%d", "%d.%m.%y", "%Y%m%d"),
)
_NAMED = ("%d {} %Y", "{} %d %Y", "{} %d, %Y", "%d-{}-%Y", "%d-{}-%y", "%d {} %y")
CANDIDATES = (*_NUMERIC, *(pattern.format(month) for pattern in _NAMED for month in ("%b", "%B")))
"""The patterns that are tried, each without and with a time of day.

Year-month-day is the rival of every date with slashes or hyphens and a year of two digits: 13/01/26 may be in 2013.
"""
_TIME = "(,? |T)[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?( ?[AaPp][Mm])?$"
_LIKE_A_DATE = "[0-9A-Za-z]{1,9}[-/. ][0-9A-Za-z]{1,9},?[-/. ][0-9]{1,4}|[0-9]{8}"
_NATIVE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TRIED = 50


@dataclass(frozen=True, slots=True)
class _Shape:
    """Dates that differ from each other in digits and names of months alone.

    `days` has each of them, without its time, with what it is by pattern; `times` the patterns of times behind them.
    """

    candidates: tuple[str, ...]
    days: dict[str, dict[str, datetime.date]] = field(default_factory=dict)
    times: set[str] = field(default_factory=set)

    def label(self, candidate: str) -> str:
        """The candidate as one would declare it."""
        return candidate + min(self.times)


def prove_dates(rows: Rows, columns: Sequence[Column]) -> Proof:
    """Which patterns the dates in these columns are written by. `rows` runs a query.

    Dates of one shape (01/31/2026) are proven together, and apart from those of another (31 Jan 2026). Those that
    `date_sql` reads without a pattern need none.
    """
    shapes = _shapes(rows, columns)
    proofs = [_prove_shape(rows, columns, shape) for shape in shapes]
    for proof in proofs:
        if proof.verdict is Verdict.CONTRADICTED:
            return replace(proof, by_file=_by_file(prove_dates, rows, columns))
    for proof in proofs:
        if not proof.holds:
            return proof
    settings = tuple(setting for proof in proofs for setting in proof.settings)
    return Proof(Verdict.PROVEN if settings else Verdict.INDIFFERENT, settings)


def _prove_shape(rows: Rows, columns: Sequence[Column], shape: _Shape) -> Proof:
    fits = Counter(pattern for readings in shape.days.values() for pattern in readings)
    fitting = [pattern for pattern in shape.candidates if fits[pattern] == len(shape.days)]
    if not fitting:
        settings = tuple(shape.label(pattern) for pattern, _ in fits.most_common())
        witnesses = _witnesses(shape.days)
        samples = [sample for day in witnesses for sample in _dates(rows, columns, shape, [day], shape.candidates)[:1]]
        return Proof(Verdict.CONTRADICTED, settings, tuple(samples))
    differing = [
        day for day, readings in sorted(shape.days.items()) if len({readings[pattern] for pattern in fitting}) > 1
    ]
    if differing:
        samples = _dates(rows, columns, shape, differing[:_TRIED], fitting)[:_SHOWN]
        return Proof(Verdict.AMBIGUOUS, tuple(shape.label(pattern) for pattern in fitting), tuple(samples))
    return Proof(Verdict.PROVEN, tuple(fitting[0] + time for time in sorted(shape.times)))


def _witnesses(days: Mapping[str, Mapping[str, datetime.date]]) -> list[str]:
    """A few dates that no one pattern reads: one that few patterns read, and for each of these one that it does not."""
    first = min(sorted(days), key=lambda day: len(days[day]))
    others = [next(day for day in sorted(days) if pattern not in days[day]) for pattern in days[first]]
    return list(dict.fromkeys([first, *others]))


def _shapes(rows: Rows, columns: Sequence[Column]) -> list[_Shape]:
    """What is in the cells, by shape; cells that no candidate reads are left out, and so are native dates."""
    shapes: dict[str, _Shape] = {}
    for day, time in _distinct(rows, columns):
        if time or not _NATIVE.fullmatch(day):
            for pattern in CANDIDATES:
                if read := read_date(day, pattern):
                    shape = shapes.setdefault(_key(pattern), _Shape(_rivals(pattern)))
                    shape.days.setdefault(day, {})[pattern] = read
                    shape.times.add(_pattern_of(time))
    return [*shapes.values()]


def _distinct(rows: Rows, columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    """Each date there is, as text, with each time of day that stands behind it somewhere, its numbers 0."""
    cells = " UNION ALL ".join(
        f"SELECT {_day(column)} AS day, {_time(column)} AS time FROM {table} WHERE {column} IS NOT NULL"
        for table, column in columns
    )
    return rows(f"SELECT day, time FROM ({cells}) GROUP BY ALL HAVING {matches('day', _LIKE_A_DATE)} ORDER BY ALL")


@lru_cache
def _key(pattern: str) -> str:
    """The same for patterns whose dates look alike."""
    return re.sub("%[dmy]", "#", pattern)


def _rivals(pattern: str) -> tuple[str, ...]:
    return tuple(other for other in CANDIDATES if _key(other) == _key(pattern))


def _pattern_of(time: str) -> str:
    """The pattern of a time of day in which each number is written 0."""
    numbers = iter(["%I" if time[-1:] in {"m", "M"} else "%H", "%M", "%S", "%f"])
    return re.sub("[AaPp][Mm]$", "%p", re.sub("0", lambda _: next(numbers), time))


def _day(column: str) -> str:
    """SQL of the date in a cell without its time of day."""
    cell = f"trim({column})"
    return f"CASE WHEN contains({column}, ':') THEN regexp_replace({cell}, '{_TIME}', '') ELSE {cell} END"


def _time(column: str) -> str:
    """SQL of the time of day in a cell and what parts it from the date, each number in it a 0."""
    rest = f"substr(trim({column}), length({_day(column)}) + 1)"
    return f"CASE WHEN contains({column}, ':') THEN regexp_replace({rest}, '[0-9]+', '0', 'g') ELSE '' END"


def _dates(
    rows: Rows, columns: Sequence[Column], shape: _Shape, days: Sequence[str], settings: Sequence[str]
) -> list[Sample]:
    """The first cells that hold these days, each way of writing once."""
    texts = ", ".join(map(quoted, days))
    found: dict[str, Sample] = {}
    for table, column in columns:
        for file, row, text, day in rows(
            f"SELECT file, file_row, {column}, {_day(column)} AS day FROM {table} WHERE day IN ({texts}) "
            f"ORDER BY file, file_row LIMIT {_TRIED}"
        ):
            read = shape.days[day]
            readings = tuple((shape.label(each), read[each].isoformat()) for each in settings if each in read)
            found.setdefault(text, Sample(table, column, file, row, text, readings))
    return sorted(found.values(), key=_place)


def _place(sample: Sample) -> tuple[int, int]:
    return sample.file, sample.file_row


def _by_file(
    prove: Callable[[Rows, Sequence[Column]], Proof], rows: Rows, columns: Sequence[Column]
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The files that are proven alone, if no file contradicts itself, with their settings."""
    files = {file for table, _ in columns for (file,) in rows(f"SELECT DISTINCT file FROM {table}")}
    if not 1 < len(files) <= _MOST_FILES:
        return ()
    found = []
    for file in sorted(files):
        proof = prove(rows, [(f"(SELECT * FROM {table} WHERE file = {file})", column) for table, column in columns])
        if proof.verdict is Verdict.CONTRADICTED:
            return ()
        if proof.verdict is Verdict.PROVEN:
            found.append((file, proof.settings))
    return tuple(found)
