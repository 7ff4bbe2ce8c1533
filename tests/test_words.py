"""The interface's words: whole catalogues, and pages that say nothing in another language than the reader's."""

import csv
import datetime
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import cache
from gettext import c2py
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import pytest
from babel import Locale
from babel.messages import Catalog, Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from portalgen import pages
from portalgen.demo import write_demo
from portalgen.errors import Location
from portalgen.exports.profiles import load_profile, packaged_names
from portalgen.exports.visibility import NEUTRAL
from portalgen.formats import read_catalogue
from portalgen.model import (
    BUCKETS,
    GRANTABLE_TYPES,
    TRANSACTION_TYPES,
    Bundle,
    Change,
    Customer,
    Entry,
    Line,
    Receipt,
    Site,
    Statement,
    Transaction,
)
from portalgen.pages import Renderer
from portalgen.resources import catalogues_folder
from portalgen.views.letters import Matter, letter_view
from portalgen.words import LANGUAGES, STATUSES, Words, words_for
from tests.samples import AS_OF, BRILLIANT, SITE, bundle, invoice

ROOT = Path(__file__).parents[1]
TRANSLATED = tuple(language for language in LANGUAGES if language != "en")

PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")
SAME_AS_ENGLISH = {
    "ar": "",
    "de": "Portal Status",
    "es": "Portal Subtotal Total",
    "fr": "Date Description Document Documents Total",
    "it": "",
    "nl": "Document Order Orders Open Status",
    "pl": "Portal Status",
    "pt": "Portal Subtotal Total",
}
"""The words that a language shares with English, besides 'E-mail', 'kB' and messages that are placeholders alone."""
FORMS_FOR_ONE_NUMBER = {("ar", form) for form in (0, 1, 2)}
"""Plural forms that stand for a single number (none, one, two), and so may say it in a word."""


@cache
def catalogue(language: str) -> Catalog:
    return read_po(BytesIO(po(language).read_bytes()), locale=language)


@cache
def template() -> Catalog:
    return read_po(BytesIO((catalogues_folder() / "portalgen.pot").read_bytes()))


def po(language: str) -> Path:
    return catalogues_folder() / language / "LC_MESSAGES" / "portalgen.po"


def messages(of: Catalog) -> list[Message]:
    """All messages but the header."""
    return [message for message in of if message.id]


def texts(said: str | Sequence[str] | None) -> tuple[str, ...]:
    return (said or "",) if isinstance(said, str | None) else tuple(said)


def placeholders(text: str) -> list[str]:
    return sorted(match[0] for match in PLACEHOLDER.finditer(text))


def test_catalogues_hold_what_extraction_finds_and_extracting_changes_nothing(tmp_path: Path) -> None:
    locale = tmp_path / "locale"
    shutil.copytree(catalogues_folder(), locale)
    command = ["make", "words", "READY=", f"BIN={Path(sys.executable).parent}", f"LOCALE={locale}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for file in (file for file in locale.rglob("*") if file.is_file()):
        kept = catalogues_folder() / file.relative_to(locale)
        assert file.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), f"run `make words`: {kept.name}"


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    assert sorted(path.parts[-3] for path in catalogues_folder().rglob("*.po")) == sorted(TRANSLATED)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_none_is_fuzzy_or_obsolete(language: str) -> None:
    found = catalogue(language)
    assert [message.id for message in messages(found)] == [message.id for message in messages(template())]
    assert [message.id for message in messages(found) if not all(texts(message.string))] == []
    assert [message.id for message in messages(found) if message.fuzzy] == []
    assert not found.obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_placeholders_of_the_english_text_and_no_other_percent_sign(language: str) -> None:
    for message in messages(catalogue(language)):
        wanted = placeholders(texts(message.id)[-1])
        for form, text in enumerate(texts(message.string)):
            may_lack = message.pluralizable and (language, form) in FORMS_FOR_ONE_NUMBER
            assert placeholders(text) in ([wanted, []] if may_lack else [wanted]), text
            assert "%" not in PLACEHOLDER.sub("", text).replace("%%", ""), "a page takes a lone % for a placeholder"
            assert text == text.strip()


