"""What all e-invoices have in common: the document that comes out, and how its cells are taken out of elements."""

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portalgen.errors import InvalidInputError, Location, Problem, shown
from portalgen.exports.einvoice.xmltree import Node

HEADER_COLUMNS = (
    *("number", "customer_id", "date", "due_date", "currency", "reference", "net", "tax", "total", "paid", "balance"),
    *("allowance", "charge", "rounding", "note", "order_number", "quote_number", "invoice_number"),
    *("delivery_note_number", "carrier", "tracking_number", "payment_terms", "ship_to", "attachment"),
)
LINE_COLUMNS = (
    *("line", "item", "description", "quantity", "open_quantity", "unit", "unit_price"),
    *("discount_amount", "tax_rate", "amount"),
)
CUSTOMER_COLUMNS = (
    *("id", "name", "email", "phone", "street", "city", "region", "postal_code", "country", "currency", "tax_id"),
)

_INVOICES = frozenset(
    map(
        str,
        [
            *(71, 80, 82, 84, 102, 130, 202, 203, 204, 211, 218, 219, 295, 326, 331, 380, 382, 383, 384, 385, 386, 387),
            *(388, 389, 390, 393, 394, 395, 456, 457, 527, 553, 575, 623, 633, 751, 780, 817, 870, 875, 876, 877, 935),
        ],
    )
)
_CREDIT_NOTES = frozenset(map(str, (81, 83, 261, 262, 296, 308, 381, 396, 420, 458, 502, 503, 532)))
_TYPE_NAMES = {"220": "an order", "325": "a pro-forma invoice"}

_DECIMAL = re.compile(r"([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:T00:00:00(?:\.0+)?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_COMPACT_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)(?:\d{4}|\d{6})?", re.ASCII)
_MAX_ID = 200


@dataclass(frozen=True, slots=True)
class Document:
    """One e-invoice as cells: `type` is a transaction type, the others map columns to texts ('' for nothing)."""

    type: str
    cells: Mapping[str, str]
    lines: Sequence[Mapping[str, str]]
    buyer: Mapping[str, str]


def type_by_code(code: str, where: Location) -> str:
    """'invoices' or 'credit_notes', by a code of UNTDID 1001. Raises InvalidInputError for any other."""
    if code in _INVOICES:
        return "invoices"
    if code in _CREDIT_NOTES:
        return "credit_notes"
    what = f", {_TYPE_NAMES[code]}," if code in _TYPE_NAMES else ""
    message = f"the type code {shown(code)}{what} is neither an invoice's nor a credit note's"
    raise InvalidInputError(message, "leave this file out", where)


