"""Reads the same exports with portalgen, bare DuckDB, pandas and the csv module, and compares time and memory.

    python bench/exports.py [--lines N ...] [--runs N] [--subjects NAME ...] [--folder DIR]

The exports are invoices of 5 lines each: semicolons, decimal commas, dates with the day first, a quarter of the amounts
with points between groups of digits. They are made once for a number of lines, and kept in DIR. Every subject reads
them, gives the cells types, joins lines to invoices and goes through all rows in the order of customer, date, number
and line; portalgen checks them besides. Each run is a
process of its own, the subjects take turns, and medians over the runs are printed: seconds from the start of the
process to its end, and the most memory that was resident. All must find the same sum.
"""

# ruff: noqa: PLC0415, S608 - each subject imports what it alone needs; the queries are of our own names
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LINES = 5
DOCUMENTS = 50
FIRST_DAY = date(2024, 1, 1)
MOST_ACCOUNTS = 1_000_000
CONFIG = """version: 1
site: {id: bench, title: Bench, base_url: 'https://portals.example', as_of: 2026-11-22}
keys: file:config/portalgen.keys
exports:
  - {type: customers, path: customers.csv}
  - {type: invoices, path: headers.csv, lines: lines.csv, dates: "%d/%m/%Y", decimal: ","}
stores:
  local: {kind: directory, path: site}
portals:
  one: {customer: '000000', show: ALL}
"""
HEADERS = "number;customer_id;date;due_date;currency;status;reference;net;tax;total;balance\n"
ROWS = "number;line;item;description;quantity;unit;unit_price;discount;tax_rate;amount\n"


