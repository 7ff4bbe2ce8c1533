"""The verb that writes to contacts."""

import sys
from pathlib import Path
from typing import Any

import click

from portalgen.cli.options import config_option, json_option, store_option, yes_option
from portalgen.cli.progress import shown
from portalgen.cli.running import ask, run
from portalgen.commands.email import Order, approval
from portalgen.commands.email import email as run_email
from portalgen.edits import Selection
from portalgen.mailbook import KINDS
from portalgen.mailing import Wish

_KIND_HELP = "What to send.  [default: a welcome, or that the link has changed]"
_AGAIN_HELP = "Send once more what was refused, may have been sent, or was sent."


@click.command()
@click.argument("links", metavar="[LINK]...", nargs=-1)
@click.option("--customer", "customers", metavar="ID", multiple=True, help="The contacts of this customer, too.")
@click.option("--all", "is_all", is_flag=True, help="All contacts.")
@click.option("--role", default="", metavar="NAME", help="Of these, only those defined to show this role.")
@click.option("--kind", type=click.Choice(KINDS), help=_KIND_HELP)
@click.option("--again", type=click.Choice(["refused", "doubtful", "sent"]), multiple=True, help=_AGAIN_HELP)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write .eml files into this folder.")
@click.option("--rate", type=click.IntRange(1), metavar="N", help="At most N mails a minute.")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Show the recipients, and send nothing.")
@click.option("--expect", type=click.IntRange(0), metavar="N", help="Confirm that exactly N mails are sent.")
@yes_option
@store_option
@config_option
@json_option
def email(config: Path, as_json: bool, kind: str | None, again: tuple[str, ...], **said: Any) -> None:
    """Mail to each contact of each LINK (acme, or acme/ann) their own link, once.

    Prints the recipients and asks. Only links that are published are mailed. What was sent is recorded: a second run
    sends what the first did not. Mails, and the files in --out, hold links, which are secrets.
    """
    yes, expect = said.pop("yes"), said.pop("expect")
    if said["is_dry_run"] and (yes or expect is not None):
        raise click.UsageError("--dry-run sends nothing, so --yes and --expect say nothing")
    selection = Selection(said.pop("links"), said.pop("customers"), said.pop("is_all"), True, said.pop("role"))
    order = Order(selection, Wish(kind or "", again), **said)
    approve = approval(expect, ask if sys.stdin.isatty() else None, yes=yes)
    run(shown(lambda progress: run_email(config, order, approve, progress)), as_json=as_json)
