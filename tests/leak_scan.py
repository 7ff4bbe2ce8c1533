"""What each link of a world must show, worked out from the world alone, and what its files do show.

Nothing here is the product's: not the rule of who may see what, not the arithmetic, not a template.
"""

import base64
import csv
import html
import io
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from urllib.parse import unquote

from openpyxl import load_workbook

from tests.worlds import MINOR_UNITS, ROLES, SITE, SITE_CURRENCY, TODAY, TYPES, Cells, Document, Grantee, World

_OF_DOCUMENTS = (
    *("number", "date", "due_date", "currency", "status", "reference", "net", "tax", "total", "balance", "note"),
    *("branch", "order_number", "quote_number", "invoice_number", "delivery_note_number", "carrier", "tracking_number"),
    *("paid", "allowance", "charge", "rounding", "payment_terms", "ship_to"),
)
SHOWN: Mapping[str, Sequence[str]] = {
    "customers": [
        *("id", "name", "email", "phone", "street", "city", "region", "postal_code", "country", "tax_id"),
        "payment_terms",
    ],
    **dict.fromkeys(TYPES, _OF_DOCUMENTS),
    "lines": [
        *("line", "item", "description", "quantity", "open_quantity", "unit", "unit_price", "discount"),
        *("discount_amount", "tax_rate", "tax", "amount"),
    ],
    "products": ["name", "unit"],
    "contacts": [],
    "receipts": ["number", "date", "amount", "currency", "method", "reference", "allocated_to"],
}
"""The columns that a page shows. A product's stand in for what a line leaves empty, and show in no other way."""

NOT_SHOWN: Mapping[str, Sequence[str]] = {
    "customers": ["currency", "language", "status", "parent_id", "balance"],
    **dict.fromkeys(TYPES, ("customer_id", "customer_visible", "attachment", "payment_url")),
    "lines": ["number"],
    "products": ["sku", "description", "price", "currency", "image", "availability"],
    "contacts": ["id", "customer_id", "name", "email", "phone", "language"],
    "receipts": ["customer_id"],
}
"""The columns that no page shows, by design. Nor does any page show the id of a portal, or a contact's e-mail.

A customer's id and a product's SKU show where a row that is shown holds them: as the customer number, and as an item.
"""

REFERENCES = {
    "quote_number": "quotes",
    "order_number": "orders",
    "invoice_number": "invoices",
    "delivery_note_number": "delivery_notes",
}
"""Columns that hold the number of another document: shown only to those who may see documents of that type.

Whoever is limited to branches sees it only if they see that very document.
"""

LinkKey = tuple[str, str]
"""Portal and contact, '' for the portal's own link."""
Files = Mapping[str, bytes]
"""The files behind one link, by path."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is to be seen: marks, names (see `worlds`), and the digits of every number of at least nine."""

    marks: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]


# What each link must show


@dataclass(frozen=True, slots=True)
class Grant:
    """What one live link may see."""

    link: LinkKey
    customer: str
    types: frozenset[str]
    holder: str
    branches: frozenset[str] | None

    def shows(self, document: Document) -> bool:
        """Whether it may see a document of its customer that customers may see."""
        return document.type in self.types and (self.branches is None or document.cells["branch"] in self.branches)


def grants_of(world: World) -> list[Grant]:
    """Every link that is to be live, by the words of the design: a contact sees no more than its portal.

    What names branches is limited to them, and to what names one; an empty list leaves nothing.
    """
    found = []
    for portal in world.portals:
        for contact in (None, *portal.contacts):
            said = [portal, contact] if contact else [portal]
            if all(each.enabled and not (each.expires and each.expires < TODAY.isoformat()) for each in said):
                types = frozenset.intersection(*(_types(each) for each in said))
                holder = (contact.name or contact.id) if contact else ""
                limits = [frozenset(each.branches) for each in said if each.branches is not None]
                branches = frozenset.intersection(*limits) if limits else None
                link = (portal.id, contact.id if contact else "")
                found.append(Grant(link, portal.customer, types, holder, branches))
    return found


def _types(grantee: Grantee) -> frozenset[str]:
    return frozenset(type_ for name in grantee.show for type_ in (TYPES if name == "ALL" else ROLES.get(name, (name,))))


def visible_documents(world: World, customer: str) -> list[Document]:
    """The documents of a customer that a customer may see, granted or not."""
    return [
        document
        for document in world.documents
        if document.cells["customer_id"] == customer
        and document.cells["customer_visible"].lower() not in {"", "false", "no", "0"}
        and document.cells["status"] in world.visible.get(document.type, [document.cells["status"]])
    ]


