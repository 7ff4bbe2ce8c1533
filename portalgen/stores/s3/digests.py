"""What a store's ETags tell: the MD5 of an object's bytes, unless the bucket is encrypted with a key of its own."""

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from portalgen.stores.s3.connection import Connection
from portalgen.stores.s3.encoding import Encoded

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_s3.type_defs import ObjectTypeDef

_PLAIN = re.compile(r"[0-9a-f]{32}")


class Digests:
    """Learns once, by an object read back, whether the ETags of this store are digests."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_told: bool | None = None

    def told_by(self, etag: str) -> str:
        """The hex MD5 that an unquoted `etag` is, or ''."""
        return etag if self._is_told is not False and _PLAIN.fullmatch(etag) else ""

    def confirm(self, path: str, etag: str, item: Encoded) -> bool:
        """Whether `etag` is a sound answer to a put of `item`. Raises an error of botocore's."""
        if etag == item.md5:
            self._is_told = True
            return True
        if not self.told_by(etag):
            return True
        if self._connection.fetch(path)[0] != item.body:
            return False
        self._is_told = False
        return True

    def learn_from(self, items: Sequence["ObjectTypeDef"]) -> None:
        """Look at the newest object of a listing, once."""
        plain = [item for item in items if _PLAIN.fullmatch(item["ETag"].strip('"'))]
        if self._is_told is not None or not plain:
            return
        newest = max(plain, key=lambda item: item["LastModified"])
        try:
            self._is_told = _md5(self._connection.fetch(newest["Key"])[0]) == newest["ETag"].strip('"')
        except (BotoCoreError, ClientError):
            return  # it went meanwhile, or may not be read: the next listing may tell


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
