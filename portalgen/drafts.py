"""E-mails as files, for somebody to look at and to send. They hold links: they are for their owner alone."""

import os
from pathlib import Path
from tempfile import mkstemp

from portalgen.errors import InvalidInputError
from portalgen.mailing import Due
from portalgen.model import Definitions
from portalgen.names import safe_name

_OTHERS = 0o077


def check_folder(folder: Path, build: Path, definitions: Definitions) -> None:
    """Raise InvalidInputError where a folder could show to others what is written into it."""
    real = Path(os.path.realpath(folder))
    forbidden = {"the build folder": build}
    for store in definitions.stores:
        if store.path and store.private:
            forbidden |= {
                f"store '{store.name}'": store.path,
                f"the private part of store '{store.name}'": store.private,
            }
    for what, path in forbidden.items():
        if real.is_relative_to(os.path.realpath(path)):
            raise InvalidInputError(f"{folder} lies in {what}", "e-mails hold links; choose a folder elsewhere")
    if real.exists() and os.name == "posix" and real.stat().st_mode & _OTHERS:
        raise InvalidInputError(
            f"others can read {folder}", "e-mails hold links: name a folder that is not there yet, or chmod 700"
        )


def draft_path(folder: Path, item: Due) -> Path:
    """Where a mail is written. No two contacts have the same name there: none of its parts holds a dot."""
    link = item.recipient.link.id
    return folder / f"{safe_name(link.portal)}.{safe_name(link.contact)}.{item.kind}.eml"


def write_draft(path: Path, data: bytes) -> None:
    """Write a draft whole or not at all, in place of an earlier one. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, partial = mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
