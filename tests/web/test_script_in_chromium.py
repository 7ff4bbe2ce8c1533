"""What the script does with a list, in a real browser, from a server and from a disk. Needs Chromium.

pytest -s tests/web/test_script_in_chromium.py prints how long a phone takes over 10,000 rows.
"""

import datetime
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from portalgen.model import Bundle, Line, Receipt, Transaction
from portalgen.pages import Renderer
from portalgen.resources import templates_folder
from tests.samples import BRILLIANT, SITE, bundle, invoice
from tests.web.serving import serving, write

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 3, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
MANY = 10_000


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def few() -> list[Transaction]:
    """Six invoices, the newest first, with what is hard to compare: 6.02 and 6.01 beyond what a float can hold."""
    usd, jpy, kwd = Decimal("9007199254740993.02"), Decimal(5), Decimal("4.125")
    none: dict[str, Any] = {"lines": (), "net": None, "tax": None, "due_date": None, "status": ""}
    return [
        invoice("INV-10", total=usd, balance=Decimal(1), reference="Café Zoë", branch="Seattle"),
        invoice("INV-9", **none, total=usd - Decimal("0.01"), balance=Decimal(0), reference="łódź 12", branch="Kraków"),
        invoice(
            "INV-2",
            date=day("2026-10-20"),
            due_date=day("2026-11-01"),
            currency="JPY",
            total=jpy,
            balance=jpy,
            reference="Straße",
            branch="Seattle",
        ),
        invoice(
            "inv-1",
            date=day("2026-10-01"),
            due_date=day("2026-10-31"),
            currency="KWD",
            total=kwd,
            balance=Decimal(0),
            status="Paid",
        ),
        invoice(
            "INV-100",
            date=day("2026-09-15"),
            due_date=day("2026-10-15"),
            total=Decimal("-0.50"),
            balance=Decimal("-0.50"),
            reference="1234",
            branch="Kraków",
        ),
        invoice("Ärger-3", **none, date=day("2026-09-15"), total=None, balance=None),
    ]


