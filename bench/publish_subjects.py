"""What bench/publish.py compares: the command lines, tuned as somebody would who knows each of the programs well."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CACHE_CONTROL = "private, no-store"
AWS_CONFIG = "[default]\ns3 =\n    max_concurrent_requests = {workers}\n    max_queue_size = 10000\n"
HUGO_CONFIG = """\
baseURL = "https://portals.example/"
[deployment]
workers = 16
maxDeletes = -1
[[deployment.targets]]
name = "s3"
URL = "s3://{bucket}?region=us-east-1&endpoint={endpoint}&use_path_style=true&prefix=public/"
[[deployment.matchers]]
pattern = "^.+$"
cacheControl = "{cache_control}"
"""


@dataclass(frozen=True)
class Place:
    """Where a subject finds what it publishes, and where that goes. `work` is a folder of its own."""

    tree: Path
    config: Path
    work: Path
    endpoint: str
    bucket: str
    peers: Path


Command = Callable[[Place], Sequence[str]]


def portalgen(place: Place) -> Sequence[str]:
    return [sys.executable, "-m", "bench.publish_site", str(place.config)]


def aws(place: Place) -> Sequence[str]:
    """It has no comparison by content: size and time decide."""
    options = ["--delete", "--only-show-errors", "--cache-control", CACHE_CONTROL]
    program = str(place.peers / "bin/aws")
    return [program, "--endpoint-url", place.endpoint, "s3", "sync", str(place.tree), _goal(place), *options]


def s5cmd(place: Place) -> Sequence[str]:
    """Nor has it."""
    options = ["--delete", "--cache-control", CACHE_CONTROL, f"{place.tree}/", f"{_goal(place)}/"]
    return [*_s5cmd(place), "sync", *options]


def _s5cmd(place: Place) -> Sequence[str]:
    return [_found(place, "s5cmd/bin/s5cmd"), "--endpoint-url", place.endpoint, "--log", "error", "--numworkers", "32"]


def s5cmd_rm(place: Place, tokens: Sequence[str]) -> Sequence[str]:
    return [*_s5cmd(place), "rm", *(f"{_goal(place)}/{token}/*" for token in tokens)]


def rclone(place: Place) -> Sequence[str]:
    remote = f":s3,provider=Ceph,env_auth,region=us-east-1,endpoint='{place.endpoint}':{place.bucket}/public"
    options = ["--fast-list", "--checksum", "--s3-no-head", "--s3-no-check-bucket", "--transfers", "16"]
    header = ["--header-upload", f"Cache-Control: {CACHE_CONTROL}", "--config", ""]
    return [str(place.peers / "bin/rclone"), "sync", *options, *header, str(place.tree), remote]


def hugo(place: Place) -> Sequence[str]:
    text = HUGO_CONFIG.format(bucket=place.bucket, endpoint=place.endpoint, cache_control=CACHE_CONTROL)
    (place.work / "hugo.toml").write_text(text)
    folders = ["--source", str(place.work), "--destination", str(place.tree)]
    return [_found(place, "hugo/binaries/hugo"), "deploy", "--logLevel", "error", *folders]


def _goal(place: Place) -> str:
    return f"s3://{place.bucket}/public"


def _found(place: Place, path: str) -> str:
    """A program as its package installs it, without the script in Python that starts it."""
    [program] = place.peers.glob(f"lib/python3*/site-packages/{path}")
    return str(program)


SUBJECTS: Mapping[str, Command] = {
    "portalgen": portalgen,
    "aws s3 sync": aws,
    "s5cmd sync": s5cmd,
    "rclone sync": rclone,
    "hugo deploy": hugo,
}


def environment(work: Path, access_key: str, secret_key: str, workers: int = 10) -> Mapping[str, str]:
    """The same for all: credentials, and neither settings of this machine nor checksums that Ceph 16 does not know."""
    (work / "aws.config").write_text(AWS_CONFIG.format(workers=workers))
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(work / "aws.config"),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        "NO_PROXY": "127.0.0.1",
    }
