"""CloudFront is told what to forget, and believed only when it says that it has; by boto3, over HTTP."""

import logging
import os
from collections.abc import Iterator

import pytest

from portalgen.links import KeyRing, fingerprint, redact
from portalgen.model import Cdn, StoreSource
from portalgen.purge import purge
from portalgen.stores import open_store
from portalgen.stores.base import Failure
from portalgen.stores.s3 import S3Store
from portalgen.stores.s3.cdn import BATCH, MOST, CloudFront, cdn_of
from tests.cloudfront_server import CloudFrontServer
from tests.s3_server import S3Server
from tests.store_contract import HTML, keys_of

RING = KeyRing("small", {"a": bytes(range(32))})
TOKENS = [RING.token("a", f"p{number}", "", 1) for number in range(200)]
PREFIXES = [f"public/{token}/" for token in TOKENS]
NOBODY = "http://127.0.0.1:9"  # the discard service's port, at which nothing listens


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudFrontServer]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with CloudFrontServer() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", server.endpoint)
        yield server


def cdn(path: str = "", *, distribution: str = "E1A2B3C4D5E6F7", limit: int = 20_000) -> CloudFront:
    return CloudFront(distribution, path, pause=1, limit=limit)


def causes(failures: list[Failure]) -> set[str]:
    assert {failure.action for failure in failures} <= {"invalidate"}
    return {failure.cause for failure in failures}


def test_a_link_is_one_wildcard_and_it_is_waited_for(server: CloudFrontServer) -> None:
    server.looks = 3
    assert cdn().invalidate(PREFIXES[:2]) == []
    assert server.paths == [f"/{TOKENS[0]}/*", f"/{TOKENS[1]}/*"]
    assert [each.status for each in server.made] == ["Completed"]
    assert len(server.requests) == 1 + 3


def test_what_is_complete_at_once_is_not_asked_about(server: CloudFrontServer) -> None:
    server.looks = 0
    assert cdn().invalidate(PREFIXES[:1]) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("path", "base_url"),
    [("", "https://x.example"), ("/portals", "https://x.example/portals"), ("/a/b", "https://x.example/a/b")],
)
def test_a_wildcard_is_the_path_that_a_link_has(server: CloudFrontServer, path: str, base_url: str) -> None:
    assert cdn(path).invalidate(PREFIXES[:1]) == []
    [wildcard] = server.paths
    assert f"{base_url}/{TOKENS[0]}/index.html".startswith(f"https://x.example{wildcard.removesuffix('*')}")


def test_other_prefixes_keep_their_names_within_the_rules_for_paths(server: CloudFrontServer) -> None:
    assert cdn().invalidate(["public/", "public/ä b/", "public/a~b_c.d/"]) == []
    assert server.paths == ["/*", "/%C3%A4%20b/*", "/a~b_c.d/*"]


def test_what_is_never_served_and_what_is_named_twice_is_not_told_again(server: CloudFrontServer) -> None:
    assert cdn().invalidate([]) == []
    assert cdn().invalidate(["private/manifests/"]) == []
    assert server.requests == []
    assert cdn().invalidate([PREFIXES[0], "private/", PREFIXES[0]]) == []
    assert server.paths == [f"/{TOKENS[0]}/*"]


@pytest.mark.parametrize("count", [BATCH, BATCH + 1, MOST])
def test_no_more_wildcards_are_in_progress_than_cloudfront_allows(server: CloudFrontServer, count: int) -> None:
    assert cdn().invalidate(PREFIXES[:count]) == []
    assert server.paths == [f"/{token}/*" for token in TOKENS[:count]]
    assert server.most_at_once == BATCH
    assert not [each for each in server.made if each.status != "Completed"]


def test_one_wildcard_stands_for_many_links(server: CloudFrontServer) -> None:
    assert cdn("/portals").invalidate(PREFIXES[: MOST + 1]) == []
    assert server.paths == ["/portals/*"]


def test_a_purge_that_is_done_again_is_a_new_invalidation(server: CloudFrontServer) -> None:
    """Under a reference that it knows, CloudFront would answer that this was complete long ago."""
    for _ in range(2):
        assert cdn().invalidate(PREFIXES[:1]) == []
    assert len({each.reference for each in server.made}) == 2


def test_an_answer_that_was_lost_makes_no_second_invalidation(server: CloudFrontServer) -> None:
    server.loses["POST"] = 1
    assert cdn().invalidate(PREFIXES[:1]) == []
    assert server.requests[:2] == ["POST /2020-05-31/distribution/E1A2B3C4D5E6F7/invalidation"] * 2
    assert len(server.made) == 1


