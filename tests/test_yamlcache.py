"""What comes out of the cache is what parsing gives, place by place; whatever is wrong with it, the file is parsed."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen import yamlcache
from portalgen.definitions import load
from portalgen.errors import InvalidInputError
from portalgen.yamlcache import read_cached
from portalgen.yamlfile import Document, parse_bytes, read_yaml

TEXT = "a:\n  - 1\n  - {b: x, c: }\n  - []\nd: {}\n'e f': |\n  long\n  text\n"


@pytest.fixture(autouse=True, scope="module")
def every_file_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yamlcache, "_SMALL", 0)
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "portals.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "build" / "cache"


def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are parsed from now on."""
    names: list[str] = []

    def parse(data: bytes, name: str) -> Document:
        names.append(Path(name).name)
        return parse_bytes(data, name)

    monkeypatch.setattr(yamlcache, "parse_bytes", parse)
    return names


def test_a_file_that_did_not_change_is_not_parsed_again(
    file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = parses(monkeypatch)
    first, again = read_cached(file, folder), read_cached(file, folder)
    assert names == ["portals.yaml"]
    assert first == again == read_yaml(file)


NAMES = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=4)
VALUES = st.recursive(
    st.none() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_whatever_is_in_it_data_and_places_and_their_order_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    file = folder / "some.yaml"
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    try:
        whole = read_yaml(file)
    except InvalidInputError:
        return
    read_cached(file, folder)
    again = read_cached(file, folder)
    assert again == whole
    assert [*again.places] == [*whole.places]
    assert [*again.keys] == [*whole.keys]


def test_a_changed_file_is_parsed_though_its_size_and_time_are_the_same(file: Path, folder: Path) -> None:
    read_cached(file, folder)
    status = file.stat()
    file.write_text(TEXT.replace("b: x", "b: y"), encoding="utf-8")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert read_cached(file, folder) == read_yaml(file)


@pytest.mark.parametrize("broken", ["", "[]\n", "HEAD", "HEAD\n[]\n", 'HEAD\n[{"a":"1"},[[1,1]],[]]\n', "\0"])
def test_a_broken_cache_is_as_good_as_none(file: Path, folder: Path, broken: str) -> None:
    read_cached(file, folder)
    [cache] = folder.iterdir()
    head = cache.read_text(encoding="utf-8").splitlines()[0]
    cache.write_text(broken.replace("HEAD", head), encoding="utf-8")
    assert read_cached(file, folder) == read_yaml(file)
    assert len([*folder.iterdir()]) == 1


def test_a_file_with_a_mistake_is_not_cached(file: Path, folder: Path) -> None:
    file.write_text("a: 1\na: 2\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(InvalidInputError, match="twice"):
            read_cached(file, folder)
    assert not folder.exists()


def test_only_its_owner_can_read_a_cache_and_that_of_a_file_that_is_gone_goes(file: Path, folder: Path) -> None:
    other = file.with_name("other.yaml")
    other.write_text(TEXT, encoding="utf-8")
    read_cached(other, folder)
    other.unlink()
    read_cached(file, folder)
    [cache] = folder.iterdir()
    assert cache.stat().st_mode & 0o777 == 0o600
    assert str(other) not in cache.read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_no_hindrance(file: Path, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file in the way", encoding="utf-8")
    assert read_cached(file, folder) == read_yaml(file)


def test_included_files_are_read_from_the_cache_and_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = tmp_path / "config" / "portals.d"
    more.mkdir(parents=True)
    config = more.parent / "portals.yaml"
    config.write_text("version: 1\nsite: {id: x, title: X}\ninclude: portals.d/*.yaml\n", encoding="utf-8")
    for name in "ab":
        (more / f"{name}.yaml").write_text(f"portals: {{{name}: {{customer: C}}}}\n", encoding="utf-8")
    first = load(config)
    names = parses(monkeypatch)
    (more / "b.yaml").write_text("portals: {c: {customer: D}}\n", encoding="utf-8")
    again = load(config)
    assert [portal.id for portal in again.portals] == ["a", "c"]
    assert again.portals[0] == first.portals[0]
    assert again.portals[0].places == first.portals[0].places
    assert names == ["b.yaml"]
