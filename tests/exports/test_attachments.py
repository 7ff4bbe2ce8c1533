"""Files of documents: found by their names in the folder that was named, and nowhere else."""

from pathlib import Path

import pytest

from portalgen.definitions import load
from portalgen.errors import InvalidInputError
from tests.books import book, write
from tests.imports import imported

INVOICES = "number,customer_id,date\nINV/1,C-1,2026-10-01\nINV/2,C-1,2026-10-02\n"


def entries(attachments: str) -> str:
    invoices = f"{{type: invoices, path: invoices.csv, attachments: {attachments}}}"
    return f"[{{type: customers, path: customers.csv}}, {invoices}]"


def attached(folder: Path, attachments: str) -> tuple[list[str], list[str]]:
    """The attachments of all invoices, and the warnings."""
    with book(folder, {"invoices.csv": INVOICES}, entries(attachments)) as opened:
        [account] = opened.accounts(["C-1"])
        return [each.attachment for each in account.transactions], [each.message for each in opened.report.warnings]


def test_a_document_has_the_file_that_is_called_like_it(tmp_path: Path) -> None:
    (tmp_path / "pdf").mkdir()
    for name in ("INV_1.pdf", "2026-10-02 INV_2.pdf", "INV_2.pdf.bak"):
        (tmp_path / "pdf" / name).write_bytes(b"%PDF")
    assert attached(tmp_path, "{folder: pdf}") == (
        ["", "pdf/INV_1.pdf"],
        ["1 of the invoices have no file in 'pdf'"],
    )
    found, _ = attached(tmp_path, '{folder: pdf/, name: "{date} {number}.pdf"}')
    assert found == ["pdf/2026-10-02 INV_2.pdf", ""]


def test_no_file_outside_of_the_folder_is_taken_for_a_documents(tmp_path: Path) -> None:
    (tmp_path / "pdf").mkdir()
    (tmp_path / "secret.pdf").write_bytes(b"%PDF")
    (tmp_path / "pdf/INV_1.pdf").symlink_to(tmp_path / "secret.pdf")
    (tmp_path / "pdf/INV_2.pdf").mkdir()
    assert attached(tmp_path, "{folder: pdf}")[0] == ["", ""]


def test_a_folder_that_is_not_there_is_told_and_stops_nothing(tmp_path: Path) -> None:
    assert attached(tmp_path, "{folder: pdfs}") == (["", ""], ["there is no folder 'pdfs'"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{number}/{total}.pdf", "'{number}/{total}.pdf' has {total} in it, which is not known of a document"),
        ("../{number}.pdf", "'../{number}.pdf' is not the name of one document's file"),
        ("invoice.pdf", "'invoice.pdf' is not the name of one document's file"),
    ],
)
def test_a_name_that_cannot_be_one_documents_is_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        load(write(tmp_path, {"invoices.csv": INVOICES}, entries(f'{{folder: pdf, name: "{name}"}}')))
    assert [problem.message for problem in caught.value.problems] == [f"export of invoices: name: {message}"]


def invoices(*rows: str, folder: Path, attachments: str = "", keys: str = "") -> tuple[dict[str, str], list[str]]:
    """By number, the attachments of invoices (number, customer, date, status and cell of each); and the warnings."""
    text = "number,customer_id,date,status,attachment\n" + "".join(f"{row}\n" for row in rows)
    said = f", attachments: {attachments}" if attachments else ""
    read = imported(folder, {"i.csv": text}, f"{{type: invoices, path: i.csv{said}{keys}}}")
    return {each.number: each.attachment for each in read.documents}, read.warnings


def pdfs(folder: Path, *names: str) -> None:
    for name in names:
        (folder / "pdf" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "pdf" / name).write_bytes(b"%PDF")


