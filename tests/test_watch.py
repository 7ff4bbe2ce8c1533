"""`portalgen watch`: real files, the system's own news of them, and a process of its own."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portalgen.commands import watch
from portalgen.commands.watch import Due, Pace, Watching
from portalgen.errors import InvalidInputError, Problem
from portalgen.keys import key_text
from tests.operated import CONFIG, INVOICES, PATIENCE, Program, bundle, write_site
from tests.test_locks import held_by_another

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_site(tmp_path)
    return tmp_path


def write(file: Path, text: str) -> None:
    """Write a file as most editors do: beside it first, then over it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)


def rows(*numbers: str) -> str:
    return "".join(f"{number},C-1,2026-11-01,9.00\n" for number in numbers)


def test_whatever_a_site_is_made_from_is_watched(site: Path) -> None:
    config = site / "config/portals.yaml"
    (site / "templates").mkdir()
    with Program(("watch", "--settle", "1"), site) as program:
        program.wait_for("out: 3 bundles")

        def changes(name: str, result: str = "out: ") -> str:
            """What is printed of the change of a file."""
            assert f"changed: {name}" in program.wait_for(" changed: ")
            return program.wait_for(result)

        write(site / "exports/invoices.csv", INVOICES + rows("I-77"))
        changes("exports/invoices.csv")
        assert "I-77" in bundle(site, "ants/_")

        write(site / "exports/invoices-2.csv", "number,customer_id,date,total\n" + rows("I-78"))
        changes("exports/invoices-2.csv")
        assert "I-78" in bundle(site, "ants/_")

        write(site / "config/portals.d/crows.yaml", "portals:\n  crows: {customer: C-3, show: [invoices]}\n")
        assert "4 bundles" in changes("config/portals.d/crows.yaml")

        (site / "config/portals.d/crows.yaml").unlink()
        assert "3 bundles" in changes("config/portals.d/crows.yaml")

        write(config, CONFIG.replace("as_of: 2026-11-20", "as_of: 2026-11-20, bulletin: news.md, logo: logo.png"))
        changes("config/portals.yaml", "there is no file 'news.md'")
        program.wait_for("there is no file 'logo.png'")

        (site / "logo.png").write_bytes(PNG)
        changes("logo.png", "there is no file 'news.md'")

        write(site / "news.md", "We move to Bergen")
        changes("news.md")
        assert "We move to Bergen" in bundle(site, "ants/_", "index.html")

        write(site / "news.md", "We stay in Aarhus")
        changes("news.md")
        assert "We stay in Aarhus" in bundle(site, "ants/_", "index.html")

        write(
            site / "templates/invoice.html",
            '{% extends "!default/invoice.html" %}{% block note %}Pay soon{% endblock %}',
        )
        changes("templates/invoice.html")
        assert any("Pay soon" in path.read_text("utf-8") for path in (site / "build/bundles").rglob("invoices/*.html"))

        (site / "templates/invoice.html").unlink()
        changes("templates/invoice.html")

        text = CONFIG.replace(
            '"exports/invoices*.csv"}', '"exports/invoices*.csv", attachments: {folder: files, name: "{number}.txt"}}'
        )
        write(config, text)
        changes("config/portals.yaml", "there is no folder 'files'")
        program.wait_for("out: 3 bundles")

        write(site / "files/I-1.txt", "the invoice itself")
        changes("files/I-1.txt")
        assert [*(site / "build/bundles/ants/_").rglob("*.txt")] != []

        program.reports_within(2)
        assert program.interrupt() == 0
    assert not any("Traceback" in line for line in program.seen)


