"""The `<lora:name:0.8>` tags in a line, as A1111 writes them: taken out, and written back; knows no file and no model."""

import re
from dataclasses import dataclass

from gemini_diffusion.commands import permutations
from gemini_diffusion.commands.quotes import outside, quoted
from gemini_diffusion.types import Adapter

STRONGEST = 2.0
"""Beyond this, either way, a LoRA draws nothing but itself."""

_TAG = re.compile(r"(?<!\\)<lora:([^<>]*)>", re.IGNORECASE)
_NUMBER = r"(?::\s?(-?(?:[0-9]{1,4}(?:\.[0-9]{0,6})?|\.[0-9]{1,6}))\s?)?"
_INSIDE = re.compile(rf"\s?([^:\"\u201c\u201d„{{}}\\]{{1,200}}?)\s?{_NUMBER}{_NUMBER}")


@dataclass(frozen=True, slots=True)
class TagsFound:
    """The line without its tags, the LoRAs they name, each once, and what has to be said of them."""

    rest: str
    adapters: tuple[Adapter, ...] = ()
    notices: tuple[str, ...] = ()


def take_tags(line: str) -> TagsFound:
    """Takes the tags out of a line. A tag within quotes or {a, b} choices stays; so does one that cannot be read."""
    if not _TAG.search(line):
        return TagsFound(line)
    adapters, notices = dict[str, Adapter](), list[str]()
    while tags := _tags(line):
        pieces, last = list[str](), 0
        for start, end, adapter, said in tags:
            pieces.append(line[last:start])
            last = end
            notices += [said] if said else []
            if adapters.pop(adapter.name.casefold(), None):
                notices.append(f"The LoRA {adapter.name} was named more than once; the last one counts.")
            adapters[adapter.name.casefold()] = adapter
        line = " ".join([*pieces, line[last:]])
    return TagsFound(" ".join(line.split()), tuple(adapters.values()), (*notices, *_about_the_rest(line)))


def format_tag(adapter: Adapter) -> str:
    """A LoRA as `take` reads it."""
    strength = f"{adapter.strength:.4f}".rstrip("0").rstrip(".")
    return f"<lora:{adapter.name}>" if adapter.strength == 1 else f"<lora:{adapter.name}:{strength}>"


def _tags(line: str) -> list[tuple[int, int, Adapter, str]]:
    """Each tag that can be read, as (start, end, LoRA, what has to be said of it)."""
    found = []
    for tag in _free(line):
        inside = _INSIDE.fullmatch(tag[1])
        if inside and inside[1].strip():
            found.append((tag.start(), tag.end(), *_read(inside)))
    return found


def _read(inside: re.Match[str]) -> tuple[Adapter, str]:
    """The LoRA in a tag, and what has to be said of it: A1111 takes a second strength, for the image model alone."""
    name, asked, second = inside[1].strip(), float(inside[2] or 1), inside[3]
    strength = min(max(asked, -STRONGEST), STRONGEST)
    said = ""
    if strength != asked:
        said = f"The strength of a LoRA goes from {-STRONGEST:g} to {STRONGEST:g}; {strength:g} was used for {name}."
    elif second and float(second) != asked:
        said = f"A LoRA has one strength here: {strength:g} was used for {name}, and its second one, {second}, was left out."
    return Adapter(name, strength), said


def _free(line: str) -> list[re.Match[str]]:
    """Tags outside quotes and choices."""
    held = permutations.spans(line)
    tags = outside(quoted(line), line, _TAG)
    return [tag for tag in tags if not any(start < tag.end() and tag.start() < end for start, end in held)]


def _about_the_rest(line: str) -> list[str]:
    """What is left outside quotes and choices cannot be read; it is named and stays text."""
    said = "{} does not name a LoRA as <lora:name:0.8> does, so it was taken as text."
    return [said.format(tag[0][:80]) for tag in _free(line)]
