"""`portalgen doctor`: whether a store, its keys and its address are as they should be, and what to mend."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from portalgen.commands.project import now, ring_of, store_of, store_source
from portalgen.commands.report import Done
from portalgen.definitions import load
from portalgen.doctor import address, link, policies, records
from portalgen.doctor.findings import Finding, Verdict, unknown
from portalgen.errors import InvalidInputError, PortalgenError, printable
from portalgen.ledger import Clock, Ledger
from portalgen.links import KeyRing, fingerprint
from portalgen.model import Definitions, StoreSource
from portalgen.stores.base import PRIVATE, Store

Examiner = Callable[[StoreSource, Store, Clock], Iterator[Finding]]

_EXAMINERS = {"directory": "portalgen.doctor.folders", "s3": "portalgen.doctor.bucket"}
"""The module that looks at each kind of store. By name, so that only the kind in use is loaded."""


@dataclass(frozen=True, slots=True)
class DoctorReport(Done):
    """What was found, in the order in which it was looked for."""

    store: str
    findings: Sequence[Finding]

    @property
    def exit_code(self) -> int:
        return PortalgenError.exit_code if any(each.verdict is Verdict.FAIL for each in self.findings) else 0

    def to_json(self) -> Any:
        return {"store": self.store, "findings": [asdict(each) for each in self.findings]}

    def to_text(self) -> str:
        width = max(len(each.check) for each in self.findings)
        lines = []
        for each in self.findings:
            lines.append(f"{each.verdict:<7}  {each.check:<{width}}  {printable(each.said)}")
            lines += [f"{'':7}  {'':{width}}  -> {printable(each.hint)}"] if each.hint else []
        counts = Counter(each.verdict for each in self.findings)
        summary = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
        return "\n".join([*lines, f"store '{self.store}': {summary}"])


@dataclass(frozen=True, slots=True)
class PolicyReport(Done):
    """A policy to paste, as JSON in either case."""

    policy: policies.Policy

    def to_json(self) -> Any:
        return self.policy

    def to_text(self) -> str:
        return json.dumps(self.policy, indent=2)


def policy(config: Path, store: str | None, kind: str) -> PolicyReport:
    """The policy of this kind for a store. Raises InvalidInputError."""
    return PolicyReport(policies.policy(kind, store_source(load(config), store)))


def doctor(config: Path, store: str | None, *, with_link: bool = False) -> DoctorReport:
    """Look at a store; with `with_link`, fetch one live link as well. Raises InvalidInputError."""
    definitions = load(config)
    source = store_source(definitions, store)
    return DoctorReport(source.name, [*_findings(definitions, source, with_link=with_link)])


def _findings(definitions: Definitions, source: StoreSource, *, with_link: bool) -> Iterator[Finding]:
    ring = None
    try:
        ring = ring_of(definitions)
        yield records.keys(definitions, ring)
    except InvalidInputError as error:
        yield records.without_keys(error)
    opened = store_of(definitions, source.name)
    examine: Examiner = import_module(_EXAMINERS[source.kind]).examine
    yield from examine(source, opened, now)
    ledger, told = records.examine(opened, definitions.site.id, ring)
    yield from told
    yield from _address(definitions.site.base_url, source, ledger, ring, with_link=with_link)


def _address(
    base_url: str, source: StoreSource, ledger: Ledger, ring: KeyRing | None, *, with_link: bool
) -> Iterator[Finding]:
    if not base_url:
        hint = "site: {base_url: https://portals.example.com}"
        yield unknown("https", "portals.yaml does not say where portals are served: no 'base_url'", hint)
        return
    private = source.private.name if source.private else PRIVATE.rstrip("/")
    yield from address.examine(base_url, private, has_ledger=bool(ledger))
    if not with_link:
        return
    found = records.token_of_one(ledger, ring) if ring else None
    if found is None:
        yield unknown("link", "there is no link that is published and live", "run `portalgen publish` first")
        return
    record, token = found
    yield from link.examine(base_url, token, f"{record.id} [{fingerprint(token)}]")
