"""The verbs that tell how exports are read."""

import click

from portalgen.cli.options import json_option
from portalgen.cli.running import run
from portalgen.commands.inspect import TYPES
from portalgen.commands.inspect import inspect as run_inspect
from portalgen.commands.profile import profile as run_profile
from portalgen.commands.profiles import profiles as run_profiles


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--profile", metavar="NAME", help="Read it by this profile, and by no other.")
@click.option("--type", "type_", type=click.Choice(TYPES), metavar="TYPE", help="Read it as this type.")
@json_option
def inspect(files: tuple[str, ...], profile: str | None, type_: str | None, as_json: bool) -> None:
    """Tell whose export a FILE (or folder, or pattern) is, how it would be read, and the entry that reads it.

    The first values of each column are printed. Nothing is written, and nothing is sent.
    """
    run(lambda: run_inspect(files, profile, type_), as_json=as_json)


@click.command()
@json_option
def profiles(as_json: bool) -> None:
    """List the systems whose exports are known."""
    run(run_profiles, as_json=as_json)


@click.command()
@click.argument("name")
@json_option
def profile(name: str, as_json: bool) -> None:
    """Explain the profile NAME, or one of your own in the file NAME (ending in .yaml)."""
    run(lambda: run_profile(name), as_json=as_json)
