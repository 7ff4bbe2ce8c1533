"""Every verb at debug level, all being well and things failing: no link and no root key in any output, log or file.

But for what `link`, `publish --show-links` and `demo` print, and `keys new` of a key that nothing is made with yet.
"""

import io
import logging
import os
import re
import shutil
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import click
import duckdb
import pytest
from click.testing import CliRunner, Result

from portalgen import replacing
from portalgen.cli import main
from portalgen.database import Database
from portalgen.errors import StoreError
from portalgen.keys import key_text, parse_keys
from portalgen.links import KeyRing, fingerprint, redact
from portalgen.model import LinkId
from portalgen.preview import Preview
from portalgen.receipts import Place, PurgedLink, Receipt, write_receipt
from portalgen.stores import open_store
from portalgen.stores.base import Erased, Failure, Found, Metadata, Outcome, Put, Store, StoredObject
from portalgen.watching import Watcher

KEYS = {name: key_text(sha256(f"the key {name} of this test".encode()).digest()) for name in "abc"}
RING = KeyRing("small", parse_keys(" ".join(f"{name}:{text}" for name, text in KEYS.items())))
LINKS = [("acme", ""), ("acme", "ann"), ("acme", "bob"), ("bees", ""), ("crows", ""), ("new", ""), ("acme", "new")]
STRANGE = KeyRing("another", RING.root_keys).token("a", "strange", "", 1)
TOKENS = [RING.token(key, *link, revision) for key in KEYS for link in LINKS for revision in range(1, 5)] + [STRANGE]
TOKEN = RING.token("a", "acme", "", 1)

CONFIG = """version: 1
site: {id: small, title: Small & Co, base_url: 'https://portals.example', currency: EUR, as_of: 2026-11-20,
  email: office@small.example, key: a}
keys: file:config/portalgen.keys
exports:
  - {type: customers, path: exports/customers.csv}
  - {type: invoices, path: exports/invoices.csv}
stores:
  local: {kind: directory, path: site}
roles: {payers: [invoices]}
portals:
  acme:
    customer: C-1
    show: ALL
    contacts:
      ann: {show: payers, email: ann@acme.example}
      bob: {enabled: false}
  bees: {customer: C-2, show: ALL, key: b}
  crows: {customer: C-3}
"""
CUSTOMERS = "id,name\nC-1,Acme\nC-2,Bees\nC-3,Crows\n"
INVOICES = "number,customer_id,date,total\nI-1,C-1,2026-10-01,5.00\nI-2,C-2,2026-10-02,6.00\n"


# What is looked for.


def in_base64(data: bytes, length: int) -> Iterator[str]:
    """What base64 makes of all parts of `data` that have `length` bytes, wherever in a text they begin."""
    for start in range(len(data) - length + 1):
        part = data[start : start + length]
        yield b64encode(part[: length // 3 * 3]).decode()


def parts_of_key(text: str) -> Iterator[str]:
    """Any eight characters of a root key, or any eight of its bytes: plain, in hex, in base64."""
    body, raw = text[5:], parse_keys(f"a:{text}")["a"]
    yield from (body[start : start + 8] for start in range(len(body) - 7))
    for data in (raw, body.encode()):
        yield from (data[start : start + 8].hex() for start in range(len(data) - 7))
        yield from in_base64(data, 9)


def parts_of_token(token: str) -> Iterator[str]:
    """Its id, its tag, and all of it in hex and base64."""
    yield token[2:28]
    yield token[28:]
    yield token.encode().hex()
    yield from in_base64(token.encode(), 33)


def derived(ring: KeyRing) -> Iterator[str]:
    """What can make tokens, tags or signatures without the root key."""
    signing = (ring.signing_seed(key).hex().encode() for key in ring.root_keys)
    for key in (*ring._derived.values(), *signing):
        yield from (key.decode()[start : start + 16] for start in range(len(key) - 15))


OF_KEYS = {part.lower() for text in KEYS.values() for part in parts_of_key(text)} | {*derived(RING)}
OF_LINKS = {part.lower() for token in TOKENS for part in parts_of_token(token)}
EVERYTHING = OF_KEYS | OF_LINKS


CLEAN: set[bytes] = set()
"""The digests of data in which there was nothing: most files stay the same from verb to verb."""


def secrets_in(text: str | bytes, parts: Iterable[str] = EVERYTHING) -> list[str]:
    data = (text.encode("utf-8", "replace") if isinstance(text, str) else text).lower()
    if (digest := sha256(data).digest()) in CLEAN:
        return []
    found = [part for part in parts if part.encode() in data]
    if not found and parts is EVERYTHING:
        CLEAN.add(digest)
    return found


def contents(file: Path) -> Iterator[bytes]:
    """What a file holds and, if that is an archive, what its members hold."""
    data = file.read_bytes()
    yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name) + name.encode() for name in archive.namelist())


