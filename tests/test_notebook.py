"""The notebook as it is run, in Colab with its modules stood in for and in plain Jupyter: what it installs, shows and keeps."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import nbformat
import pytest
from nbclient import NotebookClient

from gemini_diffusion.cli.notebook import Notebook, begin
from gemini_diffusion.cli.notebook_packages import choose_requirements
from tests.app_process import NOWHERE
from tests.local_services import HOST_KEY, StandIns
from tests.waiting import PATIENCE
from tests.wheels import build_wheel

ROOT = Path(__file__).resolve().parent.parent
COLAB = ROOT / "tests" / "colab"
FILE = ROOT / "notebooks" / "colab.ipynb"
TOKEN = "hf_a_token_from_colabs_secrets"
"""Never to be seen in an output."""


@dataclass
class Running:
    """The notebook in a kernel of its own, in a folder that may hold what a clone of the project holds."""

    folder: Path
    client: NotebookClient
    notebook: Any
    outputs: dict[str, list[Any]] = field(default_factory=dict)
    keys: set[str | None] = field(default_factory=set)
    """With which Gemini was asked."""

    def run(self, *names: str, source: str = "") -> None:
        """Runs the cells of these ids, `source` typed into the first one's field; CellExecutionError where one raises."""
        for index, cell in enumerate(self.notebook.cells):
            if cell.id in names:
                cell.source = re.sub('^SOURCE = "[^"]*"', f'SOURCE = "{source}"', cell.source, flags=re.MULTILINE)
                self.client.execute_cell(cell, index)
                self.outputs[cell.id] = cell.outputs

    def said(self, name: str) -> str:
        return "".join(output.get("text", "") for output in self.outputs[name])

    def shown(self, name: str, kind: str) -> list[str]:
        return [output.data[kind] for output in self.outputs[name] if kind in output.get("data", {})]

    @property
    def asked_of_colab(self) -> list[dict[str, Any]]:
        log = self.folder / "colab.jsonl"
        return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


CELLS = ("install", "begin", "show", "draw", "pictures")


@contextmanager
def running(folder: Path, variables: Mapping[str, str]) -> Iterator[Running]:
    notebook = nbformat.read(FILE, as_version=4)
    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=int(PATIENCE), kernel_name="python3", resources=where)
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    own = {"HOME": str(folder), "OMP_NUM_THREADS": "1", "COLAB_LOG": str(folder / "colab.jsonl"), "PIP_NO_INDEX": "1"}
    walls = {"HTTPS_PROXY": NOWHERE, "HTTP_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost"}
    with client.setup_kernel(env={**kept, **own, **walls, **variables}):
        yield Running(folder, client, notebook)


# Where the project comes from


