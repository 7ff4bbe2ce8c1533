"""A message says what it should to whom it should, and handing it over ends in a certainty wherever it can."""

import email
import re
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.errors import PortalgenError
from portalgen.mail import (
    DOUBTFUL,
    LATER,
    REFUSED,
    SENT,
    UNFIT,
    Connection,
    Login,
    MailServerError,
    Outcome,
    Post,
    compose,
)
from portalgen.model import MailServer
from tests.smtp_server import (
    AUTH,
    BODY,
    DATA,
    DOT,
    EHLO,
    GREETING,
    MAIL,
    NOOP,
    RCPT,
    STARTTLS,
    TAKEN,
    Fault,
    SmtpServer,
    make_certificate,
)

LINK = "https://portals.example/p" + "a" * 59 + "/index.html"
POST = Post(
    sender="Northwind <accounts@northwind.example>",
    name="Ann Lee",
    address="ann@brilliant.example",
    reply_to="help@northwind.example",
    subject="Northwind: your documents",
    text=f"Hello Ann,\n\n{LINK}\n.\n..\n.hidden\n",
    html=f'<p>Hello Ann,</p>\n<p><a href="{LINK}">Open</a></p>\n',
    language="en",
    seed="0123456789\0welcome",
    at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
)


def read(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part
    text = part.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n")


def server_at(port: int, security: str = "none") -> MailServer:
    return MailServer("localhost", port, security, POST.sender)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture
def connection(server: SmtpServer) -> Iterator[Connection]:
    opened = Connection(server_at(server.port), None)
    yield opened
    opened.close()


# What a message says.


def test_a_message_says_who_it_is_from_and_for_and_that_a_program_wrote_it() -> None:
    message = read(compose(POST).data)
    assert message["From"].addresses[0].addr_spec == "accounts@northwind.example"
    assert message["From"].addresses[0].display_name == "Northwind"
    assert str(message["To"]) == "Ann Lee <ann@brilliant.example>"
    assert (message["Reply-To"], message["Auto-Submitted"], message["Content-Language"]) == (
        *("help@northwind.example", "auto-generated", "en"),
    )
    assert message["Date"].datetime == POST.at
    assert message["X-Unsent"] is None
    assert read(compose(replace(POST, is_draft=True)).data)["X-Unsent"] == "1"


def test_a_message_has_a_text_and_then_the_same_in_html() -> None:
    message = read(compose(POST).data)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert (body(message, "plain"), body(message, "html")) == (POST.text, POST.html)


def test_lines_end_as_they_do_on_the_wire_and_are_short_whatever_the_language() -> None:
    for text in ("Äß " * 2000, "مرحبا " * 2000, "x" * 5000):
        data = compose(replace(POST, text=text, subject=text[:300], name=text[:300])).data
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)
        assert max(map(len, data.split(b"\r\n"))) <= 998
        assert data.isascii()
        assert body(read(data), "plain").strip() == text.strip()


def test_the_same_mail_has_the_same_id_and_another_mail_has_another() -> None:
    def id_of(**other: str) -> str:
        return str(read(compose(replace(POST, **other)).data)["Message-ID"])  # type: ignore[arg-type]

    assert id_of() == id_of(text="in other words", subject="x", name="A. Lee")
    assert re.fullmatch(r"<[0-9a-f]{32}@northwind\.example>", id_of())
    assert len({id_of(), id_of(seed="0123456789\0changed"), id_of(address="bob@brilliant.example")}) == 3


def test_no_header_holds_the_link() -> None:
    headers = compose(POST).data.partition(b"\r\n\r\n")[0]
    assert b"/p" not in headers
    assert b"aaaa" not in headers


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=120) | st.sampled_from(
    [
        "Ann\r\nBcc: eve@evil.example",
        "Ann\nBcc: eve@evil.example\n\nhello",
        "Müller, Ann <eve@evil.example>, x",
        '"Ann" <eve@evil.example>',
        "Ann, eve@evil.example",
        "ä" * 60 + ", eve@evil.example, <eve@evil.example>",
        "=?utf-8?q?eve=40evil.example?=",
        "Ann (eve@evil.example)",
        "\u2028Bcc: eve@evil.example",
        "a\x0bBcc: eve@evil.example",
        "a\x85Bcc: eve@evil.example",
        "undisclosed: ;",
    ]
)


@given(NAMES, NAMES, NAMES)
def test_no_name_and_no_subject_adds_a_header_or_a_recipient(name: str, seller: str, subject: str) -> None:
    plain = re.sub(r'[<>"]', "", " ".join(seller.split()))
    post = replace(POST, name=name, sender=f"{plain} <accounts@northwind.example>", subject=subject)
    message = read(compose(post).data)
    assert [each.addr_spec for each in message["To"].addresses] == ["ann@brilliant.example"]
    assert [each.addr_spec for each in message["From"].addresses] == ["accounts@northwind.example"]
    assert sorted(message.keys()) == sorted(read(compose(POST).data).keys())
    assert body(message, "plain") == POST.text


