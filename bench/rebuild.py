"""How long `portalgen build` takes when an export came: the same one, one that says the same, one with changes.

    python -m bench.rebuild [--customers N] [--transactions N] [--runs N] [--folder DIR]
    python -m bench.rebuild --memory [--sizes N ...] [--transactions N]
    python -m bench.rebuild --large [--customers N] [--transactions N] [--site DIR]

Each build is a process of its own, as a user starts it; each run has a folder of its own below DIR (a memory file
system is best), and goes through these cases, one after the other:

  full           nothing is built yet
  same           the very same files again: no file may be written
  reordered      all exports are written anew, their rows in another order
  changed        one document of one customer in a hundred changed
  template       a template of the user's own, for invoices

Beside them: a bare scan of the same files by DuckDB; a build of one customer with nothing changed, for what a process
takes to start; and the very same files again where exports are ten times as large and one customer in a thousand of
theirs has a portal, for what comparing exports takes, not bundles. Figures are medians: seconds on the clock, seconds
of the processors, MiB in all processes together at their most (PSS), and files made, written or removed in build/.

`--memory` builds sites of several sizes with `pages: year`. `--large` builds 10,000,000 lines of 200,000 customers who
have portals by `every_customer`, then changes one document of one customer in a thousand. Both first build a small
site, say how many bytes all of it will take, and end if these are not free. With `--site` the large site is kept, and
used again if it is there.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import measuring
from bench.build import LINES, TYPES, write_site
from bench.measuring import Taken, median_of, portalgen
from bench.site_edits import (
    OWN_TEMPLATE,
    bytes_of_exports,
    change_documents,
    exports_of,
    first_documents,
    give_everyone_a_portal,
    keep_portals,
    say,
    shuffle_rows,
    spread,
)

FEW_TYPES = ("invoices", "credit_notes")
SAMPLE = 100
"""Customers of the small site by which the bytes of a large one are estimated."""


@dataclass(frozen=True)
class Case:
    """What a build took, and how many files of build/ it touched."""

    taken: Taken
    files: int


def build(site: Path) -> Case:
    before = measuring.files_in(site / "build")
    taken = portalgen(site, "build")
    return Case(taken, len(measuring.touched(before, measuring.files_in(site / "build"))))


def changed(customers: int, share: float) -> int:
    return max(1, round(customers * share))


def run(folder: Path, customers: int, transactions: int, results: dict[str, list[Case]]) -> tuple[int, int]:
    """All cases, once. Returns how many bytes the exports have, and those with few portals."""
    site, small, few = folder / "site", folder / "small", folder / "few"
    write_site(small, 1, transactions)
    build(small)
    results["start"].append(build(small))
    write_site(few, 10 * customers, transactions)
    keep_portals(few, max(1, customers // 100))
    build(few)
    results["same, few portals"].append(build(few))
    write_site(site, customers, transactions)
    results["full"].append(build(site))
    results["same"].append(build(site))
    shuffle_rows(site)
    results["reordered"].append(build(site))
    command = [sys.executable, "-m", "bench.scan", *map(str, exports_of(site))]
    results["bare scan"].append(Case(measuring.measure(command), 0))
    numbers = first_documents("invoices", TYPES.index("invoices"), spread(customers, changed(customers, 0.01)))
    change_documents(site, "invoices", numbers)
    results["changed"].append(build(site))
    (site / "templates").mkdir()
    (site / "templates/invoice.html").write_text(OWN_TEMPLATE)
    results["template"].append(build(site))
    return bytes_of_exports(site), bytes_of_exports(few)


def print_table(cases: dict[str, Case]) -> None:
    print("| | wall s | CPU s | peak MiB | files |\n|---|---|---|---|---|")
    for name, case in cases.items():
        each = case.taken
        print(f"| {name} | {each.wall:.2f} | {each.cpu:.2f} | {each.peak:.0f} | {case.files:,} |")
    print()
    for name, case in cases.items():
        if case.taken.said:
            print(f"{name}: {case.taken.said}")


def print_goals(goals: dict[str, tuple[float, float]]) -> None:
    print("\n| | measured | goal | |\n|---|---|---|---|")
    for name, (found, goal) in goals.items():
        print(f"| {name} | {found:,.2f} | {goal:,.2f} | {'reached' if found <= goal else 'MISSED'} |")


def compare(options: argparse.Namespace) -> None:
    results: defaultdict[str, list[Case]] = defaultdict(list)
    size = large_size = 0
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            size, large_size = run(Path(folder), options.customers, options.transactions, results)
    cases = {name: Case(median_of([case.taken for case in found]), found[-1].files) for name, found in results.items()}
    wall = {name: case.taken.wall for name, case in cases.items()}
    share = changed(options.customers, 0.01) / options.customers
    print(f"{options.customers:,} customers x {options.transactions} transactions x {LINES} lines, ", end="")
    print(f"{size / 1e6:.1f} MB of exports; medians of {options.runs}\n")
    print_table(cases)
    print_goals(
        {
            "same: files touched": (max(case.files for case in results["same"]), 0),
            "same, few portals: s for each GB, without starting": (
                (wall["same, few portals"] - wall["start"]) / (large_size / 1e9),
                1,
            ),
            "same, few portals: s for each GB": (wall["same, few portals"] / (large_size / 1e9), 1),
            "same: s for each GB": (wall["same"] / (size / 1e9), 1),
            "same: s for each GB, without starting": ((wall["same"] - wall["start"]) / (size / 1e9), 1),
            "same: s, against 1/60 of the full build": (wall["same"], wall["full"] / 60),
            "reordered: s, against 3 bare scans": (wall["reordered"], 3 * wall["bare scan"]),
            "reordered: files touched but for standing.json": (max(case.files for case in results["reordered"]) - 1, 0),
            "changed: s, against reordered + 2 x share x full": (
                wall["changed"],
                wall["reordered"] + 2 * share * wall["full"],
            ),
        }
    )


def estimated(folder: Path | None, customers: int, transactions: int, prepare: Callable[[Path, int, int], None]) -> int:
    """How many bytes a site of so many customers will take, by a small one."""
    with tempfile.TemporaryDirectory(dir=folder) as small:
        prepare(Path(small) / "site", SAMPLE, transactions)
        build(Path(small) / "site")
        return measuring.bytes_on_disk(Path(small)) * customers // SAMPLE


def write_years(site: Path, customers: int, transactions: int) -> None:
    write_site(site, customers, transactions)
    say(site, pages="year", downloads="[]")


def write_large(site: Path, customers: int, transactions: int) -> None:
    write_site(site, customers, transactions, FEW_TYPES)
    say(site, pages="all", downloads="[]")
    give_everyone_a_portal(site, "invoices")


def memory(options: argparse.Namespace) -> None:
    """The most memory that builds of several sizes take."""
    print(f"`pages: year`, {options.transactions} transactions x {LINES} lines for each customer\n")
    print("| customers | | wall s | CPU s | peak MiB | goal: under 600 |\n|---|---|---|---|---|---|")
    for customers in options.sizes:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            needed = estimated(options.folder, customers, options.transactions, write_years)
            measuring.make_sure_of_space(Path(folder), needed)
            site = Path(folder) / "site"
            write_years(site, customers, options.transactions)
            first = build(site).taken
            shuffle_rows(site)
            for name, taken in (("first", first), ("reordered", build(site).taken)):
                met = "reached" if taken.peak < 600 else "MISSED"
                print(f"| {customers:,} | {name} | {taken.wall:.1f} | {taken.cpu:.1f} | {taken.peak:.0f} | {met} |")


def large(options: argparse.Namespace, folder: Path) -> None:
    """A large site: its first build, unless it is there, and those after it."""
    site, cases, customers = folder / "site", {}, options.customers
    if not (site / "build/standing.json").is_file():
        needed = estimated(options.folder, customers, options.transactions, write_large)
        measuring.make_sure_of_space(folder, needed)
        write_large(site, customers, options.transactions)
        cases["full"] = build(site)
    cases["same"] = build(site)
    count = changed(customers, 0.001)
    change_documents(site, "invoices", first_documents("invoices", 0, spread(customers, count)))
    cases["changed"] = build(site)
    size, lines = bytes_of_exports(site), customers * options.transactions * LINES
    print(f"{customers:,} customers, {lines:,} lines, {size / 1e9:.2f} GB of exports, ", end="")
    print(f"{count:,} customers changed; one run\n")
    print_table(cases)
    print_goals(
        {
            "same: s for each GB": (cases["same"].taken.wall / (size / 1e9), 1),
            "changed: s": (cases["changed"].taken.wall, 60),
            "changed: peak MiB": (cases["changed"].taken.peak, 1024),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, help="1,000, or 200,000 with --large")
    parser.add_argument("--transactions", type=int, help="for each customer: 50, or 10 with --large")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 4_000, 40_000])
    parser.add_argument("--folder", type=Path, default=measuring.DEFAULT_FOLDER)
    parser.add_argument("--site", type=Path, metavar="DIR", help="keeps the large site")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--memory", action="store_true")
    kind.add_argument("--large", action="store_true")
    options = parser.parse_args()
    options.customers = options.customers or (200_000 if options.large else 1_000)
    options.transactions = options.transactions or (10 if options.large else 50)
    if options.memory:
        memory(options)
    elif options.large and options.site:
        options.site.mkdir(parents=True, exist_ok=True)
        large(options, options.site)
    elif options.large:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            large(options, Path(folder))
    else:
        compare(options)


if __name__ == "__main__":
    main()
