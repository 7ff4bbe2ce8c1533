"""Exports of one type, read with whatever an entry of `exports:` says; customers C-1 and C-2 come along."""

from dataclasses import dataclass
from pathlib import Path

from portalgen.definitions import load
from portalgen.errors import InvalidInputError, Problem
from portalgen.exports.reader import read_exports
from portalgen.exports.report import ExportReport, Reject
from portalgen.model import Account, Transaction
from tests.books import write

CUSTOMERS = "{type: customers, path: customers.csv}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came out: the accounts, the report on the last entry, and what there was to warn of."""

    accounts: list[Account]
    export: ExportReport
    warnings: list[str]
    rejects: tuple[Reject, ...]

    @property
    def documents(self) -> list[Transaction]:
        return [each for account in self.accounts for each in account.transactions]

    @property
    def lines(self) -> dict[str, list[str]]:
        """By number, the descriptions of the lines."""
        return {each.number: [line.description for line in each.lines] for each in self.documents}

    @property
    def owners(self) -> dict[str, str]:
        """By number, whose document it is."""
        return {each.number: each.customer_id for each in self.documents}

    @property
    def held_back(self) -> list[tuple[str, str]]:
        return [(reject.number, reject.reason) for reject in self.rejects]


def imported(folder: Path, files: dict[str, str | bytes], *entries: str, customers: str = CUSTOMERS) -> Imported:
    """The book of `files` (beside customers.csv) under these entries. Raises InvalidInputError."""
    config = _written(folder, files, entries, customers)
    with read_exports(load(config)) as book:
        accounts = [*book.accounts(book.customers())]
        warnings = [str(problem) for problem in book.report.warnings]
        return Imported(accounts, book.report.exports[-1], warnings, book.report.rejects)


def refused(folder: Path, files: dict[str, str | bytes], *entries: str, customers: str = CUSTOMERS) -> list[str]:
    """What is wrong with them, a line for each problem and for its hint."""
    return [line for problem in refusals(folder, files, *entries, customers=customers) for line in _said(problem)]


def refusals(folder: Path, files: dict[str, str | bytes], *entries: str, customers: str = CUSTOMERS) -> list[Problem]:
    """What is wrong with them; nothing if they can be read."""
    try:
        imported(folder, files, *entries, customers=customers)
    except InvalidInputError as error:
        return [*error.problems]
    return []


def _said(problem: Problem) -> list[str]:
    return str(problem).replace("\n  hint", "\nhint").split("\n")


def _written(folder: Path, files: dict[str, str | bytes], entries: tuple[str, ...], customers: str) -> Path:
    texts = {name: text for name, text in files.items() if isinstance(text, str)}
    config = write(folder, texts, f"[{', '.join([customers, *entries])}]")
    for name, data in files.items():
        if isinstance(data, bytes):
            (folder / name).write_bytes(data)
    return config
