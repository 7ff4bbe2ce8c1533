"""Excel workbooks (.xlsx), one sheet as rows of text.

Read from the XML within rather than by a library: libraries give an error in a cell as an empty one, a formula without
a result likewise, and the whole sheet at once, blank cells included, so that two cells far apart exhaust the memory.
"""

import posixpath
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from portalgen.errors import InvalidInputError, Location, Problem, did_you_mean, shown
from portalgen.exports.grid import Grid, GridRow
from portalgen.exports.markup import MarkupError, elements
from portalgen.exports.storednumbers import kind_of_format
from portalgen.exports.worksheet import Looks, read_rows, read_strings

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MEGABYTE = 1024 * 1024
_BOMB_SIZE, _BOMB_RATIO = 512 * _MEGABYTE, 100
_OTHER_FILES = {
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "content.xml": "an OpenDocument file",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a PowerPoint file",
}
_SAVE_AS = "save it as an Excel workbook (.xlsx)"


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet of cells: its title, whether it is to be seen, and the part of the file that holds its cells."""

    title: str
    visible: bool
    part: str


def sheets(file: Path, name: str) -> list[str]:
    """The titles of the sheets of cells that are not hidden, in their order."""
    with _opened(file, name) as package:
        return [sheet.title for sheet in package.sheets() if sheet.visible]


def read(file: Path, name: str, sheet: str = "", errors: list[Problem] | None = None) -> Grid:
    """One sheet: the one of that title, or else the only visible one, or the only visible one with anything in it.

    Whole numbers come as stored, others to the 15 digits that a workbook holds, percentages with their sign, days and
    times in ISO 8601, truths as `true` and `false`, formulas as the results stored with them. Iterating raises
    InvalidInputError too: an error such as `#REF!` in a cell, or a formula without a result, is never taken for an
    empty cell. Where `errors` is given, such cells are added there, and hold ERROR and
    what stands there.
    """
    with _opened(file, name) as package:
        found = package.sheets()
        chosen = _named(found, sheet, name) if sheet else _only_filled(package, found, name)
    title = f"{name} [{chosen.title}]" if len(found) > 1 else name
    return Grid(title, _rows(file, title, chosen, errors))


def _rows(file: Path, name: str, sheet: _Sheet, errors: list[Problem] | None) -> Iterator[GridRow]:
    with _opened(file, name) as package:
        yield from package.rows(sheet, name, errors)


def _named(found: Sequence[_Sheet], title: str, name: str) -> _Sheet:
    if same := next((sheet for sheet in found if sheet.title == title), None):
        return same
    hint = did_you_mean(title, [sheet.title for sheet in found])
    raise InvalidInputError(f"there is no sheet {shown(title)}", hint, Location(name))


def _only_filled(package: "_Package", found: Sequence[_Sheet], name: str) -> _Sheet:
    visible = [sheet for sheet in found if sheet.visible]
    filled = [sheet for sheet in visible if package.has_rows(sheet)] if len(visible) > 1 else visible
    if not visible:
        raise InvalidInputError("every sheet is hidden", "name the one to read: `sheet: ...`", Location(name))
    if len(filled) > 1:
        titles = ", ".join(shown(sheet.title) for sheet in filled)
        hint = f"name the one to read: `sheet: {filled[0].title}`"
        raise InvalidInputError(f"several sheets have rows: {titles}", hint, Location(name))
    return (filled or visible)[0]


class _Package:
    """The parts of a workbook, found by the names that parts have for each other."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._members = {info.filename.replace("\\", "/").casefold(): info for info in archive.infolist()}
        self._workbook = next(iter(self._related("", "officeDocument").values()), "xl/workbook.xml")

    def sheets(self) -> list[_Sheet]:
        targets = self._related(self._workbook, "worksheet")
        with self._open(self._workbook) as stream:
            found = [element.attributes for element in elements(stream) if element.name == "sheet"]
        return [
            _Sheet(sheet.get("name", ""), sheet.get("state", "visible") == "visible", targets[sheet["id"]])
            for sheet in found
            if sheet.get("id") in targets
        ]

    def rows(self, sheet: _Sheet, name: str, errors: list[Problem] | None) -> Iterator[GridRow]:
        looks = Looks(self._strings(), self._kinds(), self._from_1904())
        with self._open(sheet.part) as stream:
            yield from read_rows(stream, name, looks, errors)

    def has_rows(self, sheet: _Sheet) -> bool:
        """Whether any cell of the sheet holds something, be it unreadable."""
        with self._open(sheet.part) as stream:
            return any(element.parent == "c" for element in elements(stream))

    def _strings(self) -> list[str]:
        found: list[str] = []
        for part in self._related(self._workbook, "sharedStrings").values():
            with self._open(part) as stream:
                found += read_strings(stream)
        return found

    def _kinds(self) -> list[str]:
        """By a cell's style, what its number format makes of a number."""
        codes: dict[str, str] = {}
        kinds = []
        for part in self._related(self._workbook, "styles").values():
            with self._open(part) as stream:
                for parent, element, attributes in elements(stream):
                    if element == "numFmt" and parent == "numFmts":
                        codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
                    elif element == "xf" and parent == "cellXfs":
                        number = attributes.get("numFmtId", "0")
                        kinds.append(kind_of_format(int(number), codes.get(number, "")))
        return kinds

    def _from_1904(self) -> bool:
        with self._open(self._workbook) as stream:
            properties = [element.attributes for element in elements(stream) if element.name == "workbookPr"]
        return any(attributes.get("date1904", "0") in {"1", "true"} for attributes in properties)

    def _related(self, part: str, kind: str) -> dict[str, str]:
        """By their ids, the parts that `part` ('' for the file as a whole) is related to as `kind`."""
        folder, own = posixpath.split(part)
        relations = posixpath.join(folder, "_rels", f"{own}.rels")
        if relations.casefold() not in self._members:
            return {}
        with self._open(relations) as stream:
            found = [element.attributes for element in elements(stream) if element.name == "Relationship"]
        return {
            relation.get("Id", ""): posixpath.normpath(posixpath.join("/", folder, relation.get("Target", "")))[1:]
            for relation in found
            if relation.get("Type", "").endswith(f"/{kind}") and relation.get("TargetMode") != "External"
        }

    def _open(self, part: str) -> IO[bytes]:
        if not (info := self._members.get(part.casefold())):
            raise MarkupError(f"no part {shown(part)}")
        if info.file_size > _BOMB_SIZE and info.file_size > _BOMB_RATIO * info.compress_size:
            raise MarkupError(f"{info.file_size // _MEGABYTE} MB packed into {info.compress_size // 1024} kB")
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED} or info.flag_bits & 1:
            raise MarkupError("a part packed in a way that no workbook is")
        return self._archive.open(info)


