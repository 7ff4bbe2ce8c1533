"""What exports are: whose, of which types, how they would be read, what would come of it, and the entries that do it.

Files are read where they are; copies that reading needs lie in a temporary folder. Nothing is written elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

from portalgen.database import Database
from portalgen.errors import InvalidInputError, Location, Problem
from portalgen.exports.files import Place
from portalgen.exports.inspect_drafts import (
    guessed_entry,
    mark,
    mark_discount,
    note_choices,
    note_encoding,
    note_name,
    note_rivals,
    note_statuses,
)
from portalgen.exports.inspect_entry import Entry, block
from portalgen.exports.inspect_examine import Examined, examine
from portalgen.exports.inspect_files import FileLook, TableLook, look, rows_with_lines, subjects
from portalgen.exports.inspect_guess import Guess, guess, lines_in
from portalgen.exports.inspect_systems import Fit, choose, fits
from portalgen.exports.profiles import load_profile, packaged_names
from portalgen.model import TRANSACTION_TYPES

_MOST_NEIGHBOURS, _LARGEST_NEIGHBOUR = 40, 64 * 1024 * 1024
_ENOUGH = 3
LINES_MISSING = "LINES-FILE-MISSING"
"""Stands in an entry for the path of the file of lines, where none was found."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One way to read a table: `fit` tells the system, `guess` what was guessed where there is none.

    `rivals` are other systems, or other types of the same, whose headings are all there, too.
    """

    table: str
    entry: Entry
    examined: Examined
    fit: Fit | None = None
    guess: Guess | None = None
    rivals: tuple[Fit, ...] = ()


@dataclass(frozen=True, slots=True)
class Leftover:
    """A table that nothing reads: its titles, the system that comes nearest, and whose lines it has, if any."""

    table: str
    heading: tuple[str, ...]
    nearest: Fit | None = None
    lines_of: str = ""


@dataclass(slots=True)
class FileInspection:
    """What is in one file, or one folder's e-invoices."""

    look: FileLook
    findings: list[Finding] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)


@dataclass(slots=True)
class Inspection:
    """What is in all files asked for; `problems` are why some could not be looked at."""

    files: list[FileInspection] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def block(self) -> str:
        """The entries of all files, to be pasted; '' without any."""
        entries = [finding.entry for file in self.files for finding in file.findings]
        return block(entries) if entries else ""


@dataclass(slots=True)
class _Seen:
    """A table of a file with the fits of it."""

    look: FileLook
    table: TableLook
    fits: list[Fit]
    chosen: list[Fit]


def inspect(paths: Sequence[str], root: Path, profile: str = "", type_: str = "") -> Inspection:
    """Inspect files, folders and patterns below `root`; by one profile alone, or as one type alone, if that is given.

    Raises InvalidInputError where there is nothing to look at, for an unknown profile, and where nothing can be read.
    """
    names = [profile] if profile else packaged_names()
    if profile:
        known = load_profile(profile, root, Location()).types
        if type_ and type_ not in known:
            hint = f"it has {', '.join(known)}"
            raise InvalidInputError(f"profile '{profile}' does not say how to read {type_}", hint)
    inspector = _Inspector(root, names, type_, is_given=bool(profile))
    for path in paths:
        for name, files in subjects(path, root):
            inspector.see(name, files)
    result = Inspection(problems=inspector.problems)
    result.files = [inspector.inspected(seen) for seen in inspector.looks]
    if not result.files:
        raise InvalidInputError.of(inspector.problems)
    return result


