"""Desired x ledger x store -> what a publish would do, and why. Pure: no I/O, no clock, no environment."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from portalgen.errors import InvalidInputError
from portalgen.ledger import DISABLED, LIVE, REVOKED, Ledger, Record
from portalgen.model import TRANSACTION_TYPES, BuiltBundle, Documents, LinkId

CREATE, UPDATE, KEEP, PURGE = "create", "update", "keep", "purge"

_GUARD_PORTALS = 10
_GUARD_SHARE = 5
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link as the definitions want it. `fingerprint` stands for its token; `state` is live, disabled or expired.

    `definition` and `is_derived` are as in Link; `offered` are those of its types of which there are exports, `granted`
    those of them that it may show without being asked for.
    """

    id: LinkId
    customer: str
    revision: int
    key: str
    fingerprint: str
    state: str
    types: tuple[str, ...] = ()
    branches: tuple[str, ...] | None = None
    definition: str = ""
    offered: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    is_derived: bool = False


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file under a link: the hex SHA-256 of its content, '' where that is not known; size and digest as stored."""

    sha256: str
    size: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies under one link, by path.

    `documents` are those that the last publish of the link which ended well left there; None where that is not known.
    """

    files: Mapping[str, StoredFile] = field(default_factory=dict)
    documents: Documents | None = field(default_factory=dict)

    def sha256_of(self, path: str) -> str:
        """The hex SHA-256 of the content at `path`; '' where there is none, or it is not known."""
        return self.files[path].sha256 if path in self.files else ""


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one link. `put` and `delete` are paths within it; `becomes` is its state afterwards.

    `appears` and `disappears` are documents that it comes to show, and shows no longer. Where it is not known what it
    showed, `is_whole` is set, and `appears` is all that it shows. `bundle` is the digest of what it is written from.
    """

    id: LinkId
    fingerprint: str
    action: str
    reason: str
    becomes: str
    put: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    appears: Documents = field(default_factory=dict)
    disappears: Documents = field(default_factory=dict)
    is_whole: bool = False
    bundle: str = ""

    @property
    def withdrawn(self) -> Mapping[str, int]:
        """By type, how many transactions the link shows no longer, of a link that stays."""
        gone = self.disappears if self.becomes == LIVE else {}
        return {type_: len(gone[type_]) for type_ in TRANSACTION_TYPES if gone.get(type_)}


@dataclass(frozen=True, slots=True)
class Plan:
    """Every link's step, purges first. `refused`, unless empty, says why nothing beyond the purges may be done."""

    steps: tuple[Step, ...]
    refused: str = ""


def by_fingerprint(wanted: Iterable[Wanted]) -> dict[str, Wanted]:
    """Links by fingerprint. Raises InvalidInputError if two have one identity."""
    found: dict[str, Wanted] = {}
    for link in wanted:
        if link.fingerprint in found:
            raise InvalidInputError(f"links '{found[link.fingerprint].id}' and '{link.id}' have one identity")
        found[link.fingerprint] = link
    return found


def purges(wanted: Mapping[str, Wanted], ledger: Ledger, resting: Mapping[str, str] | None = None) -> list[Step]:
    """What has to go: links that are out there, or half-way there, and that the definitions no longer want live.

    `resting` are those that go without being burned, with the reason: nobody said that they should go for good.
    """
    steps = []
    by_id = {link.id: link for link in wanted.values()}
    portals = spoken_of(wanted)
    for record in ledger.values():
        link = wanted.get(record.fingerprint)
        if record.state == REVOKED and not record.unfinished:
            continue
        if link and link.is_derived and record.customer not in {"", link.customer} and record.state == LIVE:
            reason = f"its customer, '{record.customer}', is not in the exports any more"
            steps.append(Step(record.id, record.fingerprint, PURGE, reason, REVOKED))
        elif link is None and resting and record.fingerprint in resting and record.state != REVOKED:
            if record.state == LIVE or record.unfinished:
                steps.append(Step(record.id, record.fingerprint, PURGE, resting[record.fingerprint], DISABLED))
        elif link is None or record.state == REVOKED:
            reason = _why_gone(record, by_id.get(record.id), portals)
            steps.append(Step(record.id, record.fingerprint, PURGE, reason, REVOKED))
        elif link.state != LIVE and (record.state == LIVE or record.unfinished):
            steps.append(Step(record.id, record.fingerprint, PURGE, link.state, link.state))
    return steps


