"""`portalgen templates`: the templates that pages are made of, and copies of them to start from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.project import write_new_file
from portalgen.commands.report import Done, table
from portalgen.definitions import root_of
from portalgen.errors import InvalidInputError, did_you_mean
from portalgen.resources import templates_folder


@dataclass(frozen=True, slots=True)
class Templates(Done):
    """`own` are those of `names` that stand in the site's `folder`; `copied` were put there just now."""

    folder: Path
    names: Sequence[str]
    own: Sequence[str]
    copied: Sequence[str]

    def to_json(self) -> Any:
        templates = [{"name": name, "overridden": name in self.own} for name in self.names]
        return {"folder": str(self.folder), "templates": templates, "copied": list(self.copied)}

    def to_text(self) -> str:
        if self.copied:
            wrote = "\n".join(f"wrote {self.folder / name}" for name in self.copied)
            return (
                f"{wrote}\nkeep what you change, and take the rest from the default: "
                f'{{% extends "!default/{self.copied[0]}" %}}; docs/templates.md says what each is given'
            )
        rows = [(name, "your own" if name in self.own else "default") for name in self.names]
        return f"{table(rows, ('template', 'used'))}\nto start from one: portalgen templates NAME"


def templates(config: Path, names: Sequence[str]) -> Templates:
    """List the templates, or copy those called `names` into the folder of the site's own.

    Raises InvalidInputError for a name that there is not, and for a file that is there already; then none is copied.
    """
    defaults = templates_folder()
    known = sorted(path.relative_to(defaults).as_posix() for path in defaults.rglob("*") if path.is_file())
    folder = root_of(config) / "templates"
    for name in names:
        if name not in known:
            raise InvalidInputError(f"there is no template '{name}'", did_you_mean(name, known))
        if (folder / name).exists():
            raise InvalidInputError(f"{folder / name} is there already", "move it away to start anew")
    for name in names:
        write_new_file(folder / name, (defaults / name).read_bytes())
    return Templates(folder, known, [name for name in known if (folder / name).is_file()], list(names))
