"""One request for a picture as crafting takes it, and how much may be added to it; knows no chat model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from gemini_diffusion.crafting.instructions import Style, find_style, nearest_style
from gemini_diffusion.crafting.token_budget import count_tokens, words_for
from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.types import CraftedPrompt, prompt_weights
from gemini_diffusion.types.prompt_weights import WeightedSpan

LONGEST_IDEA = 3000
"""Characters; 512 tokens, the widest window, hold about 2,500."""


@dataclass(frozen=True)
class PromptRequest:
    """What a person asked for: `idea` in their words and marks, `negative` what they do not want to see, `stylize` 0 to 1000.

    `max_prompt_tokens` is guidance on length; `max_tokens` what the engine reads of a prompt at all, None for one window of the
    model's encoder; `count_tokens` the model's own count of a text, its specials included as in `ImageModel.max_tokens`, None
    where it cannot tell; `taught` words that the LoRAs of the drawing add to a small vocabulary.
    """

    idea: str
    model: ImageModel
    negative: tuple[str, ...] = ()
    stylize: int = 100
    style: str = ""
    aspect: str = ""
    max_prompt_tokens: int = 60
    max_tokens: int | None = None
    count_tokens: Callable[[str], int | None] | None = None
    taught: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The idea without its marks, as far as it is read."""
        return self.said[:LONGEST_IDEA]

    @cached_property
    def said(self) -> str:
        """The whole idea without its marks of emphasis."""
        return "".join(span.text for span in self._whole)

    @property
    def weighed(self) -> tuple[str, ...]:
        """The words that count more or less than the rest."""
        return tuple(span.text for span in self.spans if span.weight != 1)

    @property
    def spans(self) -> tuple[WeightedSpan, ...]:
        """The pieces of the idea by how strongly they count, as far as it is read."""
        ends = accumulate(len(span.text) for span in self._whole)
        return tuple(span for span, end in zip(self._whole, ends, strict=True) if end <= LONGEST_IDEA)

    @cached_property
    def _whole(self) -> tuple[WeightedSpan, ...]:
        return prompt_weights.parse_weights(self.idea)

    @property
    def preset(self) -> Style | None:
        return find_style(self.style) if self.style else None

    @property
    def is_tags(self) -> bool:
        """Whether the family reads phrases with commas between; the others read sentences."""
        return self.model.family in ("sdxl", "sd15")

    @property
    def soft_limit(self) -> int:
        """Tokens a prompt should not pass: the guidance up to stylize 100, from there on up to the whole window."""
        guidance = min(self.max_prompt_tokens, self.model.max_tokens)
        above = max(0, min(self.stylize, 1000) - 100) / 900
        return round(guidance + above * (self.model.max_tokens - guidance))

    @property
    def longest(self) -> int:
        """Tokens of a prompt that are read at all."""
        return max(self.model.max_tokens, self.max_tokens or 0)

    @property
    def room(self) -> int:
        """Tokens that a prompt may have: the soft limit, more where the person's own words are longer."""
        return max(self.soft_limit, min(self.longest, round(self.count(self.words) * 1.1)))

    @property
    def added_words(self) -> int:
        """How many words of substance may be added: 0 at stylize 0, 12 at 100, what the window holds at 1000."""
        stylize = max(0, min(self.stylize, 1000))
        if stylize <= 100:
            return round(12 * stylize / 100)
        room = max(12, words_for(self.model.max_tokens - self.count(self.words)))
        return round(12 + (room - 12) * (stylize - 100) / 900)

    @property
    def tolerance(self) -> int:
        """Added words above the budget that are let pass; none where nothing is to be added."""
        return max(2, self.added_words // 4) if self.added_words else 0

    def count(self, text: str) -> int:
        """Tokens of a text, specials included: the model's own count, else an estimate."""
        return count_tokens(text, self.count_tokens)


def verbatim(request: PromptRequest) -> CraftedPrompt:
    """The person's words untouched, with their own negatives: what --raw asks for."""
    notices = []
    if request.style:
        notices.append(f"Your words are drawn as they are, so the style {request.style} was left out.")
    if request.negative and not request.model.takes_negative:
        notices.append(
            f"{request.model.label} takes no negative prompt, so {', '.join(request.negative)} could not be ruled out."
        )
    return CraftedPrompt(
        original=request.idea,
        prompt=request.idea,
        negative_prompt=", ".join(request.negative) if request.model.takes_negative else "",
        aspect_ratio=request.aspect,
        notices=tuple(notices),
    )


def style_notices(request: PromptRequest) -> list[str]:
    """What has to be said of a style that there is not."""
    if not request.style or request.preset:
        return []
    return [f"There is no style called {request.style[:40]}; the nearest is {nearest_style(request.style)}. It was left out."]
