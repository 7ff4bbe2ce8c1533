"""Documents, statements and lists on paper, as a browser prints them to PDF: A4 and US Letter."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from portalgen.model import Line, Transaction
from portalgen.statements import statements_of
from tests.samples import AS_OF, bundle, invoice
from tests.web.serving import write

PAPERS = pytest.mark.parametrize("paper", ["A4", "Letter"])
WIDTH_BETWEEN_MARGINS = {"A4": 680, "Letter": 702}
"""In CSS pixels, of which there are 96 to the inch; the margins of 15 mm are the stylesheet's."""
STICKING_OUT = """[...document.querySelectorAll('body *')].filter(each => {
  const {left, right, width} = each.getBoundingClientRect()
  return width > 1 && (left < 0 || right > innerWidth || each.scrollWidth > each.clientWidth + 1 && each.clientWidth)
}).map(each => each.outerHTML.slice(0, 200))"""
LONG = "a line of text that goes on for so long that it takes up more than one line of the column that it is in "


def lines(count: int) -> tuple[Line, ...]:
    """`count` lines, each with a description of several lines that says where it begins and where it ends."""
    return tuple(
        Line(
            line=number,
            item=f"SKU-{number:03}",
            description=f"BEGIN-{number:03} {LONG * 2} END-{number:03}",
            quantity=Decimal("1234.5"),
            unit="pcs",
            unit_price=Decimal("98765.43"),
            discount=Decimal(5),
            tax_rate=Decimal(19),
            amount=Decimal(number) + Decimal("1000000.25"),
            open_quantity=Decimal(3),
        )
        for number in range(1, count + 1)
    )


def several(count: int) -> list[Transaction]:
    """`count` invoices, one a day up to the day of the export."""
    return [
        invoice(
            f"INV-{number:03}",
            date=AS_OF - datetime.timedelta(days=number),
            due_date=AS_OF + datetime.timedelta(days=30 - number),
            reference=f"PO-{number:03}",
            status="Open",
            total=Decimal(number) + Decimal("1000000.25"),
            balance=Decimal(number) + Decimal("1000000.25"),
        )
        for number in range(1, count + 1)
    ]


MANY = several(75)
ACCOUNT = statements_of(MANY, [], as_of=AS_OF, months=12, shows_receipts=False, tolerance=Decimal(0))
BUNDLES = {
    "short": bundle([invoice("SHORT-1", note="Thank you.")]),
    "long": bundle([invoice("LONG-1", lines=lines(40), note="NOTE-1")]),
    "list": bundle(MANY),
    "account": replace(bundle(MANY, ["invoices", "statement"]), statements=ACCOUNT),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages of each bundle in a folder of its own."""
    root = tmp_path_factory.mktemp("site")
    for name, each in BUNDLES.items():
        write(each, root / name)
    return root


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that the test may print."""
    with browser.new_context() as context:
        yield context.new_page()


def address(site: Path, name: str) -> str:
    """Of what is printed of the bundle `name`."""
    found = {"list": "invoices.html", "account": "statement.html"}.get(name)
    file = site / name / found if found else next((site / name / "invoices").glob("*.html"))
    return file.as_uri()


def printed(page: Page, url: str, paper: str) -> list[str]:
    """The text of each sheet, its lines joined."""
    page.goto(url)
    sheets = PdfReader(BytesIO(page.pdf(format=paper))).pages
    return [" ".join(each.extract_text().split()) for each in sheets]


def on_which(sheets: Sequence[str], text: str) -> list[int]:
    """The sheets that `text` is on, once for each time."""
    return [number for number, sheet in enumerate(sheets) for _ in range(sheet.count(text))]


@PAPERS
def test_a_short_document_is_one_sheet_with_all_of_the_page_but_the_interface(
    page: Page, site: Path, paper: str
) -> None:
    (sheet,) = printed(page, address(site, "short"), paper)
    for text in ("Invoice SHORT-1", "Northwind Traders", "Brilliant Industries & Sons", "Total $119.00", "Thank you."):
        assert text in sheet
    for text in ("Skip to", "Newer", "Older", "All invoices", "Search", "CSV"):
        assert text not in sheet


@PAPERS
def test_a_long_document_repeats_its_headings_and_divides_no_line(page: Page, site: Path, paper: str) -> None:
    """Each line is there once and whole, on as many sheets as it takes and no more, and the totals stay together."""
    sheets = printed(page, address(site, "long"), paper)
    assert len(sheets) == {"A4": 11, "Letter": 9}[paper]
    headings = "Line Item Description Quantity Open quantity Unit Unit price Discount Tax rate Amount"
    assert on_which(sheets, headings) == [*range(len(sheets))]
    for number in range(1, 41):
        (sheet,) = on_which(sheets, f"BEGIN-{number:03}")
        assert on_which(sheets, f"END-{number:03}") == [sheet]
        assert on_which(sheets, f"${1_000_000 + number:,}.25") == [sheet]
    assert on_which(sheets, "Net $100.00 Tax $19.00 Total $119.00 Balance due $119.00") == [len(sheets) - 1]
    assert on_which(sheets, "NOTE-1") == [len(sheets) - 1]


@PAPERS
def test_a_statement_repeats_its_headings_and_leaves_no_movement_out(page: Page, site: Path, paper: str) -> None:
    sheets = printed(page, address(site, "account"), paper)
    assert len(sheets) == 3
    assert on_which(sheets, "Date Document Due date Amount Balance") == [*range(len(sheets))]
    assert on_which(sheets, "Closing balance $75,002,868.75") == [0, len(sheets) - 1]
    assert [len(on_which(sheets, f"Invoice INV-{number:03}")) for number in range(1, 76)] == [1] * 75


@PAPERS
def test_a_list_repeats_its_headings_and_leaves_no_document_out(page: Page, site: Path, paper: str) -> None:
    sheets = printed(page, address(site, "list"), paper)
    assert len(sheets) == 3
    headings = "Number Date \u2193 Due date Your reference Status Total Balance due"
    assert on_which(sheets, headings) == [*range(len(sheets))]
    assert [len(on_which(sheets, f"PO-{number:03}")) for number in range(1, 76)] == [1] * 75
    assert on_which(sheets, "Total in USD") == [len(sheets) - 1]


@PAPERS
@pytest.mark.parametrize("name", [*BUNDLES])
def test_nothing_is_wider_than_the_paper(page: Page, site: Path, name: str, paper: str) -> None:
    """No part of what is printed sticks out of its margins, or is cut by what it is in."""
    page.set_viewport_size({"width": WIDTH_BETWEEN_MARGINS[paper], "height": 900})
    page.emulate_media(media="print")
    page.goto(address(site, name))
    assert page.evaluate(STICKING_OUT) == []
