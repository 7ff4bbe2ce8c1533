"""What is done to the site of bench/build.py between two builds."""

import random
from collections.abc import Collection, Iterator
from pathlib import Path

OWN_TEMPLATE = '{% extends "!default/invoice.html" %}\n{% block note %}<p>Thank you.</p>{{ super() }}{% endblock %}\n'


def say(site: Path, **settings: str) -> None:
    """Write settings into `site:`."""
    config = site / "config/portals.yaml"
    more = "".join(f", {name}: {value}" for name, value in settings.items())
    config.write_text(config.read_text().replace("as_of: 2026-11-22", f"as_of: 2026-11-22{more}"))


def give_everyone_a_portal(site: Path, show: str) -> None:
    """Let the portals follow from the exports."""
    config = site / "config/portals.yaml"
    head, _, _ = config.read_text().partition("portals:\n")
    config.write_text(f"{head}every_customer: {{show: [{show}]}}\n")


def keep_portals(site: Path, count: int) -> None:
    """Leave so many portals, and the exports as they are."""
    config = site / "config/portals.yaml"
    head, begin, portals = config.read_text().partition("portals:\n")
    config.write_text(head + begin + "".join(portals.splitlines(keepends=True)[:count]))


def split_portals(site: Path, files: int) -> None:
    """Put the portals into files of their own, which are included."""
    config, folder = site / "config/portals.yaml", site / "config/portals.d"
    head, _, portals = config.read_text().partition("portals:\n")
    config.write_text(f"{head}include: [portals.d/*.yaml]\n")
    folder.mkdir()
    lines = portals.splitlines(keepends=True)
    for part in range(files):
        (folder / f"{part:03}.yaml").write_text("portals:\n" + "".join(lines[part::files]))


def exports_of(site: Path) -> list[Path]:
    return sorted((site / "exports").glob("*.csv"))


def bytes_of_exports(site: Path) -> int:
    return sum(file.stat().st_size for file in exports_of(site))


def shuffle_rows(site: Path) -> None:
    """Write all exports anew, their rows in another order."""
    for file in exports_of(site):
        head, *rows = file.read_text().splitlines(keepends=True)
        random.Random(file.name).shuffle(rows)  # noqa: S311 - the same order each time
        file.write_text(head + "".join(rows))


def spread(customers: int, count: int) -> list[int]:
    """So many of the customers, none beside another where that can be."""
    return [(2 * each + 1) * customers // (2 * count) for each in range(count)]


def first_documents(type_: str, kind: int, customers: Collection[int]) -> set[str]:
    """The numbers of one document of each of some customers; `kind` is the type's place among those of the site."""
    return {f"{type_[:2].upper()}/{n:06}/{kind:04}" for n in customers}


def change_documents(site: Path, type_: str, numbers: Collection[str]) -> None:
    """Sell one piece more of the first article of some documents."""
    file = site / f"exports/{type_}_lines.csv"
    beside = file.with_suffix(".new")
    with file.open() as old, beside.open("w") as new:
        new.writelines(_one_more(old, set(numbers)))
    beside.replace(file)


def _one_more(rows: Iterator[str], numbers: set[str]) -> Iterator[str]:
    for row in rows:
        number, line, rest = row.split(",", 2)
        if line == "1" and number in numbers:
            item, description, quantity, others = rest.split(",", 3)
            yield f"{number},1,{item},{description},{int(quantity) + 1},{others}"
        else:
            yield row
