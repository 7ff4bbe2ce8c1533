"""The files that belong to documents: found in a folder by their names, and never outside of it."""

from collections.abc import Iterator
from pathlib import Path

from portalgen.database import Database
from portalgen.errors import Problem
from portalgen.exports.layouts import quoted
from portalgen.model import ExportSource

_NOT_IN_NAMES = r'[/\\:*?"<>|\x00-\x1f]'
"""What stands in a document's number and cannot stand in a file's name; there it is an underscore."""


def attach(database: Database, source: ExportSource, number: int, root: Path) -> Iterator[Problem]:
    """Write into `attachment` which file of the folder each transaction of an export (by its number) has.

    Paths start from `root`. Yields a warning where the folder is not there, or documents have no file in it.
    """
    if not source.attachments:
        return
    folder = root / source.attachments.folder
    if not folder.is_dir():
        where = source.places["attachments"]
        yield Problem(where, f"there is no folder '{source.attachments.folder}'", f"looked for {folder}")
        return
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    database.run("CREATE OR REPLACE TABLE attachable AS SELECT unnest(?::VARCHAR[]) AS name", names)
    path = f"{quoted(source.attachments.folder.rstrip('/') + '/')} || name"
    database.run(
        f"UPDATE transactions SET attachment = {path} FROM attachable "
        f"WHERE source = {number} AND attachment IS NULL AND name = {_name(source.attachments.name)}"
    )
    mine = f"FROM transactions WHERE source = {number}"
    [(without,)] = database.rows(f"SELECT count(*) {mine} AND attachment IS NULL")
    if without:
        [(example,)] = database.rows(f"SELECT min({_name(source.attachments.name)}) {mine} AND attachment IS NULL")
        message = f"{without:,} of the {source.type.replace('_', ' ')} have no file in '{source.attachments.folder}'"
        yield Problem(source.places["attachments"], message, f"one would be called {example}")


def _name(pattern: str) -> str:
    """SQL of the name that a document's file has."""
    name = quoted(pattern)
    for field, value in {"number": "number", "customer_id": "customer_id", "date": "date::VARCHAR"}.items():
        name = f"replace({name}, '{{{field}}}', regexp_replace({value}, {quoted(_NOT_IN_NAMES)}, '_', 'g'))"
    return name
