"""`portalgen demo`: a whole site of an invented company, built and published to a folder."""

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.build import BuildReport, build
from portalgen.commands.link import LinkReport
from portalgen.commands.publish import PublishReport, Said, publish
from portalgen.commands.report import Done
from portalgen.demo import write_demo
from portalgen.keysources import write_key_file
from portalgen.progress import Progress

_LINKS = 3


@dataclass(frozen=True, slots=True)
class DemoReport(Done):
    folder: Path
    program: str
    built: BuildReport
    published: PublishReport

    @property
    def shows_tokens(self) -> bool:
        return True

    @property
    def links(self) -> LinkReport:
        links = self.published.links.links if self.published.links else ()
        return LinkReport([item for item in links if not item[0].id.contact][:_LINKS])

    @property
    def preview(self) -> str:
        return f"{self.program} preview --config {shlex.quote(str(config_of(self.folder)))} --open"

    def to_json(self) -> Any:
        return {"folder": str(self.folder), "links": self.links.to_json(), "preview": self.preview}

    def to_text(self) -> str:
        lines = [f"  {link.id.portal:12}  {url}" for link, url, _ in self.links.links]
        return "\n".join(
            [
                f"the demo company is in {self.folder}",
                self.built.to_text(),
                self.published.outcome,
                "",
                "three customers' links:",
                *lines,
                "",
                "see them in a browser (the links answer while this runs):",
                f"  {self.preview}",
            ]
        )


def calling_name() -> str:
    """How the user calls this program: by name where that finds it, by path otherwise."""
    if Path(sys.argv[0]).name == "__main__.py":
        return "python -m portalgen"
    return "portalgen" if shutil.which("portalgen") == sys.argv[0] else shlex.quote(sys.argv[0])


def config_of(folder: Path) -> Path:
    """Where the demo's portals.yaml is."""
    return folder / "config" / "portals.yaml"


def demo(folder: Path, program: str, progress: Progress) -> DemoReport:
    """Write the demo company's exports and definitions into `folder`, build its portals and publish them there.

    `program` is how the user calls portalgen. Raises InvalidInputError if other things are in the way.
    """
    write_demo(folder)
    keys = folder / "config" / "portalgen.keys"
    if not keys.exists():
        write_key_file(keys, "a")
    config = config_of(folder)
    built = build(config)
    published = publish(config, None, Said(show_links=True), progress)
    return DemoReport(folder, program, built, published)
