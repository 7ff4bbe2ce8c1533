"""What each link could see, from when to when: entries in a chain, each of which holds the digest of the one before.

An entry is one object, `private/history/00000017.jsonl`: a line that says its number, its moment and the SHA-256 of the
entry before, then a line for each event. The ledger keeps number and digest of the last one. An entry is written before
what it tells of becomes visible, and after what it tells of was taken away: where it errs, it says too much.
"""

import datetime
import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from portalgen.errors import NotInStoreError, PortalgenError
from portalgen.model import Documents, LinkId
from portalgen.stores.base import PRIVATE, Metadata, Store

_FOLDER = f"{PRIVATE}history/"
_NAME = re.compile(rf"{_FOLDER}\d{{8}}\.jsonl", re.ASCII)
_FORMAT = 1
_THREADS = 8
_ALTERED = "the history was altered"
_HINT = "restore private/history/ and private/ledger.json from a backup of one moment"
_ITSELF = ("", "")
ADDS, DROPS, SHOWS, ENDS = "adds", "drops", "shows", "ends"


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry: its number, from 1 (0: there is none), the hex SHA-256 of its bytes, and its moment, ISO 8601."""

    number: int = 0
    digest: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """What became of a link, which `fingerprint` stands for.

    `what` is 'adds' (the link shows these documents, too), 'drops' (it no longer shows them, nor anything of `types`),
    'shows' (it shows these and no others) or 'ends' (it shows nothing, and does not answer). `revision` and `key` are
    those that it is made from; `state`, what it is afterwards, and `is_derived` are as in the ledger.
    """

    what: str
    link: LinkId
    fingerprint: str
    customer: str
    types: tuple[str, ...] = ()
    documents: Documents = field(default_factory=dict)
    why: str = ""
    revision: int = 1
    key: str = ""
    state: str = ""
    is_derived: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Events of one moment, in UTC."""

    number: int
    at: datetime.datetime
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """What an event changed of what a link shows. `answers` tells whether the link came or went, None if neither."""

    at: datetime.datetime
    event: Event
    appears: Documents
    disappears: Documents
    answers: bool | None


@dataclass(frozen=True, slots=True)
class Sight:
    """A link could see a document from `since` until `until`, which is None if it still can. Both are in UTC."""

    link: LinkId
    fingerprint: str
    customer: str
    type: str
    number: str
    since: datetime.datetime
    until: datetime.datetime | None = None


def append(store: Store, head: Head, at: datetime.datetime, events: Sequence[Event]) -> Head:
    """Write an entry after `head`; without events there is none. Raises StoreError.

    Where the clock went back, it is of the same moment as the one before.
    """
    if not events:
        return head
    number = head.number + 1
    moment = max(at.astimezone(datetime.UTC).isoformat(timespec="microseconds"), head.at)
    first = {"format": _FORMAT, "number": number, "at": moment, "previous": head.digest}
    lines = [first, *map(_event_json, events)]
    data = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode()
    store.write(_key(number), data, Metadata("application/x-ndjson"))
    return Head(number, sha256(data).hexdigest(), moment)


def is_there(store: Store, head: Head) -> bool:
    """Whether the entry that `head` names, if any, is there as it was written. Raises StoreError."""
    try:
        return not head.number or sha256(store.read(_key(head.number))).hexdigest() == head.digest
    except NotInStoreError:
        return False


def find_head(store: Store) -> Head:
    """The last entry that the store holds, for want of a ledger that names it. Raises StoreError."""
    entries = [item.key for item in store.objects(_FOLDER) if _NAME.fullmatch(item.key)]
    if not entries:
        return Head()
    data = store.read(max(entries))
    return Head(int(max(entries)[-14:-6]), sha256(data).hexdigest())


