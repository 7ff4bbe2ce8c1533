"""The customers of the exports as the last build found them: what `status` knows of them without reading an export.

One line of JSON says of which day the exports are, then one each customer's id, name, ERP status and number of
documents, in the order of the ids; then, where portals follow from them, the people that they follow from. Only its
owner may read it.
"""

import datetime
import filecmp
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import mkstemp

from portalgen.model import Person

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Exported:
    """A customer of the exports. `status` is the ERP's own word; `documents` counts all that customers may see."""

    id: str
    name: str
    status: str = ""
    documents: int = 0


@dataclass(frozen=True, slots=True)
class Customers:
    """All customers of the exports, in the order of their ids, and the day that the exports show.

    `people` are those from whom portals follow without a definition of their own.
    """

    as_of: datetime.date
    customers: tuple[Exported, ...]
    people: tuple[Person, ...] = ()


def customers_file(build: Path) -> Path:
    """Where the customers stand in a build folder."""
    return build / "customers.jsonl"


def write_customers(
    file: Path, as_of: datetime.date, customers: Iterable[tuple[str, str, str, int]], people: Iterable[Person] = ()
) -> None:
    """Write id, name, status and number of documents of all `customers`, unless the file says the same already."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = mkstemp(dir=file.parent)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
            out.writelines(_lines(as_of, customers, people))
        if not file.is_file() or not filecmp.cmp(partial, file, shallow=False):
            partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def read_customers(file: Path) -> Customers | None:
    """What was written, or None where there is nothing that can be read."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            head = json.loads(next(lines))
            if head["format"] != _FORMAT:
                return None
            as_of = datetime.date.fromisoformat(head["as_of"])
            found: list[Exported] = []
            people: list[Person] = []
            for line in lines:
                match json.loads(line):
                    case [id_, name, status, documents]:
                        found.append(Exported(id_, name, status, int(documents)))
                    case [id_, name, language, email, customer]:
                        people.append(Person(id_, name, language, email, customer))
                    case _:
                        return None
            return Customers(as_of, tuple(found), tuple(people))
    except (OSError, StopIteration, ValueError, TypeError, KeyError):
        return None


def _lines(
    as_of: datetime.date, customers: Iterable[tuple[str, str, str, int]], people: Iterable[Person]
) -> Iterator[str]:
    yield json.dumps({"format": _FORMAT, "as_of": as_of.isoformat()}) + "\n"
    for customer in customers:
        yield json.dumps(customer, ensure_ascii=False) + "\n"
    for person in people:
        yield json.dumps(astuple(person), ensure_ascii=False) + "\n"
