"""Table and plot of what `python -m bench.peers` measured, into docs/performance.md and docs/images/performance.svg.

python -m bench.plot [FILE]
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from bench.peers import ROOT

PAGE, PICTURE = ROOT / "docs/performance.md", ROOT / "docs/images/performance.svg"
BEGIN, END = "<!-- begin: made by `python -m bench.plot` -->\n", "<!-- end -->\n"
COLOURS = {"portalgen": "#d9480f", "hugo": "#1c7ed6", "eleventy": "#2f9e44", "write limit": "#868e96"}
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 360, 240, 64, 44, 44
GAP = 48
FONT = 'font-family="system-ui, sans-serif" font-size="12"'

Result = Mapping[str, Any]


def table(said: Mapping[str, Any]) -> str:
    """The results as Markdown, with what portalgen is to each of the others."""
    results: Sequence[Result] = said["results"]
    ours = {each["customers"]: each for each in results if each["subject"] == "portalgen"}
    rows = [
        "| customers | | pages | seconds | of processors | pages per second | peak MiB | MB written | portalgen is |"
    ]
    rows += ["|" + "---|" * 9]
    for each in results:
        own = ours.get(each["customers"])
        factor = f"{each['wall'] / own['wall']:.2f} times as fast" if own and own is not each else ""
        rows.append(
            f"| {each['customers']:,} | {each['subject']} | {each['pages']:,} | {each['wall']:.2f} | {each['cpu']:.1f} "
            f"| {each['pages'] / each['wall']:,.0f} | {each['peak']:,.0f} | {each['bytes'] / 1e6:,.0f} | {factor} |"
        )
    versions = "; ".join(f"{name} {version}" for name, version in said["versions"].items())
    runs = min(each["runs"] for each in results)
    return "\n".join([*rows, "", f"Medians of {runs} runs. {versions}."]) + "\n"


def plot(results: Sequence[Result]) -> str:
    """Pages per second and memory by the number of customers, side by side."""
    width, height = 2 * (LEFT + WIDTH) + GAP + 20, TOP + HEIGHT + BOTTOM + 24
    panels = [
        _panel(results, "pages per second", lambda each: each["pages"] / each["wall"], LEFT),
        _panel(results, "peak memory, MiB", lambda each: each["peak"], 2 * LEFT + WIDTH + GAP),
    ]
    names = dict.fromkeys(each["subject"] for each in results)
    legend = [
        f'<text x="{LEFT + at * 120}" y="{height - 8}" fill="{COLOURS[name]}">● {escape(name)}</text>'
        for at, name in enumerate(names)
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" {FONT}>'
    return "\n".join(
        [
            head,
            "<title>Pages per second and peak memory of full builds, by the number of customers</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *(line for panel in panels for line in panel),
            *legend,
            "</svg>\n",
        ]
    )


def _panel(results: Sequence[Result], title: str, value: Callable[[Result], Any], left: int) -> Iterator[str]:
    counts = sorted({each["customers"] for each in results})
    shown = [each for each in results if each["subject"] != "write limit"]
    most = max(value(each) for each in shown) * 1.1
    xs = {count: left + WIDTH * (at + 0.5) / len(counts) for at, count in enumerate(counts)}
    yield f'<text x="{left}" y="20" font-weight="600" fill="#212529">{title}</text>'
    for step in range(5):
        y = TOP + HEIGHT - HEIGHT * step / 4
        yield f'<line x1="{left}" x2="{left + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dee2e6"/>'
        yield f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#495057">{most * step / 4:,.0f}</text>'
    for count, x in xs.items():
        y = TOP + HEIGHT + 18
        yield f'<text x="{x:.1f}" y="{y}" text-anchor="middle" fill="#495057">{count:,} customers</text>'
    for name in dict.fromkeys(each["subject"] for each in shown):
        points = [
            (xs[each["customers"]], TOP + HEIGHT - HEIGHT * value(each) / most)
            for each in sorted(shown, key=lambda each: each["customers"])
            if each["subject"] == name
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{COLOURS[name]}"/>' for x, y in points)


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
