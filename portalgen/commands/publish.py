"""`portalgen publish`: purge, build, upload."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.link import LinkReport, links_to_print
from portalgen.commands.plan import step_json, steps_table
from portalgen.commands.project import now, ring_of, store_of
from portalgen.commands.report import Done, exports_json, not_made, plural, told
from portalgen.definitions import load
from portalgen.errors import NOWHERE, PortalgenError, Problem
from portalgen.inventory import Inventory
from portalgen.links import redact
from portalgen.pipeline import Published
from portalgen.pipeline import publish as publish_site
from portalgen.plan import KEEP
from portalgen.publish import Progress


@dataclass(frozen=True, slots=True)
class PublishReport(Done):
    """`links` are those to print, where that was asked for."""

    published: Published
    requests: int
    seconds: float
    links: LinkReport | None = None

    @property
    def shows_tokens(self) -> bool:
        return self.links is not None

    @property
    def exit_code(self) -> int:
        return PortalgenError.exit_code if self.published.failed or self.published.refused else 0

    def warnings(self) -> Sequence[Problem]:
        return told(self.published.reading)

    def problems(self) -> Sequence[Problem]:
        failures = [Problem(NOWHERE, redact(str(failure))) for failure in self.published.failed]
        return [*failures, *not_made(self.published.refused)]

    def to_json(self) -> Any:
        done = self.published
        result = {
            "uploaded": done.uploaded,
            "unchanged": done.unchanged,
            "deleted": done.deleted,
            "purged_links": done.purged_links,
            "failed": [
                {"key": redact(item.key), "action": item.action, "cause": redact(item.cause)} for item in done.failed
            ],
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
        return f"{steps_table(self.published.steps)}{links}{self.outcome}"


def publish(
    config: Path, store: str | None, expected_removals: int | None, *, show_links: bool, progress: Progress
) -> PublishReport:
    """Make the store what the definitions and exports say."""
    started = time.monotonic()
    definitions = load(config)
    opened, ring = store_of(definitions, store), ring_of(definitions)
    inventory = Inventory(definitions, ring, opened, now, expected_removals)
    published = publish_site(inventory, progress)
    links = links_to_print(definitions, ring, inventory.today) if show_links else None
    return PublishReport(published, opened.requests, time.monotonic() - started, links)
