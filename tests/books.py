"""Books made of exports that a test writes out, read the way a site's are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portalgen.book import Book
from portalgen.definitions import load
from portalgen.errors import InvalidInputError
from portalgen.exports.reader import read_exports
from portalgen.model import Account

CUSTOMERS = "id,name\nC-1,Ants\nC-2,Bees\n"


def write(folder: Path, files: dict[str, str], exports: str = "", site: str = "currency: EUR") -> Path:
    """A site with customers.csv and these files, each an export of the type that it is named for; return its config.

    A file named invoices_lines.csv holds the lines of invoices.csv. `exports` are entries to use instead.
    """
    files = {"customers.csv": CUSTOMERS, **files}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    types = [name.removesuffix(".csv") for name in files if not name.endswith("_lines.csv")]
    entries = [
        f"{{type: {type_}, path: {type_}.csv, similar_ids: allow"
        + (f", lines: {type_}_lines.csv}}" if f"{type_}_lines.csv" in files else "}")
        for type_ in types
    ]
    config = folder / "portals.yaml"
    listed = exports or f"[{', '.join(entries)}]"
    config.write_text(f"version: 1\nsite: {{id: x, title: x, {site}}}\nexports: {listed}\n")
    return config


@contextmanager
def book(folder: Path, files: dict[str, str], exports: str = "", site: str = "currency: EUR") -> Iterator[Book]:
    """The book of a site with these files, as `write` takes them."""
    with read_exports(load(write(folder, files, exports, site))) as opened:
        yield opened


def accounts(folder: Path, files: dict[str, str], exports: str = "", site: str = "currency: EUR") -> list[Account]:
    """Every account of a site with these files."""
    with book(folder, files, exports, site) as opened:
        return [*opened.accounts(["C-1", "C-2", "C-3"])]


def problems(folder: Path, files: dict[str, str], exports: str = "", site: str = "currency: EUR") -> list[str]:
    """What is wrong with these files, a line each, without hints."""
    try:
        accounts(folder, files, exports, site)
    except InvalidInputError as error:
        found = [f"{problem.where}: {problem.message}" for problem in error.problems]
        return [text.replace(f"{folder}/", "") for text in found]
    return []
