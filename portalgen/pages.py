"""One bundle's pages, e-mails, and pages for people who run a site.

Every template is given `view`; `root`, which leads from the page to the bundle's top ('' or '../'); `here`, the type
that the page shows or belongs to, or 'summary' or 'statement'; `listing`, the list of that type (None where there is
none); on a page of documents `page`; and `number`, which writes a whole number as the reader does. What the values hold
stands in `views.values`. Those of e-mails, in `email/`, are given `mail` (`views.letters`), `number` and, in HTML,
`subject`; only where they make plain text (`.txt`) nothing is escaped. English words stand in the templates alone, in
`_()`, and are translated as they render.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from portalgen.downloads import archive, csv_files, workbook
from portalgen.errors import InvalidInputError, Location
from portalgen.formats import Formatter
from portalgen.keeping import keeper
from portalgen.model import Bundle
from portalgen.names import SUMMARY
from portalgen.resources import admin_folder, catalogues_folder, templates_folder
from portalgen.templating import Source, Templates
from portalgen.theme import theme_of
from portalgen.views import view_of
from portalgen.views.documents import attachment_path
from portalgen.views.letters import LetterView
from portalgen.views.values import View
from portalgen.words import Words, words_for

STYLESHEET, SCRIPT = "portal.css", "portal.js"

_TEMPLATE_OF = {
    "quotes": "quote.html",
    "orders": "order.html",
    "invoices": "invoice.html",
    "credit_notes": "credit_note.html",
    "delivery_notes": "delivery_note.html",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One file of a bundle. `path` is relative to the bundle, with '/' between its parts."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail in words. It holds a link, which its subject does not."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class Renderer:
    """Renders bundles with the default templates, or with those of the same name in the folder `overrides`.

    An override may extend the template that it replaces under the name `!default/<name>`. All files are read here,
    once; `digest` (hex SHA-256) stands for them, and for the words of all languages. A broken template is found when
    it is first used.
    """

    def __init__(self, overrides: Path | None = None) -> None:
        defaults = _read(templates_folder())
        own = _read(overrides) if overrides else {}
        self.digest: str = _digest(_of_pages(defaults), _of_pages(own), _read(catalogues_folder()))
        self._sources = {**defaults, **own}
        self._templates = _templates_of(self._sources, defaults)

    def render(self, bundle: Bundle) -> Iterator[Page]:
        """The files of `bundle`, each path once, in a fixed order. PortalgenError where a template fails."""
        view, words = view_of(bundle), words_for(bundle.link.locale)
        files = []
        for page in self._all_but_archive(bundle, view, words):
            files.append(page)
            yield page
        if view.archive:
            # A summary in the archive cannot link to the archive: it is not in itself.
            summary = next(self._pages(bundle, replace(view, archive=""), words))
            within = (summary if page.path == SUMMARY else page for page in files)
            yield Page(view.archive, archive(((page.path, page.body) for page in within), "portal"))

    def _all_but_archive(self, bundle: Bundle, view: View, words: Words) -> Iterator[Page]:
        """The files of `bundle` but for the archive that holds them all."""
        yield Page(STYLESHEET, self._sources[STYLESHEET].body + theme_of(bundle.site.accent).encode())
        yield Page(SCRIPT, self._sources[SCRIPT].body + _age_of(view).encode())
        if bundle.site.logo:
            yield Page(bundle.site.logo.name, bundle.site.logo.data)
        yield from self._pages(bundle, view, words)
        for each in bundle.transactions:
            if file := bundle.attachments.get((each.type, each.number)):
                yield Page(attachment_path(each, file), file.read())
        if "csv" in bundle.site.downloads:
            for path, body in csv_files(bundle, words.gettext):
                yield Page(path, body)
        if view.workbook:
            is_right_to_left = words.direction == "rtl"
            yield Page(view.workbook, workbook(bundle, words.gettext, right_to_left=is_right_to_left))

    def _pages(self, bundle: Bundle, view: View, words: Words) -> Iterator[Page]:
        """What is rendered from templates, the summary first."""
        shared = {"view": view, "number": _number_writer(bundle.link.locale)}
        for path, template, values in _pages_of(view):
            yield Page(path, self._templates.fill(template, words, {**shared, **values}).encode())

    def letter(self, kind: str, mail: LetterView) -> Letter:
        """The e-mail of a kind: 'welcome', 'changed' or 'digest'. PortalgenError where a template fails."""
        words = words_for(mail.language)
        values = {"mail": mail, "number": _number_writer(mail.locale)}
        subject, _, text = self._templates.fill(f"email/{kind}.txt", words, values).partition("\n")
        html = self._templates.fill(f"email/{kind}.html", words, {**values, "subject": subject.strip()})
        return Letter(subject.strip(), text.strip() + "\n", html)

    @property
    def own_way(self) -> set[str]:
        """The templates that are rendered in jinja2's own way, which is slower, since they need it."""
        return self._templates.own_way

    def compile(self) -> None:
        """Read every template, used or not. PortalgenError where one has a mistake in its syntax."""
        self._templates.check()


