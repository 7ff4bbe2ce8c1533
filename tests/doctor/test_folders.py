"""What the doctor finds of a directory store."""

import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from portalgen.commands.project import now
from portalgen.doctor import folders
from portalgen.doctor.findings import Finding, Verdict
from portalgen.model import StoreSource
from portalgen.stores.base import Metadata
from portalgen.stores.directory import DirectoryStore
from portalgen.stores.files import LEFTOVER_AGE, LOCK
from tests.needs import need

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of files are POSIX's")
TOKEN = "pa" + "0" * 26 + "f" * 32


@pytest.fixture
def source(tmp_path: Path) -> StoreSource:
    """A store that is as it should be."""
    source = StoreSource("local", "directory", path=tmp_path / "site", private=tmp_path / "site.private")
    store = DirectoryStore(tmp_path / "site", tmp_path / "site.private")
    for key in (f"public/{TOKEN}/index.html", f"public/{TOKEN}/invoices/1.html", "private/ledger.json"):
        store.write(key, b"x", Metadata())
    return source


def found(source: StoreSource) -> dict[str, Finding]:
    assert source.path
    assert source.private
    store = DirectoryStore(source.path, source.private)
    return {each.check: each for each in folders.examine(source, store, now)}


def not_ok(source: StoreSource) -> dict[str, str]:
    findings = found(source)
    assert TOKEN not in " ".join(each.said + each.hint for each in findings.values())
    assert all(each.hint for each in findings.values() if each.verdict is not Verdict.OK)
    return {name: each.verdict.value for name, each in findings.items() if each.verdict is not Verdict.OK}


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_good_store_passes_and_nothing_is_left_behind(source: StoreSource, tmp_path: Path) -> None:
    before = files(tmp_path)
    assert not_ok(source) == {}
    assert files(tmp_path) == before
    assert {"one-writer", "bytes"} < found(source).keys()


def test_before_the_first_publish_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    source = StoreSource("local", "directory", path=tmp_path / "site", private=tmp_path / "site.private")
    assert not_ok(source) == {"folders": "warn"}
    assert files(tmp_path) == set()


def test_a_private_folder_that_others_may_enter_fails(source: StoreSource, tmp_path: Path) -> None:
    for mode in (0o750, 0o701, 0o755):
        (tmp_path / "site.private").chmod(mode)
        assert not_ok(source) == {"private-folder": "FAIL"}
        assert found(source)["private-folder"].hint == f"chmod 700 '{tmp_path}/site.private'"


def test_a_private_file_that_others_may_read_fails(source: StoreSource, tmp_path: Path) -> None:
    (tmp_path / "site.private/ledger.json").chmod(0o640)
    assert not_ok(source) == {"private-files": "FAIL"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_of_somebody_else_fail(source: StoreSource, tmp_path: Path) -> None:
    os.chown(tmp_path / "site.private/ledger.json", 1234, -1)
    os.chown(tmp_path / f"site/{TOKEN}/index.html", 1234, -1)
    assert not_ok(source) == {"private-files": "FAIL", "public-files": "FAIL"}
    os.chown(tmp_path / "site.private", 1234, -1)
    assert not_ok(source) == {"private-folder": "FAIL", "private-files": "FAIL", "public-files": "FAIL"}


def test_public_files_that_a_web_server_cannot_read_are_told(source: StoreSource, tmp_path: Path) -> None:
    (tmp_path / f"site/{TOKEN}/index.html").chmod(0o600)
    assert not_ok(source) == {"public-files": "warn"}
    (tmp_path / f"site/{TOKEN}/index.html").chmod(0o644)
    (tmp_path / f"site/{TOKEN}").chmod(0o750)
    assert not_ok(source) == {"public-files": "warn"}


def test_a_public_folder_that_others_may_write_in_fails(source: StoreSource, tmp_path: Path) -> None:
    for path in (tmp_path / "site", tmp_path / f"site/{TOKEN}/invoices"):
        path.chmod(0o757)
        assert not_ok(source) == {"public-files": "FAIL"}
        path.chmod(0o755)


def test_a_symbolic_link_into_the_private_part_fails(source: StoreSource, tmp_path: Path) -> None:
    link = tmp_path / f"site/{TOKEN}/x"
    for target in (tmp_path / "site.private", tmp_path / "site.private/ledger.json", tmp_path):
        link.symlink_to(target)
        assert not_ok(source) == {"symbolic-links": "FAIL"}
        link.unlink()


def test_any_other_symbolic_link_is_told(source: StoreSource, tmp_path: Path) -> None:
    (tmp_path / "site.private/x").symlink_to("/nowhere")
    assert not_ok(source) == {"symbolic-links": "warn"}
    (tmp_path / f"site/{TOKEN}/y").symlink_to(tmp_path / f"site/{TOKEN}/index.html")
    assert found(source)["symbolic-links"].said.startswith("2: ")


def test_what_a_run_that_died_left_behind_is_told_once_it_is_old(source: StoreSource, tmp_path: Path) -> None:
    left = tmp_path / "site.private/.partial/tmp1"
    left.write_bytes(b"half")
    left.chmod(0o600)
    assert not_ok(source) == {}
    old = time.time() - LEFTOVER_AGE - 60
    os.utime(left, (old, old))
    os.utime(tmp_path / f"site.private/.partial/{LOCK}", (old, old))
    findings = found(source)
    assert findings["partial-files"].verdict is Verdict.WARN
    assert findings["partial-files"].said.startswith("1 ")


def test_folders_on_two_file_systems_fail(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")  # noqa: S108 - another file system than tmp_path's
    need(elsewhere.is_dir() and elsewhere.stat().st_dev != tmp_path.stat().st_dev, "there is one file system only")
    (tmp_path / "site").mkdir(mode=0o755)
    private = elsewhere / f"portalgen-{os.getpid()}-{tmp_path.name}"
    private.mkdir(mode=0o700)
    try:
        source = StoreSource("local", "directory", path=tmp_path / "site", private=private)
        assert not_ok(source)["file-system"] == "FAIL"
    finally:
        shutil.rmtree(private)


class Statvfs(NamedTuple):
    f_bavail: int
    f_frsize: int
    f_files: int
    f_favail: int


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (Statvfs(2**18, 4096, 10**6, 10**6), None),
        (Statvfs(2**18 - 1, 4096, 10**6, 10**6), "warn"),
        (Statvfs(2**18 // 10 - 1, 4096, 10**6, 10**6), "FAIL"),
        (Statvfs(2**18, 4096, 10**6, 9_999), "warn"),
        (Statvfs(2**18, 4096, 0, 0), None),
    ],
)
def test_little_room_is_told(
    status: Statvfs, verdict: str | None, source: StoreSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: status)
    assert not_ok(source).get("room") == verdict
