"""Root keys: what links are made from. Generated here only; anything that does not carry the checksum is refused."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping

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
_KEY_IN_TEXT = re.compile(r"pgk1_[0-9a-z]{8,}", re.IGNORECASE)
MAKE_ONE = "restore it from your copy; only a site without links makes a new one, with `portalgen keys new`"

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
        raise InvalidInputError("a root key looks like pgk1_ and 56 letters and digits; this one does not", MAKE_ONE)
    body, checksum = match.groups()
    if checksum != _checksum(body):
        raise InvalidInputError("a root key's checksum is wrong: a character was lost or changed", MAKE_ONE)
    data = base64.b32decode(body.translate(_TO_RFC4648) + "====")
    if base32(data) != body:
        raise InvalidInputError("a root key's last character has bits that none of ours has", MAKE_ONE)
    if len(set(data)) < _FEWEST_DISTINCT:
        raise InvalidInputError("a root key has too few different bytes to be random", MAKE_ONE)
    return data


def holds_key(data: bytes) -> bool:
    """Whether something in `data` looks like a root key."""
    return bool(_KEY_IN_BYTES.search(data))


def key_fingerprint(data: bytes) -> str:
    """Ten hex digits that stand for a root key, so that people can compare keys without showing them."""
    return hashlib.sha256(b"portalgen-key-fingerprint/v1\0" + data).hexdigest()[:10]


def without_keys(text: str) -> str:
    """`text` with everything that begins as a root key does replaced."""
    return _KEY_IN_TEXT.sub("[root key]", text)


def _checksum(body: str) -> str:
    return base32(hashlib.sha256(b"portalgen-key/v1" + body.encode()).digest())[:4]


def parse_keys(text: str) -> RootKeys:
    """Keys as `a:pgk1_... b:pgk1_...`, separated by white space or commas. Raises InvalidInputError."""
    keys: dict[str, bytes] = {}
    for entry in text.replace(",", " ").split() or [""]:
        match = _NAMED_KEY.fullmatch(entry)
        if not match:
            raise InvalidInputError("each root key is written as ID:KEY, such as a:pgk1_...", MAKE_ONE)
        name, key = match.groups()
        if name in keys:
            raise InvalidInputError(f"two root keys have the id '{name}'", "give each its own")
        keys[name] = parse_key(key)
    return keys
