"""`portalgen watch`: what is made from files is made anew when they change, and never from half a file."""

import datetime
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from portalgen.commands.project import now, today_in
from portalgen.definitions import load
from portalgen.errors import BusyError, InvalidInputError, Location, PortalgenError, Problem
from portalgen.model import Definitions
from portalgen.watched import Seen, Watched, made_of
from portalgen.watching import Watcher

_NAMED = 3
_TICK = 100
_AFTER_OWN = 200
"""Milliseconds for which definitions and templates, which people save, must be left alone."""
_AFTER_OPEN = 600_000
"""Milliseconds after which a file counts as left alone that nobody has closed, as far as the system tells."""
_PATIENCE = 10_000
"""Milliseconds after which it is told which file is waited for."""
_FIRST_RETRY, _LAST_RETRY = 30_000, 600_000


@dataclass(frozen=True, slots=True)
class Pace:
    """In milliseconds, how long exports must be left alone before they are read, and how often files are looked at
    although nothing is told of them.
    """

    settle: int
    poll: int


@dataclass(frozen=True, slots=True)
class Due:
    """Something is to be made anew: why, and from which definitions, if these can be read."""

    why: str
    found: Definitions | Exception

    def definitions(self) -> Definitions:
        """Raises the error that reading them came to."""
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


class Watching:
    """Tells when a site is to be made anew, from `with` to its end."""

    def __init__(self, config: Path, pace: Pace, say: Callable[[Problem], None]) -> None:
        """`say` is told what keeps this from seeing changes, or from making anything of them.

        Raises InvalidInputError if there is no file `config`.
        """
        if not config.is_file():
            raise InvalidInputError("there is no such file", "--config says where it is", Location(str(config)))
        self._config, self._pace, self._say, self._watcher = config, pace, say, Watcher()
        self._read, self._own, self._data = Watched(), Watched(), Watched()
        self._read_of: Seen | None = None
        self._done: tuple[Seen, ...] | None = None
        self._found: Definitions | Exception = PortalgenError("not read yet")
        self._day: datetime.date | None = None
        self._pause, self._retry_at = 0, 0
        self._failed: dict[Path, str] = {}

    def __enter__(self) -> "Watching":
        self._watcher.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watcher.__exit__(kind, error, trace)

    def due(self) -> Due:
        """Wait until something is to be made anew: at first, when files changed, when the day changes, when a publish
        is to be tried again.
        """
        if self._read_of is None:
            self._reread()
        while True:
            seen = self._look()
            if self._why(seen):
                seen = self._settled(seen)
            if why := self._why(seen):
                self._done, self._retry_at, self._day = seen, 0, self._today()
                return Due(why, self._found)
            self._watcher.wait(self._until_next_look())

    def ended(self, exit_code: int, *, is_publish: bool) -> None:
        """What was due was tried. What may succeed later though no file changes is due again, in pauses that grow."""
        if exit_code == BusyError.exit_code or (is_publish and exit_code == PortalgenError.exit_code):
            self._pause = min(2 * self._pause or _FIRST_RETRY, _LAST_RETRY)
            self._retry_at = _clock() + self._pause
        else:
            self._pause = 0

    def _why(self, seen: tuple[Seen, ...]) -> str:
        if self._done is None:
            return "started"
        if changed := [path for old, new in zip(self._done, seen, strict=True) for path in _differing(old, new)]:
            return _named(changed, self._config)
        if self._day != self._today():
            return "another day"
        return "tried again" if self._retry_at and _clock() >= self._retry_at else ""

    def _look(self) -> tuple[Seen, ...]:
        parts = (self._read, self._own, self._data)
        places: dict[Path, bool] = {}
        for part in parts:
            for place, is_deep in part.places().items():
                places[place] = places.get(place, False) or is_deep
        failed = self._watcher.follow(places)
        for place in failed.keys() - self._failed.keys():
            hint = "it is looked at from time to time; see --poll"
            self._say(Problem(Location(str(place)), f"cannot be watched: {failed[place]}", hint))
        self._failed = failed
        return tuple(part.look() for part in parts)

    def _settled(self, seen: tuple[Seen, ...]) -> tuple[Seen, ...]:
        """How the files are once they are left alone, and the definitions are read as they are then."""
        since, waits_for = _clock(), ""
        while True:
            calm, wanted = _clock() - since, self._wanted_calm(seen)
            if calm >= wanted:
                if self._read_of == seen[0]:
                    return seen
                self._reread()
            if calm >= _PATIENCE and self._open(seen) not in {"", waits_for}:
                waits_for = self._open(seen)
                self._say(Problem(Location(waits_for), "is being written, and is waited for"))
            time.sleep(max(1, min(_TICK, wanted - calm)) / 1000)
            if (again := self._look()) != seen:
                seen, since = again, _clock()

    def _wanted_calm(self, seen: tuple[Seen, ...]) -> int:
        if self._open(seen):
            return _AFTER_OPEN
        is_data = self._done is None or seen[-1] != self._done[-1]
        return self._pace.settle if is_data else min(self._pace.settle, _AFTER_OWN)

    def _open(self, seen: tuple[Seen, ...]) -> str:
        """One of the files that is being written, as far as the system tells, or ''."""
        return min(self._watcher.open_files() & {os.path.realpath(path) for part in seen for path in part}, default="")

    def _reread(self) -> None:
        """Read the definitions, and look from now on for all files that they speak of."""
        noted: list[tuple[Path, str]] = []
        before = self._read.look()
        try:
            self._found = load(self._config, note=lambda folder, file: noted.append((folder, file)))
            self._own, self._data = made_of(self._found)
        except Exception as error:  # whatever it is, it is told, and the files may be mended
            self._found = error
            noted += self._read.files
        self._read = Watched(tuple(dict.fromkeys(noted)))
        after = self._read.look()
        self._read_of = after if all(before.get(path, mark) == mark for path, mark in after.items()) else None

    def _today(self) -> datetime.date:
        return today_in(self._found) if isinstance(self._found, Definitions) else now().date()

    def _until_next_look(self) -> int:
        return min(self._pace.poll, max(1, self._retry_at - _clock())) if self._retry_at else self._pace.poll


def _clock() -> int:
    return time.monotonic_ns() // 1_000_000


def _differing(old: Seen, new: Seen) -> list[Path]:
    return [path for path in sorted({*old, *new}) if old.get(path) != new.get(path)]


def _named(paths: Sequence[Path], config: Path) -> str:
    near = config.absolute().parent.parent
    names = [str(path.relative_to(near) if path.is_relative_to(near) else path) for path in paths]
    more = [f"{len(names) - _NAMED:,} more"] * (len(names) > _NAMED)
    return f"changed: {', '.join([*names[:_NAMED], *more])}"
