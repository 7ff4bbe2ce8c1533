"""JSON comes as rows of text that lose nothing, or is refused with the place of the fault.

Python's own json module, with numbers kept as text, says what should have been read.
"""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portalgen.errors import InvalidInputError
from portalgen.exports import jsonfile
from portalgen.exports.grid import GridRow
from tests.memory_limit import run_limited
from tests.shared_data import shared


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "orders.json"


def written(file: Path, text: str | bytes) -> Path:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def rows_of(file: Path, text: str | bytes, records: str = "", lines: str = "") -> list[list[str]]:
    """The cells of all rows, the heading first."""
    grid = jsonfile.read(written(file, text), "orders.json", records, lines)
    assert grid.unit == "record"
    return [[*row.cells] for row in grid.rows]


def one_cell(file: Path, value: str) -> str:
    [_, [cell]] = rows_of(file, f'[{{"a": {value}}}]')
    return cell


def refusal(file: Path, text: str | bytes, records: str = "", lines: str = "") -> str:
    with pytest.raises(InvalidInputError) as raised:
        rows_of(file, text, records, lines)
    return str(raised.value)


class TestCells:
    """What a value is as text."""

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("12.50", "12.50"),
            ("0.10", "0.10"),
            ("-0.0", "-0.0"),
            ("2520000000000000123", "2520000000000000123"),
            ("0.1234567890123456789", "0.1234567890123456789"),
            ("1e3", "1000"),
            ("1.5E+2", "150"),
            ("1e99", "1E+99"),
            ("0.0000001", "0.0000001"),
            ("1e-7", "0.0000001"),
            ("1E-999999", "1E-999999"),
            ("true", "true"),
            ("false", "false"),
            ("null", ""),
            ('"0012"', "0012"),
            ('" a\\tb\\n\\u00e9 \\ud83d\\ude00/"', " a\tb\né 😀/"),
            ('"/Date(1518685950940+0000)/"', "2018-02-15"),
            ('"/Date(1518685950940)/"', "2018-02-15"),
            ('"/Date(1518649200000+0100)/"', "2018-02-15"),
            ('"/Date(-86400000)/"', "1969-12-31"),
            ('"/Date(999999999999999)/"', "/Date(999999999999999)/"),
            ('"/Date(now)/"', "/Date(now)/"),
            ('["a", 1, null, true, 2.50]', "a, 1, true, 2.50"),
            ("[]", ""),
        ],
    )
    def test_a_value_keeps_its_text(self, file: Path, value: str, text: str) -> None:
        assert one_cell(file, value) == text

    def test_objects_give_dotted_titles(self, file: Path) -> None:
        text = '[{"id": "1", "ref": {"value": "USD", "deep": {"er": 1}}}, {"ref": null}, {"ref": {"name": "x"}}]'
        assert rows_of(file, text) == [
            ["id", "ref.value", "ref.deep.er", "ref.name"],
            ["1", "USD", "1", ""],
            ["", "", "", ""],
            ["", "", "", "x"],
        ]

    def test_lists_of_objects_are_titles_over_nothing(self, file: Path) -> None:
        text = '[{"id": 1, "taxes": [{"rate": 20}], "grid": [[1]], "mixed": [1, {}]}, {"taxes": []}, {"taxes": null}]'
        assert rows_of(file, text) == [
            ["id", "taxes[]", "grid[]", "mixed[]"],
            ["1", "", "", ""],
            ["", "", "", ""],
            [""] * 4,
        ]

    def test_a_column_of_nothing_but_null_stays_a_column(self, file: Path) -> None:
        assert rows_of(file, '[{"id": 1, "note": null}]') == [["id", "note"], ["1", ""]]

    def test_titles_stand_in_the_order_in_which_they_first_occur(self, file: Path) -> None:
        assert rows_of(file, '[{"b": 1}, {"a": 2, "b": 3, "c": 4}]')[0] == ["b", "a", "c"]


