"""The policies that the doctor prints, and what a real server makes of them."""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from click.testing import CliRunner
from mypy_boto3_s3.client import S3Client

from portalgen.cli import main
from portalgen.definitions import load
from portalgen.doctor.policies import DELETING, LISTING, POLICIES, SETTINGS, WRITING, policy
from portalgen.errors import InvalidInputError
from portalgen.model import Cdn, StoreSource
from portalgen.stores.memory import MemoryStore
from tests.doctor.buckets import Bucket, not_ok
from tests.s3_server import S3Server
from tests.sites import KEY_A, SmallSite, new_site

PLAIN = StoreSource("live", "s3", bucket="portals")
SHARED = StoreSource("live", "s3", bucket="portals", prefix="northwind/")


def test_the_world_may_fetch_what_is_public_and_nothing_else() -> None:
    [statement] = policy("bucket", PLAIN)["Statement"]
    assert statement == {
        "Sid": "ReadPublicPart",
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject"],
        "Resource": "arn:aws:s3:::portals/public/*",
    }


def test_a_site_in_a_folder_of_a_bucket_gets_rights_in_that_folder_alone() -> None:
    listing, _, writing, deleting = policy("iam", SHARED)["Statement"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["northwind/public/*", "northwind/private/*"]}}
    assert writing["Resource"] == deleting["Resource"]
    assert writing["Resource"] == [
        "arn:aws:s3:::portals/northwind/public/*",
        "arn:aws:s3:::portals/northwind/private/*",
    ]
    assert policy("bucket", SHARED)["Statement"][0]["Resource"] == "arn:aws:s3:::portals/northwind/public/*"
    assert policy("lifecycle", SHARED)["Rules"][0]["Filter"] == {"Prefix": "northwind/"}


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_other_partitions_of_amazon_have_names_of_their_own(region: str, partition: str) -> None:
    source = StoreSource("live", "s3", bucket="portals", region=region)
    assert policy("bucket", source)["Statement"][0]["Resource"] == f"arn:{partition}:s3:::portals/public/*"


def test_with_a_cdn_the_right_to_invalidate_is_printed() -> None:
    source = StoreSource("live", "s3", bucket="portals", cdn=Cdn("cloudfront", "E123"))
    assert policy("iam", source)["Statement"][-1] == {
        "Sid": "TellTheCdn",
        "Effect": "Allow",
        "Action": ["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"],
        "Resource": "arn:aws:cloudfront::*:distribution/E123",
    }
    assert "cloudfront" not in json.dumps(policy("iam", PLAIN))


@pytest.mark.parametrize("kind", POLICIES)
def test_a_folder_has_no_policy(kind: str) -> None:
    with pytest.raises(InvalidInputError, match="store 'local' is a folder"):
        policy(kind, StoreSource("local", "directory"))


# On a real server: a user who may do nothing but what the printed policy says.

Grant = Callable[[dict[str, Any]], None]
UNSEEN = {"lifecycle": "unknown", "retention": "unknown", "public-access": "unknown"}
"""What publishing does not need to see, and the doctor cannot then."""


@pytest.fixture(scope="module")
def publisher(s3_server: S3Server) -> tuple[str, str, str]:
    """Name, access key and secret key of a user who owns nothing."""
    user = ("publisher", f"publisher-{secrets.token_hex(4)}", secrets.token_hex(16))
    s3_server.add_user(*user)
    return user


@pytest.fixture
def bucket(s3_server: S3Server, s3_bucket: str, s3_client: S3Client) -> Bucket:
    made = Bucket(StoreSource("live", "s3", bucket=s3_bucket, endpoint=s3_server.endpoint), s3_client)
    made.make_good()
    return made


