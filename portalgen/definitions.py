"""portals.yaml and the files it includes -> Definitions. The one door: what comes out is valid and consistent."""

import glob
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from portalgen.deferred import deferred
from portalgen.errors import InvalidInputError, Location, Problem
from portalgen.exports.profiles import settings_of, source_of
from portalgen.grantees import every_customer_of, portal_of, types_in
from portalgen.mailserver import mail_server
from portalgen.model import (
    TRANSACTION_TYPES,
    Bulletin,
    Cdn,
    Definitions,
    ExportSource,
    Logo,
    MailServer,
    Portal,
    Site,
    StoreSource,
)
from portalgen.schema import (
    BulletinModel,
    CloudFrontModel,
    ConfigModel,
    DirectoryModel,
    ExportModel,
    IncludedModel,
    LinesModel,
    MailModel,
    S3Model,
    validate,
)
from portalgen.spots import Spot
from portalgen.yamlcache import read_cached
from portalgen.yamlfile import Document, parse_yaml

if TYPE_CHECKING:
    from portalgen import bulletin
else:
    bulletin = deferred("portalgen.bulletin")

_LARGEST_LOGO = 256 * 1024
_PICTURES = {
    rb"\x89PNG\r\n\x1a\n": "png",
    rb"\xff\xd8\xff": "jpg",
    rb"RIFF....WEBP": "webp",
    rb"GIF8[79]a": "gif",
}
"""By how the file begins, the ending of its name; an SVG can run scripts and is none of them."""


Note = Callable[[Path, str], None]
"""Told of each path, or pattern, that definitions are read from, there or not, with the folder that it starts from."""


def load(file: Path, texts: Mapping[str, str] | None = None, note: Note = lambda *_: None) -> Definitions:
    """Read `file` and what it includes. Raises InvalidInputError with every problem of every file at once.

    `texts` are read in place of the files that they are named after.
    """
    note(file.absolute().parent, file.name)
    document = _document(file, texts or {}, cache_of(file))
    reading = _Reading(file, _role_names(document), texts or {}, note)
    config, problems = validate(ConfigModel, document, reading.roles)
    reading.problems += problems
    included = reading.included(document)
    if config is None or reading.problems:
        raise InvalidInputError.of(reading.problems)
    definitions = reading.definitions(config, document, included)
    if reading.problems:
        raise InvalidInputError.of(reading.problems)
    return definitions


def _document(file: Path, texts: Mapping[str, str], cache: Path) -> Document:
    return parse_yaml(texts[str(file)], str(file)) if str(file) in texts else read_cached(file, cache)


def root_of(file: Path) -> Path:
    """The folder that relative paths in `file` start from: its own, or the one above when its own is `config`."""
    folder = file.absolute().parent
    return folder.parent if folder.name == "config" else folder


def cache_of(file: Path) -> Path:
    """Where what was parsed of `file`, and of what it includes, is kept."""
    return root_of(file) / "build" / "cache"


Included = list[tuple[IncludedModel, Document]]


