"""`portalgen build`: bundles into build/, only what changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.builder import Built
from portalgen.commands.project import today_in
from portalgen.commands.report import Done, exports_json, not_made, plural, told
from portalgen.definitions import load
from portalgen.errors import PortalgenError, Problem
from portalgen.locks import locked
from portalgen.model import Definitions
from portalgen.pipeline import build as build_site
from portalgen.pipeline import build_folder


@dataclass(frozen=True, slots=True)
class BuildReport(Done):
    folder: Path
    built: Built

    @property
    def exit_code(self) -> int:
        return PortalgenError.exit_code if self.built.refused else 0

    def problems(self) -> Sequence[Problem]:
        return not_made(self.built.refused)

    def warnings(self) -> Sequence[Problem]:
        return told(self.built.reading)

    def to_json(self) -> Any:
        built = self.built
        return {
            "folder": str(self.folder),
            "bundles": len(built.bundles),
            "rendered": built.rendered,
            "unchanged": len(built.bundles) - built.rendered,
            "removed": built.removed,
            "files_written": built.pages,
            "refused": [str(each.id) for each in built.refused],
            "exports": exports_json(built.reading),
        }

    def to_text(self) -> str:
        built = self.built
        parts = [
            f"{built.rendered:,} rendered ({plural(built.pages, 'file')})",
            f"{len(built.bundles) - built.rendered:,} unchanged",
            f"{built.removed:,} removed",
        ]
        return f"{plural(len(built.bundles), 'bundle')} in {self.folder}: {', '.join(parts)}"


def build(config: Path) -> BuildReport:
    """Build the site of `config`. Needs neither keys nor a store."""
    return build_defined(load(config))


def build_defined(definitions: Definitions) -> BuildReport:
    """Build a site whose definitions are read already."""
    folder = build_folder(definitions)
    with locked(folder, "build"):
        return BuildReport(folder, build_site(definitions, today_in(definitions)))
