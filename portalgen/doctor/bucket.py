"""A bucket: what the credentials may do in it, what the world may, and how it is set up."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from portalgen.doctor import lifecycle, racing
from portalgen.doctor.findings import Finding, fail, ok, unknown, warn
from portalgen.doctor.traces import traceless
from portalgen.ledger import Clock
from portalgen.model import StoreSource
from portalgen.stores.base import PRIVATE, PUBLIC, Store
from portalgen.stores.s3 import from_source
from portalgen.stores.s3.inspection import Answer, Inspection, Outcome

_ALL_RIGHTS = "`portalgen doctor --policy iam` prints all rights that are needed"
_WORLD = "`portalgen doctor --policy bucket` prints what the world needs"
_SLOW, _TOO_SLOW = 60, 900
"""Seconds; a request that was signed with a time further off than the second is refused."""

_UNTOLD = {Outcome.DENIED, Outcome.FAILED}
_DATA = b"written by portalgen doctor, and deleted again\n"


def examine(source: StoreSource, store: Store, clock: Clock) -> Iterator[Finding]:
    """Every check of a bucket; `clock` is this machine's."""
    with closing(Inspection(source)) as seen:
        reached, now = seen.reach(), clock()
        yield _reached(reached, source)
        if reached.outcome is Outcome.FAILED:
            return
        yield _clock(reached, now)
        versioning = seen.versioning()
        yield from _settings(seen, source, versioning)
        yield _world_lists(seen)
        yield from _rights(seen, source, store, versioning)


def _reached(reached: Answer[Any], source: StoreSource) -> Finding:
    if reached.outcome is Outcome.FAILED:
        return fail("bucket", reached.cause, reached.hint or "check the store's definition")
    return ok("bucket", f"{source.bucket} answers, and knows the credentials")


def _clock(reached: Answer[Any], now: datetime) -> Finding:
    check = "clock"
    if reached.moment is None:
        return unknown(check, "the store does not tell its time", "see to it that this machine's clock is set by NTP")
    apart = abs(int((now - reached.moment).total_seconds()))
    said, hint = f"this machine's clock and the store's are {apart:,} s apart", "set this machine's clock by NTP"
    if apart > _TOO_SLOW:
        return fail(check, said, hint)
    return warn(check, said, hint) if apart > _SLOW else ok(check, said)


# Settings.


def _settings(seen: Inspection, source: StoreSource, versioning: Answer[str]) -> Iterator[Finding]:
    rules = seen.lifecycle()
    if versioning.outcome in _UNTOLD:
        yield _not_told("versioning", versioning, "s3:GetBucketVersioning")
    elif not versioning.value:
        yield ok("versioning", "is off: what is deleted is gone at once")
    if rules.outcome in _UNTOLD:
        yield _not_told("lifecycle", rules, "s3:GetLifecycleConfiguration")
    else:
        yield from lifecycle.examine(rules.value or (), source.prefix, has_versions=bool(versioning.value))
    yield _retention(seen.retention())
    yield _public_access(seen.public_access_block())


def _not_told(check: str, answer: Answer[Any], action: str) -> Finding:
    return unknown(check, answer.cause, f"allow {action}, or run this as somebody who owns the bucket")


def _retention(answer: Answer[str]) -> Finding:
    check = "retention"
    if answer.value:
        said = f"every new object is kept for {answer.value}: nothing can be purged before"
        return warn(check, said, "remove the default retention; what was revoked stays readable until its own ends")
    if answer.outcome in _UNTOLD:
        return _not_told(check, answer, "s3:GetBucketObjectLockConfiguration")
    return ok(check, "objects can be deleted at any time")


def _public_access(answer: Answer[Mapping[str, bool]]) -> Finding:
    check, switches = "public-access", answer.value or {}
    if answer.outcome in _UNTOLD:
        return _not_told(check, answer, "s3:GetBucketPublicAccessBlock")
    if answer.outcome is Outcome.UNKNOWN_THERE:
        return ok(check, "this service has no such switches")
    if not switches.get("IgnorePublicAcls"):
        hint = "turn IgnorePublicAcls on (Block public access, in the bucket's permissions)"
        return warn(check, "an object's own ACL could open it to the world", hint)
    if switches.get("RestrictPublicBuckets") or switches.get("BlockPublicPolicy"):
        return ok(check, "blocked: the world gets in through a CDN, or not at all")
    return ok(check, "ACLs are ignored; the bucket's policy decides what the world may do")


# The world.


def _world_lists(seen: Inspection) -> Finding:
    """Of the bucket as a whole, and of both parts: a policy may allow the one and not the other."""
    check, hint = "world-listing", "remove what allows Principal * (or All Users) to list; then rotate all links"
    unclear = ""
    for what, ask in (
        ("objects", seen.may_list),
        ("versions", seen.may_list_versions),
        ("uploads", seen.may_list_uploads),
    ):
        for prefix in ("", PUBLIC, PRIVATE):
            answer = ask(prefix, is_stranger=True)
            if answer.outcome is Outcome.DONE:
                where = f"under {prefix}" if prefix else "in the bucket"
                return fail(check, f"anybody may list the {what} {where}, and so see every link", hint)
            if answer.outcome is Outcome.FAILED:
                unclear = answer.cause
    if unclear:
        return unknown(check, unclear, "try to list the bucket in a browser, signed in nowhere: it must be refused")
    return ok(check, "nobody without credentials may list objects, versions or uploads")


