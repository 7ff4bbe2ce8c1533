"""The values that flow between the stages. Frozen, and no I/O.

Raw constructors check nothing: `definitions` and `exports` are the doors that let only valid values in.
Text that an export leaves empty is ''; dates and amounts that it leaves empty are None. Amounts, quantities and
rates are Decimal, exact, in the currency's major unit. Dates are calendar days without a time zone.
"""

from portalgen.model.links import (
    BuiltBundle,
    BuiltFile,
    Bundle,
    Change,
    Changes,
    Link,
    LinkId,
    Refused,
    Withdrawn,
)
from portalgen.model.records import (
    GRANTABLE_TYPES,
    RECEIPTS,
    STATEMENT,
    TRACKING_NUMBER,
    TRANSACTION_TYPES,
    Account,
    Customer,
    Line,
    Receipt,
    Transaction,
)
from portalgen.model.sites import Bulletin, Contact, Definitions, Logo, MailServer, Portal, Site
from portalgen.model.sources import (
    TOLERANCE,
    Attachments,
    ExportSource,
    Headings,
    LineSource,
    Policy,
    StoreSource,
    Visibility,
)
from portalgen.model.statements import (
    BUCKETS,
    CREDIT_NOTES,
    CURRENT,
    ENTRY_TYPES,
    INVOICES,
    SETTLED,
    UNALLOCATED,
    Entry,
    Statement,
)

__all__ = [
    "BUCKETS",
    "CREDIT_NOTES",
    "CURRENT",
    "ENTRY_TYPES",
    "GRANTABLE_TYPES",
    "INVOICES",
    "RECEIPTS",
    "SETTLED",
    "STATEMENT",
    "TOLERANCE",
    "TRACKING_NUMBER",
    "TRANSACTION_TYPES",
    "UNALLOCATED",
    "Account",
    "Attachments",
    "BuiltBundle",
    "BuiltFile",
    "Bulletin",
    "Bundle",
    "Change",
    "Changes",
    "Contact",
    "Customer",
    "Definitions",
    "Entry",
    "ExportSource",
    "Headings",
    "Line",
    "LineSource",
    "Link",
    "LinkId",
    "Logo",
    "MailServer",
    "Policy",
    "Portal",
    "Receipt",
    "Refused",
    "Site",
    "Statement",
    "StoreSource",
    "Transaction",
    "Visibility",
    "Withdrawn",
]
