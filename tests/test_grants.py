"""Who may see what: states, what a contact is left of its portal, and that a missing permission shows nothing."""

import datetime
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.book import Extent
from portalgen.errors import InvalidInputError, Location
from portalgen.grants import (
    DISABLED,
    EXPIRED,
    LIVE,
    bundle_for,
    extents_of,
    links_of,
    mismatches,
    ungranted,
    unknown_branches,
)
from portalgen.model import (
    TRANSACTION_TYPES,
    Account,
    Contact,
    Customer,
    Definitions,
    ExportSource,
    Link,
    LinkId,
    Portal,
    Site,
)
from tests.samples import invoice

TODAY = datetime.date(2026, 11, 22)
SITE = Site(id="x", title="x", locale="en-GB", key="a")
HERE = {"customer": Location("f", 1), "name": Location("f", 2), "show": Location("f", 3), "branches": Location("f", 4)}
HERE |= {f"branches.{number}": Location("f", 5 + number) for number in range(3)}
BRANCHES = ("North", "north", "North ", "Nort", "North\u00a0", "NORTH", "\uff2eorth", "South", "ALL", "")
"""Branches that some way of comparing takes for one another, and none at all."""
LIMITS = st.none() | st.lists(st.sampled_from(BRANCHES[:-1]), max_size=4).map(tuple)
SHOWN = st.lists(st.sampled_from(TRANSACTION_TYPES), unique=True).map(tuple)


def definitions(*portals: Portal) -> Definitions:
    customers = ExportSource("customers", "exports/customers.csv", {})
    return Definitions("f", Path(), SITE, "", (customers,), (), portals)


def links(*portals: Portal, today: datetime.date = TODAY) -> list[Link]:
    return [*links_of(definitions(*portals), today)]


def portal(**values: object) -> Portal:
    return replace(Portal("acme", "C-1", places=HERE), **values)  # type: ignore[arg-type]  # a test names its fields


def contact(**values: object) -> Contact:
    return replace(Contact("ann", "Ann", places=HERE), **values)  # type: ignore[arg-type]  # a test names its fields


def test_a_portal_and_each_of_its_contacts_have_a_link_in_their_order() -> None:
    first = portal(contacts=(contact(id="zoe"), contact(id="ann")))
    found = [str(link.id) for link in links(first, portal(id="bees"))]
    assert found == ["acme", "acme/zoe", "acme/ann", "bees"]


def test_without_show_a_link_shows_no_transaction() -> None:
    assert [link.types for link in links(portal(contacts=(contact(),)))] == [(), ()]
    assert [link.types for link in links(portal(contacts=(contact(show=TRANSACTION_TYPES),)))] == [(), ()]


@given(SHOWN, SHOWN)
def test_a_contact_sees_no_more_than_its_portal_and_no_more_than_itself(
    of_portal: tuple[str, ...], of_contact: tuple[str, ...]
) -> None:
    whole, part = links(portal(show=of_portal, contacts=(contact(show=of_contact),)))
    assert whole.types == of_portal
    assert {*part.types} == {*of_portal} & {*of_contact}


@pytest.mark.parametrize(
    ("expires", "state"),
    [
        (None, LIVE),
        (TODAY + datetime.timedelta(1), LIVE),
        (TODAY, LIVE),
        (TODAY - datetime.timedelta(1), EXPIRED),
        (datetime.date.min, EXPIRED),
    ],
)
def test_the_day_of_expiry_is_the_last_on_which_a_link_lives(expires: datetime.date | None, state: str) -> None:
    [link] = links(portal(expires=expires))
    assert link.state == state
    [of_portal, of_contact] = links(portal(contacts=(contact(expires=expires),)))
    assert (of_portal.state, of_contact.state) == (LIVE, state)


def test_what_the_portal_loses_each_contact_loses() -> None:
    past = TODAY - datetime.timedelta(1)
    both = (contact(), contact(id="bob", enabled=False))
    assert [link.state for link in links(portal(enabled=False, contacts=both))] == [DISABLED] * 3
    assert [link.state for link in links(portal(expires=past, contacts=both))] == [EXPIRED, EXPIRED, DISABLED]
    assert [link.state for link in links(portal(contacts=both))] == [LIVE, LIVE, DISABLED]
    assert [link.state for link in links(portal(enabled=False, expires=past))] == [DISABLED]


def test_locale_and_key_come_from_the_nearest_that_says_one_and_revision_from_the_link_itself() -> None:
    silent, own = contact(id="ann", revision=3), contact(id="bob", locale="fr", key="c")
    found = links(portal(revision=2, contacts=(silent, own)))
    assert [(link.locale, link.key, link.revision) for link in found] == [
        ("en-GB", "a", 2),
        ("en-GB", "a", 3),
        ("fr", "c", 1),
    ]
    found = links(portal(locale="de", key="b", contacts=(silent, own)))
    assert [(link.locale, link.key) for link in found] == [("de", "b"), ("de", "b"), ("fr", "c")]


