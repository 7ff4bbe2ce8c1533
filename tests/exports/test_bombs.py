"""Small files that want to be large ones, read from definitions to book within 1 GiB: refused in a sentence."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from tests.exports.xlsx import MAIN, one_row, parts_of
from tests.memory_limit import run_limited

READ = """
import sys
from pathlib import Path
from portalgen.definitions import load
from portalgen.errors import PortalgenError
from portalgen.exports.reader import read_exports
try:
    with read_exports(load(Path(sys.argv[1]))) as book:
        print(len(book.customers()), "customers")
except PortalgenError as error:
    print(error)
"""
MEBI = 1024 * 1024
HEADING = b"id,name\nC-1,"
Pieces = Iterator[bytes]


def many(start: bytes, piece: bytes, size: int, end: bytes = b"") -> Pieces:
    """`start`, then `piece` over and over until that is `size` bytes, then `end`."""
    block = piece * max(1, min(size, MEBI) // len(piece))
    yield start
    for _ in range(size // len(block)):
        yield block
    yield end


def zipped(part: str, pieces: Pieces) -> Pieces:
    """A workbook of which one part is made of these pieces."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in parts_of(one_row('<c r="A1"><v>1</v></c>')).items():
            if name != part:
                archive.writestr(name, text)
        with archive.open(part, "w") as stream:
            stream.writelines(pieces)
    yield data.getvalue()


def of_many_parts() -> Pieces:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(66_000):
            archive.writestr(f"{number}", b"")
    yield data.getvalue()


SHEET = "xl/worksheets/sheet0.xml"
ROWS = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()
CELL = b'<row><c t="inlineStr"><is><t>'
INVOICE = (
    b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" '
    b'xmlns:c="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
)
BROKEN = "c.xlsx: the workbook is broken: "
LAUGHS = b"".join(b"<!ENTITY a%d '&a%d;&a%d;'>" % (number, number - 1, number - 1) for number in range(1, 40))