@dataclass(slots=True)
class _Reading:
    """One reading of a configuration, gathering problems as it goes."""

    file: Path
    roles: Sequence[str]
    texts: Mapping[str, str]
    note: Note
    problems: list[Problem] = field(default_factory=list)

    def included(self, document: Document) -> Included:
        patterns = document.data.get("include") if isinstance(document.data, dict) else None
        found: Included = []
        if isinstance(patterns, str):
            patterns = [patterns]
        for number, pattern in enumerate(patterns if isinstance(patterns, list) else []):
            if isinstance(pattern, str):
                for file in self._files(pattern, Spot(document, ("include", number))):
                    found += self._included_file(file)
        return found

    def _files(self, pattern: str, spot: Spot) -> list[Path]:
        where = self.file.parent / pattern
        self.note(self.file.absolute().parent, pattern)
        if glob.has_magic(pattern):
            folder = self.file.parent
            found = sorted(glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207 - may be absolute
            return [folder / file for file in found if (folder / file).is_file()]
        if where.is_dir():
            self.problem(
                spot, f"include: '{pattern}' is a folder", f"for the files in it: {pattern.rstrip('/')}/*.yaml"
            )
        elif not where.exists():
            self.problem(spot, f"include: there is no file '{pattern}'", f"looked for {where.absolute()}")
        else:
            return [where]
        return []

    def _included_file(self, file: Path) -> Included:
        try:
            document = _document(file, self.texts, cache_of(self.file))
        except InvalidInputError as error:
            self.problems += error.problems
            return []
        model, problems = validate(IncludedModel, document, self.roles)
        self.problems += problems
        return [(model, document)] if model else []

    def definitions(self, config: ConfigModel, document: Document, included: Included) -> Definitions:
        root = root_of(self.file)
        roles = {name: types_in(role, {}) for name, role in config.roles.items()}
        definitions = Definitions(
            file=str(self.file),
            root=root,
            site=self._site(config, document),
            keys=config.keys or "",
            exports=tuple(self._exports(config, document)),
            stores=tuple(_store(name, item, root, config.site.base_url) for name, item in config.stores.items()),
            portals=tuple(self._portals([(config, document), *included], roles)),
            roles=roles,
            mail=self._mail(config.mail, Spot(document, ("mail",))) if config.mail else None,
            every_customer=every_customer_of(config.every_customer, roles, Spot(document, ("every_customer",))),
            places={str(at[-1]): place for at, place in document.places.items() if at and at[0] in {"site", "keys"}},
        )
        for store in definitions.stores:
            for what in _exposed_by(store, definitions):
                message = f"store '{store.name}': its folder would show {what} to the world"
                self.problem(Spot(document, ("stores", store.name, "path")), message, "give it a folder of its own")
        return definitions

    def _exports(self, config: ConfigModel, document: Document) -> Iterable[ExportSource]:
        for number, item in enumerate(config.exports):
            if source := self._export(item, Spot(document, ("exports", number))):
                yield source

    def _export(self, item: ExportModel, spot: Spot) -> ExportSource | None:
        places = spot.places()
        if item.profile:
            self.note(root_of(self.file), item.profile)
        try:
            settings = settings_of(item, root_of(self.file), places["profile"])
        except InvalidInputError as error:
            self.problems += error.problems
            return None
        if item.type not in TRANSACTION_TYPES:
            for key, what in {"lines": "lines", "visible": "status to be visible by", "status": "status"}.items():
                if key in item.model_fields_set:
                    message = f"export of {item.type}: {item.type} have no {what}"
                    self.problem(spot.down(key), message, "remove it")
        elif settings.layout == "two-files" and settings.lines and not _names_a_place(settings.lines):
            self.problem(
                spot.down("lines"), f"export of {item.type}: 'path' is missing", "write it like lines: lines.csv"
            )
        return source_of(item, settings, places, spot.down("lines").places())

    def _portals(
        self, files: Iterable[tuple[ConfigModel | IncludedModel, Document]], roles: Mapping[str, tuple[str, ...]]
    ) -> Iterable[Portal]:
        first: dict[str, Location] = {}
        for model, document in files:
            for id_, item in model.portals.items():
                spot = Spot(document, ("portals", id_))
                if id_ in first:
                    message = f"portal '{id_}' is here twice, first in {first[id_].file}:{first[id_].line}"
                    self.problems.append(Problem(document.key_place(spot.at), message, "keep one of them"))
                    continue
                first[id_] = document.key_place(spot.at)
                yield portal_of(id_, item, roles, spot, self._bulletin(item.bulletin, spot))

    def _site(self, config: ConfigModel, document: Document) -> Site:
        site, spot = config.site, Spot(document, ("site",))
        return Site(
            id=site.id,
            title=site.title,
            base_url=site.base_url,
            locale=site.locale,
            currency=site.currency or "",
            timezone=site.timezone,
            email=site.email,
            key=site.key,
            as_of=site.as_of,
            tracking=dict(site.tracking),
            address=tuple(line for text in site.address for line in text.splitlines()),
            phone=site.phone,
            tax_id=site.tax_id,
            logo=self._logo(site.logo, spot.down("logo")) if site.logo else None,
            accent=site.accent,
            bulletin=self._bulletin(site.bulletin, spot),
            pages=site.pages,
            downloads=tuple(dict.fromkeys(site.downloads)),
            statement_months=site.statement_months,
            stale_after=site.stale_after,
            expires_after=site.expires_after,
        )

    def _mail(self, item: MailModel, spot: Spot) -> MailServer:
        server, faults = mail_server(item)
        for key, message, hint in faults:
            self.problem(spot.down(key), f"mail: {message}", hint)
        return server

    def _bulletin(self, item: BulletinModel | None, around: Spot) -> Bulletin | None:
        """The bulletin that `item` names; None where there is none, and where it cannot be read, which is a problem."""
        if item is None:
            return None
        file = root_of(self.file) / item.path
        self.note(root_of(self.file), item.path)
        if not file.is_file():
            spot = around.down("bulletin")
            self.problem(spot, f"there is no file '{item.path}'", f"looked for {file.absolute()}")
            return None
        try:
            return Bulletin(bulletin.read_bulletin(file), item.since, item.until)
        except InvalidInputError as error:
            self.problems += error.problems
            return None

    def _logo(self, path: str, spot: Spot) -> Logo | None:
        file = root_of(self.file) / path
        self.note(root_of(self.file), path)
        try:
            data = file.read_bytes() if file.is_file() else None
        except OSError as error:
            self.problem(spot, f"'{path}' cannot be read: {error.strerror}")
            return None
        if data is None:
            self.problem(spot, f"there is no file '{path}'", f"looked for {file.absolute()}")
            return None
        ending = next((ending for start, ending in _PICTURES.items() if re.match(start, data, re.DOTALL)), "")
        if not ending:
            self.problem(spot, f"'{path}' is no picture that can be a logo", "use a PNG, JPEG, WebP or GIF file")
        elif len(data) > _LARGEST_LOGO:
            self.problem(spot, f"'{path}' is larger than {_LARGEST_LOGO // 1024} KiB", "make it smaller")
        else:
            return Logo(f"logo.{ending}", sha256(data).hexdigest(), data)
        return None

    def problem(self, spot: Spot, message: str, hint: str = "") -> None:
        self.problems.append(Problem(spot.document.place(spot.at), message, hint))


def _store(name: str, item: DirectoryModel | S3Model, root: Path, base_url: str) -> StoreSource:
    if isinstance(item, DirectoryModel):
        path = root / item.path
        private = root / item.private if item.private else path.with_name(path.name + ".private")
        return StoreSource(name, "directory", path=path, private=private)
    return StoreSource(
        name,
        "s3",
        bucket=item.bucket,
        region=item.region or "",
        endpoint=item.endpoint or "",
        prefix=f"{item.prefix.rstrip('/')}/" if item.prefix else "",
        cdn=_cdn(item.cdn, base_url) if item.cdn else None,
        single_writer=item.single_writer,
    )


def _cdn(item: CloudFrontModel, base_url: str) -> Cdn:
    """Where nothing else is said, links have the address at the CDN that they have at `base_url`."""
    path = urlsplit(base_url).path if item.path_prefix is None else item.path_prefix
    return Cdn(item.kind, item.distribution, f"/{path.strip('/')}" if path.strip("/") else "")


def _exposed_by(store: StoreSource, definitions: Definitions) -> Iterable[str]:
    """What must stay private and lies in, or around, the public folder of a directory store."""
    if store.path is None:
        return
    public = Path(os.path.realpath(store.path))
    exports = [
        path for source in definitions.exports for path in (source.path, source.lines and source.lines.path) if path
    ]
    secret = {
        "the definitions": Path(definitions.file),
        "the root keys": definitions.root / definitions.keys.removeprefix("file:"),
        **{f"the export '{path}'": definitions.root / _before_pattern(path) for path in exports},
    }
    build = definitions.root / "build"
    folders = {f"the {part} of all customers": build / part for part in ("bundles", "manifests", "memory")}
    for other in definitions.stores:
        if other is not store and other.path and other.private:
            folders |= {f"store '{other.name}'": other.path, f"the private part of store '{other.name}'": other.private}
    for what, path in (secret | folders).items():
        real = Path(os.path.realpath(path))
        if real.is_relative_to(public) or (what in folders and public.is_relative_to(real)):
            yield what


def _names_a_place(lines: LinesModel) -> bool:
    """Whether lines that are not in the rows of their documents are somewhere else."""
    return bool(lines.path or lines.sheet or lines.records)


def _before_pattern(path: str) -> Path:
    """The path, or the folder in which its pattern begins."""
    parts = Path(path).parts
    first = next((number for number, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return Path(*parts[:first])


def _role_names(document: Document) -> Sequence[str]:
    roles = document.data.get("roles") if isinstance(document.data, dict) else None
    return list(roles) if isinstance(roles, dict) else []
