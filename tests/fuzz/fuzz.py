"""Looks for files that crash a loader, hang it or fill the memory: python tests/fuzz/fuzz.py TARGET [SECONDS]

Targets are in targets.py; `make fuzz` runs them all. What libFuzzer learns stays in build/fuzz/TARGET for the next run,
and a file that fails is written to build/fuzz/failed; once mended, it becomes a test in test_regressions.py.
"""

import gzip
import hashlib
import io
import random
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris
import zstandard

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
with atheris.instrument_imports(include=["portalgen"]):
    from tests.fuzz.targets import TARGETS, Target

Mutator = Callable[[random.Random, bytes, int], bytes]
_SECONDS_EACH, _MEGABYTES = 10, 1024
_LONGEST = 128 * 1024
_TOKENS = {
    "csv": re.compile(rb'[^,;\t|\r\n"]+|\r\n|.', re.DOTALL),
    "json": re.compile(rb'"(?:[^"\\]|\\.)*"|[\w.+-]+|\s+|.', re.DOTALL),
    "xml": re.compile(rb"<[^>]*>|[^<>]+|.", re.DOTALL),
    "yaml": re.compile(rb"\n *|[^\s:,\[\]{}]+|.", re.DOTALL),
    "pdf": re.compile(rb"/\w+|\d+ \d+ R|\w+|<<|>>|.", re.DOTALL),
}
_CELLS = (
    *rb"- 0 -0.00 1.234,56 1'234.5 (12.00) 1e9 0.0000001 NaN 2026-02-29 13/12/2026 0000-00-00 9999-12-31".split(),
    *rb"1.1.26 12:30 =1+1 '-4.0 C-1 c-1 Total I-1 9999999999999999 EUR $".split(),
    *(b"", b" ", b"\xef\xbb\xbf", b"\xc2\xa0", b"\xe2\x80\xae", b"\xff", b"\0", b"\x85", b"\xed\xa0\x80", b"a" * 300),
)
_VALUES: Mapping[str, Sequence[bytes]] = {
    "csv": (*_CELLS, b' "', b"\r", b"\r\n", b"\n", b"\t", b"sep=;\n", b'"a\nb"', b"\n\n", *b'" "" , ; |'.split()),
    "json": (
        *rb"""{ } [ ] null true 1e999 -0 1E-9 123456789012345678901234567890 "" "a.b" "a[]" , : {"a":1} """.split(),
        *rb""" [[]] "\ud800" "\u0000" "/Date(9999999999999)/" "@odata.nextLink":"x", """.split(),
        *(b"\n", b"\xef\xbb\xbf", b"\xff", b"\0"),
    ),
    "xml": (
        *_CELLS,
        *rb"&lt; &#0; &#x10ffff; &a; <![CDATA[a]]> <?a?> <a/> <f/> <v>1e308</v> _x000D_ -5 99999 <a".split(),
        *(
            b"<!DOCTYPE a>",
            b'<c t="s"><v>1</v></c>',
            b'<row r="0">',
            b'<c r="XFD1">',
            b'<c r="B2" t="e">',
            b"<a xmlns='b'>",
        ),
    ),
    "yaml": (
        *rb"*a !!int << ? | >- ' [ { } ] # ALL include 0x1 2026-02-30 ~ env: *.yaml columns join visible".split(),
        *rb"contacts lines %d % http://[ Europe/ .. profile path - : true 0 -1 1e9 /".split(),
        *(b"&a ", b"\n---\n", b"%YAML 1.2\n", b"\t", b"\n  ", b"\xe2\x80\xa8", b"a" * 300, b"- ", b": ", b'"'),
    ),
    "pdf": (*b"0 -1 99999999 /AF /EF /Kids [ ] ( ) << >>".split(), b"1 0 R", b"stream\n"),
}


