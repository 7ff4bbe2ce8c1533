"""A Parquet file comes as text that is exactly what its columns hold, in order, or is refused."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portalgen.database import Database
from portalgen.errors import InvalidInputError
from portalgen.exports import parquet
from portalgen.exports.textfile import TextTable, check_table, read_places
from tests.books import accounts
from tests.exports.xlsx import digits_of
from tests.imports import imported


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with Database() as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lines [1]*?.parquet"


def made(database: Database, file: Path, select: str, *values: object, options: str = "") -> Path:
    database.run(f"COPY ({select}) TO '{file}' (FORMAT parquet{options})", *values)
    return file


def rows_of(database: Database, file: Path) -> list[list[str]]:
    """The cells of all rows, the heading first, each row's number last."""
    table = read(database, file)
    with table.path.open(encoding="utf-8", newline="") as stream:
        _, *rows = csv.reader(stream, strict=True)
    return [[*table.heading], *([*cells, origin.partition(" ")[0]] for *cells, origin in rows)]


def read(database: Database, file: Path) -> TextTable:
    folder = file.parent / "copies"
    folder.mkdir(exist_ok=True)
    return parquet.read(database, file, "lines.parquet", folder, "Europe/Athens")


def refusal(database: Database, file: Path) -> str:
    with pytest.raises(InvalidInputError) as raised:
        read(database, file)
    return str(raised.value)


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("'0012'", "0012"),
        ("' a,\"b\"' || chr(10) || 'é😀' || chr(13)", ' a,"b"\né😀\r'),
        ("''", ""),
        ("NULL::VARCHAR", ""),
        ("12.50::DECIMAL(10, 2)", "12.50"),
        ("-0.00::DECIMAL(10, 2)", "0.00"),
        ("12345678901234567890123456789.123456789::DECIMAL(38, 9)", "12345678901234567890123456789.123456789"),
        ("9223372036854775807", "9223372036854775807"),
        ("18446744073709551615::UBIGINT", "18446744073709551615"),
        ("0.1::DOUBLE + 0.2::DOUBLE", "0.3"),
        ("1001.0::DOUBLE", "1001"),
        ("-0.0::DOUBLE", "0"),
        ("1e20::DOUBLE", "100000000000000000000"),
        ("9007199254740991::DOUBLE", "9007199254740991"),
        ("12.1::FLOAT", "12.1"),
        ("-7::FLOAT", "-7"),
        ("true", "true"),
        ("DATE '2026-01-31'", "2026-01-31"),
        ("TIMESTAMP '2026-01-31 00:00:00'", "2026-01-31"),
        ("TIMESTAMP '2026-01-31 10:15:00'", "2026-01-31 10:15:00"),
        ("TIMESTAMP '2026-01-31 00:00:00.5'", "2026-01-31 00:00:00.5"),
        ("TIMESTAMPTZ '2026-01-31 00:00:00+02'", "2026-01-31"),
        ("TIMESTAMPTZ '2026-01-31 01:30:00+02'", "2026-01-31 01:30:00"),
        ("TIME '10:15:00'", "10:15:00"),
    ],
)
def test_a_value_comes_as_text(database: Database, file: Path, sql: str, text: str) -> None:
    made(database, file, f"SELECT {sql} AS value, 1 AS one")
    assert rows_of(database, file) == [["value", "one"], [text, "1", "1"]]


@pytest.mark.parametrize("sql", ["[1, 2]", "{'a': 1}", "MAP {'a': 1}", "'x'::BLOB", "[{'a': 1}]"])
def test_what_has_no_text_is_a_title_over_nothing(database: Database, file: Path, sql: str) -> None:
    made(database, file, f"SELECT 1 AS id, {sql} AS lines")
    assert rows_of(database, file) == [["id", "lines[]"], ["1", "", "1"]]


ROWS = st.lists(
    st.tuples(
        st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
        st.integers(-(2**63), 2**63 - 1),
        st.decimals(-(10**9), 10**9, places=2),
        st.builds(lambda n: float(Decimal(n).scaleb(-3)), st.integers(-(10**14), 10**14)),
        st.dates(),
        st.datetimes(),
    ),
    min_size=1,
    max_size=5,
)


