"""What each layout costs: `pages: document`, `month`, `year` and `all`, on the same exports.

    python -m bench.layouts [--customers N] [--transactions N] [--runs N] [--folder DIR]

Each layout is built and published to a folder, then one document of one customer changes, and it is published again.
Builds and publishes are processes of their own. Sizes are as published, and of each object packed by gzip (level 6).
CSV, the workbook and the archive are counted apart: `downloads: []` leaves them out.
"""

import argparse
import gzip
import statistics
import tempfile
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from bench.build import LINES, TYPES, write_site
from bench.measuring import DEFAULT_FOLDER, files_in, portalgen, touched
from bench.site_edits import change_documents, first_documents, say

LAYOUTS = ("document", "month", "year", "all")
TAKEN_AWAY = (".csv", ".xlsx", ".zip")
DOLLARS_A_PUT = 0.005 / 1000
"""Of S3, from memory: look it up, it may have changed."""


@dataclass(frozen=True)
class Size:
    """Objects, and bytes in them as they are and packed."""

    objects: int = 0
    raw: int = 0
    packed: int = 0

    def for_each(self, customers: int) -> str:
        sizes = f"{self.raw / customers / 1000:,.0f} / {self.packed / customers / 1000:,.0f}"
        return f"{self.objects / customers:,.1f} | {sizes}"


@dataclass(frozen=True)
class Seconds:
    build: float
    publish: float
    publish_change: float


@dataclass(frozen=True)
class Layout:
    """What is published, with and without what can be taken away; the page that one document stands on, on average;
    what one changed document makes a publish write.
    """

    seconds: Seconds
    whole: Size
    pages: Size
    page: Size
    change: Size
    change_of_pages: Size


def size_of(folder: Path, paths: Iterable[str]) -> Size:
    bodies = [(folder / path).read_bytes() for path in paths]
    packed = sum(len(gzip.compress(body, 6, mtime=0)) for body in bodies)
    return Size(len(bodies), sum(map(len, bodies)), packed)


def pages_alone(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if not path.endswith(TAKEN_AWAY)]


def dollars(objects: float, customers: int) -> float:
    """What it costs to put the objects of a million customers into S3, when so many customers have `objects`."""
    return objects / customers * 1_000_000 * DOLLARS_A_PUT


def run(site: Path, layout: str, customers: int, transactions: int) -> Layout:
    write_site(site, customers, transactions)
    say(site, pages=layout)
    build, first = portalgen(site, "build"), portalgen(site, "publish")
    public = site / "site"
    before = files_in(public)
    whole, pages = size_of(public, before), size_of(public, pages_alone(before))
    page = size_of(public, (path for path in before if "/invoices/" in path))
    numbers = first_documents("invoices", TYPES.index("invoices"), [customers // 2])
    change_documents(site, "invoices", numbers)
    again = portalgen(site, "publish")
    changed = touched(before, files_in(public))
    return Layout(
        Seconds(build.wall, first.wall, again.wall),
        whole,
        pages,
        page,
        size_of(public, changed),
        size_of(public, pages_alone(changed)),
    )


def median_of(runs: list[Seconds]) -> Seconds:
    return Seconds(*(statistics.median(getattr(run, field.name) for run in runs) for field in fields(Seconds)))


def print_tables(found: dict[str, list[Layout]], customers: int) -> None:
    """Three tables: what a customer's portal is, what one document and its change are, and how long it took."""
    print("| `pages:` | objects | KB / packed | without downloads: objects | KB / packed | $ of PUTs | without |")
    print("|---|---|---|---|---|---|---|")
    for name, [each, *_] in found.items():
        costs = " | ".join(f"{dollars(size.objects, customers):,.0f}" for size in (each.whole, each.pages))
        print(f"| `{name}` | {each.whole.for_each(customers)} | {each.pages.for_each(customers)} | {costs} |")
    print("\nFor each customer; dollars for a million of them.\n")
    print("| `pages:` | KB / packed of the page with an invoice | objects that its change writes | KB / packed", end="")
    print(" | without downloads: objects | KB / packed |\n|---|---|---|---|---|---|")
    for name, [each, *_] in found.items():
        page = each.page.for_each(each.page.objects).split(" | ")[1]
        print(f"| `{name}` | {page} | {each.change.for_each(1)} | {each.change_of_pages.for_each(1)} |")
    print("\n| `pages:` | build s | publish s | publish s after one change |\n|---|---|---|---|")
    for name, runs in found.items():
        times = astuple(median_of([each.seconds for each in runs]))
        print(f"| `{name}` | {' | '.join(f'{each:.1f}' for each in times)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--transactions", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args()
    found: dict[str, list[Layout]] = {layout: [] for layout in LAYOUTS}
    for _ in range(options.runs):
        for layout, runs in found.items():
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                runs.append(run(Path(folder) / "site", layout, options.customers, options.transactions))
    print(f"{options.customers:,} customers x {options.transactions} transactions x {LINES} lines, ", end="")
    print(f"five types; medians of {options.runs}\n")
    print_tables(found, options.customers)


if __name__ == "__main__":
    main()
