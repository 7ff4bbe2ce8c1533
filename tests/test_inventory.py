"""What may not be shown before somebody accepts it, and links that end when nobody said when."""

import datetime
import json
from pathlib import Path

import pytest

from portalgen.errors import InvalidInputError, StoreError
from portalgen.ledger import read_ledger
from portalgen.model import LinkId
from portalgen.pipeline import plan
from portalgen.stores.memory import MemoryStore
from tests.sites import INVOICES, KEY_A, KEY_B, TODAY, SmallSite, new_site

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
    inventory.accept({id_: types for id_, types in waiting.items() if str(id_) in links})
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
        data = json.loads(store.contents["private/ledger.json"])
        del data["history"]
        for link in data["links"]:
            for name in ("definition", "granted", "is_derived", "published"):
                del link[name]
        store.contents["private/ledger.json"] = json.dumps(data | {"format": 1}).encode()
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


def test_a_statement_that_waits_and_cannot_be_made_holds_up_nothing_else(site: SmallSite) -> None:
    site.write("exports/invoices.csv", INVOICES.replace("EUR,100.00,100.00", "EUR,100.00,"))
    site.publish()
    site.roles["accounts"] = "[invoices, statement]"
    site.write("exports/invoices.csv", INVOICES.replace("EUR,100.00,100.00", "EUR,100.00,").replace("INV-2", "INV-8"))
    done = site.publish()
    assert done.waiting == {LinkId("ants"): {"statement": 1}}
    assert not done.refused
    assert any(b"INV-8" in data for data in site.files("ants").values())


class TestWhatStillWaits:
    """What waits is let through by accepting it, or by naming it, and by nothing else."""

    @pytest.fixture
    def waiting(self, site: SmallSite) -> SmallSite:
        """A site in which a role was widened, so that orders wait."""
        site.portals["ants"] = "{customer: C-1, show: [accounts, quotes], contacts: {ann: {show: accounts}}}"
        site.publish()
        site.roles["accounts"] = "[invoices, orders]"
        assert site.publish().waiting
        return site

    @pytest.mark.parametrize(
        "portal",
        [
            "{customer: C-1, show: [accounts], contacts: {ann: {show: accounts}}}",
            "{customer: C-1, show: [quotes, accounts], contacts: {ann: {show: accounts}}}",
            "{customer: C-1, show: [accounts, quotes], revision: 2, contacts: {ann: {show: accounts, revision: 2}}}",
            "{customer: C-1, show: [accounts, quotes], key: b, contacts: {ann: {show: accounts}}}",
            "{customer: C-1, show: [accounts, quotes, receipts], contacts: {ann: {show: [accounts, quotes]}}}",
        ],
        ids=["narrowed", "reordered", "rotated", "another key", "widened by something else"],
    )
    def test_another_change_lets_nothing_through(self, waiting: SmallSite, portal: str) -> None:
        waiting.keys, waiting.key = f"a:{KEY_A} b:{KEY_B}", "a"
        waiting.portals["ants"] = portal
        done = waiting.publish()
        assert done.waiting == {LinkId("ants"): {"orders": 1}, LinkId("ants", "ann"): {"orders": 1}}
        assert not any(b"SO-1" in data for data in waiting.everything_public().values())
        waiting.publish()
        assert not any(b"SO-1" in data for data in waiting.everything_public().values())

    def test_a_portal_that_names_less_gives_a_contact_no_more(self, site: SmallSite) -> None:
        site.portals["ants"] = "{customer: C-1, show: ALL, contacts: {ann: {show: accounts}}}"
        site.publish()
        site.roles["accounts"] = "[invoices, orders]"
        site.publish()
        site.portals["ants"] = "{customer: C-1, show: [invoices, orders], contacts: {ann: {show: accounts}}}"
        assert site.publish().waiting == {LinkId("ants", "ann"): {"orders": 1}}

    def test_a_portal_that_names_more_lets_its_contacts_see_what_they_were_given(self, site: SmallSite) -> None:
        site.portals["ants"] = "{customer: C-1, show: [invoices], contacts: {ann: {show: ALL}}}"
        site.publish()
        site.portals["ants"] = "{customer: C-1, show: [invoices, orders], contacts: {ann: {show: ALL}}}"
        assert not site.publish().waiting
        assert any(b"SO-1" in data for data in site.files("ants", "ann").values())

    def test_naming_the_type_lets_it_through(self, waiting: SmallSite) -> None:
        waiting.portals["ants"] = "{customer: C-1, show: [accounts, orders], contacts: {ann: {show: accounts}}}"
        assert waiting.publish().waiting == {LinkId("ants", "ann"): {"orders": 1}}
        assert any(b"SO-1" in data for data in waiting.files("ants").values())

    def test_a_lost_ledger_does_not(self, waiting: SmallSite, store: MemoryStore) -> None:
        del store.contents["private/ledger.json"]
        done = waiting.publish()
        assert done.waiting == {LinkId("ants"): {"orders": 1}, LinkId("ants", "ann"): {"orders": 1}}
        assert "ledger.json is missing" in done.notes[0].message
        assert not any(b"SO-1" in data for data in waiting.everything_public().values())


