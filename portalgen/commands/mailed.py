"""The report of `portalgen email`: who gets what, and what became of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portalgen.commands.report import Done, plural, table
from portalgen.delivery import BUSY
from portalgen.errors import NOWHERE, PortalgenError, Problem
from portalgen.mail import DOUBTFUL, LATER, REFUSED, SENT, UNFIT, Outcome
from portalgen.mailing import DUE, Due
from portalgen.views.letters import one_line

DRAFTED, UNSENT = "written", "not sent"

_SAID = {
    SENT: "sent",
    DRAFTED: "written",
    REFUSED: "refused",
    LATER: "not sent, this time",
    DOUBTFUL: "in doubt",
    UNFIT: "cannot be sent",
    BUSY: "not sent, another run is at it",
    UNSENT: "not sent",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A contact, what they are due, and what became of it; `file` is that of a draft."""

    item: Due
    outcome: Outcome | None = None
    file: str = ""

    @property
    def is_due(self) -> bool:
        return self.item.state == DUE

    @property
    def name(self) -> str:
        return str(self.item.recipient.link.id)


@dataclass(frozen=True, slots=True)
class EmailReport(Done):
    """All recipients. `is_done` tells that sending was begun, `stopped` why it did not come to its end."""

    rows: Sequence[Row]
    is_draft: bool = False
    is_done: bool = False
    stopped: Problem | None = None

    @property
    def due(self) -> int:
        return sum(row.is_due for row in self.rows)

    @property
    def exit_code(self) -> int:
        return PortalgenError.exit_code if self.problems() else 0

    def state_of(self, row: Row) -> str:
        """What a row came to, in one word: what it was due, or what became of that."""
        if not self.is_done or not row.is_due:
            return row.item.state
        return row.outcome.state if row.outcome else UNSENT

    def problems(self) -> Sequence[Problem]:
        found = [problem for row in self.rows if (problem := self._problem(row))]
        return [*([self.stopped] if self.stopped else []), *found]

    def _problem(self, row: Row) -> Problem | None:
        state, code = self.state_of(row), row.outcome.code if row.outcome else 0
        answer = f" ({code})" if code else ""
        cause = row.outcome.cause if row.outcome else ""
        message, hint = {
            DOUBTFUL: (
                row.item.reason or f"the connection broke before the server said whether it took the mail{answer}",
                f"ask them; if it did not arrive: portalgen email {row.name} --again doubtful",
            ),
            REFUSED: (f"the server refused the mail{answer}", "is the address right?"),
            LATER: (f"the server did not take the mail this time{answer}", "the next run sends it"),
            UNFIT: (cause, "another address"),
            BUSY: ("another run of portalgen wrote to them just now", "the next run looks again"),
            UNSENT: ("it was not their turn yet", "the next run sends it"),
        }.get(state, ("", ""))
        return Problem(NOWHERE, f"{row.name}: {message}", hint) if message else None

    def warnings(self) -> Sequence[Problem]:
        hint = "if that was somebody else, rotate the link: they still have it"
        return [
            Problem(NOWHERE, f"{row.name}: this link was mailed to another address before", hint)
            for row in self.rows
            if row.is_due and row.item.elsewhere
        ]

    @property
    def summary(self) -> str:
        """How many mails there are to be, of which kinds."""
        kinds = Counter(row.item.kind for row in self.rows if row.is_due)
        named = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
        return plural(self.due, "mail") + (f" ({named})" if named else "")

    def to_text(self) -> str:
        rows = [
            (
                row.name,
                one_line(row.item.recipient.link.contact_name),
                row.item.recipient.address,
                row.item.recipient.link.locale,
                row.item.kind,
                self._said(row),
            )
            for row in self.rows
        ]
        heading = ("link", "name", "address", "language", "mail", "")
        return f"{table(rows, heading)}\n{self._end}" if rows else self._end

    def _said(self, row: Row) -> str:
        if not row.is_due:
            return row.item.reason
        state = self.state_of(row)
        return "" if state == DUE else row.file or _SAID[state]

    @property
    def _end(self) -> str:
        left_out = sum(not row.is_due for row in self.rows)
        others = f"; {left_out:,} left out" if left_out else ""
        if not self.is_done:
            return f"{self.summary} to {'write' if self.is_draft else 'send'}{others}"
        counts = Counter(self.state_of(row) for row in self.rows if row.is_due)
        return ", ".join(f"{count:,} {_SAID[state]}" for state, count in counts.items()) + others

    def to_json(self) -> Any:
        return {
            "due": self.due,
            "sent": sum(self.state_of(row) in {SENT, DRAFTED} for row in self.rows),
            "stopped": self.stopped.message if self.stopped else None,
            "recipients": [
                {
                    "portal": row.item.recipient.link.id.portal,
                    "contact": row.item.recipient.link.id.contact,
                    "name": row.item.recipient.link.contact_name,
                    "email": row.item.recipient.address,
                    "locale": row.item.recipient.link.locale,
                    "fingerprint": row.item.recipient.fingerprint,
                    "kind": row.item.kind or None,
                    "state": self.state_of(row),
                    "reason": row.item.reason,
                    "code": row.outcome.code if row.outcome else 0,
                    "file": row.file or None,
                }
                for row in self.rows
            ],
        }
