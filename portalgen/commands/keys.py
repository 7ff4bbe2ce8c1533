"""`portalgen keys new`: a root key."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portalgen.commands.report import Done
from portalgen.keys import new_key, write_key_file


@dataclass(frozen=True, slots=True)
class NewKey(Done):
    """A new key, or the file that it was written to; never both."""

    key_id: str
    key: str = ""
    file: Path | None = None

    def to_json(self) -> Any:
        return {"id": self.key_id, "file": str(self.file)} if self.file else {"id": self.key_id, "key": self.key}

    def to_text(self) -> str:
        if self.file:
            return f"wrote {self.file}: keep it secret and keep a copy; all links follow from it"
        return f"{self.key_id}:{self.key}"


def keys_new(file: Path | None, key_id: str) -> NewKey:
    """Make a key, and write it to `file` (owner-only, never over another) if one is given. Raises InvalidInputError."""
    if file is None:
        return NewKey(key_id, key=new_key())
    write_key_file(file, key_id)
    return NewKey(key_id, file=file)
