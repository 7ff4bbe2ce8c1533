"""`portalgen receipt` at the command line: believed is who signed it, and what it says decides the exit code."""

import datetime
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main
from portalgen.keys import key_text
from portalgen.links import KeyRing
from portalgen.model import LinkId
from portalgen.receipts import INVALIDATED, NOT_INVALIDATED, Place, PurgedLink, Receipt, public_keys, write_receipt

ROOT = {"a": bytes(range(32)), "b": bytes(range(32, 64))}
RING = KeyRing("northwind", ROOT)
PUBLIC = public_keys(RING)
ACME = PurgedLink(LinkId("acme", "ann"), 3, "a", "0123456789", "deleted", cdn=INVALIDATED, answers=False, status=404)
BEES = PurgedLink(LinkId("bees"), 1, "b", "9876543210", "disabled", answers=False)
RECEIPT = Receipt(
    site="northwind",
    store=Place("s3", "northwind-portals", "s3.example"),
    moment=datetime.datetime(2027, 3, 1, 9, 30, 15, tzinfo=datetime.UTC),
    version="0.1.0",
    links=(ACME, BEES),
    key="b",
    objects=1201,
    versions=30,
    uploads=1,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a receipt in it, and nothing else."""
    monkeypatch.chdir(tmp_path)
    write_receipt(tmp_path / "receipt.json", RECEIPT, RING)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["receipt", *arguments])


def define(folder: Path, site: str = "northwind") -> None:
    (folder / "config").mkdir()
    text = f"version: 1\nsite: {{id: {site}, title: X, key: a}}\nkeys: file:config/portalgen.keys\n"
    (folder / "config/portals.yaml").write_text(text, encoding="utf-8")
    keys = folder / "config/portalgen.keys"
    keys.write_text("".join(f"{name}:{key_text(root)}\n" for name, root in ROOT.items()), encoding="ascii")
    keys.chmod(0o600)


def test_the_public_key_alone_is_enough(folder: Path) -> None:
    result = call("receipt.json", "--public-key", PUBLIC["b"])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "link      revision  key  fingerprint  CDN          store  address    why",
        "acme/ann         3  a     0123456789  invalidated  gone         404  deleted",
        "bees             1  b     9876543210  none         gone   not asked  disabled",
        "site northwind, store s3 northwind-portals at s3.example, 2027-03-01 09:30:15 UTC, portalgen 0.1.0",
        f"genuine: signed with key 'b', public key {PUBLIC['b']}",
        "complete: 2 links purged, with 1,201 objects, 30 older versions, 1 unfinished upload",
    ]
    assert call("receipt.json", "--public-key", PUBLIC["a"], "--public-key", PUBLIC["b"]).exit_code == 0


def test_where_the_definitions_are_receipts_of_all_the_sites_keys_are_believed(folder: Path) -> None:
    define(folder)
    assert call("receipt.json").exit_code == 0
    shown = json.loads(CliRunner().invoke(main, ["keys", "public", "--json"]).stdout)
    assert {key["id"]: key["public_key"] for key in shown["keys"]} == PUBLIC


def test_one_of_another_site_or_key_is_not_believed(folder: Path) -> None:
    define(folder, "southwind")
    for arguments in ((), ("--public-key", PUBLIC["a"])):
        result = call("receipt.json", *arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "was signed with another key, or it was altered" in result.stderr


def test_without_anybody_to_believe_it_asks_whom(folder: Path) -> None:
    result = call("receipt.json")
    assert result.exit_code == 2
    assert "hint: --public-key HEX, as `portalgen keys public` prints it" in result.stderr


def test_as_json_it_says_all_that_the_file_says(folder: Path) -> None:
    said = json.loads(call("receipt.json", "--public-key", PUBLIC["b"], "--json").stdout)
    line = (folder / "receipt.json").read_text(encoding="utf-8").splitlines()[0]
    assert said == {"genuine": True, **json.loads(line)}


def test_one_that_is_genuine_and_not_complete_says_what_is_open(folder: Path) -> None:
    worst = replace(
        ACME,
        failures=("could not delete index.html: it is under a legal hold",),
        cdn=NOT_INVALIDATED,
        answers=True,
        status=200,
    )
    unsure = replace(BEES, answers=None, status=0)
    receipt = replace(RECEIPT, links=(worst, unsure), unseen="older versions: access is denied")
    write_receipt(folder / "open.json", receipt, RING)
    result = call("open.json", "--public-key", PUBLIC["b"])
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == (
        "NOT COMPLETE, something may be left: "
        "2 links purged, with 1,201 objects, 30 older versions, 1 unfinished upload"
    )
    assert result.stderr.splitlines() == [
        "not looked at: older versions: access is denied",
        "acme/ann: could not delete index.html: it is under a legal hold",
        "acme/ann: the CDN may still hold copies",
        "acme/ann: the store still gave it away",
        "acme/ann: its address answered with 200",
        "bees: the store did not say whether it still gives it away",
        "bees: its address did not answer",
    ]


def test_what_a_terminal_would_obey_is_written_as_an_escape(folder: Path) -> None:
    write_receipt(folder / "odd.json", replace(RECEIPT, links=(replace(BEES, reason="\x1b[2Jcleared"),)), RING)
    assert "\\x1b[2Jcleared" in call("odd.json", "--public-key", PUBLIC["b"]).stdout


@pytest.mark.parametrize("key", ["x", PUBLIC["b"].upper(), PUBLIC["b"][:-1], f"{PUBLIC['b']} ", key_text(ROOT["a"])])
def test_what_is_no_public_key_is_refused_and_not_repeated(folder: Path, key: str) -> None:
    result = call("receipt.json", "--public-key", key)
    assert result.exit_code == 2
    assert "--public-key: this is not a public key" in result.stderr
    assert len(key) == 1 or key not in result.output


def test_a_file_that_is_not_there_is_said(folder: Path) -> None:
    result = call("none.json", "--public-key", PUBLIC["b"])
    assert (result.exit_code, result.stderr) == (2, "none.json cannot be read: No such file or directory\n")
