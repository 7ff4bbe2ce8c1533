"""A contact's e-mail address is compared with what the exports know, so that a link does not go to somebody else."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from portalgen.addressees import doubtful_addressees
from portalgen.cli import main
from portalgen.errors import Location, Problem
from portalgen.model import Contact, Definitions, Portal, Site

EXPORTED = {
    "C-1": ["info@ants.example", "Ann.Lee@Ants.example; bob@ants.example"],
    "C-2": ["info@bees.example", "office@books.example", "INFO@bees.example"],
    "C-3": ["n/a"],
    "C-4": ["office@books.example"],
}


def portal(id_: str, customer: str, *addresses: str, enabled: bool = True) -> Portal:
    contacts = tuple(
        Contact(f"c{number}", "", email=address, places={"email": Location("f", number + 1, 9)})
        for number, address in enumerate(addresses)
    )
    return Portal(id_, customer, contacts=contacts, enabled=enabled)


def found(*portals: Portal, exported: dict[str, list[str]] = EXPORTED) -> list[Problem]:
    definitions = Definitions("f", Path(), Site("x", "x"), "", (), (), portals)
    return [*doubtful_addressees(definitions, exported)]


def test_an_address_of_the_customer_or_of_a_contact_of_it_is_right_in_whatever_case() -> None:
    known = ("info@ants.example", "ann.lee@ants.EXAMPLE", "BOB@ANTS.EXAMPLE", "")
    assert found(portal("ants", "C-1", *known)) == []


def test_an_address_that_is_not_known_is_met_with_the_nearest() -> None:
    [problem] = found(portal("ants", "C-1", "info@ants.example", "anlee@ants.example"))
    assert str(problem) == (
        "f:2:9: portal 'ants': contact 'c1': 'anlee@ants.example' is not among the addresses of customer 'C-1' "
        "in the exports\n  hint: did you mean 'ann.lee@ants.example'?"
    )


@pytest.mark.parametrize("exported", [{}, {"C-3": ["n/a"]}, {"C-1": ["info@ants.example"]}])
def test_of_a_customer_without_addresses_nothing_is_said(exported: dict[str, list[str]]) -> None:
    assert found(portal("crows", "C-3", "any@crows.example"), exported=exported) == []


@pytest.mark.parametrize("customer", ["C-1", "C-3", "C-9"])
def test_an_address_of_another_customer_is_told(customer: str) -> None:
    [problem] = found(portal("ants", customer, "Info@Bees.example"))
    assert "'Info@Bees.example' is an address of customer 'C-2' in the exports" in problem.message
    assert "the right person" in problem.hint


def test_an_address_that_the_exports_have_under_two_customers_is_told_for_each() -> None:
    [one, other] = found(portal("bees", "C-2", "office@books.example"), portal("dogs", "C-4", "office@books.example"))[
        :2
    ]
    assert "customer 'C-4'" in one.message
    assert "customer 'C-2'" in other.message


def test_one_address_in_the_portals_of_two_customers_is_told() -> None:
    [problem] = found(portal("one", "C-8", "x@x.example"), portal("two", "C-9", "X@x.example"), exported={})
    assert "contact 'c0': 'X@x.example' is that of 'one/c0', too, for customer 'C-8'" in problem.message
    assert found(portal("one", "C-8", "x@x.example"), portal("two", "C-8", "x@x.example"), exported={}) == []


def test_what_is_disabled_is_left_out() -> None:
    assert found(portal("ants", "C-1", "who@ants.example", enabled=False)) == []


def test_check_says_where_the_address_stands_and_is_well(tmp_path: Path) -> None:
    (tmp_path / "portals.yaml").write_text(
        "version: 1\nsite: {id: x, title: X}\n"
        "exports:\n  - {type: customers, path: customers.csv}\n  - {type: contacts, path: contacts.csv}\n"
        "portals:\n  ants:\n    customer: C-1\n    contacts:\n      ann:\n        email: ann@aunts.example\n"
        "  bees: {customer: C-2, contacts: {bea: {email: bea@bees.example}}}\n",
        encoding="utf-8",
    )
    (tmp_path / "customers.csv").write_text("id,name,email\nC-1,Ants,info@ants.example\nC-2,Bees,\n", encoding="utf-8")
    (tmp_path / "contacts.csv").write_text("id,customer_id,name,email\n1,C-1,Ann,Ann@ants.example\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["check", "--config", str(tmp_path / "portals.yaml"), "--json"])
    assert done.exit_code == 0
    [warning] = json.loads(done.stdout)["warnings"]
    assert (warning["line"], warning["column"]) == (11, 16)
    assert "'ann@aunts.example' is not among the addresses of customer 'C-1'" in warning["message"]
    assert warning["hint"] == "did you mean 'ann@ants.example'?"
