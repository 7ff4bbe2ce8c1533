"""Files that are replaced whole, so that nobody ever reads half of one."""

import os
from pathlib import Path
from tempfile import mkstemp


def replace_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Make `data` the contents of `path`. Its folder must be there. Raises OSError, and leaves what was there."""
    descriptor, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        partial.chmod(mode)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
