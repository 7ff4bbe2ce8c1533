"""Root keys: what links are made from. Generated here only; anything that does not carry the checksum is refused."""

import base64
import hashlib
import os
import re
import secrets
import shlex
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

from portalgen.errors import InvalidInputError

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_FROM_RFC4648 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _CROCKFORD)
_TO_RFC4648 = str.maketrans(_CROCKFORD, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_KEY = re.compile(rf"pgk1_([{_CROCKFORD}]{{52}})([{_CROCKFORD}]{{4}})")
KEY_IDS = tuple(_CROCKFORD)
_KEY_IN_BYTES = re.compile(_KEY.pattern.encode())
_NAMED_KEY = re.compile(rf"([{_CROCKFORD}]):(\S+)")
_KEY_BYTES = 32
_FEWEST_DISTINCT = 16
_COMMAND_SECONDS = 30
_HINT = "make one with `portalgen keys new`"

RootKeys = Mapping[str, bytes]
"""Root keys of 32 bytes by their one-character key id, in the order in which they were given."""


def base32(data: bytes) -> str:
    """Crockford's base32 in lower case, the last character padded with zero bits, without padding characters."""
    return base64.b32encode(data).decode().rstrip("=").translate(_FROM_RFC4648)


def new_key() -> str:
    """The text of a new root key: 256 random bits and a checksum."""
    while True:
        data = secrets.token_bytes(_KEY_BYTES)
        if len(set(data)) >= _FEWEST_DISTINCT:
            return key_text(data)


def key_text(data: bytes) -> str:
    """How the 32 bytes of a root key are written."""
    body = base32(data)
    return f"pgk1_{body}{_checksum(body)}"


def parse_key(text: str) -> bytes:
    """The 32 bytes of a root key. Raises InvalidInputError without repeating any of `text`."""
    match = _KEY.fullmatch(text)
    if not match:
        raise InvalidInputError("a root key looks like pgk1_ and 56 letters and digits; this one does not", _HINT)
    body, checksum = match.groups()
    if checksum != _checksum(body):
        raise InvalidInputError("a root key's checksum is wrong: a character was lost or changed", _HINT)
    data = base64.b32decode(body.translate(_TO_RFC4648) + "====")
    if base32(data) != body:
        raise InvalidInputError("a root key's last character has bits that none of ours has", _HINT)
    if len(set(data)) < _FEWEST_DISTINCT:
        raise InvalidInputError("a root key has too few different bytes to be random", _HINT)
    return data


def holds_key(data: bytes) -> bool:
    """Whether something in `data` looks like a root key."""
    return bool(_KEY_IN_BYTES.search(data))


def _checksum(body: str) -> str:
    return base32(hashlib.sha256(b"portalgen-key/v1" + body.encode()).digest())[:4]


def parse_keys(text: str) -> RootKeys:
    """Keys as `a:pgk1_... b:pgk1_...`, separated by white space or commas. Raises InvalidInputError."""
    keys: dict[str, bytes] = {}
    for entry in re.split(r"[\s,]+", text.strip()):
        match = _NAMED_KEY.fullmatch(entry)
        if not match:
            raise InvalidInputError("each root key is written as ID:KEY, such as a:pgk1_...", _HINT)
        name, key = match.groups()
        if name in keys:
            raise InvalidInputError(f"two root keys have the id '{name}'", "give each its own")
        keys[name] = parse_key(key)
    return keys


def load_keys(source: str, root: Path) -> RootKeys:
    """The keys of `source`: env:NAME, file:PATH (relative to `root`) or cmd:COMMAND. Raises InvalidInputError."""
    if not source:
        hint = "keys: file:config/portalgen.keys, and `portalgen keys new config/portalgen.keys`"
        raise InvalidInputError("portals.yaml does not say where the root keys are", hint)
    kind, _, where = source.partition(":")
    text = {"env": _from_environment, "file": lambda path: _from_file(root / path), "cmd": _from_command}[kind](where)
    try:
        return parse_keys(text)
    except InvalidInputError as error:
        problem = error.problems[0]
        raise InvalidInputError(f"keys: {source}: {problem.message}", problem.hint) from None


def _from_environment(name: str) -> str:
    if not os.environ.get(name, "").strip():
        raise InvalidInputError(f"keys: the environment variable {name} is not set", _HINT)
    return os.environ[name]


def _from_file(path: Path) -> str:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise InvalidInputError(f"keys: {path} is not a regular file", "name the file itself, not a link to it")
        if os.name == "posix" and status.st_mode & 0o077:
            raise InvalidInputError(f"keys: others can read {path}", f"chmod 600 {shlex.quote(str(path))}")
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        hint = f"make it with `portalgen keys new {shlex.quote(str(path))}`"
        raise InvalidInputError(f"keys: there is no file {path}", hint) from None
    except UnicodeDecodeError:
        raise InvalidInputError(f"keys: {path} does not hold root keys", _HINT) from None
    except OSError as error:
        raise InvalidInputError(f"keys: {path} cannot be read: {error.strerror}") from None


def _from_command(command: str) -> str:
    try:
        done = subprocess.run(shlex.split(command), capture_output=True, check=False, timeout=_COMMAND_SECONDS)  # noqa: S603 - the admin's own
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise InvalidInputError(
            f"keys: the command could not be run: {type(error).__name__}", f"cmd:{command}"
        ) from None
    if done.returncode:
        raise InvalidInputError(f"keys: the command ended with exit code {done.returncode}", f"cmd:{command}")
    return done.stdout.decode("ascii", "replace")


def write_key_file(path: Path, key_id: str) -> None:
    """Write a new key to `path`, readable by its owner only. Raises InvalidInputError if there is a file already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 - the mode is set as it is made
            file.write(f"{key_id}:{new_key()}\n")
    except FileExistsError:
        hint = "links are made from the keys in it; to add one, append the line that `portalgen keys new` prints"
        raise InvalidInputError(f"{path} is there already and was left as it is", hint) from None
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}") from None
