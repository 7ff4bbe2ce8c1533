"""Files -> tables of text: each mapped cell as it is written, with the file and the row it came from.

A column that is neither canonical nor mapped never gets further than this module.
"""

import glob
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portalgen.database import CsvShapeError, Database
from portalgen.errors import InvalidInputError, Location, Problem, did_you_mean, nearest, shown
from portalgen.exports.columns import HEADERS, LINES, Column
from portalgen.exports.csvfile import is_table, problems_of_shape, read_heading
from portalgen.model import TRANSACTION_TYPES, ExportSource, LineSource


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of an export: the table it goes into, its path, what messages call it, where each canonical cell is."""

    table: str
    path: Path
    name: str
    cells: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text that holds one type's headers, or its lines, from all files of that type."""

    name: str
    type: str
    columns: Mapping[str, Column]

    @property
    def kept(self) -> list[str]:
        return [name for name, column in self.columns.items() if column.kept]


HEADER_TABLES = {type_: Table(f"raw_{type_}", type_, columns) for type_, columns in HEADERS.items()}
LINE_TABLES = {type_: Table(f"raw_{type_}_lines", type_, LINES) for type_ in TRANSACTION_TYPES}


@dataclass(slots=True)
class Staging:
    """The staged files of a site. `files` are numbered as the column `file` of every staged table numbers them."""

    database: Database
    root: Path
    files: list[SourceFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def create_tables(self) -> None:
        for table in (*HEADER_TABLES.values(), *LINE_TABLES.values()):
            columns = ", ".join(f"{name} VARCHAR" for name in table.kept)
            self.database.run(
                f"CREATE TABLE {table.name} (file INTEGER, file_row BIGINT, {columns}, "
                "status_shows BOOLEAN, discount_is_fraction BOOLEAN)"
            )

    def stage(self, source: ExportSource) -> None:
        """Load the files of one export and of its lines; what is wrong with them is added to `problems`."""
        extra = {}
        if source.visibility.statuses is not None:
            statuses = ", ".join(_quoted(status) for status in source.visibility.statuses)
            extra["status_shows"] = f"coalesce(status IN ({statuses}), false)"
        self._load(HEADER_TABLES[source.type], source, source.empty, extra)
        if source.lines:
            fraction = {"discount_is_fraction": "true"} if source.lines.discount == "fraction" else {}
            self._load(LINE_TABLES[source.type], source.lines, source.empty, fraction)

    def _load(
        self, table: Table, source: ExportSource | LineSource, empty: tuple[str, ...], extra: Mapping[str, str]
    ) -> None:
        if unknown := [name for name in source.columns if name not in table.columns]:
            for name in unknown:
                where = source.places[f"columns.{name}"]
                what = "of lines" if table.columns is LINES else f"of {table.type}"
                hint = did_you_mean(name, [*table.columns])
                self.problems.append(Problem(where, f"columns: '{name}' is not a column {what}", hint))
            return
        for path, name in self._files_of(source):
            try:
                heading = read_heading(path, name)
                file = SourceFile(table.name, path, name, self._cells(table, source, heading, name))
                self._insert(table, file, heading, empty, extra)
            except InvalidInputError as error:
                self.problems += error.problems

    def _files_of(self, source: ExportSource | LineSource) -> Iterator[tuple[Path, str]]:
        path, where = self.root / source.path, source.places["path"]
        if glob.has_magic(source.path) and not path.is_file():
            found = [Path(name) for name in sorted(glob.glob(source.path, root_dir=self.root))]  # noqa: PTH207
            files = [(self.root / name, str(name)) for name in found if (self.root / name).is_file()]
            if not files:
                self.problems.append(Problem(where, f"no file matches '{source.path}'", f"looked for {path}"))
            yield from files
        elif path.is_file():
            yield path, source.path
        elif path.is_dir():
            hint = f"for the files in it, write {source.path.rstrip('/')}/*.csv"
            self.problems.append(Problem(where, f"'{source.path}' is a folder", hint))
        else:
            near = nearest(path.name, [other.name for other in path.parent.glob("*") if other.is_file()])
            hint = f"did you mean '{Path(source.path).with_name(near)}'?" if near else f"looked for {path}"
            self.problems.append(Problem(where, f"there is no file '{source.path}'", hint))

    def _cells(self, table: Table, source: ExportSource | LineSource, heading: list[str], name: str) -> dict[str, int]:
        """The index of the cell of each canonical column in the file. Raises InvalidInputError."""
        cells = {
            column: heading.index(title)
            for column in table.columns
            for title in [_title(column, source, heading)]
            if title in heading
        }
        problems = [*_missing(table, source, heading, name, cells)]
        if isinstance(source, ExportSource) and source.visibility.statuses is not None and "status" not in cells:
            hint = "`visible` goes by it; say which column it is: columns: {status: ...}"
            problems.append(Problem(Location(name, 1), "column 'status' is missing", hint))
        problems += _ambiguous(heading, name, {heading[index] for index in cells.values()}, "ALL" in source.ignore)
        if "ALL" not in source.ignore and not any(problem.where.file != name for problem in problems):
            problems += _unknown(table, source, heading, name, cells)
        if problems:
            raise InvalidInputError.of(problems)
        return cells

    def _insert(
        self, table: Table, file: SourceFile, heading: list[str], empty: tuple[str, ...], extra: Mapping[str, str]
    ) -> None:
        cells = [f"c{index}" for index in range(len(heading))]
        columns = {
            column: _without(f"c{index}", empty) for column, index in file.cells.items() if table.columns[column].kept
        }
        picked = ", ".join(f"{expression} AS {column}" for column, expression in columns.items())
        added = "".join(f", {expression} AS {column}" for column, expression in extra.items())
        number = len(self.files)
        try:
            rows = self.database.load_csv(table.name, file.path, cells, f"{number} AS file, file_row, {picked}{added}")
        except CsvShapeError:
            rows = -1
        if rows < 0 or not is_table(file.path, len(heading), rows):
            raise InvalidInputError.of(problems_of_shape(file.path, file.name, len(heading)))
        self.files.append(file)


def _title(column: str, source: ExportSource | LineSource, heading: list[str]) -> str | None:
    """What the file calls a canonical column; None if it is not read from a column of that name."""
    if column in source.columns:
        titles = source.columns[column].any_of
        return next((title for title in titles if title in heading), titles[0])
    mapped = {title for headings in source.columns.values() for title in headings.any_of}
    return None if column in source.ignore or column in mapped else column


def _missing(
    table: Table, source: ExportSource | LineSource, heading: list[str], name: str, cells: Mapping[str, int]
) -> Iterator[Problem]:
    for column in table.columns:
        if column in cells:
            continue
        if column in source.columns:
            title = source.columns[column].any_of[0]
            hint = did_you_mean(title, heading)
            yield Problem(source.places[f"columns.{column}"], f"{name} has no column {shown(title)}", hint)
        elif table.columns[column].required:
            yield Problem(Location(name, 1), f"column '{column}' is missing", _how_it_was_lost(column, source, heading))


def _how_it_was_lost(column: str, source: ExportSource | LineSource, heading: list[str]) -> str:
    if column in source.ignore:
        return f"`ignore` leaves it out: remove '{column}' there"
    if others := [other for other, headings in source.columns.items() if column in headings.any_of]:
        return f"`columns` says that '{column}' is the {others[0]}: say which one the {column} is"
    return f"say which one it is: columns: {{{column}: {_in_yaml(nearest(column, heading) or '...')}}}"


def _ambiguous(heading: list[str], name: str, read: Collection[str], others_ignored: bool) -> Iterator[Problem]:
    """Columns without a name, and names that are there twice, unless they are ignored anyway."""
    for index, title in enumerate(heading):
        where = Location(name, 1, index + 1)
        if title in heading[:index] and title and (title in read or not others_ignored):
            yield Problem(where, f"column {shown(title)} is there twice", "rename or remove one of them")
        if not title and not others_ignored:
            yield Problem(where, "a column without a name", "name it, or remove it; `ignore: ALL` leaves it out")


def _unknown(
    table: Table, source: ExportSource | LineSource, heading: list[str], name: str, cells: Mapping[str, int]
) -> Iterator[Problem]:
    known = {heading[index] for index in cells.values()} | set(source.ignore)
    for index, title in enumerate(heading):
        if title and title not in known:
            near = nearest(title, [column for column in table.columns if column not in cells])
            hint = f"did you mean '{near}'? To" if near else "to"
            where = Location(name, 1, index + 1)
            yield Problem(where, f"unknown column {shown(title)}", f"{hint} leave it out: ignore: [{_in_yaml(title)}]")
    for number, title in enumerate(source.ignore):
        if title not in heading:
            where = source.places[f"ignore.{number}"]
            yield Problem(where, f"{name} has no column {shown(title)}", did_you_mean(title, heading))


def _in_yaml(title: str) -> str:
    return (
        title if re.fullmatch(r"\w[\w .-]*(?<! )", title) or title == "..." else json.dumps(title, ensure_ascii=False)
    )


def _without(cell: str, empty: tuple[str, ...]) -> str:
    for text in empty:
        cell = f"nullif({cell}, {_quoted(text)})"
    return cell


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
