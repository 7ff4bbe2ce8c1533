"""Profiles: how the exports of one system are read, as a YAML file. They complete the entries of `exports:`."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from portalgen.errors import InvalidInputError, Location, Problem, did_you_mean, shown
from portalgen.model import Attachments, ExportSource, Headings, LineSource, Policy, Visibility
from portalgen.resources import profiles_folder
from portalgen.schema import ExportModel, HeadingsModel, LinesModel, ProfileModel, SettingsModel, VisibleModel, validate
from portalgen.yamlfile import Document, parse_bytes, read_bytes

_PRIVATE = re.compile(
    r"private|internal|cost(s|ed|ing)?(?![a-z])|\bcost-?price|margin|profit|mark[- ]?up", re.IGNORECASE
)
_MERGED = ("columns", "values")


def sounds_private(title: str) -> bool:
    """Whether a heading, however its words are put together, speaks of what no profile reads without saying why."""
    words = re.sub(r"_|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", title)
    return _PRIVATE.search(words) is not None


def packaged_names() -> list[str]:
    """The names of the profiles that portalgen brings along, sorted."""
    return sorted(path.stem for path in profiles_folder().glob("*.yaml"))


def load_profile(name: str, root: Path, where: Location) -> ProfileModel:
    """The profile called `name`, or the user's own at the path `name` (ending in .yaml) below `root`.

    Raises InvalidInputError: at `where` if there is none, or with every problem of the file.
    """
    if name.endswith((".yaml", ".yml")):
        return _read(root / name)
    if name not in packaged_names():
        hint = did_you_mean(name, packaged_names()) or "`portalgen profiles` lists them; one of your own ends in .yaml"
        raise InvalidInputError(f"there is no profile {shown(name)}", hint, where)
    return _read(profiles_folder() / f"{name}.yaml")


def _read(path: Path) -> ProfileModel:
    return _parsed(str(path), read_bytes(path))


@cache
def _parsed(name: str, data: bytes) -> ProfileModel:
    document = parse_bytes(data, name)
    profile, problems = validate(ProfileModel, document)
    if profile:
        problems += _private_columns(profile, document)
    if problems or not profile:
        raise InvalidInputError.of(problems)
    return profile


def _private_columns(profile: ProfileModel, document: Document) -> Iterator[Problem]:
    for type_, settings in profile.types.items():
        lines = settings.lines.columns if settings.lines else {}
        for at, columns in {("columns",): settings.columns, ("lines", "columns"): lines}.items():
            for column, headings in columns.items():
                for heading in (*headings.any_of, *headings.join, *headings.first):
                    if sounds_private(heading) and heading not in profile.despite_its_name:
                        where = document.place(("types", type_, *at, column))
                        hint = f"if customers may see it, say why: despite_its_name: {{{heading}: ...}}"
                        yield Problem(
                            where, f"{column}: {shown(heading)} sounds like what customers must not see", hint
                        )


def settings_of(item: ExportModel, root: Path, where: Location) -> SettingsModel:
    """What an entry of `exports:` and its profile say together; the entry's own word counts most.

    Raises InvalidInputError, at `where` for a profile that is not there or does not have the entry's type.
    """
    if not item.profile:
        return item
    profile = load_profile(item.profile, root, where)
    if item.type not in profile.types:
        hint = f"it has {', '.join(profile.types)}"
        raise InvalidInputError(f"profile '{profile.name}' does not say how to read {item.type}", hint, where)
    layers = [profile.defaults, profile.types[item.type], item]
    said = {
        name: value for layer in layers for name, value in _said(layer).items() if name in SettingsModel.model_fields
    }
    for name in _MERGED:
        said[name] = _union(layers, name)
    if any("status" in layer.model_fields_set for layer in layers):
        said["status"] = _union(layers, "status")
    if visible := [layer.visible for layer in layers if layer.visible]:
        said["visible"] = _visible(visible)
    if any(layer.lines for layer in layers):
        said["lines"] = _lines([layer.lines for layer in layers if layer.lines])
    return SettingsModel.model_construct(**said)


def _said(model: SettingsModel | LinesModel) -> Mapping[str, Any]:
    return {name: getattr(model, name) for name in model.model_fields_set}


def _union(layers: list[Any], name: str) -> dict[str, Any]:
    return {key: value for layer in layers for key, value in getattr(layer, name).items()}


def _visible(layers: list[VisibleModel]) -> VisibleModel:
    """A later layer's `status` stands for an earlier one's; `never` adds to it, and takes away from what was shown."""
    shown: list[str] | None = None
    never: list[str] = []
    for layer in layers:
        if layer.status is not None:
            shown = layer.status
            never = [status for status in never if status not in shown]
        never += [status for status in layer.never if status not in never]
    return VisibleModel.model_construct(status=shown, never=never)


def _lines(layers: list[LinesModel]) -> LinesModel:
    said = {name: value for layer in layers for name, value in _said(layer).items()}
    return LinesModel.model_construct(
        **{**said, "columns": _union(list(layers), "columns"), "values": _union(list(layers), "values")}
    )


def source_of(
    item: ExportModel,
    settings: SettingsModel,
    places: Mapping[str, Location],
    line_places: Mapping[str, Location],
) -> ExportSource:
    """An export with everything said about it. The places tell where its keys, and those of its lines, stand."""
    visible = settings.visible
    return ExportSource(
        type=item.type,
        path=item.path,
        profile=item.profile or "",
        columns=_headings(settings.columns),
        ignore=tuple(settings.ignore),
        empty=tuple(settings.empty),
        lines=_line_source(settings, line_places) if settings.lines else None,
        format=settings.format or "",
        encoding=settings.encoding or "",
        delimiter=settings.delimiter or "",
        sheet=settings.sheet or "",
        records=settings.records or "",
        layout=settings.layout,
        dates=tuple(settings.dates) or ("iso",),
        decimal=settings.decimal or "",
        values=dict(settings.values),
        rows={heading: tuple(texts) for heading, texts in settings.rows.items()},
        totals=tuple(settings.totals),
        groups=settings.groups or "",
        attachments=_attachments(settings),
        is_negative=settings.sign == "negative",
        is_incremental=settings.export == "incremental",
        visibility=Visibility(
            statuses=tuple(visible.status) if visible and visible.status is not None else None,
            never=tuple(visible.never) if visible else (),
            words=_words(settings),
            since=settings.since,
        ),
        policy=Policy(
            quarantine=settings.on_error == "quarantine",
            limit=settings.limit,
            tolerance=settings.tolerance,
            refuse_differences=settings.differences == "refuse",
            allow_similar_ids=settings.similar_ids == "allow",
        ),
        places=places,
    )


def _words(settings: SettingsModel) -> dict[str, str]:
    """What customers read for each status; of a table with nothing in it, that none is known."""
    return dict(settings.status) or ({"": ""} if "status" in settings.model_fields_set else {})


def _line_source(settings: SettingsModel, places: Mapping[str, Location]) -> LineSource:
    lines = settings.lines or LinesModel()
    inherited = [name for name in settings.ignore if name == "ALL"]
    return LineSource(
        path=lines.path or "",
        columns=_headings(lines.columns),
        ignore=tuple(lines.ignore or inherited),
        discount=lines.discount,
        sheet=lines.sheet or "",
        records=lines.records or "",
        kind=lines.kind or "",
        kinds=dict(lines.kinds),
        values=dict(lines.values),
        places=places,
    )


def _attachments(settings: SettingsModel) -> Attachments | None:
    said = settings.attachments
    return Attachments(said.folder, said.name) if said else None


def _headings(columns: Mapping[str, HeadingsModel]) -> dict[str, Headings]:
    return {
        name: Headings(tuple(model.any_of), tuple(model.join), tuple(model.first)) for name, model in columns.items()
    }
