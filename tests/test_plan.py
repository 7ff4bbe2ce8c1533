"""The plan is a pure function of what is wanted, what the ledger says, and what is stored."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.errors import InvalidInputError
from portalgen.ledger import DISABLED, EXPIRED, LIVE, REVOKED, Record
from portalgen.model import BuiltBundle, BuiltFile, Contents, LinkId
from portalgen.plan import (
    CREATE,
    KEEP,
    UPDATE,
    Stored,
    StoredFile,
    Wanted,
    by_fingerprint,
    misgiven,
    purges,
    refusal,
    uploads,
    vanished,
)

ACME = Wanted(LinkId("acme"), "C-1", 1, "a", "f1", LIVE)
PUBLISHED = Record("acme", "", 1, "a", "f1", "C-1", LIVE, "2026-11-01", "2026-11-01", bundle="d1", manifest="m")
CONTENTS = Contents({}, (BuiltFile("index.html", "s1", 1), BuiltFile("a.html", "s2", 1)))
BUNDLE = BuiltBundle(LinkId("acme"), "acme/_", "x", "", "d1", 2, lambda: CONTENTS)


def stored_of(digests: dict[str, str]) -> Stored:
    return Stored({path: StoredFile(sha256) for path, sha256 in digests.items()})


def test_a_live_link_that_is_wanted_is_not_purged() -> None:
    assert purges({"f1": ACME}, {"f1": PUBLISHED}) == []


@pytest.mark.parametrize(
    ("wanted", "reason", "becomes"),
    [
        ([], "portal deleted", REVOKED),
        ([replace(ACME, id=LinkId("acme", "ann"), fingerprint="f2")], "contact deleted", REVOKED),
        ([replace(ACME, revision=2, fingerprint="f2")], "revision 2 replaces revision 1", REVOKED),
        ([replace(ACME, key="b", fingerprint="f2")], "key 'b' replaces key 'a'", REVOKED),
        ([replace(ACME, fingerprint="f2")], "made with another root key 'a'", REVOKED),
        ([replace(ACME, state=DISABLED)], "disabled", DISABLED),
        ([replace(ACME, state=EXPIRED)], "expired", EXPIRED),
    ],
)
def test_every_purge_says_why(wanted: list[Wanted], reason: str, becomes: str) -> None:
    [step] = purges(by_fingerprint(wanted), {"f1": PUBLISHED})
    assert (step.id, step.reason, step.becomes) == (LinkId("acme"), reason, becomes)


def test_a_disabled_link_whose_definition_goes_is_burned_too() -> None:
    [step] = purges({}, {"f1": replace(PUBLISHED, state=DISABLED, bundle="")})
    assert step.becomes == REVOKED


def test_a_revoked_link_is_not_purged_again_unless_something_may_be_left() -> None:
    record = replace(PUBLISHED, state=REVOKED)
    assert purges({}, {"f1": record}) == []
    assert len(purges({}, {"f1": replace(record, unfinished=True)})) == 1


def test_a_bundle_that_is_published_already_is_kept() -> None:
    [step] = uploads({"f1": ACME}, {ACME.id: BUNDLE}, {"f1": PUBLISHED}, {})
    assert (step.action, step.put, step.delete) == (KEEP, (), ())


def test_a_changed_bundle_puts_what_differs_and_deletes_what_is_left_over() -> None:
    stored = {"f1": stored_of({"index.html": "old", "a.html": "s2", "b.html": "s3"})}
    [step] = uploads({"f1": ACME}, {ACME.id: BUNDLE}, {"f1": replace(PUBLISHED, bundle="d0")}, stored)
    assert (step.action, step.put, step.delete) == (UPDATE, ("index.html",), ("b.html",))


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["s1", "s2", ""])),
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["s1", "s2"])),
)
def test_after_its_puts_and_deletes_a_link_holds_exactly_its_bundle(
    stored: dict[str, str], built: dict[str, str]
) -> None:
    contents = Contents({}, tuple(BuiltFile(path, sha, 1) for path, sha in built.items()))
    bundle = replace(BUNDLE, digest="d2", contents=lambda: contents)
    [step] = uploads({"f1": ACME}, {ACME.id: bundle}, {"f1": PUBLISHED}, {"f1": stored_of(stored)})
    after = {path: sha for path, sha in stored.items() if path not in step.delete}
    assert after | {path: built[path] for path in step.put} == built
    assert all(stored.get(path) != built[path] for path in step.put), "nothing is put that is there"


@pytest.mark.parametrize(
    ("record", "action", "reason"),
    [
        (None, CREATE, "new"),
        (replace(PUBLISHED, state=DISABLED), CREATE, "no longer disabled"),
        (replace(PUBLISHED, unfinished=True), UPDATE, "an earlier publish did not finish"),
        (replace(PUBLISHED, bundle="d0"), UPDATE, "content changed"),
    ],
)
def test_every_write_says_why(record: Record | None, action: str, reason: str) -> None:
    ledger = {"f1": record} if record else {}
    [step] = uploads({"f1": ACME}, {ACME.id: BUNDLE}, ledger, {"f1": Stored()})
    assert (step.action, step.reason) == (action, reason)


def test_a_burned_link_is_refused_with_the_next_free_revision() -> None:
    ledger = {
        "f1": replace(PUBLISHED, state=REVOKED),
        "f2": replace(PUBLISHED, state=REVOKED, fingerprint="f2", revision=5),
    }
    assert misgiven({"f1": ACME}, ledger) == {
        ACME.id: (
            "'acme': revision 1 was revoked on 2026-11-01 and cannot come back",
            "write revision: 6 to give it a new link",
        )
    }


def test_a_link_that_was_given_out_for_one_customer_is_refused_to_another() -> None:
    assert misgiven({"f1": replace(ACME, customer="C-2")}, {"f1": PUBLISHED}) == {
        ACME.id: (
            "'acme': its link was given out for customer 'C-1', not 'C-2'",
            "write revision: 2 to give it a new link",
        )
    }
    assert misgiven({"f1": ACME}, {"f1": PUBLISHED}) == {}


def test_two_links_of_one_identity_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="have one identity"):
        by_fingerprint([ACME, replace(ACME, id=LinkId("other"))])


def crowd(count: int) -> dict[str, Record]:
    return {f"f{n}": replace(PUBLISHED, portal=f"p{n}", fingerprint=f"f{n}") for n in range(count)}


@pytest.mark.parametrize(
    ("live", "gone", "refused"), [(50, 10, False), (50, 11, True), (55, 11, False), (54, 11, True), (5, 5, False)]
)
def test_more_than_ten_and_more_than_a_fifth_must_vanish_to_be_refused(live: int, gone: int, refused: bool) -> None:
    ledger = crowd(live)
    kept = list(ledger.values())[gone:]
    wanted = by_fingerprint(Wanted(record.id, "C-1", 1, "a", record.fingerprint, LIVE) for record in kept)
    assert len(vanished(wanted, ledger)) == gone
    assert bool(refusal(wanted, ledger, None)) == refused
    assert refusal(wanted, ledger, gone) == ""
    assert refusal(wanted, ledger, gone + 1)
