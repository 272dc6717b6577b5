"""The programs in the documents do what is written beside them: each compiles, and each runs with the bundled model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app_process import AppHere
from tests.documents import page, pages

ADDRESS = "http://127.0.0.1:7860"
"""Where a program in a document expects the app."""
ALL = [(str(page.path), code) for page in pages() for code in page.blocks("python")]
ALONE, *ASKING = page("docs/programs.md").blocks("python")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    with AppHere(tmp_path_factory.mktemp("documents"), ("--mcp", "--api-key", "a-key-of-your-own-0001")) as running:
        yield running


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Runs a program from a document for somebody who has nothing set up, and gives what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_DIFFUSION_HOME", str(tmp_path))
    monkeypatch.setenv("GEMINI_DIFFUSION_NUM_INFERENCE_STEPS", "2")  # what it draws is of no matter here

    def printed(code: str) -> str:
        exec(compile(code, "a document", "exec"), {"__name__": "__main__"})
        return capsys.readouterr().out

    return printed


@pytest.mark.parametrize(("name", "code"), ALL)
def test_every_program_compiles(name: str, code: str) -> None:
    compile(code, name, "exec")


def test_a_program_of_ones_own_draws(run: Callable[[str], str], tmp_path: Path) -> None:
    first, *others = run(ALONE).splitlines()
    assert "fox" in first and len(others) == 2
    assert len(list(tmp_path.rglob("*.png"))) == 4


@pytest.mark.parametrize(
    ("code", "said"), list(zip(ASKING, ("", "image", "fox"), strict=True)), ids=("gradio_client", "mcp", "openai")
)
def test_a_program_asks_the_app(app: AppHere, run: Callable[[str], str], code: str, said: str) -> None:
    assert ADDRESS in code
    before = len(app.pictures)
    assert said in run(code.replace(ADDRESS, app.url))
    assert len(app.pictures) > before
