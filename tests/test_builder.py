"""The build folder holds exactly the bundles of the live links, and nothing is written twice."""

import json
from pathlib import Path

import pytest

from portalgen.builder import bundle_folder, file_path, read_file, read_manifest
from portalgen.errors import PortalgenError
from portalgen.model import LinkId
from portalgen.pipeline import build
from portalgen.stores.memory import MemoryStore
from tests.sites import CUSTOMERS, INVOICES, TODAY, SmallSite, new_site


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return new_site(tmp_path, MemoryStore())


def stamps(site: SmallSite) -> dict[str, tuple[int, bytes]]:
    files = [path for path in (site.root / "build").rglob("*") if path.is_file()]
    return {str(path.relative_to(site.root)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_an_unchanged_build_touches_no_file(site: SmallSite) -> None:
    first = build(site.definitions, TODAY)
    before = stamps(site)
    again = build(site.definitions, TODAY)
    assert (first.rendered, again.rendered, again.pages) == (4, 0, 0)
    assert stamps(site) == before
    assert again.bundles == first.bundles


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
    names = set(stamps(site))
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
    monkeypatch.setattr("portalgen.builder.__version__", "99")
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
