"""The numbers that the documents state are the program's own: change one, and a sentence there is untrue."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gemini_diffusion.commands import Flags
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.local.loading.device import Placement
from gemini_diffusion.engines.local.loading.loader import count_weights
from gemini_diffusion.engines.local.loading.memory_plan import MEGAPIXEL, MemoryPlan, Weights
from gemini_diffusion.engines.local.sampling import refiner, tiles
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.engines.nsfw_filter import SIZES
from gemini_diffusion.generation.drawing.request_options import REFINED, settle_flags
from gemini_diffusion.generation.limits.access import MOST_DRAWINGS, MOST_OF_A_PARTY
from gemini_diffusion.generation.limits.disk_quota import LEAST_FREE
from gemini_diffusion.generation.visitors import KEY_LIFE
from gemini_diffusion.types import NO_START_IMAGE, Capabilities

ROOT = Path(__file__).resolve().parents[1]
TEXT = " ".join(" ".join(path.read_text("utf-8").split()) for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen")
PARTS = {"fifth": 1 / 5, "quarter": 1 / 4, "half": 1 / 2, "twice": 2}
IN_WORDS = PARTS | {word: number for number, word in enumerate(COUNTS, 2)}
POSTCARD = Path(find_model("postcard").source)
SDXL = Weights(total=3_469_000_000, largest=2_567_500_000)
"""Numbers in SDXL, as its files' headers have them."""


def on_a_card(weights: Weights) -> float:
    """Gigabytes for a picture of a megapixel, where nothing waits elsewhere."""
    return MemoryPlan(Placement("cuda", "bfloat16", "")).needed(weights, MEGAPIXEL)[0] / 1e9


def known_to_postcard(kind: str) -> int:
    return len(json.loads((POSTCARD / "words.json").read_text("utf-8"))[kind])


def steps(flags: Flags) -> float:
    """How many times as many as usual."""
    usual = Settings(num_inference_steps=40)
    settled, _ = settle_flags(flags, usual, find_model("sdxl"), Capabilities(), NO_START_IMAGE)
    return (settled.steps or 0) / 40


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        (r"(\S+) hours after (?:their last use|you)", KEY_LIFE / 3600),
        (r"(\d+) (?:drawings under way|for all visitors together)", MOST_DRAWINGS),
        (r"more than (\S+) pictures under way", MOST_OF_A_PARTY),
        (r"visitor gets (\S+) answers and pictures a day", Settings().lend_per_visitor),
        (r"together (\d+)\b", Settings().lend_in_all),
        (r"(\S+) GB for each", Settings().keep_per_visitor / 1000),
        (r"(\S+) GB in all", Settings().keep_in_all / 1000),
        (r"last (\S+) MB", LEAST_FREE / 1e6),
        (r"(?:\(|once, )(\d+) MB", SIZES[Settings().picture_filter_model] / 1e6),
        (r"(\S+) GB(?:; on a card of 8 GB| or more on the card)", on_a_card(SDXL)),
        (r"`dreamshaper-lcm` (?:\(a|\|[^|]*\|) (\S+) GB", find_model("dreamshaper-lcm").download_bytes / 1e9),
        (r"(?:512 x 512|Diffusion 1.5) in (\S+) steps", find_model("dreamshaper-lcm").num_inference_steps),
        (r"SDXL (?:takes|base 1.0,) (\d+)(?:,| steps)", find_model("sdxl").num_inference_steps),
        (r"(?:\(|refiner )(\S+) GB(?: more| \|)", find_model("sdxl-refiner").download_bytes / 1e9),
        (r"last (\S+) of the steps", 1 - REFINED),
        (r"strength of up to (\S+)", refiner.FINISHING),
        (r"up to (\S+) pixels", tiles.LARGEST_SIDE),
        (r"at (\S+) the size", tiles.TIMES),
        (r"draft` takes a (\S+) of", steps(Flags(draft=True))),
        (r"quality 2` (\S+) as many", steps(Flags(quality=2))),
        (r"\b([0-9.]+) million", count_weights(POSTCARD).total / 1e6),
        (r"knows (\S+) subjects", known_to_postcard("subjects")),
        (r"subjects, (\S+) colours", known_to_postcard("colours")),
        (r"colours, (\S+) places", known_to_postcard("places")),
        (r"(\S+) times of day", known_to_postcard("times")),
    ],
)
def test_a_number_in_the_documents_is_the_programs(sentence: str, number: float) -> None:
    """Rounded as it is written there: 6.5 million may be 6,512,387."""
    stated = re.findall(sentence, TEXT)
    assert stated, "no document says this any more: the pattern changes with the sentence, and goes with the promise"
    for figure in stated:
        if figure in IN_WORDS:
            assert IN_WORDS[figure] == pytest.approx(number)
        else:
            value = float(figure.replace(",", ""))
            assert value == round(number, len(figure.partition(".")[2])) == pytest.approx(number, rel=0.05)
