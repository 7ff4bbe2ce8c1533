"""What a verb returns, whoever prints it."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from portalgen.errors import NOWHERE, Problem, printable, shown
from portalgen.exports.report import MOST_VALUES, LeftOutValue, ReadingReport
from portalgen.model import STATEMENT, Documents, Refused, Waiting

_SHOWN, _FEW = 20, 10
_NAMED = 5


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


def counted(type_: str, count: int) -> str:
    """`1 credit note`, `2 credit notes`."""
    words = type_.replace("_", " ")
    return f"{count:,} {words.removesuffix('s') if count == 1 else words}"


def documents_told(documents: Documents) -> str:
    """`2 invoices (INV-1, INV-2), 12 quotes`: few are named, of many there is the count."""
    return ", ".join(
        documents_counted(type_, numbers) + (f" ({', '.join(numbers)})" if len(numbers) <= _NAMED else "")
        for type_, numbers in documents.items()
        if numbers
    )


def documents_counted(type_: str, numbers: Sequence[str]) -> str:
    """`12 quotes`; of a statement, how many documents it names."""
    named = f"statement naming {plural(len(numbers), 'document')}"
    return named if type_ == STATEMENT else counted(type_, len(numbers))


def waiting_lines(waiting: Waiting) -> list[str]:
    """A line for each link at which something waits."""
    return [
        f"{id_}: {', '.join(counted(type_, count) for type_, count in types.items())}" for id_, types in waiting.items()
    ]


def waiting_json(waiting: Waiting) -> Any:
    """By link, how many documents of each type wait."""
    return [{"portal": id_.portal, "contact": id_.contact, "types": dict(types)} for id_, types in waiting.items()]


def waits(waiting: Waiting) -> list[Problem]:
    """What links do not show before somebody accepts it: they were granted it by something else than themselves."""
    lines = [f"{line} not shown yet: granted, but not by its own definition" for line in waiting_lines(waiting)]
    if len(lines) > _SHOWN:
        lines[_SHOWN:] = [f"and {plural(len(lines) - _SHOWN, 'link')} more"]
    hint = "`portalgen accept LINK`, or `portalgen accept --all`"
    return [Problem(NOWHERE, line, hint if line == lines[-1] else "") for line in lines]


def told(reading: ReadingReport) -> list[Problem]:
    """What reading the exports has to tell, as warnings: what does not add up, and what is held back."""
    held_back = [
        Problem(reject.where, f"{reject.type}: {reject.number} is held back: {reject.reason}")
        for reject in reading.rejects[:_SHOWN]
    ]
    if len(reading.rejects) > _SHOWN:
        held_back.append(Problem(NOWHERE, f"and {len(reading.rejects) - _SHOWN} more reasons to hold documents back"))
    return [*reading.warnings, *held_back]


def not_made(refused: Iterable[Refused]) -> list[Problem]:
    """Why bundles were not made."""
    hint = "what was published for it before stays; mend the exports"
    return [
        Problem(problem.where, f"{each.id}: {problem.message}", problem.hint or hint)
        for each in refused
        for problem in each.problems
    ]


def left_out(reading: ReadingReport) -> list[str]:
    """A line for each export of which something was left out."""
    lines = []
    for export in reading.exports:
        parts = [f"{count:,} {reason}" for reason, count in export.left_out.items()]
        parts += [f"{len(export.others):,} files of another type"] * bool(export.others)
        parts += [f"{export.held_back:,} held back"] * bool(export.held_back)
        if parts:
            read = f"{export.shown:,} from {plural(export.rows, 'row')}"
            lines.append(f"{export.type}: {read}; left out: {', '.join(parts)}")
        if export.left_out_values:
            lines.append(f"  by `rows`: {values_told(export.left_out_values)}")
    return lines


def values_told(values: Sequence[LeftOutValue]) -> str:
    """The most frequent values that `rows` left out, each with its count, and how many more values there are."""
    said = []
    for heading in dict.fromkeys(each.heading for each in values[:_FEW]):
        under = [each for each in values[:_FEW] if each.heading == heading]
        texts = ", ".join(f"{shown(each.value) if each.value else 'blank'} {each.count:,}" for each in under)
        said.append(printable(f"{heading}: {texts}"))
    if len(values) > _FEW:
        least = "at least " if len(values) >= MOST_VALUES else ""
        said.append(f"and {least}{len(values) - _FEW:,} more values")
    return "; ".join(said)


def values_json(values: Sequence[LeftOutValue]) -> Any:
    """The most frequent values that `rows` left out."""
    return [{"heading": each.heading, "value": each.value, "count": each.count} for each in values[:_FEW]]


def exports_json(reading: ReadingReport) -> Any:
    """What became of each export."""
    return [
        {
            "type": export.type,
            "files": list(export.files),
            "rows": export.rows,
            "shown": export.shown,
            "left_out": dict(export.left_out),
            "left_out_values": values_json(export.left_out_values),
            "dropped_columns": list(export.dropped),
            "files_of_other_types": list(export.others),
            "held_back": export.held_back,
        }
        for export in reading.exports
    ]


def plural(count: int, word: str) -> str:
    """`1 link`, `2 links`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
