"""Whether a store holds what was published there, no more and no less."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from portalgen.errors import DamagedError, NotInStoreError
from portalgen.ledger import LIVE, Ledger, Record
from portalgen.links import fingerprint
from portalgen.manifests import Manifests
from portalgen.model import LinkId
from portalgen.stores.base import PUBLIC, Store
from portalgen.survey import Drift, There, drift, listed


@dataclass(frozen=True, slots=True)
class Finding:
    """One link that is not as it should be. `link` is None where nobody knows whose it is.

    `what` says it in one line; `drift` names the paths, where it is about some of them.
    """

    link: LinkId | None
    fingerprint: str
    what: str
    drift: Drift = field(default_factory=Drift)


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and all that is wrong. `others` are keys of the public part that lie under no link."""

    links: int
    objects: int
    findings: tuple[Finding, ...]
    others: tuple[str, ...]


def verify_store(store: Store, records: Ledger, *, reads: bool = False) -> Verified:
    """Compare the store's public part with its ledger and manifests; with `reads`, fetch every object, too.

    Raises StoreError.
    """
    manifests = Manifests(store)
    findings: list[Finding] = []
    others: list[str] = []
    seen: set[str] = set()
    objects = 0
    for token, there in listed(store):
        objects += len(there)
        if not token:
            others += there
            continue
        mark = fingerprint(token)
        if mark in seen:
            findings.append(Finding(None, mark, "a second link has this fingerprint, and these keys did not make both"))
            continue
        seen.add(mark)
        findings += _of_link(records.get(mark), mark, there, manifests)
        if reads and mark in records:
            findings += _read_through(store, records[mark], token, there, manifests)
    missing = [record for mark, record in records.items() if record.state == LIVE and mark not in seen]
    for record in missing:
        findings += _of_link(record, record.fingerprint, {}, manifests)
    return Verified(len(seen) + len(missing), objects, tuple(findings), tuple(others))


def _of_link(record: Record | None, mark: str, there: There, manifests: Manifests) -> Iterator[Finding]:
    if record is None:
        yield Finding(None, mark, "the ledger knows of no such link")
        return
    if record.state != LIVE:
        yield Finding(record.id, mark, f"{record.state} since {record.since}, and there is still something under it")
        return
    published = manifests.of(record)
    if record.unfinished:
        yield Finding(record.id, mark, "the last publish of it did not finish")
    elif published is None:
        yield Finding(record.id, mark, "its manifest is lost")
    elif not record.bundle:
        yield Finding(record.id, mark, "pages were taken away from it, and it was not published since")
    elif found := drift(published, there):
        yield Finding(record.id, mark, "not as it was published", found)


def _read_through(store: Store, record: Record, token: str, there: There, manifests: Manifests) -> Iterator[Finding]:
    """The objects whose bytes are not those that were published, whatever the listing says of them."""
    published = manifests.of(record)
    if published is None or record.state != LIVE:
        return
    altered = []
    for path in sorted(published.files.keys() & there.keys()):
        try:
            data = store.read(f"{PUBLIC}{token}/{path}")
        except NotInStoreError:
            continue
        except DamagedError:
            data = b""
        if sha256(data).hexdigest() != published.files[path].sha256:
            altered.append(path)
    if altered:
        yield Finding(record.id, record.fingerprint, "other bytes than were published", Drift(altered=tuple(altered)))
