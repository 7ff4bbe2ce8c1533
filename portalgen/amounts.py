"""Amounts that an export leaves out, worked out from its lines.

A line's net amount is quantity x unit price, less its discount; a document's net is the sum of its lines, its tax the
sum over the rates of net x rate, its total net plus tax (EN 16931, BR-CO-10, BR-CO-13, BR-CO-15 and BR-S-9). Every
amount is rounded half up to the currency's minor units, line by line and rate by rate. What an export does say is never
changed, and a document whose total it gives gets no amount of our own making. Where some lines say a tax rate and
others do not, the tax is unknown and so is the total; where none does, there is no tax.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce

from portalgen.formats import minor_units
from portalgen.model import Line, Transaction

_EXACT = Context(prec=120)
"""Digits enough for any product of a quantity, a price and a rate as exports may hold them, and for any sum."""


def completed(transaction: Transaction, lines: Sequence[Line]) -> Transaction:
    """`transaction` with its lines, and with the amounts filled in that follow from them."""
    digits = minor_units(transaction.currency)
    lines = tuple(_with_amount(line, digits) for line in lines)
    if transaction.total is not None:
        return replace(transaction, lines=lines)
    net = transaction.net if transaction.net is not None else _net(lines)
    tax = transaction.tax if transaction.tax is not None else _tax(lines, digits)
    is_taxed = tax is None and any(line.tax_rate for line in lines)
    total = None if net is None or is_taxed else _EXACT.add(net, tax or Decimal(0))
    return replace(transaction, lines=lines, net=net, tax=tax, total=total)


def _with_amount(line: Line, digits: int) -> Line:
    if line.amount is not None or line.quantity is None or line.unit_price is None:
        return line
    gross = _EXACT.multiply(line.quantity, line.unit_price)
    percent_left = _EXACT.subtract(Decimal(100), line.discount or Decimal(0))
    return replace(line, amount=_rounded(_EXACT.multiply(gross, percent_left).scaleb(-2, _EXACT), digits))


def _net(lines: Sequence[Line]) -> Decimal | None:
    amounts = [line.amount for line in lines if line.amount is not None]
    return _sum(amounts) if amounts and len(amounts) == len(lines) else None


def _tax(lines: Sequence[Line], digits: int) -> Decimal | None:
    by_rate: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.tax_rate is None or line.amount is None:
            return None
        by_rate[line.tax_rate] = _EXACT.add(by_rate[line.tax_rate], line.amount)
    taxes = [_rounded(_EXACT.multiply(net, rate).scaleb(-2, _EXACT), digits) for rate, net in by_rate.items()]
    return _sum(taxes) if taxes else None


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(_EXACT.add, amounts, Decimal(0))


def _rounded(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT)
