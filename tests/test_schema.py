"""Each field of portals.yaml: what it takes, what it makes of it, and that nothing makes the reading crash."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from portalgen.errors import Problem
from portalgen.fields import NOT_SHOWN_YET
from portalgen.model import GRANTABLE_TYPES
from portalgen.schema import (
    AttachmentsModel,
    CloudFrontModel,
    ConfigModel,
    ContactModel,
    DirectoryModel,
    ExportModel,
    HeadingsModel,
    IncludedModel,
    LinesModel,
    MailModel,
    PortalModel,
    S3Model,
    SiteModel,
    VisibleModel,
    json_schema,
    validate,
)
from portalgen.yamlfile import Value, parse_yaml

WHOLE = """
version: 1
site:
  {id: northwind, title: Northwind, base_url: "https://p.example/x/", locale: de-CH, currency: CHF,
   timezone: Europe/Paris, email: ap@northwind.example, key: a, as_of: 2026-11-22, pages: document,
   tracking: {DHL: "https://dhl.example/?id={tracking_number}"}}
keys: env:KEYS
mail:
  {server: smtp.example.com, port: 2525, security: tls, from: "N <a@n.example>", user: env:U, password: env:P, rate: 9}
exports:
  - {type: customers, path: c.csv, columns: {id: No}, ignore: [x, y], empty: "-"}
  - type: invoices
    path: i.csv
    lines: {path: l.csv, columns: {number: No}, ignore: ALL, discount: fraction}
    visible: {status: Open}
  - {type: orders, path: o.csv, lines: ol.csv}
stores:
  local: {kind: directory, path: site, private: secret}
  production: {kind: s3, bucket: b, region: eu-west-1, endpoint: "https://s3.example", prefix: portals/,
    cdn: {kind: cloudfront, distribution: E1A2B3C4D5E6F7, path_prefix: /portals}}
roles:
  clerk: [invoices, credit_notes]
portals:
  acme:
    {customer: C-1, name: Acme, show: [clerk, quotes], enabled: yes, revision: 2, expires: 2027-12-31, locale: en,
     branches: [North, 0012], key: b, digest: yes,
     contacts: {ann: {name: Ann, email: ann@acme.example, show: ALL, enabled: off, revision: 3,
     branches: North}}}
