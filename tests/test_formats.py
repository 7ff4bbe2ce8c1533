"""Values as locales write them: exact, in the currency's own decimals."""

import datetime
import re
import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import partial

import pytest
from babel.localedata import locale_identifiers
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from portalgen.formats import Formatter, known_currency, known_locale, minor_units

NBSP = "\xa0"
LRM, RLM, ALM = "\u200e", "\u200f", "\u061c"
LOCALES = sorted(tag for name in locale_identifiers() if known_locale(tag := name.replace("_", "-")))
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=6)
EXACT = Context(prec=50)


@pytest.mark.parametrize(
    ("tag", "amount", "currency", "text"),
    [
        ("en-US", "1234567.5", "USD", "$1,234,567.50"),
        ("en-US", "-12.3", "USD", "-$12.30"),
        ("en-US", "1234", "JPY", "¥1,234"),
        ("en-US", "1234.567", "KWD", f"KWD{NBSP}1,234.567"),
        ("en-IN", "1234567.89", "INR", "₹12,34,567.89"),
        ("de", "-1234567.89", "EUR", f"-1.234.567,89{NBSP}€"),
        ("de-AT", "-1234.5", "EUR", f"-€{NBSP}1.234,50"),
        ("de-CH", "1234567.89", "CHF", f"CHF{NBSP}1'234'567.89"),
        ("de-CH", "-1234.5", "CHF", "CHF-1'234.50"),
        ("fr-CH", "1234.5", "CHF", f"1'234.50{NBSP}CHF"),
        ("es", "1234.5", "EUR", f"1234,50{NBSP}€"),
        ("es", "12345.6", "EUR", f"12.345,60{NBSP}€"),
        ("es-MX", "1234.5", "MXN", "$1,234.50"),
        ("pl", "9999", "PLN", f"9999,00{NBSP}zł"),
        ("pt-PT", "1234.5", "EUR", f"1234,50{NBSP}€"),
        ("pt-BR", "1234.5", "BRL", f"R${NBSP}1.234,50"),
        ("is", "-12345.6", "ISK", f"-12.346{NBSP}kr."),
        ("sv", "-1234.5", "SEK", f"\u22121{NBSP}234,50{NBSP}kr"),
        ("en-DE", "1234.5", "EUR", "€1.234,50"),
        ("en", "12.50", "ALL", f"ALL{NBSP}12.50"),
        ("en-GB", "12.50", "XCG", f"Cg.{NBSP}12.50"),
        ("ar-AE", "-1234.5", "AED", f"{RLM}{LRM}-1,234.50{NBSP}د.إ.{RLM}"),
        ("ar-EG", "-1234.5", "EGP", f"{ALM}-{RLM}١٬٢٣٤٫٥٠{NBSP}ج.م.{RLM}"),
        ("he", "-1234.5", "ILS", f"{RLM}{LRM}-1,234.50{NBSP}{RLM}₪"),
        ("fa", "1234.5", "KWD", f"{LRM}KWD{NBSP}۱٬۲۳۴٫۵۰۰"),
        ("mr", "1234567.5", "INR", "₹१,२३४,५६७.५०"),
        ("my", "1234.5", "EUR", f"၁,၂၃၄.၅၀{NBSP}€"),
    ],
)
def test_money_as_the_locale_writes_it(tag: str, amount: str, currency: str, text: str) -> None:
    assert Formatter(tag).money(Decimal(amount), currency) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.005", "$0.01"),
        ("0.015", "$0.02"),
        ("0.025", "$0.03"),
        ("-0.00", "$0.00"),
        ("-0.004", "$0.00"),
        ("0E+3", "$0.00"),
        ("1E+3", "$1,000.00"),
    ],
)
def test_money_rounds_halves_away_from_zero_and_knows_no_negative_zero(amount: str, text: str) -> None:
    assert Formatter("en-US").money(Decimal(amount), "USD") == text


def test_money_keeps_each_digit_of_a_very_large_amount() -> None:
    amount = Decimal("123456789012345678901234567890123456.78")
    assert Formatter("en-US").money(amount, "USD") == "$123,456,789,012,345,678,901,234,567,890,123,456.78"


