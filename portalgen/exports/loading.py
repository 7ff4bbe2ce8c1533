"""Files -> rows of text: each mapped cell as it is written, in tables, or in views that read the files each time.

A column that is neither canonical nor mapped never gets further than this module.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from portalgen.database import CsvShapeError
from portalgen.errors import NOWHERE, InvalidInputError, Location, Problem, did_you_mean, shown
from portalgen.exports import layouts, reportrows
from portalgen.exports.columns import HEADERS, LINES, OF_LINES, Column, Kind
from portalgen.exports.files import open_source
from portalgen.exports.headings import Match, Want, is_heading, match, normal, wanted, wanted_lines
from portalgen.exports.layouts import quoted, quoted_name
from portalgen.exports.padding import padded_cells
from portalgen.exports.staging import Part, SourceFile, Staging, Tally, heading_place
from portalgen.exports.textfile import TextTable, check_table
from portalgen.exports.values import STORED
from portalgen.model import TRANSACTION_TYPES, ExportSource, LineSource

PREFIX = "line."
"""What comes before the columns of lines where documents and lines share a table."""
AGAIN = "documents that are there more than once"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Load:
    """A database table to make, and of what: the columns wanted of an export's files, or of its `lines`' own."""

    table: str
    wants: Sequence[Want]
    source: ExportSource
    lines: LineSource | None = None

    @property
    def is_lines(self) -> bool:
        return self.lines is not None


def stage(staging: Staging, source: ExportSource) -> None:
    """Load the files of one export and of its lines; what is wrong with them is added to the staging's problems."""
    if unknown := [*_unknown_columns(source)]:
        staging.problems += unknown
        return
    tally = Tally(source)
    staging.tallies.append(tally)
    _Loading(staging, source, tally, f"s{len(staging.tallies)}").stage()


