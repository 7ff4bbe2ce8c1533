"""What becomes of an e-invoice's elements. The documents come from a writer that does not know the reader."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portalgen.errors import InvalidInputError, Problem
from portalgen.exports import einvoice
from portalgen.model import TRANSACTION_TYPES, Customer, Line, Transaction
from tests.samples import BRILLIANT, invoice
from tests.ubl import as_written, ubl

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


def records(
    files: Mapping[str, str | bytes],
    type_: str = "invoices",
    *,
    folder: Path,
    refused: list[Problem] | None = None,
    others: list[str] | None = None,
) -> list[dict[str, str]]:
    """The rows read from files of the given content, as mappings from titles to cells that are filled."""
    paths = []
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append((path, name))
    heading, *rows = einvoice.read(paths, type_, refused=refused, others=others).rows
    assert all(len(row.cells) == len(heading.cells) for row in rows)
    return [{title: cell for title, cell in zip(heading.cells, row.cells, strict=True) if cell} for row in rows]


def record(content: str | bytes, type_: str = "invoices", *, folder: Path) -> dict[str, str]:
    return records({"f.xml": content}, type_, folder=folder)[0]


def problems(content: str | bytes, type_: str = "invoices", *, folder: Path) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        records({"f.xml": content}, type_, folder=folder)
    return [str(problem).partition("\n")[0] for problem in caught.value.problems]


def changed(*changes: tuple[str, str], of: bytes | None = None) -> str:
    """An invoice over 119.00 USD as UBL, some of its text replaced."""
    text = (of or ubl(invoice(), BRILLIANT)).decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


# A round trip

_WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=9
)
_ID = st.lists(_WORDS, min_size=1, max_size=3).map(" ".join)
_TEXT = st.lists(_ID, max_size=3, unique=True).map("\n".join)
_DAY = st.dates(datetime.date(1000, 1, 1))
_NUMBER = st.decimals(Decimal("-1e14"), Decimal("1e14"), places=6) | st.decimals(-999, 999, places=2)


def _maybe(of: st.SearchStrategy[Decimal]) -> st.SearchStrategy[Decimal | None]:
    return st.none() | of


_LINES = st.builds(
    Line,
    line=st.just(0),
    item=st.just("") | _ID,
    description=_TEXT,
    quantity=_maybe(_NUMBER),
    unit=st.just("") | _ID,
    unit_price=_maybe(_NUMBER),
    tax_rate=_maybe(_NUMBER),
    amount=_maybe(_NUMBER),
    open_quantity=_maybe(_NUMBER),
)
_TRANSACTIONS = st.builds(
    Transaction,
    type=st.sampled_from(TRANSACTION_TYPES),
    number=_ID,
    customer_id=_ID,
    date=_DAY,
    currency=st.sampled_from(["EUR", "USD", "JPY"]),
    due_date=st.none() | _DAY,
    reference=st.just("") | _ID,
    **{name: _maybe(_NUMBER) for name in ("net", "tax", "total", "balance", "paid", "allowance", "charge", "rounding")},
    **dict.fromkeys(("note", "payment_terms", "ship_to"), _TEXT),
    **dict.fromkeys(("order_number", "quote_number", "invoice_number", "delivery_note_number"), st.just("") | _ID),
    **dict.fromkeys(("carrier", "tracking_number"), st.just("") | _ID),
    lines=st.lists(_LINES, max_size=4).map(
        lambda lines: tuple(replace(line, line=3 * number) for number, line in enumerate(lines, start=1))
    ),
)


def cells_of(whole: Transaction | Line, prefix: str = "") -> dict[str, str | Decimal]:
    """The filled fields of a value, under the titles of the grid."""
    values = {field.name: getattr(whole, field.name) for field in fields(whole) if field.name not in {"type", "lines"}}
    return {
        prefix + name: value if isinstance(value, Decimal) else str(value)
        for name, value in values.items()
        if value not in {None, ""} or isinstance(value, Decimal)
    }


def with_numbers(row: Mapping[str, str], like: Mapping[str, str | Decimal]) -> dict[str, str | Decimal]:
    return {name: Decimal(cell) if isinstance(like.get(name), Decimal) else cell for name, cell in row.items()}


@given(_TRANSACTIONS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_document_written_as_ubl_is_read_as_it_was(tmp_path: Path, document: Transaction) -> None:
    written = as_written(document)
    content = ubl(document, replace(BRILLIANT, id=document.customer_id))
    rows = records({"f.xml": content}, document.type, folder=tmp_path)
    expected = [cells_of(line, "line.") for line in written.lines] or [{}]
    expected[0] = {**cells_of(written), **expected[0]}
    if document.type != "delivery_notes":
        expected[0]["currency"] = document.currency
    assert [with_numbers(row, like) for row, like in zip(rows, expected, strict=True)] == expected


@given(
    st.builds(
        Customer,
        id=_ID,
        name=_ID,
        street=_TEXT,
        **dict.fromkeys(("email", "phone", "city", "region", "postal_code", "country", "tax_id"), st.just("") | _ID),
    )
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_buyer_written_as_ubl_is_read_as_it_was(tmp_path: Path, customer: Customer) -> None:
    [row] = records({"f.xml": ubl(invoice(), customer)}, "customers", folder=tmp_path)
    values = {name: getattr(customer, name) for name in einvoice.CUSTOMER_COLUMNS} | {"currency": "USD"}
    assert row == {name: value for name, value in values.items() if value}


# Types

_CODE = "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>"


@pytest.mark.parametrize(
    ("code", "type_"),
    [("380", "invoices"), (" 389\n", "invoices"), ("SalesInvoice", "invoices"), ("381", "credit_notes")],
)
def test_an_invoice_is_an_invoice_or_a_credit_note_by_its_code(tmp_path: Path, code: str, type_: str) -> None:
    file = tmp_path / "f.xml"
    file.write_text(changed((_CODE, f"<cbc:InvoiceTypeCode>{code}</cbc:InvoiceTypeCode>")), encoding="utf-8")
    assert einvoice.document_type(file, "f.xml") == type_


def test_an_invoice_without_a_code_is_an_invoice(tmp_path: Path) -> None:
    assert record(changed((_CODE, "")), folder=tmp_path)["number"] == "INV-1"


def test_a_code_of_something_else_is_refused(tmp_path: Path) -> None:
    pro_forma = changed((_CODE, "<cbc:InvoiceTypeCode>325</cbc:InvoiceTypeCode>"))
    assert problems(pro_forma, folder=tmp_path) == [
        "f.xml:2: the type code '325', a pro-forma invoice, is neither an invoice's nor a credit note's"
    ]
    credit = ubl(invoice(type="credit_notes"), BRILLIANT)
    assert problems(changed((">381<", ">380<"), of=credit), "credit_notes", folder=tmp_path) == [
        "f.xml:2: a CreditNote with the type code '380' of an invoice"
    ]


def test_ubl_of_another_version_is_refused(tmp_path: Path) -> None:
    assert problems(changed((f"{_UBL}Invoice-2", f"{_UBL}Invoice-1.0")), folder=tmp_path) == [
        f"f.xml:2: this is UBL of another version: '{_UBL}Invoice-1.0'"
    ]


def test_a_document_of_another_type_is_refused_or_named(tmp_path: Path) -> None:
    files = {"a.xml": ubl(invoice(type="credit_notes"), BRILLIANT), "b.xml": ubl(invoice("2"), BRILLIANT)}
    with pytest.raises(InvalidInputError, match=r"a\.xml: this belongs to the credit_notes, not to the invoices"):
        records(files, folder=tmp_path)
    others: list[str] = []
    assert [row["number"] for row in records(files, folder=tmp_path, others=others)] == ["2"]
    assert others == ["a.xml"]


def test_a_document_in_its_peppol_envelope_is_read(tmp_path: Path) -> None:
    text = changed().partition("\n")[2]
    envelope = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    header = "<StandardBusinessDocumentHeader><HeaderVersion>1.0</HeaderVersion></StandardBusinessDocumentHeader>"
    content = f'<StandardBusinessDocument xmlns="{envelope}">{header}{text}</StandardBusinessDocument>'
    assert record(content, folder=tmp_path)["balance"] == "119.00"


# Problems


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.xml": changed(("2026-11-05", "2026-02-30"), (">19.00<", ">19,00<"), ("\n<Invoice", "\n\n<Invoice")),
        "b.xml": "nothing",
        "c.xml": changed(("<cbc:ID>INV-1</cbc:ID>", "<cbc:ID> </cbc:ID>")),
    }
    with pytest.raises(InvalidInputError) as caught:
        records(files, folder=tmp_path)
    assert [str(problem).partition("\n")[0] for problem in caught.value.problems] == [
        "a.xml:3: IssueDate: '2026-02-30' is not a date",
        "a.xml:3: TaxAmount: '19,00' is not a number of at most 15 digits and 6 decimals",
        "b.xml: this is not XML",
        "c.xml:2: there is no ID, or nothing in it",
    ]
    assert all(problem.hint for problem in caught.value.problems if "no ID" in problem.message)


def test_files_that_cannot_be_read_can_be_left_out(tmp_path: Path) -> None:
    refused: list[Problem] = []
    files: dict[str, str | bytes] = {"a.xml": "<html/>", "b.xml": ubl(invoice(), BRILLIANT), "c.xml": "<html/>"}
    assert [row["number"] for row in records(files, folder=tmp_path, refused=refused)] == ["INV-1"]
    assert [(problem.where.file, problem.message) for problem in refused] == [
        (name, "this is XML, and no e-invoice: its root is 'html'") for name in ("a.xml", "c.xml")
    ]


def test_a_long_list_of_faults_ends(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        records({f"{number}.xml": "x" for number in range(100)}, folder=tmp_path)
    assert len(caught.value.problems) == 20


def test_a_document_for_nobody_is_refused(tmp_path: Path) -> None:
    nobody = Customer(id="", name="")
    assert problems(ubl(invoice(), nobody), folder=tmp_path) == [
        "f.xml:2: there is no buyer's id or name, or nothing in it"
    ]


# Cells


def test_rows_say_which_file_they_are_from_and_continue_a_document(tmp_path: Path) -> None:
    two = invoice("2", lines=(Line(1, description="a"), Line(2, description="b")))
    files = []
    for document in (invoice(), two, invoice("3", lines=())):
        files.append((tmp_path / document.number, document.number))
        files[-1][0].write_bytes(ubl(document, BRILLIANT))
    grid = einvoice.read(files, "invoices")
    assert (grid.name, grid.unit, grid.sources) == ("3 e-invoices", "file", ["INV-1", "2", "3"])
    heading, *rows = grid.rows
    line = heading.cells.index("line.description")
    assert (heading.origin, heading.cells) == (0, einvoice.HEADING)
    assert [(row.origin, row.cells[0], row.cells[line]) for row in rows] == [
        (1, "INV-1", "Widget"),
        (2, "2", "a"),
        (2, "", "b"),
        (3, "3", ""),
    ]
    assert einvoice.read(files[:1], "invoices").name == "INV-1"


_BUYER = "<cac:AccountingCustomerParty>"
_ACCOUNT = (_BUYER, f"{_BUYER}<cbc:SupplierAssignedAccountID>account</cbc:SupplierAssignedAccountID>")
_ENDPOINT = (f"{_BUYER}<cac:Party>", f"{_BUYER}<cac:Party><cbc:EndpointID>endpoint</cbc:EndpointID>")
_REGISTERED = ("</cbc:RegistrationName>", "</cbc:RegistrationName><cbc:CompanyID>registered</cbc:CompanyID>")
_NO_ID = ("<cac:PartyIdentification><cbc:ID>C-1001</cbc:ID></cac:PartyIdentification>", "")
_NO_TAX_ID = ("93-1234567", "")


@pytest.mark.parametrize(
    ("changes", "id_"),
    [
        ([_ENDPOINT, _ACCOUNT, _REGISTERED], "account"),
        ([_ENDPOINT, _REGISTERED], "C-1001"),
        ([_NO_ID, _ENDPOINT, _REGISTERED], "endpoint"),
        ([_NO_ID, _REGISTERED], "93-1234567"),
        ([_NO_ID, _NO_TAX_ID, _REGISTERED], "registered"),
        ([_NO_ID, _NO_TAX_ID], "Brilliant Industries & Sons"),
    ],
)
def test_a_customer_is_the_first_id_of_the_buyer(tmp_path: Path, changes: Sequence[tuple[str, str]], id_: str) -> None:
    assert record(changed(*changes), folder=tmp_path)["customer_id"] == id_


def test_the_newest_document_says_who_a_customer_is_and_the_last_name_of_two_of_a_day(tmp_path: Path) -> None:
    old, new = datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)
    days = {"c.xml": old, "b.xml": new, "a.xml": new}
    files = {name: ubl(invoice(date=day), Customer(id="C", name=f"by {name}")) for name, day in days.items()}
    files["d.xml"] = ubl(invoice(type="delivery_notes", date=old), Customer(id="D", name="d"))
    rows = records(files, "customers", folder=tmp_path)
    assert [(row["id"], row["name"]) for row in rows] == [("C", "by b.xml"), ("D", "d")]


def test_a_buyer_without_a_name_is_called_by_the_id(tmp_path: Path) -> None:
    [row] = records({"f.xml": ubl(invoice(), Customer(id="C-9", name=""))}, "customers", folder=tmp_path)
    assert row == {"id": "C-9", "name": "C-9", "currency": "USD"}
    [row] = records({"f.xml": _CII.replace("<Name>Buyer</Name>", "")}, "customers", folder=tmp_path)
    assert row == {"id": "C-1", "name": "C-1", "currency": "EUR"}


def test_an_amount_in_another_currency_is_refused(tmp_path: Path) -> None:
    other = changed(('<cbc:PayableAmount currencyID="USD">', '<cbc:PayableAmount currencyID="EUR">'))
    assert problems(other, folder=tmp_path) == ["f.xml:2: PayableAmount: the amount is in EUR, the document in USD"]


_TAX = '<cac:TaxTotal><cbc:TaxAmount currencyID="USD">19.00</cbc:TaxAmount></cac:TaxTotal>'
_EURO_TAX = _TAX.replace("USD", "EUR").replace("19.00", "17.00")


def test_the_tax_in_the_accounting_currency_is_left_out(tmp_path: Path) -> None:
    named = ("</cbc:DocumentCurrencyCode>", "</cbc:DocumentCurrencyCode><cbc:TaxCurrencyCode>EUR</cbc:TaxCurrencyCode>")
    assert record(changed((_TAX, _TAX + _EURO_TAX), named), folder=tmp_path)["tax"] == "19.00"
    assert problems(changed((_TAX, _TAX + _EURO_TAX)), folder=tmp_path) == [
        "f.xml:2: TaxAmount: the amount is in EUR, the document in USD"
    ]


def test_taxes_of_several_kinds_are_added(tmp_path: Path) -> None:
    assert record(changed((_TAX, _TAX + _TAX.replace("19.00", "0.5"))), folder=tmp_path)["tax"] == "19.50"


def test_the_amounts_say_the_currency_where_the_document_does_not(tmp_path: Path) -> None:
    text = changed(("<cbc:DocumentCurrencyCode>USD</cbc:DocumentCurrencyCode>", ""))
    assert record(text, folder=tmp_path)["currency"] == "USD"
    assert "currency" not in record(text.replace(' currencyID="USD"', ""), folder=tmp_path)


def test_allowances_and_charges_are_added_up_where_no_total_of_them_is_given(tmp_path: Path) -> None:
    single = "".join(
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{is_charge}</cbc:ChargeIndicator>"
        f'<cbc:Amount currencyID="USD">{amount}</cbc:Amount></cac:AllowanceCharge>'
        for is_charge, amount in (("false", "1.10"), ("false", "2"), ("true", "0.05"))
    )
    row = record(changed((_TAX, single + _TAX)), folder=tmp_path)
    assert (row["allowance"], row["charge"]) == ("3.10", "0.05")
    given = ubl(invoice(allowance=Decimal(7)), BRILLIANT)
    assert record(changed((_TAX, single + _TAX), of=given), folder=tmp_path)["allowance"] == "7"


@pytest.mark.parametrize(
    ("price", "base", "read"),
    [
        ("50.00", "", "50.00"),
        ("50.00", '<cbc:BaseQuantity unitCode="pcs">1</cbc:BaseQuantity>', "50.00"),
        ("50.00", '<cbc:BaseQuantity unitCode="pcs">1.00</cbc:BaseQuantity>', "50.00"),
        ("50.00", "<cbc:BaseQuantity>1000</cbc:BaseQuantity>", "0.05"),
        ("-1", "<cbc:BaseQuantity>8</cbc:BaseQuantity>", "-0.125"),
        ("600", "<cbc:BaseQuantity>0.5</cbc:BaseQuantity>", "1200"),
        ("100", "<cbc:BaseQuantity>3</cbc:BaseQuantity>", None),
        ("100", "<cbc:BaseQuantity>0</cbc:BaseQuantity>", None),
        ("100", '<cbc:BaseQuantity unitCode="box">1</cbc:BaseQuantity>', None),
        ("0.1234567", "", None),
        ("0.12345600", "", "0.123456"),
    ],
)
def test_a_unit_price_is_exact_or_empty(tmp_path: Path, price: str, base: str, read: str | None) -> None:
    text = changed((">50.00</cbc:PriceAmount>", f">{price}</cbc:PriceAmount>{base}"))
    assert record(text, folder=tmp_path).get("line.unit_price") == read


@pytest.mark.parametrize(
    ("written", "read"),
    [("+7", "7"), (".5", "0.5"), ("5.", "5"), ("-007.50", "-7.50"), ("10.00000000", "10.000000"), ("0", "0")],
)
def test_a_number_is_read_as_xml_has_it(tmp_path: Path, written: str, read: str) -> None:
    text = changed((">2</cbc:InvoicedQuantity>", f"> {written}\n</cbc:InvoicedQuantity>"))
    assert record(text, folder=tmp_path)["line.quantity"] == read


@pytest.mark.parametrize("written", ["1e3", "1,5", "1 000", "NaN", "--1", ".", "٣", "0.1234567", "1234567890123456"])
def test_what_is_no_number_or_too_long_is_refused(tmp_path: Path, written: str) -> None:
    text = changed((">2</cbc:InvoicedQuantity>", f">{written}</cbc:InvoicedQuantity>"))
    assert problems(text, folder=tmp_path) == [
        f"f.xml:2: InvoicedQuantity: '{written}' is not a number of at most 15 digits and 6 decimals"
    ]


@pytest.mark.parametrize("written", ["2026-11-05Z", "2026-11-05+02:00", "2026-11-05T00:00:00", " 2026-11-05\n"])
def test_a_date_is_its_day(tmp_path: Path, written: str) -> None:
    assert record(changed((">2026-11-05<", f">{written}<")), folder=tmp_path)["date"] == "2026-11-05"


@pytest.mark.parametrize("written", ["05.11.2026", "2026-11-05T10:00:00", "2026-13-01", "26-11-05", "2026-11"])
def test_what_is_no_date_is_refused(tmp_path: Path, written: str) -> None:
    assert problems(changed((">2026-11-05<", f">{written}<")), folder=tmp_path) == [
        f"f.xml:2: IssueDate: '{written}' is not a date"
    ]


def test_a_due_date_is_the_documents_or_the_last_of_its_payments(tmp_path: Path) -> None:
    due = "<cbc:DueDate>2026-12-05</cbc:DueDate>"
    means = "".join(
        f"<cac:PaymentMeans><cbc:PaymentDueDate>{day}</cbc:PaymentDueDate></cac:PaymentMeans>"
        for day in ("2027-02-01", "2027-03-01", "2027-01-01")
    )
    assert record(changed((_TAX, means + _TAX)), folder=tmp_path)["due_date"] == "2026-12-05"
    assert record(changed((due, ""), (_TAX, means + _TAX)), folder=tmp_path)["due_date"] == "2027-03-01"


def test_lines_keep_their_numbers_only_if_these_are_whole_and_ascend(tmp_path: Path) -> None:
    document = invoice(lines=(Line(10), Line(20), Line(30)))
    for ids, numbers in (
        (("10", "20", "30"), ["10", "20", "30"]),
        (("10", "30", "20"), ["1", "2", "3"]),
        (("1", "1.1", "2"), ["1", "2", "3"]),
        (("0", "1", "2"), ["1", "2", "3"]),
        (("001", "002", "010"), ["1", "2", "10"]),
    ):
        swaps = [(f"<cbc:ID>{old}<", f"<cbc:ID>#{new}<") for old, new in zip(("10", "20", "30"), ids, strict=True)]
        text = changed(*swaps, of=ubl(document, BRILLIANT)).replace("#", "")
        rows = records({"f.xml": text}, folder=tmp_path)
        assert [row["line.line"] for row in rows] == numbers


def test_a_line_taxed_at_several_rates_has_none(tmp_path: Path) -> None:
    category = "<cac:ClassifiedTaxCategory><cbc:Percent>19</cbc:Percent>"
    same = changed(
        (category, "<cac:ClassifiedTaxCategory><cbc:Percent>19.0</cbc:Percent></cac:ClassifiedTaxCategory>" + category)
    )
    assert record(same, folder=tmp_path)["line.tax_rate"] == "19.0"
    assert "line.tax_rate" not in record(same.replace("19.0<", "7<"), folder=tmp_path)


def test_notes_lose_the_codes_of_their_subjects_and_the_space_around_their_lines(tmp_path: Path) -> None:
    notes = "<cbc:Note>#ADU# Thanks\n\t\tfor #ABC# all</cbc:Note><cbc:Note>#1</cbc:Note><cbc:Note> </cbc:Note>"
    assert record(changed((_CODE, _CODE + notes)), folder=tmp_path)["note"] == "Thanks\nfor #ABC# all\n#1"


def test_a_name_wrapped_by_the_writer_is_one_line(tmp_path: Path) -> None:
    text = changed(("<cbc:ID>INV-1</cbc:ID>", "<cbc:ID>\n\t INV  1\n\t b \n</cbc:ID>"))
    assert record(text, folder=tmp_path)["number"] == "INV  1 b"


def test_many_delivery_notes_are_listed_as_far_as_there_is_room(tmp_path: Path) -> None:
    notes = "".join(
        f"<cac:DespatchDocumentReference><cbc:ID>DN-{number:05}</cbc:ID></cac:DespatchDocumentReference>"
        for number in range(40)
    )
    listed = record(
        changed(("<cac:AccountingSupplierParty>", f"{notes}<cac:AccountingSupplierParty>")), folder=tmp_path
    )
    assert listed["delivery_note_number"].startswith("DN-00000, DN-00001, ")
    assert listed["delivery_note_number"].endswith("DN-00018, …")
    assert len(listed["delivery_note_number"]) <= 200


def test_elements_of_other_vocabularies_are_not_the_documents(tmp_path: Path) -> None:
    foreign = '<x:ID xmlns:x="urn:x">WRONG</x:ID>'
    assert record(changed(("<cbc:ID>INV-1", f"{foreign}<cbc:ID>INV-1")), folder=tmp_path)["number"] == "INV-1"
    assert problems(changed(("<cbc:ID>INV-1</cbc:ID>", foreign)), folder=tmp_path) == [
        "f.xml:2: there is no ID, or nothing in it"
    ]


# CII

_CII = """<?xml version="1.0" encoding="UTF-8"?>
<a:CrossIndustryInvoice xmlns:a="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:u="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<a:ExchangedDocumentContext/>
<a:ExchangedDocument><ID>R-1</ID><TypeCode>380</TypeCode>
<IssueDateTime><u:DateTimeString format="102">20261105</u:DateTimeString></IssueDateTime></a:ExchangedDocument>
<a:SupplyChainTradeTransaction>
<IncludedSupplyChainTradeLineItem>
<AssociatedDocumentLineDocument><LineID>1</LineID><LineStatusReasonCode>GROUP</LineStatusReasonCode></AssociatedDocumentLineDocument>
<SpecifiedTradeProduct><Name>A set</Name></SpecifiedTradeProduct>
<SpecifiedLineTradeSettlement><SpecifiedTradeSettlementLineMonetarySummation><LineTotalAmount>100</LineTotalAmount></SpecifiedTradeSettlementLineMonetarySummation></SpecifiedLineTradeSettlement>
</IncludedSupplyChainTradeLineItem>
<IncludedSupplyChainTradeLineItem>
<AssociatedDocumentLineDocument><LineID>2</LineID><IncludedNote><Content>A note alone</Content></IncludedNote></AssociatedDocumentLineDocument>
<SpecifiedLineTradeSettlement><SpecifiedTradeSettlementLineMonetarySummation><LineTotalAmount>100</LineTotalAmount></SpecifiedTradeSettlementLineMonetarySummation></SpecifiedLineTradeSettlement>
</IncludedSupplyChainTradeLineItem>
<ApplicableHeaderTradeAgreement><BuyerTradeParty><ID>C-1</ID><GlobalID>G</GlobalID><Name>Buyer</Name></BuyerTradeParty></ApplicableHeaderTradeAgreement>
<ApplicableHeaderTradeDelivery/>
<ApplicableHeaderTradeSettlement><InvoiceCurrencyCode>EUR</InvoiceCurrencyCode>
<SpecifiedTradeSettlementHeaderMonetarySummation>
<TaxTotalAmount currencyID="EUR">19</TaxTotalAmount><GrandTotalAmount>119</GrandTotalAmount><DuePayableAmount>119</DuePayableAmount>
</SpecifiedTradeSettlementHeaderMonetarySummation></ApplicableHeaderTradeSettlement>
</a:SupplyChainTradeTransaction></a:CrossIndustryInvoice>
"""  # noqa: E501  # as software writes it


def test_the_amount_of_a_group_of_lines_does_not_count_again(tmp_path: Path) -> None:
    group, only_note = records({"f.xml": _CII}, folder=tmp_path)
    assert (group["line.description"], group.get("line.amount")) == ("A set", None)
    assert (only_note["line.description"], only_note["line.amount"]) == ("A note alone", "100")
    assert (group["number"], group["customer_id"], group["date"], group["tax"]) == ("R-1", "C-1", "2026-11-05", "19")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("380", "325", "2: the type code '325', a pro-forma invoice, is neither an invoice's nor a credit note's"),
        ("380", "220", "2: the type code '220', an order, is neither an invoice's nor a credit note's"),
        ("20261105", "20261305", "7: DateTimeString: '20261305' is not a date"),
        ("20261105", "202611", "7: DateTimeString: '202611' is not a date"),
        ("20261105", "", "6: there is no IssueDateTime, or nothing in it"),
        (
            "</TaxTotalAmount>",
            "</TaxTotalAmount><TaxTotalAmount>7</TaxTotalAmount>",
            "22: TaxTotalAmount: there are two, and which of them counts is not said",
        ),
        ('currencyID="EUR"', 'currencyID="USD"', "22: TaxTotalAmount: the amount is in USD, the document in EUR"),
        (
            "CrossIndustryInvoice:100",
            "CrossIndustryInvoice:200",
            "2: this is 'CrossIndustryInvoice' of 'standard:CrossIndustryInvoice:200', which portalgen does not read",
        ),
    ],
)
def test_a_cii_document_is_refused_where_its_fault_stands(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in _CII
    assert problems(_CII.replace(old, new), folder=tmp_path) == [f"f.xml:{problem}"]


def test_a_cii_credit_note_is_one_by_its_code(tmp_path: Path) -> None:
    assert record(_CII.replace(">380<", ">381<"), "credit_notes", folder=tmp_path)["balance"] == "119"


def test_what_is_taken_off_a_line_is_its_discount_less_what_is_put_on(tmp_path: Path) -> None:
    each = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>{}</cbc:ChargeIndicator>"
        '<cbc:Amount currencyID="USD">{}</cbc:Amount></cac:AllowanceCharge>'
    )
    added = f"{each.format('false', '10.00')}{each.format('false', '2.50')}{each.format('true', '0.50')}"
    found = record(changed(("<cac:Item>", f"{added}<cac:Item>")), folder=tmp_path)
    assert found["line.discount_amount"] == "12.00"
