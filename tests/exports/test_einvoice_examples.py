"""Every official e-invoice is read with the amount that it says is payable, or refused for a reason that stands here.

What is expected is taken out of the files by regular expressions, not by the reader's own parser.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from portalgen.errors import InvalidInputError
from portalgen.exports import einvoice
from tests.shared_data import shared

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_FOLDERS = ("peppol-bis3", "en16931", "ubl-oasis", "facturx")
_FILES = sorted(
    file.relative_to(_DATA).as_posix()
    for folder in _FOLDERS
    for file in (_DATA / folder).rglob("*")
    if file.suffix.lower() in {".xml", ".pdf"}
)


def _not_shown(*names: str) -> dict[str, tuple[str, ...]]:
    kinds = {name: name.split("/")[-1].split("-")[1] for name in names}
    return {
        f"ubl-oasis/{name}": (f"this is a UBL {kind}, which portalgen does not show",) for name, kind in kinds.items()
    }


_TEST = ("this document is marked as a test (TestIndicator)",)
REFUSED = {
    **_not_shown(
        "debitnote/UBL-DebitNote-2.1-Example.xml",
        "ordercancellation/UBL-OrderCancellation-2.1-Example.xml",
        "orderresponse/UBL-OrderResponse-2.1-Example.xml",
        "receiptadvice/UBL-ReceiptAdvice-2.0-Example.xml",
        "reminder/UBL-Reminder-2.1-Example.xml",
        "remittanceadvice/UBL-RemittanceAdvice-2.0-Example.xml",
        "selfbilledcreditnote/UBL-SelfBilledCreditNote-2.1-Example.xml",
        "statement/UBL-Statement-2.0-Example.xml",
    ),
    "ubl-oasis/order/CENBII-Order-minimal.xml": ("there is no ID, or nothing in it",),
    "ubl-oasis/order/CENBII-Order-maximal.xml": (
        "TaxAmount: the amount is in HUF, the document in EUR",
        "TaxAmount: the amount is in HUF, the document in EUR",
        "AllowanceTotalAmount: the amount is in AED, the document in EUR",
        "ChargeTotalAmount: the amount is in AED, the document in EUR",
        "PayableAmount: the amount is in AED, the document in EUR",
        "LineExtensionAmount: the amount is in AED, the document in EUR",
        "LineExtensionAmount: the amount is in AED, the document in EUR",
    ),
    "facturx/xml/zugferd-basic.xml": _TEST,
    "facturx/xml/zugferd-comfort.xml": _TEST,
    "facturx/xml/zugferd-extended.xml": _TEST,
}
_LINE = r"InvoiceLine|CreditNoteLine|OrderLine|QuotationLine|DespatchLine|IncludedSupplyChainTradeLineItem"
_PAYABLE = re.compile(r"<(?:\w+:)?(?:DuePayableAmount|PayableAmount)\b[^>]*>([^<]*)<")
_LINES = re.compile(rf"<((?:\w+:)?(?:{_LINE}))>(.*?)</\1>", re.DOTALL)
_OF_LINE = re.compile(r"<(?:\w+:)?(?:LineExtensionAmount|LineTotalAmount)\b[^>]*>([^<]*)<")
_TYPES = {
    "Invoice": "invoices",
    "CrossIndustryInvoice": "invoices",
    "CrossIndustryDocument": "invoices",
    "CreditNote": "credit_notes",
    "Order": "orders",
    "SCRDMCCBDACIOMessageStructure": "orders",
    "Quotation": "quotes",
    "DespatchAdvice": "delivery_notes",
}


def text_of(name: str) -> str:
    """The XML of an example without its comments; of the PDF, that of which it was made."""
    file = _DATA / (name if not name.endswith(".pdf") else "facturx/xml/factur-x-en16931.xml")
    return re.sub(r"<!--.*?-->", "", file.read_text(encoding="utf-8-sig"), flags=re.DOTALL)


def records(file: Path, type_: str, name: str = "f") -> list[dict[str, str]]:
    heading, *rows = einvoice.read([(file, name)], type_).rows
    return [dict(zip(heading.cells, row.cells, strict=True)) for row in rows]


def check(rows: Sequence[dict[str, str]], text: str) -> None:
    """The payable amount, the number of lines and each line's amount are those in the text.

    What is payable for an order or a quote is its total, since nothing is due yet.
    """
    payable = [Decimal(found.strip()) for found in _PAYABLE.findall(text)]
    column = "total" if re.search(r"<(?:\w+:)?(?:Anticipated|Quoted)MonetaryTotal\b", text) else "balance"
    assert [Decimal(row[column]) for row in rows if row[column]] == payable
    lines = [found for _, found in _LINES.findall(text)]
    assert len([row for row in rows if row["line.line"]]) == len(lines)
    amounts = [Decimal(amount.strip()) for line in lines for amount in _OF_LINE.findall(line)[:1]]
    assert [Decimal(row["line.amount"]) for row in rows if row["line.amount"]] == amounts


@pytest.mark.parametrize("name", [name for name in _FILES if name not in REFUSED])
def test_an_official_example_is_read_with_its_payable_amount_and_its_lines(name: str) -> None:
    text = text_of(name)
    root = re.search(r"<(?:\w+:)?(\w+)\b[^>?]*>", re.sub(r"<\?.*?\?>", "", text))
    assert root
    type_ = einvoice.document_type(_DATA / name, name)
    assert type_ == _TYPES[root[1]]
    rows = records(_DATA / name, type_)
    check(rows, text)
    assert all(rows[0][column] for column in ("number", "customer_id", "date"))
    assert not any(row[column] for row in rows[1:] for column in row if not column.startswith("line."))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_an_official_example_is_refused_with_the_reason_that_stands_here(name: str) -> None:
    shared("data")
    with pytest.raises(InvalidInputError) as caught:
        records(_DATA / name, einvoice.document_type(_DATA / name, name), name)
    assert tuple(problem.message for problem in caught.value.problems) == REFUSED[name]
    assert all(problem.where.file == name for problem in caught.value.problems)


def test_no_official_example_is_forgotten() -> None:
    counts = {folder: len([1 for name in _FILES if name.startswith(folder)]) for folder in _FOLDERS}
    assert {folder: len(list(shared(f"data/{folder}").rglob("*.[xX][mM][lL]"))) for folder in _FOLDERS} == {
        **counts,
        "facturx": counts["facturx"] - 1,
    }
    assert set(REFUSED) < set(_FILES)
    assert len(_FILES) >= 115


@pytest.mark.parametrize("name", ["basic", "comfort", "extended"])
def test_a_zugferd_1_invoice_that_is_no_test_is_read(name: str, tmp_path: Path) -> None:
    shared("data/facturx")
    text = text_of(f"facturx/xml/zugferd-{name}.xml").replace(
        "<udt:Indicator>true</udt:Indicator></ram:TestIndicator>", "</ram:TestIndicator>"
    )
    file = tmp_path / "f.xml"
    file.write_text(text, encoding="utf-8")
    rows = records(file, "invoices")
    check(rows, text)
    assert rows[0]["total"] == {"basic": "235.62", "comfort": "529.87", "extended": "1256.70"}[name]


def test_the_tax_of_danish_ubl_is_not_taken_for_the_net() -> None:
    row = records(shared("data/ubl-oasis") / "quotation/UBL-Quotation-2.1-Example.xml", "quotes")[0]
    assert (row["net"], row["tax"], row["total"], row["balance"]) == ("", "49437.50", "247187.50", "")


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("order/UBL-Order-2.0-Example.xml", "100.00"),
        ("order/UBL-Order-2.0-Example-International.xml", "1000.00"),
        ("order/UBL-Order-2.1-Example.xml", "6225"),
        ("quotation/UBL-Quotation-2.0-Example.xml", "107.50"),
    ],
)
def test_what_is_payable_for_an_order_or_a_quote_is_its_total_and_nothing_is_due(name: str, total: str) -> None:
    row = records(shared("data/ubl-oasis") / name, "orders" if name.startswith("order/") else "quotes")[0]
    assert (row["total"], row["balance"]) == (total, "")


def test_what_the_documents_of_one_order_say_of_each_other_fits() -> None:
    folder = shared("data/ubl-oasis")
    invoice = records(folder / "invoice/UBL-Invoice-2.0-Example.xml", "invoices")[0]
    order = records(folder / "order/UBL-Order-2.0-Example.xml", "orders")[0]
    delivery = records(folder / "despatchadvice/UBL-DespatchAdvice-2.0-Example.xml", "delivery_notes")[0]
    assert invoice["reference"] == delivery["reference"] == order["number"] == "AEG012345"
    assert invoice["order_number"] == delivery["order_number"] == "CON0095678"
    assert invoice["customer_id"] == delivery["customer_id"] == order["customer_id"] == "GT00978567"
    assert (delivery["line.quantity"], delivery["line.open_quantity"], delivery["line.unit"]) == ("90", "10", "KGM")


def test_a_factur_x_pdf_is_its_xml_and_its_own_attachment() -> None:
    folder = shared("data/facturx")
    from_xml = records(folder / "xml/factur-x-en16931.xml", "invoices")
    from_pdf = records(folder / "pdf/invoice_EN16931.pdf", "invoices", "out/invoice_EN16931.pdf")
    assert from_pdf[0].pop("attachment") == "out/invoice_EN16931.pdf"
    assert from_xml[0].pop("attachment") == ""
    assert from_pdf[0]["balance"] == from_xml[0]["balance"] == "104.90"
    assert len(from_pdf) == len(from_xml) == 3


def test_a_full_peppol_invoice_cell_by_cell() -> None:
    first, second = records(shared("data/peppol-bis3") / "examples/base-example.xml", "invoices")
    header = {column: cell for column, cell in first.items() if cell and not column.startswith("line.")}
    assert header == {
        "number": "Snippet1",
        "customer_id": "FR23342",
        "date": "2017-11-13",
        "due_date": "2017-12-01",
        "currency": "EUR",
        "reference": "0150abc",
        "net": "1325",
        "tax": "331.25",
        "total": "1656.25",
        "balance": "1656.25",
        "charge": "25",
        "payment_terms": "Payment within 10 days, 2% discount",
        "ship_to": "Delivery party Name\nDelivery street 2\nBuilding 56\n21234 Stockholm\nSE",
    }
    assert {column: cell for column, cell in second.items() if cell} == {
        "line.line": "2",
        "line.description": "item name 2\nDescription 2",
        "line.quantity": "-3",
        "line.unit": "DAY",
        "line.unit_price": "500",
        "line.tax_rate": "25.0",
        "line.amount": "-1500",
    }


def test_buyers_become_customers_as_their_newest_document_has_them() -> None:
    folder = shared("data/peppol-bis3/examples")
    files = [(folder / name, name) for name in ("base-example.xml", "vat-category-O.xml", "Vat-category-S.xml")]
    grid = einvoice.read(files, "customers")
    heading, *rows = grid.rows
    by_id = {row.cells[0]: (row.origin, dict(zip(heading.cells, row.cells, strict=True))) for row in rows}
    assert heading.cells == einvoice.CUSTOMER_COLUMNS
    assert {id_: grid.sources[origin - 1] for id_, (origin, _) in by_id.items()} == {
        "FR23342": "base-example.xml",
        "987654325": "vat-category-O.xml",
    }
    assert by_id["FR23342"][1] == {
        "id": "FR23342",
        "name": "Buyer Official Name",
        "email": "lj@buyer.se",
        "phone": "23434234",
        "street": "Hovedgatan 32\nPo box 878",
        "city": "Stockholm",
        "region": "",
        "postal_code": "456 34",
        "country": "SE",
        "currency": "EUR",
        "tax_id": "SE4598375937",
    }
