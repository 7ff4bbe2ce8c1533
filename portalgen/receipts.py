"""Receipts of purges: what was taken away, how that was checked, and a signature that the public key alone can check.

A receipt is a file of two lines. The first is a JSON object, the second a signature of exactly its bytes. There is one
way to write a receipt: whatever else says the same is refused, so that nothing about a file can be changed.
"""

import datetime
import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portalgen.errors import InvalidInputError, PortalgenError
from portalgen.links import KeyRing, redact
from portalgen.model import LinkId, Site, StoreSource
from portalgen.probes import is_gone
from portalgen.signing import is_signed, public_key, sign

_FORMAT = "portalgen-receipt/1"
_FILE = re.compile(rb'([^\n]+)\n\{"signature":"([0-9a-f]{128})"\}\n')
NO_CDN, INVALIDATED, NOT_INVALIDATED = "none", "invalidated", "failed"
AT_STORE = {True: "answers", False: "gone", None: "unknown"}
"""How it is written whether the store still gave a link's summary to the world."""
_HINT = "ask whoever gave it to you for the file as it was written"


@dataclass(frozen=True, slots=True)
class PurgedLink:
    """What became of a link. `fingerprint` stands for its token, `key` names the root key that made it.

    `failures` say what could not be deleted, each in one line. `cdn` is 'none' where there is no CDN, 'invalidated' or
    'failed'. `answers` tells whether the store still gave the summary to whoever asked without credentials (None: it
    did not say); `status` is that of the summary's address, 0 without an answer, None where it was not asked.
    """

    id: LinkId
    revision: int
    key: str
    fingerprint: str
    reason: str
    failures: tuple[str, ...] = ()
    cdn: str = NO_CDN
    answers: bool | None = None
    status: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing of it is left, in any place that was asked. An address that was not asked does not count."""
        is_off = self.status is None or is_gone(self.status)
        return not self.failures and self.cdn != NOT_INVALIDATED and self.answers is False and is_off


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: a folder, or a bucket with the prefix in it, at Amazon or at the host that `endpoint` names."""

    kind: str
    name: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of a publish that purged `links`. `moment` has a time zone; it is kept in UTC, to the second.

    `objects`, `versions` (and markers) and `uploads` count what was deleted under all of them; `unseen` says what could
    not be looked for, or is ''. `version` is that of the publisher. `key` names the root key from which the receipt's
    own key is derived, and `public_key` is to that one; it is filled in as the receipt is signed.
    """

    site: str
    store: Place
    moment: datetime.datetime
    version: str
    links: tuple[PurgedLink, ...]
    key: str
    objects: int = 0
    versions: int = 0
    uploads: int = 0
    unseen: str = ""
    public_key: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether all is gone, and everything was looked at."""
        return not self.unseen and all(link.is_complete for link in self.links)


def place_of(source: StoreSource) -> Place:
    """Where a store is, without whatever secret its definition may hold."""
    if source.path is not None:
        return Place(source.kind, str(source.path))
    address = urlsplit(source.endpoint)
    endpoint = address.netloc.rpartition("@")[2]
    return Place(source.kind, f"{source.bucket}/{source.prefix}".rstrip("/"), endpoint)


def signing_key(site: Site, ring: KeyRing) -> str:
    """The id of the root key whose receipts count: the one that makes the site's links now, else the first."""
    return site.key or next(iter(ring.root_keys))


def public_keys(ring: KeyRing) -> dict[str, str]:
    """By the id of each root key, the public key that checks receipts signed with it."""
    return {key: public_key(ring.signing_seed(key)) for key in ring.root_keys}


def signed(receipt: Receipt, ring: KeyRing) -> bytes:
    """The file of a receipt. Raises InvalidInputError if `ring` does not hold its key. No token can get into it."""
    seed = ring.signing_seed(receipt.key)
    payload = redact(_line(replace(receipt, public_key=public_key(seed)))).encode()
    return payload + f'\n{{"signature":"{sign(seed, payload)}"}}\n'.encode()


