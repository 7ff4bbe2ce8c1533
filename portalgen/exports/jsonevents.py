"""ijson's only room: a JSON text of any size as events, and the place where it stops being one."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import ijson  # type: ignore[import-untyped]

from portalgen.errors import InvalidInputError, Location

Event = tuple[str, Any]
"""One of start_map, map_key, end_map, start_array, end_array, null, boolean, string and number, and its value."""

_PIECE = 64 * 1024
_MOST_SILENT = 16 * 1024 * 1024
_LONG = 256 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_REASON = re.compile(r"(?:lexical|parse) error: ([^.\n\\]+)")
_FAILURES = (ijson.JSONError, ValueError, ArithmeticError, SystemError)
"""What ijson lets out of itself: SystemError for a whole number of more digits than Python turns into one."""


def read_events(file: Path, name: str) -> Iterator[list[Event]]:
    """The events of all values in the file, in batches. Raises InvalidInputError with the line and byte of a fault."""
    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, multiple_values=True)
    silent = good = 0
    try:
        with file.open("rb") as stream:
            good = _start(stream, name)
            # What makes no event is a value that has not ended: it is scanned anew with each piece, so pieces grow.
            while piece := stream.read(max(_PIECE, silent)):
                parser.send(piece)
                good += len(piece)
                silent = 0 if events else silent + len(piece)
                if silent > _MOST_SILENT:
                    raise InvalidInputError("a value of more than 16 MB", "export it anew", Location(name))
                yield events
                events.clear()
            parser.close()
        yield events
    except _FAILURES as error:
        raise _fault(file, name, (good, silent), error) from None
    except MemoryError:
        raise InvalidInputError("there is not enough memory to read it", "", Location(name)) from None
    except OSError as error:
        raise InvalidInputError(f"cannot be read: {error.strerror}", "", Location(name)) from None


def number_text(number: int | Decimal) -> str:
    """A number as it was written, but without an exponent: `1e-7` comes as 0.0000001, and `1e3` as 1000."""
    text = str(number)
    if "E" not in text:
        return text
    digits, _, exponent = text.partition("E")
    return format(number, "f") if abs(int(exponent)) + len(digits) < 60 else text


def _start(stream: IO[bytes], name: str) -> int:
    """Where the text begins, behind a byte-order mark. Raises InvalidInputError where it cannot be JSON in UTF-8."""
    first = stream.read(_PIECE)
    if not first.removeprefix(_BYTE_ORDER_MARK).strip():
        raise InvalidInputError("the file is empty", "export it anew", Location(name))
    if first[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in first[:2]:
        raise InvalidInputError("the file is UTF-16", "save it as UTF-8", Location(name))
    return stream.seek(len(_BYTE_ORDER_MARK) if first.startswith(_BYTE_ORDER_MARK) else 0)


def _fault(file: Path, name: str, read: tuple[int, int], error: Exception) -> InvalidInputError:
    """What is wrong, and where: the bytes that are `good` are read anew, and then fewer and fewer at a time.

    `read` are the good ones, and how many of the last of them are a value that has not ended. That is scanned anew
    each time, so that a long one is not looked into.
    """
    good, silent = read
    with file.open("rb") as stream:
        start = _start(stream, name)
        for step in (_PIECE, 256, 1) if silent < _LONG else ():
            good = _first_refused(stream, start, good, step)
    found = _REASON.search(str(error))
    message = f"this is not JSON: {found[1].strip() if found else 'a number or text that nothing can read'}"
    if good == file.stat().st_size:
        message = "the file ends in the middle of a value"
    return InvalidInputError(message, "export it anew as JSON", _place(file, name, good))


def _first_refused(stream: IO[bytes], start: int, good: int, step: int) -> int:
    """Where the first `step` bytes after the `good` ones stand that are no JSON; the end of the file if all are."""
    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, multiple_values=True)
    at = stream.seek(start)
    while piece := stream.read(step if at >= good else min(_PIECE, good - at)):
        try:
            parser.send(piece)
        except _FAILURES:
            return at
        events.clear()
        at += len(piece)
    return at


def _place(file: Path, name: str, offset: int) -> Location:
    """The line of a byte, and its number within the line, from 1."""
    line, byte = 1, 1
    with file.open("rb") as stream:
        while piece := stream.read(min(_PIECE, offset)):
            offset -= len(piece)
            breaks = piece.count(b"\n")
            line, byte = line + breaks, len(piece) - piece.rfind(b"\n") if breaks else byte + len(piece)
    return Location(name, line, byte)
