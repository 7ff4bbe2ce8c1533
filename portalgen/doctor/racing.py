"""Whether a store lets one of several writers win, and gives back the bytes that it was given."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from portalgen.doctor.findings import Finding, fail, ok, unknown, warn
from portalgen.errors import OvertakenError, PortalgenError, StoreError
from portalgen.stores.base import Metadata, Store

WRITERS = 16
_ROUNDS = 3
_SECONDS = 120
_METADATA = Metadata("application/octet-stream")


def examine(store: Store, folder: str, *, is_single_writer: bool) -> Iterator[Finding]:
    """Both checks, with objects under `folder`, which ends with '/'. Whoever calls deletes them."""
    yield _intact(store, f"{folder}bytes")
    yield _one_wins(store, folder, is_single_writer=is_single_writer)


def _intact(store: Store, key: str) -> Finding:
    """A store that does not know how newer clients upload keeps their checksums within the object."""
    data = secrets.token_bytes(100_000)
    try:
        store.write(key, data, _METADATA)
        found = store.read(key)
    except StoreError as error:
        return fail("bytes", error.problems[0].message, error.problems[0].hint or "see what is said of its rights")
    if found == data:
        return ok("bytes", "what is written is read back as it was")
    said = f"{len(data):,} bytes were written and {len(found):,} others read"
    return fail("bytes", said, "update the store's software, or use another: every page in it is damaged")


def _one_wins(store: Store, folder: str, *, is_single_writer: bool) -> Finding:
    check = "one-writer"
    try:
        counts = {count for number in range(_ROUNDS) for count in _winners(store, f"{folder}race-{number}")}
    except PortalgenError as error:
        return unknown(check, error.problems[0].message, "mend that first, and run it again")
    if counts == {1}:
        return ok(check, f"of {WRITERS} writers at once, one creates an object, and one replaces it")
    if max(counts) > 1:
        said = f"of {WRITERS} writers at once, {max(counts)} succeeded: two publishes may overwrite each other"
    else:
        said = f"of {WRITERS} writers that knew the version of an object, none could replace it"
    if is_single_writer:
        return warn(check, said, "see to it that one machine alone publishes, as `single_writer: true` says")
    hint = (
        "use a store with conditional writes (Ceph has none in buckets with versioning); or see to it that one machine "
    )
    return fail(check, said, f"{hint}alone publishes, and say so: `single_writer: true` in the store's definition")


def _winners(store: Store, key: str) -> Iterator[int]:
    """How many succeed of WRITERS that create an object at once, and of as many that replace it then."""
    yield _race(store, key, None)
    yield _race(store, key, store.find(key).version)


def _race(store: Store, key: str, version: str | None) -> int:
    """How many believe that they have won. Raises StoreError where nobody does, and not because of another."""
    start = Barrier(WRITERS, timeout=_SECONDS)

    def write(number: int) -> StoreError | None:
        # No two write the same, now or before: a version may be the digest of the bytes.
        data = f"writer {number}, {secrets.token_hex(8)}".encode()
        start.wait()
        try:
            store.write_if(key, data, _METADATA, version)
        except StoreError as error:  # that of a store which is overrun counts as lost
            return error
        return None

    with ThreadPoolExecutor(WRITERS) as pool:
        lost = [error for error in pool.map(write, range(WRITERS)) if error]
    other = next((error for error in lost if not isinstance(error, OvertakenError)), None)
    if other and len(lost) == WRITERS:
        raise other
    return WRITERS - len(lost)
