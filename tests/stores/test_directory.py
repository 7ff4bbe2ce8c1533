"""The store in two folders."""

import errno
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portalgen.errors import InvalidInputError, StoreError
from portalgen.stores.base import Erased, Failure, Put, Store
from portalgen.stores.directory import PARTIAL, DirectoryStore
from portalgen.stores.files import LEFTOVER_AGE, LOCK
from tests.store_contract import HTML, ConditionsContract, StoreContract, keys_of, write_all


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "site", tmp_path / "private")


class TestDirectoryStore(StoreContract, ConditionsContract):
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


def test_a_listing_tells_digests_and_none_of_a_link(store: DirectoryStore, outside: Path) -> None:
    store.write("public/x", b"x", HTML)
    assert {item.key: item.digest for item in store.objects("public/")} == {
        "public/file": "",
        "public/link": "",
        "public/x": hashlib.md5(b"x", usedforsecurity=False).hexdigest(),
    }


def test_the_age_of_an_object_is_told_by_the_file_systems_clock(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("private/lease.json", b"x", HTML)
    then = time.time() - 1000
    os.utime(tmp_path / "private/lease.json", (then, then))
    monkeypatch.setattr(time, "time", lambda: 0)
    assert 999 <= store.find("private/lease.json").age <= 1060
    os.utime(tmp_path / "private/lease.json", (then + 9000, then + 9000))
    assert store.find("private/lease.json").age == 0


def test_of_several_processes_that_write_by_version_one_succeeds(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\n"
        "from portalgen.errors import OvertakenError\nfrom portalgen.stores.base import Metadata\n"
        "from portalgen.stores.directory import DirectoryStore\n"
        "store = DirectoryStore(Path(sys.argv[1]) / 'site', Path(sys.argv[1]) / 'private')\n"
        "print(flush=True)\nsys.stdin.readline()\n"
        "for number in range(50):\n"
        "    try:\n"
        "        store.write_if(f'private/{number}', sys.argv[2].encode(), Metadata(), None)\n"
        "        print(number)\n"
        "    except OvertakenError:\n"
        "        pass\n"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, tmp_path, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for racer in racers:
        assert racer.stdout
        racer.stdout.readline()
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("\n")
        racer.stdin.flush()
    won = [racer.communicate()[0].split() for racer in racers]
    assert sorted(int(number) for numbers in won for number in numbers) == list(range(50))
    store = DirectoryStore(tmp_path / "site", tmp_path / "private")
    for number, numbers in enumerate(won):
        assert {store.read(f"private/{key}") for key in numbers} <= {str(number).encode()}


def test_what_is_unchanged_is_not_written_again(store: DirectoryStore, tmp_path: Path) -> None:
    """Whoever copies the folder elsewhere by the times of its files copies what has changed, and no more."""
    keys = ["public/t/1", "public/t/2"]
    assert len(list(store.write_many(Put(key, b"old", HTML) for key in keys))) == 2
    for name in ("1", "2"):
        os.utime(tmp_path / "site/t" / name, (1000, 1000))
    assert (
        len(list(store.write_many(Put(key, data, HTML) for key, data in zip(keys, (b"old", b"new"), strict=True)))) == 2
    )
    assert (tmp_path / "site/t/1").stat().st_mtime == 1000
    assert (tmp_path / "site/t/2").stat().st_mtime > 1000


@pytest.mark.parametrize(
    ("number", "sentence"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "the disk is read-only")]
)
def test_a_full_disk_stops_at_once(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    write, written, taken = os.write, [], []

    def fail_at_the_third(descriptor: int, data: bytes) -> int:
        written.append(1)
        if len(written) >= 3:
            raise OSError(number, os.strerror(number))
        return write(descriptor, data)

    def puts() -> Iterator[Put]:
        for index in range(10):
            taken.append(index)
            yield Put(f"public/t/{index}", b"x", HTML)

    monkeypatch.setattr(os, "write", fail_at_the_third)
    with pytest.raises(StoreError) as caught:
        list(store.write_many(puts()))
    assert str(caught.value) == f"cannot write 'public/t/2': {sentence}"
    assert taken == [0, 1, 2]
    assert files_in(tmp_path) == ["site/t/0", "site/t/1"]


def test_one_file_that_cannot_be_written_is_told_of_and_the_rest_is_written(store: DirectoryStore) -> None:
    store.write("public/a", b"x", HTML)
    outcomes = store.write_many(Put(key, b"x", HTML) for key in ("public/a/b", "public/c"))
    assert [(outcome.key, outcome.cause) for outcome in outcomes] == [
        ("public/a/b", "a file stands where a folder must be"),
        ("public/c", ""),
    ]


def test_many_files_are_flushed_together_however_it_ends(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def puts() -> Iterator[Put]:
        for number in range(3):
            yield Put(f"public/t/{number}", b"x", HTML)
        raise LookupError

    flushed: list[list[str]] = []
    monkeypatch.setattr("portalgen.stores.directory.flush_all", lambda _: flushed.append(files_in(tmp_path / "site")))
    with pytest.raises(LookupError):
        list(store.write_many(puts()))
    assert flushed == [["t/0", "t/1", "t/2"]]
    assert list(store.write_many([])) == []
    assert len(flushed) == 1


def test_a_purge_takes_what_no_key_can_name_and_the_folder(store: DirectoryStore, tmp_path: Path) -> None:
    write_all(store, ["public/t/a/b", "public/t2/x"])
    for name in ("odd\\name", os.fsdecode(b"\xff")):
        (tmp_path / "site/t" / name).touch()
    (tmp_path / "site/t/empty/deep").mkdir(parents=True)
    assert store.erase(["public/t/"]) == Erased(objects=3)
    assert files_in(tmp_path / "site") == ["t2/x"]
    assert [path.name for path in (tmp_path / "site").iterdir()] == ["t2"]


def test_a_purge_takes_a_link_in_place_of_the_folder_and_not_what_it_leads_to(
    store: DirectoryStore, tmp_path: Path, outside: Path
) -> None:
    assert store.answers("public/link/x")
    assert store.erase(["public/link/"]) == Erased(objects=1)
    assert not store.answers("public/link/x")
    assert (outside / "x").read_bytes() == b"keep"
    assert files_in(tmp_path / "site") == ["file"]


def test_a_purge_of_all_that_is_private_spares_what_the_store_needs(store: DirectoryStore, tmp_path: Path) -> None:
    write_all(store, ["private/a/b", "private/c"])
    assert store.erase(["private/"]) == Erased(objects=2)
    assert files_in(tmp_path / "private") == [f"{PARTIAL}/{LOCK}"]
    erased = store.erase([f"private/{PARTIAL}/"])
    assert [failure.key for failure in erased.failures] == [f"private/{PARTIAL}/"]


def test_what_a_purge_cannot_take_is_named(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = Path.unlink

    def fail(path: Path) -> None:
        if path.name == "2":
            raise PermissionError(errno.EPERM, "Operation not permitted")
        unlink(path)

    write_all(store, ["public/t/a/1", "public/t/a/2", "public/t/b/3"])
    monkeypatch.setattr(Path, "unlink", fail)
    assert store.erase(["public/t/"]) == Erased(
        objects=2, failures=(Failure("public/t/a/2", "purge", "Operation not permitted"),)
    )
    assert keys_of(store, "public/") == ["public/t/a/2"]


def test_the_world_gets_what_a_link_leads_to(store: DirectoryStore, outside: Path) -> None:
    assert store.answers("public/file")
    (outside / "x").unlink()
    assert not store.answers("public/file")
