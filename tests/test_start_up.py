"""What a run imports: no more than it uses, since most of a short run is imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portalgen.stores.memory import MemoryStore
from tests.sites import KEY_A, SmallSite, new_site

READING_AND_RENDERING = {"duckdb", "jinja2", "pypdf", "watchdog", "xlsxwriter"}
HEAVY = READING_AND_RENDERING | {"babel", "boto3", "botocore", "obstore", "pydantic", "rich"}
_RUN = """
import sys
from portalgen.cli import main
try:
    main(sys.argv[1:])
finally:
    print("imported", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def imported_by(*arguments: str) -> set[str]:
    """The packages that a run of portalgen imports."""
    environment = {**os.environ, "PORTALGEN_SMALL_KEYS": f"a:{KEY_A}"}
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    [line] = [line for line in done.stderr.splitlines() if line.startswith("imported ")]
    return {*line.split()}


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    site = new_site(tmp_path, MemoryStore())
    _ = site.definitions  # which writes them
    with (tmp_path / "config/portals.yaml").open("a", encoding="utf-8") as file:
        file.write("stores: {local: {kind: directory, path: site}}\n")
    return site


def test_help_imports_nothing_heavy() -> None:
    assert imported_by("--help") & HEAVY == set()


@pytest.mark.parametrize("verb", ["publish", "build", "status"])
def test_where_nothing_changed_what_reads_and_renders_is_not_imported(site: SmallSite, verb: str) -> None:
    config = ["--config", str(site.root / "config/portals.yaml")]
    assert imported_by("publish", *config) & READING_AND_RENDERING >= {"duckdb", "jinja2", "xlsxwriter"}
    assert imported_by(verb, *config) & (READING_AND_RENDERING | {"boto3", "obstore"}) == set()
