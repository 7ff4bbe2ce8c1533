"""Edits that an admin asks for: which links are meant, how their definitions change, and what that means for them."""

from pathlib import Path

import pytest

from portalgen.commands.edit import Edited, approval, edit
from portalgen.definitions import load
from portalgen.edits import Selection, disabling, enabling, granting, removing, removing_contacts, revoking, rotating
from portalgen.errors import InvalidInputError, PortalgenError, RefusedError
from portalgen.model import Definitions

CONFIG = """version: 1
site: {id: x, title: X}
roles:
  payers: [invoices, credit_notes]
portals:
  ants:          # the first
    customer: C-1
    show: [quotes, payers]
    contacts:
      ann: {show: payers}
      bob: {show: ALL, enabled: false}
  bees: {customer: C-2, show: ALL}
include: [more.yaml]
"""
MORE = "portals:\r\n  crows:\r\n    customer: C-1\r\n    revision: 4  # thrice\r\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "more.yaml").write_bytes(MORE.encode())
    file = tmp_path / "portals.yaml"
    file.write_text(CONFIG, encoding="utf-8")
    return file


def yes(_: Edited) -> bool:
    return True


def lines(change: Edited) -> list[str]:
    """The lines that went and that came."""
    return [line for line in change.diff.splitlines() if line[0] in "+-" and line[:3] not in {"+++", "---"}]


def run(config: Path, verb: object, *names: str, **more: object) -> Edited:
    def how(definitions: Definitions) -> object:
        return verb(definitions.roles) if getattr(verb, "takes_roles", False) else verb  # type: ignore[operator]

    return edit(config, Selection(names, **more), how, yes)  # type: ignore[arg-type]


def grant(*types: str) -> object:
    def make(roles: dict[str, tuple[str, ...]]) -> object:
        return granting(types, roles)

    make.takes_roles = True  # type: ignore[attr-defined]
    return make


def revoke(*types: str) -> object:
    def make(roles: dict[str, tuple[str, ...]]) -> object:
        return revoking(types, roles)

    make.takes_roles = True  # type: ignore[attr-defined]
    return make


class TestGrants:
    def test_a_type_is_added_behind_what_is_shown(self, config: Path) -> None:
        change = run(config, grant("orders"), "ants")
        assert lines(change) == ["-    show: [quotes, payers]", "+    show: [quotes, payers, orders]"]
        assert [(str(each.id), each.gains, each.loses) for each in change.effects] == [("ants", ("orders",), ())]

    def test_a_type_that_a_role_has_is_granted_already(self, config: Path) -> None:
        assert run(config, grant("invoices"), "ants").touched == []

    def test_what_a_portal_loses_its_contacts_lose(self, config: Path) -> None:
        change = run(config, revoke("invoices"), "ants")
        assert lines(change) == ["-    show: [quotes, payers]", "+    show: [quotes, credit_notes]"]
        assert [(str(each.id), each.loses) for each in change.effects] == [
            ("ants", ("invoices",)),
            ("ants/ann", ("invoices",)),
        ]

    def test_of_all_a_part_can_be_taken(self, config: Path) -> None:
        change = run(config, revoke("payers"), "bees")
        assert lines(change)[-1] == "+  bees: {customer: C-2, show: [quotes, orders, delivery_notes]}"

    def test_the_last_type_taken_leaves_the_profile(self, config: Path) -> None:
        change = run(config, revoke("payers"), "ants/ann")
        assert lines(change)[-1] == "+      ann: {show: []}"
        assert [*load(config).portals[0].contacts[0].show] == []

    def test_what_is_no_type_is_refused_and_nothing_written(self, config: Path) -> None:
        with pytest.raises(InvalidInputError, match="'invoice' cannot be shown"):
            run(config, grant("invoice"), "ants")
        assert config.read_text(encoding="utf-8") == CONFIG


class TestLinks:
    def test_a_rotation_gives_a_new_link_and_an_included_file_keeps_its_line_ends(self, config: Path) -> None:
        change = run(config, rotating, "crows")
        assert [(str(each.id), each.is_new_link) for each in change.effects] == [("crows", True)]
        more = (config.parent / "more.yaml").read_bytes().decode()
        assert more == MORE.replace("revision: 4  # thrice", "revision: 5  # thrice")
        assert config.read_text(encoding="utf-8") == CONFIG

    def test_a_disabled_portal_takes_its_contacts_with_it(self, config: Path) -> None:
        change = run(config, disabling, "ants")
        assert [(str(each.id), each.becomes) for each in change.effects] == [
            ("ants", "disabled"),
            ("ants/ann", "disabled"),
        ]
        assert lines(change) == ["+    enabled: false"]

    def test_what_is_enabled_already_stays(self, config: Path) -> None:
        assert run(config, enabling, "ants").touched == []
        assert lines(run(config, enabling, "ants/bob"))[-1] == "+      bob: {show: ALL, enabled: true}"

    def test_a_removed_portal_is_gone_with_its_contacts(self, config: Path) -> None:
        change = run(config, removing, "ants")
        assert [str(each) for each in change.links] == ["ants", "ants/ann", "ants/bob"]
        assert [portal.id for portal in load(config).portals] == ["bees", "crows"]

    def test_a_contact_is_no_portal_to_be_removed(self, config: Path) -> None:
        with pytest.raises(InvalidInputError, match="'ants/ann' is a contact"):
            run(config, removing, "ants/ann")
        assert config.read_text(encoding="utf-8") == CONFIG

    def test_contacts_alone_are_removed_where_portals_are_meant_by_their_customer(self, config: Path) -> None:
        change = run(config, removing_contacts, customers=("C-1",), with_contacts=True)
        assert [str(each) for each in change.touched] == ["ants/ann", "ants/bob"]


