"""Where faults are tried out: a bucket, a proxy before it, publishers, and the same change of a site again and again."""

import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from mypy_boto3_s3.client import S3Client

from tests.fault_proxy import FaultProxy
from tests.fault_table import Row
from tests.publishers import USUAL, Conditions, Outcome, Publishers, Running
from tests.reliability import (
    AFTER,
    BEFORE,
    KEYS,
    SHORT_OF_A_SUMMARY,
    STAYING,
    Bucket,
    State,
    complaints,
    told_badly,
    under,
    undone,
    write_site,
)
from tests.s3_server import S3Server


@dataclass(slots=True)
class Seen:
    """What came of a fault, or of several of a kind: `short` is how often a link had no summary afterwards."""

    codes: set[int] = field(default_factory=set)
    times: int = 0
    short: int = 0
    wrong: list[str] = field(default_factory=list)

    def row(self, fault: str, where: str) -> Row:
        """What the table says of it."""
        run = "killed" if self.codes == {-9} else f"exit code {' or '.join(map(str, sorted(self.codes)))}"
        after = "all holds, one link without a summary" if self.short else "all holds"
        return Row(fault, where, str(self.times), run, after, "exit code 0, the same bytes")


Inject = Callable[["Stage"], object]


class Stage:
    """A site that was published as it was before. `log` is what an undisturbed publish of the change asks."""

    def __init__(self, folder: Path, bucket: Bucket, proxy: FaultProxy, publishers: Publishers) -> None:
        self.folder = folder
        self.bucket = bucket
        self.proxy = proxy
        self.publishers = publishers
        self.store = f"{{kind: s3, bucket: {bucket.name}, region: us-east-1, endpoint: '{proxy.endpoint}'}}"
        self._running: Running | None = None
        self._is_running = Event()

        self.publishers.warm(self.site("warm", BEFORE))
        assert self.publish(self.site("first", BEFORE)).code == 0
        self.before = bucket.contents()
        with proxy.recording() as self.log:
            assert self.publish(self.fresh("undisturbed", AFTER)).code == 0
        self.after = bucket.contents()

    def site(self, name: str, state: State) -> Path:
        """The definitions of a site in a folder of its own."""
        return write_site(self.folder / name, state, self.store)

    def fresh(self, name: str, state: State) -> Path:
        """As `site`, in the folder in which it was published before the change."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.folder / "first", self.folder / name)
        return self.site(name, state)

    def publish(self, config: Path, conditions: Conditions = USUAL) -> Outcome:
        """Publish to the end, and until nothing is under way."""
        self._is_running.clear()
        self._running = self.publishers.start(["publish", "--json", "--config", str(config)], conditions)
        self._is_running.set()
        outcome = self._running.wait()
        self.proxy.settle()
        return outcome

    def kill(self) -> None:
        """Kill the publisher that is at work."""
        self._is_running.wait(60)
        assert self._running
        self._running.kill()

    def try_out(
        self, seen: Seen, inject: Inject, codes: Collection[int] = (1,), conditions: Conditions = USUAL
    ) -> None:
        """Publish the change with a fault, look, publish it again without, look again; note it all in `seen`.

        `codes` are those that the first run may end with.
        """
        self.bucket.restore(self.before)
        config = self.fresh("trial", AFTER)
        with self.proxy.recording() as log:
            inject(self)
            outcome = self.publish(config, conditions)
        last = f"{log[-1].kind} {log[-1].key}" if log else "nothing"
        found = told_badly(outcome, codes) + self.look(seen, config)
        seen.times += 1
        seen.codes.add(outcome.code)
        seen.wrong += [f"[{len(log)} requests, the last: {last}] {each}" for each in found]

    def look(self, seen: Seen, config: Path) -> list[str]:
        """What is wrong with the bucket after a fault, and after a next run without any."""
        there = self.bucket.contents()
        seen.short += "index.html" not in under(there, STAYING[SHORT_OF_A_SUMMARY])
        found = complaints(there, self.before, self.after)
        again = self.publish(config)
        there = self.bucket.contents()
        later = told_badly(again, [0]) + complaints(there, self.before, self.after) + undone(there, self.after)
        return found + [f"after the next run: {each}" for each in later]


@contextmanager
def stage(folder: Path, server: S3Server, client: S3Client) -> Iterator[Stage]:
    """A stage with a new bucket."""
    bucket = f"portals-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=bucket)
    with FaultProxy(server.port) as proxy, Publishers(folder, environment_of(server)) as publishers:
        yield Stage(folder, Bucket(client, bucket), proxy, publishers)


def environment_of(server: S3Server) -> Mapping[str, str]:
    """What a publisher's environment holds."""
    return {
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_SECRET_ACCESS_KEY": server.secret_key,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "PORTALGEN_SMALL_KEYS": KEYS,
    }
