"""How soon `portalgen watch` has a bundle ready after a definition, or one row of an export, was saved.

    python -m bench.watching [--customers N] [--transactions N] [--edits N] [--settle SECONDS] [--folder DIR]

The portals stand in files of ten, which portals.yaml includes. The time begins when the file is saved. `watch` says
what changed once it has been left alone long enough (200 ms, of exports `--settle`) and begins to build; the bundle is
finished when its manifest is there anew; the last line is printed when all is done. Figures are medians, in seconds.
"""

import argparse
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from types import TracebackType

from bench.build import LINES, TYPES, write_site
from bench.measuring import DEFAULT_FOLDER
from bench.site_edits import change_documents, first_documents, split_portals

PATIENCE = 300
"""Seconds after which something is taken for broken."""
BETWEEN = 1
"""Seconds that nothing happens between two edits."""


@dataclass(frozen=True)
class Edit:
    """Seconds from a file's being saved until the build began, the bundle was finished, and the last line printed."""

    begun: float
    finished: float
    told: float


class Program:
    """`portalgen watch`, with the moment at which it printed each line."""

    def __init__(self, *command: str) -> None:
        self._lines: queue.Queue[tuple[float, str]] = queue.Queue()
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> "Program":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put((time.perf_counter(), line.strip()))

    def printed(self, text: str) -> float:
        """When a line with `text` in it was printed. Any other line, but for those before it, is a failure."""
        seen = []
        with suppress(queue.Empty):
            while True:
                moment, line = self._lines.get(timeout=PATIENCE)
                seen.append(line)
                if text in line:
                    return moment
        sys.exit("\n".join([f"'{text}' was not printed; but this was:", *seen]))


def timed(program: Program, manifest: Path, save: Callable[[], None]) -> Edit:
    before = manifest.stat().st_mtime_ns
    save()
    saved = time.perf_counter()
    while not _is_new(manifest, before):
        if time.perf_counter() - saved > PATIENCE:
            sys.exit(f"{manifest} was not written")
        time.sleep(0.002)
    finished = time.perf_counter()
    begun, told = program.printed(" changed: "), program.printed(" bundles in ")
    time.sleep(BETWEEN)
    return Edit(begun - saved, finished - saved, told - saved)


def _is_new(manifest: Path, before: int) -> bool:
    with suppress(FileNotFoundError):
        return manifest.stat().st_mtime_ns != before
    return False


def show_less_or_all(definitions: Path, portal: str) -> None:
    """Let a portal show two types of documents; or all, if it showed these."""
    text = definitions.read_text()
    [line] = [line for line in text.splitlines() if line.startswith(f"  {portal}: ")]
    less, every = "show: [invoices, orders]", "show: ALL"
    other = line.replace(every, less) if every in line else line.replace(less, every)
    beside = definitions.with_suffix(".new")
    beside.write_text(text.replace(line, other))
    beside.replace(definitions)


def run(site: Path, options: argparse.Namespace) -> dict[str, list[Edit]]:
    write_site(site, options.customers, options.transactions)
    files = max(1, options.customers // 10)
    split_portals(site, files)
    n = options.customers // 2
    definitions, manifest = site / f"config/portals.d/{n % files:03}.yaml", site / f"build/manifests/c{n}/_.json"
    numbers = first_documents("invoices", TYPES.index("invoices"), [n])
    config = str(site / "config/portals.yaml")
    command = [sys.executable, "-m", "portalgen", "watch", "--config", config, "--settle", str(options.settle)]
    edits: dict[str, tuple[float, Callable[[], None]]] = {
        "a portal's definition": (1, lambda: show_less_or_all(definitions, f"c{n}")),
        "one row of an export": (3, lambda: change_documents(site, "invoices", numbers)),
    }
    with Program(*command) as program:
        program.printed(" bundles in ")
        time.sleep(BETWEEN)
        return {
            f"{name} (goal: under {goal} s)": [timed(program, manifest, save) for _ in range(options.edits)]
            for name, (goal, save) in edits.items()
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--transactions", type=int, default=10)
    parser.add_argument("--edits", type=int, default=5)
    parser.add_argument("--settle", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        results = run(Path(folder) / "site", options)
    print(f"{options.customers:,} portals x {options.transactions} transactions x {LINES} lines, ", end="")
    print(f"--settle {options.settle}; medians of {options.edits}\n")
    print("| saved | build began | bundle finished | all done, and told |\n|---|---|---|---|")
    for name, edits in results.items():
        medians = [statistics.median(column) for column in zip(*map(astuple, edits), strict=True)]
        print(f"| {name} | {' | '.join(f'{each:.2f}' for each in medians)} |")


if __name__ == "__main__":
    main()
