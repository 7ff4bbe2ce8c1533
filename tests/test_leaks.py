"""No link shows what is not its own: the first two of three layers.

Layer 1 marks every value of a world of easily mistaken customers and looks for the marks in every byte of every
bundle: exactly those that the grant allows are there. Leaks put in on purpose show that it would notice. Layer 2
changes what must not matter, and nothing changes.
"""

import base64
import gzip
import io
import os
import random
import re
import tempfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portalgen import grants, workshop
from portalgen.builder import Built, make_bundles
from portalgen.definitions import load
from portalgen.errors import PortalgenError
from portalgen.exports.columns import HEADERS, LINES
from portalgen.model import TRANSACTION_TYPES, Account, BuiltBundle, Bundle, Transaction
from portalgen.pipeline import build
from portalgen.schema import ExportModel
from portalgen.stores.base import PRIVATE
from portalgen.stores.memory import MemoryStore
from tests.leak_mutants import HARMLESS, MUTANTS, Mutant, edit
from tests.leak_runs import Run, build_world, built, on_disk, publish_world, rebuilt, republished
from tests.leak_scan import (
    NOT_SHOWN,
    SHOWN,
    Files,
    LinkKey,
    amounts,
    complaints,
    complaints_of,
    currency_of,
    grants_of,
    leaks,
    marks_in,
    seen,
    visible_documents,
)
from tests.worlds import (
    COLUMNS,
    SITE,
    TODAY,
    TYPES,
    Cells,
    CustomerShape,
    DocumentShape,
    GranteeShape,
    World,
    assemble,
    crowd,
    office,
    shapes,
    sixteen,
    worlds,
    write,
)


def explored(examples: int) -> settings:
    """Settings for `examples` worlds at random, or PORTALGEN_LEAK_WORLDS times as many. A failure can be repeated."""
    times = int(os.environ.get("PORTALGEN_LEAK_WORLDS", "1"))
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples * times, deadline=None, print_blob=True, suppress_health_check=slow)