def expected(world: World, grant: Grant) -> Sight:
    """What the files of a link must show: no more, and no less."""
    customer = next(row for row in world.customers if row["id"] == grant.customer)
    documents = [each for each in visible_documents(world, grant.customer) if grant.shows(each)]
    cells = [grant.holder, *SITE.values(), *(customer[name] for name in SHOWN["customers"]), *(grant.branches or ())]
    for document in documents:
        cells += [document.cells[name] for name in SHOWN[document.type] if name not in REFERENCES]
        cells += [
            document.cells[name] for name in REFERENCES if _may_be_named(document.cells[name], name, documents, grant)
        ]
        for line in document.lines:
            cells += [line[name] for name in SHOWN["lines"]]
            cells += _from_catalogue(line, world.products)
    receipts = _receipts_for(world, grant)
    cells += [receipt[name] for receipt in receipts for name in SHOWN["receipts"] if name != "allocated_to"]
    cells += [receipt["allocated_to"] for receipt in receipts if "invoices" in grant.types]
    marks = frozenset[str]().union(*(marks_in(cell, world) for cell in cells))
    worked_out = frozenset(
        [*_worked_out(documents), *_paid_in_all(receipts)]
    )  # of a document of one line, as likely as not a mark of the line's
    numbers = {mark for mark in marks if mark.isdecimal()} | worked_out
    return Sight(marks | (worked_out & world.marks.keys()), world.names & {*cells}, _long(numbers))


def _receipts_for(world: World, grant: Grant) -> list[Cells]:
    """The receipts that a link shows: they are of no branch, and so none where it is limited to branches."""
    if "receipts" not in grant.types or grant.branches is not None:
        return []
    return [receipt for receipt in world.receipts if receipt["customer_id"] == grant.customer]


def _paid_in_all(receipts: Sequence[Cells]) -> Iterator[str]:
    """The digits of the sum of receipts in each currency."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for receipt in receipts:
        sums[receipt["currency"] or SITE_CURRENCY] += Decimal(receipt["amount"])
    yield from (_digits(amount, currency) for currency, amount in sums.items())


def _may_be_named(number: str, column: str, shown: Sequence[Document], grant: Grant) -> bool:
    """Whether a reference shows: its type is granted and, with branches, the document that it names is shown itself."""
    there = [each.cells["number"] for each in shown if each.type == REFERENCES[column]]
    return REFERENCES[column] in grant.types and (grant.branches is None or number in there)


def _from_catalogue(line: Cells, products: Sequence[Cells]) -> list[str]:
    """What the line leaves empty and the catalogue knows."""
    product = next((row for row in products if row["sku"] == line["item"]), None)
    pairs = {"description": "name", "unit": "unit"}
    return [product[theirs] for ours, theirs in pairs.items() if not line[ours]] if product else []


def _worked_out(documents: Sequence[Document]) -> Iterator[str]:
    """The digits of what is in no cell: amounts that follow from lines, taxes by rate, and sums over documents."""
    sums: defaultdict[tuple[str, str, str], list[Decimal | None]] = defaultdict(list)
    for document in documents:
        currency, found = currency_of(document), amounts(document)
        for name, amount in found.items():
            yield _digits(amount, currency)
            if name in {"total", "balance"} and document.type in {"invoices", "credit_notes"}:
                sums[document.type, currency, name].append(amount)
        if document.cells["allowance"] or document.cells["charge"]:
            yield _digits(_sum_of_lines(document), currency)
        yield from (_digits(amount, currency) for amount in _by_rate(document, found["tax"]))
        for state, amount in _open_amounts(document, found):
            sums[state, currency, "open"].append(amount)
    for (_, currency, _), all_of_them in sums.items():
        known = [amount for amount in all_of_them if amount is not None]
        if len(known) == len(all_of_them):
            yield _digits(sum(known, Decimal(0)), currency)


def _by_rate(document: Document, tax: Decimal | None) -> Iterator[Decimal]:
    """Net and tax of each rate, where the taxes of all rates are the document's."""
    cells = [(line["tax_rate"], line["amount"], line["tax"]) for line in document.lines]
    if not tax or not all(rate and amount for rate, amount, _ in cells):
        return
    cent = Decimal(1).scaleb(-MINOR_UNITS[currency_of(document)])
    nets: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    taxes: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for rate, amount, of_line in cells:
        nets[Decimal(rate)] += Decimal(amount)
        taxes[Decimal(rate)] += Decimal(of_line or 0)
    if not all(of_line for _, _, of_line in cells):
        taxes |= {rate: _half_up(net * rate / 100, cent) for rate, net in nets.items()}
    if sum(taxes.values()) == tax:
        yield from (*nets.values(), *taxes.values())


