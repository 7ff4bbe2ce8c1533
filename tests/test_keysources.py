"""Keys come from a place that only their owner can read, and no message says anything of them."""

import os
import shlex
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portalgen import keysources
from portalgen.errors import InvalidInputError
from portalgen.keys import key_text, parse_keys
from portalgen.keysources import add_key, load_keys, remove_key, write_key_file

KEY = key_text(bytes(range(32)))
OTHER = key_text(bytes(range(32, 64)))
posix = pytest.mark.skipif(os.name != "posix", reason="owners, modes and pipes are POSIX's")


def refusal(source: str, root: Path) -> str:
    with pytest.raises(InvalidInputError) as caught:
        load_keys(source, root)
    assert len(caught.value.problems) == 1
    return str(caught.value)


def python(code: str) -> str:
    return f"cmd:{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


class TestFiles:
    def test_a_key_file_is_made_for_its_owner_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "config" / "portalgen.keys"
        write_key_file(path, "a")
        assert path.stat().st_mode & 0o777 == 0o600
        assert list(load_keys("file:config/portalgen.keys", tmp_path)) == ["a"]

    def test_a_key_file_is_never_overwritten(self, tmp_path: Path) -> None:
        path = tmp_path / "portalgen.keys"
        write_key_file(path, "a")
        before = path.read_bytes()
        with pytest.raises(InvalidInputError, match="is there already"):
            write_key_file(path, "a")
        assert path.read_bytes() == before

    @posix
    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o601])
    def test_one_that_others_can_read_is_refused(self, tmp_path: Path, mode: int) -> None:
        write_key_file(tmp_path / "my.keys", "a")
        (tmp_path / "my.keys").chmod(mode)
        assert "others can read" in refusal("file:my.keys", tmp_path)

    @posix
    def test_one_that_belongs_to_somebody_else_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_key_file(tmp_path / "my.keys", "a")
        if os.geteuid() == 0:
            os.chown(tmp_path / "my.keys", 12345, -1)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: 12345)
        said = refusal("file:my.keys", tmp_path)
        assert "belongs to somebody else" in said
        assert "chown" in said

    def test_a_link_to_one_is_refused_and_a_linked_folder_is_not(self, tmp_path: Path) -> None:
        write_key_file(tmp_path / "real/my.keys", "a")
        (tmp_path / "my.keys").symlink_to(tmp_path / "real/my.keys")
        (tmp_path / "linked").symlink_to(tmp_path / "real")
        assert "not a regular file" in refusal("file:my.keys", tmp_path)
        assert list(load_keys("file:linked/my.keys", tmp_path)) == ["a"]

    @posix
    @pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "device"])
    def test_what_is_no_file_is_refused_and_not_waited_for(
        self, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)  # a socket's path has to be short
        with socket.socket(socket.AF_UNIX) as bound:
            make: dict[str, Callable[[], object]] = {
                "folder": Path("my.keys").mkdir,
                "pipe": lambda: os.mkfifo("my.keys", 0o600),
                "socket": lambda: bound.bind("my.keys"),
                "device": lambda: None,
            }
            make[kind]()
            said = refusal("file:/dev/zero" if kind == "device" else "file:my.keys", tmp_path)
        assert ("cannot be read" if kind == "socket" else "not a regular file") in said

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "each root key is written as ID:KEY"),
            (b"\n \n", "each root key is written as ID:KEY"),
            (f"a:{KEY}\0".encode(), "looks like pgk1_"),
            (f"a:{KEY[:30]}\0{KEY[31:]}".encode(), "looks like pgk1_"),
            (f"\ufeffa:{KEY}".encode(), "does not hold root keys"),
            (f"a:{KEY}".replace("k", "\u212a").encode(), "does not hold root keys"),
            (f"a:{KEY}".encode("utf-16"), "does not hold root keys"),
            (f"a:{KEY}\n".encode() * 2000, "larger than a file of root keys can be"),
            (f"A:{KEY}".encode(), "each root key is written as ID:KEY"),
            (KEY.encode(), "each root key is written as ID:KEY"),
        ],
    )
    def test_what_holds_no_keys_is_refused(self, tmp_path: Path, data: bytes, message: str) -> None:
        write_key_file(tmp_path / "my.keys", "a")
        (tmp_path / "my.keys").write_bytes(data)
        said = refusal("file:my.keys", tmp_path)
        assert message in said
        assert KEY[5:20] not in said

    def test_a_name_that_no_file_can_have_is_refused(self, tmp_path: Path) -> None:
        assert "no file can be called that" in refusal("file:a\0b", tmp_path)

    @pytest.mark.parametrize("end", ["", "\n", "\r\n"])
    def test_a_key_is_added_behind_the_others_which_stay(self, tmp_path: Path, end: str) -> None:
        path = tmp_path / "my.keys"
        write_key_file(path, "a")
        before = f"a:{KEY}{end}".encode()
        path.write_bytes(before)
        path.chmod(0o400)
        assert list(add_key(path, "b")) == ["a", "b"]
        assert path.read_bytes().startswith(before)
        assert path.stat().st_mode & 0o777 == 0o400
        assert list(tmp_path.iterdir()) == [path]
        assert load_keys("file:my.keys", tmp_path)["a"] == bytes(range(32))

    def test_an_id_that_is_there_is_not_added_again(self, tmp_path: Path) -> None:
        path = tmp_path / "my.keys"
        write_key_file(path, "a")
        before = path.read_bytes()
        with pytest.raises(InvalidInputError, match=r"has a key 'a' already\n.*--id b"):
            add_key(path, "a")
        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("a:A\nb:B\n", "b:B\n"),
            ("b:B\na:A\n", "b:B\n"),
            ("b:B\na:A", "b:B\n"),
            ("b:B\r\n  a:A ,\r\n\r\n", "b:B\r\n\r\n"),
            ("b:B, a:A\n", "b:B\n"),
            ("a:A,b:B", "b:B"),
            ("c:C a:A  b:B\n", "c:C b:B\n"),
            ("c:C\n\n\ta:A\n\nb:B\n", "c:C\n\n\nb:B\n"),
        ],
    )
    def test_a_key_is_taken_out_and_every_other_byte_stays(self, tmp_path: Path, text: str, left: str) -> None:
        keys = {"A": KEY, "B": OTHER, "C": key_text(bytes(range(64, 96)))}

        def written(short: str) -> bytes:
            return "".join(keys.get(letter, letter) for letter in short).encode()

        path = tmp_path / "my.keys"
        write_key_file(path, "a")
        path.write_bytes(written(text))
        assert remove_key(path, "a") == parse_keys(written(left).decode())
        assert path.read_bytes() == written(left)
        assert path.stat().st_mode & 0o777 == 0o600
        assert list(tmp_path.iterdir()) == [path]

    def test_the_only_key_and_one_that_is_not_there_are_not_taken_out(self, tmp_path: Path) -> None:
        path = tmp_path / "my.keys"
        write_key_file(path, "a")
        before = path.read_bytes()
        with pytest.raises(InvalidInputError, match="the only key"):
            remove_key(path, "a")
        with pytest.raises(InvalidInputError, match="there is no root key 'b'"):
            remove_key(path, "b")
        assert path.read_bytes() == before

    def test_a_file_that_changes_meanwhile_is_left_alone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "my.keys"
        write_key_file(path, "a")
        later = f"a:{OTHER}\n".encode()
        monkeypatch.setattr(keysources, "new_key", lambda: (path.write_bytes(later), KEY)[1])
        with pytest.raises(InvalidInputError, match="changed by somebody else"):
            add_key(path, "b")
        assert path.read_bytes() == later
        assert list(tmp_path.iterdir()) == [path]


