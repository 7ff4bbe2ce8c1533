"""A purge leaves nothing under a link, whatever is there, and says what it could not delete."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from portalgen.links import KeyRing, fingerprint
from portalgen.purge import find_tokens, list_paths, public_tokens, purge, withdraw
from portalgen.stores.base import Failure, Metadata, Store
from portalgen.stores.directory import DirectoryStore
from portalgen.stores.memory import MemoryStore, fail_at
from portalgen.stores.s3 import S3Store
from tests.s3_server import S3Server

RING = KeyRing("small", {"a": bytes(range(32))})
TOKEN, OTHER = RING.token("a", "bees", "", 1), RING.token("a", "ants", "", 1)
MARK, OTHER_MARK = fingerprint(TOKEN), fingerprint(OTHER)


def fill(store: Store, count: int) -> None:
    for number in range(count):
        store.write(f"public/{TOKEN}/invoices/{number}.html", b"x", Metadata())
    store.write(f"public/{TOKEN}/index.html", b"x", Metadata())
    store.write(f"public/{OTHER}/index.html", b"x", Metadata())


@pytest.fixture(params=["memory", "directory", "s3"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    if request.param == "memory":
        return MemoryStore
    if request.param == "directory":
        return lambda: DirectoryStore(tmp_path / "site", tmp_path / "private")
    server: S3Server = request.getfixturevalue("s3_server")
    bucket: str = request.getfixturevalue("s3_bucket")
    return lambda: S3Store(bucket, "us-east-1", server.endpoint)


@pytest.mark.parametrize("count", [0, 1, 1000, 2499])
def test_all_objects_of_a_link_go_and_no_others(make_store: Callable[[], Store], count: int) -> None:
    """1,001 and 2,500 objects, the summary among them: more than one page of a listing."""
    store = make_store()
    fill(store, count)
    taken = purge(store, {MARK: TOKEN}, {})
    assert (taken.objects, dict(taken.failed)) == (count + 1, {})
    assert [item.key for item in store.objects("public/")] == [f"public/{OTHER}/index.html"]


@pytest.mark.parametrize("known", [[], ["index.html", "invoices/0.html"], ["index.html", "none.html"]])
def test_what_is_known_to_be_there_goes_and_so_does_what_is_not(
    make_store: Callable[[], Store], known: list[str]
) -> None:
    store = make_store()
    fill(store, 3)
    taken = purge(store, {MARK: TOKEN, OTHER_MARK: OTHER}, {MARK: known})
    assert dict(taken.failed) == {}
    assert [*store.objects("public/")] == []


def test_every_key_that_stays_is_named_and_the_rest_goes() -> None:
    store = MemoryStore()
    fill(store, 50)
    store.fault = lambda action, key: "locked" if action == "delete" and key.endswith("7.html") else None
    taken = purge(store, {MARK: TOKEN}, {})
    left = [f"public/{TOKEN}/invoices/{number}.html" for number in (17, 27, 37, 47, 7)]
    assert [failure.key for failure in taken.failed[MARK]] == left
    assert [item.key for item in store.objects(f"public/{TOKEN}/")] == left
    assert taken.objects == 51 - 5


def test_what_a_store_says_is_deleted_and_still_lists_is_a_failure() -> None:
    class Liar(MemoryStore):
        def delete(self, keys: Iterable[str]) -> list[Failure]:
            return [] if [*keys] else [Failure("", "delete", "nothing named")]

    store = Liar()
    fill(store, 2)
    taken = purge(store, {MARK: TOKEN}, {})
    assert [failure.cause for failure in taken.failed[MARK]] == ["still there after it was deleted"] * 3
    assert taken.objects == 0


def test_one_links_failure_holds_no_other_back() -> None:
    store = MemoryStore(fail_at("list", 1))
    fill(store, 3)
    taken = purge(store, {MARK: TOKEN, OTHER_MARK: OTHER}, {})
    assert set(taken.failed) == {MARK}
    assert list_paths(store, OTHER) == ()


def test_tokens_are_found_by_their_fingerprint_alone() -> None:
    store = MemoryStore()
    fill(store, 3)
    store.write("public/robots.txt", b"", Metadata())
    store.write("public/pictures/logo.png", b"", Metadata())
    assert sorted(public_tokens(store)) == sorted([TOKEN, OTHER])
    assert find_tokens(store, ["no such"]) == {}


def test_a_link_of_which_the_cdn_may_keep_copies_is_not_gone() -> None:
    store = MemoryStore(lambda action, key: "too busy" if action == "invalidate" and TOKEN in key else None)
    fill(store, 3)
    taken = purge(store, {MARK: TOKEN, OTHER_MARK: OTHER}, {})
    assert taken.failed == {MARK: [Failure(f"public/{TOKEN}/", "invalidate", "too busy")]}


def test_a_link_that_answers_although_nothing_is_listed_is_not_gone() -> None:
    class Cached(MemoryStore):
        def answers(self, key: str) -> bool:
            return TOKEN in key

    store = Cached()
    fill(store, 3)
    taken = purge(store, {MARK: TOKEN, OTHER_MARK: OTHER}, {})
    assert taken.failed == {MARK: [Failure(f"public/{TOKEN}/index.html", "purge", "it still answers")]}


def test_a_link_whose_answer_cannot_be_had_is_not_gone() -> None:
    store = MemoryStore(lambda action, _: "no answer" if action == "probe" else None)
    fill(store, 3)
    [failure] = purge(store, {MARK: TOKEN}, {}).failed[MARK]
    assert (failure.action, failure.cause.endswith("no answer")) == ("probe", True)


def test_a_withdrawal_takes_what_names_the_type_and_leaves_the_rest(make_store: Callable[[], Store]) -> None:
    store = make_store()
    paths = ["index.html", "invoices.html", "invoices/1.html", "invoices-lines.html", "orders.html", "portal.css"]
    for path in paths:
        store.write(f"public/{TOKEN}/{path}", b"x", Metadata())
    taken = withdraw(store, {MARK: TOKEN}, {MARK: ("invoices",)})
    assert (taken.objects, dict(taken.failed)) == (4, {})
    assert list_paths(store, TOKEN) == ("orders.html", "portal.css")
