"""What checks write: under names that nobody can guess, and deleted again whatever happens."""

import secrets
from collections.abc import Callable, Iterator

from portalgen.doctor.findings import Finding, warn
from portalgen.errors import StoreError
from portalgen.stores.base import PRIVATE, PUBLIC, Store


def traceless(store: Store, check: Callable[[str, str], Iterator[Finding]]) -> Iterator[Finding]:
    """What `check` finds, with a folder in the private part and one in the public part to write in, each ending in '/'.

    Says so where something could not be deleted.
    """
    name = secrets.token_hex(8)
    folders = (f"{PRIVATE}doctor/{name}/", f"{PUBLIC}doctor-{name}/")
    try:
        yield from check(*folders)
    finally:
        left = _left(store, folders)
    if left:
        hint = f"delete what lies under {folders[0]} and {folders[1]}, with its versions; it holds no secret"
        yield warn("traces", f"what this wrote is not all deleted: {left}", hint)


def _left(store: Store, folders: tuple[str, str]) -> str:
    """Why something is left, or ''."""
    try:
        erased = store.erase(folders)
    except StoreError as error:
        return error.problems[0].message
    return erased.failures[0].cause if erased.failures else erased.unseen
