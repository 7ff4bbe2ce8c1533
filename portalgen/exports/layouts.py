"""How rows make up documents: which rows count, which document a row belongs to, and where its lines are."""

from collections.abc import Iterator, Mapping, Sequence

from portalgen.database import Database
from portalgen.errors import Location, Problem, shown
from portalgen.exports.headings import normal
from portalgen.model import ExportSource

_KINDS = {"total": "totals", "group": "rows that name a group, or end the file", "other": "rows that `rows` leaves out"}


def missing_titles(source: ExportSource, heading: Sequence[str], where: Location) -> Iterator[Problem]:
    """The headings that `rows` goes by and the file does not have."""
    there = {normal(title) for title in heading}
    for title in source.rows:
        if normal(title) not in there:
            hint = "`rows` goes by it; say how it is called here, or leave `rows` out"
            yield Problem(where, f"column {shown(title)} is missing", hint)


def extra_columns(source: ExportSource) -> dict[str, str]:
    """The columns, with their types, that a table needs besides its cells to tell which rows count."""
    is_wanted = source.rows or source.totals or source.groups
    return {"kind": "VARCHAR", "group_name": "VARCHAR", "is_other": "BOOLEAN"} if is_wanted else {}


def extra_cells(source: ExportSource, heading: Sequence[str]) -> dict[str, str]:
    """SQL for each of the extra columns.

    `kind` is NULL for a row that counts, as far as the row alone can tell; `is_other` is true where a cell of the
    document's says that it does not count.
    """
    if not extra_columns(source):
        return {}
    cells = [f"c{index}" for index in range(len(heading))]
    of_rows, of_documents = _other(source, heading, cells)
    cases = []
    if source.groups:
        alone = " AND ".join([f"{cells[0]} IS NOT NULL", *(f"{cell} IS NULL" for cell in cells[1:])])
        cases.append(f"WHEN {alone} THEN 'group'")
    if source.totals:
        first = f"coalesce({', '.join(cells)}, '')"
        begins = " OR ".join(f"starts_with(lower(trim({first})), {quoted(text.lower())})" for text in source.totals)
        cases.append(f"WHEN {begins} THEN 'total'")
    cases += [f"WHEN {condition} THEN 'other'" for condition in of_rows]
    kind = f"CASE {' '.join(cases)} END" if cases else "NULL::VARCHAR"
    return {
        "kind": kind,
        "group_name": f"CASE WHEN {kind} = 'group' THEN trim({cells[0]}) END",
        "is_other": " OR ".join(of_documents) or "false",
    }


def _other(source: ExportSource, heading: Sequence[str], cells: Sequence[str]) -> tuple[list[str], list[str]]:
    """SQL that is true of rows that `rows` leaves out: conditions on rows, and on the first rows of documents."""
    titles = [normal(title) for title in heading]
    of_rows: list[str] = []
    of_documents: list[str] = []
    inner = source.lines.records if source.lines else ""
    for title, texts in source.rows.items():
        if normal(title) in titles:
            cell = cells[titles.index(normal(title))]
            wanted = ", ".join(quoted(text.lower()) for text in texts)
            is_of_row = (
                not source.lines
                or source.layout in {"two-files", "repeat"}
                or (inner and title.startswith(f"{inner}."))
            )
            (of_rows if is_of_row else of_documents).append(f"lower(coalesce(trim({cell}), '')) NOT IN ({wanted})")
    return of_rows, of_documents


def drop_rows(database: Database, table: str, source: ExportSource) -> dict[str, int]:
    """Take out of a table the rows that do not count by themselves, and say how many of which kind there were.

    The name of a group goes into the column that `groups` names, in every row below it.
    """
    if not extra_columns(source):
        return {}
    columns = {name for (name,) in database.rows(f"SELECT column_name FROM (DESCRIBE {table})")}
    if source.groups in columns:
        column = quoted_name(source.groups)
        filled = "last_value(group_name IGNORE NULLS) OVER (PARTITION BY file ORDER BY file_row)"
        database.run(
            f"CREATE OR REPLACE TABLE {table} AS "
            f"SELECT * REPLACE (coalesce({column}, {filled}) AS {column}) FROM {table}"
        )
    counted = f"SELECT kind, count(*) FROM {table} WHERE kind IS NOT NULL GROUP BY kind ORDER BY kind"
    counts = {_KINDS[kind]: count for kind, count in database.rows(counted)}
    database.run(f"DELETE FROM {table} WHERE kind IS NOT NULL")
    return counts


def drop_blank(database: Database, table: str, columns: Sequence[str]) -> dict[str, int]:
    """Take out the rows with nothing in any of `columns`, and say how many there were."""
    blank = f"NOT ({_any_filled(columns)})"
    [(count,)] = database.rows(f"SELECT count(*) FROM {table} WHERE {blank}")
    if count:
        database.run(f"DELETE FROM {table} WHERE {blank}")
    return {"rows with nothing to read": int(count)} if count else {}


