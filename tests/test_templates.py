"""`portalgen templates`: what there is, and copies to start from."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main
from portalgen.resources import templates_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["templates", *arguments])


def test_every_default_is_listed_and_those_of_the_site_are_told(folder: Path) -> None:
    (folder / "templates").mkdir()
    (folder / "templates/invoice.html").write_text('{% extends "!default/invoice.html" %}')
    said = json.loads(run("--json").stdout)
    there = [path.relative_to(templates_folder()).as_posix() for path in templates_folder().rglob("*.*")]
    assert [each["name"] for each in said["templates"]] == sorted(there)
    assert "email/welcome.txt" in there
    assert [each["name"] for each in said["templates"] if each["overridden"]] == ["invoice.html"]
    assert "invoice.html" in run().stdout


def test_a_copy_is_the_default_byte_for_byte_in_the_folder_that_overrides_are_read_from(folder: Path) -> None:
    done = run("summary.html", "portal.css", "email/welcome.txt", "--config", "shop/config/portals.yaml")
    assert done.exit_code == 0, done.stderr
    for name in ("summary.html", "portal.css", "email/welcome.txt"):
        assert (folder / "shop/templates" / name).read_bytes() == (templates_folder() / name).read_bytes()
    assert '{% extends "!default/summary.html" %}' in done.stdout


def test_nothing_is_copied_where_one_name_is_wrong_or_taken(folder: Path) -> None:
    wrong = run("invoice.html", "sumary.html")
    assert (wrong.exit_code, wrong.stderr) == (
        2,
        "there is no template 'sumary.html'\n  hint: did you mean 'summary.html'?\n",
    )
    assert not (folder / "templates").exists()
    run("invoice.html")
    (folder / "templates/invoice.html").write_text("mine")
    assert run("order.html", "invoice.html").exit_code == 2
    assert (folder / "templates/invoice.html").read_text() == "mine"
    assert not (folder / "templates/order.html").exists()
