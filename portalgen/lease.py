"""Who may write to a store: one publish at a time. docs/publishing.md tells how and why.

The lease is one object, `private/lease.json`. Whether it has run out is told by the store's clock alone.
"""

import json
import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

from portalgen.errors import BusyError, NotInStoreError, OvertakenError, RefusedError, StoreError
from portalgen.stores.base import PRIVATE, Found, Metadata, Store, no_fence

KEY = f"{PRIVATE}lease.json"
SECONDS = 60
"""How long a lease runs from its last renewal."""

RENEWAL = 15
"""Seconds between renewals."""

GRACE = 90
"""Seconds for which nobody takes a lease that has run out: a request of its holder's may still be under way."""

_PAUSE = 2
_active: set[str] = set()
"""The leases of this process that were not left yet, by holder."""
_JSON = Metadata("application/json")


@dataclass(frozen=True, slots=True)
class Held:
    """What the object says: who has the lease ('' nobody), the how-manieth holder that is, and for how many seconds.

    `host` and `process` are for people; `place` stands for one run of one machine's system, '' where that has no
    name; `is_exclusive` tells that the store was found to honour `write_if`.
    """

    holder: str = ""
    number: int = 0
    seconds: int = 0
    host: str = ""
    process: int = 0
    place: str = ""
    renewed: int = 0
    is_exclusive: bool = False


def awake_seconds() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps, where there is one."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class Lease:
    """A context manager that takes nothing by itself: `take` does, before the first write; leaving it releases.

    From then on until it is released, the store writes nothing unless the lease is surely held still.

    `wait` is for how many seconds `take` waits for another holder. `is_lost` tells that somebody else may have it.
    """

    def __init__(self, store: Store, wait: int = 0, clock: Callable[[], float] = awake_seconds) -> None:
        self._store = store
        self._wait = wait
        self._clock = clock
        self._mine = Held(secrets.token_hex(8), 0, SECONDS, socket.gethostname(), os.getpid(), _place())
        self._version = ""
        self._began = self._clock()
        self.is_lost = False
        self._done = Event()
        self._renewer: Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _active.discard(self._mine.holder)
        if self._renewer is None:
            return
        self._done.set()
        self._renewer.join()
        if not self.is_lost:
            with suppress(StoreError):  # it runs out by itself
                released = Held(number=self._mine.number, is_exclusive=self._mine.is_exclusive)
                self._store.write_if(KEY, _text(released), _JSON, self._version)
        self._store.fence = no_fence

    def take(self) -> bool:
        """Have the lease from here on; whether it was not held before.

        Raises BusyError if somebody else has it, OvertakenError if it was lost, RefusedError if the store cannot give
        it to one alone.
        """
        if self._renewer is not None:
            self.check()
            return False
        _active.add(self._mine.holder)
        self._store.fence = no_fence
        until = self._clock() + self._wait
        while not self._try_to_take():
            if self._clock() >= until:
                raise BusyError(*self._busy())
            time.sleep(_PAUSE)
        self._store.fence = self.check
        self._renewer = Thread(target=self._renew_on, daemon=True)
        self._renewer.start()
        return True

    def check(self) -> None:
        """Raise OvertakenError unless the lease is surely held still."""
        if self.is_lost or self._clock() - self._began > self._mine.seconds:
            self.is_lost = True
            message = "this run stood still for too long and lost its lease, so it gave up; another may be at work"
            raise OvertakenError(message, "run it again; what is done stays done")

    def _try_to_take(self) -> bool:
        began = self._clock()
        found = _find(self._store)
        known = _parsed(found)
        if found and known and known.holder and not _is_over(known, found.age):
            return False
        is_exclusive = bool(known and known.is_exclusive) and not self._store.single_writer
        self._mine = replace(self._mine, number=(known.number if known else 0) + 1, is_exclusive=is_exclusive)
        try:
            self._version = self._store.write_if(KEY, _text(self._mine), _JSON, found.version if found else None)
        except OvertakenError:
            return False
        self._began = began
        if not is_exclusive and not self._store.single_writer:
            self._prove_exclusive()
        return True

    def _prove_exclusive(self) -> None:
        """Try to write what must not be written. Raises RefusedError where the store lets it pass."""
        for version in (None, "0" * 32):
            try:
                self._store.write_if(KEY, _text(replace(self._mine, renewed=1)), _JSON, version)
            except OvertakenError:
                continue
            self._store.delete([KEY])
            raise RefusedError(
                "the store does not honour conditional writes, so two publishes at once could overwrite each other",
                "if only one machine ever publishes here, write `single_writer: true` in the store's definition",
            )
        proven = replace(self._mine, is_exclusive=True)
        self._version = self._store.write_if(KEY, _text(proven), _JSON, self._version)
        self._mine = proven

    def _renew_on(self) -> None:
        while not self._done.wait(RENEWAL) and not self.is_lost:
            began = self._clock()
            renewed = replace(self._mine, renewed=self._mine.renewed + 1)
            try:
                version = self._store.write_if(KEY, _text(renewed), _JSON, self._version)
            except OvertakenError:
                self.is_lost = True
            except StoreError:
                continue  # the next try may fare better, and `check` knows when it is too late
            else:
                self._mine, self._version, self._began = renewed, version, began

    def _busy(self) -> tuple[str, str]:
        found = _find(self._store)
        known = _parsed(found)
        if not found or not known or not known.holder:
            return "another publish is at work", "run it again in a minute"
        message = f"another publish is at work, process {known.process} on {known.host}"
        left = max(1, known.seconds + GRACE - found.age)
        return message, f"run it again later, or with --wait; if that process is dead, its lease ends in {left} s"


def lease_of(store: Store) -> Held | None:
    """What the lease says now; None where there is none or nobody has it. Raises StoreError."""
    found = _find(store)
    known = _parsed(found)
    return known if found and known and known.holder and not _is_over(known, found.age) else None


def _is_over(held: Held, age: int) -> bool:
    return age > held.seconds + GRACE or (held.place == _place() != "" and not _is_alive(held))


def _find(store: Store) -> Found | None:
    try:
        return store.find(KEY)
    except NotInStoreError:
        return None


def _parsed(found: Found | None) -> Held | None:
    """What was found; what cannot be read counts as held by nobody known, for as long as any lease."""
    if found is None:
        return None
    try:
        held = Held(**json.loads(found.data))
        return replace(held, number=int(held.number), seconds=int(held.seconds), process=int(held.process))
    except (ValueError, TypeError, OverflowError):
        return Held(holder="?", seconds=SECONDS, host="an unknown machine")


def _text(held: Held) -> bytes:
    return json.dumps(asdict(held)).encode()


def _place() -> str:
    """One run of this machine's system, and the processes that see each other in it; '' where Linux does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _is_alive(held: Held) -> bool:
    """Whether a holder in this place is at work still."""
    if held.process == os.getpid():
        return held.holder in _active
    try:
        os.kill(held.process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
