"""A bundle as plain values for the templates. `view_of` makes them; `values` says what a template is given."""

import re
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import quote

from portalgen.errors import PortalgenError
from portalgen.formats import Formatter
from portalgen.model import TRANSACTION_TYPES, Bundle, Customer, Site, Transaction
from portalgen.names import safe_name
from portalgen.plain import plain_text
from portalgen.views.documents import Maker, added, filled, href_of, related_in
from portalgen.views.lists import listing_of
from portalgen.views.statement import statement_part
from portalgen.views.summary import summary_of
from portalgen.views.values import Day, Issuer, Party, Payment, Payments, Sum, View
from portalgen.words import words_for

_POSTAL_CODE_LAST = frozenset(
    ["AU", "CA", "GB", "IE", "IN", "NZ", "US", "UK", "USA", "United Kingdom", "United States"]
)
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def view_of(bundle: Bundle) -> View:
    """`bundle` for the templates. PortalgenError where it holds what its link may not show, or a page name twice."""
    site, formatter, words = bundle.site, Formatter(bundle.link.locale), words_for(bundle.link.locale)
    maker = Maker(bundle, formatter, words, related_in(bundle))
    listings = tuple(listing_of(type_, found, maker) for type_, found in _by_type(bundle).items())
    payments = _payments(bundle, maker)
    has_data = bool(listings or payments or bundle.statements)
    return View(
        language=words.language,
        direction=words.direction,
        issuer=_issuer(site),
        customer=_party(bundle.customer, formatter),
        contact=plain_text(bundle.link.contact_name),
        branches=tuple(plain_text(branch) for branch in dict.fromkeys(bundle.link.branches or ())),
        as_of=Day(bundle.as_of.isoformat(), formatter.long_date(bundle.as_of)),
        stale_after=str(site.stale_after),
        bulletin=_bulletin(bundle),
        may_show=bool(bundle.link.types),
        listings=listings,
        summary=summary_of(bundle, listings, formatter),
        statement_href="statement.html" if bundle.statements else "",
        statement=tuple(statement_part(each, maker) for each in bundle.statements),
        payments=payments,
        workbook="portal.xlsx" if (listings or payments) and "xlsx" in site.downloads else "",
        archive="portal.zip" if has_data and "zip" in site.downloads else "",
    )


def _bulletin(bundle: Bundle) -> str:
    """The HTML of the bulletin, where there is one for the day of the exports."""
    said = bundle.link.bulletin
    if said is None or (said.first_day and bundle.as_of < said.first_day):
        return ""
    return "" if said.last_day and bundle.as_of > said.last_day else said.html


def _issuer(site: Site) -> Issuer:
    is_address = _MAIL_ADDRESS.fullmatch(site.email)
    return Issuer(
        title=plain_text(site.title),
        address=tuple(filter(None, map(plain_text, site.address))),
        email=plain_text(site.email),
        mailto=f"mailto:{quote(site.email, safe='@')}" if is_address else "",
        phone=plain_text(site.phone),
        tax_id=plain_text(site.tax_id),
        logo=site.logo.name if site.logo else "",
    )


def _party(customer: Customer, formatter: Formatter) -> Party:
    city, region, code = (plain_text(part) for part in (customer.city, customer.region, customer.postal_code))
    if customer.country in _POSTAL_CODE_LAST:
        place = ", ".join(filter(None, [city, " ".join(filter(None, [region, code]))]))
    else:
        place = ", ".join(filter(None, [" ".join(filter(None, [code, city])), region]))
    address = (*plain_text(customer.street).splitlines(), place, formatter.country(plain_text(customer.country)))
    return Party(
        id=plain_text(customer.id),
        name=plain_text(customer.name),
        address=tuple(filter(None, address)),
        email=plain_text(customer.email),
        phone=plain_text(customer.phone),
        tax_id=plain_text(customer.tax_id),
        payment_terms=plain_text(customer.payment_terms),
    )


def _by_type(bundle: Bundle) -> dict[str, list[Transaction]]:
    """The bundle's transactions by type, both in their order; types without any are left out."""
    found: dict[str, list[Transaction]] = {type_: [] for type_ in bundle.link.types if type_ in TRANSACTION_TYPES}
    for transaction in bundle.transactions:
        if transaction.type not in found:
            raise PortalgenError(
                f"the bundle of {bundle.link.id} holds {transaction.type}, which its link may not show"
            )
        found[transaction.type].append(transaction)
    return {type_: transactions for type_, transactions in found.items() if transactions}


def _payments(bundle: Bundle, maker: Maker) -> Payments | None:
    if not bundle.receipts:
        return None
    payments = tuple(_payment_rows(bundle, maker))
    currencies = sorted({receipt.currency for receipt in bundle.receipts})
    totals = {
        currency: added(receipt.amount for receipt in bundle.receipts if receipt.currency == currency)
        for currency in currencies
    }
    return Payments(
        href="receipts.html",
        csv_href="receipts.csv" if "csv" in bundle.site.downloads else "",
        payments=payments,
        columns=filled(payments, ("method", "reference", "invoice")),
        sums=tuple(
            Sum(plain_text(currency), maker.formatter.money(total or Decimal(0), currency), "")
            for currency, total in totals.items()
        ),
    )


def _payment_rows(bundle: Bundle, maker: Maker) -> Iterator[Payment]:
    invoices = {each.number: each for each in bundle.transactions if each.type == "invoices"}
    for receipt in bundle.receipts:
        invoice = invoices.get(receipt.allocated_to)
        yield Payment(
            number=plain_text(receipt.number) or safe_name(receipt.number),
            date=maker.day(receipt.date),
            method=plain_text(receipt.method),
            reference=plain_text(receipt.reference),
            invoice=plain_text(receipt.allocated_to),
            href=href_of(invoice, bundle.site.pages) if invoice else "",
            amount=maker.money(receipt.amount, receipt.currency),
        )
