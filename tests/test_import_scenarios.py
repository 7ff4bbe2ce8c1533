"""What an admin sees when exports change from one publish to the next, through the real command line and a store."""

import json
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main
from portalgen.keys import key_text

CUSTOMERS = "id,name\nC-1,Ants\nC-2,Bees\n"
HEADING = "number,customer_id,date,status,total\n"
FIRST = "I-1,C-1,2026-01-01,OPEN_RAW,100.00\nI-2,C-1,2026-01-02,OPEN_RAW,50.00\n"
OTHER = "I-3,C-2,2026-01-03,OPEN_RAW,70.00\n"


@dataclass
class Site:
    """Two customers with a portal each. `entry` is what is said about invoices.csv besides its type and path."""

    root: Path
    entry: str = ""
    portals: list[str] = field(default_factory=lambda: ["{customer: C-1, show: ALL}", "{customer: C-2, show: ALL}"])

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, verb: str, *options: str, code: int = 0) -> Result:
        portals = "".join(f"  p{number}: {text}\n" for number, text in enumerate(self.portals, 1))
        self.write(
            "portals.yaml",
            "version: 1\nsite: {id: x, title: x, currency: EUR, as_of: 2026-02-01, base_url: 'https://x.example'}\n"
            "keys: file:keys.txt\nstores:\n  live: {kind: directory, path: live, private: private}\n"
            "exports:\n  - {type: customers, path: customers.csv}\n"
            f"  - {{type: invoices, path: 'invoices*.csv', {self.entry}}}\nportals:\n{portals}",
        )
        result = CliRunner().invoke(main, [verb, "--config", str(self.root / "portals.yaml"), *options])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    def json(self, verb: str, code: int = 0) -> Any:
        return json.loads(self.run(verb, "--json", code=code).stdout)

    def public(self) -> str:
        """Every byte that the world can fetch, and the names of the files."""
        files = [path for path in (self.root / "live").rglob("*") if path.is_file()]
        return "\n".join(f"{path.name}\n{path.read_text(encoding='utf-8', errors='replace')}" for path in files)

    @property
    def rejects(self) -> Path:
        return self.root / "build/rejects.csv"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.write("customers.csv", CUSTOMERS)
    site.write("invoices.csv", HEADING + FIRST + OTHER)
    site.write("keys.txt", f"a:{key_text(bytes(range(32)))}\n")
    (tmp_path / "keys.txt").chmod(0o600)
    return site


def withdrawn(site: Site) -> dict[str, dict[str, int]]:
    return {step["portal"]: step["withdrawn"] for step in site.json("plan")["links"]}


def test_a_document_that_is_missing_from_a_full_export_is_withdrawn_and_the_plan_says_so(site: Site) -> None:
    site.run("publish")
    assert "I-2" in site.public()
    site.write("invoices.csv", HEADING + FIRST.splitlines(keepends=True)[0] + OTHER)
    assert "  - 1 invoice (I-2)\n" in site.run("plan").stdout
    assert withdrawn(site) == {"p1": {"invoices": 1}, "p2": {}}
    assert site.json("publish")["deleted"] >= 1
    assert "I-2" not in site.public()


def test_a_document_that_a_later_incremental_file_does_not_have_stays(site: Site) -> None:
    site.entry = "export: incremental"
    site.run("publish")
    site.write("invoices-2.csv", HEADING + "I-1,C-1,2026-01-01,OPEN_RAW,111.00\n")
    # invoices-2.csv sorts before invoices.csv: the later file is the one that comes later by name.
    (site.root / "invoices.csv").rename(site.root / "invoices-1.csv")
    assert withdrawn(site) == {"p1": {}, "p2": {}}
    site.run("publish")
    assert "111.00" in site.public()
    assert "I-2" in site.public()


@pytest.mark.parametrize("change", [("OPEN_RAW,50", "Cancelled,50"), ("2026-01-02", "2025-01-02")])
def test_a_document_that_is_no_longer_visible_is_withdrawn(site: Site, change: tuple[str, str]) -> None:
    site.entry = "since: 2026-01-01"
    site.run("publish")
    site.write("invoices.csv", (HEADING + FIRST + OTHER).replace(*change))
    assert withdrawn(site)["p1"] == {"invoices": 1}
    site.run("publish")
    assert "I-2" not in site.public()


def test_a_document_in_quarantine_disappears_whole_and_comes_back_when_it_is_mended(site: Site) -> None:
    site.entry = "on_error: quarantine"
    site.run("publish")
    site.write("invoices.csv", (HEADING + FIRST + OTHER).replace("50.00", "fifty"))
    plan = site.run("plan")
    assert "  - 1 invoice (I-2)\n" in plan.stdout
    assert "invoices: I-2 is held back: total: 'fifty' is not a number" in plan.stderr
    said = site.json("publish")
    assert [(each["type"], each["shown"], each["held_back"]) for each in said["exports"]] == [
        ("customers", 2, 0),
        ("invoices", 2, 1),
    ]
    assert "I-2" not in site.public()
    assert stat.S_IMODE(site.rejects.stat().st_mode) == 0o600
    assert site.rejects.read_text().splitlines()[1] == "invoices,I-2,invoices.csv,3,5,total: 'fifty' is not a number"
    site.write("invoices.csv", HEADING + FIRST + OTHER)
    site.run("publish")
    assert "I-2" in site.public()
    assert not site.rejects.exists()


