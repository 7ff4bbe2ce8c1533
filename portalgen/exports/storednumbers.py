"""Numbers that a program stored in binary, as the text that was meant: amounts, days and times of day."""

import re
from datetime import date, timedelta
from decimal import Context, Decimal
from functools import lru_cache

_FIFTEEN = Context(prec=15)
"""What a double surely holds, and what spreadsheets show: every decimal number of 15 digits survives being stored."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"-?[0-9]+")
_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE | re.DOTALL)
"""What a number format shows as it is, and its brackets, those of elapsed time excepted."""
_DATED = frozenset([*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)])
_PERCENT = frozenset({9, 10})
_FIRST_DAYS = {False: date(1899, 12, 30), True: date(1904, 1, 1)}
"""By whether days count from 1904, the day of number 0."""
_DAY = 86_400
_NOISE = Decimal("0.01")
"""Seconds by which a stored moment may miss the one that was meant."""


def number_text(written: str) -> str:
    """A number as a workbook stores it, in digits without an exponent: whole numbers as they are, others to 15 digits.

    Raises ValueError where it is no number.
    """
    if len(written) < 16 and written.isdecimal() and written.isascii():
        return written
    if not _NUMBER.fullmatch(written):
        raise ValueError(written)
    if _WHOLE.fullmatch(written):
        return written if written.strip("-0") else "0"
    return _in_digits(_FIFTEEN.create_decimal(written))


def real_text(value: float) -> str:
    """A double in digits without an exponent, a whole one exactly, another to 15 digits.

    Raises ValueError where it is no number.
    """
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    text = format(value, ".15g")
    if text.lstrip("-").isalpha():
        raise ValueError(text)
    return _in_digits(Decimal(text)) if "e" in text else text


def _rounded(seconds: Decimal) -> int:
    """To the nearest second, but not to the next day's first one, unless that was meant."""
    nearest = int(seconds.to_integral_value())
    return nearest - (nearest % _DAY == 0 and nearest - seconds > _NOISE)


def percent_text(written: str) -> str:
    """A number that a workbook shows as a percentage, as it is shown: 0.2 is '20%'. Raises ValueError."""
    return f"{_in_digits(Decimal(number_text(written)) * 100)}%"


def _in_digits(number: Decimal) -> str:
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if text.strip("-0.") else "0"


def kind_of_format(number: int, code: str) -> str:
    """What a cell's number format makes of a number: 'date' (or a time of day), 'elapsed', 'percent' or ''.

    `number` is the format's own, `code` its text ('' for those that every spreadsheet program has).
    """
    if not code:
        return "elapsed" if number == 46 else "date" if number in _DATED else "percent" if number in _PERCENT else ""
    bare = _LITERALS.sub("", code).casefold().partition(";")[0]
    if "[" in bare:
        return "elapsed"
    if "%" in bare:
        return "percent"
    return "date" if bare not in {"general", "standard"} and any(char in bare for char in "ymdhs") else ""


@lru_cache(maxsize=65536)
def moment_text(written: str, kind: str, from_1904: bool) -> str:
    """A stored day, time or both as `2026-01-31`, `2026-01-31 10:15:00` or `10:15:00`; elapsed time as `36:00:00`.

    A number that no calendar has (negative, or the 29th of February 1900) comes as the number. Raises ValueError where
    it is no number.
    """
    number = number_text(written)
    if len(number) > 40:
        return number
    seconds = _rounded(Decimal(number) * _DAY)
    days, rest = divmod(seconds, _DAY)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    if seconds < 0:
        return number
    if kind == "elapsed":
        return f"{seconds // 3600}:{clock[3:]}"
    if days > (date.max - _FIRST_DAYS[from_1904]).days or (days == 60 and not from_1904):
        return number
    if not days:
        return clock
    # Spreadsheets count a 29th of February 1900 that never was, so that days before it are one off.
    early = days < 60 and not from_1904
    day = _FIRST_DAYS[from_1904] + timedelta(days + early)
    return f"{day} {clock}" if rest else f"{day}"
