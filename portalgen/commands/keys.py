"""`portalgen keys new`, `list`, `public` and `retire`: root keys, and which links are made with them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.project import default_key, ring_of, store_of, today_in
from portalgen.commands.report import Done, plural, table
from portalgen.definitions import load
from portalgen.errors import InvalidInputError, Location, Problem, RefusedError, did_you_mean
from portalgen.grants import links_of
from portalgen.keys import key_fingerprint, new_key
from portalgen.keysources import add_key, key_file, remove_key, write_key_file
from portalgen.ledger import LIVE, Ledger, Record, read_ledger
from portalgen.links import KeyRing
from portalgen.model import Definitions, Link, LinkId
from portalgen.receipts import public_keys, signing_key

_STATES = ("live", "disabled", "expired")
_NAMED = 10


@dataclass(frozen=True, slots=True)
class NewKey(Done):
    """A new key, or the file that it was written to; never both. `first` is the key that was the only one there."""

    key_id: str
    key: str = ""
    file: Path | None = None
    first: str = ""

    @property
    def shows_tokens(self) -> bool:
        return bool(self.key)

    def to_json(self) -> Any:
        return {"id": self.key_id, "file": str(self.file)} if self.file else {"id": self.key_id, "key": self.key}

    def to_text(self) -> str:
        if not self.file:
            return f"{self.key_id}:{self.key}"
        if not self.first:
            return f"wrote key '{self.key_id}' to {self.file}: keep it secret and keep a copy; all links follow from it"
        so_far = f"site: {{key: {self.first}}} in portals.yaml keeps the links that there are"
        return f"added key '{self.key_id}' to {self.file}; {so_far}, and `portalgen keys rotate` moves them"


def keys_new(file: Path | None, key_id: str, *, add: bool = False) -> NewKey:
    """Make a key, and write it to `file` (owner-only, never over another) if one is given. Raises InvalidInputError.

    With `add`, it goes behind the keys that the file holds.
    """
    if file is None and add:
        raise InvalidInputError("--add takes the file that a key is to be added to", "portalgen keys new --add FILE")
    if file is None:
        return NewKey(key_id, key=new_key())
    if add:
        held = add_key(file, key_id)
        return NewKey(key_id, file=file, first=next(iter(held)) if len(held) == 2 else "")
    write_key_file(file, key_id)
    return NewKey(key_id, file=file)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key, or one that something names and nobody holds (`fingerprint` is '').

    `links` counts the definitions' by state, `published` what the ledger knows to be in the store, None without one.
    """

    key_id: str
    fingerprint: str
    is_default: bool
    links: Mapping[str, int]
    published: int | None


@dataclass(frozen=True, slots=True)
class KeyList(Done):
    store: str
    rows: Sequence[KeyRow]
    warned: Sequence[Problem]

    def warnings(self) -> Sequence[Problem]:
        return self.warned

    def to_json(self) -> Any:
        return {
            "store": self.store or None,
            "keys": [
                {
                    "id": row.key_id,
                    "held": bool(row.fingerprint),
                    "fingerprint": row.fingerprint or None,
                    "default": row.is_default,
                    "links": {state: row.links.get(state, 0) for state in _STATES},
                    "published": row.published,
                }
                for row in self.rows
            ],
        }

    def to_text(self) -> str:
        rows = [
            (
                row.key_id,
                row.fingerprint or "(not held)",
                "default" if row.is_default else "",
                *(row.links.get(state, 0) for state in _STATES),
                "-" if row.published is None else row.published,
            )
            for row in self.rows
        ]
        store = f"; store '{self.store}'" if self.store else ""
        heading = ("key", "fingerprint", "", *_STATES, "published")
        return f"{table(rows, heading)}\n{plural(len(rows), 'root key')}{store}"


def keys_list(config: Path, store: str | None) -> KeyList:
    """The keys, what the definitions make with each, and what a store holds of it. Raises InvalidInputError."""
    definitions = load(config)
    ring = ring_of(definitions)
    default, links = default_key(definitions, ring), links_of(definitions, today_in(definitions))
    opened = store_of(definitions, store) if definitions.stores or store else None
    ledger = (read_ledger(opened, definitions.site.id) or {}) if opened else None
    counts: dict[str, Counter[str]] = {}
    for link in links:
        counts.setdefault(link.key or default, Counter())[link.state] += 1
    named = dict.fromkeys([*ring.root_keys, *counts, *(record.key for record in _out_there(ledger or {}))])
    rows = [
        KeyRow(
            key_id,
            key_fingerprint(ring.root_keys[key_id]) if key_id in ring.root_keys else "",
            key_id == default,
            counts.get(key_id, {}),
            None if ledger is None else sum(record.key == key_id for record in _out_there(ledger)),
        )
        for key_id in named
        if key_id
    ]
    name = store or (definitions.stores[0].name if definitions.stores else "")
    return KeyList(name, rows, _not_to_be_made(definitions, links, ring))


def _not_to_be_made(definitions: Definitions, links: Sequence[Link], ring: KeyRing) -> list[Problem]:
    """What keeps links from being made, once for each reason."""
    found: dict[str, Problem] = {}
    for link in links:
        try:
            ring.token_of(link)
        except InvalidInputError as error:
            said = error.problems[0]
            found.setdefault(said.message, Problem(Location(definitions.file), said.message, said.hint))
    return [*found.values()]


