"""Writes by version, where answers are lost or conditions misread on the way."""

from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from mypy_boto3_s3.client import S3Client

from portalgen.errors import OvertakenError, StoreError
from portalgen.stores.s3 import Options, S3Store
from tests.fault_proxy import (
    INTERNAL_ERROR,
    SLOW_DOWN,
    Answer,
    Exchange,
    Fault,
    FaultProxy,
    Request,
    refuse,
    reset_after,
    reset_before,
)
from tests.s3_server import S3Server
from tests.store_contract import HTML

KEY = "private/lease.json"


def is_put(request: Request) -> bool:
    return request.kind in {"put", "put-if"}


def kinds(proxy: FaultProxy) -> list[str]:
    return [request.kind for request in proxy.log]


@pytest.mark.parametrize("fault", [reset_before, reset_after, INTERNAL_ERROR, SLOW_DOWN])
def test_a_lost_answer_is_made_up_for(proxy: FaultProxy, proxied_store: S3Store, fault: Fault) -> None:
    """The second try meets what the first one wrote, and knows it for its own."""
    proxy.inject(fault, is_put)
    version = proxied_store.write_if(KEY, b"1", HTML, None)
    assert proxied_store.find(KEY).version == version
    proxy.inject(fault, is_put)
    version = proxied_store.write_if(KEY, b"2", HTML, version)
    found = proxied_store.find(KEY)
    assert (found.data, found.version) == (b"2", version)


@pytest.mark.parametrize("data", [b"mine", b"another's"])
def test_what_another_wrote_while_an_answer_was_lost_is_not_taken_for_ones_own(
    proxy: FaultProxy, proxied_store: S3Store, s3_store: S3Store, data: bytes
) -> None:
    """Not even where the bytes are the same."""

    def overtaken(exchange: Exchange) -> None:
        exchange.forward()
        s3_store.delete([KEY])
        s3_store.write_if(KEY, data, HTML, None)
        exchange.reset()

    proxy.inject(overtaken, is_put)
    with pytest.raises(OvertakenError, match=f"cannot write '{KEY}': somebody else wrote it meanwhile"):
        proxied_store.write_if(KEY, b"mine", HTML, None)
    assert s3_store.read(KEY) == data


def test_the_same_bytes_are_created_by_one(s3_store: S3Store) -> None:
    s3_store.write_if(KEY, b"same", HTML, None)
    with pytest.raises(OvertakenError):
        s3_store.write_if(KEY, b"same", HTML, None)


def test_a_store_that_wants_quotes_is_given_quotes_from_then_on(
    proxy: FaultProxy, proxied_store: S3Store, s3_client: S3Client
) -> None:
    version = proxied_store.write_if(KEY, b"0", HTML, None)
    sent: list[str] = []
    proxied_store.client.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_: sent.append(bytes(request.headers["If-Match"]).decode())
    )

    def quotes_only(exchange: Exchange) -> None:
        if not sent[-1].startswith('"'):
            refuse(412, "PreconditionFailed")(exchange)
            return
        put = s3_client.put_object(
            Bucket=exchange.bucket, Key=exchange.request.key, Body=exchange.body, IfMatch=sent[-1].strip('"')
        )
        exchange.send(Answer(200, (("ETag", put["ETag"]),), b""))

    proxy.inject(quotes_only, is_put, times=None)
    for data in (b"1", b"2"):
        version = proxied_store.write_if(KEY, data, HTML, version)
    assert [quoted.startswith('"') for quoted in sent] == [False, True, True]
    proxy.clear()
    with pytest.raises(OvertakenError):
        proxied_store.write_if(KEY, b"3", HTML, "0" * 32)
    assert proxied_store.read(KEY) == b"2"


def test_a_conflict_is_tried_again(proxy: FaultProxy, proxied_store: S3Store) -> None:
    proxy.inject(refuse(409, "ConditionalRequestConflict"), is_put, times=2)
    version = proxied_store.write_if(KEY, b"1", HTML, None)
    assert proxied_store.find(KEY).version == version


