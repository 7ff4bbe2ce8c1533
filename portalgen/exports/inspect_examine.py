"""One entry of `exports:`, read as `check` would read it, in a database that is thrown away; and what came of that."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from portalgen.database import Database
from portalgen.errors import InvalidInputError, Problem
from portalgen.exports.cells import type_parts
from portalgen.exports.checks import Checks, Fault
from portalgen.exports.columns import HEADERS, LINES, Kind
from portalgen.exports.files import Place
from portalgen.exports.filling import Filling
from portalgen.exports.headings import Want, normal, wanted, wanted_lines
from portalgen.exports.inspect_entry import Entry, in_order, printable, settings
from portalgen.exports.layouts import quoted_name
from portalgen.exports.loading import PREFIX, stage
from portalgen.exports.profiles import sounds_private
from portalgen.exports.proofs import Proof, Verdict, prove_dates, prove_decimal
from portalgen.exports.readings import Readings
from portalgen.exports.rejects import Quarantine, listed
from portalgen.exports.report import LeftOutValue
from portalgen.exports.settling import settle
from portalgen.exports.similar import similar_ids
from portalgen.exports.staging import Part, SourceFile, Staging
from portalgen.exports.values import bare
from portalgen.exports.visibility import fates, leave_out_hidden
from portalgen.model import TRANSACTION_TYPES, ExportSource

_SAMPLES, _LENGTH = 3, 24
_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column, the headings that fill it, and a few of its values for the eyes of whoever owns the file."""

    column: str
    headings: tuple[str, ...]
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A status as it is written, how many documents have it, what becomes of them and what customers read instead.

    `verdict` is 'shown', 'hidden', or 'unknown' where it is hidden because nothing is said about it.
    """

    written: str
    count: int
    verdict: str
    word: str


@dataclass(frozen=True, slots=True)
class Style:
    """How dates or decimals are written: `settings`, and whether that is 'declared', 'proven', 'nothing to tell',
    'ambiguous' or 'contradicted'. `readings` are cells that do not tell, with what each would be."""

    verdict: str
    settings: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody has to say which it is."""
        return self.verdict in {"ambiguous", "contradicted"}


@dataclass(slots=True)
class Examined:
    """What reading an entry came to. `documents` are customers, contacts or products, too; `shown` of them come out.

    `problems` are what `check` would refuse, `warnings` what it would say besides, relations to other exports aside.
    """

    heading_line: int = 0
    columns: list[Mapped] = field(default_factory=list)
    line_columns: list[Mapped] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)
    dates: Style = Style("declared")
    decimals: Style = Style("declared")
    rows: int = 0
    documents: int = 0
    lines: int = 0
    shown: int | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    left_out_values: list[LeftOutValue] = field(default_factory=list)
    others: int = 0
    statuses: list[Status] = field(default_factory=list)
    names_currency: bool = True
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def examine(entry: Entry, root: Path, heading: Sequence[str] = (), *, has_lines: bool = True) -> Examined:
    """Read an entry whose paths start from `root`. What is wrong with it is among the problems.

    `heading` is looked at where the file cannot be read. Without `has_lines`, the file of its lines is not there.
    """
    try:
        _, source = settings(entry.keys, root)
    except InvalidInputError as error:
        return Examined(problems=[*error.problems])
    if not has_lines:
        source = replace(source, lines=None)
    with TemporaryDirectory(prefix="portalgen-") as name, Database(Path(name)) as database:
        staging = Staging(database, Place(root, Path(name), database))
        stage(staging, source)
        return _Examination(staging, source).examined(heading)


