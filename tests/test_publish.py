"""A publish makes the store what the definitions and exports say: no more, no less, and again after a failure."""

import datetime
import json
import posixpath
from pathlib import Path

import pytest

from portalgen.errors import InvalidInputError, PortalgenError, RefusedError
from portalgen.history import read
from portalgen.ledger import read_head, read_ledger
from portalgen.links import redact
from portalgen.model import LinkId
from portalgen.pipeline import plan, publish
from portalgen.plan import CREATE, KEEP, PURGE, UPDATE
from portalgen.stores.memory import Fault, MemoryStore, fail_at, no_fault
from portalgen.verification import verify_store
from tests.sites import CUSTOMERS, INVOICES, KEY_A, KEY_B, ORDERS, PORTALS, TODAY, SmallSite, new_site


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def site(tmp_path: Path, store: MemoryStore) -> SmallSite:
    return new_site(tmp_path, store)


ALL_LINKS = {LinkId("ants"), LinkId("ants", "ann"), LinkId("bees"), LinkId("crows")}


def test_every_live_link_answers_after_the_first_publish(site: SmallSite) -> None:
    done = site.publish()
    assert site.live_links() == ALL_LINKS
    assert (done.uploaded, done.unchanged, done.deleted, done.failed) == (len(site.everything_public()), 0, 0, ())


def test_the_same_input_uploads_nothing_the_second_time(site: SmallSite, store: MemoryStore) -> None:
    first = site.publish()
    store.asked.clear()
    again = site.publish()
    assert (again.uploaded, again.unchanged) == (0, first.uploaded)
    assert dict(store.asked) == {"read": 1}
    assert {step.action for step in again.steps} == {KEEP}


def test_one_changed_invoice_uploads_its_page_the_list_and_nobody_elses(site: SmallSite) -> None:
    site.publish()
    before = site.everything_public()
    site.write("exports/invoices.csv", INVOICES.replace("70.00,70.00", "70.00,0.00"))
    done = site.publish()
    assert [step.id.portal for step in done.steps if step.action == UPDATE] == ["bees"]
    changed = {key for key, data in site.everything_public().items() if before.get(key) != data}
    assert changed
    assert all(key.startswith(f"public/{site.token('bees')}/") for key in changed)
    assert done.uploaded == len(changed)


def test_a_document_that_left_the_export_is_gone_from_the_store(site: SmallSite) -> None:
    site.publish()
    site.write("exports/invoices.csv", INVOICES.replace("INV-2,C-1,2026-11-01,2026-11-30,EUR,50.00,0.00\n", ""))
    done = site.publish()
    assert done.deleted == 2, "one page under the portal's link, one under the contact's"
    assert not any("inv-2" in path for path in (*site.files("ants"), *site.files("ants", "ann")))


def test_a_portal_that_left_the_definitions_leaves_no_object(site: SmallSite) -> None:
    site.publish()
    others = {key: data for key, data in site.everything_public().items() if site.token("bees") not in key}
    del site.portals["bees"]
    done = site.publish()
    assert site.everything_public() == others
    assert [(step.id, step.action, step.reason) for step in done.steps if step.action != KEEP] == [
        (LinkId("bees"), PURGE, "portal deleted")
    ]
    assert done.purged_links == 1


def test_a_contact_that_left_the_definitions_leaves_no_object(site: SmallSite) -> None:
    site.publish()
    site.portals["ants"] = "{customer: C-1, show: ALL}"
    done = site.publish()
    assert not site.files("ants", "ann")
    assert site.files("ants")
    assert [step.reason for step in done.steps if step.action == PURGE] == ["contact deleted"]


def test_a_type_that_is_no_longer_granted_is_gone(site: SmallSite) -> None:
    site.publish()
    assert "orders.html" in site.files("ants")
    site.portals["ants"] = "{customer: C-1, show: [invoices], contacts: {ann: {show: [invoices]}}}"
    site.publish()
    assert not any("order" in path for path in site.files("ants"))
    assert b"SO-1" not in b"".join(site.files("ants").values())


