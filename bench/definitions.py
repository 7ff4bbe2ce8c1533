"""Loads and validates many portals from YAML, and makes many from an export, and says how long that takes.

    python bench/definitions.py [--portals N] [--customers N] [--runs N]

N portals with two contacts each stand in one file, or in a hundred that are included; each run is a process of its own.
The first load of a folder parses, later ones read what that came to. Printed are medians over the runs.
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
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path

from portalgen.definitions import load
from portalgen.errors import Location
from portalgen.everyone import with_everyone
from portalgen.grants import links_of
from portalgen.model import Definitions, EveryCustomer, Person, Site

HEAD = "version: 1\nsite: {id: many, title: Many}\n"


def portal(n: int) -> str:
    return (
        f"  customer-{n}:\n    customer: C-{n:06}\n    name: Customer {n}\n"
        "    show: [invoices, orders]\n    contacts:\n"
        f"      ann: {{name: Ann Lee {n}, email: ann{n}@example.com, show: [invoices]}}\n"
        f"      bob: {{name: Bob, email: bob{n}@example.com, show: ALL}}\n"
    )


def write_one(folder: Path, portals: int) -> None:
    (folder / "portals.yaml").write_text(f"{HEAD}portals:\n{''.join(map(portal, range(portals)))}", encoding="utf-8")


def write_hundred(folder: Path, portals: int) -> None:
    (folder / "portals.yaml").write_text(f"{HEAD}include: [portals.d/*.yaml]\n", encoding="utf-8")
    (folder / "portals.d").mkdir()
    for part in range(100):
        text = "".join(portal(n) for n in range(part, portals, 100))
        (folder / f"portals.d/{part:03}.yaml").write_text(f"portals:\n{text}", encoding="utf-8")


def people(customers: int) -> Iterator[Person]:
    for n in range(customers):
        yield Person(f"C-{n:06}", f"Customer {n}", "de")
        yield Person(f"P-{n:06}", f"Ann {n}", "de", f"ann{n}@example.com", f"C-{n:06}")


def everyone(customers: int) -> None:
    every = EveryCustomer(("invoices",), ("invoices",), ("invoices",), ("invoices",), places={"": Location()})
    definitions = Definitions("portals.yaml", Path(), Site("many", "Many"), "", (), (), (), every_customer=every)
    links_of(with_everyone(definitions, people(customers)), date(2026, 11, 30))


def measured(what: str, where: str, count: int) -> None:
    """One run, in a process of its own: prints CPU seconds, wall seconds and peak MiB as JSON."""
    cpu, wall = time.process_time(), time.perf_counter()
    if what == "load":
        load(Path(where))
    else:
        everyone(count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([time.process_time() - cpu, time.perf_counter() - wall, peak]))


def run(what: str, where: Path, count: int = 0) -> list[float]:
    command = [sys.executable, __file__, "--run", what, str(where), str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(value) for value in json.loads(done.stdout)]


def report(what: str, runs: list[list[float]]) -> None:
    cpu, wall, peak = (statistics.median(column) for column in zip(*runs, strict=True))
    print(f"| {what} | {cpu:.2f} | {wall:.2f} | {peak:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--portals", type=int, default=10_000)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.run:
        measured(said.run[0], said.run[1], int(said.run[2]))
        return
    print(f"Python {platform.python_version()}, PyYAML {version('pyyaml')}, pydantic {version('pydantic')}\n")
    print("| | CPU s | wall s | peak MiB |\n|---|---|---|---|")
    for where, write in (("one file", write_one), ("a hundred files", write_hundred)):
        first, again = [], []
        for _ in range(said.runs):
            with tempfile.TemporaryDirectory() as name:
                write(Path(name), said.portals)
                first.append(run("load", Path(name) / "portals.yaml"))
                again.append(run("load", Path(name) / "portals.yaml"))
        report(f"{said.portals:,} portals, {2 * said.portals:,} contacts in {where}", first)
        report("- unchanged, from the cache", again)
    report(
        f"`every_customer` for {said.customers:,} customers with a contact each",
        [run("everyone", Path(), said.customers) for _ in range(said.runs)],
    )


if __name__ == "__main__":
    main()
