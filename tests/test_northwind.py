"""The whole job on real data: Northwind's customers, orders and lines, published to a real S3 server."""

import csv
import html
import re
import shutil
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from mypy_boto3_s3.client import S3Client

from portalgen.cli import main
from portalgen.commands.project import ring_of
from portalgen.definitions import load
from portalgen.keysources import write_key_file
from tests.s3_server import S3Server
from tests.shared_data import shared

EXAMPLE = Path(__file__).parents[1] / "docs/examples/northwind/portals.yaml"
FILES = ("customers.csv", "products.csv", "orders.csv", "order_details.csv")


def rows(name: str) -> list[dict[str, str]]:
    with (shared("data/northwind") / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The documented example beside the unchanged data, with a portal for every customer."""
    for name in FILES:
        (tmp_path / name).symlink_to(shared("data/northwind") / name)
    shutil.copy(EXAMPLE, tmp_path)
    write_portals(tmp_path, [row["customerID"] for row in rows("customers.csv")])
    write_key_file(tmp_path / "portalgen.keys", "a")
    return tmp_path


def write_portals(project: Path, customers: list[str]) -> None:
    """A definition for each of `customers`; the example itself has the one for ALFKI."""
    names = {row["customerID"]: row["companyName"] for row in rows("customers.csv")}
    portals = [
        f"  {id_.lower()}: {{customer: {id_}, name: '{names[id_].replace(chr(39), chr(39) * 2)}', show: [orders]}}\n"
        for id_ in customers
        if id_ != "ALFKI"
    ]
    (project / "portals.d").mkdir(exist_ok=True)
    (project / "portals.d/all.yaml").write_text(f"portals:\n{''.join(portals)}", encoding="utf-8")


def run(project: Path, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, [*arguments, "--config", str(project / "portals.yaml")])
    assert result.exit_code == code, result.output
    return result.stdout


def independent_totals() -> dict[str, Decimal]:
    """Each order's total by number: its lines, each rounded half up to cents, summed."""
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in rows("order_details.csv"):
        amount = Decimal(line["unitPrice"]) * Decimal(line["quantity"]) * (1 - Decimal(line["discount"]))
        totals[line["orderID"]] += amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return totals


def shown(pages: dict[str, str]) -> dict[str, tuple[str, int, Decimal]]:
    """What pages of orders say: by number, the customer's number, how many lines there are, and the total."""
    found = {}
    for text in pages.values():
        number = re.search(r"<h1>Order <bdi>(.*?)</bdi></h1>", text)
        customer = re.search(r"<dt>Customer number</dt><dd><bdi>(.*?)</bdi>", text)
        total = re.search(r"<dt>Total</dt><dd><bdi>\$([\d,.]+)</bdi>", text)
        assert number, "a page without a number"
        assert customer, "a page without a customer"
        assert total, "a page without a total"
        lines = text.count('<th scope="row"')
        found[number[1]] = (html.unescape(customer[1]), lines, Decimal(total[1].replace(",", "")))
    return found


def test_every_order_is_in_exactly_its_customers_bundle_with_the_right_total(project: Path) -> None:
    run(project, "build")
    totals = independent_totals()
    lines: defaultdict[str, int] = defaultdict(int)
    for row in rows("order_details.csv"):
        lines[row["orderID"]] += 1
    expected = {row["orderID"]: row["customerID"] for row in rows("orders.csv")}
    seen: dict[str, str] = {}
    bundles = [path for path in (project / "build/bundles").iterdir() if path.name != "alfreds"]
    for bundle in [*bundles, project / "build/bundles/alfreds"]:
        pages = {str(path): path.read_text(encoding="utf-8") for path in bundle.glob("_/orders/*.html")}
        for number, (customer, count, total) in shown(pages).items():
            assert number not in seen, f"order {number} is in two bundles"
            assert (customer, count, total) == (expected[number], lines[number], totals[number])
            assert bundle.name == ("alfreds" if customer == "ALFKI" else customer.lower())
            seen[number] = customer
    assert seen == expected
    assert (len(bundles) + 1, len(seen), sum(lines.values())) == (91, 830, 2155)
    contact = {path.name: path.read_bytes() for path in (project / "build/bundles/alfreds/maria").rglob("*.html")}
    assert len([name for name in contact if name[0].isdigit()]) == 6, "the contact sees the same six orders"


def test_it_is_published_to_s3_and_a_removed_customers_objects_go_alone(
    project: Path, s3_server: S3Server, s3_client: S3Client, s3_bucket: str
) -> None:
    config = project / "portals.yaml"
    store = f"{{kind: s3, bucket: {s3_bucket}, region: us-east-1, endpoint: '{s3_server.endpoint}'}}"
    config.write_text(
        config.read_text(encoding="utf-8").replace("{kind: directory, path: site}", store), encoding="utf-8"
    )
    assert " 0 unchanged, 0 deleted" in run(project, "publish")
    before = public_objects(s3_client, s3_bucket)
    assert "0 objects uploaded" in run(project, "publish")

    definitions = load(config)
    token = ring_of(definitions).token("a", "vinet", "", 1)
    gone = [key for key in before if key.startswith(f"public/{token}/")]
    assert len(gone) == 9 + 5, "summary, two lists, their CSV, stylesheet, script, workbook, archive and five orders"
    write_portals(project, [row["customerID"] for row in rows("customers.csv") if row["customerID"] != "VINET"])
    assert f"{len(gone)} deleted, 1 link purged" in run(project, "publish")
    after = public_objects(s3_client, s3_bucket)
    assert after == {key: digest for key, digest in before.items() if key not in gone}


def public_objects(client: S3Client, bucket: str) -> dict[str, str]:
    """What the world can fetch: by key, the MD5 of the content as the server knows it."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="public/")
    return {item["Key"]: item["ETag"] for page in pages for item in page.get("Contents", ())}
