"""The private record of each link ever issued and what became of it. It holds no token.

The definitions decide; the ledger only guards: from it a publish knows which links are out there, which of them are
burned, and which were left half-way. It is one object, `private/ledger.json`.
"""

import datetime
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from portalgen.errors import NotInStoreError, OvertakenError, PortalgenError
from portalgen.history import Event, Head, append, find_head, is_there
from portalgen.model import LinkId
from portalgen.stores.base import PRIVATE, Found, Metadata, Store

_KEY = f"{PRIVATE}ledger.json"
_FORMAT = 3
_READABLE = (1, 2, _FORMAT)
_UNKNOWN = "(unknown "
_OVERTAKEN = (
    "the ledger was changed by another run meanwhile, so this one gave up",
    "run it again, when no other is at work",
)
LIVE, DISABLED, EXPIRED, REVOKED = "live", "disabled", "expired", "revoked"


@dataclass(frozen=True, slots=True)
class Record:
    """One link. Its identity is `fingerprint`, which follows from portal, contact, revision, key and site.

    `customer` is whose documents it showed, by the ERP's id; '' where that is not known any more.
    `state` is live, disabled, expired or revoked; a revoked link never comes back. `since` is the ISO date of the last
    change of state, `issued` that of the first publish. `types` are all types ever published under the link, `shows`
    those that may be there now, `branches` the only branches whose documents may be (None: any). `bundle` is the digest
    of the published bundle, '' where there is none; `published` is the UTC moment (ISO 8601, to the second) of the last
    publish of the link that ended well. `definition` and `is_derived` are as in Link, and `granted` are the types that
    the definition gave it, with the exports of then, or that somebody accepted. `unfinished` says that a publish or a
    purge of this link began and may not have ended: what the store holds is then not known. `manifest` is the name of
    the one that says what was published.
    """

    portal: str
    contact: str
    revision: int
    key: str
    fingerprint: str
    customer: str = ""
    state: str = LIVE
    since: str = ""
    issued: str = ""
    types: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    branches: tuple[str, ...] | None = None
    bundle: str = ""
    published: str = ""
    definition: str = ""
    granted: tuple[str, ...] = ()
    is_derived: bool = False
    unfinished: bool = False
    manifest: str = ""

    @property
    def id(self) -> LinkId:
        return LinkId(self.portal, self.contact)

    @property
    def is_half_gone(self) -> bool:
        """Whether a purge of the link began, and may not have ended."""
        return self.unfinished and self.state != LIVE

    @property
    def is_unknown(self) -> bool:
        """Whether nothing but the store tells of the link: a portal's id has no such beginning."""
        return self.portal.startswith(_UNKNOWN)


def stranger(fingerprint: str, key: str) -> Record:
    """The record of a link that lies in the store, and that nothing tells of."""
    return Record(f"{_UNKNOWN}{fingerprint})", "", 0, key, fingerprint)


Ledger = Mapping[str, Record]
"""Records by fingerprint."""

Clock = Callable[[], datetime.datetime]
"""What time it is, with a time zone."""


def read_ledger(store: Store, site: str) -> Ledger | None:
    """The ledger of `site`, or None where there is none. Raises PortalgenError if it is another site's or broken."""
    found = _read(store, site)
    return found[0] if found else None


def read_head(store: Store, site: str) -> Head:
    """The last entry of the site's history, as its ledger knows it. Raises PortalgenError likewise."""
    found = _read(store, site)
    return found[1] if found else Head()


def _read(store: Store, site: str) -> tuple[Ledger, Head] | None:
    found = _find(store)
    return _parsed(found.data, site) if found else None


def _find(store: Store) -> Found | None:
    try:
        return store.find(_KEY)
    except NotInStoreError:
        return None


def _parsed(text: bytes, site: str) -> tuple[Ledger, Head]:
    try:
        data = json.loads(text)
        if data["format"] not in _READABLE:
            raise PortalgenError(f"the ledger has format {data['format']}", "a newer portalgen wrote it; use that one")
        if data["site"] != site:
            hint = "give each site a store, or a prefix in the bucket, of its own"
            raise PortalgenError(f"this store holds the site '{data['site']}', not '{site}'", hint)
        records = [_record(item) for item in data["links"]]
        head = Head(**data.get("history", {}))
    except (ValueError, TypeError, KeyError) as error:
        hint = "restore private/ledger.json from a backup; without it, links that were revoked could come back"
        raise PortalgenError(f"the ledger cannot be read: {error}", hint) from None
    return {record.fingerprint: record for record in records}, head


def _record(item: Mapping[str, Any]) -> Record:
    """A record as JSON gave it. Raises TypeError or ValueError where it is none of ours."""
    branches = item.get("branches")
    lists = {name: tuple(item.get(name, ())) for name in ("types", "shows", "granted")}
    if "shows" not in item and (item.get("state") == LIVE or item.get("unfinished")):
        lists["shows"] = lists["types"]  # of before records knew it: all that it may show
    record = Record(**{**item, **lists, "branches": None if branches is None else tuple(branches)})
    texts = [record.portal, record.contact, record.key, record.fingerprint, record.customer, record.since]
    if not all(isinstance(text, str) for text in texts) or not isinstance(record.revision, int):
        raise TypeError("a record holds something else than text")
    if record.state not in {LIVE, DISABLED, EXPIRED, REVOKED}:
        raise ValueError(f"a record has the state {record.state!r}")
    return record


def _ledger_text(site: str, records: Iterable[Record], head: Head) -> bytes:
    """The ledger as JSON, with a line for each record."""
    ordered = sorted(records, key=lambda record: (record.id, record.revision, record.key))
    fields = Record.__slots__
    links = (json.dumps({name: getattr(each, name) for name in fields}, ensure_ascii=False) for each in ordered)
    head_text = json.dumps({"format": _FORMAT, "site": site, "history": asdict(head)}, ensure_ascii=False)
    return (head_text[:-1] + ', "links": [\n' + ",\n".join(links) + "\n]}\n").encode()


