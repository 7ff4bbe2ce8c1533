"""Cells that are not what their column is said to hold: discounts of another kind, days that there are not."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.imports import imported, refused

DOCUMENTS = "number,customer_id,date\nI-1,C-1,2026-01-01\n"


def files(cell: str) -> dict[str, str | bytes]:
    return {"i.csv": DOCUMENTS, "l.csv": f"number,quantity,unit_price,discount\nI-1,1,1000,{cell}\n"}


def entry(kind: str) -> str:
    return f"{{type: invoices, path: i.csv, decimal: '.', lines: {{path: l.csv, discount: {kind}}}}}"


@pytest.mark.parametrize(
    ("kind", "cell", "amount"),
    [
        ("percent", "10", 900),
        ("percent", "10%", 900),
        ("fraction", "0.1", 900),
        ("fraction", "10%", 900),
        ("amount", "10", 990),
        ("amount", "€10.00", 990),
    ],
)
def test_a_sign_that_agrees_is_read(kind: str, cell: str, amount: int, tmp_path: Path) -> None:
    [line] = imported(tmp_path, files(cell), entry(kind)).documents[0].lines
    assert line.amount == Decimal(amount)


@pytest.mark.parametrize(
    ("kind", "cell", "hint"),
    [
        ("percent", "€50.00", "if it is an amount, say: lines: {discount: amount}"),
        ("fraction", "EUR 0.10", "if it is an amount, say: lines: {discount: amount}"),
        ("amount", "10%", "if it is a percentage, say: lines: {discount: percent}"),
        ("fraction", "999999999999999", "at most 15 digits before the point and 6 after it"),
    ],
)
def test_a_sign_that_contradicts_is_refused(kind: str, cell: str, hint: str, tmp_path: Path) -> None:
    [said, advice] = refused(tmp_path, files(cell), entry(kind))
    assert said.endswith(f"discount: '{cell}' is not a number")
    assert hint in advice


@pytest.mark.parametrize(
    ("day", "hint"),
    [
        ("30/02/2026", "the calendar has no such day, or it is before 1900"),
        ("31/01/0026", "the calendar has no such day, or it is before 1900"),
        ("01/31/2026", "maybe dates: '%m/%d/%Y'"),
        ("0001-01-01", "no date before 1900 is read; if it means nothing, say: empty: ['0001-01-01']"),
        ("2026-02-30", "the calendar has no such day"),
    ],
)
def test_a_day_that_is_none_is_refused(day: str, hint: str, tmp_path: Path) -> None:
    text = f"number,customer_id,date\nI-1,C-1,{day}\n"
    [said, advice] = refused(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv, dates: '%d/%m/%Y'}")
    assert said.endswith(f"date: '{day}' is not a date")
    assert advice.endswith(hint)