class TestRecords:
    """Where the records are."""

    EXPECTED = (["id"], ["1"], ["2"])

    @pytest.mark.parametrize(
        ("text", "records"),
        [
            ('[{"id": 1}, {"id": 2}]', ""),
            ('\ufeff  [{"id": 1}, {"id": 2}]', ""),
            ('{"id": 1}\n{"id": 2}\n', ""),
            ('\ufeff{"id": 1}\r\n\r\n{"id": 2}', ""),
            ('{"@odata.context": "x", "value": [{"id": 1}, {"id": 2}]}', ""),
            ('{"value": [{"id": 1}, {"id": 2}], "next": null, "pages": [1, 2], "none": []}', ""),
            ('{"value": [{"id": 1}, {"id": 2}], "@odata.nextLink": null}', "value"),
            ('{"a": {"b": [{"id": 1}, {"id": 2}]}, "other": [{"x": 1}]}', "a.b"),
            ('{"QueryResponse": {"Invoice": [{"id": 1}, {"id": 2}], "maxResults": 2}, "time": "now"}', ""),
            ('{"value": [{"id": 1}]}\n{"value": [{"id": 2}]}\n', "value"),
        ],
    )
    def test_records_are_found(self, file: Path, text: str, records: str) -> None:
        assert rows_of(file, text, records) == [*self.EXPECTED]

    def test_an_object_with_the_lines_is_the_only_record(self, file: Path) -> None:
        text = '{"id": 1, "items": [{"sku": "a"}], "taxes": [{"rate": 1}], "address": {"city": "Bern"}}'
        expected = [["id", "taxes[]", "address.city", "items.sku"], ["1", "", "Bern", "a"]]
        assert rows_of(file, text, lines="items") == expected

    def test_an_object_without_lists_is_the_only_record(self, file: Path) -> None:
        assert rows_of(file, '{"id": 1, "tags": ["a", "b"]}') == [["id", "tags"], ["1", "a, b"]]

    def test_an_empty_list_of_records_has_no_rows(self, file: Path) -> None:
        assert rows_of(file, "[]") == rows_of(file, '{"value": []}', "value") == []

    @pytest.mark.parametrize(
        ("text", "records", "message"),
        [
            ('{"a": [{}], "b": [{}]}', "", "orders.json: several lists could be the records: 'a', 'b'"),
            ('{"value": []}', "", "orders.json: the list in it is empty"),
            ('{"value": [{}]}', "Value", "orders.json: there is no list of records 'Value'"),
            ('{"value": {"a": 1}}', "value", "orders.json: there is no list of records 'value'"),
            ('{"value": null}', "value", "orders.json: there is no list of records 'value'"),
            ('[{"value": []}]', "value", "orders.json: there is no list of records 'value'"),
            ('[{"id": 1}, 2]', "", "orders.json (record 2): this is not an object"),
            ('[[{"id": 1}]]', "", "orders.json (record 1): this is not an object"),
            ('{"id": 1}\n[]\n', "", "orders.json (record 2): this is not an object"),
            ("12", "", "orders.json (record 1): this is not an object"),
            ('[{"id": 1}]\n[{"id": 2}]', "", "orders.json: more follows after the list of records"),
            ('[{"id": 1}] {"id": 2}', "", "orders.json: more follows after the list of records"),
        ],
    )
    def test_what_is_not_clear_is_refused(self, file: Path, text: str, records: str, message: str) -> None:
        assert refusal(file, text, records).splitlines()[0] == message

    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ('{"value": [{"id": 1}], "@odata.nextLink": "https://x/?$skip=20"}', ""),
            ('{"odata.nextLink": "Orders?$skip=20", "value": [{"id": 1}]}', ""),
            ('{"d": {"results": [{"id": 1}], "__next": "https://x"}}', ""),
            ('{"value": [{"id": 1, "lines": [{"a": 1}], "lines@odata.nextLink": "https://x"}]}', "lines"),
            ('{"id": 1, "lines": [{"a": 1}], "lines@odata.nextLink": "https://x"}', "lines"),
        ],
    )
    def test_a_page_that_others_follow_is_refused(self, file: Path, text: str, lines: str) -> None:
        assert refusal(file, text, lines=lines).startswith(
            "orders.json: this is not the whole export: more pages follow\n  hint: fetch the pages that follow"
        )


