"""A statement of account as a page shows it."""

from portalgen.model import Entry, Statement
from portalgen.names import safe_name
from portalgen.plain import plain_text
from portalgen.views.documents import Maker, href_of
from portalgen.views.values import Bucket, Movement, StatementPart


def statement_part(statement: Statement, maker: Maker) -> StatementPart:
    """The statement in one currency; what it names is linked where it is in the bundle."""
    formatter, currency = maker.formatter, statement.currency
    hrefs = {(each.type, each.number): href_of(each, maker.bundle.site.pages) for each in maker.bundle.transactions}

    def movement(entry: Entry) -> Movement:
        type_ = "invoices" if entry.type == "settled" else entry.type
        return Movement(
            date=maker.day(entry.date),
            type=entry.type,
            number=(plain_text(entry.number) or safe_name(entry.number)) if entry.number else "",
            href=hrefs.get((type_, entry.number), ""),
            due_date=maker.day(entry.due_date) if entry.due_date else None,
            amount=formatter.money(entry.amount, currency),
            balance=formatter.money(entry.balance, currency),
        )

    return StatementPart(
        currency=plain_text(currency),
        first_day=maker.day(statement.first_day),
        last_day=maker.day(statement.last_day),
        opening=formatter.money(statement.opening, currency),
        movements=tuple(map(movement, statement.entries)),
        closing=formatter.money(statement.closing, currency),
        buckets=tuple(Bucket(name, formatter.money(amount, currency)) for name, amount in statement.buckets.items()),
    )
