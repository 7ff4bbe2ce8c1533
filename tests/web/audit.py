"""What can be wrong with any page, as a browser and axe-core find it."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from tests.needs import need

_AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


def complaints(page: Page, *, is_audited: bool = True) -> Iterator[str]:
    """What is wrong with the page that is open. If it `is_audited`, axe-core looks at it, too.

    It does so at served pages only: from a disk it sees the same.
    """
    if page.evaluate("getComputedStyle(document.body).marginTop") != "0px":
        yield "the stylesheet is not in force"
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        yield "the page scrolls sideways"
    if is_audited and page.url.startswith("http"):
        need(_AXE.exists(), "no axe-core: npm ci --prefix tests/web")
        page.evaluate(_AXE.read_text(encoding="utf-8"))
        result = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
        yield from (f"axe: {each['id']}: {[node['html'] for node in each['nodes']]}" for each in result["violations"])
