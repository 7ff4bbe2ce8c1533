"""Which rows count, as SQL: what `rows` leaves out, what names a group or is a total, what ends groups or documents."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from portalgen.exports.columns import HEADERS, LINES, SUMS, Column, Kind
from portalgen.exports.headings import normal
from portalgen.exports.values import quoted
from portalgen.model import ExportSource

_UNSEEN = " \t\r\n\u00a0\u2009\u202f\u3000\u200b\ufeff"
_OF_SUMS = SUMS | {"currency", "unit"}
_IN_LINES = "line."
_DAY = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(\D|$)"


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row of a file of documents, or (`is_lines`) of one of nothing but lines.

    `columns` are the indexes of the cells that fill each column, by its key, which begins with 'line.' where it is a
    line's in a file of documents.
    """

    source: ExportSource
    heading: Sequence[str]
    columns: Mapping[str, tuple[int, ...]]
    is_lines: bool = False

    @property
    def cells(self) -> list[str]:
        """SQL of each cell, NULL where there is nothing to see in it."""
        return [self.cell(index) for index in self._all]

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
        return f"({self.cell(0)} IS NOT NULL AND {self._filled(self._all)} = 1)"

    def ends_group(self) -> str:
        """SQL that is true of a row below which nobody can tell which group it is.

        It has a text where groups have their names, and is neither a group nor what stands there otherwise: where the
        first cell is a column's, a document with the cells that each must have, or a row that begins with a day.
        Totals end their groups, too. So does a name that stands alone in a row and is indented.
        """
        ends = f"({self.cell(0)} IS NOT NULL AND NOT {self.is_group()} AND NOT {self._is_ordinary()})"
        indented = [self.cell(index) for index in range(1, min(self._read(), default=0) + 1)]
        if indented:
            ends += f" OR (coalesce({', '.join(indented)}) IS NOT NULL AND {self._filled(self._all)} = 1)"
        return f"({ends})"

    def is_total(self) -> str:
        """SQL that is true of a row that sums up others: it begins like one of `totals`, and all else in it are sums.

        A row with anything else that is read is a document or a line, of a customer or an item that is called so, and
        so is one with a quantity whose item begins like a total; unless it repeats the heading.
        """
        if not self.source.totals:
            return "false"
        first = f"lower({self.first_text()})"
        begins = " OR ".join(f"starts_with({first}, {quoted(text.lower())})" for text in self.source.totals)
        others = [index for index in self._read() if not self._is_sum(index)]
        is_sum = f"{self._filled(others)} = ({self._first_is_in(others)})::INTEGER"
        whole = ", ".join(quoted(text.strip(" :").lower()) for text in self.source.totals)
        items = [index for index in self._read() if {name for name, _ in self._at(index)} & {"item", "description"}]
        quantities = [index for index in self._read() if ("quantity", True) in self._at(index)]
        is_item = (
            f"({self._first_is_in(items)} AND {self._filled(quantities)} > 0 AND rtrim({first}, ' :') NOT IN ({whole}))"
        )
        return f"(coalesce({begins}, false) AND (({is_sum} AND NOT {is_item}) OR {self._repeats_heading()}))"

    def parts_documents(self) -> str:
        """SQL that is true of a row, not a document's, that further lines of the document above cannot stand below.

        That is any but a total among the lines, where lines have their texts.
        """
        of_lines = [index for index in self._read() if self.is_of_lines(index)]
        parts = f"({self.is_total()} AND NOT {self._first_is_in(of_lines)})"
        return f"({parts} OR {self.is_group()} OR {self.ends_group()})" if self.source.groups else parts

    def is_of_lines(self, index: int) -> bool:
        """Whether nothing but columns of lines is read from a cell."""
        return {is_line for _, is_line in self._at(index)} == {True}

    def _is_sum(self, index: int) -> bool:
        names = {name for name, _ in self._at(index)}
        return bool(names) and names <= _OF_SUMS

    def _repeats_heading(self) -> str:
        """SQL that is true of a row with a title in it where days or numbers are."""
        typed = {Kind.DATE, Kind.DECIMAL, Kind.INTEGER}
        again = [
            f"lower({self.cell(index)}) = {quoted(normal(self.heading[index]))}"
            for index in self._read()
            if any(self._column(name, is_line).kind in typed for name, is_line in self._at(index))
        ]
        return f"coalesce({' OR '.join(again) or 'false'}, false)"

    def _column(self, name: str, is_line: bool) -> Column:
        return (LINES if is_line else HEADERS[self.source.type])[name]

    def _at(self, index: int) -> set[tuple[str, bool]]:
        """The columns that a cell fills, and whether each is a line's; a discount may be an amount."""
        keys = [key for key, indexes in self.columns.items() if index in indexes]
        at = {(key.removeprefix(_IN_LINES), self.is_lines or key.startswith(_IN_LINES)) for key in keys}
        if self.source.lines and self.source.lines.discount == "amount" and ("discount", True) in at:
            at = {*at, ("discount_amount", True)} - {("discount", True)}
        return at

    def _first_is_in(self, indexes: Collection[int]) -> str:
        """SQL that is true where the first cell that has something in it is one of these."""
        cases = " ".join(f"WHEN {cell} IS NOT NULL THEN {index in indexes}" for index, cell in enumerate(self.cells))
        return f"(CASE {cases} ELSE false END)"

    def _is_ordinary(self) -> str:
        if 0 not in self._read() or 0 in self.columns.get(self.source.groups, ()):
            return "false"
        required = [name for name, column in HEADERS[self.source.type].items() if column.required]
        needed = [name for name in required if name != self.source.groups]
        others = [indexes for name in needed if (indexes := self.columns.get(name, ())) and indexes != (0,)]
        there = [f"coalesce({', '.join(map(self.cell, indexes))}) IS NOT NULL" for indexes in others]
        begins_with_day = f"regexp_matches({self.cell(0)}, '{_DAY}')" if 0 in self.columns.get("date", ()) else "false"
        return f"(({' AND '.join(there) or 'false'}) OR {begins_with_day})"

    @property
    def _all(self) -> range:
        return range(len(self.heading))

    def _filled(self, indexes: Sequence[int]) -> str:
        """SQL of how many of these cells have something in them."""
        return f"len(list_filter([{', '.join(map(self.cell, indexes))}]::VARCHAR[], lambda cell: cell IS NOT NULL))"

    def _read(self) -> set[int]:
        """The indexes of the cells that something is read from."""
        titles = [normal(title) for title in self.heading]
        of_rows = {titles.index(normal(title)) for title in self.source.rows if normal(title) in titles}
        return of_rows | {index for indexes in self.columns.values() for index in indexes}


