"""`portalgen email`: each contact gets their own link, in their own language, once, and nobody else sees it."""

import datetime
import email
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main
from portalgen.errors import StoreError
from portalgen.formats import Formatter
from portalgen.links import fingerprint
from portalgen.model import LinkId
from tests.sites import CUSTOMERS, INVOICES, KEY_A, ORDERS
from tests.smtp_server import DOT, RCPT, TAKEN, Fault, SmtpServer, make_certificate

CONTACTS = {
    "ants/ann": '{name: "Ann <Lee> & Sons", email: ann@ants.example, show: [invoices, orders], expires: 2099-12-31}',
    "ants/bob": "{name: Bob Müller, email: bob@ants.example, show: [invoices], locale: de-DE}",
    "ants/nil": "{name: Nil, show: [invoices]}",
    "bees/layla": "{name: ليلى, email: layla@bees.example, show: ALL, locale: ar-AE}",
    "bees/off": "{name: Off, email: off@bees.example, show: ALL, enabled: false}",
}
OWNERS = {"ants": ("C-1", "Ants & Sons"), "bees": ("C-2", "Bees Ltd"), "crows": ("C-3", "Crows")}
MAILED = ("ants/ann", "ants/bob", "bees/layla")


@dataclass
class Site:
    """A site on disk, and a mail server that it knows of."""

    root: Path
    server: SmtpServer
    mail: str = "security: none"
    contacts: dict[str, str] = field(default_factory=lambda: dict(CONTACTS))
    more: dict[str, str] = field(default_factory=dict)
    of_site: str = ""
    exports: str = ""
    last: str = ""

    def __post_init__(self) -> None:
        for name, text in (("customers", CUSTOMERS), ("invoices", INVOICES), ("orders", ORDERS)):
            self.write(f"exports/{name}.csv", text)
        self.write("config/keys", f"a:{KEY_A}\n")
        (self.root / "config/keys").chmod(0o600)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    @property
    def config(self) -> str:
        portals = ""
        for portal, (customer, name) in OWNERS.items():
            portals += f"  {portal}:\n    customer: {customer}\n    name: {name}\n    show: ALL\n"
            portals += self.more.get(portal, "")
            contacts = {each: said for each, said in self.contacts.items() if each.startswith(f"{portal}/")}
            portals += "    contacts:\n" * bool(contacts)
            portals += "".join(f"      {each.partition('/')[2]}: {said}\n" for each, said in contacts.items())
        self.write(
            "config/portals.yaml",
            "version: 1\n"
            f"site: {{id: small, title: Small & Co, base_url: 'https://portals.example', email: help@small.example,\n"
            f"  as_of: 2026-11-20, accent: '#0b6e4f'{self.of_site}}}\n"
            f"mail: {{server: localhost, port: {self.server.port}, from: Small & Co <accounts@small.example>,\n"
            f"  rate: 9999, {self.mail}}}\n"
            "keys: file:config/keys\n"
            "exports:\n"
            "  - {type: customers, path: exports/customers.csv}\n"
            "  - {type: invoices, path: exports/invoices.csv}\n"
            "  - {type: orders, path: exports/orders.csv}\n"
            f"{self.exports}"
            "stores: {local: {kind: directory, path: site}}\n"
            "roles: {clerk: [invoices]}\n"
            f"portals:\n{portals}{self.last}",
        )
        return str(self.root / "config/portals.yaml")

    def portalgen(self, *arguments: str, code: int | None = 0, typed: str | None = None) -> Result:
        done = CliRunner().invoke(main, [*arguments, "--config", self.config], input=typed)
        assert code is None or done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return done

    def email(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Send to all, whatever their number, and return the report."""
        is_chosen = "--customer" in arguments or any("/" in each for each in arguments)
        chosen = arguments if is_chosen else (*arguments, "--all")
        count = json.loads(self.portalgen("email", *chosen, "--dry-run", "--json", code=None).stdout)["due"]
        done = self.portalgen("email", *chosen, "--yes", "--expect", str(count), "--json", code=code)
        report = json.loads(done.stdout)
        assert isinstance(report, dict)
        return report

    def url(self, contact: str) -> str:
        return self.portalgen("link", *contact.split("/")).stdout.strip()

    def tokens(self) -> set[str]:
        return set(re.findall(r"p[0-9a-z]{59}", self.portalgen("link").stdout))

    def publish(self) -> None:
        self.portalgen("publish")

    def messages(self) -> dict[str, EmailMessage]:
        """What the server received, by the name before the '@'; nobody has two."""
        found = {each.recipient.partition("@")[0]: _read(each.data) for each in self.server.received}
        assert len(found) == len(self.server.received)
        return found

    def private(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted((self.root / "site.private/emails").glob("*")))


def _read(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def parts(message: EmailMessage) -> tuple[str, str]:
    """Text and HTML."""
    found = [message.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (part.get_content() if part else "" for part in found)
    return str(text).replace("\r\n", "\n"), str(html).replace("\r\n", "\n")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portalgen.delivery._PAUSES", (0, 0))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with SmtpServer() as server:
        made = Site(tmp_path, server)
        made.publish()
        yield made


def states(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """By contact, what they were due and what became of it, or why not."""
    return {
        str(LinkId(each["portal"], each["contact"])): (each["kind"] or "", each["reason"] or each["state"])
        for each in report["recipients"]
    }


# Who gets what.


def test_each_contact_gets_their_own_link_once_and_who_gets_none_is_told_why(site: Site) -> None:
    report = site.email()
    assert states(report) == {
        **dict.fromkeys(MAILED, ("welcome", "sent")),
        "ants/nil": ("", "no address"),
        "bees/off": ("", "disabled"),
        "crows": ("", "no contact"),
    }
    for contact in MAILED:
        message = site.messages()[contact.partition("/")[2]]
        for part in parts(message):
            assert set(re.findall(r"https?://[^\s\"<]+", part)) == {site.url(contact)}
            assert len(set(re.findall(r"p[0-9a-z]{59}", part))) == 1
    again = site.email()
    assert (again["due"], len(site.server.received)) == (0, 3)
    assert re.fullmatch(r"sent on \d{4}-\d\d-\d\d", states(again)["ants/ann"][1])


def test_a_mail_is_from_the_seller_for_the_contact_and_answers_go_to_the_sites_address(site: Site) -> None:
    site.email()
    for message in site.messages().values():
        assert str(message["From"]) == "Small & Co <accounts@small.example>"
        assert message["Reply-To"] == "help@small.example"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Message-ID"].endswith("@small.example>")
    to = {name: message["To"].addresses[0] for name, message in site.messages().items()}
    assert to["ann"].display_name == "Ann <Lee> & Sons"
    assert to["layla"].display_name == "ليلى"
    assert len({message["Message-ID"] for message in site.messages().values()}) == 3


def test_a_mail_is_in_the_contacts_language_and_direction(site: Site) -> None:
    site.email()
    found = site.messages()
    said = {
        "ann": ("en", "ltr", "Small & Co: your documents", "Hello Ann <Lee> & Sons,"),
        "bob": ("de", "ltr", "Small & Co: Ihre Belege", "Guten Tag Bob Müller,"),
        "layla": ("ar", "rtl", "Small & Co: مستنداتكم", "مرحبًا ليلى،"),
    }
    for name, (language, direction, subject, greeting) in said.items():
        text, html = parts(found[name])
        assert (found[name]["Content-Language"], found[name]["Subject"]) == (language, subject)
        assert greeting in text
        assert f'<html lang="{language}" dir="{direction}">' in html
        assert ("December 31, 2099" in text) == (name == "ann"), "the last day of a link that ends"
        assert "Ants & Sons" in text or name == "layla"


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_html_fetches_nothing_and_what_a_name_says_is_text(site: Site) -> None:
    site.email()
    for message in site.messages().values():
        _, html = parts(message)
        tags = _Tags(html).found
        assert {tag for tag, _ in tags} <= {
            *("html", "head", "meta", "title", "style", "body", "div", "p", "a", "h2", "ul", "li", "bdi", "br", "span"),
        }
        assert [each["href"] for tag, each in tags if tag == "a"] == re.findall(r'href="([^"]*)"', html)
        assert not re.search(r"url\(|@import|src=|srcset=|background-image", html)
    assert "Ann &lt;Lee&gt; &amp; Sons" in parts(site.messages()["ann"])[1]


def test_a_new_link_is_told_once_it_is_published_and_as_a_change(site: Site) -> None:
    site.email()
    old = site.url("ants/ann")
    site.server.received.clear()
    site.contacts["ants/ann"] = site.contacts["ants/ann"].replace("{", "{revision: 2, ", 1)
    assert states(site.email())["ants/ann"] == ("", "not published")
    site.publish()
    assert states(site.email())["ants/ann"] == ("changed", "sent")
    [(name, message)] = site.messages().items()
    assert (name, message["Subject"]) == ("ann", "Small & Co: your link has changed")
    assert site.url("ants/ann") in parts(message)[0]
    assert old not in message.as_string()
    assert site.email()["due"] == 0


def test_what_is_meant_is_chosen_as_elsewhere(site: Site) -> None:
    site.contacts["bees/cleo"] = "{name: Cleo, email: cleo@bees.example, show: clerk}"
    site.publish()

    def due(*arguments: str) -> list[str]:
        report = json.loads(site.portalgen("email", *arguments, "--dry-run", "--json").stdout)
        return [each["contact"] for each in report["recipients"] if each["state"] == "due"]

    assert due("ants") == ["ann", "bob"]
    assert due("ants/bob") == ["bob"]
    assert due("--customer", "C-2") == ["layla", "cleo"]
    assert due("--all", "--role", "clerk") == ["cleo"]
    assert due("--all") == ["ann", "bob", "layla", "cleo"]
    assert "which links are meant?" in site.portalgen("email", code=2).stderr
    assert "did you mean 'ants/ann'?" in site.portalgen("email", "ants/anne", code=2).stderr


def test_a_link_that_ends_by_the_sites_default_is_mailed_with_its_last_day_and_not_after_it(site: Site) -> None:
    site.of_site = ", expires_after: 90"
    today = datetime.datetime.now(datetime.UTC).date()
    site.email("ants/bob")
    text, _ = parts(site.messages()["bob"])
    assert Formatter("de-DE").long_date(today + datetime.timedelta(days=90)) in text
    ledger = site.root / "site.private/ledger.json"
    issued = f'"issued": "{today - datetime.timedelta(days=91)}"'
    ledger.write_text(re.sub(r'"issued": "[^"]+"', issued, ledger.read_text("utf-8")), "utf-8")
    assert states(site.email())["bees/layla"] == ("", "expired")


def test_contacts_of_the_exports_are_mailed_where_every_customer_has_a_portal(site: Site) -> None:
    site.write("exports/customers.csv", f"{CUSTOMERS}C-4,Dogs,Derry\n")
    people = "P-1,C-4,Dee,dee@dogs.example,fr\nP-2,C-4,Two,one@dogs.example; two@dogs.example,\nP-3,C-4,None,,\n"
    site.write("exports/contacts.csv", f"id,customer_id,name,email,language\n{people}")
    site.exports = "  - {type: contacts, path: exports/contacts.csv}\n"
    site.last = "every_customer: {show: [invoices], contacts: {show: [invoices]}}\n"
    site.publish()
    report = site.email("--customer", "C-4", code=1)
    assert states(report) == {
        "C-4/P-1": ("welcome", "sent"),
        "C-4/P-2": ("welcome", "unfit"),
        "C-4/P-3": ("", "no address"),
    }
    [(name, message)] = site.messages().items()
    assert (name, message["Content-Language"]) == ("dee", "fr")


# Asking.


def test_nothing_is_sent_without_the_right_number(site: Site) -> None:
    for arguments in ((), ("--yes",), ("--expect", "3"), ("--yes", "--expect", "2"), ("--yes", "--expect", "4")):
        done = site.portalgen("email", "--all", *arguments, code=3)
        assert "nothing was sent" in done.stderr
        assert site.server.connections == 0
    site.portalgen("email", "--all", "--dry-run")
    assert not (site.root / "site.private/emails").exists()
    assert "--dry-run sends nothing" in site.portalgen("email", "--all", "--dry-run", "--yes", code=2).stderr


def at_a_terminal(site: Site, typed: str) -> tuple[str, str]:
    """What `portalgen email --all` says to stdout and stderr when somebody types an answer."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "portalgen", "email", "--all", "--config", site.config]
    running = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.write(ours, f"{typed}\n".encode())
    out, err = running.communicate(timeout=120)
    os.close(ours)
    os.close(theirs)
    assert running.returncode == 0, err
    return out, err


def test_the_recipients_are_shown_before_their_number_is_asked_for(site: Site) -> None:
    out, err = at_a_terminal(site, "4")
    assert "type 3 to do it" in err
    assert re.search(r"(?m)^bees/layla +ليلى +layla@bees\.example +ar-AE +welcome$", err)
    assert re.search(r"(?m)^ants/nil +Nil +en +no address$", err)
    assert "3 mails (3 welcome) to send; 3 left out" in out
    assert site.server.connections == 0
    out, _ = at_a_terminal(site, "3")
    assert "3 sent; 3 left out" in out
    assert len(site.messages()) == 3


# What goes wrong.


def test_one_failure_stops_nobody_else_and_is_told(site: Site) -> None:
    site.server.faults += [
        Fault(RCPT, "550 ann@ants.example is nobody at https://portals.example/x", "ann@ants.example"),
        Fault(TAKEN, "", "bob@ants.example"),
    ]
    done = site.portalgen("email", "--all", "--yes", "--expect", "3", code=1)
    assert "1 refused, 1 in doubt, 1 sent; 3 left out" in done.stdout
    assert "ants/ann: the server refused the mail (550)" in done.stderr
    assert "ants/bob: the connection broke before the server said whether it took the mail" in done.stderr
    assert "portalgen email ants/bob --again doubtful" in done.stderr
    assert "nobody at" not in done.output
    again = site.portalgen("email", "--all", "--dry-run", code=1)
    assert "ants/bob: may have been sent on" in again.stderr
    assert re.search(r"ants/ann .* refused on \d{4}-\d\d-\d\d \(550\)", again.stdout)
    assert states(site.email("ants/bob", "--again", "doubtful"))["ants/bob"] == ("welcome", "sent")
    assert site.portalgen("email", "--all", "--dry-run").stderr == ""


def test_what_the_mail_server_does_for_nobody_is_one_sentence(site: Site) -> None:
    site.server.faults.append(Fault("greeting", "554 go away"))
    done = site.portalgen("email", "--all", "--yes", "--expect", "3", code=1)
    assert done.stderr == f"the mail server localhost:{site.server.port} does not let us in (554)\n"
    site.mail = "security: starttls"
    assert "does not offer encryption" in site.portalgen("email", "--all", "--yes", "--expect", "3", code=1).stderr


def test_user_and_password_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, context = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with SmtpServer("starttls", context, {"accounts": "hunter2"}) as server:
        site = Site(tmp_path, server, "security: starttls, user: env:SMTP_USER, password: env:SMTP_PASSWORD")
        site.publish()
        for variable, value, said in (
            ("SMTP_USER", "accounts\n", "the environment variable SMTP_PASSWORD is not set"),
            ("SMTP_PASSWORD", "hünter2", "SMTP_PASSWORD holds characters that cannot be sent"),
        ):
            monkeypatch.setenv(variable, value)
            done = site.portalgen("email", "--all", "--yes", "--expect", "3", code=2)
            assert said in done.stderr
            assert "ünter" not in done.output
        monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
        assert site.email()["sent"] == 3
        assert {(each.user, each.is_encrypted) for each in server.received} == {("accounts", True)}


def test_a_broken_template_is_found_before_anything_is_sent(site: Site) -> None:
    site.write("templates/email/welcome.html", "{{ mail.nonsense }}")
    done = site.portalgen("email", "--all", "--yes", "--expect", "3", code=1)
    assert "templates/email/welcome.html:1: this template cannot be rendered" in done.stderr
    assert site.server.connections == 0
    site.write("templates/email/welcome.html", "<p>\n{% if %}")
    assert "templates/email/welcome.html:2: " in site.portalgen("check", code=2).stderr


def test_own_templates_extend_ours_and_change_no_page(site: Site) -> None:
    site.write(
        "templates/email/welcome.txt",
        '{% extends "!default/email/welcome.txt" %}\n'
        "{% block footer %}\nYours & sincerely, {{ mail.seller }}\n{% endblock %}\n",
    )
    assert json.loads(site.portalgen("build", "--json").stdout)["rendered"] == 0
    site.email()
    text, _ = parts(site.messages()["bob"])
    assert text.endswith("Yours & sincerely, Small & Co\n")
    assert "Guten Tag Bob Müller," in text


def test_a_killed_run_is_finished_by_the_next_and_nobody_gets_two(tmp_path: Path) -> None:
    with SmtpServer() as server:
        site = Site(tmp_path, server)
        for number in range(12):
            site.contacts[f"crows/c{number}"] = f"{{name: C, email: c{number}@crows.example, show: [invoices]}}"
        site.publish()
        everybody = {f"c{number}" for number in range(12)} | {"ann", "bob", "layla"}
        server.pause = 0.2
        command = [sys.executable, "-m", "portalgen", "email", "--all", "--yes", "--expect", "15"]
        for wanted in (2, 5, 9):
            running = subprocess.Popen(
                [*command[:-1], _due(site), "--config", site.config], stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            limit = time.monotonic() + 60
            while len(server.received) < wanted and time.monotonic() < limit and running.poll() is None:
                time.sleep(0.01)
            running.send_signal(signal.SIGKILL)
            running.communicate()
            assert running.returncode == -signal.SIGKILL
            time.sleep(0.5)  # a server may take what the dead one handed over
        server.pause = 0
        report = site.email(code=1 if _doubtful(site) else 0)
        got = Counter(each.recipient.partition("@")[0] for each in server.received)
        assert set(got.values()) == {1}
        doubtful = {each["contact"] for each in report["recipients"] if each["state"] == "doubtful"}
        assert got.keys() | doubtful == everybody
        assert len(doubtful) <= 3


def _report(site: Site) -> dict[str, Any]:
    report = json.loads(site.portalgen("email", "--all", "--dry-run", "--json", code=None).stdout)
    assert isinstance(report, dict)
    return report


def _due(site: Site) -> str:
    return str(_report(site)["due"])


def _doubtful(site: Site) -> bool:
    return any(each["state"] == "doubtful" for each in _report(site)["recipients"])


# Files instead of a server.


def test_drafts_are_files_for_their_owner_alone_and_count_as_sent(site: Site) -> None:
    out = site.root / "drafts"
    report = json.loads(site.portalgen("email", "--all", "--out", str(out), "--yes", "--expect", "3", "--json").stdout)
    assert report["sent"] == 3
    assert sorted(path.name for path in out.iterdir()) == [
        "ants.ann.welcome.eml",
        "ants.bob.welcome.eml",
        "bees.layla.welcome.eml",
    ]
    assert out.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
    message = _read((out / "ants.bob.welcome.eml").read_bytes())
    assert (message["X-Unsent"], message["To"].addresses[0].addr_spec) == ("1", "bob@ants.example")
    assert site.url("ants/bob") in parts(message)[0]
    assert site.server.connections == 0
    assert _report(site)["due"] == 0


def test_a_draft_whose_note_was_lost_is_written_in_its_place_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("email", "ants/bob", "--out", str(site.root / "drafts"), "--yes", "--expect", "1")
    with monkeypatch.context() as patch:
        patch.setattr("portalgen.mailbook.Mailbook.add", _full)
        assert "disk full" in site.portalgen(*arguments, code=1).stderr
    assert len(list((site.root / "drafts").iterdir())) == 1
    site.portalgen(*arguments)
    assert [path.name for path in (site.root / "drafts").iterdir()] == ["ants.bob.welcome.eml"]
    assert "0 mails would be sent" in site.portalgen(*arguments, code=3).stderr


def _full(*_: object) -> bool:
    raise StoreError("disk full")


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("build", "lies in the build folder"),
        ("build/drafts", "lies in the build folder"),
        ("site/drafts", "lies in store 'local'"),
        ("site.private/drafts", "lies in the private part of store 'local'"),
        ("link/drafts", "lies in store 'local'"),
        ("exports", "others can read"),
        ("config/portals.yaml", "is a file"),
    ],
)
def test_drafts_are_never_put_where_somebody_could_find_them(site: Site, folder: str, said: str) -> None:
    (site.root / "link").symlink_to(site.root / "site")
    (site.root / "exports").chmod(0o755)
    arguments = ("email", "--all", "--out", str(site.root / folder), "--yes", "--expect", "3")
    before = sorted(site.root.rglob("*"))
    done = CliRunner().invoke(main, [*arguments, "--config", site.config])
    assert done.exit_code == 2
    assert said in done.stderr
    assert sorted(site.root.rglob("*")) == before


