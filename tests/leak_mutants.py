"""Leaks put into the product on purpose. Each is a mistake that somebody could make in an afternoon.

A mutant rewrites a piece of the product's source, or replaces a function, for as long as its monkeypatch lasts. One
whose piece of source is no longer there fails by its own: a mutant never quietly turns into no mutant.
"""

import base64
import csv
import gzip
import html
import inspect
import io
import json
import re
import sys
import textwrap
import unicodedata
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
import yaml

from portalgen import builder, carry, grants, inventory, publish, shelf
from portalgen.book import Book
from portalgen.exports import visibility
from portalgen.model import TRANSACTION_TYPES, Account, Bundle, Transaction
from portalgen.names import SUMMARY, safe_name
from portalgen.pages import Page, Renderer
from portalgen.templating import Templates, generator
from portalgen.words import Words
from tests.leak_runs import Run, built, rebuilt, republished
from tests.worlds import World, crowd, office

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Mutant:
    """A leak: how it is put in, and the way and the world in which it shows."""

    name: str
    apply: Callable[[Patch], None]
    run: Run = built
    make: Callable[[], World] = office


def edit(patch: Patch, module: ModuleType, function: str, *changes: tuple[str, str], **extra: object) -> None:
    """Change pieces of the source of a function ('name' or 'Class.name') everywhere it is used.

    `extra` are further globals that the changed source speaks of.
    """
    *owners, name = function.split(".")
    owner: Any = module
    for each in owners:
        owner = getattr(owner, each)
    original = getattr(owner, name)
    source = textwrap.dedent(inspect.getsource(original))
    for old, new in changes:
        assert old in source, f"{function} does not contain {old!r} any more: this mutant needs a new way in"
        source = source.replace(old, new)
    for key, value in extra.items():
        patch.setattr(module, key, value, raising=False)
    made: dict[str, Any] = {}
    exec(compile(source, f"<mutant of {function}>", "exec"), module.__dict__, made)  # noqa: S102 - our own source
    for user in [owner] if owners else [*sys.modules.values()]:
        if vars(user).get(name) is original:
            patch.setattr(user, name, made[name])


def edited(module: ModuleType, function: str, *changes: tuple[str, str], **extra: object) -> Callable[[Patch], None]:
    """A mutation that is one `edit`."""
    return lambda patch: edit(patch, module, function, *changes, **extra)


# Rows chosen by an id that is not the same, byte for byte


def matched_by(same: Callable[[str, str], bool]) -> Callable[[Patch], None]:
    """A customer gets the rows of every id for which `same(own, other)`."""

    def apply(patch: Patch) -> None:
        original = Book.accounts

        def accounts(self: Book, customers: Collection[str]) -> Iterator[Account]:
            everyone = list(original(self, all_ids(self)))
            for account in everyone:
                if account.customer.id in customers:
                    kin = [other for other in everyone if same(account.customer.id, other.customer.id)]
                    yield replace(account, transactions=tuple(row for other in kin for row in other.transactions))

        patch.setattr(Book, "accounts", accounts)
        theirs = ("transaction.customer_id == link.customer", "same(link.customer, transaction.customer_id)")
        edit(patch, grants, "bundle_for", theirs, same=same)

    return apply


def alike(normal: Callable[[str], object]) -> Callable[[Patch], None]:
    """A customer gets the rows of every id that `normal` turns into the same."""
    return matched_by(lambda own, other: normal(own) == normal(other))


def all_ids(opened: Book) -> list[str]:
    """Every customer's id."""
    return [id_ for (id_,) in opened._database.rows("SELECT id FROM customers")]