def read(store: Store, head: Head) -> list[Entry]:
    """All entries up to `head`, the oldest first. Raises PortalgenError unless the chain is whole.

    What lies behind `head` was written by a publish that broke off before anything came of it.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        texts = [*pool.map(lambda number: _read(store, number), range(1, head.number + 1))]
    entries, digest = [], ""
    for number, text in enumerate(texts, 1):
        first, *events = _lines(text, number)
        if (first["number"], first["previous"]) != (number, digest):
            raise PortalgenError(f"{_ALTERED}: entry {number} does not follow from the one before", _HINT)
        digest = sha256(text).hexdigest()
        moment = datetime.datetime.fromisoformat(first["at"])
        entries.append(Entry(number, moment, tuple(_event_of(event) for event in events)))
    if digest != head.digest:
        raise PortalgenError(f"{_ALTERED}: entry {head.number} is not the one that the ledger knows", _HINT)
    return entries


def turns(entries: Iterable[Entry]) -> Iterator[Turn]:
    """What became of links, in the order of the entries, without events that changed nothing."""
    there: dict[str, set[tuple[str, str]]] = {}
    for entry in entries:
        for event in entry.events:
            before = there.get(event.fingerprint, set())
            after = _after(event, before)
            there[event.fingerprint] = after
            if after != before:
                yield Turn(
                    entry.at, event, _documents(after - before), _documents(before - after), _answers(before, after)
                )


def sights(entries: Iterable[Entry]) -> Iterator[Sight]:
    """What could be seen: first what no longer can be, in the order in which that ended, then what still can."""
    there: dict[tuple[str, str, str], Sight] = {}
    for turn in turns(entries):
        event = turn.event
        for type_, number in named(turn.disappears):
            yield replace(there.pop((event.fingerprint, type_, number)), until=turn.at)
        for type_, number in named(turn.appears):
            sight = Sight(event.link, event.fingerprint, event.customer, type_, number, turn.at)
            there[event.fingerprint, type_, number] = sight
    yield from there.values()


def named(documents: Documents) -> Iterator[tuple[str, str]]:
    """Type and number of each of `documents`."""
    return ((type_, number) for type_, numbers in documents.items() for number in numbers)


def _after(event: Event, before: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What a link shows after `event`: documents by type and number, and itself under neither while it answers."""
    documents = set(named(event.documents))
    if event.what == ENDS:
        return set()
    if event.what == DROPS:
        return {each for each in before if each not in documents and each[0] not in event.types}
    return {_ITSELF} | documents | (before if event.what == ADDS else set())


def _documents(identities: Iterable[tuple[str, str]]) -> Documents:
    found: dict[str, list[str]] = {}
    for type_, number in sorted(identities):
        if type_:
            found.setdefault(type_, []).append(number)
    return found


def _answers(before: Container[tuple[str, str]], after: Container[tuple[str, str]]) -> bool | None:
    return None if (_ITSELF in before) == (_ITSELF in after) else _ITSELF in after


def _key(number: int) -> str:
    return f"{_FOLDER}{number:08}.jsonl"


def _read(store: Store, number: int) -> bytes:
    try:
        return store.read(_key(number))
    except NotInStoreError:
        raise PortalgenError(f"{_ALTERED}: entry {number} is missing", _HINT) from None


def _lines(text: bytes, number: int) -> list[Any]:
    try:
        lines = [json.loads(line) for line in text.splitlines()]
        format_ = lines[0]["format"]
    except (ValueError, KeyError, IndexError, TypeError):
        raise PortalgenError(f"{_ALTERED}: entry {number} cannot be read", _HINT) from None
    if format_ != _FORMAT:
        raise PortalgenError(f"the history has format {format_}", "a newer portalgen wrote it; use that one")
    return lines


def _event_json(event: Event) -> Mapping[str, Any]:
    whole = {
        "what": event.what,
        "portal": event.link.portal,
        "contact": event.link.contact,
        "link": event.fingerprint,
        "customer": event.customer,
        "types": [*event.types],
        "documents": {type_: [*numbers] for type_, numbers in event.documents.items() if numbers},
        "why": event.why,
        "revision": event.revision,
        "key": event.key,
        "state": event.state,
        "is_derived": event.is_derived,
    }
    return {name: value for name, value in whole.items() if value}


def _event_of(event: Mapping[str, Any]) -> Event:
    return Event(
        event["what"],
        LinkId(event["portal"], event.get("contact", "")),
        event["link"],
        event.get("customer", ""),
        tuple(event.get("types", ())),
        event.get("documents", {}),
        event.get("why", ""),
        event.get("revision", 1),
        event.get("key", ""),
        event.get("state", ""),
        event.get("is_derived", False),
    )
