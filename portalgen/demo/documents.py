"""The documents that the demo company's deals leave behind: what the exports say of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from portalgen.demo.catalogue import CARRIERS, LOCAL_NOTES, LOCAL_PURCHASE_ORDERS, NOTES, PURCHASE_ORDERS
from portalgen.demo.company import SHIP_TO, Client
from portalgen.demo.deals import AS_OF, Deal, choose, deals_with, draw, numbers_of, rounded
from portalgen.model import Line, Receipt, Transaction

SHIPPED = {"orders", "delivery_notes", "invoices"}
"""The types that say where the goods go."""


def documents_of(clients: Iterable[Client]) -> dict[str, list[Transaction]]:
    """Every document of every client, by type, oldest first."""
    deals = [deal for client in clients for deal in deals_with(client)]
    numbers = numbers_of(deals)
    documents: dict[str, list[Transaction]] = defaultdict(list)
    for deal in deals:
        for type_ in deal.days:
            documents[type_].append(_complete(_begun(deal, type_, numbers), deal))
    return {type_: sorted(some, key=lambda one: (one.date, one.number)) for type_, some in documents.items()}


def receipts_of(documents: Mapping[str, Iterable[Transaction]]) -> list[Receipt]:
    """What the clients paid, oldest first: of each invoice, what neither is owed nor was credited."""
    credited = {each.invoice_number: each.total or Decimal(0) for each in documents["credit_notes"]}
    found = []
    for invoice in documents["invoices"]:
        amount = (invoice.paid or Decimal(0)) - credited.get(invoice.number, Decimal(0))
        if amount:
            due = invoice.due_date or invoice.date
            day = min(due + timedelta(days=draw(25, invoice.number, "paid on") - 15), AS_OF)
            found.append((max(day, invoice.date), invoice, amount))
    found.sort(key=lambda each: (each[0], each[1].number))
    return [
        Receipt(
            number=f"R{number:05}",
            customer_id=invoice.customer_id,
            date=day,
            amount=amount,
            currency=invoice.currency,
            method=choose(("Bank transfer", "Bank transfer", "Card", "Cheque"), invoice.number, "method"),
            reference=invoice.reference,
            allocated_to=invoice.number,
        )
        for number, (day, invoice, amount) in enumerate(found, 1)
    ]


def _begun(deal: Deal, type_: str, numbers: Mapping[tuple[str, str], str]) -> Transaction:
    """What documents of all types have: the heading. It refers to the deal's earlier documents, never to a later."""
    order = list(deal.days)
    earlier = {before: numbers[deal.id, before] for before in order[: order.index(type_)]}
    branch = choose(deal.client.branches, deal.id, "branch") if deal.client.branches else ""
    return Transaction(
        type=type_,
        number=numbers[deal.id, type_],
        customer_id=deal.client.customer.id,
        date=deal.days[type_],
        currency=deal.currency,
        reference=_reference(deal),
        note=_note(deal, type_),
        branch=branch,
        ship_to=SHIP_TO.get(branch, "") if type_ in SHIPPED else "",
        quote_number=earlier.get("quotes", ""),
        order_number=earlier.get("orders", ""),
        delivery_note_number=earlier.get("delivery_notes", ""),
        invoice_number=earlier.get("invoices", ""),
    )


def _reference(deal: Deal) -> str:
    """The customer's own number for the deal: mostly in the customer's own way, sometimes none."""
    if draw(6, deal.id, "no reference") == 0:
        return ""
    ways = LOCAL_PURCHASE_ORDERS.get(deal.client.customer.country, PURCHASE_ORDERS)
    return choose(ways, deal.client.portal, "reference").format(1 + draw(900, deal.id, "reference"))


def _note(deal: Deal, type_: str) -> str:
    """What stands at the foot of a document; of two in three, nothing."""
    if draw(3, deal.id, type_, "notes"):
        return ""
    local = LOCAL_NOTES.get(deal.client.customer.country, ())
    return choose(local if local and draw(2, deal.id, type_, "local") else NOTES, deal.id, type_, "note")


def _complete(document: Transaction, deal: Deal) -> Transaction:
    """The document with its lines, totals, and how it stands on the day AS_OF."""
    if document.type == "delivery_notes":
        return _shipped(document, deal)
    if document.type == "credit_notes":
        return _credited(_priced(document, deal.returned()), deal)
    priced = _priced(document, deal.lines(), deal)
    if document.type == "quotes":
        return _offered(priced, deal)
    return _ordered(priced, deal) if document.type == "orders" else _invoiced(priced, deal)


