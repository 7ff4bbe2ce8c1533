"""`portalgen run`: check, build, plan and publish for a scheduler, in one go and with one line of outcome."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from portalgen.commands.check import doubts
from portalgen.commands.project import now
from portalgen.commands.publish import PublishReport, Said, publish_defined
from portalgen.commands.report import Done, plural, problem_json
from portalgen.commands.statusfiles import OUTCOMES, Ended, StatusFiles, iso, milliseconds, write_status
from portalgen.definitions import load, root_of
from portalgen.errors import NOWHERE, PortalgenError, Problem
from portalgen.grants import LIVE
from portalgen.locks import locked
from portalgen.model import Definitions
from portalgen.pipeline import Published
from portalgen.plan import CREATE, KEEP, PURGE, UPDATE
from portalgen.progress import Progress, Timed


@dataclass(frozen=True, slots=True)
class RunReport(Done):
    """A run that came to its end. `stages` are milliseconds; `unwritten` is why its files could not be written."""

    site: str
    started: datetime
    finished: datetime
    publish: PublishReport
    doubts: Sequence[Problem]
    stages: Mapping[str, int]
    unwritten: Sequence[Problem] = ()

    @property
    def exit_code(self) -> int:
        return PortalgenError.exit_code if self.unwritten else self.publish.exit_code

    def problems(self) -> Sequence[Problem]:
        return [*self.publish.problems(), *self.unwritten]

    def warnings(self) -> Sequence[Problem]:
        return [*self.doubts, *self.publish.warnings()]

    @property
    def figures(self) -> Mapping[str, int]:
        """What was done, in numbers."""
        done = self.publish.published
        return {
            "written_links": _written(done),
            "purged_links": done.purged_links,
            "waiting_links": len(done.waiting),
            "uploaded": done.uploaded,
            "deleted": done.deleted,
            "unchanged": done.unchanged,
            "failures": len(done.failed) + len(done.refused),
            "requests": self.publish.requests,
        }

    def to_json(self) -> Any:
        done = self.publish.published
        actions = Counter(step.action for step in done.steps)
        return {
            "site": self.site,
            "outcome": OUTCOMES[self.exit_code],
            "exit_code": self.exit_code,
            "started": iso(self.started),
            "finished": iso(self.finished),
            "milliseconds": milliseconds(self.started, self.finished),
            "stages": dict(self.stages),
            "links": dict(self.publish.states),
            "plan": {action: actions[action] for action in (CREATE, UPDATE, KEEP, PURGE)},
            **self.figures,
            "errors": [problem_json(problem) for problem in self.problems()],
            "warnings": [problem_json(problem) for problem in self.warnings()],
            "publish": self.publish.to_json(),
        }

    def to_text(self) -> str:
        took, figures = milliseconds(self.started, self.finished), self.figures
        parts = [
            plural(self.publish.states.get(LIVE, 0), "link"),
            f"{figures['written_links']:,} written",
            f"{figures['purged_links']:,} purged",
            f"{plural(figures['uploaded'], 'object')} uploaded",
            f"{figures['deleted']:,} deleted",
            plural(figures["failures"], "failure"),
            *[f"{figures['waiting_links']:,} waiting"] * bool(figures["waiting_links"]),
            f"{took // 1000}.{took % 1000 // 100} s",
        ]
        return f"{self.site}: {', '.join(parts)}"

    @property
    def ended(self) -> Ended:
        """What the files say of this run."""
        done = self.publish.published
        return Ended(
            self.site,
            self.exit_code,
            self.started,
            self.finished,
            is_good=not (done.failed or done.refused),
            summary=self.to_text(),
            figures=self.figures,
            links=self.publish.states,
            stages=self.stages,
        )


def _written(done: Published) -> int:
    """How many links were written whole."""
    written = [step.fingerprint for step in done.steps if step.action in {CREATE, UPDATE}]
    return sum(mark not in done.unfinished for mark in written)


Read = Callable[[], Definitions]


def run(config: Path, store: str | None, files: StatusFiles, progress: Progress, read: Read | None = None) -> RunReport:
    """Publish the site of `config`, and tell in `files` what came of it, whatever came of it.

    `read` gives the definitions, if they need not be read from `config`. Raises BusyError, and leaves the files to that
    run, where another is at work in the same folder.
    """
    files.check()
    with locked(root_of(config) / "build", "run") if config.is_file() else nullcontext():
        started, timed = now(), Timed(progress)
        with _failure_told(files, started):
            definitions = read() if read else load(config)
        files.check(definitions)
        with _failure_told(files, started, definitions.site.id):
            publish = publish_defined(definitions, store, Said(), timed)
        timed.end()
        report = RunReport(definitions.site.id, started, now(), publish, doubts(definitions), timed.stages)
        try:
            write_status(files, report.ended)
        except OSError as error:
            report = replace(report, unwritten=[Problem(NOWHERE, f"{error.filename}: {error.strerror}")])
        return report


@contextmanager
def _failure_told(files: StatusFiles, started: datetime, site: str = "") -> Iterator[None]:
    try:
        yield
    except Exception as error:
        code = error.exit_code if isinstance(error, PortalgenError) else PortalgenError.exit_code
        with suppress(OSError):  # the failure counts more
            write_status(files, Ended(site, code, started, now()))
        raise