@pytest.fixture(scope="module")
def alone(services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The notebook alone in its folder, as it is opened in Colab. All tests share its kernel."""
    with running(tmp_path_factory.mktemp("opened"), services.environment) as opened:
        yield opened


MOVES = """
import os, sys
sys.path.insert(0, {modules!r})
os.environ.update({variables!r})
os.chdir({folder!r})
"""


def moved(notebook: Running, folder: Path, modules: Path, **variables: str) -> Running:
    """The same kernel in a folder and a home of its own, with these modules."""
    own = {"HOME": str(folder), "COLAB_LOG": str(folder / "colab.jsonl"), **variables}
    code = MOVES.format(modules=str(modules), variables=own, folder=str(folder))
    notebook.client.execute_cell(nbformat.v4.new_code_cell(code), 0)
    return Running(folder, notebook.client, notebook.notebook)


def test_without_the_project_every_cell_says_what_to_do_and_an_address_a_zip_and_a_wheel_do(
    alone: Running, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    for source in ("", f"file://{tmp_path}/nowhere", "nothing.zip"):
        alone.run(*CELLS, source=source)
        assert f"{source or 'This folder'} does not hold Gemini Diffusion. Put its address" in alone.said("install")
        assert [alone.said(cell)[:18] for cell in CELLS[1:]] == ["Run the first cell"] * 4

    shutil.copytree(ROOT / "gemini_diffusion", copy / "gemini_diffusion", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", copy)
    shutil.make_archive(str(alone.folder / "mine"), "zip", tmp_path, "copy")
    commit = ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-mx"]
    for command in (["init", "--quiet"], ["add", "."], commit):
        subprocess.run(["git", *command], cwd=copy, check=True)
    for source in (f"file://{copy}", "mine.zip", ""):
        if not source:
            build_wheel(alone.folder)
        alone.run("install", source=source)
        assert alone.said("install").strip() == "Everything is installed.", source
    alone.run("begin")
    assert "Pictures are kept in" in alone.said("begin")


# In plain Jupyter


@pytest.fixture(scope="module")
def jupyter(services: StandIns, alone: Running, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """Everything run once, from the first cell to the last, in a folder that holds what a clone of the project holds."""
    services.forget()
    folder = tmp_path_factory.mktemp("jupyter")
    for name in ("gemini_diffusion", "requirements.txt", "assets"):
        (folder / name).symlink_to(ROOT / name)
    notebook = moved(alone, folder, folder)
    notebook.run(*CELLS)
    notebook.keys = {call.key for call in services.gemini.generations}
    return notebook


def test_it_installs_nothing_uses_the_keys_of_the_environment_and_leaves_a_zip_with_a_link(jupyter: Running) -> None:
    assert jupyter.said("install").strip() == "Everything is installed."
    assert "No Hugging Face token; that is fine." in jupyter.said("begin")
    assert "Gemini key" not in jupyter.said("begin") and jupyter.keys == {HOST_KEY}
    (link,) = jupyter.shown("pictures", "text/html")
    (bundle,) = jupyter.folder.glob("*.zip")
    assert bundle.name in link
    assert not any(output.get("name") == "stderr" for outputs in jupyter.outputs.values() for output in outputs)


def test_the_window_is_in_a_frame_below_the_cell(jupyter: Running) -> None:
    (frame,) = jupyter.shown("show", "text/html")
    address = re.search(r'src="(http://localhost:\d+/)"', frame)
    assert address and 'height="900"' in frame
    assert httpx2.get(address[1], trust_env=False).status_code == 200


def test_showing_it_twice_opens_one_window(jupyter: Running) -> None:
    first = jupyter.shown("show", "text/html")
    jupyter.run("show")
    assert jupyter.shown("show", "text/html") == first


# In Colab


@pytest.fixture(scope="module")
def colab(services: StandIns, jupyter: Running, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """All but the first cell, by somebody with a token and a secret that is not open."""
    services.forget()
    secrets = json.dumps({"HF_TOKEN": TOKEN, "GOOGLE_API_KEY": None})
    notebook = moved(jupyter, tmp_path_factory.mktemp("colab"), COLAB, COLAB_SECRETS=secrets, GOOGLE_API_KEY="")
    notebook.run(*CELLS[1:])
    return notebook


def test_it_says_whose_keys_it_found_and_who_draws(colab: Running) -> None:
    said = colab.said("begin")
    assert "The secret GOOGLE_API_KEY is not open to this notebook" in said
    assert "Pictures are drawn by" in said and "No GPU is here." in said
    assert f"Pictures are kept in {colab.folder}" in said


def test_the_window_is_in_a_frame_of_colabs_and_answers_there(colab: Running) -> None:
    (frame,) = [asked for asked in colab.asked_of_colab if asked["part"] == "output"]
    assert frame["height"] == "900"
    page = httpx2.get(f"http://127.0.0.1:{frame['port']}/", headers={"Host": "x-7860.prod.colab.dev"}, trust_env=False)
    assert page.status_code == 200 and "Gemini Diffusion" in page.text
    assert "https://colab.research.google.com" in page.headers["content-security-policy"]


def test_a_cell_draws_with_the_token_shows_the_pictures_and_gives_them_all(services: StandIns, colab: Running) -> None:
    shown = [base64.b64decode(png) for png in colab.shown("draw", "image/png")]
    kept = sorted(colab.folder.glob(".local/share/gemini-diffusion/pictures/*/*.png"))
    assert sorted(shown) == sorted(path.read_bytes() for path in kept) and len(kept) == 2
    assert "--seed 8" in colab.said("draw") and colab.said("draw").count("Wrote the prompt") == 1
    assert colab.said("draw").count("has drawn it") == 1, "what both pictures share was said twice"
    assert [drawing.token for drawing in services.hub.drawings] == [TOKEN, TOKEN]
    (download,) = [asked["filename"] for asked in colab.asked_of_colab if asked["part"] == "files"]
    with zipfile.ZipFile(download) as bundle:
        assert sorted(re.findall(r"-(\d+)\.png", " ".join(bundle.namelist()))) == ["7", "8"]
    assert TOKEN not in json.dumps(colab.outputs) + repr(Notebook({"hf_token": TOKEN}))


@pytest.fixture
def in_colab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Colab's modules in this process, no key anywhere; the file that tells what was asked of them."""
    monkeypatch.syspath_prepend(COLAB)
    monkeypatch.setenv("COLAB_SECRETS", "{}")
    monkeypatch.setenv("COLAB_LOG", str(tmp_path / "colab.jsonl"))
    yield tmp_path / "colab.jsonl"
    for name in [name for name in sys.modules if name.startswith("google.colab")]:
        del sys.modules[name]


def test_a_folder_on_drive_mounts_it_first(in_colab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun = begin("/content/drive/MyDrive/pictures")
    assert begun
    assert json.loads(in_colab.read_text("utf-8")) == {"part": "drive", "mountpoint": "/content/drive"}
    assert begun.settings.home == "/content/drive/MyDrive/pictures"
    assert "There is no secret HF_TOKEN; that is fine." in capsys.readouterr().out


def test_without_pictures_there_is_nothing_to_take_along(
    in_colab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = begin(str(tmp_path))
    assert begun and begun.pictures() is None
    assert "There is no picture yet." in capsys.readouterr().out and not in_colab.exists()


# What it would install


def test_a_torch_that_is_there_is_neither_asked_for_nor_exchanged() -> None:
    required = ["gradio>=6", "torch>=2.10,<3"]
    assert choose_requirements(required, {"torch": "2.8.0+cu126", "torchvision": "0.23.0"}) == (
        ["gradio>=6"],
        ["torch==2.8.0+cu126", "torchvision==0.23.0"],
    )
    assert choose_requirements(required, {}) == (required, [])


# The file itself


def test_the_notebook_is_kept_without_outputs() -> None:
    cells = [cell for cell in nbformat.read(FILE, as_version=4).cells if cell.cell_type == "code"]
    assert len(cells) == 5 and not any(cell.outputs or cell.execution_count for cell in cells)


# A GPU


@pytest.mark.parametrize(
    ("printed", "gpu", "said"),
    [
        ("Tesla T4, 15360", False, "Tesla T4 is here with 15 GB, enough for SDXL: with gpu=True"),
        ("Tesla T4, 15360", True, "Tesla T4 is here with 15 GB: SDXL draws on it, after a download of"),
        ("GeForce GT 1030, 2048", False, "too little for SDXL"),
    ],
)
def test_a_gpu_is_offered_with_the_reason(
    printed: str, gpu: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    driver = tmp_path / "nvidia-smi"
    driver.write_text(f"#!/bin/sh\necho '{printed}'\n", "utf-8")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    monkeypatch.setenv("GOOGLE_API_KEY", "AIza-x")
    begun = begin(str(tmp_path / "kept"), gpu=gpu)
    assert begun and said in capsys.readouterr().out
    assert begun.settings.engine == ("local" if gpu else "auto")
    assert begun.settings.agreed_models == ({"sdxl"} if gpu else set())
