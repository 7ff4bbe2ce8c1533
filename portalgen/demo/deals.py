"""The demo company's business: every deal with every customer, its days and its numbers.

Nothing is left to chance: what looks like a choice is drawn from a hash of what it is about, so every machine and
every Python makes the same deals, and a new customer changes no other's (but for the running numbers).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from portalgen.demo.catalogue import CARRIAGE, MEASURED, MINOR_UNIT, PRODUCTS, RATES, TAX, WISHES, Product
from portalgen.demo.company import Client
from portalgen.model import Line

AS_OF = date(2026, 10, 31)
"""The day the exports show. The newest document is of the day before."""

KINDS = (
    *[("orders", "delivery_notes", "invoices")] * 4,
    *[("quotes", "orders", "delivery_notes", "invoices")] * 4,
    ("quotes", "orders", "delivery_notes", "invoices", "credit_notes"),
    ("orders", "delivery_notes", "invoices", "credit_notes"),
    ("quotes",),
    ("orders",),
    ("invoices",),
    ("credit_notes",),
)
"""How deals go: a whole chain, a quote that came to nothing, a sale over the counter, a credit for goodwill."""

DAYS = {"quotes": (0, 0), "orders": (1, 9), "delivery_notes": (1, 12), "invoices": (0, 3), "credit_notes": (4, 18)}
"""How many days, at least and at most, a document comes after the one before it in its deal."""

NUMBERS = {
    "quotes": "Q-{year}-{count:04}",
    "orders": "{count:06}",
    "invoices": "INV/{year}/{count:05}",
    "credit_notes": "CN/{year}/{count:04}",
    "delivery_notes": "DN {count:06}",
}
"""What document numbers look like. Where they name the year, counting starts anew with it."""

TYPED_BY_HAND = {
    ("orders", "000101"): "99",
    ("orders", "000102"): "099",
    ("invoices", "INV/2026/00043"): "INV-2026-00042",
    ("invoices", "INV/2026/00044"): "inv/2026/00042",
    ("quotes", "Q-2026-0007"): "Q-2026-0008?",
    ("delivery_notes", "DN 000055"): "../DN 000054",
}
"""Numbers that somebody entered by hand and that look much like others."""

LINE_COUNTS = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 7, 9, 12)
QUANTITIES = (1, 2, 3, 4, 6, 10, 12, 20, 24, 48, 100, 250)
PARTS = tuple(map(Decimal, ("0", "0", "0.5", "0.25", "0.75")))
DISCOUNTS = tuple(map(Decimal, ("2.5", "5", "5", "10", "10", "12.5", "15", "33.33", "100")))

Choice = TypeVar("Choice")


def draw(below: int, *about: object) -> int:
    """A number from 0 to `below` - 1 that depends on `about` alone."""
    text = "/".join(map(str, about))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % below


def choose(options: Sequence[Choice], *about: object) -> Choice:
    """One of `options`, depending on `about` alone."""
    return options[draw(len(options), *about)]


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` rounded half up to what `currency` can pay."""
    return amount.quantize(MINOR_UNIT[currency], ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Deal:
    """One piece of business with a client. `days` maps the type of each document in it to its date, oldest first."""

    id: str
    client: Client
    currency: str
    days: Mapping[str, date]

    def lines(self) -> tuple[Line, ...]:
        """What the deal is about: one to twelve lines, no item twice."""
        count = choose(LINE_COUNTS, self.id, "lines")
        products = sorted(PRODUCTS, key=lambda product: draw(2**64, self.id, product.sku))[:count]
        return tuple(self._line(product, place) for place, product in enumerate(products, start=1))

    def carriage(self) -> Decimal | None:
        """What carriage is charged, before tax: mostly nothing."""
        if draw(4, self.id, "carriage"):
            return None
        return rounded(CARRIAGE * RATES[self.currency], self.currency)

    def returned(self) -> tuple[Line, ...]:
        """What the deal's credit note is about: its dearest line or two, whole or half."""
        dearest = sorted(self.lines(), key=lambda line: -(line.amount or 0))[: 1 + draw(2, self.id, "returned")]
        kept = sorted(dearest, key=lambda line: line.line)
        return tuple(self._half(line) if draw(2, self.id, line.item, "half") else line for line in kept)

    @property
    def tax_rates(self) -> tuple[Decimal, ...]:
        """The rates where the client is, in percent: standard, reduced, books."""
        return TAX.get(self.client.customer.country, (Decimal(0),) * 3)

    def _line(self, product: Product, place: int) -> Line:
        about = (self.id, product.sku)
        quantity = Decimal(choose(QUANTITIES, *about, "quantity"))
        if product.unit in MEASURED:
            quantity += choose(PARTS, *about, "parts")
        wish = f"\n{choose(WISHES, *about, 'wish')}" if draw(12, *about, "wishes") == 0 else ""
        discount = choose(DISCOUNTS, *about, "discount") if draw(5, *about, "discounted") == 0 else None
        price = product.price_in(self.currency)
        return Line(
            line=place,
            item=product.sku,
            description=product.name + wish,
            quantity=quantity,
            unit=product.unit,
            unit_price=price,
            discount=discount,
            tax_rate=self.tax_rates[product.tax],
            amount=_amount(quantity, price, discount, self.currency),
        )

    def _half(self, line: Line) -> Line:
        """Half of a line, but whole pieces and at least one."""
        half = ((line.quantity or Decimal(0)) / 2).quantize(Decimal(1), ROUND_HALF_UP)
        price = line.unit_price or Decimal(0)
        return replace(line, quantity=half, amount=_amount(half, price, line.discount, self.currency))


def _amount(quantity: Decimal, price: Decimal, discount: Decimal | None, currency: str) -> Decimal:
    """What a line costs after discount, before tax."""
    return rounded(quantity * price * (100 - (discount or 0)) / 100, currency)


def deals_with(client: Client) -> list[Deal]:
    """The client's deals, newest first; they have `client.transactions` documents between them.

    The newest may be cut short: it is still going on.
    """
    kinds: list[tuple[str, ...]] = []
    left = client.transactions
    while left:
        kinds.append(choose(KINDS, client.portal, left)[:left])
        left -= len(kinds[-1])
    gap = min(45, 640 // len(kinds))
    deals = []
    for place, kind in enumerate(reversed(kinds)):
        deal_id = f"{client.portal}/{len(kinds) - place}"
        end = AS_OF - timedelta(days=1 + place * gap + draw(min(gap, 15), deal_id, "last day"))
        currency = client.currencies[-1 if draw(4, deal_id, "currency") == 0 else 0]
        deals.append(Deal(deal_id, client, currency, _days(deal_id, kind, end)))
    return deals


def _days(deal_id: str, kind: Sequence[str], end: date) -> dict[str, date]:
    """The date of each document in a deal whose last one is of the day `end`."""
    days = {}
    for type_ in reversed(kind):
        days[type_] = end
        least, most = DAYS[type_]
        end -= timedelta(days=least + draw(most - least + 1, deal_id, type_))
    return {type_: days[type_] for type_ in kind}


def numbers_of(deals: Iterable[Deal]) -> dict[tuple[str, str], str]:
    """The number of each document, by deal id and type, given out in the order of their dates."""
    written = sorted((day, deal.id, type_) for deal in deals for type_, day in deal.days.items())
    counts: Counter[tuple[str, int]] = Counter()
    numbers = {}
    for day, deal_id, type_ in written:
        form = NUMBERS[type_]
        series = (type_, day.year if "{year}" in form else 0)
        counts[series] += 1
        number = form.format(year=day.year, count=counts[series])
        numbers[deal_id, type_] = TYPED_BY_HAND.get((type_, number), number)
    return numbers
