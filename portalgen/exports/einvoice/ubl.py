"""UBL 2: Invoice, CreditNote, Order, Quotation and DespatchAdvice, of Peppol BIS 3, EN 16931 or neither.

A customer's id is that of the buyer, the first of these that is filled: SupplierAssignedAccountID (the seller's own
number for the buyer), PartyIdentification/ID, EndpointID, PartyTaxScheme/CompanyID, PartyLegalEntity/CompanyID, and at
last the buyer's name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from portalgen.errors import InvalidInputError, Location, shown
from portalgen.exports.einvoice.document import (
    Cells,
    Document,
    described,
    listed,
    numbered,
    one_rate,
    type_by_code,
)
from portalgen.exports.einvoice.xmltree import Node

NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where a kind of document has what the others have elsewhere. The first path to a buyer is the first choice."""

    type: str
    buyers: tuple[str, ...]
    totals: str
    lines: str
    quantity: str


_KINDS = {
    "Invoice": _Kind("invoices", ("AccountingCustomerParty",), "LegalMonetaryTotal", "InvoiceLine", "InvoicedQuantity"),
    "CreditNote": _Kind(
        "credit_notes", ("AccountingCustomerParty",), "LegalMonetaryTotal", "CreditNoteLine", "CreditedQuantity"
    ),
    "Order": _Kind("orders", ("BuyerCustomerParty",), "AnticipatedMonetaryTotal", "OrderLine/LineItem", "Quantity"),
    "Quotation": _Kind(
        "quotes",
        ("BuyerCustomerParty", "OriginatorCustomerParty"),
        "QuotedMonetaryTotal",
        "QuotationLine/LineItem",
        "Quantity",
    ),
    "DespatchAdvice": _Kind(
        "delivery_notes",
        ("BuyerCustomerParty", "DeliveryCustomerParty"),
        "LegalMonetaryTotal",
        "DespatchLine",
        "DeliveredQuantity",
    ),
}

_PAYMENT_DATES = ("PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate", "PaymentTerms/InstallmentDueDate")
_DUE_DATES = {
    "invoices": _PAYMENT_DATES,
    "credit_notes": _PAYMENT_DATES,
    "quotes": ("ValidityPeriod/EndDate",),
    "orders": ("Delivery/PromisedDeliveryPeriod/EndDate",),
}
_CARRIERS = ("Shipment/Consignment", "Shipment/ShipmentStage", "Shipment/Delivery", "Delivery")
_NO_ORDER = "NA"  # what Peppol has written where only the seller's own order number is known
_SUBJECT = re.compile(r"\A#[A-Z]{3}#\s*")


def type_of(root: Node, name: str) -> str:
    """The transaction type of the document. Raises InvalidInputError for one that is not shown in portals."""
    where = Location(name, root.line)
    kind = _KINDS.get(root.name)
    if kind is None:
        message = f"this is a UBL {root.name}, which portalgen does not show"
        raise InvalidInputError(message, f"leave it out; what is read: {', '.join(_KINDS)}", where)
    if root.namespace != f"{NAMESPACE}{root.name}-2":
        raise InvalidInputError(f"this is UBL of another version: {shown(root.namespace)}", "UBL 2 is read", where)
    code = root.get("InvoiceTypeCode", "CreditNoteTypeCode")
    if root.name not in {"Invoice", "CreditNote"} or code in {"", "SalesInvoice"}:
        return kind.type
    by_code = type_by_code(code, where)
    if root.name == "CreditNote" and by_code != "credit_notes":
        raise InvalidInputError(f"a CreditNote with the type code {shown(code)} of an invoice", "", where)
    return by_code


