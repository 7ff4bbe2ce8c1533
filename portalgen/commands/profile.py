"""`portalgen profile NAME`: how a profile reads the exports of its system."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill, wrap
from typing import Any

from portalgen.commands.report import Done
from portalgen.errors import Location, shown
from portalgen.exports.columns import HEADERS
from portalgen.exports.inspect_entry import Entry, block, printable, settings
from portalgen.exports.profiles import load_profile
from portalgen.model import TRANSACTION_TYPES
from portalgen.schema import HeadingsModel, ProfileModel, SettingsModel, Type

_WIDTH = 80
_SHOWN_BY_ITSELF = "all but drafts, and what is cancelled, void or deleted"
_LAYOUTS = {
    "two-files": "documents and lines in files or sheets of their own",
    "repeat": "a row for each line, which repeats the document",
    "continuation": "a row for each line, the document on its first row alone",
    "nested": "the lines inside of each record",
}
_ENDINGS = {"xlsx": "xlsx", "json": "json", "sqlite": "sqlite", "parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class Explained(Done):
    """A profile, and the settings that it gives to each type, under the name that an entry calls it by."""

    name: str
    profile: ProfileModel
    types: Mapping[Type, SettingsModel]
    entries: Mapping[Type, Entry]

    def to_json(self) -> Any:
        profile = self.profile
        return {
            "name": profile.name,
            "title": profile.title,
            "about": profile.about,
            "traps": profile.traps,
            "types": {
                type_: {
                    **said.model_dump(mode="json", exclude_defaults=True, exclude={"recognise"}),
                    "recognise": profile.types[type_].recognise,
                    "entry": self.entries[type_].keys,
                }
                for type_, said in self.types.items()
            },
            "block": block(self.entries.values()),
        }

    def to_text(self) -> str:
        profile = self.profile
        lines = [fill(f"{printable(profile.name)}: {printable(profile.title)}", _WIDTH), ""]
        lines += [fill(printable(" ".join(profile.about.split())), _WIDTH), ""]
        if profile.traps:
            lines.append("beware:")
            lines += [
                fill(printable(trap), _WIDTH, initial_indent="- ", subsequent_indent="  ") for trap in profile.traps
            ]
            lines.append("")
        for type_, said in self.types.items():
            lines += [type_, *_type_lines(type_, said, profile), ""]
        for heading, reason in profile.despite_its_name.items():
            lines.append(fill(printable(f"{heading} is read despite its name: {reason}"), _WIDTH))
        return "\n".join([*lines, "to paste into portals.yaml, with your own paths:", "", block(self.entries.values())])


def profile(name: str) -> Explained:
    """Explain the packaged profile `name`, or that in the file `name`, ending in .yaml. Raises InvalidInputError."""
    found = load_profile(name, Path(), Location())
    entries = {type_: Entry(_keys(name, type_, found)) for type_ in found.types}
    types = {type_: settings(entry.keys, Path())[0] for type_, entry in entries.items()}
    for type_, said in types.items():
        if said.lines and said.layout == "two-files" and not (said.lines.path or said.lines.sheet):
            entries[type_].keys["lines"] = {"path": f"exports/{type_}-lines.{_ending(said)}"}
    return Explained(name, found, types, entries)


def _keys(name: str, type_: Type, found: ProfileModel) -> dict[str, Any]:
    said = found.types[type_]
    format_ = said.format or found.defaults.format
    if format_ in {"xml", "pdf"}:
        return {"type": type_, "path": f"exports/*.{format_}", "profile": name}
    return {"type": type_, "path": f"exports/{type_}.{_ENDINGS.get(format_ or '', 'csv')}", "profile": name}


def _ending(said: SettingsModel) -> str:
    return _ENDINGS.get(said.format or "", "csv")


def _type_lines(type_: Type, said: SettingsModel, profile: ProfileModel) -> Iterator[str]:
    recognise = profile.types[type_].recognise
    facts = {
        "known by": ", ".join(recognise),
        "must have": _needed(type_, said),
        "file": ", ".join(_of_file(said)),
        "layout": _LAYOUTS[said.layout] if said.lines else "",
        "dates": " or ".join(said.dates or ["iso"]).replace("prove", "proven from the file"),
        "decimals": {"prove": "proven from the file", None: "digits and '.' alone"}.get(
            said.decimal, f"'{said.decimal}'"
        ),
        "only rows": "; ".join(f"{title} is {' or '.join(texts)}" for title, texts in said.rows.items()),
        "left out": "rows that begin with " + " or ".join(map(shown, said.totals)) if said.totals else "",
        "groups": f"rows with one filled cell give the {said.groups} of those below" if said.groups else "",
        "fixed": ", ".join(f"{column} is {value}" for column, value in said.values.items()),
        "signs": "amounts are negative in the file" if said.sign == "negative" else "",
        "nothing is": ", ".join(said.empty),
        "refused": "documents that do not add up" if said.differences == "refuse" else "",
        "line kinds": ", ".join(f"{kind} is {what}" for kind, what in (said.lines.kinds if said.lines else {}).items()),
    }
    if type_ in TRANSACTION_TYPES:
        facts |= _statuses(said)
    for name, fact in facts.items():
        if fact:
            yield _fact(name, fact)
    yield from _columns("columns", said.columns)
    if said.lines:
        yield from _columns("lines", said.lines.columns)


def _needed(type_: str, said: SettingsModel) -> str:
    needed = [name for name, column in HEADERS[type_].items() if column.required and name in said.columns]
    return ", ".join(dict.fromkeys(_headings(said.columns[name]) for name in needed if name not in said.values))


def _of_file(said: SettingsModel) -> Iterator[str]:
    yield said.format or "any table (csv, xlsx, ...)"
    if said.encoding:
        yield said.encoding
    if said.sheet:
        yield f"sheet {said.sheet}"
    if said.records:
        yield f"records in {said.records}"
    if said.lines and (said.lines.sheet or said.lines.records):
        yield f"lines in {said.lines.sheet or said.lines.records}"


def _statuses(said: SettingsModel) -> dict[str, str]:
    visible = said.visible
    words = ", ".join(f"{raw} -> {word or '(nothing)'}" for raw, word in said.status.items())
    return {
        "shown": ", ".join(visible.status) if visible and visible.status is not None else _SHOWN_BY_ITSELF,
        "never": ", ".join(visible.never) if visible else "",
        "words": words and f"{words}; any other -> Issued",
    }


def _columns(name: str, columns: Mapping[str, HeadingsModel]) -> Iterator[str]:
    yield f"  {name}"
    for column, headings in columns.items():
        yield _fact(f"  {column}", f"<- {_headings(headings)}", 22)


def _headings(headings: HeadingsModel) -> str:
    return " + ".join(headings.join) or ", if zero ".join(headings.first) or " or ".join(headings.any_of)


def _fact(name: str, fact: str, width: int = 11) -> str:
    begin = f"  {name:{width}} "
    return "\n".join(
        wrap(printable(fact), _WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin), break_long_words=False)
    )