@contextmanager
def a_folder() -> Iterator[Path]:
    """A folder for one world, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


FIXED = pytest.mark.parametrize("make", [office, crowd])
EVERY_WAY = pytest.mark.parametrize("run", [built, rebuilt, republished])


OF_ACCOUNTS = ("invoices", "credit_notes")


def accounts_alone(world: World, show: tuple[str, ...], has_receipts: bool) -> World:
    """`world` with nothing but `show` granted. Balances that are marks fit no receipts: there, none is given."""
    portals = [replace(each, show=show, branches=None, enabled=True, expires="", contacts=()) for each in world.portals]
    documents = [
        replace(each, cells={**each.cells, "balance": "", "paid": ""}) if has_receipts else each
        for each in world.documents
    ]
    return replace(
        world,
        customers=tuple({**row, "balance": ""} for row in world.customers),
        documents=tuple(documents),
        receipts=world.receipts if has_receipts else (),
        portals=tuple(portals),
    )


class TestCanaries:
    """Layer 1: every byte of every bundle, against what its grant allows."""

    @given(world=worlds())
    @explored(40)
    def test_a_bundle_shows_exactly_what_its_grant_allows(self, world: World) -> None:
        """Nothing else's mark is in its bytes and paths, and none of its own is missing."""
        with a_folder() as folder:
            assert complaints(world, built(world, folder)) == []

    @given(world=worlds(), run=st.sampled_from([rebuilt, republished]))
    @explored(12)
    def test_what_was_taken_away_is_gone_from_the_folder_and_the_store(self, world: World, run: Run) -> None:
        """Every link was allowed all before; afterwards nothing of that is left."""
        with a_folder() as folder:
            assert complaints(world, run(world, folder)) == []

    @FIXED
    @EVERY_WAY
    def test_worlds_that_are_always_the_same_show_no_leak(
        self, make: Callable[[], World], run: Run, tmp_path: Path
    ) -> None:
        """The control of the seeded bugs below."""
        world = make()
        assert complaints(world, run(world, tmp_path)) == []

    @pytest.mark.parametrize("run", [built, republished])
    def test_of_all_sixteen_choices_of_four_types_each_shows_its_own_and_nothing_else(
        self, run: Run, tmp_path: Path
    ) -> None:
        """In any byte, file name, download or cross-link; and where nothing is shown, there is no count."""
        world = sixteen()
        files = run(world, tmp_path)
        shown = [grant for grant in grants_of(world) if grant.link[0] == world.portals[0].id and grant.link[1]]
        assert len({grant.types for grant in shown}) == len(shown) == 16
        assert complaints(world, files) == []
        [nothing] = [grant for grant in shown if not grant.types]
        assert [path for path in files[nothing.link] if path.endswith((".html", ".csv", ".xlsx", ".zip"))] == [
            "index.html"
        ]
        text = re.sub(rb"<[^>]+>", b" ", files[nothing.link]["index.html"])
        assert nothing.customer.encode() in text
        assert re.findall(rb"(?i)\b(?:quote|order|invoice|credit note)s?\b", text) == []

    @given(world=worlds())
    @explored(10)
    def test_each_row_ends_in_exactly_the_permitted_bundles(self, world: World) -> None:
        """By its date, which is no other row's; and the manifest counts what is there."""
        with a_folder() as folder:
            result = build_world(world, folder)
            sights = {link: seen(files, world) for link, files in on_disk(result, folder).items()}
        permitted = {
            grant: [each for each in visible_documents(world, grant.customer) if grant.shows(each)]
            for grant in grants_of(world)
        }
        for document in world.documents:
            assert {link for link, sight in sights.items() if document.cells["date"] in sight.marks} == {
                grant.link for grant, rows in permitted.items() if document in rows
            }
        listed = {(each.id.portal, each.id.contact): _transactions(each) for each in result.bundles}
        assert listed == {
            grant.link: {
                type_: sorted(each.cells["number"] for each in rows if each.type == type_)
                for type_ in grant.types
                if type_ in TRANSACTION_TYPES
            }
            for grant, rows in permitted.items()
        }

    @pytest.mark.parametrize("show", [("statement",), ("statement", "receipts")], ids=", ".join)
    @pytest.mark.parametrize("has_receipts", [False, True], ids=["no receipts", "receipts"])
    def test_a_statement_names_documents_of_its_customer_and_nothing_else(
        self, show: tuple[str, ...], has_receipts: bool, tmp_path: Path
    ) -> None:
        """Whoever may see their account alone sees no other field of a document, and no document of anybody else.

        Of receipts, without a grant for them, at most amounts, as what is settled of an invoice.
        """
        world = accounts_alone(office(), show, has_receipts)
        config = write(world, tmp_path)
        config.write_text(config.read_text("utf-8").replace("site:\n", "site:\n  statement_months: 999\n", 1), "utf-8")
        bundles = on_disk(build(load(config), TODAY), tmp_path)
        for portal in world.portals:
            customer = next(row for row in world.customers if row["id"] == portal.customer)
            account = [each.cells for each in visible_documents(world, portal.customer) if each.type in OF_ACCOUNTS]
            receipts = [row for row in world.receipts if row["customer_id"] == portal.customer]
            must = [cells[name] for cells in account for name in ("number", "date", "due_date")]
            may = [cells[name] for cells in account for name in ("total", "balance", "paid", "rounding")]
            may += [receipt["amount"] for receipt in receipts]
            if "receipts" in show:
                must += [row[name] for row in receipts for name in ("number", "date", "method", "reference")]
            profile = [*(customer[name] for name in SHOWN["customers"]), *SITE.values()]
            found = seen(bundles[portal.id, ""], world).marks
            assert found >= frozenset[str]().union(*(marks_in(cell, world) for cell in must))
            assert found <= frozenset[str]().union(*(marks_in(cell, world) for cell in [*must, *may, *profile]))
            assert not [path for path in bundles[portal.id, ""] if "/" in path]

    def test_what_a_store_keeps_to_itself_holds_numbers_of_documents_alone(self, tmp_path: Path) -> None:
        """Ledger, manifests and history name portals, contacts and files; nothing else of the exports is in them."""
        world, store = office(), MemoryStore()
        publish_world(world, tmp_path, store)
        private = {key: data for key, data in store.contents.items() if key.startswith(PRIVATE)}
        numbers = [marks_in(cells["number"], world) for cells in (*_cells(world), *world.receipts)]
        assert private
        assert seen(private, world).marks <= frozenset[str]().union(*numbers)

    def test_the_list_of_what_is_shown_knows_every_column(self) -> None:
        """A new column or type of export has to be put down as shown or not, and into the worlds."""
        types = get_args(ExportModel.model_fields["type"].annotation)
        assert {*types, "lines"} == {*SHOWN} == {*NOT_SHOWN} == {*COLUMNS}
        for type_, columns in {**HEADERS, "lines": LINES}.items():
            if type_ in COLUMNS:
                assert {*SHOWN[type_], *NOT_SHOWN[type_]} == {*columns} == {*COLUMNS[type_]} - {"margin"}
                assert not {*SHOWN[type_]} & {*NOT_SHOWN[type_]}


