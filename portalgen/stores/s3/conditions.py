"""Writes an object only if it still is as it was: by conditions that the store itself checks."""

import time
from secrets import randbelow, token_hex

from botocore.exceptions import ClientError

from portalgen.errors import OvertakenError
from portalgen.stores.s3.connection import TRIES, Connection
from portalgen.stores.s3.encoding import Encoded
from portalgen.stores.s3.senders import put_by_boto3

_ATTEMPT = "attempt"
"""The metadata that tells our own write from another of the same bytes, where the answer to the first try was lost."""


class ConditionalWriter:
    """Remembers whether this store wants an ETag in quotes: some know it only with, some only without."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._wants_quotes = False

    def write(self, key: str, item: Encoded, version: str | None) -> str:
        """As Store.write_if. Raises an error of botocore's for all but OvertakenError."""
        attempt = token_hex(16)
        is_quoted = self._wants_quotes
        at = self._connection
        for number in range(1, TRIES + 1):
            conditions = {"Metadata": {_ATTEMPT: attempt}, **_condition(version, is_quoted=is_quoted)}
            try:
                etag = put_by_boto3(at.client, at.bucket, at.path(key), item, **conditions)
            except ClientError as error:
                refusal = _refusal(error)
                if not refusal:
                    raise
            else:
                self._wants_quotes = is_quoted
                return etag
            there, by = self._look(key)
            if by == attempt:
                return there
            if there != (version or ""):
                break
            # It is as it was to be: the store was busy with it, or misread the condition.
            if refusal == 412 and version:
                is_quoted = not is_quoted
            if number < TRIES:
                time.sleep((100 + randbelow(100 << number)) / 1000)
        raise OvertakenError(f"cannot write '{key}': somebody else wrote it meanwhile")

    def _look(self, key: str) -> tuple[str, str]:
        """The ETag that the object has now, and the attempt that wrote it; '' where there is none."""
        try:
            answer = self._connection.client.head_object(Bucket=self._connection.bucket, Key=self._connection.path(key))
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
                return "", ""
            raise
        return answer["ETag"].strip('"'), answer["Metadata"].get(_ATTEMPT, "")


def _condition(version: str | None, *, is_quoted: bool) -> dict[str, str]:
    if version is None:
        return {"IfNoneMatch": "*"}
    return {"IfMatch": f'"{version}"' if is_quoted else version}


def _refusal(error: ClientError) -> int:
    """The status of an answer that says that the condition does not hold, or may not; 0 for another.

    Ceph says 500, UnknownError, to some of those that write at the same time (rgw has no answer for ECANCELED).
    """
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = error.response.get("Error", {}).get("Code")
    is_refusal = status in {409, 412} or (status, code) in {(404, "NoSuchKey"), (500, "UnknownError")}
    return status if is_refusal else 0
