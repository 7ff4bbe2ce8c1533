"""What the public part of a store really holds, beside what the manifests say."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from portalgen.links import TOKEN
from portalgen.plan import Stored
from portalgen.stores.base import PUBLIC, Store, StoredObject

_THREADS = 16
_FIRST = "0123456789abcdefghjkmnpqrstvwxyz"
"""What the link id of a token can begin with."""

There = Mapping[str, StoredObject]
"""What a listing shows under a link, by path."""

Judged = TypeVar("Judged")


@dataclass(frozen=True, slots=True)
class Drift:
    """Paths under a link that are not as its manifest says: not there, with other content, or not to be there."""

    missing: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.altered or self.unexpected)


def drift(published: Stored, there: There) -> Drift:
    """How a link differs from what was published there, by size and, where the listing tells it, by digest."""
    altered = [
        path
        for path, file in published.files.items()
        if path in there and (there[path].size, there[path].digest or file.digest) != (file.size, file.digest)
    ]
    missing = published.files.keys() - there.keys()
    return Drift(tuple(sorted(missing)), tuple(sorted(altered)), tuple(sorted(there.keys() - published.files.keys())))


def survey(store: Store, keys: Iterable[str], judge: Callable[[str, There], Judged | None]) -> list[Judged]:
    """What `judge` finds of each token that was made with one of `keys` and has objects, listed many at a time.

    `judge` is called from several threads. Raises StoreError.
    """
    prefixes = [f"{PUBLIC}p{key}{first}" for key in sorted({*keys}) for first in _FIRST]

    def look(prefix: str) -> list[Judged]:
        found = (judge(token, there) for token, there in _links(store.objects(prefix)) if token)
        return [each for each in found if each is not None]

    with ThreadPoolExecutor(_THREADS) as pool:
        return [each for found in pool.map(look, prefixes) for each in found]


def listed(store: Store) -> Iterator[tuple[str, There]]:
    """All of the public part, link by link. What lies under no token comes under ''. Raises StoreError."""
    yield from _links(store.objects(PUBLIC))


def _links(objects: Iterable[StoredObject]) -> Iterator[tuple[str, There]]:
    for token, items in groupby(objects, lambda item: item.key.removeprefix(PUBLIC).partition("/")[0]):
        is_link = TOKEN.fullmatch(token) is not None
        prefix = f"{PUBLIC}{token}/" if is_link else PUBLIC
        yield token if is_link else "", {item.key.removeprefix(prefix): item for item in items}
