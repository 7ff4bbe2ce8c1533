"""Each profile reads its system's export: a sample with the system's traps, and the truth, worked out by hand."""

import json
import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portalgen.definitions import load
from portalgen.errors import InvalidInputError, Location
from portalgen.exports.profiles import load_profile, packaged_names, sounds_private
from portalgen.exports.reader import read_exports
from portalgen.model import Account, Line, Transaction
from tests.exports.profile_cases import NAMES, case_of, write_case

SYSTEMS = (
    "manager-list manager-batch odoo erpnext quickbooks-report xero invoice-ninja zoho-books freshbooks sap-b1 "
    "sap-b1-dtw netsuite business-central akaunting ubl factur-x"
)


def read(name: str, folder: Path) -> list[Account]:
    return read_site(write_case(name, folder))


def read_site(config: Path) -> list[Account]:
    with read_exports(load(config)) as book:
        return [*book.accounts(book.customers())]


COLUMNS = [field.name for field in fields(Transaction) if field.name != "lines"]
LINE_COLUMNS = [field.name for field in fields(Line) if field.name != "line"]


def text(value: object) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def line_facts(line: Line) -> dict[str, str]:
    """Every column of a line that is filled."""
    return {name: said for name in LINE_COLUMNS if (said := text(getattr(line, name)))}


def facts(transaction: Transaction) -> dict[str, str]:
    """What a sample's truth may say of a transaction."""
    amounts = [line.amount for line in transaction.lines if line.amount is not None]
    said = {name: text(getattr(transaction, name)) for name in COLUMNS}
    lines_sum = str(sum(amounts, Decimal(0))) if amounts else ""
    return said | {"lines": str(len(transaction.lines)), "lines_sum": lines_sum}


def equal(said: str, true: str) -> bool:
    """Whether two cells are the same, amounts by their value."""
    number = r"-?\d+(\.\d+)?"
    if re.fullmatch(number, said) and re.fullmatch(number, true) and "." in said + true:
        return Decimal(said) == Decimal(true)
    return said == true


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_read_as_it_is_true(name: str, tmp_path: Path) -> None:
    truth = case_of(name)["expect"]
    accounts = read(name, tmp_path)
    read_documents = {(each.type, each.number): each for account in accounts for each in account.transactions}
    documents = {key: facts(each) for key, each in read_documents.items()}
    assert documents.keys() == {(each["type"], each["number"]) for each in truth["documents"]}
    for true in truth["documents"]:
        said = documents[true["type"], true["number"]]
        keys = (said.keys() | true.keys()) - {"rows"}
        wrong = {key: (said[key], true.get(key, "")) for key in keys if not equal(said[key], true.get(key, ""))}
        assert wrong == {}, true["number"]
        lines = [line_facts(line) for line in read_documents[true["type"], true["number"]].lines]
        assert len(lines) == len(true.get("rows", [])), true["number"]
        for one, row in zip(lines, true.get("rows", []), strict=True):
            assert {key for key in one.keys() | row.keys() if not equal(one.get(key, ""), row.get(key, ""))} == set(), (
                one
            )
    people = {account.customer.id: account.customer for account in accounts}
    for id_, true in truth["customers"].items():
        assert {key: getattr(people[id_], key) for key in true} == true


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_for_customers_is_nowhere_in_the_book(name: str, tmp_path: Path) -> None:
    truth: dict[str, Any] = case_of(name)["expect"]
    accounts = read(name, tmp_path)
    there = {(each.type, each.number) for account in accounts for each in account.transactions}
    assert not there & {(each["type"], each["number"]) for each in truth["hidden"]}
    whole = repr(accounts)
    assert [word for word in truth["absent_words"] if word in whole] == []


CHANGES = {
    "erpnext": ("invoices.csv", '"Overdue"', '"Cancelled"', "ACC-SINV-2026-00012"),
    "odoo": ("invoices.csv", "Posted,Partially Paid", "Cancelled,Partially Paid", "INV/2026/00012"),
    "odoo-technical": ("moves.csv", '"posted","not_paid"', '"cancel","not_paid"', "INV/2026/00099"),
    "sap-b1": ("invoices.json", "csNo", "csYes", "5000811"),
    "invoice-ninja-api": ("invoices.json", '"is_deleted": false', '"is_deleted": true', "2026-0009"),
}
"""By profile, a file of its sample, and what makes its first document, of this number, a cancelled one."""


