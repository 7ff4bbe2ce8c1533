"""Amounts, quantities, percentages, dates and countries as a locale writes them, and its words. Babel's only room.

Babel's data, and what `cldr` adds to it, are read once per locale and currency; the digits are then those of the
rounded decimal itself, which is exact and several times faster than a call of Babel per value.
"""

import datetime
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from gettext import GNUTranslations
from io import BytesIO

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import NumberPattern, get_currency_symbol, list_currencies, parse_pattern

from portalgen import cldr

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?")
_EXACT = Context(prec=200, rounding=ROUND_HALF_UP)
_MOST_DECIMALS = 6
_UNITS = tuple(Decimal(1).scaleb(-decimals) for decimals in range(_MOST_DECIMALS + 1))
"""By number of decimals, what a value is rounded to. With six or fewer, `str` never takes to an exponent."""

# ISO 4217. Unicode's own table drops minor units that daily life does not use (12.50 ALL would read as 12).
_UNUSUAL_MINOR_UNITS = (
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
)
_MINOR_UNITS = {code: digits for digits, codes in _UNUSUAL_MINOR_UNITS for code in codes.split()}


def known_locale(tag: str) -> bool:
    """Whether `tag` is a BCP 47 tag (language, script, region; `de-CH`) of a locale that there is data for."""
    if not _TAG.fullmatch(tag):
        return False
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


def known_currency(code: str) -> bool:
    """Whether `code` is the ISO 4217 code of a currency, of today or of the past, in capitals."""
    return code in list_currencies()


def minor_units(currency: str) -> int:
    """How many decimals an amount in `currency` has."""
    return _MINOR_UNITS.get(currency, 2)


def read_catalogue(data: bytes, language: str) -> GNUTranslations:
    """The translations in a .po file of gettext's; what is marked as fuzzy counts as not translated."""
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(data), locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


class Formatter:
    """Writes values for one locale. `tag` must be a `known_locale`.

    Every method gives '' for None. Halves are rounded away from zero, and no zero has a minus. Numbers and dates are in
    the digits that the locale has by default, and the calendar is the Gregorian one in every locale.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def money(self, amount: Decimal | None, currency: str) -> str:
        """`amount` in the currency's major unit, with the decimals of that currency, an ISO 4217 code."""
        return "" if amount is None else _money(amount, currency, self.tag)

    def figure(self, amount: Decimal, currency: str) -> tuple[str, str]:
        """As `money`, and the same for machines: with a point before its decimals and no groups, '-0.00' never."""
        return _figure(amount, currency, self.tag)

    def unit_price(self, amount: Decimal | None, currency: str) -> str:
        """As `money`, but with further decimals, up to six, where the price has them."""
        return "" if amount is None else _unit_price(amount, currency, self.tag)

    def quantity(self, quantity: Decimal | None) -> str:
        """A plain number without trailing zeros, up to six decimals."""
        return "" if quantity is None else _quantity(quantity, self.tag)

    def percent(self, percentage: Decimal | None) -> str:
        """A percentage, where 10 means 10 %, without trailing zeros, up to six decimals."""
        return "" if percentage is None else _percent(percentage, self.tag)

    def date(self, day: datetime.date | None) -> str:
        """A day at medium length, such as 'Nov 20, 2026'."""
        return "" if day is None else _date(day.toordinal(), "medium", self.tag)

    def long_date(self, day: datetime.date | None) -> str:
        """A day in full, such as 'November 20, 2026'."""
        return "" if day is None else _date(day.toordinal(), "long", self.tag)

    def country(self, country: str) -> str:
        """The name of the country with this ISO 3166-1 alpha-2 code; anything else stays as it is."""
        return _locale(self.tag).territories.get(country, country) if len(country) == 2 else country


# Amounts that are equal are written alike, so one entry of a cache serves 1.5 and 1.50.
@lru_cache(maxsize=16384)
def _figure(amount: Decimal, currency: str, tag: str) -> tuple[str, str]:
    digits = minor_units(currency)
    return _money_shape(currency, tag).figure(amount, digits, digits)


def _money(amount: Decimal, currency: str, tag: str) -> str:
    return _figure(amount, currency, tag)[0]


@lru_cache(maxsize=16384)
def _unit_price(amount: Decimal, currency: str, tag: str) -> str:
    return _money_shape(currency, tag).write(amount, minor_units(currency), _MOST_DECIMALS)


@lru_cache(maxsize=16384)
def _quantity(quantity: Decimal, tag: str) -> str:
    return _plain_shape(tag).write(quantity, 0, _MOST_DECIMALS)


@lru_cache(maxsize=4096)
def _percent(percentage: Decimal, tag: str) -> str:
    return _percent_shape(tag).write(percentage, 0, _MOST_DECIMALS)


