"""What one command takes, with all processes that it starts, and which files it touches."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PAUSE = 0.05
"""Seconds between two looks at the memory of a command's processes."""
DEFAULT_FOLDER = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # noqa: S108

Files = Mapping[str, tuple[int, int, int]]
"""By path below a folder: the inode, the time of the last write in nanoseconds, the size."""


@dataclass(frozen=True)
class Taken:
    """Seconds on the clock and of the processors; MiB in all processes together at their most; what was printed."""

    wall: float
    cpu: float
    peak: float
    said: str = ""


class Memory:
    """The most memory that the processes of a session had together: shared pages count once (PSS)."""

    def __init__(self, session: int) -> None:
        self.peak = 0.0
        self._session, self._done = session, threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def end(self) -> float:
        self._done.set()
        self._thread.join()
        return self.peak

    def _look_on(self) -> None:
        pause = PAUSE
        while not self._done.wait(pause):
            started = time.perf_counter()
            self.peak = max(self.peak, sum(map(_mib_of, _processes_of(self._session))))
            pause = max(PAUSE, 20 * (time.perf_counter() - started))  # to look takes long where there is much


def _processes_of(session: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if os.getsid(int(entry.name)) == session:
                    yield int(entry.name)


def _mib_of(process: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def measure(command: Sequence[str]) -> Taken:
    """Run a command in a session of its own. Its last line of output is what it said; ends where it fails."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        memory = Memory(process.pid)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        wall = time.perf_counter() - started
        peak, process.returncode = memory.end(), os.waitstatus_to_exitcode(status)
        output.seek(0)
        lines = output.read().decode().strip().splitlines() or [""]
    if process.returncode:
        sys.exit("\n".join([f"{' '.join(command)} failed:", *lines[-20:]]))
    return Taken(wall, usage.ru_utime + usage.ru_stime, peak, lines[-1])


def portalgen(site: Path, *arguments: str) -> Taken:
    """Run portalgen as a user does."""
    return measure([sys.executable, "-m", "portalgen", *arguments, "--config", str(site / "config/portals.yaml")])


def files_in(folder: Path) -> Files:
    """All files below a folder but for the lock of those that are at work in it."""
    found, ahead = {}, [""]
    while ahead:
        below = ahead.pop()
        with suppress(FileNotFoundError), os.scandir(folder / below) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    ahead.append(f"{below}{entry.name}/")
                elif entry.name != ".lock":
                    at = entry.stat(follow_symlinks=False)
                    found[f"{below}{entry.name}"] = (at.st_ino, at.st_mtime_ns, at.st_size)
    return found


def touched(before: Files, after: Files) -> list[str]:
    """The files that were made, written or removed in between."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


def bytes_on_disk(folder: Path) -> int:
    """What the files below a folder take, in whole blocks."""
    return sum(file.lstat().st_blocks * 512 for file in folder.rglob("*"))


def make_sure_of_space(folder: Path, needed: int) -> None:
    """End the program where a folder has not so many bytes left."""
    free = shutil.disk_usage(folder).free
    print(f"about {needed / 1e9:.1f} GB are needed in {folder}, {free / 1e9:.1f} GB are free", file=sys.stderr)
    if needed > free * 0.9:
        sys.exit("that is not enough: say another --folder, or fewer customers")


def median_of(runs: Sequence[Taken]) -> Taken:
    wall, cpu, peak = (statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu", "peak"))
    return Taken(wall, cpu, peak, runs[-1].said)
