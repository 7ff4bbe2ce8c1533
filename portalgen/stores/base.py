"""The contract that every store keeps, and that tests/store_contract.py proves of each.

Keys are relative paths with '/' between their parts and no empty, '.' or '..' part, no backslash and no control
character. Those under `public/` are served to the world; those under `private/` never are. No key is also the folder
of another: a store may refuse `public/a/b` beside `public/a`.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from portalgen.errors import StoreError

PUBLIC = "public/"
PRIVATE = "private/"

# What the XML of a delete request cannot carry.
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it; `size` in bytes as stored.

    `digest` is the hex MD5 of the bytes as stored, '' where the store does not say: it finds drift, it proves nothing.
    """

    key: str
    size: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An object's bytes, what stands for these in `write_if`, and how many seconds ago, by the store's own clock,
    they were written.
    """

    data: bytes
    version: str
    age: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the world is told about an object when it fetches it. A download is to be saved, not opened."""

    content_type: str = "application/octet-stream"
    cache_control: str = "private, no-store"
    is_download: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """An object to be written among many."""

    key: str
    data: bytes
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a Put: `cause`, in one line, says why it was not written, or is ''.

    `size` and `digest` are as in StoredObject.
    """

    key: str
    size: int = 0
    digest: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """One key that could not be treated as asked, and why, in one line."""

    key: str
    action: str
    cause: str

    def __str__(self) -> str:
        return f"could not {self.action} {self.key}: {self.cause}"


@dataclass(frozen=True, slots=True)
class Erased:
    """What `erase` took away: objects that were there, versions and markers behind them, uploads never finished.

    `failures` are those that may still be there, with the reason, which names a legal hold or a retention.
    `unseen` says why older versions or unfinished uploads could not be looked for, or is ''.
    """

    objects: int = 0
    versions: int = 0
    uploads: int = 0
    failures: tuple[Failure, ...] = ()
    unseen: str = ""


Fence = Callable[[], None]
"""Raises OvertakenError where whoever asks may write no more."""


def no_fence() -> None:
    """Let everything pass."""


class Store(Protocol):
    """A place that keeps objects under keys. Safe to call from several threads at once.

    `fence` is called just before each try of whatever writes or deletes, tries again included, from any thread; what it
    raises comes out of the call, and nothing more is written.

    Every method tries again by itself what may fare better at the next try, with pauses that grow.
    """

    fence: Fence

    @property
    def single_writer(self) -> bool:
        """Whether somebody said that nobody else ever writes here, so that `write_if` need not be honoured."""

    @property
    def requests(self) -> int:
        """How many requests were made of the store so far, tries again included; for a folder, calls."""

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key starts with `prefix`, however many, in key order.

        `prefix` starts with `public/` or `private/`. Raises StoreError, at any point of the listing.
        """

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises NotInStoreError if there is none, StoreError for all else."""

    def find(self, key: str) -> Found:
        """The object with its version and age. Raises as `read`."""

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:
        """Create or replace the object, whole or not at all. Raises StoreError."""

    def write_if(self, key: str, data: bytes, metadata: Metadata, version: str | None) -> str:
        """Write the object if it still has `version` (None: if there is none), and return its new version.

        Of several at once, one succeeds. Raises OvertakenError if it has another version, StoreError for all else. A
        store that cannot do this replaces the object whatever it holds.
        """

    def write_many(self, puts: Iterable[Put]) -> Iterator[Outcome]:
        """Write many objects at once, and tell of each, in any order.

        `puts` is gone through as far as the store can take more, so they need not all be in memory; an error that it
        raises comes out here, once what was under way is written. Raises StoreError, and writes no more, where no other
        object would fare better: no such bucket, credentials that are refused or have expired, a full disk.
        """

    def encoded(self, put: Put) -> tuple[int, str]:
        """The size and the hex MD5 that the object would have as stored."""

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """Delete every object named; one that is not there counts as deleted. Whatever a listing shows can be named.

        Goes on after a failure and returns every key that may still be there, and every bad one. Raises StoreError
        only where nothing could be tried at all.
        """

    def erase(self, prefixes: Sequence[str], known: Iterable[str] = (), only: Container[str] | None = None) -> Erased:
        """Delete all that lies under `prefixes`, each of which ends with '/': every version, marker and part of it.

        Ends with a look at what is left. `known` are keys that are surely there, which need no listing to be found;
        `only`, where given, are the keys that are to go, the others stay. Goes on after a failure, in memory that does
        not grow with the number of objects.
        """

    def answers(self, key: str) -> bool:
        """Whether whoever knows the address of `key`, and has no credentials, gets the object. Raises StoreError."""

    def invalidate(self, prefixes: Sequence[str]) -> list[Failure]:
        """Have the CDN before the store, if it has one, forget all that lies under `prefixes`, and wait until it has.

        Returns a failure for each prefix of which it may still hold copies; for none where there is no CDN.
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


def check_folder(prefix: str) -> None:
    """Raise StoreError unless `prefix` can be the folder of keys: one that ends with '/'."""
    check_prefix(prefix)
    if not prefix.endswith("/"):
        raise StoreError(f"{prefix!r} cannot be a folder of keys: it does not end with '/'")


def sound_ones(
    keys: Iterable[str], check: Callable[[str], None], action: str, failures: list[Failure]
) -> Iterator[str]:
    """Those of `keys` that pass `check`; of each other one, a failure of `action` is added to `failures`."""
    for key in keys:
        try:
            check(key)
        except StoreError as error:
            failures.append(Failure(key, action, error.problems[0].message))
        else:
            yield key


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
