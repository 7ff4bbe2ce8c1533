"""What exports hold: customers, their transactions with lines, and receipts."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

TRANSACTION_TYPES = ("quotes", "orders", "invoices", "credit_notes", "delivery_notes")
"""The types of documents, in the order in which a portal lists them. `ALL` means exactly these."""

STATEMENT, RECEIPTS = "statement", "receipts"
GRANTABLE_TYPES = (*TRANSACTION_TYPES, STATEMENT, RECEIPTS)
"""All that a link can be allowed to show."""

TRACKING_NUMBER = "{tracking_number}"
"""What stands for the number in the address of a carrier's tracking page."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as the export knows it. `id` is the ERP's, byte for byte.

    `balance` is what the ERP says that they owe in all, in their `currency`; negative where they have credit.
    """

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
    balance: Decimal | None = None


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


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment that the seller received. `allocated_to` is the number of the invoice that it pays, '' for none."""

    number: str
    customer_id: str
    date: datetime.date
    amount: Decimal
    currency: str
    method: str = ""
    reference: str = ""
    allocated_to: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer or, with their id as `customer_id`, a contact of one, as far as links are made of them."""

    id: str
    name: str
    language: str = ""
    email: str = ""
    customer_id: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One customer and every transaction and receipt the exports hold for it, granted or not.

    Transactions are ordered by type as in TRANSACTION_TYPES, then newest first, then by number; receipts newest first,
    then by number. `receipts` is None where there is no export of receipts at all.
    """

    customer: Customer
    transactions: tuple[Transaction, ...]
    receipts: tuple[Receipt, ...] | None = None
