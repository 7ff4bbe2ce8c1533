"""Overviews made by hand."""

import datetime
from collections.abc import Mapping, Sequence

from portalgen.customers import Exported
from portalgen.ledger import Record
from portalgen.model import BuiltBundle, Contents, Link, LinkId
from portalgen.overview.rows import Overview, Row, Served

TODAY = datetime.date(2026, 11, 30)
DIGEST = "d" * 64
SCRIPT = "<script>alert(1)</script>"
FORMULA = '=cmd|"/c calc"!A0'
HEBREW = "\u05e9\u05dc\u05d5\u05dd"


def row(
    portal: str,
    contact: str = "",
    types: Sequence[str] = ("invoices",),
    counts: Mapping[str, int] | None = None,
    **said: str,
) -> Row:
    """A link of customer C-1. `said` are `state`, `name`, `email`, `expires`, `published` and `published_at`."""
    id_ = LinkId(portal, contact)
    link = Link(
        id=id_,
        customer="C-1",
        revision=1,
        key="a",
        types=tuple(types),
        state=said.get("state", "live"),
        locale="en",
        contact_name=said.get("name", contact),
        contact_email=said.get("email", ""),
    )
    record = None
    if published := said.get("published", ""):
        record = Record(
            portal=portal,
            contact=contact,
            revision=1,
            key="a",
            fingerprint="f",
            state="revoked" if published == "revoked" else "live",
            issued="2026-11-01",
            published=said.get("published_at", ""),
            bundle=DIGEST if published == "yes" else "other",
            unfinished=published == "unfinished",
        )
    documents = _documents(counts or {})
    whole = BuiltBundle(id_, "x/_", "", "", DIGEST, 0, lambda: Contents(documents, ()))
    bundle = None if counts is None else whole
    expires = datetime.date.fromisoformat(said["expires"]) if "expires" in said else None
    return Row(link, record, bundle, expires)


def _documents(counts: Mapping[str, int]) -> dict[str, list[str]]:
    return {type_: [str(number) for number in range(count)] for type_, count in counts.items()}


def overview(
    *served: tuple[Exported, Sequence[Row]],
    without: Sequence[Exported] = (),
    as_of: datetime.date | None = datetime.date(2026, 11, 20),
) -> Overview:
    """An overview of customers that the last build found, with their links, and of those without any."""
    return Overview(
        as_of=as_of,
        exported=len(served) + len(without),
        served=tuple(Served(customer, as_of is not None, tuple(rows)) for customer, rows in served),
        without=tuple(without),
    )


ANTS = Exported("C-1", "Ants & Sons", "Active", 12)
BEES = Exported("C-2", "Bees Ltd", "On hold", 3)
CROWS = Exported("C-3", SCRIPT, "", 4)
DUCKS = Exported("C-4", FORMULA, "=1+1")
EXAMPLE = overview(
    (
        ANTS,
        [
            row(
                "ants",
                types=("quotes", "invoices", "statement"),
                counts={"quotes": 0, "invoices": 12, "statement": 0},
                published="yes",
                published_at="2026-11-30T23:40:00Z",
                expires="2026-12-31",
            ),
            row("ants", "ann", counts={"invoices": 12}, name="Ann Lee", email="ann@ants.example", published="outdated"),
        ],
    ),
    (BEES, [row("bees", types=("orders",), state="disabled"), row("bees", "bo", types=())]),
    without=[CROWS, DUCKS],
)
"""Two customers with portals, two without."""
