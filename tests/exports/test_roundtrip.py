"""A book written in any format and layout, and as e-invoices, is read again as it was."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portalgen.amounts import completed
from portalgen.model import TRANSACTION_TYPES, Customer, Line, Transaction
from tests.exports.writers import WAYS, Entry, Way, read_site, write_table
from tests.ubl import as_written, ubl

ONCE = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""A site is written and read for each example: to look for a smaller one would take minutes."""
_LATIN = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100)])) + "€„“”…Œ\n"
_ANY = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]) | st.sampled_from("\n\t,;\"'|=-0")
_DAYS = st.dates(datetime.date(1950, 1, 1), datetime.date(2199, 12, 31))
_NUMBERS = st.one_of(
    st.none(),
    st.decimals(-9999, 9999, places=2),
    st.decimals(Decimal("-999999999"), Decimal("999999999"), places=6),
    st.sampled_from([*map(Decimal, ("0", "-0.000001", "999999999999999.999999", "-999999999999999"))]),
)
_KNOWN_IDS = st.sampled_from(
    ["0012", "12", "012", "2520018000000073035", "INV/26-1", 'a "b"', "A;1", "A,1", "-1", "=1"]
)


def _texts(alphabet: st.SearchStrategy[str] | str, least: int = 0) -> st.SearchStrategy[str]:
    """Texts; an apostrophe in front of what could be a formula is a shield, and not part of the text."""
    return st.text(alphabet, min_size=least, max_size=6).filter(lambda text: text[:1] != "'")


