"""Full builds beside other site generators: pages per second, memory, processors.

    python -m bench.peers [--customers N ...] [--runs N] [--folder DIR] [--subjects NAME ...] [--out FILE]

Each run is a process of its own in a fresh folder below DIR, in memory by default; subjects take turns. Before that, a
small site is built by each, and what its pages say is compared with portalgen's. `python -m bench.plot` draws it.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.build import LINES, write_site
from bench.measuring import DEFAULT_FOLDER, Taken, median_of
from bench.measuring import measure as taken_by
from bench.peers_input import differences, write_input
from portalgen import __version__

HERE = Path(__file__).parent
ROOT = HERE.parent
HUGO = ROOT / "build/publish-venv/bin/hugo"
ELEVENTY = HERE / "peers/eleventy"
TRANSACTIONS = 50
MANY = 100_000
"""Pages from which Hugo does better to collect its garbage as often as by default, and node needs more memory."""


@dataclass(frozen=True, slots=True)
class Subject:
    """`prepare` makes a fresh folder ready, outside of what is measured, for `command`; pages come into `pages`."""

    prepare: Callable[[Path, Path], None]
    command: Callable[[Path, int], Sequence[str | Path]]
    environment: Callable[[Path, int], Mapping[str, str]]
    pages: str


def _nothing(_: Path, __: int) -> Mapping[str, str]:
    return {}


def _portalgen_site(source: Path, folder: Path) -> None:
    shutil.copytree(source / "site", folder / "site")


def _hugo_site(source: Path, folder: Path) -> None:
    shutil.copytree(HERE / "peers/hugo", folder / "site")
    shutil.copytree(source / "json", folder / "site/assets/data")


def _eleventy_site(source: Path, folder: Path) -> None:
    shutil.copytree(ELEVENTY, folder / "site", symlinks=True)
    shutil.copytree(source / "json", folder / "json")


def _writer(source: Path, folder: Path) -> None:
    """The same files as portalgen's, without their contents; the folders are there before the clock starts."""
    built = source / "built/site/build/bundles"
    files = sorted(path for path in built.rglob("*") if path.is_file())
    paths = [path.relative_to(built) for path in files]
    for parent in {path.parent for path in paths}:
        (folder / "files" / parent).mkdir(parents=True, exist_ok=True)
    sizes = (f"{file.stat().st_size} {path}\n" for file, path in zip(files, paths, strict=True))
    (folder / "list").write_text("".join(sizes))
    subprocess.run(["cc", "-O2", "-o", folder / "write", HERE / "peers/write.c"], check=True)


SUBJECTS = {
    "portalgen": Subject(
        _portalgen_site,
        lambda folder, _: [sys.executable, "-m", "portalgen", "build", "--config", folder / "site/config/portals.yaml"],
        _nothing,
        "site/build/bundles",
    ),
    "hugo": Subject(
        _hugo_site,
        lambda folder, _: [HUGO, "--source", folder / "site", "--noBuildLock", "--quiet"],
        lambda folder, pages: {
            "GOGC": "100" if pages > MANY else "400",
            "HUGO_CACHEDIR": str(folder / "cache"),
            "HUGO_MEMORYLIMIT": "20",
        },
        "site/public",
    ),
    "eleventy": Subject(
        _eleventy_site,
        lambda folder, _: ["node", folder / "site/node_modules/@11ty/eleventy/cmd.cjs", "--quiet"],
        lambda folder, pages: {
            "BENCH_DATA": str(folder / "json"),
            "BENCH_OUTPUT": "public",
            "NODE_OPTIONS": f"--max-old-space-size={16_000 if pages > MANY else 8_000}",
        },
        "site/public",
    ),
    "write limit": Subject(
        _writer,
        lambda folder, _: ["sh", "-c", f"'{folder}/write' '{folder}/files' < '{folder}/list'"],
        _nothing,
        "files",
    ),
}


