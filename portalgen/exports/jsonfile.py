"""JSON and JSON Lines as rows of text: a record to a row, or, where it has lines, one row for each of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portalgen.errors import InvalidInputError, Location, did_you_mean, shown
from portalgen.exports.grid import Grid, GridRow
from portalgen.exports.jsonevents import read_events
from portalgen.exports.jsonrecords import Record, RecordReader, StoredNumber, Value, find_path, next_pages_of

Cells = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Kinds:
    """What lines are by their kind, which stands under `key` in each; no `key`, and all of them are plain lines.

    By kind: 'line'; 'group', a heading over the lines of its own that it holds somewhere within, in a list called as
    that of all lines is; 'document', cells that are the record's own; or 'none'.
    """

    key: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)


_NO_KINDS = Kinds()


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where the lines of a record are, by the dotted path `lines`, and of what kinds."""

    lines: str
    kinds: Kinds

    def kind_of(self, line: Record, place: Location) -> tuple[str, str]:
        """What a line is, and the kind that says so. Raises InvalidInputError for a kind that nothing is said about."""
        if not self.kinds.key:
            return "line", ""
        kind = line.get(self.kinds.key)
        if not isinstance(kind, str) or kind not in self.kinds.kinds:
            said = shown(kind) if isinstance(kind, str) else "nothing"
            hint = f"say what such lines are: lines: {{kinds: {{{kind or '...'}: line}}}}; or group, document, none"
            raise InvalidInputError(f"{self.lines}.{self.kinds.key}: {said} is no known kind of line", hint, place)
        return self.kinds.kinds[kind], kind


@dataclass(frozen=True, slots=True)
class _Layout:
    """The titles over a record's cells, and those over a line's, in the order in which they are first seen."""

    titles: Sequence[str]
    line_titles: Sequence[str]


def read(file: Path, name: str, records: str = "", lines: str = "", kinds: Kinds = _NO_KINDS) -> Grid:
    """The records of a JSON text, or of JSON Lines; which of the two it is, is seen from the text.

    `records` is the dotted path of the list of records; '' is the outermost list, or the only list of objects in an
    outermost object, or that object as the only record where it has the lines or no such list. `lines` is the dotted
    path, within a record, of its list of lines: their titles begin with it and a dot, and a record's further lines
    stand on further rows where the record's own cells are blank.

    Objects within a record give dotted titles. A list of texts and numbers is one cell, with ', ' between them. A list
    of anything else is left out: its title ends in '[]' and has nothing below it. Numbers keep the text they are
    written in, truths are `true` and `false`, `null` is nothing, and `/Date(...)/` is a day in ISO 8601. The titles of
    lines whose kind is not 'line' begin with their kind: `Line.GroupLineDetail.Description`.
    """
    shape = _Shape(lines, kinds)
    path = ["", *records.split(".")] if records else find_path(read_events(file, name), name, lines)
    layout = _layout(file, name, path, shape)
    return Grid(name, _rows(file, name, path, shape, layout), "record")


def _rows(file: Path, name: str, path: Sequence[str], shape: _Shape, layout: _Layout) -> Iterator[GridRow]:
    if not layout.titles and not layout.line_titles:
        return
    yield GridRow(0, [*layout.titles, *layout.line_titles])
    blank = [""] * len(layout.titles)
    for number, record in enumerate(_records(file, name, path), start=1):
        cells, found = _flattened(record, shape, Location(f"{name} (record {number})"))
        row = [cells.get(title) or "" for title in layout.titles]
        for line in found or [{}]:
            cells_of_row = row + [line.get(title) or "" for title in layout.line_titles]
            numbers = [index for index, cell in enumerate(cells_of_row) if type(cell) is StoredNumber]
            yield GridRow(number, cells_of_row, numbers)
            row = blank


