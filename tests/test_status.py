"""`portalgen status` as the people who run a site meet it."""

import csv
import io
import json
import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main
from portalgen.commands.demo import demo
from portalgen.progress import SILENT
from tests.overviews import FORMULA, HEBREW, SCRIPT

CUSTOMERS = f"""\
id,name,status
C-1,Ants & Sons,Active
C-2,Bees Ltd,On hold
C-3,{SCRIPT},Active
C-4,"{FORMULA.replace('"', '""')}",=1+1
C-5,{HEBREW},
"""
INVOICES = """\
number,customer_id,date,currency,total
INV-1,C-1,2026-10-01,EUR,100.00
INV-2,C-1,2026-10-02,EUR,100.00
INV-3,C-3,2026-10-03,EUR,100.00
INV-4,C-4,2026-10-04,EUR,100.00
"""
PORTALS = """\
  ants: {customer: C-1, show: ALL, contacts: {ann: {name: Ann Lee, email: ann@ants.example, show: [invoices]}}}
  bees: {customer: C-2, show: [invoices], enabled: false}
"""


class Made:
    """A site with two portals and five customers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = root / "config/portals.yaml"
        self.write("exports/customers.csv", CUSTOMERS)
        self.write("exports/invoices.csv", INVOICES)
        self.write("exports/pdf/readme.txt", "documents' files")
        self.define(PORTALS)
        CliRunner().invoke(main, ["keys", "new", str(root / "config/my.keys")])

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def define(self, portals: str) -> None:
        self.write(
            "config/portals.yaml",
            "version: 1\n"
            "site: {id: made, title: Made, base_url: 'https://portals.example', as_of: 2026-11-20}\n"
            "keys: file:config/my.keys\n"
            "exports:\n"
            "  - {type: customers, path: exports/customers.csv}\n"
            "  - {type: invoices, path: exports/invoices.csv, attachments: {folder: exports/pdf, name: '{number}'}}\n"
            "stores:\n  local: {kind: directory, path: site}\n  other: {kind: directory, path: www/public}\n"
            f"portals:\n{portals}",
        )

    def run(self, *arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, [*arguments, "--config", str(self.config)])
        assert result.exit_code == code, result.output
        return result

    def status(self, *options: str) -> str:
        return self.run("status", *options).stdout

    def links(self, *options: str) -> list[str]:
        """The links that these options leave, and the ids of customers without a portal."""
        found = json.loads(self.status("--json", *options))
        links = [f"{each['portal']}/{each['contact']}".rstrip("/") for each in found["links"]]
        return links + [each["id"] for each in found["customers"] if not each["portals"]]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


@pytest.fixture
def published(made: Made) -> Made:
    made.run("publish")
    return made


def test_before_a_build_the_definitions_are_shown_and_that_is_said(made: Made) -> None:
    said = made.run("status")
    assert "nothing is built yet" in said.stderr
    assert "  ants/ann  Ann Lee live" in said.stdout
    assert "without a portal" not in said.stdout
    found = json.loads(made.status("--json"))
    assert (found["as_of"], {each["exported"] for each in found["customers"]}) == (None, {None})


def test_after_a_build_every_customer_of_the_exports_is_there(published: Made) -> None:
    said = published.run("status")
    assert said.stderr == ""
    for name in ("C-1  Ants & Sons  (Active)", "C-2  Bees Ltd  (On hold)", f"  C-3  {SCRIPT}  (Active)  1 document"):
        assert f"\n{name}\n" in said.stdout
    assert "3 customers without a portal" in said.stdout
    assert said.stdout.endswith(
        "3 links of 2 customers, 2 live; store 'local'\n5 customers in the exports of 2026-11-20, as built last\n"
    )


def test_json_keeps_its_fields_and_has_more(published: Made) -> None:
    found = json.loads(published.status("--json"))
    ann = found["links"][1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", ann.pop("last_published"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", ann.pop("issued"))
    assert ann == {
        "portal": "ants",
        "contact": "ann",
        "customer": "C-1",
        "state": "live",
        "published": "yes",
        "revision": 1,
        "types": {"invoices": 2},
        "name": "Ann Lee",
        "email": "ann@ants.example",
        "expires": None,
    }
    bees = found["links"][2]
    assert (bees["state"], bees["published"], bees["issued"], bees["last_published"]) == ("disabled", "no", None, None)
    assert found["store"] == "local"
    assert found["as_of"] == "2026-11-20"
    assert found["customers"][0] == {
        "id": "C-1",
        "name": "Ants & Sons",
        "status": "Active",
        "documents": 2,
        "exported": True,
        "portals": ["ants"],
    }
    assert [(each["id"], each["portals"]) for each in found["customers"][2:]] == [("C-3", []), ("C-4", []), ("C-5", [])]


def test_status_reads_no_export(published: Made) -> None:
    before = published.status()
    for file in (published.root / "exports").glob("*.csv"):
        file.unlink()
    assert published.status() == before


def test_what_changed_since_the_publish_is_outdated_and_filters_find_it(published: Made) -> None:
    published.write("exports/invoices.csv", INVOICES + "INV-5,C-1,2026-11-05,EUR,7.00\n")
    published.run("build")
    assert published.links("--published", "outdated") == ["ants", "ants/ann"]
    assert published.links("--published", "yes") == []
    published.run("publish")
    assert published.links("--published", "yes") == ["ants", "ants/ann"]


def test_each_option_reaches_its_filter(published: Made) -> None:
    published.define(f"{PORTALS}  crows: {{customer: C-3, show: [invoices], expires: 2026-01-01}}\n")
    assert published.links("--customer", "C-1") == ["ants", "ants/ann"]
    assert published.links("--portal", "bees") == ["bees"]
    assert published.links("--state", "expired") == ["crows"]
    assert published.links("--type", "orders") == ["ants"]
    assert published.links("--erp-status", "on hold") == ["bees"]
    assert published.links("--search", "ANN LEE") == ["ants/ann"]
    assert published.links("--with-portal") == ["ants", "ants/ann", "bees", "crows"]
    assert published.links("--without-portal") == ["C-4", "C-5"]
    assert published.links("--expires-within", "100000") == []
    assert published.links("--state", "live", "--type", "invoices", "--search", "ann@") == ["ants/ann"]


def test_what_names_nothing_is_refused_with_what_was_meant(published: Made) -> None:
    said = published.run("status", "--customer", "C1", code=2).stderr
    assert said == "--customer: there is no 'C1'\n  hint: did you mean 'C-1'?\n"
    assert "did you mean 'live'?" in published.run("status", "--state", "lives", code=2).stderr
    published.run("status", "--without-portal", "--state", "live", code=2)
    published.run("status", "--expires-within", "-1", code=2)


# Files.


def test_a_table_is_printed_or_written_for_its_owner(published: Made) -> None:
    printed = published.run("status", "--csv", "-").stdout_bytes
    file = published.root / "build/status.csv"
    assert "internal, do not publish" in published.status("--csv", str(file))
    assert file.read_bytes() == b"\xef\xbb\xbf" + printed
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(printed.decode(), newline=""), strict=True))
    assert [(each["customer"], each["portal"], each["invoices"]) for each in rows] == [
        ("C-1", "ants", "2"),
        ("C-1", "ants", "2"),
        ("C-2", "bees", "yes"),
        ("C-3", "", ""),
        ("C-4", "", ""),
        ("C-5", "", ""),
    ]
    assert rows[4]["customer_name"] == f"'{FORMULA}"
    assert rows[4]["erp_status"] == "'=1+1"


def test_a_page_is_written_for_its_owner_and_anew_each_time(published: Made) -> None:
    file = published.root / "new/status.html"
    said = published.status("--html", str(file))
    assert said == f"wrote {file}: 3 links of 5 customers; internal, do not publish\n"
    whole = file.read_text("utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in whole
    assert SCRIPT not in whole
    published.status("--html", str(file), "--customer", "C-2")
    assert "Ants &amp; Sons" in whole
    assert "Ants &amp; Sons" not in file.read_text("utf-8")
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_no_file_holds_a_link(published: Made) -> None:
    page, table = published.root / "status.html", published.root / "status.csv"
    published.status("--html", str(page), "--csv", str(table))
    links = published.run("link").stdout
    tokens = re.findall(r"p[0-9a-z]{59}", links)
    assert len(tokens) == 3
    for text in (page.read_text("utf-8"), table.read_text("utf-8"), published.status("--json")):
        assert not re.search(r"p[0-9a-z]{59}", text)
        assert "portals.example" not in text


@pytest.mark.parametrize("option", ["--html", "--csv"])
@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("build/bundles/status.x", "the bundles of customers"),
        ("build/bundles/ants/_/status.x", "the bundles of customers"),
        ("site/status.x", "the public folder of store 'local'"),
        ("site/new/folder/status.x", "the public folder of store 'local'"),
        ("www/public/status.x", "the public folder of store 'other'"),
        ("build/../site/status.x", "the public folder of store 'local'"),
        ("symlink/status.x", "the public folder of store 'local'"),
        ("exports/pdf/status.x", "a folder of documents' files"),
    ],
)
def test_nothing_is_written_where_others_could_read_it(published: Made, option: str, place: str, what: str) -> None:
    (published.root / "symlink").symlink_to(published.root / "site")
    before = sorted(published.root.rglob("*"))
    said = published.run("status", option, str(published.root / place), code=2).stderr
    assert f"would lie in {what}" in said
    assert sorted(published.root.rglob("*")) == before


def test_a_published_folder_is_known_by_any_of_its_names(published: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(published.root / "site")
    assert "public folder" in published.run("status", "--html", "status.html", code=2).stderr
    # As on a disk that does not tell upper case from lower: another name, the same folder.
    (published.root / "site").rename(published.root / "elsewhere")
    (published.root / "site").symlink_to(published.root / "elsewhere")
    said = published.run("status", "--html", str(published.root / "elsewhere/x.html"), code=2).stderr
    assert "public folder" in said


@pytest.mark.parametrize("option", ["--html", "--csv"])
@pytest.mark.parametrize("name", ["config/portals.yaml", "config/my.keys", "exports/customers.csv"])
def test_a_file_that_is_something_else_is_left_as_it_is(published: Made, option: str, name: str) -> None:
    before = (published.root / name).read_bytes()
    said = published.run("status", option, str(published.root / name), code=2).stderr
    assert "is something else, and was left as it is" in said
    assert (published.root / name).read_bytes() == before


def test_a_page_does_not_replace_a_table_nor_a_table_a_page(published: Made) -> None:
    page, table = str(published.root / "a"), str(published.root / "b")
    published.status("--html", page, "--csv", table)
    published.status("--html", page, "--csv", table)
    published.run("status", "--html", table, code=2)
    published.run("status", "--csv", page, code=2)


def test_a_place_that_cannot_be_written_is_one_sentence(published: Made) -> None:
    said = published.run("status", "--html", str(published.config / "x.html"), code=2).stderr
    assert said.endswith("x.html cannot be written: File exists\n")


def test_options_that_contradict_each_other_are_refused(published: Made) -> None:
    published.run("status", "--json", "--csv", "-", code=2)
    published.run("status", "--html", "x", "--csv", "x", code=2)


def test_the_demo_company_is_seen_whole(tmp_path: Path) -> None:
    demo(tmp_path, "portalgen", SILENT)
    config = ("--config", str(tmp_path / "config/portals.yaml"))
    said = CliRunner().invoke(main, ["status", *config]).stdout
    assert said.endswith(
        "60 links of 40 customers, 59 live; store 'local'\n40 customers in the exports of 2026-10-31, as built last\n"
    )
    for customer in ("0012  Clareen Lantern Shop  (Active)", "12  Quayside Teas & Sundries Ltd.  (Active)"):
        assert f"\n{customer}\n" in said
    assert max(len(line) for line in said.splitlines()) <= 124
    found = json.loads(CliRunner().invoke(main, ["status", "--json", "--search", "ann@clareen", *config]).stdout)
    assert [(each["portal"], each["contact"]) for each in found["links"]] == [("clareen", "ann")]
