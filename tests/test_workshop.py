"""Several processes make what one makes, byte for byte, whatever happens to them."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from portalgen import workshop
from portalgen.errors import PortalgenError
from portalgen.keeping import keeping
from portalgen.model import Link, LinkId
from portalgen.pipeline import build
from portalgen.stores.memory import MemoryStore
from portalgen.workshop import Order
from tests.sites import TODAY, SmallSite, new_site
from tests.test_crew import is_running

MANY = 40


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[tuple[SmallSite, SmallSite]]:
    """The same site twice: forty customers and a contact, with files of documents, one of which is not there."""
    yield with_many(tmp_path / "one"), with_many(tmp_path / "several")


def with_many(folder: Path) -> SmallSite:
    site = new_site(folder, MemoryStore())
    numbers = range(1, MANY + 1)
    site.write("exports/customers.csv", "id,name\n" + "".join(f"C-{n},Customer {n} & Sons\n" for n in numbers))
    heading = "number,customer_id,date,currency,total,balance,attachment\n"
    rows = [f"INV-{n}-{m},C-{n},2026-{m:02}-01,EUR,{n}.{m:02},0.00,INV-{n}-{m}.pdf\n" for n in numbers for m in (1, 2)]
    site.write("exports/invoices.csv", heading + "".join(rows))
    site.portals = {f"p{n}": f"{{customer: C-{n}, show: ALL}}" for n in numbers}
    site.portals["p7"] = "{customer: C-7, show: ALL, contacts: {ann: {show: [invoices]}, bob: {show: [orders]}}}"
    site.portals["p8"] = "{customer: C-8, show: [invoices, statement]}"
    site.exported = ("customers", "invoices", "orders")
    return site


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few documents there are, two processes make them, a few at a time."""
    monkeypatch.setattr(workshop, "FEW", 0)
    monkeypatch.setattr(workshop, "AT_ONCE", 10)
    monkeypatch.setattr(workshop, "processors", lambda: 2)


def files_of(site: SmallSite) -> dict[str, bytes]:
    """Everything in build/ but what tells when its files were written."""
    build_folder = site.root / "build"
    files = {path.relative_to(build_folder).as_posix(): path for path in build_folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name not in {"standing.json", ".lock"}}


def test_several_processes_make_what_one_makes(
    sites: tuple[SmallSite, SmallSite], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, several = sites
    expected = build(one.definitions, TODAY)
    with monkeypatch.context() as patch:
        patch.setattr(workshop, "FEW", 0)
        patch.setattr(workshop, "AT_ONCE", 10)
        patch.setattr(workshop, "processors", lambda: 2)
        patch.setattr(workshop.Workshop, "_make", refuse)  # in this process: the others have their own
        made = build(several.definitions, TODAY)
    assert files_of(several) == files_of(one)
    assert replace(made, reading=expected.reading) == expected
    assert [each.message for each in made.reading.warnings] == [each.message for each in expected.reading.warnings]


def refuse(*_: object) -> None:
    raise AssertionError


@pytest.mark.usefixtures("shared")
def test_what_is_not_wanted_any_more_is_removed_and_the_rest_stays(sites: tuple[SmallSite, SmallSite]) -> None:
    _, site = sites
    build(site.definitions, TODAY)
    before = _times(site)
    del site.portals["p9"]
    site.write("exports/invoices.csv", (site.root / "exports/invoices.csv").read_text().replace(",3.01,", ",3.07,"))
    done = build(site.definitions, TODAY)
    assert (done.rendered, done.removed, len(done.bundles)) == (1, 1, MANY + 1)
    after = _times(site)
    assert {path.parts[0] for path in before if after.get(path) != before[path]} == {"p3", "p9"}


def _times(site: SmallSite) -> dict[Path, int]:
    bundles = site.root / "build/bundles"
    return {path.relative_to(bundles): path.stat().st_mtime_ns for path in bundles.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("shared")
def test_a_process_that_is_killed_changes_no_byte(
    sites: tuple[SmallSite, SmallSite], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, several = sites
    with monkeypatch.context() as patch:
        patch.setattr(workshop, "processors", lambda: 1)
        build(one.definitions, TODAY)
    killed: list[int] = []
    thread = threading.Thread(target=_kill_when_begun, args=(several.root / "build/bundles", killed))
    thread.start()
    build(several.definitions, TODAY)
    thread.join()
    assert killed
    assert files_of(several) == files_of(one)


def _kill_when_begun(bundles: Path, killed: list[int]) -> None:
    """Kill a process of the crew as soon as it has made something."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not killed:
        if [*bundles.glob("*/*/index.html")]:
            for process in _children():
                os.kill(process, signal.SIGKILL)
                killed.append(process)
                break
        time.sleep(0.001)


def _children() -> list[int]:
    found = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        found += [int(each) for each in (task / "children").read_text().split()]
    return [each for each in found if is_running(each) and b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]


@pytest.mark.usefixtures("shared")
def test_a_book_that_is_kept_serves_several_processes_again(sites: tuple[SmallSite, SmallSite]) -> None:
    one, several = sites
    for site in (one, several):
        site.write("templates/list.html", '{% extends "!default/list.html" %}')
    with keeping():
        build(several.definitions, TODAY)
        for site in (one, several):
            site.write("templates/list.html", '{% extends "!default/list.html" %}{% block tools %}mine{% endblock %}')
        assert build(several.definitions, TODAY).rendered == MANY + 2
    build(one.definitions, TODAY)
    bundles = [{name: data for name, data in files_of(site).items() if "bundles/" in name} for site in (one, several)]
    assert bundles[0] == bundles[1]


@pytest.mark.usefixtures("shared")
def test_a_bundle_that_ends_each_process_is_named(sites: tuple[SmallSite, SmallSite]) -> None:
    _, site = sites
    end = "{% if view.customer.id == 'C-7' %}{{ cycler.__init__.__globals__['os'].abort() }}{% endif %}"
    body = f"{{% block due %}}{end}{{% endblock %}}"
    site.write("templates/summary.html", f'{{% extends "!default/summary.html" %}}{body}')
    with pytest.raises(PortalgenError, match=r"link 'p7(/ann|/bob)?': each process that makes its bundle ends"):
        build(site.definitions, TODAY)


@pytest.mark.usefixtures("shared")
def test_a_template_that_fails_is_told_as_ever(sites: tuple[SmallSite, SmallSite]) -> None:
    _, site = sites
    site.write("templates/list.html", "\n{{ nothing }}")
    with pytest.raises(PortalgenError, match=r"list\.html:2: this template cannot be rendered: 'nothing' is undefined"):
        build(site.definitions, TODAY)


def test_orders_come_apart_down_to_one_link() -> None:
    links = [Link(LinkId("a", str(n)), "C-1", 1, "", (), "live", "en") for n in range(3)]
    ahead = [Order(5, (("C-1", tuple(links)), ("C-2", (links[0],))), {}, {})]
    found = []
    while ahead:
        order = ahead.pop()
        ahead += order.halves()
        if not order.halves():
            [(_, [link])] = order.links
            found.append((order.first, order.last, order.part, link.id.contact))
    assert sorted(found) == [(5, 5, 0, "0"), (5, 5, 1, "1"), (5, 5, 2, "2"), (6, 6, 0, "0")]
