"""`portalgen status`: every customer, portal and contact, and what was built and published for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.internal import refuse_published, write_internal
from portalgen.commands.project import store_of, today_in
from portalgen.commands.report import Done, plural
from portalgen.definitions import load
from portalgen.errors import NOWHERE, InvalidInputError, Problem
from portalgen.ledger import read_ledger
from portalgen.media import ADMIN_PAGE_BEGINS
from portalgen.model import Definitions
from portalgen.overview.filters import Filters
from portalgen.overview.page import overview_page
from portalgen.overview.rows import Overview, Row, overview_of
from portalgen.overview.table import BEGINS as TABLE_BEGINS
from portalgen.overview.table import overview_csv
from portalgen.overview.text import overview_text
from portalgen.pipeline import build_folder

_STDOUT = Path("-")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an overview is to be given. `csv` may be '-', which is standard output; files are written besides.

    Raises InvalidInputError for what contradicts itself.
    """

    csv: Path | None = None
    html: Path | None = None
    as_json: bool = False

    def __post_init__(self) -> None:
        if self.as_json and self.csv == _STDOUT:
            raise InvalidInputError("--json and --csv - both want standard output", "write the table to a file")
        if self.csv and self.csv == self.html:
            raise InvalidInputError("--csv and --html name the same file", "give each its own")


@dataclass(frozen=True, slots=True)
class StatusReport(Done):
    """`written` are files that hold the same; `is_table` tells that the text is the table, and `lists_all` that
    it names every customer without a portal."""

    store: str
    timezone: str
    overview: Overview
    written: Sequence[Path] = ()
    is_table: bool = False
    lists_all: bool = False

    def warnings(self) -> Sequence[Problem]:
        if self.overview.as_of is None:
            hint = "run `portalgen build` first"
            return [Problem(NOWHERE, "nothing is built yet: what the exports hold is not known", hint)]
        return ()

    def to_json(self) -> Any:
        overview = self.overview
        return {
            "store": self.store,
            "as_of": overview.as_of.isoformat() if overview.as_of else None,
            "links": [_link_json(row) for row in overview.rows],
            "customers": [*_customers_json(overview)],
        }

    def to_text(self) -> str:
        if self.is_table:
            return overview_csv(self.overview).removesuffix("\n")
        if self.written:
            overview = self.overview
            links, customers = len([*overview.rows]), len(overview.served) + len(overview.without)
            what = f"{plural(links, 'link')} of {plural(customers, 'customer')}; internal, do not publish"
            return "\n".join(f"wrote {file}: {what}" for file in self.written)
        return overview_text(self.overview, self.store, self.timezone, is_whole=self.lists_all)


def _link_json(row: Row) -> Any:
    return {
        "portal": row.link.id.portal,
        "contact": row.link.id.contact,
        "customer": row.link.customer,
        "state": row.link.state,
        "published": row.published,
        "revision": row.link.revision,
        "types": {type_: row.count(type_) for type_ in row.link.types},
        "name": row.link.contact_name,
        "email": row.link.contact_email,
        "expires": row.expires.isoformat() if row.expires else None,
        "issued": row.record.issued or None if row.record else None,
        "last_published": row.record.published or None if row.record else None,
    }


def _customers_json(overview: Overview) -> Any:
    everybody = [(each.customer, each.is_exported, each.portals) for each in overview.served]
    everybody += [(customer, True, ()) for customer in overview.without]
    for customer, is_exported, portals in everybody:
        yield {
            "id": customer.id,
            "name": customer.name,
            "status": customer.status,
            "documents": customer.documents if is_exported else None,
            "exported": is_exported if overview.as_of else None,
            "portals": list(portals),
        }


def status(config: Path, store: str | None, filters: Filters, wanted: Wanted) -> StatusReport:
    """What there is. Reads the definitions, the last build and the ledger, not the exports."""
    definitions = load(config)
    for file in (wanted.csv, wanted.html):
        if file and file != _STDOUT:
            refuse_published(file, definitions)
    opened = store_of(definitions, store) if definitions.stores or store else None
    ledger = (read_ledger(opened, definitions.site.id) if opened else None) or {}
    today = today_in(definitions)
    overview = filters.of(overview_of(definitions, today, ledger, build_folder(definitions)), today)
    return StatusReport(
        store=store or (definitions.stores[0].name if definitions.stores else ""),
        timezone=definitions.site.timezone,
        overview=overview,
        written=_write(overview, definitions, wanted),
        is_table=wanted.csv == _STDOUT,
        lists_all=filters.without_portal,
    )


def _write(overview: Overview, definitions: Definitions, wanted: Wanted) -> list[Path]:
    """Write the files that are wanted, and return them."""
    written = []
    if wanted.html:
        page = overview_page(overview, definitions.site)
        write_internal(wanted.html, page, definitions, begins=ADMIN_PAGE_BEGINS)
        written.append(wanted.html)
    if wanted.csv and wanted.csv != _STDOUT:
        table = overview_csv(overview).encode("utf-8-sig")
        write_internal(wanted.csv, table, definitions, begins=TABLE_BEGINS)
        written.append(wanted.csv)
    return written
