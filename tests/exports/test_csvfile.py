"""A CSV file is a table or it is refused, and what is wrong in it stands where we say it stands.

The database reads the cells. Python's own csv module and a count of line ends by hand say what it should have read.
"""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portalgen.exports import csvfile
from portalgen.exports.csvfile import find_rows, is_table, problems_of_rows
from tests.tables import read_if_a_table

CELLS = st.text(st.sampled_from("ab0 ,;|\"'é€\u2028\n\r\t\\#"), max_size=6)
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8)
DELIMITERS = st.sampled_from(",;\t|")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv") / "any.csv"


def quoted(cell: str, delimiter: str, *, always: bool) -> str:
    """A cell as it is written: in quotes where it has to be, or always."""
    needs = always or any(char in cell for char in f'{delimiter}"\n\r') or cell != cell.strip()
    return '"' + cell.replace('"', '""') + '"' if needs else cell


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str, list[tuple[int, list[str]]]]:
    """What separates the cells of a file, its text, and each row: its line, counted by hand, and its cells."""
    end, delimiter = draw(st.sampled_from(["\n", "\r\n"])), draw(DELIMITERS)
    text, line, found = f"a{delimiter}b{delimiter}c{end}", 2, []
    for row in draw(ROWS):
        if draw(st.integers(0, 4)) == 0:
            text, line = text + end, line + 1
        body = delimiter.join(quoted(cell, delimiter, always=draw(st.booleans())) for cell in row)
        found.append((line, row))
        text += body + end
        line += len(body.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return delimiter, (text.removesuffix(end) if draw(st.booleans()) else text), found


@given(written())
@settings(deadline=None)
@example((",", 'a,b,c\n1,"x\r\ny",3\n4,5,6\n', [(2, ["1", "x\r\ny", "3"]), (4, ["4", "5", "6"])]))
@example((",", "a,b,c\r\n,,\r\n\r\n1,2,3", [(2, ["", "", ""]), (4, ["1", "2", "3"])]))
@example((";", "a;b;c\n;;\n;;\n1;2,5;3\n", [(2, ["", "", ""]), (3, ["", "", ""]), (4, ["1", "2,5", "3"])]))
def test_the_database_reads_what_python_reads_and_a_row_is_on_the_line_where_an_editor_shows_it(
    file: Path, case: tuple[str, str, list[tuple[int, list[str]]]]
) -> None:
    delimiter, text, rows = case
    file.write_bytes(text.encode())
    python = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    assert [row for row in python if row][1:] == [row for _, row in rows]
    read = read_if_a_table(file, 3, delimiter)
    assert read == [(number, tuple(row)) for number, (_, row) in enumerate(rows, start=1)]
    found = {number: row.start for number, row in find_rows(file, {number for number, _ in read}, delimiter, 3).items()}
    assert found == {number: line for number, (line, _) in enumerate(rows, start=1)}


SHAPES = st.lists(
    st.sampled_from(
        ["1,2,3", "1,2", "1,2,3,", "1,2,", ",,", '"x', 'x"', '"x",2,3', '"1\n2",2,3', '1,2,""', "", '1,x"y,3']
    )
    | st.text(st.sampled_from('ab ,"\r\n'), max_size=8),
    max_size=6,
)


@given(SHAPES, st.sampled_from(["\n", "\r\n"]), st.booleans(), DELIMITERS)
@settings(deadline=None)
@example(["1,2,3,"], "\n", False, ",")
@example(['1,2,3,""'], "\n", True, ",")
@example(["1,2,3", "\r"], "\n", True, ",")
@example(['1, "2",3'], "\n", True, ",")
@example(['1,"2" ,3'], "\n", True, ";")
@example([' "1",2,"3" '], "\n", False, "|")
@example(['1,"a, ""b"" ,c",3'], "\n", True, ",")
@example(['"1', 'x",2,3', "4,5,6"], "\r\n", True, ",")
@example(['1\r"x"', '",2,3'], "\n", True, ",")
@example(['1,5" pipe, 6" hose,'], "\n", True, ",")
@example(['24",2,3', '24",5,6'], "\n", True, "\t")
def test_a_file_is_read_as_python_reads_it_or_refused_with_a_reason(
    file: Path, lines: list[str], end: str, ended: bool, delimiter: str
) -> None:
    """The database drops empty cells at the end of a row, spaces around quotes, and rows where line ends differ."""
    text = (end.join(["a,b,c", *lines]) + (end if ended else "")).replace(",", delimiter)
    file.write_bytes(text.encode())
    read = read_if_a_table(file, 3, delimiter)
    if read is not None:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row][1:]
        assert [list(cells) for _, cells in read] == rows


