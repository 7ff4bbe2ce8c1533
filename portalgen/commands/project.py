"""What the verbs share: the definitions, the keys, the store, the day."""

import datetime
import zoneinfo
from pathlib import Path

from portalgen.customers import customers_file, read_customers
from portalgen.definitions import load
from portalgen.errors import InvalidInputError, Location, did_you_mean
from portalgen.everyone import with_everyone
from portalgen.keysources import load_keys
from portalgen.links import KeyRing
from portalgen.model import Definitions, StoreSource
from portalgen.pipeline import build_folder
from portalgen.stores import open_store
from portalgen.stores.base import Store


def now() -> datetime.datetime:
    """What time it is, in UTC."""
    return datetime.datetime.now(datetime.UTC)


def today_in(definitions: Definitions) -> datetime.date:
    """The date of now where the site is."""
    return now().astimezone(zoneinfo.ZoneInfo(definitions.site.timezone)).date()


def load_everyone(config: Path) -> Definitions:
    """The definitions, with the portals that follow from the exports as they were when last built."""
    definitions = load(config)
    found = read_customers(customers_file(build_folder(definitions))) if definitions.every_customer else None
    return with_everyone(definitions, found.people if found else ())


def ring_of(definitions: Definitions) -> KeyRing:
    """The site's keys. Raises InvalidInputError."""
    return KeyRing(definitions.site.id, load_keys(definitions.keys, definitions.root))


def default_key(definitions: Definitions, ring: KeyRing) -> str:
    """The id of the key that makes a link whose definition names none; '' where nothing says which."""
    return definitions.site.key or (next(iter(ring.root_keys)) if len(ring.root_keys) == 1 else "")


def store_source(definitions: Definitions, name: str | None) -> StoreSource:
    """The store called `name`, or the first. Raises InvalidInputError."""
    where = Location(definitions.file)
    if not definitions.stores:
        raise InvalidInputError("stores: there is none", "stores: {local: {kind: directory, path: site}}", where)
    if name is None:
        return definitions.stores[0]
    names = [store.name for store in definitions.stores]
    if name not in names:
        raise InvalidInputError(f"there is no store '{name}'", did_you_mean(name, names), where)
    return definitions.stores[names.index(name)]


def store_of(definitions: Definitions, name: str | None) -> Store:
    """The store called `name`, or the first, opened. Raises InvalidInputError."""
    return open_store(store_source(definitions, name))


def link_url(definitions: Definitions, token: str) -> str:
    """The address of a link. Raises InvalidInputError if the site has none."""
    if not definitions.site.base_url:
        hint = "base_url: https://portals.example.com"
        raise InvalidInputError(
            "site: 'base_url' is missing, so links have no address", hint, Location(definitions.file)
        )
    return f"{definitions.site.base_url}/{token}/index.html"


def write_new_file(path: Path, data: bytes) -> None:
    """Write a file that must not be there yet. Raises InvalidInputError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise InvalidInputError(f"{path} is there already and was left as it is") from None
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}") from None
