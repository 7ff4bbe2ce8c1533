"""Files of no known system: which heading could be which column, by its name alone. A person has to check it.

All words that are known for a column stand in one table below; a heading whose name is near one of them will do, too.
Nothing is guessed for a heading that sounds like what customers must not see.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from portalgen.exports.columns import HEADERS, LINES
from portalgen.exports.inspect_entry import in_order
from portalgen.exports.inspect_files import FileLook, TableLook
from portalgen.exports.inspect_systems import named_types
from portalgen.exports.profiles import sounds_private
from portalgen.model import TRANSACTION_TYPES

_NUMBERS = "number no num nr id code key"
_DOCUMENTS = {
    "quotes": "quote quotation salesquote estimate offer",
    "orders": "order salesorder",
    "delivery_notes": "deliverynote delivery shipment despatch dispatch",
    "invoices": "invoice salesinvoice",
    "credit_notes": "creditnote creditmemo credit",
}
_WHO = "customer client partner buyer debtor account card"
_WHAT = "product item article sku part"
_COMMON = {
    "currency": "currency currencycode curr",
    "street": "street address addressline1 address1 streetaddress",
    "city": "city town",
    "region": "region state province county",
    "postal_code": "postalcode zip zipcode postcode",
    "country": "country countrycode",
    "email": "email emailaddress mail",
    "phone": "phone phonenumber telephone tel phone1 mobile",
    "payment_terms": "paymentterms terms",
}
_PERSON = ("email", "phone", "street", "city", "region", "postal_code", "country")
_SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "customers": {
        "id": "{who}{nr} id code no number",
        "name": "companyname {who}name name displayname company organization organisation fullname",
        **{column: f"{words} {{billing}}" for column, words in _COMMON.items()},
        "tax_id": "taxid vatid vatnumber taxnumber vatno vatregistrationnumber vatregno",
    },
    "contacts": {
        "id": "contact{nr} id",
        "customer_id": "{who}{nr}",
        "name": "contactname name fullname displayname",
        "email": _COMMON["email"],
        "phone": _COMMON["phone"],
    },
    "products": {
        "sku": "{what}{nr} sku code id",
        "name": "{what}name name title",
        "description": "{what}description description",
        "price": "price unitprice salesprice listprice sellingprice",
        "currency": _COMMON["currency"],
        "unit": "unit uom unitofmeasure quantityunit",
    },
    "transactions": {
        "number": "{own}{nr} document{nr} doc{nr} number no num",
        "customer_id": "{who}{nr} {who} {who}name companyname soldto billto",
        "date": "{own}date date documentdate docdate issuedate dateissued postingdate createdat createdon",
        "due_date": "duedate due paymentduedate validuntil expirydate expirationdate requireddate",
        "currency": _COMMON["currency"],
        "status": "{own}status status documentstatus lifecyclestatus",
        "reference": "customerreference yourreference customerpo ponumber purchaseorder po reference",
        "net": "net netamount nettotal netvalue subtotal amountexcludingtax totalexcludingtax",
        "tax": "tax taxamount taxtotal totaltax vat vatamount salestax gst",
        "total": "{own}total {own}amount total amount totalamount grandtotal grossamount amountincludingtax",
        "paid": "paid amountpaid paidamount paidtodate",
        "balance": "balance balancedue amountdue outstanding outstandingamount openbalance openamount remainingamount",
        "payment_terms": _COMMON["payment_terms"],
        "order_number": "{orders}{nr}",
        "quote_number": "{quotes}{nr}",
        "invoice_number": "{invoices}{nr}",
        "delivery_note_number": "{delivery_notes}{nr}",
        "tracking_number": "trackingnumber trackingno tracking",
    },
    "lines": {
        "number": "{own}{nr} document{nr} doc{nr} parentkey",
        "line": "line lineno linenumber linenum position pos",
        "item": "{what}{nr} {what} productname",
        "description": "description {what}description {what}name {what}desc linedescription details",
        "quantity": "quantity qty {what}quantity orderedquantity",
        "unit": "unit uom unitofmeasure quantityunit unitname",
        "unit_price": "unitprice price rate {what}price salesprice",
        "discount": "discount discountpercent discountpercentage linediscount",
        "tax_rate": "taxrate vatrate taxpercent vatpercent vat% tax%",
        "tax": "linetax linetaxamount {what}tax taxamount",
        "amount": "lineamount linetotal {what}total lineamountexcludingtax amount extendedprice netamount total",
    },
}
"""By what a table holds, and by column, the headings that it may have, the likeliest first.

