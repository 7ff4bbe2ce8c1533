"""The part of Amazon CloudFront's interface that makes invalidations and tells of them, on the loopback interface.

It speaks REST and XML as of 2020-05-31 and keeps CloudFront's rules: fifteen wildcards in progress at most, a reference
that was used stands for what it was first used for, and an invalidation takes its time.
"""

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

NAMESPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
_PATH = re.compile(r"/2020-05-31/distribution/([^/]+)/invalidation(?:/([^/]+))?")
MOST_WILDCARDS = 15
_WRONG: Mapping[str, tuple[int, str]] = {
    "AccessDenied": (403, "User is not authorized to perform this"),
    "InvalidArgument": (400, "Your request contains a path that is not one"),
    "InvalidationBatchAlreadyExists": (400, "The reference was used with other paths"),
    "NoSuchDistribution": (404, "The specified distribution does not exist."),
    "NoSuchInvalidation": (404, "The specified invalidation does not exist."),
    "ServiceUnavailable": (503, "CloudFront encountered an internal error. Please try again."),
    "Throttling": (400, "Rate exceeded"),
    "TooManyInvalidationsInProgress": (400, "Processing your request will cause you to exceed the maximum number"),
}


@dataclass
class Invalidation:
    id: str
    reference: str
    paths: Sequence[str]
    looks_left: int
    """How many times it is still said to be in progress."""

    @property
    def status(self) -> str:
        return "InProgress" if self.looks_left > 0 else "Completed"


@dataclass
class CloudFrontServer:
    """`looks` is how often an invalidation is found in progress. `faults` are the codes that the next requests of a
    method are answered with, in order, instead of being carried out; `loses` drops the next answers of a method, which
    was carried out.
    """

    distribution: str = "E1A2B3C4D5E6F7"
    looks: int = 2
    faults: dict[str, list[str]] = field(default_factory=lambda: {"GET": [], "POST": []})
    loses: dict[str, int] = field(default_factory=lambda: {"GET": 0, "POST": 0})
    made: list[Invalidation] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    most_at_once: int = 0
    elsewhere: int = 0
    """How many wildcards somebody else has in progress; one fewer with each request."""

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def paths(self) -> list[str]:
        """All paths of all invalidations."""
        return [path for invalidation in self.made for path in invalidation.paths]

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, str]:
        with self._lock:
            self.requests.append(f"{method} {path}")
            self.elsewhere = max(0, self.elsewhere - 1)
            match = _PATH.fullmatch(path)
            if not match or "/cloudfront/aws4_request" not in authorization:
                return _wrong("AccessDenied")
            if self.faults[method]:
                return _wrong(self.faults[method].pop(0))
            if match[1] != self.distribution:
                return _wrong("NoSuchDistribution")
            return self._create(body) if method == "POST" else self._get(match[2])

    def _create(self, body: bytes) -> tuple[int, str]:
        batch = ET.fromstring(body)  # noqa: S314 - from our own client
        reference = batch.findtext(f"{{{NAMESPACE}}}CallerReference") or ""
        paths = [item.text or "" for item in batch.iter(f"{{{NAMESPACE}}}Path")]
        quantity = batch.findtext(f"{{{NAMESPACE}}}Paths/{{{NAMESPACE}}}Quantity")
        if not reference or quantity != str(len(paths)) or not all(_is_path(path) for path in paths):
            return _wrong("InvalidArgument")
        if known := next((each for each in self.made if each.reference == reference), None):
            return (201, _xml(known)) if known.paths == paths else _wrong("InvalidationBatchAlreadyExists")
        in_progress = sum(len(each.paths) for each in self.made if each.looks_left > 0)
        if in_progress + self.elsewhere + len(paths) > MOST_WILDCARDS:
            return _wrong("TooManyInvalidationsInProgress")
        self.most_at_once = max(self.most_at_once, in_progress + len(paths))
        self.made.append(Invalidation(f"I{len(self.made) + 1:013}", reference, paths, self.looks))
        return 201, _xml(self.made[-1])

    def _get(self, id_: str) -> tuple[int, str]:
        for invalidation in self.made:
            if invalidation.id == id_:
                invalidation.looks_left -= 1
                return 200, _xml(invalidation)
        return _wrong("NoSuchInvalidation")

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler's own self is another
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, text = server.answer(self.command, self.path, body, self.headers.get("Authorization", ""))
                if server.loses[self.command]:
                    server.loses[self.command] -= 1
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = _do  # noqa: N815 - names of http.server's

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _is_path(path: str) -> bool:
    """A wildcard stands at the end alone; whatever is no plain character is escaped."""
    return bool(re.fullmatch(r"/([A-Za-z0-9._~/-]|%[0-9A-F]{2})*\*?", path))


def _wrong(code: str) -> tuple[int, str]:
    status, message = _WRONG[code]
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, f'<ErrorResponse xmlns="{NAMESPACE}">{error}<RequestId>1</RequestId></ErrorResponse>'


def _xml(invalidation: Invalidation) -> str:
    items = "".join(f"<Path>{escape(path)}</Path>" for path in invalidation.paths)
    return (
        f'<?xml version="1.0"?><Invalidation xmlns="{NAMESPACE}"><Id>{invalidation.id}</Id>'
        f"<Status>{invalidation.status}</Status><CreateTime>2027-01-01T00:00:00Z</CreateTime>"
        f"<InvalidationBatch><Paths><Quantity>{len(invalidation.paths)}</Quantity><Items>{items}</Items></Paths>"
        f"<CallerReference>{invalidation.reference}</CallerReference></InvalidationBatch></Invalidation>"
    )
