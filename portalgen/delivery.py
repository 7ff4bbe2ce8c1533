"""Mails to their server, one after the other, each noted before and after: never twice, and none forgotten."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from portalgen.errors import NOWHERE, PortalgenError, Problem
from portalgen.mail import DOUBTFUL, LATER, REFUSED, SENT, UNFIT, Connection, MailServerError, Message, Outcome
from portalgen.mailbook import SENDING, Mailbook
from portalgen.mailing import Due, mail_of
from portalgen.model import LinkId
from portalgen.progress import SEND, Progress

BUSY = "busy"
"""The state of a mail that another run of portalgen is at."""

_LOG = logging.getLogger(__name__)
_PAUSES = (5, 20)
"""Seconds before what failed for now is tried a second and a third time."""
_MOST_REFUSED = 10
"""After so many refusals in a row, it is not the recipients that the server dislikes."""

Compose = Callable[[Due], Message]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of mails, by contact; of the others, nothing. `stopped` says why those were not tried."""

    outcomes: Mapping[LinkId, Outcome]
    stopped: Problem | None = None


@dataclass(slots=True)
class Pace:
    """How fast mails follow one another: `rate` a minute."""

    rate: int
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _next: float = field(default=0, init=False)

    def wait(self) -> None:
        """Wait until it is the next mail's turn."""
        ahead = self._next - self.clock()
        if ahead > 0:
            self.sleep(ahead)
        self._next = max(self._next, self.clock()) + 60 / self.rate


@dataclass(slots=True)
class Run:
    """One run of sending."""

    connection: Connection
    book: Mailbook
    compose: Compose
    pace: Pace
    outcomes: dict[LinkId, Outcome] = field(default_factory=dict)
    refused_in_a_row: int = 0

    def send(self, item: Due) -> None:
        """Send one mail and note it. Raises MailServerError and StoreError where it makes no sense to go on."""
        contact = item.recipient.link.id
        try:
            message = self.compose(item)
        except PortalgenError as error:
            self.outcomes[contact] = Outcome(UNFIT, cause=error.problems[0].message)
            return
        self.pace.wait()
        self._connect()
        self.connection.is_past_return = False
        if not self.book.add(contact, mail_of(item, SENDING, now())):
            self.outcomes[contact] = Outcome(BUSY)
            return
        try:
            outcome = self.connection.send(message)
        except BaseException:
            if self.connection.is_past_return:
                self.outcomes[contact] = Outcome(DOUBTFUL)
            else:
                self.book.take_back(contact)
            raise
        self.outcomes[contact] = outcome
        _LOG.info("%s [%s]: %s %s", contact, item.recipient.fingerprint, outcome.state, outcome.code or "")
        self._note(contact, outcome)

    def _connect(self) -> None:
        for pause in _PAUSES:
            try:
                return self.connection.open()
            except MailServerError as error:
                if not error.is_passing:
                    raise
            self.pace.sleep(pause)
        return self.connection.open()

    def _note(self, contact: LinkId, outcome: Outcome) -> None:
        if outcome.state in {SENT, REFUSED}:
            self.book.end(contact, outcome.state, outcome.code if outcome.state == REFUSED else 0)
        elif outcome.state != DOUBTFUL:
            self.book.take_back(contact)
        self.refused_in_a_row = self.refused_in_a_row + 1 if outcome.state == REFUSED else 0
        if self.refused_in_a_row == _MOST_REFUSED:
            hint = "see what it says of such codes; then --again refused"
            raise MailServerError(f"the mail server refused {_MOST_REFUSED} mails in a row ({outcome.code})", hint)


def deliver(run: Run, items: Sequence[Due], progress: Progress) -> Delivery:
    """Send what is due, and what fails for now once and twice more.

    Raises MailServerError, before anything is sent, if the server cannot be reached or logged in to.
    """
    run.connection.open()
    stopped = None
    progress.begin(len(items), SEND)
    try:
        _rounds(items, run, progress)
    except PortalgenError as error:
        stopped = error.problems[0]
    except KeyboardInterrupt:
        stopped = Problem(NOWHERE, "interrupted")
    finally:
        run.connection.close()
    return Delivery(run.outcomes, stopped)


def _rounds(items: Sequence[Due], run: Run, progress: Progress) -> None:
    waiting = list(items)
    for pause in (*_PAUSES, 0):
        for item in waiting:
            run.send(item)
            progress(1)
        waiting = [item for item in waiting if run.outcomes[item.recipient.link.id].state == LATER]
        if not waiting:
            break
        run.pace.sleep(pause)


def now() -> str:
    """This instant in UTC, ISO, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
