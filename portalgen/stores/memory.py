"""A store in memory, for tests and trials. It fails where it is told to."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import count
from threading import Lock

from portalgen.errors import NotInStoreError, OvertakenError, StoreError
from portalgen.stores.base import (
    Erased,
    Failure,
    Fence,
    Found,
    Metadata,
    Outcome,
    Put,
    StoredObject,
    check_folder,
    check_key,
    check_prefix,
    no_fence,
)

Fault = Callable[[str, str], str | None]
"""Asked with an action ('list', 'read', 'write', 'delete') and a key; answers with a cause where it shall fail.

A listing asks for its prefix first, then for each key before it shows it. A delete asks for each of its keys.
"""


def no_fault(action: str, key: str) -> None:
    """The fault of a store in which all is well."""


def fail_at(action: str, number: int, cause: str = "out of order") -> Fault:
    """A fault that befalls the `number`th time (from 1) that `action` is asked for, and no other."""
    times = count(1)
    return lambda asked, _: cause if asked == action and next(times) == number else None


class MemoryStore:
    """Objects in a dict. Tests may look at `contents` and `metadata`, and set `fault` and `clock` at any time.

    `asked` counts the calls by action; a delete of many keys is one call. `clock` gives seconds.
    """

    single_writer = False

    def __init__(self, fault: Fault = no_fault, clock: Callable[[], float] = time.monotonic) -> None:
        self.fault = fault
        self.fence: Fence = no_fence
        self.clock = clock
        self.asked: Counter[str] = Counter()
        self.contents: dict[str, bytes] = {}
        self.metadata: dict[str, Metadata] = {}
        self._written: dict[str, float] = {}
        self._lock = Lock()

    @property
    def requests(self) -> int:
        """As Store.requests."""
        return self.asked.total()

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """As Store.objects; shows what was there when it began."""
        check_prefix(prefix)
        with self._lock:
            self.asked["list"] += 1
            self._fail("list", prefix)
            there = {key: data for key, data in self.contents.items() if key.startswith(prefix)}
        for key in sorted(there):
            with self._lock:
                self._fail("list", key)
            yield StoredObject(key, len(there[key]), _md5(there[key]))

    def read(self, key: str) -> bytes:
        """As Store.read."""
        return self.find(key).data

    def find(self, key: str) -> Found:
        """As Store.find."""
        check_key(key)
        with self._lock:
            self.asked["read"] += 1
            self._fail("read", key)
            if key not in self.contents:
                raise NotInStoreError(f"there is no '{key}' in the store")
            data = self.contents[key]
            return Found(data, _md5(data), int(self.clock() - self._written.get(key, 0)))

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:
        """As Store.write."""
        check_key(key)
        with self._lock:
            self._write(key, data, metadata)

    def write_if(self, key: str, data: bytes, metadata: Metadata, version: str | None) -> str:
        """As Store.write_if."""
        check_key(key)
        with self._lock:
            there = self.contents.get(key)
            if (None if there is None else _md5(there)) != version:
                self.asked["write"] += 1
                raise OvertakenError(f"cannot write '{key}': somebody else wrote it meanwhile")
            self._write(key, data, metadata)
        return _md5(data)

    def write_many(self, puts: Iterable[Put]) -> Iterator[Outcome]:
        """As Store.write_many; one after the other."""
        for put in puts:
            try:
                self.write(put.key, put.data, put.metadata)
            except OvertakenError:
                raise
            except StoreError as error:
                yield Outcome(put.key, cause=error.problems[0].message)
            else:
                yield Outcome(put.key, *self.encoded(put))

    def encoded(self, put: Put) -> tuple[int, str]:
        """As Store.encoded."""
        return len(put.data), _md5(put.data)

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """As Store.delete."""
        failures = []
        with self._lock:
            self.asked["delete"] += 1
        for key in keys:  # may be a listing of this very store, so the lock is not held while it goes on
            try:
                check_key(key)
            except StoreError as error:
                failures.append(Failure(key, "delete", error.problems[0].message))
                continue
            self.fence()
            with self._lock:
                if cause := self.fault("delete", key):
                    failures.append(Failure(key, "delete", cause))
                    continue
                self.contents.pop(key, None)
                self.metadata.pop(key, None)
        return failures

    def erase(
        self,
        prefixes: Sequence[str],
        known: Iterable[str] = (),  # noqa: ARG002 - it lists at no cost
        only: Container[str] | None = None,
    ) -> Erased:
        """As Store.erase."""
        failures: list[Failure] = []
        objects = 0
        for prefix in prefixes:
            try:
                check_folder(prefix)
                there = self._keys(prefix, only)
                refused = self.delete(there) if there else []
                left = self._keys(prefix, only) if there else []
            except OvertakenError:
                raise
            except StoreError as error:
                failures.append(Failure(prefix, "purge", error.problems[0].message))
                continue
            named = {failure.key for failure in refused}
            failures += refused
            failures += [Failure(key, "delete", "still there after it was deleted") for key in left if key not in named]
            objects += len(there) - len(left)
        return Erased(objects, failures=tuple(failures))

    def answers(self, key: str) -> bool:
        """As Store.answers."""
        check_key(key)
        with self._lock:
            self.asked["probe"] += 1
            self._fail("probe", key)
            return key in self.contents and key.startswith("public/")

    def invalidate(self, prefixes: Sequence[str]) -> list[Failure]:
        """As Store.invalidate; a fault at 'invalidate' befalls a prefix."""
        causes = {prefix: self.fault("invalidate", prefix) for prefix in prefixes}
        return [Failure(prefix, "invalidate", cause) for prefix, cause in causes.items() if cause]

    def _keys(self, prefix: str, only: Container[str] | None) -> list[str]:
        return [item.key for item in self.objects(prefix) if only is None or item.key in only]

    def _write(self, key: str, data: bytes, metadata: Metadata) -> None:
        self.fence()
        self.asked["write"] += 1
        self._fail("write", key)
        self.contents[key] = data
        self.metadata[key] = metadata
        self._written[key] = self.clock()

    def _fail(self, action: str, key: str) -> None:
        if cause := self.fault(action, key):
            raise StoreError(f"cannot {action} '{key}': {cause}")


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
