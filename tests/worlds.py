"""Worlds of customers who are easily mistaken for each other, every value of theirs marked.

A *mark* is a value found nowhere else in its world: 12 hex digits within a text, 13 digits of a number, a day. What
cannot carry one (an id that must look like another, a document number, see UNMARKED) is a *name*: found or not found
as the whole of a text on a page. A *shape* says what there is in a world; `assemble` fills it with marks.
"""

import csv
import datetime
import hashlib
import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations, cycle
from pathlib import Path

from hypothesis import strategies as st

TYPES = ("quotes", "orders", "invoices", "credit_notes", "delivery_notes")
ROLES = {"payer": ("invoices", "credit_notes")}
TODAY = datetime.date(2026, 11, 22)
AS_OF = datetime.date(2026, 11, 20)
MINOR_UNITS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
SITE_CURRENCY = "EUR"
SITE = {"id": "neighbours", "title": "Neighbours & Co", "email": "office@neighbours.example"}

NEIGHBOURS: Mapping[str, Sequence[str]] = {
    "zeros": ("0012", "12", "012", "12.0", "00012", "\uff11\uff12"),  # the last in full-width digits
    "prefixes": ("C-1", "C-10", "C-100", "XC-1", "C-1.1"),
    "case": ("c-7", "C-7", "C7", "\uff23-7"),
    "sharp s": ("stra\u00dfe", "strasse", "STRASSE"),
    "accents": (unicodedata.normalize("NFC", "caf\u00e9"), unicodedata.normalize("NFD", "caf\u00e9"), "cafe"),
    "ligatures": ("o\ufb03ce", "office"),
    "turkish i": ("\u0130X", "ix", "IX", "\u0131x"),
    "YAML": ("NO", "no", "false", "12:30", "750", "2027-01-01", "null", "~", "1e3", "1000.0", "0x1F", "31"),
    "dots": ("a.b", "a-b", "a_b", "a b", "ab", "A.B"),
    "wildcards": ("D_1", "D%1", "D*1", "D'1", 'D"1', "D\\1", "D;1"),
}
"""Ids that some way of comparing takes for one another."""

PORTAL_IDS = ("acme", "Acme", "ACME", "acme.", "a-cme", "NO", "12:30", "0012", "caf\u00e9", "cafe\u0301", "\uff41cme")
CONTACT_IDS = ("ann", "Ann", "_", "ann.lee", "\uff21nn", "no", *(f"ann-{number}" for number in range(2, 12)))
NUMBERS = ("R-1", "R-10", "R-100", "r-1", "R-01", "R1", "\uff32-1", "R_1", "R.1", "R/1", "XR-1")
BRANCHES = (
    "North",
    "north",
    "NORTH",
    "Nort",
    "Northern",
    "\uff2eorth",
    "N\u00f6rth",
    "No\u0308rth",
    "NO",
    "0012",
    "12",
)
SKUS = ("P-1", "P-10", "p-1")
LOCALES = ("", "en-US", "de-CH", "fr-FR", "hi-IN", "ar-AE", "ja-JP")
DRESSES = ("{}", "<i>{}</i>", '"{}" & Söhne', "it's {}", "{{{{{}}}}}", "ß {} é", "=1+{}", "{}, Ltd")

Cells = Mapping[str, str]
DOCUMENT_COLUMNS = (
    *("number", "customer_id", "date", "due_date", "currency", "status", "reference", "net", "tax", "total", "balance"),
    *("note", "branch", "order_number", "quote_number", "invoice_number", "delivery_note_number", "carrier"),
    *("tracking_number", "paid", "allowance", "charge", "rounding", "payment_terms", "ship_to"),
    *("attachment", "payment_url", "customer_visible"),
    "margin",  # no column of ours: the definitions say to ignore it
)
COLUMNS: Mapping[str, Sequence[str]] = {
    "customers": (
        *("id", "name", "email", "phone", "street", "city", "region", "postal_code", "country", "currency"),
        *("language", "tax_id", "status", "parent_id", "payment_terms", "balance"),
    ),
    "contacts": ("id", "customer_id", "name", "email", "phone", "language"),
    "products": ("sku", "name", "description", "price", "currency", "unit", "image", "availability"),
    "receipts": ("number", "customer_id", "date", "amount", "currency", "method", "reference", "allocated_to"),
    **dict.fromkeys(TYPES, DOCUMENT_COLUMNS),
    "lines": (
        *("number", "line", "item", "description", "quantity", "open_quantity", "unit", "unit_price", "discount"),
        *("discount_amount", "tax_rate", "tax", "amount"),
    ),
}
HEADINGS = {"note": "Remarks"}
"""Columns of documents that stand in the files under another heading."""

