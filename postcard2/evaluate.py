"""Four hundred prompts in words that training never used, the pictures, and how often the judge sees what was asked."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from postcard2 import scene as world
from postcard2 import words
from postcard2.judge import Judge, Verdict, sharpness
from postcard2.pipeline import WHOLE, Drawing, draw
from postcard2.scene import Scene, canonical
from postcard2.style import PLACE_DETAIL, STYLE

SINGLE = (
    "I would like to see {who} with the {place} all around while it is {time}",
    "Subject: {who}. Place: {place}. Time: {time}.",
    "{time} has come to the {place}, and here we find {who}",
    "My favourite picture has {who} and belongs to the {place}; it is {time} now",
    "{who} / {place} / {time}",
    "The {place} during {time}. Here you notice {who}.",
    "could you make me {who}? It should be {time}, somewhere at the {place}",
    "{who}, {place} view, {time} mood",
    "there must be {who} against a {place} backdrop, {time}",
    "We want the {time} over the {place} and, as its hero, {who}",
)
"""None of these sentences can come out of the captions' grammar."""
PAIRS = {
    "left of": ("{a} stands to the left, {b} to the right of it; {place}, {time}",
        "{place}, {time}: from left to right we see {a} and {b}",
                "{b} has {a} at its left side, {place} at {time}"),
    "behind": ("{a} peeps out from behind {b}; {place}, {time}", "{place}, {time}: {b} hides a part of {a}, which is behind it",
               "farther back {a}, and nearer to us, in front of it, {b}; {place}, {time}"),
    "on": ("{a} has climbed on top of {b}; {place}, {time}", "{place}, {time}: {b} carries {a} on top",
           "up there on {b} there is {a}; {place}, {time}"),
}  # fmt: skip
_TIMES = {"dawn": "dawn", "day": "daytime", "sunset": "sunset", "night": "night"}
_WEATHER = {"rain": " It pours with rain.", "snow": " Snow is falling.", "fog": " Fog lies over everything."}
FACTS = ("subject", "colour", "place", "time")
KINDS = ("plain", "held out", "crafted", "pairs", "counts", "weather", "dressed")
KNOWN_FROM = 0.9
"""A word is called known when what it means is drawn at least this often."""


@dataclass(frozen=True)
class Question:
    """A prompt, what must be in its picture, and the words of it that are on trial."""

    prompt: str
    scene: Scene
    spoken: dict[str, str] = field(default_factory=dict)


@dataclass
class Score:
    """How often each answer was right; `misses` keeps what went wrong."""

    asked: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)
    sharp: list[float] = field(default_factory=list)

    def add(self, question: Question, verdict: Verdict, crispness: float) -> None:
        """Count one picture."""
        hits = _hits(question.scene, verdict)
        self.asked.update(hits.keys())
        self.right.update(name for name, hit in hits.items() if hit)
        self.sharp.append(crispness)
        if not all(hits.values()):
            wrong = ", ".join(f"{name} {getattr(verdict, name, '')}".strip() for name, hit in hits.items() if not hit)
            self.misses.append(f"{question.prompt} -> {wrong}")

    def share(self, name: str) -> float:
        """Give the share of right answers to one question."""
        return self.right[name] / max(self.asked[name], 1)

    def row(self, name: str) -> str:
        """Give the line of a table in per cent; a dash where the question was not asked."""
        cells = (f"{100 * self.share(key):.1f}" if self.asked[key] else "-" for key in COLUMNS)
        crisp = sum(value >= 0.7 for value in self.sharp) / max(len(self.sharp), 1)
        return f"| {name} | {len(self.sharp)} | {' | '.join(cells)} | {100 * crisp:.1f} |"


COLUMNS = (*FACTS, "both", "relation", "count", "weather", "garment", "all")


def _hits(scene: Scene, verdict: Verdict) -> dict[str, bool]:
    """Hold a verdict against what was asked; of two subjects both with their colours, in whatever order, are one answer."""
    wanted = Verdict.of(scene)
    names = ["place", "time"] if scene.place != "space" else ["place"]
    names += ["weather"] if scene.weather != "clear" else []
    names += ["garment"] if scene.garment != "nothing" else []
    names += ["count"] if scene.count > 1 else []
    names += ["relation"] if scene.second else ["subject", "colour"]
    hits = {name: getattr(verdict, name) == getattr(wanted, name) for name in names}
    if scene.second:
        seen = {(verdict.subject, verdict.colour), (verdict.second, verdict.second_colour)}
        hits["both"] = seen == {(wanted.subject, wanted.colour), (wanted.second, wanted.second_colour)}
        hits["relation"] = hits["relation"] and (verdict.subject == wanted.subject or verdict.second == wanted.second)
    hits["all"] = all(hits.values())
    return hits


def questions(kind: str, count: int, seed: int = 0) -> list[Question]:
    """Ask in one of KINDS; "held out" are combinations, and pairs, that training never saw."""
    rng = random.Random(f"evaluate {kind} {seed}")
    return [_question(_scene(kind, rng), kind, rng) for _ in range(count)]


