"""Work is shared by processes, and one that ends takes none of it along."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from portalgen import crew
from portalgen.crew import Crew, DeadlyError
from portalgen.errors import InvalidInputError, Location

Numbers = tuple[int, ...]


def halves(job: Numbers) -> Sequence[Numbers]:
    return [job[: len(job) // 2], job[len(job) // 2 :]] if len(job) > 1 else []


def doubling() -> Callable[[Numbers], list[int]]:
    return lambda job: [2 * number for number in job]


def ending_at(number: int, times: Path, most: int) -> Callable[[Numbers], list[int]]:
    """Ends its process where a job holds `number`, `most` times over all processes; `times` counts them."""

    def do(job: Numbers) -> list[int]:
        if number in job:
            with times.open("a+") as file:
                file.write("x")
                file.flush()
                file.seek(0)
                if len(file.read()) <= most:
                    os.kill(os.getpid(), signal.SIGKILL)
        return [2 * each for each in job]

    return do


def refusing() -> Callable[[Numbers], list[int]]:
    def do(job: Numbers) -> list[int]:
        if 3 in job:
            raise InvalidInputError("three is too many", "take two", Location("numbers.csv", 3))
        return list(job)

    return do


JOBS: list[Numbers] = [(1, 2), (3,), (4, 5, 6), (7,)]


def all_of(crew: Crew[Numbers, list[int]]) -> list[int]:
    return sorted(number for found in crew.do(JOBS) for number in found)


def test_every_job_is_done_once() -> None:
    assert all_of(Crew(2, doubling, halves)) == [2, 4, 6, 8, 10, 12, 14]


@pytest.mark.parametrize("most", [1, 2])
def test_what_a_process_that_was_killed_had_in_hand_is_done_again(tmp_path: Path, most: int) -> None:
    crew = Crew(2, partial(ending_at, 5, tmp_path / "times", most), halves)
    assert all_of(crew) == [2, 4, 6, 8, 10, 12, 14]
    assert (tmp_path / "times").read_text() == "x" * (most + 1)


def test_what_ends_each_process_is_named_alone() -> None:
    with pytest.raises(DeadlyError) as caught:
        all_of(Crew(2, partial(ending_at, 5, Path(os.devnull), 99), halves))
    assert caught.value.job == (5,)


def test_an_error_of_a_job_comes_with_all_it_says() -> None:
    with pytest.raises(InvalidInputError) as caught:
        all_of(Crew(2, refusing, halves))
    assert str(caught.value) == "numbers.csv:3: three is too many\n  hint: take two"


@pytest.mark.parametrize("error", [OSError(38, "Function not implemented"), ImportError("no synchronize")])
def test_where_processes_cannot_share_work_there_is_one(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    assert crew.processors() >= 1
    monkeypatch.setattr("multiprocessing.context.BaseContext.Lock", fail)
    assert crew.processors() == 1


_WAITING = """
import sys, time
from tests.test_crew import Crew, halves, sleeping
if __name__ == "__main__":
    print("begun", flush=True)
    [*Crew(2, sleeping, halves).do([(1,), (2,)])]
"""


def sleeping() -> Callable[[Numbers], list[int]]:
    def do(_: Numbers) -> list[int]:
        Path(f"{os.getpid()}.pid").touch()
        time.sleep(60)
        return []

    return do


def test_no_process_outlives_the_one_that_needs_it(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(_WAITING)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen([sys.executable, "main.py"], cwd=tmp_path, env=environment) as parent:
        deadline = time.monotonic() + 60
        while len(workers := [int(path.stem) for path in tmp_path.glob("*.pid")]) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        parent.kill()
    while any(map(is_running, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
