"""Ids that could be taken for each other are refused, unless somebody says that they are two."""

from pathlib import Path

import pytest

from portalgen.exports.similar import folded
from tests.books import CUSTOMERS
from tests.imports import imported, refusals, refused

INVOICES = "{type: invoices, path: i.csv}"


def invoices(*numbers: str) -> dict[str, str | bytes]:
    return {"i.csv": "number,customer_id,date\n" + "".join(f"{number},C-1,2026-01-01\n" for number in numbers)}


ALIKE = [
    ("C-3", "c-3"),
    ("C 3", "C3"),
    ("0012", "12"),
    ("A-007", "A-7"),
    ("straße", "STRASSE"),
    ("C\u00a03", "C3"),
    ("\uff11\uff12", "12"),
    ("\u212b", "\u00c5"),
    ("e\u0301", "\u00e9"),
]
APART = [("C-3", "C3"), ("100", "10"), ("A-1", "A-10"), ("10", "1"), ("0", "00x"), ("1001", "1010")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_customers_that_look_alike_are_refused(one: str, other: str, tmp_path: Path) -> None:
    assert folded(one) == folded(other)
    files: dict[str, str | bytes] = {"customers.csv": f"{CUSTOMERS}{one},x\n{other},y\n"}
    [problem] = refusals(tmp_path, files)
    assert "could be taken for" in problem.message
    assert problem.hint == "write one id in one way; if they are two, say so: similar_ids: allow"
    allowed = "{type: customers, path: customers.csv, similar_ids: allow}"
    assert refusals(tmp_path, files, customers=allowed) == []


@pytest.mark.parametrize(("one", "other"), APART)
def test_ids_that_differ_otherwise_are_two(one: str, other: str, tmp_path: Path) -> None:
    assert folded(one) != folded(other)
    assert refusals(tmp_path, {"customers.csv": f"{CUSTOMERS}{one},x\n{other},y\n"}) == []
    assert refusals(tmp_path, invoices(one, other), INVOICES) == []


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_documents_whose_numbers_look_alike_are_refused(one: str, other: str, tmp_path: Path) -> None:
    [problem] = refusals(tmp_path, invoices(one, other), INVOICES)
    assert "could be taken for" in problem.message
    assert refusals(tmp_path, invoices(one, other), INVOICES.replace("}", ", similar_ids: allow}")) == []


def test_the_places_of_both_are_told(tmp_path: Path) -> None:
    assert refused(tmp_path, invoices("INV-1", "X", "INV-001"), INVOICES) == [
        "i.csv:2:1: number: 'INV-1' could be taken for 'INV-001', which is in i.csv:4:1",
        "hint: write one id in one way; if they are two, say so: similar_ids: allow",
    ]


def test_numbers_of_different_types_do_not_collide(tmp_path: Path) -> None:
    files = invoices("X-1") | {"q.csv": invoices("x-1")["i.csv"]}
    assert refusals(tmp_path, files, INVOICES, "{type: quotes, path: q.csv}") == []


def test_numbers_in_two_entries_of_a_type_do(tmp_path: Path) -> None:
    files = invoices("X-1") | {"j.csv": invoices("x-1")["i.csv"]}
    assert len(refusals(tmp_path, files, INVOICES, "{type: invoices, path: j.csv}")) == 1


def test_more_than_twenty_are_counted_out(tmp_path: Path) -> None:
    pairs = [number for count in range(30) for number in (f"a-{count:02}x", f"A-{count:02}x")]
    said = refusals(tmp_path, invoices(*pairs), INVOICES)
    assert len(said) == 21
    assert said[-1].message == "number: and more like these"


def test_an_id_is_shown_as_it_is_written(tmp_path: Path) -> None:
    numbers = ["0012", "9007199254740993001", "INV/2026/00001", "1e5"]
    assert sorted(imported(tmp_path, invoices(*numbers), INVOICES).owners) == sorted(numbers)
