"""What the doctor finds of buckets, good and bad, on a real server."""

import datetime
import os
import uuid
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from mypy_boto3_s3.client import S3Client

from portalgen.doctor import bucket as doctor_of_buckets
from portalgen.doctor.policies import policy
from portalgen.model import Cdn, StoreSource
from portalgen.stores.s3 import from_source
from tests.cloudfront_server import CloudFrontServer
from tests.doctor.buckets import Bucket, not_ok
from tests.s3_server import S3Server

VERSIONED = {"one-writer": "FAIL"}
"""Where there are versions, Ceph lets each of several writers create an object, and none replace it."""


@pytest.fixture
def bucket(s3_server: S3Server, s3_bucket: str, s3_client: S3Client) -> Bucket:
    """A bucket that is as it should be."""
    made = Bucket(StoreSource("live", "s3", bucket=s3_bucket, endpoint=s3_server.endpoint), s3_client)
    made.make_good()
    return made


def test_a_good_bucket_passes(bucket: Bucket) -> None:
    found = bucket.found()
    assert not_ok(found) == {}
    assert {"s3:PutObject", "s3:DeleteObjectVersion", "one-writer", "bytes", "world-writing"} < found.keys()


def test_a_new_bucket_is_told_what_it_lacks(s3_server: S3Server, s3_bucket: str, s3_client: S3Client) -> None:
    new = Bucket(StoreSource("live", "s3", bucket=s3_bucket, endpoint=s3_server.endpoint), s3_client)
    assert not_ok(new.found()) == {"unfinished-uploads": "warn", "public-access": "warn", "public-part": "warn"}


def test_a_site_in_a_folder_of_a_bucket_is_looked_at_there(
    s3_server: S3Server, s3_bucket: str, s3_client: S3Client
) -> None:
    source = StoreSource("live", "s3", bucket=s3_bucket, endpoint=s3_server.endpoint, prefix="north/wind/")
    made = Bucket(source, s3_client)
    made.make_good()
    assert not_ok(made.found()) == {}
    made.allow(made.world("s3:GetObject", "/north/wind/private/*"))
    assert not_ok(made.found()) == {"private-part": "FAIL"}


# What the world may do.


@pytest.mark.parametrize("action", ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"])
def test_a_bucket_that_the_world_may_list_fails(action: str, bucket: Bucket) -> None:
    bucket.allow(bucket.world(action))
    assert not_ok(bucket.found()) == {"world-listing": "FAIL"}


@pytest.mark.parametrize("area", ["public/", "private/"])
def test_a_part_that_the_world_may_list_fails(area: str, bucket: Bucket) -> None:
    bucket.allow(bucket.world("s3:ListBucket", Condition={"StringEquals": {"s3:prefix": area}}))
    found = bucket.found()
    assert not_ok(found) == {"world-listing": "FAIL"}
    assert f"under {area}" in found["world-listing"].said


def test_an_acl_that_lets_the_world_list_fails(bucket: Bucket) -> None:
    bucket.switches()
    bucket.client.put_bucket_acl(Bucket=bucket.name, ACL="public-read")
    assert not_ok(bucket.found()) == {"world-listing": "FAIL", "public-access": "warn"}
    bucket.switches(IgnorePublicAcls=True)
    assert not_ok(bucket.found()) == {}


def test_a_private_part_that_the_world_may_read_fails(bucket: Bucket) -> None:
    bucket.allow(bucket.world("s3:GetObject", "/*"))
    assert not_ok(bucket.found()) == {"private-part": "FAIL"}


def test_a_public_part_that_the_world_may_not_read_is_told(bucket: Bucket) -> None:
    bucket.client.delete_bucket_policy(Bucket=bucket.name)
    found = bucket.found()
    assert not_ok(found) == {"public-part": "warn"}
    assert "a CDN" in found["public-part"].said


@pytest.mark.parametrize("path", ["/*", "/public/*"])
def test_a_bucket_that_the_world_may_write_in_fails(path: str, bucket: Bucket) -> None:
    bucket.allow(bucket.world("s3:PutObject", path))
    assert not_ok(bucket.found()) == {"world-writing": "FAIL"}


# Settings.


def test_blocked_public_access_is_told(bucket: Bucket) -> None:
    bucket.switches(IgnorePublicAcls=True, BlockPublicPolicy=True, RestrictPublicBuckets=True)
    assert "blocked" in bucket.found()["public-access"].said


def test_versions_that_no_rule_removes_are_told(bucket: Bucket) -> None:
    bucket.keep_versions()
    assert not_ok(bucket.found()) == VERSIONED
    bucket.client.delete_bucket_lifecycle(Bucket=bucket.name)
    assert not_ok(bucket.found()) == {"versioning": "warn", "unfinished-uploads": "warn"} | VERSIONED
    bucket.keep_versions("Suspended")
    assert not_ok(bucket.found())["versioning"] == "warn"


def test_unfinished_uploads_that_no_rule_removes_are_told(bucket: Bucket) -> None:
    [rule] = policy("lifecycle", bucket.source)["Rules"]
    del rule["AbortIncompleteMultipartUpload"]
    bucket.rules([rule])
    assert not_ok(bucket.found()) == {"unfinished-uploads": "warn"}


def test_a_rule_that_deletes_what_is_published_fails(bucket: Bucket) -> None:
    rule = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": "public/"}, "Expiration": {"Days": 30}}
    bucket.rules([*policy("lifecycle", bucket.source)["Rules"], rule])
    found = bucket.found()
    assert not_ok(found) == {"expiry": "FAIL"}
    assert "'tidy'" in found["expiry"].said


def test_where_all_is_kept_nothing_is_written(s3_server: S3Server, s3_bucket: str, s3_client: S3Client) -> None:
    name = f"kept-{uuid.uuid4().hex}"
    s3_client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    kept = Bucket(StoreSource("live", "s3", bucket=name, endpoint=s3_server.endpoint), s3_client)
    kept.make_good()
    assert not_ok(kept.found()) == VERSIONED
    rule: Any = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 2}}
    s3_client.put_object_lock_configuration(
        Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    found = kept.found()
    assert not_ok(found) == {"retention": "warn", "writing": "unknown"}
    assert "2 days" in found["retention"].said


@pytest.mark.parametrize(
    ("apart", "verdict"), [(0, "ok"), (90, "warn"), (-90, "warn"), (1000, "FAIL"), (-1000, "FAIL")]
)
def test_a_clock_that_is_wrong_is_told(apart: int, verdict: str, bucket: Bucket) -> None:
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=apart)
    with closing(from_source(bucket.source)) as store:
        findings = doctor_of_buckets.examine(bucket.source, store, lambda: now)
        clock = next(each for each in findings if each.check == "clock")
    assert clock.verdict.value == verdict


