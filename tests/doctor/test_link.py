"""What the doctor finds at a live link."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portalgen.doctor import link
from portalgen.doctor.findings import Finding, Verdict
from portalgen.doctor.web import fetch
from portalgen.stores.directory import DirectoryStore
from tests.doctor.hosting import GOOD_HEADERS, Host
from tests.sites import SmallSite, new_site
from tests.smtp_server import make_certificate


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    site = new_site(tmp_path, DirectoryStore(tmp_path / "site", tmp_path / "site.private"))
    site.publish()
    return site


@pytest.fixture
def host(site: SmallSite, tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path / "site") as host:
        yield host


@pytest.fixture
def token(site: SmallSite) -> str:
    return site.token("ants")


def found(host: Host, token: str) -> dict[str, Finding]:
    return {each.check: each for each in link.examine(host.address, token, "ants [0123456789]")}


def not_ok(host: Host, token: str) -> dict[str, str]:
    return {name: each.verdict.value for name, each in found(host, token).items() if each.verdict is not Verdict.OK}


def test_a_good_host_passes(host: Host, token: str) -> None:
    assert not_ok(host, token) == {}
    checks = found(host, token)
    assert {"link", "folder-address", "compression", "content-types"} < checks.keys()
    assert "portal.css, portal.js" in checks["content-types"].said


def test_no_finding_names_the_token(host: Host, token: str) -> None:
    for headers in (GOOD_HEADERS, {}):
        host.headers = {**headers}
        said = " ".join(each.said + each.hint for each in found(host, token).values())
        assert "ants [0123456789] answers" in said
        assert token not in said


@pytest.mark.parametrize("name", [name for name in GOOD_HEADERS if name != "Strict-Transport-Security"])
def test_each_header_that_is_missing_or_wrong_is_named(name: str, host: Host, token: str) -> None:
    host.headers[name] = "unsafe-none"
    if name != "Permissions-Policy":  # of which any will do
        assert not_ok(host, token) == {name: "warn"}
        assert "arrived as something else" in found(host, token)[name].said
    del host.headers[name]
    if name == "X-Frame-Options":
        assert "frame-ancestors says the same" in found(host, token)[name].said
        del host.headers["Content-Security-Policy"]
        assert not_ok(host, token) == {name: "warn", "Content-Security-Policy": "warn"}
        return
    assert not_ok(host, token) == {name: "warn"}
    missing = found(host, token)[name]
    assert missing.said.startswith("is missing; ")
    assert missing.hint.endswith(f"{name}: {GOOD_HEADERS[name]}")


def test_what_the_page_says_itself_is_told(host: Host, token: str) -> None:
    host.headers = {}
    findings = found(host, token)
    covered = {name for name, each in findings.items() if "each page says" in each.said}
    assert covered == {"Content-Security-Policy", "Referrer-Policy", "X-Robots-Tag"}
    page = fetch(f"{host.address}/{token}/index.html").body.decode()
    for text in ('http-equiv="Content-Security-Policy"', 'name="referrer"', 'name="robots"'):
        assert text in page


def test_a_policy_that_lets_others_frame_a_page_is_not_enough(host: Host, token: str) -> None:
    host.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'self'"
    assert not_ok(host, token) == {"Content-Security-Policy": "warn"}


def test_strict_transport_security_is_wanted_over_https_alone(
    site: SmallSite, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Host(tmp_path / "site", context) as host:
        assert not_ok(host, token) == {}
        host.headers["Strict-Transport-Security"] = "max-age=0"
        assert not_ok(host, token) == {"Strict-Transport-Security": "warn"}


def test_a_live_link_that_does_not_answer_fails(host: Host, token: str) -> None:
    for status, body in ((404, b"gone"), (403, b""), (302, b""), (500, b""), (200, b"<!-- a shell -->")):
        host.answers[f"/{token}/index.html"] = (status, body)
        assert not_ok(host, token) == {"link": "FAIL"}


def test_a_host_that_is_down_leaves_the_link_unknown(host: Host, token: str) -> None:
    down = [*link.examine("http://127.0.0.1:9", token, "ants")]
    assert [(each.check, each.verdict) for each in down] == [("link", Verdict.UNKNOWN)]


def test_the_folder_of_a_link_may_answer_or_not_but_not_be_listed(host: Host, token: str) -> None:
    assert "answered with 404" in found(host, token)["folder-address"].said
    host.answers[f"/{token}/"] = (200, b"<!doctype html>")
    assert "answered with its page" in found(host, token)["folder-address"].said
    host.lists = True
    del host.answers[f"/{token}/"]
    assert not_ok(host, token) == {"folder-address": "FAIL"}


def test_pages_that_come_uncompressed_are_told(host: Host, token: str) -> None:
    host.compresses = False
    assert not_ok(host, token) == {"compression": "warn"}


def test_styles_and_scripts_of_another_type_fail(host: Host, token: str) -> None:
    host.types = {".css": "text/plain", ".js": "application/javascript"}
    assert not_ok(host, token) == {"content-types": "FAIL"}
    assert found(host, token)["content-types"].said == "portal.css comes as text/plain"


def test_a_file_that_the_page_needs_and_is_not_there_fails(host: Host, token: str) -> None:
    (host.folder / token / "portal.js").unlink()
    assert found(host, token)["content-types"].said == "portal.js is answered with 404"


def test_a_page_that_says_it_is_compressed_and_is_not_fails(host: Host, token: str) -> None:
    host.compresses = False
    host.headers["Content-Encoding"] = "gzip"
    assert not_ok(host, token) == {"link": "FAIL"}


def test_the_web_server_of_the_readme_sends_every_header() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    headers = {name: value.strip('"') for name, value in re.findall(r'add_header (\S+) (".*"|\S+);', text)}
    assert headers.keys() == GOOD_HEADERS.keys()
    assert all(each.wanted.match(headers[each.name]) for each in link.HEADERS)
