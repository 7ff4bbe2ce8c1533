"""portals.yaml and the files it includes, as the values that the other stages work with."""

import datetime
from pathlib import Path

import pytest

from portalgen.definitions import load, root_of
from portalgen.errors import InvalidInputError, Location
from portalgen.model import TRANSACTION_TYPES, Cdn, Definitions, LineSource, Site, StoreSource

HEAD = "version: 1\nsite: {id: northwind, title: Northwind Traders}\n"


def loaded(folder: Path, text: str, **included: str) -> Definitions:
    """What `portals.yaml` with `text` and the included files (by their names without .yaml) come to."""
    for name, content in included.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    (folder / "portals.yaml").write_text(HEAD + text, encoding="utf-8")
    return load(folder / "portals.yaml")


def test_what_is_not_written_has_its_default(tmp_path: Path) -> None:
    definitions = loaded(tmp_path, "portals: {acme: {customer: C-1, contacts: {ann: }}}")
    assert definitions.site == Site(id="northwind", title="Northwind Traders")
    assert (definitions.exports, definitions.stores) == ((), ())
    [portal] = definitions.portals
    assert (portal.name, portal.show, portal.enabled, portal.revision, portal.expires) == ("", (), True, 1, None)
    [contact] = portal.contacts
    assert (contact.name, contact.email, contact.show, contact.enabled, contact.revision) == ("ann", "", (), True, 1)


def test_a_missing_show_shows_nothing(tmp_path: Path) -> None:
    """A permission is never implied: not by the portal, not by its contacts."""
    definitions = loaded(
        tmp_path, "portals: {acme: {customer: C-1, contacts: {ann: {show: ALL}}}, b: {customer: C-1, show: []}}"
    )
    assert [portal.show for portal in definitions.portals] == [(), ()]


def test_all_means_the_five_types_of_this_version(tmp_path: Path) -> None:
    [portal] = loaded(tmp_path, "portals: {acme: {customer: C-1, show: ALL}}").portals
    assert portal.show == TRANSACTION_TYPES == ("quotes", "orders", "invoices", "credit_notes", "delivery_notes")


@pytest.mark.parametrize(
    ("show", "types"),
    [
        ("[invoices, quotes]", ("quotes", "invoices")),
        ("invoices", ("invoices",)),
        ("clerk", ("invoices", "credit_notes")),
        ("[clerk, orders, invoices]", ("orders", "invoices", "credit_notes")),
        ("everyone", TRANSACTION_TYPES),
        ("nobody", ()),
        ("[quotes, quotes]", ("quotes",)),
    ],
)
def test_types_and_roles_come_to_types_in_their_usual_order(tmp_path: Path, show: str, types: tuple[str, ...]) -> None:
    roles = "roles: {clerk: [credit_notes, invoices], everyone: ALL, nobody: []}\n"
    [portal] = loaded(tmp_path, f"{roles}portals: {{acme: {{customer: C-1, show: {show}}}}}").portals
    assert portal.show == types


def test_everything_of_a_portal_and_a_contact_is_read(tmp_path: Path) -> None:
    [portal] = loaded(
        tmp_path,
        """portals:
  0012:
    customer: 0012
    name: Acme
    enabled: no
    revision: 3
    expires: 2027-12-31
    locale: de-CH
    key: b
    contacts:
      NO: {name: Nora, email: nora@acme.example, enabled: off, revision: 2, expires: 2026-01-01, locale: nb, key: c}
""",
    ).portals
    assert (portal.id, portal.customer, portal.name, portal.enabled, portal.revision) == (
        "0012",
        "0012",
        "Acme",
        False,
        3,
    )
    assert (portal.expires, portal.locale, portal.key) == (datetime.date(2027, 12, 31), "de-CH", "b")
    [nora] = portal.contacts
    assert (nora.id, nora.name, nora.email, nora.enabled, nora.revision) == (
        "NO",
        "Nora",
        "nora@acme.example",
        False,
        2,
    )
    assert (nora.expires, nora.locale, nora.key) == (datetime.date(2026, 1, 1), "nb", "c")