@pytest.mark.parametrize("name", CHANGES)
def test_a_document_that_a_later_file_cancels_is_withdrawn(name: str, tmp_path: Path) -> None:
    file, before, after, number = CHANGES[name]
    config = write_case(name, tmp_path)
    said = json.loads(config.read_text())
    customers = [each for each in said["exports"] if each["type"] == "customers"]
    path = (tmp_path / file).rename((tmp_path / file).with_stem(f"{Path(file).stem}-1"))
    text = path.read_text(encoding="utf-8")
    path.with_stem(f"{Path(file).stem}-2").write_text(text.replace(before, after, 1), encoding="utf-8")

    def numbers(pattern: str, export: str) -> set[str]:
        entry = {"type": "invoices", "path": pattern, "profile": name, "export": export}
        config.write_text(json.dumps({**said, "exports": [*customers, entry]}))
        with read_exports(load(config)) as book:
            accounts = book.accounts(book.customers())
            return {each.number for account in accounts for each in account.transactions}

    both = path.name.replace("-1", "-?")
    assert number in numbers(path.name, "incremental")
    assert number not in numbers(both, "incremental")
    with pytest.raises(InvalidInputError, match=f"number: '{number}' is"):
        numbers(both, "full")


UNKNOWN = {
    "erpnext": ("invoices.csv", '"Overdue"', '"Frozen"', "ACC-SINV-2026-00012", "Frozen"),
    "odoo": ("invoices.csv", "Posted,Partially Paid", "Posted,Frozen", "INV/2026/00012", "Posted Frozen"),
    "odoo-technical": ("moves.csv", '"posted","not_paid"', '"sealed","not_paid"', "INV/2026/00099", "sealed not_paid"),
    "sap-b1": ("invoices.json", "csNo", "csFrozen", "5000811", "csFrozen bost_Open"),
    "invoice-ninja-api": ("invoices.json", '"is_deleted": false', '"is_deleted": 7', "2026-0009", "7 3"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_status_that_a_profile_does_not_know_hides_its_document_and_is_told(name: str, tmp_path: Path) -> None:
    file, before, after, number, told = UNKNOWN[name]
    config = write_case(name, tmp_path)
    said = json.loads(config.read_text())
    customers = [each for each in said["exports"] if each["type"] == "customers"]
    said["exports"] = [*customers, {"type": "invoices", "path": file, "profile": name}]
    config.write_text(json.dumps(said))
    text = (tmp_path / file).read_text(encoding="utf-8")
    (tmp_path / file).write_text(text.replace(before, after, 1), encoding="utf-8")
    with read_exports(load(config)) as book:
        shown = {each.number for account in book.accounts(book.customers()) for each in account.transactions}
        assert number not in shown
        assert [each for each in book.report.warnings if f"status: '{told}' is not one" in each.message]


@pytest.mark.parametrize("name", packaged_names())
def test_no_profile_shows_a_status_as_the_system_writes_it(name: str) -> None:
    profile = load_profile(name, Path(), Location())
    raw = [type_ for type_, said in profile.types.items() if type_ != "customers" and "status" in said.columns]
    assert [type_ for type_ in raw if not profile.types[type_].status] == []


NETSUITE = {
    "a main line": ("INV1,Invoice,1/31/2026,3/2/2026,A,1742,Open,USD,110.00,10.00,0,*,,,110.00,No\n", "total"),
    "a tax line": ("INV1,Invoice,1/31/2026,3/2/2026,A,1742,Open,USD,110.00,10.00,2,VAT,,,10.00,Yes\n", ""),
    "totals in another currency": ("", "total"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("case", NETSUITE)
def test_a_netsuite_document_that_does_not_add_up_is_refused(case: str, tmp_path: Path) -> None:
    write_case("netsuite", tmp_path)
    extra, column = NETSUITE[case]
    heading = "Document Number,Type,Date,Due Date,Name,Customer Internal ID,Status,Currency,Amount (Transaction Total),"
    heading += "Amount (Transaction Tax Total),Line ID,Item,Quantity,Item Rate,Amount (Foreign Currency),Tax Line\n"
    line = "INV1,Invoice,1/31/2026,3/2/2026,A,1742,Open,USD,110.00,10.00,1,PUMP,10,10.00,100.00,No\n"
    line = line.replace("110.00,10.00", "99.00,9.00") if case == "totals in another currency" else line
    (tmp_path / "transactions.csv").write_text(heading + line + extra)
    config = tmp_path / "portals.yaml"
    said = json.loads(config.read_text())
    said["exports"] = [each for each in said["exports"] if each["type"] in {"customers", "invoices"}]
    config.write_text(json.dumps(said))
    if column:
        with pytest.raises(InvalidInputError, match=f"INV1: {column}: "):
            read_site(config)
    else:
        [invoice] = [each for account in read_site(config) for each in account.transactions]
        assert [line.item for line in invoice.lines] == ["PUMP"]


def test_what_a_netsuite_document_came_from_is_never_taken_for_an_order(tmp_path: Path) -> None:
    write_case("netsuite", tmp_path)
    path = tmp_path / "transactions.csv"
    path.write_text(path.read_text().replace("612.34,,", "612.34,Quote #EST77,"))
    with read_exports(load(tmp_path / "portals.yaml")) as book:
        assert "EST77" not in repr([*book.accounts(book.customers())])


def test_every_system_has_a_profile_and_every_profile_a_sample() -> None:
    assert {*SYSTEMS.split()} <= {*packaged_names()}
    assert packaged_names() == NAMES


@pytest.mark.parametrize("name", packaged_names())
def test_every_type_of_a_profile_is_in_its_sample(name: str) -> None:
    case = case_of(name)
    read = {each["type"] for each in case["exports"]}
    assert {*load_profile(name, Path(), Location()).types} - read == set()
    assert read - {"customers", "products"} == {each["type"] for each in case["expect"]["documents"]}


@pytest.mark.parametrize("name", packaged_names())
def test_no_profile_reads_what_sounds_private_without_saying_why(name: str) -> None:
    profile = load_profile(name, Path(), Location())
    for settings in profile.types.values():
        read = [*settings.columns.values(), *(settings.lines.columns.values() if settings.lines else ())]
        titles = {title for headings in read for title in (*headings.any_of, *headings.join, *headings.first)}
        assert {title for title in titles if sounds_private(title)} <= {*profile.despite_its_name}
        assert settings.ignore == ["ALL"] or profile.defaults.ignore == ["ALL"]


def test_a_profile_of_ones_own_is_refused_that_reads_costs(tmp_path: Path) -> None:
    text = (
        "name: ours\ntitle: Ours\nabout: Ours.\n"
        "types: {invoices: {columns: {number: No}, lines: {columns: {unit_price: Item Cost}}}}\n"
    )
    (tmp_path / "ours.yaml").write_text(text)
    with pytest.raises(InvalidInputError) as caught:
        load_profile("ours.yaml", tmp_path, Location())
    [problem] = caught.value.problems
    assert (problem.where.line, problem.where.column) == (4, 73)
    assert problem.message == "unit_price: 'Item Cost' sounds like what customers must not see"
    assert problem.hint == "if customers may see it, say why: despite_its_name: {Item Cost: ...}"
    (tmp_path / "mine.yaml").write_text(text + "despite_its_name: {Item Cost: it is the price}\n")
    assert load_profile("mine.yaml", tmp_path, Location()).name == "ours"


SPELLINGS = (
    "UnitCost unit_cost UNITCOST itemcost costPrice COST_PRICE cost-price costprice StandardCost Costing Costs "
    "lines.cost SKUCost CostPerUnit cost2 internal_note internalNote PrivateNote GrossMargin net_profit markUp mark_up "
    "Mark-up markup"
)


@pytest.mark.parametrize("title", [*SPELLINGS.split(), "Cost of goods", "For internal use", "Mark up"])
@pytest.mark.parametrize("heading", ["[Rate, {}]", "{{join: [City, {}]}}", "{{first: [Rate, {}]}}"])
def test_no_way_of_writing_a_heading_gets_past_the_guard(title: str, heading: str, tmp_path: Path) -> None:
    heading = heading.format(title)
    text = f"name: ours\ntitle: Ours\nabout: Ours.\ntypes: {{invoices: {{columns: {{number: No, note: {heading}}}}}}}\n"
    (tmp_path / "ours.yaml").write_text(text)
    with pytest.raises(InvalidInputError, match=f"note: '{title}' sounds like what customers must not see"):
        load_profile("ours.yaml", tmp_path, Location())


@pytest.mark.parametrize("title", ["Customer", "CustomerNo", "Costa Rica", "Costume", "Bookmark", "Mark", "Postcode"])
def test_a_heading_that_speaks_of_nothing_private_is_read(title: str) -> None:
    assert not sounds_private(title)


def test_a_misspelt_profile_is_met_with_the_right_name() -> None:
    with pytest.raises(InvalidInputError) as caught:
        load_profile("xerro", Path(), Location("portals.yaml", 5, 9))
    assert str(caught.value) == "portals.yaml:5:9: there is no profile 'xerro'\n  hint: did you mean 'xero'?"
