"""What is fuzzed: each target is a loader with the sites that reach it, one file of which is put in the input's place.

The sites are the samples of the profiles, and small ones of its own. An input begins with one byte that picks a site;
what follows is the file. It passes if it ends in a book, or in an error that is told in a line for each problem.
"""

import gzip
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import zstandard

from portalgen import definitions
from portalgen.database import Database
from portalgen.errors import Location, PortalgenError, Problem
from portalgen.exports.cells import type_parts
from portalgen.exports.columns import HEADERS, LINES
from portalgen.exports.files import Place, files_of, format_of, open_source
from portalgen.exports.headings import is_heading, match, wanted, wanted_lines
from portalgen.exports.loading import stage
from portalgen.exports.reader import read_exports
from portalgen.exports.readings import Readings
from portalgen.exports.staging import Staging
from portalgen.exports.textfile import check_table, read_places
from portalgen.model import Definitions, ExportSource
from tests.exports.profile_cases import NAMES, write_case
from tests.exports.xlsx import one_row, packed, parts_of

TARGETS = ("csv", "xlsx", "json", "xml", "yaml", "packed", "sqlite", "parquet", "pdf")
_STAGED, _WHOLE = 8, 64
"""One input in so many goes into the database, and one in so many to the end: each takes ten times as long."""
_LONGEST_MESSAGE = 2_000
_ROOT = Path(__file__).parents[2]

_PEOPLE = "id,name,city\nC-1,Ants & Sons,Aarhus\nC-2,Bees Ltd,Bergen\n"
_HEADERS = (
    "number,customer_id,date,currency,total,balance\nI-1,C-1,2026-01-31,EUR,12.50,0\nI-2,C-2,2026-02-01,EUR,5,5\n"
)
_LINES = 'number,line,description,quantity,amount\nI-1,1,"Beans, ""raw""",2,12.50\nI-2,1,Rice,1,5\n'
_WESTERN = "number;customer_id;date;total;item;quantity;amount\nI-1;C-1;31.01.2026;1.234,50;Öl;2;1.234,50\n"
_REPORT = (
    "Sales by customer\nJanuary\n\nnumber,customer_id,date,total,item,quantity,amount\nC-1,,,,,,\n"
    "I-1,,31/01/2026,EUR 12.00,a,1,10.00\n,,,,b,2,2.00\nTotal,,,12.00,,,12.00\nC-2,,,,,,\n"
    "I-2,,13/02/2026,(5.00),c,1,-5\n"
)
_RECORDS = [
    {"number": "I-1", "customer_id": "C-1", "date": "2026-01-31", "total": 12.5, "lines": [{"item": "a", "amount": 2}]},
    {"number": "I-2", "customer_id": "C-2", "date": "/Date(1769817600000)/", "total": 5, "lines": []},
]
_SHEET = one_row(
    *(f'<c t="inlineStr"><is><t>{title}</t></is></c>' for title in ("id", "name", "city")),
    '</row><row><c r="A2"><v>12</v></c><c r="B2" t="s"><v>0</v></c><c r="C2" s="1"><v>45688.5</v></c>',
)
_READ = "version: 1\nsite: {id: x, title: x, currency: EUR}\n"
_DEFINITIONS = f"""{_READ}keys: env:KEYS
roles: {{payer: [invoices, credit_notes]}}
stores:
  out: {{kind: directory, path: public, private: ../private}}
  s3: {{kind: s3, bucket: b, region: eu-north-1, prefix: a/b/}}
exports:
  - {{type: customers, path: c.csv, columns: {{street: {{join: [A1, A2]}}, name: [Full Name, Name]}}, ignore: ALL}}
  - type: invoices
    path: "*.csv"
    layout: repeat
    dates: ["%d/%m/%Y", iso]
    decimal: ","
    visible: {{status: [Sent], never: Draft}}
    status: {{Sent: Awaiting payment}}
    rows: {{Type: [Sales]}}
    since: 2024-01-01
    tolerance: 0.02
    limit: 5
    lines: {{columns: {{amount: Net}}, discount: fraction, values: {{unit: pcs}}}}
  - {{type: orders, path: o.json, profile: xero, records: value, lines: {{path: l.csv, sheet: L}}}}
portals:
  0012: {{customer: "0012", show: [ALL], expires: 2027-01-01, locale: de-CH, revision: 2}}
  b: {{customer: b, show: payer, enabled: no, key: 7, contacts: {{ann: {{email: a@b.example, show: [orders]}}}}}}
"""
_OWN: Mapping[str, tuple[str, str | bytes]] = {
    "type: customers, path: data.csv": ("data.csv", _PEOPLE),
    "type: invoices, path: data.csv, lines: lines.csv": ("data.csv", _HEADERS),
    "type: invoices, path: headers.csv, lines: data.csv": ("data.csv", _LINES),
    "type: invoices, path: data.csv, encoding: windows-1252, delimiter: ';', decimal: ',', dates: '%d.%m.%Y', "
    "layout: repeat, lines: {}, on_error: quarantine": ("data.csv", _WESTERN.encode("cp1252")),
    "type: invoices, path: data.csv, dates: prove, decimal: prove, layout: continuation, totals: Total, "
    "groups: customer_id, lines: {}": ("data.csv", _REPORT),
    "type: customers, path: data.xlsx": (
        "data.xlsx",
        packed(parts_of(_SHEET, strings=["<t>Bee</t>"], formats={14: ""})),
    ),
    "type: invoices, path: data.json, layout: nested, lines: {records: lines}": ("data.json", json.dumps(_RECORDS)),
    "type: invoices, path: data.jsonl, layout: nested, ignore: ALL, lines: {records: lines, columns: {item: [a.b]}}": (
        "data.jsonl",
        "\n".join(map(json.dumps, _RECORDS)),
    ),
    "type: customers, path: data.json, records: d.results": ("data.json", '{"d":{"results":[{"id":1,"name":"A"}]}}'),
    "type: customers, path: data.csv.gz": ("data.csv.gz", gzip.compress(_PEOPLE.encode(), mtime=0)),
    "type: customers, path: data.csv.zst": ("data.csv.zst", zstandard.compress(_PEOPLE.encode())),
    "type: customers, path: data.xml.gz, profile: ubl": ("data.xml.gz", gzip.compress(b"<Invoice/>", mtime=0)),
}
"""An export of a site of its own, and the file in it that is replaced."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A file of a site that an input takes the place of, and which export reads it (None: it is the definitions')."""

    config: Path
    file: Path
    seed: bytes
    definitions: Definitions | None = None
    source: ExportSource | None = None
    is_lines: bool = False


