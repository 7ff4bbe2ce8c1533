"""What a link showed before and shows now: which documents are new, changed or paid, and how many were withdrawn.

Each build leaves a memory of every link to the next one. It holds digests in place of what documents say, and of a
document that was withdrawn nothing but that there was one: its number may be another customer's by now.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter

from portalgen.model import TRANSACTION_TYPES, Bundle, Change, Changes, Line, Link, LinkId, Transaction, Withdrawn

NEW, CHANGED, PAID = "new", "changed", "paid"
KINDS = (NEW, CHANGED, PAID)
DAYS = 30
"""How many days before the exports' own a change is told for, inclusive."""

_VERSION = 1
"""To be raised when a digest or the text of a memory comes to mean something else."""

# Numbers of other documents are blank or not as the link's grant and those documents' presence will have it, and the
# name of a file is the exporter's own affair: neither says that the document itself is another.
_NOT_COMPARED = {
    *("type", "number", "customer_id", "lines", "attachment"),
    *("quote_number", "order_number", "invoice_number", "delivery_note_number"),
}
_OF_DOCUMENT = tuple(each.name for each in fields(Transaction) if each.name not in _NOT_COMPARED)
_OF_LINE = tuple(each.name for each in fields(Line))
_document_values, _line_values = attrgetter(*_OF_DOCUMENT), attrgetter(*_OF_LINE)
_TYPE_ORDER = {type_: place for place, type_ in enumerate(TRANSACTION_TYPES)}


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of a document. `change` is the kind and day of the latest one, if it is not too old.

    `digest` (hex SHA-256) stands for what the document says; `is_owed` tells that there was a balance above zero.
    """

    branch: str
    digest: str
    is_owed: bool
    change: tuple[str, date] | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What a link showed. `types` and `branches` are its grant, as in Link; `documents` are by type and number.

    `withdrawn` counts by day, type and branch what was there at the build before that of the day.
    """

    link: LinkId
    customer: str
    revision: int
    types: tuple[str, ...] = ()
    branches: tuple[str, ...] | None = None
    documents: Mapping[tuple[str, str], Seen] = field(default_factory=dict)
    withdrawn: Mapping[tuple[date, str, str], int] = field(default_factory=dict)


def recalled(memory: Memory | None, bundle: Bundle) -> tuple[Changes, Memory]:
    """What changed in `bundle` up to its day, and what to remember. The changes that it comes with do not matter.

    A link without a memory, or with that of another customer or revision, starts anew: what is there is not new. The
    same goes for types and branches that the link has come to be granted; of those that it has lost, nothing is left.
    Asked again with what it said to remember and the same bundle, it says the same.
    """
    link, as_of = bundle.link, bundle.as_of
    before = Memory(link.id, link.customer, link.revision)
    if memory and (memory.link, memory.customer, memory.revision) == (link.id, link.customer, link.revision):
        before = memory
    documents = {(each.type, each.number): _seen(each, before, as_of) for each in bundle.transactions}
    now = Memory(
        link=link.id,
        customer=link.customer,
        revision=link.revision,
        types=link.types,
        branches=link.branches,
        documents=documents,
        withdrawn=dict(_withdrawn(before, documents, link, as_of)),
    )
    return changes_of(now), now


def _seen(transaction: Transaction, before: Memory, as_of: date) -> Seen:
    known = before.documents.get((transaction.type, transaction.number))
    digest = _digest(transaction)
    change = _still_told(known.change, as_of) if known else None
    if known is None:
        change = (NEW, as_of) if _grants(before, transaction.type, transaction.branch) else None
    elif known.digest != digest:
        today = change[0] if change and change[1] == as_of else ""
        change = (_kind(transaction, known, today), as_of)
    is_owed = transaction.balance is not None and transaction.balance > 0
    return Seen(transaction.branch, digest, is_owed, change)


def _kind(transaction: Transaction, known: Seen, today: str) -> str:
    """What to call a change; `today` is the kind of an earlier one of the same day, if any."""
    if today == NEW:
        return NEW
    return PAID if (known.is_owed or today == PAID) and _is_paid(transaction) else CHANGED


def _is_paid(transaction: Transaction) -> bool:
    """Whether an invoice was paid, rather than cancelled or credited, as far as the export tells."""
    is_settled = transaction.type == "invoices" and transaction.balance == 0
    return is_settled and transaction.total != 0 and transaction.paid != 0


def _still_told(change: tuple[str, date] | None, as_of: date) -> tuple[str, date] | None:
    """The change, of `as_of` at the latest; None where it is too old."""
    return (change[0], min(change[1], as_of)) if change and _is_recent(change[1], as_of) else None


def _is_recent(day: date, as_of: date) -> bool:
    return (as_of - day).days <= DAYS


def _grants(grant: Memory | Link, type_: str, branch: str) -> bool:
    return type_ in grant.types and (grant.branches is None or branch in grant.branches)


