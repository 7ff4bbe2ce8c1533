"""What is costly to make stays at hand from one build to the next, where somebody builds again and again."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any


class Keeper:
    """By kind, the last thing of it, what it was made from, and what has to be closed when it goes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[object, Any, ExitStack]] = {}

    def find(self, kind: str, made_from: object) -> Any:
        """The last thing of this kind, or None if it was made from something else."""
        last = self._kept.get(kind)
        return last[1] if last and last[0] == made_from else None

    def keep(self, kind: str, made_from: object, thing: Any, until: ExitStack) -> None:
        """Keep a thing in place of the last one of its kind."""
        self.drop(kind)
        self._kept[kind] = (made_from, thing, until)

    def drop(self, kind: str) -> None:
        """Keep nothing of this kind any longer."""
        if last := self._kept.pop(kind, None):
            last[2].close()

    def close(self) -> None:
        """Keep nothing any longer."""
        for kind in [*self._kept]:
            self.drop(kind)


_keeper: ContextVar[Keeper | None] = ContextVar("keeper", default=None)


@contextmanager
def keeping() -> Iterator[None]:
    """While this lasts, there is a keeper."""
    keeper = Keeper()
    token = _keeper.set(keeper)
    try:
        yield
    finally:
        _keeper.reset(token)
        keeper.close()


def keeper() -> Keeper | None:
    """Who keeps things, if somebody does."""
    return _keeper.get()
