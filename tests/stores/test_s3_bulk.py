"""Many objects at once, against a real server behind a proxy that fails on purpose."""

import datetime
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mypy_boto3_s3.client import S3Client

from portalgen.errors import StoreError
from portalgen.stores.base import Metadata, Outcome, Put
from portalgen.stores.s3 import Options, S3Store, bulk, connection, senders
from portalgen.stores.s3.bulk import MOST_BYTES, TRIES, Pace
from portalgen.stores.s3.connection import MOST_AT_ONCE
from portalgen.stores.s3.senders import HAS_OBSTORE
from tests.fault_proxy import (
    DENIED,
    EXPIRED,
    INTERNAL_ERROR,
    SKEWED,
    SLOW_DOWN,
    Answer,
    Exchange,
    Fault,
    FaultProxy,
    Request,
    every_other,
    hold,
    refuse,
    reset_after,
    reset_before,
)
from tests.s3_server import S3Server
from tests.store_contract import HTML, keys_of

NUMBER = 200


def puts(number: int = NUMBER) -> Iterator[Put]:
    return (Put(f"public/t/{index:04}", b"%d" % index, HTML) for index in range(number))


def is_put(request: Request) -> bool:
    return request.kind == "put"


def refused(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.key: outcome.cause for outcome in outcomes if outcome.cause}


def test_obstore_is_there_for_tests() -> None:
    assert HAS_OBSTORE


def test_without_obstore_boto3_does_it() -> None:
    program = "import sys\nsys.modules['obstore'] = None\nfrom portalgen.stores.s3 import Options\nprint(Options())"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert "use_obstore=False" in done.stdout


@pytest.mark.parametrize(
    "fault",
    [SLOW_DOWN, INTERNAL_ERROR, reset_before, reset_after],
    ids=["throttled", "out of order", "reset before", "reset after"],
)
def test_what_fails_in_passing_is_tried_again(proxy: FaultProxy, faulty_store: S3Store, fault: Fault) -> None:
    proxy.inject(every_other(fault), is_put, nth=50, times=20)
    assert refused(list(faulty_store.write_many(puts()))) == {}
    assert len(keys_of(faulty_store, "public/")) == NUMBER
    tries = sum(request.kind == "put" for request in proxy.log)
    assert NUMBER + 5 <= tries <= NUMBER + 40
    assert faulty_store.requests >= tries


def test_a_request_that_hangs_is_given_up_and_tried_again(
    proxy: FaultProxy, faulty_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (connection, senders):
        monkeypatch.setattr(module, "READ_TIMEOUT", 1)
        monkeypatch.setattr(module, "CONNECT_TIMEOUT", 1)
    proxy.inject(hold, is_put, nth=20, times=2)
    assert refused(list(faulty_store.write_many(puts()))) == {}
    assert sum(is_put(request) for request in proxy.log) == NUMBER + 2


def test_an_object_whose_name_sounds_like_an_error_is_tried_again(proxy: FaultProxy, faulty_store: S3Store) -> None:
    proxy.inject(reset_before, is_put, times=1)
    [outcome] = faulty_store.write_many([Put("public/t/redirect-certificate.pdf", b"x", HTML)])
    assert outcome.cause == ""


def test_an_object_that_fails_each_time_is_told_of_and_the_rest_is_written(
    proxy: FaultProxy, faulty_store: S3Store
) -> None:
    proxy.inject(INTERNAL_ERROR, lambda request: request.key == "public/t/0007", times=None)
    assert refused(list(faulty_store.write_many(puts()))) == {"public/t/0007": "the store is too busy or out of order"}
    assert sum(request.key == "public/t/0007" and is_put(request) for request in proxy.log) == TRIES
    assert len(keys_of(faulty_store, "public/")) == NUMBER - 1


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (EXPIRED, "the credentials have expired\n  hint: sign in again"),
        (SKEWED, "this machine's clock is wrong\n  hint: set it"),
        (refuse(404, "NoSuchBucket"), "the bucket does not exist\n  hint: create it"),
        (refuse(301, "PermanentRedirect"), "the bucket is in another region\n  hint: mend 'region'"),
        (refuse(403, "InvalidAccessKeyId"), "the credentials are not valid there\n  hint: check AWS_ACCESS_KEY_ID"),
        (refuse(507, "XMinioStorageFull"), "the store is full\n  hint: raise its quota"),
    ],
)
def test_what_befalls_every_object_stops_at_once(
    proxy: FaultProxy, faulty_store: S3Store, fault: Fault, sentence: str
) -> None:
    proxy.inject(fault, is_put, nth=100, times=None)
    told: list[Outcome] = []
    with pytest.raises(StoreError) as caught:
        for outcome in faulty_store.write_many(puts(1000)):
            told.append(outcome)  # noqa: PERF402 - a list in the making is lost with the error
    assert re.match(r"cannot write 'public/t/\d{4}' in bucket 'portals-[0-9a-f]+': ", str(caught.value))
    assert sentence in str(caught.value)
    asked = sum(is_put(request) for request in proxy.log)
    assert asked <= 100 + MOST_AT_ONCE
    assert len(told) == asked
    assert sorted(outcome.key for outcome in told if not outcome.cause) == keys_of(faulty_store, "public/")


def test_one_object_that_is_denied_is_told_of_and_the_rest_is_written(
    s3_server: S3Server, s3_bucket: str, s3_client: S3Client
) -> None:
    first = f"arn:aws:s3:::{s3_bucket}/public/t/0000"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": first}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    s3_client.put_bucket_policy(Bucket=s3_bucket, Policy=policy)
    for use_obstore in (True, False):
        store = S3Store(s3_bucket, endpoint=s3_server.endpoint, options=Options(use_obstore=use_obstore))
        assert refused(list(store.write_many(puts()))) == {"public/t/0000": "access is denied"}
        assert len(keys_of(store, "public/")) == NUMBER - 1
        store.close()


