"""What the documentation shows works as it stands."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from portalgen.cli import main
from portalgen.commands.check import check
from portalgen.definitions import load
from portalgen.exports.columns import HEADERS, LINES

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


def test_the_export_with_other_headings_reads_files_that_have_them(tmp_path: Path) -> None:
    [text] = blocks(ROOT / "docs/exports.md", "yaml")
    (tmp_path / "exports").mkdir()
    (tmp_path / "portals.yaml").write_text(
        f"version: 1\nsite: {{id: docs, title: Docs, currency: EUR}}\n{text}"
        "  - {type: customers, path: customers.csv}\nportals:\n  one: {customer: C-1, show: [orders]}\n",
        encoding="utf-8",
    )
    (tmp_path / "customers.csv").write_text("id,name\nC-1,One\n", encoding="utf-8")
    for month in ("01", "02"):
        (tmp_path / f"exports/orders-{month}.csv").write_text(
            f"OrderID,CustomerID,OrderDate,EmployeeID,Freight,status\nO-{month},C-1,2026-{month}-01,7,n/a,Open\n"
            f"X-{month},C-1,2026-{month}-01,7,NULL,Draft\n",
            encoding="utf-8",
        )
    (tmp_path / "exports/order_details.csv").write_text(
        "OrderID,ProductID,quantity,unit_price,discount\nO-01,P-1,2,10.00,0.15\n", encoding="utf-8"
    )
    report = check(tmp_path / "portals.yaml")
    assert report.wrong == []
    [(_, extents)] = report.links
    assert extents["orders"].count == 2, "drafts stay hidden"


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
