"""What a purge takes away, in buckets of all kinds."""

import datetime
import gc
import json
import tracemalloc
from collections.abc import Iterator

import pytest
from mypy_boto3_s3.client import S3Client

from portalgen.stores.base import Erased, Failure, Put
from portalgen.stores.s3 import S3Store, erasing
from tests.fault_proxy import (
    DENIED,
    SLOW_DOWN,
    Exchange,
    Fault,
    FaultProxy,
    every_other,
    failing_delete,
    refuse,
    reset_before,
)
from tests.s3_server import S3Server
from tests.store_contract import HTML, keys_of, write_all, write_all_at_once

NOT_IMPLEMENTED = refuse(501, "NotImplemented")


def keep_versions(client: S3Client, bucket: str, *, is_kept: bool = True) -> None:
    status = "Enabled" if is_kept else "Suspended"
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})  # type: ignore[typeddict-item]


def left_in(client: S3Client, bucket: str) -> list[str]:
    """The keys of all versions and markers."""
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket)
    return sorted(item["Key"] for page in pages for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())))


def test_every_version_and_marker_goes(s3_store: S3Store, s3_client: S3Client, s3_bucket: str) -> None:
    write_all(s3_store, ["public/t/before"])  # a version without a name
    keep_versions(s3_client, s3_bucket)
    for _ in range(3):
        write_all(s3_store, ["public/t/a", "public/t/before", "public/other/a"])
    assert s3_store.delete(["public/t/a"]) == []
    write_all(s3_store, ["public/t/gone"])
    assert s3_store.delete(["public/t/gone"]) == []
    keep_versions(s3_client, s3_bucket, is_kept=False)
    write_all(s3_store, ["public/t/after", "public/t/b"])
    assert s3_store.delete(["public/t/b"]) == []
    # There: before, after. Behind: three of a, three of before, one of gone, and three markers.
    assert s3_store.erase(["public/t/"]) == Erased(objects=2, versions=10)
    assert left_in(s3_client, s3_bucket) == ["public/other/a"] * 3
    assert s3_store.erase(["public/t/"]) == Erased()


def test_more_versions_than_one_listing_shows_go(s3_store: S3Store, s3_client: S3Client, s3_bucket: str) -> None:
    keep_versions(s3_client, s3_bucket)
    prefixes = [f"public/t{number}/" for number in range(20)]
    for _ in range(2):
        write_all_at_once(s3_store, [f"{prefix}{number}" for prefix in prefixes for number in range(60)])
    assert s3_store.erase(prefixes) == Erased(objects=1200, versions=1200)
    assert left_in(s3_client, s3_bucket) == []


def test_a_hundred_links_among_a_hundred_more_are_found_empty_by_one_listing(s3_store: S3Store) -> None:
    gone, stay = ([f"public/{name}{number}/" for number in range(100)] for name in ("gone", "stay"))
    known = [f"{prefix}{number}" for prefix in gone for number in range(3)]
    strays = [f"{gone[7]}stray", f"{gone[70]}deep/stray"]
    write_all_at_once(s3_store, [*known, *strays, *(f"{prefix}x" for prefix in stay)])
    before = s3_store.requests
    assert s3_store.erase(gone, known) == Erased(objects=302)
    assert keys_of(s3_store, "public/") == sorted(f"{prefix}x" for prefix in stay)
    # Is it versioned, are there uploads, delete, which are left; two links listed, emptied and listed again.
    assert s3_store.requests - before - 1 == 4 + 2 + 1 + 2


def test_a_folder_of_far_more_links_than_go_is_not_listed_to_its_end(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "MANY", 1)
    write_all_at_once(s3_store, [f"public/{number:04}/x" for number in range(1100)])
    assert s3_store.erase(["public/0999/"]) == Erased(objects=1)
    assert s3_store.erase(["public/1099/"]) == Erased(objects=1)
    assert len(keys_of(s3_store, "public/")) == 1098