class _Examination:
    """The examination of one staged export."""

    def __init__(self, staging: Staging, source: ExportSource) -> None:
        self._staging = staging
        self._source = source
        self._rows = staging.database.rows
        self._found = Examined()

    def examined(self, heading: Sequence[str]) -> Examined:
        found, staging = self._found, self._staging
        tally = staging.tallies[0] if staging.tallies else None
        readings = Readings(staging)
        found.problems += [*staging.problems, *readings.prove()]
        found.dates = self._style(self._source.dates, Kind.DATE)
        found.decimals = self._style((self._source.decimal or "plain",), Kind.DECIMAL)
        try:
            type_parts(staging, readings)
        except InvalidInputError as error:
            found.problems += error.problems
            self._map(tally.staged if tally else [], heading, [])
        else:
            self._map(tally.staged if tally else [], heading, staging.parts)
            for part in staging.parts:
                self._count(part)
            leave_out_hidden(staging)
            self._judge(readings)
        if tally:
            found.rows, found.left_out, found.others = max(tally.rows, 0), tally.left_out, len(tally.others)
            found.left_out_values = tally.left_out_values()
        return found

    def _map(self, staged: Sequence[SourceFile], heading: Sequence[str], parts: Sequence[Part]) -> None:
        """Tell what fills the columns, with samples from `parts`, which can be read."""
        found, source = self._found, self._source
        headers = wanted(HEADERS[source.type], source)
        lines: list[Want] = []
        if source.lines and source.layout == "two-files":
            lines = wanted_lines(LINES, source, source.lines)
        elif source.lines:
            lines = wanted({name: LINES[name] for name in LINES if name != "number"}, source, PREFIX)
        first = next((file for file in staged if not file.is_lines), None)
        titles = first.table.heading if first else heading
        found.heading_line = first.table.first_line if first and first.table.unit in {"", "row"} else 0
        found.columns = [*self._mapped(headers, titles, [part for part in parts if not part.is_lines])]
        second = next((file.table.heading for file in staged if file.is_lines), titles)
        found.line_columns = [*self._mapped(lines, second, [part for part in parts if part.is_lines])]
        read = {normal(title) for each in (*found.columns, *found.line_columns) for title in each.headings}
        read |= {normal(title) for title in source.rows}
        dropped = [title for file in staged for title in file.dropped] or [*heading]
        found.unread = [title for title in dict.fromkeys(dropped) if title and normal(title) not in read]
        found.private = [title for title in found.unread if sounds_private(title)]

    def _mapped(self, wants: Sequence[Want], heading: Sequence[str], parts: Sequence[Part]) -> Iterator[Mapped]:
        titles = [normal(title) for title in heading]
        kept = {want.name: want for want in wants if want.column.kept}
        samples = self._samples(parts[0]) if parts else {}
        for want in (kept[name] for name in in_order(kept)):
            headings = tuple(heading[index] for index in want.cells(heading, titles))
            if headings or want.name in want.source.values or want.name == self._source.groups:
                yield Mapped(want.name, headings, samples.get(want.name, ()))

    def _samples(self, part: Part) -> dict[str, tuple[str, ...]]:
        """By column, the first few values there are, in the first rows."""
        names = [*part.columns]
        select = ", ".join(map(quoted_name, names))
        rows = self._rows(f"SELECT {select} FROM {part.raw} ORDER BY file, file_row LIMIT {_LOOKED_AT}")
        cells = {name: dict.fromkeys(row[index] for row in rows) for index, name in enumerate(names)}
        return {name: tuple(map(_short, islice(filter(None, texts), _SAMPLES))) for name, texts in cells.items()}

    def _style(self, declared: tuple[str, ...], kind: Kind) -> Style:
        if "prove" not in declared:
            return Style("declared", declared)
        columns = [(part.raw, name) for part in self._staging.parts for name in part.of_kind(kind)]
        if not columns:
            return Style("nothing to tell")
        proof: Proof = (prove_dates if kind is Kind.DATE else prove_decimal)(self._rows, columns)
        verdict = "nothing to tell" if proof.verdict is Verdict.INDIFFERENT else str(proof.verdict)
        return Style(verdict, proof.settings, tuple(printable(str(sample)) for sample in proof.samples))

    def _count(self, part: Part) -> None:
        [(count,)] = self._rows(f"SELECT count(*) FROM {part.raw}")
        if part.is_lines:
            self._found.lines += count
            return
        self._found.documents += count
        if part.type in TRANSACTION_TYPES:
            found = [Status(*each) for each in fates(self._staging, part)]
            self._found.statuses = [replace(each, written=_short(each.written)) for each in found]

    def _judge(self, readings: Readings) -> None:
        """Check the rows; fill a book with them if they pass, to see what comes out."""
        found, staging = self._found, self._staging
        checks, quarantine = Checks(staging, readings, ""), Quarantine(staging)
        if found.problems or not staging.parts:
            found.warnings += staging.warnings
            return
        found.names_currency = not [*checks.currencies()]
        self._list(checks.values())
        found.problems += settle(staging)
        self._list(checks.repeated())
        self._list(checks.relations())
        found.problems += [*checks.twice(), *similar_ids(staging)]
        filling = Filling(staging, "")
        if not found.problems:
            filling.fill()
            found.problems += filling.compare(quarantine)
            filling.remark(staging.newest_day())
            found.shown = filling.report(quarantine).exports[0].shown
        found.warnings += filling.warnings

    def _list(self, faults: Iterable[Fault]) -> None:
        """List faults, but for those of a currency that only the site names."""
        for fault in [*faults]:
            if fault.column == "currency" and "empty" in fault.message:
                self._found.names_currency = False
            elif self._found.names_currency or "another currency" not in fault.message:
                self._found.problems += listed(self._staging, fault)


def _short(text: str) -> str:
    text = printable(bare(text).replace("\r\n", " / ").replace("\n", " / "))
    return text if len(text) <= _LENGTH else text[: _LENGTH - 3] + "..."
