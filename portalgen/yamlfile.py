"""Strict YAML: every scalar as it is written, and a place in the file for everything.

Of YAML's ways to surprise, none is let in: no alias, anchor, tag, merge key, duplicate key or second document, and no
scalar becomes a number, a date or a truth value behind the writer's back (`0012`, `12:30` and `NO` stay what they are).
"""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import yaml

from portalgen.errors import InvalidInputError, Location, Problem

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 20
MAX_VALUES = 1_000_000
_MOST_PROBLEMS = 200

Value = str | None | list["Value"] | dict[str, "Value"]
At = tuple[str | int, ...]

_UTF_16_MARKS = {b"\xff\xfe", b"\xfe\xff"}
_FORBIDDEN = re.compile(
    "[^\\t\\n\\r\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)
"""What YAML forbids, and the line ends (U+0085, U+2028, U+2029) and byte order marks that no editor shows."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Document:
    """A parsed file: `data` of dict, list, str and None (a key with nothing after it), and where each value stands.

    `places` has the start of each value, `keys` the start of each mapping key, both by the path to it:
    `('portals', 'acme', 'show', 0)`.
    """

    file: str
    data: Value = None
    places: dict[At, Location] = field(default_factory=dict)
    keys: dict[At, Location] = field(default_factory=dict)

    def place(self, at: At) -> Location:
        """Where `at` stands, or the nearest thing around it that stands in the file."""
        found: At = ()
        for part in at:
            if (*found, part) in self.places:
                found = (*found, part)
        return self.places.get(found, Location(self.file))

    def key_place(self, at: At) -> Location:
        """Where the key of `at` stands; like `place` when it has none."""
        return self.keys.get(at) or self.place(at)


@dataclass(slots=True)
class Node:
    """A value and where it stands in its text, in characters from the text's start: [start, end).

    One that is in a mapping has a `key`, which begins at `key_start`. `value` is the text of a scalar, None where
    nothing is written; other kinds have `children`. What `is_flow` stands in brackets or braces; a list or a mapping
    that does not ends where the last thing in it does.
    """

    kind: Literal["scalar", "list", "mapping"]
    start: int
    end: int
    key: str = ""
    key_start: int = -1
    value: str | None = None
    is_flow: bool = False
    children: list["Node"] = field(default_factory=list)

    def child(self, key: str) -> "Node | None":
        """The value of a key of this mapping."""
        return next((node for node in self.children if node.key == key), None)


def nodes_of(text: str) -> Node:
    """The values of a text in which `parse_yaml` finds no problem."""
    root = Node("scalar", 0, 0)
    stack: list[Node] = []
    key: tuple[str, int] | None = None
    with _no_garbage_collection():
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.CollectionEndEvent):
                closed = stack.pop()
                if closed.is_flow:
                    closed.end = _range(event)[1]
                elif closed.children:
                    closed.end = closed.children[-1].end
                key = None
            elif isinstance(event, yaml.NodeEvent):
                parent = stack[-1] if stack else None
                if parent and parent.kind == "mapping" and key is None:
                    key = str(getattr(event, "value", "")), _range(event)[0]
                    continue
                node = _node(event, key or ("", -1))
                if parent:
                    parent.children.append(node)
                else:
                    root = node
                if node.kind != "scalar":
                    stack.append(node)
                key = None
    return root


def _range(event: yaml.Event) -> tuple[int, int]:
    """Where an event begins and ends."""
    begin, end = event.start_mark, event.end_mark
    return (begin.index, end.index) if begin and end else (0, 0)


def _node(event: yaml.NodeEvent, key: tuple[str, int]) -> Node:
    start, end = _range(event)
    if isinstance(event, yaml.ScalarEvent):
        value = None if event.value == "" and not event.style else event.value
        return Node("scalar", start, end, *key, value)
    kind: Literal["list", "mapping"] = "mapping" if isinstance(event, yaml.MappingStartEvent) else "list"
    is_flow = bool(event.flow_style) if isinstance(event, yaml.CollectionStartEvent) else False
    return Node(kind, start, end, *key, None, is_flow)


def read_yaml(path: Path) -> Document:
    """Parse the file at `path`. Raises InvalidInputError with every problem found."""
    return parse_bytes(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """What is in the file at `path`. Raises InvalidInputError where that is too much, or nothing that can be read."""
    where = Location(str(path))
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            hint = f"the limit is {MAX_BYTES:,}; spread the portals over several files and `include` them"
            raise InvalidInputError(f"{size:,} bytes are too many", hint, where)
        return path.read_bytes()
    except FileNotFoundError:
        raise InvalidInputError("there is no such file", "`portalgen init` writes one to start from", where) from None
    except OSError as error:
        raise InvalidInputError(f"cannot be read: {error.strerror}", "", where) from None


def parse_bytes(data: bytes, name: str) -> Document:
    """Parse `data`, naming the file `name` in every place. Raises InvalidInputError with every problem found."""
    try:
        return parse_yaml(data.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        hint = "it is UTF-16; save it as UTF-8" if data[:2] in _UTF_16_MARKS else "save it as UTF-8"
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise InvalidInputError("the file is not UTF-8", hint, Location(name, line, column)) from None


def parse_yaml(text: str, file: str) -> Document:
    """Parse `text`, naming `file` in every place. Raises InvalidInputError with every problem found."""
    if forbidden := _FORBIDDEN.search(text):
        where = _place_in(text, forbidden.start(), file)
        raise InvalidInputError(f"the character U+{ord(forbidden[0]):04X}, which cannot be seen", "remove it", where)
    builder = _Builder(file)
    with _no_garbage_collection():
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                builder.take(event)
                if builder.is_lost:
                    break
        except yaml.MarkedYAMLError as error:
            builder.problems.append(_syntax_problem(error, text, file))
        except yaml.YAMLError as error:
            builder.problems.append(Problem(Location(file), f"not YAML: {error}"))
        except MemoryError:
            raise InvalidInputError("there is not enough memory to read it", "", Location(file)) from None
    if builder.problems:
        raise InvalidInputError.of(builder.problems)
    return builder.document


def _place_in(text: str, offset: int, file: str) -> Location:
    return Location(file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


_FITS = "is it indented like its neighbours, and is every quote and bracket above it closed?"
_COLON = "put a text that holds ': ' in quotes, and indent each key like its neighbours"
_QUOTE = "put the value in quotes"
_SAID = (
    ("unexpected end of stream", "a quote that is not closed", "close it, or double a quote within the text"),
    ("unknown escape", "an escape that YAML does not know", "write the text in single quotes: '...'"),
    ("mapping values are not allowed", "a ':' that does not belong here", _COLON),
    ("parsing a flow sequence", "the list that starts here does not end", "is a comma or the ']' missing?"),
    ("parsing a flow mapping", "what starts here with '{' does not end", "is a comma or the '}' missing?"),
    ("could not find expected ':'", "a key without ':'", "write it like key: value"),
    ("expected alphabetic", "a value that begins with '*' or '&'", _QUOTE),
    ("did not find expected", "this does not fit what is above it", _FITS),
)
"""What the parser says (a part of it), what that means, and what to do."""
_WHERE_IT_STARTS = ("unexpected end of stream", "parsing a flow", "could not find expected ':'", "expected alphabetic")


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    said = " ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    if error.context_mark and any(part in said for part in _WHERE_IT_STARTS):
        mark = error.context_mark
    where = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
    if "cannot start any token" in said and mark:
        char = text[mark.index : mark.index + 1]
        if char == "\t":
            return Problem(where, "a tab", "indent with spaces, not tabs")
        return Problem(where, f"a value cannot begin with {char}", _QUOTE)
    for part, message, hint in _SAID:
        if part in said:
            return Problem(where, message, hint)
    return Problem(where, f"not YAML: {said}")


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Large files parse three times as fast without it, and the parser makes no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(slots=True)
class _Frame:
    container: dict[str, Value] | list[Value]
    at: At
    key: str | None = None
    skipping: bool = False


class _Builder:
    """Makes a Document from parser events, without recursion, so that no depth can overflow the stack."""

    def __init__(self, file: str) -> None:
        self.document = Document(file)
        self.problems: list[Problem] = []
        self.is_lost = False
        """Whether reading on makes no sense; the parser's time grows with the square of the depth."""
        self._stack: list[_Frame] = []
        self._ignoring = 0
        """How deep within a list or mapping that is a key: there, nothing is read."""
        self._documents = 0
        self._values = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents == 2:
                self._problem(event, "a second document in one file", "use `include` for more files")
        elif isinstance(event, yaml.NodeEvent):
            self._count(event)
            self._refuse_reference_and_tag(event)
            if isinstance(event, yaml.CollectionStartEvent):
                self._open(event)
            elif not self._ignoring:
                self._scalar(event)

    def _count(self, event: yaml.NodeEvent) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            hint = "spread the portals over several files and `include` them"
            self._problem(event, f"more than {MAX_VALUES:,} keys and values", hint)
            self.is_lost = True

    def _scalar(self, event: yaml.NodeEvent) -> None:
        """A scalar, or an alias, which has been refused and counts as nothing."""
        value, style = (event.value, event.style) if isinstance(event, yaml.ScalarEvent) else ("", None)
        frame = self._stack[-1] if self._stack else None
        if frame and isinstance(frame.container, dict) and frame.key is None:
            self._key(frame, frame.container, event, value)
        else:
            self._put(None if value == "" and not style else value, event)

    def _key(self, frame: _Frame, container: dict[str, Value], event: yaml.NodeEvent, key: str) -> None:
        frame.key = key
        at = (*frame.at, key)
        if isinstance(event, yaml.AliasEvent):
            frame.skipping = True
        elif key == "<<":
            self._problem(event, "merge key '<<'", "write the values out; what a portal shows is never inherited")
            frame.skipping = True
        elif key in container:
            first = self.document.keys[at]
            self._problem(event, f"'{key}' is here twice, first in line {first.line}", "keep one of them")
            frame.skipping = True
        else:
            self.document.keys[at] = self._place(event)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        frame = self._stack[-1] if self._stack else None
        is_key = frame and isinstance(frame.container, dict) and frame.key is None
        if len(self._stack) + self._ignoring >= MAX_DEPTH:
            self._problem(event, f"nested deeper than {MAX_DEPTH} levels", "is a bracket or a brace too many?")
            self.is_lost = True
        elif not self._ignoring and is_key:
            self._problem(event, "a list or mapping as a key", "a key must be plain text")
        elif not self._ignoring:
            container: dict[str, Value] | list[Value] = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._stack.append(_Frame(container, self._put(container, event)))
            return
        self._ignoring += 1

    def _close(self) -> None:
        if not self._ignoring:
            self._stack.pop()
            return
        self._ignoring -= 1
        if not self._ignoring:
            self._stack[-1].key, self._stack[-1].skipping = "", True

    def _put(self, value: Value, event: yaml.NodeEvent) -> At:
        """Store `value` where the innermost open container awaits one; return the path to it."""
        if not self._stack:
            self.document.data = value
            self.document.places[()] = self._place(event)
            return ()
        frame = self._stack[-1]
        if isinstance(frame.container, list):
            at: At = (*frame.at, len(frame.container))
            frame.container.append(value)
            self.document.places.setdefault(at, self._place(event))
            return at
        key = frame.key or ""
        at = (*frame.at, key)
        if not frame.skipping:
            frame.container[key] = value
            self.document.places.setdefault(at, self._place(event))
        frame.key, frame.skipping = None, False
        return at

    def _refuse_reference_and_tag(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._problem(event, f"alias '*{event.anchor}'", "write the value out; aliases are not allowed here")
            return
        if event.anchor:
            self._problem(event, f"anchor '&{event.anchor}'", "remove it; anchors and aliases are not allowed here")
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            tag = tag.replace("tag:yaml.org,2002:", "!!")
            self._problem(event, f"tag '{tag}'", "remove it; every value is read as it is written")

    def _problem(self, event: yaml.Event, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self._place(event), message, hint))
        self.is_lost = self.is_lost or len(self.problems) >= _MOST_PROBLEMS

    def _place(self, event: yaml.Event) -> Location:
        mark = event.start_mark
        return Location(self.document.file, mark.line + 1, mark.column + 1) if mark else Location(self.document.file)
