"""What every store keeps, as one suite. A kind of store subclasses StoreContract and says how it is made."""

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier

import pytest

from portalgen.errors import NotInStoreError, OvertakenError, StoreError
from portalgen.stores.base import Erased, Metadata, Outcome, Put, Store, no_fence

HTML = Metadata("text/html; charset=utf-8", "private, no-store")
CSV = Metadata("text/csv; charset=utf-8", "private, no-store", is_download=True)

LONG_TEXT = b"".join(b"<tr><td>%06d</td><td>paid</td></tr>\n" % number for number in range(2000))
"""More than one flight of a connection, and easily compressed."""

AHEAD = 128
"""As many objects as a store may have taken and not yet told of."""

RACERS = 16

BAD_KEYS = [
    "",
    "x",
    "/public/x",
    "publicity/x",
    "public",
    "public/",
    "public//x",
    "public/x/",
    "public/./x",
    "public/../private/x",
    "public/x/..",
    "public/..\\x",
    "public/a\0b",
    "public/a\nb",
    "public/\ud800",
]

ODD_KEYS = [
    "private/%2e%2e/x",
    "private/...",
    "public/&<>\"'.html",
    "public/+ and 100%.html",
    "public/.hidden",
    "public/a b/c  d",
    "public/a;b=c?d#e",
    "public/café/übergröße.html",
    "public/日本/🙂.html",
    "public/~$!*():@,[]{}|^`",
]


def write_all(store: Store, keys: list[str], data: bytes = b"x") -> None:
    """Write `data` under each of `keys`, from eight threads."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.write(key, data, HTML), keys))


def write_all_at_once(store: Store, keys: list[str]) -> None:
    """Write an object under each of many `keys`."""
    assert [outcome.cause for outcome in store.write_many(Put(key, b"x", HTML) for key in keys) if outcome.cause] == []


def keys_of(store: Store, prefix: str) -> list[str]:
    """The listing's keys, in its order."""
    return [item.key for item in store.objects(prefix)]


