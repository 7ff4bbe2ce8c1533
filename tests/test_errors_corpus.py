"""What a user reads when something is wrong: every case in tests/corpus through the real command line.

A case is one text file. Its first line says what is wrong with it; then come its files, each under a line
`--- NAME`, which add to those of corpus/base.txt or take their place; last, under `--- expected`, what
`portalgen check` prints to stderr. Cases in corpus/good are fine; of them, what is printed to stdout is expected.

A word in brackets after a name says how the text becomes bytes: a codec of Python's (`[utf-16]`), `[crlf]`, `[escapes]`
(`\\x00` is a byte), `[folder]` (a folder instead of a file) or `[none]` (not there at all). In what is expected, FOLDER
stands for the folder that the files are in.

After changing a message, write all expectations anew, and then read every one of them:

    PORTALGEN_UPDATE_GOLDEN=1 pytest tests/test_errors_corpus.py; git diff tests/corpus
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portalgen.cli import main

CORPUS = Path(__file__).parent / "corpus"
BAD = sorted(path for path in CORPUS.glob("*/*.txt") if path.parent.name != "good")
GOOD = sorted(CORPUS.glob("good/*.txt"))
_SECTION = re.compile(r"^--- (\S+)(?: \[([\w-]+)\])?\n", re.MULTILINE)


def _name(case: Path) -> str:
    return f"{case.parent.name}/{case.stem}"


def _sections(case: Path) -> Iterator[tuple[str, str, str]]:
    """The name, the word in brackets and the text of each section."""
    _, *parts = _SECTION.split(case.read_text(encoding="utf-8"))
    return zip(parts[::3], [word or "utf-8" for word in parts[1::3]], parts[2::3], strict=True)


def _expected(case: Path) -> str:
    return next((text for name, _, text in _sections(case) if name == "expected"), "")


def _write(case: Path, folder: Path) -> None:
    for name, word, text in (*_sections(CORPUS / "base.txt"), *_sections(case)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if word == "none":
            path.unlink()
        elif word == "folder":
            path.unlink(missing_ok=True)
            path.mkdir()
        elif name != "expected":
            path.write_bytes(_bytes(text, word))


def _bytes(text: str, word: str) -> bytes:
    if word == "crlf":
        return text.replace("\n", "\r\n").encode()
    if word == "escapes":
        return text.encode("ascii").decode("unicode_escape").encode("latin-1")
    return text.encode(word)


def _snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *folder.rglob("*")]
    }


def _check(case: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """`portalgen check` in a folder with the files of `case`; whatever comes of it, nothing is written."""
    _write(case, folder)
    monkeypatch.chdir(folder)
    before = _snapshot(folder)
    result = CliRunner().invoke(main, ["check", "--config", "portals.yaml"], catch_exceptions=False)
    assert _snapshot(folder) == before
    return result


def _compare(case: Path, printed: str) -> None:
    if os.environ.get("PORTALGEN_UPDATE_GOLDEN"):
        kept = case.read_text(encoding="utf-8").split("--- expected\n")[0]
        case.write_text(f"{kept}--- expected\n{printed}", encoding="utf-8")
    assert printed == _expected(case)


@pytest.mark.parametrize("case", BAD, ids=_name)
def test_what_is_wrong_is_named_with_its_place(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, the problems on stderr, no traceback, nothing written."""
    result = _check(case, tmp_path, monkeypatch)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert "this is a bug" not in result.stderr
    assert re.fullmatch(r"\d+ problems?\n", result.stdout)
    _compare(case, result.stderr.replace(str(tmp_path), "FOLDER"))


@pytest.mark.parametrize("case", GOOD, ids=_name)
def test_what_only_looks_wrong_is_read(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = _check(case, tmp_path, monkeypatch)
    assert result.exit_code == 0
    _compare(case, result.stdout + result.stderr)


@pytest.mark.parametrize("case", BAD, ids=_name)
def test_every_problem_begins_with_its_place_and_fits_one_line(case: Path) -> None:
    """`file:line:column: what`, and below it, indented, what to do."""
    for line in _expected(case).splitlines():
        assert re.match(r"  hint: \S|[\w./-]+(:\d+){0,2}: \S", line), line
        assert line.isprintable()


def test_the_corpus_is_large() -> None:
    assert len(BAD) >= 100
