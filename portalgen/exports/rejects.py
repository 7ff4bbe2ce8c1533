"""Rows that cannot be shown as they are: listed as problems, or held back with the whole document they belong to."""

from collections.abc import Iterator

from portalgen.errors import Problem, shown
from portalgen.exports.checks import SHOWN, Fault
from portalgen.exports.layouts import quoted
from portalgen.exports.report import Reject
from portalgen.exports.staging import Staging
from portalgen.exports.values import bare, bare_sql
from portalgen.model import ExportSource


def listed(staging: Staging, fault: Fault) -> Iterator[Problem]:
    """The first rows with a fault, and at the next one how many there are besides."""
    if fault.is_of_file:
        yield from _listed_by_file(staging, fault)
        return
    part = fault.part
    [(count,)] = staging.database.rows(f"SELECT count(*) FROM {fault.table} WHERE {fault.condition}")
    rows = staging.database.rows(
        f"SELECT file, file_row, {fault.column} FROM {fault.table} WHERE {fault.condition} "
        f"ORDER BY file, file_row LIMIT {SHOWN + 1}"
    )
    placed = [*zip(rows, staging.places(fault.column, rows, part.prefix), strict=True)]
    for (_, _, value), where in placed[:SHOWN]:
        text = bare(str(value))
        message = fault.message.format(value=shown(text))
        yield Problem(where, f"{fault.column}: {message}", fault.hint(text))
    for _, where in placed[SHOWN:]:
        yield Problem(where, f"{fault.column}: {count - SHOWN} more like these")


def _listed_by_file(staging: Staging, fault: Fault) -> Iterator[Problem]:
    """The first row with a fault in each file, and how many more there are in it."""
    rows = staging.database.rows(
        f"SELECT file, min(file_row), arg_min({fault.column}, file_row), count(*) FROM {fault.table} "
        f"WHERE {fault.condition} GROUP BY file ORDER BY file LIMIT {SHOWN}"
    )
    for (_, _, value, count), where in zip(rows, staging.places(fault.column, rows, fault.part.prefix), strict=True):
        text = bare(str(value))
        more = f"; so are {count - 1} more" if count > 1 else ""
        yield Problem(where, f"{fault.column}: {fault.message.format(value=shown(text))}{more}", fault.hint(text))


_AGAIN = "versions of what is held back"
_BARE = r"regexp_replace(number, '^[\s\p{Z}\p{C}]+|[\s\p{Z}\p{C}]+$|\p{C}', '', 'g')"
"""A number without what cannot be seen in it: one that is wrong for that alone is of the same document."""


class Quarantine:
    """What is held back of the exports that say `on_error: quarantine`."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._database = staging.database
        self._database.run(
            "CREATE TABLE rejects (source INTEGER, type VARCHAR, number VARCHAR, is_line BOOLEAN, "
            "file INTEGER, file_row BIGINT, name VARCHAR, prefix VARCHAR, reason VARCHAR)"
        )
        self._database.run("CREATE TABLE held_back (type VARCHAR, number VARCHAR)")
        for tally in staging.tallies:
            for number in tally.held_numbers:
                self._database.run("INSERT INTO held_back VALUES (?, ?)", tally.source.type, number)

    def hold_back(self, fault: Fault) -> None:
        """Hold back the documents that have rows with a fault."""
        part = fault.part
        reason = quoted(f"{fault.column}: {fault.message}")
        self._database.run(
            f"INSERT INTO rejects SELECT {self._number(part.source)}, '{part.type}', {part.key}, {part.is_lines}, "
            f"file, file_row, '{fault.column}', '{part.prefix}', "
            f"replace({reason}, '{{value}}', coalesce('''' || {bare_sql(fault.column)} || '''', '')) "
            f"FROM {fault.table} WHERE {fault.condition}"
        )

    def hold_back_differing(self, source: int) -> None:
        """Hold back the documents of an export (by its number) whose amounts do not add up."""
        self._database.run(
            "INSERT INTO rejects SELECT source, type, number, false, file, file_row, "
            f"coalesce(nullif(name, ''), 'number'), '', message FROM differences WHERE source = {source}"
        )
        self._database.run(
            "DELETE FROM transactions WHERE (type, number) IN "
            f"(SELECT (type, number) FROM differences WHERE source = {source})"
        )

    def remove(self) -> None:
        """Take what is held back out of the staged rows, and any other version of it, whichever export has it."""
        if not self._database.rows("SELECT 1 FROM rejects UNION ALL SELECT 1 FROM held_back LIMIT 1"):
            return
        self._database.run(
            f"INSERT INTO held_back SELECT DISTINCT type, unnest([number, {_BARE}]) FROM rejects WHERE number <> ''"
        )
        for part in self._staging.parts:
            mine = f"FROM rejects WHERE source = {self._number(part.source)}"
            own = (
                f"{part.key} IN (SELECT number {mine} AND number IS NOT NULL) "
                f"OR (file, file_row) IN (SELECT (file, file_row) {mine} AND number IS NULL)"
            )
            self._staging.remove(part, own)
            again = f"{part.key} IN (SELECT number FROM held_back WHERE type = '{part.type}')"
            [(count,)] = self._database.rows(f"SELECT count(*) FROM {part.table} WHERE {again}")
            if count:
                self._staging.remove(part, again)
                self._staging.tally_of(part).leave_out(_AGAIN, 0 if part.is_lines else count)

    def counts(self) -> dict[int, int]:
        """How many documents are held back, by the number of the export."""
        counts = dict(self._database.rows(f"SELECT source, {_DOCUMENTS} FROM rejects GROUP BY source"))
        return {
            number: counts.get(number, 0) + len(tally.held_back) for number, tally in enumerate(self._staging.tallies)
        }

    def beyond_limits(self) -> list[Problem]:
        """The first faults, where more documents of an export are held back than its limit allows."""
        problems: list[Problem] = []
        counts = self.counts()
        for number, tally in enumerate(self._staging.tallies):
            source = tally.source
            if counts[number] > source.policy.limit:
                message = f"{counts[number]} {source.type} would be held back, and the limit is {source.policy.limit}"
                hint = "mend the export, or raise `limit`"
                problems.append(Problem(source.places["limit"], message, hint))
                problems += [*self._reasons(number), *tally.held_back[:SHOWN]]
        return problems

    def _reasons(self, number: int) -> Iterator[Problem]:
        for reject in self.rejects(f"WHERE source = {number}", SHOWN):
            yield Problem(reject.where, reject.reason)

    def rejects(self, condition: str = "", most: int = 1_000_000) -> Iterator[Reject]:
        """What is held back and why, in the order of the files."""
        rows = self._database.rows(
            f"SELECT file, file_row, type, coalesce(number, ''), reason, name, prefix FROM rejects {condition} "
            f"ORDER BY file, file_row, name LIMIT {most}"
        )
        places = self._staging.places_of_cells([(row[0], row[1], row[5], row[6]) for row in rows])
        for row, where in zip(rows, places, strict=True):
            yield Reject(row[2], row[3], where, row[4])

    def all(self) -> Iterator[Reject]:
        """What is held back and why: documents in the order of the files, then files that are documents."""
        yield from self.rejects()
        for tally in self._staging.tallies:
            for problem in tally.held_back:
                yield Reject(tally.source.type, problem.where.file, problem.where, problem.message)

    def _number(self, source: ExportSource) -> int:
        return next(number for number, tally in enumerate(self._staging.tallies) if tally.source is source)


_DOCUMENTS = "count(DISTINCT number) + count(DISTINCT (file, file_row)) FILTER (WHERE number IS NULL)"
