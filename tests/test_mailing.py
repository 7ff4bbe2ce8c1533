"""Who is due what: one mail for each link and address, and news that were not told before."""

import datetime
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.ledger import Record
from portalgen.mailbook import CHANGED, DIGEST, REFUSED, SENDING, SENT, WELCOME, Known, Mail, digest_of
from portalgen.mailing import DOUBTFUL, DUE, SKIPPED, Due, Recipient, Wish, due, mail_of
from portalgen.model import Change, Changes, Link, LinkId

DAY = datetime.date(2026, 11, 20)
ANN = Recipient(
    link=Link(
        id=LinkId("acme", "ann"),
        customer="C-1",
        revision=2,
        key="a",
        types=("invoices",),
        state="live",
        locale="en",
        contact_name="Ann Lee",
        contact_email="ann@acme.example",
    ),
    fingerprint="new",
    wants_digest=True,
    bundle="built",
)
PUBLISHED = Record("acme", "ann", 2, "a", "new", customer="C-1", bundle="built")


def mail(kind: str = WELCOME, link: str = "new", state: str = SENT, address: str = "ann@acme.example") -> Mail:
    return Mail(kind, link, digest_of(address), state, "2026-11-21T10:00:00+00:00", 550 if state == REFUSED else 0)


def change(number: str, day: datetime.date = DAY, kind: str = "new") -> Change:
    return Change(day, kind, "invoices", number)


def judge(
    got: Sequence[Mail] = (),
    wish: Wish | None = None,
    *,
    recipient: Recipient = ANN,
    record: Record | None = PUBLISHED,
    changes: Sequence[Change] = (),
) -> Due:
    ledger = {record.fingerprint: record} if record else {}
    [item] = due([recipient], ledger, lambda _: got, lambda _: Changes(tuple(changes)), wish or Wish())
    return item


def said(item: Due) -> tuple[str, str, str]:
    return item.kind, item.state, item.reason


# A link.


def test_a_contact_is_welcomed_once_and_told_once_of_each_new_link() -> None:
    assert said(judge()) == (WELCOME, DUE, "")
    assert said(judge([mail()])) == (WELCOME, SKIPPED, "sent on 2026-11-21")
    assert said(judge([mail(link="old")])) == (CHANGED, DUE, "")
    assert said(judge([mail(link="old"), mail(CHANGED)])) == (CHANGED, SKIPPED, "sent on 2026-11-21")


def test_nobody_gets_a_second_mail_about_a_link_by_being_sent_another_kind() -> None:
    for kind in (WELCOME, CHANGED):
        assert judge([mail(WELCOME)], Wish(kind)).state == SKIPPED
        assert judge([mail(CHANGED)], Wish(kind)).state == SKIPPED
        assert said(judge([], Wish(kind))) == (kind, DUE, "")
        assert said(judge([mail(link="old")], Wish(kind))) == (kind, DUE, "")


def test_what_may_have_arrived_or_was_refused_is_sent_again_on_purpose_alone() -> None:
    assert said(judge([mail(state=SENDING)])) == (WELCOME, DOUBTFUL, "may have been sent on 2026-11-21")
    assert said(judge([mail(state=REFUSED)])) == (WELCOME, SKIPPED, "refused on 2026-11-21 (550)")
    for state, word in ((SENDING, "doubtful"), (REFUSED, "refused"), (SENT, "sent")):
        assert judge([mail(state=state)], Wish(again=[word])).state == DUE
        for other in {"doubtful", "refused", "sent"} - {word}:
            assert judge([mail(state=state)], Wish(again=[other])).state != DUE


def test_a_mail_sent_again_for_doubt_is_the_same_one_and_on_purpose_another() -> None:
    first = judge().seed
    assert judge([mail(state=SENDING)], Wish(again=["doubtful"])).seed == first
    assert judge([mail()], Wish(again=["sent"])).seed != first


def test_a_link_that_was_refused_before_is_no_earlier_link() -> None:
    assert judge([mail(link="old", state=REFUSED)]).kind == WELCOME
    assert judge([mail(link="old", state=SENDING)]).kind == CHANGED


def test_another_address_is_another_person_and_that_somebody_else_has_the_link_is_said() -> None:
    item = judge([mail(address="eve@acme.example")])
    assert (*said(item), item.elsewhere) == (WELCOME, DUE, "", True)
    assert not judge([mail(address="eve@acme.example", state=REFUSED)]).elsewhere
    assert judge([mail(address="ANN@acme.example")]).state == SKIPPED, "case makes no other person"


