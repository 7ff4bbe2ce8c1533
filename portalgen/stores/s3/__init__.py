"""A store in a bucket of Amazon S3, or of another service that speaks its protocol.

This package is the only room that uses boto3 and obstore.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError
from botocore.utils import parse_timestamp

from portalgen.errors import DamagedError, InvalidInputError, NotInStoreError
from portalgen.model import StoreSource
from portalgen.stores.base import (
    PUBLIC,
    Erased,
    Failure,
    Fence,
    Found,
    Metadata,
    Outcome,
    Put,
    StoredObject,
    check_area,
    check_folder,
    check_key,
    check_prefix,
    sound_ones,
)
from portalgen.stores.s3.bulk import BulkWriter
from portalgen.stores.s3.causes import Verdict, judge
from portalgen.stores.s3.cdn import cdn_of
from portalgen.stores.s3.conditions import ConditionalWriter
from portalgen.stores.s3.connection import Connection
from portalgen.stores.s3.deleting import Target, batches, delete_batch
from portalgen.stores.s3.digests import Digests
from portalgen.stores.s3.encoding import decode, encode
from portalgen.stores.s3.erasing import Eraser
from portalgen.stores.s3.senders import HAS_OBSTORE, Send, by_boto3, by_obstore, put_by_boto3

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_s3.client import S3Client


class Cdn(Protocol):
    """A network of caches between the store and the world."""

    def invalidate(self, prefixes: Sequence[str]) -> list[Failure]:
        """As Store.invalidate."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is special about a bucket. With a `single_writer`, writes carry no conditions."""

    single_writer: bool = False
    cdn: Cdn | None = None
    use_obstore: bool = HAS_OBSTORE


