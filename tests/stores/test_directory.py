"""The store in two folders."""

import errno
import os
import time
from pathlib import Path

import pytest

from portalgen.errors import InvalidInputError, StoreError
from portalgen.stores.base import Failure, Store
from portalgen.stores.directory import PARTIAL, DirectoryStore
from portalgen.stores.files import LEFTOVER_AGE, LOCK
from tests.store_contract import HTML, StoreContract, keys_of, write_all


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "site", tmp_path / "private")


class TestDirectoryStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return DirectoryStore(tmp_path / "site", tmp_path / "private")

    @pytest.fixture
    def broken_store(self, tmp_path: Path) -> Store:
        return DirectoryStore(tmp_path / ("a" * 300), tmp_path / ("b" * 300))


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_keys_lead_to_files_of_the_same_path(store: DirectoryStore, tmp_path: Path) -> None:
    write_all(store, ["public/token/index.html", "private/ledger/x.json"])
    assert files_in(tmp_path) == [f"private/{PARTIAL}/{LOCK}", "private/ledger/x.json", "site/token/index.html"]


@pytest.mark.parametrize(
    ("public", "private"),
    [("site", "site"), ("site", "site/private"), ("site", "site/../site/x"), ("all/site", "all"), ("site", "link/x")],
)
def test_neither_folder_may_be_or_hold_the_other(tmp_path: Path, public: str, private: str) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "site")
    with pytest.raises(InvalidInputError, match="private folder"):
        DirectoryStore(tmp_path / public, tmp_path / private)


def test_a_loop_of_links_is_no_folder_for_a_store(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises((InvalidInputError, StoreError)):
        DirectoryStore(tmp_path / "loop", tmp_path / "private").write("public/x", b"x", HTML)


def test_private_files_are_the_owners_alone_and_public_ones_everybodys(store: DirectoryStore, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_all(store, ["public/token/index.html", "private/a/b"])
    finally:
        os.umask(before)
    assert [mode_of(tmp_path / name) for name in ("private", "private/a", f"private/{PARTIAL}")] == [0o700] * 3
    assert mode_of(tmp_path / "private/a/b") == 0o600
    assert [mode_of(tmp_path / name) for name in ("site", "site/token")] == [0o755] * 2
    assert mode_of(tmp_path / "site/token/index.html") == 0o644


def test_folders_go_with_their_last_object_but_the_roots_stay(store: DirectoryStore, tmp_path: Path) -> None:
    write_all(store, ["public/token/a/b/c.html", "public/token/x.html", "private/m/n"])
    assert store.delete(["public/token/a/b/c.html"]) == []
    assert sorted(path.name for path in (tmp_path / "site").rglob("*")) == ["token", "x.html"]
    assert store.delete(["public/token/x.html", "private/m/n"]) == []
    assert list((tmp_path / "site").iterdir()) == []
    assert [path.name for path in (tmp_path / "private").iterdir()] == [PARTIAL]


def test_deleting_again_removes_an_empty_folder_left_by_a_crash(store: DirectoryStore, tmp_path: Path) -> None:
    (tmp_path / "site/token/a").mkdir(parents=True)
    assert store.delete(["public/token/a/x.html"]) == []
    assert list((tmp_path / "site").iterdir()) == []


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the store's, to which `public/link` and `public/file` lead."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "x").write_bytes(b"keep")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/link").symlink_to(folder)
    (tmp_path / "site/file").symlink_to(folder / "x")
    return folder


def test_a_link_to_a_folder_is_not_followed(store: DirectoryStore, outside: Path) -> None:
    with pytest.raises(StoreError, match="is a symbolic link"):
        store.write("public/link/x", b"overwritten", HTML)
    with pytest.raises(StoreError, match="is a symbolic link"):
        store.read("public/link/x")
    with pytest.raises(StoreError, match="is a symbolic link"):
        keys_of(store, "public/link/")
    [failure] = store.delete(["public/link/x"])
    assert "is a symbolic link" in failure.cause
    assert files_in(outside) == ["x"]
    assert (outside / "x").read_bytes() == b"keep"


def test_a_link_is_listed_so_that_it_can_be_deleted(store: DirectoryStore, outside: Path) -> None:
    assert keys_of(store, "public/") == ["public/file", "public/link"]
    assert store.delete(["public/file", "public/link"]) == []
    assert keys_of(store, "public/") == []
    assert (outside / "x").read_bytes() == b"keep"


def test_a_link_to_a_file_is_not_read_and_a_write_replaces_it(store: DirectoryStore, outside: Path) -> None:
    with pytest.raises(StoreError, match="is a symbolic link"):
        store.read("public/file")
    store.write("public/file", b"new", HTML)
    assert store.read("public/file") == b"new"
    assert (outside / "x").read_bytes() == b"keep"


def test_a_file_in_place_of_a_folder_is_one_sentence(store: DirectoryStore) -> None:
    store.write("public/a", b"x", HTML)
    for key in ("public/a/b", "public/a/b/c"):
        with pytest.raises(StoreError) as caught:
            store.write(key, b"x", HTML)
        assert str(caught.value) == f"cannot write '{key}': a file stands where a folder must be"


def test_a_folder_in_place_of_a_file_is_one_sentence(store: DirectoryStore) -> None:
    store.write("public/a/b", b"x", HTML)
    with pytest.raises(StoreError) as caught:
        store.write("public/a", b"x", HTML)
    assert str(caught.value) == "cannot write 'public/a': a folder stands where the file must be"


def test_a_file_in_place_of_a_root_is_one_sentence(store: DirectoryStore, tmp_path: Path) -> None:
    (tmp_path / "site").touch()
    with pytest.raises(StoreError, match="cannot list 'public/': a file stands where a folder must be"):
        keys_of(store, "public/")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "Permission denied"),
        (errno.EXDEV, "the store's private folder is on another file system than its public one"),
    ],
)
def test_a_write_that_fails_leaves_the_old_object_and_no_other_file(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    store.write("public/x", b"old", HTML)
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StoreError) as caught:
        store.write("public/x", b"new", HTML)
    assert str(caught.value) == f"cannot write 'public/x': {sentence}"
    assert store.read("public/x") == b"old"
    assert files_in(tmp_path) == ["site/x"]


