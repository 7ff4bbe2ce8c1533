"""What sixteen writers at once find out about a store."""

from collections.abc import Iterable
from threading import Barrier, BrokenBarrierError

import pytest

from portalgen.doctor import racing
from portalgen.doctor.findings import Finding, Verdict
from portalgen.errors import NotInStoreError, StoreError
from portalgen.stores.base import Metadata
from portalgen.stores.memory import MemoryStore


class CarelessStore(MemoryStore):
    """One that knows no conditions."""

    def write_if(self, key: str, data: bytes, metadata: Metadata, version: str | None) -> str:  # noqa: ARG002
        self.write(key, data, metadata)
        return self.find(key).version


class LookingStore(MemoryStore):
    """One that looks before it writes, which helps those who come one after the other alone."""

    def __init__(self) -> None:
        super().__init__()
        self._meeting = Barrier(2)

    def write_if(self, key: str, data: bytes, metadata: Metadata, version: str | None) -> str:
        try:
            there = self.find(key).version
        except NotInStoreError:
            there = None
        try:
            self._meeting.wait(0.2)
        except BrokenBarrierError:
            self._meeting.reset()
        return super().write_if(key, data, metadata, version) if there != version else self._over(key, data, metadata)

    def _over(self, key: str, data: bytes, metadata: Metadata) -> str:
        self.write(key, data, metadata)
        return self.find(key).version


class StubbornStore(MemoryStore):
    """One that never replaces by version."""

    def write_if(self, key: str, data: bytes, metadata: Metadata, version: str | None) -> str:
        return super().write_if(key, data, metadata, version and "another")


class GarblingStore(MemoryStore):
    """One that keeps something else."""

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:
        super().write(key, b"186a0\r\n" + data, metadata)


def found(store: MemoryStore, *, is_single_writer: bool = False) -> dict[str, Finding]:
    return {each.check: each for each in racing.examine(store, "private/x/", is_single_writer=is_single_writer)}


def verdicts(found: Iterable[Finding]) -> list[Verdict]:
    return [each.verdict for each in found]


def test_a_store_that_honours_conditions_passes() -> None:
    assert verdicts(found(MemoryStore()).values()) == [Verdict.OK, Verdict.OK]


@pytest.mark.parametrize("store", [CarelessStore(), LookingStore()], ids=["careless", "looking"])
def test_a_store_that_lets_several_win_fails_unless_there_is_one_writer(store: MemoryStore) -> None:
    race = found(store)["one-writer"]
    assert race.verdict is Verdict.FAIL
    assert "single_writer: true" in race.hint
    assert found(store, is_single_writer=True)["one-writer"].verdict is Verdict.WARN


def test_a_store_in_which_nobody_can_replace_fails() -> None:
    race = found(StubbornStore())["one-writer"]
    assert race.verdict is Verdict.FAIL
    assert "none could replace it" in race.said


def test_a_store_that_keeps_other_bytes_fails() -> None:
    assert found(GarblingStore())["bytes"].verdict is Verdict.FAIL


def test_a_store_that_fails_is_told_as_it_says() -> None:
    broken = found(MemoryStore(lambda action, _: "no room" if action == "write" else None))
    assert (broken["bytes"].verdict, broken["one-writer"].verdict) == (Verdict.FAIL, Verdict.UNKNOWN)
    assert "no room" in broken["one-writer"].said


def test_nobody_who_fails_is_taken_for_a_winner() -> None:
    with pytest.raises(StoreError, match="no room"):
        racing._race(MemoryStore(lambda *_: "no room"), "private/x/1", None)
