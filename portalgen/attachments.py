"""A document's own file: found where such files may lie and nowhere else, and known by what it holds.

Which file it is says a cell of an export, and no cell is trusted: it must not get at root keys, at an export of all
customers, or at anything else on the machine. Below its folder no symbolic link is followed, and what is checked is
the open file, which nobody can swap for another. Attachments are opened from disks and from hosts that send no header
of ours, so what a browser would run (HTML, SVG, XML with its style sheets) is refused, whatever its media type.
"""

import errno
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath

from portalgen.errors import InvalidInputError, Location, shown
from portalgen.keys import holds_key
from portalgen.names import RESERVED
from portalgen.plain import without_unseen

MAX_BYTES = 10 * 1024 * 1024
"""The most that an attachment may have."""

Identity = tuple[int, int]
"""What a file is, whatever it is called: its device, and its number there."""

_IN_NO_NAME = re.compile(r'[\x00-\x1f\\:*?"<>|]')
_LONGEST_NAME = 255
"""In bytes; no common file system has longer ones."""
_NO_FILE = "this is no regular file"
_REASONS = {
    errno.ELOOP: "this is a symbolic link, which is not followed",
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "a file or a symbolic link stands where a folder must be",
    errno.ENXIO: _NO_FILE,
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was found fit to be shown. `size` is in bytes, `sha256` in hex.

    `suffix` begins with a dot and is in small letters; that of a JPEG is '.jpg'. `path` and `folder` are absolute:
    the file's own, and the one that it had to lie in.
    """

    suffix: str
    media_type: str
    size: int
    sha256: str
    path: Path = field(repr=False)
    folder: Path = field(repr=False)

    def read(self) -> bytes:
        """The bytes that were found fit. Raises InvalidInputError where the file is not what it was."""
        where = Location(str(self.path))
        data, _ = _read(self.folder, self.path.relative_to(self.folder).parts, where)
        if sha256(data).hexdigest() != self.sha256:
            raise InvalidInputError("this file was changed while it was read", "run again when it is complete", where)
        return data


def open_attachment(
    root: Path, folders: Sequence[str], name: str, private: Container[Identity] = frozenset()
) -> Attachment:
    """The file that `name` names. It has to begin with one of `folders`, which start from `root` as it does.

    Where a folder lies is not questioned; but of one that `root` lies in, only the files directly in it are taken.
    Files in `private` are not for customers. Raises InvalidInputError where there is no such file or it must not be
    shown. What lies in no folder is not looked for.
    """
    folder, parts = _located(root, folders, name)
    where, suffix = Location(name), PurePosixPath(parts[-1]).suffix.lower()
    if suffix not in _KINDS:
        raise _refusal(suffix, where)
    kind = _KINDS[suffix]
    data, identity = _read(folder, parts, where)
    if identity in private or holds_key(data):
        hint = "keep the files of documents in a folder of their own"
        raise InvalidInputError("this file is not for customers, and cannot be an attachment", hint, where)
    if not kind.fits(data):
        hint = kind.hint or "save it again, or give it the ending that it should have"
        raise InvalidInputError(f"this is not {kind.name}, whatever its ending says", hint, where)
    suffix = ".jpg" if suffix == ".jpeg" else suffix
    return Attachment(suffix, kind.media_type, len(data), sha256(data).hexdigest(), folder.joinpath(*parts), folder)


def identities(files: Iterable[Path]) -> frozenset[Identity]:
    """What `files` are, for `private`. Those that are not there are left out."""
    found = (file.stat() for file in files if file.exists())
    return frozenset((status.st_dev, status.st_ino) for status in found)


def _located(root: Path, folders: Sequence[str], name: str) -> tuple[Path, Sequence[str]]:
    """The folder that `name` begins with, as it really is, and the parts of the way from there to the file."""
    path = PurePosixPath(name)
    holding = [folder for folder in folders if path.is_relative_to(PurePosixPath(folder))]
    if not holding:
        hint = f"they are taken from: {', '.join(folders)}" if folders else "name a folder under `attachments:`"
        raise InvalidInputError(f"{shown(name)} lies in no folder of documents' files", hint)
    nearest = max(holding, key=lambda folder: len(PurePosixPath(folder).parts))
    parts = path.relative_to(PurePosixPath(nearest)).parts
    folder = Path(os.path.realpath(root / nearest))
    is_around_root = Path(os.path.realpath(root)).is_relative_to(folder)
    fault = next(_faults(parts), "") or ("it lies beside the definitions" if is_around_root and parts[1:] else "")
    if fault:
        raise InvalidInputError(
            f"{shown(name)} cannot be a document's file: {fault}", "put it into the folder itself, under a plain name"
        )
    return folder, parts


def _faults(parts: Sequence[str]) -> Iterator[str]:
    """What is wrong with the way to a file, whether it is there or not."""
    way = "/".join(parts)
    seen = unicodedata.normalize("NFKC", way)
    if not parts:
        yield "it is a folder"
    if ".." in parts:
        yield "it leads out of its folder"
    if _IN_NO_NAME.search(way) or without_unseen(way) != way:
        yield "it has a character that belongs in no name"
    if seen.count("/") != way.count("/") or "\\" in seen or {".", ".."} & {*seen.split("/")}:
        yield "it has a character that looks like one of those between folders"
    for part in parts:
        if part.startswith("."):
            yield "it is hidden"
        if part != part.strip() or part.endswith("."):
            yield "a name in it begins or ends with a space, or ends with a dot"
        if part.partition(".")[0].strip().lower() in RESERVED:
            yield f"Windows has a device called {part.partition('.')[0]}"
        if len(part.encode(errors="replace")) > _LONGEST_NAME:
            yield f"a name in it has more than {_LONGEST_NAME} bytes"


def _read(folder: Path, parts: Sequence[str], where: Location) -> tuple[bytes, Identity]:
    """The bytes of a regular file below `folder`, and which file it is."""
    try:
        descriptor = _open(folder, parts)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise InvalidInputError(_NO_FILE, "", where)
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                data = stream.read(MAX_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or f"this file cannot be read: {error.strerror}"
        raise InvalidInputError(reason, f"looked for {folder.joinpath(*parts)}", where) from None
    if len(data) > MAX_BYTES:
        message = f"a file of more than {MAX_BYTES // 1024**2} MiB is too large for an attachment"
        raise InvalidInputError(message, "make it smaller, or send it another way", where)
    return data, (status.st_dev, status.st_ino)


def _open(folder: Path, parts: Sequence[str]) -> int:
    """A descriptor of the file, opened from folder to folder: no link on the way is followed, even if it is new."""
    if os.open not in os.supports_dir_fd:
        message = "this system cannot open a file without following links, so that no attachment is safe"
        raise InvalidInputError(message, "leave `attachments:` out")
    no_link = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    to_file = no_link | os.O_NONBLOCK | os.O_NOCTTY  # a pipe must not keep us waiting
    descriptor = os.open(folder, no_link | os.O_DIRECTORY)
    for number, part in enumerate(parts, start=1):
        outer = descriptor
        try:
            descriptor = os.open(part, to_file if number == len(parts) else no_link | os.O_DIRECTORY, dir_fd=outer)
        finally:
            os.close(outer)
    return descriptor


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a suffix promises, how browsers are told, whether some bytes keep it, and what to do where they do not."""

    name: str
    media_type: str
    fits: Callable[[bytes], bool]
    hint: str = ""


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(starts)


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _is_text(data: bytes) -> bool:
    """Text in UTF-8 that no browser could take for markup."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and not re.search(r"\A\s*<[a-z!?/]|[\x00-\x08\x0b\x0e-\x1f\x7f]", text, re.IGNORECASE)


def _is_zip(data: bytes) -> bool:
    return bool(_members(data))


def _members(data: bytes) -> list[str]:
    """The names in a ZIP archive; none where it is not one, or begins as something else."""
    if not data.startswith(b"PK\x03\x04"):
        return []
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return archive.namelist()
    except Exception:  # a broken archive leads zipfile to errors of every kind
        return []


def _office(folder: str) -> Callable[[bytes], bool]:
    """Office Open XML, by the folder that its main part is in (ECMA-376, part 2)."""

    def fits(data: bytes) -> bool:
        members = _members(data)
        return "[Content_Types].xml" in members and any(member.startswith(folder) for member in members)

    return fits


def _open_document(media_type: str) -> Callable[[bytes], bool]:
    """OpenDocument, whose archive begins with its media type (part 2, section 3.3)."""
    start = re.compile(rb"PK\x03\x04.{26}mimetype" + re.escape(media_type.encode()) + rb"PK", re.DOTALL)
    return lambda data: bool(start.match(data) and _members(data))


_AS_UTF_8 = "save it as UTF-8"
_MICROSOFT = "application/vnd.openxmlformats-officedocument."
_OASIS = "application/vnd.oasis.opendocument."
_KINDS = {
    ".pdf": _Kind("a PDF", "application/pdf", _begins(b"%PDF-")),
    ".png": _Kind("a PNG", "image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    ".jpg": _Kind("a JPEG", "image/jpeg", _begins(b"\xff\xd8\xff")),
    ".jpeg": _Kind("a JPEG", "image/jpeg", _begins(b"\xff\xd8\xff")),
    ".webp": _Kind("a WebP", "image/webp", _is_webp),
    ".gif": _Kind("a GIF", "image/gif", _begins(b"GIF87a", b"GIF89a")),
    ".txt": _Kind("plain text in UTF-8", "text/plain; charset=utf-8", _is_text, _AS_UTF_8),
    ".csv": _Kind("plain text in UTF-8", "text/csv; charset=utf-8", _is_text, _AS_UTF_8),
    ".xlsx": _Kind("an Excel workbook", f"{_MICROSOFT}spreadsheetml.sheet", _office("xl/")),
    ".docx": _Kind("a Word document", f"{_MICROSOFT}wordprocessingml.document", _office("word/")),
    ".ods": _Kind("an OpenDocument spreadsheet", f"{_OASIS}spreadsheet", _open_document(f"{_OASIS}spreadsheet")),
    ".odt": _Kind("an OpenDocument text", f"{_OASIS}text", _open_document(f"{_OASIS}text")),
    ".zip": _Kind("a ZIP archive", "application/zip", _is_zip),
}
_ACTIVE = {".html", ".htm", ".xhtml", ".xht", ".svg", ".svgz", ".xml", ".xsl", ".xslt", ".mht", ".mhtml"}


def _refusal(suffix: str, where: Location) -> InvalidInputError:
    """Why no file of such a suffix is shown."""
    if suffix in _ACTIVE:
        return InvalidInputError(f"a browser could run what is in a {suffix} file", "save it as .pdf", where)
    ending = f"a file that ends in {shown(suffix)}" if suffix else "a file without an ending"
    return InvalidInputError(f"{ending} cannot be an attachment", f"these can be: {', '.join(_KINDS)}", where)