def _why_gone(record: Record, successor: Wanted | None, portals: Collection[str]) -> str:
    if successor and successor.revision != record.revision:
        return f"revision {successor.revision} replaces revision {record.revision}"
    if successor and successor.key != record.key:
        return f"key '{successor.key}' replaces key '{record.key}'"
    if successor and successor.fingerprint != record.fingerprint:
        return f"made with another root key '{record.key}'"
    if successor:
        return "an earlier purge did not finish"
    if record.is_unknown:
        return "nobody knows of it"
    return "contact deleted" if record.portal in portals else "portal deleted"


def withdrawals(wanted: Mapping[str, Wanted], ledger: Ledger) -> Mapping[str, tuple[str, ...]]:
    """By fingerprint, the types that a live link still shows and may no longer show.

    Where a link was limited to fewer branches, that is all of them: which documents are of which is not known here.
    """
    found = {}
    for link in wanted.values():
        record = ledger.get(link.fingerprint)
        if record and record.state == LIVE and link.state == LIVE:
            keeps = () if _is_narrower(link.branches, record.branches) else link.types
            found[link.fingerprint] = tuple(type_ for type_ in record.shows if type_ not in keeps)
    return {fingerprint: types for fingerprint, types in found.items() if types}


def _is_narrower(branches: Collection[str] | None, before: Collection[str] | None) -> bool:
    """Whether a branch is shown no longer; None stands for all there are."""
    return branches is not None and (before is None or not set(before) <= set(branches))


def spoken_of(wanted: Mapping[str, Wanted]) -> frozenset[str]:
    """The portals that the definitions speak of."""
    return frozenset(link.id.portal for link in wanted.values())


def vanished(wanted: Mapping[str, Wanted], ledger: Ledger) -> frozenset[str]:
    """The portals with a live link that the definitions do not speak of at all."""
    return frozenset(record.portal for record in ledger.values() if record.state == LIVE) - spoken_of(wanted)


def rekeyed(wanted: Mapping[str, Wanted], ledger: Ledger) -> frozenset[str]:
    """The portals with a live link that only a change of the root key itself, under the same id, would kill."""
    unchanged = {(link.id, link.revision, link.key) for link in wanted.values()}
    return frozenset(
        record.portal
        for record in ledger.values()
        if record.state == LIVE
        and record.fingerprint not in wanted
        and (record.id, record.revision, record.key) in unchanged
    )


def refusal(
    wanted: Mapping[str, Wanted],
    ledger: Ledger,
    expected: int | None,
    dismissed: Collection[str] = (),
    before: Collection[str] = (),
) -> str:
    """Why portals must not lose their links unasked, or ''. `expected` is how many somebody said would.

    Portals that are `dismissed` were taken away on purpose; those of `before` vanished earlier in the same run.
    """
    gone, other_key = vanished(wanted, ledger) - {*dismissed} | {*before}, rekeyed(wanted, ledger)
    lost = gone | other_key
    if expected is not None and expected != len(lost):
        return f"{_portals(lost)} would lose their links, not {expected} as expected; nothing was published"
    if expected is not None:
        return ""
    confirm = f"if that is meant: --expect-removals {len(lost)}"
    if other_key:
        return (
            f"the root key is not the one that the links of {_portals(other_key)} were made from; "
            f"nothing was published. Restore that key, or {confirm}"
        )
    live = len({*before} | {record.portal for record in ledger.values() if record.state == LIVE})
    if len(gone) > _GUARD_PORTALS and len(gone) * _GUARD_SHARE > live:
        return f"{_portals(gone)} of {live} vanished from the definitions; nothing was published; {confirm}"
    return ""


def _portals(names: Iterable[str]) -> str:
    """How many there are, and which: `3 portals (a, b, c)`."""
    listed = sorted(names)
    shown = ", ".join(listed[:_NAMED]) + (f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else "")
    return f"{len(listed)} portal{'s' if len(listed) != 1 else ''} ({shown})" if listed else "0 portals"


