"""The connection to a service that speaks S3's protocol, and its errors in plain words."""

import base64
import hashlib
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

from portalgen.errors import InvalidInputError, StoreError

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_s3.client import S3Client

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


def connect(bucket: str, region: str = "", endpoint: str = "") -> "S3Client":
    """A client for `bucket`; an empty `endpoint` is Amazon's for `region`. Raises StoreError or InvalidInputError.

    Credentials come from where boto3 usually finds them.
    """
    options: dict[str, Any] = {"retries": {"mode": "standard"}, "max_pool_connections": 32, "connect_timeout": 10}
    if endpoint:
        # Stores other than Amazon's may refuse the newer checksums, or keep them inside the object.
        options |= {
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            "s3": {"addressing_style": "path"},
        }
    try:
        client = Session().client(
            "s3", region_name=region or None, endpoint_url=endpoint or None, config=Config(**options)
        )
    except ValueError as error:
        hint = "mend 'endpoint' in the store's definition; it starts with https://"
        raise InvalidInputError(f"cannot open bucket '{bucket}': {error}", hint) from error
    except BotoCoreError as error:
        cause, hint = explain(error, endpoint)
        raise StoreError(f"cannot open bucket '{bucket}': {cause}", hint) from error
    if endpoint:
        client.meta.events.register("before-sign.s3.DeleteObjects", _add_content_md5)
    return client


def explain(error: Exception, endpoint: str = "") -> Explanation:
    """What went wrong at `endpoint` (empty: Amazon's), in one line, and a hint."""
    if isinstance(error, ClientError):
        answer = error.response.get("Error", {})
        return meaning(answer.get("Code", ""), answer.get("Message", ""))
    for kinds, (cause, hint) in _EXCEPTIONS:
        if isinstance(error, kinds):
            return cause.format(address=endpoint or "Amazon S3"), hint
    return one_line(str(error)), ""


def meaning(code: str, message: str) -> Explanation:
    """What the `code` of an answer means; of an unknown one, the store's own words."""
    return _ANSWERS.get(code) or (one_line(f"the store says {code}: {message}"), "")


def one_line(text: str) -> str:
    return " ".join(text.split())


def _add_content_md5(request: Any, **_: Any) -> None:
    """Older stores want this header of DeleteObjects, and do not know the checksum that boto3 sends instead."""
    digest = hashlib.md5(request.body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()
