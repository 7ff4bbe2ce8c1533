"""A book that stays open from one build to the next, for as long as the exports that it was read from stay as they are.

Where a definition changed and no export did, none is read.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import file_digest
from pathlib import Path

from portalgen.book import Book
from portalgen.errors import InvalidInputError
from portalgen.exports.reader import JudgeCustomers, read_exports
from portalgen.keeping import Keeper, keeper
from portalgen.model import Definitions
from portalgen.watched import Seen, made_of

_BOOK = "book"


@contextmanager
def open_exports(definitions: Definitions, judge: JudgeCustomers = lambda _: []) -> Iterator[Book]:
    """As `read_exports`; where somebody keeps books, with the last one if that would say the same."""
    keeps = keeper()
    if keeps is None or any(
        source.format == "sqlite" for source in definitions.exports
    ):  # a file beside it counts, too
        with read_exports(definitions, judge) as book:
            yield book
    else:
        try:
            yield _book(keeps, definitions, judge)
        except BaseException:
            keeps.drop(_BOOK)
            raise


def _book(keeps: Keeper, definitions: Definitions, judge: JudgeCustomers) -> Book:
    read_from = _read_from(definitions)
    last: Book | None = keeps.find(_BOOK, read_from)
    if last is not None:
        if problems := judge(last.names()):
            raise InvalidInputError.of(problems)
        return last
    keeps.drop(_BOOK)
    opened = ExitStack()
    book = opened.enter_context(read_exports(definitions, judge))
    keeps.keep(_BOOK, read_from if read_from == _read_from(definitions) else None, book, opened)
    return book


def _read_from(definitions: Definitions) -> tuple[str, Seen, list[str]]:
    """What a book follows from: of the definitions, and of the files, which are read for it to their last byte."""
    site, seen = definitions.site, made_of(definitions)[1].look()
    said = (definitions.root, definitions.exports, site.currency, site.timezone, site.as_of)
    return repr(said), seen, [_digest(path) for path in seen]


def _digest(path: Path) -> str:
    """The digest of a file; '' where it cannot be read, or is none that has an end."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb", buffering=0) as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
