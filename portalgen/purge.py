"""Taking links away: everything under them, checked, from the ledger and the keys alone."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from portalgen.errors import OvertakenError, StoreError
from portalgen.links import TOKEN, fingerprint
from portalgen.names import OF_ALL_TYPES, SUMMARY, type_of
from portalgen.probes import is_gone, statuses
from portalgen.stores.base import PUBLIC, Failure, Store

_THREADS = 16

STILL_ANSWERS = "it still answers"

Address = Callable[[str], str]
"""The address of a token's summary."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was deleted (objects, versions and markers behind them, unfinished uploads) and, by the fingerprint of
    their link, what could not be.

    Of a link that is not in `failed`, nothing is left: it was listed empty, the CDN has forgotten it, and its address
    did not answer. `unseen` says what could not be looked for, or is ''. `statuses` are those of links' addresses,
    where these were asked. `asked` are the links of which everything was looked at.
    """

    objects: int = 0
    versions: int = 0
    uploads: int = 0
    failed: Mapping[str, Sequence[Failure]] = field(default_factory=dict)
    unseen: str = ""
    statuses: Mapping[str, int] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()

    def __add__(self, other: "Taken") -> "Taken":
        marks = {**self.failed, **other.failed}
        return Taken(
            self.objects + other.objects,
            self.versions + other.versions,
            self.uploads + other.uploads,
            {mark: [*self.failed.get(mark, ()), *other.failed.get(mark, ())] for mark in marks},
            self.unseen or other.unseen,
            {**self.statuses, **other.statuses},
            self.asked | other.asked,
        )


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


def purge(
    store: Store, tokens: Mapping[str, str], known: Mapping[str, Iterable[str]], address: Address | None = None
) -> Taken:
    """Delete all that lies under each link of `tokens` (by fingerprint), going on after a failure.

    `known` are the paths under a link that are surely there, by fingerprint too. Where an `address` is given, that is
    asked, too.
    """
    keys = [f"{PUBLIC}{token}/{path}" for mark, token in tokens.items() for path in known.get(mark, ())]
    taken = _erase(store, tokens, keys)
    whole = {mark: token for mark, token in tokens.items() if mark not in taken.failed}
    taken += Taken(failed=_answering(store, whole))
    return taken + _asked(tokens, address) if address else taken


def withdraw(store: Store, tokens: Mapping[str, str], types: Mapping[str, Sequence[str]]) -> Taken:
    """Delete the pages of `types` under each link (by fingerprint), lists and downloads of them included.

    So does the summary, which names documents and amounts: the link has none until it is published again, in this run
    unless that fails. What is withdrawn goes first.
    """
    failed: dict[str, Sequence[Failure]] = {}
    keys: list[str] = []
    for mark, token in tokens.items():
        prefix = f"{PUBLIC}{token}/"
        try:
            paths = list_paths(store, token)
        except StoreError as error:
            failed[mark] = [Failure(prefix, "purge", error.problems[0].message)]
        else:
            keys += [prefix + path for path in paths if type_of(path) in types[mark] or path in OF_ALL_TYPES]
    listed = {mark: token for mark, token in tokens.items() if mark not in failed}
    return Taken(failed=failed) + _erase(store, listed, keys, frozenset(keys))


def _erase(store: Store, tokens: Mapping[str, str], keys: Sequence[str], only: Container[str] | None = None) -> Taken:
    marks = {f"{PUBLIC}{token}/": mark for mark, token in tokens.items()}
    if not marks:
        return Taken()
    try:
        erased = store.erase([*marks], keys, only)
    except OvertakenError:
        raise
    except StoreError as error:
        failures = [Failure(prefix, "purge", error.problems[0].message) for prefix in marks]
        return Taken(failed=_by_link(failures, marks))
    failed = _by_link([*erased.failures, *store.invalidate([*marks])], marks)
    asked = frozenset(tokens)
    return Taken(erased.objects, erased.versions, erased.uploads, failed, erased.unseen, asked=asked)


def _asked(tokens: Mapping[str, str], address: Address) -> Taken:
    """What the addresses of links answer."""
    urls = {mark: address(token) for mark, token in tokens.items()}
    answers = statuses([*urls.values()])
    found = {mark: answers[url] for mark, url in urls.items()}
    failed = {
        mark: [Failure(f"{PUBLIC}{tokens[mark]}/{SUMMARY}", "silence", f"its address {_answer(status)}")]
        for mark, status in found.items()
        if not is_gone(status)
    }
    return Taken(failed=failed, statuses=found)


def _answer(status: int) -> str:
    return f"answers with status {status}" if status else "does not answer at all, so that it cannot be told"


def _by_link(failures: Iterable[Failure], marks: Mapping[str, str]) -> dict[str, Sequence[Failure]]:
    found: dict[str, list[Failure]] = {}
    for failure in failures:
        token = failure.key.removeprefix(PUBLIC).partition("/")[0]
        mark = marks.get(f"{PUBLIC}{token}/")
        for each in [mark] if mark else marks.values():  # what befell all of the store befell each of them
            found.setdefault(each, []).append(failure)
    return {**found}


def _answering(store: Store, tokens: Mapping[str, str]) -> dict[str, Sequence[Failure]]:
    """The links whose summary still answers, or of which that cannot be told."""

    def answer(token: str) -> list[Failure]:
        key = f"{PUBLIC}{token}/{SUMMARY}"
        try:
            return [Failure(key, "purge", STILL_ANSWERS)] if store.answers(key) else []
        except StoreError as error:
            return [Failure(key, "probe", error.problems[0].message)]

    with ThreadPoolExecutor(_THREADS) as pool:
        failures = pool.map(answer, tokens.values())
    return {mark: found for mark, found in zip(tokens, failures, strict=True) if found}
