"""A directory store: who may read and write what, and whether there is room."""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portalgen.doctor import racing
from portalgen.doctor.findings import Finding, fail, ok, unknown, warn
from portalgen.doctor.traces import traceless
from portalgen.ledger import Clock
from portalgen.model import StoreSource
from portalgen.stores.base import Store
from portalgen.stores.directory import PARTIAL
from portalgen.stores.files import LEFTOVER_AGE, LOCK

_GIB = 1024**3
_ROOM, _LITTLE_ROOM = _GIB, _GIB // 10
_FEW_FILES = 10_000
"""How much room there should be, and how little is too little, in bytes; and of how many files."""


@dataclass(slots=True)
class _Side:
    """What lies below one of the two folders, in numbers.

    `open_to_others` are what others than the owner may read, write or enter, `hidden` what the world may not read,
    `writable` what it may write, `foreign` what belongs to somebody else. `links` are symbolic links.
    """

    root: Path
    open_to_others: int = 0
    hidden: int = 0
    writable: int = 0
    foreign: int = 0
    links: list[Path] = field(default_factory=list)
    unseen: int = 0

    def look(self) -> "_Side":
        """Go through all there is. The folder itself is looked at by the checks, and PARTIAL left out."""
        pending = [self.root]
        while pending:
            folder = pending.pop()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        self._see(entry)
                        if entry.is_dir(follow_symlinks=False) and entry.name != PARTIAL:
                            pending.append(Path(entry.path))
            except OSError:
                self.unseen += 1
        return self

    def _see(self, entry: "os.DirEntry[str]") -> None:
        if entry.is_symlink():
            self.links.append(Path(entry.path))
            return
        status = entry.stat(follow_symlinks=False)
        wanted = 0o005 if stat.S_ISDIR(status.st_mode) else 0o004
        self.open_to_others += bool(status.st_mode & 0o077)
        self.hidden += status.st_mode & wanted != wanted
        self.writable += bool(status.st_mode & 0o002)
        self.foreign += status.st_uid != os.geteuid()


def examine(source: StoreSource, store: Store, _: Clock) -> Iterator[Finding]:
    """Every check of a directory store; the clock does not matter, as the store has the same."""
    public, private = _folder(source.path), _folder(source.private)
    if not (public and private):
        said = f"{source.path if not public else source.private} is not there"
        yield warn("folders", said, "the first publish makes the folders; if there was one, a disk may not be mounted")
        return
    yield ok("folders", f"public {public}, private {private}")
    yield _file_system(public, private)
    yield _room(public)
    if os.name == "posix":
        inside, outside = _Side(private).look(), _Side(public).look()
        yield _private_folder(private)
        yield _private_files(inside)
        yield _public_files(outside)
        yield _links(outside, inside)
    yield _leftovers(private / PARTIAL)
    single = source.single_writer
    yield from traceless(store, lambda inside, _: racing.examine(store, inside, is_single_writer=single))


def _folder(path: Path | None) -> Path | None:
    """The folder that is meant, if it is there."""
    return path.resolve() if path and path.is_dir() else None


def _file_system(public: Path, private: Path) -> Finding:
    if public.stat().st_dev == private.stat().st_dev:
        return ok("file-system", "both folders are on one, so that a file appears whole or not at all")
    hint = "move the private folder to the file system of the public one, and name it with `private:`"
    return fail("file-system", "the two folders are on different ones; nothing can be published", hint)


def _room(public: Path) -> Finding:
    status = os.statvfs(public)
    free = status.f_bavail * status.f_frsize
    said = f"{free // 1024**2:,} MiB free"
    if status.f_files and status.f_favail < _FEW_FILES:
        return warn("room", f"{status.f_favail:,} more files fit on the disk", "delete files, or make room for more")
    if free < _LITTLE_ROOM:
        return fail("room", said, "make room before the next publish")
    return ok("room", said) if free >= _ROOM else warn("room", said, "make room")


def _private_folder(private: Path) -> Finding:
    status, check = private.stat(), "private-folder"
    if status.st_mode & 0o077:
        said = f"others may enter it: its mode is {stat.S_IMODE(status.st_mode):o}"
        return fail(check, said, f"chmod 700 '{private}'")
    if status.st_uid != os.geteuid():
        return fail(check, "it belongs to somebody else", f"publish as its owner; chown -R {os.geteuid()} '{private}'")
    return ok(check, "only its owner may enter it")


def _private_files(inside: _Side) -> Finding:
    check, root = "private-files", inside.root
    if inside.foreign or inside.unseen:
        said = f"{inside.foreign + inside.unseen:,} files or folders belong to somebody else"
        return fail(check, said, f"publish as one user; chown -R {os.geteuid()} '{root}'")
    if inside.open_to_others:
        said = f"{inside.open_to_others:,} files or folders are open to others"
        return fail(check, said, f"chmod -R go= '{root}'")
    return ok(check, "only their owner may read them")


def _public_files(outside: _Side) -> Finding:
    check, root = "public-files", outside.root
    mode = root.stat().st_mode
    if outside.writable or mode & 0o002:
        return fail(check, "others may write there, and put pages of their own", f"chmod -R o-w '{root}'")
    if outside.foreign or outside.unseen:
        said = f"{outside.foreign + outside.unseen:,} files or folders belong to somebody else: no purge deletes them"
        return fail(check, said, f"publish as one user; chown -R {os.geteuid()} '{root}'")
    if outside.hidden or mode & 0o005 != 0o005:
        said = f"{outside.hidden or 1:,} files or folders are closed to a web server of another user"
        return warn(check, said, f"unless it is of their group: chmod -R o=rX '{root}'")
    return ok(check, "the web server may read them, and only their owner may write")


def _links(outside: _Side, inside: _Side) -> Finding:
    """A link is counted, not named: its path may hold that of a portal."""
    check = "symbolic-links"
    inward = [link for link in outside.links if _leads_into(link, inside.root)]
    hint = f"find '{outside.root}' '{inside.root}' -type l, and delete them; portalgen makes none"
    if inward:
        said = f"{len(inward)} in the public folder lead to the private one, which a web server would show"
        return fail(check, said, hint)
    if links := len(outside.links) + len(inside.links):
        return warn(check, f"{links}: a store follows none, and a web server may", hint)
    return ok(check, "there are none")


def _leads_into(link: Path, folder: Path) -> bool:
    """Also where it leads to a folder above."""
    target = Path(os.path.realpath(link))
    return target.is_relative_to(folder) or folder.is_relative_to(target)


def _leftovers(partial: Path) -> Finding:
    check = "partial-files"
    try:
        ages = [time.time() - each.lstat().st_mtime for each in partial.iterdir() if each.name != LOCK]
    except FileNotFoundError:
        ages = []
    except OSError as error:
        return unknown(check, f"cannot be looked at: {error.strerror}", "run this as the user who publishes")
    if old := sum(age > LEFTOVER_AGE for age in ages):
        return warn(check, f"{old:,} that runs which died left behind", "the next publish deletes them")
    return ok(check, "none was left behind by a run that died")
