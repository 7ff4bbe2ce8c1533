"""The values that flow between the stages. Frozen, and no I/O.

Raw constructors check nothing: `definitions` and `exports` are the doors that let only valid values in.
Text that an export leaves empty is ''; dates and amounts that it leaves empty are None. Amounts, quantities and
rates are Decimal, exact, in the currency's major unit. Dates are calendar days without a time zone.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from portalgen.errors import NOWHERE, Location

TRANSACTION_TYPES = ("quotes", "orders", "invoices", "credit_notes", "delivery_notes")
"""What a link can be allowed to show, in the order in which a portal lists them. `ALL` means exactly these."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as the export knows it. `id` is the ERP's, byte for byte."""

    id: str
    name: str
    email: str = ""
    phone: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    currency: str = ""
    language: str = ""
    tax_id: str = ""
    status: str = ""
    parent_id: str = ""
    payment_terms: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transaction. `discount` and `tax_rate` are percentages (10 means 10 %).

    `amount` is the line's net amount after discount, before tax, and `tax` the tax on it. `discount_amount` is what is
    taken off the whole line, where a discount is an amount. `open_quantity` is what is still to be delivered.
    """

    line: int
    item: str = ""
    description: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    discount: Decimal | None = None
    tax_rate: Decimal | None = None
    amount: Decimal | None = None
    open_quantity: Decimal | None = None
    discount_amount: Decimal | None = None
    tax: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """A quote, order, invoice, credit note or delivery note.

    `type` is one of TRANSACTION_TYPES. `due_date` is "valid until" for a quote and "promised" for an order, and is
    inclusive. `currency` is an ISO 4217 code, never empty. Credit notes carry positive amounts. `reference` is the
    customer's own, a purchase order number.

    `allowance` and `charge` are discounts and charges on the whole document, before tax and both positive; `net` is
    the sum of the lines less the one and plus the other, `total` is net plus tax. `balance` is what is still to be
    paid, the balance due: total less `paid` (so far, or in advance) plus `rounding`. `ship_to` is an address of one or
    more lines; `attachment` names a file, as the export writes it.
    """

    type: str
    number: str
    customer_id: str
    date: datetime.date
    currency: str
    due_date: datetime.date | None = None
    status: str = ""
    reference: str = ""
    net: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    balance: Decimal | None = None
    note: str = ""
    branch: str = ""
    order_number: str = ""
    quote_number: str = ""
    invoice_number: str = ""
    delivery_note_number: str = ""
    carrier: str = ""
    tracking_number: str = ""
    paid: Decimal | None = None
    allowance: Decimal | None = None
    charge: Decimal | None = None
    rounding: Decimal | None = None
    payment_terms: str = ""
    ship_to: str = ""
    attachment: str = ""
    lines: tuple[Line, ...] = ()


TRACKING_NUMBER = "{tracking_number}"
"""What stands for the number in the address of a carrier's tracking page."""