def _scene(kind: str, rng: random.Random) -> Scene:
    fits: dict[str, Callable[[Scene], bool]] = {
        "counts": lambda scene: scene.count > 1, "weather": lambda scene: scene.weather != "clear" and scene.place != "room",
        "dressed": lambda scene: scene.garment != "nothing",
    }  # fmt: skip
    pairs = {"pairs": 1.0, "held out": 0.3}.get(kind, 0.0)
    while True:
        scene = canonical(drawn) if (drawn := world.sample(rng, kind == "held out", pairs)).second else drawn
        if kind not in fits:
            scene = replace(scene, weather="clear", count=1, garment="nothing", garment_colour="")
        if kind not in fits or fits[kind](scene):
            return replace(scene, without="nothing", size="medium", side="centre", shape="square")


def _question(scene: Scene, kind: str, rng: random.Random) -> Question:
    crafted = kind == "crafted"
    spoken = {"subject": scene.subject, "colour": scene.colour, "place": scene.place, "time": _TIMES[scene.time]}
    if crafted:
        known = (
            words.SUBJECT_WORDS[scene.subject],
            words.COLOUR_WORDS[scene.colour],
            words.PLACE_WORDS[scene.place],
            words.TIME_WORDS[scene.time],
        )
        spoken = {name: rng.choice(options) for name, options in zip(FACTS, known, strict=True)}
    if scene.second:
        form = rng.choice(PAIRS[scene.relation])
        a, b = f"a {scene.colour} {scene.subject}", f"a {scene.second_colour} {scene.second}"
        return Question(form.format(a=a, b=b, place=spoken["place"], time=spoken["time"]), scene)
    prompt = rng.choice(SINGLE).format(who=_who(scene, spoken), place=spoken["place"], time=spoken["time"])
    if crafted:
        filler = rng.sample([phrase for phrase in STYLE if "evening" not in phrase], rng.randint(3, 7))
        prompt = ", ".join([prompt.rstrip("."), *rng.sample(PLACE_DETAIL[scene.place], 1), *filler])
    return Question(prompt + _WEATHER.get(scene.weather, ""), scene, spoken)


def _who(scene: Scene, spoken: dict[str, str]) -> str:
    if scene.count > 1:
        return f"{('two', 'three')[scene.count - 2]} {spoken['colour']} {words.plural(spoken['subject'])}"
    dressed = "" if scene.garment == "nothing" else f", who owns and wears one {scene.garment_colour} {scene.garment}"
    return f"a {spoken['colour']} {spoken['subject']}{dressed}"


def score(pipe: Any, judge: Judge, asked: list[Question], how: Drawing = WHOLE, first_seed: int = 1000) -> Score:
    """Draw every question once and judge it."""
    pictures = draw(pipe, [question.prompt for question in asked], list(range(first_seed, first_seed + len(asked))), how)
    result = Score()
    for question, verdict, picture in zip(asked, judge.judge_all(pictures), pictures, strict=True):
        result.add(question, verdict, sharpness(picture))
    return result


def rate(verdicts: Iterable[Verdict], name: str, value: str) -> float:
    """Give the share of pictures in which the judge sees this value."""
    seen = [getattr(verdict, name) == value for verdict in verdicts]
    return sum(seen) / max(len(seen), 1)


def report(pipe: Any, judge: Judge, count: int = 400, seed: int = 0, how: Drawing = WHOLE) -> str:
    """Give the figures as a Markdown table, and the misses."""
    lines = [f"| prompts | count | {' | '.join(COLUMNS)} | sharp |", "|---" * (len(COLUMNS) + 3) + "|"]
    misses: list[str] = []
    for kind in KINDS:
        part = score(pipe, judge, questions(kind, max(1, count // len(KINDS)), seed), how)
        lines.append(part.row(kind))
        misses += part.misses
    return "\n".join([*lines, "", "Misses:", *(f"- {miss}" for miss in misses)])


def known_words(pipe: Any, judge: Judge, each: int = 10, how: Drawing = WHOLE) -> dict[str, dict[str, list[str]]]:
    """Try every word for a subject, colour, place and time `each` times; give those that are drawn often enough."""
    tried: dict[tuple[str, str, str], list[Question]] = defaultdict(list)
    tables = {
        "subject": words.SUBJECT_WORDS,
        "colour": words.COLOUR_WORDS,
        "place": words.PLACE_WORDS,
        "time": words.TIME_WORDS,
    }
    rng = random.Random("known words")
    for fact, table in tables.items():
        for name, spellings in table.items():
            tried.update({(fact, name, word): [_trial(fact, name, word, rng) for _ in range(each)] for word in spellings})
    asked = [question for some in tried.values() for question in some]
    verdicts = iter(judge.judge_all(draw(pipe, [question.prompt for question in asked], list(range(len(asked))), how)))
    known: dict[str, dict[str, list[str]]] = {fact: {name: [] for name in table} for fact, table in tables.items()}
    for (fact, name, word), some in tried.items():
        right = sum(getattr(next(verdicts), fact) == name for _ in some)
        if right >= KNOWN_FROM * each:
            known[fact][name].append(word)
    return known


def _trial(fact: str, name: str, word: str, rng: random.Random) -> Question:
    fixed: dict[str, Any] = {fact: name}
    while True:
        scene = replace(_scene("plain", rng), **fixed)
        if fact == "place" or scene.place != "space":
            spoken = {
                "subject": scene.subject,
                "colour": scene.colour,
                "place": scene.place,
                "time": _TIMES[scene.time],
                fact: word,
            }
            prompt = rng.choice(SINGLE).format(who=_who(scene, spoken), place=spoken["place"], time=spoken["time"])
            return Question(prompt, scene, spoken)
