"""Files of definitions as they were parsed before: a large one that did not change need not be parsed again.

A cache file has a line that says of which file it is and with which digest, and one with the values and their places in
the order in which they stand in the file. Small files have none, and without a folder that can be written all goes on.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from portalgen import __version__
from portalgen.errors import Location
from portalgen.replacing import replace_file
from portalgen.yamlfile import At, Document, Value, parse_bytes, read_bytes

_SMALL = 8 * 1024


def read_cached(path: Path, folder: Path) -> Document:
    """Parse the file at `path`, or read what that came to from `folder`. Raises InvalidInputError like `read_yaml`."""
    data = read_bytes(path)
    if len(data) < _SMALL:
        return parse_bytes(data, str(path))
    cached = folder / f"{hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:32]}.json"
    head = [__version__, str(path.absolute()), hashlib.sha256(data).hexdigest()]
    if (found := _read(cached, head, str(path))) is not None:
        return found
    document = parse_bytes(data, str(path))
    with suppress(OSError):
        _write(cached, head, document)
    return document


def _read(cached: Path, head: list[str], name: str) -> Document | None:
    try:
        with cached.open(encoding="utf-8") as lines:
            if json.loads(next(lines)) != head:
                return None
            data, places, keys = json.loads(next(lines))
        return _document(name, data, places, keys)
    except (OSError, StopIteration, ValueError, TypeError):
        return None


def _document(name: str, data: Value, places: list[list[int]], keys: list[list[int]]) -> Document:
    """Raises ValueError or TypeError where there is not a place for each value, and one for each key."""
    paths = [*_paths(data)]
    in_mappings = [at for at, is_keyed in paths if is_keyed]
    return Document(
        name,
        data,
        {at: Location(name, line, column) for (at, _), (line, column) in zip(paths, places, strict=True)},
        {at: Location(name, line, column) for at, (line, column) in zip(in_mappings, keys, strict=True)},
    )


def _paths(data: Value) -> Iterator[tuple[At, bool]]:
    """The path to each value, in the order of the file, and whether it stands under a key."""
    ahead: list[tuple[Value, At, bool]] = [(data, (), False)]
    while ahead:
        value, at, is_keyed = ahead.pop()
        yield at, is_keyed
        if isinstance(value, dict):
            ahead += [(inner, (*at, key), True) for key, inner in reversed(value.items())]
        elif isinstance(value, list):
            ahead += [(value[number], (*at, number), False) for number in range(len(value) - 1, -1, -1)]


def _write(cached: Path, head: list[str], document: Document) -> None:
    """Write what was parsed, for its owner alone; what was cached of files that are gone goes, too."""
    whole: list[Any] = [document.data]
    whole += [[(where.line, where.column) for where in part.values()] for part in (document.places, document.keys)]
    cached.parent.mkdir(parents=True, exist_ok=True)
    replace_file(cached, f"{json.dumps(head)}\n{json.dumps(whole, separators=(',', ':'))}\n".encode(), 0o600)
    for other in cached.parent.glob("*.json"):
        if not _is_of_a_file(other):
            other.unlink(missing_ok=True)


def _is_of_a_file(cached: Path) -> bool:
    try:
        with cached.open(encoding="utf-8") as lines:
            return Path(json.loads(next(lines))[1]).is_file()
    except (OSError, StopIteration, ValueError, TypeError, LookupError):
        return False