class Target:
    """One loader. Its sites are written into `folder`."""

    def __init__(self, name: str, folder: Path) -> None:
        self._folder = folder
        self._database = Database()
        self._database.run("SET threads = 1")
        spots = _definition_spots(folder) if name == "yaml" else _export_spots(name, folder)
        self._spots = [spot for spot in spots if len(spot.seed) < 64 * 1024]

    def seeds(self) -> Iterator[bytes]:
        """An input for each spot, that holds what stands there."""
        for number, spot in enumerate(self._spots):
            yield bytes([number]) + spot.seed

    def run(self, data: bytes) -> str:
        """'book', 'staged', 'opened' or 'refused': what becomes of an input. Raises whatever is no clean error."""
        if not data:
            return "refused"
        spot = self._spots[data[0] % len(self._spots)]
        spot.file.write_bytes(data[1:])
        try:
            return self._outcome(spot, zlib.crc32(data))
        except PortalgenError as error:
            check_problems(error.problems, str(self._folder))
            return "refused"
        finally:
            spot.file.write_bytes(spot.seed)

    def _outcome(self, spot: Spot, chance: int) -> str:
        if not spot.definitions or not spot.source:
            definitions.load(spot.config)
            return "book"
        if chance % _STAGED:
            problems, outcome = self._problems_of_opening(spot, spot.definitions, spot.source), "opened"
        else:
            problems, outcome = self._problems_of_staging(spot.definitions, spot.source), "staged"
        check_problems(problems, str(self._folder))
        if problems or chance % _WHOLE:
            return "refused" if problems else outcome
        with read_exports(spot.definitions) as book:
            check_problems(book.report.warnings, str(self._folder))
            for _ in book.accounts(book.customers()):
                pass
        return "book"

    def _problems_of_opening(self, spot: Spot, of: Definitions, source: ExportSource) -> Sequence[Problem]:
        """Read the file as far as the database is not needed: rows counted, and places found."""
        lines = source.lines if spot.is_lines else None
        wants = wanted_lines(LINES, source, lines) if lines else wanted(HEADERS[source.type], source)
        with TemporaryDirectory(dir=self._folder) as folder:
            place = Place(of.root, Path(folder), self._database)
            opened = open_source(source, lines, place, lambda cells: is_heading(cells, wants))
            for table in opened.tables:
                match(table.heading, wants, Location(table.name))
                rows = table.path.read_bytes().rstrip().count(b"\n")
                check_table(table, rows)
                read_places(table, [(1, 0), (max(rows, 1), table.width - 1)])
        return opened.problems

    def _problems_of_staging(self, of: Definitions, source: ExportSource) -> Sequence[Problem]:
        with TemporaryDirectory(dir=self._folder) as folder:
            staging = Staging(self._database, Place(of.root, Path(folder), self._database))
            try:
                stage(staging, source)
                if not staging.problems:
                    type_parts(staging, Readings(staging))
            finally:
                for (table,) in self._database.rows("SELECT table_name FROM duckdb_tables()"):
                    self._database.run(f"DROP TABLE {table}")
                for (view,) in self._database.rows("SELECT view_name FROM duckdb_views() WHERE NOT internal"):
                    self._database.run(f"DROP VIEW {view}")
        check_problems(staging.warnings, str(self._folder))
        return staging.problems


