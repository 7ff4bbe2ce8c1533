"""A delimited file as the importer has the database read it."""

from pathlib import Path

from portalgen.database import CsvShapeError, Database
from portalgen.exports.csvfile import is_table

Read = list[tuple[int, tuple[str, ...]]]


def by_database(file: Path, width: int, delimiter: str = ",") -> Read | None:
    """Each row with its number, '' for an empty cell; None where the database refuses the file."""
    names = [f"c{number}" for number in range(width)]
    with Database() as database:
        database.run(
            f"CREATE TABLE rows (file INTEGER, file_row BIGINT, {', '.join(f'{name} VARCHAR' for name in names)})"
        )
        try:
            cells = database.csv_rows(file, names, delimiter)
            database.load_csv("rows", f"SELECT 1 AS file, {', '.join(names)} FROM {cells}")
        except CsvShapeError:
            return None
        rows = database.rows("SELECT * EXCLUDE (file) FROM rows ORDER BY file_row")
    return [(number, tuple(cell or "" for cell in cells)) for number, *cells in rows]


def read_if_a_table(file: Path, width: int, delimiter: str = ",") -> Read | None:
    """The same, and None too where a second count does not find the same rows and cells."""
    read = by_database(file, width, delimiter)
    return read if read is not None and is_table(file, width, len(read), delimiter) else None
