"""Amounts, numbers, dates and countries, character by character as a browser's `Intl` writes them.

What `Intl` is asked for, so that both answer one question:
- money with the currency's ISO 4217 decimals (`minimumFractionDigits`, `maximumFractionDigits`), since Unicode's table
  has other ones; prices (in euros), plain numbers and percentages with up to six decimals;
- `roundingMode: halfEven`, and `signDisplay: negative`, which sets no minus before a zero;
- `useGrouping: auto`, the locale's own habit; amounts as text, which `Intl` reads as exact decimals;
- days at `dateStyle` medium and long in the Gregorian calendar: fa, th and ar-SA have another one by default.
The digits are not asked for: they are the locale's own.

Where we differ it is by one of `DIFFERENCES`, in each of the locales that it names and in no other.
"""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from playwright.sync_api import Browser

from portalgen.formats import Formatter, minor_units

ABSENT = frozenset(["is", "is-IS"])
"""Chromium carries no data of these; test_formats.py says how they write."""

OF_COUNTRIES = (
    *("ar-AE", "ar-EG", "ar-MA", "ar-SA", "bg-BG", "bn-BD", "ca-ES", "cs-CZ", "da-DK", "de-AT", "de-CH", "de-DE"),
    *("de-LI", "de-LU", "el-GR", "en-AT", "en-AU", "en-CA", "en-DE", "en-GB", "en-IE", "en-IN", "en-NL", "en-NZ"),
    *("en-SG", "en-US", "en-ZA", "es-AR", "es-CL", "es-CO", "es-ES", "es-MX", "es-PE", "et-EE", "fa-IR", "fi-FI"),
    *("fr-BE", "fr-CA", "fr-CH", "fr-FR", "fr-LU", "he-IL", "hi-IN", "hr-HR", "hu-HU", "id-ID", "is-IS", "it-CH"),
    *("it-IT", "ja-JP", "ko-KR", "lt-LT", "lv-LV", "mr-IN", "ms-MY", "nb-NO", "nl-BE", "nl-NL", "pl-PL", "pt-AO"),
    *("pt-BR", "pt-PT", "ro-RO", "ru-RU", "sk-SK", "sl-SI", "sr-RS", "sv-SE", "sw-KE", "th-TH", "tr-TR", "uk-UA"),
    *("ur-PK", "vi-VN", "zh-CN", "zh-HK", "zh-TW"),
)
LANGUAGES = tuple(sorted({tag.partition("-")[0] for tag in OF_COUNTRIES}))
LOCALES = (*OF_COUNTRIES, *LANGUAGES, "en-001", "en-150", "es-419", "no", "sr-Latn", "zh-Hant")
KNOWN = [tag for tag in LOCALES if tag not in ABSENT]

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "KWD", "INR", "AED", "PLN", "BRL", "SEK", "HUF", "ILS", "CLF")
AMOUNTS = (
    *("0", "0.5", "-0.004", "1", "12.5", "999.99", "1234.5", "-1234.56", "9999", "12345.67", "1234567.891"),
    *("-100000000", "0.125", "1234.5678", "100000", "999999999999999.99", "0.1234565"),
)
DAYS = (
    *("2026-01-01", "2026-02-09", "2026-03-15", "2026-04-30", "2026-05-31", "2026-06-10", "2026-07-04", "2026-08-22"),
    *("2026-09-05", "2026-10-17", "2026-11-20", "2026-12-31", "2024-02-29", "1999-12-31"),
)
ISO_3166 = (
    *("ADEFGILMOQRSTUWXZ", "BABDEFGHIJLMNOQRSTVWYZ", "CACDFGHIKLMNORUVWXYZ", "DEJKMOZ", "ECEGHRST", "FIJKMOR"),
    *("GABDEFGHILMNPQRSTUWY", "HKMNRTU", "IDELMNOQRST", "JEMOP", "KEGHIMNPRWYZ", "LABCIKRSTUVY"),
    *("MACDEFGHKLMNOPQRSTUVWXYZ", "NACEFGILOPRUZ", "OM", "PAEFGHKLMNRSTWY", "QA", "REOSUW"),
    *("SABCDEGHIJKLMNORSTVXYZ", "TCDFGHJKLMNORTVWZ", "UAGMSYZ", "VACEGINU", "WFS", "YET", "ZAMW"),
)
"""The alpha-2 codes: a first letter, and each second letter that follows it."""

COUNTRIES = [f"{letters[0]}{second}" for letters in ISO_3166 for second in letters[1:]]

