"""A store in a bucket of Amazon S3, or of another service that speaks its protocol.

This package is the only room that uses boto3.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from portalgen.errors import InvalidInputError, NotInStoreError, StoreError
from portalgen.model import StoreSource
from portalgen.stores.base import Failure, Metadata, StoredObject, check_area, check_key, check_prefix
from portalgen.stores.s3.client import connect, explain, meaning

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_s3.client import S3Client

BATCH = 1000
"""As many keys as one DeleteObjects request may name."""


class S3Store:
    """Keys lie in `bucket` behind `prefix` and a '/'. An empty `endpoint` is Amazon's for `region`.

    Credentials come from where boto3 usually finds them, when the store is first used.
    """

    def __init__(self, bucket: str, region: str = "", endpoint: str = "", prefix: str = "") -> None:
        self._bucket = bucket
        self._region = region
        self._endpoint = endpoint
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._lock = Lock()
        self._made: S3Client | None = None

    @property
    def client(self) -> "S3Client":
        """The connection, made once. Raises StoreError."""
        with self._lock:
            if self._made is None:
                self._made = connect(self._bucket, self._region, self._endpoint)
            return self._made

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """As Store.objects."""
        check_prefix(prefix)
        pages = self.client.get_paginator("list_objects_v2")
        with self._in_plain_words("list", prefix):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                for item in page.get("Contents", ()):
                    yield StoredObject(item["Key"].removeprefix(self._prefix), item["Size"])

    def read(self, key: str) -> bytes:
        """As Store.read. Where the credentials may not list the bucket, an absent object looks like a denied one."""
        check_key(key)
        client = self.client
        with self._in_plain_words("read", key):
            try:
                with client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"] as body:
                    return body.read()
            except client.exceptions.NoSuchKey as error:
                raise NotInStoreError(f"there is no '{key}' in bucket '{self._bucket}'") from error

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:
        """As Store.write."""
        check_key(key)
        client = self.client
        with self._in_plain_words("write", key):
            client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + key,
                Body=data,
                ContentType=metadata.content_type,
                CacheControl=metadata.cache_control,
                ContentDisposition="attachment" if metadata.is_download else "inline",
            )

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """As Store.delete."""
        failures = []
        sound = []
        for key in keys:
            try:
                check_area(key)  # no more than that: other tools' odd keys are listed, so they can be deleted
                sound.append(key)
            except StoreError as error:
                failures.append(Failure(key, "delete", error.problems[0].message))
        for batch in _batches(sound):
            failures += self._delete_batch(batch)
        return failures

    def _delete_batch(self, keys: list[str]) -> list[Failure]:
        """Delete up to BATCH keys; a request that fails as a whole fails for each of them."""
        client = self.client
        try:
            answer = client.delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": self._prefix + key} for key in keys], "Quiet": True},
            )
        except (BotoCoreError, ClientError) as error:
            cause, _ = explain(error, self._endpoint)
            return [Failure(key, "delete", cause) for key in keys]
        return [
            Failure(
                error.get("Key", "").removeprefix(self._prefix),
                "delete",
                meaning(error.get("Code", ""), error.get("Message", ""))[0],
            )
            for error in answer.get("Errors", ())
        ]

    @contextmanager
    def _in_plain_words(self, action: str, key: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            cause, hint = explain(error, self._endpoint)
            raise StoreError(f"cannot {action} '{key}' in bucket '{self._bucket}': {cause}", hint) from error


def from_source(source: StoreSource) -> S3Store:
    """The store of a `kind: s3`. Raises InvalidInputError."""
    if not source.bucket:
        raise InvalidInputError(f"store '{source.name}' needs a 'bucket'")
    return S3Store(source.bucket, source.region, source.endpoint, source.prefix)


def _batches(keys: list[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while batch := list(islice(rest, BATCH)):
        yield batch