def _world_reads(seen: Inspection, private: str, public: str) -> Iterator[Finding]:
    closed, opened = (seen.may_read(key, is_stranger=True) for key in (private, public))
    if closed.outcome is Outcome.DONE:
        hint = f"allow the world public/* alone: {_WORLD}"
        yield fail("private-part", "anybody may read it", hint)
    elif closed.outcome is Outcome.FAILED:
        yield unknown("private-part", closed.cause, "try to fetch private/ledger.json without credentials")
    else:
        yield ok("private-part", "nobody without credentials may read it")
    if opened.outcome is Outcome.DONE:
        yield ok("public-part", "anybody who knows a name may read it")
    else:
        said = f"not readable without credentials ({opened.cause}): right if a CDN with an access of its own serves it"
        yield warn("public-part", said, f"if none does: {_WORLD}")


def _world_writes(seen: Inspection, keys: Iterable[str]) -> Finding:
    answers = [seen.may_write(key, _DATA, is_stranger=True) for key in keys]
    if any(answer.outcome is Outcome.DONE for answer in answers):
        hint = "remove what allows Principal * (or All Users) to write; then `portalgen publish --reconcile`"
        return fail("world-writing", "anybody may write in this bucket, and put other pages under your links", hint)
    unclear = next((answer.cause for answer in answers if answer.outcome is Outcome.FAILED), "")
    if unclear:
        return unknown("world-writing", unclear, "look for Principal * in the bucket's policy")
    return ok("world-writing", "nobody without credentials may write")


# The credentials.


def _rights(seen: Inspection, source: StoreSource, store: Store, versioning: Answer[str]) -> Iterator[Finding]:
    """Those to take away come first: without them, nothing is written that could not be taken away again."""
    nothing = f"{PRIVATE}doctor/nothing"
    has_versions = versioning.value != ""
    yield _right("s3:ListBucket", [seen.may_list(PRIVATE), seen.may_list(PUBLIC)])
    yield _right("s3:ListBucketVersions", [seen.may_list_versions(PRIVATE)], is_vital=has_versions)
    yield _right("s3:ListBucketMultipartUploads", [seen.may_list_uploads(PRIVATE)], is_vital=False)
    yield _right("s3:AbortMultipartUpload", [seen.may_abort(nothing)], is_vital=False)
    versions = seen.may_delete_versions(nothing)
    yield _right("s3:DeleteObjectVersion", [versions], is_vital=has_versions)
    objects = versions if has_versions else seen.may_delete(nothing)
    if objects.outcome is not Outcome.DONE or seen.retention().value:
        if not has_versions:
            yield _right("s3:DeleteObject", [objects])
        said = "nothing was written, as it could not be deleted: what else is allowed is not known"
        yield unknown("writing", said, "mend that first, and run this again")
        return
    yield from traceless(store, partial(_trials, seen, source, store))


def _trials(seen: Inspection, source: StoreSource, store: Store, private: str, public: str) -> Iterator[Finding]:
    keys = [f"{private}probe", f"{public}probe"]
    written = [seen.may_write(key, _DATA) for key in keys]
    yield _right("s3:PutObject", written)
    if any(answer.outcome is not Outcome.DONE for answer in written):
        return
    yield _right("s3:GetObject", [seen.may_read(key) for key in keys])
    yield from _world_reads(seen, *keys)
    yield _world_writes(seen, [f"{private}world", f"{public}world"])
    yield _right("s3:DeleteObject", [seen.may_delete(key) for key in keys])
    if source.cdn:
        yield _cdn(store, source.cdn.distribution, public)
    yield from _race(source, store, private)


def _cdn(store: Store, distribution: str, folder: str) -> Finding:
    """By an invalidation of what the CDN has never seen: rights to make one cannot be tried otherwise."""
    failures = store.invalidate([folder])
    if failures:
        return fail("cdn", failures[0].cause, f"until that is mended, no purge ends; {_ALL_RIGHTS}")
    return ok("cdn", f"distribution {distribution} forgets what it is told to")


def _race(source: StoreSource, store: Store, folder: str) -> Iterator[Finding]:
    """By conditions, even where the definition says that none are needed: the store may have learnt them."""
    if not source.single_writer:
        yield from racing.examine(store, folder, is_single_writer=False)
        return
    with closing(from_source(replace(source, single_writer=False))) as conditional:
        yield from racing.examine(conditional, folder, is_single_writer=True)


def _right(action: str, answers: Sequence[Answer[Any]], *, is_vital: bool = True) -> Finding:
    """Whether the credentials have a right, by what came of each request that needs it."""
    worst = next((each for each in answers if each.outcome in _UNTOLD), answers[0])
    if worst.outcome is Outcome.FAILED:
        return unknown(action, worst.cause, worst.hint or "mend that first, and run this again")
    if worst.outcome is Outcome.DENIED:
        return (fail if is_vital else warn)(action, "the credentials do not have this right", _ALL_RIGHTS)
    if worst.outcome is Outcome.UNKNOWN_THERE:
        return ok(action, "not needed: this service has nothing of the kind")
    return ok(action, "allowed")
