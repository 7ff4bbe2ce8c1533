"""The `mail:` of portals.yaml -> the server that e-mails are handed to, and what must not be so."""

import re
from collections.abc import Iterator

from portalgen.model import MailServer
from portalgen.schema import MailModel

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_THIS_MACHINE = r"localhost|127(\.\d{1,3}){3}|::1"

Fault = tuple[str, str, str]
"""The key that it stands at, what is wrong, and what to do."""


def mail_server(item: MailModel) -> tuple[MailServer, list[Fault]]:
    """The server as it is written, and everything that is wrong with it as a whole."""
    server = MailServer(
        host=item.server,
        port=item.port or _PORTS[item.security],
        security=item.security,
        sender=item.sender,
        user=item.user,
        password=item.password,
        rate=item.rate,
    )
    return server, list(_faults(server))


def _faults(server: MailServer) -> Iterator[Fault]:
    if server.security == "none" and not re.fullmatch(_THIS_MACHINE, server.host):
        hint = "security: starttls (or tls); none is for localhost alone"
        yield "security", f"nothing would be encrypted on the way to {server.host}", hint
    elif server.security == "none" and (server.user or server.password):
        message = "a password never goes over a connection that is not encrypted"
        yield "security", message, "security: starttls (or tls)"
    if bool(server.user) != bool(server.password):
        missing = "password" if server.user else "user"
        yield "user" if server.user else "password", f"'{missing}' is missing", f"{missing}: env:NAME"
