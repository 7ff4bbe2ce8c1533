"""Takes away all that lies under prefixes: objects, the versions and markers behind them, uploads never finished."""

import os.path
from collections import Counter, deque
from collections.abc import Container, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

from botocore.exceptions import BotoCoreError, ClientError

from portalgen.stores.base import Erased, Failure
from portalgen.stores.s3.causes import Verdict, is_unknown_there, judge
from portalgen.stores.s3.connection import Connection
from portalgen.stores.s3.deleting import BATCH, Target, batches, delete_batch
from portalgen.stores.s3.holds import hold_on

THREADS = 16
"""Prefixes listed at a time."""

DELETES = 4
"""Batches of what is surely there that are deleted at a time."""

ROUNDS = 3
"""How often each prefix is listed until nothing is left there; the last time, nothing is deleted any more."""

MANY = 8
"""Prefixes from which on one listing of the folder around them is tried, before a listing of each."""

MOST_NAMED = 1000
"""Failures told one by one; the rest is told by number."""

_Item = tuple[Target, str]
"""Something found, and whether it is an 'object' or a 'version' behind one."""


class Eraser:
    """One `erase`, of all or `only` of some keys. Keeps at most a batch and what its threads have just listed."""

    def __init__(self, connection: Connection, only: Container[str] | None = None) -> None:
        self._at = connection
        self._only = only
        self._lock = Lock()
        self._waiting: list[_Item] = []
        self._gone: Counter[str] = Counter()
        self._errors: dict[Target, Exception] = {}
        self._failures: dict[str, Failure] = {}
        self._left: dict[Target, None] = {}
        self._unnamed: Counter[str] = Counter()
        self._unseen: list[str] = []
        self._has_versions = True

    def erase(self, prefixes: Sequence[str], known: Iterable[str]) -> Erased:
        """As Store.erase; `prefixes` and `known` are sound."""
        if not prefixes:
            return Erased()
        self._has_versions = self._may_have_versions()
        uploads = self._abort_uploads(prefixes)
        if not self._has_versions:
            self._delete_known(known)
        left = self._still_there(list(dict.fromkeys(prefixes)))
        with ThreadPoolExecutor(THREADS, "erase") as pool:
            for number in range(1, ROUNDS + 1):
                treat = self._look if number == ROUNDS else self._clear
                is_left = list(pool.map(treat, left))
                left = [prefix for prefix, was_there in zip(left, is_left, strict=True) if was_there]
                self._flush()
            causes = list(pool.map(self._cause, self._left))
        for target, cause in zip(self._left, causes, strict=True):
            key = self._at.key(target.path)
            self._failures[key] = Failure(key, "purge", cause)
        for prefix, number in self._unnamed.items():
            if number:
                self._failures[prefix] = Failure(prefix, "purge", f"{number} more objects are still there")
        failures = tuple(self._failures[key] for key in sorted(self._failures))
        return Erased(self._gone["object"], self._gone["version"], uploads, failures, "; ".join(self._unseen))

    def _may_have_versions(self) -> bool:
        """Whether the bucket ever kept versions, as far as one may know."""
        try:
            return "Status" in self._at.client.get_bucket_versioning(Bucket=self._at.bucket)
        except (BotoCoreError, ClientError):
            return True

    def _still_there(self, prefixes: list[str]) -> list[str]:
        """Those under which there may be anything. One request lists a thousand folders; as long as that pays."""
        around = {prefix.removesuffix("/").rpartition("/")[0] for prefix in prefixes}
        if self._has_versions or self._only is not None or len(prefixes) < MANY or len(around) > 1:
            return prefixes
        wanted, found = set(prefixes), set()
        pages = self._at.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._at.bucket, Prefix=self._at.path(f"{around.pop()}/"), Delimiter="/"
        )
        try:
            for number, page in enumerate(pages, 1):
                found |= wanted & {self._at.key(item["Prefix"]) for item in page.get("CommonPrefixes", ())}
                if number == len(prefixes) and page.get("IsTruncated"):
                    return prefixes
        except (BotoCoreError, ClientError):
            return prefixes
        return [prefix for prefix in prefixes if prefix in found]

    def _clear(self, prefix: str) -> bool:
        """Delete what lies under `prefix`; whether it has to be looked at again."""
        was_there = False
        try:
            for items in self._found(prefix):
                was_there = was_there or bool(items)
                with self._lock:
                    self._waiting += items
                self._flush(BATCH)
        except (BotoCoreError, ClientError):
            return True
        return was_there

    def _look(self, prefix: str) -> bool:
        """Note what is still there."""
        try:
            for items in self._found(prefix):
                with self._lock:
                    room = MOST_NAMED - len(self._left)
                    self._left |= {target: None for target, _ in items[:room]}
                    self._unnamed[prefix] += len(items[room:])
        except (BotoCoreError, ClientError) as error:
            self._failures[prefix] = Failure(prefix, "purge", self._at.cause(error))
        return True

    def _found(self, prefix: str) -> Iterator[list[_Item]]:
        """What is to go under `prefix`, page by page."""
        only = self._only
        for items in self._all(prefix):
            yield items if only is None else [item for item in items if self._at.key(item[0].path) in only]

    def _all(self, prefix: str) -> Iterator[list[_Item]]:
        if self._has_versions:
            try:
                yield from self._versions(prefix)
            except ClientError as error:
                if not self._is_without_versions(error):
                    raise
            else:
                return
        for page in self._at.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._at.bucket, Prefix=self._at.path(prefix)
        ):
            yield [(Target(item["Key"]), "object") for item in page.get("Contents", ())]

    def _versions(self, prefix: str) -> Iterator[list[_Item]]:
        for page in self._at.client.get_paginator("list_object_versions").paginate(
            Bucket=self._at.bucket, Prefix=self._at.path(prefix)
        ):
            versions = [
                (Target(item["Key"], item.get("VersionId", "")), "object" if item.get("IsLatest") else "version")
                for item in page.get("Versions", ())
            ]
            markers = [
                (Target(item["Key"], item.get("VersionId", "")), "version") for item in page.get("DeleteMarkers", ())
            ]
            yield versions + markers

    def _is_without_versions(self, error: ClientError) -> bool:
        """Whether to go on without looking for versions: there are none, or they may not be seen."""
        is_denied = judge(error) is Verdict.DENIED
        if not is_denied and not is_unknown_there(error):
            return False
        self._has_versions = False
        if is_denied:
            self._note("older versions could not be looked for", error, "s3:ListBucketVersions")
        return True

    def _flush(self, least: int = 1) -> None:
        """Delete what waits, while it is at least as many."""
        while True:
            with self._lock:
                if len(self._waiting) < least:
                    return
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            self._delete(batch)

    def _delete_known(self, known: Iterable[str]) -> None:
        """Delete objects without looking for them: some batches at a time, of which no more are in memory."""
        with ThreadPoolExecutor(DELETES, "erase") as pool:
            under_way: deque[Future[None]] = deque()
            for batch in batches(Target(self._at.path(key)) for key in known):
                if len(under_way) == DELETES:
                    under_way.popleft().result()
                under_way.append(pool.submit(self._delete, [(target, "object") for target in batch]))
            for each in under_way:
                each.result()

    def _delete(self, items: list[_Item]) -> None:
        failed = delete_batch(self._at, [target for target, _ in items])
        with self._lock:
            self._gone.update(kind for target, kind in items if target not in failed)
            self._errors |= dict(list(failed.items())[: MOST_NAMED - len(self._errors)])

    def _cause(self, target: Target) -> str:
        """Why `target` is still there."""
        error = self._errors.get(target)
        if error is None:
            return "it is there again; something writes it"
        return hold_on(self._at, target) or self._at.cause(error)

    def _abort_uploads(self, prefixes: Sequence[str]) -> int:
        """End what was never finished under `prefixes`; how many there were."""
        wanted = set(prefixes)
        common = os.path.commonprefix(list(wanted))  # noqa: RUF071 - a prefix of keys may end within a name
        number = 0
        try:
            for page in self._at.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._at.bucket, Prefix=self._at.path(common)
            ):
                for upload in page.get("Uploads", ()):
                    if _lies_under(self._at.key(upload["Key"]), wanted):
                        number += self._abort(upload["Key"], upload["UploadId"])
        except (BotoCoreError, ClientError) as error:
            if not (isinstance(error, ClientError) and is_unknown_there(error)):
                self._note("unfinished uploads could not be looked for", error, "s3:ListBucketMultipartUploads")
        return number

    def _abort(self, path: str, upload: str) -> bool:
        try:
            self._at.client.abort_multipart_upload(Bucket=self._at.bucket, Key=path, UploadId=upload)
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") == "NoSuchUpload":
                return False
            key = self._at.key(path)
            self._failures[key] = Failure(key, "end the upload of", self._at.cause(error))
            return False
        return True

    def _note(self, sentence: str, error: Exception, right: str) -> None:
        """Say once what could not be seen; of a denial, name the right that is missing."""
        missing = f" ({right})" if judge(error) is Verdict.DENIED else ""
        sentence = f"{sentence}: {self._at.cause(error)}{missing}"
        with self._lock:
            if sentence not in self._unseen:
                self._unseen.append(sentence)


def _lies_under(key: str, prefixes: set[str]) -> bool:
    parts = key.split("/")
    return any("/".join(parts[:number]) + "/" in prefixes for number in range(1, len(parts)))
