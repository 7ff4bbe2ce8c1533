"""Values as locales write them: exact, in the currency's own decimals."""

import datetime
from decimal import Decimal

import pytest
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from portalgen.formats import Formatter, known_currency, known_locale, minor_units

NBSP = "\xa0"


@pytest.mark.parametrize(
    ("tag", "amount", "currency", "text"),
    [
        ("en-US", "1234567.5", "USD", "$1,234,567.50"),
        ("en-US", "-12.3", "USD", "-$12.30"),
        ("en-US", "1234", "JPY", "¥1,234"),
        ("en-US", "1234.567", "KWD", f"KWD{NBSP}1,234.567"),
        ("en-IN", "1234567.89", "INR", "₹12,34,567.89"),
        ("de", "-1234567.89", "EUR", f"-1.234.567,89{NBSP}€"),
        ("de-CH", "1234567.89", "CHF", f"CHF{NBSP}1\u2019234\u2019567.89"),
        ("sv", "-1234.5", "SEK", f"\u22121{NBSP}234,50{NBSP}kr"),
        ("en", "12.50", "ALL", f"ALL{NBSP}12.50"),
    ],
)
def test_money_as_the_locale_writes_it(tag: str, amount: str, currency: str, text: str) -> None:
    assert Formatter(tag).money(Decimal(amount), currency) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.005", "$0.00"),
        ("0.015", "$0.02"),
        ("0.025", "$0.02"),
        ("-0.00", "$0.00"),
        ("-0.004", "$0.00"),
        ("0E+3", "$0.00"),
        ("1E+3", "$1,000.00"),
    ],
)
def test_money_rounds_half_to_even_and_knows_no_negative_zero(amount: str, text: str) -> None:
    assert Formatter("en-US").money(Decimal(amount), "USD") == text


def test_money_keeps_each_digit_of_a_very_large_amount() -> None:
    amount = Decimal("123456789012345678901234567890123456.78")
    assert Formatter("en-US").money(amount, "USD") == "$123,456,789,012,345,678,901,234,567,890,123,456.78"


@given(st.integers(-(10**15), 10**15), st.sampled_from(["en-US", "de", "en-IN", "fr", "ja", "fa", "nl", "pt-BR", "he"]))
def test_money_agrees_with_babel(cents: int, tag: str) -> None:
    """Where the symbol is no letter (Babel sets no space after one) and the minus is the locale's own."""
    amount = Decimal(cents) / 100
    minus = "\u200e\u2212" if tag == "fa" else "\u200e-" if tag == "he" else "-"
    expected = format_currency(amount, "EUR", locale=tag.replace("-", "_")).replace("-", minus)
    assert Formatter(tag).money(amount, "EUR") == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6))
def test_quantity_agrees_with_babel(quantity: Decimal) -> None:
    expected = format_decimal(quantity, locale="en", decimal_quantization=False)
    assert Formatter("en").quantity(quantity) == ("0" if expected == "-0" else expected)


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("18", "$18.00"),
        ("10.0375", "$10.0375"),
        ("0.100000", "$0.10"),
        ("0.0000014", "$0.000001"),
        ("-0.0000001", "$0.00"),
    ],
)
def test_a_unit_price_keeps_up_to_six_decimals(price: str, text: str) -> None:
    assert Formatter("en-US").unit_price(Decimal(price), "USD") == text


@pytest.mark.parametrize(("quantity", "text"), [("1234.500", "1,234.5"), ("40", "40"), ("1E+2", "100"), ("-0.0", "0")])
def test_a_quantity_has_no_trailing_zeros(quantity: str, text: str) -> None:
    assert Formatter("en").quantity(Decimal(quantity)) == text


@pytest.mark.parametrize(
    ("tag", "percentage", "text"),
    [("en", "10", "10%"), ("de", "7.70", f"7,7{NBSP}%"), ("tr", "-2.5", "-%2,5"), ("de-CH", "8.1", "8.1%")],
)
def test_ten_is_ten_percent(tag: str, percentage: str, text: str) -> None:
    assert Formatter(tag).percent(Decimal(percentage)) == text


def test_dates() -> None:
    day = datetime.date(2026, 11, 20)
    assert Formatter("en-US").date(day) == "Nov 20, 2026"
    assert Formatter("de-CH").date(day) == "20.11.2026"
    assert Formatter("en-GB").long_date(day) == "20 November 2026"


def test_nothing_is_written_as_nothing() -> None:
    formatter = Formatter("en")
    texts = [formatter.money(None, "USD"), formatter.unit_price(None, "USD"), formatter.quantity(None)]
    assert {*texts, formatter.percent(None), formatter.date(None), formatter.long_date(None)} == {""}


def test_a_country_code_becomes_a_name_and_anything_else_stays() -> None:
    assert [Formatter("de").country(each) for each in ("CH", "Chile", "ZZZ", "")] == ["Schweiz", "Chile", "ZZZ", ""]


@pytest.mark.parametrize("tag", ["en", "de-CH", "zh-Hant-TW", "es-419", "ar-AE"])
def test_known_locales(tag: str) -> None:
    assert known_locale(tag)


@pytest.mark.parametrize("tag", ["", "xx", "en-XX", "de_CH", "en-US-u-nu-arab", "../de", "de\n", "english"])
def test_unknown_locales(tag: str) -> None:
    assert not known_locale(tag)


def test_currencies_and_their_minor_units() -> None:
    assert [known_currency(code) for code in ("USD", "KWD", "usd", "XYZ", "")] == [True, True, False, False, False]
    assert [minor_units(code) for code in ("JPY", "EUR", "KWD", "IQD", "CLF", "HUF")] == [0, 2, 3, 3, 4, 2]
