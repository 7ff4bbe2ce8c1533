"""`portalgen status`: every portal and contact, its state, and what was built and published for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.builder import read_manifest
from portalgen.commands.project import store_of, today_in
from portalgen.commands.report import Done, counted, plural, table
from portalgen.definitions import load
from portalgen.grants import LIVE, links_of
from portalgen.ledger import REVOKED, Record, read_ledger
from portalgen.model import TRANSACTION_TYPES, BuiltBundle, Link
from portalgen.pipeline import build_folder


@dataclass(frozen=True, slots=True)
class Row:
    """A link, what the ledger says of it and what was built for it; None where there is neither."""

    link: Link
    record: Record | None
    bundle: BuiltBundle | None

    @property
    def published(self) -> str:
        if self.record is None or self.record.state != LIVE:
            return "revoked" if self.record and self.record.state == REVOKED else "no"
        if self.record.unfinished:
            return "unfinished"
        return "yes" if self.bundle is None or self.record.bundle == self.bundle.digest else "outdated"


@dataclass(frozen=True, slots=True)
class StatusReport(Done):
    store: str
    rows: Sequence[Row]

    def to_json(self) -> Any:
        return {
            "store": self.store,
            "links": [
                {
                    "portal": row.link.id.portal,
                    "contact": row.link.id.contact,
                    "customer": row.link.customer,
                    "state": row.link.state,
                    "published": row.published,
                    "revision": row.link.revision,
                    "types": {
                        type_: row.bundle.counts.get(type_, 0) if row.bundle and type_ in TRANSACTION_TYPES else None
                        for type_ in row.link.types
                    },
                }
                for row in self.rows
            ],
        }

    def to_text(self) -> str:
        rows = [(row.link.id, row.link.customer, row.link.state, row.published, _shows(row)) for row in self.rows]
        live = sum(row.link.state == LIVE for row in self.rows)
        summary = f"{plural(len(self.rows), 'link')}, {live} live; store '{self.store}'"
        return f"{table(rows, ('link', 'customer', 'state', 'published', 'shows'))}\n{summary}"


def status(config: Path, store: str | None) -> StatusReport:
    """What there is. Reads the definitions, the last build and the ledger, not the exports."""
    definitions = load(config)
    opened = store_of(definitions, store) if definitions.stores or store else None
    ledger = (read_ledger(opened, definitions.site.id) if opened else None) or {}
    latest = {(record.id, record.revision): record for record in ledger.values()}
    folder = build_folder(definitions)
    rows = [
        Row(link, latest.get((link.id, link.revision)), read_manifest(folder, link.id))
        for link in links_of(definitions, today_in(definitions))
    ]
    return StatusReport(store or (definitions.stores[0].name if definitions.stores else ""), rows)


def _shows(row: Row) -> str:
    if not row.link.types:
        return "profile"
    if row.bundle is None:
        return ", ".join(type_.replace("_", " ") for type_ in row.link.types)
    counts = row.bundle.counts
    return ", ".join(
        counted(type_, counts.get(type_, 0)) if type_ in TRANSACTION_TYPES else type_ for type_ in row.link.types
    )
