"""The documents of one type as a list, and what they come to."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from portalgen.errors import PortalgenError
from portalgen.formats import Formatter
from portalgen.model import Transaction
from portalgen.plain import plain_text
from portalgen.views.documents import LINE_COLUMNS, Maker, added, filled, is_open, open_amount
from portalgen.views.values import Document, DocumentPage, Listing, Sum

# A sum over quotes or orders would count those that were declined or cancelled.
_SUMMED = frozenset({"invoices", "credit_notes"})
_WITH_LINE_VIEW = frozenset({"quotes", "orders"})
_LIST_COLUMNS = ("due_date", "reference", "branch", "status", "total", "balance")


def listing_of(type_: str, transactions: Sequence[Transaction], maker: Maker) -> Listing:
    """The list of all `transactions` of a type, of which there must be one; PortalgenError for two of one name."""
    bundle, formatter = maker.bundle, maker.formatter
    documents = maker.documents(transactions)
    _refuse_shared_names(transactions, documents)
    has_lines = any(document.lines for document in documents)
    has_csv = "csv" in bundle.site.downloads
    open_ones = [each for each in transactions if is_open(each, bundle.as_of)]
    return Listing(
        type=type_,
        href=f"{type_}.html",
        lines_href=f"{type_}-lines.html" if has_lines and type_ in _WITH_LINE_VIEW else "",
        csv_href=f"{type_}.csv" if has_csv else "",
        lines_csv_href=f"{type_}-lines.csv" if has_csv and has_lines else "",
        count=formatter.quantity(Decimal(len(documents))),
        number=len(documents),
        open_count=formatter.quantity(Decimal(len(open_ones))) if open_ones else "",
        documents=documents,
        pages=tuple(_pages(documents)),
        columns=filled(documents, _LIST_COLUMNS) | _of_states(documents),
        line_columns=filled([line for document in documents for line in document.lines], LINE_COLUMNS),
        branches=tuple(sorted({document.branch for document in documents if document.branch})),
        sums=sums_of(transactions, formatter) if type_ in _SUMMED else (),
        open_sums=open_sums(open_ones, formatter),
    )


def _refuse_shared_names(transactions: Sequence[Transaction], documents: Sequence[Document]) -> None:
    numbers: dict[str, str] = {}
    for transaction, document in zip(transactions, documents, strict=True):
        if document.name in numbers:
            both = f"{numbers[document.name]!r} and {transaction.number!r}"
            raise PortalgenError(f"two {transaction.type} of one customer would share the page {document.href}: {both}")
        numbers[document.name] = transaction.number


def _of_states(documents: Iterable[Document]) -> frozenset[str]:
    """The column `status` is there for what is overdue or paid, too."""
    return frozenset({"status"}) if any(document.tone != "plain" for document in documents) else frozenset()


def _pages(documents: Sequence[Document]) -> Iterable[DocumentPage]:
    by_page: dict[str, list[Document]] = {}
    for document in documents:
        by_page.setdefault(document.page, []).append(document)
    return (DocumentPage(href, tuple(found)) for href, found in by_page.items())


def open_sums(transactions: Sequence[Transaction], formatter: Formatter) -> tuple[str, ...]:
    """What is open of transactions, for each currency in which all of them say it, sorted by the currency."""
    found = []
    for currency in sorted({transaction.currency for transaction in transactions}):
        amounts = [open_amount(transaction) for transaction in transactions if transaction.currency == currency]
        found.append(formatter.money(added(amounts), currency))
    return tuple(filter(None, found))


def sums_of(transactions: Sequence[Transaction], formatter: Formatter) -> tuple[Sum, ...]:
    """What transactions come to, for each currency of which one of the two sums is known, sorted by it."""
    sums = []
    for currency in sorted({transaction.currency for transaction in transactions}):
        same = [transaction for transaction in transactions if transaction.currency == currency]
        total, balance = added(each.total for each in same), added(each.balance for each in same)
        sums.append(Sum(plain_text(currency), formatter.money(total, currency), formatter.money(balance, currency)))
    return tuple(each for each in sums if each.total or each.balance)
