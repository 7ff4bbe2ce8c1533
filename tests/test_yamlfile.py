"""YAML is read as it is written, with the place of everything; whatever else it may say is refused, never obeyed."""

import gc
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from portalgen import yamlfile
from portalgen.errors import InvalidInputError, Location
from portalgen.yamlfile import Value, parse_yaml, read_yaml

WRITTEN = [
    *(
        "0012",
        "12:30",
        "12:30:45",
        "NO",
        "no",
        "off",
        "ON",
        "y",
        "Y",
        "yes",
        "True",
        "null",
        "Null",
        "~",
        "1e3",
        "1_000",
    ),
    *("0x1F", "0o17", "0b1", "017", ".inf", "-.INF", ".nan", "+1", "1.", "2026-11-22", "2026-11-22T10:00:00Z", "="),
]


@pytest.mark.parametrize("scalar", WRITTEN)
@pytest.mark.parametrize("form", ["{}", "'{}'", '"{}"'])
def test_a_scalar_is_what_is_written(form: str, scalar: str) -> None:
    written = form.format(scalar)
    document = parse_yaml(f"{written}: [{written}]\nkey: {written}\n", "f")
    assert document.data == {scalar: [scalar], "key": scalar}


def test_a_key_with_nothing_after_it_is_none_and_empty_quotes_are_a_text() -> None:
    assert parse_yaml("a:\nb: ''\nc: [x, ]\nd:\n-\n", "f").data == {"a": None, "b": "", "c": ["x"], "d": [None]}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "---\n...\n"])
def test_a_file_may_hold_nothing(text: str) -> None:
    assert parse_yaml(text, "f").data is None


def test_texts_of_several_lines_are_read() -> None:
    assert parse_yaml("a: |\n  one\n  two\nb: >-\n  one\n  two\n", "f").data == {"a": "one\ntwo\n", "b": "one two"}


def test_everything_has_a_place() -> None:
    document = parse_yaml("portals:\n  acme:\n    show: [quotes, orders]\n    name:\n", "f")
    assert document.place(("portals", "acme", "show", 1)) == Location("f", 3, 20)
    assert document.key_place(("portals", "acme", "show")) == Location("f", 3, 5)
    assert document.key_place(("portals", "acme", "show", 0)) == Location("f", 3, 12)


def test_what_is_not_there_has_the_place_of_what_is_around_it() -> None:
    document = parse_yaml("portals:\n  acme: {show: x}\n", "f")
    assert document.place(("portals", "acme", "customer")) == Location("f", 2, 9)
    assert document.place(("site",)) == Location("f", 1, 1)
    assert parse_yaml("", "f").place(("site",)) == Location("f")


def test_every_problem_is_found_at_once() -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_yaml("a: &x 1\nb: *x\na: !!int 2\nc: {d: 1, d: 2}\ne: [1\n", "f")
    assert [(problem.where.line, problem.message) for problem in refused.value.problems] == [
        (1, "anchor '&x'"),
        (2, "alias '*x'"),
        (3, "'a' is here twice, first in line 1"),
        (3, "tag '!!int'"),
        (4, "'d' is here twice, first in line 4"),
        (5, "the list that starts here does not end"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "? [a]\n: b\n'': c\n",
        "{*a : 1, *b : 1}",
        "? {a: 1}\n: {b: 2}\n",
        "? ? a\n: b\n",
        "[[a]: b, [a]: c]",
        "? - a\n: - b\n",
    ],
)
def test_a_key_that_is_no_text_is_one_problem_and_hides_nothing_behind_it(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_yaml(text, "f")
    assert all("twice" not in problem.message for problem in refused.value.problems)


@pytest.mark.parametrize("bomb", ["[", "{a: ", "- ", "? ", "[{a: "])
def test_a_depth_bomb_is_refused(bomb: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_yaml(bomb * 200_000, "f")


def test_twenty_levels_are_enough_for_anybody() -> None:
    parse_yaml("[" * 20 + "]" * 20, "f")
    with pytest.raises(InvalidInputError, match="nested deeper than 20 levels"):
        parse_yaml("[" * 21 + "]" * 21, "f")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamlfile, "MAX_BYTES", 10)
    monkeypatch.setattr(Path, "read_bytes", None)
    file = tmp_path / "portals.yaml"
    file.write_text("version: 1\n")
    with pytest.raises(InvalidInputError, match=r"portals.yaml: 11 bytes are too many"):
        read_yaml(file)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    file = tmp_path / "portals.yaml"
    file.write_bytes(b"\xef\xbb\xbfversion: 1\r\nsite: x\r\n")
    assert read_yaml(file).data == {"version": "1", "site": "x"}


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\uffff"])
def test_a_character_that_nobody_sees_is_refused_with_its_place(character: str) -> None:
    """U+0085 and U+2028 would end a line of YAML where no editor does, and change a value on the way."""
    with pytest.raises(InvalidInputError) as refused:
        parse_yaml(f"ä: ö\nb: x{character}y\n", "f")
    assert refused.value.problems[0].where == Location("f", 2, 5)


def test_garbage_collection_is_as_it_was() -> None:
    assert gc.isenabled()
    parse_yaml("a: 1", "f")
    assert gc.isenabled()
    gc.disable()
    try:
        parse_yaml("a: 1", "f")
        assert not gc.isenabled()
    finally:
        gc.enable()


VALUES = st.recursive(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Cn", "Co"], exclude_characters="\ufeff")
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc 0:-é", max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.sampled_from(['"', "'"]), st.booleans())
def test_what_was_written_is_what_is_read(value: Value, quotes: str, flow: bool) -> None:
    text = yaml.safe_dump(value, default_style=quotes, default_flow_style=flow, allow_unicode=True)
    document = parse_yaml(text.replace("!!null ", "").replace("!!int ", ""), "f")
    assert document.data == value
    lines = text.split("\n")
    for at, where in document.places.items():
        assert where.line <= len(lines), at


YAMLISH = st.text(st.sampled_from("ab01:-[]{}\"'&*!|>%@`#,?<~. \n\t\\é"), max_size=80)


@given(YAMLISH | st.text(max_size=80))
@example('a: "\\ud800"')
@example("%YAML 9.9\n---\n")
@example("a: !<\n")
def test_no_text_makes_it_crash(text: str) -> None:
    """Either a document or InvalidInputError, with a place that is in the file."""
    try:
        data = parse_yaml(text, "f").data
    except InvalidInputError as error:
        assert all(problem.where.file == "f" and problem.message for problem in error.problems)
        assert str(error).encode()
    else:
        _assert_plain(data)


def _assert_plain(value: Value) -> None:
    if isinstance(value, dict):
        assert all(isinstance(key, str) for key in value)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _assert_plain(item)
    assert value is None or isinstance(value, str | list | dict)


@given(st.binary(max_size=60) | YAMLISH.map(lambda text: text.encode("utf-16")))
def test_no_bytes_make_it_crash(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(data)
    try:
        _assert_plain(read_yaml(file).data)
    except InvalidInputError as error:
        assert all(problem.where.file == str(file) for problem in error.problems)


@given(YAMLISH)
def test_the_parser_in_python_and_the_one_in_c_agree(text: str) -> None:
    """libyaml may be missing from a platform: what is read must not depend on it."""

    def read(loader: object) -> object:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yamlfile, "_LOADER", loader)
            try:
                return parse_yaml(text, "f").data
            except InvalidInputError:
                return InvalidInputError

    in_c, in_python = read(yaml.CSafeLoader), read(yaml.SafeLoader)
    assert in_c == in_python or InvalidInputError in (in_c, in_python)
