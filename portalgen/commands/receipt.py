"""`portalgen receipt`: whether a purge's receipt is genuine, and what it says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.project import ring_of
from portalgen.commands.report import Done, plural, table
from portalgen.definitions import load
from portalgen.errors import NOWHERE, InvalidInputError, PortalgenError, Problem, printable
from portalgen.probes import NO_ANSWER, is_gone
from portalgen.receipts import AT_STORE, NOT_INVALIDATED, PurgedLink, Receipt, public_keys, read_receipt, receipt_json
from portalgen.signing import is_public_key

_HEADING = ("link", "revision", "key", "fingerprint", "CDN", "store", "address", "why")


@dataclass(frozen=True, slots=True)
class Checked(Done):
    """A genuine receipt."""

    receipt: Receipt

    @property
    def exit_code(self) -> int:
        return 0 if self.receipt.is_complete else PortalgenError.exit_code

    def problems(self) -> Sequence[Problem]:
        unseen = [Problem(NOWHERE, f"not looked at: {self.receipt.unseen}")] * bool(self.receipt.unseen)
        links = self.receipt.links
        return [*unseen, *(Problem(NOWHERE, f"{link.id}: {fault}") for link in links for fault in _faults(link))]

    def to_json(self) -> Any:
        return {"genuine": True, **receipt_json(self.receipt)}

    def to_text(self) -> str:
        it = self.receipt
        store = f"{it.store.kind} {it.store.name}" + (f" at {it.store.endpoint}" if it.store.endpoint else "")
        lines = [
            printable(line)
            for line in (
                *table([_row(link) for link in it.links], _HEADING).splitlines(),
                f"site {it.site}, store {store}, {it.moment:%Y-%m-%d %H:%M:%S} UTC, portalgen {it.version}",
                f"genuine: signed with key '{it.key}', public key {it.public_key}",
            )
        ]
        deleted = ", ".join(
            (
                plural(it.objects, "object"),
                plural(it.versions, "older version"),
                plural(it.uploads, "unfinished upload"),
            )
        )
        outcome = f"{plural(len(it.links), 'link')} purged, with {deleted}"
        outcome = f"complete: {outcome}" if it.is_complete else f"NOT COMPLETE, something may be left: {outcome}"
        return "\n".join([*lines, outcome])


def receipt(file: Path, trusted: Sequence[str], config: Path) -> Checked:
    """The receipt in `file`, signed with one of the public keys that are `trusted`, or with one of the site's own.

    Raises PortalgenError for one that is not genuine, InvalidInputError where it cannot be judged.
    """
    for key in trusted:
        if not is_public_key(key):
            hint = "64 digits of 0-9 and a-f, as `portalgen keys public` prints them"
            raise InvalidInputError("--public-key: this is not a public key", hint)
    if not trusted and not config.exists():
        message = f"there is no {config} that would say whose receipts are to be believed"
        raise InvalidInputError(message, "--public-key HEX, as `portalgen keys public` prints it")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{file} cannot be read: {error.strerror}") from None
    return Checked(read_receipt(data, trusted or [*public_keys(ring_of(load(config))).values()]))


def _row(link: PurgedLink) -> tuple[object, ...]:
    status = {None: "not asked", NO_ANSWER: "no answer"}.get(link.status, link.status)
    of_link = (link.id, link.revision, link.key, link.fingerprint)
    return (*of_link, link.cdn, AT_STORE[link.answers], status, link.reason)


def _faults(link: PurgedLink) -> Iterator[str]:
    """Why a link may not be gone."""
    yield from link.failures
    if link.cdn == NOT_INVALIDATED:
        yield "the CDN may still hold copies"
    if link.answers is not False:
        yield "the store still gave it away" if link.answers else "the store did not say whether it still gives it away"
    if link.status == NO_ANSWER:
        yield "its address did not answer"
    elif link.status is not None and not is_gone(link.status):
        yield f"its address answered with {link.status}"
