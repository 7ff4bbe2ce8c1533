"""The files that documents have: those that transactions name, found fit to be shown or left out and told."""

import glob
import os
from dataclasses import replace
from pathlib import Path

from portalgen.attachments import Attachment, Identity, identities, open_attachment
from portalgen.errors import InvalidInputError, Problem
from portalgen.model import Bundle, Definitions


class Enclosing:
    """Puts the documents' files into bundles. `problems` are why some documents go without theirs."""

    def __init__(self, definitions: Definitions) -> None:
        self._root = definitions.root
        self._folders = folders_of(definitions)
        self._private = private_files(definitions)
        self._known: dict[str, Attachment | None] = {}
        self.problems: list[Problem] = []

    def enclose(self, bundle: Bundle) -> Bundle:
        """`bundle` with the files of its documents."""
        found = {
            (each.type, each.number): file
            for each in bundle.transactions
            if each.attachment and (file := self._open(each.attachment))
        }
        return replace(bundle, attachments=found) if found else bundle

    def _open(self, name: str) -> Attachment | None:
        """The file called `name`; each is looked at once."""
        if name not in self._known:
            try:
                self._known[name] = open_attachment(self._root, self._folders, name, self._private)
            except InvalidInputError as error:
                self._known[name] = None
                self.problems += error.problems
        return self._known[name]


def folders_of(definitions: Definitions) -> tuple[str, ...]:
    """Where documents' files may lie: the folders that exports name for them, and those of e-invoices in PDF."""
    folders: list[str] = []
    for source in definitions.exports:
        if source.attachments:
            folders.append(source.attachments.folder)
        if source.format == "pdf":
            folders.append(os.path.dirname(source.path) or ".")  # noqa: PTH120 - it may hold a pattern
    return tuple(dict.fromkeys(folders))


def private_files(definitions: Definitions) -> frozenset[Identity]:
    """What must not be shown wherever it lies: definitions, keys, and exports that are no documents themselves."""
    paths = [source.path for source in definitions.exports if source.format != "pdf"]
    paths += [source.lines.path for source in definitions.exports if source.lines and source.lines.path]
    exports = [found for path in paths for found in glob.glob(path, root_dir=definitions.root)]  # noqa: PTH207
    secret = [Path(definitions.file), definitions.root / definitions.keys.removeprefix("file:")]
    return identities([*secret, *(definitions.root / path for path in exports)])
