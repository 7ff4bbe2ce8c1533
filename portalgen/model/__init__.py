"""The values that flow between the stages. Frozen, and no I/O.

Raw constructors check nothing: `definitions` and `exports` are the doors that let only valid values in.
Text that an export leaves empty is ''; dates and amounts that it leaves empty are None. Amounts, quantities and
rates are Decimal, exact, in the currency's major unit. Dates are calendar days without a time zone.
"""

from portalgen.model.links import BuiltBundle, BuiltFile, Bundle, Link, LinkId
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
from portalgen.model.sites import Bulletin, Contact, Definitions, Logo, Portal, Site
from portalgen.model.sources import Attachments, ExportSource, Headings, LineSource, Policy, StoreSource, Visibility

__all__ = [
    "GRANTABLE_TYPES",
    "RECEIPTS",
    "STATEMENT",
    "TRACKING_NUMBER",
    "TRANSACTION_TYPES",
    "Account",
    "Attachments",
    "BuiltBundle",
    "BuiltFile",
    "Bulletin",
    "Bundle",
    "Contact",
    "Customer",
    "Definitions",
    "ExportSource",
    "Headings",
    "Line",
    "LineSource",
    "Link",
    "LinkId",
    "Logo",
    "Policy",
    "Portal",
    "Receipt",
    "Site",
    "StoreSource",
    "Transaction",
    "Visibility",
]
