"""Every official e-invoice through the profiles: with the amount that its XML says, or held back and why.

With that amount it is in the book and on its page.

The examples share a few numbers, so they are read in folders in which each number is there once.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from portalgen.pages import Renderer
from tests.exports.test_einvoice_examples import REFUSED
from tests.exports.writers import Entry, Read, read_site, refused
from tests.samples import SITE, bundle
from tests.shared_data import shared

TYPES = ("quotes", "orders", "invoices", "credit_notes", "delivery_notes")
FOLDERS = ("peppol-bis3", "en16931", "ubl-oasis", "facturx")
ROOTS = {
    "Invoice": "invoices",
    "CrossIndustryInvoice": "invoices",
    "CrossIndustryDocument": "invoices",
    "CreditNote": "credit_notes",
    "Order": "orders",
    "SCRDMCCBDACIOMessageStructure": "orders",
    "Quotation": "quotes",
    "DespatchAdvice": "delivery_notes",
}
LINES = {
    *("InvoiceLine", "CreditNoteLine", "OrderLine", "QuotationLine", "DespatchLine"),
    "IncludedSupplyChainTradeLineItem",
}
NOTHING_IS_DUE = {"orders", "quotes"}
"""What is payable for them is their total."""


def texts(root: ElementTree.Element, *names: str) -> list[str]:
    """The texts of all elements with one of these names, in any namespace."""
    return [each.text or "" for each in root.iter() if each.tag.rpartition("}")[2] in names]


class Example:
    """What an example says, as Python's own parser reads it."""

    def __init__(self, file: Path) -> None:
        root = ElementTree.parse(file).getroot()  # noqa: S314 - nobody sends these
        head = [each for each in root if each.tag.endswith(("ExchangedDocument", "HeaderExchangedDocument"))]
        self.type = ROOTS.get(root.tag.rpartition("}")[2], "")
        self.number = next(iter(texts(head[0] if head else root, "ID")), "").strip()
        self.payable = [Decimal(text.strip()) for text in texts(root, "PayableAmount", "DuePayableAmount")]
        self.lines = len([each for each in root.iter() if each.tag.rpartition("}")[2] in LINES])


@cache
def examples() -> dict[str, Example]:
    """Every example by its path below the shared data."""
    data = shared("data")
    files = [file for folder in FOLDERS for file in sorted((data / folder).rglob("*"))]
    return {str(file.relative_to(data)): Example(file) for file in files if file.suffix.lower() == ".xml"}


def folders() -> list[dict[str, Example]]:
    """The examples in folders, in none of which a number of a type is there twice."""
    found: list[dict[str, Example]] = []
    for name, example in examples().items():
        for folder in found:
            if not any((other.type, other.number) == (example.type, example.number) for other in folder.values()):
                folder[name] = example
                break
        else:
            found.append({name: example})
    return found


def flat(name: str) -> str:
    return name.replace("/", "__")


def entries(types: Sequence[str], **more: object) -> list[Entry]:
    more = {"similar_ids": "allow", "on_error": "quarantine", "limit": 1000, **more}
    return [{"type": type_, "path": "e/*", "profile": "ubl", **more} for type_ in types]


def link(folder: Path, names: Sequence[str]) -> None:
    """A folder `e` of examples, as links."""
    (folder / "e").mkdir()
    for name in names:
        (folder / "e" / flat(name)).symlink_to(shared("data") / name)


def balances_on_pages(read: Read) -> dict[tuple[str, str], Decimal]:
    """By type and number, what is due according to the one page of the document, without its sign."""
    renderer, found = Renderer(), {}
    for account in read.accounts:
        every = bundle(account.transactions, customer=account.customer, site=replace(SITE, downloads=()))
        for page in renderer.render(every):
            if page.path.count("/"):
                text = page.body.decode()
                number = re.findall(r"<h1>[^<]*<bdi>(.*?)</bdi></h1>", text)
                balance = re.findall(r"<dt>(?:Balance due|Remaining credit)</dt><dd><bdi>(.*?)</bdi></dd>", text)
                for amount in balance:
                    key = page.path.partition("/")[0], html.unescape(number[0])
                    assert key not in found
                    found[key] = Decimal(re.sub(r"[^0-9.]", "", amount))
    return found