def test_drafts_need_no_mail_server_but_somebody_to_be_from(site: Site, tmp_path: Path) -> None:
    config = Path(site.config)
    text = re.sub(r"(?s)mail: \{.*?\}\n", "", config.read_text("utf-8"))
    config.write_text(text, "utf-8")
    command = ["email", "ants/bob", "--yes", "--expect", "1", "--config", str(config)]
    done = CliRunner().invoke(main, command)
    assert (done.exit_code, done.stderr.splitlines()[0]) == (2, f"{config}: nothing says whom e-mails are from")
    assert CliRunner().invoke(main, [*command, "--out", str(tmp_path / "drafts")]).exit_code == 0
    message = _read((tmp_path / "drafts/ants.bob.welcome.eml").read_bytes())
    assert message["From"] == "help@small.example"


# News.


def news(site: Site, code: int = 0) -> dict[str, str]:
    """Send digests; by name, the texts that were sent."""
    site.server.received.clear()
    site.email("--kind", "digest", code=code)
    return {name: parts(message)[0] for name, message in site.messages().items()}


def test_a_digest_tells_who_wants_it_what_is_new_of_what_their_link_shows_and_nothing_twice(site: Site) -> None:
    site.more["ants"] = "    digest: true\n"
    site.contacts["ants/bob"] = site.contacts["ants/bob"].replace("{", "{digest: false, ", 1)
    site.contacts["bees/layla"] = site.contacts["bees/layla"].replace("{", "{digest: true, ", 1)
    site.contacts["ants/ivy"] = "{name: Ivy, email: ivy@ants.example, show: [orders]}"
    site.publish()
    site.email()
    assert news(site) == {}

    site.write(
        "exports/invoices.csv",
        INVOICES.replace(
            "INV-1,C-1,2026-10-01,2026-10-31,EUR,100.00,100.00", "INV-1,C-1,2026-10-01,2026-10-31,EUR,90,90"
        )
        + "INV-77,C-1,2026-11-20,2026-12-20,EUR,10.00,10.00\nINV-88,C-3,2026-11-20,2026-12-20,EUR,10.00,10.00\n",
    )
    site.portalgen("build")
    assert news(site) == {}, "what was built is not published"
    assert states(_report_of_digest(site))["ants/ann"] == ("digest", "what was built last is not published")
    site.publish()
    said = news(site)
    assert set(said) == {"ann"}
    assert "Invoices: 2\n- INV-1 · Changed · Nov 20, 2026\n- INV-77 · New · Nov 20, 2026\n" in said["ann"]
    assert "INV-88" not in said["ann"]
    assert site.url("ants/ann") in said["ann"]
    assert news(site) == {}

    site.write("exports/orders.csv", ORDERS + "SO-9,C-1,2026-11-20,EUR,1.00\nSO-8,C-2,2026-11-20,EUR,1.00\n")
    site.publish()
    said = news(site)
    assert set(said) == {"ann", "ivy", "layla"}
    assert "SO-9 · New" in said["ann"]
    assert "INV-" not in said["ann"], "that was told"
    assert "SO-9" in said["ivy"]
    assert ("SO-8" in said["layla"], "SO-9" in said["layla"]) == (True, False)
    assert "INV" not in site.private().decode()


