"""The records within a JSON text: where they are, and each put together from its events."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from re import compile as regex

from portalgen.errors import InvalidInputError, Location, did_you_mean, shown
from portalgen.exports.jsonevents import Event, number_text

Value = str | dict[str, "Value"] | list["Value"] | None
Record = dict[str, Value]
"""An object: texts, numbers and truths as text, `null` as None."""


class StoredNumber(str):
    """The text of a number that JSON holds as a number."""

    __slots__ = ()


_MOST_DEPTH = 64
_SHOWN = 6
_MOST_EVENTS = 1_000_000
_STARTS, _ENDS = frozenset({"start_map", "start_array"}), frozenset({"end_map", "end_array"})
_MICROSOFT_DATE = regex(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RecordReader:
    """Puts together the records of one file. `path` are the keys of the containers around a record.

    The outermost container has the key '', so that [''] is an outermost list and [] means records that stand alone.
    """

    def __init__(self, path: Sequence[str], name: str) -> None:
        self._path = list(path)
        self._name = name
        self._number = 0
        self._events = 0
        self._key = ""
        self._open: list[Record | list[Value]] = []
        """The open containers of the record that is being put together; none outside of a record."""
        self._around: list[str] = []
        self._in_list: list[bool] = [False]
        """For each open container around records, and for the file as a whole, whether it is a list."""
        self._lists: list[str] = []
        self._found = False
        """Whether the outermost value that is open has had its list of records."""

    def take(self, events: Sequence[Event]) -> Iterator[Record]:
        """The records that end within `events`. Raises InvalidInputError."""
        self._count(len(events))
        stack = self._open
        for event, value in events:
            if not stack:
                self._outside(event, value)
            elif event == "map_key":
                if value in stack[-1]:
                    raise self._wrong(f"the key {shown(value)} is there twice", "which one counts, nobody can tell")
                self._key = value
            elif event == "string":
                self._put(value if value.isprintable() and value[:1] != "/" else self._checked(value))
            elif event == "number":
                self._put(StoredNumber(number_text(value)))
            elif event in _STARTS:
                self._enter({} if event == "start_map" else [])
            elif event in _ENDS:
                container = stack.pop()
                if not stack and isinstance(container, dict):
                    yield container
            else:
                self._put(None if value is None else str(value).lower())

    def finish(self) -> None:
        """To be called after the last event. Raises InvalidInputError if there was no list at the path."""
        path = ".".join(self._path[1:])
        if self._path and path not in self._lists:
            hint = did_you_mean(path, self._lists)
            raise InvalidInputError(f"there is no list of records {shown(path)}", hint, Location(self._name))

    def _outside(self, event: str, value: object) -> None:
        if event == "map_key":
            self._key = str(value)
        elif event in _ENDS:
            self._around.pop()
            self._in_list.pop()
            self._found = self._found and bool(self._around)
        elif self._around == self._path and (self._in_list[-1] or not self._path):
            self._begin(event)
        elif self._path == [""] and not self._around and self._lists:
            raise InvalidInputError("more follows after the list of records", "export it anew", Location(self._name))
        elif event in _STARTS:
            self._go_in(event == "start_array")
        elif event != "null" and (self._key.endswith("odata.nextLink") or self._key == "__next"):
            raise next_pages_of(self._key, self._name)

    def _begin(self, event: str) -> None:
        self._number += 1
        self._events = 0
        if event != "start_map":
            raise self._wrong("this is not an object", "every record must be one")
        self._open.append({})

    def _go_in(self, is_list: bool) -> None:
        self._around.append("[]" if self._in_list[-1] else self._key if self._around else "")
        self._in_list.append(is_list)
        if is_list and "[]" not in self._around:
            path = ".".join(self._around[1:])
            if self._around == self._path and self._found:
                message, hint = f"the list {shown(path)} is there twice", "which one counts, nobody can tell"
                raise InvalidInputError(message, hint, Location(self._name))
            self._found = self._found or self._around == self._path
            self._lists.append(path)
        if len(self._around) > _MOST_DEPTH:
            raise InvalidInputError("lists or objects nested too deep", "", Location(self._name))

    def _enter(self, container: Record | list[Value]) -> None:
        self._put(container)
        self._open.append(container)
        if len(self._open) > _MOST_DEPTH:
            raise self._wrong("lists or objects nested too deep", "")

    def _put(self, value: Value) -> None:
        container = self._open[-1]
        if isinstance(container, dict):
            container[self._key] = value
        else:
            container.append(value)

    def _count(self, events: int) -> None:
        self._events += events
        if self._open and self._events > _MOST_EVENTS:
            raise self._wrong("more than a million keys and values", "")

    def _checked(self, text: str) -> str:
        if "\0" in text:
            raise self._wrong("a NUL character in a text", "remove it")
        return _day_of(text)

    def _wrong(self, message: str, hint: str) -> InvalidInputError:
        return InvalidInputError(message, hint, Location(f"{self._name} (record {self._number})"))


def find_path(batches: Iterable[Iterable[Event]], name: str, lines: str) -> list[str]:
    """The path of the records, where nobody says it; see RecordReader. Raises InvalidInputError where it is not clear.

    An outermost list; the outermost objects, where there are several, or one that has the list `lines`; the only list
    of objects at the top of the outermost object, or else anywhere in it; or that object itself.
    """
    outline = _Outline(name)
    for batch in batches:
        outline.take(batch)
        if outline.is_list:
            return [""]
        if outline.outermost > 1:
            return []
    if tuple(lines.split(".")) in outline.lists:
        return []
    filled = [path for path, kinds in outline.lists.items() if kinds == {"start_map"}]
    likely = [path for path in filled if len(path) == 1] or filled
    empty = [path for path, kinds in outline.lists.items() if not kinds]
    if len(likely) > 1 or (empty and not likely):
        paths = [".".join(path) for path in likely or empty]
        some = ", ".join([*map(shown, paths[:_SHOWN]), *(["…"] if paths[_SHOWN:] else [])])
        message = f"several lists could be the records: {some}" if likely else "the list in it is empty"
        raise InvalidInputError(message, f"say which list it is: `records: {paths[0]}`", Location(name))
    return ["", *likely[0]] if likely else []


class _Outline:
    """Which lists are in a file, by their paths, and what kinds of things are in them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.outermost = 0
        self.is_list = False
        """Whether the first of the outermost values is a list."""
        self.lists: dict[tuple[str, ...], set[str]] = {}
        self._trail: list[str] = []
        self._kinds: set[str] = set()
        self._inside = 0
        self._key = ""

    def take(self, events: Iterable[Event]) -> None:
        for event, value in events:
            if self._inside:
                if self._inside == 1 and event not in _ENDS:
                    self._kinds.add(event)
                self._inside += (event in _STARTS) - (event in _ENDS)
            elif event == "map_key":
                self._key = value
            elif event == "end_map":
                self._trail.pop()
            else:
                self._begin(event)

    def _begin(self, event: str) -> None:
        if not self._trail:
            self.outermost += 1
            self.is_list = self.is_list or (event == "start_array" and self.outermost == 1)
        path = [*self._trail[1:], self._key] if self._trail else []
        if event == "start_array":
            self._inside = 1
            self._kinds = self.lists.setdefault(tuple(path), set())
        elif event == "start_map":
            self._trail.append(self._key)
            if len(self._trail) > _MOST_DEPTH:
                raise InvalidInputError("lists or objects nested too deep", "", Location(self._name))


def next_pages_of(key: str, name: str) -> InvalidInputError:
    """That the file is one page of several, as `key` in it says."""
    hint = f"fetch the pages that follow, until none has {shown(key)}, and export their records into one file"
    return InvalidInputError("this is not the whole export: more pages follow", hint, Location(name))


def _day_of(text: str) -> str:
    """The day of `/Date(1518685950940+0100)/`: milliseconds since 1970, and the offset at which the day is meant."""
    found = _MICROSOFT_DATE.fullmatch(text)
    if not found:
        return text
    offset = int(found[2] or 0)
    minutes = (abs(offset) // 100 * 60 + abs(offset) % 100) * (-1 if offset < 0 else 1)
    try:
        return (_EPOCH + timedelta(milliseconds=int(found[1]), minutes=minutes)).date().isoformat()
    except OverflowError:
        return text