def _cells(world: World) -> Iterator[Cells]:
    return (document.cells for document in world.documents)


def _transactions(bundle: BuiltBundle) -> dict[str, list[str]]:
    """The numbers that the manifest lists, by type."""
    return {type_: [*bundle.documents[type_]] for type_ in bundle.documents if type_ in TRANSACTION_TYPES}


def _plain(mark: str) -> bytes:
    return mark.encode()


def _capitals(mark: str) -> bytes:
    return mark.upper().encode()


def _grouped(mark: str) -> bytes:
    return "\u202f".join([mark[:1], mark[1:4], mark[4:7], mark[7:]]).encode()


def _escaped(mark: str) -> bytes:
    return "".join(f"&#{ord(letter)};" for letter in mark).encode()


def _percent_encoded(mark: str) -> bytes:
    return "".join(f"%{ord(letter):02x}" for letter in mark).encode()


def _base64(mark: str) -> bytes:
    return b'<img src="data:text/plain;base64,' + base64.encodebytes(f"a row: {mark}; and more".encode()) + b'">'


def _zipped(mark: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{mark}.csv", "")
    return out.getvalue()


def _gzipped_within_base64(mark: str) -> bytes:
    return base64.urlsafe_b64encode(gzip.compress(mark.encode(), mtime=0))


def _deflated(mark: str) -> bytes:
    return zlib.compress(mark.encode())


PACKINGS = [
    _plain,
    _capitals,
    _grouped,
    _escaped,
    _percent_encoded,
    _base64,
    _zipped,
    _gzipped_within_base64,
    _deflated,
]


class TestSeededBugs:
    """The scan of layer 1 notices every leak that is put in on purpose."""

    @pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
    def test_a_leak_is_noticed(self, mutant: Mutant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As something shown that must not be, in a world that shows no leak without it."""
        mutant.apply(monkeypatch)
        world = mutant.make()
        assert leaks(complaints(world, mutant.run(world, tmp_path)))

    @pytest.mark.parametrize("mutant", HARMLESS, ids=lambda mutant: mutant.name)
    def test_a_change_that_is_no_leak_is_not_taken_for_one(
        self, mutant: Mutant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The ways of putting a leak in do no harm by themselves."""
        mutant.apply(monkeypatch)
        world = mutant.make()
        assert complaints(world, mutant.run(world, tmp_path)) == []

    def test_a_page_that_is_blank_is_noticed(self, tmp_path: Path) -> None:
        """Showing nothing is no way to pass: only lists, and what can be taken away, repeat what documents show."""
        world = office()
        bundles = built(world, tmp_path)
        for grant in grants_of(world):
            files = bundles[grant.link]
            assert not complaints_of(world, grant, files)
            pages = {path: data for path, data in files.items() if path.endswith(".html")}
            whole = complaints_of(world, grant, pages)
            for path in pages:
                if path == "index.html" or "/" in path:
                    assert len(complaints_of(world, grant, {**pages, path: b""})) > len(whole), f"{grant.link} {path}"
        assert complaints(world, {link: {} for link in bundles})
        assert complaints(world, {})

    @pytest.mark.parametrize("pack", PACKINGS, ids=lambda pack: pack.__name__.strip("_"))
    def test_a_mark_is_found_however_it_is_packed(self, pack: Callable[[str], bytes]) -> None:
        """In capitals, grouped, escaped, encoded or compressed; a day only as long as it is in one piece."""
        world = office()
        for mark in [*world.marks][:200]:
            if not (pack is _grouped and "-" in mark):
                assert mark in seen({"file": pack(mark)}, world).marks

    def test_grants_stop_a_book_that_hands_out_too_much(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Rows of a neighbour among a customer's own do not get past the choice of rows."""
        earlier: list[Transaction] = []

        def all_so_far(account: Account) -> Sequence[Transaction]:
            earlier.extend(row for row in account.transactions if row not in earlier)
            return earlier

        edit(monkeypatch, grants, "bundle_for", ("account.transactions", "rows(account)"), rows=all_so_far)
        world = crowd()
        assert not leaks(complaints(world, built(world, tmp_path)))

    def test_pages_refuse_a_type_that_is_not_granted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Should the choice of rows forget the types, there are no pages rather than too many."""
        edit(monkeypatch, grants, "bundle_for", ("transaction.type in link.types and ", ""))
        with pytest.raises(PortalgenError, match="which its link may not show"):
            built(office(), tmp_path)


Change = Callable[[World, World, str], World]
"""A world, made from it another in which only what is of one customer differs; the second world has other marks."""


def rows_added(world: World, other: World, customer: str) -> World:
    """The customer gets a row of each type."""
    more = assemble([CustomerShape(customer, tuple(DocumentShape(type_, lines=2) for type_ in TYPES))], seed=-1)
    return replace(world, documents=(*more.documents, *world.documents))


def rows_edited(world: World, other: World, customer: str) -> World:
    """Every cell of every row of the customer changes, but for what tells rows and customers apart."""
    mixed = replace(world, visible={type_: (*world.visible[type_], *other.visible[type_]) for type_ in world.visible})
    return replace(
        mixed,
        customers=tuple(_either(world.customers, other.customers, "id", customer)),
        contacts=tuple(_either(world.contacts, other.contacts, "customer_id", customer)),
        receipts=tuple(_either(world.receipts, other.receipts, "customer_id", customer)),
        documents=tuple(
            theirs if own.cells["customer_id"] == customer else own
            for own, theirs in zip(world.documents, other.documents, strict=True)
        ),
        portals=tuple(
            theirs if own.customer == customer else own
            for own, theirs in zip(world.portals, other.portals, strict=True)
        ),
    )


def _either(ours: Sequence[Cells], theirs: Sequence[Cells], column: str, customer: str) -> Iterator[Cells]:
    for row, other in zip(ours, theirs, strict=True):
        yield other if row[column] == customer else row


def rows_deleted(world: World, other: World, customer: str) -> World:
    """The customer has no documents left."""
    return replace(world, documents=tuple(each for each in world.documents if each.cells["customer_id"] != customer))


def grants_changed(world: World, other: World, customer: str) -> World:
    """What the customer's links may see is turned round, and who is at the customer."""
    portals = [
        replace(portal, show=() if portal.show else ("ALL",), enabled=not portal.enabled, contacts=())
        if portal.customer == customer
        else portal
        for portal in world.portals
    ]
    return replace(world, portals=tuple(portals))


def customer_gone(world: World, other: World, customer: str) -> World:
    """Nothing of the customer is left, neither in an export nor in the definitions."""
    return replace(
        rows_deleted(world, other, customer),
        customers=tuple(row for row in world.customers if row["id"] != customer),
        contacts=tuple(row for row in world.contacts if row["customer_id"] != customer),
        receipts=tuple(row for row in world.receipts if row["customer_id"] != customer),
        portals=tuple(portal for portal in world.portals if portal.customer != customer),
    )


CHANGES: Sequence[Change] = (rows_added, rows_edited, rows_deleted, grants_changed, customer_gone)


@st.composite
def changed_worlds(draw: st.DrawFn) -> tuple[World, World, str]:
    """A world, the same after one customer's data changed, and that customer's id."""
    forms, seed = draw(shapes()), draw(st.integers(0, 9999))
    world, other = assemble(forms, seed), assemble(forms, seed + 10_000)
    customer = draw(st.sampled_from(forms)).id
    return world, draw(st.sampled_from(CHANGES))(world, other, customer), customer


Result = Mapping[LinkKey, tuple[BuiltBundle, Files]]


def result_of(done: Built, folder: Path) -> Result:
    """Every bundle, its manifest and its files."""
    files = on_disk(done, folder)
    links = {(bundle.id.portal, bundle.id.contact): bundle for bundle in done.bundles}
    assert links.keys() == files.keys()
    return {link: (bundle, files[link]) for link, bundle in links.items()}


class TestWhatDoesNotMatter:
    """Layer 2: changes that must not show, and sums that must agree."""

    @given(worlds=changed_worlds(), afresh=st.booleans())
    @explored(20)
    def test_a_neighbours_data_leave_a_bundle_as_it_is(self, worlds: tuple[World, World, str], afresh: bool) -> None:
        """Rows added, edited or deleted, grants changed, a customer gone: others' bytes and fingerprints stay."""
        before, after, customer = worlds
        others = [grant.link for grant in grants_of(before) if grant.customer != customer]
        with a_folder() as first, a_folder() as second:
            one = result_of(build_world(before, first), first)
            again = second if afresh else first
            for file in first.glob("*.csv"):
                file.unlink()
            two = result_of(build_world(after, again), again)
        assert {link: one[link] for link in others} == {link: two[link] for link in others}

    @given(world=worlds(numbered=True), order=st.randoms(use_true_random=False), files=st.integers(1, 3))
    @explored(12)
    def test_the_order_of_rows_files_and_portals_is_irrelevant(
        self, world: World, order: random.Random, files: int
    ) -> None:
        """And so is how an export is divided into files: every byte and fingerprint is the same."""
        with a_folder() as first, a_folder() as second:
            one = result_of(build_world(world, first), first)
            two = result_of(build_world(world, second, order, files), second)
        assert one == two

    @given(forms=shapes(), seed=st.integers(0, 9999))
    @explored(10)
    def test_totals_over_all_bundles_reconcile_with_the_exports(
        self, forms: Sequence[CustomerShape], seed: int
    ) -> None:
        """Where each customer has one link that may see all, no cent is lost and none is counted twice."""
        world = assemble([replace(form, portals=(GranteeShape(("ALL",)),)) for form in forms], seed)
        caught: list[Bundle] = []
        with pytest.MonkeyPatch.context() as patch, a_folder() as folder:
            patch.setattr(
                workshop, "make_bundles", lambda bundles, *others: make_bundles(_caught(bundles, caught), *others)
            )
            build_world(world, folder)
        of_bundles: Sums = defaultdict(Decimal)
        for row in (row for bundle in caught for row in bundle.transactions):
            for name in ("net", "tax", "total", "balance"):
                of_bundles[row.type, row.currency, name] += getattr(row, name) or 0
            for line in row.lines:
                of_bundles[row.type, row.currency, "lines"] += line.amount or 0
        assert {key: value for key, value in of_bundles.items() if value} == _sums_of_exports(world)


Sums = defaultdict[tuple[str, str, str], Decimal]
"""By type, currency and column."""


def _caught(bundles: Iterable[Bundle], caught: list[Bundle]) -> Iterator[Bundle]:
    for bundle in bundles:
        caught.append(bundle)
        yield bundle


def _sums_of_exports(world: World) -> Mapping[tuple[str, str, str], Decimal]:
    sums: Sums = defaultdict(Decimal)
    for document in (each for row in world.customers for each in visible_documents(world, row["id"])):
        for name, amount in amounts(document).items():
            sums[document.type, currency_of(document), name] += amount or 0
        for line in document.lines:
            sums[document.type, currency_of(document), "lines"] += Decimal(line["amount"] or 0)
    return {key: value for key, value in sums.items() if value}
