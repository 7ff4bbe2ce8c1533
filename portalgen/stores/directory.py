"""A store in two folders of this machine: one that a web server shows to the world, and one that it never shows.

Folders hold no metadata: content types and cache control are the web server's to send.
"""

import hashlib
import os
import stat
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from threading import Lock

from portalgen.errors import InvalidInputError, NotInStoreError, OvertakenError, StoreError
from portalgen.model import StoreSource
from portalgen.stores.base import (
    PRIVATE,
    PUBLIC,
    Erased,
    Failure,
    Fence,
    Found,
    Metadata,
    Outcome,
    Put,
    StoredObject,
    check_folder,
    check_key,
    check_prefix,
    no_fence,
    sound_ones,
)
from portalgen.stores.files import (
    HOPELESS,
    Removal,
    Scratch,
    Side,
    flush_all,
    in_plain_words,
    make_folder,
    prune,
    reason,
)

PARTIAL = ".partial"
"""The folder, in the private one, of files that are still being written; no key leads there."""

_TRIES = 10
"""How often a file is written whose folder goes meanwhile."""


class DirectoryStore:
    """`public/x` lies at `<public>/x`, `private/x` at `<private>/x`.

    The folders are made when first written to. They must be on one file system. Symbolic links below them are
    never followed: a listing shows the link itself, which can be replaced and deleted, not read.
    """

    single_writer = False

    def __init__(self, public: Path, private: Path) -> None:
        """Raises InvalidInputError where one folder is, or holds, the other."""
        public, private = _resolved(public), _resolved(private)
        if private.is_relative_to(public):
            hint = "name a folder that no web server shows"
            raise InvalidInputError(f"the private folder '{private}' would be served with '{public}'", hint)
        if public.is_relative_to(private):
            hint = "put the two side by side"
            raise InvalidInputError(f"the public folder '{public}' lies in the private folder '{private}'", hint)
        self._public = Side(public, 0o755, 0o644)
        self._private = Side(private, 0o700, 0o600)
        self._scratch = Scratch(private / PARTIAL, self._private)
        self._lock = Lock()
        self._requests = 0
        self.fence: Fence = no_fence

    @property
    def requests(self) -> int:
        """As Store.requests."""
        return self._requests

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """As Store.objects; leaves out files whose names no key can have."""
        check_prefix(prefix)
        self._count()
        with in_plain_words("list", prefix):
            _, folder, start = self._locate(prefix)
            yield from self._walk(folder, prefix.removesuffix(start), start)

    def read(self, key: str) -> bytes:
        """As Store.read."""
        return self._open(key)[0]

    def find(self, key: str) -> Found:
        """As Store.find."""
        data, written = self._open(key)
        with in_plain_words("read", key):
            age = (self._scratch.now() - written) // 1_000_000_000
        return Found(data, _md5(data), max(0, age))

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:  # noqa: ARG002 - see the module
        """As Store.write; what is private outlives a crash of the machine."""
        check_key(key)
        self._count()
        with in_plain_words("write", key):
            side, folder, name = self._locate(key)
            with self._alone(side):
                self._put(side, folder / name, data, is_durable=side is self._private)

    def write_if(self, key: str, data: bytes, metadata: Metadata, version: str | None) -> str:  # noqa: ARG002
        """As Store.write_if; outlives a crash of the machine."""
        check_key(key)
        self._count()
        with in_plain_words("write", key):
            side, folder, name = self._locate(key)
            with self._scratch.locked():
                if _version_of(folder / name) != version:
                    raise OvertakenError(f"cannot write '{key}': somebody else wrote it meanwhile")
                self._put(side, folder / name, data, is_durable=True)
        return _md5(data)

    def write_many(self, puts: Iterable[Put]) -> Iterator[Outcome]:
        """As Store.write_many; what has the same bytes already stays untouched.

        When it ends, all that it wrote outlives a crash of the machine.
        """
        folders: dict[str, Path] = {}
        has_begun = False
        try:
            for put in puts:
                self._count()
                with in_plain_words("write", put.key):
                    if not has_begun:
                        self._scratch.prepare()
                        make_folder(self._public.root, self._public)
                        has_begun = True
                yield self._outcome(put, folders)
        finally:
            if has_begun:
                with in_plain_words("write", PUBLIC):
                    flush_all(self._scratch.folder)

    def encoded(self, put: Put) -> tuple[int, str]:
        """As Store.encoded."""
        return len(put.data), _md5(put.data)

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """As Store.delete; folders that hold nothing any more go with their last object."""
        self._count()
        failures: list[Failure] = []
        for key in sound_ones(keys, check_key, "delete", failures):
            try:
                side, folder, name = self._locate(key)
                with self._alone(side):
                    self.fence()
                    path = folder / name
                    if path.is_symlink() or not path.is_dir():
                        with suppress(FileNotFoundError, NotADirectoryError):
                            path.unlink()
                    prune(folder, side.root)
            except OvertakenError:
                raise
            except StoreError as error:
                failures.append(Failure(key, "delete", error.problems[0].message))
            except OSError as error:
                failures.append(Failure(key, "delete", reason(error)))
        return failures

    def erase(
        self,
        prefixes: Sequence[str],
        known: Iterable[str] = (),  # noqa: ARG002 - it lists at no cost
        only: Container[str] | None = None,
    ) -> Erased:
        """As Store.erase; takes away what no key can name, too, unless `only` some keys are to go."""
        if only is not None:
            return self._erase_only(prefixes, only)
        failures: list[Failure] = []
        objects = 0
        for prefix in sound_ones(prefixes, check_folder, "purge", failures):
            self._count()
            removal = Removal(self._scratch.folder)
            try:
                side, folder, name = self._locate(prefix.removesuffix("/") if prefix.count("/") > 1 else prefix)
                self.fence()
                removal.remove(folder / name)
                prune(folder / name, side.root)
            except OvertakenError:
                raise
            except StoreError as error:
                failures.append(Failure(prefix, "purge", error.problems[0].message))
            except OSError as error:
                failures.append(Failure(prefix, "purge", reason(error)))
            objects += removal.number
            failures += [Failure(self._key_of(path), "purge", cause) for path, cause in removal.failed.items()]
        return Erased(objects, failures=tuple(failures))

    def _erase_only(self, prefixes: Sequence[str], only: Container[str]) -> Erased:
        failures: list[Failure] = []
        keys: list[str] = []
        for prefix in sound_ones(prefixes, check_folder, "purge", failures):
            try:
                keys += [item.key for item in self.objects(prefix) if item.key in only]
            except StoreError as error:
                failures.append(Failure(prefix, "purge", error.problems[0].message))
        refused = self.delete(keys)
        return Erased(len(keys) - len(refused), failures=(*failures, *refused))

    def answers(self, key: str) -> bool:
        """As Store.answers: whether a web server finds a file there, by whatever links."""
        check_key(key)
        self._count()
        if not key.startswith(PUBLIC):
            return False
        with in_plain_words("probe", key):
            try:
                return stat.S_ISREG((self._public.root / key.removeprefix(PUBLIC)).stat().st_mode)
            except (FileNotFoundError, NotADirectoryError):
                return False

    def invalidate(self, prefixes: Sequence[str]) -> list[Failure]:  # noqa: ARG002 - no caches are known of
        """As Store.invalidate."""
        return []

    def _outcome(self, put: Put, folders: dict[str, Path]) -> Outcome:
        """Write one of many; `folders` are those that hold no link on their way, by their keys.

        Raises StoreError if no other would fare better.
        """
        try:
            check_key(put.key)
            self._put_among(put, folders)
        except OvertakenError:
            raise
        except StoreError as error:
            return Outcome(put.key, cause=error.problems[0].message)
        except OSError as error:
            if error.errno in HOPELESS:
                raise StoreError(f"cannot write '{put.key}': {reason(error)}") from error
            return Outcome(put.key, cause=reason(error))
        return Outcome(put.key, *self.encoded(put))

    def _put_among(self, put: Put, folders: dict[str, Path]) -> None:
        parent, _, name = put.key.rpartition("/")
        if put.key.startswith(PRIVATE):
            side, folder, name = self._locate(put.key)
            with self._alone(side):
                self._put(side, folder / name, put.data, is_durable=False)
            return
        if parent not in folders:
            folders[parent] = self._locate(put.key)[1]
        path = folders[parent] / name
        if not _holds(path, put.data):
            self._put(self._public, path, put.data, is_durable=False)

    def _put(self, side: Side, path: Path, data: bytes, *, is_durable: bool) -> None:
        """Replace a file. Its folder may go at any moment, with the last object that somebody deletes from it."""
        for number in range(_TRIES):
            try:
                self.fence()
                self._scratch.prepare()
                make_folder(path.parent, side)
                self._scratch.put(data, side.file_mode, path, is_durable=is_durable)
            except (FileNotFoundError, FileExistsError):
                if number == _TRIES - 1:
                    raise
            else:
                return

    def _open(self, key: str) -> tuple[bytes, int]:
        """The bytes of an object, and when they were written, in nanoseconds."""
        check_key(key)
        self._count()
        with in_plain_words("read", key):
            _, folder, name = self._locate(key)
            path = folder / name
            if path.is_symlink():
                raise _link_in_the_way(path)
            try:
                with path.open("rb") as file:
                    return file.read(), os.fstat(file.fileno()).st_mtime_ns
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                raise NotInStoreError(f"there is no '{key}' in the store") from error

    def _alone(self, side: Side) -> AbstractContextManager[None]:
        """Whatever changes the private part waits while something there is replaced by version."""
        return self._scratch.locked() if side is self._private else nullcontext()

    def _locate(self, key: str) -> tuple[Side, Path, str]:
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
        if self._scratch.folder in (folder / name, *folder.parents, folder):
            raise StoreError(f"'{key}' cannot be a key: the store needs '{PRIVATE}{PARTIAL}' for itself")
        return side, folder, name

    def _key_of(self, path: Path) -> str:
        side, area = (self._public, PUBLIC) if path.is_relative_to(self._public.root) else (self._private, PRIVATE)
        key = area + str(path.relative_to(side.root)).encode("utf-8", "backslashreplace").decode()
        return key + "/" if path.is_dir() else key

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
                digest = "" if entry.is_symlink() else _md5(Path(entry.path).read_bytes())
            except (StoreError, FileNotFoundError):
                continue
            except PermissionError:
                digest = ""
            yield StoredObject(key + entry.name, size, digest)

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """What lies in `folder`, in the order of keys: there, a folder's name ends with '/'."""
        try:
            with os.scandir(folder) as entries:
                found = [entry for entry in entries if entry.path != str(self._scratch.folder)]
        except FileNotFoundError:
            return []
        except NotADirectoryError:
            if folder in {self._public.root, self._private.root}:
                raise
            return []
        return sorted(found, key=lambda entry: entry.name + "/" * entry.is_dir(follow_symlinks=False))

    def _count(self) -> None:
        with self._lock:
            self._requests += 1


def from_source(source: StoreSource) -> DirectoryStore:
    """The store of a `kind: directory`. Raises InvalidInputError."""
    if source.path is None or source.private is None:
        raise InvalidInputError(f"store '{source.name}' needs a 'path' and a 'private' folder")
    return DirectoryStore(source.path, source.private)


def _version_of(path: Path) -> str | None:
    """The version of the object at `path`, or None if there is none."""
    if path.is_symlink():
        raise _link_in_the_way(path)
    try:
        return _md5(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _holds(path: Path, data: bytes) -> bool:
    """Whether there is a file at `path` with these very bytes."""
    try:
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _link_in_the_way(path: Path) -> StoreError:
    return StoreError(f"'{path}' is a symbolic link, which a store does not follow", "replace it by what it points to")


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        raise InvalidInputError(f"'{path}' cannot be a store's folder: {error}") from error
