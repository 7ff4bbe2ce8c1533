"""DuckDB's only room: a database in a folder that is thrown away, spoken to in SQL."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from portalgen.deferred import deferred
from portalgen.errors import PortalgenError

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = deferred("duckdb")

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
MEMORY = "400MB"
"""What a database takes at most, as DuckDB writes it."""
_BATCH = 10_000
_CHUNK = 8 * 1024 * 1024
_GLOB = re.compile(r"([*?\[])")
"""What DuckDB takes for a pattern in the name of a file, unless it is in brackets."""


class CsvShapeError(Exception):
    """A CSV file is not in the shape it was said to have. Carries no place: the caller finds it."""


class UnreadableFileError(Exception):
    """A file is not what a query takes it for. Its own text is the database's reason."""


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Raise what the disk is to blame for as a PortalgenError."""
    try:
        yield
    except duckdb.IOException as error:
        cause = str(error).splitlines()[0].removeprefix("IO Error: ")
        hint = "make room there, or let TMPDIR name a folder on another disk"
        raise PortalgenError(f"the exports cannot be read into a database: {cause}", hint) from error


def _has_quotes(file: Path) -> bool:
    """Whether a cell may hold a line break. DuckDB gives up on those where it reads parts of a file side by side."""
    with file.open("rb") as data:
        return any(b'"' in chunk for chunk in iter(partial(data.read, _CHUNK), b""))


class Database:
    """One connection to a database in `folder`, or in memory alone. Not for use from several threads.

    It takes `memory` at most, as DuckDB writes it, and works with so many `threads`.

    Whatever reads or writes it raises PortalgenError where the disk fails, or is full.
    """

    def __init__(self, folder: Path | None = None, *, memory: str = MEMORY, threads: int = 2) -> None:
        self.folder = folder
        file = folder / "book.duckdb" if folder else ":memory:"
        settings = _SETTINGS | {"memory_limit": memory, "threads": threads}
        settings |= {"temp_directory": str(folder / "spilled")} if folder else {}
        with _in_plain_words():
            self._connection = duckdb.connect(file, config=settings)
        self._connection.execute("PRAGMA disable_checkpoint_on_shutdown")  # what is in it is thrown away
        self._connection.execute("SET enable_progress_bar = false")  # it would be printed into what a verb prints

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def run(self, sql: str, *values: object) -> None:
        """Execute one statement; `values` fill its question marks."""
        with _in_plain_words():
            self._connection.execute(sql, values)

    def keep_to(self, memory: str) -> None:
        """Take no more memory than that from now on, as DuckDB writes it."""
        self.run(f"SET memory_limit = '{memory}'")

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with _in_plain_words():
            return self._connection.execute(sql, values).fetchall()

    @staticmethod
    def rows_of_file(sql: str, file: Path) -> list[tuple[Any, ...]]:
        """All rows of a query over a file that anybody may have made, its only question mark. UnreadableFileError.

        It is asked in a database of its own: some broken files make DuckDB give up the one that reads them.
        """
        try:
            with duckdb.connect(config=_SETTINGS) as apart:
                return apart.execute(sql, [_GLOB.sub(r"[\1]", str(file))]).fetchall()
        except (duckdb.Error, ValueError) as error:
            raise UnreadableFileError(str(error).strip().partition("\n")[0]) from None

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one by one, in its order, holding a batch in memory. Other queries may run meanwhile."""
        with _in_plain_words(), self._connection.cursor() as cursor:
            cursor.execute(sql)
            while batch := cursor.fetchmany(_BATCH):
                yield from batch

    def csv_rows(self, file: Path, cells: Sequence[str], delimiter: str = ",") -> str:
        """SQL for the rows of a CSV file, in parentheses: each cell as text (an empty one as NULL) under the names in
        `cells`, and the row's number within the file, from 1 after the header, as `file_row`.

        A statement that reads them raises CsvShapeError where a row does not have these cells, or the quoting is
        broken, or the file is not UTF-8; cells too many go unnoticed when they are empty.
        """
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in cells)
        path = _GLOB.sub(r"[\1]", str(file)).replace("'", "''")
        parallel = "false" if _has_quotes(file) else "true"
        return (
            f"(SELECT row_number() OVER () AS file_row, * FROM read_csv('{path}', auto_detect=false, header=true, "
            f"parallel={parallel}, delim='{delimiter}', quote='\"', escape='\"', strict_mode=true, null_padding=false, "
            f"compression='none', max_line_size=16000000, buffer_size=16000000, columns={{{columns}}}))"
        )

    def csv_values(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query that reads CSV files. Raises CsvShapeError."""
        try:
            return self.rows(sql)
        except duckdb.InvalidInputException as error:
            raise CsvShapeError(str(error).splitlines()[0]) from None

    def load_csv(self, table: str, rows: str) -> int:
        """Append `rows`, a statement that reads CSV files, to `table`, and return how many. Raises CsvShapeError.

        The table has a column `file_row` and the statement none: within each `file` it is filled with the row's number,
        as in `csv_rows`, but with all processors at work.
        """
        try:
            self.run(f"INSERT INTO {table} BY NAME {rows}")
        except duckdb.InvalidInputException as error:
            raise CsvShapeError(str(error).splitlines()[0]) from None
        count = self._connection.fetchone()
        self._number(table)
        return int(count[0]) if count else 0

    def _number(self, table: str) -> None:
        """Fill `file_row` where it is empty. Rows are inserted in their order, and so are their ids."""
        files = self.rows(
            f"SELECT file, min(rowid), max(rowid), count(*) FROM {table} WHERE file_row IS NULL GROUP BY file"
        )
        if any(last - first + 1 != count for _, first, last, count in files):
            raise RuntimeError("the database did not keep the rows of a file together")
        if files:
            before = {file: first for file, first, _, _ in files}
            lowest = min(before)
            first_ids = [before.get(file, 0) for file in range(lowest, max(before) + 1)]
            self.run(
                f"UPDATE {table} SET file_row = rowid + 1 - ({first_ids})[file - {lowest} + 1] WHERE file_row IS NULL"
            )
