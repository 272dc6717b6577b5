"""A copy of the scripts in a folder with blanks and accents, beside a tiny app and tiny packages; does not know the app.

The index of packages is a closed port of this machine and every package is a wheel of one file, so nothing is fetched.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REAL_PYTHON = str(getattr(sys, "_base_executable", sys.executable))
DEAD_INDEX = "http://127.0.0.1:9/simple"
COPIED = ("installer.py", "start.sh", "install_linux.sh", "tests/run.sh", ".ci/run")
APP = """
import importlib.metadata as metadata, json, os, sys
packages = {found.name: found.version for found in metadata.distributions()}
print(json.dumps({"arguments": sys.argv[1:], "prefix": sys.prefix, "cwd": os.getcwd(), "packages": packages}))
sys.exit(7 if "--fail" in sys.argv else 0)
"""
TOOL = """
import os, sys
print("ran", {name!r}, *sys.argv[1:], os.environ.get("OMP_NUM_THREADS"), flush=True)
sys.exit(os.environ.get("FAILING") == {name!r})
"""


def wheel(folder: Path, name: str, version: str, modules: dict[str, str] | None = None) -> None:
    """Write a package of the given modules (path -> source) that pip can install."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **(modules or {f"{name}.py": ""}),
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"]))


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{shutil.which('bash')}\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Project:
    """A copy of the scripts beside a tiny app, and the only programs that its shell can find."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder.parent / "bin"
        self.wheels = folder.parent / "wheels"
        self.venv = folder / ".venv"
        self.log = folder / "install.log"
        self.environment = {
            "PATH": str(self.bin),
            "HOME": str(folder.parent),
            "LANG": "C.UTF-8",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "PIP_INDEX_URL": DEAD_INDEX,
            "PIP_RETRIES": "1",  # 0 and pip does not even say that it could not connect
            "TORCH_INDEX_URL": DEAD_INDEX,
        }

    def bash(self, command: str, *, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=cwd or self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )

    def start(self, arguments: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return self.bash(f"bash start.sh {arguments}", cwd=self.folder, **environment)

    def require(self, *lines: str) -> None:
        (self.folder / "requirements.txt").write_text("\n".join(lines) + "\n")


def make(folder: Path) -> Project:
    project = Project(folder)
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "app.py").write_text(APP)
    (folder / "constraints.txt").write_text("torch==2.13.0\n")
    (folder / "requirements-dev.txt").write_text("linters\n")
    project.require("torch>=2.10", "first")
    wheel(project.wheels, "torch", "2.13.0+cpu")
    wheel(project.wheels, "first", "1.0")
    wheel(project.wheels, "second", "1.0")
    tools = {f"{name}/__main__.py": TOOL.format(name=name) for name in ("ruff", "mypy", "pytest")}
    contracts = TOOL.format(name="lint-imports").strip().replace("\n", "\n    ")
    wheel(project.wheels, "linters", "1.0", {**tools, "importlinter/cli.py": f"def lint_imports_command():\n    {contracts}\n"})
    for name in ("bash", "dirname", "id"):
        (project.bin / name).parent.mkdir(exist_ok=True)
        (project.bin / name).symlink_to(str(shutil.which(name)))
    script(project.bin / "python3", f'exec "{REAL_PYTHON}" "$@"')
    return project


def copied(project: Project, place: Path) -> Project:
    """What belongs to pip is linked, not copied: it is nearly all of it, and nobody writes into it."""

    def copy(source: str, target: str) -> None:
        (os.link if "/site-packages/pip" in source else shutil.copy2)(source, target)

    shutil.copytree(project.folder.parent, place / "Größe mit Blank", symlinks=True, copy_function=copy)
    return Project(place / "Größe mit Blank" / "app")


def said(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def packages(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    answer = said(done)["packages"]
    assert isinstance(answer, dict)
    return answer


def pip_that_says(project: Project, text: str, code: str = "sys.exit(1)") -> None:
    """Put a stand-in for pip into .venv and ask for something new, so that it is called."""
    main = next(project.venv.glob("lib/python*/site-packages/pip/__main__.py"))
    shutil.rmtree(
        main.parent / "__pycache__", ignore_errors=True
    )  # a text as long, written in the same second, would not count
    main.unlink()
    main.write_text(f"import os, sys\nprint({text!r}, flush=True)\n{code}\n")
    project.require("torch>=2.10", "second")
