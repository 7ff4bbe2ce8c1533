"""Files that are broken, or made to harm, are refused in a sentence: no entity is expanded and no memory is filled."""

import os
import random
import re
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, NameObject

from portalgen.errors import InvalidInputError
from portalgen.exports import einvoice
from tests.samples import BRILLIANT, invoice
from tests.ubl import ubl

_INVOICE = ubl(invoice(), BRILLIANT)
_START, _, _REST = _INVOICE.decode().partition("<cbc:ID>")
_BODY = f"{_START.partition('?>')[2].lstrip()}<cbc:ID>{_REST}"


def refusal(content: bytes, folder: Path) -> str:
    """The first line of what is said about a file with this content."""
    file = folder / "f"
    file.write_bytes(content)
    with pytest.raises(InvalidInputError) as caught:
        einvoice.document_type(file, "f")
    return str(caught.value).partition("\n")[0]


def number_in(content: bytes, folder: Path) -> str:
    """The number of the invoice in a file with this content."""
    file = folder / "f"
    file.write_bytes(content)
    assert einvoice.document_type(file, "f") == "invoices"
    _, row = einvoice.read([(file, "f")], "invoices").rows
    return row.cells[0]


# Document types and entities

_ENTITIES = {
    "none": "<!DOCTYPE Invoice>",
    "internal": '<!DOCTYPE Invoice [<!ENTITY number "INV-1">]>',
    "external": '<!DOCTYPE Invoice [<!ENTITY number SYSTEM "file:///etc/hostname">]>',
    "network": '<!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/invoice.dtd">',
    "parameter": '<!DOCTYPE Invoice [<!ENTITY % all SYSTEM "file:///etc/hostname"> %all;]>',
    "laughs": "<!DOCTYPE Invoice [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{number} '&a{number - 1};&a{number - 1};'>" for number in range(1, 40))
    + "<!ENTITY number '&a39;'>]>",
}


@pytest.mark.parametrize("kind", _ENTITIES)
def test_xml_with_a_dtd_is_refused(kind: str, tmp_path: Path) -> None:
    content = f"<?xml version='1.0'?>{_ENTITIES[kind]}{_BODY.replace('INV-1', '&number;' if kind != 'none' else '1')}"
    assert refusal(content.encode(), tmp_path) == "f: the XML has a DTD"


def test_an_entity_that_nobody_declared_is_refused(tmp_path: Path) -> None:
    content = _BODY.replace("INV-1", "&number;").encode()
    assert re.fullmatch(r"f:1:\d+: the XML is broken: undefined entity", refusal(content, tmp_path))


# Encodings

_NAMED = _BODY.replace("INV-1", "Größe-1")


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("ISO-8859-1", "latin-1"),
        ("ISO-8859-15", "iso-8859-15"),
        ("windows-1252", "cp1252"),
        ("", "utf-8"),
        ("", "utf-16"),
    ],
)
def test_an_encoding_is_the_one_that_the_xml_declares(declared: str, codec: str, tmp_path: Path) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    assert number_in((declaration + _NAMED).encode(codec), tmp_path) == "Größe-1"


@pytest.mark.parametrize(
    ("declared", "codec", "reason"),
    [
        ("UTF-8", "cp1252", "the XML is broken: not well-formed (invalid token)"),
        ("UTF-16", "utf-8", "the XML is broken: encoding specified in XML declaration is incorrect"),
        ("shift_jis", "shift_jis", "the XML cannot be decoded: multi-byte encodings are not supported"),
        ("klingon", "utf-8", "the XML cannot be decoded: unknown encoding: klingon"),
    ],
)
def test_xml_in_another_encoding_than_it_declares_is_refused(
    declared: str, codec: str, reason: str, tmp_path: Path
) -> None:
    content = f'<?xml version="1.0" encoding="{declared}"?>{_NAMED}'.encode(codec, "replace")
    assert reason in refusal(content, tmp_path)


# Broken files


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "f: this is not XML"),
        (b"\xef\xbb\xbf", "f: this is not XML"),
        (b"number,total\n1,2\n", "f: this is not XML"),
        (b'{"number": 1}', "f: this is not XML"),
        (b"PK\x03\x04" + bytes(99), "f: this is not XML"),
        (b"<html><body/></html>", "f:1: this is XML, and no e-invoice: its root is 'html'"),
        (b"<Invoice><ID>1</ID></Invoice>", "f:1: this is XML, and no e-invoice: its root is 'Invoice'"),
        (b"<a><b></a>", "f:1:9: the XML is broken: mismatched tag"),
        (b'<?xml version="1.0"?>\n', "f: this is not XML"),
        (b"<a/>\n<b/>", "f:2:1: the XML is broken: junk after document element"),
        (b"<a>\x00</a>", "f:1:4: the XML is broken: not well-formed (invalid token)"),
        (b"<x:a/>", "f:1:1: the XML is broken: unbound prefix"),
    ],
)
def test_what_is_no_e_invoice_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    assert refusal(content, tmp_path) == reason


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    for end in range(1, len(_INVOICE) - 1, 37):
        assert "XML" in refusal(_INVOICE[:end].rstrip(), tmp_path)


