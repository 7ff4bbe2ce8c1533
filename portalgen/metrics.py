"""Figures in Prometheus' text format, as node_exporter's textfile collector reads them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Sample = tuple[Mapping[str, str], str]
"""The labels of a figure, and the figure: digits, with a point at most."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure that goes up and down, once for each combination of labels. `name` is one that Prometheus takes."""

    name: str
    help: str
    samples: tuple[Sample, ...]


def metrics_text(gauges: Iterable[Gauge]) -> str:
    """The file: no times, since the collector refuses those, and a line break at its end."""
    lines = []
    for gauge in gauges:
        lines += [f"# HELP {gauge.name} {gauge.help}", f"# TYPE {gauge.name} gauge"]
        lines += [f"{gauge.name}{_labels(labels)} {value}" for labels, value in gauge.samples]
    return "".join(f"{line}\n" for line in lines)


def seconds(milliseconds: int) -> str:
    """`1834` milliseconds in seconds: `1.834`."""
    return f"{milliseconds // 1000}.{milliseconds % 1000:03}"


def _labels(labels: Mapping[str, str]) -> str:
    said = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{said}}}" if said else ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
