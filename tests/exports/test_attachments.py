"""Files of documents: found by their names in the folder that was named, and nowhere else."""

from pathlib import Path

import pytest

from portalgen.definitions import load
from portalgen.errors import InvalidInputError
from tests.books import book, write

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
