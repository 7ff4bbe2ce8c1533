"""XML as a small tree, read in constant steps and within limits: no DTD, no entities, no depth, no endless file."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO, cast
from xml.parsers.expat import errors

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, XMLParser

from portalgen.errors import InvalidInputError, Location

MAX_BYTES = 100 * 1024 * 1024
_MAX_TAG_BYTES = 4 * 1024 * 1024
_MAX_ELEMENTS = 600_000
_MAX_CHARACTERS = 30_000_000
_MAX_DEPTH = 100
_CHUNK = 64 * 1024

_BINARY = frozenset({"EmbeddedDocumentBinaryObject", "AttachmentBinaryObject"})
"""Elements that hold whole files; what is in them is not kept."""

_ATTRIBUTES = ("currencyID", "unitCode", "schemeID")
"""The attributes that are kept."""

_INVALID = errors.codes[errors.XML_ERROR_INVALID_TOKEN]
_NOT_EVEN_XML = {_INVALID, errors.codes[errors.XML_ERROR_SYNTAX], errors.codes[errors.XML_ERROR_NO_ELEMENTS]}

_BREAK = re.compile(r"\s*[\t\r\n]\s*")


class Node:
    """An element. `text` is what stands in it, '' where it has children; `line` is its line in the file, from 1.

    `attributes` has the currency, unit and scheme only. Paths are names without prefixes, with a slash between a parent
    and its child.
    """

    __slots__ = ("attributes", "children", "line", "name", "namespace", "text")

    def __init__(self, namespace: str, name: str, attributes: Mapping[str, str], line: int) -> None:
        self.namespace = namespace
        self.name = name
        self.attributes = attributes
        self.line = line
        self.text = ""
        self.children: list[Node] = []

    def all(self, *paths: str) -> list["Node"]:
        """The elements at each of `paths`, in the order of `paths`."""
        return [node for path in paths for node in self._at(path)]

    def part(self, *paths: str) -> "Node":
        """The first element at the first of `paths` that leads to one; an empty one where none does."""
        return next(iter(self.all(*paths)), Node("", "", {}, self.line))

    def filled(self, *paths: str) -> "Node":
        """The same, among elements with text in them."""
        return next((node for node in self.all(*paths) if node.value), Node("", "", {}, self.line))

    def get(self, *paths: str) -> str:
        """The text of that element, on one line and without the space around it."""
        return self.filled(*paths).value

    def texts(self, *paths: str) -> list[str]:
        """The texts at all of `paths`, each once, lines kept and the space around each line gone."""
        return list(dict.fromkeys(text for node in self.all(*paths) if (text := _lines(node.text))))

    @property
    def value(self) -> str:
        return _BREAK.sub(" ", self.text).strip()

    def _at(self, path: str) -> list["Node"]:
        found = [self]
        for name in path.split("/"):
            found = [child for node in found for child in node.children if child.name == name]
        return found


def _lines(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.strip() for line in lines).strip()


class _LimitError(Exception):
    """The file is larger, in one way or another, than any e-invoice."""


class _Tree:
    """Builds the nodes as a parser meets them. Elements outside `families` are left out with all that is in them."""

    def __init__(self, families: Sequence[str]) -> None:
        self._families = tuple(families)
        self._open: list[Node] = []
        self._left_out = 0
        self._text: list[str] = []
        self._room = _MAX_CHARACTERS
        self._elements = 0
        self.events = 0
        self.line_of: Callable[[], int] = int
        self.root: Node | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.events += 1
        self._elements += 1
        if len(self._open) + self._left_out >= _MAX_DEPTH:
            raise _LimitError(f"elements are nested more than {_MAX_DEPTH} deep")
        if self._elements > _MAX_ELEMENTS:
            raise _LimitError(f"it has more than {_MAX_ELEMENTS} elements")
        namespace, _, name = tag.rpartition("}")
        namespace = namespace[1:]
        if self._left_out or (self._open and not namespace.startswith(self._families)):
            self._left_out += 1
            return
        kept = {each: attributes[each].strip() for each in _ATTRIBUTES if each in attributes}
        node = Node(namespace, name, kept, self.line_of())
        if self._open:
            self._open[-1].children.append(node)
        self.root = self.root or node
        self._open.append(node)
        self._text = []

    def end(self, tag: str) -> None:  # noqa: ARG002  # the parser has made sure that it is the tag of the last node
        self.events += 1
        if self._left_out:
            self._left_out -= 1
            return
        node = self._open.pop()
        if not node.children:
            node.text = "".join(self._text)
        self._text = []

    def data(self, text: str) -> None:
        self.events += 1
        if self._left_out or self._open[-1].name in _BINARY:
            return
        self._room -= len(text)
        if self._room < 0:
            raise _LimitError(f"it has more than {_MAX_CHARACTERS} characters of text")
        self._text.append(text)

    def comment(self, text: str) -> None:  # noqa: ARG002  # nothing in a comment is wanted
        self.events += 1

    def close(self) -> Node | None:
        """A parser calls this when it has read all, and only if it has met a root."""
        return self.root


def parse(stream: BinaryIO, name: str, families: Sequence[str]) -> Node:
    """The root element of the XML in `stream`; below it, only elements whose namespace begins as one of `families`.

    Raises InvalidInputError where it is not well-formed XML, has a DTD, or is larger than any e-invoice.
    """
    tree = _Tree(families)
    parser = XMLParser(target=tree, forbid_dtd=True)
    tree.line_of = lambda: parser.parser.CurrentLineNumber
    try:
        _feed(parser, tree, stream)
        return cast("Node", parser.close())
    except DefusedXmlException:
        raise InvalidInputError(
            "the XML has a DTD", "e-invoices have none: remove everything from <!DOCTYPE to its end", Location(name)
        ) from None
    except _LimitError as error:
        raise InvalidInputError(f"this is no e-invoice: {error}", "", Location(name)) from None
    except ParseError as error:
        raise _broken(error, name, has_root=tree.root is not None) from None
    except (LookupError, ValueError) as error:
        raise InvalidInputError(f"the XML cannot be decoded: {error}", "save it as UTF-8", Location(name, 1)) from None


def _feed(parser: XMLParser, tree: _Tree, stream: BinaryIO) -> None:
    read = idle = 0
    for chunk in _chunks(stream):
        read += len(chunk)
        if read > MAX_BYTES:
            raise _LimitError(f"it is larger than {MAX_BYTES // 1024**2} MiB")
        before = tree.events
        parser.feed(chunk)
        idle = idle + len(chunk) if tree.events == before else 0
        if idle > _MAX_TAG_BYTES:
            raise _LimitError(f"one tag of it is larger than {_MAX_TAG_BYTES // 1024**2} MiB")


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _broken(error: ParseError, name: str, *, has_root: bool) -> InvalidInputError:
    line, column = error.position
    where = Location(name, line, column + 1)
    if not has_root and error.code in _NOT_EVEN_XML:
        return InvalidInputError("this is not XML", "an e-invoice is UBL, CII, or a PDF with CII in it", Location(name))
    hint = "is it in the encoding that its first line names?" if error.code == _INVALID else "export it again"
    return InvalidInputError(f"the XML is broken: {str(error).partition(': line')[0]}", hint, where)
