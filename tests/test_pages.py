"""What a bundle's pages hold, and what they never hold.

The golden pages under golden/ are compared byte by byte. After a wanted change, write them anew and read the diff:
PORTALGEN_UPDATE_GOLDEN=1 pytest tests/test_pages.py
"""

import datetime
import io
import os
import posixpath
import re
import zipfile
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from portalgen.errors import InvalidInputError, PortalgenError
from portalgen.media import content_type
from portalgen.model import TRANSACTION_TYPES, Bundle, Customer, Line, Transaction
from portalgen.names import safe_name
from portalgen.pages import Renderer
from portalgen.resources import templates_folder
from tests.samples import BRILLIANT, PORTALS, SITE, bundle, invoice

GOLDEN = Path(__file__).parent / "golden"
TRACKING = "https://united-package.example/track?number=1Z%20999%20AA1%2001%202345%206784"

HOSTILE = [
    "<script>alert(1)</script>",
    "</title></bdi></td><img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "' onmouseover='alert(1)' x='",
    "javascript:alert(1)",
    "javascript:alert(1)@example.com",
    "{{7*7}}{% raw %}{#",
    "&lt;b&gt;&amp;#60;",
    "<!--",
    "]]><![CDATA[",
    "https://evil.example/?q=",
    "../../../etc/passwd",
    "a?cc=all@evil.example",
]


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


def rendered(renderer: Renderer, of: Bundle) -> dict[str, str]:
    """The pages of a bundle by path, in text."""
    pages = list(renderer.render(of))
    assert len({page.path.casefold() for page in pages}) == len(pages)
    return {page.path: page.body.decode("utf-8", "replace") for page in pages}


@dataclass
class Parsed:
    """A page taken apart: its tags with the names of their attributes, its ids and links, and its text."""

    tags: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    title: str = ""
    text: str = ""


def parsed(page: str) -> Parsed:
    """`page` as a browser would take it apart."""
    result = Parsed()

    class Parser(HTMLParser):
        inside = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.inside = tag
            result.tags.append((tag, tuple(name for name, _ in attrs)))
            result.ids += [value or "" for name, value in attrs if name == "id"]
            result.links += [value or "" for name, value in attrs if name in ("href", "src")]

        def handle_data(self, data: str) -> None:
            result.text += data
            if self.inside == "title" and data.strip():
                result.title += data

        def handle_comment(self, data: str) -> None:
            pytest.fail(f"a page holds no comment: {data!r}")

    parser = Parser()
    parser.feed(page)
    parser.close()
    return result


def filled(value: Customer | Transaction | Line, text: str, **keep: str) -> dict[str, Any]:
    """Every text field of `value` with `text` in it and the field's own name behind, but for those in `keep`."""
    texts = {each.name: f"{text} {each.name}" for each in fields(value) if isinstance(getattr(value, each.name), str)}
    return {**texts, **keep}


def saturated(text: str) -> Bundle:
    """A bundle that has `text` in every text field of every value, and one transaction of each type."""
    line = replace(Line(1, quantity=Decimal(1)), **filled(Line(1), text))
    transactions = [
        invoice(**filled(invoice(), text, type=type_, currency="USD"), lines=(line,)) for type_ in TRANSACTION_TYPES
    ]
    site = replace(SITE, title=f"{text} title", email=f"{text} email")
    customer = replace(BRILLIANT, **filled(BRILLIANT, text))
    return bundle(transactions, customer=customer, contact=f"{text} contact", site=site)


