"""Who may see what. The only place where rows are chosen for a link."""

import datetime
import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from portalgen.book import Extent
from portalgen.errors import NOWHERE, InvalidInputError, Location, Problem, StatementError, did_you_mean, nearest, shown
from portalgen.model import (
    RECEIPTS,
    STATEMENT,
    TOLERANCE,
    Account,
    Bundle,
    Contact,
    Definitions,
    Link,
    LinkId,
    Portal,
    Receipt,
    Site,
    Statement,
    Transaction,
)
from portalgen.statements import statements_of

LIVE, DISABLED, EXPIRED = "live", "disabled", "expired"

_MANY = 5000
"""More customers than this are not searched for one whose id is nearly the same."""

Extents = Mapping[tuple[str, str], Mapping[str, Extent]]
"""By customer and type, and by branch, what there is."""


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
        branches=portal.branches,
        bulletin=portal.bulletin or site.bulletin,
        expires=portal.expires,
        definition=definition_text(portal.says, None),
        is_derived=portal.is_derived,
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
            branches=_narrowed(contact.branches, portal.branches),
            bulletin=portal.bulletin or site.bulletin,
            expires=min(filter(None, (portal.expires, contact.expires)), default=None),
            definition=definition_text(portal.says, contact.says),
            is_derived=portal.is_derived,
        )


def definition_text(portal: Iterable[str], contact: Iterable[str] | None) -> str:
    """What a portal's definition, and a contact's, name as shown; their order does not matter."""
    return json.dumps([sorted(set(portal)), *([sorted(set(contact))] if contact is not None else [])])


