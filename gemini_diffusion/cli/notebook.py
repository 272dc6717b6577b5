"""The app in a notebook, one call a cell: begin, show the window, draw, take the pictures along.

It uses Colab's own ways where it is Colab (secrets, frames, downloads, Drive) and Jupyter's elsewhere.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from gemini_diffusion.config.environment import read_settings
from gemini_diffusion.config.library_variables import naming_variables
from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types.errors import GeminiDiffusionError

if TYPE_CHECKING:
    from gemini_diffusion.engines.models import ImageModel
    from gemini_diffusion.generation.python_api import Painter, Watch
    from gemini_diffusion.types import Event, Picture
    from gemini_diffusion.web.server import OpenWindow

KEYS = {"google_api_key": "GOOGLE_API_KEY", "hf_token": "HF_TOKEN"}
"""The keys a notebook asks for, by the name under which Colab keeps them."""
DRIVE = Path("/content/drive")
ENOUGH = 8000
"""Megabytes of a GPU from which SDXL is offered."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _say_errors(cell: Callable[_P, _T]) -> Callable[_P, _T | None]:
    """What goes wrong in a cell is a sentence below it, and no traceback."""

    @functools.wraps(cell)
    def run(*given: _P.args, **named: _P.kwargs) -> _T | None:
        try:
            return cell(*given, **named)
        except GeminiDiffusionError as error:
            print(error)
            return None

    return run


@_say_errors
def begin(folder: str = "", *, gpu: bool = False) -> Notebook:
    """Finds the keys, says what is here, and gives the notebook that the other cells use.

    `folder` is where pictures are kept; one under /content/drive is on Google Drive, which is mounted for it. `gpu` draws
    SDXL on the GPU of this machine, after a download; otherwise Hugging Face draws where there is a token.
    """
    if folder and Path(folder).is_relative_to(DRIVE) and (drive := _colab("drive")):
        drive.mount(str(DRIVE))
    given: dict[str, Any] = {"home": folder, **_keys(read_settings())}
    graphics = _graphics()
    if gpu and graphics:
        model = _large_model()
        given |= {"engine": model.engines[0], "image_model": model.id, "agreed_downloads": model.id}
    print(_about_gpu(graphics, gpu))
    notebook = Notebook(given)
    print(*notebook.welcome(), f"Pictures are kept in {notebook.settings.home_path / 'pictures'}.", sep="\n")
    return notebook


@dataclass
class Notebook:
    """What the cells share: the settings that were `given`, the window and the painter once they are asked for."""

    given: Mapping[str, Any] = field(repr=False)
    _window: OpenWindow | None = None
    _painter: Painter | None = None

    @property
    def settings(self) -> Settings:
        return read_settings(self.given)

    def welcome(self) -> list[str]:
        """What is set up and what is not, a line each."""
        from gemini_diffusion.generation.health import welcome
        from gemini_diffusion.generation.services import open_services

        return welcome(open_services(self.settings.home_path), self.settings)

    @_say_errors
    def show(self, height: int = 900) -> None:
        """Shows the window below the cell, `height` pixels high. Only this notebook reaches it: no public link is made."""
        window = self._opened()
        port = int(window.blocks.server_port)
        if output := _colab("output"):
            output.serve_kernel_port_as_iframe(port, height=str(height))
            return
        from IPython.display import IFrame, display

        display(IFrame(f"http://localhost:{port}/", width="100%", height=height))
        print(f"Gemini Diffusion is at http://localhost:{port}/, on the machine that runs this notebook.")

    @_say_errors
    def draw(self, line: str) -> list[Picture]:
        """Draws `line` without the window, tells the stages, shows the pictures and returns them."""
        from IPython.display import Image, display

        from gemini_diffusion.generation.python_api import Painter

        self._painter = self._painter or Painter(**self.given)
        pictures = self._painter.imagine(line, watch=_print_events())
        for picture in pictures:
            display(Image(filename=str(picture.path)))
            print(picture.recipe.line)
        return pictures

    @_say_errors
    def pictures(self) -> Path | None:
        """One zip of every picture that is kept here, beside the notebook; in Colab the browser downloads it."""
        from gemini_diffusion.storage.gallery import Gallery

        gallery = Gallery(self.settings.home_path / "pictures")
        found = [gallery.find(path.parent.name) for path in sorted(gallery.folder.glob("*/*.png"), key=os.path.getmtime)]
        kept = [picture for picture in found if picture]
        if not kept:
            print("There is no picture yet. Draw one first.")
            return None
        bundle = Path(shutil.copy(gallery.bundle(kept), Path.cwd()))
        if files := _colab("files"):
            files.download(str(bundle))
        else:
            from IPython.display import FileLink, display

            display(FileLink(bundle.name))
        return bundle

    def close(self) -> None:
        """Closes the window and lets the models go."""
        if self._window:
            self._window.close()
        if self._painter:
            self._painter.close()
        self._window = self._painter = None

    def _opened(self) -> OpenWindow:
        if self._window is None:
            from gemini_diffusion.generation.services import open_services
            from gemini_diffusion.generation.visitors import Visitors

            with warnings.catch_warnings(), naming_variables():  # the warnings are of bars that nobody will see
                warnings.filterwarnings("ignore", "IProgress not found")
                from gemini_diffusion.ui.window import build
                from gemini_diffusion.web.server import ServerOptions, open_window

            visitors = Visitors(open_services(self.settings.home_path), self.settings, lends=True, owner=True)
            self._window = open_window(build(visitors, self.welcome()), ServerOptions(browser=False))
        return self._window


