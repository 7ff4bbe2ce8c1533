"""The verb that looks at everything there is."""

from pathlib import Path
from typing import Any

import click

from portalgen.cli.options import config_option, json_option, store_option
from portalgen.cli.running import run
from portalgen.commands.status import Wanted
from portalgen.commands.status import status as run_status
from portalgen.overview.filters import Filters

_file = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command()
@click.option("--customer", default="", metavar="ID", help="Only this customer.")
@click.option("--portal", default="", metavar="ID", help="Only the links of this portal.")
@click.option("--state", default="", metavar="STATE", help="Only links that are live, disabled or expired.")
@click.option("--published", default="", metavar="WORD", help="yes, no, outdated, unfinished or revoked.")
@click.option("--type", default="", metavar="TYPE", help="Only links that show this type.")
@click.option("--erp-status", default="", metavar="TEXT", help="Only customers of this status in the ERP.")
@click.option("--expires-within", type=click.IntRange(0), metavar="DAYS", help="Only links that expire so soon.")
@click.option("--search", default="", metavar="TEXT", help="A part of a name, an id or an e-mail address.")
@click.option("--with-portal", is_flag=True, help="Only customers who have a portal.")
@click.option("--without-portal", is_flag=True, help="Only customers who have none; lists all of them.")
@click.option("--csv", type=_file, metavar="FILE", help="Write a table, or print it (-).")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a page for yourself."
)
@config_option
@store_option
@json_option
def status(config: Path, store: str | None, as_json: bool, csv: Path | None, html: Path | None, **said: Any) -> None:
    """List customers, their portals and contacts, with states, counts and dates.

    Reads the definitions, the last build and the ledger, never the exports. Filters that are combined narrow further.
    """
    run(lambda: run_status(config, store, Filters(**said), Wanted(csv, html, as_json)), as_json=as_json)
