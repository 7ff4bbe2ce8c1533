"""`portalgen inspect`: whose export a file is, how it would be read, and an entry that reads it so."""

import gzip
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main
from portalgen.commands.inspect import Inspected
from portalgen.definitions import load
from portalgen.demo import write_demo
from portalgen.errors import InvalidInputError
from portalgen.exports.columns import HEADERS, LINES
from portalgen.exports.inspect_entry import Entry, block, text_of
from portalgen.exports.inspect_guess import _SYNONYMS
from portalgen.exports.inspection import Finding, Inspection, inspect
from portalgen.exports.profiles import sounds_private
from portalgen.exports.reader import read_exports
from portalgen.model import Account, Transaction
from portalgen.yamlfile import parse_yaml
from tests.exports import xlsx
from tests.exports.profile_cases import NAMES, case_of, write_case
from tests.exports.test_profiles import equal, facts
from tests.shared_data import shared


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["inspect", *arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


def only(found: Inspection) -> Finding:
    [finding] = [finding for file in found.files for finding in file.findings]
    return finding


def read(folder: Path, text: str, **site: str) -> list[Account]:
    """What a site reads whose exports are the pasted `text`."""
    head = json.dumps({"id": "x", "title": "x", "currency": "EUR", **site})
    (folder / "pasted.yaml").write_text(f"version: 1\nsite: {head}\n{text}", encoding="utf-8")
    with read_exports(load(folder / "pasted.yaml")) as book:
        return [*book.accounts(book.customers())]


def documents(accounts: list[Account]) -> dict[tuple[str, str], Transaction]:
    return {(each.type, each.number): each for account in accounts for each in account.transactions}


@pytest.fixture(scope="module", params=NAMES)
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Inspection]:
    """The name of a profile's sample, its folder, and what is said of its files."""
    folder = tmp_path_factory.mktemp("sample")
    write_case(request.param, folder)
    case = case_of(request.param)
    for sheet in (sheet for sheets in case.get("workbooks", {}).values() for sheet in sheets):
        (folder / sheet["from"]).unlink(missing_ok=True)
    for pdf in case.get("pdfs", {}).values():
        (folder / pdf["from"]).unlink()
    return request.param, folder, inspect(["."], folder)


def test_every_sample_is_recognised_as_its_own_system_and_types(sample: tuple[str, Path, Inspection]) -> None:
    name, folder, found = sample
    told = [
        (path, each.fit.profile, each.entry.type)
        for file in found.files
        for path in file.look.files
        for each in file.findings
        if each.fit
    ]
    for item in case_of(name)["exports"]:
        for path in folder.glob(item["path"]):
            assert (path, name, item["type"]) in told
    assert {profile for _, profile, _ in told} == {name}


def test_the_pasted_block_reads_a_sample_to_its_truth(sample: tuple[str, Path, Inspection]) -> None:
    name, folder, found = sample
    case = case_of(name)
    accounts = read(folder, found.block, **case["site"])
    there = {key: facts(each) for key, each in documents(accounts).items()}
    assert there.keys() == {(true["type"], true["number"]) for true in case["expect"]["documents"]}
    for true in case["expect"]["documents"]:
        said = there[true["type"], true["number"]]
        assert {key: said[key] for key in true.keys() - {"rows"} if not equal(said[key], true[key])} == {}, true[
            "number"
        ]
    people = {account.customer.id: account.customer for account in accounts}
    for id_, true in case["expect"]["customers"].items():
        assert {key: getattr(people[id_], key) for key in true} == true


def test_what_is_said_of_a_sample_is_what_reading_it_comes_to(sample: tuple[str, Path, Inspection]) -> None:
    for finding in (finding for file in sample[2].files for finding in file.findings):
        said = finding.examined
        assert said.problems == []
        assert said.shown is not None
        assert said.documents == said.shown + said.left_out.get("hidden by status", 0)
        if said.statuses:
            fates = [status.count for status in said.statuses if status.verdict != "shown"]
            assert sum(fates) == said.left_out.get("hidden by status", 0)
        assert all(len(each.samples) <= 3 for each in (*said.columns, *said.line_columns))
        assert not {title for each in said.columns for title in each.headings} & {*said.private}


