"""Who is to be mailed what: contacts x ledger x what was mailed before -> a list with reasons. No I/O, no clock."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

from portalgen.grants import LIVE
from portalgen.ledger import Ledger
from portalgen.mailbook import CHANGED, DIGEST, REFUSED, SENDING, SENT, WELCOME, Known, Mail, digest_of
from portalgen.model import Change, Changes, Link, LinkId

DUE, SKIPPED, DOUBTFUL = "due", "skipped", "doubtful"
_OF_LINK = (WELCOME, CHANGED)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A contact with their link. `customer` is the portal's name for the customer, '' where it has none.

    `fingerprint` stands for the link's token; `expires` is the last day it answers, None for no end. `wants_digest`
    tells that they, or the portal for all its contacts, opted in. `bundle` is the digest of what was last built.
    """

    link: Link
    fingerprint: str
    customer: str = ""
    expires: date | None = None
    wants_digest: bool = False
    bundle: str = ""

    @property
    def address(self) -> str:
        return self.link.contact_email


@dataclass(frozen=True, slots=True)
class Due:
    """What a recipient is due. `state` is due, skipped or doubtful, `reason` says why it is not due.

    `changes` are what a digest tells, `known` is what they know of afterwards. `times` is how often the same was sent
    before, on purpose. `elsewhere` tells that the link went to another address earlier.
    """

    recipient: Recipient
    kind: str
    state: str = DUE
    reason: str = ""
    changes: tuple[Change, ...] = ()
    known: Known = field(default_factory=Known)
    times: int = 0
    elsewhere: bool = False

    @property
    def seed(self) -> str:
        """Stands for what the mail says: the same link and the same news, the same seed."""
        told = "".join(map(_mark, self.changes))
        return "\0".join([self.recipient.fingerprint, self.kind, told, str(self.times)])


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: a kind, or '' for what each contact is due; and mails of which states are sent `again`."""

    kind: str = ""
    again: Collection[str] = ()


Tell = Callable[[Link], Changes]
"""What there is to tell of a link. It may take a while, so only those are asked about whom it is needed for."""


def due(
    recipients: Sequence[Recipient],
    ledger: Ledger,
    mails: Callable[[LinkId], Sequence[Mail]],
    changes: Tell,
    wish: Wish,
) -> list[Due]:
    """What each recipient is due, in their order. `mails` tells what they got, `changes` what there is to tell them."""
    judge = _of_digest if wish.kind == DIGEST else _of_link
    found = []
    for each in recipients:
        reason = _unmailable(each, ledger) or (_no_digest(each, ledger) if wish.kind == DIGEST else "")
        if reason:
            found.append(Due(each, wish.kind, SKIPPED, reason))
        else:
            found.append(judge(each, mails(each.link.id), changes, wish))
    return found


def mail_of(item: Due, state: str, at: str) -> Mail:
    """What is to be remembered of a mail that goes out now."""
    recipient = item.recipient
    return Mail(item.kind, recipient.fingerprint, digest_of(recipient.address), state, at, known=item.known)


def _unmailable(recipient: Recipient, ledger: Ledger) -> str:
    """Why nothing at all is sent to a recipient, or ''. A link that does not answer is not to be mailed."""
    link, record = recipient.link, ledger.get(recipient.fingerprint)
    if link.state != LIVE:
        return link.state
    if not recipient.address:
        return "no address" if link.id.contact else "no contact"
    if record is None or record.state != LIVE or record.customer not in {"", link.customer}:
        return "not published"
    return "its publish did not finish" if record.unfinished or not record.bundle else ""


def _no_digest(recipient: Recipient, ledger: Ledger) -> str:
    """Why no digest is sent to a recipient, whatever there is to tell, or ''."""
    if not recipient.wants_digest:
        return "wants no digest"
    if ledger[recipient.fingerprint].bundle != recipient.bundle:
        return "what was built last is not published"
    return ""


def _of_link(recipient: Recipient, got: Sequence[Mail], changes: Tell, wish: Wish) -> Due:
    """The mail that gives a contact their link: one for each link and address."""
    to_them = _to(recipient, got)
    same = [mail for mail in to_them if mail.kind in _OF_LINK and mail.link == recipient.fingerprint]
    had_another = any(mail.link != recipient.fingerprint and mail.state != REFUSED for mail in to_them)
    usual = same[-1].kind if same else CHANGED if had_another else WELCOME
    elsewhere = any(mail.link == recipient.fingerprint and mail.state != REFUSED for mail in got if mail not in to_them)
    item = _once(Due(recipient, wish.kind or usual, elsewhere=elsewhere), same, wish)
    return replace(item, known=_after(changes(recipient.link), _known(got))) if item.state == DUE else item


def _of_digest(recipient: Recipient, got: Sequence[Mail], changes: Tell, wish: Wish) -> Due:
    """The mail that tells a contact what is new since the one before."""
    to_them = _to(recipient, got)
    item = Due(recipient, DIGEST)
    if not any(mail.link == recipient.fingerprint and mail.state == SENT for mail in to_them):
        return replace(item, state=SKIPPED, reason="was not sent this link yet")
    same = [mail for mail in to_them if mail.kind == DIGEST]
    if same and same[-1].state == SENT and SENT in wish.again:
        got = got[: got.index(same[-1])]
    elif same and same[-1].state == SENT:
        same = []
    known, there = _known(got), changes(recipient.link)
    news = tuple(change for change in there.documents if _is_news(change, known))
    item = replace(item, changes=news, known=_after(there, known))
    if not news and (not same or same[-1].state == SENT):
        return replace(item, state=SKIPPED, reason="nothing new")
    return _once(item, same, wish)


def _once(item: Due, same: Sequence[Mail], wish: Wish) -> Due:
    """`item`, unless the `same` was sent before and is not asked for again."""
    if not same:
        return item
    last = same[-1]
    day = last.at[:10]
    state, word, reason = {
        SENT: (SKIPPED, SENT, f"sent on {day}"),
        REFUSED: (SKIPPED, REFUSED, f"refused on {day} ({last.code})"),
        SENDING: (DOUBTFUL, DOUBTFUL, f"may have been sent on {day}"),
    }[last.state]
    if word in wish.again:
        return replace(item, times=sum(mail.state == SENT for mail in same))
    return replace(item, state=state, reason=reason)


def _to(recipient: Recipient, got: Sequence[Mail]) -> list[Mail]:
    """Those mails that went to the address that a recipient has now."""
    address = digest_of(recipient.address)
    return [mail for mail in got if mail.address == address]


def _known(got: Sequence[Mail]) -> Known:
    """What a contact knows of, as far as it certainly reached them."""
    return next((mail.known for mail in reversed(got) if mail.state == SENT), Known())


def _is_news(change: Change, known: Known) -> bool:
    day = change.day.isoformat()
    return day > known.day or (day == known.day and _mark(change) not in known.marks)


def _after(changes: Changes, known: Known) -> Known:
    """What is known to whoever is told all of `changes` besides."""
    day = max((change.day.isoformat() for change in changes.documents), default="")
    if day < known.day:
        return known
    marks = {_mark(change) for change in changes.documents if change.day.isoformat() == day}
    return Known(day, tuple(sorted(marks | set(known.marks if day == known.day else ()))))


def _mark(change: Change) -> str:
    """Sixteen hex digits that stand for what became of a document."""
    named = "\0".join([change.kind, change.type, change.number])
    return sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:16]