class OpenLedger:
    """The ledger of one store while a publish is at work. `found` says whether the store had one.

    `clock` gives moments with a time zone; days are those of `zone`. `is_untouched` says that nothing of it was written
    yet; `guard` is called before anything is, and may raise. `is_history_whole` is false once something was
    added behind an entry that is not the one that was written; `had_history` tells whether there was any before.
    """

    def __init__(self, store: Store, site: str, clock: Clock, zone: datetime.tzinfo) -> None:
        there = _find(store)
        self._version = there.version if there else None
        found = _parsed(there.data, site) if there else None
        self.found = found is not None
        self.is_untouched = True
        self.guard: Callable[[], None] = lambda: None
        records, self.head = found or ({}, find_head(store))
        self.records: dict[str, Record] = dict(records)
        self.had_history = bool(self.head.number)
        self.is_history_whole = True
        self._store = store
        self._site = site
        self._clock = clock
        self.zone = zone
        self._today = clock().astimezone(zone).date().isoformat()
        self._saved = (dict(self.records), self.head)

    def begin(self, link: Record) -> None:
        """Note that `link` is about to be written, before it is: a crash must not leave a link that nobody knows of."""
        known = self.records.get(link.fingerprint)
        issued = known.issued if known else self._today
        since = known.since if known and known.state == LIVE else self._today
        ever = tuple(dict.fromkeys([*(known.types if known else ()), *link.types]))
        shows = tuple(dict.fromkeys([*(known.shows if known else ()), *link.types]))
        branches = link.branches if not known else _either(known.branches, link.branches)
        begun = replace(
            link,
            state=LIVE,
            issued=issued,
            since=since,
            types=ever,
            shows=shows,
            branches=branches,
            bundle=known.bundle if known else "",
            published=known.published if known else "",
            manifest=known.manifest if known else "",
        )
        self.records[link.fingerprint] = replace(begun, unfinished=True)

    def withdraw(self, fingerprint: str) -> None:
        """Note that some of a link's pages are about to be deleted: the rest must then be compared with the store."""
        self.records[fingerprint] = replace(self.records[fingerprint], unfinished=True)

    def withdrew(self, fingerprint: str, types: Sequence[str], *, is_known: bool) -> None:
        """Note that nothing of these types is left under a link, nor its summary.

        All else is as it was published, if it `is_known` what was there before.
        """
        record = self.records[fingerprint]
        shows = tuple(type_ for type_ in record.shows if type_ not in types)
        self.records[fingerprint] = replace(record, bundle="", shows=shows, unfinished=not is_known)

    def finish(self, fingerprint: str, bundle: str, manifest: str) -> None:
        """Note that a link that was begun is published whole."""
        now = self._clock().astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.records[fingerprint] = replace(
            self.records[fingerprint], bundle=bundle, manifest=manifest, published=now, unfinished=False
        )

    def show(self, fingerprint: str, shows: tuple[str, ...], branches: tuple[str, ...] | None) -> None:
        """Note that a link shows these types and branches and no other."""
        self.records[fingerprint] = replace(self.records[fingerprint], shows=shows, branches=branches)

    def define(self, fingerprint: str, definition: str, granted: tuple[str, ...], *, is_derived: bool) -> None:
        """Note how a link is defined now, and which types that grants it."""
        record = self.records[fingerprint]
        self.records[fingerprint] = replace(record, definition=definition, granted=granted, is_derived=is_derived)

    def accept(self, fingerprint: str, types: Iterable[str]) -> None:
        """Note that somebody said a link may show these types, which it was not to show unasked."""
        record = self.records[fingerprint]
        self.records[fingerprint] = replace(record, granted=tuple(dict.fromkeys([*record.granted, *types])))

    def tell(self, events: Sequence[Event]) -> None:
        """Write an entry of history; it counts once the ledger is saved. Raises StoreError."""
        if events:
            self.guard()
            self.is_untouched = False
            self.is_history_whole = self.is_history_whole and is_there(self._store, self.head)
            self.head = append(self._store, self.head, self._clock(), events)

    def doubt(self, fingerprint: str, state: str) -> None:
        """Note that a link is about to be purged, before it is: after a crash it counts as gone, and is looked at."""
        record = self.records[fingerprint]
        since = record.since if record.state == state else self._today
        self.records[fingerprint] = replace(record, state=state, since=since, unfinished=True)

    def purged(self, fingerprint: str) -> None:
        """Note that nothing is left under a link."""
        self.records[fingerprint] = replace(
            self.records[fingerprint], bundle="", shows=(), manifest="", unfinished=False
        )

    def confirm(self) -> None:
        """Raise OvertakenError if the store's ledger is not the one that was read, or saved, last."""
        there = _find(self._store)
        if (there.version if there else None) != self._version:
            raise OvertakenError(*_OVERTAKEN)

    def save(self) -> None:
        """Write the ledger, if anything in it changed. Raises StoreError; OvertakenError if somebody else wrote it."""
        if (self.records, self.head) == self._saved:
            return
        self.guard()
        text = _ledger_text(self._site, self.records.values(), self.head)
        try:
            self._version = self._store.write_if(_KEY, text, Metadata("application/json"), self._version)
        except OvertakenError:
            raise OvertakenError(*_OVERTAKEN) from None
        self.is_untouched = False
        self._saved = (dict(self.records), self.head)


def _either(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The branches of both; None stands for all there are."""
    return None if one is None or other is None else tuple(dict.fromkeys([*one, *other]))