def test_two_systems_that_write_the_same_are_both_named_and_other_files_tell_which_it_is(tmp_path: Path) -> None:
    write_case("invoicely", tmp_path)
    found = inspect(["clients.csv"], tmp_path)
    assert only(found).entry.keys["profile"] == "invoice2go"
    assert [(fit.profile, fit.type) for fit in only(found).rivals] == [("invoicely", "customers")]
    assert "  # the headings do not tell the system: it could be invoicely as well" in found.block
    [clients, _] = inspect(["."], tmp_path).files
    assert clients.findings[0].entry.keys["profile"] == "invoicely"


def test_the_lines_of_documents_are_found_beside_them(tmp_path: Path) -> None:
    write_case("quickbooks-report", tmp_path)
    found = inspect(["transactions.csv"], tmp_path)
    assert [finding.entry.keys["lines"] for finding in found.files[0].findings] == [{"path": "sales.csv"}] * 2
    assert [finding.examined.lines for finding in found.files[0].findings] == [3, 1]
    [leftover] = inspect(["sales.csv"], tmp_path).files[0].leftovers
    assert leftover.lines_of == "invoices (profile quickbooks-report)"
    (tmp_path / "sales.csv").unlink()
    [first, _] = inspect(["transactions.csv"], tmp_path).files[0].findings
    assert first.entry.keys["lines"] == {"path": "LINES-FILE-MISSING"}
    assert (first.examined.documents, first.examined.problems) == (2, [])


def recognised(folder: Path) -> dict[str, str]:
    """By the path of each file, what its tables are taken for, guesses in brackets."""
    said = {}
    for file in inspect(["."], folder).files:
        told = []
        for finding in file.findings:
            whose = finding.fit.profile if finding.fit else "(guessed)"
            lines = " with lines" if finding.examined.lines else ""
            told.append(f"{whose} {finding.entry.type}{lines}")
        said[file.look.path] = ", ".join(told) or next(
            (f"lines of {each.lines_of}" for each in file.leftovers if each.lines_of), ""
        )
    return said


def test_real_files_of_other_programs_are_recognised() -> None:
    assert recognised(shared("data/invoiceninja-import")) == {
        "clients.csv": "invoice-ninja-4 customers",
        "expenses.csv": "",
        "freshbooks_clients.csv": "freshbooks customers",
        "freshbooks_invoices.csv": "freshbooks invoices with lines",
        "i2g_clients.csv": "invoice2go customers",
        "i2g_invoices.csv": "invoice2go invoices",
        "invoice.csv": "invoice-ninja-4 invoices with lines",
        "invoicely_clients.csv": "invoice2go customers",
        "invoicely_invoices.csv": "invoicely invoices",
        "payments.csv": "",
        "products.csv": "invoice-ninja-4 products",
        "quotes.csv": "invoice-ninja-4 quotes with lines",
        "recurring_invoice.csv": "invoice-ninja-4 invoices",
        "tasks.csv": "",
        "tasks2.csv": "",
        "vendors.csv": "invoice-ninja-4 customers",
        "wave_clients.csv": "wave customers",
        "wave_expenses.csv": "wave invoices with lines",
        "wave_invoices.csv": "wave invoices with lines",
        "wave_vendors.csv": "",
        "zoho_contacts.csv": "zoho-books customers",
        "zoho_invoices.csv": "zoho-books invoices with lines",
    }


def test_real_files_of_vendors_and_expenses_come_with_a_warning() -> None:
    folder = shared("data/invoiceninja-import")
    for name in ("vendors.csv", "wave_expenses.csv", "recurring_invoice.csv"):
        assert "  # by its name, this is nothing for customers" in inspect([name], folder).block


def test_real_files_of_no_known_system_are_guessed() -> None:
    assert {path: told for path, told in recognised(shared("data/northwind")).items() if told} == {
        "customers.csv": "(guessed) customers",
        "order_details.csv": "lines of orders",
        "orders.csv": "(guessed) orders with lines",
        "products.csv": "(guessed) products",
    }
    assert {path: told for path, told in recognised(shared("data/sap-bikes")).items() if told} == {
        "BusinessPartners.csv": "(guessed) customers",
        "SalesOrderItems.csv": "lines of orders",
        "SalesOrders.csv": "(guessed) orders with lines",
    }
    assert recognised(shared("data/chinook")) == {
        "ChinookData.json": "(guessed) customers, (guessed) invoices with lines",
        "Chinook_Sqlite.sqlite": "(guessed) customers, (guessed) invoices with lines",
    }


