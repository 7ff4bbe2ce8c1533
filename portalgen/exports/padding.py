"""Files whose cells are all padded with blanks to the width of their column: known by their lengths alone.

A blank at the end of one id among others may be meant, or somebody's slip: it stays, for the checks to refuse. Of cells
that are all of one length, no two become the same when the blanks at one end are taken off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portalgen.database import CsvShapeError, Database
from portalgen.exports.sniffing import lines_of, rows_of
from portalgen.exports.textfile import TextTable

_HEAD = 64 * 1024
"""Characters in which the first rows are looked for."""


@dataclass(frozen=True, slots=True)
class _Column:
    """The shortest and the longest cell of a column (0 for an empty one), the same without blanks at their ends, and
    whether any has text and blanks behind it."""

    shortest: int
    longest: int
    shortest_bare: int
    longest_bare: int
    has_blanks_behind: bool

    @property
    def has_width(self) -> bool:
        """Whether all cells are of one length."""
        return 0 < self.shortest == self.longest

    @property
    def is_uneven(self) -> bool:
        """Whether the texts alone are not of one length."""
        return self.shortest_bare != self.longest_bare

    @property
    def trim(self) -> str:
        """The function of SQL that takes the blanks off."""
        return "rtrim" if self.has_blanks_behind else "ltrim"


def padded_cells(database: Database, text: TextTable) -> Mapping[int, str]:
    """The cells of a padded file, by their index, each with the function of SQL that takes its blanks off.

    In such a file, all cells of each column have one length, and none is empty. The texts of one column at least are
    not of one length, or its title is padded to that of its cells. Of other files, little but the first rows is read.
    """
    if not all(map(_may_have_width, zip(*_first_rows(text), strict=False))):
        return {}
    names = [f"c{index}" for index in range(len(text.heading))]
    rows = database.csv_rows(text.path, [*names, *["origin"] * bool(text.unit)], text.delimiter)
    try:
        [found] = database.csv_values(f"SELECT count(*), {', '.join(map(_measures, names))} FROM {rows}")
    except CsvShapeError:
        return {}
    if not found[0]:
        return {}
    columns = [_Column(*found[start : start + 5]) for start in range(1, len(found), 5)]
    is_titled = any(
        title.endswith(" ") and len(title) == each.longest for title, each in zip(text.heading, columns, strict=True)
    )
    if all(each.has_width for each in columns) and (is_titled or any(each.is_uneven for each in columns)):
        return {index: each.trim for index, each in enumerate(columns)}
    return {}


def _measures(name: str) -> str:
    length, bare = f"coalesce(length({name}), 0)", f"coalesce(length(trim({name}, ' ')), 0)"
    behind = f"coalesce(bool_or(ends_with({name}, ' ') AND {bare} > 0), false)"
    return f"min({length}), max({length}), min({bare}), max({bare}), {behind}"


def _may_have_width(cells: Sequence[str]) -> bool:
    return len({len(cell) for cell in cells}) == 1 and bool(cells[0])


def _first_rows(text: TextTable) -> list[tuple[str, ...]]:
    """The first rows below the heading that are whole."""
    with text.path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        head = file.read(_HEAD)
    rows = [row.cells for row in rows_of(lines_of(head), text.delimiter)][1 : -1 if len(head) == _HEAD else None]
    return [row[: len(text.heading)] for row in rows if row]