@pytest.mark.parametrize("language", TRANSLATED)
def test_plural_forms_are_those_of_the_language(language: str) -> None:
    found = catalogue(language)
    plural = get_plural(language)
    assert (found.num_plurals, found.plural_expr) == (plural.num_plurals, plural.plural_expr)
    assert {len(texts(each.string)) for each in messages(found) if each.pluralizable} == {plural.num_plurals}
    # What Unicode takes for one category is one form, and no other category is in it.
    form_of = c2py(plural.plural_expr)
    forms = defaultdict(set)
    for number in (*range(1000), 1_000_000):
        forms[Locale.parse(language).plural_form(number)].add(form_of(number))
    assert sorted(map(list, forms.values())) == [[form] for form in range(plural.num_plurals)]


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_message_is_left_in_english(language: str) -> None:
    same = {text for message in messages(catalogue(language)) for text in texts(message.string) if text in message.id}
    no_words = {text for text in same if not re.search(r"[a-z]", PLACEHOLDER.sub("", text))}
    assert same - no_words - {"E-mail", "{number} kB"} == set(SAME_AS_ENGLISH[language].split())


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_letter_is_of_another_script(language: str) -> None:
    script = "ARABIC" if language == "ar" else "LATIN"
    for message in messages(catalogue(language)):
        for text in texts(message.string):
            plain = unicodedata.normalize("NFKC", re.sub(r"\b(CSV|Excel|zip)\b", "", PLACEHOLDER.sub("", text)))
            assert not [c for c in plain if c.isalpha() and script not in unicodedata.name(c)], text


def test_every_status_of_a_profile_and_of_the_demo_is_a_word_that_is_translated(tmp_path: Path) -> None:
    profiles = [load_profile(name, ROOT, Location("")) for name in packaged_names()]
    said = {word for profile in profiles for settings in profile.types.values() for word in settings.status.values()}
    write_demo(tmp_path)
    for type_ in TRANSACTION_TYPES:
        with (tmp_path / f"exports/{type_}.csv").open(encoding="utf-8", newline="") as file:
            said |= {row["status"] for row in csv.DictReader(file)}
    assert {word for word in said if word} | {NEUTRAL} == STATUSES
    assert {message.id for message in messages(template())} >= STATUSES


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_status_of_ours_is_translated_and_an_own_word_stays(language: str) -> None:
    words = words_for(language)
    assert words.status("Awaiting payment") != "Awaiting payment"
    for own in ("", "Bei Oma", "paid", "Summary", "Due date"):
        assert words.status(own) == own


@pytest.mark.parametrize(
    ("locale", "language", "direction", "invoices"),
    [
        ("en-GB", "en", "ltr", "Invoices"),
        ("de-CH", "de", "ltr", "Rechnungen"),
        ("de", "de", "ltr", "Rechnungen"),
        ("DE-at", "de", "ltr", "Rechnungen"),
        ("pt-BR", "pt", "ltr", "Faturas"),
        ("es-419", "es", "ltr", "Facturas"),
        ("ar-Latn-EG", "ar", "rtl", "الفواتير"),
        ("ar-AE", "ar", "rtl", "الفواتير"),
        ("zh-Hans", "en", "ltr", "Invoices"),
        ("zh-Hant-TW", "en", "ltr", "Invoices"),
        ("he-IL", "en", "ltr", "Invoices"),
        ("nds", "en", "ltr", "Invoices"),
    ],
)
def test_words_are_those_of_the_locales_language_or_english(
    locale: str, language: str, direction: str, invoices: str
) -> None:
    words = words_for(locale)
    assert (words.language, words.direction, words.gettext("Invoices")) == (language, direction, invoices)


def test_a_number_is_said_in_the_form_that_it_wants() -> None:
    def days(language: str, *numbers: int) -> list[str]:
        one, many = "%(number)s day overdue", "%(number)s days overdue"
        return [words_for(language).ngettext(one, many, number) % {"number": number} for number in numbers]

    assert days("en", 1, 2) == ["1 day overdue", "2 days overdue"]
    assert days("pl", 1, 2, 5, 22) == [f"{text} po terminie" for text in ("1 dzień", "2 dni", "5 dni", "22 dni")]
    assert days("ar", 1, 2, 3, 11, 100) == [
        *("متأخر يومًا واحدًا", "متأخر يومين", "متأخر 3 أيام"),
        *("متأخر 11 يومًا", "متأخر 100 يوم"),
    ]