class S3Store:
    """Keys lie in `bucket` behind `prefix` and a '/'. An empty `endpoint` is Amazon's for `region`.

    Credentials come from where boto3 usually finds them, when the store is first used.
    """

    def __init__(
        self, bucket: str, region: str = "", endpoint: str = "", prefix: str = "", options: Options = Options()
    ) -> None:
        self._options = options
        self._at = Connection(bucket, region, endpoint, prefix)
        self._digests = Digests(self._at)
        self._conditional = ConditionalWriter(self._at)
        self._lock = Lock()
        self._senders: tuple[Send, Send] | None = None

    @property
    def fence(self) -> Fence:
        """As Store.fence."""
        return self._at.fence

    @fence.setter
    def fence(self, fence: Fence) -> None:
        self._at.fence = fence

    @property
    def client(self) -> "S3Client":
        """The connection, made once. Raises StoreError."""
        return self._at.client

    @property
    def single_writer(self) -> bool:
        """As Store.single_writer."""
        return self._options.single_writer

    @property
    def requests(self) -> int:
        """As Store.requests."""
        return self._at.requests

    def close(self) -> None:
        """Close the connections; a later call opens them again."""
        self._senders = None
        self._at.close()

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """As Store.objects."""
        check_prefix(prefix)
        pages = self._at.client.get_paginator("list_objects_v2")
        with self._at.in_plain_words("list", prefix):
            for page in pages.paginate(Bucket=self._at.bucket, Prefix=self._at.path(prefix)):
                found = page.get("Contents", [])
                self._digests.learn_from(found)
                for item in found:
                    digest = self._digests.told_by(item["ETag"].strip('"'))
                    yield StoredObject(self._at.key(item["Key"]), item["Size"], digest)

    def read(self, key: str) -> bytes:
        """As Store.read. Without the right to list, an absent object looks like a denied one."""
        return self.find(key).data

    def find(self, key: str) -> Found:
        """As Store.find, and `read`."""
        check_key(key)
        with self._at.in_plain_words("read", key):
            try:
                data, answer = self._at.fetch(self._at.path(key))
            except ClientError as error:
                if not self._is_absent(key, error):
                    raise
                raise NotInStoreError(f"there is no '{key}' in bucket '{self._at.bucket}'") from error
        try:
            data = decode(data, answer.get("ContentEncoding", ""))
        except DamagedError as error:
            raise DamagedError(f"cannot read '{key}' in bucket '{self._at.bucket}': {error}") from error
        # Both by the store's clock; where it does not tell the time, the object counts as new.
        told = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        age = (parse_timestamp(told) - answer["LastModified"]).total_seconds() if told else 0
        return Found(data, answer["ETag"].strip('"'), max(0, int(age)))

    def _is_absent(self, key: str, error: ClientError) -> bool:
        """Whether there is no such object. Services that do not see the right to list deny what is not there."""
        client = self._at.client
        if isinstance(error, client.exceptions.NoSuchKey):
            return True
        if judge(error) is not Verdict.DENIED:
            return False
        try:
            there = client.list_objects_v2(Bucket=self._at.bucket, Prefix=self._at.path(key), MaxKeys=1)
        except ClientError:
            return False
        return self._at.path(key) not in {item["Key"] for item in there.get("Contents", ())}

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:
        """As Store.write."""
        check_key(key)
        client = self._at.client
        with self._at.in_plain_words("write", key):
            put_by_boto3(client, self._at.bucket, self._at.path(key), encode(data, metadata))

    def write_if(self, key: str, data: bytes, metadata: Metadata, version: str | None) -> str:
        """As Store.write_if."""
        check_key(key)
        client = self._at.client
        item = encode(data, metadata)
        with self._at.in_plain_words("write", key):
            if self._options.single_writer:
                return put_by_boto3(client, self._at.bucket, self._at.path(key), item)
            return self._conditional.write(key, item, version)

    def write_many(self, puts: Iterable[Put]) -> Iterator[Outcome]:
        """As Store.write_many."""
        with self._at.in_plain_words("write", PUBLIC):
            with self._lock:
                if self._senders is None:
                    slow = by_boto3(self._at)
                    self._senders = (by_obstore(self._at) if self._options.use_obstore else slow, slow)
            yield from BulkWriter(self._at, self._senders, self._digests).write(puts)

    def encoded(self, put: Put) -> tuple[int, str]:
        """As Store.encoded."""
        item = encode(put.data, put.metadata)
        return len(item.body), item.md5

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """As Store.delete."""
        failures: list[Failure] = []
        # No more than the area is checked: other tools' odd keys are listed, so they can be deleted.
        sound = list(sound_ones(keys, check_area, "delete", failures))
        for batch in batches(Target(self._at.path(key)) for key in sound):
            failed = delete_batch(self._at, batch)
            failures += [
                Failure(self._at.key(target.path), "delete", self._at.cause(error)) for target, error in failed.items()
            ]
        return failures

    def erase(self, prefixes: Sequence[str], known: Iterable[str] = (), only: Container[str] | None = None) -> Erased:
        """As Store.erase."""
        failures: list[Failure] = []
        sound = list(sound_ones(prefixes, check_folder, "purge", failures))
        erased = Eraser(self._at, only).erase(sound, sound_ones(known, check_area, "delete", failures))
        return replace(erased, failures=(*failures, *erased.failures))

    def answers(self, key: str) -> bool:
        """As Store.answers."""
        check_key(key)
        client = self._at.stranger
        with self._at.in_plain_words("probe", key):
            try:
                client.head_object(Bucket=self._at.bucket, Key=self._at.path(key))
            except ClientError as error:
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in {403, 404}:
                    return False
                raise
        return True

    def invalidate(self, prefixes: Sequence[str]) -> list[Failure]:
        """As Store.invalidate."""
        return self._options.cdn.invalidate(prefixes) if self._options.cdn else []


def from_source(source: StoreSource) -> S3Store:
    """The store of a `kind: s3`. Raises InvalidInputError."""
    if not source.bucket:
        raise InvalidInputError(f"store '{source.name}' needs a 'bucket'")
    options = Options(single_writer=source.single_writer, cdn=cdn_of(source))
    return S3Store(source.bucket, source.region, source.endpoint, source.prefix, options)
