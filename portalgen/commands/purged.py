"""What a publish took away, as a receipt."""

from collections.abc import Sequence

from portalgen import __version__
from portalgen.commands.project import now
from portalgen.inventory import Inventory
from portalgen.links import KeyRing
from portalgen.model import StoreSource
from portalgen.plan import Step
from portalgen.purge import STILL_ANSWERS
from portalgen.receipts import INVALIDATED, NO_CDN, NOT_INVALIDATED, PurgedLink, Receipt, place_of, signing_key
from portalgen.stores.base import Failure

_TOLD_ELSEWHERE = frozenset({"invalidate", "probe", "silence"})


def receipt_of(inventory: Inventory, source: StoreSource, ring: KeyRing) -> Receipt:
    """The receipt of all that was purged so far."""
    site, taken = inventory.definitions.site, inventory.taken
    return Receipt(
        site=site.id,
        store=place_of(source),
        moment=now(),
        version=__version__,
        links=tuple(_link(step, inventory, has_cdn=source.cdn is not None) for step in inventory.gone),
        key=signing_key(site, ring),
        objects=taken.objects,
        versions=taken.versions,
        uploads=taken.uploads,
        unseen=taken.unseen,
    )


def _link(step: Step, inventory: Inventory, *, has_cdn: bool) -> PurgedLink:
    record = inventory.ledger.records[step.fingerprint]
    failures = inventory.taken.failed.get(step.fingerprint, ())
    said = [f"{failure.action}: {failure.cause}" for failure in failures if _is_of_store(failure)]
    was_asked = step.fingerprint in inventory.taken.asked
    is_left = not was_asked or any(failure.action == "invalidate" for failure in failures)
    return PurgedLink(
        id=step.id,
        revision=record.revision,
        key=record.key,
        fingerprint=step.fingerprint,
        reason=step.reason,
        failures=tuple(dict.fromkeys(said)),
        cdn=(NOT_INVALIDATED if is_left else INVALIDATED) if has_cdn else NO_CDN,
        answers=_answers(failures) if was_asked else None,
        status=inventory.taken.statuses.get(step.fingerprint),
    )


def _is_of_store(failure: Failure) -> bool:
    return failure.action not in _TOLD_ELSEWHERE and failure.cause != STILL_ANSWERS


def _answers(failures: Sequence[Failure]) -> bool | None:
    """Whether the store still gave the summary away; it was asked only where nothing else had failed before."""
    if any(failure.cause == STILL_ANSWERS for failure in failures):
        return True
    return False if all(failure.action == "silence" for failure in failures) else None
