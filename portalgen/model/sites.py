"""What an administrator defines: a site, its portals and their contacts."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portalgen.errors import Location
from portalgen.model.sources import ExportSource, StoreSource


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What the seller has to say to customers. `html` is safe to stand in a page.

    It is shown with exports of the days from `first_day` to `last_day`, both inclusive; None sets no limit.
    """

    html: str
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Logo:
    """The seller's logo. `name` is that of its file in a bundle; `digest` (hex SHA-256) stands for `data`."""

    name: str
    digest: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Site:
    """All portals that one seller publishes from one portals.yaml.

    `locale` is a BCP 47 tag; `timezone` an IANA name; `currency` stands in where an export names none. `as_of` is the
    day the exports show; None means the newest day on which one of the export files was written, in `timezone`.
    `tracking` maps a carrier, casefolded, to the address of its tracking page, with TRACKING_NUMBER in it once.
    `address` is one line or more; `accent` is '#rrggbb' or ''. `pages` tells how many transactions share a page:
    'document' (one), 'month', 'year' or 'all'. `downloads` are 'csv', 'xlsx', 'zip', or fewer of them. A statement goes
    back `statement_months`; a page warns where the exports are older than `stale_after` days when it is read. A link
    whose definition does not say when it expires does so `expires_after` days after it was given out (0: never).
    """

    id: str
    title: str
    base_url: str = ""
    locale: str = "en"
    currency: str = ""
    timezone: str = "UTC"
    email: str = ""
    key: str = ""
    as_of: datetime.date | None = None
    tracking: Mapping[str, str] = field(default_factory=dict)
    address: tuple[str, ...] = ()
    phone: str = ""
    tax_id: str = ""
    logo: Logo | None = None
    accent: str = ""
    bulletin: Bulletin | None = None
    pages: str = "document"
    downloads: tuple[str, ...] = ("csv", "xlsx", "zip")
    statement_months: int = 12
    stale_after: int = 7
    expires_after: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at the customer with a link of their own.

    `show` and `branches` as granted by the definition, not yet narrowed; `branches` as of a portal. `says` is how the
    definition says what to show: types, roles and ALL, as written.
    """

    id: str
    name: str
    email: str = ""
    show: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    enabled: bool = True
    revision: int = 1
    expires: datetime.date | None = None
    locale: str = ""
    key: str = ""
    branches: tuple[str, ...] | None = None
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Portal:
    """One customer's definition. `expires` is inclusive; `places` says where in the file a field stands.

    `branches` are the only ones whose transactions are shown; None means all, and those without a branch. `says` is
    as of a contact. `is_derived` is true of one that nobody wrote, which follows from EveryCustomer.
    """

    id: str
    customer: str
    name: str = ""
    show: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    enabled: bool = True
    revision: int = 1
    expires: datetime.date | None = None
    locale: str = ""
    key: str = ""
    branches: tuple[str, ...] | None = None
    bulletin: Bulletin | None = None
    contacts: tuple[Contact, ...] = ()
    is_derived: bool = False
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class EveryCustomer:
    """A portal for each customer of the exports who has none and is not among `excepted`.

    `show` and `says`, and `contacts` and `contacts_say` for each contact that the exports know, are as of a portal and
    a contact; `contacts` is None where those have no links.
    """

    show: tuple[str, ...]
    says: tuple[str, ...]
    contacts: tuple[str, ...] | None = None
    contacts_say: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    revision: int = 1
    key: str = ""
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Definitions:
    """A whole portals.yaml, its included files with it. `root` is what its relative paths start from.

    `roles` are the types that each role stands for, in the order of GRANTABLE_TYPES.
    """

    file: str
    root: Path
    site: Site
    keys: str
    exports: tuple[ExportSource, ...]
    stores: tuple[StoreSource, ...]
    portals: tuple[Portal, ...]
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    every_customer: EveryCustomer | None = None
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)
