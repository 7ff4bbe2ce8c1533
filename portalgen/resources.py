"""Where the files that portalgen brings along lie: in a wheel inside the package, in a checkout beside it."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def templates_folder() -> Path:
    """The folder of the default templates."""
    return _first(_PACKAGE / "_templates", _PACKAGE.parent / "templates")


def starter_config() -> Path:
    """The portals.yaml that a new site starts with."""
    return _first(_PACKAGE / "_starter" / "portals.yaml", _PACKAGE.parent / "config" / "portals.yaml")


def profiles_folder() -> Path:
    """The folder of the profiles, one YAML file for each."""
    return _PACKAGE / "profiles"


def admin_folder() -> Path:
    """The folder of what the pages for those who run a site are made of."""
    return _PACKAGE / "admin"


def catalogues_folder() -> Path:
    """The folder of the catalogues of words, in it a folder for each language but English."""
    return _PACKAGE / "locale"


def _first(in_wheel: Path, in_checkout: Path) -> Path:
    return in_wheel if in_wheel.exists() else in_checkout
