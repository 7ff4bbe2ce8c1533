"""`portalgen who`: which links could see a document."""

import datetime
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.history import local, read_history
from portalgen.commands.project import today_in
from portalgen.commands.report import Done, counted, plural, table
from portalgen.definitions import load
from portalgen.errors import InvalidInputError, Location, Problem, did_you_mean
from portalgen.history import Sight, sights


@dataclass(frozen=True, slots=True)
class WhoReport(Done):
    """Who could see the document `number` on a day, or ever. `since` is the day on which the history begins."""

    number: str
    day: datetime.date | None
    sights: Sequence[Sight]
    since: datetime.date
    zone: zoneinfo.ZoneInfo

    def warnings(self) -> Sequence[Problem]:
        is_before = self.day is not None and self.day < self.since
        return [Problem(Location(), f"the history begins on {self.since}")] if is_before else ()

    def to_json(self) -> Any:
        return {
            "number": self.number,
            "on": self.day.isoformat() if self.day else None,
            "links": [
                {
                    "portal": sight.link.portal,
                    "contact": sight.link.contact,
                    "customer": sight.customer,
                    "fingerprint": sight.fingerprint,
                    "type": sight.type,
                    "since": sight.since.isoformat(),
                    "until": sight.until.isoformat() if sight.until else None,
                }
                for sight in self.sights
            ],
        }

    def to_text(self) -> str:
        when = f"on {self.day}" if self.day else "at any time"
        if not self.sights:
            return f"nobody could see {self.number} {when}"
        rows = [
            (
                sight.link,
                sight.customer,
                sight.fingerprint,
                _where(sight),
                local(sight.since, self.zone),
                local(sight.until, self.zone) if sight.until else "now",
            )
            for sight in self.sights
        ]
        links = len({sight.fingerprint for sight in self.sights})
        listed = table(rows, ("link", "customer", "fingerprint", "document", "since", "until"))
        return f"{listed}\n{plural(links, 'link')} could see {self.number} {when}"


def who(config: Path, store: str | None, day: datetime.date | None, number: str, type_: str | None) -> WhoReport:
    """Who could see the document `number` at any moment of `day`, where the site is; without a day, ever.

    Raises InvalidInputError for a number that no link ever showed, and PortalgenError where the history is broken.
    """
    definitions = load(config)
    if day and day > today_in(definitions):
        raise InvalidInputError(f"{day} is still to come", "name a day that has begun, or none")
    entries, _ = read_history(definitions, store)
    zone = zoneinfo.ZoneInfo(definitions.site.timezone)
    if not entries:
        raise InvalidInputError("nothing was published yet, so nobody could see anything")
    every = [*sights(entries)]
    found = [sight for sight in every if sight.number == number and type_ in {None, sight.type}]
    if not found:
        what = f"{counted(type_, 1).removeprefix('1 ')} '{number}'" if type_ else f"document '{number}'"
        known = sorted({sight.number for sight in every if type_ in {None, sight.type}})
        raise InvalidInputError(f"no link ever showed {what}", did_you_mean(number, known))
    if day:
        found = [sight for sight in found if is_seen_on(sight, day, zone)]
    since = entries[0].at.astimezone(zone).date()
    return WhoReport(number, day, sorted(found, key=lambda each: (each.link, each.since, each.type)), since, zone)


def is_seen_on(sight: Sight, day: datetime.date, zone: zoneinfo.ZoneInfo) -> bool:
    """Whether a link could see a document at any moment of a day in `zone`."""
    begins = datetime.datetime.combine(day, datetime.time(), zone)
    ends = datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(), zone)
    return sight.since < ends and (sight.until is None or sight.until >= begins)


def _where(sight: Sight) -> str:
    return "named by the statement" if sight.type == "statement" else counted(sight.type, 1).removeprefix("1 ")