@pytest.mark.parametrize(
    ("branches", "read"),
    [
        ("[North, 0012, NO]", ("North", "0012", "NO")),
        ("North", ("North",)),
        ("[]", ()),
        ("", ()),
        ("~", ("~",)),
        ("null", ("null",)),
    ],
)
def test_branches_are_read_as_written_and_none_written_are_none_shown(
    tmp_path: Path, branches: str, read: tuple[str, ...]
) -> None:
    """A key with nothing after it must not show all branches."""
    text = "portals:\n  a:\n    customer: C-1\n    branches: %s\n    contacts:\n      ann:\n        branches: %s\n"
    [portal] = loaded(tmp_path, text % (branches, branches)).portals
    assert portal.branches == portal.contacts[0].branches == read
    assert portal.places["branches.0"].line == 6


def test_without_branches_there_is_no_limit(tmp_path: Path) -> None:
    [portal] = loaded(tmp_path, "portals: {a: {customer: C-1, contacts: {ann: {}}}}").portals
    assert portal.branches is portal.contacts[0].branches is None


def test_carriers_are_told_apart_whatever_the_case(tmp_path: Path) -> None:
    (tmp_path / "portals.yaml").write_text(
        "version: 1\nsite:\n  id: a\n  title: A\n  tracking:\n"
        '    DHL: "https://d.example/t?id={tracking_number}"\n    Gull  Post: "https://g.example/{tracking_number}"\n'
    )
    assert load(tmp_path / "portals.yaml").site.tracking == {
        "dhl": "https://d.example/t?id={tracking_number}",
        "gull  post": "https://g.example/{tracking_number}",
    }


def test_an_export_knows_where_each_of_its_keys_stands(tmp_path: Path) -> None:
    [export] = loaded(
        tmp_path,
        """exports:
  - type: invoices
    path: i.csv
    columns: {number: No}
    ignore: [x, y]
    lines: l.csv
    visible: {status: [Open]}
""",
    ).exports
    file = str(tmp_path / "portals.yaml")
    assert export.places["path"] == Location(file, 5, 11)
    assert export.places["columns.number"] == Location(file, 6, 23)
    assert export.places["ignore.1"] == Location(file, 7, 17)
    assert export.visibility.statuses == ("Open",)
    assert export.lines == LineSource("l.csv")
    assert export.lines.places["path"] == export.lines.places["columns.number"] == Location(file, 8, 5)


def test_what_is_not_written_stands_where_the_thing_around_it_stands(tmp_path: Path) -> None:
    [portal] = loaded(tmp_path, "portals:\n  acme: {customer: C-1}\n").portals
    assert portal.places["show"] == portal.places[""] == Location(str(tmp_path / "portals.yaml"), 4, 3)


def test_stores_start_from_the_root_and_keep_what_is_private_beside(tmp_path: Path) -> None:
    text = """stores:
  a: {kind: directory, path: out/site}
  b: {kind: directory, path: /srv/site, private: secret}
  c: {kind: s3, bucket: x, prefix: portals}
"""
    assert loaded(tmp_path, text).stores == (
        StoreSource("a", "directory", path=tmp_path / "out/site", private=tmp_path / "out/site.private"),
        StoreSource("b", "directory", path=Path("/srv/site"), private=tmp_path / "secret"),
        StoreSource("c", "s3", bucket="x", prefix="portals/"),
    )


@pytest.mark.parametrize(
    ("base_url", "said", "path"),
    [
        ("https://x.example", "", ""),
        ("https://x.example/", "", ""),
        ("https://x.example/our/portals/", "", "/our/portals"),
        ("https://x.example/portals", ", path_prefix: /", ""),
        ("https://x.example", ", path_prefix: our/portals/", "/our/portals"),
    ],
)
def test_links_have_the_path_at_the_cdn_that_they_have_at_the_base_url(
    base_url: str, said: str, path: str, tmp_path: Path
) -> None:
    """Unless something else is said, as of a store that is reached by another address."""
    text = f"""version: 1
site: {{id: x, title: X, base_url: '{base_url}'}}
stores:
  c: {{kind: s3, bucket: x, cdn: {{kind: cloudfront, distribution: E1A2B3C4D5E6F7{said}}}}}
"""
    (tmp_path / "portals.yaml").write_text(text, encoding="utf-8")
    [store] = load(tmp_path / "portals.yaml").stores
    assert store.cdn == Cdn("cloudfront", "E1A2B3C4D5E6F7", path)


def test_relative_paths_start_above_a_folder_called_config() -> None:
    assert root_of(Path("/srv/config/portals.yaml")) == Path("/srv")
    assert root_of(Path("/srv/site/portals.yaml")) == Path("/srv/site")


