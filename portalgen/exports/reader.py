"""Exports -> the book: read as text, judged cell by cell, given types, and compared with themselves."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from portalgen.book import Book
from portalgen.database import Database
from portalgen.errors import InvalidInputError, Location, Problem
from portalgen.exports.attachments import claim
from portalgen.exports.cells import type_parts
from portalgen.exports.checks import Checks, Fault
from portalgen.exports.files import Place
from portalgen.exports.filling import Filling
from portalgen.exports.loading import stage
from portalgen.exports.readings import Readings
from portalgen.exports.rejects import Quarantine, listed
from portalgen.exports.settling import settle
from portalgen.exports.similar import similar_ids
from portalgen.exports.staging import Staging
from portalgen.exports.visibility import leave_out_hidden
from portalgen.model import Definitions

JudgeCustomers = Callable[[Mapping[str, str]], list[Problem]]
"""Given the name of each customer by id, what is wrong elsewhere because of them."""


@contextmanager
def read_exports(definitions: Definitions, judge: JudgeCustomers = lambda _: []) -> Iterator[Book]:
    """The book of all exports, open while the context lasts.

    Raises InvalidInputError with every problem found, those of `judge` with them, and BusyError if a file changed.
    """
    if not any(source.type == "customers" for source in definitions.exports):
        where = Location(definitions.file)
        hint = "exports: [{type: customers, path: exports/customers.csv}, ...]"
        raise InvalidInputError("exports: there is none of type customers", hint, where)
    with TemporaryDirectory(prefix="portalgen-") as name, Database(Path(name)) as database:
        staging = Staging(database, Place(definitions.root, Path(name), database, definitions.site.timezone))
        try:
            for source in definitions.exports:
                stage(staging, source)
            _raise(staging.problems)
            book = _book(staging, definitions, judge)
        except Exception:
            staging.refuse_changed()  # if one did, then that is what is wrong
            raise
        staging.refuse_changed()
        yield book


def _book(staging: Staging, definitions: Definitions, judge: JudgeCustomers) -> Book:
    readings = Readings(staging)
    _raise(readings.prove())
    currency = definitions.site.currency
    type_parts(staging, readings)
    claim(staging)
    leave_out_hidden(staging)
    checks, quarantine = Checks(staging, readings, currency), Quarantine(staging)
    problems = [*checks.currencies(), *_judged(checks.values(), staging, quarantine)]
    problems += settle(staging)
    problems += _judged(checks.repeated(), staging, quarantine)
    problems += _judged(checks.relations(), staging, quarantine)
    problems += [*checks.twice(), *similar_ids(staging), *judge(staging.customer_names())]
    filling = Filling(staging, currency)
    as_of = definitions.site.as_of or staging.newest_day()
    if not problems:
        filling.fill()
        problems += filling.refuse_negatives(Book(staging.database, as_of), quarantine)
        problems += filling.compare(quarantine)
        filling.remark(as_of)
    _raise([*problems, *quarantine.beyond_limits()])
    return Book(staging.database, as_of, filling.report(quarantine))


def _judged(faults: Iterable[Fault], staging: Staging, quarantine: Quarantine) -> list[Problem]:
    """The problems that faults are; what a quarantine may hold back is taken out instead."""
    problems: list[Problem] = []
    for fault in [*faults]:
        if fault.part.source.policy.quarantine and fault.names_document:
            quarantine.hold_back(fault)
        else:
            problems += listed(staging, fault)
    quarantine.remove()
    return problems


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise InvalidInputError.of(problems)
