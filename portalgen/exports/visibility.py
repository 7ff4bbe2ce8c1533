"""What customers may see of an export, and what they read as a status: SQL over staged rows."""

from collections.abc import Iterable, Iterator, Mapping

from portalgen.errors import Problem, did_you_mean, shown
from portalgen.exports.layouts import quoted
from portalgen.exports.staging import Part, Staging
from portalgen.exports.values import has_error_sql
from portalgen.model import TRANSACTION_TYPES

NEVER = (
    *("draft", "cancelled", "canceled", "cancel", "void", "voided", "deleted"),
    *("entwurf", "storniert", "storno", "gelöscht", "brouillon", "annulé", "annulée", "supprimé", "supprimée"),
    *("borrador", "anulado", "anulada", "cancelado", "cancelada", "eliminado", "bozza", "annullato", "annullata"),
    *("concept", "geannuleerd", "verwijderd", "rascunho", "excluído", "szkic", "anulowany", "anulowana", "anulowane"),
)
"""What no customer sees unless `visible` names it: drafts, and what was taken back.

A status is one of them if its first word is, however that is written: "Void - duplicate", "Annule".
"""
NEUTRAL = "Issued"
"""What a customer reads for a status that the mapping does not know: true of whatever was issued to them."""
_BARE = r"lower(regexp_replace(status, '^[\s\p{Z}\p{C}]+|[\s\p{Z}\p{C}]+$', '', 'g'))"
"""The status without what cannot be seen around it, and without its case."""
_WIDE = "".join(chr(code) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)))
_NARROW = "".join(chr(ord(letter) - 0xFEE0) for letter in _WIDE)
_FIRST_WORD = rf"regexp_extract(strip_accents(lower(translate(status, '{_WIDE}', '{_NARROW}'))), '\p{{L}}+')"
"""The first letters of the status, without their case, accents and the width that Japanese systems give them."""
_HAS_ERROR = has_error_sql("status")
"""True of a document of which nobody can tell whether it is shown: it is bad, and not hidden."""
_SHOWN = 20


def _list(texts: Iterable[str]) -> str:
    return ", ".join(quoted(text) for text in texts) or "NULL"


_IS_NEVER = f"{_FIRST_WORD} IN (SELECT strip_accents(unnest([{_list(NEVER)}])))"


def word_sql(part: Part) -> str:
    """The status as customers read it."""
    words = part.source.visibility.words
    if not words:
        return "status"
    cases = " ".join(f"WHEN {quoted(raw)} THEN {quoted(word)}" for raw, word in words.items())
    return f"nullif(CASE status {cases} ELSE CASE WHEN status IS NOT NULL THEN {quoted(NEUTRAL)} END END, '')"


def hidden_sql(staging: Staging, part: Part) -> Mapping[str, str]:
    """By the reason, what is true of a row that is not shown; the first reason that holds counts.

    In a file that has the flag, an empty one is no yes: many systems write nothing for false.
    """
    visibility = part.source.visibility
    flagged = [str(number) for number, file in enumerate(staging.files) if "customer_visible" in file.cells]
    is_unsaid = f"file IN ({', '.join(flagged) or -1})"
    reasons = {"not for customers": f"coalesce(lower(customer_visible) IN ('false', 'no', '0'), {is_unsaid})"}
    if visibility.statuses is not None:
        shown_ones = [status for status in visibility.statuses if status not in visibility.never]
        reasons["hidden by status"] = f"coalesce(status NOT IN ({_list(shown_ones)}) AND NOT {_HAS_ERROR}, true)"
    else:
        never = f"{_IS_NEVER} OR {_BARE} IN ({_list([each.strip().lower() for each in visibility.never])})"
        said = f"(SELECT DISTINCT status FROM {part.table} WHERE status IS NOT NULL)"
        reasons["hidden by status"] = f"coalesce(status IN (SELECT status FROM {said} WHERE {never}), false)"
    if visibility.since:
        reasons[f"before {visibility.since}"] = f"date < DATE '{visibility.since}'"
    return reasons