@dataclass(frozen=True, slots=True)
class _Loading:
    """The loading of one export into tables whose names begin with `table`."""

    staging: Staging
    source: ExportSource
    tally: Tally
    table: str

    def stage(self) -> None:
        source, table = self.source, self.table
        if source.lines and source.layout != "two-files":
            self._stage_together()
            return
        loads = [_Load(table, wanted(HEADERS[source.type], source), source)]
        if source.lines:
            loads.append(_Load(f"{table}_lines", wanted_lines(LINES, source, source.lines), source, source.lines))
        is_direct = not reportrows.extra_columns(source) and "prove" not in {*source.dates, source.decimal}
        for load in loads:
            (self._view if is_direct else self._load)(load)
            columns = _kept(LINES if load.is_lines else HEADERS[source.type])
            part = Part(load.table, source, columns, is_lines=load.is_lines, is_direct=is_direct)
            self.staging.parts.append(part)
        if contradictions := [*self._settle_left_out(table, in_blocks=False)]:
            self.staging.problems += contradictions
        elif source.lines and source.rows:
            self._match_lines()

    def _divided(self) -> Iterator[Problem]:
        """Documents of which `rows` would leave out some rows and not others."""
        rows = layouts.divided(self.staging.database, self.table, self.source, _SHOWN)
        for where in self.staging.places("", rows):
            message = "`rows` goes by a cell that says otherwise here than in the document's first row"
            hint = (
                "does the document count? `rows` leaves out lines by what is a column of theirs: lines: {columns: ...}"
            )
            yield Problem(where, message, hint)

    def _settle_left_out(self, table: str, *, in_blocks: bool) -> Iterator[Problem]:
        """Of what `rows` leaves out in one file and not in another, the newest counts if the files are incremental."""
        database, source = self.staging.database, self.source
        if not source.rows or source.type not in TRANSACTION_TYPES or len(self.tally.files) < 2:
            return
        if source.is_incremental:
            self.tally.leave_out(AGAIN, layouts.withdraw(database, table, in_blocks=in_blocks))
            return
        for number, *rows in layouts.contradictory(database, table, _SHOWN, in_blocks=in_blocks):
            where, other = self.staging.places("number", rows)
            message = f"number: {shown(number)} is in {other}, too, in a row that `rows` leaves out: which is right?"
            hint = "keep the right one; if each file is newer than the one before, say: export: incremental"
            yield Problem(where, message, hint)

    def _match_lines(self) -> None:
        """Leave out the lines of documents that `rows` leaves out; where they cannot be told from others, refuse.

        Lines that `rows` goes by themselves need none of it.
        """
        headings = [file.table.heading for file in self.tally.staged if file.is_lines]
        if all(not [*layouts.missing_titles(self.source, titles, NOWHERE)] for titles in headings):
            return
        counts, both = layouts.drop_lines_of_others(self.staging.database, self.table, f"{self.table}_lines")
        self.tally.add(counts)
        documents = self.staging.parts[-2]
        for number in both[:_SHOWN]:
            message = f"number: {shown(number)} is also that of a row that `rows` leaves out: whose lines are whose?"
            hint = "give the lines of each type a file of their own"
            where = self.staging.place_of([documents], number, raw=True)
            self.staging.problems.append(Problem(where, message, hint))

    def _stage_together(self) -> None:
        """Load files whose rows hold documents and lines, and take the two apart."""
        source, table, database = self.source, self.table, self.staging.database
        headers = _kept(HEADERS[source.type])
        inner = wanted(_without_number(LINES), source, PREFIX)
        self._load(_Load(table, [*wanted(HEADERS[source.type], source), *inner], source))
        in_blocks = source.layout != "repeat"
        if in_blocks:
            layouts.fill_down(database, table, [name for name in headers if name not in source.values], source.groups)
        keys = {PREFIX + name: name for name in _without_number(_kept(LINES))}
        self.staging.problems += self._divided()
        self._note_values(table, "is_other_line", of_lines=True)
        self.tally.add(layouts.drop_lines(database, table, source, [*keys]))
        self._note_values(table, "is_other AND is_first" if in_blocks else "false")
        self.tally.add(layouts.drop_documents(database, table, source))
        self.staging.problems += self._settle_left_out(table, in_blocks=in_blocks)
        keyed = layouts.Keyed(table, "number", [*headers, *keys], in_blocks)
        self.tally.leave_out(AGAIN, layouts.settle(database, keyed, is_incremental=source.is_incremental))
        layouts.split(database, table, source, [*headers], keys)
        self.staging.parts.append(Part(f"{table}_documents", source, headers, is_together=True))
        lines = Part(f"{table}_lines", source, _kept(LINES), is_lines=True, prefix=PREFIX, is_together=True)
        self.staging.parts.append(lines)

    def _load(self, load: _Load) -> None:
        """Make a database table of all files of an export, or of its lines' own files."""
        database, source, tally = self.staging.database, self.source, self.tally
        kept = [want.key for want in load.wants if want.column.kept]
        columns = ", ".join(f"{quoted_name(key)} VARCHAR" for key in kept)
        extra = {"origin": "BIGINT", **reportrows.extra_columns(source)}
        added = "".join(f", {name} {type_}" for name, type_ in extra.items())
        database.run(f"CREATE TABLE {load.table} (file INTEGER, file_row BIGINT, {columns}{added})")
        for text, select in self._opened(load):
            cells = database.csv_rows(text.path, _cell_names(text), text.delimiter)
            try:
                rows = database.load_csv(load.table, f"SELECT {select} FROM {cells}")
            except CsvShapeError:
                rows = -1
            try:
                check_table(text, rows)
            except InvalidInputError as error:
                self.staging.problems += error.problems
            tally.rows += rows
        self._note_values(load.table, "kind = 'other'")
        counts = layouts.drop_rows(database, load.table, source)
        tally.add(counts)
        if load.is_lines and layouts.OTHERS in counts and not database.rows(f"SELECT 1 FROM {load.table} LIMIT 1"):
            message = f"`rows` leaves out all of the {counts[layouts.OTHERS]} lines"
            hint = "if a heading means something else there, give the column another name where the lines are written"
            self.staging.warnings.append(Problem(Location(tally.line_files[0]), message, hint))
        given = {want.key for want in load.wants if want.name in want.source.values} | {source.groups}
        tally.add(layouts.drop_blank(database, load.table, [key for key in kept if key not in given]))

    def _note_values(self, table: str, condition: str, *, of_lines: bool = False) -> None:
        """Count the values that `rows` leaves out, in the rows for which a condition is true."""
        found = layouts.values_left_out(self.staging.database, table, self.source, condition, of_lines=of_lines)
        self.tally.values.update(found)

    def _view(self, load: _Load) -> None:
        """Make a database view of all files of an export, or of its lines' own files: they are read when it is."""
        database = self.staging.database
        names = ", ".join(quoted_name(want.key) for want in load.wants if want.column.kept)
        empty = ", ".join(f"NULL::VARCHAR AS {quoted_name(want.key)}" for want in load.wants if want.column.kept)
        selects = [f"SELECT NULL::INTEGER AS file, NULL::BIGINT AS file_row, {empty} WHERE false"]
        for text, select in self._opened(load):
            selects.append(
                f"SELECT file_row, {select} FROM {database.csv_rows(text.path, _cell_names(text), text.delimiter)}"
            )
        union = " UNION ALL BY NAME ".join(selects)
        database.run(f"CREATE VIEW {load.table} AS SELECT file, file_row, {names} FROM ({union})")

    def _opened(self, load: _Load) -> Iterator[tuple[TextTable, str]]:
        """Each file that can be read, with SQL for what is wanted of it; the others' problems are remembered."""
        staging, tally, wants = self.staging, self.tally, load.wants
        opened = open_source(self.source, load.lines, staging.place, lambda cells: is_heading(cells, wants))
        staging.problems += opened.problems
        staging.paths = opened.paths | staging.paths
        tally.others += opened.others
        tally.held_back += opened.held_back
        tally.held_numbers += opened.held_numbers
        for table in opened.tables:
            text = replace(table, padded=padded_cells(staging.database, table))
            found = match(text.heading, wants, heading_place(text), [] if load.lines else [*self.source.rows])
            if problems := [*found.problems, *_missing_titles(load, text), *_missing_status(load, text, found)]:
                staging.problems += problems
                continue
            staging.files.append(SourceFile(text, found.cells, found.dropped, load.is_lines))
            (tally.line_files if load.is_lines else tally.files).append(text.name)
            tally.staged.append(staging.files[-1])
            tally.leave_out("rows above the heading", text.first_line - 1 if text.unit in {"", "row"} else 0)
            staging.warnings += _ids_stored_as_numbers(staging.files[-1], wants)
            staging.problems += _ids_cut_short(staging.files[-1], wants)
            staging.problems += _without_value(staging.files[-1], self.source)
            yield text, f"{len(staging.files) - 1} AS file, {_select(load, text, found)}"


