"""What a customer may see, as tables to take away: the same text as on the pages, and amounts with the same digits."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from operator import attrgetter
from typing import TypeVar

from portalgen.formats import minor_units
from portalgen.model import RECEIPTS, TRANSACTION_TYPES, Bundle, Line, Receipt, Transaction
from portalgen.names import safe_name
from portalgen.plain import plain_text

Gettext = Callable[[str], str]
"""Gives the interface's word for an English one."""

Value = str | date | Decimal | int | None
"""A cell; '' and None are empty ones. A Decimal has the decimals that it is shown with; a line's number is an int."""

_Row = TypeVar("_Row")
_Columns = Sequence[tuple[str, Callable[[_Row], Value]]]

_EXACT = Context(prec=200, rounding=ROUND_HALF_UP)
_MOST_DECIMALS = 6
_UNITS = tuple(Decimal(1).scaleb(-decimals) for decimals in range(_MOST_DECIMALS + 1))


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is that of its file, without an ending; `title` and `headings` are words of the interface."""

    name: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


def tables_of(bundle: Bundle, gettext: Gettext) -> Iterator[Table]:
    """The documents of each granted type, their lines where there are any, and receipts where they are granted.

    A table has a row at least, and the columns in which some row has a value. Percentages stand as numbers below a
    heading with their sign.
    """
    titles = _titles(gettext)
    for type_ in TRANSACTION_TYPES:
        found = [each for each in bundle.transactions if each.type == type_ and type_ in bundle.link.types]
        if found:
            yield _table(type_, titles[type_], _document_columns(type_, gettext), found)
        lines = [(each, line) for each in found for line in each.lines]
        if lines:
            title = f"{titles[type_]} \u2013 {gettext('Lines')}"
            yield _table(f"{type_}-lines", title, _line_columns(type_, gettext), lines)
    if bundle.receipts and RECEIPTS in bundle.link.types:
        yield _table(RECEIPTS, gettext("Payments"), _receipt_columns(gettext), bundle.receipts)


def _table(name: str, title: str, columns: _Columns[_Row], rows: Sequence[_Row]) -> Table:
    """A table of those `columns` in which some row has a value."""
    filled = []
    for heading, value_of in columns:
        values = [value_of(row) for row in rows]
        if any(value not in (None, "") for value in values):
            filled.append((heading, values))
    headings, cells = zip(*filled, strict=True)
    return Table(name, title, headings, tuple(zip(*cells, strict=True)))


def _document_columns(type_: str, gettext: Gettext) -> _Columns[Transaction]:
    is_credit = type_ == "credit_notes"
    return (
        (gettext("Number"), _number),
        (gettext("Date"), attrgetter("date")),
        (_due_date(type_, gettext), attrgetter("due_date")),
        (gettext("Currency"), _text("currency")),
        (gettext("Status"), lambda each: _translated(plain_text(each.status), gettext)),
        (gettext("Your reference"), _text("reference")),
        (gettext("Branch"), _text("branch")),
        (gettext("Discount"), _amount("allowance")),
        (gettext("Charges"), _amount("charge")),
        (gettext("Net"), _amount("net")),
        (gettext("Tax"), _amount("tax")),
        (gettext("Total"), _amount("total")),
        (gettext("Amount used") if is_credit else gettext("Paid"), _amount("paid")),
        (gettext("Rounding"), _amount("rounding")),
        (gettext("Remaining credit") if is_credit else gettext("Balance due"), _amount("balance")),
        (gettext("Quote"), _text("quote_number")),
        (gettext("Order"), _text("order_number")),
        (gettext("Delivery note"), _text("delivery_note_number")),
        (gettext("Invoice"), _text("invoice_number")),
        (gettext("Ship to"), _text("ship_to")),
        (gettext("Carrier"), _text("carrier")),
        (gettext("Tracking number"), _text("tracking_number")),
        (gettext("Payment terms"), _text("payment_terms")),
        (gettext("Note"), _text("note")),
    )


def _line_columns(type_: str, gettext: Gettext) -> _Columns[tuple[Transaction, Line]]:
    return (
        (_document(type_, gettext), lambda pair: _number(pair[0])),
        (gettext("Date"), lambda pair: pair[0].date),
        (gettext("Line"), lambda pair: pair[1].line),
        (gettext("Item"), lambda pair: plain_text(pair[1].item)),
        (gettext("Description"), lambda pair: plain_text(pair[1].description)),
        (gettext("Quantity"), lambda pair: _trimmed(pair[1].quantity)),
        (gettext("Open"), lambda pair: _trimmed(pair[1].open_quantity)),
        (gettext("Unit"), lambda pair: plain_text(pair[1].unit)),
        (gettext("Unit price"), lambda pair: _trimmed(pair[1].unit_price, minor_units(pair[0].currency))),
        (f"{gettext('Discount')} (%)", lambda pair: _trimmed(pair[1].discount)),
        (gettext("Discount"), lambda pair: _money(pair[1].discount_amount, pair[0].currency)),
        (f"{gettext('Tax rate')} (%)", lambda pair: _trimmed(pair[1].tax_rate)),
        (gettext("Tax"), lambda pair: _money(pair[1].tax, pair[0].currency)),
        (gettext("Amount"), lambda pair: _money(pair[1].amount, pair[0].currency)),
        (gettext("Currency"), lambda pair: plain_text(pair[0].currency)),
    )


def _receipt_columns(gettext: Gettext) -> _Columns[Receipt]:
    return (
        (gettext("Number"), _number),
        (gettext("Date"), attrgetter("date")),
        (gettext("Method"), _text("method")),
        (gettext("Your reference"), _text("reference")),
        (gettext("Invoice"), _text("allocated_to")),
        (gettext("Amount"), _amount("amount")),
        (gettext("Currency"), _text("currency")),
    )


def _titles(gettext: Gettext) -> dict[str, str]:
    return {
        "quotes": gettext("Quotes"),
        "orders": gettext("Orders"),
        "invoices": gettext("Invoices"),
        "credit_notes": gettext("Credit notes"),
        "delivery_notes": gettext("Delivery notes"),
    }


def _document(type_: str, gettext: Gettext) -> str:
    return {
        "quotes": gettext("Quote"),
        "orders": gettext("Order"),
        "invoices": gettext("Invoice"),
        "credit_notes": gettext("Credit note"),
        "delivery_notes": gettext("Delivery note"),
    }[type_]


def _due_date(type_: str, gettext: Gettext) -> str:
    match type_:
        case "quotes":
            return gettext("Valid until")
        case "orders":
            return gettext("Promised")
        case _:
            return gettext("Due date")


def _number(row: Transaction | Receipt) -> str:
    return plain_text(row.number) or safe_name(row.number)


def _text(field: str) -> Callable[[Transaction | Receipt], str]:
    return lambda row: plain_text(getattr(row, field))


def _translated(text: str, gettext: Gettext) -> str:
    return gettext(text) if text else ""


def _amount(field: str) -> Callable[[Transaction | Receipt], Decimal | None]:
    return lambda row: _money(getattr(row, field), row.currency)


def _money(amount: Decimal | None, currency: str) -> Decimal | None:
    return None if amount is None else _rounded(amount, minor_units(currency))


def _trimmed(value: Decimal | None, least: int = 0) -> Decimal | None:
    """`value` with the decimals that it needs, but at least `least`, and at most six."""
    if value is None:
        return None
    exponent = _rounded(value, _MOST_DECIMALS).normalize(_EXACT).as_tuple().exponent
    return _rounded(value, max(least, -int(exponent)))


def _rounded(value: Decimal, decimals: int) -> Decimal:
    """`value` with so many decimals, half away from zero; zero carries no sign."""
    rounded = value.quantize(_UNITS[decimals], context=_EXACT)
    return rounded or rounded.copy_abs()