def write_receipt(file: Path, receipt: Receipt, ring: KeyRing) -> None:
    """Sign a receipt and write it, for its owner alone. Raises InvalidInputError if there is such a file already."""
    data = signed(receipt, ring)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        if file.exists():
            hint = "give each receipt a name of its own"
            raise InvalidInputError(f"{file} is there already and was left as it is", hint) from None
        raise InvalidInputError(f"{file} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
    except OSError as error:
        file.unlink()
        raise InvalidInputError(f"{file} cannot be written: {error.strerror}") from None


def read_receipt(data: bytes, trusted: Collection[str]) -> Receipt:
    """The receipt in a file's `data`. Raises PortalgenError unless it is whole and signed with a `trusted` public key.

    What the file itself says of its key is believed only after that.
    """
    match = _FILE.fullmatch(data)
    if not match:
        raise PortalgenError(
            "this is no receipt, or not one as it was written: two lines, the second a signature", _HINT
        )
    payload, signature = match[1], match[2].decode()
    key = next((key for key in trusted if is_signed(key, payload, signature)), "")
    if not key and not any(key.encode() in payload for key in trusted):
        raise PortalgenError("this receipt was signed with another key, or it was altered", "compare the public keys")
    if not key:
        raise PortalgenError("this receipt was altered after it was signed", _HINT)
    try:
        receipt = _receipt(json.loads(payload))
        if receipt.public_key == key and _line(receipt).encode() == payload:
            return receipt
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise PortalgenError(
        "what is signed here is no receipt that this version knows", "a newer portalgen may have written it"
    )


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """What the first line of a receipt holds."""
    return {
        "format": _FORMAT,
        "site": receipt.site,
        "store": {"kind": receipt.store.kind, "name": receipt.store.name, "endpoint": receipt.store.endpoint},
        "moment": f"{receipt.moment.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "version": receipt.version,
        "links": [_link_json(link) for link in receipt.links],
        "objects": receipt.objects,
        "versions": receipt.versions,
        "uploads": receipt.uploads,
        "unseen": receipt.unseen,
        "complete": receipt.is_complete,
        "key": receipt.key,
        "public_key": receipt.public_key,
    }


def _line(receipt: Receipt) -> str:
    return json.dumps(receipt_json(receipt), ensure_ascii=False, separators=(",", ":"))


def _link_json(link: PurgedLink) -> Mapping[str, Any]:
    return {
        "portal": link.id.portal,
        "contact": link.id.contact,
        "revision": link.revision,
        "key": link.key,
        "fingerprint": link.fingerprint,
        "reason": link.reason,
        "failures": list(link.failures),
        "cdn": link.cdn,
        "store": AT_STORE[link.answers],
        "base_url": link.status,
        "complete": link.is_complete,
    }


def _receipt(whole: Mapping[str, Any]) -> Receipt:
    """The receipt that `receipt_json` is of. What comes of anything else is written differently, or it raises."""
    store = whole["store"]
    return Receipt(
        site=_text(whole["site"]),
        store=Place(_text(store["kind"]), _text(store["name"]), _text(store["endpoint"])),
        moment=datetime.datetime.fromisoformat(whole["moment"]),
        version=_text(whole["version"]),
        links=tuple(_link(link) for link in whole["links"]),
        key=_text(whole["key"]),
        objects=_count(whole["objects"]),
        versions=_count(whole["versions"]),
        uploads=_count(whole["uploads"]),
        unseen=_text(whole["unseen"]),
        public_key=_text(whole["public_key"]),
    )


def _link(link: Mapping[str, Any]) -> PurgedLink:
    return PurgedLink(
        id=LinkId(_text(link["portal"]), _text(link["contact"])),
        revision=_count(link["revision"]),
        key=_text(link["key"]),
        fingerprint=_text(link["fingerprint"]),
        reason=_text(link["reason"]),
        failures=tuple(_text(failure) for failure in link["failures"]),
        cdn=_text(link["cdn"]),
        answers={said: answers for answers, said in AT_STORE.items()}[link["store"]],
        status=None if link["base_url"] is None else _count(link["base_url"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError
    return value
