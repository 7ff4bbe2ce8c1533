"""`portalgen history`: what links could see, from when to when."""

import datetime
import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.project import store_of
from portalgen.commands.report import Done, documents_told
from portalgen.definitions import load
from portalgen.edits import link_id
from portalgen.errors import InvalidInputError, did_you_mean
from portalgen.history import Entry, Head, Turn, read, turns
from portalgen.ledger import read_head
from portalgen.model import Definitions, LinkId
from portalgen.review import numbers_of


@dataclass(frozen=True, slots=True)
class HistoryReport(Done):
    """An unbroken history. `turns` are those that were asked for; None if nothing was."""

    entries: Sequence[Entry]
    head: Head
    zone: zoneinfo.ZoneInfo
    turns: Sequence[Turn] | None = None

    def to_json(self) -> Any:
        first = self.entries[0].at.isoformat() if self.entries else None
        whole = {"entries": len(self.entries), "first": first, "digest": self.head.digest}
        return whole | {"turns": [_turn_json(turn) for turn in self.turns or ()]}

    def to_text(self) -> str:
        if not self.entries:
            return "nothing was published yet"
        listed = "".join(f"{line}\n" for turn in self.turns or () for line in _lines(turn, self.zone))
        first, last = local(self.entries[0].at, self.zone), local(self.entries[-1].at, self.zone)
        count = "1 entry" if len(self.entries) == 1 else f"{len(self.entries):,} entries"
        return f"{listed}{count} from {first} to {last}, unbroken; the last one's digest is {self.head.digest}"


def history(config: Path, store: str | None, name: str | None) -> HistoryReport:
    """The history of a portal and its contacts, or of one contact (acme/ann); without a name, no more than its extent.

    Raises InvalidInputError for a link that was never published, and PortalgenError where the history is broken.
    """
    definitions = load(config)
    entries, head = read_history(definitions, store)
    zone = zoneinfo.ZoneInfo(definitions.site.timezone)
    if name is None:
        return HistoryReport(entries, head, zone)
    meant = link_id(name)
    links = {event.fingerprint for entry in entries for event in entry.events if _is_meant(event.link, meant)}
    found = [turn for turn in turns(entries) if turn.event.fingerprint in links]
    if not found:
        known = {str(event.link) for entry in entries for event in entry.events}
        raise InvalidInputError(f"nothing was ever published for '{name}'", did_you_mean(name, sorted(known)))
    return HistoryReport(entries, head, zone, found)


def _is_meant(link: LinkId, meant: LinkId) -> bool:
    return link == meant or (not meant.contact and link.portal == meant.portal)


def read_history(definitions: Definitions, store: str | None) -> tuple[list[Entry], Head]:
    """All entries, which have proved to be unbroken, and the last one. Raises PortalgenError."""
    opened = store_of(definitions, store)
    head = read_head(opened, definitions.site.id)
    return read(opened, head), head


def local(moment: datetime.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """A moment as people where the site is read it, to the minute."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _lines(turn: Turn, zone: zoneinfo.ZoneInfo) -> Iterator[str]:
    became = {True: "given out: ", False: "taken away: ", None: ""}[turn.answers]
    yield f"{local(turn.at, zone)}  {turn.event.link}  {turn.event.fingerprint}  {became}{turn.event.why}"
    for sign, documents in (("+", turn.appears), ("-", turn.disappears)):
        if documents:
            yield f"  {sign} {documents_told(documents)}"


def _turn_json(turn: Turn) -> Any:
    return {
        "at": turn.at.isoformat(),
        "portal": turn.event.link.portal,
        "contact": turn.event.link.contact,
        "customer": turn.event.customer,
        "fingerprint": turn.event.fingerprint,
        "answers": turn.answers,
        "appears": numbers_of(turn.appears),
        "disappears": numbers_of(turn.disappears),
        "why": turn.event.why,
    }
