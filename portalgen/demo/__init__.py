"""A company to try portalgen with: forty customers, two years of business, and all that makes text difficult."""

from pathlib import Path

from portalgen.demo.files import MARK, demo_files
from portalgen.errors import InvalidInputError, Location

__all__ = ["write_demo"]


def write_demo(folder: Path) -> None:
    """Write the demo company's exports and its config/portals.yaml into `folder`, the same bytes every time.

    An earlier demo is written anew; InvalidInputError if any of the files is there and the config is not the demo's.
    """
    files = demo_files()
    config = folder / "config/portals.yaml"
    if not _is_demo(config):
        for path in (folder / name for name in files):
            if path.exists():
                raise InvalidInputError(
                    "the demo does not overwrite a file that it did not write",
                    hint="choose a folder that is empty or does not exist yet",
                    where=Location(str(path)),
                )
    # The config comes first: it marks what follows as the demo's, should the writing be interrupted.
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def _is_demo(config: Path) -> bool:
    """Whether `config` is there and the demo wrote it."""
    return config.is_file() and config.read_bytes().startswith(MARK.encode())
