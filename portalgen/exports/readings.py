"""How the cells of an export are read: what its dates and decimals look like, as it was declared or is proven."""

from collections.abc import Callable
from dataclasses import dataclass, field

from portalgen.errors import Location, Problem
from portalgen.exports import values
from portalgen.exports.columns import Kind
from portalgen.exports.proofs import Column, Proof, Sample, Verdict, prove_dates, prove_decimal
from portalgen.exports.staging import Part, Staging
from portalgen.model import ExportSource


@dataclass(frozen=True, slots=True)
class Reading:
    """`dates` are patterns, besides ISO dates, which are always read; `decimal` is '.', ',' or 'plain'.

    `timezone` is where a moment with a time zone is the day that is meant.
    """

    dates: tuple[str, ...] = ()
    decimal: str = "plain"
    timezone: str = "UTC"

    def date(self, cell: str) -> str:
        """SQL of the DATE in a cell of text, or NULL."""
        return values.date_sql(cell, self.dates, self.timezone)

    def number(self, cell: str, unit: str = "currency") -> str:
        """SQL of the DECIMAL(21,6) in a cell of text, or NULL."""
        return values.decimal_sql(cell, self.decimal, unit)


@dataclass(slots=True)
class Readings:
    """The reading of each export of a staging, and what could not be settled."""

    staging: Staging
    problems: list[Problem] = field(default_factory=list)
    _found: dict[int, Reading] = field(default_factory=dict)

    def of(self, part: Part) -> Reading:
        """How the cells of a part are read."""
        source = part.source
        if id(source) not in self._found:
            timezone = self.staging.place.timezone
            self._found[id(source)] = Reading(self._dates(source), self._decimal(source), timezone)
        return self._found[id(source)]

    def prove(self) -> list[Problem]:
        """Settle how every export is read. Returns what cannot be settled, and what is declared and cannot be."""
        for part in self.staging.parts:
            self.of(part)
        return self.problems

    def _dates(self, source: ExportSource) -> tuple[str, ...]:
        patterns = tuple(pattern for pattern in source.dates if pattern != "iso")
        if "prove" not in patterns:
            if fault := values.fault_of_patterns(patterns):
                self.problems.append(Problem(source.places["dates"], f"dates: {fault}", "name one of them"))
                return ()
            return patterns
        return self._settled(source, Kind.DATE, prove_dates, "dates", "written by '{}'")

    def _decimal(self, source: ExportSource) -> str:
        if source.decimal != "prove":
            return source.decimal or "plain"
        marks = self._settled(source, Kind.DECIMAL, prove_decimal, "decimal", "with '{}' before the decimals")
        return marks[0] if marks else "."

    def _settled(
        self,
        source: ExportSource,
        kind: Kind,
        prove: Callable[[Callable[[str], list[tuple[object, ...]]], list[Column]], Proof],
        key: str,
        words: str,
    ) -> tuple[str, ...]:
        parts = [part for part in self.staging.parts if part.source is source]
        columns = [(part.raw, name) for part in parts for name in part.of_kind(kind)]
        if not columns:
            return ()
        proof = prove(self.staging.database.rows, columns)
        if proof.holds:
            return proof.settings
        hint = f"say which it is: {key}: {_choice(proof.settings)}"
        if proof.by_file:
            names = {file: self.staging.files[file].table.name for file, _ in proof.by_file}
            files = ", ".join(f"{names[file]} is {words.format(setting[0])}" for file, setting in proof.by_file)
            hint = f"{files}: give each kind of file an entry of its own"
        ambiguous = proof.verdict is Verdict.AMBIGUOUS
        said = "every one can be read in two ways" if ambiguous else "not all can be read in the same way"
        for sample in proof.samples[: 1 if ambiguous else 2]:
            message = f"{sample.column.removeprefix('line.')}: {sample}; {said}"
            self.problems.append(Problem(self._place(parts, sample), message, hint))
        return proof.settings[:1]

    def _place(self, parts: list[Part], sample: Sample) -> Location:
        prefix = next(part.prefix for part in parts if part.raw == sample.table)
        return self.staging.places(sample.column, [(sample.file, sample.file_row)], prefix)[0]


def _choice(settings: tuple[str, ...]) -> str:
    return " or ".join(f"'{setting}'" for setting in settings[:3])
