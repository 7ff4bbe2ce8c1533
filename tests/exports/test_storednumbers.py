"""Numbers stored in binary come back as what somebody typed: digits, days and times."""

import math
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.exports.storednumbers import kind_of_format, moment_text, number_text, real_text
from tests.exports.xlsx import digits_of

FIFTEEN_DIGITS = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 20)
)


@given(FIFTEEN_DIGITS)
def test_a_decimal_number_of_fifteen_digits_survives_being_stored_as_a_double(number: Decimal) -> None:
    assert real_text(float(number)) == number_text(repr(float(number))) == digits_of(number)


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_whole_double_keeps_all_its_digits(number: int) -> None:
    assert real_text(float(number)) == str(number)


@given(st.floats(-1e300, 1e300))
def test_every_double_comes_without_exponent_and_equal_to_fifteen_digits(number: float) -> None:
    text = real_text(number)
    assert "e" not in text.casefold()
    assert math.isclose(float(text), number, rel_tol=1e-14)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1001", "1001"),
        ("1001.0", "1001"),
        ("1001.", "1001"),
        (".5", "0.5"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0.30000000000000004", "0.3"),
        ("2520000000000000123", "2520000000000000123"),
        ("2.5200000000000001E+18", "2520000000000000000"),
        ("1e20", "100000000000000000000"),
        ("1.5E-7", "0.00000015"),
        ("-12.50", "-12.5"),
        ("9007199254740993", "9007199254740993"),
    ],
)
def test_a_number_of_a_workbook_comes_in_digits(written: str, text: str) -> None:
    assert number_text(written) == text


@pytest.mark.parametrize("written", ["", "x", "1_000", "NaN", "Infinity", "1,5", "٣", "1e9999", "0x10", " 1", "1 "])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        number_text(written)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_what_is_no_finite_number_is_refused(number: float) -> None:
    with pytest.raises(ValueError):
        real_text(number)


@pytest.mark.parametrize(
    ("number", "code", "kind"),
    [
        (0, "", ""),
        (2, "", ""),
        (14, "", "date"),
        (22, "", "date"),
        (27, "", "date"),
        (45, "", "date"),
        (46, "", "elapsed"),
        (164, "yyyy\\-mm\\-dd", "date"),
        (164, "[$-407]d. mmm yyyy;@", "date"),
        (164, "hh:mm:ss AM/PM", "date"),
        (164, "[hh]:mm", "elapsed"),
        (164, "[Red]#,##0.00", ""),
        (164, '0.00" days"', ""),
        (164, "0.00\\d", ""),
        (164, "#,##0.00_d", ""),
        (164, "[$€-2] #,##0.00", ""),
        (164, "General", ""),
        (164, "0.00E+00", ""),
        (164, "@", ""),
        (9, "", "percent"),
        (10, "", "percent"),
        (164, "0.0%;[Red]-0.0%", "percent"),
        (164, "0\\%", ""),
        (164, '0" %"', ""),
    ],
)
def test_a_number_format_tells_a_day_from_a_number(number: int, code: str, kind: str) -> None:
    assert kind_of_format(number, code) == kind


@given(st.dates(date(1900, 3, 1)), st.integers(0, 86_399))
def test_every_second_since_march_1900_comes_back(day: date, second: int) -> None:
    serial = (day - date(1899, 12, 30)).days + second / 86_400
    clock = f" {timedelta(seconds=second)!s:0>8}" if second else ""
    assert moment_text(repr(serial), "date", False) == f"{day.isoformat()}{clock}"


@pytest.mark.parametrize(
    ("written", "kind", "from_1904", "text"),
    [
        ("1", "date", False, "1900-01-01"),
        ("59", "date", False, "1900-02-28"),
        ("60", "date", False, "60"),
        ("61", "date", False, "1900-03-01"),
        ("0.4270833333333333", "date", False, "10:15:00"),
        ("-5", "date", False, "-5"),
        ("2958465", "date", False, "9999-12-31"),
        ("2958466", "date", False, "2958466"),
        ("99999999", "date", False, "99999999"),
        ("44594", "date", True, "2026-02-03"),
        ("2957004", "date", True, "2957004"),
        ("1.5", "elapsed", False, "36:00:00"),
        ("60", "elapsed", False, "1440:00:00"),
        ("-0.5", "elapsed", False, "-0.5"),
        ("46053.99999999", "date", False, "2026-02-01"),
    ],
)
def test_days_times_and_what_no_calendar_has(written: str, kind: str, from_1904: bool, text: str) -> None:
    assert moment_text(written, kind, from_1904) == text


def test_the_calendar_of_1904_is_four_years_and_a_day_behind() -> None:
    day = date(2026, 2, 3)
    serial = (day - date(1904, 1, 1)).days
    assert moment_text(str(serial), "date", True) == day.isoformat() == moment_text(str(serial + 1462), "date", False)


@pytest.mark.parametrize(("before", "text"), [(0.1, "2026-01-31 23:59:59"), (0.001, "2026-02-01")])
def test_a_moment_before_midnight_stays_on_its_day(before: float, text: str) -> None:
    serial = (date(2026, 2, 1) - date(1899, 12, 30)).days - before / 86_400
    assert moment_text(repr(serial), "date", False) == text
