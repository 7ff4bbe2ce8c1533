"""The keys, and what the ledger says."""

import stat
from collections.abc import Iterator, Sequence

from portalgen.doctor.findings import Finding, fail, ok, unknown, warn
from portalgen.errors import PortalgenError, StoreError
from portalgen.keysources import key_file
from portalgen.lease import GRACE, SECONDS, lease_of
from portalgen.ledger import LIVE, REVOKED, Ledger, Record, read_ledger
from portalgen.links import KeyRing
from portalgen.model import Definitions
from portalgen.stores.base import Store

_NAMED = 5
_RESTORE = "restore the key from your copy; without it these links cannot be made, and are purged"


def keys(definitions: Definitions, ring: KeyRing) -> Finding:
    """How many keys there are, and whether somebody else could put others in their place."""
    held = f"{len(ring.root_keys)} ({', '.join(ring.root_keys)})"
    file = key_file(definitions.keys, definitions.root)
    if file is None:
        return ok("keys", f"{held}, from {definitions.keys.partition(':')[0]}:")
    mode = file.parent.stat().st_mode
    if mode & 0o022 and not mode & stat.S_ISVTX:
        return warn(
            "keys", "others can replace the key file: they may write in its folder", f"chmod go-w '{file.parent}'"
        )
    return ok("keys", f"{held}, in a file that its owner alone can read")


def without_keys(error: PortalgenError) -> Finding:
    """Of keys that cannot be used."""
    problem = error.problems[0]
    return fail("keys", problem.message, problem.hint)


def examine(store: Store, site: str, ring: KeyRing | None) -> tuple[Ledger, list[Finding]]:
    """The ledger, and what there is to say of it; an empty one where it cannot be read."""
    try:
        ledger = read_ledger(store, site)
    except PortalgenError as error:
        problem = error.problems[0]
        hint = problem.hint or "mend what keeps the store from being read"
        return {}, [fail("ledger", problem.message, hint)]
    if ledger is None:
        return {}, [ok("ledger", "there is none: nothing was published here yet")]
    return ledger, [*_told(ledger, ring), _lease(store)]


def _told(ledger: Ledger, ring: KeyRing | None) -> Iterator[Finding]:
    live = sum(record.state == LIVE for record in ledger.values())
    yield ok("ledger", f"{len(ledger):,} links, {live:,} of them live")
    unfinished = [record for record in ledger.values() if record.unfinished]
    if unfinished:
        yield warn("unfinished-links", f"{_named(unfinished)}: written or purged in part", "run `portalgen publish`")
    else:
        yield ok("unfinished-links", "none: every publish ended")
    if ring:
        yield _held(ledger, ring)


def _lease(store: Store) -> Finding:
    try:
        held = lease_of(store)
    except StoreError as error:
        return unknown("lease", error.problems[0].message, "run it again")
    if held is None:
        return ok("lease", "nobody is publishing")
    said = f"process {held.process} on {held.host} is publishing, or died not long ago"
    return warn("lease", said, f"wait: if it died, the lease ends {SECONDS + GRACE} s after that")


def _held(ledger: Ledger, ring: KeyRing) -> Finding:
    lost = [each for each in ledger.values() if each.state != REVOKED and each.key not in ring.root_keys]
    if not lost:
        return ok("link-keys", "every key that a link is made with is there")
    missing = ", ".join(f"'{key}'" for key in sorted({record.key for record in lost}))
    said = f"key {missing} is missing, which {_named(lost)} were made with"
    is_live = any(record.state == LIVE for record in lost)
    return fail("link-keys", said, _RESTORE) if is_live else warn("link-keys", said, _RESTORE)


def _named(records: Sequence[Record]) -> str:
    """How many links, and the first of them by name."""
    names = ", ".join(str(record.id) for record in records[:_NAMED])
    more = f" and {len(records) - _NAMED:,} more" if len(records) > _NAMED else ""
    return f"{len(records):,} {'link' if len(records) == 1 else 'links'} ({names}{more})"


def token_of_one(ledger: Ledger, ring: KeyRing) -> tuple[Record, str] | None:
    """A live link that is published whole, with its token; None where there is none."""
    sound = (each for each in ledger.values() if each.state == LIVE and not each.unfinished and each.bundle)
    for record in sound:
        if record.key in ring.root_keys:
            return record, ring.token(record.key, record.portal, record.contact, record.revision)
    return None
