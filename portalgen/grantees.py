"""What portals.yaml says of portals, of contacts, and of every customer."""

from collections.abc import Iterable, Mapping

from portalgen.model import GRANTABLE_TYPES, TRANSACTION_TYPES, Bulletin, Contact, EveryCustomer, Portal
from portalgen.schema import ContactModel, EveryCustomerModel, PortalModel
from portalgen.spots import Spot

Roles = Mapping[str, tuple[str, ...]]


def portal_of(id_: str, item: PortalModel, roles: Roles, spot: Spot, bulletin: Bulletin | None) -> Portal:
    return Portal(
        id=id_,
        customer=item.customer,
        name=item.name or "",
        show=types_in(item.show, roles),
        says=tuple(item.show),
        enabled=item.enabled,
        revision=item.revision,
        expires=item.expires,
        locale=item.locale or "",
        key=item.key or "",
        branches=None if item.branches is None else tuple(item.branches),
        bulletin=bulletin,
        contacts=tuple(
            _contact(name, contact, roles, spot.down("contacts", name)) for name, contact in item.contacts.items()
        ),
        places=spot.places(),
    )


def _contact(id_: str, item: ContactModel, roles: Roles, spot: Spot) -> Contact:
    return Contact(
        id=id_,
        name=item.name or id_,
        email=item.email or "",
        show=types_in(item.show, roles),
        says=tuple(item.show),
        enabled=item.enabled,
        revision=item.revision,
        expires=item.expires,
        locale=item.locale or "",
        key=item.key or "",
        branches=None if item.branches is None else tuple(item.branches),
        places=spot.places(),
    )


def every_customer_of(item: EveryCustomerModel | None, roles: Roles, spot: Spot) -> EveryCustomer | None:
    """The portals that follow from the exports, if there are any."""
    if item is None:
        return None
    return EveryCustomer(
        show=types_in(item.show, roles),
        says=tuple(item.show),
        contacts=types_in(item.contacts.show, roles) if item.contacts else None,
        contacts_say=tuple(item.contacts.show) if item.contacts else (),
        excepted=tuple(item.excepted),
        revision=item.revision,
        key=item.key or "",
        places=spot.places(),
    )


def types_in(shown: Iterable[str], roles: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The types that `shown` (types, roles and ALL) comes to, in the order of GRANTABLE_TYPES."""
    granted: set[str] = set()
    for name in shown:
        granted.update(TRANSACTION_TYPES if name == "ALL" else roles.get(name, (name,)))
    return tuple(type_ for type_ in GRANTABLE_TYPES if type_ in granted)
