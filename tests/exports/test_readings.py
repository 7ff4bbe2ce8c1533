"""How cells are read: dates and decimals declared, or proven by the export's own cells, and never guessed."""

import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.books import book
from tests.imports import imported, refused


def dated(*dates: str) -> str:
    return "number;customer_id;date\n" + "".join(f"I-{number};C-1;{day}\n" for number, day in enumerate(dates, 1))


def priced(*totals: str, currency: str = "EUR") -> str:
    rows = [f"I-{number};C-1;2026-01-01;{currency};{total}\n" for number, total in enumerate(totals, 1)]
    return "number;customer_id;date;currency;total\n" + "".join(rows)


PROVE = "{type: invoices, path: i.csv, dates: prove, decimal: prove}"


def days(folder: Path, *dates: str, entry: str = PROVE) -> list[str]:
    found = imported(folder, {"i.csv": dated(*dates)}, entry).documents
    return [str(each.date) for each in sorted(found, key=lambda each: each.number)]


def totals(folder: Path, *cells: str, entry: str = PROVE) -> list[Decimal | None]:
    found = imported(folder, {"i.csv": priced(*cells)}, entry).documents
    return [each.total for each in sorted(found, key=lambda each: each.number)]


def test_one_date_that_fits_one_order_proves_it_for_all(tmp_path: Path) -> None:
    assert days(tmp_path, "02/01/2026", "13/01/2026") == ["2026-01-02", "2026-01-13"]
    assert days(tmp_path, "02/01/2026", "01/13/2026") == ["2026-02-01", "2026-01-13"]


def test_dates_that_fit_both_orders_are_refused_with_both_readings(tmp_path: Path) -> None:
    said = refused(tmp_path, {"i.csv": dated("02/01/2026", "03/04/2026")}, PROVE)
    both = "'02/01/2026' is 2026-01-02 under '%d/%m/%Y' and 2026-02-01 under '%m/%d/%Y'"
    assert said == [
        f"i.csv:2:3: date: {both}; every one can be read in two ways",
        "hint: say which it is: dates: '%d/%m/%Y' or '%m/%d/%Y'",
    ]
    assert days(tmp_path, "02/01/2026", entry="{type: invoices, path: i.csv, dates: '%m/%d/%Y'}") == ["2026-02-01"]


def test_dates_that_are_the_same_either_way_need_no_word(tmp_path: Path) -> None:
    assert days(tmp_path, "01/01/2026", "02/02/2026") == ["2026-01-01", "2026-02-02"]


def test_native_dates_may_be_mixed_in(tmp_path: Path) -> None:
    assert days(tmp_path, "2026-03-04", "13/01/2026", "2026-03-05 00:00:00") == [
        "2026-03-04",
        "2026-01-13",
        "2026-03-05",
    ]


def test_files_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i1.csv": dated("13/01/2026"), "i2.csv": dated("01/14/2026").replace("I-", "J-")}
    said = refused(tmp_path, files, PROVE.replace("i.csv", "'i?.csv'"))
    assert said[1] == (
        "hint: i1.csv is written by '%d/%m/%Y', i2.csv is written by '%m/%d/%Y': "
        "give each kind of file an entry of its own"
    )
    assert [line for line in said if not line.startswith("hint")] == [
        "i1.csv:2:3: date: '13/01/2026' is 2026-01-13 under '%d/%m/%Y'; not all can be read in the same way",
        "i2.csv:2:3: date: '01/14/2026' is 2026-01-14 under '%m/%d/%Y'; not all can be read in the same way",
    ]
    files |= {"i0.csv": dated("02/03/2026").replace("I-", "K-"), "i3.csv": dated("2026-01-14").replace("I-", "L-")}
    assert refused(tmp_path, files, PROVE.replace("i.csv", "'i?.csv'")) == said
    files = {"i1.csv": priced("1,5"), "i2.csv": priced("1.5").replace("I-", "J-")}
    said = refused(tmp_path / "decimals", files, PROVE.replace("i.csv", "'i?.csv'"))
    assert "i1.csv is with ',' before the decimals, i2.csv is with '.' before the decimals" in said[1]


