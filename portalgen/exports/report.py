"""What reading the exports has to tell besides the book: what was left out, what is held back, what does not add up."""

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portalgen.errors import Location, Problem


@dataclass(frozen=True, slots=True)
class Reject:
    """A document (or customer, contact, product) of `type` that is held back, and one reason why."""

    type: str
    number: str
    where: Location
    reason: str


MOST_VALUES = 1000
"""How many different values that `rows` leaves out are counted."""


@dataclass(frozen=True, slots=True)
class LeftOutValue:
    """A cell under a `heading` of `rows` that is none of those to be kept, and how many rows or documents have it."""

    heading: str
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What became of one entry of `exports:`.

    `rows` were read from `files`; `shown` documents (or customers, contacts, products) came out. `left_out` counts, by
    the reason, rows or documents that did not; `dropped` are headings that nothing is read from; `others` are files
    that hold another type of document; `held_back` is how many are in quarantine; `left_out_values` are what `rows`
    left out, the most frequent first.
    """

    type: str
    files: tuple[str, ...]
    rows: int
    shown: int
    left_out: Mapping[str, int]
    dropped: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    held_back: int = 0
    left_out_values: tuple[LeftOutValue, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingReport:
    """What reading all exports has to tell."""

    exports: tuple[ExportReport, ...] = ()
    warnings: tuple[Problem, ...] = ()
    rejects: tuple[Reject, ...] = ()


def rejects_file(build: Path) -> Path:
    """Where what is held back stands in a build folder."""
    return build / "rejects.csv"


def write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    """Write what is held back, and why, to a CSV file for its owner alone; with nothing to write, remove it."""
    path.unlink(missing_ok=True)
    if not rejects:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["type", "number", "file", "line", "column", "reason"])
        for reject in rejects:
            where = reject.where
            number, name, reason = (_inert(text) for text in (reject.number, where.file, reject.reason))
            writer.writerow([reject.type, number, name, where.line or "", where.column or "", reason])


def _inert(text: str) -> str:
    """`text` such that a spreadsheet does not take it for a formula (OWASP, CSV injection)."""
    return f"'{text}" if re.match(r"\s*[=+@\uff1d\uff0b\uff0d\uff20-]", text) else text
