"""The samples of profiles, made into sites: case.yaml says of which files, and what is true.

Workbooks and PDFs are made here, out of the tables and XML files of the sample.
"""

import csv
import datetime
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import yaml
from pypdf import PdfWriter

SAMPLES = Path(__file__).parent / "profiles"
NAMES = sorted(folder.name for folder in SAMPLES.iterdir() if (folder / "case.yaml").is_file())


class _Text(yaml.SafeLoader):
    """Everything is text."""


_Text.yaml_implicit_resolvers = {}


def case_of(name: str) -> dict[str, Any]:
    """What case.yaml of a sample says."""
    said: dict[str, Any] = yaml.load((SAMPLES / name / "case.yaml").read_text(encoding="utf-8"), Loader=_Text)  # noqa: S506
    return said


def write_case(name: str, folder: Path) -> Path:
    """Write the sample's site into `folder`; returns its portals.yaml."""
    case = case_of(name)
    shutil.copytree(SAMPLES / name, folder, dirs_exist_ok=True)
    for file, sheets in case.get("workbooks", {}).items():
        _write_workbook(folder, file, sheets)
    for file, pdf in case.get("pdfs", {}).items():
        _write_pdf(folder / file, pdf["attach"], (folder / pdf["from"]).read_bytes())
    site = {"id": "x", "title": "x", **case["site"]}
    config = folder / "portals.yaml"
    config.write_text(json.dumps({"version": "1", "site": site, "exports": case["exports"]}), encoding="utf-8")
    return config


def _write_workbook(folder: Path, file: str, sheets: list[dict[str, Any]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for sheet in sheets:
        page = book.create_sheet(sheet["sheet"])
        with (folder / sheet["from"]).open(encoding="utf-8", newline="") as source:
            heading, *rows = csv.reader(source)
        page.append(heading)
        for row in rows:
            page.append([_cell(cell, title, sheet) for title, cell in zip(heading, row, strict=True)])
    book.save(folder / file)


def _cell(cell: str, title: str, sheet: dict[str, Any]) -> object:
    if not cell:
        return None
    if title in sheet.get("dates", ()):
        return datetime.datetime.fromisoformat(cell)
    if title in sheet.get("numbers", ()):
        return Decimal(cell)
    return cell.lower() in {"true", "yes"} if title in sheet.get("truths", ()) else cell


def _write_pdf(path: Path, name: str, data: bytes) -> None:
    writer = PdfWriter()
    writer.add_blank_page(width=100, height=100)
    writer.add_attachment(name, data)
    with path.open("wb") as file:
        writer.write(file)
