"""A bucket as its owner and as the world sees it: single requests, and what came of each, as values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from portalgen.errors import PortalgenError
from portalgen.model import StoreSource
from portalgen.stores.base import PRIVATE
from portalgen.stores.s3.causes import Verdict, explain, is_unknown_there, judge
from portalgen.stores.s3.connection import Connection
from portalgen.stores.s3.deleting import Target, delete_batch

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_s3.client import S3Client

Value = TypeVar("Value")

_NO_UPLOAD = "none"
"""The id of no upload: whoever may abort one is told that it does not exist, whoever may not is denied it."""


class Outcome(Enum):
    """What came of a request. UNKNOWN_THERE is a kind of request that the service does not know."""

    DONE = "done"
    DENIED = "denied"
    ABSENT = "absent"
    UNKNOWN_THERE = "unknown there"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value]):
    """`value` is there where it was DONE; else `cause` says in one line why it was not, and `hint` what to do.

    `moment` is the service's clock as it answered.
    """

    outcome: Outcome
    value: Value | None = None
    cause: str = ""
    hint: str = ""
    moment: datetime | None = None


class Inspection:
    """Asks the bucket of `source`. Keys and prefixes are those of a store. No method raises."""

    def __init__(self, source: StoreSource) -> None:
        self._at = Connection(source.bucket, source.region, source.endpoint, source.prefix)
        self._endpoint = source.endpoint

    def close(self) -> None:
        self._at.close()

    # Settings.

    def reach(self) -> Answer[Any]:
        """A look into the private part."""
        return self._ask(lambda client: client.list_objects_v2(**self._under(PRIVATE), MaxKeys=1))

    def versioning(self) -> Answer[str]:
        """'Enabled', 'Suspended', or '' where there never were versions."""
        return self._ask(lambda client: client.get_bucket_versioning(**self._bucket).get("Status", ""))

    def retention(self) -> Answer[str]:
        """How long every new object is kept, as '1 Days', or ''."""

        def ask(client: "S3Client") -> str:
            lock: Mapping[str, Any] = client.get_object_lock_configuration(**self._bucket)
            rule = lock["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention", {})
            return next((f"{rule[unit]} {unit.lower()}" for unit in ("Days", "Years") if rule.get(unit)), "")

        return self._ask(ask)

    def lifecycle(self) -> Answer[Sequence[Mapping[str, Any]]]:
        """The rules, as the service tells them."""

        def ask(client: "S3Client") -> Sequence[Mapping[str, Any]]:
            return client.get_bucket_lifecycle_configuration(**self._bucket)["Rules"]

        return self._ask(ask)

    def public_access_block(self) -> Answer[Mapping[str, bool]]:
        """By name, which of the four switches are on."""

        def ask(client: "S3Client") -> Mapping[str, bool]:
            return {**client.get_public_access_block(**self._bucket)["PublicAccessBlockConfiguration"]}  # type: ignore[dict-item]

        return self._ask(ask)

    # What credentials may do.

    def may_delete(self, key: str) -> Answer[Any]:
        """Deletes an object, as a purge does; where there are versions, this writes a marker."""
        return self._delete(Target(self._at.path(key)))

    def may_delete_versions(self, key: str) -> Answer[Any]:
        """Deletes a version that is not there, as a purge does, which writes no marker."""
        return self._delete(Target(self._at.path(key), "null"))

    def may_list(self, prefix: str, *, is_stranger: bool = False) -> Answer[Any]:
        return self._ask(lambda client: client.list_objects_v2(**self._under(prefix), MaxKeys=1), is_stranger)

    def may_list_versions(self, prefix: str, *, is_stranger: bool = False) -> Answer[Any]:
        return self._ask(lambda client: client.list_object_versions(**self._under(prefix), MaxKeys=1), is_stranger)

    def may_list_uploads(self, prefix: str, *, is_stranger: bool = False) -> Answer[Any]:
        return self._ask(lambda client: client.list_multipart_uploads(**self._under(prefix), MaxUploads=1), is_stranger)

    def may_abort(self, key: str) -> Answer[Any]:
        """ABSENT where it is allowed."""
        return self._ask(lambda client: client.abort_multipart_upload(**self._named(key), UploadId=_NO_UPLOAD))

    def may_write(self, key: str, data: bytes, *, is_stranger: bool = False) -> Answer[Any]:
        return self._ask(lambda client: client.put_object(**self._named(key), Body=data), is_stranger)

    def may_read(self, key: str, *, is_stranger: bool = False) -> Answer[bytes]:
        def ask(client: "S3Client") -> bytes:
            with client.get_object(**self._named(key))["Body"] as body:
                return body.read()

        return self._ask(ask, is_stranger)

    # How.

    def _delete(self, target: Target) -> Answer[Any]:
        """Deletes as one of many: a service may see another right in that."""

        def ask(_: "S3Client") -> None:
            for error in delete_batch(self._at, [target]).values():
                raise error

        return self._ask(ask)

    @property
    def _bucket(self) -> dict[str, str]:
        return {"Bucket": self._at.bucket}

    def _named(self, key: str) -> Any:
        return self._bucket | {"Key": self._at.path(key)}

    def _under(self, prefix: str) -> Any:
        """'' stands for the bucket as a whole, whatever else it holds."""
        return self._bucket | ({"Prefix": self._at.path(prefix)} if prefix else {})

    def _ask(self, request: "Callable[[S3Client], Value]", is_stranger: bool = False) -> Answer[Value]:
        try:
            value = request(self._at.stranger if is_stranger else self._at.client)
            return Answer(Outcome.DONE, value, moment=_moment(value))
        except ClientError as error:
            cause, hint = explain(error, self._endpoint)
            return Answer(_outcome(error, is_stranger=is_stranger), None, cause, hint, _moment(error.response))
        except BotoCoreError as error:
            return Answer(Outcome.FAILED, None, *explain(error, self._endpoint))
        except PortalgenError as error:
            return Answer(Outcome.FAILED, None, error.problems[0].message, error.problems[0].hint)


def _outcome(error: ClientError, *, is_stranger: bool) -> Outcome:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if judge(error) is Verdict.DENIED or (is_stranger and status in {401, 403}):
        return Outcome.DENIED
    if is_unknown_there(error):
        return Outcome.UNKNOWN_THERE
    return Outcome.ABSENT if status == 404 and judge(error) is not Verdict.HOPELESS else Outcome.FAILED


def _moment(response: Any) -> datetime | None:
    """The time that came with a response, if this is one."""
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, Mapping) else {}
    said = metadata.get("HTTPHeaders", {}).get("date", "")
    try:
        return datetime.strptime(said, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return None