def _mutated(content: bytes, seed: int, pieces: Sequence[bytes]) -> bytes:
    chance = random.Random(seed)  # noqa: S311  # damage is no secret
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[place] = chance.randrange(256)
            case 1:
                del changed[place : place + chance.randint(1, 40)]
            case 2:
                changed[place:place] = chance.choice(pieces)
            case _:
                other = chance.randrange(len(changed))
                changed[place:place] = changed[other : other + chance.randint(1, 200)]
        changed = changed or bytearray(b"<")
    return bytes(changed)


def _read_or_refused(file: Path) -> None:
    for type_ in ("invoices", "customers"):
        try:
            rows = list(einvoice.read([(file, "f")], type_).rows)
        except InvalidInputError as error:
            assert all(problem.message and problem.where.file for problem in error.problems)
        else:
            assert len(rows) >= 2


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=300)
def test_a_damaged_invoice_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged"
    pieces = [b"<", b">", b"&", b"]]>", b"<!--", b"-->", b"<?xml?>", b"9" * 99, b"\xff", b"<![CDATA[", b"-", b"e5"]
    file.write_bytes(_mutated(_INVOICE, seed, pieces))
    _read_or_refused(file)


# PDFs


def pdf(attached: Sequence[tuple[str, bytes]], change: Callable[[PdfWriter], object] = lambda _: None) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for name, content in attached:
        writer.add_attachment(name, content)
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


_NAMES = ["factur-x.xml", "zugferd-invoice.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml", "order-x.xml"]


@pytest.mark.parametrize("name", _NAMES)
def test_a_pdf_holds_its_invoice_under_one_of_these_names(name: str, tmp_path: Path) -> None:
    assert number_in(pdf([("terms.pdf", b"x"), (name, _INVOICE)]), tmp_path) == "INV-1"


def _associate(writer: PdfWriter) -> None:
    names = writer.root_object["/Names"]["/EmbeddedFiles"]["/Names"]  # type: ignore[index]  # made by pypdf itself
    writer.root_object[NameObject("/AF")] = ArrayObject([names[1]])


def _associate_only(writer: PdfWriter) -> None:
    _associate(writer)
    del writer.root_object["/Names"]


def test_an_associated_file_is_found_and_counts_once(tmp_path: Path) -> None:
    assert number_in(pdf([("factur-x.xml", _INVOICE)], _associate), tmp_path) == "INV-1"
    assert number_in(pdf([("factur-x.xml", _INVOICE)], _associate_only), tmp_path) == "INV-1"


def test_a_pdf_without_an_invoice_or_with_two_is_refused(tmp_path: Path) -> None:
    none = pdf([("invoice.xml", _INVOICE)])
    assert refusal(none, tmp_path) == "f: there is no e-invoice in this PDF"
    two = pdf([("factur-x.xml", _INVOICE), ("xrechnung.xml", _INVOICE)])
    assert refusal(two, tmp_path) == "f: there are several e-invoices in this PDF: factur-x.xml, xrechnung.xml"
    unlike = pdf([("factur-x.xml", _INVOICE), ("factur-x.xml", _INVOICE.replace(b"INV-1", b"INV-2"))])
    assert refusal(unlike, tmp_path) == "f: there are several e-invoices in this PDF: factur-x.xml, factur-x.xml"


def test_a_fault_in_a_pdf_is_placed_in_the_xml_within(tmp_path: Path) -> None:
    assert refusal(pdf([("factur-x.xml", b"<a>\n</b>")]), tmp_path) == (
        "f (factur-x.xml):2:3: the XML is broken: mismatched tag"
    )


def test_an_encrypted_pdf_is_refused_unless_anybody_can_open_it(tmp_path: Path) -> None:
    attached = [("factur-x.xml", _INVOICE)]
    closed = pdf(attached, lambda writer: writer.encrypt("secret", algorithm="RC4-128"))
    assert refusal(closed, tmp_path) == "f: this PDF is encrypted"
    for_all = pdf(attached, lambda writer: writer.encrypt("", "owner", algorithm="RC4-128"))
    assert number_in(for_all, tmp_path) == "INV-1"


def test_a_broken_pdf_is_refused(tmp_path: Path) -> None:
    whole = pdf([("factur-x.xml", _INVOICE)])
    assert refusal(whole[:-200], tmp_path).startswith("f: this PDF is broken: ")
    assert refusal(b"%PDF-1.7\n", tmp_path).startswith("f: this PDF is broken: ")
    deep = whole.replace(b"/Type /Catalog", b"/Type /Catalog /AF " + b"[" * 100_000 + b"]" * 100_000)
    assert refusal(deep, tmp_path).startswith("f: this PDF is broken: ")


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=150)
def test_a_damaged_pdf_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged.pdf"
    pieces = [b"<<", b">>", b"[", b"]", b"0 R", b"/AF 1 0 R", b"99999999999", b"endobj", b"stream\n", b"(", b"\x00"]
    file.write_bytes(_mutated(pdf([("factur-x.xml", _INVOICE)], _associate), seed, pieces))
    _read_or_refused(file)


