"""Three hundred prompts in words that training never used, the pictures, and how often the judge sees what was asked."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from postcard import scene as world
from postcard import words
from postcard.judge import HEADS, Judge, Verdict
from postcard.pipeline import draw
from postcard.scene import Scene

WORDINGS = (
    "I would like to see a {colour} {subject} with the {place} all around while it is {time}",
    "Subject: {subject}. Colour: {colour}. Place: {place}. Time: {time}.",
    "{time} has come to the {place}, and here is a {colour} {subject}",
    "My favourite {subject} is {colour} and lives in the {place}; it is {time} now",
    "one {colour} {subject} / {place} / {time}",
    "The {place} during {time}. A {subject} that is {colour} waits there.",
    "could you make me a {colour} {subject}? It should be {time}, somewhere at the {place}",
    "{colour} {subject}, {place} view, {time} mood",
    "there is a {subject} of {colour} colour against a {place} backdrop, {time}",
    "We want the {time} over the {place} and, in front, the {colour} {subject}",
)
"""None of these sentences can come out of the captions' grammar."""

NEGATIVES = (
    ("a fox in the snow", "colour", "orange"),
    ("a boat at sunset", "colour", "red"),
    ("a red cat", "place", "beach"),
    ("a red cat", "place", "snow"),
)
"""A prompt that leaves a question open, the question, and an answer to be kept away from."""

_TIME_NAMES = {"day": "daytime", "sunset": "sunset", "night": "night"}


@dataclass(frozen=True)
class Question:
    """A prompt and what must be in its picture."""

    prompt: str
    scene: Scene


@dataclass
class Score:
    """How often each answer was right, and all four together; `misses` keeps what went wrong."""

    count: int = 0
    right: dict[str, int] = field(default_factory=lambda: {**dict.fromkeys(HEADS, 0), "all": 0})
    misses: list[str] = field(default_factory=list)

    def add(self, question: Question, verdict: Verdict) -> None:
        """Count one picture."""
        hits = {name: getattr(verdict, name) == getattr(question.scene, name) for name in HEADS}
        self.count += 1
        for name, hit in hits.items():
            self.right[name] += hit
        self.right["all"] += all(hits.values())
        if not all(hits.values()):
            self.misses.append(f"{question.prompt} -> {verdict}")

    def row(self, name: str) -> str:
        """Give the line of a table in per cent."""
        cells = " | ".join(f"{100 * self.right[key] / max(self.count, 1):.1f}" for key in (*HEADS, "all"))
        return f"| {name} | {self.count} | {cells} |"


def questions(kind: str, count: int, seed: int = 0) -> list[Question]:
    """Ask for `plain` scenes, for combinations `held out` of training, or in `crafted` phrases with synonyms."""
    rng = random.Random(f"evaluate {kind} {seed}")
    return [_question(world.sample(rng, unseen=kind == "held out"), kind, rng) for _ in range(count)]


def _question(scene: Scene, kind: str, rng: random.Random) -> Question:
    told = {"subject": scene.subject, "colour": scene.colour, "place": scene.place, "time": _TIME_NAMES[scene.time]}
    if kind == "crafted":
        told["subject"] = rng.choice(words.SUBJECT_WORDS[scene.subject])
        told["colour"] = rng.choice(words.COLOUR_WORDS[scene.colour])
        told["place"] = rng.choice(words.PLACE_WORDS[scene.place])
        told["time"] = rng.choice(words.TIME_WORDS[scene.time])
    prompt = rng.choice(WORDINGS).format(**told)
    if kind == "crafted":
        style = rng.sample([phrase for phrase in words.STYLE if "evening" not in phrase], rng.randint(3, 7))
        prompt = ", ".join([prompt.rstrip("."), *rng.sample(words.PLACE_DETAIL[scene.place], 1), *style])
    return Question(prompt, scene)


def score(pipe: Any, judge: Judge, asked: list[Question], first_seed: int = 1000) -> Score:
    """Draw every question once and judge it."""
    pictures = draw(pipe, [question.prompt for question in asked], list(range(first_seed, first_seed + len(asked))))
    result = Score()
    for question, verdict in zip(asked, judge.judge_all(pictures), strict=True):
        result.add(question, verdict)
    return result


def rate(verdicts: Iterable[Verdict], name: str, value: str) -> float:
    """Give the share of pictures in which the judge sees this value."""
    seen = [getattr(verdict, name) == value for verdict in verdicts]
    return sum(seen) / max(len(seen), 1)


def negative_rates(pipe: Any, judge: Judge, count: int = 20) -> dict[str, tuple[float, float]]:
    """Give how often a colour and a place appear unasked, and how often with that word as the negative prompt."""
    seeds = list(range(5000, 5000 + count))
    result = {}
    for prompt, name, word in NEGATIVES:
        drawn = [judge.judge_all(draw(pipe, [prompt] * count, seeds, negative)) for negative in ("", word)]
        result[f"{prompt}, negative: {word}"] = (rate(drawn[0], name, word), rate(drawn[1], name, word))
    return result


def report(pipe: Any, judge: Judge, count: int = 300, seed: int = 0) -> str:
    """Give the figures as a Markdown table, the effect of negatives, and the misses."""
    lines = ["| prompts | count | subject | colour | place | time | all four |", "|---|---|---|---|---|---|---|"]
    misses: list[str] = []
    total = Score()
    for kind in ("plain", "held out", "crafted"):
        part = score(pipe, judge, questions(kind, count // 3, seed))
        lines.append(part.row(kind))
        misses += part.misses
        total.count += part.count
        total.right = {name: total.right[name] + value for name, value in part.right.items()}
    lines.append(total.row("all together"))
    lines.append("")
    for name, (without, against) in negative_rates(pipe, judge).items():
        lines.append(f"- {name}: {100 * without:.0f} % without, {100 * against:.0f} % with it")
    return "\n".join([*lines, "", "Misses:", *(f"- {miss}" for miss in misses)])
