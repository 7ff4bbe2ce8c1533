"""Links, what each may show, and what was built of it."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from portalgen.attachments import Attachment
from portalgen.errors import Problem
from portalgen.model.records import Customer, Receipt, Transaction
from portalgen.model.sites import Bulletin, Site
from portalgen.model.statements import Statement


@dataclass(frozen=True, slots=True, order=True)
class LinkId:
    """What a link belongs to: a portal, or one contact of it (`contact` is '' for the portal's own link)."""

    portal: str
    contact: str = ""

    def __str__(self) -> str:
        return f"{self.portal}/{self.contact}" if self.contact else self.portal


@dataclass(frozen=True, slots=True)
class Link:
    """A link as the definitions want it, with its grant. `types` is in the order of GRANTABLE_TYPES.

    `branches` are the only ones whose transactions it may show; None means all, and those without a branch.
    `state` is 'live', 'disabled' or 'expired'; only a live link has a bundle. `key` names the root key that makes it.
    `expires` is the last day that its definition gives it, inclusive. `definition` tells which names the portal, and
    the contact, are said to show: of what changes in a grant while they stay, somebody else's change is the reason.
    `is_derived` is as in Portal.
    """

    id: LinkId
    customer: str
    revision: int
    key: str
    types: tuple[str, ...]
    state: str
    locale: str
    contact_name: str = ""
    contact_email: str = ""
    branches: tuple[str, ...] | None = None
    bulletin: Bulletin | None = None
    expires: datetime.date | None = None
    definition: str = ""
    is_derived: bool = False


Documents = Mapping[str, Sequence[str]]
"""Numbers of documents by granted type; for `receipts` and `statement`, of the receipts and of what it names."""


Waiting = Mapping[LinkId, Mapping[str, int]]
"""By link and type, how many documents it does not show yet, although they are granted: somebody has to accept them."""


@dataclass(frozen=True, slots=True)
class Change:
    """The latest that became of a document: `kind` is 'new', 'changed' or 'paid', `day` that of the exports showing it.

    `type` and `number` are those of the document, which is in the bundle.
    """

    day: datetime.date
    kind: str
    type: str
    number: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """How many documents of a type the exports of this day held no more, or the link could not show any longer."""

    day: datetime.date
    type: str
    count: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since earlier builds, up to 30 days before the exports' own, inclusive.

    Both are ordered newest day first, then by type as in TRANSACTION_TYPES; `documents` then by number.
    """

    documents: tuple[Change, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that one link may show, and nothing else: what the pages are made of.

    `transactions` are ordered as in Account and hold granted types and branches only; `receipts` are ordered as there.
    There are no `receipts` and no `statements` (one for each currency) where they are not granted. `as_of` is the day
    the exports show. `attachments` are the documents' own files, by type and number. `source` stands for all that it
    was made of, but for its `changes`; '' where that is not known.
    """

    site: Site
    link: Link
    customer: Customer
    transactions: tuple[Transaction, ...]
    as_of: datetime.date
    receipts: tuple[Receipt, ...] = ()
    statements: tuple[Statement, ...] = ()
    attachments: Mapping[tuple[str, str], Attachment] = field(default_factory=dict)
    changes: Changes = Changes()
    source: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A link of which no bundle can be made that is right, and why."""

    id: LinkId
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """One file of a built bundle: its path within the bundle ('/' between parts), digest and size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a built bundle: its files, and the numbers of the documents that it shows."""

    documents: Documents
    files: tuple[BuiltFile, ...]


@dataclass(frozen=True, slots=True)
class BuiltBundle:
    """A bundle as it lies under build/. `fingerprint` stands for all that went into it, `digest` for what came out.

    `source` stands for what the fingerprint was found from: where that is the same, the fingerprint is. `count` is the
    number of files. There may be very many bundles, so what is in one is looked up, by `contents`.
    """

    id: LinkId
    folder: str
    fingerprint: str
    source: str
    digest: str
    count: int
    contents: Callable[[], Contents] = field(repr=False, compare=False)

    def whole(self) -> "BuiltBundle":
        """The same with its contents at hand."""
        contents = self.contents()
        return replace(self, contents=lambda: contents)

    @property
    def documents(self) -> Documents:
        """The numbers of the documents that it shows."""
        return self.contents().documents

    @property
    def files(self) -> tuple[BuiltFile, ...]:
        """All of its files."""
        return self.contents().files

    @property
    def counts(self) -> Mapping[str, int]:
        """By granted type, how many documents."""
        return {type_: len(numbers) for type_, numbers in self.documents.items()}
