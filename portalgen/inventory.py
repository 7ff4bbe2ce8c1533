"""Which links should be out there, and which are: definitions and keys on one side, ledger and store on the other."""

import datetime
from collections.abc import Iterable, Mapping, Sequence

from portalgen.errors import InvalidInputError, Location
from portalgen.grants import links_of
from portalgen.ledger import OpenLedger, Record
from portalgen.links import KeyRing, Verdict, fingerprint
from portalgen.model import BuiltBundle, Definitions, LinkId
from portalgen.plan import (
    Step,
    Wanted,
    by_fingerprint,
    is_current,
    misgiven,
    purges,
    refusal,
    rekeyed,
    uploads,
    vanished,
)
from portalgen.publish import look
from portalgen.purge import find_tokens, public_tokens
from portalgen.stores.base import Store


class Inventory:
    """The links of one site in one store, on one day.

    `wanted` are the links that the definitions speak of and `tokens` their tokens, both by fingerprint. `refused`,
    unless empty, says why nothing but what was taken away on purpose may be touched.
    """

    def __init__(
        self,
        definitions: Definitions,
        ring: KeyRing,
        store: Store,
        today: datetime.date,
        expected_removals: int | None = None,
    ) -> None:
        self.definitions = definitions
        self._ring = ring
        self.today = today
        self.store = store
        self.wanted, self.tokens = wanted_links(definitions, ring, today)
        self.ledger = OpenLedger(store, definitions.site.id, today)
        if not self.ledger.found:
            self._recover()
        self.refused = refusal(self.wanted, self.ledger.records, expected_removals)

    def _recover(self) -> None:
        """Without a ledger, take every link of ours that the store holds for one that was left half-way."""
        for token in public_tokens(self.store):
            if self._ring.read(token) is Verdict.OK:
                link = self.wanted.get(fingerprint(token))
                if link:
                    self.ledger.begin(_record(link))
                else:
                    self.tokens[fingerprint(token)] = token
                    self.ledger.begin(Record("", "", 0, token[1], fingerprint(token)))

    def purges(self) -> list[Step]:
        """What has to go. Where the plan is refused, portals stay that nobody took away on purpose."""
        wanted, records = self.wanted, self.ledger.records
        spared = vanished(wanted, records) | rekeyed(wanted, records) if self.refused else frozenset()
        return [step for step in purges(wanted, records) if step.id.portal not in spared]

    def tokens_for(self, steps: Iterable[Step]) -> Mapping[str, str]:
        """The token of each link, by fingerprint; one whose key is no longer held is looked for in the store."""
        found: dict[str, str] = {}
        unknown: list[str] = []
        for step in steps:
            record = self.ledger.records[step.fingerprint]
            if step.fingerprint in self.tokens:
                found[step.fingerprint] = self.tokens[step.fingerprint]
            elif record.key in self._ring.root_keys:
                token = self._ring.token(record.key, record.portal, record.contact, record.revision)
                found[fingerprint(token)] = token
            if step.fingerprint not in found:
                unknown.append(step.fingerprint)
        return found | (find_tokens(self.store, unknown) if unknown else {})

    def uploads(self, bundles: Sequence[BuiltBundle]) -> list[Step]:
        """What has to be written. Raises InvalidInputError for links that need a new revision."""
        problems = misgiven(self.wanted, self.ledger.records, _places(self.definitions))
        if problems:
            raise InvalidInputError.of(problems)
        built = {bundle.id: bundle for bundle in bundles}
        stored = {
            link.fingerprint: self._look(link)
            for link in self.wanted.values()
            if link.id in built and not is_current(built[link.id], self.ledger.records.get(link.fingerprint))
        }
        return uploads(self.wanted, built, self.ledger.records, stored)

    def _look(self, link: Wanted) -> Mapping[str, str]:
        record = self.ledger.records.get(link.fingerprint)
        if record is None:
            return {}
        return look(self.store, self.tokens[link.fingerprint], link.fingerprint, trusted=not record.unfinished)

    def begin(self, steps: Iterable[Step]) -> None:
        """Note in the ledger that these links are about to be written."""
        for step in steps:
            self.ledger.begin(_record(self.wanted[step.fingerprint]))


def wanted_links(
    definitions: Definitions, ring: KeyRing, today: datetime.date
) -> tuple[Mapping[str, Wanted], dict[str, str]]:
    """The links that the definitions speak of, and their tokens, by fingerprint. Raises InvalidInputError."""
    tokens: dict[str, str] = {}
    wanted = []
    for link in links_of(definitions, today):
        token = ring.token_of(link)
        tokens[fingerprint(token)] = token
        mark, key = fingerprint(token), ring.key_of(link)
        wanted.append(Wanted(link.id, link.customer, link.revision, key, mark, link.state, link.types))
    return by_fingerprint(wanted), tokens


def _record(link: Wanted) -> Record:
    portal, contact = link.id.portal, link.id.contact
    return Record(portal, contact, link.revision, link.key, link.fingerprint, link.customer, types=link.types)


def _places(definitions: Definitions) -> Mapping[LinkId, Location]:
    places = {}
    for portal in definitions.portals:
        places[LinkId(portal.id)] = portal.places.get("revision", portal.places[""])
        for contact in portal.contacts:
            places[LinkId(portal.id, contact.id)] = contact.places.get("revision", contact.places[""])
    return places