def check_problems(problems: Iterable[Problem], folder: str = "\0") -> None:
    """Raises AssertionError unless each problem says something, in one line, and speaks of no folder of ours."""
    for problem in problems:
        said = str(problem)
        assert problem.message, "a problem without a message"
        assert len(said.splitlines()) == (2 if problem.hint else 1), f"not one line: {said!r}"
        assert len(problem.message) <= _LONGEST_MESSAGE, f"too long: {said[:200]!r}"
        assert "Traceback" not in said, said
        assert problem.where.file or folder not in said, said


def _export_spots(target: str, folder: Path) -> Iterator[Spot]:
    for number, config in enumerate([*_sites_of_our_own(folder, target), *_samples(folder)]):
        of = definitions.load(config)
        for source in of.exports:
            paths = [source.path, *([source.lines.path] if source.lines and source.lines.path else [])]
            for is_lines, path in enumerate(paths):
                for file, name in files_of(path, of.root, source.places["path"]):
                    is_ours = number >= len(_OWN) or file.name.startswith("data.")
                    kind = "packed" if file.suffix in {".gz", ".zst"} else format_of(Path(name))
                    if is_ours and kind == target:
                        yield Spot(config, file, file.read_bytes(), of, source, bool(is_lines))


def _sites_of_our_own(folder: Path, target: str) -> Iterator[Path]:
    own = dict(_OWN)
    if target == "sqlite":
        own["type: customers, path: data.sqlite, sheet: v"] = ("data.sqlite", _sqlite_file(folder / "seed"))
    if target == "parquet":
        own["type: customers, path: data.parquet"] = ("data.parquet", _parquet_file(folder / "seed"))
    for number, (export, (name, content)) in enumerate(own.items()):
        site = folder / f"own{number}"
        site.mkdir()
        files = {"people.csv": _PEOPLE, "headers.csv": _HEADERS, "lines.csv": _LINES, name: content}
        for file, data in files.items():
            (site / file).write_bytes(data if isinstance(data, bytes) else data.encode())
        people = "" if "type: customers" in export else "{type: customers, path: people.csv}, "
        (site / "portals.yaml").write_text(f"{_READ}exports: [{people}{{{export}}}]\n")
        yield site / "portals.yaml"


def _samples(folder: Path) -> Iterator[Path]:
    for name in NAMES:
        (folder / name).mkdir()
        yield write_case(name, folder / name)


def _sqlite_file(file: Path) -> bytes:
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            "CREATE TABLE t (id TEXT, name, city TEXT); "
            "INSERT INTO t VALUES ('C-1', 'Ants', 1.5), (2, 'Bees', x'00'), (9.75, 'É', NULL);"
            "CREATE VIEW v AS SELECT id, name FROM t; CREATE INDEX i ON t (name);"
        )
    return file.read_bytes()


def _parquet_file(file: Path) -> bytes:
    with Database() as database:
        database.run(
            "CREATE TABLE t AS SELECT 'C-' || i AS id, 'Ants' AS name, DATE '2026-01-31' AS city, i / 3 AS phone, "
            "i::DECIMAL(9, 2) AS email FROM range(9) n(i)"
        )
        database.run(f"COPY t TO '{file}' (FORMAT parquet)")
    return file.read_bytes()


def _definition_spots(folder: Path) -> Iterator[Spot]:
    """portals.yaml, a file that it includes, and a profile of one's own."""
    starter = (_ROOT / "config" / "portals.yaml").read_bytes()
    for number, text in enumerate([starter, _DEFINITIONS.encode()]):
        config = folder / f"{number}.yaml"
        config.write_bytes(text)
        yield Spot(config, config, text)
    included = folder / "included.yaml"
    (folder / "i.yaml").write_text(f"{_READ}include: included.yaml\n")
    yield Spot(
        folder / "i.yaml", included, b"portals: {a: {customer: 1, show: [quotes], contacts: {b: {show: ALL}}}}\n"
    )
    (folder / "p.yaml").write_text(f"{_READ}exports: [{{type: invoices, path: x.csv, profile: own.yaml}}]\n")
    for profile in sorted((_ROOT / "portalgen" / "profiles").glob("*.yaml"))[::3]:
        yield Spot(folder / "p.yaml", folder / "own.yaml", profile.read_bytes())
