"""docs/operating.md and the files beside it: what they show exists, and does what they say."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from portalgen.cli import main
from portalgen.commands.statusfiles import OUTCOMES
from tests.needs import need
from tests.operated import write_site
from tests.test_locks import held_by_another

DOCS = Path(__file__).parents[1] / "docs"
FILES = DOCS / "operating"
PAGE = (DOCS / "operating.md").read_text("utf-8")
UNITS = sorted(path.name for path in FILES.iterdir() if path.suffix in {".service", ".timer"})
WORKFLOW = yaml.safe_load((FILES / "publish.yml").read_text("utf-8"))
[CRON] = [line for line in (FILES / "crontab").read_text("utf-8").splitlines() if line[:1] in {"*", "@"}]


def commands_in(text: str) -> Iterator[list[str]]:
    """The arguments of each call of portalgen in a script, a unit or a console."""
    for found in re.finditer(
        r"(?m)(?:^|[\s;{(/=])portalgen (run|watch|check|build|publish|plan|preview)\b([^\n;&|#}>`]*)", text
    ):
        yield [found[1], *shlex.split(found[2])]


def parsed(arguments: list[str]) -> click.Context:
    """Raises UsageError where there is no such verb, or no such option."""
    verb, command, options = main.resolve_command(click.Context(main), arguments)
    assert command
    return command.make_context(verb, options)


@pytest.mark.parametrize("name", ["../operating.md", *UNITS, "crontab", "publish.yml"])
def test_every_command_exists_with_its_options(name: str) -> None:
    found = [*commands_in((FILES / name).read_text("utf-8"))]
    assert found or name.endswith(".timer")
    for arguments in found:
        parsed(arguments)


def test_the_units_and_the_page_name_each_other() -> None:
    assert {*re.findall(r"\]\(operating/([\w.-]+)\)", PAGE)} == {path.name for path in FILES.iterdir()}


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """With a program that is there, and no user who need not be."""
    for name in UNITS:
        text = (FILES / name).read_text("utf-8").replace("/opt/portalgen/bin/portalgen", sys.executable)
        (tmp_path / name).write_text(text.replace("User=portalgen\n", ""), encoding="utf-8")
    done = verified(tmp_path)
    assert (done.returncode, done.stderr + done.stdout) == (0, "")


def test_systemd_would_not_take_just_anything(tmp_path: Path) -> None:
    text = (FILES / "portalgen.service").read_text("utf-8").replace("/opt/portalgen/bin/portalgen", sys.executable)
    (tmp_path / "portalgen.service").write_text(f"{text}RestartPreventsExitStatus=2\n", encoding="utf-8")
    assert "RestartPreventsExitStatus" in verified(tmp_path).stderr


def verified(folder: Path) -> "subprocess.CompletedProcess[str]":
    need(shutil.which("systemd-analyze"), "no systemd-analyze: install systemd")
    command = ["systemd-analyze", "verify", *sorted(map(str, folder.iterdir()))]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})


def test_the_schedulers_try_again_what_may_succeed_and_nothing_else() -> None:
    service = (FILES / "portalgen.service").read_text("utf-8")
    again = re.search(r"(?m)^RestartPreventExitStatus=(.*)$", service)
    assert again
    assert {*again[1].split()} == {"2", "3"}
    assert "Restart=on-failure" in service
    rows = re.findall(r"(?m)^\| ([0-9]) \| .* \| (.*) \|$", PAGE)
    assert [int(code) for code, _ in rows] == [*OUTCOMES]
    assert [int(code) for code, what in rows if "call it again" in what] == [1, 4]
    assert [int(code) for code, what in rows if "tell somebody" in what] == [2, 3]


def test_the_cron_line_has_five_fields_a_user_and_a_command() -> None:
    *fields, user, command = CRON.split(maxsplit=6)
    assert [re.fullmatch(r"\*|\*/[0-9]+|[0-9]+([,-][0-9]+)*", field) is not None for field in fields] == [True] * 5
    assert re.fullmatch(r"[a-z]+", user)
    assert "%" not in command, "cron makes a line break of it"


@pytest.fixture
def called(tmp_path: Path) -> dict[str, str]:
    """The environment in which `portalgen` is this one, for what a scheduler calls in `tmp_path`."""
    write_site(tmp_path)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/portalgen"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m portalgen "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    root = str(Path(__file__).parents[1])
    return {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "PYTHONPATH": root}


def shell(script: str, folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    need(shutil.which("bash"), "no bash")
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_cron_mails_what_fails_and_nothing_else(tmp_path: Path, called: dict[str, str]) -> None:
    script = CRON.split(maxsplit=6)[-1].replace("/srv/portals", shlex.quote(str(tmp_path)))
    assert (shell(script, tmp_path, called).stdout, (tmp_path / "run.log").read_text("utf-8")[:14]) == (
        "",
        "small: 3 links",
    )
    with held_by_another(tmp_path / "build"):
        assert shell(script, tmp_path, called).stdout == ""
    (tmp_path / "exports/invoices.csv").write_text("number\n", encoding="utf-8")
    assert "exports/invoices.csv:1: column" in shell(script, tmp_path, called).stdout


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = WORKFLOW["jobs"]["publish"]["steps"]
    return found


def test_the_workflow_is_one_that_github_reads() -> None:
    assert WORKFLOW.keys() == {"name", True, "concurrency", "permissions", "jobs"}, "YAML 1.1 reads `on` as true"
    assert WORKFLOW[True].keys() == {"push", "schedule", "workflow_dispatch"}
    assert all(("uses" in step) != ("run" in step) for step in steps())
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is False
    [cron] = WORKFLOW[True]["schedule"]
    assert re.fullmatch(r"[0-9,]+( \*){4}", cron["cron"])


def test_the_workflows_scripts_are_shell(tmp_path: Path) -> None:
    for step in steps():
        if script := step.get("run"):
            text = re.sub(r"\$\{\{.*?\}\}", "x", script)
            assert shell(f"set -n\n{text}", tmp_path, {**os.environ}).returncode == 0


def test_the_workflow_fails_where_somebody_has_to_look_and_not_where_another_run_is_at_work(
    tmp_path: Path, called: dict[str, str]
) -> None:
    [script] = [step["run"] for step in steps() if step.get("name") == "Publish"]
    called["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
    assert shell(script, tmp_path, called).returncode == 0
    with held_by_another(tmp_path / "build"):
        assert shell(script, tmp_path, called).returncode == 0
    (tmp_path / "exports/invoices.csv").write_text("number\n", encoding="utf-8")
    assert shell(script, tmp_path, called).returncode == 2
    said = (tmp_path / "summary.md").read_text("utf-8").splitlines()
    assert said == [f"Publish ended with {code}" for code in (0, 4, 2)]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a run has left both its files."""
    write_site(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["run", "--health", "health.json", "--metrics", "a.prom"])
    assert result.exit_code == 0
    return tmp_path


