"""The table of faults in docs/reliability.md, which the tests that try them out write."""

import fcntl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs/reliability.md"
HEADING = "| fault | where | times | the run | after it | the next run |"
_RULE = "|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Row:
    """What was done how often, and what came of it. `fault` and `where` name the row."""

    fault: str
    where: str
    times: str
    run: str
    after: str
    next: str

    def __str__(self) -> str:
        return f"| {self.fault} | {self.where} | {self.times} | {self.run} | {self.after} | {self.next} |"


def rows() -> list[Row]:
    """Those that stand on the page."""
    with PAGE.open(encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        return _rows_in(file.read())


def _rows_in(text: str) -> list[Row]:
    lines = text.splitlines()
    start = lines.index(HEADING) + 2
    table = [line for line in lines[start:] if line.startswith("| ")]
    return [Row(*(cell.strip() for cell in line.strip("| ").split(" | "))) for line in table]


def write(row: Row, order: Sequence[tuple[str, str]]) -> None:
    """Write a row where it belongs, in place of the one of its name, and drop those that `order` does not name."""
    with PAGE.open("r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # other tests write theirs at the same time
        text = file.read()
        by_name = {(each.fault, each.where): each for each in [*_rows_in(text), row]}
        start = text.index(HEADING)
        kept = [str(by_name[name]) for name in order if name in by_name]
        file.seek(0)
        file.write(text[:start] + "\n".join([HEADING, _RULE, *kept, ""]))
        file.truncate()
