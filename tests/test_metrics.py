"""Figures as Prometheus reads them."""

import math
import re
import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from portalgen.metrics import Gauge, metrics_text, seconds
from portalgen.replacing import replace_file

ODD = 'a "quoted" \\ back\nslash, {brace} ünïcode'


def test_what_is_written_is_what_prometheus_reads() -> None:
    gauges = [
        Gauge("portalgen_one", "The first.", (({}, "1"),)),
        Gauge("portalgen_two_seconds", "The second.", (({"site": ODD}, "0.007"), ({"site": "b", "of": ""}, "12.345"))),
    ]
    [one, two] = text_string_to_metric_families(metrics_text(gauges))
    assert (one.name, one.documentation, one.type) == ("portalgen_one", "The first.", "gauge")
    assert [(sample.labels, sample.value) for sample in one.samples] == [({}, 1)]
    assert [(sample.labels, sample.value) for sample in two.samples] == [
        ({"site": ODD}, 0.007),
        ({"site": "b", "of": ""}, 12.345),
    ]


def test_a_figure_that_is_not_known_has_a_heading_and_no_sample() -> None:
    assert metrics_text([Gauge("a", "B.", ())]) == "# HELP a B.\n# TYPE a gauge\n"


@pytest.mark.parametrize(("milliseconds", "text"), [(0, "0.000"), (7, "0.007"), (1834, "1.834"), (60_000, "60.000")])
def test_seconds_have_three_decimals(milliseconds: int, text: str) -> None:
    assert seconds(milliseconds) == text
    assert math.isclose(float(text) * 1000, milliseconds)


def test_a_reader_never_meets_half_a_file(tmp_path: Path) -> None:
    path, is_over, met = tmp_path / "portalgen.prom", threading.Event(), set()
    replace_file(path, b"0" * 100_000)

    def read() -> None:
        while not is_over.is_set():
            data = path.read_bytes()
            met.add((len(data), data[:1], data[-1:]))

    thread = threading.Thread(target=read)
    thread.start()
    for digit in range(300):
        replace_file(path, str(digit % 10).encode() * 100_000)
    is_over.set()
    thread.join()
    assert {length for length, _, _ in met} == {100_000}
    assert all(first == last for _, first, last in met)
    assert [each.name for each in tmp_path.iterdir()] == ["portalgen.prom"]


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match=re.escape("taken")):
        replace_file(tmp_path / "taken", b"x")
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]
