"""The verbs that help to write definitions and templates."""

from pathlib import Path

import click

from portalgen.cli.options import config_option, json_option
from portalgen.cli.running import run
from portalgen.commands.check import check as run_check
from portalgen.commands.init import init as run_init
from portalgen.commands.schema import schema as run_schema
from portalgen.commands.templates import templates as run_templates


@click.command()
@config_option
@json_option
def init(config: Path, as_json: bool) -> None:
    """Write a commented portals.yaml to start from."""
    run(lambda: run_init(config), as_json=as_json)


@click.command()
@config_option
@json_option
def check(config: Path, as_json: bool) -> None:
    """Report everything that is wrong, and what each link would show."""
    run(lambda: run_check(config), as_json=as_json)


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@config_option
@json_option
def templates(names: tuple[str, ...], config: Path, as_json: bool) -> None:
    """List the templates of pages, or copy those called NAME into your own templates/ to start from."""
    run(lambda: run_templates(config, names), as_json=as_json)


@click.command()
@json_option
def schema(as_json: bool) -> None:
    """Print the JSON Schema of portals.yaml, for editors."""
    run(run_schema, as_json=as_json)