def test_where_versions_were_never_kept_known_objects_go_before_anything_is_listed(
    proxy: FaultProxy, proxied_store: S3Store
) -> None:
    write_all(proxied_store, ["public/t/1", "public/t/2", "public/t/unknown"])
    with proxy.recording() as log:
        assert proxied_store.erase(["public/t/"], ["public/t/1", "public/t/2"]) == Erased(objects=3)
    assert [request.kind for request in log] == [
        "bucket-versioning",
        "list-uploads",
        "delete-many",
        "list",
        "delete-many",
        "list",
    ]


def test_uploads_that_were_never_finished_are_ended(s3_store: S3Store, s3_client: S3Client, s3_bucket: str) -> None:
    for key in ("public/t/a", "public/t/a", "public/t/b/c", "public/t2/a", "private/a"):
        upload = s3_client.create_multipart_upload(Bucket=s3_bucket, Key=key)["UploadId"]
        s3_client.upload_part(Bucket=s3_bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"x")
    assert s3_store.erase(["public/t/", "public/none/"]) == Erased(uploads=3)
    left = s3_client.list_multipart_uploads(Bucket=s3_bucket)["Uploads"]
    assert sorted(upload["Key"] for upload in left) == ["private/a", "public/t2/a"]


def test_only_some_keys_go_with_their_versions(s3_store: S3Store, s3_client: S3Client, s3_bucket: str) -> None:
    keep_versions(s3_client, s3_bucket)
    for _ in range(2):
        write_all(s3_store, ["public/t/a", "public/t/b"])
    assert s3_store.erase(["public/t/"], (), {"public/t/a"}) == Erased(objects=1, versions=1)
    assert left_in(s3_client, s3_bucket) == ["public/t/b"] * 2


@pytest.mark.parametrize("fault", [SLOW_DOWN, reset_before])
def test_what_fails_in_passing_is_tried_again(proxy: FaultProxy, proxied_store: S3Store, fault: Fault) -> None:
    write_all(proxied_store, ["public/a/1", "public/b/1"])
    proxy.inject(every_other(fault), lambda request: request.kind != "put", times=None)
    assert proxied_store.erase(["public/a/", "public/b/"]) == Erased(objects=2)
    proxy.clear()
    assert keys_of(proxied_store, "public/") == []


def test_an_object_that_the_store_is_too_busy_to_delete_is_deleted_at_the_next_try(
    proxy: FaultProxy, proxied_store: S3Store, s3_client: S3Client
) -> None:
    """It says so of a single object, in an answer that is a success as a whole."""
    keys = [f"public/t/{number}" for number in range(5)]
    write_all(proxied_store, keys)
    proxy.inject(failing_delete(s3_client, 3, "SlowDown"), lambda request: request.kind == "delete-many", times=2)
    assert proxied_store.delete(keys) == []
    assert keys_of(proxied_store, "public/") == []


def test_an_object_that_cannot_be_deleted_is_named_and_the_rest_goes(
    proxy: FaultProxy, proxied_store: S3Store, s3_client: S3Client
) -> None:
    write_all(proxied_store, [f"public/t/{number}" for number in range(5)])
    proxy.inject(
        failing_delete(s3_client, 3, "AccessDenied"), lambda request: request.kind == "delete-many", times=None
    )
    erased = proxied_store.erase(["public/t/"])
    assert erased == Erased(objects=4, failures=(Failure("public/t/2", "purge", "access is denied"),))


def test_of_very_many_that_cannot_be_deleted_some_are_named_and_the_others_counted(
    proxy: FaultProxy, proxied_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "MOST_NAMED", 10)
    write_all(proxied_store, [f"public/t/{number}" for number in range(25)])
    proxy.inject(DENIED, lambda request: request.kind == "delete-many", times=None)
    erased = proxied_store.erase(["public/t/"])
    assert len(erased.failures) == 11
    assert erased.failures[0] == Failure("public/t/", "purge", "15 more objects are still there")


def test_what_is_written_again_and_again_meanwhile_is_named(
    proxy: FaultProxy, proxied_store: S3Store, s3_client: S3Client
) -> None:
    def write_again(exchange: Exchange) -> None:
        answer = exchange.forward()
        s3_client.put_object(Bucket=exchange.bucket, Key="public/t/x")
        exchange.send(answer)

    write_all(proxied_store, ["public/t/x"])
    proxy.inject(write_again, lambda request: request.kind == "delete-many", times=None)
    [failure] = proxied_store.erase(["public/t/"]).failures
    assert failure == Failure("public/t/x", "purge", "it is there again; something writes it")


