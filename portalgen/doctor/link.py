"""A live link as whoever has it gets it: the page, its files, and the headers that came with them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from portalgen.doctor.findings import Finding, fail, ok, unknown, warn
from portalgen.doctor.web import Answer, DamagedError, fetch
from portalgen.errors import PortalgenError
from portalgen.media import content_type, is_download
from portalgen.names import SUMMARY

_FILE = re.compile(rb'(?:href|src)="([a-z0-9][a-z0-9_-]*\.[a-z]+)"')
_POLICY = "Content-Security-Policy"
_PAGE = re.compile(rb"\s*<!doctype html", re.IGNORECASE)
_ONE_GO = 14 * 1024
"""As many bytes as a new connection sends before it waits for an answer."""
_INDEX = re.compile(rb"<title>Index of ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Header:
    """A header that guards a page: what its value has to hold, and what the page itself does where it is missing."""

    name: str
    value: str
    wanted: re.Pattern[str]
    instead: str = "nothing stands in for it"


def _header(value: str, wanted: str, instead: str = "nothing stands in for it") -> Header:
    name, _, text = value.partition(": ")
    return Header(name, text, re.compile(wanted, re.IGNORECASE), instead)


HEADERS = (
    _header(
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        r"default-src 'none'.*frame-ancestors 'none'|frame-ancestors 'none'.*default-src 'none'",
        "each page says all but frame-ancestors itself",
    ),
    _header("Referrer-Policy: no-referrer", r"no-referrer$", "each page says it itself"),
    _header(
        "X-Robots-Tag: noindex, nofollow, noarchive, nosnippet",
        r"(?=.*noindex)(?=.*nofollow)|none",
        "each page says it itself, but downloads cannot",
    ),
    _header("Cache-Control: private, no-store", r"(.*,)?\s*no-store"),
    _header("X-Content-Type-Options: nosniff", r"nosniff$"),
    _header("X-Frame-Options: DENY", r"DENY$"),
    _header("Strict-Transport-Security: max-age=63072000", r".*max-age=\"?[1-9]"),
    _header("Permissions-Policy: camera=(), geolocation=(), microphone=()", r"."),
    _header("Cross-Origin-Opener-Policy: same-origin", r"same-origin$"),
    _header("Cross-Origin-Resource-Policy: same-origin", r"same-origin$"),
)


def examine(base_url: str, token: str, called: str) -> Iterator[Finding]:
    """All that a live link shows of the server. `called` is how to name it without its token."""
    try:
        page = fetch(f"{base_url}/{token}/{SUMMARY}")
    except DamagedError as error:
        yield fail("link", f"{called}: {error.problems[0].message}", "let the server or the CDN leave encodings alone")
        return
    except PortalgenError as error:
        yield unknown("link", f"{called}: {error.problems[0].message}", "run it again")
        return
    if page.status != 200 or not _PAGE.match(page.body):
        what = "something else than its page" if page.status == 200 else f"{page.status}"
        hint = "point base_url at what the store keeps under public/; `portalgen publish` if nothing was published"
        yield fail("link", f"{called} is live and is answered with {what}", hint)
        return
    yield ok("link", f"{called} answers with its page")
    yield _folder(base_url, token)
    yield from (_judged(header, page) for header in _wanted(base_url))
    try:
        files = _files(f"{base_url}/{token}", page)
    except PortalgenError as error:
        yield unknown("content-types", error.problems[0].message, "run it again")
        return
    yield _content_types(files)
    yield _compression(files)


def _wanted(base_url: str) -> Iterator[Header]:
    """Over plain http, a browser ignores what asks for https."""
    is_plain = base_url.startswith("http://")
    yield from (each for each in HEADERS if not (is_plain and each.name == "Strict-Transport-Security"))


def _folder(base_url: str, token: str) -> Finding:
    """A link names index.html, so nothing depends on what its folder answers, unless that is a list."""
    check = "folder-address"
    try:
        answer = fetch(f"{base_url}/{token}/")
    except PortalgenError as error:
        return unknown(check, error.problems[0].message, "run it again")
    if answer.status == 200 and _INDEX.search(answer.body):
        return fail(check, "the folder of a link is listed", "turn directory listings off (autoindex)")
    shows = "its page" if answer.status == 200 else f"{answer.status}"
    return ok(check, f"without index.html, a link is answered with {shows}; links name index.html")


def _judged(header: Header, page: Answer) -> Finding:
    said = page.header(header.name)
    if header.wanted.match(said):
        return ok(header.name, "arrived")
    if header.name == "X-Frame-Options" and not said and "frame-ancestors 'none'" in page.header(_POLICY):
        return ok(header.name, "is missing, and frame-ancestors says the same")
    what = "arrived as something else" if said else "is missing"
    hint = f"let the server or the CDN send {header.name}: {header.value}"
    return warn(header.name, f"{what}; {header.instead}", hint)


def _files(folder: str, page: Answer) -> Mapping[str, Answer]:
    """The page, and one file of each kind that it leads to, by their names. Raises PortalgenError."""
    names = {name.rpartition(".")[2]: name for each in _FILE.findall(page.body) if (name := each.decode())}
    return {SUMMARY: page} | {name: fetch(f"{folder}/{name}") for name in names.values() if name != SUMMARY}


def _compression(files: Mapping[str, Answer]) -> Finding:
    """What comes in one go is not worth it."""
    large = [name for name, answer in files.items() if not is_download(name) and len(answer.body) > _ONE_GO]
    plain = [name for name in large if not files[name].header("Content-Encoding")]
    if not plain:
        return ok("compression", "what is large comes compressed")
    hint = "turn compression of text on at the server or the CDN: pages come several times as fast"
    return warn("compression", f"{', '.join(plain)} came uncompressed", hint)


def _content_types(files: Mapping[str, Answer]) -> Finding:
    if wrong := [*_wrong(files)]:
        return fail("content-types", "; ".join(wrong), "mend the types that the server sends (in nginx, mime.types)")
    return ok("content-types", f"right for {', '.join(files)}")


def _wrong(answers: Mapping[str, Answer]) -> Iterator[str]:
    """With nosniff, a browser refuses styles and scripts of another type; what is to be saved may have any."""
    for name, answer in answers.items():
        said = _essence(answer.header("Content-Type"))
        if answer.status != 200:
            yield f"{name} is answered with {answer.status}"
        elif not is_download(name) and said != _essence(content_type(name)):
            yield f"{name} comes as {said or 'no type at all'}"


def _essence(media_type: str) -> str:
    plain = media_type.partition(";")[0].strip().lower()
    return "text/javascript" if plain == "application/javascript" else plain