def _as_number(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        return text


def _like(own: str, other: str) -> bool:
    pattern = "".join({"_": ".", "%": ".*"}.get(letter, re.escape(letter)) for letter in own)
    return re.fullmatch(pattern, other) is not None


def branches_match(same: Callable[[str, str], bool]) -> Callable[[Patch], None]:
    """A link shows what is of every branch for which `same(own, other)`."""
    matched = ("branch in link.branches", "any(same(own, branch) for own in link.branches)")
    return edited(grants, "_may_show", matched, same=same)


# Something of everybody in every bundle


def added(make: Callable[[Bundle, Sequence[Transaction]], Page | bytes]) -> Callable[[Patch], None]:
    """Every bundle gets a page, or an addition to its summary, made from the rows of all customers."""

    def apply(patch: Patch) -> None:
        everything: list[Transaction] = []
        accounts, render = Book.accounts, Renderer.render

        def remembering(self: Book, customers: Collection[str]) -> Iterator[Account]:
            everything[:] = [row for account in accounts(self, all_ids(self)) for row in account.transactions]
            yield from accounts(self, customers)

        def with_addition(self: Renderer, bundle: Bundle) -> Iterator[Page]:
            made = make(bundle, everything)
            for page in render(self, bundle):
                is_place = isinstance(made, bytes) and page.path == SUMMARY
                yield replace(page, body=page.body + made) if is_place and isinstance(made, bytes) else page
            if isinstance(made, Page):
                yield made

        patch.setattr(Book, "accounts", remembering)
        patch.setattr(Renderer, "render", with_addition)

    return apply


def _json(rows: Sequence[Transaction]) -> bytes:
    return json.dumps([asdict(row) for row in rows], default=str).encode()


def _csv(rows: Sequence[Transaction]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([row.number, row.date, row.total] for row in rows)
    return out.getvalue().encode()


def _zip(rows: Sequence[Transaction]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("documents.csv", _csv(rows))
    return out.getvalue()


def _search_index(rows: Sequence[Transaction]) -> bytes:
    return json.dumps({row.number.lower(): f"{row.type}/{safe_name(row.number)}.html" for row in rows}).encode()


def _turnover(rows: Sequence[Transaction]) -> bytes:
    return f"<p>Our turnover: {sum((row.total or Decimal(0) for row in rows), Decimal(0)):,.2f}</p>".encode()


def _menu(rows: Sequence[Transaction]) -> bytes:
    return "".join(f"<li>{html.escape(row.customer_id)}</li>" for row in rows).encode()


def _neighbour_numbers(bundle: Bundle, rows: Sequence[Transaction]) -> Page:
    own = {row.number for row in bundle.transactions}
    last = max((row.number for row in rows if row.number not in own), key=len)
    return Page(f"downloads/{safe_name(last)}.pdf", b"")


# Things kept from one customer to the next


def cached_by(key: Callable[[Bundle], object]) -> Callable[[Patch], None]:
    """Bundles of one key share the pages of the first of them."""

    def apply(patch: Patch) -> None:
        cache: dict[object, list[Page]] = {}
        render = Renderer.render

        def cached(self: Renderer, bundle: Bundle) -> Iterator[Page]:
            if key(bundle) not in cache:
                cache[key(bundle)] = list(render(self, bundle))
            yield from cache[key(bundle)]

        patch.setattr(Renderer, "render", cached)

    return apply


def _cached_lists(patch: Patch) -> None:
    cache: dict[object, str] = {}
    fill = Templates.fill

    def cached(self: Templates, name: str, words: Words, values: Mapping[str, Any]) -> str:
        if name != "list.html":
            return fill(self, name, words, values)
        listing = values["listing"]
        return cache.setdefault((listing.type, listing.count), fill(self, name, words, values))

    patch.setattr(Templates, "fill", cached)


def _accumulated(patch: Patch) -> None:
    so_far: dict[tuple[str, str], Transaction] = {}
    bundle_for = grants.bundle_for

    def accumulating(*arguments: Any) -> Bundle:
        bundle = bundle_for(*arguments)
        so_far.update({(row.type, row.number): row for row in bundle.transactions})
        rows = tuple(row for row in so_far.values() if row.type in bundle.link.types)
        return replace(bundle, transactions=rows)

    patch.setattr(grants, "bundle_for", accumulating)


def _purges_forgotten(patch: Patch) -> None:
    patch.setattr(inventory.Inventory, "purges", lambda _: [])


MUTANTS = [
    # rows chosen by an id that is not the same, byte for byte
    Mutant("customer ids match by prefix", matched_by(lambda own, other: other.startswith(own)), make=crowd),
    Mutant("customer ids match by substring", matched_by(lambda own, other: own in other), make=crowd),
    Mutant("customer ids match as SQL LIKE patterns", matched_by(_like), make=crowd),
    Mutant("customer ids match as integers", alike(_as_number), make=crowd),
    Mutant("customer ids match without leading zeros", alike(lambda id_: id_.lstrip("0")), make=crowd),
    Mutant("customer ids match without punctuation", alike(lambda id_: re.sub(r"\W", "", id_)), make=crowd),
    Mutant("customer ids match in lower case", alike(str.lower), make=crowd),
    Mutant("customer ids match casefolded", alike(str.casefold), make=crowd),
    Mutant("customer ids match after NFC", alike(lambda id_: unicodedata.normalize("NFC", id_)), make=crowd),
    Mutant("customer ids match after NFKC", alike(lambda id_: unicodedata.normalize("NFKC", id_)), make=crowd),
    Mutant("customer ids match as slugs", alike(lambda id_: id_.encode("ascii", "ignore")), make=crowd),
    Mutant("customer ids match as YAML reads them", alike(yaml.safe_load), make=crowd),
    # a grant not as the definitions have it
    Mutant(
        "types are ignored",
        edited(grants, "_links_of_portal", ("types=portal.show", "types=every"), every=TRANSACTION_TYPES),
    ),
    Mutant(
        "a contact may see more than its portal",
        edited(grants, "_links_of_portal", ("if type_ in portal", "if portal")),
    ),
    Mutant(
        "a contact without a grant of its own gets the portal's",
        edited(grants, "_links_of_portal", ("if type_ in portal.show)", "if type_ in portal.show) or portal.show")),
    ),
    Mutant(
        "the numbers of documents that are not granted are shown as references",
        edited(grants, "_without_others", ("if type_ not in link.types", "if not type_")),
    ),
    Mutant("branches are ignored", edited(grants, "_may_show", ("link.branches is None", "True"))),
    Mutant("what is of no branch is shown to all", edited(grants, "_may_show", ("None or", "None or not branch or"))),
    Mutant(
        "an empty list of branches is no limit",
        edited(grants, "_may_show", ("link.branches is None", "not link.branches")),
    ),
    Mutant("branches match casefolded", branches_match(lambda own, other: own.casefold() == other.casefold())),
    Mutant("branches match by prefix", branches_match(lambda own, other: other.startswith(own))),
    Mutant(
        "a contact has the branches of its portal",
        edited(grants, "_links_of_portal", ("_narrowed(contact.branches, portal.branches)", "portal.branches")),
    ),
    Mutant(
        "a contact has branches that its portal has not",
        edited(grants, "_narrowed", ("branch in within", "branch")),
    ),
    Mutant(
        "a contact without branches of its own is not limited by its portal's",
        edited(grants, "_narrowed", ("return within", "return None")),
    ),
    Mutant(
        "the numbers of documents of other branches are shown as references",
        edited(grants, "_without_others", ("link.branches is not None", "False")),
    ),
    Mutant("enabled is ignored", edited(grants, "_state", ("return DISABLED", "pass"))),
    Mutant("expiry is ignored", edited(grants, "_state", ("return EXPIRED", "pass"))),
    Mutant("a link expires a day late", edited(grants, "_state", ("< today", "< today.replace(day=today.day - 1)"))),
    Mutant(
        "a contact outlives its portal",
        edited(grants, "_state", ("(portal, contact) if contact else (portal,)", "(contact or portal,)")),
    ),
    # rows that no customer may see, and lines of other documents
    Mutant(
        "customer_visible is ignored",
        edited(
            visibility,
            "hidden_sql",
            ("coalesce(lower(customer_visible) IN ('false', 'no', '0'), {is_unsaid})", "false"),
        ),
    ),
    Mutant(
        "the visible statuses are ignored",
        edited(
            visibility,
            "hidden_sql",
            ("coalesce(status NOT IN ({_list(shown_ones)}) AND NOT {_HAS_ERROR}, true)", "false"),
        ),
    ),
    Mutant(
        "lines are joined by number without type",
        edited(shelf, "lay_out", ("t.type = l.type AND ", "")),
    ),
    # something of everybody in every bundle
    Mutant("a download has all rows", added(lambda _, rows: Page("downloads/documents.csv", _csv(rows)))),
    Mutant("a zip download has all rows", added(lambda _, rows: Page("downloads/documents.zip", _zip(rows)))),
    Mutant("a gzipped file has all rows", added(lambda _, rows: Page("data.json.gz", gzip.compress(_json(rows))))),
    Mutant("a base64 blob has all rows", added(lambda _, rows: b"<!--" + base64.b64encode(_json(rows)) + b"-->")),
    Mutant("a search index has all documents", added(lambda _, rows: Page("search.json", _search_index(rows)))),
    Mutant("a total is over all customers", added(lambda _, rows: _turnover(rows))),
    Mutant("a menu has all customer numbers", added(lambda _, rows: _menu(rows))),
    Mutant("the name of an empty file has a neighbour's number", added(_neighbour_numbers)),
    # things kept from one customer to the next
    Mutant("pages are cached by the customer's name", cached_by(lambda bundle: bundle.customer.name)),
    Mutant("pages are cached by the customer, whoever the contact", cached_by(lambda bundle: bundle.customer.id)),
    Mutant(
        "pieces of pages are kept, whoever they were made for",
        edited(generator, "Generator._keep", ("for at in range(len(names))", "for at in range(0)")),
    ),
    Mutant("lists are cached by their type and length", _cached_lists, make=crowd),
    Mutant("rows accumulate from customer to customer", _accumulated),
    Mutant(
        "portals whose ids differ in case share a folder",
        edited(builder, "bundle_folder", ("safe_name(link.portal)", "link.portal.lower()")),
    ),
    # things left from an earlier run
    Mutant(
        "a page that was withdrawn stays in its folder",
        edited(builder, "_write", ("(home / path).unlink()", "pass")),
        rebuilt,
    ),
    Mutant(
        "a bundle is not built again for a change of its rows",
        edited(
            builder,
            "fingerprint_of",
            ('link=link, source="")', 'link=link, source="", transactions=(), receipts=(), changes=None)'),
        ),
        rebuilt,
    ),
    Mutant(
        "the folder of a dead link stays",
        edited(builder, "remove_others", ("shutil.rmtree(home)", "pass")),
        rebuilt,
    ),
    # the way to the store
    Mutant(
        "a page that was withdrawn stays in the store",
        edited(publish, "_delete_left_over", ("store.delete(owners)", "[]")),
        republished,
    ),
    Mutant("a dead link is not purged", _purges_forgotten, republished),
    Mutant(
        "bundles are published under each other's links",
        edited(
            carry,
            "write",
            ("inventory.tokens[step.fingerprint]", "inventory.tokens[changed[-1 - changed.index(step)].fingerprint]"),
        ),
        republished,
    ),
]


HARMLESS = [
    Mutant("ids match byte for byte", matched_by(lambda own, other: own == other), make=crowd),
    Mutant("nothing is added to the summary", added(lambda *_: b"")),
    Mutant("pages are cached by link", cached_by(lambda bundle: bundle.link.id)),
    Mutant("source is compiled again unchanged", edited(grants, "bundle_for"), republished),
]
"""Put in in the same ways, and no leak: it is not the ways that the scan notices."""