def _priced(document: Transaction, lines: tuple[Line, ...], carried: Deal | None = None) -> Transaction:
    """The document with its lines and their totals, carriage of the deal `carried` too; tax is rounded by the rate."""
    nets: dict[Decimal, Decimal] = defaultdict(Decimal)
    for line in lines:
        nets[line.tax_rate or Decimal(0)] += line.amount or Decimal(0)
    charge = carried.carriage() if carried else None
    if carried and charge:
        nets[carried.tax_rates[0]] += charge
    nothing = rounded(Decimal(0), document.currency)
    net = sum(nets.values(), nothing)
    tax = sum((rounded(amount * rate / 100, document.currency) for rate, amount in nets.items()), nothing)
    return replace(document, lines=lines, charge=charge, net=net, tax=tax, total=net + tax)


def _offered(quote: Transaction, deal: Deal) -> Transaction:
    """A quote: good for thirty days, and then taken up, declined or forgotten."""
    due = quote.date + timedelta(days=30)
    if "orders" in deal.days:
        status = "Accepted"
    elif due >= AS_OF:
        status = "Pending"
    else:
        status = "Declined" if draw(3, deal.id, "declined") == 0 else "Expired"
    return replace(quote, due_date=due, status=status)


def _ordered(order: Transaction, deal: Deal) -> Transaction:
    """An order: promised in a fortnight; one that never left the house is open, or was called off long ago."""
    due = order.date + timedelta(days=14)
    if "delivery_notes" in deal.days:
        return replace(order, due_date=due, status="Delivered")
    if due < AS_OF:
        return replace(order, due_date=due, status="Cancelled")
    still_open = tuple(replace(line, open_quantity=line.quantity) for line in order.lines)
    return replace(order, due_date=due, status="Open", lines=still_open)


def _shipped(note: Transaction, deal: Deal) -> Transaction:
    """A delivery note: what was sent and how, without a price."""
    carrier = choose(tuple(CARRIERS), deal.id, "carrier")
    return replace(
        note,
        status="In transit" if note.date + timedelta(days=4) >= AS_OF else "Delivered",
        carrier=carrier,
        tracking_number=CARRIERS[carrier].format(draw(10**6, deal.id, "tracking")),
        lines=tuple(replace(line, unit_price=None, discount=None, tax_rate=None, amount=None) for line in deal.lines()),
    )


def _invoiced(invoice: Transaction, deal: Deal) -> Transaction:
    """An invoice: most are paid, what is not is open until the due date and overdue after it.

    A credit note lowers what is owed.
    """
    due = invoice.date + timedelta(days=deal.client.days_to_pay)
    late = due < AS_OF
    credit = _credit(deal) if "credit_notes" in deal.days else Decimal(0)
    owed = Decimal(0) if _is_paid(deal) else (invoice.total or Decimal(0)) - credit
    if draw(4, deal.id, "in part") == 0:
        owed = owed / 2
    owed = rounded(owed, invoice.currency)
    return replace(
        invoice,
        due_date=due,
        payment_terms=deal.client.customer.payment_terms,
        paid=(invoice.total or Decimal(0)) - owed,
        balance=owed,
        status=("Overdue" if late else "Open") if owed else "Paid",
    )


def _credited(credit: Transaction, deal: Deal) -> Transaction:
    """A credit note: set against the invoice it is for, or there to be used if it is for none."""
    if "invoices" in deal.days:
        return replace(credit, status="Applied", balance=rounded(Decimal(0), credit.currency))
    return replace(credit, status="Open", balance=credit.total)


def _is_paid(deal: Deal) -> bool:
    """Whether the customer has paid the deal's invoice: nine out of ten old ones, one out of four new ones."""
    old = deal.days["invoices"] + timedelta(days=45) < AS_OF
    return draw(20, deal.id, "paid") < (18 if old else 5)


def _credit(deal: Deal) -> Decimal:
    """What the deal's credit note takes off its invoice."""
    blank = Transaction("credit_notes", "", "", deal.days["credit_notes"], deal.currency)
    return _priced(blank, deal.returned()).total or Decimal(0)
