"""A document's file comes out of its folder, whole and as what it is; nothing else on the machine ever does."""

import os
import signal
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from portalgen import attachments
from portalgen.attachments import MAX_BYTES, Attachment, identities, open_attachment
from portalgen.errors import InvalidInputError
from portalgen.keys import new_key

PDF = b"%PDF-1.7\n%%EOF\n"
SECRET = b"%PDF-1.7 SECRET\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site's root with documents' files in two folders, links out of them, and secrets around them."""
    top = tmp_path_factory.mktemp("machine")
    root = top / "site"
    for path, content in {
        "pdf/INV-1.pdf": PDF,
        "pdf/2026/INV 2 (copy).PDF": PDF,
        "pdf/Factură-ж-請求書.pdf": PDF,
        "pdf/\u0641\u0627\u200c\u062a.pdf": PDF,
        "einvoices/INV-3.pdf": PDF,
        "at-the-top.pdf": PDF,
        "pdf/.hidden.pdf": SECRET,
        "pdf/.git/x.pdf": SECRET,
        "pdf/x.pdf.": SECRET,
        "pdf/aux.pdf": SECRET,
        "pdf/a\\b.pdf": SECRET,
        "pdf/a\u202egnp.pdf": SECRET,
        "config/secret.pdf": SECRET,
        "config/portalgen.keys": b"a:" + new_key().encode(),
        "pdf-of-others/x.pdf": SECRET,
        "../outside.pdf": SECRET,
        "../more/site/pdf/x.pdf": SECRET,
    }.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (root / "pdf/link.pdf").symlink_to("INV-1.pdf")
    (root / "pdf/out.pdf").symlink_to("../config/secret.pdf")
    (root / "pdf/absolute.pdf").symlink_to(top / "outside.pdf")
    (root / "pdf/away").symlink_to("../config")
    (root / "pdf/self.pdf").symlink_to("self.pdf")
    (root / "pdf/nowhere.pdf").symlink_to("gone.pdf")
    (root / "pdf/folder.pdf").mkdir()
    os.mkfifo(root / "pdf/pipe.pdf")
    os.mknod(root / "pdf/socket.pdf", stat.S_IFSOCK | 0o600)
    (top / "linked").symlink_to("site")
    return root


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    """Whoever waits for the other end of a pipe fails."""

    def too_late(*_: object) -> None:
        pytest.fail("something is waited for")

    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def refusal(root: Path, folders: list[str], name: str) -> str:
    with pytest.raises(InvalidInputError) as caught:
        open_attachment(root, folders, name)
    return str(caught.value)


def found(root: Path, folders: list[str], name: str) -> Attachment:
    attachment = open_attachment(root, folders, name)
    assert attachment.read() == PDF
    return attachment


def test_a_file_in_a_folder_is_known_by_its_bytes(site: Path) -> None:
    path = site / "pdf/INV-1.pdf"
    expected = Attachment(".pdf", "application/pdf", len(PDF), sha256(PDF).hexdigest(), path, site / "pdf")
    assert found(site, ["pdf", "einvoices"], "pdf/INV-1.pdf") == expected


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("pdf", "pdf/2026/INV 2 (copy).PDF"),
        ("pdf/2026", "pdf/2026/INV 2 (copy).PDF"),
        ("pdf/", "pdf/INV-1.pdf"),
        ("./pdf", "./pdf/INV-1.pdf"),
        ("./pdf", "pdf/INV-1.pdf"),
        ("pdf", "pdf//INV-1.pdf"),
        ("pdf", "pdf/Factură-ж-請求書.pdf"),
        ("pdf", "pdf/\u0641\u0627\u200c\u062a.pdf"),
        ("../site/pdf", "../site/pdf/INV-1.pdf"),
        ("../linked/pdf", "../linked/pdf/INV-1.pdf"),
        (".", "at-the-top.pdf"),
        ("", "at-the-top.pdf"),
        ("../site", "../site/at-the-top.pdf"),
    ],
)
def test_names_begin_with_their_folder_wherever_it_is(site: Path, folder: str, name: str) -> None:
    found(site, ["einvoices", folder], name)
    absolute = os.path.normpath(site / folder)
    found(site, [absolute], f"{absolute}/{Path(name).relative_to(folder)}")


