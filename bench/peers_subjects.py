"""What bench/peers.py compares: command lines tuned as somebody would who knows each of the programs well."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.measuring import Taken, measure
from portalgen import __version__

HERE = Path(__file__).parent
ROOT = HERE.parent
ELEVENTY = HERE / "peers/eleventy"
MANY = 100_000
"""Documents from which Hugo does better to collect its garbage as often as by default, and node needs more memory."""


@dataclass(frozen=True, slots=True)
class Subject:
    """`prepare` makes a fresh folder ready, outside of what is measured, for `command`; pages come into `pages`."""

    prepare: Callable[[Path, Path], None]
    command: Callable[[Path, int], Sequence[str | Path]]
    environment: Callable[[Path, int], Mapping[str, str]]
    pages: str


def _nothing(_: Path, __: int) -> Mapping[str, str]:
    return {}


def hugo() -> Path:
    """The program itself: what its package calls `hugo` is a script of Python that starts it."""
    found = [*(ROOT / "build/publish-venv").glob("lib/python3*/site-packages/hugo/binaries/hugo*")]
    if not found:
        sys.exit("hugo is not installed: make bench-peers does that")
    return found[0]


def _portalgen_site(source: Path, folder: Path) -> None:
    shutil.copytree(source / "site", folder / "site")


def _hugo_site(source: Path, folder: Path) -> None:
    shutil.copytree(HERE / "peers/hugo", folder / "site")
    shutil.copytree(source / "json", folder / "site/assets/data")


def _eleventy_site(source: Path, folder: Path) -> None:
    if not (ELEVENTY / "node_modules").is_dir():
        sys.exit("eleventy is not installed: make bench-peers does that")
    shutil.copytree(ELEVENTY, folder / "site", symlinks=True)
    shutil.copytree(source / "json", folder / "json")


def _writer(source: Path, folder: Path) -> None:
    """As many threads as are faster here: on a file system that is kept in memory, two may wait for each other."""
    subprocess.run(["cc", "-O2", "-pthread", "-o", folder / "write", HERE / "peers/write.c"], check=True)
    (folder / "list").symlink_to(source / "list")
    took = {}
    for threads in ("1", "2"):
        trial = folder / "trial"
        trial.mkdir()
        took[threads] = measure([str(folder / "write"), str(trial), str(folder / "list"), threads]).wall
        shutil.rmtree(trial)
    (folder / "files").mkdir()
    (folder / "threads").write_text(min(took, key=lambda threads: took[threads]))


def _write(folder: Path, _: int) -> Sequence[str | Path]:
    return [folder / "write", folder / "files", folder / "list", (folder / "threads").read_text()]


SUBJECTS = {
    "portalgen": Subject(
        _portalgen_site,
        lambda folder, _: [sys.executable, "-m", "portalgen", "build", "--config", folder / "site/config/portals.yaml"],
        _nothing,
        "site/build/bundles",
    ),
    "hugo": Subject(
        _hugo_site,
        lambda folder, _: [hugo(), "--source", folder / "site", "--noBuildLock", "--quiet", "--logLevel", "error"],
        lambda folder, documents: {
            "GOGC": "100" if documents > MANY else "400",
            "HUGO_CACHEDIR": str(folder / "cache"),
            "HUGO_MEMORYLIMIT": "20",
        },
        "site/public",
    ),
    "eleventy": Subject(
        _eleventy_site,
        lambda folder, _: ["node", folder / "site/node_modules/@11ty/eleventy/cmd.cjs", "--quiet"],
        lambda folder, documents: {
            "BENCH_DATA": str(folder / "json"),
            "BENCH_OUTPUT": "public",
            "NODE_OPTIONS": f"--max-old-space-size={16_000 if documents > MANY else 8_000}",
        },
        "site/public",
    ),
    "write limit": Subject(_writer, _write, _nothing, "files"),
}
PEERS = ("hugo", "eleventy")


@dataclass(frozen=True, slots=True)
class Run:
    """What one build took, and the pages that there are of it, with their bytes."""

    taken: Taken
    pages: int
    size: int


def run_once(name: str, source: Path, folder: Path, documents: int) -> Run:
    """One run in `folder`, which has to be empty, of what `source` holds."""
    subject = SUBJECTS[name]
    subject.prepare(source, folder)
    environment = {"PYTHONPATH": str(ROOT), **subject.environment(folder, documents)}
    said = [f"{variable}={value}" for variable, value in environment.items()]
    place = folder / "site" if (folder / "site").is_dir() else folder
    taken = measure(["env", "-C", str(place), *said, *(str(part) for part in subject.command(folder, documents))])
    files = [path.stat().st_size for path in (folder / subject.pages).rglob("*.html")]
    return Run(taken, len(files), sum(files))


def versions() -> dict[str, str]:
    """Of all that is compared and installed."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "jinja2"))
    said = {"portalgen": f"{__version__}, Python {platform.python_version()}, {libraries}"}
    said["hugo"] = _output([hugo(), "version"]).split()[1].partition("-")[0].removeprefix("v")
    package = json.loads((ELEVENTY / "node_modules/@11ty/eleventy/package.json").read_text(encoding="utf-8"))
    said["eleventy"] = f"{package['version']}, node {_output(['node', '--version']).strip().removeprefix('v')}"
    return said


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} processors, {memory:.0f} GiB"


def _output(command: Sequence[str | Path]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
