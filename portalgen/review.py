"""A plan as a file that somebody reviews, and whether a later plan is the same. Pure."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portalgen.errors import InvalidInputError
from portalgen.model import Documents, Waiting
from portalgen.plan import KEEP, Step

_FORMAT = 1
REVIEW_BEGINS = b'{\n "format": 1,\n "site": '
_NAMES = {"link", "fingerprint", "action"}


def review_of(
    site: str, store: tuple[str, str], steps: Iterable[Step], waiting: Waiting, removals: int | None = None
) -> Mapping[str, Any]:
    """What a publish of `site` to a store (its name, and where it is) would do, for JSON. It holds no token.

    `removals` is how many portals somebody said would vanish.
    """
    return {
        "format": _FORMAT,
        "site": site,
        "store": store[0],
        "place": _digest(store),
        "removals": removals,
        "links": [_link(step) for step in steps if step.action != KEEP],
        "waiting": [{"link": str(id_), "types": dict(types)} for id_, types in waiting.items()],
    }


def review_text(review: Mapping[str, Any]) -> bytes:
    """A review as JSON."""
    return json.dumps(review, ensure_ascii=False, indent=1).encode()


def read_review(data: bytes) -> Mapping[str, Any]:
    """What was written as a review. Raises InvalidInputError."""
    try:
        review = json.loads(data)
    except ValueError:
        review = None
    if not isinstance(review, dict) or not _is_review(review):
        raise InvalidInputError("this is not a file that `portalgen plan --out` wrote")
    return {"removals": None, **review}


def moved(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In which ways the plan of `now` is not the one that was `reviewed`; none if it is."""
    if reviewed == now:
        return []
    if any(reviewed.get(name) != now[name] for name in ("site", "store", "place")):
        return [
            f"it is for the store '{reviewed.get('store')}' of the site '{reviewed.get('site')}', where that was then"
        ]
    before, after = _by_link(reviewed), _by_link(now)
    differences = [*_differences(before, after)]
    return differences or ["other types wait to be accepted"]


def _is_review(data: object) -> bool:
    if not isinstance(data, dict) or data.get("format") != _FORMAT or not isinstance(data.get("links"), list):
        return False
    if not isinstance(data.get("removals"), int | None):
        return False
    return all(isinstance(link, dict) and link.keys() >= _NAMES for link in data["links"])


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for mark, link in before.items():
        name = f"{link['link']} ({mark})"
        if mark not in after:
            yield f"{name}: nothing is to be done any more; reviewed was: {link['action']}"
        elif after[mark]["action"] != link["action"]:
            yield f"{name}: now to {after[mark]['action']}; reviewed was: {link['action']}"
        elif after[mark] != link:
            yield f"{name}: other content than was reviewed"
    for mark, link in after.items():
        if mark not in before:
            yield f"{link['link']} ({mark}): to {link['action']}; that was not reviewed"


def _by_link(review: Mapping[str, Any]) -> Mapping[str, Any]:
    return {link["fingerprint"]: link for link in review["links"]}


def _link(step: Step) -> Mapping[str, Any]:
    return {
        "link": str(step.id),
        "fingerprint": step.fingerprint,
        "action": step.action,
        "reason": step.reason,
        "becomes": step.becomes,
        "bundle": step.bundle,
        "put": len(step.put),
        "delete": len(step.delete),
        "paths": _digest([*step.put, "", *step.delete]),
        "appears": numbers_of(step.appears),
        "disappears": numbers_of(step.disappears),
        "showed": "unknown" if step.is_whole else "known",
    }


def numbers_of(documents: Documents) -> Mapping[str, list[str]]:
    """The numbers of documents by type, for JSON."""
    return {type_: [*numbers] for type_, numbers in documents.items()}


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
