"""A web server as people set it up, well or badly."""

import gzip
import ssl
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import urlopen

from portalgen.media import content_type
from tests.web.serving import QuietHandler

GOOD_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive, nosnippet",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=63072000",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass
class Host:
    """Serves `folder` at `address` between `with` and its end. Change what is not right at any time.

    With an `upstream`, it passes on what that says, as a CDN does, and looks at no folder. `answers` stand in for what
    is at a path, as status and body; `absent` is what is said of what is not there;
    `loose` shows `/x../y` as nginx does where an alias lacks its '/'. `asked` are the paths that were asked for.
    """

    folder: Path
    context: ssl.SSLContext | None = None
    headers: dict[str, str] = field(default_factory=lambda: {**GOOD_HEADERS})
    types: dict[str, str] = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    absent: tuple[int, bytes] = (404, b"not here")
    lists: bool = False
    compresses: bool = True
    loose: str = ""
    asked: list[str] = field(default_factory=list)
    upstream: str = ""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, host=self))
        if self.context:
            self._server.socket = self.context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self) -> str:
        port = self._server.server_address[1]
        return f"https://localhost:{port}" if self.context else f"http://127.0.0.1:{port}"


class _Handler(QuietHandler):
    def __init__(self, *args: Any, host: Host) -> None:
        self._host = host
        super().__init__(*args, directory=str(host.folder))

    def do_GET(self) -> None:  # noqa: N802 - the name is the base class's
        host = self._host
        host.asked.append(self.path)
        if host.upstream:
            self._pass_on()
            return
        status, body, kind = self._found()
        compresses = host.compresses and kind.startswith("text/")
        if compresses:
            body = gzip.compress(body)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if compresses:
            self.send_header("Content-Encoding", "gzip")
        for name, value in host.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _pass_on(self) -> None:
        try:
            answer = urlopen(self._host.upstream + self.path)  # noqa: S310 - this machine's
        except HTTPError as error:
            answer = error
        with answer:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            for name, value in self._host.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.read())

    def _found(self) -> tuple[int, bytes, str]:
        host = self._host
        if self.path in host.answers:
            return *host.answers[self.path], "text/html"
        path = Path(self.translate_path(self.path))
        if host.loose and self.path.startswith(f"{host.loose}../"):
            path = host.folder / self.path.removeprefix(f"{host.loose}../")
        if path.is_dir() and host.lists:
            names = "\n".join(f'<a href="{each.name}/">{each.name}/</a>' for each in path.iterdir())
            return 200, f"<html><head><title>Index of /</title></head>{names}</html>".encode(), "text/html"
        if path.is_file():
            kind = host.types.get(path.suffix, content_type(path.name))
            return 200, path.read_bytes(), kind
        return *host.absent, "text/html"
