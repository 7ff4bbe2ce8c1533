"""Typed rows that are there more than once: one of those that say the same is kept, what differs is refused."""

from collections.abc import Iterator

from portalgen.errors import Problem, shown
from portalgen.exports import layouts
from portalgen.exports.loading import AGAIN
from portalgen.exports.staging import Part, Staging

_SHOWN = 20


def settle(staging: Staging) -> Iterator[Problem]:
    """Keep one of the rows, and of the files, that say the same; yield documents whose lines are not clear."""
    for part in staging.parts:
        keyed = layouts.Keyed(part.stored, part.key, staging.stored_columns_of(part))
        tally = staging.tally_of(part)
        if part.is_lines and not part.is_together and not part.source.is_incremental:
            yield from _said_twice(staging, part)
        if not part.is_together:
            if not part.is_lines and part.source.lines:
                layouts.keep_several(staging.database, part.table)
            merged = layouts.settle(staging.database, keyed, is_incremental=part.source.is_incremental)
            tally.leave_out(AGAIN, 0 if part.is_lines else merged)
        if not part.is_lines and not part.is_together:
            equal = layouts.merge_equal_rows(staging.database, keyed)
            tally.leave_out("rows that say the same as another", equal)
        elif not part.is_together:
            yield from _outlived(staging, part) if part.source.is_incremental else _torn(staging, part)


def _documents_of(staging: Staging, lines: Part) -> Part:
    return next(part for part in staging.parts if part.source is lines.source and not part.is_lines)


def _files_of(staging: Staging, part: Part) -> list[int]:
    """The staging's files that hold rows of a part, in their order."""
    staged = staging.tally_of(part).staged
    return [
        number
        for number, file in enumerate(staging.files)
        if file.is_lines == part.is_lines and any(file is each for each in staged)
    ]


def _torn(staging: Staging, lines: Part) -> Iterator[Problem]:
    documents = _documents_of(staging, lines)
    for number, *places in layouts.torn(staging.database, documents.table, lines.table, _SHOWN):
        one, other = staging.places("number", [(places[0], places[1]), (places[2], places[3])])
        message = f"number: {shown(number)} has lines here and in {one}, and is in several files itself"
        hint = "keep the newer file; or, if each has a part of the truth, say so: export: incremental"
        yield Problem(other, message, hint)


def _said_twice(staging: Staging, lines: Part) -> Iterator[Problem]:
    """Lines that several files have alike: they may be one export's rows twice, or twice as many."""
    if len(_files_of(staging, lines)) < 2:
        return
    documents = _documents_of(staging, lines)
    keyed = layouts.Keyed(lines.table, lines.key, [*lines.columns])
    for number, first, again in layouts.said_twice(staging.database, documents.table, keyed, _SHOWN):
        one, other = staging.places("number", [first, again])
        message = f"number: {shown(number)} has the same lines here and in {one}: once, or twice as many?"
        yield Problem(other, message, "leave one of the files out, or give lines their numbers: columns: {line: ...}")


def _outlived(staging: Staging, lines: Part) -> Iterator[Problem]:
    """Documents that are there anew, and their lines are not, though files of lines come as those of documents do."""
    documents = _documents_of(staging, lines)
    of_documents, of_lines = _files_of(staging, documents), _files_of(staging, lines)
    if len(of_lines) < 2 or len(of_documents) != len(of_lines):
        return
    places = {file: place for files in (of_documents, of_lines) for place, file in enumerate(files)}
    found = layouts.outlived(staging.database, documents.table, lines.table, places, _SHOWN)
    for (number, *_), where in zip(found, staging.places("number", [row[1:] for row in found]), strict=True):
        message = f"number: {shown(number)} is here anew, and its lines are those of an older file"
        yield Problem(where, message, "export the lines of each document that is exported, whether they changed or not")
