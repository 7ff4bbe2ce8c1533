"""`portalgen accept`: let links show what they were granted through something else than their own definitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.carry import guard_of
from portalgen.commands.edit import Approval
from portalgen.commands.project import now, ring_of, store_of, store_source
from portalgen.commands.report import Done, plural, waiting_json, waiting_lines
from portalgen.definitions import load
from portalgen.edits import link_id
from portalgen.errors import InvalidInputError, RefusedError, did_you_mean
from portalgen.inventory import Inventory
from portalgen.lease import Lease
from portalgen.locks import locked
from portalgen.model import LinkId, Waiting
from portalgen.pipeline import build_folder, plan


@dataclass(frozen=True, slots=True)
class Accepting(Done):
    """What waits at some links, or waited if it `was_accepted`."""

    waiting: Waiting
    was_accepted: bool = False

    @property
    def links(self) -> Sequence[LinkId]:
        return [*self.waiting]

    @property
    def summary(self) -> str:
        return plural(len(self.waiting), "link")

    @property
    def shown(self) -> str:
        return "\n".join(waiting_lines(self.waiting))

    def to_json(self) -> Any:
        return {"accepted": self.was_accepted, "links": waiting_json(self.waiting)}

    def to_text(self) -> str:
        if not self.waiting:
            return "nothing waits to be accepted"
        if self.was_accepted:
            return f"{self.shown}\naccepted; the next `portalgen publish` shows it"
        return f"{self.shown}\n{self.summary} to accept: `portalgen accept LINK`, or --all"


def accept(config: Path, store: str | None, names: Sequence[str], approve: Approval, *, is_all: bool) -> Accepting:
    """Accept what waits at the links called `names` (acme, or acme/ann), or at all; without either, tell what waits.

    Raises InvalidInputError for a link at which nothing waits, BusyError while a publish is at work.
    """
    definitions = load(config)
    inventory = Inventory(definitions, ring_of(definitions), store_of(definitions, store), now)
    inventory.place = store_source(definitions, store).name
    with locked(build_folder(definitions), "accept"):
        planned = plan(inventory)
    if planned.refused:
        raise RefusedError(planned.refused)
    meant = {link_id(name) for name in names}
    for id_ in meant - planned.waiting.keys():
        hint = did_you_mean(str(id_), [str(each) for each in planned.waiting])
        raise InvalidInputError(f"nothing waits to be accepted at '{id_}'", hint)
    chosen = {id_: types for id_, types in planned.waiting.items() if is_all or not names or id_ in meant}
    accepting = Accepting(chosen)
    if not chosen or not (is_all or names) or not approve(accepting):
        return accepting
    inventory.accept(chosen)
    with Lease(inventory.store) as lease:
        inventory.ledger.guard = guard_of(inventory, lease)
        inventory.ledger.save()
    return Accepting(chosen, was_accepted=True)
