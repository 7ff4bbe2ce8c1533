"""The store in a bucket, against a real server."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, CredentialRetrievalError, EndpointConnectionError
from mypy_boto3_s3.client import S3Client

from portalgen.errors import InvalidInputError, StoreError
from portalgen.model import StoreSource
from portalgen.stores import open_store
from portalgen.stores.base import Failure, Metadata, Store
from portalgen.stores.s3 import Options, S3Store
from tests.fault_proxy import FaultProxy, partial
from tests.s3_server import S3Server
from tests.store_contract import HTML, LONG_TEXT, ConditionsContract, StoreContract, keys_of, write_all

NOBODY = "http://127.0.0.1:9"  # the discard service's port, at which nothing listens


@pytest.fixture
def store(s3_server: S3Server, s3_bucket: str) -> Iterator[S3Store]:
    store = S3Store(s3_bucket, endpoint=s3_server.endpoint)
    yield store
    store.close()


class OnS3(StoreContract):
    options = Options()

    @pytest.fixture
    def store(self, s3_server: S3Server, s3_bucket: str) -> Iterator[Store]:
        store = S3Store(s3_bucket, endpoint=s3_server.endpoint, prefix="/sites/northwind/", options=self.options)
        yield store
        store.close()

    @pytest.fixture
    def served_store(self, store: Store, s3_client: S3Client, s3_bucket: str) -> Store:
        everything = f"arn:aws:s3:::{s3_bucket}/sites/northwind/public/*"
        allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": everything}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        s3_client.put_bucket_policy(Bucket=s3_bucket, Policy=policy)
        return store

    @pytest.fixture
    def broken_store(self, s3_server: S3Server, s3_bucket: str) -> Iterator[Store]:
        store = S3Store(f"{s3_bucket}-missing", endpoint=s3_server.endpoint, options=self.options)
        yield store
        store.close()


class TestS3StoreByObstore(OnS3, ConditionsContract):
    options = Options(use_obstore=True)


class TestS3StoreByBoto3(OnS3, ConditionsContract):
    options = Options(use_obstore=False)


class TestVersionedS3Store(OnS3):
    """In a bucket that keeps what was replaced or deleted; there, the test server honours no conditions."""

    options = Options(single_writer=True)

    @pytest.fixture
    def s3_bucket(self, s3_bucket: str, s3_client: S3Client) -> str:
        s3_client.put_bucket_versioning(Bucket=s3_bucket, VersioningConfiguration={"Status": "Enabled"})
        return s3_bucket


def test_a_body_that_breaks_off_is_fetched_again(s3_server: S3Server, store: S3Store, s3_bucket: str) -> None:
    store.write("public/x", LONG_TEXT, HTML)
    with FaultProxy(s3_server.port) as proxy:
        through = S3Store(s3_bucket, endpoint=proxy.endpoint)
        proxy.inject(partial, times=2)
        assert through.read("public/x") == LONG_TEXT
        assert [request.kind for request in proxy.log] == ["get"] * 3
        proxy.inject(partial, times=None)
        with pytest.raises(StoreError, match=r"cannot read 'public/x' in bucket .* broke off"):
            through.read("public/x")
        through.close()


def sentence(store: S3Store) -> str:
    """The sentence a failing listing gives, its hint with it."""
    with pytest.raises(StoreError) as caught:
        keys_of(store, "public/")
    return str(caught.value)


def test_metadata_reaches_whoever_fetches_the_object(store: S3Store, s3_bucket: str) -> None:
    store.write("public/t/index.html", b"x", HTML)
    store.write("public/t/a.css", b"x", Metadata("text/css", "public, max-age=60"))
    page = store.client.head_object(Bucket=s3_bucket, Key="public/t/index.html")
    style = store.client.head_object(Bucket=s3_bucket, Key="public/t/a.css")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html; charset=utf-8", "private, no-store")
    assert (style["ContentType"], style["CacheControl"]) == ("text/css", "public, max-age=60")


def test_two_sites_in_one_bucket_do_not_see_each_other(s3_server: S3Server, store: S3Store, s3_bucket: str) -> None:
    one, other = (S3Store(s3_bucket, endpoint=s3_server.endpoint, prefix=prefix) for prefix in ("a", "a/b"))
    write_all(one, ["public/1"])
    write_all(other, ["public/2"])
    assert (keys_of(one, "public/"), keys_of(other, "public/")) == (["public/1"], ["public/2"])
    answer = store.client.list_objects_v2(Bucket=s3_bucket)
    assert [item["Key"] for item in answer["Contents"]] == ["a/b/public/2", "a/public/1"]
    one.close()
    other.close()


def test_the_store_is_opened_from_its_definition(s3_server: S3Server, s3_bucket: str) -> None:
    source = StoreSource("live", "s3", bucket=s3_bucket, endpoint=s3_server.endpoint, prefix="x")
    store = open_store(source)
    assert isinstance(store, S3Store)
    store.write("public/1", b"x", HTML)
    assert store.client.get_object(Bucket=s3_bucket, Key="x/public/1")["Body"].read() == b"x"
    store.close()
    with pytest.raises(InvalidInputError, match="store 'live' needs a 'bucket'"):
        open_store(StoreSource("live", "s3"))


def test_what_other_tools_left_under_odd_keys_is_listed_and_deleted(store: S3Store, s3_bucket: str) -> None:
    for key in ("public/t/", "public/t//x", "public/t/a\\b"):
        store.client.put_object(Bucket=s3_bucket, Key=key)
    assert keys_of(store, "public/t") == ["public/t/", "public/t//x", "public/t/a\\b"]
    failures = store.delete(["public/t/", "public/t//x", "public/t/a\\b"])
    assert failures == []
    assert keys_of(store, "public/t") == []


def test_keys_that_may_not_be_deleted_are_named_and_the_rest_goes(store: S3Store, s3_bucket: str) -> None:
    keys = [f"public/t/{index:04}" for index in range(1050)]
    write_all(store, keys)
    protected = [f"arn:aws:s3:::{s3_bucket}/public/t/0{number}" for number in ("007", "999")]
    protected += [f"arn:aws:s3:::{s3_bucket}/public/t/104*"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": protected}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    store.client.put_bucket_policy(Bucket=s3_bucket, Policy=policy)
    stay = ["public/t/0007", "public/t/0999", *keys[1040:]]
    assert store.delete(keys) == [Failure(key, "delete", "access is denied") for key in stay]
    assert keys_of(store, "public/") == stay


def test_a_batch_that_fails_as_a_whole_is_named_and_the_next_is_tried(store: S3Store) -> None:
    batches = []

    def fail_first(**_: object) -> None:
        batches.append(1)
        if len(batches) == 1:
            raise EndpointConnectionError(endpoint_url=NOBODY)

    keys = [f"public/t/{index:04}" for index in range(1001)]
    write_all(store, keys[-2:])
    store.client.meta.events.register("before-call.s3.DeleteObjects", fail_first)
    failures = store.delete(keys)
    assert [failure.key for failure in failures] == keys[:1000]
    assert {failure.cause.partition(" to ")[0] for failure in failures} == {"cannot connect"}
    assert keys_of(store, "public/") == keys[999:1000]


def test_a_delete_carries_the_checksum_that_older_stores_want(store: S3Store) -> None:
    sent = []
    store.client.meta.events.register("before-send.s3.DeleteObjects", lambda request, **_: sent.append(request.headers))
    store.delete(["public/x"])
    [headers] = sent
    assert len(headers["Content-MD5"]) == 24


def test_writes_carry_no_checksum_that_older_stores_refuse(store: S3Store) -> None:
    sent = []
    store.client.meta.events.register("before-send.s3.PutObject", lambda request, **_: sent.append(request.headers))
    store.write("public/x", b"x", HTML)
    [headers] = sent
    assert not [name for name in headers if "checksum" in name.lower() or "trailer" in name.lower()]


def test_a_missing_bucket_is_said(s3_server: S3Server, s3_bucket: str) -> None:
    store = S3Store("no-such-bucket", endpoint=s3_server.endpoint)
    assert sentence(store) == (
        "cannot list 'public/' in bucket 'no-such-bucket': the bucket does not exist\n"
        "  hint: create it, or mend 'bucket' in the store's definition"
    )
    store.close()


def test_a_name_that_no_bucket_can_have_is_said(s3_server: S3Server, s3_bucket: str) -> None:
    store = S3Store("No bucket!", endpoint=s3_server.endpoint)
    assert "the bucket's name is not one\n" in sentence(store)
    store.close()


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_said(
    s3_server: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "wrong")
    store = S3Store(s3_bucket, endpoint=s3_server.endpoint)
    assert "the credentials are not valid there\n  hint: check AWS_ACCESS_KEY_ID" in sentence(store)
    store.close()


def test_absent_credentials_are_said(s3_server: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = S3Store(s3_bucket, endpoint=s3_server.endpoint)
    assert "there are no credentials\n  hint: set AWS_ACCESS_KEY_ID" in sentence(store)
    store.close()


def test_an_absent_profile_is_said(s3_server: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "AWS_PROFILE names a profile that does not exist" in sentence(S3Store(s3_bucket))


def test_denied_access_is_said(store: S3Store, s3_bucket: str) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{s3_bucket}"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    store.client.put_bucket_policy(Bucket=s3_bucket, Policy=policy)
    assert "access is denied\n  hint: the credentials need s3:ListBucket" in sentence(store)


def test_an_endpoint_where_nobody_answers_is_said_for_every_action(s3_bucket: str) -> None:
    store = S3Store(s3_bucket, endpoint=NOBODY)
    assert f"cannot connect to {NOBODY}\n  hint: check the network" in sentence(store)
    with pytest.raises(StoreError, match=r"cannot write 'public/x' in bucket .*: cannot connect to"):
        store.write("public/x", b"x", HTML)
    assert store.delete(["public/x"]) == [Failure("public/x", "delete", f"cannot connect to {NOBODY}")]
    store.close()


def test_an_endpoint_that_is_no_address_is_said() -> None:
    with pytest.raises(InvalidInputError, match="hint: mend 'endpoint'"):
        keys_of(S3Store("bucket", endpoint="nowhere"), "public/")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ClientError({"Error": {"Code": "PermanentRedirect"}}, "x"),
            "the bucket is in another region\n  hint: mend 'region'",
        ),
        (ClientError({"Error": {"Code": "AuthorizationHeaderMalformed"}}, "x"), "the bucket is in another region"),
        (ClientError({"Error": {"Code": "ExpiredToken"}}, "x"), "the credentials have expired\n  hint: sign in again"),
        (ClientError({"Error": {"Code": "SlowDown"}}, "x"), "the store is too busy or out of order"),
        (ClientError({"Error": {"Code": "Odd", "Message": "two\nlines"}}, "x"), "the store says Odd: two lines"),
        (CredentialRetrievalError(provider="x", error_msg="y"), "the credentials have expired"),
    ],
)
def test_what_the_test_server_never_says_is_told_too(store: S3Store, error: Exception, said: str) -> None:
    def fail(**_: object) -> None:
        raise error

    store.client.meta.events.register("before-call.s3.ListObjectsV2", fail)
    assert f": {said}" in sentence(store)