class Cells:
    """Takes cells out of one document's elements, and remembers what is wrong with them.

    `currency` is the document's, '' while it is not known.
    """

    def __init__(self, name: str, currency: str) -> None:
        self._name = name
        self.currency = currency
        self.problems: list[Problem] = []

    def fault(self, node: Node, message: str, hint: str = "") -> None:
        self.problems.append(Problem(Location(self._name, node.line), message, hint))

    def day(self, node: Node) -> str:
        """The day in `node`, as 2026-11-22; a time zone, a time of midnight and CII's time of day are dropped."""
        text = node.value
        if not text:
            return ""
        compact = _COMPACT_DAY.fullmatch(text)
        plain = _DAY.fullmatch(text)
        day = "-".join(compact.groups()) if compact else plain[1] if plain else ""
        try:
            return datetime.date.fromisoformat(day).isoformat()
        except ValueError:
            self.fault(node, f"{node.name}: {shown(text)} is not a date")
            return ""

    def last_day(self, nodes: Iterable[Node]) -> str:
        return max((self.day(node) for node in nodes), default="")

    def number(self, node: Node) -> str:
        """The number in `node`, with digits and a point alone; one with more than 6 decimals is a fault."""
        text = node.value
        if not text:
            return ""
        number = plain_decimal(text)
        if number is None:
            self.fault(node, f"{node.name}: {shown(text)} is not a number of at most 15 digits and 6 decimals")
        return number or ""

    def amount(self, node: Node) -> str:
        """The number in `node`, an amount in the document's currency; one in another currency is a fault."""
        currency = node.attributes.get("currencyID", "")
        if node.value and currency and self.currency and currency != self.currency:
            self.fault(node, f"{node.name}: the amount is in {currency}, the document in {self.currency}")
        return self.number(node)

    def sum(self, nodes: Iterable[Node]) -> str:
        """The sum of the amounts in `nodes`, '' where there are none."""
        amounts = [Decimal(amount) for node in nodes if (amount := self.amount(node))]
        return f"{sum(amounts):f}" if amounts else ""

    def less(self, allowances: Iterable[Node], charges: Iterable[Node]) -> str:
        """What is taken off, less what is put on; '' where there is neither."""
        off, on = self.sum(allowances), self.sum(charges)
        return f"{Decimal(off or 0) - Decimal(on or 0):f}" if off or on else ""

    def unit_price(self, price: Node, base: Node, unit: str) -> str:
        """The price of one unit, for a price per `base` quantity; '' where it is not exact, or per another unit."""
        per = base.attributes.get("unitCode", "")
        quantity = plain_decimal(base.value or "1")
        if quantity is None or not Decimal(quantity) or (per and unit and per != unit):
            return ""
        amount = plain_decimal(price.value)
        if amount is None:
            return "" if _DECIMAL.fullmatch(price.value) else self.number(price)
        self.amount(price)
        return amount if Decimal(quantity) == 1 else _quotient(amount, quantity)

    def required(self, root: Node, texts: Mapping[str, str]) -> None:
        """Reports each of `texts` that is empty, by its key: what should fill it."""
        for element, text in texts.items():
            if not text:
                self.fault(root, f"there is no {element}, or nothing in it", "a document cannot be shown without it")


def plain_decimal(text: str) -> str | None:
    """An XML decimal with digits and a point alone; None where it is none, or has more than 15 digits or 6 decimals."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    sign, whole, decimals = match[1].replace("+", ""), match[2].lstrip("0") or "0", match[3] or ""
    decimals = decimals[:6] + decimals[6:].rstrip("0")
    if len(whole) > 15 or len(decimals) > 6:
        return None
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def _quotient(amount: str, quantity: str) -> str:
    """`amount` / `quantity` if 6 decimals hold it exactly, else ''."""
    millionths = Fraction(amount) / Fraction(quantity) * 10**6
    if millionths.denominator != 1 or abs(millionths) >= 10**21:
        return ""
    whole, rest = divmod(abs(millionths.numerator), 10**6)
    decimals = f"{rest:06}".rstrip("0")
    return f"{'-' if millionths < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def one_rate(cells: Cells, nodes: Sequence[Node]) -> str:
    """The tax rate of a line, in percent; '' where it is taxed at several."""
    rates = dict.fromkeys(rate for node in nodes if (rate := cells.number(node)))
    return next(iter(rates)) if len({Decimal(rate) for rate in rates}) == 1 else ""


def listed(numbers: Sequence[str]) -> str:
    """Document numbers with commas between them, as many as an id has room for."""
    text = ", ".join(numbers)
    if len(text) <= _MAX_ID or len(numbers) == 1:
        return text
    return f"{text[: _MAX_ID - 2].rpartition(', ')[0]}, …"


def described(names: Sequence[str]) -> str:
    """A name and descriptions, each on a line of its own, each once."""
    return "\n".join(dict.fromkeys(names))


def numbered(ids: Sequence[str]) -> list[str]:
    """The lines' own numbers if all are whole and ascend, else 1, 2, 3 ..."""
    if all(re.fullmatch(r"\d{1,9}", own, re.ASCII) for own in ids):
        numbers = [int(own) for own in ids]
        if numbers == sorted(set(numbers)) and 0 not in numbers:
            return [str(number) for number in numbers]
    return [str(number) for number in range(1, len(ids) + 1)]