@contextmanager
def _opened(file: Path, name: str) -> Iterator[_Package]:
    """The workbook in `file`, and one sentence for whatever is wrong with it."""
    try:
        with file.open("rb") as stream:
            _refuse_other_kinds(stream, name)
            with ZipFile(stream) as archive:
                _refuse_other_archives(archive, name)
                yield _Package(archive)
    except MemoryError:
        raise InvalidInputError("there is not enough memory to read it", "", Location(name)) from None
    except (BadZipFile, MarkupError, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        reason = str(error) or "it ends too early"
        # What the zip module says may hold kilobytes of the file.
        message = f"the workbook is broken: {reason if len(reason) < 150 else 'its parts do not fit together'}"
        raise InvalidInputError(
            message, "export it anew, or open it in a spreadsheet program and save it", Location(name)
        ) from None
    except OSError as error:
        raise InvalidInputError(f"cannot be read: {error.strerror or error}", "", Location(name)) from None


def _refuse_other_kinds(stream: IO[bytes], name: str) -> None:
    start = stream.read(8)
    if start == _OLD_OFFICE:
        if _contains(stream, _ENCRYPTED):
            raise InvalidInputError("the workbook is protected by a password", "save it without one", Location(name))
        raise InvalidInputError("this is a workbook in the format of Excel 97 (.xls)", _SAVE_AS, Location(name))
    if not start:
        raise InvalidInputError("the file is empty", "export it anew", Location(name))
    if not start.startswith(b"PK"):
        web = start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
        hint = "it may be a web page under another name; open it in a spreadsheet program and " if web else ""
        raise InvalidInputError("this is not an Excel workbook", f"{hint}{_SAVE_AS}", Location(name))
    stream.seek(0)


def _refuse_other_archives(archive: ZipFile, name: str) -> None:
    names = {member.replace("\\", "/").casefold() for member in archive.namelist()}
    for part, what in _OTHER_FILES.items():
        if part in names:
            raise InvalidInputError(f"this is {what}, not an Excel workbook", _SAVE_AS, Location(name))
    if "[content_types].xml" not in names:
        raise InvalidInputError("this is a zip archive, not an Excel workbook", "unpack it", Location(name))


def _contains(stream: IO[bytes], wanted: bytes) -> bool:
    rest = b""
    while piece := stream.read(_MEGABYTE):
        if wanted in rest + piece:
            return True
        rest = piece[-len(wanted) :]
    return False
