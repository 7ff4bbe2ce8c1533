"""A site that changes in every way at once, and what must hold of its store whatever befell the publish of that.

What holds is told by code that shares nothing with the publisher: it reads the bucket, its pages and its ledger.
"""

import json
import posixpath
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import md5, sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from mypy_boto3_s3.client import S3Client

from portalgen.keys import key_text, parse_keys
from portalgen.links import KeyRing, fingerprint
from tests.fault_proxy import Request
from tests.publishers import Outcome

KEYS = f"a:{key_text(bytes(range(32)))}"
RING = KeyRing("small", parse_keys(KEYS))

CUSTOMERS = "id,name\nC-1,Ants & Sons\nC-2,Bees Ltd\nC-3,Crows\nC-4,Doves\nC-5,Eels\n"
HEADING = "number,customer_id,date,due_date,currency,total,balance\n"
OTHERS = (
    "INV-3,C-2,2026-11-02,2026-12-02,EUR,70.00,70.00\n"
    "INV-4,C-3,2026-11-03,2026-12-03,EUR,80.00,80.00\n"
    "INV-5,C-4,2026-11-03,2026-12-03,EUR,90.00,90.00\n"
    "INV-6,C-5,2026-11-03,2026-12-03,EUR,95.00,95.00\n"
)
ORDERS = "number,customer_id,date,currency,total\nSO-1,C-1,2026-09-01,EUR,150.00\n"


@dataclass(frozen=True, slots=True)
class State:
    """Definitions and exports of one day."""

    portals: str
    invoices: str


BEFORE = State(
    "  ants: {customer: C-1, show: [invoices, orders], contacts: {ann: {show: [invoices]}, bob: {show: [invoices]}}}\n"
    "  bees: {customer: C-2, show: [invoices]}\n"
    "  crows: {customer: C-3, show: [invoices]}\n"
    "  doves: {customer: C-4, show: [invoices]}\n",
    HEADING + "INV-1,C-1,2026-10-01,2026-10-31,EUR,100.00,100.00\nINV-2,C-1,2026-11-01,2026-11-30,EUR,50.00,0.00\n",
)
AFTER = State(
    "  ants: {customer: C-1, show: [invoices], contacts: {ann: {show: [invoices]}}}\n"
    "  crows: {customer: C-3, show: [invoices], revision: 2}\n"
    "  doves: {customer: C-4, show: [invoices]}\n"
    "  eels: {customer: C-5, show: [invoices]}\n",
    HEADING + "INV-1,C-1,2026-10-01,2026-10-31,EUR,100.00,0.00\nINV-7,C-1,2026-11-05,2026-12-05,EUR,60.00,60.00\n",
)
"""A portal is deleted, and a contact; orders are withdrawn from a link; one link is new, and one replaces another. An
invoice is paid, one is gone, and one is new.
"""
LATER = State(
    "  ants: {customer: C-1, show: [invoices, orders]}\n"
    "  crows: {customer: C-3, show: [invoices], revision: 2}\n"
    "  doves: {customer: C-4, show: [invoices]}\n",
    HEADING + "INV-1,C-1,2026-10-01,2026-10-31,EUR,100.00,0.00\nINV-8,C-1,2026-11-06,2026-12-06,EUR,40.00,40.00\n",
)
"""What somebody else publishes who knows more: the orders are granted again, and two more links are deleted."""

STAYING = {"ants": RING.token("a", "ants", "", 1), "ann": RING.token("a", "ants", "ann", 1)}
STAYING |= {"doves": RING.token("a", "doves", "", 1)}
"""Tokens of links that are live before and after."""
REVOKED = {"bees": RING.token("a", "bees", "", 1), "bob": RING.token("a", "ants", "bob", 1)}
REVOKED |= {"crows": RING.token("a", "crows", "", 1)}
NEW = {"crows, revision 2": RING.token("a", "crows", "", 2), "eels": RING.token("a", "eels", "", 1)}
TOKENS = {**STAYING, **REVOKED, **NEW}
SHORT_OF_A_SUMMARY = "ants"
"""The link that a type is withdrawn from: what was withdrawn goes first, and the summary that names it with it."""


