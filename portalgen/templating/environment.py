"""Jinja2's environments, in one language each: HTML rendered quickly, HTML in jinja2's own way, and plain text."""

import re
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import is_dataclass
from functools import lru_cache, partial
from hashlib import sha256
from html import escape
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, Template, meta, nodes
from jinja2 import Environment as PlainEnvironment
from jinja2.environment import TemplateModule
from jinja2.filters import do_mark_safe
from jinja2.runtime import Context, Macro
from jinja2.utils import missing

from portalgen.templating.generator import Generator
from portalgen.words import Words

_html: Callable[[str], str] = partial(str.__new__, type(do_mark_safe("")))
_LATEST = 2
"""Sets of variables that a template's macros are kept for: those of pages at a bundle's top and below it."""
_MOST_TEXTS = 50_000
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_to_be_escaped = re.compile(r"""[&<>"']""").search
_HANDING_ON = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


def new_environment(loader: BaseLoader, words: Words, *, is_text: bool = False, is_fast: bool = False) -> "Environment":
    """Templates in the language of `words`. Nothing is escaped where they make text."""
    kind = FastEnvironment if is_fast else Environment
    environment = kind(
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


class Environment(PlainEnvironment):
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
        if isinstance(node, nodes.Output):
            node.nodes = [part for each in node.nodes for part in self._apart(each)]

    def _apart(self, node: nodes.Expr) -> list[nodes.Expr]:
        """What is written, with a text and what is put into it as one piece after the other."""
        match node:
            case nodes.Call(
                node=nodes.Name(name="_" | "gettext"),
                args=[nodes.Const(value=str(text))],
                kwargs=[*named],
                dyn_args=None,
                dyn_kwargs=None,
            ):
                given = {each.key: each.value for each in named}
                parts = _PLACEHOLDER.split(self.translate(text))
                if (
                    len(given) == len(named)
                    and given.keys() >= {*parts[1::2]}
                    and not any("%" in part for part in parts)
                ):
                    words = [nodes.TemplateData(part, lineno=node.lineno) for part in parts]
                    return [given[part] if place % 2 else words[place] for place, part in enumerate(parts)]
        return [node]

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
                    return nodes.EnvironmentAttribute(self._named(words), lineno=node.lineno)
        self._translate(node)
        return node

    def _named(self, words: str) -> str:
        """The name of an attribute that holds `words`, so that they need not be made for each use."""
        name = f"words_{sha256(words.encode()).hexdigest()}"
        setattr(self, name, self.filters["safe"](words) if self.autoescape else words)
        return name


class _Context(Context):
    """Variables that a block is given cost one dict: what they are derived from is never changed by a block."""

    def derived(self, locals: dict[str, Any] | None = None) -> "_Context":  # noqa: A002 - jinja2 names it
        context = _Context.__new__(_Context)
        given = {name: value for name, value in (locals or {}).items() if value is not missing}
        context.parent = {**self.parent, **self.vars, **given}
        context.vars, context.exported_vars, context.globals_keys = {}, set(), set()
        context.environment, context.name, context.eval_ctx = self.environment, self.name, self.eval_ctx
        context.blocks = self.blocks
        return context


class _Macro(Macro):
    """A macro that, given all its arguments in their order, is a call of a function and no more."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        takes_more = self.catch_kwargs or self.catch_varargs or self.caller
        self._count = -1 if takes_more or not self._default_autoescape else len(self.arguments)

    def __call__(self, *arguments: Any, **named: Any) -> str:
        if named or len(arguments) != self._count:
            return super().__call__(*arguments, **named)
        return _html(self._func(*arguments))


class _Texts(dict[str, str]):
    """Texts, escaped. Only for those of type `str` itself: what is HTML already is equal to the same text."""

    def __init__(self, escaped: Callable[[str], str]) -> None:
        self._escaped = escaped

    def __missing__(self, text: str) -> str:
        if len(self) >= _MOST_TEXTS:
            self.clear()
        self[text] = found = str(self._escaped(text)) if _to_be_escaped(text) else text
        return found


class FastEnvironment(Environment):
    """What `Generator` writes works with. `kept` are pieces of pages, each with the values that it was made of."""

    code_generator_class = Generator
    context_class = _Context
    macro = _Macro

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.texts = _Texts(self.filters["escape"])
        self.kept: dict[str, tuple[tuple[object, ...], str]] = {}
        self._modules: dict[str, deque[tuple[tuple[object, ...], TemplateModule]]] = {}
        self._known: dict[str, Template] = {}
        self._needs = lru_cache(maxsize=None)(self._needed)

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> Template:
        """As jinja2's, which asks more than is needed here: whose name it is, and whether it changed meanwhile."""
        if isinstance(name, str) and not globals:
            if name not in self._known:
                self._known[name] = super().get_template(name, parent)
            return self._known[name]
        return super().get_template(name, parent, globals)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """As jinja2's, for globals that stay as they are."""
        return {**self.globals, **(d or {})}

    def keep(self, piece: str, values: tuple[object, ...], text: str) -> tuple[tuple[object, ...], str]:
        """The piece, kept for the next page if its values cannot have changed by then."""
        kept = (values, text)
        if all(map(_is_fixed, values)):
            self.kept[piece] = kept
        return kept

    def module(self, template: Template, context: Context, locals: Mapping[str, Any]) -> TemplateModule:  # noqa: A002
        """A template's macros, with the variables of `context` and `locals`: those of late, if these are the same."""
        name = template.name or ""
        needed = self._needs(name)
        if needed is None:
            return template.make_module(context.get_all(), True, dict(locals))
        values = tuple(_value(each, context, locals) for each in needed)
        latest = self._modules.setdefault(name, deque(maxlen=_LATEST))
        for known, module in latest:
            if all(one is other for one, other in zip(known, values, strict=True)):
                return module
        module = template.make_module(context.get_all(), True, dict(locals))
        if all(map(_is_fixed, values)):
            latest.append((values, module))
        return module

    def _needed(self, name: str) -> tuple[str, ...] | None:
        """The variables that a template reads; None where it hands all of them on."""
        source = self.loader.get_source(self, name)[0] if self.loader else ""
        parsed = self.parse(source, name)
        if any(map(parsed.find, _HANDING_ON)):
            return None
        return tuple(sorted(meta.find_undeclared_variables(parsed)))


def _value(name: str, context: Context, locals: Mapping[str, Any]) -> object:  # noqa: A002
    found = locals.get(name, missing)
    return context.resolve_or_missing(name) if found is missing else found


def _is_fixed(value: object) -> bool:
    """Whether it says for good what it says."""
    is_frozen: bool = is_dataclass(value) and getattr(value, "__dataclass_params__").frozen  # noqa: B009 - it is not typed
    return value is None or is_frozen or isinstance(value, str | bool | TemplateModule) or callable(value)
