"""Taking links away: every object under them, checked, from the ledger and the keys alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from portalgen.errors import StoreError
from portalgen.links import TOKEN, fingerprint
from portalgen.names import OF_ALL_TYPES, type_of
from portalgen.plan import Step
from portalgen.stores.base import PRIVATE, PUBLIC, Failure, Store


def manifest_key(link: str) -> str:
    """Where the store keeps the list of what was published under the link with this fingerprint."""
    return f"{PRIVATE}manifests/{link}.json"


@dataclass(frozen=True, slots=True)
class Taken:
    """How many objects a purge deleted and, by the fingerprint of their link, what could not be.

    A link that is not in `failed` has been purged whole, and was listed empty afterwards.
    """

    deleted: int
    failed: Mapping[str, Sequence[Failure]]

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.deleted + other.deleted, {**self.failed, **other.failed})


def public_tokens(store: Store) -> Iterator[str]:
    """Every token under which the store has objects. Lists the whole public part."""
    last = ""
    for item in store.objects(PUBLIC):
        token = item.key.removeprefix(PUBLIC).partition("/")[0]
        if token != last and TOKEN.fullmatch(token):
            yield token
        last = token


def find_tokens(store: Store, wanted: Sequence[str]) -> dict[str, str]:
    """By fingerprint, those of the store's tokens whose fingerprint is in `wanted`."""
    sought = frozenset(wanted)
    return {fingerprint(token): token for token in public_tokens(store) if fingerprint(token) in sought}


def list_paths(store: Store, token: str) -> tuple[str, ...]:
    """The paths of all objects under a link; none where there is no token."""
    prefix = f"{PUBLIC}{token}/"
    return tuple(item.key.removeprefix(prefix) for item in store.objects(prefix)) if token else ()


def purge(store: Store, steps: Sequence[Step], tokens: Mapping[str, str]) -> Taken:
    """Delete all that lies under each link of `steps`, going on after a failure.

    `tokens` maps fingerprint to token; a link without one has no objects.
    """
    deleted = 0
    failed: dict[str, Sequence[Failure]] = {}
    for step in steps:
        count, failures = _purge_link(store, tokens.get(step.fingerprint, ""), step.fingerprint)
        deleted += count
        if failures:
            failed[step.fingerprint] = failures
    return Taken(deleted, failed)


def withdraw(store: Store, withdrawn: Mapping[str, Sequence[str]]) -> Taken:
    """Delete the pages of the types that are named under each token, lists and downloads of them included.

    So does the summary, which names documents and amounts: the link has none until it is published again, in this run
    unless that fails. What is withdrawn goes first.
    """
    deleted = 0
    failed: dict[str, Sequence[Failure]] = {}
    for token, types in withdrawn.items():
        prefix = f"{PUBLIC}{token}/"
        try:
            gone = [path for path in list_paths(store, token) if type_of(path) in types or path in OF_ALL_TYPES]
            failures = store.delete(prefix + path for path in gone) if gone else []
        except StoreError as error:
            gone, failures = [], [Failure(prefix, "purge", error.problems[0].message)]
        deleted += len(gone) - len(failures) if gone else 0
        if failures:
            failed[fingerprint(token)] = failures
    return Taken(deleted, failed)


def _purge_link(store: Store, token: str, link: str) -> tuple[int, list[Failure]]:
    prefix = f"{PUBLIC}{token}/"
    try:
        paths = list_paths(store, token)
        failures = store.delete([*(prefix + path for path in paths), manifest_key(link)])
        left = [prefix + path for path in list_paths(store, token)] if paths else []
    except StoreError as error:
        return 0, [Failure(prefix if token else manifest_key(link), "purge", error.problems[0].message)]
    named = {failure.key for failure in failures}
    failures += [Failure(key, "delete", "still there after it was deleted") for key in left if key not in named]
    return len(paths) - len(left), failures
