"""The house: floors, no circles, one room for each third-party library, nothing imported inside a function."""

import ast
import sys
from collections import defaultdict
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "portalgen"

# A module imports only from floors below its own. Modules on one floor do not know each other.
FLOORS = [
    {"__init__", "crew", "keeping", "errors", "cldr", "deferred", "marks", "media"},
    {"names", "keys", "plain", "probes", "signing", "locks", "metrics", "progress", "replacing", "watching"},
    {"attachments", "keysources"},
    {"model.records", "model.sources"},
    {"model.sites", "model.statements"},
    {"model.links"},
    {"model", "resources", "stores.base", "database", "formats", "exports.csvfile", "exports.grid"}
    | {"theme", "views.values"}
    | {"exports.report"}
    | {"exports.einvoice.xmltree", "exports.einvoice.pdf"}
    | {"exports.compression", "exports.encodings", "exports.sniffing"}
    | {"exports.values"}
    | {"exports.markup", "exports.storednumbers", "exports.jsonevents"},
    {"history"},
    {
        "stores.files",
        "stores.s3.causes",
        "addressees",
        "yamlfile",
        "fields",
        "links",
        "ledger",
        "amounts",
        "statements",
        "bulletin",
        "changes",
        "enclosing",
        "tables",
        "words",
        "customers",
        "exports.columns",
        "exports.integrity",
        "exports.remarks",
        "mail",
        "mailbook",
    }
    | {"exports.einvoice.document", "exports.textfile"}
    | {"exports.proofs"}
    | {"exports.worksheet", "exports.jsonrecords", "exports.sqlitefile"},
    {"stores.s3.connection", "stores.s3.encoding", "shelf"},
    {"stores.s3.deleting", "stores.s3.digests", "stores.s3.senders", "book"},
    {"stores.s3.bulk", "stores.s3.conditions", "stores.s3.holds"},
    {"stores.s3.erasing", "stores.s3.inspection"},
    {
        "stores.directory",
        "stores.memory",
        "stores",
        "stores.s3.cdn",
        "receipts",
        "schema.types",
        "spots",
        "yamlcache",
        "views.documents",
        "downloads",
        "faults",
        "plan",
        "yamledit",
        "logs",
        "exports.headings",
        "exports.padding",
    }
    | {"exports.einvoice.ubl", "exports.einvoice.cii"}
    | {"exports.workbook", "exports.jsonfile", "exports.parquet"},
    {
        "stores.s3",
        "templating.generator",
        "views.lists",
        "views.summary",
        "views.statement",
        "views.letters",
        "schema",
        "grants",
        "purge",
        "lease",
        "unsaid",
        "manifests",
        "survey",
        "exports.reportrows",
    }
    | {"exports.einvoice"},
    {
        "views",
        "templating.environment",
        "verification",
        "mailserver",
        "exports.profiles",
        "exports.files",
        "exports.layouts",
        "exposure",
        "review",
    },
    {"templating"},
    {"pages", "edits", "mailing", "watched", "doctor", "doctor.findings", "doctor.web"},
    {"builder", "preview", "delivery", "drafts"}
    | {"doctor.address", "doctor.lifecycle", "doctor.link", "doctor.policies", "doctor.racing", "doctor.records"}
    | {"doctor.traces"},
    {"publish", "doctor.bucket", "doctor.folders"},
    {"grantees", "everyone"},
    {"gate", "recovery"},
    {"definitions", "wanted", "exports.staging", "overview.rows"} | {"exports.inspect_entry", "exports.inspect_files"},
    {"inventory", "exports.loading", "exports.readings", "exports.similar"} | {"exports.inspect_systems"},
    {"exports.attachments", "exports.cells", "exports.settling", "exports.visibility"}
    | {"overview.filters", "overview.page", "overview.table", "overview.text"},
    {"exports.checks"} | {"exports.inspect_guess"},
    {"exports.rejects"},
    {"exports.filling"},
    {"exports.reader"} | {"exports.inspect_examine"},
    {"exports.kept"},
    {"carry", "standing", "workshop", "exports.inspect_drafts"},
    {"pipeline"},
    {"exports.inspection"},
]

PACKAGES = ("cli", "schema", "stores.s3", "templating")
"""Rooms of several modules."""

TOP = {"cli.options": 0, "cli.progress": 0, "cli.running": 0, "cli": 2, "__main__": 3}
"""The floors of the command line above the commands; each other module of it stands on the one between."""

