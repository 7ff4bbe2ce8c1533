"""A store in a bucket of Amazon S3, or of another service that speaks its protocol. The only module that uses boto3."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, not Python's
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from portalgen.errors import InvalidInputError, NotInStoreError, StoreError
from portalgen.model import StoreSource
from portalgen.stores.base import Failure, Metadata, StoredObject, check_area, check_key, check_prefix

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_s3.client import S3Client

BATCH = 1000
"""As many keys as one DeleteObjects request may name."""

Explanation = tuple[str, str]
"""What is wrong, in one line, and a hint."""

_MISSING = ("the bucket does not exist", "create it, or mend 'bucket' in the store's definition")
_DENIED = (
    "access is denied",
    "the credentials need s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject in it",
)
_INVALID = (
    "the credentials are not valid there",
    "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile that AWS_PROFILE names",
)
_EXPIRED = ("the credentials have expired", "sign in again, or fetch new ones")
_ABSENT = (
    "there are no credentials",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give this machine a role",
)
_ELSEWHERE = ("the bucket is in another region", "mend 'region' in the store's definition")
_BUSY = ("the store is too busy or out of order", "run it again in a few minutes; what is done stays done")
_UNREACHABLE = ("cannot connect to {address}", "check the network, and 'endpoint' in the store's definition")
_UNTRUSTED = ("the certificate of {address} is not to be trusted", "check 'endpoint' in the store's definition")
_BROKEN = ("the connection to {address} broke off", "run it again; what is done stays done")

_ANSWERS: dict[str, Explanation] = {
    "NoSuchBucket": _MISSING,
    "AccessDenied": _DENIED,
    "AllAccessDisabled": _DENIED,
    "403": _DENIED,
    "InvalidAccessKeyId": _INVALID,
    "InvalidToken": _INVALID,
    "SignatureDoesNotMatch": _INVALID,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "IllegalLocationConstraintException": _ELSEWHERE,
    "PermanentRedirect": _ELSEWHERE,
    "301": _ELSEWHERE,
    "InternalError": _BUSY,
    "ServiceUnavailable": _BUSY,
    "SlowDown": _BUSY,
    "503": _BUSY,
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set it; requests are signed with the time"),
}
"""What the codes mean that a store answers with."""

_EXCEPTIONS: tuple[tuple[tuple[type[Exception], ...], Explanation], ...] = (
    ((NoCredentialsError, PartialCredentialsError), _ABSENT),
    ((SSOError, TokenRetrievalError, CredentialRetrievalError), _EXPIRED),
    ((ProfileNotFound,), ("AWS_PROFILE names a profile that does not exist", "check ~/.aws/config")),
    ((ParamValidationError,), ("the bucket's name is not one", "mend 'bucket' in the store's definition")),
    ((SSLError,), _UNTRUSTED),
    ((ConnectionError,), _UNREACHABLE),
    ((HTTPClientError,), _BROKEN),
)
"""What it means when no answer came; the first that fits counts."""


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
                self._made = self._connect()
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
            cause, _ = self._explain(error)
            return [Failure(key, "delete", cause) for key in keys]
        return [
            Failure(
                error.get("Key", "").removeprefix(self._prefix),
                "delete",
                _meaning(error.get("Code", ""), error.get("Message", ""))[0],
            )
            for error in answer.get("Errors", ())
        ]

    def _connect(self) -> "S3Client":
        options: dict[str, Any] = {"retries": {"mode": "standard"}, "max_pool_connections": 32, "connect_timeout": 10}
        if self._endpoint:
            # Stores other than Amazon's may refuse the newer checksums, or keep them inside the object.
            options |= {
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
                "s3": {"addressing_style": "path"},
            }
        try:
            client = Session().client(
                "s3",
                region_name=self._region or None,
                endpoint_url=self._endpoint or None,
                config=Config(**options),
            )
        except ValueError as error:
            hint = "mend 'endpoint' in the store's definition; it starts with https://"
            raise InvalidInputError(f"cannot open bucket '{self._bucket}': {error}", hint) from error
        except BotoCoreError as error:
            cause, hint = self._explain(error)
            raise StoreError(f"cannot open bucket '{self._bucket}': {cause}", hint) from error
        if self._endpoint:
            client.meta.events.register("before-sign.s3.DeleteObjects", _add_content_md5)
        return client

    @contextmanager
    def _in_plain_words(self, action: str, key: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            cause, hint = self._explain(error)
            raise StoreError(f"cannot {action} '{key}' in bucket '{self._bucket}': {cause}", hint) from error

    def _explain(self, error: Exception) -> Explanation:
        if isinstance(error, ClientError):
            answer = error.response.get("Error", {})
            return _meaning(answer.get("Code", ""), answer.get("Message", ""))
        for kinds, (cause, hint) in _EXCEPTIONS:
            if isinstance(error, kinds):
                return cause.format(address=self._endpoint or "Amazon S3"), hint
        return _one_line(str(error)), ""


def from_source(source: StoreSource) -> S3Store:
    """The store of a `kind: s3`. Raises InvalidInputError."""
    if not source.bucket:
        raise InvalidInputError(f"store '{source.name}' needs a 'bucket'")
    return S3Store(source.bucket, source.region, source.endpoint, source.prefix)


def _meaning(code: str, message: str) -> Explanation:
    """What the `code` of an answer means; of an unknown one, the store's own words."""
    return _ANSWERS.get(code) or (_one_line(f"the store says {code}: {message}"), "")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _batches(keys: list[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _add_content_md5(request: Any, **_: Any) -> None:
    """Older stores want this header of DeleteObjects, and do not know the checksum that boto3 sends instead."""
    digest = hashlib.md5(request.body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()
