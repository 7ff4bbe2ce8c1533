"""Whatever befalls a publish, no link breaks, none comes back, nothing is lost, and the next run ends as it should.

Each case makes a row of the table in docs/reliability.md, and compares it with the one that stands there; with
PORTALGEN_UPDATE_GOLDEN=1 it writes the row.
"""

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from mypy_boto3_s3.client import S3Client

from tests import fault_table
from tests.fault_proxy import (
    DENIED,
    EXPIRED,
    INTERNAL_ERROR,
    SKEWED,
    SLOW_DOWN,
    Fault,
    Matches,
    Request,
    after,
    before,
    every_other,
    failing_delete,
    hold,
    hold_answer,
    instead,
    reset_after,
    reset_before,
    slow,
)
from tests.fault_proxy import (
    partial as half,
)
from tests.publishers import Conditions
from tests.reliability import (
    AFTER,
    DELETE,
    DOCUMENT,
    LATER,
    LEDGER,
    LEDGER_READ,
    LISTING,
    MANIFEST,
    REVOKED,
    STEPS,
    SUMMARY,
    TOKENS,
    Bucket,
    Item,
    complaints,
    public,
    step_of,
    told_badly,
    undone,
    unlike,
)
from tests.s3_server import S3Server
from tests.stage import Seen, Stage, stage, stage_on_disk

LEASE_TIMES = {"SECONDS": 2, "RENEWAL": 1, "GRACE": 0, "_PAUSE": 1}
IMPATIENT = Conditions(
    {
        "portalgen.stores.s3.connection:READ_TIMEOUT": 1,
        "portalgen.stores.s3.senders:READ_TIMEOUT": 1,
        "portalgen.stores.s3.senders:CONNECT_TIMEOUT": 1,
    }
)
"""Waits for an answer for a second or two."""


BRIEF = Conditions({f"portalgen.lease:{name}": value for name, value in LEASE_TIMES.items()}, pace=1)
"""Has a lease of 2 seconds, which others may take a second later."""

SLEEPS = (
    (LEDGER, 1),
    (DELETE, 1),
    (DELETE, 2),
    (DOCUMENT, -1),
    (SUMMARY, -1),
    (DELETE, 3),
    (MANIFEST, 1),
    (LEDGER, -1),
)
"""Steps, and at which of their requests a publisher falls asleep; -1 at the last, so that none other is under way."""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory, s3_server: S3Server, s3_client: S3Client) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage"), s3_server, s3_client) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the table: what is made to fail, where, and how that is played."""

    fault: str
    where: str
    play: Callable[[Stage, Seen], None]

    @property
    def name(self) -> tuple[str, str]:
        return self.fault, self.where


def in_step(step: str) -> Matches:
    return lambda request: step_of(request) == step


def since(step: str) -> Matches:
    """From the first request of a step on, all."""
    begun: list[Request] = []

    def matches(request: Request) -> bool:
        if begun or step_of(request) == step:
            begun.append(request)
        return bool(begun)

    return matches


def first_of_each_step() -> Matches:
    seen: set[str] = set()

    def matches(request: Request) -> bool:
        step = step_of(request)
        is_first = step not in seen
        seen.add(step)
        return is_first

    return matches


def killed(step: str) -> Case:
    def play(at: Stage, seen: Seen) -> None:
        for number in range(1, sum(map(in_step(step), at.log)) + 1):
            at.try_out(seen, lambda at, n=number: at.proxy.inject(instead(at.kill), in_step(step), nth=n), [-9])  # type: ignore[misc]

    return Case("kill -9", f"just before {step}", play)


def killed_at_the_end(at: Stage, seen: Seen) -> None:
    at.try_out(seen, lambda at: at.proxy.inject(after(at.kill), nth=len(at.log)), [-9])


def once_each(name: str, fault: Fault) -> Case:
    def play(at: Stage, seen: Seen) -> None:
        at.try_out(seen, lambda at: at.proxy.inject(every_other(fault), times=None), [0])
        seen.times = len(at.log)

    return Case(name, "each request, at its first try", play)


def held(name: str, fault: Fault) -> Case:
    def play(at: Stage, seen: Seen) -> None:
        at.try_out(seen, lambda at: at.proxy.inject(fault, first_of_each_step(), times=None), [0], IMPATIENT)
        seen.times = len(STEPS)

    return Case(name, "the first request of each step", play)


def always(name: str, fault: Fault, step: str) -> Case:
    def play(at: Stage, seen: Seen) -> None:
        at.try_out(seen, lambda at: at.proxy.inject(fault, in_step(step), times=None), [0, 1])

    return Case(name, f"whenever {step}", play)


