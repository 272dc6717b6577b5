"""The batch files of Windows under Wine's command interpreter, where there is one; every Python they find is a stand-in.

A stand-in is the launcher that pip carries for scripts on Windows, told to run a batch file that notes how it was called. Wine
has no where.exe and no timeout.exe worth the name: the hint at the Store and the pause are only read, not run.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pip._vendor.distlib
import pytest

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = Path(pip._vendor.distlib.__file__).with_name("t64.exe")
CHECK = '-c "import sys; sys.exit(sys.version_info < (3, 8))"'
NOTE = "\r\n".join(
    [
        "@echo off",
        "echo %* >> {calls}",
        "echo in %CD% >> {calls}",
        'if not "%~2"=="-c" if not "%~3"=="-c" exit /b %INSTALLS%',
        "exit /b %CHECKS%",
        "",
    ]
)

pytestmark = pytest.mark.skipif(not shutil.which("wine"), reason="no wine here: the batch files were read, not run")


@dataclass
class Windows:
    """A folder with the two files, blanks and accents in its name, and the programs that its interpreter finds."""

    prefix: Path
    folder: Path
    programs: Path
    calls: Path

    def python(self, name: str, folder: Path | None = None) -> None:
        """Put a stand-in there that notes how it is called."""
        note = self.calls.with_suffix(".bat")
        note.write_bytes(NOTE.format(calls=_windows(self.calls)).encode())
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as script:
            script.writestr("__main__.py", "")
        shebang = rf"#!C:\windows\system32\cmd.exe /c {_windows(note)}"
        folder = folder or self.programs
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.exe").write_bytes(LAUNCHER.read_bytes() + f"{shebang}\r\n".encode() + archive.getvalue())

    def run(self, file: str, *arguments: str, checks: int = 0, installs: int = 0) -> subprocess.CompletedProcess[str]:
        """`checks` is what a Python answers when it is asked its version, `installs` how the installer ends."""
        # With a second quoted part the interpreter strips the outer quotes of its line, unless a word stands before them.
        before = ["call"] if any(" " in argument for argument in arguments) else []
        own = {"CI": "1", "WINEPATH": _windows(self.programs), "CHECKS": str(checks), "INSTALLS": str(installs)}
        return subprocess.run(
            ["wine", "cmd", "/c", *before, _windows(self.folder / file), *arguments],
            env=_wine(self.prefix) | own,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=120,
        )

    @property
    def called(self) -> list[str]:
        return self.calls.read_text("utf-8", errors="replace").splitlines() if self.calls.exists() else []


def _windows(path: Path) -> str:
    return "Z:" + str(path).replace("/", "\\")


def _wine(prefix: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=", "LANG": "C.UTF-8"}


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Windows of its own, taken away afterwards: it is large."""
    place = tmp_path_factory.mktemp("wine")
    subprocess.run(["wine", "cmd", "/c", "exit"], env=_wine(place), capture_output=True, timeout=180, check=True)
    yield place
    subprocess.run(["wineserver", "--kill"], env=_wine(place), capture_output=True, timeout=60, check=False)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def windows(prefix: Path, tmp_path: Path) -> Windows:
    folder = tmp_path / "My Apps é" / "Gemini Diffusion"
    folder.mkdir(parents=True)
    for name in ("start.bat", "install_windows.bat"):
        shutil.copy(ROOT / name, folder)
    programs = tmp_path / "programs"
    programs.mkdir()
    return Windows(prefix, folder, programs, tmp_path / "calls.txt")


def test_the_start_asks_the_launcher_for_a_python_and_hands_it_every_argument(windows: Windows) -> None:
    windows.python("py")
    assert windows.run("start.bat", "--port", "7861", "--once", "/imagine a cat").returncode == 0
    asked, where, started, _ = windows.called
    assert asked.rstrip().endswith(f"-3 {CHECK}")
    assert where.startswith("in Z:") and where.rstrip().endswith("Gemini Diffusion")
    assert started.rstrip().endswith('installer.py" --port 7861 --once "/imagine a cat"')


def test_the_installer_is_called_with_both_letters(windows: Windows) -> None:
    windows.python("py")
    assert windows.run("install_windows.bat", "T", "F").returncode == 0
    assert windows.called[2].rstrip().endswith('installer.py" install T F')


def test_without_the_launcher_a_python_of_the_path_is_taken(windows: Windows) -> None:
    windows.python("python")
    assert windows.run("start.bat").returncode == 0
    assert [line.count("python.exe") for line in windows.called[::2]] == [1, 1]


def test_a_clean_environment_of_ours_is_taken_where_there_is_nothing_else(windows: Windows) -> None:
    windows.python("python", windows.folder / ".venv" / "Scripts")
    assert windows.run("start.bat").returncode == 0
    assert ".venv" in windows.called[2]


def test_the_installers_failure_is_the_starts_own(windows: Windows) -> None:
    windows.python("py")
    assert windows.run("start.bat", installs=3).returncode == 3
    assert windows.run("install_windows.bat", installs=3).returncode == 3


@pytest.mark.parametrize("checks", [1, 9009])
def test_a_python_that_is_too_old_or_only_a_pointer_to_the_store_is_as_good_as_none(windows: Windows, checks: int) -> None:
    for name in ("py", "python"):
        windows.python(name)
    done = windows.run("start.bat", checks=checks)
    assert done.returncode == 1
    assert "Gemini Diffusion needs Python 3.11 to 3.13 (64-bit); found none." in done.stdout
    assert "https://www.python.org/downloads/windows/" in done.stdout
    assert not any("installer.py" in line for line in windows.called)


def test_without_any_python_the_sentence_comes_and_a_code(windows: Windows) -> None:
    done = windows.run("start.bat")
    assert (done.returncode, windows.called) == (1, [])
    assert "found none" in done.stdout
