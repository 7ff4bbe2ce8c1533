"""The story: definitions + exports -> book -> grants -> plan -> purge -> render -> publish."""

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from portalgen.book import Book
from portalgen.builder import Built
from portalgen.carry import AT_ONCE, Manner, Pen, guard_of, take_away, tidy, write
from portalgen.customers import customers_file, write_customers
from portalgen.deferred import deferred
from portalgen.enclosing import Enclosing
from portalgen.errors import (
    NOWHERE,
    BusyError,
    OvertakenError,
    PortalgenError,
    Problem,
    RefusedError,
)
from portalgen.everyone import with_everyone
from portalgen.exports.report import ReadingReport, rejects_file, write_rejects
from portalgen.grants import LIVE, Withholding, links_of, mismatches
from portalgen.inventory import Inventory
from portalgen.lease import Lease
from portalgen.manifests import names_in
from portalgen.model import STATEMENT, Definitions, Link, LinkId, Person, Refused, Waiting
from portalgen.plan import KEEP, Plan, Step
from portalgen.progress import BUILD, READ, SILENT, Progress
from portalgen.purge import Taken, list_paths
from portalgen.standing import recall, remember, sources_of, stands
from portalgen.stores.base import Failure
from portalgen.unsaid import noted, unsaid_file

if TYPE_CHECKING:
    from portalgen import workshop
    from portalgen.exports import kept
else:
    workshop, kept = deferred("portalgen.workshop"), deferred("portalgen.exports.kept")


@contextmanager
def open_book(definitions: Definitions) -> Iterator[Book]:
    """The book of the exports, once every portal's customer was found in it. Raises InvalidInputError."""
    with kept.open_exports(definitions, partial(mismatches, definitions)) as book:
        yield book


def build(definitions: Definitions, today: datetime.date) -> Built:
    """Definitions and exports in, bundles under build/ out. Needs neither keys nor a store."""
    return _made(definitions, today, lambda people: (with_everyone(definitions, people), {}))


Learn = Callable[[Iterable[Person]], tuple[Definitions, Mapping[LinkId, Sequence[str]]]]
"""Given the people of the exports: the definitions with their portals, and the types that are withheld from a link."""


def _made(definitions: Definitions, today: datetime.date, learn: Learn, progress: Progress = SILENT) -> Built:
    """The bundles, read and rendered, unless the last build followed from the same."""
    progress.begin(0, READ)
    folder, sources = build_folder(definitions), sources_of(definitions)
    if last := recall(sources, folder):
        everyone, withheld = learn(last.people)
        if built := stands(last, [link.id for link in _live(everyone, today)], withheld, folder):
            return built
    with open_book(definitions) as book:
        if not last:
            everyone, withheld = learn(book.people())
        elif not sources.are_as_they_were:
            raise BusyError("an export or a template changed while this ran", "try again when it is written whole")
        progress.begin(0, BUILD)
        built = _render(everyone, book, today, withheld)
    remember(sources, folder, withheld, built)
    return built


def _live(definitions: Definitions, today: datetime.date) -> list[Link]:
    return [link for link in links_of(definitions, today) if link.state == LIVE]


def _render(
    definitions: Definitions, book: Book, today: datetime.date, withheld: Mapping[LinkId, Sequence[str]]
) -> Built:
    """Bundles under build/, with nothing of the types that are `withheld` from a link.

    What is held back of the exports stands in build/rejects.csv afterwards, their customers in build/customers.jsonl.
    """
    folder, enclosing = build_folder(definitions), Enclosing(definitions)
    place = workshop.Workshop(definitions.site, book.as_of, templates_of(definitions), folder, enclosing)
    built = place.make(_live(definitions, today), book, withheld)
    write_rejects(rejects_file(folder), book.report.rejects)
    people = book.people() if definitions.every_customer else ()
    write_customers(customers_file(folder), book.as_of, book.roll(), people)
    warnings = (*book.report.warnings, *built.reading.warnings)
    return replace(built, reading=replace(book.report, warnings=warnings))


def unmade(definitions: Definitions, book: Book, today: datetime.date) -> list[Refused]:
    """The live links of which no bundle can be made, and why: of the others nothing is rendered."""
    links = workshop.by_customer(link for link in _live(definitions, today) if STATEMENT in link.types)
    place = workshop.Workshop(definitions.site, book.as_of, None, build_folder(definitions), None)
    bundles = place.bundles(book.accounts(links), links, Withholding())
    return [each for each in bundles if isinstance(each, Refused)]


def build_folder(definitions: Definitions) -> Path:
    """Where bundles are built."""
    return definitions.root / "build"


