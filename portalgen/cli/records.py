"""The verbs that tell what is, or was, out there, and who could see it."""

import datetime
import sys
from pathlib import Path
from typing import Any

import click

from portalgen.cli.options import config_option, expect_option, json_option, store_option, yes_option
from portalgen.cli.running import ask, run
from portalgen.commands.accept import accept as run_accept
from portalgen.commands.edit import approval
from portalgen.commands.history import history as run_history
from portalgen.commands.link import link as run_link
from portalgen.commands.receipt import receipt as run_receipt
from portalgen.commands.verify import verify as run_verify
from portalgen.commands.who import who as run_who
from portalgen.model import GRANTABLE_TYPES


@click.command()
@click.option("--read", "reads", is_flag=True, help="Fetch every object and compare its bytes, too.")
@config_option
@store_option
@json_option
def verify(config: Path, store: str | None, as_json: bool, *, reads: bool) -> None:
    """Compare all that the store holds with what was published there. Writes nothing, and needs no keys."""
    run(lambda: run_verify(config, store, reads=reads), as_json=as_json)


@click.command()
@click.argument("portal", required=False)
@click.argument("contact", required=False)
@config_option
@json_option
def link(portal: str | None, contact: str | None, config: Path, as_json: bool) -> None:
    """Print the link of a portal or of a contact; without either, all links. Links are secrets."""
    run(lambda: run_link(config, portal, contact), as_json=as_json)


@click.command()
@click.argument("links", metavar="[LINK]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="All that waits.")
@yes_option
@expect_option
@config_option
@store_option
@json_option
def accept(config: Path, store: str | None, as_json: bool, **said: Any) -> None:
    """Let each LINK (acme, or acme/ann) show what it was granted through something else than its own definition.

    A wider role, or exports of a type that there were none of, give links more to show than they were defined for.
    Without LINK and --all, what waits is listed.
    """
    approve = approval(said["expect"], ask if sys.stdin.isatty() else None, yes=said["yes"])
    run(lambda: run_accept(config, store, said["links"], approve, is_all=said["is_all"]), as_json=as_json)


@click.command()
@click.argument("link", required=False)
@config_option
@store_option
@json_option
def history(link: str | None, config: Path, store: str | None, as_json: bool) -> None:
    """Tell what LINK (acme, with its contacts, or acme/ann) could see, from when to when; and that nobody altered that.

    The record is a chain in the private part of the store; each publish that changes what a link shows adds to it.
    """
    run(lambda: run_history(config, store, link), as_json=as_json)


@click.command()
@click.argument("number")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="That day.  [default: ever]")
@click.option("--type", "type_", type=click.Choice(GRANTABLE_TYPES), metavar="TYPE", help="Only this type.")
@config_option
@store_option
@json_option
def who(config: Path, store: str | None, as_json: bool, day: datetime.datetime | None, **document: Any) -> None:
    """Tell which links could see the document NUMBER."""
    run(lambda: run_who(config, store, day.date() if day else None, **document), as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--public-key", "trusted", metavar="HEX", multiple=True, help="Whom to believe.  [default: this site]")
@config_option
@json_option
def receipt(file: Path, trusted: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Check a purge's receipt, which `publish --receipt` wrote, and print what it says.

    With --public-key, as `portalgen keys public` prints it, nothing else is needed: no definitions, no keys, no store.
    """
    run(lambda: run_receipt(file, trusted, config), as_json=as_json)
