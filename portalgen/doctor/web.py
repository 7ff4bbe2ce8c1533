"""Fetching what the world would get. No message names the address: it may be a link."""

import http.client
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from portalgen.errors import PortalgenError

_SECONDS = 15
_LARGEST = 4 * 1024 * 1024
"""In bytes; of a longer answer, the rest is not fetched."""
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by their names in lower case; `body` as a browser shows it, decompressed; '' for none sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


class UntrustedError(PortalgenError):
    """The certificate is not to be trusted."""


class DamagedError(PortalgenError):
    """It says that it is compressed, and is not, or breaks off."""


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: where it leads is not what was asked for."""


_opener = build_opener(_NoRedirects)


def fetch(address: str) -> Answer:
    """What a GET of `address` (http or https) gives, whatever its status. Raises PortalgenError where none came."""
    request = Request(address, headers={"Accept-Encoding": "gzip", "User-Agent": "portalgen-doctor"})  # noqa: S310 - base_url's
    try:
        with _opener.open(request, timeout=_SECONDS) as answer:
            return _read(answer.status, answer)
    except HTTPError as error:
        with error:
            return _read(error.code, error)
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise UntrustedError(f"its certificate is not to be trusted: {error.reason.verify_message}") from None
        raise PortalgenError(f"no connection: {_reason(error.reason)}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise PortalgenError(f"the answer broke off: {_reason(error)}") from None


def _read(status: int, answer: Any) -> Answer:
    headers = {name.lower(): ", ".join(answer.headers.get_all(name)) for name in answer.headers}
    body = answer.read(_LARGEST)
    if headers.get("content-encoding", "").lower() == "gzip":
        try:
            body = zlib.decompressobj(_GZIP).decompress(body, _LARGEST)
        except zlib.error:
            raise DamagedError("it says that it is compressed with gzip, and is not") from None
    return Answer(status, headers, body)


def _reason(error: object) -> str:
    """What is known of a failure, without the address that it may name."""
    if isinstance(error, TimeoutError):
        return f"nothing came within {_SECONDS} seconds"
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