def test_real_files_of_bookings_are_no_documents_and_said_to_be_none() -> None:
    found = inspect(["."], shared("data/datev-extf"))
    assert found.block == ""
    assert {file.look.path: file.look.encoding for file in found.files if "EXTF" in file.look.path} == {
        "EXTF_Buchungsstapel.csv": "windows-1252",
        "EXTF_Kontenbeschriftungen.csv": "utf-8",
        "EXTF_Stammdaten.csv": "windows-1252",
    }
    titles = found.files[0].leftovers[0].heading
    assert "Belegdatum" in titles


def test_real_e_invoices_are_one_export_for_each_type() -> None:
    found = inspect(["examples"], shared("data/peppol-bis3"))
    assert [(finding.entry.keys, finding.examined.others) for finding in found.files[0].findings] == [
        ({"type": "customers", "path": "examples/*.xml", "profile": "ubl"}, 0),
        ({"type": "invoices", "path": "examples/*.xml", "profile": "ubl"}, 1),
        ({"type": "credit_notes", "path": "examples/*.xml", "profile": "ubl"}, 8),
    ]


def test_a_real_e_invoice_in_a_pdf_is_recognised() -> None:
    [file] = inspect(["pdf/invoice_EN16931.pdf"], shared("data/facturx")).files
    told = [
        (finding.fit and finding.fit.profile, finding.entry.type, finding.examined.shown) for finding in file.findings
    ]
    assert told == [("factur-x", "customers", 1), ("factur-x", "invoices", 1)]


@pytest.mark.parametrize(("folder", "documents_there"), [("northwind", 830), ("sap-bikes", 334)])
def test_the_guessed_block_reads_real_files(folder: str, documents_there: int, tmp_path: Path) -> None:
    source = shared(f"data/{folder}")
    for file in source.glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    found = inspect(["."], tmp_path)
    accounts = read(tmp_path, found.block)
    assert len(documents(accounts)) == documents_there
    assert any(transaction.lines for transaction in documents(accounts).values())


INVOICES = (
    "Invoice No;Client Code;Invoice Date;Due;State of payment;Net Amount;VAT;Grand Total;Unit Cost;Profit;Notes\n"
    "0012;K-1;31.01.2026;28.02.2026;open;1.000,00;190,00;1.190,00;3,00;9,00;tall customer\n"
    "0013;K-1;01.02.2026;;open;10,00;1,90;11,90;1,00;2,00;\n"
)


def test_an_unknown_file_is_guessed_by_near_names_and_what_sounds_private_is_never_read(tmp_path: Path) -> None:
    write(tmp_path, "outgoing invoices.csv", INVOICES)
    finding = only(inspect(["outgoing invoices.csv"], tmp_path))
    assert finding.fit is None
    assert finding.entry.keys["columns"] == {
        "number": "Invoice No",
        "customer_id": "Client Code",
        "date": "Invoice Date",
        "due_date": "Due",
        "net": "Net Amount",
        "tax": "VAT",
        "total": "Grand Total",
    }
    said = finding.examined
    assert said.private == ["Unit Cost", "Profit"]
    assert said.unread == ["State of payment", "Unit Cost", "Profit", "Notes"]
    assert (said.dates.verdict, said.dates.settings) == ("proven", ("%d.%m.%Y",))
    assert (said.decimals.verdict, said.decimals.settings) == ("proven", (",",))
    assert said.columns[0].samples == ("0012", "0013")
    write(tmp_path, "customers.csv", "id,name\nK-1,One\n")
    there = documents(read(tmp_path, f"{inspect(['.'], tmp_path).block}"))
    assert str(there["invoices", "0012"].total) == "1190.000000"
    assert "tall customer" not in repr(there)


def test_every_guess_is_marked_to_be_checked(tmp_path: Path) -> None:
    write(tmp_path, "invoices.csv", "InvoiceNumber,customer_id,Invoice Dates,amount\n1,2,2026-01-31,3\n")
    assert inspect(["invoices.csv"], tmp_path).block == (
        "exports:\n"
        "  # guessed by names alone: check each line\n"
        "  - type: invoices\n"
        "    path: invoices.csv\n"
        "    dates: prove\n"
        "    decimal: prove\n"
        "    columns:\n"
        "      number: InvoiceNumber   # check\n"
        "      customer_id: customer_id\n"
        "      date: Invoice Dates   # only the name is near: check\n"
        "      total: amount   # check\n"
        "    ignore: ALL\n"
    )


