"""`portalgen email`: to each contact their link, that it has changed, or what is new."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from portalgen.builder import read_manifest, told_by
from portalgen.commands.edit import shows_of
from portalgen.commands.mailed import DRAFTED, EmailReport, Row
from portalgen.commands.project import link_url, ring_of, store_of, today_in
from portalgen.definitions import load
from portalgen.delivery import BUSY, Pace, Run, deliver, now
from portalgen.drafts import check_folder, draft_path, write_draft
from portalgen.edits import Selection, selected
from portalgen.errors import InvalidInputError, Location, RefusedError
from portalgen.everyone import with_everyone
from portalgen.grants import last_day, links_of
from portalgen.ledger import Ledger, read_ledger
from portalgen.mail import Connection, Login, Message, Outcome, Post, compose
from portalgen.mailbook import DIGEST, SENT, Mailbook
from portalgen.mailing import DUE, Due, Recipient, Wish, due, mail_of
from portalgen.model import Contact, Definitions, LinkId, MailServer, Portal
from portalgen.pages import Renderer
from portalgen.pipeline import build_folder, open_book, templates_of
from portalgen.plan import Wanted
from portalgen.progress import Progress
from portalgen.views.letters import Matter, letter_view
from portalgen.wanted import wanted_links

Approval = Callable[[EmailReport], bool]
"""Asks somebody whether these mails are meant; raises RefusedError where nobody can be asked."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. `out` is the folder of drafts, None to send; `rate` is mails a minute, None for the site's."""

    selection: Selection
    wish: Wish = field(default_factory=Wish)
    store: str | None = None
    out: Path | None = None
    is_dry_run: bool = False
    rate: int | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """All that it takes to write a mail. `tokens` are by fingerprint."""

    definitions: Definitions
    renderer: Renderer
    tokens: Mapping[str, str] = field(repr=False)
    sender: str
    is_draft: bool

    def compose(self, item: Due) -> Message:
        """The mail that somebody is due. Raises PortalgenError."""
        recipient, site = item.recipient, self.definitions.site
        address = link_url(self.definitions, self.tokens[recipient.fingerprint])
        matter = Matter(recipient.customer, recipient.expires, item.changes)
        view = letter_view(site, recipient.link, address, matter)
        letter = self.renderer.letter(item.kind, view)
        post = Post(
            sender=self.sender,
            name=view.contact,
            address=recipient.address,
            reply_to=site.email,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            language=view.language,
            seed=item.seed,
            at=datetime.now(UTC),
            is_draft=self.is_draft,
        )
        return compose(post)


def approval(expect: int | None, ask: Callable[[str, str], bool] | None, *, yes: bool) -> Approval:
    """Mails are sent once their number was said in `expect` or typed when asked.

    `ask` shows a text and tells whether what is typed is the second; None where there is nobody to ask.
    """

    def approve(report: EmailReport) -> bool:
        count = report.due
        if expect not in {None, count}:
            raise RefusedError(f"{count} mails would be sent, not {expect}; nothing was sent")
        if not count or (yes and expect == count):
            return bool(count)
        if yes or ask is None:
            hint = f"--dry-run shows them; --yes --expect {count}"
            raise RefusedError(f"this would send {report.summary}; nothing was sent", hint)
        return ask(report.to_text(), str(count))

    return approve


def email(config: Path, order: Order, approve: Approval, progress: Progress) -> EmailReport:
    """Send what a selection of contacts is due, or write it into a folder, if it is approved."""
    definitions = load(config)
    sender = _sender(definitions, order)
    if order.out:
        check_folder(order.out, build_folder(definitions), definitions)
    if definitions.every_customer:
        with open_book(definitions) as exports:
            definitions = with_everyone(definitions, exports.people())
    store = store_of(definitions, order.store)
    ledger = read_ledger(store, definitions.site.id) or {}
    wanted, tokens = wanted_links(definitions, ring_of(definitions), today_in(definitions), ledger)
    recipients = _recipients(definitions, order, wanted, ledger)
    book = Mailbook(store, [each.link.id for each in recipients])
    told = partial(told_by, build_folder(definitions))
    items = due(recipients, ledger, book.mails, told, order.wish)

    desk = Desk(definitions, Renderer(templates_of(definitions)), tokens, sender, is_draft=order.out is not None)
    _try_out(desk, items)
    report = EmailReport([Row(item) for item in items], is_draft=desk.is_draft)
    if order.is_dry_run:
        return report
    if order.out:
        return _written(report, desk, book, order.out) if approve(report) else report
    connection, rate = _connection(definitions, order)
    return _sent(report, Run(connection, book, desk.compose, Pace(rate)), progress) if approve(report) else report


