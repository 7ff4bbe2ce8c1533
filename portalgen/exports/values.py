"""Cells of text -> values: SQL that reads numbers and dates as ERPs write them, exactly or not at all.

What stands before the decimals, and whether the day or the month comes first, is declared or proven from every cell of
an export, and never guessed. The pieces of SQL take any SQL expression of text as their `cell`.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import permutations

from portalgen.errors import shown

_AMOUNT = "DECIMAL(21,6)"
_PLAIN = r"-?\d{1,15}(\.\d{1,6}0*)?"
STORED = "\ufdd0"
"""What begins a cell that its file holds as a number, which has a point before the decimals whatever the texts have."""
ERROR = "\ufdd1"
"""What begins a cell that has no value in its file: the error's name is behind it, or UNSTORED."""
UNSTORED = "="
"""Stands for the result of a formula that was not stored with it."""
_SPACE = "[ \u00a0\u202f\u2009]"
_MINUS = "[-\u2212]"
_SIGN = "(?:'?[-+]|\u2212)"
_GROUP_MARKS = ("'", "\u2019", " ", "\u00a0", "\u202f", "\u2009")
_SYMBOLS: Mapping[str, str] = {
    "$": "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP UYU BBD BMD BSD BZD FJD GYD JMD KYD LRD NAD SBD SRD TTD XCD",
    "US$": "USD",
    "C$": "CAD NIO",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "NT$": "TWD",
    "MX$": "MXN",
    "R$": "BRL",
    "\u20ac": "EUR",
    "\u00a3": "GBP EGP FKP GIP LBP SHP SSP SYP",
    "\u00a5": "JPY CNY",
    "kr": "SEK NOK DKK ISK",
    "Kr": "SEK NOK DKK ISK",
    "Fr": "CHF",
    "SFr": "CHF",
    "K\u010d": "CZK",
    "z\u0142": "PLN",
    "Ft": "HUF",
    "lei": "RON MDL",
    "\u043b\u0432": "BGN",
    "\u20bd": "RUB",
    "\u0440\u0443\u0431": "RUB BYN",
    "\u20b4": "UAH",
    "\u20ba": "TRY",
    "TL": "TRY",
    "\u20aa": "ILS",
    "\u20b9": "INR",
    "Rs": "INR PKR LKR NPR MUR SCR",
    "RM": "MYR",
    "Rp": "IDR",
    "\u20a9": "KRW KPW",
    "\u0e3f": "THB",
    "\u20ab": "VND",
    "\u20b1": "PHP",
    "R": "ZAR",
    "KSh": "KES",
    "\u20a6": "NGN",
    "\u20b5": "GHS",
}
"""By symbol, the currencies that it can mean."""
_ABBREVIATED = {"kr", "Kr", "Fr", "SFr", "Rs", "Rp", "\u043b\u0432", "\u0440\u0443\u0431"}
"""What may have a full stop behind it. After any other symbol it begins decimals: $.50 is not read as 50."""
_CURRENCY = "|".join(
    re.escape(symbol) + (r"\.?" if symbol in _ABBREVIATED else "") for symbol in sorted(_SYMBOLS, key=len, reverse=True)
)
_UNITS = {"currency": f"(?:{_CURRENCY}|[A-Z]{{3}})", "percent": "%", "any": f"(?:{_CURRENCY}|[A-Z]{{3}}|%)"}


def decimal_sql(cell: str, decimal: str, unit: str = "currency") -> str:
    """SQL that gives the DECIMAL(21,6) in `cell`, or NULL where it is not a number; nothing is ever rounded but noise.

    `decimal` is '.' or ',', or 'plain' for digits, a point and a minus alone. A number may have at most 15 digits
    before the decimals and 6 of them, further zeros not counted; groups of digits, where there are any, must be whole.
    Where 16 or 17 digits differ from such a number in no more than a binary one may (8.960000000000001), it is meant.
    `unit` says what may stand beside it, once: 'currency' (a symbol or three capitals), 'percent', or '' for nothing.
    """
    stored = f"WHEN {matches(cell, _stored(unit))} THEN rtrim(substr({cell}, 2), '%')::{_AMOUNT}"
    noise = f"replace(ltrim({cell}, '{STORED}'), ',', '.')::DECIMAL(38,26)"
    stored += f" WHEN {matches(cell, _noisy(decimal))} THEN round({noise}, 6)::{_AMOUNT}"
    if decimal == "plain":
        return f"CASE WHEN {matches(cell, _PLAIN)} THEN {cell}::{_AMOUNT} {stored} END"
    usual = _usual_digits(cell, decimal)
    digits = f"regexp_replace({cell}, '[^0-9{decimal}]+[{decimal}]?', '', 'g')"
    if decimal == ",":
        digits = f"replace({digits}, ',', '.')"
    sign = f"CASE WHEN regexp_matches({cell}, '[-(\u2212]') THEN '-' ELSE '' END"
    return (
        f"CASE WHEN {matches(cell, _usual(decimal))} THEN ({usual})::{_AMOUNT} "
        f"WHEN {matches(cell, _adorned(decimal, unit))} THEN ({sign} || {digits})::{_AMOUNT} {stored} END"
    )


