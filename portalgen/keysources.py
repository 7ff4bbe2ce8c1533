"""Where root keys are kept: an environment variable, a file of its owner's alone, or what a command prints.

What stands where keys should be may be one, mistyped or in the wrong place: no message repeats any of it.
"""

import errno
import os
import re
import selectors
import shlex
import stat
import subprocess
import tempfile
import time
from pathlib import Path

from portalgen.errors import InvalidInputError
from portalgen.keys import KEY_IDS, MAKE_ONE, RootKeys, new_key, parse_keys

_LARGEST = 64 * 1024
"""In bytes; thirty keys have two thousand."""
_COMMAND_SECONDS = 30
_MAY_BE_A_KEY = re.compile(r"pgk|[0-9a-z]{24}", re.IGNORECASE)
_ENTRY = re.compile(rb"[^\s,]+")
_OPENING = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""A link at the end of the path is refused, and a pipe does not keep us waiting."""


def load_keys(source: str, root: Path) -> RootKeys:
    """The keys of `source`: env:NAME, file:PATH (relative to `root`) or cmd:COMMAND. Raises InvalidInputError."""
    if not source:
        hint = "keys: file:config/portalgen.keys, and `portalgen keys new config/portalgen.keys`"
        raise InvalidInputError("portals.yaml does not say where the root keys are", hint)
    kind, _, where = source.partition(":")
    data = {"env": _from_environment, "file": lambda path: _from_file(root / path), "cmd": _from_command}[kind](where)
    return _parsed(data, _called(source))


def key_file(source: str, root: Path) -> Path | None:
    """The file that holds the keys of `source`, if it is one."""
    return root / source.removeprefix("file:") if source.startswith("file:") else None


def _parsed(data: bytes, called: str) -> RootKeys:
    try:
        return parse_keys(data.decode("ascii"))
    except UnicodeDecodeError:
        raise InvalidInputError(f"keys: {called} does not hold root keys", MAKE_ONE) from None
    except InvalidInputError as error:
        problem = error.problems[0]
        raise InvalidInputError(f"keys: {called}: {problem.message}", problem.hint) from None


def _called(source: str) -> str:
    """How messages name a source; of a command, its program alone."""
    kind, _, where = source.partition(":")
    return f"cmd:{_named(where.split()[0])}" if kind == "cmd" else f"{kind}:{_named(where)}"


def _named(name: str | Path) -> str:
    """What a variable, a file or a program is called, unless that may be a key."""
    return "..." if _MAY_BE_A_KEY.search(str(name)) else str(name)


# The environment


def _from_environment(name: str) -> bytes:
    if not os.environ.get(name, "").strip():
        message = f"keys: the environment variable {_named(name)} is not set, or empty"
        raise InvalidInputError(message, MAKE_ONE)
    return os.fsencode(os.environ[name])


# A file


def _from_file(path: Path) -> bytes:
    """What a key file holds. Who may read it is asked of the open file, which nobody can swap for another."""
    called = _named(path)
    try:
        descriptor = os.open(path, _OPENING)
        try:
            _refuse_unless_private(os.fstat(descriptor), path)
            data = os.read(descriptor, _LARGEST + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        hint = f"make it with `portalgen keys new {shlex.quote(called)}`"
        raise InvalidInputError(f"keys: there is no file {called}", hint) from None
    except ValueError:
        raise InvalidInputError("keys: no file can be called that", "write file:PATH") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _no_file(called) from None
        raise InvalidInputError(f"keys: {called} cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise InvalidInputError(f"keys: {called} is larger than a file of root keys can be", MAKE_ONE)
    return data


def _refuse_unless_private(status: os.stat_result, path: Path) -> None:
    called = _named(path)
    if not stat.S_ISREG(status.st_mode):
        raise _no_file(called)
    if os.name == "posix" and status.st_uid not in {0, os.geteuid()}:
        hint = f"make it yours: chown {os.geteuid()} {shlex.quote(called)}"
        raise InvalidInputError(f"keys: {called} belongs to somebody else", hint)
    if os.name == "posix" and status.st_mode & 0o077:
        raise InvalidInputError(f"keys: others can read {called}", f"chmod 600 {shlex.quote(called)}")


def _no_file(called: str) -> InvalidInputError:
    return InvalidInputError(f"keys: {called} is not a regular file", "name the file itself, not a link to it")


def write_key_file(path: Path, key_id: str) -> None:
    """Write a new key to `path`, readable by its owner only. Raises InvalidInputError if there is a file already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 - the mode is set as it is made
            file.write(f"{key_id}:{new_key()}\n")
    except FileExistsError:
        hint = "links are made from the keys in it; --add puts one more into it"
        raise InvalidInputError(f"{path} is there already and was left as it is", hint) from None
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}") from None