@given(st.integers(-(10**15), 10**15), st.sampled_from(["en-US", "de", "en-IN", "fr", "ja", "nl", "pt-BR", "he"]))
def test_money_agrees_with_babel(cents: int, tag: str) -> None:
    """Where the symbol is no letter, which Babel sets no space after, and the first group may have one digit."""
    amount = Decimal(cents) / 100
    minus = f"{LRM}-" if tag == "he" else "-"
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
    [
        *(("en", "10", "10%"), ("de", "7.70", f"7,7{NBSP}%"), ("tr", "-2.5", "-%2,5"), ("de-CH", "8.1", "8.1%")),
        *(("ar-AE", "5", f"5{LRM}%{LRM}"), ("ar-EG", "-5", f"{ALM}-٥٪{ALM}"), ("is", "12.5", "12,5%")),
    ],
)
def test_ten_is_ten_percent(tag: str, percentage: str, text: str) -> None:
    assert Formatter(tag).percent(Decimal(percentage)) == text


@pytest.mark.parametrize(
    ("tag", "medium", "long"),
    [
        ("en-US", "Nov 20, 2026", "November 20, 2026"),
        ("en-GB", "20 Nov 2026", "20 November 2026"),
        ("de-CH", "20.11.2026", "20. November 2026"),
        ("is", "20. nóv. 2026", "20. nóvember 2026"),
        ("ar-AE", f"20{RLM}/11{RLM}/2026", "20 نوفمبر 2026"),
        ("ar-EG", f"٢٠{RLM}/١١{RLM}/٢٠٢٦", "٢٠ نوفمبر ٢٠٢٦"),
    ],
)
def test_dates(tag: str, medium: str, long: str) -> None:
    day = datetime.date(2026, 11, 20)
    assert [Formatter(tag).date(day), Formatter(tag).long_date(day)] == [medium, long]


@pytest.mark.parametrize(("tag", "year"), [("fa-IR", "۲۰۲۶"), ("th-TH", "2026"), ("ar-SA", "٢٠٢٦")])
def test_the_calendar_is_the_gregorian_one_everywhere(tag: str, year: str) -> None:
    assert year in Formatter(tag).long_date(datetime.date(2026, 11, 20))


def digits_in(text: str) -> list[str]:
    return [character for character in text if unicodedata.category(character) == "Nd"]


def read_back(text: str, decimals: int) -> Decimal:
    """The number that the digits of `text` and its minus say, the last `decimals` of them after the point."""
    units = int("".join(str(unicodedata.decimal(digit)) for digit in digits_in(text)))
    return Decimal(-units if re.search("[-\u2212]", text) else units).scaleb(-decimals, EXACT)


@given(AMOUNTS, st.sampled_from(LOCALES), st.sampled_from(["EUR", "JPY", "KWD", "CLF", "INR"]))
def test_money_is_the_rounded_amount_and_nothing_else(amount: Decimal, tag: str, currency: str) -> None:
    decimals = minor_units(currency)
    text = Formatter(tag).money(amount, currency)
    assert read_back(text, decimals) == amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, EXACT)


@given(AMOUNTS, st.sampled_from(LOCALES))
def test_quantities_percentages_and_unit_prices_keep_all_six_decimals(value: Decimal, tag: str) -> None:
    formatter = Formatter(tag)
    decimals = len(f"{value:f}".partition(".")[2].rstrip("0"))
    assert read_back(formatter.quantity(value), decimals) == value
    assert read_back(formatter.percent(value), decimals) == value
    assert read_back(formatter.unit_price(value, "EUR"), max(2, decimals)) == value


@pytest.mark.parametrize("write", [Formatter.quantity, Formatter.percent, partial(Formatter.money, currency="EUR")])
def test_the_point_separates_nothing_else(write: Callable[[Formatter, Decimal], str]) -> None:
    """In every locale: groups of digits, where it has any, have another separator, one and the same throughout."""
    for tag in LOCALES:
        *groups, point = re.findall(r"(?<=\d)\D+(?=\d)", write(Formatter(tag), Decimal("1234567.25")))
        assert len(set(groups)) <= 1, tag
        assert point not in groups, tag


def test_all_values_of_a_locale_have_one_kind_of_digits() -> None:
    """In every language but Tibetan, which numbers its months in digits of its own and all else in Latin ones."""
    day = datetime.date(2026, 11, 20)
    for tag in LOCALES:
        if tag.startswith("bo"):
            continue
        formatter = Formatter(tag)
        texts = [formatter.money(Decimal(12), "EUR"), formatter.quantity(Decimal(12)), formatter.percent(Decimal(12))]
        digits = digits_in("".join([*texts, formatter.date(day), formatter.long_date(day)]))
        assert len({ord(digit) - unicodedata.decimal(digit) for digit in digits}) == 1, tag


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
