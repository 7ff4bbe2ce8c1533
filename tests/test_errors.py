"""Problems as a reader sees them, and the hints that name what was probably meant."""

import pytest

from portalgen.errors import (
    InvalidInputError,
    Location,
    NotInStoreError,
    PortalgenError,
    Problem,
    RefusedError,
    StoreError,
    did_you_mean,
    nearest,
    shown,
)


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Location("portals.yaml", 14, 5), "portals.yaml:14:5"),
        (Location("portals.yaml", 14), "portals.yaml:14"),
        (Location("portals.yaml"), "portals.yaml"),
        (Location(), ""),
    ],
)
def test_a_location_names_as_much_as_is_known(where: Location, text: str) -> None:
    assert str(where) == text


def test_a_problem_is_one_line_and_one_for_the_hint() -> None:
    assert str(Problem(Location("a.csv", 2, 1), "number: must not be empty")) == "a.csv:2:1: number: must not be empty"
    assert str(Problem(Location(), "no keys", "make one")) == "no keys\n  hint: make one"


@pytest.mark.parametrize(
    ("hostile", "seen"),
    [("\x1b[2J", "\\x1b[2J"), ("a\nb", "a\\nb"), ("\u202egpj", "\\u202egpj"), ("\u200b", "\\u200b"), ("ü€عَ", "ü€عَ")],
)
def test_what_a_terminal_would_obey_or_hide_is_escaped(hostile: str, seen: str) -> None:
    assert str(Problem(Location(), hostile, hostile)) == f"{seen}\n  hint: {seen}"


def test_problems_are_sorted_by_place_and_each_is_told_once() -> None:
    late, early = Problem(Location("a", 10), "x"), Problem(Location("a", 9), "y")
    assert InvalidInputError.of([late, early, late]).problems == (early, late)


def test_the_text_of_an_error_is_the_text_of_its_problems() -> None:
    error = InvalidInputError.of([Problem(Location("a", 1), "x", "y"), Problem(Location("b"), "z")])
    assert str(error) == "a:1: x\n  hint: y\nb: z"


@pytest.mark.parametrize(
    ("error", "code"),
    [(PortalgenError, 1), (StoreError, 1), (NotInStoreError, 1), (InvalidInputError, 2), (RefusedError, 3)],
)
def test_each_class_has_its_exit_code(error: type[PortalgenError], code: int) -> None:
    assert error("x").exit_code == code


@pytest.mark.parametrize(
    ("wrong", "valid", "right"),
    [
        ("invoces", ["quotes", "invoices"], "invoices"),
        ("all", ["quotes", "ALL"], "ALL"),
        ("C-1010", ["C-1002", "C-1001", "C-1020"], "C-1001"),
        ("STRASSE", ["straße", "strase"], "straße"),
        ("payroll", ["quotes", "invoices"], ""),
        ("", ["quotes"], ""),
        ("quotes", [], ""),
    ],
)
def test_the_nearest_name_differs_in_case_then_in_order_then_by_a_typo(
    wrong: str, valid: list[str], right: str
) -> None:
    assert nearest(wrong, valid) == right


def test_a_hint_lists_the_names_where_none_is_near_and_they_are_few() -> None:
    assert did_you_mean("invoces", ["invoices"]) == "did you mean 'invoices'?"
    assert did_you_mean("x", ["quotes", "orders"]) == "valid here: quotes, orders"
    assert did_you_mean("x", [f"name-{number}" for number in range(13)]) == ""
    assert did_you_mean("x", []) == ""


def test_a_long_value_is_shown_cut_short() -> None:
    assert shown("x" * 60) == f"'{'x' * 60}'"
    assert shown("x" * 61) == f"'{'x' * 57}...'"
