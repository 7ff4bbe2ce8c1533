"""What the first page says besides counts: what is overdue, what is due next, what changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from portalgen.formats import Formatter
from portalgen.model import Bundle, Transaction
from portalgen.views.documents import added, days_overdue
from portalgen.views.values import Change, ChangesOfDay, Day, Document, Listing, Summary, Withdrawal

_SHOWN = 5
_MOST_CHANGES = 12


def summary_of(bundle: Bundle, listings: Iterable[Listing], formatter: Formatter) -> Summary:
    """The summary of a bundle whose documents are in `listings`."""
    documents = {
        (listing.type, transaction.number): document
        for listing in listings
        for transaction, document in zip(_of_type(bundle, listing.type), listing.documents, strict=True)
    }
    owed = [each for each in _of_type(bundle, "invoices") if each.due_date and each.balance and each.balance > 0]
    owed.sort(key=lambda each: (each.due_date, each.date, each.number))
    overdue = [each for each in owed if days_overdue(each, bundle.as_of)]
    due = owed[len(overdue) :]
    return Summary(
        overdue=_documents(overdue, documents),
        overdue_sums=_sums(overdue, formatter),
        more_overdue=max(0, len(overdue) - _SHOWN),
        due=_documents(due, documents),
        more_due=max(0, len(due) - _SHOWN),
        changes=tuple(_changes(bundle, documents, formatter)),
        more_changes=max(0, len(bundle.changes.documents) - _MOST_CHANGES),
    )


def _changes(
    bundle: Bundle, documents: Mapping[tuple[str, str], Document], formatter: Formatter
) -> Iterator[ChangesOfDay]:
    """What changed, day by day, the newest first; of a great many changes, the newest."""
    told = bundle.changes.documents[:_MOST_CHANGES]
    days = {each.day for each in told} | {each.day for each in bundle.changes.withdrawn}
    for day in sorted(days, reverse=True):
        yield ChangesOfDay(
            day=Day(day.isoformat(), formatter.date(day)),
            changes=tuple(Change(each.kind, documents[each.type, each.number]) for each in told if each.day == day),
            withdrawals=tuple(
                Withdrawal(each.type, each.count, formatter.quantity(Decimal(each.count)))
                for each in bundle.changes.withdrawn
                if each.day == day
            ),
        )


def _of_type(bundle: Bundle, type_: str) -> list[Transaction]:
    return [each for each in bundle.transactions if each.type == type_]


def _documents(
    transactions: Sequence[Transaction], documents: Mapping[tuple[str, str], Document]
) -> tuple[Document, ...]:
    return tuple(documents[each.type, each.number] for each in transactions[:_SHOWN])


def _sums(transactions: Sequence[Transaction], formatter: Formatter) -> tuple[str, ...]:
    """What is to be paid for transactions, in each currency."""
    currencies = sorted({each.currency for each in transactions})
    owed = {
        currency: added(each.balance for each in transactions if each.currency == currency) for currency in currencies
    }
    return tuple(formatter.money(amount or Decimal(0), currency) for currency, amount in owed.items())
