"""The files that a site is made from: where to look for changes of them, and how they are now."""

import glob
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from portalgen.keysources import key_file
from portalgen.marks import Mark, mark_of
from portalgen.model import Definitions

Seen = Mapping[Path, Mark]
"""The files that were there, and how each was."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Paths of files, or patterns of them, each with the absolute folder that it starts from.

    In `folders`, and below them, every file counts, but for what lies in `outputs`.
    """

    files: tuple[tuple[Path, str], ...] = ()
    folders: tuple[Path, ...] = ()
    outputs: frozenset[Path] = frozenset()

    def look(self) -> Seen:
        """How the files are now."""
        found = {path: mark_of(path) for path in self._paths()}
        return {path: mark for path, mark in found.items() if any(mark)}

    def places(self) -> dict[Path, bool]:
        """The folders in which to watch for changes of these files, and of files to come; True is with all below.

        Where one is not there yet, it is the nearest around it. What links lead to is watched where it is.
        """
        places: dict[Path, bool] = {}
        for folder, is_deep in self._folders():
            there = next(each for each in (folder, *folder.parents) if os.path.isdir(each))  # noqa: PTH112 - never raises
            real = Path(os.path.realpath(there))
            places[real] = places.get(real, False) or (is_deep and there == folder)
        return places

    def _paths(self) -> Iterator[Path]:
        for folder, file in self.files:
            yield folder / file
            if glob.has_magic(file):
                yield from (folder / name for name in glob.iglob(file, root_dir=folder, recursive=True))  # noqa: PTH207
        for folder in self.folders:
            for below, inner, names in os.walk(folder):
                inner[:] = [name for name in inner if Path(below, name) not in self.outputs]
                yield from (Path(below, name) for name in names)

    def _folders(self) -> Iterator[tuple[Path, bool]]:
        for folder, file in self.files:
            before = [*takewhile(lambda part: not glob.has_magic(part), Path(file).parent.parts)]
            yield folder.joinpath(*before), len(before) < len(Path(file).parent.parts)
        for folder in self.folders:  # what portalgen writes itself is no news
            yield folder, not any(output.is_relative_to(folder) for output in self.outputs)
        links = (path for path in self._paths() if os.path.islink(path))  # noqa: PTH114 - never raises
        yield from ((Path(os.path.realpath(path)).parent, False) for path in links)


def made_of(definitions: Definitions) -> tuple[Watched, Watched]:
    """Keys and templates; and what comes from elsewhere: the exports, and the documents' own files."""
    root = definitions.root
    keys = key_file(definitions.keys, root)
    exports = [
        path for source in definitions.exports for path in (source.path, source.lines and source.lines.path) if path
    ]
    folders = [root / source.attachments.folder for source in definitions.exports if source.attachments]
    outputs = [root / "build", *(path for store in definitions.stores for path in (store.path, store.private) if path)]
    return (
        Watched(((root, str(keys)),) if keys else (), (root / "templates",)),
        Watched(
            tuple((root, path) for path in dict.fromkeys(exports)),
            tuple(dict.fromkeys(folders)),
            frozenset(outputs),
        ),
    )