def _select(load: _Load, text: TextTable, found: Match) -> str:
    """SQL for the cells of one file, under the names of their columns."""
    picked = {
        quoted_name(want.key): _cell(found.cells.get(want.key, ()), want, load.source, text)
        for want in load.wants
        if want.column.kept and (want.key in found.cells or want.name in want.source.values)
    }
    if text.unit == "file" or (text.unit == "record" and load.source.layout == "nested"):
        picked["origin"] = "split_part(origin, ' ', 1)::BIGINT"
    picked |= reportrows.extra_cells(load.source, text.heading, found.cells, is_lines=load.is_lines)
    return ", ".join(f"{expression} AS {name}" for name, expression in picked.items())


def _cell_names(text: TextTable) -> list[str]:
    """What the cells of a row are called until it is known what they hold."""
    return [*(f"c{index}" for index in range(len(text.heading))), *["origin"] * bool(text.unit)]


def _missing_titles(load: _Load, text: TextTable) -> Iterator[Problem]:
    if not load.is_lines:
        yield from layouts.missing_titles(load.source, text.heading, heading_place(text))


def _missing_status(load: _Load, text: TextTable, found: Match) -> Iterator[Problem]:
    visibility = load.source.visibility
    is_wanted = visibility.statuses is not None or visibility.never
    if is_wanted and not load.is_lines and "status" not in {*found.cells, *load.source.values}:
        hint = "`visible` goes by it; say which column it is: columns: {status: ...}"
        yield Problem(heading_place(text), "column 'status' is missing", hint)


def _kept(columns: Mapping[str, Column]) -> dict[str, Column]:
    return {name: column for name, column in columns.items() if column.kept}


def _without_number(columns: Mapping[str, Column]) -> dict[str, Column]:
    return {name: column for name, column in columns.items() if name != "number"}


