"""The part of a caption that names who is there: a noun with its colour, size, number and clothes, or two and a relation."""

from __future__ import annotations

import random

from postcard2 import frames, style, words
from postcard2.scene import ANIMALS, PEOPLE

Said = dict[str, str | int]
"""Facts that a caption says, by the names of a scene's fields."""

_CLOTHES = {"girl": "dress", "woman": "dress", "boy": "shirt", "man": "jacket", "astronaut": "suit"}


_ADJECTIVES = {"time": words.TIME_ADJECTIVES, "weather": words.WEATHER_ADJECTIVES}


def noun(says: Said, rng: random.Random, several: bool = False) -> str:
    """Name one subject, or several of a kind whose number may go unsaid: "two small red cats", "some cats"."""
    size = rng.choice(words.SIZE_WORDS[str(says["size"])]) if "size" in says else ""
    colour = _colour(says.get("colour"), rng)
    if "subject" not in says:
        return " ".join(filter(None, ("something" if rng.random() < 0.5 else "", size, colour))).strip()
    subject = str(says["subject"])
    name = rng.choice(words.SUBJECT_WORDS[subject]) if rng.random() < 0.5 else subject
    count = int(says.get("count", 2 if several else 1))
    if count > 1:
        name = words.plural(name)
    adjective = rng.choice(style.ADJECTIVES) if rng.random() < 0.22 else ""
    before = [size, adjective] if rng.random() < 0.7 else [adjective, size]
    if colour and rng.random() < (0.7 if subject in PEOPLE else 0.08):
        phrase = " ".join(filter(None, (*before, name))) + _after(subject, colour, rng)
    else:
        phrase = " ".join(filter(None, (*before, colour, name)))
    return _dressed(_counted(phrase, count, "count" in says, rng), says, rng)


def pair(says: Said, rng: random.Random) -> str:
    """Name two subjects and, where it is said, how they stand to each other."""
    first, second = noun(says, rng), noun(_other(says), rng)
    if "relation" not in says:
        return f"{first} {rng.choice(words.RELATION_PHRASES['beside'])} {second}"
    relation = str(says["relation"])
    if rng.random() < 0.5:
        here, there = ("left", "right") if relation == "left of" else ("right", "left")
        frame = rng.choice(frames.RELATION_FRAMES[relation])
        return frame.format(first=first, second=second, name=says["subject"], here=here, there=there)
    link = rng.choice(words.RELATION_PHRASES[relation])
    doing = rng.choice(("is ", "that is ", "stands ", "sits ", "waits ", "which is ")) if rng.random() < 0.25 else ""
    return f"{first} {doing if 'ing ' not in link else ''}{link} {second}"


def place(says: Said, rng: random.Random) -> tuple[str, set[str]]:
    """Say where it is, now and then with the hour or the weather in the same words; give what was said so."""
    if "place" not in says:
        return "", set()
    name = str(says["place"])
    told = [fact for fact in ("time", "weather") if says.get(fact) in _ADJECTIVES[fact]]
    if name not in words.PLACE_FRAMES or not told or rng.random() > 0.16:
        return rng.choice(words.PLACE_PHRASES[name]), set()
    fact = rng.choice(told)
    adjective = rng.choice(_ADJECTIVES[fact][str(says[fact])])
    phrase = words.PLACE_FRAMES[name].format(adjective)
    return (phrase.replace(" a ", " an ", 1) if adjective[0] in "aeiou" else phrase), {fact}


def verb(says: Said, rng: random.Random) -> str:
    """Give something that the subject can be doing."""
    subject = str(says["subject"])
    group = subject if subject in style.VERBS else "thing"
    if subject in PEOPLE:
        group = "person"
    elif subject in style.FLYERS:
        group = "flyer"
    elif subject in ANIMALS and subject != "fish":
        group = "animal"
    return rng.choice(style.VERBS[group])


def _other(says: Said) -> Said:
    other: Said = {"subject": says["second"]}
    if "second_colour" in says:
        other["colour"] = says["second_colour"]
    return other


def _colour(colour: str | int | None, rng: random.Random) -> str:
    if colour is None:
        return ""
    word = rng.choice(words.COLOUR_WORDS[str(colour)]) if rng.random() < 0.5 else str(colour)
    return word + (rng.choice((" coloured", " colored")) if rng.random() < 0.06 else "")


def _after(subject: str, colour: str, rng: random.Random) -> str:
    clothes = _CLOTHES.get(subject)
    if not clothes:
        return rng.choice((f" in {colour}", f" that is {colour}", f", {colour}"))
    article = "an" if colour[0] in "aeiou" else "a"
    worn = f"{article} {colour} {rng.choice((clothes, clothes, 'coat', 'outfit'))}"
    return rng.choice((f" in {colour}", f" in {worn}", f" with {worn}", f" wearing {worn}", f" dressed in {colour}"))


def _counted(phrase: str, count: int, said: bool, rng: random.Random) -> str:
    if said:
        return f"{rng.choice(words.COUNT_WORDS[count])} {phrase}"
    kind = rng.random()
    if count > 1:
        return f"{rng.choice(words.SEVERAL)} {phrase}".strip()
    if kind < 0.12:
        return phrase
    return f"the {phrase}" if kind < 0.2 else f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _dressed(who: str, says: Said, rng: random.Random) -> str:
    garment = str(says.get("garment", "nothing"))
    if garment == "nothing":
        return who
    name = rng.choice(words.GARMENT_WORDS[garment]) if rng.random() < 0.5 else garment
    colour = _colour(says.get("garment_colour"), rng)
    if colour and rng.random() < 0.12:
        return f"{who} whose {name} is {colour}"
    worn = f"{colour} {name}".strip()
    frame = rng.choice((*frames.GARMENT_FRAMES[garment], *frames.GARMENT_FRAMES["any"]))
    return frame.format(who=who, worn=worn if rng.random() < 0.15 else f"{'an' if worn[0] in 'aeiou' else 'a'} {worn}")