class TestLines:
    """Records with lines."""

    def test_further_lines_stand_below_with_the_records_cells_blank(self, file: Path) -> None:
        lines = '[{"sku": "a", "tax": {"rate": 5}}, {"qty": 2}]'
        text = f'[{{"no": 1, "lines": {lines}}}, {{"no": 2, "to": "x"}}, {{"no": 3, "lines": []}}]'
        grid = jsonfile.read(written(file, text), "orders.json", lines="lines")
        assert [(row.origin, row.cells) for row in grid.rows] == [
            (0, ["no", "to", "lines.sku", "lines.tax.rate", "lines.qty"]),
            (1, ["1", "", "a", "5", ""]),
            (1, ["", "", "", "", "2"]),
            (2, ["2", "x", "", "", ""]),
            (3, ["3", "", "", "", ""]),
        ]

    def test_lines_may_lie_deeper(self, file: Path) -> None:
        body = '{"x": 2, "lines": [{"a": 1}, {"a": 2, "serials": [{"n": 1}]}]}'
        text = f'[{{"no": 1, "body": {body}}}, {{"no": 2, "body": null}}]'
        assert rows_of(file, text, lines="body.lines") == [
            ["no", "body.x", "body.lines.a", "body.lines.serials[]"],
            ["1", "2", "1", ""],
            ["", "", "2", ""],
            ["2", "", "", ""],
        ]

    @pytest.mark.parametrize("value", ['{"a": 1}', '"a"', "[1]", '[{"a": 1}, null]'])
    def test_lines_that_are_no_list_of_objects_are_refused(self, file: Path, value: str) -> None:
        message = refusal(file, f'[{{"no": 1}}, {{"no": 2, "lines": {value}}}]', lines="lines")
        assert message.startswith("orders.json (record 2): 'lines' is not a list of objects\n")

    def test_lines_that_no_record_has_are_refused_with_the_nearest(self, file: Path) -> None:
        message = refusal(file, '[{"no": 1, "line_items": [{"a": 1}]}]', lines="LineItems")
        assert message == "orders.json: no record has a list 'LineItems'\n  hint: did you mean 'line_items'?"


class TestBrokenFiles:
    """What is no JSON, or JSON that two readers could read in two ways."""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (b"", "orders.json: the file is empty"),
            (b" \n", "orders.json: the file is empty"),
            (b"\xef\xbb\xbf", "orders.json: the file is empty"),
            (b"<html>", "orders.json:1:1: this is not JSON: invalid char in json text"),
            (b"number,date\n", "orders.json:1:3: this is not JSON: invalid string in json text"),
            ('[{"a": 1}]'.encode("utf-16"), "orders.json: the file is UTF-16"),
            ('[{"a": 1}]'.encode("utf-16-le"), "orders.json: the file is UTF-16"),
            ('[{"a": "é"}]'.encode("latin-1"), "orders.json:1:10: this is not JSON: invalid bytes in UTF8 string"),
            (b'[{"a": "\xed\xa0\x80"}]', "orders.json:1:12: this is not JSON: a number or text that nothing can read"),
            (b'[{"a": 1},\n {"a": NaN}]', "orders.json:2:8: this is not JSON: invalid char in json text"),
            (b'[{"a": Infinity}]', "orders.json:1:8: this is not JSON: invalid char in json text"),
            (b"[{'a': 1}]", "orders.json:1:3: this is not JSON: invalid char in json text"),
            (b'[{"a": 1,}]', "orders.json:1:10: this is not JSON: invalid object key (must be a string)"),
            (b'[{"a": 01}]', "orders.json:1:10: this is not JSON: after key and value, inside map, I expect"),
            (b'[{"a": 1}\n', "orders.json:2:1: the file ends in the middle of a value"),
            (b'[{"a": "x', "orders.json:1:10: the file ends in the middle of a value"),
            (b'[{"a": 1}]x', "orders.json:1:11: this is not JSON: invalid char in json text"),
            (b'{"a": 1}\n{"a": 2', "orders.json:2:8: the file ends in the middle of a value"),
            (b'[{"a": 1e99999999999999999999}]', "orders.json:1:30: this is not JSON: a number or text"),
            (b'[{"a": ' + b"9" * 5000 + b"}]", "orders.json:1:5008: this is not JSON: a number or text"),
            (b'[{"a": 1, "a": 1}]', "orders.json (record 1): the key 'a' is there twice"),
            (b'[{}, {"a": {"b": 1, "b": 2}}]', "orders.json (record 2): the key 'b' is there twice"),
            (b'{"value": [{"a": 1}], "value": [{"a": 2}]}', "orders.json: the list 'value' is there twice"),
            (b'[{}, {"a.b": 1, "a": {"b": 2}}]', "orders.json (record 2): two values are called 'a.b'"),
            (b'[{"a": "x\\u0000"}]', "orders.json (record 1): a NUL character in a text"),
            (b"[" * 1000 + b"]" * 1000, "orders.json"),
            (b'[{"a":' + b"[" * 100 + b"]" * 100 + b"}]", "orders.json (record 1): lists or objects nested too deep"),
        ],
    )
    def test_a_fault_is_named_with_its_place(self, file: Path, text: bytes, message: str) -> None:
        assert refusal(file, text).startswith(message)

    def test_a_fault_far_down_is_found_on_its_line(self, file: Path) -> None:
        text = "".join(f'{{"id": {number}, "text": "{"é" * 50}"}}\n' for number in range(5000)) + '{"id": 5000 "x"}\n'
        assert refusal(file, text).startswith("orders.json:5001:15: this is not JSON")

    def test_a_missing_file_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match=r"none\.json: cannot be read: No such file"):
            jsonfile.read(tmp_path / "none.json", "none.json")

    def test_a_file_that_is_cut_off_or_changed_anywhere_is_never_read_as_if_it_were_whole(self, file: Path) -> None:
        whole = b'{"value": [{"no": "1", "lines": [{"a": 1.50}, {"a": null}]}, {"no": "2", "x": {"y": true}}]}'
        for at in range(len(whole)):
            assert refusal(file, whole[:at], "value", "lines")
            for mask in (1, 2, 0x10, 0x80):
                try:
                    rows_of(file, whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :], "value", "lines")
                except InvalidInputError as error:
                    assert str(error)


