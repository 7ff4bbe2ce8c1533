"""Who may see what. The only place where rows are chosen for a link."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import replace

from portalgen.errors import InvalidInputError, Problem, nearest
from portalgen.model import Account, Bundle, Contact, Definitions, Link, LinkId, Portal, Site

LIVE, DISABLED, EXPIRED = "live", "disabled", "expired"


def links_of(definitions: Definitions, today: datetime.date) -> tuple[Link, ...]:
    """Every link that the definitions speak of, in their order. `today` decides what has expired."""
    return tuple(link for portal in definitions.portals for link in _links_of_portal(portal, definitions.site, today))


def _links_of_portal(portal: Portal, site: Site, today: datetime.date) -> Iterator[Link]:
    yield Link(
        id=LinkId(portal.id),
        customer=portal.customer,
        revision=portal.revision,
        key=portal.key or site.key,
        types=portal.show,
        state=_state(portal, None, today),
        locale=portal.locale or site.locale,
    )
    for contact in portal.contacts:
        yield Link(
            id=LinkId(portal.id, contact.id),
            customer=portal.customer,
            revision=contact.revision,
            key=contact.key or portal.key or site.key,
            types=tuple(type_ for type_ in contact.show if type_ in portal.show),
            state=_state(portal, contact, today),
            locale=contact.locale or portal.locale or site.locale,
            contact_name=contact.name,
            contact_email=contact.email,
        )


def _state(portal: Portal, contact: Contact | None, today: datetime.date) -> str:
    """What the portal takes away, no contact of it keeps."""
    definitions = (portal, contact) if contact else (portal,)
    if not all(definition.enabled for definition in definitions):
        return DISABLED
    if any(definition.expires and definition.expires < today for definition in definitions):
        return EXPIRED
    return LIVE


def mismatches(definitions: Definitions, customers: Mapping[str, str]) -> list[Problem]:
    """Enabled portals whose customer the exports do not know, or know under another name.

    `customers` maps id to name.
    """
    source = next((source.path for source in definitions.exports if source.type == "customers"), "the export")
    problems = []
    for portal in definitions.portals:
        name = customers.get(portal.customer)
        if not portal.enabled:
            continue
        if name is None:
            message = f"portal '{portal.id}': customer '{portal.customer}' is not in {source}"
            problems.append(Problem(portal.places["customer"], message, _customer_meant(portal, customers)))
        elif portal.name and portal.name != name:
            message = f"portal '{portal.id}': customer '{portal.customer}' is called '{name}', not '{portal.name}'"
            hint = "the name is there to catch a wrong id; if the customer was renamed, write the new name here"
            problems.append(Problem(portal.places["name"], message, hint))
    return problems


def _customer_meant(portal: Portal, customers: Mapping[str, str]) -> str:
    """Nobody is proposed who is called otherwise than the definition says: to follow that hint would be a leak."""
    if portal.name:
        near = nearest(portal.customer, [id_ for id_, name in customers.items() if name == portal.name])
        near = near or next((id_ for id_, name in customers.items() if name == portal.name), "")
    else:
        near = nearest(portal.customer, list(customers)) if len(customers) <= 5000 else ""
    return f"did you mean '{near}'?" if near else "if the customer is gone from the ERP, delete the portal"


def ungranted(definitions: Definitions) -> list[Problem]:
    """What contacts are given that their portal does not show, and which they therefore do not see."""
    return [
        Problem(
            contact.places["show"],
            f"portal '{portal.id}': contact '{contact.id}' does not see {', '.join(missing)}",
            "a contact sees no more than its portal shows",
        )
        for portal in definitions.portals
        for contact in portal.contacts
        if (missing := [type_ for type_ in contact.show if type_ not in portal.show])
    ]


_REFERENCES = {
    "quotes": "quote_number",
    "orders": "order_number",
    "invoices": "invoice_number",
    "delivery_notes": "delivery_note_number",
}
"""By type, the field in which another transaction names one of that type."""


def bundle_for(link: Link, account: Account, site: Site, as_of: datetime.date) -> Bundle:
    """What `link` may show of `account`: rows of granted types, without the numbers of documents of any other type.

    Raises InvalidInputError if the account is another customer's.
    """
    if link.customer != account.customer.id:
        raise InvalidInputError(f"link '{link.id}' is not for customer '{account.customer.id}'")
    withheld = {field: "" for type_, field in _REFERENCES.items() if type_ not in link.types}
    granted = tuple(
        replace(transaction, **withheld) if withheld else transaction  # type: ignore[arg-type]
        for transaction in account.transactions
        if transaction.type in link.types and transaction.customer_id == link.customer
    )
    return Bundle(site=site, link=link, customer=account.customer, transactions=granted, as_of=as_of)