def test_an_export_that_is_being_written_is_read_once_and_whole(site: Path) -> None:
    with Program(("watch", "--settle", "1"), site) as program:
        program.wait_for("out: 3 bundles")
        with (site / "exports/invoices.csv").open("w", encoding="utf-8") as stream:
            for chunk in (INVOICES[:40], INVOICES[40:], rows("I-81", "I-82"), rows("I-83")):
                stream.write(chunk)
                stream.flush()
                assert program.reports_within(0.4) == []
        program.wait_for(" changed: exports/invoices.csv")
        program.wait_for("out: 3 bundles")
        assert [number for number in ("I-1", "I-81", "I-82", "I-83") if number not in bundle(site, "ants/_")] == []
        assert program.reports_within(3) == [], "once"


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="only Linux tells that a file is closed")  # noqa: PTH112
def test_an_export_is_waited_for_until_it_is_closed_however_long_nothing_is_written(site: Path) -> None:
    with Program(("watch", "--settle", "1"), site) as program:
        program.wait_for("out: 3 bundles")
        with (site / "exports/invoices.csv").open("w", encoding="utf-8") as stream:
            stream.write(INVOICES)
            stream.flush()
            assert program.reports_within(5) == []
            assert "is being written, and is waited for" in program.wait_for("exports/invoices.csv")
            stream.write(rows("I-90"))
        program.wait_for(" changed: exports/invoices.csv")
        program.wait_for("out: 3 bundles")
        assert "I-90" in bundle(site, "ants/_")


def test_bad_input_is_told_and_the_next_change_is_tried(site: Path) -> None:
    config = site / "config/portals.yaml"
    with Program(("watch", "--settle", "1", "--json"), site) as program:
        program.wait_for("out: ")
        for bad in (CONFIG.replace("version: 1", "version: [}"), "", "\x00", CONFIG.replace("C-2", "C-9")):
            config.write_bytes(bad.encode())
            program.wait_for(" changed: config/portals.yaml")
            assert json.loads(program.wait_for("out: ").removeprefix("out: "))["errors"]
        config.unlink()
        assert "there is no such file" in program.wait_for("out: ")
        write(config, CONFIG.replace("bees:", "hive:"))
        program.wait_for(" changed: config/portals.yaml")
        assert json.loads(program.wait_for("out: ").removeprefix("out: "))["bundles"] == 3
        assert bundle(site, "hive/_") != ""
        write(site / "exports/invoices.csv", INVOICES + "I-9,C-1,2026-13-01,5.00\n")
        assert "2026-13-01" in program.wait_for("out: ")
        program.reports_within(2)
        assert program.interrupt() == 0


def test_what_changed_is_published_and_told_in_the_files_that_others_watch(site: Path) -> None:
    with Program(("watch", "--publish", "--settle", "1", "--health", "health.json"), site) as program:
        assert "small: 3 links, 3 written" in program.wait_for("out: ")
        write(site / "config/portals.yaml", CONFIG.replace("  bees: {customer: C-2, show: [invoices]}\n", ""))
        assert "small: 2 links, 0 written, 1 purged" in program.wait_for("out: ")
        assert json.loads((site / "health.json").read_text("utf-8"))["outcome"] == "done"
        assert len([*(site / "site").glob("*/index.html")]) == 2
        program.reports_within(2)
        assert program.interrupt() == 0


def test_ctrl_c_in_the_middle_of_a_build_ends_without_a_traceback(site: Path) -> None:
    many = "".join(f"I-{number},C-1,2026-10-01,5.00\n" for number in range(1000, 9000))
    write(site / "exports/invoices.csv", INVOICES + many)
    with Program(("watch", "--settle", "0"), site) as program:
        program.wait_for("err: 20")
        assert program.interrupt() == 130
    program.reports_within(0)
    assert not any("Traceback" in line for line in program.seen), program.seen


def test_there_is_nothing_to_watch_without_definitions(tmp_path: Path) -> None:
    with Program(("watch",), tmp_path) as program:
        assert "there is no such file" in program.wait_for("err: config/portals.yaml")
        assert program.process.wait(60) == 2


# What it takes a process too long to show.


@pytest.fixture
def watching(site: Path) -> Iterator[Watching]:
    said: list[Problem] = []
    with Watching(site / "config/portals.yaml", Pace(100, 300), said.append) as watching:
        assert next_due(watching).why == "started"
        yield watching
    assert said == []


def next_due(watching: Watching) -> Due:
    [due] = due_within(watching, PATIENCE)
    return due


def due_within(watching: Watching, seconds: int, last: Callable[[], object] | None = None) -> list[Due]:
    """What is due within so many seconds; where nothing is, `last` makes that something is, which ends the waiting."""
    found: list[Due] = []
    thread = threading.Thread(target=lambda: found.append(watching.due()), daemon=True)
    thread.start()
    thread.join(seconds)
    if found or not last:
        return found
    last()
    thread.join(PATIENCE)
    assert len(found) == 1
    return []