def test_wildcards_of_somebody_else_are_waited_for(server: CloudFrontServer) -> None:
    server.elsewhere = 10
    assert cdn().invalidate(PREFIXES[:BATCH]) == []
    assert len(server.made) == 1
    assert len([line for line in server.requests if line.startswith("POST")]) == 10


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("code", ["Throttling", "ServiceUnavailable", "TooManyInvalidationsInProgress"])
def test_a_cdn_that_is_busy_is_asked_again(server: CloudFrontServer, method: str, code: str) -> None:
    server.faults[method] = [code]
    assert cdn().invalidate(PREFIXES[:1]) == []
    assert [each.status for each in server.made] == ["Completed"]


def test_an_invalidation_that_is_not_known_yet_is_asked_about_again(server: CloudFrontServer) -> None:
    server.faults["GET"] = ["NoSuchInvalidation"] * 2
    assert cdn().invalidate(PREFIXES[:1]) == []


def test_what_is_not_complete_in_time_fails_for_each_link(server: CloudFrontServer) -> None:
    server.looks = 10**9
    failures = cdn(limit=100).invalidate(PREFIXES[: BATCH + 1])
    assert [failure.key for failure in failures] == PREFIXES[: BATCH + 1]
    assert causes(failures) == {"CloudFront was not done with it in time"}
    assert len(server.made) == 1, "of the second batch, nothing could be begun"


def test_what_is_denied_is_said_with_the_rights_that_it_needs(server: CloudFrontServer) -> None:
    for method in ("POST", "GET"):
        server.faults[method] = ["AccessDenied"]
        failures = cdn().invalidate(PREFIXES[:1])
        assert [failure.key for failure in failures] == PREFIXES[:1]
        rights = "cloudfront:CreateInvalidation and cloudfront:GetInvalidation on distribution E1A2B3C4D5E6F7"
        assert causes(failures) == {f"access is denied: the credentials need {rights}"}


def test_a_batch_that_fails_leaves_the_others_to_be_done(server: CloudFrontServer) -> None:
    server.faults["POST"] = ["AccessDenied"]
    failures = cdn().invalidate(PREFIXES[: 2 * BATCH])
    assert [failure.key for failure in failures] == PREFIXES[:BATCH]
    assert server.paths == [f"/{token}/*" for token in TOKENS[BATCH : 2 * BATCH]]


def test_a_distribution_that_does_not_exist_is_said(server: CloudFrontServer) -> None:
    failures = cdn(distribution="E0000000000000").invalidate(PREFIXES[:1])
    assert causes(failures) == {
        "there is no distribution E0000000000000 in this account: mend 'cdn' in the store's definition"
    }


def test_missing_credentials_are_said(server: CloudFrontServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert causes(cdn().invalidate(PREFIXES[:1])) == {"there are no credentials"}
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert causes(cdn().invalidate(PREFIXES[:1])) == {"AWS_PROFILE names a profile that does not exist"}


def test_a_cdn_that_cannot_be_reached_is_said(server: CloudFrontServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", NOBODY)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert causes(cdn().invalidate(PREFIXES[:1])) == {"cannot connect to CloudFront"}


@pytest.mark.parametrize("region", ["", "eu-west-1", "us-east-1"])
def test_the_region_of_the_bucket_does_not_matter(server: CloudFrontServer, region: str) -> None:
    assert CloudFront(server.distribution, region=region, pause=1).invalidate(PREFIXES[:1]) == []


def test_no_token_is_in_what_is_logged(server: CloudFrontServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        cdn().invalidate(PREFIXES[:1])
    assert TOKENS[0] in caplog.text, "boto3 logs what it sends"
    assert TOKENS[0] not in redact(caplog.text), "and what is printed of it goes through this"


def test_the_cdn_is_the_one_of_the_definition(server: CloudFrontServer) -> None:
    assert cdn_of(StoreSource("a", "s3", bucket="b")) is None
    source = StoreSource("a", "s3", bucket="b", region="eu-west-1", cdn=Cdn("cloudfront", server.distribution, "/p"))
    made = cdn_of(source)
    assert made
    server.looks = 0
    assert made.invalidate(PREFIXES[:1]) == []
    assert server.paths == [f"/p/{TOKENS[0]}/*"]


def test_a_purge_of_a_bucket_ends_with_the_cdn(
    s3_server: S3Server, s3_bucket: str, server: CloudFrontServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    source = StoreSource(
        "live", "s3", bucket=s3_bucket, endpoint=s3_server.endpoint, cdn=Cdn("cloudfront", server.distribution, "/p")
    )
    store = open_store(source)
    assert isinstance(store, S3Store)
    links = {fingerprint(token): token for token in TOKENS[:2]}
    for prefix in PREFIXES[:2]:
        store.write(f"{prefix}index.html", b"x", HTML)
    server.faults["POST"] = ["AccessDenied"]
    failed = purge(store, links, {}).failed
    assert {*failed} == {*links}, "until the CDN has forgotten a link, it is not gone"
    assert keys_of(store, "public/") == []
    taken = purge(store, links, {})
    assert (taken.failed, taken.unseen) == ({}, "")
    assert server.paths == [f"/p/{token}/*" for token in TOKENS[:2]]
    store.client.close()
