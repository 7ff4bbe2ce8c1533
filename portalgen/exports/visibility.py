"""What customers may see of an export, and what they read as a status: SQL over staged rows."""

from collections.abc import Iterator, Mapping

from portalgen.errors import Problem, did_you_mean, shown
from portalgen.exports.layouts import quoted
from portalgen.exports.readings import Reading
from portalgen.exports.staging import Part, Staging

NEVER = ("draft", "cancelled", "canceled", "void", "voided", "deleted")
"""What no customer sees unless `visible` names it, however it is written."""
NEUTRAL = "Issued"
"""What a customer reads for a status that the mapping does not know: true of whatever was issued to them."""
_SHOWN = 20


def word_sql(part: Part) -> str:
    """The status as customers read it."""
    words = part.source.visibility.words
    if not words:
        return "status"
    cases = " ".join(f"WHEN {quoted(raw)} THEN {quoted(word)}" for raw, word in words.items())
    return f"nullif(CASE status {cases} ELSE CASE WHEN status IS NOT NULL THEN {quoted(NEUTRAL)} END END, '')"


def hidden_sql(part: Part, reading: Reading) -> Mapping[str, str]:
    """By the reason, what is true of a row that is not shown; the first reason that holds counts."""
    visibility = part.source.visibility
    reasons = {"not for customers": "coalesce(lower(customer_visible) IN ('false', 'no', '0'), false)"}
    if visibility.statuses is not None:
        reasons["hidden by status"] = f"coalesce(status NOT IN ({_list(visibility.statuses)}), true)"
    else:
        never = f"lower(trim(status)) IN ({_list(NEVER)})"
        if visibility.never:
            never += f" OR status IN ({_list(visibility.never)})"
        reasons["hidden by status"] = f"coalesce({never}, false)"
    if visibility.since:
        reasons[f"before {visibility.since}"] = f"{reading.date('date')} < DATE '{visibility.since}'"
    return reasons


def unknown_statuses(staging: Staging, part: Part) -> Iterator[Problem]:
    """A warning for each status that is hidden because nothing is said about it."""
    visibility = part.source.visibility
    if visibility.statuses is None:
        return
    known = [*visibility.statuses, *visibility.never]
    rows = staging.database.rows(
        f"SELECT arg_min(file, (file, file_row)), arg_min(file_row, (file, file_row)), status, count(*) "
        f"FROM {part.table} WHERE status NOT IN ({_list(known)}) AND lower(trim(status)) NOT IN ({_list(NEVER)}) "
        f"GROUP BY status ORDER BY count(*) DESC, status LIMIT {_SHOWN}"
    )
    for *row, status, count in rows:
        [where] = staging.places("status", [(row[0], row[1])], part.prefix)
        rest = f", and {count - 1} more" if count > 1 else ""
        message = f"status: {shown(status)} is not one that `visible` names: hidden{rest}"
        hint = did_you_mean(status, known) if len(known) > 12 else "name it under status, or under never"
        yield Problem(where, message, hint)


def _list(texts: tuple[str, ...] | list[str]) -> str:
    return ", ".join(quoted(text) for text in texts) or "NULL"
