"""The files that belong to documents: found in a folder by their names, and never outside of it.

A file that two documents would have is given to neither: what it shows may be another customer's.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from portalgen.errors import Problem, shown
from portalgen.exports.layouts import quoted
from portalgen.exports.staging import Part, Staging
from portalgen.model import TRANSACTION_TYPES, Attachments

_NOT_IN_NAMES = r'[/\\:*?"<>|\x00-\x1f]'
"""What stands in a document's number and cannot stand in a file's name; there it is an underscore."""
_NO_TEXT = re.compile("[\ud800-\udfff]")
_SHOWN = 20


def claim(staging: Staging) -> None:
    """Note, in the table `claims`, which file each document would have, those that are not shown among them."""
    staging.database.run("CREATE TABLE claims (path VARCHAR, type VARCHAR, number VARCHAR)")
    for part in staging.parts:
        if (said := part.source.attachments) and part.type in TRANSACTION_TYPES and not part.is_lines:
            name = _name(said)
            claimed = f"{_prefix(staging, said)} || {name}, '{part.type}', coalesce(number, '')"
            staging.database.run(
                f"INSERT INTO claims SELECT DISTINCT {claimed} "
                f"FROM {part.table} WHERE {_is_asked(staging)} AND {name} IS NOT NULL"
            )


def attach(staging: Staging, part: Part) -> Iterator[Problem]:
    """Write into `attachment` which file each transaction of a part has, a path that starts from the site's root.

    An e-invoice that is a PDF is its own. Yields a warning where the folder is not there, documents have no file in it
    or name one elsewhere, or several would have the same.
    """
    database, said = staging.database, part.source.attachments
    number = next(number for number, tally in enumerate(staging.tallies) if tally.source is part.source)
    mine = f"source = {number} AND {_is_asked(staging)}"
    names = _names(staging.place.root / said.folder) if said else []
    database.run("CREATE OR REPLACE TABLE attachable AS SELECT unnest(?::VARCHAR[]) AS name", names)
    yield from _unfound(staging, part, mine)
    path, changed = "NULL", "attachment IS NOT NULL"
    if said:
        yield from _shared(staging, part, said)
        found = f"{quoted(said.folder.rstrip('/') + '/')} || {_name(said)}"
        path, changed = f"CASE WHEN {_name(said)} IN (FROM attachable) THEN {found} END", "true"
    database.run(f"UPDATE transactions SET attachment = {path} WHERE {mine} AND {changed}")


def _unfound(staging: Staging, part: Part, mine: str) -> Iterator[Problem]:
    """Warnings of documents that name a file that is not in the folder, or have none there."""
    said, what = part.source.attachments, part.type.replace("_", " ")
    rows, place = staging.database.rows, part.source.places.get("attachments", part.source.place)
    if said and not (staging.place.root / said.folder).is_dir():
        yield Problem(place, f"there is no folder '{said.folder}'", f"looked for {staging.place.root / said.folder}")
        return
    named = f"FROM transactions WHERE {mine} AND attachment IS NOT NULL AND attachment NOT IN (FROM attachable)"
    [(count, example)] = rows(f"SELECT count(*), min(attachment) {named}")
    if count:
        where = f"that is not in '{said.folder}'" if said else "and `attachments` names no folder"
        message = f"{count:,} of the {what} name a file {where}, one of them {shown(example)}"
        yield Problem(place, message, "what is elsewhere is no document's file: attachments: {folder: ...}")
    if said:
        without = f"FROM transactions WHERE {mine} AND attachment IS NULL AND {_name(said)} NOT IN (FROM attachable)"
        [(count, example)] = rows(f"SELECT count(*), min({_name(said)}) {without}")
        if count:
            message = f"{count:,} of the {what} have no file in '{said.folder}'"
            yield Problem(place, message, f"one would be called {example}")


def _shared(staging: Staging, part: Part, said: Attachments) -> Iterator[Problem]:
    """Warnings of files that several documents would have, which are no longer `attachable` then."""
    claimed = (
        f"SELECT name, min((type, number)) AS one, max((type, number)) AS other FROM attachable "
        f"JOIN claims ON path = {_prefix(staging, said)} || name GROUP BY name HAVING one < other"
    )
    found = staging.database.rows(f"{claimed} ORDER BY name")
    staging.database.run(
        "DELETE FROM attachable WHERE name IN (SELECT unnest(?::VARCHAR[]))", [row[0] for row in found]
    )
    place = part.source.places["attachments"]
    for name, one, other in found[:_SHOWN]:
        both = " and ".join(f"{type_.replace('_', ' ')} {shown(number)}" for type_, number in (one, other))
        message = f"'{said.folder}/{name}' would be the file of {both}: neither has it"
        yield Problem(place, message, "keep the files of each in a folder of their own, or call one otherwise")
    if len(found) > _SHOWN:
        yield Problem(place, f"{len(found) - _SHOWN} more files that several documents would have")


def _names(folder: Path) -> list[str]:
    """The regular files in a folder and below, by their paths from it; none that a link leads to."""
    found = []
    for below, _, names in os.walk(folder):
        paths = [Path(below) / name for name in names]
        found += [path.relative_to(folder).as_posix() for path in paths if path.is_file() and not path.is_symlink()]
    return sorted(name for name in found if not _NO_TEXT.search(name))


def _is_asked(staging: Staging) -> str:
    """SQL that is true of a document that is not a file itself."""
    own = [str(number) for number, file in enumerate(staging.files) if file.table.unit == "file"]
    return f"file NOT IN ({', '.join(own) or -1})"


def _prefix(staging: Staging, said: Attachments) -> str:
    """SQL of what the paths of files in the folder begin with, however it is written."""
    return quoted(f"{(staging.place.root / said.folder).resolve().as_posix()}/")


def _name(said: Attachments) -> str:
    """SQL of the name that a document's file has: what the export says, or else what it is made of."""
    values = {"number": "number", "customer_id": "customer_id", "date": "date::VARCHAR"}
    parts = []
    for part in re.split(r"(\{\w+\})", said.name):
        value = values.get(part.strip("{}")) if part.startswith("{") else None
        parts.append(f"regexp_replace({value}, {quoted(_NOT_IN_NAMES)}, '_', 'g')" if value else quoted(part))
    return f"coalesce(attachment, {' || '.join(parts)})"
