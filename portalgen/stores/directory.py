"""A store in two folders of this machine: one that a web server shows to the world, and one that it never shows.

Folders hold no metadata: content types and cache control are the web server's to send.
"""

import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from threading import Lock

from portalgen.errors import InvalidInputError, NotInStoreError, StoreError
from portalgen.model import StoreSource
from portalgen.stores.base import PRIVATE, PUBLIC, Failure, Metadata, StoredObject, check_key, check_prefix

PARTIAL = ".partial"
"""The folder, in the private one, of files that are still being written; no key leads there."""

LEFTOVER_AGE = 24 * 3600
"""Seconds after which a file in PARTIAL belongs to a process that died."""

_REASONS = {
    errno.EEXIST: "a file stands where a folder must be",
    errno.ENOTDIR: "a file stands where a folder must be",
    errno.EISDIR: "a folder stands where the file must be",
    errno.EXDEV: "the store's private folder is on another file system than its public one",
}


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two folders, and the permissions of what is created in it."""

    root: Path
    folder_mode: int
    file_mode: int


class DirectoryStore:
    """`public/x` lies at `<public>/x`, `private/x` at `<private>/x`.

    The folders are made when first written to. They must be on one file system. Symbolic links below them are
    never followed: a listing shows the link itself, which can be replaced and deleted, not read.
    """

    def __init__(self, public: Path, private: Path) -> None:
        """Raises InvalidInputError where one folder is, or holds, the other."""
        public, private = _resolved(public), _resolved(private)
        if private.is_relative_to(public):
            hint = "name a folder that no web server shows"
            raise InvalidInputError(f"the private folder '{private}' would be served with '{public}'", hint)
        if public.is_relative_to(private):
            hint = "put the two side by side"
            raise InvalidInputError(f"the public folder '{public}' lies in the private folder '{private}'", hint)
        self._public = _Side(public, 0o755, 0o644)
        self._private = _Side(private, 0o700, 0o600)
        self._partial = private / PARTIAL
        self._swept = False
        self._lock = Lock()

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """As Store.objects; leaves out files whose names no key can have."""
        check_prefix(prefix)
        with _in_plain_words("list", prefix):
            _, folder, start = self._locate(prefix)
            yield from self._walk(folder, prefix.removesuffix(start), start)

    def read(self, key: str) -> bytes:
        """As Store.read."""
        check_key(key)
        with _in_plain_words("read", key):
            _, folder, name = self._locate(key)
            path = folder / name
            if path.is_symlink():
                raise _link_in_the_way(path)
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                raise NotInStoreError(f"there is no '{key}' in the store") from error

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:  # noqa: ARG002 - see the module
        """As Store.write."""
        check_key(key)
        with _in_plain_words("write", key):
            side, folder, name = self._locate(key)
            # Not beside the object, where a reader could fetch half of it under a name that nobody purges.
            with self._partial_file(data, side.file_mode) as partial, self._lock:
                _make_folder(folder, side)
                partial.replace(folder / name)

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """As Store.delete; folders that hold nothing any more go with their last object."""
        failures = []
        for key in keys:
            try:
                check_key(key)
                self._delete(key)
            except StoreError as error:
                failures.append(Failure(key, "delete", error.problems[0].message))
            except OSError as error:
                failures.append(Failure(key, "delete", _reason(error)))
        return failures

    def _delete(self, key: str) -> None:
        side, folder, name = self._locate(key)
        path = folder / name
        with self._lock:
            if path.is_symlink() or not path.is_dir():
                with suppress(FileNotFoundError, NotADirectoryError):
                    path.unlink()
            _prune(folder, side.root)

    def _locate(self, key: str) -> tuple[_Side, Path, str]:
        """The side, the folder, and the name in that folder, of a key or prefix.

        Raises StoreError where a symbolic link would lead elsewhere, or the key into PARTIAL.
        """
        side = self._public if key.startswith(PUBLIC) else self._private
        folder = side.root
        *parts, name = key.split("/")[1:]
        for part in parts:
            folder /= part
            if folder.is_symlink():
                raise _link_in_the_way(folder)
        if self._partial in (folder / name, *folder.parents, folder):
            raise StoreError(f"'{key}' cannot be a key: the store needs '{PRIVATE}{PARTIAL}' for itself")
        return side, folder, name

    def _walk(self, folder: Path, key: str, start: str = "") -> Iterator[StoredObject]:
        """The objects below `folder`, whose key is `key`, where the next part of the key begins with `start`."""
        for entry in self._entries(folder):
            if not entry.name.startswith(start):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path), f"{key}{entry.name}/")
                continue
            try:
                check_key(key + entry.name)
                size = entry.stat(follow_symlinks=False).st_size
            except (StoreError, FileNotFoundError):
                continue
            yield StoredObject(key + entry.name, size)

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """What lies in `folder`, in the order of keys: there, a folder's name ends with '/'."""
        try:
            with os.scandir(folder) as entries:
                found = [entry for entry in entries if entry.path != str(self._partial)]
        except FileNotFoundError:
            return []
        except NotADirectoryError:
            if folder in {self._public.root, self._private.root}:
                raise
            return []
        return sorted(found, key=lambda entry: entry.name + "/" * entry.is_dir(follow_symlinks=False))

    @contextmanager
    def _partial_file(self, data: bytes, mode: int) -> Iterator[Path]:
        """`data` in a file that is neither served nor listed, to be moved where it belongs."""
        _make_folder(self._partial, self._private)
        self._sweep()
        descriptor, name = mkstemp(dir=self._partial)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                os.fchmod(file.fileno(), mode)
            yield Path(name)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _sweep(self) -> None:
        """Once per store, remove what processes that died have left in PARTIAL."""
        with self._lock:
            if self._swept:
                return
            self._swept = True
            for entry in self._partial.iterdir():
                with suppress(FileNotFoundError):
                    if time.time() - entry.lstat().st_mtime > LEFTOVER_AGE:
                        entry.unlink()


def from_source(source: StoreSource) -> DirectoryStore:
    """The store of a `kind: directory`. Raises InvalidInputError."""
    if source.path is None or source.private is None:
        raise InvalidInputError(f"store '{source.name}' needs a 'path' and a 'private' folder")
    return DirectoryStore(source.path, source.private)


@contextmanager
def _in_plain_words(action: str, key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot {action} '{key}': {_reason(error)}") from error


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0) or error.strerror or type(error).__name__


def _link_in_the_way(path: Path) -> StoreError:
    return StoreError(f"'{path}' is a symbolic link, which a store does not follow", "replace it by what it points to")


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        raise InvalidInputError(f"'{path}' cannot be a store's folder: {error}") from error


def _make_folder(folder: Path, side: _Side) -> None:
    """Make `folder` and those above it, down from the side's root with its permissions whatever the umask."""
    if folder.is_dir():
        return
    if folder == side.root:
        folder.parent.mkdir(parents=True, exist_ok=True)
    else:
        _make_folder(folder.parent, side)
    folder.mkdir(side.folder_mode, exist_ok=True)
    folder.chmod(side.folder_mode)


def _prune(folder: Path, root: Path) -> None:
    """Remove `folder` and those above it as far as they are empty, never `root`."""
    while folder != root:
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return
        folder = folder.parent
