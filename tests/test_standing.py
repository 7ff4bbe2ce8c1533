"""A build reads and renders nothing where nothing changed that it follows from, and everything else as ever."""

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portalgen import pipeline
from portalgen.builder import Built
from portalgen.customers import write_customers
from portalgen.definitions import load
from portalgen.errors import BusyError
from portalgen.model import Definitions, LinkId
from portalgen.pipeline import build
from portalgen.standing import stands
from portalgen.stores.memory import MemoryStore
from tests.sites import CUSTOMERS, INVOICES, ORDERS, TODAY, SmallSite, new_site

WARNED = INVOICES.replace("2026-10-31", "2026-09-01")  # due before its date
REJECTED = INVOICES + "INV-5,C-2,2026-11-04,2026-12-04,EUR,a lot,90.00\n"
TOMORROW = TODAY + datetime.timedelta(days=1)


class WasReadError(Exception):
    """The exports were about to be read."""


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return new_site(tmp_path / "site", MemoryStore())


@pytest.fixture
def is_read(site: SmallSite, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Whether the next build reads the exports."""

    def refuse(*_: object) -> None:
        raise WasReadError

    def answer(definitions: Definitions | None = None, today: datetime.date = TODAY) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr(pipeline, "open_book", refuse)
            try:
                build(definitions or site.definitions, today)
            except WasReadError:
                return True
            return False

    return answer


def test_where_nothing_changed_no_export_is_read_and_the_same_is_told(
    site: SmallSite, is_read: Callable[..., bool]
) -> None:
    site.write("exports/invoices.csv", WARNED)
    assert is_read()
    first = build(site.definitions, TODAY)
    assert [problem.message for problem in first.reading.warnings]
    assert not is_read()
    assert not is_read(today=TOMORROW), "no link ends in between"
    again = build(site.definitions, TODAY)
    assert (again.rendered, again.bundles, again.reading, again.waiting) == (
        0,
        first.bundles,
        first.reading,
        first.waiting,
    )


CHANGES: dict[str, Callable[[SmallSite], None]] = {
    "a cell": lambda site: site.write("exports/invoices.csv", INVOICES.replace("70.00,70.00", "70.00,0.00")),
    "a cell, and neither size nor time": lambda site: _rewrite(site.root / "exports/invoices.csv", b"70.00", b"71.00"),
    "a definition": lambda site: site.portals.update(bees="{customer: C-2, show: [orders]}"),
    "a template": lambda site: site.write("templates/invoice.html", "{% extends '!default/invoice.html' %}"),
    "one more template": lambda site: site.write("templates/portal.css", "body {}"),
    "the site": lambda site: setattr(site, "site_says", "locale: de-DE"),
    "the day": lambda site: setattr(site, "as_of", "2026-11-21"),
    "one export less": lambda site: setattr(site, "exported", ("customers", "invoices")),
    "a bundle that is gone": lambda site: shutil.rmtree(site.root / "build/bundles/bees"),
    "a page that is gone": lambda site: (site.root / "build/bundles/bees/_/index.html").unlink(),
    "a page that is shorter": lambda site: site.write("build/bundles/bees/_/index.html", "x"),
    "a manifest that is gone": lambda site: (site.root / "build/manifests/bees/_.json").unlink(),
    "the customers of the last build": lambda site: site.write("build/customers.jsonl", "{}"),
    "another's bundle": lambda site: _swap(site.root / "build", "bees", "crows"),
}


def _rewrite(path: Path, old: bytes, new: bytes) -> None:
    status = path.stat()
    path.write_bytes(path.read_bytes().replace(old, new))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _swap(folder: Path, one: str, other: str) -> None:
    """Another bundle, whole in itself, where that of `one` was."""
    text = (folder / f"manifests/{one}/_.json").read_text(encoding="utf-8")
    data = json.loads(text) | {"files": json.loads((folder / f"manifests/{other}/_.json").read_bytes())["files"]}
    (folder / f"manifests/{one}/_.json").write_text(json.dumps(data), encoding="utf-8")
    shutil.copytree(folder / f"bundles/{other}", folder / f"bundles/{one}", dirs_exist_ok=True)


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changed_is_seen(site: SmallSite, is_read: Callable[..., bool], name: str) -> None:
    build(site.definitions, TODAY)
    CHANGES[name](site)
    assert is_read()


def test_a_link_that_expires_is_built_no_more(site: SmallSite, is_read: Callable[..., bool]) -> None:
    site.portals["bees"] = f"{{customer: C-2, show: [invoices], expires: {TODAY}}}"
    build(site.definitions, TODAY)
    assert not is_read()
    assert is_read(today=TOMORROW)
    build(site.definitions, TOMORROW)
    assert not (site.root / "build/bundles/bees").exists()


def test_without_a_day_of_their_own_exports_show_the_day_they_were_written(
    site: SmallSite, is_read: Callable[..., bool]
) -> None:
    site.as_of = ""
    noon = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC).timestamp()
    for file in (site.root / "exports").iterdir():
        os.utime(file, (noon, noon))
    build(site.definitions, TODAY)
    os.utime(site.root / "exports/invoices.csv", (noon + 60, noon + 60))
    assert not is_read()
    os.utime(site.root / "exports/invoices.csv", (noon + 86_400, noon + 86_400))
    assert is_read()


def with_entry(site: SmallSite, more: str) -> Definitions:
    """The definitions, with more said of the export of invoices."""
    file = Path(site.definitions.file)
    file = file if file.is_absolute() else site.root / "config/portals.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("path: exports/invoices.csv", f"path: exports/invoices.csv, {more}"), encoding="utf-8")
    return load(file)


def test_a_documents_own_file_counts(site: SmallSite, is_read: Callable[..., bool]) -> None:
    folder = "attachments: {folder: exports/pdf, name: '{number}.pdf'}"
    site.write("exports/pdf/INV-3.pdf", "%PDF-1.7 one")
    build(with_entry(site, folder), TODAY)
    assert not is_read(with_entry(site, folder))
    site.write("exports/pdf/INV-3.pdf", "%PDF-1.7 two")
    assert is_read(with_entry(site, folder))


def test_a_pipe_among_the_documents_files_keeps_nobody_waiting(site: SmallSite, is_read: Callable[..., bool]) -> None:
    folder = "attachments: {folder: exports/pdf, name: '{number}.pdf'}"
    site.write("exports/pdf/INV-3.pdf", "%PDF-1.7 one")
    os.mkfifo(site.root / "exports/pdf/pipe.pdf")
    build(with_entry(site, folder), TODAY)
    assert not is_read(with_entry(site, folder))


def test_an_export_that_changed_after_it_was_compared_is_not_believed(
    site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The portals would follow from the customers of before, and their pages from those of now."""
    site.every_customer = "{show: [invoices]}"
    build(site.definitions, TODAY)
    (site.root / "build/bundles/bees/_/index.html").unlink()
    before = site.root / "build/standing.json"
    told = before.read_bytes()

    def change(*said: Any) -> Built | None:
        site.write("exports/customers.csv", CUSTOMERS + "C-4,Doves,Derby\n")
        return stands(*said)

    monkeypatch.setattr(pipeline, "stands", change)
    with pytest.raises(BusyError):
        build(site.definitions, TODAY)
    assert before.read_bytes() == told
    monkeypatch.undo()
    assert LinkId("C-4") in {bundle.id for bundle in build(site.definitions, TODAY).bundles}


def test_what_is_held_back_is_told_again(site: SmallSite, is_read: Callable[..., bool]) -> None:
    site.write("exports/invoices.csv", REJECTED)
    first = build(with_entry(site, "on_error: quarantine"), TODAY)
    assert [reject.number for reject in first.reading.rejects] == ["INV-5"]
    assert not is_read(with_entry(site, "on_error: quarantine"))
    assert build(with_entry(site, "on_error: quarantine"), TODAY).reading == first.reading
    (site.root / "build/rejects.csv").unlink()
    assert is_read(with_entry(site, "on_error: quarantine"))


def test_a_build_that_broke_off_is_not_taken_for_the_one_before_it(
    site: SmallSite, is_read: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A, then half of B, then A again: what is there of B must not be shown."""
    build(site.definitions, TODAY)
    site.write("exports/invoices.csv", INVOICES.replace("70.00,70.00", "70.00,0.00"))
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "write_customers", _break_off)
        with pytest.raises(WasReadError):
            build(site.definitions, TODAY)
    site.write("exports/invoices.csv", INVOICES)
    assert is_read()


def _break_off(*_: object) -> None:
    raise WasReadError


def test_a_file_that_was_touched_while_it_was_read_is_read_again(
    site: SmallSite, is_read: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def touch(*said: Any) -> None:
        write_customers(*said)
        site.write("exports/orders.csv", ORDERS)

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "write_customers", touch)
        build(site.definitions, TODAY)
    assert is_read()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"sources": 1}'])
def test_a_note_that_cannot_be_read_counts_as_none(site: SmallSite, is_read: Callable[..., bool], text: str) -> None:
    build(site.definitions, TODAY)
    site.write("build/standing.json", text)
    assert is_read()


def test_a_note_of_which_a_part_is_missing_counts_as_none(site: SmallSite, is_read: Callable[..., bool]) -> None:
    build(site.definitions, TODAY)
    note = json.loads((site.root / "build/standing.json").read_bytes())
    for name in note:
        site.write("build/standing.json", json.dumps({key: value for key, value in note.items() if key != name}))
        assert is_read(), name


def test_a_type_that_waits_is_withheld_again_and_shown_once_it_is_accepted(site: SmallSite) -> None:
    site.exported = ("customers", "invoices")
    site.publish()
    site.exported = ("customers", "invoices", "orders")
    first = site.publish()
    assert first.waiting
    again = site.publish()
    assert (again.waiting, again.uploaded) == (first.waiting, 0)
    assert not any("order" in path for path in site.files("ants"))


def test_portals_that_follow_from_the_exports_are_known_without_reading_them(
    site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.portals = {"ants": site.portals["ants"]}
    site.every_customer = "{show: [invoices]}"
    first = site.publish()
    monkeypatch.setattr(pipeline, "open_book", _break_off)
    again = site.publish()
    assert (again.uploaded, again.unchanged) == (0, first.uploaded)
    assert {step.id for step in again.steps} == {LinkId("ants"), LinkId("ants", "ann"), LinkId("C-2"), LinkId("C-3")}


def test_another_process_finds_that_nothing_changed(site: SmallSite) -> None:
    """Nothing in the digest depends on the seed of a process's hashes."""
    command = [sys.executable, "-c", _DIGEST, site.definitions.file]
    environments = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2")]
    one, other = (subprocess.run(command, env=each, stdout=subprocess.PIPE, check=True) for each in environments)
    assert one.stdout == other.stdout != b""


_DIGEST = """
import sys
from pathlib import Path
from portalgen.definitions import load
from portalgen.standing import sources_of
print(sources_of(load(Path(sys.argv[1]))).digest)
"""

STATES: dict[str, Callable[[SmallSite], None]] = {
    "paid": CHANGES["a cell"],
    "as it was": lambda site: site.write("exports/invoices.csv", INVOICES),
    "moved": lambda site: site.write("exports/customers.csv", CUSTOMERS.replace("Cork", "Cobh")),
    "back": lambda site: site.write("exports/customers.csv", CUSTOMERS),
    "orders": CHANGES["a definition"],
    "invoices": lambda site: site.portals.update(bees="{customer: C-2, show: [invoices]}"),
    "off": lambda site: site.portals.update(bees="{customer: C-2, show: [invoices], enabled: false}"),
    "styled": CHANGES["one more template"],
    "lost": lambda site: shutil.rmtree(site.root / "build/bundles/crows", ignore_errors=True),
    "nothing": lambda _: None,
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([*STATES]), min_size=2, max_size=6))
def test_whatever_happens_in_whatever_order_comes_to_what_builds_make_that_read_everything(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    site = new_site(tmp_path_factory.mktemp("site"), MemoryStore())
    other = new_site(tmp_path_factory.mktemp("other"), MemoryStore())
    for name in names:
        for each in (site, other):
            STATES[name](each)
        (other.root / "build/standing.json").unlink(missing_ok=True)
        one, two = build(site.definitions, TODAY), build(other.definitions, TODAY)
        assert [(bundle.id, bundle.digest, bundle.documents) for bundle in one.bundles] == [
            (bundle.id, bundle.digest, bundle.documents) for bundle in two.bundles
        ]
        assert files_of(site) == files_of(other)


def files_of(site: SmallSite) -> dict[str, bytes]:
    """Every file that customers get."""
    home = site.root / "build/bundles"
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in home.rglob("*") if path.is_file()}
