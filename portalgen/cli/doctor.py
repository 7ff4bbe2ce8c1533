"""The verb that says what is wrong with a store."""

from pathlib import Path

import click

from portalgen.cli.options import config_option, json_option, store_option
from portalgen.cli.running import run
from portalgen.commands.doctor import doctor as run_doctor
from portalgen.commands.doctor import policy as run_policy
from portalgen.doctor.policies import POLICIES


@click.command()
@config_option
@store_option
@json_option
@click.option("--url", "with_link", is_flag=True, help="Fetch one live link, too, and say which headers arrived.")
@click.option("--policy", type=click.Choice(POLICIES), help="Print this instead, as JSON to paste.")
def doctor(config: Path, store: str | None, as_json: bool, with_link: bool, policy: str | None) -> None:
    """Check a store, the keys and what the world gets, and say what to mend.

    What it writes to try the store lies under names that nobody can guess, and is deleted again. Exit code 1 if
    anything fails. The policies are the rights that the credentials need (iam), what the world may do (bucket), and a
    rule that removes older versions and unfinished uploads (lifecycle).
    """
    if policy and with_link:
        raise click.UsageError("--policy prints a policy and checks nothing; leave --url out")
    if policy:
        run(lambda: run_policy(config, store, policy), as_json=as_json)
    else:
        run(lambda: run_doctor(config, store, with_link=with_link), as_json=as_json)