UNMARKED: Mapping[str, Sequence[str]] = {
    "customers": ("id", "parent_id"),
    "contacts": ("customer_id",),
    "products": ("currency",),
    "receipts": ("customer_id", "currency", "allocated_to"),
    **dict.fromkeys(TYPES, ("customer_id", "currency", "customer_visible")),
    "lines": ("number", "line"),
}
"""Cells that cannot carry a mark, because they must equal or resemble something else or say one of few things.

Of numbers and SKUs some are marked, and others are left bare so that they resemble each other.
"""


@dataclass(frozen=True, slots=True)
class Document:
    """One row of an export of transactions, with its lines."""

    type: str
    cells: Cells
    lines: tuple[Cells, ...] = ()


@dataclass(frozen=True, slots=True)
class Grantee:
    """A portal or a contact as the definitions have it. `contacts` and `customer` are a portal's alone."""

    id: str
    show: tuple[str, ...]
    branches: tuple[str, ...] | None = None
    enabled: bool = True
    expires: str = ""
    locale: str = ""
    name: str = ""
    email: str = ""
    customer: str = ""
    contacts: tuple["Grantee", ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """One site. `visible` is the statuses that customers may see, by type; `marks` tells what each mark marks."""

    customers: tuple[Cells, ...]
    contacts: tuple[Cells, ...]
    products: tuple[Cells, ...]
    documents: tuple[Document, ...]
    receipts: tuple[Cells, ...]
    portals: tuple[Grantee, ...]
    visible: Mapping[str, tuple[str, ...]]
    marks: Mapping[str, str]

    @property
    def names(self) -> frozenset[str]:
        """Every text that is known by being the whole of a text on a page."""
        ids = [row["id"] for row in self.customers]
        numbers = [document.cells["number"] for document in self.documents]
        grantees = [each.id for portal in self.portals for each in (portal, *portal.contacts)]
        return frozenset([*ids, *numbers, *grantees, *BRANCHES])


@dataclass(frozen=True, slots=True)
class DocumentShape:
    """`amounts` are 'given', 'from lines' (the export names no total) or 'none'; `hidden` is '', 'row' or 'status'.

    `taxed`: each line says its tax, not the rate alone. `branch`: one of BRANCHES, or '' for one that is marked.
    `refers`: it names a document of each type that its customer has, whatever the branch of that.
    """

    type: str = "invoices"
    lines: int = 1
    marked: bool = True
    amounts: str = "given"
    hidden: str = ""
    currency: str = "USD"
    sparse: bool = False
    taxed: bool = False
    branch: str = ""
    refers: bool = False


@dataclass(frozen=True, slots=True)
class GranteeShape:
    """What a portal, or a contact of one, may see, and whether its link is live. `branches`: the only ones it shows."""

    show: tuple[str, ...] = ("ALL",)
    branches: tuple[str, ...] | None = None
    enabled: bool = True
    expires: str = ""
    locale: str = ""
    named: bool = True
    contacts: tuple["GranteeShape", ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerShape:
    """`namesake`: has the same name as every other namesake in the world."""

    id: str
    documents: tuple[DocumentShape, ...] = ()
    portals: tuple[GranteeShape, ...] = ()
    namesake: bool = True


@dataclass(slots=True)
class Mint:
    """Makes marks from a seed and what they mark. The same question has the same answer."""

    seed: int
    marks: dict[str, str] = field(default_factory=dict)

    def text(self, where: str) -> str:
        """A text with a mark in it, in lower or upper case, dressed up to be hard to print and to search."""
        mark = self._new(where, self._hex)
        dress = DRESSES[int(mark, 16) % len(DRESSES)]
        return dress.format(mark.upper() if int(mark, 16) % 3 else mark)

    def plain(self, where: str) -> str:
        """A mark alone, for addresses and ids."""
        return self._new(where, self._hex)

    def number(self, where: str, decimals: int = 4, *, signed: bool = False) -> str:
        """A number of 13 digits, neither the first nor the last of which is 0."""
        digits = self._new(where, lambda value: str(10**12 + value % (9 * 10**11) * 10 + value % 9 + 1))
        sign = "-" if signed and int(digits) % 5 == 0 else ""
        return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"

    def day(self, where: str) -> str:
        """A day that is no other row's, and not that of the exports."""
        first = datetime.date(1990, 1, 1)
        return self._new(where, lambda value: str(first + datetime.timedelta(days=value % 13_000)))

    @staticmethod
    def _hex(value: int) -> str:
        mark = f"{value % 16**12:012x}"
        return re.sub(r"(\d{4})\d", r"\1c", mark)  # no long run of digits, which would look like a number

    def _new(self, where: str, make: Callable[[int], str]) -> str:
        for attempt in range(100):
            digest = hashlib.sha256(f"{self.seed}/{where}/{attempt}".encode()).digest()
            mark = make(int.from_bytes(digest[:12]))
            if self.marks.setdefault(mark, where) == where:
                return mark
        raise AssertionError("no mark is left")


def assemble(shapes: Sequence[CustomerShape], seed: int = 0, *, products: bool = True, numbered: bool = True) -> World:
    """The world of these shapes. `numbered`: lines carry their number, rather than the order of the file."""
    mint = Mint(seed)
    ids = [shape.id for shape in shapes]
    skus = _products(mint) if products else ()
    numbers = {type_: _distinct(NUMBERS) for type_ in TYPES}
    documents = [
        _document(_Place(mint, f"{shape.id!r} {form.type} {rank}"), shape.id, form, next(numbers[form.type]), skus)
        for shape in shapes
        for rank, form in enumerate(shape.documents)
    ]
    documents = [*_referring(documents, [form for shape in shapes for form in shape.documents])]
    if not numbered:
        documents = [replace(each, lines=tuple({**line, "line": ""} for line in each.lines)) for each in documents]
    forms = [form for shape in shapes for form in shape.documents]
    visible: dict[str, tuple[str, ...]] = {}
    for type_ in {form.type for form in forms if form.hidden == "status"}:
        shown = [doc.cells["status"] for doc, form in zip(documents, forms, strict=True) if form.hidden != "status"]
        visible[type_] = (*filter(None, shown), "never")
    portal_ids = _distinct(PORTAL_IDS)
    customers = [_customer(mint, shape, parent) for shape, parent in zip(shapes, [*ids[1:], ids[0]], strict=True)]
    return World(
        customers=tuple(customers),
        contacts=tuple(_person(mint, id_) for id_ in ids),
        products=skus,
        documents=tuple(documents),
        receipts=tuple(_receipts(mint, documents)),
        portals=tuple(
            _portal(mint, next(portal_ids), customer, form)
            for shape, customer in zip(shapes, customers, strict=True)
            for form in shape.portals
        ),
        visible=visible,
        marks=mint.marks,
    )


def _referring(documents: Sequence[Document], forms: Sequence[DocumentShape]) -> Iterator[Document]:
    """The documents, those that refer with the number of one of each type of the same customer, if there is one."""
    for document, form in zip(documents, forms, strict=True):
        others = [each for each in documents if each.cells["customer_id"] == document.cells["customer_id"]]
        found = {
            f"{each.type.removesuffix('s')}_number": each.cells["number"]
            for each in others
            if each is not document and each.type != "credit_notes"
        }
        yield replace(document, cells={**document.cells, **found}) if form.refers else document


def _receipts(mint: Mint, documents: Sequence[Document]) -> Iterator[Cells]:
    """One for each invoice and each order: what pays an invoice names it, what does not names none that there is."""
    for document in documents:
        if document.type in {"invoices", "orders"}:
            place = _Place(mint, f"receipt for {document.type} {document.cells['number']}")
            invoice = document.cells["number"] if document.type == "invoices" else f"X/{place.plain('allocated_to')}"
            currency = document.cells["currency"]
            yield {
                "number": f"R/{place.plain('number')}",
                "customer_id": document.cells["customer_id"],
                "date": place.day("date"),
                "amount": place.number("amount", MINOR_UNITS[currency or SITE_CURRENCY], signed=True),
                "currency": currency,
                "method": place.text("method"),
                "reference": place.text("reference"),
                "allocated_to": invoice,
            }


def _distinct(texts: Sequence[str]) -> Iterator[str]:
    """`texts`, and then the same again with a number after each, and so on."""
    return chain(texts, (f"{text}x{number}" for number in range(2, 99) for text in texts))


def _customer(mint: Mint, shape: CustomerShape, parent: str) -> Cells:
    where = f"customer {shape.id!r}"
    marked = [name for name in COLUMNS["customers"] if name not in UNMARKED["customers"]]
    cells = {name: mint.text(f"{where} {name}") for name in marked}
    cells |= {"id": shape.id, "parent_id": parent, "email": f"{mint.plain(f'{where} email')}@example.com"}
    cells["street"] += "\n2nd floor"
    cells["balance"] = mint.number(f"{where} balance")
    if shape.namesake:
        cells["name"] = mint.text("namesakes' name")
    return cells


def _person(mint: Mint, customer: str) -> Cells:
    cells = {name: mint.text(f"person at {customer!r} {name}") for name in COLUMNS["contacts"]}
    return cells | {"customer_id": customer}


def _products(mint: Mint) -> tuple[Cells, ...]:
    found = []
    for sku in SKUS:
        cells = {name: mint.text(f"product {sku} {name}") for name in COLUMNS["products"]}
        found.append(cells | {"sku": sku, "currency": "USD", "price": mint.number(f"product {sku} price")})
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Place:
    """A row, and the mint that makes its marks."""

    mint: Mint
    row: str

    def text(self, column: str) -> str:
        return self.mint.text(f"{self.row} {column}")

    def plain(self, column: str) -> str:
        return self.mint.plain(f"{self.row} {column}")

    def number(self, column: str, decimals: int = 4, *, signed: bool = False) -> str:
        return self.mint.number(f"{self.row} {column}", decimals, signed=signed)

    def day(self, column: str) -> str:
        return self.mint.day(f"{self.row} {column}")


def _document(place: _Place, customer: str, form: DocumentShape, number: str, products: Sequence[Cells]) -> Document:
    decimals = MINOR_UNITS[form.currency or SITE_CURRENCY]
    cells = {name: place.text(name) for name in DOCUMENT_COLUMNS if name not in UNMARKED[form.type]}
    for name in ("order_number", "quote_number", "invoice_number", "delivery_note_number", "tracking_number"):
        cells[name] = f"X/{place.plain(name)}"
    for name in ("net", "tax", "total", "balance", "paid", "allowance", "charge", "rounding"):
        is_credit = form.type == "credit_notes"  # one with a minus, or paid beyond its total, is refused
        is_said = form.amounts == "given" or (name == "paid" and form.amounts == "from lines" and not is_credit)
        signed = not (is_credit and name in {"net", "total", "balance"})
        cells[name] = place.number(name, decimals, signed=signed) if is_said else ""
    cells["ship_to"] += f"\n{place.text('2nd line of ship_to')}"
    if form.sparse:
        empty = ("note", "branch", "carrier", "reference", "quote_number", "status", "allowance", "rounding", "ship_to")
        cells |= dict.fromkeys(empty, "")
    cells |= {"branch": form.branch} if form.branch else {}
    cells |= {
        "number": f"{number}/{place.plain('number')}" if form.marked else number,
        "customer_id": customer,
        "date": place.day("date"),
        "due_date": "" if form.sparse else place.day("due_date"),
        "currency": form.currency,
        "customer_visible": ("No", "")[form.sparse] if form.hidden == "row" else "yes" if form.sparse else "true",
    }
    catalogue = cycle([*products, None])
    lines = [
        _line(_Place(place.mint, f"{place.row} line {rank}"), form, next(catalogue), by_amount=rank % 2 == 0)
        | {"number": cells["number"], "line": str(rank)}
        for rank in range(1, form.lines + 1)
    ]
    return Document(form.type, cells, tuple(lines))


def _line(place: _Place, form: DocumentShape, product: Cells | None, *, by_amount: bool) -> dict[str, str]:
    """A line; its discount is an amount, or a percentage."""
    cells = {
        "item": product["sku"] if product else f"I/{place.plain('item')}",
        "description": "" if product else place.text("description"),
        "quantity": place.number("quantity"),
        "open_quantity": place.number("open_quantity"),
        "unit": "" if product else place.text("unit"),
    }
    if form.amounts == "none":
        return cells | dict.fromkeys(COLUMNS["lines"][7:], "")
    decimals = MINOR_UNITS[form.currency or SITE_CURRENCY]
    return cells | {
        "unit_price": place.number("unit_price"),
        "discount": "" if by_amount else place.number("discount"),
        "discount_amount": place.number("discount_amount", decimals) if by_amount else "",
        "tax_rate": place.number("tax_rate"),
        "tax": place.number("tax", decimals) if form.taxed else "",
        "amount": place.number("amount", decimals, signed=form.type != "credit_notes"),
    }


def _portal(mint: Mint, id_: str, customer: Cells, form: GranteeShape) -> Grantee:
    return Grantee(
        id=id_,
        show=form.show,
        branches=form.branches,
        enabled=form.enabled,
        expires=form.expires,
        locale=form.locale,
        name=customer["name"] if form.named else "",
        customer=customer["id"],
        contacts=tuple(
            Grantee(
                id=name,
                show=contact.show,
                branches=contact.branches,
                enabled=contact.enabled,
                expires=contact.expires,
                locale=contact.locale,
                name=mint.text(f"contact {id_}/{name} name") if contact.named else "",
                email=f"{mint.plain(f'contact {id_}/{name} email')}@example.com",
            )
            for name, contact in zip(CONTACT_IDS, form.contacts, strict=False)
        ),
    )


# What is done to a world


def widened(world: World) -> World:
    """The same world before anything was taken away: every link live and allowed all, no row hidden."""
    portals = [
        replace(_all_of(portal), contacts=tuple(_all_of(contact) for contact in portal.contacts))
        for portal in world.portals
    ]
    shown = [replace(each, cells={**each.cells, "customer_visible": "yes"}) for each in world.documents]
    return replace(world, portals=tuple(portals), documents=tuple(shown), visible={})


def _all_of(grantee: Grantee) -> Grantee:
    return replace(grantee, show=("ALL",), branches=None, enabled=True, expires="")


# The world on disk


def write(world: World, folder: Path, order: random.Random | None = None, files: int = 1) -> Path:
    """Write the exports and portals.yaml of `world`, and return the latter.

    Each export is split into `files` files. With `order`, rows, files, exports and portals come in an order of its own.
    """
    tables: dict[str, Sequence[Cells]] = {
        "customers": world.customers,
        "contacts": world.contacts,
        "products": world.products,
        "receipts": world.receipts,
    }
    for type_ in TYPES:
        tables[type_] = [document.cells for document in world.documents if document.type == type_]
        tables[f"{type_}-lines"] = [line for each in world.documents if each.type == type_ for line in each.lines]
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: _write_table(folder, name, rows, order, files) for name, rows in tables.items() if rows}
    exports = [_export(name, paths, world) for name in paths if not name.endswith("-lines")]
    portals = [*world.portals]
    if order:
        order.shuffle(exports)
        order.shuffle(portals)
    config = folder / "portals.yaml"
    config.write_text(_yaml(exports, portals), encoding="utf-8")
    return config


def _write_table(folder: Path, name: str, rows: Sequence[Cells], order: random.Random | None, files: int) -> str:
    columns = COLUMNS["lines" if name.endswith("-lines") else name]
    shuffled = order.sample(rows, len(rows)) if order else rows
    for part in range(files):
        file = folder / (f"{name}-part{part}.csv" if files > 1 else f"{name}.csv")
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow([HEADINGS.get(column, column) for column in columns])
            writer.writerows([[row[column] for column in columns] for row in shuffled[part::files]])
    return f"{name}-part*.csv" if files > 1 else f"{name}.csv"


def _export(name: str, paths: Mapping[str, str], world: World) -> str:
    export: dict[str, object] = {"type": name, "path": paths[name], "similar_ids": "allow"}
    if name in TYPES:
        export |= {"ignore": ["margin"], "columns": HEADINGS}
    if f"{name}-lines" in paths:
        export["lines"] = paths[f"{name}-lines"]
    if name in world.visible:
        export["visible"] = {"status": world.visible[name]}
    return f"- {json.dumps(export, ensure_ascii=False)}"


def _yaml(exports: Sequence[str], portals: Sequence[Grantee]) -> str:
    site = {**SITE, "base_url": "https://neighbours.example", "locale": "en-GB", "currency": SITE_CURRENCY}
    lines = ["version: 1", "site:"]
    lines += [f"  {key}: {json.dumps(value)}" for key, value in site.items()] + [f"  as_of: {AS_OF}"]
    lines += ["roles:", *(f"  {name}: [{', '.join(types)}]" for name, types in ROLES.items())]
    lines += ["exports:", *exports, "portals:" if portals else ""]
    for portal in portals:
        lines += [f"  {_scalar(portal.id)}:", f"    customer: {_scalar(portal.customer)}", *_grant(portal, "    ")]
        lines += ["    contacts:"] * bool(portal.contacts)
        for contact in portal.contacts:
            lines += [f"      {_scalar(contact.id)}:", *_grant(contact, "        ")]
    return "\n".join([*lines, ""])


def _grant(grantee: Grantee, indent: str) -> list[str]:
    said = {"name": grantee.name, "email": grantee.email, "expires": grantee.expires, "locale": grantee.locale}
    lines = [f"{key}: {_scalar(value)}" for key, value in said.items() if value]
    lines += [f"show: [{', '.join(grantee.show)}]", f"enabled: {'true' if grantee.enabled else 'no'}"]
    if grantee.branches is not None:
        lines.append(f"branches: [{', '.join(map(_scalar, grantee.branches))}]")
    return [indent + line for line in lines]


def _scalar(text: str) -> str:
    """`text` without quotes wherever it can do without, so that it looks like what it is not."""
    return text if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*", text) else json.dumps(text, ensure_ascii=False)


# Worlds at random

_EXPIRIES = st.sampled_from(["", "", "", "2026-11-21", "2026-11-22"])  # today is the 22nd, and expiry inclusive
_SHOWS = st.one_of(
    st.just(("ALL",)),
    st.lists(st.sampled_from([*TYPES, *ROLES, "receipts"]), max_size=3, unique=True).map(tuple),
    st.just(()),
)
_DOCUMENTS = st.builds(
    DocumentShape,
    type=st.sampled_from(TYPES),
    lines=st.integers(0, 2),
    marked=st.booleans(),
    amounts=st.sampled_from(["given", "from lines", "none"]),
    hidden=st.sampled_from(["", "", "", "row", "status"]),
    currency=st.sampled_from(["", *MINOR_UNITS]),
    sparse=st.booleans(),
    taxed=st.booleans(),
    branch=st.sampled_from(["", *BRANCHES]),
    refers=st.booleans(),
)
_BRANCHES = st.none() | st.lists(st.sampled_from(BRANCHES), max_size=4).map(tuple)
_ENABLED = st.sampled_from([True, True, True, False])
_CONTACTS = st.builds(
    GranteeShape,
    show=_SHOWS,
    branches=_BRANCHES,
    enabled=_ENABLED,
    expires=_EXPIRIES,
    locale=st.sampled_from(LOCALES),
    named=st.booleans(),
)
_PORTALS = st.builds(
    GranteeShape,
    show=_SHOWS,
    branches=_BRANCHES,
    enabled=_ENABLED,
    expires=_EXPIRIES,
    locale=st.sampled_from(LOCALES),
    named=st.booleans(),
    contacts=st.lists(_CONTACTS, max_size=2).map(tuple),
)


@st.composite
def shapes(draw: st.DrawFn, least: int = 2) -> list[CustomerShape]:
    """A few customers, most of whose ids resemble each other."""
    kin = draw(st.sampled_from(sorted(NEIGHBOURS)))
    ids = draw(st.lists(st.sampled_from(NEIGHBOURS[kin]), min_size=least, max_size=4, unique=True))
    strangers = sorted(id_ for name, family in NEIGHBOURS.items() if name != kin for id_ in family)
    ids += draw(st.lists(st.sampled_from(strangers), max_size=1))
    return [
        CustomerShape(
            id=id_,
            documents=draw(st.lists(_DOCUMENTS, max_size=4).map(tuple)),
            portals=draw(st.lists(_PORTALS, max_size=2).map(tuple)),
            namesake=draw(st.booleans()),
        )
        for id_ in ids
    ]


@st.composite
def worlds(draw: st.DrawFn, *, numbered: bool | None = None) -> World:
    """A world at random. `numbered` as for `assemble`, by default one or the other."""
    return assemble(
        draw(shapes()),
        draw(st.integers(0, 9999)),
        products=draw(st.booleans()),
        numbered=draw(st.booleans()) if numbered is None else numbered,
    )


# Worlds that are always the same


def crowd() -> World:
    """Three of each family of ids, all of one name; each may see what they have, invoices and an order of one number.

    Rows are few, but there is something of everybody.
    """
    invoice, order = DocumentShape(marked=False), DocumentShape("orders", marked=False, sparse=True, lines=2)
    return assemble(
        [
            CustomerShape(id_, (invoice, order) if rank % 2 else (invoice,), (GranteeShape(("invoices", "orders")),))
            for family in NEIGHBOURS.values()
            for rank, id_ in enumerate(family[:3])
        ],
        seed=1,
    )


def office() -> World:
    """Three customers with rows of every type and of several branches, some hidden, and links of every kind."""
    rows = (
        *(DocumentShape(type_, lines=2, currency="USD") for type_ in TYPES),
        *(DocumentShape(type_, marked=False, currency="") for type_ in TYPES[:3]),
        DocumentShape("invoices", hidden="row"),
        DocumentShape("orders", hidden="status"),
        DocumentShape("credit_notes", amounts="from lines", currency="KWD", sparse=True),
        DocumentShape("quotes", lines=2, amounts="from lines", taxed=True),
        DocumentShape("delivery_notes", amounts="none", lines=1, currency="JPY"),
        *(DocumentShape(type_, branch=branch, refers=True) for branch in ("north", "Northern") for type_ in TYPES),
        *(DocumentShape(type_, branch="North", refers=True) for type_ in TYPES),
    )
    narrow, nothing = GranteeShape(("orders",)), GranteeShape(())
    payer = GranteeShape(
        ("payer", "receipts"), locale="de-CH", contacts=(nothing, GranteeShape(("ALL",), locale="hi-IN"), narrow)
    )
    off = GranteeShape(("ALL",), enabled=False, contacts=(GranteeShape(("ALL",)),))
    expired = GranteeShape(("ALL",), expires="2026-11-21", contacts=(GranteeShape(("invoices",)),))
    ghosts = (replace(narrow, enabled=False), replace(narrow, expires="2026-11-21"))
    everything = GranteeShape(("ALL", "receipts"), contacts=(replace(narrow, named=False), nothing, *ghosts))
    of_branches = (GranteeShape(branches=("North", "Nowhere")), GranteeShape(branches=()), GranteeShape())
    branched = GranteeShape(branches=("North", "Northern"), contacts=(GranteeShape(branches=("north",)), *of_branches))
    return assemble(
        [
            CustomerShape("0012", rows, (everything, narrow, branched)),
            CustomerShape("12", rows, (payer, GranteeShape(("ALL",), contacts=of_branches))),
            CustomerShape("012", rows[:6], (off, expired, nothing, GranteeShape(branches=("North",)))),
        ],
        seed=2,
    )


def sixteen() -> World:
    """Two customers with rows of four types that refer to each other; at one, a contact for each choice of the four."""
    four = ("quotes", "orders", "invoices", "credit_notes")
    rows = tuple(DocumentShape(type_, lines=2, refers=refers) for refers in (False, True) for type_ in four)
    choices = [choice for size in range(5) for choice in combinations(four, size)]
    portal = GranteeShape(four, contacts=tuple(GranteeShape(choice) for choice in choices))
    return assemble([CustomerShape("12", rows, (portal,)), CustomerShape("012", rows, (GranteeShape(four),))], seed=3)