class TestEnvironmentAndCommands:
    def test_keys_come_from_the_environment_or_a_command(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORTALGEN_TEST_KEYS", f"a:{KEY}")
        assert load_keys("env:PORTALGEN_TEST_KEYS", tmp_path) == load_keys(f"cmd:echo a:{KEY}", tmp_path)

    @pytest.mark.parametrize("value", [None, "", " \n"])
    def test_a_variable_that_is_not_set_or_empty_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
    ) -> None:
        monkeypatch.delenv("PORTALGEN_TEST_KEYS", raising=False)
        if value is not None:
            monkeypatch.setenv("PORTALGEN_TEST_KEYS", value)
        assert "variable PORTALGEN_TEST_KEYS is not set, or empty" in refusal("env:PORTALGEN_TEST_KEYS", tmp_path)

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("", "does not say where"),
            ("file:nowhere", "there is no file"),
            ("cmd:false", "ended with exit code 1"),
            ("cmd:no-such-command", "could not be run: FileNotFoundError"),
            ("cmd:echo 'a", "could not be run: ValueError"),
            ("cmd:''", "could not be run"),
            ("cmd:true", "printed nothing"),
            ("cmd:echo x", "each root key is written as ID:KEY"),
            (python(f"import sys; sys.stderr.write('a:{KEY}')"), "printed nothing"),
            (python(f"import sys; sys.stderr.write('a:{KEY}'); sys.exit(3)"), "ended with exit code 3"),
            (python("import sys; sys.stdout.buffer.write(b'a:\\xff\\xfe')"), "does not hold root keys"),
        ],
    )
    def test_keys_that_cannot_be_had_are_one_sentence(
        self, source: str, message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert message in refusal(source, tmp_path)
        assert KEY not in "".join(capfd.readouterr())

    def test_a_command_that_never_ends_printing_is_stopped(self, tmp_path: Path) -> None:
        started = time.monotonic()
        assert "prints more than root keys can be" in refusal("cmd:yes", tmp_path)
        assert time.monotonic() - started < 10

    @posix
    @pytest.mark.parametrize(
        "command",
        [
            "sleep 60",
            "sh -c 'sleep 5 & sleep 60'",  # what it started keeps the pipe open
            "sh -c 'exec 1>&-; sleep 60'",  # it has closed the pipe, and goes on
        ],
    )
    def test_a_command_that_hangs_is_not_waited_for(
        self, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keysources, "_COMMAND_SECONDS", 1)
        started = time.monotonic()
        assert "was not done after 1 seconds" in refusal(f"cmd:{command}", tmp_path)
        assert time.monotonic() - started < 4


# Mistypings: of a key that was lost, changed, doubled, swapped or put where its source should be, nothing is repeated.

PARTS = {KEY[start : start + 6] for start in range(5, len(KEY) - 5)}


@st.composite
def mistyped(draw: st.DrawFn) -> str:
    text = f"a:{KEY}"
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text) - 1))
        how = draw(st.sampled_from(["lose", "change", "double", "swap", "upper"]))
        letter = draw(st.characters(min_codepoint=1, exclude_categories=["Cs"]))
        pair = text[place : place + 2]
        new = {"lose": "", "change": letter, "double": pair[0] * 2, "swap": pair[::-1], "upper": pair.upper()}[how]
        text = text[:place] + new + text[place + (2 if how in {"swap", "upper"} else 1) :]
    return text


def assert_nothing_repeated(said: str) -> None:
    assert not {said[start : start + 6].lower() for start in range(len(said))} & PARTS, said


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=mistyped())
def test_no_message_repeats_a_part_of_a_mistyped_key(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTALGEN_TEST_KEYS", text)
    path = tmp_path / "my.keys"
    path.unlink(missing_ok=True)
    write_key_file(path, "a")
    path.write_text(text, encoding="utf-8")
    for source in ("env:PORTALGEN_TEST_KEYS", "file:my.keys", f"env:{text}", f"file:{text}", f"cmd:{text}"):
        try:
            assert load_keys(source, tmp_path) == {"a": bytes(range(32))}
        except InvalidInputError as error:
            assert_nothing_repeated(str(error))