ASK_FOR_VALUES = """([locales, currencies, amounts, days]) => locales.map(locale => {
  const number = {roundingMode: 'halfExpand', signDisplay: 'negative', useGrouping: 'auto'}
  const upToSix = {...number, minimumFractionDigits: 0, maximumFractionDigits: 6}
  const plain = new Intl.NumberFormat(locale, {...upToSix, style: 'decimal'})
  const percent = new Intl.NumberFormat(locale, {...upToSix, style: 'percent'})
  const day = style => new Intl.DateTimeFormat(locale, {dateStyle: style, calendar: 'gregory', timeZone: 'UTC'})
  const [medium, long] = [day('medium'), day('long')]
  const answers = []
  for (const [currency, digits] of currencies) {
    const options = {style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits}
    const money = new Intl.NumberFormat(locale, {...number, ...options})
    for (const amount of amounts) answers.push(money.format(amount))
  }
  const price = {...upToSix, style: 'currency', currency: 'EUR', minimumFractionDigits: 2}
  for (const style of [new Intl.NumberFormat(locale, price), plain])
    for (const amount of amounts) answers.push(style.format(amount))
  for (const amount of amounts) answers.push(percent.format(amount + 'e-2'))
  for (const date of days) answers.push(medium.format(new Date(date)))
  for (const date of days) answers.push(long.format(new Date(date)))
  return answers
})"""
ASK_FOR_COUNTRIES = """([locales, codes]) => locales.map(locale => {
  const names = new Intl.DisplayNames(locale, {type: 'region', style: 'long', fallback: 'code'})
  return codes.map(code => names.of(code))
})"""
ASK_FOR_LOCALES = "locales => locales.filter(locale => Intl.NumberFormat.supportedLocalesOf(locale).length == 0)"
ASK_FOR_DECIMALS = """() => Intl.supportedValuesOf('currency').map(currency => {
  const options = new Intl.NumberFormat('en', {style: 'currency', currency}).resolvedOptions()
  return [currency, options.maximumFractionDigits]
})"""


@dataclass(frozen=True, slots=True)
class Case:
    """One value to write. `kind` is a currency or one of price, decimal, percent, medium, long."""

    locale: str
    kind: str
    value: str

    def text(self, locale: str = "") -> str:
        """What we write."""
        formatter = Formatter(locale or self.locale)
        match self.kind:
            case "price":
                return formatter.unit_price(Decimal(self.value), "EUR")
            case "decimal":
                return formatter.quantity(Decimal(self.value))
            case "percent":
                return formatter.percent(Decimal(self.value))
            case "medium":
                return formatter.date(datetime.date.fromisoformat(self.value))
            case "long":
                return formatter.long_date(datetime.date.fromisoformat(self.value))
        return formatter.money(Decimal(self.value), self.kind)


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference that we mean. `expected` makes of a case what the browser writes in place of our text."""

    reason: str
    locales: str
    kinds: tuple[str, ...]
    expected: Callable[[Case], str]


MONEY = (*CURRENCIES, "price")
NUMBERS = (*MONEY, "decimal", "percent")
DATES = ("medium", "long")


def replaced(old: str, new: str) -> Callable[[Case], str]:
    return lambda case: case.text().replace(old, new)


DIFFERENCES = (
    Difference(
        "what begins with Latin letters and ends with a sign is held together, or a text from right to left makes $US "
        "of US$",
        "ar ar-AE ar-EG ar-MA ar-SA fa fa-IR he he-IL ur ur-PK",
        MONEY,
        lambda case: re.sub("(?<=[$\xa3\xa5\u20ac])\u200e", "", case.text()),
    ),
    Difference(
        "Chromium turns the narrow no-break space of dates into a space that may break, for old scripts that read them",
        "bg bg-BG ru ru-RU uk uk-UA",
        DATES,
        replaced("\u202f", " "),
    ),
    Difference(
        "ICU writes money with the point of English, but other numbers with the country's comma, where CLDR has a "
        "pattern for the country's own currency; we write all of them with the comma",
        "en-DE en-NL",
        MONEY,
        lambda case: case.text("en-IE"),
    ),
    Difference(
        "CLDR 49 gives French Switzerland the apostrophe of the other Swiss; the browser has CLDR 48.0",
        "fr-CH",
        NUMBERS,
        replaced("'", "\u202f"),
    ),
    Difference(
        "CLDR 49 has another symbol; the browser has CLDR 48.0",
        "da da-DK",
        ("USD",),
        replaced("USD", "US$"),
    ),
    Difference(
        "CLDR 49 has another percent sign; the browser has CLDR 48.0",
        "ur ur-PK",
        ("percent",),
        replaced("\u066a", "%"),
    ),
    Difference(
        "CLDR 49 abbreviates September otherwise; the browser has CLDR 48.0",
        "es-419 es-AR",
        ("medium",),
        replaced(" sep ", " sept "),
    ),
    Difference(
        "CLDR 49 abbreviates June and July; the browser has CLDR 48.0",
        "en-AU",
        ("medium",),
        lambda case: case.text().replace("Jun", "June").replace("Jul", "July"),
    ),
    Difference(
        "CLDR 49 writes months that end in a silent he without the hamza of the genitive; the browser has CLDR 48.0",
        "fa fa-IR",
        ("long",),
        replaced("\u0647 ", "\u0647\u0654 "),
    ),
)

ALTERNATIVE_NAMES = frozenset(["FK", "HK", "MO", "PS"])
"""Countries of which Chromium shows a name that is an alternative in CLDR; we show the usual one."""

OTHER_NAMES = {
    "CLDR 49 has other names; the browser has CLDR 48.0": {
        "bn bn-BD": "GF GR GY KG PF SI TF UM",
        "ca ca-ES": "AX BV CC CK CX FO GS HM IM KY MH MP NF PN RE SB TC UM VG VI",
        "en en-001 en-150 en-AT en-DE en-GB en-IE en-IN en-NL en-NZ en-SG en-US en-ZA": "HM SH TF",
        "en-AU en-CA": "SH TF",
        "es-419 es-AR es-CL es-CO es-MX es-PE": "CG VI",
        "fi fi-FI": "SH",
        "id id-ID": "BN",
        "sw": "BJ BR BY EC GA LU MA MC OM PL PY QA SD SY TD UY",
        "sw-KE": "BR SD",
        "uk uk-UA": "VG",
        "ur ur-PK": "GB HN",
    },
    "Babel leaves out names that CLDR marks as contributed": {
        "de-AT": "SJ",
        "es-AR es-CL es-CO es-PE": "BA TL UM",
        "fr-BE": "GS",
    },
}
"""By reason and locales, the countries whose names differ."""

ISO_DECIMALS = {
    2: "AFN ALL COP HUF IDR IRR KPW LAK LBP MGA MMK PKR RSD SLL SOS SYP YER",
    3: "IQD",
}
"""Currencies whose smaller unit is in ISO 4217, but out of use: Unicode's table has no decimals for them. We write the
decimals that the seller's program does, as a total of 12.50 would not add up as 12."""


