"""What verify and publish --reconcile print, on a folder."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main
from portalgen.lease import Lease
from portalgen.stores.directory import DirectoryStore


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    result = CliRunner().invoke(main, ["demo", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


def call(published: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(published / "config/portals.yaml")])


def page_of(published: Path) -> Path:
    return min((published / "site").glob("p*/invoices.html"))


def test_a_store_as_it_was_published_is_said_to_be(published: Path) -> None:
    result = call(published, "verify", "--read")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("objects: as published\n")


def test_what_was_altered_is_named_by_link_fingerprint_and_path_and_no_token(published: Path) -> None:
    page = page_of(published)
    right = page.read_bytes()
    page.write_bytes(right + b"!")
    (published / "site/404.html").write_text("none", encoding="utf-8")
    result = call(published, "verify")
    assert result.exit_code == 1
    assert ": not as it was published: 1 altered (invoices.html)\n" in result.stderr
    assert "hint: `portalgen publish --reconcile` makes it right\n" in result.stderr
    assert "warning: 1 object in public/ lie under no link: 404.html" in result.stderr
    assert page.parent.name not in result.output
    [found] = json.loads(call(published, "verify", "--json").stdout)["findings"]
    assert (found["altered"], found["missing"], found["unexpected"]) == (["invoices.html"], [], [])
    mended = call(published, "publish", "--reconcile", "--json")
    assert mended.exit_code == 0, mended.output
    assert json.loads(mended.stdout)["uploaded"] == 1
    assert page.read_bytes() == right
    assert call(published, "verify", "--read").exit_code == 0


def test_a_history_that_was_altered_is_found(published: Path) -> None:
    entry = published / "site.private/history/00000001.jsonl"
    right = entry.read_bytes()
    entry.write_bytes(right.replace(b"INV", b"XNV"))
    result = call(published, "verify")
    entry.write_bytes(right)
    assert result.exit_code == 1
    assert "the history was altered" in result.stderr


def test_a_store_without_a_ledger_cannot_be_verified(published: Path) -> None:
    ledger = published / "site.private/ledger.json"
    ledger.rename(ledger.with_suffix(".away"))
    result = call(published, "verify")
    ledger.with_suffix(".away").rename(ledger)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no ledger in the store" in result.stderr


def test_while_another_publish_is_at_work_there_is_exit_code_4_unless_there_is_nothing_to_do(published: Path) -> None:
    with Lease(DirectoryStore(published / "site", published / "site.private")) as lease:
        lease.take()
        assert call(published, "publish").exit_code == 0
        (published / "site/404.html").unlink(missing_ok=True)
        busy = call(published, "publish", "--reconcile")
    assert busy.exit_code == 4
    assert "another publish is at work, process " in busy.stderr
    assert "hint: run it again later, or with --wait" in busy.stderr
