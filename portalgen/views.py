"""A bundle as plain values for the templates: text, ready to print, or '' where there is nothing.

`view_of` makes them; `View` and the classes that it names say what a template is given.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import reduce
from urllib.parse import quote

from portalgen.errors import PortalgenError
from portalgen.formats import Formatter
from portalgen.model import TRACKING_NUMBER, Bundle, Customer, Line, Site, Transaction
from portalgen.names import safe_name

# A sum over quotes or orders would count those that were declined or cancelled.
_SUMMED = {"invoices", "credit_notes"}
_LIST_COLUMNS = ("due_date", "reference", "status", "total", "balance")
_LINE_COLUMNS = (
    *(
        "item",
        "description",
        "quantity",
        "open_quantity",
        "unit",
        "unit_price",
        "discount",
        "tax_rate",
        "tax",
        "amount",
    ),
)
_TEXTS = (
    *("status", "reference", "branch", "quote_number", "order_number", "invoice_number", "delivery_note_number"),
    *("carrier", "tracking_number", "payment_terms", "note"),
)
_POSTAL_CODE_LAST = frozenset(
    ["AU", "CA", "GB", "IE", "IN", "NZ", "US", "UK", "USA", "United Kingdom", "United States"]
)
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_EXACT = Context(prec=200)

# Direction overrides and invisible characters can make a number or a name look like another one; control characters
# and noncharacters are not allowed in HTML at all. Joiners and direction marks stay: honest text needs them.
_NOT_SHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\U000e0000-\U000e007f"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)


@dataclass(frozen=True, slots=True)
class Day:
    """`iso` for machines, `text` for people."""

    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who sends the documents. `mailto` is a link, '' where `email` is none that a mail program would take."""

    title: str
    email: str
    mailto: str


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
class Item:
    """One line of a document; percentages carry their sign. `discount` is one, or an amount of money."""

    line: str
    item: str
    description: str
    quantity: str
    open_quantity: str
    unit: str
    unit_price: str
    discount: str
    tax_rate: str
    tax: str
    amount: str


@dataclass(frozen=True, slots=True)
class Document:
    """One transaction. `name` is its HTML id; `columns` are the columns in which some line has a value.

    `tracking_url` leads to the carrier's own page. `subtotal` is the sum of the lines, where an `allowance` or a
    `charge` stands between it and `net`. What is taken off (`allowance`, `paid`) carries a minus. These two, `charge`
    and `rounding` are '' for zero too.
    """

    type: str
    name: str
    href: str
    number: str
    date: Day
    due_date: Day | None
    status: str
    reference: str
    branch: str
    quote_number: str
    order_number: str
    invoice_number: str
    delivery_note_number: str
    carrier: str
    tracking_number: str
    tracking_url: str
    payment_terms: str
    ship_to: tuple[str, ...]
    subtotal: str
    allowance: str
    charge: str
    net: str
    tax: str
    total: str
    paid: str
    rounding: str
    balance: str
    note: str
    lines: tuple[Item, ...]
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sum:
    """What the documents of one currency add up to; '' where one of them does not say."""

    currency: str
    total: str
    balance: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The documents of one granted type, at least one. `href` leads from the bundle's top to the list of them.

    `columns` are the columns in which some document has a value.
    """

    type: str
    href: str
    count: str
    documents: tuple[Document, ...]
    columns: frozenset[str]
    sums: tuple[Sum, ...]


@dataclass(frozen=True, slots=True)
class View:
    """All that one bundle shows. `contact` is whose link it is, '' for the portal's own.

    `branches` are those that the link is limited to; none where it is not.
    `may_show` is true where some type of document is granted, whether there is any or not.
    """

    issuer: Issuer
    customer: Party
    contact: str
    branches: tuple[str, ...]
    as_of: Day
    may_show: bool
    listings: tuple[Listing, ...]


def view_of(bundle: Bundle) -> View:
    """`bundle` for the templates. PortalgenError where it holds what its link may not show, or a page name twice."""
    formatter = Formatter(bundle.link.locale)
    return View(
        issuer=_issuer(bundle.site),
        customer=_party(bundle.customer, formatter),
        contact=_text(bundle.link.contact_name),
        branches=tuple(_text(branch) for branch in dict.fromkeys(bundle.link.branches or ())),
        as_of=Day(bundle.as_of.isoformat(), formatter.long_date(bundle.as_of)),
        may_show=bool(bundle.link.types),
        listings=tuple(_listing(type_, found, bundle.site, formatter) for type_, found in _by_type(bundle).items()),
    )


def _issuer(site: Site) -> Issuer:
    is_address = _MAIL_ADDRESS.fullmatch(site.email)
    return Issuer(_text(site.title), _text(site.email), f"mailto:{quote(site.email, safe='@')}" if is_address else "")


def _party(customer: Customer, formatter: Formatter) -> Party:
    city, region, code = (_text(part) for part in (customer.city, customer.region, customer.postal_code))
    if customer.country in _POSTAL_CODE_LAST:
        place = ", ".join(filter(None, [city, " ".join(filter(None, [region, code]))]))
    else:
        place = ", ".join(filter(None, [" ".join(filter(None, [code, city])), region]))
    address = (*_text(customer.street).splitlines(), place, formatter.country(_text(customer.country)))
    return Party(
        id=_text(customer.id),
        name=_text(customer.name),
        address=tuple(filter(None, address)),
        email=_text(customer.email),
        phone=_text(customer.phone),
        tax_id=_text(customer.tax_id),
        payment_terms=_text(customer.payment_terms),
    )


def _by_type(bundle: Bundle) -> dict[str, list[Transaction]]:
    """The bundle's transactions by type, both in their order; types without any are left out."""
    found: dict[str, list[Transaction]] = {type_: [] for type_ in bundle.link.types}
    for transaction in bundle.transactions:
        if transaction.type not in found:
            raise PortalgenError(
                f"the bundle of {bundle.link.id} holds {transaction.type}, which its link may not show"
            )
        found[transaction.type].append(transaction)
    return {type_: transactions for type_, transactions in found.items() if transactions}


