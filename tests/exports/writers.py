"""Sites over files of any kind, the book that is read of them, and books written in any format and layout."""

import csv
import datetime
import gzip
import io
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from portalgen.definitions import load
from portalgen.errors import InvalidInputError
from portalgen.exports.columns import HEADERS, LINES, Kind
from portalgen.exports.reader import read_exports
from portalgen.exports.report import ExportReport, ReadingReport
from portalgen.model import Account, Customer, Line, Transaction

Entry = Mapping[str, Any]
"""An entry of `exports:`."""


@dataclass(frozen=True)
class Read:
    """What was read of a site."""

    accounts: Sequence[Account]
    report: ReadingReport

    @property
    def documents(self) -> dict[tuple[str, str], Transaction]:
        """Every transaction by type and number."""
        return {(each.type, each.number): each for account in self.accounts for each in account.transactions}

    def numbered(self, type_: str) -> dict[str, Transaction]:
        """The transactions of a type by number."""
        return {number: each for (type_of_it, number), each in self.documents.items() if type_of_it == type_}

    def export(self, type_: str) -> ExportReport:
        """What is told of the one entry of a type."""
        [found] = [export for export in self.report.exports if export.type == type_]
        return found

    def warnings(self) -> list[str]:
        """The warnings, a line each, without hints."""
        return [f"{problem.where}: {problem.message}" for problem in self.report.warnings]


def write_site(folder: Path, exports: Sequence[Entry], **site: str) -> Path:
    """Write a site's portals.yaml, and return its path."""
    said = {"version": 1, "site": {"id": "x", "title": "x", "currency": "EUR", **site}, "exports": [*exports]}
    config = folder / "portals.yaml"
    config.write_text(json.dumps(said), encoding="utf-8")
    return config


def read_site(folder: Path, exports: Sequence[Entry], **site: str) -> Read:
    """What the importer reads of files below `folder`."""
    with read_exports(load(write_site(folder, exports, **site))) as book:
        return Read([*book.accounts(book.customers())], book.report)


def refused(folder: Path, exports: Sequence[Entry], **site: str) -> list[str]:
    """What the importer has against files below `folder`, a line each, without hints; nothing if it reads them."""
    try:
        read_site(folder, exports, **site)
    except InvalidInputError as error:
        return [f"{problem.where}: {problem.message}" for problem in error.problems]
    return []


def hints(folder: Path, exports: Sequence[Entry]) -> list[str]:
    """The hints of what the importer has against files below `folder`."""
    try:
        read_site(folder, exports)
    except InvalidInputError as error:
        return [problem.hint for problem in error.problems]
    return []


@dataclass(frozen=True)
class Way:
    """A format and a layout in which a table is written. So many documents, with so many lines, there are at least."""

    format: str
    layout: str
    encoding: str = "utf-8"
    delimiter: str = ","
    settings: Mapping[str, str] = field(default_factory=dict)
    pattern: str = "%Y-%m-%d"
    mark: str = "."
    least: int = 0
    least_lines: int = 0

    def text(self, value: object) -> str:
        """A value as text."""
        match value:
            case None:
                return ""
            case Decimal():
                return f"{value:f}".replace(".", self.mark)
            case datetime.date():
                return value.strftime(self.pattern)
            case _:
                return str(value)


_GERMAN = {"encoding": "windows-1252", "decimal": ",", "dates": "%d/%m/%Y"}
_TABLES = ("two-files", "repeat", "continuation")
WAYS: Sequence[Way] = [
    *(Way("csv", layout) for layout in _TABLES),
    *(Way("csv", layout, "cp1252", ";", _GERMAN, "%d/%m/%Y", ",") for layout in _TABLES),
    *(Way("tsv.gz", layout, "utf-16", "\t") for layout in _TABLES),
    *(Way("xlsx", layout) for layout in _TABLES),
    *(Way("sqlite", layout) for layout in ("two-files", "repeat")),
    *(Way("parquet", layout) for layout in _TABLES),
    *(Way("json", layout, least=1) for layout in ("nested", "continuation")),
    Way("json", "two-files", least=1, least_lines=1),
    *(Way("jsonl", layout, least=1) for layout in ("nested", "repeat")),
]
"""Every way to write a table. JSON names no columns where there are no records, so there must be some."""