def test_a_digest_tells_nothing_that_the_link_may_show_no_longer(site: Site) -> None:
    site.contacts["ants/ann"] = site.contacts["ants/ann"].replace("{", "{digest: true, ", 1)
    site.publish()
    site.email()
    site.write("exports/orders.csv", ORDERS + "SO-9,C-1,2026-11-20,EUR,1.00\n")
    site.publish()
    site.contacts["ants/ann"] = site.contacts["ants/ann"].replace(", orders", "")
    assert news(site) == {}


def test_a_digest_that_may_have_arrived_is_not_told_again(site: Site) -> None:
    site.more["ants"] = "    digest: true\n"
    site.publish()
    site.email()
    site.write("exports/orders.csv", ORDERS + "SO-9,C-1,2026-11-20,EUR,1.00\n")
    site.publish()
    site.server.faults.append(Fault(DOT, "", "ann@ants.example"))
    assert news(site, code=1) == {}
    assert news(site, code=1) == {}
    site.email("--kind", "digest", "--again", "doubtful")
    assert "SO-9" in parts(site.messages()["ann"])[0]
    assert news(site) == {}


def _report_of_digest(site: Site) -> dict[str, Any]:
    done = site.portalgen("email", "--all", "--kind", "digest", "--dry-run", "--json")
    report = json.loads(done.stdout)
    assert isinstance(report, dict)
    return report


