"""The benchmarks compare like with like."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench.build import write_site
from bench.peers_input import differences, words_of, write_input
from bench.plot import between, plot, table
from portalgen.commands.build import build

RESULTS = [
    {
        "subject": name,
        "customers": count,
        "pages": 58 * count,
        "bytes": 1000,
        "wall": 1.5,
        "cpu": 2.0,
        "peak": 90.0,
        "runs": 3,
    }
    for name in ("portalgen", "hugo", "write limit")
    for count in (100, 1000)
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "site"
    write_site(folder, 3, 10)
    build(folder / "config/portals.yaml")
    return folder


def test_others_are_given_the_amounts_and_the_order_that_portalgen_works_out(site: Path, tmp_path: Path) -> None:
    write_input(site, tmp_path / "json")
    [customers] = [json.loads(file.read_text()) for file in (tmp_path / "json").iterdir()]
    assert [each["folder"] for each in customers] == ["c0", "c1", "c2"]
    for customer in customers:
        home = site / "build/bundles" / customer["folder"] / "_"
        for of_type in customer["types"]:
            listed = words_of((home / f"{of_type['type']}.html").read_text())
            numbers = [word for word in listed if word.count("/") == 2 and not word.startswith("href")]
            assert [it["number"] for it in of_type["documents"]] == numbers
            for it in of_type["documents"]:
                page = words_of((home / f"{of_type['type']}/{it['name']}.html").read_text())
                assert f"€{it['total']:,.2f}" in page
                assert {f"€{line['amount']:,.2f}" for line in it["lines"]} <= {*page}


def test_pages_that_say_something_else_are_told(site: Path, tmp_path: Path) -> None:
    ours, theirs = site / "build/bundles", tmp_path / "theirs"
    for page in ours.rglob("*.html"):
        copy = theirs / page.relative_to(ours).as_posix().replace("/_/", "/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(page.read_bytes())
    assert [*differences(ours, theirs)] == []
    changed = theirs / "c1/index.html"
    changed.write_text(changed.read_text().replace("Utrecht", "Urtecht"))
    (theirs / "c2/orders.html").unlink()
    missing, other = differences(ours, theirs)
    assert missing == "c2/orders.html is in one of both only"
    assert other.startswith("c1/index.html: ")
    assert [*differences(tmp_path / "empty", tmp_path / "empty")] == ["there are no pages at all"]


def test_results_become_a_table_and_a_picture() -> None:
    said = {"results": RESULTS, "versions": {"portalgen": "0.1.0", "hugo": "v0.168.0"}}
    text = table(said)
    assert "| 1,000 | hugo | 58,000 | 1.50 | 2.0 | 38,667 | 90 | 0 | 1.00 times as fast |" in text
    root = ET.fromstring(plot(RESULTS))  # noqa: S314 - our own
    assert root.tag.endswith("svg")
    page = between("a\n<!-- begin: made by `python -m bench.plot` -->\nold\n<!-- end -->\nb\n", text)
    assert page.startswith("a\n")
    assert page.endswith("b\n")
    assert "old" not in page
    assert between(page, text) == page