LIES_NOWHERE = [
    *("", ".", "/", "..", "x.pdf", "INV-1.pdf", "at-the-top.pdf", "config/secret.pdf", "config/portalgen.keys"),
    *("../outside.pdf", "../config/portalgen.keys", "/etc/passwd", "/etc/hostname.txt", "//etc/passwd", "~/x.pdf"),
    *("pdf-of-others/x.pdf", "PDF/INV-1.pdf", "./../site/pdf/INV-1.pdf", "x/../einvoices/INV-3.pdf", "pdf"),
    *("pdf\\INV-1.pdf", "C:\\pdf\\INV-1.pdf", "C:/pdf/INV-1.pdf", "\\\\host\\share\\x.pdf", "//host/share/x.pdf"),
    *("file:///etc/passwd", "https://evil.example/x.pdf", "data:text/html,x", "p\u0501f/INV-1.pdf", "\u200bpdf/x.pdf"),
    *("pdf\x00/INV-1.pdf", "\ud800/x.pdf", " pdf/INV-1.pdf", "pdf /INV-1.pdf", "pdf./INV-1.pdf", "%70df/INV-1.pdf"),
]


@pytest.mark.parametrize("name", LIES_NOWHERE)
def test_what_lies_in_no_folder_is_not_looked_for(site: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "_open", None)
    says = refusal(site, ["pdf/2026", "einvoices"], name)
    assert says.endswith("lies in no folder of documents' files\n  hint: they are taken from: pdf/2026, einvoices")
    assert refusal(site, [], name).endswith("\n  hint: name a folder under `attachments:`")


