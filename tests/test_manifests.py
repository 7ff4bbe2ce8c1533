"""What was published under a link is told by a manifest, not by a listing."""

import json

import pytest

from portalgen.ledger import Record
from portalgen.manifests import LINKS, Manifests, names_in
from portalgen.plan import Stored, StoredFile
from portalgen.stores.base import Metadata
from portalgen.stores.memory import MemoryStore

STORED = Stored({"index.html": StoredFile("s1", 10, "d1"), "a/b.html": StoredFile("s2", 20, "")}, {"invoices": ["I-1"]})


def record_of(mark: str, name: str) -> Record:
    return Record("acme", "", 1, "a", mark, manifest=name)


def test_what_was_written_is_read_again_by_another_run() -> None:
    store = MemoryStore()
    names = Manifests(store).write({"f1": STORED, "f2": Stored()})
    assert Manifests(store).of(record_of("f1", names["f1"])) == STORED
    assert Manifests(store).of(record_of("f2", names["f2"])) == Stored()


def test_a_thousand_links_share_one_object_and_are_read_once() -> None:
    store = MemoryStore()
    names = Manifests(store).write({f"f{number}": STORED for number in range(LINKS + 1)})
    assert len({*names.values()}) == 2
    assert len([*store.objects("private/manifests/")]) == 2
    store.asked.clear()
    manifests = Manifests(store)
    assert all(manifests.of(record_of(mark, name)) == STORED for mark, name in names.items())
    assert store.asked == {"read": 2}


def test_the_same_content_has_the_same_name() -> None:
    one, other = MemoryStore(), MemoryStore()
    Manifests(one).write({"f1": STORED})
    Manifests(other).write({"f1": STORED})
    assert one.contents == other.contents


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"format": 4, "links": {}}',
        b'{"format": 3, "links": {"f1": {}}}',
        b'{"format": 3, "links": {"f1": {"files": {"x": ["s", "no size", ""]}, "documents": {}}}}',
        b'{"format": 3, "links": []}',
    ],
)
def test_a_manifest_that_cannot_be_read_is_as_good_as_lost(text: bytes) -> None:
    store = MemoryStore()
    [name] = {*Manifests(store).write({"f1": STORED}).values()}
    store.write(f"private/manifests/{name}.json", text, Metadata())
    assert Manifests(store).of(record_of("f1", name)) is None


def test_a_lost_manifest_and_a_record_without_one_tell_nothing() -> None:
    assert Manifests(MemoryStore()).of(record_of("f1", "none")) is None
    assert Manifests(MemoryStore()).of(record_of("f1", "")) is None


def test_manifests_that_no_record_names_any_more_are_deleted() -> None:
    store = MemoryStore()
    manifests = Manifests(store)
    old, new = manifests.write({"f1": STORED}), manifests.write({"f1": Stored(), "f2": STORED})
    records = {"f1": record_of("f1", new["f1"]), "f2": record_of("f2", new["f2"])}
    assert names_in(records) == {new["f1"]}
    assert manifests.strays(records) == [f"private/manifests/{old['f1']}.json"]
    assert manifests.sweep({old["f1"], new["f1"]}, records) == []
    assert manifests.strays(records) == []
    assert manifests.of(records["f2"]) == STORED


def test_a_manifest_holds_no_token() -> None:
    store = MemoryStore()
    Manifests(store).write({"f1": STORED})
    [text] = store.contents.values()
    assert json.loads(text)["links"].keys() == {"f1"}