def test_where_every_object_is_denied_it_stops_at_once(proxy: FaultProxy, faulty_store: S3Store) -> None:
    proxy.inject(DENIED, is_put, times=None)
    with pytest.raises(StoreError, match="access is denied"):
        list(faulty_store.write_many(puts(1000)))
    assert len(proxy.log) <= MOST_AT_ONCE


def test_what_nobody_listens_to_is_tried_again_and_said_without_the_key(s3_bucket: str) -> None:
    for use_obstore in (True, False):
        store = S3Store(s3_bucket, endpoint="http://127.0.0.1:9", options=Options(use_obstore=use_obstore))
        [outcome] = store.write_many(puts(1))
        assert outcome.cause == "cannot connect to http://127.0.0.1:9"
        assert store.requests == TRIES
        store.close()


def test_an_object_that_arrived_damaged_is_written_again(
    proxy: FaultProxy, faulty_store: S3Store, s3_client: S3Client
) -> None:
    def damaged(exchange: Exchange) -> None:
        etag = s3_client.put_object(Bucket=exchange.bucket, Key=exchange.request.key, Body=b"other")["ETag"]
        exchange.send(Answer(200, (("ETag", etag),), b""))

    proxy.inject(damaged, lambda request: request.key == "public/t/0003", times=1)
    assert refused(list(faulty_store.write_many(puts()))) == {}
    assert faulty_store.read("public/t/0003") == b"3"


def test_a_store_whose_etags_are_no_digests_is_learnt_about_and_used(proxy: FaultProxy, faulty_store: S3Store) -> None:
    def of_another_kind(exchange: Exchange) -> None:
        answer = exchange.forward()
        headers = [(name, "0" * 32 if name.lower() == "etag" else value) for name, value in answer.headers]
        exchange.send(Answer(answer.status, tuple(headers), answer.body))

    proxy.inject(of_another_kind, is_put, times=None)
    assert refused(list(faulty_store.write_many(puts()))) == {}
    assert sum(request.kind == "get" for request in proxy.log) <= MOST_AT_ONCE
    assert {item.digest for item in faulty_store.objects("public/")} == {""}


def test_an_object_that_was_taken_long_ago_is_tried_no_more(
    proxy: FaultProxy, faulty_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "LAST_START", 0)
    proxy.inject(INTERNAL_ERROR, is_put, times=1)
    assert len(refused(list(faulty_store.write_many(puts())))) == 1
    assert sum(is_put(request) for request in proxy.log) == NUMBER


def test_nothing_is_tried_again_once_whoever_gives_the_objects_has_failed(
    proxy: FaultProxy, faulty_store: S3Store
) -> None:
    def given() -> Iterator[Put]:
        yield from puts(10)
        raise LookupError("the lease is lost")

    proxy.inject(SLOW_DOWN, is_put, times=None)
    started = time.monotonic()
    with pytest.raises(LookupError, match="the lease is lost"):
        list(faulty_store.write_many(given()))
    assert time.monotonic() - started < 5
    assert sum(is_put(request) for request in proxy.log) <= 20


def test_few_large_objects_are_taken_at_a_time(s3_store: S3Store) -> None:
    data = os.urandom(MOST_BYTES // 4)
    taken = 0

    def large() -> Iterator[Put]:
        nonlocal taken
        for number in range(20):
            taken += 1
            yield Put(f"public/t/{number}", data, Metadata("application/pdf"))

    for told, outcome in enumerate(s3_store.write_many(large()), 1):
        assert not outcome.cause
        assert taken - told <= 4
    assert [item.size for item in s3_store.objects("public/")] == [len(data)] * 20


@pytest.fixture
def lent_credentials(s3_server: S3Server, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Credentials come from a program, which gives what stands in this file, twice."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    program = tmp_path / "program"
    program.write_text(f"cd {tmp_path}; echo x >> times; test $(wc -l < times) -le 2 && cat credentials.json\n")
    (tmp_path / "config").write_text(f"[default]\ncredential_process = sh {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return tmp_path / "credentials.json"


@pytest.mark.parametrize("minutes", [5, -5])
def test_credentials_that_cannot_be_renewed_are_said(
    s3_server: S3Server, s3_bucket: str, lent_credentials: Path, minutes: int, caplog: pytest.LogCaptureFixture
) -> None:
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    keys = {"AccessKeyId": s3_server.access_key, "SecretAccessKey": s3_server.secret_key}
    lent_credentials.write_text(json.dumps({"Version": 1, **keys, "Expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}"}))
    for use_obstore in (True, False):
        lent_credentials.with_name("times").unlink(missing_ok=True)
        store = S3Store(s3_bucket, endpoint=s3_server.endpoint, options=Options(use_obstore=use_obstore))
        with pytest.raises(StoreError, match="the credentials have expired"):
            list(store.write_many(puts(50)))
        store.close()
    assert "Traceback" not in caplog.text


def test_the_pace_is_halved_when_the_store_objects_and_grows_slowly() -> None:
    pace = Pace(start=32, most=64)
    for _ in range(10):  # of one moment
        pace.was_too_fast()
    assert pace.limit == 16
    for _ in range(16):
        pace.went_well()
    assert pace.limit == 17
    for _ in range(10_000):
        pace.went_well()
    assert pace.limit == 64


def test_the_pace_never_comes_to_a_halt(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(start=4)
    for second in range(10):
        monkeypatch.setattr(bulk, "_milliseconds", lambda second=second: second * 1000)
        pace.was_too_fast()
    assert pace.limit == 1
