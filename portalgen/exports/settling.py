"""Typed rows that are there more than once: one of those that say the same is kept, what differs is refused."""

from collections.abc import Iterator

from portalgen.errors import Problem, shown
from portalgen.exports import layouts
from portalgen.exports.loading import AGAIN
from portalgen.exports.staging import Part, Staging

_SHOWN = 20


def settle(staging: Staging) -> Iterator[Problem]:
    """Keep one of the rows, and of the files, that say the same; yield documents whose lines are in several files."""
    for part in staging.parts:
        keyed = layouts.Keyed(part.table, part.key, [*part.columns])
        tally = staging.tally_of(part)
        if not part.is_together:
            if not part.is_lines and part.source.lines:
                layouts.keep_several(staging.database, part.table)
            merged = layouts.settle(staging.database, keyed, is_incremental=part.source.is_incremental)
            tally.leave_out(AGAIN, 0 if part.is_lines else merged)
        if not part.is_lines and not part.is_together:
            equal = layouts.merge_equal_rows(staging.database, keyed)
            tally.leave_out("rows that say the same as another", equal)
        elif not part.is_together and not part.source.is_incremental:
            yield from _torn(staging, part)


def _torn(staging: Staging, lines: Part) -> Iterator[Problem]:
    documents = next(part for part in staging.parts if part.source is lines.source and not part.is_lines)
    for number, *places in layouts.torn(staging.database, documents.table, lines.table, _SHOWN):
        one, other = staging.places("number", [(places[0], places[1]), (places[2], places[3])])
        message = f"number: {shown(number)} has lines here and in {one}, and is in several files itself"
        hint = "keep the newer file; or, if each has a part of the truth, say so: export: incremental"
        yield Problem(other, message, hint)
