"""The steps of CONTRIBUTING.md, followed to the letter in a copy of the project: what they add works and keeps contracts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import ROOT, page

LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "browser", "window*", "node_modules")


def steps(heading: str) -> list[str]:
    """The numbered steps under a heading, each with its blocks of code."""
    section = page("CONTRIBUTING.md").text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]


def follow(step: str, root: Path) -> None:
    """Makes the file that a step names, or changes it as its diffs say: what stands there now is found once, and replaced."""
    named = re.search(r"`([\w/]+\.\w+)`", step)
    for language, code in re.findall(r"^```(\w+)\n(.*?)^```", step, re.MULTILINE | re.DOTALL):
        assert named, step
        file = root / named[1]
        if language == "diff":
            lines = code.splitlines(keepends=True)
            old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
            text = file.read_text("utf-8")
            assert text.count(old) == 1, f"{named[1]} does not hold this any more:\n{old}"
            file.write_text(text.replace(old, new), "utf-8")
        else:
            assert not file.exists()
            file.write_text(code, "utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the plain-colour engine."""
    root = tmp_path_factory.mktemp("copy")
    for name in ("gemini_diffusion", "tests", "postcard"):
        shutil.copytree(ROOT / name, root / name, ignore=LEFT_OUT)
    for name in ("app.py", "pyproject.toml", ".env.example"):
        shutil.copy(ROOT / name, root / name)
    (root / "assets").symlink_to(ROOT / "assets")
    for step in steps("Add an engine"):
        follow(step, root)
    return root


def run(root: Path, *arguments: str) -> str:
    own = {"PYTHONPATH": str(root), "HOME": str(root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=root, env=dict(os.environ) | own, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_engine_made_by_the_steps_keeps_the_contract(copy: Path) -> None:
    contract = (copy / "tests" / "test_engines.py").read_text("utf-8").count("(case: EngineCase) -> None")
    chosen = ("tests/test_engines.py", "-k", "plain or every_engine_of_the_registry")
    said = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen)
    assert f"{contract + 1} passed" in said


def test_it_draws_for_a_person(copy: Path) -> None:
    home = copy / "home"
    command = re.search(r"`python (app\.py .*)`", steps("Add an engine")[-1])
    assert command
    flags = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command[1])]
    assert "plain" in run(copy, *flags, "--data-dir", str(home))
    assert len(list(home.glob("pictures/*/*.png"))) == 1
