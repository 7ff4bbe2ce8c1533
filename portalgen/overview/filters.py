"""Parts of an overview: what somebody asks for, all of it together."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from portalgen.customers import Exported
from portalgen.errors import InvalidInputError, did_you_mean, shown
from portalgen.model import GRANTABLE_TYPES
from portalgen.overview.rows import PUBLISHED, STATES, Overview, Row, Served

_MOST_TO_COMPARE = 5000


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; '' and None ask for nothing. Raises InvalidInputError for what no overview could answer.

    `expires_within` is a number of days from today, inclusive. `search` looks for a part of a name, an id or an e-mail
    address of customers, portals and contacts, whatever its case.
    """

    customer: str = ""
    portal: str = ""
    state: str = ""
    published: str = ""
    type: str = ""
    erp_status: str = ""
    expires_within: int | None = None
    search: str = ""
    with_portal: bool = False
    without_portal: bool = False

    def __post_init__(self) -> None:
        _known("--state", self.state, STATES)
        _known("--published", self.published, PUBLISHED)
        _known("--type", self.type, GRANTABLE_TYPES)
        if self.without_portal and self._are_of_links:
            raise InvalidInputError(
                "--without-portal asks for customers who have no links, another option for links",
                "leave one of them out",
            )

    @property
    def _are_of_links(self) -> bool:
        """Whether they ask for something that only a link has."""
        asked = (self.portal, self.state, self.published, self.type, self.with_portal, self.expires_within is not None)
        return any(asked)

    def of(self, overview: Overview, today: datetime.date) -> Overview:
        """The part of `overview` that is asked for. InvalidInputError where a name is none that is there."""
        self._look_up(overview)
        served = () if self.without_portal else self._served(overview.served, today)
        without = () if self._are_of_links else tuple(each for each in overview.without if self._wants(each))
        return replace(overview, served=tuple(served), without=without)

    def _look_up(self, overview: Overview) -> None:
        everybody = [*(each.customer for each in overview.served), *overview.without]
        _known("--customer", self.customer, [each.id for each in everybody])
        _known("--portal", self.portal, [id_ for each in overview.served for id_ in each.portals])
        if self.erp_status and overview.as_of is None:
            raise InvalidInputError("--erp-status: no ERP status is known yet", "run `portalgen build` first")
        statuses = sorted({each.status for each in everybody if each.status})
        if self.erp_status.casefold() not in {status.casefold() for status in statuses}:
            _known("--erp-status", self.erp_status, statuses)

    def _served(self, served: Iterable[Served], today: datetime.date) -> Iterable[Served]:
        for each in served:
            if self._wants(each.customer, is_searched=False):
                about_all = self._finds(each.customer.id, each.customer.name)
                rows = [row for row in each.rows if self._wants_link(row, today, is_found=about_all)]
                if rows:
                    yield replace(each, rows=tuple(rows))

    def _wants(self, customer: Exported, *, is_searched: bool = True) -> bool:
        return (
            self.customer in {"", customer.id}
            and (not self.erp_status or customer.status.casefold() == self.erp_status.casefold())
            and (not is_searched or self._finds(customer.id, customer.name))
        )

    def _wants_link(self, row: Row, today: datetime.date, *, is_found: bool) -> bool:
        link = row.link
        return (
            self.portal in {"", link.id.portal}
            and self.state in {"", link.state}
            and self.published in {"", row.published}
            and (not self.type or self.type in link.types)
            and (self.expires_within is None or _is_within(row.expires, today, self.expires_within))
            and (is_found or self._finds(link.id.portal, link.id.contact, link.contact_name, link.contact_email))
        )

    def _finds(self, *texts: str) -> bool:
        wanted = self.search.casefold()
        return not wanted or any(wanted in text.casefold() for text in texts)


def _is_within(day: datetime.date | None, today: datetime.date, days: int) -> bool:
    return day is not None and 0 <= (day - today).days <= days


def _known(option: str, said: str, valid: Sequence[str]) -> None:
    if said and said not in valid:
        hint = did_you_mean(said, valid) if len(valid) <= _MOST_TO_COMPARE else ""
        raise InvalidInputError(f"{option}: there is no {shown(said)}", hint)
