"""The command line as a user meets it."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main
from portalgen.commands.demo import demo
from portalgen.commands.publish import PublishReport
from portalgen.commands.report import Done
from portalgen.demo import write_demo
from portalgen.errors import Location, PortalgenError, Problem
from portalgen.links import TOKEN, KeyRing, fingerprint
from portalgen.pipeline import Published
from portalgen.preview import Preview
from portalgen.progress import SILENT
from portalgen.stores import memory
from portalgen.stores.base import Failure
from tests.s3_server import S3Server

VERBS = (
    "init",
    "check",
    "build",
    "preview",
    "plan",
    "publish",
    "run",
    "watch",
    "link",
    "email",
    "status",
    "keys",
    "schema",
    "demo",
)
EDITS = ("grant", "revoke", "enable", "disable", "rotate")


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == code, f"{arguments}: {result.output}"
    assert "Traceback" not in result.output
    return result


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company, built and published to a directory."""
    folder = tmp_path_factory.mktemp("demo")
    demo(folder, "portalgen", SILENT)
    return folder


def config(folder: Path) -> str:
    return str(folder / "config/portals.yaml")


def tokens_in(text: str | bytes) -> list[str]:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return re.findall(r"p[0-9a-z]{59}", said.lower())


def test_help_names_every_verb() -> None:
    said = run("--help").stdout
    assert [verb for verb in (*VERBS, *EDITS, "portal", "contact") if f"\n  {verb} " not in said] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_and_offers_json(verb: str) -> None:
    said = run(*([verb, "new"] if verb == "keys" else [verb]), "--help").stdout
    assert "--json" in said


@pytest.mark.parametrize(
    "verb", [*((each,) for each in EDITS), ("portal", "remove"), ("contact", "remove"), ("keys", "rotate")]
)
def test_every_edit_explains_itself_and_what_it_may_touch(verb: tuple[str, ...]) -> None:
    said = run(*verb, "--help").stdout
    assert [option for option in ("--all", "--customer", "--role", "--expect", "--json") if option not in said] == []


def test_a_portal_is_defined_and_changed_and_removed_at_the_command_line(tmp_path: Path) -> None:
    write_demo(tmp_path)
    named = ("--config", config(tmp_path))
    before = Path(config(tmp_path)).read_text("utf-8")
    run("portal", "add", "new", "--customer", "K-1005", "--name", "X", "--show", "invoices, buyers", *named)
    run("contact", "add", "new/di", "--name", "Di: O'Shea", "--show", "invoices", "--branch", "1e3", *named)
    run("grant", "ALL", "new/di", *named)
    run("revoke", "invoices", "new", "--yes", "--expect", "2", *named)
    run("rotate", "new/di", *named)
    shown = run("portal", "show", "new", "--json", *named).stdout
    portal, contact = json.loads(shown)["links"]
    assert (portal["types"], contact["types"]) == (["quotes", "orders"], ["quotes", "orders"])
    assert (contact["name"], contact["revision"], contact["branches"]) == ("Di: O'Shea", 2, ["1e3"])
    assert "there already" in run("portal", "add", "new", "--customer", "1", *named, code=2).stderr
    assert "of 39 customers" in run("disable", "--all", *named, code=3).stderr
    report = json.loads(run("portal", "remove", "new", "--yes", "--expect", "2", "--json", *named).stdout)
    assert [link["becomes"] for link in report["links"]] == ["deleted", "deleted"]
    assert Path(config(tmp_path)).read_text("utf-8").rstrip() == before.rstrip()
    assert "nothing to change" in run("enable", "clareen", *named).stdout


def test_init_writes_a_starter_that_loads_and_never_overwrites(tmp_path: Path) -> None:
    run("init", "--config", config(tmp_path))
    before = Path(config(tmp_path)).read_bytes()
    said = run("check", "--config", config(tmp_path), code=2).stderr
    assert "there is no file 'exports/customers.csv'" in said
    assert "unknown" not in said
    assert "is there already" in run("init", "--config", config(tmp_path), code=2).stderr
    assert Path(config(tmp_path)).read_bytes() == before