def _unknown_columns(source: ExportSource) -> Iterator[Problem]:
    """Columns named in `columns` or `values` that there are not."""
    parts: list[tuple[ExportSource | LineSource | None, Mapping[str, Column], str]] = [
        (source, HEADERS[source.type], f"of {source.type}"),
        (source.lines, LINES, "of lines"),
    ]
    if source.groups and source.groups not in HEADERS[source.type]:
        hint = did_you_mean(source.groups, [*HEADERS[source.type]])
        yield Problem(source.places["groups"], f"groups: '{source.groups}' is not a column of {source.type}", hint)
    for part, columns, what in parts:
        if part is None:
            continue
        for key, names in {"columns": part.columns, "values": part.values}.items():
            for name in names:
                if name not in columns:
                    hint = did_you_mean(name, [*columns])
                    yield Problem(part.places[f"{key}.{name}"], f"{key}: '{name}' is not a column {what}", hint)


def _is_zero(cell: str) -> str:
    """SQL that is true of a zero, however it is written, and of spaces."""
    return f"regexp_full_match(trim({cell}), '([-+]?0+([.,]0*)?)?')"


def _without(cell: str, empty: tuple[str, ...]) -> str:
    for text in empty:
        cell = f"nullif({cell}, {quoted(text)})"
    return cell


def _unpadded(index: int, text: TextTable) -> str:
    """SQL of a cell as it is written, without the blanks that are none of its text."""
    trim = text.padded.get(index)
    return f"nullif({trim}(c{index}, ' '), '')" if trim else f"c{index}"


def _cell(indexes: tuple[int, ...], want: Want, source: ExportSource, text: TextTable) -> str:
    """SQL of what a wanted column holds in a row, with a mark before what the file holds as a number with decimals."""
    raw = cells = [_without(_unpadded(index, text), source.empty) for index in indexes]
    if text.unit and want.column.kind is Kind.DECIMAL:
        cells = [
            f"CASE WHEN contains(origin, ' {index} ') THEN '{STORED}' || {cell} ELSE {cell} END"
            for index, cell in zip(indexes, cells, strict=True)
        ]
    if want.headings.join:
        filled = ", ".join(f"nullif(trim({cell}), '')" for cell in cells)
        between = "chr(10)" if want.name in OF_LINES else "' '"
        joined = f"concat_ws({between}, {filled})"
        value = f"nullif({joined}, '')"
    elif want.headings.first and cells:
        cases = [f"WHEN NOT {_is_zero(cell)} THEN " for cell in raw[:-1]]
        chosen = " ".join(case + cell for case, cell in zip(cases, cells, strict=False))
        value = f"CASE {chosen} ELSE {cells[-1]} END" if cases else cells[-1]
    else:
        value = cells[0] if cells else "NULL"
    if want.name in want.source.values:
        constant = quoted(want.source.values[want.name])
        value = f"coalesce({value}, {constant})" if cells else constant
    return value


def _without_value(file: SourceFile, source: ExportSource) -> Iterator[Problem]:
    """Cells without a value in columns that something is read from, or that tell which rows count.

    A quarantine holds back what it reads from the former; the latter could be in any document, or in none.
    """
    titles = [normal(title) for title in file.table.heading]
    read = {index for indexes in file.cells.values() for index in indexes if not source.policy.quarantine}
    read |= {titles.index(title) for title in map(normal, source.rows) if title in titles}
    if source.totals or source.groups:
        read.add(0)
    yield from (error for error in file.table.errors if error.where.column - 1 in read)


def _ids_cut_short(file: SourceFile, wants: Iterable[Want]) -> Iterator[Problem]:
    for want in wants:
        for index in file.cells.get(want.key, ()):
            if want.column.kind is Kind.ID and (row := file.table.long_numbers.get(index)):
                message = f"{want.name}: more than 15 digits, stored as a number in the workbook, which lost the rest"
                hint = "format the column as text where it is written, or export CSV and do not open it in Excel"
                yield Problem(Location(file.table.name, row, index + 1), message, hint)


def _ids_stored_as_numbers(file: SourceFile, wants: Iterable[Want]) -> Iterator[Problem]:
    for want in wants:
        for index in file.cells.get(want.key, ()):
            if want.column.kind is Kind.ID and (row := file.table.numbers.get(index)):
                is_sheet = file.table.unit == "row"
                where = "in the workbook" if is_sheet else "with a floating point"
                message = f"{want.name}: stored as numbers {where}, which keep no leading zeros"
                hint = "format the column as text where it is written, if its ids can begin with 0 or are very long"
                place = Location(file.table.name, row, index + 1) if is_sheet else Location(file.table.name)
                yield Problem(place, message, hint)
