"""A filter shows what it is asked for, all filters narrow together, and what names nothing is refused."""

import datetime
from typing import Any

import pytest

from portalgen.customers import Exported
from portalgen.errors import InvalidInputError
from portalgen.overview.filters import Filters
from tests.overviews import ANTS, EXAMPLE, TODAY, overview, row


def seen(**said: Any) -> list[str]:
    """The links, then the customers without a portal, that are left of the example."""
    found = Filters(**said).of(EXAMPLE, TODAY)
    return [*(str(each.link.id) for each in found.rows), *(each.id for each in found.without)]


def test_nothing_asked_for_is_everything() -> None:
    assert Filters().of(EXAMPLE, TODAY) == EXAMPLE


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"customer": "C-1"}, ["ants", "ants/ann"]),
        ({"customer": "C-3"}, ["C-3"]),
        ({"portal": "bees"}, ["bees", "bees/bo"]),
        ({"state": "disabled"}, ["bees"]),
        ({"published": "outdated"}, ["ants/ann"]),
        ({"published": "no"}, ["bees", "bees/bo"]),
        ({"type": "statement"}, ["ants"]),
        ({"erp_status": "on HOLD"}, ["bees", "bees/bo"]),
        ({"erp_status": "=1+1"}, ["C-4"]),
        ({"with_portal": True}, ["ants", "ants/ann", "bees", "bees/bo"]),
        ({"without_portal": True}, ["C-3", "C-4"]),
        ({"expires_within": 31}, ["ants"]),
        ({"expires_within": 30}, []),
        ({"search": "ANN@"}, ["ants/ann"]),
        ({"search": "ann lee"}, ["ants/ann"]),
        ({"search": "bees l"}, ["bees", "bees/bo"]),
        ({"search": "<SCRIPT"}, ["C-3"]),
        ({"search": "c-"}, ["ants", "ants/ann", "bees", "bees/bo", "C-3", "C-4"]),
        ({"search": "nowhere"}, []),
    ],
)
def test_a_filter_shows_what_it_is_asked_for(said: dict[str, Any], expected: list[str]) -> None:
    assert seen(**said) == expected


def test_filters_narrow_together() -> None:
    assert seen(state="live", type="invoices") == ["ants", "ants/ann"]
    assert seen(state="live", type="invoices", published="yes") == ["ants"]
    assert seen(state="live", type="invoices", published="yes", customer="C-2") == []
    assert seen(without_portal=True, search="cmd") == ["C-4"]


def test_a_customer_is_left_with_the_links_that_match_and_without_any_is_not_there() -> None:
    [only] = Filters(type="statement").of(EXAMPLE, TODAY).served
    assert (only.customer, [str(each.link.id) for each in only.rows]) == (ANTS, ["ants"])


def test_a_link_expires_within_days_that_begin_today_and_are_all_counted() -> None:
    days = {"past": -1, "today": 0, "soon": 7, "later": 8}
    rows = [row(name, expires=(TODAY + datetime.timedelta(days=ahead)).isoformat()) for name, ahead in days.items()]
    found = Filters(expires_within=7).of(overview((ANTS, [*rows, row("never")])), TODAY)
    assert [each.link.id.portal for each in found.rows] == ["today", "soon"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"customer": "C-11"}, "--customer: there is no 'C-11'\n  hint: did you mean 'C-1'?"),
        ({"portal": "ant"}, "--portal: there is no 'ant'\n  hint: did you mean 'ants'?"),
        ({"state": "lives"}, "--state: there is no 'lives'\n  hint: did you mean 'live'?"),
        ({"published": "outdatet"}, "--published: there is no 'outdatet'\n  hint: did you mean 'outdated'?"),
        ({"type": "invoice"}, "--type: there is no 'invoice'\n  hint: did you mean 'invoices'?"),
        ({"erp_status": "Activ"}, "--erp-status: there is no 'Activ'\n  hint: did you mean 'Active'?"),
    ],
)
def test_what_names_nothing_is_refused_with_what_was_meant(said: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        seen(**said)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "said", [{"state": "live"}, {"portal": "ants"}, {"with_portal": True}, {"expires_within": 0}, {"type": "orders"}]
)
def test_links_of_customers_without_a_portal_cannot_be_asked_for(said: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="--without-portal"):
        Filters(without_portal=True, **said)


def test_no_erp_status_is_known_before_a_build() -> None:
    with pytest.raises(InvalidInputError, match="no ERP status is known yet"):
        Filters(erp_status="Active").of(overview((Exported("C-1", "x"), [row("x")]), as_of=None), TODAY)
