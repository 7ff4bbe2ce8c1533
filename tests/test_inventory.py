"""What may not be shown before somebody accepts it, and links that end when nobody said when."""

import datetime
from pathlib import Path

import pytest

from portalgen.ledger import read_ledger
from portalgen.model import LinkId
from portalgen.pipeline import plan
from portalgen.stores.memory import MemoryStore
from tests.sites import TODAY, SmallSite, new_site

CREDIT_NOTES = "number,customer_id,date,currency,total\nCN-1,C-1,2026-10-05,EUR,10.00\n"
ACCOUNTS = {"accounts": "[invoices]"}


def days(count: int) -> datetime.timedelta:
    return datetime.timedelta(days=count)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def site(tmp_path: Path, store: MemoryStore) -> SmallSite:
    site = new_site(tmp_path, store)
    site.roles = dict(ACCOUNTS)
    site.portals = {"ants": "{customer: C-1, show: accounts}", "bees": "{customer: C-2, show: [invoices]}"}
    return site


def accept(site: SmallSite, *links: str) -> None:
    inventory = site.inventory()
    waiting = plan(inventory).waiting
    for mark, link in inventory.wanted.items():
        if str(link.id) in links:
            inventory.ledger.accept(mark, waiting[link.id])
    inventory.ledger.save()


class TestWhatWaits:
    def test_a_type_that_comes_by_a_wider_role_waits_and_all_else_is_published(self, site: SmallSite) -> None:
        site.publish()
        site.roles["accounts"] = "[invoices, orders]"
        site.portals["bees"] = "{customer: C-2, show: [invoices, orders]}"
        done = site.publish()
        assert done.waiting == {LinkId("ants"): {"orders": 1}}
        assert not any(b"SO-1" in data for data in site.files("ants").values())
        assert any(b"SO-2" in data for data in site.files("bees").values()), "its own definition says so"

    def test_what_was_accepted_is_shown_by_the_next_publish_and_asked_no_more(self, site: SmallSite) -> None:
        site.publish()
        site.roles["accounts"] = "[invoices, orders]"
        assert site.publish().waiting
        accept(site, "ants")
        assert not any(b"SO-1" in data for data in site.files("ants").values()), "accepting publishes nothing"
        assert not site.publish().waiting
        assert any(b"SO-1" in data for data in site.files("ants").values())
        assert site.publish().uploaded == 0

    def test_accepting_for_one_link_accepts_for_no_other(self, site: SmallSite) -> None:
        site.portals["bees"] = "{customer: C-2, show: accounts}"
        site.publish()
        site.roles["accounts"] = "[invoices, orders]"
        accept(site, "ants")
        assert site.publish().waiting == {LinkId("bees"): {"orders": 1}}

    def test_a_type_of_which_exports_come_later_waits(self, site: SmallSite) -> None:
        site.portals["ants"] = "{customer: C-1, show: ALL}"
        site.publish()
        site.write("exports/credit_notes.csv", CREDIT_NOTES)
        site.exported = (*site.exported, "credit_notes")
        assert site.publish().waiting == {LinkId("ants"): {"credit_notes": 1}}
        assert not any(b"CN-1" in data for data in site.files("ants").values())

    def test_the_first_document_of_a_type_that_was_always_exported_does_not_wait(self, site: SmallSite) -> None:
        site.portals["ants"] = "{customer: C-1, show: ALL}"
        site.write("exports/credit_notes.csv", CREDIT_NOTES.splitlines()[0] + "\n")
        site.exported = (*site.exported, "credit_notes")
        site.publish()
        site.write("exports/credit_notes.csv", CREDIT_NOTES)
        assert not site.publish().waiting
        assert any(b"CN-1" in data for data in site.files("ants").values())

    def test_a_changed_definition_speaks_for_itself(self, site: SmallSite) -> None:
        site.publish()
        site.portals["ants"] = "{customer: C-1, show: [accounts, orders]}"
        assert not site.publish().waiting
        assert any(b"SO-1" in data for data in site.files("ants").values())

    def test_a_definition_that_changed_before_and_made_no_difference_hides_no_wider_role(self, site: SmallSite) -> None:
        site.publish()
        site.portals["ants"] = "{customer: C-1, show: [accounts, invoices]}"
        assert site.publish().uploaded == 0
        site.roles["accounts"] = "[invoices, orders]"
        assert site.publish().waiting

    def test_a_contact_may_wait_while_its_portal_shows(self, site: SmallSite) -> None:
        site.portals["ants"] = "{customer: C-1, show: ALL, contacts: {ann: {show: accounts}}}"
        site.publish()
        site.roles["accounts"] = "[invoices, orders]"
        assert site.publish().waiting == {LinkId("ants", "ann"): {"orders": 1}}
        assert any(b"SO-1" in data for data in site.files("ants").values())

    def test_what_a_role_loses_is_taken_away_unasked_while_what_it_gains_waits(self, site: SmallSite) -> None:
        site.publish()
        site.roles["accounts"] = "[orders]"
        assert site.publish().waiting == {LinkId("ants"): {"orders": 1}}
        everything = b"".join(site.files("ants").values())
        assert b"INV-1" not in everything
        assert b"SO-1" not in everything
        assert "index.html" in site.files("ants")

    def test_taking_the_role_back_leaves_nothing_waiting(self, site: SmallSite) -> None:
        site.publish()
        before = site.everything_public()
        site.roles["accounts"] = "[invoices, orders]"
        site.publish()
        site.roles = dict(ACCOUNTS)
        assert not site.publish().waiting
        assert site.everything_public() == before

    def test_a_ledger_of_before_waits_for_nothing(self, site: SmallSite, store: MemoryStore) -> None:
        site.publish()
        text = store.contents["private/ledger.json"].decode()
        old = text.replace('"definition": "accounts"', '"definition": ""').replace('"format": 2', '"format": 1')
        assert old != text
        store.contents["private/ledger.json"] = old.encode()
        site.roles["accounts"] = "[invoices, orders]"
        assert not site.publish().waiting


