"""LoRAs and textual inversions on a loaded model for the length of one drawing; the model's own weights are never touched.

A LoRA adds to what a layer says (Hu et al., 2021): a hook on the layer, taken off again. A textual inversion adds words (Gal et
al., 2022): hooks on the table of words answer for them, and a copy of the tokenizer that knows them takes its place.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from gemini_diffusion.engines.local.adapters import tensors
from gemini_diffusion.engines.local.adapters.adapter_files import AdapterFile
from gemini_diffusion.types.errors import BadInput

KEPT = 6
"""So many files stay in memory after their drawing; the one unused for longest goes first."""


class AppliedAdapters:
    """The adapters of one loaded pipeline, `base`. Used on the worker's thread alone."""

    def __init__(self, base: Any, torch: Any) -> None:
        self._base, self._torch = base, torch
        self.kept: OrderedDict[tuple[Path, int, int], tensors.LoadedAdapter] = OrderedDict()

    @contextmanager
    def applied(self, chosen: Sequence[tuple[AdapterFile, float]]) -> Iterator[None]:
        """While it lasts `base` draws with these files at these strengths; after it, however it ends, exactly as before.

        Views of the pipeline must be made meanwhile, for they take its tokenizers with them. Raises BadInput, with nothing
        changed, where a file was not made for this model.
        """
        wanted = [(self._open(file), file, strength) for file, strength in chosen if strength]
        while len(self.kept) > max(KEPT, len(wanted)):
            self.kept.popitem(last=False)
        with ExitStack() as undo:
            for loaded, file, strength in wanted:
                for pair in loaded.pairs:
                    undo.callback(pair.layer.register_forward_hook(_adding(pair, strength, self._torch)).remove)
                if loaded.vectors:
                    undo.enter_context(_speaking(self._base, file, loaded.vectors, self._torch))
            yield

    def _open(self, file: AdapterFile) -> tensors.LoadedAdapter:
        """From memory, or from the disk after it was seen to fit; a file that changed meanwhile is read again."""
        state = file.path.stat()
        key = (file.path, state.st_mtime_ns, state.st_size)
        if key not in self.kept:
            self.kept[key] = tensors.load_tensors(file, self._base, self._torch)
        self.kept.move_to_end(key)
        return self.kept[key]


def _adding(pair: tensors.LowRankPair, strength: float, torch: Any) -> Callable[[Any, tuple[Any, ...], Any], Any]:
    """A hook that adds what the pair makes of a layer's input to the layer's output."""
    call = torch.nn.functional

    def add(layer: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        pair.follow(output)
        seen = inputs[0].to(output)
        if pair.down.dim() == 2:
            return output + strength * call.linear(call.linear(seen, pair.down), pair.up)
        inner = layer._conv_forward(seen, pair.down, None)  # the layer's own padding, which may go round for seamless edges
        return output + strength * call.conv2d(inner, pair.up)

    return add


@contextmanager
def _speaking(base: Any, file: AdapterFile, vectors: Sequence[Any], torch: Any) -> Iterator[None]:
    """The pipeline with one word more, of as many tokens as it has vectors, named as diffusers names them: <x> <x>_1 <x>_2."""
    with ExitStack() as undo:
        for (names, tokenizer, encoder), rows in zip(tensors.encoders_of(base), vectors, strict=True):
            tokens = [file.token, *(f"{file.token}_{number}" for number in range(1, len(rows)))]
            taught = copy.deepcopy(tokenizer)
            if taught.add_tokens(tokens) != len(tokens):
                raise BadInput(f"{file.token} is a word of this model already.", "Give the file another name.")
            undo.callback(setattr, base, names, tokenizer)
            setattr(base, names, taught)
            new = _NewWords(dict(zip(taught.convert_tokens_to_ids(tokens), rows, strict=True)), torch)
            table = encoder.get_input_embeddings()
            undo.callback(table.register_forward_pre_hook(new.before).remove)
            undo.callback(table.register_forward_hook(new.after).remove)
            undo.enter_context(_ending(encoder, taught.eos_token_id))
        yield


class _NewWords:
    """Hooks on an encoder's table of words that answer for tokens it has no rows for."""

    def __init__(self, rows: Mapping[int, Any], torch: Any) -> None:
        self._rows, self._torch = rows, torch
        self._asked: Any = None

    def before(self, table: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Ask the table for any known token in the places of new ones."""
        self._asked = known = inputs[0]
        for token in self._rows:
            known = known.masked_fill(known == token, 0)
        return (known, *inputs[1:])

    def after(self, table: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Put the new tokens' vectors into their places."""
        asked = self._asked.to(output.device)[..., None]
        for token, row in self._rows.items():
            output = self._torch.where(asked == token, row.to(output), output)
        return output


@contextmanager
def _ending(encoder: Any, token: int) -> Iterator[None]:
    """An encoder that knows which token ends a text; those of the first years look for the highest, as a new word would be."""
    text = getattr(encoder, "text_model", encoder)
    before, text.eos_token_id = text.eos_token_id, token
    try:
        yield
    finally:
        text.eos_token_id = before