# What a store must honour.


def test_a_store_that_keeps_other_bytes_than_it_was_given_fails(bucket: Bucket) -> None:
    store = from_source(bucket.source)

    def frame(params: Any, **_: Any) -> None:
        """As a store that takes the framing of a chunked upload for the object."""
        params["Body"] = b"186a0\r\n" + params["Body"] + b"\r\n0\r\n\r\n"

    store.client.meta.events.register("provide-client-params.s3.PutObject", frame)
    assert not_ok(bucket.found(store)) == {"bytes": "FAIL"}


def test_a_store_without_conditional_writes_fails_unless_there_is_one_writer(bucket: Bucket) -> None:
    bucket.keep_versions()
    found = bucket.found()
    assert not_ok(found) == VERSIONED
    assert "16 succeeded" in found["one-writer"].said
    alone = Bucket(replace(bucket.source, single_writer=True), bucket.client)
    assert not_ok(alone.found()) == {"one-writer": "warn"}


def test_a_store_is_raced_even_where_one_writer_is_said_to_be_enough(bucket: Bucket) -> None:
    alone = Bucket(replace(bucket.source, single_writer=True), bucket.client)
    assert not_ok(alone.found()) == {}


def test_a_cdn_that_is_told_to_forget_passes_and_one_that_denies_it_fails(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CloudFrontServer() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", server.endpoint)
        behind = Bucket(replace(bucket.source, cdn=Cdn("cloudfront", server.distribution)), bucket.client)
        found = behind.found()
        assert not_ok(found) == {}
        assert "cdn" in found
        [path] = server.paths
        assert path.startswith("/doctor-")
        server.faults["POST"].append("AccessDenied")
        assert not_ok(behind.found()) == {"cdn": "FAIL"}
        elsewhere = Bucket(replace(bucket.source, cdn=Cdn("cloudfront", "E999")), bucket.client)
        assert "no distribution E999" in elsewhere.found()["cdn"].said


# The credentials.


def test_what_could_not_be_deleted_is_named(bucket: Bucket) -> None:
    deny = bucket.world("s3:DeleteObject", "/public/doctor-*", Effect="Deny")
    bucket.allow(deny | {"Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"]})
    found = bucket.found()
    assert found["traces"].verdict.value == "warn"
    assert "public/doctor-" in found["traces"].hint


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bucket": "no-such-bucket-here"}, "the bucket does not exist"),
        ({"endpoint": "http://127.0.0.1:9"}, "cannot connect"),
        ({"endpoint": "nonsense"}, "cannot open bucket"),
        ({"bucket": "no bucket"}, "the bucket's name is not one"),
    ],
)
def test_a_bucket_that_cannot_be_reached_is_all_there_is_to_say(
    change: dict[str, Any], said: str, bucket: Bucket
) -> None:
    elsewhere = Bucket(replace(bucket.source, **change), bucket.client)
    found = elsewhere.found_there()
    assert [(each.check, each.verdict.value) for each in found] == [("bucket", "FAIL")]
    assert said in found[0].said


def test_wrong_credentials_are_named(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ACCESS_KEY_ID", "wrong")):
        monkeypatch.setenv(name, value)
        [found] = bucket.found_there()
        assert found.said == "the credentials are not valid there"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    [found] = bucket.found_there()
    assert found.said == "there are no credentials"
