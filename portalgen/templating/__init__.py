"""Templates and values -> text. The only room of jinja2.

A page is rendered by code that is made to be fast. Where that fails, for whatever reason, jinja2 renders it in its own
way, which succeeds or says what is wrong and where; a template that needed this once is rendered so from then on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb

from jinja2 import BaseLoader, ChoiceLoader, FunctionLoader, PrefixLoader
from jinja2.exceptions import TemplateNotFound, TemplateSyntaxError

from portalgen.errors import Location, PortalgenError
from portalgen.templating.environment import Environment, new_environment
from portalgen.words import Words, words_for


@dataclass(frozen=True, slots=True)
class Source:
    """A file of templates or of what belongs to them."""

    file: Path
    body: bytes


class Templates:
    """The templates among `sources`, by name. Those in `defaults` may be meant, too, as `!default/<name>`.

    `own_way` are the names of those that turned out to need jinja2's own way.
    """

    def __init__(self, sources: Mapping[str, Source], defaults: Mapping[str, Source]) -> None:
        self._sources = sources
        self._files = frozenset(str(source.file) for source in (*defaults.values(), *sources.values()))
        self._loader = ChoiceLoader([PrefixLoader({"!default": _loader(defaults)}), _loader(sources)])
        self._environments: dict[tuple[str, bool, bool], Environment] = {}
        self.own_way: set[str] = set()

    def fill(self, name: str, words: Words, values: Mapping[str, object]) -> str:
        """What the template makes of `values`. PortalgenError, with the place, where it fails."""
        if name.endswith(".html") and name not in self.own_way:
            try:
                return self._environment(name, words, is_fast=True).get_template(name).render(values)
            except Exception:
                self.own_way.add(name)
        try:
            return self._environment(name, words).get_template(name).render(values)
        except PortalgenError:
            raise
        except Exception as error:  # a template is code, and can fail in every way that code can
            raise self._broken(name, error) from error

    def check(self) -> None:
        """Read every template, used or not. PortalgenError where one has a mistake in its syntax."""
        for name in self._sources:
            if name.endswith((".html", ".txt")):
                try:
                    self._environment(name, words_for("en")).get_template(name)
                except TemplateSyntaxError as error:
                    raise self._broken(name, error) from error

    def _environment(self, name: str, words: Words, *, is_fast: bool = False) -> Environment:
        """The templates in a language, each read when it is first used, as the one called `name` needs them."""
        is_text = name.endswith(".txt")
        key = (words.language, is_text, is_fast)
        if key not in self._environments:
            self._environments[key] = new_environment(self._loader, words, is_text=is_text, is_fast=is_fast)
        return self._environments[key]

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


def _loader(sources: Mapping[str, Source]) -> BaseLoader:
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
