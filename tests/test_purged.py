"""A publish that purges writes a receipt that says what became of each link, and asks base_url where it is told to."""

import functools
import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    result = CliRunner().invoke(main, ["demo", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(demo: Path, tmp_path: Path) -> Path:
    """A copy of the demo from whose definitions a portal was taken away since it was published."""
    folder = tmp_path / "site"
    shutil.copytree(demo, folder)
    config = folder / "config/portals.yaml"
    name = json.loads(call(folder, "link", "--json").stdout)[0]["portal"]
    removed = call(folder, "portal", "remove", name, "--yes", "--expect", str(count_of(folder, name)))
    assert removed.exit_code == 0, removed.output
    assert f"  {name}:" not in config.read_text(encoding="utf-8")
    return folder


def count_of(folder: Path, portal: str) -> int:
    return sum(link["portal"] == portal for link in json.loads(call(folder, "link", "--json").stdout))


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Where a web server shows the site's store to the world."""
    handler = functools.partial(Quiet, directory=str(site / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def call(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(folder / "config/portals.yaml")])


def point_at(site: Path, address: str) -> None:
    config = site / "config/portals.yaml"
    lines = config.read_text(encoding="utf-8").splitlines()
    text = "\n".join(f"  base_url: {address}" if line.startswith("  base_url:") else line for line in lines)
    config.write_text(text + "\n", encoding="utf-8")


def test_the_receipt_of_a_purge_is_genuine_complete_and_holds_no_link(site: Path) -> None:
    before = {path.name for path in (site / "site").iterdir()}
    result = call(site, "publish", "--receipt", str(site / "receipt.json"))
    assert result.exit_code == 0, result.output
    gone = before - {path.name for path in (site / "site").iterdir()}
    checked = call(site, "receipt", str(site / "receipt.json"), "--json")
    assert checked.exit_code == 0, checked.output
    said = json.loads(checked.stdout)
    assert (said["complete"], len(said["links"])) == (True, len(gone))
    assert {(link["store"], link["base_url"], link["cdn"]) for link in said["links"]} == {("gone", None, "none")}
    assert said["objects"] > len(gone)
    assert not any(token in checked.output for token in gone)


def test_base_url_is_asked_for_what_is_gone(site: Path, address: str) -> None:
    point_at(site, address)
    result = call(site, "publish", "--probe", "--receipt", str(site / "receipt.json"))
    assert result.exit_code == 0, result.output
    said = json.loads(call(site, "receipt", str(site / "receipt.json"), "--json").stdout)
    assert {link["base_url"] for link in said["links"]} == {404}


def test_a_link_that_base_url_still_gives_away_is_a_failure_and_asked_for_again(site: Path, address: str) -> None:
    shutil.copytree(site / "site", site / "cache")
    store, cache = site / "site", site / "cache"
    point_at(site, address)
    served = Quiet.translate_path
    Quiet.translate_path = lambda self, path: served(self, path).replace(str(store), str(cache))  # type: ignore[method-assign]
    try:
        result = call(site, "publish", "--probe", "--receipt", str(site / "receipt.json"))
    finally:
        Quiet.translate_path = served  # type: ignore[method-assign]
    assert result.exit_code == 1
    assert "its address answers with status 200" in result.stderr
    checked = call(site, "receipt", str(site / "receipt.json"))
    assert checked.exit_code == 1
    assert "NOT COMPLETE" in checked.stdout
    again = call(site, "publish", "--probe", "--receipt", str(site / "second.json"))
    assert again.exit_code == 0, again.output
    assert json.loads(call(site, "receipt", str(site / "second.json"), "--json").stdout)["complete"]


def test_a_receipt_is_written_though_an_export_is_broken_that_day(site: Path) -> None:
    (site / "exports/invoices.csv").write_text("no such heading\n1\n", encoding="utf-8")
    result = call(site, "publish", "--receipt", str(site / "receipt.json"))
    assert result.exit_code == 2
    assert json.loads(call(site, "receipt", str(site / "receipt.json"), "--json").stdout)["complete"]


def test_nothing_is_purged_when_the_receipt_could_not_be_written(site: Path) -> None:
    (site / "receipt.json").write_text("old", encoding="utf-8")
    before = sorted((site / "site").iterdir())
    result = call(site, "publish", "--receipt", str(site / "receipt.json"))
    assert result.exit_code == 2
    assert "is there already and was left as it is" in result.stderr
    assert sorted((site / "site").iterdir()) == before


def test_a_receipt_is_not_written_where_the_world_could_read_it(site: Path) -> None:
    result = call(site, "publish", "--receipt", str(site / "site/receipt.json"))
    assert result.exit_code == 2
    assert not (site / "site/receipt.json").exists()


def test_without_a_purge_there_is_no_receipt(demo: Path, tmp_path: Path) -> None:
    result = call(demo, "publish", "--receipt", str(tmp_path / "receipt.json"))
    assert result.exit_code == 0, result.output
    assert not (tmp_path / "receipt.json").exists()