Cells = Mapping[str, object]
"""The filled cells of a row by their titles."""


@dataclass(frozen=True)
class Table:
    """A table to be written. `nested` are the rows that belong to each row."""

    name: str
    titles: Sequence[str]
    rows: Sequence[Cells]
    nested: Sequence[Sequence[Cells]] = ()


def write_table(folder: Path, way: Way, things: Sequence[Customer] | Sequence[Transaction], type_: str) -> Entry:
    """Write customers, or documents of one type and their lines, into `folder`; returns the entry that reads them."""
    columns = [name for name, column in HEADERS[type_].items() if column.kept and name != "customer_visible"]
    heads = Table(type_, columns, [_cells(thing, columns) for thing in things])
    entry = {"type": type_, "path": f"{type_}.{way.format}", **way.settings}
    documents = [thing for thing in things if isinstance(thing, Transaction)]
    if type_ == "customers":
        _WRITERS[way.format](folder / entry["path"], way, [heads])
        return entry
    lines = [_lines_of(document, is_numbered=number % 2 == 0) for number, document in enumerate(documents)]
    tables, settings = _LAYOUTS[way.layout](heads, lines)
    if way.format in {"sqlite", "xlsx", "json"} or len(tables) == 1:
        _WRITERS[way.format](folder / entry["path"], way, tables)
        names = _names_of(way.format, tables) if len(tables) > 1 else {}
        settings |= {"lines": names.pop("lines")} if "lines" in names else {}
        return {**entry, "layout": way.layout, **settings, **names}
    for table in tables:
        _WRITERS[way.format](folder / f"{table.name}.{way.format}", way, [table])
    return {**entry, "lines": {"path": f"{tables[1].name}.{way.format}"}}


def _names_of(format_: str, tables: Sequence[Table]) -> dict[str, Any]:
    """The keys of an entry that name two tables in one file."""
    key = "records" if format_ == "json" else "sheet"
    return {key: tables[0].name, "lines": {key: tables[1].name}}


def _cells(thing: Customer | Transaction | Line, columns: Iterable[str]) -> Cells:
    values = {name: getattr(thing, name) for name in columns}
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _lines_of(document: Transaction, *, is_numbered: bool) -> list[Cells]:
    """The lines; where they are not numbered, they count as they come."""
    names = [name for name in LINES if name != "number" and (is_numbered or name != "line")]
    return [_cells(line, names) for line in document.lines]


def _in_two_tables(heads: Table, lines: Sequence[Sequence[Cells]]) -> tuple[list[Table], dict[str, Any]]:
    rows = [{"number": head["number"], **line} for head, mine in zip(heads.rows, lines, strict=True) for line in mine]
    return [heads, Table(f"{heads.name}_lines", [*LINES], rows)], {}


def _in_one_table(
    heads: Table, lines: Sequence[Sequence[Cells]], *, repeated: bool
) -> tuple[list[Table], dict[str, Any]]:
    rows: list[Cells] = []
    for head, mine in zip(heads.rows, lines, strict=True):
        inner = [{f"line.{name}": value for name, value in line.items()} for line in mine] or [{}]
        rows += [{**(head if repeated or not place else {}), **line} for place, line in enumerate(inner)]
    titles = [*heads.titles, *(f"line.{name}" for name in LINES if name != "number")]
    return [Table(heads.name, titles, rows)], {"lines": {}}


def _nested(heads: Table, lines: Sequence[Sequence[Cells]]) -> tuple[list[Table], dict[str, Any]]:
    return [Table(heads.name, heads.titles, heads.rows, lines)], {"lines": {"records": "items"}}


_LAYOUTS: Mapping[str, Callable[[Table, Sequence[Sequence[Cells]]], tuple[list[Table], dict[str, Any]]]] = {
    "two-files": _in_two_tables,
    "repeat": partial(_in_one_table, repeated=True),
    "continuation": partial(_in_one_table, repeated=False),
    "nested": _nested,
}


