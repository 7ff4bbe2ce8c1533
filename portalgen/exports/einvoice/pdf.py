"""The XML inside a Factur-X or ZUGFeRD PDF."""

import logging
from collections.abc import Iterator
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError
from pypdf.generic import ArrayObject, DictionaryObject, EmbeddedFile

from portalgen.errors import InvalidInputError, Location

_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml")
_MAX_BYTES = 100 * 1024 * 1024
_HINT = f"a PDF is read when exactly one of these is embedded in it: {', '.join(_NAMES)}"

# What pypdf has to mend on its way to the attachments is no news to the people who run portalgen.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def is_pdf(start: bytes) -> bool:
    """Whether a file that begins with `start` is a PDF; 1,024 bytes are enough to tell."""
    return b"%PDF-" in start[:1024]


def embedded_xml(file: Path, name: str) -> tuple[str, bytes]:
    """The name and the bytes of the e-invoice in the PDF. Raises InvalidInputError unless there is exactly one."""
    if file.stat().st_size > _MAX_BYTES:
        raise InvalidInputError(f"this PDF is larger than {_MAX_BYTES // 1024**2} MiB", "", Location(name))
    with file.open("rb") as stream:
        try:
            # The same file is as a rule listed twice: by name, and as associated with the document.
            found = dict.fromkeys(_candidates(PdfReader(stream)))
        except (FileNotDecryptedError, DependencyError):
            raise InvalidInputError("this PDF is encrypted", "save it without a password", Location(name)) from None
        except Exception as error:
            # A broken PDF leads pypdf to errors of every kind, MemoryError and RecursionError among them.
            message = f"this PDF is broken: {type(error).__name__}"
            raise InvalidInputError(message, "export it again", Location(name)) from None
    if not found:
        raise InvalidInputError("there is no e-invoice in this PDF", _HINT, Location(name))
    if len(found) > 1:
        names = ", ".join(attached for attached, _ in found)
        raise InvalidInputError(f"there are several e-invoices in this PDF: {names}", _HINT, Location(name))
    return next(iter(found))


def _candidates(reader: PdfReader) -> Iterator[tuple[str, bytes]]:
    for each in (*reader.attachment_list, *_associated(reader)):
        attached = str(each.alternative_name or each.name)
        if attached.casefold() in _NAMES:
            yield attached, each.content


def _associated(reader: PdfReader) -> Iterator[EmbeddedFile]:
    """The files that PDF/A-3 associates with the whole document."""
    listed = reader.root_object.get("/AF")
    associated = listed.get_object() if listed is not None else None
    for each in associated if isinstance(associated, ArrayObject) else [associated]:
        specification = each.get_object() if each is not None else None
        if isinstance(specification, DictionaryObject) and "/EF" in specification:
            yield EmbeddedFile("", specification)