def files_with_secrets(folder: Path) -> list[str]:
    """All files but the key files and, of the store's public part, its names, which are the links."""
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".keys"):
        name = str(path.relative_to(folder))
        is_public = name.startswith("site/")
        if (secrets_in(name) and not is_public) or secrets_in(b"\n".join(contents(path))):
            found.append(redact(name))
    return found


@pytest.mark.parametrize(
    "text",
    [
        f"see {TOKEN}/index.html",
        TOKEN.upper(),
        f"x{TOKEN[:-1]}",
        TOKEN.encode().hex(),
        b64encode(f"at {TOKEN}".encode()).decode(),
        b64encode(f"at: {TOKEN}".encode()).decode(),
        b64encode(f"it: {TOKEN}!".encode()).decode(),
        KEYS["b"],
        KEYS["b"][20:28],
        KEYS["c"].upper(),
        RING.root_keys["c"].hex()[6:30],
        b64encode(RING.root_keys["c"]).decode(),
        b64encode(b"?" + RING.root_keys["c"]).decode(),
        b64encode(b"a:" + KEYS["a"].encode()).decode(),
        KEYS["a"].encode().hex(),
        RING._derived["a", "id"].decode(),
        RING._derived["b", "tag"].decode()[8:30],
    ],
)
def test_what_is_looked_for_would_be_found(text: str) -> None:
    assert secrets_in(f"a line\n{text}\n{{}}")
    assert not secrets_in("a line\n{}\n")


# The verbs, and what each is called with. A new verb fails until it is here.

VERBS: dict[str, list[str]] = {
    "init": ["--config", "fresh/portals.yaml"],
    "inspect": ["exports/invoices.csv"],
    "profiles": [],
    "profile": ["xero"],
    "check": [],
    "build": [],
    "preview": ["--port", "0"],
    "templates": ["invoice.html"],
    "schema": [],
    "demo": ["a-demo"],
    "plan": ["--html", "plan.html", "--out", "plan.json"],
    "publish": [],
    "run": ["--health", "health.json", "--metrics", "portalgen.prom"],
    "watch": ["--publish", "--settle", "0"],
    "verify": ["--read"],
    "doctor": ["--url"],
    "link": [],
    "status": ["--html", "status.html", "--csv", "status.csv"],
    "accept": ["--all", "--yes", "--expect", "1"],
    "history": ["acme"],
    "who": ["I-1"],
    "receipt": ["receipt.json"],
    "email": ["--all", "--out", "drafts", "--yes", "--expect", "1"],
    "portal add": ["new", "--customer", "C-2"],
    "portal show": ["acme"],
    "portal remove": ["acme", "--yes", "--expect", "3"],
    "contact add": ["acme/new"],
    "contact remove": ["acme/ann"],
    "grant": ["orders", "acme/ann"],
    "revoke": ["invoices", "acme/ann"],
    "enable": ["acme/bob"],
    "disable": ["acme/ann"],
    "rotate": ["bees"],
    "keys new": ["config/portalgen.keys", "--add", "--id", "d"],
    "keys list": [],
    "keys public": [],
    "keys rotate": ["--to", "b", "acme", "acme/ann", "acme/bob", "--yes", "--expect", "3"],
    "keys retire": ["c", "--yes"],
}
SHOW_LINKS = {"link", "demo"}
DRAFTS = {"drafts/acme.ann.welcome.eml"}
"""A mail that was asked for as a file is the one file with a link in it."""


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name in command.commands:
            _, inner, _ = command.resolve_command(click.Context(command), [name])
            assert inner
            yield from commands(inner, (*path, name))
    else:
        yield " ".join(path), command


COMMANDS = dict(commands(main))
STORE_VERBS = [name for name, command in COMMANDS.items() if any(option.name == "store" for option in command.params)]
STORE_VERBS = [*STORE_VERBS, "keys retire"]


