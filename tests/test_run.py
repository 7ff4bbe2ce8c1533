"""`portalgen run`: what a scheduler sees of it, and what it leaves behind for those who watch over it."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from prometheus_client.parser import text_string_to_metric_families

from portalgen import locks
from portalgen.cli import main
from portalgen.commands.statusfiles import write_status
from portalgen.database import Database
from tests.operated import INVOICES, write_site
from tests.test_locks import held_by_another

STATUS = ("--metrics", "portalgen.prom", "--health", "health.json")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The site's folder, which is the one to be in."""
    write_site(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["run", *arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def line_of(result: Result) -> str:
    """The one line of its outcome, without how long it took."""
    [line] = result.stdout.splitlines()
    start, _, took = line.rpartition(", ")
    assert took.endswith(" s")
    return start


def health() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("health.json").read_text("utf-8"))
    return found


def metrics() -> dict[str, dict[str, float]]:
    """By metric, the figure for each combination of labels but the site, which is `small`."""
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(Path("portalgen.prom").read_text("utf-8")):
        assert family.documentation.endswith(".")
        for sample in family.samples:
            assert sample.labels.pop("site") == "small"
            assert sample.timestamp is None
            values = found.setdefault(family.name.removeprefix("portalgen_"), {})
            values[",".join(sample.labels.values())] = sample.value
    return found


def change(site: Path, name: str, old: str, new: str) -> None:
    text = (site / name).read_text("utf-8")
    assert old in text
    (site / name).write_text(text.replace(old, new), encoding="utf-8")


def test_one_line_says_what_was_done(site: Path) -> None:
    uploaded = len([path for path in run_and_list(site) if path.is_file()])
    assert line_of(run()) == "small: 3 links, 0 written, 0 purged, 0 objects uploaded, 0 deleted, 0 failures"
    change(site, "exports/invoices.csv", "I-2,C-2,2026-10-02,6.00", "I-2,C-2,2026-10-02,7.00")
    assert line_of(run()).startswith("small: 3 links, 1 written, 0 purged, ")
    change(site, "config/portals.yaml", "  bees: {customer: C-2, show: [invoices]}\n", "")
    assert line_of(run()).startswith("small: 2 links, 0 written, 1 purged, 0 objects uploaded, ")
    assert uploaded > 10


def run_and_list(site: Path) -> list[Path]:
    line = line_of(run())
    there = [*(site / "site").rglob("*")]
    files = sum(path.is_file() for path in there)
    assert line == f"small: 3 links, 3 written, 0 purged, {files} objects uploaded, 0 deleted, 0 failures"
    return there


def test_exports_are_read_and_bundles_made_once(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, begin = Counter[str](), Database.__init__

    def count(self: Database, folder: Path) -> None:
        opened["database"] += 1
        begin(self, folder)

    monkeypatch.setattr(Database, "__init__", count)
    run()
    assert opened == {"database": 1}


def test_the_report_holds_the_outcome_of_each_part(site: Path) -> None:
    change(site, "config/portals.yaml", "currency: EUR", "currency: EUR, locale: ja-JP")
    report = json.loads(run("--json").stdout)
    assert (report["site"], report["outcome"], report["exit_code"], report["errors"]) == ("small", "done", 0, [])
    assert report["links"] == {"live": 3}
    assert report["plan"] == {"create": 3, "update": 0, "keep": 0, "purge": 0}
    assert report["uploaded"] == report["publish"]["uploaded"] > 10
    assert [export["shown"] for export in report["publish"]["exports"]] == [3, 2]
    assert ["pages do not speak 'ja-JP'" in warning["message"] for warning in report["warnings"]] == [True]
    assert report["started"] <= report["finished"]


def test_the_files_say_what_came_of_it(site: Path) -> None:
    done = json.loads(run("--json", *STATUS).stdout)
    said, figures = health(), metrics()
    assert (said["site"], said["outcome"], said["exit_code"]) == ("small", "done", 0)
    assert said["last_good"] == said["last_run"]["finished"] == done["finished"]
    assert said["summary"].startswith("small: 3 links, 3 written, ")
    assert figures["links"] == {"live": 3}
    assert figures["last_run_objects"] == {"uploaded": done["uploaded"], "deleted": 0, "unchanged": 0}
    assert figures["last_run_written_links"] == {"": 3}
    assert figures["last_run_requests"] == {"": done["requests"]}
    assert figures["last_run_exit_code"] == figures["last_run_failures"] == figures["last_run_waiting_links"] == {"": 0}
    assert figures["last_success_timestamp_seconds"] == figures["last_run_timestamp_seconds"]
    assert figures["last_run_duration_seconds"][""] > 0


def test_the_files_may_be_read_by_others_and_hold_no_name(site: Path) -> None:
    run(*STATUS)
    for name in ("portalgen.prom", "health.json"):
        assert (site / name).stat().st_mode & 0o777 == 0o644
        assert [
            word for word in ("Ants", "Bees", "C-1", "ants", "I-1") if word in (site / name).read_text("utf-8")
        ] == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("exports/invoices.csv", "6.00", "six"),
        ("config/portals.yaml", "version: 1", "version: ["),
        ("config/portals.yaml", "path: site}", "path: config}"),
        ("config/portals.yaml", "portalgen.keys", "lost.keys"),
    ],
)
def test_what_is_invalid_is_exit_code_2_and_told_with_when_it_was_last_well(
    name: str, old: str, new: str, site: Path
) -> None:
    run(*STATUS)
    before, figures = health(), metrics()
    change(site, name, old, new)
    assert run(*STATUS, code=2).stdout == ""
    assert (health()["outcome"], health()["exit_code"], health()["site"]) == ("invalid", 2, "small")
    assert metrics()["last_run_exit_code"] == {"": 2}
    assert health()["last_good"] == before["last_good"]
    assert metrics()["last_success_timestamp_seconds"] == figures["last_success_timestamp_seconds"]
    assert "last_run_objects" not in metrics(), "nobody knows"


