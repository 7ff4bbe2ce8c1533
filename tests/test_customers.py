"""What a build leaves of the exports' customers, for those who run the site alone."""

import datetime
import stat
from pathlib import Path

import pytest

from portalgen.customers import Customers, Exported, customers_file, read_customers, write_customers
from portalgen.model import Person
from portalgen.pipeline import build
from portalgen.stores.memory import MemoryStore
from tests.sites import TODAY, new_site

DAY = datetime.date(2026, 11, 20)
HARD = [("0012", "a\r\nb\u2028c\u0085", '"x"', 1), ("NO", "\u05e9\u05dc\u05d5\u05dd \U0001f41d", "", 0)]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = customers_file(tmp_path / "build")
    write_customers(file, DAY, HARD)
    assert read_customers(file) == Customers(DAY, tuple(Exported(*each) for each in HARD))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_people_from_whom_portals_follow_come_with_their_customers(tmp_path: Path) -> None:
    file = tmp_path / "customers.jsonl"
    people = (Person("NO", "No\nbody", "de", "no@x.example"), Person("p/1", "", customer_id="NO"))
    write_customers(file, DAY, HARD, people)
    assert read_customers(file) == Customers(DAY, tuple(Exported(*each) for each in HARD), people)


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "customers.jsonl"
    write_customers(file, DAY, HARD)
    before = file.stat()
    write_customers(file, DAY, HARD)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    for day, customers in ((DAY, HARD[:1]), (DAY + datetime.timedelta(days=1), HARD)):
        write_customers(file, day, customers)
        assert read_customers(file) == Customers(day, tuple(Exported(*each) for each in customers))


def test_a_writing_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    def broken() -> list[tuple[str, str, str, int]]:
        raise RuntimeError("the exports broke off")

    file = tmp_path / "customers.jsonl"
    write_customers(file, DAY, HARD)
    with pytest.raises(RuntimeError):
        write_customers(file, DAY, (each for each in broken()))
    assert read_customers(file) == Customers(DAY, tuple(Exported(*each) for each in HARD))
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}\n",
        "[]\n",
        "nonsense",
        '{"format": 2, "as_of": "2026-11-20"}\n',
        '{"format": 1, "as_of": "soon"}\n',
        '{"format": 1, "as_of": "2026-11-20"}\n["C-1"]\n',
        '{"format": 1, "as_of": "2026-11-20"}\n["C-1", "Ants", "", 1',
        '{"format": 1, "as_of": "2026-11-20"}\n["C-1", "Ants", "", "many"]\n',
        '{"format": 1, "as_of": "2026-11-20"}\n"C-1"\n',
    ],
)
def test_a_file_that_is_none_of_ours_counts_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "customers.jsonl"
    assert read_customers(file) is None
    file.write_text(text)
    assert read_customers(file) is None


def test_a_build_leaves_every_customer_of_the_exports_with_a_portal_or_without(tmp_path: Path) -> None:
    site = new_site(tmp_path, MemoryStore())
    site.write("exports/customers.csv", "id,name,status\nC-2,Bees Ltd,On hold\nC-1,Ants & Sons,\nC-3,Crows,Active\n")
    site.portals = {"ants": "{customer: C-1}"}
    build(site.definitions, TODAY)
    assert read_customers(customers_file(tmp_path / "build")) == Customers(
        DAY,
        (
            Exported("C-1", "Ants & Sons", "", 3),
            Exported("C-2", "Bees Ltd", "On hold", 2),
            Exported("C-3", "Crows", "Active", 1),
        ),
    )


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    site = new_site(tmp_path, MemoryStore())
    file = customers_file(tmp_path / "build")
    build(site.definitions, TODAY)
    before = file.read_bytes()
    head, *rows = (tmp_path / "exports/customers.csv").read_text().splitlines()
    site.write("exports/customers.csv", "\n".join([head, *reversed(rows)]) + "\n")
    build(site.definitions, TODAY)
    assert file.read_bytes() == before
