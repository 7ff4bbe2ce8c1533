"""Every customer of the exports, the links of their portals, and what was built and published for each."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from portalgen.builder import read_manifest
from portalgen.customers import Exported, customers_file, read_customers
from portalgen.everyone import people_in, with_everyone
from portalgen.grants import DISABLED, EXPIRED, LIVE, last_day, links_of
from portalgen.ledger import REVOKED, Ledger, Record
from portalgen.model import STATEMENT, BuiltBundle, Definitions, Link

STATES = (LIVE, DISABLED, EXPIRED)
PUBLISHED = ("yes", "no", "outdated", "unfinished", "revoked")
GRANTED, NOT_YET = "yes", "new"
"""What stands for a type whose documents are not counted, and for one that was not built when the link was."""


@dataclass(frozen=True, slots=True)
class Row:
    """A link, what the ledger says of it and what was built for it; None where there is neither.

    `expires` is the last day on which it answers, inclusive; None where it has none.
    """

    link: Link
    record: Record | None
    bundle: BuiltBundle | None
    expires: datetime.date | None = None

    @property
    def published(self) -> str:
        """One of PUBLISHED."""
        if self.record is None or self.record.state != LIVE:
            return "revoked" if self.record and self.record.state == REVOKED else "no"
        if self.record.unfinished:
            return "unfinished"
        return "yes" if self.bundle is None or self.record.bundle == self.bundle.digest else "outdated"

    @property
    def last_published(self) -> datetime.datetime | None:
        """When a publish of the link ended last; None where that is not known."""
        instant = self.record.published if self.record else ""
        return datetime.datetime.fromisoformat(instant) if instant else None

    def count(self, type_: str) -> int | None:
        """How many documents of a type were built; None where that is not known, or the type has none."""
        return self.bundle.counts.get(type_) if self.bundle and type_ != STATEMENT else None

    def cell(self, type_: str) -> str:
        """How many documents of a type the link shows, or one of these words; '' where it may not show any."""
        if type_ not in self.link.types:
            return ""
        if self.bundle and type_ not in self.bundle.documents:
            return NOT_YET
        count = self.count(type_)
        return GRANTED if count is None else str(count)


@dataclass(frozen=True, slots=True)
class Served:
    """A customer who has a portal or more, and the links of them. `is_exported`: the last build found them."""

    customer: Exported
    is_exported: bool
    rows: tuple[Row, ...]

    @property
    def portals(self) -> tuple[str, ...]:
        """The ids of their portals."""
        return tuple(dict.fromkeys(row.link.id.portal for row in self.rows))


@dataclass(frozen=True, slots=True)
class Overview:
    """All that there is to see, or a part of it.

    `as_of` is the day of the exports that were built last, None where nothing is built yet; `exported` is how many
    customers they hold. `served` are in the order of the definitions, those `without` a portal in that of their ids.
    """

    as_of: datetime.date | None
    exported: int
    served: tuple[Served, ...]
    without: tuple[Exported, ...]

    @property
    def rows(self) -> Iterator[Row]:
        """The links of all."""
        return (row for each in self.served for row in each.rows)


def overview_of(definitions: Definitions, today: datetime.date, ledger: Ledger, build: Path) -> Overview:
    """What the definitions, the ledger and the last build say; `build` is the folder of the latter."""
    found = read_customers(customers_file(build))
    known = {each.id: each for each in found.customers} if found else {}
    definitions = with_everyone(definitions, found.people if found else people_in(ledger))
    by_customer: dict[str, list[Row]] = {}
    for row in _rows(definitions, today, ledger, build):
        by_customer.setdefault(row.link.customer, []).append(row)
    names = {portal.customer: portal.name for portal in definitions.portals}
    return Overview(
        as_of=found.as_of if found else None,
        exported=len(known),
        served=tuple(
            Served(known.get(id_) or Exported(id_, names[id_]), id_ in known, tuple(rows))
            for id_, rows in by_customer.items()
        ),
        without=tuple(each for each in known.values() if each.id not in by_customer),
    )


def _rows(definitions: Definitions, today: datetime.date, ledger: Ledger, build: Path) -> Iterator[Row]:
    by_age = sorted(ledger.values(), key=lambda record: record.state != REVOKED)
    latest = {(record.id, record.revision): record for record in by_age}
    for link in links_of(definitions, today):
        record = latest.get((link.id, link.revision))
        expires = last_day(link, definitions.site, record.issued if record else "")
        is_past = link.state == LIVE and expires is not None and expires < today
        seen = replace(link, state=EXPIRED) if is_past else link
        yield Row(seen, record, read_manifest(build, link.id), expires)