def test_what_waits_for_somebody_is_exit_code_3_and_all_else_is_published(site: Path) -> None:
    run(*STATUS)
    orders = "number,customer_id,date,total\nO-1,C-1,2026-10-01,5.00\n"
    (site / "exports/orders.csv").write_text(orders, encoding="utf-8")
    change(site, "config/portals.yaml", "payers: [invoices]", "payers: [invoices, orders]")
    change(site, "config/portals.yaml", "stores:", "  - {type: orders, path: exports/orders.csv}\nstores:")
    result = run(*STATUS, code=3)
    assert ", 0 failures, 2 waiting, " in result.stdout
    assert "portalgen accept" in result.stderr
    assert (health()["outcome"], health()["waiting_links"]) == ("waiting", 2)
    assert health()["last_good"] == health()["last_run"]["finished"]
    assert metrics()["last_run_waiting_links"] == {"": 2}


def test_a_store_that_cannot_be_written_is_exit_code_1_and_the_next_run_mends_it(site: Path) -> None:
    (site / "site").write_text("in the way", encoding="utf-8")
    run(*STATUS, code=1)
    assert (health()["outcome"], health()["last_good"]) == ("failed", None)
    (site / "site").unlink()
    run(*STATUS)
    assert health()["outcome"] == "done"


def test_many_portals_that_vanish_are_exit_code_3(site: Path) -> None:
    many = "".join(f"  p{number}: {{customer: C-3, show: [invoices]}}\n" for number in range(12))
    change(site, "config/portals.yaml", "portals:\n", f"portals:\n{many}")
    run(*STATUS)
    change(site, "config/portals.yaml", many, "")
    before = health()["last_good"]
    assert "--expect-removals 12" in run(*STATUS, code=3).stderr
    assert (health()["outcome"], health()["exit_code"], health()["last_good"]) == ("waiting", 3, before)


