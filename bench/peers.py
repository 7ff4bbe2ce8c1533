"""Full builds beside other site generators: pages per second, memory, processors.

    python -m bench.peers [--customers N ...] [--runs N] [--folder DIR] [--subjects NAME ...] [--out FILE]

Each run is a process of its own in a fresh folder below DIR, in memory by default; subjects take turns. Before that, a
small site is built by each, and its pages are compared with portalgen's: elements, attributes, words. Results go to
FILE as JSON, and `python -m bench.plot` makes the table and the picture of docs/performance.md from it.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.build import LINES, write_site
from bench.measuring import DEFAULT_FOLDER, make_sure_of_space, median_of
from bench.peers_input import differences, size_of, write_input
from bench.peers_subjects import PEERS, ROOT, SUBJECTS, Run, machine, run_once, versions
from bench.plot import table

TRANSACTIONS = 50
FEW = 20
"""Customers whose pages are compared."""
BYTES_APART = 0.02
BYTES_A_CUSTOMER = 1_000_000
"""What input and pages of one customer take while they are built, whole blocks and copies included."""
HOSTILE = {"Thank you": "1 < 2 & <b>'thank you'</b>", "in a box": "in a <i>box</i> &amp; 'more'"}
"""What stands in the texts of the site that is compared, instead of what does otherwise: all have to escape it."""


def prepare(source: Path, customers: int, words: dict[str, str] | None = None) -> Path:
    """The site for portalgen, the JSON for the others, and a list of what portalgen builds; where that is."""
    write_site(source / "site", customers, TRANSACTIONS, site="downloads: [], pages: document")
    for file in (source / "site/exports").iterdir():
        text = file.read_text(encoding="utf-8")
        for said, instead in (words or {}).items():
            text = text.replace(said, instead)
        file.write_text(text, encoding="utf-8")
    write_input(source / "site", source / "json")
    shutil.copytree(source / "site", source / "built")
    command = [sys.executable, "-m", "portalgen", "build", "--config", source / "built/config/portals.yaml"]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    built = source / "built/build/bundles"
    files = sorted(path for path in built.rglob("*") if path.is_file())
    (source / "list").write_text("".join(f"{file.stat().st_size} {file.relative_to(built)}\n" for file in files))
    return built


def compare(names: Sequence[str], folder: Path | None) -> None:
    """Stop where another generator's pages are not portalgen's."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        ours = prepare(Path(name) / "source", FEW, HOSTILE)
        for subject in [name for name in names if name in PEERS]:
            place = Path(name) / subject
            place.mkdir()
            run = run_once(subject, Path(name) / "source", place, 0)
            if found := [*differences(ours, place / SUBJECTS[subject].pages)]:
                sys.exit(f"{subject}: {len(found)} pages differ, such as\n" + "\n".join(found[:5]))
            apart = run.size / size_of(ours) - 1
            if abs(apart) > BYTES_APART:
                sys.exit(f"{subject}: its pages have {apart:+.1%} of portalgen's bytes")
            said = "have the elements, attributes and words of portalgen's"
            print(
                f"{subject}: all {run.pages:,} pages of {FEW} customers {said}, and {apart:+.2%} of the bytes",
                flush=True,
            )


def measure(names: Sequence[str], customers: int, runs: int, folder: Path | None) -> list[dict[str, Any]]:
    """Medians by subject for a site of so many customers."""
    found: dict[str, list[Run]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(dir=folder) as source:
        prepare(Path(source), customers)
        shutil.rmtree(Path(source) / "built")
        for run in range(runs):
            for name in (*names[run % len(names) :], *names[: run % len(names)]):
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    found[name].append(run_once(name, Path(source), Path(place), customers * TRANSACTIONS))
                taken, pages = found[name][-1].taken, found[name][-1].pages
                took = f"{taken.wall:.2f} s, {taken.cpu:.2f} s of processors, {taken.peak:.0f} MiB"
                print(f"{customers:,} customers, run {run + 1}, {name}: {took}, {pages:,} pages", flush=True)
                time.sleep(1)
    return [median(name, customers, of) for name, of in found.items()]


def median(name: str, customers: int, runs: Sequence[Run]) -> dict[str, Any]:
    middle = median_of([run.taken for run in runs])
    said = {"subject": name, "customers": customers, "pages": runs[0].pages, "bytes": runs[0].size}
    walls = [round(run.taken.wall, 3) for run in runs]
    return {**said, "wall": statistics.median(walls), "cpu": middle.cpu, "peak": middle.peak, "walls": walls}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[100, 1000, 4000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--subjects", nargs="+", default=[*SUBJECTS], choices=[*SUBJECTS])
    parser.add_argument("--out", type=Path, default=ROOT / "build/peers.json")
    options = parser.parse_args()
    names = options.subjects
    if "write limit" in names and not shutil.which("cc"):
        print("there is no C compiler (cc), so the write limit is not measured")
        names = [name for name in names if name != "write limit"]
    make_sure_of_space(options.folder or Path(tempfile.gettempdir()), max(options.customers) * BYTES_A_CUSTOMER)
    compare(names, options.folder)
    said: dict[str, Any] = {"versions": versions(), "machine": machine(), "transactions": TRANSACTIONS, "lines": LINES}
    said["results"] = []
    options.out.parent.mkdir(exist_ok=True)
    for count in options.customers:
        said["results"] += measure(names, count, options.runs, options.folder)
        options.out.write_text(json.dumps(said, indent=1), encoding="utf-8")
    print(f"\n{table(said)}\nwritten to {options.out}; `python -m bench.plot` makes docs/performance.md of it")


if __name__ == "__main__":
    main()
