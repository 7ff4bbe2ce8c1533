"""What the doctor says of the keys and the ledger."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from portalgen.doctor import records
from portalgen.doctor.findings import Verdict
from portalgen.keys import parse_keys
from portalgen.lease import Lease
from portalgen.links import KeyRing
from portalgen.stores.base import Metadata
from portalgen.stores.memory import MemoryStore, fail_at
from tests.sites import KEY_A, KEY_B, SmallSite, new_site


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    site = new_site(tmp_path, MemoryStore())
    site.publish()
    return site


def verdicts(site: SmallSite, ring: KeyRing | None = None) -> dict[str, str]:
    _, findings = records.examine(site.store, "small", ring or site.ring)
    return {each.check: each.verdict.value for each in findings}


def change(site: SmallSite, portal: str, **fields: object) -> None:
    """Alter the record of a portal's own link."""
    ledger = json.loads(site.store.read("private/ledger.json"))
    for record in ledger["links"]:
        if (record["portal"], record["contact"]) == (portal, ""):
            record.update(fields)
    site.store.write("private/ledger.json", json.dumps(ledger).encode(), Metadata())


def test_a_ledger_that_is_whole_passes(site: SmallSite) -> None:
    assert verdicts(site) == {"ledger": "ok", "unfinished-links": "ok", "link-keys": "ok", "lease": "ok"}
    assert records.examine(site.store, "small", site.ring)[1][0].said == "4 links, 4 of them live"


def test_no_ledger_is_no_fault(site: SmallSite) -> None:
    site.store.delete(["private/ledger.json"])
    assert verdicts(site) == {"ledger": "ok"}


def test_a_ledger_that_cannot_be_read_fails(site: SmallSite) -> None:
    site.store.write("private/ledger.json", b"{", Metadata())
    assert verdicts(site) == {"ledger": "FAIL"}
    broken = MemoryStore(fail_at("read", 1))
    assert records.examine(broken, "small", site.ring)[1][0].verdict is Verdict.FAIL


def test_the_ledger_of_another_site_fails(site: SmallSite) -> None:
    _, findings = records.examine(site.store, "large", site.ring)
    assert [(each.check, each.verdict.value) for each in findings] == [("ledger", "FAIL")]
    assert "holds the site 'small'" in findings[0].said


def test_links_that_were_left_half_way_are_named(site: SmallSite) -> None:
    change(site, "bees", unfinished=True)
    _, findings = records.examine(site.store, "small", site.ring)
    [unfinished] = [each for each in findings if each.check == "unfinished-links"]
    assert unfinished.verdict is Verdict.WARN
    assert unfinished.said == "1 link (bees): written or purged in part"


@pytest.mark.parametrize(("state", "verdict"), [("live", "FAIL"), ("disabled", "warn"), ("revoked", "ok")])
def test_a_key_that_links_were_made_with_and_is_missing_is_named(state: str, verdict: str, site: SmallSite) -> None:
    change(site, "bees", key="b", state=state)
    assert verdicts(site)["link-keys"] == verdict
    both = KeyRing("small", parse_keys(f"a:{KEY_A} b:{KEY_B}"))
    assert verdicts(site, both)["link-keys"] == "ok"


def test_without_keys_the_ledger_is_looked_at_all_the_same(site: SmallSite) -> None:
    _, findings = records.examine(site.store, "small", None)
    assert [each.check for each in findings] == ["ledger", "unfinished-links", "lease"]


def test_whoever_has_the_lease_is_named(site: SmallSite) -> None:
    with Lease(site.store) as lease:
        lease.take()
        assert verdicts(site)["lease"] == "warn"
        [held] = [each for each in records.examine(site.store, "small", site.ring)[1] if each.check == "lease"]
        assert held.said.startswith(f"process {os.getpid()} on ")
    assert verdicts(site)["lease"] == "ok"


def test_a_link_is_found_to_be_fetched(site: SmallSite) -> None:
    ledger, _ = records.examine(site.store, "small", site.ring)
    found = records.token_of_one(ledger, site.ring)
    assert found
    assert found[1] == site.token(found[0].portal, found[0].contact)
    assert site.store.read(f"public/{found[1]}/index.html")


def test_no_link_is_fetched_that_is_not_whole_not_live_or_not_ours(site: SmallSite) -> None:
    change(site, "ants", unfinished=True)
    change(site, "bees", state="disabled")
    change(site, "crows", key="b")
    ledger, _ = records.examine(site.store, "small", site.ring)
    only = {mark: record for mark, record in ledger.items() if not record.contact}
    assert records.token_of_one(only, site.ring) is None


@pytest.mark.skipif(os.name != "posix", reason="permissions of files are POSIX's")
def test_a_key_file_that_others_can_replace_is_told(site: SmallSite, tmp_path: Path) -> None:
    definitions = site.definitions
    folder = tmp_path / "config"
    keys = folder / "portalgen.keys"
    keys.write_text(f"a:{KEY_A}\n", encoding="ascii")
    keys.chmod(0o600)
    from_file = replace(definitions, keys="file:config/portalgen.keys")
    assert records.keys(from_file, site.ring).verdict is Verdict.OK
    assert records.keys(definitions, site.ring).said == "1 (a), from env:"
    folder.chmod(0o777)
    assert records.keys(from_file, site.ring).verdict is Verdict.WARN
    folder.chmod(0o1777)
    assert records.keys(from_file, site.ring).verdict is Verdict.OK