def test_an_answer_that_ceph_gives_to_some_of_many_writers_is_tried_again(
    proxy: FaultProxy, proxied_store: S3Store, s3_store: S3Store
) -> None:
    proxy.inject(refuse(500, "UnknownError"), is_put, times=4)
    version = proxied_store.write_if(KEY, b"1", HTML, None)
    assert proxied_store.find(KEY).version == version
    theirs = s3_store.write_if(KEY, b"2", HTML, version)
    proxy.inject(refuse(500, "UnknownError"), is_put, times=4)
    with pytest.raises(OvertakenError):
        proxied_store.write_if(KEY, b"3", HTML, version)
    assert s3_store.find(KEY).version == theirs


def test_a_store_that_refuses_every_time_is_overtaken_in_the_end(proxy: FaultProxy, proxied_store: S3Store) -> None:
    proxy.inject(refuse(409, "ConditionalRequestConflict"), is_put, times=None)
    with pytest.raises(OvertakenError):
        proxied_store.write_if(KEY, b"1", HTML, None)
    assert kinds(proxy).count("put-if") <= 5


def test_an_object_that_is_gone_is_overtaken_where_the_store_says_not_found(
    proxy: FaultProxy, proxied_store: S3Store
) -> None:
    proxy.inject(refuse(404, "NoSuchKey"), is_put)
    with pytest.raises(OvertakenError):
        proxied_store.write_if(KEY, b"1", HTML, "0" * 32)


def test_what_is_wrong_otherwise_is_no_overtaking(proxy: FaultProxy, proxied_store: S3Store) -> None:
    for code, said in (("AccessDenied", "access is denied"), ("NoSuchBucket", "the bucket does not exist")):
        proxy.inject(refuse(403 if code == "AccessDenied" else 404, code), is_put)
        with pytest.raises(StoreError, match=said) as caught:
            proxied_store.write_if(KEY, b"1", HTML, None)
        assert not isinstance(caught.value, OvertakenError)


def test_a_single_writer_sends_no_conditions(proxy: FaultProxy, s3_bucket: str) -> None:
    store = S3Store(s3_bucket, endpoint=proxy.endpoint, options=Options(single_writer=True))
    versions = [store.write_if(KEY, data, HTML, None) for data in (b"1", b"2")]
    assert store.find(KEY).version == versions[1]
    assert kinds(proxy) == ["put", "put", "get"]
    store.close()


def test_a_race_costs_few_requests(s3_server: S3Server, proxied_store: S3Store, proxy: FaultProxy) -> None:
    proxied_store.write_if(KEY, b"1", HTML, None)
    with pytest.raises(OvertakenError):
        proxied_store.write_if(KEY, b"2", HTML, None)
    assert kinds(proxy) == ["put-if", "put-if", "head"]


@pytest.mark.parametrize(("seconds", "least", "most"), [(3600, 3600, 3700), (-3600, 0, 0)])
def test_the_age_is_told_by_the_stores_clock(
    proxy: FaultProxy, proxied_store: S3Store, seconds: int, least: int, most: int
) -> None:
    def later(exchange: Exchange) -> None:
        answer = exchange.forward()
        told = [(name, _shifted(value, seconds) if name.lower() == "date" else value) for name, value in answer.headers]
        exchange.send(Answer(answer.status, tuple(told), answer.body))

    proxied_store.write(KEY, b"1", HTML)
    proxy.inject(later, lambda request: request.kind == "get")
    assert least <= proxied_store.find(KEY).age <= most


def test_where_the_store_tells_no_time_an_object_counts_as_new(proxy: FaultProxy, proxied_store: S3Store) -> None:
    def timeless(exchange: Exchange) -> None:
        answer = exchange.forward()
        told = [header for header in answer.headers if header[0].lower() != "date"]
        exchange.send(Answer(answer.status, tuple(told), answer.body))

    proxied_store.write(KEY, b"1", HTML)
    proxy.inject(timeless, lambda request: request.kind == "get")
    assert proxied_store.find(KEY).age == 0


def _shifted(date: str, seconds: int) -> str:
    return format_datetime(parsedate_to_datetime(date) + timedelta(seconds=seconds), usegmt=True)