def test_statuses_of_unknown_systems_are_proposed_with_a_word_for_each(tmp_path: Path) -> None:
    rows = "1,2,2026-01-31,On hold,\n2,2,2026-01-31,Sent: twice,\n3,2,2026-01-31,Draft,\n"
    write(tmp_path, "invoices.csv", f"InvoiceNumber,customer_id,date,status,Due Date\n{rows}")
    found = inspect(["invoices.csv"], tmp_path)
    assert (
        "    status:\n"
        "      On hold: On hold   # check: what customers read\n"
        '      "Sent: twice": "Sent: twice"   # check: what customers read\n'
    ) in found.block
    assert "Draft" not in found.block
    write(tmp_path, "customers.csv", "id,name\n2,One\n")
    shown = documents(read(tmp_path, inspect(["."], tmp_path).block))
    assert {each.status for each in shown.values()} == {"On hold", "Sent: twice"}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["0.25", "0", "1"], "discount: fraction   # check: 0.15 is 15 %"),
        (["0,5", ""], "discount: fraction   # check: 0.15 is 15 %"),
        (["0.25", "5"], "discount: discount   # check: a percentage, or else discount: fraction, or amount"),
        (["0", "0"], "discount: discount   # check: a percentage, or else discount: fraction, or amount"),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_discounts_that_are_all_below_one_are_proposed_as_fractions(
    cells: list[str], said: str, apart: bool, tmp_path: Path
) -> None:
    lines = [f"1;K;2026-01-31;A;2;3;{cell}\n" for cell in cells]
    if apart:
        write(tmp_path, "invoices.csv", "InvoiceNo;customer;date\n1;K;2026-01-31\n")
        heading = "InvoiceNo;sku;quantity;price;discount\n"
        lines = [f"1;A;2;3;{cell}\n" for cell in cells]
        write(tmp_path, "invoice_details.csv", heading + "".join(lines))
    else:
        write(tmp_path, "invoices.csv", "InvoiceNo;customer;date;sku;quantity;price;discount\n" + "".join(lines))
    assert said in inspect(["invoices.csv"], tmp_path).block


def test_customers_without_a_company_are_named_by_their_own_name(tmp_path: Path) -> None:
    rows = "1,Ann,Ash,Ash Ltd,Ulm,a@x.example\n2,Bo,Bay,,Ulm,b@x.example\n"
    text = f"CustomerId,FirstName,LastName,Company,City,Email\n{rows}"
    write(tmp_path, "customers.csv", text)
    found = inspect(["customers.csv"], tmp_path)
    assert "name: {first: [Company, LastName]}   # check: some have no company" in found.block
    assert [account.customer.name for account in read(tmp_path, found.block)] == ["Ash Ltd", "Bay"]


def test_lines_in_a_list_of_their_own_in_the_same_json_are_read(tmp_path: Path) -> None:
    lists = {
        "Invoice": [{"InvoiceId": "1", "CustomerId": "K", "InvoiceDate": "2026-01-31", "Total": 6}],
        "InvoiceLine": [{"InvoiceId": "1", "TrackId": "7", "ProductName": "A", "UnitPrice": 3, "Quantity": 2}],
        "Customer": [{"CustomerId": "K", "Company": "One", "City": "Ulm", "Email": "a@x.example"}],
    }
    write(tmp_path, "all.json", json.dumps(lists))
    [invoice] = documents(read(tmp_path, inspect(["all.json"], tmp_path).block)).values()
    assert [(line.item, str(line.quantity)) for line in invoice.lines] == [("A", "2.000000")]


def test_what_odoo_calls_its_export_of_invoices_is_no_warning(tmp_path: Path) -> None:
    write_case("odoo", tmp_path)
    for name in ("Journal Entry (account.move).csv", "journal entries.csv"):
        (tmp_path / name).write_bytes((tmp_path / "invoices.csv").read_bytes())
        warned = "this is nothing for customers" in inspect([name], tmp_path).block
        assert warned == (name == "journal entries.csv")


def test_dates_that_can_be_read_in_two_ways_are_shown_in_both_and_left_to_the_owner(tmp_path: Path) -> None:
    write(tmp_path, "orders.csv", "Order No,Customer No,Order Date,Total\n1,K,02/01/2026,1.50\n2,K,03/04/2026,2\n")
    finding = only(inspect(["orders.csv"], tmp_path))
    assert finding.examined.dates.verdict == "ambiguous"
    assert finding.examined.dates.readings[0] == (
        "'02/01/2026' is 2026-01-02 under '%d/%m/%Y' and 2026-02-01 under '%m/%d/%Y'"
    )
    assert finding.entry.keys["dates"] == "prove"
    assert 'the file does not tell: add dates: "%d/%m/%Y" or "%m/%d/%Y"' in finding.entry.notes
    assert finding.examined.documents == 2
    assert [problem.where.line for problem in finding.examined.problems] == [2]
    said = run(str(tmp_path / "orders.csv")).stdout
    assert "2026-01-02 under '%d/%m/%Y' and 2026-02-01" in " ".join(said.split())


