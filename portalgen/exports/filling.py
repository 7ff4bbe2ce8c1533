"""Staged rows of text -> the typed tables of the book, without what customers must not see."""

import datetime
from collections.abc import Iterator, Mapping, Sequence

from portalgen.book import Book
from portalgen.errors import Problem
from portalgen.exports.attachments import attach
from portalgen.exports.checks import sign_hint
from portalgen.exports.columns import HEADERS, LINES, Column, Kind
from portalgen.exports.integrity import differences, find_differences, find_negatives, too_fine
from portalgen.exports.layouts import quoted
from portalgen.exports.rejects import Quarantine
from portalgen.exports.remarks import remarks
from portalgen.exports.report import ExportReport, ReadingReport
from portalgen.exports.staging import Part, Staging
from portalgen.exports.visibility import hidden_sql, word_sql
from portalgen.model import RECEIPTS, ExportSource

_AMOUNT = "DECIMAL(21,6)"
_POSITION = "file::BIGINT * 1099511627776 + file_row"
"""Where a line stands in all files: they follow each other."""
_SHOWN, _FEW = 20, 3
_TYPES = {Kind.DATE: "DATE", Kind.DECIMAL: _AMOUNT, Kind.INTEGER: "INTEGER"}
_PEOPLE = ("customers", "contacts", "products", RECEIPTS)


