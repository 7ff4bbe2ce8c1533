"""Exports compressed with gzip or Zstandard: told by their first bytes, unpacked without trust in what they hold."""

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from portalgen.errors import InvalidInputError, Location

_GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"
"""The second to fourth byte of a Zstandard frame that carries no data, and may come first."""
_RATIO = 200
_HARMLESS = 64 * 1024**2
_LARGEST = 64 * 1024**3
_WINDOW = 2**27
_PIECE = 1024 * 1024
_MORSEL = 1024
"""Bytes given to Zstandard at a time: it may make 32,768 out of each, and all of them are held in memory."""


class _BrokenArchiveError(Exception):
    """The archive ends too early, or is not what it was packed as. The message ends a sentence."""


def kind_of(head: bytes) -> str:
    """What a file that begins with these bytes is packed with: 'gzip', 'Zstandard' or '' for nothing."""
    if head.startswith(_GZIP):
        return "gzip"
    return "Zstandard" if head.startswith(_ZSTANDARD) or head[1:4] == _SKIPPABLE else ""


def plain(file: Path, name: str, folder: Path) -> Path:
    """The file itself, or where it is compressed, a new file in `folder` that holds it unpacked.

    Its bytes say whether it is compressed, not its name. Raises InvalidInputError where an archive is broken, cut off,
    or so much larger unpacked (over 64 GiB, or 200 times and over 64 MiB) that it is no export.
    """
    try:
        with file.open("rb") as packed:
            kind = kind_of(packed.read(4))
            if not kind:
                return file
            packed.seek(0)
            pieces = _from_gzip(packed) if kind == "gzip" else _from_zstandard(packed)
            return _unpack(pieces, file.stat().st_size, name, folder)
    except _BrokenArchiveError as error:
        hint = "pack it again, or copy it again"
        raise InvalidInputError(f"the {kind} archive {error}", hint, Location(name)) from None
    except OSError as error:
        raise InvalidInputError(f"cannot be read: {error.strerror or error}", "", Location(name)) from None


def _unpack(pieces: Iterator[bytes], packed: int, name: str, folder: Path) -> Path:
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".unpacked", delete=False) as target:
        path = Path(target.name)
        try:
            for piece in _limited(pieces, packed, name):
                target.write(piece)
        except BaseException:
            path.unlink()
            raise
    return path


def _limited(pieces: Iterator[bytes], packed: int, name: str) -> Iterator[bytes]:
    limit, written = min(max(_RATIO * packed, _HARMLESS), _LARGEST), 0
    for piece in pieces:
        written += len(piece)
        if written > limit:
            message = f"it is {packed:,} bytes, but more than {limit:,} unpacked: no export is like that"
            raise InvalidInputError(message, "give the file unpacked if it is right", Location(name))
        yield piece


def _from_gzip(packed: BinaryIO) -> Iterator[bytes]:
    try:
        with gzip.open(packed) as data:
            while piece := data.read(_PIECE):
                yield piece
    except EOFError:
        raise _BrokenArchiveError("is cut off") from None
    except (gzip.BadGzipFile, zlib.error):
        raise _BrokenArchiveError("is broken") from None


def _from_zstandard(packed: BinaryIO) -> Iterator[bytes]:
    """The data of all frames, one after the other."""
    library = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    frame, rest, begun = library.decompressobj(), b"", False
    try:
        while morsel := rest or packed.read(_MORSEL):
            begun = True
            yield frame.decompress(morsel)
            rest = b""
            if frame.eof:
                rest, frame, begun = frame.unused_data, library.decompressobj(), False
    except zstandard.ZstdError:
        raise _BrokenArchiveError("is broken") from None
    if begun:
        raise _BrokenArchiveError("is cut off")
