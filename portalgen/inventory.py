"""Which links should be out there, and which are: definitions and keys on one side, ledger and store on the other."""

import datetime
from collections.abc import Iterable, Mapping, Sequence

from portalgen.errors import InvalidInputError, Location, Problem, RefusedError
from portalgen.grants import links_of
from portalgen.ledger import LIVE, OpenLedger, Record
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
    spoken_of,
    uploads,
    withdrawals,
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
            self._recover(expected_removals)
        self.refused = refusal(self.wanted, self.ledger.records, expected_removals)
        self._misgiven = misgiven(self.wanted, self.ledger.records)

    def _recover(self, expected_removals: int | None) -> None:
        """Without a ledger, take every link that the store holds for one that was left half-way.

        Raises RefusedError for links that these keys did not make: they may be another site's, or the keys be wrong.
        """
        unknown = strange = 0
        for token in public_tokens(self.store):
            mark = fingerprint(token)
            if mark in self.wanted:
                self.ledger.begin(_record(self.wanted[mark]))
                continue
            self.tokens[mark] = token
            self.ledger.begin(Record(f"(unknown {mark})", "", 0, token[1], mark))
            unknown += 1
            strange += self._ring.read(token) is not Verdict.OK
        if strange and expected_removals != unknown:
            raise RefusedError(
                f"there is no ledger, and the store holds {strange} links that the root keys at hand did not make; "
                "nothing was published",
                "restore private/ledger.json or the keys; if another site is published here, give each a store "
                f"of its own; to purge all {unknown} unknown links: --expect-removals {unknown}",
            )

    def purges(self) -> list[Step]:
        """What has to go.

        Where the plan is refused, links stay that nobody took away on purpose; and a link stays whose successor cannot
        be given out.
        """
        records = self.ledger.records
        kept = {mark for mark, record in records.items() if record.state == LIVE and record.id in self._misgiven}
        steps = [step for step in purges(self.wanted, records) if step.fingerprint not in kept]
        if not self.refused:
            return steps
        on_purpose = spoken_of(self.wanted) - rekeyed(self.wanted, records)
        return [step for step in steps if step.id.portal in on_purpose]

    def withdrawals(self) -> Mapping[str, Sequence[str]]:
        """By token, the types of which nothing may be left under a link, and may be."""
        return {self.tokens[mark]: types for mark, types in withdrawals(self.wanted, self.ledger.records).items()}

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
        if self._misgiven:
            places = _places(self.definitions)
            raise InvalidInputError.of(Problem(places[link], *said) for link, said in self._misgiven.items())
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
        wanted.append(Wanted(link.id, link.customer, link.revision, key, mark, link.state, link.types, link.branches))
    return by_fingerprint(wanted), tokens


def _record(link: Wanted) -> Record:
    return Record(
        portal=link.id.portal,
        contact=link.id.contact,
        revision=link.revision,
        key=link.key,
        fingerprint=link.fingerprint,
        customer=link.customer,
        types=link.types,
        branches=link.branches,
    )


def _places(definitions: Definitions) -> Mapping[LinkId, Location]:
    places = {}
    for portal in definitions.portals:
        places[LinkId(portal.id)] = portal.places.get("revision", portal.places[""])
        for contact in portal.contacts:
            places[LinkId(portal.id, contact.id)] = contact.places.get("revision", contact.places[""])
    return places
