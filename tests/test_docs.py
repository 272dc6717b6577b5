"""What is written about the program agrees with the program: tables, tree, links, flags, commands, modules, version."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from docs import make_errors, make_tour
from gemini_diffusion import __version__
from gemini_diffusion.cli.main import read_flags
from gemini_diffusion.commands.flags import FLAGS, Flag
from gemini_diffusion.config import docs
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting.instructions import known_styles
from tests.documents import ROOT, Page, page, pages

README, GUIDE, SETTINGS = page("README.md"), page("docs/guide.md"), page("docs/settings.md")
EVERY = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.path))
OTHERS = {"--from", "--strict", "--env"}  # flags of uvx, mypy and docker
MADE_BY_A_READER = {"gemini_diffusion/engines/plain_colour.py"}
TOOLS = {"git", "pip", "pipx", "uvx", "cd", "docker", "hf", "gemini-diffusion"}


def test_the_page_of_settings_is_made_from_the_settings() -> None:
    assert docs.with_tables(SETTINGS.text) == SETTINGS.text, "run: python -m gemini_diffusion.config.docs"


def test_the_example_environment_is_made_from_the_settings() -> None:
    assert (ROOT / ".env.example").read_text("utf-8") == docs.env_example(), "run: python -m gemini_diffusion.config.docs"


def test_the_example_environment_can_be_used_as_it_is() -> None:
    from dotenv import dotenv_values

    commented = docs.env_example()
    for start in ("GEMINI_DIFFUSION", "GOOGLE", "HF_", "OPENAI_"):
        commented = commented.replace(f"# {start}", start)
    values = {name: value or "" for name, value in dotenv_values(stream=io.StringIO(commented)).items()}
    assert Settings.from_environment(values) == Settings()
    assert {Settings.environment_names(name)[0] for name in Settings.table()} == set(values)


def test_troubleshooting_has_every_sentence_of_the_code() -> None:
    text = page("docs/troubleshooting.md").text
    assert make_errors.with_tables(text) == text, "run: python -m docs.make_errors"


def test_the_sentences_of_errors_are_read_with_their_fixes() -> None:
    found = {error.sentence: error.fix for error in make_errors.sentences()}
    assert found["Gemini needs a key."] == "Add one in Settings; it is free at aistudio.google.com/apikey."
    assert (
        found["Gemini cannot be reached."] == "Check the network and try again."
    )  # what its kind says where nothing else does
    assert found["There is no scheduler called …."].startswith("Choose one of ")
    assert len(found) > 150


def test_the_readme_can_be_read_in_five_minutes() -> None:
    assert len(README.text.split()) <= 1300


def test_the_film_of_the_window_moves_and_is_small() -> None:
    from PIL import Image

    with Image.open(make_tour.FILE) as film:
        assert getattr(film, "n_frames", 1) > 10
    assert make_tour.FILE.stat().st_size <= make_tour.MOST_BYTES
    assert str(make_tour.FILE.relative_to(ROOT)) in README.links


def test_the_readmes_tree_names_what_is_there_and_leaves_nothing_out() -> None:
    rows = [line for line in README.blocks("text")[-1].splitlines() if line.strip()]
    package = ROOT / "gemini_diffusion"
    inside = [row for row in rows if row.startswith("  ")]
    families = {row.split()[0].rstrip("/") for row in inside if not row.startswith("    ")}
    assert families == {path.name for path in package.iterdir() if path.is_dir() and not path.name.startswith(("_", "assets"))}
    tops = [row.split()[0] for row in rows if not row.startswith(" ")]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    folders = {f"{name.split('/')[0]}/" for name in tracked if "/" in name and not name.startswith(".")}
    assert sorted(tops) == sorted(folders | {"app.py", "installer.py"})


def test_each_module_that_the_readmes_tree_describes_is_there() -> None:
    """A word with an underscore or a slash in a line of the tree is the name of a file or a folder in that family."""
    family = ROOT
    for row in README.blocks("text")[-1].splitlines():
        if row.startswith("  ") and not row.startswith("    "):
            family = ROOT / "gemini_diffusion" / row.split()[0]
        elif not row.startswith(" "):
            family = ROOT / row.split()[0] if row.split()[:1] and row.split()[0].endswith("/") else ROOT
        about = row.strip().partition(" ")[2]
        for name in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b|\b[a-z_]+/|\b[a-z_]+\.py\b", re.sub(r'"[^"]*"', "", about)):
            found = [*family.rglob(name.rstrip("/")), *family.rglob(f"{name}.py")]
            assert found, f"{name} is not in {family.relative_to(ROOT)}"


@EVERY
def test_every_link_leads_somewhere(page: Page) -> None:
    for link in page.links:
        if re.match(r"https?:|mailto:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page.path).parent / name if name else ROOT / page.path
        assert target.exists(), f"{page.path} links to {link}"
        if anchor:
            assert anchor in Page(target.resolve().relative_to(ROOT)).anchors, f"{page.path} links to {link}"


@EVERY
def test_every_flag_that_is_named_exists(page: Page) -> None:
    ours = re.sub(rf"^(?:{'|'.join(TOOLS - {'gemini-diffusion'})}) .*$", "", page.text, flags=re.MULTILINE)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ours))
    assert named <= command_flags() | drawing_flags() | OTHERS


def test_every_flag_is_documented() -> None:
    assert {flag for flag in command_flags() if f"`{flag}" not in SETTINGS.text} <= {"--help"}
    rows = re.findall(r"^\| (`--[^|]*`) \|", GUIDE.text, re.MULTILINE)
    assert [set(re.findall(r"--[a-z-]+", row)) for row in rows] == [{*names(flag)} for flag in FLAGS]


@EVERY
def test_every_command_runs_something_that_is_there(page: Page) -> None:
    for line in "".join(page.blocks("bash")).splitlines():
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words.pop(0)
        match words:
            case [] | ["python", "-m", "pytest", *_]:
                pass
            case ["python", "-m", module, *_]:
                assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists() or (ROOT / module).is_dir(), line
            case ["bash" | "python", script, *_]:
                assert (ROOT / script).is_file(), line
            case [tool, *_]:
                assert tool in TOOLS, line


@EVERY
def test_every_file_that_is_named_is_there(page: Page) -> None:
    """In code marks and with a slash; from the checkout, or short for one of the package."""
    for name in set(re.findall(r"`([\w.]+/[\w./]*?(?:\.(?:py|md|json|txt|ipynb)|/))`", page.prose)) - MADE_BY_A_READER:
        assert (ROOT / name).exists() or (ROOT / "gemini_diffusion" / name).exists(), f"{page.path}: {name}"


def test_every_module_that_a_text_names_is_there() -> None:
    """A name in a string or a document is not seen by who renames a module: tests that start programs, notebooks, guides."""
    for path in [*ROOT.glob("tests/**/*.py"), *ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for name in set(re.findall(r"\bgemini_diffusion(?:[./][a-z_]+)+", path.read_text("utf-8"))):
            parts = re.split(r"[./]", name.removesuffix(".py").removesuffix(".md"))
            found = ROOT.joinpath(*parts), ROOT.joinpath(*parts[:-1])  # the last may be a name inside a module
            assert any(place.exists() or place.with_suffix(".py").exists() for place in found), f"{path.name}: {name}"


def test_each_button_that_the_guide_names_is_in_the_window() -> None:
    window = (*(ROOT / "gemini_diffusion" / "ui").glob("*.py"), *(ROOT / "gemini_diffusion" / "web" / "static").glob("*.js"))
    code = "".join(path.read_text("utf-8") for path in window)
    named = set(re.findall(r"(?<!\*)\*([A-Z][a-z ]+)\*", GUIDE.prose)) - {option.label for option in Settings.table().values()}
    assert {"Download", "Edit", "Again", "Choices"} <= named
    assert [name for name in named if f'"{name}"' not in code] == []


def test_every_style_is_in_the_guide() -> None:
    assert [style for style in known_styles() if style not in GUIDE.text] == []


def test_the_changelog_begins_with_this_version() -> None:
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", page("CHANGELOG.md").text, re.MULTILINE)
    assert newest and newest.group(1) == __version__


def test_every_package_that_is_required_has_a_reason() -> None:
    listed = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    required = {re.split(r"[><=]", line)[0]: line for line in listed if line and not line.startswith("#")}
    assert all("#" in line for line in required.values())
    reasons = page("docs/design-decisions.md").text.split("## Packages", 1)[1]
    known = {"gradio", "torch", "diffusers", "transformers", "accelerate", "google-genai", "huggingface-hub", "pillow",
             "python-dotenv"}  # fmt: skip
    assert {name for name in required if f"`{name}`" not in reasons} <= known


def command_flags() -> set[str]:
    """The flags of the command, as its help names them."""
    with pytest.raises(SystemExit), pytest.MonkeyPatch.context() as patch:
        said = io.StringIO()
        patch.setattr("sys.stdout", said)
        read_flags(["--help"])
    return set(re.findall(r"--[a-z][a-z-]*", said.getvalue()))


def drawing_flags() -> set[str]:
    """The flags of an /imagine line."""
    return {name for flag in FLAGS for name in names(flag)}


def names(flag: Flag) -> list[str]:
    """A flag and its other names, as they are typed."""
    return [f"--{name}" for name in (flag.name, *flag.aliases)]


def test_the_documents_are_all_linked_from_the_readme_or_each_other() -> None:
    linked = {(ROOT / page.path).parent.joinpath(link.partition("#")[0]).resolve() for page in pages() for link in page.links}
    assert {path for path in (ROOT / "docs").glob("*.md") if path.resolve() not in linked} == set()
    assert Path("README.md") in {page.path for page in pages()}
