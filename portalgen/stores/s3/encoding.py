"""How an object is stored: text that is long enough is compressed, so that it travels faster."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass

from portalgen.errors import DamagedError
from portalgen.stores.base import Metadata

FIRST_FLIGHT = 14 * 1024
"""As many bytes as a new connection carries before it waits for an answer: to shorten less gains no time."""

LEVEL = 6

_TEXTS = {"application/json", "application/x-ndjson", "application/javascript", "application/xml", "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Encoded:
    """Bytes as stored, their hex MD5, and the headers that say what they are."""

    body: bytes
    md5: str
    content_type: str
    cache_control: str
    content_disposition: str
    content_encoding: str


def encode(data: bytes, metadata: Metadata) -> Encoded:
    """`data` as it is stored; the same for the same input."""
    body, encoding = _shortened(data, metadata.content_type)
    return Encoded(
        body,
        hashlib.md5(body, usedforsecurity=False).hexdigest(),
        metadata.content_type,
        metadata.cache_control,
        "attachment" if metadata.is_download else "inline",
        encoding,
    )


def decode(body: bytes, content_encoding: str) -> bytes:
    """The bytes as they were written. Raises DamagedError.

    Some services decode what they send and leave the header as it was, so the bytes are asked, too.
    """
    if content_encoding != "gzip" or not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedError(f"it is damaged: {error}") from error


def _shortened(data: bytes, content_type: str) -> tuple[bytes, str]:
    kind = content_type.partition(";")[0].strip().lower()
    if len(data) > FIRST_FLIGHT and (kind.startswith("text/") or kind in _TEXTS):
        short = gzip.compress(data, LEVEL, mtime=0)
        if len(short) * 10 <= len(data) * 9:
            return short, "gzip"
    return data, ""
