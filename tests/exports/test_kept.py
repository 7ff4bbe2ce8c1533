"""A book is read once for as long as its exports stay as they are, and never for longer."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portalgen.errors import InvalidInputError, PortalgenError
from portalgen.exports import kept
from portalgen.exports.reader import read_exports
from portalgen.keeping import keeper, keeping
from portalgen.pipeline import build
from portalgen.stores.memory import MemoryStore
from tests.sites import INVOICES, TODAY, SmallSite, new_site


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return new_site(tmp_path / "site", MemoryStore())


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with each reading of the exports."""
    found: list[str] = []

    def reading(*said: Any) -> Any:
        found.append("read")
        return read_exports(*said)

    monkeypatch.setattr(kept, "read_exports", reading)
    return found


@pytest.fixture
def kept_all() -> Iterator[None]:
    with keeping():
        yield


def bundles(site: SmallSite) -> dict[str, bytes]:
    home = site.root / "build/bundles"
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def from_nothing(site: SmallSite, tmp_path: Path) -> dict[str, bytes]:
    """What the same site comes to in another place, read as ever."""
    other = new_site(tmp_path / "other", MemoryStore())
    other.portals, other.as_of = site.portals, site.as_of
    for path in (site.root / "exports").iterdir():
        other.write(f"exports/{path.name}", path.read_text())
    build(other.definitions, TODAY)
    return bundles(other)


@pytest.mark.usefixtures("kept_all")
def test_where_definitions_changed_and_no_export_did_none_is_read(
    site: SmallSite, readings: list[str], tmp_path: Path
) -> None:
    build(site.definitions, TODAY)
    site.portals["bees"] = "{customer: C-2, show: ALL}"
    site.portals["more"] = "{customer: C-3, show: [orders]}"
    del site.portals["crows"]
    build(site.definitions, TODAY)
    assert readings == ["read"]
    assert bundles(site) == from_nothing(site, tmp_path)


def _rewrite(path: Path, old: bytes, new: bytes) -> None:
    """In place, in a way that leaves its number, its size and its times as they were."""
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.usefixtures("kept_all")
@pytest.mark.parametrize(
    "change",
    [
        lambda site: site.write("exports/invoices.csv", INVOICES.replace("100.00", "101.00")),
        lambda site: (site.root / "exports/orders.csv").touch(),
        lambda site: _rewrite(site.root / "exports/invoices.csv", b"100.00", b"101.00"),
        lambda site: setattr(site, "as_of", "2026-11-19"),
        lambda site: setattr(site, "site_says", "currency: CHF"),
        lambda site: setattr(site, "exported", ("customers", "invoices")),
    ],
)
def test_whatever_else_changed_is_read(
    site: SmallSite, readings: list[str], change: Callable[[SmallSite], object]
) -> None:
    build(site.definitions, TODAY)
    (site.root / "build/standing.json").unlink()
    change(site)
    build(site.definitions, TODAY)
    assert readings == ["read", "read"]


@pytest.mark.usefixtures("kept_all")
def test_a_customer_who_is_not_there_is_told_and_the_book_is_read_again(site: SmallSite, readings: list[str]) -> None:
    build(site.definitions, TODAY)
    site.portals["bees"] = "{customer: C-22, show: ALL}"
    with pytest.raises(InvalidInputError, match=r"portals\.yaml:\d+:\d+: portal 'bees': customer 'C-22' is not in"):
        build(site.definitions, TODAY)
    site.portals["bees"] = "{customer: C-2, show: ALL}"
    build(site.definitions, TODAY)
    assert readings == ["read", "read"]


@pytest.mark.usefixtures("kept_all")
def test_a_template_that_changed_is_seen_and_one_that_fails_does_no_lasting_harm(site: SmallSite) -> None:
    build(site.definitions, TODAY)
    site.write("templates/list.html", "{{ nothing }}")
    with pytest.raises(PortalgenError, match="'nothing' is undefined"):
        build(site.definitions, TODAY)
    site.write("templates/list.html", "mine")
    build(site.definitions, TODAY)
    assert (site.root / "build/bundles/bees/_/invoices.html").read_text() == "mine"


def test_nothing_is_kept_where_nobody_asks_for_it(site: SmallSite, readings: list[str]) -> None:
    assert keeper() is None
    for show in ("ALL", "[orders]"):
        site.portals["bees"] = f"{{customer: C-2, show: {show}}}"
        build(site.definitions, TODAY)
    assert readings == ["read", "read"]


def test_what_was_kept_is_closed_in_the_end(site: SmallSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", os.fspath(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "temporary").mkdir()
    with keeping():
        build(site.definitions, TODAY)
        assert [*(tmp_path / "temporary").iterdir()]
    assert [*(tmp_path / "temporary").iterdir()] == []
