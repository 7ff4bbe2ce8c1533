"""The demo company's files, as text: canonical CSV exports, and the portals.yaml that publishes them."""

import csv
import datetime
import io
import json
import re
from collections.abc import Iterable
from decimal import Decimal
from itertools import count

from portalgen.demo.catalogue import PRODUCTS, TRACKING
from portalgen.demo.company import (
    CLIENTS,
    ROLES,
    SELLER,
    SELLER_ADDRESS,
    SELLER_EMAIL,
    SELLER_PHONE,
    SELLER_TAX_ID,
    Client,
)
from portalgen.demo.deals import AS_OF, choose
from portalgen.demo.documents import documents_of, receipts_of
from portalgen.model import TRANSACTION_TYPES, Transaction

MARK = "# portalgen's demo company"
"""How a config begins that the demo wrote and may write again."""

CUSTOMER_COLUMNS = (
    *("id", "name", "email", "phone", "street", "city", "region", "postal_code", "country"),
    *("currency", "status", "parent_id", "payment_terms"),
)
HEADING = ("number", "customer_id", "date", "due_date", "currency", "status", "reference")
MONEY = ("charge", "net", "tax", "total")
COLUMNS = {
    "quotes": (*HEADING, *MONEY, "note", "branch"),
    "orders": (*HEADING, *MONEY, "note", "branch", "ship_to", "quote_number"),
    "invoices": (
        *(*HEADING, *MONEY, "paid", "balance", "payment_terms", "note", "branch", "ship_to"),
        *("quote_number", "order_number", "delivery_note_number"),
    ),
    "credit_notes": (*HEADING, "net", "tax", "total", "balance", "note", "branch", "order_number", "invoice_number"),
    "delivery_notes": (*HEADING, "note", "branch", "ship_to", "order_number", "carrier", "tracking_number"),
}
"""The columns of each type's export: what is never filled is left out."""

LINE_COLUMNS = ("line", "item", "description", "quantity", "unit")
PRICE_COLUMNS = ("unit_price", "discount", "tax_rate", "amount")
MORE_LINE_COLUMNS = {
    **dict.fromkeys(TRANSACTION_TYPES, PRICE_COLUMNS),
    "orders": ("open_quantity", *PRICE_COLUMNS),
    "delivery_notes": (),
}

RECEIPT_COLUMNS = ("number", "customer_id", "date", "amount", "currency", "method", "reference", "allocated_to")

BULLETIN = """\
## Closed on St Stephen's Day

The warehouse rests from **24 December to 2 January**. What is ordered by *18 December* still leaves the quay this year.
Questions? Write to [the office](mailto:accounts@tern-and-tallow.example).
"""

Rows = Iterable[Iterable[object]]


def demo_files() -> dict[str, str]:
    """The text of each file by its path within the demo's folder, the config first."""
    files = {
        "config/portals.yaml": config_text(),
        "exports/customers.csv": _table(
            CUSTOMER_COLUMNS, (_values(client.customer, CUSTOMER_COLUMNS) for client in CLIENTS)
        ),
        "exports/contacts.csv": _table(("id", "customer_id", "name", "email"), _contact_rows()),
        "exports/products.csv": _table(
            ("sku", "name", "description", "price", "currency", "unit", "availability"), _product_rows()
        ),
    }
    by_type = documents_of(CLIENTS)
    for type_, documents in by_type.items():
        files[f"exports/{type_}.csv"] = _table(COLUMNS[type_], (_values(one, COLUMNS[type_]) for one in documents))
        columns = LINE_COLUMNS + MORE_LINE_COLUMNS[type_]
        files[f"exports/{type_}_lines.csv"] = _table(("number", *columns), _line_rows(documents, columns))
    receipts = (_values(receipt, RECEIPT_COLUMNS) for receipt in receipts_of(by_type))
    files["exports/receipts.csv"] = _table(RECEIPT_COLUMNS, receipts)
    files["bulletin.md"] = BULLETIN
    return files


def _table(columns: tuple[str, ...], rows: Rows) -> str:
    """One canonical export."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    """A value as canonical exports write it: ISO dates, dot decimals, '' for nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime.date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _values(record: object, columns: tuple[str, ...]) -> list[object]:
    return [getattr(record, column) for column in columns]


