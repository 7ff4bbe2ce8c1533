"""The wheel, alone in an empty environment, does what the repository does."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from portalgen import __version__
from portalgen.words import LANGUAGES

ROOT = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command outside the repository, with nothing of this environment's Python in it; return what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def portalgen(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel with the pinned versions of what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    pins = re.findall(r"(?m)^(\S+==[^\s;\\]+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"))
    (folder / "pins.txt").write_text("\n".join(pins), encoding="utf-8")
    python = folder / "venv/bin/python"
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "-c", folder / "pins.txt", wheel, cwd=folder)
    return folder / "venv/bin/portalgen"


def test_the_wheel_holds_the_package_the_templates_and_the_starter_and_nothing_else(wheel: Path) -> None:
    expected = {str(path.relative_to(ROOT)) for path in (ROOT / "portalgen").rglob("*.py")} | {"portalgen/py.typed"}
    templates = [path.relative_to(ROOT) for path in (ROOT / "templates").rglob("*") if path.is_file()]
    expected |= {f"portalgen/_{path.as_posix()}" for path in templates}
    expected |= {f"portalgen/admin/{path.name}" for path in (ROOT / "portalgen/admin").iterdir()}
    expected |= {f"portalgen/profiles/{path.name}" for path in (ROOT / "portalgen/profiles").glob("*.yaml")}
    expected |= {f"portalgen/locale/{language}/LC_MESSAGES/portalgen.po" for language in LANGUAGES if language != "en"}
    expected |= {"portalgen/_starter/portals.yaml"}
    info = f"portalgen-{__version__}.dist-info"
    expected |= {f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")}
    assert set(zipfile.ZipFile(wheel).namelist()) == expected


def test_the_installed_command_runs_init_demo_build_and_a_template_override(portalgen: Path, tmp_path: Path) -> None:
    assert run(portalgen, "--version", cwd=tmp_path).strip() == f"portalgen, version {__version__}"
    run(portalgen, "init", cwd=tmp_path)
    assert (tmp_path / "config/portals.yaml").read_bytes() == (ROOT / "config/portals.yaml").read_bytes()

    said = run(portalgen, "demo", "shop", cwd=tmp_path)
    links = re.findall(r"http://127\.0\.0\.1:8750/(p[0-9a-z]{59}/index\.html)", said)
    assert len(links) == 3
    assert all((tmp_path / "shop/site" / link).is_file() for link in links)

    config = ("--config", "shop/config/portals.yaml")
    assert ": 0 rendered" in run(portalgen, "build", *config, cwd=tmp_path)
    (tmp_path / "shop/templates").mkdir()
    override = '{% extends "!default/invoice.html" %}\n{% block note %}<p>Our bank: NL00 TEST</p>{% endblock %}\n'
    (tmp_path / "shop/templates/invoice.html").write_text(override, encoding="utf-8")
    assert "0 unchanged" in run(portalgen, "build", *config, cwd=tmp_path)
    page = next((tmp_path / "shop/build/bundles").rglob("invoices/*.html")).read_text(encoding="utf-8")
    assert "<p>Our bank: NL00 TEST</p>" in page
    assert "Balance due" in page, "the rest of the page is the default's"