def _write_csv(path: Path, way: Way, tables: Sequence[Table]) -> None:
    [table] = tables
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=way.delimiter, lineterminator="\n")
    writer.writerow(table.titles)
    writer.writerows([way.text(row.get(title)) for title in table.titles] for row in table.rows)
    data = text.getvalue().encode(way.encoding)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def _is_short(value: object) -> bool:
    """Whether a spreadsheet keeps a number to its last digit."""
    return isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) <= 15


def _write_xlsx(path: Path, way: Way, tables: Sequence[Table]) -> None:
    book = openpyxl.Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet(table.name)
        sheet.append([*table.titles])
        for row in table.rows:
            sheet.append([_for_excel(sheet, row.get(title), way) for title in table.titles])
    book.save(path)


def _for_excel(sheet: WriteOnlyWorksheet, value: object, way: Way) -> object:
    if value is None or isinstance(value, datetime.date | int) or _is_short(value):
        return value
    cell = WriteOnlyCell(sheet)
    cell.value = way.text(value)
    cell.data_type = "s"
    return cell


def _write_sqlite(path: Path, way: Way, tables: Sequence[Table]) -> None:
    with closing(sqlite3.connect(path)) as database:
        for table in tables:
            titles = ", ".join(f'"{title}"' for title in table.titles)
            database.execute(f"CREATE TABLE {table.name} ({titles})")
            for row in table.rows:
                values = [_for_sqlite(row.get(title), way) for title in table.titles]
                marks = ", ".join("?" * len(values))
                database.execute(f"INSERT INTO {table.name} VALUES ({marks})", values)  # noqa: S608
        database.commit()


def _for_sqlite(value: object, way: Way) -> object:
    if isinstance(value, Decimal) and _is_short(value):
        return float(value)
    return value if value is None or isinstance(value, int) else way.text(value)


def _write_parquet(path: Path, way: Way, tables: Sequence[Table]) -> None:
    [table] = tables
    columns = ", ".join(f'"{title}" {_type_of(title)}' for title in table.titles)
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE t ({columns})")
        for row in table.rows:
            values = [row.get(title) for title in table.titles]
            database.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608
        database.execute(f"COPY t TO '{path}' (FORMAT parquet)")


def _type_of(title: str) -> str:
    columns = {**HEADERS["invoices"], **HEADERS["customers"], **LINES}
    kind = columns[title.removeprefix("line.")].kind
    return {Kind.DECIMAL: "DECIMAL(21,6)", Kind.DATE: "DATE", Kind.INTEGER: "INTEGER"}.get(kind, "VARCHAR")


def _token(value: object, way: Way) -> str:
    """A value in JSON, numbers in all their digits."""
    return way.text(value) if isinstance(value, Decimal | int) else json.dumps(way.text(value))


def _object(row: Cells, way: Way, items: Sequence[Cells] | None) -> str:
    pairs = [f"{json.dumps(name)}: {_token(value, way)}" for name, value in row.items()]
    if items is not None:
        pairs.append(f'"items": [{", ".join(_object(item, way, None) for item in items)}]')
    return f"{{{', '.join(pairs)}}}"


def _records(table: Table, way: Way) -> list[str]:
    nested: Sequence[Sequence[Cells] | None] = table.nested or [None] * len(table.rows)
    return [_object(row, way, items) for row, items in zip(table.rows, nested, strict=True)]


def _write_json(path: Path, way: Way, tables: Sequence[Table]) -> None:
    lists = {table.name: f"[{', '.join(_records(table, way))}]" for table in tables}
    text = ", ".join(f"{json.dumps(name)}: {list_}" for name, list_ in lists.items())
    path.write_text(f"{{{text}}}" if len(lists) > 1 else "".join(lists.values()), encoding="utf-8")


def _write_jsonl(path: Path, way: Way, tables: Sequence[Table]) -> None:
    [table] = tables
    path.write_text("".join(f"{record}\n" for record in _records(table, way)), encoding="utf-8")


_WRITERS: Mapping[str, Callable[[Path, Way, Sequence[Table]], None]] = {
    "csv": _write_csv,
    "tsv.gz": _write_csv,
    "xlsx": _write_xlsx,
    "sqlite": _write_sqlite,
    "parquet": _write_parquet,
    "json": _write_json,
    "jsonl": _write_jsonl,
}
