"""Amounts, quantities, percentages, dates and countries as a locale writes them, and its words. Babel's only room.

Babel's data is read once per locale and currency; the digits are then written from integers, which is exact and some
twenty times faster than a call of Babel per value.
"""

import datetime
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from gettext import GNUTranslations
from io import BytesIO

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import NumberPattern, get_currency_symbol, list_currencies

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?")
_EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN)
_MOST_DECIMALS = 6

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

    Every method gives '' for None. Rounding is half-even and never leaves a minus before a zero.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def money(self, amount: Decimal | None, currency: str) -> str:
        """`amount` in the currency's major unit, with the decimals of that currency."""
        if amount is None:
            return ""
        digits = minor_units(currency)
        return _money(_scaled(amount, digits), digits, currency, self.tag)

    def unit_price(self, amount: Decimal | None, currency: str) -> str:
        """As `money`, but with further decimals, up to six, where the price has them."""
        if amount is None:
            return ""
        digits = max(minor_units(currency), _decimals(amount))
        return _money(_scaled(amount, digits), digits, currency, self.tag)

    def quantity(self, quantity: Decimal | None) -> str:
        """A plain number without trailing zeros, up to six decimals."""
        if quantity is None:
            return ""
        digits = _decimals(quantity)
        return _plain(_scaled(quantity, digits), digits, self.tag)

    def percent(self, percentage: Decimal | None) -> str:
        """A percentage, where 10 means 10 %, without trailing zeros, up to six decimals."""
        if percentage is None:
            return ""
        digits = _decimals(percentage)
        return _percent(_scaled(percentage, digits), digits, self.tag)

    def date(self, day: datetime.date | None) -> str:
        """A day at medium length, such as 'Nov 20, 2026'."""
        return "" if day is None else _date(day.toordinal(), "medium", self.tag)

    def long_date(self, day: datetime.date | None) -> str:
        """A day in full, such as 'November 20, 2026'."""
        return "" if day is None else _date(day.toordinal(), "long", self.tag)

    def country(self, country: str) -> str:
        """The name of the country with this ISO 3166-1 alpha-2 code; anything else stays as it is."""
        return _locale(self.tag).territories.get(country, country) if len(country) == 2 else country


def _scaled(value: Decimal, digits: int) -> int:
    """`value` as a number of units of 10^-digits."""
    return int(value.scaleb(digits, _EXACT).to_integral_value(ROUND_HALF_EVEN, _EXACT))


def _decimals(value: Decimal) -> int:
    """How many decimals `value` needs, trailing zeros not counted, at most six."""
    exponent = value.quantize(Decimal(1).scaleb(-_MOST_DECIMALS), context=_EXACT).normalize(_EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a locale writes one kind of number. Affixes come in pairs: for numbers from zero up, and below zero.

    `groups` are the sizes of the last group of digits and of those before it.
    """

    prefixes: tuple[str, str]
    suffixes: tuple[str, str]
    groups: tuple[int, int]
    group: str
    point: str

    def write(self, units: int, digits: int) -> str:
        whole, fraction = divmod(abs(units), 10**digits)
        number = self._grouped(str(whole)) + (f"{self.point}{fraction:0{digits}d}" if digits else "")
        below_zero = units < 0
        return f"{self.prefixes[below_zero]}{number}{self.suffixes[below_zero]}"

    def _grouped(self, whole: str) -> str:
        size, further = self.groups
        parts: list[str] = []
        while len(whole) > size:
            parts.append(whole[-size:])
            whole, size = whole[:-size], further
        return self.group.join([whole, *reversed(parts)])


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


def _shape(pattern: NumberPattern, locale: Locale, symbol: str = "") -> _Shape:
    symbols = locale.number_symbols["latn"]
    minus = symbols.get("minusSign", "-")

    def affix(text: str) -> str:
        return text.replace("-", minus).replace("¤", symbol)

    def spaced(prefix: str) -> str:
        # The Unicode rule for a symbol that ends in a letter, which Babel leaves out: 'KWD 1.000', not 'KWD1.000'.
        return f"{prefix}\xa0" if prefix[-1:].isalpha() else prefix

    return _Shape(
        prefixes=(spaced(affix(pattern.prefix[0])), spaced(affix(pattern.prefix[1]))),
        suffixes=(affix(pattern.suffix[0]), affix(pattern.suffix[1])),
        groups=pattern.grouping,
        group=symbols["group"],
        point=symbols["decimal"],
    )


@lru_cache(maxsize=1024)
def _money_shape(currency: str, tag: str) -> _Shape:
    locale = _locale(tag)
    return _shape(locale.currency_formats["standard"], locale, get_currency_symbol(currency, locale=locale))


@lru_cache(maxsize=256)
def _plain_shape(tag: str) -> _Shape:
    locale = _locale(tag)
    return _shape(locale.decimal_formats[None], locale)


@lru_cache(maxsize=256)
def _percent_shape(tag: str) -> _Shape:
    locale = _locale(tag)
    return _shape(locale.percent_formats[None], locale)


@lru_cache(maxsize=65536)
def _money(units: int, digits: int, currency: str, tag: str) -> str:
    return _money_shape(currency, tag).write(units, digits)


@lru_cache(maxsize=16384)
def _plain(units: int, digits: int, tag: str) -> str:
    return _plain_shape(tag).write(units, digits)


@lru_cache(maxsize=4096)
def _percent(units: int, digits: int, tag: str) -> str:
    return _percent_shape(tag).write(units, digits)


@lru_cache(maxsize=65536)
def _date(ordinal: int, width: str, tag: str) -> str:
    return format_date(datetime.date.fromordinal(ordinal), width, _locale(tag))