def write_site(root: Path, state: State, store: str) -> Path:
    """Write the exports and the definitions, with `store` as the definition of the one store; where the latter are."""
    (root / "exports").mkdir(parents=True, exist_ok=True)
    (root / "exports/customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (root / "exports/invoices.csv").write_text(state.invoices + OTHERS, encoding="utf-8")
    (root / "exports/orders.csv").write_text(ORDERS, encoding="utf-8")
    config = root / "portals.yaml"
    config.write_text(
        "version: 1\n"
        "site: {id: small, title: Small & Co, base_url: 'https://portals.example', as_of: 2026-11-20,"
        " downloads: [csv]}\n"
        "keys: env:PORTALGEN_SMALL_KEYS\n"
        f"stores:\n  live: {store}\n"
        "exports:\n"
        "  - {type: customers, path: exports/customers.csv}\n"
        "  - {type: invoices, path: exports/invoices.csv}\n"
        "  - {type: orders, path: exports/orders.csv}\n"
        f"portals:\n{state.portals}",
        encoding="utf-8",
    )
    return config


@dataclass(frozen=True, slots=True)
class Item:
    """An object with all that the world is told of it."""

    data: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)


Contents = Mapping[str, Item]
"""All objects of a store, by key."""

_TOLD = ("ContentType", "CacheControl", "ContentDisposition", "ContentEncoding")