def read(root: Node, name: str) -> Document:
    """The document. Raises InvalidInputError with every fault that was found in it."""
    type_ = type_of(root, name)
    kind = _KINDS[root.name]
    totals = root.part(kind.totals)
    cells = Cells(name, _currency(root, totals, kind))
    buyer = _buyer(root.part(*kind.buyers), cells.currency)
    header = {
        "number": root.get("ID"),
        "customer_id": buyer["id"],
        "date": cells.day(root.filled("IssueDate")),
        "due_date": _due_date(cells, root, type_),
        "currency": cells.currency,
        "note": "\n".join(_SUBJECT.sub("", note) for note in root.texts("Note")),
        "payment_terms": "\n".join(root.texts("PaymentTerms/Note")),
        **_references(root),
        **_delivery(root),
        **_totals(cells, root, totals, is_due=type_ not in {"orders", "quotes"}),
    }
    cells.required(
        root, {"ID": header["number"], "IssueDate": root.get("IssueDate"), "buyer's id or name": buyer["id"]}
    )
    lines = _lines(cells, root, kind)
    if cells.problems:
        raise InvalidInputError.of(cells.problems)
    return Document(type_, header, lines, buyer)


def _currency(root: Node, totals: Node, kind: _Kind) -> str:
    """The document's currency; where it names none, the one that its amounts name first."""
    amounts = [
        totals.part("PayableAmount"),
        *totals.children,
        *root.all("TaxTotal/TaxAmount", f"{kind.lines}/LineExtensionAmount", f"{kind.lines}/Price/PriceAmount"),
    ]
    named = (amount.attributes.get("currencyID", "") for amount in amounts)
    return root.get("DocumentCurrencyCode", "PricingCurrencyCode") or next(filter(None, named), "")


def _due_date(cells: Cells, root: Node, type_: str) -> str:
    """Of several dates, as of instalments, the last."""
    due = root.filled("DueDate")
    return cells.day(due) if due.value else cells.last_day(root.all(*_DUE_DATES.get(type_, ())))


def _references(root: Node) -> Mapping[str, str]:
    orders = [number for number in root.texts("OrderReference/ID") if number != _NO_ORDER]
    return {
        "reference": listed(orders)
        or root.get("BuyerReference", "CustomerReference", "RequestForQuotationDocumentReference/ID"),
        "order_number": listed(root.texts("OrderReference/SalesOrderID")) or root.get("SalesOrderID"),
        "quote_number": listed(root.texts("QuotationDocumentReference/ID")),
        "invoice_number": listed(root.texts("BillingReference/InvoiceDocumentReference/ID")),
        "delivery_note_number": listed(root.texts("DespatchDocumentReference/ID")),
    }


def _delivery(root: Node) -> Mapping[str, str]:
    deliveries = root.all("Delivery", "Shipment/Delivery")
    places = dict.fromkeys(filter(None, map(_ship_to, deliveries)))
    return {
        "ship_to": "\n\n".join(places),
        "carrier": root.get(*(f"{path}/CarrierParty/PartyName/Name" for path in _CARRIERS)),
        "tracking_number": root.get(
            "Delivery/TrackingID", "Shipment/Delivery/TrackingID", "Shipment/Consignment/CarrierAssignedID"
        ),
    }


def _ship_to(delivery: Node) -> str:
    address = delivery.part("DeliveryLocation/Address", "DeliveryAddress")
    place = _address(address)
    lines = [
        delivery.get("DeliveryParty/PartyName/Name", "DeliveryLocation/Name"),
        place["street"],
        f"{place['postal_code']} {place['city']}".strip(),
        place["region"],
        place["country"],
    ]
    return "\n".join(filter(None, lines))


def _totals(cells: Cells, root: Node, totals: Node, *, is_due: bool) -> Mapping[str, str]:
    """The document's amounts. Where nothing `is_due` yet, the payable amount tells the total, and no balance."""
    columns = {
        "net": "TaxExclusiveAmount",
        "total": "TaxInclusiveAmount",
        "paid": "PrepaidAmount",
        "rounding": "PayableRoundingAmount",
        "balance": "PayableAmount",
        "allowance": "AllowanceTotalAmount",
        "charge": "ChargeTotalAmount",
    }
    found = {column: cells.amount(totals.filled(element)) for column, element in columns.items()}
    found["tax"] = _tax(cells, root)
    for column, is_charge in (("allowance", "false"), ("charge", "true")):
        found[column] = found[column] or cells.sum(_amounts(root, is_charge))
    if root.get("CustomizationID").startswith("OIOUBL"):
        # In Danish UBL, TaxExclusiveAmount is the tax.
        found |= {"net": "", "tax": found["tax"] or found["net"]}
    if not is_due and found.pop("balance"):
        payable, paid, rounding = (totals.filled(columns[column]) for column in ("balance", "paid", "rounding"))
        found["total"] = found["total"] or cells.less([payable, paid], [rounding])
    return found


