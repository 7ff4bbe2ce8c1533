"""Bundles as a browser finds them: in a folder, and on a server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from portalgen.model import Bundle
from portalgen.pages import Renderer


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder and logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Say nothing."""


def write(bundle: Bundle, folder: Path) -> None:
    """Write the files of `bundle`, rendered with the default templates, into `folder`."""
    for page in Renderer().render(bundle):
        file = folder / page.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(page.body)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address at which `folder` is served, on this machine alone."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