def test_a_contact_s_name_and_address_are_on_its_link_alone() -> None:
    of_portal, of_contact = links(portal(contacts=(contact(email="ann@acme.example"),)))
    assert (of_portal.contact_name, of_portal.contact_email) == ("", "")
    assert (of_contact.contact_name, of_contact.contact_email) == ("Ann", "ann@acme.example")


GONE = "if the customer is gone from the ERP, delete the portal"


@pytest.mark.parametrize(
    ("customers", "message", "hint", "line"),
    [
        ({"C-1": "Acme"}, None, None, 0),
        ({"C-2": "Acme"}, "portal 'acme': customer 'C-1' is not in exports/customers.csv", "did you mean 'C-2'?", 1),
        ({}, "portal 'acme': customer 'C-1' is not in exports/customers.csv", GONE, 1),
        ({"C-11": "Other"}, "portal 'acme': customer 'C-1' is not in exports/customers.csv", GONE, 1),
        (
            {"C-1": "ACME"},
            "portal 'acme': customer 'C-1' is called 'ACME', not 'Acme'",
            "the name is there to catch a wrong id; if the customer was renamed, write the new name here",
            2,
        ),
    ],
)
def test_a_portal_and_the_export_agree_on_the_customer(
    customers: dict[str, str], message: str | None, hint: str | None, line: int
) -> None:
    found = mismatches(definitions(portal(name="Acme")), customers)
    if message is None:
        assert found == []
    else:
        assert [(each.where.line, each.message, each.hint) for each in found] == [(line, message, hint)]


def test_a_portal_without_a_name_takes_any() -> None:
    assert mismatches(definitions(portal()), {"C-1": "Acme"}) == []


def test_what_a_contact_is_given_and_does_not_see_is_said() -> None:
    narrow = portal(
        show=("orders",), contacts=(contact(show=("quotes", "orders", "invoices")), contact(show=("orders",)))
    )
    [problem] = ungranted(definitions(narrow))
    assert (problem.where.line, problem.message) == (3, "portal 'acme': contact 'ann' does not see quotes, invoices")


@given(SHOWN)
def test_a_bundle_holds_the_granted_types_of_its_customer_and_nothing_else(types: tuple[str, ...]) -> None:
    rows = tuple(
        invoice(f"{type_}-{customer}", type=type_, customer_id=customer)
        for customer in ("C-1", "C-2", "c-1", "C-1 ")
        for type_ in TRANSACTION_TYPES
    )
    link = Link(LinkId("acme"), "C-1", 1, "a", types, LIVE, "en")
    bundle = bundle_for(link, Account(Customer("C-1", "Acme"), rows), SITE, TODAY)
    assert [row.number for row in bundle.transactions] == [
        f"{type_}-C-1" for type_ in TRANSACTION_TYPES if type_ in types
    ]
    assert bundle.as_of == TODAY


def test_without_branches_all_are_shown_and_with_an_empty_list_none() -> None:
    found = links(portal(contacts=(contact(), contact(branches=()))), portal(branches=(), contacts=(contact(),)))
    assert [link.branches for link in found] == [None, None, (), (), ()]


@given(LIMITS, LIMITS)
def test_a_contact_sees_no_branch_that_its_portal_does_not(
    of_portal: tuple[str, ...] | None, of_contact: tuple[str, ...] | None
) -> None:
    whole, part = links(portal(branches=of_portal, contacts=(contact(branches=of_contact),)))
    everything = frozenset(BRANCHES)
    limits = [everything if some is None else frozenset(some) for some in (of_portal, of_contact)]
    assert (everything if whole.branches is None else {*whole.branches}) == limits[0]
    assert (everything if part.branches is None else {*part.branches}) == limits[0] & limits[1]


def link_to(branches: tuple[str, ...] | None, types: tuple[str, ...] = TRANSACTION_TYPES) -> Link:
    return Link(LinkId("acme"), "C-1", 1, "a", types, LIVE, "en", branches=branches)


@given(LIMITS, SHOWN)
def test_a_limited_link_shows_what_is_of_its_branches_byte_for_byte(
    branches: tuple[str, ...] | None, types: tuple[str, ...]
) -> None:
    """And nothing that is of no branch; extents count exactly the rows that the bundle holds."""
    rows = tuple(
        invoice(f"{type_} {number}", type=type_, customer_id="C-1", branch=branch)
        for type_ in TRANSACTION_TYPES
        for number, branch in enumerate(BRANCHES)
    )
    link = link_to(branches, types)
    bundle = bundle_for(link, Account(Customer("C-1", "Acme"), rows), SITE, TODAY)
    assert [row.number for row in bundle.transactions] == [
        row.number for row in rows if row.type in types and (branches is None or row.branch in branches)
    ]
    there = {
        (customer, type_): {row.branch: Extent(1, row.date, row.date) for row in rows if row.type == type_}
        for customer in ("C-1", "C-2")
        for type_ in TRANSACTION_TYPES
    }
    counts = Counter(row.type for row in bundle.transactions)
    assert {type_: extent.count for type_, extent in extents_of(link, there).items()} == dict(counts)


