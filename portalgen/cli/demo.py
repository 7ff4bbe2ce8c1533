"""The verb that shows what all of this comes to."""

from pathlib import Path

import click

from portalgen.cli.options import json_option
from portalgen.cli.progress import shown
from portalgen.cli.running import run
from portalgen.commands.demo import calling_name
from portalgen.commands.demo import demo as run_demo


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("portalgen-demo"))
@json_option
def demo(folder: Path, as_json: bool) -> None:
    """Build and publish an invented company's portals in FOLDER (default: portalgen-demo)."""
    run(shown(lambda progress: run_demo(folder, calling_name(), progress)), as_json=as_json)
