"""The CDN before a bucket: Amazon CloudFront, which is told to forget what was purged.

All that bears a link's token in its path is one wildcard, `/<token>/*`. CloudFront works on fifteen of them at a time,
and charges for each beyond a thousand a month; so where many links go at once, one wildcard stands for all of them.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from portalgen.errors import StoreError
from portalgen.model import StoreSource
from portalgen.stores.base import PUBLIC, Failure
from portalgen.stores.s3.causes import Verdict, explain, judge

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_cloudfront.client import CloudFrontClient
    from mypy_boto3_cloudfront.type_defs import InvalidationTypeDef

Answer = TypeVar("Answer")
BATCH = 15
"""As many wildcards as one distribution works on at a time."""
MOST = 5 * BATCH
"""As many links as are told one by one."""
_LONGEST_PAUSE = 8000
_PASSING = {
    "TooManyInvalidationsInProgress",
    "ThrottlingException",
    "RequestLimitExceeded",
    "NoSuchInvalidation",  # of one that was made a moment ago
}
"""The codes of answers that may be others a little later, besides those that stores give, too."""
_NEEDED = "cloudfront:CreateInvalidation and cloudfront:GetInvalidation"
_MEANING = {
    "AccessDenied": f"access is denied: the credentials need {_NEEDED} on distribution {{}}",
    "NoSuchDistribution": "there is no distribution {} in this account: mend 'cdn' in the store's definition",
}
"""What codes of CloudFront's own mean, of a distribution."""


class CloudFront:
    """A distribution whose addresses have `path` ('' or '/portals') before a link's token.

    Credentials come from where boto3 usually finds them. An invalidation is asked about after `pause`, which doubles up
    to eight seconds; a call of `invalidate` gives up after `limit`. Both are in milliseconds.
    """

    def __init__(
        self, distribution: str, path: str = "", region: str = "", *, pause: int = 1000, limit: int = 600_000
    ) -> None:
        self._distribution = distribution
        self._path = path
        self._region = region
        self._pause = pause
        self._limit = limit

    def invalidate(self, prefixes: Sequence[str]) -> list[Failure]:
        """As Store.invalidate. What lies outside `public/` is never served, so there is nothing to forget of it."""
        served = [*dict.fromkeys(prefix for prefix in prefixes if prefix.startswith(PUBLIC))]
        if not served:
            return []
        try:
            client = self._connect()
        except (BotoCoreError, ValueError) as error:
            return self._failures(served, error)
        deadline = time.monotonic_ns() + self._limit * 1_000_000
        failures = []
        with closing(client):
            for batch, paths in self._batches(served):
                try:
                    self._forget(client, paths, deadline)
                except (BotoCoreError, ClientError, StoreError) as error:
                    failures += self._failures(batch, error)
        return failures

    def _connect(self) -> "CloudFrontClient":
        config = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10)
        session = Session()
        region = self._region or session.region_name or "us-east-1"  # any of the same cloud: CloudFront has none
        return session.client("cloudfront", region_name=region, config=config)

    def _batches(self, prefixes: Sequence[str]) -> Iterator[tuple[Sequence[str], list[str]]]:
        """Prefixes, and the paths that stand for them."""
        if len(prefixes) > MOST:
            yield prefixes, [f"{self._path}/*"]
            return
        for start in range(0, len(prefixes), BATCH):
            batch = prefixes[start : start + BATCH]
            yield batch, [f"{self._path}/{quote(prefix.removeprefix(PUBLIC))}*" for prefix in batch]

    def _forget(self, client: "CloudFrontClient", paths: list[str], deadline: int) -> None:
        """Make an invalidation, and wait until it is complete.

        Its reference is new: under an old one CloudFront would answer with what it did then, and forget nothing. It is
        the same for each try, so that an answer that was lost makes no second invalidation.
        """
        reference = uuid.uuid4().hex
        make = partial(
            client.create_invalidation,
            DistributionId=self._distribution,
            InvalidationBatch={"CallerReference": reference, "Paths": {"Quantity": len(paths), "Items": paths}},
        )
        made = self._patiently(make, deadline)
        invalidation, pauses = made["Invalidation"], self._pauses()
        while invalidation["Status"] != "Completed":
            self._wait(next(pauses), deadline)
            invalidation = self._look(client, invalidation["Id"], deadline)

    def _look(self, client: "CloudFrontClient", id_: str, deadline: int) -> "InvalidationTypeDef":
        look = partial(client.get_invalidation, DistributionId=self._distribution, Id=id_)
        return self._patiently(look, deadline)["Invalidation"]

    def _patiently(self, call: Callable[[], Answer], deadline: int) -> Answer:
        """What `call` returns, once CloudFront has time for it."""
        pauses = self._pauses()
        while True:
            try:
                return call()
            except ClientError as error:
                if _code(error) not in _PASSING and judge(error) not in {Verdict.BUSY, Verdict.PASSING}:
                    raise
            self._wait(next(pauses), deadline)

    def _pauses(self) -> Iterator[int]:
        pause = self._pause
        while True:
            yield pause
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _wait(self, pause: int, deadline: int) -> None:
        if time.monotonic_ns() >= deadline:
            raise StoreError("CloudFront was not done with it in time")
        time.sleep(pause / 1000)

    def _failures(self, prefixes: Sequence[str], error: Exception) -> list[Failure]:
        cause = self._cause(error)
        return [Failure(prefix, "invalidate", cause) for prefix in prefixes]

    def _cause(self, error: Exception) -> str:
        if isinstance(error, StoreError):
            return error.problems[0].message
        if isinstance(error, ClientError) and (meant := _MEANING.get(_code(error))):
            return meant.format(self._distribution)
        return explain(error, "CloudFront")[0]


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def cdn_of(source: StoreSource) -> CloudFront | None:
    """The CDN that stands before a store of `kind: s3`, if its definition names one."""
    return CloudFront(source.cdn.distribution, source.cdn.path, source.region) if source.cdn else None
