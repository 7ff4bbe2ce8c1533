"""Where faults are tried out: a store, a proxy before it, publishers, and the same change of a site again and again."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Protocol, Self

from mypy_boto3_s3.client import S3Client

from tests.fault_proxy import FaultProxy
from tests.fault_table import Row
from tests.publishers import USUAL, Conditions, Outcome, Publishers, Running
from tests.reliability import (
    AFTER,
    BEFORE,
    KEYS,
    REVOKED,
    SHORT_OF_A_SUMMARY,
    STAYING,
    Bucket,
    Contents,
    Folder,
    Forgiven,
    State,
    complaints,
    public,
    told_badly,
    under,
    undone,
    write_site,
)
from tests.s3_server import S3Server


@dataclass(slots=True)
class Seen:
    """What came of a fault, or of several of a kind: `short` is how often a link had no summary
    afterwards, `dangling` how often a page led to a document that was withdrawn, `unsaid`
    how often something was taken away of which the ledger did not say so.
    """

    codes: set[int] = field(default_factory=set)
    times: int = 0
    short: int = 0
    unsaid: int = 0
    dangling: int = 0
    wrong: list[str] = field(default_factory=list)

    def row(self, fault: str, where: str) -> Row:
        """What the table says of it."""
        run = "killed" if self.codes == {-9} else f"exit code {' or '.join(map(str, sorted(self.codes)))}"
        after = ["all holds"]
        after += ["the ledger does not say yet what is gone"] * bool(self.unsaid)
        after += ["a link has no summary"] * bool(self.short) + ["a list leads to what is gone"] * bool(self.dangling)
        return Row(fault, where, str(self.times), run, ", ".join(after), "exit code 0, the same bytes")


Inject = Callable[["Stage"], object]


class Place(Protocol):
    """A store as it is seen from outside."""

    def contents(self) -> Contents:
        """All there is."""

    def restore(self, contents: Contents) -> None:
        """Make it hold `contents` and nothing else."""


class Stage:
    """A site that was published as it was before. `log` is what an undisturbed publish of the change asks."""

    def __init__(self, folder: Path, place: Place, store: str, proxy: FaultProxy, publishers: Publishers) -> None:
        self.folder = folder
        self.place = place
        self.store = store
        self.proxy = proxy
        self.publishers = publishers
        self._running: Running | None = None
        self._is_running = Event()
        self._is_stopped = Event()

        self.publishers.warm(self.site("warm", BEFORE))
        assert self.publish(self.site("first", BEFORE)).code == 0
        self.before = place.contents()
        with proxy.recording() as self.log:
            self.after = self.expected(AFTER)

    def site(self, name: str, state: State) -> Path:
        """The definitions of a site in a folder of its own."""
        return write_site(self.folder / name, state, self.store)

    def expected(self, state: State) -> Contents:
        """What an undisturbed publish of `state` leaves, where the store is as it was before."""
        self.place.restore(self.before)
        assert self.publish(self.fresh("undisturbed", state)).code == 0
        return self.place.contents()

    def fresh(self, name: str, state: State) -> Path:
        """As `site`, in the folder in which it was published before the change."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.folder / "first", self.folder / name)
        return self.site(name, state)

    def start(self, config: Path, conditions: Conditions = USUAL) -> Running:
        """Start a publish, which `kill` and `stop` are for."""
        self._is_running.clear()
        self._is_stopped.clear()
        self._running = self.publishers.start(["publish", "--config", str(config)], conditions)
        self._is_running.set()
        return self._running

    def publish(self, config: Path, conditions: Conditions = USUAL) -> Outcome:
        """Publish to the end, and until nothing is under way."""
        outcome = self.start(config, conditions).wait()
        self.proxy.settle()
        return outcome

    def kill(self) -> None:
        """Kill the publisher that was started last."""
        self._at_work().kill()

    def stop(self) -> None:
        """Stop it."""
        self._at_work().stop()
        self._is_stopped.set()

    def _at_work(self) -> Running:
        self._is_running.wait(60)
        assert self._running
        return self._running

    def wait_until_stopped(self) -> None:
        """Wait until `stop` was called."""
        assert self._is_stopped.wait(60), "it never came there"

    def try_out(
        self,
        seen: Seen,
        inject: Inject,
        codes: Collection[int] = (1,),
        conditions: Conditions = USUAL,
        undo: Callable[[], object] = lambda: None,
    ) -> None:
        """Publish the change with a fault, look, publish it again without, look again; note it all in `seen`.

        `codes` are those that the first run may end with; `undo` ends a fault that is not the proxy's.
        """
        self.place.restore(self.before)
        config = self.fresh("trial", AFTER)
        with self.proxy.recording() as log:
            inject(self)
            outcome = self.publish(config, conditions)
        undo()
        last = f"{log[-1].kind} {log[-1].key}" if log else "nothing"
        # A run that says that it failed may have withdrawn documents before the lists that lead to them.
        withdrawn = public(self.before).keys() - public(self.after).keys() if outcome.code == 1 else ()
        found = told_badly(outcome, codes) + self.look(seen, config, withdrawn)
        seen.times += 1
        seen.codes.add(outcome.code)
        seen.wrong += [f"[{len(log)} requests, the last: {last}] {each}" for each in found]

    def look(self, seen: Seen, config: Path, withdrawn: Collection[str] = ()) -> list[str]:
        """What is wrong with the bucket after a fault, and after a next run without any."""
        there = self.place.contents()
        seen.short += "index.html" not in under(there, STAYING[SHORT_OF_A_SUMMARY])
        # Nor does it hold a purge back that the ledger cannot be written.
        is_unsaid = bool(withdrawn) and there["private/ledger.json"] == self.before["private/ledger.json"]
        unsaid = [*REVOKED, SHORT_OF_A_SUMMARY] if is_unsaid and public(there) != public(self.before) else []
        seen.unsaid += bool(unsaid)
        found = complaints(there, self.before, self.after, forgiven=Forgiven(withdrawn, unsaid))
        seen.dangling += bool(withdrawn and complaints(there, self.before, self.after, forgiven=Forgiven((), unsaid)))
        again = self.publish(config)
        there = self.place.contents()
        later = told_badly(again, [0]) + complaints(there, self.before, self.after) + undone(there, self.after)
        return found + [f"after the next run: {each}" for each in later]


