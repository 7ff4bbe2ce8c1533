"""Strict YAML: every scalar as it is written, and a place in the file for everything.

Of YAML's ways to surprise, none is let in: no alias, anchor, tag, merge key, duplicate key or second document, and no
scalar becomes a number, a date or a truth value behind the writer's back (`0012`, `12:30` and `NO` stay what they are).
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from portalgen.errors import InvalidInputError, Location, Problem

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 20

Value = str | None | list["Value"] | dict[str, "Value"]
At = tuple[str | int, ...]

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


def read_yaml(path: Path) -> Document:
    """Parse the file at `path`. Raises InvalidInputError with every problem found."""
    name = str(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InvalidInputError(f"{name}: there is no such file", "`portalgen init` writes one to start from") from None
    except OSError as error:
        raise InvalidInputError(f"{name}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise InvalidInputError(f"{name}: {len(data):,} bytes are too many", f"the limit is {MAX_BYTES:,}")
    try:
        return parse_yaml(data.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInputError("not UTF-8", "save the file as UTF-8", Location(name, line)) from None


def parse_yaml(text: str, file: str) -> Document:
    """Parse `text`, naming `file` in every place. Raises InvalidInputError with every problem found."""
    builder = _Builder(file)
    with _no_garbage_collection():
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                builder.take(event)
        except yaml.MarkedYAMLError as error:
            builder.problems.append(_syntax_problem(error, file))
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            builder.problems.append(Problem(Location(file, line), f"a character that YAML forbids: {error.reason}"))
        except yaml.YAMLError as error:
            builder.problems.append(Problem(Location(file), f"not YAML: {error}"))
    if builder.problems:
        raise InvalidInputError.of(builder.problems)
    return builder.document


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    where = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
    said = " ".join(part for part in (error.context, error.problem) if part)
    hint = "indent with spaces, not tabs" if "'\\t'" in said else ""
    return Problem(where, f"not YAML: {said}", hint)


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
        self._stack: list[_Frame] = []
        self._too_deep = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._problem(event, f"alias '*{event.anchor}'", "write the value out; aliases are not allowed here")
            self._put(None, event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents == 2:
                self._problem(event, "a second document in one file", "use `include` for more files")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._refuse_anchor_and_tag(event)
        frame = self._stack[-1] if self._stack else None
        if frame and isinstance(frame.container, dict) and frame.key is None:
            self._key(frame, frame.container, event)
        else:
            plain_nothing = event.value == "" and not event.style
            self._put(None if plain_nothing else event.value, event)

    def _key(self, frame: _Frame, container: dict[str, Value], event: yaml.ScalarEvent) -> None:
        frame.key = event.value
        at = (*frame.at, event.value)
        if event.value in container:
            first = self.document.keys[at]
            self._problem(event, f"'{event.value}' is here twice, first in line {first.line}")
            frame.skipping = True
        else:
            self.document.keys[at] = self._place(event)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        self._refuse_anchor_and_tag(event)
        frame = self._stack[-1] if self._stack else None
        if self._too_deep or len(self._stack) >= MAX_DEPTH:
            if not self._too_deep:
                self._problem(event, f"nested deeper than {MAX_DEPTH} levels")
            self._too_deep += 1
            return
        if frame and isinstance(frame.container, dict) and frame.key is None:
            self._problem(event, "a key must be plain text")
            frame.key, frame.skipping = "", True
        container: dict[str, Value] | list[Value] = {} if isinstance(event, yaml.MappingStartEvent) else []
        skipping = bool(frame and frame.skipping)
        at = self._put(container, event)
        self._stack.append(_Frame(container, at, skipping=skipping))

    def _close(self) -> None:
        if self._too_deep:
            self._too_deep -= 1
            if not self._too_deep:
                self._stack[-1].key = None
        else:
            self._stack.pop()

    def _put(self, value: Value, event: yaml.NodeEvent) -> At:
        """Store `value` where the innermost open container awaits one; return the path to it."""
        if self._too_deep:
            return ()
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
        if not frame.skipping or key not in frame.container:
            frame.container.setdefault(key, value)
            self.document.places.setdefault(at, self._place(event))
        frame.key, frame.skipping = None, False
        return at

    def _refuse_anchor_and_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor:
            self._problem(event, f"anchor '&{event.anchor}'", "anchors and aliases are not allowed here")
        if event.tag and event.tag != "!":
            self._problem(event, f"tag '{event.tag}'", "write the value without a tag")

    def _problem(self, event: yaml.Event, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self._place(event), message, hint))

    def _place(self, event: yaml.Event) -> Location:
        mark = event.start_mark
        return Location(self.document.file, mark.line + 1, mark.column + 1) if mark else Location(self.document.file)
