"""What can go wrong, as values that say where, what, and what was probably meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file. Lines and columns count from 1; 0 means the file as a whole (or the line as a whole)."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file] + [str(number) for number in (self.line, self.column) if number]
        return ":".join(parts)


NOWHERE = Location()


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing a user has to mend: `message` says what is wrong, `hint` (may be empty) what to do."""

    where: Location
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """One line, and one more for the hint. What a terminal would obey or hide is written as an escape."""
        text = printable(f"{self.where}: {self.message}" if self.where.file else self.message)
        return f"{text}\n  hint: {printable(self.hint)}" if self.hint else text


class PortalgenError(Exception):
    """An expected failure: printed as a sentence, never as a traceback. Exit code 1."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "", where: Location = NOWHERE) -> None:
        super().__init__(message)
        self.problems: tuple[Problem, ...] = (Problem(where, message, hint),)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class InvalidInputError(PortalgenError):
    """A definition, an export, a key or an option that cannot be used as it is. Exit code 2."""

    exit_code = 2

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> "InvalidInputError":
        """All `problems` (at least one) in one error, sorted by place, each once."""
        error = cls("")
        error.problems = tuple(sorted(set(problems)))
        return error


class StatementError(InvalidInputError):
    """No statement can be made that is right. Its problems name each document that is why, and both amounts."""


class RefusedError(PortalgenError):
    """Nothing is wrong with the input, but somebody has to approve what would happen. Exit code 3."""

    exit_code = 3


class StoreError(PortalgenError):
    """A store could not do what was asked. Exit code 1."""


class NotInStoreError(StoreError):
    """The key asked for is not there."""


class DamagedError(StoreError):
    """An object is there and cannot be what was written."""


class OvertakenError(StoreError):
    """Somebody else wrote what this was about to replace. Exit code 4: the same may succeed later."""

    exit_code = 4


class BusyError(PortalgenError):
    """Another run is at work. Exit code 4: the same may succeed later."""

    exit_code = 4


def did_you_mean(wrong: str, valid: Sequence[str]) -> str:
    """A hint naming the nearest valid name; with none near, the valid names themselves when they are few."""
    if near := nearest(wrong, valid):
        return f"did you mean '{near}'?"
    if 0 < len(valid) <= 12:
        return f"valid here: {', '.join(valid)}"
    return ""


def nearest(wrong: str, valid: Sequence[str]) -> str:
    """The valid name that was probably meant, or ''.

    One that differs only in case comes first, then one whose characters are in another order, then one with a typo.
    """
    if same := next((name for name in valid if name.casefold() == wrong.casefold()), ""):
        return same
    near = get_close_matches(wrong, valid, n=5)
    swapped = (name for name in near if sorted(name) == sorted(wrong))
    return next(swapped, near[0] if near else "")


def shown(value: object) -> str:
    """`value` in quotes, cut short when it is long, for use in a message."""
    text = str(value)
    return f"'{text if len(text) <= 60 else text[:57] + '...'}'"


def printable(text: str) -> str:
    """`text` with an escape for each character that a terminal would obey or hide."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