def misgiven(wanted: Mapping[str, Wanted], ledger: Ledger) -> Mapping[LinkId, tuple[str, str]]:
    """Links that must not answer again, or not with what is wanted, with what is wrong and a hint.

    They were revoked once, or somebody has them who was to see another customer's documents.
    """
    used: dict[LinkId, int] = {}
    for record in ledger.values():
        used[record.id] = max(record.revision, used.get(record.id, 0))
    found = {}
    for link in wanted.values():
        known = ledger.get(link.fingerprint)
        if known is None or link.state != LIVE:
            continue
        hint = f"write revision: {max(used.get(link.id, 0), link.revision) + 1} to give it a new link"
        if link.is_derived:
            hint = f"write a portal for '{link.customer}' under another id, or raise every_customer's revision for all"
        if known.state == REVOKED:
            message = f"'{link.id}': revision {link.revision} was revoked on {known.since} and cannot come back"
            found[link.id] = (message, hint)
        elif known.customer and known.customer != link.customer:
            message = f"'{link.id}': its link was given out for customer '{known.customer}', not '{link.customer}'"
            found[link.id] = (message, hint)
    return found


def uploads(
    wanted: Mapping[str, Wanted],
    bundles: Mapping[LinkId, BuiltBundle],
    ledger: Ledger,
    stored: Mapping[str, Stored],
    withdrawn: Mapping[str, Documents] | None = None,
) -> list[Step]:
    """What has to be written for each live link, to make what is `stored` under it what was built; the others are kept.

    A link of which no bundle was made keeps what it has, but for what is `withdrawn` from it.
    """
    steps = []
    issued = {record.id for record in ledger.values()}
    for link in wanted.values():
        if link.state != LIVE:
            continue
        bundle, record = bundles.get(link.id), ledger.get(link.fingerprint)
        if bundle is None and withdrawn and link.fingerprint in withdrawn:
            reason, gone = "no longer granted; no right bundle can be made of the rest", withdrawn[link.fingerprint]
            steps.append(Step(link.id, link.fingerprint, UPDATE, reason, LIVE, disappears=gone))
            continue
        if bundle is None:
            steps.append(Step(link.id, link.fingerprint, KEEP, "no right bundle can be made", LIVE))
            continue
        if link.fingerprint not in stored:
            steps.append(Step(link.id, link.fingerprint, KEEP, "unchanged", LIVE))
            continue
        bundle, there = bundle.whole(), stored[link.fingerprint]
        put = tuple(file.path for file in bundle.files if there.sha256_of(file.path) != file.sha256)
        delete = tuple(sorted(there.files.keys() - {file.path for file in bundle.files}))
        action, reason = _why_written(link, record, link.id in issued)
        known = there.documents or {}
        steps.append(
            Step(
                id=link.id,
                fingerprint=link.fingerprint,
                action=action,
                reason=reason,
                becomes=LIVE,
                put=put,
                delete=delete,
                appears=without(bundle.documents, known),
                disappears=without(known, bundle.documents),
                is_whole=there.documents is None,
                bundle=bundle.digest,
            )
        )
    return steps


def without(documents: Documents, others: Documents) -> Documents:
    """Those of `documents` that are not among `others`."""
    left = {}
    for type_, numbers in documents.items():
        known = set(others.get(type_, ()))
        left[type_] = [number for number in numbers if number not in known]
    return {type_: numbers for type_, numbers in left.items() if numbers}


def waiting(wanted: Mapping[str, Wanted]) -> Mapping[LinkId, tuple[str, ...]]:
    """By link, the types that it is not to show before somebody accepts that."""
    found = {
        link.id: tuple(type_ for type_ in link.types if type_ in link.offered and type_ not in link.granted)
        for link in wanted.values()
        if link.state == LIVE
    }
    return {id_: types for id_, types in found.items() if types}


def is_current(bundle: BuiltBundle, record: Record | None) -> bool:
    """Whether the ledger says that exactly this bundle is published."""
    is_whole = record is not None and record.state == LIVE and not record.unfinished and bool(record.manifest)
    return is_whole and record is not None and record.bundle == bundle.digest


def _why_written(link: Wanted, record: Record | None, had_another: bool) -> tuple[str, str]:
    if record and record.unfinished:
        return (UPDATE if record.bundle else CREATE), "an earlier publish did not finish"
    if record and record.state != LIVE and link.is_derived and record.is_derived:
        return CREATE, "follows from the exports again"
    if record and record.state != LIVE:
        return CREATE, f"no longer {record.state}"
    if record:
        return UPDATE, "content changed"
    return CREATE, f"new link of revision {link.revision}" if had_another else "new"
