"""The build folder holds exactly the bundles of the live links, and nothing is written twice."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portalgen import builder
from portalgen.builder import build_bundles, bundle_folder, file_path, fingerprint_of, read_file, read_manifest
from portalgen.errors import PortalgenError
from portalgen.model import Bundle, Changes, LinkId, Refused
from portalgen.pages import Renderer
from portalgen.pipeline import build
from portalgen.stores.memory import MemoryStore
from tests.sites import CUSTOMERS, INVOICES, TODAY, SmallSite, new_site


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return new_site(tmp_path, MemoryStore())


def stamps(site: SmallSite) -> dict[str, tuple[int, bytes]]:
    """Every file in the build folder but what the next build is told of this one."""
    files = [path for path in (site.root / "build").rglob("*") if path.is_file() and path.name != "standing.json"]
    return {str(path.relative_to(site.root)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_an_unchanged_build_touches_no_file(site: SmallSite) -> None:
    first = build(site.definitions, TODAY)
    before = stamps(site)
    again = build(site.definitions, TODAY)
    assert (first.rendered, again.rendered, again.pages) == (4, 0, 0)
    assert stamps(site) == before
    assert again.bundles == first.bundles
    (site.root / "build/standing.json").unlink()
    assert build(site.definitions, TODAY) == again, "nor does one that reads everything"
    assert stamps(site) == before


def test_a_changed_row_renders_only_its_customers_bundles_and_writes_only_what_differs(site: SmallSite) -> None:
    build(site.definitions, TODAY)
    before = stamps(site)
    site.write("exports/invoices.csv", INVOICES.replace("80.00,80.00", "80.00,0.00"))
    assert build(site.definitions, TODAY).rendered == 1
    touched = {name for name, stamp in stamps(site).items() if before.get(name) != stamp}
    page = next(name for name in touched if "/invoices/" in name)
    assert touched == {
        page,
        *(f"build/bundles/crows/_/{name}" for name in ("index.html", "invoices.html", "invoices.csv")),
        *("build/bundles/crows/_/portal.xlsx", "build/bundles/crows/_/portal.zip", "build/manifests/crows/_.json"),
        "build/memory/crows/_.json",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("exports/customers.csv", CUSTOMERS.replace("Cork", "Cobh")),
        ("templates/portal.css", "body { color: black }\n"),
        ("config/portals.yaml", ""),
    ],
)
def test_rows_templates_and_definitions_are_all_part_of_the_fingerprint(site: SmallSite, name: str, text: str) -> None:
    before = {bundle.id: bundle.fingerprint for bundle in build(site.definitions, TODAY).bundles}
    if text:
        site.write(name, text)
    else:
        site.portals["crows"] = "{customer: C-3, show: [invoices], locale: de-DE}"
    after = {bundle.id: bundle.fingerprint for bundle in build(site.definitions, TODAY).bundles}
    changed = {link.portal for link in after if after[link] != before[link]}
    assert changed == ({"ants", "bees", "crows"} if name.startswith("templates") else {"crows"})


def test_the_order_of_rows_in_an_export_changes_nothing(site: SmallSite) -> None:
    build(site.definitions, TODAY)
    heading, *rows = INVOICES.splitlines(keepends=True)
    site.write("exports/invoices.csv", heading + "".join(reversed(rows)))
    assert build(site.definitions, TODAY).rendered == 0


def test_what_is_no_longer_wanted_is_removed(site: SmallSite) -> None:
    build(site.definitions, TODAY)
    site.portals = {"ants": "{customer: C-1, show: [invoices]}"}
    assert build(site.definitions, TODAY).removed == 3
    names = set(stamps(site)) - {"build/customers.jsonl"}
    assert {name.split("/")[2].removesuffix(".json") for name in names} == {"ants"}
    assert not any("ann" in name.split("/") or "order" in name for name in names)


def test_a_bundle_whose_writing_broke_off_is_written_anew(site: SmallSite) -> None:
    whole = build(site.definitions, TODAY)
    before = {name: data for name, (_, data) in stamps(site).items()}
    (site.root / "build/manifests/bees/_.json").write_text("{", encoding="utf-8")
    (site.root / "build/bundles/bees/_/index.html").write_text("half", encoding="utf-8")
    (site.root / "build/bundles/bees/_/stray.html").write_text("left over", encoding="utf-8")
    assert build(site.definitions, TODAY).bundles == whole.bundles
    assert {name: data for name, (_, data) in stamps(site).items()} == before


def test_a_file_that_was_deleted_is_written_again(site: SmallSite) -> None:
    build(site.definitions, TODAY)
    victim = site.root / "build/bundles/bees/_/invoices.html"
    victim.unlink()
    assert build(site.definitions, TODAY).rendered == 1
    assert victim.is_file()


def test_portals_whose_names_differ_only_in_case_lie_apart() -> None:
    folders = {bundle_folder(LinkId(name)).lower() for name in ("acme", "Acme", "ACME", "ac-me", "_", "con", "a/b")}
    assert len(folders) == 7
    assert bundle_folder(LinkId("acme", "_")) != bundle_folder(LinkId("acme"))


def test_what_somebody_else_left_in_the_build_folder_does_no_harm(site: SmallSite) -> None:
    build(site.definitions, TODAY)
    (site.root / "build/bundles/bees/.DS_Store").write_bytes(b"x")
    (site.root / "build/bundles/bees/link").symlink_to(site.root / "exports")
    build(site.definitions, TODAY)
    assert [path.name for path in (site.root / "build/bundles/bees").iterdir()] == ["_"]
    assert (site.root / "exports/invoices.csv").is_file()


def test_a_manifest_that_points_at_another_bundle_counts_as_none(site: SmallSite) -> None:
    build(site.definitions, TODAY)
    manifests = site.root / "build/manifests"
    ours = json.loads((manifests / "bees/_.json").read_text(encoding="utf-8"))
    theirs = json.loads((manifests / "crows/_.json").read_text(encoding="utf-8"))
    for changed in ({"folder": theirs["folder"]}, {"files": theirs["files"]}):
        (manifests / "bees/_.json").write_text(json.dumps(ours | changed), encoding="utf-8")
        assert read_manifest(site.root / "build", LinkId("bees")) is None


def test_a_crash_while_a_bundle_is_rewritten_leaves_no_manifest(
    site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(site.definitions, TODAY)
    site.write("exports/invoices.csv", INVOICES.replace("80.00,80.00", "80.00,0.00"))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("portalgen.builder._write_page", crash)
        with pytest.raises(KeyboardInterrupt):
            build(site.definitions, TODAY)
    assert read_manifest(site.root / "build", LinkId("crows")) is None
    build(site.definitions, TODAY)
    assert read_manifest(site.root / "build", LinkId("crows"))


def test_another_version_of_portalgen_renders_everything(site: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    build(site.definitions, TODAY)
    for module in ("builder", "standing", "workshop"):
        monkeypatch.setattr(f"portalgen.{module}.__version__", "99")
    assert build(site.definitions, TODAY).rendered == 4


def test_reading_a_built_file_that_was_changed_is_refused(site: SmallSite) -> None:
    bundle = build(site.definitions, TODAY).bundles[0]
    folder = site.root / "build"
    assert read_file(folder, bundle, bundle.files[0])
    file_path(folder, bundle, bundle.files[0]).write_bytes(b"changed")
    with pytest.raises(PortalgenError, match="is not what was built"):
        read_file(folder, bundle, bundle.files[0])


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"id": 1}', '{"files": [1]}', "\udcff"])
def test_a_damaged_manifest_counts_as_none(site: SmallSite, text: str) -> None:
    build(site.definitions, TODAY)
    path = site.root / "build/manifests/bees/_.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read_manifest(site.root / "build", LinkId("bees")) is None


CHANGED = INVOICES.replace("80.00,80.00", "80.00,0.00").replace("INV-3,", "INV-9,") + (
    "INV-5,C-1,2026-11-12,2026-12-12,EUR,10.00,10.00\n"
)
"""Ants have a new invoice, one of bees has another number, and crows have paid theirs."""
TOLD = {
    "ants": ["new INV-5 2026-11-21"],
    "ants/ann": ["new INV-5 2026-11-21"],
    "bees": ["new INV-9 2026-11-21", "1 invoices 2026-11-21"],
    "crows": ["paid INV-4 2026-11-21"],
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What every bundle of the latest build tells of changes, by link."""
    found: dict[str, list[str]] = {}

    def watched(bundle: Bundle, renderer: Renderer) -> str:
        found[str(bundle.link.id)] = in_words(bundle.changes)
        return fingerprint_of(bundle, renderer)

    monkeypatch.setattr("portalgen.builder.fingerprint_of", watched)
    return found