def _withdrawn(
    before: Memory, documents: Mapping[tuple[str, str], Seen], link: Link, as_of: date
) -> Counter[tuple[date, str, str]]:
    """The counts of `before`, and what it remembers and is not among the `documents`; nothing that was ungranted."""
    counts: Counter[tuple[date, str, str]] = Counter()
    for (day, type_, branch), count in before.withdrawn.items():
        if _grants(link, type_, branch) and _is_recent(day, as_of):
            counts[min(day, as_of), type_, branch] += count
    for (type_, number), seen in before.documents.items():
        if (type_, number) not in documents and _grants(link, type_, seen.branch):
            counts[as_of, type_, seen.branch] += 1
    return counts


def granted(memory: Memory, link: Link) -> Memory:
    """What of a memory the link may show, whose grant may be smaller by now."""
    documents = {key: seen for key, seen in memory.documents.items() if _grants(link, key[0], seen.branch)}
    withdrawn = {key: count for key, count in memory.withdrawn.items() if _grants(link, key[1], key[2])}
    return replace(memory, documents=documents, withdrawn=withdrawn)


def changes_of(memory: Memory) -> Changes:
    """What a link that is remembered so has to tell."""
    changes = [
        Change(seen.change[1], seen.change[0], type_, number)
        for (type_, number), seen in memory.documents.items()
        if seen.change
    ]
    counts: Counter[tuple[date, str]] = Counter()
    for (day, type_, _), count in memory.withdrawn.items():
        counts[day, type_] += count
    withdrawn = [Withdrawn(day, type_, count) for (day, type_), count in counts.items()]
    return Changes(
        tuple(sorted(changes, key=lambda each: (-each.day.toordinal(), _TYPE_ORDER[each.type], each.number))),
        tuple(sorted(withdrawn, key=lambda each: (-each.day.toordinal(), _TYPE_ORDER[each.type]))),
    )


def _digest(transaction: Transaction) -> str:
    """Of each field that says something, its name and its text with the length before it; then the lines, likewise.

    A field that says nothing is left out, so that one which portalgen comes to know later changes no digest.
    """
    whole = _named(_OF_DOCUMENT, _document_values(transaction))
    lines = [f"/{_named(_OF_LINE, _line_values(line))}" for line in transaction.lines]
    return sha256("".join([whole, *lines]).encode("utf-8", "surrogatepass")).hexdigest()


def _named(names: Iterable[str], values: Iterable[object]) -> str:
    return "".join([_said(*pair) for pair in zip(names, values, strict=True) if pair[1] is not None])


@lru_cache(maxsize=4096)
def _said(name: str, value: object) -> str:
    text = _text(value)
    return f"{name}={len(text)}:{text}" if text else ""


def _text(value: object) -> str:
    """`value` in one way of several that mean the same: white space and trailing zeros are no change."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, Decimal):
        plain = f"{value:f}" if value else "0"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return str(value)


def memory_text(memory: Memory) -> str:
    """A memory as JSON in ASCII: the same memory, the same text."""
    documents = [
        [type_, number, seen.branch, seen.digest, seen.is_owed]
        + ([seen.change[0], seen.change[1].isoformat()] if seen.change else [])
        for (type_, number), seen in memory.documents.items()
    ]
    data = {
        "version": _VERSION,
        "link": [memory.link.portal, memory.link.contact],
        "customer": memory.customer,
        "revision": memory.revision,
        "types": memory.types,
        "branches": memory.branches,
        "documents": documents,
        "withdrawn": [[day.isoformat(), *which, count] for (day, *which), count in memory.withdrawn.items()],
    }
    return json.dumps(data, separators=(",", ":"))


def memory_of(text: str) -> Memory | None:
    """The memory that `text` is; None where it is none that this version of portalgen would have written."""
    try:
        data = json.loads(text)
        if data["version"] != _VERSION:
            return None
        return Memory(
            link=LinkId(*map(str, data["link"])),
            customer=str(data["customer"]),
            revision=int(data["revision"]),
            types=tuple(map(str, data["types"])),
            branches=None if data["branches"] is None else tuple(map(str, data["branches"])),
            documents=dict(_document_of(*each) for each in data["documents"]),
            withdrawn=dict(_withdrawn_of(*each) for each in data["withdrawn"]),
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _document_of(
    type_: str, number: str, branch: str, digest: str, is_owed: bool, *change: str
) -> tuple[tuple[str, str], Seen]:
    key = (_known(type_, TRANSACTION_TYPES), str(number))
    kind, day = change or ("", "")
    latest = (_known(kind, KINDS), date.fromisoformat(day)) if change else None
    return key, Seen(str(branch), str(digest), bool(is_owed), latest)


def _withdrawn_of(day: str, type_: str, branch: str, count: int) -> tuple[tuple[date, str, str], int]:
    return (date.fromisoformat(day), _known(type_, TRANSACTION_TYPES), str(branch)), int(count)


def _known(text: str, among: tuple[str, ...]) -> str:
    """`text`, which has to be one of these. Raises ValueError."""
    return among[among.index(text)]
