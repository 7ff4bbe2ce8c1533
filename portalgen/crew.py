"""Work shared by several processes, and not lost with one of them.

A process may end without a word: out of memory, or by a signal. What it and the others had in hand is then done again,
each job by a process alone; one that ends that, too, is taken apart, until what ends a process each time can be named.
"""

import atexit
import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait as wait_for
from typing import Any, Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Worker = Callable[[Job], Result]

_ATTEMPTS = 3
_SELDOM = 100_000


class DeadlyError(Exception):
    """A job that nothing can be taken from ends a process whenever it is done: `job`."""

    def __init__(self, job: Any) -> None:
        super().__init__()
        self.job = job


def processors() -> int:
    """How many processors this process may use; one where the system has not what processes need to share work."""
    try:
        get_context("spawn").Lock()
    except (ImportError, OSError):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Crew(Generic[Job, Result]):
    """So many processes, each with a worker of its own, which `begin` makes in it. `split` takes a job apart.

    `begin`, jobs and results are handed over by `pickle`; `split` gives nothing for a job that has no parts.
    """

    def __init__(
        self, count: int, begin: Callable[[], Worker[Job, Result]], split: Callable[[Job], Sequence[Job]]
    ) -> None:
        self._count, self._begin, self._split = count, begin, split

    def do(self, jobs: Sequence[Job]) -> Iterator[Result]:
        """The results of all jobs, in no order. What a job raises is raised here; DeadlyError."""
        ahead = deque(jobs)
        while ahead:
            suspects: list[Job] = []
            yield from self._together(ahead, suspects)
            for suspect in suspects:
                yield from self._alone(suspect)

    def _together(self, ahead: deque[Job], suspects: list[Job]) -> Iterator[Result]:
        """Do jobs side by side until all are done, or a process ends: then, all that were in hand are `suspects`."""
        in_hand: dict[Future[Result], Job] = {}
        pool = self._pool(self._count)
        try:
            while ahead or in_hand:
                while ahead and len(in_hand) <= self._count:
                    in_hand[pool.submit(_do, ahead[0])] = ahead[0]
                    ahead.popleft()
                for future in wait(in_hand, return_when=FIRST_COMPLETED).done:
                    yield future.result()
                    del in_hand[future]
        except BrokenProcessPool:
            suspects += in_hand.values()
        finally:
            pool.shutdown(cancel_futures=True)

    def _alone(self, suspect: Job) -> Iterator[Result]:
        ahead, attempts = deque([suspect]), 1
        while ahead:
            pool = self._pool(1)
            try:
                while ahead:
                    yield pool.submit(_do, ahead[0]).result()
                    ahead.popleft()
            except BrokenProcessPool:
                parts = self._split(ahead[0])
                attempts = 1 if parts else attempts + 1
                if attempts > _ATTEMPTS:
                    raise DeadlyError(ahead[0]) from None
                if parts:
                    ahead.popleft()
                    ahead.extendleft(reversed(parts))
            finally:
                pool.shutdown(cancel_futures=True)

    def _pool(self, count: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(count, get_context("spawn"), _start, (self._begin,))


_worker: list[Callable[..., Any]] = []
"""In a process of a crew, its one worker."""


def _start(begin: Callable[[], Callable[..., Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever interrupts the command interrupts all processes at once
    threading.Thread(target=_end_with_parent, daemon=True).start()
    atexit.register(_end)
    _worker.append(begin())
    gc.freeze()  # what is there now stays; and jobs leave few circles behind, and much else to look through
    gc.set_threshold(_SELDOM)


def _end() -> None:
    """A worker may have what must not outlive the interpreter."""
    gc.unfreeze()
    _worker.clear()
    gc.collect()


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    if parent := parent_process():
        wait_for([parent.sentinel])
        os._exit(1)


def _do(job: Any) -> Any:
    return _worker[0](job)