def test_included_portals_follow_the_file_s_own_in_the_order_of_their_files(tmp_path: Path) -> None:
    definitions = loaded(
        tmp_path,
        "roles: {clerk: [invoices]}\ninclude: [z.yaml, '[ab].yaml', none-*.yaml]\nportals: {own: {customer: C-1}}",
        a="portals: {a: {customer: C-2, show: clerk}}",
        b="portals:\n",
        z="portals: {z: {customer: C-3}}",
    )
    assert [(portal.id, portal.show) for portal in definitions.portals] == [
        ("own", ()),
        ("z", ()),
        ("a", ("invoices",)),
    ]
    assert definitions.portals[2].places[""].file == str(tmp_path / "a.yaml")


def test_a_folder_whose_name_looks_like_a_pattern_is_not_one(tmp_path: Path) -> None:
    odd, other = tmp_path / "[ab]", tmp_path / "a"
    odd.mkdir()
    other.mkdir()
    (other / "more.yaml").write_text("portals: {wrong: {customer: C-1}}")
    definitions = loaded(odd, "include: '*e.yaml'", more="portals: {right: {customer: C-1}}")
    assert [portal.id for portal in definitions.portals] == ["right"]


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as refused:
        loaded(
            tmp_path,
            "keys: x\ninclude: [a.yaml, b.yaml, c.yaml]\nportals: {x: {}}",
            a="portals: {a: {customer: C-1, shw: ALL}}",
            b="portals: [x",
        )
    places = [(Path(problem.where.file).name, problem.where.line) for problem in refused.value.problems]
    assert places == [("a.yaml", 1), ("b.yaml", 1), ("portals.yaml", 3), ("portals.yaml", 4), ("portals.yaml", 5)]


def test_a_portal_defined_twice_is_refused_in_the_later_file(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidInputError, match=r"more\.yaml:2:3: portal 'acme' is here twice, first in .*portals\.yaml:4"
    ):
        loaded(
            tmp_path, "include: more.yaml\nportals: {acme: {customer: C-1}}", more="portals:\n  acme: {customer: C-1}"
        )


def test_two_portals_may_be_of_one_customer(tmp_path: Path) -> None:
    definitions = loaded(tmp_path, "portals: {a: {customer: C-1}, b: {customer: C-1}}")
    assert [portal.customer for portal in definitions.portals] == ["C-1", "C-1"]


def test_there_has_to_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="there is no such file\n  hint: `portalgen init`"):
        load(tmp_path / "portals.yaml")


EXPOSED = [
    ("local: {path: ., kind: directory}", "the definitions"),
    ("local: {path: config, kind: directory}", "the root keys"),
    ("local: {path: exports, kind: directory}", "the export 'exports/customers.csv'"),
    ("local: {path: build, kind: directory}", "the bundles of all customers"),
    ("local: {path: build/bundles/x, kind: directory}", "the bundles of all customers"),
    ("local: {path: ./build/../build/manifests, kind: directory}", "the manifests of all customers"),
    ("local: {path: build/memory, kind: directory}", "the memory of all customers"),
    ("local: {path: build/memory/acme/site, kind: directory}", "the memory of all customers"),
    ("a: {kind: directory, path: site}, b: {kind: directory, path: site.private, private: x}", "private part of store"),
    ("a: {kind: directory, path: site}, b: {kind: directory, path: site/b}", "store 'b'"),
]


@pytest.mark.parametrize(("stores", "what"), EXPOSED, ids=lambda text: text[:50])
def test_a_public_folder_that_would_show_what_is_private_is_refused(tmp_path: Path, stores: str, what: str) -> None:
    path = tmp_path / "config" / "portals.yaml"
    path.parent.mkdir()
    path.write_text(
        "version: 1\nsite: {id: a, title: A}\nkeys: file:config/a.keys\n"
        "exports: [{type: customers, path: exports/customers.csv}]\n"
        f"stores: {{{stores}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidInputError) as caught:
        load(path)
    assert what in str(caught.value)
    assert "to the world" in str(caught.value)


def test_a_store_beside_what_is_private_or_in_the_build_folder_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "portals.yaml"
    path.write_text(
        "version: 1\nsite: {id: a, title: A}\nexports: [{type: customers, path: 'site*.csv'}]\n"
        "stores: {a: {kind: directory, path: build/site}, b: {kind: directory, path: site}}\n",
        encoding="utf-8",
    )
    assert len(load(path).stores) == 2
