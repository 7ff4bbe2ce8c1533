"""Showing how far work has come, on standard error: a bar on a terminal, lines elsewhere. The only room of rich."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

import rich.progress as bars
from rich.console import Console
from rich.text import Text

from portalgen.progress import BUILD, PURGE, READ, SEND, UPLOAD, Clock, Progress

Outcome = TypeVar("Outcome")

_DONE = {PURGE: "purged", READ: "read", BUILD: "built", UPLOAD: "uploaded", SEND: "sent"}
_SECOND = 1_000_000_000
_LONG, _SHORT = 10 * _SECOND, 1 * _SECOND
_SHARE = 10


def shown(verb: Callable[[Progress], Outcome]) -> Callable[[], Outcome]:
    """The verb, with its progress shown for as long as it is at work."""

    def work() -> Outcome:
        with progress_shown() as progress:
            return verb(progress)

    return work


@contextmanager
def progress_shown() -> Iterator[Progress]:
    """A bar on a terminal, with count, rate and time left; a line every ten seconds, or ten hundredths, elsewhere."""
    if not sys.stderr.isatty():
        yield Lines(lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201 - standard error as it is then
        return
    with Bar(Console(stderr=True)) as bar:
        yield bar


class Bar:
    """A bar that comes with the first stage, and is gone when the work is done."""

    def __init__(self, console: Console) -> None:
        what, left = bars.TextColumn("{task.description}"), bars.TimeRemainingColumn()
        columns = (what, bars.BarColumn(), _Count(), _Rate(), left)
        self._bars = bars.Progress(*columns, console=console, transient=True)
        self._task: bars.TaskID | None = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def begin(self, total: int, doing: str) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._bars.start()
        self._task = self._bars.add_task(doing, total=total or None)

    def __call__(self, count: int) -> None:
        if self._task is None:
            self.begin(0, UPLOAD)
        if self._task is not None:
            self._bars.advance(self._task, count)


class _Count(bars.ProgressColumn):
    def render(self, task: bars.Task) -> Text:
        of_all = f" of {int(task.total):,}" if task.total else ""
        return Text(f"{int(task.completed):,}{of_all}" if task.completed else of_all.removeprefix(" of "))


class _Rate(bars.ProgressColumn):
    def render(self, task: bars.Task) -> Text:
        return Text(f"{int(task.speed):,}/s" if task.speed else "")


class Lines:
    """Lines for a log, each with the time in UTC. Work that takes less than a second has none."""

    def __init__(self, say: Callable[[str], None], clock: Clock = time.monotonic_ns) -> None:
        self._say, self._clock = say, clock
        self._total, self._doing = 0, ""

    def begin(self, total: int, doing: str) -> None:
        self._total, self._doing = total, doing
        self._done = self._told = 0
        self._began = self._told_at = self._clock()

    def __call__(self, count: int) -> None:
        if not self._doing:
            self.begin(0, UPLOAD)
        self._done += count
        waited = self._clock() - self._told_at
        is_further = self._total > 0 and (self._done - self._told) * _SHARE >= self._total
        if waited >= _LONG or (waited >= _SHORT and is_further):
            self._told, self._told_at = self._done, self._clock()
            self._say(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {self._text(self._told_at - self._began)}")

    def _text(self, took: int) -> str:
        of_all = f" of {self._total:,}" if self._total else ""
        parts = [f"{_DONE.get(self._doing, self._doing)} {self._done:,}{of_all}", f"{self._done * _SECOND // took:,}/s"]
        if self._total > self._done > 0:
            parts.append(f"{_span(-((self._done - self._total) * took // (self._done * _SECOND)))} left")
        return ", ".join(parts)


def _span(seconds: int) -> str:
    """`26 s`, `3 min 20 s`, `2 h 5 min`."""
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
