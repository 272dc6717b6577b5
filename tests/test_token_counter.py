"""The meter of a prompt: what each encoder of a model holds, and what its window does not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gemini_diffusion.engines.token_counter import WINDOW, TokenCounter
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types import EncoderUsage

LONG = "cat " * 74 + "caf\u00e9 dog, cat"


def test_each_encoder_tells_how_full_it_is(sdxl: Path) -> None:
    meter = TokenCounter().meter(sdxl, "a cat")
    assert meter.gauges == (EncoderUsage("tokenizer", 4), EncoderUsage("tokenizer_2", 4))
    assert (meter.estimated, meter.beyond) == (False, "")


def test_what_the_window_does_not_hold_is_named_word_for_word(sdxl: Path) -> None:
    counter = TokenCounter()
    assert counter.meter(sdxl, "cat " * 75).beyond == ""
    assert counter.meter(sdxl, "cat " * 75 + "Dog, caf\u00e9").beyond == "Dog, caf\u00e9"


def test_the_window_ends_where_the_pipelines_own_does(sdxl: Path, packages: TorchImports) -> None:
    tokenizer = packages.transformers.AutoTokenizer.from_pretrained(sdxl / "tokenizer")
    ids = tokenizer(LONG, add_special_tokens=False)["input_ids"]
    [gauge, _] = TokenCounter().meter(sdxl, LONG).gauges
    assert gauge.tokens == len(ids) + 2
    assert tokenizer.decode(ids[WINDOW - 2 :]).replace(" ", "") in gauge.beyond.replace(" ", "")


def test_marks_of_emphasis_take_no_room(sdxl: Path) -> None:
    assert TokenCounter().meter(sdxl, "a (cat:1.3) dog++").gauges[0].tokens == 5


def test_encoders_that_count_differently_are_told_apart(sdxl: Path, tmp_path: Path) -> None:
    """The refiner has the second alone; here it knows no word, so it needs more tokens."""
    folder = shutil.copytree(sdxl / "tokenizer_2", tmp_path / "tokenizer_2").parent
    table = json.loads((folder / "tokenizer_2" / "tokenizer.json").read_text())
    table["model"]["merges"] = []
    (folder / "tokenizer_2" / "tokenizer.json").write_text(json.dumps(table))
    assert TokenCounter().meter(folder, "a cat").gauges == (EncoderUsage("tokenizer_2", 6),)
    shutil.copytree(sdxl / "tokenizer", tmp_path / "tokenizer")
    meter = TokenCounter().meter(folder, "cat " * 30)
    assert [gauge.tokens for gauge in meter.gauges] == [32, 92]
    assert meter.beyond == ("cat " * 5)


@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_without_a_tokenizer_the_count_is_an_estimate_and_says_so(folder: Path | None) -> None:
    meter = TokenCounter().meter(folder, "a (red:1.3) fox " * 30)
    assert (meter.estimated, meter.gauges[0].tokens) == (True, 119)
    assert len(meter.beyond.split()) == 33
    assert TokenCounter().meter(folder, "").gauges[0].tokens == 2