def test_a_change_that_nobody_tells_of_is_found_by_looking(site: Path, watching: Watching) -> None:
    """As on a network: that a file has another time is nothing that is watched for."""
    os.utime(site / "exports/invoices.csv", (0, 0))
    assert next_due(watching).why == "changed: exports/invoices.csv"


def test_files_beside_those_that_count_are_nothing_to_build_for(site: Path, watching: Watching) -> None:
    for name in ("exports/readme.txt", "config/notes.txt", "templates.old", "build/cache/x.json"):
        write(site / name, "nothing")
    assert due_within(watching, 2, (site / "exports/customers.csv").touch) == []


def test_a_file_that_is_as_it_was_is_nothing_to_build_for(site: Path, watching: Watching) -> None:
    (site / "exports/new.csv").write_text("x", encoding="utf-8")
    (site / "exports/invoices-9.csv").write_text("x", encoding="utf-8")
    (site / "exports/invoices-9.csv").unlink()
    assert due_within(watching, 2, (site / "exports/customers.csv").touch) == []


def test_what_links_lead_to_is_watched_where_it_is(
    site: Path, watching: Watching, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("erp") / "invoices.csv"
    (site / "exports/invoices.csv").rename(elsewhere)
    (site / "exports/invoices.csv").symlink_to(elsewhere)
    assert due_within(watching, 1, lambda: elsewhere.write_text(INVOICES + rows("I-5"), encoding="utf-8")) == []
    assert elsewhere.parent in watching._data.places()


def test_a_folder_that_is_made_anew_is_watched_again(site: Path, watching: Watching) -> None:
    (site / "exports").rename(site / "away")
    assert "exports/customers.csv, exports/invoices.csv" in next_due(watching).why
    (site / "away").rename(site / "exports")
    assert "exports/customers.csv, exports/invoices.csv" in next_due(watching).why


def test_an_own_profile_and_the_key_file_count(site: Path, watching: Watching) -> None:
    (site / "config/portalgen.keys").write_text(f"b:{key_text(bytes(32))}\n", encoding="ascii")
    assert next_due(watching).why == "changed: config/portalgen.keys"
    profile = "profile: {name: ours, system: Ours}\n"
    write(site / "ours.yaml", profile)
    write(site / "config/portals.yaml", CONFIG.replace("{type: customers,", "{type: customers, profile: ours.yaml,"))
    assert next_due(watching).why == "changed: config/portals.yaml, ours.yaml"
    write(site / "ours.yaml", f"{profile}# more\n")
    due = next_due(watching)
    assert due.why == "changed: ours.yaml"
    with pytest.raises(InvalidInputError, match=r"ours\.yaml"):
        due.definitions()


def test_our_own_output_is_nothing_to_build_for(site: Path) -> None:
    """Even where documents' files are said to lie in the folder of all."""
    text = CONFIG.replace('"exports/invoices*.csv"}', '"exports/invoices*.csv", attachments: {folder: .}}')
    write(site / "config/portals.yaml", text)
    with Watching(site / "config/portals.yaml", Pace(100, 300), lambda _: None) as watching:
        assert next_due(watching).why == "started"
        for name in ("build/bundles/x.html", "site/x.html", "site.private/ledger.json"):
            write(site / name, "ours")
        assert due_within(watching, 2, lambda: write(site / "I-1.txt", "theirs")) == []


def test_the_day_that_ends_is_reason_enough(watching: Watching) -> None:
    assert watching._day
    watching._day = watching._day.replace(year=2020)
    assert next_due(watching).why == "another day"


def test_what_may_succeed_later_is_tried_again_in_pauses_that_grow(
    site: Path, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_FIRST_RETRY", 400)
    for code, is_publish, pause in ((4, False, 400), (4, True, 800), (1, True, 1600), (2, True, 0), (1, True, 400)):
        watching.ended(code, is_publish=is_publish)
        assert watching._pause == pause
        if pause:
            assert next_due(watching).why == "tried again"
    watching.ended(0, is_publish=True)
    assert due_within(watching, 1, (site / "exports/customers.csv").touch) == []


def test_another_run_at_work_is_waited_for(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with held_by_another(site / "build"), Program(("watch", "--settle", "0"), site) as program:
        program.wait_for("another run is at work")
        assert program.process.poll() is None
        program.reports_within(2)
        assert program.interrupt() == 0
