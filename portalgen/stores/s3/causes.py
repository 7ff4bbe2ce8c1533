"""The errors of a service that speaks S3's protocol, in plain words, and what they say about the next request."""

from enum import Enum

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, not Python's
    ConnectTimeoutError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

Explanation = tuple[str, str]
"""What is wrong, in one line, and a hint."""

_MISSING = ("the bucket does not exist", "create it, or mend 'bucket' in the store's definition")
_DENIED = (
    "access is denied",
    "the credentials need s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject in it",
)
_MISNAMED = ("the bucket's name is not one", "mend 'bucket' in the store's definition")
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
_SKEWED = ("this machine's clock is wrong", "set it; requests are signed with the time")
_FULL = ("the store is full", "raise its quota, or make room")
_BUSY = ("the store is too busy or out of order", "run it again in a few minutes; what is done stays done")
_UNREACHABLE = ("cannot connect to {address}", "check the network, and 'endpoint' in the store's definition")
_UNTRUSTED = ("the certificate of {address} is not to be trusted", "check 'endpoint' in the store's definition")
_BROKEN = ("the connection to {address} broke off", "run it again; what is done stays done")

_PROFILE = ("AWS_PROFILE names a profile that does not exist", "check ~/.aws/config")

_THROTTLES = (
    "SlowDown",
    "ServiceUnavailable",
    "Throttling",
    "TooManyRequests",
    "TooManyRequestsException",
    "503",
    "429",
)
"""The codes of a store that wants fewer requests at a time."""

_ANSWERS: dict[str, Explanation] = {
    "NoSuchBucket": _MISSING,
    "InvalidBucketName": _MISNAMED,
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
    "QuotaExceeded": _FULL,
    "XMinioStorageFull": _FULL,
    "RequestTimeTooSkewed": _SKEWED,
    "RequestExpired": _SKEWED,
    "InternalError": _BUSY,
    "OperationAborted": _BUSY,
    "RequestTimeout": _BUSY,
    **dict.fromkeys(("500", "502", "504"), _BUSY),
    **dict.fromkeys(_THROTTLES, _BUSY),
}
"""What the codes mean that a store answers with."""

_HOPELESS = {_MISSING, _MISNAMED, _INVALID, _EXPIRED, _ABSENT, _ELSEWHERE, _SKEWED, _FULL, _UNTRUSTED, _PROFILE}

_EXCEPTIONS: tuple[tuple[tuple[type[Exception], ...], Explanation], ...] = (
    ((NoCredentialsError, PartialCredentialsError), _ABSENT),
    ((SSOError, TokenRetrievalError, CredentialRetrievalError), _EXPIRED),
    ((ProfileNotFound,), _PROFILE),
    ((ParamValidationError,), _MISNAMED),
    ((SSLError,), _UNTRUSTED),
    ((ConnectionError,), _UNREACHABLE),
    ((HTTPClientError, IncompleteReadError), _BROKEN),
)
"""What it means when no answer came; the first that fits counts."""

_TIMEOUTS = (ConnectTimeoutError, ReadTimeoutError)


class Verdict(Enum):
    """What a failed request says about the next one."""

    BUSY = "the same will fare better, more slowly"
    PASSING = "the same may fare better"
    DENIED = "another object may fare better"
    HOPELESS = "no other object will fare better"
    SINGLE = "this object will not fare better"


def judge(error: Exception) -> Verdict:
    """What `error` says about the next request."""
    code, status = "", 0
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    elif isinstance(error, _TIMEOUTS):
        return Verdict.BUSY
    found = _meaning_of(error)
    if found in _HOPELESS:
        return Verdict.HOPELESS
    if code in _THROTTLES or status in {429, 503}:
        return Verdict.BUSY
    if found in {_BUSY, _BROKEN, _UNREACHABLE} or (status >= 500 and status != 501):
        return Verdict.PASSING
    return Verdict.DENIED if found == _DENIED else Verdict.SINGLE


def is_unknown_there(error: ClientError) -> bool:
    """Whether the service does not know this kind of request at all."""
    code = error.response.get("Error", {}).get("Code", "")
    return code in {"NotImplemented", "MethodNotAllowed", "501", "405"}


def explain(error: Exception, endpoint: str = "") -> Explanation:
    """What went wrong at `endpoint` (empty: Amazon's), in one line, and a hint."""
    cause, hint = _meaning_of(error)
    return cause.replace("{address}", endpoint or "Amazon S3"), hint


def _meaning_of(error: Exception) -> Explanation:
    if isinstance(error, ClientError):
        answer = error.response.get("Error", {})
        return meaning(answer.get("Code", ""), answer.get("Message", ""))
    for kinds, found in _EXCEPTIONS:
        if isinstance(error, kinds):
            return found
    return one_line(str(error)), ""


def meaning(code: str, message: str) -> Explanation:
    """What the `code` of an answer means; of an unknown one, the store's own words."""
    return _ANSWERS.get(code) or (one_line(f"the store says {code}: {message}"), "")


def one_line(text: str) -> str:
    return " ".join(text.split())
