"""`portalgen verify`: whether the store holds what was published, no more and no less."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.project import store_of
from portalgen.commands.report import Done, plural
from portalgen.definitions import load
from portalgen.errors import NOWHERE, PortalgenError, Problem, StoreError
from portalgen.history import read
from portalgen.ledger import read_head, read_ledger
from portalgen.verification import Finding, Verified, verify_store

_FEW = 5
_HINT = "`portalgen publish --reconcile` makes it right"
_STRANGE = "`portalgen publish --reconcile` purges it if the root keys at hand made it, and leaves it alone otherwise"


@dataclass(frozen=True, slots=True)
class VerifyReport(Done):
    """What was found. `broken` says what is wrong with the history."""

    verified: Verified
    broken: tuple[Problem, ...]

    @property
    def exit_code(self) -> int:
        return PortalgenError.exit_code if self.verified.findings or self.broken else 0

    def problems(self) -> Sequence[Problem]:
        last = len(self.verified.findings) - 1
        found = [
            Problem(NOWHERE, _told(finding), _STRANGE if finding.link is None else _HINT if number == last else "")
            for number, finding in enumerate(self.verified.findings)
        ]
        return [*found, *self.broken]

    def warnings(self) -> Sequence[Problem]:
        others = self.verified.others
        if not others:
            return ()
        named = ", ".join(others[:_FEW]) + (", ..." if len(others) > _FEW else "")
        return [Problem(NOWHERE, f"{plural(len(others), 'object')} in public/ lie under no link: {named}")]

    def to_json(self) -> Any:
        return {
            "links": self.verified.links,
            "objects": self.verified.objects,
            "findings": [_json(finding) for finding in self.verified.findings],
            "others": [*self.verified.others],
            "history": [problem.message for problem in self.broken],
        }

    def to_text(self) -> str:
        looked = f"{plural(self.verified.links, 'link')}, {plural(self.verified.objects, 'object')}"
        wrong = len(self.verified.findings) + len(self.broken)
        return f"{looked}: {plural(wrong, 'finding') if wrong else 'as published'}"


def verify(config: Path, store: str | None, *, reads: bool) -> VerifyReport:
    """Compare the store with its ledger, manifests and history. Needs no keys, and writes nothing."""
    definitions = load(config)
    opened = store_of(definitions, store)
    records = read_ledger(opened, definitions.site.id)
    if records is None:
        raise PortalgenError("there is no ledger in the store, so nothing was published there yet, or it was lost")
    verified = verify_store(opened, records, reads=reads)
    broken: tuple[Problem, ...] = ()
    try:
        read(opened, read_head(opened, definitions.site.id))
    except StoreError:
        raise
    except PortalgenError as error:
        broken = error.problems
    return VerifyReport(verified, broken)


def _told(finding: Finding) -> str:
    """`acme/ann (0123456789): not as it was published: 2 missing (a.html, b.html)`."""
    who = f"{finding.link} ({finding.fingerprint})" if finding.link else finding.fingerprint
    parts = [
        f"{len(paths):,} {kind} ({', '.join(paths[:_FEW])}{', ...' if len(paths) > _FEW else ''})"
        for kind, paths in _kinds(finding).items()
        if paths
    ]
    return ": ".join([who, finding.what, *([", ".join(parts)] if parts else [])])


def _kinds(finding: Finding) -> Mapping[str, Sequence[str]]:
    found = finding.drift
    return {"missing": found.missing, "altered": found.altered, "unexpected": found.unexpected}


def _json(finding: Finding) -> Any:
    link = finding.link
    whose = {"portal": link.portal, "contact": link.contact} if link else {"portal": None, "contact": None}
    return {**whose, "fingerprint": finding.fingerprint, "what": finding.what, **_kinds(finding)}
