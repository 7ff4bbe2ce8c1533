"""A table of an SQLite database comes as rows of text that are exactly what it holds, or is refused."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portalgen.errors import InvalidInputError
from portalgen.exports import sqlitefile
from portalgen.exports.grid import GridRow
from tests.exports.xlsx import digits_of
from tests.memory_limit import run_limited
from tests.shared_data import shared


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "erp #1?.sqlite"


def made(file: Path, *statements: str, rows: Iterable[tuple[object, ...]] = ()) -> Path:
    """A database anew, in which `rows` are put into the last statement."""
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as database, database:
        for statement in statements[: -1 if rows else None]:
            database.execute(statement)
        if rows:
            database.executemany(statements[-1], rows)
    return file


def rows_of(file: Path, table: str = "") -> list[GridRow]:
    return [*sqlitefile.read(file, "erp.sqlite", table).rows]


def refusal(file: Path, table: str = "") -> str:
    with pytest.raises(InvalidInputError) as raised:
        rows_of(file, table)
    return str(raised.value)


class TestCells:
    """What a value is as text."""

    @pytest.mark.parametrize(
        ("sql", "text"),
        [
            ("NULL", ""),
            ("''", ""),
            ("'0012'", "0012"),
            ("' é😀' || char(10)", " é😀\n"),
            ("9223372036854775807", "9223372036854775807"),
            ("-5", "-5"),
            ("1.98", "1.98"),
            ("2.0", "2"),
            ("0.1 + 0.2", "0.3"),
            ("3 * 0.99", "2.97"),
            ("1e20", "100000000000000000000"),
            ("1.5e-7", "0.00000015"),
            ("CAST('12.50' AS NUMERIC)", "12.5"),
        ],
    )
    def test_a_value_comes_as_text(self, file: Path, sql: str, text: str) -> None:
        made(file, f"CREATE TABLE a AS SELECT {sql} AS value, 1 AS one")
        assert [[*row.cells] for row in rows_of(file)] == [["value", "one"], [text, "1"]]

    VALUES = st.one_of(
        st.none(),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9),
        st.integers(-(2**63), 2**63 - 1),
        st.builds(lambda n: float(Decimal(n).scaleb(-3)), st.integers(-(10**14), 10**14)),
    )

    @given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=9))
    @settings(deadline=None)
    def test_what_was_put_in_is_read(
        self, tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]]
    ) -> None:
        file = tmp_path_factory.getbasetemp() / "any.sqlite"
        made(file, "CREATE TABLE a (x, y)", "INSERT INTO a VALUES (?, ?)", rows=rows)
        expected = [
            ["" if v is None else digits_of(Decimal(repr(v))) if isinstance(v, float) else str(v) for v in row]
            for row in rows
        ]
        assert [[*row.cells] for row in rows_of(file)[1:]] == expected

    @pytest.mark.parametrize(
        ("sql", "what"),
        [("x'00ff'", "binary data"), ("9e999", "infinity"), ("'a' || char(0)", "a NUL character")],
    )
    def test_what_is_no_text_is_refused_with_record_and_column(self, file: Path, sql: str, what: str) -> None:
        made(file, f"CREATE TABLE a AS SELECT 1 AS one, 'x' AS value UNION ALL SELECT 2, {sql}")
        assert refusal(file).startswith(f"erp.sqlite (record 2): {what} in column 'value'\n")

    def test_text_that_is_not_utf8_is_refused(self, file: Path) -> None:
        made(file, "CREATE TABLE a AS SELECT CAST(x'ff41' AS TEXT) AS value")
        assert refusal(file).startswith(
            "erp.sqlite: the database cannot be read: Could not decode to UTF-8 column 'value'"
        )

    def test_a_name_that_is_not_utf8_is_refused(self, file: Path) -> None:
        data = made(file, "CREATE TABLE orders (a)").read_bytes()
        file.write_bytes(data.replace(b"orders", b"order\xff"))
        assert refusal(file).startswith("erp.sqlite: the database cannot be read: ")


class TestTables:
    """Which table is read."""

    TWO = ("CREATE TABLE orders (a)", "CREATE TABLE lines (a)")

    def test_the_only_table_needs_no_name(self, file: Path) -> None:
        assert sqlitefile.read(made(file, "CREATE TABLE orders (a)"), "erp.sqlite").name == "erp.sqlite"

    def test_a_named_table_is_read_and_messages_say_which(self, file: Path) -> None:
        grid = sqlitefile.read(made(file, *self.TWO), "erp.sqlite", "lines")
        assert (grid.name, grid.unit) == ("erp.sqlite [lines]", "record")

    def test_several_tables_are_refused_unless_one_is_named(self, file: Path) -> None:
        assert refusal(made(file, *self.TWO)) == (
            "erp.sqlite: there are several tables: orders, lines\n  hint: name the one to read: `sheet: orders`"
        )

    def test_an_unknown_table_is_refused_with_the_nearest(self, file: Path) -> None:
        message = "erp.sqlite: there is no table 'order'\n  hint: did you mean 'orders'?"
        assert refusal(made(file, *self.TWO), "order") == message

    def test_views_are_read_and_listed_behind_the_tables(self, file: Path) -> None:
        view = 'CREATE VIEW "two ""words""" AS SELECT a + 1 AS b FROM orders'
        made(file, view, "CREATE TABLE orders (a INTEGER PRIMARY KEY AUTOINCREMENT)", "INSERT INTO orders VALUES (1)")
        assert sqlitefile.tables(file, "erp.sqlite") == ["orders", 'two "words"']
        assert rows_of(file, 'two "words"') == [GridRow(0, ["b"]), GridRow(1, ["2"], [0])]

    def test_a_database_without_tables_is_refused(self, file: Path) -> None:
        made(file, "CREATE TABLE a (b)", "DROP TABLE a")
        assert refusal(file).startswith("erp.sqlite: there is no table in it\n")