def are_usual_sql(cells: Sequence[str], decimal: str) -> str:
    """SQL that is true of a row in which all of `cells`, or all that are not NULL, are numbers as most are written.

    One look at all of them takes half the time of one at each. A control character parts them; a cell that has it is
    none, but may pass.
    """
    usual = _PLAIN if decimal == "plain" else _usual(decimal)
    return matches(f"concat_ws(chr(31), {', '.join(cells)})", rf"{usual}(\x{{1f}}{usual})*")


def usual_decimal_sql(cell: str, decimal: str) -> str:
    """SQL that gives what `decimal_sql` does of a cell in a row of which `are_usual_sql` is true."""
    return f"try_cast({_usual_digits(cell, decimal)} AS {_AMOUNT})"


def _usual_digits(cell: str, decimal: str) -> str:
    """SQL of a number as most are written, as the database reads it."""
    if decimal == "plain":
        return cell
    return f"replace({cell}, ',', '')" if decimal == "." else f"replace(replace({cell}, '.', ''), ',', '.')"


def is_decimal_sql(cell: str, decimal: str, unit: str = "currency") -> str:
    """SQL that is true where `decimal_sql` gives a number, false where it gives none, and NULL of NULL."""
    usual = [_PLAIN] if decimal == "plain" else [_usual(decimal), _adorned(decimal, unit)]
    forms = [*usual, _stored(unit), _noisy(decimal)]
    return f"({' OR '.join(matches(cell, form) for form in forms)})"


def currency_sql(cell: str) -> str:
    """SQL that gives the currency symbol or code beside the number in `cell`, without a full stop after it, or NULL."""
    return (
        f"CASE WHEN NOT regexp_full_match({cell}, '[-+0-9.,]*') "
        f"THEN nullif(rtrim(regexp_extract({cell}, {quoted(_UNITS['currency'])}), '.'), '') END"
    )


def fits_currency_sql(cell: str, currency: str) -> str:
    """SQL that is false where beside the number in `cell` stands another currency than `currency`, SQL of a code."""
    found = currency_sql(cell)
    pairs = ", ".join(quoted(f"{symbol} {code}") for symbol, codes in _SYMBOLS.items() for code in codes.split())
    return f"coalesce({found} = {currency} OR ({found} || ' ' || {currency}) IN ({pairs}), {found} IS NULL)"


def currencies_beside(cell: str) -> list[str]:
    """The codes of the currencies that what stands beside the number in `cell` can mean."""
    found = re.search(_UNITS["currency"], cell)
    return _SYMBOLS.get(found[0].rstrip("."), found[0]).split() if found else []


def has_error_sql(cell: str) -> str:
    """SQL that is true of a cell without a value, or that is joined with one; NULL of NULL."""
    return f"contains({cell}, '{ERROR}')"


def is_unstored_sql(cell: str) -> str:
    """SQL that is true of a cell whose formula has no result, or that is joined with one; NULL of NULL."""
    return f"contains({cell}, '{ERROR}{UNSTORED}')"


def bare(text: str) -> str:
    """A cell as its file shows it, without the marks of this module."""
    return text.removeprefix(STORED).replace(ERROR, "")


def bare_sql(cell: str) -> str:
    """SQL of the same."""
    return f"replace(ltrim({cell}::VARCHAR, '{STORED}'), '{ERROR}', '')"


def text_sql(cell: str) -> str:
    """SQL that gives `cell` without the apostrophe that an export put before = + - @, against formulas."""
    escaped = f"starts_with({cell}, '''') AND substr({cell}, 2, 1) IN ('=', '+', '-', '@')"
    return f"CASE WHEN {escaped} THEN substr({cell}, 2) ELSE {cell} END"


def _stored(unit: str) -> str:
    """The regexp of a number that its file holds as one, and of a percentage where that may be."""
    return f"{STORED}{_PLAIN}{'%?' if unit in {'percent', 'any'} else ''}"


