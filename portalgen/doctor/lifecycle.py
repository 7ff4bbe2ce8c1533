"""What the lifecycle rules of a bucket do to a site in it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portalgen.doctor.findings import Finding, fail, ok, warn
from portalgen.stores.base import PRIVATE, PUBLIC

Rule = Mapping[str, Any]
"""As the service tells it."""

_HINT = "add the rule that `portalgen doctor --policy lifecycle` prints to those that there are"
_FROZEN = {"GLACIER", "DEEP_ARCHIVE"}


def examine(rules: Sequence[Rule], prefix: str, *, has_versions: bool) -> Iterator[Finding]:
    """`prefix` is that of the site in the bucket."""
    active = [rule for rule in rules if rule.get("Status") == "Enabled"]
    covering = [rule for rule in active if f"{prefix}{PUBLIC}".startswith(_start(rule)) and not _is_conditional(rule)]
    if has_versions:
        yield _versions(covering)
    if any("AbortIncompleteMultipartUpload" in rule for rule in covering):
        yield ok("unfinished-uploads", "a rule removes them")
    else:
        yield warn("unfinished-uploads", "no rule removes them: they take room, unseen and paid for", _HINT)
    yield _expiry(active, prefix)


def _versions(rules: Sequence[Rule]) -> Finding:
    if any("NoncurrentVersionExpiration" in rule for rule in rules):
        return ok("versioning", "is or was on, and a rule removes older versions")
    return warn("versioning", "is or was on, and no rule removes the older versions of pages that are replaced", _HINT)


def _expiry(rules: Sequence[Rule], prefix: str) -> Finding:
    names = [_name(rule) for rule in rules if _takes_away(rule) and _touches(rule, prefix)]
    if names:
        said = f"the rule {', '.join(names)} deletes or freezes what is published, or the ledger"
        return fail("expiry", said, "remove it: what has to go is deleted by `portalgen publish`")
    return ok("expiry", "no rule deletes or freezes what is published")


def _takes_away(rule: Rule) -> bool:
    expiry, transitions = rule.get("Expiration", {}), rule.get("Transitions", ())
    return "Days" in expiry or "Date" in expiry or any(each.get("StorageClass") in _FROZEN for each in transitions)


def _touches(rule: Rule, prefix: str) -> bool:
    start = _start(rule)
    return any(area.startswith(start) or start.startswith(area) for area in (prefix + PUBLIC, prefix + PRIVATE))


def _start(rule: Rule) -> str:
    """What the keys begin with that a rule is for."""
    given = rule.get("Filter", {})
    found = given.get("Prefix") or given.get("And", {}).get("Prefix") or rule.get("Prefix") or ""
    return str(found)


def _is_conditional(rule: Rule) -> bool:
    """Whether a rule is for some of these objects only, by their tags or sizes."""
    return bool(rule.get("Filter", {}).keys() - {"Prefix"})


def _name(rule: Rule) -> str:
    return f"'{rule.get('ID', 'without a name')}'"