def test_extents_go_from_the_first_day_of_a_shown_branch_to_the_last() -> None:
    days = [TODAY + datetime.timedelta(number) for number in range(6)]
    there = {
        ("C-1", "invoices"): {
            "North": Extent(2, days[1], days[2]),
            "South": Extent(3, days[2], days[4]),
            "": Extent(1, days[0], days[5]),
        }
    }
    assert extents_of(link_to(("South", "North")), there) == {"invoices": Extent(5, days[1], days[4])}
    assert extents_of(link_to(None), there) == {"invoices": Extent(6, days[0], days[5])}
    assert extents_of(link_to(("West",)), there) == extents_of(link_to(()), there) == {}


REFERENCES = {
    "quote_number": "quotes",
    "order_number": "orders",
    "invoice_number": "invoices",
    "delivery_note_number": "delivery_notes",
}


@pytest.mark.parametrize("field", REFERENCES)
def test_a_limited_link_names_no_document_that_it_does_not_show(field: str) -> None:
    """One of another branch, of none, that is not in the exports, or that is only of another type."""
    type_ = REFERENCES[field]
    other = "credit_notes" if type_ != "credit_notes" else "orders"
    there = (
        invoice("north", type=type_, customer_id="C-1", branch="North"),
        invoice("south", type=type_, customer_id="C-1", branch="South"),
        invoice("nowhere", type=type_, customer_id="C-1"),
        invoice("other", type=other, customer_id="C-1", branch="North"),
    )
    named = ["north", "south", "nowhere", "other", "unknown"]
    rows = [
        replace(invoice(f"about {number}", customer_id="C-1", branch="North"), **{field: number})  # type: ignore[arg-type]
        for number in named
    ]
    account = Account(Customer("C-1", "Acme"), (*there, *rows))

    def names(link: Link) -> list[str]:
        found = {row.number: getattr(row, field) for row in bundle_for(link, account, SITE, TODAY).transactions}
        return [found[f"about {number}"] for number in named]

    assert names(link_to(None)) == named
    assert names(link_to(("North", "South"))) == ["north", "south", "", "", ""]
    assert names(link_to(("North",))) == ["north", "", "", "", ""]
    if type_ != "invoices":
        assert names(link_to(("North",), ("invoices",))) == ["", "", "", "", ""]


def test_branches_that_a_contact_does_not_see_are_said() -> None:
    narrow = portal(
        branches=("North", "South"),
        contacts=(contact(branches=("South", "West", "East")), contact(branches=("North",)), contact()),
    )
    [problem] = ungranted(definitions(narrow))
    assert (problem.where.line, problem.message) == (4, "portal 'acme': contact 'ann' does not see branches West, East")
    assert ungranted(definitions(portal(contacts=(contact(branches=("West",)),)))) == []


def test_a_branch_that_no_document_of_the_customer_has_is_said_with_one_that_it_has() -> None:
    """Nothing of another customer's is proposed."""
    day = Extent(1, TODAY, TODAY)
    there = {
        ("C-1", "invoices"): {"North": day, "": day},
        ("C-1", "orders"): {"South": day},
        ("C-2", "orders"): {"Nord": day},
    }
    limited = portal(branches=("South", "Nord"), contacts=(contact(branches=("", "north")),))
    found = [*unknown_branches(definitions(limited), there)]
    assert [(each.where.line, each.message, each.hint) for each in found] == [
        (6, "portal 'acme': no document of customer 'C-1' is of branch 'Nord'", "did you mean 'North'?"),
        (5, "portal 'acme': no document of customer 'C-1' is of branch ''", "valid here: North, South"),
        (6, "portal 'acme': no document of customer 'C-1' is of branch 'north'", "did you mean 'North'?"),
    ]
    [bare] = unknown_branches(definitions(portal(customer="C-3", branches=("North",))), there)
    assert bare.hint == "none of them names a branch at all"
    assert [*unknown_branches(definitions(replace(limited, enabled=False)), there)] == []


def test_a_bundle_is_not_made_of_another_customer_s_account() -> None:
    link = Link(LinkId("acme"), "C-1", 1, "a", TRANSACTION_TYPES, LIVE, "en")
    with pytest.raises(InvalidInputError, match="link 'acme' is not for customer 'C-10'"):
        bundle_for(link, Account(Customer("C-10", "Other"), ()), SITE, TODAY)


def test_a_disabled_portal_needs_no_customer() -> None:
    assert mismatches(definitions(portal(name="Acme", enabled=False)), {}) == []