def check(read: Read, group: Mapping[str, Example]) -> None:
    """Each example is in the book with the amount and the lines that it says, or held back for the known reason."""
    shown = {name: example for name, example in group.items() if name not in REFUSED}
    documents = read.documents
    assert documents.keys() == {(example.type, example.number) for example in shown.values()}
    for name, example in shown.items():
        document = documents[example.type, example.number]
        if example.payable:
            payable = document.total if example.type in NOTHING_IS_DUE else document.balance
            assert payable == example.payable[0], name
        assert len(document.lines) == example.lines, name
    said = balances_on_pages(read)
    for example in shown.values():
        if example.payable and example.type not in NOTHING_IS_DUE:
            assert said[example.type, example.number] == abs(example.payable[0])
    reasons: dict[str, list[str]] = {}
    for reject in read.report.rejects:
        if reject.type == "customers":
            reasons.setdefault(reject.where.file, []).append(reject.reason)
    assert {name: tuple(said) for name, said in reasons.items()} == {
        f"e/{flat(name)}": REFUSED[name] for name in group if name in REFUSED
    }


def test_a_folder_of_all_types_is_read_by_one_entry_for_each(tmp_path: Path) -> None:
    group = folders()[0]
    link(tmp_path, [*group])
    read = read_site(tmp_path, entries(["customers", *TYPES]))
    check(read, group)
    held_back = [name for name in group if name in REFUSED]
    for type_ in TYPES:
        told, mine = read.export(type_), [name for name in group if group[name].type == type_]
        assert told.shown == len([name for name in mine if name not in REFUSED])
        assert len(told.others) == len(group) - told.shown - len(held_back)
    counts = {type_: read.export(type_).shown for type_ in TYPES}
    assert counts == {"quotes": 1, "orders": 3, "invoices": 25, "credit_notes": 4, "delivery_notes": 1}
    assert read.report.exports[0].shown == len({each.customer_id for each in read.documents.values()})


@pytest.mark.parametrize("place", range(1, 24))
def test_every_other_example_is_read_with_what_is_payable(place: int, tmp_path: Path) -> None:
    group = folders()[place]
    link(tmp_path, [*group])
    types = [type_ for type_ in TYPES if any(example.type == type_ for example in group.values())]
    check(read_site(tmp_path, entries(["customers", *types])), group)


def test_no_example_is_forgotten() -> None:
    whole = folders()
    assert len(whole) == 24
    names = [name for group in whole for name in group]
    assert len(names) == len({*names}) == len(examples()) == 118
    assert {*REFUSED} < {*names}
    assert len([name for name in names if name not in REFUSED]) == 105
    payable = [example for name, example in examples().items() if name not in REFUSED and example.payable]
    assert {len(example.payable) for example in payable} == {1}
    assert len(payable) >= 98


def test_one_number_with_two_contents_is_refused_with_both_files_or_held_back(tmp_path: Path) -> None:
    names = ["BIS3_Invoice_negativ.XML", "BIS3_Invoice_positive.XML"]
    link(tmp_path, [f"en16931/ubl/examples/{name}" for name in names])
    first, second = (f"e/en16931__ubl__examples__{name}" for name in names)
    said = f"number: '12345' is there twice, first in {first}"
    assert f"{second}: {said}" in refused(tmp_path, entries(["customers", "invoices"], on_error="stop"))
    read = read_site(tmp_path, entries(["customers", "invoices"]))
    assert not read.documents
    assert {(reject.number, reject.where.file) for reject in read.report.rejects} == {
        ("12345", first),
        ("12345", second),
    }


def test_a_held_back_file_too_many_is_refused(tmp_path: Path) -> None:
    name = "facturx/xml/zugferd-basic.xml"
    link(tmp_path, [name])
    said = refused(tmp_path, entries(["customers"], limit=0))
    assert [re.sub(r"^\S+ ", "", text) for text in said] == [
        "1 customers would be held back, and the limit is 0",
        "this document is marked as a test (TestIndicator)",
    ]


def test_a_factur_x_pdf_is_read_as_its_xml_and_shown_itself(tmp_path: Path) -> None:
    pdf, name = shared("data/facturx/pdf"), "invoice_EN16931.pdf"
    (tmp_path / "e").symlink_to(pdf)
    exports = [{"type": type_, "path": "e/*.pdf", "profile": "factur-x"} for type_ in ("customers", "invoices")]
    [invoice] = read_site(tmp_path, exports).documents.values()
    xml = Example(shared("data/facturx") / "xml/factur-x-en16931.xml")
    assert ([invoice.balance], invoice.number, len(invoice.lines)) == (xml.payable, xml.number, xml.lines)
    assert invoice.attachment == f"e/{name}"
