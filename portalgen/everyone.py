"""A portal for each customer of the exports who has none of their own, where the definitions ask for that."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256

from portalgen.errors import InvalidInputError, Problem
from portalgen.formats import known_locale
from portalgen.ledger import LIVE, REVOKED, Ledger
from portalgen.model import Contact, Definitions, EveryCustomer, Person, Portal


def with_everyone(definitions: Definitions, people: Iterable[Person]) -> Definitions:
    """`definitions` with the portals that follow from `people`: customers, each followed by its contacts.

    Such a portal's id is the customer's, and a contact's the contact's; one with a '/' in it, which no id may have, has
    '-' there and eight hex digits of its SHA-256 behind it. Raises InvalidInputError where that is another's id.
    """
    every = definitions.every_customer
    if every is None:
        return definitions
    left_out = {portal.customer for portal in definitions.portals} | {*every.excepted}
    taken = {portal.id: portal.customer for portal in definitions.portals}
    portals, problems = list(definitions.portals), []
    for portal in _portals(every, people):
        if portal.customer in left_out:
            continue
        if (other := taken.setdefault(portal.id, portal.customer)) != portal.customer:
            problems.append(_same_id(portal, other))
        portals.append(portal)
    if problems:
        raise InvalidInputError.of(problems)
    return replace(definitions, portals=tuple(portals))


def people_in(ledger: Ledger) -> list[Person]:
    """Those whose links follow from the exports and are out there, as far as the ledger knows, in the order of ids."""
    contacts: dict[str, set[str]] = {}
    for record in ledger.values():
        if record.is_derived and (record.state == LIVE or (record.unfinished and record.state != REVOKED)):
            contacts.setdefault(record.customer, set()).add(record.contact)
    return [
        Person(contact or customer, "", customer_id=customer if contact else "")
        for customer in sorted(contacts)
        for contact in sorted({"", *contacts[customer]})
    ]


def _portals(every: EveryCustomer, people: Iterable[Person]) -> Iterator[Portal]:
    customer: Person | None = None
    contacts: list[Person] = []
    for person in people:
        if person.customer_id:
            contacts += [person] if customer and person.customer_id == customer.id else []
            continue
        if customer:
            yield _portal(every, customer, contacts)
        customer, contacts = person, []
    if customer:
        yield _portal(every, customer, contacts)


def _portal(every: EveryCustomer, customer: Person, contacts: Iterable[Person]) -> Portal:
    return Portal(
        id=_id(customer.id),
        customer=customer.id,
        show=every.show,
        says=every.says,
        revision=every.revision,
        locale=_locale(customer.language),
        key=every.key,
        contacts=tuple(_contact(every, each) for each in contacts) if every.contacts is not None else (),
        is_derived=True,
        places=every.places,
    )


def _contact(every: EveryCustomer, person: Person) -> Contact:
    return Contact(
        id=_id(person.id),
        name=person.name,
        email=person.email,
        show=every.contacts or (),
        says=every.contacts_say,
        revision=every.revision,
        locale=_locale(person.language),
        places=every.places,
    )


def _id(text: str) -> str:
    if "/" not in text:
        return text
    return f"{text.replace('/', '-')}-{sha256(text.encode()).hexdigest()[:8]}"


def _locale(language: str) -> str:
    """The language that the exports say, if it is one that is known; '' stands for the site's."""
    tag = language.replace("_", "-")
    return tag if known_locale(tag) else ""


def _same_id(portal: Portal, other: str) -> Problem:
    message = f"every_customer: the portal of customer '{portal.customer}' would have the id of customer '{other}''s"
    return Problem(portal.places[""], message, f"write a portal for '{portal.customer}', under another id")