def fates(staging: Staging, part: Part) -> list[tuple[str, int, str, str]]:
    """Each status, how many documents have it, what becomes of them, and what customers read ('' if they are hidden).

    They are 'shown', 'hidden', or 'unknown' where they are hidden because nothing is said about the status.
    """
    hidden = hidden_sql(staging, part)["hidden by status"]
    fate = f"CASE WHEN NOT {hidden} THEN 'shown' WHEN {_is_unknown(part)} THEN 'unknown' ELSE 'hidden' END"
    counted = f"SELECT status, count(*) AS n FROM {part.table} WHERE status IS NOT NULL GROUP BY status"
    judged = f"SELECT status, n, {fate} AS fate, {word_sql(part)} AS word FROM ({counted})"
    return staging.database.rows(
        "SELECT status, n, fate, CASE WHEN fate = 'shown' THEN coalesce(word, '') ELSE '' END "
        f"FROM ({judged}) ORDER BY n DESC, status"
    )


def _is_unknown(part: Part) -> str:
    """SQL that is true of a row that is hidden because nothing is said about its status."""
    visibility = part.source.visibility
    if visibility.statuses is None:
        return "false"
    known = f"status IN ({_list([*visibility.statuses, *visibility.never])})"
    return f"(status IS NULL OR NOT ({known} OR {_IS_NEVER} OR {_HAS_ERROR}))"


def leave_out_hidden(staging: Staging) -> None:
    """Take out the documents that are not shown, with their lines, before anything is asked of their cells.

    Drafts are seldom complete, and seldom numbered. A number that a document to be shown has, too, stays for the
    checks, which cannot tell whose lines are whose. Statuses that nothing is said about are warned of.
    """
    for type_ in staging.types():
        documents = [part for part in staging.parts if part.type == type_ and not part.is_lines]
        if type_ not in TRANSACTION_TYPES:
            continue
        visible = " UNION ALL ".join(
            f"SELECT number FROM {part.table} WHERE NOT ({_any(hidden_sql(staging, part))}) AND number IS NOT NULL"
            for part in documents
        )
        for part in documents:
            staging.warnings += unknown_statuses(staging, part)
            _leave_out(
                staging, part, f"({_any(hidden_sql(staging, part))}) AND (number IS NULL OR number NOT IN ({visible}))"
            )


def _leave_out(staging: Staging, part: Part, gone: str) -> None:
    """Take out the rows of a part for which `gone` is true, and the lines of their documents."""
    reasons = hidden_sql(staging, part)
    cases = " ".join(f"WHEN {sql} THEN {number}" for number, sql in enumerate(reasons.values()))
    counts = staging.database.rows(f"SELECT CASE {cases} END, count(*) FROM {part.table} WHERE {gone} GROUP BY 1")
    for reason, count in counts:
        staging.tally_of(part).leave_out([*reasons][reason], count)
    if counts:
        theirs = f"SELECT number FROM {part.table} WHERE {gone} AND number IS NOT NULL"
        for lines in staging.parts:
            if lines.type == part.type and lines.is_lines:
                staging.database.run(f"DELETE FROM {lines.stored} WHERE number IN ({theirs})")
        staging.remove(part, gone)


def _any(reasons: Mapping[str, str]) -> str:
    return " OR ".join(f"coalesce({sql}, false)" for sql in reasons.values())


def unknown_statuses(staging: Staging, part: Part) -> Iterator[Problem]:
    """A warning for each status that is hidden because nothing is said about it, an empty one among them."""
    visibility = part.source.visibility
    if visibility.statuses is None:
        return
    known = [*visibility.statuses, *visibility.never]
    rows = staging.database.rows(
        f"SELECT arg_min(file, (file, file_row)), arg_min(file_row, (file, file_row)), status, count(*) "
        f"FROM {part.table} WHERE {_is_unknown(part)} "
        f"GROUP BY status ORDER BY count(*) DESC, status LIMIT {_SHOWN}"
    )
    for *row, status, count in rows:
        [where] = staging.places("status", [(row[0], row[1])], part.prefix)
        rest = f", and {count - 1} more" if count > 1 else ""
        if status is None:
            message = f"status: empty, which is not one that `visible` names: hidden{rest}"
            hint = f"if it means one of them, say which: values: {{status: {next(iter(visibility.statuses), '...')}}}"
        else:
            message = f"status: {shown(status)} is not one that `visible` names: hidden{rest}"
            hint = did_you_mean(status, known) if len(known) > 12 else "name it under status, or under never"
        yield Problem(where, message, hint)
