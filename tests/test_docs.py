"""What is written about the program agrees with the program: the table of settings, the tree, the version, the flags."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from gemini_diffusion import __version__
from gemini_diffusion.config.docs import env_example, with_table
from gemini_diffusion.config.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_the_readmes_table_is_made_from_the_settings() -> None:
    assert with_table(README) == README, "run: python -m gemini_diffusion.config.docs"


def test_the_example_environment_is_made_from_the_settings() -> None:
    assert (ROOT / ".env.example").read_text("utf-8") == env_example(), "run: python -m gemini_diffusion.config.docs"


def test_the_example_environment_can_be_used_as_it_is() -> None:
    from dotenv import dotenv_values

    commented = (
        env_example().replace("# GEMINI_DIFFUSION", "GEMINI_DIFFUSION").replace("# GOOGLE", "GOOGLE").replace("# HF_", "HF_")
    )
    values = {name: value or "" for name, value in dotenv_values(stream=io.StringIO(commented)).items()}
    assert Settings.from_environment(values) == Settings()
    assert {Settings.environment_names(name)[0] for name in Settings.table()} == set(values)


def test_the_readmes_tree_names_what_is_there_and_leaves_nothing_out() -> None:
    tree = README.split("```text\n", 1)[1].split("```", 1)[0]
    named = {line.split()[0].rstrip("/") for line in tree.splitlines() if line.strip()}
    package = ROOT / "gemini_diffusion"
    there = {entry.name for entry in package.iterdir() if not entry.name.startswith("__") and entry.suffix in (".py", "")}
    assert there <= named, f"not in the README's tree: {sorted(there - named)}"
    for name in named - there:
        assert (ROOT / name).exists() or (package / name).exists(), f"in the README's tree but not there: {name}"


def test_every_flag_is_documented() -> None:
    for flag in ("--host", "--port", "--share", "--auth", "--lend-keys", "--engine", "--model", "--data-dir", "--no-browser"):
        assert flag in README
    for flag in ("--once", "--check", "--live", "--lang"):
        assert flag in README


def test_the_changelog_begins_with_this_version() -> None:
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest and newest.group(1) == __version__


@pytest.mark.parametrize(
    "package", ["pydantic", "platformdirs", "tenacity", "httpx2", "starlette", "safetensors", "tokenizers", "tqdm"]
)
def test_every_added_package_has_a_reason_in_the_readme(package: str) -> None:
    assert f"`{package}`" in README.split("## Departures from the plan", 1)[1]