@lru_cache
def _noisy(decimal: str) -> str:
    """The regexp of a number in 16 or 17 digits that has 6 decimals or less in the 15 which a binary one surely holds.

    That needs three noughts or nines behind these, so that chance does not make them.
    """
    zeros = ((f"0[.]0{{{n}}}[1-9]\\d{{{5 - n}}}", 9 + n) for n in range(6))
    wholes = ((f"[1-9]\\d{{{n - 1}}}[.]\\d{{6}}", 9 - n) for n in range(1, 7))
    forms = [f"{start}(?:0{{{run}}}[0-4]|9{{{run}}}[5-9])\\d?" for start, run in (*zeros, *wholes)]
    stored = f"{STORED}?-?(?:{'|'.join(forms)})"
    return stored if decimal != "," else f"(?:{STORED}{stored[2:]}|{stored[2:].replace('[.]', ',')})"


def _usual(decimal: str) -> str:
    """The regexp of a number as most are written, with or without groups of three digits; it is fast."""
    other = {".": ",", ",": "."}[decimal]
    fraction = rf"[{decimal}]\d{{1,6}}0*"
    return rf"[-+]?((\d{{1,15}}|[1-9]\d{{0,2}}([{other}]\d{{3}}){{1,4}})({fraction})?|{fraction})"


@lru_cache
def _adorned(decimal: str, unit: str) -> str:
    """The regexp of a number with any sign, groups of digits and `unit` around it, each at most once."""
    number = _grouped(decimal)
    sign, in_front, behind = rf"{_SIGN}{_SPACE}?", "", ""
    forms = []
    if unit:
        beside = _UNITS[unit]
        in_front, behind = rf"(?:{beside}{_SPACE}?)?", rf"{_SPACE}?{beside}"
        forms = [
            rf"(?:{sign})?{number}{behind}",
            rf"{beside}{_SPACE}?{sign}{number}",
            rf"{number}{_MINUS}{behind}",
            rf"\({_SPACE}?{number}{behind}{_SPACE}?\)",
            rf"\({_SPACE}?{number}{_SPACE}?\){behind}",
            rf"{beside}{_SPACE}?\({_SPACE}?{number}{_SPACE}?\)",
        ]
    forms += [
        rf"(?:{sign})?{in_front}{number}",
        rf"{in_front}{number}{_MINUS}",
        rf"\({_SPACE}?{in_front}{number}{_SPACE}?\)",
    ]
    return rf"{_SPACE}*(?:{'|'.join(forms)}){_SPACE}*"


def _grouped(decimal: str) -> str:
    """The regexp of digits, in groups of three with one kind of mark between them or in none, and of decimals.

    Where a comma may stand between groups, they may be of two digits but for the last, as in India.
    """
    other = {".": ",", ",": "."}[decimal]
    threes = "|".join(rf"(?:[{mark}]\d{{3}}){{1,4}}" for mark in (other, *_GROUP_MARKS))
    indian = r"|[1-9]\d?(?:,\d\d){1,5},\d{3}" if other == "," else ""
    return rf"(?:\d{{1,15}}|[1-9]\d{{0,2}}(?:{threes}){indian})(?:[{decimal}]\d{{1,6}}0*)?"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTH_NUMBERS = {name[:3].lower(): number for number, name in enumerate(_MONTHS, 1)}
_YEAR = "19[0-9]{2}|[2-9][0-9]{3}"
_ZONE = "Z|[-+][0-9]{2}:?[0-9]{2}"
_ISO = rf"({_YEAR})-[0-9]{{2}}-[0-9]{{2}}([ T]00:00(:00([.]0+)?)?({_ZONE})?)?"
_DIRECTIVES: Mapping[str, str] = {
    "d": "0[1-9]|[12][0-9]|3[01]",
    "m": "0[1-9]|1[0-2]",
    "b": "(?i:" + "|".join(name[:3] for name in _MONTHS) + ")",
    "B": "(?i:" + "|".join(_MONTHS) + ")",
    "Y": _YEAR,
    "y": "[0-9]{2}",
    "H": "[01][0-9]|2[0-3]",
    "I": "0[1-9]|1[0-2]",
    "M": "[0-5][0-9]",
    "S": "[0-5][0-9]",
    "f": "[0-9]{1,6}",
    "p": "(?i:AM|PM)",
    "z": _ZONE,
    "%": "%",
}
_SHORT = {"d": "|[1-9]", "m": "|[1-9]", "H": "|[0-9]", "I": "|[1-9]"}
"""How a directive may be written besides, unless another follows it at once."""
_PROBE = datetime.date(2011, 12, 10)
"""A day whose parts all differ, and are days, months and years of two digits alike."""