def _narrowed(branches: tuple[str, ...] | None, within: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Those of `branches` that are `within` too; None stands for all there are."""
    if branches is None:
        return within
    return tuple(branch for branch in branches if within is None or branch in within)


def _state(portal: Portal, contact: Contact | None, today: datetime.date) -> str:
    """What the portal takes away, no contact of it keeps."""
    definitions = (portal, contact) if contact else (portal,)
    if not all(definition.enabled for definition in definitions):
        return DISABLED
    if any(definition.expires and definition.expires < today for definition in definitions):
        return EXPIRED
    return LIVE


def last_day(link: Link, site: Site, issued: str) -> datetime.date | None:
    """The last day on which `link` is to answer, inclusive; None if there is none.

    It is its definition's or else, where the site has a default, so many days after the one on which it was `issued`
    (ISO 8601; '' if it was not).
    """
    if link.expires or not (site.expires_after and issued):
        return link.expires
    return datetime.date.fromisoformat(issued) + datetime.timedelta(days=site.expires_after)


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


def unknown_exceptions(definitions: Definitions, customers: Sequence[str]) -> Iterator[Problem]:
    """Whom `every_customer` excepts and the exports do not know."""
    every, known = definitions.every_customer, frozenset(customers)
    for number, excepted in enumerate(every.excepted if every else ()):
        if every and excepted not in known:
            message = f"every_customer: except: there is no customer '{excepted}' in the exports"
            near = nearest(excepted, customers) if len(customers) <= _MANY else ""
            hint = f"did you mean '{near}'?" if near else "take it out, if the customer is gone from the ERP"
            yield Problem(every.places[f"except.{number}"], message, hint)


def _customer_meant(portal: Portal, customers: Mapping[str, str]) -> str:
    """Nobody is proposed who is called otherwise than the definition says: to follow that hint would be a leak."""
    if portal.name:
        near = nearest(portal.customer, [id_ for id_, name in customers.items() if name == portal.name])
        near = near or next((id_ for id_, name in customers.items() if name == portal.name), "")
    else:
        near = nearest(portal.customer, list(customers)) if len(customers) <= _MANY else ""
    return f"did you mean '{near}'?" if near else "if the customer is gone from the ERP, delete the portal"


def ungranted(definitions: Definitions) -> list[Problem]:
    """What contacts are given that their portal does not show, and which they therefore do not see."""
    return [
        Problem(
            contact.places[key],
            f"portal '{portal.id}': contact '{contact.id}' does not see {what}{', '.join(missing)}",
            "a contact sees no more than its portal shows",
        )
        for portal in definitions.portals
        for contact in portal.contacts
        for key, what, missing in _missing(portal, contact)
        if missing
    ]


def untold(definitions: Definitions) -> list[Problem]:
    """What a link is given and never sees because it is limited to branches, of which payments are none."""
    return [
        Problem(
            grantee.places["show"],
            f"portal '{portal.id}': {of_whom}limited to branches, and so without {' and '.join(lost)}",
            "payments and balances are of no branch; take them out of `show`, or the branches away",
        )
        for portal in definitions.portals
        for of_whom, grantee, branches in _limited(portal)
        if branches is not None and (lost := [type_ for type_ in grantee.show if type_ in {STATEMENT, RECEIPTS}])
    ]


def _limited(portal: Portal) -> Iterator[tuple[str, Portal | Contact, tuple[str, ...] | None]]:
    yield "", portal, portal.branches
    for contact in portal.contacts:
        yield f"contact '{contact.id}' is ", contact, _narrowed(contact.branches, portal.branches)


def _missing(portal: Portal, contact: Contact) -> Iterator[tuple[str, str, list[str]]]:
    yield "show", "", [type_ for type_ in contact.show if type_ not in portal.show]
    if contact.branches and portal.branches is not None:
        beyond = [branch for branch in contact.branches if branch not in portal.branches]
        yield "branches", "branch " if len(beyond) == 1 else "branches ", beyond


def unknown_branches(definitions: Definitions, there: Extents) -> Iterator[Problem]:
    """Branches that a link is limited to and that no document of its customer has. `there` is all that is."""
    known: dict[str, set[str]] = {}
    for (customer, _), by_branch in there.items():
        known.setdefault(customer, set()).update(filter(None, by_branch))
    for portal in definitions.portals:
        branches = known.get(portal.customer, set())
        for where, branch in _branches_of(portal):
            if portal.enabled and branch not in branches:
                message = f"no document of customer '{portal.customer}' is of branch {shown(branch)}"
                hint = did_you_mean(branch, sorted(branches)) if branches else "none of them names a branch at all"
                yield Problem(where, f"portal '{portal.id}': {message}", hint)


def _branches_of(portal: Portal) -> Iterator[tuple[Location, str]]:
    """The branches that the portal and its contacts are limited to, with the place of each."""
    grantees: list[Portal | Contact] = [portal, *portal.contacts]
    for grantee in grantees:
        for number, branch in enumerate(grantee.branches or ()):
            yield grantee.places[f"branches.{number}"], branch


_REFERENCES = {
    "quotes": "quote_number",
    "orders": "order_number",
    "invoices": "invoice_number",
    "delivery_notes": "delivery_note_number",
}
"""By type, the field in which another transaction names one of that type."""


def extents_of(link: Link, there: Extents) -> Mapping[str, Extent]:
    """By type, how much of what is `there` the link may show; a type of which there is nothing is left out."""
    found = {}
    for type_ in link.types:
        by_branch = there.get((link.customer, type_), {})
        if extents := [extent for branch, extent in by_branch.items() if _may_show(link, branch)]:
            found[type_] = Extent.over(extents)
    return found


def _may_show(link: Link, branch: str) -> bool:
    """Whether the link may show what is of this branch ('': of none)."""
    return link.branches is None or branch in link.branches


def bundle_for(link: Link, account: Account, site: Site, as_of: datetime.date) -> Bundle:
    """What `link` may show of `account`: rows of granted types and branches, naming no document that it may not show.

    Raises InvalidInputError if the account is another customer's.
    """
    if link.customer != account.customer.id:
        raise InvalidInputError(f"link '{link.id}' is not for customer '{account.customer.id}'")
    granted = [
        transaction
        for transaction in account.transactions
        if transaction.type in link.types and transaction.customer_id == link.customer
        if _may_show(link, transaction.branch)
    ]
    identities = {(transaction.type, transaction.number) for transaction in granted}
    return Bundle(
        site=site,
        link=link,
        customer=account.customer,
        transactions=tuple(_without_others(transaction, link, identities) for transaction in granted),
        as_of=as_of,
        receipts=_receipts_for(link, account),
        statements=_statements_for(link, account, site, as_of),
    )


class Withholding:
    """Makes bundles without types that wait, `types` by link, until somebody accepts that a link shows them.

    `waiting` is how many documents of each that left out. A type of which there is nothing is shown to be empty.
    """

    def __init__(self, types: Mapping[LinkId, Container[str]] | None = None) -> None:
        self._types = types or {}
        self.waiting: dict[LinkId, Mapping[str, int]] = {}

    def bundle_for(self, link: Link, account: Account, site: Site, as_of: datetime.date) -> Bundle:
        """As the function of this name."""
        types = [type_ for type_ in link.types if type_ in self._types.get(link.id, ())]
        left_out = {type_: count for type_ in types if (count := _extent(type_, link, account, site, as_of))}
        if left_out:
            self.waiting[link.id] = left_out
            link = replace(link, types=tuple(type_ for type_ in link.types if type_ not in left_out))
        return bundle_for(link, account, site, as_of)


def _extent(type_: str, link: Link, account: Account, site: Site, as_of: datetime.date) -> int:
    """How many documents of a type there would be; a statement that cannot be made counts as one."""
    try:
        bundle = bundle_for(replace(link, types=(type_,)), account, site, as_of)
    except StatementError:
        return 1
    return len(bundle.transactions) + len(bundle.receipts) + len(bundle.statements)


def _statements_for(link: Link, account: Account, site: Site, as_of: datetime.date) -> tuple[Statement, ...]:
    """The statements of the whole account; none where `link` is limited to branches, since receipts are of none.

    A receipt for an invoice that is not in the account is left out, as the invoice is. StatementError where what the
    export says of its balances does not fit.
    """
    if STATEMENT not in link.types or link.branches is not None:
        return ()
    customer = account.customer
    invoices = {each.number for each in account.transactions if each.type == "invoices"}
    receipts = account.receipts
    if receipts is not None:
        receipts = tuple(each for each in receipts if not each.allocated_to or each.allocated_to in invoices)
    currency = customer.currency or site.currency
    balances = {} if customer.balance is None or not currency else {currency: customer.balance}
    if receipts is None and (unknown := [*_unknown_balances(account.transactions, as_of, balances)]):
        raise StatementError.of(unknown)
    return statements_of(
        account.transactions,
        receipts,
        as_of=as_of,
        months=site.statement_months,
        shows_receipts=RECEIPTS in link.types,
        tolerance=TOLERANCE,
        account_balance=balances,
    )


def _unknown_balances(
    transactions: Sequence[Transaction], as_of: datetime.date, balances: Mapping[str, Decimal]
) -> Iterator[Problem]:
    """Invoices of which no export says what is open, and of the account neither: one that was paid would be owed."""
    for each in transactions:
        is_posted = each.type == "invoices" and each.total and each.date <= as_of
        if is_posted and each.balance is None and each.currency not in balances:
            message = f"invoice '{each.number}': what is open of it is not known, so no statement can be made"
            yield Problem(NOWHERE, message, "export balances, what was paid, or receipts; or grant no statement")


def _receipts_for(link: Link, account: Account) -> tuple[Receipt, ...]:
    """The receipts that `link` may show: none where it is limited to branches, since receipts are of none."""
    if RECEIPTS not in link.types or link.branches is not None:
        return ()
    theirs = [receipt for receipt in account.receipts or () if receipt.customer_id == link.customer]
    names_invoices = "invoices" in link.types
    return tuple(receipt if names_invoices else replace(receipt, allocated_to="") for receipt in theirs)


def _without_others(transaction: Transaction, link: Link, granted: Container[tuple[str, str]]) -> Transaction:
    """`transaction` without the numbers of documents that `link` may not show.

    They are of a type that is not granted or, where the link is limited to branches, not among the `granted` (by type
    and number): a document that is not in the exports may be of any branch.
    """
    withheld = {
        field: ""
        for type_, field in _REFERENCES.items()
        if type_ not in link.types
        or (link.branches is not None and (type_, getattr(transaction, field)) not in granted)
    }
    return replace(transaction, **withheld) if withheld else transaction  # type: ignore[arg-type]
