"""Printing reports, exit codes, and the one place where errors become sentences."""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import click

from portalgen.commands.report import Report, problem_json
from portalgen.errors import NOWHERE, PortalgenError, Problem
from portalgen.links import redact

Outcome = TypeVar("Outcome", bound=Report)


def run(verb: Callable[[], Outcome], *, as_json: bool) -> Outcome:
    """Run a verb and print its report; leave with its exit code unless that is 0."""
    report, code = attempt(verb, as_json=as_json)
    if code or report is None:
        sys.exit(code)
    return report


def attempt(verb: Callable[[], Outcome], *, as_json: bool, is_line: bool = False) -> tuple[Outcome | None, int]:
    """Run a verb, print its report or its failure, and return both the report and the exit code.

    With `is_line`, JSON goes on a line of its own.
    """
    try:
        report = verb()
    except Exception as error:
        return None, failed(error, as_json=as_json, is_line=is_line)
    indent = None if is_line else 2
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=indent) if as_json else report.to_text()
    click.echo(text if report.shows_tokens else redact(text))
    complain(report.problems())
    complain(replace(problem, message=f"warning: {problem.message}") for problem in report.warnings())
    return report, report.exit_code


def failed(error: Exception, *, as_json: bool, is_line: bool = False) -> int:
    """Print what went wrong, and return the exit code."""
    problems, code = _told(error)
    if as_json:
        said = {"errors": [problem_json(problem) for problem in problems]}
        click.echo(redact(json.dumps(said, indent=None if is_line else 2)))
    complain(problems)
    return code


def _told(error: Exception) -> tuple[Sequence[Problem], int]:
    """What to say of an error, and the exit code."""
    if isinstance(error, PortalgenError):
        return error.problems, error.exit_code
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return [Problem(NOWHERE, f"{where}{error.strerror or error}")], 1
    logging.getLogger("portalgen").debug("".join(traceback.format_exception(error)))
    hint = "this is a bug; please report it with what --log-level debug prints (tokens are left out of it)"
    return [Problem(NOWHERE, f"unexpected {type(error).__name__}: {error}", hint)], 1


def complain(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(redact(str(problem)), err=True)


def ask(question: str, wanted: str) -> bool:
    """Whether `wanted` is what somebody types at a terminal."""
    click.echo(question, err=True)
    return bool(click.prompt(f"type {wanted} to do it", err=True) == wanted)
