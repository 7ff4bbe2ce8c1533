"""`portalgen preview`: the built bundles, and the links of a directory store, in a browser on this machine."""

import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.builder import bundle_folder, read_manifest
from portalgen.commands.project import load_everyone, store_source, today_in
from portalgen.commands.report import Done, plural
from portalgen.errors import PortalgenError
from portalgen.grants import LIVE, links_of
from portalgen.names import SUMMARY
from portalgen.pipeline import build_folder
from portalgen.preview import BUNDLES, Preview


@dataclass(frozen=True, slots=True)
class Previewing(Done):
    """A preview that is running."""

    server: Preview
    bundles: int

    def to_json(self) -> Any:
        return {"address": self.server.address, "bundles": self.bundles}

    def to_text(self) -> str:
        return f"{plural(self.bundles, 'bundle')} at {self.server.address} until Ctrl-C"


def preview(config: Path, store: str | None, port: int, *, open_browser: bool) -> Previewing:
    """Serve what `build` built and, where the store is a directory, its links as a host would."""
    definitions = load_everyone(config)
    folder = build_folder(definitions)
    links = [link for link in links_of(definitions, today_in(definitions)) if link.state == LIVE]
    built = [link.id for link in links if read_manifest(folder, link.id)]
    if not built:
        raise PortalgenError("nothing is built yet", "run `portalgen build` first")
    titles = {f"{BUNDLES}/{bundle_folder(link)}/{SUMMARY}": str(link) for link in built}
    published = store_source(definitions, store).path if definitions.stores or store else None
    server = Preview(folder, published, port, titles)
    if open_browser:
        webbrowser.open(server.address)
    return Previewing(server, len(built))
