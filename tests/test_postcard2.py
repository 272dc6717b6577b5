"""The program of the next Postcard: its pictures, its captions, and trainings that go on where they stopped."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from postcard2 import autoencoder, checkpoint, diffusion, distill, edits, evaluate, making, pipeline, practice, words
from postcard2.captions import FACTS, describe
from postcard2.judge import HEADS, Verdict, sharpness
from postcard2.newcomers import UMBRELLA, sprite, umbrella
from postcard2.places import PLACES as PAINTED
from postcard2.pool import Pool
from postcard2.render import SPRITES, render
from postcard2.scene import (
    COLOURS,
    DRESSED,
    PLACES,
    SEATS,
    SHAPES,
    SUBJECTS,
    TIMES,
    WEATHERS,
    Scene,
    canonical,
    flipped,
    held_out,
    sample,
)
from postcard2.sheet import plain

CAT = Scene("cat", "red", "meadow", seed=3)
SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "postcard"


def far(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, of 255."""
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


def test_every_subject_and_every_place_can_be_drawn() -> None:
    assert set(SPRITES) == set(SUBJECTS)
    assert set(PAINTED) == set(PLACES)
    pictures = [render(replace(CAT, subject=subject)).tobytes() for subject in SUBJECTS]
    pictures += [render(replace(CAT, place=place)).tobytes() for place in PLACES if place != CAT.place]
    assert len(set(pictures)) == len(SUBJECTS) + len(PLACES) - 1


@pytest.mark.parametrize("shape", SHAPES)
def test_a_picture_is_as_large_as_its_shape_says_and_the_same_each_time(shape: str) -> None:
    first, again = (render(replace(CAT, shape=shape)) for _ in range(2))
    assert first.size == SHAPES[shape]
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != render(replace(CAT, shape=shape, seed=4)).tobytes()


@pytest.mark.parametrize(
    "change",
    [
        *({"time": time} for time in TIMES[:1] + TIMES[2:]), *({"weather": weather} for weather in WEATHERS[1:]),
        *({"colour": colour} for colour in COLOURS[1:]), {"count": 2}, {"count": 3},
        {"garment": "hat", "garment_colour": "blue"},
        {"garment": "scarf", "garment_colour": "blue"}, {"side": "left"}, {"size": "large"}, {"without": "sun"},
        {"without": "clouds"}, {"without": "trees"}, {"second": "dog", "second_colour": "blue", "relation": "behind"},
    ],
    ids=str,
)  # fmt: skip
def test_what_a_scene_says_can_be_seen(change: dict[str, Any]) -> None:
    assert far(render(CAT), render(replace(CAT, **change))) > 0.3


def test_whoever_can_wear_something_shows_it_and_whoever_can_be_sat_on_has_a_seat() -> None:
    for subject in DRESSED:
        plain = replace(CAT, subject=subject, place="desert")
        for garment in ("hat", "scarf"):
            assert far(render(plain), render(replace(plain, garment=garment, garment_colour="purple"))) > 0.3, (
                subject,
                garment,
            )
    for below in SEATS:
        above = Scene("owl", "red", "room", second=below, second_colour="blue", relation="on", seed=1)
        assert far(render(above), render(replace(above, colour="white"))) > 0.3, below


@pytest.mark.parametrize("relation", ["left of", "behind", "on"])
def test_a_pair_told_from_either_side_is_one_picture_and_one_verdict(relation: str) -> None:
    pair = replace(CAT, second="car", second_colour="blue", relation=relation)
    assert render(pair).tobytes() == render(flipped(pair)).tobytes()
    assert Verdict.of(pair) == Verdict.of(flipped(pair))
    assert canonical(flipped(pair)) == pair


def test_what_is_sampled_makes_sense_is_known_to_the_judge_and_never_held_out_unless_it_is_asked_for() -> None:
    rng = random.Random(2)
    for scene in (sample(rng) for _ in range(2000)):
        assert not held_out(scene)
        assert bool(scene.second) == bool(scene.relation) == bool(scene.second_colour)
        assert scene.garment == "nothing" or (scene.subject in DRESSED and scene.garment_colour not in ("", scene.colour))
        assert scene.place != "space" or (scene.time, scene.weather) == ("night", "clear")
        assert scene.without != "moon" or scene.time == "night"
        assert not scene.second or scene.count == 1
        verdict = Verdict.of(scene)
        assert all(getattr(verdict, name) in options for name, options in HEADS.items())
    assert all(held_out(sample(rng, unseen=True)) for _ in range(200))
    assert not any(held_out(canonical(scene)) for scene in (sample(rng, pairs=1.0) for _ in range(500)))


