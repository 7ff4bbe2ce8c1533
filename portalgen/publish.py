"""Writing bundles to a store, so that a reader never meets a link to what is not there yet."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from portalgen.builder import read_file
from portalgen.errors import NotInStoreError, PortalgenError, StoreError
from portalgen.model import BuiltBundle, BuiltFile
from portalgen.pages import SUMMARY, content_type, is_download
from portalgen.plan import Step, Stored
from portalgen.purge import manifest_key
from portalgen.stores.base import PUBLIC, Failure, Metadata, Store

_THREADS = 8
_FORMAT = 2

Progress = Callable[[int], None]
"""Called with the number of objects written since the last call."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One link to be written: its step, what was built for it, and where it goes."""

    step: Step
    bundle: BuiltBundle
    token: str


def look(store: Store, token: str, link: str, *, trusted: bool) -> Stored:
    """What lies under a link. Digests are those of the last publish, if that is `trusted` to have ended well."""
    prefix = f"{PUBLIC}{token}/"
    there = [item.key.removeprefix(prefix) for item in store.objects(prefix)]
    published = read_published(store, link)
    digests = published.files if trusted else {}
    return Stored({path: digests.get(path, "") for path in there}, published.documents)


def read_published(store: Store, link: str) -> Stored:
    """What the last publish of a link that ended well left there, if its manifest tells. Raises StoreError."""
    try:
        data = json.loads(store.read(manifest_key(link)))
        if data["format"] not in {1, _FORMAT}:
            return Stored({}, None)
        return Stored(dict(data["files"]), data.get("documents"))
    except (NotInStoreError, ValueError, KeyError, TypeError):
        return Stored({}, None)


@dataclass(frozen=True, slots=True)
class Written:
    """How many objects were written and deleted and, by the fingerprint of their link, what could not be.

    A link that is not in `failed` is published whole, and its manifest says so.
    """

    count: int
    deleted: int
    failed: Mapping[str, Sequence[Failure]]


def upload(store: Store, uploads: Sequence[Upload], folder: Path, progress: Progress = lambda _: None) -> Written:
    """Write every link of `uploads` from the build folder, each in the order of `_rank`, then delete what is left over.

    A link goes no further up than the rank at which something of it failed; what was withdrawn from it is deleted all
    the same.
    """
    failed: dict[str, list[Failure]] = {}
    count = 0
    with ThreadPoolExecutor(_THREADS) as pool:
        for rank in range(3):
            sound = [item for item in uploads if item.step.fingerprint not in failed]
            jobs = [(item, file) for item in sound for file in _to_put(item) if _rank(file.path) == rank]
            outcomes = pool.map(lambda job: _put(store, job[0], job[1], folder), jobs)
            for (item, _), failure in zip(jobs, outcomes, strict=True):
                progress(1)
                count += not failure
                if failure:
                    failed.setdefault(item.step.fingerprint, []).append(failure)
        ends = [*pool.map(lambda item: _finish(store, item, whole=item.step.fingerprint not in failed), uploads)]
    for item, failures in zip(uploads, ends, strict=True):
        if failures:
            failed.setdefault(item.step.fingerprint, []).extend(failures)
    undeleted = sum(failure.action == "delete" for failures in ends for failure in failures)
    return Written(count, sum(len(item.step.delete) for item in uploads) - undeleted, failed)


def _rank(path: str) -> int:
    """Documents and assets come first, then the lists that lead to them, then the summary that leads to those."""
    if path == SUMMARY:
        return 2
    return 1 if path.endswith(".html") and "/" not in path else 0


def _to_put(item: Upload) -> Iterable[BuiltFile]:
    put = set(item.step.put)
    return [file for file in item.bundle.files if file.path in put]


def _put(store: Store, item: Upload, file: BuiltFile, folder: Path) -> Failure | None:
    key = f"{PUBLIC}{item.token}/{file.path}"
    try:
        metadata = Metadata(content_type(file.path), is_download=is_download(file.path))
        store.write(key, read_file(folder, item.bundle, file), metadata)
    except PortalgenError as error:
        return Failure(key, "put", error.problems[0].message)
    return None


def _finish(store: Store, item: Upload, *, whole: bool) -> list[Failure]:
    manifest = manifest_key(item.step.fingerprint)
    try:
        left_over = [f"{PUBLIC}{item.token}/{path}" for path in item.step.delete]
        failures = store.delete(left_over) if left_over else []
        if failures or not whole:
            return failures
        files = {file.path: file.sha256 for file in item.bundle.files}
        manifest_of = {"format": _FORMAT, "files": files, "documents": item.bundle.documents}
        data = json.dumps(manifest_of, ensure_ascii=False).encode()
        store.write(manifest, data, Metadata("application/json"))
    except StoreError as error:
        return [Failure(manifest, "put", error.problems[0].message)]
    return []