def test_statuses_are_counted_as_shown_hidden_or_unknown(tmp_path: Path) -> None:
    rows = "".join(
        f"A{number},I{number},2026-01-31,Sales invoice,{status},1,1,1,1\n"
        for number, status in enumerate(["Paid", "Draft", "Paid", "Frozen"])
    )
    write(
        tmp_path,
        "x.csv",
        "ContactName,InvoiceNumber,InvoiceDate,Type,Status,InvoiceAmountDue,Total,UnitAmount,LineAmount\n" + rows,
    )
    finding = only(inspect(["x.csv"], tmp_path))
    told = [(status.written, status.count, status.verdict) for status in finding.examined.statuses]
    assert told == [("Paid", 2, "shown"), ("Draft", 1, "hidden"), ("Frozen", 1, "unknown")]
    assert (finding.examined.shown, finding.examined.left_out) == (2, {"hidden by status": 2})
    assert "'Frozen' is not one that `visible` names" in finding.examined.warnings[0].message


def test_what_a_profile_s_rows_leave_out_is_told_by_its_values(tmp_path: Path) -> None:
    kinds = ["Sales invoice", "Bill", "Bill", "Sales overpayment"]
    rows = "".join(f"A,I{number},2026-01-31,{kind},Paid,1,1,1,1\n" for number, kind in enumerate(kinds))
    heading = "ContactName,InvoiceNumber,InvoiceDate,Type,Status,InvoiceAmountDue,Total,UnitAmount,LineAmount\n"
    write(tmp_path, "x.csv", heading + rows)
    inspection = inspect(["x.csv"], tmp_path)
    told = only(inspection).examined.left_out_values
    assert [(each.heading, each.value, each.count) for each in told] == [
        ("Type", "Bill", 2),
        ("Type", "Sales overpayment", 1),
    ]
    assert "left out  Type: 'Bill' 2, 'Sales overpayment' 1" in Inspected(inspection).to_text()


def test_a_type_or_a_profile_can_be_demanded(tmp_path: Path) -> None:
    write_case("sap-b1", tmp_path)
    (tmp_path / "deliveries.json").rename(tmp_path / "page.json")
    found = inspect(["page.json"], tmp_path)
    assert only(found).rivals
    assert "the headings do not tell the type: it could be " in found.block
    assert only(inspect(["page.json"], tmp_path, type_="delivery_notes")).entry.type == "delivery_notes"
    assert only(inspect(["page.json"], tmp_path, profile="sap-b1", type_="orders")).entry.type == "orders"
    with pytest.raises(InvalidInputError, match="does not say how to read contacts"):
        inspect(["page.json"], tmp_path, profile="sap-b1", type_="contacts")
    write_case("invoicely", tmp_path / "other")
    finding = only(inspect(["clients.csv"], tmp_path / "other", profile="invoicely"))
    assert finding.entry.keys == {"type": "customers", "path": "clients.csv", "profile": "invoicely"}


def test_a_profile_of_ones_own_is_as_good(tmp_path: Path) -> None:
    write(
        tmp_path,
        "ours.yaml",
        "name: ours\ntitle: Ours\nabout: Ours.\ndefaults: {ignore: ALL}\ntypes: {orders: {recognise: [Nr, Wer], "
        "columns: {number: Nr, customer_id: Wer, date: Wann}}}\n",
    )
    write(tmp_path, "a.csv", "Wer,Nr,Wann\nK,1,2026-01-31\n")
    finding = only(inspect(["a.csv"], tmp_path, profile="ours.yaml"))
    assert finding.entry.keys == {"type": "orders", "path": "a.csv", "profile": "ours.yaml"}
    assert finding.examined.shown == 1