def _out_there(ledger: Ledger) -> list[Record]:
    """What is in the store, or may be."""
    return [record for record in ledger.values() if record.state == LIVE or record.unfinished]


@dataclass(frozen=True, slots=True)
class PublicKeys(Done):
    """By the id of each root key, what its signatures are checked with. `signing` is the one that signs now."""

    site: str
    keys: Mapping[str, str]
    signing: str

    def to_json(self) -> Any:
        keys = [{"id": id_, "public_key": key, "signs": id_ == self.signing} for id_, key in self.keys.items()]
        return {"site": self.site, "keys": keys}

    def to_text(self) -> str:
        rows = [(id_, key, "signs" if id_ == self.signing else "") for id_, key in self.keys.items()]
        return table(rows, ("key", "public key", ""))


def keys_public(config: Path) -> PublicKeys:
    """What whoever is given a receipt checks it with. Raises InvalidInputError."""
    definitions = load(config)
    ring = ring_of(definitions)
    return PublicKeys(definitions.site.id, public_keys(ring), signing_key(definitions.site, ring))


@dataclass(frozen=True, slots=True)
class Retired(Done):
    """A key that nothing uses, and the file that it was taken out of; None where that is for somebody to do."""

    key_id: str
    source: str
    file: Path | None
    was_removed: bool

    def to_json(self) -> Any:
        return {"id": self.key_id, "file": str(self.file) if self.file else None, "removed": self.was_removed}

    def to_text(self) -> str:
        if self.was_removed:
            return f"took key '{self.key_id}' out of {self.file}; what was made with it cannot be made again"
        if self.file:
            return "nothing was changed"
        return f"nothing uses key '{self.key_id}': take `{self.key_id}:...` out of {self.source}; nothing was changed"


def keys_retire(config: Path, key_id: str, ask: Callable[[str, str], bool] | None, *, yes: bool) -> Retired:
    """Take a key out of the key file. Raises RefusedError while anything is made with it, in whatever store.

    `ask` shows a text and tells whether what is typed is the second; None where there is nobody to ask.
    """
    definitions = load(config)
    ring = ring_of(definitions)
    if key_id not in ring.root_keys:
        raise InvalidInputError(f"there is no root key '{key_id}'", did_you_mean(key_id, [*ring.root_keys]))
    _refuse_if_wanted(definitions, ring, key_id)
    for store in definitions.stores:
        ledger = read_ledger(store_of(definitions, store.name), definitions.site.id) or {}
        if there := [record.id for record in _out_there(ledger) if record.key == key_id]:
            message = f"store '{store.name}' still holds {_links(there)} made with key '{key_id}'; nothing was changed"
            raise RefusedError(message, f"`portalgen publish --store {store.name}` takes them away")
    if len(ring.root_keys) == 1:
        raise RefusedError(f"'{key_id}' is the only root key; nothing was changed", "`portalgen keys new --add` first")
    file = key_file(definitions.keys, definitions.root)
    source = definitions.keys if file or definitions.keys.startswith("env:") else "what the command of `keys:` prints"
    if file is None:
        return Retired(key_id, source, None, was_removed=False)
    if not yes and ask is None:
        raise RefusedError(f"this would take key '{key_id}' out of {file} for good; nothing was changed", "--yes")
    question = f"this takes key '{key_id}' out of {file}; no link that was made with it can be made again"
    if is_meant := yes or (ask is not None and ask(question, key_id)):
        remove_key(file, key_id)
    return Retired(key_id, source, file, was_removed=is_meant)


def _refuse_if_wanted(definitions: Definitions, ring: KeyRing, key_id: str) -> None:
    """Links that are disabled or have expired count: they are to come back as they were."""
    links = links_of(definitions, today_in(definitions))
    made = [link.id for link in links if ring.key_of(link) == key_id]
    others = [definitions.site.key, *ring.root_keys]
    other = next((each for each in others if each in ring.root_keys and each != key_id), "")
    if not made and definitions.site.key != key_id:
        return
    is_all = len(made) in {0, len(links)} or len(made) > _NAMED
    which = "--all --contacts" if is_all else " ".join(str(id_) for id_ in made)
    move = f"`portalgen keys rotate --to {other or 'ID'} {which}` moves {'all links' if is_all else 'them'}"
    hint = move if other else f"`portalgen keys new --add` makes another key; {move}"
    if made:
        raise RefusedError(f"{_links(made)} {_are(made)} made with key '{key_id}'; nothing was changed", hint)
    where = definitions.places.get("key", Location(definitions.file))
    raise RefusedError(f"site: key '{key_id}' makes new links; nothing was changed", hint, where)


def _links(ids: Sequence[LinkId]) -> str:
    """How many, and the first of them by name."""
    named = ", ".join(str(id_) for id_ in ids[:_NAMED])
    more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
    return f"{plural(len(ids), 'link')} ({named}{more})"


def _are(ids: Sequence[LinkId]) -> str:
    return "is" if len(ids) == 1 else "are"
