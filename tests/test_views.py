"""What templates are given: which documents belong together, what is open, what is taxed at which rate."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.attachments import Attachment
from portalgen.model import Bulletin, Bundle, Change, Changes, Line, Receipt, Transaction, Withdrawn
from portalgen.names import page_of, safe_name, type_of
from portalgen.views import view_of
from portalgen.views.documents import days_overdue, is_open, open_amount, taxes_of
from portalgen.views.values import Document, View
from tests.samples import AS_OF, SITE, bundle, invoice

ALL = ("quotes", "orders", "invoices", "credit_notes", "delivery_notes")


def documents(view: View) -> dict[tuple[str, str], Document]:
    return {(listing.type, each.number): each for listing in view.listings for each in listing.documents}


def seen(transactions: Sequence[Transaction], types: Sequence[str] = ALL, pages: str = "document") -> View:
    return view_of(bundle(transactions, types, site=replace(SITE, pages=pages)))


def chain() -> list[Transaction]:
    """A quote, its order, the delivery, the invoice and a credit note."""
    return [
        invoice("Q", type="quotes"),
        invoice("O", type="orders", quote_number="Q"),
        invoice("I", order_number="O", delivery_note_number="D", quote_number="Q"),
        invoice("C", type="credit_notes", invoice_number="I"),
        invoice("D", type="delivery_notes", order_number="O"),
    ]


def test_documents_that_name_each_other_are_linked_both_ways() -> None:
    found = documents(seen(chain()))
    related = {key: [(each.type, each.number) for each in document.related] for key, document in found.items()}
    assert related == {
        ("quotes", "Q"): [("orders", "O"), ("invoices", "I")],
        ("orders", "O"): [("quotes", "Q"), ("delivery_notes", "D"), ("invoices", "I")],
        ("invoices", "I"): [("quotes", "Q"), ("orders", "O"), ("delivery_notes", "D"), ("credit_notes", "C")],
        ("credit_notes", "C"): [("invoices", "I")],
        ("delivery_notes", "D"): [("orders", "O"), ("invoices", "I")],
    }
    for document in found.values():
        assert all(found[each.type, each.number].href == each.href for each in document.related)


def test_a_document_that_is_not_in_the_portal_is_named_and_not_linked() -> None:
    [document] = documents(seen([invoice("I", order_number="O")])).values()
    assert [(each.number, each.href) for each in document.related] == [("O", "")]


def test_a_document_that_names_itself_is_not_related_to_itself() -> None:
    [document] = documents(seen([invoice("I", invoice_number="I")])).values()
    assert document.related == ()


def test_neighbours_are_those_of_the_list() -> None:
    first, second, third = documents(seen([invoice("3"), invoice("2"), invoice("1")])).values()
    assert (first.newer, first.older) == ("", second.href)
    assert (second.newer, second.older) == (first.href, third.href)
    assert (third.newer, third.older) == (second.href, "")


@pytest.mark.parametrize(
    ("pages", "hrefs"),
    [
        ("document", ["invoices/2.html", "invoices/1.html"]),
        ("month", ["invoices/2026-11.html#2", "invoices/2026-10.html#1"]),
        ("year", ["invoices/2026.html#2", "invoices/2026.html#1"]),
        ("all", ["invoices/all.html#2", "invoices/all.html#1"]),
    ],
)
def test_documents_share_pages_as_the_site_says(pages: str, hrefs: list[str]) -> None:
    two = [invoice("2"), invoice("1", date=datetime.date(2026, 10, 31))]
    [listing] = seen(two, pages=pages).listings
    assert [document.href for document in listing.documents] == hrefs
    assert [page.href for page in listing.pages] == list(dict.fromkeys(href.partition("#")[0] for href in hrefs))
    assert [each for page in listing.pages for each in page.documents] == list(listing.documents)


@given(st.sampled_from(["document", "month", "year", "all"]), st.text(min_size=1), st.dates())
def test_a_path_tells_its_type(pages: str, number: str, day: datetime.date) -> None:
    for type_ in ALL:
        assert type_of(page_of(type_, safe_name(number), day, pages)) == type_
        assert {type_of(f"{type_}{rest}") for rest in (".html", "-lines.html", ".csv", "-lines.csv", "/x.pdf")} == {
            type_
        }


def taxed(*lines: tuple[str, str], tax: str, taxes: Sequence[str] = ()) -> Transaction:
    made = [Line(number, amount=Decimal(net), tax_rate=Decimal(rate)) for number, (net, rate) in enumerate(lines, 1)]
    if taxes:
        made = [replace(line, tax=Decimal(each)) for line, each in zip(made, taxes, strict=True)]
    return invoice(lines=tuple(made), tax=Decimal(tax))


def test_taxes_are_given_by_rate_where_they_add_up() -> None:
    both = taxed(("100.00", "19"), ("50.00", "7"), ("0.05", "19"), tax="22.51")
    assert taxes_of(both) == [
        (Decimal(7), Decimal("50.00"), Decimal("3.50")),
        (Decimal(19), Decimal("100.05"), Decimal("19.01")),
    ]
    assert taxes_of(taxed(("100.00", "19"), tax="19.01")) == []
    assert taxes_of(taxed(("100.00", "19"), tax="19.02", taxes=["19.02"])) == [
        (Decimal(19), Decimal(100), Decimal("19.02"))
    ]
    assert taxes_of(invoice(tax=None)) == taxes_of(invoice(lines=(), tax=Decimal(1))) == []


def test_what_is_open_depends_on_the_type() -> None:
    line = Line(1, quantity=Decimal(3), amount=Decimal("100.00"), open_quantity=Decimal(1))
    order = invoice(type="orders", lines=(line, Line(2, quantity=Decimal(1), amount=Decimal(7))))
    quote = invoice(type="quotes", due_date=AS_OF)
    assert (is_open(order, AS_OF), open_amount(order)) == (True, Decimal("33.33"))
    assert (is_open(quote, AS_OF), open_amount(quote)) == (True, Decimal("119.00"))
    assert (is_open(invoice(), AS_OF), open_amount(invoice())) == (True, Decimal("119.00"))
    assert is_open(invoice(type="credit_notes", balance=Decimal("0.01")), AS_OF)
    shut = [
        *(replace(order, status="Cancelled"), replace(order, lines=(replace(line, open_quantity=Decimal(0)),))),
        *(replace(quote, status=" declined "), replace(quote, due_date=AS_OF - datetime.timedelta(1))),
        *(replace(quote, due_date=None), invoice(balance=Decimal(0)), invoice(balance=None)),
        invoice(type="delivery_notes"),
    ]
    assert not any(is_open(each, AS_OF) for each in shut)


def test_an_order_does_not_say_how_much_is_open_where_a_line_does_not() -> None:
    bare = Line(1, open_quantity=Decimal(1), amount=Decimal(5))
    assert open_amount(invoice(type="orders", lines=(bare,))) is None


@pytest.mark.parametrize(("days", "late"), [(-1, 0), (0, 0), (1, 1), (40, 40)])
def test_an_invoice_is_overdue_from_the_day_after_its_due_date(days: int, late: int) -> None:
    due = AS_OF - datetime.timedelta(days)
    assert days_overdue(invoice(due_date=due), AS_OF) == late
    for other in ({"balance": Decimal(0)}, {"balance": Decimal(-1)}, {"balance": None}, {"type": "orders"}):
        assert days_overdue(invoice(due_date=due, **other), AS_OF) == 0


def test_the_summary_has_what_is_overdue_the_oldest_first_and_what_is_due_next() -> None:
    days = [datetime.date(2026, 11, day) for day in (1, 19, 20, 30)]
    some = [invoice(f"{day.day}", due_date=day) for day in reversed(days)]
    euro = invoice("E", due_date=days[0], currency="EUR", balance=Decimal("0.10"))
    summary = seen([*some, euro, invoice("paid", balance=Decimal(0), due_date=days[0])]).summary
    assert [each.number for each in summary.overdue] == ["1", "E", "19"]
    assert [each.number for each in summary.due] == ["20", "30"]
    assert summary.overdue_sums == ("€0.10", "$238.00")
    assert (summary.more_overdue, summary.more_due) == (0, 0)
    assert seen([invoice(str(n), due_date=days[0]) for n in range(7)]).summary.more_overdue == 2


def test_a_bulletin_is_shown_from_its_first_to_its_last_day() -> None:
    def shown(first: int | None, last: int | None) -> bool:
        days = [AS_OF + datetime.timedelta(each) if each is not None else None for each in (first, last)]
        made = bundle()
        link = replace(made.link, bulletin=Bulletin("<p>x</p>", *days))
        return bool(view_of(replace(made, link=link)).bulletin)

    assert [shown(None, None), shown(0, 0), shown(-1, 1), shown(0, None), shown(None, 0)] == [True] * 5
    assert [shown(1, None), shown(None, -1)] == [False, False]
    assert view_of(bundle()).bulletin == ""


def test_a_receipt_leads_to_the_invoice_that_it_pays() -> None:
    made: Bundle = bundle([invoice("I")], ["invoices", "receipts"])
    paid = Receipt("R", made.customer.id, AS_OF, Decimal("19.00"), "USD", "Card", "", "I")
    other = replace(paid, number="S", allocated_to="elsewhere", currency="EUR")
    payments = view_of(replace(made, receipts=(paid, other))).payments
    assert payments is not None
    assert [(each.number, each.invoice, each.href) for each in payments.payments] == [
        ("R", "I", documents(view_of(made))["invoices", "I"].href),
        ("S", "elsewhere", ""),
    ]
    assert [(each.currency, each.total) for each in payments.sums] == [("EUR", "€19.00"), ("USD", "$19.00")]
    assert payments.columns == {"method", "invoice"}


def test_lines_of_all_documents_are_listed_for_quotes_and_orders_alone() -> None:
    listings = seen(chain()).listings
    assert {listing.type: listing.lines_href for listing in listings if listing.lines_href} == {
        "quotes": "quotes-lines.html",
        "orders": "orders-lines.html",
    }
    [without] = seen([invoice(type="orders", lines=())]).listings
    assert without.lines_href == ""


def test_downloads_are_named_where_the_site_offers_them() -> None:
    def offered(*downloads: str) -> tuple[str, str, str]:
        view = view_of(bundle([invoice()], site=replace(SITE, downloads=downloads)))
        return view.workbook, view.archive, view.listings[0].csv_href

    assert offered() == ("", "", "")
    assert offered("csv", "xlsx", "zip") == ("portal.xlsx", "portal.zip", "invoices.csv")
    assert view_of(bundle()).archive == ""


def test_the_summary_tells_what_changed_day_by_day_and_links_it() -> None:
    days = [AS_OF - datetime.timedelta(days) for days in (0, 3)]
    made = bundle([invoice("2"), invoice("1")], ALL)
    told = Changes(
        (Change(days[0], "new", "invoices", "2"), Change(days[1], "paid", "invoices", "1")),
        (Withdrawn(days[1], "quotes", 2),),
    )
    summary = view_of(replace(made, changes=told)).summary
    assert [each.day.iso for each in summary.changes] == [day.isoformat() for day in days]
    first, second = summary.changes
    assert [(each.kind, each.document.number) for each in first.changes] == [("new", "2")]
    assert [(each.kind, each.document.href) for each in second.changes] == [("paid", "invoices/1.html")]
    assert [(each.type, each.number, each.count) for each in second.withdrawals] == [("quotes", 2, "2")]
    many = Changes(tuple(Change(AS_OF, "new", "invoices", "1") for _ in range(15)))
    assert view_of(replace(made, changes=many)).summary.more_changes == 3


def test_what_scripts_sort_by_has_no_minus_before_a_zero() -> None:
    [document] = documents(seen([invoice(total=Decimal("-0.004"), balance=Decimal("-0.0049"))])).values()
    assert (document.total.value, document.balance.value) == ("0.00", "0.00")


@pytest.mark.parametrize(
    ("locale", "size", "said"),
    [
        ("en-GB", 84_499, "84 kB"),
        ("fr-FR", 1, "1 ko"),
        ("ar-EG", 9_500, "\u0661\u0660 \u0643\u064a\u0644\u0648\u0628\u0627\u064a\u062a"),
    ],
)
def test_the_size_of_a_file_is_told_as_the_reader_does(locale: str, size: int, said: str, tmp_path: Path) -> None:
    file = Attachment(".pdf", "application/pdf", size, "", tmp_path / "1.pdf", tmp_path)
    made = replace(bundle([invoice("1")], locale=locale), attachments={("invoices", "1"): file})
    attached = documents(view_of(made))["invoices", "1"].attached
    assert attached is not None
    assert (attached.href, attached.kind, attached.size) == ("invoices/1.pdf", "PDF", said)
