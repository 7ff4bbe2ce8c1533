"""`portalgen plan`: what a publish would do, and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.project import now, ring_of, store_of
from portalgen.commands.report import Done, counted, exports_json, not_made, plural, table, told
from portalgen.definitions import load
from portalgen.errors import PortalgenError, Problem, RefusedError
from portalgen.inventory import Inventory
from portalgen.pipeline import Planned
from portalgen.pipeline import plan as plan_site
from portalgen.plan import KEEP, Step


@dataclass(frozen=True, slots=True)
class PlanReport(Done):
    plan: Planned

    def warnings(self) -> Sequence[Problem]:
        return told(self.plan.reading)

    @property
    def exit_code(self) -> int:
        if self.plan.refused:
            return RefusedError.exit_code
        return PortalgenError.exit_code if self.plan.unmade else 0

    def problems(self) -> Sequence[Problem]:
        refused = RefusedError(self.plan.refused).problems if self.plan.refused else ()
        return [*refused, *not_made(self.plan.unmade)]

    def to_json(self) -> Any:
        return {
            "links": [step_json(step) for step in self.plan.steps],
            "refused": self.plan.refused or None,
            "exports": exports_json(self.plan.reading),
        }

    def to_text(self) -> str:
        counts = Counter(step.action for step in self.plan.steps)
        kept = counts.pop(KEEP, 0)
        summary = ", ".join([*(f"{count} to {action}" for action, count in counts.items()), f"{kept} to keep"])
        return f"{steps_table(self.plan.steps)}{plural(len(self.plan.steps), 'link')}: {summary}"


def steps_table(steps: Sequence[Step]) -> str:
    """The steps that change something, a line each, or ''; ends with a line break unless empty."""
    rows = [
        (step.action, step.id, step.fingerprint, len(step.put), len(step.delete), _why(step))
        for step in steps
        if step.action != KEEP
    ]
    return table(rows, ("action", "link", "fingerprint", "put", "delete", "why")) + "\n" if rows else ""


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
    }


def _why(step: Step) -> str:
    withdrawn = [counted(type_, count) for type_, count in step.withdrawn.items()]
    return f"{step.reason}; withdrawn: {', '.join(withdrawn)}" if withdrawn else step.reason


def plan(config: Path, store: str | None, expected_removals: int | None) -> PlanReport:
    """Build what changed and compare it with the store, which is only read."""
    definitions = load(config)
    opened, ring = store_of(definitions, store), ring_of(definitions)
    inventory = Inventory(definitions, ring, opened, now, expected_removals)
    return PlanReport(plan_site(inventory))