ROOMS = {
    "babel": "formats",
    "boto3": "stores.s3",
    "botocore": "stores.s3",
    "click": "cli",
    "cryptography": "signing",
    "defusedxml": "exports.einvoice.xmltree",
    "duckdb": "database",
    "ijson": "exports.jsonevents",
    "itsdangerous": "links",
    "jinja2": "templating",
    "markdown_it": "bulletin",
    "mypy_boto3_cloudfront": "stores.s3",
    "mypy_boto3_s3": "stores.s3",
    "nh3": "bulletin",
    "obstore": "stores.s3",
    "pydantic": "schema",
    "pypdf": "exports.einvoice.pdf",
    "rich": "cli",
    "watchdog": "watching",
    "xlsxwriter": "downloads",
    "yaml": "yamlfile",
    "zstandard": "exports.compression",
}
"""By third-party library, the one module (or package, with its modules) that may import it."""


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(tree: ast.AST) -> set[str]:
    """The full names of the modules that a module imports, whether for use or for types alone."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full.removeprefix("portalgen.") in MODULES else str(node.module))
    return found


def own_imports(name: str) -> set[str]:
    found = {module for module in imports_of(MODULES[name]) if module.split(".")[0] == "portalgen"}
    return {module.removeprefix("portalgen").removeprefix(".") or "__init__" for module in found}


def floor_of(name: str) -> int:
    """The number of a module's floor; the commands, what they share, and the command line come above the pipeline."""
    top = len(FLOORS)
    above_model = next(number for number, floor in enumerate(FLOORS) if "model" in floor) + 1
    if name in {"commands", "commands.report"}:
        return above_model
    if name == "commands.project":
        return top
    if name.startswith("commands."):
        uses = [floor_of(other) for other in own_imports(name) if other.startswith("commands.")]
        return max([top, *uses]) + 1
    if name == "demo" or name.startswith("demo."):
        return above_model + sum(other.startswith("demo") for other in reachable(name))
    if name in TOP or name.startswith("cli."):
        return 100 + TOP.get(name, 1)
    return next(number for number, floor in enumerate(FLOORS) if name in floor)


def reachable(name: str) -> set[str]:
    found: set[str] = set()
    ahead = list(own_imports(name))
    while ahead:
        other = ahead.pop()
        if other not in found:
            found.add(other)
            ahead += own_imports(other)
    return found


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_from_floors_below(name: str) -> None:
    for other in own_imports(name):
        assert floor_of(other) < floor_of(name), f"{name} (floor {floor_of(name)}) imports {other} ({floor_of(other)})"


def test_no_module_can_reach_itself() -> None:
    assert [name for name in MODULES if name in reachable(name)] == []


def test_each_third_party_library_has_one_room() -> None:
    users = defaultdict(set)
    for name, tree in MODULES.items():
        for module in imports_of(tree):
            library = module.split(".")[0]
            if library not in sys.stdlib_module_names and library != "portalgen":
                users[library].add(next((room for room in PACKAGES if name.startswith(f"{room}.")), name))
    assert users == {library: {room} for library, room in ROOMS.items()}


def test_mail_is_written_and_sent_in_one_room() -> None:
    users = {name for name, tree in MODULES.items() for module in imports_of(tree) if module.split(".")[0] in _OF_MAIL}
    assert users == {"mail"}


_OF_MAIL = {"email", "smtplib"}


def test_nothing_is_imported_inside_a_function() -> None:
    functions = [
        (name, node)
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    inside = [
        f"{name}.{function.name}"
        for name, function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert functions
    assert inside == []


def test_the_plan_knows_no_clock_no_files_and_no_environment() -> None:
    allowed = {"collections.abc", "dataclasses", "portalgen.errors", "portalgen.ledger", "portalgen.model"}
    assert imports_of(MODULES["plan"]) <= allowed


def test_what_changed_is_told_without_files_and_environment() -> None:
    """And by no clock: nobody asks for today."""
    allowed = {
        "collections",
        "collections.abc",
        "dataclasses",
        "datetime",
        "decimal",
        "functools",
        "hashlib",
        "json",
        "operator",
    }
    tree = MODULES["changes"]
    assert imports_of(tree) <= {*allowed, "portalgen.model"}
    assert not {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {"today", "now", "utcnow"}


def test_modules_stay_under_four_hundred_lines_and_functions_under_a_hundred() -> None:
    long = [name for name, tree in MODULES.items() if max((n.end_lineno or 0 for n in tree.body), default=0) > 400]
    lengths = {
        f"{name}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }
    assert long == []
    assert max(lengths.values()) <= 100
    assert sorted(lengths.values())[len(lengths) * 9 // 10] <= 30


def test_money_is_never_a_float() -> None:
    """No module calls float() or holds a float."""
    found = [
        f"{name}:{node.lineno}"
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]
    assert found == []
