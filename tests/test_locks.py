"""One run at a time in a build folder: real processes, killed and not."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from portalgen.cli import main
from portalgen.errors import BusyError
from portalgen.locks import locked
from tests.operated import write_site

HOLD = """
import sys
from pathlib import Path
from portalgen.locks import locked
with locked(Path(sys.argv[1]), "publish"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock of a build folder until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_run_is_told_which_is_at_work_and_since_when(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as other, pytest.raises(BusyError) as caught, locked(tmp_path, "run"):
        pass
    said = str(caught.value)
    assert f"another run is at work in {tmp_path}: `portalgen publish`, process {other.pid}, since 20" in said
    assert caught.value.exit_code == 4


def test_the_lock_ends_with_the_process_that_is_killed(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as other:
        other.kill()
        other.wait()
        assert (tmp_path / ".lock").read_text("ascii") != "", "what it said is left"
        with locked(tmp_path, "run"):
            said = json.loads((tmp_path / ".lock").read_text("ascii"))
    assert (said["verb"], said["pid"]) == ("run", os.getpid())
    assert (tmp_path / ".lock").read_text("ascii") == ""


def test_the_lock_ends_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="oops"), locked(tmp_path, "run"):
        raise ValueError("oops")
    with locked(tmp_path, "run"):
        pass


def test_the_thread_that_has_it_may_ask_again_and_no_other(tmp_path: Path) -> None:
    outcomes: list[str] = []

    def ask() -> None:
        try:
            with locked(tmp_path, "build"):
                outcomes.append("got it")
        except BusyError:
            outcomes.append("busy")

    with locked(tmp_path, "run"):
        ask()
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        assert "BusyError: another run is at work" in asked_by_another(tmp_path)
    assert outcomes == ["got it", "busy"], "and the inner end is not the outer one's"


def asked_by_another(folder: Path) -> str:
    """What another process says that wants the lock."""
    done = subprocess.run(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    return done.stdout + done.stderr


def test_a_lock_that_says_nonsense_is_a_lock_all_the_same(tmp_path: Path) -> None:
    with held_by_another(tmp_path):
        (tmp_path / ".lock").write_text("{", encoding="ascii")
        with pytest.raises(BusyError, match=r"another run is at work in .*\n  hint"), locked(tmp_path, "run"):
            pass


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_the_lock_is_no_link_to_another_file(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine", encoding="ascii")
    (tmp_path / ".lock").symlink_to("precious")
    with pytest.raises(OSError, match="symbolic links"), locked(tmp_path, "run"):
        pass
    assert (tmp_path / "precious").read_text("ascii") == "mine"


@pytest.mark.parametrize("verb", ["build", "plan", "publish", "run"])
def test_no_verb_builds_while_another_run_does(verb: str, tmp_path: Path) -> None:
    config = write_site(tmp_path)
    with held_by_another(tmp_path / "build"):
        result = CliRunner().invoke(main, [verb, "--config", str(config), "--json"])
    assert result.exit_code == 4
    [error] = json.loads(result.stdout)["errors"]
    assert "another run is at work" in error["message"]
    assert not (tmp_path / "build/bundles").exists()
    assert not (tmp_path / "site").exists()
    assert CliRunner().invoke(main, [verb, "--config", str(config)]).exit_code == 0
