"""The command line. A verb's module is imported when the verb is called, since some take long to import."""

import gc
from importlib import import_module

import click

from portalgen import __version__
from portalgen.logs import set_up_logging

# What is imported and read stays until the end; to look for what can go, every 700 objects, takes an eighth of a run.
gc.set_threshold(100_000)

_LEVELS = ("debug", "info", "warning", "error")
_VERBS = {
    "accept": ("records", "Let links show what they were granted through something else."),
    "build": ("building", "Render the bundles that changed into build/."),
    "check": ("making", "Report everything that is wrong, and what each link would show."),
    "contact": ("access", "Add and remove contacts of portals in portals.yaml."),
    "demo": ("demo", "Build and publish an invented company's portals."),
    "disable": ("access", "Take links away until they are enabled again."),
    "doctor": ("doctor", "Check a store, the keys and what the world gets, and say what to mend."),
    "email": ("mailing", "Mail to each contact their own link, once."),
    "enable": ("access", "Give back the same links that `disable` took away."),
    "grant": ("access", "Show more types on links."),
    "history": ("records", "Tell what a link could see, from when to when."),
    "init": ("making", "Write a commented portals.yaml to start from."),
    "inspect": ("importing", "Tell whose export a file is, and print the entry that reads it."),
    "keys": ("access", "Root keys, from which all links are made."),
    "link": ("records", "Print the link of a portal or of a contact, or all links."),
    "plan": ("publishing", "Print what a publish would do, and why."),
    "portal": ("access", "Add, show and remove portals in portals.yaml."),
    "preview": ("building", "Serve the built bundles on this machine, for your eyes only."),
    "profile": ("importing", "Explain a profile of a system's exports, or one of your own."),
    "profiles": ("importing", "List the systems whose exports are known."),
    "publish": ("publishing", "Purge what is gone, build what changed, upload it."),
    "receipt": ("records", "Check a purge's receipt, and print what it says."),
    "revoke": ("access", "Show fewer types on links."),
    "rotate": ("access", "Give new links in place of the old ones, which die with the next publish."),
    "run": ("operating", "Check, build, plan and publish, for a scheduler."),
    "schema": ("making", "Print the JSON Schema of portals.yaml, for editors."),
    "status": ("overview", "List customers, their portals and contacts, with states and counts."),
    "templates": ("making", "List the templates of pages, or copy some into your own templates/."),
    "verify": ("records", "Compare all that the store holds with what was published there."),
    "watch": ("operating", "Build whenever definitions, exports or templates change, until Ctrl-C."),
    "who": ("records", "Tell which links could see a document."),
}
"""By name, the module of `portalgen.cli` that a verb stands in, and what it does in a few words."""


class _Verbs(click.Group):
    """The verbs of `_VERBS`, of which `commands` has the names and a few words."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if name in _VERBS:
            command = getattr(import_module(f"{__name__}.{_VERBS[name][0]}"), name)
        return name, command, rest


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="portalgen")
@click.option("--log-level", type=click.Choice(_LEVELS), default="warning", show_default=True, help="What to log.")
def main(log_level: str) -> None:
    """Customer portals without a server.

    Reads portal definitions and an ERP's exports, renders static pages for every customer and contact, and publishes
    them under links that cannot be guessed.
    """
    set_up_logging(log_level)


for verb, (_, words) in _VERBS.items():
    main.add_command(click.Command(verb, short_help=words))
