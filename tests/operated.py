"""A small site that the command line runs on, and the command line as a process of its own."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from portalgen.keys import key_text

CONFIG = """version: 1
site: {id: small, title: Small & Co, base_url: 'https://portals.example', currency: EUR, as_of: 2026-11-20}
keys: file:config/portalgen.keys
include: [portals.d/*.yaml]
exports:
  - {type: customers, path: exports/customers.csv}
  - {type: invoices, path: "exports/invoices*.csv"}
stores:
  local: {kind: directory, path: site}
roles: {payers: [invoices]}
portals:
  ants: {customer: C-1, show: ALL, contacts: {ann: {show: payers}}}
  bees: {customer: C-2, show: [invoices]}
"""
CUSTOMERS = "id,name\nC-1,Ants\nC-2,Bees\nC-3,Crows\n"
INVOICES = "number,customer_id,date,total\nI-1,C-1,2026-10-01,5.00\nI-2,C-2,2026-10-02,6.00\n"
PATIENCE = 60
"""Seconds: other tests are at work on this machine."""


def write_site(root: Path) -> Path:
    """Write the site below `root`, and return the path of its portals.yaml."""
    files = {"config/portals.yaml": CONFIG, "exports/customers.csv": CUSTOMERS, "exports/invoices.csv": INVOICES}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    keys = root / "config/portalgen.keys"
    keys.write_text(f"a:{key_text(bytes(range(32)))}\n", encoding="ascii")
    keys.chmod(0o600)
    return root / "config/portals.yaml"


def bundle(root: Path, link: str, page: str = "invoices.html") -> str:
    """A page of a built bundle; '' if it is not there."""
    path = root / "build/bundles" / link / page
    return path.read_text("utf-8") if path.is_file() else ""


@dataclass
class Program:
    """`portalgen ...` at work, and what it prints: each line behind `out: ` or `err: `."""

    arguments: tuple[str, ...]
    folder: Path
    lines: "dict[str, queue.Queue[str]]" = field(default_factory=lambda: {"out": queue.Queue(), "err": queue.Queue()})
    seen: list[str] = field(default_factory=list)

    def __enter__(self) -> "Program":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portalgen", *self.arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout
        assert self.process.stderr
        streams = {"out": self.process.stdout, "err": self.process.stderr}
        self._threads = [threading.Thread(target=self._read, args=item) for item in streams.items()]
        for thread in self._threads:
            thread.start()
        return self

    def _read(self, name: str, stream: IO[str]) -> None:
        for line in stream:
            self.lines[name].put(f"{name}: {line.rstrip()}")

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream
            stream.close()

    def wait_for(self, text: str) -> str:
        """The next line that holds `text`, of standard output if it begins with `out: `, else of standard error."""
        until, lines = time.monotonic() + PATIENCE, self.lines["out" if text.startswith("out: ") else "err"]
        while True:
            try:
                line = lines.get(timeout=max(0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line with '{text}' came: {self.seen}") from None
            self.seen.append(line)
            if text in line:
                return line

    def reports_within(self, seconds: float) -> list[str]:
        """The lines of standard output that came within so many seconds."""
        time.sleep(seconds)
        found = {name: [lines.get() for _ in range(lines.qsize())] for name, lines in self.lines.items()}
        self.seen += [*found["out"], *found["err"]]
        return found["out"]

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)
