"""Ids that differ in case, spaces, leading zeros or Unicode's forms alone: seldom meant, and hard to tell apart."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

from portalgen.errors import Problem, shown
from portalgen.exports.staging import Part, Staging

_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_SHOWN = 20
_SOLID = r"CASE WHEN regexp_matches(k, '\s') THEN regexp_replace(lower(k), '\s', '', 'g') ELSE lower(k) END"
_IS_ASCII = "strlen(k) = length(k)"
_BATCH = 10_000
_FOLDED = rf"regexp_replace({_SOLID}, '(^|[^0-9])0+([0-9])', '\1\2', 'g')"


def folded(identity: str) -> str:
    """What ids that somebody could take for each other have in common."""
    text = unicodedata.normalize("NFKC", identity).casefold()
    return _ZEROS.sub("", re.sub(r"\s", "", text))


def similar_ids(staging: Staging) -> Iterator[Problem]:
    """Customers whose ids could be taken for each other, and documents of a type whose numbers could."""
    for type_ in staging.types():
        parts = [part for part in staging.parts if part.type == type_ and not part.is_lines]
        if any(part.source.policy.allow_similar_ids for part in parts):
            continue
        groups = _of_customers(staging, parts) if type_ == "customers" else _of_documents(staging, parts)
        for number, (one, other) in enumerate(groups):
            if number == _SHOWN:
                yield Problem(staging.place_of(parts, other), f"{parts[0].key}: and more like these")
                break
            first = staging.place_of(parts, one)
            message = f"{parts[0].key}: {shown(other)} could be taken for {shown(one)}, which is in {first}"
            hint = "write one id in one way; if they are two, say so: similar_ids: allow"
            yield Problem(staging.place_of(parts, other), message, hint)


def _of_customers(staging: Staging, parts: list[Part]) -> Iterator[tuple[str, str]]:
    groups = defaultdict(list)
    for part in parts:
        known = f"SELECT DISTINCT id FROM {part.table} WHERE id IS NOT NULL ORDER BY id"
        for (identity,) in staging.database.rows(known):
            groups[folded(identity)].append(identity)
    return ((group[0], other) for group in groups.values() for other in group[1:] if other != group[0])


def _of_documents(staging: Staging, parts: list[Part]) -> list[tuple[str, str]]:
    key, database = parts[0].key, staging.database
    union = " UNION ".join(f"SELECT DISTINCT {key} AS k FROM {part.table} WHERE {key} IS NOT NULL" for part in parts)
    database.run("CREATE OR REPLACE TABLE folded_numbers (k VARCHAR, f VARCHAR)")
    others = database.stream(f"SELECT k FROM ({union}) WHERE NOT {_IS_ASCII}")
    while batch := [number for (number,) in islice(others, _BATCH)]:
        database.run(
            "INSERT INTO folded_numbers SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[])", batch, [*map(folded, batch)]
        )
    return database.rows(
        f"SELECT min(k), max(k) FROM (SELECT k, {_FOLDED} AS f FROM ({union}) WHERE {_IS_ASCII} "
        f"UNION ALL FROM folded_numbers) GROUP BY f HAVING count(*) > 1 ORDER BY 1 LIMIT {_SHOWN + 1}"
    )
