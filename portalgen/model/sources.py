"""Where exports and stores are, and how an export is to be read."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from portalgen.errors import NOWHERE, Location

TOLERANCE = Decimal("0.05")
"""How far amounts may differ from what follows from others, in the currency's major unit, unless an export says it."""


@dataclass(frozen=True, slots=True)
class Headings:
    """Which cells fill a column: those under the first of `any_of` that a file has, or under all of `join` together.

    Or, row by row, the one under the first of `first` that is neither blank nor zero, else under the last of them.
    """

    any_of: tuple[str, ...] = ()
    join: tuple[str, ...] = ()
    first: tuple[str, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        """Every heading that is named."""
        return (*self.any_of, *self.join, *self.first)


@dataclass(frozen=True, slots=True)
class LineSource:
    """Where the lines of a transaction export stand.

    `path` names a file of their own, or '' for the files of the documents; `sheet` is the sheet or table in it,
    `records` the path to a document's lines within nested records, or to a list of all lines. `columns` maps a column
    to the file's headings, `values` to a constant. `discount` tells what the discount column holds: 'percent',
    'fraction' or 'amount'. `kind` is the key of a line within nested records that tells its kind, `kinds` what lines of
    each kind are: 'line', 'group' (a heading over lines of its own), 'document' (the document's) or 'none'.
    """

    path: str = ""
    columns: Mapping[str, Headings] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    discount: str = "percent"
    sheet: str = ""
    records: str = ""
    kind: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Visibility:
    """What customers may see of an export, and what they read there.

    `statuses`, unless None, are the only statuses that are shown; `never` are known and not shown. `words` are what a
    customer reads for a status: unless it is empty, one that is not in it reads as a neutral word. `since` is the first
    day, inclusive.
    """

    statuses: tuple[str, ...] | None = None
    never: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    since: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What to do about an export that is not as it should be.

    A bad row stops the run, or (`quarantine`) holds its whole document back, up to `limit` documents. Amounts that do
    not add up by more than `tolerance` (in the currency's major unit) are reported, or refused as a bad row is.
    """

    quarantine: bool = False
    limit: int = 20
    tolerance: Decimal = TOLERANCE
    refuse_differences: bool = False
    allow_similar_ids: bool = False


@dataclass(frozen=True, slots=True)
class Attachments:
    """The `folder` in which the documents' files are; `name` is a file's name, with {number} and the like in it."""

    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class ExportSource:
    """One entry of `exports:`, completed from its profile.

    `type` is 'customers', 'contacts', 'products' or a transaction type. `layout` is 'two-files', 'repeat',
    'continuation' or 'nested'. `dates` are strptime patterns, ('iso',) or ('prove',); `decimal` is '.', ',', 'prove',
    or '' for digits and a point alone. `columns` maps a column to the file's headings, `values` to a constant. `ignore`
    names headings to leave out ('ALL': every one that is not mapped); `empty` are cell texts that mean "nothing".
    `rows` keeps the rows with one of these texts under a heading; `totals` begin rows that sum up others; `groups` is
    the column that a row with one filled cell gives to those below it. `is_negative` tells that amounts and quantities
    have the opposite sign in the file; `is_incremental` that a later file's document replaces an earlier one's.
    """

    type: str
    path: str
    columns: Mapping[str, Headings] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    lines: LineSource | None = None
    profile: str = ""
    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    records: str = ""
    layout: str = "two-files"
    dates: tuple[str, ...] = ("iso",)
    decimal: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    totals: tuple[str, ...] = ()
    groups: str = ""
    is_negative: bool = False
    is_incremental: bool = False
    attachments: Attachments | None = None
    visibility: Visibility = Visibility()
    policy: Policy = Policy()
    place: Location = field(default=NOWHERE, compare=False)
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Cdn:
    """What stands before a store and may keep copies. `kind` is 'cloudfront'.

    `path` is what an address there has before a link's token, such as '/portals', or ''.
    """

    kind: str
    distribution: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class StoreSource:
    """One entry of `stores:`: a `directory` at `path` (private part at `private`), or an `s3` bucket.

    `single_writer` says that nobody else publishes there, so that writes need no conditions.
    """

    name: str
    kind: str
    path: Path | None = None
    private: Path | None = None
    bucket: str = ""
    region: str = ""
    endpoint: str = ""
    prefix: str = ""
    single_writer: bool = False
    cdn: Cdn | None = None
