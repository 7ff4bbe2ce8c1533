"""`portalgen publish`: purge, build, upload."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from portalgen.carry import Manner
from portalgen.commands.internal import refuse_published
from portalgen.commands.link import LinkReport, links_to_print
from portalgen.commands.plan import review, step_json, steps_told
from portalgen.commands.project import link_url, now, ring_of, store_of, store_source
from portalgen.commands.purged import receipt_of
from portalgen.commands.report import Done, exports_json, not_made, plural, told, waiting_json, waits
from portalgen.definitions import load
from portalgen.errors import NOWHERE, InvalidInputError, PortalgenError, Problem, RefusedError
from portalgen.inventory import Inventory
from portalgen.links import redact
from portalgen.locks import locked
from portalgen.model import Definitions
from portalgen.pipeline import Judge, Planned, Published, build_folder
from portalgen.pipeline import publish as publish_site
from portalgen.plan import KEEP
from portalgen.progress import Progress
from portalgen.receipts import write_receipt
from portalgen.review import moved, read_review

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class PublishReport(Done):
    """`states` are how many links there are by state. `links` are those to print, where that was asked for."""

    published: Published
    requests: int
    seconds: float
    states: Mapping[str, int]
    links: LinkReport | None = None

    @property
    def shows_tokens(self) -> bool:
        return self.links is not None

    @property
    def exit_code(self) -> int:
        if self.published.failed or self.published.refused:
            return PortalgenError.exit_code
        return RefusedError.exit_code if self.published.waiting else 0

    def warnings(self) -> Sequence[Problem]:
        return [*self.published.notes, *self._unseen, *told(self.published.reading)]

    @property
    def _unseen(self) -> Sequence[Problem]:
        unseen = self.published.taken.unseen
        return [Problem(NOWHERE, f"what was purged may have older versions: {unseen}")] if unseen else []

    def problems(self) -> Sequence[Problem]:
        failures = [Problem(NOWHERE, redact(str(failure))) for failure in self.published.failed]
        return [*failures, *not_made(self.published.refused), *waits(self.published.waiting)]

    def to_json(self) -> Any:
        done = self.published
        result = {
            "uploaded": done.uploaded,
            "unchanged": done.unchanged,
            "deleted": done.deleted,
            "purged_links": done.purged_links,
            "purged_versions": done.taken.versions,
            "purged_uploads": done.taken.uploads,
            "failed": [
                {"key": redact(item.key), "action": item.action, "cause": redact(item.cause)} for item in done.failed
            ],
            "waiting": waiting_json(done.waiting),
            "refused": [str(each.id) for each in done.refused],
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "exports": exports_json(done.reading),
            "links": [step_json(step) for step in done.steps if step.action != KEEP],
        }
        return result | ({"urls": self.links.to_json()} if self.links else {})

    @property
    def outcome(self) -> str:
        """One line that says what was done."""
        done = self.published
        outcome = ", ".join(
            [
                f"{plural(done.uploaded, 'object')} uploaded",
                f"{done.unchanged:,} unchanged",
                f"{done.deleted:,} deleted",
                f"{plural(done.purged_links, 'link')} purged",
                f"{plural(self.requests, 'request')}",
                f"{self.seconds:.1f} s",
            ]
        )
        if done.failed:
            outcome = f"NOT COMPLETE, {plural(len(done.failed), 'failure')}; the next run repairs it: {outcome}"
        return outcome

    def to_text(self) -> str:
        links = f"{self.links.to_text()}\n" if self.links else ""
        return f"{steps_told(self.published.steps)}{links}{self.outcome}"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of a publish.

    How many portals are to vanish; which file holds the plan they approved; for how many seconds to wait for another
    run; whether to look at all that the store holds, and to ask base_url for what is gone; where a receipt goes.
    """

    expect_removals: int | None = None
    approved: Path | None = None
    show_links: bool = False
    wait: int = 0
    reconcile: bool = False
    probe: bool = False
    receipt: Path | None = None


def publish(config: Path, store: str | None, said: Said, progress: Progress) -> PublishReport:
    """Make the store what the definitions and exports say.

    Raises RefusedError if that is not exactly what was approved, where something was.
    """
    return publish_defined(load(config), store, said, progress)


def publish_defined(definitions: Definitions, store: str | None, said: Said, progress: Progress) -> PublishReport:
    """Publish a site whose definitions are read already. Raises as `publish`."""
    started = time.monotonic()
    opened, ring = store_of(definitions, store), ring_of(definitions)
    manner = _manner(definitions, said)
    reviewed = _reviewed(said.approved) if said.approved else None
    removals = reviewed["removals"] if reviewed and said.expect_removals is None else said.expect_removals
    judge = _compared(definitions, store, said.approved, reviewed) if said.approved and reviewed else None
    with locked(build_folder(definitions), "publish"):
        inventory = Inventory(definitions, ring, opened, now, removals)
        inventory.is_reconciling = said.reconcile
        inventory.place = store_source(definitions, store).name
        try:
            published = publish_site(inventory, progress, judge, manner)
        finally:
            if said.receipt and inventory.gone:  # what was purged is gone, whatever came after
                write_receipt(said.receipt, receipt_of(inventory, store_source(definitions, store), ring), ring)
    links = links_to_print(inventory.everyone, ring, inventory.live) if said.show_links else None
    states = Counter(link.state for link in inventory.wanted.values())
    return PublishReport(published, opened.requests, time.monotonic() - started, states, links)


def _manner(definitions: Definitions, said: Said) -> Manner:
    """How to publish. Raises InvalidInputError for what could not be done later."""
    if said.receipt:
        refuse_published(said.receipt, definitions)
    if said.receipt and said.receipt.exists():
        raise InvalidInputError(f"{said.receipt} is there already and was left as it is", "give each receipt its name")
    if said.probe:
        link_url(definitions, "")
    return Manner(said.wait, partial(link_url, definitions) if said.probe else None)


def _reviewed(file: Path) -> Mapping[str, Any]:
    try:
        return read_review(file.read_bytes())
    except OSError as error:
        raise InvalidInputError(
            f"{file} cannot be read: {error.strerror}", "`portalgen plan --out` writes one"
        ) from None


def _compared(definitions: Definitions, store: str | None, approved: Path, reviewed: Mapping[str, Any]) -> Judge:
    removals = reviewed["removals"]

    def judge(planned: Planned) -> None:
        now = review(definitions, store, planned, removals)
        differences = [planned.refused] if planned.refused else moved(reviewed, now)
        if differences:
            more = [f"and {len(differences) - _SHOWN} more"] * (len(differences) > _SHOWN)
            message = f"nothing was done, since this is not what {approved} says: "
            hint = "write the plan anew with `portalgen plan --out`, review that, and approve it"
            raise RefusedError(message + "; ".join([*differences[:_SHOWN], *more]), hint)

    return judge
