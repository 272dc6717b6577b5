"""Says what a scene shows, in many ways; knows words and scenes, no pictures."""

from __future__ import annotations

import random
from dataclasses import dataclass

from postcard import words
from postcard.scene import NATURAL, Scene


@dataclass(frozen=True)
class Caption:
    """A sentence and the part of the scene that it really says ("any" where it is silent)."""

    text: str
    subject: str = "any"
    colour: str = "any"
    place: str = "any"
    time: str = "any"
    side: str = "any"
    size: str = "any"
    companion: str = "any"


def describe(scene: Scene, rng: random.Random) -> Caption:
    """Word a caption of the scene; what is at its default is often left out, now and then something more."""
    says = _choose(scene, rng)
    noun = _noun(says, rng)
    where = _with_detail(says.place, words.PLACE_PHRASES, rng)
    when = _with_detail(says.time, words.TIME_PHRASES, rng)
    side = rng.choice(words.SIDE_PHRASES[says.side]) if says.side != "any" else ""
    extra = _companion(says.companion, rng)
    text = _arrange([noun, where, when, side, extra], says, rng)
    text = _chatty(_crafted(text, scene, says, rng), rng)
    return Caption(_dressed(text, rng), **{name: getattr(says, name) for name in _PARTS})


_PARTS = ("subject", "colour", "place", "time", "side", "size", "companion")


def _choose(scene: Scene, rng: random.Random) -> Caption:
    natural = scene.colour == NATURAL[scene.subject]
    silent = {
        "subject": rng.random() < 0.04,
        "colour": rng.random() < (0.6 if natural else 0.07),
        "place": rng.random() < 0.1,
        "time": rng.random() < (0.45 if scene.time == "day" else 0.05),
        "side": rng.random() < (0.94 if scene.side == "centre" else 0.04),
        "size": rng.random() < (0.97 if scene.size == "medium" else 0.04),
        "companion": scene.companion == "none" or rng.random() < 0.03,
    }
    if rng.random() < 0.05:
        kept = rng.choice(("subject", "colour", "place", "time"))
        silent = {name: name != kept for name in silent}
    return Caption("", **{name: "any" if silent[name] else getattr(scene, name) for name in _PARTS})


def _noun(says: Caption, rng: random.Random) -> str:
    size = rng.choice(words.SIZE_WORDS[says.size]) if says.size != "any" else ""
    colour = rng.choice(words.COLOUR_WORDS[says.colour]) if says.colour != "any" else ""
    if colour and rng.random() < 0.08:
        colour += rng.choice((" coloured", " colored"))
    adjective = rng.choice(words.ADJECTIVES) if rng.random() < 0.3 else ""
    if says.subject == "any":
        return " ".join(filter(None, ("something" if rng.random() < 0.5 else "", size, colour))).strip()
    subject = rng.choice(words.SUBJECT_WORDS[says.subject]) if rng.random() < 0.5 else says.subject
    before = [size, adjective] if rng.random() < 0.7 else [adjective, size]
    style = rng.random()
    if colour and style < 0.08:
        phrase = " ".join(filter(None, (*before, subject))) + rng.choice((f" in {colour}", f" that is {colour}", f", {colour}"))
    else:
        phrase = " ".join(filter(None, (*before, colour, subject)))
    return _article(phrase, rng)


def _article(phrase: str, rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.12:
        return phrase
    if kind < 0.2:
        return f"the {phrase}"
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _with_detail(name: str, phrases: dict[str, tuple[str, ...]], rng: random.Random) -> str:
    return "" if name == "any" else rng.choice(phrases[name])


def _companion(name: str, rng: random.Random) -> str:
    if name == "any":
        return ""
    word = rng.choice(words.COMPANION_WORDS[name])
    return f"{rng.choice(('with', 'and', 'beside', 'next to', 'together with'))} a {word}"


def _verb(subject: str, rng: random.Random) -> str:
    group = "animal" if subject in words.ANIMALS else subject if subject in words.VERBS else "thing"
    return rng.choice(words.VERBS[group])


def _arrange(parts: list[str], says: Caption, rng: random.Random) -> str:
    noun, where, when, side, extra = parts
    if noun and says.subject != "any" and rng.random() < 0.35:
        noun = f"{noun} {_verb(says.subject, rng)}"
    order = rng.random()
    if order < 0.5:
        rest = [where, when] if rng.random() < 0.7 else [when, where]
        pieces = [noun, extra, side, *rest] if rng.random() < 0.6 else [noun, *rest, side, extra]
        return " ".join(filter(None, pieces)) if rng.random() < 0.7 else ", ".join(filter(None, pieces))
    if order < 0.7:
        front = [where, when] if rng.random() < 0.5 else [when, where]
        return ", ".join(filter(None, (" ".join(filter(None, front)), " ".join(filter(None, (noun, extra, side))))))
    pieces = [noun, where, when, side, extra]
    rng.shuffle(pieces)
    return ", ".join(filter(None, pieces))


def _crafted(text: str, scene: Scene, says: Caption, rng: random.Random) -> str:
    """Add what a prompt crafter adds: details that fit, filler of style, now and then a word nobody here knows."""
    tail: list[str] = []
    if says.place != "any" and rng.random() < 0.25:
        tail += rng.sample(words.PLACE_DETAIL[scene.place], rng.randint(1, 2))
    if says.time != "any" and rng.random() < 0.25:
        tail += rng.sample(words.TIME_DETAIL[scene.time], rng.randint(1, 2))
    if rng.random() < 0.45:
        evening = scene.time == "sunset" or says.time != "any"
        filler = [phrase for phrase in words.STYLE if evening or "evening" not in phrase]
        tail += rng.sample(filler, rng.choice((1, 2, 3, 4, 5, 6, 8)))
    if rng.random() < 0.08:
        tail.append(rng.choice(("with a", "holding a", "wearing a", "near a", "a")) + " " + _stranger(rng))
    rng.shuffle(tail)
    if tail and rng.random() < 0.15:
        return ", ".join([*tail[:2], text, *tail[2:]])
    if text and rng.random() < 0.25:
        text = f"{rng.choice(words.OPENERS)} {text}"
    return ", ".join(filter(None, [text, *tail]))


def _chatty(text: str, rng: random.Random) -> str:
    """Sprinkle words that say nothing here, as people do: "I would like to see", or a name nobody knows."""
    if rng.random() > 0.2:
        return text
    pieces = text.split(" ")
    for _ in range(rng.randint(1, 5)):
        word = rng.choice(words.CHATTER) if rng.random() < 0.8 else _stranger(rng)
        pieces.insert(rng.choice((0, rng.randint(0, len(pieces)))), word)
    return " ".join(pieces)


def _stranger(rng: random.Random) -> str:
    if rng.random() < 0.7:
        return rng.choice(words.STRANGERS)
    return "".join(rng.choice("bcdfghjklmnprstvw") + rng.choice("aeiou") for _ in range(rng.randint(2, 4)))


def _dressed(text: str, rng: random.Random) -> str:
    if rng.random() < 0.25:
        text = text[:1].upper() + text[1:]
    if rng.random() < 0.15:
        text += "."
    return text
