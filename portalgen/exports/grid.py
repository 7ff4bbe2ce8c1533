"""Rows of text, as readers of workbooks, JSON, databases and e-invoices hand them over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row: '' for nothing in a cell; rows of one grid may differ in length.

    `origin` is the row's number in its sheet, the record's in its file, or the file's in the grid's `sources`, each
    from 1; 0 for a heading that no file holds. `numbers` are the indexes of the cells stored as numbers, which
    have a point before the decimals, whatever mark the export's texts have there.
    """

    origin: int
    cells: Sequence[str]
    numbers: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows out of a file that is not delimited text, title rows and the heading among them, to be iterated once.

    `name` is what messages call the file. `unit` says what an origin counts: 'row', 'record' or 'file'.
    """

    name: str
    rows: Iterable[GridRow]
    unit: str = "row"
    sources: Sequence[str] = ()
