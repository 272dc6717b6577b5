"""Whose each piece of a prompt is: the person's to the letter, the person's in another word, added, or the style's.

All of it follows from the request and the prompt, so it can be said of pictures that were kept before it was recorded.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import accumulate, groupby
from typing import Any, Literal

from gemini_diffusion.crafting.added_words import added_tokens, is_slip
from gemini_diffusion.crafting.contract import check_prompt
from gemini_diffusion.crafting.lexicon import fold_accents, read_lexicon, stem, words_in
from gemini_diffusion.crafting.pairs import Pair, roots_of
from gemini_diffusion.crafting.prompt_request import LONGEST_IDEA
from gemini_diffusion.crafting.prompt_text import PromptText, Token
from gemini_diffusion.crafting.required_terms import RequiredTerms, find_required_terms
from gemini_diffusion.types import CraftedPrompt, PromptPart, prompt_weights
from gemini_diffusion.types.prompt_phrases import phrase_spans, whole_spans

Source = Literal["yours", "changed", "added", "style"]
_MARK = re.compile(r"(?<=[^\s(]):\s?-?[\d.]+\s?\)|(?<=\))[0-2]?\.\d+")
_WORD = re.compile(r"\w+|\W+")
_RANK: tuple[Source | Literal[""], ...] = ("yours", "changed", "added", "style", "")
_ARTICLE = re.compile(r"\b([aA])n?$")
_MOST_COMPARED = 1500
"""Words of an edited prompt that are compared with what it was; what is longer counts as typed by the person."""


@dataclass(frozen=True, slots=True)
class _Owned:
    """A word, or what no comma parts, and whose it is; `source` is "" for a small word that goes with its neighbours, `clause`
    counts commas.
    """

    start: int
    clause: int
    source: Source | Literal[""]
    said: str = ""


def parts_of(
    prompt: str, reading: RequiredTerms, style: str = "", pairs: Sequence[Pair] = (), renamed: Mapping[str, str] | None = None
) -> tuple[PromptPart, ...]:
    """The prompt in pieces that make it up again, each a phrase that could be taken out.

    `style` is what a style put at its end, `pairs` what the chat model says stands for what, `renamed` says which word of
    the person a learned one replaces ("girl": "astronaut").
    """
    text = PromptText(_MARK.sub(lambda mark: " " * len(mark[0]), prompt))
    owner = _Owner(text, reading, prompt.rfind(style) if style else len(prompt), pairs, renamed or {})
    words = _kept_whole(list(owner.words()), prompt)
    groups = _phrases(list(_settled(words)))
    if not groups:
        return (PromptPart(prompt, "yours"),) if prompt else ()
    starts = [0, *(group[0].start for group in groups[1:])]
    return tuple(
        PromptPart(prompt[start:end], group[0].source or "yours", group[0].said)
        for group, start, end in zip(groups, starts, [*starts[1:], len(prompt)], strict=True)
    )


class _Owner:
    """Tells of each word of a prompt whose it is."""

    def __init__(
        self, text: PromptText, reading: RequiredTerms, style_at: int, pairs: Sequence[Pair], renamed: Mapping[str, str]
    ) -> None:
        self.text, self.reading, self.style_at = text, reading, style_at
        self.added = {token.start for token in added_tokens(reading, text)}
        self.renamed = {stem(word): said for word, said in renamed.items()}
        self.pairs = {root: pair.said for pair in pairs for root in roots_of(pair.english)}
        self.terms = [term for term in reading.terms if term.kind not in ("quote", "token", "side")]

    def words(self) -> Iterator[_Owned]:
        clause, stop = 0, read_lexicon().stop
        for token in self.text.tokens:
            if not token.root:
                clause += token.word not in "():"
            elif token.start >= self.style_at or (token.word == "Style" and token.end + 2 == self.style_at):
                yield _Owned(token.start, clause, "style")
            elif token.word.lower() in stop:
                yield _Owned(token.start, clause, "")
            else:
                yield _Owned(token.start, clause, *self._owner(token))

    def _owner(self, token: Token) -> tuple[Source, str]:
        said = self.renamed.get(token.root) or self._said_for(token)
        if said:
            return "changed", said
        return ("added" if token.start in self.added and token.root not in self.pairs else "yours"), ""

    def _said_for(self, token: Token) -> str:
        """What the person said where the prompt says it otherwise, in one language: a translation is no change."""
        if self.reading.language != "en" or token.root in self.reading.stems:
            return ""
        if token.start in self.added:
            return self.pairs.get(token.root, "")
        for term in self.terms:
            instead = read_lexicon().rewording(term.english) if term.kind == "negation" else ""
            if token.root in (roots_of(instead) if instead else term.stems) and not self._stands(term.said):
                return term.said
        meant = fold_accents(token.word)
        return next((said for said in self.reading.spellings.get(meant[:1], ()) if is_slip(said, meant)), "")

    def _stands(self, said: str) -> bool:
        return any(stem(word) in self.text.shown for word in words_in(said))


def _kept_whole(words: Sequence[_Owned], prompt: str) -> list[_Owned]:
    """The words with those of one tag, quotation or group as one: the person's where any of it is."""
    starts = [word.start for word in words]
    kept, last, commas = list[_Owned](), 0, 0
    for start, end in [*whole_spans(prompt), (len(prompt), len(prompt))]:
        first, after = bisect_left(starts, start), bisect_left(starts, end)
        kept += [replace(word, clause=word.clause - commas) for word in words[last:first]]
        inside = words[first:after]
        if inside:
            most = min(inside, key=lambda word: _RANK.index(word.source))
            source = "yours" if prompt[start] == "<" else most.source
            kept.append(replace(most, start=start, clause=inside[0].clause - commas, source=source))
            commas += inside[-1].clause - inside[0].clause
        last = after
    return kept


