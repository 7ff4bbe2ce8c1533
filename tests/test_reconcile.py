"""What others altered in a store is found, and mended without sending again what is right."""

from pathlib import Path

import pytest

from portalgen.ledger import read_ledger
from portalgen.pipeline import Published, publish
from portalgen.stores.base import Metadata
from portalgen.stores.memory import MemoryStore
from portalgen.verification import verify_store
from tests.sites import TODAY, SmallSite, new_site


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def site(tmp_path: Path, store: MemoryStore) -> SmallSite:
    site = new_site(tmp_path, store)
    site.publish()
    return site


def reconcile(site: SmallSite) -> Published:
    inventory = site.inventory(TODAY)
    inventory.is_reconciling = True
    return publish(inventory)


def findings(site: SmallSite, *, reads: bool = False) -> list[str]:
    found = verify_store(site.store, read_ledger(site.store, "small") or {}, reads=reads).findings
    return [f"{each.link}: {each.what}" for each in found]


def test_a_store_as_it_was_published_has_no_finding_and_nothing_is_sent_again(site: SmallSite) -> None:
    assert findings(site, reads=True) == []
    done = reconcile(site)
    assert (done.uploaded, done.deleted, done.purged_links) == (0, 0, 0)


@pytest.mark.parametrize("kind", ["missing", "altered", "unexpected"])
def test_what_is_missing_altered_or_unexpected_is_found_and_mended_alone(
    site: SmallSite, store: MemoryStore, kind: str
) -> None:
    before = site.everything_public()
    key = f"public/{site.token('bees')}/{'extra.html' if kind == 'unexpected' else 'invoices.html'}"
    if kind == "missing":
        store.delete([key])
    else:
        store.write(key, b"forged", Metadata("text/html"))
    [found] = verify_store(store, read_ledger(store, "small") or {}).findings
    assert (str(found.link), found.what) == ("bees", "not as it was published")
    assert getattr(found.drift, kind) == (key.rpartition("/")[2],)
    assert site.publish().uploaded == 0, "a publish looks at manifests alone"
    done = reconcile(site)
    assert (done.uploaded, done.deleted) == ((0, 1) if kind == "unexpected" else (1, 0))
    assert site.everything_public() == before
    assert findings(site) == []


def test_a_whole_link_that_is_gone_is_found_and_written_again(site: SmallSite, store: MemoryStore) -> None:
    before = site.everything_public()
    store.delete([f"public/{site.token('bees')}/{path}" for path in site.files("bees")])
    assert findings(site) == ["bees: not as it was published"]
    reconcile(site)
    assert site.everything_public() == before


def test_a_lost_manifest_means_a_look_not_a_second_upload(site: SmallSite, store: MemoryStore) -> None:
    store.delete([item.key for item in store.objects("private/manifests/")])
    lost = sorted(f"{link}: its manifest is lost" for link in ("ants", "ants/ann", "bees", "crows"))
    assert sorted(findings(site)) == lost
    done = reconcile(site)
    assert done.uploaded == 0
    assert findings(site) == []


def test_a_changed_link_whose_manifest_is_lost_sends_only_what_changed(site: SmallSite, store: MemoryStore) -> None:
    store.delete([item.key for item in store.objects("private/manifests/")])
    site.portals["bees"] = "{customer: C-2, show: [invoices, orders]}"
    before = site.everything_public()
    done = site.publish()
    after = site.everything_public()
    assert done.uploaded == sum(before.get(key) != data for key, data in after.items())


def test_a_revoked_link_that_somebody_brought_back_is_found_and_purged(site: SmallSite, store: MemoryStore) -> None:
    key, page = f"public/{site.token('bees')}/index.html", site.files("bees")["index.html"]
    del site.portals["bees"]
    site.publish()
    store.write(key, page, Metadata("text/html"))
    [found] = findings(site)
    assert found.startswith("bees: revoked since ")
    assert reconcile(site).purged_links == 1
    assert not site.files("bees")
    assert findings(site) == []


def test_a_link_that_the_ledger_does_not_know_and_these_keys_made_is_purged(
    site: SmallSite, store: MemoryStore
) -> None:
    store.write(f"public/{site.token('nobody')}/index.html", b"x", Metadata("text/html"))
    assert findings(site) == ["None: the ledger knows of no such link"]
    reconcile(site)
    assert not site.files("nobody")
    assert findings(site) == []


def test_a_link_of_other_keys_is_told_of_and_left_alone(site: SmallSite, store: MemoryStore) -> None:
    token = site.token("bees")
    strange = token[:-1] + ("0" if token[-1] != "0" else "1")
    store.write(f"public/{strange}/index.html", b"x", Metadata("text/html"))
    done = reconcile(site)
    assert [note.message for note in done.notes if "did not make" in note.message]
    assert f"public/{strange}/index.html" in store.contents


def test_what_lies_under_no_link_stays(site: SmallSite, store: MemoryStore) -> None:
    store.write("public/404.html", b"x", Metadata("text/html"))
    assert verify_store(store, read_ledger(store, "small") or {}).others == ("404.html",)
    reconcile(site)
    assert "public/404.html" in store.contents


def test_manifests_that_nobody_names_are_deleted(site: SmallSite, store: MemoryStore) -> None:
    store.write("private/manifests/0123.json", b"{}", Metadata())
    reconcile(site)
    assert "private/manifests/0123.json" not in store.contents
    assert findings(site) == []


def test_bytes_that_a_listing_shows_as_right_are_found_by_reading(
    site: SmallSite, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"public/{site.token('bees')}/index.html"
    right = store.contents[key]
    monkeypatch.setattr(store, "read", lambda asked: right + b"!" if asked == key else store.find(asked).data)
    assert findings(site) == []
    assert findings(site, reads=True) == ["bees: other bytes than were published"]


def test_without_a_ledger_nothing_that_is_wanted_is_taken_away(site: SmallSite, store: MemoryStore) -> None:
    before = site.everything_public()
    del store.contents["private/ledger.json"]
    assert reconcile(site).purged_links == 0
    assert site.everything_public() == before
    assert findings(site) == []


@pytest.mark.parametrize("every", ["", "{show: [invoices]}"])
def test_a_link_that_an_older_ledger_does_not_know_and_that_is_wanted_stays(
    site: SmallSite, store: MemoryStore, every: str
) -> None:
    older = store.contents["private/ledger.json"]
    site.every_customer = every
    site.portals["more"] = "{customer: C-3, show: [invoices]}"
    if every:
        del site.portals["crows"], site.portals["more"]
        site.publish(expected_removals=1)
    site.publish()
    before = site.everything_public()
    store.write("private/ledger.json", older, Metadata())
    reconcile(site)
    assert site.everything_public() == before
    assert findings(site) == []


def test_what_looks_like_a_link_and_is_none_is_left_alone(site: SmallSite, store: MemoryStore) -> None:
    store.write("public/pa0foo/x.html", b"x", Metadata("text/html"))
    done = reconcile(site)
    assert not [note for note in done.notes if "did not make" in note.message]
    assert "public/pa0foo/x.html" in store.contents


def test_what_is_left_of_a_revoked_link_is_purged_whatever_lies_beside_it_under_a_forged_token(
    site: SmallSite, store: MemoryStore
) -> None:
    token, page = site.token("bees"), site.files("bees")["index.html"]
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    del site.portals["bees"]
    site.publish()
    for each in (token, forged):
        store.write(f"public/{each}/index.html", page, Metadata("text/html"))
    done = reconcile(site)
    assert not site.files("bees")
    assert [note.message for note in done.notes if "did not make" in note.message]
