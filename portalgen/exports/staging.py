"""Files -> tables of text: each mapped cell as it is written, with the file and the row it came from.

A column that is neither canonical nor mapped never gets further than this module.
"""

import glob
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portalgen.database import CsvShapeError, Database
from portalgen.errors import InvalidInputError, Location, Problem, did_you_mean
from portalgen.exports.columns import HEADERS, LINES, Column
from portalgen.exports.csvfile import problems_of_shape, read_heading
from portalgen.model import TRANSACTION_TYPES, ExportSource, LineSource


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of an export: where it is, what messages call it, and the index of each canonical column's cell."""

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
        if source.visible_status is not None:
            statuses = ", ".join(_quoted(status) for status in source.visible_status)
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
                self.problems.append(
                    Problem(where, f"'{name}' is not a column of {table.type}", did_you_mean(name, [*table.columns]))
                )
            return
        for path, name in self._files_of(source):
            try:
                heading = read_heading(path, name)
                file = SourceFile(path, name, self._cells(table, source, heading, name))
                self._insert(table, file, heading, empty, extra)
            except InvalidInputError as error:
                self.problems += error.problems

    def _files_of(self, source: ExportSource | LineSource) -> Iterator[tuple[Path, str]]:
        if not glob.has_magic(source.path):
            path = self.root / source.path
            if path.is_file():
                yield path, source.path
            else:
                self.problems.append(
                    Problem(source.places["path"], f"there is no file '{source.path}'", _looked_in(path))
                )
            return
        found = sorted(glob.glob(str(self.root / source.path)))  # noqa: PTH207 - the pattern may be absolute
        if not found:
            self.problems.append(
                Problem(source.places["path"], f"no file matches '{source.path}'", _looked_in(self.root / source.path))
            )
        for file in found:
            path = Path(file)
            yield path, str(path.relative_to(self.root)) if path.is_relative_to(self.root) else file

    def _cells(self, table: Table, source: ExportSource | LineSource, heading: list[str], name: str) -> dict[str, int]:
        """The index of the cell of each canonical column in the file. Raises InvalidInputError."""
        problems = [
            Problem(
                Location(name, 1, index + 1), f"column '{title}' is there twice" if title else "a column without a name"
            )
            for index, title in enumerate(heading)
            if not title or title in heading[:index]
        ]
        cells: dict[str, int] = {}
        taken = set(source.columns.values())
        for column in table.columns:
            title = source.columns.get(column, column)
            if title in heading and (column in source.columns or title not in taken):
                cells[column] = heading.index(title)
            elif column in source.columns:
                hint = did_you_mean(title, heading)
                problems.append(Problem(source.places[f"columns.{column}"], f"{name} has no column '{title}'", hint))
            elif table.columns[column].required:
                hint = f"say which one it is: columns: {{{column}: ...}}" if column not in source.columns else ""
                problems.append(Problem(Location(name, 1), f"column '{column}' is missing", hint))
        if "ALL" not in source.ignore:
            problems += _unknown_columns(table, source, heading, name, cells)
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
        try:
            self.database.load_csv(
                table.name, file.path, cells, f"{len(self.files)} AS file, file_row, {picked}{added}"
            )
        except CsvShapeError:
            raise InvalidInputError.of(problems_of_shape(file.path, file.name, len(heading))) from None
        self.files.append(file)


def _unknown_columns(
    table: Table, source: ExportSource | LineSource, heading: list[str], name: str, cells: Mapping[str, int]
) -> Iterator[Problem]:
    known = {heading[index] for index in cells.values()} | set(source.ignore)
    for index, title in enumerate(heading):
        if title and title not in known:
            hint = (
                did_you_mean(title, [column for column in table.columns if column not in cells])
                or "valid columns are in the README"
            )
            where = Location(name, 1, index + 1)
            yield Problem(where, f"unknown column '{title}'", f"{hint}; to leave it out: ignore: [{title}]")
    for number, title in enumerate(source.ignore):
        if title not in heading:
            yield Problem(
                source.places[f"ignore.{number}"], f"{name} has no column '{title}'", did_you_mean(title, heading)
            )


def _without(cell: str, empty: tuple[str, ...]) -> str:
    for text in empty:
        cell = f"nullif({cell}, {_quoted(text)})"
    return cell


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _looked_in(path: Path) -> str:
    return f"looked for {path}"