def race(store: Store, key: str, version: str | None, mark: str) -> tuple[list[bytes], str]:
    """What those wrote who won when many write at once if the object has `version`, and the version that one got."""
    barrier = Barrier(RACERS)

    def write(number: int) -> tuple[bytes, str]:
        data = f"{mark} {number}".encode()
        barrier.wait()
        try:
            return data, store.write_if(key, data, HTML, version)
        except OvertakenError:
            return data, ""

    with ThreadPoolExecutor(RACERS) as pool:
        written = list(pool.map(write, range(RACERS)))
    winners = [item for item in written if item[1]]
    return [data for data, _ in winners], winners[-1][1] if winners else ""


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class StoreContract:
    """Subclasses override the fixtures."""

    @pytest.fixture
    def store(self) -> Store:
        """An empty store."""
        raise NotImplementedError

    @pytest.fixture
    def served_store(self, store: Store) -> Store:
        """An empty store whose public part is served to the world."""
        return store

    @pytest.fixture
    def broken_store(self) -> Store:
        """A store that fails at everything."""
        raise NotImplementedError

    def test_an_object_is_read_as_it_was_written(self, store: Store) -> None:
        store.write("public/t/index.html", b"\x00<p>\r\n\xff", HTML)
        assert store.read("public/t/index.html") == b"\x00<p>\r\n\xff"

    def test_a_second_write_replaces_the_object(self, store: Store) -> None:
        store.write("private/ledger.json", b"longer than before", HTML)
        store.write("private/ledger.json", b"new", HTML)
        assert store.read("private/ledger.json") == b"new"
        assert [(item.key, item.size) for item in store.objects("private/")] == [("private/ledger.json", 3)]

    def test_an_object_may_be_empty(self, store: Store) -> None:
        store.write("public/empty", b"", HTML)
        assert store.read("public/empty") == b""
        assert [item.size for item in store.objects("public/")] == [0]

    def test_an_object_may_have_6_megabytes(self, store: Store) -> None:
        data = bytes(range(256)) * (6 * 4096)
        store.write("public/big.pdf", data, Metadata("application/pdf"))
        assert store.read("public/big.pdf") == data
        assert [item.size for item in store.objects("public/big")] == [6 * 1024 * 1024]

    def test_reading_what_is_not_there_says_so(self, store: Store) -> None:
        store.write("public/t/index.html", b"x", HTML)
        for key in ("public/none", "private/none/at/all", "public/t", "public/t/index.html/x"):
            with pytest.raises(NotInStoreError, match=f"there is no '{key}'"):
                store.read(key)

    def test_an_empty_store_lists_nothing(self, store: Store) -> None:
        assert keys_of(store, "public/") == keys_of(store, "private/") == keys_of(store, "public/t/") == []

    def test_a_listing_is_in_the_order_of_keys(self, store: Store) -> None:
        keys = [
            f"public/{name}" for name in ("B", "a", "a!", "a.d/x", "a/b", "a0", "a/b-c/d", "a/b.c", "é", "日", "🙂")
        ]
        keys.remove("public/a")  # no key is the folder of another
        write_all(store, keys)
        assert keys_of(store, "public/") == sorted(keys)
        assert [item.encode() for item in keys_of(store, "public/")] == sorted(key.encode() for key in keys)

    def test_a_listing_has_what_starts_with_the_prefix_and_no_more(self, store: Store) -> None:
        write_all(store, ["public/a/0", "public/ab/1", "public/ab/c/2", "public/abc/3", "private/ab", "private/x"])
        expected = {
            "public/ab": ["public/ab/1", "public/ab/c/2", "public/abc/3"],
            "public/ab/": ["public/ab/1", "public/ab/c/2"],
            "public/ab/1": ["public/ab/1"],
            "public/ab/1/": [],
            "public/AB": [],
            "public/b": [],
            "public/": ["public/a/0", "public/ab/1", "public/ab/c/2", "public/abc/3"],
            "private/ab": ["private/ab"],
        }
        assert {prefix: keys_of(store, prefix) for prefix in expected} == expected

    @pytest.mark.parametrize("number", [1001, 2500])
    def test_more_objects_than_one_request_shows_are_listed_and_deleted_whole(self, store: Store, number: int) -> None:
        keys = [f"public/token/{index:04}.html" for index in range(number)]
        write_all_at_once(store, [*keys, "public/token2/index.html"])
        assert keys_of(store, "public/token/") == keys
        assert store.delete(keys) == []
        assert keys_of(store, "public/") == ["public/token2/index.html"]

    def test_deleting_what_a_listing_shows_while_it_is_shown_leaves_nothing(self, store: Store) -> None:
        write_all(store, ["public/a/1", "public/a/2", "public/b/1"])
        assert store.delete(item.key for item in store.objects("public/")) == []
        assert keys_of(store, "public/") == []

    def test_deleting_what_is_not_there_succeeds(self, store: Store) -> None:
        store.write("public/t/x", b"x", HTML)
        assert store.delete(["public/none", "public/none/x", "public/t/x/y", "public/t"]) == []
        assert store.delete([]) == []
        assert keys_of(store, "public/") == ["public/t/x"]

    def test_a_deleted_object_is_gone_and_can_come_back(self, store: Store) -> None:
        store.write("public/t/x", b"1", HTML)
        assert store.delete(["public/t/x", "public/t/x"]) == []
        with pytest.raises(NotInStoreError):
            store.read("public/t/x")
        store.write("public/t/x", b"2", HTML)
        assert store.read("public/t/x") == b"2"

    def test_odd_keys_are_kept_apart_listed_and_deleted(self, store: Store) -> None:
        for key in ODD_KEYS:
            store.write(key, key.encode(), HTML)
        assert {key: store.read(key).decode() for key in ODD_KEYS} == dict(zip(ODD_KEYS, ODD_KEYS, strict=True))
        assert keys_of(store, "private/") + keys_of(store, "public/") == sorted(ODD_KEYS)
        assert store.delete(ODD_KEYS) == []
        assert keys_of(store, "private/") + keys_of(store, "public/") == []

    def test_a_bad_key_is_neither_read_nor_written(self, store: Store) -> None:
        for key in BAD_KEYS:
            with pytest.raises(StoreError, match="cannot be a key"):
                store.read(key)
            with pytest.raises(StoreError, match="cannot be a key"):
                store.write(key, b"x", HTML)
        assert keys_of(store, "public/") + keys_of(store, "private/") == []

    def test_deleting_bad_keys_harms_no_others(self, store: Store) -> None:
        write_all(store, ["public/keep", "private/x"])
        failures = store.delete([*BAD_KEYS, "public/keep"])
        assert {"", "x", "/public/x", "publicity/x", "public/a\0b"} <= {failure.key for failure in failures}
        assert all(failure.action == "delete" and failure.cause for failure in failures)
        assert keys_of(store, "public/") + keys_of(store, "private/") == ["private/x"]

    def test_a_bad_prefix_is_not_listed(self, store: Store) -> None:
        for prefix in ("", "p", "public", "x/", "public/../private/", "public//", "/public/"):
            with pytest.raises(StoreError, match="cannot be a key"):
                keys_of(store, prefix)

    def test_threads_may_write_read_and_delete_at_once(self, store: Store) -> None:
        def work(worker: int) -> None:
            for index in range(20):
                key = f"public/shared/{index}/{worker}"
                store.write(key, key.encode(), HTML)
                assert store.read(key) == key.encode()
                if index % 2:
                    assert store.delete([key]) == []

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        assert len(keys_of(store, "public/shared/")) == 80

    def test_one_key_written_by_many_threads_holds_one_of_their_texts(self, store: Store) -> None:
        texts = [bytes([65 + worker]) * 100_000 for worker in range(8)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda text: store.write("public/x", text, HTML), texts))
        assert store.read("public/x") in texts

    def test_a_store_that_fails_says_so_and_never_that_an_object_is_absent(self, broken_store: Store) -> None:
        with pytest.raises(StoreError, match="cannot list 'public/'"):
            keys_of(broken_store, "public/")
        with pytest.raises(StoreError, match="cannot read 'public/x'") as caught:
            broken_store.read("public/x")
        assert not isinstance(caught.value, NotInStoreError)
        with pytest.raises(StoreError, match="cannot write 'public/x'"):
            broken_store.write("public/x", b"x", HTML)

    def test_what_writes_or_deletes_does_nothing_where_the_fence_says_so(self, store: Store) -> None:
        store.write("public/t/1", b"1", HTML)

        def closed() -> None:
            raise OvertakenError("somebody else is at work")

        store.fence = closed
        for write in (
            lambda: store.write("public/t/1", b"2", HTML),
            lambda: store.write_if("private/x", b"2", HTML, None),
            lambda: list(store.write_many([Put(f"public/t/{number}", b"2", HTML) for number in range(50)])),
            lambda: store.delete(["public/t/1"]),
            lambda: store.erase(["public/t/"]),
        ):
            with pytest.raises(OvertakenError, match="somebody else is at work"):
                write()
        assert store.read("public/t/1") == b"1"
        assert keys_of(store, "public/") + keys_of(store, "private/") == ["public/t/1"]
        store.fence = no_fence
        store.write("public/t/1", b"2", HTML)

    def test_each_key_that_could_not_be_deleted_is_returned(self, broken_store: Store) -> None:
        keys = [f"public/{index}" for index in range(1001)]
        failures = broken_store.delete(keys)
        assert [failure.key for failure in failures] == keys
        assert all(failure.cause and "\n" not in failure.cause for failure in failures)

    def test_an_object_is_found_with_its_version_and_its_age(self, store: Store) -> None:
        store.write("private/lease.json", b"1", HTML)
        first = store.find("private/lease.json")
        time.sleep(2.1)
        later = store.find("private/lease.json")
        assert (first.data, later.data) == (b"1", b"1")
        assert first.version == later.version != ""
        assert 0 <= first.age < later.age <= first.age + 60
        store.write("private/lease.json", b"2", HTML)
        new = store.find("private/lease.json")
        assert new.version != first.version
        assert new.age < later.age

    def test_finding_what_is_not_there_says_so(self, store: Store) -> None:
        for key in ("private/none", "private/none/x"):
            with pytest.raises(NotInStoreError, match=f"there is no '{key}'"):
                store.find(key)
        with pytest.raises(StoreError, match="cannot be a key"):
            store.find("private/../x")

    def test_a_long_object_is_replaced_by_its_version_too(self, store: Store) -> None:
        version = store.write_if("private/ledger.json", LONG_TEXT, Metadata("application/json"), None)
        assert store.find("private/ledger.json").data == LONG_TEXT
        version = store.write_if("private/ledger.json", LONG_TEXT[::-1], Metadata("application/json"), version)
        assert store.find("private/ledger.json").version == version
        assert store.read("private/ledger.json") == LONG_TEXT[::-1]

    def test_a_bad_key_is_not_written_by_version(self, store: Store) -> None:
        for key in BAD_KEYS:
            with pytest.raises(StoreError, match="cannot be a key"):
                store.write_if(key, b"x", HTML, None)

    def test_many_objects_are_written_and_each_is_told_of(self, store: Store) -> None:
        puts = [Put(f"public/t{number % 7}/{number}.html", b"%d" % number, HTML) for number in range(500)]
        outcomes = list(store.write_many(puts))
        expected = [Outcome(put.key, len(put.data), md5(put.data)) for put in puts]
        assert sorted(outcomes, key=lambda outcome: outcome.key) == sorted(expected, key=lambda outcome: outcome.key)
        listed = {item.key: item.size for item in store.objects("public/")}
        assert listed == {put.key: len(put.data) for put in puts}
        assert [store.read(put.key) for put in puts[::50]] == [put.data for put in puts[::50]]

    def test_many_objects_of_odd_keys_and_sizes_are_written(self, store: Store) -> None:
        data = [b"", b"x", LONG_TEXT, bytes(range(256)) * 8192, *(key.encode() for key in ODD_KEYS[4:])]
        puts = [Put(key, item, HTML) for key, item in zip(ODD_KEYS, data, strict=True)]
        assert sorted(outcome.key for outcome in store.write_many(puts) if not outcome.cause) == sorted(ODD_KEYS)
        assert [store.read(put.key) for put in puts] == [put.data for put in puts]

    def test_writing_many_replaces_what_is_there(self, store: Store) -> None:
        for data in (b"old and longer", b"new"):
            assert [outcome.cause for outcome in store.write_many([Put("public/t/x", data, HTML)])] == [""]
            assert store.read("public/t/x") == data

    def test_writing_none_writes_none(self, store: Store) -> None:
        assert list(store.write_many([])) == []
        assert keys_of(store, "public/") == []

    def test_nothing_is_taken_before_it_is_asked_for_and_little_ahead(self, store: Store) -> None:
        taken = 0

        def puts() -> Iterator[Put]:
            nonlocal taken
            for number in range(1000):
                taken += 1
                yield Put(f"public/t/{number}", b"x", HTML)

        outcomes = store.write_many(puts())
        assert taken == 0
        told = 0
        for _ in outcomes:
            told += 1
            assert taken - told <= AHEAD
        assert (taken, told) == (1000, 1000)

    def test_who_asks_no_more_has_no_more_written(self, store: Store) -> None:
        outcomes = store.write_many(Put(f"public/t/{number}", b"x", HTML) for number in range(1000))
        next(outcomes)
        del outcomes
        assert 1 <= len(keys_of(store, "public/t/")) <= AHEAD + 1

    def test_an_error_of_whoever_gives_the_objects_comes_out_once_all_that_was_taken_is_written(
        self, store: Store
    ) -> None:
        def puts() -> Iterator[Put]:
            for number in range(100):
                yield Put(f"public/t/{number}", b"x", HTML)
            raise LookupError("the lease is lost")

        told: list[str] = []
        with pytest.raises(LookupError, match="the lease is lost"):
            for outcome in store.write_many(puts()):
                told.append(outcome.key)  # noqa: PERF401 - a list in the making is lost with the error
        assert sorted(told) == keys_of(store, "public/t/")
        assert len(told) == 100

    def test_an_object_that_cannot_be_written_is_told_of_and_the_rest_is_written(self, store: Store) -> None:
        keys = ["public/t/1", "public/t/../x", "public/t/2", "publicity", "public/t/" + "x" * 2000, "public/t/3"]
        outcomes = list(store.write_many(Put(key, b"x", HTML) for key in keys))
        assert sorted(outcome.key for outcome in outcomes) == sorted(keys)
        failed = {outcome.key: outcome for outcome in outcomes if outcome.cause}
        assert {keys[1], keys[3]} <= set(failed) <= {keys[1], keys[3], keys[4]}
        assert all("\n" not in outcome.cause and not outcome.digest for outcome in failed.values())
        assert {"public/t/1", "public/t/2", "public/t/3"} <= set(keys_of(store, "public/"))

    def test_a_store_that_fails_says_so_of_many_objects_too(self, broken_store: Store) -> None:
        taken: list[int] = []

        def puts() -> Iterator[Put]:
            for number in range(1000):
                taken.append(number)
                yield Put(f"public/t/{number}", b"x", HTML)

        try:
            outcomes = list(broken_store.write_many(puts()))
        except StoreError as error:
            assert "cannot write 'public/t/" in str(error)
            assert len(taken) <= AHEAD
        else:
            assert len(outcomes) == 1000
            assert all(outcome.cause for outcome in outcomes)

    @pytest.mark.parametrize("metadata", [HTML, CSV, Metadata("application/pdf"), Metadata("application/json")])
    @pytest.mark.parametrize("data", [b"", b"short", LONG_TEXT], ids=["empty", "short", "long"])
    def test_what_an_object_is_stored_as_is_known_before(self, store: Store, data: bytes, metadata: Metadata) -> None:
        expected = store.encoded(Put("public/t/x", data, metadata))
        store.write("public/t/one", data, metadata)
        [outcome] = store.write_many([Put("public/t/two", data, metadata)])
        assert (outcome.size, outcome.digest, outcome.cause) == (*expected, "")
        for item in store.objects("public/t/"):
            assert (item.size, item.digest or expected[1]) == expected
            assert store.read(item.key) == data

    def test_all_under_a_prefix_goes_and_nothing_else(self, store: Store) -> None:
        keep = ["public/a2/1", "public/b/1", "private/x"]
        write_all(store, ["public/a/1", "public/a/b/2", "public/c/1", *keep])
        assert store.erase(["public/a/", "public/c/", "public/none/"]) == Erased(objects=3)
        assert keys_of(store, "public/") + keys_of(store, "private/") == keep
        assert store.erase(["public/a/"]) == Erased()
        assert store.erase([]) == Erased()

    def test_what_is_known_to_be_there_goes_and_so_does_all_else(self, store: Store) -> None:
        write_all_at_once(store, [f"public/t/{number:04}" for number in range(1100)])
        known = (f"public/t/{number:04}" for number in range(1050))
        assert store.erase(["public/t/"], known) == Erased(objects=1100)
        assert keys_of(store, "public/") == []

    def test_a_prefix_that_is_no_folder_of_keys_is_not_erased(self, store: Store) -> None:
        write_all(store, ["public/tok", "public/token/x", "private/x"])
        bad = ["", "public", "public/tok", "public/../private/", "/public/"]
        erased = store.erase([*bad, "public/none/"])
        assert sorted(failure.key for failure in erased.failures) == sorted(bad)
        assert all(failure.cause and "\n" not in failure.cause for failure in erased.failures)
        assert keys_of(store, "public/") + keys_of(store, "private/") == ["public/tok", "public/token/x", "private/x"]

    def test_what_was_erased_can_come_back(self, store: Store) -> None:
        write_all(store, ["public/t/x"])
        assert store.erase(["public/t/"]).objects == 1
        store.write("public/t/x", b"2", HTML)
        assert store.read("public/t/x") == b"2"

    def test_a_prefix_that_could_not_be_erased_is_returned(self, broken_store: Store) -> None:
        erased = broken_store.erase(["public/a/", "public/b/"])
        assert erased.objects == 0
        assert [failure.key for failure in erased.failures] == ["public/a/", "public/b/"]
        assert all(failure.cause and "\n" not in failure.cause for failure in erased.failures)

    def test_the_world_gets_what_is_public_and_nothing_else(self, served_store: Store) -> None:
        write_all(served_store, ["public/t/index.html", "private/ledger.json"])
        keys = ["public/t/index.html", "public/t/none", "public/t", "private/ledger.json", "private/none"]
        assert [key for key in keys if served_store.answers(key)] == ["public/t/index.html"]
        assert served_store.delete(["public/t/index.html"]) == []
        assert not served_store.answers("public/t/index.html")
        with pytest.raises(StoreError, match="cannot be a key"):
            served_store.answers("public/../private/ledger.json")

    def test_without_caches_there_is_nothing_to_forget(self, store: Store) -> None:
        assert store.invalidate(["public/t/"]) == []

    def test_requests_are_counted(self, store: Store) -> None:
        made = [store.requests]
        store.write("private/x", b"x", HTML)
        made.append(store.requests)
        version = store.find("private/x").version
        made.append(store.requests)
        store.write_if("private/x", b"y", HTML, version)
        made.append(store.requests)
        assert len(list(store.write_many(Put(f"public/{number}", b"x", HTML) for number in range(10)))) == 10
        made.append(store.requests)
        assert len(list(store.objects("public/"))) == 10
        made.append(store.requests)
        assert store.delete(["public/1"]) == []
        made.append(store.requests)
        assert [later > before for before, later in pairwise(made)] == [True] * 6
        assert made[4] - made[3] >= 10


