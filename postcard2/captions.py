"""Says what a scene shows, in many ways; knows words and scenes, no pictures."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from postcard2 import frames, phrases, style, words
from postcard2.phrases import Said
from postcard2.scene import DRESSED, NATURAL, SUBJECTS, Scene, flipped

FACTS = ("subject", "colour", "count", "garment", "garment_colour", "second", "second_colour", "relation", "place", "time",
         "weather", "side", "size", "without")  # fmt: skip
"""What a caption can say of a scene: names of fields of Scene."""


@dataclass(frozen=True)
class Caption:
    """A sentence and the facts that it really says; it is silent on those that are missing."""

    text: str
    says: Said = field(default_factory=dict)


def describe(scene: Scene, rng: random.Random) -> Caption:
    """Word a caption of the scene; what is at its default is often left out, now and then something more."""
    if scene.second and rng.random() < 0.5:
        scene = flipped(scene)
    says = _choose(scene, rng)
    who = phrases.pair(says, rng) if "second" in says else phrases.noun(says, rng, scene.count > 1)
    where, told = phrases.place(says, rng)
    when = "" if "time" in told else _phrase(says, "time", words.TIME_PHRASES, rng)
    weather = "" if "weather" in told else _phrase(says, "weather", words.WEATHER_PHRASES, rng)
    side = _phrase(says, "side", words.SIDE_PHRASES, rng)
    absent = _absent(scene, says, rng)
    text = _arrange([who, where, when, weather, side, absent], says, rng)
    text = _chatty(_crafted(text, scene, says, rng), rng)
    return Caption(_dressed(text, rng), says)


def _choose(scene: Scene, rng: random.Random) -> Said:
    """Pick the facts to be told: nearly always what is special, seldom what is as usual."""
    natural = scene.colour == NATURAL[scene.subject]
    chances = {
        "subject": 0.97, "colour": 0.45 if natural else 0.94, "count": 0.06 if scene.count == 1 else 0.88,
        "garment": 0.97 if scene.garment != "nothing" else 0.0, "garment_colour": 0.6, "second": 0.97, "second_colour": 0.92,
        "relation": 0.8, "place": 0.9, "time": 0.0 if scene.place == "space" else 0.55 if scene.time == "day" else 0.93,
        "weather": 0.05 if scene.weather == "clear" else 0.97, "side": 0.06 if scene.side == "centre" else 0.96,
        "size": 0.03 if scene.size == "medium" else 0.96, "without": 0.97 if scene.without != "nothing" else 0.0,
    }  # fmt: skip
    told = {name for name in FACTS if getattr(scene, name) and rng.random() < chances[name]}
    if rng.random() < 0.05:
        told &= {rng.choice(("subject", "colour", "place", "time", "weather"))}
    if rng.random() < 0.06:
        told &= {"subject", "colour", "place", "count"}
    if "subject" not in told:
        told -= {"count", "garment", "second"}
    if "second" not in told:
        told -= {"second_colour", "relation"}
    if "garment" not in told:
        told -= {"garment_colour"}
    if scene.second:
        told -= {"count", "side", "size"}
    return {name: getattr(scene, name) for name in FACTS if name in told}


def _phrase(says: Said, name: str, known: dict[str, tuple[str, ...]], rng: random.Random) -> str:
    return rng.choice(known[str(says[name])]) if name in says else ""


def _absent(scene: Scene, says: Said, rng: random.Random) -> str:
    """Say what is not there; sometimes of what nobody would have expected, and then it changes nothing."""
    if "without" in says:
        return rng.choice(words.ABSENT_PHRASES[str(says["without"])])
    if "subject" not in says or rng.random() > 0.04:
        return ""
    if scene.garment == "nothing" and scene.subject in DRESSED and rng.random() < 0.5:
        garment = rng.choice(list(words.GARMENT_WORDS))
        says["garment"] = "nothing"
        return f"{rng.choice(('without a', 'with no', 'not wearing a'))} {rng.choice(words.GARMENT_WORDS[garment])}"
    other = rng.choice([name for name in SUBJECTS if name not in (scene.subject, scene.second)])
    return f"{rng.choice(('without a', 'with no', 'but no', 'no'))} {other}"


def _arrange(parts: list[str], says: Said, rng: random.Random) -> str:
    who, where, when, weather, side, absent = parts
    whole = who and where and when and "subject" in says and (weather or "weather" not in says)
    if whole and rng.random() < 0.2:
        return " ".join(filter(None, (_framed(who, says, rng), weather, side, absent)))
    if who and "second" not in says and "subject" in says and rng.random() < 0.3:
        who = f"{who} {phrases.verb(says, rng)}"
    order = rng.random()
    if order < 0.55:
        rest = [where, when, weather]
        if rng.random() < 0.4:
            rng.shuffle(rest)
        pieces = [who, side, *rest, absent] if rng.random() < 0.6 else [who, *rest, side, absent]
        return " ".join(filter(None, pieces)) if rng.random() < 0.7 else ", ".join(filter(None, pieces))
    if order < 0.75:
        front = [where, when, weather]
        rng.shuffle(front)
        return ", ".join(filter(None, (" ".join(filter(None, front)), " ".join(filter(None, (who, side, absent))))))
    pieces = list(parts)
    rng.shuffle(pieces)
    return ", ".join(filter(None, pieces))


def _framed(who: str, says: Said, rng: random.Random) -> str:
    place, time = (
        rng.choice(table[str(says[fact])]) for fact, table in (("place", words.PLACE_WORDS), ("time", words.TIME_WORDS))
    )
    return rng.choice(frames.SCENE_FRAMES).format(who=who, place=place, time=time)


def _crafted(text: str, scene: Scene, says: Said, rng: random.Random) -> str:
    """Add what a prompt crafter adds: details that fit, filler of style, now and then a word nobody here knows."""
    tail: list[str] = []
    if "place" in says and scene.without != "trees" and rng.random() < 0.22:
        tail += rng.sample(style.PLACE_DETAIL[scene.place], rng.randint(1, 2))
    if "time" in says and scene.without == "nothing" and scene.weather == "clear" and rng.random() < 0.22:
        tail += rng.sample(style.TIME_DETAIL[scene.time], rng.randint(1, 2))
    if rng.random() < 0.4:
        evening = "time" in says
        filler = [phrase for phrase in style.STYLE if evening or "evening" not in phrase]
        tail += rng.sample(filler, rng.choice((1, 2, 3, 4, 5, 6, 8)))
    if rng.random() < 0.06:
        tail.append(rng.choice(("with a", "holding a", "near a", "a")) + " " + _stranger(rng))
    rng.shuffle(tail)
    if tail and rng.random() < 0.15:
        return ", ".join([*tail[:2], text, *tail[2:]])
    if text and rng.random() < 0.25:
        text = f"{rng.choice(style.OPENERS)} {text}"
    return ", ".join(filter(None, [text, *tail]))


def _chatty(text: str, rng: random.Random) -> str:
    """Sprinkle words that say nothing here, as people do: "I would like to see", or a name nobody knows."""
    if rng.random() > 0.17:
        return text
    pieces = text.split(" ")
    for _ in range(rng.randint(1, 4)):
        word = rng.choice(style.CHATTER) if rng.random() < 0.85 else _stranger(rng)
        pieces.insert(rng.choice((0, rng.randint(0, len(pieces)))), word)
    return " ".join(pieces)


def _stranger(rng: random.Random) -> str:
    if rng.random() < 0.7:
        return rng.choice(style.STRANGERS)
    return "".join(rng.choice("bcdfghjklmnprstvw") + rng.choice("aeiou") for _ in range(rng.randint(2, 4)))


def _dressed(text: str, rng: random.Random) -> str:
    if rng.random() < 0.25:
        text = text[:1].upper() + text[1:]
    if rng.random() < 0.15:
        text += "."
    return text
