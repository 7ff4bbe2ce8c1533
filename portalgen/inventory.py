"""Which links should be out there, and which are: definitions and keys on one side, ledger and store on the other."""

import datetime
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from portalgen.errors import InvalidInputError, Location, Problem, RefusedError
from portalgen.everyone import people_in, with_everyone
from portalgen.grants import EXPIRED, last_day, links_of
from portalgen.ledger import LIVE, Clock, Ledger, OpenLedger, Record
from portalgen.links import KeyRing, Verdict, fingerprint
from portalgen.model import STATEMENT, BuiltBundle, Definitions, LinkId, Person
from portalgen.plan import (
    Step,
    Stored,
    Wanted,
    by_fingerprint,
    is_current,
    misgiven,
    purges,
    refusal,
    rekeyed,
    spoken_of,
    uploads,
    waiting,
    withdrawals,
)
from portalgen.publish import look
from portalgen.purge import find_tokens, public_tokens
from portalgen.stores.base import Store


class Inventory:
    """The links of one site in one store, at one time: `today` is the day of `clock` where the site is.

    `wanted` are the links that the definitions speak of and `tokens` their tokens, both by fingerprint. `refused`,
    unless empty, says why nothing but what was taken away on purpose may be touched. `waiting` are the types, by link,
    that wait until somebody accepts that it shows them.

    `everyone` are the definitions with the portals that follow from the exports: at first those that the ledger knows
    of, so that what is to be taken away need not wait for an export that can be read.
    """

    def __init__(
        self,
        definitions: Definitions,
        ring: KeyRing,
        store: Store,
        clock: Clock,
        expected_removals: int | None = None,
    ) -> None:
        zone = zoneinfo.ZoneInfo(definitions.site.timezone)
        self.definitions = definitions
        self._ring = ring
        self._expected_removals = expected_removals
        self.today = clock().astimezone(zone).date()
        self.store = store
        self.ledger = OpenLedger(store, definitions.site.id, clock, zone)
        self._want(people_in(self.ledger.records))
        self._judge()

    def learn(self, people: Iterable[Person]) -> None:
        """Want the links that follow from the exports, now that these are read; before, they are as the ledger says."""
        if self.definitions.every_customer:
            self._want(people)
            self._judge(knows_all=True)

    def _want(self, people: Iterable[Person]) -> None:
        self.everyone = with_everyone(self.definitions, people)
        self.wanted, self.tokens = wanted_links(self.everyone, self._ring, self.today, self.ledger.records)

    def _judge(self, *, knows_all: bool = False) -> None:
        expected, is_all_known = self._expected_removals, knows_all or not self.definitions.every_customer
        if is_all_known and not self.ledger.found and not self.ledger.records:
            self._recover(expected)
        self._is_open = not is_all_known and expected is not None
        self.waiting = waiting(self.wanted, self.ledger.records)
        self.refused = "" if self._is_open else refusal(self.wanted, self.ledger.records, expected, self._dismissed)
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

        Where the plan is refused, or exports that are not read yet decide how many vanish, links stay that nobody took
        away on purpose; and a link stays whose successor cannot be given out.
        """
        records = self.ledger.records
        kept = {mark for mark, record in records.items() if record.state == LIVE and record.id in self._misgiven}
        steps = [step for step in purges(self.wanted, records, self._resting()) if step.fingerprint not in kept]
        if not (self.refused or self._is_open):
            return steps
        on_purpose = spoken_of(self.wanted) - rekeyed(self.wanted, records) | self._dismissed
        return [step for step in steps if step.id.portal in on_purpose]

    @property
    def _dismissed(self) -> frozenset[str]:
        """Portals of customers that `every_customer` excepts."""
        excepted = self.definitions.every_customer.excepted if self.definitions.every_customer else ()
        records = self.ledger.records.values()
        return frozenset(record.portal for record in records if record.is_derived and record.customer in excepted)

    def _resting(self) -> Mapping[str, str]:
        """Links that followed from the exports and no longer do, and come back if these do; with the reason."""
        every, reasons = self.definitions.every_customer, {}
        defined = {portal.customer for portal in self.definitions.portals}
        for mark, record in self.ledger.records.items():
            if every and record.is_derived and record.revision == every.revision and record.customer not in defined:
                is_excepted = record.customer in every.excepted
                reasons[mark] = "excepted from every_customer" if is_excepted else "not in the exports any more"
        return reasons

    def withdrawals(self) -> Mapping[str, Sequence[str]]:
        """By fingerprint, the types of which nothing may be left under a link, and may be."""
        return withdrawals(self.wanted, self.ledger.records)

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
            places = _places(self.everyone)
            raise InvalidInputError.of(Problem(places[link], *said) for link, said in self._misgiven.items())
        built = {bundle.id: bundle for bundle in bundles}
        stored = {
            link.fingerprint: self._look(link)
            for link in self.wanted.values()
            if link.id in built and not is_current(built[link.id], self.ledger.records.get(link.fingerprint))
        }
        return uploads(self.wanted, built, self.ledger.records, stored)

    def _look(self, link: Wanted) -> Stored:
        record = self.ledger.records.get(link.fingerprint)
        if record is None:
            return Stored()
        there = look(self.store, self.tokens[link.fingerprint], link.fingerprint, trusted=not record.unfinished)
        was_purged = record.state != LIVE and not record.unfinished
        return Stored(there.files, {}) if was_purged else there

    def withhold(self, types: Mapping[LinkId, Iterable[str]]) -> None:
        """Want these links without these types."""
        for mark, link in self.wanted.items():
            if link.id in types:
                left = tuple(type_ for type_ in link.types if type_ not in types[link.id])
                self.wanted[mark] = replace(link, types=left)

    def begin(self, steps: Iterable[Step]) -> None:
        """Note in the ledger that these links are about to be written, and how all are defined now."""
        for step in steps:
            self.ledger.begin(_record(self.wanted[step.fingerprint]))
        for link in self.wanted.values():
            if link.fingerprint in self.ledger.records:
                self.ledger.define(link.fingerprint, link.definition, link.offered)


def wanted_links(
    definitions: Definitions, ring: KeyRing, today: datetime.date, ledger: Ledger
) -> tuple[dict[str, Wanted], dict[str, str]]:
    """The links that the definitions speak of, and their tokens, by fingerprint. Raises InvalidInputError."""
    tokens: dict[str, str] = {}
    wanted = []
    offered = _offered(definitions)
    for link in links_of(definitions, today):
        token = ring.token_of(link)
        mark = fingerprint(token)
        tokens[mark] = token
        known = ledger.get(mark)
        ends = last_day(link, definitions.site, known.issued if known else "")
        wanted.append(
            Wanted(
                id=link.id,
                customer=link.customer,
                revision=link.revision,
                key=ring.key_of(link),
                fingerprint=mark,
                state=EXPIRED if link.state == LIVE and ends and ends < today else link.state,
                types=link.types,
                branches=link.branches,
                definition=link.definition,
                is_derived=link.is_derived,
                offered=tuple(type_ for type_ in link.types if type_ in offered),
            )
        )
    return by_fingerprint(wanted), tokens


def _offered(definitions: Definitions) -> frozenset[str]:
    """The types of which there are exports."""
    exported = {source.type for source in definitions.exports}
    return frozenset(exported | ({STATEMENT} if "invoices" in exported else set()))


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
        definition=link.definition,
        granted=link.offered,
        is_derived=link.is_derived,
    )


def _places(definitions: Definitions) -> Mapping[LinkId, Location]:
    places = {}
    for portal in definitions.portals:
        places[LinkId(portal.id)] = portal.places.get("revision", portal.places[""])
        for contact in portal.contacts:
            places[LinkId(portal.id, contact.id)] = contact.places.get("revision", contact.places[""])
    return places
