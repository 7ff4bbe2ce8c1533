"""What a customer may take away, as tables: what is granted, all that the pages show of it, in the same digits."""

import datetime
import re
from collections.abc import Iterable
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portalgen.formats import Formatter
from portalgen.model import RECEIPTS, TRANSACTION_TYPES, Bundle, Line, Receipt, Transaction
from portalgen.tables import Table, Value, tables_of
from portalgen.words import LANGUAGES, words_for
from tests.samples import BRILLIANT, PORTALS, bundle, invoice

RECEIPT = Receipt(
    number="R-7",
    customer_id=BRILLIANT.id,
    date=datetime.date(2026, 11, 19),
    amount=Decimal("250.5"),
    currency="USD",
    method="Bank transfer",
    reference="PO-7781",
    allocated_to="INV-1",
)


def english(text: str) -> str:
    return text


def tables(bundle_: Bundle) -> dict[str, Table]:
    return {table.name: table for table in tables_of(bundle_, english)}


def records(table: Table) -> list[dict[str, Value]]:
    return [dict(zip(table.headings, row, strict=True)) for row in table.rows]


def granted(transactions: Iterable[Transaction], *types: str, receipts: tuple[Receipt, ...] = ()) -> Bundle:
    return replace(bundle(list(transactions), types), receipts=receipts)


def cell(heading: str, **values: object) -> Value:
    """What a document with these values has under a heading."""
    (record,) = records(tables(bundle([invoice(**values)]))["invoices"])  # type: ignore[arg-type]
    return record.get(heading)


def line_cell(heading: str, line: Line, currency: str = "USD") -> Value:
    (record,) = records(tables(bundle([invoice(lines=(line,), currency=currency)]))["invoices-lines"])
    return record.get(heading)


class TestWhichTables:
    def test_each_granted_type_has_its_documents_and_lines_in_the_order_of_the_portal(self) -> None:
        types = ["quotes", "orders", "invoices", "credit_notes", "delivery_notes"]
        names = [name for type_ in types for name in (type_, f"{type_}-lines")]
        assert list(tables(PORTALS["brilliant"])) == names

    def test_a_granted_type_without_documents_has_no_table(self) -> None:
        assert list(tables(granted([invoice()], "orders", "invoices"))) == ["invoices", "invoices-lines"]

    def test_documents_without_lines_have_no_table_of_lines(self) -> None:
        assert list(tables(bundle([invoice(lines=())]))) == ["invoices"]

    def test_a_type_that_is_not_granted_has_no_table_even_if_it_were_in_the_bundle(self) -> None:
        order = invoice("SO-1", type="orders")
        assert list(tables(granted([order, invoice()], "invoices"))) == ["invoices", "invoices-lines"]

    @pytest.mark.parametrize(
        ("types", "names"), [(("invoices", RECEIPTS), ["receipts"]), (("invoices",), []), ((RECEIPTS,), ["receipts"])]
    )
    def test_receipts_are_there_only_where_they_are_granted(self, types: tuple[str, ...], names: list[str]) -> None:
        assert list(tables(granted([], *types, receipts=(RECEIPT,)))) == names

    def test_no_receipts_are_no_table(self) -> None:
        assert list(tables(granted([], RECEIPTS))) == []


