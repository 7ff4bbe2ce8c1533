"""The demo company as its customers meet it: published to a folder, read over http and from the disk.

Two portals are looked at that have every kind of page, one of them from right to left.
"""

import csv
import gzip
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from portalgen.commands.demo import demo
from portalgen.model import TRANSACTION_TYPES
from portalgen.progress import SILENT
from tests.web.audit import complaints
from tests.web.serving import serving

SINGLE = ("index.html", "statement.html", "quotes-lines.html", "orders-lines.html")
LISTS = tuple(f"{type_}.html" for type_ in (*TRANSACTION_TYPES, "receipts"))
SUMMARY_BYTES, SCRIPT_BYTES = 30_000, 10_000
ELEMENTS, ELEMENTS_OF_A_ROW = 300, 24
"""What a page may have at most, and what each row of its tables may add to that."""

FOCUS = """() => {
  const {top, bottom, left, right} = document.activeElement.getBoundingClientRect()
  const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement)
  return {
    href: document.activeElement.getAttribute('href'),
    seen: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
    outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
  }
}"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the demo is published to."""
    folder = tmp_path_factory.mktemp("demo")
    demo(folder, "portalgen", SILENT)
    return folder / "site"


@pytest.fixture(scope="module")
def homes(store: Path) -> Mapping[str, Path]:
    """By direction of writing, the folder behind the link that has the fewest pages of those that have every kind."""
    pages = {home: len([*home.rglob("*.html")]) for home in store.iterdir()}
    found: dict[str, Path] = {}
    for home in sorted(pages, key=pages.__getitem__):
        if all((home / name).exists() for name in (*SINGLE, *LISTS)):
            direction = re.findall(r'<html[^>]* dir="(\w+)"', (home / "index.html").read_text("utf-8"))[0]
            found.setdefault(direction, home)
    assert {*found} == {"ltr", "rtl"}
    return found


@pytest.fixture(scope="module", params=["file", "http"])
def base(request: pytest.FixtureRequest, store: Path) -> Iterator[str]:
    """Where the store is read from."""
    if request.param == "file":
        yield store.as_uri()
    else:
        with serving(store) as address:
            yield address


def kinds(home: Path) -> list[str]:
    """One page of each kind; of documents the last of each type."""
    last = [max((home / type_).glob("*.html")) for type_ in TRANSACTION_TYPES]
    return [*SINGLE, *LISTS, *(each.relative_to(home).as_posix() for each in last)]


def beyond_budget(page: Page) -> Iterator[str]:
    """What the page that is open takes that it must not."""
    if page.context.cookies():
        yield "a cookie was set"
    elements, rows = page.locator("*").count(), page.locator("tr").count()
    if elements > ELEMENTS + ELEMENTS_OF_A_ROW * rows:
        yield f"{elements} elements, and {rows} rows"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("screen", [(width, scheme) for width in (360, 768, 1440) for scheme in ("light", "dark")])
def test_every_kind_of_page_is_sound(
    browser: Browser, homes: Mapping[str, Path], base: str, screen: tuple[int, Literal["light", "dark"]], scripts: bool
) -> None:
    """No word on the console, nothing that the policy forbids, no request off the bundle, nothing inaccessible.

    What is looked for is looked for by scripts: without scripts, they are allowed once the page is there. Colours are
    the same with and without: axe-core looks at one scheme of the latter.
    """
    is_audited = scripts or screen[1] == "light"
    found: list[str] = []
    asked: list[str] = []
    with browser.new_context(viewport={"width": screen[0], "height": 800}, color_scheme=screen[1]) as context:
        page = context.new_page()
        chromium = context.new_cdp_session(page)
        page.on("console", lambda message: found.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: found.append(f"error: {error}"))
        page.on("requestfailed", lambda request: found.append(f"failed: {request.url}"))
        page.on(
            "response", lambda answer: found.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
        )
        page.on("request", lambda request: asked.append(request.url))
        for direction, home in homes.items():
            asked.clear()
            for path in kinds(home):
                chromium.send("Emulation.setScriptExecutionDisabled", {"value": not scripts})
                page.goto(f"{base}/{home.name}/{path}")
                chromium.send("Emulation.setScriptExecutionDisabled", {"value": False})
                assert page.evaluate("document.documentElement.dir") == direction
                found += [
                    f"{direction} {path}: {complaint}"
                    for complaint in (*complaints(page, is_audited=is_audited), *beyond_budget(page))
                ]
            found += [url for url in asked if not url.startswith(f"{base}/{home.name}/")]
            assert any(url.endswith(".js") for url in asked) == scripts
    assert found == []


def test_the_budget_of_bytes_is_kept(store: Path) -> None:
    """Of every link: what the summary needs, compressed, and the script as it is."""
    for home in store.iterdir():
        needed = [(home / name).read_bytes() for name in ("index.html", "portal.css", "portal.js")]
        assert sum(len(gzip.compress(each, mtime=0)) for each in needed) < SUMMARY_BYTES
        assert len(needed[-1]) < SCRIPT_BYTES


def test_without_scripts_every_row_of_every_list_can_be_read(
    browser: Browser, homes: Mapping[str, Path], base: str
) -> None:
    """As many as the file to take away has."""
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        for home in homes.values():
            for name in LISTS:
                page.goto(f"{base}/{home.name}/{name}")
                rows = page.locator("#list_table tbody tr")
                with (home / name).with_suffix(".csv").open(encoding="utf-8-sig", newline="") as exported:
                    expect(rows).to_have_count(len([*csv.reader(exported)]) - 1)
                assert page.evaluate("[...document.querySelectorAll('#list_table tr')].every(row => row.offsetHeight)")


def test_a_document_is_walked_with_the_keyboard_alone(browser: Browser, homes: Mapping[str, Path], base: str) -> None:
    """Every link of it is reached, in the order of the page, and seen to be; the last leads to the next document."""
    home = homes["ltr"]
    invoice = sorted((home / "invoices").glob("*.html"))[len([*(home / "invoices").iterdir()]) // 2]
    with browser.new_context(viewport={"width": 1280, "height": 720}) as context:
        page = context.new_page()
        page.goto(f"{base}/{home.name}/invoices/{invoice.name}")
        order = page.evaluate("[...document.querySelectorAll('a[href]')].map(each => each.getAttribute('href'))")
        assert len(order) > 10
        for href in order:
            page.keyboard.press("Tab")
            assert page.evaluate(FOCUS) == {"href": href, "seen": True, "outlined": True}
        neighbour = page.locator(".neighbours a").last
        title = neighbour.get_attribute("href") or ""
        neighbour.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{title.rpartition('/')[2]}")
        expect(page.locator("h1")).to_be_visible()
