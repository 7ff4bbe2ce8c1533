"""E-mails as bytes, and their way to a mail server. The only room of smtplib and of the package email.

A server takes a message when the dot that ends it has arrived. So the dot is held back until the rest is sent and the
connection seen to be alive: what fails before it is certain and can be done again, what fails after it leaves a doubt.
Of a server's replies only the codes are kept, because their texts quote addresses and more.
"""

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import Parser
from email.policy import SMTP, SMTPUTF8, default
from email.utils import format_datetime
from hashlib import sha256
from select import select

from portalgen.errors import PortalgenError
from portalgen.model import MailServer

SENT, REFUSED, LATER, DOUBTFUL, UNFIT = "sent", "refused", "later", "doubtful", "unfit"
"""What became of a message: taken; turned down for good; not now; perhaps taken; of an address the server cannot do."""

_ADDRESS = re.compile(r"([^@\s<>\"(),:;\[\\\]]{1,64})@([^@\s<>\"(),:;\[\\\]]{1,255})")
"""One address, and nothing that could be two."""
_TIMEOUT = 60
_PATIENCE = 600
"""Seconds that a server may take to answer, and to say that it took a message (RFC 5321, 4.5.3.2.6)."""
_GLANCE = 1 / 10
"""For how many seconds to listen, before a message is ended, whether the server is still there."""


class MailServerError(PortalgenError):
    """The mail server does for nobody what is asked of it: it cannot be reached, trusted or logged in to. Exit code 1.

    It `is_passing` where the same might be answered otherwise in a minute.
    """

    is_passing = False


@dataclass(frozen=True, slots=True)
class Login:
    """What a mail server is told to be let in."""

    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Post:
    """A message that is to be composed. `sender` is an address, with or without a name; `reply_to` an address, or ''.

    `seed` stands for what the message is about: the same seed and sender, the same Message-ID. `at` is an aware
    instant. A draft is one that somebody opens to send it.
    """

    sender: str
    name: str
    address: str
    reply_to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    seed: str
    at: datetime
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it goes over the wire, lines ended by CR LF, and the addresses on its envelope."""

    sender: str
    recipient: str
    data: bytes = field(repr=False)
    needs_utf8: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message, the code of the server's answer (0 for none), and a cause where one is known."""

    state: str
    code: int = 0
    cause: str = ""


def compose(post: Post) -> Message:
    """The message, in text and HTML. Raises PortalgenError for addresses that no message can carry."""
    match = re.fullmatch(r"(.*?)\s*<(.*)>", post.sender)
    sender = _address(*(match.groups() if match else ("", post.sender)))
    recipient = _address(post.name, post.address)
    reply_to = _address("", post.reply_to) if post.reply_to else None
    message = _written(post, sender, recipient, reply_to)
    if not _reads_as(message, sender, recipient):
        raise PortalgenError(f"no message can be sent to '{post.address}'")
    return Message(sender.addr_spec, recipient.addr_spec, message, not _is_ascii(sender, recipient, reply_to))


def _written(post: Post, sender: Address, recipient: Address, reply_to: Address | None) -> bytes:
    policy = SMTP if _is_ascii(sender, recipient, reply_to) else SMTPUTF8
    message = EmailMessage(policy.clone(cte_type="7bit"))
    mark = sha256(f"portalgen-mail/v1\0{post.seed}\0{recipient.addr_spec}".encode()).hexdigest()[:32]
    message["From"] = sender
    message["To"] = recipient
    if reply_to:
        message["Reply-To"] = reply_to
    message["Subject"] = " ".join(post.subject.split())
    message["Date"] = format_datetime(post.at)
    message["Message-ID"] = f"<{mark}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if post.is_draft:
        message["X-Unsent"] = "1"
    message.set_content(post.text)
    message.add_alternative(post.html, subtype="html")
    message["Content-Language"] = post.language
    message.set_boundary(f"={mark}=")
    return message.as_bytes()


def _reads_as(message: bytes, sender: Address, recipient: Address) -> bool:
    """Whether the headers name these two and nobody else."""
    read = Parser(policy=default).parsestr(message.decode(), headersonly=True)
    named = {name: [each.addr_spec for each in read[name].addresses] for name in ("From", "To")}
    others = {"Cc", "Bcc", "Sender"} & {*read.keys()}
    return named == {"From": [sender.addr_spec], "To": [recipient.addr_spec]} and not others


def _address(name: str, address: str) -> Address:
    match = _ADDRESS.fullmatch(address)
    if not match or not address.isprintable():
        raise PortalgenError(f"no message can be sent to {address!r}")
    return Address(" ".join(name.split()), match[1], _ascii(match[2]))


def _ascii(domain: str) -> str:
    """A domain as DNS has it; one that would come back as another one (IDNA 2003 takes 'ß' for 'ss') as it is."""
    try:
        encoded = domain.encode("idna").decode()
        return encoded if encoded.encode().decode("idna") == domain.lower() else domain
    except UnicodeError:
        return domain


def _is_ascii(*addresses: Address | None) -> bool:
    return all(each.addr_spec.isascii() for each in addresses if each)