@pytest.mark.parametrize("status", ["", "Draft"])
def test_a_file_that_two_documents_would_have_is_given_to_neither(status: str, tmp_path: Path) -> None:
    """They may be two customers', and one that is not shown counts, too."""
    pdfs(tmp_path, "a_b.pdf", "c.pdf")
    rows = ("a_b,C-2,2026-01-01,,", f"a/b,C-1,2026-01-01,{status},", "c,C-1,2026-01-01,,")
    found, warnings = invoices(*rows, folder=tmp_path, attachments="{folder: pdf}")
    assert (found["a_b"], found.get("a/b", ""), found["c"]) == ("", "", "pdf/c.pdf")
    [warning] = warnings
    assert "'pdf/a_b.pdf' would be the file of invoices 'a/b' and invoices 'a_b': neither has it" in warning


def test_a_file_that_documents_of_two_types_would_have_is_given_to_neither(tmp_path: Path) -> None:
    pdfs(tmp_path, "1.pdf")
    files: dict[str, str | bytes] = {
        "i.csv": "number,customer_id,date\n1,C-1,2026-01-01\n",
        "o.csv": "number,customer_id,date\n1,C-2,2026-01-01\n",
    }
    entries = [
        f"{{type: {type_}, path: {type_[0]}.csv, attachments: {{folder: {folder}}}}}"
        for type_, folder in (("invoices", "pdf"), ("orders", "./pdf/"))
    ]
    read = imported(tmp_path, files, *entries)
    assert [each.attachment for each in read.documents] == ["", ""]
    assert all("would be the file of invoices '1' and orders '1'" in warning for warning in read.warnings)


@pytest.mark.parametrize("attachments", ["", "{folder: pdf}"])
def test_where_no_document_names_a_file_none_is_said_to(attachments: str, tmp_path: Path) -> None:
    pdfs(tmp_path, "1.pdf")
    assert invoices("1,C-1,2026-01-01,,", folder=tmp_path, attachments=attachments)[1] == []


def test_what_stands_for_a_document_in_a_name_is_put_in_once(tmp_path: Path) -> None:
    pdfs(tmp_path, "2026-01-01.pdf", "{date}.pdf")
    found, _ = invoices("{date},C-1,2026-01-01,,", folder=tmp_path, attachments="{folder: pdf}")
    assert found == {"{date}": "pdf/{date}.pdf"}


def test_a_document_may_name_its_file_in_the_folder(tmp_path: Path) -> None:
    pdfs(tmp_path, "x.pdf", "2026/y.pdf", "3.pdf")
    rows = [
        f"{number},C-1,2026-01-01,,{cell}" for number, cell in enumerate(["x.pdf", "2026/y.pdf", "", "x.pdf.bak"], 1)
    ]
    found, warnings = invoices(*rows, folder=tmp_path, attachments="{folder: pdf}")
    assert found == {"1": "pdf/x.pdf", "2": "pdf/2026/y.pdf", "3": "pdf/3.pdf", "4": ""}
    [warning] = warnings
    assert "1 of the invoices name a file that is not in 'pdf', one of them 'x.pdf.bak'" in warning


@pytest.mark.parametrize(
    "cell",
    ["../../../../etc/passwd", "/etc/passwd", "../portals.yaml", "../pdf/1.pdf", "./1.pdf", "link.pdf", "link/z.pdf"],
)
@pytest.mark.parametrize("attachments", ["{folder: pdf}", ""])
def test_no_document_has_a_file_outside_of_the_folder(cell: str, attachments: str, tmp_path: Path) -> None:
    pdfs(tmp_path, "1.pdf")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/z.pdf").write_bytes(b"%PDF")
    (tmp_path / "pdf/link.pdf").symlink_to(tmp_path / "customers.csv")
    (tmp_path / "pdf/link").symlink_to(tmp_path / "elsewhere")
    found, [warning] = invoices(f"1,C-1,2026-01-01,,{cell}", folder=tmp_path, attachments=attachments)
    assert found == {"1": ""}
    assert "1 of the invoices name a file " in warning
