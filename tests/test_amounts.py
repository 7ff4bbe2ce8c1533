"""Amounts that an export leaves out follow from its lines, half up, and what it says is never changed."""

from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.amounts import completed
from portalgen.model import Line, Transaction
from tests.samples import invoice

BARE = replace(invoice(), net=None, tax=None, total=None, balance=None, lines=())


def line(
    quantity: str | None = None,
    price: str | None = None,
    discount: str | None = None,
    tax: str | None = None,
    amount: str | None = None,
) -> Line:
    """A line with these numbers."""
    values = [None if text is None else Decimal(text) for text in (quantity, price, discount, tax, amount)]
    return Line(1, "", "", values[0], "", *values[1:])


def own(amount: str, tax: str | None, rate: str | None = None) -> Line:
    """A line with an amount and a tax of its own."""
    return replace(line(tax=rate, amount=amount), tax=None if tax is None else Decimal(tax))


def amounts(*lines: Line, currency: str = "EUR", **given_: str) -> tuple[str, str, str]:
    """Net, tax and total of an invoice with these lines; '-' for none."""
    values: dict[str, Any] = {name: Decimal(text) for name, text in given_.items()}
    transaction = replace(BARE, currency=currency, **values)
    done = completed(transaction, lines)
    return tuple("-" if each is None else str(each) for each in (done.net, done.tax, done.total))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("currency", "quantity", "price", "amount"),
    [
        ("EUR", "1", "0.005", "0.01"),
        ("EUR", "1", "0.015", "0.02"),
        ("EUR", "1", "0.025", "0.03"),
        ("EUR", "-1", "0.005", "-0.01"),
        ("EUR", "3", "0.333333", "1.00"),
        ("EUR", "0.5", "0.009999", "0.00"),
        ("JPY", "1", "0.5", "1"),
        ("JPY", "3", "33.333", "100"),
        ("KWD", "1", "0.0005", "0.001"),
        ("KWD", "1.5", "1.234", "1.851"),
        ("CLF", "1", "0.00005", "0.0001"),
        ("EUR", "999999999999999.999999", "999999999999999.999999", "999999999999999999998000000000.00"),
    ],
)
def test_a_line_is_rounded_half_up_to_the_currency_s_decimals(
    currency: str, quantity: str, price: str, amount: str
) -> None:
    assert amounts(line(quantity, price), currency=currency)[0] == amount


@pytest.mark.parametrize(
    ("discount", "net"), [("10", "90.00"), ("0", "100.00"), ("100", "0.00"), ("33.333333", "66.67"), ("-5", "105.00")]
)
def test_a_discount_is_a_percentage_off_the_line(discount: str, net: str) -> None:
    assert amounts(line("10", "10", discount))[0] == net


@pytest.mark.parametrize(("off", "net"), [("5", "95.00"), ("0", "100.00"), ("0.005", "100.00"), ("-5", "105.00")])
def test_a_discount_may_be_an_amount_off_the_whole_line(off: str, net: str) -> None:
    """And where a line has both, the amount is what is said more exactly."""
    assert amounts(replace(line("10", "10"), discount_amount=Decimal(off)))[0] == net
    assert amounts(replace(line("10", "10", "50"), discount_amount=Decimal(off)))[0] == net


def test_the_taxes_that_all_lines_have_are_summed_and_not_worked_out() -> None:
    assert amounts(own("10", "1.91", "19"), own("10", "1.89", "19")) == ("20", "3.80", "23.80")
    assert amounts(own("10", "0.005")) == ("10", "0.005", "10.005")
    assert amounts(own("10", "0"), own("5", "0")) == ("15", "0", "15")


def test_where_a_line_lacks_its_own_tax_the_rates_are_what_counts() -> None:
    assert amounts(own("10", "1.91", "19"), own("10", None, "19")) == ("20", "3.80", "23.80")
    assert amounts(own("10", "1.91"), own("10", None, "19")) == ("20", "-", "-")
    assert amounts(own("10", "1.91"), own("10", None)) == ("20", "-", "-")


def test_an_allowance_lowers_the_net_and_a_charge_raises_it() -> None:
    assert amounts(line("1", "10"), line("1", "5"), allowance="3", charge="0.50") == ("12.50", "-", "12.50")
    assert amounts(own("10", "0", "0"), allowance="3") == ("7", "0", "7")
    assert amounts(net="7", allowance="3") == ("7", "-", "7")
    assert amounts(allowance="3", charge="4") == ("-", "-", "-")


def test_the_tax_on_an_allowance_or_a_charge_is_not_known_nor_the_total() -> None:
    """No column says at which rate either is taxed, and a total with the wrong tax would be wrong."""
    for name in ("allowance", "charge"):
        net = {"allowance": "7.00", "charge": "13.00"}[name]
        assert amounts(line("1", "10", tax="19"), **{name: "3"}) == (net, "-", "-")
        assert amounts(replace(line("1", "10"), tax=Decimal("1.90")), **{name: "3"}) == (net, "-", "-")
        assert amounts(line("1", "10", tax="19"), line("-1", "10", tax="19"), **{name: "3"})[1:] == ("-", "-")
        assert amounts(line("1", "10", tax="19"), **{name: "0"}) == ("10.00", "1.90", "11.90")
        assert amounts(line("1", "10", tax="19"), tax="2", **{name: "3"})[1:] == ("2", str(Decimal(net) + 2))


