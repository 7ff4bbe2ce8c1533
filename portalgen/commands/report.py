"""What a verb returns, whoever prints it."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from portalgen.errors import Problem


class Report(Protocol):
    """The outcome of a verb. `exit_code` is 0 when all was done.

    `shows_tokens` is true of the few that are there to show links; in all others, tokens are replaced before printing.
    """

    @property
    def exit_code(self) -> int: ...

    @property
    def shows_tokens(self) -> bool: ...

    def to_json(self) -> Any:
        """The outcome as JSON values; fields are only ever added."""

    def to_text(self) -> str:
        """The outcome for people; may be empty."""

    def problems(self) -> Sequence[Problem]:
        """What went wrong, or is."""

    def warnings(self) -> Sequence[Problem]:
        """What a person should know besides, and that makes nothing wrong."""


class Done:
    """A report of something that was done, with nothing to complain of: what most reports start from."""

    __slots__ = ()

    @property
    def exit_code(self) -> int:
        return 0

    @property
    def shows_tokens(self) -> bool:
        return False

    def problems(self) -> Sequence[Problem]:
        return ()

    def warnings(self) -> Sequence[Problem]:
        return ()


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as `{file, line, column, message, hint}`; 0 and '' where there is none."""
    where = problem.where
    return {
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "message": problem.message,
        "hint": problem.hint,
    }


def table(rows: Iterable[Sequence[object]], heading: Sequence[str]) -> str:
    """Columns aligned with spaces; numbers to the right."""
    cells = [[*heading], *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heading))]
    lines = [
        "  ".join(
            cell.rjust(width) if cell.isdecimal() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]
    return "\n".join(lines)


def plural(count: int, word: str) -> str:
    """`1 link`, `2 links`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