def run_once(name: str, source: Path, folder: Path, pages: int) -> tuple[Taken, int, int]:
    """One run in `folder`, which has to be empty: what it took, and how many pages and bytes there are of it."""
    subject = SUBJECTS[name]
    subject.prepare(source, folder)
    environment = {"PYTHONPATH": str(ROOT), **subject.environment(folder, pages)}
    said = [f"{variable}={value}" for variable, value in environment.items()]
    place = folder / "site" if (folder / "site").is_dir() else folder
    taken = taken_by(["env", "-C", str(place), *said, *(str(part) for part in subject.command(folder, pages))])
    files = [path.stat().st_size for path in (folder / subject.pages).rglob("*.html")]
    return taken, len(files), sum(files)


def prepare(source: Path, customers: int) -> None:
    """The site for portalgen, what it builds, and the JSON for the others."""
    write_site(source / "site", customers, TRANSACTIONS)
    config = source / "site/config/portals.yaml"
    config.write_text(config.read_text().replace("site: {id: bench,", "site: {id: bench, downloads: [],"))
    write_input(source / "site", source / "json")
    shutil.copytree(source / "site", source / "built/site")
    command = [sys.executable, "-m", "portalgen", "build", "--config", source / "built/site/config/portals.yaml"]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def compare(names: Sequence[str], folder: Path | None) -> None:
    """Stop where another generator's pages do not say what portalgen's do."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        source = Path(name) / "source"
        prepare(source, 20)
        for subject in [name for name in names if name in {"hugo", "eleventy"}]:
            place = Path(name) / subject
            place.mkdir()
            run_once(subject, source, place, 0)
            if found := [*differences(source / "built/site/build/bundles", place / SUBJECTS[subject].pages)]:
                sys.exit(f"{subject}: {len(found)} pages differ, such as\n" + "\n".join(found[:5]))
            print(f"{subject}: each page of 20 customers says what portalgen's says", flush=True)


def versions() -> dict[str, str]:
    """Of all that is compared."""
    said = {"portalgen": f"{__version__}, Python {platform.python_version()}"}
    if HUGO.exists():
        said["hugo"] = subprocess.run([HUGO, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    if (ELEVENTY / "node_modules").is_dir():
        package = json.loads((ELEVENTY / "node_modules/@11ty/eleventy/package.json").read_text(encoding="utf-8"))
        node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        said["eleventy"] = f"{package['version']}, node {node}"
    return said


def measure(names: Sequence[str], customers: int, runs: int, folder: Path | None) -> list[dict[str, Any]]:
    """Medians by subject for a site of so many customers."""
    found: dict[str, list[tuple[Taken, int, int]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(dir=folder) as source:
        prepare(Path(source), customers)
        for run in range(runs):
            for name in (*names[run % len(names) :], *names[: run % len(names)]):
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    found[name].append(run_once(name, Path(source), Path(place), customers * TRANSACTIONS))
                taken, pages, _ = found[name][-1]
                took = f"{taken.wall:.2f} s, {taken.cpu:.2f} s of processors, {taken.peak:.0f} MiB"
                print(f"{customers} customers, run {run + 1}, {name}: {took}, {pages} pages", flush=True)
                time.sleep(1)
    return [_median(name, customers, of) for name, of in found.items()]


def _median(name: str, customers: int, found: Sequence[tuple[Taken, int, int]]) -> dict[str, Any]:
    middle = median_of([taken for taken, _, _ in found])
    return {
        "subject": name,
        "customers": customers,
        "pages": found[0][1],
        "bytes": found[0][2],
        "wall": middle.wall,
        "cpu": middle.cpu,
        "peak": middle.peak,
        "runs": len(found),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[100, 1000, 4000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--subjects", nargs="+", default=[*SUBJECTS], choices=[*SUBJECTS])
    parser.add_argument("--out", type=Path, default=ROOT / "build/peers.json")
    options = parser.parse_args()
    names = [name for name in options.subjects if name != "write limit" or shutil.which("cc")]
    compare(names, options.folder)
    results = [each for count in options.customers for each in measure(names, count, options.runs, options.folder)]
    options.out.parent.mkdir(exist_ok=True)
    said = {"versions": versions(), "transactions": TRANSACTIONS, "lines": LINES, "results": results}
    options.out.write_text(json.dumps(said, indent=1), encoding="utf-8")
    print(f"written to {options.out}; `python -m bench.plot` makes table and plot of it")


if __name__ == "__main__":
    main()
