"""Real exports of seven programs, each read through its profile; and what is no document, with what is said to it."""

import csv
from collections.abc import Sequence
from decimal import Context, Decimal
from pathlib import Path

import pytest

from tests.exports.test_shared_data import grouped, link, plain, rows
from tests.exports.writers import Entry, Read, read_site, refused

NINJA = "invoice-ninja-4"


def entry(type_: str, file: str, profile: str, **more: object) -> Entry:
    return {"type": type_, "path": f"data/{file}.csv", "profile": profile, **more}


def named(folder: Path, names: Sequence[str]) -> Entry:
    """An export of customers with these names, which are their ids too: for documents whose clients are not there."""
    with (folder / "customers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "name"), *((name, name) for name in dict.fromkeys(names))])
    return {"type": "customers", "path": "customers.csv"}


def money(cell: str) -> Decimal:
    return Decimal(cell.replace("$", "").replace(",", "") or "0")


def check_sums(read: Read, type_: str, count: int, lines: int, total: str) -> None:
    found = read.numbered(type_).values()
    assert (len(found), sum(len(each.lines) for each in found)) == (count, lines)
    assert sum(each.total or 0 for each in found) == Decimal(total)
    assert read.export(type_).shown == count


# Customers: by file, the profile, the rows above the heading, how many, and the titles of id, e-mail and country.
CUSTOMERS = {
    "clients": (NINJA, 3, 20, "Name", "Email", "Billing Country"),
    "freshbooks_clients": ("freshbooks", 0, 2, "Organization", "Email", "Country"),
    "i2g_clients": ("invoice2go", 0, 2, "Client Name", "Email", "Country"),
    "invoicely_clients": ("invoicely", 0, 2, "Client Name", "Email", "Country"),
    "wave_clients": ("wave", 0, 4, "customer_name", "email", "country"),
    "zoho_contacts": ("zoho-books", 0, 5, "Customer ID", "EmailID", "Billing Country"),
}


@pytest.mark.parametrize("file", CUSTOMERS)
def test_clients(file: str, tmp_path: Path) -> None:
    profile, skipped, count, *titles = CUSTOMERS[file]
    source = link(tmp_path, "invoiceninja-import")
    read = read_site(tmp_path, [entry("customers", file, profile)])
    expected = [tuple(row[title] for title in titles) for row in rows(source / f"{file}.csv", skipped=skipped)]
    said = [(each.customer.id, each.customer.email, each.customer.country) for each in read.accounts]
    assert said == sorted(expected)
    assert (len(said), read.warnings()) == (count, [])


def test_invoices_of_invoice_ninja(tmp_path: Path) -> None:
    source = link(tmp_path, "invoiceninja-import")
    exports = [entry("customers", "clients", NINJA), entry("invoices", "invoice", NINJA)]
    read = read_site(tmp_path, exports, currency="USD")
    expected = grouped(rows(source / "invoice.csv", skipped=3), "Invoice Number")
    found = read.numbered("invoices")
    assert found.keys() == expected.keys()
    for number, group in expected.items():
        invoice, first = found[number], group[0]
        assert (invoice.customer_id, str(invoice.date), str(invoice.due_date)) == (
            first["Client"],
            first["Invoice Date"],
            first["Due Date"],
        )
        assert (invoice.total, invoice.paid) == (money(first["Amount"]), money(first["Paid"]))
        assert invoice.balance == money(first["Amount"]) - money(first["Paid"])
        assert invoice.status == {"Partial": "Partly paid", "Paid": "Paid"}[first["Status"]]
        assert [(line.item, line.description, line.quantity, line.unit_price) for line in invoice.lines] == [
            (row["Item Product"], row["Item Notes"], Decimal(row["Item Quantity"]), Decimal(row["Item Cost"]))
            for row in group
        ]
    check_sums(read, "invoices", 400, 401, "11860.87")
    assert read.export("invoices").left_out == {"rows above the heading": 3}


def test_quotes_of_invoice_ninja(tmp_path: Path) -> None:
    source = link(tmp_path, "invoiceninja-import")
    expected = grouped(rows(source / "quotes.csv", skipped=3), "Quote Number")
    clients = named(tmp_path, [group[0]["Client"] for group in expected.values()])
    read = read_site(tmp_path, [clients, entry("quotes", "quotes", NINJA)], currency="USD")
    assert {number: (each.total, len(each.lines), each.status) for number, each in read.numbered("quotes").items()} == {
        number: (money(group[0]["Amount"]), len(group), "Open") for number, group in expected.items()
    }
    check_sums(read, "quotes", 102, 102, "3090.08")


def test_products_of_invoice_ninja_with_prices_of_fifteen_decimals(tmp_path: Path) -> None:
    """Prices to which the program has added the noise of its binary numbers come without it: 8.960000000000001."""
    source = link(tmp_path, "invoiceninja-import")
    everything = rows(source / "products.csv", skipped=3)
    noisy = [Decimal(row["Cost"]) for row in everything if len(row["Cost"].partition(".")[2]) > 6]
    assert len(noisy) == 15
    assert all(Context(prec=15).plus(cost) == cost.quantize(Decimal("0.01")) for cost in noisy)
    exports = [entry("customers", "clients", NINJA), entry("products", "products", NINJA)]
    assert read_site(tmp_path, exports).export("products").shown == len(everything)


def test_invoices_of_freshbooks(tmp_path: Path) -> None:
    source = link(tmp_path, "invoiceninja-import")
    exports = [entry("customers", "freshbooks_clients", "freshbooks")]
    read = read_site(tmp_path, [*exports, entry("invoices", "freshbooks_invoices", "freshbooks")])
    expected = rows(source / "freshbooks_invoices.csv")
    [invoice] = read.documents.values()
    assert (invoice.number, invoice.customer_id, invoice.currency) == ("0000001", "X-Men", "USD")
    assert [(line.quantity, line.unit_price, line.amount) for line in invoice.lines] == [
        (Decimal(row["Quantity"]), Decimal(row["Rate"]), Decimal(row["Line Total"])) for row in expected
    ]
    check_sums(read, "invoices", 1, 3, "7890.00")


def test_invoices_of_invoice2go(tmp_path: Path) -> None:
    """None has been sent, so none is shown until that is said."""
    source = link(tmp_path, "invoiceninja-import")
    expected = rows(source / "i2g_invoices.csv")
    exports = [named(tmp_path, [row["Name"] for row in expected]), entry("invoices", "i2g_invoices", "invoice2go")]
    assert read_site(tmp_path, exports).export("invoices").left_out == {"hidden by status": 4}
    read = read_site(tmp_path, [exports[0], {**exports[1], "visible": {"status": "unsent"}}])
    assert {number: (each.total, each.balance, each.paid) for number, each in read.numbered("invoices").items()} == {
        row["DocumentNumber"]: tuple(Decimal(row[f"{title}Amount"]) for title in ("Total", "BalanceDue", "AmountPaid"))
        for row in expected
    }
    check_sums(read, "invoices", 4, 0, str(sum(Decimal(row["TotalAmount"]) for row in expected)))


def test_invoices_of_invoicely(tmp_path: Path) -> None:
    link(tmp_path, "invoiceninja-import")
    exports = [entry(type_, f"invoicely_{file}", "invoicely") for type_, file in IN_PAIRS]
    [invoice] = read_site(tmp_path, exports).documents.values()
    assert (invoice.number, invoice.customer_id, str(invoice.date), invoice.total, invoice.status) == (
        "INV-1",
        "Bruce Wayne",
        "2021-01-28",
        Decimal(1020),
        "Awaiting payment",
    )


IN_PAIRS = (("customers", "clients"), ("invoices", "invoices"))


@pytest.mark.parametrize(("file", "count", "lines"), [("wave_invoices", 3, 10), ("wave_expenses", 1, 4)])
def test_invoices_of_wave(file: str, count: int, lines: int, tmp_path: Path) -> None:
    """The ledger says itself what each customer owes: on the side of the receivables."""
    source = link(tmp_path, "invoiceninja-import")
    everything = rows(source / f"{file}.csv")
    owed = {
        row["Invoice Number"]: Decimal(row["Amount Before Sales Tax"])
        for row in everything
        if row["Account Type"] == "System Receivable Invoice" and row["Debit Amount (Two Column Approach)"]
    }
    clients = named(tmp_path, [row["Customer"] for row in everything if row["Customer"]])
    read = read_site(tmp_path, [clients, entry("invoices", file, "wave")], currency="USD")
    assert {number: each.total for number, each in read.numbered("invoices").items()} == owed
    check_sums(read, "invoices", count, lines, str(sum(owed.values())))
    assert sum(read.export("invoices").left_out.values()) == len(everything) - lines


def test_invoices_of_zoho(tmp_path: Path) -> None:
    """They are drafts, so none is shown until that is said."""
    source = link(tmp_path, "invoiceninja-import")
    exports = [entry("customers", "zoho_contacts", "zoho-books"), entry("invoices", "zoho_invoices", "zoho-books")]
    assert read_site(tmp_path, exports).export("invoices").left_out == {"hidden by status": 3}
    read = read_site(tmp_path, [exports[0], {**exports[1], "visible": {"status": "Draft"}}])
    expected = grouped(rows(source / "zoho_invoices.csv"), "Invoice Number")
    for number, invoice in read.numbered("invoices").items():
        group = expected[number]
        assert (invoice.customer_id, invoice.total) == (group[0]["Customer ID"], Decimal(group[0]["Total"]))
        assert len(invoice.customer_id) == 19
        assert [(line.quantity, line.amount) for line in invoice.lines] == [
            (Decimal(row["Quantity"]), Decimal(row["Item Total"])) for row in group
        ]
    check_sums(read, "invoices", 3, 13, "1339.75")
    assert read.warnings() == []


# What is no export of customers or documents: by file, why, what it is given as, and what is said.
OTHERS = {
    "expenses": ("what was spent for a client", "invoices", "4: column 'date' is missing"),
    "payments": ("receipts", "invoices", "4: column 'date' is missing"),
    "recurring_invoice": ("patterns of invoices to come", "invoices", "4: column 'date' is missing"),
    "tasks": ("hours worked", "invoices", "1: column 'date' is missing"),
    "tasks2": ("hours worked", "invoices", "1: column 'date' is missing"),
    "wave_vendors": ("suppliers", "customers", "1: column 'id' is missing"),
}


@pytest.mark.parametrize("file", OTHERS)
def test_what_is_no_document_is_refused(file: str, tmp_path: Path) -> None:
    link(tmp_path, "invoiceninja-import")
    _, type_, said = OTHERS[file]
    profile = "wave" if file.startswith("wave") else NINJA
    clients = [named(tmp_path, ["Someone"])] if type_ != "customers" else []
    assert refused(tmp_path, [*clients, entry(type_, file, profile)])[0] == f"data/{file}.csv:{said}"


def test_suppliers_of_invoice_ninja_look_like_clients(tmp_path: Path) -> None:
    """Their headings are those of clients: only who names the file can tell."""
    source = link(tmp_path, "invoiceninja-import")
    clients = read_site(tmp_path, [entry("customers", "clients", NINJA)])
    vendors = read_site(tmp_path, [entry("customers", "vendors", NINJA)])
    heads = [(source / f"{name}.csv").read_text(encoding="utf-8").splitlines()[3] for name in ("clients", "vendors")]
    assert heads[0].replace('"', "") == heads[1]
    assert len(vendors.accounts) == len(clients.accounts) == 20


def test_no_file_of_the_folder_is_forgotten(tmp_path: Path) -> None:
    files = {file.stem for file in link(tmp_path, "invoiceninja-import").glob("*.csv")}
    documents = {"invoice", "quotes", "products", "freshbooks_invoices", "i2g_invoices", "invoicely_invoices"}
    documents |= {"wave_invoices", "wave_expenses", "zoho_invoices", "vendors"}
    assert files == {*CUSTOMERS, *OTHERS, *documents}
    assert len(files) == 22


# DATEV's EXTF: windows-1252, semicolons, a line about the file above the heading. No invoices in it.

DATEV: Entry = plain(
    {
        "type": "customers",
        "path": "data/EXTF_Stammdaten.csv",
        "encoding": "windows-1252",
        "columns": {
            "id": "Konto",
            "name": {
                "join": [
                    "Name (Adressatentyp Unternehmen)",
                    "Vorname (Adressatentyp natürl. Person)",
                    "Name (Adressatentyp natürl. Person)",
                ]
            },
            "street": "Straße",
            "city": "Ort",
            "postal_code": "Postleitzahl",
            "email": "E-Mail",
        },
    }
)


def test_datev_master_data_as_customers(tmp_path: Path) -> None:
    source = link(tmp_path, "datev-extf")
    bare = {key: value for key, value in DATEV.items() if key != "encoding"}
    assert refused(tmp_path, [bare]) == ["data/EXTF_Stammdaten.csv:2:86: the file is not UTF-8"]
    read = read_site(tmp_path, [DATEV])
    expected = rows(source / "EXTF_Stammdaten.csv", "cp1252", 1, ";")
    assert [(each.customer.id, each.customer.city, each.customer.street) for each in read.accounts] == [
        (row["Konto"], row["Ort"], row["Straße"]) for row in expected
    ]
    assert [each.customer.name for each in read.accounts] == [
        "Sabine Mustermann",
        "Meyer GmbH",
        "Schulze GmbH",
        "Scary Kitten  AG",
    ]
    assert (read.accounts[0].customer.city, read.accounts[0].customer.street) == ("Köln", "Am Haagelspfädchen 14")
    assert read.export("customers").left_out == {"rows above the heading": 1}


@pytest.mark.parametrize(
    ("file", "line"), [("EXTF_Buchungsstapel", 2), ("EXTF_Kontenbeschriftungen", 1)], ids=["bookings", "accounts"]
)
def test_datev_has_no_invoices(file: str, line: int, tmp_path: Path) -> None:
    """Bookings have days without a year, and amounts whose sign stands elsewhere; nothing of theirs is guessed."""
    link(tmp_path, "datev-extf")
    bookings = plain({"type": "invoices", "path": f"data/{file}.csv", "encoding": "windows-1252"})
    assert refused(tmp_path, [DATEV, bookings]) == [
        f"data/{file}.csv:{line}: column '{name}' is missing" for name in ("customer_id", "date", "number")
    ]


def test_datev_bookings_given_as_invoices_are_refused(tmp_path: Path) -> None:
    link(tmp_path, "datev-extf")
    columns = {"number": "Belegfeld 1", "customer_id": "Konto", "date": "Belegdatum"}
    bookings = {"type": "invoices", "path": "data/EXTF_Buchungsstapel.csv", "columns": columns, "decimal": ","}
    place = "data/EXTF_Buchungsstapel.csv"
    assert refused(tmp_path, [DATEV, plain({**bookings, "encoding": "windows-1252"})]) == [
        f"{place}:3:7: customer_id: '1200' is not in data/EXTF_Stammdaten.csv",
        f"{place}:3:10: date: '2102' is not a date",
        f"{place}:3:11: number: must not be empty",
        f"{place}:4:10: date: '2202' is not a date",
    ]
