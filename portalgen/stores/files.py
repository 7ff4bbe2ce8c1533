"""Files that are written whole or not at all, in folders that other processes use, too."""

import ctypes
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from secrets import token_hex
from threading import Lock

from portalgen.errors import StoreError

LEFTOVER_AGE = 24 * 3600
"""Seconds after which a file in the scratch folder belongs to a process that died."""

MOST_NAMED = 1000
"""Paths that could not be removed and are told one by one."""

LOCK = "lock"
"""The file in the scratch folder that whoever replaces by version has locked meanwhile."""

_REASONS = {
    errno.EEXIST: "a file stands where a folder must be",
    errno.ENOTDIR: "a file stands where a folder must be",
    errno.EISDIR: "a folder stands where the file must be",
    errno.EXDEV: "the store's private folder is on another file system than its public one",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full for this user",
    errno.EROFS: "the disk is read-only",
}

HOPELESS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EXDEV}
"""What befalls every file."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Side:
    """A folder, and the permissions of what is created in it."""

    root: Path
    folder_mode: int
    file_mode: int


class Scratch:
    """The folder of files that are still being written, which is neither served nor listed."""

    def __init__(self, folder: Path, side: Side) -> None:
        self.folder = folder
        self._side = side
        self._is_swept = False
        self._lock = Lock()
        self._base = f"{folder}/{token_hex(8)}-"
        self._numbers = count()

    def prepare(self) -> None:
        """Make the folder; the first time, remove what processes that died have left in it. Raises OSError."""
        make_folder(self.folder, self._side)
        with self._lock:
            if self._is_swept:
                return
            self._is_swept = True
        for entry in self.folder.iterdir():
            with suppress(FileNotFoundError):
                if entry.name != LOCK and time.time() - entry.lstat().st_mtime > LEFTOVER_AGE:
                    entry.unlink()

    def put(self, data: bytes, mode: int, path: Path, *, is_durable: bool = True) -> None:
        """Replace the file at `path`, whose folder is there. Raises OSError."""
        partial = self._base + str(next(self._numbers))
        try:
            descriptor = os.open(partial, _NEW, mode)
            try:
                os.fchmod(descriptor, mode)  # whatever the umask
                write_all(descriptor, data)
                if is_durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            Path(partial).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(partial).unlink(missing_ok=True)
            raise
        if is_durable:
            flush_folder(path.parent)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among all threads and processes that do the same. Raises OSError."""
        self.prepare()
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def now(self) -> int:
        """The time in nanoseconds, by the clock of the file system: a file server has its own. Raises OSError."""
        self.prepare()
        partial = self._base + str(next(self._numbers))
        descriptor = os.open(partial, _NEW, 0o600)
        try:
            os.write(descriptor, b"x")
            os.fsync(descriptor)
            return os.fstat(descriptor).st_mtime_ns
        finally:
            os.close(descriptor)
            Path(partial).unlink(missing_ok=True)


class Removal:
    """Removes files and folders with all that is in them, in memory that does not grow with their number.

    Symbolic links go, what they lead to stays. `failed` says of up to MOST_NAMED paths why they are still there.
    """

    def __init__(self, spared: Path) -> None:
        """`spared` is a folder that is left as it is."""
        self.number = 0
        self.failed: dict[Path, str] = {}
        self._spared = str(spared)

    def remove(self, path: Path) -> None:
        """Remove all that is in the folder, or the link, at `path`; not a file. Raises OSError."""
        if path.is_symlink():
            path.unlink()
            self.number += 1
            return
        for _ in range(3):  # what is removed while a folder is read may hide others from it
            self.failed.clear()
            if not self._empty(path):
                return
        if not self.failed:
            self.failed[path] = "something is written there again and again"

    def _empty(self, folder: Path) -> bool:
        """Remove what is in `folder`; whether something was there."""
        was_there = False
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.path != self._spared:
                        was_there = True
                        self._remove(entry)
        except (FileNotFoundError, NotADirectoryError):
            return was_there
        except OSError as error:
            self._fail(folder, error)
            return True
        return was_there

    def _remove(self, entry: os.DirEntry[str]) -> None:
        if not entry.is_dir(follow_symlinks=False):
            self._unlink(Path(entry.path))
            return
        self._empty(Path(entry.path))
        with suppress(OSError):  # what is still in it has failed by itself
            Path(entry.path).rmdir()

    def _unlink(self, path: Path) -> None:
        try:
            path.unlink()
            self.number += 1
        except FileNotFoundError:
            pass
        except OSError as error:
            self._fail(path, error)

    def _fail(self, path: Path, error: OSError) -> None:
        if len(self.failed) < MOST_NAMED:
            self.failed[path] = reason(error)


@contextmanager
def in_plain_words(action: str, key: str) -> Iterator[None]:
    """Raise OSErrors as StoreErrors."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot {action} '{key}': {reason(error)}") from error


def reason(error: OSError) -> str:
    """What is wrong, in one line."""
    return _REASONS.get(error.errno or 0) or error.strerror or type(error).__name__


def make_folder(folder: Path, side: Side) -> None:
    """Make `folder` and those above it, down from the side's root with its permissions whatever the umask."""
    if folder.is_dir():
        return
    if folder == side.root:
        folder.parent.mkdir(parents=True, exist_ok=True)
    else:
        make_folder(folder.parent, side)
    folder.mkdir(side.folder_mode, exist_ok=True)
    folder.chmod(side.folder_mode)


def prune(folder: Path, root: Path) -> None:
    """Remove `folder` and those above it as far as they are empty, never `root`."""
    while folder != root:
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return
        folder = folder.parent


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def flush_folder(folder: Path) -> None:
    """Have the names in `folder` outlive a crash of the machine. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_all(folder: Path) -> None:
    """Have all that was written on the file system of `folder` outlive a crash of the machine. Raises OSError.

    For thousands of files, this takes a hundredth of the time that flushing each takes.
    """
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:  # not on this system
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)
