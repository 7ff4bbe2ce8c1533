"""The benchmarks compare like with like."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench.build import write_site
from bench.peers_input import content_of, differences, write_input
from bench.plot import between, plot, table
from portalgen.commands.build import build
from portalgen.definitions import load

SVG = "{http://www.w3.org/2000/svg}"

RESULTS = [
    {
        "subject": name,
        "customers": count,
        "pages": 58 * count,
        "bytes": 734 * 58 * count,
        "wall": 1.5,
        "cpu": 2.0,
        "peak": 90.0,
        "walls": [1.4, 1.5, 1.9],
    }
    for count in (100, 1000)
    for name in ("portalgen", "hugo", "write limit")
]
SAID = {"results": RESULTS, "machine": "2 processors, 24 GiB", "versions": {"portalgen": "0.1.0", "hugo": "0.168.0"}}


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
            listed = content_of((home / f"{of_type['type']}.html").read_text())
            numbers = [word for word in listed if word.count("/") == 2 and not word.startswith("href")]
            assert [it["number"] for it in of_type["documents"]] == numbers
            for it in of_type["documents"]:
                page = content_of((home / f"{of_type['type']}/{it['name']}.html").read_text())
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


def test_elements_and_attributes_are_compared_and_numbers_however_they_are_written() -> None:
    page = '<p class="a" id="b">1 &lt; 2<data value="29.00">29</data></p>'
    assert content_of(page) == content_of('<p id="b" class="a">1 &lt;\n2 <data value="29">29</data></p>')
    for other in (page.replace('"a"', '"c"'), page.replace("p>", "b>"), page.replace("29.00", "28")):
        assert content_of(page) != content_of(other)


def test_results_become_a_table_between_its_marks() -> None:
    text = table(SAID)
    assert "| 1,000 | hugo | 58,000 | 1.50 | 2.0 | 38,667 | 90 | 734 | 1.00 x, 1.00 x |" in text
    assert "| 100 | write limit | 5,800 | 1.50 | 2.0 | 3,867 | 90 | 734 | 1.00 x |" in text
    assert "Medians of 3 runs, 2 processors, 24 GiB. portalgen 0.1.0; hugo 0.168.0." in text
    page = between("a\n<!-- begin: made by `python -m bench.plot` -->\nold\n<!-- end -->\nb\n", text)
    assert page.startswith("a\n")
    assert page.endswith("b\n")
    assert "old" not in page
    assert between(page, text) == page


def test_the_picture_shows_each_subject_and_names_it_where_no_other_name_is() -> None:
    root = ET.fromstring(plot(RESULTS))  # noqa: S314 - our own
    names = [each for each in root.iter(f"{SVG}text") if each.text in {"hugo", "portalgen"}]
    assert len(names) == 2 * 2
    assert len([*root.iter(f"{SVG}polyline")]) == 3 + 2
    places = [(each.get("x"), each.get("y")) for each in root.iter(f"{SVG}text")]
    assert len({*places}) == len(places)


def test_one_number_of_customers_is_enough_for_a_picture() -> None:
    root = ET.fromstring(plot([each for each in RESULTS if each["customers"] == 100]))  # noqa: S314 - our own
    assert root.tag == f"{SVG}svg"


def test_what_the_site_says_besides_stands_in_its_definitions(tmp_path: Path) -> None:
    write_site(tmp_path, 2, 5, site="downloads: [], pages: document")
    definitions = load(tmp_path / "config/portals.yaml")
    assert (definitions.site.downloads, len(definitions.portals)) == ((), 2)