def test_disabling_takes_the_link_away_and_enabling_gives_the_same_one_back(site: SmallSite) -> None:
    site.publish()
    before = site.files("bees")
    site.portals["bees"] = "{customer: C-2, show: [invoices], enabled: false}"
    site.publish()
    assert not site.files("bees")
    site.portals["bees"] = "{customer: C-2, show: [invoices]}"
    done = site.publish()
    assert site.files("bees") == before
    assert [(step.action, step.reason) for step in done.steps if step.id.portal == "bees"] == [
        (CREATE, "no longer disabled")
    ]


def test_disabling_a_portal_takes_its_contacts_links_too(site: SmallSite) -> None:
    site.publish()
    site.portals["ants"] = "{customer: C-1, show: ALL, enabled: no, contacts: {ann: {show: [invoices]}}}"
    site.publish()
    assert site.live_links() == {LinkId("bees"), LinkId("crows")}


def test_a_link_expires_after_its_last_day_not_on_it(site: SmallSite) -> None:
    site.portals["bees"] = f"{{customer: C-2, show: [invoices], expires: {TODAY}}}"
    site.publish(TODAY)
    assert site.files("bees")
    site.publish(TODAY + datetime.timedelta(days=1))
    assert not site.files("bees")


def test_a_higher_revision_gives_a_new_link_and_kills_the_old_one(site: SmallSite) -> None:
    site.publish()
    others = {key: data for key, data in site.everything_public().items() if site.token("bees") not in key}
    content = site.files("bees")
    site.portals["bees"] = "{customer: C-2, show: [invoices], revision: 2}"
    site.publish()
    assert not site.files("bees", revision=1)
    assert site.files("bees", revision=2) == content
    assert {
        key: data for key, data in site.everything_public().items() if site.token("bees", "", 2) not in key
    } == others


def test_a_deleted_portal_that_comes_back_is_refused_with_the_revision_to_write(site: SmallSite) -> None:
    site.publish()
    kept = site.portals.pop("bees")
    site.publish()
    site.portals["bees"] = kept
    with pytest.raises(InvalidInputError) as caught:
        site.publish()
    assert "bees" in str(caught.value)
    assert "write revision: 2" in str(caught.value)
    assert not site.files("bees")
    site.portals["bees"] = "{customer: C-2, show: [invoices], revision: 2}"
    site.publish()
    assert site.files("bees", revision=2)


def test_a_second_key_changes_no_link_unasked_and_a_retired_key_kills_its_links(site: SmallSite) -> None:
    site.publish()
    before = site.everything_public()
    site.keys = f"b:{KEY_B} a:{KEY_A}"
    with pytest.raises(InvalidInputError, match="nothing says which one makes the links"):
        site.publish()
    site.key = "a"
    assert site.publish().uploaded == 0
    assert site.everything_public() == before
    site.keys, site.key = f"b:{KEY_B}", ""
    site.publish()
    ring = site.ring
    assert {key.split("/")[1] for key in site.everything_public()} == {
        ring.token("b", link.portal, link.contact, 1) for link in ALL_LINKS
    }


def test_a_link_never_shows_another_customer_than_it_was_given_out_for(site: SmallSite) -> None:
    site.publish()
    before = site.everything_public()
    site.portals["bees"] = "{customer: C-3, show: [invoices]}"
    with pytest.raises(InvalidInputError, match="its link was given out for customer 'C-2', not 'C-3'"):
        site.publish()
    assert site.everything_public() == before
    site.portals["bees"] = "{customer: C-3, show: [invoices], revision: 2}"
    site.publish()
    assert not site.files("bees", revision=1)
    assert b"INV-4" in site.files("bees", revision=2)["invoices.html"]


def test_another_root_key_under_the_same_id_kills_no_link_unasked(site: SmallSite) -> None:
    site.publish()
    before = site.everything_public()
    site.keys = f"a:{KEY_B}"
    with pytest.raises(RefusedError, match=r"not the one that the links of 3 portals \(ants, bees, crows\) were made"):
        site.publish()
    assert site.everything_public() == before
    assert site.publish(expected_removals=3).purged_links == 4
    assert not before.keys() & site.everything_public().keys()
    assert site.live_links() == ALL_LINKS


