"""The story: definitions + exports -> book -> grants -> plan -> purge -> render -> publish."""

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from portalgen.book import Book
from portalgen.builder import Built, build_bundles
from portalgen.errors import RefusedError
from portalgen.exports.reader import read_exports
from portalgen.grants import LIVE, bundle_for, links_of, mismatches
from portalgen.inventory import Inventory
from portalgen.links import KeyRing
from portalgen.model import Bundle, Definitions, Link
from portalgen.pages import Renderer
from portalgen.plan import KEEP, Plan, Step
from portalgen.publish import Progress, Upload, upload
from portalgen.purge import list_paths, purge
from portalgen.stores.base import Failure, Store


@contextmanager
def open_book(definitions: Definitions) -> Iterator[Book]:
    """The book of the exports, once every portal's customer was found in it. Raises InvalidInputError."""
    with read_exports(definitions, partial(mismatches, definitions)) as book:
        yield book


def build(definitions: Definitions, today: datetime.date) -> Built:
    """Definitions and exports in, bundles under build/ out. Needs neither keys nor a store."""
    renderer = Renderer(templates_of(definitions))
    links = [link for link in links_of(definitions, today) if link.state == LIVE]
    with open_book(definitions) as book:
        return build_bundles(_bundles(links, book, definitions), renderer, build_folder(definitions))


def _bundles(links: Sequence[Link], book: Book, definitions: Definitions) -> Iterator[Bundle]:
    by_customer: dict[str, list[Link]] = {}
    for link in links:
        by_customer.setdefault(link.customer, []).append(link)
    for account in book.accounts(by_customer):
        for link in by_customer[account.customer.id]:
            yield bundle_for(link, account, definitions.site, book.as_of)


def build_folder(definitions: Definitions) -> Path:
    """Where bundles are built."""
    return definitions.root / "build"


def templates_of(definitions: Definitions) -> Path | None:
    """The folder of the user's own templates, if there is one."""
    folder = definitions.root / "templates"
    return folder if folder.is_dir() else None


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did, object by object. The keys in `failed` hold tokens."""

    steps: tuple[Step, ...]
    uploaded: int
    unchanged: int
    deleted: int
    purged_links: int
    failed: tuple[Failure, ...]


def plan(
    definitions: Definitions, ring: KeyRing, store: Store, today: datetime.date, expected_removals: int | None = None
) -> Plan:
    """What `publish` would do. Builds, and writes nothing to the store."""
    inventory = Inventory(definitions, ring, store, today, expected_removals)
    gone = inventory.purges()
    tokens = inventory.tokens_for(gone)
    counted = [replace(step, delete=list_paths(store, tokens.get(step.fingerprint, ""))) for step in gone]
    if inventory.refused:
        return Plan(tuple(counted), inventory.refused)
    return Plan((*counted, *inventory.uploads(build(definitions, today).bundles)))


def publish(
    definitions: Definitions,
    inventory: Inventory,
    store: Store,
    today: datetime.date,
    progress: Progress = lambda _: None,
) -> Published:
    """Make the store what the definitions and exports say. Raises RefusedError once what may be purged has been."""
    ledger = inventory.ledger

    # Take away first: neither a bad export nor a broken template may hold a purge back.
    gone = inventory.purges()
    taken = purge(store, gone, inventory.tokens_for(gone))
    for step in gone:
        if step.fingerprint not in taken.failed:
            ledger.purged(step.fingerprint, step.becomes)
    ledger.save()
    if inventory.refused:
        raise RefusedError(inventory.refused)

    # Read the exports and render what changed.
    built = build(definitions, today)
    bundles = {bundle.id: bundle for bundle in built.bundles}

    # Compare what was built with what is published, and note what is about to be written.
    steps = inventory.uploads(built.bundles)
    changed = [step for step in steps if step.action != KEEP]
    inventory.begin(changed)
    ledger.save()

    # Write it, and the ledger last.
    jobs = [Upload(step, bundles[step.id], inventory.tokens[step.fingerprint]) for step in changed]
    written = upload(store, jobs, build_folder(definitions), progress)
    for step in changed:
        if step.fingerprint not in written.failed:
            ledger.finish(step.fingerprint, bundles[step.id].digest)
    ledger.save()

    return Published(
        steps=(*gone, *steps),
        uploaded=written.count,
        unchanged=sum(len(bundle.files) for bundle in built.bundles) - sum(len(step.put) for step in changed),
        deleted=taken.deleted + written.deleted,
        purged_links=len(gone) - len(taken.failed),
        failed=tuple(chain(*taken.failed.values(), *written.failed.values())),
    )
