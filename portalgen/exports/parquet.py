"""Parquet files, all cells as text: the database reads and writes, and no row passes through Python."""

import mmap
import tempfile
from collections.abc import Sequence
from pathlib import Path

from portalgen.database import Database, UnreadableFileError
from portalgen.errors import InvalidInputError, Location
from portalgen.exports.textfile import TextTable

_BOMB_ROWS, _BOMB_RATIO = 1_000_000, 100
"""More rows than this, and more than this for each byte of the file, are no export."""
_LEFT_OUT = ("STRUCT(", "MAP(", "UNION(", "BLOB", "VARIANT", "GEOMETRY")
"""How the names of types begin that have no text."""
_FLOATING = ("DOUBLE", "FLOAT")
_NUMBERS = (*_FLOATING, "DECIMAL")


def read(database: Database, file: Path, name: str, folder: Path, timezone: str) -> TextTable:
    """The rows as text in a new file in `folder`, in their order, those left out that are blank in every column.

    Decimals come in all their digits, floating numbers to the digits that they surely hold (15, or 6 to 9 of a single
    one), days and times in ISO 8601, those of the whole world as `timezone` has them, truths as `true` and `false`.
    Lists, objects and binary data are left out: the title ends in '[]' and has nothing below it. Raises
    InvalidInputError.
    """
    try:
        _refuse_bombs(database, file, name)
        columns = database.rows_of_file("DESCRIBE SELECT * FROM read_parquet(?)", file)
        titles = [f"{title}[]" if _has_no_text(type_) else title for title, type_, *_ in columns]
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".csv", delete=False) as target:
            database.rows_of_file(_copy([(title, type_) for title, type_, *_ in columns], target.name, timezone), file)
            with mmap.mmap(target.fileno(), 0, access=mmap.ACCESS_READ) as written:
                if written.find(b"\0") >= 0:
                    hint = "export it without that character"
                    raise InvalidInputError("a NUL character in a text", hint, Location(name))
    except UnreadableFileError as error:
        reason = str(error).replace(str(file), file.name)
        raise InvalidInputError(f"this cannot be read as Parquet: {reason}", "export it anew", Location(name)) from None
    numbers = {index: 1 for index, (_, type_, *_) in enumerate(columns) if type_ in _FLOATING}
    return TextTable(Path(target.name), name, tuple(titles), ",", 0, "utf-8", "record", numbers=numbers)


def _refuse_bombs(database: Database, file: Path, name: str) -> None:
    counted = database.rows_of_file("SELECT num_rows, file_size_bytes FROM parquet_file_metadata(?)", file)
    for rows, size in counted:
        if rows > _BOMB_ROWS and rows > _BOMB_RATIO * size:
            message = f"{rows:,} rows in {size:,} bytes are no export"
            raise InvalidInputError(message, "export it anew", Location(name))


def _copy(columns: Sequence[tuple[str, str]], target: str, timezone: str) -> str:
    """The statement that writes each cell as text or nothing, and in one cell more the row's number, from 1, and which
    cells are numbers with decimals.
    """
    numbers = "".join(f" {index}" for index, (_, type_) in enumerate(columns) if type_.startswith(_NUMBERS))
    cells = [
        f"nullif({_text(_quoted(title), type_, timezone)}, '') AS c{index}"
        for index, (title, type_) in enumerate(columns)
    ]
    origin = f"file_row_number + 1 || '{numbers} '" if numbers else "file_row_number + 1"
    names = ", ".join(f"c{index}" for index in range(len(columns)))
    literal = target.replace("'", "''")
    return (
        f"COPY (SELECT {names}, origin FROM (SELECT {', '.join(cells)}, {origin} AS origin "
        f"FROM read_parquet(?, file_row_number = true)) WHERE coalesce({names}, NULL) IS NOT NULL) "
        f"TO '{literal}' (FORMAT csv, HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '', "
        "USE_TMP_FILE false)"
    )


def _text(cell: str, type_: str, timezone: str) -> str:
    """SQL that gives a cell of this type as text."""
    if _has_no_text(type_):
        return "NULL"
    if type_ in _FLOATING:
        return _text_of_floating(cell, f"printf('%.15g', {cell})" if type_ == "DOUBLE" else f"CAST({cell} AS VARCHAR)")
    if type_ == "TIMESTAMP WITH TIME ZONE":
        cell = f"({cell} AT TIME ZONE '{timezone}')"
    text = f"CAST({cell} AS VARCHAR)"
    return f"regexp_replace({text}, ' 00:00:00$', '')" if type_.startswith("TIMESTAMP") else text


def _text_of_floating(cell: str, text: str) -> str:
    """SQL for a floating number without an exponent, but for such as are too small or large to be an amount."""
    return (
        f"CASE WHEN {cell} = trunc({cell}) AND abs({cell}) < 9007199254740992 "
        f"THEN CAST(CAST({cell} AS BIGINT) AS VARCHAR) "
        f"WHEN abs({cell}) BETWEEN 9007199254740992 AND 1e37 "
        f"THEN CAST(CAST({text} AS DECIMAL(38, 0)) AS VARCHAR) "
        f"ELSE {text} END"
    )


def _has_no_text(type_: str) -> bool:
    return type_.endswith("]") or type_.startswith(_LEFT_OUT)


def _quoted(title: str) -> str:
    return '"' + title.replace('"', '""') + '"'
