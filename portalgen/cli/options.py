"""The options that verbs share."""

from collections.abc import Callable
from pathlib import Path

import click

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("config/portals.yaml"),
    show_default=True,
    help="The definitions.",
)
store_option = click.option("--store", metavar="NAME", help="The store to use.  [default: the first]")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
removals_option = click.option(
    "--expect-removals", type=click.IntRange(0), metavar="N", help="Confirm that exactly N portals vanish."
)


yes_option = click.option("--yes", is_flag=True, help="Do not ask; takes --expect.")
expect_option = click.option(
    "--expect", type=click.IntRange(0), metavar="N", help="Confirm that exactly N links are touched."
)


def selection_options(verb: Callable[..., None]) -> Callable[..., None]:
    """The options of a verb that changes some links, or many."""
    options = (
        click.argument("links", metavar="[LINK]...", nargs=-1),
        click.option("--customer", "customers", metavar="ID", multiple=True, help="The portals of this customer, too."),
        click.option("--all", "is_all", is_flag=True, help="All portals."),
        click.option("--contacts", "with_contacts", is_flag=True, help="The contacts of these portals, too."),
        click.option("--role", default="", metavar="NAME", help="Of these, only what is defined to show this role."),
        *(yes_option, expect_option, config_option, json_option),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb
