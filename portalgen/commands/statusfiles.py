"""The files by which a scheduled run is watched over: its health as JSON, and its figures for Prometheus.

Neither holds a link, or the name of a customer or of a document: others may read them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from portalgen.commands.internal import refuse_published
from portalgen.errors import InvalidInputError
from portalgen.metrics import Gauge, Sample, metrics_text, seconds
from portalgen.model import Definitions
from portalgen.replacing import replace_file

OUTCOMES = {0: "done", 1: "failed", 2: "invalid", 3: "waiting", 4: "busy"}
"""By exit code, what came of a run."""

LAST_GOOD = "portalgen_last_success_timestamp_seconds"
_SITE = re.compile(r'\{site="([^"\\]+)"')
_LAST_GOOD = re.compile(rf"(?m)^{LAST_GOOD}\S* ([0-9]+)$")

Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StatusFiles:
    """Where a run tells what came of it; None for nowhere."""

    metrics: Path | None = None
    health: Path | None = None

    def check(self, definitions: Definitions | None = None) -> None:
        """Raise InvalidInputError if a file has no folder, or would lie where files are published."""
        for file in filter(None, (self.metrics, self.health)):
            if not file.absolute().parent.is_dir():
                raise InvalidInputError(f"{file} cannot be written: there is no folder {file.parent}", "make it first")
            if definitions:
                refuse_published(file, definitions)


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended. `site` is '' where the definitions could not be read; `stages` are milliseconds.

    `is_good` tells that all was published but what waits for somebody. `figures` are those of a publish that came to
    its end, `links` how many there are by state.
    """

    site: str
    exit_code: int
    started: datetime
    finished: datetime
    is_good: bool = False
    summary: str = ""
    figures: Figures | None = None
    links: Figures | None = None
    stages: Figures | None = None


def write_status(files: StatusFiles, ended: Ended) -> None:
    """Write both files, each whole; when a run was last good is carried over from those that are there. OSError."""
    if files.health:
        text = json.dumps(_health(ended, _read(files.health)), ensure_ascii=False, indent=2)
        replace_file(files.health, f"{text}\n".encode())
    if files.metrics:
        replace_file(files.metrics, metrics_text(_gauges(ended, _read(files.metrics))).encode())


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def iso(moment: datetime) -> str:
    """A moment of UTC to the second: `2026-12-01T10:00:00Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def milliseconds(started: datetime, finished: datetime) -> int:
    """How much time lies between two moments."""
    return (finished - started) // timedelta(milliseconds=1)


def _health(ended: Ended, before: str) -> Mapping[str, Any]:
    try:
        known = json.loads(before)
        site, last_good = known["site"], known["last_good"]
    except (ValueError, KeyError, TypeError):
        site, last_good = "", None
    return {
        "format": 1,
        "site": ended.site or site,
        "outcome": OUTCOMES[ended.exit_code],
        "exit_code": ended.exit_code,
        "last_run": {"started": iso(ended.started), "finished": iso(ended.finished)},
        "last_good": iso(ended.finished) if ended.is_good else last_good,
        "summary": ended.summary,
        **(ended.figures or {}),
    }


def _gauges(ended: Ended, before: str) -> list[Gauge]:
    known_site, known_good = _SITE.search(before), _LAST_GOOD.search(before)
    site = {"site": ended.site or (known_site[1] if known_site else "unknown")}
    last_good = str(int(ended.finished.timestamp())) if ended.is_good else known_good[1] if known_good else ""
    figures = ended.figures or {}

    def one(value: object) -> tuple[Sample, ...]:
        return ((site, str(value)),) if value not in {None, ""} else ()

    def by(label: str, values: Mapping[str, object]) -> tuple[Sample, ...]:
        return tuple(({**site, label: name}, str(value)) for name, value in values.items())

    took = seconds(milliseconds(ended.started, ended.finished))
    gauges = [
        Gauge("portalgen_last_run_timestamp_seconds", "When the last run ended.", one(int(ended.finished.timestamp()))),
        Gauge(LAST_GOOD, "When a run last published all but what waits for somebody.", one(last_good)),
        Gauge(
            "portalgen_last_run_exit_code",
            "0 done, 1 failed, 2 invalid input, 3 refused or waiting for approval, 4 another run was at work.",
            one(ended.exit_code),
        ),
        Gauge(
            "portalgen_last_run_duration_seconds",
            "How long the last run took.",
            one(took),
        ),
        Gauge(
            "portalgen_last_run_stage_duration_seconds",
            "How long each stage of the last run took.",
            by("stage", {stage: seconds(each) for stage, each in (ended.stages or {}).items()}),
        ),
        Gauge("portalgen_links", "Links of the definitions, by state.", by("state", ended.links or {})),
        Gauge(
            "portalgen_last_run_objects",
            "Objects of the store that the last run uploaded or deleted, or left since they were as they should be.",
            by("outcome", {name: figures[name] for name in ("uploaded", "deleted", "unchanged") if name in figures}),
        ),
    ]
    more = {
        "written_links": "Links that the last run wrote.",
        "purged_links": "Links that the last run purged.",
        "waiting_links": "Links that are granted something which waits to be accepted.",
        "failures": "What the last run could not do: objects it could not treat, links of which nothing could be made.",
        "requests": "Requests that the last run made of the store.",
    }
    gauges += [Gauge(f"portalgen_last_run_{name}", text, one(figures.get(name))) for name, text in more.items()]
    return gauges