def test_the_schema_describes_the_starter() -> None:
    schema = json.loads(run("schema").stdout)
    assert {"version", "site", "exports", "stores", "portals"} <= schema["properties"].keys()
    assert json.loads(run("schema", "--json").stdout) == schema


def test_check_says_what_each_link_would_show(published: Path) -> None:
    report = json.loads(run("check", "--config", config(published), "--json").stdout)
    assert report["errors"] == []
    by_id = {(link["portal"], link["contact"]): link["types"] for link in report["links"]}
    counted = by_id["clareen", ""]["invoices"]
    with (published / "exports/invoices.csv").open(encoding="utf-8") as file:
        assert 0 < counted["count"] < len(file.readlines())
    assert counted["first_date"] <= counted["last_date"] <= "2026-10-30"
    assert " invoices, " in run("check", "--config", config(published)).stdout


def test_check_counts_what_a_link_shows_of_its_branches_and_names_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "portals.yaml").write_text(
        "version: 1\nsite: {id: x, title: X, currency: EUR}\n"
        "exports: [{type: customers, path: customers.csv}, {type: invoices, path: invoices.csv}]\n"
        "portals:\n  acme:\n    {customer: C-1, show: ALL, contacts: {ann: {show: ALL, branches: [North, Nort]},\n"
        "     bob: {show: ALL, branches: []}}}\n",
        encoding="utf-8",
    )
    (tmp_path / "customers.csv").write_text("id,name\nC-1,Acme\n", encoding="utf-8")
    (tmp_path / "invoices.csv").write_text(
        "number,customer_id,date,branch\n1,C-1,2026-01-01,North\n2,C-1,2026-02-01,South\n3,C-1,2026-03-01,\n",
        encoding="utf-8",
    )
    done = run("check", "--config", str(tmp_path / "portals.yaml"), "--json")
    report = json.loads(done.stdout)
    assert [(link["contact"], link["branches"], link["types"]) for link in report["links"]] == [
        ("", None, {"invoices": {"count": 3, "first_date": "2026-01-01", "last_date": "2026-03-01"}}),
        ("ann", ["North", "Nort"], {"invoices": {"count": 1, "first_date": "2026-01-01", "last_date": "2026-01-01"}}),
        ("bob", [], {}),
    ]
    assert [warning["hint"] for warning in report["warnings"]] == ["did you mean 'North'?"]
    said = run("check", "--config", str(tmp_path / "portals.yaml"))
    assert "acme/ann (branches North, Nort):\n      1 invoice, 2026-01-01 to 2026-01-01\n" in said.stdout
    assert "acme/bob (no branch): the profile alone\n" in said.stdout
    assert "no document of customer 'C-1' is of branch 'Nort'" in said.stderr


def test_check_finds_a_broken_template_a_private_folder_in_public_and_warns_of_a_missing_key(
    published: Path, tmp_path: Path
) -> None:
    for folder in ("config", "exports"):
        shutil.copytree(published / folder, tmp_path / folder)
    shutil.copy(published / "bulletin.md", tmp_path)
    path = Path(config(tmp_path))
    path.write_text(path.read_text(encoding="utf-8").replace("path: site}", "path: site, private: site/x}"), "utf-8")
    (tmp_path / "config/portalgen.keys").unlink()
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/invoice.html").write_text("<p>\n{% if %}", encoding="utf-8")
    said = run("check", "--config", config(tmp_path), code=2).stderr
    assert re.search(r"templates/invoice\.html:2: this template cannot be rendered", said)
    assert "private" in said
    assert "warning: keys: there is no file" in said


