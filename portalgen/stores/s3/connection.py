"""The connection to a bucket: made when first used, its requests counted, its errors told in plain words."""

import base64
import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from secrets import randbelow
from threading import Lock
from typing import TYPE_CHECKING, Any

import botocore.session
from boto3.session import Session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
)

from portalgen.errors import InvalidInputError, StoreError
from portalgen.stores.base import Failure, Fence, no_fence
from portalgen.stores.s3.causes import explain

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

# Its warning of credentials that cannot be renewed brings a traceback; the error that follows is told as a sentence.
logging.getLogger("botocore.credentials").addFilter(lambda record: record.levelno != logging.WARNING)

CONNECT_TIMEOUT = 5
READ_TIMEOUT = 20
"""Seconds; with the three tries of a request, they are what docs/publishing.md counts on."""

TRIES = 3
"""How often the SDK makes a request that fails in passing, with pauses that grow and vary."""

MOST_AT_ONCE = 64
"""Connections kept open, and so requests under way, at a time."""


class Connection:
    """Keys lie in `bucket` behind `prefix`, which is empty or ends with '/'. Safe for several threads."""

    def __init__(self, bucket: str, region: str, endpoint: str, prefix: str) -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._region = region
        self._endpoint = endpoint
        self._lock = Lock()
        self._requests = 0
        self.fence: Fence = no_fence
        self._core = botocore.session.get_session()
        self._session: Session | None = None
        self._clients: dict[tuple[int, bool], S3Client] = {}

    @property
    def client(self) -> "S3Client":
        """The client for all but bulk. Raises StoreError or InvalidInputError, as do the others."""
        return self._client(TRIES, is_signed=True)

    @property
    def eager_client(self) -> "S3Client":
        """A client that tries once."""
        return self._client(1, is_signed=True)

    @property
    def stranger(self) -> "S3Client":
        """A client without credentials."""
        return self._client(TRIES, is_signed=False)

    @property
    def session(self) -> Session:
        """Where the clients have their credentials from: whatever boto3 usually finds."""
        with self._lock:
            if self._session is None:
                self._session = Session(botocore_session=self._core)
            return self._session

    @property
    def certificates(self) -> str:
        """The file of the authorities to trust, where AWS_CA_BUNDLE or the profile names one, or ''."""
        return self._core.get_config_variable("ca_bundle") or ""

    @property
    def requests(self) -> int:
        """How many requests were made so far."""
        return self._requests

    def count(self, request: Any = None, **_: Any) -> None:
        """Count a request that is about to be made. Raises what `fence` does, unless it only reads."""
        if request is None or request.method not in {"GET", "HEAD"}:
            self.fence()
        with self._lock:
            self._requests += 1

    def path(self, key: str) -> str:
        """Where `key` lies in the bucket."""
        return self.prefix + key

    def key(self, path: str) -> str:
        """The key that lies at `path`."""
        return path.removeprefix(self.prefix)

    def cause(self, error: Exception) -> str:
        """What went wrong, in one line."""
        return explain(error, self._endpoint)[0]

    def failure(self, action: str, key: str, error: Exception) -> StoreError:
        """`error` as a sentence."""
        cause, hint = explain(error, self._endpoint)
        return StoreError(f"cannot {action} '{key}' in bucket '{self.bucket}': {cause}", hint)

    @contextmanager
    def in_plain_words(self, action: str, key: str) -> Iterator[None]:
        """Raise the SDK's errors as StoreErrors."""
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise self.failure(action, key, error) from error
        except RuntimeError as error:
            if "still expired" not in str(error):  # the SDK's word for new credentials that are too old
                raise
            expired = CredentialRetrievalError(provider="boto3", error_msg=str(error))
            raise self.failure(action, key, expired) from error

    def fetch(self, path: str) -> "tuple[bytes, GetObjectOutputTypeDef]":
        """The bytes at `path`, and what else the answer says. Raises an error of botocore's.

        The SDK tries a request again, but not the reading of a body that breaks off: that is done here.
        """
        for number in range(1, TRIES + 1):
            answer = self.client.get_object(Bucket=self.bucket, Key=path)
            try:
                with closing(answer["Body"]) as body:
                    return body.read(), answer
            except (HTTPClientError, IncompleteReadError):
                if number == TRIES:
                    raise
            time.sleep((100 + randbelow(100 << number)) / 1000)
        raise AssertionError

    def close(self) -> None:
        """Close the connections; they are opened again when next used."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, tries: int, *, is_signed: bool) -> "S3Client":
        try:
            session = self.session
            with self._lock:
                if (tries, is_signed) not in self._clients:
                    self._clients[tries, is_signed] = self._connect(session, tries, is_signed=is_signed)
                return self._clients[tries, is_signed]
        except ValueError as error:
            hint = "mend 'endpoint' in the store's definition; it starts with https://"
            raise InvalidInputError(f"cannot open bucket '{self.bucket}': {error}", hint) from error
        except BotoCoreError as error:
            cause, hint = explain(error, self._endpoint)
            raise StoreError(f"cannot open bucket '{self.bucket}': {cause}", hint) from error

    def _connect(self, session: Session, tries: int, *, is_signed: bool) -> "S3Client":
        options: dict[str, Any] = {
            "retries": {"mode": "standard", "total_max_attempts": tries},
            "max_pool_connections": MOST_AT_ONCE,
            "connect_timeout": CONNECT_TIMEOUT,
            "read_timeout": READ_TIMEOUT,
            "parameter_validation": tries > 1,
        }
        if not is_signed:
            options["signature_version"] = UNSIGNED
        if self._endpoint or tries == 1:
            # Stores other than Amazon's may refuse the newer checksums, or keep them inside the object.
            options |= {
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
            }
        if self._endpoint:
            options["s3"] = {"addressing_style": "path"}
        client = session.client(
            "s3", region_name=self._region or None, endpoint_url=self._endpoint or None, config=Config(**options)
        )
        client.meta.events.register("before-send.s3", self.count)
        if self._endpoint:
            client.meta.events.register("before-sign.s3.DeleteObjects", _add_content_md5)
        return client


def failure_of(key: str, action: str, error: StoreError) -> Failure:
    """`error` as what befell one key."""
    return Failure(key, action, error.problems[0].message)


def _add_content_md5(request: Any, **_: Any) -> None:
    """Older stores want this header of DeleteObjects, and do not know the checksum that boto3 sends instead."""
    digest = hashlib.md5(request.body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()
