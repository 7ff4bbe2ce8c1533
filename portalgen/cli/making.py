"""The verbs from a first definition to built bundles."""

import contextlib
from pathlib import Path

import click

from portalgen.cli.options import config_option, json_option, store_option
from portalgen.cli.progress import shown
from portalgen.cli.running import run
from portalgen.commands.build import build as run_build
from portalgen.commands.check import check as run_check
from portalgen.commands.demo import calling_name
from portalgen.commands.demo import demo as run_demo
from portalgen.commands.init import init as run_init
from portalgen.commands.inspect import TYPES
from portalgen.commands.inspect import inspect as run_inspect
from portalgen.commands.preview import preview as run_preview
from portalgen.commands.profile import profile as run_profile
from portalgen.commands.profiles import profiles as run_profiles
from portalgen.commands.schema import schema as run_schema
from portalgen.commands.templates import templates as run_templates


@click.command()
@config_option
@json_option
def init(config: Path, as_json: bool) -> None:
    """Write a commented portals.yaml to start from."""
    run(lambda: run_init(config), as_json=as_json)


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


@click.command()
@config_option
@json_option
def check(config: Path, as_json: bool) -> None:
    """Report everything that is wrong, and what each link would show."""
    run(lambda: run_check(config), as_json=as_json)


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


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("portalgen-demo"))
@json_option
def demo(folder: Path, as_json: bool) -> None:
    """Build and publish an invented company's portals in FOLDER (default: portalgen-demo)."""
    run(shown(lambda progress: run_demo(folder, calling_name(), progress)), as_json=as_json)