def _contact_rows() -> Rows:
    numbers = count(1)
    for client in CLIENTS:
        for person in client.people:
            yield f"P{next(numbers):03}", client.customer.id, person.name, person.email


def _product_rows() -> Rows:
    for product in PRODUCTS:
        availability = choose(("in stock", "in stock", "4 weeks", "when the boat comes in"), product.sku)
        yield product.sku, product.name, product.description, product.price, "EUR", product.unit, availability


def _line_rows(documents: Iterable[Transaction], columns: tuple[str, ...]) -> Rows:
    for document in documents:
        for line in document.lines:
            yield document.number, *_values(line, columns)


_SETTINGS = {
    "orders": ", similar_ids: allow, visible: {status: [Open, Delivered, Cancelled]}",
    "invoices": ", similar_ids: allow",
}
"""What the demo says of some exports: which ids are alike and meant, which statuses customers see."""


def config_text() -> str:
    """The demo's portals.yaml."""
    exports = "".join(
        f"  - {{type: {type_}, path: exports/{type_}.csv, lines: exports/{type_}_lines.csv{settings}}}\n"
        for type_ in TRANSACTION_TYPES
        for settings in [_SETTINGS.get(type_, "")]
    )
    roles = "".join(f"  {name}: [{', '.join(types)}]\n" for name, types in ROLES.items())
    portals = "\n".join(map(_portal_text, CLIENTS))
    tracking = "".join(f"    {name}: {_quoted(url)}\n" for name, url in TRACKING.items())
    return f"""\
{MARK}: `portalgen demo` writes this file anew as long as this line stands.
# Everybody in it is invented, down to the telephone numbers.
version: 1

site:
  id: demo
  title: {_quoted(SELLER)}
  base_url: http://127.0.0.1:8750
  locale: en-GB
  currency: EUR
  timezone: Europe/Dublin
  email: {SELLER_EMAIL}
  phone: {_quoted(SELLER_PHONE)}
  tax_id: {_quoted(SELLER_TAX_ID)}
  address: {json.dumps(SELLER_ADDRESS, ensure_ascii=False)}
  accent: "#0b6e4f"              # for links and buttons; made lighter or darker where it could not be read
  bulletin: {{path: bulletin.md, until: 2026-12-31}}
  as_of: {AS_OF.isoformat()}            # the day the exports show

  tracking:                      # where carriers say how far the goods are: a link on each tracking number
{tracking}
keys: file:config/portalgen.keys

exports:                         # similar_ids: this ERP knows a customer 12 and a customer 0012, and means both
  - {{type: customers, path: exports/customers.csv, similar_ids: allow}}
  - {{type: contacts, path: exports/contacts.csv}}
  - {{type: products, path: exports/products.csv}}
  - {{type: receipts, path: exports/receipts.csv}}
{exports}
stores:
  local: {{kind: directory, path: site}}

roles:                           # names for what people may see
{roles}
# One portal for each customer. `customer` is the id in exports/customers.csv and `name` the name that stands beside
# it there: a wrong id does not go unnoticed. Ids need no quotes: 0012, 12:30 and NO are read as they are written.
portals:
{portals}"""


def _portal_text(client: Client) -> str:
    """The definition of one client's portal."""
    customer_id = client.customer.id
    lines = [
        f"  {client.portal}:",
        f"    customer: {customer_id if re.fullmatch('[0-9A-Za-z:-]+', customer_id) else _quoted(customer_id)}",
        f"    name: {_quoted(client.customer.name)}",
        *(f"    {setting}" for setting in client.settings),
    ]
    contacts = [
        f"      {person.id}: {{name: {_quoted(person.name)}, email: {person.email}, show: {person.show}{branches}}}"
        for person in client.people
        for branches in [f", branches: [{_quoted(person.branch)}]" if person.branch else ""]
        if person.show
    ]
    heading = ["    contacts:"] if contacts else []
    return "\n".join(lines + heading + contacts) + "\n"


def _quoted(text: str) -> str:
    """`text` as a scalar that YAML and JSON read alike."""
    return json.dumps(text, ensure_ascii=False)