def drop_documents(database: Database, table: str, source: ExportSource) -> dict[str, int]:
    """Take out the rows of documents that do not count, which their first rows tell (`fill_down` marks these)."""
    if not source.rows or source.layout == "repeat":
        return {}
    begun = "last_value(CASE WHEN is_first THEN is_other END IGNORE NULLS)"
    database.run(
        f"CREATE OR REPLACE TABLE {table} AS SELECT * REPLACE (coalesce({begun} "
        f"OVER (PARTITION BY file, origin ORDER BY file_row), false) AS is_other) FROM {table}"
    )
    [(count,)] = database.rows(f"SELECT count(*) FROM {table} WHERE is_other AND is_first")
    database.run(f"DELETE FROM {table} WHERE is_other")
    return {"documents that `rows` leaves out": count} if count else {}


def fill_down(database: Database, table: str, columns: Sequence[str]) -> None:
    """Give each row the number of the document it belongs to, and mark the rows that begin one as `is_first`.

    A row begins a document where any of `columns` (those that lines do not have) is filled; a row of another record or
    file than the row above never belongs to the same document.
    """
    filled = f"({_any_filled(columns)})"
    database.run(
        f"CREATE OR REPLACE TABLE {table} AS SELECT * REPLACE (nullif(last_value("
        f"CASE WHEN {filled} THEN coalesce(number, '') END IGNORE NULLS) "
        f"OVER (PARTITION BY file, origin ORDER BY file_row), '') AS number), {filled} AS is_first FROM {table}"
    )


def split(database: Database, table: str, layout: str, headers: Sequence[str], lines: Mapping[str, str]) -> None:
    """Make `<table>_documents` and `<table>_lines` of rows that hold both; `lines` are columns by what they become.

    Where documents repeat on every line, one row is made of those in a file that say the same.
    """
    columns = ", ".join(quoted_name(name) for name in headers)
    if layout == "repeat":
        documents = f"SELECT file, min(file_row) AS file_row, {columns} FROM {table} GROUP BY file, {columns}"
    else:
        documents = f"SELECT file, file_row, {columns} FROM {table} WHERE is_first"
    database.run(f"CREATE TABLE {table}_documents AS {documents}")
    renamed = ", ".join(f"{quoted_name(name)} AS {becomes}" for name, becomes in lines.items() if becomes != "number")
    database.run(
        f"CREATE TABLE {table}_lines AS SELECT file, file_row, number, {renamed} FROM {table} "
        f"WHERE {_any_filled([name for name in lines if name != 'number'])}"
    )
    database.run(f"DROP TABLE {table}")


def settle(database: Database, table: str, key: str, columns: Sequence[str], is_incremental: bool) -> int:
    """Where several files have the rows of one `key`, keep those of one file, and say how many keys had more.

    Of incremental files the last one counts. Of full ones the first does, if all of them say the same; what differs is
    left for the checks to find.
    """
    several = (
        f"SELECT {key} AS k, min(file) AS first, max(file) AS last FROM {table} WHERE {key} IS NOT NULL GROUP BY k"
    )
    if is_incremental:
        kept = f"SELECT k, last AS kept FROM ({several}) WHERE first <> last"
    else:
        every = ", ".join(quoted_name(name) for name in columns)
        digests = (
            f"SELECT {key} AS k, file, count(*) AS n, sum(hash({every})::HUGEINT) AS digest FROM {table} "
            f"WHERE {key} IN (SELECT k FROM ({several}) WHERE first <> last) GROUP BY ALL"
        )
        kept = f"SELECT k, min(file) AS kept FROM ({digests}) GROUP BY k HAVING count(DISTINCT (n, digest)) = 1"
    [(count,)] = database.rows(f"SELECT count(*) FROM ({kept})")
    if count:
        database.run(f"DELETE FROM {table} USING ({kept}) AS choice WHERE {key} = choice.k AND file <> choice.kept")
    return int(count)


def merge_equal_rows(database: Database, table: str, key: str, columns: Sequence[str]) -> int:
    """Keep one of the rows that say the same about a `key`, and say how many were left out."""
    every = ", ".join(quoted_name(name) for name in columns)
    again = (
        f"SELECT rowid AS id FROM {table} WHERE {key} IN "
        f"(SELECT {key} FROM {table} WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1) "
        f"QUALIFY row_number() OVER (PARTITION BY {every} ORDER BY file, file_row) > 1"
    )
    [(count,)] = database.rows(f"SELECT count(*) FROM ({again})")
    if count:
        database.run(f"DELETE FROM {table} WHERE rowid IN ({again})")
    return int(count)


def _any_filled(columns: Sequence[str]) -> str:
    return " OR ".join(f"{quoted_name(name)} IS NOT NULL" for name in columns)


def quoted(text: str) -> str:
    """`text` as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