def test_a_run_that_meets_another_leaves_the_files_to_it(site: Path) -> None:
    run(*STATUS)
    before = Path("health.json").read_bytes(), Path("portalgen.prom").read_bytes()
    with held_by_another(site / "build"):
        result = run(*STATUS, code=4)
    assert "another run is at work" in result.stderr
    assert (Path("health.json").read_bytes(), Path("portalgen.prom").read_bytes()) == before
    run(*STATUS)


def test_the_lock_is_held_until_the_files_are_written(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    def note(*arguments: Any) -> None:
        held.append({*locks._held})
        write_status(*arguments)

    monkeypatch.setattr("portalgen.commands.run.write_status", note)
    run(*STATUS)
    assert [len(each) for each in held] == [1]


def test_files_are_refused_where_their_folder_is_missing_or_published(site: Path) -> None:
    assert "there is no folder nowhere" in run("--health", "nowhere/health.json", code=2).stderr
    assert not (site / "site").exists()
    run()
    result = run("--health", "site/health.json", code=2)
    assert "would lie in the public folder of store 'local'" in result.stderr
    assert not (site / "site/health.json").exists()


def test_a_file_that_cannot_be_written_is_a_failure_and_the_site_is_published(site: Path) -> None:
    name = 250 * "h"  # its other half would have too long a one
    result = run("--health", name, code=1)
    assert f"{name}." in result.stderr
    assert "File name too long" in result.stderr
    assert line_of(result).startswith("small: 3 links, 3 written")


def test_a_config_that_is_not_there_is_told_and_nothing_is_made(site: Path) -> None:
    (site / "empty").mkdir()
    run("--config", "empty/portals.yaml", "--health", "health.json", code=2)
    assert [*(site / "empty").iterdir()] == []
    assert health() == {
        "format": 1,
        "site": "",
        "outcome": "invalid",
        "exit_code": 2,
        "last_run": health()["last_run"],
        "last_good": None,
        "summary": "",
    }


def test_files_of_the_past_that_make_no_sense_are_replaced(site: Path) -> None:
    for text in ("", "{", "[]", '{"site": "small"}', "\x00\xff"):
        (site / "health.json").write_text(text, encoding="latin-1")
        (site / "portalgen.prom").write_text(text, encoding="latin-1")
        run(*STATUS)
        assert health()["site"] == "small"
        assert metrics()["last_run_exit_code"] == {"": 0}


@contextmanager
def being_written(file: Path) -> Iterator[None]:
    """An export to which rows are added all the while."""
    is_over, has_begun = threading.Event(), threading.Event()

    def write() -> None:
        number = 100
        with file.open("a", encoding="utf-8") as stream:
            while not is_over.is_set():
                stream.write(f"I-{number},C-1,2026-10-01,5.00\n")
                stream.flush()
                number += 1
                has_begun.set()
                is_over.wait(1 / 1000)

    thread = threading.Thread(target=write)
    thread.start()
    has_begun.wait()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.mark.parametrize("verb", ["run", "publish", "build", "check"])
def test_an_export_that_changes_while_it_is_read_is_not_believed(verb: str, site: Path) -> None:
    with being_written(site / "exports/invoices.csv"):
        result = CliRunner().invoke(main, [verb])
    assert result.exit_code == 4, result.output
    assert "exports/invoices.csv changed while it was read\n  hint: try again when it is written whole" in result.stderr
    assert not (site / "build/bundles").exists()
    assert CliRunner().invoke(main, [verb]).exit_code == 0


def test_a_bad_row_of_an_export_that_changes_is_not_what_is_wrong(site: Path) -> None:
    (site / "exports/invoices.csv").write_text(f"{INVOICES}I-9,C-1,2026-10-01,abc\n", encoding="utf-8")
    with being_written(site / "exports/invoices.csv"):
        assert "changed while it was read" in run(code=4).stderr
    assert "abc" in run(code=2).stderr
