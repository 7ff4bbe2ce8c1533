"""A store that counts what is asked of another."""

from collections.abc import Iterable, Iterator
from threading import Lock

from portalgen.stores.base import Failure, Metadata, Store, StoredObject

_PER_REQUEST = 1000


class CountingStore:
    """`requests` are those that object storage needs: one for a read or a write, otherwise one for a thousand keys."""

    def __init__(self, store: Store) -> None:
        self.requests = 0
        self._store = store
        self._lock = Lock()

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """As Store.objects."""
        self._count(1)
        for number, item in enumerate(self._store.objects(prefix)):
            if number and number % _PER_REQUEST == 0:
                self._count(1)
            yield item

    def read(self, key: str) -> bytes:
        """As Store.read."""
        self._count(1)
        return self._store.read(key)

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:
        """As Store.write."""
        self._count(1)
        self._store.write(key, data, metadata)

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """As Store.delete."""
        named = list(keys)
        self._count(-(-len(named) // _PER_REQUEST))
        return self._store.delete(named)

    def _count(self, number: int) -> None:
        with self._lock:
            self.requests += number
