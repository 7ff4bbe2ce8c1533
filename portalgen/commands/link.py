"""`portalgen link`: the address of a link."""

import datetime
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.project import link_url, load_everyone, ring_of, today_in
from portalgen.commands.report import Done, table
from portalgen.errors import InvalidInputError, Location, Problem, did_you_mean
from portalgen.grants import LIVE, links_of
from portalgen.links import KeyRing, fingerprint
from portalgen.model import Definitions, Link, LinkId


@dataclass(frozen=True, slots=True)
class LinkReport(Done):
    """Links with their addresses; `asked_for_one` leaves out what tells them apart."""

    links: Sequence[tuple[Link, str, str]]
    asked_for_one: bool = False

    @property
    def shows_tokens(self) -> bool:
        return True

    def warnings(self) -> Sequence[Problem]:
        return [
            Problem(Location(), f"'{link.id}' is {link.state}: this link does not answer")
            for link, _, _ in self.links
            if self.asked_for_one and link.state != LIVE
        ]

    def to_json(self) -> Any:
        return [
            {
                "portal": link.id.portal,
                "contact": link.id.contact,
                "url": url,
                "fingerprint": mark,
                "state": link.state,
            }
            for link, url, mark in self.links
        ]

    def to_text(self) -> str:
        if self.asked_for_one:
            return "\n".join(url for _, url, _ in self.links)
        return table([(link.id, link.state, url) for link, url, _ in self.links], ("link", "state", "address"))


def links_to_print(definitions: Definitions, ring: KeyRing, live: Container[LinkId]) -> LinkReport:
    """Every link of the site that is among the `live`."""
    links = links_of(definitions, datetime.date.min)
    return _report(definitions, ring, [link for link in links if link.id in live])


def link(config: Path, portal: str | None, contact: str | None) -> LinkReport:
    """The link of a portal, or of one of its contacts; without a portal, all links. Raises InvalidInputError."""
    definitions = load_everyone(config)
    links = links_of(definitions, today_in(definitions))
    if portal is None:
        return _report(definitions, ring_of(definitions), links)
    where = Location(definitions.file)
    if not any(item.id.portal == portal for item in links):
        raise InvalidInputError(f"there is no portal '{portal}'", did_you_mean(portal, _names(links, "")), where)
    chosen = [item for item in links if item.id.portal == portal and item.id.contact == (contact or "")]
    if not chosen:
        names = _names(links, portal)
        message = f"portal '{portal}' has no contact '{contact}'"
        raise InvalidInputError(message, did_you_mean(str(contact), names), where)
    return _report(definitions, ring_of(definitions), chosen, asked_for_one=True)


def _names(links: Sequence[Link], portal: str) -> list[str]:
    """The names of all portals, or of the contacts of one."""
    if not portal:
        return list(dict.fromkeys(item.id.portal for item in links))
    return [item.id.contact for item in links if item.id.portal == portal and item.id.contact]


def _report(
    definitions: Definitions, ring: KeyRing, links: Sequence[Link], *, asked_for_one: bool = False
) -> LinkReport:
    rows = []
    for item in links:
        token = ring.token_of(item)
        rows.append((item, link_url(definitions, token), fingerprint(token)))
    return LinkReport(rows, asked_for_one)