def test_an_international_domain_goes_by_its_ascii_name_and_is_never_taken_for_another() -> None:
    plain = compose(replace(POST, address="ann@bücher.example"))
    assert (plain.recipient, plain.needs_utf8) == ("ann@xn--bcher-kva.example", False)
    sharp = compose(replace(POST, address="ann@straße.example"))
    assert (sharp.recipient, sharp.needs_utf8) == ("ann@straße.example", True), "strasse.example is somebody else"


@pytest.mark.parametrize(
    "address",
    [
        *("ann@a.example\r\nRCPT TO:<eve@evil.example>", "", "@", "ann@", "@a.example", "ann", "ann@a.example\0"),
        *("ann@a.example, eve@evil.example", "ann@a.example;eve@evil.example", "ann@a.example eve@evil.example"),
        *("Ann <ann@a.example>", "ann@[127.0.0.1]", "ann(eve@evil.example)@a.example", "a" * 65 + "@a.example"),
    ],
)
def test_what_is_no_address_is_not_written_to(address: str) -> None:
    with pytest.raises(PortalgenError, match="no message can be sent to"):
        compose(replace(POST, address=address))


@pytest.mark.parametrize("header", [b", eve@evil.example", b"\r\nBcc: eve@evil.example"])
def test_a_message_that_reads_as_if_it_went_to_somebody_else_too_is_not_sent(
    monkeypatch: pytest.MonkeyPatch, header: bytes
) -> None:
    """Whatever a library makes of a name."""
    plain = compose(POST).data.replace(b"To: Ann Lee <ann@brilliant.example>", b"To: ann@brilliant.example" + header)
    monkeypatch.setattr("portalgen.mail._written", lambda *_: plain)
    with pytest.raises(PortalgenError, match="no message can be sent to"):
        compose(POST)


# Handing it over.


def test_a_server_gets_the_message_byte_for_byte(server: SmtpServer, connection: Connection) -> None:
    message = compose(POST)
    assert connection.send(message) == Outcome(SENT, 250)
    [received] = server.received
    assert (received.sender, received.recipient) == ("accounts@northwind.example", "ann@brilliant.example")
    assert received.data == message.data


def test_lines_that_begin_with_dots_arrive_as_they_are(server: SmtpServer, connection: Connection) -> None:
    messages = [b".\r\n", b"..\r\n.\r\n", b"\r\n.x\r\n", b"x.\r\n...\r\n\r\n", b".\r\n.\r\nx\r\n"]
    for data in messages:
        assert connection.send(replace(compose(POST), data=data)).state == SENT
    assert [each.data for each in server.received] == messages


def test_one_connection_carries_many_messages_and_is_opened_anew_when_it_is_gone(
    server: SmtpServer, connection: Connection
) -> None:
    for _ in range(3):
        connection.open()
        assert connection.send(compose(POST)).state == SENT
    assert server.connections == 1
    server.faults.append(Fault(NOOP))
    connection.open()
    assert connection.send(compose(POST)).state == SENT
    assert (server.connections, len(server.received)) == (2, 4)


@pytest.mark.parametrize(
    ("fault", "outcome", "is_taken"),
    [
        (Fault(MAIL, "451 later"), Outcome(LATER, 451), False),
        (Fault(MAIL, ""), Outcome(LATER), False),
        (Fault(RCPT, "450 greylisted"), Outcome(LATER, 450), False),
        (Fault(RCPT, "421 shutting down"), Outcome(LATER, 421), False),
        (Fault(RCPT, "550 ann@brilliant.example unknown"), Outcome(REFUSED, 550), False),
        (Fault(RCPT, ""), Outcome(LATER), False),
        (Fault(RCPT, "what?"), Outcome(LATER), False),
        (Fault(DATA, "452 full"), Outcome(LATER, 452), False),
        (Fault(DATA, "554 no"), Outcome(REFUSED, 554), False),
        (Fault(DATA, ""), Outcome(LATER), False),
        (Fault(BODY, ""), Outcome(LATER), False),
        (Fault(BODY, "552 too big"), Outcome(REFUSED, 552), False),
        (Fault(BODY, "421 bye"), Outcome(LATER, 421), False),
        (Fault(BODY, "hm"), Outcome(LATER), False),
        (Fault(DOT, "451 later"), Outcome(LATER, 451), False),
        (Fault(DOT, "550 spam"), Outcome(REFUSED, 550), False),
        (Fault(DOT, ""), Outcome(DOUBTFUL), False),
        (Fault(DOT, "354 what?"), Outcome(DOUBTFUL, 354), False),
        (Fault(TAKEN, ""), Outcome(DOUBTFUL), True),
        (Fault(TAKEN, "451 so it says"), Outcome(LATER, 451), True),
    ],
)
def test_what_goes_wrong_is_certain_up_to_the_dot_and_the_next_message_goes_through(
    server: SmtpServer, connection: Connection, fault: Fault, outcome: Outcome, is_taken: bool
) -> None:
    server.faults.append(replace(fault))
    message = compose(replace(POST, html=POST.html * 500))
    assert connection.send(message) == outcome
    assert connection.is_past_return == (outcome.state == DOUBTFUL)
    assert len(server.received) == is_taken
    assert connection.send(message).state == SENT
    assert len(server.received) == is_taken + 1


