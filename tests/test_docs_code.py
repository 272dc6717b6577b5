"""The programs in the documents do what is written beside them: each compiles, and each runs with the bundled model."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app_process import AppHere
from tests.documents import ROOT, page, pages

ADDRESS = "http://127.0.0.1:7860"
"""Where a program in a document expects the app."""
ALL = [(str(page.path), code) for page in pages() for code in page.blocks("python")]
ALONE, *ASKING = page("docs/programs.md").blocks("python")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    with AppHere(tmp_path_factory.mktemp("documents"), ("--mcp",)) as running:
        yield running


def run(code: str, home: Path) -> str:
    """What a program prints, run as a person would who has nothing set up."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    own = {"HOME": str(home), "GEMINI_DIFFUSION_HOME": str(home), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=kept | own, cwd=home, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("name", "code"), ALL)
def test_every_program_compiles(name: str, code: str) -> None:
    compile(code, name, "exec")


def test_a_program_of_ones_own_draws(tmp_path: Path) -> None:
    first, *others = run(ALONE, tmp_path).splitlines()
    assert "fox" in first and len(others) == 2
    assert len(list(tmp_path.rglob("*.png"))) == 4


@pytest.mark.parametrize(("code", "said"), list(zip(ASKING, ("", "image"), strict=True)), ids=("gradio_client", "mcp"))
def test_a_program_asks_the_app(app: AppHere, tmp_path: Path, code: str, said: str) -> None:
    assert ADDRESS in code
    before = len(app.pictures)
    assert said in run(code.replace(ADDRESS, app.url), tmp_path)
    assert len(app.pictures) > before
