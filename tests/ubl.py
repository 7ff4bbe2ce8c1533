"""Documents as UBL 2.1, written from the model without knowing how portalgen reads them.

The order of elements is the schemas'. What UBL has no place for is not written: see `NOT_WRITTEN`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar
from xml.sax.saxutils import escape, quoteattr

from portalgen.model import Customer, Line, Transaction

_AMOUNTS = frozenset({"net", "tax", "total", "balance", "paid", "allowance", "charge", "rounding"})
_ALWAYS = frozenset({"status", "branch", "attachment"})

NOT_WRITTEN: Mapping[str, frozenset[str]] = {
    "invoices": _ALWAYS | {"quote_number"},
    "credit_notes": _ALWAYS | {"quote_number"},
    "orders": _ALWAYS | {"balance", "invoice_number", "delivery_note_number"},
    "quotes": _ALWAYS | {"balance", "order_number", "quote_number", "invoice_number", "delivery_note_number"},
    "delivery_notes": _ALWAYS
    | _AMOUNTS
    | {"due_date", "currency", "quote_number", "invoice_number", "delivery_note_number", "payment_terms"},
}
"""By type, the fields of a transaction that UBL has no place for."""

LINE_NOT_WRITTEN: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(NOT_WRITTEN, frozenset({"discount", "discount_amount", "tax", "open_quantity"})),
    "delivery_notes": frozenset({"discount", "discount_amount", "tax", "unit_price", "tax_rate", "amount"}),
}
"""The same for its lines."""

_ROOTS = {
    "invoices": "Invoice",
    "credit_notes": "CreditNote",
    "orders": "Order",
    "quotes": "Quotation",
    "delivery_notes": "DespatchAdvice",
}
_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
_Whole = TypeVar("_Whole", Transaction, Line)


def as_written(transaction: Transaction) -> Transaction:
    """`transaction` without what UBL has no place for. A unit has one only beside a quantity.

    An amount payable for an order or a quote, under which nothing is due yet, is written for want of a total.
    """
    lines = [_without(line, LINE_NOT_WRITTEN[transaction.type]) for line in transaction.lines]
    lines = [line if _has_quantity(line) else replace(line, unit="") for line in lines]
    if transaction.type in {"orders", "quotes"} and transaction.total is None and transaction.balance is not None:
        payable = transaction.balance + (transaction.paid or 0) - (transaction.rounding or 0)
        transaction = replace(transaction, total=payable)
    return replace(_without(transaction, NOT_WRITTEN[transaction.type]), lines=tuple(lines))


def _has_quantity(line: Line) -> bool:
    return line.quantity is not None or line.open_quantity is not None


def _without(whole: _Whole, fields: Iterable[str]) -> _Whole:
    empty = {name: "" if isinstance(getattr(whole, name), str) else None for name in fields}
    return replace(whole, **empty)  # type: ignore[arg-type]  # each field gets its own kind of nothing


def ubl(transaction: Transaction, customer: Customer) -> bytes:
    """The document, with `customer` as its buyer; his id is written as PartyIdentification."""
    root = _ROOTS[transaction.type]
    spaces = {
        "xmlns": f"{_NAMESPACE}{root}-2",
        "xmlns:cac": f"{_NAMESPACE}CommonAggregateComponents-2",
        "xmlns:cbc": f"{_NAMESPACE}CommonBasicComponents-2",
    }
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in spaces.items())
    body = "".join([*_head(transaction), *_middle(transaction, customer), *_foot(transaction)])
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}{attributes}>{body}</{root}>\n'
    return text.encode()


def _head(it: Transaction) -> list[str]:
    due = it.due_date.isoformat() if it.due_date else ""
    currency = "PricingCurrencyCode" if it.type == "quotes" else "DocumentCurrencyCode"
    code = {"invoices": "380", "credit_notes": "381"}.get(it.type, "")
    return [
        _text("ID", it.number),
        _text("SalesOrderID", it.order_number if it.type == "orders" else ""),
        _text("IssueDate", it.date.isoformat()),
        _text("DueDate", due if it.type == "invoices" else ""),
        _text(f"{_ROOTS[it.type]}TypeCode", code),
        _text("Note", it.note),
        _text(currency, "" if it.type == "delivery_notes" else it.currency),
        _text("CustomerReference", it.reference if it.type == "orders" else ""),
        _group("ValidityPeriod", [_text("EndDate", due)]) if it.type == "quotes" else "",
        _group("RequestForQuotationDocumentReference", [_text("ID", it.reference)]) if it.type == "quotes" else "",
        _group("QuotationDocumentReference", [_text("ID", it.quote_number)]) if it.type == "orders" else "",
        *(_references(it) if it.type in {"invoices", "credit_notes", "delivery_notes"} else []),
    ]


def _references(it: Transaction) -> list[str]:
    number = it.reference or ("NA" if it.order_number else "")
    order = _group("OrderReference", [_text("ID", number), _text("SalesOrderID", it.order_number)])
    if it.type == "delivery_notes":
        return [order]
    return [
        order,
        _group("BillingReference", [_group("InvoiceDocumentReference", [_text("ID", it.invoice_number)])]),
        _group("DespatchDocumentReference", [_text("ID", it.delivery_note_number)]),
    ]


def _middle(it: Transaction, customer: Customer) -> list[str]:
    seller = _group("Party", [_group("PartyName", [_text("Name", "A seller")])])
    buyer = _group("Party", _party(customer))
    delivery = _delivery(it)
    if it.type == "delivery_notes":
        shipment = _group("Shipment", [_text("ID", "1"), delivery])
        return [_group("DespatchSupplierParty", [seller]), _group("DeliveryCustomerParty", [buyer]), shipment]
    names = {
        "orders": ("BuyerCustomerParty", "SellerSupplierParty"),
        "quotes": ("SellerSupplierParty", "OriginatorCustomerParty"),
    }.get(it.type, ("AccountingSupplierParty", "AccountingCustomerParty"))
    parties = [_group(name, [seller if "Supplier" in name else buyer]) for name in names]
    due = it.due_date.isoformat() if it.due_date and it.type == "credit_notes" else ""
    means = _group("PaymentMeans", [_text("PaymentMeansCode", "30"), _text("PaymentDueDate", due)]) if due else ""
    return [*parties, delivery, means, _group("PaymentTerms", [_text("Note", it.payment_terms)])]


def _delivery(it: Transaction) -> str:
    lines = [_group("AddressLine", [_text("Line", line)]) for line in it.ship_to.splitlines()]
    promised = it.due_date.isoformat() if it.due_date and it.type == "orders" else ""
    return _group(
        "Delivery",
        [
            _text("TrackingID", it.tracking_number),
            _group("DeliveryLocation", [_group("Address", lines)]),
            _group("PromisedDeliveryPeriod", [_text("EndDate", promised)]),
            _group("CarrierParty", [_group("PartyName", [_text("Name", it.carrier)])]),
        ],
    )


def _party(it: Customer) -> list[str]:
    lines = it.street.splitlines()
    first, second, further = lines[:1], lines[1:2], lines[2:]
    address = [
        *(_text("StreetName", line) for line in first),
        *(_text("AdditionalStreetName", line) for line in second),
        _text("CityName", it.city),
        _text("PostalZone", it.postal_code),
        _text("CountrySubentity", it.region),
        *(_group("AddressLine", [_text("Line", line)]) for line in further),
        _group("Country", [_text("IdentificationCode", it.country)]),
    ]
    scheme = _group("TaxScheme", [_text("ID", "VAT")])
    return [
        _group("PartyIdentification", [_text("ID", it.id)]),
        _group("PostalAddress", address),
        _group("PartyTaxScheme", [_text("CompanyID", it.tax_id), scheme]) if it.tax_id else "",
        _group("PartyLegalEntity", [_text("RegistrationName", it.name)]),
        _group("Contact", [_text("Telephone", it.phone), _text("ElectronicMail", it.email)]),
    ]


def _foot(it: Transaction) -> list[str]:
    if it.type == "delivery_notes":
        return [_despatch_line(line) for line in it.lines]
    totals = {"orders": "AnticipatedMonetaryTotal", "quotes": "QuotedMonetaryTotal"}
    return [
        _group("TaxTotal", [_amount("TaxAmount", it.tax, it.currency)]),
        _group(
            totals.get(it.type, "LegalMonetaryTotal"),
            [
                _amount("TaxExclusiveAmount", it.net, it.currency),
                _amount("TaxInclusiveAmount", it.total, it.currency),
                _amount("AllowanceTotalAmount", it.allowance, it.currency),
                _amount("ChargeTotalAmount", it.charge, it.currency),
                _amount("PrepaidAmount", it.paid, it.currency),
                _amount("PayableRoundingAmount", it.rounding, it.currency),
                _amount("PayableAmount", it.balance, it.currency),
            ],
        ),
        *(_line(line, it) for line in it.lines),
    ]


def _line(line: Line, it: Transaction) -> str:
    quantities = {"invoices": "InvoicedQuantity", "credit_notes": "CreditedQuantity"}
    rate = _group(
        "ClassifiedTaxCategory", [_text("Percent", _number(line.tax_rate)), _group("TaxScheme", [_text("ID", "VAT")])]
    )
    item = _item(line, [rate] if line.tax_rate is not None else [])
    price = _group("Price", [_amount("PriceAmount", line.unit_price, it.currency)])
    parts = [
        _text("ID", str(line.line)),
        _text(quantities.get(it.type, "Quantity"), _number(line.quantity), unitCode=line.unit),
        _amount("LineExtensionAmount", line.amount, it.currency),
    ]
    if it.type in quantities:
        return _group(f"{_ROOTS[it.type]}Line", [*parts, item, price])
    return _group(f"{_ROOTS[it.type]}Line", [_group("LineItem", [*parts, price, item])])


def _despatch_line(line: Line) -> str:
    return _group(
        "DespatchLine",
        [
            _text("ID", str(line.line)),
            _text("DeliveredQuantity", _number(line.quantity), unitCode=line.unit),
            _text("OutstandingQuantity", _number(line.open_quantity), unitCode=line.unit),
            _item(line, []),
        ],
    )


def _item(line: Line, rates: Sequence[str]) -> str:
    name, _, description = line.description.partition("\n")
    seller = _group("SellersItemIdentification", [_text("ID", line.item)])
    return _group("Item", [_text("Description", description), _text("Name", name), seller, *rates])


def _amount(name: str, amount: Decimal | None, currency: str) -> str:
    return _text(name, _number(amount), currencyID=currency)


def _number(number: Decimal | None) -> str:
    return "" if number is None else f"{number:f}"


def _text(name: str, text: str, **attributes: str) -> str:
    """A basic element, or nothing where it would be empty."""
    if not text:
        return ""
    given = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items() if value)
    return f"<cbc:{name}{given}>{escape(text)}</cbc:{name}>"


def _group(name: str, parts: Iterable[str]) -> str:
    """An aggregate element, or nothing where it would be empty."""
    body = "".join(parts)
    return f"<cac:{name}>{body}</cac:{name}>" if body else ""