def test_a_sender_that_the_server_will_not_have_stops_everything(server: SmtpServer, connection: Connection) -> None:
    server.faults.append(Fault(MAIL, "553 not yours"))
    with pytest.raises(MailServerError, match=r"takes nothing from accounts@northwind\.example \(553\)"):
        connection.send(compose(POST))


def test_an_address_beyond_ascii_needs_a_server_that_can_do_it() -> None:
    message = compose(replace(POST, address="größe@brilliant.example"))
    with SmtpServer() as able, SmtpServer(offers=["8BITMIME"]) as unable:
        for server, state in ((able, SENT), (unable, UNFIT)):
            connection = Connection(server_at(server.port), None)
            assert connection.send(message).state == state
            assert connection.send(compose(POST)).state == SENT
            connection.close()
        assert [each.recipient for each in able.received] == ["größe@brilliant.example", "ann@brilliant.example"]
        assert [each.recipient for each in unable.received] == ["ann@brilliant.example"]


# Encryption and logging in.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_password_goes_over_an_encrypted_connection_alone(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with SmtpServer(security, certificate[1], {"accounts": "hunter2"}) as server:
        connection = Connection(server_at(server.port, security), Login("accounts", "hunter2"))
        assert connection.send(compose(POST)).state == SENT
        server.faults.append(Fault(BODY))
        assert connection.send(compose(replace(POST, html=POST.html * 500))).state == LATER
        assert connection.send(compose(POST)).state == SENT
        connection.close()
    assert [(each.is_encrypted, each.user) for each in server.received] == [(True, "accounts")] * 2


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    certificate: tuple[Path, ssl.SSLContext], security: str
) -> None:
    server = SmtpServer(security, certificate[1], {"accounts": "hunter2"})
    with server, pytest.raises(MailServerError, match="cannot be trusted"):
        Connection(server_at(server.port, security), Login("accounts", "hunter2")).open()
    assert server.received == []


def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, context = make_certificate(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    with SmtpServer("tls", context) as server, pytest.raises(MailServerError, match="cannot be trusted"):
        Connection(server_at(server.port, "tls"), None).open()


def test_nothing_goes_to_a_server_that_offers_no_encryption_where_it_is_wanted(server: SmtpServer) -> None:
    server.users["accounts"] = "hunter2"
    with pytest.raises(MailServerError, match="does not offer encryption"):
        Connection(server_at(server.port, "starttls"), Login("accounts", "hunter2")).open()
    with pytest.raises(MailServerError, match="no encrypted connection"):
        Connection(server_at(server.port, "tls"), None).open()
    assert server.received == []


@pytest.mark.parametrize(
    ("fault", "said", "is_passing"),
    [
        (Fault(GREETING, "421 busy", times=9), "does not let us in (421)", True),
        (Fault(GREETING, "554 go away", times=9), "does not let us in (554)", True),
        (Fault(GREETING, "", times=9), "hung up", True),
        (Fault(EHLO, "", times=9), "hung up", True),
        (Fault(STARTTLS, "454 not now", times=9), "does not let us in (454)", True),
        (Fault(STARTTLS, "", times=9), "hung up", True),
        (Fault(AUTH, "454 not now", times=9), "does not take the user and the password (454)", False),
        (Fault(AUTH, "", times=9), "hung up", True),
    ],
)
def test_a_server_that_lets_nobody_in_is_told_in_one_sentence(
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    said: str,
    is_passing: bool,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with SmtpServer("starttls", certificate[1], {"accounts": "hunter2"}) as server:
        server.faults.append(replace(fault))
        with pytest.raises(MailServerError) as caught:
            Connection(server_at(server.port, "starttls"), Login("accounts", "hunter2")).open()
    assert said in str(caught.value)
    assert caught.value.is_passing == is_passing


def test_neither_the_password_nor_what_a_server_says_of_it_is_repeated(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    login = Login("accounts", "hunter3")
    server = SmtpServer("starttls", certificate[1], {"accounts": "hunter2"})
    with server, pytest.raises(MailServerError) as caught:
        Connection(server_at(server.port, "starttls"), login).open()
    assert "(535)" in str(caught.value)
    assert not re.search("hunter|accounts", f"{caught.value}{caught.value!r}{login!r}")


def test_a_server_that_is_not_there_is_told_in_one_sentence() -> None:
    with SmtpServer() as server:
        port = server.port
    with pytest.raises(MailServerError, match=r"localhost:\d+ cannot be reached: Connection refused"):
        Connection(server_at(port), None).open()
