"""Only keys that portalgen made are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.errors import InvalidInputError
from portalgen.keys import holds_key, key_fingerprint, key_text, new_key, parse_key, parse_keys, without_keys

KEY = key_text(bytes(range(32)))


def test_new_keys_differ_and_are_read_back() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(key_text(parse_key(key)) == key for key in keys)


@given(st.integers(5, 60), st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"))
def test_a_key_with_one_character_changed_is_refused(position: int, character: str) -> None:
    changed = KEY[:position] + character + KEY[position + 1 :]
    if changed != KEY:
        with pytest.raises(InvalidInputError) as caught:
            parse_key(changed)
        assert changed not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "changeme",
        "0" * 61,
        "pgk1_" + "0" * 56,
        KEY.upper(),
        KEY + "0",
        KEY[:-1],
        key_text(bytes(32)),
        key_text(b"ab" * 16),
    ],
)
def test_weak_and_mistyped_keys_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_key(text)


def test_keys_are_told_apart_by_white_space_or_commas() -> None:
    assert list(parse_keys(f"a:{KEY}, b:{KEY}\nc:{KEY}")) == ["a", "b", "c"]


def test_two_keys_with_one_id_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="two root keys have the id 'a'"):
        parse_keys(f"a:{KEY} a:{KEY}")


def test_a_key_is_seen_in_whatever_it_stands() -> None:
    assert holds_key(f"x\x00a:{new_key()},".encode("latin-1"))
    assert not holds_key(b"pgk1_" + b"0" * 55)


def test_keys_can_be_compared_without_being_shown() -> None:
    marks = {key_fingerprint(bytes([number] * 32)) for number in range(256)}
    assert len(marks) == 256
    assert {len(mark) for mark in marks} == {10}
    assert key_fingerprint(bytes(range(32))) == "8effec7c1a"


@pytest.mark.parametrize("text", ["{}", "a:{},b:{}\n", "'{}'", "x{}x", "{}."])
def test_a_key_is_taken_out_of_a_text(text: str) -> None:
    assert without_keys(text.replace("{}", KEY)) == text.replace("{}", "[root key]").replace("]x", "]")
    assert KEY[5:20] not in without_keys(text.replace("{}", KEY[:-10]))
