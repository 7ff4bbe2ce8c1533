"""Carrying out a plan: what is taken away, and what is written, with the ledger saved before and after each."""

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portalgen.builder import Built
from portalgen.errors import OvertakenError, StoreError
from portalgen.exposure import begun, doubtful, ended, finished, shown, withdrawn
from portalgen.inventory import Inventory
from portalgen.lease import Lease
from portalgen.ledger import Ledger, OpenLedger
from portalgen.plan import KEEP, Step
from portalgen.progress import PURGE, Progress
from portalgen.publish import Upload, Written, upload
from portalgen.purge import Address, Taken, purge, withdraw
from portalgen.stores.base import Failure
from portalgen.unsaid import forget, note, unsaid_file


@dataclass(frozen=True, slots=True)
class Manner:
    """How to publish: for how many seconds to wait for another run, and at which address to ask for what is gone."""

    wait: int = 0
    address: Address | None = None


AT_ONCE = Manner()


def guard_of(inventory: Inventory, lease: Lease) -> Callable[[], None]:
    """What takes the lease before the first write, unless the ledger was changed since it was read."""

    def guard() -> None:
        if lease.take():
            inventory.ledger.confirm()

    return guard


@dataclass(frozen=True, slots=True)
class Pen:
    """What one needs to write: the lease, whom to tell, how, and the folder that was built in."""

    lease: Lease
    progress: Progress
    manner: Manner
    folder: Path


def take_away(inventory: Inventory, gone: Sequence[Step], pen: Pen) -> Taken:
    """Purge the links of `gone`, and from other links what they may no longer show."""
    ledger, fewer = inventory.ledger, inventory.withdrawals()
    half_gone = {step.fingerprint for step in gone if ledger.records[step.fingerprint].is_half_gone}
    for step in gone:
        ledger.doubt(step.fingerprint, step.becomes)
    doubted = [mark for mark, record in ledger.records.items() if record.unfinished]
    for mark in fewer:
        ledger.withdraw(mark)
    becomes = dict.fromkeys(fewer, "") | {step.fingerprint: step.becomes for step in gone}
    _announce(ledger, becomes, unsaid_file(pen.folder, inventory.place))
    if gone or fewer:
        pen.progress.begin(0, PURGE)
    tokens, known = inventory.tokens_for(gone), {step.fingerprint: step.delete for step in gone}
    taken = purge(inventory.store, tokens, known, pen.manner.address)
    if not inventory.is_reconciling:
        taken += Taken(failed=_untold(half_gone - tokens.keys(), ledger.records))
    for step in gone:
        if step.fingerprint not in taken.failed:
            ledger.purged(step.fingerprint)
    inventory.took(gone, taken)
    taken += withdraw(inventory.store, {mark: inventory.tokens[mark] for mark in fewer}, fewer)
    for mark, types in fewer.items():
        if mark not in taken.failed:
            ledger.withdrew(mark, types, is_known=mark not in doubted)
    ledger.tell([*ended(gone, taken.failed, ledger.records), *withdrawn(fewer, taken.failed, ledger.records)])
    ledger.save()
    return taken


def _untold(marks: Collection[str], records: Ledger) -> Mapping[str, Sequence[Failure]]:
    """Links of which a purge began and did not end, and whose token nobody can make any more, nor find."""
    failed = {}
    for mark in sorted(marks):
        cause = (
            f"its key '{records[mark].key}' is not held any more, so what an earlier purge left cannot be looked for; "
            "hold that key for one more publish, or publish with --reconcile to take what is listed for all there is"
        )
        failed[mark] = [Failure(f"public/[{mark}]/", "purge", cause)]
    return failed


def _announce(ledger: OpenLedger, becomes: Mapping[str, str], unsaid: Path) -> None:
    """Say in the ledger what is about to go, or, if it cannot be written, in `unsaid`: that holds no purge back."""
    try:
        ledger.save()
    except OvertakenError:
        raise
    except StoreError:
        note(unsaid, becomes)
    else:
        if not ledger.is_untouched:
            forget(unsaid)


def write(inventory: Inventory, steps: Sequence[Step], built: Built, pen: Pen, held_up: Container[str]) -> Written:
    """Write what changed. Links that are `held_up`, since something is left that had to go, stay unfinished."""
    changed = [step for step in steps if step.action != KEEP and step.bundle]
    ids = {step.id for step in changed}
    bundles = {bundle.id: bundle.whole() if bundle.id in ids else bundle for bundle in built.bundles}
    ledger, in_doubt = inventory.ledger, doubtful(changed, inventory.ledger.records)
    if not ledger.had_history:
        in_doubt |= {step.fingerprint for step in changed if step.fingerprint in ledger.records}
    inventory.begin(changed)
    kept = {step.id: step.fingerprint for step in steps if step.action == KEEP and step.id in bundles}
    first = [] if ledger.had_history else shown(built.bundles, kept, ledger.records)
    ledger.tell([*first, *begun(changed, bundles, in_doubt, ledger.records)])
    ledger.save()
    if not changed:
        return Written()
    jobs = [
        Upload(step, bundles[step.id], inventory.tokens[step.fingerprint], inventory.stored[step.fingerprint])
        for step in changed
    ]
    written = upload(inventory.store, jobs, pen.folder, pen.progress)
    written.stored = {mark: stored for mark, stored in written.stored.items() if mark not in held_up}
    names = _note(inventory, written)
    done = [step for step in changed if step.fingerprint in names]
    for step in done:
        link = inventory.wanted[step.fingerprint]
        ledger.finish(step.fingerprint, bundles[step.id].digest, names[step.fingerprint])
        ledger.show(step.fingerprint, link.types, link.branches)
    ledger.tell(finished(done, bundles, in_doubt, ledger.records))
    ledger.save()
    return written


def tidy(inventory: Inventory, manifests: Collection[str]) -> None:
    """Delete manifests that nobody names any more; what is left of them does no harm, and reconciling finds it."""
    ledger = inventory.ledger
    with suppress(StoreError):
        if not ledger.is_untouched:
            inventory.manifests.sweep(manifests, ledger.records)
        if inventory.is_reconciling:
            inventory.store.delete(inventory.manifests.strays(ledger.records))


def _note(inventory: Inventory, written: Written) -> Mapping[str, str]:
    """Write the manifests of all that was written whole: by fingerprint, the name of each."""
    try:
        return inventory.manifests.write(written.stored)
    except OvertakenError:
        raise
    except StoreError as error:
        failure = Failure("private/manifests/", "put", error.problems[0].message)
        written.failed |= {mark: [] for mark in written.stored}
        written.failed[next(iter(written.stored))] = [failure]
        return {}