def test_a_second_build_and_publish_change_nothing(published: Path) -> None:
    build = json.loads(run("build", "--config", config(published), "--json").stdout)
    assert (build["rendered"], build["files_written"], build["removed"]) == (0, 0, 0)
    done = json.loads(run("publish", "--config", config(published), "--json").stdout)
    assert (done["uploaded"], done["deleted"], done["purged_links"], done["failed"]) == (0, 0, 0, [])
    assert done["requests"] == 1


def test_plan_keeps_everything_after_a_publish(published: Path) -> None:
    plan = json.loads(run("plan", "--config", config(published), "--json").stdout)
    assert plan["refused"] is None
    assert {link["action"] for link in plan["links"]} == {"keep"}


def test_link_prints_one_address_and_nothing_else(published: Path) -> None:
    said = run("link", "clareen", "--config", config(published)).stdout
    assert re.fullmatch(r"http://127\.0\.0\.1:8750/p[0-9a-z]{59}/index\.html\n", said)
    assert TOKEN.fullmatch(said.split("/")[3])
    assert (published / "site" / said.split("/")[3] / "index.html").is_file()


def test_link_as_json_is_a_list(published: Path) -> None:
    [link] = json.loads(run("link", "clareen", "ann", "--config", config(published), "--json").stdout)
    assert link.keys() == {"portal", "contact", "url", "fingerprint", "state"}
    assert (link["portal"], link["contact"], link["state"]) == ("clareen", "ann", "live")


def test_a_wrong_portal_or_contact_is_met_with_the_nearest_one(published: Path) -> None:
    said = run("link", "clarene", "--config", config(published), code=2).stderr
    assert "there is no portal 'clarene'" in said
    assert "did you mean 'clareen'?" in said
    assert "did you mean 'ann'?" in run("link", "clareen", "anne", "--config", config(published), code=2).stderr


def test_the_link_of_a_disabled_portal_comes_with_a_warning(published: Path) -> None:
    links = json.loads(run("link", "--config", config(published), "--json").stdout)
    disabled = next(link["portal"] for link in links if link["state"] == "disabled")
    assert "does not answer" in run("link", disabled, "--config", config(published)).stderr


def test_status_lists_every_portal_and_contact(published: Path) -> None:
    report = json.loads(run("status", "--config", config(published), "--json").stdout)
    links = json.loads(run("link", "--config", config(published), "--json").stdout)
    assert len(report["links"]) == len(links)
    assert {link["published"] for link in report["links"] if link["state"] == "live"} == {"yes"}
    assert {link["published"] for link in report["links"] if link["state"] == "disabled"} == {"no"}
    assert "clareen/ann" in run("status", "--config", config(published)).stdout


def test_an_id_that_no_link_could_carry_is_refused_at_once() -> None:
    for key_id in ("l", "zz", "A", ""):
        run("keys", "new", "--id", key_id, code=2)


def test_keys_new_prints_a_key_or_writes_a_file_for_its_owner(tmp_path: Path) -> None:
    assert re.fullmatch(r"a:pgk1_[0-9a-hjkmnp-tv-z]{56}\n", run("keys", "new").stdout)
    said = run("keys", "new", str(tmp_path / "my.keys"), "--id", "b").stdout
    assert "pgk1_" not in said
    assert stat.S_IMODE((tmp_path / "my.keys").stat().st_mode) == 0o600
    assert (tmp_path / "my.keys").read_text(encoding="ascii").startswith("b:pgk1_")


def test_a_missing_config_is_one_sentence() -> None:
    said = run("build", "--config", "nowhere/portals.yaml", code=2)
    assert said.stderr.startswith("nowhere/portals.yaml: there is no such file")
    errors = json.loads(run("build", "--config", "nowhere/portals.yaml", "--json", code=2).stdout)
    assert len(errors["errors"]) == 1


def test_an_unknown_store_is_met_with_the_nearest_one(published: Path) -> None:
    said = run("plan", "--config", config(published), "--store", "lokal", code=2).stderr
    assert "did you mean 'local'?" in said


