"""The shape of a catalogue entry: what is known of one model; knows no particular model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Family = Literal["sdxl", "sd15", "flux", "generic"]
_INSTALLED = Path(__file__).resolve().parents[2] / "assets"
ASSETS = _INSTALLED if _INSTALLED.is_dir() else _INSTALLED.parents[1] / "assets"
"""The files that come with the app: inside the package where it is installed, beside it in a checkout."""
MEGABYTE, GIGABYTE = 1_000_000, 1_000_000_000
WEIGHTS = ".safetensors"
"""The one kind of file that weights are read from: it holds numbers and nothing that could run."""
MODEL_FILES = (WEIGHTS, ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".onnx")
"""How files end that people share models in."""

PLACES = {"local": "on this machine", "openai": "at the image server", "hosted": "at Hugging Face", "gemini": "by Gemini"}
"""Every engine by name, and where it draws, as a person says it."""
BY_THEIR_OWN_NAME = ("openai", "gemini")
"""Engines that draw with any model their server has, named there: its name here has the engine's in front, as openai:flux."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A repository that a model needs beside its own: another decoder ("vae"), or a LoRA that makes it fast ("lora").

    `file` is the one file of it that is wanted, "" a part in the layout of diffusers.
    """

    role: Literal["vae", "lora"]
    source: str
    download_bytes: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class ImageModel:
    """One model: `id` is what a person types, `source` a hub id, a folder or a file, `sizes` its native (width, height).

    Sizes are in pixels. `max_tokens` is the text encoder's window with its two specials; `download_bytes` is all that it
    needs, companions included, 0 where nothing is fetched or nobody knows; `vocabulary` a words.json where the model knows
    only those words. `scheduler` "" is the model's own, `timestep_spacing` "trailing" where it was distilled to few steps,
    whatever the scheduler. `clip_skip` leaves out the encoder's last layers. `refiner` is the id of the model that can go on
    with its drawings, and a refiner's `shared` parts are those it takes from the model it goes on for.
    `dollars` is what its maker asks for a picture, 0 where that is nothing or not known.
    `hashes` are the first ten digits of its file's SHA-256, by which other programs know it.
    """

    id: str
    label: str
    family: Family
    source: str
    engines: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    num_inference_steps: int
    guidance_scale: float
    scheduler: str = ""
    timestep_spacing: str = ""
    clip_skip: int = 0
    negative_prompt: str = ""
    takes_negative: bool = True
    max_tokens: int = 77
    variant: str = ""
    licence: str = ""
    gated: bool = False
    download_bytes: int = 0
    companions: tuple[Companion, ...] = ()
    refiner: str = ""
    shared: tuple[str, ...] = ()
    vocabulary: Path | None = None
    trigger_words: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    dollars: float = 0.0

    @property
    def is_address(self) -> bool:
        return self.source.startswith(("https://", "http://"))

    @property
    def is_their_own(self) -> bool:
        """Whether only its server knows more of it than its name."""
        return self.engines[0] in BY_THEIR_OWN_NAME

    @property
    def is_file(self) -> bool:
        """Whether it is one file on this machine, such as people share checkpoints in."""
        return Path(self.source).is_absolute() and self.source.lower().endswith(MODEL_FILES)

    @property
    def is_folder(self) -> bool:
        return Path(self.source).is_absolute() and not self.is_file

    @property
    def left_out(self) -> tuple[str, ...]:
        """Parts of its own repository that are neither fetched nor loaded, because they come from elsewhere."""
        return (*self.shared, *(companion.role for companion in self.companions if companion.role == "vae"))

    def companion(self, role: str) -> Companion | None:
        """What it needs in this role, if anything."""
        return next((companion for companion in self.companions if companion.role == role), None)

    def drawn_with(self, engine: str) -> str:
        """The model and the place as a person says them: "SDXL base 1.0, on this machine"."""
        return self.label if self.is_address else f"{self.label}, {PLACES.get(engine, engine)}"
