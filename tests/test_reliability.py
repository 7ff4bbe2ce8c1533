"""Whatever befalls a publish, no link breaks, none comes back, nothing is lost, and the next run ends as it should.

Each test makes a row of the table in docs/reliability.md, and compares it with the one that stands there; with
PORTALGEN_UPDATE_GOLDEN=1 it writes the row.
"""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from mypy_boto3_s3.client import S3Client

from tests.fault_proxy import (
    DENIED,
    EXPIRED,
    INTERNAL_ERROR,
    SKEWED,
    SLOW_DOWN,
    Fault,
    Request,
    every_other,
    failing_delete,
    hold,
    killing_after,
    killing_before,
    partial as half,
    reset_after,
    reset_before,
    slow,
)
from tests.publishers import Conditions
from tests.reliability import (
    DELETE,
    DOCUMENT,
    HISTORY,
    HISTORY_READ,
    LEDGER,
    LEDGER_READ,
    LIST,
    LISTING,
    MANIFEST,
    MANIFEST_READ,
    SUMMARY,
    step_of,
)
from tests.s3_server import S3Server
from tests.stage import Seen, Stage, stage

STEPS = (
    *(LEDGER_READ, LEDGER, LISTING, DELETE, HISTORY_READ, HISTORY, MANIFEST_READ),
    *(DOCUMENT, LIST, SUMMARY, MANIFEST),
)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory, s3_server: S3Server, s3_client: S3Client) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage"), s3_server, s3_client) as made:
        yield made


def in_step(step: str) -> Callable[[Request], bool]:
    return lambda request: step_of(request) == step


def test_each_request_of_a_publish_belongs_to_a_step(at: Stage) -> None:
    assert [request for request in at.log if step_of(request) not in STEPS] == []
    assert {step_of(request) for request in at.log} == {*STEPS}
    assert len(at.log) >= 40


@pytest.mark.parametrize("step", STEPS)
def test_a_publisher_may_be_killed_at_each_request(at: Stage, step: str) -> None:
    seen = Seen()
    for number in range(1, sum(map(in_step(step), at.log)) + 1):
        at.try_out(seen, lambda at, n=number: at.proxy.inject(killing_before(at.kill), in_step(step), nth=n), [-9])
    assert not seen.wrong, "\n".join(seen.wrong)
