"""Links that were taken away although the ledger could not say so, as the build folder remembers them.

A store that takes no more objects must not hold a purge back. The next publish takes what is noted here for unfinished.
"""

import json
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

_NAME = "unsaid.json"


def note(folder: Path, fingerprints: Iterable[str]) -> None:
    """Add links to those that are noted. Where not even this can be written, only a look at the store tells."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _NAME).write_text(json.dumps(sorted({*noted(folder), *fingerprints})), encoding="ascii")


def noted(folder: Path) -> Collection[str]:
    """The fingerprints that are noted; none where that cannot be read."""
    try:
        found = json.loads((folder / _NAME).read_text(encoding="ascii"))
        return [mark for mark in found if isinstance(mark, str)]
    except (OSError, ValueError, TypeError):
        return []


def forget(folder: Path) -> None:
    """Note nothing any more: the ledger knows."""
    with suppress(OSError):
        (folder / _NAME).unlink(missing_ok=True)
