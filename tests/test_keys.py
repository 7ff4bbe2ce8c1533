"""Only keys that portalgen made are taken, from a place that only their owner can read."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.errors import InvalidInputError
from portalgen.keys import holds_key, key_text, load_keys, new_key, parse_key, parse_keys, write_key_file

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


def test_a_key_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "portalgen.keys"
    write_key_file(path, "a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(load_keys("file:config/portalgen.keys", tmp_path)) == ["a"]


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "portalgen.keys"
    write_key_file(path, "a")
    before = path.read_bytes()
    with pytest.raises(InvalidInputError, match="is there already"):
        write_key_file(path, "a")
    assert path.read_bytes() == before


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "portalgen.keys"
    write_key_file(path, "a")
    path.chmod(0o640)
    with pytest.raises(InvalidInputError, match="others can read"):
        load_keys("file:portalgen.keys", tmp_path)


def test_a_link_to_a_key_file_is_refused(tmp_path: Path) -> None:
    write_key_file(tmp_path / "real.keys", "a")
    (tmp_path / "portalgen.keys").symlink_to(tmp_path / "real.keys")
    with pytest.raises(InvalidInputError, match="not a regular file"):
        load_keys("file:portalgen.keys", tmp_path)


def test_keys_come_from_the_environment_or_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTALGEN_TEST_KEYS", f"a:{KEY}")
    assert load_keys("env:PORTALGEN_TEST_KEYS", tmp_path) == load_keys(f"cmd:echo a:{KEY}", tmp_path)


@pytest.mark.parametrize(
    "source", ["", "env:PORTALGEN_NOT_SET", "file:nowhere", "cmd:false", "cmd:no-such-command", "cmd:echo x"]
)
def test_keys_that_cannot_be_had_are_one_sentence(source: str, tmp_path: Path) -> None:
    assert "PORTALGEN_NOT_SET" not in os.environ
    with pytest.raises(InvalidInputError) as caught:
        load_keys(source, tmp_path)
    assert len(caught.value.problems) == 1


def test_a_key_is_seen_in_whatever_it_stands() -> None:
    assert holds_key(f"x\x00a:{new_key()},".encode("latin-1"))
    assert not holds_key(b"pgk1_" + b"0" * 55)
