"""`portalgen inspect FILE`: whose export a file is, how it would be read, and the entry that reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import wrap
from typing import Any, get_args

from portalgen.commands.report import counted, plural, problem_json, values_json, values_told
from portalgen.errors import InvalidInputError, Problem
from portalgen.exports.inspect_entry import block, printable
from portalgen.exports.inspect_examine import Examined, Mapped, Style
from portalgen.exports.inspect_files import FileLook
from portalgen.exports.inspect_systems import Fit
from portalgen.exports.inspection import FileInspection, Finding, Inspection, Leftover
from portalgen.exports.inspection import inspect as inspect_files
from portalgen.model import TRANSACTION_TYPES
from portalgen.schema import Type

TYPES: tuple[str, ...] = get_args(Type)
"""The types that an export may have."""
_WIDTH = 80
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "'|'"}
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Inspected:
    """The report of an inspection."""

    inspection: Inspection

    @property
    def exit_code(self) -> int:
        return InvalidInputError.exit_code if self.inspection.problems else 0

    @property
    def shows_tokens(self) -> bool:
        return False

    def problems(self) -> Sequence[Problem]:
        return self.inspection.problems

    def warnings(self) -> Sequence[Problem]:
        return ()

    def to_json(self) -> Any:
        return {
            "errors": [problem_json(problem) for problem in self.inspection.problems],
            "files": [_file_json(file) for file in self.inspection.files],
            "block": self.inspection.block,
        }

    def to_text(self) -> str:
        lines = [line for file in self.inspection.files for line in _file_lines(file)]
        if self.inspection.block:
            lines += ["to paste into portals.yaml:", "", self.inspection.block]
        return "\n".join(lines)


def inspect(paths: Sequence[str], profile: str | None, type_: str | None) -> Inspected:
    """Inspect files, folders and patterns. Nothing is written. Raises InvalidInputError."""
    return Inspected(inspect_files(paths, Path(), profile or "", type_ or ""))


def _file_lines(file: FileInspection) -> Iterator[str]:
    yield printable(file.look.path)
    yield from _fact("file", ", ".join(_about(file)))
    for problem in file.look.problems[:_SHOWN]:
        yield from _fact("not read", str(replace(problem, hint="")))
        yield from _fact("", f"hint: {problem.hint}") if problem.hint else ()
    for finding in file.findings:
        yield ""
        yield from _finding_lines(finding, file.look)
    for leftover in file.leftovers:
        if leftover.lines_of or not file.findings:
            yield ""
            yield from _leftover_lines(leftover, is_beside=not file.findings)
    if file.findings and (others := [each.table for each in file.leftovers if not each.lines_of]):
        yield ""
        yield from _fact("not known", ", ".join(others))
    yield ""


def _about(file: FileInspection) -> Iterator[str]:
    look = file.look
    yield look.format
    if look.encoding:
        guessed = " (by its bytes)" if "encoding" in look.declared else ""
        yield f"{look.encoding}{guessed}"
    if look.delimiter:
        yield _DELIMITERS.get(look.delimiter, look.delimiter)
    lines = {finding.examined.heading_line for finding in file.findings} - {0}
    if len(lines) == 1:
        yield f"heading in row {lines.pop()}"
    if len(look.files) > 1:
        yield plural(len(look.files), "e-invoice")
    what = {"xlsx": "sheets", "sqlite": "tables", "json": "records in"}.get(look.format, "")
    names = [table.name or "the outermost list" for table in look.tables]
    if what and (len(names) > 1 or look.format == "json"):
        yield f"{what} {', '.join(names)}"
        lists = sorted({name for table in look.tables for name in table.lists})
        if lists:
            yield f"lists in them: {', '.join(lists)}"


def _finding_lines(finding: Finding, look: FileLook) -> Iterator[str]:
    examined = finding.examined
    table = f" [{finding.table}]" if len(look.tables) > 1 else ""
    yield f"{finding.entry.type}{printable(table)}"
    yield from _system_lines(finding)
    yield from _mapping_lines(finding.entry.type, examined.columns)
    if examined.line_columns:
        yield from _mapping_lines("lines", examined.line_columns)
    yield from _unread_lines(examined)
    if finding.entry.type in TRANSACTION_TYPES:
        yield from _fact("dates", _style(examined.dates, "dates"))
    if finding.entry.type in {*TRANSACTION_TYPES, "products"}:
        yield from _fact("decimals", _style(examined.decimals, "decimal"))
    yield from _fact("rows", _counts(finding))
    if examined.left_out_values:
        yield from _fact("left out", values_told(examined.left_out_values))
    if examined.statuses:
        yield from _fact("statuses", "; ".join(_statuses(examined)))
    if not examined.names_currency:
        yield from _fact("currency", "not every row names one: give the site one, site: {currency: ...}")
    yield from _problem_lines("check would refuse this", examined.problems)
    yield from _problem_lines("check would warn", examined.warnings)


def _system_lines(finding: Finding) -> Iterator[str]:
    if finding.guess and finding.guess.is_own:
        yield from _fact("system", "the columns are portalgen's own")
        return
    if finding.fit is None:
        yield from _fact("system", "none that is known; guessed by the names of the columns, to be checked")
        return
    yield from _fact("system", f"{finding.fit.title} (profile {finding.fit.profile}){_score(finding.fit)}")
    if finding.fit.missing:
        yield from _fact("", f"not there: {', '.join(finding.fit.missing)}")
    for rival in finding.rivals[:5]:
        same = rival.profile == finding.fit.profile
        option = f"--type {rival.type}" if same else f"--profile {rival.profile} --type {rival.type}"
        yield from _fact("", f"or {rival.profile}, {rival.type}{_score(rival)}: {option}")


def _score(fit: Fit) -> str:
    if not fit.sought:
        return ""
    return f": {fit.recognised} of {plural(len(fit.sought), 'telling heading')}, fills {plural(fit.mapped, 'column')}"


def _mapping_lines(name: str, columns: Sequence[Mapped]) -> Iterator[str]:
    rows = [(each, " + ".join(map(printable, each.headings)) or "(not a heading)") for each in columns]
    width = min(26, max((len(heading) for _, heading in rows), default=0))
    yield f"  {name}"
    for each, heading in rows:
        begin = f"    {each.column:16} <- {heading:{width}}  "
        yield f"{begin}{_few(each.samples, _WIDTH - len(begin))}".rstrip()


def _few(samples: Sequence[str], room: int) -> str:
    """As many of the samples as there is room for."""
    kept = [sample for number, sample in enumerate(samples) if len(" | ".join(samples[: number + 1])) <= room]
    return " | ".join(kept) or "".join(samples[:1])[: max(room, 0)]


def _unread_lines(examined: Examined) -> Iterator[str]:
    open_ = [title for title in examined.unread if title not in examined.private]
    if open_:
        yield from _fact("not read", ", ".join(open_))
    if examined.private:
        yield from _fact("private", f"never read, by their names: {', '.join(examined.private)}")


def _style(style: Style, key: str) -> str:
    said = " or ".join(f"'{setting}'" for setting in style.settings)
    if style.is_open:
        what = "not all alike" if style.verdict == "contradicted" else "every one can be read in two ways"
        return f"{'; '.join(style.readings[:2])}; {what}: say {key}: {said}"
    if style.verdict == "nothing to tell":
        return "nothing in the file depends on how they are written"
    return f"{said} ({style.verdict})"


def _counts(finding: Finding) -> str:
    examined, type_ = finding.examined, finding.entry.type
    parts = [f"{plural(examined.rows, 'row')}: {counted(type_, examined.documents)}"]
    if type_ in TRANSACTION_TYPES:
        parts[0] += f" with {plural(examined.lines, 'line')}"
    if examined.shown is not None and type_ in TRANSACTION_TYPES:
        parts.append(f"{examined.shown:,} shown")
    parts += [f"left out: {count:,} {reason}" for reason, count in examined.left_out.items()]
    parts += [f"{plural(examined.others, 'file')} of another type"] * bool(examined.others)
    return "; ".join(parts)


def _statuses(examined: Examined) -> Iterator[str]:
    for status in examined.statuses[:20]:
        word = f" as {status.word}" if status.word and status.word != status.written else ""
        fate = "hidden, since no setting names it" if status.verdict == "unknown" else status.verdict
        yield f"{status.written} ({status.count:,}): {fate}{word}"


def _problem_lines(title: str, problems: Sequence[Problem]) -> Iterator[str]:
    if problems:
        yield f"  {title}:"
    last = ""
    for problem in problems[:_SHOWN]:
        yield f"    {replace(problem, hint='')}"
        if problem.hint and problem.hint != last:
            yield f"      hint: {printable(problem.hint)}"
        last = problem.hint
    if len(problems) > _SHOWN:
        yield f"    and {len(problems) - _SHOWN:,} more"


def _leftover_lines(leftover: Leftover, *, is_beside: bool) -> Iterator[str]:
    yield f"[{printable(leftover.table)}]" if leftover.table else "not known"
    if leftover.lines_of and is_beside:
        yield from _fact(
            "system", f"these are lines of {leftover.lines_of}: inspect the file of those, beside this one"
        )
    elif leftover.lines_of:
        yield from _fact("system", f"these are lines of {leftover.lines_of}: they are read from a file of their own")
    else:
        yield from _fact("system", "none that is known, and its columns are those of no export")
    if leftover.nearest and not leftover.lines_of:
        near = leftover.nearest
        yield from _fact("nearest", f"{near.profile}, {near.type}{_score(near)}; not there: {', '.join(near.missing)}")
    yield from _fact("headings", ", ".join(leftover.heading))


def _fact(name: str, fact: str) -> Iterator[str]:
    begin = f"  {name:9} "
    yield from wrap(
        printable(fact), _WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin), break_on_hyphens=False
    )


def _file_json(file: FileInspection) -> Any:
    look = file.look
    return {
        "path": look.path,
        "files": len(look.files),
        "format": look.format,
        "encoding": look.encoding,
        "delimiter": look.delimiter,
        "declared": dict(look.declared),
        "tables": [{"name": table.name, "lists": list(table.lists)} for table in look.tables],
        "problems": [problem_json(problem) for problem in look.problems],
        "exports": [_finding_json(finding) for finding in file.findings],
        "not_known": [
            {
                "table": each.table,
                "headings": list(each.heading),
                "lines_of": each.lines_of,
                "nearest": _fit_json(each.nearest) if each.nearest else None,
            }
            for each in file.leftovers
        ],
    }


def _finding_json(finding: Finding) -> Any:
    examined = finding.examined
    return {
        "table": finding.table,
        "type": finding.entry.type,
        "system": _fit_json(finding.fit) if finding.fit else None,
        "rivals": [_fit_json(fit) for fit in finding.rivals],
        "guessed": finding.guess is not None,
        "heading_row": examined.heading_line,
        "columns": [_mapped_json(each) for each in examined.columns],
        "line_columns": [_mapped_json(each) for each in examined.line_columns],
        "not_read": examined.unread,
        "private": examined.private,
        "dates": _style_json(examined.dates),
        "decimals": _style_json(examined.decimals),
        "rows": examined.rows,
        "documents": examined.documents,
        "lines": examined.lines,
        "shown": examined.shown,
        "left_out": examined.left_out,
        "left_out_values": values_json(examined.left_out_values),
        "files_of_other_types": examined.others,
        "statuses": [
            {"status": each.written, "count": each.count, "verdict": each.verdict, "word": each.word}
            for each in examined.statuses
        ],
        "names_currency": examined.names_currency,
        "problems": [problem_json(problem) for problem in examined.problems],
        "warnings": [problem_json(problem) for problem in examined.warnings],
        "entry": finding.entry.keys,
        "block": block([finding.entry]),
    }


def _fit_json(fit: Fit) -> Any:
    return {
        "profile": fit.profile,
        "type": fit.type,
        "recognised": fit.recognised,
        "of": len(fit.sought),
        "missing": fit.missing,
        "columns": fit.mapped,
    }


def _mapped_json(mapped: Mapped) -> Any:
    return {"column": mapped.column, "headings": list(mapped.headings), "samples": list(mapped.samples)}


def _style_json(style: Style) -> Any:
    return {"verdict": style.verdict, "settings": list(style.settings), "readings": list(style.readings)}