def date_sql(cell: str, patterns: Sequence[str] = (), timezone: str = "UTC") -> str:
    """SQL that gives the DATE in `cell`, or NULL where no pattern fits all of it or the calendar has no such day.

    Year-month-day with hyphens is always read, also with a midnight behind it. The `patterns` (strptime's, or 'iso' for
    that alone; `fault_of_patterns` must find none) come after it. A two-digit year below 69 is in this century. A time
    of day is read and dropped; one with a zone, which a pattern must say, is on the day that it is in `timezone`.
    """
    text = f"trim({cell})"
    readings = [f"CASE WHEN {matches(text, _ISO)} THEN try_cast({text}[:10] AS DATE) END"]
    for pattern in sorted((each for each in patterns if each != "iso"), key=_has_moments):
        case = f"CASE WHEN {matches(text, date_regexp(pattern))} THEN {_day_sql(text, pattern, timezone)} END"
        readings.insert(0 if _has_moments(pattern) else len(readings), case)
    return f"coalesce({', '.join(readings)})" if len(readings) > 1 else readings[0]


def _has_moments(pattern: str) -> bool:
    """Whether what is written by a pattern is a moment of the whole world; a day with a zone is just that day."""
    return pattern.endswith("%z") and ("%H" in pattern or "%I" in pattern)


def _day_sql(text: str, pattern: str, timezone: str) -> str:
    """SQL of the day in `text`, which is written by `pattern`."""
    zoneless = f"regexp_replace({text}, '({_ZONE})$', '')" if pattern.endswith("%z") else text
    read = f"try_strptime({zoneless}, {quoted(pattern.removesuffix('%z'))})"
    if not _has_moments(pattern):
        return f"{read}::DATE"
    digits = f"replace(regexp_extract({text}, '({_ZONE})$', 1), ':', '')"
    minutes = f"(try_cast({digits}[2:3] AS INTEGER) * 60 + try_cast({digits}[4:5] AS INTEGER))"
    ahead = f"CASE {digits}[1] WHEN '+' THEN {minutes} WHEN '-' THEN -{minutes} ELSE 0 END"
    return f"((({read} - to_minutes({ahead})) AT TIME ZONE 'UTC') AT TIME ZONE {quoted(timezone)})::DATE"


def fault_of_patterns(patterns: Sequence[str]) -> str:
    """Why dates cannot be read by these `patterns`, or ''."""
    named = [pattern for pattern in patterns if pattern != "iso"]
    if faults := [fault for fault in map(_fault, named) if fault]:
        return faults[0]
    for one, other in permutations([*named, "%Y-%m-%d"], 2):
        text = _PROBE.strftime(one)
        day = read_date(text, other)
        if day not in {None, _PROBE}:
            return f"{shown(text)} is {_PROBE} under '{one}' and {day} under '{other}'"
    return ""


def _fault(pattern: str) -> str:
    directives = re.findall(r"%(.?)", pattern)
    if unknown := [each for each in directives if each not in _DIRECTIVES]:
        return f"'%{unknown[0]}' in {shown(pattern)} is not one of {' '.join(f'%{each}' for each in _DIRECTIVES)}"
    if "z" in directives and (directives.count("z") > 1 or not pattern.endswith("%z")):
        return f"'%z' must stand at the end of {shown(pattern)}, once"
    for part, ways in {"day": "d", "month": "mbB", "year": "Yy"}.items():
        if sum(each in ways for each in directives) != 1:
            return f"{shown(pattern)} must have the {part} once: {' or '.join(f'%{each}' for each in ways)}"
    return ""


@lru_cache
def date_regexp(pattern: str) -> str:
    """The regexp, of Python and of the database, that fits nothing but dates written by `pattern`.

    Days, months and hours may have one digit where nothing but digits stands next to them on neither side.
    """
    fixed = re.search(r"%[^%bBpz]%[^%bBpz]", pattern)
    parts = []
    for part in re.split(r"(%.)", pattern):
        if part.startswith("%"):
            name = part[1]
            written = _DIRECTIVES[name] + ("" if fixed else _SHORT.get(name, ""))
            parts.append(f"(?P<{name}>{written})" if name in "dmbBYy" else f"(?:{written})")
        else:
            parts.append(re.escape(part))
    return "".join(parts)


def read_date(text: str, pattern: str) -> datetime.date | None:
    """The day in `text` as `date_sql` reads it under this one pattern, or None."""
    found = re.fullmatch(date_regexp(pattern), text)
    if not found:
        return None
    part = found.groupdict()
    year = int(part.get("Y") or part["y"])
    if "y" in part:
        year += 2000 if year < 69 else 1900
    name = part.get("b") or part.get("B")
    month = int(part["m"]) if name is None else _MONTH_NUMBERS[name[:3].lower()]
    try:
        return datetime.date(year, month, int(part["d"]))
    except ValueError:
        return None


def matches(cell: str, regexp: str) -> str:
    """SQL that is true where the regexp fits all of `cell`."""
    return f"regexp_full_match({cell}, {quoted(regexp)})"


def quoted(text: str) -> str:
    """`text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
