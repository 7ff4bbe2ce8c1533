"""Sites over files of any kind, and the book that is read of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.definitions import load
from portalgen.errors import InvalidInputError
from portalgen.exports.reader import read_exports
from portalgen.exports.report import ExportReport, ReadingReport
from portalgen.model import Account, Transaction

Entry = Mapping[str, Any]
"""An entry of `exports:`."""


@dataclass(frozen=True)
class Read:
    """What was read of a site."""

    accounts: Sequence[Account]
    report: ReadingReport

    @property
    def documents(self) -> dict[tuple[str, str], Transaction]:
        """Every transaction by type and number."""
        return {(each.type, each.number): each for account in self.accounts for each in account.transactions}

    def numbered(self, type_: str) -> dict[str, Transaction]:
        """The transactions of a type by number."""
        return {number: each for (type_of_it, number), each in self.documents.items() if type_of_it == type_}

    def export(self, type_: str) -> ExportReport:
        """What is told of the one entry of a type."""
        [found] = [export for export in self.report.exports if export.type == type_]
        return found

    def warnings(self) -> list[str]:
        """The warnings, a line each, without hints."""
        return [f"{problem.where}: {problem.message}" for problem in self.report.warnings]


def write_site(folder: Path, exports: Sequence[Entry], **site: str) -> Path:
    """Write a site's portals.yaml, and return its path."""
    said = {"version": 1, "site": {"id": "x", "title": "x", "currency": "EUR", **site}, "exports": [*exports]}
    config = folder / "portals.yaml"
    config.write_text(json.dumps(said), encoding="utf-8")
    return config


def read_site(folder: Path, exports: Sequence[Entry], **site: str) -> Read:
    """What the importer reads of files below `folder`."""
    with read_exports(load(write_site(folder, exports, **site))) as book:
        return Read([*book.accounts(book.customers())], book.report)


def refused(folder: Path, exports: Sequence[Entry], **site: str) -> list[str]:
    """What the importer has against files below `folder`, a line each, without hints; nothing if it reads them."""
    try:
        read_site(folder, exports, **site)
    except InvalidInputError as error:
        return [f"{problem.where}: {problem.message}" for problem in error.problems]
    return []


def hints(folder: Path, exports: Sequence[Entry]) -> list[str]:
    """The hints of what the importer has against files below `folder`."""
    try:
        read_site(folder, exports)
    except InvalidInputError as error:
        return [problem.hint for problem in error.problems]
    return []