class TestBrokenFiles:
    """One sentence for each."""

    @pytest.mark.parametrize("data", [b"", b"number,date\n", b"SQLite format 2\0" + bytes(100)])
    def test_what_is_no_database_is_refused(self, file: Path, data: bytes) -> None:
        file.write_bytes(data)
        assert refusal(file).startswith("erp.sqlite: this is not an SQLite database\n")

    def test_a_missing_file_is_a_sentence(self, file: Path) -> None:
        assert refusal(file) == "erp.sqlite: cannot be read: No such file or directory"

    def test_a_file_that_is_cut_off_is_never_read_as_if_it_were_whole(self, file: Path) -> None:
        rows = [(number, "x" * 50) for number in range(500)]
        whole = made(file, "CREATE TABLE a (n, t)", "INSERT INTO a VALUES (?, ?)", rows=rows).read_bytes()
        assert len(rows_of(file)) == 501
        for size in [20, 99, 100, 4000, *range(4096, len(whole), 2048)]:
            file.write_bytes(whole[:size])
            assert refusal(file)

    def test_damaged_pages_give_a_sentence_or_rows(self, file: Path) -> None:
        rows = [(number, "x" * 50) for number in range(300)]
        whole = made(file, "CREATE TABLE a (n, t)", "INSERT INTO a VALUES (?, ?)", rows=rows).read_bytes()
        for at in range(0, len(whole), 61):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) * 3 + whole[at + 3 :])
            try:
                rows_of(file)
            except InvalidInputError as error:
                assert str(error)

    def test_changes_that_are_not_in_the_file_yet_are_not_overlooked(self, file: Path) -> None:
        with closing(sqlite3.connect(file)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("CREATE TABLE a (b)")
            database.commit()
            assert refusal(file).startswith(
                "erp.sqlite: there are changes not yet written into it, in 'erp #1?.sqlite-wal'"
            )
        assert rows_of(file) == [GridRow(0, ["b"])]

    def test_the_file_and_its_folder_stay_as_they_are(self, file: Path) -> None:
        made(file, "CREATE TABLE a (b)")
        before = file.read_bytes()
        rows_of(file)
        assert [*file.parent.iterdir()] == [file]
        assert file.read_bytes() == before

    def test_a_view_may_not_load_code_or_write(self, file: Path) -> None:
        made(file, "CREATE TABLE a (b)", "CREATE VIEW v AS SELECT load_extension('/tmp/x') AS b")
        assert refusal(file, "v").startswith("erp.sqlite [v]: the database cannot be read: ")


ENDLESS = "CREATE VIEW e AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
READ = """
import sys
from pathlib import Path
from portalgen.errors import InvalidInputError
from portalgen.exports import sqlitefile
try:
    print(sum(1 for row in sqlitefile.read(Path(sys.argv[1]), "b.sqlite", "v").rows))
except InvalidInputError as error:
    print(error)
"""


@pytest.mark.parametrize("sql", ["zeroblob(2000000000)", "replace(hex(zeroblob(7000000)), '0', 'xxxx')"])
def test_a_view_that_makes_bombs_is_refused_within_400_megabytes(file: Path, sql: str) -> None:
    made(file, f"CREATE VIEW v AS SELECT {sql}")
    assert run_limited(READ, file, limit=400 * 1024**2).startswith("b.sqlite: the database cannot be read: ")


@pytest.mark.parametrize("view", ["SELECT x FROM e", "SELECT sum(x) FROM e"])
def test_a_view_without_end_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    monkeypatch.setattr(sqlitefile, "_MOST_STEPS", 3)
    made(file, ENDLESS, f"CREATE VIEW v AS {view}")
    message = "erp.sqlite [v]: the database cannot be read: interrupted\n  hint: export it anew"
    assert refusal(file, "v") == message


def test_many_rows_take_no_memory(file: Path) -> None:
    made(file, ENDLESS, "CREATE TABLE v AS SELECT x, printf('%.1000c', 'x') AS t FROM e LIMIT 200000")
    assert run_limited(READ, file, limit=200 * 1024**2) == "200001\n"


def test_chinook_is_the_same_as_sqlite_and_as_json() -> None:
    folder = shared("data/chinook")
    tables = json.loads((folder / "ChinookData.json").read_bytes(), parse_float=str)
    file = folder / "Chinook_Sqlite.sqlite"
    assert {*sqlitefile.tables(file, "c")} == {*tables}
    for name, records in tables.items():
        heading, *rows = rows_of(file, name)
        assert [*heading.cells] == [*records[0]]
        for row, record in zip(rows, records, strict=True):
            expected = ["" if v is None else str(v) for v in record.values()]
            assert [cell.replace(" 00:00:00", "") for cell in row.cells] == [
                cell.replace("T00:00:00", "") for cell in expected
            ]