@contextmanager
def stage(folder: Path, server: S3Server, client: S3Client) -> Iterator[Stage]:
    """A stage with a new bucket."""
    bucket = f"portals-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=bucket)
    with FaultProxy(server.port) as proxy, Publishers(folder, environment_of(server)) as publishers:
        store = f"{{kind: s3, bucket: {bucket}, region: us-east-1, endpoint: '{proxy.endpoint}'}}"
        yield Stage(folder, Bucket(client, bucket), store, proxy, publishers)


@contextmanager
def stage_on_disk(like: Stage, folder: Path) -> Iterator[tuple[Stage, "SmallDisk"]]:
    """A stage with a store in a folder, on a disk of its own where this machine lets one be made."""
    folder.mkdir()
    with SmallDisk(folder / "disk") as disk:
        path = folder / "disk/site"
        yield Stage(folder, Folder(path), f"{{kind: directory, path: '{path}'}}", like.proxy, like.publishers), disk


class SmallDisk:
    """A context manager: a disk at `path` that can be filled. Without the right to mount one, files are kept small."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_mounted = False
        self._is_over = Event()
        self._filler: Thread | None = None

    def __enter__(self) -> Self:
        self._path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(self._path)]
        self._is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_mounted:
            subprocess.run(["umount", str(self._path)], check=True)

    @property
    def conditions(self) -> Conditions:
        """What a publisher has to be started with that is to find a disk full."""
        return USUAL if self._is_mounted else Conditions(largest_file=3000)

    def fill(self, room: int) -> None:
        """Leave `room` bytes free."""
        if self._is_mounted:
            free = os.statvfs(self._path)
            with (self._path / "filler").open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - room)

    def fill_when(self, is_time: Callable[[], bool], room: int) -> None:
        """As `fill`, but once `is_time`, for which this does not wait."""

        def wait_and_fill() -> None:
            while not is_time():
                if self._is_over.wait(0.001):
                    return
            self.fill(room)

        self._is_over.clear()
        self._filler = Thread(target=wait_and_fill)
        self._filler.start()

    def clear(self) -> None:
        """Make room again."""
        self._is_over.set()
        if self._filler:
            self._filler.join()
        (self._path / "filler").unlink(missing_ok=True)


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
