"""`portalgen doctor`, as it is called."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from mypy_boto3_s3.client import S3Client

from portalgen.cli import main
from portalgen.model import StoreSource
from tests.doctor.buckets import Bucket
from tests.doctor.hosting import Host
from tests.s3_server import S3Server
from tests.sites import CUSTOMERS, INVOICES, KEY_A, KEY_B
from tests.smtp_server import make_certificate

CONFIG = """version: 1
site: {id: small, title: Small & Co, currency: EUR, as_of: 2026-11-20BASE_URL}
keys: file:config/portalgen.keys
exports:
  - {type: customers, path: exports/customers.csv}
  - {type: invoices, path: exports/invoices.csv}
portals:
  ants: {customer: C-1, show: [invoices], contacts: {ann: {show: [invoices]}}}
stores:
  local: {kind: directory, path: site}
"""


class Site:
    """A site in a folder, whose verbs are called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("exports/customers.csv", CUSTOMERS)
        self.write("exports/invoices.csv", INVOICES)
        self.write("config/portalgen.keys", f"a:{KEY_A}\n").chmod(0o600)
        self.configure("")

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def configure(self, base_url: str, more: str = "") -> None:
        said = f", base_url: '{base_url}'" if base_url else ""
        self.write("config/portals.yaml", CONFIG.replace("BASE_URL", said) + more)

    def call(self, verb: str, *more: str) -> Result:
        return CliRunner().invoke(main, [verb, "--config", str(self.root / "config/portals.yaml"), *more])

    def publish(self, *more: str) -> None:
        result = self.call("publish", *more)
        assert result.exit_code == 0, result.output

    def tokens(self) -> list[str]:
        urls = json.loads(self.call("link", "--json").stdout)
        return [each["url"].split("/")[-2] for each in urls]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def host(site: Site) -> Iterator[Host]:
    """Serves the public part of the folder store; the site knows the address."""
    with Host(site.root / "site") as host:
        site.configure(host.address)
        yield host


def verdicts(result: Result) -> dict[str, str]:
    return {each["check"]: each["verdict"] for each in json.loads(result.stdout)["findings"]}


def undocumented(checks: Iterable[str]) -> list[str]:
    text = (Path(__file__).parents[1] / "docs/doctor.md").read_text(encoding="utf-8")
    return [check for check in checks if f"`{check}`" not in text and not check.startswith("s3:")]


def not_ok(result: Result) -> dict[str, str]:
    return {check: verdict for check, verdict in verdicts(result).items() if verdict != "ok"}


def test_a_site_that_is_served_well_passes(site: Site, host: Host) -> None:
    site.publish()
    result = site.call("doctor", "--url", "--json")
    assert not_ok(result) == {"https": "warn"}
    assert result.exit_code == 0
    checks = verdicts(result).keys()
    assert {"keys", "folders", "one-writer", "ledger", "link-keys", "lease", "unknown-link", "link"} < checks
    assert undocumented(checks) == []


def test_each_line_says_what_was_found_and_what_to_do(site: Site, host: Host) -> None:
    site.publish()
    (site.root / "site.private").chmod(0o755)
    del host.headers["Referrer-Policy"]
    result = site.call("doctor", "--url")
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert "ok       keys             " in lines[0]
    [private] = [number for number, line in enumerate(lines) if line.startswith("FAIL     private-folder")]
    assert lines[private + 1].endswith(f"-> chmod 700 '{site.root}/site.private'")
    [referrer] = [number for number, line in enumerate(lines) if line.startswith("warn     Referrer-Policy")]
    assert lines[referrer + 1].endswith("-> let the server or the CDN send Referrer-Policy: no-referrer")
    assert lines[-1].startswith("store 'local': ")
    assert lines[-1].endswith(" ok, 2 warn, 1 FAIL")
    assert not result.stderr


def test_no_token_is_shown_and_none_is_sent_unasked(site: Site, host: Host) -> None:
    site.publish()
    tokens = site.tokens()
    assert len(tokens) == 2
    plain, whole = site.call("doctor"), site.call("doctor", "--url")
    assert not any(token in plain.output + whole.output for token in tokens)
    assert "[" in next(line for line in whole.stdout.splitlines() if line.startswith("ok       link  "))
    host.asked.clear()
    site.call("doctor")
    assert host.asked
    assert not any(token in path for token in tokens for path in host.asked)


