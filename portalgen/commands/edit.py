"""The verbs that edit portals.yaml: a change is shown, counted, checked as a whole, approved, and then written."""

import difflib
import os
import tempfile
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from portalgen.commands.project import default_key, ring_of, today_in
from portalgen.commands.report import Done, plural
from portalgen.definitions import load
from portalgen.edits import Edit, Effect, Selection, Show, adding, effects, link_id, moving, names_in, selected
from portalgen.errors import InvalidInputError, RefusedError, did_you_mean
from portalgen.grants import links_of
from portalgen.model import Definitions, LinkId
from portalgen.yamledit import Change, Written, edited
from portalgen.yamlfile import Value, read_yaml

_ORDER = ("customer", "name", "email", "show", "branches", "expires", "locale")
"""In which order a new definition says what."""


class Touching(Protocol):
    """A change of many links at once: which, how many in words, and what people are shown of it."""

    @property
    def links(self) -> Sequence[LinkId]: ...

    @property
    def summary(self) -> str: ...

    @property
    def shown(self) -> str: ...


Approval = Callable[[Touching], bool]
"""Asks somebody whether a change is meant; raises RefusedError where nobody can be asked."""


@dataclass(frozen=True, slots=True)
class Edited(Done):
    """A change of definitions: files before and after, by name, and what becomes of links."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    effects: Sequence[Effect]
    touched: Sequence[LinkId]
    was_written: bool = False

    @property
    def diff(self) -> str:
        lines: list[str] = []
        for name, old in self.before.items():
            lines += difflib.unified_diff(
                old.splitlines(keepends=True), self.after[name].splitlines(keepends=True), name, name, n=1
            )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)

    @property
    def links(self) -> Sequence[LinkId]:
        """All links of which something changes: what a bulk change asks to be counted."""
        return [*dict.fromkeys([*self.touched, *(effect.id for effect in self.effects)])]

    @property
    def summary(self) -> str:
        """How many links, customers, contacts and types are touched."""
        customers = {effect.customer for effect in self.effects}
        contacts = sum(bool(id_.contact) for id_ in self.links)
        types = dict.fromkeys(type_ for effect in self.effects for type_ in (*effect.gains, *effect.loses))
        named = f" ({', '.join(type_.replace('_', ' ') for type_ in types)})" if types else ""
        whose = f"of {plural(len(customers), 'customer')}, {plural(contacts, 'contact')} among them"
        return f"{plural(len(self.links), 'link')} {whose}; {plural(len(types), 'type')}{named}"

    def to_json(self) -> Any:
        return {
            "written": self.was_written,
            "files": [name for name, old in self.before.items() if self.after[name] != old],
            "links": [
                {
                    "portal": effect.id.portal,
                    "contact": effect.id.contact,
                    "customer": effect.customer,
                    "gains": list(effect.gains),
                    "loses": list(effect.loses),
                    "becomes": effect.becomes or None,
                    "new_link": effect.is_new_link,
                }
                for effect in self.effects
            ],
        }

    def to_text(self) -> str:
        if not self.before:
            return "nothing to change"
        written = f"{plural(len(self.links), 'link')}: written; nothing is published before `portalgen publish`"
        return "\n".join([self.shown, written if self.was_written else "nothing was changed"])

    @property
    def shown(self) -> str:
        """The diff, and what becomes of each link."""
        return "\n".join([self.diff, *(f"{effect.id}: {said(effect)}" for effect in self.effects)])


def said(effect: Effect) -> str:
    """What becomes of a link, for people."""
    parts = [f"+ {type_.replace('_', ' ')}" for type_ in effect.gains]
    parts += [f"- {type_.replace('_', ' ')}" for type_ in effect.loses]
    parts += [effect.becomes] * bool(effect.becomes)
    parts += ["a new link"] * effect.is_new_link
    return ", ".join(parts)


def approval(expect: int | None, ask: Callable[[str, str], bool] | None, *, yes: bool) -> Approval:
    """A change of one link, or of none, is made; of several, once `expect` says how many, or that is typed when asked.

    `ask` shows a text and tells whether what is typed is the second; None where there is nobody to ask.
    """

    def approve(change: Touching) -> bool:
        count = len(change.links)
        if expect not in {None, count}:
            raise RefusedError(f"{plural(count, 'link')} would be touched, not {expect}; nothing was changed")
        if count <= 1 or (yes and expect == count):
            return True
        if yes or ask is None:
            raise RefusedError(f"this touches {change.summary}; nothing was changed", f"--yes --expect {count}")
        return ask(f"{change.shown}\nthis touches {change.summary}", str(count))

    return approve


def edit(config: Path, selection: Selection, how: Callable[[Definitions], Edit], approve: Approval) -> Edited:
    """Change what a selection means, if it is approved. Raises InvalidInputError for what would not be valid."""
    definitions = load(config)
    change = how(definitions)
    changes: dict[str, list[Change]] = {}
    touched = []
    for target in selected(definitions, selection, shows_of(definitions)):
        if found := change(target):
            changes.setdefault(target.file, []).extend(found)
            touched.append(target.id)
    return _approved(config, definitions, changes, touched, approve)


def move(config: Path, selection: Selection, to: str, approve: Approval) -> Edited:
    """Have the root key `to` make the links that a selection means. Raises InvalidInputError if it is not held."""
    definitions = load(config)
    ring, links = ring_of(definitions), links_of(definitions, today_in(definitions))
    if to not in ring.root_keys:
        raise InvalidInputError(f"there is no root key '{to}'", did_you_mean(to, [*ring.root_keys]))
    for link in links:
        ring.key_of(link)  # refuses where nothing says which key makes it
    meant = {target.id for target in selected(definitions, selection, shows_of(definitions))}
    changes, moved = moving(definitions, meant, to, default_key(definitions, ring))
    return _approved(config, definitions, changes, moved, approve)


def add(config: Path, name: str, said: Mapping[str, str | Sequence[str] | None]) -> Edited:
    """Define a portal (`acme`) or a contact (`acme/ann`) more. Raises InvalidInputError if it is there already.

    Of `said`, `show` is a text with commas.
    """
    definitions = load(config)
    definition: dict[str, Written] = {key: value for key in _ORDER if (value := said.get(key))}
    if isinstance(show := definition.get("show"), str):
        definition["show"] = names_in(show)
    file, changes = adding(link_id(name), definition, definitions)
    return _approved(config, definitions, {file: changes}, [link_id(name)], lambda _: True)


def _approved(
    config: Path,
    definitions: Definitions,
    changes: Mapping[str, Sequence[Change]],
    touched: Sequence[LinkId],
    approve: Approval,
) -> Edited:
    texts = {name: _text(Path(name)) for name in changes}
    after = {name: edited(texts[name], found, name) for name, found in changes.items()}
    today = today_in(definitions)
    new = load(config, after)
    change = Edited(texts, after, effects(links_of(definitions, today), links_of(new, today)), touched)
    if not changes or not approve(change):
        return change
    for name in after:
        if _text(Path(name)) != texts[name]:
            raise RefusedError(f"{name} was changed by somebody else meanwhile; nothing was written", "try again")
    for name, text in after.items():
        _replace(Path(name), text)
    return Edited(change.before, change.after, change.effects, touched, was_written=True)


def shows_of(definitions: Definitions) -> Mapping[LinkId, Show]:
    """What each definition says is shown, as it is written."""
    found: dict[LinkId, Show] = {}
    files = dict.fromkeys([definitions.file, *(portal.places[""].file for portal in definitions.portals)])
    for file in files:
        data = read_yaml(Path(file)).data
        for portal, item in _mapping(_mapping(data).get("portals")).items():
            found[LinkId(portal)] = _names(_mapping(item).get("show"))
            for contact, inner in _mapping(_mapping(item).get("contacts")).items():
                found[LinkId(portal, contact)] = _names(_mapping(inner).get("show"))
    return found


def _mapping(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


def _names(value: Value) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value] if isinstance(value, list) else []


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8-sig")


def _replace(file: Path, text: str) -> None:
    """Put `text` in the place of a file in one step; a link to it stays one, and so do its permissions."""
    file = Path(os.path.realpath(file))
    mark = BOM_UTF8 if file.read_bytes().startswith(BOM_UTF8) else b""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(mark + text.encode("utf-8"))
            target.flush()
            os.fsync(target.fileno())
        os.chmod(name, file.stat().st_mode)  # noqa: PTH101 - beside os.replace
        os.replace(name, file)  # noqa: PTH105 - as it is called everywhere
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
