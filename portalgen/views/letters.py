"""What the templates of e-mails are given."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from portalgen.formats import Formatter
from portalgen.model import TRANSACTION_TYPES, Change, Link, Site
from portalgen.plain import plain_text
from portalgen.theme import Colours, colours_of
from portalgen.views.values import Day
from portalgen.words import words_for

_MOST = 20


@dataclass(frozen=True, slots=True)
class Told:
    """A document of which there is news: `kind` is 'new', 'changed' or 'paid', `day` that of the exports telling it."""

    number: str
    kind: str
    day: Day


@dataclass(frozen=True, slots=True)
class News:
    """What there is to tell of the documents of a type: `number` of them as the reader writes it, `more` unnamed."""

    type: str
    number: str
    documents: tuple[Told, ...]
    more: int


@dataclass(frozen=True, slots=True)
class LetterView:
    """An e-mail to one contact. Texts are one line each; '' stands for what is not known, `expires` for no end.

    `locale` is the reader's, `language` and `direction` are as HTML has them; `link` is the secret.
    """

    locale: str
    language: str
    direction: str
    seller: str
    email: str
    phone: str
    contact: str
    customer: str
    link: str = field(repr=False)
    expires: str
    colours: Colours
    news: tuple[News, ...]


@dataclass(frozen=True, slots=True)
class Matter:
    """What an e-mail is about besides the link: whose documents, until which day (inclusive), and what is new."""

    customer: str = ""
    expires: date | None = None
    changes: Sequence[Change] = ()


def letter_view(site: Site, link: Link, address: str, matter: Matter) -> LetterView:
    """The values of an e-mail about `link`, whose address in the web is `address`."""
    words, formatter = words_for(link.locale), Formatter(link.locale)
    return LetterView(
        locale=link.locale,
        language=words.language,
        direction=words.direction,
        seller=one_line(site.title),
        email=one_line(site.email),
        phone=one_line(site.phone),
        contact=one_line(link.contact_name),
        customer=one_line(matter.customer),
        link=address,
        expires=formatter.long_date(matter.expires),
        colours=colours_of(site.accent),
        news=tuple(_news(type_, found, formatter) for type_ in TRANSACTION_TYPES if (found := _of_type(type_, matter))),
    )


def one_line(text: str) -> str:
    """`text` without what cannot be seen, as one line."""
    return " ".join(plain_text(text).split())


def _news(type_: str, found: Sequence[Change], formatter: Formatter) -> News:
    documents = tuple(
        Told(one_line(each.number), each.kind, Day(each.day.isoformat(), formatter.date(each.day)))
        for each in found[:_MOST]
    )
    return News(type_, formatter.quantity(Decimal(len(found))), documents, max(0, len(found) - _MOST))


def _of_type(type_: str, matter: Matter) -> list[Change]:
    return [each for each in matter.changes if each.type == type_]
