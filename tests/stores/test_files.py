"""Files that are written whole or not at all."""

import ctypes
import errno
import os
import time
from pathlib import Path

import pytest

from portalgen.stores.files import LOCK, Removal, Scratch, Side, flush_all, make_folder, prune, write_all


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    found = Scratch(tmp_path / "scratch", Side(tmp_path, 0o700, 0o600))
    found.prepare()
    return found


def test_a_file_is_on_the_disk_before_its_name_counts_and_its_name_before_all_else(
    scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash of the machine would else leave an empty file under a good name."""
    steps = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(descriptor: int) -> None:
        steps.append(f"flush {Path(f'/proc/self/fd/{descriptor}').readlink().name.partition('-')[2] or 'folder'}")
        fsync(descriptor)

    def note_replace(path: Path, target: Path) -> Path:
        steps.append("replace")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    scratch.put(b"x", 0o600, tmp_path / "ledger.json")
    assert steps == ["flush 0", "replace", "flush folder"]


def test_a_write_that_takes_less_than_all_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    with (tmp_path / "x").open("wb") as file:
        write_all(file.fileno(), bytes(range(100)))
    assert (tmp_path / "x").read_bytes() == bytes(range(100))


def test_a_write_that_fails_leaves_nothing(scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        scratch.put(b"x", 0o600, tmp_path / "x")
    assert [path.name for path in tmp_path.rglob("*")] == ["scratch"]


def test_the_lock_is_never_swept_away(tmp_path: Path) -> None:
    """Two processes would else hold two files of one name."""
    scratch = Scratch(tmp_path / "scratch", Side(tmp_path, 0o700, 0o600))
    scratch.folder.mkdir()
    (scratch.folder / LOCK).touch()
    os.utime(scratch.folder / LOCK, (0, 0))
    scratch.prepare()
    assert (scratch.folder / LOCK).exists()


def test_the_time_is_the_file_systems(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time_ns()
    monkeypatch.setattr(time, "time", lambda: 0)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert abs(scratch.now() - real) < 60 * 10**9
    assert list(scratch.folder.iterdir()) == []


def test_all_can_be_flushed_with_and_without_the_call_for_one_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush_all(tmp_path)
    with pytest.raises(FileNotFoundError):
        flush_all(tmp_path / "none")
    synced = []
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: None)  # as on a system without it
    monkeypatch.setattr(os, "sync", lambda: synced.append(1))
    flush_all(tmp_path)
    assert synced == [1]


def test_folders_are_made_with_their_permissions_and_removed_up_to_the_root(tmp_path: Path) -> None:
    side = Side(tmp_path / "root", 0o750, 0o640)
    make_folder(side.root / "a/b", side)
    assert [(side.root / name).stat().st_mode & 0o777 for name in ("", "a", "a/b")] == [0o750] * 3
    (side.root / "keep").touch()
    prune(side.root / "a/b", side.root)
    assert [path.name for path in side.root.iterdir()] == ["keep"]


def test_all_in_a_folder_goes_but_what_is_spared(tmp_path: Path) -> None:
    for name in ("a/b/c", "a/d", "spared/x", os.fsdecode(b"odd\xff")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    removal = Removal(tmp_path / "spared")
    removal.remove(tmp_path)
    assert (removal.number, removal.failed) == (3, {})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["spared", "x"]


def test_a_link_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x").touch()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link").symlink_to(tmp_path / "outside")
    removal = Removal(tmp_path / "none")
    removal.remove(tmp_path / "in")
    assert (removal.number, list((tmp_path / "in").iterdir())) == (1, [])
    assert (tmp_path / "outside/x").exists()


def test_what_is_written_again_and_again_meanwhile_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = Path.unlink

    def unlink_and_write(path: Path) -> None:
        unlink(path)
        path.touch()

    (tmp_path / "x").touch()
    monkeypatch.setattr(Path, "unlink", unlink_and_write)
    removal = Removal(tmp_path / "none")
    removal.remove(tmp_path)
    assert removal.failed == {tmp_path: "something is written there again and again"}
