"""What every store keeps, as one suite. A kind of store subclasses StoreContract and says how it is made."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from portalgen.errors import NotInStoreError, StoreError
from portalgen.stores.base import Metadata, Store

HTML = Metadata("text/html; charset=utf-8", "private, no-store")

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


def keys_of(store: Store, prefix: str) -> list[str]:
    """The listing's keys, in its order."""
    return [item.key for item in store.objects(prefix)]


class StoreContract:
    """Subclasses override the two fixtures."""

    @pytest.fixture
    def store(self) -> Store:
        """An empty store."""
        raise NotImplementedError

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
        write_all(store, [*keys, "public/token2/index.html"])
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

    def test_each_key_that_could_not_be_deleted_is_returned(self, broken_store: Store) -> None:
        keys = [f"public/{index}" for index in range(1001)]
        failures = broken_store.delete(keys)
        assert [failure.key for failure in failures] == keys
        assert all(failure.cause and "\n" not in failure.cause for failure in failures)
