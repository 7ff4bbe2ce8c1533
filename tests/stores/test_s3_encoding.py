"""What is stored compressed, and how it is read."""

import gzip
import os

import pytest

from portalgen.errors import StoreError
from portalgen.stores.base import Metadata, Put
from portalgen.stores.s3 import S3Store
from portalgen.stores.s3.encoding import FIRST_FLIGHT, decode, encode
from tests.store_contract import CSV, HTML, LONG_TEXT

LONG = b"invoice " * FIRST_FLIGHT


@pytest.mark.parametrize(
    "kind",
    [
        "text/html; charset=utf-8",
        "text/css",
        "text/plain",
        "text/csv",
        "Text/JavaScript",
        "application/json",
        "application/x-ndjson",
        "application/xml",
        "image/svg+xml",
    ],
)
def test_long_text_is_compressed(kind: str) -> None:
    item = encode(LONG, Metadata(kind))
    assert (item.content_encoding, item.content_type) == ("gzip", kind)
    assert gzip.decompress(item.body) == decode(item.body, "gzip") == LONG
    assert len(item.body) < len(LONG) // 10


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (LONG[:FIRST_FLIGHT], "text/html"),  # all of it travels at once anyhow
        (LONG, "application/pdf"),
        (LONG, "image/png"),
        (os.urandom(FIRST_FLIGHT * 2), "text/plain"),  # nothing is gained
    ],
)
def test_what_is_short_or_no_text_or_gains_nothing_is_stored_as_it_is(data: bytes, kind: str) -> None:
    item = encode(data, Metadata(kind))
    assert (item.body, item.content_encoding) == (data, "")


def test_the_same_bytes_are_stored_as_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    before = encode(LONG, HTML)
    monkeypatch.setattr("time.time", lambda: 0)
    assert encode(LONG, HTML) == before
    assert before.body[4:8] == bytes(4)  # where gzip notes the time


def test_what_a_service_has_decoded_already_is_read_as_it_is() -> None:
    assert decode(b"<p>", "gzip") == b"<p>"


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"x" * 1000)[:-9], gzip.compress(b"x") + b"y", b"\x1f\x8b"],
    ids=["cut off", "goes on", "no more than a mark"],
)
def test_a_damaged_object_is_said(body: bytes) -> None:
    with pytest.raises(StoreError, match="it is damaged"):
        decode(body, "gzip")


def test_the_world_is_told_that_an_object_is_compressed_and_what_it_is(s3_store: S3Store, s3_bucket: str) -> None:
    s3_store.write("public/one.csv", LONG_TEXT, CSV)
    assert [outcome.cause for outcome in s3_store.write_many([Put("public/two.csv", LONG_TEXT, CSV)])] == [""]
    for key in ("public/one.csv", "public/two.csv"):
        answer = s3_store.client.get_object(Bucket=s3_bucket, Key=key)
        assert (answer["ContentEncoding"], answer["ContentType"]) == ("gzip", "text/csv; charset=utf-8")
        assert (answer["CacheControl"], answer["ContentDisposition"]) == ("private, no-store", "attachment")
        with answer["Body"] as body:
            assert gzip.decompress(body.read()) == LONG_TEXT
        assert s3_store.read(key) == LONG_TEXT


def test_reading_a_damaged_object_names_it(s3_store: S3Store, s3_bucket: str) -> None:
    s3_store.client.put_object(
        Bucket=s3_bucket, Key="private/x", Body=gzip.compress(b"x" * 99)[:-9], ContentEncoding="gzip"
    )
    with pytest.raises(StoreError, match=r"cannot read 'private/x' in bucket .*: it is damaged"):
        s3_store.read("private/x")
