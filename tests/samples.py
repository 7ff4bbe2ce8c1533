"""Sample values: two small portals, as the renderer is given them. Made up, but plausible."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from portalgen.model import Bundle, Customer, Line, Link, LinkId, Site, Transaction

SITE = Site(
    id="northwind",
    title="Northwind Traders",
    email="accounts@northwind.example",
    currency="USD",
    tracking={"united package": "https://united-package.example/track?number={tracking_number}"},
)
AS_OF = datetime.date(2026, 11, 20)

BRILLIANT = Customer(
    id="C-1001",
    name="Brilliant Industries & Sons",
    email="ap@brilliant.example",
    phone="+1 503 555 0199",
    street="2817 Milton Drive\nSuite 400",
    city="Portland",
    region="OR",
    postal_code="97201",
    country="US",
    currency="USD",
    tax_id="93-1234567",
    payment_terms="30 days net",
)
QAMAR = Customer(
    id="0012",
    name="شركة القمر للتجارة",
    street="شارع الشيخ زايد 12",
    city="دبي",
    country="AE",
    currency="AED",
    tax_id="100234567800003",
)


def bundle(
    transactions: Sequence[Transaction] = (),
    types: Sequence[str] = (),
    *,
    customer: Customer = BRILLIANT,
    locale: str = "en-US",
    contact: str = "",
    site: Site = SITE,
) -> Bundle:
    """A bundle of `transactions`; `types` are granted, unless given the types of the transactions."""
    link = Link(
        id=LinkId("sample", "ann" if contact else ""),
        customer=customer.id,
        revision=1,
        key="a",
        types=tuple(types) or tuple(dict.fromkeys(each.type for each in transactions)),
        state="live",
        locale=locale,
        contact_name=contact,
    )
    return Bundle(site, link, customer, tuple(transactions), AS_OF)


def invoice(number: str = "INV-1", **values: object) -> Transaction:
    """An invoice over 119.00 USD of which nothing is paid; `values` change it."""
    plain = Transaction(
        type="invoices",
        number=number,
        customer_id=BRILLIANT.id,
        date=datetime.date(2026, 11, 5),
        due_date=datetime.date(2026, 12, 5),
        currency="USD",
        status="Open",
        net=Decimal("100.00"),
        tax=Decimal("19.00"),
        total=Decimal("119.00"),
        balance=Decimal("119.00"),
        lines=(Line(1, "SKU-1", "Widget", Decimal(2), "pcs", Decimal("50.00"), None, Decimal(19), Decimal("100.00")),),
    )
    return replace(plain, **values)  # type: ignore[arg-type]  # a test names the fields that it is about


_CHAI = Line(
    line=1,
    item="BEV-001",
    description="Chai, 10 boxes x 20 bags",
    quantity=Decimal(40),
    unit="box",
    unit_price=Decimal("18.00"),
    discount=Decimal("2.5"),
    tax_rate=Decimal("8.25"),
    amount=Decimal("702.00"),
)
_SYRUP = Line(
    line=2,
    item="CON-003",
    description="Aniseed syrup\n12 bottles of 550 ml, new recipe",
    quantity=Decimal("12.5"),
    unit="kg",
    unit_price=Decimal("10.0375"),
    tax_rate=Decimal("8.25"),
    amount=Decimal("125.47"),
)
_FREIGHT = Line(line=3, description="Freight", amount=Decimal("25.00"))
_LINES = (_CHAI, _SYRUP, _FREIGHT)


_WAREHOUSE = "Brilliant Industries, Dock 4\n1200 Harbor Avenue\nSeattle, WA 98134"


def _unpriced(line: Line) -> Line:
    return replace(line, unit_price=None, discount=None, tax_rate=None, amount=None)


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


_QUOTES = (
    Transaction(
        type="quotes",
        number="q-88",
        customer_id="C-1001",
        date=_day("2026-11-02"),
        due_date=_day("2026-12-31"),
        currency="USD",
        status="Pending",
        net=Decimal("852.47"),
        tax=Decimal("68.27"),
        total=Decimal("920.74"),
        lines=_LINES,
    ),
)
_ORDERS = (
    replace(
        _QUOTES[0],
        type="orders",
        number="SO/2026/0451",
        date=_day("2026-11-04"),
        due_date=_day("2026-11-18"),
        status="Shipped",
        reference="PO-7781",
        quote_number="q-88",
        branch="Seattle",
        ship_to=_WAREHOUSE,
        lines=(replace(_CHAI, open_quantity=Decimal(0)), replace(_SYRUP, open_quantity=Decimal("2.5")), _FREIGHT),
    ),
)
_INVOICES = (
    replace(
        _ORDERS[0],
        type="invoices",
        number="INV-2026-0107",
        date=_day("2026-11-18"),
        due_date=_day("2026-12-18"),
        status="Open",
        lines=_LINES,
        allowance=Decimal("52.47"),
        charge=Decimal("12.00"),
        net=Decimal("812.00"),
        tax=Decimal("64.93"),
        total=Decimal("876.93"),
        paid=Decimal("456.20"),
        rounding=Decimal("0.01"),
        balance=Decimal("420.74"),
        payment_terms="30 days net, 2 % within 10 days",
        order_number="SO/2026/0451",
        quote_number="",
        delivery_note_number="DN-310",
        note="Thank you for your order.\nPlease quote the invoice number with your payment.",
    ),
    Transaction(
        type="invoices",
        number="INV-2026-0093",
        customer_id="C-1001",
        date=_day("2026-10-01"),
        due_date=_day("2026-10-31"),
        currency="EUR",
        status="Overdue",
        reference="PO-7702",
        net=Decimal("12400.00"),
        tax=Decimal(0),
        total=Decimal("12400.00"),
        balance=Decimal("12400.00"),
        lines=(
            Line(
                line=1,
                description="Tasting room, fitted",
                quantity=Decimal(1),
                unit_price=Decimal("12500.00"),
                discount_amount=Decimal("100.00"),
                amount=Decimal("12400.00"),
            ),
        ),
    ),
    Transaction(
        type="invoices",
        number="INV-2026-0071",
        customer_id="C-1001",
        date=_day("2026-08-12"),
        due_date=_day("2026-09-11"),
        currency="USD",
        status="Paid",
        net=Decimal("1250.00"),
        tax=Decimal("103.13"),
        total=Decimal("1353.13"),
        balance=Decimal("0.00"),
    ),
)
_CREDIT_NOTES = (
    Transaction(
        type="credit_notes",
        number="CN-15",
        customer_id="C-1001",
        date=_day("2026-09-01"),
        currency="USD",
        net=Decimal("54.00"),
        tax=Decimal("4.46"),
        total=Decimal("58.46"),
        paid=Decimal("8.46"),
        balance=Decimal("50.00"),
        invoice_number="INV-2026-0071",
        lines=(replace(_CHAI, quantity=Decimal(3), discount=None, amount=Decimal("54.00")),),
    ),
)
_DELIVERY_NOTES = (
    Transaction(
        type="delivery_notes",
        number="DN-310",
        customer_id="C-1001",
        date=_day("2026-11-17"),
        currency="USD",
        status="Delivered",
        reference="PO-7781",
        order_number="SO/2026/0451",
        branch="Seattle",
        ship_to=_WAREHOUSE,
        carrier="United Package",
        tracking_number="1Z 999 AA1 01 2345 6784",
        lines=(_unpriced(_CHAI), _unpriced(_SYRUP)),
    ),
)
_DUBAI_INVOICES = (
    Transaction(
        type="invoices",
        number="فاتورة 2026/17",
        customer_id="0012",
        date=_day("2026-11-10"),
        due_date=_day("2026-12-10"),
        currency="AED",
        net=Decimal("2000.00"),
        tax=Decimal("100.00"),
        total=Decimal("2100.00"),
        balance=Decimal("-50.00"),
        ship_to="مستودع 7\nجبل علي",
        lines=(
            Line(1, "BEV-001", "شاي", Decimal(100), "علبة", Decimal("20.00"), None, Decimal(5), Decimal("2000.00")),
        ),
    ),
)

PORTALS = {
    "brilliant": bundle([*_QUOTES, *_ORDERS, *_INVOICES, *_CREDIT_NOTES, *_DELIVERY_NOTES]),
    "qamar": bundle(_DUBAI_INVOICES, ["orders", "invoices"], customer=QAMAR, locale="ar-AE", contact="ليلى"),
}
"""What the golden pages are made of: every type to the portal's own link; and to a contact's, right to left, one."""