def _tax(cells: Cells, root: Node) -> str:
    """The tax in the document's currency, summed over kinds of tax; the same in the accounting currency is left out."""
    accounting = root.get("TaxCurrencyCode")
    amounts = root.all("TaxTotal/TaxAmount")
    if accounting and accounting != cells.currency:
        amounts = [node for node in amounts if accounting != node.attributes.get("currencyID", "")]
    return cells.sum(amounts)


def _lines(cells: Cells, root: Node, kind: _Kind) -> list[Mapping[str, str]]:
    nodes = root.all(kind.lines)
    numbers = numbered([node.get("ID") for node in nodes])
    return [{"line": number, **_line(cells, node, kind)} for number, node in zip(numbers, nodes, strict=True)]


def _line(cells: Cells, line: Node, kind: _Kind) -> Mapping[str, str]:
    quantity = line.filled(kind.quantity)
    open_quantity = line.filled("OutstandingQuantity", "BackorderQuantity")
    unit = quantity.attributes.get("unitCode", "")
    price = line.part("Price")
    return {
        "item": line.get("Item/SellersItemIdentification/ID"),
        "description": described(line.texts("Item/Name", "Item/Description")),
        "quantity": cells.number(quantity),
        "open_quantity": cells.number(open_quantity),
        "unit": unit or open_quantity.attributes.get("unitCode", ""),
        "unit_price": cells.unit_price(price.part("PriceAmount"), price.part("BaseQuantity"), unit),
        "discount_amount": cells.less(_amounts(line, "false"), _amounts(line, "true")),
        "tax_rate": one_rate(cells, _rates(line)),
        "amount": cells.amount(line.filled("LineExtensionAmount")),
    }


def _amounts(part: Node, is_charge: str) -> list[Node]:
    """The allowances, or charges, of a line: those of its price are in the price already."""
    single = [each for each in part.all("AllowanceCharge") if each.get("ChargeIndicator") == is_charge]
    return [node for each in single for node in each.all("Amount")]


def _rates(line: Node) -> list[Node]:
    return line.all("Item/ClassifiedTaxCategory/Percent") or line.all(
        "TaxTotal/TaxSubtotal/TaxCategory/Percent", "TaxTotal/TaxSubtotal/Percent"
    )


def _buyer(wrapper: Node, currency: str) -> dict[str, str]:
    """The buyer as a customer, called by the id where there is no name."""
    party = wrapper.part("Party")
    name = party.get(
        "PartyLegalEntity/RegistrationName",
        "PartyName/Name",
        "PartyTaxScheme/RegistrationName",
        "Contact/Name",
    )
    vat = [each for each in party.all("PartyTaxScheme") if "VAT" in each.get("TaxScheme/ID").upper()]
    tax_id = next((each.get("CompanyID") for each in vat), "") or party.get("PartyTaxScheme/CompanyID")
    customer_id = wrapper.get("SupplierAssignedAccountID") or party.get("PartyIdentification/ID", "EndpointID")
    customer_id = customer_id or tax_id or party.get("PartyLegalEntity/CompanyID") or name
    return {
        "id": customer_id,
        "name": name or customer_id,
        "email": party.get("Contact/ElectronicMail"),
        "phone": party.get("Contact/Telephone"),
        "currency": currency,
        "tax_id": tax_id,
        **_address(party.part("PostalAddress", "PartyLegalEntity/RegistrationAddress")),
    }


def _address(address: Node) -> Mapping[str, str]:
    street = " ".join(filter(None, [address.get("StreetName"), address.get("BuildingNumber")]))
    lines = [street, *address.texts("AdditionalStreetName", "BuildingName", "AddressLine/Line", "Postbox")]
    return {
        "street": "\n".join(filter(None, lines)),
        "city": address.get("CityName"),
        "region": address.get("CountrySubentity", "CountrySubentityCode"),
        "postal_code": address.get("PostalZone"),
        "country": address.get("Country/IdentificationCode", "Country/Name"),
    }
