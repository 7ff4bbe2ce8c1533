"""The verbs that say what a publish would do, and do it."""

from pathlib import Path
from typing import Any

import click

from portalgen.cli.options import config_option, json_option, removals_option, store_option
from portalgen.cli.progress import shown
from portalgen.cli.running import run
from portalgen.commands.plan import plan as run_plan
from portalgen.commands.publish import Said
from portalgen.commands.publish import publish as run_publish


@click.command()
@config_option
@store_option
@removals_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the plan, too.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="As a page to review.")
@json_option
def plan(config: Path, as_json: bool, **said: Any) -> None:
    """Print what a publish would do, and why: what appears (+) and disappears (-) under each link.

    Writes nothing to the store. What FILE says, `publish --approve FILE` does, and nothing else.
    """
    run(lambda: run_plan(config, **said), as_json=as_json)


@click.command()
@config_option
@store_option
@removals_option
@json_option
@click.option("--show-links", is_flag=True, help="Print every live link afterwards. Links are secrets.")
@click.option(
    "--approve",
    "approved",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Do exactly what FILE says, which `plan --out` wrote, or nothing.",
)
@click.option("--wait", type=click.IntRange(0), metavar="SECONDS", default=0, help="Wait for another run to end.")
@click.option("--reconcile", is_flag=True, help="List all that the store holds, and mend what others altered.")
@click.option("--probe", is_flag=True, help="Ask base_url for each purged link, too; it must be gone there.")
@click.option(
    "--receipt",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a signed receipt of what was purged.",
)
def publish(config: Path, store: str | None, as_json: bool, **said: Any) -> None:
    """Purge what is gone, build what changed, upload it."""
    run(shown(lambda progress: run_publish(config, store, Said(**said), progress)), as_json=as_json)