@dataclass(frozen=True, slots=True)
class Account:
    """One customer and every transaction the exports hold for it, granted or not.

    Ordered by type as in TRANSACTION_TYPES, then newest first, then by number.
    """

    customer: Customer
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """All portals that one seller publishes from one portals.yaml.

    `locale` is a BCP 47 tag; `timezone` an IANA name; `currency` stands in where an export names none. `as_of` is the
    day the exports show; None means the newest day on which one of the export files was written, in `timezone`.
    `tracking` maps a carrier, casefolded, to the address of its tracking page, with TRACKING_NUMBER in it once.
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


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at the customer with a link of their own.

    `show` and `branches` as granted by the definition, not yet narrowed; `branches` as of a portal.
    """

    id: str
    name: str
    email: str = ""
    show: tuple[str, ...] = ()
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

    `branches` are the only ones whose transactions are shown; None means all, and those without a branch.
    """

    id: str
    customer: str
    name: str = ""
    show: tuple[str, ...] = ()
    enabled: bool = True
    revision: int = 1
    expires: datetime.date | None = None
    locale: str = ""
    key: str = ""
    branches: tuple[str, ...] | None = None
    contacts: tuple[Contact, ...] = ()
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Headings:
    """Which cells fill a column: those under the first of `any_of` that a file has, or under all of `join` together.

    Or, row by row, the one under the first of `first` that is neither blank nor zero, else under the last of them.
    """

    any_of: tuple[str, ...] = ()
    join: tuple[str, ...] = ()
    first: tuple[str, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        """Every heading that is named."""
        return (*self.any_of, *self.join, *self.first)


@dataclass(frozen=True, slots=True)
class LineSource:
    """Where the lines of a transaction export stand.

    `path` names a file of their own, or '' for the files of the documents; `sheet` is the sheet or table in it,
    `records` the path to a document's lines within nested records, or to a list of all lines. `columns` maps a column
    to the file's headings, `values` to a constant. `discount` tells what the discount column holds: 'percent',
    'fraction' or 'amount'. `kind` is the key of a line within nested records that tells its kind, `kinds` what lines of
    each kind are: 'line', 'group' (a heading over lines of its own), 'document' (the document's) or 'none'.
    """

    path: str = ""
    columns: Mapping[str, Headings] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    discount: str = "percent"
    sheet: str = ""
    records: str = ""
    kind: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Visibility:
    """What customers may see of an export, and what they read there.

    `statuses`, unless None, are the only statuses that are shown; `never` are known and not shown. `words` are what a
    customer reads for a status: unless it is empty, one that is not in it reads as a neutral word. `since` is the first
    day, inclusive.
    """

    statuses: tuple[str, ...] | None = None
    never: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    since: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What to do about an export that is not as it should be.

    A bad row stops the run, or (`quarantine`) holds its whole document back, up to `limit` documents. Amounts that do
    not add up by more than `tolerance` (in the currency's major unit) are reported, or refused as a bad row is.
    """

    quarantine: bool = False
    limit: int = 20
    tolerance: Decimal = Decimal("0.05")
    refuse_differences: bool = False
    allow_similar_ids: bool = False


@dataclass(frozen=True, slots=True)
class Attachments:
    """The `folder` in which the documents' files are; `name` is a file's name, with {number} and the like in it."""

    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class ExportSource:
    """One entry of `exports:`, completed from its profile.

    `type` is 'customers', 'contacts', 'products' or a transaction type. `layout` is 'two-files', 'repeat',
    'continuation' or 'nested'. `dates` are strptime patterns, ('iso',) or ('prove',); `decimal` is '.', ',', 'prove',
    or '' for digits and a point alone. `columns` maps a column to the file's headings, `values` to a constant. `ignore`
    names headings to leave out ('ALL': every one that is not mapped); `empty` are cell texts that mean "nothing".
    `rows` keeps the rows with one of these texts under a heading; `totals` begin rows that sum up others; `groups` is
    the column that a row with one filled cell gives to those below it. `is_negative` tells that amounts and quantities
    have the opposite sign in the file; `is_incremental` that a later file's document replaces an earlier one's.
    """

    type: str
    path: str
    columns: Mapping[str, Headings] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    lines: LineSource | None = None
    profile: str = ""
    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    records: str = ""
    layout: str = "two-files"
    dates: tuple[str, ...] = ("iso",)
    decimal: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    totals: tuple[str, ...] = ()
    groups: str = ""
    is_negative: bool = False
    is_incremental: bool = False
    attachments: Attachments | None = None
    visibility: Visibility = Visibility()
    policy: Policy = Policy()
    place: Location = field(default=NOWHERE, compare=False)
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class StoreSource:
    """One entry of `stores:`: a `directory` at `path` (private part at `private`), or an `s3` bucket."""

    name: str
    kind: str
    path: Path | None = None
    private: Path | None = None
    bucket: str = ""
    region: str = ""
    endpoint: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Definitions:
    """A whole portals.yaml, its included files with it. `root` is what its relative paths start from."""

    file: str
    root: Path
    site: Site
    keys: str
    exports: tuple[ExportSource, ...]
    stores: tuple[StoreSource, ...]
    portals: tuple[Portal, ...]
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class LinkId:
    """What a link belongs to: a portal, or one contact of it (`contact` is '' for the portal's own link)."""

    portal: str
    contact: str = ""

    def __str__(self) -> str:
        return f"{self.portal}/{self.contact}" if self.contact else self.portal


@dataclass(frozen=True, slots=True)
class Link:
    """A link as the definitions want it, with its grant. `types` is in the order of TRANSACTION_TYPES.

    `branches` are the only ones whose transactions it may show; None means all, and those without a branch.
    `state` is 'live', 'disabled' or 'expired'; only a live link has a bundle. `key` names the root key that makes it.
    """

    id: LinkId
    customer: str
    revision: int
    key: str
    types: tuple[str, ...]
    state: str
    locale: str
    contact_name: str = ""
    contact_email: str = ""
    branches: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that one link may show, and nothing else: what the pages are made of.

    `transactions` are ordered as in Account and hold granted types and branches only. `as_of` is the day the exports
    show.
    """

    site: Site
    link: Link
    customer: Customer
    transactions: tuple[Transaction, ...]
    as_of: datetime.date


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """One file of a built bundle: its path within the bundle ('/' between parts), digest and size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class BuiltBundle:
    """A bundle as it lies under build/. `fingerprint` stands for all that went into it, `digest` for what came out.

    `counts` maps each granted type to the number of its transactions.
    """

    id: LinkId
    folder: str
    fingerprint: str
    digest: str
    counts: Mapping[str, int]
    files: tuple[BuiltFile, ...]