# Bombs, under a memory limit

_MEBI = 1024 * 1024
_HEAD = _START.partition("?>")[2].lstrip()


def _zipped(times: int) -> bytes:
    pack = zlib.compressobj(9)
    return b"".join(pack.compress(bytes(_MEBI)) for _ in range(times)) + pack.flush()


def _pdf_of_one_stream(stream: bytes, filters: str) -> bytes:
    """A PDF written by hand, its attachment a stream that pypdf would not write."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(factur-x.xml) 4 0 R] >> >> >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
        b"<< /Filter %s /Length %d >>\nstream\n%s\nendstream" % (filters.encode(), len(stream), stream),
        b"<< /Type /Filespec /F (factur-x.xml) /EF << /F 3 0 R >> >>",
    ]
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(b"%010d 00000 n \n" % len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(places)
    return out + table + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)


def _repeated(start: str, times: int, part: str, end: str) -> Iterator[bytes]:
    yield start.encode()
    block = part.encode() * max(1, min(times, _MEBI // len(part)))
    for _ in range(times * len(part) // len(block)):
        yield block
    yield end.encode()


_BOMBS: dict[str, tuple[Callable[[], Iterator[bytes]], str]] = {
    "deep": (
        lambda: _repeated(_HEAD, 100_000, "<cbc:ID>", "</cbc:ID>" * 100_000 + "</Invoice>"),
        "f: this is no e-invoice: elements are nested more than 100 deep",
    ),
    "elements": (
        lambda: _repeated(_HEAD, 12 * _MEBI, "<cbc:ID/>", "</Invoice>"),
        "f: this is no e-invoice: it has more than 600000 elements",
    ),
    "attribute": (
        lambda: _repeated(f'{_HEAD}<cbc:ID schemeID="', 99 * _MEBI, "x", '"/></Invoice>'),
        "f: this is no e-invoice: one tag of it is larger than 4 MiB",
    ),
    "comment": (
        lambda: _repeated(f"{_HEAD}<!--", 99 * _MEBI, "x", "--></Invoice>"),
        "f: this is no e-invoice: one tag of it is larger than 4 MiB",
    ),
    "text": (
        lambda: _repeated(f"{_HEAD}<cbc:ID>\N{GRINNING FACE}", 99 * _MEBI, "x", "</cbc:ID></Invoice>"),
        "f: this is no e-invoice: it has more than 30000000 characters of text",
    ),
    "file": (
        lambda: _repeated(f"{_HEAD}<cbc:EmbeddedDocumentBinaryObject>", 120 * _MEBI, "x", ""),
        "f: this is no e-invoice: it is larger than 100 MiB",
    ),
    "pdf": (
        lambda: iter([_pdf_of_one_stream(_zipped(1024), "/FlateDecode")]),
        "f: this PDF is broken: LimitReachedError",
    ),
    "pdf in layers": (
        lambda: iter([_pdf_of_one_stream(zlib.compress(_zipped(1024), 9), "[/FlateDecode /FlateDecode]")]),
        "f: this PDF is broken: LimitReachedError",
    ),
    "large pdf": (
        lambda: _repeated("%PDF-1.7\n", 120 * _MEBI, "x", ""),
        "f: this PDF is larger than 100 MiB",
    ),
}

_LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
from pathlib import Path
from portalgen.errors import InvalidInputError
from portalgen.exports import einvoice
try:
    list(einvoice.read([(Path(sys.argv[1]), "f")], "invoices").rows)
except InvalidInputError as error:
    print(str(error).partition("\\n")[0])
"""


@pytest.mark.parametrize("kind", _BOMBS)
def test_a_bomb_is_refused_within_half_a_gibibyte(kind: str, tmp_path: Path) -> None:
    make, reason = _BOMBS[kind]
    file = tmp_path / "bomb"
    with file.open("wb") as out:
        out.writelines(make())
    start = time.monotonic()
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(file)], capture_output=True, text=True, check=False, env=environment
    )
    file.unlink()
    assert (done.stdout, done.stderr) == (f"{reason}\n", "")
    assert time.monotonic() - start < 60


def test_files_within_an_invoice_cost_no_memory(tmp_path: Path) -> None:
    document = "<cac:AdditionalDocumentReference><cac:Attachment><cbc:EmbeddedDocumentBinaryObject>{}"
    end = "</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
    attached = document.format("QUJD" * 10 * _MEBI) + end
    content = _BODY.replace("<cac:AccountingSupplierParty>", f"{attached}<cac:AccountingSupplierParty>")
    assert number_in(content.encode(), tmp_path) == "INV-1"