@pytest.mark.parametrize("portal", PORTALS)
def test_golden_pages(renderer: Renderer, portal: str) -> None:
    pages = {page.path: page.body for page in renderer.render(PORTALS[portal]) if page.path.endswith(".html")}
    folder = GOLDEN / portal
    if os.environ.get("PORTALGEN_UPDATE_GOLDEN"):
        for old in folder.rglob("*.html"):
            old.unlink()
        for path, body in pages.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(body)
    assert {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*.html")} == pages


def test_the_same_bundle_gives_the_same_bytes() -> None:
    first, second = (list(Renderer().render(PORTALS["brilliant"])) for _ in range(2))
    assert first == second


def test_the_stylesheet_is_copied(renderer: Renderer) -> None:
    pages = {page.path: page.body for page in renderer.render(bundle())}
    assert pages["portal.css"] == (templates_folder() / "portal.css").read_bytes()


def test_nothing_granted_is_the_profile_page_alone(renderer: Renderer) -> None:
    pages = rendered(renderer, bundle())
    assert set(pages) == {"index.html", "portal.css", "portal.js"}
    assert "Brilliant Industries &amp; Sons" in pages["index.html"]
    assert not [word for word in ("Documents", "Invoices", "<nav", "<strong>0") if word in pages["index.html"]]


def test_a_granted_type_without_data_is_neither_made_nor_named(renderer: Renderer) -> None:
    pages = rendered(renderer, bundle([invoice()], ["quotes", "invoices"]))
    made_of = {"portal.css", "portal.js", "portal.xlsx", "portal.zip"}
    own = {"index.html", "invoices.html", "invoices.csv", "invoices-lines.csv", f"invoices/{safe_name('INV-1')}.html"}
    assert set(pages) == made_of | own
    assert not any("quote" in pages[path].lower() for path in own)


@pytest.mark.parametrize("name", PORTALS)
def test_in_the_archive_every_link_leads_to_a_file_of_it(renderer: Renderer, name: str) -> None:
    """It holds all files but itself; on its first page alone there is a link less."""
    files = {f"portal/{page.path}": page.body for page in renderer.render(PORTALS[name])}
    with zipfile.ZipFile(io.BytesIO(files.pop("portal/portal.zip"))) as whole:
        packed = {entry: whole.read(entry) for entry in whole.namelist()}
    pages = {path: body.decode() for path, body in packed.items() if path.endswith(".html")}
    links = {(path, link) for path, page in pages.items() for link in re.findall(r'(?:href|src)="([^":#]+)["#]', page)}
    targets = {posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(link))) for path, link in links}
    assert list(packed) == list(files)
    assert {path for path, body in packed.items() if body != files[path]} == {"portal/index.html"}
    assert targets <= set(packed)


def test_a_type_that_the_link_may_not_show_is_refused(renderer: Renderer) -> None:
    with pytest.raises(PortalgenError, match="holds invoices, which its link may not show"):
        list(renderer.render(bundle([invoice()], ["quotes"])))


def test_two_documents_of_one_name_are_refused(renderer: Renderer) -> None:
    with pytest.raises(PortalgenError, match=r"share the page invoices/inv-1-\w+\.html: 'INV-1' and 'INV-1'"):
        list(renderer.render(bundle([invoice(), invoice()])))


def test_one_number_may_stand_for_an_order_and_an_invoice(renderer: Renderer) -> None:
    pages = rendered(renderer, bundle([invoice("7", type="orders"), invoice("7")]))
    assert {"orders/7.html", "invoices/7.html"} <= set(pages)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text(renderer: Renderer, hostile: str) -> None:
    """In whatever field it stands, it changes no tag, no attribute and no link, and is read as it was written."""
    harmless, attacked = rendered(renderer, saturated("word")), rendered(renderer, saturated(hostile))
    number = filled(invoice(), hostile)["number"]
    for path, page in harmless.items():
        if not path.endswith(".html"):
            continue
        path = path.replace(safe_name("word number"), safe_name(str(number)))  # noqa: PLW2901
        assert parsed(attacked[path]).tags == parsed(page).tags
        assert all(link == "data:," or ":" not in link for link in parsed(attacked[path]).links)
        assert len(set(parsed(attacked[path]).ids)) == len(parsed(attacked[path]).ids)
        assert parsed(attacked[path]).text.count(hostile) == parsed(page).text.count("word")


def test_every_field_that_should_be_seen_is_seen(renderer: Renderer) -> None:
    of = saturated("word")
    seen = "\n".join(parsed(page).text for path, page in rendered(renderer, of).items() if path.endswith(".html"))
    first = of.transactions[0]
    wanted = {str(text) for value in (of.customer, first, first.lines[0]) for text in filled(value, "word").values()}
    unseen = {f"word {name}" for name in ("type", "currency", "customer_id", "language", "parent_id", "attachment")}
    assert {text for text in wanted if text not in seen} == unseen