def write_exports(folder: Path, lines: int) -> None:
    """Exports of `lines` invoice lines and a configuration to read them by. The same ones every time."""
    documents = lines // LINES
    customers = max(1, documents // DOCUMENTS)
    (folder / "config").mkdir(parents=True)
    (folder / "config/portals.yaml").write_text(CONFIG, encoding="utf-8")
    with (folder / "customers.csv").open("w", encoding="utf-8") as file:
        file.write("id;name;street;city;postal_code;country;currency\n")
        file.writelines(
            f"{n:06};Customer {n} & Sons;{n} High Street;Zürich;{n % 10000:05};CH;EUR\n" for n in range(customers)
        )
    headers = (folder / "headers.csv").open("w", encoding="utf-8")
    rows = (folder / "lines.csv").open("w", encoding="utf-8")
    days = [FIRST_DAY + timedelta(day) for day in range(930)]
    written = [f"{day:%d/%m/%Y}" for day in days]
    with headers, rows:
        headers.write(HEADERS)
        rows.write(ROWS)
        for n in range(documents):
            net = 0
            money = grouped if n % 4 == 0 else bare
            for line in range(1, LINES + 1):
                item, tenths = (n * 7 + line) % 5000, 25 if line == 3 else (n + line) % 9 * 10 + 10
                price = (n * 31 + line * 997) % 100_000 * 2 + 98
                net += (amount := price * tenths // 10)
                rows.write(
                    f"{n:010};{line};{item:06};Article {item} in a box;{tenths // 10},{tenths % 10};pc;"
                    f"{money(price)};0;21,0;{money(amount)}\n"
                )
            tax = (net * 21 + 50) // 100
            day, total = n * 13 % 900, money(net + tax)
            headers.write(
                f"{n:010};{n * 7919 % customers:06};{written[day]};{written[day + 30]};EUR;Open;PO-{n};"
                f"{money(net)};{money(tax)};{total};{total}\n"
            )


def bare(cents: int) -> str:
    """1234567 -> '12345,67'"""
    return f"{cents // 100},{cents % 100:02}"


def grouped(cents: int) -> str:
    """1234567 -> '12.345,67'"""
    return f"{cents // 100:,},{cents % 100:02}".replace(",", ".", (len(str(cents // 100)) - 1) // 3)


# The subjects. Each imports what it needs in its own process, reads the folder it is given, and returns the sum of all
# lines' amounts in cents, which all must agree on.


def with_portalgen(folder: Path) -> int:
    """The book read with every check, and the rows of all accounts gone through in their order within the database."""
    from portalgen.database import Database

    total = []

    def consume(database: Database, sql: str) -> Iterator[tuple[object, ...]]:
        amount = "sum(amount)" if "l.amount" in sql else "0"
        [(_, cents, _)] = database.rows(consuming(sql, f"({amount} * 100)::BIGINT"))
        total.append(cents or 0)
        return iter(())

    Database.stream = consume  # type: ignore[method-assign]
    amount_of_book(folder)
    return sum(total)


def with_accounts(folder: Path) -> int:
    """The same, and the accounts made one by one as objects of Python."""
    return int(amount_of_book(folder) * 100)


def amount_of_book(folder: Path) -> Decimal:
    from portalgen.definitions import load
    from portalgen.exports.reader import read_exports

    with read_exports(load(folder / "config/portals.yaml")) as book:
        accounts = book.accounts(book.customers())
        lines = (line for account in accounts for document in account.transactions for line in document.lines)
        return sum((line.amount or Decimal() for line in lines), Decimal())


def with_duckdb(folder: Path, settings: dict[str, str] | None = None) -> int:
    """One query that reads, types, joins and orders; what does not fit is an error of the query."""
    from duckdb import connect

    with tempfile.TemporaryDirectory() as spilled:
        connection = connect(config={"temp_directory": spilled, **(settings or {})})
        query = consuming(bare_query(folder), "(sum(amount) * 100)::BIGINT")
        [(_, cents, _)] = connection.execute(query).fetchall()
    return int(cents)


def bare_query(folder: Path) -> str:
    def table(name: str, head: str) -> str:
        columns = ", ".join(f"'{column}': 'VARCHAR'" for column in head.strip().split(";"))
        return f"read_csv('{folder / name}', delim=';', header=true, auto_detect=false, columns={{{columns}}})"

    def amount(cell: str) -> str:
        return f"replace(replace({cell}, '.', ''), ',', '.')::DECIMAL(21,6) AS {cell.partition('.')[2]}"

    def day(cell: str) -> str:
        return f"strptime({cell}, '%d/%m/%Y')::DATE AS {cell.partition('.')[2]}"

    amounts = [f"h.{name}" for name in ("net", "tax", "total", "balance")]
    amounts += [f"l.{name}" for name in ("quantity", "unit_price", "discount", "tax_rate", "amount")]
    return (
        f"SELECT h.number, h.customer_id, {day('h.date')}, {day('h.due_date')}, h.currency, h.status, h.reference, "
        f"l.line::INTEGER AS line, l.item, l.description, l.unit, {', '.join(map(amount, amounts))} "
        f"FROM {table('lines.csv', ROWS)} l JOIN {table('headers.csv', HEADERS)} h USING (number) "
        f"JOIN {table('customers.csv', 'id;name;street;city;postal_code;country;currency')} c ON c.id = h.customer_id "
        "ORDER BY h.customer_id, 3 DESC, h.number, 8"
    )


def consuming(sql: str, total: str) -> str:
    """A query that goes through all cells of all rows of `sql` in their order: their places are hashed with them."""
    rows = f"SELECT *, row_number() OVER () AS place FROM ({sql}) AS rows"
    return f"SELECT count(*), {total}, bit_xor(hash(*COLUMNS(*))) FROM ({rows})"


def with_pandas(folder: Path) -> int:
    from pandas import read_csv

    options = {"sep": ";", "decimal": ",", "thousands": "."}
    texts = dict.fromkeys(("number", "customer_id", "item", "id", "postal_code"), str)
    days = ["date", "due_date"]
    customers = read_csv(folder / "customers.csv", dtype=texts, **options)
    headers = read_csv(folder / "headers.csv", dtype=texts, parse_dates=days, date_format="%d/%m/%Y", **options)
    rows = read_csv(folder / "lines.csv", dtype=texts, **options)
    joined = rows.merge(headers, on="number").merge(customers, left_on="customer_id", right_on="id")
    joined = joined.sort_values(["customer_id", "date", "number", "line"], ascending=[True, False, True, True])
    return round(joined["amount"].sum() * 100)  # type: ignore[no-any-return]


def with_csv(folder: Path) -> int:
    from csv import DictReader

    def rows(name: str, amounts: tuple[str, ...] = (), days: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for row in DictReader(file, delimiter=";"):
                for column in amounts:
                    row[column] = Decimal(row[column].replace(".", "").replace(",", "."))
                for column in days:
                    row[column] = datetime.strptime(row[column], "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
                yield row

    customers = {row["id"]: row for row in rows("customers.csv")}
    lines = defaultdict(list)
    for row in rows("lines.csv", ("quantity", "unit_price", "discount", "tax_rate", "amount")):
        row["line"] = int(row["line"])
        lines[row["number"]].append(row)
    documents = defaultdict(list)
    for row in rows("headers.csv", ("net", "tax", "total", "balance"), ("date", "due_date")):
        documents[row["customer_id"]].append(row)
    total = Decimal()
    for customer in sorted(customers):
        for document in sorted(documents[customer], key=lambda row: (-row["date"].toordinal(), row["number"])):
            for line in sorted(lines[document["number"]], key=lambda row: row["line"]):
                total += line["amount"]
    return int(total * 100)


SUBJECTS: dict[str, Callable[[Path], int]] = {
    "portalgen": with_portalgen,
    "portalgen, accounts": with_accounts,
    "duckdb": with_duckdb,
    "duckdb, 400 MB": lambda folder: with_duckdb(folder, {"memory_limit": "400MB"}),
    "pandas": with_pandas,
    "csv": with_csv,
}


@dataclass(frozen=True)
class Run:
    """What one process took: seconds on the clock and of the processors, MiB at its largest; and the sum it found."""

    wall: float
    cpu: float
    peak: float
    cents: int = 0


def measure(subject: str, folder: Path) -> Run:
    """Run one subject in a process of its own. The memory is that of the largest process below it, itself included."""
    started = time.perf_counter()
    command = [sys.executable, __file__, "--once", subject, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{subject} failed")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(printed))


def compare(lines: int, subjects: list[str], runs: int, folder: Path) -> None:
    """Measure the subjects with exports of `lines` lines, and print a table."""
    exports = folder / f"exports-{lines}"
    if not exports.is_dir():
        making = Path(tempfile.mkdtemp(dir=folder))
        write_exports(making, lines)
        making.rename(exports)
    size = sum(file.stat().st_size for file in exports.glob("*.csv"))
    taken: defaultdict[str, list[Run]] = defaultdict(list)
    for number in range(runs):
        for subject in subjects:
            if subject != "portalgen, accounts" or lines <= MOST_ACCOUNTS:
                taken[subject].append(run := measure(subject, exports))
                print(f"{lines:,} lines, run {number + 1}: {subject}: {run}", file=sys.stderr)
    assert len({run.cents for found in taken.values() for run in found}) == 1, "the sums differ"
    print(f"\n{lines:,} lines of {lines // LINES:,} invoices, {size / 1e6:,.0f} MB; medians of {runs}\n")
    print("| | rows/s | wall s | CPU s | peak MiB | times bare DuckDB's wall | times portalgen's wall |")
    print("|---|---|---|---|---|---|---|")
    medians = {subject: median_of(found) for subject, found in taken.items()}
    for subject, median in medians.items():
        figures = [f"{lines / median.wall:,.0f}", f"{median.wall:.1f}", f"{median.cpu:.1f}", f"{median.peak:,.0f}"]
        others = [medians.get(each) for each in ("duckdb", "portalgen")]
        ratios = [f"{median.wall / other.wall:.2f}" if other else "" for other in others]
        print(f"| {' | '.join([subject, *figures, *ratios])} |")


def median_of(runs: list[Run]) -> Run:
    return Run(*(statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu", "peak")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--subjects", nargs="+", choices=SUBJECTS, default=[*SUBJECTS])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "portalgen-bench")
    parser.add_argument("--once", nargs=2, metavar=("SUBJECT", "DIR"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        subject, folder = options.once
        print(SUBJECTS[subject](Path(folder)))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    subjects = [subject for subject in options.subjects if subject != "pandas" or find_spec("pandas")]
    print(f"Python {platform.python_version()}, {', '.join(versions())}, {os.cpu_count()} processors")
    for lines in options.lines:
        compare(lines, subjects, options.runs, options.folder)


def versions() -> Iterator[str]:
    for name in ("portalgen", "duckdb", "pandas"):
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"no {name}"


if __name__ == "__main__":
    main()
