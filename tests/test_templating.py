"""Pages are rendered by code made to be fast; it writes what jinja2 would, or leaves the page to jinja2."""

import datetime
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portalgen.errors import PortalgenError
from portalgen.model import TRANSACTION_TYPES, Bundle
from portalgen.pages import Renderer
from portalgen.templating import Source, Templates
from portalgen.words import words_for
from tests.samples import bundle, invoice


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that templates are given."""

    name: str
    parts: tuple[str, ...] = ()
    figure: Decimal = Decimal("1.50")


HOSTILE = "<b>\"Tom\" & 'Ann'</b>"
VALUES: dict[str, object] = {
    "view": Shown(HOSTILE, ("one", "<two>", "")),
    "root": "../",
    "here": "invoices",
    "listing": None,
    "number": str,
    "data": {"a": 1, "items": "<i>", "from": "keyword"},
    "empty": "",
}


def templates(**bodies: str) -> Templates:
    sources = {f"{name}.html": Source(Path(f"{name}.html"), body.encode()) for name, body in bodies.items()}
    return Templates(sources, sources)


def both(**bodies: str) -> tuple[str, str]:
    """What the fast code makes of the template `page`, twice with other pages between, and what jinja2 does."""
    fast, plain = templates(**bodies), templates(**bodies)
    plain.own_way.add("page.html")
    other = {**VALUES, "view": Shown("another", ("x",)), "root": ""}
    first = fast.fill("page.html", words_for("de"), VALUES)
    fast.fill("page.html", words_for("de"), other)
    assert fast.fill("page.html", words_for("de"), VALUES) == first
    assert fast.own_way == set()
    return first, plain.fill("page.html", words_for("de"), VALUES)


@pytest.mark.parametrize(
    "page",
    [
        "{{ view.name }}|{{ view.figure }}|{{ view.parts }}|{{ 3 }}|{{ none }}",
        "{{ view.name | upper }}{{ view.name | safe }}{{ view.name | e | e }}{{ view.name ~ '<br>' }}",
        "{% if view.name %}<p>{{ view.name }}</p>{% elif root %}b{% else %}c{% endif %}{% if empty %}d{% endif %}",
        "{% for each in view.parts %}{{ loop.index }}/{{ loop.length }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "{% for each in [] %}a{% else %}{{ view.name }}{% endfor %}",
        "{% for each in view.parts if each %}{{ each }}{% endfor %}",
        "{% for each in view.parts recursive %}{{ each }}{% endfor %}",
        "{% macro said(text, mark='!') %}{{ text }}{{ mark }}{% endmacro %}{{ said(root) }}{{ said('<', mark='>') }}",
        "{% macro around() %}<div>{{ caller() }}</div>{% endmacro %}{% call around() %}{{ view.name }}{% endcall %}",
        "{% set text %}<b>{{ view.name }}</b>{% endset %}{{ text }}{{ text | trim }}",
        "{% set text = view.name %}{{ text }}{% set view = listing %}{{ view }}",
        "{% autoescape false %}{{ view.name }}{% endautoescape %}{{ view.name }}",
        "{% set o = namespace(n=0) %}{% for each in view.parts %}{% set o.n = o.n + 1 %}{% endfor %}{{ o.n }}",
        "{{ data['a'] }}{{ data['items'] }}{{ data.from }}{{ view.parts[0] }}{{ view.parts[1:] }}{{ view.name[0] }}",
        "{{ nothing is defined }}{{ view.name is string }}{{ 'one' in view.parts }}",
        "{{ _('Total') }}{{ _('%(x)s & more', x=view.name) }}{{ ngettext('%(num)s day', '%(num)s days', 2) }}",
        "{% trans what=view.name %}so: {{ what }}{% endtrans %}",
        "{{ range(3) | list }}{{ dict(a=1)['a'] }}{{ view.parts | join('<') }}{{ '%s' | format(view.name) }}",
        "{{ view.name if here == 'invoices' else root }}{{ 'x' if empty }}",
        "{% with name = view.name %}{{ name }}{% endwith %}{% filter upper %}{{ view.name }}{% endfilter %}",
        "{% block a %}{{ view.name }}{% block b scoped %}{{ root }}{% endblock %}{% endblock %}",
        "{% for each in view.parts %}{% block c scoped %}{{ each }}{{ loop.index }}{% endblock %}{% endfor %}",
        "{{ view.name }}{# nothing #}{% raw %}{{ raw }}{% endraw %}",
        "{{ '{' }}{{ '}' }}%{{ '%' }}{{ '\\\\' }}{{ '\\n' }}{{ \"'\" }}",
        "{{ number(view.parts) }}{{ view.name.upper() }}{{ view.name.replace('b', root) }}",
    ],
)
def test_what_is_written_is_what_jinja2_writes(page: str) -> None:
    fast, plain = both(page=page)
    assert fast == plain


@pytest.mark.parametrize(
    ("page", "written"),
    [
        ("{{ data.a }}{{ data.items }}", None),
        ("{{ data.missing | default('none') }}", "none"),
        ("{% if view.colour is defined %}a{% else %}b{% endif %}", "b"),
        ("{% set t = gettext %}{{ t('Total') }}", "Gesamt"),
    ],
)
def test_a_page_that_the_fast_code_cannot_write_is_left_to_jinja2(page: str, written: str | None) -> None:
    found = templates(page=page)
    plain = templates(page=page)
    plain.own_way.add("page.html")
    expected = plain.fill("page.html", words_for("de"), VALUES)
    assert written in {None, expected}
    assert [found.fill("page.html", words_for("de"), VALUES) for _ in range(2)] == [expected, expected]
    assert found.own_way == {"page.html"}


@pytest.mark.parametrize(
    "page",
    ["{{ nothing }}", "{{ nothing.at_all }}", "{{ view.colour }}", "{{ data[view] }}", "{{ root() }}", "{{ 1 / 0 }}"],
)
def test_what_fails_in_jinja2_fails(page: str) -> None:
    with pytest.raises(PortalgenError, match=r"page\.html:2: this template cannot be rendered"):
        templates(page=f"\n{page}").fill("page.html", words_for("de"), VALUES)


def test_templates_extend_import_and_include_each_other() -> None:
    fast, plain = both(
        base="{% import 'parts.html' as parts with context %}<title>{% block title %}{% endblock %}</title>"
        "<nav>{% for each in view.parts %}{{ parts.tab(each) }}{% endfor %}</nav>{% block body %}{% endblock %}",
        parts="{% macro tab(text) %}<a href='{{ root }}'>{{ text }}{{ view.name }}</a>{% endmacro %}",
        included="{{ view.name }}{{ inner }}",
        page="{% extends 'base.html' %}{% block title %}{{ view.name }}{% endblock %}"
        "{% block body %}{{ parts.tab('<') }}{% set inner = root %}{% include 'included.html' %}"
        "{% from 'parts.html' import tab with context %}{{ tab(here) }}{% endblock %}",
    )
    assert fast == plain
    assert "../" in fast


def test_a_text_that_is_html_already_and_the_same_text_that_is_not_are_told_apart() -> None:
    page = "{{ '<b>' }}{{ '<b>' | safe }}{{ text }}{{ text | safe }}{{ '<b>' }}"
    found = templates(page=page)
    written = found.fill("page.html", words_for("en"), {"text": "<b>"})
    assert written == "&lt;b&gt;<b>&lt;b&gt;<b>&lt;b&gt;"


def test_what_is_kept_follows_what_it_was_made_of() -> None:
    piece = "{% for each in view.parts %}{{ root }}{{ each }}{{ number(1) }}{% endfor %}"
    found = templates(page=piece + "{{ own }}")
    first, second = Shown("a", ("x", "y")), Shown("a", ("z",))
    base: dict[str, Any] = {"number": lambda n: f"n{n}"}

    def fill(**values: object) -> str:
        return found.fill("page.html", words_for("en"), {**base, **values})

    assert fill(view=first, root="", own=1) == "xn1yn11"
    assert fill(view=first, root="", own=2) == "xn1yn12"
    assert fill(view=first, root="../", own=3) == "../xn1../yn13"
    assert fill(view=second, root="../", own=4) == "../zn14"
    assert fill(view=first, root="../", own=5, number=lambda n: f"m{n}") == "../xm1../ym15"
    assert found.own_way == set()


def test_what_may_change_is_not_kept() -> None:
    found = templates(page="{% for each in view.parts %}{{ each }}{{ number(1) }}{% endfor %}")
    parts = ["a"]

    def fill() -> str:
        return found.fill("page.html", words_for("en"), {"view": {"parts": parts}, "number": str})

    def fill_attribute() -> str:
        return found.fill("page.html", words_for("en"), {"view": Open(parts), "number": str})

    assert (fill(), fill_attribute()) == ("a1", "a1")
    parts.append("b")
    assert (fill(), fill_attribute()) == ("a1b1", "a1b1")


@dataclass
class Open:
    """Something that may be changed."""

    parts: list[str]


def of_every_type(name: str, **site: Any) -> Bundle:
    made = [invoice(f"{name}-{type_}-{number}", type=type_) for type_ in TRANSACTION_TYPES for number in range(3)]
    found = bundle(made, locale="de-DE")
    return replace(found, site=replace(found.site, **site), customer=replace(found.customer, name=name))


def test_no_page_of_ours_needs_jinja2s_own_way() -> None:
    renderer = Renderer()
    for pages in ("document", "month", "all"):
        [*renderer.render(of_every_type("A", pages=pages))]
    assert renderer.own_way == set()


def test_pages_of_one_customer_after_another_are_as_if_each_were_the_only_one() -> None:
    bundles = [of_every_type("A & Sons"), of_every_type("<B>"), of_every_type("A & Sons", pages="year")]
    bundles.append(replace(bundles[0], as_of=datetime.date(2026, 12, 24)))
    renderer = Renderer()
    for each in [*bundles, *bundles[::-1]]:
        assert [*renderer.render(each)] == [*Renderer().render(each)]
