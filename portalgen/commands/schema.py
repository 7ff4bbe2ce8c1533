"""`portalgen schema`: the JSON Schema of portals.yaml, for editors."""

import json
from dataclasses import dataclass
from typing import Any

from portalgen.commands.report import Done
from portalgen.schema import json_schema


@dataclass(frozen=True, slots=True)
class Schema(Done):
    def to_json(self) -> Any:
        return json_schema()

    def to_text(self) -> str:
        return json.dumps(json_schema(), indent=2)


def schema() -> Schema:
    """The schema of this version."""
    return Schema()
