"""ijson's only room: a JSON text of any size as events, and the place where it stops being one."""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Any

import ijson  # type: ignore[import-untyped]

from portalgen.errors import InvalidInputError, Location

Event = tuple[str, Any]
"""One of start_map, map_key, end_map, start_array, end_array, null, boolean, string and number, and its value."""

_PIECE = 64 * 1024
_MOST_SILENT = 16 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_REASON = re.compile(r"(?:lexical|parse) error: ([^.\n\\]+)")
_FAILURES = (ijson.JSONError, ValueError, ArithmeticError, SystemError)
"""What ijson lets out of itself: SystemError for a whole number of more digits than Python turns into one."""


def read_events(file: Path, name: str) -> Iterator[list[Event]]:
    """The events of all values in the file, in batches. Raises InvalidInputError with the line and byte of a fault."""
    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, multiple_values=True)
    silent = done = 0
    try:
        with file.open("rb") as stream:
            for piece in _pieces(stream, name):
                parser.send(piece)
                silent = 0 if events else silent + len(piece)
                if silent > _MOST_SILENT:
                    raise InvalidInputError("a value of more than 16 MB", "export it anew", Location(name))
                yield events
                events.clear()
                done += 1
            parser.close()
        yield events
    except _FAILURES as error:
        message, place = _fault(file, name, done, error)
        raise InvalidInputError(message, "export it anew as JSON", place) from None
    except MemoryError:
        raise InvalidInputError("there is not enough memory to read it", "", Location(name)) from None
    except OSError as error:
        raise InvalidInputError(f"cannot be read: {error.strerror}", "", Location(name)) from None


def number_text(number: int | Decimal) -> str:
    """A number as it was written, but for `1e-7`, which comes as 0.0000001; `1e3` stays `1E+3`."""
    text = str(number)
    if "E-" not in text:
        return text
    whole, _, exponent = text.partition("E-")
    return format(number, "f") if int(exponent) + len(whole) < 60 else text


def _pieces(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """The bytes of a file, without its byte-order mark. Raises InvalidInputError where they cannot be JSON in UTF-8."""
    first = stream.read(_PIECE)
    if not first.strip():
        raise InvalidInputError("the file is empty", "export it anew", Location(name))
    if first[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in first[:2]:
        raise InvalidInputError("the file is UTF-16", "save it as UTF-8", Location(name))
    yield first.removeprefix(_BYTE_ORDER_MARK)
    while piece := stream.read(_PIECE):
        yield piece


def _fault(file: Path, name: str, done: int, error: Exception) -> tuple[str, Location]:
    """What is wrong, and where: the bytes after `done` good pieces are given to a new parser one by one."""
    found = _REASON.search(str(error))
    reason = found[1] if found else "a number or text that nothing can read"
    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, multiple_values=True)
    line, byte = 1, 0
    with file.open("rb") as stream:
        pieces = _pieces(stream, name)
        for piece in islice(pieces, done):
            parser.send(piece)
            events.clear()
            line, byte = _further(line, byte, piece)
        for at in next(pieces, b""):
            char = bytes([at])
            line, byte = _further(line, byte, char)
            try:
                parser.send(char)
            except _FAILURES:
                return f"this is not JSON: {reason}", Location(name, line, byte)
    return "the file ends in the middle of a value", Location(name, line)


def _further(line: int, byte: int, read: bytes) -> tuple[int, int]:
    """The line, and the byte within it from 1, of the last one of `read`."""
    breaks = read.count(b"\n")
    return line + breaks, len(read) - read.rfind(b"\n") - 1 if breaks else byte + len(read)
