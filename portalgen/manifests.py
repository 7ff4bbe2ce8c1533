"""What was published under each link, as the private part of the store keeps it: no listing is needed to know it.

A manifest is one object, `private/manifests/<name>.json`, for up to LINKS links. Its name is taken from its content, so
it is never changed; the ledger's record of a link names the one that it stands in.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import islice
from typing import Any

from portalgen.errors import DamagedError, NotInStoreError
from portalgen.ledger import Ledger, Record
from portalgen.plan import Stored, StoredFile
from portalgen.stores.base import PRIVATE, Failure, Metadata, Store

_FOLDER = f"{PRIVATE}manifests/"
_FORMAT = 3
_DIGITS = 32
LINKS = 1000
"""How many links share a manifest at most."""


class Manifests:
    """The manifests of one store, each read when it is first asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[str, Mapping[str, Stored]] = {}

    def of(self, record: Record) -> Stored | None:
        """What was published under a link; None where its manifest is lost or cannot be read. Raises StoreError."""
        if not record.manifest:
            return None
        if record.manifest not in self._read:
            self._read[record.manifest] = _links_in(self._store, record.manifest)
        return self._read[record.manifest].get(record.fingerprint)

    def write(self, links: Mapping[str, Stored]) -> Mapping[str, str]:
        """Write what was published under links, by fingerprint, and return in which manifest each stands.

        Raises StoreError.
        """
        names: dict[str, str] = {}
        for batch in _batches(links):
            text = json.dumps(_manifest(links, batch), ensure_ascii=False, separators=(",", ":")).encode()
            name = sha256(text).hexdigest()[:_DIGITS]
            self._store.write(_key(name), text, Metadata("application/json"))
            self._read[name] = {mark: links[mark] for mark in batch}
            names |= dict.fromkeys(batch, name)
        return names

    def sweep(self, before: Collection[str], records: Ledger) -> list[Failure]:
        """Delete those called `before` that no record names any more."""
        dead = sorted({*before} - names_in(records))
        return self._store.delete(_key(name) for name in dead) if dead else []

    def strays(self, records: Ledger) -> list[str]:
        """The keys of all that lies where manifests do and that no record names. Raises StoreError."""
        known = {_key(name) for name in names_in(records)}
        return [item.key for item in self._store.objects(_FOLDER) if item.key not in known]


def names_in(records: Ledger) -> set[str]:
    """The manifests that records name."""
    return {record.manifest for record in records.values() if record.manifest}


def _key(name: str) -> str:
    return f"{_FOLDER}{name}.json"


def _batches(links: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(links)
    while batch := list(islice(rest, LINKS)):
        yield batch


def _manifest(links: Mapping[str, Stored], batch: Iterable[str]) -> Mapping[str, Any]:
    return {"format": _FORMAT, "links": {mark: _link_json(links[mark]) for mark in batch}}


def _link_json(link: Stored) -> Mapping[str, Any]:
    files = {path: [file.sha256, file.size, file.digest] for path, file in link.files.items()}
    return {"files": files, "documents": link.documents}


def _links_in(store: Store, name: str) -> Mapping[str, Stored]:
    try:
        data = json.loads(store.read(_key(name)))
        if data["format"] != _FORMAT:
            return {}
        return {mark: _link_of(link) for mark, link in data["links"].items()}
    except (NotInStoreError, DamagedError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _link_of(link: Mapping[str, Any]) -> Stored:
    files = {path: StoredFile(str(sha256), int(size), str(md5)) for path, (sha256, size, md5) in link["files"].items()}
    return Stored(files, link["documents"])
