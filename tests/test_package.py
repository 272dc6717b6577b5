"""The wheel: what it carries and requires, and the command it gives, installed apart from the repository."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from gemini_diffusion import __version__
from gemini_diffusion.storage.gallery import read_recipe
from tests.app_process import NOWHERE
from tests.wheels import build_wheel, pip

ROOT = Path(__file__).resolve().parent.parent
PACKAGE, MODEL = ROOT / "gemini_diffusion", ROOT / "assets" / "postcard"


def required(file: str) -> list[Requirement]:
    lines = [line.partition("#")[0].strip() for line in (ROOT / file).read_text("utf-8").splitlines()]
    return [Requirement(line) for line in lines if line]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel and, by a path file, the packages it requires."""
    folder = tmp_path_factory.mktemp("Größe mit Blank") / "environment"
    venv.create(folder, symlinks=True)
    programs = Path(sysconfig.get_path("scripts", "venv", {"base": str(folder)}))
    library = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    (library / "required.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    pip("--python", str(programs / "python"), "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    return programs


def ran(folder: Path, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs it in an empty folder, where nothing outside can be reached; what it said comes with the code."""
    folder.mkdir(exist_ok=True)
    own = {"HOME": str(folder / "home"), "OMP_NUM_THREADS": "1", "HTTPS_PROXY": NOWHERE, "HTTP_PROXY": NOWHERE}
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        [str(part) for part in command], cwd=folder, env={**kept, **own, **variables},
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip


def test_the_wheel_carries_every_file_of_the_package_and_the_model(wheel: Path) -> None:
    inside = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    beside = {f"gemini_diffusion/{path.relative_to(ROOT).as_posix()}" for path in MODEL.rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel) as files:
        carried = {name for name in files.namelist() if ".dist-info/" not in name}
    assert inside and beside and carried == inside | beside


def test_it_requires_what_the_requirements_list_and_mcp_as_an_extra(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        name = next(name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(files.read(name))
    listed = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    plain = {(entry.name, entry.specifier) for entry in listed if entry.marker is None}
    extra = {(entry.name, entry.specifier) for entry in listed if entry.marker and entry.marker.evaluate({"extra": "mcp"})}
    assert plain == {(entry.name, entry.specifier) for entry in required("requirements.txt")}
    assert extra == {(entry.name, entry.specifier) for entry in required("requirements-mcp.txt")}
    assert metadata["Version"] == __version__


def test_the_command_draws_from_any_folder_with_the_model_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    done = ran(tmp_path / "elsewhere", installed / "gemini-diffusion", "--once", "/imagine a fox --seed 3 --steps 4")
    assert (done.returncode, done.stderr) == (0, "")
    recipe = read_recipe(Path(done.stdout.splitlines()[-2]))
    assert (recipe.engine, recipe.model, recipe.seed) == ("local", "postcard", 3)


@pytest.mark.parametrize("command", [["gemini-diffusion"], ["python", "-m", "gemini_diffusion"]])
def test_each_way_to_call_it_is_the_same_program(installed: Path, command: list[str], tmp_path: Path) -> None:
    program, *rest = command
    assert ran(tmp_path, installed / program, *rest, "--version").stdout == f"Gemini Diffusion {__version__}\n"
    flags = ran(tmp_path, installed / program, *rest, "--help").stdout
    assert flags == subprocess.run([sys.executable, "app.py", "--help"], cwd=ROOT, capture_output=True, text=True).stdout


def test_installed_it_reads_the_env_file_of_the_data_folder_and_no_other(installed: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / ".env").write_text("GEMINI_DIFFUSION_STYLIZE=lots", "utf-8")
    command = (installed / "gemini-diffusion", "--data-dir", data, "--once", "/help")
    assert ran(tmp_path, *command).returncode == 0
    (data / ".env").write_text("GEMINI_DIFFUSION_STYLIZE=lots", "utf-8")
    done = ran(tmp_path, *command)
    assert done.returncode == 1 and "GEMINI_DIFFUSION_STYLIZE" in done.stderr
