"""A ledger that was lost, made anew from what the store holds, and the history tells."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from portalgen.errors import NOWHERE, PortalgenError, Problem, RefusedError, StoreError
from portalgen.exposure import recovered
from portalgen.history import read
from portalgen.ledger import LIVE, REVOKED, OpenLedger, Record, stranger
from portalgen.links import KeyRing, Verdict, fingerprint
from portalgen.plan import Wanted
from portalgen.purge import public_tokens
from portalgen.stores.base import Store


@dataclass(frozen=True, slots=True)
class Recovery:
    """The tokens, by fingerprint, that the store holds and nobody wants; and what a person should know."""

    unknown: Mapping[str, str]
    notes: tuple[Problem, ...]


def recover(
    store: Store, ledger: OpenLedger, wanted: Mapping[str, Wanted], ring: KeyRing, expected_removals: int | None
) -> Recovery:
    """Take every link that the store holds for one that was left half-way, and put it into `ledger`.

    What else there was, and what was shown, is what the history says. Raises RefusedError for links that these keys
    did not make: they may be another site's, or the keys be wrong.
    """
    known, notes = _remembered(store, ledger)
    unknown: dict[str, str] = {}
    portals, strange = set(), 0
    for token in public_tokens(store):
        mark = fingerprint(token)
        if mark in known and known[mark].state == REVOKED:  # burned, and something was left of it
            unknown[mark] = token
            ledger.records[mark] = replace(known[mark], unfinished=True)
        elif mark in wanted:
            ledger.begin(record_of(wanted[mark]))
            if mark in known:
                begun, was = ledger.records[mark], known[mark]
                ledger.records[mark] = replace(begun, granted=was.granted, issued=was.issued)
        else:
            record = known.get(mark) or stranger(mark, token[1])
            unknown[mark] = token
            ledger.begin(record)
            portals.add(record.portal)
            strange += ring.read(token) is not Verdict.OK
    if strange and expected_removals != len(portals):
        raise RefusedError(
            f"there is no ledger, and the store holds {strange} links that the root keys at hand did not make; "
            "nothing was published",
            "restore private/ledger.json or the keys; if another site is published here, give each a store "
            f"of its own; to purge all that is unknown: --expect-removals {len(portals)}",
        )
    gone = {mark: record for mark, record in known.items() if record.state != LIVE}
    lost = {mark: replace(record, unfinished=True) for mark, record in known.items() if mark not in wanted}
    ledger.records = lost | gone | ledger.records
    if ledger.records:
        message = "private/ledger.json is missing from the store, and is made anew from what there is"
        notes.append(Problem(NOWHERE, message, "restore it from a backup: it knows which links were revoked"))
    return Recovery(unknown, tuple(notes))


def _remembered(store: Store, ledger: OpenLedger) -> tuple[Mapping[str, Record], list[Problem]]:
    """The links that the history tells of, and none but why where it is not whole."""
    try:
        return recovered(read(store, ledger.head), ledger.zone), []
    except StoreError:
        raise
    except PortalgenError as error:
        return {}, [*error.problems]


def record_of(link: Wanted) -> Record:
    """The record of a link that is about to be given out."""
    return Record(
        portal=link.id.portal,
        contact=link.id.contact,
        revision=link.revision,
        key=link.key,
        fingerprint=link.fingerprint,
        customer=link.customer,
        types=link.types,
        branches=link.branches,
        definition=link.definition,
        granted=link.granted,
        is_derived=link.is_derived,
    )
