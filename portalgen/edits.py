"""What an admin asks of portals and contacts -> changes to the YAML, and what they mean for links. Pure: no I/O."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from portalgen.errors import InvalidInputError, Location, did_you_mean
from portalgen.grants import LIVE
from portalgen.model import TRANSACTION_TYPES, Contact, Definitions, Link, LinkId, Portal
from portalgen.yamledit import Change, Put, Remove, Written

Show = Sequence[str]
"""What a definition says is shown: types, names of roles, ALL."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which links are meant: those named (`acme`, `acme/ann`), and the portals' own of some customers or of all.

    With `with_contacts`, those of all contacts of these portals, too; with `role`, of all these only the ones whose
    definition names that role.
    """

    names: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    is_all: bool = False
    with_contacts: bool = False
    role: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A portal or a contact that is to change, with its path in its file, and what it shows as it is written."""

    id: LinkId
    grantee: Portal | Contact
    shows: Show

    @property
    def at(self) -> tuple[str, ...]:
        return at_of(self.id)

    @property
    def file(self) -> str:
        return self.grantee.places[""].file


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change means for one link: types that it comes to show and shows no longer, and its state if that changes.

    `is_new_link` tells that the address is another one, or is there for the first time.
    """

    id: LinkId
    customer: str
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    becomes: str = ""
    is_new_link: bool = False


Edit = Callable[[Target], Sequence[Change]]


def at_of(id_: LinkId) -> tuple[str, ...]:
    """The path of a portal's or a contact's definition."""
    return ("portals", id_.portal, "contacts", id_.contact) if id_.contact else ("portals", id_.portal)


def link_id(name: str) -> LinkId:
    """`acme` or `acme/ann` as what it names."""
    portal, _, contact = name.partition("/")
    return LinkId(portal, contact)


def names_in(text: str) -> list[str]:
    """`invoices, orders` as a list."""
    return [name.strip() for name in text.split(",") if name.strip()]


def selected(definitions: Definitions, selection: Selection, shows: Mapping[LinkId, Show]) -> list[Target]:
    """The targets of a selection, in the order of the definitions.

    `shows` is what each definition says. Raises InvalidInputError for a name that is no portal's or contact's, for a
    customer without a portal, and if nothing is meant at all.
    """
    if not (selection.names or selection.customers or selection.is_all):
        hint = "name portals (acme) or contacts (acme/ann), or say --customer ID or --all"
        raise InvalidInputError("which links are meant?", hint)
    grantees = {id_: grantee for portal in definitions.portals for id_, grantee in _grantees(portal)}
    named = {link_id(name) for name in selection.names}
    for id_ in named - grantees.keys():
        hint = did_you_mean(str(id_), [str(each) for each in grantees])
        if definitions.every_customer:
            hint = "one that follows from every_customer is changed there, or by `portalgen portal add`"
        raise InvalidInputError(f"there is no {_what(id_)} in portals.yaml", hint)
    owners = {portal.customer for portal in definitions.portals}
    for customer in selection.customers:
        if customer not in owners:
            raise InvalidInputError(f"customer '{customer}' has no portal", did_you_mean(customer, [*owners]))
    if selection.role and selection.role not in definitions.roles:
        hint = did_you_mean(selection.role, [*definitions.roles])
        raise InvalidInputError(f"there is no role '{selection.role}'", hint, Location(definitions.file))
    portals = {
        portal.id
        for portal in definitions.portals
        if selection.is_all or portal.customer in selection.customers or LinkId(portal.id) in named
    }
    return [
        Target(id_, grantee, shows.get(id_, ()))
        for id_, grantee in grantees.items()
        if (id_ in named or (id_.portal in portals and (not id_.contact or selection.with_contacts)))
        and (not selection.role or selection.role in shows.get(id_, ()))
    ]


def _grantees(portal: Portal) -> Iterator[tuple[LinkId, Portal | Contact]]:
    yield LinkId(portal.id), portal
    for contact in portal.contacts:
        yield LinkId(portal.id, contact.id), contact


def _what(id_: LinkId) -> str:
    return f"contact '{id_}'" if id_.contact else f"portal '{id_}'"


# Edits


def granting(names: Show, roles: Mapping[str, Show]) -> Edit:
    """Show types, or roles, besides what is shown."""

    def edit(target: Target) -> Sequence[Change]:
        new = [name for name in names if not {*_types_of(name, roles)} <= {*target.grantee.show}]
        return [Put((*target.at, "show"), [*target.shows, *new])] if new else []

    return edit


def revoking(names: Show, roles: Mapping[str, Show]) -> Edit:
    """Show types, or those of roles, no longer. A role of which only a part goes is replaced by what is left of it."""
    gone = {type_ for name in names for type_ in _types_of(name, roles)}

    def edit(target: Target) -> Sequence[Change]:
        left: list[str] = []
        for name in target.shows:
            types = _types_of(name, roles)
            left += [name] if not gone & {*types} else [type_ for type_ in types if type_ not in gone]
        left = list(dict.fromkeys(left))
        return [Put((*target.at, "show"), left)] if left != [*target.shows] else []

    return edit


def _types_of(name: str, roles: Mapping[str, Show]) -> Show:
    return TRANSACTION_TYPES if name == "ALL" else roles.get(name, (name,))


def enabling(target: Target) -> Sequence[Change]:
    """Give the same link back."""
    return [] if target.grantee.enabled else [Put((*target.at, "enabled"), "true")]


def disabling(target: Target) -> Sequence[Change]:
    """Take the link away until it is enabled again."""
    return [Put((*target.at, "enabled"), "false")] if target.grantee.enabled else []


def rotating(target: Target) -> Sequence[Change]:
    """A new link in place of the old one, which dies."""
    return [Put((*target.at, "revision"), str(target.grantee.revision + 1))]


def removing(target: Target) -> Sequence[Change]:
    """A portal's definition deleted, and its contacts' with it; nothing of a contact whose portal stays is meant."""
    if target.id.contact:
        raise InvalidInputError(f"'{target.id}' is a contact", "`portalgen contact remove` takes one away")
    return [Remove(target.at)]


def removing_contacts(selection: Selection) -> Edit:
    """The definitions of contacts deleted; a portal's own stays, and is not meant where no contacts are."""

    def edit(target: Target) -> Sequence[Change]:
        if not target.id.contact and not selection.with_contacts:
            hint = "`portalgen portal remove` takes one away; --contacts means the contacts of a portal"
            raise InvalidInputError(f"'{target.id}' is a portal", hint)
        return [Remove(target.at)] if target.id.contact else []

    return edit


