"""The demo company: the same bytes everywhere, sound business, and all that makes text difficult."""

import csv
import datetime
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from portalgen.demo import write_demo
from portalgen.errors import InvalidInputError
from portalgen.model import GRANTABLE_TYPES, TRANSACTION_TYPES

PINNED = "6584e0b9892534ad811afe2c13dc569424603fa17a6f5b08075addad91e4dc2e"
"""Digest of the whole demo. A change to the demo changes it, and with it every bundle that is built from it."""

MINOR_UNIT = {"EUR": Decimal("0.01"), "USD": Decimal("0.01"), "JPY": Decimal(1)}
REFERENCES = {
    "quote_number": "quotes",
    "order_number": "orders",
    "invoice_number": "invoices",
    "delivery_note_number": "delivery_notes",
}
PRICED = ("quotes", "orders", "invoices", "credit_notes")
MONEY = ("net", "tax", "total")
CARRIAGE_TAX = {"IE": "23", "Ireland": "23", "DE": "19", "FR": "20", "JP": "10", "US": "8.875"}

Row = Mapping[str, str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder)
    return folder


def rows(demo: Path, name: str) -> list[Row]:
    with (demo / f"exports/{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def transactions(demo: Path) -> list[tuple[str, Row]]:
    return [(type_, row) for type_ in TRANSACTION_TYPES for row in rows(demo, type_)]


def lines_by_number(demo: Path, type_: str) -> dict[str, list[Row]]:
    found = defaultdict(list)
    for line in rows(demo, f"{type_}_lines"):
        found[line["number"]].append(line)
    return found


def config(demo: Path) -> dict[str, Any]:
    """The demo's config with every scalar as the text that is written, as portalgen reads ids."""
    text = (demo / "config/portals.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes text only
    return read


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name, data in sorted(files.items()):
        whole.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
    return whole.hexdigest()


def rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(MINOR_UNIT[currency], ROUND_HALF_UP)


class TestTheFiles:
    def test_two_runs_write_the_same_bytes(self, demo: Path, tmp_path: Path) -> None:
        write_demo(tmp_path)
        assert contents(tmp_path) == contents(demo)

    def test_the_bytes_are_pinned(self, demo: Path) -> None:
        assert digest(contents(demo)) == PINNED

    def test_there_is_an_export_with_lines_for_each_type_and_no_key_file(self, demo: Path) -> None:
        lists = {
            f"exports/{name}.csv" for name in ("customers", "contacts", "products", "receipts", *TRANSACTION_TYPES)
        }
        lines = {f"exports/{type_}_lines.csv" for type_ in TRANSACTION_TYPES}
        assert set(contents(demo)) == {"config/portals.yaml", "bulletin.md"} | lists | lines

    def test_lines_end_in_a_line_feed_everywhere(self, demo: Path) -> None:
        for name, data in contents(demo).items():
            assert b"\r" not in data, name
            assert data.endswith(b"\n"), name

    def test_an_earlier_demo_is_written_anew(self, demo: Path, tmp_path: Path) -> None:
        write_demo(tmp_path)
        (tmp_path / "exports/quotes.csv").write_text("old", encoding="utf-8")
        write_demo(tmp_path)
        assert contents(tmp_path) == contents(demo)

    @pytest.mark.parametrize("name", ["config/portals.yaml", "exports/invoices.csv"])
    def test_a_file_that_is_not_the_demos_is_never_overwritten(self, name: str, tmp_path: Path) -> None:
        mine = tmp_path / name
        mine.parent.mkdir()
        mine.write_text("mine\n", encoding="utf-8")
        with pytest.raises(InvalidInputError) as caught:
            write_demo(tmp_path)
        assert caught.value.problems[0].hint
        assert caught.value.problems[0].where.file == str(mine)
        assert contents(tmp_path) == {name: b"mine\n"}


class TestTheCompany:
    def test_it_has_about_forty_customers_with_1_to_120_transactions_each(self, demo: Path) -> None:
        ids = [row["id"] for row in rows(demo, "customers")]
        counts = Counter(row["customer_id"] for _, row in transactions(demo))
        assert 35 <= len(ids) == len(set(ids)) <= 45
        assert set(counts) == set(ids)
        assert min(counts.values()) == 1
        assert max(counts.values()) == 120
        assert sum(5 <= count <= 40 for count in counts.values()) > len(ids) / 2

    def test_it_sells_about_sixty_products(self, demo: Path) -> None:
        skus = [row["sku"] for row in rows(demo, "products")]
        assert 55 <= len(skus) == len(set(skus)) <= 65
        for type_ in TRANSACTION_TYPES:
            assert {line["item"] for line in rows(demo, f"{type_}_lines")} <= set(skus)

    def test_it_trades_in_three_currencies_and_with_some_customers_in_two(self, demo: Path) -> None:
        traded = defaultdict(set)
        for _, row in transactions(demo):
            traded[row["customer_id"]].add(row["currency"])
        assert set().union(*traded.values()) == set(MINOR_UNIT)
        assert max(len(currencies) for currencies in traded.values()) == 2

    def test_its_customers_live_in_a_dozen_countries(self, demo: Path) -> None:
        assert len({row["country"] for row in rows(demo, "customers")}) > 12

    def test_its_mail_goes_nowhere(self, demo: Path) -> None:
        text = b"".join(contents(demo).values()).decode()
        assert "@" in text
        assert all(address.endswith(".example") for address in re.findall(r"[\w.-]+@[\w.-]+\w", text))

    def test_two_customers_order_for_branches(self, demo: Path) -> None:
        assert len({row["customer_id"] for _, row in transactions(demo) if row["branch"]}) == 2

    def test_contacts_and_parents_belong_to_customers(self, demo: Path) -> None:
        ids = {row["id"] for row in rows(demo, "customers")}
        assert {row["customer_id"] for row in rows(demo, "contacts")} < ids
        assert {row["parent_id"] for row in rows(demo, "customers")} - {""} < ids


class TestTheDocuments:
    def test_each_type_has_many_and_no_number_twice(self, demo: Path) -> None:
        for type_ in TRANSACTION_TYPES:
            numbers = [row["number"] for row in rows(demo, type_)]
            assert len(numbers) == len(set(numbers)) > 30, type_

    def test_each_has_1_to_12_lines_in_order_and_each_line_its_document(self, demo: Path) -> None:
        for type_ in TRANSACTION_TYPES:
            lines = lines_by_number(demo, type_)
            assert set(lines) == {row["number"] for row in rows(demo, type_)}
            for number, some in lines.items():
                places = [int(line["line"]) for line in some]
                assert places == sorted(set(places)), number
                assert 1 <= len(places) <= 12, number
        assert max(len(some) for some in lines_by_number(demo, "invoices").values()) == 12

    def test_the_newest_is_of_the_day_before_the_export(self, demo: Path) -> None:
        assert max(row["date"] for _, row in transactions(demo)) == "2026-10-30"
        assert config(demo)["site"]["as_of"] == "2026-10-31"
        for _, row in transactions(demo):
            day = datetime.date.fromisoformat(row["date"])
            assert not row["due_date"] or day < datetime.date.fromisoformat(row["due_date"])

    def test_every_reference_is_to_an_earlier_document_of_the_same_customer(self, demo: Path) -> None:
        known = {(type_, row["number"]): row for type_, row in transactions(demo)}
        found: Counter[tuple[str, str]] = Counter()
        for type_, row in transactions(demo):
            for column, referred in REFERENCES.items():
                if row.get(column):
                    target = known[referred, row[column]]
                    assert target["customer_id"] == row["customer_id"]
                    assert target["date"] <= row["date"]
                    found[type_, referred] += 1
        chain = [("orders", "quotes"), ("delivery_notes", "orders"), ("invoices", "delivery_notes")]
        assert all(found[link] > 30 for link in [*chain, ("credit_notes", "invoices")])

    def test_what_is_invoiced_is_what_was_ordered_and_delivered(self, demo: Path) -> None:
        lines = {type_: lines_by_number(demo, type_) for type_ in TRANSACTION_TYPES}
        for invoice in rows(demo, "invoices"):
            mine = lines["invoices"][invoice["number"]]
            if order := invoice["order_number"]:
                ordered = [{**line} for line in lines["orders"][order]]
                assert {line.pop("open_quantity") for line in ordered} == {""}, "what is invoiced was delivered"
                assert [{**line, "number": order} for line in mine] == ordered
            if note := invoice["delivery_note_number"]:
                assert [line["quantity"] for line in mine] == [
                    line["quantity"] for line in lines["delivery_notes"][note]
                ]

    def test_delivery_notes_have_quantities_and_no_price(self, demo: Path) -> None:
        assert not {"net", "tax", "total", "balance"} & set(rows(demo, "delivery_notes")[0])
        lines = rows(demo, "delivery_notes_lines")
        assert not {"unit_price", "discount", "tax_rate", "amount"} & set(lines[0])
        assert all(Decimal(line["quantity"]) > 0 for line in lines)

    @pytest.mark.parametrize("type_", PRICED)
    def test_lines_and_totals_add_up(self, type_: str, demo: Path) -> None:
        lines = lines_by_number(demo, type_)
        countries = {row["id"]: row["country"] for row in rows(demo, "customers")}
        for row in rows(demo, type_):
            currency = row["currency"]
            by_rate: dict[Decimal, Decimal] = defaultdict(Decimal)
            for line in lines[row["number"]]:
                gross = Decimal(line["quantity"]) * Decimal(line["unit_price"])
                amount = rounded(gross * (100 - Decimal(line["discount"] or 0)) / 100, currency)
                assert line["amount"] == str(amount), row["number"]
                by_rate[Decimal(line["tax_rate"])] += amount
            if charge := row.get("charge"):
                by_rate[Decimal(CARRIAGE_TAX.get(countries[row["customer_id"]], "0"))] += Decimal(charge)
            tax = sum(rounded(net * rate / 100, currency) for rate, net in by_rate.items())
            assert Decimal(row["net"]) == sum(by_rate.values())
            assert Decimal(row["tax"]) == tax
            assert Decimal(row["total"]) == sum(by_rate.values()) + tax
            assert all(
                rounded(Decimal(row[name]), currency).as_tuple() == Decimal(row[name]).as_tuple() for name in MONEY
            )

    def test_an_invoice_is_paid_open_or_overdue_as_its_balance_and_due_date_say(self, demo: Path) -> None:
        statuses: Counter[str] = Counter()
        for row in rows(demo, "invoices"):
            balance = Decimal(row["balance"])
            assert 0 <= balance <= Decimal(row["total"])
            assert Decimal(row["total"]) - Decimal(row["paid"]) == balance
            unpaid = "Overdue" if row["due_date"] < "2026-10-31" else "Open"
            assert row["status"] == (unpaid if balance else "Paid")
            statuses[row["status"]] += 1
        assert min(statuses[status] for status in ("Paid", "Open", "Overdue")) > 3

    def test_a_credit_note_takes_no_more_than_its_invoice_and_is_never_for_nothing(self, demo: Path) -> None:
        invoices = {row["number"]: row for row in rows(demo, "invoices")}
        for row in rows(demo, "credit_notes"):
            assert Decimal(row["total"]) > 0
            assert row["balance"] == (row["total"] if row["status"] == "Open" else str(Decimal(row["balance"]) * 0))
            if invoice := invoices.get(row["invoice_number"]):
                assert row["currency"] == invoice["currency"]
                assert Decimal(row["total"]) <= Decimal(invoice["total"])
                if row["status"] == "Applied":
                    assert Decimal(invoice["balance"]) <= Decimal(invoice["total"]) - Decimal(row["total"])

    def test_quotes_and_orders_stand_as_their_chains_say(self, demo: Path) -> None:
        taken_up = {row["quote_number"] for row in rows(demo, "orders")}
        delivered = {row["order_number"] for row in rows(demo, "delivery_notes")}
        assert all((row["status"] == "Accepted") == (row["number"] in taken_up) for row in rows(demo, "quotes"))
        assert all((row["status"] == "Delivered") == (row["number"] in delivered) for row in rows(demo, "orders"))
        assert {row["status"] for row in rows(demo, "quotes")} == {"Accepted", "Pending", "Declined", "Expired"}
        assert {row["status"] for row in rows(demo, "orders")} == {"Delivered", "Open", "Cancelled"}

    def test_what_is_open_of_an_order_is_all_that_was_ordered(self, demo: Path) -> None:
        status = {row["number"]: row["status"] for row in rows(demo, "orders")}
        for line in rows(demo, "orders_lines"):
            assert line["open_quantity"] == (line["quantity"] if status[line["number"]] == "Open" else "")

    def test_some_carriage_is_charged_and_goods_for_branches_go_there(self, demo: Path) -> None:
        charged = [row for type_ in ("quotes", "orders", "invoices") for row in rows(demo, type_) if row["charge"]]
        assert len(charged) > 30
        for type_ in ("orders", "invoices", "delivery_notes"):
            shipped = [row for row in rows(demo, type_) if row["ship_to"]]
            assert shipped
            assert all(row["branch"] for row in shipped)
            assert any("\n" in row["ship_to"] and "<" in row["ship_to"] for row in shipped)

    def test_terms_of_payment_say_when_an_invoice_is_due(self, demo: Path) -> None:
        terms = {row["id"]: row["payment_terms"] for row in rows(demo, "customers")}
        day = datetime.date.fromisoformat
        for row in rows(demo, "invoices"):
            assert row["payment_terms"] == terms[row["customer_id"]]
            days = (day(row["due_date"]) - day(row["date"])).days
            assert re.findall(r"\d+", row["payment_terms"]) == [str(days)]


class TestDifficultText:
    @pytest.mark.parametrize(
        "text",
        [
            *("<b>", "</td>", "<script>", "&", "&amp;", '"', "'", ",", "\n", "\t", "\\", "#", ": "),
            *(
                "{{ 7*7 }}",
                "{% raw %}",
                "=SUM(A1)",
                "🐙",
                "Φάρος",
                "Морски",
                "مصابيح",
                "מגדלור",
                "灯台",
                "Łódź",
                "İğne",
            ),
        ],
    )
    def test_it_is_in_names_or_in_documents(self, text: str, demo: Path) -> None:
        cells = [cell for _, row in transactions(demo) for cell in row.values()]
        cells += [cell for row in rows(demo, "customers") for cell in row.values()]
        assert any(text in cell for cell in cells)

    @pytest.mark.parametrize(
        "text", ["=SUM(A1)", "{{ 7*7 }}", "<b>KEEP OUT</b>", "FRESH FISH\nSOMETIMES", "刻印", "النقش"]
    )
    def test_it_is_in_descriptions_of_lines(self, text: str, demo: Path) -> None:
        assert any(text in line["description"] for line in rows(demo, "orders_lines"))

    def test_names_are_of_one_letter_and_of_two_hundred_and_one_is_there_twice(self, demo: Path) -> None:
        names = Counter(row["name"] for row in rows(demo, "customers"))
        assert "X" in names
        assert max(map(len, names)) > 180
        assert max(names.values()) == 2

    def test_ids_tempt_yaml_and_resemble_each_other(self, demo: Path) -> None:
        ids = {row["id"] for row in rows(demo, "customers")}
        assert ids >= {"0012", "12", "12:30", "NO", "C-7", "c-7", "null", "true", "1e3", "0x1F", "2026-03-01"}

    def test_numbers_of_different_customers_resemble_each_other(self, demo: Path) -> None:
        alike = {
            "orders": ("99", "099", "000099"),
            "invoices": ("INV/2026/00042", "INV-2026-00042", "inv/2026/00042"),
            "delivery_notes": ("DN 000054", "../DN 000054"),
        }
        for type_, numbers in alike.items():
            owners = {row["number"]: row["customer_id"] for row in rows(demo, type_)}
            assert len({owners[number] for number in numbers}) == len(numbers)


class TestTheConfig:
    def test_each_customer_has_one_portal_with_the_exports_exact_name(self, demo: Path) -> None:
        named = [(portal["customer"], portal["name"]) for portal in config(demo)["portals"].values()]
        assert sorted(named) == sorted((row["id"], row["name"]) for row in rows(demo, "customers"))

    def test_portal_ids_are_lower_case_slugs(self, demo: Path) -> None:
        assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", portal) for portal in config(demo)["portals"])

    def test_portals_vary_in_all_that_a_portal_can_say(self, demo: Path) -> None:
        portals = list(config(demo)["portals"].values())
        keys = {"customer", "name", "show", "enabled", "revision", "expires", "locale", "contacts"}
        assert set().union(*portals) == keys
        assert sum(portal.get("enabled") == "false" for portal in portals) == 1
        assert {portal.get("locale") for portal in portals} == {
            *(None, "ar-EG", "de-DE", "es-ES", "fr-FR", "it-IT", "ja-JP", "nl-NL", "pl-PL")
        }

    def test_shows_are_all_or_a_role_or_a_list_of_types(self, demo: Path) -> None:
        portals = config(demo)["portals"].values()
        contacts = [contact for portal in portals for contact in portal.get("contacts", {}).values()]
        shows = [one["show"] for one in (*portals, *contacts)]
        lists = [show for show in shows if isinstance(show, list)]
        words = {show for show in shows if isinstance(show, str)}
        assert words == {"ALL", *config(demo)["roles"]}
        assert {type_ for types in lists for type_ in types} == {*(*GRANTABLE_TYPES, "ALL", "accounts-payable")}

    def test_receipts_pay_what_is_neither_owed_nor_credited(self, demo: Path) -> None:
        paid: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in (*rows(demo, "receipts"), *rows(demo, "credit_notes")):
            paid[row.get("allocated_to") or row.get("invoice_number") or ""] += Decimal(
                row.get("amount") or row["total"]
            )
        for row in rows(demo, "invoices"):
            assert paid[row["number"]] == Decimal(row["total"]) - Decimal(row["balance"])

    def test_two_contacts_see_one_branch_each_that_documents_of_theirs_have(self, demo: Path) -> None:
        branches = {row["branch"] for _, row in transactions(demo) if row["customer_id"] == "0012"}
        contacts = config(demo)["portals"]["clareen"]["contacts"].values()
        limits = [contact["branches"] for contact in contacts if "branches" in contact]
        assert [len(limit) for limit in limits] == [1, 1]
        assert {branch for limit in limits for branch in limit} < branches

    def test_carriers_have_addresses_but_for_one(self, demo: Path) -> None:
        carriers = {row["carrier"] for row in rows(demo, "delivery_notes")}
        assert len(carriers - {*config(demo)["site"]["tracking"]}) == 1
        assert {*config(demo)["site"]["tracking"]} < carriers

    def test_contacts_with_a_link_are_people_whom_the_export_knows(self, demo: Path) -> None:
        known = {(row["customer_id"], row["name"], row["email"]) for row in rows(demo, "contacts")}
        linked = {
            (portal["customer"], contact["name"], contact["email"])
            for portal in config(demo)["portals"].values()
            for contact in portal.get("contacts", {}).values()
        }
        assert len(linked) > 10
        assert linked < known

    def test_every_export_it_names_is_there_and_every_one_there_is_named(self, demo: Path) -> None:
        sources = config(demo)["exports"]
        paths = {entry[key] for entry in sources for key in ("path", "lines") if key in entry}
        assert paths == {name for name in contents(demo) if name.startswith("exports/")}
