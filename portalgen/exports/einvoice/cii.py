"""UN/CEFACT: CII invoices (EN 16931, Factur-X, ZUGFeRD 1 and 2, XRechnung) and Order-X orders.

A customer's id is that of the buyer, the first of these that is filled: ID (as a rule, the seller's number for the
buyer), GlobalID, the electronic address, the VAT registration, another tax registration, the legal registration, and at
last the buyer's name.
"""

from collections.abc import Mapping

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

NAMESPACES = ("urn:un:unece:uncefact:", "urn:ferd:")

_ROOTS = {
    "CrossIndustryInvoice": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "CrossIndustryDocument": "urn:ferd:CrossIndustryDocument:invoice:1p0",
    "SCRDMCCBDACIOMessageStructure": "urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:100",
}
_ORDER = "220"


def type_of(root: Node, name: str) -> str:
    """The transaction type of the document. Raises InvalidInputError for one that is not shown in portals."""
    where = Location(name, root.line)
    if _ROOTS.get(root.name) != root.namespace:
        version = shown(root.namespace.rpartition(":data:")[2])
        message = f"this is {shown(root.name)} of {version}, which portalgen does not read"
        raise InvalidInputError(message, "CII D16B, ZUGFeRD 1 and Order-X are read", where)
    if root.get("ExchangedDocumentContext/TestIndicator/Indicator", *_TEST).lower() in {"true", "1"}:
        hint = "leave it out, or let it be made without the mark"
        raise InvalidInputError("this document is marked as a test (TestIndicator)", hint, where)
    code = _document(root).get("TypeCode")
    if root.name == "SCRDMCCBDACIOMessageStructure":
        if code != _ORDER:
            message = f"the type code {shown(code)} is not an order's"
            raise InvalidInputError(message, "leave out changes of orders and responses to them", where)
        return "orders"
    return type_by_code(code, where)


_TEST = ("SpecifiedExchangedDocumentContext/TestIndicator/Indicator",)


def _document(root: Node) -> Node:
    return root.part("ExchangedDocument", "HeaderExchangedDocument")


