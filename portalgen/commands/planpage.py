"""A plan as a page for a reviewer: to be read on their own machine, never published."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from portalgen.commands.report import documents_counted, waiting_lines
from portalgen.deferred import deferred
from portalgen.model import Documents, Site
from portalgen.pipeline import Planned
from portalgen.plain import without_unseen
from portalgen.plan import KEEP, Step

if TYPE_CHECKING:
    from portalgen import pages
else:
    pages = deferred("portalgen.pages")


def plan_page(planned: Planned, site: Site, store: str) -> bytes:
    """The page, whole in one file: under each link, which documents appear and disappear. No address is in it."""
    changing = [step for step in planned.steps if step.action != KEEP]
    actions = Counter(step.action for step in changing)
    kept = len(planned.steps) - len(changing)
    values = {
        "site": site.title,
        "store": store,
        "sums": ", ".join([*(f"{count:,} to {action}" for action, count in actions.items()), f"{kept:,} to keep"]),
        "refused": planned.refused,
        "unmade": [f"{each.id}: {problem.message}" for each in planned.unmade for problem in each.problems],
        "waiting": waiting_lines(planned.waiting),
        "choices": [("action", "Action", [*actions]), ("moves", "Documents", ["appear", "disappear"])],
        "steps": [_step(step) for step in changing],
    }
    return pages.admin_page("plan.html", values)


def _step(step: Step) -> Mapping[str, Any]:
    return {
        "link": str(step.id),
        "fingerprint": step.fingerprint,
        "action": step.action,
        "why": step.reason,
        "put": f"{len(step.put):,}",
        "delete": f"{len(step.delete):,}",
        "moves": "\n".join(["appear"] * bool(step.appears) + ["disappear"] * bool(step.disappears)),
        "is_whole": step.is_whole,
        "appears": _documents(step.appears),
        "disappears": _documents(step.disappears),
    }


def _documents(documents: Documents) -> list[tuple[str, list[str]]]:
    """How many of a type, in words, and their numbers."""
    return [
        (documents_counted(type_, numbers), [" ".join(without_unseen(number).split()) for number in numbers])
        for type_, numbers in documents.items()
        if numbers
    ]