READ = """
import sys
from pathlib import Path
from portalgen.errors import InvalidInputError
from portalgen.exports import jsonfile
try:
    print(sum(1 for row in jsonfile.read(Path(sys.argv[1]), "b.json").rows))
except InvalidInputError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("start", "piece", "times", "message"),
    [
        (b'[{"a":"', b"a" * 1000, 60_000, "b.json: a value of more than 16 MB"),
        (b'[{"a":"', b'\\"' * 500, 60_000, "b.json: a value of more than 16 MB"),
        (b"[", b" " * 1000, 60_000, "b.json: a value of more than 16 MB"),
        (b'[{"a":', b"9" * 1000, 60_000, "b.json: a value of more than 16 MB"),
        (b"", b"[" * 1000, 20_000, "b.json (record 1): this is not an object"),
        (b"", b'{"a":' * 200, 20_000, "b.json: lists or objects nested too deep"),
        (b'[{"a":', b"[" * 1000, 20_000, "b.json (record 1): lists or objects nested too deep"),
        (b'[{"a":[', b"1," * 500, 40_000, "b.json (record 1): more than a million keys and values"),
    ],
)
def test_a_bomb_is_refused_within_400_megabytes(
    tmp_path: Path, start: bytes, piece: bytes, times: int, message: str
) -> None:
    file = tmp_path / "b.json"
    with file.open("wb") as stream:
        stream.write(start)
        for _ in range(times):
            stream.write(piece)
    assert run_limited(READ, file, limit=400 * 1024**2).startswith(message)


def test_many_records_take_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    record = json.dumps({"number": "x" * 5000, "list": [*range(10)]})
    file.write_text("[" + ",\n".join([record] * 40_000) + "]")
    assert run_limited(READ, file, limit=150 * 1024**2) == "40001\n"


KEYS = st.text("abc_é", min_size=1, max_size=3)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.integers(),
    st.decimals(-(10**9), 10**9, places=2).map(float),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
RECORDS = st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=4)
LINES = st.lists(st.dictionaries(KEYS, SCALARS, max_size=3), max_size=3)


def text_of(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def leaves(value: dict[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The cells of a record that are not blank, by their titles."""
    for key, item in value.items():
        if isinstance(item, dict):
            yield from leaves(item, f"{prefix}{key}.")
        elif isinstance(item, list):
            if not any(isinstance(inner, list | dict) for inner in item):
                yield prefix + key, ", ".join(text_of(inner) for inner in item if inner is not None)
        else:
            yield prefix + key, text_of(item)