def many(site: SmallSite, count: int) -> None:
    rows = "".join(f"D-{number},Customer {number},X\n" for number in range(count))
    site.write("exports/customers.csv", "id,name,city\nC-1,Ants & Sons,Aarhus\nC-2,Bees Ltd,B\nC-3,Crows,C\n" + rows)
    site.portals |= {f"d{number}": f"{{customer: D-{number}}}" for number in range(count)}


def test_many_portals_vanishing_at_once_wait_for_approval(site: SmallSite) -> None:
    many(site, 20)
    site.publish()
    before = site.everything_public()
    for number in range(11):
        del site.portals[f"d{number}"]
    with pytest.raises(
        RefusedError, match=r"11 portals \(d0, d1, d10, d2, d3, d4, d5, d6, d7, d8 and 1 more\) of 23 vanished"
    ):
        site.publish()
    assert site.everything_public() == before
    with pytest.raises(RefusedError, match=r"11 portals .* would lose their links, not 10 as expected"):
        site.publish(expected_removals=10)
    assert site.everything_public() == before
    assert site.publish(expected_removals=11).purged_links == 11


def test_a_portal_disabled_on_purpose_goes_even_while_others_wait_for_approval(site: SmallSite) -> None:
    many(site, 20)
    site.publish()
    for number in range(11):
        del site.portals[f"d{number}"]
    site.portals["bees"] = "{customer: C-2, show: [invoices], enabled: false}"
    with pytest.raises(RefusedError):
        site.publish()
    assert not site.files("bees")
    assert site.files("crows")


@pytest.mark.parametrize("broken", ["export", "template"])
def test_neither_a_bad_export_nor_a_broken_template_holds_a_purge_back(site: SmallSite, broken: str) -> None:
    site.publish()
    others = {key: data for key, data in site.everything_public().items() if site.token("bees") not in key}
    del site.portals["bees"]
    if broken == "export":
        site.write("exports/invoices.csv", INVOICES.replace("100.00,100.00", "a lot,100.00"))
    else:
        site.write("templates/invoice.html", "{% if %}")
    with pytest.raises(PortalgenError):
        site.publish()
    assert site.everything_public() == others