def test_a_heading_that_a_profile_needs_and_the_file_lacks_is_named(tmp_path: Path) -> None:
    write(tmp_path, "x.csv", "ContactName,InvoiceNumber,InvoiceAmountDue,UnitAmount\nA,1,2,3\n")
    finding = only(inspect(["x.csv"], tmp_path, profile="xero"))
    assert finding.fit
    assert finding.fit.missing == ["LineAmount"]
    assert "column 'date' is missing" in [problem.message for problem in finding.examined.problems]
    [leftover] = inspect(["x.csv"], tmp_path).files[0].leftovers
    assert leftover.nearest
    assert (leftover.nearest.profile, leftover.nearest.missing) == ("xero", ["LineAmount"])


def test_sheets_and_tables_are_told_and_named_in_the_entry(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "erp.db")
    database.executescript(
        "CREATE TABLE clients (client_id TEXT, client_name TEXT, email TEXT, city TEXT);"
        "INSERT INTO clients VALUES ('007', 'Bond', 'b@example.com', 'London');"
        "CREATE TABLE invoice (invoice_no TEXT, client_id TEXT, invoice_date TEXT, total NUMERIC);"
        "INSERT INTO invoice VALUES ('1', '007', '2026-01-31', 12.5);"
        "CREATE TABLE invoice_items (invoice_no TEXT, sku TEXT, qty NUMERIC, price NUMERIC);"
        "INSERT INTO invoice_items VALUES ('1', 'A', 5, 2.5);"
        "CREATE TABLE settings (key TEXT, value TEXT); INSERT INTO settings VALUES ('a', 'b');"
    )
    database.close()
    found = inspect(["erp.db"], tmp_path)
    assert [table.name for table in found.files[0].look.tables] == ["clients", "invoice", "invoice_items", "settings"]
    assert [each.table for each in found.files[0].leftovers] == ["settings"]
    [invoice] = documents(read(tmp_path, found.block)).values()
    assert (invoice.customer_id, len(invoice.lines)) == ("007", 1)


def test_lists_within_json_records_are_their_lines(tmp_path: Path) -> None:
    orders = [
        {
            "orderNo": "1",
            "customerId": "K",
            "orderDate": "2026-01-31",
            "rows": [{"sku": "A", "qty": 2, "price": 3}],
            "x": [],
        }
    ]
    write(
        tmp_path,
        "all.json",
        json.dumps({"meta": {}, "orders": orders, "clients": [{"id": "K", "name": "One", "city": "", "email": ""}]}),
    )
    found = inspect(["all.json"], tmp_path)
    assert [finding.entry.keys["records"] for finding in found.files[0].findings] == ["orders", "clients"]
    [order] = documents(read(tmp_path, found.block)).values()
    assert [(line.item, str(line.quantity)) for line in order.lines] == [("A", "2.000000")]


def test_the_format_the_encoding_and_the_compression_are_seen_from_the_bytes(tmp_path: Path) -> None:
    text = "Kundennummer;Invoice No;Customer No;Invoice Date\nM\u00fcller;1;2;2026-01-31\n"
    (tmp_path / "a.csv").write_bytes(text.encode("windows-1252"))
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    (tmp_path / "c.txt").write_text('[{"invoiceNo": "1", "customerNo": "2", "invoiceDate": "2026-01-31"}]')
    by_bytes, packed, records = (only(inspect([name], tmp_path)) for name in ("a.csv", "b.csv.gz", "c.txt"))
    assert by_bytes.entry.keys["encoding"] == "windows-1252"
    assert packed.entry.keys["path"] == "b.csv.gz"
    assert records.entry.keys["format"] == "json"
    assert [each.examined.documents for each in (by_bytes, packed, records)] == [1, 1, 1]


def test_everything_is_in_the_json_too(tmp_path: Path) -> None:
    write_case("xero", tmp_path)
    said: dict[str, Any] = json.loads(run(str(tmp_path / "invoices.csv"), "--json").stdout)
    [file] = said["files"]
    assert (said["errors"], file["format"], file["encoding"], file["delimiter"]) == ([], "csv", "utf-8", ",")
    [invoices, credit_notes] = file["exports"]
    assert (invoices["system"]["profile"], invoices["type"], credit_notes["type"]) == (
        "xero",
        "invoices",
        "credit_notes",
    )
    assert (
        invoices["columns"][0]
        == {"column": "number", "headings": ["InvoiceNumber"], "samples": ["INV-0042", "INV-0043"]}
        or invoices["columns"][0]["samples"]
    )
    assert parse_yaml(said["block"], "").data


