"""Root keys side by side: which links are made with which, moved from one to another, and one retired."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portalgen.commands.edit import Edited, approval, move
from portalgen.commands.keys import keys_list, keys_new, keys_public, keys_retire
from portalgen.commands.project import ring_of, today_in
from portalgen.commands.publish import Said, publish
from portalgen.definitions import load
from portalgen.edits import Selection
from portalgen.errors import InvalidInputError, PortalgenError, RefusedError
from portalgen.grants import links_of
from portalgen.keys import key_fingerprint, key_text
from portalgen.progress import SILENT
from portalgen.receipts import public_keys

KEYS = {name: key_text(bytes(range(start, start + 32))) for name, start in {"a": 0, "b": 32, "c": 64}.items()}
CONFIG = """version: 1
site: {id: x, title: X, key: a}     # a is the first
keys: file:my.keys
exports:
  - {type: customers, path: customers.csv}
stores:
  local: {kind: directory, path: site}
  other: {kind: directory, path: other/site}
portals:
  ants:          # the first
    customer: C-1
    contacts:
      ann: {}
      bob: {enabled: false, key: b}
  bees: {customer: C-2, key: b, contacts: {cat: {}, dan: {key: a}}}
  crows:
    customer: C-3
    expires: 2020-01-01
"""
NOBODY = approval(None, None, yes=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_keys(tmp_path, "a", "b", "c")
    (tmp_path / "customers.csv").write_text("id,name\nC-1,A\nC-2,B\nC-3,C\n", encoding="utf-8")
    file = tmp_path / "portals.yaml"
    file.write_text(CONFIG, encoding="utf-8")
    return file


def write_keys(folder: Path, *names: str) -> None:
    path = folder / "my.keys"
    path.write_text("".join(f"{name}:{KEYS[name]}\n" for name in names), encoding="ascii")
    path.chmod(0o600)


def tokens(config: Path) -> dict[str, str]:
    definitions = load(config)
    ring = ring_of(definitions)
    return {str(link.id): ring.token_of(link) for link in links_of(definitions, today_in(definitions))}


def moved(config: Path, to: str, *names: str, **more: bool) -> Edited:
    return move(config, Selection(names, **more), to, lambda _: True)  # type: ignore[arg-type]


def lines(change: Edited) -> list[str]:
    """The lines that went and that came."""
    return [line for line in change.diff.splitlines() if line[0] in "+-" and line[:3] not in {"+++", "---"}]


def publish_to(config: Path, store: str | None = None) -> None:
    assert publish(config, store, Said(), SILENT).exit_code == 0


class TestMoving:
    def test_all_links_move_with_the_sites_key_and_what_names_another(self, config: Path) -> None:
        change = moved(config, "c", is_all=True, with_contacts=True)
        assert len(change.links) == 7
        assert "7 links: written" in change.to_text()
        assert {token[1] for token in tokens(config).values()} == {"c"}
        after = config.read_text(encoding="utf-8")
        assert "site: {id: x, title: X, key: c}     # a is the first" in after
        assert after.count("key: ") == 1

    def test_a_portal_leaves_its_contacts_behind(self, config: Path) -> None:
        before = tokens(config)
        change = moved(config, "c", "ants")
        assert lines(change) == ["+    key: c", "-      ann: {}", "+      ann: {key: a}"]
        assert [(str(each.id), each.is_new_link) for each in change.effects] == [("ants", True)]
        assert tokens(config) == {**before, "ants": tokens(config)["ants"]}
        assert tokens(config)["ants"][1] == "c"

    def test_with_its_contacts_a_portal_is_one_line(self, config: Path) -> None:
        before = tokens(config)
        change = moved(config, "b", "ants", "ants/ann", "ants/bob")
        assert lines(change) == ["+    key: b"]
        assert [str(each.id) for each in change.effects] == ["ants", "ants/ann"]
        assert {name for name, token in tokens(config).items() if token != before[name]} == {"ants", "ants/ann"}

    def test_a_link_that_moves_to_the_key_around_it_names_none(self, config: Path) -> None:
        change = moved(config, "a", "bees")
        assert lines(change)[-1] == "+  bees: {customer: C-2, contacts: {cat: {key: b}, dan: {key: a}}}"

    def test_what_has_that_key_already_does_not_change(self, config: Path) -> None:
        change = moved(config, "b", "bees", "bees/cat", "ants/bob")
        assert change.to_text() == "nothing to change"
        assert config.read_text(encoding="utf-8") == CONFIG

    def test_the_sites_key_alone_changes_no_link(self, config: Path) -> None:
        for name in ("ants", "ants/ann", "bees/dan", "crows"):
            moved(config, "b", name)
        before = tokens(config)
        change = move(config, Selection(is_all=True, with_contacts=True), "b", NOBODY)
        assert change.was_written
        assert change.effects == []
        assert load(config).site.key == "b"
        assert tokens(config) == before

    def test_many_links_wait_for_their_number(self, config: Path) -> None:
        with pytest.raises(RefusedError, match="this touches 3 links of 3 customers, 1 contact among them"):
            move(config, Selection(("ants", "bees/cat", "crows")), "c", NOBODY)
        assert config.read_text(encoding="utf-8") == CONFIG
        assert move(config, Selection(("ants", "bees/cat", "crows")), "c", approval(3, None, yes=True)).was_written

    def test_a_key_that_is_not_held_is_refused(self, config: Path) -> None:
        with pytest.raises(InvalidInputError, match=r"there is no root key 'd'\n.*a, b, c"):
            moved(config, "d", "ants")

    def test_nothing_moves_while_nothing_says_which_key_makes_a_link(self, config: Path) -> None:
        text = CONFIG.replace(", key: a}     #", "}     #")
        config.write_text(text, encoding="utf-8")
        with pytest.raises(InvalidInputError, match="several root keys"):
            moved(config, "b", is_all=True, with_contacts=True)
        assert config.read_text(encoding="utf-8") == text

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
    @given(data=st.data())
    def test_what_is_meant_has_the_key_and_every_other_token_is_the_same(
        self, config: Path, data: st.DataObject
    ) -> None:
        key = st.sampled_from(["", "a", "b", "c"])
        text = CONFIG
        for old in ("ann: {}", "bob: {enabled: false, key: b}", "customer: C-2, key: b", "cat: {}", "dan: {key: a}"):
            text = text.replace(old, f"{old.split('{')[0]}{{KEY}}" if "{" in old else "customer: C-2, KEY")
        for place in ("{KEY}", "KEY"):
            while place in text:
                said = data.draw(key)
                new = f"key: {said}" if said else "revision: 1"
                text = text.replace(place, f"{{{new}}}" if place == "{KEY}" else new, 1)
        config.write_text(text, encoding="utf-8")
        before = tokens(config)
        meant = data.draw(st.sets(st.sampled_from(sorted(before)), min_size=1))
        to = data.draw(st.sampled_from(["a", "b", "c"]))
        change = moved(config, to, *meant)
        after = tokens(config)
        assert {name: token for name, token in after.items() if name not in meant} == {
            name: token for name, token in before.items() if name not in meant
        }
        assert {after[name][1] for name in meant} == {to}
        anew = {name for name in before if before[name] != after[name]}
        assert anew == {str(each.id) for each in change.effects if each.is_new_link} == {*map(str, change.touched)}


class TestAdding:
    def test_a_second_key_says_what_keeps_the_links(self, tmp_path: Path) -> None:
        write_keys(tmp_path, "a")
        said = keys_new(tmp_path / "my.keys", "d", add=True).to_text()
        assert "added key 'd'" in said
        assert "site: {key: a} in portals.yaml keeps the links that there are" in said
        assert "pgk1_" not in said
        third = keys_new(tmp_path / "my.keys", "b", add=True).to_text()
        assert "site:" not in third

    def test_without_a_file_there_is_nothing_to_add_to(self) -> None:
        with pytest.raises(InvalidInputError, match="--add takes the file"):
            keys_new(None, "b", add=True)


class TestListing:
    def test_each_key_is_told_with_its_links_and_what_is_published(self, config: Path) -> None:
        report = keys_list(config, None)
        rows = {row["id"]: row for row in report.to_json()["keys"]}
        assert rows["a"] == {
            "id": "a",
            "held": True,
            "fingerprint": key_fingerprint(bytes(range(32))),
            "default": True,
            "links": {"live": 3, "disabled": 0, "expired": 1},
            "published": 0,
        }
        assert rows["b"]["links"] == {"live": 2, "disabled": 1, "expired": 0}
        assert rows["c"]["links"] == {"live": 0, "disabled": 0, "expired": 0}
        publish_to(config)
        moved(config, "c", "ants")
        rows = {row["id"]: row for row in keys_list(config, "local").to_json()["keys"]}
        assert [(name, rows[name]["published"]) for name in "abc"] == [("a", 3), ("b", 2), ("c", 0)]
        assert keys_list(config, "other").to_json()["keys"][0]["published"] == 0
        said = keys_list(config, None).to_text()
        assert not any(key[5:13] in said + json.dumps(report.to_json()) for key in KEYS.values())

    def test_a_key_that_is_named_and_not_held_is_listed_with_a_warning(self, config: Path, tmp_path: Path) -> None:
        publish_to(config)
        write_keys(tmp_path, "a", "c")
        report = keys_list(config, None)
        row = next(row for row in report.rows if row.key_id == "b")
        assert (row.fingerprint, row.links["live"], row.published) == ("", 2, 2)
        assert [problem.message for problem in report.warnings()] == ["there is no root key 'b'"]
        assert "(not held)" in report.to_text()

    def test_keys_of_which_none_is_said_to_make_the_links_are_listed_with_a_warning(self, config: Path) -> None:
        config.write_text(CONFIG.replace(", key: a}     #", "}     #"), encoding="utf-8")
        report = keys_list(config, None)
        assert not any(row.is_default for row in report.rows)
        assert ["several root keys" in problem.message for problem in report.warnings()] == [True]


class TestRetiring:
    def retire(self, config: Path, key_id: str) -> str:
        return keys_retire(config, key_id, None, yes=True).to_text()

    def refusal(self, config: Path, key_id: str) -> str:
        before = (config.parent / "my.keys").read_bytes()
        with pytest.raises(RefusedError) as caught:
            self.retire(config, key_id)
        assert (config.parent / "my.keys").read_bytes() == before
        return str(caught.value)

    def test_a_key_that_makes_links_is_kept_even_if_they_are_disabled_or_expired(self, config: Path) -> None:
        assert "3 links (ants/bob, bees, bees/cat) are made with key 'b'" in self.refusal(config, "b")
        assert "keys rotate --to a ants/bob bees bees/cat` moves them" in self.refusal(config, "b")
        moved(config, "a", "bees", "bees/cat")
        assert "1 link (ants/bob) is made with key 'b'" in self.refusal(config, "b")
        moved(config, "c", *(name for name in tokens(config) if name != "crows"))
        assert "1 link (crows) is made with key 'a'" in self.refusal(config, "a")

    def test_of_many_links_ten_are_named(self, config: Path) -> None:
        many = "".join(f"  p{number}: {{customer: C-1}}\n" for number in range(1200))
        config.write_text(CONFIG + many, encoding="utf-8")
        said = self.refusal(config, "a")
        assert "1,204 links (ants, ants/ann, bees/dan, crows, p0, p1, p2, p3, p4, p5 and 1,194 more)" in said
        assert "--all --contacts" in said

    def test_the_key_of_new_links_is_kept(self, config: Path) -> None:
        for name, token in tokens(config).items():
            if token[1] == "a":
                moved(config, "c", name)
        said = self.refusal(config, "a")
        assert "site: key 'a' makes new links" in said
        assert said.startswith(f"{config}:2:")
        moved(config, "c", is_all=True, with_contacts=True)
        assert "took key 'a'" in self.retire(config, "a")

    def test_a_key_whose_links_are_still_published_anywhere_is_kept_until_they_are_purged(self, config: Path) -> None:
        publish_to(config)
        publish_to(config, "other")
        moved(config, "a", "bees", "bees/cat", "ants/bob")
        assert "store 'local' still holds 2 links (bees, bees/cat) made with key 'b'" in self.refusal(config, "b")
        publish_to(config)
        said = self.refusal(config, "b")
        assert "store 'other' still holds 2 links" in said
        assert "`portalgen publish --store other`" in said
        publish_to(config, "other")
        before = tokens(config)
        assert "took key 'b' out of" in self.retire(config, "b")
        assert (config.parent / "my.keys").read_text("ascii") == f"a:{KEYS['a']}\nc:{KEYS['c']}\n"
        assert tokens(config) == before

    def test_the_only_key_and_one_that_is_not_there_are_refused(self, config: Path, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="there is no root key 'd'"):
            self.retire(config, "d")
        config.write_text(CONFIG.partition("portals:")[0].replace(", key: a", ""), encoding="utf-8")
        write_keys(tmp_path, "a")
        assert "'a' is the only root key" in self.refusal(config, "a")

    @pytest.mark.parametrize("typed", [None, False, True])
    def test_it_is_asked_for_by_the_keys_id(self, config: Path, typed: bool | None) -> None:
        before = (config.parent / "my.keys").read_bytes()
        asked: list[str] = []

        def ask(question: str, wanted: str) -> bool:
            asked.append(wanted)
            return bool(typed)

        if typed is None:
            with pytest.raises(RefusedError, match="for good; nothing was changed"):
                keys_retire(config, "c", None, yes=False)
        else:
            assert keys_retire(config, "c", ask, yes=False).was_removed is typed
            assert asked == ["c"]
        assert ((config.parent / "my.keys").read_bytes() == before) is not typed or typed is None

    @pytest.mark.parametrize("source", ["env:PORTALGEN_TEST_KEYS", "cmd:cat my.keys"])
    def test_elsewhere_than_in_a_file_it_is_left_to_the_admin(
        self, config: Path, tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PORTALGEN_TEST_KEYS", (tmp_path / "my.keys").read_text("ascii"))
        before = (tmp_path / "my.keys").read_bytes()
        config.write_text(CONFIG.replace("file:my.keys", source), encoding="utf-8")
        said = keys_retire(config, "c", None, yes=False)
        assert (said.exit_code, said.was_removed) == (0, False)
        assert "nothing uses key 'c': take `c:...` out of" in said.to_text()
        assert (tmp_path / "my.keys").read_bytes() == before
        assert "3 links" in self.refusal(config, "b")

    def test_links_whose_key_is_gone_are_purged_all_the_same(self, config: Path, tmp_path: Path) -> None:
        """As after a key was taken out of the file by hand."""
        publish_to(config)
        before = tokens(config)
        write_keys(tmp_path, "a", "c")
        config.write_text(CONFIG.replace("key: b", "key: c"), encoding="utf-8")
        assert (tmp_path / "site" / before["bees"]).is_dir()
        publish_to(config)
        there = {path.name for path in (tmp_path / "site").iterdir()}
        live = {"ants", "ants/ann", "bees", "bees/cat", "bees/dan"}
        assert there == {token for name, token in tokens(config).items() if name in live}
        assert before["bees"] not in there

    def test_a_key_file_that_cannot_be_used_is_said(self, config: Path, tmp_path: Path) -> None:
        (tmp_path / "my.keys").chmod(0o644)
        with pytest.raises(PortalgenError, match="others can read"):
            self.retire(config, "c")


class TestPublicKeys:
    def test_each_root_key_has_one_and_the_sites_own_signs(self, config: Path) -> None:
        shown = keys_public(config)
        assert shown.to_json() == {
            "site": "x",
            "keys": [
                {"id": name, "public_key": public_keys(ring_of(load(config)))[name], "signs": name == "a"}
                for name in ("a", "b", "c")
            ],
        }
        assert len({key["public_key"] for key in shown.to_json()["keys"]}) == 3
        assert [line.split()[::2] for line in shown.to_text().splitlines()[1:]] == [["a", "signs"], ["b"], ["c"]]

    def test_they_are_the_sites_own(self, config: Path) -> None:
        before = keys_public(config).keys
        config.write_text(CONFIG.replace("id: x", "id: y"), encoding="utf-8")
        assert not {*before.values()} & {*keys_public(config).keys.values()}
