"""Deletes many objects by few requests, and reads what became of each."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from secrets import randbelow
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from portalgen.stores.s3.causes import Verdict, judge
from portalgen.stores.s3.connection import Connection

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

BATCH = 1000
"""As many as one DeleteObjects request may name."""

TRIES = 5


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be deleted: the object at `path`, or its `version`, where one is named."""

    path: str
    version: str = ""


def batches(targets: Iterable[Target]) -> Iterator[list[Target]]:
    """`targets`, as many at a time as one request takes."""
    rest = iter(targets)
    while batch := list(islice(rest, BATCH)):
        yield batch


def delete_batch(connection: Connection, targets: Sequence[Target]) -> dict[Target, Exception]:
    """Delete up to BATCH targets; gives those that may still be there, and why.

    The SDK tries a request again, but not what an answer reports as failed: that is done here.
    """
    failed: dict[Target, Exception] = {}
    left = list(targets)
    for number in range(1, TRIES + 1):
        try:
            reported = _delete(connection, left)
        except (BotoCoreError, ClientError) as error:
            return failed | dict.fromkeys(left, error)
        left = [target for target, error in reported.items() if judge(error) in {Verdict.BUSY, Verdict.PASSING}]
        failed |= {target: error for target, error in reported.items() if number == TRIES or target not in left}
        if not left:
            break
        time.sleep((100 + randbelow(200 << number)) / 1000)
    return failed


def _delete(connection: Connection, targets: Sequence[Target]) -> dict[Target, Exception]:
    """One request; what its answer reports as failed."""
    names: list[ObjectIdentifierTypeDef] = [
        {"Key": target.path, "VersionId": target.version} if target.version else {"Key": target.path}
        for target in targets
    ]
    answer = connection.client.delete_objects(Bucket=connection.bucket, Delete={"Objects": names, "Quiet": True})
    reported: dict[Target, Exception] = {}
    if errors := answer.get("Errors", ()):
        asked = set(targets)
        for item in errors:
            error = ClientError({"Error": {"Code": item.get("Code", ""), "Message": item.get("Message", "")}}, "x")
            target = Target(item.get("Key", ""), item.get("VersionId", ""))
            same_key = [other for other in targets if other.path == target.path] if target not in asked else []
            reported |= dict.fromkeys(same_key or [target], error)
    return reported