def test_what_nobody_foresaw_is_a_sentence_too(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the moon is full")

    monkeypatch.setattr("portalgen.commands.status.read_ledger", fail)
    said = run("status", "--config", config(published), code=1).stderr
    assert "unexpected RuntimeError: the moon is full" in said


# Tokens: no verb but those that are there for it prints one, whatever the log level and whatever fails.

QUIET = [
    ["check"],
    ["build"],
    ["plan"],
    ["publish"],
    ["status"],
    ["check", "--json"],
    ["build", "--json"],
    ["plan", "--json"],
    ["publish", "--json"],
    ["status", "--json"],
]


def portalgen(*arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, so that logging is as it is for users."""
    command = [sys.executable, "-m", "portalgen", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"})
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


def test_no_verb_prints_a_token_while_it_talks_to_s3_at_debug_level(
    tmp_path: Path, s3_server: S3Server, s3_bucket: str
) -> None:
    write_demo(tmp_path)
    run("keys", "new", str(tmp_path / "config/portalgen.keys"))
    path = Path(config(tmp_path))
    store = f"{{kind: s3, bucket: {s3_bucket}, region: us-east-1, endpoint: '{s3_server.endpoint}'}}"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^  local: .*$", f"  local: {store}", text), encoding="utf-8")
    said = ""
    for verb in QUIET:
        done = portalgen("--log-level", "debug", *verb, "--config", config(tmp_path))
        said += done.stdout + done.stderr
    path.write_text(path.read_text(encoding="utf-8").replace("revision: 3", "revision: 4", 1), encoding="utf-8")
    done = portalgen("--log-level", "debug", "publish", "--config", config(tmp_path))
    said += done.stdout + done.stderr
    # A bucket that is gone fails every request; what was built for it must still not be spelled out.
    missing = path.read_text(encoding="utf-8").replace(s3_bucket, "portals-that-is-not-there")
    path.write_text(missing, encoding="utf-8")
    for verb in (["publish"], ["plan"], ["status"], ["publish", "--json"]):
        done = portalgen("--log-level", "debug", *verb, "--config", config(tmp_path), code=1)
        said += done.stdout + done.stderr
    assert "PutObject" in said, "the S3 client did log what it was doing"
    assert re.search(r"public/\[[0-9a-f]{10}\]/", said), "keys are logged by fingerprint"
    assert tokens_in(said) == []
    assert "pgk1_" not in said


def test_failures_of_single_objects_are_named_by_fingerprint(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = memory.MemoryStore(lambda action, key: "full" if action == "write" and key.endswith("index.html") else None)
    monkeypatch.setattr("portalgen.commands.project.open_store", lambda _: store)
    for options in ([], ["--json"]):
        result = run("publish", "--config", config(published), *options, code=1)
        assert tokens_in(result.output) == []
        assert re.search(r"public/\[[0-9a-f]{10}\]/index\.html", result.output)
    assert "NOT COMPLETE" in run("publish", "--config", config(published), code=1).stdout


TOKEN_OF_BEES = KeyRing("small", {"a": bytes(range(32))}).token("a", "bees", "", 1)


class Leaky(Done):
    """A report that holds a token wherever a report can hold text."""

    def to_json(self) -> object:
        return {"a": TOKEN_OF_BEES, TOKEN_OF_BEES.upper(): [TOKEN_OF_BEES]}

    def to_text(self) -> str:
        return f"see {TOKEN_OF_BEES}"

    def problems(self) -> list[Problem]:
        return [Problem(Location(TOKEN_OF_BEES), TOKEN_OF_BEES, TOKEN_OF_BEES)]

    def warnings(self) -> list[Problem]:
        return self.problems()


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("outcome", ["report", "problem", "files", "bug"])
def test_a_token_that_slips_into_a_report_or_an_error_is_not_printed(
    published: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], outcome: str
) -> None:
    failures = {
        "problem": PortalgenError(TOKEN_OF_BEES, TOKEN_OF_BEES, Location(TOKEN_OF_BEES)),
        "files": PermissionError(13, TOKEN_OF_BEES, f"/srv/site/{TOKEN_OF_BEES}/index.html"),
        "bug": RuntimeError(TOKEN_OF_BEES),
    }

    def verb(*_: object) -> Leaky:
        if outcome in failures:
            raise failures[outcome]
        return Leaky()

    monkeypatch.setattr("portalgen.cli.overview.run_status", verb)
    result = CliRunner().invoke(main, ["status", "--config", config(published), *options])
    assert fingerprint(TOKEN_OF_BEES) in result.output
    assert tokens_in(result.output) == []


def test_failures_in_json_hold_no_token() -> None:
    failure = Failure(f"public/{TOKEN_OF_BEES}/index.html", "put", f"no {TOKEN_OF_BEES}")
    report = PublishReport(Published((), 0, 0, 0, 0, (failure,)), 1, 0, {})
    assert tokens_in(json.dumps(report.to_json())) == []


def test_publish_prints_links_only_where_it_is_told_to(published: Path) -> None:
    assert tokens_in(run("publish", "--config", config(published)).output) == []
    assert tokens_in(run("publish", "--show-links", "--config", config(published)).stdout)


def test_nothing_under_build_holds_a_token(published: Path) -> None:
    files = [path for path in (published / "build").rglob("*") if path.is_file()]
    assert files
    holding = [path for path in files if tokens_in(path.read_bytes()) or tokens_in(str(path.relative_to(published)))]
    assert holding == []


def test_nothing_private_is_under_the_public_root(published: Path) -> None:
    public = {path.relative_to(published / "site").parts[0] for path in (published / "site").rglob("*")}
    assert public
    assert all(TOKEN.fullmatch(name) for name in public)
    assert (published / "site.private").is_dir()


# The preview.


def fetch(url: str, host: str | None = None) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read(), dict(answer.headers)
    except HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def test_the_preview_answers_links_and_says_no_more_of_what_is_not_there(published: Path) -> None:
    preview = Preview(published / "build", published / "site", 0, {"bundles/clareen/_/index.html": "clareen"})
    try:
        url = run("link", "clareen", "--config", config(published)).stdout.strip()
        path = url.removeprefix("http://127.0.0.1:8750/")
        status, body, headers = fetch(preview.address + path)
        assert (status, body) == (200, (published / "site" / path).read_bytes())
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert fetch(preview.address)[0] == 200
        assert fetch(preview.address + "bundles/clareen/_/index.html")[1] == body
        absent = [
            path[:-12] + "x/index.html",
            "p" + "0" * 59 + "/index.html",
            path.removesuffix("index.html"),
            "bundles/",
            "bundles/../../config/portalgen.keys",
            "..%2fconfig/portalgen.keys",
            "../site.private/ledger.json",
            "manifests/clareen/_.json",
            "memory/clareen/_.json",
            "bundles/../memory/clareen/_.json",
            "bundles/../manifests/clareen/_.json",
            "bundles/%2e%2e/manifests/clareen/_.json",
            "bundles/clareen/_/../../../manifests/clareen/_.json",
        ]
        answers = {fetch(preview.address + each)[:2] for each in absent}
        assert {status for status, _ in answers} == {404}
        assert len(answers) == 1, "one answer for all"
        assert fetch(preview.address + path, host="evil.example")[0] == 404
    finally:
        preview.stop()


def test_a_port_that_is_taken_is_one_sentence(published: Path) -> None:
    preview = Preview(published / "build", None, 0, {})
    try:
        port = preview.address.rstrip("/").rpartition(":")[2]
        said = run("preview", "--config", config(published), "--port", port, code=1).stderr
        assert "cannot listen on" in said
    finally:
        preview.stop()