def test_what_cannot_be_seen_is_left_out(renderer: Renderer) -> None:
    """Direction overrides, zero-width spaces, control characters; but joiners, which Persian needs, stay."""
    number = "INV\u202e7-\u200b\x00\x1b\u2066\ufeff\ufffe\ud8001"
    page = rendered(renderer, bundle([invoice("7", reference=number, note="a\u200cb\r\nc")]))["invoices/7.html"]
    assert "<bdi>INV7-1</bdi>" in page
    assert "<bdi>a\u200cb\nc</bdi>" in page


@pytest.mark.parametrize("portal", PORTALS)
def test_links_are_relative_and_lead_to_pages_of_the_bundle(renderer: Renderer, portal: str) -> None:
    pages = rendered(renderer, PORTALS[portal])
    found = set()
    for path, page in pages.items():
        if not path.endswith(".html"):
            assert "url(" not in page
            assert "@import" not in page
            continue
        for link in parsed(page).links:
            if link in ("data:,", "#main_content", "mailto:accounts@northwind.example", TRACKING):
                continue
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(link)))
            assert target in pages
            found.add(target)
    assert found == set(pages)


@pytest.mark.parametrize("portal", PORTALS)
def test_no_address_no_script_and_no_style_in_a_page(renderer: Renderer, portal: str) -> None:
    for path, page in rendered(renderer, PORTALS[portal]).items():
        if path.endswith(".html"):
            script = f'<script src="{"../" * path.count("/")}portal.js" defer></script>'
            page = page.replace(TRACKING, "").replace(script, "", 1)  # noqa: PLW2901
            assert not [bad for bad in ("http:", "https:", "//", "<script", "<style", "style=") if bad in page]


def test_a_title_names_neither_customer_nor_document(renderer: Renderer) -> None:
    for path, page in rendered(renderer, PORTALS["brilliant"]).items():
        if path.endswith(".html"):
            assert parsed(page).title.split(" · ")[1] == "Northwind Traders"
            assert not [word for word in ("Brilliant", "INV-", "q-88", "C-1001") if word in parsed(page).title]


def test_a_document_stands_at_its_anchor(renderer: Renderer) -> None:
    pages = rendered(renderer, bundle([invoice("INV-1")]))
    name = safe_name("INV-1")
    assert f'<article class="document" id="{name}">' in pages[f"invoices/{name}.html"]


def test_sums_are_made_per_currency_and_only_of_what_is_known(renderer: Renderer) -> None:
    known = [invoice("1"), invoice("2"), invoice("3", currency="EUR", total=Decimal("-0.10"), balance=None)]
    text = parsed(rendered(renderer, bundle(known))["invoices.html"]).text
    in_euro, in_dollar = text.partition("Total in EUR")[2].split("Total in USD")
    assert in_euro.split() == ["-€0.10"]
    assert in_dollar.split()[:2] == ["$238.00", "$238.00"]


def test_quotes_and_orders_are_not_summed_since_some_came_to_nothing(renderer: Renderer) -> None:
    pages = rendered(renderer, bundle([invoice("1", type="orders"), invoice("2", type="quotes")]))
    assert not [path for path in ("orders.html", "quotes.html") if "Total in" in pages[path]]


def test_a_portal_in_which_nothing_is_yet_says_so(renderer: Renderer) -> None:
    assert "There are no documents yet." in rendered(renderer, bundle([], types=("invoices",)))["index.html"]
    assert "documents yet" not in rendered(renderer, bundle([], types=()))["index.html"]


def test_a_column_without_a_value_is_not_there(renderer: Renderer) -> None:
    line = Line(1, description="Widget", quantity=Decimal(2))
    bare = invoice(
        "1", type="delivery_notes", net=None, tax=None, total=None, balance=None, due_date=None, lines=(line,)
    )
    pages = rendered(renderer, bundle([bare]))
    page = pages["delivery_notes/1.html"]
    heads = ("Item", ">Unit<", "Discount", ">Tax", "Amount", "Total", "$", 'amount">Open', "Ship to", 'class="totals"')
    assert not [head for head in heads if head in page]
    assert not [head for head in ("Due date", "Total", "Balance", "<tfoot") if head in pages["delivery_notes.html"]]


