"""Hostile Markdown in a real browser, under the pages' content security policy and without any."""

import pytest
from playwright.sync_api import Browser, Dialog, Route

from portalgen.bulletin import bulletin_html
from tests import hostile_markdown

HERE = "https://portal.example/token/index.html"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; base-uri 'none'; form-action 'none'"
)
GROUPS = ["RAW_HTML", "COMMENTS", "LINKS", "IMAGES", "MUTATIONS", "MARKDOWN"]
LINKS = "Array.from(document.links, link => link.protocol + '//' + link.host)"
ATTRIBUTES = "Array.from(document.querySelectorAll('section *'), each => each.getAttributeNames()).flat()"


class Visit:
    """What a browser does with a page of `body`: `events` are requests, scripts that ran, and words on the console."""

    def __init__(self, browser: Browser, body: str, policy: str = "", *, is_left_alone: bool = False) -> None:
        self.events: list[str] = []
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
        icon = '<link rel="icon" href="data:,">'
        self._page = f"<!doctype html><html lang=en><meta charset=utf-8>{meta}{icon}<title>x</title><main>{body}</main>"
        with browser.new_context() as context:
            page = context.new_page()
            context.route("**/*", self._answer)
            page.on("dialog", self._dismiss)
            page.on("console", lambda message: self.events.append(f"console: {message.text}"))
            page.on("pageerror", lambda error: self.events.append(f"error: {error}"))
            page.goto(HERE)
            page.wait_for_timeout(100)
            if is_left_alone:  # it may be about to go elsewhere
                return
            self.sections: int = page.evaluate("document.querySelectorAll('body > main > section').length")
            self.elements: int = page.evaluate("document.querySelectorAll('section *').length")
            self.links: list[str] = page.evaluate(LINKS)
            self.attributes: list[str] = page.evaluate(ATTRIBUTES)

    def _answer(self, route: Route) -> None:
        if route.request.url == HERE:
            route.fulfill(body=self._page.encode(errors="replace"), content_type="text/html; charset=utf-8")
        else:
            self.events.append(f"request: {route.request.url}")
            route.abort()

    def _dismiss(self, dialog: Dialog) -> None:
        self.events.append(f"script: {dialog.message}")
        dialog.dismiss()


@pytest.mark.parametrize("policy", [POLICY, ""], ids=["policy", "no policy"])
@pytest.mark.parametrize("group", GROUPS)
def test_no_script_runs_and_nothing_is_asked_for(browser: Browser, group: str, policy: str) -> None:
    hostile: list[str] = getattr(hostile_markdown, group)
    sections = "".join(f"<section>{bulletin_html(markdown)}</section>" for markdown in hostile)
    visit = Visit(browser, sections, policy)
    assert visit.events == []
    assert visit.sections == len(hostile)
    assert visit.elements > len(hostile) // 2
    assert set(visit.attributes) <= {"href", "rel", "start"}
    assert all(link.startswith(("https://good.example", "mailto:", "tel:")) for link in visit.links)


def test_the_links_that_may_lead_somewhere_are_there(browser: Browser) -> None:
    assert len(Visit(browser, bulletin_html("\n\n".join(hostile_markdown.LINKS))).links) > 5


def test_without_portalgen_the_same_strings_do_run_and_ask(browser: Browser) -> None:
    """Or the tests above would prove nothing."""
    raw = hostile_markdown.RAW_HTML
    events = [Visit(browser, f"<section>{html}</section>", is_left_alone=True).events for html in raw]
    assert sum(any(event.startswith("script: ") for event in each) for each in events) > 20
    assert sum(any(event.startswith("request: https://evil") for event in each) for each in events) > 10
    assert any(event.startswith("console: ") for event in Visit(browser, "<script>x</script>", POLICY).events)
