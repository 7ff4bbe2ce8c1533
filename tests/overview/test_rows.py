"""What is said of each customer and link follows from the definitions, the last build and the ledger."""

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from portalgen.builder import bundle_folder
from portalgen.customers import Exported, customers_file
from portalgen.ledger import read_ledger
from portalgen.overview.rows import Overview, overview_of
from portalgen.pipeline import build_folder
from portalgen.stores.memory import MemoryStore
from tests.overviews import row
from tests.sites import TODAY, SmallSite, new_site


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return new_site(tmp_path, MemoryStore())


def overview(site: SmallSite, today: datetime.date = TODAY) -> Overview:
    definitions = site.definitions
    return overview_of(definitions, today, read_ledger(site.store, "small") or {}, build_folder(definitions))


def test_before_a_build_there_are_only_the_definitions(site: SmallSite) -> None:
    site.portals["bees"] = "{customer: C-2, name: Bees Ltd, show: [invoices]}"
    seen = overview(site)
    assert (seen.as_of, seen.exported, seen.without) == (None, 0, ())
    assert [(each.customer, each.is_exported) for each in seen.served] == [
        (Exported("C-1", ""), False),
        (Exported("C-2", "Bees Ltd"), False),
        (Exported("C-3", ""), False),
    ]
    assert {(each.published, each.cell("invoices")) for each in seen.rows} == {("no", "yes")}


def test_a_customer_without_a_portal_is_seen_after_a_build(site: SmallSite) -> None:
    del site.portals["bees"]
    site.publish()
    seen = overview(site)
    assert (seen.as_of, seen.exported) == (datetime.date(2026, 11, 20), 3)
    assert seen.without == (Exported("C-2", "Bees Ltd", "", 2),)
    assert [(each.customer.name, each.customer.documents, each.portals) for each in seen.served] == [
        ("Ants & Sons", 3, ("ants",)),
        ("Crows", 1, ("crows",)),
    ]


def test_portals_of_one_customer_stand_together(site: SmallSite) -> None:
    site.portals["second"] = "{customer: C-1, show: [orders]}"
    served = overview(site).served
    assert [(each.customer.id, each.portals) for each in served] == [
        ("C-1", ("ants", "second")),
        ("C-2", ("bees",)),
        ("C-3", ("crows",)),
    ]


def test_portals_that_follow_from_the_exports_are_seen_like_defined_ones(site: SmallSite) -> None:
    """From the last build; where it is gone, from what the ledger knows of them."""
    site.portals = {"ants": "{customer: C-1, show: [orders]}"}
    site.every_customer = "{show: [invoices], except: [C-3]}"
    definitions = site.definitions
    site.publish()
    ledger = read_ledger(site.store, "small") or {}
    seen = overview_of(definitions, TODAY, ledger, build_folder(definitions))
    assert [(each.customer.name, each.portals) for each in seen.served] == [
        ("Ants & Sons", ("ants",)),
        ("Bees Ltd", ("C-2",)),
    ]
    assert [each.published for each in seen.rows] == ["yes", "yes"]
    assert [each.id for each in seen.without] == ["C-3"]
    customers_file(build_folder(definitions)).unlink()
    seen = overview_of(definitions, TODAY, ledger, build_folder(definitions))
    assert [each.portals for each in seen.served] == [("ants",), ("C-2",)]


def test_a_customer_who_left_the_exports_is_told_apart(site: SmallSite) -> None:
    site.publish()
    site.portals["gone"] = "{customer: C-9, name: Gone Ltd, enabled: false}"
    assert [(each.customer.name, each.is_exported) for each in overview(site).served][2:] == [
        ("Crows", True),
        ("Gone Ltd", False),
    ]


def test_a_link_shows_the_counts_of_its_own_bundle(site: SmallSite) -> None:
    site.publish()
    ants, ann = overview(site).served[0].rows
    types = ("quotes", "orders", "invoices")
    assert [ants.cell(type_) for type_ in types] == ["0", "1", "2"]
    assert [ann.cell(type_) for type_ in types] == ["", "", "2"]


def test_a_type_that_was_granted_after_the_build_is_not_counted_as_none(site: SmallSite) -> None:
    site.portals["bees"] = "{customer: C-2, show: [invoices, statement]}"
    site.publish()
    site.portals["bees"] = "{customer: C-2, show: [invoices, orders, statement]}"
    bees = overview(site).served[1].rows[0]
    assert [bees.cell(type_) for type_ in ("invoices", "orders", "statement")] == ["1", "new", "yes"]
    assert (bees.count("invoices"), bees.count("orders"), bees.count("statement")) == (1, None, None)


def test_a_contact_ends_with_its_portal_or_before_it(site: SmallSite) -> None:
    contacts = "{a: {expires: 2027-01-01}, b: {expires: 2029-01-01}, c: {}}"
    site.portals = {
        "ants": f"{{customer: C-1, expires: 2028-01-01, contacts: {contacts}}}",
        "bees": "{customer: C-2, contacts: {d: {expires: 2027-02-02}}}",
    }
    days = [each.expires.isoformat() if each.expires else "" for each in overview(site).rows]
    assert days == ["2028-01-01", "2027-01-01", "2028-01-01", "2028-01-01", "", "2027-02-02"]


def test_a_link_that_outlived_the_days_of_the_site_is_expired(site: SmallSite) -> None:
    """Days that begin when it was given out, which the ledger knows."""
    site.publish()
    definitions = replace(site.definitions, site=replace(site.definitions.site, expires_after=10))
    ledger = read_ledger(site.store, "small") or {}
    last = TODAY + datetime.timedelta(days=10)
    for day, state in ((last, "live"), (last + datetime.timedelta(days=1), "expired")):
        seen = overview_of(definitions, day, ledger, build_folder(definitions))
        assert {(each.expires, each.link.state) for each in seen.rows} == {(last, state)}
    assert {each.expires for each in overview_of(definitions, TODAY, {}, build_folder(definitions)).rows} == {None}


def test_what_was_published_is_told_from_what_was_built_since(site: SmallSite) -> None:
    site.publish()
    assert [each.published for each in overview(site).rows] == ["yes"] * 4
    site.write("exports/orders.csv", "number,customer_id,date,currency,total\nSO-1,C-1,2026-09-01,EUR,150.00\n")
    manifest = build_folder(site.definitions) / "manifests" / f"{bundle_folder(row('bees').link.id)}.json"
    manifest.unlink()
    assert [each.published for each in overview(site).rows] == ["yes"] * 4
    site.portals["crows"] = "{customer: C-3, show: [invoices], revision: 2}"
    assert [each.published for each in overview(site).rows] == ["yes", "yes", "yes", "no"]


@pytest.mark.parametrize("published", ["yes", "outdated", "unfinished", "revoked"])
def test_each_word_for_published_has_its_reason(published: str) -> None:
    assert row("ants", counts={}, published=published).published == published


def test_the_last_publish_has_a_moment_where_the_ledger_knows_it() -> None:
    known = row("ants", published="yes", published_at="2026-11-30T22:40:00Z")
    assert known.last_published == datetime.datetime(2026, 11, 30, 22, 40, tzinfo=datetime.UTC)
    assert row("ants", published="yes").last_published is None
    assert row("ants").last_published is None