def _sender(definitions: Definitions, order: Order) -> str:
    """Whom mails are from. Raises InvalidInputError where the definitions do not say what it takes to send one."""
    if definitions.mail:
        return definitions.mail.sender
    if (order.out or order.is_dry_run) and definitions.site.email:
        return definitions.site.email
    hint = "mail: {server: smtp.example.com, from: Northwind <accounts@northwind.example>}; or --out FOLDER"
    if order.out:
        hint = "site: {email: accounts@northwind.example}"
    raise InvalidInputError("nothing says whom e-mails are from", hint, Location(definitions.file))


def _recipients(
    definitions: Definitions, order: Order, wanted: Mapping[str, Wanted], ledger: Ledger
) -> list[Recipient]:
    """The contacts that are meant; of a portal without any, its own link, which nobody can be written to about."""
    shows = shows_of(definitions) if order.selection.role else {}
    chosen = {target.id for target in selected(definitions, order.selection, shows)}
    links = {link.id: link for link in links_of(definitions, today_in(definitions))}
    wanting = {each.id: each for each in wanted.values()}
    folder = build_folder(definitions)

    def recipient(portal: Portal, contact: Contact | None) -> Recipient:
        want = wanting[LinkId(portal.id, contact.id if contact else "")]
        record = ledger.get(want.fingerprint)
        link = replace(links[want.id], state=want.state)
        built = read_manifest(folder, want.id) if order.wish.kind == DIGEST else None
        return Recipient(
            link=link,
            fingerprint=want.fingerprint,
            customer=portal.name,
            expires=last_day(link, definitions.site, record.issued if record else ""),
            wants_digest=contact is not None and contact.digest,
            bundle=built.digest if built else "",
        )

    return [
        recipient(portal, contact)
        for portal in definitions.portals
        for contact in portal.contacts or (None,)
        if LinkId(portal.id, contact.id if contact else "") in chosen
    ]


def _try_out(desk: Desk, items: Sequence[Due]) -> None:
    """Compose a mail of each kind in each language, so that a broken template is found before anything is sent."""
    samples = {(item.kind, item.recipient.link.locale): item for item in items if item.state == DUE}
    for item in samples.values():
        desk.compose(replace(item, recipient=_with_plain_address(item.recipient)))


def _with_plain_address(recipient: Recipient) -> Recipient:
    """That one address cannot be written to holds up nobody else."""
    return replace(recipient, link=replace(recipient.link, contact_email="somebody@example.com"))


def _connection(definitions: Definitions, order: Order) -> tuple[Connection, int]:
    """The mail server, not asked yet, and how many mails a minute it gets. Raises InvalidInputError."""
    server = definitions.mail
    assert server  # noqa: S101 - _sender has seen to that
    return Connection(server, login_of(server)), order.rate or server.rate


def _sent(report: EmailReport, run: Run, progress: Progress) -> EmailReport:
    done = deliver(run, [row.item for row in report.rows if row.is_due], progress)
    rows = [replace(row, outcome=done.outcomes.get(row.item.recipient.link.id)) for row in report.rows]
    return replace(report, rows=rows, stopped=done.stopped, is_done=True)


def _written(report: EmailReport, desk: Desk, book: Mailbook, folder: Path) -> EmailReport:
    rows = [_drafted(row, desk, book, folder) if row.is_due else row for row in report.rows]
    return replace(report, rows=rows, is_done=True)


def _drafted(row: Row, desk: Desk, book: Mailbook, folder: Path) -> Row:
    """A draft, and the note of it after it is there: one that a crash left without a note is written again."""
    path = draft_path(folder, row.item)
    write_draft(path, desk.compose(row.item).data)
    if not book.add(row.item.recipient.link.id, mail_of(row.item, SENT, now())):
        path.unlink()
        return replace(row, outcome=Outcome(BUSY))
    return replace(row, outcome=Outcome(DRAFTED), file=str(path))


def login_of(server: MailServer) -> Login | None:
    """What the environment says of user and password; None where the server wants none. Raises InvalidInputError."""
    if not server.user:
        return None
    said = []
    for name in (server.user, server.password):
        value = os.environ.get(name, "").strip("\r\n")
        if not value:
            raise InvalidInputError(f"mail: the environment variable {name} is not set")
        if not (value.isascii() and value.isprintable()):
            raise InvalidInputError(f"mail: {name} holds characters that cannot be sent to a mail server")
        said.append(value)
    return Login(*said)
