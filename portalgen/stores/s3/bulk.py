"""Writes many objects at once: as many at a time as the store bears, each tried again for as long as is safe."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from queue import SimpleQueue
from secrets import randbelow
from threading import Event, Lock

from botocore.exceptions import BotoCoreError, ClientError

from portalgen.errors import OvertakenError, StoreError
from portalgen.stores.base import Outcome, Put, check_key
from portalgen.stores.s3.causes import Verdict, judge
from portalgen.stores.s3.connection import MOST_AT_ONCE, Connection
from portalgen.stores.s3.digests import Digests
from portalgen.stores.s3.encoding import encode
from portalgen.stores.s3.senders import Send

TRIES = 5

LAST_START = 50_000
"""Milliseconds after which an object that was taken is tried no more: so a request is over after 75 seconds."""

MOST_BYTES = 8 * 1024 * 1024
"""Of objects under way, beyond the first."""

AT_A_TIME = 8
"""Objects that a thread takes at a time once all are at work: handing over each would cost more than to send it."""

LARGE = 1024 * 1024
"""Bytes of an object that a slow network may need longer for than a fast sender waits."""


class Pace:
    """How many requests may be under way: one more for each round that went well, half when the store objects."""

    def __init__(self, start: int = MOST_AT_ONCE // 2, most: int = MOST_AT_ONCE) -> None:
        self.limit = start
        self._most = most
        self._good = 0
        self._cut = -1000
        self._lock = Lock()

    def went_well(self) -> None:
        """Tell that a request was answered."""
        with self._lock:
            self._good += 1
            if self._good >= self.limit:
                self._good = 0
                self.limit = min(self.limit + 1, self._most)

    def was_too_fast(self) -> None:
        """Tell that the store objected; what came of one moment counts once."""
        with self._lock:
            now = _milliseconds()
            if now - self._cut >= 1000:
                self._cut = now
                self._good = 0
                self.limit = max(1, self.limit // 2)


@dataclass(frozen=True, slots=True)
class _Done:
    """An object that was tried; `error` is why it was not written, `size` its bytes as it was taken."""

    outcome: Outcome
    size: int
    error: Exception | None = None


class BulkWriter:
    """One `write_many`. The second of `senders` is for what takes a slow network longer than the first waits."""

    def __init__(self, connection: Connection, senders: tuple[Send, Send], digests: Digests) -> None:
        self._connection = connection
        self._send, self._send_large = senders
        self._digests = digests
        self._pace = Pace()
        self._done: SimpleQueue[list[_Done]] = SimpleQueue()
        self._at_work = 0
        self._under_way = 0
        self._bytes = 0
        self._has_written = False
        self._denial: StoreError | None = None
        self._error: Exception | None = None
        self._has_ended = Event()  # so that nothing is tried again
        self._is_hopeless = Event()  # so that nothing is tried at all

    def write(self, puts: Iterable[Put]) -> Iterator[Outcome]:
        """As Store.write_many. It is the caller's thread that goes through `puts`."""
        rest = iter(puts)
        with ThreadPoolExecutor(MOST_AT_ONCE, "bulk") as pool:
            try:
                size = 1
                while True:
                    while self._may_take() and (batch := self._batch(rest, size)):
                        self._at_work += 1
                        pool.submit(self._work, batch, _milliseconds())
                    if not self._at_work:
                        break
                    done = self._done.get()
                    self._at_work -= 1
                    yield from map(self._outcome_of, done)
                    size = AT_A_TIME
            finally:
                self._has_ended.set()
        if error := self._error or self._denial:
            raise error

    def _may_take(self) -> bool:
        return (
            self._error is None
            and self._denial is None
            and self._at_work < self._pace.limit
            and (not self._under_way or self._bytes < MOST_BYTES)
        )

    def _batch(self, rest: Iterator[Put], size: int) -> list[Put]:
        """The next objects: as many as `size` says, or fewer where there are no more, or they are large."""
        batch: list[Put] = []
        while len(batch) < size and (not batch or self._bytes < MOST_BYTES) and (put := self._taken(rest)):
            batch.append(put)
        return batch

    def _taken(self, rest: Iterator[Put]) -> Put | None:
        try:
            put = next(rest, None)
        except Exception as error:  # the caller's own; raised again when what is under way has ended
            self._error = error
            self._has_ended.set()
            return None
        if put is not None:
            self._under_way += 1
            self._bytes += len(put.data)
        return put

    def _outcome_of(self, done: _Done) -> Outcome:
        """Account for what is done. Of a denial, the next answers tell whether it befell that object alone."""
        self._under_way -= 1
        self._bytes -= done.size
        if done.error is None:
            self._has_written = True
            self._denial = None
        elif isinstance(done.error, OvertakenError) or not isinstance(
            done.error, StoreError | BotoCoreError | ClientError
        ):
            self._error = done.error
        elif not isinstance(done.error, StoreError):
            sentence = self._connection.failure("write", done.outcome.key, done.error)
            verdict = judge(done.error)
            if verdict is Verdict.HOPELESS:
                self._error = self._error or sentence
                self._has_ended.set()
            elif verdict is Verdict.DENIED and not self._has_written:
                self._denial = sentence
        return done.outcome

    def _work(self, batch: list[Put], since: int) -> None:
        """Try each object, but none once that is hopeless: what was not tried is not told of."""
        self._done.put([self._tried(put, since) for put in batch if not self._is_hopeless.is_set()])

    def _tried(self, put: Put, since: int) -> _Done:
        size = len(put.data)
        try:
            return _Done(self._written(put, since), size)
        except StoreError as error:
            return _Done(Outcome(put.key, cause=error.problems[0].message), size, error)
        except Exception as error:  # the caller's thread must learn of it, whatever it is
            if isinstance(error, BotoCoreError | ClientError) and judge(error) is Verdict.HOPELESS:
                self._is_hopeless.set()
                self._has_ended.set()
            return _Done(Outcome(put.key, cause=self._connection.cause(error)), size, error)

    def _written(self, put: Put, since: int) -> Outcome:
        """Write the object, trying again what may fare better."""
        check_key(put.key)
        item = encode(put.data, put.metadata)
        path = self._connection.path(put.key)
        send = self._send_large if len(item.body) > LARGE else self._send
        for number in count(1):
            longest = 200 << number
            try:
                if self._digests.confirm(path, send(path, item), item):
                    self._pace.went_well()
                    return Outcome(put.key, len(item.body), item.md5)
                error: Exception = StoreError("the store keeps other bytes than were sent")
            except (BotoCoreError, ClientError) as caught:
                error = caught
                verdict = judge(error)
                if verdict is Verdict.BUSY:
                    self._pace.was_too_fast()
                    longest *= 3
                elif verdict is not Verdict.PASSING:
                    raise
            pause = longest // 4 + randbelow(longest)
            is_late = _milliseconds() + pause - since > LAST_START
            if number == TRIES or is_late or self._has_ended.wait(pause / 1000):
                raise error
        raise AssertionError


def _milliseconds() -> int:
    return time.monotonic_ns() // 1_000_000
