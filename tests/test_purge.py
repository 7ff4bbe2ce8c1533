"""A purge leaves nothing under a link, whatever is there, and says what it could not delete."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from portalgen.links import KeyRing
from portalgen.model import LinkId
from portalgen.plan import PURGE, Step
from portalgen.purge import find_tokens, list_paths, manifest_key, public_tokens, purge
from portalgen.stores.base import Failure, Metadata, Store
from portalgen.stores.directory import DirectoryStore
from portalgen.stores.memory import MemoryStore, fail_at
from portalgen.stores.s3 import S3Store
from tests.s3_server import S3Server

RING = KeyRing("small", {"a": bytes(range(32))})
TOKEN, OTHER = RING.token("a", "bees", "", 1), RING.token("a", "ants", "", 1)
STEP = Step(LinkId("bees"), "0123456789", PURGE, "portal deleted", "revoked")


def fill(store: Store, count: int) -> None:
    for number in range(count):
        store.write(f"public/{TOKEN}/invoices/{number}.html", b"x", Metadata())
    store.write(f"public/{TOKEN}/index.html", b"x", Metadata())
    store.write(manifest_key(STEP.fingerprint), b"{}", Metadata())
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
    taken = purge(store, [STEP], {STEP.fingerprint: TOKEN})
    assert (taken.deleted, dict(taken.failed)) == (count + 1, {})
    assert [item.key for item in store.objects("public/")] == [f"public/{OTHER}/index.html"]
    assert [*store.objects("private/")] == []


def test_every_key_that_stays_is_named_and_the_rest_goes() -> None:
    store = MemoryStore()
    fill(store, 50)
    store.fault = lambda action, key: "locked" if action == "delete" and key.endswith("7.html") else None
    taken = purge(store, [STEP], {STEP.fingerprint: TOKEN})
    left = [f"public/{TOKEN}/invoices/{number}.html" for number in (17, 27, 37, 47, 7)]
    assert [failure.key for failure in taken.failed[STEP.fingerprint]] == left
    assert [item.key for item in store.objects(f"public/{TOKEN}/")] == left
    assert taken.deleted == 51 - 5


def test_what_a_store_says_is_deleted_and_still_lists_is_a_failure() -> None:
    class Liar(MemoryStore):
        def delete(self, keys: Iterable[str]) -> list[Failure]:
            return [] if [*keys] else [Failure("", "delete", "nothing named")]

    store = Liar()
    fill(store, 2)
    taken = purge(store, [STEP], {STEP.fingerprint: TOKEN})
    assert [failure.cause for failure in taken.failed[STEP.fingerprint]] == ["still there after it was deleted"] * 3
    assert taken.deleted == 0


def test_one_links_failure_holds_no_other_back() -> None:
    store = MemoryStore(fail_at("list", 1))
    fill(store, 3)
    other = Step(LinkId("ants"), "9876543210", PURGE, "portal deleted", "revoked")
    taken = purge(store, [STEP, other], {STEP.fingerprint: TOKEN, other.fingerprint: OTHER})
    assert set(taken.failed) == {STEP.fingerprint}
    assert list_paths(store, OTHER) == ()


def test_tokens_are_found_by_their_fingerprint_alone() -> None:
    store = MemoryStore()
    fill(store, 3)
    store.write("public/robots.txt", b"", Metadata())
    store.write("public/pictures/logo.png", b"", Metadata())
    assert sorted(public_tokens(store)) == sorted([TOKEN, OTHER])
    assert find_tokens(store, ["no such"]) == {}
