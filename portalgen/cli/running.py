"""Printing reports, exit codes, and the one place where errors become sentences."""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NoReturn, TypeVar

import click

from portalgen.commands.report import Report, problem_json
from portalgen.errors import NOWHERE, PortalgenError, Problem
from portalgen.links import redact
from portalgen.publish import Progress

Outcome = TypeVar("Outcome", bound=Report)


def run(verb: Callable[[], Outcome], *, as_json: bool) -> Outcome:
    """Run a verb and print its report; leave with its exit code unless that is 0."""
    try:
        report = verb()
    except PortalgenError as error:
        _leave(error.problems, error.exit_code, as_json=as_json)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _leave([Problem(NOWHERE, f"{where}{error.strerror or error}")], 1, as_json=as_json)
    except Exception as error:
        logging.getLogger("portalgen").debug(traceback.format_exc())
        hint = "this is a bug; please report it with what --log-level debug prints (tokens are left out of it)"
        _leave([Problem(NOWHERE, f"unexpected {type(error).__name__}: {error}", hint)], 1, as_json=as_json)
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=2) if as_json else report.to_text()
    click.echo(text if report.shows_tokens else redact(text))
    _complain(report.problems())
    _complain(replace(problem, message=f"warning: {problem.message}") for problem in report.warnings())
    if report.exit_code:
        sys.exit(report.exit_code)
    return report


def _leave(problems: Iterable[Problem], code: int, *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(redact(json.dumps({"errors": [problem_json(problem) for problem in problems]}, indent=2)))
    _complain(problems)
    sys.exit(code)


def _complain(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(redact(str(problem)), err=True)


def progress_shown(noun: str = "objects") -> Progress:
    """A counter on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None
    done = 0

    def show(count: int) -> None:
        nonlocal done
        done += count
        click.echo(f"\r{done:,} {noun}", nl=False, err=True)

    return show


def ask(question: str, wanted: str) -> bool:
    """Whether `wanted` is what somebody types at a terminal."""
    click.echo(question, err=True)
    return bool(click.prompt(f"type {wanted} to do it", err=True) == wanted)
