"""The reference vectors and real exports that may lie beside a checkout, in ../shared."""

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(folder: str) -> Path:
    """The folder `folder` of the shared data; skips the running test where there is none."""
    path = _SHARED / folder
    if not path.is_dir():
        pytest.skip(f"there is no ../shared/{folder} beside this checkout")
    return path