def _templates_of(sources: Mapping[str, Source], defaults: Mapping[str, Source]) -> Templates:
    """Those of the last build, which are compiled, where somebody keeps them and no file of them changed."""
    keeps, made_from = keeper(), (sources, defaults)
    found: Templates | None = keeps.find("templates", made_from) if keeps else None
    if found is None:
        found = Templates(sources, defaults)
        if keeps:
            keeps.keep("templates", made_from, found, ExitStack())
    return found


def _age_of(view: View) -> str:
    """What has the script say how old the figures are: so pages need not, which stay the same from day to day."""
    day = json.dumps({"date": view.as_of.iso, "text": view.as_of.text})
    return f"\nif (typeof warnOfAge === 'function') warnOfAge({day})\n"


def _pages_of(view: View) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Path and template of each page, and what the template is given besides the view."""
    top = {"root": "", "listing": None}
    yield SUMMARY, "summary.html", {**top, "here": "summary"}
    for listing in view.listings:
        of_type = {"root": "", "listing": listing, "here": listing.type}
        yield listing.href, "list.html", of_type
        if listing.lines_href:
            yield listing.lines_href, "lines.html", {**of_type, "here": f"lines of {listing.type}"}
        for page in listing.pages:
            yield page.href, _TEMPLATE_OF[listing.type], {**of_type, "root": "../", "page": page}
    if view.statement:
        yield view.statement_href, "statement.html", {**top, "here": "statement"}
    if view.payments:
        yield view.payments.href, "receipts.html", {**top, "here": "receipts"}


def _number_writer(locale: str) -> Callable[[int], str]:
    formatter = Formatter(locale)
    return lambda number: formatter.quantity(Decimal(number))


def admin_page(name: str, values: Mapping[str, object]) -> bytes:
    """A page for those who run the site, made from one of our own templates; to be read from a disk, never published.

    It is whole in itself: its policy allows the style and the script that are written into it, and nothing else.
    """
    sources = _read(admin_folder())
    style, script = (sources[file].body.decode() for file in ("admin.css", "admin.js"))
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    said = {**values, "policy": policy, "style": style, "script": script}
    return Templates(sources, {}).fill(name, words_for("en"), said).encode()


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _read(folder: Path) -> dict[str, Source]:
    """Every file below `folder` by its name within it, but for hidden ones."""
    if not folder.is_dir():
        raise InvalidInputError("there is no such folder of templates", where=Location(str(folder)))
    files: dict[str, Source] = {}
    for file in sorted(folder.rglob("*"), key=Path.as_posix):
        name = file.relative_to(folder)
        if file.is_file() and not any(part.startswith(".") for part in name.parts):
            files[name.as_posix()] = Source(file, file.read_bytes())
    return files


def _of_pages(sources: Mapping[str, Source]) -> Mapping[str, Source]:
    """All but those of e-mails, a change of which changes no page."""
    return {name: source for name, source in sources.items() if not name.startswith("email/")}


def _digest(*folders: Mapping[str, Source]) -> str:
    digest = sha256()
    for folder in folders:
        digest.update(len(folder).to_bytes(8))
        for name, source in folder.items():
            for part in (name.encode(), source.body):
                digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()
