"""What stays when a picture is drawn anew: with one word changed at the same seed, or image to image at half strength."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

from postcard2.evaluate import FACTS, questions
from postcard2.judge import Judge
from postcard2.pipeline import GUIDANCE, STEPS, WHOLE, Drawing, draw
from postcard2.scene import COLOURS, Scene
from postcard2.sheet import plain

CHANGES = ("time", "weather", "colour")
STRENGTH = 0.5


Case = tuple[str, Scene, Scene]
"""What is changed, and the scene before and after."""


def cases(count: int) -> list[Case]:
    """Give scenes and the same at night, in falling snow or in another colour, in turn."""
    rng = random.Random("edits")
    scenes = [question.scene for question in questions("plain", 2 * count, 7) if question.scene.place not in ("space", "room")]
    turns = itertools.cycle(CHANGES)
    return [(change, scene, _edited(scene, change, rng)) for change, scene in zip(turns, scenes[:count], strict=False)]


def _edited(scene: Scene, change: str, rng: random.Random) -> Scene:
    if change == "time":
        return replace(scene, time="night" if scene.time != "night" else "day")
    if change == "weather":
        return replace(scene, weather="snow")
    return replace(scene, colour=rng.choice([colour for colour in COLOURS if colour != scene.colour]))


def rest_kept(pipe: Any, judge: Judge, asked: list[Case], how: Drawing = WHOLE) -> tuple[float, float]:
    """Give the share of cases in which what was changed is seen, and in which everything else that the judge names stayed."""
    seeds = list(range(9000, 9000 + len(asked)))
    before = judge.judge_all(draw(pipe, [plain(scene) for _, scene, _ in asked], seeds, how))
    after = judge.judge_all(draw(pipe, [plain(scene) for _, _, scene in asked], seeds, how))
    changed = kept = 0
    for (change, _, wanted), one, other in zip(asked, before, after, strict=True):
        changed += getattr(other, change) == getattr(wanted, change)
        kept += all(getattr(one, fact) == getattr(other, fact) for fact in FACTS if fact != change)
    return changed / len(asked), kept / len(asked)


def subject_kept(pipe: Any, judge: Judge, count: int = 50) -> float:
    """Draw pictures again as they are by night, image to image at half strength; give the share with subject and place kept."""
    import torch
    from diffusers import StableDiffusionXLImg2ImgPipeline

    again: Any = StableDiffusionXLImg2ImgPipeline(**pipe.components)
    again.set_progress_bar_config(disable=True)
    scenes = [replace(question.scene, time="day") for question in questions("plain", count, 8)]
    first = draw(pipe, [plain(scene) for scene in scenes], list(range(count)))
    second = [
        again(
            plain(replace(scene, time="night")), image=picture, strength=STRENGTH, num_inference_steps=STEPS,
            guidance_scale=GUIDANCE, generator=torch.Generator().manual_seed(seed),
        ).images[0]
        for seed, (scene, picture) in enumerate(zip(scenes, first, strict=True))
    ]  # fmt: skip
    verdicts = zip(judge.judge_all(first), judge.judge_all(second), strict=True)
    return sum((one.subject, one.place) == (other.subject, other.place) for one, other in verdicts) / count