They are written without spaces, signs and case. {nr}, {who} and {what} stand for any of the words above, {own} for the
words of the document's type, and the name of a type for those of that type.
"""
NOT_FOR_CUSTOMERS = re.compile(
    r"employee|supplier|vendor|expense|purchase|payment|receipt|task|journal(?! entry \(account\.move\))|recurring",
    re.IGNORECASE,
)
"""Names of tables that are not for customers, however much their headings look like it.

Odoo calls the export of its invoices "Journal Entry (account.move)".
"""
_NEAR = 9 / 10


@dataclass(frozen=True, slots=True)
class Guess:
    """What a table may hold, as an export of `type`: the heading of each column, and of each column of lines in it.

    `near` are the columns, lines' with 'line.' before them, whose heading is only near a known word. `missing` are
    the columns that must be there and were not found. Where `is_lines`, the table holds the lines of other documents.
    """

    type: str
    heading: tuple[str, ...] = field(repr=False)
    columns: Mapping[str, str]
    lines: Mapping[str, str] = field(default_factory=dict)
    near: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    layout: str = ""
    is_lines: bool = False

    @property
    def is_own(self) -> bool:
        """Whether the headings are portalgen's own, each of them, so that nothing needs to be said of them."""
        known = LINES if self.is_lines else HEADERS[self.type]
        return not self.lines and all(title in known for title in self.heading if title)

    @property
    def weight(self) -> int:
        """How much of the table is understood."""
        return len(self.columns) + len(self.lines)


def guess(seen: FileLook, table: TableLook, type_: str = "") -> Guess | None:
    """The likeliest reading of a table, of `type_` if that is given; None where nothing fits."""
    name = f"{Path(seen.path).stem} {table.name}"
    if not type_ and NOT_FOR_CUSTOMERS.search(name):
        return None
    named = [type_] if type_ else named_types(table.name or Path(seen.path).stem)
    found = [each for row in _likely_rows(table) for each in _readings(row, table, named, type_)]
    whole = [each for each in found if not each.missing]
    likely = [each for each in whole if each.type in named[:1]] or whole
    if likely:
        return max(likely, key=lambda each: (not each.is_lines, each.weight))
    partly = [each for each in found if type_ and not each.is_lines]
    return max(partly, key=lambda each: each.weight, default=None)


def _likely_rows(table: TableLook) -> Iterator[tuple[str, ...]]:
    """The rows that could be the heading: the first, and others that are as wide as any and all words."""
    for row in table.rows:
        if sum(bool(re.search(r"[^\W\d_]", cell)) for cell in row) >= 2:
            yield row


def _readings(row: tuple[str, ...], table: TableLook, named: Sequence[str], only: str) -> Iterator[Guess]:
    for type_ in [only] if only else ["customers", "products"]:
        if type_ not in TRANSACTION_TYPES:
            columns, near = _matched(row, type_, type_)
            telling = {*_PERSON} if type_ == "customers" else {"price"}
            if only or type_ in named[:1] or len(telling & columns.keys()) > (type_ == "customers"):
                yield Guess(type_, row, columns, near=near, missing=_missing(type_, columns))
    types = [only] if only else [*(type_ for type_ in named if type_ in TRANSACTION_TYPES), _type_of(row)]
    for type_ in dict.fromkeys(types):
        if type_ in TRANSACTION_TYPES:
            yield _transactions(row, table, type_)
            yield _only_lines(row, type_)


def _type_of(row: Sequence[str]) -> str:
    """The type that most headings speak of; invoices where none does."""
    titles = [_squashed(title) for title in row]
    counts = {
        type_: sum(title.startswith(word) for title in titles for word in words.split())
        for type_, words in _DOCUMENTS.items()
    }
    return max(["invoices", *counts], key=lambda type_: counts[type_])


