"""A picture from the crafted prompt to what an engine drew, as plain values."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from gemini_diffusion.types.finishing import FinishStep

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Aspect:
    """The shape of a picture as a ratio in lowest terms, not in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class StartImage:
    """What a drawing begins from: a PNG, and another as large that is white where it is drawn anew; empty is none.

    `source` is the id of the kept picture that both are made of.
    """

    image: bytes = b""
    mask: bytes = b""
    source: str = ""

    @property
    def shape(self) -> Aspect | None:
        """Width to height as the PNG's header tells them."""
        width, height = struct.unpack(">II", self.image[16:24]) if len(self.image) >= 24 else (0, 0)
        common = math.gcd(width, height)
        return Aspect(width // common, height // common) if width and height else None


NO_START_IMAGE = StartImage()


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A piece of a prompt and whose it is: the person's, in other words than they `said` it, the crafter's, or the style's."""

    text: str
    source: Literal["yours", "changed", "added", "style"]
    said: str = ""

    @property
    def words(self) -> str:
        """The piece without the commas around it."""
        return self.text.strip(" ,;.\n")


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word of the paraphrases: `held` of them hold it, from which its `weight` follows."""

    word: str
    held: int
    weight: float


@dataclass(frozen=True, slots=True)
class CraftedPrompt:
    """An idea made ready for an encoder, with the account of what was kept of it and what was added.

    `original` is the person's idea, `crafted_by` the chat model, "rules" or "you" (verbatim). `kept` and `missing` are
    the terms of the must-keep contract, `unseen` nouns of the idea that are not found in the prompt; `notices` name each rung
    the crafting had to step down. `parts` in a row are the prompt, empty where it is the person's alone. `keywords` were
    counted in `paraphrases` of the idea, both empty where nobody asked for that.
    """

    original: str
    prompt: str
    negative_prompt: str = ""
    prompt_2: str = ""
    title: str = ""
    style: str = ""
    aspect_ratio: str = ""
    reply: str = ""
    crafted_by: str = "you"
    kept: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    added_words: int = 0
    parts: tuple[PromptPart, ...] = ()
    paraphrases: tuple[str, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def added(self) -> tuple[str, ...]:
        """The phrases of the prompt that the person did not say."""
        return tuple(part.words for part in self.parts if part.source in ("added", "style"))

    @property
    def changed(self) -> tuple[tuple[str, str], ...]:
        """What the person said and what stands in the prompt for it."""
        return tuple(dict.fromkeys((part.said, part.words) for part in self.parts if part.source == "changed"))

    @property
    def unchanged(self) -> tuple[str, ...]:
        """What of `kept` stands in the prompt as the person said it."""
        said = [f" {said.casefold()} " for said, _ in self.changed]
        return tuple(word for word in self.kept if not any(f" {word.casefold()} " in other for other in said))

    @property
    def dropped(self) -> tuple[str, ...]:
        """What the person said and the prompt does not."""
        return (*self.missing, *self.unseen)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA by its name (a file in the adapters' folder, or a hub id) and how strongly it pulls; 0 changes nothing."""

    name: str
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One picture asked of an engine, every number decided but the seed: None lets the engine draw one.

    `width` and `height` in pixels; `model` is a catalogue id, a hub id or an address. `refine` is the part of the drawing
    after which the second model goes on, 1 is never. `image` is a PNG to begin from and `strength` how far to move away
    from it (1 forgets it); `mask` a PNG as large, white where it is drawn anew; `source` the id of the kept picture that both
    are made of. `tile` makes edges that meet, `hd` a large picture. `clip_skip` is the text encoder's layer that is read: 1 the
    last, 2 the last but one, None the model's own. `finish` is done to what was drawn, by no engine. Drawings of one `party`
    stand in the queue as one.
    """

    prompt: str
    model: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    negative_prompt: str = ""
    prompt_2: str = ""
    seed: int | None = None
    scheduler: str = ""
    adapters: tuple[Adapter, ...] = ()
    refine: float = 1.0
    image: bytes = b""
    mask: bytes = b""
    source: str = ""
    strength: float = 0.6
    tile: bool = False
    hd: bool = False
    clip_skip: int | None = None
    finish: tuple[FinishStep, ...] = ()
    party: str = ""


@dataclass(frozen=True, slots=True)
class ImageResult:
    """One picture drawn: `seed` as used; `ignored` names each field of the request the engine could not honour.

    `notices` are sentences for the person (a retry, a step down, the device and why), `seconds` the drawing alone. `hashes`
    are as in Recipe. `signed` is the file as it came from a service that signs its pictures, b"" from any other. `memory`
    is as in Recipe.
    """

    image: Image
    request: ImageRequest
    seed: int
    engine: str
    seconds: float
    ignored: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    scheduler: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    signed: bytes = b""
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do with one model, as data: the window shows and validates from it.

    `max_tokens` is the encoder's window, specials included (77 for CLIP); None where it is not known.
    """

    negative_prompt: bool = True
    seed: bool = True
    num_inference_steps: bool = True
    guidance_scale: bool = True
    scheduler: bool = False
    prompt_2: bool = False
    max_tokens: int | None = 77
    schedulers: tuple[str, ...] = ()
    adapters: bool = False
    refine: bool = False
    image: bool = False
    mask: bool = False
    tile: bool = False
    hd: bool = False
    clip_skip: bool = False
    weights: bool = False


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model to choose from in a list: `runnable` with `note` says why not, or what to know ("6.9 GB to download")."""

    id: str
    label: str
    note: str = ""
    runnable: bool = True


@dataclass(frozen=True, slots=True)
class EncoderUsage:
    """How full one encoder is: `tokens` with their specials, `window` what it reads at once.

    `beyond` is the part of the text that the window does not hold, word for word: read in further windows, or cut by an
    engine that has but one.
    """

    encoder: str
    tokens: int
    window: int = 77
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """A prompt as its model's encoders see it; `estimated` where no tokenizer of the model is here."""

    gauges: tuple[EncoderUsage, ...]
    estimated: bool = False

    @property
    def beyond(self) -> str:
        """What at least one of the encoders does not hold in its window."""
        return max((gauge.beyond for gauge in self.gauges), key=len, default="")


@dataclass(frozen=True, slots=True)
class AdapterChoice:
    """A LoRA ("<lora:name:1>") or a textual inversion ("<name>") to choose from: `written` is what one puts into the prompt.

    `note` says for which family of models it is and how large; `problem` why it cannot be used. `hash` is the one that its
    trainer noted, by which other programs know it.
    """

    written: str
    note: str
    trigger_words: tuple[str, ...] = ()
    problem: str = ""
    hash: str = ""
