"""Rows of reports, as SQL: which of them name a group, and which end one because nobody knows what they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portalgen.exports.columns import HEADERS
from portalgen.exports.headings import normal
from portalgen.exports.values import quoted
from portalgen.model import ExportSource

_UNSEEN = " \t\r\n\u00a0\u2009\u202f\u3000\u200b\ufeff"
_DAY = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(\D|$)"


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row of a file of documents. `columns` are the indexes of the cells that fill each column, by its key."""

    source: ExportSource
    heading: Sequence[str]
    columns: Mapping[str, tuple[int, ...]]

    @property
    def cells(self) -> list[str]:
        """SQL of each cell, NULL where there is nothing to see in it."""
        return [self.cell(index) for index in range(len(self.heading))]

    def cell(self, index: int) -> str:
        """SQL of one cell, NULL where there is nothing to see in it or what stands for nothing."""
        seen = f"nullif(trim(c{index}, {quoted(_UNSEEN)}), '')"
        for text in self.source.empty:
            seen = f"nullif({seen}, {quoted(text)})"
        return seen

    def first_text(self) -> str:
        """SQL of the text in the first cell that has one."""
        return f"coalesce({', '.join(self.cells)})"

    def is_group(self) -> str:
        """SQL that is true of a row that names a group: one with nothing but its first cell filled."""
        return f"({self.cell(0)} IS NOT NULL AND {self._filled()} = 1)"

    def ends_group(self) -> str:
        """SQL that is true of a row below which nobody can tell which group it is.

        It has a text where groups have their names, and is neither a group nor what stands there otherwise: where the
        first cell is a column's, a document with the cells that each must have, or a row that begins with a day.
        Totals end their groups, too. So does a name that stands alone in a row and is indented.
        """
        ends = f"({self.cell(0)} IS NOT NULL AND NOT {self.is_group()} AND NOT {self._is_ordinary()})"
        indented = [self.cell(index) for index in range(1, min(self._read(), default=0) + 1)]
        if indented:
            ends += f" OR (coalesce({', '.join(indented)}) IS NOT NULL AND {self._filled()} = 1)"
        return f"({ends})"

    def _is_ordinary(self) -> str:
        if 0 not in self._read() or 0 in self.columns.get(self.source.groups, ()):
            return "false"
        needed = [name for name, column in HEADERS[self.source.type].items() if column.required]
        others = [indexes for name in needed if (indexes := self.columns.get(name, ())) and indexes != (0,)]
        there = [f"coalesce({', '.join(map(self.cell, indexes))}) IS NOT NULL" for indexes in others]
        begins_with_day = f"regexp_matches({self.cell(0)}, '{_DAY}')" if 0 in self.columns.get("date", ()) else "false"
        return f"(({' AND '.join(there) or 'false'}) OR {begins_with_day})"

    def _filled(self) -> str:
        """SQL of how many cells have something in them."""
        return f"({' + '.join(f'({cell} IS NOT NULL)::INTEGER' for cell in self.cells)})"

    def _read(self) -> set[int]:
        """The indexes of the cells that something is read from."""
        titles = [normal(title) for title in self.heading]
        of_rows = {titles.index(normal(title)) for title in self.source.rows if normal(title) in titles}
        return of_rows | {index for indexes in self.columns.values() for index in indexes}
