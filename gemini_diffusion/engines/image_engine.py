"""What every engine that draws can do: the one Protocol that the window, the plans and the tests know."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.token_counter import TokenCounter
from gemini_diffusion.types import AdapterChoice, Capabilities, Emit, ImageRequest, ImageResult, ModelChoice, TokenUsage


@runtime_checkable
class ImageEngine(Protocol):
    """Something that draws. One instance serves all visitors: the key comes with each call's settings. An engine inherits
    what it has nothing of its own to say about.

    `key` is the setting that holds the key it draws with, "" for one that needs none and draws on this machine; `paid_by`
    are the settings that say at whose expense it draws.
    """

    name: str
    key: str
    paid_by: tuple[str, ...] = ()

    def is_ready(self, settings: Settings) -> bool:
        """Whether the settings hold what it needs; nothing is loaded or asked."""
        ...

    def capabilities(self, model: str, settings: Settings) -> Capabilities:
        """What it can do with `model`; pure and quick, nothing is loaded or asked."""
        ...

    def default_model(self, settings: Settings) -> str:
        """The catalogue id, hub id or address it draws with when the person chose none; pure and quick."""
        ...

    def count_tokens(self, model: str, text: str) -> int | None:
        """How many tokens the model's encoder makes of `text`, specials included; None where it cannot be told cheaply."""
        return None

    def meter(self, model: str, text: str) -> TokenUsage:
        """How a prompt fills each of the model's encoders; estimated where no tokenizer of it is here."""
        return TokenCounter().meter(None, text)

    def adapters(self) -> list[AdapterChoice]:
        """The LoRAs and textual inversions that are here, heads read only; empty where the engine takes none."""
        return []

    def estimate(self, request: ImageRequest) -> float | None:
        """Seconds the drawing will take, by what was drawn before; None where nothing is known of its like."""
        return None

    def loading(self, model: str) -> float | None:
        """Seconds until a model that is cold can draw, 0 for a warm one; None where nobody knows."""
        return None

    def check_request(self, request: ImageRequest, settings: Settings) -> None:
        """Raises what can be known to fail before a prompt is crafted: nothing is loaded and nobody is asked."""
        ...

    async def generate(self, request: ImageRequest, settings: Settings, emit: Emit) -> ImageResult:
        """One picture; on the way StageStarted/StageFinished (downloading, loading, drawing), Progress, Waiting.

        What it cannot honour is named in `ImageResult.ignored`, never dropped in silence. Raises errors of errors.py.
        Cancelling the task ends the drawing within one step, and the next request works.
        """
        ...

    def prepare(self, settings: Settings) -> None:
        """A person may soon draw: loads what that needs, once, in the background. Never raises; most have nothing to load."""
        return None

    def draw_next(self, party: str) -> None:
        """What waits for this party is drawn before all others; most have no line."""
        return None

    async def models(self, settings: Settings) -> list[ModelChoice]:
        """What can be chosen, live where possible; a fallback list otherwise, never an error for no key."""
        ...

    async def check(self, settings: Settings) -> str:
        """What is there and works (device, package, token), in a sentence, or raises what is wrong."""
        ...

    async def close(self) -> None:
        """Lets go of what is open, and waits for what is under way."""
        return None
