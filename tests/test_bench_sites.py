"""What the benchmarks of rebuilds do to a site, and what they make of figures, is what they say."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from bench.build import TYPES, write_site
from bench.layouts import dollars, size_of
from bench.measuring import files_in, touched
from bench.northwind import check, copied, read_original, write_copies
from bench.site_edits import (
    change_documents,
    exports_of,
    first_documents,
    give_everyone_a_portal,
    keep_portals,
    say,
    shuffle_rows,
    split_portals,
    spread,
)
from bench.watching import show_less_or_all
from portalgen.commands.build import build
from portalgen.definitions import load
from tests.shared_data import shared


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_site(tmp_path, 4, 10)
    return tmp_path


def test_rows_in_another_order_are_the_same_rows(site: Path) -> None:
    before = {file: file.read_text().splitlines() for file in exports_of(site)}
    shuffle_rows(site)
    for file, (head, *rows) in before.items():
        again, *others = file.read_text().splitlines()
        assert (again, sorted(others)) == (head, sorted(rows))
    assert any(file.read_text().splitlines() != rows for file, rows in before.items())


def test_a_changed_document_changes_one_bundle_and_other_rows_none(site: Path) -> None:
    config = site / "config/portals.yaml"
    build(config)
    before = files_in(site / "build/manifests")
    shuffle_rows(site)
    assert build(config).built.rendered == 0
    change_documents(site, "invoices", first_documents("invoices", TYPES.index("invoices"), [2]))
    assert build(config).built.rendered == 1
    assert touched(before, files_in(site / "build/manifests")) == ["c2/_.json"]


def test_customers_are_chosen_far_from_each_other() -> None:
    assert spread(1_000, 4) == [125, 375, 625, 875]
    assert spread(3, 3) == [0, 1, 2]


def test_definitions_are_rewritten_as_it_is_said(site: Path) -> None:
    config = site / "config/portals.yaml"
    say(site, pages="year", downloads="[]")
    split_portals(site, 3)
    definitions = load(config)
    assert (definitions.site.pages, definitions.site.downloads, len(definitions.portals)) == ("year", (), 4)
    part = site / "config/portals.d/001.yaml"
    everything = part.read_text()
    show_less_or_all(part, "c1")
    [shown] = [portal.show for portal in load(config).portals if portal.id == "c1"]
    assert {*shown} == {"invoices", "orders"}
    show_less_or_all(part, "c1")
    assert part.read_text() == everything


def test_portals_are_few_or_follow_from_the_exports(site: Path) -> None:
    keep_portals(site, 2)
    assert [portal.id for portal in load(site / "config/portals.yaml").portals] == ["c0", "c1"]
    give_everyone_a_portal(site, "invoices")
    assert build(site / "config/portals.yaml").built.rendered == 4


def test_sizes_and_costs_are_sums(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"a" * 1000)
    (tmp_path / "b.csv").write_bytes(b"b" * 500)
    size = size_of(tmp_path, ["a.html", "b.csv"])
    assert (size.objects, size.raw) == (2, 1500)
    assert size.packed < 100
    assert dollars(720, customers=10) == pytest.approx(360)


def test_a_copy_has_all_of_its_own_but_money_and_what_says_nothing() -> None:
    row = {"customerID": "ANTS", "companyName": "Ants", "address": "NULL", "country": "UK"}
    found = copied(row, {"customerID", "companyName", "address"}, 3)
    assert found == {"customerID": "ANTS-00003", "companyName": "Ants-00003", "address": "NULL", "country": "UK"}


def test_totals_of_copies_are_checked_to_the_cent(tmp_path: Path) -> None:
    original = read_original(shared("data/northwind"))
    write_copies(tmp_path, original, 2)
    build(tmp_path / "config/portals.yaml")
    assert check(tmp_path / "build", original, 2) == (2 * 830, 2 * Decimal("1265793.29"))
    page = next((tmp_path / "build/bundles").glob("vinet-00001*/_/orders.html"))
    text = page.read_text()
    [cents] = re.findall(r'data-label="Total"><data value="[0-9]+\.([0-9]{2})"', text)[:1]
    page.write_text(text.replace(f'.{cents}"', f'.{(int(cents) + 1) % 100:02}"', 1))
    with pytest.raises(SystemExit, match=r"VINET-00001: 5 orders of .* are shown, not 5 of "):
        check(tmp_path / "build", original, 2)
