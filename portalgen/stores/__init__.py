"""Where bundles are published. `base` is the contract; each other module is one kind of store."""

from collections.abc import Callable
from importlib import import_module

from portalgen.errors import InvalidInputError, did_you_mean
from portalgen.model import StoreSource
from portalgen.stores.base import Store

KINDS = {
    "directory": "portalgen.stores.directory",
    "s3": "portalgen.stores.s3",
}
"""The module of each kind; its `from_source` makes the store. By name, so that only the kind in use is loaded."""


def open_store(source: StoreSource) -> Store:
    """The store that `source` describes; nothing is read or written yet. Raises InvalidInputError."""
    if source.kind not in KINDS:
        message = f"store '{source.name}' is of a kind that does not exist: '{source.kind}'"
        raise InvalidInputError(message, did_you_mean(source.kind, list(KINDS)))
    from_source: Callable[[StoreSource], Store] = import_module(KINDS[source.kind]).from_source
    return from_source(source)