def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, {"i.csv": dated("13/01/2026", "01/14/2026")}, PROVE) != []
    assert refused(tmp_path, {"i.csv": priced("1.234,56", "1,234.56")}, PROVE) != []


def test_a_comma_that_could_be_either_is_refused_with_both_readings(tmp_path: Path) -> None:
    said = refused(tmp_path, {"i.csv": priced("1,234", "100")}, PROVE)
    assert said[0] == (
        "i.csv:2:5: total: '1,234' is 1234 under '.' and 1.234 under ','; every one can be read in two ways"
    )
    assert totals(tmp_path, "1,234", "1,50") == [Decimal("1.234"), Decimal("1.5")]
    assert totals(tmp_path, "1,234", "1.50") == [Decimal(1234), Decimal("1.5")]


def test_lines_and_documents_of_one_export_are_proven_together(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": priced("1,234"),
        "l.csv": "number;description;amount\nI-1;a;1.233,50\n",
    }
    [invoice] = imported(tmp_path, files, PROVE.replace("}", ", lines: {path: l.csv}}")).documents
    assert invoice.total == Decimal("1.234")


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1'234,56", "1234.56"),
        ("(12,00)", "-12"),
        ("12,00-", "-12"),
        ("'-4,0", "-4"),
        ("12,50 €", "12.5"),
        ("EUR 12,50", "12.5"),
    ],
)
def test_numbers_are_read_as_they_are_written(cell: str, amount: str, tmp_path: Path) -> None:
    assert totals(tmp_path, cell, entry="{type: invoices, path: i.csv, decimal: ','}") == [Decimal(amount)]


def test_the_symbol_of_another_currency_is_refused_in_documents_and_lines(tmp_path: Path) -> None:
    comma = "{type: invoices, path: i.csv, decimal: '.', lines: {path: l.csv}}"
    lines = "number;description;amount\nI-1;a;{}\n"
    files: dict[str, str | bytes] = {"i.csv": priced("$12.50"), "l.csv": lines.format("€5")}
    assert refused(tmp_path, files, comma)[0] == (
        "i.csv:2:5: total: '$12.50' is in another currency than the document, which is in EUR"
    )
    files = {"i.csv": priced("12.50"), "l.csv": lines.format("$5")}
    assert refused(tmp_path, files, comma)[0] == (
        "l.csv:2:3: amount: '$5' is in another currency than the document, which is in EUR"
    )
    files = {"i.csv": priced("$12.50", currency="USD"), "l.csv": lines.format("$12.50")}
    assert refused(tmp_path, files, comma) == []


def test_symbols_of_lines_beside_their_documents_are_compared_with_theirs(tmp_path: Path) -> None:
    text = (
        "number,customer_id,date,currency,description,amount\n"
        "I-1,C-1,2026-01-01,USD,a,$1\nI-2,C-1,2026-01-01,EUR,b,$1\nI-3,C-1,2026-01-01,,c,€1\n"
    )
    entry = "{type: invoices, path: i.csv, layout: repeat, decimal: '.', lines: {}}"
    assert refused(tmp_path, {"i.csv": text}, entry) == [
        "i.csv:3:6: amount: '$1' is in another currency than the document, which is in EUR",
        SAY_WHICH,
    ]


SAY_WHICH = (
    "hint: if it is right: values: {currency: USD}, or site: {currency: USD}, "
    "or name the column that the currency is in"
)


def test_amounts_in_another_currency_are_told_once_for_a_file_and_counted(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        name: "number,customer_id,date,total\n" + "".join(f"{name}{n},C-1,2026-01-01,$13.50\n" for n in range(40))
        for name in ("a.csv", "b.csv")
    }
    entry = "{type: invoices, path: '[ab].csv', decimal: '.'"
    said = "total: '$13.50' is in another currency than the document, which is in EUR; so are 39 more"
    assert refused(tmp_path, files, f"{entry}}}") == [f"a.csv:2:4: {said}", SAY_WHICH, f"b.csv:2:4: {said}", SAY_WHICH]
    assert refused(tmp_path, files, f"{entry}, values: {{currency: USD}}}}") == []


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("26-01-02", "say how dates are written here, maybe dates: '%y-%m-%d'"),
        ("02/01/26", "say how dates are written here, maybe dates: '%d/%m/%y'"),
        ("12-01-26", "say how dates are written here: dates: '%d-%m-%y' or '%y-%m-%d'"),
        ("26-13-45", "the calendar has no such day, or it is before 1900"),
    ],
)
def test_no_pattern_is_proposed_that_reads_a_date_as_one_of_long_ago(cell: str, hint: str, tmp_path: Path) -> None:
    said = refused(tmp_path, {"i.csv": dated(cell)}, "{type: invoices, path: i.csv}")
    assert said == [f"i.csv:2:3: date: '{cell}' is not a date", f"hint: {hint}"]


