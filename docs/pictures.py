"""The README's pictures, taken of the demo company in headless Chromium.

    python docs/pictures.py DEMO-FOLDER

Needs a built demo (`portalgen demo DEMO-FOLDER`) and Chromium on the path.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent / "images"
PHONE, DESKTOP = {"width": 390, "height": 780}, {"width": 1280, "height": 860}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PORTAL = "clareen/_"


def main() -> None:
    bundle = Path(sys.argv[1]).resolve() / "build/bundles" / PORTAL
    invoice = sorted((bundle / "invoices").glob("*.html"))[-1].relative_to(bundle)
    shots = [
        ("summary", "index.html", DESKTOP, "light"),
        ("invoices", "invoices.html", DESKTOP, "light"),
        ("invoice", str(invoice), DESKTOP, "light"),
        ("invoice-dark", str(invoice), DESKTOP, "dark"),
        ("summary-phone", "index.html", PHONE, "light"),
        ("invoices-phone", "invoices.html", PHONE, "light"),
        ("invoice-phone", str(invoice), PHONE, "dark"),
        ("statement", "statement.html", DESKTOP, "light"),
    ]
    HERE.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, path, size, scheme in shots:
            page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            page.clock.set_fixed_time("2026-11-01T12:00:00")  # or pages would say how old the demo's exports are
            page.goto((bundle / path).as_uri())
            page.screenshot(path=HERE / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
