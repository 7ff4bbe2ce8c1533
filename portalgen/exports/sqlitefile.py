"""SQLite databases, one table or view as rows of text. Opened for reading alone, and never waited for."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

from portalgen.errors import InvalidInputError, Location, did_you_mean, shown
from portalgen.exports.grid import Grid, GridRow
from portalgen.exports.storednumbers import real_text

_HEADER = b"SQLite format 3\0"
_LONGEST = 16_000_000
_BATCH = 1_000
_STEPS, _MOST_STEPS = 1_000_000, 10_000
"""Each row read takes about 20 steps of the database's machine; after 10,000 million of them a view is without end."""
_SETTINGS = ("PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON")
"""A view may not call functions with side effects, nor may broken pages be read as if they were whole."""


def tables(file: Path, name: str) -> list[str]:
    """The names of the tables, then of the views, each in the order in which they were made."""
    with _opened(file, name) as database:
        return _tables(database)


def read(file: Path, name: str, table: str = "") -> Grid:
    """One table or view; '' is the only one there is.

    Texts come as they are, whole numbers in digits, others to the 15 digits that the file surely holds, and NULL as
    nothing. Iterating raises InvalidInputError too: for a BLOB, and where the file turns out to be broken.
    """
    with _opened(file, name) as database:
        found = _tables(database)
    if table and table not in found:
        raise InvalidInputError(f"there is no table {shown(table)}", did_you_mean(table, found), Location(name))
    if not table and len(found) != 1:
        message = f"there are several tables: {', '.join(found)}" if found else "there is no table in it"
        hint = f"name the one to read: `sheet: {found[0]}`" if found else "export it anew"
        raise InvalidInputError(message, hint, Location(name))
    chosen = table or found[0]
    title = f"{name} [{chosen}]" if len(found) > 1 else name
    return Grid(title, _rows(file, title, chosen), "record")


def _rows(file: Path, name: str, table: str) -> Iterator[GridRow]:
    with _opened(file, name) as database:
        _check_whole(database, name)
        identifier = '"' + table.replace('"', '""') + '"'
        cursor = database.execute(f"SELECT * FROM {identifier}")
        titles = [column[0] for column in cursor.description]
        yield GridRow(0, titles)
        number = 0
        while batch := cursor.fetchmany(_BATCH):
            for number, values in enumerate(batch, start=number + 1):  # noqa: B020
                numbers = [index for index, value in enumerate(values) if isinstance(value, int | float)]
                yield GridRow(number, _texts(values, titles, name, number), numbers)


def _texts(values: Sequence[object], titles: Sequence[str], name: str, number: int) -> list[str]:
    cells = []
    for value, title in zip(values, titles, strict=True):
        match value:
            case None:
                cells.append("")
            case str() if "\0" not in value:
                cells.append(value)
            case int():
                cells.append(str(value))
            case float() if value - value == 0:
                cells.append(real_text(value))
            case _:
                raise _unreadable(value, title, Location(f"{name} (record {number})"))
    return cells


def _unreadable(value: object, title: str, place: Location) -> InvalidInputError:
    what = "binary data" if isinstance(value, bytes) else "a NUL character" if isinstance(value, str) else "infinity"
    hint = "make a view without the column, or of its text, and name that view as `sheet`"
    return InvalidInputError(f"{what} in column {shown(title)}", hint, place)


def _check_whole(database: sqlite3.Connection, name: str) -> None:
    """Raises InvalidInputError if pages are missing or damaged, which reading may not notice."""
    verdict = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
    if verdict != "ok":
        message = f"the database is broken: {verdict.strip().splitlines()[-1]}"
        raise InvalidInputError(message, "export it anew", Location(name))


def _tables(database: sqlite3.Connection) -> list[str]:
    found = database.execute(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "ORDER BY type, rowid"
    )
    return [str(name) for (name,) in found]


@contextmanager
def _opened(file: Path, name: str) -> Iterator[sqlite3.Connection]:
    """The database in `file`, and one sentence for whatever is wrong with it."""
    try:
        _refuse_other_files(file, name)
        address = f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            for setting in _SETTINGS:
                database.execute(setting)
            steps = count(1)
            database.set_progress_handler(lambda: next(steps) > _MOST_STEPS, _STEPS)
            yield database
    except MemoryError:
        raise InvalidInputError("there is not enough memory to read it", "", Location(name)) from None
    except (sqlite3.Error, UnicodeDecodeError) as error:
        hint = "export it anew"
        raise InvalidInputError(f"the database cannot be read: {error}", hint, Location(name)) from None
    except OSError as error:
        raise InvalidInputError(f"cannot be read: {error.strerror}", "", Location(name)) from None


def _refuse_other_files(file: Path, name: str) -> None:
    with file.open("rb") as stream:
        start = stream.read(len(_HEADER))
    if start != _HEADER:
        raise InvalidInputError("this is not an SQLite database", "export it anew", Location(name))
    for ending, what in (("-wal", "not yet written into it"), ("-journal", "not yet finished")):
        beside = file.with_name(file.name + ending)
        if beside.exists() and beside.stat().st_size:
            message = f"there are changes {what}, in {shown(beside.name)}"
            hint = "close the program that writes it, or make a copy: `sqlite3 FILE '.backup COPY'`"
            raise InvalidInputError(message, hint, Location(name))
