"""How far work has come: who is told, and how it is shown."""

import io
import re

from rich.console import Console

from portalgen.cli.progress import Bar, Lines
from portalgen.progress import BUILD, READ, SEND, SILENT, UPLOAD, Timed

SECOND = 1_000_000_000


class Hands:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = 5 * SECOND

    def __call__(self) -> int:
        return self.now


def told(total: int, counts: list[tuple[int, int]], doing: str = UPLOAD) -> list[str]:
    """The lines, without their times, for `counts` of things, each done after so many milliseconds."""
    clock, said = Hands(), list[str]()
    lines = Lines(said.append, clock)
    lines.begin(total, doing)
    for milliseconds, count in counts:
        clock.now += milliseconds * 1_000_000
        lines(count)
    assert all(re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in said)
    return [line.partition("Z ")[2] for line in said]


def test_a_line_says_count_rate_and_time_left() -> None:
    assert told(20_000, [(6885, 4200)]) == ["uploaded 4,200 of 20,000, 610/s, 26 s left"]


def test_there_is_a_line_for_each_tenth() -> None:
    lines = told(100, [(200, 1)] * 100)
    assert len(lines) == 10
    assert lines[0].startswith("uploaded 10 of 100, 5/s")
    assert lines[-1] == "uploaded 100 of 100, 5/s"


def test_there_is_a_line_every_ten_seconds_where_a_tenth_takes_longer() -> None:
    lines = told(1_000_000, [(1000, 7)] * 60)
    assert [int(line.split()[1].strip(",")) for line in lines] == [70, 140, 210, 280, 350, 420]
    assert "1,000,000, 7/s, 39 h 40 min left" in lines[0]


def test_short_work_has_no_line() -> None:
    assert told(1000, [(9, 10)] * 100) == []


def test_what_nobody_counts_beforehand_has_a_count_and_a_rate() -> None:
    assert told(0, [(11_000, 22)], SEND) == ["sent 22, 2/s"]


def test_a_stage_begins_at_nothing() -> None:
    clock, said = Hands(), list[str]()
    lines = Lines(said.append, clock)
    for stage in (BUILD, UPLOAD):
        lines.begin(10, stage)
        clock.now += 2 * SECOND
        lines(5)
    first, second = (line.partition("Z ")[2] for line in said)
    assert (first, second) == ("built 5 of 10, 2/s, 2 s left", "uploaded 5 of 10, 2/s, 2 s left")


def test_a_bar_on_a_terminal_shows_the_same_and_is_gone_afterwards() -> None:
    screen = io.StringIO()
    with Bar(Console(file=screen, force_terminal=True, width=100)) as bar:
        bar.begin(20_000, UPLOAD)
        bar(4200)
        bar._bars.refresh()
        shown = screen.getvalue()
    assert "upload" in shown
    assert "4,200 of 20,000" in shown
    assert screen.getvalue()[len(shown) :].endswith("\x1b[2K"), "the line is cleared"


def test_a_bar_that_nothing_began_writes_nothing() -> None:
    screen = io.StringIO()
    with Bar(Console(file=screen, force_terminal=True)):
        pass
    assert screen.getvalue() == ""


def test_stages_are_timed_and_one_that_comes_twice_is_added_up() -> None:
    clock = Hands()
    timed = Timed(SILENT, clock)
    for stage, milliseconds in ((READ, 1500), (BUILD, 250), (READ, 500)):
        timed.begin(0, stage)
        clock.now += milliseconds * 1_000_000
        timed(1)
    assert timed.stages == {READ: 1500, BUILD: 250}
    timed.end()
    clock.now += SECOND
    timed.end()
    assert timed.stages == {READ: 2000, BUILD: 250}
