"""What templates are given: plain values, text that is ready to print, or '' where there is nothing.

Addresses (`href`) lead from the bundle's top; a template puts `root` before them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Day:
    """`iso` for machines, `text` for people."""

    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who sends the documents. `mailto` is a link, '' where `email` is none that a mail program would take.

    `logo` is the address of a picture.
    """

    title: str
    address: tuple[str, ...]
    email: str
    mailto: str
    phone: str
    tax_id: str
    logo: str


@dataclass(frozen=True, slots=True)
class Party:
    """The customer, as a letter would address it."""

    id: str
    name: str
    address: tuple[str, ...]
    email: str
    phone: str
    tax_id: str
    payment_terms: str


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount or a quantity: `text` for people, which it prints as, `value` for machines; both '' for nothing.

    `value` has a point before its decimals and no groups.
    """

    text: str
    value: str

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a document; percentages carry their sign. `discount` is one, or an amount of money."""

    line: str
    item: str
    description: str
    quantity: Figure
    open_quantity: Figure
    unit: str
    unit_price: Figure
    discount: str
    tax_rate: str
    tax: str
    amount: Figure


@dataclass(frozen=True, slots=True)
class TaxRow:
    """What is taxed at one rate: the net amount and the tax on it."""

    rate: str
    net: str
    tax: str


@dataclass(frozen=True, slots=True)
class Related:
    """Another document that belongs to this one; `href` is '' where it is not in the portal."""

    type: str
    number: str
    href: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A document's file: `kind` is its ending in capitals, `size` how large it is."""

    href: str
    kind: str
    size: str


@dataclass(frozen=True, slots=True)
class Document:
    """One transaction. `name` is its HTML id; `page` is the page that it is on, `href` leads to its place there.

    `tone` is 'good' (paid), 'bad' (overdue) or 'plain'; `days_overdue` is 0 unless it is overdue. `is_open`: something
    is still to be paid, delivered or decided. `columns` are the columns in which some line has a value. `taxes` are
    the taxes by rate, where they add up to the tax. `tracking_url` leads to the carrier's own page. `subtotal` is the
    sum of the lines, where an `allowance` or a `charge` stands between it and `net`. What is taken off (`allowance`,
    `paid`) carries a minus. These two, `charge` and `rounding` are '' for zero too. `newer` and `older` are the
    addresses of the documents beside it in the list.
    """

    type: str
    name: str
    page: str
    href: str
    number: str
    date: Day
    due_date: Day | None
    status: str
    tone: str
    is_open: bool
    days_overdue: int
    reference: str
    branch: str
    related: tuple[Related, ...]
    carrier: str
    tracking_number: str
    tracking_url: str
    payment_terms: str
    ship_to: tuple[str, ...]
    subtotal: str
    allowance: str
    charge: str
    net: str
    taxes: tuple[TaxRow, ...]
    tax: str
    total: Figure
    paid: str
    rounding: str
    balance: Figure
    note: str
    attached: Attached | None
    lines: tuple[Item, ...]
    columns: frozenset[str]
    newer: str
    older: str


@dataclass(frozen=True, slots=True)
class Sum:
    """What the documents of one currency add up to; '' where one of them does not say."""

    currency: str
    total: str
    balance: str


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """The documents that share a page, in the order of the list."""

    href: str
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The documents of one granted type, at least one, newest first.

    `columns` are the columns in which some document has a value, `line_columns` those in which some line has one;
    `branches` are those of the documents. `open_count` is the number of open documents, '' where there is none.
    `lines_href` and the addresses of downloads are '' where there is no such file.
    """

    type: str
    href: str
    lines_href: str
    csv_href: str
    lines_csv_href: str
    count: str
    number: int
    open_count: str
    documents: tuple[Document, ...]
    pages: tuple[DocumentPage, ...]
    columns: frozenset[str]
    line_columns: frozenset[str]
    branches: tuple[str, ...]
    sums: tuple[Sum, ...]
    open_sums: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a document: `kind` is 'new', 'changed' or 'paid'."""

    kind: str
    document: Document


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """How many documents of a type are no longer shown."""

    type: str
    number: int
    count: str


@dataclass(frozen=True, slots=True)
class ChangesOfDay:
    """What changed between two exports, by the day of the later one."""

    day: Day
    changes: tuple[Change, ...]
    withdrawals: tuple[Withdrawal, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What the first page says besides counts: what is overdue (the oldest first) and due next, and what changed.

    `overdue_sums` are per currency. `more_overdue`, `more_due` and `more_changes` are how many are not listed.
    """

    overdue: tuple[Document, ...]
    overdue_sums: tuple[str, ...]
    more_overdue: int
    due: tuple[Document, ...]
    more_due: int
    changes: tuple[ChangesOfDay, ...]
    more_changes: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of a statement. `type` is one of 'invoices', 'credit_notes', 'receipts' and 'settled'."""

    date: Day
    type: str
    number: str
    href: str
    due_date: Day | None
    amount: str
    balance: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """A part of the closing balance by its age: `name` is 'unallocated', 'current', '1-30', '31-60', '61-90', '90+'."""

    name: str
    amount: str


@dataclass(frozen=True, slots=True)
class StatementPart:
    """The statement of account in one currency."""

    currency: str
    first_day: Day
    last_day: Day
    opening: str
    movements: tuple[Movement, ...]
    closing: str
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    """One receipt. `invoice` is the number that it is allocated to, and `href` leads there."""

    number: str
    date: Day
    method: str
    reference: str
    invoice: str
    href: str
    amount: Figure


@dataclass(frozen=True, slots=True)
class Payments:
    """All receipts, newest first. `columns` are those in which one has a value."""

    href: str
    csv_href: str
    payments: tuple[Payment, ...]
    columns: frozenset[str]
    sums: tuple[Sum, ...]


@dataclass(frozen=True, slots=True)
class View:
    """All that one bundle shows. `contact` is whose link it is, '' for the portal's own.

    `language` and `direction` are those of the words. `branches` are those that the link is limited to; none where it
    is not. `bulletin` is HTML that is safe to print as it is. `stale_after` is a number of days. `may_show` is true
    where some type is granted, whether there is any of it or not. `statement` and `payments` are None where they are
    not granted or there is nothing in them; `statement_href` leads to the former. `workbook` and `archive` are
    addresses, '' where there is none.
    """

    language: str
    direction: str
    issuer: Issuer
    customer: Party
    contact: str
    branches: tuple[str, ...]
    as_of: Day
    stale_after: str
    bulletin: str
    may_show: bool
    listings: tuple[Listing, ...]
    summary: Summary
    statement_href: str
    statement: tuple[StatementPart, ...]
    payments: Payments | None
    workbook: str
    archive: str
