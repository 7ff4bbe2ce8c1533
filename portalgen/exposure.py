"""What the steps of a publish make links show, as events of history. Pure."""

import datetime
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace

from portalgen.history import ADDS, DROPS, ENDS, SHOWS, Entry, Event
from portalgen.ledger import LIVE, Ledger, Record
from portalgen.model import BuiltBundle, Documents, LinkId
from portalgen.plan import CREATE, Step


def ended(steps: Iterable[Step], failed: Container[str], ledger: Ledger) -> list[Event]:
    """Links that were purged; those that `failed` were not."""
    return [_event(ENDS, ledger[step.fingerprint], why=step.reason) for step in steps if step.fingerprint not in failed]


def withdrawn(types: Mapping[str, Sequence[str]], failed: Container[str], ledger: Ledger) -> list[Event]:
    """Links, by fingerprint, from which all of some types was taken away; from those that `failed` it was not."""
    taken = {mark: gone for mark, gone in types.items() if mark not in failed}
    return [_event(DROPS, ledger[mark], tuple(gone), why="no longer granted") for mark, gone in taken.items()]


def doubtful(steps: Iterable[Step], ledger: Ledger) -> frozenset[str]:
    """The links, by fingerprint, of which it is not known for sure what they showed before these steps."""
    known = {mark for mark, record in ledger.items() if record.unfinished}
    return frozenset(step.fingerprint for step in steps if step.is_whole or step.fingerprint in known)


def begun(
    steps: Iterable[Step], bundles: Mapping[LinkId, BuiltBundle], in_doubt: Collection[str], ledger: Ledger
) -> list[Event]:
    """What links are about to show besides what they showed; of those `in_doubt`, all that they are about to show."""
    events = []
    for step in steps:
        built = bundles[step.id].documents
        documents = built if step.fingerprint in in_doubt else step.appears
        if documents or step.action == CREATE:
            events.append(_event(ADDS, ledger[step.fingerprint], tuple(built), documents, step.reason))
    return events


def finished(
    steps: Iterable[Step], bundles: Mapping[LinkId, BuiltBundle], in_doubt: Collection[str], ledger: Ledger
) -> list[Event]:
    """What links show no longer, now that they are written; of those that were `in_doubt`, all that they show."""
    events = []
    for step in steps:
        record, documents = ledger[step.fingerprint], bundles[step.id].documents
        if step.fingerprint in in_doubt:
            events.append(_event(SHOWS, record, tuple(documents), documents, step.reason))
        elif step.disappears:
            events.append(_event(DROPS, record, (), step.disappears, step.reason))
    return events


def shown(bundles: Iterable[BuiltBundle], links: Mapping[LinkId, str], ledger: Ledger) -> list[Event]:
    """All that links, by their fingerprints, show: a history begins with it where links are there before it."""
    shown_ones = ((ledger[links[bundle.id]], bundle.documents) for bundle in bundles if bundle.id in links)
    return [_event(SHOWS, record, tuple(shows), shows, "shown before the history") for record, shows in shown_ones]


def recovered(entries: Iterable[Entry], zone: datetime.tzinfo) -> Mapping[str, Record]:
    """What a history knows of each link, by fingerprint: enough for a ledger that was lost."""
    found: dict[str, Record] = {}
    for entry in entries:
        day = entry.at.astimezone(zone).date().isoformat()
        for event in entry.events:
            known = found.get(event.fingerprint) or Record(
                event.link.portal, event.link.contact, event.revision, event.key, event.fingerprint, issued=day
            )
            types = tuple(dict.fromkeys([*known.types, *event.types])) if event.what != DROPS else known.types
            state = event.state or LIVE
            since = day if state != known.state else known.since or day
            found[event.fingerprint] = replace(
                known,
                customer=event.customer or known.customer,
                state=state,
                since=since,
                types=types,
                granted=types,
                is_derived=event.is_derived,
            )
    return found


def _event(
    what: str, record: Record, types: tuple[str, ...] = (), documents: Documents | None = None, why: str = ""
) -> Event:
    return Event(
        what=what,
        link=record.id,
        fingerprint=record.fingerprint,
        customer=record.customer,
        types=types,
        documents=documents or {},
        why=why,
        revision=record.revision,
        key=record.key,
        state=record.state,
        is_derived=record.is_derived,
    )
