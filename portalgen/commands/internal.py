"""Files for those who run the site: private, whole or not at all, and never where the world could read them."""

import os
from collections.abc import Iterator
from pathlib import Path

from portalgen.attachments import identities
from portalgen.enclosing import folders_of
from portalgen.errors import InvalidInputError
from portalgen.model import Definitions
from portalgen.pipeline import build_folder
from portalgen.replacing import replace_file


def refuse_published(file: Path, definitions: Definitions) -> None:
    """Raise InvalidInputError if `file` would lie in a folder whose files are published, or shown by `preview`."""
    folder = Path(os.path.realpath(file.parent))
    around = identities([folder, *folder.parents])
    for what, published in _published(definitions):
        if folder.is_relative_to(os.path.realpath(published)) or around & identities([published]):
            hint = f"write it elsewhere, such as {build_folder(definitions) / file.name}"
            raise InvalidInputError(f"{file} would lie in {what}, where others can read it", hint)


def write_internal(file: Path, data: bytes, definitions: Definitions, *, begins: bytes) -> None:
    """Write `data` to `file` for its owner alone. InvalidInputError where that is no place for it.

    A file that is there is replaced only if it is one of the same kind, which is told by how it `begins`.
    """
    refuse_published(file, definitions)
    try:
        if file.exists() and not _starts_with(file, begins):
            raise InvalidInputError(f"{file} is something else, and was left as it is", "choose another name")
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, data, 0o600)
    except OSError as error:
        raise InvalidInputError(f"{file} cannot be written: {error.strerror}") from None


def _published(definitions: Definitions) -> Iterator[tuple[str, Path]]:
    yield "the bundles of customers", build_folder(definitions) / "bundles"
    for store in definitions.stores:
        if store.path:
            yield f"the public folder of store '{store.name}'", store.path
    for folder in folders_of(definitions):
        yield "a folder of documents' files", definitions.root / folder


def _starts_with(file: Path, begins: bytes) -> bool:
    """Whether `file` is one that begins so, or is empty."""
    with file.open("rb") as data:
        return data.read(len(begins)) in {b"", begins}