def _open_amounts(document: Document, found: Mapping[str, Decimal | None]) -> Iterator[tuple[str, Decimal | None]]:
    """What is open of a document, with the name of the sum that it belongs to. All due days are past."""
    balance = found["balance"]
    if document.type in {"invoices", "credit_notes"} and balance:
        yield f"open {document.type}", balance
        if document.type == "invoices" and balance > 0 and document.cells["due_date"]:
            yield "overdue", balance
    if document.type == "orders" and any(Decimal(line["open_quantity"] or 0) for line in document.lines):
        cent = Decimal(1).scaleb(-MINOR_UNITS[currency_of(document)])
        parts = [
            _half_up(Decimal(line["amount"]) * Decimal(line["open_quantity"]) / Decimal(line["quantity"]), cent)
            if line["amount"]
            else None
            for line in document.lines
            if Decimal(line["open_quantity"] or 0)
        ]
        known = [part for part in parts if part is not None]
        yield "open orders", sum(known, Decimal(0)) if len(known) == len(parts) else None


def currency_of(document: Document) -> str:
    """The document's currency; the site's, where the export names none."""
    return document.cells["currency"] or SITE_CURRENCY


def amounts(document: Document) -> dict[str, Decimal | None]:
    """The document's amounts: those of the export and, if it names no total, those that follow from the lines."""
    found = {name: _decimal(document.cells[name]) for name in ("net", "tax", "total", "balance")}
    paid = _decimal(document.cells["paid"])
    lines = [(_decimal(line["amount"]), _decimal(line["tax_rate"])) for line in document.lines]
    if found["total"] is None and _sum_of_lines(document) is not None:
        cent = Decimal(1).scaleb(-MINOR_UNITS[currency_of(document)])
        rates = {rate for _, rate in lines}
        bases = {
            rate: sum((amount or Decimal(0) for amount, its in lines if its == rate), Decimal(0)) for rate in rates
        }
        net = sum(bases.values(), Decimal(0))
        tax = sum((_half_up(base * (rate or Decimal(0)) / 100, cent) for rate, base in bases.items()), Decimal(0))
        if all(line["tax"] for line in document.lines):
            tax = sum((Decimal(line["tax"]) for line in document.lines), Decimal(0))
        found |= {"net": net, "tax": tax, "total": net + tax}
    if found["balance"] is None and found["total"] is not None and paid is not None:
        found["balance"] = found["total"] - paid
    return found


def _sum_of_lines(document: Document) -> Decimal | None:
    """What the lines come to; None where there is none, or one does not say."""
    said = [Decimal(line["amount"]) for line in document.lines if line["amount"]]
    return sum(said, Decimal(0)) if said and len(said) == len(document.lines) else None


def _half_up(amount: Decimal, cent: Decimal) -> Decimal:
    return amount.quantize(cent, ROUND_HALF_UP)


def _decimal(cell: str) -> Decimal | None:
    return Decimal(cell) if cell else None


def _digits(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else re.sub(r"\D", "", f"{amount:.{MINOR_UNITS[currency]}f}").lstrip("0")


def _long(numbers: Iterable[str]) -> frozenset[str]:
    return frozenset(number for number in numbers if len(number) >= 9)


# What files do show

_HEX, _DIGITS = re.compile(r"(?=([0-9a-f]{12}))"), re.compile(r"(?=([0-9]{13}))")
_DAY = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_TEXT_OF_TAG = re.compile(r">([^<>]+)<")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[.,'\u2019\u00a0\u202f\u066c ]?[0-9])*")
_DIGEST = re.compile(r"-[0-9a-f]{12}(?=\.html)")  # at the end of a page's name; it may look like a number
_BASE64, _URL_SAFE = re.compile(rb"[A-Za-z0-9+/]{24,}"), bytes.maketrans(b"-_", b"+/")
_DEPTH = 4


def seen(files: Files, world: World) -> Sight:
    """Everything of `world` in the bytes and the paths of `files`, compressed and encoded parts unpacked."""
    marks: set[str] = set()
    names: set[str] = set()
    numbers: set[str] = set()
    for path, data in files.items():
        for reading in (path, *readings(data)):
            found = _of_reading(reading)
            marks |= found.marks
            if not path.endswith(_TABLES):
                numbers |= found.numbers
                names |= found.names
        for cells in _cells(path, data):
            found = _of_reading("\n".join(f"<td>{html.escape(cell)}</td>" for cell in cells))
            numbers |= found.numbers
            names |= found.names
        if path.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                inner = seen({name: archive.read(name) for name in archive.namelist()}, world)
            numbers |= inner.numbers
            names |= inner.names
    return Sight(frozenset(marks) & world.marks.keys(), frozenset(names) & world.names, frozenset(numbers))


_TABLES = (".csv", ".xlsx", ".zip")
"""What is read cell by cell, or file by file: as text, one cell would run into the next."""


@lru_cache(maxsize=2000)
def _cells(path: str, data: bytes) -> Sequence[Sequence[str]]:
    """The rows of a table; none of what is no table."""
    if path.endswith(".csv"):
        return [*csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))]
    if path.endswith(".xlsx"):
        rows = [row for sheet in load_workbook(io.BytesIO(data)) for row in sheet.iter_rows(values_only=True)]
        return [[each for each in row if isinstance(each, str)] for row in rows]
    return []


