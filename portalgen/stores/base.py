"""The contract that every store keeps, and that tests/store_contract.py proves of each.

Keys are relative paths with '/' between their parts and no empty, '.' or '..' part, no backslash and no control
character. Those under `public/` are served to the world; those under `private/` never are. No key is also the folder
of another: a store may refuse `public/a/b` beside `public/a`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from portalgen.errors import StoreError

PUBLIC = "public/"
PRIVATE = "private/"

# What the XML of a delete request cannot carry.
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it; `size` in bytes as stored."""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the world is told about an object when it fetches it. A download is to be saved, not opened."""

    content_type: str = "application/octet-stream"
    cache_control: str = "private, no-store"
    is_download: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """One key that could not be treated as asked, and why, in one line."""

    key: str
    action: str
    cause: str

    def __str__(self) -> str:
        return f"could not {self.action} {self.key}: {self.cause}"


class Store(Protocol):
    """A place that keeps objects under keys. Safe to call from several threads at once."""

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key starts with `prefix`, however many, in key order.

        `prefix` starts with `public/` or `private/`. Raises StoreError, at any point of the listing.
        """

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises NotInStoreError if there is none, StoreError for all else."""

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:
        """Create or replace the object, whole or not at all. Raises StoreError."""

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """Delete every object named; one that is not there counts as deleted. Whatever a listing shows can be named.

        Goes on after a failure and returns every key that may still be there, and every bad one. Raises StoreError
        only where nothing could be tried at all.
        """


def check_area(text: str) -> None:
    """Raise StoreError unless `text` starts with `public/` or `private/` and holds no unfit character."""
    if not text.startswith((PUBLIC, PRIVATE)):
        raise StoreError(f"{text!r} cannot be a key: it starts with neither '{PUBLIC}' nor '{PRIVATE}'")
    if unfit := _UNFIT.search(text):
        raise StoreError(f"{text!r} cannot be a key: it holds the character {unfit.group()!r}")


def check_prefix(prefix: str) -> None:
    """Raise StoreError unless keys can start with `prefix`, which may end within a name."""
    check_area(prefix)
    _check_parts(prefix, prefix.split("/")[:-1])


def check_key(key: str) -> None:
    """Raise StoreError unless `key` is one that every store accepts for reading and writing."""
    check_area(key)
    _check_parts(key, key.split("/"))


def _check_parts(text: str, parts: list[str]) -> None:
    if "\\" in text:
        raise StoreError(f"{text!r} cannot be a key: it holds a backslash")
    for part in parts:
        if part in {"", ".", ".."}:
            raise StoreError(f"{text!r} cannot be a key: a part of it is {part!r}")
