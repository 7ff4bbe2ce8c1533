"""Changes to a YAML file that leave every other character of it as it was: comments, order, indentation and quotes.

A change is one of a value at a path. What is new is written in the style of what is around it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from portalgen.errors import InvalidInputError, Location, PortalgenError
from portalgen.yamlfile import Node, Value, nodes_of, parse_yaml

Written: TypeAlias = "str | Sequence[str] | Mapping[str, Written]"
"""A text, a list of texts, or a mapping. A mapping is written in lines where its neighbours are, else in braces."""

_PLAIN = re.compile(r"[A-Za-z0-9_./+](?:(?:[A-Za-z0-9_.@/+ -]|:(?=[A-Za-z0-9_./]))*[A-Za-z0-9_.@/+-])?")
_UNSAFE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|[\u2028\u2029]")
_COMMENT = re.compile(r"[ \t]*(?:#[^\r\n]*)?")
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r)")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Put:
    """Make `value` what stands at the path `at`, of keys; mappings on the way that are not there are made."""

    at: tuple[str, ...]
    value: Written


@dataclass(frozen=True, slots=True)
class Remove:
    """Take what stands at the path `at` away, with its key and what is written beside it. Nothing there is fine."""

    at: tuple[str, ...]


Change = Put | Remove


@dataclass(frozen=True, slots=True)
class _Splice:
    """`text` in place of [start, end)."""

    start: int
    end: int
    text: str


def edited(text: str, changes: Sequence[Change], file: str = "") -> str:
    """`text` with the changes made, those of one portal one after the other.

    Raises InvalidInputError where `text` has problems, and PortalgenError should an edit not do what it is to do.
    """
    wanted = parse_yaml(text, file).data
    for batch in _batches(nodes_of(text), changes):
        root = nodes_of(text)
        splices = [splice for change in batch for splice in _splices(text, root, change)]
        text = _spliced(text, splices)
    for change in changes:
        wanted = _changed(wanted, change)
    try:
        is_done = _same(parse_yaml(text, file).data, wanted)
    except InvalidInputError:
        is_done = False
    if not is_done:
        raise PortalgenError("this change cannot be written", "edit the file by hand", Location(file))
    return text


def _batches(root: Node, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """The changes in as few groups as can be: in none does one move the place of another.

    Within portals that are there, in lines, changes of different ones do not; any other stands alone.
    """
    portals = root.child("portals")
    there = {node.key for node in portals.children} if portals and not portals.is_flow else set()
    next_of: dict[str, int] = {}
    batches: defaultdict[int, list[Change]] = defaultdict(list)
    first = 0
    for change in changes:
        portal = change.at[1] if len(change.at) > 1 and change.at[0] == "portals" else ""
        is_within = portal in there and (len(change.at) > 2 or isinstance(change, Remove))
        place = max(first, next_of.get(portal, 0)) if is_within else len(batches)
        batches[place].append(change)
        next_of[portal] = place + 1
        first = first if is_within else place + 1
        there -= {portal} if change.at[2:] == () else set()
    yield from (batches[place] for place in sorted(batches))


def _spliced(text: str, splices: Sequence[_Splice]) -> str:
    """All splices made at once; what is put in before something that goes comes first."""
    parts, place = [], 0
    for splice in sorted(splices, key=lambda each: (each.start, each.end)):
        parts += [text[place : splice.start], splice.text]
        place = max(place, splice.end)
    return "".join([*parts, text[place:]])


def _same(one: Value, other: Value) -> bool:
    """Whether two values say the same: a key with nothing after it says nothing, and so does an empty mapping."""
    return _without_nothing(one) == _without_nothing(other)


def _without_nothing(value: Value) -> Value:
    if isinstance(value, dict):
        said = {key: _without_nothing(item) for key, item in value.items()}
        return {key: item for key, item in said.items() if item not in (None, {})}
    return value


def _changed(data: Value, change: Change) -> Value:
    """What the data are to be after a change."""
    key, *rest = change.at
    there = dict(data) if isinstance(data, dict) else {}
    if rest:
        inner = type(change)(tuple(rest), change.value) if isinstance(change, Put) else Remove(tuple(rest))
        if isinstance(change, Put) or key in there:
            there[key] = _changed(there.get(key), inner)
    elif isinstance(change, Put):
        there[key] = _plain(change.value)
    else:
        there.pop(key, None)
    return there


def _plain(value: Written) -> Value:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [*value]


def _splices(text: str, root: Node, change: Change) -> Sequence[_Splice]:
    parent, rest = root, list(change.at)
    while len(rest) > 1 and (inner := parent.child(rest[0])):
        parent, rest = inner, rest[1:]
    found = parent.child(rest[0])
    if isinstance(change, Remove):
        return [_removal(text, parent, found)] if found and len(rest) == 1 else []
    value = change.value
    for key in reversed(rest[1:]):
        value = {key: value}
    if found is None:
        return [_addition(text, parent, rest[0], value)]
    if found.kind == "list" and not isinstance(value, str | Mapping):
        return _of_list(text, found, value)
    if not found.is_flow and found.children:
        return _anew(text, found, value)
    space = " " if text[found.start - 1 : found.start] == ":" else ""
    return [_Splice(found.start, found.end, space + _flow(value))]


def _anew(text: str, node: Node, value: Written) -> Sequence[_Splice]:
    """A value behind its key in place of the lines below it."""
    start = _line_start(text, node.children[0].start if node.kind == "list" else node.children[0].key_start)
    colon = text.index(":", node.key_start + len(node.key))
    return [_Splice(colon + 1, colon + 1, f" {_flow(value)}"), _Splice(start, _next_line(text, node.end), "")]


# What is added


def _addition(text: str, parent: Node, key: str, value: Written) -> _Splice:
    """A key more in a mapping, or in what is nothing yet."""
    if parent.kind == "scalar":
        if parent.key_start < 0:
            return _Splice(len(text), len(text), _lines({key: value}, 0, _end_of_lines(text)))
        return _Splice(parent.start, parent.end, f" {_flow({key: value})}")
    if parent.is_flow:
        end = parent.children[-1].end if parent.children else parent.start + 1
        mark = ", " if parent.children else ""
        return _Splice(end, end, f"{mark}{_scalar(key)}: {_flow(value)}")
    indent = _column(text, parent.children[0].key_start)
    newline = _end_of_lines(text)
    is_block = isinstance(value, Mapping) and any(
        child.kind == "mapping" and not child.is_flow and child.children for child in parent.children
    )
    written = (
        _lines({key: value}, indent, newline) if is_block else f"{' ' * indent}{_scalar(key)}: {_flow(value)}{newline}"
    )
    place = _place_to_add(text, parent, is_block=is_block)
    if place and text[place - 1] not in "\r\n":
        written = newline + written
    if is_block and _are_apart(text, parent):
        written = newline + written
    return _Splice(place, place, written)


def _place_to_add(text: str, parent: Node, *, is_block: bool) -> int:
    """Behind all the others, or if it is a line, before the first that has lines of its own."""
    before = parent.children
    if not is_block:
        whole = next((n for n, child in enumerate(before) if not child.is_flow and child.children), len(before))
        before = before[:whole]
    if before:
        return _next_line(text, before[-1].end)
    return _line_start(text, parent.children[0].key_start)


def _are_apart(text: str, parent: Node) -> bool:
    """Whether there is an empty line above the last key of a mapping."""
    start = _line_start(text, parent.children[-1].key_start)
    return len(parent.children) > 1 and not text[_line_start(text, start - 1) : start].strip()


# What is taken away


def _removal(text: str, parent: Node, child: Node) -> _Splice:
    if parent.is_flow:
        return _from_flow(parent, child)
    start, end = _line_start(text, child.key_start), _next_line(text, child.end)
    if text[start : child.key_start].strip():  # the first key of a mapping within a list: "- key: value"
        raise PortalgenError("this key cannot be removed", "edit the file by hand")
    return _Splice(start, end, "")


def _from_flow(parent: Node, child: Node) -> _Splice:
    place = next(n for n, each in enumerate(parent.children) if each is child)
    start = child.key_start if child.key_start >= 0 else child.start
    if place:
        return _Splice(parent.children[place - 1].end, child.end, "")
    if len(parent.children) > 1:
        follower = parent.children[1]
        return _Splice(start, follower.key_start if follower.key_start >= 0 else follower.start, "")
    return _Splice(start, child.end, "")


def _of_list(text: str, node: Node, wanted: Sequence[str]) -> Sequence[_Splice]:
    """A list made to hold `wanted`: items that stay keep their places and what is written beside them."""
    kept = [child for child in node.children if child.value in wanted]
    there = [child.value for child in kept]
    new = [item for item in wanted if item not in there]
    if [*there, *new] != [*wanted] or not kept:
        return [_Splice(node.start, node.end, _flow(wanted))] if node.is_flow else _anew(text, node, wanted)
    if node.is_flow and len(kept) < len(node.children) and not re.search(r"[\r\n]", text[node.start : node.end]):
        return [_Splice(node.start, node.end, _flow(wanted))]
    if node.is_flow:
        gone = [_from_list(text, node, place) for place, child in enumerate(node.children) if child not in kept]
        more = "".join(f", {_scalar(item)}" for item in new)
        return [*gone, *([_Splice(kept[-1].end, kept[-1].end, more)] if more else [])]
    gone = [
        _Splice(_line_start(text, child.start), _next_line(text, child.end), "")
        for child in node.children
        if child not in kept
    ]
    if not new:
        return gone
    place, newline = _next_line(text, kept[-1].end), _end_of_lines(text)
    lead = text[_line_start(text, kept[-1].start) : kept[-1].start]
    lines = "".join(f"{lead}{_scalar(item)}{newline}" for item in new)
    if place and text[place - 1] not in "\r\n":
        lines = newline + lines.removesuffix(newline)
    return [*gone, _Splice(place, place, lines)]


def _from_list(text: str, node: Node, place: int) -> _Splice:
    """An item out of brackets: with its line, if that has nothing else but a comment, else with the comma beside it."""
    child = node.children[place]
    comma = _COMMA.match(text, child.end)
    start, end = child.start, comma.end() if comma else child.end
    line, after = _line_start(text, start), _REST_OF_LINE.match(text, end)
    if after and not text[line:start].strip():
        return _Splice(line, after.end(), "")
    before = node.children[place - 1].end if place else start
    if not comma and not text[before:start].replace(",", " ", 1).strip(" \t"):
        start = before
    return _Splice(start, end, "")


# Lines and columns


def _line_start(text: str, place: int) -> int:
    return max(text.rfind("\n", 0, max(place, 0)), text.rfind("\r", 0, max(place, 0))) + 1


def _next_line(text: str, place: int) -> int:
    """Behind the line in which something ends, with what is said beside it."""
    end = _COMMENT.match(text, place)
    place = end.end() if end else place
    line_end = _LINE_END.match(text, place)
    return line_end.end() if line_end else place


def _column(text: str, place: int) -> int:
    return place - _line_start(text, place)


def _end_of_lines(text: str) -> str:
    found = _LINE_END.search(text)
    return found[0] if found else "\n"


# Writing


def _lines(value: Mapping[str, Written], indent: int, newline: str) -> str:
    """A mapping in lines, what is in it in lines or in braces: one mapping within another is the last in lines."""
    lines = []
    for key, item in value.items():
        lead = " " * indent + _scalar(key) + ":"
        if isinstance(item, Mapping) and item and indent < 4:
            lines.append(lead + newline + _lines(item, indent + 2, newline))
        else:
            lines.append(f"{lead} {_flow(item)}{newline}")
    return "".join(lines)


def _flow(value: Written) -> str:
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(_scalar(item) for item in value) + "]"


def _scalar(text: str) -> str:
    """A text that is read as it is, in brackets, too; in quotes unless it is plain."""
    if _PLAIN.fullmatch(text):
        return text
    if not _UNSAFE.search(text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if not _UNSAFE.match(letter):
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
