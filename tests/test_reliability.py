"""Whatever befalls a publish, no link breaks, none comes back, nothing is lost, and the next run ends as it should.

Each case makes a row of the table in docs/reliability.md, and compares it with the one that stands there; with
PORTALGEN_UPDATE_GOLDEN=1 it writes the row.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from mypy_boto3_s3.client import S3Client

from tests import fault_table
from tests.fault_proxy import (
    DENIED,
    EXPIRED,
    INTERNAL_ERROR,
    SKEWED,
    SLOW_DOWN,
    Exchange,
    Fault,
    Matches,
    Request,
    every_other,
    failing_delete,
    hold,
    hold_answer,
    killing_after,
    killing_before,
    partial,
    reset_after,
    reset_before,
    slow,
)
from tests.publishers import Conditions
from tests.reliability import DELETE, DOCUMENT, LEDGER, LEDGER_READ, LISTING, PROBE, STEPS, SUMMARY, step_of
from tests.s3_server import S3Server
from tests.stage import Seen, Stage, stage

IMPATIENT = Conditions(
    {
        "portalgen.stores.s3.connection:READ_TIMEOUT": 1,
        "portalgen.stores.s3.senders:READ_TIMEOUT": 1,
        "portalgen.stores.s3.senders:CONNECT_TIMEOUT": 1,
    }
)
"""Waits for an answer for a second or two."""


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
            at.try_out(seen, lambda at, n=number: at.proxy.inject(killing_before(at.kill), in_step(step), nth=n), [-9])  # type: ignore[misc]

    return Case("kill -9", f"just before {step}", play)


def killed_at_the_end(at: Stage, seen: Seen) -> None:
    at.try_out(seen, lambda at: at.proxy.inject(killing_after(at.kill), nth=len(at.log)), [-9])


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
                    failing_delete(at.bucket.client, n, code), in_step(DELETE), times=None
                ),
            )

    return Case(f"{code} for one key of a 200 answer", "the k-th key of all that are deleted, for each third k", play)


def clock(name: str, ahead: int, codes: tuple[int, ...]) -> Case:
    def play(at: Stage, seen: Seen) -> None:
        at.try_out(seen, lambda _: None, codes, Conditions(ahead=ahead))

    return Case("the publisher's clock is wrong", name, play)


CASES = [
    *(killed(step) for step in STEPS),
    Case("kill -9", "just after the last request", killed_at_the_end),
    once_each("503 SlowDown", SLOW_DOWN),
    once_each("500 InternalError", INTERNAL_ERROR),
    once_each("connection reset, request lost", reset_before),
    once_each("connection reset, answer lost", reset_after),
    once_each("answer breaks off half-way", partial),
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
    clock("10 minutes ahead", 600, (0,)),
    clock("10 minutes behind", -600, (0,)),
    clock("a day ahead", 86_400, (1,)),
]


def test_each_request_of_a_publish_belongs_to_a_step(at: Stage) -> None:
    assert [request for request in at.log if step_of(request) not in STEPS] == []
    assert {step_of(request) for request in at.log} == {*STEPS}
    assert len(at.log) >= 40


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
