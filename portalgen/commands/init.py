"""`portalgen init`: a commented portals.yaml to start from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.project import write_new_file
from portalgen.commands.report import Done
from portalgen.resources import starter_config


@dataclass(frozen=True, slots=True)
class Initialised(Done):
    config: Path

    def to_json(self) -> Any:
        return {"config": str(self.config)}

    def to_text(self) -> str:
        return (
            f"wrote {self.config}\n"
            "next: `portalgen keys new config/portalgen.keys`, fill the file in, put your exports where it says,\n"
            "and run `portalgen check`; `portalgen demo` shows a whole site at work"
        )


def init(config: Path) -> Initialised:
    """Write the starter to `config`. Raises InvalidInputError if there is a file already."""
    write_new_file(config, starter_config().read_bytes())
    return Initialised(config)
