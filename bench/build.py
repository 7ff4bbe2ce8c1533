"""Builds and publishes 1,000 customers x 50 transactions of 5 lines.

    python -m bench.build [--customers N] [--transactions N] [--runs N] [--folder DIR]

Each run works in a folder of its own below DIR (a memory file system is best: the disk is then no part of the figures),
and each verb is a process as users start it. Printed are medians over the runs.
"""

import argparse
import platform
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

from bench.measuring import DEFAULT_FOLDER, Taken, median_of, portalgen
from portalgen import __version__
from portalgen.keysources import write_key_file

TYPES = ("quotes", "orders", "invoices", "credit_notes", "delivery_notes")
LINES = 5
FIRST_DAY = date(2024, 1, 1)


def write_site(folder: Path, customers: int, transactions: int, types: Sequence[str] = TYPES, site: str = "") -> None:
    """Canonical exports and definitions of `customers` customers with `transactions` each, the types in turn.

    `site` is what `site:` says besides, such as `downloads: []`.
    """
    (folder / "exports").mkdir(parents=True)
    (folder / "config").mkdir()
    write_key_file(folder / "config/portalgen.keys", "a")
    with (folder / "exports/customers.csv").open("w", encoding="utf-8") as file:
        file.write("id,name,street,city,postal_code,country,currency\n")
        for n in range(customers):
            file.write(f"C-{n:06},Customer {n} & Sons,{n} High Street,Utrecht,{n:06},NL,EUR\n")
    for kind, type_ in enumerate(types):
        headers = (folder / f"exports/{type_}.csv").open("w", encoding="utf-8")
        lines = (folder / f"exports/{type_}_lines.csv").open("w", encoding="utf-8")
        with headers, lines:
            headers.write("number,customer_id,date,due_date,currency,status,reference,note\n")
            lines.write("number,line,item,description,quantity,unit,unit_price,discount,tax_rate\n")
            for n in range(customers):
                for t in range(kind, transactions, len(types)):
                    day = FIRST_DAY + timedelta((n * 7 + t * 13) % 900)
                    number = f"{type_[:2].upper()}/{n:06}/{t:04}"
                    due = day + timedelta(30)
                    headers.write(f"{number},C-{n:06},{day},{due},EUR,Open,PO-{n}-{t},Thank you for your order\n")
                    for line in range(1, LINES + 1):
                        price = f"{(n * 31 + t * 17 + line * 7) % 900 + 1}.{(t * 13 + line) % 100:02}"
                        lines.write(
                            f"{number},{line},SKU-{(n + line) % 500:04},Article {(n + line) % 500} in a box,"
                            f"{line + t % 9},pc,{price},{5 if line == 3 else 0},21\n"
                        )
    write_config(folder, customers, types, site)


def write_config(folder: Path, customers: int, types: Sequence[str] = TYPES, site: str = "") -> None:
    exports = "".join(
        f"  - {{type: {type_}, path: exports/{type_}.csv, lines: exports/{type_}_lines.csv}}\n" for type_ in types
    )
    portals = "".join(f"  c{n}: {{customer: C-{n:06}, show: ALL}}\n" for n in range(customers))
    (folder / "config/portals.yaml").write_text(
        "version: 1\nsite: {id: bench, title: Bench, base_url: 'https://portals.example', as_of: 2026-11-22"
        f"{site and f', {site}'}}}\nkeys: file:config/portalgen.keys\n"
        f"exports:\n  - {{type: customers, path: exports/customers.csv}}\n{exports}"
        f"stores:\n  local: {{kind: directory, path: site}}\nportals:\n{portals}",
        encoding="utf-8",
    )


def run_once(site: Path) -> dict[str, Taken]:
    """A full build and publish of a site, and both again with nothing changed, each as a user runs it."""
    return {
        "full build": portalgen(site, "build"),
        "nothing changed": portalgen(site, "build"),
        "publish to a directory": portalgen(site, "publish"),
        "publish, nothing changed": portalgen(site, "publish"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--transactions", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args()
    results, pages, files = [], 0, 0
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            site = Path(folder) / "site"
            write_site(site, options.customers, options.transactions)
            results.append(run_once(site))
            built = [path.suffix for path in (site / "build/bundles").rglob("*.*") if path.is_file()]
            pages, files = built.count(".html"), len(built)
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "jinja2"))
    print(f"portalgen {__version__}, Python {platform.python_version()}, {versions}; medians of {options.runs} runs")
    print(f"{options.customers:,} customers x {options.transactions} transactions x {LINES} lines, all downloads")
    print(f"{pages:,} pages, {files:,} files")
    for name in results[0]:
        taken = median_of([result[name] for result in results])
        print(f"{name:28}{taken.wall:8.2f} s {taken.cpu:8.2f} s of processors {taken.peak:8.0f} MiB")


if __name__ == "__main__":
    main()