def _layout(file: Path, name: str, path: Sequence[str], shape: _Shape) -> _Layout:
    """The titles that occur. Raises InvalidInputError where pages are missing, or no record has the lines."""
    filled: dict[str, bool] = {}
    line_filled: dict[str, bool] = {}
    for number, record in enumerate(_records(file, name, path), start=1):
        cells, found = _flattened(record, shape, Location(f"{name} (record {number})"))
        _note(filled, cells)
        for line in found:
            _note(line_filled, line)
    incomplete = [title for title, full in (filled | line_filled).items() if full and title.endswith("odata.nextLink")]
    if incomplete:
        raise next_pages_of(incomplete[0], name)
    lines = shape.lines
    if lines and filled and lines not in filled:
        hint = did_you_mean(lines, [title.removesuffix("[]") for title in filled if title.endswith("[]")])
        raise InvalidInputError(f"no record has a list {shown(lines)}", hint, Location(name))
    filled.pop(lines, None)
    return _Layout(_worth_a_column(filled), _worth_a_column(line_filled))


def _note(filled: dict[str, bool], cells: Cells) -> None:
    for title, cell in cells.items():
        if cell is not None or title not in filled:
            filled[title] = cell is not None


def _worth_a_column(filled: Mapping[str, bool]) -> list[str]:
    """All titles, but not those that hold nothing because other records have an object or a list in their place."""
    inner = {title[:at] for title in filled for at, char in enumerate(title) if char == "."}
    return [title for title, full in filled.items() if full or not (title in inner or f"{title}[]" in filled)]


def _records(file: Path, name: str, path: Sequence[str]) -> Iterator[Record]:
    reader = RecordReader(path, name)
    try:
        for events in read_events(file, name):
            yield from reader.take(events)
    except MemoryError:
        raise InvalidInputError("there is not enough memory to read it", "", Location(name)) from None
    reader.finish()


def _flattened(record: Record, shape: _Shape, place: Location) -> tuple[Cells, list[Cells]]:
    """The cells of a record by their titles, and those of each of its lines."""
    cells: Cells = {}
    found: list[Cells] = []
    _flatten(record, "", shape.lines, cells, place)
    for line in _lines_of(record, shape.lines, place):
        _add_line(line, shape, cells, found, place)
    return cells, found


def _add_line(line: Record, shape: _Shape, cells: Cells, found: list[Cells], place: Location) -> None:
    """Add the cells of a line, and those of the lines that a group holds; a document's go to the record's `cells`."""
    what, kind = shape.kind_of(line, place)
    if what == "none":
        return
    prefix = f"{shape.lines}." if what == "line" else f"{shape.lines}.{kind}."
    if what != "document":
        found.append({})
    _flatten(line, prefix, "", cells if what == "document" else found[-1], place)
    if what == "group":
        for inner in _lines_within(line, shape.lines.rpartition(".")[2]):
            _add_line(inner, shape, cells, found, place)


def _lines_within(line: Record, key: str) -> Iterator[Record]:
    """The objects in the lists called `key` within a line and its objects, not within those of other lists."""
    for name, value in line.items():
        if isinstance(value, dict):
            yield from _lines_within(value, key)
        elif name == key and isinstance(value, list):
            yield from (inner for inner in value if isinstance(inner, dict))


def _flatten(value: Record, prefix: str, lines: str, cells: Cells, place: Location) -> None:
    for key, item in value.items():
        title = prefix + key
        if isinstance(item, dict):
            _flatten(item, f"{title}.", lines, cells, place)
            continue
        if isinstance(item, list) and title != lines and any(isinstance(inner, dict | list) for inner in item):
            title = f"{title}[]"
        if title in cells:
            raise InvalidInputError(f"two values are called {shown(title)}", "rename one of the keys", place)
        cells[title] = _joined(item) if isinstance(item, list) else item


def _joined(items: Sequence[Value]) -> str | None:
    """The texts and numbers in a list as one cell; nothing where there are other things in it."""
    texts = [item for item in items if isinstance(item, str)]
    return ", ".join(texts) if texts and all(isinstance(item, str | None) for item in items) else None


def _lines_of(record: Record, lines: str, place: Location) -> list[Record]:
    """The objects in the list `lines` of a record; none where there is no such list."""
    value: Value = record
    for key in lines.split(".") if lines else ():
        value = value.get(key) if isinstance(value, dict) else None
    if not lines or value is None:
        return []
    found = [line for line in value if isinstance(line, dict)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(found) < len(value):
        raise InvalidInputError(f"{shown(lines)} is not a list of objects", "every line must be one", place)
    return found
