"""The verbs that run by themselves: at set times, or whenever something changes."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from portalgen.cli.options import config_option, json_option, store_option
from portalgen.cli.progress import shown
from portalgen.cli.running import attempt, complain, failed
from portalgen.cli.running import run as run_verb
from portalgen.commands.build import build_defined
from portalgen.commands.run import run as run_site
from portalgen.commands.statusfiles import StatusFiles
from portalgen.commands.watch import Due, Pace, Watching
from portalgen.keeping import keeping

_INTERRUPTED = 130
_file = click.Path(path_type=Path, dir_okay=False)
metrics_option = click.option("--metrics", type=_file, metavar="FILE", help="Write figures for Prometheus to FILE.")
health_option = click.option("--health", type=_file, metavar="FILE", help="Write as JSON what came of it to FILE.")


@click.command()
@config_option
@store_option
@metrics_option
@health_option
@json_option
def run(config: Path, store: str | None, metrics: Path | None, health: Path | None, as_json: bool) -> None:
    """Check, build, plan and publish, for a scheduler: prints one line, and ends with a code to act on.

    0: done. 1: failed; the next run goes on. 2: a definition or an export is wrong. 3: somebody has to look at `plan`.
    4: another run is at work, or an export is being written; try again later. FILEs are written whatever the outcome.
    """
    files = StatusFiles(metrics, health)
    run_verb(shown(lambda progress: run_site(config, store, files, progress)), as_json=as_json)


@click.command()
@click.option("--publish", "is_publish", is_flag=True, help="Publish, too, as `run` does.")
@click.option("--settle", type=click.IntRange(0, 3600), default=2, show_default=True, metavar="SECONDS")
@click.option("--poll", type=click.IntRange(1, 3600), default=60, show_default=True, metavar="SECONDS")
@config_option
@store_option
@metrics_option
@health_option
@json_option
def watch(config: Path, store: str | None, as_json: bool, is_publish: bool, **said: Any) -> None:
    """Build whenever definitions, exports, templates or documents' files change, until Ctrl-C.

    Exports are read once they have been left alone for `--settle` SECONDS, and are closed. Every `--poll` SECONDS files
    are looked at without being told of, as on a network. What is wrong is printed, and the next change tried.
    """
    files = StatusFiles(said["metrics"], said["health"])
    if not is_publish and (store or files.metrics or files.health):
        raise click.UsageError("--store, --metrics and --health go with --publish")
    pace = Pace(said["settle"] * 1000, said["poll"] * 1000)

    def make(due: Due) -> int:
        if not is_publish:
            return attempt(lambda: build_defined(due.definitions()), as_json=as_json, is_line=True)[1]
        verb = shown(lambda progress: run_site(config, store, files, progress, due.definitions))
        return attempt(verb, as_json=as_json, is_line=True)[1]

    is_at_work = False
    try:
        with keeping(), Watching(config, pace, lambda problem: complain([problem])) as watching:
            while True:
                due = watching.due()
                is_at_work = True
                click.echo(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {due.why}", err=True)
                watching.ended(make(due), is_publish=is_publish)
                is_at_work = False
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED if is_at_work else 0)
    except Exception as error:
        sys.exit(failed(error, as_json=as_json, is_line=True))
