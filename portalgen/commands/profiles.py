"""`portalgen profiles`: the systems whose exports are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.report import Done
from portalgen.errors import Location
from portalgen.exports.profiles import load_profile, packaged_names
from portalgen.schema import ProfileModel


@dataclass(frozen=True, slots=True)
class Profiles(Done):
    profiles: Sequence[ProfileModel]

    def to_json(self) -> Any:
        return [{"name": each.name, "title": each.title, "types": list(each.types)} for each in self.profiles]

    def to_text(self) -> str:
        width = max(len(each.name) for each in self.profiles)
        return "\n".join(f"{each.name:{width}}  {each.title} [{', '.join(each.types)}]" for each in self.profiles)


def profiles() -> Profiles:
    """The profiles that portalgen brings along, by name."""
    return Profiles([load_profile(name, Path(), Location()) for name in packaged_names()])
