"""Amounts that an export leaves out, worked out from its lines.

A line's net amount is quantity x unit price, less its discount; a document's net is the sum of its lines, less its
allowance and plus its charge; its tax is the sum of the lines' own taxes, or else the sum over the rates of net x rate;
its total is net plus tax, and its balance total less what is paid, plus rounding (EN 16931, BR-CO-10, BR-CO-13,
BR-CO-15, BR-CO-16 and BR-S-9). Every amount is rounded half up to the currency's minor units, line by line and rate by
rate. What an export does say is never changed, and a document whose total it gives gets no amount of our own making but
the balance, and that only where the export says what is paid. Where some lines say a tax rate and others do not, the
tax is unknown and so is the total; where none does, there is no tax. An allowance or a charge says no rate: where a
document with one is taxed, its tax is unknown as well.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from operator import attrgetter
from typing import Any, TypeVar

from portalgen.formats import minor_units
from portalgen.model import Line, Transaction

Record = TypeVar("Record", Line, Transaction)

_EXACT = Context(prec=120)
"""Digits enough for any product of a quantity, a price and a rate as exports may hold them, and for any sum."""


_UNITS = [Decimal(1).scaleb(-digits) for digits in range(5)]
_NAMES = {record: [each.name for each in fields(record)] for record in (Line, Transaction)}
_PLACES = {record: {name: place for place, name in enumerate(names)} for record, names in _NAMES.items()}
_READ: Mapping[type, Callable[[Line | Transaction], tuple[Any, ...]]] = {
    record: attrgetter(*names) for record, names in _NAMES.items()
}


def completed(transaction: Transaction, lines: Sequence[Line]) -> Transaction:
    """`transaction` with its lines, and with the amounts filled in that follow from them."""
    digits = minor_units(transaction.currency)
    whole = _with(transaction, lines=tuple(_with_amount(line, digits) for line in lines))
    if whole.total is None:
        whole = _with_total(whole, digits)
    return _with_balance(whole)


def _with(record: Record, **values: object) -> Record:
    """As `dataclasses.replace`, at a third of its price, which here is paid for every line there is."""
    cells = [*_READ[type(record)](record)]
    for name, value in values.items():
        cells[_PLACES[type(record)][name]] = value
    return type(record)(*cells)


def sum_of_lines(lines: Sequence[Line]) -> Decimal | None:
    """The net amounts of all lines together; None where there is no line, or one has none."""
    amounts = [line.amount for line in lines if line.amount is not None]
    return _sum(amounts) if amounts and len(amounts) == len(lines) else None


def _with_amount(line: Line, digits: int) -> Line:
    if line.amount is not None or line.quantity is None or line.unit_price is None:
        return line
    amount = _EXACT.multiply(line.quantity, line.unit_price)
    if line.discount_amount is not None:
        amount = _EXACT.subtract(amount, line.discount_amount)
    elif line.discount is not None:
        percent_left = _EXACT.subtract(Decimal(100), line.discount)
        amount = _EXACT.multiply(amount, percent_left).scaleb(-2, _EXACT)
    return _with(line, amount=_rounded(amount, digits))


def _with_total(transaction: Transaction, digits: int) -> Transaction:
    net = transaction.net if transaction.net is not None else _net(transaction)
    tax = transaction.tax if transaction.tax is not None else _tax(transaction, digits)
    is_tax_unknown = tax is None and _is_taxed(transaction.lines)
    total = None if net is None or is_tax_unknown else _EXACT.add(net, tax or Decimal(0))
    return _with(transaction, net=net, tax=tax, total=total)


def _net(transaction: Transaction) -> Decimal | None:
    of_lines = sum_of_lines(transaction.lines)
    if of_lines is None:
        return None
    added = _EXACT.subtract(transaction.charge or Decimal(0), transaction.allowance or Decimal(0))
    return _EXACT.add(of_lines, added)


def _tax(transaction: Transaction, digits: int) -> Decimal | None:
    lines = transaction.lines
    if (transaction.allowance or transaction.charge) and _is_taxed(lines):
        return None
    own = [line.tax for line in lines if line.tax is not None]
    return _sum(own) if own and len(own) == len(lines) else _tax_by_rate(lines, digits)


def _is_taxed(lines: Sequence[Line]) -> bool:
    return any(line.tax_rate or line.tax for line in lines)


def _tax_by_rate(lines: Sequence[Line], digits: int) -> Decimal | None:
    by_rate: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.tax_rate is None or line.amount is None:
            return None
        by_rate[line.tax_rate] = _EXACT.add(by_rate[line.tax_rate], line.amount)
    taxes = [_rounded(_EXACT.multiply(net, rate).scaleb(-2, _EXACT), digits) for rate, net in by_rate.items()]
    return _sum(taxes) if taxes else None


def _with_balance(transaction: Transaction) -> Transaction:
    if transaction.balance is not None or transaction.total is None or transaction.paid is None:
        return transaction
    owed = _EXACT.subtract(transaction.total, transaction.paid)
    return _with(transaction, balance=_EXACT.add(owed, transaction.rounding or Decimal(0)))


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(_EXACT.add, amounts, Decimal(0))


def _rounded(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(_UNITS[digits], ROUND_HALF_UP, _EXACT)
