"""Links that were taken away although a store's ledger could not say so, as the build folder remembers them.

A store that takes no more objects must not hold a purge back. The next publish takes what is noted here for unfinished.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def note(file: Path, becomes: Mapping[str, str]) -> None:
    """Add links, by fingerprint, to those noted in `file`, with the state that each is to have ('': as before).

    Where not even this can be written, only a look at the store tells.
    """
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({**noted(file), **becomes}), encoding="ascii")


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
