"""The history of a site: a chain that shows what every link could see, from when to when, and that shows tampering."""

import contextlib
import datetime
import json
import re
import zoneinfo
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.commands.who import is_seen_on
from portalgen.errors import InvalidInputError, PortalgenError
from portalgen.history import (
    ADDS,
    DROPS,
    ENDS,
    SHOWS,
    Event,
    Head,
    Sight,
    append,
    find_head,
    named,
    read,
    sights,
    turns,
)
from portalgen.ledger import read_head
from portalgen.model import LinkId
from portalgen.stores.memory import Fault, MemoryStore, fail_at, no_fault
from tests.sites import INVOICES, TODAY, SmallSite, new_site

ACME = LinkId("acme")
MORNING = datetime.datetime(2026, 11, 22, 8, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
Told = tuple[str, dict[str, list[str]], list[str]]
KINDS = st.sampled_from([ADDS, DROPS, SHOWS, ENDS])
TYPES = {"INV": "invoices", "SO": "orders"}
DOCUMENTS = st.dictionaries(st.sampled_from(["invoices", "quotes"]), st.lists(st.sampled_from("123"), unique=True))


def event(what: str, **documents: list[str]) -> Event:
    return Event(what, ACME, "f1", "C-1", documents=documents)


def chain(store: MemoryStore, *events: list[Event]) -> Head:
    head = Head()
    for number, entry in enumerate(events):
        head = append(store, head, MORNING + number * HOUR, entry)
    return head


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def site(tmp_path: Path, store: MemoryStore) -> SmallSite:
    return new_site(tmp_path, store)


def entries_of(site: SmallSite) -> list[str]:
    return sorted(item.key for item in site.store.objects("private/history/"))


def watched(fault: Fault, befell: list[str]) -> Fault:
    """The same fault, which notes that it befell the store."""

    def watching(action: str, key: str) -> str | None:
        cause = fault(action, key)
        befell.extend([cause] if cause else [])
        return cause

    return watching


class TestChain:
    def test_what_was_written_is_read(self, store: MemoryStore) -> None:
        first = Event(ADDS, LinkId("æ", "ann"), "f1", "C-1", ("invoices",), {"invoices": ["INV\n1", "2\u2028"]}, "new")
        head = chain(store, [first], [event(ENDS), event(ADDS)])
        found = read(store, head)
        assert [(entry.number, entry.at, entry.events) for entry in found] == [
            (1, MORNING, (first,)),
            (2, MORNING + HOUR, (event(ENDS), event(ADDS))),
        ]

    def test_nothing_to_tell_is_no_entry(self, store: MemoryStore) -> None:
        head = chain(store, [event(ADDS)])
        assert append(store, head, MORNING, []) == head
        assert len([*store.objects("private/")]) == 1

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_an_entry_that_was_altered_or_removed_is_noticed(self, store: MemoryStore, number: int) -> None:
        head = chain(store, *[[event(ADDS, invoices=[str(each)])] for each in range(3)])
        key = f"private/history/{number:08}.jsonl"
        whole = store.contents.pop(key)
        with pytest.raises(PortalgenError, match=f"altered: entry {number} is missing"):
            read(store, head)
        store.contents[key] = whole.replace(b'"f1"', b'"f2"')
        with pytest.raises(PortalgenError, match="altered"):
            read(store, head)
        store.contents[key] = whole
        assert len(read(store, head)) == 3

    def test_entries_that_changed_places_are_noticed(self, store: MemoryStore) -> None:
        head = chain(store, *[[event(ADDS, invoices=[str(each)])] for each in range(3)])
        one, two = "private/history/00000001.jsonl", "private/history/00000002.jsonl"
        store.contents[one], store.contents[two] = store.contents[two], store.contents[one]
        with pytest.raises(PortalgenError, match="entry 1 does not follow"):
            read(store, head)

    def test_a_chain_that_was_cut_short_and_forged_does_not_end_where_the_ledger_says(self, store: MemoryStore) -> None:
        head = chain(store, [event(ADDS)], [event(ENDS)])
        forged = append(store, Head(1, replace(head, number=1).digest), MORNING, [event(ADDS)])
        assert forged.number == head.number
        with pytest.raises(PortalgenError, match="altered"):
            read(store, head)

    @pytest.mark.parametrize("text", [b"", b"\xff", b"[]", b"{}", b"null", b"not JSON"])
    def test_an_entry_that_is_none_is_told_of(self, store: MemoryStore, text: bytes) -> None:
        head = chain(store, [event(ADDS)])
        store.contents["private/history/00000001.jsonl"] = text
        with pytest.raises(PortalgenError, match="entry 1 cannot be read"):
            read(store, head)

    def test_an_entry_behind_the_last_one_is_of_a_publish_that_broke_off_and_counts_for_nothing(
        self, store: MemoryStore
    ) -> None:
        head = chain(store, [event(ADDS)])
        append(store, head, MORNING, [event(ENDS)])
        assert len(read(store, head)) == 1
        assert find_head(store).number == 2


class TestFolding:
    def test_a_document_is_seen_from_when_it_appears_until_it_disappears(self, store: MemoryStore) -> None:
        head = chain(store, [event(ADDS, invoices=["1", "2"])], [event(DROPS, invoices=["1"])])
        assert [(each.number, each.since, each.until) for each in sights(read(store, head))] == [
            ("1", MORNING, MORNING + HOUR),
            ("2", MORNING, None),
        ]

    def test_all_of_a_type_goes_and_other_types_stay(self, store: MemoryStore) -> None:
        drop = replace(event(DROPS), types=("invoices",))
        head = chain(store, [event(ADDS, invoices=["1"], quotes=["1"])], [drop])
        assert [(each.type, each.until is None) for each in sights(read(store, head))] == [
            ("invoices", False),
            ("quotes", True),
        ]

    def test_adding_what_is_there_changes_nothing(self, store: MemoryStore) -> None:
        head = chain(store, [event(ADDS, invoices=["1"])], [event(ADDS, invoices=["1"])])
        assert len([*turns(read(store, head))]) == 1

    @given(st.lists(st.tuples(KINDS, DOCUMENTS, st.lists(st.sampled_from(["invoices", "quotes"]))), max_size=8))
    def test_what_is_still_seen_is_what_the_events_come_to(
        self, told: list[tuple[str, dict[str, list[str]], list[str]]]
    ) -> None:
        store = MemoryStore()
        head = chain(store, *[[replace(event(what, **docs), types=tuple(types))] for what, docs, types in told])
        shown: set[tuple[str, str]] = set()
        for what, documents, types in told:
            each = set(named(documents))
            if what == ADDS:
                shown |= each
            elif what == SHOWS:
                shown = each
            elif what == ENDS:
                shown = set()
            else:
                shown = {(type_, number) for type_, number in shown - each if type_ not in types}
        found = [*sights(read(store, head))]
        assert {(sight.type, sight.number) for sight in found if sight.until is None} == shown
        assert all(sight.until is None or sight.since < sight.until for sight in found)


class TestPublishing:
    def seen(self, site: SmallSite) -> set[tuple[str, str, str]]:
        """What links can see now, by the history alone."""
        found = sights(read(site.store, read_head(site.store, "small")))
        return {(str(each.link), each.type, each.number) for each in found if each.until is None}

    def shown(self, site: SmallSite) -> set[tuple[str, str, str]]:
        """What links show, by the bytes that the store holds."""
        found = set()
        for portal in site.definitions.portals:
            for contact in ("", *(each.id for each in portal.contacts)):
                for revision in (1, 2, 3):
                    pages = b"".join(site.files(portal.id, contact, revision).values()).decode("utf-8", "replace")
                    for prefix, number in re.findall(r"\b(INV|SO)(-\d)\b", pages):
                        found.add((str(LinkId(portal.id, contact)), TYPES[prefix], prefix + number))
        return found

    def test_history_and_store_agree_whatever_was_published(self, site: SmallSite) -> None:
        steps: list[tuple[str, str]] = [
            ("", ""),
            ("exports/invoices.csv", INVOICES.replace("INV-2", "INV-7")),
            ("ants", "{customer: C-1, show: [orders], contacts: {ann: {show: [orders]}}}"),
            ("bees", "{customer: C-2, show: [invoices], enabled: false}"),
            ("bees", "{customer: C-2, show: [invoices]}"),
            ("bees", "{customer: C-2, show: [invoices, orders], revision: 2}"),
            ("crows", ""),
        ]
        for name, text in steps:
            if name.endswith(".csv"):
                site.write(name, text)
            else:
                site.portals = {id_: said for id_, said in (site.portals | {name: text}).items() if said}
            site.publish()
            assert self.seen(site) == self.shown(site) != set()

    def test_what_comes_back_after_it_was_withdrawn_is_told(self, site: SmallSite) -> None:
        site.publish()
        site.portals["ants"] = "{customer: C-1, show: [invoices], contacts: {ann: {show: [invoices]}}}"
        site.write("exports/invoices.csv", "no,such,heading\n")
        with pytest.raises(InvalidInputError):
            site.publish()
        assert ("ants", "orders", "SO-1") not in self.seen(site)
        site.portals["ants"] = "{customer: C-1, show: ALL, contacts: {ann: {show: [invoices]}}}"
        site.write("exports/invoices.csv", INVOICES)
        site.publish()
        assert self.seen(site) == self.shown(site)
        assert ("ants", "orders", "SO-1") in self.seen(site)

    def test_fewer_branches_are_told_for_what_they_leave(self, site: SmallSite) -> None:
        heading, *rows = INVOICES.splitlines()
        branches = ["North", "South", "North", "North"]
        lines = [f"{row},{branch}" for row, branch in zip(rows, branches, strict=True)]
        site.write("exports/invoices.csv", "\n".join([f"{heading},branch", *lines, ""]))
        site.publish()
        site.portals["ants"] = "{customer: C-1, show: [invoices], branches: [North]}"
        site.publish()
        assert self.seen(site) == self.shown(site)
        ants = {number for link, _, number in self.seen(site) if link == "ants"}
        assert ants == {"INV-1"}

    def test_links_that_were_published_before_there_was_a_history_are_in_it_from_the_next_publish(
        self, site: SmallSite, store: MemoryStore
    ) -> None:
        site.publish()
        data = json.loads(store.contents["private/ledger.json"])
        del data["history"]
        store.contents["private/ledger.json"] = json.dumps(data | {"format": 1}).encode()
        for key in entries_of(site):
            del store.contents[key]
        site.portals["bees"] = "{customer: C-2, show: [invoices, orders]}"
        del site.portals["crows"]
        site.publish()
        assert self.seen(site) == self.shown(site)

    def test_an_unchanged_site_adds_no_entry(self, site: SmallSite) -> None:
        site.publish()
        before = entries_of(site)
        site.publish()
        assert entries_of(site) == before

    @pytest.mark.parametrize("is_altered", [True, False], ids=["altered", "removed"])
    def test_a_publish_that_adds_behind_a_broken_entry_says_so(
        self, site: SmallSite, store: MemoryStore, is_altered: bool
    ) -> None:
        site.publish()
        [entry] = entries_of(site)
        whole = store.contents.pop(entry)
        if is_altered:
            store.contents[entry] = whole.replace(b"INV-1", b"INV-9")
        site.portals["bees"] = "{customer: C-2, show: [invoices], enabled: false}"
        done = site.publish()
        assert not site.files("bees")
        assert ["is not the one that was written" in note.message for note in done.notes] == [True]

    def test_a_changed_amount_is_no_new_sight(self, site: SmallSite) -> None:
        site.publish()
        before = entries_of(site)
        site.write("exports/invoices.csv", INVOICES.replace("70.00,70.00", "70.00,0.00"))
        assert site.publish().uploaded
        assert entries_of(site) == before

    def test_a_lost_ledger_goes_on_with_the_history_that_is_there(self, site: SmallSite, store: MemoryStore) -> None:
        site.publish()
        del store.contents["private/ledger.json"]
        del site.portals["crows"]
        site.publish(expected_removals=1)
        assert not any(link.startswith("crows") for link, _, _ in self.seen(site))
        read(store, read_head(store, "small"))

    def test_wherever_a_publish_breaks_off_nothing_was_visible_that_the_history_does_not_tell(
        self, site: SmallSite, store: MemoryStore
    ) -> None:
        site.publish()
        site.write("exports/invoices.csv", INVOICES.replace("INV-2", "INV-7"))
        site.portals["bees"] = "{customer: C-2, show: [invoices, orders]}"
        del site.portals["crows"]
        whole = dict(store.contents)
        failures = 0
        for action in ("write", "delete", "read", "list"):
            for number in range(1, 60):
                store.contents.clear()
                store.contents.update(whole)
                befell: list[str] = []
                store.fault = watched(fail_at(action, number), befell)
                self.publishes(site)
                store.fault = no_fault
                if not befell:
                    break
                assert self.shown(site) <= self.seen(site), f"after a failure of {action} {number}"
                site.publish()
                assert self.shown(site) == self.seen(site)
                failures += 1
        assert failures > 20

    def publishes(self, site: SmallSite) -> None:
        """Publish, as far as it goes."""
        with contextlib.suppress(PortalgenError):
            site.publish()


def test_the_history_holds_no_token(site: SmallSite, store: MemoryStore) -> None:
    site.publish()
    tokens = {key.split("/")[1] for key in site.everything_public()}
    text = b"".join(store.read(key) for key in entries_of(site)).decode()
    assert text
    assert not any(token in text for token in tokens)


def test_moments_are_in_utc(site: SmallSite, store: MemoryStore) -> None:
    site.publish(TODAY)
    first = json.loads(store.read(entries_of(site)[0]).splitlines()[0])
    assert first["at"] == "2026-11-22T12:00:00.000000+00:00"


@pytest.mark.parametrize(
    ("since", "until", "is_seen"),
    [
        ("2026-05-03T10:00", "2026-05-03T11:00", True),
        ("2026-05-01T10:00", None, True),
        ("2026-05-01T10:00", "2026-05-02T21:59", False),
        ("2026-05-01T10:00", "2026-05-02T22:01", True),
        ("2026-05-03T21:59", None, True),
        ("2026-05-03T22:00", None, False),
    ],
)
def test_a_day_is_one_where_the_site_is(since: str, until: str | None, is_seen: bool) -> None:
    """Berlin is two hours ahead: its 3 May begins on the 2nd at 22:00 in UTC, and ends likewise."""
    moments = [datetime.datetime.fromisoformat(f"{text}+00:00") if text else None for text in (since, until)]
    assert moments[0]
    sight = Sight(ACME, "f1", "C-1", "invoices", "INV-1", moments[0], moments[1])
    assert is_seen_on(sight, datetime.date(2026, 5, 3), zoneinfo.ZoneInfo("Europe/Berlin")) is is_seen


def test_where_a_clock_goes_back_what_was_seen_for_a_moment_was_seen_that_day(store: MemoryStore) -> None:
    head = append(store, Head(), MORNING, [event(ADDS, invoices=["1"])])
    head = append(store, head, MORNING - 48 * HOUR, [event(ENDS)])
    assert [(each.since, each.until) for each in sights(read(store, head))] == [(MORNING, MORNING)]
