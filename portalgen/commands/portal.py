"""`portalgen portal show`: one portal's definition, and what its links may show."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.project import load_everyone, today_in
from portalgen.commands.report import Done, table
from portalgen.errors import InvalidInputError, Location, did_you_mean
from portalgen.grants import links_of
from portalgen.model import Link, Portal


@dataclass(frozen=True, slots=True)
class PortalReport(Done):
    portal: Portal
    links: Sequence[Link]

    def to_json(self) -> Any:
        return {
            "portal": self.portal.id,
            "customer": self.portal.customer,
            "name": self.portal.name,
            "file": self.portal.places[""].file,
            "line": self.portal.places[""].line,
            "links": [
                {
                    "contact": link.id.contact,
                    "name": link.contact_name,
                    "email": link.contact_email,
                    "state": link.state,
                    "revision": link.revision,
                    "types": list(link.types),
                    "branches": None if link.branches is None else list(link.branches),
                }
                for link in self.links
            ],
        }

    def to_text(self) -> str:
        where = self.portal.places[""]
        rows = [
            (link.id, link.contact_name, link.contact_email, link.state, link.revision, _shows(link))
            for link in self.links
        ]
        named = f" '{self.portal.name}'" if self.portal.name else ""
        head = f"{where}: portal '{self.portal.id}' of customer '{self.portal.customer}'{named}"
        return f"{head}\n{table(rows, ('link', 'name', 'e-mail', 'state', 'revision', 'shows'))}"


def _shows(link: Link) -> str:
    shown = ", ".join(type_.replace("_", " ") for type_ in link.types) or "profile"
    return shown if link.branches is None else f"{shown}; only {', '.join(link.branches) or 'no branch'}"


def portal_show(config: Path, id_: str) -> PortalReport:
    """The portal `id_` and its links. Raises InvalidInputError if there is none."""
    definitions = load_everyone(config)
    portals = {portal.id: portal for portal in definitions.portals}
    if id_ not in portals:
        where = Location(definitions.file)
        raise InvalidInputError(f"there is no portal '{id_}'", did_you_mean(id_, [*portals]), where)
    links = [link for link in links_of(definitions, today_in(definitions)) if link.id.portal == id_]
    return PortalReport(portals[id_], links)