def templates_of(definitions: Definitions) -> Path | None:
    """The folder of the user's own templates, if there is one."""
    folder = definitions.root / "templates"
    return folder if folder.is_dir() else None


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did, object by object. The keys in `failed` hold tokens; `unfinished` are links by fingerprint."""

    steps: tuple[Step, ...]
    uploaded: int
    unchanged: int
    deleted: int
    purged_links: int
    failed: tuple[Failure, ...]
    unfinished: frozenset[str] = frozenset()
    taken: Taken = field(default_factory=Taken)
    refused: tuple[Refused, ...] = ()
    waiting: Waiting = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()
    reading: ReadingReport = field(default_factory=ReadingReport)


@dataclass(frozen=True, slots=True)
class Planned(Plan):
    """A plan, what reading the exports for it had to tell, and the links of which no bundle can be made.

    `waiting` is what links are granted through something else than their own definitions, and do not show yet.
    """

    unmade: tuple[Refused, ...] = ()
    waiting: Waiting = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()
    reading: ReadingReport = field(default_factory=ReadingReport)


def plan(inventory: Inventory) -> Planned:
    """What `publish` would do. Builds, and writes nothing to the store."""
    inventory.doubt(noted(unsaid_file(build_folder(inventory.definitions), inventory.place)))
    gone = inventory.purges()
    if inventory.refused:
        return Planned(tuple(_counted(gone, inventory)), inventory.refused)
    built = _build(inventory)
    gone += _left(inventory, gone)
    steps = (*_counted(gone, inventory), *inventory.uploads(built.bundles, build_folder(inventory.definitions)))
    told = inventory.told()
    return Planned(steps, unmade=built.refused, waiting=built.waiting, notes=told, reading=built.reading)


def _counted(gone: Sequence[Step], inventory: Inventory) -> Iterator[Step]:
    """Purges with what they take away."""
    tokens = inventory.tokens_for(gone)
    for step in gone:
        published = inventory.published(step.fingerprint)
        documents = published.documents if published else None
        paths = list_paths(inventory.store, tokens.get(step.fingerprint, ""))
        yield replace(step, delete=paths, disappears=documents or {}, is_whole=documents is None and bool(paths))


def _left(inventory: Inventory, gone: Sequence[Step]) -> list[Step]:
    """Purges of links that follow from the exports no longer, which these had to be read for; none of the `gone`."""
    known = {step.fingerprint for step in gone}
    return [step for step in inventory.purges() if step.fingerprint not in known]


def _build(inventory: Inventory, progress: Progress = SILENT) -> Built:
    """Read the exports and build, without what somebody has to accept first. Raises RefusedError."""

    def learn(people: Iterable[Person]) -> tuple[Definitions, Mapping[LinkId, Sequence[str]]]:
        inventory.learn(people)
        if inventory.refused:
            raise RefusedError(inventory.refused)
        return inventory.everyone, inventory.waiting

    built = _made(inventory.definitions, inventory.today, learn, progress)
    inventory.withhold(built.waiting)
    return replace(built, refused=(*built.refused, *inventory.blocked()))


_ATTEMPTS = 3  # a publish begins anew that another one was faster than, before it wrote anything

Judge = Callable[[Planned], None]
"""Looks at a plan before anything of it is done, and raises RefusedError if nothing may be."""


def publish(
    inventory: Inventory,
    progress: Progress = SILENT,
    judge: Judge | None = None,
    manner: Manner = AT_ONCE,
) -> Published:
    """Make the store what the definitions and exports say. Raises RefusedError once what may be purged has been.

    With a `judge`, nothing is done, not even a purge, before the whole plan has passed, and nothing that was not in it.
    Raises BusyError if another publish is at work for longer than is to be waited, OvertakenError if one took over.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        with Lease(inventory.store, manner.wait) as lease:
            if inventory.is_reconciling:  # what nobody knows of may be what another run is about to tell of
                lease.take()
                inventory.open()
            inventory.ledger.guard = guard_of(inventory, lease)
            try:
                return _publish(inventory, Pen(lease, progress, manner, build_folder(inventory.definitions)), judge)
            except OvertakenError:
                if attempt == _ATTEMPTS or lease.is_lost or not inventory.ledger.is_untouched:
                    raise
        inventory.open()  # another run ended between the reading of the ledger and the first write
    raise AssertionError


def _publish(inventory: Inventory, pen: Pen, judge: Judge | None) -> Published:
    inventory.doubt(noted(unsaid_file(build_folder(inventory.definitions), inventory.place)))
    manifests = names_in(inventory.ledger.records)
    passed = _judged(inventory, judge) if judge else None

    # Take away first: neither a bad export nor a broken template may hold a purge back.
    gone = inventory.known(inventory.purges())
    taken = take_away(inventory, gone, pen)
    with _in_any_case(taken.failed):
        if inventory.refused:
            raise RefusedError(inventory.refused)

        # Read the exports, render what changed, and compare it with what is published.
        built = _build(inventory, pen.progress)
        steps = inventory.uploads(built.bundles, build_folder(inventory.definitions))
        left = _left(inventory, gone)
        if passed is not None and passed != _contents((*gone, *left, *steps)):
            raise RefusedError("the exports changed while this ran; what was to be purged was, and nothing else")
        late = take_away(inventory, inventory.known(left), pen) if left else Taken()

        # Write what differs, the ledger before and after it.
        with _in_any_case(late.failed):
            written = write(inventory, steps, built, pen, {*taken.failed, *late.failed})
            tidy(inventory, manifests)

    gone, taken = gone + left, taken + late
    return Published(
        steps=(*gone, *steps),
        uploaded=written.count,
        unchanged=sum(bundle.count for bundle in built.bundles) - sum(len(step.put) for step in steps),
        deleted=taken.objects + written.deleted,
        purged_links=sum(step.fingerprint not in taken.failed for step in gone),
        failed=tuple(chain(*taken.failed.values(), *written.failed.values())),
        unfinished=frozenset({*taken.failed, *written.failed}),
        taken=taken,
        refused=built.refused,
        waiting=built.waiting,
        notes=inventory.told(),
        reading=built.reading,
    )


def _judged(inventory: Inventory, judge: Judge) -> Mapping[str, str]:
    planned = plan(inventory)
    judge(planned)
    return _contents(planned.steps)


def _contents(steps: Iterable[Step]) -> Mapping[str, str]:
    """By fingerprint, the digest of what is to be written, '' for what is to be purged."""
    return {step.fingerprint: step.bundle for step in steps if step.action != KEEP}


@contextmanager
def _in_any_case(failed: Mapping[str, Sequence[Failure]]) -> Iterator[None]:
    """Let no later error hide that something could not be purged."""
    try:
        yield
    except PortalgenError as error:
        error.problems += tuple(Problem(NOWHERE, str(failure)) for failure in chain(*failed.values()))
        raise