def in_words(changes: Changes) -> list[str]:
    documents = [f"{each.kind} {each.number} {each.day}" for each in changes.documents]
    return documents + [f"{each.count} {each.type} {each.day}" for each in changes.withdrawn]


def contents(site: SmallSite) -> dict[str, bytes]:
    return {name: data for name, (_, data) in stamps(site).items()}


def change(site: SmallSite) -> None:
    """The exports of the next day."""
    site.as_of = "2026-11-21"
    site.write("exports/invoices.csv", CHANGED)


class CrashError(Exception):
    """The machine went down."""


@contextmanager
def crash_at(what: str) -> Iterator[None]:
    """Within, the machine goes down before `what` of the builder is done for crows, whose bundle comes last."""
    done = getattr(builder, what)

    def crash(*arguments: object) -> object:
        if any("crows" in str(argument) for argument in arguments):
            raise CrashError
        return done(*arguments)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(builder, what, crash)
        with pytest.raises(CrashError):
            yield


class TestMemory:
    """What a build leaves to the next, so that pages can tell what changed."""

    def test_a_build_tells_what_changed_since_the_one_before(self, site: SmallSite, told: dict[str, list[str]]) -> None:
        build(site.definitions, TODAY)
        assert told == {link: [] for link in TOLD}
        change(site)
        build(site.definitions, TODAY)
        assert told == TOLD

    def test_a_build_that_is_repeated_tells_the_same_and_touches_no_file(
        self, site: SmallSite, told: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        build(site.definitions, TODAY)
        change(site)
        build(site.definitions, TODAY)
        before = stamps(site)
        told.clear()
        (site.root / "build/standing.json").unlink()
        monkeypatch.setattr("portalgen.workshop.unchanged", lambda *_: None)
        assert build(site.definitions, TODAY).rendered == 0
        assert told == TOLD
        assert stamps(site) == before

    def test_a_change_goes_from_the_pages_with_its_thirtieth_day(
        self, site: SmallSite, told: dict[str, list[str]]
    ) -> None:
        build(site.definitions, TODAY)
        change(site)
        build(site.definitions, TODAY)
        site.as_of = "2026-12-21"
        build(site.definitions, TODAY)
        assert told == TOLD
        site.as_of = "2026-12-22"
        build(site.definitions, TODAY)
        assert told == {link: [] for link in TOLD}
        assert b"2026-11-21" not in b"".join(contents(site).values())

    @pytest.mark.parametrize("what", ["_write_memory", "_write_page", "_write"])
    def test_a_build_that_broke_off_is_made_up_for_by_the_next(
        self, site: SmallSite, tmp_path: Path, what: str, told: dict[str, list[str]]
    ) -> None:
        """Every byte is as if nothing had been."""
        whole = new_site(tmp_path / "whole", MemoryStore())
        for each in (site, whole):
            build(each.definitions, TODAY)
            change(each)
        with crash_at(what):
            build(site.definitions, TODAY)
        build(site.definitions, TODAY)
        assert told == TOLD
        build(whole.definitions, TODAY)
        assert contents(site) == contents(whole)

    def test_a_memory_that_was_written_before_its_pages_were_lost_makes_them_again(self, site: SmallSite) -> None:
        build(site.definitions, TODAY)
        change(site)
        build(site.definitions, TODAY)
        before = contents(site)
        for part in ("bundles", "manifests"):
            shutil.rmtree(site.root / "build" / part)
        build(site.definitions, TODAY)
        assert contents(site) == before

    def test_no_number_of_a_document_that_was_withdrawn_is_kept_or_shown(self, site: SmallSite) -> None:
        build(site.definitions, TODAY)
        assert "INV-3" in (site.root / "build/memory/bees/_.json").read_text(encoding="ascii")
        change(site)
        build(site.definitions, TODAY)
        assert not [name for name, data in contents(site).items() if b"INV-3" in data or "inv-3" in name]

    def test_a_memory_holds_nothing_that_its_link_may_not_show(self, site: SmallSite) -> None:
        build(site.definitions, TODAY)
        assert "SO-1" in (site.root / "build/memory/ants/_.json").read_text(encoding="ascii")
        assert "SO-1" not in (site.root / "build/memory/ants/ann.json").read_text(encoding="ascii")
        site.portals["ants"] = "{customer: C-1, show: [invoices]}"
        build(site.definitions, TODAY)
        assert "SO-1" not in (site.root / "build/memory/ants/_.json").read_text(encoding="ascii")

    @pytest.mark.skipif(os.name != "posix", reason="permissions of files are POSIX's")
    def test_only_its_owner_may_read_it(self, site: SmallSite) -> None:
        before = os.umask(0)
        try:
            build(site.definitions, TODAY)
        finally:
            os.umask(before)
        files = [*(site.root / "build/memory").rglob("*.json")]
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        assert len(files) == 4

    def test_it_goes_with_its_link(self, site: SmallSite, told: dict[str, list[str]]) -> None:
        """A link that comes back starts anew."""
        build(site.definitions, TODAY)
        bees = site.portals.pop("bees")
        build(site.definitions, TODAY)
        assert not [name for name in contents(site) if "/bees/" in name]
        site.portals["bees"] = bees
        change(site)
        build(site.definitions, TODAY)
        assert told == TOLD | {"bees": []}

    def test_it_stays_with_a_bundle_that_is_refused(self, site: SmallSite, told: dict[str, list[str]]) -> None:
        """The next bundle that is right tells what changed since the last that was."""
        build(site.definitions, TODAY)
        build_bundles([Refused(LinkId(portal), ()) for portal in ("bees", "crows")], Renderer(), site.root / "build")
        change(site)
        build(site.definitions, TODAY)
        assert told == TOLD | {"ants": [], "ants/ann": []}

    @pytest.mark.parametrize("data", [b"", b"{", b"null", b"\xff", b"theirs"])
    def test_one_that_cannot_be_read_or_is_another_links_counts_as_none(
        self, site: SmallSite, told: dict[str, list[str]], data: bytes
    ) -> None:
        build(site.definitions, TODAY)
        place = site.root / "build/memory"
        (place / "bees/_.json").write_bytes((place / "crows/_.json").read_bytes() if data == b"theirs" else data)
        change(site)
        build(site.definitions, TODAY)
        assert told == TOLD | {"bees": []}
        build(site.definitions, TODAY)
        assert told == TOLD | {"bees": []}

    def test_what_is_left_of_one_that_was_not_written_to_its_end_is_removed(
        self, site: SmallSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def crash(*_: object) -> None:
            patched.setattr(Path, "unlink", lambda *_, **__: None)  # a process that is killed tidies nothing up
            raise CrashError

        build(site.definitions, TODAY)
        change(site)
        with monkeypatch.context() as patched, pytest.raises(CrashError):
            patched.setattr(Path, "replace", crash)
            build(site.definitions, TODAY)
        ours = site.root / "build/memory/ants"
        assert len([*ours.iterdir()]) == 3
        (ours / "somebody's").mkdir()
        build(site.definitions, TODAY)
        assert {path.name for path in ours.iterdir()} == {"_.json", "ann.json", "somebody's"}

    def test_another_customer_or_revision_of_a_link_starts_anew(
        self, site: SmallSite, told: dict[str, list[str]]
    ) -> None:
        build(site.definitions, TODAY)
        site.portals["bees"] = "{customer: C-3, show: [invoices]}"
        site.portals["crows"] = "{customer: C-3, show: [invoices], revision: 2}"
        change(site)
        build(site.definitions, TODAY)
        assert told == TOLD | {"bees": [], "crows": []}

    def test_it_is_never_published(self, tmp_path: Path) -> None:
        store = MemoryStore()
        site = new_site(tmp_path, store)
        site.publish()
        change(site)
        site.publish()
        digests = [
            document[3]
            for path in (site.root / "build/memory").rglob("*.json")
            for document in json.loads(path.read_bytes())["documents"]
        ]
        published = b"".join(store.contents.values())
        assert digests
        assert published
        assert not [key for key in store.contents if "memory" in key]
        assert not [digest for digest in digests if digest.encode() in published]


def test_documents_on_which_nothing_else_changed_are_the_same_the_next_day(site: SmallSite) -> None:
    build(site.definitions, TODAY)
    before = stamps(site)
    site.as_of = "2026-11-21"
    assert build(site.definitions, TODAY).rendered == 4
    after = stamps(site)
    changed = [Path(path).name for path in before if path in after and after[path] != before[path]]
    assert {"index.html", "portal.js"} < {*changed}
    assert {name.rpartition("-")[0] for name in changed if name.startswith("inv-")} == {"inv-1"}  # which is overdue


def test_a_link_of_another_revision_tells_nothing_of_what_the_one_before_it_did(site: SmallSite) -> None:
    build(site.definitions, TODAY)
    change(site)
    build(site.definitions, TODAY)
    page = site.root / "build/bundles/ants/_/index.html"
    assert "What is new" in page.read_text()
    site.portals["ants"] = site.portals["ants"].replace("{customer: C-1,", "{customer: C-1, revision: 2,")
    build(site.definitions, TODAY)
    assert "What is new" not in page.read_text()
