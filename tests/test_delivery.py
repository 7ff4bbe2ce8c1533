"""Whatever goes wrong, each recipient gets one mail, or is told to be in doubt; one failure stops nobody else."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portalgen import mail
from portalgen.delivery import BUSY, Delivery, Pace, Run, deliver
from portalgen.errors import PortalgenError
from portalgen.ledger import Record
from portalgen.mail import (
    DOUBTFUL,
    LATER,
    REFUSED,
    SENT,
    UNFIT,
    Connection,
    MailServerError,
    Message,
    Outcome,
    Post,
    compose,
)
from portalgen.mailbook import SENDING, Mailbook
from portalgen.mailing import DUE, Due, Recipient, Wish, due, mail_of
from portalgen.model import Changes, Link, LinkId, MailServer
from portalgen.progress import SILENT
from portalgen.stores.memory import MemoryStore, fail_at, no_fault
from tests.smtp_server import BODY, DATA, DOT, GREETING, MAIL, NOOP, RCPT, TAKEN, Fault, SmtpServer

PEOPLE = ("ann", "bob", "carla", "dan", "eve")


def recipient(name: str) -> Recipient:
    link = Link(LinkId("acme", name), "C-1", 1, "a", (), "live", "en", name, f"{name}@acme.example")
    return Recipient(link, f"print-of-{name}")


def letter(item: Due) -> Message:
    post = Post(
        sender="accounts@northwind.example",
        name="",
        address=item.recipient.address,
        reply_to="",
        subject="Your documents",
        text=f"{item.recipient.fingerprint}\n" * 300,
        html="<p>Hello</p>",
        language="en",
        seed=item.seed,
        at=datetime.now(UTC),
    )
    return compose(post)


class World:
    """A server, a store, and runs over all people, as `portalgen email --all` makes them."""

    def __init__(self, server: SmtpServer, people: Sequence[str] = PEOPLE) -> None:
        self.server, self.store = server, MemoryStore()
        self.recipients = [recipient(name) for name in people]
        self.slept: list[float] = []

    def due(self, again: Sequence[str] = ()) -> tuple[Mailbook, list[Due]]:
        book = Mailbook(self.store, [each.link.id for each in self.recipients])
        records = [Record("", "", 1, "a", each.fingerprint, bundle="b") for each in self.recipients]
        ledger = {record.fingerprint: record for record in records}
        return book, due(self.recipients, ledger, book.mails, lambda _: Changes(), Wish(again=again))

    def run(self, again: Sequence[str] = ()) -> Delivery:
        book, items = self.due(again)
        connection = Connection(MailServer("127.0.0.1", self.server.port, "none", "accounts@northwind.example"), None)
        run = Run(connection, book, letter, Pace(1_000_000, self.slept.append))
        return deliver(run, [item for item in items if item.state == DUE], SILENT)

    def states(self) -> dict[str, str]:
        """What the next run thinks of each person: due, skipped or doubtful."""
        return {item.recipient.link.id.contact: item.state for item in self.due()[1]}

    def received(self) -> Counter[str]:
        return Counter(each.recipient.partition("@")[0] for each in self.server.received)


@pytest.fixture
def world() -> Iterator[World]:
    with SmtpServer() as server:
        yield World(server)


def outcome_of(done: Delivery, name: str) -> Outcome | None:
    return done.outcomes.get(LinkId("acme", name))


ONCE = Counter(PEOPLE)


def test_everybody_gets_one_and_a_second_run_sends_nothing(world: World) -> None:
    done = world.run()
    assert {each.state for each in done.outcomes.values()} == {SENT}
    assert (world.received(), world.server.connections) == (ONCE, 1)
    assert world.run().outcomes == {}
    assert world.received() == ONCE


def test_what_fails_for_now_is_tried_again_after_all_others_and_then_left_to_the_next_run(world: World) -> None:
    world.server.faults += [Fault(RCPT, "450 greylisted", "bob@acme.example", times=2)]
    assert {each.state for each in world.run().outcomes.values()} == {SENT}
    assert [each.recipient[:3] for each in world.server.received] == ["ann", "car", "dan", "eve", "bob"]
    world = World(world.server)
    world.server.received.clear()
    world.server.faults += [Fault(RCPT, "450 greylisted", "bob@acme.example", times=3)]
    assert outcome_of(world.run(), "bob") == Outcome(LATER, 450)
    assert world.states()["bob"] == DUE, "its record is as before"
    world.run()
    assert world.received() == ONCE


def test_who_is_refused_is_remembered_with_the_code_alone_and_stops_nobody(world: World) -> None:
    world.server.faults += [Fault(RCPT, "550 bob@acme.example is unknown", "bob@acme.example")]
    assert outcome_of(world.run(), "bob") == Outcome(REFUSED, 550)
    assert world.received() == ONCE - Counter(["bob"])
    world.run()
    assert world.received() == ONCE - Counter(["bob"])
    assert b"550" in b"".join(world.store.contents.values())
    assert b"unknown" not in b"".join(world.store.contents.values())
    world.run(["refused"])
    assert world.received() == ONCE


@pytest.mark.parametrize(("at", "is_there"), [(DOT, False), (TAKEN, True)])
def test_what_breaks_after_the_dot_is_in_doubt_until_somebody_asks_for_it_again(
    world: World, at: str, is_there: bool
) -> None:
    world.server.faults += [Fault(at, "", "bob@acme.example")]
    assert outcome_of(world.run(), "bob") == Outcome(DOUBTFUL)
    world.run()
    assert world.states()["bob"] == DOUBTFUL
    assert world.received() == (ONCE if is_there else ONCE - Counter(["bob"]))
    [first] = [each.data for each in world.server.received if each.recipient.startswith("bob")] or [b""]
    world.run(["doubtful"])
    second = next(each.data for each in reversed(world.server.received) if each.recipient.startswith("bob"))
    if is_there:
        ids = [line for data in (first, second) for line in data.split(b"\r\n") if line.startswith(b"Message-ID")]
        assert ids[0] == ids[1], "so that whoever receives it can tell that it is the same"


def test_a_mail_server_that_is_away_for_a_while_is_waited_for(world: World) -> None:
    world.server.faults += [Fault(BODY, "", "bob@acme.example")]
    world.run()
    assert world.received() == ONCE
    world = World(world.server)
    world.server.received.clear()
    world.server.faults += [Fault(NOOP)]
    done = world.run()
    assert done.stopped is None
    assert world.received() == ONCE


def test_a_mail_server_that_is_gone_in_the_middle_ends_the_run_and_the_next_one_finishes(world: World) -> None:
    world.server.faults += [Fault(DATA, "", "carla@acme.example")]
    connections = iter([False])
    greeted = world.server.fault

    def refuse_later(at: str, recipient: str) -> Fault | None:
        if at == GREETING and next(connections, True):
            return Fault(GREETING, "421 closed")
        return greeted(at, recipient)

    world.server.fault = refuse_later  # type: ignore[method-assign]
    done = world.run()
    assert done.stopped
    assert "does not let us in (421)" in done.stopped.message
    assert world.received() == Counter(["ann", "bob"])
    assert len(world.slept) >= 2, "it was waited for"
    assert set(world.states().values()) == {"skipped", DUE}
    world.server.fault = greeted  # type: ignore[method-assign]
    world.run()
    assert world.received() == ONCE


def test_a_server_that_cannot_be_reached_is_an_error_before_anything_is_noted(world: World) -> None:
    world.server.faults += [Fault(GREETING, "554 no")]
    with pytest.raises(MailServerError):
        world.run()
    assert world.store.contents == {}


def test_a_server_that_refuses_everybody_is_asked_for_no_more_than_ten() -> None:
    with SmtpServer() as server:
        world = World(server, [f"p{number}" for number in range(15)])
        server.faults += [Fault(RCPT, "554 relay access denied", times=99)]
        done = world.run()
        assert done.stopped
        assert "refused 10 mails in a row (554)" in done.stopped.message
        assert Counter(world.states().values()) == {"skipped": 10, DUE: 5}


def test_a_mail_that_cannot_be_composed_holds_up_nobody(world: World) -> None:
    world.recipients[1] = replace(
        world.recipients[1], link=replace(world.recipients[1].link, contact_email="bob@acme.example\r\nx")
    )
    done = world.run()
    assert done.outcomes[LinkId("acme", "bob")].state == UNFIT
    assert world.received() == ONCE - Counter(["bob"])
    assert world.states()["bob"] == DUE


def test_who_was_written_to_by_another_run_meanwhile_is_left_alone(world: World) -> None:
    book, items = world.due()
    other, _ = world.due()
    other.add(LinkId("acme", "bob"), mail_of(items[1], SENDING, "2026-11-21T10:00:00+00:00"))
    connection = Connection(MailServer("127.0.0.1", world.server.port, "none", "a@n.example"), None)
    done = deliver(Run(connection, book, letter, Pace(1_000_000)), items, SILENT)
    assert outcome_of(done, "bob") == Outcome(BUSY)
    assert world.received() == ONCE - Counter(["bob"])


@pytest.mark.parametrize(
    ("step", "state"), [("send", DUE), ("_handed_over", DUE), ("_said_unasked", DUE), ("_ended", DOUBTFUL)]
)
def test_ctrl_c_before_the_dot_leaves_no_doubt_and_after_it_does(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, state: str
) -> None:
    calls = iter(range(99))
    real = getattr(Connection, step)

    def interrupted(self: Connection, *arguments: object) -> object:
        if next(calls) == 1:
            if step == "_ended":
                self.is_past_return = True
            raise KeyboardInterrupt
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Connection, step, interrupted)
        done = world.run()
    assert done.stopped
    assert done.stopped.message == "interrupted"
    assert world.received() == Counter(["ann"])
    assert world.states()["bob"] == state
    world.run()
    assert world.received() == (ONCE if state == DUE else ONCE - Counter(["bob"]))


def test_mails_follow_each_other_at_the_rate_that_is_set() -> None:
    time = [100.0]

    def sleep(seconds: float) -> None:
        time[0] += seconds

    pace = Pace(30, sleep, lambda: time[0])
    begun = []
    for busy in (0, 0, 1, 5, 0):
        pace.wait()
        begun.append(time[0])
        time[0] += busy
    assert begun == [100, 102, 104, 106, 111]


AT_ONCE = [(MAIL, "451 later"), (MAIL, ""), (RCPT, ""), (RCPT, "450 later"), (RCPT, "421 bye"), (DATA, "")]
AT_ONCE += [(DATA, "451 later"), (BODY, ""), (BODY, "421 bye"), (DOT, "452 full"), (DOT, ""), (TAKEN, ""), (NOOP, "")]
AT_ONCE += [
    (RCPT, "550 no"),
    (DATA, "554 no"),
    (DOT, "554 spam"),
    (MAIL, "550 no"),
    (GREETING, "421 busy"),
    (GREETING, ""),
]
FAULTS = st.builds(
    lambda step, name, times: Fault(step[0], step[1], name and f"{name}@acme.example", times),
    st.sampled_from(AT_ONCE),
    st.sampled_from(["", *PEOPLE]),
    st.integers(1, 4),
)
STORE_FAULTS = st.none() | st.tuples(st.sampled_from(["read", "write", "delete", "list"]), st.integers(1, 12))


@pytest.fixture(scope="module")
def at_a_glance() -> Iterator[None]:
    """Hardly look whether the server is still there: more mails end in doubt, and the tests sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mail, "_GLANCE", 0)
        yield


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FAULTS, max_size=6), st.lists(STORE_FAULTS, min_size=1, max_size=3))
def test_no_script_of_faults_loses_or_doubles_a_mail(
    at_a_glance: None, faults: list[Fault], store_faults: list[tuple[str, int] | None]
) -> None:
    """After enough runs, each has received exactly one, or is known to be in doubt, or was refused and has none."""
    with SmtpServer() as server:
        world = World(server)
        server.faults += faults
        refused: set[str] = set()
        for fault in [*store_faults, *[None] * 12]:
            if not fault and DUE not in world.states().values():
                break
            world.store.fault = fail_at(*fault) if fault else no_fault
            try:
                done = world.run()
            except PortalgenError:  # the server lets nobody in, or the store shows nothing
                continue
            refused |= {id_.contact for id_, outcome in done.outcomes.items() if outcome.state == REFUSED}
            assert max(world.received().values(), default=0) <= 1
            world.store.fault = no_fault
            told = {id_.contact for id_, outcome in done.outcomes.items() if outcome.state in {SENT, DOUBTFUL}}
            assert not {name for name in told if world.states()[name] == DUE}, "what may be there is not due"
        states, received = world.states(), world.received()
        for name in PEOPLE:
            assert received[name] <= 1
            assert states[name] != DUE, "nothing keeps failing for ever"
            assert received[name] == 1 or states[name] == DOUBTFUL or name in refused
