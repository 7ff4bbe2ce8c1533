"""Northwind, once for each of many companies: builds portals of them all, and checks every total that these show.

    python -m bench.northwind [--customers N] [--data DIR] [--folder DIR]

Copies of Northwind's 91 customers, 830 orders and 2,155 lines, each with ids, numbers, names and addresses of its own,
are written as exports, as many as it takes for N customers; money stays as it is. `portalgen build` makes a portal for
each (`every_customer`, orders, `pages: all`). The totals in the lists of orders are then compared, customer by
customer, with those that are worked out here from Northwind's lines, and their sum with as many times Northwind's own.
"""

import argparse
import csv
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from bench import measuring
from bench.measuring import DEFAULT_FOLDER, Taken, portalgen
from portalgen.keysources import write_key_file

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "docs/examples/northwind/portals.yaml"
SAMPLE = 2
"""Copies of the small site by which the bytes of the large one are estimated."""
TOTAL = re.compile(r'data-label="Total"><data value="([^"]*)"')

OWN_COLUMNS = {
    "customers.csv": {"customerID", "companyName", "address", "contactName"},
    "products.csv": {"productID", "productName"},
    "orders.csv": {"orderID", "customerID", "shipName", "shipAddress"},
    "order_details.csv": {"orderID", "productID"},
}
"""What each copy has of its own: by file, the columns."""

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Original:
    """Northwind as it is: rows by file; by customer the number of orders, and the sum of their totals."""

    rows: Mapping[str, Rows]
    orders: Mapping[str, int]
    totals: Mapping[str, Decimal]

    @property
    def customers(self) -> list[str]:
        return [row["customerID"] for row in self.rows["customers.csv"]]


def read_original(folder: Path) -> Original:
    rows = {name: _read(folder / name) for name in OWN_COLUMNS}
    customer_of = {row["orderID"]: row["customerID"] for row in rows["orders.csv"]}
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in rows["order_details.csv"]:
        totals[customer_of[line["orderID"]]] += amount_of(line)
    return Original(rows, Counter(customer_of.values()), totals)


def _read(file: Path) -> Rows:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def amount_of(line: Mapping[str, str]) -> Decimal:
    """What a line comes to, in whole cents."""
    amount = Decimal(line["unitPrice"]) * Decimal(line["quantity"]) * (1 - Decimal(line["discount"]))
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def copied(row: Mapping[str, str], own: set[str], copy: int) -> dict[str, str]:
    """A row of a copy: its own columns end in the copy's number, but for those with nothing in them."""
    return {
        name: f"{text}-{copy:05}" if name in own and text not in {"", "NULL"} else text for name, text in row.items()
    }


def write_copies(site: Path, original: Original, copies: int) -> None:
    """Exports of so many copies, and the documented definitions with a portal for every customer."""
    (site / "config").mkdir(parents=True)
    write_key_file(site / "portalgen.keys", "a")
    for name, rows in original.rows.items():
        with (site / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            for copy in range(copies):
                writer.writerows(copied(row, OWN_COLUMNS[name], copy) for row in rows)
    head, _, _ = EXAMPLE.read_text(encoding="utf-8").partition("include:")
    config = head.replace("  as_of:", "  pages: all\n  downloads: []\n  as_of:")
    (site / "config/portals.yaml").write_text(f"{config}every_customer: {{show: [orders]}}\n", encoding="utf-8")


def shown(build: Path) -> Iterator[tuple[str, list[Decimal]]]:
    """By customer, the totals in the list of orders. One without orders has no list."""
    for manifest in (build / "manifests").glob("*/_.json"):
        data = json.loads(manifest.read_bytes())
        page = build / "bundles" / data["folder"] / "orders.html"
        text = page.read_text(encoding="utf-8") if page.is_file() else ""
        yield data["id"]["portal"], [Decimal(total) for total in TOTAL.findall(text)]


def check(build: Path, original: Original, copies: int) -> tuple[int, Decimal]:
    """How many orders are shown, and the sum of their totals. Ends where anything differs from the original."""
    seen: set[str] = set()
    count, total = 0, Decimal()
    for customer, totals in shown(build):
        name, _, _ = customer.rpartition("-")
        orders, wanted = original.orders.get(name, 0), original.totals.get(name, Decimal())
        found = sum(totals, Decimal())
        if (len(totals), found) != (orders, wanted):
            sys.exit(f"{customer}: {len(totals)} orders of {found} are shown, not {orders} of {wanted}")
        seen.add(customer)
        count, total = count + len(totals), total + found
    expected = {f"{name}-{copy:05}" for name in original.customers for copy in range(copies)}
    if seen != expected:
        sys.exit(f"{len(expected - seen)} portals are missing, {len(seen - expected)} are of nobody")
    if total != copies * sum(original.totals.values()):
        sys.exit(f"all totals shown are {total}, not {copies} x {sum(original.totals.values())}")
    return count, total


def estimated(folder: Path | None, original: Original, copies: int) -> int:
    """How many bytes so many copies and their portals will take, by a few."""
    with tempfile.TemporaryDirectory(dir=folder) as small:
        write_copies(Path(small), original, SAMPLE)
        portalgen(Path(small), "build")
        return measuring.bytes_on_disk(Path(small)) * copies // SAMPLE


def report(original: Original, copies: int, taken: Taken, count: int, total: Decimal) -> None:
    lines = copies * len(original.rows["order_details.csv"])
    own = sum(original.totals.values())
    print(f"{copies:,} x Northwind: {copies * len(original.customers):,} customers, {count:,} orders, {lines:,} lines")
    print(f"built in {taken.wall:.1f} s ({taken.cpu:.1f} s of the processors), {taken.peak:.0f} MiB: {taken.said}")
    print(f"every customer's totals are right; all together {total:,} = {copies:,} x {own:,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/northwind")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit("Northwind's CSV files are not in ../shared/data/northwind beside this checkout; --data says where")
    original = read_original(options.data)
    copies = -(-options.customers // len(original.customers))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measuring.make_sure_of_space(Path(folder), estimated(options.folder, original, copies))
        site = Path(folder) / "site"
        write_copies(site, original, copies)
        taken = portalgen(site, "build")
        count, total = check(site / "build", original, copies)
    report(original, copies, taken, count, total)


if __name__ == "__main__":
    main()