def several(count: int) -> list[Transaction]:
    """`count` invoices, eight a day, the newest first and numbered down to 1; every third is open."""
    newest = day("2026-11-20")
    return [
        invoice(
            f"INV-{number:05}",
            date=newest - datetime.timedelta(days=(count - number) // 8),
            due_date=newest + datetime.timedelta(days=30 - (count - number) // 8),
            total=Decimal(number * 7919 % 1_000_003) / 100,
            balance=Decimal(number % 3 == 0),
            reference=f"PO-{number * 31 % 9973}",
            branch=("Seattle", "Kraków", "Zürich")[number % 3],
            lines=(),
        )
        for number in range(count, 0, -1)
    ]


def receipts(count: int) -> Bundle:
    """A bundle of payments that no document belongs to."""
    found = tuple(
        Receipt(f"R-{number}", BRILLIANT.id, day("2026-11-01"), Decimal(number), "USD")
        for number in range(count, 0, -1)
    )
    return replace(bundle(types=["receipts"]), receipts=found)


ORDER = invoice(
    "SO-1",
    type="orders",
    lines=(
        Line(1, "A", "", Decimal("9.5"), "", Decimal("2.125"), amount=Decimal("20.19")),
        Line(2, "B", "", Decimal(10), "", Decimal("2.13"), amount=Decimal("21.30")),
        Line(3, "C", "", None, "", None, amount=Decimal(3)),
    ),
)
BUNDLES = {
    "few": bundle([*few(), ORDER]),
    "arabic": bundle(few(), locale="ar-AE"),
    "299": bundle(several(299), site=replace(SITE, pages="all")),
    "350": bundle(several(350), site=replace(SITE, pages="all")),
    "payments": receipts(300),
}
IN_PAGE_ORDER = ["INV-10", "INV-9", "INV-2", "inv-1", "INV-100", "Ärger-3"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages of each bundle in a folder of its own; of 10,000 invoices no more than the list."""
    root = tmp_path_factory.mktemp("site")
    for name, each in BUNDLES.items():
        write(each, root / name)
    (root / "many").mkdir()
    for page in Renderer().render(bundle(several(MANY), site=replace(SITE, pages="all"))):
        (root / "many" / page.path).write_bytes(page.body)
        if page.path == "invoices.html":
            break
    return root


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The address at which `site` is served."""
    with serving(site) as address:
        yield address


@pytest.fixture(scope="module", params=["file", "http"])
def base(request: pytest.FixtureRequest, site: Path, served: str) -> str:
    """Where the pages are read from: a disk, or a server."""
    return site.as_uri() if request.param == "file" else served


@contextmanager
def quiet(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page of a context of its own, which may neither say anything on the console nor ask for anything elsewhere."""
    heard: list[str] = []
    origins: set[str] = set()
    with browser.new_context(**{**DESK, **options}) as context:
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: origins.add(urlsplit(request.url).netloc))
        yield page
        assert context.cookies() == []
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert heard == []
    assert len(origins) == 1


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A quiet page as wide as a desk's."""
    with quiet(browser) as page:
        yield page


def rows(page: Page) -> Locator:
    return page.locator("#list_table tbody tr")


def numbers(page: Page) -> Locator:
    """The documents' numbers, row by row."""
    return page.locator("#list_table tbody th bdi")


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name, exact=True)


def sort(page: Page, name: str) -> None:
    heading(page, name).get_by_role("button").click()


def search(page: Page, text: str) -> None:
    page.get_by_label("Search").fill(text)


def said(page: Page) -> Locator:
    return page.locator(".tools").get_by_role("status")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText"))


def test_the_script_is_small_and_asks_for_nothing_that_the_policy_forbids() -> None:
    script = (templates_folder() / "portal.js").read_text(encoding="utf-8")
    assert len(script.encode()) < 10_000
    for word in ("innerHTML", "eval", "Function(", "document.write", "Storage", "cookie", "fetch", "http", "import"):
        assert word not in script


SORTED = {
    "Date": ("INV-100 Ärger-3 inv-1 INV-2 INV-10 INV-9", "INV-10 INV-9 INV-2 inv-1 INV-100 Ärger-3"),
    "Number": ("Ärger-3 inv-1 INV-2 INV-9 INV-10 INV-100", "INV-100 INV-10 INV-9 INV-2 inv-1 Ärger-3"),
    "Due date": ("INV-100 inv-1 INV-2 INV-10 INV-9 Ärger-3", "INV-10 INV-2 inv-1 INV-100 INV-9 Ärger-3"),
    "Your reference": ("INV-100 INV-10 INV-9 INV-2 inv-1 Ärger-3", "INV-2 INV-9 INV-10 INV-100 inv-1 Ärger-3"),
    "Branch": ("INV-9 INV-100 INV-10 INV-2 inv-1 Ärger-3", "INV-10 INV-2 INV-9 INV-100 inv-1 Ärger-3"),
    "Total": ("INV-100 inv-1 INV-2 INV-9 INV-10 Ärger-3", "INV-10 INV-9 INV-2 inv-1 INV-100 Ärger-3"),
    "Balance due": ("INV-100 INV-9 inv-1 INV-10 INV-2 Ärger-3", "INV-2 INV-10 INV-9 inv-1 INV-100 Ärger-3"),
}
"""By heading, the numbers from the lowest up, and from the highest down."""


def test_headings_sort(page: Page, base: str) -> None:
    """Numbers as numbers, amounts to the last digit; what is empty stays last, what is equal in the page's order.

    The largest and the latest come first, but texts start at A; another click turns the order round, which a page's own
    order by date is the first to show.
    """
    page.goto(f"{base}/few/invoices.html")
    expect(heading(page, "Date")).to_have_attribute("aria-sort", "descending")
    for name, (ascending, descending) in SORTED.items():
        orders = {"ascending": ascending, "descending": descending}
        first = "ascending" if name in ("Number", "Your reference", "Branch", "Date") else "descending"
        for order in (first, *orders.keys() - {first}, first):
            sort(page, name)
            expect(page.locator("[aria-sort]")).to_have_count(1)
            expect(heading(page, name)).to_have_attribute("aria-sort", order)
            expect(numbers(page), f"by {name}, {order}").to_have_text(orders[order].split())


def test_lines_are_sorted_by_their_quantities_and_prices(page: Page, base: str) -> None:
    page.goto(f"{base}/few/orders-lines.html")
    for name, expected in {"Quantity": "B A C", "Unit price": "B A C", "Amount": "B A C", "Item": "A B C"}.items():
        sort(page, name)
        expect(page.locator("td.item")).to_have_text(expected.split())


FOUND = {
    "inv-1": "INV-10 inv-1 INV-100",
    "cafe ZOE": "INV-10",
    "zoë  café": "INV-10",
    "strasse": "INV-2",
    "STRAẞE": "INV-2",
    "Lodz": "INV-9",
    "krakow 12": "INV-9 INV-100",
    "arger": "Ärger-3",
    "١٢٣٤": "INV-100",
    "9007199254740993.01": "INV-9",
    "9,007,199,254,740,993.01": "INV-9",
    "overdue": "INV-2",
    "seattle 5": "INV-10 INV-2",
    "seattle zoe 11": "",
    ".*": "",
    "<b>": "",
}
"""By what is searched for, the numbers that are found."""


def test_a_search_finds_the_rows_with_all_words_whatever_their_case_and_accents(page: Page, base: str) -> None:
    page.goto(f"{base}/few/invoices.html")
    for text, found in FOUND.items():
        search(page, text)
        expect(numbers(page), text).to_have_text(found.split())
        expect(said(page)).to_have_text(f"{len(found.split())} of 6")


def test_an_empty_search_shows_everything_again(page: Page, base: str) -> None:
    page.goto(f"{base}/few/invoices.html")
    expect(said(page)).to_have_text("")
    expect(page.locator("tfoot")).to_be_visible()
    search(page, "zoe")
    expect(numbers(page)).to_have_text(["INV-10"])
    expect(page.locator("tfoot")).to_be_hidden()
    search(page, "  ")
    expect(numbers(page)).to_have_text(IN_PAGE_ORDER)
    expect(said(page)).to_have_text("")
    expect(page.locator("tfoot")).to_be_visible()


def test_filters_by_what_is_open_by_branch_and_by_date(page: Page, base: str) -> None:
    page.goto(f"{base}/few/invoices.html")
    page.get_by_label("Show").select_option("open")
    expect(numbers(page)).to_have_text(["INV-10", "INV-2", "INV-100"])
    page.get_by_label("Branch").select_option("Seattle")
    expect(numbers(page)).to_have_text(["INV-10", "INV-2"])
    page.get_by_label("From").fill("2026-10-21")
    expect(numbers(page)).to_have_text(["INV-10"])
    expect(said(page)).to_have_text("1 of 6")
    page.get_by_label("From").fill("2026-10-20")
    expect(numbers(page)).to_have_text(["INV-10", "INV-2"])
    page.get_by_label("Until").fill("2026-11-04")
    expect(numbers(page)).to_have_text(["INV-2"])
    page.get_by_label("Until").fill("2026-11-05")
    expect(numbers(page)).to_have_text(["INV-10", "INV-2"])


def test_a_search_keeps_the_order_and_a_sort_keeps_the_search(page: Page, base: str) -> None:
    page.goto(f"{base}/few/invoices.html")
    search(page, "kraków")
    sort(page, "Total")
    expect(numbers(page)).to_have_text(["INV-9", "INV-100"])
    sort(page, "Total")
    expect(numbers(page)).to_have_text(["INV-100", "INV-9"])
    search(page, "seattle")
    expect(numbers(page)).to_have_text(["INV-2", "INV-10"])


def test_a_list_of_299_stays_whole(page: Page, base: str) -> None:
    page.goto(f"{base}/299/invoices.html")
    expect(rows(page)).to_have_count(299)
    expect(page.locator(".more-rows")).to_be_hidden()
    search(page, "seattle")
    expect(rows(page)).to_have_count(99)


def test_a_longer_list_is_shown_part_by_part(page: Page, base: str) -> None:
    page.goto(f"{base}/350/invoices.html")
    more = page.get_by_role("button", name="Show more")
    for shown in (100, 200, 300):
        expect(rows(page)).to_have_count(shown)
        more.click()
        assert focused(page) == f"INV-{350 - shown:05}"
    expect(rows(page)).to_have_count(350)
    expect(more).to_be_hidden()
    search(page, "seattle")
    expect(rows(page)).to_have_count(100)
    expect(said(page)).to_have_text("116 of 350")
    more.click()
    expect(rows(page)).to_have_count(116)
    expect(more).to_be_hidden()


def test_new_rows_without_a_link_take_the_focus_too(page: Page, base: str) -> None:
    page.goto(f"{base}/payments/receipts.html")
    page.get_by_role("button", name="Show more").press("Enter")
    assert focused(page) == "R-200"
    search(page, "R-30")
    expect(numbers(page)).to_have_text(["R-300", "R-30"])


def test_all_that_was_searched_for_is_printed(page: Page, base: str) -> None:
    page.goto(f"{base}/350/invoices.html")
    search(page, "seattle")
    expect(said(page)).to_have_text("116 of 350")
    printed = "".join(each.extract_text() for each in PdfReader(BytesIO(page.pdf())).pages)
    expected = [f"INV-{number:05}" for number in range(350, 0, -1) if number % 3 == 0]
    assert re.findall(r"INV-\d{5}", printed) == expected
    expect(rows(page)).to_have_count(100)
    expect(numbers(page).last).to_have_text("INV-00051")


def test_what_was_asked_for_is_there_again_after_a_visit_to_a_document(page: Page, base: str) -> None:
    page.goto(f"{base}/350/invoices.html")
    length = page.evaluate("history.length")
    search(page, "po-")
    page.get_by_label("Show").select_option("open")
    page.get_by_label("Until").fill("2026-11-19")
    expect(said(page)).to_have_text("114 of 350")
    sort(page, "Total")
    page.get_by_role("button", name="Show more").click()
    assert page.evaluate("history.length") == length
    before = numbers(page).all_inner_texts()
    assert len(before) == 114
    numbers(page).last.scroll_into_view_if_needed()
    where = page.evaluate("scrollY")
    numbers(page).last.click()
    page.wait_for_url("**/all.html#*")
    for _ in range(2):
        page.go_back()
        expect(numbers(page)).to_have_text(before)
        expect(said(page)).to_have_text("114 of 350")
        expect(heading(page, "Total")).to_have_attribute("aria-sort", "descending")
        expect(page.get_by_label("Search")).to_have_value("po-")
        expect(page.get_by_label("Show")).to_have_value("open")
        expect(page.get_by_label("From")).to_have_value("")
        expect(page.get_by_label("Until")).to_have_value("2026-11-19")
        page.wait_for_function("where => Math.abs(scrollY - where) < 2", arg=where)
        page.go_forward()
        page.wait_for_url("**/all.html#*")


def test_a_jump_within_the_page_forgets_nothing(page: Page, base: str) -> None:
    page.goto(f"{base}/few/invoices.html")
    search(page, "seattle")
    expect(said(page)).to_have_text("2 of 6")
    page.locator(".skip").press("Enter")
    page.wait_for_url("**#main_content")
    numbers(page).first.click()
    page.wait_for_url("**/invoices/**")
    page.go_back()
    expect(numbers(page)).to_have_text(["INV-10", "INV-2"])


def test_a_list_is_worked_with_the_keyboard_alone(page: Page, base: str) -> None:
    page.goto(f"{base}/few/invoices.html")
    page.get_by_role("navigation").get_by_role("link").last.focus()
    page.keyboard.press("Tab")
    page.keyboard.type("inv")
    expect(said(page)).to_have_text("5 of 6")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(said(page)).to_have_text("3 of 6")
    while focused(page) != "Total":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(numbers(page)).to_have_text(["INV-10", "INV-2", "INV-100"])
    page.keyboard.press("Space")
    expect(numbers(page)).to_have_text(["INV-100", "INV-2", "INV-10"])
    assert focused(page) == "Total"
    while focused(page) != "INV-100":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/invoices/**")
    page.go_back()
    expect(numbers(page)).to_have_text(["INV-100", "INV-2", "INV-10"])


def test_a_list_from_right_to_left_works_alike(browser: Browser, base: str) -> None:
    for options in (DESK, PHONE):
        with quiet(browser, **options) as page:
            page.goto(f"{base}/arabic/invoices.html")
            assert page.evaluate("document.documentElement.dir") == "rtl"
            page.locator("[name=text]").fill("krakow")
            expect(numbers(page)).to_have_text(["INV-9", "INV-100"])
            text = page.locator(".tools").get_attribute("data-shown") or ""
            expect(said(page)).to_have_text(text.replace("{n}", "2").replace("{all}", "6"))
            page.locator("thead button").nth(6).click()
            page.locator("thead button").nth(6).click()
            expect(numbers(page)).to_have_text(["INV-100", "INV-9"])
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_phone_sorts_too(browser: Browser, base: str) -> None:
    with quiet(browser, **PHONE) as page:
        page.goto(f"{base}/few/invoices.html")
        button = heading(page, "Balance due").get_by_role("button")
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 24
        button.tap()
        expect(numbers(page)).to_have_text(["INV-2", "INV-10", "INV-9", "inv-1", "INV-100", "Ärger-3"])


@pytest.mark.parametrize(
    ("zone", "now", "is_stale"),
    [
        ("Pacific/Auckland", "2026-11-27T23:59:00+13:00", False),
        ("Pacific/Auckland", "2026-11-28T00:00:00+13:00", True),
        ("America/Los_Angeles", "2026-11-27T23:59:00-08:00", False),
        ("America/Los_Angeles", "2026-11-28T00:00:00-08:00", True),
        ("Europe/Berlin", "2026-11-01T12:00:00+01:00", False),
        ("Europe/Berlin", "2027-11-01T12:00:00+01:00", True),
    ],
)
def test_figures_are_old_more_than_seven_days_after_theirs(
    browser: Browser, base: str, zone: str, now: str, is_stale: bool
) -> None:
    with quiet(browser, timezone_id=zone) as page:
        page.clock.set_fixed_time(datetime.datetime.fromisoformat(now))
        page.goto(f"{base}/few/index.html")
        expect(page.locator(".stale")).to_be_visible(visible=is_stale)
        expect(page.locator(".stale bdi")).to_have_text("November 20, 2026")


WORDS, VALUES = r' data-shown="[^"]*"', r"</?data[^>]*>"
PARTS = (
    *(r'<div class="tools".*?</div>\n', r'<p role="status"></p>', r"<label>.*</label>", r"<tfoot>.*?</tfoot>"),
    *(r'<p class="more-rows".*?</p>', r"<thead>.*?</thead>", r"<table.*</table>", r"<tbody>.*?</tbody>"),
    *(r' class="stale"', r' data-days="[^"]*"', WORDS, r' id="list_table"', VALUES),
    *(r' lang="en"', r" aria-sort", r"<time.*?</time>", r"<a .*?>"),
)
"""What an override may do without."""


def overridden(site: Path, name: str, part: str) -> str:
    """Write the list of the bundle `name` anew without what the pattern `part` matches, and return it."""
    html, count = re.subn(part, "", (site / name / "invoices.html").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert count, part
    (site / name / f"{PARTS.index(part)}.html").write_text(html, encoding="utf-8")
    return html


def test_what_an_override_leaves_out_is_not_missed(page: Page, base: str, site: Path) -> None:
    """Whatever is missing, there is no error, and all rows can be reached."""
    for index, part in enumerate(PARTS):
        html = overridden(site, "350", part)
        page.goto(f"{base}/350/{index}.html")
        page.evaluate("for (const button of document.querySelectorAll('thead button')) button.click()")
        more = page.locator(".more-rows button")
        while more.is_visible():
            more.click()
        assert page.locator("tbody tr").count() == (350 if "<tbody>" in html else 0), part


def test_amounts_that_no_machine_can_read_are_not_offered_for_sorting(page: Page, base: str, site: Path) -> None:
    overridden(site, "few", VALUES)
    page.goto(f"{base}/few/{PARTS.index(VALUES)}.html")
    expect(heading(page, "Balance due").get_by_role("button")).to_have_count(0)
    expect(heading(page, "Branch").get_by_role("button")).to_have_count(1)


def test_a_search_works_where_there_are_no_words_for_its_result(page: Page, base: str, site: Path) -> None:
    overridden(site, "few", WORDS)
    page.goto(f"{base}/few/{PARTS.index(WORDS)}.html")
    search(page, "zoe")
    expect(numbers(page)).to_have_text(["INV-10"])


def test_nothing_moves_when_the_script_is_ready(browser: Browser, base: str) -> None:
    for options in (DESK, PHONE):
        with quiet(browser, **options) as page:
            page.clock.set_fixed_time("2026-11-21")  # or there would be a word on the age of the figures, too
            page.route("**/portal.js", lambda route: route.fulfill(body=""))
            page.goto(f"{base}/few/invoices.html")
            expect(page.locator(".tools")).to_be_hidden()
            before = rows(page).first.bounding_box()
            page.unroute("**/portal.js")
            page.goto(f"{base}/few/invoices.html")
            expect(page.locator(".tools")).to_be_visible()
            assert rows(page).first.bounding_box() == before


def test_without_scripts_all_rows_are_there_and_the_tools_are_not(browser: Browser, base: str) -> None:
    with quiet(browser, java_script_enabled=False) as page:
        page.goto(f"{base}/many/invoices.html")
        expect(rows(page)).to_have_count(MANY)
        for part in (".tools", ".more-rows", ".stale"):
            expect(page.locator(part)).to_have_css("display", "none")
        expect(page.locator("thead button")).to_have_count(0)
        expect(page.locator("tfoot")).to_have_count(1)


SECONDS_OF_SEARCH = """async text => {
  const [status, input] = ['.tools [role=status]', '.tools [name=text]'].map(each => document.querySelector(each))
  const start = performance.now()
  input.value = text
  input.dispatchEvent(new Event('input', {bubbles: true}))
  await new Promise(done => new MutationObserver(done).observe(status, {childList: true}))
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)))
  return (performance.now() - start) / 1000
}"""
SECONDS_OF_SORT = """async column => {
  const start = performance.now()
  document.querySelectorAll('thead button')[column].click()
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)))
  return (performance.now() - start) / 1000
}"""
SECONDS_TO_TOOLS = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000"
SECONDS_TO_ROWS = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"


def test_a_phone_copes_with_10000_rows(browser: Browser, base: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On a processor slowed down to a quarter. How long it takes is printed, and depends on the machine."""
    documents = several(MANY)
    most = max(each.total or 0 for each in documents)
    of_krakow = [each.number for each in documents if each.branch == "Kraków" and each.reference[:4] == "PO-1"]
    with quiet(browser, **PHONE) as page:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto(f"{base}/many/invoices.html")
        expect(page.locator(".tools")).to_be_visible()
        assert page.locator("*").count() < 5000
        expect(rows(page)).to_have_count(100)
        taken = {"first rows": page.evaluate(SECONDS_TO_ROWS), "tools": page.evaluate(SECONDS_TO_TOOLS)}
        taken["first search"] = page.evaluate(SECONDS_OF_SEARCH, "krakow po-1")
        expect(said(page)).to_have_text(f"{len(of_krakow):,} of 10,000")
        expect(numbers(page).first).to_have_text(of_krakow[0])
        taken["next search"] = page.evaluate(SECONDS_OF_SEARCH, "INV-0999")
        expect(said(page)).to_have_text("10 of 10,000")
        search(page, "")
        expect(rows(page)).to_have_count(100)
        taken["sort by reference"] = page.evaluate(SECONDS_OF_SORT, 3)
        expect(page.locator("td.reference").first).to_have_text("PO-0")
        taken["sort by total"] = page.evaluate(SECONDS_OF_SORT, 6)
        expect(page.locator("td.amount").first).to_have_text(f"${most:,}")
        page.get_by_role("button", name="Show more").click()
        expect(rows(page)).to_have_count(200)
        assert page.locator("*").count() < 6000
    with capsys.disabled():
        sys.stdout.write("".join(f"\n  {what}: {seconds:.2f} s" for what, seconds in taken.items()) + "\n")