def test_before_the_first_publish_nothing_fails_and_nothing_is_made(site: Site, host: Host) -> None:
    before = sorted(site.root.rglob("*"))
    result = site.call("doctor", "--url", "--json")
    assert result.exit_code == 0
    assert not_ok(result) == {
        "folders": "warn",
        "https": "warn",
        "private-address": "unknown",
        "link": "unknown",
    }
    assert [path for path in sorted(site.root.rglob("*")) if "build" not in path.parts] == before


def test_a_site_without_an_address_is_looked_at_all_the_same(site: Site) -> None:
    site.publish()
    assert not_ok(site.call("doctor", "--url", "--json")) == {"https": "unknown"}


@pytest.mark.skipif(os.name != "posix", reason="permissions of files are POSIX's")
def test_keys_that_cannot_be_used_fail_and_the_rest_is_looked_at(site: Site) -> None:
    site.publish()
    keys = site.root / "config/portalgen.keys"
    keys.chmod(0o644)
    result = site.call("doctor", "--json")
    assert not_ok(result) == {"keys": "FAIL", "https": "unknown"}
    assert result.exit_code == 1
    assert "chmod 600" in result.stdout
    keys.chmod(0o600)
    keys.write_text(f"b:{KEY_B}\n", encoding="ascii")
    assert not_ok(site.call("doctor", "--json")) == {"link-keys": "FAIL", "https": "unknown"}


def test_a_store_that_does_not_exist_is_a_wrong_call(site: Site) -> None:
    result = site.call("doctor", "--store", "locla")
    assert result.exit_code == 2
    assert "did you mean 'local'" in result.stderr


# A bucket.


@pytest.fixture
def bucket(site: Site, s3_server: S3Server, s3_bucket: str, s3_client: S3Client) -> Bucket:
    source = StoreSource("live", "s3", bucket=s3_bucket, endpoint=s3_server.endpoint, prefix="north/")
    made = Bucket(source, s3_client)
    made.make_good()
    return made


def in_bucket(site: Site, bucket: Bucket, base_url: str = "") -> None:
    said = f"kind: s3, bucket: {bucket.name}, endpoint: '{bucket.source.endpoint}', prefix: north/"
    site.configure(base_url, f"  live: {{{said}}}\n")


def test_a_bucket_that_is_served_at_its_own_address_lacks_only_what_a_cdn_would_send(
    site: Site, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a bucket without a CDN, but for TLS, which the server for tests has not."""
    certificate, context = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    upstream = f"{bucket.source.endpoint}/{bucket.name}/north/public"
    with Host(tmp_path, context, headers={}, upstream=upstream) as host:
        in_bucket(site, bucket, host.address)
        site.publish("--store", "live")
        result = site.call("doctor", "--store", "live", "--url", "--json")
        assert result.exit_code == 0, result.output
        assert not_ok(result).keys() == {
            *("Content-Security-Policy", "Referrer-Policy", "X-Robots-Tag", "X-Content-Type-Options"),
            *("X-Frame-Options", "Strict-Transport-Security", "Permissions-Policy"),
            *("Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"),
        }
        assert undocumented(verdicts(result)) == []
        host.upstream = f"{bucket.source.endpoint}/{bucket.name}"
        assert "link" in not_ok(site.call("doctor", "--store", "live", "--url", "--json"))


def test_a_bucket_that_shows_too_much_fails(site: Site, bucket: Bucket) -> None:
    in_bucket(site, bucket)
    site.publish("--store", "live")
    bucket.allow(bucket.world("s3:GetObject", "/*"), bucket.world("s3:ListBucket"))
    result = site.call("doctor", "--store", "live", "--json")
    assert result.exit_code == 1
    assert not_ok(result) == {"world-listing": "FAIL", "private-part": "FAIL", "https": "unknown"}


def test_policies_are_printed_as_json_with_or_without_asking(site: Site, bucket: Bucket) -> None:
    in_bucket(site, bucket)
    printed: dict[str, Any] = {}
    for kind in ("iam", "bucket", "lifecycle"):
        for more in ([], ["--json"]):
            result = site.call("doctor", "--store", "live", "--policy", kind, *more)
            assert result.exit_code == 0
            printed[kind] = json.loads(result.stdout)
    bucket.client.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(printed["bucket"]))
    bucket.client.put_bucket_lifecycle_configuration(Bucket=bucket.name, LifecycleConfiguration=printed["lifecycle"])
    assert bucket.name in json.dumps(printed["iam"])


def test_a_folder_has_no_policy_and_a_policy_is_no_check(site: Site) -> None:
    result = site.call("doctor", "--policy", "iam")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "store 'local' is a folder" in result.stderr
    assert site.call("doctor", "--policy", "iam", "--url").exit_code == 2
    assert site.call("doctor", "--policy", "nonsense").exit_code == 2