_COMPARED_WITH = "156"
"""The Chromium that the lists here are exact for. Of another, which may have other data, nearly all must agree."""


def are_nearly_all(others: int, count: int, browser: Browser) -> bool:
    """Whether it is another Chromium than was compared, and at most one in fifty texts is another."""
    return browser.version.partition(".")[0] != _COMPARED_WITH and others * 50 <= count


def cases_of(locale: str) -> list[Case]:
    """In the order of the browser's answers."""
    numbers = [Case(locale, kind, amount) for kind in NUMBERS for amount in AMOUNTS]
    return numbers + [Case(locale, kind, day) for kind in DATES for day in DAYS]


def known_difference(case: Case, answer: str) -> int | None:
    """The number of the difference that makes our text of `case` the browser's `answer`."""
    for number, each in enumerate(DIFFERENCES):
        if case.locale in each.locales.split() and case.kind in each.kinds and each.expected(case) == answer:
            return number
    return None


def test_values_are_written_as_the_browser_writes_them(browser: Browser) -> None:
    currencies = [(currency, minor_units(currency)) for currency in CURRENCIES]
    with browser.new_page() as page:
        answers = page.evaluate(ASK_FOR_VALUES, [KNOWN, currencies, AMOUNTS, DAYS])
    unexplained, met = [], set()
    for locale, of_locale in zip(KNOWN, answers, strict=True):
        for case, answer in zip(cases_of(locale), of_locale, strict=True):
            if (text := case.text()) != answer:
                number = known_difference(case, answer)
                if number is None:
                    unexplained.append(f"{case}: {text!a}, the browser {answer!a}")
                else:
                    met.add((number, locale))
    if are_nearly_all(len(unexplained), sum(map(len, answers)), browser):
        return
    assert unexplained == []
    assert met == {(number, locale) for number, each in enumerate(DIFFERENCES) for locale in each.locales.split()}


def test_countries_are_named_as_the_browser_names_them(browser: Browser) -> None:
    with browser.new_page() as page:
        answers = page.evaluate(ASK_FOR_COUNTRIES, [KNOWN, COUNTRIES])
    others = {
        (locale, code)
        for locale, names in zip(KNOWN, answers, strict=True)
        for code, name in zip(COUNTRIES, names, strict=True)
        if Formatter(locale).country(code) != name
    }
    if are_nearly_all(len(others), sum(map(len, answers)), browser):
        return
    meant = {
        (locale, code)
        for each in OTHER_NAMES.values()
        for locales, codes in each.items()
        for locale in locales.split()
        for code in codes.split()
    }
    assert {(locale, code) for locale, code in others if code not in ALTERNATIVE_NAMES} == meant
    assert {code for _, code in others - meant} == ALTERNATIVE_NAMES


def test_currencies_have_the_browser_s_decimals_except_where_iso_4217_has_more(browser: Browser) -> None:
    with browser.new_page() as page:
        answers = page.evaluate(ASK_FOR_DECIMALS)
    assert len(answers) > 150
    others = {code: minor_units(code) for code, digits in answers if minor_units(code) != digits}
    if are_nearly_all(len(set(others) ^ set(" ".join(ISO_DECIMALS.values()).split())), len(answers), browser):
        return
    assert others == {code: digits for digits, codes in ISO_DECIMALS.items() for code in codes.split()}


def test_the_browser_has_data_of_all_other_locales(browser: Browser) -> None:
    with browser.new_page() as page:
        absent = frozenset(page.evaluate(ASK_FOR_LOCALES, LOCALES))
    assert absent == ABSENT or are_nearly_all(len(absent), len(LOCALES), browser)
