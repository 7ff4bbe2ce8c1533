"""What the world gets at an address, asked of real servers."""

import logging
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from portalgen import probes
from portalgen.links import KeyRing
from portalgen.probes import NO_ANSWER, is_gone, probe, statuses

TOKEN = KeyRing("small", {"a": bytes(range(32))}).token("a", "acme", "", 1)


class Server(ThreadingHTTPServer):
    """Answers `/<status>/...` with that status; `/<first>,<then>/...` with one, and then with the other."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.lock = threading.Lock()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        with server.lock:
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            said = self.path.split("/")[1].split(",")
            status = said[min(server.asked[self.path], len(said) - 1)]
            server.asked[self.path] += 1
        if status == "nothing":
            self.close_connection = True
            return
        if status == "nonsense":
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            return
        self.send_response(int(status))
        if status.startswith("3"):
            self.send_header("Location", server.url(f"/200/{TOKEN}/elsewhere"))
        self.send_header("Content-Length", "4" if status != "304" else "0")
        self.end_headers()
        self.wfile.write(b"page" if status != "304" else b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 308, 400, 401, 403, 404, 410, 451])
def test_an_answer_is_what_it_is_and_no_redirect_is_followed(server: Server, status: int) -> None:
    path = f"/{status}/{TOKEN}/index.html"
    assert probe(server.url(path)) == status
    assert server.asked == {path: 1}


def test_three_answers_say_that_there_is_nothing_to_be_had() -> None:
    assert [status for status in range(600) if is_gone(status)] == [403, 404, 410]


def test_one_that_is_out_of_order_is_asked_again(server: Server) -> None:
    assert probe(server.url("/503,nothing,404/x"), pause=1) == 404
    assert probe(server.url("/429,200/x"), pause=1) == 200
    assert probe(server.url("/500/x"), pause=1) == 500
    assert server.asked["/500/x"] == 3


def test_no_answer_is_never_gone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        unheard = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        silent = socket.create_server(("127.0.0.1", 0))
        monkeypatch.setattr(probes, "_TIMEOUT", 1)
        addresses = [
            server.url("/nothing/x"),
            server.url("/nonsense/x"),
            unheard,
            f"http://127.0.0.1:{silent.getsockname()[1]}/",  # takes connections and says nothing
            f"https://127.0.0.1:{server.server_port}/404/x",  # speaks no TLS
            "http://no-such-host.invalid/",
            "ftp://127.0.0.1/404",
            "file:///etc/hostname",
            "nothing at all",
        ]
        with silent:
            assert statuses(addresses, pause=1) == dict.fromkeys(addresses, NO_ANSWER)
    assert not is_gone(NO_ANSWER)


def test_many_are_asked_at_once_and_each_has_its_own_answer(server: Server) -> None:
    wanted = {server.url(f"/{(200, 403, 404, 410)[number % 4]}/{number}"): number % 4 for number in range(200)}
    found = statuses(wanted, pause=1)
    assert [*found] == [*wanted]
    assert {url: (200, 403, 404, 410)[kind] for url, kind in wanted.items()} == found
    assert set(server.asked.values()) == {1}


def test_it_asks_as_a_browser_does_and_tells_no_cache_to_stand_aside(server: Server) -> None:
    probe(server.url("/404/x"))
    [headers] = server.headers
    assert {*headers} == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert headers["accept-encoding"] == "gzip, deflate, br, zstd"


def test_an_address_is_said_nowhere(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        for path in (f"/404/{TOKEN}/", f"/nothing/{TOKEN}/", f"/nonsense/{TOKEN}/", f"/404/{TOKEN}/\x00 \n"):
            probe(server.url(path), pause=1)
    assert TOKEN not in caplog.text + "".join(capfd.readouterr())
