"""Inputs on which the fuzzer once failed, made small: each is refused, or read, in a line for each problem."""

import io
import zipfile
from pathlib import Path

import pytest

from portalgen.definitions import load
from portalgen.errors import InvalidInputError, Problem
from portalgen.exports.csvfile import find_rows, is_table
from portalgen.exports.reader import read_exports
from tests.exports.xlsx import one_row, packed, parts_of

_LONGEST = 2_000


def said(folder: Path, name: str, data: bytes, export: str = "type: customers") -> list[str]:
    """What is said of a site whose only export is this file."""
    (folder / name).write_bytes(data)
    config = folder / "portals.yaml"
    config.write_text(f"version: 1\nsite: {{id: x, title: x}}\nexports: [{{{export}, path: {name}}}]\n")
    with pytest.raises(InvalidInputError) as caught, read_exports(load(config)):
        pass
    assert all(_is_clean(problem) for problem in caught.value.problems)
    return [f"{problem.where}: {problem.message}" for problem in caught.value.problems]


def _is_clean(problem: Problem) -> bool:
    lines = str(problem).splitlines()
    return 0 < len(problem.message) < _LONGEST and len(lines) == (2 if problem.hint else 1)


def test_a_zip_whose_names_do_not_match_is_told_without_its_bytes(tmp_path: Path) -> None:
    data = bytearray(packed(parts_of(one_row('<c r="A1"><v>1</v></c>'))))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        at = archive.getinfo("xl/worksheets/sheet0.xml").header_offset
    data[at + 26 : at + 28] = (1_500).to_bytes(2, "little")
    assert said(tmp_path, "b.xlsx", bytes(data)) == ["b.xlsx: the workbook is broken: its parts do not fit together"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_million_blank_lines_are_passed_over_at_once(tmp_path: Path, end: bytes) -> None:
    """They once took the square of their number: a minute for the first hundred thousand."""
    heading, blank = b"id,name" + end, end * 1_000_000
    (tmp_path / "f").write_bytes(heading + b"C-1,Ants" + end + blank + b'"C-2",Bees' + end + blank)
    assert is_table(tmp_path / "f", 2, 2, ",")
    assert find_rows(tmp_path / "f", [2], ",", 2)[2].start == 1_000_003
    (tmp_path / "f").write_bytes(heading + b'C-1,"' + blank)
    assert not is_table(tmp_path / "f", 2, 1, ",")