def test_a_caption_says_only_what_is_in_its_scene() -> None:
    rng = random.Random(1)
    tables = {"subject": words.SUBJECT_WORDS, "second": words.SUBJECT_WORDS, "colour": words.COLOUR_WORDS,
              "place": words.PLACE_PHRASES, "time": words.TIME_PHRASES, "weather": words.WEATHER_PHRASES}  # fmt: skip
    adjectives = {"time": words.TIME_ADJECTIVES, "weather": words.WEATHER_ADJECTIVES, "place": words.PLACE_WORDS}
    tables["time"] = {name: phrases + words.TIME_WORDS[name] for name, phrases in words.TIME_PHRASES.items()}
    for scene in (sample(rng) for _ in range(1500)):
        caption = describe(scene, rng)
        told = [scene, flipped(scene)] if scene.second else [scene]
        assert any(all(getattr(one, fact) == value for fact, value in caption.says.items()) for one in told)
        assert set(caption.says) <= set(FACTS)
        for fact, table in tables.items():
            if fact in caption.says:
                spellings = table[str(caption.says[fact])] + adjectives.get(fact, {}).get(str(caption.says[fact]), ())
                known = (*spellings, *(words.plural(word) for word in spellings))
                text = caption.text.lower()
                assert any(all(piece in text for piece in word.split()) for word in known), (
                    fact,
                    caption,
                )  # chatter may part them


def test_captions_differ_and_the_same_seed_words_the_same_caption() -> None:
    texts = [describe(CAT, random.Random(seed)).text for seed in range(60)]
    assert len(set(texts)) > 45
    assert texts == [describe(CAT, random.Random(seed)).text for seed in range(60)]


def test_one_spelling_means_one_thing_and_its_plural_is_its_own() -> None:
    told = "cats foxes women cups_of_tea sailing_boats teddy_bears fish toy_balls finches".replace("_", " ")
    nouns = ("cat", "fox", "woman", "cup of tea", "sailing boat", "teddy bear", "fish", "toy ball", "finch")
    assert " ".join(map(words.plural, nouns)) == told
    for table in (words.SUBJECT_WORDS, words.COLOUR_WORDS, words.PLACE_WORDS, words.TIME_WORDS, words.WEATHER_WORDS):
        spellings = [word for group in table.values() for word in group]
        assert len(spellings) == len(set(spellings))


def test_the_words_file_leaves_out_what_is_not_drawn() -> None:
    tables = {
        "subject": words.SUBJECT_WORDS,
        "colour": words.COLOUR_WORDS,
        "place": words.PLACE_WORDS,
        "time": words.TIME_WORDS,
    }
    known = {fact: {name: list(group) for name, group in table.items()} for fact, table in tables.items()}
    known["subject"]["dragon"] = []
    known["subject"]["cat"].remove("feline")
    shipped: Any = words.vocabulary(known)
    assert "dragon" not in shipped["subjects"]
    assert "feline" not in shipped["subjects"]["cat"]
    assert "cats" in shipped["subjects"]["cat"]


@pytest.mark.parametrize("kind", evaluate.KINDS)
def test_an_evaluation_asks_in_sentences_that_training_never_uses(kind: str) -> None:
    asked = evaluate.questions(kind, 30)
    assert [question.prompt for question in asked] == [question.prompt for question in evaluate.questions(kind, 30)]
    rng = random.Random("captions")
    captions = {describe(sample(rng), rng).text.lower() for _ in range(3000)}
    assert not captions & {question.prompt.lower() for question in asked}
    assert all(held_out(question.scene) == (kind == "held out") for question in asked)


def test_a_score_counts_what_was_asked_and_nothing_else() -> None:
    pair = replace(CAT, second="car", second_colour="blue", relation="left of")
    score = evaluate.Score()
    right = Verdict.of(pair)
    swapped = replace(right, subject="car", colour="blue", second="cat", second_colour="red")
    for verdict in (right, swapped, replace(right, second_colour="green")):
        score.add(evaluate.Question("a pair", pair), verdict, 1.0)
    assert (score.share("both"), score.share("relation"), score.share("all")) == (2 / 3, 2 / 3, 1 / 3)
    assert "count" not in score.asked
    assert len(score.misses) == 2


class Drawn:
    """A pipeline that draws each prompt it knows as the renderer does: a perfect model, or one with only one picture."""

    def __init__(self, scenes: dict[str, Scene]) -> None:
        self.scenes = scenes

    def __call__(self, prompts: list[str], **_: object) -> Any:
        return SimpleNamespace(images=[render(self.scenes[prompt]) for prompt in prompts])