def test_what_is_held_back_is_never_published(site: Site) -> None:
    site.entry = "on_error: quarantine"
    site.write("invoices.csv", (HEADING + FIRST + OTHER).replace("50.00", "canary-value"))
    site.run("publish")
    assert site.rejects.exists()
    for word in ("rejects", "canary-value", "I-2"):
        assert word not in site.public()
    bundles = [path for path in (site.root / "build/bundles").rglob("*") if path.is_file()]
    assert bundles
    assert not [path for path in bundles if b"canary-value" in path.read_bytes()]


def test_a_bad_row_stops_the_publish_before_anything_is_written(site: Site) -> None:
    site.run("publish")
    before = site.public()
    site.write("invoices.csv", (HEADING + FIRST + OTHER).replace("50.00", "fifty").replace("70.00", "71.00"))
    assert "total: 'fifty' is not a number" in site.run("publish", code=2).stderr
    assert site.public() == before


def test_above_the_limit_nothing_is_published(site: Site) -> None:
    site.entry = "on_error: quarantine, limit: 1"
    site.run("publish")
    before = site.public()
    site.write("invoices.csv", (HEADING + FIRST + OTHER).replace("0.00", "x"))
    assert "3 invoices would be held back, and the limit is 1" in site.run("publish", code=2).stderr
    assert site.public() == before


def test_a_raw_status_is_in_no_byte_that_is_built(site: Site) -> None:
    site.entry = "status: {OPEN: Awaiting payment}"
    site.run("publish")
    assert "OPEN_RAW" not in site.public()
    assert "Issued" in site.public()


def test_a_hidden_status_is_in_no_byte_that_is_built(site: Site) -> None:
    site.entry = "visible: {status: [OPEN_RAW]}, status: {OPEN_RAW: Open}"
    site.write("invoices.csv", HEADING + FIRST + OTHER + "I-9,C-1,2026-01-09,SECRET_STATE,9.87\n")
    said = site.run("publish")
    assert "status: 'SECRET_STATE' is not one that `visible` names: hidden" in said.stderr
    for word in ("SECRET_STATE", "I-9", "9.87", "OPEN_RAW"):
        assert word not in site.public()


def test_a_column_that_nobody_mapped_is_in_no_byte_that_is_built(site: Site) -> None:
    site.entry = "ignore: ALL"
    rows = (
        (HEADING + FIRST + OTHER)
        .replace("\n", ",canary-private\n")
        .replace("total,canary-private", "total,Private notes")
    )
    site.write("invoices.csv", rows)
    site.run("publish")
    assert "canary-private" not in site.public()
    [_, invoices] = site.json("build")["exports"]
    assert invoices["dropped_columns"] == ["Private notes"]


def test_check_counts_what_is_left_out_and_held_back(site: Site) -> None:
    site.entry = "on_error: quarantine, totals: Total, since: 2026-01-02"
    site.write(
        "invoices.csv", f"Report of invoices,,,,\n,,,,\n{HEADING}{FIRST}{OTHER}I-4,C-1,soon,OPEN_RAW,1\nTotal,,,,220\n"
    )
    said = site.run("check")
    [line] = [line for line in said.stdout.splitlines() if line.startswith("invoices:")]
    assert line == (
        "invoices: 2 from 5 rows; left out: 2 rows above the heading, 1 totals, 1 before 2026-01-02, 1 held back"
    )
    assert not site.rejects.exists()


def test_check_names_the_values_that_rows_leaves_out(site: Site) -> None:
    site.entry = "rows: {Kind: [Sale]}, ignore: ALL"
    kinds = ["Bill", "Bill", *(f"K{number:02}" for number in range(12)), "\x1b[31m", "\x1b[31m"]
    rows = "".join(f"I-{number},C-1,2026-01-01,OPEN_RAW,1,{kind}\n" for number, kind in enumerate(["Sale", *kinds]))
    site.write("invoices.csv", f"{HEADING.strip()},Kind\n{rows}")
    lines = site.run("check").stdout.splitlines()
    at = lines.index("invoices: 1 from 17 rows; left out: 16 rows that `rows` leaves out")
    some = ", ".join(f"'K{number:02}' 1" for number in range(8))
    assert lines[at + 1] == f"  by `rows`: Kind: '\\x1b[31m' 2, 'Bill' 2, {some}; and 4 more values"
    [told] = [each for each in site.json("check")["exports"] if each["type"] == "invoices"]
    assert told["left_out_values"][1] == {"heading": "Kind", "value": "Bill", "count": 2}
    assert len(told["left_out_values"]) == 10


def test_a_customer_in_quarantine_with_a_portal_stops_all(site: Site) -> None:
    """Whose link it is must be known."""
    site.write("customers.csv", "id,name\nC-1,Ants\nC-2,\n")
    said = site.run("check", code=2).stderr
    assert "customers.csv:3:2: name: must not be empty" in said
