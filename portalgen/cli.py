"""The command line: parsing, printing, exit codes, and the one place where errors become sentences."""

import contextlib
import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from portalgen import __version__, edits
from portalgen.commands.build import build as run_build
from portalgen.commands.check import check as run_check
from portalgen.commands.demo import calling_name
from portalgen.commands.demo import demo as run_demo
from portalgen.commands.edit import add as run_add
from portalgen.commands.edit import approval
from portalgen.commands.edit import edit as run_edit
from portalgen.commands.init import init as run_init
from portalgen.commands.inspect import TYPES
from portalgen.commands.inspect import inspect as run_inspect
from portalgen.commands.keys import keys_new as run_keys_new
from portalgen.commands.link import link as run_link
from portalgen.commands.plan import plan as run_plan
from portalgen.commands.portal import portal_show as run_portal_show
from portalgen.commands.preview import preview as run_preview
from portalgen.commands.profile import profile as run_profile
from portalgen.commands.profiles import profiles as run_profiles
from portalgen.commands.publish import publish as run_publish
from portalgen.commands.report import Report, problem_json
from portalgen.commands.schema import schema as run_schema
from portalgen.commands.status import status as run_status
from portalgen.commands.templates import templates as run_templates
from portalgen.errors import NOWHERE, PortalgenError, Problem
from portalgen.keys import KEY_IDS
from portalgen.links import redact
from portalgen.logs import set_up_logging
from portalgen.model import Definitions
from portalgen.publish import Progress

Outcome = TypeVar("Outcome", bound=Report)
_ID_HELP = "What to call it: one of 0-9, a-z without i, l, o, u."
_LEVELS = ("debug", "info", "warning", "error")


def _run(verb: Callable[[], Outcome], *, as_json: bool) -> Outcome:
    """Run a verb and print its report; leave with its exit code unless that is 0."""
    try:
        report = verb()
    except PortalgenError as error:
        _leave(error.problems, error.exit_code, as_json=as_json)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _leave([Problem(NOWHERE, f"{where}{error.strerror or error}")], 1, as_json=as_json)
    except Exception as error:
        logging.getLogger("portalgen").debug(traceback.format_exc())
        hint = "this is a bug; please report it with what --log-level debug prints (tokens are left out of it)"
        _leave([Problem(NOWHERE, f"unexpected {type(error).__name__}: {error}", hint)], 1, as_json=as_json)
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=2) if as_json else report.to_text()
    click.echo(text if report.shows_tokens else redact(text))
    _complain(report.problems())
    _complain(replace(problem, message=f"warning: {problem.message}") for problem in report.warnings())
    if report.exit_code:
        sys.exit(report.exit_code)
    return report


