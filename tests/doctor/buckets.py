"""Buckets of the real server as they should be, and what the doctor finds of them."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from mypy_boto3_s3.client import S3Client

from portalgen.commands.project import now
from portalgen.doctor import bucket
from portalgen.doctor.findings import Finding, Verdict
from portalgen.doctor.policies import policy
from portalgen.model import StoreSource
from portalgen.stores.s3 import S3Store, from_source


@dataclass(frozen=True)
class Bucket:
    """One bucket; `client` has all rights in it."""

    source: StoreSource
    client: S3Client

    @property
    def name(self) -> str:
        return self.source.bucket

    def make_good(self) -> None:
        """As the doctor wants it: the public part open, and nothing else."""
        self.rules(policy("lifecycle", self.source)["Rules"])
        self.switches(IgnorePublicAcls=True)
        self.allow()

    def keep_versions(self, status: Literal["Enabled", "Suspended"] = "Enabled") -> None:
        self.client.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": status})

    def rules(self, rules: list[Any]) -> None:
        self.client.put_bucket_lifecycle_configuration(Bucket=self.name, LifecycleConfiguration={"Rules": rules})

    def switches(self, **said: bool) -> None:
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        block: Any = {name: said.get(name, False) for name in names}
        self.client.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=block)

    def allow(self, *more: dict[str, Any]) -> None:
        """Set the policy that the doctor prints, with `more` statements."""
        printed = policy("bucket", self.source)
        whole = {**printed, "Statement": [*printed["Statement"], *more]}
        self.client.put_bucket_policy(Bucket=self.name, Policy=json.dumps(whole))

    def world(self, action: str, path: str = "", **more: Any) -> dict[str, Any]:
        """A statement that lets everybody do something."""
        resource = f"arn:aws:s3:::{self.name}{path}"
        return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more}

    def found(self, store: S3Store | None = None) -> dict[str, Finding]:
        """What the doctor finds, by check. Leaves nothing behind."""
        before = self.everything()
        findings = self.found_there(store)
        assert len({each.check for each in findings}) == len(findings), "each check is told once"
        assert all(bool(each.hint) == (each.verdict is not Verdict.OK) for each in findings)
        found = {each.check: each for each in findings}
        assert self.everything() == before or "traces" in found
        return found

    def found_there(self, store: S3Store | None = None) -> list[Finding]:
        """The same in order, whether there is such a bucket or not."""
        opened = store or from_source(self.source)
        try:
            return [*bucket.examine(self.source, opened, now)]
        finally:
            opened.close()

    def everything(self) -> list[tuple[str, str]]:
        """All versions, markers and unfinished uploads, by key and id."""
        versions = self.client.list_object_versions(Bucket=self.name)
        uploads = self.client.list_multipart_uploads(Bucket=self.name)
        kept = [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]
        found = [(each["Key"], each["VersionId"]) for each in kept]
        return sorted(found + [(each["Key"], each["UploadId"]) for each in uploads.get("Uploads", [])])


def not_ok(found: dict[str, Finding]) -> dict[str, str]:
    return {name: each.verdict.value for name, each in found.items() if each.verdict is not Verdict.OK}
