"""Accounts -> bundles -> build/: in this process, or in several where there is much to do."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from portalgen import __version__
from portalgen.book import Book
from portalgen.builder import Built, link_of_pages, make_bundles, remove_others, site_of_pages, unchanged
from portalgen.crew import Crew, DeadlyError, processors
from portalgen.deferred import deferred
from portalgen.enclosing import Enclosing
from portalgen.errors import PortalgenError, Problem, StatementError
from portalgen.exports.report import ReadingReport
from portalgen.grants import Withholding
from portalgen.model import Account, Bundle, Link, LinkId, Refused, Site
from portalgen.shelf import open_shelf

if TYPE_CHECKING:
    from portalgen import pages
else:
    pages = deferred("portalgen.pages")

FEW = 3_000
"""Documents that one process is done with before others have started."""
AT_ONCE = 1_000
"""Documents that a process is given at a time, and no more customers than that."""

Withheld = Mapping[LinkId, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Order:
    """Bundles that are made at a time: those of the links of some customers, who sit side by side.

    The first of them sits on seat `first`; `part` counts the orders that one customer's links are spread over, from 0.
    `sources` stand for what bundles are made of, as in `Bundle`.
    """

    first: int
    links: tuple[tuple[str, tuple[Link, ...]], ...]
    withheld: Withheld
    sources: Mapping[LinkId, str]
    part: int = 0

    @property
    def last(self) -> int:
        """The seat of the last customer."""
        return self.first + len(self.links) - 1

    def halves(self) -> Sequence["Order"]:
        """The same in two orders; none where there is but one link."""
        if len(self.links) > 1:
            middle = len(self.links) // 2
            return [
                replace(self, links=self.links[:middle]),
                replace(self, links=self.links[middle:], first=self.first + middle),
            ]
        [(customer, links)] = self.links
        middle = len(links) // 2
        if not middle:
            return []
        return [
            replace(self, links=((customer, links[:middle]),)),
            replace(self, links=((customer, links[middle:]),), part=self.part + middle),
        ]


Done = tuple[tuple[int, int], Built]
"""What an order came to, after what orders sort by."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all bundles of a build have in common. `templates` is the folder of the user's own, `folder` is build/."""

    site: Site
    as_of: date
    templates: Path | None
    folder: Path
    enclosing: Enclosing | None

    def make(self, links: Iterable[Link], book: Book, withheld: Withheld) -> Built:
        """Make build/ hold exactly the bundles of `links`, with nothing of the types that are `withheld` from one.

        What is there and was made of the same is not made again. PortalgenError where a template fails, or a bundle
        ends each process that makes it.
        """
        wanted, renderer = by_customer(links), pages.Renderer(self.templates)
        sources = self._sources(wanted, book, withheld, renderer)
        kept = {id_: bundle for id_, source in sources.items() if (bundle := unchanged(self.folder, id_, source))}
        rest = by_customer(link for links in wanted.values() for link in links if link.id not in kept)
        built = self._make_all(Order(1, _pairs(rest), withheld, sources), book, renderer)
        made = kept | {bundle.id: bundle for bundle in built.bundles}
        ids = [link.id for _, links in _pairs(wanted) for link in links]
        built = replace(built, bundles=tuple(made[id_] for id_ in ids if id_ in made))
        return replace(built, removed=remove_others(self.folder, built))

    def _sources(
        self, wanted: Mapping[str, Sequence[Link]], book: Book, withheld: Withheld, renderer: "pages.Renderer"
    ) -> dict[LinkId, str]:
        """By link, what stands for all that its bundle is made of; '' where there is more to it than can be told."""
        common = (__version__, renderer.digest, site_of_pages(self.site), self.as_of, book.has_receipts)
        begun, digests = sha256(repr(common).encode()), book.digests(wanted)
        sources = {}
        for customer, link in ((customer, link) for customer, links in wanted.items() for link in links):
            digest, each = digests.get(customer, ""), begun.copy()
            each.update(
                repr((digest, link.revision, link_of_pages(link))).encode()
            )  # another revision remembers nothing
            sources[link.id] = each.hexdigest() if digest and not withheld.get(link.id) else ""
        return sources

    def _make_all(self, order: "Order", book: Book, renderer: "pages.Renderer") -> Built:
        """Make what is ordered: in this process, or in several."""
        customers = [customer for customer, _ in order.links]
        counts = book.counts(customers) if customers else {}
        if book.folder and processors() > 1 and sum(counts.values()) > FEW:
            return self._share([*_parts(order, counts)], book, book.folder / "shelf.duckdb")
        return self._make(order, book.accounts(customers), renderer)

    def _share(self, orders: Sequence[Order], book: Book, shelf: Path) -> Built:
        book.lay_out([customer for order in orders for customer, _ in order.links], shelf)
        crew: Crew[Order, Done] = Crew(
            processors(), partial(self.begin, shelf, has_receipts=book.has_receipts), Order.halves
        )
        try:
            done = sorted(crew.do(orders), key=lambda each: each[0])
        except DeadlyError as error:
            raise _deadly(error.job) from error
        return Built.together([built for _, built in done])

    def begin(self, shelf: Path, *, has_receipts: bool) -> Callable[[Order], Done]:
        """What does orders in a process of its own, of the accounts on a `shelf`."""
        opened, renderer = open_shelf(shelf, has_receipts=has_receipts), pages.Renderer(self.templates)

        def do(order: Order) -> Done:
            return (order.first, order.part), self._make(order, opened.accounts(order.first, order.last), renderer)

        return do

    def _make(self, order: Order, accounts: Iterable[Account], renderer: "pages.Renderer") -> Built:
        told, withholding = len(self.problems), Withholding(order.withheld)
        bundles = self.bundles(accounts, dict(order.links), withholding)
        built = make_bundles((_with_source(each, order.sources) for each in bundles), renderer, self.folder)
        reading = ReadingReport(warnings=tuple(self.problems[told:]))
        return replace(built, waiting=withholding.waiting, reading=reading)

    def bundles(
        self, accounts: Iterable[Account], links: Mapping[str, Sequence[Link]], withholding: Withholding
    ) -> Iterator[Bundle | Refused]:
        """The bundles of `links`, which are by customer, in the order of the accounts."""
        for account in accounts:
            for link in links[account.customer.id]:
                try:
                    bundle = withholding.bundle_for(link, account, self.site, self.as_of)
                    yield self.enclosing.enclose(bundle) if self.enclosing else bundle
                except StatementError as error:
                    yield Refused(link.id, error.problems)

    @property
    def problems(self) -> Sequence[Problem]:
        """Why some documents go without their files, as far as this process came across it."""
        return self.enclosing.problems if self.enclosing else ()


