"""Accounts -> bundles -> build/: in this process, or in several where there is much to do."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from portalgen.book import Book
from portalgen.builder import Built, make_bundles, remove_others
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
    """

    first: int
    links: tuple[tuple[str, tuple[Link, ...]], ...]
    withheld: Withheld
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

        PortalgenError where a template fails, or a bundle ends each process that makes it.
        """
        wanted = by_customer(links)
        counts = book.counts(wanted)
        if book.folder and processors() > 1 and sum(counts.values()) > FEW:
            built = self._share([*_orders(wanted, counts, withheld)], book, book.folder / "shelf.duckdb")
        else:
            order = _order(1, [(customer, tuple(found)) for customer, found in wanted.items()], withheld)
            built = self._make(order, book.accounts(wanted), pages.Renderer(self.templates))
        return replace(built, removed=remove_others(self.folder, built))

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
        built = make_bundles(self.bundles(accounts, dict(order.links), withholding), renderer, self.folder)
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


def by_customer(links: Iterable[Link]) -> dict[str, list[Link]]:
    """Links by their customer, in their order."""
    found: dict[str, list[Link]] = {}
    for link in links:
        found.setdefault(link.customer, []).append(link)
    return found


def _orders(links: Mapping[str, Sequence[Link]], counts: Mapping[str, int], withheld: Withheld) -> Iterator[Order]:
    """Orders for the customers that there are, with about as many documents in each; seats are in the order of ids."""
    seat, size = 1, 0
    together: list[tuple[str, tuple[Link, ...]]] = []
    for customer in sorted(counts):
        together.append((customer, tuple(links[customer])))
        size += 1 + counts[customer] * len(links[customer])
        if size >= AT_ONCE:
            yield _order(seat, together, withheld)
            seat, size, together = seat + len(together), 0, []
    if together:
        yield _order(seat, together, withheld)


def _order(seat: int, together: Sequence[tuple[str, tuple[Link, ...]]], withheld: Withheld) -> Order:
    theirs = {link.id: withheld[link.id] for _, links in together for link in links if link.id in withheld}
    return Order(seat, tuple(together), theirs)


def _deadly(order: Order) -> PortalgenError:
    [(_, [link])] = order.links
    return PortalgenError(
        f"link '{link.id}': each process that makes its bundle ends at once, as if it was killed",
        "is there enough memory? if so, one of your own templates may be to blame",
    )