class ConditionsContract:
    """What a store keeps besides that replaces by version, rather than whatever it holds."""

    def test_an_object_is_created_only_where_there_is_none(self, store: Store) -> None:
        version = store.write_if("private/lease.json", b"1", HTML, None)
        assert store.find("private/lease.json").version == version
        with pytest.raises(OvertakenError) as caught:
            store.write_if("private/lease.json", b"2", HTML, None)
        assert caught.value.exit_code == 4
        assert store.read("private/lease.json") == b"1"
        assert store.delete(["private/lease.json"]) == []
        store.write_if("private/lease.json", b"3", HTML, None)
        assert store.read("private/lease.json") == b"3"

    def test_an_object_is_replaced_only_if_it_is_as_it_was(self, store: Store) -> None:
        first = store.write_if("private/ledger.json", b"1", HTML, None)
        second = store.write_if("private/ledger.json", b"2", HTML, first)
        assert second != first
        with pytest.raises(OvertakenError):
            store.write_if("private/ledger.json", b"3", HTML, first)
        assert store.find("private/ledger.json").version == second
        store.write("private/ledger.json", b"4", HTML)
        with pytest.raises(OvertakenError):
            store.write_if("private/ledger.json", b"5", HTML, second)
        assert store.read("private/ledger.json") == b"4"

    def test_an_object_that_went_is_not_replaced(self, store: Store) -> None:
        version = store.write_if("private/ledger.json", b"1", HTML, None)
        assert store.delete(["private/ledger.json"]) == []
        with pytest.raises(OvertakenError):
            store.write_if("private/ledger.json", b"2", HTML, version)
        with pytest.raises(NotInStoreError):
            store.read("private/ledger.json")

    def test_of_many_that_create_an_object_at_once_one_succeeds(self, store: Store) -> None:
        for number in range(5):
            winners, version = race(store, f"private/lease/{number}.json", None, f"created {number}")
            found = store.find(f"private/lease/{number}.json")
            assert [found.data] == winners
            assert found.version == version

    def test_of_many_that_replace_an_object_at_once_one_succeeds(self, store: Store) -> None:
        version = store.write_if("private/lease.json", b"first", HTML, None)
        for number in range(5):
            winners, version = race(store, "private/lease.json", version, f"replaced {number}")
            found = store.find("private/lease.json")
            assert [found.data] == winners
            assert found.version == version