def _keys(settings: Settings) -> dict[str, Secret]:
    """Each key that the environment and .env lack: from Colab's secrets, or typed unseen; none is fine."""
    missing = [name for name in KEYS if not getattr(settings, name)]
    secrets = _colab("userdata")
    return {name: Secret(_secret(secrets, KEYS[name]) if secrets else _typed(name)) for name in missing}


def _secret(secrets: Any, name: str) -> Any:
    try:
        return secrets.get(name) or ""
    except secrets.SecretNotFoundError:
        print(f"There is no secret {name}; that is fine. To add one: the key symbol on the left.")
    except secrets.NotebookAccessError:
        print(f"The secret {name} is not open to this notebook: the key symbol on the left, then Notebook access.")
    except secrets.TimeoutException:
        print(f"The secret {name} was not given in time. Run this cell again, or go on without.")
    return ""


def _typed(name: str) -> str:
    import getpass

    try:
        return getpass.getpass(f"{Settings.table()[name].label} (Enter for none): ")
    except (NotImplementedError, EOFError):  # nobody can type here, as where a notebook is run as a whole
        print(f"No {Settings.table()[name].label}; that is fine.")
        return ""


def _graphics() -> tuple[str, int] | None:
    """Name and megabytes of an NVIDIA GPU, asked of its driver; None where none answers."""
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    if not shutil.which(command[0]):
        return None
    printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.match(r"(.+), (\d+)", printed)
    return (found[1], int(found[2])) if found else None


def _large_model() -> ImageModel:
    """What is drawn with on a GPU here."""
    from gemini_diffusion.engines.models import DEFAULT_LOCAL, find_model

    return find_model(DEFAULT_LOCAL)


def _about_gpu(graphics: tuple[str, int] | None, wanted: bool) -> str:
    size = f"{_large_model().download_bytes / 1e9:.1f} GB"
    if graphics is None:
        where = "Runtime, Change runtime type gives one; then run the cells again." if _colab("output") else ""
        return f"No GPU is here. {where}".strip()
    name, memory = graphics
    here = f"{name} is here with {memory / 1000:.0f} GB"
    if wanted:
        return f"{here}: SDXL draws on it, after a download of {size}."
    if memory < ENOUGH:
        return f"{here}, too little for SDXL with comfort; Hugging Face draws, or the small model that came along."
    return f"{here}, enough for SDXL: with gpu=True it draws here, at no cost per picture, after a download of {size}."


def _print_events() -> Watch:
    """Tells each finished stage and each notice as a line below the cell, once where several pictures share it."""
    from gemini_diffusion.types import Noticed, StageFinished

    said: set[str] = set()

    def tell(event: Event) -> None:
        if isinstance(event, (StageFinished, Noticed)) and event.text not in said:
            said.add(event.text)
            print(f"{event.text}  {event.seconds:.1f} s" if isinstance(event, StageFinished) else event.text)

    return tell


def _colab(part: str) -> Any:
    """A part of Colab's own package, None elsewhere. It is the notebook's, not one of Google's services."""
    if importlib.util.find_spec("google") is None or importlib.util.find_spec("google.colab") is None:
        return None
    return importlib.import_module(f"google.colab.{part}")
