"""Writing bundles to a store, so that a reader never meets a link to what is not there yet."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portalgen.builder import read_file
from portalgen.errors import OvertakenError, PortalgenError, StoreError
from portalgen.media import content_type, is_download
from portalgen.model import BuiltBundle, BuiltFile
from portalgen.names import SUMMARY
from portalgen.plan import Step, Stored, StoredFile
from portalgen.progress import SILENT, UPLOAD, Progress
from portalgen.stores.base import PUBLIC, Failure, Metadata, Put, Store, StoredObject

_LAST = 4


@dataclass(frozen=True, slots=True)
class Upload:
    """One link to be written: its step, what was built for it, where it goes, and what lies there."""

    step: Step
    bundle: BuiltBundle
    token: str
    there: Stored

    @property
    def mark(self) -> str:
        return self.step.fingerprint

    def key(self, path: str) -> str:
        """Where the store keeps a file of the link."""
        return f"{PUBLIC}{self.token}/{path}"


@dataclass(slots=True)
class Written:
    """How many objects were written and deleted and, by the fingerprint of their link, what could not be.

    A link that is not in `failed` is published whole, and `stored` says what lies under it. One that is there without a
    failure of its own was held up by another's.
    """

    count: int = 0
    deleted: int = 0
    failed: dict[str, list[Failure]] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)


def look(
    store: Store, token: str, bundle: BuiltBundle, folder: Path, there: Mapping[str, StoredObject] | None = None
) -> Mapping[str, StoredFile]:
    """What lies under a link, by path; what is just as it was built, by size and digest, is known for that.

    `there` is what a listing showed, if it was listed already. Raises StoreError.
    """
    prefix = f"{PUBLIC}{token}/"
    if there is None:
        there = {each.key.removeprefix(prefix): each for each in store.objects(prefix)}
    found = {path: StoredFile("", each.size, each.digest) for path, each in there.items()}
    for file in bundle.files:
        if file.path in there and there[file.path].digest:
            put = _put_of(prefix, bundle, file, folder)
            if store.encoded(put) == (there[file.path].size, there[file.path].digest):
                found[file.path] = StoredFile(file.sha256, there[file.path].size, there[file.path].digest)
    return found


def upload(store: Store, uploads: Sequence[Upload], folder: Path, progress: Progress = SILENT) -> Written:
    """Write every link of `uploads` from the build folder, each in the order of `_rank`, then delete what is left over.

    A link goes no further up than the rank at which something of it failed; what was withdrawn from it is deleted all
    the same. Raises OvertakenError where the store's fence does.
    """
    written = Written()
    progress.begin(sum(len(item.step.put) for item in uploads), UPLOAD)
    sent: dict[str, dict[str, StoredFile]] = {item.mark: {} for item in uploads}
    for rank in range(_LAST + 1):
        sound = [item for item in uploads if item.mark not in written.failed]
        jobs = [(item, file) for item in sound for file in _to_put(item) if _rank(file.path, item.there.files) == rank]
        if jobs:
            _send(store, jobs, folder, _Tally(written, sent, progress))
    _delete_left_over(store, uploads, written)
    for item in uploads:
        if item.mark not in written.failed:
            written.stored[item.mark] = _stored(item, sent[item.mark])
    return written


@dataclass(frozen=True, slots=True)
class _Tally:
    """What becomes of the objects of a rank."""

    written: Written
    sent: Mapping[str, dict[str, StoredFile]]
    progress: Progress

    def fail(self, item: Upload, failure: Failure) -> None:
        self.written.failed.setdefault(item.mark, []).append(failure)
        self.progress(1)

    def send(self, item: Upload, file: BuiltFile, stored: StoredFile) -> None:
        self.written.count += 1
        self.sent[item.mark][file.path] = stored
        self.progress(1)


def _send(store: Store, jobs: Sequence[tuple[Upload, BuiltFile]], folder: Path, tally: _Tally) -> None:
    under_way = {item.key(file.path): (item, file) for item, file in jobs}

    def puts() -> Iterator[Put]:
        for item, file in jobs:
            try:
                yield _put_of(item.key(""), item.bundle, file, folder)
            except PortalgenError as error:
                key = item.key(file.path)
                del under_way[key]
                tally.fail(item, Failure(key, "put", error.problems[0].message))

    try:
        for outcome in store.write_many(puts()):
            item, file = under_way.pop(outcome.key)
            if outcome.cause:
                tally.fail(item, Failure(outcome.key, "put", outcome.cause))
            else:
                tally.send(item, file, StoredFile(file.sha256, outcome.size, outcome.digest))
    except OvertakenError:
        raise
    except StoreError as error:
        # No other object would have fared better: it is said once, and every link that is not whole has failed.
        left = [*under_way.values()] or jobs
        for item, _ in left:
            tally.written.failed.setdefault(item.mark, [])
        item, file = left[0]
        tally.written.failed[item.mark].append(Failure(item.key(file.path), "put", error.problems[0].message))


def _put_of(prefix: str, bundle: BuiltBundle, file: BuiltFile, folder: Path) -> Put:
    metadata = Metadata(content_type(file.path), is_download=is_download(file.path))
    return Put(prefix + file.path, read_file(folder, bundle, file), metadata)


def _rank(path: str, there: Container[str]) -> int:
    """What is new comes first, since nothing leads there yet; each of both, documents before lists; then the summary.

    A document that is replaced may lead to one that is new, or to the first list of its type.
    """
    if path == SUMMARY:
        return _LAST
    is_list = path.endswith(".html") and "/" not in path
    return (2 if path in there else 0) + is_list


def _to_put(item: Upload) -> Iterable[BuiltFile]:
    put = set(item.step.put)
    return [file for file in item.bundle.files if file.path in put]


def _delete_left_over(store: Store, uploads: Sequence[Upload], written: Written) -> None:
    owners = {item.key(path): item.mark for item in uploads for path in item.step.delete}
    if not owners:
        return
    try:
        failures = store.delete(owners)
    except OvertakenError:
        raise
    except StoreError as error:
        failures = [Failure(key, "delete", error.problems[0].message) for key in owners]
    for failure in failures:
        written.failed.setdefault(owners[failure.key], []).append(failure)
    written.deleted += len(owners) - len(failures)


def _stored(item: Upload, sent: Mapping[str, StoredFile]) -> Stored:
    files = {file.path: sent.get(file.path) or item.there.files[file.path] for file in item.bundle.files}
    return Stored(files, item.bundle.documents)
