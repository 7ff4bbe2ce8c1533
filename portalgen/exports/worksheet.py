"""One sheet of a workbook and the texts that its sheets share, out of their XML, row by row."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

from portalgen.errors import InvalidInputError, Location, Problem, shown
from portalgen.exports.grid import GridRow
from portalgen.exports.markup import MAX_DEPTH, MarkupError, feed
from portalgen.exports.storednumbers import moment_text, number_text, percent_text
from portalgen.exports.values import ERROR, UNSTORED

_NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main ",
    "http://purl.oclc.org/ooxml/spreadsheetml/main ",
)
_KINDS = {"row": "row", "c": "c", "v": "v", "t": "v", "f": "f", "rPh": "rPh", "si": "si"}
_NAMES = {space + name: kind for space in _NAMESPACES for name, kind in _KINDS.items()}
"""The tags that matter; a value and a text are the same thing here."""
_MOST_COLUMNS = 16_384
_MOST_TEXT = 1_000_000
_MOST_PROBLEMS = 20
_ESCAPES = re.compile(r"(?:_x[0-9A-Fa-f]{4}_)+")
_LINE_END = re.compile(r"\r\n?")
_ISO_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z?")


@dataclass(frozen=True, slots=True)
class Looks:
    """What turns stored cells into text: the shared texts, what each style shows, and on which calendar."""

    strings: Sequence[str]
    kinds: Sequence[str]
    from_1904: bool


def read_strings(stream: IO[bytes]) -> list[str]:
    """The texts that the cells of all sheets refer to by number. Raises MarkupError."""
    strings = _Strings()
    for _ in feed(stream, strings):
        strings.check_size()
    return strings.found


def read_rows(stream: IO[bytes], name: str, looks: Looks, errors: list[Problem] | None = None) -> Iterator[GridRow]:
    """The rows that have something in a cell. Raises MarkupError, and InvalidInputError naming all that is wrong.

    Where `errors` is given, cells without a value for an error in a formula are added there instead, the first ones of
    each column, and all of them hold ERROR and what stands there.
    """
    sheet = _Sheet(name, looks, errors)
    for _ in feed(stream, sheet):
        sheet.check_size()
        if not sheet.problems:
            yield from sheet.rows
        elif len(sheet.problems) > _MOST_PROBLEMS:
            break
        sheet.rows.clear()
    if sheet.problems:
        raise InvalidInputError.of(sheet.problems[:_MOST_PROBLEMS])


class _Texts:
    """Gathers the text of `v` and `t` tags, that of phonetic readings excepted."""

    def __init__(self) -> None:
        self._depth = 0
        self._reading_aid = False
        self._parts: list[str] = []
        self._taken: list[str] = []
        self.text = self._parts.append
        """Takes any text; what did not stand in the right tag is cleared away before the next one."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise MarkupError("tags nested too deep")
        kind = _NAMES.get(name)
        if kind == "v":
            self._parts.clear()
        elif kind == "rPh":
            self._reading_aid = True
        elif kind:
            self._begin(kind, attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        kind = _NAMES.get(name)
        if kind == "v":
            if not self._reading_aid:
                self._taken += self._parts
        elif kind == "rPh":
            self._reading_aid = False
        elif kind:
            self._end(kind)

    def check_size(self) -> None:
        """To be called now and then, so that a text without end is noticed before it fills the memory."""
        if sum(map(len, self._parts)) + sum(map(len, self._taken)) > _MOST_TEXT:
            raise MarkupError("a cell of more than a million characters")

    def _begin(self, kind: str, attributes: dict[str, str]) -> None:
        """A tag of another kind begins."""

    def _end(self, kind: str) -> None:
        """A tag of another kind ends."""


class _Strings(_Texts):
    """Collects the shared texts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def _end(self, kind: str) -> None:
        if kind == "si":
            self.found.append(_unescaped("".join(self._taken)))
            self._taken.clear()


class _Sheet(_Texts):
    """Collects rows, and what is wrong in their cells."""

    def __init__(self, name: str, looks: Looks, errors: list[Problem] | None) -> None:
        super().__init__()
        self._errors = errors
        self._erroneous: Counter[int] = Counter()
        self.rows: list[GridRow] = []
        self.problems: list[Problem] = []
        self._name = name
        self._looks = looks
        self._row = 0
        self._column = 0
        self._attributes: dict[str, str] = {}
        self._formula = False
        self._cells: list[str] = []
        self._numbers: list[int] = []
        self._readers: dict[str, Callable[[str], str]] = {
            "n": self._number,
            "s": self._shared,
            "str": _unescaped,
            "inlineStr": _unescaped,
            "b": _truth,
            "d": _moment,
        }

    def _begin(self, kind: str, attributes: dict[str, str]) -> None:
        if kind == "c":
            reference = attributes.get("r")
            self._column = _column_of(reference.rstrip("0123456789")) if reference else self._column + 1
            self._attributes = attributes
            self._formula = False
            self._taken.clear()
        elif kind == "f":
            self._formula = True
        elif kind == "row":
            self._begin_row(attributes.get("r", ""))

    def _end(self, kind: str) -> None:
        if kind == "c":
            self._end_cell()
        elif kind == "row" and self._cells:
            self.rows.append(GridRow(self._row, self._cells, self._numbers))
            self._cells, self._numbers = [], []

    def _begin_row(self, number: str) -> None:
        if number and not (number.isdecimal() and len(number) < 10):
            raise MarkupError(f"a row numbered {shown(number)}")
        self._row = int(number) if number else self._row + 1
        self._column = 0
        self._cells, self._numbers = [], []

    def _end_cell(self) -> None:
        written = "".join(self._taken)
        type_ = self._attributes.get("t", "n")
        if type_ == "e":
            hint = "mend its formula and save the workbook"
            self._lack(f"an error in place of a value: {shown(written)}", hint, written)
        elif not written:
            if self._formula and type_ == "n":
                hint = "open the workbook in a spreadsheet program and save it"
                self._lack("a formula whose result was not stored", hint, UNSTORED)
        elif not 0 < self._column <= _MOST_COLUMNS or type_ not in self._readers:
            raise MarkupError(f"a cell of a kind or place that no sheet has in row {self._row}")
        else:
            try:
                self._put(self._readers[type_](written))
            except (ValueError, IndexError):
                self._report(f"this cell cannot be read: {shown(written)}", "save the workbook anew")

    def _put(self, text: str) -> None:
        if not text:
            return
        behind = self._column - 1 - len(self._cells)
        if behind >= 0:
            self._cells += [""] * (behind + 1)
        self._cells[self._column - 1] = text

    def _number(self, written: str) -> str:
        style = self._attributes.get("s", "0")
        kind = _at(self._looks.kinds, style) if self._looks.kinds else ""
        if kind not in {"", "percent"}:
            return moment_text(written, kind, self._looks.from_1904)
        text = percent_text(written) if kind else number_text(written)
        self._numbers.append(self._column - 1)
        return text

    def _shared(self, written: str) -> str:
        return _at(self._looks.strings, written)

    def _lack(self, message: str, hint: str, instead: str) -> None:
        """Report a cell without a value, which is no matter in a column that nobody reads."""
        if self._errors is None or not 0 < self._column <= _MOST_COLUMNS:
            self._report(message, hint)
            return
        self._erroneous[self._column] += 1
        if self._erroneous[self._column] <= _MOST_PROBLEMS:
            self._errors.append(Problem(Location(self._name, self._row, self._column), message, hint))
        self._put(ERROR + instead)

    def _report(self, message: str, hint: str) -> None:
        self.problems.append(Problem(Location(self._name, self._row, self._column), message, hint))


def _at(texts: Sequence[str], index: str) -> str:
    """Raises ValueError or IndexError where there is none."""
    if index.startswith("-"):
        raise IndexError(index)
    return texts[int(index)]


@lru_cache(maxsize=_MOST_COLUMNS)
def _column_of(letters: str) -> int:
    """The number of a column from 1: 'A' 1, 'AA' 27; 0 for what is no column."""
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z" or len(letters) > 3:
            return 0
        number = number * 26 + ord(letter) - 64
    return number


def _truth(written: str) -> str:
    return {"1": "true", "0": "false"}.get(written) or written.lower()


def _moment(written: str) -> str:
    """A day or moment that is stored as text; midnight is left out."""
    if not (found := _ISO_MOMENT.fullmatch(written)):
        return written
    day, clock = found.groups()
    return day if clock == "00:00:00" else f"{day} {clock}"


def _unescaped(text: str) -> str:
    """`text` with the characters that XML cannot hold (`_x000D_`), and one kind of line end."""
    if "_x" in text:
        text = _ESCAPES.sub(_characters, text)
    return _LINE_END.sub("\n", text) if "\r" in text else text


def _characters(escapes: re.Match[str]) -> str:
    units = bytes.fromhex(escapes[0].replace("_x", "").replace("_", ""))
    text = units.decode("utf-16-be", "replace")
    return text if text.replace("\t", "").replace("\n", "").replace("\r", "").isprintable() else escapes[0]
