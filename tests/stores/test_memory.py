"""The store in memory, and the faults that other tests give it."""

import pytest

from portalgen.errors import StoreError
from portalgen.stores.base import Failure, Store
from portalgen.stores.memory import MemoryStore, fail_at
from tests.store_contract import HTML, ConditionsContract, StoreContract, keys_of, write_all


class TestMemoryStore(StoreContract, ConditionsContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()

    @pytest.fixture
    def broken_store(self) -> Store:
        return MemoryStore(lambda *_: "out of order")


def test_the_second_put_fails_and_no_other() -> None:
    store = MemoryStore(fail_at("write", 2, "disk full"))
    store.write("public/1", b"x", HTML)
    with pytest.raises(StoreError, match="cannot write 'public/2': disk full"):
        store.write("public/2", b"x", HTML)
    store.write("public/3", b"x", HTML)
    assert sorted(store.contents) == ["public/1", "public/3"]


def test_the_third_deleted_key_fails_and_stays() -> None:
    store = MemoryStore(fail_at("delete", 3))
    keys = [f"public/{number}" for number in range(1, 6)]
    write_all(store, keys)
    assert store.delete(keys) == [Failure("public/3", "delete", "out of order")]
    assert keys_of(store, "public/") == ["public/3"]


def test_a_listing_fails_at_once_or_on_its_way() -> None:
    store = MemoryStore(fail_at("list", 1))
    write_all(store, ["public/1", "public/2"])
    with pytest.raises(StoreError, match="cannot list 'public/'"):
        next(store.objects("public/"))
    store.fault = fail_at("list", 3)
    listing = store.objects("public/")
    assert next(listing).key == "public/1"
    with pytest.raises(StoreError, match="cannot list 'public/2'"):
        next(listing)


def test_requests_are_counted_by_action() -> None:
    store = MemoryStore()
    write_all(store, ["public/1", "public/2"])
    store.read("public/1")
    keys_of(store, "public/")
    store.delete(["public/1", "public/2"])
    assert store.asked == {"write": 2, "read": 1, "list": 1, "delete": 1}


def test_metadata_is_kept_for_tests_to_see() -> None:
    store = MemoryStore()
    store.write("public/1", b"x", HTML)
    assert store.metadata == {"public/1": HTML}