@pytest.mark.parametrize(
    ("link", "record", "reason"),
    [
        ({"state": "disabled"}, {}, "disabled"),
        ({"state": "expired"}, {}, "expired"),
        ({"contact_email": ""}, {}, "no address"),
        ({"id": LinkId("acme"), "contact_email": ""}, {}, "no contact"),
        ({}, None, "not published"),
        ({}, {"fingerprint": "old"}, "not published"),
        ({}, {"state": "revoked"}, "not published"),
        ({}, {"state": "disabled"}, "not published"),
        ({}, {"customer": "C-2"}, "not published"),
        ({}, {"unfinished": True}, "its publish did not finish"),
        ({}, {"bundle": ""}, "its publish did not finish"),
    ],
)
@pytest.mark.parametrize("kind", ["", DIGEST])
def test_a_link_that_does_not_answer_is_never_mailed(
    link: dict[str, str], record: dict[str, str] | None, reason: str, kind: str
) -> None:
    recipient = replace(ANN, link=replace(ANN.link, **link))  # type: ignore[arg-type]
    known = None if record is None else replace(PUBLISHED, **record)  # type: ignore[arg-type]
    wish = Wish(kind, again=["sent", "refused", "doubtful"])
    item = judge([mail()], wish, recipient=recipient, record=known, changes=[change("1")])
    assert (item.state, item.reason) == (SKIPPED, reason)


# What is new.


def digest(got: Sequence[Mail], changes: Sequence[Change], *again: str) -> Due:
    return judge(got, Wish(DIGEST, again), changes=changes)


def test_a_digest_goes_to_who_wants_it_has_the_link_and_can_see_what_it_tells() -> None:
    assert said(digest([mail()], [change("1")])) == (DIGEST, DUE, "")
    assert digest([], [change("1")]).reason == "was not sent this link yet"
    assert digest([mail(link="old")], [change("1")]).reason == "was not sent this link yet"
    assert digest([mail(state=SENDING)], [change("1")]).reason == "was not sent this link yet"
    assert digest([mail(address="eve@acme.example")], [change("1")]).reason == "was not sent this link yet"
    for recipient, reason in (
        (replace(ANN, wants_digest=False), "wants no digest"),
        (replace(ANN, bundle="newer"), "what was built last is not published"),
    ):
        item = judge([mail()], Wish(DIGEST), recipient=recipient, changes=[change("1")])
        assert said(item) == (DIGEST, SKIPPED, reason)


def test_where_nothing_is_new_nothing_is_sent() -> None:
    assert said(digest([mail()], [])) == (DIGEST, SKIPPED, "nothing new")


def test_what_was_there_with_the_welcome_is_not_news() -> None:
    welcome = judge(changes=[change("1"), change("0", DAY - datetime.timedelta(days=3))])
    got = [mail_of(welcome, SENT, "2026-11-21T10:00:00+00:00")]
    assert digest(got, [change("1")]).reason == "nothing new"
    news = digest(got, [change("3", DAY + datetime.timedelta(days=1)), change("1"), change("2")])
    assert [each.number for each in news.changes] == ["3", "2"], "another of the same day is"


def test_what_was_told_and_is_gone_and_back_on_the_same_day_is_not_told_again() -> None:
    got = [mail()]
    for there, told in ((["1", "2"], ["1", "2"]), (["2", "3"], ["3"]), (["1", "2", "3"], [])):
        item = digest(got, [change(number) for number in there])
        assert [each.number for each in item.changes] == told
        got += [mail_of(item, SENT, "2026-11-21T10:00:00+00:00")] * (item.state == DUE)


def test_a_doubtful_digest_holds_up_later_ones_until_somebody_looks() -> None:
    first = digest([mail()], [change("1")])
    got = [mail(), mail_of(first, SENDING, "2026-11-21T10:00:00+00:00")]
    later = [change("2", DAY + datetime.timedelta(days=1)), change("1")]
    assert said(digest(got, later)) == (DIGEST, DOUBTFUL, "may have been sent on 2026-11-21")
    assert [each.number for each in digest(got, later, "doubtful").changes] == ["2", "1"]
    assert digest(got, [change("1")], "doubtful").seed == first.seed, "the same news are the same mail"
    sent = [mail(), mail_of(first, SENT, "2026-11-21T10:00:00+00:00")]
    again = digest(sent, [change("1")], "sent")
    assert [each.number for each in again.changes] == ["1"]
    assert again.seed != first.seed


NEWS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abcdef"), st.sampled_from(["new", "changed", "paid"])))


@given(st.lists(NEWS, max_size=8))
def test_over_any_days_everything_is_told_and_nothing_twice(runs: list[list[tuple[int, str, str]]]) -> None:
    """Days go forward, and each run knows of all changes so far."""
    got = [mail_of(judge(), SENT, "2026-11-21T10:00:00+00:00")]
    there: set[Change] = set()
    told: list[Change] = []
    day = DAY
    for news in runs:
        for ahead, number, kind in news:
            day += datetime.timedelta(days=ahead)
            there.add(change(number, day, kind))
        item = digest(got, sorted(there, key=lambda each: -each.day.toordinal()))
        assert (item.state == DUE) == bool(item.changes)
        if item.state == DUE:
            told += item.changes
            got.append(mail_of(item, SENT, "2026-11-21T10:00:00+00:00"))
    assert len(told) == len(set(told))
    assert set(told) == there


def test_what_is_remembered_names_neither_the_address_nor_a_document() -> None:
    remembered = mail_of(digest([mail()], [change("INV-1")]), SENT, "2026-11-21T10:00:00+00:00")
    assert remembered.address == digest_of("ann@acme.example")
    assert remembered.known != Known()
    assert "INV-1" not in repr(remembered)
    assert "ann@" not in repr(remembered)