def _settled(words: Sequence[_Owned]) -> Iterator[_Owned]:
    """The words with each small one given to its neighbours: before a word of the person's it is theirs; before an addition it
    goes with that, unless the addition only describes a word of the person's: "a" stays in "a [tall] house".
    """
    for clause, group in groupby(words, lambda word: word.clause):
        members = list(group)
        for place, word in enumerate(members):
            if word.source:
                yield word
                continue
            ahead = next((at for at in range(place, len(members)) if members[at].source), None)
            behind = next((other for other in reversed(members[:place]) if other.source), None)
            if ahead is None:
                yield replace(behind, start=word.start) if behind else _Owned(word.start, clause, "yours")
            elif members[ahead].source == "changed" or _describes(members, ahead):
                yield _Owned(word.start, clause, "yours")
            else:
                yield replace(members[ahead], start=word.start)


def _describes(members: Sequence[_Owned], place: int) -> bool:
    """Whether an addition at `place` stands right before a word that is no addition and no small word."""
    first = members[place].source
    if first != "added":
        return False
    after = next((member for member in members[place:] if member.source != "added"), None)
    return after is not None and after.source != ""


def _phrases(words: Sequence[_Owned]) -> list[list[_Owned]]:
    """Words that are one piece: what was added up to a comma, the person's own beyond it."""

    def piece(word: _Owned) -> tuple[object, ...]:
        return word.source, word.said, word.clause if word.source in ("added", "style") else 0

    return [list(group) for _, group in groupby(words, piece)]


def account(crafted: CraftedPrompt, prompt: str | None = None) -> CraftedPrompt:
    """`crafted` with the whole account of `prompt`, which may be one that the person edited: words they typed are theirs.

    Of a recipe that was kept without an account it is drawn from the request and the prompt.
    """
    prompt = crafted.prompt if prompt is None else prompt
    base = crafted if crafted.parts else _derived(crafted)
    if prompt == "".join(part.text for part in base.parts):
        return replace(base, prompt=prompt)
    before, shown = PromptText(base.prompt).shown, PromptText(prompt).shown
    terms = {term.said: term.stems for term in find_required_terms(base.original[:LONGEST_IDEA]).terms}

    def roots(said: str) -> frozenset[str]:
        return terms.get(said) or roots_of(said)

    def lost(said: Sequence[str]) -> tuple[str, ...]:
        return tuple(word for word in said if not roots(word) & shown)

    parts, stop = _moved(base.parts, prompt), read_lexicon().stop
    added = [word for part in parts if part.source == "added" for word in words_in(part.text) if word.lower() not in stop]
    told: dict[str, Any] = {
        "parts": parts,
        "kept": tuple(word for word in base.kept if roots(word) & shown or not roots(word) & before),
        "missing": lost(base.missing),
        "unseen": lost(base.unseen),
        "added_words": len(added),
    }
    return replace(base, prompt=prompt, **told)


def _derived(crafted: CraftedPrompt) -> CraftedPrompt:
    if crafted.crafted_by == "you" or not crafted.original.strip():
        return replace(crafted, parts=(PromptPart(crafted.prompt, "yours"),) if crafted.prompt else ())
    idea = prompt_weights.strip_weights(crafted.original)[:LONGEST_IDEA]
    found = check_prompt(idea, crafted.prompt, crafted.negative_prompt)
    unseen = crafted.unseen or tuple(dict.fromkeys(term.said for term in found.unseen))
    return replace(crafted, unseen=unseen, parts=parts_of(crafted.prompt, find_required_terms(idea)))


