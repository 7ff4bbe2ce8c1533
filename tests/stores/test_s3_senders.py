"""The two ways to send an object: by a connection that is trusted, to the place that the definition names."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from portalgen.errors import StoreError
from portalgen.stores.base import Put
from portalgen.stores.s3 import Options, S3Store
from tests.fault_proxy import FaultProxy
from tests.store_contract import CSV, HTML


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The certificate of an authority that signed the one of 127.0.0.1, which lies beside it."""
    (tmp_path / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for command in (
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=tests",
        "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=127.0.0.1",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names",
    ):
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "ca.pem"


@pytest.fixture
def endpoint(proxy: FaultProxy, authority: Path) -> str:
    """The server behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.with_name("server.pem"), authority.with_name("server.key"))
    server = proxy._server
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return proxy.endpoint.replace("http:", "https:")


@pytest.fixture(params=[True, False])
def store(request: pytest.FixtureRequest, endpoint: str, s3_bucket: str) -> Iterator[S3Store]:
    store = S3Store(s3_bucket, endpoint=endpoint, options=Options(use_obstore=request.param))
    yield store
    store.close()


def test_a_certificate_of_an_unknown_authority_is_not_trusted(store: S3Store, endpoint: str) -> None:
    with pytest.raises(StoreError) as caught:
        list(store.write_many([Put("public/t/x", b"x", HTML)]))
    assert f": the certificate of {endpoint} is not to be trusted\n  hint: check 'endpoint'" in str(caught.value)


def test_a_certificate_of_an_authority_that_is_named_is_trusted(
    store: S3Store, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority))
    assert [outcome.cause for outcome in store.write_many([Put("public/t/x", b"x", HTML)])] == [""]
    assert store.read("public/t/x") == b"x"


@pytest.mark.parametrize("use_obstore", [True, False])
def test_metadata_of_many_objects_reaches_whoever_fetches_them(
    proxy: FaultProxy, s3_bucket: str, use_obstore: bool
) -> None:
    store = S3Store(s3_bucket, endpoint=proxy.endpoint, prefix="a/b", options=Options(use_obstore=use_obstore))
    puts = [Put("public/t/x.html", b"x", HTML), Put("public/t/x.csv", b"x", CSV)]
    assert [outcome.cause for outcome in store.write_many(puts)] == ["", ""]
    page, table = (store.client.head_object(Bucket=s3_bucket, Key=f"a/b/{put.key}") for put in puts)
    assert (page["ContentType"], page["CacheControl"]) == ("text/html; charset=utf-8", "private, no-store")
    assert (table["ContentType"], table["CacheControl"]) == ("text/csv; charset=utf-8", "private, no-store")
    assert (page["ContentDisposition"], table["ContentDisposition"]) == ("inline", "attachment")
    assert page.get("ContentEncoding") is None
    store.close()


def test_credentials_that_are_absent_are_said(store: S3Store, authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreError, match="there are no credentials\n  hint: set AWS_ACCESS_KEY_ID"):
        list(store.write_many([Put("public/t/x", b"x", HTML)]))
