"""A delimited file as the database reads it, in the words of the statement that the importer uses."""

from pathlib import Path

import duckdb

from portalgen.database import Database
from portalgen.exports.csvfile import is_table

Read = list[tuple[int, tuple[str, ...]]]


def by_database(file: Path, width: int, delimiter: str = ",") -> Read | None:
    """Each row with its number, '' for an empty cell; None where the database refuses the file."""
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(width))
    sql = (
        f"SELECT row_number() OVER (), * FROM read_csv(?, auto_detect=false, header=true, delim='{delimiter}', "  # noqa: S608
        "quote='\"', escape='\"', strict_mode=true, null_padding=false, max_line_size=16000000, "
        f"columns={{{columns}}})"
    )
    with Database() as database:
        try:
            rows = database.rows(sql, str(file))
        except duckdb.InvalidInputException:
            return None
    return [(number, tuple(cell or "" for cell in cells)) for number, *cells in rows]


def by_database_if_a_table(file: Path, width: int, delimiter: str = ",") -> Read | None:
    """The same, and None too where a second count does not find the same rows and cells."""
    read = by_database(file, width, delimiter)
    return read if read is not None and is_table(file, width, len(read), delimiter) else None
