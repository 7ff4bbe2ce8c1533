"""E-invoices as a grid: UBL and CII in XML, and Factur-X or ZUGFeRD PDFs with XML in them.

What becomes of a document's parts, and which of a buyer's ids is the customer's, is told in `ubl` and `cii`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from portalgen.errors import InvalidInputError, Location, Problem, shown
from portalgen.exports.einvoice import cii, pdf, ubl, xmltree
from portalgen.exports.einvoice.document import CUSTOMER_COLUMNS, HEADER_COLUMNS, LINE_COLUMNS, Document
from portalgen.exports.einvoice.xmltree import Node
from portalgen.exports.grid import Grid, GridRow

__all__ = ["CUSTOMER_COLUMNS", "HEADING", "document_type", "read"]

HEADING = (*HEADER_COLUMNS, *(f"line.{column}" for column in LINE_COLUMNS))
"""The titles of a grid of documents; `CUSTOMER_COLUMNS` are those of a grid of customers."""

_SHOWN = 20
_FAMILIES = (ubl.NAMESPACE, *cii.NAMESPACES)
_ENVELOPE = "StandardBusinessDocument"


def document_type(file: Path, name: str) -> str:
    """The type of the document in `file`: 'invoices', 'credit_notes', 'orders', 'quotes' or 'delivery_notes'.

    Raises InvalidInputError with the reason where there is none that can be shown: another kind of document, one marked
    as a test, a PDF without an e-invoice, XML with a DTD or broken, no XML at all. `name` is what messages call it.
    """
    root, place = _root(file, name)
    return ubl.type_of(root, place) if _is_ubl(root) else cii.type_of(root, place)


def read(
    files: Sequence[tuple[Path, str]],
    type_: str,
    *,
    refused: list[Problem] | None = None,
    numbers: list[str] | None = None,
    others: list[str] | None = None,
) -> Grid:
    """One grid for all `files`, each given with its name: a heading, then documents as continuation rows.

    A document's cells stand on its first row, each line's cells under 'line.' titles on that row and on those below,
    which are blank in the document's cells. For `type_` 'customers', the grid has one row per buyer's id instead, of
    its newest document, whatever that is. An origin is the file's number.

    When its rows are iterated, a file that cannot be read raises InvalidInputError at the end, with all the others of
    its kind; or, where `refused` is given, is left out and its problems are added there, and to `numbers` the number
    of the document, as far as it can be told. A document of another type than `type_` is such a file, unless `others`
    is given, to which the file's name is added.
    """
    names = [name for _, name in files]
    documents = _documents(files, type_, (refused, numbers), others)
    rows = _customers(documents, names) if type_ == "customers" else _rows(documents)
    title = names[0] if len(names) == 1 else f"{len(names)} e-invoices"
    return Grid(title, rows, "file", names)


def _rows(documents: Iterator[tuple[int, Document]]) -> Iterator[GridRow]:
    yield GridRow(0, HEADING)
    for origin, document in documents:
        header = _cells(document.cells, HEADER_COLUMNS)
        for line in document.lines or [{}]:
            yield GridRow(origin, (*header, *_cells(line, LINE_COLUMNS)))
            header = ("",) * len(HEADER_COLUMNS)


def _customers(documents: Iterator[tuple[int, Document]], names: Sequence[str]) -> Iterator[GridRow]:
    newest: dict[str, tuple[tuple[str, str], int, Document]] = {}
    for origin, document in documents:
        customer, age = document.buyer["id"], (document.cells["date"], names[origin - 1])
        if customer not in newest or age > newest[customer][0]:
            newest[customer] = (age, origin, document)
    yield GridRow(0, CUSTOMER_COLUMNS)
    for _, origin, document in newest.values():
        yield GridRow(origin, _cells(document.buyer, CUSTOMER_COLUMNS))


def _cells(values: Mapping[str, str], columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(values.get(column, "") for column in columns)


def _documents(
    files: Sequence[tuple[Path, str]],
    type_: str,
    refusal: tuple[list[Problem] | None, list[str] | None],
    others: list[str] | None,
) -> Iterator[tuple[int, Document]]:
    refused, numbers = refusal
    problems: list[Problem] = []
    for origin, (file, name) in enumerate(files, start=1):
        try:
            document = _document(file, name, type_ if others is None else "")
        except InvalidInputError as error:
            (problems if refused is None else refused).extend(error.problems)
            if numbers is not None:
                numbers += _numbers(file, name, type_)
            if len(problems) >= _SHOWN:
                break
            continue
        if type_ in {"customers", document.type}:
            yield origin, document
        elif others is not None:
            others.append(name)
    if problems:
        raise InvalidInputError.of(problems)


def _numbers(file: Path, name: str, type_: str) -> list[str]:
    """The number of a document of `type_` that cannot be read as a whole, if it can be told."""
    try:
        root, place = _root(file, name)
        found = ubl.type_of(root, place) if _is_ubl(root) else cii.type_of(root, place)
    except InvalidInputError:
        return []
    head = root if _is_ubl(root) else root.part("ExchangedDocument", "HeaderExchangedDocument")
    return [number] if found == type_ and (number := head.get("ID")) else []


def _document(file: Path, name: str, type_: str) -> Document:
    """The document in `file`. Raises InvalidInputError if it is not of `type_`, unless that is '' or 'customers'."""
    root, place = _root(file, name)
    document = ubl.read(root, place) if _is_ubl(root) else cii.read(root, place)
    if type_ not in {"", "customers", document.type}:
        message = f"this belongs to the {document.type}, not to the {type_}"
        raise InvalidInputError(message, f"list it under an export of type {document.type}", Location(name))
    if place == name:
        return document
    return replace(document, cells={**document.cells, "attachment": name})


def _root(file: Path, name: str) -> tuple[Node, str]:
    """The root of the e-invoice, and what messages call the XML that it is in."""
    with file.open("rb") as stream:
        start = stream.read(1024)
        stream.seek(0)
        if not pdf.is_pdf(start):
            return _checked(xmltree.parse(stream, name, _FAMILIES), name), name
    attached, content = pdf.embedded_xml(file, name)
    place = f"{name} ({attached})"
    return _checked(xmltree.parse(BytesIO(content), place, _FAMILIES), place), place


def _checked(root: Node, place: str) -> Node:
    """The document's own root, taken out of a Peppol envelope. Raises InvalidInputError for XML of other kinds."""
    if root.name == _ENVELOPE and len(root.children) == 1:
        root = root.children[0]
    if not root.namespace.startswith(_FAMILIES):
        message = f"this is XML, and no e-invoice: its root is {shown(root.name)}"
        raise InvalidInputError(message, "UBL 2, CII, ZUGFeRD and Order-X are read", Location(place, root.line))
    return root


def _is_ubl(root: Node) -> bool:
    return root.namespace.startswith(ubl.NAMESPACE)