def test_a_delete_that_fails_is_returned_and_the_rest_goes(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def fail(path: Path) -> None:
        if path.name == "2":
            raise PermissionError(errno.EACCES, "Permission denied")
        unlink(path)

    write_all(store, ["public/t/1", "public/t/2", "public/t/3"])
    monkeypatch.setattr(Path, "unlink", fail)
    assert store.delete(["public/t/1", "public/t/2", "public/t/3"]) == [
        Failure("public/t/2", "delete", "Permission denied")
    ]
    assert keys_of(store, "public/") == ["public/t/2"]


def test_what_is_being_written_is_neither_served_nor_listed_nor_named_by_a_key(
    store: DirectoryStore, tmp_path: Path
) -> None:
    partial = tmp_path / "private" / PARTIAL
    partial.mkdir(parents=True)
    (partial / "half").write_bytes(b"half")
    assert keys_of(store, "private/") == keys_of(store, "private/.") == []
    for key in (f"private/{PARTIAL}", f"private/{PARTIAL}/half", f"private/{PARTIAL}/a/b"):
        with pytest.raises(StoreError, match="cannot be a key"):
            store.read(key)
        with pytest.raises(StoreError, match="cannot be a key"):
            store.write(key, b"x", HTML)
    assert len(store.delete([f"private/{PARTIAL}/half"])) == 1
    assert (partial / "half").exists()


def test_what_a_dead_process_left_half_written_is_removed(store: DirectoryStore, tmp_path: Path) -> None:
    partial = tmp_path / "private" / PARTIAL
    partial.mkdir(parents=True)
    for name, age in (("old", LEFTOVER_AGE + 60), ("new", 60)):
        (partial / name).touch()
        os.utime(partial / name, (time.time() - age,) * 2)
    store.write("public/x", b"x", HTML)
    assert files_in(partial) == ["new"]


def test_files_whose_names_no_key_can_have_are_not_listed(store: DirectoryStore, tmp_path: Path) -> None:
    store.write("public/a", b"x", HTML)
    (tmp_path / "site" / "a\\b").touch()
    (tmp_path / "site" / os.fsdecode(b"\xff")).touch()
    assert keys_of(store, "public/") == ["public/a"]