def _moved(parts: Sequence[PromptPart], prompt: str) -> tuple[PromptPart, ...]:
    """The pieces of a prompt as they stand in an edited one."""
    old = [(piece, place) for place, part in enumerate(parts) for piece in _words_and_groups(part.text)]
    new = _words_and_groups(prompt)
    owner: list[int | None] = [None] * len(new)
    if max(len(old), len(new)) <= _MOST_COMPARED:
        for block in SequenceMatcher(None, [piece for piece, _ in old], new, autojunk=False).get_matching_blocks():
            owner[block.b : block.b + block.size] = [place for _, place in old[block.a : block.a + block.size]]
    for place, piece in enumerate(new):  # what parts two words goes with the first
        if place and not any(map(str.isalnum, piece)):
            owner[place] = owner[place - 1]
    groups = groupby(zip(new, owner, strict=True), lambda pair: pair[1])
    pieces = [(None if at is None else parts[at], "".join(piece for piece, _ in group)) for at, group in groups]
    return tuple(replace(part, text=text) if part else PromptPart(text, "yours") for part, text in pieces)


def _words_and_groups(text: str) -> list[str]:
    """A text in pieces: words, what stands between them, and each tag, quotation or group whole."""
    pieces, last = list[str](), 0
    for start, end in [*whole_spans(text), (len(text), len(text))]:
        pieces += [*_WORD.findall(text[last:start]), text[start:end]]
        last = end
    return pieces[:-1]


def without_parts(parts: Sequence[PromptPart], taken: Iterable[int]) -> str:
    """The prompt without some of its pieces, and nothing else changed but the commas, blanks and articles beside them."""
    starts = [0, *accumulate(len(part.text) for part in parts)]
    prompt = "".join(part.text for part in parts)
    for place in sorted(taken, reverse=True):
        words = parts[place].words
        start = starts[place] + parts[place].text.find(words)
        prompt = _cut(prompt, start, start + len(words))
    return prompt


def trim(prompt: str, reading: RequiredTerms, fits: Callable[[str], bool]) -> str:
    """The prompt shortened until it `fits`: pieces that were added go from the end, the person's own words never.

    What remains may still not fit: then only the person's own words are left. `fits` is asked a few times, by halving.
    """
    if fits(prompt):
        return prompt
    parts = parts_of(prompt, reading)
    order = [place for place, part in enumerate(parts) if part.source == "added"][::-1]
    low, high = 1, len(order)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(without_parts(parts, order[:middle])) else (middle + 1, high)
    return without_parts(parts, order[:low])


def only_yours(crafted: CraftedPrompt) -> str:
    """The prompt with nothing in it that the person did not say; their request itself where nothing would be left."""
    taken = [place for place, part in enumerate(crafted.parts) if part.source in ("added", "style")]
    rest = without_parts(crafted.parts, taken).strip()
    return rest if words_in(rest) else crafted.original.strip()


def put_in(crafted: CraftedPrompt, said: str) -> str:
    """The prompt with a word of the request that is not in it, in English, after the person's own words."""
    terms = find_required_terms(crafted.original[:LONGEST_IDEA]).terms
    english = next((term.english for term in terms if term.said == said), said)
    prompt = "".join(part.text for part in crafted.parts)
    ends = accumulate(len(part.text) for part in crafted.parts)
    own = [
        end
        for part, end in zip(crafted.parts, ends, strict=True)
        if part.source in ("yours", "changed") and words_in(part.text)
    ]
    last = len(prompt[: own[-1]].rstrip(" ,;.")) if own else 0
    place = next(end for _, end in phrase_spans(prompt, ",.;") if end >= last)
    return f"{prompt[:place]}, {english}{prompt[place:]}".removeprefix(", ")


def _cut(text: str, start: int, end: int) -> str:
    before, after = text[:start].rstrip(" -"), text[end:].lstrip(" ")
    if not after or after[0] in ",;.:!?":
        before = before.rstrip(" ,;")
        return before + (after if not before.endswith(".") else after[1:]) if before else after.lstrip(" ,;.")
    if not before:
        return after[0].upper() + after[1:] if text[start : start + 1].isupper() else after
    return f"{_ARTICLE.sub(lambda article: _article(article[1], after), before)} {after}"


def _article(written: str, after: str) -> str:
    """ "a" or "an" as the next word wants it, as far as its first letters tell."""
    return written + ("n" if re.match(r"[aeiou](?!ne\b|ni|se|u)", after, re.IGNORECASE) else "")