LINE = "c.csv: a line of more than 16,000,000 characters\n"
BOMBS: dict[str, tuple[str, Callable[[], Pieces], str]] = {
    "a heading without end": ("c.csv", lambda: many(b"", b"a", 300 * MEBI), LINE),
    "millions of columns": (
        "c.csv",
        lambda: many(b"id,name", b",a", 8 * MEBI, b"\n"),
        "c.csv:1: a heading of more than 16,384 columns\n",
    ),
    "a row of millions of cells": ("c.csv", lambda: many(HEADING, b",a", 100 * MEBI, b"\n"), LINE),
    "a cell without end": ("c.csv", lambda: many(HEADING, b"a", 300 * MEBI), LINE),
    "nothing but quotes": ("c.csv", lambda: many(HEADING, b'"', 100 * MEBI), LINE),
    "blank lines": ("c.csv", lambda: many(b"id,name\n", b"\n", 30 * MEBI), "0 customers\n"),
    "blank lines above": (
        "c.csv",
        lambda: many(b"", b"\n", 50 * MEBI, b"id,name\nC-1,A\n"),
        "c.csv: the file is empty\n",
    ),
    "gzip": (
        "c.csv.gz",
        lambda: iter([gzip.compress(HEADING + b"a" * 300 * MEBI, mtime=0)]),
        "c.csv.gz: it is ",
    ),
    "gzip, as large as may be": (
        "c.csv.gz",
        lambda: iter([gzip.compress(HEADING + b"a" * 60 * MEBI, mtime=0)]),
        LINE.replace("c.csv", "c.csv.gz"),
    ),
    "Zstandard": (
        "c.csv.zst",
        lambda: iter([zstandard.compress(HEADING + b"a" * 300 * MEBI)]),
        "c.csv.zst: it is ",
    ),
    "a workbook's tags": (
        "c.xlsx",
        lambda: zipped(SHEET, many(ROWS, b"<a>", 200 * MEBI)),
        f"{BROKEN}tags nested too deep\n",
    ),
    "a workbook's text": (
        "c.xlsx",
        lambda: zipped(SHEET, many(ROWS + CELL, b"a", 200 * MEBI)),
        f"{BROKEN}a cell of more than a million characters\n",
    ),
    "a workbook's size": (
        "c.xlsx",
        lambda: zipped(SHEET, many(ROWS, b" ", 600 * MEBI)),
        f"{BROKEN}600 MB packed into ",
    ),
    "a workbook's cells": (
        "c.xlsx",
        lambda: zipped(SHEET, many(ROWS + b"<row>", b"<c><v>1</v></c>", 20 * MEBI)),
        f"{BROKEN}a cell of a kind or place that no sheet has in row 1\n",
    ),
    "a workbook's parts": ("c.xlsx", of_many_parts, "c.xlsx: this is a zip archive, not an Excel workbook\n"),
    "lists in JSON": ("c.json", lambda: many(b"", b"[", 100 * MEBI), "c.json (record 1): this is not an object\n"),
    "objects in JSON": (
        "c.json",
        lambda: many(b'[{"id":1,"name":', b'{"a":', 100 * MEBI),
        "c.json (record 1): lists or objects nested too deep\n",
    ),
    "a text in JSON": (
        "c.json",
        lambda: many(b'[{"id":1,"name":"', b"a", 300 * MEBI),
        "c.json: a value of more than 16 MB\n",
    ),
    "a number in JSON": (
        "c.json",
        lambda: many(b'[{"id":', b"9", 8 * MEBI, b"}]"),
        "c.json:1:4259841: this is not JSON: a number or text that nothing can read\n",
    ),
    "keys in JSON": (
        "c.json",
        lambda: iter([b'[{"id":1', *(b',"k%d":1' % number for number in range(3_000_000)), b"}]"]),
        "c.json (record 1): more than a million keys and values\n",
    ),
    "entities": (
        "c.xml",
        lambda: iter([b"<!DOCTYPE a [<!ENTITY a0 'ha'>", LAUGHS, b"]><a>&a39;</a>"]),
        "c.xml: the XML has a DTD\n",
    ),
    "elements": (
        "c.xml",
        lambda: many(INVOICE, b"<c:ID>", 100 * MEBI),
        "c.xml: this is no e-invoice: elements are nested more than 100 deep\n",
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    name, make, said = BOMBS[kind]
    with (tmp_path / name).open("wb") as file:
        file.writelines(make())
    config = tmp_path / "portals.yaml"
    config.write_text(f"version: 1\nsite: {{id: x, title: x}}\nexports: [{{type: customers, path: {name}}}]\n")
    assert run_limited(READ, config).startswith(said)


def aliases() -> Pieces:
    yield b"a0: &a0 [x]\n"
    yield from (b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 999))


DEFINITIONS: dict[str, tuple[Callable[[], Pieces], str]] = {
    "aliases": (aliases, ":1:5: anchor '&a0'\n"),
    "lists": (lambda: many(b"", b"[", 50 * MEBI), ":1:21: nested deeper than 20 levels\n"),
    "lists in lines": (lambda: many(b"", b"- ", 50 * MEBI), ":1:41: nested deeper than 20 levels\n"),
    "mappings": (lambda: many(b"", b"{a: ", 50 * MEBI), ":1:81: nested deeper than 20 levels\n"),
    "indents": (lambda: (b" " * n + b"a:\n" for n in range(5000)), ":21:21: nested deeper than 20 levels\n"),
    "a text": (lambda: many(b"version: '", b"a", 60 * MEBI), ":1:10: a quote that is not closed\n"),
    "items": (lambda: many(b"exports: [", b"a,", 10 * MEBI, b"]"), ":1:2000005: more than 1,000,000 keys and values\n"),
    "size": (lambda: many(b"version: 1\n", b"#", 70 * MEBI), ": 73,400,331 bytes are too many\n"),
}


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_definitions_that_explode_are_refused(kind: str, tmp_path: Path) -> None:
    make, said = DEFINITIONS[kind]
    config = tmp_path / "portals.yaml"
    with config.open("wb") as file:
        file.writelines(make())
    assert run_limited(READ, config).startswith(f"{config}{said}")
