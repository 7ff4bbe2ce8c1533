"""The canonical columns of each kind of export: what may be in it, what must be, and what each cell may hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portalgen.model import TRANSACTION_TYPES


class Kind(StrEnum):
    """What the cells of a column hold, as messages say it."""

    ID = "an id"
    TEXT = "text"
    DATE = "a date"
    DECIMAL = "a number"
    INTEGER = "a whole number"
    TRUTH = "true or false"
    CURRENCY = "an ISO 4217 code"


def hint_for(kind: Kind, cell: str) -> str:
    """How to write what a column of `kind` holds, given a cell that does not hold it."""
    if cell != cell.strip() and kind is not Kind.TEXT:
        return "remove the space around it"
    if kind is Kind.ID:
        return "at most 200 characters" if len(cell) > 200 else "remove what is invisible in it"
    if kind is Kind.DATE and re.match(r"\d{4}-\d\d-\d\d", cell, re.ASCII):
        return _hint_for_day(cell)
    if kind is Kind.DECIMAL and re.fullmatch(r"-?\d+(\.\d+)?", cell, re.ASCII):
        return "at most 15 digits before the point and 6 after it"
    return _HOW_TO_WRITE[kind]


def _hint_for_day(cell: str) -> str:
    """The same of what begins like a day, year-month-day."""
    if cell < "1900":
        return f"no date before 1900 is read; if it means nothing, say: empty: ['{cell[:60]}']"
    if len(cell) == 10 or not _is_day(cell[:10]):
        return "the calendar has no such day"
    if moment := re.fullmatch(_MOMENT, cell, re.ASCII):
        return f"say how moments are written here: dates: '{_pattern_of(moment)}'"
    return "leave out the time of day"


_MOMENT = r"\d{4}-\d\d-\d\d([ T])\d?\d:\d\d(:\d\d)?([.]\d{1,6})?( ?)(?:Z|[-+]\d\d:?\d\d)"


def _is_day(text: str) -> bool:
    """Whether the calendar has this day, written year-month-day."""
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _pattern_of(moment: re.Match[str]) -> str:
    """The pattern of a moment with a zone, from its parts."""
    between, seconds, fraction, space = moment.groups()
    clock = f"%H:%M{':%S' if seconds else ''}{'.%f' if fraction else ''}"
    return f"%Y-%m-%d{between}{clock}{space}%z"


_HOW_TO_WRITE = {
    Kind.TEXT: "",
    Kind.DATE: "write it year-month-day, like 2026-11-22",
    Kind.DECIMAL: "write it with digits and a point alone, like 1234.50",
    Kind.INTEGER: "write it with digits alone, like 12",
    Kind.TRUTH: "yes, no, 1 and 0 will do as well",
    Kind.CURRENCY: "write three capital letters, like EUR",
}


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


_CUSTOMERS = {
    **_columns(
        "id name",
        Kind.TEXT,
        "email phone street city region postal_code country currency language tax_id status parent_id payment_terms",
    ),
    "balance": Column(Kind.DECIMAL),
}
_CONTACTS = _columns("id customer_id name", Kind.TEXT, "email phone language")
_TRANSACTIONS = {
    **_columns("number customer_id", Kind.TEXT, "status reference note branch carrier tracking_number"),
    **_columns("", Kind.TEXT, "payment_terms ship_to attachment"),
    **_columns("", Kind.ID, "order_number quote_number invoice_number delivery_note_number"),
    **_columns("", Kind.DECIMAL, "net tax total balance paid allowance charge rounding"),
    "date": Column(Kind.DATE, required=True),
    "due_date": Column(Kind.DATE),
    "currency": Column(Kind.CURRENCY),
    "customer_visible": Column(Kind.TRUTH),
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
    **_columns("", Kind.DECIMAL, "quantity open_quantity unit_price discount discount_amount tax_rate tax amount"),
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

SUMS = frozenset(
    {"net", "tax", "total", "paid", "balance", "allowance", "charge", "rounding"}
    | {"quantity", "open_quantity", "amount", "discount_amount"}
)
"""The columns that can be added up; a file with the opposite sign writes these with it."""

OF_LINES = frozenset({"street", "ship_to", "note", "payment_terms", "description"})
"""The columns whose texts may have several lines: cells joined into one of them are a line each, else a word each."""
