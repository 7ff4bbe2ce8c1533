"""How rows make up documents: which rows count, which document a row belongs to, and where its lines are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from portalgen.database import Database
from portalgen.errors import Location, Problem, shown
from portalgen.exports.headings import normal
from portalgen.exports.report import MOST_VALUES
from portalgen.exports.reportrows import extra_columns
from portalgen.model import ExportSource

OTHERS = "rows that `rows` leaves out"
_TELLING = ("customer_id", "date")
"""What tells a document from others of its number."""
_KINDS = {"total": "totals", "group": "rows that name a group, or end the file", "other": OTHERS}


def missing_titles(source: ExportSource, heading: Sequence[str], where: Location) -> Iterator[Problem]:
    """The headings that `rows` goes by and the file does not have."""
    there = {normal(title) for title in heading}
    for title in source.rows:
        if normal(title) not in there:
            hint = "`rows` goes by it; say how it is called here, or leave `rows` out"
            yield Problem(where, f"column {shown(title)} is missing", hint)


def drop_rows(database: Database, table: str, source: ExportSource) -> dict[str, int]:
    """Take out of a table the rows that do not count by themselves, and say how many of which kind there were.

    The name of a group goes into the column that `groups` names, in every row below it. What the rows that `rows`
    leaves out are about is kept in the table `<table>_others`.
    """
    if not extra_columns(source):
        return {}
    columns = {name for (name,) in database.rows(f"SELECT column_name FROM (DESCRIBE {table})")}
    if source.groups in columns:
        _name_groups(database, table, quoted_name(source.groups))
    counted = f"SELECT kind, count(*) FROM {table} WHERE kind IS NOT NULL GROUP BY kind ORDER BY kind"
    counts = {_KINDS[kind]: count for kind, count in database.rows(counted)}
    if source.layout == "continuation":
        _part(database, table)
    if "number" in columns:
        _note_others(database, table, "kind = 'other'")
    database.run(f"DELETE FROM {table} WHERE kind IS NOT NULL")
    return counts


def values_left_out(
    database: Database, table: str, source: ExportSource, condition: str, *, of_lines: bool = False
) -> dict[tuple[str, str], int]:
    """The most frequent cells by which `rows` leaves out what stands in the rows for which `condition` is true.

    By its heading and its text, each says how many such rows there are.
    """
    if not source.rows:
        return {}
    text, titles = "other_line_text" if of_lines else "other_text", [*source.rows]
    counted = database.rows(
        f"SELECT {text}, count(*) FROM {table} WHERE ({condition}) AND {text} IS NOT NULL GROUP BY 1 "
        f"ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES}"
    )
    parted = ((each.partition(":"), count) for each, count in counted)
    return {(titles[int(place)], value): count for (place, _, value), count in parted}


def _note_others(database: Database, table: str, condition: str) -> None:
    """Make `<table>_others`: by what each row for which `condition` is true is about, its file and its first row."""
    columns = {name for (name,) in database.rows(f"SELECT column_name FROM (DESCRIBE {table})")}
    names = ", ".join(name for name in ("number", *_TELLING) if name in columns)
    database.run(
        f"CREATE OR REPLACE TABLE {table}_others AS SELECT {names}, file, min(file_row) AS file_row FROM {table} "
        f"WHERE {condition} AND number <> '' GROUP BY ALL"
    )


def _part(database: Database, table: str) -> None:
    """Let no document go on below a row that parts documents: what stands there is as if out of another record."""
    parts = "count(*) FILTER (WHERE parts) OVER (PARTITION BY file ORDER BY file_row)"
    database.run(
        f"CREATE OR REPLACE TABLE {table} AS SELECT * REPLACE (coalesce(origin, 0) + {parts} AS origin) FROM {table}"
    )


def _name_groups(database: Database, table: str, column: str) -> None:
    """Fill `column` with the name of the group that a row is in.

    A group ends with any row that is neither one of its documents nor another group, its total among them, and with a
    row that names its own: nothing below is taken for another customer's.
    """
    begun = f"CASE WHEN kind = 'group' THEN first_text WHEN ends_group OR {column} IS NOT NULL THEN '' END"
    name = f"nullif(last_value({begun} IGNORE NULLS) OVER (PARTITION BY file ORDER BY file_row), '')"
    database.run(
        f"CREATE OR REPLACE TABLE {table} AS SELECT * EXCLUDE (group_name) "
        f"REPLACE (coalesce({column}, group_name) AS {column}) FROM (SELECT *, {name} AS group_name FROM {table})"
    )


def drop_lines_of_others(database: Database, table: str, lines: str) -> tuple[dict[str, int], list[str]]:
    """Take out of `lines` those of the documents that `rows` left out of `table`.

    Says how many there were, and which numbers are both left out and not: nobody can tell whose lines are whose.
    """
    others = f"SELECT number FROM {table}_others"
    both = database.rows(f"SELECT DISTINCT number FROM {table} WHERE number IN ({others}) ORDER BY 1")
    theirs = f"number IN ({others}) AND number NOT IN (SELECT number FROM {table} WHERE number IS NOT NULL)"
    [(count,)] = database.rows(f"SELECT count(*) FROM {lines} WHERE {theirs}")
    database.run(f"DELETE FROM {lines} WHERE {theirs}")
    return {"lines of rows that `rows` leaves out": int(count)}, [number for (number,) in both]


def drop_blank(database: Database, table: str, columns: Sequence[str], condition: str = "true") -> dict[str, int]:
    """Take out the rows with nothing in any of `columns` of which a condition is true, and say how many there were."""
    blank = f"{condition} AND NOT ({any_filled(columns)})"
    [(count,)] = database.rows(f"SELECT count(*) FROM {table} WHERE {blank}")
    if count:
        database.run(f"DELETE FROM {table} WHERE {blank}")
    return {"rows with nothing to read": int(count)} if count else {}


def divided(database: Database, table: str, source: ExportSource, most: int) -> list[tuple[int, int]]:
    """Rows with a cell that says otherwise than their document's first row whether the document counts.

    They are a file and a row each, in order.
    """
    if not source.rows or source.layout == "repeat":
        return []
    begun = "last_value(CASE WHEN is_first THEN verdicts END IGNORE NULLS)"
    first = f"{begun} OVER (PARTITION BY file, origin ORDER BY file_row)"
    differs = [
        f"substr(verdicts, {at}, 1) NOT IN ('-', substr(first, {at}, 1))" for at in range(1, len(source.rows) + 1)
    ]
    rows = database.rows(
        f"SELECT file, file_row FROM (SELECT file, file_row, verdicts, {first} AS first FROM {table}) "
        f"WHERE length(verdicts) > 0 AND ({' OR '.join(differs)}) ORDER BY ALL LIMIT {most}"
    )
    return [(file, row) for file, row in rows]


def drop_lines(database: Database, table: str, source: ExportSource, lines: Sequence[str]) -> dict[str, int]:
    """Empty `lines`, the columns of lines, in rows of which `rows` leaves the line out, and say how many there were."""
    if not source.rows:
        return {}
    [(count,)] = database.rows(f"SELECT count(*) FROM {table} WHERE is_other_line")
    if count:
        empty = ", ".join(f"{quoted_name(name)} = NULL" for name in lines)
        database.run(f"UPDATE {table} SET {empty} WHERE is_other_line")
    return {OTHERS: int(count)} if count else {}


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
    _note_others(database, table, "is_other AND is_first")
    database.run(f"DELETE FROM {table} WHERE is_other")
    return {"documents that `rows` leaves out": count} if count else {}


def withdraw(database: Database, table: str, *, in_blocks: bool) -> int:
    """Of incremental files, take out the documents that a later file has as one that `rows` leaves out.

    Says how many there were. What `rows` left out and a later file has again is no longer among `<table>_others`.
    """
    both = _both(table, in_blocks=in_blocks)
    gone = f"SELECT file, number FROM ({both}) WHERE other_file > file"
    [(count,)] = database.rows(f"SELECT count(DISTINCT number) FROM ({gone})")
    again = f"SELECT other_file, number FROM ({both}) WHERE other_file < file"
    database.run(f"DELETE FROM {table}_others WHERE (file, number) IN ({again})")
    database.run(f"DELETE FROM {table} WHERE (file, number) IN ({gone})")
    return int(count)


def contradictory(
    database: Database, table: str, most: int, *, in_blocks: bool
) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    """Numbers of documents that one file has as one that counts, and another as one that `rows` leaves out.

    With each number come file and row of the two.
    """
    return database.rows(
        "SELECT number, min((file, file_row)), min((other_file, other_row)) "
        f"FROM ({_both(table, in_blocks=in_blocks)}) GROUP BY number ORDER BY number LIMIT {most}"
    )


def _both(table: str, *, in_blocks: bool) -> str:
    """SQL of the documents that count in one file and not in another.

    A number alone does not tell a document from one of another type, or a payment; its customer and its day do.
    """
    same = " AND ".join(f"coalesce(o.{name} = t.{name}, true)" for name in _TELLING)
    others = f"SELECT * FROM {table}_others ANTI JOIN {table} USING (file, number)"
    return (
        f"SELECT t.number, t.file, t.file_row, o.file AS other_file, o.file_row AS other_row FROM {table} t "
        f"JOIN ({others}) o ON o.number = t.number AND o.file <> t.file AND {same}{' WHERE t.is_first' * in_blocks}"
    )


def fill_down(database: Database, table: str, columns: Sequence[str], group: str) -> None:
    """Give each row the number of the document it belongs to, and mark the rows that begin one as `is_first`.

    A row begins a document where any of `columns` (those that lines do not have) is filled; a row of another record,
    file or `group` than the row above never belongs to the same document. Rows of a document without a number have ''.
    """
    filled = f"({any_filled([name for name in columns if name != group])})"
    apart = ", ".join(["file", "origin", *([quoted_name(group)] if group in columns else [])])
    database.run(
        f"CREATE OR REPLACE TABLE {table} AS SELECT * REPLACE (last_value("
        f"CASE WHEN {filled} THEN coalesce(number, '') END IGNORE NULLS) "
        f"OVER (PARTITION BY {apart} ORDER BY file_row) AS number), {filled} AS is_first FROM {table}"
    )


def split(
    database: Database, table: str, source: ExportSource, headers: Sequence[str], lines: Mapping[str, str]
) -> None:
    """Make `<table>_documents` and `<table>_lines` of rows that hold both; `lines` are columns by what they become.

    Where documents repeat on every line, one row is made of those in a file that say the same. The lines of a document
    without a number are left out: it cannot be read anyway. Those of no document at all stay, for the checks to find.
    """
    columns = ", ".join(quoted_name(name) for name in headers)
    if source.layout == "repeat":
        documents = f"SELECT file, min(file_row) AS file_row, {columns} FROM {table} GROUP BY file, {columns}"
        is_known = (
            f"(number IS NOT NULL OR NOT ({any_filled([name for name in headers if name not in source.values])}))"
        )
    else:
        picked = f"* REPLACE (nullif(number, '') AS number) FROM {table} WHERE is_first"
        documents = f"SELECT file, file_row, {columns} FROM (SELECT {picked})"
        is_known = "number IS DISTINCT FROM ''"
    database.run(f"CREATE TABLE {table}_documents AS {documents}")
    renamed = ", ".join(f"{quoted_name(name)} AS {becomes}" for name, becomes in lines.items() if becomes != "number")
    is_line = any_filled([name for name in lines if name != "number"])
    database.run(
        f"CREATE TABLE {table}_lines AS SELECT file, file_row, number, {renamed} FROM {table} "
        f"WHERE {is_known} AND ({is_line})"
    )
    database.run(f"DROP TABLE {table}")


@dataclass(frozen=True, slots=True)
class Keyed:
    """Rows of a database table about what `key` names. What belongs together are a key's rows in one file, or
    (`in_blocks`) those from one that `is_first` on."""

    table: str
    key: str
    columns: Sequence[str]
    in_blocks: bool = False


def settle(database: Database, keyed: Keyed, *, is_incremental: bool) -> int:
    """Where the rows of one key are there more than once, keep them once, and say for how many keys that was so.

    Of incremental files the last one counts. What then says the same is kept once; what differs is left for the checks
    to find.
    """
    table, key = keyed.table, keyed.key
    again = (
        "is_first GROUP BY 1 HAVING count(*) > 1" if keyed.in_blocks else "true GROUP BY 1 HAVING min(file) < max(file)"
    )
    several = f"SELECT {key} FROM {table} WHERE {key} <> '' AND {again}"
    if not database.rows(f"{several} LIMIT 1"):
        return 0
    begun = "last_value(CASE WHEN is_first THEN file_row END IGNORE NULLS)"
    block = f"{begun} OVER (PARTITION BY file, {key} ORDER BY file_row)" if keyed.in_blocks else "0"
    every = ", ".join(quoted_name(name) for name in keyed.columns)
    database.run(
        f"CREATE OR REPLACE TABLE again AS SELECT rowid AS id, {key} AS k, file, {block} AS block, "
        f"hash({every})::HUGEINT AS digest FROM {table} WHERE {key} IN ({several})"
    )
    gone = f"SELECT id, k FROM again ANTI JOIN ({_kept_blocks(is_incremental)}) AS kept USING (k, file, block)"
    [(count,)] = database.rows(f"SELECT count(DISTINCT k) FROM ({gone})")
    database.run(f"DELETE FROM {table} WHERE rowid IN (SELECT id FROM ({gone}))")
    return int(count)


def _kept_blocks(is_incremental: bool) -> str:
    """SQL of the blocks of `again` that stay: the first of those that say the same, or all of those that do not."""
    of_key = "OVER (PARTITION BY k)"
    blocks = (
        f"SELECT k, file, block, (count(*), sum(digest)) AS said, max(file) {of_key} AS last FROM again "
        "GROUP BY k, file, block"
    )
    ranked = (
        f"SELECT *, min(said) {of_key} = max(said) {of_key} AS is_same, "
        "row_number() OVER (PARTITION BY k ORDER BY file, block) AS place "
        f"FROM ({blocks}) WHERE {'file = last' if is_incremental else 'true'}"
    )
    return f"SELECT k, file, block FROM ({ranked}) WHERE place = 1 OR NOT is_same"


def said_twice(
    database: Database, table: str, keyed: Keyed, most: int
) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    """Numbers of documents in one file whose lines, which have no numbers, are the same in several: twice, or once?

    With each come file and row of its first line, and of the first in another file. `keyed` are the lines of `table`.
    """
    columns = ", ".join(quoted_name(name) for name in keyed.columns)
    return database.rows(
        "SELECT number, min((file, file_row)), max((file, file_row)) FROM (SELECT number, file, "
        f"min(file_row) AS file_row, (count(*), sum(hash({columns})::HUGEINT)) AS said FROM {keyed.table} "
        f"WHERE line IS NULL AND number IS NOT NULL AND number NOT IN (SELECT number FROM {table}_several) "
        "GROUP BY number, file) GROUP BY number HAVING count(*) > 1 AND min(said) = max(said) "
        f"ORDER BY number LIMIT {most}"
    )


def outlived(
    database: Database, table: str, lines: str, files: Mapping[int, int], most: int
) -> list[tuple[str, int, int]]:
    """Numbers of documents that a newer file has anew, where the newest file with lines of theirs is an older one.

    `files` gives each file's place among those of its kind. With each number come file and row of its document.
    """
    places = ", ".join(f"({file}, {place})" for file, place in files.items())
    return database.rows(
        f"WITH places(file, place) AS (VALUES {places}), "
        f"lines AS (SELECT number, max(place) AS place FROM {lines} JOIN places USING (file) GROUP BY number) "
        f"SELECT d.number, d.file, d.file_row FROM {table} d "
        "JOIN places p ON p.file = d.file JOIN lines l ON l.number = d.number "
        f"WHERE d.number IN (SELECT number FROM {table}_several) AND l.place < p.place ORDER BY d.number LIMIT {most}"
    )


def keep_several(database: Database, table: str) -> None:
    """Note in `<table>_several` which numbers are in several files."""
    several = f"SELECT number FROM {table} WHERE number IS NOT NULL GROUP BY number HAVING min(file) < max(file)"
    database.run(f"CREATE TABLE {table}_several AS {several}")


def torn(database: Database, table: str, lines: str, most: int) -> list[tuple[str, int, int, int, int]]:
    """Numbers of which several files have both the document and lines, not the same ones: what is said of which?

    With each number come file and row of its first line, and of the first line in another file.
    """
    rows = database.rows(
        f"SELECT number, min((file, file_row)) AS one, max((file, file_row)) AS other FROM {lines} "
        f"WHERE number IN (SELECT number FROM {table}_several) GROUP BY number HAVING min(file) < max(file) "
        f"ORDER BY number LIMIT {most}"
    )
    return [(number, *one, *other) for number, one, other in rows]


def merge_equal_rows(database: Database, keyed: Keyed) -> int:
    """Keep one of the rows that say the same about a key, and say how many were left out."""
    table, key = keyed.table, keyed.key
    every = ", ".join(quoted_name(name) for name in keyed.columns)
    again = (
        f"SELECT rowid AS id FROM {table} WHERE {key} IN "
        f"(SELECT {key} FROM {table} WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1) "
        f"QUALIFY row_number() OVER (PARTITION BY {every} ORDER BY file, file_row) > 1"
    )
    [(count,)] = database.rows(f"SELECT count(*) FROM ({again})")
    if count:
        database.run(f"DELETE FROM {table} WHERE rowid IN ({again})")
    return int(count)


def any_filled(columns: Sequence[str]) -> str:
    """SQL that is true of a row that has something in one of `columns`."""
    return " OR ".join(f"{quoted_name(name)} IS NOT NULL" for name in columns)


def quoted(text: str) -> str:
    """`text` as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
