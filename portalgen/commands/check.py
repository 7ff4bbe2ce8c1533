"""`portalgen check`: everything that is wrong, and what each link would show."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from portalgen.addressees import doubtful_addressees
from portalgen.book import Extent
from portalgen.commands.project import ring_of, today_in
from portalgen.commands.report import Done, counted, exports_json, left_out, not_made, plural, problem_json, told
from portalgen.definitions import load
from portalgen.errors import InvalidInputError, Location, PortalgenError, Problem
from portalgen.everyone import with_everyone
from portalgen.exports.report import ReadingReport
from portalgen.grants import LIVE, extents_of, links_of, ungranted, unknown_branches, unknown_exceptions, untold
from portalgen.model import TRANSACTION_TYPES, Definitions, Link
from portalgen.pages import Renderer
from portalgen.pipeline import open_book, templates_of, unmade
from portalgen.stores import open_store
from portalgen.wanted import wanted_links
from portalgen.words import LANGUAGES

_SPOKEN = f"the languages are {', '.join(LANGUAGES)}"


@dataclass(frozen=True, slots=True)
class Checked(Done):
    wrong: Sequence[Problem]
    links: Sequence[tuple[Link, Mapping[str, Extent]]] = ()
    warned: Sequence[Problem] = ()
    reading: ReadingReport = field(default_factory=ReadingReport)
    missing: Sequence[str] = ()

    @property
    def exit_code(self) -> int:
        return InvalidInputError.exit_code if self.wrong else 0

    def problems(self) -> Sequence[Problem]:
        return self.wrong

    def warnings(self) -> Sequence[Problem]:
        return self.warned

    def to_json(self) -> Any:
        return {
            "errors": [problem_json(problem) for problem in self.wrong],
            "warnings": [problem_json(problem) for problem in self.warned],
            "exports": exports_json(self.reading),
            "missing": list(self.missing),
            "links": [_link_json(link, extents) for link, extents in self.links],
        }

    def to_text(self) -> str:
        if self.wrong:
            return plural(len(self.wrong), "problem")
        lines = [line for link, extents in self.links for line in _link_lines(link, extents)]
        live = sum(link.state == LIVE for link, _ in self.links)
        yet = f"; before `publish`, add {', '.join(self.missing)}" if self.missing else ""
        return "\n".join([*lines, *left_out(self.reading), f"all is well: {plural(live, 'live link')}{yet}"])


def check(config: Path) -> Checked:
    """Judge definitions, exports, templates, stores and keys; nothing is written, and no store is asked."""
    try:
        definitions = load(config)
    except InvalidInputError as error:
        return Checked(error.problems)
    today = today_in(definitions)
    wrong = [
        *_problems_of(Renderer(templates_of(definitions)).compile),
        *(problem for source in definitions.stores for problem in _problems_of(partial(open_store, source))),
    ]
    warned = doubts(definitions)
    if definitions.keys:  # a machine that only builds may do without
        warned += _problems_of(lambda: wanted_links(definitions, ring_of(definitions), today, {}))
    try:
        with open_book(definitions) as book:
            there, reading, addresses = book.extents(), book.report, book.addresses()
            warned += unknown_exceptions(definitions, book.customers())
            definitions = with_everyone(definitions, book.people())
            wrong += not_made(unmade(definitions, book, today))
    except InvalidInputError as error:
        return Checked(sorted([*error.problems, *wrong]), warned=warned)
    shown = [(link, extents_of(link, there)) for link in links_of(definitions, today)]
    warned += [
        *told(reading),
        *unknown_branches(definitions, there),
        *doubtful_addressees(definitions, addresses),
        *_nothing_to_show(definitions, {type_ for _, type_ in there}),
    ]
    return Checked(wrong, shown, warned, reading, _missing(definitions))


def doubts(definitions: Definitions) -> list[Problem]:
    """What the definitions say and hardly mean, as far as they tell by themselves."""
    return [*ungranted(definitions), *untold(definitions), *_languages(definitions)]


def _missing(definitions: Definitions) -> list[str]:
    """What publishing needs and building does not, and the definitions do not say."""
    there = {
        "keys": definitions.keys,
        "stores": definitions.stores,
        "site.base_url": definitions.site.base_url,
    }
    return [name for name, value in there.items() if not value]


def _languages(definitions: Definitions) -> Iterator[Problem]:
    """Locales whose language the pages do not speak: they are in English, with that locale's dates and amounts."""
    places = {definitions.site.locale: definitions.places.get("locale", Location(definitions.file))}
    for portal in definitions.portals:
        places.setdefault(portal.locale, portal.places["locale"])
        for contact in portal.contacts:
            places.setdefault(contact.locale, contact.places["locale"])
    for locale, where in places.items():
        if locale and locale.partition("-")[0].lower() not in LANGUAGES:
            yield Problem(where, f"locale: pages do not speak '{locale}'; they will be in English", _SPOKEN)


def _problems_of(action: Callable[[], object]) -> Sequence[Problem]:
    try:
        action()
    except PortalgenError as error:
        return error.problems
    return ()


def _nothing_to_show(definitions: Definitions, there: Container[str]) -> Iterator[Problem]:
    """Exports of transactions of which nobody will see a single one: as likely as not they came out empty."""
    for source in definitions.exports:
        if source.type in TRANSACTION_TYPES and source.type not in there:
            message = f"{source.path}: there are no {source.type.replace('_', ' ')} to show"
            hint = "is the export whole? does `visible` name the statuses as they are written?"
            yield Problem(source.places["path"], message, hint)


def _branches(branches: Sequence[str]) -> str:
    words = {0: "no branch", 1: "branch "}.get(len(branches), "branches ")
    return words + ", ".join(branches)


def _link_json(link: Link, extents: Mapping[str, Extent]) -> Any:
    types = {
        type_: {
            "count": extent.count,
            "first_date": extent.first_date.isoformat(),
            "last_date": extent.last_date.isoformat(),
        }
        for type_, extent in extents.items()
    }
    return {
        "portal": link.id.portal,
        "contact": link.id.contact,
        "state": link.state,
        "branches": None if link.branches is None else list(link.branches),
        "types": types,
    }


def _link_lines(link: Link, extents: Mapping[str, Extent]) -> list[str]:
    if link.state != LIVE:
        return [f"{link.id}: {link.state}"]
    heading = str(link.id) if link.branches is None else f"{link.id} ({_branches(link.branches)})"
    if not extents:
        return [f"{heading}: the profile alone"]
    return [f"{heading}:"] + [
        f"  {count:>5} {words}, {extent.first_date} to {extent.last_date}"
        for type_, extent in extents.items()
        for count, _, words in [counted(type_, extent.count).partition(" ")]
    ]
