"""The Postcard model and the program that made it: what it draws is judged, not only that it draws."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks import edits
from postcard import evaluate, language, pipeline, pool
from postcard.captions import describe
from postcard.judge import HEADS, Judge, Verdict
from postcard.render import render
from postcard.scene import COLOURS, PLACES, SUBJECTS, TIMES, Scene, held_out, sample
from postcard.words import COLOUR_WORDS, PLACE_PHRASES, SUBJECT_WORDS, TIME_PHRASES, vocabulary

ASSETS = Path(__file__).resolve().parent.parent / "assets" / "postcard"
SHORT = 0.005
"""Minutes of a training: a step or two."""
ASKED = {
    "a red cat on the beach at sunset": ("cat", "red", "beach", "sunset"),
    "a blue dog in the snow at night": ("dog", "blue", "snow", "night"),
    "an orange fox in the snow by day": ("fox", "orange", "snow", "day"),
    "a green car in the city by day": ("car", "green", "city", "day"),
    "a yellow bird in a meadow by day": ("bird", "yellow", "meadow", "day"),
    "a purple balloon in the desert at sunset": ("balloon", "purple", "desert", "sunset"),
    "a pink flower in the forest at night": ("flower", "pink", "forest", "night"),
    "a black rabbit in a meadow at sunset": ("rabbit", "black", "meadow", "sunset"),
}


@cache
def _pipe() -> Any:
    return pipeline.load(ASSETS)


@cache
def _judge() -> Judge:
    return Judge.load()


@cache
def _drawn() -> tuple[Any, ...]:
    return tuple(pipeline.draw(_pipe(), list(ASKED), list(range(len(ASKED)))))


def _answers(verdict: Verdict) -> tuple[str, ...]:
    return tuple(getattr(verdict, name) for name in HEADS)


def _hits(pictures: Any) -> int:
    """Count the right answers, four to a picture, of the first that were asked."""
    verdicts = _judge().judge_all(list(pictures))
    return sum(
        seen == wanted for verdict, asked in zip(verdicts, ASKED.values(), strict=False)
        for seen, wanted in zip(_answers(verdict), asked, strict=True)
    )  # fmt: skip


def test_all_files_together_stay_within_sixteen_megabytes() -> None:
    assert sum(path.stat().st_size for path in ASSETS.rglob("*") if path.is_file()) <= 16_000_000
    assert (ASSETS / "judge.safetensors").stat().st_size < 300_000


def test_the_shipped_vocabulary_is_the_one_captions_are_made_of() -> None:
    shipped = json.loads((ASSETS / "words.json").read_text(encoding="utf-8"))
    assert shipped == json.loads(json.dumps(vocabulary()))
    assert tuple(shipped["subjects"]) == SUBJECTS
    assert tuple(shipped["colours"]) == COLOURS
    assert tuple(shipped["places"]) == PLACES
    assert tuple(shipped["times"]) == TIMES


def test_a_caption_says_only_what_is_in_its_scene() -> None:
    rng = random.Random(1)
    for _ in range(500):
        scene = sample(rng)
        caption = describe(scene, rng)
        text = caption.text.lower()
        for name, known in (
            ("subject", SUBJECT_WORDS),
            ("colour", COLOUR_WORDS),
            ("place", PLACE_PHRASES),
            ("time", TIME_PHRASES),
        ):
            said = getattr(caption, name)
            assert said in ("any", getattr(scene, name))
            assert said == "any" or any(word.split()[0].split("-")[0] in text for word in known[said])


def test_captions_differ_and_the_same_seed_words_the_same_caption() -> None:
    scene = Scene("cat", "red", "beach", "sunset")
    texts = [describe(scene, random.Random(seed)).text for seed in range(50)]
    assert len(set(texts)) > 40
    assert texts == [describe(scene, random.Random(seed)).text for seed in range(50)]


def test_training_never_sees_what_is_held_out() -> None:
    rng = random.Random(2)
    assert not any(held_out(s.subject, s.colour, s.place) for s in (sample(rng) for _ in range(2000)))
    assert all(held_out(s.subject, s.colour, s.place) for s in (sample(rng, unseen=True) for _ in range(200)))
    everything = [(s, c, p) for s in SUBJECTS for c in COLOURS for p in PLACES]
    assert 0 < sum(held_out(*one) for one in everything) < len(everything) / 10


def test_a_scene_renders_one_picture_and_the_judge_agrees_with_it() -> None:
    fox = Scene("fox", "orange", "snow", "day", seed=3)
    assert render(fox).tobytes() == render(fox).tobytes() != render(replace(fox, seed=4)).tobytes()
    rng = random.Random("judge")
    scenes = [sample(rng, unseen=index % 4 == 0) for index in range(120)]
    verdicts = _judge().judge_all([render(scene) for scene in scenes])
    right = [_answers(v) == (s.subject, s.colour, s.place, s.time) for v, s in zip(verdicts, scenes, strict=True)]
    assert sum(right) >= 117


def test_the_pipeline_is_a_plain_stable_diffusion_xl() -> None:
    from safetensors import safe_open

    with safe_open(ASSETS / "text_encoder" / "model.safetensors", "pt") as weights:
        assert all(name.startswith("text_model.") for name in weights.keys())  # noqa: SIM118 - not a mapping
    pipe = _pipe()
    assert type(pipe).__name__ == "StableDiffusionXLPipeline"
    assert pipe.tokenizer.model_max_length == pipe.tokenizer_2.model_max_length == 77
    assert pipe.unet.config.addition_embed_type == "text_time"
    assert pipe.scheduler.config.prediction_type == "v_prediction"
    assert pipe.text_encoder.config.eos_token_id == pipe.tokenizer.eos_token_id


def test_every_word_of_the_vocabulary_is_one_token() -> None:
    words = {word for known in (SUBJECT_WORDS, COLOUR_WORDS) for group in known.values() for word in group if word.isalpha()}
    split = [word for word in words if len(_pipe().tokenizer.tokenize(word)) > 1]
    assert not split


def test_a_picture_shows_what_was_asked() -> None:
    assert _hits(_drawn()) >= 4 * len(ASKED) - 3


def test_words_in_another_order_with_synonyms_and_style_still_count() -> None:
    prompt = "at dusk, by the sea: a crimson feline, highly detailed, cinematic lighting, sharp focus, harmonious composition"
    verdict = _judge().judge(pipeline.draw(_pipe(), [prompt], [7])[0])
    assert _answers(verdict) == ("cat", "red", "beach", "sunset")


def test_without_its_weights_nothing_is_left() -> None:
    import torch

    emptied = pipeline.load(ASSETS)
    with torch.no_grad():
        for weight in emptied.unet.parameters():
            weight.zero_()
    assert _hits(pipeline.draw(emptied, list(ASKED)[:3], list(range(3)))) < 2 * 3


def test_what_a_negative_prompt_names_becomes_rarer() -> None:
    seeds = list(range(5000, 5004))
    without, against = (
        _judge().judge_all(pipeline.draw(_pipe(), ["a fox in the snow"] * 4, seeds, no)) for no in ("", "orange")
    )
    assert evaluate.rate(against, "colour", "orange") < evaluate.rate(without, "colour", "orange")


@pytest.mark.training
def test_training_goes_on_from_where_it_stopped(tmp_path: Path) -> None:
    import torch

    from postcard import diffusion

    pipe = _pipe()
    spoken = language.load(ASSETS)
    pool.fill(pool.PoolPlan(tmp_path / "pool", shards=1, size=64), pipe.vae, spoken)
    saves: list[Any] = []
    first = diffusion.DiffusionPlan(SHORT, tmp_path, tmp_path / "pool", batch_size=2)
    diffusion.train(first, None, lambda average: saves.append(average.state_dict()))
    again = diffusion.Learner(first, None)
    assert again.step > 0
    assert again.minutes >= SHORT
    kept = again.drawn_with().state_dict()
    assert all(torch.equal(kept[name], value) for name, value in saves[0].items())
    more = replace(first, minutes=again.minutes + SHORT)  # on a slow machine one step alone may have taken longer than it had
    diffusion.train(more, None, lambda average: saves.append(average.state_dict()))
    assert diffusion.Learner(first, None).step > again.step
    assert any(not torch.equal(saves[0][name], saves[1][name]) for name in saves[0])


def test_a_taught_word_changes_its_own_embedding_alone() -> None:
    import torch

    spoken = language.load(ASSETS)
    word = spoken.tokenizer.convert_tokens_to_ids("sunny</w>")
    table = spoken.first.get_input_embeddings().weight
    before = table.detach().clone()
    language.teach(spoken, {"sunny": "night"}, steps=2)
    assert (table != before).any(dim=1).nonzero().flatten().tolist() == [word]
    assert torch.isfinite(table).all()
    with pytest.raises(ValueError, match="dogs"):
        language.teach(spoken, {"dogs": "dog"})


def test_words_that_were_taught_are_read_as_the_ones_they_mean() -> None:
    spoken = language.load(ASSETS)

    def gap(one: str, other: str) -> float:
        first, second = (spoken.read(spoken.tokens([f"a red cat in the city while it is {word}"]))[1] for word in (one, other))
        return float((first - second).square().mean().detach())

    assert gap("moonlit", "night") < gap("daytime", "night") / 20
    assert gap("sunny", "daytime") < gap("daytime", "night") / 20


def test_make_it_night_changes_the_time_alone() -> None:
    prompt = "a red cat on the beach in the daytime, flat colours"
    drawn = pipeline.draw(_pipe(), [prompt] * 2 + [edits.edited("make it night", prompt)] * 2, [1, 2, 1, 2])
    first, second, *night = _judge().judge_all(drawn)
    assert all(edits.agrees(before, after, {"time": "night"}) for before, after in zip((first, second), night, strict=True))