def main(name: str, seconds: int) -> None:
    """Fuzz one target for so long; ends the process, with a status other than 0 where an input failed."""
    corpus, failed = ROOT / "build" / "fuzz" / name, ROOT / "build" / "fuzz" / "failed"
    corpus.mkdir(parents=True, exist_ok=True)
    failed.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="fuzz-") as folder:
        target = Target(name, Path(folder))
        for seed in target.seeds():
            (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        options = {
            "max_total_time": seconds,
            "timeout": _SECONDS_EACH,
            "rss_limit_mb": _MEGABYTES,
            "max_len": _LONGEST,
            "artifact_prefix": f"{failed}/{name}-",
            "print_final_stats": 1,
        }
        arguments = [sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), str(corpus)]
        atheris.Setup(arguments, target.run, custom_mutator=_mutator(name))
        atheris.Fuzz()


def _mutator(name: str) -> Callable[[bytes, int, int], bytes]:
    """What makes new inputs of old ones: half of them byte by byte, the others by what the format is made of."""
    mutate = {"xlsx": _mutate_workbook, "packed": _mutate_packed}.get(name) or _mutate_text(name)

    def mutated(data: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311 - chance is no secret
        if len(data) < 2 or chance.random() < 0.05:
            return bytes([chance.randrange(256)]) + data[1:]
        content = mutate(chance, data[1:], longest - 1) if chance.random() < 0.6 else _by_bytes(data[1:], longest - 1)
        return (data[:1] + content)[:longest]

    return mutated


def _by_bytes(data: bytes, longest: int) -> bytes:
    return bytes(atheris.Mutate(data, longest))


def _mutate_text(name: str) -> Mutator:
    if name not in _TOKENS:
        return lambda _, data, longest: _by_bytes(data, longest)
    tokens, values = _TOKENS[name], _VALUES[name]
    return lambda chance, data, _: _changed(chance, tokens.findall(data), values)


def _changed(chance: random.Random, parts: list[bytes], values: Sequence[bytes]) -> bytes:
    """The text of these tokens, some of which are left out, repeated, moved, or replaced by awkward values."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        at, other = chance.randrange(len(parts) + 1), chance.randrange(len(parts) + 1)
        end = at + chance.choice((1, 1, 2, 5, 20))
        match chance.randrange(7):
            case 0:
                del parts[at:end]
            case 1:
                parts[other:other] = parts[at:end]
            case 2:
                parts[at:end] = parts[at:end] * chance.choice((2, 3, 30))
            case 3:
                parts[at:end], parts[other : other + 1] = parts[other : other + 1], parts[at:end]
            case 4:
                parts[at:at] = [chance.choice(values)]
            case _:
                parts[at : at + 1] = [chance.choice(values)]
    return b"".join(parts)


def _mutate_workbook(chance: random.Random, data: bytes, longest: int) -> bytes:
    """The workbook, still a zip, with one part of it changed or left out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = chance.choice([*parts])
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        ValueError,
        OSError,
        RuntimeError,
        IndexError,
    ):
        return _by_bytes(data, longest)
    if chance.random() < 0.02:
        del parts[name]
    else:
        parts[name] = _changed(chance, _TOKENS["xml"].findall(parts[name]), _VALUES["xml"])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for each, content in parts.items():
            archive.writestr(each, content)
    return packed.getvalue()


def _mutate_packed(chance: random.Random, data: bytes, longest: int) -> bytes:
    """What is packed is changed and packed again, once, twice or in several pieces."""
    try:
        text = zlib.decompressobj(31).decompress(data, longest)
    except zlib.error:
        text = data
    text = _changed(chance, _TOKENS["csv"].findall(text), _VALUES["csv"])
    half = chance.randrange(len(text) + 1)
    pack = chance.choice((gzip.compress, zstandard.compress))
    return chance.choice(
        (pack(text), pack(pack(text)), pack(text[:half]) + pack(text[half:]), pack(text) + text[:half])
    )


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3} or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: fuzz.py {'|'.join(TARGETS)} [SECONDS]")
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 60)
