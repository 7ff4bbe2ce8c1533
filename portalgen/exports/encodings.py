"""The bytes of a text file -> text. An encoding is shown by the file, or declared; it is never guessed."""

import codecs
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from portalgen.errors import InvalidInputError, Location, did_you_mean

_CODECS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "windows-1252": "cp1252",
    "windows-1250": "cp1250",
    "iso-8859-1": "iso8859-1",
    "iso-8859-15": "iso8859-15",
    "cp850": "cp850",
    "cp437": "cp437",
}
"""By the name of each encoding that may be declared, what Python calls it."""
ENCODINGS = tuple(_CODECS)
Write = Callable[[bytes], object]
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", ("utf-8",)),
    (codecs.BOM_UTF16_LE, "utf-16", ("utf-16-le", "utf-16")),
    (codecs.BOM_UTF16_BE, "utf-16", ("utf-16-be", "utf-16")),
)
"""Each byte-order mark, how Python reads a file that begins with it, and what may be declared of such a file."""
_OFFERED = ("windows-1252", "windows-1250", "cp850")
_PIECE = 4 * 1024 * 1024
_LOOKED_AT = 4096
_LONGEST = 16_000_000
"""Characters in a line, which is as much as the database takes."""
_ASCII = bytes(range(128))
_HIGH = re.compile(rb"[\x80-\xff]")
_CONTROLS = re.compile("[\x80-\x9f]")
_WORD = re.compile(rb"[^\s,;|\"]+")
_AROUND = 40
_MARK = "\udcff"
_MARKING = "portalgen-mark"
"""The way of decoding that puts _MARK, which no encoding can write, where bytes are undefined."""
codecs.register_error(_MARKING, lambda error: (_MARK, error.end if isinstance(error, UnicodeDecodeError) else 0))


def known_encoding(name: str) -> str:
    """The name in ENCODINGS that `name` is or is an alias of ('latin-1', 'cp1252', 'UTF8'); '' for any other."""
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return ""
    return {codecs.lookup(own).name: own for own in ENCODINGS}.get(codec.removesuffix("-sig"), "")


def find_encoding(file: Path, name: str, declared: str = "") -> str:
    """How to read the file: one of ENCODINGS, or utf-8-sig for UTF-8 with a byte-order mark; utf-16 has one always.

    Only its first bytes are looked at. Raises InvalidInputError for an unknown encoding, for one that the byte-order
    mark contradicts, and for UTF-16 that neither a mark nor a declaration shows.
    """
    wanted = known_encoding(declared) if declared else ""
    if declared and not wanted:
        raise InvalidInputError(f"unknown encoding '{declared}'", did_you_mean(declared, ENCODINGS), Location(name))
    with file.open("rb") as data:
        head = data.read(_LOOKED_AT)
    for mark, codec, fitting in _MARKS:
        if head.startswith(mark):
            if wanted and wanted not in fitting:
                message = f"its byte-order mark says {fitting[0]}, and not {wanted}"
                raise InvalidInputError(message, "leave `encoding` out", Location(name))
            return codec
    wide = _utf_16_without_mark(head)
    if wide and wanted in {"", "utf-8", "utf-16"}:
        message = "this is UTF-16 without a byte-order mark"
        raise InvalidInputError(message, f"say `encoding: {wide}`", Location(name))
    if wanted == "utf-16":
        hint = "leave `encoding` out, or say `encoding: utf-16-le` if it is that"
        raise InvalidInputError("this is not UTF-16 with a byte-order mark", hint, Location(name))
    return wanted or "utf-8"


def _utf_16_without_mark(head: bytes) -> str:
    """The encoding of ASCII and what is like it with a NUL beside each character; '' where it is not that."""
    first, second = head[0::2].count(0), head[1::2].count(0)
    if (first and second) or max(first, second) * 10 < len(head) or not head:
        return ""
    return "utf-16-le" if second else "utf-16-be"


def read_head(file: Path, name: str, encoding: str, size: int) -> str:
    """The text of the first `size` bytes, without a byte-order mark. Raises InvalidInputError as transcode does."""
    with file.open("rb") as data:
        head = data.read(size)
        is_whole = not data.read(1)
    decoder = codecs.getincrementaldecoder(_CODECS.get(encoding, encoding))("strict")
    try:
        return decoder.decode(head, final=is_whole)
    except UnicodeDecodeError:
        transcode(file, name, encoding)
        raise


def transcode(file: Path, name: str, encoding: str, skip: int = 0, write: Write | None = None) -> None:
    """Check every byte of the file, and `write` its text but for the first `skip` characters as UTF-8.

    Raises InvalidInputError, with line and character, for bytes that are undefined in the encoding and for NUL, and
    where a file that is declared to be of one byte per character is UTF-8; and for a line without end.
    """
    decoder = codecs.getincrementaldecoder(_CODECS.get(encoding, encoding))("strict")
    utf_8 = None if encoding.startswith("utf") else _Utf8Watch()
    read = line = 0
    with file.open("rb") as data:
        while True:
            piece = data.read(_PIECE)
            read += len(piece)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                _refuse_bytes(file, name, encoding, read - len(error.object) + error.start)
            line = len(text) - end if (end := _last_end(text)) else line + len(text)
            if line > _LONGEST:
                hint = "a row ends with a line end; export it anew"
                raise InvalidInputError(f"a line of more than {_LONGEST:,} characters", hint, Location(name))
            if "\0" in text:
                hint = "a text file has none; was it cut off, or is it of another format?"
                raise InvalidInputError("a NUL character", hint, Location(name, *_first(file, encoding, "\0")))
            if encoding.startswith("iso") and _CONTROLS.search(text):
                where = Location(name, *_first(file, encoding, _CONTROLS.pattern))
                raise InvalidInputError(f"the file is not {encoding}", "is it `encoding: windows-1252`?", where)
            if utf_8:
                utf_8.watch(piece)
            if write:
                write(text[skip:].encode())
                skip = max(0, skip - len(text))
            if not piece:
                break
    if utf_8 and utf_8.is_utf_8():
        _refuse_utf_8(file, name, encoding)


