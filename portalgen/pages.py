"""One bundle's pages, e-mails, and pages for people who run a site. The only room of jinja2.

Every template is given `view`; `root`, which leads from the page to the bundle's top ('' or '../'); `here`, the type
that the page shows or belongs to, or 'summary' or 'statement'; `listing`, the list of that type (None where there is
none); on a page of documents `page`; and `number`, which writes a whole number as the reader does. What the values hold
stands in `views.values`. Those of e-mails, in `email/`, are given `mail` (`views.letters`), `number` and, in HTML,
`subject`; only where they make plain text (`.txt`) nothing is escaped. English words stand in the templates alone, in
`_()`, and are translated as they render.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path
from traceback import walk_tb

from jinja2 import BaseLoader, ChoiceLoader, Environment, FunctionLoader, PrefixLoader, StrictUndefined, nodes
from jinja2.exceptions import TemplateNotFound, TemplateSyntaxError

from portalgen.downloads import archive, csv_files, workbook
from portalgen.errors import InvalidInputError, Location, PortalgenError
from portalgen.formats import Formatter
from portalgen.model import Bundle
from portalgen.names import SUMMARY
from portalgen.resources import admin_folder, catalogues_folder, templates_folder
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
        self._files = frozenset(str(source.file) for source in (*defaults.values(), *own.values()))
        self._loader = ChoiceLoader([PrefixLoader({"!default": _loader(defaults)}), _loader(own), _loader(defaults)])
        self._environments: dict[tuple[str, bool], Environment] = {}

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
        yield Page(SCRIPT, self._sources[SCRIPT].body)
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
            yield Page(path, self._fill(template, words, {**shared, **values}))

    def letter(self, kind: str, mail: LetterView) -> Letter:
        """The e-mail of a kind: 'welcome', 'changed' or 'digest'. PortalgenError where a template fails."""
        words = words_for(mail.language)
        values = {"mail": mail, "number": _number_writer(mail.locale)}
        subject, _, text = self._fill(f"email/{kind}.txt", words, values).decode().partition("\n")
        html = self._fill(f"email/{kind}.html", words, {**values, "subject": subject.strip()})
        return Letter(subject.strip(), text.strip() + "\n", html.decode())

    def compile(self) -> None:
        """Read every template, used or not. PortalgenError where one has a mistake in its syntax."""
        for name in self._sources:
            if name.endswith((".html", ".txt")):
                try:
                    self._environment(words_for("en"), name).get_template(name)
                except TemplateSyntaxError as error:
                    raise self._broken(name, error) from error

    def _fill(self, name: str, words: Words, values: Mapping[str, object]) -> bytes:
        try:
            return self._environment(words, name).get_template(name).render(values).encode()
        except PortalgenError:
            raise
        except Exception as error:  # a template is code, and can fail in every way that code can
            raise self._broken(name, error) from error

    def _environment(self, words: Words, name: str) -> Environment:
        """The templates in a language, each read when it is first used, as the one called `name` needs them."""
        is_text = name.endswith(".txt")
        if (words.language, is_text) not in self._environments:
            self._environments[words.language, is_text] = _new_environment(self._loader, words, is_text=is_text)
        return self._environments[words.language, is_text]

    def _broken(self, name: str, error: Exception) -> PortalgenError:
        where = Location(str(self._sources[name].file)) if name in self._sources else Location(name)
        for frame, line in walk_tb(error.__traceback__):
            if frame.f_code.co_filename in self._files:
                where = Location(frame.f_code.co_filename, line)
        hint = ""
        match error:
            case TemplateSyntaxError():
                what = error.message or "syntax error"
            case TemplateNotFound():
                what = f"there is no template '{error.name}'"
            case RecursionError():
                what = "the template includes itself without end"
                hint = f'to extend the default template, write {{% extends "!default/{name}" %}}'
            case _:
                what = str(error) or type(error).__name__
        return PortalgenError(f"this template cannot be rendered: {what}", hint, where)


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


class _Environment(Environment):
    """Templates in one language, into which texts that nothing is put into are translated once, as they are parsed."""

    translate: Callable[[str], str]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        named = {each.name for each in template.find_all(nodes.Name) if each.ctx != "load"}
        named.update(each.name for each in template.find_all(nodes.Macro))
        if named.isdisjoint({"_", "gettext"}):
            self._translate(template)
        return template

    def _translate(self, node: nodes.Node) -> None:
        for name, value in node.iter_fields():
            if isinstance(value, nodes.Node):
                setattr(node, name, self._translated(value, node))
            elif isinstance(value, list):
                value[:] = [self._translated(each, node) if isinstance(each, nodes.Node) else each for each in value]

    def _translated(self, node: nodes.Node, around: nodes.Node) -> nodes.Node:
        match node:
            case nodes.Call(
                node=nodes.Name(name="_" | "gettext"),
                args=[nodes.Const(value=str(text))],
                kwargs=[],
                dyn_args=None,
                dyn_kwargs=None,
            ):
                with suppress(ValueError, TypeError, KeyError):  # which the page would fail with, at its place
                    words = self.translate(text) % {}
                    if isinstance(around, nodes.Output):
                        return nodes.TemplateData(words, lineno=node.lineno)
                    return nodes.EnvironmentAttribute(self._kept(words), lineno=node.lineno)
        self._translate(node)
        return node

    def _kept(self, words: str) -> str:
        """The name of an attribute that holds `words`, so that they need not be made for each use."""
        name = f"words_{sha256(words.encode()).hexdigest()}"
        setattr(self, name, self.filters["safe"](words) if self.autoescape else words)
        return name


def _new_environment(loader: BaseLoader, words: Words, *, is_text: bool) -> Environment:
    environment = _Environment(
        loader=loader,
        autoescape=not is_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
        extensions=["jinja2.ext.i18n"],
    )
    install: Callable[..., None] = environment.install_gettext_callables  # type: ignore[attr-defined]
    gettext, ngettext = (words.gettext, words.ngettext) if is_text else _escaped(words)
    install(gettext, ngettext, newstyle=True)
    environment.translate = gettext
    # What differs from run to run has no place in a page.
    del environment.globals["lipsum"], environment.filters["random"]
    return environment


def _escaped(words: Words) -> tuple[Callable[[str], str], Callable[[str, str, int], str]]:
    """`gettext` and `ngettext` whose answers hold no HTML; jinja2 prints as it is what comes out of a catalogue."""

    @lru_cache(maxsize=1024)
    def gettext(text: str) -> str:
        return escape(words.gettext(text))

    def ngettext(one: str, many: str, number: int) -> str:
        return escape(words.ngettext(one, many, number))

    return gettext, ngettext


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
    template = _new_environment(_loader(sources), words_for("en"), is_text=False).get_template(name)
    return template.render({**values, "policy": policy, "style": style, "script": script}).encode()


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@dataclass(frozen=True, slots=True)
class _Source:
    file: Path
    body: bytes


def _read(folder: Path) -> dict[str, _Source]:
    """Every file below `folder` by its name within it, but for hidden ones."""
    if not folder.is_dir():
        raise InvalidInputError("there is no such folder of templates", where=Location(str(folder)))
    files: dict[str, _Source] = {}
    for file in sorted(folder.rglob("*"), key=Path.as_posix):
        name = file.relative_to(folder)
        if file.is_file() and not any(part.startswith(".") for part in name.parts):
            files[name.as_posix()] = _Source(file, file.read_bytes())
    return files


def _of_pages(sources: Mapping[str, _Source]) -> Mapping[str, _Source]:
    """All but those of e-mails, a change of which changes no page."""
    return {name: source for name, source in sources.items() if not name.startswith("email/")}


def _digest(*folders: Mapping[str, _Source]) -> str:
    digest = sha256()
    for folder in folders:
        digest.update(len(folder).to_bytes(8))
        for name, source in folder.items():
            for part in (name.encode(), source.body):
                digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()


def _loader(sources: Mapping[str, _Source]) -> FunctionLoader:
    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        source = sources.get(name)
        if source is None:
            return None
        try:
            return source.body.decode(), str(source.file), lambda: True
        except UnicodeDecodeError as error:
            line = source.body.count(b"\n", 0, error.start) + 1
            raise PortalgenError("this template is not UTF-8 text", where=Location(str(source.file), line)) from error

    return FunctionLoader(load)