def _leave(problems: Iterable[Problem], code: int, *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(redact(json.dumps({"errors": [problem_json(problem) for problem in problems]}, indent=2)))
    _complain(problems)
    sys.exit(code)


def _complain(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(redact(str(problem)), err=True)


def _progress() -> Progress:
    """A counter on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None
    done = 0

    def show(count: int) -> None:
        nonlocal done
        done += count
        click.echo(f"\r{done:,} objects", nl=False, err=True)

    return show


_config = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("config/portals.yaml"),
    show_default=True,
    help="The definitions.",
)
_store = click.option("--store", metavar="NAME", help="The store to use.  [default: the first]")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_removals = click.option(
    "--expect-removals", type=click.IntRange(0), metavar="N", help="Confirm that exactly N portals vanish."
)


_yes = click.option("--yes", is_flag=True, help="Do not ask; takes --expect.")
_expect = click.option(
    "--expect", type=click.IntRange(0), metavar="N", help="Confirm that exactly N links are touched."
)


def _selection(verb: Callable[..., None]) -> Callable[..., None]:
    """The options of a verb that changes some links, or many."""
    options = (
        click.argument("links", metavar="[LINK]...", nargs=-1),
        click.option("--customer", "customers", metavar="ID", multiple=True, help="The portals of this customer, too."),
        click.option("--all", "is_all", is_flag=True, help="All portals."),
        click.option("--contacts", "with_contacts", is_flag=True, help="The contacts of these portals, too."),
        click.option("--role", default="", metavar="NAME", help="Of these, only what is defined to show this role."),
        *(_yes, _expect, _config, _json),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb


def _ask(question: str, wanted: str) -> bool:
    """Whether `wanted` is what somebody types at a terminal."""
    click.echo(question, err=True)
    return bool(click.prompt(f"type {wanted} to do it", err=True) == wanted)


def _edit(how: Callable[[Definitions], edits.Edit], config: Path, as_json: bool, **said: Any) -> None:
    approve = approval(said.pop("expect"), _ask if sys.stdin.isatty() else None, yes=said.pop("yes"))
    selection = edits.Selection(said.pop("links"), **said)
    _run(lambda: run_edit(config, selection, how, approve), as_json=as_json)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="portalgen")
@click.option("--log-level", type=click.Choice(_LEVELS), default="warning", show_default=True, help="What to log.")
def main(log_level: str) -> None:
    """Customer portals without a server.

    Reads portal definitions and an ERP's exports, renders static pages for every customer and contact, and publishes
    them under links that cannot be guessed.
    """
    set_up_logging(log_level)


@main.command()
@_config
@_json
def init(config: Path, as_json: bool) -> None:
    """Write a commented portals.yaml to start from."""
    _run(lambda: run_init(config), as_json=as_json)


@main.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--profile", metavar="NAME", help="Read it by this profile, and by no other.")
@click.option("--type", "type_", type=click.Choice(TYPES), metavar="TYPE", help="Read it as this type.")
@_json
def inspect(files: tuple[str, ...], profile: str | None, type_: str | None, as_json: bool) -> None:
    """Tell whose export a FILE (or folder, or pattern) is, how it would be read, and the entry that reads it.

    The first values of each column are printed. Nothing is written, and nothing is sent.
    """
    _run(lambda: run_inspect(files, profile, type_), as_json=as_json)


@main.command()
@_json
def profiles(as_json: bool) -> None:
    """List the systems whose exports are known."""
    _run(run_profiles, as_json=as_json)


@main.command()
@click.argument("name")
@_json
def profile(name: str, as_json: bool) -> None:
    """Explain the profile NAME, or one of your own in the file NAME (ending in .yaml)."""
    _run(lambda: run_profile(name), as_json=as_json)


@main.command()
@_config
@_json
def check(config: Path, as_json: bool) -> None:
    """Report everything that is wrong, and what each link would show."""
    _run(lambda: run_check(config), as_json=as_json)


@main.command()
@_config
@_json
def build(config: Path, as_json: bool) -> None:
    """Render the bundles that changed into build/."""
    _run(lambda: run_build(config), as_json=as_json)


@main.command()
@_config
@_store
@_json
@click.option("--port", type=click.IntRange(0, 65535), default=8750, show_default=True, help="0: any that is free.")
@click.option("--open", "open_browser", is_flag=True, help="Open it in a browser.")
def preview(config: Path, store: str | None, as_json: bool, port: int, open_browser: bool) -> None:
    """Serve the built bundles on this machine, for your eyes only."""
    report = _run(lambda: run_preview(config, store, port, open_browser=open_browser), as_json=as_json)
    with contextlib.suppress(KeyboardInterrupt):
        report.server.wait()


@main.command()
@_config
@_store
@_removals
@_json
def plan(config: Path, store: str | None, expect_removals: int | None, as_json: bool) -> None:
    """Print what a publish would do, and why. Writes nothing to the store."""
    _run(lambda: run_plan(config, store, expect_removals), as_json=as_json)


@main.command()
@_config
@_store
@_removals
@_json
@click.option("--show-links", is_flag=True, help="Print every live link afterwards. Links are secrets.")
def publish(config: Path, store: str | None, expect_removals: int | None, as_json: bool, show_links: bool) -> None:
    """Purge what is gone, build what changed, upload it."""
    progress = _progress()
    _run(lambda: run_publish(config, store, expect_removals, show_links=show_links, progress=progress), as_json=as_json)


@main.command()
@click.argument("portal", required=False)
@click.argument("contact", required=False)
@_config
@_json
def link(portal: str | None, contact: str | None, config: Path, as_json: bool) -> None:
    """Print the link of a portal or of a contact; without either, all links. Links are secrets."""
    _run(lambda: run_link(config, portal, contact), as_json=as_json)


@main.command()
@_config
@_store
@_json
def status(config: Path, store: str | None, as_json: bool) -> None:
    """List portals and contacts with their states and counts."""
    _run(lambda: run_status(config, store), as_json=as_json)


@main.group()
def portal() -> None:
    """Add, show and remove portals in portals.yaml."""


@portal.command("add")
@click.argument("id_", metavar="ID")
@click.option("--customer", required=True, metavar="ID", help="The ERP's customer id.")
@click.option("--name", metavar="NAME", help="The customer's name in the ERP: guards against a wrong id.")
@click.option("--show", default="", metavar="TYPES", help="What to show: invoices,orders; or a role, or ALL.")
@click.option("--locale", metavar="TAG", help="The language, if not the site's.")
@_config
@_json
def portal_add(id_: str, config: Path, as_json: bool, **definition: Any) -> None:
    """Define the portal ID."""
    _run(lambda: run_add(config, id_, definition), as_json=as_json)


@portal.command("show")
@click.argument("id_", metavar="ID")
@_config
@_json
def portal_show(id_: str, config: Path, as_json: bool) -> None:
    """Print what the portal ID and each of its contacts may see."""
    _run(lambda: run_portal_show(config, id_), as_json=as_json)


@portal.command("remove")
@_selection
def portal_remove(config: Path, as_json: bool, **said: Any) -> None:
    """Delete portals: their links die with the next publish, for good."""
    _edit(lambda _: edits.removing, config, as_json, **said)


@main.group()
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
@_config
@_json
def contact_add(name_: str, config: Path, as_json: bool, **definition: Any) -> None:
    """Define a contact: `portalgen contact add acme/ann --name "Ann Lee" --show invoices`."""
    _run(lambda: run_add(config, name_, definition), as_json=as_json)


@contact.command("remove")
@_selection
def contact_remove(config: Path, as_json: bool, **said: Any) -> None:
    """Delete contacts, named as PORTAL/ID: their links die with the next publish, for good."""
    _edit(lambda _: edits.removing_contacts, config, as_json, **said)


@main.command()
@click.argument("types")
@_selection
def grant(types: str, config: Path, as_json: bool, **said: Any) -> None:
    """Show TYPES (invoices,orders; or a role, or ALL) on each LINK (acme, or acme/ann) besides what it shows."""
    _edit(lambda definitions: edits.granting(edits.names_in(types), definitions.roles), config, as_json, **said)


@main.command()
@click.argument("types")
@_selection
def revoke(types: str, config: Path, as_json: bool, **said: Any) -> None:
    """Show TYPES (invoices,orders; or a role, or ALL) no longer on each LINK (acme, or acme/ann)."""
    _edit(lambda definitions: edits.revoking(edits.names_in(types), definitions.roles), config, as_json, **said)


@main.command()
@_selection
def enable(config: Path, as_json: bool, **said: Any) -> None:
    """Give back the same links that `disable` took away."""
    _edit(lambda _: edits.enabling, config, as_json, **said)


@main.command()
@_selection
def disable(config: Path, as_json: bool, **said: Any) -> None:
    """Take links away until they are enabled again. A portal's contacts lose theirs with it."""
    _edit(lambda _: edits.disabling, config, as_json, **said)


@main.command()
@_selection
def rotate(config: Path, as_json: bool, **said: Any) -> None:
    """Give new links in place of the old ones, which die with the next publish."""
    _edit(lambda _: edits.rotating, config, as_json, **said)


@main.group()
def keys() -> None:
    """Root keys, from which all links are made."""


@keys.command("new")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--id", "key_id", type=click.Choice(KEY_IDS), default="a", show_default=True, metavar="ID", help=_ID_HELP)
@_json
def keys_new(file: Path | None, key_id: str, as_json: bool) -> None:
    """Make a root key and print it, or write it to FILE, readable by you alone."""
    _run(lambda: run_keys_new(file, key_id), as_json=as_json)


@main.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@_config
@_json
def templates(names: tuple[str, ...], config: Path, as_json: bool) -> None:
    """List the templates of pages, or copy those called NAME into your own templates/ to start from."""
    _run(lambda: run_templates(config, names), as_json=as_json)


@main.command()
@_json
def schema(as_json: bool) -> None:
    """Print the JSON Schema of portals.yaml, for editors."""
    _run(run_schema, as_json=as_json)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("portalgen-demo"))
@_json
def demo(folder: Path, as_json: bool) -> None:
    """Build and publish an invented company's portals in FOLDER (default: portalgen-demo)."""
    progress = _progress()
    _run(lambda: run_demo(folder, calling_name(), progress), as_json=as_json)
