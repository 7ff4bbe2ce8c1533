"""The canonical columns of each kind of export: what may be in it, what must be, and what each cell may hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portalgen.model import TRANSACTION_TYPES


class Kind(StrEnum):
    """What the cells of a column hold."""

    ID = "an id of at most 200 printable characters without space at either end"
    TEXT = "text"
    DATE = "a date such as 2026-11-22"
    DECIMAL = "a number such as 1234.50, with at most 15 digits before the point and 6 after it"
    INTEGER = "a whole number from 0"
    TRUTH = "true or false"
    CURRENCY = "an ISO 4217 code such as EUR"


@dataclass(frozen=True, slots=True)
class Column:
    """A canonical column; `required` means that the column and every cell of it must be there.

    One that is not `kept` is known, so that it may stand in a file, and is not read.
    """

    kind: Kind
    required: bool = False
    kept: bool = True


def _columns(required: str, kind: Kind, optional: str) -> dict[str, Column]:
    columns = {name: Column(Kind.ID if name != "name" else Kind.TEXT, required=True) for name in required.split()}
    return columns | {name: Column(kind) for name in optional.split()}


_CUSTOMERS = _columns(
    "id name",
    Kind.TEXT,
    "email phone street city region postal_code country currency language tax_id status parent_id",
)
_CONTACTS = _columns("id customer_id name", Kind.TEXT, "email phone language")
_TRANSACTIONS = {
    **_columns("number customer_id", Kind.TEXT, "status reference note branch carrier tracking_number"),
    **_columns("", Kind.ID, "order_number quote_number invoice_number delivery_note_number"),
    **_columns("", Kind.DECIMAL, "net tax total balance"),
    "date": Column(Kind.DATE, required=True),
    "due_date": Column(Kind.DATE),
    "currency": Column(Kind.CURRENCY),
    "customer_visible": Column(Kind.TRUTH),
    "attachment": Column(Kind.TEXT, kept=False),
    "payment_url": Column(Kind.TEXT, kept=False),
}
_RECEIPTS = {
    **_columns("number customer_id", Kind.TEXT, "method reference allocated_to"),
    "date": Column(Kind.DATE, required=True),
    "amount": Column(Kind.DECIMAL, required=True),
    "currency": Column(Kind.CURRENCY),
}
_PRODUCTS = {
    **_columns("sku name", Kind.TEXT, "description unit image availability"),
    "price": Column(Kind.DECIMAL),
    "currency": Column(Kind.CURRENCY),
}

HEADERS: Mapping[str, Mapping[str, Column]] = {
    "customers": _CUSTOMERS,
    "contacts": _CONTACTS,
    "products": _PRODUCTS,
    "receipts": _RECEIPTS,
    **dict.fromkeys(TRANSACTION_TYPES, _TRANSACTIONS),
}
"""By the type of an export, the columns of its `path` files."""

LINES: Mapping[str, Column] = {
    **_columns("number", Kind.TEXT, "item description unit"),
    **_columns("", Kind.DECIMAL, "quantity unit_price discount tax_rate amount"),
    "line": Column(Kind.INTEGER),
}
"""The columns of a `lines` file."""

IDENTITY: Mapping[str, str] = {
    "customers": "id",
    "contacts": "id",
    "products": "sku",
    "receipts": "number",
    **dict.fromkeys(TRANSACTION_TYPES, "number"),
}
"""By the type of an export, the column whose cells must all differ."""
