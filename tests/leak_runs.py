"""The ways from a world to the files behind each link, by the real pipeline."""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from portalgen.builder import Built
from portalgen.definitions import load
from portalgen.errors import PortalgenError
from portalgen.inventory import Inventory
from portalgen.links import KeyRing
from portalgen.model import BuiltBundle
from portalgen.pipeline import build, publish
from portalgen.stores.base import PUBLIC
from portalgen.stores.memory import MemoryStore
from tests.leak_scan import Files, LinkKey
from tests.sites import noon_of
from tests.worlds import TODAY, World, widened, write

KEYS = {"a": bytes(range(32))}

Run = Callable[[World, Path], Mapping[LinkKey, Files]]
"""A way from a world, by a folder of one's own, to the files behind each link."""


def build_world(world: World, folder: Path, order: random.Random | None = None, files: int = 1) -> Built:
    """Write `world` (see `worlds.write`) into `folder` and build it there. What is in bundles outlives the folder."""
    made = build(load(write(world, folder, order, files)), TODAY)
    return replace(made, bundles=tuple(map(_whole, made.bundles)))


def _whole(bundle: BuiltBundle) -> BuiltBundle:
    """Two bundles that share a folder by mistake are not there as they were built."""
    try:
        return bundle.whole()
    except PortalgenError:
        return bundle


def on_disk(built: Built, folder: Path) -> dict[LinkKey, Files]:
    """Every file below build/bundles by its link, whether a manifest speaks of it or not.

    A folder that is no link's appears under its own name.
    """
    root = folder / "build" / "bundles"
    homes = {(bundle.id.portal, bundle.id.contact): root / bundle.folder for bundle in built.bundles}
    strays = {(home.parent.name, f"{home.name}?"): home for home in root.glob("*/*") if home not in homes.values()}
    return {
        link: {file.relative_to(home).as_posix(): file.read_bytes() for file in home.rglob("*") if file.is_file()}
        for link, home in (homes | strays).items()
    }


def built(world: World, folder: Path) -> dict[LinkKey, Files]:
    """The files of `world` after a first build."""
    return on_disk(build_world(world, folder), folder)


def rebuilt(world: World, folder: Path) -> dict[LinkKey, Files]:
    """The files of `world` after a build in a folder where every link was allowed all before."""
    build_world(widened(world), folder)
    return built(world, folder)


def publish_world(world: World, folder: Path, store: MemoryStore) -> None:
    """Build `world` in `folder` and publish it to `store`. Fails if the publish reports a failure."""
    definitions = load(write(world, folder))
    inventory = Inventory(definitions, KeyRing(definitions.site.id, KEYS), store, lambda: noon_of(TODAY))
    assert not publish(inventory).failed


def in_store(world: World, store: MemoryStore) -> dict[LinkKey, Files]:
    """Every public object by its link; those under no link of `world` appear under their token."""
    ring = KeyRing("neighbours", KEYS)
    links = {
        ring.token("a", portal.id, contact, 1): (portal.id, contact)
        for portal in world.portals
        for contact in ("", *(each.id for each in portal.contacts))
    }
    found: defaultdict[LinkKey, dict[str, bytes]] = defaultdict(dict)
    for key, data in store.contents.items():
        if key.startswith(PUBLIC):
            token, path = key.removeprefix(PUBLIC).split("/", 1)
            found[links.get(token, (token, "?"))][path] = data
    return dict(found)


def republished(world: World, folder: Path) -> dict[LinkKey, Files]:
    """What the world sees of `world` in a store where every link was allowed all before."""
    store = MemoryStore()
    publish_world(widened(world), folder, store)
    publish_world(world, folder, store)
    return in_store(world, store)
