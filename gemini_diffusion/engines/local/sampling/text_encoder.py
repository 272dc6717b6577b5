"""One text encoder: marked words in, embeddings out, in as many windows as they need; knows no pipeline and no request.

The arithmetic of weights is compel's, as InvokeAI draws it: above 1 a token's embedding moves further from the empty text's,
below 1 the whole moves towards how it reads without those words.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gemini_diffusion.types.prompt_weights import WeightedSpan

MOST_WINDOWS = 8
"""Windows of one text; each makes every step slower, and what stands further back has little say."""
_NEARLY = 1e-5
_BREAKS = (",</w>", ".</w>", ";</w>", ":</w>")


@dataclass(frozen=True)
class TextEncoder:
    """A tokenizer and its CLIP text model. `layer` counts the layers that are skipped from the end; the first one always stays.

    `normed` says that the layer's output passes the final norm, as in Stable Diffusion 1.5; `convert` spells out the tokens of
    a textual inversion that stands for several. `device` is where the text model computes.
    """

    tokenizer: Any
    model: Any
    layer: int
    normed: bool
    convert: Callable[[str], str]
    device: Any

    def windows(self, spans: Sequence[WeightedSpan]) -> list[_Window]:
        """The text cut into what the encoder reads at once, after a comma or a full stop where there is one."""
        tokens = [(token, place) for place, span in enumerate(spans) for token in self._tokens(span.text)]
        weights = [max(0.0, span.weight) for span in spans]
        cut = list(self._cut(tokens))
        return [_Window([token for token, _ in part], [place for _, place in part], weights) for part in cut]

    def left_out(self, spans: Sequence[WeightedSpan]) -> str:
        """The end of a text that is longer than all windows together, shortened; "" where everything is read."""
        beyond = self.windows(spans)[MOST_WINDOWS:]
        text = self.tokenizer.decode([token for window in beyond for token in window.tokens]) if beyond else ""
        return textwrap.shorten(str(text), 160, placeholder=" ...")

    def encode(self, spans: Sequence[WeightedSpan]) -> tuple[Any, Any]:
        """Embeddings of shape (1, 77 a window, width), and the pooled ones of the first window, None where there are none."""
        windows = self.windows(spans)[:MOST_WINDOWS]
        hidden, pooled = self._run(windows)
        weighted = self._weighed(hidden, windows)
        faded = sorted({place for window in windows for place in window.places if window.weights[place] < 1})
        if faded:
            weighted = self._faded(weighted, windows, faded)
        return weighted.to(self.model.dtype).reshape(1, -1, weighted.shape[-1]), None if pooled is None else pooled[:1]

    @cached_property
    def empty(self) -> Any:
        """The embeddings of an empty text, (1, 77, width): what a shorter text is filled up with."""
        return self._run([_Window([], [], [])])[0]

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(self.convert(text), add_special_tokens=False)["input_ids"]
        return ids

    def _cut(self, tokens: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        room = self.tokenizer.model_max_length - 2
        while len(tokens) > room:
            words = self.tokenizer.convert_ids_to_tokens([token for token, _ in tokens[:room]])
            ends = [place for place, word in enumerate(words, 1) if word in _BREAKS and place > room // 2]
            ends = ends or [place for place, word in enumerate(words, 1) if word.endswith("</w>")]
            end = ends[-1] if ends else room
            yield tokens[:end]
            tokens = tokens[end:]
        yield tokens

    def _run(self, windows: Sequence[_Window], without: int = -1) -> tuple[Any, Any]:
        """The text model's answer, one row a window; the words of span `without` are hidden from it where one is named."""
        import torch

        length, tokenizer = self.tokenizer.model_max_length, self.tokenizer
        rows = [[tokenizer.bos_token_id, *window.tokens, tokenizer.eos_token_id] for window in windows]
        ids = torch.tensor([row + [tokenizer.pad_token_id] * (length - len(row)) for row in rows], device=self.device)
        mask = None
        if without >= 0:
            mask = torch.tensor([window.mask(without, length) for window in windows], device=self.device)
        with torch.no_grad():
            answer = self.model(ids, attention_mask=mask, output_hidden_states=True)
            pooled = answer[0] if answer[0].ndim == 2 else None
            return self._hidden(answer), pooled

    @property
    def most_skipped(self) -> int:
        """How many layers can be skipped: all that are skipped beyond the model's own reading but the first."""
        layers: int = self.model.config.num_hidden_layers
        return layers - (1 if self.normed else 2)

    def _hidden(self, answer: Any) -> Any:
        layer = min(self.layer, self.most_skipped)
        if not self.normed:
            return answer.hidden_states[-2 - layer]
        if not layer:
            return answer[0]
        norm = getattr(self.model, "text_model", self.model).final_layer_norm  # transformers 5.6 took the inner model away
        return norm(answer.hidden_states[-1 - layer])

    def _weighed(self, hidden: Any, windows: Sequence[_Window]) -> Any:
        import torch

        rows = [window.row(hidden.shape[1]) for window in windows]
        if all(weight == 1 for row in rows for weight in row):
            return hidden
        weights = torch.tensor(rows, device=hidden.device).unsqueeze(-1)
        return torch.where(weights == 1, hidden, self.empty + (hidden - self.empty) * weights)

    def _faded(self, weighted: Any, windows: Sequence[_Window], places: Sequence[int]) -> Any:
        """A mean with the readings that lack the faint words, each counting the more the fainter they are."""
        total, sum_of_shares = weighted, 1.0
        for place in places:
            share = math.tan((1 - max(windows[0].weights[place], _NEARLY)) * math.pi / 2)
            total = total + share * self._weighed(self._run(windows, without=place)[0], windows)
            sum_of_shares += share
        return total / sum_of_shares


@dataclass(frozen=True, slots=True)
class _Window:
    """The tokens that are read at once, and for each the span it is of; `weights` are those of all spans."""

    tokens: list[int]
    places: list[int]
    weights: list[float]

    def row(self, length: int) -> list[float]:
        """The weight of each token with the start before it; the end and what fills the window count 1."""
        own = [1.0, *(self.weights[place] for place in self.places)]
        return own + [1.0] * (length - len(own))

    def mask(self, without: int, length: int) -> list[int]:
        own = [1, *(int(place != without) for place in self.places)]
        return own + [1] * (length - len(own))
