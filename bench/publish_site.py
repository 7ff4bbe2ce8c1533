"""Publishes bundles that are built already, as `portalgen publish` does once it has built them.

    python -m bench.publish_site CONFIG

Neither exports are read nor pages rendered: what a build left stands in for that, as the peers are given a folder. All
else is the product's own.
"""

import sys
from pathlib import Path

import portalgen.cli  # noqa: F401 - as every run does
from portalgen import pipeline
from portalgen.builder import Built, read_manifest
from portalgen.commands.project import now, ring_of, store_of
from portalgen.definitions import load
from portalgen.inventory import Inventory


def built(inventory: Inventory, *_: object) -> Built:
    """What the last build left of the live links. Fails where a bundle is not there whole."""
    found = [read_manifest(pipeline.build_folder(inventory.definitions), link) for link in sorted(inventory.live)]
    bundles = tuple(bundle for bundle in found if bundle)
    assert len(bundles) == len(found), "a bundle is missing"
    return Built(bundles, rendered=0, pages=0, removed=0)


def main() -> None:
    definitions = load(Path(sys.argv[1]))
    inventory = Inventory(definitions, ring_of(definitions), store_of(definitions, None), now)
    pipeline._build = built
    published = pipeline.publish(inventory)
    assert not published.failed, published.failed[:3]
    print(published.uploaded, published.deleted, published.purged_links)


if __name__ == "__main__":
    main()