include: more/*.yaml
"""


def problems(text: str) -> list[Problem]:
    return validate(ConfigModel, parse_yaml(text, "f"), ["clerk"])[1]


def site(**values: str) -> SiteModel:
    """The site of a config with these values, as they are written."""
    written = "".join(f"  {key}: {value}\n" for key, value in {"id": "x", "title": "x", **values}.items())
    config, found = validate(ConfigModel, parse_yaml(f"version: 1\nsite:\n{written}", "f"))
    assert not found
    assert config
    return config.site


def test_every_key_there_is_can_be_written_and_read() -> None:
    config, found = validate(ConfigModel, parse_yaml(WHOLE, "f"), ["clerk"])
    assert found == []
    assert config
    assert config.portals["acme"].expires == datetime.date(2027, 12, 31)
    assert config.portals["acme"].contacts["ann"].enabled is False
    assert config.exports[1].lines == LinesModel(
        path="l.csv", columns={"number": HeadingsModel(any_of=["No"])}, ignore=["ALL"], discount="fraction"
    )
    assert config.exports[2].lines == LinesModel(path="ol.csv")
    assert config.site.base_url == "https://p.example/x"
    assert isinstance(config.stores["local"], DirectoryModel)
    assert isinstance(config.stores["production"], S3Model)


def test_only_version_and_site_are_needed() -> None:
    assert problems("version: 1\nsite: {id: x, title: x}") == []


@pytest.mark.parametrize("word", ["true", "True", "yes", "on", "YES"])
def test_yes_is_a_truth_in_every_way_that_yaml_has(word: str) -> None:
    assert problems(f"version: 1\nsite: {{id: x, title: x}}\nportals: {{a: {{customer: c, enabled: {word}}}}}") == []


def test_a_key_with_nothing_after_it_counts_as_not_written() -> None:
    assert site(locale="", currency="", as_of="") == site()
    empty = "version: 1\nsite: {id: x, title: x}\nexports:\nstores:\nroles:\nportals:\ninclude:\nkeys:\n"
    assert problems(empty) == []


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("locale", "en"), ("locale", "zh-Hant-TW"), ("locale", "es-419"), ("currency", "KWD"), ("timezone", "UTC"),
        ("timezone", "America/Argentina/Ushuaia"), ("email", "a.b+c@x.example"), ("base_url", "https://x.example:8443/a/"),
        ("base_url", "http://127.0.0.1:8750"), ("base_url", "http://localhost"), ("as_of", "2028-02-29"), ("key", "0"),
    ],
)  # fmt: skip
def test_good_values_are_taken(key: str, good: str) -> None:
    assert getattr(site(**{key: good}), key)


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("locale", "klingon"), ("locale", "en_US"), ("currency", "EURO"), ("timezone", "Mars/Olympus"),
        ("email", "a@b"),
        ("email", "a b@x.example"), ("base_url", "https://x.example/?a"), ("base_url", "https://x.example/#a"),
        ("base_url", "http://x.example"), ("base_url", "https://a@x.example"), ("base_url", "javascript:alert(1)"),
        ("as_of", "2027-02-29"), ("as_of", "\u0662\u0660\u0662\u0667-01-01"),
        ("key", "l"), ("key", "aa"), ("id", "-x"), ("id", "Ä"),
    ],
)  # fmt: skip
def test_bad_values_are_refused_where_they_stand(key: str, bad: str) -> None:
    written = {"id": "x", "title": "x", key: f"'{bad}'"}
    text = "version: 1\nsite:\n" + "".join(f"  {name}: {value}\n" for name, value in written.items())
    [problem] = problems(text)
    assert (problem.where.line, problem.where.column) == (3 + [*written].index(key), len(key) + 5)
    assert problem.message.startswith(f"site: {key}: ")
    assert problem.hint


@pytest.mark.parametrize(
    "url",
    [
        "https://d.example/{tracking_number}", "https://d.example?id={tracking_number}", "https://d.example/#{tracking_number}",
        "https://d.example:8443/a/b.html?x=1&y=%20&id={tracking_number}&z=a@b,c;d!$'()*+~",
    ],
)  # fmt: skip
def test_the_address_of_a_carrier_is_taken(url: str) -> None:
    assert site(tracking=json.dumps({"DHL": url})).tracking == {"dhl": url}


@pytest.mark.parametrize(
    "url",
    [
        "http://d.example/{tracking_number}", "https://d.example/", "https://d.example/{tracking_number}{tracking_number}",
        "https://{tracking_number}.example/", "https://d.example{tracking_number}/", "https://{tracking_number}/",
        "https://{tracking_number}", "https://d.example:{tracking_number}/", "https://a@d.example/{tracking_number}",
        "https://d.example/{number}/{tracking_number}", "https://d.example/{ tracking_number }",
        "javascript:{tracking_number}", "//d.example/{tracking_number}", "https://d.example/ {tracking_number}", "https://d.example/<{tracking_number}",
        'https://d.example/"{tracking_number}', "https://d.example/\\{tracking_number}", "https:///{tracking_number}",
        "https://d\u00e9.example/{tracking_number}", "https://d.example/\n{tracking_number}", "https://d.example/{tracking_number}\n",
        "{tracking_number}", "HTTPS://d.example/{tracking_number}", "data:text/html,{tracking_number}", "https://?{tracking_number}",
    ],
)  # fmt: skip
def test_what_could_lead_elsewhere_is_no_address_of_a_carrier(url: str) -> None:
    text = f"version: 1\nsite:\n  id: x\n  title: x\n  tracking:\n    DHL: {json.dumps(url)}\n"
    [problem] = problems(text)
    assert (problem.where.line, problem.where.column) == (6, 10)
    assert problem.message.startswith("site: DHL: ")
    assert problem.hint


def test_one_carrier_has_one_address() -> None:
    urls = "{DHL: 'https://a.example/{tracking_number}', ' dhl': 'https://b.example/{tracking_number}'}"
    [problem] = problems(f"version: 1\nsite:\n  id: x\n  title: x\n  tracking: {urls}\n")
    assert (problem.where.line, problem.message) == (5, "site: tracking: 'DHL' and ' dhl' are one carrier")
    [problem] = problems("version: 1\nsite: {id: x, title: x, tracking: [DHL]}\n")
    assert problem.where.line == 2


@pytest.mark.parametrize("digits", ["\u0663", "1\u0663", "³", "1_0", "+1", " 1", "1000000000"])
def test_a_revision_is_written_in_plain_digits(digits: str) -> None:
    text = f"version: 1\nsite: {{id: x, title: x}}\nportals: {{a: {{customer: c, revision: '{digits}'}}}}"
    assert [problem.message for problem in problems(text)] == [f"portal 'a': revision: '{digits}' is not a revision"]


def test_a_key_in_the_place_of_its_source_is_not_repeated() -> None:
    """Messages end up in logs."""
    [problem] = problems("version: 1\nsite: {id: x, title: x}\nkeys: a:pgk1_0123456789")
    assert "pgk1" not in str(problem)


def test_no_type_is_both_there_and_not_yet_there() -> None:
    assert not NOT_SHOWN_YET & {*GRANTABLE_TYPES, "ALL"}


MODELS: dict[type[BaseModel], str] = {
    AttachmentsModel: "exports: [{{attachments: {{{}: x}}}}]",
    ConfigModel: "{}: x",
    MailModel: "mail: {{{}: x}}",
    SiteModel: "site: {{{}: x}}",
    ExportModel: "exports: [{{{}: x}}]",
    LinesModel: "exports: [{{lines: {{{}: x}}}}]",
    VisibleModel: "exports: [{{visible: {{{}: x}}}}]",
    DirectoryModel: "stores: {{a: {{kind: directory, {}: x}}}}",
    S3Model: "stores: {{a: {{kind: s3, {}: x}}}}",
    CloudFrontModel: "stores: {{a: {{kind: s3, bucket: b, cdn: {{{}: x}}}}}}",
    PortalModel: "portals: {{a: {{{}: x}}}}",
    ContactModel: "portals: {{a: {{contacts: {{b: {{{}: x}}}}}}}}",
}


@pytest.mark.parametrize(
    ("model", "key"),
    [(model, field.alias or name) for model in MODELS for name, field in model.model_fields.items()],
)
def test_a_misspelt_key_is_met_with_the_right_one_at_every_level(model: type[BaseModel], key: str) -> None:
    found = problems(MODELS[model].format(f"{key}{key[-1]}"))
    [unknown] = [problem for problem in found if "unknown key" in problem.message]
    assert unknown.hint == f"did you mean '{key}'?"


def test_an_included_file_holds_portals_alone() -> None:
    _, [problem] = validate(IncludedModel, parse_yaml("version: 1\nportals: {a: {customer: c}}", "f"))
    assert problem.message == "unknown key 'version'"
    assert validate(IncludedModel, parse_yaml("portals:", "f")) == (IncludedModel(), [])


def test_the_schema_for_editors_knows_every_key() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert {*schema["properties"]} == {*ConfigModel.model_fields}
    assert schema["$defs"]["MailModel"]["required"] == ["server", "from"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["version"] == {"const": 1, "title": "Version"} | schema["properties"]["version"]


def _paths(value: Value, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*at, key))


def _with(value: Any, at: tuple[str | int, ...], new: Any) -> Any:
    if not at:
        return new
    changed: Any = dict(value) if isinstance(value, dict) else list(value)
    changed[at[0]] = _with(value[at[0]], at[1:], new)
    return changed


PATHS = [*_paths(parse_yaml(WHOLE, "f").data)]
ANYTHING = st.recursive(
    st.none()
    | st.sampled_from(["", " ", "x", "1", "directory", "s3", "[key]", "ALL", "quotes", "a/b", "\u200b"])
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["kind", "path", "show", "type", "s3", "directory", "contacts", "[key]", "x"]), inner
        )
    ),
    max_leaves=4,
)


@given(st.sampled_from(PATHS), ANYTHING)
def test_whatever_stands_anywhere_is_read_or_refused_at_its_place(at: tuple[str | int, ...], value: Value) -> None:
    document = parse_yaml(WHOLE, "f")
    document.data = _with(document.data, at, value)
    config, found = validate(ConfigModel, document, ["clerk"])
    assert (config is None) == bool(found)
    assert all(problem.where.file == "f" and problem.message for problem in found)


@pytest.mark.parametrize("starter", ["config/portals.yaml"])
def test_the_file_that_init_writes_is_valid(starter: str) -> None:
    text = (Path(__file__).parents[1] / starter).read_text(encoding="utf-8")
    assert validate(ConfigModel, parse_yaml(text, starter), ["accounts-payable"])[1] == []
