"""The record of mails: kept for each contact, without an address in it, and never guessed where it is broken."""

import json

import pytest

from portalgen.errors import PortalgenError, StoreError
from portalgen.mailbook import DIGEST, REFUSED, SENDING, SENT, WELCOME, Known, Mail, Mailbook, digest_of
from portalgen.model import LinkId
from portalgen.stores.memory import MemoryStore

ANN, BOB = LinkId("acme", "ann"), LinkId("acme", "bob")
MAIL = Mail(
    WELCOME,
    "0123456789",
    digest_of("ann@acme.example"),
    SENDING,
    "2026-11-21T10:00:00+00:00",
    known=Known("2026-11-20", ("a", "b")),
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_what_was_noted_is_read_again(store: MemoryStore) -> None:
    book = Mailbook(store, [ANN, BOB])
    assert book.add(ANN, MAIL)
    assert Mailbook(store, [ANN, BOB]).mails(ANN) == (MAIL,)
    book.end(ANN, REFUSED, 550)
    assert [(mail.state, mail.code) for mail in Mailbook(store, [ANN]).mails(ANN)] == [(REFUSED, 550)]
    book.add(ANN, MAIL)
    book.end(ANN, SENT)
    assert [mail.state for mail in Mailbook(store, [ANN]).mails(ANN)] == [REFUSED, SENT]
    assert Mailbook(store, [ANN, BOB]).mails(BOB) == ()


def test_what_is_taken_back_leaves_nothing(store: MemoryStore) -> None:
    book = Mailbook(store, [ANN])
    book.add(ANN, MAIL)
    book.take_back(ANN)
    assert book.mails(ANN) == ()
    assert store.contents == {}


def test_only_what_is_there_and_asked_for_is_read(store: MemoryStore) -> None:
    for contact in (ANN, BOB):
        Mailbook(store, [contact]).add(contact, MAIL)
    store.asked.clear()
    Mailbook(store, [ANN, LinkId("acme", "eve")])
    assert dict(store.asked) == {"list": 1, "read": 1}


def test_neither_names_nor_contents_tell_who_was_written_to(store: MemoryStore) -> None:
    Mailbook(store, [ANN]).add(ANN, MAIL)
    [(key, data)] = store.contents.items()
    assert key.startswith("private/emails/")
    assert not any(word in key + data.decode() for word in ("acme", "ann", "@"))


def test_two_contacts_never_share_a_record(store: MemoryStore) -> None:
    pairs = [LinkId("a", "bc"), LinkId("ab", "c"), LinkId("a/b", "c"), LinkId("a", "b/c"), LinkId("A", "bc")]
    for contact in pairs:
        assert Mailbook(store, [contact]).add(contact, MAIL)
    assert len(store.contents) == len(pairs)


def test_what_another_run_noted_meanwhile_is_not_written_over(store: MemoryStore) -> None:
    mine, theirs = Mailbook(store, [ANN]), Mailbook(store, [ANN])
    assert theirs.add(ANN, MAIL)
    before = dict(store.contents)
    assert not mine.add(ANN, MAIL)
    assert store.contents == before


def test_digests_do_not_pile_up_and_other_mails_stay(store: MemoryStore) -> None:
    book = Mailbook(store, [ANN])
    book.add(ANN, MAIL)
    digest = Mail(DIGEST, MAIL.link, MAIL.address, SENT, MAIL.at)
    for number in range(60):
        book.add(ANN, Mail(DIGEST, MAIL.link, MAIL.address, SENT, f"{number}"))
    kept = Mailbook(store, [ANN]).mails(ANN)
    assert kept[0] == MAIL
    assert [mail.at for mail in kept[1:]] == [str(number) for number in range(9, 60)]
    assert digest not in kept


@pytest.mark.parametrize(
    "change",
    [
        lambda data: {**data, "format": 2},
        lambda _: {"format": 1},
        lambda _: [],
        lambda data: {**data, "mails": [{}]},
        lambda data: {**data, "mails": [{**data["mails"][0], "state": "lost"}]},
        lambda data: {**data, "mails": [{**data["mails"][0], "kind": "spam"}]},
        lambda data: {**data, "mails": [{**data["mails"][0], "link": None}]},
        lambda data: {**data, "mails": [{**data["mails"][0], "extra": 1}]},
        lambda data: {**data, "mails": [{**data["mails"][0], "known": None}]},
    ],
)
def test_a_broken_record_stops_everything(store: MemoryStore, change: object) -> None:
    Mailbook(store, [ANN]).add(ANN, MAIL)
    [(key, data)] = store.contents.items()
    assert callable(change)
    store.contents[key] = json.dumps(change(json.loads(data))).encode()
    with pytest.raises(PortalgenError, match="what was mailed to acme/ann cannot be read"):
        Mailbook(store, [ANN])


def test_a_record_that_cannot_be_deleted_is_an_error(store: MemoryStore) -> None:
    book = Mailbook(store, [ANN])
    book.add(ANN, MAIL)
    store.fault = lambda action, _: "full" if action == "delete" else None
    with pytest.raises(StoreError, match="could not delete private/emails/"):
        book.take_back(ANN)
