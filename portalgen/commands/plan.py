"""`portalgen plan`: what a publish would do, and why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.internal import refuse_published, write_internal
from portalgen.commands.planpage import plan_page
from portalgen.commands.project import now, ring_of, store_of, store_source
from portalgen.commands.report import (
    Done,
    documents_told,
    exports_json,
    not_made,
    plural,
    table,
    told,
    waiting_json,
    waits,
)
from portalgen.definitions import load
from portalgen.errors import PortalgenError, Problem, RefusedError
from portalgen.inventory import Inventory
from portalgen.locks import locked
from portalgen.media import ADMIN_PAGE_BEGINS
from portalgen.model import Definitions
from portalgen.pipeline import Planned, build_folder
from portalgen.pipeline import plan as plan_site
from portalgen.plan import KEEP, Step
from portalgen.review import REVIEW_BEGINS, numbers_of, review_of, review_text


@dataclass(frozen=True, slots=True)
class PlanReport(Done):
    """A plan, and the file that it was written to."""

    plan: Planned
    out: Path | None = None

    def warnings(self) -> Sequence[Problem]:
        return [*self.plan.notes, *told(self.plan.reading)]

    @property
    def exit_code(self) -> int:
        if self.plan.refused or self.plan.waiting:
            return RefusedError.exit_code
        return PortalgenError.exit_code if self.plan.unmade else 0

    def problems(self) -> Sequence[Problem]:
        refused = RefusedError(self.plan.refused).problems if self.plan.refused else ()
        return [*refused, *not_made(self.plan.unmade), *waits(self.plan.waiting)]

    def to_json(self) -> Any:
        return {
            "links": [step_json(step) for step in self.plan.steps],
            "refused": self.plan.refused or None,
            "waiting": waiting_json(self.plan.waiting),
            "exports": exports_json(self.plan.reading),
        }

    def to_text(self) -> str:
        counts = Counter(step.action for step in self.plan.steps)
        kept = counts.pop(KEEP, 0)
        summary = ", ".join([*(f"{count} to {action}" for action, count in counts.items()), f"{kept} to keep"])
        approve = f"\npublish exactly this: `portalgen publish --approve {self.out}`" if self.out else ""
        return f"{steps_told(self.plan.steps)}{plural(len(self.plan.steps), 'link')}: {summary}{approve}"


def steps_told(steps: Sequence[Step]) -> str:
    """The steps that change something, with what appears (+) and disappears (-) under each link, or ''.

    Ends with a line break unless empty.
    """
    changing = [step for step in steps if step.action != KEEP]
    rows = [(step.action, step.id, step.fingerprint, len(step.put), len(step.delete), step.reason) for step in changing]
    if not rows:
        return ""
    heading, *lines = table(rows, ("action", "link", "fingerprint", "put", "delete", "why")).split("\n")
    told = [heading]
    for step, line in zip(changing, lines, strict=True):
        told += [line, *_exposure(step)]
    return "".join(f"{line}\n" for line in told)


def _exposure(step: Step) -> Iterator[str]:
    if step.appears:
        of_all = " in all; what it showed before is not known" if step.is_whole else ""
        yield f"  + {documents_told(step.appears)}{of_all}"
    if step.disappears:
        yield f"  - {documents_told(step.disappears)}"


def step_json(step: Step) -> Any:
    """A step as the plan prints it; `put` and `delete` are numbers of objects."""
    return {
        "portal": step.id.portal,
        "contact": step.id.contact,
        "fingerprint": step.fingerprint,
        "action": step.action,
        "reason": step.reason,
        "put": len(step.put),
        "delete": len(step.delete),
        "withdrawn": dict(step.withdrawn),
        "appears": numbers_of(step.appears),
        "disappears": numbers_of(step.disappears),
        "showed": "unknown" if step.is_whole else "known",
    }


def plan(
    config: Path, store: str | None, expect_removals: int | None, out: Path | None = None, html: Path | None = None
) -> PlanReport:
    """Build what changed and compare it with the store, which is only read.

    The plan goes to the file `out`, too, and as a page to `html`. Raises RefusedError, and writes neither, if a plan to
    be approved is refused.
    """
    definitions = load(config)
    for file in filter(None, (out, html)):
        refuse_published(file, definitions)
    opened, ring = store_of(definitions, store), ring_of(definitions)
    inventory = Inventory(definitions, ring, opened, now, expect_removals)
    inventory.place = store_source(definitions, store).name
    with locked(build_folder(definitions), "plan"):
        planned = plan_site(inventory)
    if out and planned.refused:
        raise RefusedError(planned.refused)
    if out:
        write_internal(
            out, review_text(review(definitions, store, planned, expect_removals)), definitions, begins=REVIEW_BEGINS
        )
    if html:
        page = plan_page(planned, definitions.site, store_source(definitions, store).name)
        write_internal(html, page, definitions, begins=ADMIN_PAGE_BEGINS)
    return PlanReport(planned, out)


def review(
    definitions: Definitions, store: str | None, planned: Planned, removals: int | None = None
) -> Mapping[str, Any]:
    """What is written for a reviewer of `planned`."""
    source = store_source(definitions, store)
    return review_of(definitions.site.id, (source.name, repr(source)), planned.steps, planned.waiting, removals)
