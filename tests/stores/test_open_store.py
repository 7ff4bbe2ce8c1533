"""The table of the kinds of stores."""

import subprocess
import sys
from pathlib import Path

import pytest

from portalgen.errors import InvalidInputError
from portalgen.model import StoreSource
from portalgen.stores import open_store
from portalgen.stores.directory import DirectoryStore


def test_a_directory_is_opened_by_its_kind(tmp_path: Path) -> None:
    source = StoreSource("local", "directory", path=tmp_path / "site", private=tmp_path / "private")
    assert isinstance(open_store(source), DirectoryStore)


def test_an_unknown_kind_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'directory'"):
        open_store(StoreSource("local", "directroy"))


def test_a_directory_without_a_private_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="store 'local' needs"):
        open_store(StoreSource("local", "directory", path=tmp_path))


def test_boto3_is_loaded_for_an_s3_store_only() -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from portalgen.model import StoreSource\nfrom portalgen.stores import open_store\n"
        "open_store(StoreSource('local', 'directory', path=Path('a'), private=Path('b')))\n"
        "sys.exit('botocore' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
