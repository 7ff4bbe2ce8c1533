"""The contract that every store keeps, and that tests/stores/contract.py proves of each.

Keys are relative paths with '/' between their parts and no empty, '.' or '..' part. Those under `public/` are served
to the world; those under `private/` never are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

PUBLIC = "public/"
PRIVATE = "private/"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it; `size` in bytes as stored."""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the world is told about an object when it fetches it."""

    content_type: str = "application/octet-stream"
    cache_control: str = "private, no-store"


@dataclass(frozen=True, slots=True)
class Failure:
    """One key that could not be treated as asked, and why, in one line."""

    key: str
    action: str
    cause: str


class Store(Protocol):
    """A place that keeps objects under keys. Safe to call from several threads at once."""

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key starts with `prefix`, however many, in key order. Raises StoreError."""

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises NotInStoreError if there is none, StoreError for all else."""

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:
        """Create or replace the object, whole or not at all. Raises StoreError."""

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """Delete every object named; one that is not there counts as deleted.

        Goes on after a failure and returns every key that may still be there. Raises StoreError only where nothing
        could be tried at all.
        """