@lru_cache(maxsize=16384)
def _date(ordinal: int, width: str, tag: str) -> str:
    locale = _locale(tag)
    return format_date(datetime.date.fromordinal(ordinal), width, locale).translate(_digits(locale))


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a locale writes one kind of number. Affixes come in pairs: for numbers from zero up, and below zero.

    `groups` are the sizes of the last group of digits and of those before it; a whole number of fewer than
    `least_grouped` digits has none. `digits` turns 0 to 9 into the locale's own.
    """

    prefixes: tuple[str, str]
    suffixes: tuple[str, str]
    groups: tuple[int, int]
    least_grouped: int
    group: str
    point: str
    digits: dict[int, str]

    def write(self, value: Decimal, least: int, most: int) -> str:
        """`value` with `most` decimals, of which zeros beyond the first `least` are left out."""
        return self.figure(value, least, most)[0]

    def figure(self, value: Decimal, least: int, most: int) -> tuple[str, str]:
        """What `write` says, and the rounded value as `str` has it, but without a minus before a zero."""
        rounded = value.quantize(_UNITS[most], ROUND_HALF_UP, _EXACT)
        below_zero = rounded < 0
        plain = str(rounded) if below_zero or not rounded.is_signed() else str(rounded.copy_abs())
        whole, _, decimals = plain.partition(".")
        if below_zero:
            whole = whole[1:]
        if least < most:
            decimals = decimals.rstrip("0").ljust(least, "0")
        if len(whole) >= self.least_grouped:
            whole = self._grouped(whole)
        number = f"{whole}{self.point}{decimals}" if decimals else whole
        if self.digits:
            number = number.translate(self.digits)
        return f"{self.prefixes[below_zero]}{number}{self.suffixes[below_zero]}", plain

    def _grouped(self, whole: str) -> str:
        size, further = self.groups
        ahead = len(whole) - size
        text = f"{self.group}{whole[ahead:]}"
        while ahead > further:
            text = f"{self.group}{whole[ahead - further : ahead]}{text}"
            ahead -= further
        return f"{whole[:ahead]}{text}"


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


def _names(locale: Locale) -> Iterator[str]:
    """The locale's name, and those of the locales that it inherits from, the nearest first."""
    name = str(locale)
    while name and name != "root":
        yield name
        name = get_global("parent_exceptions").get(name) or name.rpartition("_")[0]


def _digits(locale: Locale) -> dict[int, str]:
    zero = cldr.ZERO.get(locale.default_numbering_system)
    return {ord("0") + digit: chr(ord(zero) + digit) for digit in range(10)} if zero else {}


@lru_cache(maxsize=1024)
def _money_shape(currency: str, tag: str) -> _Shape:
    locale = _locale(tag)
    pattern = _own(cldr.OWN_CURRENCY_PATTERNS, locale, currency) or _own(
        cldr.CURRENCY_PATTERNS, locale, locale.default_numbering_system
    )
    symbol = _own(cldr.CURRENCY_SYMBOLS, locale, currency) or get_currency_symbol(currency, locale=locale)
    symbols = _symbols(locale)
    symbols["group"] = symbols.get("currencyGroup", symbols["group"])
    symbols["decimal"] = symbols.get("currencyDecimal", symbols["decimal"])
    shape = _shape(parse_pattern(pattern) if pattern else locale.currency_formats["standard"], symbols, locale, symbol)
    return _held_together(shape, symbol) if locale.text_direction == "rtl" else shape


def _held_together(shape: _Shape, symbol: str) -> _Shape:
    """With a mark behind a symbol such as US$, of which a text from right to left would else make $US."""
    if not (symbol[:1].isascii() and symbol[:1].isalpha() and not symbol[-1:].isalpha()):
        return shape
    prefixes, suffixes = (
        (pair[0].replace(symbol, f"{symbol}\u200e"), pair[1].replace(symbol, f"{symbol}\u200e"))
        for pair in (shape.prefixes, shape.suffixes)
    )
    return replace(shape, prefixes=prefixes, suffixes=suffixes)


@lru_cache(maxsize=256)
def _plain_shape(tag: str) -> _Shape:
    locale = _locale(tag)
    return _shape(locale.decimal_formats[None], _symbols(locale), locale)


@lru_cache(maxsize=256)
def _percent_shape(tag: str) -> _Shape:
    locale = _locale(tag)
    pattern = _own(cldr.PERCENT_PATTERNS, locale, locale.default_numbering_system)
    return _shape(parse_pattern(pattern) if pattern else locale.percent_formats[None], _symbols(locale), locale)


def _own(table: Mapping[tuple[str, str], str], locale: Locale, key: str) -> str | None:
    """What `table` says of `key` for `locale` or for the nearest that it inherits from."""
    return next((table[name, key] for name in _names(locale) if (name, key) in table), None)


def _symbols(locale: Locale) -> dict[str, str]:
    """The signs and separators of the locale's own digits; those of Latin digits where it has no others."""
    symbols = dict(locale.number_symbols["latn"]) | dict(locale.number_symbols.get(locale.default_numbering_system, {}))
    group = next((cldr.GROUP[name] for name in _names(locale) if name in cldr.GROUP), symbols["group"])
    return symbols | {"group": group}


def _shape(pattern: NumberPattern, symbols: dict[str, str], locale: Locale, symbol: str = "") -> _Shape:
    def filled(affix: str) -> str:
        return affix.replace("-", symbols["minusSign"]).replace("%", symbols["percentSign"]).replace("¤", symbol)

    def before(affix: str) -> str:
        return filled(affix) + (cldr.NBSP if affix.endswith("¤") and _keeps_distance(symbol[-1]) else "")

    def after(affix: str) -> str:
        return (cldr.NBSP if affix.startswith("¤") and _keeps_distance(symbol[0]) else "") + filled(affix)

    fewest = next((cldr.MINIMUM_GROUPING[name] for name in _names(locale) if name in cldr.MINIMUM_GROUPING), 1)
    return _Shape(
        prefixes=(before(pattern.prefix[0]), before(pattern.prefix[1])),
        suffixes=(after(pattern.suffix[0]), after(pattern.suffix[1])),
        groups=pattern.grouping,
        least_grouped=pattern.grouping[0] + fewest,
        group=symbols["group"],
        point=symbols["decimal"],
        digits=_digits(locale),
    )


def _keeps_distance(character: str) -> bool:
    """Whether a currency's symbol that starts or ends so does not touch a digit: 'KWD 1.000', not 'KWD1.000'.

    This is CLDR's `currencySpacing`, which all locales have in common.
    """
    return unicodedata.category(character)[0] not in "SZ"