def from_then_on(name: str, fault: Fault, step: str) -> Case:
    def play(at: Stage, seen: Seen) -> None:
        at.try_out(seen, lambda at: at.proxy.inject(fault, since(step), times=None), [0, 1])

    return Case(name, f"from when {step}", play)


def failed_delete(code: str, every: int) -> Case:
    def play(at: Stage, seen: Seen) -> None:
        count = sum(len(request.keys) for request in at.log)
        for number in range(1, count + 1, every):
            at.try_out(
                seen,
                lambda at, n=number: at.proxy.inject(  # type: ignore[misc]
                    failing_delete(client_of(at), n, code), in_step(DELETE), times=None
                ),
            )

    return Case(f"{code} for one key of a 200 answer", "the k-th key of all that are deleted, for each third k", play)


def client_of(at: Stage) -> S3Client:
    assert isinstance(at.place, Bucket)
    return at.place.client


def clock(name: str, ahead: int, codes: tuple[int, ...]) -> Case:
    def play(at: Stage, seen: Seen) -> None:
        at.try_out(seen, lambda _: None, codes, Conditions(ahead=ahead))

    return Case("the publisher's clock is wrong", name, play)


def _wait(gate: Barrier) -> None:
    gate.wait()


def at_once(number: int, *options: str, codes: Collection[int]) -> Case:
    """All read the ledger before any takes the lease."""

    def play(at: Stage, seen: Seen) -> None:
        at.place.restore(at.before)
        configs = [at.fresh(f"publisher-{each}", AFTER) for each in range(number)]
        with at.proxy.recording():
            gate = Barrier(number, timeout=60)
            at.proxy.inject(before(partial(_wait, gate)), in_step(LEDGER_READ), times=number)
            running = [at.publishers.start_anew(["publish", *options, "--config", str(each)]) for each in configs]
            outcomes = [each.wait() for each in running]
        seen.times = number
        seen.codes |= {outcome.code for outcome in outcomes}
        seen.wrong += [each for outcome in outcomes for each in told_badly(outcome, codes)]
        if 0 not in seen.codes:
            seen.wrong.append("none of them published")
        seen.wrong += at.look(seen, configs[0])

    waiting = ", with --wait" if options else ""
    return Case(f"{number} publishers at once{waiting}", "from when the ledger is read", play)


def asleep(name: str, fault: Callable[[Callable[[], None]], Fault], step: str, number: int) -> Case:
    """Another publishes meanwhile who knows more; then the sleeper wakes up, and gives up unless all was done."""
    codes = [0] if fault is before and (step, number) == (LEDGER, -1) else [4]

    def play(at: Stage, seen: Seen) -> None:
        expected = at.expected(LATER)
        at.place.restore(at.before)
        other = at.fresh("other", LATER)
        with at.proxy.recording():
            nth = number if number > 0 else sum(map(in_step(step), at.log))
            at.proxy.inject(fault(at.stop), in_step(step), nth)
            sleeper = at.start(at.fresh("sleeper", AFTER), BRIEF)
            at.wait_until_stopped()
            later = at.publishers.run(["publish", "--wait", "60", "--config", str(other)], BRIEF)
            there = at.place.contents()
            sleeper.go_on()
            outcome = sleeper.wait()
        now = at.place.contents()
        seen.times += 1
        seen.codes.add(outcome.code)
        found = [f"the other: {each}" for each in told_badly(later, [0])] + told_badly(outcome, codes)
        found += [f"the sleeper touched {key}" for key in sorted({*there, *now}) if there.get(key) != now.get(key)]
        found += told_badly(at.publish(other, BRIEF), [0])
        seen.wrong += found + complaints(at.place.contents(), at.before, expected, ["ants", "doves"])
        seen.wrong += unlike(public(at.place.contents()), public(expected))

    return Case(name, f"when {step}, at the {({1: '1st', 2: '2nd', 3: '3rd', -1: 'last'})[number]} request", play)


def _is_gone(path: Path) -> bool:
    return not path.exists()


def full_disk(at: Stage, seen: Seen) -> None:
    with stage_on_disk(at, at.folder / "on-disk") as (on_disk, disk):
        conditions = disk.conditions
        on_disk.try_out(seen, lambda _: disk.fill(0), [1], conditions, disk.clear)
        is_purged = partial(_is_gone, on_disk.folder / f"disk/site/{REVOKED['bees']}")
        for room in (0, 40_960):
            on_disk.try_out(seen, lambda _, r=room: disk.fill_when(is_purged, r), [1], conditions, disk.clear)  # type: ignore[misc]