def _listing(type_: str, transactions: Sequence[Transaction], site: Site, formatter: Formatter) -> Listing:
    documents = tuple(_document(transaction, site, formatter) for transaction in transactions)
    numbers: dict[str, str] = {}
    for transaction, document in zip(transactions, documents, strict=True):
        if document.name in numbers:
            both = f"{numbers[document.name]!r} and {transaction.number!r}"
            raise PortalgenError(f"two {type_} of one customer would share the page {document.href}: {both}")
        numbers[document.name] = transaction.number
    return Listing(
        type=type_,
        href=f"{type_}.html",
        count=formatter.quantity(Decimal(len(documents))),
        documents=documents,
        columns=_filled(documents, _LIST_COLUMNS),
        sums=_sums(transactions, formatter) if type_ in _SUMMED else (),
    )


def _document(transaction: Transaction, site: Site, formatter: Formatter) -> Document:
    name = safe_name(transaction.number)
    lines = tuple(_item(line, transaction.currency, formatter) for line in transaction.lines)
    due_date = transaction.due_date
    return Document(
        type=transaction.type,
        name=name,
        href=f"{transaction.type}/{name}.html",
        number=_text(transaction.number) or name,
        date=Day(transaction.date.isoformat(), formatter.date(transaction.date)),
        due_date=Day(due_date.isoformat(), formatter.date(due_date)) if due_date else None,
        tracking_url=_tracking_url(transaction, site),
        ship_to=tuple(filter(None, map(str.strip, _text(transaction.ship_to).splitlines()))),
        lines=lines,
        columns=_filled(lines, _LINE_COLUMNS),
        **{field: _text(getattr(transaction, field)) for field in _TEXTS},
        **_totals(transaction, formatter),
    )


def _totals(transaction: Transaction, formatter: Formatter) -> dict[str, str]:
    """Each amount by the field of Document that it fills."""
    amounts = {field: getattr(transaction, field) for field in ("net", "tax", "total", "balance")}
    amounts |= {field: getattr(transaction, field) or None for field in ("charge", "rounding")}
    for field in ("allowance", "paid"):
        taken_off = getattr(transaction, field)
        amounts[field] = taken_off.copy_negate() if taken_off else None
    is_changed = transaction.lines and (transaction.allowance or transaction.charge)
    amounts["subtotal"] = _added(line.amount for line in transaction.lines) if is_changed else None
    return {field: formatter.money(amount, transaction.currency) for field, amount in amounts.items()}


def _tracking_url(transaction: Transaction, site: Site) -> str:
    """Where the carrier says how far the goods are; '' where the site names no address for it."""
    number, carrier = _text(transaction.tracking_number), _text(transaction.carrier).casefold()
    template = site.tracking.get(carrier, "") if number else ""
    return template.replace(TRACKING_NUMBER, quote(number, safe=""))


def _item(line: Line, currency: str, formatter: Formatter) -> Item:
    return Item(
        line=str(line.line),
        item=_text(line.item),
        description=_text(line.description),
        quantity=formatter.quantity(line.quantity),
        open_quantity=formatter.quantity(line.open_quantity),
        unit=_text(line.unit),
        unit_price=formatter.unit_price(line.unit_price, currency),
        discount=formatter.money(line.discount_amount, currency) or formatter.percent(line.discount),
        tax_rate=formatter.percent(line.tax_rate),
        tax=formatter.money(line.tax, currency),
        amount=formatter.money(line.amount, currency),
    )


def _sums(transactions: Sequence[Transaction], formatter: Formatter) -> tuple[Sum, ...]:
    sums = []
    for currency in sorted({transaction.currency for transaction in transactions}):
        same = [transaction for transaction in transactions if transaction.currency == currency]
        total, balance = _added(each.total for each in same), _added(each.balance for each in same)
        sums.append(Sum(_text(currency), formatter.money(total, currency), formatter.money(balance, currency)))
    return tuple(each for each in sums if each.total or each.balance)


def _added(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, or None where one of the amounts is not known."""
    known = list(amounts)
    return None if None in known else reduce(_EXACT.add, filter(None, known), Decimal(0))


def _filled(rows: Sequence[object], names: Iterable[str]) -> frozenset[str]:
    """Those of `names` that some row has a value in."""
    return frozenset(name for name in names if any(getattr(row, name) for row in rows))


def _text(value: str) -> str:
    """`value` as a page may show it: without what cannot be seen, and without white space around it."""
    if not value.isprintable():
        value = _NOT_SHOWN.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    return value.strip()