def test_nothing_is_written(tmp_path: Path) -> None:
    write_case("quickbooks-report", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    run(str(tmp_path))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_what_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    assert "there is no file" in run(str(tmp_path / "nothing.csv"), code=2).stderr
    assert "there is no export in this folder" in run(str(tmp_path), code=2).stderr
    write(tmp_path, "empty.csv", "")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100)
    write(tmp_path, "broken.json", '{"value": [{"a": 1}')
    write(tmp_path, "no.xml", "<a/>")
    write(tmp_path, "more.json", '{"value": [{"a": 1}], "@odata.nextLink": "https://x.example"}')
    for name in ("old.xls", "broken.json", "no.xml", "more.json"):
        said = run(str(tmp_path / name), code=2).stderr
        assert said.startswith(str(tmp_path / name)), said
    write(tmp_path, "customers.csv", "id,name,email,city\n1,One,,\n")
    folder = run(str(tmp_path), code=2)
    assert "customers.csv" in folder.stdout, "what can be read is told all the same"
    assert "broken.json" in folder.stderr
    assert "xerro" in run(str(tmp_path / "customers.csv"), "--profile", "xerro", code=2).stderr


def test_control_characters_of_a_file_reach_no_terminal(tmp_path: Path) -> None:
    write(tmp_path, "customers.csv", "id,name,email,city,\x1b[2Jwild\u202etitle\n1,\x1b[31mred,,,x\n")
    said = run(str(tmp_path / "customers.csv")).output
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "\\x1b[31mred" in said


def test_reports_fit_a_terminal(tmp_path: Path) -> None:
    write_case("zoho-books", tmp_path)
    text, _, _ = run(str(tmp_path / "invoices.csv")).stdout.partition("to paste into")
    long = [line for line in text.splitlines() if len(line) > 80 and not line.startswith(("/", "    "))]
    assert long == []


@pytest.mark.parametrize(
    "text",
    ["a: b", "#x", "no", "1.5", 'a"b\\', "\x1b", "\u2028", "\U0001f600", "- a", "*", "x ", "{a}", "null", "a\tb"],
)
def test_texts_survive_yaml(text: str) -> None:
    entries = block([Entry({"type": "orders", "path": text, "columns": {"number": [text, text]}})])
    data = parse_yaml(entries, "").data
    assert data == {"exports": [{"type": "orders", "path": text, "columns": {"number": [text, text]}}]}
    assert text_of("exports/a b.csv") == "exports/a b.csv"


def test_the_words_that_are_known_are_of_columns_there_are_and_none_sounds_private() -> None:
    kinds = {"transactions": HEADERS["invoices"], "lines": LINES}
    for kind, columns in _SYNONYMS.items():
        assert {*columns} <= {*kinds.get(kind, HEADERS.get(kind, {}))}
        assert not [words for words in columns.values() if sounds_private(words)]