class Connection:
    """A connection to a mail server, opened when it is needed and again after it broke.

    `is_past_return` tells that the latest message may have been taken, whatever interrupted it.
    """

    def __init__(self, server: MailServer, login: Login | None) -> None:
        self.is_past_return = False
        self._server = server
        self._login = login
        self._smtp: smtplib.SMTP | None = None

    def open(self) -> None:
        """Connect, encrypt and log in, unless that is so already. Raises MailServerError."""
        if self._smtp and self._answers(self._smtp):
            return
        self._drop()
        where = f"the mail server {self._server.host}:{self._server.port}"
        try:
            self._smtp = self._opened()
        except ssl.SSLCertVerificationError as error:
            hint = "a certificate authority of your own: SSL_CERT_FILE=PATH in the environment"
            raise MailServerError(f"{where} cannot be trusted: {error.verify_message}", hint) from None
        except ssl.SSLError:
            hint = "security: starttls is mostly at port 587, tls at port 465"
            raise MailServerError(f"{where}: no encrypted connection came about", hint) from None
        except smtplib.SMTPAuthenticationError as error:
            hint = "are the variables that `mail:` names set to what the server wants?"
            raise MailServerError(
                f"{where} does not take the user and the password ({error.smtp_code})", hint
            ) from None
        except smtplib.SMTPNotSupportedError:
            hint = "security: tls, or another port" if self._server.security == "starttls" else "is it the right port?"
            raise MailServerError(f"{where} does not offer encryption or logging in", hint) from None
        except smtplib.SMTPResponseException as error:
            raise _passing(f"{where} does not let us in ({error.smtp_code})") from None
        except smtplib.SMTPException:
            raise _passing(f"{where} hung up, or offers no way of logging in that is known here") from None
        except OSError as error:
            raise _passing(f"{where} cannot be reached: {error.strerror or type(error).__name__}") from None

    def _opened(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context()
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo()
            if self._login:
                smtp.login(self._login.user, self._login.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    @staticmethod
    def _answers(smtp: smtplib.SMTP) -> bool:
        try:
            return smtp.noop()[0] == 250
        except OSError:
            return False

    def close(self) -> None:
        """Say goodbye, if anybody is there."""
        if self._smtp:
            with suppress(OSError):
                self._smtp.quit()
            self._drop()

    def _drop(self) -> None:
        if self._smtp:
            self._smtp.close()
        self._smtp = None

    def send(self, message: Message) -> Outcome:
        """Hand a message over. Raises MailServerError where the server would do it for nobody."""
        self.is_past_return = False
        if not self._smtp:
            self.open()
        assert self._smtp  # noqa: S101 - it is open
        try:
            return self._handed_over(self._smtp, message)
        except OSError:  # which all errors of smtplib are
            self._drop()
            return Outcome(DOUBTFUL if self.is_past_return else LATER)
        except BaseException:
            self._drop()
            raise

    def _handed_over(self, smtp: smtplib.SMTP, message: Message) -> Outcome:
        options = []
        if message.needs_utf8:
            if not smtp.has_extn("smtputf8"):
                return Outcome(UNFIT, cause="the mail server takes no address with such characters")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        smtp.command_encoding = "ascii"
        code, _ = smtp.mail(message.sender, options)
        if code // 100 == 5:
            self.close()
            raise MailServerError(f"the mail server takes nothing from {message.sender} ({code})", "mail: {from: ...}")
        if code == 250:
            code, _ = smtp.rcpt(message.recipient)
        if code in {250, 251}:
            code, _ = smtp.docmd("DATA")
        if code != 354:
            return self._failed(code)
        smtp.send(_with_dots_doubled(message.data))
        if code := self._said_unasked(smtp):
            self._drop()
            return Outcome(REFUSED if code // 100 == 5 else LATER, max(code, 0))
        return self._ended(smtp)

    def _ended(self, smtp: smtplib.SMTP) -> Outcome:
        """The dot, and what the server says to it."""
        assert smtp.sock  # noqa: S101 - something was just sent
        smtp.sock.settimeout(_PATIENCE)
        self.is_past_return = True
        smtp.send(b".\r\n")
        code, _ = smtp.getreply()
        smtp.sock.settimeout(_TIMEOUT)
        if code // 100 == 2:
            return Outcome(SENT, code)
        if code // 100 in {4, 5}:
            self.is_past_return = False
            return self._failed(code)
        self._drop()
        return Outcome(DOUBTFUL, max(code, 0))

    def _failed(self, code: int) -> Outcome:
        """What an answer means that is not the one hoped for, when nothing was taken."""
        if code // 100 == 5 and self._smtp:
            with suppress(OSError):
                if self._smtp.rset()[0] == 250:
                    return Outcome(REFUSED, code)
        self._drop()
        return Outcome(REFUSED if code // 100 == 5 else LATER, max(code, 0))

    def _said_unasked(self, smtp: smtplib.SMTP) -> int:
        """The code of what a server says before a message has ended: 0 for nothing, -1 for what is no reply.

        Raises OSError where it is gone.
        """
        assert smtp.sock  # noqa: S101 - something was just sent
        select([smtp.sock], [], [], _GLANCE)
        smtp.sock.settimeout(0)
        try:
            said = smtp.sock.recv(3)
        except (BlockingIOError, ssl.SSLWantReadError):
            return 0
        finally:
            smtp.sock.settimeout(_TIMEOUT)
        if not said:
            raise smtplib.SMTPServerDisconnected
        return int(said) if re.fullmatch(rb"[2-5]\d\d", said) else -1


def _passing(message: str) -> MailServerError:
    error = MailServerError(message)
    error.is_passing = True
    return error


def _with_dots_doubled(data: bytes) -> bytes:
    """A message as it goes after DATA, up to the dot that ends it."""
    whole = data if data.endswith(b"\r\n") else data + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", whole)
