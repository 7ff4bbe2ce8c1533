"""`portalgen check`: everything that is wrong, and what each link would show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.book import Extent
from portalgen.commands.project import today_in
from portalgen.commands.report import plural, problem_json
from portalgen.definitions import load
from portalgen.errors import InvalidInputError, Problem
from portalgen.grants import LIVE, links_of, ungranted
from portalgen.model import Link
from portalgen.pipeline import open_book


@dataclass(frozen=True, slots=True)
class Checked:
    problems: Sequence[Problem]
    links: Sequence[tuple[Link, Mapping[str, Extent]]] = ()
    warned: Sequence[Problem] = ()
    shows_tokens = False

    @property
    def exit_code(self) -> int:
        return InvalidInputError.exit_code if self.problems else 0

    def warnings(self) -> Sequence[Problem]:
        return (*self.problems, *self.warned)

    def to_json(self) -> Any:
        return {
            "errors": [problem_json(problem) for problem in self.problems],
            "warnings": [problem_json(problem) for problem in self.warned],
            "links": [_link_json(link, extents) for link, extents in self.links],
        }

    def to_text(self) -> str:
        if self.problems:
            return plural(len(self.problems), "problem")
        lines = [line for link, extents in self.links for line in _link_lines(link, extents)]
        live = sum(link.state == LIVE for link, _ in self.links)
        return "\n".join([*lines, f"all is well: {plural(live, 'live link')}"])


def check(config: Path) -> Checked:
    """Read definitions and exports, and judge them; nothing is written."""
    try:
        definitions = load(config)
        links = links_of(definitions, today_in(definitions))
        with open_book(definitions) as book:
            there = book.extents()
        shown = [
            (link, {type_: there[link.customer, type_] for type_ in link.types if (link.customer, type_) in there})
            for link in links
        ]
    except InvalidInputError as error:
        return Checked(error.problems)
    return Checked((), shown, ungranted(definitions))


def _link_json(link: Link, extents: Mapping[str, Extent]) -> Any:
    types = {
        type_: {
            "count": extent.count,
            "first_date": extent.first_date.isoformat(),
            "last_date": extent.last_date.isoformat(),
        }
        for type_, extent in extents.items()
    }
    return {"portal": link.id.portal, "contact": link.id.contact, "state": link.state, "types": types}


def _link_lines(link: Link, extents: Mapping[str, Extent]) -> list[str]:
    heading = str(link.id) if link.state == LIVE else f"{link.id} ({link.state})"
    if not extents:
        return [f"{heading}: the profile alone"]
    return [f"{heading}:"] + [
        f"  {extent.count:5} {type_.replace('_', ' ')}, {extent.first_date} to {extent.last_date}"
        for type_, extent in extents.items()
    ]
