"""Rows of CSV files in the database: each knows its place in its file, whatever the number of processors at work."""

from pathlib import Path

import pytest

from portalgen.database import CsvShapeError, Database, UnreadableFileError
from portalgen.errors import PortalgenError

ROWS = 300_000
QUOTED = '"a cell with ""quotes"", a line break\nand some more, so that a file is longer than what is read at once"'


BARE = "a cell without any of these and of about the same length: all processors read some of such a file at a time"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three files of many rows, each with its number in its first cell; in one, cells are quoted."""
    folder = tmp_path_factory.mktemp("csv")
    for name, text in {"a": BARE, "b": QUOTED, "c": BARE}.items():
        rows = "".join(f"{number},{text}\n" for number in range(1, ROWS + 1))
        (folder / f"{name}.csv").write_text(f"number,text\n{rows}", encoding="utf-8")
    return sorted(folder.iterdir())


def test_a_disk_that_fails_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "book.duckdb").mkdir()
    with pytest.raises(PortalgenError, match=r"the exports cannot be read into a database: .*book\.duckdb") as caught:
        Database(tmp_path)
    assert "TMPDIR" in caught.value.problems[0].hint


def table(database: Database) -> None:
    database.run("CREATE TABLE rows (file INTEGER, file_row BIGINT, number VARCHAR, text VARCHAR)")


def wrong(database: Database) -> list[tuple[int, int, int]]:
    """By file, how many rows there are, and how many have another place than they should."""
    return database.rows(
        "SELECT file, count(*), count(*) FILTER (file_row IS DISTINCT FROM number::BIGINT) FROM rows "
        "GROUP BY file ORDER BY file"
    )


def test_rows_of_files_that_are_loaded_one_by_one_have_their_number(files: list[Path]) -> None:
    with Database() as database:
        table(database)
        for place, file in zip((7, 3, 5), files, strict=True):
            cells = database.csv_rows(file, ["number", "text"])
            assert database.load_csv("rows", f"SELECT {place} AS file, number, text FROM {cells}") == ROWS
        assert wrong(database) == [(3, ROWS, 0), (5, ROWS, 0), (7, ROWS, 0)]


def test_rows_of_files_that_are_loaded_together_have_their_number(files: list[Path], tmp_path: Path) -> None:
    with Database(tmp_path) as database:
        table(database)
        every = " UNION ALL BY NAME ".join(
            f"SELECT {place} AS file, * FROM {database.csv_rows(file, ['number', 'text'])}"
            for place, file in enumerate(files)
        )
        assert database.load_csv("rows", f"SELECT file, number, text FROM ({every})") == 3 * ROWS
        assert wrong(database) == [(0, ROWS, 0), (1, ROWS, 0), (2, ROWS, 0)]


def test_no_rows_have_no_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("number,text\n", encoding="utf-8")
    with Database() as database:
        table(database)
        cells = database.csv_rows(tmp_path / "a.csv", ["number", "text"])
        assert database.load_csv("rows", f"SELECT 0 AS file, number, text FROM {cells}") == 0
        assert wrong(database) == []


def test_a_row_with_another_number_of_cells_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("number,text\n1,a\n2,b,c\n", encoding="utf-8")
    with Database() as database:
        table(database)
        cells = database.csv_rows(tmp_path / "a.csv", ["number", "text"])
        with pytest.raises(CsvShapeError):
            database.load_csv("rows", f"SELECT 0 AS file, number, text FROM {cells}")


def test_a_file_that_anybody_may_have_made_is_read_in_a_database_of_its_own(tmp_path: Path) -> None:
    """A fatal error of the reading, which ends a whole database, ends none that holds anything."""
    with Database(tmp_path) as database:
        database.run("CREATE TABLE secret AS SELECT 1 AS one")
        with pytest.raises(UnreadableFileError, match="secret"):
            database.rows_of_file("SELECT one FROM secret WHERE ? <> ''", tmp_path / "a.parquet")
        assert database.rows("SELECT one FROM secret") == [(1,)]
