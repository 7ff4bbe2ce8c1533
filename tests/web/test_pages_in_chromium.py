"""The golden portals' pages in a real browser and under the validators: axe-core, and the Nu HTML checker.

Needs Chromium, Java, and what package-lock.json pins: npm ci --prefix tests/web
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog

from portalgen.bulletin import bulletin_html
from portalgen.model import Bulletin, Line, Receipt
from portalgen.statements import statements_of
from tests.needs import need
from tests.samples import AS_OF, BRILLIANT, PORTALS, SITE, bundle, invoice
from tests.web.audit import complaints
from tests.web.serving import serving, write

MODULES = Path(__file__).parent / "node_modules"
VNU = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"

LONG = "W" * 300
TEXTS = ("reference", "status", "note", "carrier", "tracking_number", "payment_terms", "ship_to", "branch")
AMOUNTS = ("net", "tax", "total", "balance", "paid", "allowance", "charge", "rounding")
HOSTILE = "<script>alert(1)</script>\"><img src=x onerror='alert(1)'>"
LARGE, RATE, MANY = Decimal("-1234567.89"), Decimal("12.375"), Decimal("98765.4321")
PAID = Receipt("R-1", BRILLIANT.id, AS_OF, Decimal("19.00"), "USD", "Card", "PO-1", "1")
WHOLE = replace(
    bundle(
        [
            invoice("1", note="x"),
            invoice("2", type="orders", branch="North"),
            invoice("3", type="orders", branch="South"),
        ],
        ["invoices", "orders", "statement", "receipts"],
        locale="ar-EG",
        site=replace(
            SITE, pages="year", address=("1 Quay", "Port"), phone="+1 503 555 0100", tax_id="T-1", accent="#ff0"
        ),
    ),
    receipts=(PAID,),
    statements=statements_of(
        [invoice("1", balance=Decimal("100.00"))],
        [PAID],
        as_of=AS_OF,
        months=12,
        shows_receipts=True,
        tolerance=Decimal(0),
    ),
)
BULLETIN = Bulletin(bulletin_html("# News\n\nA [link](https://example.com), *soft* and **strong**.\n\n- one\n- two\n"))
EXTREMES = {
    "nothing": bundle(),
    "whole": replace(WHOLE, link=replace(WHOLE.link, bulletin=BULLETIN)),
    "long": bundle([invoice(LONG, **dict.fromkeys(TEXTS, LONG))], contact=LONG),
    "hostile": bundle([invoice(HOSTILE, **dict.fromkeys(TEXTS, HOSTILE))], contact=HOSTILE),
    "large": bundle(
        [
            invoice("1", lines=(Line(1, "SKU-1", "Widget", MANY, "pcs", LARGE, RATE, RATE, LARGE, MANY),)),
            invoice("2", **dict.fromkeys(AMOUNTS, LARGE)),
        ]
    ),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages of each portal in a folder of its own."""
    root = tmp_path_factory.mktemp("site")
    for name, portal in {**PORTALS, **EXTREMES}.items():
        write(portal, root / name)
    return root


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The address at which `site` is served."""
    with serving(site) as address:
        yield address


def paths(site: Path, *names: str) -> list[str]:
    """The pages of the portals `names`, relative to `site`."""
    return sorted(file.relative_to(site).as_posix() for name in names for file in (site / name).rglob("*.html"))


@pytest.fixture(scope="module", params=["file", "http"])
def base(request: pytest.FixtureRequest, site: Path, served: str) -> str:
    """Where the pages are read from: a disk, or a server."""
    return site.as_uri() if request.param == "file" else served


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 961])
def test_every_page_is_sound(browser: Browser, site: Path, base: str, width: int, scheme: str) -> None:
    """Accessible, quiet, within its content security policy, asking for nothing beside the bundle, and no wider than
    the screen; from a disk and from a server."""
    found: list[str] = []

    def script_ran(dialog: Dialog) -> None:
        found.append(f"a script ran: {dialog.message}")
        dialog.dismiss()

    with browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    ) as context:
        page = context.new_page()
        page.on("console", lambda message: found.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: found.append(f"error: {error}"))
        page.on("dialog", script_ran)
        page.on("request", lambda request: found.append(request.url) if not request.url.startswith(base) else None)
        for path in paths(site, *PORTALS, *EXTREMES):
            page.goto(f"{base}/{path}")
            found += [f"{path}: {complaint}" for complaint in complaints(page)]
    assert found == []


def test_keyboard_reaches_the_content_first(browser: Browser, site: Path) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((site / "brilliant" / "index.html").as_uri())
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
        assert page.evaluate("document.activeElement.getAttribute('href')").startswith("invoices/")


def checked(*arguments: str) -> set[tuple[str, str]]:
    """The messages, warnings and all, that the Nu checker has on what `arguments` name: file name and text."""
    need(shutil.which("java"), "no Java on this machine")
    need(VNU.exists(), "no vnu-jar: npm ci --prefix tests/web")
    allow_localhost = "-Dnu.validator.servlet.allow-forbidden-hosts=true"
    command = ["java", allow_localhost, "-jar", str(VNU), "--format", "json", "--exit-zero-always", *arguments]
    report = json.loads(subprocess.run(command, capture_output=True, check=True).stderr)
    return {(each["url"].rpartition("/")[2], each["message"]) for each in report["messages"]}


def test_pages_are_valid_html(site: Path, served: str) -> None:
    """Read from a server, because the checker takes 'self' in a policy for nobody when it reads from a disk."""
    found = checked(*(f"{served}/{path}" for path in paths(site, *PORTALS, *EXTREMES)))
    assert found == set()


def test_the_stylesheet_is_valid(site: Path) -> None:
    assert checked("--css", str(site / "brilliant" / "portal.css")) == set()
