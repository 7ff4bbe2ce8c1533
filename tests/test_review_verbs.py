"""`plan --out`, `plan --html`, `publish --approve` and `accept` as they are typed, on the demo company."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main
from portalgen.demo import write_demo

ROLE = "accounts-payable: [invoices, credit_notes]"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    assert CliRunner().invoke(main, ["demo", str(folder)]).exit_code == 0
    return folder


@pytest.fixture
def demo(published: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo's folder as the working folder, its definitions and exports as they were."""
    write_demo(published)
    monkeypatch.chdir(published)
    return published


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def widen(demo: Path) -> None:
    config = demo / "config/portals.yaml"
    text = config.read_text(encoding="utf-8")
    assert ROLE in text
    config.write_text(text.replace(ROLE, ROLE.replace("]", ", orders]")), encoding="utf-8")


def test_what_a_reviewer_saw_is_published_and_nothing_else(demo: Path) -> None:
    assert run("disable", "omalley/nora").exit_code == 0
    planned = run("plan", "--out", "plan.json", "--html", "plan.html")
    assert planned.exit_code == 0, planned.output
    assert "publish --approve plan.json" in planned.stdout
    assert [Path(name).stat().st_mode & 0o777 for name in ("plan.json", "plan.html")] == [0o600, 0o600]
    assert run("disable", "omalley").exit_code == 0
    refused = run("publish", "--approve", "plan.json")
    assert refused.exit_code == 3
    assert "omalley (" in refused.stderr
    assert "that was not reviewed" in refused.stderr
    assert run("enable", "omalley").exit_code == 0
    done = run("publish", "--approve", "plan.json", "--json")
    assert json.loads(done.stdout)["purged_links"] == 1
    assert run("publish", "--approve", "plan.json").exit_code == 3, "it was done already"


def test_a_plan_is_not_written_where_the_world_could_read_it_nor_over_something_else(demo: Path) -> None:
    for option in ("--out", "--html"):
        assert run("plan", option, "site/plan.file").exit_code == 2
        assert not (demo / "site/plan.file").exists()
        before = (demo / "config/portals.yaml").read_bytes()
        assert run("plan", option, "config/portals.yaml").exit_code == 2
        assert (demo / "config/portals.yaml").read_bytes() == before


def test_what_a_wider_role_gives_waits_until_it_is_accepted_link_by_link(demo: Path) -> None:
    run("publish")
    widen(demo)
    planned = run("plan")
    assert planned.exit_code == 3
    assert "bruecke/jan: 9 orders not shown yet" in planned.stderr
    assert "portalgen accept" in planned.stderr
    assert run("publish").exit_code == 3
    assert "bruecke/jan: 9 orders" in run("accept").stdout
    assert run("accept", "bruecke/jan").exit_code == 0
    done = json.loads(run("publish", "--json").stdout)
    assert [link["contact"] for link in done["links"]] == ["jan"]
    assert len(done["links"][0]["appears"]["orders"]) == 9
    wrong = run("accept", "--all", "--yes", "--expect", "1")
    assert (wrong.exit_code, "would be touched, not 1" in wrong.stderr) == (3, True)
    assert run("accept", "bruecke/jan").exit_code == 2
    count = len(done["waiting"])
    assert run("accept", "--all", "--yes", "--expect", str(count)).exit_code == 0
    assert run("publish").exit_code == 0


def test_history_and_who_tell_what_was_published(demo: Path) -> None:
    history = json.loads(run("history", "omalley/nora", "--json").stdout)
    numbers = [number for turn in history["turns"] for number in turn["appears"].get("invoices", [])]
    seen = json.loads(run("who", numbers[0], "--json").stdout)
    assert {"omalley", "omalley/nora"} == {
        "/".join(filter(None, (link["portal"], link["contact"]))) for link in seen["links"]
    }
    assert "nobody could see" in run("who", numbers[0], "--on", "2001-01-01").stdout
    assert run("who", "no such number").exit_code == 2
    assert run("history", "omaley").exit_code == 2
