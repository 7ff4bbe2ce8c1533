"""Entries as a person will get to see them first: what was guessed, and what is to be checked, said beside it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portalgen.exports.inspect_entry import Entry
from portalgen.exports.inspect_examine import Examined
from portalgen.exports.inspect_files import FileLook, TableLook
from portalgen.exports.inspect_guess import NOT_FOR_CUSTOMERS, Guess
from portalgen.exports.inspect_systems import Fit
from portalgen.model import TRANSACTION_TYPES

_EMPTY = {"NULL", "null", "N/A", "n/a", "\\N", "None", "-"}
"""Texts that most likely mean that there is nothing."""
_PERSONS = {"fullname", "contactname", "contact", "lastname", "surname"}
_NOT_ZERO = re.compile("[1-9]")
_FRACTION = re.compile(r"0*[.]\d+|[01]")


def guessed_entry(found: Guess, look: FileLook, table: TableLook) -> Entry:
    """An entry of what was guessed, each guess marked."""
    keys: dict[str, Any] = {"type": found.type, "path": look.path, **look.declared}
    if len(look.tables) > 1:
        keys["records" if look.format == "json" else "sheet"] = table.name
    entry = Entry(keys)
    if found.is_own and not found.missing:
        note_name(entry)
        return entry
    if found.layout:
        keys["layout"] = found.layout
    if found.type in TRANSACTION_TYPES:
        keys |= {"dates": "prove", "decimal": "prove"}
    elif found.type == "products":
        keys["decimal"] = "prove"
    keys |= {"columns": dict(found.columns), "ignore": "ALL"}
    if empty := sorted({cell for row in table.rows for cell in row if cell in _EMPTY}):
        keys["empty"] = empty
    mark(entry, found.columns, found.near, ("columns",))
    _name_all(entry, found, table)
    for name in found.missing:
        keys["columns"][name] = "..."
        entry.comments["columns", name] = "no heading looks like it: name it"
    if found.lines:
        keys["lines"] = {"columns": dict(found.lines)}
        near = frozenset(name.removeprefix("line.") for name in found.near if name.startswith("line."))
        mark(entry, found.lines, near, ("lines", "columns"))
        mark_discount(entry, table)
    entry.notes.append("guessed by names alone: check each line")
    note_name(entry)
    return entry


def mark(entry: Entry, columns: Mapping[str, str], near: frozenset[str], at: tuple[str, ...]) -> None:
    for name, title in columns.items():
        if name in near:
            entry.comments[*at, name] = "only the name is near: check"
        elif name != title:
            entry.comments[*at, name] = "check"


def _name_all(entry: Entry, found: Guess, table: TableLook) -> None:
    """Where customers without a company's name are among the first rows, name a person's name as the second choice."""
    title = found.columns.get("name", "") if found.type == "customers" else ""
    at = found.heading.index(title) if title else -1
    below = table.rows[table.rows.index(found.heading) + 1 :]
    person = next((each for each in found.heading if re.sub(r"[\W_]", "", each.casefold()) in _PERSONS), "")
    if title and person and person != title and any(any(row) and not row[at] for row in below if len(row) > at):
        entry.keys["columns"]["name"] = {"first": [title, person]}
        entry.comments["columns", "name"] = "check: some have no company"


def mark_discount(entry: Entry, table: TableLook) -> None:
    """Say how the discounts of an entry's lines look: as fractions, where all in the first rows are from 0 to 1."""
    title = entry.keys["lines"]["columns"].get("discount")
    if not title:
        return
    at = next((row.index(title) for row in table.rows if title in row), None)
    below = [row[at] for row in table.rows if at is not None and len(row) > at and row[at] not in {"", title}]
    numbers = [cell.replace(",", ".") for cell in below]
    lines = entry.keys["lines"]
    if any(_NOT_ZERO.search(number) for number in numbers) and all(_FRACTION.fullmatch(number) for number in numbers):
        entry.keys["lines"] = {**lines, "discount": "fraction"}
        entry.comments["lines", "discount"] = "check: 0.15 is 15 %"
    else:
        entry.comments["lines", "columns", "discount"] = "check: a percentage, or else discount: fraction, or amount"


def note_name(entry: Entry) -> None:
    if NOT_FOR_CUSTOMERS.search(Path(str(entry.keys["path"])).stem):
        entry.notes.append("by its name, this is nothing for customers: leave it out unless you know better")


def note_rivals(entry: Entry, fit: Fit, rivals: Sequence[Fit]) -> None:
    """Say what the headings do not tell."""
    equal = [rival for rival in rivals if rival.recognised == fit.recognised]
    if types := [rival.type for rival in equal if rival.profile == fit.profile and not fit.named]:
        entry.notes.append(f"the headings do not tell the type: it could be {' or '.join(types)} as well")
    if names := [rival.profile for rival in equal if rival.profile != fit.profile and rival.rank == fit.rank]:
        entry.notes.append(f"the headings do not tell the system: it could be {' or '.join(names)} as well")


def note_encoding(entry: Entry) -> None:
    if encoding := entry.keys.get("encoding"):
        entry.notes.append(f"{encoding} is what the bytes look like: check a word with an accent")


def note_choices(entry: Entry, examined: Examined) -> None:
    """Name the settings between which the file does not decide."""
    for key, style in {"dates": examined.dates, "decimal": examined.decimals}.items():
        if style.is_open:
            choices = " or ".join(f'"{setting}"' for setting in style.settings[:3])
            entry.notes.append(f"the file does not tell: add {key}: {choices}")


def note_statuses(entry: Entry, examined: Examined) -> None:
    shown = [status.written for status in examined.statuses if status.verdict == "shown"]
    if shown and "columns" in entry.keys:
        entry.keys["status"] = {written: written for written in shown}
        entry.comments |= {("status", written): "check: what customers read" for written in shown}
    if shown:
        listed = ", ".join(shown[:12])
        entry.notes.append(f"all these are shown unless `visible` says otherwise: {listed}")
