"""One publish at a time: of several that want the lease one has it, and who lost it writes no more."""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest

from portalgen import lease as lease_module
from portalgen.errors import BusyError, OvertakenError, RefusedError, StoreError
from portalgen.lease import GRACE, KEY, SECONDS, Held, Lease, lease_of
from portalgen.stores.base import Metadata
from portalgen.stores.memory import MemoryStore, no_fault


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock=clock)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No holder is known to be of this machine, so that only time tells."""
    monkeypatch.setattr(lease_module, "_place", lambda: "")


def held(store: MemoryStore) -> Held:
    return Held(**json.loads(store.contents[KEY]))


def test_nothing_is_written_before_the_lease_is_taken(store: MemoryStore) -> None:
    with Lease(store):
        pass
    assert store.requests == 0


def test_who_takes_it_has_it_and_releases_it(store: MemoryStore) -> None:
    with Lease(store) as lease:
        lease.take()
        lease.check()
        found = held(store)
        assert (found.number, found.process, found.is_exclusive) == (1, os.getpid(), True)
        assert lease_of(store) == found
        lease.take()
    assert held(store) == Held(number=1, is_exclusive=True)
    assert lease_of(store) is None


def test_a_second_one_takes_three_requests_and_its_release_one(store: MemoryStore) -> None:
    with Lease(store) as lease:
        lease.take()
    store.asked.clear()
    with Lease(store) as lease:
        lease.take()
        assert held(store).number == 2
    assert store.asked == {"read": 1, "write": 2}


def test_who_comes_second_is_told_who_was_first(store: MemoryStore) -> None:
    with Lease(store) as first, Lease(store) as second:
        first.take()
        with pytest.raises(BusyError, match=f"another publish is at work, process {os.getpid()} on ") as caught:
            second.take()
        assert caught.value.exit_code == 4
        first.check()


def test_who_waits_has_it_once_it_is_released(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "_PAUSE", 0)
    taken = threading.Event()
    with Lease(store) as first, ThreadPoolExecutor(1) as pool:
        first.take()

        def wait() -> None:
            with Lease(store, wait=60) as second:
                second.take()
                taken.set()

        waiting = pool.submit(wait)
        assert not taken.wait(0.2)
        first.__exit__(None, None, None)
        waiting.result(timeout=60)
    assert taken.is_set()


def test_of_sixteen_at_once_one_has_it(store: MemoryStore) -> None:
    leases = [Lease(store) for _ in range(16)]

    def take(lease: Lease) -> bool:
        try:
            lease.take()
        except BusyError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(take, leases)) == 1
    for lease in leases:
        lease.__exit__(None, None, None)


@pytest.mark.usefixtures("elsewhere")
def test_it_is_taken_over_only_when_it_has_run_out_and_a_request_could_no_more_be_under_way(
    store: MemoryStore, clock: Clock
) -> None:
    first, second = Lease(store, clock=clock), Lease(store, clock=clock)
    first.take()
    clock.now += SECONDS + GRACE
    with pytest.raises(BusyError):
        second.take()
    clock.now += 1
    second.take()
    assert held(store).number == 2
    with pytest.raises(OvertakenError, match="lost its lease"):
        first.check()
    first.__exit__(None, None, None)
    assert held(store).number == 2, "who lost it does not release it for another"
    second.__exit__(None, None, None)


def test_who_slept_past_it_notices_before_anybody_may_have_it(store: MemoryStore, clock: Clock) -> None:
    lease = Lease(store, clock=clock)
    lease.take()
    clock.now += SECONDS
    lease.check()
    clock.now += 1
    with pytest.raises(OvertakenError):
        lease.check()
    clock.now -= 1
    with pytest.raises(OvertakenError, match="lost"):
        lease.check()
    lease.__exit__(None, None, None)


def test_it_is_renewed_for_as_long_as_it_is_held(
    store: MemoryStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "RENEWAL", 0.01)
    renewed = threading.Event()

    def watch(action: str, key: str) -> None:
        if action == "write" and b'"renewed": 3' in store.contents.get(key, b""):
            renewed.set()

    with Lease(store, clock=clock) as lease:
        lease.take()
        clock.now += SECONDS
        store.fault = watch
        assert renewed.wait(10)
        clock.now += 1
        lease.check()


def test_a_renewal_that_fails_is_tried_again(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "RENEWAL", 0.01)
    failed, renewed = threading.Event(), threading.Event()

    def fail_once(action: str, key: str) -> str | None:
        if failed.is_set():
            renewed.set()
            return None
        failed.set()
        return "no answer"

    with Lease(store) as lease:
        lease.take()
        store.fault = fail_once
        assert renewed.wait(10)
        store.fault = no_fault
        lease.check()


def test_a_holder_whose_lease_was_taken_notices_at_its_renewal(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "RENEWAL", 0.01)
    with Lease(store) as lease:
        lease.take()
        store.write(KEY, json.dumps({"holder": "x", "number": 9, "seconds": 60}).encode(), Metadata())
        renewer = lease._renewer
        assert renewer is not None
        renewer.join(10)
        with pytest.raises(OvertakenError):
            lease.check()
    assert held(store).holder == "x"


def test_the_lease_of_a_process_of_this_machine_that_is_dead_is_taken_at_once(store: MemoryStore) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    lost = Held("x", 7, SECONDS, "here", dead.pid, lease_module._place(), is_exclusive=True)
    store.write(KEY, json.dumps(asdict(lost)).encode(), Metadata())
    with Lease(store) as lease:
        lease.take()
        assert held(store).number == 8


def test_a_lease_whose_release_failed_does_not_keep_its_own_process_out(store: MemoryStore) -> None:
    with Lease(store) as lease:
        lease.take()
        store.fault = lambda action, _: "no answer" if action == "write" else None
    store.fault = no_fault
    assert held(store).holder
    with Lease(store) as lease:
        lease.take()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"number": "x"}', b'{"odd": 1}'])
def test_a_lease_that_cannot_be_read_counts_as_held_until_any_would_have_run_out(
    store: MemoryStore, clock: Clock, text: bytes
) -> None:
    store.write(KEY, text, Metadata())
    with Lease(store) as lease, pytest.raises(BusyError, match="an unknown machine"):
        lease.take()
    clock.now += SECONDS + GRACE + 1
    with Lease(store) as lease:
        lease.take()
        lease.check()


class Careless(MemoryStore):
    """Replaces whatever is there, as some stores do."""

    def write_if(self, key: str, data: bytes, metadata: Metadata, version: str | None) -> str:  # noqa: ARG002
        self.write(key, data, metadata)
        return self.find(key).version


class CarelessOfVersions(MemoryStore):
    """Creates only what is not there, and replaces whatever is."""

    def write_if(self, key: str, data: bytes, metadata: Metadata, version: str | None) -> str:
        there = self.find(key).version if key in self.contents else None
        return super().write_if(key, data, metadata, None if version is None else there)


@pytest.mark.parametrize("kind", [Careless, CarelessOfVersions])
def test_a_store_that_honours_no_conditions_is_refused(kind: type[MemoryStore]) -> None:
    store = kind()
    with Lease(store) as lease, pytest.raises(RefusedError, match="does not honour conditional writes") as caught:
        lease.take()
    assert "single_writer: true" in str(caught.value)
    assert KEY not in store.contents


def test_a_store_of_a_single_writer_is_not_asked_to_honour_any() -> None:
    class Alone(Careless):
        single_writer = True

    store = Alone()
    with Lease(store) as lease, Lease(store) as other:
        lease.take()
        assert not held(store).is_exclusive
        with pytest.raises(BusyError):
            other.take()


def test_a_store_that_cannot_be_written_to_gives_no_lease() -> None:
    store = MemoryStore(lambda action, _: "denied" if action == "write" else None)
    with Lease(store) as lease, pytest.raises(StoreError, match="denied"):
        lease.take()
