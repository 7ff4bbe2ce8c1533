"""Cells read by hand in plain Python: what tests of the SQL that reads them compare with."""

import datetime
import re
from decimal import Decimal

SPACES = " \u00a0\u202f\u2009"
CURRENCY = r"Rs\.?|kr\.?|US\$|R\$|R(?![A-Z])|[$\u20ac\u00a3]|[A-Z]{3}"


def parsed_number(cell: str, decimal: str) -> Decimal | None:
    """The number in a cell, with a currency beside it or not, if `decimal` stands before its decimals."""
    if bare := re.fullmatch(rf"([-+]?)([0-9]{{0,15}}){re.escape(decimal)}([0-9]+)", cell):
        sign, whole, fraction = bare.groups()
        return Decimal(f"{sign}{whole or 0}.{fraction}") if len(fraction.rstrip("0")) <= 6 else None
    digits = [index for index, char in enumerate(cell) if char in "0123456789"]
    if not digits:
        return None
    before, number, behind = cell[: digits[0]], cell[digits[0] : digits[-1] + 1], cell[digits[-1] + 1 :]
    sign = _sign(before.lstrip(SPACES), behind.rstrip(SPACES))
    magnitude = _magnitude(number, decimal)
    return None if sign is None or magnitude is None else sign * magnitude


def _magnitude(number: str, decimal: str) -> Decimal | None:
    whole, mark, fraction = number.partition(decimal)
    if (mark and not fraction.isdecimal()) or len(fraction.rstrip("0")) > 6:
        return None
    marks = {char for char in whole if char not in "0123456789"}
    if len(marks) > 1 or not marks <= set(SPACES + "'\u2019.,"):
        return None
    if marks:
        [group_mark] = marks
        first, *others, last = whole.split(group_mark)
        lengths = {len(group) for group in others}
        threes = 1 <= len(first) <= 3 and lengths <= {3}
        indian = 1 <= len(first) <= 2 and lengths == {2} and group_mark == ","
        if len(last) != 3 or not (threes or indian) or first[0] == "0":
            return None
        whole = whole.replace(group_mark, "")
    return Decimal(f"{whole}.{fraction or 0}") if len(whole) <= 15 else None


SHAPES = {
    1: ["0", "+0", "c0", "+c0", "c+0", "0c", "+0c"],
    -1: ["-0", "-c0", "c-0", "-0c", "0-", "c0-", "0-c", "(0)", "(c0)", "(0c)", "(0)c", "c(0)"],
}
"""Where signs and a currency (c) may stand about the digits (0), by the sign that they make."""


def _sign(before: str, behind: str) -> int | None:
    """1 or -1 by what stands before and behind the digits; None if that is not one sign and one currency at most."""
    head, tail = _tokens(before), _tokens(behind)
    if head is None or tail is None or "'" in behind or "+" in tail or re.match(f"[{SPACES}][-\u2212]", behind):
        return None
    shape = f"{head}0{tail}"
    return next((sign for sign, shapes in SHAPES.items() if shape in shapes), None)


def _tokens(text: str) -> str | None:
    """What stands beside a number, a letter for each sign, bracket and currency, with at most one space after each."""
    found = ""
    text = text[1:] if text[:1] in SPACES else text
    while text:
        for kind, written in {"-": "'-|-|\u2212", "+": "'?[+]", "(": r"\(", ")": r"\)", "c": CURRENCY}.items():
            if match := re.match(f"({written})[{SPACES}]?", text):
                found, text = found + kind, text[match.end() :]
                break
        else:
            return None
    return found


def parsed_date(cell: str, pattern: str) -> datetime.date | None:
    """The day that strptime finds, from 1900 on."""
    try:
        day = datetime.datetime.strptime(cell, pattern).date()  # noqa: DTZ007
    except ValueError:
        return None
    return day if day.year >= 1900 else None