def totals(renderer: Renderer, of: Transaction) -> dict[str, str]:
    """The totals on a document's page by their words, in their order."""
    page = rendered(renderer, bundle([of]))[f"{of.type}/1.html"]
    return dict(re.findall("<dt>([^<]*)</dt><dd><bdi>([^<]*)</bdi>", page.partition('<dl class="totals">')[2]))


def test_what_is_taken_off_and_added_stands_where_it_is_reckoned(renderer: Renderer) -> None:
    """From the sum of the lines to the net, from the total to the balance; a row only where there is something."""
    amounts = {"allowance": "5", "charge": "3", "net": "98", "tax": "9.80", "total": "107.80", "paid": "7.81"}
    amounts |= {"rounding": "0.01", "balance": "100"}
    full = replace(invoice("1"), **{name: Decimal(text) for name, text in amounts.items()})  # type: ignore[arg-type]
    before = {"Subtotal": "$100.00", "Discount": "-$5.00", "Charges": "$3.00", "Net": "$98.00", "Tax": "$9.80"}
    after = {"Total": "$107.80", "Amount paid": "-$7.81", "Rounding": "$0.01", "Balance due": "$100.00"}
    assert [*totals(renderer, full).items()] == [*before.items(), *after.items()]
    zero: dict[str, Any] = dict.fromkeys(("allowance", "charge", "paid", "rounding"), Decimal("0.00"))
    assert [*totals(renderer, replace(full, **zero))] == ["Net", "Tax", "Total", "Balance due"]
    assert "Subtotal" not in totals(renderer, replace(full, lines=()))
    assert "Subtotal" not in totals(renderer, replace(full, lines=(*full.lines, Line(2))))
    assert totals(renderer, replace(full, type="credit_notes"))["Amount used"] == "-$7.81"


def test_a_discount_of_a_line_is_a_percentage_or_an_amount(renderer: Renderer) -> None:
    lines = (Line(1, discount=Decimal(10)), Line(2, discount_amount=Decimal("2.5")), Line(3))
    page = rendered(renderer, bundle([invoice("1", lines=lines)]))["invoices/1.html"]
    assert [part.partition("<")[0] for part in page.split('data-label="Discount"><bdi>')[1:]] == ["10%", "$2.50"]


def test_open_quantities_are_a_column_only_where_there_are_some(renderer: Renderer) -> None:
    """None open is something, too."""
    lines = invoice().lines
    for some, is_shown in ((lines, False), ((*lines, Line(2, open_quantity=Decimal(0))), True)):
        page = rendered(renderer, bundle([invoice("1", type="orders", lines=some)]))["orders/1.html"]
        assert ('<th scope="col" class="amount">Open quantity</th>' in page) == is_shown


def test_an_address_of_delivery_has_its_own_lines(renderer: Renderer) -> None:
    page = rendered(renderer, bundle([invoice("1", ship_to=" Dock 4 \r\n\n1 Quay\n")]))["invoices/1.html"]
    assert "<bdi>Dock 4</bdi>\n<br><bdi>1 Quay</bdi>\n</p>" in page
    assert "Ship to" not in rendered(renderer, bundle([invoice("1", ship_to=" \n ")]))["invoices/1.html"]


def test_a_customer_reads_the_terms_of_payment(renderer: Renderer) -> None:
    pages = rendered(renderer, bundle([invoice("1", payment_terms="14 days")]))
    assert "<dt>Payment terms</dt><dd><bdi>30 days net</bdi>" in pages["index.html"]
    assert "<dt>Payment terms</dt><dd><bdi>14 days</bdi>" in pages["invoices/1.html"]
    assert "Payment terms" not in rendered(renderer, bundle([invoice("1")]))["invoices/1.html"]


