"""Modules that take long to import, and are imported when they are first used: most runs never do."""

from importlib import import_module
from typing import Any


class _Deferred:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def deferred(name: str) -> Any:
    """What stands for the module `name`. Whoever uses it imports the module as well, `if TYPE_CHECKING`."""
    return _Deferred(name)