class TestDefaultExpiry:
    def test_a_link_ends_so_many_days_after_it_was_given_out_not_on_the_last(self, site: SmallSite) -> None:
        site.site_says = "expires_after: 10"
        site.publish(TODAY)
        site.publish(TODAY + days(10))
        assert site.files("ants")
        site.publish(TODAY + days(11))
        assert not site.files("ants")

    def test_a_definition_that_says_when_has_the_last_word(self, site: SmallSite) -> None:
        site.site_says = "expires_after: 10"
        site.portals["ants"] = f"{{customer: C-1, show: accounts, expires: {TODAY + days(30)}}}"
        site.publish(TODAY)
        site.publish(TODAY + days(30))
        assert site.files("ants")
        assert not site.files("bees")

    def test_more_days_give_the_same_link_back(self, site: SmallSite) -> None:
        site.site_says = "expires_after: 10"
        site.publish(TODAY)
        before = site.files("ants")
        site.publish(TODAY + days(20))
        site.site_says = "expires_after: 30"
        site.publish(TODAY + days(20))
        assert site.files("ants") == before

    def test_a_rotated_link_has_its_days_anew(self, site: SmallSite) -> None:
        site.site_says = "expires_after: 10"
        site.publish(TODAY)
        site.portals["ants"] = "{customer: C-1, show: accounts, revision: 2}"
        site.publish(TODAY + days(9))
        site.publish(TODAY + days(15))
        assert site.files("ants", revision=2)
        assert not site.files("bees")

    def test_the_setting_alone_changes_no_byte(self, site: SmallSite) -> None:
        site.publish()
        site.site_says = "expires_after: 10"
        assert site.publish().uploaded == 0


def test_the_ledger_says_when_a_link_was_published_last(site: SmallSite, store: MemoryStore) -> None:
    site.publish(TODAY)
    site.publish(TODAY + days(1))
    records = read_ledger(store, "small") or {}
    assert {record.published for record in records.values()} == {"2026-11-22T12:00:00Z"}
