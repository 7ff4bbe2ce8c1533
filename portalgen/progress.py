"""How far a long piece of work has come: told by those who do it, shown by whoever started it."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

PURGE, READ, BUILD, UPLOAD, SEND = "purge", "read", "build", "upload", "send"
"""The stages of work: taking away, reading exports, making bundles, writing objects, sending mails."""

Clock = Callable[[], int]
"""Nanoseconds on a clock that only goes forward."""


class Progress(Protocol):
    """Whom to tell. Both methods are called from one thread."""

    def begin(self, total: int, doing: str) -> None:
        """A stage begins, and the one before is over: `total` things will be done, 0 where nobody counts them."""

    def __call__(self, count: int) -> None:
        """`count` more things of the stage are done."""


class _Silent:
    def begin(self, total: int, doing: str) -> None:
        """Nobody is told."""

    def __call__(self, count: int) -> None:
        """Nobody is told."""


SILENT: Progress = _Silent()


class Timed:
    """Passes everything on, and knows how long each stage took."""

    def __init__(self, progress: Progress, clock: Clock = time.monotonic_ns) -> None:
        self._progress, self._clock = progress, clock
        self._took: dict[str, int] = {}
        self._stage, self._since = "", 0

    def begin(self, total: int, doing: str) -> None:
        self.end()
        self._stage, self._since = doing, self._clock()
        self._progress.begin(total, doing)

    def __call__(self, count: int) -> None:
        self._progress(count)

    def end(self) -> None:
        """The last stage is over."""
        if self._stage:
            self._took[self._stage] = self._took.get(self._stage, 0) + self._clock() - self._since
        self._stage = ""

    @property
    def stages(self) -> Mapping[str, int]:
        """Milliseconds by stage, in the order in which they first began."""
        return {stage: took // 1_000_000 for stage, took in self._took.items()}