def test_each_line_is_rounded_before_the_sum_and_each_rate_after_it() -> None:
    """Three lines of 0.333 are 0.99, not 1.00; tax is on the sum of a rate: 19 % of 0.99."""
    assert amounts(*[line("1", "0.333", tax="19")] * 3) == ("0.99", "0.19", "1.18")
    assert amounts(line("1", "0.03", tax="19"), line("1", "0.03", tax="7")) == ("0.06", "0.01", "0.07")
    assert amounts(*[line("1", "0.03", tax="19")] * 5) == ("0.15", "0.03", "0.18")


def test_an_amount_that_a_line_has_is_kept_even_where_it_does_not_follow() -> None:
    assert amounts(line("2", "10", "50", "10", "7.777")) == ("7.777", "0.78", "8.557")


def test_a_total_that_is_given_is_all_that_is_said() -> None:
    assert amounts(line("2", "10", tax="10"), total="21.99") == ("-", "-", "21.99")
    assert amounts(line("2", "10", tax="10"), total="0") == ("-", "-", "0")
    assert amounts(line("2", "10", tax="10"), net="5", total="6") == ("5", "-", "6")


def test_net_and_tax_that_are_given_are_kept() -> None:
    assert amounts(line("2", "10", tax="10"), net="19.99") == ("19.99", "2.00", "21.99")
    assert amounts(line("2", "10", tax="10"), tax="1.99") == ("20.00", "1.99", "21.99")
    assert amounts(net="10", tax="1") == ("10", "1", "11")
    assert amounts(net="10") == ("10", "-", "10")
    assert amounts(tax="10") == ("-", "10", "-")


def test_nothing_follows_from_lines_of_which_one_has_no_amount() -> None:
    assert amounts(line("1", "10"), line("1")) == ("-", "-", "-")
    assert amounts(line("1", "10"), line(price="1")) == ("-", "-", "-")
    assert amounts() == ("-", "-", "-")


def test_the_tax_of_lines_of_which_only_some_have_a_rate_is_not_known_nor_the_total() -> None:
    """A total without a tax that there may be would be too low."""
    assert amounts(line("1", "10", tax="19"), line("1", "10")) == ("20.00", "-", "-")
    assert amounts(line("1", "10"), line("1", "10")) == ("20.00", "-", "20.00")
    assert amounts(line("1", "10", tax="0"), line("1", "10")) == ("20.00", "-", "20.00")


@pytest.mark.parametrize(
    ("given_", "balance"),
    [
        ({"total": "100"}, None),
        ({"total": "100", "rounding": "0.05"}, None),
        ({"total": "100", "paid": "0"}, "100"),
        ({"total": "100", "paid": "30.01"}, "69.99"),
        ({"total": "100.03", "paid": "30", "rounding": "-0.03"}, "70.00"),
        ({"total": "100", "paid": "130"}, "-30"),
        ({"total": "100", "paid": "30", "balance": "1"}, "1"),
        ({"paid": "30"}, None),
        ({"net": "10", "tax": "1", "paid": "3"}, "8"),
    ],
)
def test_the_balance_follows_from_what_is_paid_and_is_never_made_up_without(
    given_: dict[str, str], balance: str | None
) -> None:
    values: dict[str, Any] = {name: Decimal(text) for name, text in given_.items()}
    assert completed(replace(BARE, **values), []).balance == (None if balance is None else Decimal(balance))


NUMBERS = st.decimals(-(10**15) + 1, 10**15 - 1, places=6)
RATES = st.sampled_from([Decimal(rate) for rate in ("0", "5", "7.7", "19", "20.000001")])
LINES = st.builds(
    Line, line=st.just(1), quantity=NUMBERS, unit_price=NUMBERS, discount=st.none() | NUMBERS, tax_rate=RATES
)


@given(st.lists(LINES, min_size=1, max_size=5), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_amounts_are_exact_and_the_total_is_their_sum(lines: list[Line], currency: str) -> None:
    """Fractions say what is exact; the context of the thread has no say."""
    bare = replace(BARE, currency=currency)
    done = completed(bare, lines)
    with localcontext() as context:
        context.prec = 3
        assert completed(bare, lines) == done
        context.prec = 200
        assert done.net is not None
        assert done.tax is not None
        assert done.net == sum((each.amount or Decimal(0)) for each in done.lines)
        assert done.total == done.net + done.tax
        for before, after in zip(lines, done.lines, strict=True):
            assert _is_rounded(after, before, {"EUR": 2, "JPY": 0, "KWD": 3}[currency])


def _is_rounded(after: Line, before: Line, digits: int) -> bool:
    assert after.amount is not None
    assert before.quantity is not None
    assert before.unit_price is not None
    exact = before.quantity * before.unit_price * (100 - (before.discount or Decimal(0))) / 100
    return -after.amount.as_tuple().exponent == digits and abs(after.amount - exact) * 2 <= Decimal(10) ** -digits  # type: ignore[operator]


@given(st.lists(LINES, max_size=3), NUMBERS)
def test_what_is_said_is_never_changed(lines: list[Line], total: Decimal) -> None:
    given_: Transaction = replace(BARE, total=total, balance=total)
    done = completed(given_, lines)
    assert (done.net, done.tax, done.total, done.balance) == (None, None, total, total)
    assert replace(done, lines=()) == given_
