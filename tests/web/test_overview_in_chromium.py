"""The pages of `status --html` and `plan --html` in a real browser: searched, filtered and ordered, without a script,
under axe-core."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page

from portalgen.commands.planpage import plan_page
from portalgen.customers import Exported
from portalgen.errors import Location, Problem
from portalgen.ledger import LIVE
from portalgen.model import LinkId, Refused, Site
from portalgen.overview.page import overview_page
from portalgen.pipeline import Planned
from portalgen.plan import Step
from tests.overviews import ANTS, BEES, CROWS, DUCKS, FORMULA, HEBREW, SCRIPT, overview, row
from tests.web.audit import complaints
from tests.web.serving import serving
from tests.web.test_pages_in_chromium import checked

LONG = "W" * 300
HOSTILE = f"{SCRIPT}\"><img src=x onerror='alert(1)'>"
WHOLE = overview(
    (
        ANTS,
        [
            row(
                "ants", types=("quotes", "invoices", "statement"), counts={"quotes": 2, "invoices": 12, "statement": 1}
            ),
            row("ants", "ann", name="Ann Lee", email="ann@ants.example", published="outdated", counts={"invoices": 12}),
        ],
    ),
    (BEES, [row("bees", types=("orders",), state="disabled", expires="2027-01-01")]),
    (
        Exported("C-5", HEBREW, HOSTILE),
        [row("e", "f", name=HOSTILE, published="yes", published_at="2026-11-30T22:40:00Z", expires="2026-12-31")],
    ),
    (Exported(LONG, LONG, LONG), [row("long-" + LONG[:58], "x" * 60, name=LONG, email=LONG, state="expired")]),
    without=[CROWS, DUCKS, Exported("C-9", LONG, LONG, 1234)],
)
SITE = Site("x", f"Small & Co {HOSTILE}")
PLANNED = Planned(
    steps=(
        Step(LinkId("ants"), "f1", "update", "content changed", LIVE, ("a",), (), {"invoices": ["INV-1", HOSTILE]}),
        Step(LinkId(LONG, LONG), "f2", "purge", LONG, "revoked", disappears={"quotes": [LONG] * 3}, is_whole=True),
        Step(LinkId("bees"), "f3", "keep", "unchanged", LIVE),
    ),
    refused=HOSTILE,
    unmade=(Refused(LinkId("bees"), (Problem(Location(), HOSTILE),)),),
    waiting={LinkId("ants", "ann"): {"orders": 3}},
)
LINKS = ["ants", "ants/ann", "bees", "e/f", "long-"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("overview")
    (root / "status.html").write_bytes(overview_page(WHOLE, SITE))
    (root / "nothing.html").write_bytes(overview_page(overview(as_of=None), SITE))
    (root / "plan.html").write_bytes(plan_page(PLANNED, SITE, LONG))
    (root / "no-plan.html").write_bytes(plan_page(Planned(()), SITE, "local"))
    return root


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as opened:
        yield opened


def opened(context: BrowserContext, folder: Path) -> Page:
    page = context.new_page()
    page.goto((folder / "status.html").as_uri())
    return page


def shown(page: Page) -> list[str]:
    """The links and the customers without a portal that are in sight, by the first word of their rows."""
    page.wait_for_timeout(250)
    rows = page.locator("tbody tr:not(.head) th").filter(visible=True)
    return [text.split()[0][:8] for text in rows.all_inner_texts()]


def told(page: Page) -> str:
    return page.locator("[role=status]").inner_text()


EVERYBODY = ["ants", "ants/ann", "bees", "e/f", "long-WWW", "<script>", '=cmd|"/c', "WWWWWWWW"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1199, 1201, 1440])
@pytest.mark.parametrize("name", ["status.html", "nothing.html", "plan.html", "no-plan.html"])
def test_the_page_is_sound(browser: Browser, folder: Path, name: str, width: int, scheme: str) -> None:
    """Accessible, quiet, within its policy, asking for nothing, and no wider than the screen."""
    found: list[str] = []

    def script_ran(dialog: Dialog) -> None:
        found.append(f"a script ran: {dialog.message}")
        dialog.dismiss()

    with (
        serving(folder) as base,
        browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
        ) as context,
    ):
        page = context.new_page()
        page.on("console", lambda message: found.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: found.append(f"error: {error}"))
        page.on("dialog", script_ran)
        page.on("request", lambda request: found.append(request.url))
        page.goto(f"{base}/{name}")
        assert found == [f"{base}/{name}"]
        found += complaints(page)
        assert found == [f"{base}/{name}"]


def test_the_page_is_valid_html(folder: Path) -> None:
    """The checker does not work out hashes: it takes what a policy allows by its hash for forbidden."""
    found = checked(*map(str, sorted(folder.iterdir())))
    assert {message for _, message in found if not message.startswith("Inline s")} == set()


def test_search_finds_names_ids_and_addresses_of_customers_and_contacts(context: BrowserContext, folder: Path) -> None:
    page = opened(context, folder)
    assert shown(page) == EVERYBODY
    assert told(page) == "5 of 5 links, 3 of 3 customers without a portal"
    for text, expected in {
        "ANTS & s": ["ants", "ants/ann"],
        "lee ann@": ["ants/ann"],
        "c-2": ["bees"],
        HEBREW: ["e/f"],
        FORMULA: ['=cmd|"/c'],
        "nobody at all": [],
        " ": EVERYBODY,
    }.items():
        page.get_by_label("Search").fill(text)
        assert shown(page) == expected, text
    page.get_by_label("Search").fill("ann")
    page.wait_for_timeout(250)
    assert told(page) == "1 of 5 links, 0 of 3 customers without a portal"


def test_a_reviewer_finds_a_link_by_a_number_and_by_what_becomes_of_it(context: BrowserContext, folder: Path) -> None:
    page = context.new_page()
    page.goto((folder / "plan.html").as_uri())
    assert told(page) == "2 of 2 links"
    page.get_by_label("Search").fill("inv-1")
    assert shown(page) == ["ants"]
    page.get_by_label("Search").fill("")
    page.locator("[name=moves]").select_option("disappear")
    assert shown(page) == ["W" * 8]
    page.locator("[name=action]").select_option("update")
    assert shown(page) == []


def test_filters_narrow_together(context: BrowserContext, folder: Path) -> None:
    page = opened(context, folder)
    page.locator("[name=state]").select_option("live")
    assert shown(page) == ["ants", "ants/ann", "e/f"]
    page.locator("[name=type]").select_option("Invoices")
    assert shown(page) == ["ants", "ants/ann", "e/f"]
    page.locator("[name=published]").select_option("outdated")
    assert shown(page) == ["ants/ann"]
    assert page.locator("tr.head").filter(visible=True).count() == 1
    page.locator("[name=state]").select_option("disabled")
    assert shown(page) == []
    for name in ("state", "type", "published"):
        page.locator(f"[name={name}]").select_option("All")
    page.locator("[name=erp]").select_option("On hold")
    assert shown(page) == ["bees"]
    page.locator("[name=erp]").select_option("=1+1")
    assert shown(page) == ['=cmd|"/c']


def test_customers_are_ordered_and_what_has_no_date_comes_last(context: BrowserContext, folder: Path) -> None:
    page = opened(context, folder)
    for order, expected in {
        "Next to expire first": ["e/f", "bees", "ants", "ants/ann", "long-WWW"],
        "Oldest publish first": ["e/f", "ants", "ants/ann", "bees", "long-WWW"],
        "Customer": ["ants", "ants/ann", "bees", "long-WWW", "e/f"],
        "As defined": EVERYBODY[:5],
    }.items():
        page.locator("[name=order]").select_option(order)
        assert shown(page)[:5] == expected, order


def test_the_keyboard_reaches_everything(context: BrowserContext, folder: Path) -> None:
    page = opened(context, folder)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("bees")
    assert shown(page) == ["bees"]
    page.keyboard.press("Enter")
    assert shown(page) == ["bees"]
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.name"))
    assert names == ["state", "published", "type", "erp", "order"]


def test_without_a_script_everybody_is_there_and_no_control_is(browser: Browser, folder: Path) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = opened(context, folder)
        rows = page.locator("tbody tr:not(.head) th").filter(visible=True)
        assert rows.count() == len(EVERYBODY)
        assert not page.get_by_label("Search").is_visible()
        assert page.get_by_text("Internal, do not publish.").is_visible()
