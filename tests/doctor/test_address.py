"""What the doctor finds at base_url, without a link."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portalgen.doctor import address
from portalgen.doctor.findings import Finding, Verdict
from portalgen.links import TOKEN
from tests.doctor.hosting import Host
from tests.smtp_server import make_certificate

TOKEN_OF_ONE = "pa" + "0" * 26 + "f" * 32
LEDGER = '{\n "format": 2,\n "site": "small"}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Above both parts of a store, in which one link is published."""
    for name, text in {
        f"site/{TOKEN_OF_ONE}/index.html": "<!doctype html>",
        "site.private/ledger.json": LEDGER,
        "private/ledger.json": LEDGER,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def host(folder: Path) -> Iterator[Host]:
    with Host(folder / "site") as host:
        yield host


def found(base_url: str, *, has_ledger: bool = True) -> dict[str, Finding]:
    return {each.check: each for each in address.examine(base_url, "site.private", has_ledger=has_ledger)}


def verdicts(base_url: str) -> dict[str, str]:
    return {check: each.verdict.value for check, each in found(base_url).items()}


def test_a_good_host_passes_and_is_told_no_link(host: Host) -> None:
    assert verdicts(host.address) == {
        "https": "warn",
        "address-listing": "ok",
        "unknown-link": "ok",
        "private-address": "ok",
    }
    assert not any(TOKEN_OF_ONE in path for path in host.asked)


def test_the_link_that_does_not_exist_looks_like_one_that_might(host: Host) -> None:
    found(host.address)
    tokens = [path.split("/")[1] for path in host.asked if path.endswith("/index.html")]
    assert len(tokens) == 1
    assert TOKEN.fullmatch(tokens[0])


def test_https_is_right_where_the_certificate_is(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, context = make_certificate(tmp_path)
    with Host(folder / "site", context) as host:
        refused = found(host.address)
        assert [(each.check, each.verdict) for each in refused.values()] == [("https", Verdict.FAIL)]
        assert "self-signed" in refused["https"].said
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert found(host.address)["https"].verdict is Verdict.OK


def test_a_certificate_for_another_name_is_not_trusted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = make_certificate(tmp_path, "elsewhere.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Host(folder / "site", context) as host:
        assert found(host.address)["https"].verdict is Verdict.FAIL


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:9", "https://no-such-name.invalid", "https://a..b"])
def test_a_host_that_does_not_answer_leaves_all_unknown(base_url: str) -> None:
    assert verdicts(base_url) == {"https": "unknown"}
    assert found(base_url)["https"].hint


def test_an_answer_that_is_no_http_leaves_all_unknown(folder: Path, tmp_path: Path) -> None:
    _, context = make_certificate(tmp_path)
    with Host(folder / "site", context) as host:
        assert verdicts(host.address.replace("https://", "http://")) == {"https": "unknown"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", f'<a href="{TOKEN_OF_ONE}/">'),
        ("/", "<html><title>Index of /</title>"),
        ("/?list-type=2", "<?xml version='1.0'?><ListBucketResult><Name>x</Name></ListBucketResult>"),
        ("/?versions", "<ListVersionsResult/>"),
        ("/?uploads", "<ListMultipartUploadsResult/>"),
    ],
)
def test_a_list_of_links_is_found_and_not_repeated(path: str, body: str, host: Host) -> None:
    host.answers[path] = (200, body.encode())
    listing = found(host.address)["address-listing"]
    assert listing.verdict is Verdict.FAIL
    assert path in listing.said
    assert TOKEN_OF_ONE not in listing.said + listing.hint


def test_a_host_that_lists_folders_is_found(host: Host) -> None:
    host.lists = True
    assert verdicts(host.address)["address-listing"] == "FAIL"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(403, "ok"), (404, "ok"), (410, "ok"), (200, "FAIL"), (302, "FAIL"), (401, "FAIL"), (503, "unknown")],
)
def test_a_link_that_does_not_exist_must_look_so(status: int, verdict: str, host: Host) -> None:
    host.absent = (status, b"<!doctype html><title>Welcome</title>")
    assert verdicts(host.address)["unknown-link"] == verdict


def test_a_page_for_everything_is_no_ledger(host: Host) -> None:
    host.absent = (200, b"<!doctype html><title>Welcome</title>")
    assert verdicts(host.address)["private-address"] == "ok"


def test_a_ledger_that_is_served_is_found_wherever_it_is(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Host(folder, context) as host:
        for base_url in (host.address, f"{host.address}/site", f"{host.address}/some/site"):
            private = found(base_url)["private-address"]
            assert private.verdict is Verdict.FAIL
            assert private.said.endswith(f"{host.address}/private/ledger.json")
        (folder / "private/ledger.json").unlink()
        assert found(f"{host.address}/site")["private-address"].said.endswith("/site.private/ledger.json")


def test_an_alias_that_shows_what_lies_beside_it_is_found(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Host(folder / "site", context) as host:
        assert verdicts(f"{host.address}/portals")["private-address"] == "ok"
        host.loose, host.folder = "/portals", folder
        (folder / "private/ledger.json").unlink()
        (folder / "hidden").mkdir()
        (folder / "site.private").rename(folder / "hidden/site.private")
        host.folder = folder / "hidden"
        [private] = [
            each
            for each in address.examine(f"{host.address}/portals", "site.private", has_ledger=True)
            if each.check == "private-address"
        ]
        assert private.verdict is Verdict.FAIL


def test_without_a_ledger_nobody_knows_whether_it_would_be_served(host: Host) -> None:
    assert found(host.address, has_ledger=False)["private-address"].verdict is Verdict.UNKNOWN