def _with_source(bundle: Bundle | Refused, sources: Mapping[LinkId, str]) -> Bundle | Refused:
    return bundle if isinstance(bundle, Refused) else replace(bundle, source=sources.get(bundle.link.id, ""))


def by_customer(links: Iterable[Link]) -> dict[str, list[Link]]:
    """Links by their customer, in their order."""
    found: dict[str, list[Link]] = {}
    for link in links:
        found.setdefault(link.customer, []).append(link)
    return found


def _pairs(links: Mapping[str, Sequence[Link]]) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    """Customers in the order of their ids, as they sit, each with their links."""
    return tuple((customer, tuple(links[customer])) for customer in sorted(links))


def _parts(order: Order, counts: Mapping[str, int]) -> Iterator[Order]:
    """An order in several, with about as many documents in each; `counts` are those of the customers."""
    first, size, together = order.first, 0, 0
    for place, (customer, links) in enumerate(order.links, 1):
        together += 1
        size += 1 + counts[customer] * len(links)
        if size >= AT_ONCE or place == len(order.links):
            yield _part(order, first, order.links[place - together : place])
            first, size, together = first + together, 0, 0


def _part(order: Order, first: int, links: tuple[tuple[str, tuple[Link, ...]], ...]) -> Order:
    ids = [link.id for _, theirs in links for link in theirs]
    withheld = {id_: order.withheld[id_] for id_ in ids if id_ in order.withheld}
    sources = {id_: order.sources[id_] for id_ in ids if id_ in order.sources}
    return Order(first, links, withheld, sources)


def _deadly(order: Order) -> PortalgenError:
    [(_, [link])] = order.links
    return PortalgenError(
        f"link '{link.id}': each process that makes its bundle ends at once, as if it was killed",
        "is there enough memory? if so, one of your own templates may be to blame",
    )
