"""The private record of what was mailed to whom: one object for each contact, `private/emails/<digest>.json`.

It holds neither a token nor an address: a link stands there by its fingerprint, a contact and an address by their
SHA-256. A mail is noted as being sent before it is handed over, and as sent afterwards. One that a crash left in
between may have arrived or not: it is in doubt, and is not sent again unasked.
"""

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

from portalgen.errors import NotInStoreError, PortalgenError, StoreError
from portalgen.model import LinkId
from portalgen.stores.base import PRIVATE, Metadata, Store

WELCOME, CHANGED, DIGEST = "welcome", "changed", "digest"
KINDS = (WELCOME, CHANGED, DIGEST)
SENDING, SENT, REFUSED = "sending", "sent", "refused"
"""Being sent, which after the end of a run means in doubt; taken by the server, or written as a draft; turned down."""

_EMAILS = f"{PRIVATE}emails/"
_FORMAT = 1
_THREADS = 8
_MOST_DIGESTS = 50


@dataclass(frozen=True, slots=True)
class Known:
    """What a contact knows of: all changes of exports before `day` (ISO, '' for none), and of that day those marked."""

    day: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. `link` is the fingerprint of the link in it, `address` hex SHA-256 of where it went, in small letters.

    `at` is when it was handed over, an ISO instant in UTC; `code` is the server's where it refused, else 0. `known` is
    what the contact knew of with this mail.
    """

    kind: str
    link: str
    address: str
    state: str
    at: str
    code: int = 0
    known: Known = Known()


def digest_of(address: str) -> str:
    """What stands for an address in the record."""
    return sha256(address.lower().encode()).hexdigest()


class Mailbook:
    """What was mailed to some contacts, as one store remembers it. Reading and writing raise StoreError."""

    def __init__(self, store: Store, contacts: Iterable[LinkId]) -> None:
        """Raises PortalgenError for a record that is broken: without it, nobody knows what was sent."""
        self._store = store
        there = {item.key for item in store.objects(_EMAILS)}
        known = [contact for contact in contacts if _key(contact) in there]
        with ThreadPoolExecutor(_THREADS) as pool:
            self._mails = dict(zip(known, pool.map(self._read, known), strict=True))

    def mails(self, contact: LinkId) -> tuple[Mail, ...]:
        """What was mailed to a contact, in the order in which it was."""
        return self._mails.get(contact, ())

    def add(self, contact: LinkId, mail: Mail) -> bool:
        """Note a mail more. False, and nothing noted, if somebody else wrote to the contact meanwhile."""
        before = self.mails(contact)
        if self._read(contact) != before:
            return False
        old = [each for each in before if each.kind == DIGEST][:-_MOST_DIGESTS] if mail.kind == DIGEST else ()
        self._write(contact, (*(each for each in before if each not in old), mail))
        return True

    def end(self, contact: LinkId, state: str, code: int = 0) -> None:
        """Note what became of the mail that was added last."""
        *before, last = self.mails(contact)
        self._write(contact, (*before, replace(last, state=state, code=code)))

    def take_back(self, contact: LinkId) -> None:
        """Forget the mail that was added last: it was certainly not sent."""
        self._write(contact, self.mails(contact)[:-1])

    def _read(self, contact: LinkId) -> tuple[Mail, ...]:
        try:
            data = json.loads(self._store.read(_key(contact)))
            return tuple(map(_mail, _of_known_format(data)["mails"]))
        except NotInStoreError:
            return ()
        except (ValueError, TypeError, KeyError) as error:
            hint = f"restore {_key(contact)} from a backup; without it, somebody may be written to twice"
            raise PortalgenError(f"what was mailed to {contact} cannot be read: {error}", hint) from None

    def _write(self, contact: LinkId, mails: tuple[Mail, ...]) -> None:
        if mails:
            data = json.dumps({"format": _FORMAT, "mails": [asdict(mail) for mail in mails]}, indent=1)
            self._store.write(_key(contact), data.encode(), Metadata("application/json"))
        else:
            for failure in self._store.delete([_key(contact)]):
                raise StoreError(str(failure))
        self._mails[contact] = mails


def _key(contact: LinkId) -> str:
    named = f"{contact.portal}\0{contact.contact}"
    return f"{_EMAILS}{sha256(named.encode()).hexdigest()}.json"


def _of_known_format(data: Any) -> Any:
    if data["format"] != _FORMAT:
        raise ValueError(f"its format is {data['format']}")
    return data


def _mail(item: Mapping[str, Any]) -> Mail:
    """A mail as JSON gave it. Raises TypeError, KeyError or ValueError where it is none of ours."""
    known = Known(str(item["known"]["day"]), tuple(map(str, item["known"]["marks"])))
    mail = Mail(**{**item, "known": known})
    texts = (mail.link, mail.address, mail.at)
    if (
        mail.kind not in KINDS
        or mail.state not in {SENDING, SENT, REFUSED}
        or not all(isinstance(text, str) for text in texts)
    ):
        raise ValueError("it holds something that is no mail")
    return mail
