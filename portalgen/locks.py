"""One run at a time in a build folder.

The lock is the system's own, held on an open file: it ends with the process that holds it, however that ends. What
the file says is for people.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from portalgen.errors import BusyError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_NAME = ".lock"
_OPENING = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_LONGEST = 1024
_FAR = 1 << 30
"""Windows locks bytes, and lets nobody read those: one far behind all that the file says."""

_held: set[tuple[int, str]] = set()
"""The locks of this process, by thread."""


@contextmanager
def locked(folder: Path, verb: str) -> Iterator[None]:
    """Keep every other run out of the build folder `folder` while the context lasts; `verb` tells them who does.

    The thread that has the lock may ask for it again. Raises BusyError, at once, if anybody else has it.
    """
    path = folder / _NAME
    mine = threading.get_ident(), os.path.realpath(path)
    if mine in _held:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, _OPENING, 0o644)
    try:
        if not _lock(descriptor):
            raise BusyError(f"another run is at work in {folder}{_holder(descriptor)}", "try again when it has ended")
        _held.add(mine)
        try:
            _say(descriptor, {"verb": verb, "pid": os.getpid(), "since": datetime.now(UTC).isoformat(" ", "seconds")})
            yield
        finally:
            _held.discard(mine)
            os.truncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Whether this open file has the lock now."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _say(descriptor: int, said: dict[str, object]) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.truncate(descriptor, 0)
    os.write(descriptor, json.dumps(said).encode())


def _holder(descriptor: int) -> str:
    """Which run has the lock, and since when, as far as it has said so."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        said = json.loads(os.read(descriptor, _LONGEST))
        return f": `portalgen {said['verb']}`, process {said['pid']}, since {said['since']}"
    except (ValueError, KeyError, TypeError):
        return ""
