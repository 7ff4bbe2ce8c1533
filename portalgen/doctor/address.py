"""What the world gets under base_url: no list of links, nothing private, one answer for all that is not there."""

import re
import secrets
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from portalgen.doctor.findings import Finding, fail, ok, unknown, warn
from portalgen.doctor.web import UntrustedError, fetch
from portalgen.errors import PortalgenError
from portalgen.keys import KEY_IDS
from portalgen.links import TOKEN
from portalgen.probes import is_gone
from portalgen.stores.base import PRIVATE

_LISTS = re.compile(rb"<List\w*Result|<title>Index of ", re.IGNORECASE)
_TOKEN = re.compile(TOKEN.pattern.encode(), re.IGNORECASE)
_LEDGER = re.compile(rb'\s*\{\s*"format"')
_SEARCHES = ("/", "/?list-type=2", "/?versions", "/?uploads")
"""A folder's address, which a web server may list, and the questions that a bucket may answer with its keys."""


def examine(base_url: str, private_folder: str, *, has_ledger: bool) -> Iterator[Finding]:
    """All that can be seen without a link. `private_folder` is what the folder with the private part is called."""
    reached, is_there = _reached(base_url)
    yield reached
    if not is_there:
        return
    yield _listing(base_url)
    yield _unknown_link(base_url)
    yield _private(base_url, private_folder, has_ledger=has_ledger)


def _reached(base_url: str) -> tuple[Finding, bool]:
    try:
        fetch(f"{base_url}/")
    except UntrustedError as error:
        hint = "get a certificate for this name from an authority that browsers know, and send its whole chain"
        return fail("https", error.problems[0].message, hint), False
    except PortalgenError as error:
        hint = "check base_url, the name's DNS records, and whether the server is up; then run this again"
        return unknown("https", f"base_url: {error.problems[0].message}", hint), False
    if base_url.startswith("https://"):
        return ok("https", "base_url answers under a certificate that is valid"), True
    hint = "publish under https://; over http, everybody on the way reads the links"
    return warn("https", "base_url is plain http on this machine: good for a trial", hint), True


def _listing(base_url: str) -> Finding:
    for search in _SEARCHES:
        body = _body(f"{base_url}{search}")
        if _LISTS.search(body) or _TOKEN.search(body):
            hint = "turn directory listings off (autoindex), allow nobody s3:ListBucket; then rotate all links"
            return fail("address-listing", f"base_url{search} lists what is published: every link can be seen", hint)
    return ok("address-listing", "base_url lists nothing")


def _body(address: str) -> bytes:
    """What is shown there; nothing where no answer came or it tells of an error."""
    try:
        answer = fetch(address)
    except PortalgenError:
        return b""
    return answer.body if answer.status == 200 else b""


def _unknown_link(base_url: str) -> Finding:
    """A token has the length of ours, but no key makes it."""
    letters = "".join(secrets.choice(KEY_IDS) for _ in range(28))
    check, hint = "unknown-link", "let the server answer 404, or 403, for what is not there: no page in its place"
    try:
        answer = fetch(f"{base_url}/p{letters[1:]}{secrets.token_hex(16)}/index.html")
    except PortalgenError as error:
        return unknown(check, error.problems[0].message, "run it again")
    if is_gone(answer.status):
        return ok(check, f"a link that does not exist is answered with {answer.status}")
    if answer.status >= 500:
        return unknown(check, f"a link that does not exist is answered with {answer.status}", hint)
    return fail(check, f"a link that does not exist is answered with {answer.status}: none ever seems dead", hint)


def _private(base_url: str, private_folder: str, *, has_ledger: bool) -> Finding:
    check = "private-address"
    try:
        found = [address for address in _private_addresses(base_url, private_folder) if _is_served(address)]
    except PortalgenError as error:
        return unknown(check, error.problems[0].message, "run it again")
    if found:
        hint = "serve public/ alone (for a folder store, its `path` alone), and no folder above it"
        return fail(check, f"the private part is served, at {found[0]}", hint)
    if not has_ledger:
        return unknown(check, "there is no ledger yet that could be served", "run it again after a publish")
    return ok(check, "the ledger is not served at base_url, beside it, or at the top of the host")


def _private_addresses(base_url: str, private_folder: str) -> Iterable[str]:
    """Where the ledger would be if the server showed too much; the last is what an nginx `alias` without '/' gives."""
    parts = urlsplit(base_url)
    top = f"{parts.scheme}://{parts.netloc}"
    above = base_url.rpartition("/")[0] if parts.path else top
    names = dict.fromkeys([PRIVATE.rstrip("/"), private_folder])
    around = dict.fromkeys([base_url, above, top])
    yield from (f"{each}/{name}/ledger.json" for each in around for name in names)
    if parts.path:
        yield from (f"{base_url}../{name}/ledger.json" for name in names)


def _is_served(address: str) -> bool:
    answer = fetch(address)
    return answer.status == 200 and bool(_LEDGER.match(answer.body))
