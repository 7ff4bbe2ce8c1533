"""The verbs that edit who may see what, and the root keys."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from portalgen import edits
from portalgen.cli.options import config_option, json_option, selection_options, store_option
from portalgen.cli.running import ask, run
from portalgen.commands.edit import Approval, approval
from portalgen.commands.edit import add as run_add
from portalgen.commands.edit import edit as run_edit
from portalgen.commands.edit import move as run_move
from portalgen.commands.keys import keys_list as run_keys_list
from portalgen.commands.keys import keys_new as run_keys_new
from portalgen.commands.keys import keys_public as run_keys_public
from portalgen.commands.keys import keys_retire as run_keys_retire
from portalgen.commands.portal import portal_show as run_portal_show
from portalgen.keys import KEY_IDS
from portalgen.model import Definitions

_ID_HELP = "What to call it: one of 0-9, a-z without i, l, o, u."


def _edit(how: Callable[[Definitions], edits.Edit], config: Path, as_json: bool, **said: Any) -> None:
    selection, approve = _meant(said)
    run(lambda: run_edit(config, selection, how, approve), as_json=as_json)


def _meant(said: dict[str, Any]) -> tuple[edits.Selection, Approval]:
    """Which links the options of a verb mean, and who approves of the change."""
    approve = approval(said.pop("expect"), _ask_if_there_is_somebody(), yes=said.pop("yes"))
    return edits.Selection(said.pop("links"), **said), approve


def _ask_if_there_is_somebody() -> Callable[[str, str], bool] | None:
    return ask if sys.stdin.isatty() else None


@click.group()
def portal() -> None:
    """Add, show and remove portals in portals.yaml."""


@portal.command("add")
@click.argument("id_", metavar="ID")
@click.option("--customer", required=True, metavar="ID", help="The ERP's customer id.")
@click.option("--name", metavar="NAME", help="The customer's name in the ERP: guards against a wrong id.")
@click.option("--show", default="", metavar="TYPES", help="What to show: invoices,orders; or a role, or ALL.")
@click.option("--locale", metavar="TAG", help="The language, if not the site's.")
@config_option
@json_option
def portal_add(id_: str, config: Path, as_json: bool, **definition: Any) -> None:
    """Define the portal ID."""
    run(lambda: run_add(config, id_, definition), as_json=as_json)


@portal.command("show")
@click.argument("id_", metavar="ID")
@config_option
@json_option
def portal_show(id_: str, config: Path, as_json: bool) -> None:
    """Print what the portal ID and each of its contacts may see."""
    run(lambda: run_portal_show(config, id_), as_json=as_json)


@portal.command("remove")
@selection_options
def portal_remove(config: Path, as_json: bool, **said: Any) -> None:
    """Delete portals: their links die with the next publish, for good."""
    _edit(lambda _: edits.removing, config, as_json, **said)


@click.group()
def contact() -> None:
    """Add and remove contacts of portals in portals.yaml."""


@contact.command("add")
@click.argument("name_", metavar="PORTAL/ID")
@click.option("--name", metavar="NAME", help="What the contact is called.")
@click.option("--email", metavar="ADDRESS", help="Where to reach them.")
@click.option("--show", default="", metavar="TYPES", help="What to show: invoices,orders; or a role, or ALL.")
@click.option("--branch", "branches", metavar="NAME", multiple=True, help="Only what is of this branch.")
@click.option("--expires", metavar="YYYY-MM-DD", help="The last day of their link.")
@click.option("--locale", metavar="TAG", help="The language, if not the portal's.")
@config_option
@json_option
def contact_add(name_: str, config: Path, as_json: bool, **definition: Any) -> None:
    """Define a contact: `portalgen contact add acme/ann --name "Ann Lee" --show invoices`."""
    run(lambda: run_add(config, name_, definition), as_json=as_json)


@contact.command("remove")
@selection_options
def contact_remove(config: Path, as_json: bool, **said: Any) -> None:
    """Delete contacts, named as PORTAL/ID: their links die with the next publish, for good."""
    selection, approve = _meant(said)
    run(lambda: run_edit(config, selection, lambda _: edits.removing_contacts(selection), approve), as_json=as_json)


@click.command()
@click.argument("types")
@selection_options
def grant(types: str, config: Path, as_json: bool, **said: Any) -> None:
    """Show TYPES (invoices,orders; or a role, or ALL) on each LINK (acme, or acme/ann) besides what it shows."""
    _edit(lambda definitions: edits.granting(edits.names_in(types), definitions.roles), config, as_json, **said)


@click.command()
@click.argument("types")
@selection_options
def revoke(types: str, config: Path, as_json: bool, **said: Any) -> None:
    """Show TYPES (invoices,orders; or a role, or ALL) no longer on each LINK (acme, or acme/ann)."""
    _edit(lambda definitions: edits.revoking(edits.names_in(types), definitions.roles), config, as_json, **said)


@click.command()
@selection_options
def enable(config: Path, as_json: bool, **said: Any) -> None:
    """Give back the same links that `disable` took away."""
    _edit(lambda _: edits.enabling, config, as_json, **said)


@click.command()
@selection_options
def disable(config: Path, as_json: bool, **said: Any) -> None:
    """Take links away until they are enabled again. A portal's contacts lose theirs with it."""
    _edit(lambda _: edits.disabling, config, as_json, **said)


@click.command()
@selection_options
def rotate(config: Path, as_json: bool, **said: Any) -> None:
    """Give new links in place of the old ones, which die with the next publish."""
    _edit(lambda _: edits.rotating, config, as_json, **said)


@click.group()
def keys() -> None:
    """Root keys, from which all links are made."""


@keys.command("new")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--id", "key_id", type=click.Choice(KEY_IDS), default="a", show_default=True, metavar="ID", help=_ID_HELP)
@click.option("--add", is_flag=True, help="Put it behind the keys that FILE holds.")
@json_option
def keys_new(file: Path | None, key_id: str, add: bool, as_json: bool) -> None:
    """Make a root key and print it, or write it to FILE, readable by you alone."""
    run(lambda: run_keys_new(file, key_id, add=add), as_json=as_json)


@keys.command("list")
@config_option
@store_option
@json_option
def keys_list(config: Path, store: str | None, as_json: bool) -> None:
    """List the root keys by fingerprint, and how many links are made with each. No key is printed."""
    run(lambda: run_keys_list(config, store), as_json=as_json)


@keys.command("public")
@config_option
@json_option
def keys_public(config: Path, as_json: bool) -> None:
    """Print the public keys that check this site's receipts. They are no secrets."""
    run(lambda: run_keys_public(config), as_json=as_json)


@keys.command("rotate")
@click.option("--to", required=True, metavar="ID", help="The root key that is to make these links.")
@selection_options
def keys_rotate(to: str, config: Path, as_json: bool, **said: Any) -> None:
    """Make links with another root key, and so give new ones: of each LINK, or with --all --contacts of all.

    The links that are not meant stay as they are. The old ones die with the next publish.
    """
    selection, approve = _meant(said)
    run(lambda: run_move(config, selection, to, approve), as_json=as_json)


@keys.command("retire")
@click.argument("key_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
@json_option
def keys_retire(key_id: str, yes: bool, config: Path, as_json: bool) -> None:
    """Take the root key ID out of the key file. Refused while a link is made with it, or published in any store."""
    run(lambda: run_keys_retire(config, key_id, _ask_if_there_is_somebody(), yes=yes), as_json=as_json)
