"""Builds and publishes 1,000 customers x 50 transactions of 5 lines, and says where the time goes.

    python bench/build.py [--customers N] [--transactions N] [--runs N] [--folder DIR]

Each run is a process of its own that works in a folder of its own below DIR (a memory file system is best: the disk is
then no part of the figures). Printed are medians over the runs.
"""

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from portalgen import __version__, builder
from portalgen.book import Book
from portalgen.commands.build import build
from portalgen.commands.publish import Said, publish
from portalgen.exports import reader
from portalgen.keysources import write_key_file
from portalgen.pages import Renderer
from portalgen.progress import SILENT

TYPES = ("quotes", "orders", "invoices", "credit_notes", "delivery_notes")
LINES = 5
FIRST_DAY = date(2024, 1, 1)


def write_site(folder: Path, customers: int, transactions: int, types: Sequence[str] = TYPES) -> None:
    """Canonical exports and definitions of `customers` customers with `transactions` each, the types in turn."""
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
    write_config(folder, customers, types)


def write_config(folder: Path, customers: int, types: Sequence[str] = TYPES) -> None:
    exports = "".join(
        f"  - {{type: {type_}, path: exports/{type_}.csv, lines: exports/{type_}_lines.csv}}\n" for type_ in types
    )
    portals = "".join(f"  c{n}: {{customer: C-{n:06}, show: ALL}}\n" for n in range(customers))
    (folder / "config/portals.yaml").write_text(
        "version: 1\nsite: {id: bench, title: Bench, base_url: 'https://portals.example', as_of: 2026-11-22}\n"
        f"keys: file:config/portalgen.keys\nexports:\n  - {{type: customers, path: exports/customers.csv}}\n{exports}"
        f"stores:\n  local: {{kind: directory, path: site}}\nportals:\n{portals}",
        encoding="utf-8",
    )


class Clock:
    """Seconds by stage, gathered by wrapping the product's own functions from outside."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def function(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds[stage] += time.perf_counter() - started

        return timed

    def generator(self, stage: str, function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def timed(*arguments: Any, **options: Any) -> Iterator[Any]:
            items = function(*arguments, **options)
            while True:
                started = time.perf_counter()
                try:
                    item = next(items)
                except StopIteration:
                    return
                finally:
                    self.seconds[stage] += time.perf_counter() - started
                yield item

        return timed


def run_once(folder: Path) -> dict[str, Any]:
    """One full build and publish of the site in `folder`, and a second one of each with nothing changed."""
    clock = Clock()
    Book.accounts = clock.generator("read", Book.accounts)  # type: ignore[method-assign]
    Renderer.render = clock.generator("render", Renderer.render)  # type: ignore[method-assign]
    builder._write_page = clock.function("write", builder._write_page)
    reading = reader.read_exports

    class TimedReading:
        def __init__(self, *arguments: Any) -> None:
            self.book = reading(*arguments)

        def __enter__(self) -> Book:
            return clock.function("read", self.book.__enter__)()  # type: ignore[no-any-return]

        def __exit__(self, *arguments: Any) -> None:
            self.book.__exit__(*arguments)

    reader.read_exports = TimedReading  # type: ignore[assignment,misc]
    config = folder / "config/portals.yaml"

    def timed(verb: Callable[[], Any]) -> tuple[float, Any]:
        started = time.perf_counter()
        report = verb()
        return time.perf_counter() - started, report

    full, report = timed(lambda: build(config))
    stages = dict(clock.seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    unchanged, _ = timed(lambda: build(config))
    published, done = timed(lambda: publish(config, None, Said(), SILENT))
    again, _ = timed(lambda: publish(config, None, Said(), SILENT))
    return {
        "pages": report.built.pages,
        "full build": full,
        **stages,
        "other": full - sum(stages.values()),
        "peak MiB, build": peak,
        "unchanged build": unchanged,
        "publish (with an unchanged build)": published,
        "objects": done.published.uploaded,
        "publish, nothing changed": again,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--transactions", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm") if Path("/dev/shm").is_dir() else None)  # noqa: S108
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(run_once(options.once)))
        return
    results = []
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            write_site(Path(folder) / "site", options.customers, options.transactions)
            command = [sys.executable, __file__, "--once", str(Path(folder) / "site")]
            results.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "jinja2"))
    print(f"portalgen {__version__}, Python {platform.python_version()}, {versions}")
    print(f"{options.customers:,} customers x {options.transactions} transactions x {LINES} lines")
    medians = {name: statistics.median(result[name] for result in results) for name in results[0]}
    print(f"{'pages per second':36}{medians['pages'] / medians['full build']:>10,.0f}")
    for name, value in medians.items():
        whole = name in {"pages", "objects", "peak MiB, build"}
        print(f"{name:36}{value:>10,.0f}" if whole else f"{name:36}{value:>10.2f} s")


if __name__ == "__main__":
    main()