class Bucket:
    """A bucket, seen with all rights. What was read once is not read again while its ETag is the same."""

    def __init__(self, client: S3Client, name: str) -> None:
        self.client = client
        self.name = name
        self._known: dict[tuple[str, str], Item] = {}

    def contents(self) -> Contents:
        """All there is."""
        listed = self._etags()
        return {key: self._read(key, etag) for key, etag in listed.items()}

    def restore(self, contents: Contents) -> None:
        """Make the bucket hold `contents`, which were read from it, and nothing else."""
        there = self.contents()
        if gone := [key for key in there if key not in contents]:
            self.client.delete_objects(Bucket=self.name, Delete={"Objects": [{"Key": key} for key in gone]})
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._write, [each for each in contents.items() if there.get(each[0]) != each[1]]))

    def _write(self, found: tuple[str, Item]) -> None:
        key, item = found
        self.client.put_object(Bucket=self.name, Key=key, Body=item.data, **item.metadata)  # type: ignore[arg-type]

    def _etags(self) -> dict[str, str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return {item["Key"]: item["ETag"] for page in pages for item in page.get("Contents", ())}

    def _read(self, key: str, etag: str) -> Item:
        if (key, etag) not in self._known:
            answer = self.client.get_object(Bucket=self.name, Key=key)
            told = {name: str(answer[name]) for name in _TOLD if name in answer}  # type: ignore[literal-required]
            self._known[key, etag] = Item(answer["Body"].read(), told)
        return self._known[key, etag]


class Folder:
    """A store in a folder, seen from outside: its public part, and the private one beside it."""

    def __init__(self, path: Path) -> None:
        self._parts = {"public/": path, "private/": path.with_name(f"{path.name}.private")}

    def contents(self) -> Contents:
        """All there is, but for what is still being written."""
        return {
            prefix + path.relative_to(part).as_posix(): Item(path.read_bytes())
            for prefix, part in self._parts.items()
            for path in part.rglob("*")
            if path.is_file() and not path.relative_to(part).parts[0].startswith(".")
        }

    def restore(self, contents: Contents) -> None:
        """Make the folder hold `contents` and nothing else."""
        for prefix, part in self._parts.items():
            shutil.rmtree(part, ignore_errors=True)
            for key, item in contents.items():
                if key.startswith(prefix):
                    path = part / key.removeprefix(prefix)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(item.data)


def public(contents: Contents) -> dict[str, bytes]:
    """What the world can fetch."""
    return {key: item.data for key, item in contents.items() if key.startswith("public/")}


def under(contents: Contents, token: str) -> dict[str, bytes]:
    """What lies under a link, by path."""
    prefix = f"public/{token}/"
    return {key.removeprefix(prefix): item.data for key, item in contents.items() if key.startswith(prefix)}


# What must hold at any moment, and after each run.


@dataclass(frozen=True, slots=True)
class Forgiven:
    """What a run may leave that says that it failed.

    Pages may lead to keys that were `withdrawn`; of the links that are `unsaid`, the ledger need not say yet what was
    taken away.
    """

    withdrawn: Collection[str] = ()
    unsaid: Collection[str] = ()


NOTHING = Forgiven()


def complaints(
    contents: Contents,
    before: Contents,
    after: Contents,
    staying: Collection[str] = frozenset(STAYING),
    forgiven: Forgiven = NOTHING,
) -> list[str]:
    """What is wrong with `contents`, anywhere between the states that a store had `before` and is to have `after`.

    `staying` are the links that are live in both.
    """
    records = records_of(contents)
    unsaid = {fingerprint(TOKENS[name]) for name in forgiven.unsaid}
    told = {mark: record for mark, record in records.items() if mark not in unsaid}
    return [
        *_broken_links(contents, staying, forgiven.withdrawn),
        *_unlike(contents, told, before, after),
        *_misnoted(contents, told),
        *_unknown(contents, records, before),
        *_untold(contents),
    ]


def records_of(contents: Contents) -> Mapping[str, Any]:
    """The ledger's records by fingerprint."""
    return {record["fingerprint"]: record for record in _ledger(contents)["links"]}


def _ledger(contents: Contents) -> Any:
    return json.loads(contents["private/ledger.json"].data)


def _broken_links(contents: Contents, staying: Collection[str], withdrawn: Collection[str]) -> Iterator[str]:
    """Links that are to answer and do not, and what their pages lead to that is not there."""
    for name in staying:
        files = under(contents, TOKENS[name])
        if "index.html" not in files and name != SHORT_OF_A_SUMMARY:
            yield f"{name} has no summary"
        seen = {"index.html"} & files.keys()
        ahead = [*seen]
        while ahead:
            page = ahead.pop()
            for path in leads_to(page, files[page]) if page.endswith(".html") else ():
                if path not in files and f"public/{TOKENS[name]}/{path}" not in withdrawn:
                    yield f"{name}: {page} leads to {path}, which is not there"
                elif path in files and path not in seen:
                    seen.add(path)
                    ahead.append(path)


def _unlike(contents: Contents, records: Mapping[str, Any], before: Contents, after: Contents) -> Iterator[str]:
    """Links of which the ledger says that all is done, and that are not as they should be."""
    for name, token in TOKENS.items():
        record, files = records.get(fingerprint(token)), under(contents, token)
        if record is None or record["unfinished"]:
            continue
        if record["state"] != "live" and files:
            yield f"{name} is {record['state']}, says the ledger, and {len(files)} objects are there"
        if record["state"] == "live" and record["bundle"] and files not in (under(before, token), under(after, token)):
            yield f"{name} is published whole, says the ledger, and is neither as before nor as it should be"
        if record["state"] == "live" and "orders" not in record["shows"] and any("order" in path for path in files):
            yield f"{name} shows no orders, says the ledger, and there are some"


def _misnoted(contents: Contents, records: Mapping[str, Any]) -> Iterator[str]:
    """Links of which the ledger says that all is done, and that are not as their manifests say."""
    for name, token in TOKENS.items():
        record = records.get(fingerprint(token))
        if record is None or record["unfinished"] or record["state"] != "live" or not record["bundle"]:
            continue
        manifest = contents.get(f"private/manifests/{record['manifest']}.json")
        if manifest is None:
            yield f"the manifest of {name} is lost"
            continue
        noted = json.loads(manifest.data)["links"][record["fingerprint"]]["files"]
        there = {
            path: [len(data), md5(data, usedforsecurity=False).hexdigest()]
            for path, data in under(contents, token).items()
        }
        if there != {path: told[1:] for path, told in noted.items()}:
            yield f"{name} is not as its manifest says"


def _unknown(contents: Contents, records: Mapping[str, Any], before: Contents) -> Iterator[str]:
    """Links that the ledger forgot, or never knew."""
    marks = {fingerprint(token): name for name, token in TOKENS.items()}
    out_there = {fingerprint(key.split("/")[1]) for key in contents if key.startswith("public/")}
    for mark in (out_there | records_of(before).keys()) - records.keys():
        yield f"the ledger does not know {marks.get(mark, mark)}"


def _untold(contents: Contents) -> Iterator[str]:
    """Breaks in the history, and documents that a link shows of which the history does not say so."""
    try:
        told = visible(contents)
    except (KeyError, ValueError) as error:
        yield f"the history cannot be read: {error}"
        return
    for name, token in TOKENS.items():
        texts = [data.decode() for path, data in under(contents, token).items() if path.endswith((".html", ".csv"))]
        numbers = set(re.findall(r"\b(?:INV|SO)-\d\b", " ".join(texts)))
        if untold := numbers - told.get(fingerprint(token), set()):
            yield f"{name} shows {', '.join(sorted(untold))}, and the history does not say so"


def visible(contents: Contents) -> Mapping[str, set[str]]:
    """By fingerprint, the numbers that a link shows by the history as far as the ledger says that it goes.

    Raises KeyError or ValueError where the chain is broken.
    """
    head = _ledger(contents)["history"]
    shown: dict[str, set[tuple[str, str]]] = {}
    digest = ""
    for number in range(1, head["number"] + 1):
        text = contents[f"private/history/{number:08}.jsonl"].data
        first, *events = (json.loads(line) for line in text.splitlines())
        if (first["number"], first["previous"]) != (number, digest):
            raise ValueError(f"entry {number} does not follow from the one before")
        digest = sha256(text).hexdigest()
        for event in events:
            shown[event["link"]] = _after(event, shown.get(event["link"], set()))
    if digest != head["digest"]:
        raise ValueError("the last entry is not the one that the ledger names")
    return {mark: {number for _, number in documents} for mark, documents in shown.items()}


def _after(event: Mapping[str, Any], there: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What a link shows, by type and number, after an event."""
    named = {(type_, number) for type_, numbers in event.get("documents", {}).items() for number in numbers}
    if event["what"] == "drops":
        return {each for each in there - named if each[0] not in event.get("types", ())}
    return {"adds": there | named, "shows": named, "ends": set()}[event["what"]]


def undone(contents: Contents, after: Contents) -> list[str]:
    """What an undisturbed run left to do, which is nothing."""
    found = unlike(public(contents), public(after))
    is_to_be = {mark: _lasting(record) for mark, record in records_of(after).items()}
    found += [
        f"the ledger's record of {record['portal']} {record['contact']} is {_lasting(record)}"
        for mark, record in records_of(contents).items()
        if _lasting(record) != is_to_be.get(mark)
    ]
    return found


def unlike(there: Mapping[str, bytes], expected: Mapping[str, bytes]) -> list[str]:
    """The keys at which two stores differ."""
    found = [f"{key} is not as it should be" for key, data in expected.items() if there.get(key) != data]
    return found + [f"{key} should not be there" for key in there.keys() - expected.keys()]


def _lasting(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record without moments, and without the name of a manifest, which depends on what else was written with it."""
    return {name: value for name, value in record.items() if name not in {"published", "since", "issued", "manifest"}}


def told_badly(outcome: Outcome, expected: Iterable[int]) -> list[str]:
    """What is wrong with how a run ended, or with what it said."""
    found = []
    if outcome.code not in {*expected}:
        found.append(f"it ended with {outcome.code}")
    text = outcome.output + outcome.errors
    if "Traceback" in text or "unexpected" in text:
        found.append("it showed a traceback")
    if [name for name, token in TOKENS.items() if token in text]:
        found.append("it showed a token")
    if outcome.code > 0 and not outcome.errors.strip():
        found.append("it did not say why")
    return [f"{each}: {outcome.errors[-600:]}" for each in found]


@lru_cache(maxsize=10_000)
def leads_to(page: str, data: bytes) -> tuple[str, ...]:
    """The paths, from the bundle's top, of all that a page leads to or loads."""
    parser = _References()
    parser.feed(data.decode())
    parser.close()
    targets = (each.partition("#")[0] for each in parser.found if not re.match(r"[a-z]+:", each))
    return tuple(posixpath.normpath(posixpath.join(posixpath.dirname(page), target)) for target in targets if target)


class _References(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - of any tag
        self.found += [value for name, value in attrs if name in {"href", "src"} and value]


# Where in a publish a request stands.

LEASE = "the lease is taken or released"
LEDGER_READ, LEDGER = "the ledger is read", "the ledger is saved"
HISTORY_READ, HISTORY = "the history is read", "the history is written"
MANIFEST_READ, MANIFEST = "a manifest is read", "a manifest is written"
LISTING, DELETE, PROBE = "what is there is looked up", "objects are deleted", "a purged link is tried"
DOCUMENT, LIST, SUMMARY = "a document or download is written", "a list is written", "a summary is written"
STEPS = (
    *(LEDGER_READ, MANIFEST_READ, LEASE, LEDGER, LISTING, DELETE, PROBE, HISTORY_READ, HISTORY),
    *(DOCUMENT, LIST, SUMMARY, MANIFEST),
)

_PRIVATE = (
    ("private/lease.json", LEASE, LEASE),
    ("private/ledger.json", LEDGER_READ, LEDGER),
    ("private/history/", HISTORY_READ, HISTORY),
    ("private/manifests/", MANIFEST_READ, MANIFEST),
)
_LOOKS = frozenset(["list", "list-versions", "list-uploads", "bucket-versioning"])


def step_of(request: Request) -> str:
    """What a request is for; '' where that is not known."""
    if request.kind in {"delete-many", "probe"}:
        return DELETE if request.kind == "delete-many" else PROBE
    is_written = request.kind in {"put", "put-if"}
    if request.kind in _LOOKS or (request.key.startswith("public/") and not is_written):
        return LISTING
    for place, read, written in _PRIVATE:
        if request.key.startswith(place):
            return written if is_written else read
    path = request.key.partition("/")[2].partition("/")[2]
    if not path:
        return ""
    if path == "index.html":
        return SUMMARY
    return LIST if path.endswith(".html") and "/" not in path else DOCUMENT
