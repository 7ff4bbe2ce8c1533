"""A real SMTP server on the loopback interface, which does wrong what it is told to."""

import base64
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.needs import need

GREETING, EHLO, STARTTLS, AUTH, NOOP, MAIL, RCPT, DATA = (
    "greeting",
    "ehlo",
    "starttls",
    "auth",
    "noop",
    "mail",
    "rcpt",
    "data",
)
BODY, DOT, TAKEN = "body", "dot", "taken"
"""In the middle of a message; at its end, before it is taken; after it was taken, before that is said."""
_SECONDS = 20


@dataclass
class Fault:
    """What goes wrong `at` a step, for the next `times` and, unless it is '', for this recipient alone.

    The server says `reply`, or hangs up where that is ''.
    """

    at: str
    reply: str = ""
    recipient: str = ""
    times: int = 1


@dataclass(frozen=True)
class Received:
    """A message that the server took, with its envelope and how it came."""

    sender: str
    recipient: str
    data: bytes = field(repr=False)
    is_encrypted: bool
    user: str


class _HangUpError(Exception):
    pass


class SmtpServer:
    """Serves between `with` and its end. `security` is 'none', 'starttls' or 'tls', as in portals.yaml."""

    def __init__(
        self,
        security: str = "none",
        context: ssl.SSLContext | None = None,
        users: dict[str, str] | None = None,
        offers: Sequence[str] = ("8BITMIME", "SMTPUTF8"),
    ) -> None:
        self.faults: list[Fault] = []
        self.received: list[Received] = []
        self.connections = 0
        self.delay = threading.Event()  # set by nobody: a place to wait at
        self.pause = 0.0
        self.security, self.context, self.users, self.offers = security, context, users or {}, offers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._acceptor, *self._threads):
            thread.join(_SECONDS)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=_Talk(self, connection).run, daemon=True)
            self._threads.append(thread)
            thread.start()

    def fault(self, at: str, recipient: str) -> Fault | None:
        """The fault that befalls this step now; each counts."""
        with self._lock:
            for fault in self.faults:
                if fault.at == at and fault.times and fault.recipient in {"", recipient}:
                    fault.times -= 1
                    return fault
        return None

    def take(self, message: Received) -> None:
        with self._lock:
            self.received.append(message)


class _Talk:
    """One connection, from greeting to goodbye."""

    def __init__(self, server: SmtpServer, connection: socket.socket) -> None:
        connection.settimeout(_SECONDS)
        self._server, self._socket = server, connection
        self._sender = self._recipient = self._user = ""
        self._is_encrypted = False

    def run(self) -> None:
        try:
            if self._server.security == "tls":
                self._encrypt()
            self._file = self._socket.makefile("rb")
            self._at(GREETING)
            self._say("220 test")
            while line := self._file.readline():
                if self._command(line.decode("utf-8", "replace").rstrip("\r\n")):
                    break
        except (_HangUpError, OSError):
            pass
        finally:
            if hasattr(self, "_file"):
                self._file.close()
            self._socket.close()

    def _encrypt(self) -> None:
        assert self._server.context
        self._socket = self._server.context.wrap_socket(self._socket, server_side=True)
        self._is_encrypted = True

    def _say(self, *lines: str) -> None:
        for number, line in enumerate(lines, 1):
            self._socket.sendall((line if number == len(lines) else line.replace(" ", "-", 1)).encode() + b"\r\n")

    def _at(self, step: str) -> bool:
        """Whether something goes wrong here, and was said."""
        fault = self._server.fault(step, self._recipient)
        if fault and not fault.reply:
            raise _HangUpError
        if fault:
            self._say(fault.reply)
            if fault.reply.startswith("421") or step == GREETING:
                raise _HangUpError
        return fault is not None

    def _command(self, line: str) -> bool:
        """Answer a command; True at the end."""
        verb, _, rest = line.partition(" ")
        name = verb.lower()
        if name == "rcpt":
            self._recipient = rest[rest.index("<") + 1 : rest.rindex(">")]
        if name == "quit":
            self._say("221 bye")
            return True
        if not self._at(name):
            getattr(self, f"_on_{name}", self._on_nonsense)(rest)
        return False

    def _on_nonsense(self, _: str) -> None:
        self._say("500 what?")

    def _on_ehlo(self, _: str) -> None:
        server = self._server
        offers = [*server.offers]
        offers += ["STARTTLS"] * (server.security == "starttls" and not self._is_encrypted)
        offers += ["AUTH PLAIN"] * bool(server.users)
        self._say("250 test", *(f"250 {offer}" for offer in offers))

    def _on_starttls(self, _: str) -> None:
        self._say("220 go on")
        self._file.close()
        self._encrypt()
        self._file = self._socket.makefile("rb")

    def _on_auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
        if self._server.users.get(user) == password:
            self._user = user
            self._say("235 welcome")
        else:
            self._say(f"535 {user} is not known by {password}")

    def _on_noop(self, _: str) -> None:
        self._say("250 ok")

    def _on_rset(self, _: str) -> None:
        self._sender = self._recipient = ""
        self._say("250 ok")

    def _on_mail(self, rest: str) -> None:
        self._sender = rest[rest.index("<") + 1 : rest.index(">")]
        self._say("250 ok")

    def _on_rcpt(self, _: str) -> None:
        self._say("250 ok")

    def _on_data(self, _: str) -> None:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self._file.readline()) != b".\r\n":
            if not line:
                raise _HangUpError
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            if len(lines) == 5 and (fault := self._server.fault(BODY, self._recipient)):
                if fault.reply:
                    self._say(fault.reply)
                raise _HangUpError
        if self._at(DOT):
            return
        if self._server.pause:
            self._server.delay.wait(self._server.pause)
        self._server.take(Received(self._sender, self._recipient, b"".join(lines), self._is_encrypted, self._user))
        if not self._at(TAKEN):
            self._say("250 taken")


def make_certificate(folder: Path, name: str = "localhost") -> tuple[Path, ssl.SSLContext]:
    """A certificate for a host that signs itself, and what a server with it needs."""
    need(shutil.which("openssl"), "openssl is not installed")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context
