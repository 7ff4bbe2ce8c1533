"""What the last build followed from, and what it came to say: where none of it changed, nothing is read or made again.

`build/standing.json`, which only its owner may read, holds one digest over the definitions, the bytes of all exports,
documents' files and templates, and the day that they show; by link the digest of its bundle; and what reading the
exports had to tell. It is believed for as long as every digest in it is still true.
"""

import datetime
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from portalgen import __version__
from portalgen.builder import Built, standing
from portalgen.customers import customers_file, read_customers
from portalgen.errors import Location, Problem
from portalgen.exports.report import ExportReport, LeftOutValue, ReadingReport, Reject, rejects_file
from portalgen.model import Definitions, LinkId, Person, Waiting
from portalgen.replacing import replace_file
from portalgen.resources import catalogues_folder, templates_folder
from portalgen.watched import Seen, Watched, made_of

_READERS = 2

Withheld = Mapping[LinkId, Iterable[str]]


@dataclass(frozen=True, slots=True)
class Sources:
    """All that a build follows from but the links: a digest of it, and how its files were before they were read."""

    digest: str
    watched: Watched
    seen: Seen

    @property
    def are_as_they_were(self) -> bool:
        """Whether no file was touched since."""
        return self.watched.look() == self.seen


@dataclass(frozen=True, slots=True)
class Last:
    """What the last build came to, of which nothing but the links may have changed.

    `people` are those that the portals which the exports bring follow from. `bundles` are digests.
    """

    people: tuple[Person, ...]
    bundles: Mapping[LinkId, str]
    withheld: Any
    waiting: Waiting
    reading: ReadingReport


def sources_of(definitions: Definitions) -> Sources:
    """Read, and forget, every file that a build follows from."""
    _, brought = made_of(definitions)
    watched = Watched(brought.files, (*brought.folders, definitions.root / "templates"), brought.outputs)
    seen = watched.look()
    packaged = [path for folder in (templates_folder(), catalogues_folder()) for path in sorted(folder.rglob("*.*"))]
    with ThreadPoolExecutor(_READERS) as pool:
        digests = [*pool.map(_digest, [*seen, *packaged])]
    parts = (__version__, definitions, [*_days(definitions, seen)], [*map(str, seen)], digests)
    return Sources(sha256(repr(parts).encode()).hexdigest(), watched, seen)


def _digest(path: Path) -> str:
    """The digest of a file, and of what a database may still have to write into it; '' where it cannot be read."""
    return " ".join(_digest_of_one(Path(f"{path}{ending}")) for ending in ("", "-wal", "-journal"))


def _digest_of_one(path: Path) -> str:
    if not path.is_file():  # a pipe would keep us waiting
        return ""
    try:
        with path.open("rb", buffering=0) as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _days(definitions: Definitions, seen: Seen) -> Iterator[datetime.date]:
    """The day that the exports show, or all of which it may be one: the days on which their files were written."""
    if definitions.site.as_of:
        yield definitions.site.as_of
        return
    zone = ZoneInfo(definitions.site.timezone)
    for _, _, written in seen.values():
        yield datetime.datetime.fromtimestamp(written // 1_000_000_000, zone).date()


def standing_file(folder: Path) -> Path:
    """Where it stands in a build folder."""
    return folder / "standing.json"


def recall(sources: Sources, folder: Path) -> Last | None:
    """What the last build came to, if it followed from just these sources and nobody touched what it wrote besides."""
    try:
        data = json.loads(standing_file(folder).read_bytes())
        if data["sources"] != sources.digest or data["besides"] != _besides(folder):
            return None
        found = read_customers(customers_file(folder))
        return Last(
            people=found.people if found else (),
            bundles={LinkId(portal, contact): digest for portal, contact, digest in data["bundles"]},
            withheld=data["withheld"],
            waiting={LinkId(portal, contact): types for portal, contact, types in data["waiting"]},
            reading=_reading(data["reading"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def remember(sources: Sources, folder: Path, withheld: Withheld, built: Built) -> None:
    """Note what came of a build; not where a link was refused, or a file was touched meanwhile."""
    if built.refused or not sources.are_as_they_were:
        standing_file(folder).unlink(missing_ok=True)
        return
    said = {
        "sources": sources.digest,
        "besides": _besides(folder),
        "bundles": [[bundle.id.portal, bundle.id.contact, bundle.digest] for bundle in built.bundles],
        "withheld": _said(withheld, sorted),
        "waiting": _said(built.waiting, dict),
        "reading": asdict(built.reading),
    }
    replace_file(standing_file(folder), json.dumps(said).encode(), 0o600)


def stands(last: Last, links: Iterable[LinkId], withheld: Withheld, folder: Path) -> Built | None:
    """What the last build came to, if it was of just these links, and each bundle of it is there."""
    if last.bundles.keys() != {*links} or last.withheld != _said(withheld, sorted):
        return None
    built = standing(folder, last.bundles)
    return built and replace(built, waiting=last.waiting, reading=last.reading)


def _said(types: Mapping[LinkId, Any], how: Callable[[Any], Any]) -> list[list[Any]]:
    return [[link.portal, link.contact, how(types[link])] for link in sorted(types) if types[link]]


def _besides(folder: Path) -> list[str]:
    """The digests of what a build writes besides bundles."""
    return [_digest(customers_file(folder)), _digest(rejects_file(folder))]


def _reading(data: Any) -> ReadingReport:
    return ReadingReport(
        exports=tuple(_export(each) for each in data["exports"]),
        warnings=tuple(Problem(Location(**each.pop("where")), **each) for each in data["warnings"]),
        rejects=tuple(Reject(where=Location(**each.pop("where")), **each) for each in data["rejects"]),
    )


def _export(data: Any) -> ExportReport:
    for name in ("files", "dropped", "others"):
        data[name] = tuple(data[name])
    values = tuple(LeftOutValue(**each) for each in data.pop("left_out_values"))
    return ExportReport(**data, left_out_values=values)