HOSTILE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Summary"
msgstr "<b>\\"Sum\\"</b>"

msgid "As of %(date)s"
msgstr "<i>%(date)s</i>"

msgid "%(number)s day overdue"
msgid_plural "%(number)s days overdue"
msgstr[0] "<u>%(number)s</u>"
msgstr[1] "<u>%(number)s</u>"
"""


def test_what_a_catalogue_says_is_text_and_never_html(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = Words("de", "ltr", read_catalogue(HOSTILE.encode(), "de"))
    monkeypatch.setattr(pages, "words_for", lambda _: hostile)
    late = invoice(due_date=AS_OF - datetime.timedelta(days=3))
    page = next(page.body.decode() for page in Renderer().render(bundle([late])) if page.path == "index.html")
    assert "&lt;b&gt;&quot;Sum&quot;&lt;/b&gt;" in page
    assert '&lt;i&gt;<time datetime="2026-11-20">' in page
    assert "&lt;u&gt;3&lt;/u&gt;" in page
    assert not re.search("<[biu]>", page)


def test_what_a_catalogue_says_is_text_in_an_e_mail_too(monkeypatch: pytest.MonkeyPatch) -> None:
    said = f'{HOSTILE}\nmsgid "How to use it"\nmsgstr "<b>How & why</b>"\n'
    hostile = Words("de", "ltr", read_catalogue(said.encode(), "de"))
    monkeypatch.setattr(pages, "words_for", lambda _: hostile)
    letter = Renderer().letter("welcome", letter_view(SITE, everything("de").link, "x", Matter()))
    assert "\n<b>How & why</b>\n" in letter.text
    assert "&lt;b&gt;How &amp; why&lt;/b&gt;" in letter.html
    assert "<b>" not in letter.html


MARK = "\N{SECTION SIGN}"
"""Stands in front of all that came out of an export or a definition."""
Record = TypeVar("Record", Customer, Transaction, Line, Receipt, Site)


def marked(value: Record, **keep: Any) -> Record:
    """`value` with marks for texts, but for those in `keep`."""
    named = {each.name for each in fields(value) if isinstance(getattr(value, each.name), str)}
    return replace(value, **{**dict.fromkeys(named, MARK), **keep})


def everything(locale: str) -> Bundle:
    """A bundle that has something in every place of every page, and no text in them but marks."""
    amount = Decimal("12.34")
    line = marked(replace(_filled(Line(1)), quantity=amount))
    transactions = [
        marked(
            replace(_filled(invoice()), due_date=AS_OF + datetime.timedelta(days=days), lines=(line,)),
            type=type_,
            number=f"{MARK}{days}",
            currency="USD",
            branch=f"{MARK}{days % 2}",
            status="Open",
        )
        for type_ in TRANSACTION_TYPES
        for days in (-40, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7)
    ]
    receipt = Receipt("", "", AS_OF, amount, "USD")
    entries = [Entry(AS_OF, type_, MARK, AS_OF, Decimal(0), Decimal(0)) for type_ in _ENTRY_TYPES]
    zero = Decimal(0)
    statement = Statement("USD", AS_OF, AS_OF, zero, tuple(entries), zero, dict.fromkeys(BUCKETS, zero))
    site = marked(SITE, pages="document", tracking={}, accent="", email=f"{MARK}@example.com")
    whole = bundle(transactions, GRANTABLE_TYPES, customer=marked(BRILLIANT), contact=MARK, locale=locale, site=site)
    return replace(
        whole,
        link=replace(whole.link, branches=(MARK,)),
        receipts=(marked(receipt, currency="USD"),),
        statements=(statement,),
    )


_ENTRY_TYPES = ("invoices", "credit_notes", "receipts", "settled")


def _filled(value: Any) -> Any:
    """`value` with an amount for each that it lacks."""
    amounts = [each.name for each in fields(value) if "Decimal" in str(each.type) and getattr(value, each.name) is None]
    return replace(value, **dict.fromkeys(amounts, Decimal("1.50")))


@dataclass
class Said(HTMLParser):
    """What a page says in words: its texts, without what stands in <bdi> and <time>, and those of its attributes."""

    language: str = ""
    direction: str = ""
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language, self.direction = given["lang"] or "", given["dir"] or ""
        self.words += [given[name] or "" for name in ("aria-label", "data-label", "data-shown", "alt") if name in given]
        if tag in ("bdi", "time"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.words += data.split(" · ")


def pieces(language: str) -> Iterator[str]:
    """Patterns of what a page may say: each translation, or what is left and right of its placeholders."""
    for message in messages(catalogue(language)):
        for text in texts(message.string):
            parts = [re.escape(part.strip()) for part in PLACEHOLDER.sub("\0", text).split("\0")]
            yield r".*".join(parts)
            yield from (part for part in parts if re.search(r"\w", part))
            yield re.escape(text)


def unknown_words(page: Said, language: str) -> set[str]:
    known = re.compile("|".join(f"(?:{piece})" for piece in pieces(language)))
    stripped = {word.strip() for word in page.words}
    spoken = {word for word in stripped if any(map(str.isalpha, word)) and MARK not in word}
    return {word for word in spoken if not known.fullmatch(re.sub(r"^[\d\u0660-\u0669]+ ", "", word))}


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


def read(renderer: Renderer, of: Bundle) -> Mapping[str, Said]:
    """The HTML pages of a bundle by path."""
    found = {}
    for page in renderer.render(of):
        if page.path.endswith(".html"):
            found[page.path] = Said()
            found[page.path].feed(page.body.decode())
            found[page.path].close()
    return found


@pytest.mark.parametrize("locale", ["ar-EG", "de-CH", "es-MX", "fr-FR", "it-IT", "nl-BE", "pl-PL", "pt-BR"])
def test_every_page_is_in_the_readers_language_and_says_no_word_but_the_catalogues(
    renderer: Renderer, locale: str
) -> None:
    language = locale[:2]
    direction = "rtl" if language == "ar" else "ltr"
    found = read(renderer, everything(locale))
    assert {"index.html", "statement.html", "receipts.html", "quotes-lines.html"} < set(found)
    assert {path.partition("/")[0] for path in found if "/" in path} == set(TRANSACTION_TYPES)
    for path, page in found.items():
        assert (page.language, page.direction) == (language, direction)
        assert not unknown_words(page, language), path


@pytest.mark.parametrize("locale", ["ar-EG", "de-CH", "es-MX", "fr-FR", "it-IT", "nl-BE", "pl-PL", "pt-BR"])
@pytest.mark.parametrize("kind", ["welcome", "changed", "digest"])
def test_every_e_mail_is_in_the_readers_language_and_says_no_word_but_the_catalogues(
    renderer: Renderer, locale: str, kind: str
) -> None:
    site = marked(SITE, email=f"{MARK}@example.com", accent="")
    link = everything(locale).link
    told = [
        Change(AS_OF, change, type_, f"{MARK}{number}")
        for type_ in TRANSACTION_TYPES
        for change in ("new", "changed", "paid")
        for number in range(9)
    ]
    for customer in (MARK, ""):
        letter = renderer.letter(kind, letter_view(site, link, MARK, Matter(customer, AS_OF, told)))
        page = Said()
        page.feed(re.sub("(?s)<style>.*</style>", "", letter.html))
        page.close()
        page.words = [word.strip().removeprefix("· ") for word in page.words]
        assert (page.language, page.direction) == (locale[:2], "rtl" if locale == "ar-EG" else "ltr")
        assert not unknown_words(page, locale[:2])
        text = Said(words=[letter.subject, *(line.removeprefix("- ") for line in letter.text.splitlines())])
        assert not unknown_words(text, locale[:2])


def test_a_sentence_that_no_catalogue_holds_is_found_in_a_page(renderer: Renderer) -> None:
    english = read(renderer, everything("en-GB"))["index.html"]
    assert {"Summary", "Invoices", "Overdue invoices"} <= unknown_words(english, "de")


def test_numbers_within_sentences_are_in_the_readers_digits(renderer: Renderer) -> None:
    page = read(renderer, everything("ar-EG"))["index.html"]
    assert "متأخر ٤٠ يومًا" in page.words
    assert not re.search("[0-9]", "".join(word for word in page.words if MARK not in word))
