"""One transaction as a document."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache, reduce
from urllib.parse import quote

from portalgen.attachments import Attachment
from portalgen.formats import Formatter, minor_units
from portalgen.model import TRACKING_NUMBER, Bundle, Line, Transaction
from portalgen.names import page_of, safe_name
from portalgen.plain import plain_text
from portalgen.views.values import Attached, Day, Document, Figure, Item, Related, TaxRow
from portalgen.words import Words

_NOTHING = Figure("", "")
EXACT = Context(prec=200, rounding=ROUND_HALF_UP)
LINE_COLUMNS = (
    *("item", "description", "quantity", "open_quantity", "unit", "unit_price", "discount", "tax_rate", "tax"),
    "amount",
)
_TEXTS = ("reference", "branch", "carrier", "tracking_number", "payment_terms", "note")
_REFERENCES = {
    "quote_number": "quotes",
    "order_number": "orders",
    "delivery_note_number": "delivery_notes",
    "invoice_number": "invoices",
}
_SETTLED = frozenset(
    [
        *("accepted", "cancelled", "closed", "completed", "declined", "delivered", "expired", "invoiced", "lost"),
        *("ordered", "paid", "rejected", "void"),
    ]
)
"""What customers read of a quote or an order on which nothing is to be done any more."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the documents of one bundle. `related` are, by type and number, the documents that belong to one."""

    bundle: Bundle
    formatter: Formatter
    words: Words
    related: Mapping[tuple[str, str], tuple[Related, ...]]

    def documents(self, transactions: Sequence[Transaction]) -> tuple[Document, ...]:
        """The documents of one type, each of which knows its neighbours."""
        hrefs = ["", *(href_of(each, self.bundle.site.pages) for each in transactions), ""]
        return tuple(
            self._document(each, hrefs[index], hrefs[index + 1], hrefs[index + 2])
            for index, each in enumerate(transactions)
        )

    def _document(self, transaction: Transaction, newer: str, href: str, older: str) -> Document:
        lines = tuple(self._item(line, transaction.currency) for line in transaction.lines)
        overdue = days_overdue(transaction, self.bundle.as_of)
        due_date, name = transaction.due_date, safe_name(transaction.number)
        return Document(
            type=transaction.type,
            name=name,
            page=href.partition("#")[0],
            href=href,
            number=plain_text(transaction.number) or name,
            date=self.day(transaction.date),
            due_date=self.day(due_date) if due_date else None,
            status=self._status(transaction),
            tone="bad" if overdue else "good" if _is_paid(transaction) else "plain",
            is_open=is_open(transaction, self.bundle.as_of),
            days_overdue=overdue,
            related=self.related.get((transaction.type, transaction.number), ()),
            tracking_url=self._tracking_url(transaction),
            ship_to=tuple(filter(None, map(str.strip, plain_text(transaction.ship_to).splitlines()))),
            attached=self._attached(transaction),
            taxes=self._taxes(transaction),
            total=self.money(transaction.total, transaction.currency),
            balance=self.money(transaction.balance, transaction.currency),
            lines=lines,
            columns=filled(lines, LINE_COLUMNS),
            newer=newer,
            older=older,
            **{field: plain_text(getattr(transaction, field)) for field in _TEXTS},
            **self._amounts(transaction),
        )

    def _attached(self, transaction: Transaction) -> Attached | None:
        file = self.bundle.attachments.get((transaction.type, transaction.number))
        if file is None:
            return None
        kilobytes = self.formatter.quantity(Decimal(max(1, (file.size + 500) // 1000)))
        size = self.words.gettext("{number} kB").format(number=kilobytes)
        return Attached(attachment_path(transaction, file), file.suffix.removeprefix(".").upper(), size)

    def day(self, day: datetime.date) -> Day:
        return Day(day.isoformat(), self.formatter.date(day))

    def money(self, amount: Decimal | None, currency: str) -> Figure:
        return _NOTHING if amount is None else _money(amount, currency, self.formatter.tag)

    def _status(self, transaction: Transaction) -> str:
        return self.words.status(plain_text(transaction.status))

    def _amounts(self, transaction: Transaction) -> dict[str, str]:
        """Each amount that is no more than a text, by the field of Document that it fills."""
        amounts = {field: getattr(transaction, field) for field in ("net", "tax")}
        amounts |= {field: getattr(transaction, field) or None for field in ("charge", "rounding")}
        for field in ("allowance", "paid"):
            taken_off = getattr(transaction, field)
            amounts[field] = taken_off.copy_negate() if taken_off else None
        is_changed = transaction.lines and (transaction.allowance or transaction.charge)
        amounts["subtotal"] = added(line.amount for line in transaction.lines) if is_changed else None
        return {field: self.formatter.money(amount, transaction.currency) for field, amount in amounts.items()}

    def _taxes(self, transaction: Transaction) -> tuple[TaxRow, ...]:
        currency = transaction.currency
        return tuple(
            TaxRow(
                self.formatter.percent(rate),
                self.formatter.money(net, currency),
                self.formatter.money(tax, currency),
            )
            for rate, net, tax in taxes_of(transaction)
        )

    def _tracking_url(self, transaction: Transaction) -> str:
        """Where the carrier says how far the goods are; '' where the site names no address for it."""
        number, carrier = plain_text(transaction.tracking_number), plain_text(transaction.carrier).casefold()
        template = self.bundle.site.tracking.get(carrier, "") if number else ""
        return template.replace(TRACKING_NUMBER, quote(number, safe=""))

    def _item(self, line: Line, currency: str) -> Item:
        formatter = self.formatter
        return Item(
            line=formatter.quantity(Decimal(line.line)),
            item=plain_text(line.item),
            description=plain_text(line.description),
            quantity=_NOTHING if line.quantity is None else _quantity(line.quantity, formatter.tag),
            open_quantity=_NOTHING if line.open_quantity is None else _quantity(line.open_quantity, formatter.tag),
            unit=plain_text(line.unit),
            unit_price=_NOTHING if line.unit_price is None else _unit_price(line.unit_price, currency, formatter.tag),
            discount=formatter.money(line.discount_amount, currency) or formatter.percent(line.discount),
            tax_rate=formatter.percent(line.tax_rate),
            tax=formatter.money(line.tax, currency),
            amount=self.money(line.amount, currency),
        )


# Figures come again and again: in a list, in a document, in the lines of all documents, and for the next customer.
@lru_cache(maxsize=16384)
def _money(amount: Decimal, currency: str, tag: str) -> Figure:
    return Figure(*Formatter(tag).figure(amount, currency))


@lru_cache(maxsize=16384)
def _unit_price(amount: Decimal, currency: str, tag: str) -> Figure:
    return Figure(Formatter(tag).unit_price(amount, currency), _plain(amount))


@lru_cache(maxsize=16384)
def _quantity(quantity: Decimal, tag: str) -> Figure:
    return Figure(Formatter(tag).quantity(quantity), _plain(quantity))


def _plain(value: Decimal) -> str:
    return f"{EXACT.plus(value).normalize(EXACT):f}"


def href_of(transaction: Transaction, pages: str) -> str:
    """Where a transaction stands in its bundle, from the bundle's top."""
    name = safe_name(transaction.number)
    page = page_of(transaction.type, name, transaction.date, pages)
    return page if pages == "document" else f"{page}#{name}"


def attachment_path(transaction: Transaction, file: Attachment) -> str:
    """Where a transaction's file stands in its bundle, from the bundle's top."""
    return f"{transaction.type}/{safe_name(transaction.number)}{file.suffix}"


def related_in(bundle: Bundle) -> Mapping[tuple[str, str], tuple[Related, ...]]:
    """Which documents belong together: those that one names, and those that name it, where they are in the bundle.

    What a document names and is not in the bundle is there by its number alone.
    """
    there = {(each.type, each.number): each for each in bundle.transactions}
    found: defaultdict[tuple[str, str], dict[tuple[str, str], str]] = defaultdict(dict)
    for each in bundle.transactions:
        me = (each.type, each.number)
        for field, type_ in _REFERENCES.items():
            if (number := getattr(each, field)) and (type_, number) != me:
                other = there.get((type_, number))
                found[me][type_, number] = href_of(other, bundle.site.pages) if other else ""
                if other:
                    found[type_, number].setdefault(me, href_of(each, bundle.site.pages))
    order = [*_REFERENCES.values(), "credit_notes"]
    return {
        key: tuple(
            Related(type_, plain_text(number) or safe_name(number), href)
            for (type_, number), href in sorted(others.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
        )
        for key, others in found.items()
    }


def days_overdue(transaction: Transaction, as_of: datetime.date) -> int:
    """How many days an invoice that is still to be paid is past its due date; 0 for any other document."""
    is_owed = transaction.type == "invoices" and transaction.balance is not None and transaction.balance > 0
    return max(0, (as_of - transaction.due_date).days) if is_owed and transaction.due_date else 0


def is_open(transaction: Transaction, as_of: datetime.date) -> bool:
    """Whether something is still to be paid, used, delivered or, of a quote that is valid, decided."""
    match transaction.type:
        case "invoices" | "credit_notes":
            return bool(transaction.balance)
        case "quotes":
            is_valid = transaction.due_date is not None and transaction.due_date >= as_of
            return is_valid and not is_settled(transaction)
        case "orders":
            return any(line.open_quantity for line in transaction.lines) and not is_settled(transaction)
        case _:
            return False


def open_amount(transaction: Transaction) -> Decimal | None:
    """How much of it is open; None where the export does not say.

    Of an order, that is the net amount of what is still to be delivered: of each line, as much of its amount as its
    open quantity is of its quantity, rounded half up.
    """
    if transaction.type == "quotes":
        return transaction.total
    if transaction.type != "orders":
        return transaction.balance
    unit = Decimal(1).scaleb(-minor_units(transaction.currency))
    return added(_open_amount_of(line, unit) for line in transaction.lines if line.open_quantity)


def _open_amount_of(line: Line, unit: Decimal) -> Decimal | None:
    if line.amount is None or not line.quantity or line.open_quantity is None:
        return None
    share = EXACT.divide(EXACT.multiply(line.amount, line.open_quantity), line.quantity)
    return share.quantize(unit, ROUND_HALF_UP, EXACT)


def is_settled(transaction: Transaction) -> bool:
    """Whether its status says that nothing is to be done any more."""
    return plain_text(transaction.status).casefold() in _SETTLED


def _is_paid(transaction: Transaction) -> bool:
    return transaction.type == "invoices" and transaction.balance == 0 and bool(transaction.total)


def taxes_of(transaction: Transaction) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Rate, net and tax of each rate, lowest first; none where they do not add up to the document's tax.

    The tax on a rate is that of its lines, where all of them say it, or else net x rate, rounded half up.
    """
    lines = transaction.lines
    if not transaction.tax or any(line.tax_rate is None or line.amount is None for line in lines):
        return []
    unit = Decimal(1).scaleb(-minor_units(transaction.currency))
    says_taxes = all(line.tax is not None for line in lines)
    found = []
    for rate in sorted({line.tax_rate for line in lines if line.tax_rate is not None}):
        at_rate = [line for line in lines if line.tax_rate == rate]
        net = added(line.amount for line in at_rate) or Decimal(0)
        worked_out = EXACT.multiply(net, rate).scaleb(-2, EXACT).quantize(unit, ROUND_HALF_UP, EXACT)
        found.append((rate, net, (added(line.tax for line in at_rate) or Decimal(0)) if says_taxes else worked_out))
    return found if added(tax for _, _, tax in found) == transaction.tax else []


def added(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, or None where one of the amounts is not known."""
    known = list(amounts)
    return None if None in known else reduce(EXACT.add, filter(None, known), Decimal(0))


def filled(rows: Iterable[object], names: Iterable[str]) -> frozenset[str]:
    """Those of `names` that some row has a value in."""
    found: list[str] = []
    empty = [*names]
    for row in rows:
        found += (here := [name for name in empty if getattr(row, name)])
        empty = [name for name in empty if name not in here] if here else empty
    return frozenset(found)
