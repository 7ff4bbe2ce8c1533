"""An overview as one table: a row for each link, and one for each customer without any."""

from collections.abc import Iterator

from portalgen.customers import Exported
from portalgen.downloads import csv_row
from portalgen.model import GRANTABLE_TYPES
from portalgen.overview.rows import Overview, Row
from portalgen.plain import without_unseen

_OF_CUSTOMERS = ("customer", "customer_name", "erp_status", "documents")
_OF_LINKS = ("portal", "contact", "name", "email", "state", "published", "last_published", "issued", "expires")
COLUMNS = (*_OF_CUSTOMERS, *_OF_LINKS, "revision", *GRANTABLE_TYPES)
BEGINS = csv_row(COLUMNS).encode("utf-8-sig")
"""What a file of the table begins with."""

NO_PORTAL = "no portal"
"""The state of a customer who has none."""


def overview_csv(overview: Overview) -> str:
    """RFC 4180; text that a spreadsheet would take for a formula is `neutralised` as in customers' downloads.

    A type has the number of its documents, 'yes' where they are not counted, 'new' where they are not built yet, or
    nothing where it is not shown.
    """
    return "".join([csv_row(COLUMNS), *_rows(overview)])


def _rows(overview: Overview) -> Iterator[str]:
    for each in overview.served:
        for row in each.rows:
            yield csv_row([*_customer(each.customer), *_link(row)])
    for customer in overview.without:
        before = _OF_LINKS.index("state")
        empty = [""] * (len(COLUMNS) - len(_OF_CUSTOMERS) - before - 1)
        yield csv_row([*_customer(customer), *[""] * before, NO_PORTAL, *empty])


def _customer(customer: Exported) -> tuple[str, str, str, int]:
    id_, name, status = map(without_unseen, (customer.id, customer.name, customer.status))
    return id_, name, status, customer.documents


def _link(row: Row) -> list[str | int | None]:
    link, types = row.link, [row.cell(type_) for type_ in GRANTABLE_TYPES]
    return [
        link.id.portal,
        link.id.contact,
        without_unseen(link.contact_name),
        without_unseen(link.contact_email),
        link.state,
        row.published,
        row.record.published if row.record else "",
        row.record.issued if row.record else "",
        row.expires.isoformat() if row.expires else "",
        link.revision,
        *(int(cell) if cell.isdecimal() else cell for cell in types),
    ]