class Knowing:
    """A judge that knows the renders of some scenes by heart."""

    def __init__(self, scenes: Iterable[Scene]) -> None:
        self.known = {render(scene).tobytes(): Verdict.of(scene) for scene in scenes}

    def judge_all(self, pictures: list[Image.Image]) -> list[Verdict]:
        return [self.known[picture.tobytes()] for picture in pictures]


@pytest.mark.parametrize("kind", ["pairs", "counts", "dressed"])
def test_a_model_that_draws_what_was_asked_is_all_right_and_one_that_draws_a_cat_is_not(kind: str) -> None:
    asked = evaluate.questions(kind, 6)
    judge: Any = Knowing([CAT, *(question.scene for question in asked)])
    perfect = evaluate.score(Drawn({question.prompt: question.scene for question in asked}), judge, asked)
    stubborn = evaluate.score(Drawn({question.prompt: CAT for question in asked}), judge, asked)
    assert perfect.share("all") == 1
    assert not perfect.misses
    assert stubborn.share("all") == 0


def test_an_edit_that_keeps_the_rest_is_told_from_one_that_does_not() -> None:
    asked = edits.cases(6)
    told = {plain(scene): scene for _, *pair in asked for scene in pair}
    judge: Any = Knowing([CAT, *told.values()])
    assert edits.rest_kept(Drawn(told), judge, asked) == (1, 1)
    lost = {**told, **{plain(after): CAT for _, _, after in asked}}
    assert edits.rest_kept(Drawn(lost), judge, asked)[1] == 0


def test_sharpness_falls_as_a_picture_is_blurred() -> None:
    picture = render(replace(CAT, place="street"))
    seen = [sharpness(picture.filter(ImageFilter.GaussianBlur(radius))) for radius in (0, 0.7, 1.5, 3)]
    assert seen == sorted(seen, reverse=True)
    assert seen[0] > 0.7 > seen[2]


def test_a_state_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "state.pt"
    checkpoint.save(file, {"step": 1})
    with pytest.raises(Exception, match=r"pickle|local"):
        checkpoint.save(file, {"step": lambda: 1})
    assert checkpoint.load(file) == {"step": 1}
    assert checkpoint.load(tmp_path / "none.pt") is None