def test_where_versions_may_not_be_seen_objects_go_and_that_is_said(
    s3_store: S3Store, s3_client: S3Client, s3_bucket: str
) -> None:
    write_all(s3_store, ["public/a/1", "public/b/1"])
    actions = ["s3:GetBucketVersioning", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": f"arn:aws:s3:::{s3_bucket}"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    s3_client.put_bucket_policy(Bucket=s3_bucket, Policy=policy)
    erased = s3_store.erase(["public/a/", "public/b/"])
    assert (erased.objects, erased.failures) == (2, ())
    assert erased.unseen == (
        "unfinished uploads could not be looked for: access is denied (s3:ListBucketMultipartUploads); "
        "older versions could not be looked for: access is denied (s3:ListBucketVersions)"
    )
    assert keys_of(s3_store, "public/") == []


def test_a_store_that_knows_no_versions_and_no_uploads_has_none(proxy: FaultProxy, proxied_store: S3Store) -> None:
    kinds = {"bucket-versioning", "list-versions", "list-uploads"}
    write_all(proxied_store, ["public/a/1", "public/b/1"])
    proxy.inject(NOT_IMPLEMENTED, lambda request: request.kind in kinds, times=None)
    assert proxied_store.erase(["public/a/", "public/b/"]) == Erased(objects=2)


@pytest.fixture
def locked_store(s3_server: S3Server, s3_client: S3Client, s3_bucket: str) -> Iterator[S3Store]:
    """In a bucket whose objects can be kept from being deleted."""
    bucket = f"{s3_bucket}-locked"
    s3_client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    store = S3Store(bucket, endpoint=s3_server.endpoint)
    yield store
    store.close()


def test_what_the_owner_keeps_from_being_deleted_is_named_with_the_reason(
    locked_store: S3Store, s3_client: S3Client, s3_bucket: str
) -> None:
    bucket = f"{s3_bucket}-locked"
    write_all(locked_store, ["public/t/free", "public/t/held", "public/t/kept"])
    versions = s3_client.list_object_versions(Bucket=bucket)["Versions"]
    named = {item["Key"]: item["VersionId"] for item in versions}
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    s3_client.put_object_legal_hold(
        Bucket=bucket, Key="public/t/held", VersionId=named["public/t/held"], LegalHold={"Status": "ON"}
    )
    s3_client.put_object_retention(
        Bucket=bucket,
        Key="public/t/kept",
        VersionId=named["public/t/kept"],
        Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until},
    )
    erased = locked_store.erase(["public/t/"])
    assert erased == Erased(
        objects=1,
        failures=(
            Failure("public/t/held", "purge", "it is under a legal hold, which somebody has to lift"),
            Failure("public/t/kept", "purge", f"it is kept until {until:%Y-%m-%d} by a retention (governance)"),
        ),
    )


def test_a_listing_that_never_ends_well_is_named_by_its_prefix(proxy: FaultProxy, proxied_store: S3Store) -> None:
    write_all(proxied_store, ["public/a/1", "public/b/1"])
    proxy.inject(DENIED, lambda request: request.kind == "list" and request.key == "public/a/", times=None)
    erased = proxied_store.erase(["public/a/", "public/b/"])
    assert erased == Erased(objects=1, failures=(Failure("public/a/", "purge", "access is denied"),))


def peak_of_erasing(store: S3Store, number: int) -> int:
    """The most memory, in bytes, that a purge of as many objects holds."""
    puts = (Put(f"public/t/{index:05}.html", b"x", HTML) for index in range(number))
    assert all(not outcome.cause for outcome in store.write_many(puts))
    gc.collect()
    tracemalloc.start()
    try:
        assert store.erase(["public/t/"]) == Erased(objects=number)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_objects(s3_store: S3Store) -> None:
    """Their keys alone would take five megabytes."""
    few = peak_of_erasing(s3_store, 2_000)
    many = peak_of_erasing(s3_store, 20_000)
    assert many < few + 2_000_000