@given(RECORDS, st.lists(LINES, min_size=4, max_size=4), st.sampled_from(["list", "lines", "object"]), st.booleans())
@settings(deadline=None)
def test_what_python_reads_is_read(
    file: Path, records: list[dict[str, object]], lines: list[list[dict[str, object]]], shape: str, ascii_only: bool
) -> None:
    whole = [{**record, "lines": own} for record, own in zip(records, lines, strict=False)]
    texts = [json.dumps(record, ensure_ascii=ascii_only) for record in whole]
    text = {"list": f"[{','.join(texts)}]", "lines": "\n".join(texts), "object": f'{{"v": [{",".join(texts)}]}}'}[shape]
    if shape == "lines" and len(texts) == 1:
        text += text
        whole *= 2
    grid = jsonfile.read(written(file, text), "orders.json", "v" if shape == "object" else "", "lines")
    heading, *rows = [*grid.rows] or [GridRow(0, [])]
    assert len({*heading.cells}) == len(heading.cells)
    exact = [json.loads(json.dumps(record), parse_float=str) for record in whole]
    expected = (
        []
        if not heading.cells
        else [
            (number, {title: cell for title, cell in found if cell})
            for number, record in enumerate(exact, start=1)
            for found in rows_by_hand(record)
        ]
    )
    read = [(row.origin, {t: c for t, c in zip(heading.cells, row.cells, strict=True) if c}) for row in rows]
    assert read == expected


def rows_by_hand(record: dict[str, object]) -> Iterator[list[tuple[str, str]]]:
    """The filled cells of each row of a record with `lines`."""
    own = record.pop("lines")
    assert isinstance(own, list)
    first = [*leaves(record)]
    for line in own or [{}]:
        yield [*first, *leaves(line, "lines.")]
        first = []


def test_chinook_comes_as_python_reads_it() -> None:
    source = shared("data/chinook") / "ChinookData.json"
    tables = json.loads(source.read_bytes(), parse_float=str)
    for name in ("Invoice", "InvoiceLine", "Customer"):
        heading, *rows = jsonfile.read(source, source.name, name).rows
        assert [*heading.cells] == [*tables[name][0]]
        expected = [[text_of(value) for value in record.values()] for record in tables[name]]
        assert [[*row.cells] for row in rows] == expected
        assert [row.origin for row in rows] == [*itertools.islice(itertools.count(1), len(expected))]


class TestKindsOfLines:
    """Lines that say what they are."""

    KINDS = jsonfile.Kinds("is", {"item": "line", "kit": "group", "off": "document", "sum": "none"})

    def rows(self, file: Path, *lines: str) -> list[list[str]]:
        text = f'[{{"no": "1", "lines": [{", ".join(lines)}]}}]'
        grid = jsonfile.read(written(file, text), "orders.json", "", "lines", self.KINDS)
        return [[*row.cells] for row in grid.rows]

    def test_a_group_is_a_line_and_so_is_each_one_that_it_holds(self, file: Path) -> None:
        small = '{"is": "kit", "what": "small", "in": {"lines": [{"is": "item", "what": "b"}]}}'
        inner = f'{{"is": "item", "what": "a"}}, {small}'
        kit = f'{{"is": "kit", "what": "large", "in": {{"lines": [{inner}]}}}}'
        heading, *rows = self.rows(file, kit, '{"is": "item", "what": "c"}')
        at = [heading.index(title) for title in ("no", "lines.kit.what", "lines.what")]
        assert [[row[cell] for cell in at] for row in rows] == [
            ["1", "large", ""],
            ["", "", "a"],
            ["", "small", ""],
            ["", "", "b"],
            ["", "", "c"],
        ]

    def test_what_is_the_documents_stands_beside_its_own_cells(self, file: Path) -> None:
        assert self.rows(file, '{"is": "sum", "n": 9}', '{"is": "item", "n": 9}', '{"is": "off", "n": 1}') == [
            ["no", "lines.off.is", "lines.off.n", "lines.is", "lines.n"],
            ["1", "off", "1", "item", "9"],
        ]

    def test_a_document_with_no_line_left_is_still_there(self, file: Path) -> None:
        assert self.rows(file, '{"is": "sum", "n": 9}') == [["no"], ["1"]]

    def test_two_lines_for_one_cell_of_the_document_are_refused(self, file: Path) -> None:
        with pytest.raises(InvalidInputError, match=r"two values are called 'lines\.off\.is'"):
            self.rows(file, '{"is": "off", "n": 1}', '{"is": "off", "n": 2}')

    @pytest.mark.parametrize(("line", "said"), [('{"is": "tax"}', "'tax'"), ('{"n": 1}', "nothing")])
    def test_a_line_of_a_kind_that_nothing_is_said_about_is_refused(self, line: str, said: str, file: Path) -> None:
        for each in (line, f'{{"is": "kit", "in": {{"lines": [{line}]}}}}'):
            with pytest.raises(InvalidInputError, match=f"lines.is: {said} is no known kind of line"):
                self.rows(file, '{"is": "item"}', each)