def extra_columns(source: ExportSource) -> dict[str, str]:
    """The columns, with their types, that a table needs besides its cells to tell which rows count."""
    is_wanted = source.rows or source.totals or source.groups
    texts = ("kind", "first_text", "verdicts", "other_text", "other_line_text")
    truths = ("is_other", "is_other_line", "ends_group", "parts")
    return dict.fromkeys(texts, "VARCHAR") | dict.fromkeys(truths, "BOOLEAN") if is_wanted else {}


def extra_cells(
    source: ExportSource, heading: Sequence[str], columns: Mapping[str, tuple[int, ...]], *, is_lines: bool
) -> dict[str, str]:
    """SQL for each of the extra columns.

    `kind` is NULL for a row that counts, as far as the row alone can tell; `is_other` is true where a cell of the
    document's says that it does not count, and `verdicts` has a letter for each such cell: k for one that says that it
    counts, o for another, - for nothing in it; `is_other_line` is true where the line of a document's does not count;
    `first_text` is the text that made a row a group or a total; `other_text` and `other_line_text` are, of what does
    not count, the place of the heading that says so among those of `rows`, a colon, and the cell;
    `ends_group` is true of a row below which no group is known, and `parts` of one below which no document goes on.
    `columns` are the indexes of the cells that fill each column. Lines in files of their own are in no groups.
    """
    if not extra_columns(source):
        return {}
    row = ReportRow(source, heading, columns, is_lines)
    others = _others(row)
    is_grouped = source.groups and not is_lines
    cases = [f"WHEN {row.is_group()} THEN 'group'"] if is_grouped else []
    cases += [f"WHEN {row.is_total()} THEN 'total'"] if source.totals else []
    cases += [f"WHEN {condition} THEN 'other'" for condition in others.rows]
    kind = f"CASE {' '.join(cases)} END" if cases else "NULL::VARCHAR"
    return {
        "kind": kind,
        "first_text": f"CASE WHEN {kind} IN ('group', 'total') THEN {row.first_text()} END",
        "is_other": " OR ".join(others.documents.values()) or "false",
        "is_other_line": " OR ".join(others.lines) or "false",
        "verdicts": " || ".join(_verdict(cell, is_other) for cell, is_other in others.documents.items()) or "''",
        "other_text": _first_of(others.texts),
        "other_line_text": _first_of(others.line_texts),
        "ends_group": row.ends_group() if is_grouped else "false",
        "parts": row.parts_documents() if source.layout == "continuation" else "false",
    }


def _verdict(cell: str, is_other: str) -> str:
    return f"CASE WHEN coalesce(trim({cell}), '') = '' THEN '-' WHEN {is_other} THEN 'o' ELSE 'k' END"


def _first_of(cases: Sequence[str]) -> str:
    """SQL of the text of the first case that is so, or NULL."""
    return f"CASE {' '.join(cases)} END" if cases else "NULL::VARCHAR"


@dataclass(frozen=True, slots=True)
class _Others:
    """SQL that is true of what `rows` leaves out: of whole rows, of the lines in them, and by the cell that says so of
    documents, in their first rows. With each goes what to call such a row, or the line in it."""

    rows: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    line_texts: list[str] = field(default_factory=list)


def _others(row: ReportRow) -> _Others:
    source, titles, others = row.source, [normal(title) for title in row.heading], _Others()
    inner = f"{source.lines.records}." if source.lines and source.lines.records else ""
    for place, (title, texts) in enumerate(source.rows.items()):
        if normal(title) not in titles:
            continue
        index = titles.index(normal(title))
        wanted = ", ".join(quoted(text.lower()) for text in texts)
        is_other = f"lower(coalesce(trim(c{index}), '')) NOT IN ({wanted})"
        text = f"WHEN {is_other} THEN '{place}:' || coalesce(trim(c{index}), '')"
        is_line = (inner and title.startswith(inner)) or row.is_of_lines(index)
        if not source.lines or source.layout in {"two-files", "repeat"}:
            others.rows.append(is_other)
            others.texts.append(text)
        elif is_line:
            others.lines.append(is_other)
            others.line_texts.append(text)
        else:
            others.documents[f"c{index}"] = is_other
            others.texts.append(text)
    return others