def test_without_a_word_dates_are_iso_and_decimals_have_a_point(tmp_path: Path) -> None:
    plain = "{type: invoices, path: i.csv}"
    assert days(tmp_path, "2026-01-31", entry=plain) == [str(datetime.date(2026, 1, 31))]
    said = refused(tmp_path, {"i.csv": dated("31/01/2026")}, plain)
    assert said[1] == "hint: say how dates are written here, maybe dates: '%d/%m/%Y'"
    said = refused(tmp_path, {"i.csv": priced("1,5")}, plain)
    assert said[1] == "hint: say that commas stand before the decimals here: decimal: ','"


def test_several_patterns_may_be_declared(tmp_path: Path) -> None:
    entry = "{type: invoices, path: i.csv, dates: ['%d.%m.%Y', '%d %b %Y']}"
    assert days(tmp_path, "03.01.2026", "4 Jan 2026", entry=entry) == ["2026-01-03", "2026-01-04"]


MOMENTS = "{type: invoices, path: i.json, dates: '%Y-%m-%dT%H:%M:%S%z'}"
CUSTOMERS_ENTRY = "{type: customers, path: customers.csv}"


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-01-01T23:30:00+0000", "Europe/Berlin", "2026-01-02"),
        ("2026-01-01T23:30:00Z", "Europe/Berlin", "2026-01-02"),
        ("2026-07-01T22:30:00Z", "Europe/Berlin", "2026-07-02"),
        ("2026-01-01T22:30:00Z", "Europe/Berlin", "2026-01-01"),
        ("2026-01-02T00:00:00Z", "America/New_York", "2026-01-01"),
        ("2026-01-02T00:30:00+01:00", "UTC", "2026-01-01"),
    ],
)
def test_a_moment_with_a_zone_is_the_day_that_it_is_where_the_site_is(
    moment: str, zone: str, day: str, tmp_path: Path
) -> None:
    files = {"i.json": f'[{{"number": "I-1", "customer_id": "C-1", "date": "{moment}"}}]'}
    entries = f"[{CUSTOMERS_ENTRY}, {MOMENTS}]"
    with book(tmp_path, files, entries, f"currency: EUR, timezone: {zone}") as opened:
        [document] = [each for account in opened.accounts(opened.customers()) for each in account.transactions]
    assert str(document.date) == day


@pytest.mark.parametrize("dates", ["", ", dates: prove"])
@pytest.mark.parametrize(
    ("moment", "pattern"),
    [
        ("2026-01-01T23:30:00Z", "%Y-%m-%dT%H:%M:%S%z"),
        ("2026-01-01 23:30:00.123 +01:00", "%Y-%m-%d %H:%M:%S.%f %z"),
        ("2026-01-01T23:30+0100", "%Y-%m-%dT%H:%M%z"),
    ],
)
def test_what_to_declare_of_a_moment_with_a_zone_is_told_and_can_be_read(
    moment: str, pattern: str, dates: str, tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {"i.csv": f"number,customer_id,date\nI-1,C-1,{moment}\n"}
    said = refused(tmp_path, files, f"{{type: invoices, path: i.csv{dates}}}")
    assert said == [
        f"i.csv:2:3: date: '{moment}' is not a date",
        f"hint: say how moments are written here: dates: '{pattern}'",
    ]
    assert refused(tmp_path, files, f"{{type: invoices, path: i.csv, dates: '{pattern}'}}") == []