def marks_in(text: str, world: World) -> frozenset[str]:
    """The marks within a text, whatever the case and the separators."""
    return _of_reading(text).marks & world.marks.keys()


@lru_cache(maxsize=20_000)
def _of_reading(text: str) -> Sight:
    """All in `text` that has the shape of a mark, a name or a long number."""
    squashed = _NOT_ALPHANUMERIC.sub("", text.casefold())
    shown = _DIGEST.sub("", _TAG.sub("\n", text))
    return Sight(
        marks=frozenset([*_HEX.findall(squashed), *_DIGITS.findall(squashed), *_DAY.findall(text)]),
        names=frozenset(html.unescape(node).strip() for node in _TEXT_OF_TAG.findall(text)),
        numbers=_long(re.sub("[^0-9]", "", number).lstrip("0") for number in _NUMBER.findall(shown)),
    )


@lru_cache(maxsize=20_000)
def readings(data: bytes, depth: int = _DEPTH) -> tuple[str, ...]:
    """Every way to read `data` as text: as it is, without escapes, and what is packed into it."""
    text = data.decode("utf-8", "replace")
    found = [text]
    if "&" in text or "%" in text:
        found.append(unquote(html.unescape(text)))
    if depth:
        found += [reading for inner in _unpacked(data) for reading in readings(inner, depth - 1)]
    return tuple(found)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """What is packed into `data`; where it is cut short, as much as there is."""
    with suppress(zlib.error):
        yield zlib.decompressobj(wbits=47).decompress(data)  # gzip or zlib
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)
    for run in _BASE64.findall(re.sub(rb"\s+", b"", data).translate(_URL_SAFE)):
        for start in range(4):  # what stands before the encoded part may be of its alphabet
            length = len(run) - start
            yield base64.b64decode(run[start : start + length - (length % 4 == 1)] + b"==")


# The verdict


def complaints(world: World, bundles: Mapping[LinkKey, Files]) -> list[str]:
    """What `bundles` show that they must not, and what they should show and do not; one sentence for each."""
    grants = {grant.link: grant for grant in grants_of(world)}
    found = [
        f"{link} is no live link and shows {len(files)} files" for link, files in bundles.items() if link not in grants
    ]
    for link, grant in grants.items():
        if link in bundles:
            found += complaints_of(world, grant, bundles[link])
        else:
            found.append(f"{link} lacks every file, and is live")
    return found


def complaints_of(world: World, grant: Grant, files: Files) -> list[str]:
    """What the files of one link show that they must not, and what they should show and do not."""
    wanted, there = expected(world, grant), seen(files, world)
    whose = f"{grant.link} of customer {grant.customer!r}"
    return [
        *(f"{whose} shows the {world.marks[mark]} ({mark})" for mark in sorted(there.marks - wanted.marks)),
        *(f"{whose} lacks the {world.marks[mark]} ({mark})" for mark in sorted(wanted.marks - there.marks)),
        *(f"{whose} shows the name {name!r}" for name in sorted(there.names - wanted.names)),
        *(f"{whose} lacks the name {name!r}" for name in sorted(wanted.names - there.names)),
        *(f"{whose} shows an unaccountable {number}" for number in sorted(there.numbers - wanted.numbers)),
        *(f"{whose} lacks the number {number}" for number in sorted(wanted.numbers - there.numbers)),
    ]


def leaks(found: Iterable[str]) -> list[str]:
    """Those of the complaints that are about something shown."""
    return [complaint for complaint in found if " shows " in complaint]
