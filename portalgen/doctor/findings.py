"""What a check gives."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """UNKNOWN is what could not be checked."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a doctor's report: what `check` found, and for all but OK, in `hint`, what to do."""

    check: str
    verdict: Verdict
    said: str
    hint: str = ""


def ok(check: str, said: str) -> Finding:
    return Finding(check, Verdict.OK, said)


def warn(check: str, said: str, hint: str) -> Finding:
    return Finding(check, Verdict.WARN, said, hint)


def fail(check: str, said: str, hint: str) -> Finding:
    return Finding(check, Verdict.FAIL, said, hint)


def unknown(check: str, said: str, hint: str) -> Finding:
    return Finding(check, Verdict.UNKNOWN, said, hint)
