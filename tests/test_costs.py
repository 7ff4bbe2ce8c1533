"""What work costs, in counts that are the same on every machine: a change that makes it dearer has to say so here.

Calls are those of functions, Python's own and others, as `sys.setprofile` tells of them. The bounds are a tenth above
what pages took when these were written; other versions of Python may count a little differently.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from portalgen.model import Bundle
from portalgen.pages import Renderer
from tests.samples import bundle, invoice

CALLS_A_PAGE = 3_800
"""For each invoice of one line: its page, and its row in the list."""
CALLS_A_LINE = 370
"""For each more line of an invoice."""


def calls(work: Callable[[], Any]) -> int:
    """How many calls `work` makes."""
    count = 0

    def tell(_: Any, event: str, __: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(tell)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def invoices(number: int, lines: int) -> Bundle:
    [item] = invoice().lines
    of_one = tuple(replace(item, line=place) for place in range(1, lines + 1))
    made = bundle([replace(invoice(f"INV-{each}"), lines=of_one) for each in range(number)])
    return replace(made, site=replace(made.site, downloads=()))


def rendering(renderer: Renderer, number: int, lines: int) -> int:
    made = invoices(number, lines)
    return calls(lambda: [*renderer.render(made)])


def test_a_page_takes_no_more_calls_than_it_did() -> None:
    renderer = Renderer()
    rendering(renderer, 1, 1)  # the templates are compiled by then
    few, many, longer = rendering(renderer, 10, 1), rendering(renderer, 30, 1), rendering(renderer, 10, 11)
    assert (many - few) / 20 < CALLS_A_PAGE
    assert (longer - few) / 100 < CALLS_A_LINE
