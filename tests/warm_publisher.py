"""A program that has imported all of portalgen, and forks a process for each run of it that it is asked for.

A test can kill or stop such a process like any other, at a fraction of what starting it costs. The program reads a JSON
object a line: {"do": "start", ...} is answered with the process's id, {"do": "wait", "process": id} with its exit code.
"""

import datetime
import importlib
import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

import duckdb

from portalgen.cli import main
from portalgen.definitions import load
from portalgen.pipeline import build
from portalgen.stores import s3

_LONGEST_PAUSE = 15
"""Seconds; a lease is renewed no more often."""

LOADED = (duckdb, s3)
"""What a run would import as it goes."""


def serve() -> None:
    """Answer each line of the standard input until that ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "warm":
            build(load(Path(asked["config"])), datetime.date(2026, 11, 22))
            answer = {"threads": threading.active_count()}
        elif asked["do"] == "start":
            answer = {"process": _start(asked)}
        else:
            _, status = os.waitpid(asked["process"], 0)
            answer = {"code": os.waitstatus_to_exitcode(status)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _start(asked: dict[str, Any]) -> int:
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        _become(asked)
        main(asked["arguments"])
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become(asked: dict[str, Any]) -> None:
    """Take on what is asked of this process: where it writes, what it finds around it, and how its clock goes."""
    for number, name in enumerate(("/dev/null", f"{asked['output']}.out", f"{asked['output']}.err")):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.update(asked["environment"])
    for name, value in asked["settings"].items():
        module, _, attribute = name.partition(":")
        owner = importlib.import_module(module)
        if not hasattr(owner, attribute):
            raise AttributeError(f"{name} is not there to be set")
        setattr(owner, attribute, value)
    if asked["largest_file"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["largest_file"], resource.RLIM_INFINITY))
    if asked["pace"] != 1:
        _hurry(asked["pace"])
    if asked["ahead"]:
        _shift(asked["ahead"])


def _hurry(pace: int) -> None:
    """Pauses between tries are `pace` times as short. What waits for longer than any of these is a clock."""
    sleep, wait = time.sleep, threading.Event.wait

    def hurried_sleep(seconds: float) -> None:
        sleep(seconds / pace)

    def hurried_wait(event: threading.Event, timeout: float | None = None) -> bool:
        return wait(event, timeout / pace if timeout and timeout < _LONGEST_PAUSE else timeout)

    for owner, name, hurried in ((time, "sleep", hurried_sleep), (threading.Event, "wait", hurried_wait)):
        setattr(owner, name, hurried)


def _shift(seconds: int) -> None:
    """All clocks of this process but the monotonic ones go ahead by `seconds`, or behind."""
    real, clock, by = datetime.datetime, time.time, datetime.timedelta(seconds=seconds)

    class Shifted(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Shifted":
            moment = real.now(tz) + by
            return cls.fromtimestamp(moment.timestamp(), tz)

        @classmethod
        def utcnow(cls) -> "Shifted":
            moment = cls.now(datetime.UTC)
            return moment.replace(tzinfo=None)

    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()):
            if value is real:
                setattr(module, name, Shifted)
    time.time = lambda: clock() + seconds


if __name__ == "__main__":
    serve()