@given(ROWS)
@settings(deadline=None, max_examples=50)
def test_what_was_put_in_is_read(
    database: Database,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str | None, int, Decimal, float, date, datetime]],
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.parquet"
    database.run("CREATE OR REPLACE TABLE t (a VARCHAR, b BIGINT, c DECIMAL(18, 2), d DOUBLE, e DATE, f TIMESTAMP)")
    for row in rows:
        database.run("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", *row)
    made(database, file, "SELECT * FROM t")
    assert rows_of(database, file)[1:] == [
        [text or "", str(whole), f"{exact + 0:.2f}", digits_of(Decimal(repr(double))), str(day), shown(at), str(number)]
        for number, (text, whole, exact, double, day, at) in enumerate(rows, start=1)
    ]


def shown(at: datetime) -> str:
    text = str(at).removesuffix(" 00:00:00")
    return text.rstrip("0") if at.microsecond else text


def test_rows_keep_their_order_and_number_and_blank_ones_are_left_out(database: Database, file: Path) -> None:
    select = "SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE 'x' || i END AS a, '' AS b FROM range(300000) t(i)"
    made(database, file, select, options=", ROW_GROUP_SIZE 20000")
    _, *rows = rows_of(database, file)
    assert rows == [[f"x{i}", "", str(i + 1)] for i in range(300_000) if i % 3]


def test_the_table_can_be_checked_and_its_places_found(database: Database, file: Path) -> None:
    made(database, file, "SELECT i AS \"a,b\", 'x' || chr(10) || i AS c FROM range(10) t(i)")
    table = read(database, file)
    check_table(table, 10)
    assert (table.heading, table.unit, table.width) == (("a,b", "c"), "record", 3)
    assert str(read_places(table, [(7, 1)])[7, 1]) == "lines.parquet (record 7)"
    assert table.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("data", [b"", b"number,date\n", b"PAR1", b"PAR1xxxxPAR1", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_no_parquet_is_refused(database: Database, file: Path, data: bytes) -> None:
    file.write_bytes(data)
    assert refusal(database, file).startswith("lines.parquet: this cannot be read as Parquet: ")


def test_a_missing_file_is_a_sentence(database: Database, file: Path) -> None:
    assert refusal(database, file).startswith("lines.parquet: this cannot be read as Parquet: ")


def test_a_nul_character_is_refused(database: Database, file: Path) -> None:
    made(database, file, "SELECT 'a' || chr(0) AS a")
    assert refusal(database, file).startswith("lines.parquet: a NUL character in a text\n")


def test_more_rows_than_bytes_could_hold_are_refused(database: Database, file: Path) -> None:
    made(database, file, "SELECT 1 AS a FROM range(20000000)", options=", ROW_GROUP_SIZE 20000000")
    assert refusal(database, file).startswith("lines.parquet: 20,000,000 rows in ")


def test_a_file_that_is_cut_off_or_changed_anywhere_gives_a_sentence_or_rows(database: Database, file: Path) -> None:
    select = "SELECT 'n' || i AS number, i * 1.5::DOUBLE AS amount, DATE '2026-01-01' AS day FROM range(50) t(i)"
    whole = made(database, file, select).read_bytes()
    for at in range(0, len(whole), 11):
        for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
            file.write_bytes(data)
            try:
                rows_of(database, file)
            except InvalidInputError as error:
                assert str(error)


def test_ids_stored_with_a_floating_point_are_told(tmp_path: Path) -> None:
    columns = "'I-1' AS number, 'C-1' AS customer_id, DATE '2026-01-01' AS date, 1001.0::DOUBLE AS order_number"
    duckdb.sql(f"COPY (SELECT {columns}) TO '{tmp_path / 'i.parquet'}' (FORMAT parquet)")
    [said] = imported(tmp_path, {}, "{type: invoices, path: i.parquet}").warnings
    assert "order_number: stored as numbers with a floating point, which keep no leading zeros" in said


def test_a_moment_of_the_whole_world_is_the_day_it_is_where_the_site_is(tmp_path: Path) -> None:
    columns = "'I-1' AS number, 'C-1' AS customer_id, TIMESTAMPTZ '2025-12-31 22:00:00+00' AS date"
    duckdb.sql(f"COPY (SELECT {columns}) TO '{tmp_path / 'i.parquet'}' (FORMAT parquet)")
    entry = "{type: invoices, path: i.parquet, dates: prove}"
    entries = f"[{{type: customers, path: customers.csv}}, {entry}]"
    [document] = accounts(tmp_path, {}, entries, "currency: EUR, timezone: Europe/Athens")[0].transactions
    assert document.date == date(2026, 1, 1)
