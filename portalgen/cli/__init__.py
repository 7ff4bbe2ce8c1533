"""The command line."""

import click

from portalgen import __version__
from portalgen.cli import access, mailing, making, operating, overview, publishing
from portalgen.logs import set_up_logging

_LEVELS = ("debug", "info", "warning", "error")
_VERBS = (
    *(making.init, making.inspect, making.profiles, making.profile, making.check, making.build, making.preview),
    *(making.templates, making.schema, making.demo),
    *(publishing.plan, publishing.publish, publishing.verify, publishing.link, overview.status, mailing.email),
    *(operating.run, operating.watch),
    *(publishing.accept, publishing.history, publishing.who, publishing.receipt),
    publishing.doctor,
    *(access.portal, access.contact, access.grant, access.revoke, access.enable, access.disable, access.rotate),
    access.keys,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="portalgen")
@click.option("--log-level", type=click.Choice(_LEVELS), default="warning", show_default=True, help="What to log.")
def main(log_level: str) -> None:
    """Customer portals without a server.

    Reads portal definitions and an ERP's exports, renders static pages for every customer and contact, and publishes
    them under links that cannot be guessed.
    """
    set_up_logging(log_level)


for verb in _VERBS:
    main.add_command(verb)
