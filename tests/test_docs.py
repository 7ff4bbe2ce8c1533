"""What the documentation shows works as it stands."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from portalgen.cli import main
from portalgen.definitions import load
from portalgen.exports.columns import HEADERS, LINES
from portalgen.pipeline import open_book

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_the_readmes_definitions_load(tmp_path: Path) -> None:
    [text] = blocks(ROOT / "README.md", "yaml")
    path = tmp_path / "portals.yaml"
    path.write_text(text, encoding="utf-8")
    definitions = load(path)
    assert definitions.portals[0].contacts[0].show == ("invoices",)


def test_the_mail_server_of_the_e_mail_page_loads(tmp_path: Path) -> None:
    [text] = blocks(ROOT / "docs/email.md", "yaml")
    (tmp_path / "portals.yaml").write_text(f"version: 1\nsite: {{id: docs, title: Docs}}\n{text}", encoding="utf-8")
    mail = load(tmp_path / "portals.yaml").mail
    assert mail
    assert (mail.port, mail.security, mail.user, mail.rate) == (587, "starttls", "SMTP_USER", 60)


def test_an_entry_that_says_everything_reads_a_file_like_it(tmp_path: Path) -> None:
    _, entry, profile = blocks(ROOT / "docs/exports.md", "yaml")
    (tmp_path / "exports").mkdir()
    (tmp_path / "ours.yaml").write_text(profile, encoding="utf-8")
    (tmp_path / "portals.yaml").write_text(
        f"version: 1\nsite: {{id: docs, title: Docs}}\n{entry}"
        "  - {type: customers, path: customers.csv}\nportals:\n  one: {customer: C-1, show: [invoices]}\n",
        encoding="utf-8",
    )
    (tmp_path / "customers.csv").write_text("id,name\nC-1,One\n", encoding="utf-8")
    heading = "InvoiceNumber;Your ref;Street;City;Customer;InvoiceDate;Status;Type;Secret;Item;Qty;Rate;Amount"
    heading += ";TotalFc;Total\n"
    rows = [
        "I-1;PO 7;High St 1;Utrecht;C-1;01/02/2026;Sent;Sales invoice;hush;Chair;2;1.000,00;2.000,00;0,00;2.050,00",
        "I-1;PO 7;High St 1;Utrecht;C-1;01/02/2026;Sent;Sales invoice;hush;Lamp;1;50,00;50,00;0,00;2.050,00",
        "I-2;NULL;;;C-1;02/02/2026;Draft;Sales invoice;hush;Desk;1;70,00;70,00;;70,00",
        "I-3;n/a;;;C-1;31/12/2023;Paid;Sales invoice;hush;Desk;1;70,00;70,00;;70,00",
        "C-4;;;;C-1;03/02/2026;Sent;Credit note;hush;Desk;1;70,00;70,00;;70,00",
        "Total for One;;;;;;;;;;;;2.190,00",
    ]
    (tmp_path / "exports/invoices-1.csv").write_text(heading + "\n".join(rows) + "\n", encoding="utf-8")
    with open_book(load(tmp_path / "portals.yaml")) as book:
        [account] = book.accounts(["C-1"])
        [report] = [export for export in book.report.exports if export.type == "invoices"]
    [invoice] = account.transactions
    assert (invoice.number, invoice.status, invoice.reference, invoice.ship_to) == (
        *("I-1", "Awaiting payment", "PO 7", "High St 1\nUtrecht"),
    )
    assert [str(line.amount) for line in invoice.lines] == ["2000.000000", "50.000000"]
    assert report.left_out == {
        "totals": 1,
        "rows that `rows` leaves out": 1,
        "hidden by status": 1,
        "before 2024-01-01": 1,
    }


def test_the_exports_page_names_every_column() -> None:
    text = (ROOT / "docs/exports.md").read_text(encoding="utf-8")
    columns = {name for header in (*HEADERS.values(), LINES) for name in header}
    assert sorted(name for name in columns if f"`{name}`" not in text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_command_that_the_readme_shows_exists() -> None:
    shown = re.findall(r"(?m)^\$ portalgen (\w+)( new)?", "".join(blocks(ROOT / "README.md", "console")))
    assert len(shown) >= 8
    for verb, sub in shown:
        assert CliRunner().invoke(main, [verb, *sub.split(), "--help"]).exit_code == 0


def test_the_starter_is_yaml_that_any_reader_takes() -> None:
    assert yaml.safe_load((ROOT / "config/portals.yaml").read_text(encoding="utf-8"))["version"] == 1


def test_the_web_server_in_the_readme_allows_what_pages_allow_themselves() -> None:
    """And besides that nobody may frame them, which a page cannot say."""
    [block] = blocks(ROOT / "README.md", "nginx")
    [header] = re.findall(r'Content-Security-Policy "(.*)"', block)
    page = (ROOT / "templates/base.html").read_text(encoding="utf-8")
    [meta] = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', page)
    assert {*header.split("; ")} == {*meta.split("; "), "frame-ancestors 'none'"}
