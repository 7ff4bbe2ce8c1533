"""Whether the e-mail addresses of contacts are those that the exports know for their customers."""

import re
from collections.abc import Iterator, Mapping, Sequence

from portalgen.errors import Problem, did_you_mean, shown
from portalgen.model import Contact, Definitions, Portal

Addresses = Mapping[str, Sequence[str]]
"""By customer id, what the exports give as e-mail addresses: one in a text, or several."""

_APART = re.compile(r"[\s,;]+")
_LOOK = "whoever reads it sees the documents of that customer: is it the right person?"


def doubtful_addressees(definitions: Definitions, exported: Addresses) -> Iterator[Problem]:
    """Contacts whose address is not one of their customer's, where it has any, or is another customer's.

    In the exports, or in the definitions. Capital letters make no difference; what is disabled is left out.
    """
    known = {customer: list(dict.fromkeys(_split(texts))) for customer, texts in exported.items()}
    owners: dict[str, list[str]] = {}
    for customer, addresses in known.items():
        for address in addresses:
            owners.setdefault(address, []).append(customer)
    first: dict[str, tuple[Portal, Contact]] = {}
    for portal, contact in _with_addresses(definitions):
        address = contact.email.casefold()
        theirs = known.get(portal.customer, [])
        others = [customer for customer in owners.get(address, []) if customer != portal.customer]
        other = first.setdefault(address, (portal, contact))
        if others:
            yield _problem(portal, contact, f"is an address of customer {shown(others[0])} in the exports", _LOOK)
        elif theirs and address not in theirs:
            message = f"is not among the addresses of customer {shown(portal.customer)} in the exports"
            yield _problem(portal, contact, message, did_you_mean(address, theirs))
        if other[0].customer != portal.customer:
            message = f"is that of '{other[0].id}/{other[1].id}', too, for customer {shown(other[0].customer)}"
            yield _problem(portal, contact, message, _LOOK)


def _split(texts: Sequence[str]) -> Iterator[str]:
    """Each address, in small letters."""
    for text in texts:
        yield from (part for part in _APART.split(text.casefold()) if "@" in part)


def _with_addresses(definitions: Definitions) -> Iterator[tuple[Portal, Contact]]:
    for portal in definitions.portals:
        for contact in portal.contacts:
            if portal.enabled and contact.enabled and contact.email:
                yield portal, contact


def _problem(portal: Portal, contact: Contact, message: str, hint: str) -> Problem:
    said = f"portal '{portal.id}': contact '{contact.id}': {shown(contact.email)} {message}"
    return Problem(contact.places["email"], said, hint)