def moving(
    definitions: Definitions, meant: Collection[LinkId], to: str, default: str
) -> tuple[Mapping[str, Sequence[Change]], list[LinkId]]:
    """Have the root key `to` make the links that are `meant`, and leave every other with its own.

    Gives the changes by file, and the links that are made with another key than before. `default` is the key of a
    definition that names none. Where all portals are meant, it is the site's key that changes, for new ones, too.
    """
    is_whole = all(LinkId(portal.id) in meant for portal in definitions.portals)
    changes: dict[str, list[Change]] = {}
    moved = []
    if is_whole and to != default:
        changes[definitions.file] = [Put(("site", "key"), to)]
    for portal in definitions.portals:
        had, inherits = default, to if is_whole else default
        for id_, grantee in _grantees(portal):
            was = grantee.key or had
            wanted = to if id_ in meant else was
            moved += [id_] * (was != wanted)
            if found := _key_written((*at_of(id_), "key"), grantee.key, wanted, inherits):
                changes.setdefault(portal.places[""].file, []).append(found)
            if not id_.contact:
                had, inherits = was, wanted
    return changes, moved


def _key_written(at: tuple[str, ...], written: str, wanted: str, inherits: str) -> Change | None:
    """What makes a definition name the key that is `wanted`, or none where it inherits that."""
    if (written or inherits) == wanted:
        return None
    return Remove(at) if inherits == wanted else Put(at, wanted)


def adding(id_: LinkId, definition: Mapping[str, Written], definitions: Definitions) -> tuple[str, Sequence[Change]]:
    """A portal or a contact more: the file that it goes to, and the change. Raises InvalidInputError if it is there."""
    portals = {portal.id: portal for portal in definitions.portals}
    portal = portals.get(id_.portal)
    is_there = portal and (not id_.contact or id_.contact in {contact.id for contact in portal.contacts})
    if portal and is_there:
        hint = "`portalgen grant`, `enable` and `rotate` change what is there"
        raise InvalidInputError(f"{_what(id_)} is there already", hint, portal.places[""])
    if id_.contact and not portal:
        raise InvalidInputError(f"there is no portal '{id_.portal}'", did_you_mean(id_.portal, [*portals]))
    file = portal.places[""].file if portal else definitions.file
    return file, [Put(at_of(id_), definition)]


def effects(before: Sequence[Link], after: Sequence[Link]) -> list[Effect]:
    """What becomes of each link that does not stay as it was, first of those that there were, then of new ones."""
    old, new = ({link.id: link for link in links} for links in (before, after))
    found = [_effect(old.get(id_), new.get(id_)) for id_ in dict.fromkeys([*old, *new])]
    return [each for each in found if each.gains or each.loses or each.becomes or each.is_new_link]


def _effect(old: Link | None, new: Link | None) -> Effect:
    link = new or old
    assert link  # noqa: S101 - the id is one of the two's
    had, has = (each.types if each and each.state == LIVE else () for each in (old, new))
    state = new.state if new else "deleted"
    return Effect(
        link.id,
        link.customer,
        gains=tuple(type_ for type_ in has if type_ not in had),
        loses=tuple(type_ for type_ in had if type_ not in has),
        becomes=state if old and state != old.state else "",
        is_new_link=new is not None and (old is None or (old.revision, old.key) != (new.revision, new.key)),
    )
