"""Links that were taken away although a store's ledger could not say so, as the build folder remembers them.

A store that takes no more objects must not hold a purge back. The next publish takes what is noted here for unfinished.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from portalgen.names import safe_name
from portalgen.replacing import replace_file


def unsaid_file(folder: Path, place: str) -> Path:
    """Where it is noted, below the build folder `folder`, what the ledger of the store called `place` was not told."""
    return folder / "unsaid" / f"{safe_name(place)}.json"


def note(file: Path, becomes: Mapping[str, str]) -> None:
    """Add links, by fingerprint, to those noted in `file`, with the state that each is to have ('': as before).

    Where not even this can be written, only a look at the store tells.
    """
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, json.dumps({**noted(file), **becomes}).encode("ascii"))


def noted(file: Path) -> Mapping[str, str]:
    """The links that are noted, with the state that each is to have; none where that cannot be read."""
    try:
        found = json.loads(file.read_text(encoding="ascii"))
        return {str(mark): str(state) for mark, state in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def forget(file: Path) -> None:
    """Note nothing any more: the ledger knows."""
    with suppress(OSError):
        file.unlink(missing_ok=True)