class Filling:
    """The filling of one book."""

    def __init__(self, staging: Staging, site_currency: str) -> None:
        self._staging = staging
        self._database = staging.database
        self._site_currency = site_currency
        self._people: dict[int, int] = {}
        self.warnings: list[Problem] = [*staging.warnings]

    def fill(self) -> None:
        """Make the tables of the book from those of the staging."""
        for type_ in _PEOPLE:
            self._union(type_, [part for part in self._staging.parts if part.type == type_], HEADERS[type_])
        self._union("lines", [part for part in self._staging.parts if part.is_lines], LINES)
        columns = {name: column for name, column in HEADERS["invoices"].items() if column.kept}
        extra = {"type": "VARCHAR", "source": "INTEGER", "file": "INTEGER", "file_row": "BIGINT"}
        said = {name: _TYPES.get(column.kind, "VARCHAR") for name, column in columns.items()} | extra
        self._database.run(f"CREATE TABLE transactions ({', '.join(f'{name} {kind}' for name, kind in said.items())})")
        for part in self._staging.parts:
            if part.type in _PEOPLE:
                [(self._people[self._number(part)],)] = self._database.rows(f"SELECT count(*) FROM {part.table}")
            elif not part.is_lines:
                self._fill_documents(part, columns)
                self.warnings += attach(self._staging, part)

    def _union(self, view: str, parts: Sequence[Part], columns: Mapping[str, Column]) -> None:
        """One view of all parts of a kind, which may be none."""
        said = {name: _TYPES.get(column.kind, "VARCHAR") for name, column in columns.items() if column.kept}
        if view == "lines":
            said |= {"type": "VARCHAR", "position": "BIGINT", "discount_amount": _AMOUNT}
        none = ", ".join(f"NULL::{kind} AS {name}" for name, kind in said.items())
        selects = [f"SELECT {none} WHERE false"]
        for part in parts:
            own = f", {quoted(part.type)} AS type, {_POSITION} AS position" if part.is_lines else ""
            if view == RECEIPTS:
                own = f" REPLACE (coalesce(currency, {quoted(self._site_currency)}) AS currency)"
            selects.append(f"SELECT * EXCLUDE (file, file_row, is_bad, has_symbol){own} FROM {part.table}")
        self._database.run(f"CREATE VIEW {view} AS {' UNION ALL BY NAME '.join(selects)}")

    def _fill_documents(self, part: Part, columns: Mapping[str, Column]) -> None:
        hidden = hidden_sql(self._staging, part)
        self._count_hidden(part, hidden)
        picked = {name: name for name in columns} | {
            "type": quoted(part.type),
            "source": str(self._number(part)),
            "file": "file",
            "file_row": "file_row",
            "status": word_sql(part),
            "currency": f"coalesce(currency, {quoted(self._site_currency)})",
        }
        select = ", ".join(f"{expression} AS {name}" for name, expression in picked.items())
        shown = " AND ".join(f"NOT ({sql})" for sql in hidden.values())
        self._database.run(f"INSERT INTO transactions BY NAME SELECT {select} FROM {part.table} WHERE {shown}")

    def _count_hidden(self, part: Part, hidden: Mapping[str, str]) -> None:
        cases = " ".join(f"WHEN {sql} THEN {number}" for number, sql in enumerate(hidden.values()))
        tally = self._staging.tallies[self._number(part)]
        reasons = [*hidden]
        for reason, count in self._database.rows(
            f"SELECT CASE {cases} END AS r, count(*) FROM {part.table} GROUP BY r"
        ):
            if reason is not None:
                tally.leave_out(reasons[reason], count)

    def refuse_negatives(self, book: Book, quarantine: Quarantine) -> Iterator[Problem]:
        """Credit notes with an amount below zero that follows from others; a quarantine holds them back."""
        notes = [*book.credit_notes_worked_out()]
        find_negatives(self._database, notes)
        amounts = [[each for each in (note.total, note.net, note.balance) if each] for note in notes]
        has_both = any(each and min(each) > 0 for each in amounts) or book.has_sound_credit_notes()
        for number, source in enumerate(self._sources()):
            hint = sign_hint(is_turned=source.is_negative, has_both=has_both)
            yield from self._refused([number], quarantine, hint)

    def compare(self, quarantine: Quarantine) -> list[Problem]:
        """Compare amounts with each other. Returns the differences that an export refuses; others become warnings."""
        sources = self._sources()
        find_differences(self._database, [source.policy.tolerance for source in sources])
        self.warnings += self._too_fine()
        shown_anyway = "the portal shows what the export says; `tolerance` and `differences` tell what to do about it"
        refusing = [number for number, source in enumerate(sources) if source.policy.refuse_differences]
        self.warnings += self._listed(
            [number for number in range(len(sources)) if number not in refusing], shown_anyway
        )
        hint = "mend the export, raise `tolerance`, or show what it says: differences: report"
        return [*self._refused(refusing, quarantine, hint)]

    def remark(self, as_of: datetime.date) -> None:
        """Warn of dates that are hardly meant."""
        found = [*remarks(self._database, as_of)]
        places = self._staging.places_of_cells([(each.file, each.file_row, each.column, "") for each in found])
        self.warnings += [Problem(where, each.message, each.hint) for each, where in zip(found, places, strict=True)]

    def _too_fine(self) -> Iterator[Problem]:
        """Amounts that pages round, since their currency has fewer decimals: the first few, and how many more."""
        found, count = too_fine(self._database, _FEW + 1)
        places = self._staging.places_of_cells([(file, row, column, "") for file, row, column, _ in found])
        for (*_, message), where in zip(found[:_FEW], places, strict=False):
            yield Problem(where, message, "mend the amount, or the currency, where it is written")
        for where in places[_FEW:]:
            yield Problem(where, f"{count - _FEW} more amounts with more decimals than their currency has")

    def _sources(self) -> list[ExportSource]:
        return [tally.source for tally in self._staging.tallies]

    def _refused(self, exports: list[int], quarantine: Quarantine, hint: str) -> Iterator[Problem]:
        """The differences found in some exports, by their numbers; a quarantine holds back those of its own."""
        sources = self._sources()
        for number in exports:
            if sources[number].policy.quarantine:
                quarantine.hold_back_differing(number)
        yield from self._listed([number for number in exports if not sources[number].policy.quarantine], hint)

    def _listed(self, sources: list[int], hint: str) -> Iterator[Problem]:
        found, count = differences(self._database, sources, _SHOWN + 1)
        places = self._staging.places_of_cells([(each.file, each.file_row, each.column, "") for each in found])
        for difference, where in zip(found[:_SHOWN], places, strict=False):
            yield Problem(where, f"{difference.type}: {difference.number}: {difference.message}", hint)
        for where in places[_SHOWN:]:
            yield Problem(where, f"{count - _SHOWN} more amounts that do not add up")

    def report(self, quarantine: Quarantine) -> ReadingReport:
        """What there is to tell besides the book."""
        exports = []
        documents = dict(self._database.rows("SELECT source, count(*) FROM transactions GROUP BY source"))
        held_back = quarantine.counts()
        for number, tally in enumerate(self._staging.tallies):
            type_ = tally.source.type
            dropped = tuple(dict.fromkeys(title for file in tally.staged for title in file.dropped))
            exports.append(
                ExportReport(
                    type=type_,
                    files=tuple(tally.files),
                    rows=tally.rows,
                    shown=self._people.get(number, 0) if type_ in _PEOPLE else documents.get(number, 0),
                    left_out=dict(tally.left_out),
                    dropped=dropped,
                    others=tuple(tally.others),
                    held_back=held_back.get(number, 0),
                    left_out_values=tuple(tally.left_out_values()),
                )
            )
        return ReadingReport(tuple(exports), tuple(self.warnings), tuple(quarantine.all()))

    def _number(self, part: Part) -> int:
        return next(number for number, tally in enumerate(self._staging.tallies) if tally.source is part.source)