OUT, LOOKS = "it leads out of its folder", "it has a character that looks like one of those between folders"
CHARACTER, HIDDEN = "it has a character that belongs in no name", "it is hidden"
ENDS = "a name in it begins or ends with a space, or ends with a dot"
FAULTS = {
    "pdf/../config/secret.pdf": OUT,
    "pdf/../../outside.pdf": OUT,
    "pdf/2026/../INV-1.pdf": OUT,
    "pdf/..": OUT,
    "pdf/.": "it is a folder",
    "pdf": "it is a folder",
    "pdf/": "it is a folder",
    "pdf/INV-1.pdf\x00.txt": CHARACTER,
    "pdf/\x00": CHARACTER,
    "pdf/INV-1.pdf\n": CHARACTER,
    "pdf/a\tb.pdf": CHARACTER,
    "pdf/a\\b.pdf": CHARACTER,
    "pdf/..\\config\\secret.pdf": CHARACTER,
    "pdf/INV-1.pdf:stream": CHARACTER,
    "pdf/INV-1.pdf::$DATA": CHARACTER,
    "pdf/*.pdf": CHARACTER,
    "pdf/INV-?.pdf": CHARACTER,
    "pdf/<x>.pdf": CHARACTER,
    "pdf/a\u202egnp.pdf": CHARACTER,
    "pdf/INV-1\u200b.pdf": CHARACTER,
    "pdf/\ufeffINV-1.pdf": CHARACTER,
    "pdf/INV-1.pdf\U000e0041": CHARACTER,
    "pdf/\ud800.pdf": CHARACTER,
    "pdf/\uff0e\uff0e/config/secret.pdf": LOOKS,
    "pdf/\u2025/config/secret.pdf": LOOKS,
    "pdf/\u2024\u2024\uff0fconfig\uff0fsecret.pdf": LOOKS,
    "pdf/a\uff0fb.pdf": LOOKS,
    "pdf/a\uff3cb.pdf": LOOKS,
    "pdf/\u2100.pdf": LOOKS,
    "pdf/.hidden.pdf": HIDDEN,
    "pdf/.pdf": HIDDEN,
    "pdf/.git/x.pdf": HIDDEN,
    "pdf/.../x.pdf": HIDDEN,
    "pdf/x.pdf.": ENDS,
    "pdf/x.pdf ": ENDS,
    "pdf/x.pdf\u00a0": ENDS,
    "pdf/ x.pdf": ENDS,
    "pdf/2026 /x.pdf": ENDS,
    "pdf/aux.pdf": "Windows has a device called aux",
    "pdf/CON": "Windows has a device called CON",
    "pdf/nul.tar.pdf": "Windows has a device called nul",
    "pdf/lpt1/x.pdf": "Windows has a device called lpt1",
    f"pdf/{'a' * 252}.pdf": "a name in it has more than 255 bytes",
    f"pdf/{'é' * 126}.pdf": "a name in it has more than 255 bytes",
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_name_that_is_no_plain_one_is_refused_unseen(site: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "_open", None)
    says = refusal(site, ["pdf"], name)
    assert f" cannot be a document's file: {FAULTS[name]}\n  hint: put it into the folder itself" in says
    assert says.replace("\n", "", 1).isprintable()


@pytest.mark.parametrize("folder", [".", "..", "../site", "/"])
def test_of_a_folder_around_the_definitions_only_what_is_directly_in_it_is_taken(site: Path, folder: str) -> None:
    inside = os.path.relpath(site, site / folder) if folder != "/" else str(site)[1:]
    for path in ("config/secret.pdf", "pdf/INV-1.pdf"):
        name = os.path.normpath(f"{folder.rstrip('/')}/{inside}/{path}")
        assert "it lies beside the definitions" in refusal(site, [folder], name)


def test_a_folder_within_one_around_the_definitions_is_as_good_as_alone(site: Path) -> None:
    for folders in ([".", "pdf"], ["pdf", "."], ["", "pdf", "pdf/2026"]):
        found(site, folders, "pdf/INV-1.pdf")


LINK = "this is a symbolic link, which is not followed"
NOT_FILES = {
    "pdf/link.pdf": LINK,
    "pdf/out.pdf": LINK,
    "pdf/absolute.pdf": LINK,
    "pdf/self.pdf": LINK,
    "pdf/nowhere.pdf": LINK,
    "pdf/away/secret.pdf": "a file or a symbolic link stands where a folder must be",
    "pdf/INV-1.pdf/x.pdf": "a file or a symbolic link stands where a folder must be",
    "pdf/folder.pdf": "this is no regular file",
    "pdf/pipe.pdf": "this is no regular file",
    "pdf/socket.pdf": "this is no regular file",
    "pdf/gone.pdf": "there is no such file",
    "pdf/gone/x.pdf": "there is no such file",
    "pdf/inv-1.pdf": "there is no such file",
}


@pytest.mark.parametrize("name", NOT_FILES)
def test_only_regular_files_are_opened_and_no_link_is_followed(site: Path, name: str) -> None:
    says = refusal(site, ["pdf"], name)
    assert says.startswith(f"{name}: {NOT_FILES[name]}")
    if NOT_FILES[name] != "this is no regular file":
        assert says.endswith(f"\n  hint: looked for {site / name}")


def test_a_folder_that_is_not_there_and_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    assert refusal(tmp_path, ["pdf"], "pdf/x.pdf").startswith("pdf/x.pdf: there is no such file")
    deep = "/".join(["a" * 250] * 20)
    assert "pdf: this file cannot be read: File name too long" in refusal(tmp_path, [deep], f"{deep}/x.pdf")


def lowest_free_descriptor() -> int:
    descriptor = os.dup(1)
    os.close(descriptor)
    return descriptor


def test_no_descriptor_stays_open(site: Path) -> None:
    before = lowest_free_descriptor()
    for name in [*NOT_FILES, "pdf/INV-1.pdf", "pdf/2026/INV 2 (copy).PDF"]:
        with suppress(InvalidInputError):
            open_attachment(site, ["pdf"], name).read()
    assert lowest_free_descriptor() == before


def test_where_links_cannot_be_refused_nothing_is_opened(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "supports_dir_fd", set())
    assert "this system cannot open a file without following links" in refusal(site, ["pdf"], "pdf/INV-1.pdf")


WORDS = st.sampled_from(
    [
        *(
            "pdf",
            "2026",
            "einvoices",
            "config",
            "away",
            "site",
            "more",
            "..",
            "...",
            ".",
            "",
            "~",
            ".git",
            "C:",
            "linked",
        ),
        *("INV-1.pdf", "INV 2 (copy).PDF", "INV-3.pdf", "x.pdf", "secret.pdf", "outside.pdf", "at-the-top.pdf"),
        *(
            "link.pdf",
            "out.pdf",
            "absolute.pdf",
            "portalgen.keys",
            ".hidden.pdf",
            "folder.pdf",
            "pipe.pdf",
            "socket.pdf",
        ),
        *(
            "\x00",
            "\\",
            "\u202e",
            "\u200b",
            "\uff0e\uff0e",
            "\u2025",
            "\ud800",
            "aux",
            "x.pdf.",
            " ",
            "passwd",
            "etc",
            "é",
        ),
    ]
)
NAMES = st.one_of(
    st.text(), st.tuples(st.lists(WORDS, max_size=6), st.sampled_from("//\\")).map(lambda it: it[1].join(it[0]))
)
FOLDERS = st.lists(st.sampled_from(["pdf", "./pdf/", "pdf/2026", ".", "", "..", "../site", "einvoices", "/", "gone"]))


@settings(deadline=None, max_examples=600)
@given(FOLDERS, NAMES, st.sampled_from(["", "pdf/", "./", "../", "/"]))
def test_whatever_the_name_no_secret_comes_out(site: Path, folders: list[str], name: str, start: str) -> None:
    try:
        attachment = open_attachment(site, folders, start + name)
    except InvalidInputError as error:
        assert str(error).replace("\n  hint: ", "").isprintable()
        return
    assert attachment.read() == PDF
    assert attachment.path.resolve() == attachment.path
    assert any(attachment.path.is_relative_to((site / folder).resolve()) for folder in folders)


def archive(**members: bytes) -> bytes:
    """A ZIP archive of `members`, in whose names '__' stands for '/'."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def workbook() -> bytes:
    buffer = BytesIO()
    Workbook().save(buffer)
    return buffer.getvalue()


TYPES = {"[Content_Types].xml": b"<Types/>"}
OASIS = b"application/vnd.oasis.opendocument."
GOOD = {
    ".pdf": PDF,
    ".png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    ".jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    ".jpeg": b"\xff\xd8\xff\xdb\x00\x43",
    ".webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    ".gif": b"GIF89a\x01\x00\x01\x00",
    ".txt": "Grüße,\r\n\tund\fDank".encode(),
    ".csv": b"\xef\xbb\xbfnumber;amount\n1;2,50\n",
    ".xlsx": workbook(),
    ".docx": archive(**TYPES, word__document2=b"<w/>"),
    ".ods": archive(mimetype=OASIS + b"spreadsheet", content=b"<o/>"),
    ".odt": archive(mimetype=OASIS + b"text", content=b"<o/>"),
    ".zip": archive(a=b"b"),
}
SAME = [{".jpg", ".jpeg"}, {".txt", ".csv"}]
MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".zip": "application/zip",
}


def put(folder: Path, name: str, content: bytes) -> str:
    (folder / "pdf").mkdir(exist_ok=True)
    (folder / "pdf" / name).write_bytes(content)
    return f"pdf/{name}"


@pytest.mark.parametrize(("suffix", "content"), [*product(MEDIA_TYPES, GOOD)], ids=lambda value: value)
def test_a_file_is_what_its_suffix_says_or_it_is_refused(tmp_path: Path, suffix: str, content: str) -> None:
    name = put(tmp_path, f"x{suffix.upper()}", GOOD[content])
    is_archive = suffix == ".zip" and content in {".xlsx", ".docx", ".ods", ".odt"}
    is_meant = suffix == content or {suffix, content} in SAME or is_archive
    # A PDF as small as this one, and as plain, is text as well.
    if is_meant or (suffix in {".txt", ".csv"} and content == ".pdf"):
        attachment = open_attachment(tmp_path, ["pdf"], name)
        expected = (".jpg" if suffix == ".jpeg" else suffix, MEDIA_TYPES[suffix], len(GOOD[content]))
        assert (attachment.suffix, attachment.media_type, attachment.size) == expected
        assert attachment.read() == GOOD[content]
    else:
        assert "whatever its ending says\n  hint: save it" in refusal(tmp_path, ["pdf"], name)


BAD = {
    "empty.pdf": b"",
    "blank.txt": b" \n\t",
    "late.pdf": b"<script>alert(1)</script>\n%PDF-1.7",
    "start.png": b"\x89PNG",
    "riff.webp": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "old.gif": b"GIF88a",
    "latin.txt": b"Gr\xfc\xdfe",
    "wide.txt": "text".encode("utf-16"),
    "null.csv": b"a,b\x00\n",
    "escape.txt": b"a\x1b[2Jb",
    "page.txt": b" \r\n<!DOCTYPE html><script>alert(1)</script>",
    "page.csv": b"\xef\xbb\xbf<html>,\n",
    "tag.txt": b"<svg onload=alert(1)>",
    "xml.txt": b"<?xml version='1.0'?>",
    "close.txt": b"</title><script>",
    "plain.xlsx": archive(a=b"b"),
    "word.xlsx": GOOD[".docx"],
    "bare.xlsx": archive(xl__workbook=b"x"),
    "text.ods": GOOD[".odt"],
    "template.odt": archive(mimetype=OASIS + b"text-template"),
    "second.odt": archive(content=b"x", mimetype=OASIS + b"text"),
    "cut.zip": GOOD[".zip"][:-8],
    "cut.odt": GOOD[".odt"][:-8],
    "program.zip": b"MZ\x90\x00" + GOOD[".zip"],
    "none.zip": archive(),
    "broken.zip": b"PK\x03\x04" + b"PK\x05\x06" + b"\xff" * 18,
}


@pytest.mark.parametrize("name", BAD)
def test_content_that_is_not_what_it_should_be_is_refused(tmp_path: Path, name: str) -> None:
    assert "whatever its ending says" in refusal(tmp_path, ["pdf"], put(tmp_path, name, BAD[name]))


def test_content_that_does_not_fit_is_refused_in_a_sentence(tmp_path: Path) -> None:
    name = put(tmp_path, "x.png", PDF)
    hint = "save it again, or give it the ending that it should have"
    assert refusal(tmp_path, ["pdf"], name) == f"{name}: this is not a PNG, whatever its ending says\n  hint: {hint}"
    name = put(tmp_path, "x.csv", b"\xfc")
    says = f"{name}: this is not plain text in UTF-8, whatever its ending says\n  hint: save it as UTF-8"
    assert refusal(tmp_path, ["pdf"], name) == says


@pytest.mark.parametrize("suffix", ["html", "HTM", "xhtml", "xht", "svg", "SVGZ", "xml", "xsl", "xslt", "mht", "mhtml"])
def test_what_a_browser_would_run_is_refused_whatever_it_holds(tmp_path: Path, suffix: str) -> None:
    for name in (f"x.{suffix}", f"x.pdf.{suffix}"):
        says = f"pdf/{name}: a browser could run what is in a .{suffix.lower()} file\n  hint: save it as .pdf"
        assert refusal(tmp_path, ["pdf"], put(tmp_path, name, PDF)) == says


@pytest.mark.parametrize(
    "suffix", [".exe", ".js", ".pdf.gz", ".keys", ".yaml", ".doc", ".xlsm", ".json", ".eml", ".p\u0501f"]
)
def test_any_other_suffix_is_refused(tmp_path: Path, suffix: str) -> None:
    says = refusal(tmp_path, ["pdf"], put(tmp_path, f"x{suffix}", PDF))
    assert (
        f": a file that ends in '{Path(suffix).suffix or suffix}' cannot be an attachment\n  hint: these can be: .pdf"
        in says
    )
    says = refusal(tmp_path, ["pdf"], put(tmp_path, "x", PDF))
    assert says.startswith("pdf/x: a file without an ending cannot be an attachment\n  hint: these can be: .pdf, .png,")


def test_ten_mebibytes_and_no_more(tmp_path: Path) -> None:
    name = put(tmp_path, "x.pdf", PDF)
    os.truncate(tmp_path / name, MAX_BYTES)
    assert open_attachment(tmp_path, ["pdf"], name).size == MAX_BYTES == 10 * 1024 * 1024
    for size in (MAX_BYTES + 1, 1 << 40):
        os.truncate(tmp_path / name, size)
        says = f"{name}: a file of more than 10 MiB is too large for an attachment\n  hint: make it smaller, "
        assert refusal(tmp_path, ["pdf"], name).startswith(says)


def test_root_keys_are_no_attachment_whatever_they_are_called(tmp_path: Path) -> None:
    says = (
        "this file is not for customers, and cannot be an attachment\n  hint: keep the files of documents in a folder"
    )
    for text in (f"a:{new_key()}", f"notes\nb:{new_key()},"):
        assert says in refusal(tmp_path, ["pdf"], put(tmp_path, "x.txt", text.encode()))
    assert open_attachment(tmp_path, ["pdf"], put(tmp_path, "x.txt", b"our keys begin with pgk1_")).size == 25


def test_private_files_are_no_attachments_by_whatever_name(tmp_path: Path) -> None:
    name = put(tmp_path, "invoices.csv", b"number\n1\n")
    os.link(tmp_path / name, tmp_path / "pdf/other.csv")
    (tmp_path / "link").symlink_to(name)
    private = identities([tmp_path / "link", tmp_path / "gone.csv"])
    assert len(private) == 1
    for each in (name, "pdf/other.csv"):
        open_attachment(tmp_path, ["pdf"], each)
        with pytest.raises(InvalidInputError, match="this file is not for customers"):
            open_attachment(tmp_path, ["pdf"], each, private)
    open_attachment(tmp_path, ["pdf"], put(tmp_path, "copy.csv", b"number\n1\n"), private)


def by_other_bytes(root: Path) -> None:
    (root / "pdf/2026/x.pdf").write_bytes(SECRET)


def by_a_link(root: Path) -> None:
    (root / "pdf/2026/x.pdf").unlink()
    (root / "pdf/2026/x.pdf").symlink_to(root / "config/x.pdf")


def by_a_link_above(root: Path) -> None:
    (root / "pdf/2026").rename(root / "pdf/2025")
    (root / "pdf/2026").symlink_to(root / "config")


def by_a_link_for_the_folder(root: Path) -> None:
    (root / "pdf").rename(root / "old")
    (root / "pdf").symlink_to(root / "others")


SWAPS = [by_other_bytes, by_a_link, by_a_link_above, by_a_link_for_the_folder]


@pytest.fixture
def swappable(tmp_path: Path) -> Path:
    for path, content in {"pdf/2026/x.pdf": PDF, "config/x.pdf": SECRET, "others/2026/x.pdf": SECRET}.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("swap", SWAPS)
def test_a_file_that_is_swapped_after_the_check_is_not_read(swappable: Path, swap: Callable[[Path], None]) -> None:
    attachment = open_attachment(swappable, ["pdf"], "pdf/2026/x.pdf")
    swap(swappable)
    with pytest.raises(InvalidInputError, match=r"2026/x\.pdf: (this file was changed|this is a symbolic|a file or a)"):
        attachment.read()


@pytest.mark.parametrize("swap", SWAPS[1:])
def test_a_file_that_is_swapped_during_the_check_is_the_one_that_is_checked(
    swappable: Path, swap: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fstat = os.fstat

    def swap_first(descriptor: int) -> os.stat_result:
        monkeypatch.undo()
        swap(swappable)
        return fstat(descriptor)

    monkeypatch.setattr(os, "fstat", swap_first)
    assert open_attachment(swappable, ["pdf"], "pdf/2026/x.pdf").sha256 == sha256(PDF).hexdigest()


def test_a_file_that_grows_while_it_is_read_is_too_large(swappable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fstat = os.fstat

    def grow_after(descriptor: int) -> os.stat_result:
        monkeypatch.undo()
        status = fstat(descriptor)
        os.truncate(swappable / "pdf/2026/x.pdf", MAX_BYTES + 1)
        return status

    monkeypatch.setattr(os, "fstat", grow_after)
    assert "a file of more than 10 MiB" in refusal(swappable, ["pdf"], "pdf/2026/x.pdf")


@pytest.fixture
def flipping(swappable: Path) -> Iterator[Path]:
    """A root in which the file, and the folder above it, are links to a secret every other moment."""
    stop = threading.Event()
    folder = swappable / "pdf"
    (folder / "2025").symlink_to(swappable / "config")
    (folder / "2026/y.pdf").symlink_to(swappable / "config/x.pdf")

    def flip() -> None:
        while not stop.is_set():
            for one, other in (("2026/x.pdf", "2026/y.pdf"), ("2026", "2025")):
                for _ in range(2):
                    (folder / one).rename(folder / "spare")
                    (folder / other).rename(folder / one)
                    (folder / "spare").rename(folder / other)

    thread = threading.Thread(target=flip)
    thread.start()
    yield swappable
    stop.set()
    thread.join()


def test_a_race_is_never_won(flipping: Path) -> None:
    seen = set()
    for _ in range(3000):
        with suppress(InvalidInputError):
            seen.add(open_attachment(flipping, ["pdf"], "pdf/2026/x.pdf").read())
    assert seen == {PDF}