@pytest.fixture
def grant(
    publisher: tuple[str, str, str], s3_server: S3Server, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> Grant:
    """Gives the user a policy, and nothing else; the environment holds the user's credentials."""
    name, access_key, secret_key = publisher
    iam: Any = boto3.client(
        "iam",
        endpoint_url=s3_server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=s3_server.access_key,
        aws_secret_access_key=s3_server.secret_key,
        config=Config(proxies={}),
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret_key)

    def give(document: dict[str, Any]) -> None:
        iam.put_user_policy(UserName=name, PolicyName="site", PolicyDocument=json.dumps(document))

    return give


def without(action: str, source: StoreSource) -> dict[str, Any]:
    """The printed policy less one right."""
    document: dict[str, Any] = json.loads(json.dumps(policy("iam", source)))
    for statement in document["Statement"]:
        statement["Action"] = [each for each in statement["Action"] if each != action]
    # To be left out is not enough for Ceph: whoever wrote an object may read it.
    deny = {"Effect": "Deny", "Action": [action], "Resource": ["*"]}
    return {**document, "Statement": [*document["Statement"], deny]}


def test_the_rights_that_are_printed_are_enough_for_every_check_but_of_settings(bucket: Bucket, grant: Grant) -> None:
    grant(dict(policy("iam", bucket.source)))
    assert not_ok(bucket.found()) == UNSEEN


@pytest.mark.parametrize("action", [*LISTING, *SETTINGS, *WRITING, *DELETING])
def test_each_right_that_is_printed_is_missed(action: str, bucket: Bucket, grant: Grant) -> None:
    grant(without(action, bucket.source))
    found = not_ok(bucket.found())
    missed = "versioning" if action == "s3:GetBucketVersioning" else action
    assert missed in found
    others = {check for check in found if check.startswith("s3:")} - {action}
    # Ceph denies a request to delete versions to those who may not delete.
    assert others <= ({"s3:DeleteObjectVersion"} if action == "s3:DeleteObject" else set())


def test_rights_in_one_folder_are_none_in_another(bucket: Bucket, grant: Grant) -> None:
    grant(dict(policy("iam", replace(bucket.source, prefix="north/"))))
    found = not_ok(bucket.found())
    assert {check for check, verdict in found.items() if verdict == "FAIL"} == {"s3:ListBucket", "s3:DeleteObject"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallSite:
    monkeypatch.setenv("PORTALGEN_SMALL_KEYS", f"a:{KEY_A}")
    return new_site(tmp_path, MemoryStore())


def publish(site: SmallSite, bucket: Bucket, more: str = "") -> None:
    """By the command line, into the bucket."""
    path = Path(site.definitions.file)
    said = f"kind: s3, bucket: {bucket.name}, endpoint: '{bucket.source.endpoint}', prefix: {bucket.source.prefix}"
    path.write_text(f"{path.read_text('utf-8')}stores:\n  live: {{{said}{more}}}\n", encoding="utf-8")
    assert load(path).stores[0].bucket == bucket.name
    result = CliRunner().invoke(main, ["publish", "--config", str(path)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("has_versions", [False, True])
def test_publishing_and_purging_need_no_other_rights(
    has_versions: bool, bucket: Bucket, site: SmallSite, grant: Grant
) -> None:
    source = replace(bucket.source, prefix="north/")
    shared = Bucket(source, bucket.client)
    shared.allow()
    grant(dict(policy("iam", source)))
    if has_versions:
        shared.keep_versions()
    alone = ", single_writer: true" * has_versions
    token = site.token("bees")
    publish(site, shared, alone)
    site.write(
        "exports/invoices.csv", (site.root / "exports/invoices.csv").read_text("utf-8").replace("70.00", "71.00")
    )
    publish(site, shared, alone)
    address = f"{source.endpoint}/{bucket.name}/north"
    with urlopen(f"{address}/public/{token}/index.html") as page:  # noqa: S310 - this machine's
        assert page.status == 200
    for closed in ("private/ledger.json", "public/", f"public/{token}/none.html"):
        with pytest.raises(HTTPError, match="403"):
            urlopen(f"{address}/{closed}")  # noqa: S310 - this machine's
    del site.portals["bees"]
    publish(site, shared, alone)
    assert not [key for key, _ in shared.everything() if token in key]