class TestSelections:
    @pytest.mark.parametrize(
        ("selection", "meant"),
        [
            ({"is_all": True}, "ants bees crows"),
            ({"is_all": True, "with_contacts": True}, "ants ants/ann ants/bob bees crows"),
            ({"customers": ("C-1",)}, "ants crows"),
            ({"is_all": True, "with_contacts": True, "role": "payers"}, "ants ants/ann"),
            ({"names": ("ants", "ants/bob")}, "ants ants/bob"),
        ],
    )
    def test_links_that_are_meant(self, config: Path, selection: dict[str, object], meant: str) -> None:
        names = selection.pop("names", ())
        change = run(config, rotating, *names, **selection)  # type: ignore[misc]
        assert [str(each) for each in change.touched] == meant.split()

    @pytest.mark.parametrize(
        ("selection", "message"),
        [
            ({}, "which links are meant"),
            ({"names": ("ant",)}, "there is no portal 'ant'"),
            ({"names": ("ants/an",)}, "there is no contact 'ants/an'"),
            ({"customers": ("C-9",)}, "customer 'C-9' has no portal"),
            ({"is_all": True, "role": "payer"}, "there is no role 'payer'"),
        ],
    )
    def test_what_is_not_there_is_refused(self, config: Path, selection: dict[str, object], message: str) -> None:
        names = selection.pop("names", ())
        with pytest.raises(InvalidInputError, match=message):
            run(config, rotating, *names, **selection)  # type: ignore[misc]


class TestApproval:
    def edit(self, config: Path, expect: int | None, typed: bool | None, *, yes: bool) -> Edited:
        ask = None if typed is None else lambda _question, _wanted: typed
        return edit(
            config,
            Selection(is_all=True),
            lambda _: rotating,
            approval(expect, ask, yes=yes),
        )

    @pytest.mark.parametrize(
        ("expect", "typed", "yes", "message"),
        [
            (2, None, True, "3 links would be touched, not 2"),
            (None, None, True, "this touches 3 links of 2 customers"),
            (None, None, False, "this touches 3 links of 2 customers"),
            (3, None, False, "this touches 3 links of 2 customers"),
        ],
    )
    def test_many_links_are_not_changed_unless_their_number_is_said(
        self, config: Path, expect: int | None, typed: bool | None, yes: bool, message: str
    ) -> None:
        with pytest.raises(RefusedError, match=message):
            self.edit(config, expect, typed, yes=yes)
        assert config.read_text(encoding="utf-8") == CONFIG

    def test_the_right_number_changes_them(self, config: Path) -> None:
        assert self.edit(config, 3, None, yes=True).was_written
        assert [portal.revision for portal in load(config).portals] == [2, 2, 5]

    @pytest.mark.parametrize("typed", [True, False])
    def test_typing_it_does_too_and_typing_another_does_not(self, config: Path, typed: bool) -> None:
        assert self.edit(config, None, typed, yes=False).was_written is typed
        assert (config.read_text(encoding="utf-8") == CONFIG) is not typed

    def test_a_file_that_changed_meanwhile_is_not_overwritten(self, config: Path) -> None:
        def while_asked(_: object) -> bool:
            config.write_text(CONFIG + "# later\n", encoding="utf-8")
            return True

        with pytest.raises(PortalgenError, match="changed by somebody else"):
            edit(config, Selection(("bees",)), lambda _: rotating, while_asked)
        assert config.read_text(encoding="utf-8") == CONFIG + "# later\n"


def test_permissions_and_a_link_and_a_byte_order_mark_stay(config: Path, tmp_path: Path) -> None:
    config.chmod(0o640)
    config.write_bytes(b"\xef\xbb\xbf" + CONFIG.encode())
    (tmp_path / "linked.yaml").symlink_to(config)
    assert run(tmp_path / "linked.yaml", rotating, "bees").was_written
    assert (tmp_path / "linked.yaml").is_symlink()
    assert config.stat().st_mode & 0o777 == 0o640
    assert config.read_bytes().startswith(b"\xef\xbb\xbfversion")