class TestLostLedger:
    def test_links_that_were_burned_stay_burned_since_the_history_knows_them(
        self, site: SmallSite, store: MemoryStore
    ) -> None:
        site.publish()
        kept = site.portals.pop("bees")
        site.publish()
        del store.contents["private/ledger.json"]
        site.portals["bees"] = kept
        with pytest.raises(InvalidInputError, match="write revision: 2"):
            site.publish()
        assert not site.files("bees")

    def test_a_burned_link_of_which_something_was_left_is_purged_and_not_given_out_again(
        self, site: SmallSite, store: MemoryStore
    ) -> None:
        site.publish()
        kept = site.portals.pop("bees")
        site.publish()
        store.contents[f"public/{site.token('bees')}/index.html"] = b"left behind"
        del store.contents["private/ledger.json"]
        site.portals["bees"] = kept
        with pytest.raises(InvalidInputError, match="write revision: 2"):
            site.publish()
        assert not site.files("bees")

    def test_a_link_of_which_nothing_is_left_either_is_burned_if_its_definition_is_gone(
        self, site: SmallSite, store: MemoryStore
    ) -> None:
        site.publish()
        kept, files = site.portals.pop("bees"), site.files("bees")
        del store.contents["private/ledger.json"]
        for path in files:
            del store.contents[f"public/{site.token('bees')}/{path}"]
        site.publish()
        site.portals["bees"] = kept
        with pytest.raises(InvalidInputError, match="write revision: 2"):
            site.publish()

    def test_links_that_are_purged_then_are_burned_under_their_own_names(
        self, site: SmallSite, store: MemoryStore
    ) -> None:
        site.publish()
        del store.contents["private/ledger.json"]
        kept = site.portals.pop("bees")
        assert [(str(step.id), step.reason) for step in site.publish().steps if step.action == "purge"] == [
            ("bees", "portal deleted")
        ]
        site.portals["bees"] = kept
        with pytest.raises(InvalidInputError, match="write revision: 2"):
            site.publish()

    def test_days_of_a_link_are_counted_from_when_it_was_given_out(self, site: SmallSite, store: MemoryStore) -> None:
        site.site_says = "expires_after: 10"
        site.publish(TODAY)
        del store.contents["private/ledger.json"]
        site.publish(TODAY + days(11))
        assert not site.files("ants")

    def test_without_a_history_it_is_made_from_the_listing(self, site: SmallSite, store: MemoryStore) -> None:
        site.publish()
        before = site.everything_public()
        for key in [key for key in store.contents if key.startswith(("private/history", "private/ledger"))]:
            del store.contents[key]
        site.publish()
        assert site.everything_public() == before

    def test_a_broken_history_holds_no_purge_back(self, site: SmallSite, store: MemoryStore) -> None:
        site.publish()
        del store.contents["private/ledger.json"]
        store.contents["private/history/00000001.jsonl"] = b"no history"
        del site.portals["bees"]
        done = site.publish()
        assert not site.files("bees")
        assert any("altered" in note.message for note in done.notes)


def test_a_run_that_another_one_overtook_gives_up_and_overwrites_nothing(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    late = site.inventory()
    site.portals["crows"] = "{customer: C-3, show: [invoices]}"
    site.publish()
    ledger = store.contents["private/ledger.json"]
    late.ledger.doubt(next(iter(late.ledger.records)), "disabled")
    with pytest.raises(StoreError, match="changed by another run"):
        late.ledger.save()
    assert store.contents["private/ledger.json"] == ledger


def test_what_is_withdrawn_from_a_link_that_cannot_be_made_is_part_of_the_plan(site: SmallSite) -> None:
    site.portals["bees"] = "{customer: C-2, show: [invoices, orders, statement]}"
    site.publish()
    site.write("exports/invoices.csv", INVOICES.replace("EUR,70.00,70.00", "EUR,70.00,"))
    site.portals["bees"] = "{customer: C-2, show: [invoices, statement]}"
    [step] = [step for step in plan(site.inventory()).steps if step.action == "update"]
    assert (str(step.id), step.disappears) == ("bees", {"orders": ["SO-2"]})
