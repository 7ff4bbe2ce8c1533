"""Being told by the system that files change. The only room of watchdog."""

import sys
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

_TELLS_OF_CLOSING = sys.platform.startswith("linux")
_WANTED: list[type[FileSystemEvent]] = [
    *(DirCreatedEvent, DirDeletedEvent, DirMovedEvent),
    *(FileClosedEvent, FileCreatedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent),
]
"""Not that something is opened, or closed unchanged: a build does that to everything it reads."""


class Watcher(FileSystemEventHandler):
    """Watches folders, in threads of its own, from `with` to its end.

    It may miss something (folders on a network tell of nothing), and may tell where nothing is new: who wants to be
    sure looks.
    """

    def __init__(self) -> None:
        self._observer = Observer(timeout=1)
        self._told = threading.Event()
        self._mutex = threading.Lock()
        self._watches: dict[tuple[Path, bool, int], ObservedWatch] = {}
        self._open: set[str] = set()

    def __enter__(self) -> "Watcher":
        # A folder that is made while all around it begins to be watched is met twice, which does no harm.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        self._observer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._observer.stop()
        self._observer.join()

    def follow(self, folders: Mapping[Path, bool]) -> dict[Path, str]:
        """Watch these folders and no others; True means with all below. Returns why some cannot be watched."""
        failed: dict[Path, str] = {}
        wanted = {}
        for folder, is_deep in folders.items():
            try:
                wanted[folder, is_deep, folder.stat().st_ino] = folder  # made anew, a folder is another one
            except OSError as error:
                failed[folder] = error.strerror or str(error)
        for key in [key for key in self._watches if key not in wanted]:
            self._observer.unschedule(self._watches.pop(key))
        for key in [key for key in wanted if key not in self._watches]:
            folder, is_deep, _ = key
            try:
                self._watches[key] = self._observer.schedule(self, folder, recursive=is_deep, event_filter=_WANTED)
            except OSError as error:
                failed[folder] = error.strerror or str(error)
        return failed

    def wait(self, milliseconds: int) -> None:
        """Return once something has happened since the last call, or after so long."""
        self._told.wait(milliseconds / 1000)
        self._told.clear()

    def open_files(self) -> set[str]:
        """Files that were written to and not closed since, as far as this system tells."""
        with self._mutex:
            return {*self._open}

    def on_any_event(self, event: FileSystemEvent) -> None:
        path, other = str(event.src_path), str(event.dest_path)
        with self._mutex:
            if _TELLS_OF_CLOSING and not event.is_directory:
                self._note(event, path, other)
        self._told.set()

    def _note(self, event: FileSystemEvent, path: str, other: str) -> None:
        if isinstance(event, FileModifiedEvent):
            self._open.add(path)
        elif isinstance(event, FileMovedEvent):
            self._open.discard(other)
            if path in self._open:
                self._open.remove(path)
                self._open.add(other)
        elif isinstance(event, FileClosedEvent | FileDeletedEvent):
            self._open.discard(path)