class TestColumns:
    def test_a_column_in_which_no_document_has_a_value_is_left_out(self) -> None:
        plainest = invoice(status="", net=None, tax=None, balance=None, due_date=None)
        assert tables(bundle([plainest]))["invoices"].headings == ("Number", "Date", "Currency", "Total")

    def test_a_column_is_there_if_one_document_has_a_value(self) -> None:
        table = tables(bundle([invoice("A"), invoice("B", note="Fragile")]))["invoices"]
        assert [record["Note"] for record in records(table)] == ["", "Fragile"]

    def test_zero_is_a_value(self) -> None:
        assert cell("Paid", paid=Decimal(0)) == 0

    def test_every_field_that_a_document_has_is_in_a_table(self) -> None:
        """But for its type and customer, which are the same in all rows, and the file, which is one of its own."""
        texts = [f.name for f in fields(Transaction) if f.type is str]
        kept = set(texts) - {"type", "customer_id", "attachment", "currency"}
        amounts = [f.name for f in fields(Transaction) if f.default is None and f.name != "due_date"]
        values: dict[str, object] = {name: f"text of {name}" for name in kept}
        values |= {name: Decimal(place) for place, name in enumerate(amounts, start=1)}
        document = replace(invoice(), **values)  # type: ignore[arg-type]
        (record,) = records(tables(bundle([document]))["invoices"])
        assert (len(kept), len(amounts)) == (13, 8)
        assert {*values.values(), document.date, document.due_date, "USD"} <= set(record.values())

    def test_every_field_that_a_line_has_is_in_a_table(self) -> None:
        numbers = [f.name for f in fields(Line) if f.default is None]
        values = {name: Decimal(place) for place, name in enumerate(numbers, start=10)}
        line = Line(line=9, item="SKU-1", description="Widget", unit="pcs", **values)
        (record,) = records(tables(bundle([invoice(lines=(line,))]))["invoices-lines"])
        assert {9, "SKU-1", "Widget", "pcs", *values.values(), "INV-1", "USD"} <= set(record.values())
        assert len(values) == 8

    def test_what_a_payment_holds(self) -> None:
        (record,) = records(tables(granted([], RECEIPTS, receipts=(RECEIPT,)))["receipts"])
        assert record == {
            "Number": "R-7",
            "Date": datetime.date(2026, 11, 19),
            "Method": "Bank transfer",
            "Your reference": "PO-7781",
            "Invoice": "INV-1",
            "Amount": Decimal("250.50"),
            "Currency": "USD",
        }

    @pytest.mark.parametrize(
        ("type_", "headings"),
        [
            ("quotes", {"Valid until", "Paid", "Balance due"}),
            ("orders", {"Promised", "Paid", "Balance due"}),
            ("invoices", {"Due date", "Paid", "Balance due"}),
            ("credit_notes", {"Due date", "Amount used", "Remaining credit"}),
            ("delivery_notes", {"Due date", "Paid", "Balance due"}),
        ],
    )
    def test_headings_are_those_of_the_pages_of_each_type(self, type_: str, headings: set[str]) -> None:
        document = invoice(type=type_, paid=Decimal(1))
        assert headings <= set(tables(bundle([document]))[type_].headings)

    def test_a_line_says_whose_it_is(self) -> None:
        pairs = [(record["Order"], record["Line"]) for record in records(tables(PORTALS["brilliant"])["orders-lines"])]
        assert pairs == [("SO/2026/0451", 1), ("SO/2026/0451", 2), ("SO/2026/0451", 3)]


class TestValues:
    def test_text_is_what_the_pages_show_of_it(self) -> None:
        """Without what cannot be seen or would turn it round, and with line feeds."""
        assert cell("Note", note=" Pay\u202e to\r\nDE\u200b12\0 ") == "Pay to\nDE12"

    def test_a_number_that_cannot_be_seen_reads_as_the_name_of_its_page(self) -> None:
        number = cell("Number", number="\u200b")
        assert isinstance(number, str)
        assert re.fullmatch("x-[0-9a-f]{12}", number)

    def test_a_status_is_in_the_language_of_the_interface(self) -> None:
        (table, _) = tables_of(bundle([invoice(status="Paid")]), {"Paid": "Bezahlt"}.get)  # type: ignore[arg-type]
        assert "Bezahlt" in table.rows[0]

    def test_no_status_is_no_text_of_the_catalogue(self) -> None:
        """gettext has its own header for ''."""
        documents = [invoice("A", status=""), invoice("B", status="Open")]
        (table, *_) = tables_of(bundle(documents), words_for("de").gettext)
        assert table.rows[0][4] == ""

    @pytest.mark.parametrize(
        ("currency", "amount", "text"),
        [
            ("USD", "119", "119.00"),
            ("USD", "0.125", "0.13"),
            ("USD", "-0.004", "0.00"),
            ("USD", "-12.5", "-12.50"),
            ("JPY", "1234.5", "1235"),
            ("KWD", "1.2345", "1.235"),
            ("USD", "1E+3", "1000.00"),
            ("USD", "123456789012345678901234567890.12", "123456789012345678901234567890.12"),
        ],
    )
    def test_an_amount_has_the_decimals_of_its_currency(self, currency: str, amount: str, text: str) -> None:
        assert f"{cell('Total', total=Decimal(amount), currency=currency):f}" == text

    @pytest.mark.parametrize(
        ("price", "text"), [("18", "18.00"), ("10.0375", "10.0375"), ("0.1000", "0.10"), ("0.00000149", "0.000001")]
    )
    def test_a_unit_price_has_further_decimals_where_it_needs_them(self, price: str, text: str) -> None:
        assert f"{line_cell('Unit price', Line(1, unit_price=Decimal(price))):f}" == text

    @pytest.mark.parametrize(("quantity", "text"), [("40.000", "40"), ("12.50", "12.5"), ("1E+2", "100"), ("-0", "0")])
    def test_a_quantity_has_the_decimals_that_it_needs(self, quantity: str, text: str) -> None:
        assert f"{line_cell('Quantity', Line(1, quantity=Decimal(quantity))):f}" == text

    def test_percentages_and_amounts_taken_off_are_told_apart(self) -> None:
        line = Line(1, discount=Decimal("2.5"), discount_amount=Decimal(3), tax_rate=Decimal("8.250"))
        values = [line_cell(heading, line) for heading in ("Discount (%)", "Discount", "Tax rate (%)")]
        assert [f"{value:f}" for value in values] == ["2.5", "3.00", "8.25"]


CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF"])
NUMBERS = st.decimals(-(10**20), 10**20, allow_nan=False, allow_infinity=False, places=8)


def digits_of(shown: str) -> str:
    """A number as en-US shows it, without its groups, its currency and its percent sign."""
    return re.sub("[^0-9.-]", "", shown)


@settings(deadline=None)
@given(CURRENCIES, NUMBERS)
def test_digits_are_those_that_the_pages_show(currency: str, number: Decimal) -> None:
    formatter = Formatter("en-US")
    line = Line(1, quantity=number, tax_rate=number, unit_price=number, amount=number)
    documents = tables(bundle([invoice(total=number, currency=currency, lines=(line,))]))
    (document,), (record,) = records(documents["invoices"]), records(documents["invoices-lines"])
    money = digits_of(formatter.money(number, currency))
    assert [f"{document['Total']:f}", f"{record['Amount']:f}"] == [money, money]
    assert f"{record['Unit price']:f}" == digits_of(formatter.unit_price(number, currency))
    assert f"{record['Quantity']:f}" == digits_of(formatter.quantity(number))
    assert f"{record['Tax rate (%)']:f}" == digits_of(formatter.percent(number))


@pytest.mark.parametrize("language", LANGUAGES)
class TestEveryLanguage:
    @pytest.fixture
    def all_tables(self, language: str) -> list[Table]:
        """With every column that there can be."""
        numbers = {f.name: Decimal(1) for f in fields(Line) if f.default is None}
        line = Line(line=1, item="x", description="x", unit="x", **numbers)
        values: dict[str, object] = {f.name: "x" for f in fields(Transaction) if f.default == ""}
        values |= dict.fromkeys(["paid", "allowance", "charge", "rounding"], Decimal(1))
        documents = [replace(invoice(type=type_, lines=(line,)), **values) for type_ in TRANSACTION_TYPES]  # type: ignore[arg-type]
        whole = granted(documents, *TRANSACTION_TYPES, RECEIPTS, receipts=(RECEIPT,))
        return list(tables_of(whole, words_for(language).gettext))

    def test_no_two_columns_have_the_same_heading(self, all_tables: list[Table]) -> None:
        assert [len(table.headings) for table in all_tables] == [24, 15] * 5 + [7]
        for table in all_tables:
            assert len(set(table.headings)) == len(table.headings), table.headings

    def test_titles_can_be_those_of_sheets(self, all_tables: list[Table]) -> None:
        """At most 31 characters, none of []:*?/\\, no apostrophe at an end, each once whatever its case."""
        titles = [table.title for table in all_tables]
        assert len({title.casefold() for title in titles}) == len(titles) == 11
        assert [title for title in titles if not re.fullmatch(r"(?!')[^][:*?/\\]{1,31}(?<!')", title)] == []