# Secrets.


def test_no_token_address_or_key_is_in_any_output_log_or_record(site: Site) -> None:
    """At debug level, in a process of its own, with everything going wrong that can."""
    site.contacts["crows/odd"] = "{name: O, email: größe@crows.example, show: [invoices]}"
    site.publish()
    site.server.offers = ["8BITMIME"]
    site.write("templates/email/welcome.txt", '{% extends "!default/email/welcome.txt" %}')
    tokens, said = site.tokens(), ""
    marks = {fingerprint(token) for token in tokens}
    site.server.faults += [
        Fault(RCPT, "550 no such user https://portals.example/" + next(iter(tokens)), "ann@ants.example"),
        Fault(TAKEN, "", "bob@ants.example"),
        Fault(RCPT, "450 later", "layla@bees.example", times=9),
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    runs = [
        ["--dry-run"],
        ["--dry-run", "--json"],
        ["--yes", "--expect", "9"],
        ["--yes", "--expect", "4", "--json"],
        ["--dry-run", "--kind", "digest"],
    ]
    quick = "import portalgen.delivery as d; d._PAUSES = (0, 0); from portalgen.cli import main; main()"
    for arguments in runs:
        command = [sys.executable, "-c", quick, "--log-level", "debug", "email", "--all", *arguments]
        done = subprocess.run(
            [*command, "--config", site.config], capture_output=True, text=True, check=False, env=environment
        )
        said += done.stdout + done.stderr
    assert "unexpected" not in said
    assert "takes no address with such characters" in said
    assert "refused the mail (550)" in said
    built = b"".join(path.read_bytes() for path in (site.root / "build").rglob("*") if path.is_file())
    for text in (said.lower(), site.private().decode().lower(), built.decode("latin-1").lower()):
        assert not [token for token in tokens if token in text or token[:40] in text]
        assert "pgk1_" not in text
    assert "@" not in site.private().decode()
    assert any(mark in site.private().decode() for mark in marks)
    assert Counter(each.recipient for each in site.server.received) == Counter(["bob@ants.example"])


def test_a_site_without_a_base_url_mails_nothing(site: Site) -> None:
    config = Path(site.config)
    config.write_text(config.read_text("utf-8").replace("base_url: 'https://portals.example', ", ""), "utf-8")
    done = CliRunner().invoke(main, ["email", "--all", "--dry-run", "--config", str(config)])
    assert done.exit_code == 2
    assert "'base_url' is missing" in done.stderr


def test_a_store_without_a_ledger_has_nobody_to_write_to(site: Site) -> None:
    shutil.rmtree(site.root / "site.private")
    assert {reason for _, reason in states(site.email()).values()} == {
        *("not published", "no address", "no contact", "disabled"),
    }
    assert site.server.connections == 0