class _Inspector:
    """Looks at all files first, so that what one of them is can tell what the others are."""

    def __init__(self, root: Path, names: Sequence[str], type_: str, *, is_given: bool) -> None:
        self._root = root
        self._names = names
        self._type = type_
        self._is_given = is_given
        self._tables: dict[str, list[_Seen]] = {}
        self.looks: list[FileLook] = []
        self.problems: list[Problem] = []

    def see(self, path: str, files: tuple[Path, ...]) -> None:
        """Look at one subject; what is wrong with it is among the problems."""
        try:
            seen = self._look(path, files)
        except InvalidInputError as error:
            self.problems += error.problems
            return
        if path not in {other.path for other in self.looks}:
            self.looks.append(seen)

    def _look(self, path: str, files: tuple[Path, ...]) -> FileLook:
        with TemporaryDirectory(prefix="portalgen-") as name, Database(Path(name)) as database:
            seen = look(path, files, Place(self._root, Path(name), database))
        self._tables[path] = [self._fitted(seen, table) for table in seen.tables]
        return seen

    def _fitted(self, seen: FileLook, table: TableLook) -> _Seen:
        found = fits(seen, table, self._names, self._type, self._root)
        chosen = choose(found)
        if not chosen and self._is_given:
            partly = [fit for fit in found if not fit.is_lines and (fit.recognised or self._type)]
            chosen = partly[:1]
        return _Seen(seen, table, found, chosen)

    def inspected(self, seen: FileLook) -> FileInspection:
        """What is in a file that was looked at."""
        result = FileInspection(seen)
        if seen.is_document:
            result.findings = [*self._documents(seen)]
            return result
        own_lines: set[str] = set()
        for table in self._tables[seen.path]:
            for finding in self._of_system(table) or self._guessed(table):
                result.findings.append(finding)
                lines = finding.entry.keys.get("lines", {})
                own_lines.add(lines.get("sheet", "") or (finding.fit and _lines_sheet(finding.fit)) or "")
        read = {finding.table for finding in result.findings} | own_lines
        for table in self._tables[seen.path]:
            if table.table.name not in read or not result.findings:
                result.leftovers.append(self._leftover(table))
        return result

    def _documents(self, seen: FileLook) -> Iterator[Finding]:
        for name in self._names:
            profile = load_profile(name, self._root, Location(seen.path))
            types = [type_ for type_ in ("customers", *seen.types) if type_ in profile.types]
            if profile.defaults.format == seen.format or self._is_given:
                for type_ in types:
                    if self._type in {"", type_}:
                        entry = Entry({"type": type_, "path": seen.path, "profile": name, **seen.declared})
                        fit = Fit(name, profile.title, type_, entry.keys, profile.defaults, (), 0, (), 0)
                        yield Finding("", entry, examine(entry, self._root), fit)

    def _of_system(self, seen: _Seen) -> list[Finding]:
        """What the chosen fits read; of those that rows tell apart, only such as have rows."""
        chosen = self._preferred(seen)
        found = []
        for fit in chosen:
            entry = Entry(dict(fit.keys))
            has_lines = self._add_lines(entry, fit, seen)
            note_encoding(entry)
            examined = examine(entry, self._root, fit.heading, has_lines=has_lines)
            note_choices(entry, examined)
            rivals = tuple(
                other for other in seen.fits if other.is_whole and not other.is_lines and other not in chosen
            )
            note_rivals(entry, fit, rivals)
            note_name(entry)
            found.append(Finding(seen.table.name, entry, examined, fit, rivals=rivals))
        return [finding for finding in found if finding.examined.documents] or found[:1]

    def _preferred(self, seen: _Seen) -> list[Fit]:
        """The chosen fits, or those of an equal rival that other files are surely of."""
        if not seen.chosen:
            return []
        best = seen.chosen[0]
        equal = [fit for fit in seen.fits if fit.is_whole and fit.rank == best.rank and fit.profile != best.profile]
        if equal and (sure := self._sure() & {best.profile, *(fit.profile for fit in equal)}):
            return choose([fit for fit in seen.fits if fit.profile == min(sure)])
        return seen.chosen

    def _sure(self) -> set[str]:
        """The systems that other files are of without a doubt."""
        return {
            table.chosen[0].profile
            for tables in self._tables.values()
            for table in tables
            if table.chosen and len({fit.profile for fit in table.fits if fit.is_whole}) == 1
        }

    def _add_lines(self, entry: Entry, fit: Fit, seen: _Seen) -> bool:
        """Name the file of the lines in an entry that needs one; whether there is one."""
        lines = fit.settings.lines
        if not lines or fit.settings.layout != "two-files" or lines.path or lines.sheet:
            return True
        mine = [
            (other, line_fit)
            for other in self._neighbours(seen.look)
            for line_fit in other.fits
            if line_fit.is_lines and (line_fit.profile, line_fit.type) == (fit.profile, fit.type)
        ]
        if not mine:
            entry.keys["lines"] = {"path": LINES_MISSING}
            entry.notes.append("the lines of these are in a file of their own, which was not found: name it")
            return False
        other, _ = max(mine, key=lambda pair: (pair[1].mapped, _likeness(pair[0], seen)))
        entry.keys["lines"] = {"path": other.look.path}
        entry.keys |= {key: value for key, value in other.look.declared.items() if key == "encoding"}
        return True

    def _neighbours(self, seen: FileLook) -> Iterator[_Seen]:
        """The tables of other files in the same folder that end like this one."""
        file = seen.files[0]
        others = [other for other in sorted(file.parent.glob("*")) if other != file and other.is_file()]
        likely = [
            other
            for other in others
            if other.suffixes[-1:] == file.suffixes[-1:] and other.stat().st_size < _LARGEST_NEIGHBOUR
        ]
        for other in likely[:_MOST_NEIGHBOURS]:
            path = str(Path(seen.path).with_name(other.name))
            if path not in self._tables:
                try:
                    self._look(path, (other,))
                except InvalidInputError:
                    self._tables[path] = []
            yield from self._tables[path]

    def _guessed(self, seen: _Seen) -> list[Finding]:
        found = guess(seen.look, seen.table, self._type)
        if self._is_given or not found or found.is_lines or len(found.missing) > 1:
            return []
        entry = guessed_entry(found, seen.look, seen.table)
        note_encoding(entry)
        if found.type in TRANSACTION_TYPES and not found.lines:
            self._guess_lines(entry, found, seen)
        examined = examine(entry, self._root, found.heading)
        note_choices(entry, examined)
        note_statuses(entry, examined)
        return [Finding(seen.table.name, entry, examined, guess=found)]

    def _guess_lines(self, entry: Entry, found: Guess, seen: _Seen) -> None:
        """Add to an entry where its lines are: in each record, in another table of the file, or in a file beside it."""
        is_json = seen.look.format == "json"
        if is_json and (self._guess_lines_in_records(entry, seen) or len(self._tables[seen.look.path]) < 2):
            return
        inside = [other for other in self._tables[seen.look.path] if other is not seen]
        for other in inside or sorted(self._neighbours(seen.look), key=lambda other: -_likeness(other, seen)):
            lines = guess(other.look, other.table, found.type)
            if lines and lines.is_lines and not lines.missing:
                where = {"records" if is_json else "sheet": other.table.name} if inside else {"path": other.look.path}
                if not inside and len(self._tables[other.look.path]) > 1:
                    where["sheet"] = other.table.name
                said = {} if lines.is_own and found.is_own else {"columns": dict(lines.columns), "ignore": "ALL"}
                entry.keys["lines"] = {**where, **said}
                mark(entry, lines.columns if said else {}, lines.near, ("lines", "columns"))
                if said:
                    mark_discount(entry, other.table)
                return

    def _guess_lines_in_records(self, entry: Entry, seen: _Seen) -> bool:
        with TemporaryDirectory(prefix="portalgen-") as name, Database(Path(name)) as database:
            place = Place(self._root, Path(name), database)
            for list_ in seen.table.lists:
                try:
                    heading = rows_with_lines(seen.look, seen.table, list_, place)[0]
                except InvalidInputError:
                    continue
                columns = lines_in(heading, f"{list_}.")
                if len(columns) >= _ENOUGH:
                    entry.keys |= {"layout": "nested", "lines": {"records": list_, "columns": columns}}
                    mark(entry, columns, frozenset(), ("lines", "columns"))
                    return True
        return False

    def _leftover(self, seen: _Seen) -> Leftover:
        partly = [
            fit
            for fit in seen.fits
            if not fit.is_lines and (self._is_given or fit.recognised >= max(2, len(fit.sought) // 2 + 1))
        ]
        lines = [fit for fit in seen.fits if fit.is_lines]
        guessed = guess(seen.look, seen.table, self._type)
        whose = f"{lines[0].type} (profile {lines[0].profile})" if lines else ""
        if not whose and guessed and guessed.is_lines and not guessed.missing:
            whose = guessed.type
        heading = lines[0].heading if lines else max(seen.table.rows, key=lambda row: sum(map(bool, row)), default=())
        if partly and not lines:
            heading = partly[0].heading
        return Leftover(seen.table.name, tuple(title for title in heading if title), next(iter(partly), None), whose)


def _likeness(one: _Seen, other: _Seen) -> float:
    """How alike the names of two files and of their tables are."""
    first, second = (f"{Path(seen.look.path).stem} {seen.table.name}".casefold() for seen in (one, other))
    return SequenceMatcher(None, first, second).ratio()


def _lines_sheet(fit: Fit) -> str:
    return (fit.settings.lines.sheet if fit.settings.lines else "") or ""
