"""The changes that an edit makes to a kept prompt, applied by our own code: what is not named stays to the letter."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gemini_diffusion.crafting.lexicon import Kind, read_lexicon, stem, words_in
from gemini_diffusion.types.prompt_phrases import phrase_spans, split_phrases

_THINGS: tuple[Kind, ...] = ("thing", "place")
_LED = re.compile(r"^(?:with|and) ")


@dataclass(frozen=True, slots=True)
class Change:
    """Words of a prompt that give way: `old` as they stand there, "" where `new` is only added; "" for `new` takes them out."""

    old: str
    new: str

    def __str__(self) -> str:
        if not self.old:
            return f"add {_LED.sub('', self.new)}"
        return f"{self.old} \N{RIGHTWARDS ARROW} {self.new}" if self.new else f"without {_LED.sub('', self.old)}"


@dataclass(frozen=True, slots=True)
class ChangeList:
    """A prompt and its negative as they are after the `changes`; `kept` are words that the person asked to keep.

    `ruled_out` are things that must not be seen from now on; `from_picture` asks for the picture itself to begin from, since
    its composition is to stay.
    """

    prompt: str
    negative_prompt: str = ""
    changes: tuple[Change, ...] = ()
    kept: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    from_picture: bool = False

    def replaced(self, old: str, new: str, said: str = "") -> ChangeList:
        """The list with the first `old` of the prompt as `new`; as it was where the prompt has no such words. `said` is how the
        change is told, if not by its words.
        """
        at = _find(self.prompt, old)
        if at < 0 or old == new:
            return self
        prompt = splice(self.prompt, at, at + len(old), new)
        return dataclasses.replace(self, prompt=prompt, changes=(*self.changes, Change(said or old, new)))

    def weighed(self, words: str, weight: str) -> ChangeList:
        """The list with more weight on some words, which are added where the prompt has not got them."""
        heavy = f"({words}:{weight})"
        at = _find(self.prompt, words)
        if at < 0:
            return self.added(heavy, comma=True)
        marked = re.compile(rf"\({re.escape(words)}:[\d.]+\)").search(self.prompt)
        start, end = marked.span() if marked else (at, at + len(words))
        prompt = f"{self.prompt[:start]}{heavy}{self.prompt[end:]}"
        return dataclasses.replace(self, prompt=prompt, changes=(*self.changes, Change("", f"weight to {words}")))

    def added(self, new: str, *, comma: bool = False) -> ChangeList:
        """The list with `new` where the person's own words end, or with a comma at the end of the prompt."""
        at = len(self.prompt.rstrip(" .,;")) if comma else own_end(self.prompt)
        lead = ", " if comma and at else " " if at else ""
        prompt = f"{self.prompt[:at]}{lead}{new}{self.prompt[at:]}"
        return dataclasses.replace(self, prompt=prompt, changes=(*self.changes, Change("", new)))

    def without(self, thing: str) -> ChangeList:
        """The list with a thing that must not be seen."""
        if stem(thing) in {stem(word) for word in words_in(self.negative_prompt)}:
            return self
        negative = ", ".join(filter(None, [self.negative_prompt, thing]))
        return dataclasses.replace(self, negative_prompt=negative, ruled_out=(*self.ruled_out, thing))

    def without_phrases(self, wanted: Iterable[str]) -> ChangeList:
        """The list without the comma phrases after the first that are `wanted` away."""
        gone, prompt = {phrase.casefold() for phrase in wanted}, self.prompt
        phrases = [phrase.strip(" .") for phrase in split_phrases(self.prompt)[1:]]
        for phrase in phrases:
            if phrase.casefold() in gone and (at := _find(prompt, phrase)) > 0:
                prompt = splice(prompt, at, at + len(phrase), "")
        said = (Change(phrase, "") for phrase in phrases if phrase.casefold() in gone)
        return dataclasses.replace(self, prompt=prompt, changes=(*self.changes, *said))

    def told(self, before: str, seed: int | None) -> str:
        """What a person reads before anything is drawn: what stays of the prompt `before`, what changes, and how it is done;
        with a new seed for None.
        """
        again = "again with a new seed" if seed is None else f"again with the same seed, {seed}"
        how = "from the picture itself" if self.from_picture else again
        changes = [*map(str, self.changes), *(f"no {thing}" for thing in self.ruled_out)]
        return f"Keep: {', '.join(self._kept(before))}. Change: {'; '.join(changes)}. Drawn {how}."

    def _kept(self, before: str) -> list[str]:
        """The person's own part of the prompt without what gives way, and what they asked to keep by name."""
        own = own_part(before)
        for change in self.changes:
            at = _find(own, change.old)
            own = splice(own, at, at + len(change.old), "") if at >= 0 else own
        if all(word.lower() in read_lexicon().stop for word in words_in(own)):
            own = ""
        return list(dict.fromkeys(filter(None, [_LED.sub("", own), *self.kept]))) or ["all other words"]


def own_part(prompt: str) -> str:
    """The person's own words of a prompt, without what was added after them."""
    return prompt[: own_end(prompt)]


def own_end(prompt: str) -> int:
    """Where the first phrase ends that names something: additions follow there, after the person's own words."""
    lexicon, last = read_lexicon(), 0
    for start, last in phrase_spans(prompt, ",.;"):
        roots = {stem(word) for word in words_in(prompt[start:last])}
        if any(root in lexicon.things or any(lexicon.is_kind(root, kind) for kind in _THINGS) for root in roots):
            break
    return len(prompt[:last].rstrip())


def splice(text: str, start: int, end: int, new: str) -> str:
    """The text with a passage replaced; blanks, commas and articles are put right at the seam and nowhere else."""
    left, right = text[:start], text[end:]
    if not new:
        left, right = left.rstrip(" "), right.lstrip(" ")
        if not right or right[0] in ",.;":
            left = left.rstrip(", ")
        if left.endswith("("):
            right = right.lstrip(" ,")
        right = right if left else right.lstrip(" ,")
        gap = " " if left and right and right[0] not in ",.;" else ""
        left += gap
    return _with_article(left, new + right)


def _with_article(left: str, right: str) -> str:
    """ "a" or "an" before the seam, as the word after it wants."""
    found = re.search(r"(?<![\w'])(an?)(\s+)$", left, re.IGNORECASE)
    if not found or not right[:1].isalpha():
        return left + right
    article = found[1][0] + ("n" if right[0].lower() in "aeio" else "")
    return f"{left[: found.start()]}{article}{found[2]}{right}"


def _find(text: str, words: str) -> int:
    """Where the words stand as whole words; -1 where they do not."""
    found = re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) if words else None
    return found.start() if found else -1
