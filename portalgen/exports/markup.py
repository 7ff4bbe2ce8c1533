"""XML out of a file that anybody may have made, read piece by piece: no document type, no entity, no endless depth."""

from collections.abc import Iterator
from typing import IO, NamedTuple, Protocol
from xml.parsers import expat

_PIECE = 256 * 1024
_TOKEN = 16 * 1024 * 1024
MAX_DEPTH = 64


class MarkupError(Exception):
    """The text is not XML, or XML of a kind that is refused. Its own text says which, in a few words."""


class Handler(Protocol):
    """What is called for each tag and text; names are 'namespace local', or the local name alone."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, data: str) -> None: ...


class Element(NamedTuple):
    """One start tag: names without their namespaces, the parent's ('' for the root) besides."""

    parent: str
    name: str
    attributes: dict[str, str]


def feed(stream: IO[bytes], handler: Handler) -> Iterator[None]:
    """Call `handler` for all of `stream`, and pause after each piece of it. Raises MarkupError."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.buffer_size = 65536
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    read = 0
    try:
        while piece := stream.read(_PIECE):
            read += len(piece)
            parser.Parse(piece, False)
            if read - parser.CurrentByteIndex > _TOKEN:
                raise MarkupError("a tag of more than 16 MB")
            yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError as error:
        raise MarkupError(str(error)) from None


def elements(stream: IO[bytes]) -> Iterator[Element]:
    """The start tags in `stream`, in order. Raises MarkupError."""
    outline = _Outline()
    for _ in feed(stream, outline):
        yield from outline.found
        outline.found.clear()


class _Outline:
    """Collects start tags with their parents."""

    def __init__(self) -> None:
        self.found: list[Element] = []
        self._open = [""]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        self.found.append(Element(self._open[-1], name.rpartition(" ")[2], local))
        self._open.append(self.found[-1].name)
        if len(self._open) > MAX_DEPTH:
            raise MarkupError("tags nested too deep")

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        """Nothing between the tags is wanted."""


def _refuse_document_type(*_declaration: object) -> None:
    raise MarkupError("a document type in it")
