"""What the program says of its own workings, to standard error: no token is ever in it."""

import logging
import sys

from portalgen.links import redact


class _RedactingFormatter(logging.Formatter):
    """Whatever a library logs, no token is in it."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up_logging(level: str) -> None:
    """Log what is at least as grave as `level`: debug, info, warning or error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_RedactingFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
