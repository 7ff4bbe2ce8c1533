"""A portal for every customer of the exports: for those and no others, and what becomes of it when they come and go."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.commands.link import link
from portalgen.errors import InvalidInputError, Location, RefusedError
from portalgen.everyone import people_in, with_everyone
from portalgen.grants import unknown_exceptions
from portalgen.ledger import Record, read_ledger
from portalgen.model import Definitions, EveryCustomer, LinkId, Person, Portal, Site
from portalgen.pipeline import plan
from portalgen.stores.memory import MemoryStore
from tests.sites import CUSTOMERS, INVOICES, KEY_A, KEY_B, SmallSite, new_site

CONTACTS = "id,customer_id,name,email,language\nann,C-1,Ann,ann@ants.example,de\nP/2,C-2,Ben,ben@bees.example,\n"
P_2 = f"P-2-{sha256(b'P/2').hexdigest()[:8]}"
NOT_C_2 = CUSTOMERS.replace("C-2,Bees Ltd,Bergen\n", "")
INVOICES_NOT_C_2 = INVOICES.replace("INV-3,C-2,2026-11-02,2026-12-02,EUR,70.00,70.00\n", "")
ORDERS_NOT_C_2 = "number,customer_id,date,currency,total\nSO-1,C-1,2026-09-01,EUR,150.00\n"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def site(tmp_path: Path, store: MemoryStore) -> SmallSite:
    site = new_site(tmp_path, store)
    site.write("exports/contacts.csv", CONTACTS)
    site.portals = {"ants": "{customer: C-1, show: [orders]}"}
    site.every_customer = "{show: [invoices]}"
    return site


def without_c_2(site: SmallSite) -> None:
    site.write("exports/customers.csv", NOT_C_2)
    site.write("exports/invoices.csv", INVOICES_NOT_C_2)
    site.write("exports/orders.csv", ORDERS_NOT_C_2)


def with_c_2(site: SmallSite) -> None:
    site.write_all()


def test_every_customer_has_a_portal_of_their_own_and_who_has_one_already_has_no_other(site: SmallSite) -> None:
    site.publish()
    assert b"INV-3" in b"".join(site.files("C-2").values())
    assert b"INV-4" in b"".join(site.files("C-3").values())
    assert not any(number in b"".join(site.files("C-2").values()) for number in (b"INV-1", b"INV-2", b"INV-4", b"SO-2"))
    assert not site.files("C-1")
    assert site.files("ants")


def test_who_is_excepted_has_none(site: SmallSite) -> None:
    site.every_customer = "{show: [invoices], except: [C-2]}"
    site.publish()
    assert not site.files("C-2")
    assert site.files("C-3")


def test_an_exception_that_is_no_customer_is_told_and_stops_nothing(site: SmallSite) -> None:
    """A customer who was excepted may leave the ERP any night."""
    site.every_customer = "{show: [invoices], except: [C-22]}"
    assert site.publish().uploaded
    [problem] = unknown_exceptions(site.definitions, ["C-1", "C-2", "C-3"])
    assert (problem.message, problem.hint) == (
        "every_customer: except: there is no customer 'C-22' in the exports",
        "did you mean 'C-2'?",
    )


def test_contacts_of_the_export_have_links_that_show_no_more_than_their_portal(site: SmallSite) -> None:
    site.exported = (*site.exported, "contacts")
    site.every_customer = "{show: [invoices], contacts: {show: ALL}}"
    site.publish()
    assert b"INV-3" in b"".join(site.files("C-2", P_2).values())
    assert b"SO-2" not in b"".join(site.files("C-2", P_2).values())
    assert not site.files("C-1", "ann"), "this customer has a portal of its own, which defines no contact"


def test_the_language_is_the_one_of_the_export(site: SmallSite) -> None:
    site.exported = (*site.exported, "contacts")
    site.portals = {}
    site.every_customer = "{show: [invoices], contacts: {show: [invoices]}}"
    site.publish()
    assert b'lang="de"' in site.files("C-1", "ann")["index.html"]
    assert b'lang="en"' in site.files("C-1")["index.html"]


def test_the_same_exports_again_change_nothing(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    store.asked.clear()
    assert site.publish().uploaded == 0
    assert dict(store.asked) == {"read": 1}


class TestComingAndGoing:
    def test_who_leaves_the_export_is_purged_and_who_comes_back_has_the_same_link(self, site: SmallSite) -> None:
        site.publish()
        before = site.files("C-2")
        without_c_2(site)
        done = site.publish()
        assert not site.files("C-2")
        assert [(step.id, step.reason) for step in done.steps if step.action == "purge"] == [
            (LinkId("C-2"), "not in the exports any more")
        ]
        with_c_2(site)
        site.publish()
        assert site.files("C-2").keys() == before.keys()

    def test_an_exception_purges_before_any_export_is_read(self, site: SmallSite) -> None:
        site.publish()
        site.every_customer = "{show: [invoices], except: [C-2]}"
        site.write("exports/invoices.csv", "no,such,heading\n")
        with pytest.raises(InvalidInputError):
            site.publish()
        assert not site.files("C-2")
        assert site.files("C-3")

    def test_what_is_no_longer_granted_goes_before_any_export_is_read(self, site: SmallSite) -> None:
        site.every_customer = "{show: [invoices, orders]}"
        site.publish()
        site.every_customer = "{show: [orders]}"
        site.write("exports/invoices.csv", "no,such,heading\n")
        with pytest.raises(InvalidInputError):
            site.publish()
        assert b"INV-3" not in b"".join(site.files("C-2").values())

    def test_a_bad_export_takes_nobodys_portal_away(self, site: SmallSite) -> None:
        site.publish()
        before = site.everything_public()
        site.write("exports/customers.csv", "no,such,heading\n")
        with pytest.raises(InvalidInputError):
            site.publish()
        assert site.everything_public() == before

    def test_many_who_vanish_from_the_export_at_once_are_asked_for(self, tmp_path: Path, store: MemoryStore) -> None:
        site = new_site(tmp_path, store)
        many = "".join(f"M-{number},Many {number},Town\n" for number in range(20))
        site.write("exports/customers.csv", CUSTOMERS + many)
        site.portals, site.every_customer = {}, "{show: [invoices]}"
        site.publish()
        before = site.everything_public()
        site.write("exports/customers.csv", CUSTOMERS)
        with pytest.raises(RefusedError, match=r"20 portals .* of 23 vanished"):
            site.publish()
        assert site.everything_public() == before
        assert site.publish(expected_removals=20).purged_links == 20

    def test_many_exceptions_are_not_asked_for(self, tmp_path: Path, store: MemoryStore) -> None:
        site = new_site(tmp_path, store)
        many = "".join(f"M-{number},Many {number},Town\n" for number in range(20))
        site.write("exports/customers.csv", CUSTOMERS + many)
        site.portals, site.every_customer = {}, "{show: [invoices]}"
        site.publish()
        site.every_customer = f"{{show: [invoices], except: [{', '.join(f'M-{number}' for number in range(20))}]}}"
        assert site.publish().purged_links == 20

    def test_without_every_customer_they_are_burned(self, site: SmallSite) -> None:
        site.publish()
        said, site.every_customer = site.every_customer, ""
        site.publish()
        assert not site.files("C-2")
        site.every_customer = said
        before = site.everything_public()
        done = site.publish()
        assert [str(each.id) for each in done.refused] == ["C-2", "C-3"]
        assert "was revoked" in done.refused[0].problems[0].message
        assert site.everything_public() == before, "nobody else is held up"
        site.every_customer = "{show: [invoices], revision: 2}"
        site.publish()
        assert site.files("C-2", revision=2)

    def test_a_portal_that_is_written_with_the_same_id_keeps_the_link(self, site: SmallSite) -> None:
        site.publish()
        before = site.files("C-2")
        site.portals["C-2"] = "{customer: C-2, show: [invoices]}"
        assert site.publish().purged_links == 0
        assert site.files("C-2") == before

    def test_a_portal_that_is_written_with_another_id_replaces_the_link(self, site: SmallSite) -> None:
        site.publish()
        site.portals["bees"] = "{customer: C-2, show: [invoices]}"
        site.publish()
        assert not site.files("C-2")
        assert site.files("bees")

    def test_another_root_key_kills_the_old_links(self, site: SmallSite) -> None:
        site.publish()
        site.keys = f"a:{KEY_A} b:{KEY_B}"
        site.every_customer = "{show: [invoices], key: b}"
        site.key = "a"
        site.publish()
        assert not site.files("C-2")
        assert site.token("C-2", key="b") in b"".join(key.encode() for key in site.everything_public()).decode()

    def test_a_key_that_is_left_and_taken_again_brings_no_old_link_back(self, site: SmallSite) -> None:
        site.keys, site.key = f"a:{KEY_A} b:{KEY_B}", "a"
        site.publish()
        site.every_customer = "{show: [invoices], key: b}"
        site.publish()
        site.every_customer = "{show: [invoices], key: a}"
        assert {str(each.id) for each in site.publish().refused} == {"C-2", "C-3"}
        assert not site.files("C-2")

    def test_a_number_that_the_erp_writes_otherwise_is_another_customer_with_another_link(
        self, site: SmallSite
    ) -> None:
        site.write("exports/customers.csv", CUSTOMERS.replace("C-2", "C/2"))
        site.write("exports/invoices.csv", INVOICES.replace("C-2", "C/2"))
        site.write("exports/orders.csv", ORDERS_NOT_C_2)
        site.publish()
        [old] = [link.portal for link in site.inventory().live if link.portal.startswith("C-2")]
        assert site.files(old)
        with_c_2(site)
        done = site.publish()
        assert not done.refused
        assert not site.files(old)
        assert site.files("C-2")

    def test_a_portal_that_was_another_customers_under_this_id_is_burned_and_its_link_given_to_nobody(
        self, site: SmallSite
    ) -> None:
        site.portals["C-2"] = "{customer: C-3, show: [invoices]}"
        site.every_customer = "{show: [invoices], except: [C-2]}"
        site.publish()
        del site.portals["C-2"]
        site.every_customer = "{show: [invoices]}"
        done = site.publish()
        assert [str(each.id) for each in done.refused] == ["C-2"]
        assert not site.files("C-2")
        assert site.files("C-3")

    def test_a_written_portal_burns_even_where_one_that_follows_had_its_link(self, site: SmallSite) -> None:
        site.publish()
        site.portals["C-2"] = "{customer: C-2, show: [invoices]}"
        site.publish()
        del site.portals["C-2"]
        site.every_customer = "{show: [invoices], except: [C-2]}"
        site.publish()
        site.portals["C-2"] = "{customer: C-2, show: [invoices]}"
        with pytest.raises(InvalidInputError, match="was revoked"):
            site.publish()

    def test_portals_that_vanish_before_and_after_the_exports_are_read_are_counted_together(
        self, tmp_path: Path, store: MemoryStore
    ) -> None:
        site = new_site(tmp_path, store)
        many = "".join(f"M-{number},Many {number},Town\n" for number in range(30))
        site.write("exports/customers.csv", CUSTOMERS + many)
        site.portals = {f"m-{number}": f"{{customer: M-{number}, show: [invoices]}}" for number in range(10)}
        site.every_customer = "{show: [invoices]}"
        site.publish()
        site.portals = {}
        site.write("exports/customers.csv", CUSTOMERS)
        with pytest.raises(RefusedError, match="30 portals"):
            site.publish()

    def test_a_lost_ledger_changes_no_link(self, site: SmallSite, store: MemoryStore) -> None:
        site.publish()
        before = site.everything_public()
        del store.contents["private/ledger.json"]
        assert site.publish().purged_links == 0
        assert site.everything_public() == before
        assert {record.state for record in (read_ledger(store, "small") or {}).values()} == {"live"}

    def test_a_plan_says_what_a_publish_does(self, site: SmallSite) -> None:
        site.publish()
        without_c_2(site)
        planned = plan(site.inventory())
        done = site.publish()
        assert [(step.id, step.action, step.reason) for step in planned.steps] == [
            (step.id, step.action, step.reason) for step in done.steps
        ]


def definitions(every: EveryCustomer, *portals: Portal) -> Definitions:
    return Definitions("portals.yaml", Path(), Site("s", "S"), "", (), (), portals, every_customer=every)


EVERY = EveryCustomer(("invoices",), ("invoices",), ("invoices",), ("invoices",), places={"": Location()})


def test_ids_that_differ_in_a_stroke_alone_stay_apart() -> None:
    contacts = [Person(each, "A", customer_id="A/1") for each in ("a/b", "a-b")]
    one, two = with_everyone(definitions(EVERY), [Person("A-1", "One"), Person("A/1", "Two"), *contacts]).portals
    ids = [one.id, two.id, *(contact.id for contact in two.contacts)]
    assert len(set(ids)) == 4
    assert not any("/" in each for each in ids)


def test_a_portal_of_another_customer_under_that_id_is_not_mistaken_for_it() -> None:
    with pytest.raises(InvalidInputError, match="the id of customer 'C-2'"):
        with_everyone(definitions(EVERY, Portal("C-1", "C-2")), [Person("C-1", "One")])


def test_a_contact_of_somebody_else_is_never_given_to_whoever_stands_before() -> None:
    people = [Person("C-1", "One"), Person("eve", "Eve", customer_id="C-9"), Person("C-2", "Two")]
    assert [portal.contacts for portal in with_everyone(definitions(EVERY), people).portals] == [(), ()]


IDS = st.text(alphabet="ab/", min_size=1, max_size=3)


@given(st.dictionaries(IDS, st.sets(IDS)))
def test_the_ledger_remembers_enough_to_want_the_same_links(everybody: dict[str, set[str]]) -> None:
    people = []
    for customer, contacts in sorted(everybody.items()):
        people += [Person(customer, "N"), *(Person(each, "N", customer_id=customer) for each in sorted(contacts))]
    wanted = with_everyone(definitions(EVERY), people)
    ledger = {
        str(number): Record(portal, contact, 1, "a", str(number), customer, is_derived=True)
        for number, (portal, customer, contact) in enumerate(_links(wanted))
    }
    assert _links(with_everyone(definitions(EVERY), people_in(ledger))) == _links(wanted)


def _links(wanted: Definitions) -> list[tuple[str, str, str]]:
    return [
        (portal.id, portal.customer, contact)
        for portal in wanted.portals
        for contact in ("", *sorted(each.id for each in portal.contacts))
    ]


def test_link_knows_them_from_the_last_build(site: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTALGEN_SMALL_KEYS", site.keys)
    config = Path(site.definitions.file)
    with pytest.raises(InvalidInputError, match="there is no portal 'C-2'"):
        link(config, "C-2", None)
    site.publish()
    assert site.token("C-2") in link(config, "C-2", None).to_text()