@given(st.lists(st.sampled_from(["1", "", '""', '"x"', " ", "1,", '"a\nb"', 'x"y', "\r"]), max_size=5), st.booleans())
@settings(deadline=None)
@example(["1", "", "2", ""], True)
def test_a_blank_line_is_a_row_where_rows_have_one_cell(file: Path, lines: list[str], ended: bool) -> None:
    text = "\n".join(["a", *lines]) + ("\n" if ended else "")
    file.write_bytes(text.encode())
    read = read_if_a_table(file, 1)
    if read is None:
        assert any("," in line or "\r" in line or '"' in line for line in lines)
    else:
        rows = [row or [""] for row in csv.reader(io.StringIO(text, newline=""))][1:]
        assert [list(cells) for _, cells in read] == rows
        assert [*find_rows(file, range(1, 20), ",", 1)] == [number for number, _ in read]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_file_that_is_counted_in_parts_is_counted_whole(
    file: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(csvfile, "_CHUNK", size)
    file.write_bytes(b'a,b,c\n1,"x\n,\n",3\n\n4,5,"6"\n"""",,\n')
    assert is_table(file, 3, 3, ",")
    assert not is_table(file, 3, 2, ",")
    assert not is_table(file, 2, 3, ",")
    file.write_bytes(b'a,b,c\n1,"x\n,\n",3\n4,5,"6",\n')
    assert not is_table(file, 3, 2, ",")


@given(SHAPES, st.sampled_from(["\n", "\r\n"]), st.integers(1, 30), st.integers(0, 7))
@settings(deadline=None)
def test_the_count_does_not_depend_on_the_size_of_the_parts(
    file: Path, lines: list[str], end: str, size: int, rows: int
) -> None:
    file.write_bytes(end.join(["a,b,c", *lines]).encode())
    whole = is_table(file, 3, rows, ",")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvfile, "_CHUNK", size)
        assert is_table(file, 3, rows, ",") == whole
        patch.setattr(csvfile, "_LONGEST", size)
        assert is_table(file, 3, rows, ",") == whole


@given(written(), st.integers(1, 30))
@settings(deadline=None)
def test_a_row_is_found_whatever_the_size_of_the_parts(
    file: Path, case: tuple[str, str, list[tuple[int, list[str]]]], size: int
) -> None:
    delimiter, text, rows = case
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvfile, "_CHUNK", size)
        found = find_rows(file, range(1, 10), delimiter, 3)
        alone = {number: find_rows(file, [number], delimiter, 3).get(number) for number in found}
    assert {number: (row.start, row.cells) for number, row in found.items()} == dict(enumerate(rows, start=1))
    assert alone == found


def test_quotes_that_are_characters_do_not_make_it_read_a_long_file_row_by_row(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("a;b;c\n" + '24" screen;1,5;x\n' * 99_999)
    monkeypatch.setattr(csvfile, "problems_of_rows", lambda *_: pytest.fail("read row by row"))
    assert is_table(file, 3, 99_999, ";")
    file.write_bytes(b"a;b;c\r\n" + b'"5"" pipe, ""new""";1,5;"x\ny"\r\n' * 99_999)
    assert is_table(file, 3, 99_999, ";")


def test_a_long_file_with_one_comma_too_many_near_its_end_is_refused(file: Path) -> None:
    """Seen with DuckDB 2.0: the last cell is dropped, and what shifted is shown in the wrong column."""
    rows = [f"INV-{number},Smith,{'' if number % 2 else 'note'}" for number in range(50_000)]
    rows[49_990] = "INV-49990,Smith, John,"
    file.write_text("number,name,note\n" + "\n".join(rows) + "\n")
    assert read_if_a_table(file, 3) is None
    [problem] = problems_of_rows(file, "f", 3, ",")
    assert (problem.where.line, problem.message) == (49_992, "4 cells where the heading has 3")


def test_line_ends_that_change_far_down_are_refused(file: Path) -> None:
    file.write_bytes(b"a,b,c\r\n" + b"1,2,3\r\n" * 400_000 + b"4,5,6\n" * 10)
    assert read_if_a_table(file, 3) is None
    [problem] = problems_of_rows(file, "f", 3, ",")
    assert (problem.where.line, problem.message) == (400_002, "this row ends in LF, the rows above in CR LF")


def test_a_quote_within_a_cell_that_is_not_quoted_is_a_character_like_any_other(file: Path) -> None:
    file.write_text('a,b,c\n24" screen,5" pipe,x"y"\n1,2,3"\n')
    assert read_if_a_table(file, 3) == [(1, ('24" screen', '5" pipe', 'x"y"')), (2, ("1", "2", '3"'))]


def test_a_name_that_looks_like_a_pattern_is_a_name(tmp_path: Path) -> None:
    """Seen with DuckDB 2.0: `[2026]/a.csv` read `2/a.csv` instead, another customer's for all it knows."""
    for folder in ("[ab]", "a", "x*", "xy", "x?"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "f.csv").write_text(f"a,b,c\n{folder},,\n")
    for folder in ("[ab]", "a", "x*", "xy", "x?"):
        assert read_if_a_table(tmp_path / folder / "f.csv", 3) == [(1, (folder, "", ""))]


def test_words_for_nothing_are_words(file: Path) -> None:
    file.write_text('a,b,c\nNULL,null,NaN\n"",\\N,-\n')
    assert read_if_a_table(file, 3) == [(1, ("NULL", "null", "NaN")), (2, ("", "\\N", "-"))]
