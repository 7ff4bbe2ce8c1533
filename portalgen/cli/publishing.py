"""The verbs that look at a store, or publish to it."""

from pathlib import Path

import click

from portalgen.cli.options import config_option, json_option, removals_option, store_option
from portalgen.cli.running import progress_shown, run
from portalgen.commands.link import link as run_link
from portalgen.commands.plan import plan as run_plan
from portalgen.commands.publish import publish as run_publish


@click.command()
@config_option
@store_option
@removals_option
@json_option
def plan(config: Path, store: str | None, expect_removals: int | None, as_json: bool) -> None:
    """Print what a publish would do, and why. Writes nothing to the store."""
    run(lambda: run_plan(config, store, expect_removals), as_json=as_json)


@click.command()
@config_option
@store_option
@removals_option
@json_option
@click.option("--show-links", is_flag=True, help="Print every live link afterwards. Links are secrets.")
def publish(config: Path, store: str | None, expect_removals: int | None, as_json: bool, show_links: bool) -> None:
    """Purge what is gone, build what changed, upload it."""
    progress = progress_shown()
    run(lambda: run_publish(config, store, expect_removals, show_links=show_links, progress=progress), as_json=as_json)


@click.command()
@click.argument("portal", required=False)
@click.argument("contact", required=False)
@config_option
@json_option
def link(portal: str | None, contact: str | None, config: Path, as_json: bool) -> None:
    """Print the link of a portal or of a contact; without either, all links. Links are secrets."""
    run(lambda: run_link(config, portal, contact), as_json=as_json)
