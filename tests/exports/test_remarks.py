"""Dates that are hardly meant are told, once for each kind and export, and nothing is refused for them."""

from pathlib import Path

import pytest

from tests.books import book

HEADING = "number,customer_id,date,due_date\n"
USUAL = [f"I-{day},C-1,2026-01-{day},2026-02-{day}" for day in range(10, 20)]


def warned(folder: Path, *rows: str, type_: str = "invoices") -> list[str]:
    """The warnings, without hints, that the usual rows and these, from row 12 on, come to on 2026-03-01."""
    text = HEADING + "".join(f"{row}\n" for row in [*USUAL, *rows])
    with book(folder, {f"{type_}.csv": text}, site="currency: EUR, as_of: 2026-03-01") as opened:
        assert len(next(iter(opened.accounts(["C-1"]))).transactions) == len(USUAL) + len(rows)
        return [f"{each.where}: {each.message}" for each in opened.report.warnings]


def test_of_usual_dates_nothing_is_told(tmp_path: Path) -> None:
    assert warned(tmp_path, "I-1,C-1,2026-01-01,2026-01-01", "I-2,C-1,2026-01-01,", "I-3,C-1,1970-01-01,") == []


def test_due_dates_before_the_document_are_told_with_the_first_and_their_number(tmp_path: Path) -> None:
    rows = ["I-1,C-1,2026-01-02,2026-01-01", "I-2,C-1,2026-01-02,2025-01-01", "I-3,C-1,2026-01-02,2025-02-01"]
    assert warned(tmp_path, *rows, type_="orders") == [
        "orders.csv:12:4: due_date: '2026-01-01' is before the document's own date, 2026-01-02; so are 2 more"
    ]


def test_days_before_1970_are_told(tmp_path: Path) -> None:
    assert warned(tmp_path, "I-1,C-1,1900-01-01,", "I-2,C-1,1969-12-31,1969-12-31") == [
        "invoices.csv:12:3: date: '1900-01-01' is before 1970; so are 1 more",
        "invoices.csv:13:4: due_date: '1969-12-31' is before 1970",
    ]


@pytest.mark.parametrize("others", [(), ("I-2,C-1,2206-01-02,", "I-3,C-1,2207-01-02,")])
def test_a_day_years_ahead_of_all_others_is_told_also_if_it_is_not_alone(
    others: tuple[str, ...], tmp_path: Path
) -> None:
    [said] = warned(tmp_path, "I-1,C-1,2062-01-02,", *others)
    more = "; so are 2 more" * bool(others)
    assert said == (
        "invoices.csv:12:3: date: '2062-01-02' is more than two years after the newest document, of 2026-01-19" + more
    )
    assert warned(tmp_path, "I-1,C-1,2026-01-02,2028-01-20") == [
        "invoices.csv:12:4: due_date: '2028-01-20' is more than two years after the newest document, of 2026-01-19"
    ]
    assert warned(tmp_path, "I-1,C-1,2026-01-02,2028-01-19", "I-2,C-1,2028-01-19,") == []


def test_each_export_is_compared_with_itself(tmp_path: Path) -> None:
    old = HEADING + "Q-1,C-1,2020-01-01,2022-01-02\nQ-2,C-1,2020-01-01,2026-06-01\n"
    new = HEADING + "I-1,C-1,2026-01-01,2026-06-01\n"
    with book(tmp_path, {"quotes.csv": old, "invoices.csv": new}, site="currency: EUR, as_of: 2026-03-01") as opened:
        assert [f"{each.where}: {each.message}" for each in opened.report.warnings] == [
            "quotes.csv:3:4: due_date: '2026-06-01' is more than two years after the newest document, of 2020-01-01"
        ]
