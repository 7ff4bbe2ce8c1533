"""A proxy between a publisher and the S3 server that fails where a test tells it to.

It forwards every header that is signed as it came, the host's name with it, so that signatures hold. It keeps a log of
what it was asked, without the bodies.
"""

import http.client
import os
import socket
import struct
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from xml.sax.saxutils import escape

import defusedxml.ElementTree
from mypy_boto3_s3.client import S3Client

_HOP_BY_HOP = frozenset(["connection", "expect", "keep-alive", "te", "transfer-encoding", "upgrade", "content-length"])
_QUERIES = (
    ("versions", "list-versions"),
    ("uploads", "list-uploads"),
    ("uploadId", "upload-part"),
    ("delete", "delete-many"),
)
_METHODS = {"GET": "get", "HEAD": "head", "PUT": "put", "POST": "post", "DELETE": "delete"}
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
PIECES = 4
"""In how many pieces a slow body comes."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a publisher asked. `number` counts from 1 in the order in which requests came.

    `kind` is 'list', 'list-versions', 'list-uploads', 'get', 'head', 'put', 'put-if' (a conditional one),
    'delete-many', 'delete', 'probe' (without credentials), 'upload-part', or 'bucket-' and what of the bucket was
    asked. `key` is the object's, or the prefix of a listing; `keys` are those of a delete of many.
    """

    number: int
    kind: str
    key: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, of the server or of the proxy's own."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Exchange:
    """One request under way. A fault does with it what it likes; what it does not answer is forwarded and answered."""

    def __init__(self, handler: "_Handler", bucket: str, request: Request, body: bytes) -> None:
        self.request = request
        self.bucket = bucket
        self.body = body
        self.is_answered = False
        self.proxy = handler.server.proxy
        self._handler = handler

    def forward(self) -> Answer:
        """The server's answer: the request takes effect."""
        handler = self._handler
        upstream = http.client.HTTPConnection("127.0.0.1", self.proxy.upstream_port, timeout=60)
        try:
            upstream.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    upstream.putheader(name, value)
            if self.body or "Content-Length" in handler.headers:
                upstream.putheader("Content-Length", str(len(self.body)))
            upstream.endheaders(self.body or None)
            answer = upstream.getresponse()
            headers = [each for each in answer.getheaders() if each[0].lower() not in _HOP_BY_HOP]
            if handler.command == "HEAD":
                headers += [("Content-Length", answer.getheader("Content-Length") or "0")]
            return Answer(answer.status, tuple(headers), answer.read())
        finally:
            upstream.close()

    def send(self, answer: Answer, pause: float = 0, share: float = 1) -> None:
        """Answer, with `pause` seconds between the pieces of the body; a `share` below 1 breaks off there."""
        self.is_answered = True
        handler, body = self._handler, answer.body
        with suppress(OSError):  # whoever asked may be dead by now
            handler.send_response_only(answer.status)
            for name, value in answer.headers:
                handler.send_header(name, value)
            if handler.command != "HEAD":
                handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            size = -(-len(body) // PIECES) if pause else len(body)
            for start in range(0, int(len(body) * share), size or 1):
                time.sleep(pause if start else 0)
                handler.wfile.write(body[start : min(start + size, int(len(body) * share))])
        if share < 1:
            handler.close_connection = True

    def reset(self) -> None:
        """Break the connection off, so that the other side's next word from it is a reset."""
        self.is_answered = True
        handler = self._handler
        handler.close_connection = True
        with suppress(OSError):
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(handler.connection.detach())


Fault = Callable[[Exchange], None]
Matches = Callable[[Request], bool]


def refuse(status: int, code: str, message: str = "as a test wants it") -> Fault:
    """Answer with an error, without asking the server."""
    text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    answer = Answer(status, (("Content-Type", "application/xml"),), text.encode())
    return lambda exchange: exchange.send(answer)


SLOW_DOWN = refuse(503, "SlowDown")
INTERNAL_ERROR = refuse(500, "InternalError")
EXPIRED = refuse(400, "ExpiredToken")
DENIED = refuse(403, "AccessDenied")
SKEWED = refuse(403, "RequestTimeTooSkewed")


def reset_before(exchange: Exchange) -> None:
    """The request never reached the server."""
    exchange.reset()


def reset_after(exchange: Exchange) -> None:
    """The request took effect, and its answer is lost."""
    exchange.forward()
    exchange.reset()


def hold(exchange: Exchange) -> None:
    """No answer comes, and the request takes no effect; `release` ends the wait."""
    exchange.proxy.released.wait(60)
    exchange.reset()


def hold_answer(exchange: Exchange) -> None:
    """The request takes effect, but no answer comes."""
    exchange.forward()
    hold(exchange)


def slow(pause: float) -> Fault:
    """The body comes in pieces, `pause` seconds apart."""
    return lambda exchange: exchange.send(exchange.forward(), pause=pause)


def partial(exchange: Exchange) -> None:
    """Half of the body comes, then the connection closes."""
    exchange.send(exchange.forward(), share=0.5)


def before(hook: Callable[[], None]) -> Fault:
    """Call `hook`, then forward and answer."""
    return lambda _: hook()


def instead(hook: Callable[[], None]) -> Fault:
    """Call `hook` while the request is on its way, which is lost."""

    def fault(exchange: Exchange) -> None:
        hook()
        exchange.reset()

    return fault


def after(hook: Callable[[], None]) -> Fault:
    """Call `hook` once the request took effect; its answer is lost."""

    def fault(exchange: Exchange) -> None:
        exchange.forward()
        hook()
        exchange.reset()

    return fault


def every_other(fault: Fault) -> Fault:
    """Of the same request, the first, third and so on has `fault`: whoever tries again succeeds."""
    tried: set[tuple[str, str, tuple[str, ...]]] = set()
    lock = Lock()

    def alternating(exchange: Exchange) -> None:
        request = exchange.request
        same = (request.kind, request.key, request.keys)
        with lock:
            is_again = same in tried
            (tried.discard if is_again else tried.add)(same)
        if not is_again:
            fault(exchange)

    return alternating


def failing_delete(client: S3Client, number: int, code: str) -> Fault:
    """Of all keys that are to be deleted, the one that comes as the `number`-th (from 1) stays, however often asked.

    `client` has all rights: it deletes the others. The answer is 200, with an error for that key.
    """
    counted: dict[str, int] = {}
    lock = Lock()

    def fault(exchange: Exchange) -> None:
        request = exchange.request
        with lock:
            for key in request.keys:
                counted.setdefault(key, len(counted) + 1)
        if not any(counted[key] == number for key in request.keys):
            return
        sent = _objects_in(exchange.body)
        stay = [each for each in sent if counted[each["Key"]] == number]
        go = [each for each in sent if each not in stay]
        if go:
            client.delete_objects(Bucket=exchange.bucket, Delete={"Objects": go})  # type: ignore[typeddict-item]
        errors = "".join(
            f"<Error><Key>{escape(each['Key'])}</Key><Code>{code}</Code><Message>as a test wants it</Message></Error>"
            for each in stay
        )
        text = f"<DeleteResult xmlns='{_NAMESPACE}'>{errors}</DeleteResult>"
        exchange.send(Answer(200, (("Content-Type", "application/xml"),), text.encode()))

    return fault


@dataclass(slots=True)
class _Rule:
    """A fault at those requests that match, from the `nth` on (from 1), `times` times."""

    fault: Fault
    matches: Matches
    nth: int
    times: int | None
    matched: int = 0
    injected: int = 0

    def is_due(self, request: Request) -> bool:
        """Count the request, and say whether the fault befalls it."""
        if not self.matches(request):
            return False
        self.matched += 1
        return self.matched >= self.nth and (self.times is None or self.injected < self.times)


@dataclass(slots=True)
class Injected:
    """How often a fault was injected so far."""

    _rule: _Rule

    @property
    def times(self) -> int:
        return self._rule.injected


class FaultProxy:
    """A context manager: the proxy listens inside, at `endpoint`, and forwards to `upstream_port` on this machine."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.log: list[Request] = []
        self.released = Event()
        self.bugs: list[BaseException] = []
        self._rules: list[_Rule] = []
        self._active = 0
        self._state = Condition()
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.break_off()
        self._server.server_close()

    def inject(self, fault: Fault, matches: Matches = lambda _: True, nth: int = 1, times: int | None = 1) -> Injected:
        """Have `fault` befall the requests that match, from the `nth` of them on, `times` times (None: always).

        Where several are due at one request, the first counts.
        """
        rule = _Rule(fault, matches, nth, times)
        with self._state:
            self._rules.append(rule)
        return Injected(rule)

    @contextmanager
    def recording(self) -> Iterator[list[Request]]:
        """What is asked meanwhile. Without faults afterwards."""
        self.clear()
        try:
            yield self.log
        finally:
            self.settle()
            self.clear(keeps_log=True)

    def clear(self, *, keeps_log: bool = False) -> None:
        """Forget all faults, and what was asked."""
        with self._state:
            self._rules = []
            self.released.clear()
            if not keeps_log:
                self.log = []

    def settle(self, timeout: float = 30) -> None:
        """Release what is held, and wait until no request is under way, whoever asked. Raises what went wrong here."""
        self.released.set()
        with self._state:
            if not self._state.wait_for(lambda: self._active == 0, timeout):
                raise TimeoutError(f"{self._active} requests are still under way")
        if self.bugs:
            raise self.bugs.pop()

    def take(self, exchange_of: Callable[[int], Exchange]) -> None:
        """Number a request, see which fault befalls it, and have it answered."""
        with self._state:
            self._active += 1
            exchange = exchange_of(len(self.log) + 1)
            self.log.append(exchange.request)
            due = [rule for rule in self._rules if rule.is_due(exchange.request)][:1]
            for rule in due:
                rule.injected += 1
        try:
            for rule in due:
                rule.fault(exchange)
            if not exchange.is_answered:
                exchange.send(exchange.forward())
        finally:
            with self._state:
                self._active -= 1
                self._state.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, proxy: FaultProxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy
        self.open: set[socket.socket] = set()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as the base class has it
        """Keep what went wrong for `settle` to raise."""
        if error := sys.exception():
            self.proxy.bugs.append(error)

    def break_off(self) -> None:
        """End connections that wait for a next request."""
        for connection in [*self.open]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    connection: socket.socket

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # whoever asked is gone
            self.close_connection = True

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the publisher died while it sent: the server never sees that
            self.close_connection = True
            return
        bucket, key, query = _split(self.path)
        self.server.proxy.take(lambda number: Exchange(self, bucket, self._request(number, key, query, body), body))

    def _request(self, number: int, key: str, query: dict[str, str], body: bytes) -> Request:
        if "Authorization" not in self.headers:
            return Request(number, "probe", key)
        for name, kind in _QUERIES:
            if name in query:
                keys = tuple(each["Key"] for each in _objects_in(body)) if kind == "delete-many" else ()
                return Request(number, kind, key or query.get("prefix", ""), keys)
        if key:
            is_conditional = self.command == "PUT" and ("If-Match" in self.headers or "If-None-Match" in self.headers)
            return Request(number, "put-if" if is_conditional else _METHODS[self.command], key)
        if self.command == "GET" and ("list-type" in query or "prefix" in query):
            return Request(number, "list", query.get("prefix", ""))
        return Request(number, f"bucket-{next(iter(query), _METHODS[self.command])}", "")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - as the base class names them

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class names it
        """Be silent: `FaultProxy.log` tells."""


def _split(target: str) -> tuple[str, str, dict[str, str]]:
    """The bucket, the key and the query of a request's target."""
    parts = urllib.parse.urlsplit(target)
    bucket, _, key = parts.path.lstrip("/").partition("/")
    query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    return bucket, urllib.parse.unquote(key), query


def _objects_in(body: bytes) -> list[dict[str, str]]:
    """Key, and version where one is named, of each object of a delete of many."""
    elements = defusedxml.ElementTree.fromstring(body).iter()
    named = (element for element in elements if _local(element.tag) == "Object")
    return [{_local(child.tag): child.text or "" for child in element} for element in named]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