def read(root: Node, name: str) -> Document:
    """The document. Raises InvalidInputError with every fault that was found in it."""
    type_ = type_of(root, name)
    document = _document(root)
    trade = root.part("SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    agreement = trade.part("ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    settlement = trade.part("ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    cells = Cells(name, settlement.get("InvoiceCurrencyCode", "OrderCurrencyCode"))
    buyer = _buyer(agreement.part("BuyerTradeParty"), cells.currency)
    issued = document.filled("IssueDateTime/DateTimeString", "IssueDateTime/DateTime")
    header = {
        "number": document.get("ID"),
        "customer_id": buyer["id"],
        "date": cells.day(issued),
        "due_date": cells.last_day(settlement.all("SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString")),
        "currency": cells.currency,
        "note": "\n".join(document.texts("IncludedNote/Content")),
        "payment_terms": "\n".join(settlement.texts("SpecifiedTradePaymentTerms/Description")),
        **_references(agreement, settlement),
        **_delivery(trade.part("ApplicableHeaderTradeDelivery", "ApplicableSupplyChainTradeDelivery")),
        **_totals(cells, settlement),
        **({"balance": ""} if type_ == "orders" else {}),
    }
    cells.required(document, {"ID": header["number"], "IssueDateTime": issued.value, "buyer's id or name": buyer["id"]})
    lines = _lines(cells, trade)
    if cells.problems:
        raise InvalidInputError.of(cells.problems)
    return Document(type_, header, lines, buyer)


def _references(agreement: Node, settlement: Node) -> Mapping[str, str]:
    def numbers(part: Node, element: str) -> str:
        return listed(part.texts(f"{element}/IssuerAssignedID", f"{element}/ID"))

    return {
        "reference": numbers(agreement, "BuyerOrderReferencedDocument") or agreement.get("BuyerReference"),
        "order_number": numbers(agreement, "SellerOrderReferencedDocument"),
        "quote_number": numbers(agreement, "QuotationReferencedDocument"),
        "invoice_number": numbers(settlement, "InvoiceReferencedDocument"),
    }


def _delivery(delivery: Node) -> Mapping[str, str]:
    party = delivery.part("ShipToTradeParty")
    place = _address(party)
    lines = [
        party.get("Name"),
        place["street"],
        f"{place['postal_code']} {place['city']}".strip(),
        place["region"],
        place["country"],
    ]
    notes = ("DespatchAdviceReferencedDocument", "DeliveryNoteReferencedDocument")
    return {
        "delivery_note_number": listed(
            delivery.texts(*(f"{note}/{number}" for note in notes for number in ("IssuerAssignedID", "ID")))
        ),
        "ship_to": "\n".join(filter(None, lines)),
    }


def _totals(cells: Cells, settlement: Node) -> Mapping[str, str]:
    totals = settlement.part(
        "SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"
    )
    columns = {
        "net": "TaxBasisTotalAmount",
        "total": "GrandTotalAmount",
        "paid": "TotalPrepaidAmount",
        "rounding": "RoundingAmount",
        "balance": "DuePayableAmount",
        "allowance": "AllowanceTotalAmount",
        "charge": "ChargeTotalAmount",
    }
    found = {column: cells.amount(totals.filled(element)) for column, element in columns.items()}
    found["tax"] = _tax(cells, totals, settlement.get("TaxCurrencyCode"))
    for column, is_charge in (("allowance", "false"), ("charge", "true")):
        found[column] = found[column] or cells.sum(_amounts(settlement, is_charge))
    return found


def _amounts(settlement: Node, is_charge: str) -> list[Node]:
    """The allowances, or charges, of a document or line."""
    every = settlement.all("SpecifiedTradeAllowanceCharge")
    single = [each for each in every if each.get("ChargeIndicator/Indicator") == is_charge]
    return [node for each in single for node in each.all("ActualAmount")]


def _tax(cells: Cells, totals: Node, accounting: str) -> str:
    """The tax in the document's currency; that in the accounting currency is left out."""
    amounts = [node for node in totals.all("TaxTotalAmount") if node.value]
    if accounting and accounting != cells.currency:
        amounts = [node for node in amounts if accounting != node.attributes.get("currencyID", "")]
    taxes = dict.fromkeys(cells.amount(node) for node in amounts)
    if len(taxes) > 1:
        cells.fault(amounts[1], "TaxTotalAmount: there are two, and which of them counts is not said")
    return next(iter(taxes), "")


def _lines(cells: Cells, trade: Node) -> list[Mapping[str, str]]:
    nodes = trade.all("IncludedSupplyChainTradeLineItem")
    numbers = numbered([node.get("AssociatedDocumentLineDocument/LineID") for node in nodes])
    return [{"line": number, **_line(cells, node)} for number, node in zip(numbers, nodes, strict=True)]


def _line(cells: Cells, line: Node) -> Mapping[str, str]:
    product = line.part("SpecifiedTradeProduct")
    agreement = line.part("SpecifiedLineTradeAgreement", "SpecifiedSupplyChainTradeAgreement")
    delivery = line.part("SpecifiedLineTradeDelivery", "SpecifiedSupplyChainTradeDelivery")
    settlement = line.part("SpecifiedLineTradeSettlement", "SpecifiedSupplyChainTradeSettlement")
    document = line.part("AssociatedDocumentLineDocument")
    quantity = delivery.filled("BilledQuantity", "RequestedQuantity")
    unit = quantity.attributes.get("unitCode", "")
    price = agreement.part("NetPriceProductTradePrice")
    rates = settlement.all("ApplicableTradeTax/RateApplicablePercent", "ApplicableTradeTax/ApplicablePercent")
    amount = settlement.filled(
        "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
        "SpecifiedTradeSettlementMonetarySummation/LineTotalAmount",
    )
    # The amount of a group is that of the lines in it, and would count twice.
    is_counted = document.get("LineStatusReasonCode") not in {"GROUP", "INFORMATION"}
    return {
        "item": product.get("SellerAssignedID"),
        "description": described(product.texts("Name", "Description") or document.texts("IncludedNote/Content")),
        "quantity": cells.number(quantity),
        "unit": unit,
        "unit_price": cells.unit_price(price.part("ChargeAmount"), price.part("BasisQuantity"), unit),
        "discount_amount": cells.less(_amounts(settlement, "false"), _amounts(settlement, "true")),
        "tax_rate": one_rate(cells, rates),
        "amount": cells.amount(amount) if is_counted else "",
    }


def _buyer(party: Node, currency: str) -> dict[str, str]:
    """The buyer as a customer, called by the id where there is no name."""
    name = party.get("Name")
    taxes = party.all("SpecifiedTaxRegistration/ID")
    tax_id = next((tax.value for tax in taxes if tax.attributes.get("schemeID") == "VA"), "")
    contact = party.part("DefinedTradeContact")
    customer_id = party.get("ID", "GlobalID", "URIUniversalCommunication/URIID") or tax_id
    customer_id = customer_id or party.get("SpecifiedTaxRegistration/ID", "SpecifiedLegalOrganization/ID") or name
    return {
        "id": customer_id,
        "name": name or customer_id,
        "email": contact.get("EmailURIUniversalCommunication/URIID"),
        "phone": contact.get("TelephoneUniversalCommunication/CompleteNumber"),
        "currency": currency,
        "tax_id": tax_id,
        **_address(party),
    }


def _address(party: Node) -> Mapping[str, str]:
    address = party.part("PostalTradeAddress")
    return {
        "street": "\n".join(address.texts("LineOne", "LineTwo", "LineThree")),
        "city": address.get("CityName"),
        "region": address.get("CountrySubDivisionName"),
        "postal_code": address.get("PostcodeCode"),
        "country": address.get("CountryID"),
    }
