"""Table and plot of what `python -m bench.peers` measured, into docs/performance.md and docs/images/performance.svg.

python -m bench.plot [FILE]
"""

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
PAGE, PICTURE = ROOT / "docs/performance.md", ROOT / "docs/images/performance.svg"
BEGIN, END = "<!-- begin: made by `python -m bench.plot` -->\n", "<!-- end -->\n"
COLOURS = {"portalgen": "#d9480f", "hugo": "#1971c2", "eleventy": "#2b8a3e", "write limit": "#6b7280"}
SOON_DONE = {"write limit"}
"""Of whose memory there is nothing to see: they hold one page at a time."""
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, BETWEEN = 340, 240, 64, 52, 48, 90
NAME_APART = 14
FONT = 'font-family="system-ui, sans-serif" font-size="12"'

Result = Mapping[str, Any]


def table(said: Mapping[str, Any]) -> str:
    """The results as Markdown, with what portalgen is to each of the others."""
    results: Sequence[Result] = said["results"]
    ours = {each["customers"]: each for each in results if each["subject"] == "portalgen"}
    heads = ["customers", "", "pages", "seconds", "of processors", "pages per second", "peak MiB", "bytes a page"]
    rows = [f"| {' | '.join([*heads, 'portalgen: speed, memory'])} |", "|" + "---|" * (len(heads) + 1)]
    rows += [_row(each, ours.get(each["customers"], each)) for each in results]
    runs = sorted({len(each["walls"]) for each in results})
    of_runs = f"Medians of {runs[0]} runs" if runs[0] > 1 else "One run"
    versions = "; ".join(f"{name} {version}" for name, version in said["versions"].items())
    return "\n".join([*rows, "", f"{of_runs}, {said['machine']}. {versions}."]) + "\n"


def _row(each: Result, own: Result) -> str:
    return (
        f"| {each['customers']:,} | {each['subject']} | {each['pages']:,} | {each['wall']:.2f} | {each['cpu']:.1f} "
        f"| {each['pages'] / each['wall']:,.0f} | {each['peak']:,.0f} | {each['bytes'] / each['pages']:,.0f} "
        f"| {_beside(each, own)} |"
    )


def _beside(other: Result, own: Result) -> str:
    """How many times as fast portalgen is, and how many times the memory it takes."""
    if other is own:
        return ""
    memory = "" if other["subject"] in SOON_DONE else f", {own['peak'] / other['peak']:.2f} x"
    return f"{other['wall'] / own['wall']:.2f} x{memory}"


@dataclass(frozen=True)
class Axis:
    """Places on a logarithmic scale that covers `values`, from `start`, `length` long."""

    low: float
    high: float
    start: float
    length: float

    def at(self, value: float) -> float:
        return self.start + self.length * math.log(value / self.low) / math.log(self.high / self.low)

    def steps(self) -> list[float]:
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        whole = [digit * 10**decade for decade in decades for digit in (1, 2, 5)]
        return [step for step in whole if self.low <= step <= self.high]


def plot(results: Sequence[Result]) -> str:
    """Pages per second and memory by the number of customers, side by side."""
    width, height = 2 * (LEFT + WIDTH + BETWEEN), TOP + HEIGHT + BOTTOM
    seen = [each for each in results if each["subject"] not in SOON_DONE]
    panels = [
        *_panel(results, "Pages per second", lambda each: each["pages"] / each["wall"], LEFT),
        *_panel(seen, "Peak memory, MiB", lambda each: each["peak"], 2 * LEFT + WIDTH + BETWEEN),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" {FONT}>',
            "<title>Pages per second and peak memory of full builds, by the number of customers</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
            *panels,
            "</svg>\n",
        ]
    )


def _panel(results: Sequence[Result], title: str, value: Callable[[Result], float], left: int) -> Iterator[str]:
    counts = sorted({each["customers"] for each in results})
    values = [value(each) for each in results]
    across = Axis(counts[0] * 0.8, counts[-1] * 1.25, left, WIDTH)
    up = Axis(min(values) / 1.5, max(values) * 1.5, TOP + HEIGHT, -HEIGHT)
    yield f'<text x="{left}" y="22" font-size="14" font-weight="600" fill="#1f2937">{title}</text>'
    for step in up.steps():
        y = up.at(step)
        yield f'<line x1="{left}" x2="{left + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e5e7eb"/>'
        yield f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#4b5563">{step:,.0f}</text>'
    for count in counts:
        x = across.at(count)
        yield f'<text x="{x:.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle" fill="#4b5563">{count:,}</text>'
    middle = left + WIDTH / 2
    yield f'<text x="{middle}" y="{TOP + HEIGHT + 38}" text-anchor="middle" fill="#4b5563">customers</text>'
    lines = {
        name: [
            (across.at(each["customers"]), up.at(value(each)))
            for each in sorted(results, key=lambda each: each["customers"])
            if each["subject"] == name
        ]
        for name in dict.fromkeys(each["subject"] for each in results)
    }
    for name, points in lines.items():
        yield from _line(points, COLOURS[name])
    for name, y in _apart({name: points[-1][1] for name, points in lines.items()}).items():
        yield f'<text x="{left + WIDTH + 6}" y="{y + 4:.1f}" fill="{COLOURS[name]}">{escape(name)}</text>'


def _line(points: Sequence[tuple[float, float]], colour: str) -> Iterator[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points)


def _apart(heights: Mapping[str, float]) -> dict[str, float]:
    """The same names from top to bottom, none of them over another."""
    placed: dict[str, float] = {}
    lowest = -math.inf
    for name, y in sorted(heights.items(), key=lambda each: each[1]):
        placed[name] = lowest = max(y, lowest + NAME_APART)
    return placed


def between(text: str, made: str) -> str:
    """`text` with `made` between its two marks."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{made}\n{END}{rest.partition(END)[2]}"


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/peers.json"
    said = json.loads(file.read_text(encoding="utf-8"))
    PICTURE.write_text(plot(said["results"]), encoding="utf-8")
    PAGE.write_text(between(PAGE.read_text(encoding="utf-8"), table(said)), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} and {PICTURE.relative_to(ROOT)} are written")


if __name__ == "__main__":
    main()
