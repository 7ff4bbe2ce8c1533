"""Numbers and dates are read exactly, in every way that ERPs write them, or not at all.

The judge is a reader of our own in Python, which takes a cell apart by hand, and Python's own strptime.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portalgen.database import Database
from portalgen.exports.values import (
    STORED,
    are_usual_sql,
    currency_sql,
    date_sql,
    decimal_sql,
    fault_of_patterns,
    fits_currency_sql,
    is_decimal_sql,
    read_date,
    text_sql,
    usual_decimal_sql,
)
from tests.exports.readers import parsed_date, parsed_number

NBSP, NARROW, THIN, MINUS = "\u00a0", "\u202f", "\u2009", "\u2212"
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with Database() as opened:
        yield opened


def evaluated(database: Database, sql: str, cells: Sequence[str]) -> list[object]:
    """What an SQL expression of `v` makes of each cell."""
    rows = database.rows(
        f"SELECT {sql} FROM (SELECT unnest(?::VARCHAR[]) AS v, generate_subscripts(?::VARCHAR[], 1) AS i) ORDER BY i",  # noqa: S608
        list(cells),
        list(cells),
    )
    return [value for (value,) in rows]


def numbers(database: Database, decimal: str, cells: Sequence[str], unit: str = "currency") -> list[object]:
    """Each cell as a number; the cheap check and the short cut must agree with the reading on every one."""
    found = evaluated(database, decimal_sql("v", decimal, unit), cells)
    short_cut = f"WHEN {are_usual_sql(['v'], decimal)} THEN {usual_decimal_sql('v', decimal)}"
    assert evaluated(database, f"CASE {short_cut} ELSE {decimal_sql('v', decimal, unit)} END", cells) == found
    assert evaluated(database, is_decimal_sql("v", decimal, unit), cells) == [value is not None for value in found]
    return found


@pytest.mark.parametrize(
    ("cell", "point", "comma"),
    [
        ("12", "12", "12"),
        ("-0.50", "-0.5", None),
        ("12.50", "12.5", None),
        ("12,50", None, "12.5"),
        ("1.234", "1.234", "1234"),
        ("1,234", "1234", "1.234"),
        ("0,500", None, "0.5"),
        ("0.500", "0.5", None),
        ("1.234,56", None, "1234.56"),
        ("1,234.56", "1234.56", None),
        ("1 234,56", None, "1234.56"),
        (f"1{NBSP}234,56", None, "1234.56"),
        (f"1{NARROW}234,56", None, "1234.56"),
        (f"1{THIN}234 567,56", None, None),
        ("1'234.56", "1234.56", None),
        ("1\u2019234\u2019567.5", "1234567.5", None),
        ("(12.00)", "-12", None),
        ("( 1,020.00 )", "-1020", None),
        ("12.00-", "-12", None),
        (f"12,00{MINUS}", None, "-12"),
        (f"{MINUS}4", "-4", "-4"),
        ("'-4.0", "-4", None),
        ("'+4", "4", "4"),
        ("'4", None, None),
        ("''-4", None, None),
        ("+12", "12", "12"),
        ("- 12", "-12", "-12"),
        ("$13.50", "13.5", None),
        ("-$13.50", "-13.5", None),
        ("$-13.50", "-13.5", None),
        ("($1,020.00)", "-1020", None),
        ("$ (1,020.00)", "-1020", None),
        ("\u20ac 1.020,00", None, "1020"),
        (f"1.020,00{NBSP}\u20ac", None, "1020"),
        ("USD 12.50", "12.5", None),
        ("12,50 kr", None, "12.5"),
        ("12,50 kr.", None, "12.5"),
        ("Rs.1,20,000.50", "120000.5", None),
        ("12,50- EUR", None, "-12.5"),
        ("12,34,567.00", "1234567", None),
        ("1,23,45,678", "12345678", None),
        ("12,34,56", None, None),
        ("123,45,678", None, None),
        ("1,2345.00", None, None),
        ("1.234.56", None, None),
        ("1,234,567", "1234567", None),
        ("1.234'567", None, None),
        ("10.00000000", "10", None),
        ("1.2345671", None, None),
        ("1.2345670", "1.234567", None),
        (".5", "0.5", None),
        ("-,5", None, "-0.5"),
        ("5.", None, None),
        ("$.50", None, None),
        ("USD.50", None, None),
        ("Rs.50", "50", "50"),
        ("12.50 $.", None, None),
        ("123456789012345.123456", "123456789012345.123456", None),
        ("1234567890123456", None, None),
        ("1,234,567,890,123,456", None, None),
        ("  12.50 ", "12.5", None),
        ("0012", "12", "12"),
        ("0,012.50", None, None),
        *[(refused, None, None) for refused in ("", " ", "-", "$", "1e3", "1E+3", "0x1F", "1_000", "NaN", "inf")],
        *[(refused, None, None) for refused in ("(-12)", "--12", "-12-", "(12", "12)", "(12)-", "$12$", "$ 12 USD")],
        *[
            (refused, None, None)
            for refused in ("12,-", "12.-", "1 2", "12 %", "12abc", "12 ab", "\u0661\u0662", "1\n")
        ],
    ],
)
def test_a_cell_is_one_number_under_each_separator_or_none(
    database: Database, cell: str, point: str | None, comma: str | None
) -> None:
    for decimal, expected in ((".", point), (",", comma)):
        value = Decimal(expected) if expected is not None else None
        assert numbers(database, decimal, [cell]) == [value]
        assert parsed_number(cell, decimal) == value


@pytest.mark.parametrize(("decimal", "usual"), [(".", "1,234.50"), (",", "1.234,50"), ("plain", "1234.50")])
def test_a_row_is_usual_if_each_number_in_it_is(database: Database, decimal: str, usual: str) -> None:
    both = are_usual_sql([f"'{usual}'", "v"], decimal)
    cells = ["12", "-7", "12 ", "(12)", "EUR 12", "12%", "x", f"12{STORED}", f"{STORED}12", ""]
    assert evaluated(database, both, cells) == [True, True] + [False] * 8
    assert evaluated(database, are_usual_sql(["NULL", "v"], decimal), ["12"]) == [True]


def test_what_parts_the_numbers_of_a_row_is_in_none_of_them(database: Database) -> None:
    for decimal in (".", ",", "plain"):
        assert evaluated(database, usual_decimal_sql("v", decimal), ["1\x1f2", "\x1f1", "1\x1f"]) == [None] * 3


def test_the_plain_form_has_digits_a_point_and_a_minus_alone(database: Database) -> None:
    cells = ["12", "-12.5", "123456789012345.123456", "+12", " 12", "1,234", ".5", "1.2345678", "$12", "12-"]
    expected = [Decimal(12), Decimal("-12.5"), Decimal("123456789012345.123456"), *[None] * 7]
    assert numbers(database, "plain", ["1.10000000"]) == [Decimal("1.1")]
    assert numbers(database, "plain", cells) == expected


def test_what_may_stand_beside_a_number_is_said_by_its_unit(database: Database) -> None:
    cells = ["12 %", "12%", "-12 %", "12 EUR", "12"]
    assert numbers(database, ".", cells, "percent") == [12, 12, -12, None, 12]
    assert numbers(database, ".", cells, "") == [None, None, None, None, 12]
    assert numbers(database, ".", cells, "any") == [12, 12, -12, 12, 12]


def test_nothing_stays_nothing(database: Database) -> None:
    for sql in (decimal_sql("v", "."), is_decimal_sql("v", "."), date_sql("v", ["%d/%m/%Y"]), currency_sql("v")):
        assert database.rows(f"SELECT {sql} FROM (SELECT NULL::VARCHAR AS v)") == [(None,)]  # noqa: S608


ALPHABET = "0011223456789..,,,''  --+()$\u20ac%eEURkrs\u2019\u00a0\u202f\u2212"


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, str, Decimal]:
    """A number written in one of the ways, the separator of its decimals, and what it is."""
    whole, places = draw(st.integers(0, 10**15 - 1) | st.integers(0, 9999)), draw(st.integers(0, 6))
    fraction = f"{draw(st.integers(0, 10**places - 1)):0{places}d}" if places else ""
    decimal, mark = draw(
        st.sampled_from([(".", ","), (",", "."), (".", "indian"), *[(d, m) for d in ".," for m in MARKS]])
    )
    zeros = "0" * draw(st.integers(0, 4)) if places == 6 else ""
    number = grouped(str(whole), mark) + (f"{decimal}{fraction}{zeros}" if fraction else "")
    around, sign = draw(st.sampled_from([(style, sign) for sign, styles in STYLES.items() for style in styles]))
    return around.replace("0", number), decimal, sign * Decimal(f"{whole}.{fraction or 0}")


MARKS = ("", "'", "\u2019", " ", NBSP, NARROW, THIN)
STYLES = {
    1: ("0", "+0", "'+0", " 0 ", "$0", "$ 0", "0 EUR", "CHF 0", f"0{NBSP}\u20ac", "+\u00a30", "0 kr."),
    -1: ("-0", "'-0", f"{MINUS}0", "0-", "(0)", "( 0 )", "-$0", "$-0", "($0)", "$(0)", "-0 EUR", "0- EUR", "Rs.-0"),
}


def grouped(whole: str, mark: str) -> str:
    """The digits with `mark` between groups of three, or by twos but for the last three, as in India."""
    if mark == "indian":
        head, last = whole[:-3], whole[-3:]
        pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
        return ",".join([*pairs, last])
    threes = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)][::-1]
    return mark.join(threes)


@st.composite
def spoiled_numbers(draw: st.DrawFn) -> str:
    """A number with a character put in, or taken out, somewhere."""
    text: str = draw(written_numbers())[0]
    index = draw(st.integers(0, len(text)))
    put_in: str = draw(st.sampled_from(["", *ALPHABET]))
    return text[:index] + put_in + text[index + draw(st.integers(0, 1)) :]


@QUICK
@given(cells=st.lists(st.text(st.sampled_from(ALPHABET), max_size=12) | spoiled_numbers(), min_size=1, max_size=60))
def test_any_text_is_read_as_by_hand(database: Database, cells: list[str]) -> None:
    for decimal in ".,":
        assert numbers(database, decimal, cells) == [parsed_number(cell, decimal) for cell in cells]


@QUICK
@given(written=st.lists(written_numbers(), min_size=1, max_size=60))
def test_every_way_of_writing_a_number_reads_back_exactly(
    database: Database, written: list[tuple[str, str, Decimal]]
) -> None:
    for mark in ".,":
        mine = [(text, value) for text, decimal, value in written if decimal == mark]
        assert numbers(database, mark, [text for text, _ in mine]) == [value for _, value in mine]


def test_the_currency_beside_a_number_is_found(database: Database) -> None:
    cells = [
        "12.50",
        "-1,234.50",
        "$13.50",
        "\u20ac 1.020,00",
        "12,50 kr.",
        "Rs.500",
        "USD 12",
        "US$12",
        "1 234",
        "R$ 5",
    ]
    expected = [None, None, "$", "\u20ac", "kr", "Rs", "USD", "US$", None, "R$"]
    assert evaluated(database, currency_sql("v"), cells) == expected


@pytest.mark.parametrize(
    ("cell", "fitting", "other"),
    [
        ("$5", "CAD", "EUR"),
        ("5 EUR", "EUR", "USD"),
        ("5 kr", "NOK", "EUR"),
        ("US$5", "USD", "AUD"),
        ("Fr.5", "CHF", "EUR"),
    ],
)
def test_a_symbol_fits_the_currencies_that_use_it(database: Database, cell: str, fitting: str, other: str) -> None:
    assert evaluated(database, fits_currency_sql("v", f"'{fitting}'"), [cell]) == [True]
    assert evaluated(database, fits_currency_sql("v", f"'{other}'"), [cell]) == [False]
    assert evaluated(database, fits_currency_sql("v", "NULL::VARCHAR"), [cell, "5"]) == [False, True]
    assert evaluated(database, fits_currency_sql("v", f"'{other}'"), ["5", "1,234.5"]) == [True, True]


def test_one_apostrophe_before_what_a_spreadsheet_would_reckon_is_taken_off(database: Database) -> None:
    cells = ["'=SUM", "'+49 30", "'-x", "'@me", "''-x", "'tis", "'", "-x", "O'=x"]
    assert evaluated(database, text_sql("v"), cells) == [
        "=SUM",
        "+49 30",
        "-x",
        "@me",
        "''-x",
        "'tis",
        "'",
        "-x",
        "O'=x",
    ]


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("cell", "pattern", "expected"),
    [
        ("2026-01-31", "iso", "2026-01-31"),
        ("2026-01-31T00:00:00", "iso", "2026-01-31"),
        ("2026-01-31 00:00:00.0000000", "iso", "2026-01-31"),
        ("2026-01-31T00:00:00+01:00", "%d/%m/%Y", "2026-01-31"),
        ("2026-01-31T00:00:00Z", "iso", "2026-01-31"),
        (" 2026-01-31 ", "iso", "2026-01-31"),
        ("1900-01-01", "iso", "1900-01-01"),
        ("1899-12-31", "iso", None),
        ("0001-01-01", "iso", None),
        ("0026-01-31", "iso", None),
        ("2026-01-31T10:00:00", "iso", None),
        ("2026-02-30", "iso", None),
        ("0000-01-01", "iso", None),
        ("2026-1-31", "iso", None),
        ("2026-1-5", "%Y-%m-%d", "2026-01-05"),
        ("2026-01-31 10:15:00", "%Y-%m-%d %H:%M:%S", "2026-01-31"),
        ("31/01/2026", "%d/%m/%Y", "2026-01-31"),
        ("1/2/2026", "%d/%m/%Y", "2026-02-01"),
        ("1/2/2026", "%m/%d/%Y", "2026-01-02"),
        ("29/02/2024", "%d/%m/%Y", "2024-02-29"),
        ("29/02/2023", "%d/%m/%Y", None),
        ("31/04/2026", "%d/%m/%Y", None),
        ("31/13/2026", "%d/%m/%Y", None),
        ("31/01/26", "%d/%m/%Y", None),
        ("31/01/2026", "%d/%m/%y", None),
        ("31/01/02026", "%d/%m/%Y", None),
        ("01/01/0000", "%d/%m/%Y", None),
        ("001/01/2026", "%d/%m/%Y", None),
        ("31/01/2026 ", "%d/%m/%Y", "2026-01-31"),
        ("31/01/2026x", "%d/%m/%Y", None),
        ("31/ 1/2026", "%d/%m/%Y", None),
        ("31/01/68", "%d/%m/%y", "2068-01-31"),
        ("31/01/69", "%d/%m/%y", "1969-01-31"),
        ("3 Jan 2024", "%d %b %Y", "2024-01-03"),
        ("3 JANUARY 2024", "%d %B %Y", "2024-01-03"),
        ("3 January 2024", "%d %b %Y", None),
        ("Jan 28, 2021", "%b %d, %Y", "2021-01-28"),
        ("03-May-21", "%d-%b-%y", "2021-05-03"),
        ("20260131", "%Y%m%d", "2026-01-31"),
        ("2026131", "%Y%m%d", None),
        ("31012026", "%d%m%Y", "2026-01-31"),
        ("01/31/2026 12:05 AM", "%m/%d/%Y %I:%M %p", "2026-01-31"),
        ("01/31/2026 11:59:59 pm", "%m/%d/%Y %I:%M:%S %p", "2026-01-31"),
        ("01/31/2026 13:00 pm", "%m/%d/%Y %I:%M %p", None),
        ("01/31/2026 24:00", "%m/%d/%Y %H:%M", None),
        ("01/31/2026 9:00", "%m/%d/%Y %H:%M", "2026-01-31"),
        ("31.01.2026 10:15:00.123", "%d.%m.%Y %H:%M:%S.%f", "2026-01-31"),
        ("2026-01-31T23:04:09+00:00", "%Y-%m-%dT%H:%M:%S%z", "2026-01-31"),
        ("2026-01-31T1:04:09Z", "%Y-%m-%dT%H:%M:%S%z", "2026-01-31"),
        ("31/01/2026 10:15 -0500", "%d/%m/%Y %H:%M %z", "2026-01-31"),
        ("31/01/2026 20:15 -0500", "%d/%m/%Y %H:%M %z", "2026-02-01"),
        ("2026-01-31T00:04:09+0130", "%Y-%m-%dT%H:%M:%S%z", "2026-01-30"),
        ("2026-01-31T00:00:00+01:00", "%Y-%m-%dT%H:%M:%S%z", "2026-01-30"),
        ("31.01.2026+02:00", "%d.%m.%Y%z", "2026-01-31"),
        ("2026-01-31T10:04:09", "%Y-%m-%dT%H:%M:%S%z", None),
        ("100% 31.01.2026", "100%% %d.%m.%Y", "2026-01-31"),
        ("it's 31.01.2026", "it's %d.%m.%Y", "2026-01-31"),
        ("31x01x2026", "%d.%m.%Y", None),
        ("46053", "%d/%m/%Y", None),
        ("", "%d/%m/%Y", None),
    ],
)
def test_a_date_is_read_by_its_pattern_or_not_at_all(
    database: Database, cell: str, pattern: str, expected: str | None
) -> None:
    assert fault_of_patterns([pattern]) == ""
    assert evaluated(database, date_sql("v", [pattern]), [cell]) == [day(expected) if expected else None]


PATTERNS = (
    *("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d%m%Y", "%Y-%m-%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%y%m%d", "%d %b %Y", "%b %d %Y", "%b %d, %Y", "%d-%b-%Y", "%B %d, %Y"),
    *("%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y, %H:%M:%S", "%H:%M %d-%b-%y", "%Y-%m-%dT%H:%M:%S.%f"),
)


MOMENTS = st.builds(
    datetime.datetime.combine, st.dates(datetime.date(1969, 1, 1), datetime.date(2068, 12, 31)), st.times()
)


@QUICK
@given(
    moments=st.lists(MOMENTS, max_size=60),
    pattern=st.sampled_from(PATTERNS),
)
def test_every_day_reads_back_by_every_pattern(
    database: Database, moments: list[datetime.datetime], pattern: str
) -> None:
    texts = [moment.strftime(pattern) for moment in moments]
    expected = [moment.date() for moment in moments]
    assert evaluated(database, date_sql("v", [pattern]), texts) == expected
    assert [read_date(text, pattern) for text in texts] == expected


LIKE_DATES = st.from_regex(
    r"[0-9]{1,4}[-/. ]?([0-9]{1,2}|Jan|may|DEC)[-/. ]?[0-9]{1,4}( [0-9]{1,2}:[0-9]{2})?", fullmatch=True
)


@QUICK
@given(cells=st.lists(LIKE_DATES, min_size=1, max_size=80), pattern=st.sampled_from(PATTERNS))
def test_whatever_is_read_strptime_reads_as_the_same_day(database: Database, cells: list[str], pattern: str) -> None:
    found = evaluated(database, date_sql("v", [pattern]), cells)
    native = evaluated(database, date_sql("v"), cells)
    for cell, read, iso in zip(cells, found, native, strict=True):
        assert read == (iso or read_date(cell, pattern))
        assert read is None or read == (iso or parsed_date(cell, pattern))


def test_several_patterns_are_tried_in_turn(database: Database) -> None:
    cells = ["31/01/2026", "1 Feb 2026", "2026-03-01", "31/02/2026", "2026/03/01"]
    expected = [day("2026-01-31"), day("2026-02-01"), day("2026-03-01"), None, None]
    assert evaluated(database, date_sql("v", ["%d/%m/%Y", "%d %b %Y"]), cells) == expected


@pytest.mark.parametrize(
    ("patterns", "fault"),
    [
        (["%d/%m/%Y", "%d.%m.%Y", "iso", "%d %b %Y"], ""),
        (["%d/%m/%Y", "%d/%m/%Y %H:%M"], ""),
        (["%d/%m"], "'%d/%m' must have the year once: %Y or %y"),
        (["%d %b %m %Y"], "'%d %b %m %Y' must have the month once: %m or %b or %B"),
        (["%d/%d/%Y"], "'%d/%d/%Y' must have the day once: %d"),
        (["DD/MM/YYYY"], "'DD/MM/YYYY' must have the day once: %d"),
        (["%d/%m/%Y %"], "'%' in '%d/%m/%Y %' is not one of %d %m %b %B %Y %y %H %I %M %S %f %p %z %%"),
        (["%j %Y"], "'%j' in '%j %Y' is not one of %d %m %b %B %Y %y %H %I %M %S %f %p %z %%"),
        (["%z %d/%m/%Y"], "'%z' must stand at the end of '%z %d/%m/%Y', once"),
        (["%d/%m/%Y", "%m/%d/%Y"], "'10/12/2011' is 2011-12-10 under '%d/%m/%Y' and 2011-10-12 under '%m/%d/%Y'"),
        (["%y/%m/%d", "%d/%m/%y"], "'11/12/10' is 2011-12-10 under '%y/%m/%d' and 2010-12-11 under '%d/%m/%y'"),
        (["%Y-%d-%m"], "'2011-10-12' is 2011-12-10 under '%Y-%d-%m' and 2011-10-12 under '%Y-%m-%d'"),
    ],
)
def test_patterns_that_cannot_be_read_by_are_found_before_any_cell(patterns: list[str], fault: str) -> None:
    assert fault_of_patterns(patterns) == fault


def test_no_piece_of_sql_needs_anything_but_the_cell() -> None:
    """Literals are quoted: a pattern with an apostrophe does not end the string that it stands in."""
    assert re.search(r"it''s", date_sql("v", ["it's %d.%m.%Y"]))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("8.960000000000001", "8.96"),
        ("-2.6699999999999999", "-2.67"),
        ("0.30000000000000004", "0.3"),
        ("0.07000000000000001", "0.07"),
        ("123456.78999999999", "123456.79"),
        ("0.1234567", None),
        ("8.96000000000001", None),
        ("8.9600000000000001234", None),
        ("2.669999999999991", None),
        ("1234567.1234560001", None),
    ],
)
def test_the_noise_of_a_binary_number_is_left_out_and_nothing_else_is(
    database: Database, cell: str, value: str | None
) -> None:
    expected = [None if value is None else Decimal(value)]
    assert numbers(database, "plain", [cell]) == numbers(database, ".", [cell]) == expected
    assert numbers(database, ",", [cell.replace(".", ",")]) == numbers(database, ",", [f"{STORED}{cell}"]) == expected


@given(st.decimals(-99_999, 99_999, places=6), st.integers(1, 9))
@QUICK
def test_a_product_of_doubles_is_read_as_what_it_was_meant_to_be_or_not_at_all(
    database: Database, number: Decimal, times: int
) -> None:
    text = format(Decimal(repr(float(number) * times)), "f")
    assert numbers(database, "plain", [text])[0] in {None, number * times}