def test_every_verb_is_looked_at() -> None:
    assert VERBS.keys() == COMMANDS.keys()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that was published, and whose definitions have been changed since."""
    folder = tmp_path_factory.mktemp("site")
    for name, text in {"config/portals.yaml": CONFIG, "exports/customers.csv": CUSTOMERS}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "exports/invoices.csv").write_text(INVOICES, encoding="utf-8")
    keys = folder / "config/portalgen.keys"
    keys.write_text("".join(f"{name}:{text}\n" for name, text in KEYS.items()), encoding="ascii")
    keys.chmod(0o600)
    result = CliRunner().invoke(main, ["publish", "--config", str(folder / "config/portals.yaml")])
    assert result.exit_code == 0, result.output
    assert {path.name for path in (folder / "site").iterdir()} < {*TOKENS}, "these are the links that are looked for"
    gone = PurgedLink(LinkId("acme"), 1, "a", fingerprint(TOKEN), SECRETS, answers=False)
    receipt = Receipt("small", Place("directory", "site"), datetime.now(UTC), "0", (gone,), "a")
    write_receipt(folder / "receipt.json", receipt, RING)
    text = CONFIG.replace("key: b}", "key: b, revision: 2}").replace("  crows: {customer: C-3}\n", "")
    (folder / "config/portals.yaml").write_text(text, encoding="utf-8")
    (folder / "exports/invoices.csv").write_text(INVOICES.replace("5.00", "7.00"), encoding="utf-8")
    return folder


@pytest.fixture
def site(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of that site, in whose folder the verbs run. Logging is put back as it was afterwards."""
    folder = tmp_path / "site-of-this-test"
    shutil.copytree(published, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(Preview, "wait", Preview.stop)
    monkeypatch.setattr(Watcher, "wait", interrupt)
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield folder
    root.handlers[:] = handlers
    root.setLevel(level)


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def call(verb: str, *more: str) -> Result:
    """The verb at debug level. Nothing but an exit code leaves it."""
    given = VERBS[verb]
    config = ["--config", "config/portals.yaml"]
    has_config = any(option.name == "config" for option in COMMANDS[verb].params) and "--config" not in given
    result = CliRunner().invoke(
        main, ["--log-level", "debug", *verb.split(), *given, *(config if has_config else []), *more]
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), verb
    return result


def assert_no_secret(verb: str, result: Result, capfd: pytest.CaptureFixture[str], site: Path) -> None:
    beside = "".join(capfd.readouterr())
    shows_links = verb in SHOW_LINKS or "--show-links" in verb
    assert secrets_in(result.stdout, OF_KEYS if shows_links else EVERYTHING) == [], verb
    assert secrets_in(result.stderr + beside) == [], verb
    assert set(files_with_secrets(site)) <= DRAFTS, verb


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "demo"])
def test_no_verb_shows_a_secret_when_all_is_well(verb: str, site: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result = call(verb)
    assert result.exit_code == 0, result.output
    assert_no_secret(verb, result, capfd, site)
    if any(option.name == "as_json" for option in COMMANDS[verb].params):
        assert_no_secret(verb, call(verb, "--json"), capfd, site)


def test_links_are_shown_on_standard_output_where_they_are_asked_for(
    site: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for verb, more in (("link", []), ("link", ["--json"]), ("publish", ["--show-links"])):
        result = call(verb, *more)
        assert TOKEN in result.stdout
        assert_no_secret(f"{verb} --show-links", result, capfd, site)


def test_a_demo_shows_its_links_on_standard_output_alone(site: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result = call("demo")
    token = re.compile(rb"p[0-9a-z]{59}")
    [key] = parse_keys((site / "a-demo/config/portalgen.keys").read_text("ascii")).values()
    secrets = {*parts_of_key(key_text(key))}
    assert token.search(result.stdout.encode())
    assert not token.search((result.stderr + "".join(capfd.readouterr())).encode())
    assert secrets_in(result.output, secrets) == []
    files = [path for path in (site / "a-demo").rglob("*") if path.is_file() and path.suffix != ".keys"]
    assert [str(path) for path in files if token.search(path.read_bytes())] == []


# Failures.

SECRETS = f"{TOKEN}, {TOKEN.upper()}/ and {KEYS['a']}"
ERRORS: dict[str, Callable[[str], Exception]] = {
    "StoreError": StoreError,
    "OSError": lambda text: PermissionError(13, text, text),
    "RuntimeError": RuntimeError,
}


class FaultyStore:
    """A store that says a lot, and fails where `action` is asked of it."""

    def __init__(self, store: Store, action: str, error: Callable[[str], Exception]) -> None:
        self._store, self._action, self._error = store, action, error

    def _asked(self, action: str, key: str) -> None:
        logger = logging.getLogger("botocore.endpoint")
        logger.debug("%s https://store.example/%s with %s", action, key, SECRETS)
        if self._action in {action, "all"}:
            error = self._error(f"cannot {action} '{key}': <Error>{SECRETS}</Error>")
            logger.warning("%s failed", key, exc_info=error)
            raise error

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        self._asked("list", prefix)
        for item in self._store.objects(prefix):
            self._asked("show", item.key)
            yield item

    def __getattr__(self, name: str) -> Any:
        """What is not asked about fails nowhere."""
        return getattr(self._store, name)

    def read(self, key: str) -> bytes:
        self._asked("read", key)
        return self._store.read(key)

    def find(self, key: str) -> Found:
        self._asked("read", key)
        return self._store.find(key)

    def write(self, key: str, data: bytes, metadata: Metadata) -> None:
        self._asked("write", key)
        self._store.write(key, data, metadata)

    def write_if(self, key: str, data: bytes, metadata: Metadata, version: str | None) -> str:
        self._asked("write", key)
        return self._store.write_if(key, data, metadata, version)

    def write_many(self, puts: Iterable[Put]) -> Iterator[Outcome]:
        for put in puts:
            self._asked("write", put.key)
            yield from self._store.write_many([put])

    def erase(self, prefixes: Sequence[str], known: Iterable[str] = ()) -> Erased:
        if self._action == "refuse":
            return Erased(failures=tuple(Failure(each, "purge", f"no, not {each}: {SECRETS}") for each in prefixes))
        for action in ("list", "show", "delete"):
            self._asked(action, ", ".join(prefixes))
        return self._store.erase(prefixes, known)

    def answers(self, key: str) -> bool:
        self._asked("probe", key)
        return self._store.answers(key)

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        named = list(keys)
        if self._action == "refuse":
            return [Failure(key, "delete", f"no, not {key}: {SECRETS}") for key in named]
        self._asked("delete", ", ".join(named))
        return self._store.delete(named)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("action", ["all", "list", "show", "read", "write", "delete", "refuse", "probe"])
def test_no_verb_shows_a_secret_when_the_store_fails(
    action: str, error: str, site: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "portalgen.commands.project.open_store", lambda source: FaultyStore(open_store(source), action, ERRORS[error])
    )
    said = ""
    for verb in STORE_VERBS if action != "all" else [verb for verb in VERBS if verb != "demo"]:
        for more in ([], ["--json"]) if verb == "publish" else ([],):
            result = call(verb, *more)
            assert_no_secret(verb, result, capfd, site)
            said += result.output
            if verb == "publish" or (action == "all" and verb in {*STORE_VERBS} - {"preview", "watch"}):
                assert result.exit_code == 1, f"{verb} has failed"
    assert f"[{fingerprint(TOKEN)}]" in said
    assert "[root key]" in said
    assert "AttributeError" not in said, "this store has all that the contract asks for"


def break_the_template(site: Path, _: pytest.MonkeyPatch) -> None:
    (site / "templates").mkdir()
    (site / "templates/invoice.html").write_text("{{ bundle.nothing.of_this }}", encoding="utf-8")


def break_the_database(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise duckdb.Error(f"Catalog Error: {SECRETS}")

    monkeypatch.setattr(Database, "rows", fail)


def fill_the_disk(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, f"No space left for {SECRETS}", f"/srv/{TOKEN}/index.html")

    monkeypatch.setattr(replacing, "mkstemp", fail)


def lose_the_ledger(site: Path, _: pytest.MonkeyPatch) -> None:
    (site / "site.private/ledger.json").unlink()
    (site / f"site/{STRANGE}").mkdir()
    (site / f"site/{STRANGE}/index.html").write_text("", encoding="utf-8")


def break_the_ledger(site: Path, _: pytest.MonkeyPatch) -> None:
    (site / "site.private/ledger.json").write_text(f'{{"{TOKEN}": 1, {KEYS["a"]}', encoding="utf-8")


def put_a_link_in_the_way(site: Path, _: pytest.MonkeyPatch) -> None:
    shutil.rmtree(site / f"site/{TOKEN}")
    (site / f"site/{TOKEN}").symlink_to(site)


@pytest.mark.parametrize(
    "fail",
    [break_the_template, break_the_database, fill_the_disk, lose_the_ledger, break_the_ledger, put_a_link_in_the_way],
)
def test_no_verb_shows_a_secret_when_something_else_fails(
    fail: Callable[[Path, pytest.MonkeyPatch], None],
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fail(site, monkeypatch)
    holds_secrets = fail is break_the_ledger
    failed = []
    for verb in ("check", "build", "plan", "publish", "status", "link", "keys list", "keys retire"):
        result = call(verb)
        failed += [verb] * (result.exit_code != 0)
        beside = "".join(capfd.readouterr())
        assert secrets_in(result.stderr + beside + ("" if verb == "link" else result.stdout)) == [], verb
        assert files_with_secrets(site) == (["site.private/ledger.json"] if holds_secrets else []), verb
    assert failed


def mistyped(key: str) -> str:
    """Without its beginning, and with one character doubled."""
    return f"{key[2:30]}{key[29:]}"


@pytest.mark.parametrize("key", [KEYS["a"], mistyped(KEYS["a"])], ids=["whole", "mistyped"])
@pytest.mark.parametrize(
    "line",
    [
        "keys: KEY",
        "keys: a:KEY",
        "keys: [KEY]",
        "keys: {a: KEY}",
        "keys: 'a:KEY",
        "keys: env:KEY",
        "keys: env:a:KEY",
        "keys: file:KEY",
        "keys: file:config/a:KEY",
        "keys: cmd:KEY",
        "keys: cmd:echo KEY",
        "keys: cmd:/bin/echo a:KEY a:KEY",
        "keys: 'cmd:echo \"KEY'",
        "keys: cmd:cat KEY",
    ],
)
def test_a_key_in_the_place_of_its_source_is_not_repeated(
    line: str, key: str, site: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = site / "config/portals.yaml"
    text = config.read_text("utf-8").replace("keys: file:config/portalgen.keys", line.replace("KEY", key))
    config.write_text(text, encoding="utf-8")
    for verb in ("check", "publish", "link", "keys list", "keys retire", "keys rotate"):
        for more in ([], ["--json"]):
            result = call(verb, *more)
            assert secrets_in(result.output + "".join(capfd.readouterr())) == [], f"{verb}: {line}"
            assert result.exit_code == 2 or verb == "check", result.output


@pytest.mark.parametrize("old", ["key: a}", "key: b,"])
def test_a_mistyped_key_in_the_place_of_its_id_is_not_repeated(
    old: str, site: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = site / "config/portals.yaml"
    text = config.read_text("utf-8").replace(old, f"key: {mistyped(KEYS['a'])}{old[-1]}")
    config.write_text(text, encoding="utf-8")
    result = call("check")
    assert secrets_in(result.output + "".join(capfd.readouterr())) == []
    assert "this is not a key id" in result.output


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("key: a}", "key: KEY}"),
        ("key: b,", "key: KEY,"),
        ("version: 1", "version: 1\nKEY: 1"),
        ("id: small", "id: KEY"),
        ("customer: C-2", "customer: KEY"),
        ("  local:", "  KEY: {kind: KEY}\n  local:"),
    ],
)
def test_a_key_anywhere_else_in_the_definitions_is_not_repeated(
    old: str, new: str, site: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = site / "config/portals.yaml"
    config.write_text(config.read_text("utf-8").replace(old, new.replace("KEY", KEYS["a"])), encoding="utf-8")
    for verb in ("check", "publish", "plan", "status", "keys list"):
        result = call(verb)
        assert secrets_in(result.output + "".join(capfd.readouterr())) == [], verb


@pytest.mark.parametrize(
    "text",
    [mistyped(KEYS["a"]), f"a:{mistyped(KEYS['a'])}", f"a:{KEYS['a'][:-1]}", KEYS["a"]],
    ids=["mistyped and without an id", "mistyped", "cut short", "without an id"],
)
def test_a_mistyped_key_in_the_key_file_is_not_repeated(
    text: str, site: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (site / "config/portalgen.keys").write_text(text, encoding="ascii")
    for verb in (verb for verb in VERBS if verb != "demo"):
        result = call(verb)
        assert secrets_in(result.output + "".join(capfd.readouterr())) == [], verb


@pytest.mark.skipif(os.name != "posix", reason="permissions of files are POSIX's")
def test_a_preview_says_nothing_of_a_page_that_it_cannot_read(
    site: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    preview = Preview(site / "build", site / "site", 0, {})
    monkeypatch.setattr(Path, "read_bytes", fail)
    try:
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{preview.address}{TOKEN}/index.html")  # noqa: S310 - loopback
    finally:
        preview.stop()
    assert "".join(capfd.readouterr()) == ""