@pytest.mark.parametrize(
    ("carrier", "number", "href"),
    [
        ("DHL", "12", "https://d.example/t?id=12#x"),
        (" dhl ", " 12\u200b", "https://d.example/t?id=12#x"),
        ("DHL", "a b/&?#%\"'<é{tracking_number}", "https://d.example/t?id=a%20b%2F%26%3F%23%25%22%27%3C%C3%A9%7B"),
        ("DHL", "", ""),
        ("DHL Express", "12", ""),
        ("", "12", ""),
        ("D\u212a", "12", ""),
    ],
)
def test_a_tracking_number_leads_to_its_carrier_where_the_site_names_an_address(
    renderer: Renderer, carrier: str, number: str, href: str
) -> None:
    site = replace(SITE, tracking={"dhl": "https://d.example/t?id={tracking_number}#x", "dj": "https://no.example/"})
    of = bundle([invoice("1", carrier=carrier, tracking_number=number)], site=site)
    outside = [link for link in parsed(rendered(renderer, of)["invoices/1.html"]).links if link.startswith("https:")]
    assert len(outside) == bool(href)
    assert all(link.startswith(href) and link.startswith("https://d.example/t?id=") for link in outside)
    assert ('rel="noopener noreferrer"' in rendered(renderer, of)["invoices/1.html"]) == bool(href)


def test_a_link_that_is_limited_to_branches_says_so(renderer: Renderer) -> None:
    of = bundle([invoice("1", branch="North")])
    one, two = (replace(of, link=replace(of.link, branches=some)) for some in (("North",), ("North", "<b>")))
    assert "<p>Branch: <bdi>North</bdi></p>" in rendered(renderer, one)["index.html"]
    assert "<p>Branches: <bdi>North</bdi> · <bdi>&lt;b&gt;</bdi></p>" in rendered(renderer, two)["index.html"]
    assert "Branch" not in rendered(renderer, of)["index.html"]


def test_a_seller_without_a_mail_address_gets_no_mail_link(renderer: Renderer) -> None:
    for email in ("", "accounts", "a b@c.example", "a@b.example\n", 'a"@b.example'):
        assert "mailto:" not in rendered(renderer, bundle(site=replace(SITE, email=email)))["index.html"]
    page = rendered(renderer, bundle(site=replace(SITE, email="a?b&c@d.example")))["index.html"]
    assert 'href="mailto:a%3Fb%26c@d.example"' in page


def test_an_override_may_extend_what_it_replaces(tmp_path: Path) -> None:
    own = tmp_path / "templates"
    own.mkdir()
    (own / "invoice.html").write_text(
        '{% extends "!default/invoice.html" %}{% block to %}Dear {{ "<you>" }}{% endblock %}'
    )
    (own / "portal.css").write_text("body { color: red }")
    pages = rendered(Renderer(own), bundle([invoice("1"), invoice("1", type="orders")]))
    assert "Dear &lt;you&gt;" in pages["invoices/1.html"]
    assert "Ordered by" in pages["orders/1.html"]
    assert pages["portal.css"] == "body { color: red }"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{{ _("Total") }} {{ gettext("Total") }}', "Gesamt Gesamt"),
        ("{% trans %}Total{% endtrans %}", "Gesamt"),
        ('{% set words = {"total": _("Total")} %}{{ words.total }}', "Gesamt"),
        ('{% macro said(text) %}{{ text | upper }}{% endmacro %}{{ said(_("Total")) }}', "GESAMT"),
        ('{{ _("Total") if true else _("Net") }}', "Gesamt"),
        ('{% set name = "Total" %}{{ _(name) }}', "Gesamt"),
        ('{{ _("<%(what)s> & more", what="<b>") }}', "&lt;&lt;b&gt;&gt; &amp; more"),
        ('{{ _("<never seen>") }}', "&lt;never seen&gt;"),
        ('{{ _("100 %%") }}', "100 %"),
        ('{% macro _(text) %}so: {{ text }}{% endmacro %}{{ _("Total") }}', "so: Total"),
        ('{% for _ in ["x"] %}{{ _ }}{% endfor %}', "x"),
    ],
)
def test_a_template_may_translate_in_every_way_that_jinja2_knows(tmp_path: Path, template: str, expected: str) -> None:
    (tmp_path / "invoice.html").write_text(template)
    assert rendered(Renderer(tmp_path), bundle([invoice("1")], locale="de-DE"))["invoices/1.html"] == expected


