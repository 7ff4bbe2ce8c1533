"""The matrix as a page for those who run the site."""

import base64
import hashlib
import re
from html.parser import HTMLParser

from portalgen.media import ADMIN_PAGE_BEGINS
from portalgen.model import Site
from portalgen.overview.page import overview_page
from tests.overviews import EXAMPLE, SCRIPT

SITE = Site("x", "Small & <b>Co", timezone="Europe/Berlin", base_url="https://portals.example")


class Reader(HTMLParser):
    """Every element with its attributes, and the text of each."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # the base class gives it
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open, []).append(data)


PAGE = overview_page(EXAMPLE, SITE).decode()
READ = Reader(PAGE)


def test_the_page_says_that_it_is_internal_and_shows_everybody() -> None:
    assert PAGE.encode().startswith(ADMIN_PAGE_BEGINS)
    assert "Internal, do not publish." in READ.texts["strong"]
    names = ["Ants & Sons", "C-1", "Active", "Ann Lee · ann@ants.example", "Bees Ltd", SCRIPT, "C-4"]
    assert [name for name in names if name not in READ.texts["bdi"]] == []


def test_cells_stand_under_their_types() -> None:
    [line] = [line for line in PAGE.splitlines() if '<th scope="row">ants<' in line]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", line) == [
        *("live", "yes", "2026-12-01 00:40", "2026-12-31"),
        *("0", "", "12", "", "", "yes", ""),
    ]


def test_it_asks_nobody_for_anything_and_names_no_address() -> None:
    allowed = {"icon": "data:,"}
    for tag, attributes in READ.elements:
        assert not {"src", "action", "style", "onclick"} & attributes.keys(), tag
        assert attributes.get("href", "#main") in {"#main", *allowed.values()}
    assert "portals.example" not in PAGE
    assert not re.search(r"https?:", PAGE)


def test_its_policy_allows_its_own_style_and_script_and_nothing_else() -> None:
    [policy] = [each["content"] for tag, each in READ.elements if each.get("http-equiv") == "Content-Security-Policy"]
    hashes = {
        tag: base64.b64encode(hashlib.sha256("".join(READ.texts[tag]).encode()).digest()).decode()
        for tag in ("style", "script")
    }
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert sum(tag in {"style", "script"} for tag, _ in READ.elements) == 2


def test_it_is_the_same_for_the_same_input() -> None:
    assert overview_page(EXAMPLE, SITE).decode() == PAGE
