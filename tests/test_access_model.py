"""Whatever is done to definitions, keys and ledger, exactly the links that a simple model wants answer afterwards."""

import datetime
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from portalgen.errors import InvalidInputError, PortalgenError
from portalgen.stores.base import Store
from portalgen.stores.directory import DirectoryStore
from portalgen.stores.memory import MemoryStore, fail_at, no_fault
from portalgen.stores.s3 import S3Store
from tests.s3_server import S3Server
from tests.sites import CUSTOMERS, INVOICES, KEY_A, KEY_B, TODAY, new_site

CUSTOMER_OF = {"ants": "C-1", "bees": "C-2", "crows": "C-3", "ants-two": "C-1"}
CONTACTS = ("ann", "bob")
TYPES = ("invoices", "orders")
NUMBERS = {
    "C-1": {"invoices": {"INV-1", "INV-2"}, "orders": {"SO-1"}},
    "C-2": {"invoices": {"INV-3"}, "orders": {"SO-2"}},
    "C-3": {"invoices": {"INV-4"}, "orders": set()},
}
ALL_NUMBERS = {number for types in NUMBERS.values() for numbers in types.values() for number in numbers}

Token = tuple[str, str, str, int]
"""What a link's token follows from: key, portal, contact, revision."""

portals = st.sampled_from(sorted(CUSTOMER_OF))
contacts = st.sampled_from(CONTACTS)
shows = st.sets(st.sampled_from(TYPES))


@dataclass
class Grantee:
    show: set[str]
    enabled: bool = True
    revision: int = 1
    expires: datetime.date | None = None

    def is_live(self, today: datetime.date) -> bool:
        return self.enabled and (self.expires is None or self.expires >= today)

    def fields(self) -> str:
        expires = f", expires: {self.expires}" if self.expires else ""
        show = f"[{', '.join(sorted(self.show))}]"
        return f"show: {show}, enabled: {str(self.enabled).lower()}, revision: {self.revision}{expires}"


@dataclass
class PortalOf(Grantee):
    contacts: dict[str, Grantee] = field(default_factory=dict)


