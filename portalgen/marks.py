"""How a file is at a moment, to tell later whether it was touched."""

from pathlib import Path

Mark = tuple[int, int, int]
"""What tells that a file is as it was: its number on the disk, its size and when it was last written."""


def mark_of(file: Path) -> Mark:
    """How a file is now; zeros of one that is not there."""
    try:
        status = file.stat()
    except OSError:
        return (0, 0, 0)
    return status.st_ino, status.st_size, status.st_mtime_ns