def add_key(path: Path, key_id: str) -> RootKeys:
    """Put a new key behind those in `path`, in one step; the keys that it then holds.

    Raises InvalidInputError for an id that is there, and for a file that could not be used.
    """
    data = _from_file(path)
    held = _parsed(data, _named(path))
    if key_id in held:
        free = next((each for each in KEY_IDS[10:] + KEY_IDS[:10] if each not in held), "")
        raise InvalidInputError(f"{path} has a key '{key_id}' already", f"--id {free}" if free else "")
    end = b"\r\n" if b"\r\n" in data else b"\n"
    new = data + (b"" if data.endswith(b"\n") else end) + f"{key_id}:{new_key()}".encode() + end
    return _replaced(path, data, new)


def remove_key(path: Path, key_id: str) -> RootKeys:
    """Take a key out of `path`, in one step, and leave every other byte as it is; the keys that it then holds.

    Raises InvalidInputError for a key that is not there, for the only one, and for a file that could not be used.
    """
    data = _from_file(path)
    if {*_parsed(data, _named(path))} <= {key_id}:
        raise InvalidInputError(f"'{key_id}' is the only key in {path}", "without one there are no links")
    entries = [*_ENTRY.finditer(data)]
    number = next((n for n, entry in enumerate(entries) if entry[0].startswith(f"{key_id}:".encode())), None)
    if number is None:
        raise InvalidInputError(f"there is no root key '{key_id}' in {path}")
    entry = entries[number]
    start, end = data.rfind(b"\n", 0, entry.start()) + 1, data.find(b"\n", entry.end()) + 1 or len(data)
    if _ENTRY.findall(data[start:end]) != [entry[0]]:  # others on its line: what is between it and the next goes too
        is_last = number + 1 == len(entries)
        start = entries[number - 1].end() if is_last else entry.start()
        end = entry.end() if is_last else entries[number + 1].start()
    return _replaced(path, data, data[:start] + data[end:])


def _replaced(path: Path, old: bytes, new: bytes) -> RootKeys:
    """Put `new` in the place of a key file, whole or not at all, unless it holds something else than `old` by now."""
    keys = _parsed(new, _named(path))
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(new)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, stat.S_IMODE(path.stat().st_mode))  # noqa: PTH101 - beside os.replace
            _refuse_if_changed(path, old)
            os.replace(name, path)  # noqa: PTH105 - as it is called everywhere
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}") from None
    return keys


def _refuse_if_changed(path: Path, old: bytes) -> None:
    if _from_file(path) != old:
        raise InvalidInputError(f"{path} was changed by somebody else meanwhile; it was left alone", "try again")


# A command


def _from_command(command: str) -> bytes:
    """What a command prints; what it says to standard error is nobody's business: it may be a key."""
    called = _called(f"cmd:{command}")
    hint = "run it by hand: it has to print ID:KEY, such as a:pgk1_..."
    deadline = time.monotonic() + _COMMAND_SECONDS
    try:
        process = subprocess.Popen(shlex.split(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - the admin's own
    except (OSError, ValueError, IndexError) as error:
        raise InvalidInputError(f"keys: {called} could not be run: {type(error).__name__}", hint) from None
    try:
        data = _printed(process, deadline)
        code = process.wait(max(0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise InvalidInputError(f"keys: {called} was not done after {_COMMAND_SECONDS} seconds", hint) from None
    finally:
        process.kill()
        if process.stdout:
            process.stdout.close()
        process.wait()
    if code:
        raise InvalidInputError(f"keys: {called} ended with exit code {code}", hint)
    if not data.strip():
        raise InvalidInputError(f"keys: {called} printed nothing", hint)
    return data


def _printed(process: "subprocess.Popen[bytes]", deadline: float) -> bytes:
    """All that a process prints, if that is no more than keys can be. Raises InvalidInputError, or TimeoutExpired.

    What it started may live on and keep the pipe open; that is not waited for.
    """
    assert process.stdout  # noqa: S101 - it was made with a pipe
    data = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0, deadline - time.monotonic())):
            chunk = os.read(process.stdout.fileno(), _LARGEST)
            data += chunk
            if not chunk:
                return data
            if len(data) > _LARGEST:
                raise InvalidInputError("keys: the command prints more than root keys can be", "it has to print ID:KEY")
    raise subprocess.TimeoutExpired("", 0)
