"""The site of bench/build.py as JSON for site generators, and whether their pages are portalgen's.

Amounts are worked out, sorted and named here: what is left to a generator is to read, to format and to lay out.
"""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from bench.build import TYPES
from portalgen.names import safe_name

AT_A_TIME = 25
"""Customers in a file."""
SUMMED = {"invoices", "credit_notes"}
WITH_LINES = {"quotes", "orders"}
CENT = Decimal("0.01")


def write_input(site: Path, folder: Path) -> None:
    """The exports of a bench site as JSON files in `folder`, a list of customers in each."""
    folder.mkdir(parents=True)
    customers = _rows(site / "exports/customers.csv")
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for type_ in TYPES:
        lines = defaultdict(list)
        for row in _rows(site / f"exports/{type_}_lines.csv"):
            lines[row["number"]].append(row)
        for row in _rows(site / f"exports/{type_}.csv"):
            found[row["customer_id"]][type_].append(_document(row, lines[row["number"]]))
    made = [_customer(place, row, found[row["id"]]) for place, row in enumerate(customers)]
    for start in range(0, len(made), AT_A_TIME):
        text = json.dumps(made[start : start + AT_A_TIME], ensure_ascii=False)
        (folder / f"{start:06}.json").write_text(text, encoding="utf-8")


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return [*csv.DictReader(opened)]


def _document(row: Mapping[str, str], lines: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    items = [_line(line) for line in lines]
    net = sum((amount for _, amount in items), Decimal(0))
    rate = items[0][0]["rate"]
    tax = (net * rate / 100).quantize(CENT, ROUND_HALF_UP)
    return {
        "name": safe_name(row["number"]),
        "number": row["number"],
        "date": row["date"],
        "due": row["due_date"],
        "status": row["status"],
        "reference": row["reference"],
        "note": row["note"],
        "net": float(net),
        "taxes": [{"rate": rate, "net": float(net), "tax": float(tax)}],
        "total": float(net + tax),
        "lines": [line for line, _ in items],
    }


def _line(row: Mapping[str, str]) -> tuple[dict[str, Any], Decimal]:
    whole = Decimal(row["quantity"]) * Decimal(row["unit_price"]) * (100 - Decimal(row["discount"])) / 100
    amount = whole.quantize(CENT, ROUND_HALF_UP)
    line = {
        "line": int(row["line"]),
        "item": row["item"],
        "description": row["description"],
        "quantity": int(row["quantity"]),
        "unit": row["unit"],
        "price": float(row["unit_price"]),
        "discount": int(row["discount"]),
        "rate": int(row["tax_rate"]),
        "amount": float(amount),
    }
    return line, amount


def _customer(place: int, row: Mapping[str, str], documents: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "folder": f"c{place}",
        "address": [row["street"], f"{row['postal_code']} {row['city']}", "Netherlands"],
        "types": [_type(type_, documents[type_]) for type_ in TYPES if documents[type_]],
    }


def _type(type_: str, documents: list[dict[str, Any]]) -> dict[str, Any]:
    ordered = sorted(documents, key=lambda it: it["number"])
    ordered.sort(key=lambda it: it["date"], reverse=True)
    paths = ["", *(f"{type_}/{it['name']}.html" for it in ordered), ""]
    for place, it in enumerate(ordered):
        it["newer"], it["older"] = paths[place], paths[place + 2]
    row = ("name", "number", "date", "due", "reference", "status", "total")
    said: dict[str, Any] = {"type": type_, "documents": ordered}
    said["rows"] = [{key: it[key] for key in row} for it in ordered]
    said["total"] = float(sum(Decimal(str(it["total"])) for it in ordered)) if type_ in SUMMED else 0
    if type_ in WITH_LINES:
        heads = [({key: it[key] for key in ("name", "number", "date")}, it["lines"]) for it in ordered]
        said["lines"] = [head | line for head, lines in heads for line in lines]
    return said


class _Content(HTMLParser):
    """The elements of a page with their attributes, and its words. A number may be written in more ways than one."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(f"<{tag}>")
        self.found += [f"{name}={float(value or 0) if name == 'value' else value}" for name, value in sorted(attrs)]

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.found += data.split()


def content_of(page: str) -> list[str]:
    """All that a page consists of, in order: elements, attributes and words."""
    parser = _Content()
    parser.feed(page)
    parser.close()
    return parser.found


def size_of(folder: Path) -> int:
    """The bytes of all pages in it."""
    return sum(path.stat().st_size for path in folder.rglob("*.html"))


def differences(ours: Path, theirs: Path) -> Iterator[str]:
    """What pages in two folders do not have in common. `theirs` has portals at its top, `ours` as portalgen builds."""
    pages = {re.sub(r"/_/", "/", path.relative_to(ours).as_posix()): path for path in ours.rglob("*.html")}
    others = {path.relative_to(theirs).as_posix(): path for path in theirs.rglob("*.html")}
    if not pages:
        yield "there are no pages at all"
    for missing in sorted(pages.keys() ^ others.keys())[:5]:
        yield f"{missing} is in one of both only"
    for name in sorted(pages.keys() & others.keys()):
        one, other = (content_of(path.read_text(encoding="utf-8")) for path in (pages[name], others[name]))
        if one != other:
            yield f"{name}: {_first_difference(one, other)}"


def _first_difference(one: Sequence[str], other: Sequence[str]) -> str:
    shorter = min(len(one), len(other))
    place = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    return ", ".join(repr(" ".join(each[max(place - 3, 0) : place + 3])) for each in (one, other))
