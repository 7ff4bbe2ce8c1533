"""A store in memory, for tests and trials. It fails where it is told to."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from threading import Lock

from portalgen.errors import NotInStoreError, StoreError
from portalgen.stores.base import Failure, Metadata, StoredObject, check_key, check_prefix

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
    """Objects in a dict. Tests may look at `contents` and `metadata`, and set `fault` at any time.

    `requests` counts the calls by action; a delete of many keys is one call.
    """

    def __init__(self, fault: Fault = no_fault) -> None:
        self.fault = fault
        self.requests: Counter[str] = Counter()
        self.contents: dict[str, bytes] = {}
        self.metadata: dict[str, Metadata] = {}
        self._lock = Lock()

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """As Store.objects; shows what was there when it began."""
        check_prefix(prefix)
        with self._lock:
            self.requests["list"] += 1
            self._fail("list", prefix)
            found = [StoredObject(key, len(data)) for key, data in self.contents.items() if key.startswith(prefix)]
        for item in sorted(found, key=lambda item: item.key):
            with self._lock:
                self._fail("list", item.key)
            yield item

    def read(self, key: str) -> bytes:
        """As Store.read."""
        check_key(key)
        with self._lock:
            self.requests["read"] += 1
            self._fail("read", key)
            if key not in self.contents:
                raise NotInStoreError(f"there is no '{key}' in the store")
            return self.contents[key]

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:
        """As Store.write."""
        check_key(key)
        with self._lock:
            self.requests["write"] += 1
            self._fail("write", key)
            self.contents[key] = data
            self.metadata[key] = metadata

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """As Store.delete."""
        failures = []
        with self._lock:
            self.requests["delete"] += 1
        for key in keys:  # may be a listing of this very store, so the lock is not held while it goes on
            try:
                check_key(key)
            except StoreError as error:
                failures.append(Failure(key, "delete", error.problems[0].message))
                continue
            with self._lock:
                if cause := self.fault("delete", key):
                    failures.append(Failure(key, "delete", cause))
                    continue
                self.contents.pop(key, None)
                self.metadata.pop(key, None)
        return failures

    def _fail(self, action: str, key: str) -> None:
        if cause := self.fault(action, key):
            raise StoreError(f"cannot {action} '{key}': {cause}")
