"""Where things stand in a file that was parsed."""

from collections.abc import Mapping
from dataclasses import dataclass

from portalgen.errors import Location
from portalgen.yamlfile import At, Document, Value


class _Places(dict[str, Location]):
    """What is not written at all stands where the thing around it stands; '' is always there."""

    def __missing__(self, key: str) -> Location:
        return self[key.rpartition(".")[0]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A spot in a document."""

    document: Document
    at: At

    def down(self, *parts: str | int) -> "Spot":
        return Spot(self.document, (*self.at, *parts))

    def places(self) -> Mapping[str, Location]:
        """Where the spot itself ('') and each of its keys stands, with one more level as 'columns.number'."""
        found = _Places({"": self.document.key_place(self.at)})
        value: Value = self.document.data
        for part in self.at:
            if isinstance(value, dict):
                value = value.get(str(part))
            elif isinstance(value, list) and isinstance(part, int):
                value = value[part]
        for key, item in value.items() if isinstance(value, dict) else ():
            found[key] = self.document.place((*self.at, key))
            inner = item if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
            found.update({f"{key}.{name}": self.document.place((*self.at, key, name)) for name in inner})
        return found
