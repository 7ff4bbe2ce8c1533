"""The links that the definitions speak of, each with its token, its state and what it may show unasked."""

import datetime
from collections.abc import Mapping

from portalgen.errors import Location
from portalgen.gate import granted
from portalgen.grants import EXPIRED, last_day, links_of
from portalgen.ledger import LIVE, REVOKED, Ledger, Record
from portalgen.links import KeyRing, fingerprint
from portalgen.model import STATEMENT, Definitions, LinkId
from portalgen.plan import Wanted, by_fingerprint


def wanted_links(
    definitions: Definitions, ring: KeyRing, today: datetime.date, ledger: Ledger
) -> tuple[dict[str, Wanted], dict[str, str]]:
    """The links that the definitions speak of, and their tokens, by fingerprint. Raises InvalidInputError."""
    tokens: dict[str, str] = {}
    wanted = []
    exported, current = _exported(definitions), current_records(ledger)
    for link in links_of(definitions, today):
        token = ring.token_of(link)
        mark = fingerprint(token)
        tokens[mark] = token
        known = ledger.get(mark)
        offered = tuple(type_ for type_ in link.types if type_ in exported)
        ends = last_day(link, definitions.site, known.issued if known else "")
        wanted.append(
            Wanted(
                id=link.id,
                customer=link.customer,
                revision=link.revision,
                key=ring.key_of(link),
                fingerprint=mark,
                state=EXPIRED if link.state == LIVE and ends and ends < today else link.state,
                types=link.types,
                branches=link.branches,
                definition=link.definition,
                is_derived=link.is_derived,
                offered=offered,
                granted=granted(link.definition, offered, known or current.get(link.id), definitions.roles),
            )
        )
    return by_fingerprint(wanted), tokens


def _exported(definitions: Definitions) -> frozenset[str]:
    """The types of which there are exports."""
    exported = {source.type for source in definitions.exports}
    return frozenset(exported | ({STATEMENT} if "invoices" in exported else set()))


def current_records(ledger: Ledger) -> Mapping[LinkId, Record]:
    """The record of each portal and contact whose link is not revoked."""
    return {record.id: record for record in ledger.values() if record.state != REVOKED}


def places_of(definitions: Definitions) -> Mapping[LinkId, Location]:
    """Where the definitions say, or would say, which revision each link has."""
    places = {}
    for portal in definitions.portals:
        places[LinkId(portal.id)] = portal.places.get("revision", portal.places[""])
        for contact in portal.contacts:
            places[LinkId(portal.id, contact.id)] = contact.places.get("revision", contact.places[""])
    return places