def full_build_folder(at: Stage, seen: Seen) -> None:
    at.try_out(seen, lambda _: None, [1], Conditions(largest_file=3000))


CASES = [
    *(killed(step) for step in STEPS),
    Case("kill -9", "just after the last request", killed_at_the_end),
    once_each("503 SlowDown", SLOW_DOWN),
    once_each("500 InternalError", INTERNAL_ERROR),
    once_each("connection reset, request lost", reset_before),
    once_each("connection reset, answer lost", reset_after),
    once_each("answer breaks off half-way", half),
    once_each("answer comes slowly", slow(0.02)),
    held("no answer, request lost", hold),
    held("no answer, request took effect", hold_answer),
    *(always("503 SlowDown, at each try", SLOW_DOWN, step) for step in STEPS),
    *(from_then_on("ExpiredToken", EXPIRED, step) for step in STEPS),
    *(always("AccessDenied", DENIED, step) for step in STEPS),
    *(from_then_on("the store is out of reach", reset_before, step) for step in (LEDGER, LISTING, DOCUMENT, SUMMARY)),
    from_then_on("RequestTimeTooSkewed", SKEWED, LEDGER_READ),
    failed_delete("AccessDenied", 3),
    failed_delete("InternalError", 3),
    at_once(2, codes={0, 4}),
    at_once(5, codes={0, 4}),
    at_once(5, "--wait", "60", codes={0}),
    *(asleep("a sleep longer than the lease", before, *each) for each in SLEEPS),
    *(asleep("a sleep longer than the lease, the request lost", instead, *each) for each in SLEEPS),
    Case("disk full", "of a store in a folder", full_disk),
    Case("disk full", "where pages are built", full_build_folder),
    clock("10 minutes ahead", 600, (0,)),
    clock("10 minutes behind", -600, (0,)),
    clock("a day ahead", 86_400, (1,)),
]


def test_each_request_of_a_publish_belongs_to_a_step(at: Stage) -> None:
    assert [request for request in at.log if step_of(request) not in STEPS] == []
    assert {step_of(request) for request in at.log} == {*STEPS}
    assert len(at.log) >= 40


SPOILT = [
    ("ann has no summary", f"public/{TOKENS['ann']}/index.html", None),
    ("doves: index.html leads to invoices.html, which is not", f"public/{TOKENS['doves']}/invoices.html", None),
    ("doves is published whole, says the ledger, and is neither", f"public/{TOKENS['doves']}/portal.css", b"x"),
    ("doves is not as its manifest says", f"public/{TOKENS['doves']}/portal.css", b"x"),
    ("bees is revoked, says the ledger, and 1 objects", f"public/{TOKENS['bees']}/index.html", b"x"),
    ("ann shows INV-9, and the history does not say so", f"public/{TOKENS['ann']}/x.html", b"INV-9"),
    ("the ledger does not know", "public/pa0/index.html", b"x"),
    ("the manifest of doves is lost", "private/manifests/", None),
    ("the history cannot be read", "private/history/00000001.jsonl", b"{}\n"),
]


@pytest.mark.parametrize(("complaint", "key", "data"), SPOILT)
def test_what_is_wrong_with_a_store_is_found(at: Stage, complaint: str, key: str, data: bytes | None) -> None:
    assert complaints(at.before, at.before, at.after) == complaints(at.after, at.before, at.after) == []
    spoilt = {name: item for name, item in at.after.items() if not name.startswith(key)}
    spoilt |= {} if data is None else {key: Item(data)}
    assert any(each.startswith(complaint) for each in complaints(spoilt, at.before, at.after))


def test_what_a_publish_left_undone_is_found(at: Stage) -> None:
    assert undone(at.after, at.after) == []
    assert undone(at.before, at.after)


def test_the_table_has_a_row_for_each_case() -> None:
    assert [(row.fault, row.where) for row in fault_table.rows()] == [case.name for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.fault}, {case.where}")
def test_a_publish_does_no_harm_whatever_befalls_it(at: Stage, case: Case) -> None:
    seen = Seen()
    case.play(at, seen)
    assert not seen.wrong, "\n".join(seen.wrong)
    row = seen.row(*case.name)
    if os.environ.get("PORTALGEN_UPDATE_GOLDEN"):
        fault_table.write(row, [case.name for case in CASES])
    assert row in fault_table.rows()
