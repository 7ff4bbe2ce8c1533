"""The proxy that fails on purpose forwards all else unchanged, and fails as told."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError, ResponseStreamingError
from mypy_boto3_s3.client import S3Client

from tests.fault_proxy import (
    DENIED,
    EXPIRED,
    INTERNAL_ERROR,
    SKEWED,
    SLOW_DOWN,
    Fault,
    FaultProxy,
    after,
    before,
    every_other,
    failing_delete,
    hold,
    hold_answer,
    instead,
    reset_after,
    reset_before,
    slow,
)
from tests.fault_proxy import (
    partial as half,
)
from tests.s3_server import S3Server

Put = Callable[[str], object]
Keys = Callable[[], list[str]]


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[FaultProxy]:
    with FaultProxy(s3_server.port) as proxy:
        yield proxy
        proxy.settle()


@pytest.fixture
def through(proxy: FaultProxy, s3_server: S3Server) -> Iterator[S3Client]:
    """A client that goes through the proxy, does not try again, and waits for an answer for a second."""
    client = boto3.client(
        "s3",
        endpoint_url=proxy.endpoint,
        region_name="us-east-1",
        aws_access_key_id=s3_server.access_key,
        aws_secret_access_key=s3_server.secret_key,
        config=Config(proxies={}, s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=1),
    )
    yield client
    client.close()


@pytest.fixture
def put(through: S3Client, s3_bucket: str) -> Put:
    """Puts an object through the proxy."""
    return lambda key: through.put_object(Bucket=s3_bucket, Key=key, Body=b"x")


@pytest.fixture
def keys(s3_client: S3Client, s3_bucket: str) -> Keys:
    """What the bucket holds."""
    return partial(keys_in, s3_client, s3_bucket)


def asked(proxy: FaultProxy) -> list[tuple[str, str]]:
    return [(request.kind, request.key) for request in proxy.log]


def test_requests_pass_signed_as_they_are_and_are_told_apart(
    proxy: FaultProxy, through: S3Client, s3_bucket: str
) -> None:
    key = "public/a b/é+%.html"
    through.put_object(Bucket=s3_bucket, Key=key, Body=b"x" * 100_000, ContentType="text/html", IfNoneMatch="*")
    through.put_object(Bucket=s3_bucket, Key="public/2", Body=b"")
    assert through.get_object(Bucket=s3_bucket, Key=key)["Body"].read() == b"x" * 100_000
    assert through.head_object(Bucket=s3_bucket, Key=key)["ContentLength"] == 100_000
    listed = through.list_objects_v2(Bucket=s3_bucket, Prefix="public/")["Contents"]
    assert [item["Key"] for item in listed] == ["public/2", key]
    through.list_object_versions(Bucket=s3_bucket, Prefix="public/a")
    through.list_multipart_uploads(Bucket=s3_bucket)
    through.get_bucket_versioning(Bucket=s3_bucket)
    through.delete_object(Bucket=s3_bucket, Key="public/2")
    through.delete_objects(Bucket=s3_bucket, Delete={"Objects": [{"Key": key}, {"Key": "public/3"}]})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{proxy.endpoint}/{s3_bucket}/public/2", timeout=5)  # noqa: S310 - it is http
    assert asked(proxy) == [
        *(("put-if", key), ("put", "public/2"), ("get", key), ("head", key), ("list", "public/")),
        *(("list-versions", "public/a"), ("list-uploads", ""), ("bucket-versioning", ""), ("delete", "public/2")),
        *(("delete-many", ""), ("probe", "public/2")),
    ]
    assert proxy.log[-2].keys == (key, "public/3")
    assert [request.number for request in proxy.log] == [*range(1, 12)]


def test_a_conditional_write_that_loses_is_answered_by_the_server(through: S3Client, s3_bucket: str) -> None:
    through.put_object(Bucket=s3_bucket, Key="x", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        through.put_object(Bucket=s3_bucket, Key="x", Body=b"2", IfNoneMatch="*")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (SLOW_DOWN, "SlowDown"),
        (INTERNAL_ERROR, "InternalError"),
        (EXPIRED, "ExpiredToken"),
        (DENIED, "AccessDenied"),
        (SKEWED, "RequestTimeTooSkewed"),
    ],
)
def test_an_error_befalls_the_nth_request_that_matches_and_no_other(
    proxy: FaultProxy, put: Put, keys: Keys, fault: Fault, code: str
) -> None:
    injected = proxy.inject(fault, lambda request: request.kind == "put", nth=2, times=1)
    put("1")
    keys()
    with pytest.raises(ClientError) as caught:
        put("2")
    assert caught.value.response["Error"]["Code"] == code
    put("3")
    assert injected.times == 1
    assert keys() == ["1", "3"]


def keys_in(client: S3Client, bucket: str) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", ())]


@pytest.mark.parametrize(("fault", "is_done"), [(reset_before, False), (reset_after, True)])
def test_a_reset_comes_before_or_after_the_request_took_effect(
    proxy: FaultProxy, put: Put, keys: Keys, fault: Fault, is_done: bool
) -> None:
    proxy.inject(fault)
    with pytest.raises(ConnectionClosedError):
        put("x")
    proxy.settle()
    assert keys() == ["x"] * is_done


@pytest.mark.parametrize(("fault", "is_done"), [(hold, False), (hold_answer, True)])
def test_a_request_that_is_held_times_out(proxy: FaultProxy, put: Put, keys: Keys, fault: Fault, is_done: bool) -> None:
    proxy.inject(fault)
    with pytest.raises(ReadTimeoutError):
        put("x")
    proxy.settle()
    assert keys() == ["x"] * is_done


def test_half_a_body_comes_and_the_connection_closes(proxy: FaultProxy, through: S3Client, s3_bucket: str) -> None:
    through.put_object(Bucket=s3_bucket, Key="x", Body=b"0123456789")
    proxy.inject(half)
    body = through.get_object(Bucket=s3_bucket, Key="x")["Body"]
    assert body.read(5) == b"01234"
    with pytest.raises(ResponseStreamingError):
        body.read()


def test_a_slow_body_comes_whole(proxy: FaultProxy, through: S3Client, s3_bucket: str) -> None:
    through.put_object(Bucket=s3_bucket, Key="x", Body=b"0123456789")
    proxy.inject(slow(0.1))
    started = time.monotonic()
    assert through.get_object(Bucket=s3_bucket, Key="x")["Body"].read() == b"0123456789"
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("code", ["InternalError", "AccessDenied"])
def test_the_kth_key_of_all_deletes_stays_however_often_it_is_asked_for(
    proxy: FaultProxy, through: S3Client, s3_client: S3Client, s3_bucket: str, code: str
) -> None:
    for number in range(1, 6):
        through.put_object(Bucket=s3_bucket, Key=f"<{number}>", Body=b"x")
    proxy.inject(failing_delete(s3_client, 4, code), lambda request: request.kind == "delete-many", times=None)

    def delete(*keys: str) -> list[str | None]:
        answer = through.delete_objects(Bucket=s3_bucket, Delete={"Objects": [{"Key": key} for key in keys]})
        assert {error["Code"] for error in answer.get("Errors", [])} <= {code}
        return [error["Key"] for error in answer.get("Errors", [])]

    assert delete("<1>", "<2>") == []
    assert delete("<3>", "<4>", "<5>") == ["<4>"]
    assert delete("<4>") == ["<4>"]
    assert keys_in(s3_client, s3_bucket) == ["<4>"]


def test_every_other_try_of_the_same_request_fails(proxy: FaultProxy, through: S3Client, s3_bucket: str) -> None:
    proxy.inject(every_other(SLOW_DOWN), times=None)
    for key in ("x", "y"):
        for _ in range(2):
            with pytest.raises(ClientError, match="SlowDown"):
                through.put_object(Bucket=s3_bucket, Key=key, Body=b"x")
            through.put_object(Bucket=s3_bucket, Key=key, Body=b"x")


@pytest.mark.parametrize(("fault", "is_done"), [(instead, False), (after, True)])
def test_a_hook_runs_before_or_after_the_request_takes_effect(
    proxy: FaultProxy,
    put: Put,
    keys: Keys,
    fault: Callable[[Callable[[], None]], Fault],
    is_done: bool,
) -> None:
    seen = []
    proxy.inject(fault(lambda: seen.append(keys())))
    with pytest.raises(ConnectionClosedError):
        put("x")
    proxy.settle()
    assert seen == [["x"] * is_done]
    assert keys() == ["x"] * is_done


def test_a_request_may_wait_for_a_hook_and_pass(proxy: FaultProxy, through: S3Client, s3_bucket: str) -> None:
    called = threading.Event()
    proxy.inject(before(called.set))
    through.put_object(Bucket=s3_bucket, Key="x", Body=b"x")
    assert called.is_set()


def test_what_is_asked_meanwhile_is_recorded_and_faults_end_with_it(
    proxy: FaultProxy, through: S3Client, s3_bucket: str
) -> None:
    through.put_object(Bucket=s3_bucket, Key="1", Body=b"x")
    with proxy.recording() as log:
        proxy.inject(DENIED, nth=2)
        through.put_object(Bucket=s3_bucket, Key="2", Body=b"x")
    through.put_object(Bucket=s3_bucket, Key="3", Body=b"x")
    assert [request.key for request in log] == ["2", "3"]
