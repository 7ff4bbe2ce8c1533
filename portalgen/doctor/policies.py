"""What the owner of a bucket pastes: the rights that publishing needs, what the world may do, and a lifecycle rule."""

from collections.abc import Mapping, Sequence
from typing import Any

from portalgen.errors import InvalidInputError
from portalgen.model import StoreSource
from portalgen.stores.base import PRIVATE, PUBLIC

Policy = Mapping[str, Any]
"""As JSON values."""

_VERSION = "2012-10-17"
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}

LISTING = ("s3:ListBucket", "s3:ListBucketVersions")
SETTINGS = ("s3:GetBucketVersioning", "s3:ListBucketMultipartUploads")
WRITING = ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload")
DELETING = ("s3:DeleteObject", "s3:DeleteObjectVersion")
PURGING = ("cloudfront:CreateInvalidation", "cloudfront:GetInvalidation")

POLICIES = ("iam", "bucket", "lifecycle")


def policy(kind: str, source: StoreSource) -> Policy:
    """One of POLICIES for `source`. Raises InvalidInputError for a store that is no bucket."""
    if source.kind != "s3":
        hint = "name one of `kind: s3` with --store; of a folder, the permissions of its files decide"
        raise InvalidInputError(f"store '{source.name}' is a folder and has no policy", hint)
    return {"iam": _iam, "bucket": _bucket, "lifecycle": _lifecycle}[kind](source)


def _iam(source: StoreSource) -> Policy:
    """What the credentials that publish need, and nothing else."""
    bucket = _arn(source)
    folders = [f"{source.prefix}{area}*" for area in (PUBLIC, PRIVATE)]
    objects = [f"{bucket}/{folder}" for folder in folders]
    listing = _allow("ListThisSite", LISTING, bucket) | {"Condition": {"StringLike": {"s3:prefix": folders}}}
    statements = [
        listing,
        _allow("SeeVersioningAndUploads", SETTINGS, bucket),
        _allow("WriteThisSite", WRITING, objects),
        # Ceph asks for the right in the bucket as well before it looks at the right to delete each of many objects.
        _allow("DeleteInThisSite", DELETING, [bucket, *objects] if source.endpoint else objects),
    ]
    if source.cdn:
        # A distribution's id is one of its own in all accounts, of which the definitions name none.
        distribution = f"arn:{_partition(source)}:cloudfront::*:distribution/{source.cdn.distribution}"
        statements.append(_allow("TellTheCdn", PURGING, distribution))
    return {"Version": _VERSION, "Statement": statements}


def _bucket(source: StoreSource) -> Policy:
    """What the world may do: fetch what lies under public/ if it knows its name."""
    statement = _allow("ReadPublicPart", ["s3:GetObject"], f"{_arn(source)}/{source.prefix}{PUBLIC}*")
    return {"Version": _VERSION, "Statement": [statement | {"Principal": "*"}]}


def _lifecycle(source: StoreSource) -> Policy:
    """What takes away the older versions of pages that were replaced, and uploads that broke off."""
    rule = {
        "ID": "portalgen",
        "Status": "Enabled",
        "Filter": {"Prefix": source.prefix},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    return {"Rules": [rule]}


def _allow(sid: str, actions: Sequence[str], resource: str | Sequence[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}


def _arn(source: StoreSource) -> str:
    return f"arn:{_partition(source)}:s3:::{source.bucket}"


def _partition(source: StoreSource) -> str:
    return next((name for start, name in _PARTITIONS.items() if source.region.startswith(start)), "aws")