def _ids(alphabet: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    def clean(text: str) -> str:
        return "".join(char for char in text if char.isprintable() and not char.isspace())

    return _KNOWN_IDS | st.text(alphabet, min_size=1, max_size=6).map(clean).filter(bool)


def _lines(alphabet: st.SearchStrategy[str] | str, least: int) -> st.SearchStrategy[tuple[Line, ...]]:
    texts = _texts(alphabet)
    numbers = ("quantity", "open_quantity", "unit_price", "discount", "discount_amount", "tax_rate", "tax", "amount")
    line = st.builds(
        Line,
        line=st.just(0),
        item=texts,
        description=_texts(alphabet, 1),
        unit=texts,
        **dict.fromkeys(numbers, _NUMBERS),
    )
    return st.lists(line, min_size=least, max_size=3).map(
        lambda lines: tuple(replace(line, line=number) for number, line in enumerate(lines, start=1))
    )


def _documents(
    type_: str, customers: Sequence[str], alphabet: st.SearchStrategy[str] | str, way: Way = WAYS[0]
) -> st.SearchStrategy[list[Transaction]]:
    texts = _texts(alphabet)
    names = ("note", "reference", "payment_terms", "ship_to", "branch", "carrier", "tracking_number")
    numbers = ("net", "tax", "total", "balance", "paid", "allowance", "charge", "rounding")
    references = ("order_number", "quote_number", "invoice_number", "delivery_note_number")
    document = st.builds(
        Transaction,
        type=st.just(type_),
        number=_ids(alphabet),
        customer_id=st.sampled_from(customers),
        date=_DAYS,
        currency=st.sampled_from(["EUR", "USD", "JPY", "BHD"]),
        due_date=st.none() | _DAYS,
        status=st.sampled_from(["", "Open", "it's", "Paid"]),
        **dict.fromkeys(names, texts),
        **dict.fromkeys(references, st.just("") | _ids(alphabet)),
        **dict.fromkeys(numbers, _NUMBERS),
        lines=_lines(alphabet, way.least_lines),
    )
    if type_ == "credit_notes":
        document = document.map(_not_negative)
    return st.lists(document, min_size=way.least, max_size=3, unique_by=lambda it: it.number)


def _not_negative(note: Transaction) -> Transaction:
    """A credit note that is not refused for an amount below zero."""
    amounts = {name: abs(amount) for name in ("net", "total", "balance") if (amount := getattr(note, name)) is not None}
    note = replace(note, **amounts)
    whole = completed(note, note.lines)
    if any(amount is not None and amount < 0 for amount in (whole.net, whole.total, whole.balance)):
        return replace(note, total=note.total or Decimal(5), paid=None)
    return note


def _customers(alphabet: st.SearchStrategy[str] | str) -> st.SearchStrategy[list[Customer]]:
    texts = _texts(alphabet)
    names = "email phone street city region postal_code country language tax_id status parent_id payment_terms"
    customer = st.builds(
        Customer,
        id=_ids(alphabet),
        name=_texts(alphabet, 1),
        currency=st.sampled_from(["", "EUR"]),
        **dict.fromkeys(names.split(), texts),
    )
    return st.lists(customer, min_size=1, max_size=3, unique_by=lambda it: it.id)


def read_again(folder: Path, entries: Sequence[Entry]) -> tuple[list[Customer], dict[tuple[str, str], Transaction]]:
    read = read_site(folder, [{**entry, "similar_ids": "allow"} for entry in entries])
    return [account.customer for account in read.accounts], read.documents


def by_identity(documents: Sequence[Transaction]) -> dict[tuple[str, str], Transaction]:
    """What a book says of the documents: their amounts completed."""
    return {(it.type, it.number): completed(replace(it, lines=()), it.lines) for it in documents}


@pytest.mark.parametrize("place", range(0, len(WAYS), 5))
@given(st.data())
@settings(ONCE, max_examples=4)
def test_what_is_written_in_any_way_is_read_as_it_was(place: int, data: st.DataObject) -> None:
    """Each of the five types in another format and layout, which of them in which is drawn."""
    ways: list[Way] = data.draw(st.permutations([WAYS[(place + step) % len(WAYS)] for step in range(5)]), "ways")
    customers = data.draw(_customers(_LATIN), "customers")
    ids = [customer.id for customer in customers]
    documents = []
    with TemporaryDirectory() as name:
        entries = [write_table(Path(name), ways[0], customers, "customers")]
        for type_, way in zip(TRANSACTION_TYPES, ways, strict=True):
            alphabet = _LATIN if way.encoding == "cp1252" else _ANY
            mine = data.draw(_documents(type_, ids, alphabet, way), type_)
            documents += mine
            entries.append(write_table(Path(name), way, mine, type_))
        assert read_again(Path(name), entries) == (
            sorted(customers, key=lambda it: it.id.encode()),
            by_identity(documents),
        )


_SOLID = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"])


def _without_prepayment(document: Transaction) -> Transaction:
    """An order or a quote of which the payable amount is to tell the total tells it alone: the sum may be too long."""
    is_told_by_balance = document.type in {"orders", "quotes"} and document.total is None
    return replace(document, paid=None, rounding=None) if is_told_by_balance else document


@given(st.data())
@settings(ONCE, max_examples=6)
def test_what_is_written_as_ubl_is_read_as_it_was(data: st.DataObject) -> None:
    customer = replace(data.draw(_customers(_SOLID), "customers")[0], street="1 Road\nHouse", language="", status="")
    drawn = data.draw(st.tuples(*(_documents(type_, [customer.id], _SOLID) for type_ in TRANSACTION_TYPES)), "all")
    documents = [[_without_prepayment(document) for document in mine] for mine in drawn]
    with TemporaryDirectory() as name:
        for type_, mine in zip(TRANSACTION_TYPES, documents, strict=True):
            for number, document in enumerate(mine):
                (Path(name) / f"{type_}-{number}.xml").write_bytes(ubl(document, customer))
        every = [document for mine in documents for document in mine]
        (Path(name) / "first.xml").write_bytes(ubl(_ISSUED, customer))
        entries = [{"type": type_, "path": "*.xml", "profile": "ubl"} for type_ in ("customers", *TRANSACTION_TYPES)]
        people, found = read_again(Path(name), entries)
    written = [as_written(document) for document in (*every, replace(_ISSUED, customer_id=customer.id))]
    assert found == by_identity([replace(it, currency=it.currency or "EUR") for it in written])
    assert [replace(each, currency="") for each in people] == [
        replace(customer, currency="", parent_id="", payment_terms="")
    ]


_ISSUED = Transaction("invoices", "the first", "", datetime.date(2200, 1, 1), "EUR", lines=(Line(1, "a"),))