def test_the_page_and_the_alerts_name_the_figures_that_there_are(written: Path) -> None:
    families = text_string_to_metric_families((written / "a.prom").read_text("utf-8"))
    there = {family.name for family in families}
    assert {*re.findall(r"`(portalgen_\w+)", PAGE)} == there
    alerts = yaml.safe_load((FILES / "alerts.yml").read_text("utf-8"))
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    assert len(rules) == 3
    for rule in rules:
        used = re.findall(r"portalgen_\w+", rule["expr"])
        assert used
        assert {*used} <= there


def test_the_page_shows_a_health_file_as_it_is(written: Path) -> None:
    [shown] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    good = json.loads((written / "health.json").read_text("utf-8"))
    (written / "exports/invoices.csv").write_text("number\n", encoding="utf-8")
    assert CliRunner().invoke(main, ["run", "--health", "health.json"]).exit_code == 2
    bad = json.loads((written / "health.json").read_text("utf-8"))
    assert json.loads(shown).keys() == bad.keys()
    assert {*bad} < {*good}
    assert json.loads(shown) == {**bad, **{name: json.loads(shown)[name] for name in ("site", "last_run", "last_good")}}


def test_the_page_shows_the_line_of_a_run_as_it_is(written: Path) -> None:
    line = re.search(r"(?m)^northwind: .*$", PAGE)
    assert line
    said = CliRunner().invoke(main, ["run"]).stdout.strip()
    plain = re.sub(r"[0-9.]+", "0", re.sub(r"\b(link|object|failure)s\b", r"\1", line[0].replace("northwind", "small")))
    assert re.sub(r"[0-9.]+", "0", re.sub(r"\b(link|object|failure)s\b", r"\1", said)) == plain
