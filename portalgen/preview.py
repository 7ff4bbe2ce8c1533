"""Bundles in a browser on this machine, with the headers that a good host sends."""

import html
import threading
from collections.abc import Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from portalgen.errors import PortalgenError
from portalgen.media import content_type

HOST = "127.0.0.1"
BUNDLES = "bundles"
_HTML = "text/html; charset=utf-8"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive, nosnippet",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOT_FOUND = b"<!doctype html><html lang=en><title>Not found</title><h1>Not found</h1></html>\n"


class _Handler(SimpleHTTPRequestHandler):
    """Serves files and nothing else: no listing, one answer for all that is not there."""

    server_version, sys_version = "portalgen", ""

    def __init__(self, *args: Any, built: Path, published: Path | None, contents: bytes, **options: Any) -> None:
        self._built, self._published, self._contents = built, published, contents
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        data, status, kind = self._found() or (_NOT_FOUND, 404, _HTML)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def _found(self) -> tuple[bytes, int, str] | None:
        host = self.headers.get("Host", "")
        if (host.rpartition(":")[0] or host) not in {HOST, "localhost"}:
            return None  # under another name, a web page from elsewhere could read what is here
        if self.path == "/":
            return self._contents, 200, _HTML
        in_build = self.path.startswith(f"/{BUNDLES}/")
        folder = self._built / BUNDLES if in_build else self._published
        if folder is None:
            return None
        self.directory = str(self._built if in_build else folder)
        path = Path(self.translate_path(self.path))
        try:
            is_there = path.is_file() and path.resolve().is_relative_to(folder.resolve())
            return (path.read_bytes(), 200, content_type(path.name)) if is_there else None
        except OSError:
            return None

    def log_message(self, *_: object) -> None:
        """Say nothing: a path may hold a token."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: what failed may name a path, and so a token."""


class Preview:
    """A server on the loopback interface, in a thread of its own."""

    def __init__(self, built: Path, published: Path | None, port: int, titles: Mapping[str, str]) -> None:
        """Serve `built`'s bundles under /bundles/ and all else from `published`; port 0 takes any that is free.

        The front page lists `titles`: by path, what to call it. Raises PortalgenError if the port is taken.
        """
        handler = partial(_Handler, built=built, published=published, contents=_front_page(titles))
        try:
            self._server = _Server((HOST, port), handler)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "there is no such port"
            raise PortalgenError(f"cannot listen on {HOST}:{port}: {reason}", "choose another with --port") from None
        self.address = f"http://{HOST}:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Serve until this thread is interrupted."""
        try:
            self._thread.join()
        finally:
            self.stop()

    def stop(self) -> None:
        """End the server and free its port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _front_page(titles: Mapping[str, str]) -> bytes:
    items = "\n".join(
        f'<li><a href="{html.escape(path)}">{html.escape(title)}</a></li>' for path, title in titles.items()
    )
    head = '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Preview</title>'
    return f"{head}\n<h1>Preview</h1>\n<ul>\n{items}\n</ul>\n</html>\n".encode()