def _last_end(text: str) -> int:
    """Where the text behind the last line end begins; 0 where there is none."""
    return max(text.rfind("\n"), text.rfind("\r")) + 1


class _Utf8Watch:
    """Watches pieces of a file for whether all of it is UTF-8, and more than ASCII."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._fits, self._wide = True, False

    def watch(self, piece: bytes) -> None:
        """See the next piece; the last one is empty."""
        self._wide = self._wide or not piece.isascii()
        try:
            if self._fits:
                self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            self._fits = False

    def is_utf_8(self) -> bool:
        return self._fits and self._wide


def _refuse_bytes(file: Path, name: str, encoding: str, offset: int) -> NoReturn:
    """Say where the byte at `offset` stands that is undefined in the encoding, and what the file may be instead."""
    where = Location(name, *_first(file, encoding, _MARK))
    if encoding in {"utf-8", "utf-8-sig"}:
        hint = _encodings_offered(file, offset) if _first_byte(file, _HIGH) == offset else ""
        hint = hint or "what comes before it is UTF-8; mend this place, or export the file again as UTF-8"
        raise InvalidInputError("the file is not UTF-8", hint, where)
    hint = "is that the right encoding? Was the file cut off? Export it as UTF-8 if you can"
    raise InvalidInputError(f"the file is not {encoding}", hint, where)


def _refuse_utf_8(file: Path, name: str, encoding: str) -> NoReturn:
    where = Location(name, *_first(file, encoding, "[^\0-\x7f]"))
    word = _word_at(file, _first_byte(file, _HIGH))
    readings = [word.decode("utf-8", "ignore"), word.decode(_CODECS[encoding], "replace")]
    message = f"the file is UTF-8, and not {encoding}, in which '{readings[0]}' would be '{readings[1]}'"
    raise InvalidInputError(message, "leave `encoding` out", where)


def _first(file: Path, encoding: str, pattern: str) -> tuple[int, int]:
    """The line and the character within it, both from 1, where text of this pattern (one character) first stands."""
    bytes_decoder = codecs.getincrementaldecoder(_CODECS.get(encoding, encoding))(_MARKING)
    decoder = io.IncrementalNewlineDecoder(bytes_decoder, translate=True)
    line = column = 1
    with file.open("rb") as data:
        while True:
            piece = data.read(_PIECE)
            text = decoder.decode(piece, final=not piece)
            found = re.search(pattern, text)
            before = text[: found.start()] if found else text
            line += before.count("\n")
            column = len(before) - before.rfind("\n") if "\n" in before else column + len(before)
            if found or not piece:
                return line, column


def _first_byte(file: Path, pattern: re.Pattern[bytes]) -> int:
    """The offset of the first byte of this pattern (of one byte); -1 without one."""
    passed = 0
    with file.open("rb") as data:
        while piece := data.read(_PIECE):
            if found := pattern.search(piece):
                return passed + found.start()
            passed += len(piece)
    return -1


def _encodings_offered(file: Path, offset: int) -> str:
    """A hint that shows a word of the file as each encoding reads it that all of the file's bytes are defined in."""
    high: set[int] = set()
    with file.open("rb") as data:
        while piece := data.read(_PIECE):
            high.update(piece.translate(None, _ASCII))
    differing = bytes(
        byte for byte in high if _read(bytes([byte]), "windows-1252") != _read(bytes([byte]), "windows-1250")
    )
    if differing and all(_read(bytes(high), name) for name in ("windows-1252", "windows-1250")):
        offset = _first_byte(file, re.compile(b"[" + re.escape(differing) + b"]"))
    word = _word_at(file, offset)
    offers: dict[str, str] = {}
    for name in _OFFERED:
        reading = _read(word, name)
        likely = name != "cp850" or (reading.isalpha() and not _read(word, "windows-1252").isalpha())
        if reading and likely and _read(bytes(high), name):
            offers.setdefault(reading, name)
    return "; ".join(f"say `encoding: {name}` if this is a word of it: '{word}'" for word, name in offers.items())


def _read(data: bytes, encoding: str) -> str:
    """The text; '' where a byte is undefined in the encoding."""
    try:
        return data.decode(_CODECS[encoding])
    except UnicodeDecodeError:
        return ""


def _word_at(file: Path, offset: int) -> bytes:
    start = max(0, offset - _AROUND)
    with file.open("rb") as data:
        data.seek(start)
        around = data.read(2 * _AROUND)
    return next((found[0] for found in _WORD.finditer(around) if found.end() > offset - start), b"")
