"""Which links should be out there, and which are: definitions and keys on one side, ledger and store on the other."""

import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from portalgen.errors import (
    NOWHERE,
    InvalidInputError,
    Problem,
    StoreError,
)
from portalgen.everyone import people_in, with_everyone
from portalgen.ledger import LIVE, REVOKED, Clock, OpenLedger, stranger
from portalgen.links import KeyRing, Verdict, fingerprint
from portalgen.manifests import Manifests
from portalgen.model import BuiltBundle, Definitions, Documents, LinkId, Person, Refused
from portalgen.plan import (
    Step,
    Stored,
    is_current,
    misgiven,
    purges,
    refusal,
    rekeyed,
    spoken_of,
    uploads,
    vanished,
    waiting,
    withdrawals,
)
from portalgen.publish import look
from portalgen.purge import Taken, find_tokens
from portalgen.recovery import record_of, recover
from portalgen.stores.base import Store
from portalgen.survey import There, drift, survey
from portalgen.wanted import current_records, places_of, wanted_links


class Inventory:
    """The links of one site in one store, at one time: `today` is the day of `clock` where the site is.

    `wanted` are the links that the definitions speak of and `tokens` their tokens, both by fingerprint. `refused`,
    unless empty, says why nothing but what was taken away on purpose may be touched. `waiting` are the types, by link,
    that wait until somebody accepts that it shows them.

    `place` is what the definitions call the store. Where it `is_reconciling`, opening it lists the store. `gone` and
    `taken` are what was purged so far.

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
        self._zone = zoneinfo.ZoneInfo(definitions.site.timezone)
        self.definitions = definitions
        self._ring = ring
        self._expected_removals = expected_removals
        self._clock = clock
        self.today = clock().astimezone(self._zone).date()
        self.store = store
        self._excepted = frozenset(definitions.every_customer.excepted if definitions.every_customer else ())
        self.is_reconciling = False
        self.place = ""
        self.gone: tuple[Step, ...] = ()
        self.taken = Taken()
        self.open()

    def open(self) -> None:
        """Read the ledger, and forget what was made of an earlier one. Raises PortalgenError."""
        self.ledger = OpenLedger(self.store, self.definitions.site.id, self._clock, self._zone)
        self.manifests = Manifests(self.store)
        self.notes: list[Problem] = []
        self._vanished: frozenset[str] = frozenset()
        self._unknown: dict[str, str] = {}
        self._there: dict[str, There] = {}
        self._strangers: dict[str, str] = {}
        self._fewer: dict[str, tuple[str, ...]] = {}
        self.stored: Mapping[str, Stored] = {}
        self._want(people_in(self.ledger.records))
        if self.is_reconciling and self.ledger.found:
            self._reconcile()
        self._judge()

    def learn(self, people: Iterable[Person]) -> None:
        """Want the links that follow from the exports, now that these are read; before, they are as the ledger says."""
        if self.definitions.every_customer:
            self._want(people)
            self._settle()
            self._judge(knows_all=True)

    def _want(self, people: Iterable[Person]) -> None:
        self.everyone = with_everyone(self.definitions, people)
        self.wanted, tokens = wanted_links(self.everyone, self._ring, self.today, self.ledger.records)
        self.tokens = self._unknown | tokens

    def _judge(self, *, knows_all: bool = False) -> None:
        expected, is_all_known = self._expected_removals, knows_all or not self.definitions.every_customer
        if is_all_known and not self.ledger.found and not self.ledger.records:
            self._recover(expected)
        records, dismissed = self.ledger.records, self._dismissed
        gone = vanished(self.wanted, records) - dismissed
        self.waiting = waiting(self.wanted)
        self.refused = refusal(self.wanted, records, expected if is_all_known else None, dismissed, self._vanished)
        self._is_open = bool(self.refused) and not is_all_known and expected is not None
        if self._is_open:
            self.refused = ""
        elif not is_all_known:
            self._vanished = gone
        self._misgiven = misgiven(self.wanted, records)
        self._fewer |= withdrawals(self.wanted, records)

    def _recover(self, expected_removals: int | None) -> None:
        found = recover(self.store, self.ledger, self.wanted, self._ring, expected_removals)
        self._unknown |= found.unknown
        self.notes += found.notes
        self.wanted, tokens = wanted_links(self.everyone, self._ring, self.today, self.ledger.records)
        self.tokens = self._unknown | tokens

    def _reconcile(self) -> None:
        """List the store, and take for unfinished whatever is not there as the manifests say. Raises StoreError.

        Links that the ledger does not know are purged if these keys made them; others stay, and are told of.
        """
        records, seen, strange = self.ledger.records, set(), []
        keys = {*self._ring.root_keys, *(record.key for record in records.values())}
        for token, there in survey(self.store, keys, self._if_other):
            mark = fingerprint(token)
            is_ours = mark in records or self._ring.read(token) is Verdict.OK
            if not is_ours or (self._made(mark) or self.tokens.get(mark, token)) != token:
                strange.append(mark)
                continue
            seen.add(mark)
            if there is None:
                continue
            self._there[mark] = there
            self._unknown[mark] = token
            if mark in records:
                records[mark] = replace(records[mark], unfinished=True)
            else:
                self._strangers[mark] = token
        if strange:
            message = f"the store holds links that the root keys at hand did not make: {', '.join(strange)}"
            self.notes.append(Problem(NOWHERE, f"{message}; they were left alone", "give each site a store of its own"))
        for mark, record in records.items():
            if record.state == LIVE and mark not in seen:
                self._there[mark] = {}
                records[mark] = replace(record, unfinished=True)
        self.tokens = self._unknown | self.tokens
        if not self.definitions.every_customer:
            self._settle()

    def _settle(self) -> None:
        """Take over links of which the ledger did not know and that are wanted; the others have to go."""
        for mark, token in self._strangers.items():
            if mark in self.wanted:
                self.ledger.begin(record_of(self.wanted[mark]))
            else:
                self.ledger.records[mark] = replace(stranger(mark, token[1]), state=REVOKED, unfinished=True)
        self._strangers = {}

    def _if_other(self, token: str, there: There) -> tuple[str, There | None]:
        """A token, with what is there unless that is what was published."""
        record = self.ledger.records.get(fingerprint(token))
        published = self.manifests.of(record) if record and record.state == LIVE and not record.unfinished else None
        return token, there if published is None or drift(published, there) else None

    def purges(self) -> list[Step]:
        """What has to go.

        Where the plan is refused, or exports that are not read yet decide how many vanish, links stay that nobody took
        away on purpose; and a link stays whose successor cannot be given out.
        """
        records = self.ledger.records
        written = self._misgiven.keys() - {each.id for each in self.blocked()}
        kept = {mark for mark, record in records.items() if record.state == LIVE and record.id in written}
        steps = [step for step in purges(self.wanted, records, self._resting()) if step.fingerprint not in kept]
        if not (self.refused or self._is_open):
            return steps
        on_purpose = spoken_of(self.wanted) - rekeyed(self.wanted, records) | self._dismissed
        return [step for step in steps if step.id.portal in on_purpose]

    @property
    def _dismissed(self) -> frozenset[str]:
        """Portals of customers that `every_customer` excepts."""
        records = self.ledger.records.values()
        return frozenset(record.portal for record in records if record.is_derived and record.customer in self._excepted)

    def _resting(self) -> Mapping[str, str]:
        """Links that followed from the exports and no longer do, and come back if these do; with the reason.

        One that another link took the place of does not.
        """
        every, reasons = self.definitions.every_customer, {}
        defined = {portal.customer for portal in self.definitions.portals}
        ids = {link.id for link in self.wanted.values()}
        for mark, record in self.ledger.records.items():
            if not every or not record.is_derived or record.revision != every.revision or record.id in ids:
                continue
            if record.customer in defined:
                reasons[mark] = "the customer has another portal"
            else:
                is_excepted = record.customer in self._excepted
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
            mark = step.fingerprint
            if token := self._made(mark) or self.tokens.get(mark):
                found[mark] = token
            else:
                unknown.append(mark)
        return found | (find_tokens(self.store, unknown) if unknown else {})

    def _made(self, mark: str) -> str:
        """The token that the keys at hand make for a link of the ledger; '' where they do not make its."""
        record = self.ledger.records.get(mark)
        if record is None or record.key not in self._ring.root_keys or record.is_unknown:
            return ""
        token = self._ring.token(record.key, record.portal, record.contact, record.revision)
        return token if fingerprint(token) == mark else ""

    def blocked(self) -> list[Refused]:
        """Links that follow from the exports and must not be given out: nobody wrote them, so they hold up no other."""
        found = [link.id for link in self.wanted.values() if link.is_derived and link.id in self._misgiven]
        places = places_of(self.everyone) if found else {}
        return [Refused(id_, (Problem(places[id_], *self._misgiven[id_]),)) for id_ in found]

    def uploads(self, bundles: Sequence[BuiltBundle], folder: Path) -> list[Step]:
        """What has to be written of what was built in `folder`.

        Raises InvalidInputError for links that need a new revision.
        """
        blocked = {each.id for each in self.blocked()}
        if wrong := {link: said for link, said in self._misgiven.items() if link not in blocked}:
            places = places_of(self.everyone)
            raise InvalidInputError.of(Problem(places[link], *said) for link, said in wrong.items())
        built = {bundle.id: bundle for bundle in bundles}
        wanted = {mark: link for mark, link in self.wanted.items() if link.id not in blocked}
        self.stored = {
            mark: self._look(mark, built[link.id], folder)
            for mark, link in wanted.items()
            if link.id in built
            and (mark in self._fewer or not is_current(built[link.id], self.ledger.records.get(mark)))
        }
        unmade = {mark: types for mark, types in self._fewer.items() if mark in wanted and wanted[mark].id not in built}
        withdrawn = {mark: self._documents(mark, types) for mark, types in unmade.items()}
        return uploads(wanted, built, self.ledger.records, self.stored, withdrawn)

    def published(self, mark: str) -> Stored | None:
        """What the last publish of a link that ended well left there; None where that is not known."""
        return self.manifests.of(self.ledger.records[mark])

    def known(self, steps: Iterable[Step]) -> list[Step]:
        """Purges with what they surely take away, as far as that is known without a look."""
        found = []
        for step in steps:
            try:
                published = self.published(step.fingerprint) or Stored()
            except StoreError:  # what is there is listed then
                published = Stored()
            found.append(replace(step, delete=(*published.files,), disappears=published.documents or {}))
        return found

    def doubt(self, becomes: Mapping[str, str]) -> None:
        """Take links for unfinished that the ledger may know of as whole, each with the state that it was to have."""
        for mark, state in becomes.items():
            if mark in self.ledger.records:
                self.ledger.doubt(mark, state or self.ledger.records[mark].state)
        if becomes:
            self._judge()

    def took(self, gone: Iterable[Step], taken: Taken) -> None:
        """Note what was taken away, so that it can be told whatever comes after."""
        self.gone += tuple(gone)
        self.taken += taken

    def _documents(self, mark: str, types: Sequence[str]) -> Documents:
        """Those of these types that the last publish of a link left there."""
        published = self.published(mark)
        documents = published.documents if published and published.documents else {}
        return {type_: documents[type_] for type_ in types if documents.get(type_)}

    def _look(self, mark: str, bundle: BuiltBundle, folder: Path) -> Stored:
        """What lies under a link. What was withdrawn from it since its manifest was written it does not show."""
        record = self.ledger.records.get(mark)
        if record is None or (record.state != LIVE and not record.unfinished):
            return Stored()
        published = self.manifests.of(record)
        documents = published.documents if published else None
        if documents is not None:
            documents = {type_: each for type_, each in documents.items() if type_ in record.shows}
        if published and record.bundle and not record.unfinished:
            return Stored(published.files, documents)
        return Stored(look(self.store, self.tokens[mark], bundle, folder, self._there.get(mark)), documents)

    def told(self) -> tuple[Problem, ...]:
        """What a person should know of the ledger and the history."""
        message = "the last entry of private/history/ is not the one that was written; what came since stands behind it"
        broken = Problem(NOWHERE, message, "see `portalgen history`, and restore it from a backup")
        return (*self.notes, *([] if self.ledger.is_history_whole else [broken]))

    @property
    def live(self) -> frozenset[LinkId]:
        """The links that are wanted live."""
        return frozenset(link.id for link in self.wanted.values() if link.state == LIVE)

    def withhold(self, types: Mapping[LinkId, Iterable[str]]) -> None:
        """Want these links without these types."""
        for mark, link in self.wanted.items():
            if link.id in types:
                left = tuple(type_ for type_ in link.types if type_ not in types[link.id])
                self.wanted[mark] = replace(link, types=left)

    def begin(self, steps: Iterable[Step]) -> None:
        """Note in the ledger that these links are about to be written, and how all are defined now."""
        for step in steps:
            self.ledger.begin(record_of(self.wanted[step.fingerprint]))
        for link in self.wanted.values():
            known = self.ledger.records.get(link.fingerprint)
            if known and known.state != REVOKED:
                self.ledger.define(link.fingerprint, link.definition, link.granted, is_derived=link.is_derived)

    def accept(self, types: Mapping[LinkId, Iterable[str]]) -> None:
        """Note that somebody said that these links may show these types."""
        current = current_records(self.ledger.records)
        for link in self.wanted.values():
            if link.id in types:
                known = self.ledger.records.get(link.fingerprint) or current[link.id]
                self.ledger.accept(known.fingerprint, types[link.id])
