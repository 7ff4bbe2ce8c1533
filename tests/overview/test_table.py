"""The matrix as a table for spreadsheets and scripts."""

import csv
import io

from portalgen.customers import Exported
from portalgen.model import GRANTABLE_TYPES
from portalgen.overview.rows import Overview
from portalgen.overview.table import COLUMNS, overview_csv
from tests.overviews import ANTS, EXAMPLE, FORMULA, overview, row


def rows(of: Overview) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(overview_csv(of), newline=""), strict=True))


def test_a_row_for_each_link_and_for_each_customer_without() -> None:
    found = rows(EXAMPLE)
    assert [(each["customer"], each["portal"], each["contact"], each["state"]) for each in found] == [
        ("C-1", "ants", "", "live"),
        ("C-1", "ants", "ann", "live"),
        ("C-2", "bees", "", "disabled"),
        ("C-2", "bees", "bo", "live"),
        ("C-3", "", "", "no portal"),
        ("C-4", "", "", "no portal"),
    ]
    assert found[0] | dict.fromkeys(GRANTABLE_TYPES, "") == dict.fromkeys(COLUMNS, "") | {
        "customer": "C-1",
        "customer_name": "Ants & Sons",
        "erp_status": "Active",
        "documents": "12",
        "portal": "ants",
        "state": "live",
        "published": "yes",
        "last_published": "2026-11-30T23:40:00Z",
        "issued": "2026-11-01",
        "expires": "2026-12-31",
        "revision": "1",
    }


def test_a_column_for_each_type_with_a_count_or_yes_or_nothing() -> None:
    first, _, third, fourth, *others = rows(EXAMPLE)
    assert [first[type_] for type_ in GRANTABLE_TYPES] == ["0", "", "12", "", "", "yes", ""]
    assert [third[type_] for type_ in GRANTABLE_TYPES] == ["", "yes", "", "", "", "", ""]
    assert {each[type_] for each in (fourth, *others) for type_ in GRANTABLE_TYPES} == {""}


def test_every_row_has_every_cell_and_ends_as_rfc_4180_says() -> None:
    text = overview_csv(EXAMPLE)
    assert text.endswith("\r\n")
    assert text.count("\r\n") == text.count("\n") == 7
    assert {len(each) for each in csv.reader(io.StringIO(text, newline=""), strict=True)} == {len(COLUMNS)}


def test_no_cell_is_a_formula() -> None:
    hostile = ["=1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\uff1d1", " =1"]
    people = [(Exported("C-1", name, name), [row("p", "q", name=name, email=name)]) for name in hostile]
    found = rows(overview(*people, without=[Exported("=1+1", FORMULA)]))
    texts = [cell for each in found for cell in each.values()]
    assert not [cell for cell in texts if cell.lstrip()[:1] and cell.lstrip()[0] in "=+-@\t\uff1d"]
    assert found[-1]["customer_name"] == f"'{FORMULA}"


def test_honest_names_come_back_as_they_are() -> None:
    names = ["O'Malley's \"Bosun\" Stores, Ltd.", "株式会社; x", "line\nbreak"]
    found = rows(overview(*((Exported("0012", name), [row("p")]) for name in names)))
    assert [each["customer_name"] for each in found] == names
    assert {each["customer"] for each in found} == {"0012"}


def test_the_table_of_nobody_is_its_heading() -> None:
    assert rows(overview()) == []
    assert overview_csv(overview((ANTS, []))).startswith('"customer","customer_name","erp_status"')
