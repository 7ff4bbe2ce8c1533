"""Every set of real exports is read as it is, where it lies; counts and sums are found a second time, by other code."""

import csv
import datetime
import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from portalgen.pages import Renderer
from tests.exports.writers import Entry, Read, hints, read_site, refused
from tests.samples import SITE, bundle
from tests.shared_data import shared

CENT = Decimal("0.01")


def link(folder: Path, name: str) -> Path:
    """Make the set `name` of the shared data appear as `data` in `folder`."""
    source = shared(f"data/{name}")
    (folder / "data").symlink_to(source)
    return source


def rows(file: Path, encoding: str = "utf-8-sig", skipped: int = 0, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a CSV file below its heading, which comes after `skipped` lines."""
    with file.open(encoding=encoding, newline="") as text:
        return [*csv.DictReader([*text][skipped:], delimiter=delimiter)]


def grouped(rows: Iterable[dict[str, str]], title: str) -> dict[str, list[dict[str, str]]]:
    """The rows by their cell under a title."""
    groups: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        groups[row[title]].append(row)
    return groups


def plain(entry: Entry) -> Entry:
    """An entry whose own columns alone are read."""
    return {"ignore": "ALL", **entry}


# Northwind: two files, NULL for nothing, days with a time, discounts as fractions.

NORTHWIND_LINES = {
    "path": "data/order_details.csv",
    "columns": {"number": "orderID", "item": "productID", "unit_price": "unitPrice"},
    "discount": "fraction",
}
NORTHWIND_ORDER = {"number": "orderID", "customer_id": "customerID"}
NORTHWIND_PLACE = ["shipName", "shipAddress", "shipCity", "shipRegion", "shipPostalCode", "shipCountry"]
NORTHWIND: Sequence[Entry] = [
    plain(
        {
            "type": "customers",
            "path": "data/customers.csv",
            "empty": "NULL",
            "columns": {
                "id": "customerID",
                "name": "companyName",
                "street": "address",
                "city": "city",
                "region": "region",
                "postal_code": "postalCode",
                "country": "country",
                "phone": "phone",
            },
        }
    ),
    plain(
        {
            "type": "products",
            "path": "data/products.csv",
            "columns": {"sku": "productID", "name": "productName", "unit": "quantityPerUnit", "price": "unitPrice"},
        }
    ),
    plain(
        {
            "type": "orders",
            "path": "data/orders.csv",
            "empty": "NULL",
            "columns": {
                **NORTHWIND_ORDER,
                "date": "orderDate",
                "due_date": "requiredDate",
                "ship_to": {"join": NORTHWIND_PLACE},
            },
            "lines": NORTHWIND_LINES,
        }
    ),
    plain(
        {
            "type": "delivery_notes",
            "path": "data/orders.csv",
            "empty": "NULL",
            "columns": {**NORTHWIND_ORDER, "date": "shippedDate", "order_number": "orderID"},
            "on_error": "quarantine",
            "limit": 21,
        }
    ),
]


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text[:10])


def or_nothing(cell: str) -> str:
    return "" if cell == "NULL" else cell


def test_northwind_whole(tmp_path: Path) -> None:
    source = link(tmp_path, "northwind")
    read = read_site(tmp_path, NORTHWIND, currency="USD")
    people = {row["customerID"]: row for row in rows(source / "customers.csv")}
    assert len(read.accounts) == len(people) == 91
    for account in read.accounts:
        it, row = account.customer, people[account.customer.id]
        assert (it.name, it.street, it.city, it.country) == tuple(
            row[title] for title in ("companyName", "address", "city", "country")
        )
        assert (it.region, it.postal_code, it.phone) == tuple(
            or_nothing(row[title]) for title in ("region", "postalCode", "phone")
        )
    check_northwind_orders(read, source)
    orders = rows(source / "orders.csv")
    shipped = {row["orderID"]: row for row in orders if row["shippedDate"] != "NULL"}
    deliveries = read.numbered("delivery_notes")
    assert {number: str(each.date) for number, each in deliveries.items()} == {
        number: row["shippedDate"][:10] for number, row in shipped.items()
    }
    assert len(deliveries) == 809
    held_back = {reject.number: reject.reason for reject in read.report.rejects}
    assert held_back == {row["orderID"]: "date: must not be empty" for row in orders if row["shippedDate"] == "NULL"}
    assert read.warnings() == []


def check_northwind_orders(read: Read, source: Path) -> None:
    products = {row["productID"]: row for row in rows(source / "products.csv")}
    lines = grouped(rows(source / "order_details.csv"), "orderID")
    orders = rows(source / "orders.csv")
    found = read.numbered("orders")
    assert read.export("products").shown == len(products) == 77
    assert len(found) == len(orders) == 830
    for row in orders:
        order = found[row["orderID"]]
        assert (order.customer_id, order.date, order.due_date) == (
            row["customerID"],
            day(row["orderDate"]),
            day(row["requiredDate"]),
        )
        place = [" ".join(row[title].split()) for title in NORTHWIND_PLACE if row[title] != "NULL"]
        assert [" ".join(line.split()) for line in order.ship_to.splitlines()] == place
        expected = lines[order.number]
        assert [(line.item, line.quantity, line.unit_price) for line in order.lines] == [
            (line["productID"], Decimal(line["quantity"]), Decimal(line["unitPrice"])) for line in expected
        ]
        assert [(line.description, line.unit) for line in order.lines] == [
            (products[line["productID"]]["productName"], products[line["productID"]]["quantityPerUnit"])
            for line in expected
        ]
        amounts = [
            Decimal(line["unitPrice"]) * Decimal(line["quantity"]) * (1 - Decimal(line["discount"]))
            for line in expected
        ]
        assert order.total == sum(amount.quantize(CENT, ROUND_HALF_UP) for amount in amounts)
    assert sum(len(order.lines) for order in found.values()) == 2155
    assert sum(order.total or 0 for order in found.values()) == Decimal("1265793.29")


# SAP's bicycles: ids with leading zeros, days as 20181003, three decimals, sums that do not fit.

_SAP = {"ignore": "ALL", "dates": "%Y%m%d", "decimal": "."}
SAP_CUSTOMERS: Entry = {
    **_SAP,
    "type": "customers",
    "path": "data/BusinessPartners.csv",
    "columns": {
        "id": "PARTNERID",
        "name": {"join": ["COMPANYNAME", "LEGALFORM"]},
        "email": "EMAILADDRESS",
        "phone": "PHONENUMBER",
        "currency": "CURRENCY",
    },
}
SAP_ORDERS: Entry = {
    **_SAP,
    "type": "orders",
    "path": "data/SalesOrders.csv",
    "columns": {
        "number": "SALESORDERID",
        "customer_id": "PARTNERID",
        "date": "CREATEDAT",
        "currency": "CURRENCY",
        "status": "LIFECYCLESTATUS",
        "net": "NETAMOUNT",
        "tax": "TAXAMOUNT",
        "total": "GROSSAMOUNT",
        "branch": "SALESORG",
    },
    "visible": {"status": ["C", "I", "N"], "never": ["X"]},
    "status": {"C": "Completed", "I": "In process", "N": "New"},
    "lines": {
        "path": "data/SalesOrderItems.csv",
        "ignore": "ALL",
        "columns": {
            "number": "SALESORDERID",
            "line": "SALESORDERITEM",
            "item": "PRODUCTID",
            "quantity": "QUANTITY",
            "unit": "QUANTITYUNIT",
            "amount": "NETAMOUNT",
            "tax": "TAXAMOUNT",
        },
    },
}


def amounts_of(row: dict[str, str]) -> tuple[Decimal, Decimal, Decimal]:
    return Decimal(row["NETAMOUNT"]), Decimal(row["TAXAMOUNT"]), Decimal(row["GROSSAMOUNT"])


def test_sap_bikes_orders_and_items_to_the_last_digit(tmp_path: Path) -> None:
    source = link(tmp_path, "sap-bikes")
    read = read_site(tmp_path, [SAP_CUSTOMERS, SAP_ORDERS])
    partners = {row["PARTNERID"]: row for row in rows(source / "BusinessPartners.csv")}
    assert {account.customer.id: account.customer.email for account in read.accounts} == {
        id_: row["EMAILADDRESS"] for id_, row in partners.items()
    }
    assert len(partners) == 40
    assert all(id_.startswith("01000000") and len(id_) == 10 for id_ in partners)
    everything = rows(source / "SalesOrders.csv")
    orders = [row for row in everything if row["LIFECYCLESTATUS"] != "X"]
    found = read.numbered("orders")
    items = grouped(rows(source / "SalesOrderItems.csv"), "SALESORDERID")
    assert found.keys() == {row["SALESORDERID"] for row in orders}
    for row in orders:
        order = found[row["SALESORDERID"]]
        assert (order.customer_id, order.branch, order.currency) == (row["PARTNERID"], row["SALESORG"], row["CURRENCY"])
        assert order.date.strftime("%Y%m%d") == row["CREATEDAT"]
        assert (order.net, order.tax, order.total) == amounts_of(row)
        mine = [
            (f"{line.line:010}", line.item, line.unit, line.quantity, line.amount, line.tax) for line in order.lines
        ]
        assert mine == [
            (item["SALESORDERITEM"], item["PRODUCTID"], item["QUANTITYUNIT"], Decimal(item["QUANTITY"]), *amounts[:2])
            for item in items[order.number]
            for amounts in [amounts_of(item)]
        ]
    assert read.export("orders").rows == len(everything) + sum(map(len, items.values())) == 334 + 1930
    assert read.export("orders").left_out == {"hidden by status": len(everything) - len(orders)}
    assert len(orders) == 331
    assert sum(order.net or 0 for order in found.values()) == sum(amounts_of(row)[0] for row in orders)


def test_sap_bikes_orders_are_on_pages_of_their_partners_with_their_totals(tmp_path: Path) -> None:
    source = link(tmp_path, "sap-bikes")
    totals = {
        row["SALESORDERID"]: (row["PARTNERID"], amounts_of(row)[2].quantize(CENT, ROUND_HALF_UP))
        for row in rows(source / "SalesOrders.csv")
        if row["LIFECYCLESTATUS"] != "X"
    }
    found = {}
    for account in read_site(tmp_path, [SAP_CUSTOMERS, SAP_ORDERS]).accounts:
        site = replace(SITE, downloads=())
        for page in Renderer().render(bundle(account.transactions, ["orders"], customer=account.customer, site=site)):
            if page.path.startswith("orders/"):
                text = page.body.decode()
                [number] = re.findall(r"<h1>Order <bdi>(.*?)</bdi></h1>", text)
                [total] = re.findall(r"<dt>Total</dt><dd><bdi>\$(.*?)</bdi></dd>", text)
                assert number not in found
                found[number] = (account.customer.id, Decimal(total.replace(",", "")))
    assert found == totals


def test_sap_bikes_sums_that_do_not_fit_are_reported_and_can_be_refused(tmp_path: Path) -> None:
    source = link(tmp_path, "sap-bikes")
    items = grouped(rows(source / "SalesOrderItems.csv"), "SALESORDERID")
    wrong = [
        (row["SALESORDERID"], index)
        for row in rows(source / "SalesOrders.csv")
        for index in (0, 1)
        if abs(sum(amounts_of(item)[index] for item in items[row["SALESORDERID"]]) - amounts_of(row)[index])
        > Decimal("0.05")
    ]
    numbers = {number for number, _ in wrong}
    assert len(numbers) == 333
    whole = {**SAP_ORDERS, "visible": {"status": ["C", "I", "N", "X"]}}
    warnings = read_site(tmp_path, [SAP_CUSTOMERS, whole]).warnings()
    assert "data/SalesOrders.csv:2:13: net: 11888.625 USD has more decimals than USD: pages show 11888.63" in warnings
    warnings = [each for each in warnings if "more decimals" not in each]
    assert warnings[0] == (
        "data/SalesOrders.csv:2:13: orders: 0500000000: net: the lines add up to 2535.75, and the export says 11888.625"
    )
    assert [tuple(text.split(": ")[2:4]) for text in warnings[:20]] == [
        (number, ("net", "tax")[index]) for number, index in wrong[:20]
    ]
    assert warnings[20].endswith(f": {len(wrong) - 20} more amounts that do not add up")
    strict = {**whole, "differences": "refuse", "on_error": "quarantine", "limit": 333}
    read = read_site(tmp_path, [SAP_CUSTOMERS, strict])
    assert {reject.number for reject in read.report.rejects} == numbers
    assert len(read.numbered("orders")) == 1
    message = "333 orders would be held back, and the limit is 332"
    assert message in refused(tmp_path, [SAP_CUSTOMERS, {**strict, "limit": 332}])[0]


SAP_EMPLOYEES: Entry = {
    "type": "customers",
    "path": "data/Employees.csv",
    "ignore": "ALL",
    "columns": {
        "id": "EMPLOYEEID",
        "name": {"join": ["NAME_FIRST", "NAME_LAST"]},
        "email": "EMAILADDRESS",
        "phone": "PHONENUMBER",
    },
}


def test_sap_bikes_employees_are_refused_until_their_encoding_is_said(tmp_path: Path) -> None:
    source = link(tmp_path, "sap-bikes")
    assert refused(tmp_path, [SAP_EMPLOYEES]) == ["data/Employees.csv:7:19: the file is not UTF-8"]
    [hint] = hints(tmp_path, [SAP_EMPLOYEES])
    assert hint.startswith("say `encoding: windows-1252` if this is a word of it: 'Haseena\xa0al'")
    read = read_site(tmp_path, [{**SAP_EMPLOYEES, "encoding": "windows-1252"}])
    people = {row["EMPLOYEEID"]: row for row in rows(source / "Employees.csv", "cp1252")}
    assert {account.customer.id for account in read.accounts} == people.keys()
    for account in read.accounts:
        row = people[account.customer.id]
        assert account.customer.name == f"{row['NAME_FIRST']} {row['NAME_LAST']}"
        assert (account.customer.email, account.customer.phone) == (row["EMAILADDRESS"], row["PHONENUMBER"])
    assert len(people) == 14
    assert people["0000000008"]["NAME_FIRST"] == "Pénélope"


def test_sap_bikes_employees_as_contacts_of_a_customer(tmp_path: Path) -> None:
    link(tmp_path, "sap-bikes")
    values = {"customer_id": "0100000000"}
    contacts = {**SAP_EMPLOYEES, "type": "contacts", "encoding": "windows-1252", "values": values}
    read = read_site(tmp_path, [SAP_CUSTOMERS, contacts])
    assert (read.export("contacts").rows, read.export("contacts").shown) == (14, 14)


# Chinook: one book in an SQLite database and as JSON.


def chinook(path: str, of: str) -> list[Entry]:
    """The entries for a Chinook file whose tables or lists are named by the key `of`."""
    customer = {
        "id": "CustomerId",
        "name": {"join": ["FirstName", "LastName"]},
        "street": "Address",
        "city": "City",
        "region": "State",
        "postal_code": "PostalCode",
        "country": "Country",
        "email": "Email",
        "phone": "Phone",
    }
    invoice = {"number": "InvoiceId", "customer_id": "CustomerId", "date": "InvoiceDate", "total": "Total"}
    line = {"number": "InvoiceId", "item": "TrackId", "unit_price": "UnitPrice", "quantity": "Quantity"}
    lines = {of: "InvoiceLine", "columns": line, "ignore": "ALL"}
    return [
        plain({"type": "customers", "path": path, of: "Customer", "columns": customer}),
        plain({"type": "products", "path": path, of: "Track", "columns": {"sku": "TrackId", "name": "Name"}}),
        plain({"type": "invoices", "path": path, of: "Invoice", "columns": invoice, "lines": lines}),
    ]


def test_chinook_is_the_same_book_as_a_database_and_as_json(tmp_path: Path) -> None:
    source = link(tmp_path, "chinook")
    read = read_site(tmp_path, chinook("data/Chinook_Sqlite.sqlite", "sheet"), currency="USD")
    again = read_site(tmp_path, chinook("data/ChinookData.json", "records"), currency="USD")
    assert read.accounts == again.accounts
    assert [*read.warnings(), *again.warnings()] == []
    with sqlite3.connect(source / "Chinook_Sqlite.sqlite") as database:
        check_chinook(read, database)
    told = json.loads((source / "ChinookData.json").read_text(encoding="utf-8-sig"), parse_float=Decimal)
    assert len(read.accounts) == len(told["Customer"]) == 59
    assert sum(len(each.lines) for each in read.documents.values()) == len(told["InvoiceLine"]) == 2240
    assert sum(each.total or 0 for each in read.documents.values()) == sum(each["Total"] for each in told["Invoice"])


def check_chinook(read: Read, database: sqlite3.Connection) -> None:
    people = database.execute("SELECT CustomerId, FirstName || ' ' || LastName, coalesce(State, '') FROM Customer")
    assert {(int(each.customer.id), each.customer.name, each.customer.region) for each in read.accounts} == {*people}
    invoices = database.execute("SELECT InvoiceId, CustomerId, date(InvoiceDate), printf('%.2f', Total) FROM Invoice")
    found = read.numbered("invoices")
    assert {
        (int(each.number), int(each.customer_id), str(each.date), f"{each.total:.2f}") for each in found.values()
    } == {*invoices}
    lines = database.execute(
        "SELECT InvoiceId, TrackId, Name, printf('%.2f', l.UnitPrice), Quantity FROM InvoiceLine l JOIN Track USING "
        "(TrackId)"
    )
    assert Counter(
        (int(each.number), int(line.item), line.description, f"{line.unit_price:.2f}", line.quantity)
        for each in found.values()
        for line in each.lines
    ) == Counter(lines)
    [cents] = database.execute("SELECT sum(CAST(round(Total * 100) AS INTEGER)) FROM Invoice").fetchone()
    assert sum(each.total or 0 for each in found.values()) * 100 == cents == 232860