def test_a_store_that_cannot_be_read_leaves_everything_as_it_was(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    before = dict(store.contents)
    site.write("exports/invoices.csv", INVOICES.replace("70.00,70.00", "70.00,0.00"))
    store.fault = fail_at("read", 1)
    with pytest.raises(PortalgenError, match="cannot read"):
        site.publish()
    assert store.contents == before


def test_a_failed_listing_names_the_link_and_the_next_run_purges_it(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    del site.portals["bees"]
    token = site.token("bees")
    store.fault = lambda action, key: "out of order" if action == "list" and token in key else None
    done = site.publish()
    assert [(failure.key, failure.cause.endswith("out of order")) for failure in done.failed] == [
        (f"public/{token}/", True)
    ]
    store.fault = no_fault
    site.publish()
    assert not any(token in key for key in store.contents)


def test_any_failed_write_is_named_and_repaired_by_the_next_run(tmp_path: Path) -> None:
    whole = new_site(tmp_path / "whole", MemoryStore())
    whole.publish()
    manifests = [item.key for item in whole.store.objects("private/manifests/")]
    for number, broken in enumerate([*whole.everything_public(), *manifests]):
        store = MemoryStore(full_at(broken))
        site = new_site(tmp_path / str(number), store)
        done = site.publish()
        assert [failure.key for failure in done.failed] == [broken if broken not in manifests else "private/manifests/"]
        assert no_dead_links(site)
        store.fault = no_fault
        assert site.publish().failed == ()
        assert site.everything_public() == whole.everything_public()


def test_a_second_publish_that_breaks_off_anywhere_leaves_no_dead_link(tmp_path: Path) -> None:
    """INV-1 leads on to a document that is new, and each page to what is now the first list of orders."""
    whole, last = two_times_published(tmp_path / "whole")
    assert len(last) > 8
    for number in range(len(last)):
        site, written = two_times_published(tmp_path / str(number), number)
        assert len(written) == number
        assert no_dead_links(site), f"after {written}"
        assert isinstance(site.store, MemoryStore)
        site.store.fault = no_fault
        assert site.publish().failed == ()
        assert site.everything_public() == whole.everything_public()


def two_times_published(folder: Path, most: int | None = None) -> tuple[SmallSite, list[str]]:
    """A site whose second publish has more to show, and at most `most` objects written; and those, in order."""
    store = MemoryStore()
    site = new_site(folder, store)
    site.write("exports/orders.csv", ORDERS.splitlines()[0] + "\n")
    site.publish()
    site.write_all()
    site.write("exports/invoices.csv", INVOICES + "INV-0,C-1,2026-10-15,2026-11-14,EUR,9.00,9.00\n")
    written: list[str] = []

    def fault(action: str, key: str) -> str | None:
        if action != "write" or not key.startswith("public/"):
            return None
        if len(written) == most:
            return "full"
        written.append(key)
        return None

    store.fault = fault
    site.publish()
    return site, written


@pytest.mark.parametrize("number", [1, 2])
def test_a_ledger_that_cannot_be_written_stops_the_publish_and_the_next_run_repairs(
    site: SmallSite, store: MemoryStore, number: int
) -> None:
    """The first write of the ledger announces the links, the second one ends the publish."""
    asked = 0

    def fault(action: str, key: str) -> str | None:
        nonlocal asked
        asked += action == "write" and key == "private/ledger.json"
        return "full" if asked == number and key == "private/ledger.json" and action == "write" else None

    store.fault = fault
    with pytest.raises(PortalgenError, match=r"cannot write 'private/ledger\.json'"):
        site.publish()
    assert bool(site.everything_public()) == (number == 2)
    store.fault = no_fault
    site.publish()
    assert site.live_links() == ALL_LINKS


def full_at(broken: str) -> Fault:
    return lambda action, key: "full" if action == "write" and key == broken else None


def no_dead_links(site: SmallSite) -> bool:
    """Every page that a reader can reach from a summary that is there, is there."""
    public = site.everything_public()
    ahead = [key for key in public if key.endswith("/index.html")]
    seen = set(ahead)
    while ahead:
        key = ahead.pop()
        if key not in public:
            return False
        if not key.endswith(".html"):
            continue
        for href in (part.split('"')[0] for part in public[key].decode().split('href="')[1:]):
            if not href.startswith(("#", "mailto:", "data:")):
                target = posixpath.normpath(posixpath.join(posixpath.dirname(key), href.partition("#")[0]))
                ahead += [target] if target not in seen else []
                seen.add(target)
    return True


def test_any_failed_delete_is_named_and_repaired_by_the_next_run(tmp_path: Path) -> None:
    store = MemoryStore()
    site = new_site(tmp_path, store)
    site.publish()
    count = len(site.files("bees"))
    for number in range(1, count + 1):
        site.portals["bees"] = f"{{customer: C-2, show: [invoices], revision: {number}}}"
        site.publish()
        gone = site.portals.pop("bees")
        store.fault = fail_at("delete", number)
        done = site.publish()
        assert len(done.failed) == 1
        assert done.failed[0].key.startswith(f"public/{site.token('bees', revision=number)}/")
        assert done.purged_links == 0
        store.fault = no_fault
        assert site.publish().purged_links == 1
        assert not site.files("bees", revision=number)
        site.portals["bees"] = gone


def test_a_failed_delete_of_a_withdrawn_page_is_repaired_by_the_next_run(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    site.portals["ants"] = "{customer: C-1, show: [invoices], contacts: {ann: {show: [invoices]}}}"
    store.fault = fail_at("delete", 1)
    assert len(site.publish().failed) == 1
    store.fault = no_fault
    assert site.publish().failed == ()
    assert not any("order" in path for path in site.files("ants"))


def test_what_was_withdrawn_goes_even_if_the_new_summary_cannot_be_written(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    site.portals["ants"] = "{customer: C-1, show: [invoices], contacts: {ann: {show: [invoices]}}}"
    store.fault = lambda action, key: "disk full" if action == "write" and key.endswith("/index.html") else None
    assert len(site.publish().failed) == 1
    assert not any("order" in path for path in site.files("ants"))


def test_a_crash_between_uploads_leaves_no_link_unknown(site: SmallSite, store: MemoryStore) -> None:
    """The link is in the ledger before its first object is written, so deleting its definition still purges it."""

    class CrashError(Exception):
        pass

    def crash(action: str, key: str) -> None:
        if action == "write" and key.startswith("public/") and key.endswith("index.html"):
            raise CrashError

    store.fault = crash
    with pytest.raises(CrashError):
        site.publish()
    assert site.everything_public()
    store.fault = no_fault
    site.portals.clear()
    site.publish()
    assert not site.everything_public()


def test_a_disabling_that_broke_off_and_is_taken_back_gives_the_link_back_whole(
    site: SmallSite, store: MemoryStore
) -> None:
    site.publish()
    before = site.everything_public()
    site.portals["bees"] = "{customer: C-2, show: [invoices], enabled: false}"
    store.fault = fail_at("delete", 2)
    assert site.publish().failed
    store.fault = no_fault
    site.portals["bees"] = "{customer: C-2, show: [invoices]}"
    site.publish()
    assert site.everything_public() == before


@pytest.mark.parametrize("fault", ["delete", "ledger"])
def test_a_deletion_that_broke_off_has_burned_the_link_and_is_finished(
    site: SmallSite, store: MemoryStore, fault: str
) -> None:
    site.publish()
    kept = site.portals.pop("bees")
    writes = 0

    def second_write(action: str, key: str) -> str | None:
        nonlocal writes
        is_counted = action == "write" and key != "private/lease.json"
        writes += is_counted
        return "disk full" if is_counted and writes == 2 else None

    store.fault = fail_at("delete", 2) if fault == "delete" else second_write
    if fault == "delete":
        assert site.publish().failed
    else:
        with pytest.raises(PortalgenError, match="disk full"):
            site.publish()
    store.fault = no_fault
    site.portals["bees"] = kept
    with pytest.raises(InvalidInputError, match="revision 1 was revoked"):
        site.publish()
    assert not site.files("bees")


def test_a_refused_run_burns_no_disabled_portal_that_vanished_with_the_others(site: SmallSite) -> None:
    many(site, 20)
    site.publish()
    site.portals["bees"] = "{customer: C-2, show: [invoices], enabled: false}"
    site.publish()
    everything = dict(site.portals)
    site.portals = {"ants": everything["ants"]}
    with pytest.raises(RefusedError):
        site.publish()
    site.portals = everything | {"bees": PORTALS["bees"]}
    site.publish()
    assert site.files("bees")


def test_a_revision_that_was_lowered_by_mistake_leaves_the_link_that_is_out_there(site: SmallSite) -> None:
    site.publish()
    site.portals["bees"] = "{customer: C-2, show: [invoices], revision: 2}"
    site.publish()
    before = site.everything_public()
    site.portals["bees"] = "{customer: C-2, show: [invoices], revision: 1}"
    with pytest.raises(InvalidInputError, match="write revision: 3"):
        site.publish()
    assert site.everything_public() == before


def test_a_withdrawn_type_goes_even_if_an_export_is_broken(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    whole = site.files("ants")
    site.portals["ants"] = "{customer: C-1, show: [invoices], contacts: {ann: {show: [invoices]}}}"
    site.write("exports/customers.csv", "id\n")
    for _ in range(2):
        with pytest.raises(InvalidInputError):
            site.publish()
        assert not any("order" in path for path in site.files("ants"))
    site.write_all()
    site.portals["ants"] = PORTALS["ants"]
    site.publish()
    assert site.files("ants") == whole, "what is granted again is there again"
    store.asked.clear()
    site.publish()
    assert dict(store.asked) == {"read": 1}


BRANCHED = (
    "number,customer_id,date,currency,total,branch\n"
    "INV-1,C-1,2026-10-01,EUR,1,North\nINV-2,C-1,2026-10-02,EUR,2,South\nINV-3,C-1,2026-10-03,EUR,3,\n"
)


def invoices_of(site: SmallSite, contact: str = "") -> list[str]:
    return sorted(path.split("/")[1][:5] for path in site.files("ants", contact) if path.startswith("invoices/"))


def test_a_branch_that_is_no_longer_shown_goes_even_if_an_export_is_broken(site: SmallSite, store: MemoryStore) -> None:
    """Until the exports can be read again, nobody knows which documents are of which branch: all of them go."""
    site.write("exports/invoices.csv", BRANCHED)
    site.publish()
    assert invoices_of(site) == invoices_of(site, "ann") == ["inv-1", "inv-2", "inv-3"]
    site.portals["ants"] = "{customer: C-1, show: ALL, branches: [North], contacts: {ann: {show: [invoices]}}}"
    site.write("exports/customers.csv", "id\n")
    for _ in range(2):
        with pytest.raises(InvalidInputError):
            site.publish()
        assert not any(path.endswith(".html") and path != "index.html" for path in site.files("ants"))
        assert invoices_of(site, "ann") == []
        assert invoices_of(site, "bees") == []
    site.write("exports/customers.csv", CUSTOMERS)
    site.publish()
    assert invoices_of(site) == invoices_of(site, "ann") == ["inv-1"]
    store.asked.clear()
    site.publish()
    assert dict(store.asked) == {"read": 1}


def test_a_plan_names_what_a_limit_to_branches_takes_away(site: SmallSite) -> None:
    site.write("exports/invoices.csv", BRANCHED)
    site.publish()
    site.portals["ants"] = "{customer: C-1, show: ALL, contacts: {ann: {show: [invoices], branches: [South]}}}"
    steps = {str(step.id): step for step in plan(site.inventory()).steps}
    assert [path[:14] for path in steps["ants/ann"].delete] == ["invoices/inv-1", "invoices/inv-3"]
    assert {str(step.action) for name, step in steps.items() if name != "ants/ann"} == {"keep"}


def test_a_branch_more_takes_nothing_away_before_it_is_shown(site: SmallSite) -> None:
    site.write("exports/invoices.csv", BRANCHED)
    site.portals["ants"] = "{customer: C-1, show: ALL, branches: [North]}"
    site.publish()
    before = site.files("ants")
    site.portals["ants"] = "{customer: C-1, show: ALL, branches: [South, North]}"
    site.write("exports/customers.csv", "id\n")
    with pytest.raises(InvalidInputError):
        site.publish()
    assert site.files("ants") == before
    site.write("exports/customers.csv", CUSTOMERS)
    site.publish()
    assert invoices_of(site) == ["inv-1", "inv-2"]


def test_a_ledger_without_branches_is_one_of_links_that_may_show_all(site: SmallSite, store: MemoryStore) -> None:
    site.write("exports/invoices.csv", BRANCHED)
    site.publish()
    ledger = json.loads(store.contents["private/ledger.json"])
    for link in ledger["links"]:
        assert link.pop("branches") is None
    store.contents["private/ledger.json"] = json.dumps(ledger).encode()
    site.portals["ants"] = "{customer: C-1, show: ALL, branches: [North]}"
    site.write("exports/customers.csv", "id\n")
    with pytest.raises(InvalidInputError):
        site.publish()
    assert invoices_of(site) == []


def test_a_lost_ledger_and_other_keys_are_refused_before_anything_is_written(
    site: SmallSite, store: MemoryStore
) -> None:
    site.publish()
    before = site.everything_public()
    del store.contents["private/ledger.json"]
    site.keys = f"a:{KEY_B}"
    for _ in range(2):
        with pytest.raises(RefusedError, match="the store holds 4 links that the root keys at hand did not make"):
            site.publish()
        assert site.everything_public() == before
    assert site.publish(expected_removals=3).purged_links == 4
    assert site.live_links() == ALL_LINKS


def test_a_lost_ledger_does_not_switch_the_guard_off(site: SmallSite, store: MemoryStore) -> None:
    many(site, 20)
    site.publish()
    before = site.everything_public()
    del store.contents["private/ledger.json"]
    for number in range(12):
        del site.portals[f"d{number}"]
    with pytest.raises(RefusedError, match="12 portals"):
        site.publish()
    assert site.everything_public() == before


@pytest.mark.parametrize("change", [{"state": "alive"}, {"revision": "1"}, {"portal": None}, {"more": 1}, {"types": 3}])
def test_a_ledger_with_something_else_in_it_is_refused(
    site: SmallSite, store: MemoryStore, change: dict[str, object]
) -> None:
    site.publish()
    data = json.loads(store.contents["private/ledger.json"])
    data["links"][0] |= change
    store.contents["private/ledger.json"] = json.dumps(data).encode()
    with pytest.raises(PortalgenError, match="the ledger cannot be read"):
        site.publish()


def test_what_could_not_be_purged_is_named_even_if_the_build_fails_too(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    del site.portals["bees"]
    site.write("exports/invoices.csv", "number\n")
    store.fault = fail_at("delete", 1)
    with pytest.raises(PortalgenError) as caught:
        site.publish()
    messages = [problem.message for problem in caught.value.problems]
    assert any("column 'date' is missing" in message for message in messages)
    assert any(message.startswith(f"could not delete public/{site.token('bees')}/") for message in messages)


def test_a_ledger_that_cannot_be_written_does_not_hold_a_purge_back(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    del site.portals["bees"]
    store.fault = lambda action, _: "disk full" if action == "write" else None
    with pytest.raises(PortalgenError, match="disk full"):
        site.publish()
    assert not site.files("bees")


def test_a_half_written_change_that_is_taken_back_is_written_back(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    before = site.everything_public()
    site.portals["bees"] = "{customer: C-2, show: ALL}"
    store.fault = lambda action, key: "gone" if action == "write" and key.endswith("/index.html") else None
    assert site.publish().failed
    assert site.everything_public() != before, "the order's page is out there"
    store.fault = no_fault
    site.portals["bees"] = "{customer: C-2, show: [invoices]}"
    site.publish()
    assert site.everything_public() == before


def test_a_lost_ledger_changes_no_link_and_still_purges_what_is_not_wanted(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    before = site.everything_public()
    del store.contents["private/ledger.json"]
    site.publish()
    assert site.everything_public() == before
    del store.contents["private/ledger.json"]
    del site.portals["bees"]
    site.publish()
    assert site.everything_public() == {key: data for key, data in before.items() if site.token("bees") not in key}


def test_a_ledger_of_another_site_is_refused(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    store.contents["private/ledger.json"] = store.contents["private/ledger.json"].replace(b'"small"', b'"other"')
    with pytest.raises(PortalgenError, match="holds the site 'other'"):
        site.publish()


def test_a_damaged_ledger_is_refused(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    store.contents["private/ledger.json"] = b"{"
    with pytest.raises(PortalgenError, match="the ledger cannot be read"):
        site.publish()


def test_a_built_file_that_was_tampered_with_is_not_published(site: SmallSite) -> None:
    site.publish()
    site.portals["bees"] = "{customer: C-2, show: ALL}"
    site.inventory()
    victim = site.root / "build/bundles/bees/_/index.html"
    site.publish()
    size = len(victim.read_bytes())
    victim.write_bytes(b"x" * size)
    site.portals["bees"] = "{customer: C-2, show: ALL, revision: 2}"
    done = site.publish()
    assert [redact(failure.key).rpartition("/")[2] for failure in done.failed] == ["index.html"]
    assert "is not what was built" in done.failed[0].cause
    assert site.publish().failed == (), "the next run makes it anew"


def test_the_private_part_holds_no_token(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    tokens = {key.split("/")[1].encode() for key in site.everything_public()}
    private = {key: data for key, data in store.contents.items() if key.startswith("private/")}
    assert len(private) == 4, "the ledger, the lease, an entry of history, and a manifest"
    assert not any(token in data or token.decode() in key for key, data in private.items() for token in tokens)


def test_pages_are_uploaded_before_the_lists_that_lead_to_them(site: SmallSite, store: MemoryStore) -> None:
    order: list[str] = []

    def watch(action: str, key: str) -> None:
        if action == "write" and key.startswith("public/"):
            order.append(key.split("/", 2)[2])

    store.fault = watch
    site.publish()
    ranks = [2 if path == "index.html" else 1 if path.endswith(".html") and "/" not in path else 0 for path in order]
    assert ranks == sorted(ranks)


def test_a_link_taken_away_while_nothing_could_be_written_is_whole_again_once_it_is_wanted_again(
    site: SmallSite, store: MemoryStore
) -> None:
    """The ledger could not say that it went: without a note of that it would pass for whole."""
    site.publish()
    before = site.files("bees")
    kept = site.portals["bees"]
    site.portals["bees"] = kept.replace("}", ", enabled: false}")
    store.fault = lambda action, _: "denied" if action == "write" else None
    with pytest.raises(PortalgenError, match="denied"):
        site.publish()
    assert not site.files("bees"), "a purge is not held back"
    store.fault = no_fault
    site.portals["bees"] = kept
    site.publish()
    assert site.files("bees") == before
    store.asked.clear()
    site.publish()
    assert dict(store.asked) == {"read": 1}


def test_a_link_deleted_while_nothing_could_be_written_is_burned_all_the_same(
    site: SmallSite, store: MemoryStore
) -> None:
    site.publish()
    kept = site.portals.pop("bees")
    store.fault = lambda action, _: "denied" if action == "write" else None
    with pytest.raises(PortalgenError, match="denied"):
        site.publish()
    store.fault = no_fault
    site.portals["bees"] = kept
    with pytest.raises(InvalidInputError, match="revision 1 was revoked"):
        site.publish()
    assert not site.files("bees")


def test_a_withdrawal_that_was_not_complete_is_done_again_by_the_next_run(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    site.portals["ants"] = "{customer: C-1, show: [invoices], contacts: {ann: {show: [invoices]}}}"
    store.fault = lambda action, _: "the CDN is down" if action == "invalidate" else None
    assert site.publish().failed
    assert not any("order" in path for path in site.files("ants"))
    assert "index.html" in site.files("ants")
    assert site.publish().failed, "the CDN may still hold copies"
    store.fault = no_fault
    assert site.publish().failed == ()
    store.asked.clear()
    site.publish()
    assert dict(store.asked) == {"read": 1}


def test_a_run_that_read_the_ledger_before_another_ended_alters_nothing_of_that_ones_history(
    site: SmallSite, store: MemoryStore
) -> None:
    site.publish()
    slow = site.inventory()
    site.write("exports/invoices.csv", INVOICES.replace("70.00,70.00", "70.00,0.00"))
    site.publish()
    entries = {key: data for key, data in store.contents.items() if "history" in key}
    site.write("exports/invoices.csv", INVOICES.replace("80.00,80.00", "80.00,0.00"))
    publish(slow)
    assert {key: store.contents[key] for key in entries} == entries
    assert verify_store(store, read_ledger(store, "small") or {}).findings == ()
    assert read(store, read_head(store, "small"))


def test_an_approved_withdrawal_of_a_type_without_documents_is_in_the_plan(site: SmallSite) -> None:
    site.portals["crows"] = "{customer: C-3, show: [invoices, orders]}"
    site.publish()
    site.portals["crows"] = "{customer: C-3, show: [invoices]}"
    [step] = [step for step in plan(site.inventory()).steps if step.id == LinkId("crows")]
    assert step.action == UPDATE
    publish(site.inventory(), judge=lambda _: None)
    assert "index.html" in site.files("crows")


def test_a_link_of_a_key_that_is_no_longer_held_is_not_gone_before_its_purge_was_whole(
    site: SmallSite, store: MemoryStore
) -> None:
    """What the CDN may hold cannot be asked for without the token, and the listing shows nothing to find it by."""
    site.publish()
    site.keys, site.key = f"b:{KEY_B}", "b"
    store.fault = lambda action, _: "the CDN is down" if action == "invalidate" else None
    assert site.publish().failed
    store.fault = no_fault
    failed = site.publish().failed
    assert len(failed) == len(ALL_LINKS)
    assert "its key 'a' is not held any more" in failed[0].cause
    site.keys = f"a:{KEY_A} b:{KEY_B}"
    done = site.publish()
    assert (done.failed, done.purged_links) == ((), len(ALL_LINKS))
    assert site.publish().failed == ()


def test_reconciling_takes_what_is_listed_for_all_there_is_of_a_key_that_is_gone(
    site: SmallSite, store: MemoryStore
) -> None:
    site.publish()
    site.keys, site.key = f"b:{KEY_B}", "b"
    store.fault = lambda action, _: "the CDN is down" if action == "invalidate" else None
    assert site.publish().failed
    store.fault = no_fault
    inventory = site.inventory()
    inventory.is_reconciling = True
    assert publish(inventory).failed == ()
    assert site.publish().failed == ()