def test_a_folder_is_replaced_file_by_file_and_keeps_what_else_lies_there(tmp_path: Path) -> None:
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "training.pt").write_text("state")
    (tmp_path / "vae" / "config.json").write_text("old")

    def write(part: Path) -> None:
        part.mkdir()
        (part / "config.json").write_text("new")

    checkpoint.export(tmp_path / "vae", write)
    assert {path.name: path.read_text() for path in (tmp_path / "vae").iterdir()} == {
        "training.pt": "state",
        "config.json": "new",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["vae"]


def practised(file: Path, minutes: float) -> tuple[list[int], Any]:
    """Train one weight for so long; give the numbers of the steps taken, and the weight."""
    import torch

    weight, steps = torch.nn.Linear(1, 1), []

    def loss_of(rng: random.Random, step: int) -> Any:
        steps.append(step)
        return weight(torch.ones(1, 1)).square().sum()

    learners = practice.Learners({"weight": weight}, torch.optim.AdamW(weight.parameters()))
    practice.practise(practice.Practice(file, minutes, 0.01), learners, loss_of, lambda: None)
    return steps, weight.weight.item()


def test_a_training_goes_on_from_where_it_stopped(tmp_path: Path) -> None:
    steps, weight = practised(tmp_path / "one.pt", 0.002)
    held: Any = checkpoint.load(tmp_path / "one.pt")
    assert steps == list(range(held["step"]))
    assert held["weight"]["weight"].item() == weight
    more, _ = practised(tmp_path / "one.pt", 0.002)
    after: Any = checkpoint.load(tmp_path / "one.pt")
    assert more[0] == held["step"]
    assert after["minutes"] > held["minutes"] > 0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> making.Workshop:
    """A run whose every part has taken a few steps."""
    some = making.Effort(0.011, 0.011, 0.011, 0.011, 0.011, shard=32)
    workshop = making.Workshop(tmp_path_factory.mktemp("run"), Path("none"), effort=some)
    making.make(workshop, 10)
    return workshop


@pytest.mark.training
def test_one_command_makes_every_part_and_then_has_nothing_left_to_do(shop: making.Workshop) -> None:
    made = {path.relative_to(shop.run).parts[0] for path in shop.run.rglob("*") if path.is_file()}
    assert made >= {"language", "vae", "unet", "pool", "judge.safetensors", "lcm.safetensors", "sheet.png"}
    assert not list(shop.run.rglob("*.part"))


@pytest.mark.training
def test_what_was_made_is_a_plain_stable_diffusion_xl_of_less_than_24_megabytes(shop: making.Workshop, tmp_path: Path) -> None:
    from safetensors import safe_open

    pipeline.export(shop.pipe(), tmp_path)
    for name in ("judge.safetensors", pipeline.QUICK_FILE):
        (tmp_path / name).write_bytes((shop.run / name).read_bytes())
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 24_000_000
    pipe: Any = pipeline.load(tmp_path)
    assert type(pipe).__name__ == "StableDiffusionXLPipeline"
    assert pipe.unet.config.addition_embed_type == "text_time"
    assert pipe.scheduler.config.prediction_type == "v_prediction"
    assert pipe.text_encoder.config.eos_token_id == pipe.tokenizer.eos_token_id
    with safe_open(tmp_path / "text_encoder" / "model.safetensors", "pt") as weights:
        assert all(name.startswith("text_model.") for name in weights.keys())  # noqa: SIM118 - not a mapping
    for shape, size in SHAPES.items():
        assert pipeline.draw(pipe, ["a red cat"], [1], pipeline.Drawing(2, 1.0, shape=shape))[0].size == size
    quick = pipeline.draw(
        pipeline.quicken(pipeline.load(tmp_path), tmp_path / pipeline.QUICK_FILE), ["a red cat"], [1], pipeline.QUICK
    )
    assert far(quick[0], pipeline.draw(pipe, ["a red cat"], [1], pipeline.QUICK)[0]) > 0


@pytest.mark.training
def test_the_words_of_the_captions_are_one_token_each(shop: making.Workshop) -> None:
    tokenizer = shop.language().tokenizer
    groups = (group for table in (words.SUBJECT_WORDS, words.COLOUR_WORDS) for group in table.values())
    assert not [word for group in groups for word in group if word.isalpha() and len(tokenizer.tokenize(word)) > 1]


@pytest.mark.training
def test_standardised_latents_have_no_offset_and_unit_spread(shop: making.Workshop) -> None:
    import torch

    vae = shop.vae()
    pool = Pool(shop.run / "other", size=8)
    pool.add(vae)
    latents = pool.lesson(random.Random(1), 8).latents
    assert latents.shape[1:] == (autoencoder.CHANNELS, 16, 16)
    assert abs(float(latents.mean())) < 0.5
    assert 0.5 < float(latents.std()) < 1.5
    assert torch.isfinite(latents).all()


def test_an_autoencoder_begins_with_the_outer_blocks_of_one_with_fewer_levels() -> None:
    from diffusers import AutoencoderKL

    first = AutoencoderKL.from_pretrained(SHIPPED / "vae").float()
    made = autoencoder.build()
    assert autoencoder.inherit(made, first) > 800_000
    assert made.decoder.up_blocks[4].resnets[0].conv1.weight.equal(first.decoder.up_blocks[3].resnets[0].conv1.weight)
    assert made.encoder.down_blocks[1].resnets[0].conv1.weight.equal(first.encoder.down_blocks[1].resnets[0].conv1.weight)


def test_a_model_of_an_earlier_program_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="earlier revision"):
        making.Workshop(tmp_path, SHIPPED).vae()


def test_a_jump_from_the_true_velocity_ends_at_the_picture() -> None:
    import torch

    path = distill.Trajectory("cpu")
    clean, noise = torch.randn(3, 16, 4, 4), torch.randn(3, 16, 4, 4)
    steps = path.steps[torch.tensor([5, 25, 49])]
    noisy = path.mixed(clean, noise, steps)
    left = path.signal[steps].view(-1, 1, 1, 1)
    velocity = left.sqrt() * noise - (1 - left).sqrt() * clean
    seen, heard = path.split(noisy, velocity, steps)
    assert torch.allclose(seen, clean, atol=1e-4)
    assert torch.allclose(heard, noise, atol=1e-4)
    assert torch.allclose(path.jump(noisy, velocity, steps), clean, atol=1e-2)
    still = torch.zeros(3, dtype=torch.long)
    assert torch.allclose(path.jump(noisy, velocity, still), noisy)


def test_the_way_to_the_picture_ends_where_the_jump_is_known() -> None:
    path = distill.Trajectory("cpu")
    step, seen = path.steps[-1:], []
    while step.item():
        seen.append(step.item())
        step = path.before(step)
    assert seen == path.steps.flip(0).tolist()


def test_a_newcomer_is_drawn_and_told() -> None:
    example = umbrella(random.Random(1))
    assert UMBRELLA in example.caption
    alone = replace(CAT, subject=UMBRELLA)
    assert far(render(alone, sprite()), render(CAT)) > 1


def test_the_parts_together_have_room_in_24_megabytes() -> None:
    parts = [diffusion.build(), autoencoder.build()]
    assert sum(2 * weight.numel() for part in parts for weight in part.parameters()) < 20_000_000