def test_the_digest_follows_names_and_bytes_of_both_folders(tmp_path: Path) -> None:
    digests = [Renderer().digest, Renderer(tmp_path).digest]
    assert digests[0] == digests[1]
    (tmp_path / "invoice.html").write_text("a")
    digests.append(Renderer(tmp_path).digest)
    (tmp_path / "invoice.html").write_text("b")
    digests.append(Renderer(tmp_path).digest)
    (tmp_path / "invoice.html").rename(tmp_path / "order.html")
    digests.append(Renderer(tmp_path).digest)
    assert len(set(digests)) == 4


@pytest.mark.parametrize(
    ("template", "line", "what"),
    [
        ("<p>\n{% if %}", 2, "Expected an expression"),
        ("<p>\n\n{{ page.colour }}", 3, "has no attribute 'colour'"),
        ("{{ nothing }}", 1, "'nothing' is undefined"),
        ("\n{{ 1 / 0 }}", 2, "division by zero"),
        ("\n{% include 'gone.html' %}", 2, "there is no template 'gone.html'"),
        ('{% extends "!default/gone.html" %}', 1, "there is no template '!default/gone.html'"),
        ('{% extends "invoice.html" %}', 1, "without end"),
        ('\n{% extends "!default/invoice.html" %}\n{% block to %}{{ lost }}{% endblock %}', 3, "'lost' is undefined"),
        ("\n\n{{ 1 | nofilter }}", 3, "No filter named 'nofilter'"),
        ('\n{{ _("100 %") }}', 2, "incomplete format"),
    ],
)
def test_a_broken_override_is_a_sentence_with_its_place(tmp_path: Path, template: str, line: int, what: str) -> None:
    (tmp_path / "invoice.html").write_text(template)
    with pytest.raises(PortalgenError) as caught:
        list(Renderer(tmp_path).render(bundle([invoice()])))
    assert str(caught.value).startswith(f"{tmp_path / 'invoice.html'}:{line}: this template cannot be rendered: ")
    assert what in str(caught.value)


def test_an_override_that_is_no_text_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "list.html").write_bytes(b"<p>\n\xe4")
    with pytest.raises(PortalgenError, match=r"list\.html:2: this template is not UTF-8 text"):
        list(Renderer(tmp_path).render(bundle([invoice()])))
    with pytest.raises(InvalidInputError, match="no such folder"):
        Renderer(tmp_path / "nowhere")


def test_a_broken_override_harms_no_page_that_does_not_use_it(tmp_path: Path) -> None:
    (tmp_path / "invoice.html").write_text("{% if %}")
    assert rendered(Renderer(tmp_path), bundle([invoice("1", type="orders")]))


def test_content_types() -> None:
    types = [content_type(path) for path in ("index.html", "invoices/7.html", "portal.css", "x.bin")]
    assert types == [*["text/html; charset=utf-8"] * 2, "text/css; charset=utf-8", "application/octet-stream"]


def test_pages_of_several_documents_lead_to_the_next_ones_too(renderer: Renderer) -> None:
    days = [datetime.date(2026, 1, 2), datetime.date(2025, 3, 4), datetime.date(2025, 2, 3), datetime.date(2024, 1, 1)]
    documents = [invoice(f"INV-{4 - number}", date=day) for number, day in enumerate(days)]
    rendered = renderer.render(bundle(documents, site=replace(SITE, pages="year")))
    pages = {page.path: page.body.decode() for page in rendered if page.path.endswith(".html")}
    links = re.findall(r'<a rel="(\w+)" href="\.\./invoices/(\d+)\.html#', pages["invoices/2025.html"])
    assert links == [("prev", "2026"), ("next", "2024")]
    assert 'rel="prev"' not in pages["invoices/2026.html"]
    assert 'rel="next"' not in pages["invoices/2024.html"]


def test_a_document_names_who_issued_it_with_their_tax_number(renderer: Renderer) -> None:
    site = replace(SITE, phone="+1 503 555 0100", tax_id="T-1")
    rendered = renderer.render(bundle([invoice("1")], site=site))
    pages = {page.path: page.body.decode() for page in rendered if page.path.endswith(".html")}
    [document] = [text for path, text in pages.items() if path.startswith("invoices/")]
    parties = document[document.index('class="parties"') : document.index('class="facts"')]
    for text in (SITE.title, SITE.email, "+1 503 555 0100", "Tax number <bdi>T-1</bdi>"):
        assert text in parties
