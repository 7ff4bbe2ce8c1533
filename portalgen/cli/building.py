"""The verbs that make bundles on this machine, and show them there."""

import contextlib
from pathlib import Path

import click

from portalgen.cli.options import config_option, json_option, store_option
from portalgen.cli.running import run
from portalgen.commands.build import build as run_build
from portalgen.commands.preview import preview as run_preview


@click.command()
@config_option
@json_option
def build(config: Path, as_json: bool) -> None:
    """Render the bundles that changed into build/."""
    run(lambda: run_build(config), as_json=as_json)


@click.command()
@config_option
@store_option
@json_option
@click.option("--port", type=click.IntRange(0, 65535), default=8750, show_default=True, help="0: any that is free.")
@click.option("--open", "open_browser", is_flag=True, help="Open it in a browser.")
def preview(config: Path, store: str | None, as_json: bool, port: int, open_browser: bool) -> None:
    """Serve the built bundles on this machine, for your eyes only."""
    report = run(lambda: run_preview(config, store, port, open_browser=open_browser), as_json=as_json)
    with contextlib.suppress(KeyboardInterrupt):
        report.server.wait()
