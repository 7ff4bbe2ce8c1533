"""What work costs, in counts that are the same on every machine: a change that makes it dearer has to say so here.

Calls are those of functions, Python's own and others, as `sys.setprofile` tells of them. The bounds are a tenth above
what pages took when these were written; other versions of Python may count a little differently.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bench.build import write_site
from portalgen import builder
from portalgen.database import Database
from portalgen.definitions import load
from portalgen.model import Bundle, Definitions
from portalgen.pages import Page, Renderer
from portalgen.pipeline import build
from tests.samples import bundle, invoice
from tests.sites import TODAY

CALLS_A_PAGE = 820
"""For each invoice of one line: its page, and its row in the list."""
CALLS_A_LINE = 65
"""For each more line of an invoice."""
CALLS_A_DOCUMENT = 2_050
"""From its rows in the database to its page on disk, and all that is noted of it: for one of five lines."""


def calls(work: Callable[[], Any]) -> int:
    """How many calls `work` makes."""
    count = 0

    def tell(_: Any, event: str, __: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(tell)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def invoices(number: int, lines: int) -> Bundle:
    [item] = invoice().lines
    of_one = tuple(replace(item, line=place) for place in range(1, lines + 1))
    made = bundle([replace(invoice(f"INV-{each}"), lines=of_one) for each in range(number)])
    return replace(made, site=replace(made.site, downloads=()))


def rendering(renderer: Renderer, number: int, lines: int) -> int:
    made = invoices(number, lines)
    return calls(lambda: [*renderer.render(made)])


def test_a_page_takes_no_more_calls_than_it_did() -> None:
    renderer = Renderer()
    rendering(renderer, 1, 1)  # the templates are compiled by then
    few, many, longer = rendering(renderer, 10, 1), rendering(renderer, 30, 1), rendering(renderer, 10, 11)
    assert (many - few) / 20 < CALLS_A_PAGE
    assert (longer - few) / 100 < CALLS_A_LINE


CUSTOMERS, DOCUMENTS = 20, 10


@pytest.fixture
def site(tmp_path: Path) -> Definitions:
    write_site(tmp_path, CUSTOMERS, DOCUMENTS)
    config = tmp_path / "config/portals.yaml"
    config.write_text(config.read_text().replace("site: {id: bench,", "site: {id: bench, downloads: [],"))
    return load(config)


@dataclass
class Counts:
    """What a build does: rows that the database hands over one by one, bundles rendered, files written."""

    rows: int = 0
    rendered: int = 0
    written: int = 0


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    found = Counts()
    stream, render, put = Database.stream, Renderer.render, builder._put

    def counted_rows(self: Database, sql: str) -> Iterator[Any]:
        for row in stream(self, sql):
            found.rows += "shelf." in sql
            yield row

    def counted_bundles(self: Renderer, of: Bundle) -> Iterator[Page]:
        found.rendered += 1
        return render(self, of)

    def counted_files(path: str, body: bytes) -> None:
        found.written += 1
        put(path, body)

    monkeypatch.setattr(Database, "stream", counted_rows)
    monkeypatch.setattr(Renderer, "render", counted_bundles)
    monkeypatch.setattr(builder, "_put", counted_files)
    return found


def test_a_document_takes_no_more_calls_from_the_database_to_the_disk_than_it_did(site: Definitions) -> None:
    def with_first(number: int) -> Definitions:
        return replace(site, portals=site.portals[:number])

    build(site, TODAY)  # the templates are compiled by then
    shutil.rmtree(site.root / "build")
    few = calls(lambda: build(with_first(1), TODAY))
    shutil.rmtree(site.root / "build")
    many = calls(lambda: build(with_first(4), TODAY))
    assert (many - few) / (3 * DOCUMENTS) < CALLS_A_DOCUMENT


def test_what_is_done_grows_with_what_changed(site: Definitions, counts: Counts) -> None:
    """A document and its five lines are six rows; a customer has a page for each, eight more, and two assets."""
    exports = site.root / "exports"
    per_customer = Counts(1 + 6 * DOCUMENTS, 1, DOCUMENTS + 8 + 2)
    build(site, TODAY)
    assert counts == Counts(*(CUSTOMERS * each for each in astuple(per_customer)))
    for file in exports.glob("*.csv"):  # the same rows in another order
        heading, *rows = file.read_text().splitlines()
        file.write_text("\n".join([heading, *rows[::-1]]) + "\n")
    assert done(site, counts) == Counts()
    invoices = exports / "invoices.csv"
    invoices.write_text(invoices.read_text().replace("IN/000007/0002,C-000007", "IN/000007/0002-B,C-000007"))
    changed = exports / "invoices_lines.csv"
    changed.write_text(changed.read_text().replace("IN/000007/0002,", "IN/000007/0002-B,"))
    again = done(site, counts)
    assert (again.rows, again.rendered) == (per_customer.rows, 1)
    assert again.written < per_customer.written
    assert done(site, counts) == Counts()


def done(site: Definitions, counts: Counts) -> Counts:
    """What one more build does."""
    counts.rows = counts.rendered = counts.written = 0
    build(site, TODAY)
    return counts
