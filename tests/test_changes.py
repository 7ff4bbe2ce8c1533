"""What a link is told of: new, changed, paid and withdrawn, from what was there before, and never a number too many."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portalgen.changes import DAYS, Memory, memory_of, memory_text, recalled
from portalgen.grants import bundle_for
from portalgen.model import (
    TRANSACTION_TYPES,
    Account,
    Bundle,
    Change,
    Changes,
    Line,
    Link,
    LinkId,
    Site,
    Transaction,
    Withdrawn,
)
from tests.samples import BRILLIANT, invoice

DAY = date(2026, 11, 20)
ALL = TRANSACTION_TYPES
OPEN, SETTLED = invoice(), invoice(balance=Decimal(0), paid=Decimal(119), status="Paid")
LINK = Link(LinkId("acme"), BRILLIANT.id, 1, "a", ALL, "live", "en")


def later(days: int) -> date:
    return DAY + timedelta(days)


def shown(*documents: Transaction, day: date = DAY, **link: Any) -> Bundle:
    """What a link of this kind shows of these documents on that day; LINK unless `link` says otherwise."""
    wanted = replace(LINK, **link)
    customer = replace(BRILLIANT, id=wanted.customer)
    theirs = tuple(replace(each, customer_id=customer.id) for each in documents)
    return bundle_for(wanted, Account(customer, theirs), Site("x", "x"), day)


def after(*bundles: Bundle) -> tuple[Changes, Memory]:
    """What is told of the last of these, each built after the one before it, by what is kept as text in between."""
    memory: Memory | None = None
    changes = Changes()
    for bundle in bundles:
        changes, remembered = recalled(memory, bundle)
        assert memory_of(memory_text(remembered)) == remembered
        memory = remembered
    assert memory is not None
    return changes, memory


def told(*bundles: Bundle) -> list[str]:
    """The same in words, as 'new INV-1 0' with the days since DAY, or '1 invoices 0' for what was withdrawn."""
    changes, _ = after(*bundles)
    documents = [f"{each.kind} {each.number} {(each.day - DAY).days}" for each in changes.documents]
    return documents + [f"{each.count} {each.type} {(each.day - DAY).days}" for each in changes.withdrawn]


class TestKinds:
    """What a change is called."""

    def test_at_the_first_build_of_a_link_nothing_is_new(self) -> None:
        assert told(shown(invoice("INV-1"), invoice("INV-2"))) == []

    def test_a_document_that_was_not_there_is_new(self) -> None:
        assert told(shown(invoice("INV-1")), shown(invoice("INV-1"), invoice("INV-2"), day=later(1))) == ["new INV-2 1"]

    def test_a_document_that_says_something_else_is_changed(self) -> None:
        assert told(shown(OPEN), shown(replace(OPEN, status="Overdue"), day=later(2))) == ["changed INV-1 2"]

    def test_an_invoice_on_which_nothing_is_owed_any_more_is_paid(self) -> None:
        part = replace(OPEN, balance=Decimal(19), paid=Decimal(100))
        assert told(shown(OPEN), shown(SETTLED, day=later(1))) == ["paid INV-1 1"]
        assert told(shown(OPEN), shown(part, day=later(1))) == ["changed INV-1 1"]
        assert told(shown(OPEN), shown(part, day=later(1)), shown(SETTLED, day=later(2))) == ["paid INV-1 2"]

    @pytest.mark.parametrize(
        ("before", "now"),
        [
            pytest.param({"balance": None}, {}, id="nobody knows what was owed"),
            pytest.param({"balance": Decimal(-5)}, {}, id="an overpayment that was refunded"),
            pytest.param({}, {"balance": None}, id="nobody knows what is owed"),
            pytest.param({}, {"balance": Decimal(-5)}, id="an overpayment"),
            pytest.param({}, {"total": Decimal("0.00")}, id="an invoice that was cancelled"),
            pytest.param({}, {"paid": Decimal("0.00")}, id="an invoice that was credited"),
            pytest.param({"type": "credit_notes"}, {"type": "credit_notes"}, id="a credit note that is used up"),
            pytest.param({"type": "orders"}, {"type": "orders"}, id="an order"),
        ],
    )
    def test_nothing_else_is_called_paid(self, before: dict[str, Any], now: dict[str, Any]) -> None:
        assert told(shown(replace(OPEN, **before)), shown(replace(SETTLED, **now), day=later(1))) == ["changed INV-1 1"]

    def test_an_invoice_that_does_not_say_what_was_paid_or_its_total_can_be_paid(self) -> None:
        settled = replace(SETTLED, paid=None, total=None)
        assert told(shown(OPEN), shown(settled, day=later(1))) == ["paid INV-1 1"]

    def test_a_document_that_is_there_no_more_is_counted_and_nothing_else(self) -> None:
        credit = invoice("CN-1", type="credit_notes")
        first = shown(invoice("INV-1"), invoice("INV-2"), invoice("INV-3"), credit)
        assert told(first, shown(invoice("INV-2"), day=later(1))) == ["2 invoices 1", "1 credit_notes 1"]

    def test_what_comes_back_is_new(self) -> None:
        bundles = [shown(OPEN), shown(day=later(1)), shown(OPEN, day=later(2))]
        assert told(*bundles) == ["new INV-1 2", "1 invoices 1"]

    def test_only_the_latest_change_of_a_document_is_told(self) -> None:
        bundles = [shown(), shown(OPEN, day=later(1)), shown(SETTLED, day=later(2))]
        assert told(*bundles) == ["paid INV-1 2"]

    def test_a_document_that_comes_and_is_corrected_on_one_day_is_new(self) -> None:
        corrected = replace(OPEN, note="Corrected")
        assert told(shown(), shown(OPEN), shown(corrected), shown(SETTLED)) == ["new INV-1 0"]

    def test_an_invoice_that_is_paid_and_edited_on_one_day_is_paid(self) -> None:
        edited = replace(SETTLED, note="Thank you")
        assert told(shown(OPEN, day=later(-1)), shown(SETTLED), shown(edited)) == ["paid INV-1 0"]
        assert told(shown(OPEN, day=later(-1)), shown(SETTLED), shown(OPEN)) == ["changed INV-1 0"]

    def test_the_newest_day_comes_first_then_types_in_their_order_then_numbers(self) -> None:
        orders = [invoice(number, type="orders") for number in ("B", "A")]
        invoices = [invoice(number) for number in ("C", "D")]
        changes, _ = after(
            shown(invoice("X"), invoice("Y", type="quotes")),
            shown(*invoices, invoice("Y", type="quotes")),
            shown(*invoices, *orders, replace(invoices[0], number="E"), day=later(1)),
            shown(*invoices, *orders, day=later(2)),
        )
        assert [(each.number, (each.day - DAY).days) for each in changes.documents] == [
            *[("A", 1), ("B", 1)],
            *[("C", 0), ("D", 0)],
        ]
        assert changes.withdrawn == (
            Withdrawn(later(2), "invoices", 1),
            Withdrawn(later(1), "quotes", 1),
            Withdrawn(DAY, "invoices", 1),
        )


IDENTITY = {"type", "number", "customer_id"}
NOT_COMPARED = {"quote_number", "order_number", "invoice_number", "delivery_note_number", "attachment"}
LINE = Line(1, "SKU-1", "Widget", quantity=Decimal(2), unit_price=Decimal("50.00"), amount=Decimal("100.00"))


def other(value: object) -> object:
    """Another value of the same kind."""
    match value:
        case str():
            return f"{value}x"
        case int():
            return value + 1
        case date():
            return value + timedelta(1)
        case Decimal():
            return value + 1
        case _:
            return Decimal(1)


class TestWhatIsCompared:
    """All that a document says of itself, and nothing that others say."""

    @pytest.mark.parametrize("name", sorted({each.name for each in fields(Transaction)} - IDENTITY - {"lines"}))
    def test_every_field_but_some_is(self, name: str) -> None:
        changed: dict[str, Any] = {name: other(getattr(OPEN, name))}
        expected = [] if name in NOT_COMPARED else ["changed INV-1 1"]
        assert told(shown(OPEN), shown(replace(OPEN, **changed), day=later(1))) == expected

    @pytest.mark.parametrize("name", [each.name for each in fields(Line)])
    def test_every_field_of_a_line_is(self, name: str) -> None:
        changed: dict[str, Any] = {name: other(getattr(LINE, name))}
        documents = [replace(OPEN, lines=(line,)) for line in (LINE, replace(LINE, **changed))]
        assert told(shown(documents[0]), shown(documents[1], day=later(1))) == ["changed INV-1 1"]

    def test_lines_are_one_by_one_and_in_their_order(self) -> None:
        two = (LINE, replace(LINE, item="SKU-2"))
        for lines in ([], two[:1], two[1:], [*two, LINE], two[::-1]):
            bundles = [shown(replace(OPEN, lines=two)), shown(replace(OPEN, lines=tuple(lines)), day=later(1))]
            assert told(*bundles) == ["changed INV-1 1"]

    @pytest.mark.parametrize(
        ("before", "now"),
        [
            ({"carrier": "a", "tracking_number": "bc"}, {"carrier": "ab", "tracking_number": "c"}),
            ({"carrier": "a"}, {"tracking_number": "a"}),
            ({"carrier": "a", "tracking_number": "b"}, {"carrier": "atracking_number=b"}),
            ({"status": "a1:b", "branch": ""}, {"status": "a", "branch": "b"}),
            ({"note": "a/line=1:1"}, {"note": "a", "lines": (Line(1),)}),
            ({"lines": (Line(1, "a"), Line(2))}, {"lines": (Line(1, "a/line=1:2"),)}),
            ({"paid": None}, {"paid": Decimal("0.00")}),
            ({"lines": (replace(LINE, discount=None),)}, {"lines": (replace(LINE, discount=Decimal(0)),)}),
        ],
    )
    def test_values_do_not_run_into_each_other_and_nothing_is_not_zero(
        self, before: dict[str, Any], now: dict[str, Any]
    ) -> None:
        plain = replace(OPEN, lines=())
        assert told(shown(replace(plain, **before)), shown(replace(plain, **now), day=later(1))) == ["changed INV-1 1"]

    @pytest.mark.parametrize(
        ("before", "now"),
        [
            ({"total": Decimal("119.00")}, {"total": Decimal(119)}),
            ({"total": Decimal("1.2E+2")}, {"total": Decimal("120.000")}),
            ({"balance": Decimal("-0.00")}, {"balance": Decimal(0)}),
            ({"note": "One\r\ntwo "}, {"note": "One\ntwo"}),
            ({"ship_to": " "}, {"ship_to": ""}),
        ],
    )
    def test_white_space_and_trailing_zeros_are_not(self, before: dict[str, Any], now: dict[str, Any]) -> None:
        assert told(shown(replace(OPEN, **before)), shown(replace(OPEN, **now), day=later(1))) == []

    def test_an_amount_of_ten_is_not_one_of_a_hundred(self) -> None:
        ten, hundred = replace(OPEN, total=Decimal(10)), replace(OPEN, total=Decimal(100))
        assert told(shown(ten), shown(hundred, day=later(1))) == ["changed INV-1 1"]

    def test_text_that_no_encoding_has_is(self) -> None:
        odd = replace(OPEN, note="\ud800")
        assert told(shown(odd), shown(replace(odd, note="\ud801"), day=later(1))) == ["changed INV-1 1"]


class TestGrants:
    """A link that may show more or less than before is told nothing of that."""

    BILLED = replace(OPEN, order_number="SO-1", branch="North")
    ORDER = invoice("SO-1", type="orders", branch="North")
    SOUTH = invoice("INV-2", branch="South")

    def test_documents_of_a_type_that_is_newly_granted_are_not_new(self) -> None:
        few = shown(self.BILLED, self.ORDER, types=("invoices",))
        many = shown(self.BILLED, self.ORDER, day=later(1))
        assert told(few, many) == []
        assert told(few, many, shown(self.BILLED, self.ORDER, self.SOUTH, day=later(2))) == ["new INV-2 2"]

    @pytest.mark.parametrize("branches", [("North", "South"), None])
    def test_documents_of_a_branch_that_is_newly_granted_are_not_new(self, branches: Sequence[str] | None) -> None:
        few = shown(self.BILLED, branches=("North",))
        many = shown(self.BILLED, self.SOUTH, invoice("INV-3", branch="North"), day=later(1), branches=branches)
        assert told(few, many) == ["new INV-3 1"]

    def test_a_type_that_is_no_longer_granted_leaves_no_trace(self) -> None:
        before = shown(self.BILLED, self.ORDER, invoice("SO-2", type="orders"))
        withdrawn = shown(self.BILLED, self.ORDER, day=later(1))
        few = shown(self.BILLED, self.ORDER, day=later(2), types=("invoices",))
        assert told(before, withdrawn) == ["1 orders 1"]
        assert told(before, withdrawn, few) == []
        text = memory_text(after(before, withdrawn, few)[1])
        assert "SO-" not in text
        assert "orders" not in text

    def test_a_branch_that_is_no_longer_granted_leaves_no_trace(self) -> None:
        both = shown(self.BILLED, self.SOUTH, invoice("INV-3", branch="South"))
        withdrawn = shown(self.SOUTH, day=later(1))
        few = shown(self.SOUTH, self.BILLED, day=later(2), branches=("North",))
        assert told(both, withdrawn) == ["2 invoices 1"]
        assert told(both, withdrawn, few) == ["new INV-1 2", "1 invoices 1"]
        text = memory_text(after(both, withdrawn, few)[1])
        assert "INV-2" not in text
        assert "South" not in text

    def test_what_was_forgotten_is_not_new_when_it_is_granted_again(self) -> None:
        all_ = [shown(self.BILLED, self.ORDER, day=day) for day in (DAY, later(2))]
        few = shown(self.BILLED, self.ORDER, day=later(1), types=("invoices",))
        assert told(all_[0], few, all_[1]) == []

    @pytest.mark.parametrize("few", [{"types": ("invoices",)}, {"branches": ("North",)}])
    def test_a_reference_that_comes_or_goes_with_a_grant_is_no_change(self, few: dict[str, Any]) -> None:
        all_, part = shown(self.BILLED), shown(self.BILLED, day=later(1), **few)
        assert (all_.transactions[0].order_number, part.transactions[0].order_number) == ("SO-1", "")
        assert told(all_, part) == told(part, all_) == []

    def test_a_document_that_was_withdrawn_changes_no_document_that_refers_to_it(self) -> None:
        both = shown(self.BILLED, self.ORDER, branches=("North",))
        one = shown(self.BILLED, day=later(1), branches=("North",))
        assert (both.transactions[0].order_number, one.transactions[0].order_number) == ("SO-1", "")
        assert told(both, one) == ["1 orders 1"]

    def test_a_document_that_moves_to_another_granted_branch_is_changed(self) -> None:
        moved = replace(self.BILLED, branch="South")
        assert told(shown(self.BILLED), shown(moved, day=later(1))) == ["changed INV-1 1"]
        south = shown(moved, day=later(1), branches=("South",))
        assert told(shown(self.BILLED), south) == ["changed INV-1 1"]

    def test_a_document_that_moves_to_a_branch_that_is_not_granted_is_withdrawn(self) -> None:
        north = shown(self.BILLED, branches=("North",))
        moved = shown(replace(self.BILLED, branch="South"), day=later(1), branches=("North",))
        assert told(north, moved) == ["1 invoices 1"]

    @pytest.mark.parametrize("changed", [{"customer": "C-2"}, {"revision": 2}, {"id": LinkId("acme", "ann")}])
    def test_another_customer_or_revision_starts_anew(self, changed: dict[str, Any]) -> None:
        first = shown(OPEN, invoice("INV-2"))
        now = shown(SETTLED, invoice("INV-3"), day=later(1), **changed)
        assert told(first, now) == []
        assert "INV-2" not in memory_text(after(first, now)[1])

    def test_a_link_that_may_show_nothing_is_told_nothing(self) -> None:
        assert told(shown(OPEN, types=()), shown(SETTLED, day=later(1), types=())) == []


class TestDays:
    """Changes are told for thirty days, and on no day that has not come."""

    BUNDLES = (shown(OPEN, invoice("INV-2")), shown(SETTLED, invoice("INV-3"), day=later(1)))
    TOLD = ("paid INV-1 1", "new INV-3 1", "1 invoices 1")

    def test_a_change_is_told_up_to_and_on_the_thirtieth_day(self) -> None:
        for days in (1, 2, 29, DAYS):
            assert told(*self.BUNDLES, replace(self.BUNDLES[1], as_of=later(1 + days))) == [*self.TOLD]
        assert told(*self.BUNDLES, replace(self.BUNDLES[1], as_of=later(1 + DAYS + 1))) == []

    def test_a_change_that_is_too_old_is_not_remembered_either(self) -> None:
        old = replace(self.BUNDLES[1], as_of=later(32))
        _, memory = after(*self.BUNDLES, old)
        assert memory == after(old)[1]

    def test_a_memory_does_not_change_with_the_day_alone(self) -> None:
        _, memory = after(*self.BUNDLES)
        assert recalled(memory, replace(self.BUNDLES[1], as_of=later(31)))[1] == memory

    def test_no_change_is_of_a_day_that_has_not_come(self) -> None:
        back = replace(self.BUNDLES[1], as_of=later(-3))
        assert told(*self.BUNDLES, back) == ["paid INV-1 -3", "new INV-3 -3", "1 invoices -3"]
        assert told(*self.BUNDLES, back, self.BUNDLES[1]) == ["paid INV-1 -3", "new INV-3 -3", "1 invoices -3"]

    def test_withdrawals_of_days_that_have_not_come_are_added_up(self) -> None:
        bundles = [shown(OPEN, invoice("INV-2")), shown(OPEN, day=later(1)), shown(day=later(2)), shown(day=later(-1))]
        assert told(*bundles) == ["2 invoices -1"]

    def test_the_first_days_of_the_calendar_are_days(self) -> None:
        assert told(shown(day=date.min), shown(OPEN, day=date.min)) == [f"new INV-1 {(date.min - DAY).days}"]


BRANCHES = ("", "North", "South")
NUMBERS = ("N-\N{SNOWMAN}1", "N-2", "N-3")
TYPES = ("orders", "invoices", "credit_notes")
KEYS = [(type_, number) for type_ in TYPES for number in NUMBERS]
AMOUNTS = st.sampled_from([None, Decimal(0), Decimal("0.00"), Decimal(7), Decimal(-7)])
VARIANTS = st.fixed_dictionaries(
    {
        "branch": st.sampled_from(BRANCHES),
        "balance": AMOUNTS,
        "total": AMOUNTS,
        "paid": AMOUNTS,
        "note": st.sampled_from(["", "a", "a "]),
        "order_number": st.sampled_from(["", *NUMBERS]),
    }
)
EDITS = st.dictionaries(st.sampled_from(KEYS), st.none() | VARIANTS, max_size=4)
GRANTS = st.fixed_dictionaries(
    {},
    optional={
        "types": st.lists(st.sampled_from(TYPES), unique=True).map(tuple),
        "branches": st.none() | st.lists(st.sampled_from(BRANCHES[1:]), unique=True).map(tuple),
        "revision": st.sampled_from([1, 1, 1, 2]),
        "customer": st.sampled_from(["C-1", "C-1", "C-1", "C-2"]),
    },
)
STEPS = st.tuples(st.sampled_from([0, 0, 1, 1, 3, 15, 30, 31, -1, -9]), st.just({}) | GRANTS, EDITS)


@st.composite
def histories(draw: st.DrawFn) -> list[Bundle]:
    """Bundles of one link, built one after the other, of documents and grants that change now and then."""
    documents: dict[tuple[str, str], Transaction] = {}
    link: dict[str, Any] = {"customer": "C-1", "types": TYPES}
    day = DAY
    found = []
    for days, grant, edits in draw(st.lists(STEPS, min_size=1, max_size=8)):
        day += timedelta(days)
        link |= grant
        for (type_, number), variant in edits.items():
            documents.pop((type_, number), None)
            if variant is not None:
                documents[type_, number] = invoice(number, type=type_, lines=(), **variant)
        found.append(shown(*documents.values(), day=day, **link))
    return found


# The reference: it knows every bundle there ever was, and looks back from the last one.

Key = tuple[str, str]


def expected(history: Sequence[Bundle]) -> Changes:
    """What is to be told of the last bundle of a history."""
    links = [bundle.link for bundle in history]
    breaks = [
        place + 1
        for place, (one, two) in enumerate(pairwise(links))
        if (one.customer, one.revision) != (two.customer, two.revision)
    ]
    history = history[max(breaks, default=0) :]
    changes = []
    for type_, number in by_key(history[-1]):
        if change := latest(history, (type_, number)):
            changes.append(Change(change[1], change[0], type_, number))
    counts = Counter(withdrawals(history))
    return Changes(
        tuple(sorted(changes, key=lambda each: (DAY - each.day, TYPES.index(each.type), each.number))),
        tuple(
            Withdrawn(day, type_, count)
            for (day, type_), count in sorted(
                counts.items(), key=lambda item: (DAY - item[0][0], TYPES.index(item[0][1]))
            )
        ),
    )


def by_key(bundle: Bundle) -> dict[Key, Transaction]:
    return {(each.type, each.number): each for each in bundle.transactions}


def latest(history: Sequence[Bundle], key: Key) -> tuple[str, date] | None:
    """The latest change of a document that the last bundle holds."""
    for place in range(len(history) - 1, 0, -1):
        is_, was = by_key(history[place])[key], by_key(history[place - 1]).get(key)
        if was is None:
            kind = "new" if may_show(history[place - 1].link, is_.type, is_.branch) else ""
        elif content(was) == content(is_):
            continue
        else:
            earlier = dated(latest(history[:place], key), history[place - 1 : place + 1])
            kind = kind_of(was, is_, earlier[0] if earlier and earlier[1] == history[place].as_of else "")
        return dated((kind, history[place].as_of), history[place:]) if kind else None
    return None


def kind_of(was: Transaction, is_: Transaction, today: str) -> str:
    if today == "new":
        return "new"
    was_owed = was.balance is not None and was.balance > 0
    is_paid = is_.type == "invoices" and is_.balance == 0 and is_.total != 0 and is_.paid != 0
    return "paid" if is_paid and (was_owed or today == "paid") else "changed"


def content(document: Transaction) -> object:
    return (document.branch, document.balance, document.total, document.paid, document.note.strip())


def dated(change: tuple[str, date] | None, bundles: Sequence[Bundle]) -> tuple[str, date] | None:
    """The change after it went through these builds: of none of their days too late, forgotten where it got too old."""
    for bundle in bundles:
        if change is not None:
            change = (change[0], min(change[1], bundle.as_of)) if bundle.as_of - change[1] <= timedelta(30) else None
    return change


def withdrawals(history: Sequence[Bundle]) -> list[tuple[date, str]]:
    found = []
    for place, (one, two) in enumerate(pairwise(history)):
        for key, document in by_key(one).items():
            rest = history[place + 1 :]
            is_granted = all(may_show(bundle.link, document.type, document.branch) for bundle in rest)
            if key not in by_key(two) and is_granted and (change := dated(("", two.as_of), rest)):
                found.append((change[1], document.type))
    return found


def may_show(link: Link, type_: str, branch: str) -> bool:
    return type_ in link.types and (link.branches is None or branch in link.branches)


class TestHistories:
    """Whatever becomes of documents and grants."""

    @given(histories())
    @settings(max_examples=200, deadline=None)
    def test_a_memory_knows_what_one_who_kept_everything_knows(self, history: list[Bundle]) -> None:
        assert after(*history)[0] == expected(history)

    @given(histories())
    @settings(deadline=None)
    def test_a_build_that_is_repeated_says_and_remembers_the_same(self, history: list[Bundle]) -> None:
        changes, memory = after(*history)
        assert recalled(memory, replace(history[-1], changes=changes)) == (changes, memory)

    @given(histories())
    @settings(deadline=None)
    def test_no_number_is_kept_or_told_but_of_documents_that_are_there(self, history: list[Bundle]) -> None:
        changes, memory = after(*history)
        there = {number for _, number in by_key(history[-1])}
        text = memory_text(memory)
        for number in {*NUMBERS} - there:
            assert json.dumps(number)[1:-1] not in text
            assert number not in repr(changes)
        assert {(each.type, each.number) for each in changes.documents} <= by_key(history[-1]).keys()

    @given(histories())
    @settings(deadline=None)
    def test_the_order_of_documents_is_irrelevant(self, history: list[Bundle]) -> None:
        turned = [replace(bundle, transactions=bundle.transactions[::-1]) for bundle in history]
        assert after(*turned) == after(*history)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("invoices"),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


class TestText:
    """A memory as text."""

    GOOD = memory_text(after(*TestDays.BUNDLES)[1])

    def test_it_is_what_it_was(self) -> None:
        """And a link that is limited to branches is not one that is limited to none."""
        for branches in (None, (), ("North",)):
            _, memory = after(shown(OPEN, branches=branches))
            assert memory_of(memory_text(memory)) == memory

    def test_it_is_ascii_and_holds_no_amount_name_or_note(self) -> None:
        private = replace(OPEN, number="N-\N{SNOWMAN}", note="secret", total=Decimal("98765.43"), reference="PO-7")
        text = memory_text(after(shown(private))[1])
        assert text.isascii()
        assert not [word for word in ("secret", "98765", "PO-7", "Widget", BRILLIANT.name) if word in text]

    @pytest.mark.parametrize(
        "text",
        [
            *("", "{", "null", "[]", "{}", "7", '{"version":1}', "[" * 100_000, GOOD[:-1]),
            GOOD.replace('"version":1', '"version":2'),
            GOOD.replace('["invoices","INV-1"', '["statement","INV-1"'),
            GOOD.replace('"paid"', '"lost"'),
            GOOD.replace('"2026-11-21"', '"2026-11-31"'),
            GOOD.replace('"",1]', '"",Infinity]'),
        ],
        ids=lambda text: text[:20],
    )
    def test_what_is_no_memory_counts_as_none(self, text: str) -> None:
        assert text != self.GOOD
        assert memory_of(text) is None

    @given(st.sampled_from([*json.loads(GOOD)]), JSON, st.integers(0, 7))
    @settings(deadline=None)
    def test_damage_of_any_kind_stops_no_build(self, key: str, value: Any, place: int) -> None:
        """In the place of a part of a memory, or of a part of that part."""
        data = json.loads(self.GOOD)
        if isinstance(data[key], list) and place < len(data[key]):
            data[key][place] = value
        elif key == "documents":
            data[key][0][place % 5] = value
        else:
            data[key] = value
        memory = memory_of(json.dumps(data))
        changes, now = recalled(memory, TestDays.BUNDLES[1])
        assert {each.number for each in changes.documents} <= {"INV-1", "INV-3"}
        assert memory_of(memory_text(now)) == now