def _transactions(row: tuple[str, ...], table: TableLook, type_: str) -> Guess:
    columns, near = _matched(row, "transactions", type_)
    rest = [title if title not in columns.values() else "" for title in row]
    lines, near_lines = _matched(rest, "lines", type_, without=("number",))
    if not {"quantity", "unit_price"} & lines.keys() or not {"item", "description"} & lines.keys():
        lines, near_lines = {}, frozenset()
    if lines and _squashed(columns.get("total", "")) == "amount":
        lines["amount"] = columns.pop("total")
    missing = _missing(type_, columns)
    layout = _layout(row, table, columns) if lines and not missing else ""
    return Guess(
        type_, row, columns, lines, near | frozenset(f"line.{name}" for name in near_lines), missing, layout=layout
    )


def _only_lines(row: tuple[str, ...], type_: str) -> Guess:
    columns, near = _matched(row, "lines", type_)
    is_likely = {"number", "quantity"} <= columns.keys() and len(columns) > 2
    return Guess(type_, row, columns, near=near, missing=() if is_likely else ("number",), is_lines=True)


def lines_in(row: tuple[str, ...], prefix: str) -> dict[str, str]:
    """The heading of each column of lines, where their titles all begin with `prefix`."""
    inner = [title.removeprefix(prefix) if title.startswith(prefix) else "" for title in row]
    found, _ = _matched(inner, "lines", "invoices", without=("number",))
    return {column: f"{prefix}{title}" for column, title in found.items()}


def _layout(row: tuple[str, ...], table: TableLook, columns: Mapping[str, str]) -> str:
    """How documents and lines share the rows, as far as the first ones show."""
    index = row.index(columns["number"])
    below = [each[index] for each in table.rows[table.rows.index(row) + 1 :] if len(each) > index]
    if below and below[0] and "" in below:
        return "continuation"
    return "repeat"


def _missing(type_: str, columns: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name, column in HEADERS[type_].items() if column.required and name not in columns)


def _matched(
    row: Sequence[str], what: str, type_: str, without: Sequence[str] = ()
) -> tuple[dict[str, str], frozenset[str]]:
    """The heading of each column, and the columns of which only a near name was found. A heading is used once."""
    kept = LINES if what == "lines" else HEADERS[type_]
    titles = {title: _squashed(title) for title in reversed(row) if title and not sounds_private(title)}
    words = {name: _words(what, name, type_) for name in _SYNONYMS[what] if name in kept and name not in without}
    found: dict[str, str] = {}
    for name, synonyms in words.items():
        canonical = next((title for title in titles if title == name and title not in found.values()), "")
        exact = (title for word in synonyms for title, text in titles.items() if text == word)
        if hit := canonical or next((title for title in exact if title not in found.values()), ""):
            found[name] = hit
    near = set()
    for name, synonyms in words.items():
        free = {text: title for title, text in titles.items() if title not in found.values() and len(text) > 4}
        if name not in found and (text := next((hit for word in synonyms if (hit := _near(word, free))), "")):
            found[name] = free[text]
            near.add(name)
    return {name: found[name] for name in in_order(found)}, frozenset(near)


def _near(word: str, titles: Mapping[str, str]) -> str:
    """The title that differs little from a word, and begins with the same letter; or ''."""
    likely = [title for title in titles if title[:1] == word[:1]] if len(word) > 4 else []
    return next(iter(get_close_matches(word, likely, n=1, cutoff=_NEAR)), "")


def _squashed(title: str) -> str:
    return re.sub(r"[\W_]+", "", title.replace("#", "number").casefold())


@lru_cache
def _words(what: str, column: str, type_: str) -> tuple[str, ...]:
    """The synonyms of a column, in full."""
    stands = {"nr": _NUMBERS, "who": _WHO, "what": _WHAT, "own": _DOCUMENTS.get(type_, ""), **_DOCUMENTS}
    stands["billing"] = " ".join(f"billing{word}" for word in _COMMON.get(column, "").split())
    found = [_squashed(column)]
    for word in _SYNONYMS[what][column].split():
        found += _expanded(word, stands)
    return tuple(dict.fromkeys(found))


def _expanded(word: str, stands: Mapping[str, str]) -> list[str]:
    if not (placeholder := re.search(r"\{(\w+)\}", word)):
        return [word]
    return [
        full
        for text in stands[placeholder[1]].split()
        for full in _expanded(word.replace(placeholder[0], text, 1), stands)
    ]