class Access(RuleBasedStateMachine):
    """The model beside a real site. `live` are the links that answer, `burned` those that never may again."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.portals: dict[str, PortalOf] = {}
        self.every: set[str] | None = None
        self.every_revision = 1
        self.excepted: set[str] = set()
        self.exported = set(NUMBERS)
        self.key = "a"
        self.today = TODAY
        self.live: set[Token] = set()
        self.issued: set[Token] = set()
        self.derived: set[Token] = set()
        self.burned: set[Token] = set()

    @initialize(every=st.sampled_from([None, {"invoices"}, {*TYPES}]))
    def begin(self, every: set[str] | None) -> None:
        self.site = new_site(Path(tempfile.mkdtemp(dir=self.folder)), self.fresh_store())
        self.site.keys = f"a:{KEY_A} b:{KEY_B}"
        self.every = every and {*every}
        self.portals["ants"] = PortalOf({*TYPES}, contacts={"ann": Grantee({"orders"})})
        self.portals["bees"] = PortalOf({"invoices"})
        self.publish()

    def fresh_store(self) -> Store:
        home = Path(tempfile.mkdtemp(dir=self.folder))
        return DirectoryStore(home / "public", home / "private")

    # What people do

    @rule(data=st.data(), show=shows, revision=st.sampled_from([1, 1, 2, 3]))
    def add_or_remove(self, data: st.DataObject, show: set[str], revision: int) -> None:
        """A portal, or a contact of one; who comes back may come with a revision that was burned."""
        id_ = data.draw(portals)
        if id_ not in self.portals:
            self.portals[id_] = PortalOf(set(show), revision=revision)
        elif data.draw(st.booleans()):
            del self.portals[id_]
            self.publish()
        else:
            contact, there = data.draw(contacts), self.portals[id_].contacts
            if contact in there:
                del there[contact]
                self.publish()
            else:
                there[contact] = Grantee(set(show), revision=revision)

    @rule(data=st.data(), types=shows, kind=st.sampled_from(["grant", "revoke", "rotate", "enabled", "expires"]))
    def change(self, data: st.DataObject, types: set[str], kind: str) -> None:
        """A portal or a contact that is there."""
        one = self.one(data)
        if kind == "grant":
            one.show |= types
        elif kind == "revoke":
            one.show -= types
        elif kind == "rotate":
            one.revision += 1
        elif kind == "enabled":
            one.enabled = not one.enabled
        else:
            days = data.draw(st.one_of(st.none(), st.integers(-1, 3)))
            one.expires = None if days is None else self.today + datetime.timedelta(days=days)

    @rule(data=st.data(), kind=st.sampled_from(["time", "key", "every", "rotate", "customers"]))
    def change_all(self, data: st.DataObject, kind: str) -> None:
        """What concerns all links: the day, the key, what every customer has, and who that is."""
        if kind == "time":
            self.today += datetime.timedelta(days=data.draw(st.integers(1, 2)))
        elif kind == "key":
            self.key = data.draw(st.sampled_from("ab"))
        elif kind == "every":
            self.every = data.draw(st.one_of(st.none(), shows))
            self.excepted = data.draw(st.sets(st.sampled_from(sorted(NUMBERS)))) & self.exported
        elif kind == "rotate":
            self.every_revision += 1
        else:
            self.exported = {*NUMBERS} if "C-3" not in self.exported else {"C-1", "C-2"}

    # What is expected

    def one(self, data: st.DataObject) -> Grantee:
        grantees = [each for portal in self.portals.values() for each in (portal, *portal.contacts.values())]
        return data.draw(st.sampled_from(grantees)) if grantees else Grantee(set())

    def defined(self) -> Iterator[tuple[Token, str, set[str], bool]]:
        """Every link that the definitions speak of: what makes it, whose it is, what it shows, whether it is live."""
        for id_, portal in self.portals.items():
            is_live = portal.is_live(self.today)
            yield (self.key, id_, "", portal.revision), CUSTOMER_OF[id_], portal.show, is_live
            for name, contact in portal.contacts.items():
                token = (self.key, id_, name, contact.revision)
                yield token, CUSTOMER_OF[id_], contact.show & portal.show, is_live and contact.is_live(self.today)
        if self.every is not None:
            for customer in self.exported - {CUSTOMER_OF[id_] for id_ in self.portals} - self.excepted:
                yield (self.key, customer, "", self.every_revision), customer, self.every, True

    def write(self) -> None:
        self.site.key = self.key
        self.site.portals = {
            id_: f"{{customer: {CUSTOMER_OF[id_]}, {portal.fields()}, contacts: {{"
            + ", ".join(f"{name}: {{{contact.fields()}}}" for name, contact in portal.contacts.items())
            + "}}"
            for id_, portal in self.portals.items()
        }
        excepted = ", ".join(sorted(self.excepted))
        self.site.every_customer = (
            ""
            if self.every is None
            else f"{{show: [{', '.join(sorted(self.every))}], except: [{excepted}], revision: {self.every_revision}}}"
        )
        if "crows" in self.portals or "C-3" in self.excepted:
            self.exported = {*NUMBERS}
        gone = {"C-1", "C-2", "C-3"} - self.exported
        for name, text in (("customers", CUSTOMERS), ("invoices", INVOICES)):
            lines = [line for line in text.splitlines() if not any(each in line for each in gone)]
            self.site.write(f"exports/{name}.csv", "\n".join(lines) + "\n")

    @rule()
    def publish(self) -> None:
        event("publish")
        self.write()
        links = {token: (customer, show) for token, customer, show, is_live in self.defined() if is_live}
        spoken_of = {token for token, *_ in self.defined()}
        refused = {token[1:3] for token in links if token in self.burned}
        self.expect(spoken_of, set(links), refused)
        if refused:
            event("refused")
            with pytest.raises(InvalidInputError, match="write revision"):
                self.site.publish(self.today)
        else:
            assert not self.site.publish(self.today).failed
            self.compare_content(links)
        answering = {item.key.split("/")[1] for item in self.site.store.objects("public/")}
        assert answering == {self.site.token(portal, contact, rev, key) for key, portal, contact, rev in self.live}

    @rule()
    def publish_again(self) -> None:
        """Another rule with the same body, so that every second step or so is a publish."""
        self.publish()

    def expect(self, spoken_of: set[Token], links: set[Token], refused: set[tuple[str, str]]) -> None:
        """What a publish makes of the links that there are."""
        rests = {
            token
            for token in self.derived
            if self.every is not None and token[3] == self.every_revision and token in self.issued
        }
        kept = {token for token in self.live - links if token[1:3] in refused and token not in self.burned}
        self.burned |= self.issued - spoken_of - rests - kept
        self.issued -= self.burned
        self.live = (self.live & links - self.burned) | kept if refused else set(links)
        if not refused:
            self.issued |= links
            names = {*NUMBERS}
            self.derived = {token for token in self.derived if token not in links} | {
                token for token in links if token[1] in names
            }

    def compare_content(self, links: dict[Token, tuple[str, set[str]]]) -> None:
        for (key, portal, contact, revision), (customer, show) in links.items():
            prefix = f"public/{self.site.token(portal, contact, revision, key)}/"
            pages = [self.site.store.read(item.key) for item in self.site.store.objects(prefix)]
            data = b"".join(pages).decode("utf-8", "replace")
            granted = set().union(*(NUMBERS[customer][type_] for type_ in show))
            assert {number for number in ALL_NUMBERS if number in data} == granted

    @rule()
    def lose_the_ledger(self) -> None:
        """Nothing comes of it: the history knows the links that are not there any more, and the listing all others."""
        self.site.store.delete(["private/ledger.json"])
        self.publish()


class AccessWithFaults(Access):
    """With a store that fails somewhere in the middle now and then."""

    def fresh_store(self) -> Store:
        self.memory = MemoryStore()
        return self.memory

    @rule(action=st.sampled_from(["write", "delete", "list", "read"]), number=st.integers(1, 12))
    def publish_breaks_off(self, action: str, number: int) -> None:
        self.write()
        if any(token in self.burned for token, _, _, is_live in self.defined() if is_live):
            return
        self.memory.fault = fail_at(action, number)
        try:
            self.site.publish(self.today)
        except PortalgenError:
            pass
        finally:
            self.memory.fault = no_fault
        self.publish()


class AccessOnS3(Access):
    """In a bucket; each run has a prefix of its own."""

    bucket: str
    endpoint: str

    def fresh_store(self) -> Store:
        self.s3 = S3Store(self.bucket, endpoint=self.endpoint, prefix=uuid.uuid4().hex)
        return self.s3

    def teardown(self) -> None:
        self.s3.close()


def run(machine: type[Access], examples: int, steps: int) -> None:
    health = [*HealthCheck]
    kind = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=health,
        database=None,
        phases=[Phase.generate],  # to shrink a failure takes longer than to read it
    )
    run_state_machine_as_test(machine, settings=kind)


def test_on_a_directory_exactly_the_links_that_are_wanted_answer(tmp_path: Path) -> None:
    Access.folder = tmp_path
    run(Access, examples=7, steps=25)


def test_with_failures_in_the_middle_they_do_after_the_next_publish(tmp_path: Path) -> None:
    AccessWithFaults.folder = tmp_path
    run(AccessWithFaults, examples=4, steps=25)


def test_on_a_real_s3_server_they_do_too(tmp_path: Path, s3_server: S3Server, s3_bucket: str) -> None:
    AccessOnS3.folder, AccessOnS3.bucket, AccessOnS3.endpoint = tmp_path, s3_bucket, s3_server.endpoint
    run(AccessOnS3, examples=2, steps=12)
