"""Desired x ledger x store -> what a publish would do, and why. Pure: no I/O, no clock, no environment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portalgen.errors import InvalidInputError, Location, Problem
from portalgen.ledger import LIVE, REVOKED, Ledger, Record
from portalgen.model import BuiltBundle, LinkId

CREATE, UPDATE, KEEP, PURGE = "create", "update", "keep", "purge"

Stored = Mapping[str, str]
"""What lies under one link: by path, the hex SHA-256 of the content, or '' where it is not known."""

_GUARD_PORTALS = 10
_GUARD_SHARE = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link as the definitions want it. `fingerprint` stands for its token; `state` is live, disabled or expired."""

    id: LinkId
    revision: int
    key: str
    fingerprint: str
    state: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one link. `put` and `delete` are paths within it; `becomes` is its state afterwards."""

    id: LinkId
    fingerprint: str
    action: str
    reason: str
    becomes: str
    put: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Every link's step, purges first. `refused`, unless empty, says why nothing beyond the purges may be done."""

    steps: tuple[Step, ...]
    refused: str = ""


def by_fingerprint(wanted: Iterable[Wanted]) -> Mapping[str, Wanted]:
    """Links by fingerprint. Raises InvalidInputError if two have one identity."""
    found: dict[str, Wanted] = {}
    for link in wanted:
        if link.fingerprint in found:
            raise InvalidInputError(f"links '{found[link.fingerprint].id}' and '{link.id}' have one identity")
        found[link.fingerprint] = link
    return found


def purges(wanted: Mapping[str, Wanted], ledger: Ledger) -> list[Step]:
    """What has to go: links that are out there, or half-way there, and that the definitions no longer want live."""
    steps = []
    for record in ledger.values():
        link = wanted.get(record.fingerprint)
        if record.state == REVOKED and not record.unfinished:
            continue
        if link is None:
            steps.append(Step(record.id, record.fingerprint, PURGE, _why_gone(record, wanted), REVOKED))
        elif link.state != LIVE and (record.state == LIVE or record.unfinished):
            steps.append(Step(record.id, record.fingerprint, PURGE, link.state, link.state))
    return steps


def _why_gone(record: Record, wanted: Mapping[str, Wanted]) -> str:
    successor = next((link for link in wanted.values() if link.id == record.id), None)
    if successor and successor.revision != record.revision:
        return f"revision {successor.revision} replaces revision {record.revision}"
    if successor:
        return f"key '{successor.key}' replaces key '{record.key}'"
    if any(link.id.portal == record.portal for link in wanted.values()):
        return "contact deleted"
    return "portal deleted"


def vanished(wanted: Mapping[str, Wanted], ledger: Ledger) -> frozenset[str]:
    """The portals with a live link that the definitions do not speak of at all."""
    spoken_of = {link.id.portal for link in wanted.values()}
    return frozenset(record.portal for record in ledger.values() if record.state == LIVE) - spoken_of


def refusal(wanted: Mapping[str, Wanted], ledger: Ledger, expected: int | None) -> str:
    """Why so many portals must not vanish unasked, or ''. `expected` is the number that somebody said would."""
    gone = len(vanished(wanted, ledger))
    if expected is not None:
        return "" if expected == gone else f"{gone} portals vanished from the definitions, not {expected} as expected"
    live = len({record.portal for record in ledger.values() if record.state == LIVE})
    if gone > _GUARD_PORTALS and gone * _GUARD_SHARE > live:
        return (
            f"{gone} of {live} portals vanished from the definitions; nothing of them was touched. "
            f"If that is meant: --expect-removals {gone}"
        )
    return ""


def burned(wanted: Mapping[str, Wanted], ledger: Ledger, places: Mapping[LinkId, Location]) -> list[Problem]:
    """Links that were revoked once and are wanted again: each must get a revision that was never used."""
    problems = []
    for link in wanted.values():
        record = ledger.get(link.fingerprint)
        if record and record.state == REVOKED and link.state == LIVE:
            used = max(other.revision for other in ledger.values() if other.id == link.id)
            message = f"'{link.id}': revision {link.revision} was revoked on {record.since} and cannot come back"
            problems.append(Problem(places[link.id], message, f"write revision: {used + 1} to give it a new link"))
    return problems


def uploads(
    wanted: Mapping[str, Wanted],
    bundles: Mapping[LinkId, BuiltBundle],
    ledger: Ledger,
    stored: Mapping[str, Stored],
) -> list[Step]:
    """What has to be written for each live link, to make what is `stored` under it what was built."""
    steps = []
    for link in wanted.values():
        if link.state != LIVE:
            continue
        bundle, record = bundles[link.id], ledger.get(link.fingerprint)
        if is_current(bundle, record):
            steps.append(Step(link.id, link.fingerprint, KEEP, "unchanged", LIVE))
            continue
        there = stored[link.fingerprint]
        put = tuple(file.path for file in bundle.files if there.get(file.path) != file.sha256)
        delete = tuple(sorted(there.keys() - {file.path for file in bundle.files}))
        action, reason = _why_written(link, record, ledger)
        steps.append(Step(link.id, link.fingerprint, action, reason, LIVE, put, delete))
    return steps


def is_current(bundle: BuiltBundle, record: Record | None) -> bool:
    """Whether the ledger says that exactly this bundle is published."""
    return bool(record and record.state == LIVE and not record.unfinished and record.bundle == bundle.digest)


def _why_written(link: Wanted, record: Record | None, ledger: Ledger) -> tuple[str, str]:
    if record and record.unfinished:
        return (UPDATE if record.bundle else CREATE), "an earlier publish did not finish"
    if record and record.state != LIVE:
        return CREATE, f"no longer {record.state}"
    if record:
        return UPDATE, "content changed"
    if any(other.id == link.id for other in ledger.values()):
        return CREATE, f"new link of revision {link.revision}"
    return CREATE, "new"
