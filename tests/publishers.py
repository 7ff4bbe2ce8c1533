"""Publishers that tests start, kill, stop and wait for: processes of their own, forked from one that is warm."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[1]
PACE = 100
"""How many times shorter pauses between tries are than users have them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run said. `code` is its exit code, or minus the signal that ended it."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a publisher finds around it.

    `settings` sets attributes of modules, as 'package.module:NAME'. `ahead` is by how many seconds its clock goes
    wrong. A file that grows beyond `largest_file` bytes cannot be written to its end; 0: any can. `pace`: see PACE.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    ahead: int = 0
    largest_file: int = 0
    pace: int = PACE


USUAL = Conditions()


@dataclass(slots=True)
class Running:
    """A publisher at work."""

    process: int
    _program: "Publishers"
    _output: Path

    def kill(self) -> None:
        """As `kill -9`."""
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)

    def stop(self) -> None:
        """As a laptop that is closed."""
        os.kill(self.process, signal.SIGSTOP)

    def go_on(self) -> None:
        """Wake it up."""
        os.kill(self.process, signal.SIGCONT)

    def wait(self, timeout: float = 60) -> Outcome:
        """What it said. Ends it where it hangs, which makes its code -9."""
        timer = Timer(timeout, self.kill)
        timer.start()
        try:
            code = self._program.ask({"do": "wait", "process": self.process})["code"]
        finally:
            timer.cancel()
            timer.join()
        return _outcome(code, self._output)


@dataclass(slots=True)
class Apart:
    """A publisher at work whose process nothing else made."""

    _process: "subprocess.Popen[bytes]"
    _output: Path

    def wait(self, timeout: float = 120) -> Outcome:
        """As Running.wait."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return _outcome(code, self._output)


def _outcome(code: int, output: Path) -> Outcome:
    return Outcome(code, *(Path(f"{output}.{end}").read_text(encoding="utf-8") for end in ("out", "err")))


class Publishers:
    """A context manager. `folder` takes what the runs print."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._environment |= {**environment, "PYTHONPATH": str(ROOT)}
        self._started = 0

    def __enter__(self) -> Self:
        self._program = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/warm_publisher.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._program.communicate(timeout=60)

    def ask(self, what: Mapping[str, Any]) -> Any:
        """The program's answer."""
        stdin, stdout = self._program.stdin, self._program.stdout
        assert stdin
        assert stdout
        stdin.write(json.dumps(what) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    def warm(self, config: Path) -> None:
        """Have it build once, so that those which it forks need not load what never changes."""
        assert self.ask({"do": "warm", "config": str(config)})["threads"] == 1, "a thread would be lost by a fork"

    def start(self, arguments: Sequence[str], conditions: Conditions = USUAL) -> Running:
        """Start `portalgen` with `arguments`."""
        self._started += 1
        output = self._folder / f"run-{self._started}"
        asked = {
            "do": "start",
            "arguments": [*arguments],
            "output": str(output),
            "settings": {**conditions.settings},
            "environment": {**conditions.environment},
            "ahead": conditions.ahead,
            "largest_file": conditions.largest_file,
            "pace": conditions.pace,
        }
        return Running(self.ask(asked)["process"], self, output)

    def start_anew(self, arguments: Sequence[str]) -> "Apart":
        """Start `python -m portalgen` with `arguments`: nothing of it is warm."""
        self._started += 1
        output = self._folder / f"run-{self._started}"
        with Path(f"{output}.out").open("wb") as out, Path(f"{output}.err").open("wb") as errors:
            command = [sys.executable, "-m", "portalgen", *arguments]
            return Apart(subprocess.Popen(command, stdout=out, stderr=errors, env=self._environment), output)

    def run(self, arguments: Sequence[str], conditions: Conditions = USUAL) -> Outcome:
        """Run `portalgen` with `arguments` to its end."""
        return self.start(arguments, conditions).wait()