def test_profiles_are_listed_and_explained(tmp_path: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(main, ["profiles"]).stdout
    assert [line.split()[0] for line in listed.splitlines()] == NAMES
    as_json = json.loads(runner.invoke(main, ["profiles", "--json"]).stdout)
    assert [each["name"] for each in as_json] == NAMES
    for name in NAMES:
        said = runner.invoke(main, ["profile", name])
        assert said.exit_code == 0, said.output
        text, _, pasted = said.stdout.partition("to paste into portals.yaml, with your own paths:\n")
        assert [line for line in text.splitlines() if len(line) > 80] == []
        write(tmp_path, "portals.yaml", f"version: 1\nsite: {{id: x, title: x}}\n{pasted}")
        assert {source.profile for source in load(tmp_path / "portals.yaml").exports} == {name}
        told = json.loads(runner.invoke(main, ["profile", name, "--json"]).stdout)
        assert [*told["types"]] == next(each["types"] for each in as_json if each["name"] == name)
    assert "did you mean 'xero'?" in runner.invoke(main, ["profile", "xerro"]).stderr
    assert runner.invoke(main, ["profile", "xerro"]).exit_code == 2


def test_the_explanation_tells_what_is_shown_hidden_and_must_be_there() -> None:
    said = CliRunner().invoke(main, ["profile", "xero"]).stdout
    assert "  shown       Awaiting Payment, Paid\n" in said
    assert "  never       Draft, Submitted, Awaiting Approval, Voided, Deleted\n" in said
    assert "  must have   InvoiceNumber, ContactName, InvoiceDate\n" in said
    assert "  only rows   Type is Sales invoice or Sales Invoice\n" in said
    assert "    due_date             <- DueDate\n" in said
    assert "Dates are day first or month first" in said


@pytest.mark.parametrize("verb", ["inspect", "profiles", "profile"])
def test_the_verbs_explain_themselves_and_offer_json(verb: str) -> None:
    said = CliRunner().invoke(main, [verb, "--help"]).stdout
    assert "--json" in said


def test_portalgens_own_columns_need_no_more_than_a_path_and_lines_are_those_that_are_called_like_it(
    tmp_path: Path,
) -> None:
    write_demo(tmp_path)
    found = inspect(["exports"], tmp_path)
    entries = [finding.entry.keys for file in found.files for finding in file.findings]
    assert {"type": "customers", "path": "exports/customers.csv"} in entries
    for type_ in ("quotes", "orders", "invoices", "credit_notes", "delivery_notes"):
        lines = {"path": f"exports/{type_}_lines.csv"}
        assert {"type": type_, "path": f"exports/{type_}.csv", "lines": lines} in entries
    problems = [problem for file in found.files for finding in file.findings for problem in finding.examined.problems]
    assert {problem.hint.rpartition(": ")[2] for problem in problems} == {"allow"}  # its ids are similar on purpose


def test_rows_that_cannot_be_told_apart_are_what_check_would_refuse(tmp_path: Path) -> None:
    write(tmp_path, "customers.csv", 'id,name\n"1,b\n')
    finding = only(inspect(["customers.csv"], tmp_path))
    assert [(problem.where.line, problem.message) for problem in finding.examined.problems] == [
        (2, "a quote in the row that starts here is never closed")
    ]
    assert finding.examined.rows == 0


def test_texts_that_mean_nothing_are_proposed_as_empty(tmp_path: Path) -> None:
    write(tmp_path, "customers.csv", "Customer ID,Name,City,Country\n1,One,NULL,NO\n")
    assert only(inspect(["customers.csv"], tmp_path)).entry.keys["empty"] == ["NULL"]


def sheet(*rows: tuple[str | float, ...]) -> str:
    """The XML of a sheet of these rows; '?' is a cell that cannot be read."""
    broken = "<c><v>?</v></c>"
    cells = ["".join(broken if value == "?" else xlsx.cell(value) for value in row) for row in rows]
    return xlsx.sheet_of("".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(cells, start=1)))


HEADING = ("Number", "Customer", "Date", "Total")


def test_what_marks_a_stored_number_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    xlsx.write(tmp_path / "invoices.xlsx", sheet(HEADING, ("I-1", "C-1", "2026-01-01", 1234567.89)))
    assert re.search(r"total +<- Total +1234567\.89\n", run("invoices.xlsx").stdout)
    assert "fdd0" not in run("invoices.xlsx", "--json").stdout.casefold()


def test_a_table_that_cannot_be_read_is_told_with_its_hint_on_a_line_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = sheet(HEADING, ("I-1", "C-1", "2026-01-01", 1))
    xlsx.write(tmp_path / "invoices.xlsx", good, sheet(("a", "b"), ("c", "?")))
    said = run("invoices.xlsx").stdout
    assert "  not read  invoices.xlsx [Two]:2:2: this cell cannot be read: '?'\n" in said
    assert "            hint: save the workbook anew\n" in said


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("Cancelled by user", "hidden"),
        ("Void - duplicate", "hidden"),
        ("ANNULÉ", "hidden"),
        ("\u200bdraft", "hidden"),
        ("Open", "shown"),
        ("Not cancelled", "shown"),
    ],
)
def test_what_becomes_of_a_status_is_what_check_makes_of_it(status: str, verdict: str, tmp_path: Path) -> None:
    write(tmp_path, "invoices.csv", f"Number,Customer,Date,Status\nI-1,C-1,2026-01-01,{status}\nI-2,C-1,2026-01-01,X\n")
    write(tmp_path, "customers.csv", "id,name\nC-1,x\n")
    finding = only(inspect(["invoices.csv"], tmp_path))
    told = {each.written.removeprefix("\\u200b"): each.verdict for each in finding.examined.statuses}
    assert told == {status.removeprefix("\u200b"): verdict, "X": "shown"}
    entry = finding.entry
    shown = {number for _, number in documents(read(tmp_path, block([_CUSTOMERS, entry])))}
    assert shown == ({"I-1", "I-2"} if verdict == "shown" else {"I-2"})
    assert (status in str(entry.keys["status"])) == (verdict == "shown")
    assert (status in entry.notes[-1]) == (verdict == "shown")


_CUSTOMERS = Entry({"type": "customers", "path": "customers.csv"})
